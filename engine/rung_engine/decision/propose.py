"""Judging an order somebody proposes, which an order-entry system asks at signing. LANGUAGE section 7."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.decision.conflicts import inside, opposed_ops
from rung_engine.decision.model import Content, Dose, Standing
from rung_engine.decision.orders import ceilings, usual_start, volume_of, windows
from rung_engine.decision.view import View
from rung_engine.exact import from_millionths, round_millionths, show_decimal
from rung_engine.frozen import frozen
from rung_engine.program import Amount
from rung_engine.truth import Truth, conjunction, count, disjunction, negation

Grade = Literal["accepted", "caution", "unconfirmed", "refused"]
_RANK: dict[Grade, int] = {"accepted": 0, "caution": 1, "unconfirmed": 2, "refused": 3}
_GIVING = frozenset({"start", "add", "set", "increase", "continue", "give"})
_BEGINNING = frozenset({"start", "add", "set", "give"})
_LIKE: dict[str, frozenset[str]] = {
    "increase": frozenset({"increase"}),
    "decrease": frozenset({"decrease", "taper"}),
    "continue": frozenset({"increase", "decrease", "taper"}),
}
"""To set what runs is a step up, a step down, or neither: the standing orders it does not speak against."""


@frozen
class Reason:
    """`kind`: unit, unit_error, maximum, rolling, usual, contraindicated, unavailable, before, prefer, needs,
    never, avoid, incompatible, contradiction, too_early, at_limit, not_running, rate, weight, volume.
    `detail` names the limit, rule, property, drug or volume; `limit` is the bound in the drug's own unit,
    where it can be converted.
    """

    grade: Grade
    kind: str
    detail: str = ""
    limit: m.Number | None = None
    proposed: m.Number | None = None
    """The proposed dose in the drug's own unit, where it can be converted."""


@frozen
class Verdict:
    grade: Grade
    reasons: tuple[Reason, ...]


def judge(view: View, content: Content, order: m.Order) -> Verdict:
    """What the protocol says of a proposed order, on this instant and beside this decision."""
    reasons: list[Reason] = []
    drug = order.target if order.target in view.program.artifact.drugs else None
    if drug is not None:
        _limits(view, drug, order, reasons)
        _prerequisites(view, drug, order, reasons)
        _needs(view, content, drug, order, reasons)
        _beside(view, content, drug, order, reasons)
    _properties(view, content, order, reasons)
    _decision(view, content, order, reasons)
    _diluted(view, content, order, reasons)
    reasons.sort(key=lambda reason: (-_RANK[reason.grade], reason.kind, reason.detail))
    grade: Grade = reasons[0].grade if reasons else "accepted"
    return Verdict(grade, tuple(reasons))


def _proposed(view: View, order: m.Order) -> Amount | None:
    """The largest rate or dose the order leads to."""
    program = view.program
    dose = order.dose
    if dose is None and order.op in ("start", "add"):
        dose = usual_start(view, order.target)
    if dose is not None:
        return program.amount(dose.hi)
    if order.op == "continue":
        return view.drug(order.target).rate
    if order.step is not None and order.op == "increase":
        step = program.amount(order.step.hi)
        rate = view.drug(order.target).rate
        seen = rate.seen_in(step.dims, view.weight()) if rate is not None else None
        return None if seen is None else Amount(seen + step.value, step.dims)
    return None


def _direction(view: View, order: m.Order) -> str:
    """What setting a drug that runs at a known rate comes to; any other order is what it says."""
    rate = view.drug(order.target).rate if order.op == "set" and order.dose is not None else None
    proposed = _proposed(view, order)
    if rate is None or proposed is None or not rate.value:
        return order.op
    now = rate.seen_in(proposed.dims, view.weight())
    if now is None:
        return order.op
    return "continue" if now == proposed.value else "increase" if now < proposed.value else "decrease"


def _own(view: View, drug: str, amount: Amount) -> m.Number | None:
    unit = view.program.units[view.program.artifact.drugs[drug].unit]
    seen = amount.seen_in(unit.dims, view.weight())
    if seen is None:
        return None
    return m.Number(millionths=round(seen / unit.factor * 1_000_000), unit=unit.name)


