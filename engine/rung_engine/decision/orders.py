"""One written order on one patient: does it stand, at what dose, due or late, or what forbids it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.decision.model import Dose, Figure, Mark, Pending, Standing, Subject, Waiting, Withheld
from rung_engine.decision.view import View
from rung_engine.exact import round_millionths
from rung_engine.frozen import frozen
from rung_engine.program import Amount, Unit, Window

HOUR = 3_600_000


@frozen
class Issue:
    """An order as a rule issues it on an instant. `since`: when this instance of the rule's order began."""

    rule: str
    strength: str
    order: m.Order
    since: int
    choice: str = ""
    carried: bool = False
    confirmed: bool = True
    check_first: tuple[str, ...] = ()


Result = Standing | Waiting | Withheld | Pending | None


def evaluate(view: View, issue: Issue, began: int) -> Result:
    """None where the order has no object (a continue of a drug that is off). `began`: the session's start.

    A step of a drug whose rate is unknown leaves its rule pending.
    """
    order = issue.order
    match order.op:
        case "start" | "add" | "set":
            return _begin_drug(view, issue, began)
        case "increase" | "decrease" | "taper":
            return _step(view, issue, began)
        case "continue" | "pause" | "stop":
            return _hold_or_end(view, issue, began)
        case "give":
            return _gate(view, issue, _give(view, issue, began), began)
        case "measure":
            return _measure(view, issue)
        case "do":
            last = view.last_done(order.target)
            return _timed(view, issue, _standing(issue, "due"), last, began)
        case "end":
            drugs = view.program.artifact.courses[order.target].drugs
            off = all(view.drug(drug).running is False for drug in drugs)
            return _standing(issue, "done" if off else "due")
        case "avoid" | "classify" | "notify" | "begin" | "finish":
            return _standing(issue, "due")
        case "go":
            return None


def _standing(issue: Issue, mark: Mark) -> Standing:
    return Standing(
        issue.order.op, issue.order.target, issue.strength, (issue.rule,), mark, issue.confirmed,
        issue.check_first, choice=issue.choice, carried=issue.carried,
        continuously=issue.order.continuously,
    )  # fmt: skip


# ---------------------------------------------------------------- infusions


def _begin_drug(view: View, issue: Issue, began: int) -> Result:
    order = issue.order
    program = view.program
    doses = order.dose if order.dose is not None else usual_start(view, order.target)
    state = view.drug(order.target)
    standing = _standing(issue, "due")
    if doses is not None:
        standing = replace(standing, dose=_dose(view, order.target, doses))
    at_dose = above = False
    if state.running and state.rate is not None and doses is not None:
        lo, hi = program.amount(doses.lo), program.amount(doses.hi)
        rate = state.rate.seen_in(hi.dims, view.weight())
        at_dose = rate is not None and lo.value <= rate <= hi.value
        above = rate is not None and rate > hi.value
    if order.op == "set":
        standing = replace(standing, mark="done" if at_dose else "due")
    elif state.running:
        # A rate above the written dose is a difference to report; a start never asks to lower it.
        return replace(standing, mark="done", cautions=(f"above_dose:{order.target}",) if above else ())
    return _gate(view, issue, standing, began)


def usual_start(view: View, drug: str) -> m.Range | None:
    """The dose of a start with none written: a restriction's, where it is not known to be off."""
    for restrict in view.program.artifact.restricts:
        if restrict.drug == drug and restrict.start is not None:
            condition = restrict.condition
            if condition is None or view.truth(condition) is not False:
                return restrict.start
    return view.program.artifact.drugs[drug].start


def _dose(view: View, drug: str, doses: m.Range) -> Dose:
    """In the unit of the upper bound as written, with the patient's own numbers."""
    program = view.program
    unit = _unit_of(view, doses.hi)
    lo, hi = program.amount(doses.lo).value, program.amount(doses.hi).value
    return _shown(view, drug, unit, lo, hi)


def _unit_of(view: View, amount: m.Amount) -> Unit:
    program = view.program
    if isinstance(amount, m.Number):
        return program.units[amount.unit]
    decl = program.artifact.settings[amount.setting]
    written = decl.value if isinstance(decl.value, m.Number) else decl.lo
    assert written is not None
    return program.units[written.unit]


