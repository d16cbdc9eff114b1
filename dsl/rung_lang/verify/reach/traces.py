"""How a session came to an instant: the moves before it and what windows looked at, each an instant of its
own.

An instant whose past is free may be told of a past that no history has. Here the moves that led to the stage
are spelled out backwards, each with its own readings and its age, together with one earlier instant for each
window that claims to have seen something. What holds between them is stated so that no real history breaks
it;
if every way back is impossible, so is the instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.past import times_the_stage
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.gaps.patients import alike
from rung_lang.verify.reach.closed import closes, is_told, stays_open
from rung_lang.verify.reach.held import disputed, suspended, torn
from rung_lang.verify.reach.reach import cycles, leading_apart
from rung_lang.verify.verdict import Label, Proved

DEPTH = 3
"""Moves that are spelled out."""
LEFT_AS_IT_IS = frozenset({"known", "input", "value", "on", "off", "rated", "rate", "charted_own", "after"})
"""What a move on an instant does not change."""
MOST_WAYS = 200
"""Ways back that are looked at; beyond them the question is left to another layer."""


@frozen
class Seen:
    """An instant, how long ago it was, and whether the session was on by then (else it may not have been)."""

    symbols: Symbols
    ago: Linear
    in_session: bool


@frozen
class Way:
    """A way back: the stage to go on from (None: the session began), its instants, what they ask for."""

    stage: str | None
    seen: tuple[Seen, ...]
    parts: tuple[Part, ...]
    moves: int
    samples: int
    """The first instants of `seen` after the present one: not moves, but what windows and latches saw."""


def excluded(context: Context, situation: Situation, parts: Sequence[Part]) -> Proved | None:
    """Proved where no way back is possible; None where some may be."""
    if situation.stage is None:
        return None
    now = Seen(situation.symbols, f.number(0), in_session=True)
    samples = list(_samples(context, situation.symbols, parts))
    seen = (now, *(sample for sample, _ in samples))
    asked = (*parts, *(part for _, part in samples))
    ways = [Way(situation.stage, seen, asked, 0, len(samples))]
    linear = True
    core: dict[Label, None] = {}
    looked = 0
    for _ in range(DEPTH + 1):
        left: list[Way] = []
        for way in ways:
            looked += 1
            if looked > MOST_WAYS:
                return None
            named = [*way.parts, *_between(context, way.seen)]
            answer = context.solver.refute([part for _, part in named])
            if answer is not None:
                linear = linear and answer.linear
                core.update(dict.fromkeys(named[place][0] for place in answer.core))
            else:
                left.append(way)
        if not left:
            return Proved("clocks", "checked" if linear else "solver", tuple(core))
        if any(way.stage is None for way in left):
            return None
        ways = [longer for way in left for longer in _longer(context, way)]
    return None


# ---------------------------------------------------------------- one move further back


def _longer(context: Context, way: Way) -> Iterator[Way]:
    """Every way the session may have got to the stage where this way ends: it began there, or was moved."""
    assert way.stage is not None
    at = f"{way.moves + 1}/"
    last = way.seen[-1] if way.moves else way.seen[0]
    age = context.space.real(f"{at}ago", ("ago", at), at, f.ZERO)
    stayed = f.compare(age, ">", last.ago)
    at_rest: Part = (
        ("rested", way.stage),
        f.implies(stayed, rested(context.situation(way.stage, at, entered_now=True))),
    )
    order: Part = (("before", at), f.compare(age, ">=", last.ago))

    def step(stage: str | None, symbols: Symbols, parts: Sequence[Part], way: Way = way) -> Way:
        since: Part = (("entered", way.stage or ""), _entered(context, last.symbols, age.minus(last.ago)))
        more = (*way.parts, order, since, *_meanwhile(context, way, last.ago, age), *parts)
        return Way(stage, (*way.seen, Seen(symbols, age, in_session=True)), more, way.moves + 1, way.samples)

    before: list[Part] = []
    for stage in context.program.initial_stages:
        here = context.situation(stage.name, at, entered_now=True)
        chosen: list[Part] = list(before)
        if stage.initial_if is not None:
            condition = here.symbols.truth(stage.initial_if)
            chosen.append((("initial", stage.name), condition.yes))
            before.append((("initial", stage.name), condition.no))
        if stage.name == way.stage:
            latches: Part = (("begins", stage.name), nothing_latched(context, here.symbols))
            held = rested(here, rings(context, at))
            stays: Part = (("rested", stage.name), f.implies(stayed, held))
            latched = (_in_session(sample, age) for sample in way.seen if sample.in_session)
            fresh = () if way.moves else _carried(context, way, at, moved=False)
            parts = (*context.applies(here), *chosen, latches, stays, *latched, *fresh)
            yield step(None, here.symbols, parts)
    for source in context.artifact.stages:
        if source.name == way.stage:
            continue
        here = context.situation(source.name, at)
        for judged in here.movers:
            target = destination(judged.rule)
            if target is None or target.op != "go" or target.target != way.stage:
                continue
            apart = (f.negation(other.fires) for other in leading_apart(here, judged))
            moved: Part = (("rule", judged.rule.id), f.all_of((judged.fires, *apart)))
            carried = () if way.moves else _carried(context, way, at, moved=True)
            parts = (*context.applies(here), *context.reached(here), moved, at_rest, *carried)
            yield step(source.name, here.symbols, parts, _closed(context, way, judged.rule, at, age))


def _carried(context: Context, way: Way, at: str, *, moved: bool) -> Iterator[Part]:
    """Orders of rules that moved the session are those of the instant on which it came to the stage: they
    fired on it, if not in this stage's source then in another that the session passed through. What was
    carried out then was never open here.
    """
    now = way.seen[0].symbols.at
    for rule in context.entering(way.stage):
        name = f"{now}carried:{rule.id}"
        if name not in context.space.variables:
            continue
        stages = [rule.stage] if rule.stage is not None else sorted(context.program.stages)
        fired = f.any_of(
            context.situation(stage, at, entered_now=fresh).rules[rule.id].fires
            for stage in stages
            for fresh in (False, True)
        )
        if moved and rule.stage is not None:
            fired = f.all_of((fired, stays_open(context.situation(rule.stage, at), rule)))
        yield ("carried", rule.id), f.implies(f.boolean(name), fired if moved else f.FALSE)


def _closed(context: Context, way: Way, rule: m.Rule, at: str, age: Linear) -> Way:
    """Where orders of the rule that led to the present stage are open no more, an instant since saw why."""
    now, order = way.seen[0].symbols, is_told(rule)
    name = f"{now.at}carried:{rule.id}"
    if way.moves or way.stage is None or order is None or name not in context.space.variables:
        return way
    entry = context.situation(way.stage, at, entered_now=True)
    later = f"{at}closed {rule.id}/"
    there = context.situation(way.stage, later)
    ago = context.space.real(f"{later}ago", ("ago", later), later, f.ZERO)
    between = f.all_of((f.compare(ago, ">", f.number(0)), f.compare(ago, "<", age)))
    saw = f.any_of((
        closes(context, entry, rule, order), f.all_of((between, closes(context, there, rule, order)))
    ))  # fmt: skip
    closed: Part = (("carried", rule.id), f.any_of((f.boolean(name), saw)))
    seen = (*way.seen, Seen(there.symbols, ago, in_session=True))
    return Way(way.stage, seen, (*way.parts, closed), way.moves, way.samples + 1)


def rested(there: Situation, rings: Sequence[Formula] = ()) -> Formula:
    """A session that stayed on in a stage was not moved on from there.

    It may have been held back: by rules that lead to different places, by orders that contradict those of a
    moving rule, or by one of these rings of transitions, after which it stands where it stood before.
    """
    return f.any_of((there.rests, *torn(there), *disputed(there), *rings))


def rings(context: Context, at: str) -> list[Formula]:
    """Each ring of transitions, all of whose rules fire on this instant."""
    return [
        f.all_of(
            f.any_of(
                context.situation(stage, at, entered_now=now).rules[judged.rule.id].fires
                for now in (False, True)
            )
            for stage, judged in ring
        )
        for ring in cycles(context)
    ]


def _meanwhile(context: Context, way: Way, left: Linear, entered: Linear) -> Iterator[Part]:
    """What windows and latches saw while the session was in this stage, it saw at rest there.

    A session that is suspended does not move, whatever fires.
    """
    assert way.stage is not None
    for sample in way.seen[1 : 1 + way.samples]:
        at = sample.symbols.at
        inside = f.all_of((f.compare(sample.ago, ">", left), f.compare(sample.ago, "<", entered)))
        here = context.situation(way.stage, at)
        since = _entered(context, here.symbols, entered.minus(sample.ago))
        rests = f.any_of((suspended(context, here.symbols), rested(here, rings(context, at))))
        yield ("meanwhile", at), f.implies(inside, f.all_of((since, rests)))


def _entered(context: Context, symbols: Symbols, ago: Linear) -> Formula:
    """The stage of this instant was entered so long before it."""
    name = f"{symbols.at}in_stage"
    return f.compare(f.variable(name), "=", ago) if name in context.space.variables else f.TRUE


def _in_session(seen: Seen, began: Linear) -> Part:
    """The instant is not before the session began."""
    return ("began", seen.symbols.at), f.compare(seen.ago, "<=", began)


def nothing_latched(context: Context, symbols: Symbols) -> Formula:
    """As a session begins a latch is what its condition is."""
    found: list[Formula] = []
    for index, term in enumerate(context.artifact.terms):
        if isinstance(term, m.Ever) and index in symbols.judged:
            found.append(f.implies(symbols.truth(index).yes, symbols.truth(term.of).yes))
    return f.all_of(found)


# ---------------------------------------------------------------- what a window has seen


def _samples(context: Context, now: Symbols, parts: Sequence[Part]) -> Iterator[tuple[Seen, Part]]:
    """For each window the parts speak of, the instant that made it what it is."""
    spoken = {name for _, part in parts for name in f.names(part)}
    for index, term in enumerate(context.artifact.terms):
        if (
            not isinstance(term, m.Held | m.Recent | m.Ever)
            or not {f"past:{now.name(index)}+", f"past:{now.name(index)}-"} & spoken
        ):
            continue
        if isinstance(term, m.Held) and term.gaps is not None:
            continue
        if times_the_stage(context.artifact, term.of):
            continue
        own = now.truth(index)
        if isinstance(term, m.Ever):
            at = f"{now.name(index)} closed/"
            symbols = context.situation(None, at).symbols
            age = context.space.real(f"{at}ago", ("ago", at), at, f.ZERO)
            closed: Part = (("latch", str(index)), f.implies(own.yes, symbols.truth(term.of).yes))
            yield Seen(symbols, age, in_session=True), closed
            continue
        length = now.amount(term.length)[0]
        claims = (
            (("not true", f.negation(own.yes)), ("false", own.no))
            if isinstance(term, m.Held)
            else (("true", own.yes), ("not false", f.negation(own.no)))
        )
        for what, claim in claims:
            at = f"{now.name(index)} {what}/"
            symbols = context.situation(None, at).symbols
            age = context.space.real(f"{at}ago", ("ago", at), at, f.ZERO)
            base = symbols.truth(term.of)
            fact = {
                "not true": f.negation(base.yes), "false": base.no,
                "true": base.yes, "not false": f.negation(base.no),
            }[what]  # fmt: skip
            shown = f.all_of((fact, f.compare(age, "<=", length)))
            sample = Seen(symbols, age, in_session=False)
            yield sample, (("window", str(index)), f.implies(claim, shown))


# ---------------------------------------------------------------- what holds between two instants


def _between(context: Context, seen: Sequence[Seen]) -> Iterator[Part]:
    """Laws of an earlier and a later instant of one history, for every pair."""
    for later in seen:
        for earlier in seen:
            if later is earlier:
                continue
            gap = earlier.ago.minus(later.ago)
            law = f.implies(f.compare(gap, ">=", f.number(0)), f.all_of(laws(context, earlier, later, gap)))
            if law is not f.TRUE:
                yield ("between", earlier.symbols.at, later.symbols.at), law


def laws(context: Context, earlier: Seen, later: Seen, gap: Linear) -> Iterator[Formula]:
    before, after = earlier.symbols, later.symbols
    same = alike(context, before.at, after.at, lambda variable: variable.about[0] not in LEFT_AS_IT_IS)
    yield f.implies(f.compare(gap, "=", f.number(0)), same)
    for index, term in enumerate(context.artifact.terms):
        if index not in after.judged:
            continue
        if isinstance(term, m.Held | m.Recent | m.Ever) and times_the_stage(context.artifact, term.of):
            # What is remembered of an instant of a move is what was so after it.
            continue
        own = after.truth(index)
        match term:
            case m.Held() if term.gaps is None:
                base = before.truth(term.of)
                inside = f.compare(gap, "<=", after.amount(term.length)[0])
                yield f.implies(f.all_of((inside, own.yes)), base.yes)
                yield f.implies(f.all_of((inside, base.no)), own.no)
            case m.Recent():
                base = before.truth(term.of)
                inside = f.compare(gap, "<=", after.amount(term.length)[0])
                yield f.implies(f.all_of((inside, base.yes)), own.yes)
                yield f.implies(f.all_of((inside, own.no)), base.no)
            case m.Ever() if earlier.in_session and later.in_session:
                yield f.implies(before.truth(term.of).yes, own.yes)
                if index in before.judged:
                    yield f.implies(before.truth(index).yes, own.yes)
            case m.After() if index in before.judged:
                yield f.implies(before.truth(index).yes, own.yes)
            case _:
                pass
    for name, decl in sorted(context.artifact.inputs.items()):
        if decl.cumulative and decl.counts is None and f"{after.at}in:{name}" in context.space.variables:
            known = f.all_of((before.input_known(name), after.input_known(name)))
            yield f.implies(known, f.compare(before.input_value(name), "<=", after.input_value(name)))
    for drug in sorted(context.artifact.drugs):
        symbol = f"{after.at}on_for:{drug}"
        if symbol in context.space.variables:
            longer = f.all_of((after.drug(drug).on, f.compare(f.variable(symbol), ">", gap)))
            yield f.implies(longer, f.negation(before.drug(drug).off))
        symbol = f"{after.at}unchanged:{drug}"
        if symbol in context.space.variables:
            turned = f.any_of((
                f.all_of((before.drug(drug).off, after.drug(drug).on)),
                f.all_of((before.drug(drug).on, after.drug(drug).off)),
                _other_rate(context, before, after, drug),
            ))  # fmt: skip
            lately = f.compare(f.variable(symbol), "<=", gap)
            yield f.implies(turned, f.all_of((f.boolean(f"{after.at}changed:{drug}"), lately)))


def _other_rate(context: Context, before: Symbols, after: Symbols, drug: str) -> Formula:
    """It runs at two rates, charted in the drug's own unit."""
    names = [f"{one.at}rate:{drug}" for one in (before, after)]
    dims = context.program.units[context.artifact.drugs[drug].unit].dims
    if any(name not in context.space.variables for name in names) or ("body_weight", -1) in dims:
        return f.FALSE
    own = [
        f.boolean(f"{one.at}charted_own:{drug}")
        for one in (before, after)
        if f"{one.at}charted_own:{drug}" in context.space.variables
    ]
    rated = (before.drug(drug).rated, after.drug(drug).rated)
    return f.all_of((*rated, *own, f.compare(f.variable(names[0]), "!=", f.variable(names[1]))))