def _limits(view: View, drug: str, order: m.Order, reasons: list[Reason]) -> None:
    amount = _proposed(view, order)
    if order.op not in _GIVING:
        return
    if amount is None:
        if order.op == "increase":
            off = view.drug(drug).running is False
            reasons.append(
                Reason("refused", "not_running", drug) if off else Reason("unconfirmed", "rate", drug)
            )
        return
    program = view.program
    if order.op == "give" and program.is_dose_of(drug, amount):  # its limits are limits of its rate
        _below_rolling(view, drug, amount, reasons)
        return
    if not program.is_rate_of(drug, amount):
        reasons.append(Reason("refused", "unit", drug))
        return
    own = _own(view, drug, amount)
    _below_maximum(view, drug, amount, own, reasons)
    _below_rolling(view, drug, amount if order.op == "give" else None, reasons)
    for usual in _usual(view, drug):
        lo, hi = program.amount(usual.lo), program.amount(usual.hi)
        seen = amount.seen_in(hi.dims, view.weight())
        if seen is not None and not lo.value <= seen <= hi.value:
            reasons.append(
                Reason("caution", "usual", drug, _own(view, drug, hi if seen > hi.value else lo), own)
            )


def _usual(view: View, drug: str) -> list[m.Range]:
    """The declared usual range, and every narrower one in force."""
    artifact = view.program.artifact
    ranges = [artifact.drugs[drug].usual]
    ranges.extend(
        restrict.usual
        for restrict in artifact.restricts
        if restrict.drug == drug
        and (restrict.condition is None or view.truth(restrict.condition) is not False)
    )
    return [found for found in ranges if found is not None]


def _below_maximum(
    view: View, drug: str, amount: Amount, own: m.Number | None, reasons: list[Reason]
) -> None:
    """Above a maximum known to be in force: refused. Above one that may be: unconfirmed."""
    grades: tuple[tuple[Grade, bool], ...] = (("refused", True), ("unconfirmed", False))
    weight = view.weight()
    for grade, surely in grades:
        passed = [
            (lowest, limit, whose)
            for limit, whose in ceilings(view, drug, surely=surely)
            if (lowest := limit.seen_in(amount.dims, weight)) is not None and amount.value > lowest
        ]
        if passed:
            _, top, whose = min(passed, key=lambda item: item[0])
            limit_shown = _own(view, drug, top)
            reasons.append(Reason(grade, "maximum", whose, limit_shown, own))
            reasons.extend(
                Reason(grade, "unit_error", str(factor), limit_shown, own)
                for factor in (1000, 60)
                if _is_likely(view, drug, Amount(amount.value / factor, amount.dims))
            )
            return
    if any(limit.seen_in(amount.dims, weight) is None for limit, _ in ceilings(view, drug)):
        reasons.append(Reason("unconfirmed", "weight", drug))


def _below_rolling(view: View, drug: str, dose: Amount | None, reasons: list[Reason]) -> None:
    """Room in every rolling maximum for the dose, or for any flow at all."""
    for window, left in windows(view, drug):
        seen = Fraction(0) if dose is None else dose.seen_in(window.maximum.dims, view.weight())
        if left is None or seen is None:
            reasons.append(Reason("unconfirmed", "rolling", drug))
        elif left <= 0 or seen > left:
            reasons.append(Reason("refused", "rolling", drug, _own(view, drug, window.maximum)))


def _is_likely(view: View, drug: str, amount: Amount) -> bool:
    """What somebody may have meant: a usual dose, or from the least to start with up to the maximum."""
    program = view.program
    decl = program.artifact.drugs[drug]
    least = decl.usual or decl.start
    most = program.amount(decl.usual.hi) if decl.usual is not None else program.maximum.get(drug)
    if most is None:
        return False
    seen = amount.seen_in(most.dims, view.weight())
    low = program.amount(least.lo).seen_in(most.dims, view.weight()) if least is not None else Fraction(0)
    return seen is not None and low is not None and low <= seen <= most.value