def _shown(view: View, drug: str, unit: Unit, lo: Fraction, hi: Fraction) -> Dose:
    """`lo` and `hi` in coherent units of `unit`; figures in mcg/min and mL/h where they can be worked out."""
    figures: list[Figure] = []
    weight = view.weight()
    if unit.weight_power and weight is not None:
        plain = view.program.units.get(unit.name.replace("/kg", ""))
        if plain is not None:
            factor = weight**-unit.weight_power
            figures.append(_figure(plain, lo * factor, hi * factor))
    base = weight**-unit.weight_power if unit.weight_power and weight is not None else Fraction(1)
    if unit.weight_power == 0 or weight is not None:
        own = dict(unit.without_weight)
        for written in (
            view.program.artifact.drugs[drug].concentrations if drug in view.program.artifact.drugs else ()
        ):
            strength = view.program.number(written)
            flow = dict(own)
            for name, power in strength.dims:
                flow[name] = flow.get(name, 0) - power
            flow = {name: power for name, power in flow.items() if power}
            if flow == {"volume": 1, "time": -1}:
                scale = HOUR * base / strength.value
                figures.append(
                    Figure(
                        "mL/h", round_millionths(lo * scale), round_millionths(hi * scale),
                        f"{_decimal(written.millionths)} {written.unit}",
                    )
                )  # fmt: skip
    return Dose(
        unit.name, round_millionths(lo / unit.factor), round_millionths(hi / unit.factor), tuple(figures)
    )


def _figure(unit: Unit, lo: Fraction, hi: Fraction) -> Figure:
    return Figure(unit.name, round_millionths(lo / unit.factor), round_millionths(hi / unit.factor))


def _decimal(millionths: int) -> str:
    whole, part = divmod(abs(millionths), 1_000_000)
    text = f"{whole}.{part:06d}".rstrip("0").rstrip(".")
    return text if millionths >= 0 else f"-{text}"


def ceilings(view: View, drug: str, *, surely: bool = False) -> list[tuple[Amount, str]]:
    """Every maximum in force, and whose: the declaration's, and each `restrict` not known to be off.

    `surely`: only restrictions known to be on. Which is the tightest may take a weight, so all count.
    """
    program = view.program
    found: list[tuple[Amount, str]] = []
    declared = program.maximum.get(drug)
    if declared is not None:
        found.append((declared, "maximum"))
    for index, restrict in enumerate(program.artifact.restricts):
        if restrict.drug != drug or restrict.maximum is None:
            continue
        on = True if restrict.condition is None else view.truth(restrict.condition)
        if on is False or (surely and on is None):
            continue
        found.append((program.amount(restrict.maximum), f"restrict:{index}"))
    return found


def _step(view: View, issue: Issue, began: int) -> Result:
    order = issue.order
    state = view.drug(order.target)
    if state.running is False:
        return Waiting(issue.rule, order.op, order.target, "not_running")
    if state.running is None or state.rate is None:
        return Pending(issue.rule, (Subject("drug", order.target, state.why or "rate"),))
    assert order.step is not None
    program = view.program
    lo, hi = program.amount(order.step.lo), program.amount(order.step.hi)
    rate = state.rate.seen_in(lo.dims, view.weight())
    if rate is None or not _bounds_are_seen(view, order, lo):
        return Pending(issue.rule, _weight(view))
    bound = _bound(view, order, lo, rate)
    if bound is None:
        return Waiting(issue.rule, order.op, order.target, "at_limit")
    if order.every is not None:
        changed = view.rate_changed(order.target)
        if changed is not None:
            ready = changed + program.millis(order.every.lo)
            if view.time < ready:
                return Waiting(issue.rule, order.op, order.target, "step_not_due", ready)
    if order.op == "increase":
        doses = min(rate + lo.value, bound), min(rate + hi.value, bound)
    else:
        doses = max(rate - hi.value, bound), max(rate - lo.value, bound)
        if order.op == "decrease" and doses[0] == 0:
            # Without a floor, the larger steps of a range would be a stop: they are not offered.
            doses = doses[1], doses[1]
    standing = replace(
        _standing(issue, "due"), dose=_shown(view, order.target, _unit_of(view, order.step.hi), *doses)
    )
    return _gate(view, issue, standing, began) if order.op == "increase" else standing


