"""R302, trap: a stage keeps a patient whom it covers as he is, for good, and nobody is told.

What R206 counts as doing something may be `continue` alone. Where the readings stay, every order is carried
out and no wait is left, nothing will then ever change. Excluded by a question about a settled patient;
shown by one whom an obeying bedside brings there, played until nothing has changed for longer than any wait
in the text. Of patients in whom all that the rules of the stage look at is known, all the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_lang.finding import Problem
from rung_lang.source import Span
from rung_lang.verify.context import Context, Part
from rung_lang.verify.cycles.problems_cycles import Trap
from rung_lang.verify.cycles.settled import settled
from rung_lang.verify.cycles.stuck import TELLS, UPHOLDS, Kept, Stuck, played
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula, Linear, Value
from rung_lang.verify.formulas.orders import OrderSymbols, maxima
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import STEPS, TREATS, holds, pends, rules_in, when_due
from rung_lang.verify.gaps.patients import patient_of
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.solving.keys import name_of
from rung_lang.verify.solving.solve import Sat, Unsat
from rung_lang.verify.verdict import Obligation, Proved, Refuted, Trust, Undecided

MOST_CANDIDATES = 4
"""Settled patients played in vain before a question is left undecided."""
NEAR = (Fraction(1, 8), Fraction(1, 4), Fraction(1, 2))
"""How far from normal a reading is rather, as a part of the way to what is not plausible."""


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """One question for each `covers` of a stage that is reached."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    words = context.artifact.provenance.words
    for stage in context.artifact.stages:
        for term in stage.covers if reach.classes[stage.name] else ():
            said = words.get(str(term), "")
            stuck = Stuck(stage.name, term)
            found = _judge(context, stuck)
            verdict = Refuted(found.witness, layer="cycles") if isinstance(found, Kept) else found
            asked.append(Obligation("R302", (f"stage:{stage.name}", f"covers:{said}"), verdict))
            if isinstance(found, Kept):
                orders = tuple(_standing(places, found))
                span = places.covers(stage.name, said)
                problems.append(Trap(span, stage.name, said, orders, found.witness))
    return Found(tuple(asked), tuple(problems))


def _standing(places: Places, kept: Kept) -> Iterator[tuple[str, str, Span]]:
    for order in kept.orders:
        yield from ((f"{order.op} {order.target}", rule, places.rule(rule)) for rule in order.rules)


def _judge(context: Context, stuck: Stuck) -> Proved | Kept | Undecided:
    """Unsatisfiable iff no settled patient is covered, upheld and left as he is."""
    situation = context.situation(stuck.stage)
    upheld = f.any_of(order.stands for order in situation.orders if order.order.op in UPHOLDS)
    if upheld is f.FALSE or _is_announced(context, stuck.stage):
        return Proved("text", "checked")
    parts = tuple(_parts(context, situation, stuck, upheld))
    formulas = [part for _, part in parts]
    wishes = [*_wishes(context, situation, formulas)]
    tried: list[Part] = []
    while len(tried) < MOST_CANDIDATES:
        answer = context.solver.best([*formulas, *(part for _, part in tried)], wishes)
        if isinstance(answer, Unsat) and not tried:
            labels = tuple(parts[place][0] for place in answer.core)
            trust: Trust = "checked" if answer.linear else "solver"
            return Proved("cycles", trust, labels, question=name_of(formulas))
        if not isinstance(answer, Sat):
            break
        kept = played(context, situation, stuck, (*parts, *tried), answer.values)
        if kept is not None:
            return kept
        tried.append((("tried",), f.negation(_alike(situation, answer.values))))
    return Undecided(
        "nothing excludes that a steady patient is kept as he is, and no history was found that does it"
    )


def _alike(situation: Situation, values: Mapping[str, Value]) -> Formula:
    """The same orders are given."""
    given = (order.issued for order in situation.orders if set(f.names(order.issued)) <= set(values))
    return f.all_of(one if f.holds(one, values) else f.negation(one) for one in given)


def _is_announced(context: Context, stage: str) -> bool:
    """Every way into the stage tells somebody, and what was told stands as long as the patient is there."""
    if any(one.name == stage for one in context.program.initial_stages):
        return False
    entries = [
        rule
        for rule in context.artifact.rules
        if (order := destination(rule)) is not None and order.op == "go" and order.target == stage
    ]
    return all(
        any(isinstance(choice, m.One) and choice.order.op == "notify" for choice in rule.orders)
        for rule in entries
    )


# ---------------------------------------------------------------- the patient


def _parts(context: Context, situation: Situation, stuck: Stuck, upheld: Formula) -> Iterator[Part]:
    rules = rules_in(context.program, situation.stage)
    terms = [stuck.term, *(rule.condition for rule in rules)]
    terms += [rule.unless for rule in rules if rule.unless is not None]
    covered = (("term", str(stuck.term)), situation.symbols.truth(stuck.term).yes)
    found: list[Part] = [
        *patient_of(context, situation, terms),
        *context.reached(situation),
        (("rests", stuck.stage), situation.rests),
        covered,
        (("upheld", stuck.stage), upheld),
        *_nothing_comes(situation),
    ]
    found += settled(situation, [part for _, part in found])
    yield from found
    yield from _no_alert(situation, [part for _, part in found])