def _prerequisites(view: View, drug: str, order: m.Order, reasons: list[Reason]) -> None:
    artifact = view.program.artifact
    if order.op in _GIVING:
        for index, restrict in enumerate(artifact.restricts):
            if restrict.drug == drug and restrict.contraindicated:
                holds: Truth = True if restrict.condition is None else view.truth(restrict.condition)
                if holds is not False:
                    grade: Grade = "refused" if holds else "unconfirmed"
                    reasons.append(Reason(grade, "contraindicated", str(index)))
    if order.op in _BEGINNING and not (order.op == "set" and view.drug(drug).running):
        available = artifact.drugs[drug].available_if
        there = True if available is None else view.truth(available)
        if there is not True:
            reasons.append(Reason("unconfirmed" if there is None else "refused", "unavailable", drug))
        for before in artifact.befores:
            if before.drug != drug:
                continue
            met = view.truth(before.condition)
            if before.prefer:
                if met is not True:
                    reasons.append(Reason("caution", "prefer", str(before.condition)))
            elif met is not True:
                reasons.append(
                    Reason("unconfirmed" if met is None else "refused", "before", str(before.condition))
                )


def _needs(view: View, content: Content, drug: str, order: m.Order, reasons: list[Reason]) -> None:
    begun = {item.target for item in content.orders if item.op in _BEGINNING and item.confirmed}
    drugs = view.program.artifact.drugs
    if order.op in _GIVING:
        for need in drugs[drug].needs:
            running = view.drug(need).running
            if running is None:
                reasons.append(Reason("unconfirmed", "needs", need))
            elif running is False and need not in begun:
                reasons.append(Reason("refused", "needs", need))
    if order.op in ("stop", "pause"):
        for name, decl in sorted(drugs.items()):
            if drug in decl.needs and view.drug(name).running is not False:
                running = view.drug(name).running
                reasons.append(Reason("refused" if running else "unconfirmed", "needs", name))


def _beside(view: View, content: Content, drug: str, order: m.Order, reasons: list[Reason]) -> None:
    """A drug declared incompatible runs, may run, or is ordered."""
    if order.op not in _GIVING:
        return
    given = {
        item.target
        for item in content.orders
        if item.op in _GIVING and item.confirmed and item.mark != "done"
    }
    for pair in view.program.artifact.incompatible:
        if drug in pair.drugs:
            other = next(name for name in pair.drugs if name != drug)
            running = True if other in given else view.drug(other).running
            if running is not False:
                reasons.append(Reason("refused" if running else "unconfirmed", "incompatible", other))


def _properties(view: View, content: Content, order: m.Order, reasons: list[Reason]) -> None:
    """A `never` that the order would break; an unknown `while` leaves it unconfirmed."""
    ops = {order.op, _direction(view, order)} if order.op == "set" else {order.op}
    for prop in view.program.artifact.properties:
        if prop.polarity != "never" or not any(speaks_of(view, prop, op, order.target) for op in ops):
            continue
        met: Truth = True if prop.given is None else about_decision(view, content, prop.given)
        if prop.above is not None:
            met = conjunction((met, _above(view, prop, order)))
        if met is not False:
            reasons.append(Reason("refused" if met else "unconfirmed", "never", prop.id))


def speaks_of(view: View, prop: m.Property, op: str, target: str) -> bool:
    """The property is about orders of this kind of one of its drugs. To set what runs is not to start it; to
    end a course is to stop all of it.
    """
    if prop.subject == "stop" and op == "end":
        return any(view.drug(drug).running is not False for drug in _withdrawn(view, prop, op, target))
    if target not in prop.drugs:
        return False
    match prop.subject:
        case "order":
            return op in _GIVING
        case "start":
            return op in _BEGINNING and not (op == "set" and view.drug(target).running)
        case "decrease":
            return op in ("decrease", "taper")
        case "stop" | "pause" | "increase":
            return op == prop.subject
        case "condition":
            return False


def _above(view: View, prop: m.Property, order: m.Order) -> Truth:
    """The ordered dose, or for stop, pause and decrease the rate it is at, is above the bound."""
    assert prop.above is not None
    bound = view.program.amount(prop.above)
    if prop.subject in ("stop", "pause", "decrease"):
        return rate_above(view, prop, order.op, order.target)
    amount = _proposed(view, order)
    seen = amount.seen_in(bound.dims, view.weight()) if amount is not None else None
    return None if seen is None else seen > bound.value


def rate_above(view: View, prop: m.Property, op: str, target: str) -> Truth:
    """A drug of the property that the order touches runs at a rate above the bound."""
    assert prop.above is not None
    bound = view.program.amount(prop.above)

    def above(drug: str) -> Truth:
        state = view.drug(drug)
        if state.running is False:
            return False
        seen = state.rate.seen_in(bound.dims, view.weight()) if state.rate is not None else None
        return None if seen is None else seen > bound.value

    return disjunction(above(drug) for drug in _withdrawn(view, prop, op, target))