def _weight(view: View) -> tuple[Subject, ...]:
    name = view.program.weight_input
    return () if name is None else (Subject("input", name, view.input(name).why),)


def _bounds_are_seen(view: View, order: m.Order, step: Amount) -> bool:
    """Every limit of the step can be compared with the rate, which may take the weight."""
    limits = [view.program.amount(order.limit)] if order.limit is not None else []
    if order.op == "increase":
        limits.extend(limit for limit, _ in ceilings(view, order.target))
    return all(limit.seen_in(step.dims, view.weight()) is not None for limit in limits)


def _bound(view: View, order: m.Order, step: Amount, rate: Fraction) -> Fraction | None:
    """The rate a step may reach, in the step's dimensions; None where it is already at or beyond it."""
    program = view.program
    weight = view.weight()
    if order.op == "increase":
        limits = []
        if order.limit is not None:
            limits.append(program.amount(order.limit))
        limits.extend(limit for limit, _ in ceilings(view, order.target))
        seen = [limit.seen_in(step.dims, weight) for limit in limits]
        known = [value for value in seen if value is not None]
        return min(known) if known and rate < min(known) else None
    if order.op == "taper":
        return Fraction(0)
    if order.limit is not None:
        floor = program.amount(order.limit).seen_in(step.dims, weight)
        return floor if floor is not None and rate > floor else None
    # A decrease without a floor never turns into a stop.
    return Fraction(0) if rate > step.value else None


def _hold_or_end(view: View, issue: Issue, began: int) -> Result:
    running = view.drug(issue.order.target).running
    if issue.order.op == "continue":
        return None if running is False else _gate(view, issue, _standing(issue, "due"), began)
    return _standing(issue, "done" if running is False else "due")


# ---------------------------------------------------------------- doses, measuring, doing


def _give(view: View, issue: Issue, began: int) -> Standing:
    order = issue.order
    program = view.program
    standing = _standing(issue, "due")
    if order.dose is not None:
        lo, hi = program.amount(order.dose.lo), program.amount(order.dose.hi)
        unit = _unit_of(view, order.dose.hi)
        low, high = lo.value, hi.value
        if order.cap is not None:
            cap = program.amount(order.cap)
            seen = cap.seen_in(hi.dims, view.weight())
            if seen is None:
                standing = replace(standing, confirmed=False, check_first=(*standing.check_first, "weight"))
            elif seen < high:
                unit, low, high = _unit_of(view, order.cap), min(_in(lo, cap, view), cap.value), cap.value
        standing = replace(standing, dose=_shown(view, order.target, unit, low, high))
    if order.volume is not None:
        standing = replace(standing, volume=volume_of(view, order.volume))
    if order.total is not None:
        total = program.amount(order.total)
        given = Fraction(0)
        known = True
        for amount in view.given(order.target, began):
            seen = amount.seen_in(total.dims, view.weight()) if amount is not None else None
            known = known and seen is not None
            given += seen or 0
        left = total.value - given
        if known and left <= 0:
            return replace(standing, mark="done")
        if known:
            shown = _shown(view, order.target, _unit_of(view, order.total), left, left)
            standing = replace(standing, remaining=shown)
    return _timed(
        view, issue, standing, view.last_dose(order.target), began, totalling=order.total is not None
    )


def volume_of(view: View, volume: m.Range) -> Dose:
    """What a dose is diluted in, in the unit of the upper bound as written."""
    unit = _unit_of(view, volume.hi)
    lo, hi = (view.program.amount(end).value / unit.factor for end in (volume.lo, volume.hi))
    return Dose(unit.name, round_millionths(lo), round_millionths(hi))


def _in(amount: Amount, like: Amount, view: View) -> Fraction:
    seen = amount.seen_in(like.dims, view.weight())
    return like.value if seen is None else seen