def _nothing_comes(situation: Situation) -> Iterator[Part]:
    """No rule is open, no order is still to be carried out, none tells anybody, none is at its limit."""
    for rule_id, rule in situation.rules.items():
        yield ("rule", rule_id), f.negation(f.any_of((rule.pending, pends(situation, rule))))
    for order in situation.orders:
        op = order.order.op
        comes: list[Formula] = []
        if op in TELLS or (op in TREATS and op not in UPHOLDS):
            comes.append(order.stands)
        if op in STEPS and order.order.every is not None:
            comes.append(when_due(situation.symbols, order))
        if op in STEPS:
            comes.append(_at_limit(situation, order))
        comes += [where for why, _, where in order.withheld if why == "maximum"]
        yield ("rule", order.place.rule), f.negation(f.any_of(comes))
    yield ("holds", situation.stage or ""), f.negation(holds(situation))


def _at_limit(situation: Situation, order: OrderSymbols) -> Formula:
    """The step is called for, and the rate is where its rule or the drug's maximum says it ends."""
    symbols, written = situation.symbols, order.order
    assert written.step is not None
    lo, dims = symbols.amount(written.step.lo)
    drug, rate = symbols.drug(written.target), symbols.rate(written.target, dims)
    ends: list[Formula] = []
    if written.op == "increase":
        bounds = [] if written.limit is None else [(*symbols.amount(written.limit), f.TRUE)]
        for bound, bound_dims, on in (*bounds, *maxima(symbols, written.target)):
            seen = symbols.rate(written.target, bound_dims)
            ends.append(f.all_of((on, seen.known, f.compare(seen.value, ">=", bound))))
    elif written.op == "decrease" and written.limit is not None:
        bound, bound_dims = symbols.amount(written.limit)
        seen = symbols.rate(written.target, bound_dims)
        ends.append(f.all_of((seen.known, f.compare(seen.value, "<=", bound))))
    elif written.op == "decrease":
        ends.append(f.compare(rate.value, "<=", lo))
    return f.all_of((order.issued, drug.rated, rate.known, f.any_of(ends)))


def _no_alert(situation: Situation, parts: list[Formula]) -> Iterator[Part]:
    """No drug runs without what it needs, or above its maximum: every decision says so by itself."""
    symbols = situation.symbols
    artifact = symbols.program.artifact
    for name in sorted(symbols.space.spoken(parts)):
        kind, *about = symbols.space.variables[name].about
        if kind != "on":
            continue
        drug = symbols.drug(about[0])
        for need in artifact.drugs[about[0]].needs:
            yield ("need", about[0]), f.implies(drug.on, symbols.drug(need).on)
        declared = artifact.drugs[about[0]].maximum
        if declared is not None:
            bound, dims = symbols.amount(declared)
            rate = symbols.rate(about[0], dims)
            above = f.all_of((drug.rated, rate.known, f.compare(rate.value, ">", bound)))
            yield ("maximum", about[0]), f.negation(above)


def _wishes(context: Context, situation: Situation, parts: list[Formula]) -> Iterator[Formula]:
    """Settings at their defaults; drugs off, or charted in their own unit at a usual rate; readings near
    normal.
    """
    symbols, program = situation.symbols, context.program
    artifact, variables = context.artifact, context.space.variables
    abouts = [(name, *variables[name].about) for name in sorted(context.space.spoken(parts))]
    for name, kind, *about in abouts:
        decl = artifact.settings[about[0]] if kind == "setting" else None
        if decl is not None and isinstance(decl.value, m.Number):
            yield f.compare(f.variable(name), "=", f.number(program.number(decl.value).value))
    for name, kind, *_ in abouts:
        if kind == "on":
            yield f.negation(f.boolean(name))
        elif kind == "charted_own":
            yield f.boolean(name)
    for _, kind, *about in abouts:
        drug = artifact.drugs[about[0]] if kind == "rate" else None
        usual = None if drug is None else drug.start or drug.usual
        if usual is not None:
            amount, dims = symbols.amount(usual.lo)
            yield f.compare(symbols.rate(about[0], dims).value, "=", amount)
    for name, kind, *about in abouts:
        normal = artifact.inputs[about[0]].normal if kind == "input" else None
        if normal is not None:
            bounds = program.plausible.get(about[0])
            yield from _near(f.variable(name), program.number(normal).value, bounds)


def _near(value: Linear, normal: Fraction, plausible: tuple[Fraction, Fraction] | None) -> Iterator[Formula]:
    """At the normal value; else within a part of the way to what is no longer plausible."""
    yield f.compare(value, "=", f.number(normal))
    if plausible is not None:
        lo, hi = plausible
        for part in NEAR:
            low, high = f.number(normal - part * (normal - lo)), f.number(normal + part * (hi - normal))
            yield f.all_of((f.compare(value, ">=", low), f.compare(value, "<=", high)))
