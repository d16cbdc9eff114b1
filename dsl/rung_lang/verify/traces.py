"""How a session came to an instant: the moves before it and what windows looked at, each an instant of its own.

An instant whose past is free may be told of a past that no history has. Here the moves that led to the stage
are spelled out backwards, each with its own readings and its age, together with one earlier instant for each
window that claims to have seen something. What holds between them is stated so that no real history breaks it;
if every way back is impossible, so is the instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_lang.verify import formula as f
from rung_lang.verify.context import Context, Part
from rung_lang.verify.decide import Situation
from rung_lang.verify.formula import Formula, Linear
from rung_lang.verify.symbols import Symbols
from rung_lang.verify.verdict import Label, Proved

DEPTH = 3
"""Moves that are spelled out."""
MOST_WAYS = 200
"""Ways back that are looked at; beyond them the question is left to another layer."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An instant, how long ago it was, and whether the session was on by then (else it may not have been)."""

    symbols: Symbols
    ago: Linear
    in_session: bool


@dataclass(frozen=True, slots=True)
class Way:
    """A way back: the stage to go on from (None: the session began), its instants, what they ask for."""

    stage: str | None
    seen: tuple[Seen, ...]
    parts: tuple[Part, ...]
    moves: int


def excluded(context: Context, situation: Situation, parts: Sequence[Part]) -> Proved | None:
    """Proved where no way back is possible; None where some may be."""
    if situation.stage is None:
        return None
    now = Seen(situation.symbols, f.number(0), in_session=True)
    samples = list(_samples(context, situation.symbols, parts))
    seen = (now, *(sample for sample, _ in samples))
    asked = (*parts, *(part for _, part in samples))
    ways = [Way(situation.stage, seen, asked, 0)]
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
    order: Part = (("before", at), f.compare(age, ">=", last.ago))

    def step(stage: str | None, symbols: Symbols, parts: Sequence[Part]) -> Way:
        since: Part = (("entered", way.stage or ""), _entered(context, last.symbols, age.minus(last.ago)))
        more = (*way.parts, order, since, *parts)
        return Way(stage, (*way.seen, Seen(symbols, age, in_session=True)), more, way.moves + 1)

    before: list[Part] = []
    for stage in context.program.initial_stages:
        here = context.situation(stage.name, at, entered_now=True)
        chosen: list[Part] = list(before)
        if stage.initial_if is not None:
            condition = here.symbols.truth(stage.initial_if)
            chosen.append((("initial", stage.name), condition.yes))
            before.append((("initial", stage.name), condition.no))
        if stage.name == way.stage:
            latches: Part = (("begins", stage.name), _nothing_latched(context, here.symbols))
            yield step(None, here.symbols, (*context.applies(here), *chosen, latches))
    for source in context.artifact.stages:
        if source.name == way.stage:
            continue
        here = context.situation(source.name, at)
        for judged in here.movers:
            target = destination(judged.rule)
            if target is None or target.op != "go" or target.target != way.stage:
                continue
            moved: Part = (("rule", judged.rule.id), judged.fires)
            yield step(source.name, here.symbols, (*context.applies(here), *context.reached(here), moved))


def _entered(context: Context, symbols: Symbols, ago: Linear) -> Formula:
    """The stage of this instant was entered so long before it."""
    name = f"{symbols.at}in_stage"
    return f.compare(f.variable(name), "=", ago) if name in context.space.variables else f.TRUE


def _nothing_latched(context: Context, symbols: Symbols) -> Formula:
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
        if not isinstance(term, m.Held | m.Recent) or not {f"past:{index}+", f"past:{index}-"} & spoken:
            continue
        if isinstance(term, m.Held) and term.gaps is not None:
            continue
        own = now.truth(index)
        length = now.amount(term.length)[0]
        claims = (
            (("not true", f.negation(own.yes)), ("false", own.no))
            if isinstance(term, m.Held)
            else (("true", own.yes), ("not false", f.negation(own.no)))
        )
        for what, claim in claims:
            at = f"{index} {what}/"
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
            law = f.implies(f.compare(gap, ">=", f.number(0)), f.all_of(_laws(context, earlier, later, gap)))
            if law is not f.TRUE:
                yield ("between", earlier.symbols.at, later.symbols.at), law


def _laws(context: Context, earlier: Seen, later: Seen, gap: Linear) -> Iterator[Formula]:
    before, after = earlier.symbols, later.symbols
    for index, term in enumerate(context.artifact.terms):
        if index not in after.judged:
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