def _measure(view: View, issue: Issue) -> Standing:
    order = issue.order
    members = view.program.artifact.panels.get(order.target, (order.target,))
    if order.continuously:
        unknown = any(view.input(name).why for name in members)
        return _standing(issue, "late" if unknown else "not_due")
    stamps = [view.last_reading(name) for name in members]
    last = None if None in stamps else min(stamp for stamp in stamps if stamp is not None)
    return _timed(view, issue, _standing(issue, "due"), last, 0)


def _timed(
    view: View, issue: Issue, standing: Standing, last: int | None, began: int, *, totalling: bool = False
) -> Standing:
    """Due, late or done, from the last giving, reading or doing."""
    order = issue.order
    program = view.program
    mark = standing.mark
    due_at = late_after = None
    if order.every is not None:
        lo, hi = program.millis(order.every.lo), program.millis(order.every.hi)
        standing = replace(standing, every_lo=lo, every_hi=hi)
        due_at = issue.since if last is None else last + lo
        # One so old that the order would be late when it first stands is as none.
        late_after = (issue.since if last is None or last + hi < issue.since else last) + hi
        mark = "due" if view.time >= due_at else "not_due"
    elif order.once != "no":
        start: int | None = began
        if order.once == "course" and order.once_per is not None:
            start = view.course_began(order.once_per)
        if last is not None and start is not None and last >= start:
            return replace(standing, mark="done")
    elif last is not None and last >= issue.since and not totalling:
        return replace(standing, mark="done")
    if order.within is not None:
        begin = issue.since if order.within_of is None else view.moment(order.within_of)
        met = order.every is not None and last is not None and last >= issue.since
        if begin is not None and not met:
            deadline = begin + program.millis(order.within)
            late_after = deadline if late_after is None else min(late_after, deadline)
    if late_after is not None and view.time > late_after:
        mark = "late"
    return replace(standing, mark=mark, due_at=due_at, late_after=late_after)


# ---------------------------------------------------------------- what may forbid an order


def _gate(view: View, issue: Issue, standing: Standing, began: int) -> Result:
    """Prerequisites, contraindications, availability, the maximum. What is unknown unconfirms."""
    program = view.program
    drug = standing.target
    if standing.mark == "done":
        return standing
    for index, restrict in enumerate(program.artifact.restricts):
        if restrict.drug != drug or not restrict.contraindicated:
            continue
        forbidden = True if restrict.condition is None else view.truth(restrict.condition)
        if forbidden is True:
            return Withheld(issue.rule, standing.op, drug, "contraindicated", str(index))
        if forbidden is None:
            standing = _in_doubt(standing, f"restrict:{drug}:{index}")
    if standing.op in ("start", "add", "give") or (standing.op == "set" and not view.drug(drug).running):
        for pair in program.artifact.incompatible:
            if drug not in pair.drugs:
                continue
            other = pair.drugs[0] if pair.drugs[1] == drug else pair.drugs[1]
            runs = view.drug(other).running
            if runs is True:
                return Withheld(issue.rule, standing.op, drug, "incompatible", other)
            if runs is None:
                standing = _in_doubt(standing, f"incompatible:{other}")
        available = program.artifact.drugs[drug].available_if
        there = True if available is None else view.truth(available)
        if there is False:
            return Withheld(issue.rule, standing.op, drug, "unavailable")
        if there is None:
            standing = _in_doubt(standing, f"available:{drug}")
        for before in program.artifact.befores:
            if before.drug != drug:
                continue
            met = view.truth(before.condition)
            if before.prefer:
                if met is not True:
                    caution = f"prefer:{drug}:{before.condition}"
                    standing = replace(standing, cautions=tuple(sorted({*standing.cautions, caution})))
            elif met is None:
                standing = _in_doubt(standing, f"before:{drug}")
            elif met is False:
                if before.otherwise is not None:
                    instead = evaluate(view, replace_issue(issue, before.otherwise), began)
                    if isinstance(instead, Standing):
                        return replace(instead, instead_of=f"{standing.op} {drug}")
                return Withheld(issue.rule, standing.op, drug, "before", str(before.condition))
    for limit in (_below_maximum, _below_rolling):
        found = limit(view, issue, standing)
        if isinstance(found, Withheld):
            return found
        standing = found
    return standing