def _withdrawn(view: View, prop: m.Property, op: str, target: str) -> tuple[str, ...]:
    """The drugs of the property that the order is about: its own, or those of the course it ends."""
    drugs = view.program.artifact.courses[target].drugs if op == "end" else (target,)
    return tuple(drug for drug in drugs if drug in prop.drugs)


def about_decision(view: View, content: Content, term: int) -> Truth:
    """A condition that may speak of the decision itself (`ordered D`, `in STAGE`)."""
    node = view.program.artifact.terms[term]
    match node:
        case m.Ordered():
            return _ordered(view, content, node)
        case m.InStage():
            return content.stage == node.stage
        case m.Not():
            return negation(about_decision(view, content, node.of))
        case m.And():
            return conjunction(about_decision(view, content, part) for part in node.of)
        case m.Or():
            return disjunction(about_decision(view, content, part) for part in node.of)
        case m.Count():
            return count(node.rel, node.n, [about_decision(view, content, part) for part in node.of])
        case _:
            return view.truth(term)


def _ordered(view: View, content: Content, node: m.Ordered) -> bool:
    for order in content.orders:
        if order.target not in node.drugs or order.op not in _GIVING or order.mark == "done":
            continue
        if node.above is None:
            return True
        bound = view.program.amount(node.above)
        if order.dose is not None:
            unit = view.program.units[order.dose.unit]
            dose = Amount(Fraction(order.dose.hi, 1_000_000) * unit.factor, unit.dims)
            seen = dose.seen_in(bound.dims, view.weight())
            if seen is not None and seen > bound.value:
                return True
    return False


def _decision(view: View, content: Content, order: m.Order, reasons: list[Reason]) -> None:
    against = opposed_ops(order.op)
    if order.op == "set":
        against -= _LIKE.get(_direction(view, order), frozenset())
    for standing in content.orders:
        if standing.target != order.target:
            continue
        rule = standing.rules[0]
        if standing.op == "avoid" and order.op in _GIVING:
            reasons.append(Reason("refused" if standing.confirmed else "unconfirmed", "avoid", rule))
        elif standing.op in against and standing.mark != "done" and not standing.choice:
            reasons.append(Reason("refused" if standing.confirmed else "caution", "contradiction", rule))
        elif standing.op == order.op and standing.mark == "not_due" and standing.op == "give":
            reasons.append(Reason("refused", "too_early", rule))
        elif order.op == standing.op == "give" and standing.mark != "done" and _more(view, standing, order):
            reasons.append(Reason("refused" if standing.confirmed else "caution", "contradiction", rule))
    for waiting in content.waiting:
        if waiting.op == order.op and waiting.target == order.target:
            grade: Grade = "refused" if waiting.why == "at_limit" else "caution"
            reasons.append(
                Reason(grade, "too_early" if waiting.why == "step_not_due" else "at_limit", waiting.rule)
            )


def _more(view: View, standing: Standing, order: m.Order) -> bool:
    """The dose proposed is above the one ordered. Where that takes a weight nobody knows, it is not."""
    if standing.dose is None or order.dose is None:
        return False
    unit = view.program.units[standing.dose.unit]
    seen = view.program.amount(order.dose.hi).seen_in(unit.dims, view.weight())
    return seen is not None and round_millionths(seen / unit.factor) > standing.dose.hi


def _diluted(view: View, content: Content, order: m.Order, reasons: list[Reason]) -> None:
    """The volume of a dose against those in which it is ordered; one that is left out is named."""
    stated = [
        (standing, standing.volume)
        for standing in content.orders
        if standing.op == order.op == "give" and standing.target == order.target
        if standing.volume is not None and standing.mark != "done"
    ]
    proposed = volume_of(view, order.volume) if stated and order.volume is not None else None
    if any(proposed is not None and inside(view.program, proposed, volume) for _, volume in stated):
        return
    for standing, volume in stated:
        firm = proposed is not None and standing.confirmed
        reasons.append(Reason("refused" if firm else "caution", "volume", _in_words(volume)))


def _in_words(volume: Dose) -> str:
    lo, hi = (show_decimal(from_millionths(end)) for end in (volume.lo, volume.hi))
    return f"{lo} {volume.unit}" if lo == hi else f"{lo} to {hi} {volume.unit}"