def _in_doubt(standing: Standing, check: str) -> Standing:
    """The order unconfirmed until this is found out."""
    return replace(standing, confirmed=False, check_first=tuple(sorted({*standing.check_first, check})))


def _below_maximum(view: View, issue: Issue, standing: Standing) -> Standing | Withheld:
    """A dose that may be given at all, its range cut at the maximum; a rate above it is not continued."""
    for limit, whose in ceilings(view, standing.target):
        found = _below(view, issue, standing, limit, whose)
        if isinstance(found, Withheld):
            return found
        standing = found
    return standing


def _below(view: View, issue: Issue, standing: Standing, limit: Amount, whose: str) -> Standing | Withheld:
    """Held against one maximum."""
    weight = view.weight()
    if standing.op == "continue":
        rate = view.drug(standing.target).rate
        running = rate.seen_in(limit.dims, weight) if rate is not None else None
        if running is not None and running > limit.value:
            return Withheld(issue.rule, standing.op, standing.target, "maximum", whose)
    if standing.op not in ("start", "add", "set", "give") or standing.dose is None:
        return standing
    unit = view.program.units[standing.dose.unit]
    if standing.op == "give" and (("time", -1) in unit.dims) != (("time", -1) in limit.dims):
        # A daily amount is bounded by rolling totals; the maximum of one dose says nothing about it.
        # Nor does the maximum of a rate about a dose, of a drug that is given both ways.
        return standing
    seen = limit.seen_in(unit.dims, weight)
    return _in_doubt(standing, "weight") if seen is None else _cut(view, issue, standing, unit, seen, whose)


def _per(amount: Amount, over: int, unit: Unit) -> Amount:
    """What is left of a window, as an even rate over it where the dose is written as one (200 mg/day)."""
    if ("time", -1) not in unit.dims or ("time", -1) in amount.dims:
        return amount
    return Amount(amount.value / over, tuple(sorted((*amount.dims, ("time", -1)))))


def _cut(
    view: View, issue: Issue, standing: Standing, unit: Unit, most: Fraction, whose: str
) -> Standing | Withheld:
    """No dose above `most`, in coherent units; none at all where even the smallest is."""
    assert standing.dose is not None
    scale = unit.factor / 1_000_000
    if standing.dose.lo * scale > most:
        return Withheld(issue.rule, standing.op, standing.target, "maximum", whose)
    if standing.dose.hi * scale <= most:
        return standing
    return replace(standing, dose=_shown(view, standing.target, unit, standing.dose.lo * scale, most))


def windows(view: View, drug: str) -> list[tuple[Window, Fraction | None]]:
    """The rolling maxima in force, each with what is left of it; None where what was given is unknown."""
    found: list[tuple[Window, Fraction | None]] = []
    for window in view.program.rolling.get(drug, ()):
        restrict = None if window.restrict is None else view.program.artifact.restricts[window.restrict]
        if restrict is None or restrict.condition is None or view.truth(restrict.condition) is not False:
            given = view.rolling(drug, window.over, window.maximum.dims)
            found.append((window, None if given is None else window.maximum.value - given))
    return found


def _below_rolling(view: View, issue: Issue, standing: Standing) -> Standing | Withheld:
    """What was given in the window leaves room for the dose, or for any flow at all."""
    if standing.op not in ("start", "add", "set", "increase", "continue", "give"):
        return standing
    for window, left in windows(view, standing.target):
        if left is None:
            standing = _in_doubt(standing, f"rolling:{standing.target}")
        elif left <= 0:
            return Withheld(issue.rule, standing.op, standing.target, "maximum", f"rolling:{window.over}")
        elif standing.op == "give" and standing.dose is not None:
            unit = view.program.units[standing.dose.unit]
            seen = _per(Amount(left, window.maximum.dims), window.over, unit).seen_in(
                unit.dims, view.weight()
            )
            if seen is None:
                standing = _in_doubt(standing, "weight")
                continue
            found = _cut(view, issue, standing, unit, seen, f"rolling:{window.over}")
            if isinstance(found, Withheld):
                return found
            standing = found
    return standing


def replace_issue(issue: Issue, order: m.Order) -> Issue:
    """The same issue with another order in its place."""
    return replace(issue, order=order)
