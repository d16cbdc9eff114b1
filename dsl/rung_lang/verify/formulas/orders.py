"""One order on one instant, as formulas: where it stands, at which dose, what forbids it.

Mirrors `rung_engine.decision.orders`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.program import BODY_WEIGHT, Dims
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.symbols import Symbols, Tri, conjunction

GIVES = frozenset({"start", "add", "set", "increase", "continue", "give"})
STARTS = frozenset({"start", "add", "set"})


@frozen
class Place:
    """Where an order is written: rule, choice, arm. `instead`: in place of a start that is not allowed."""

    rule: str
    choice: int
    arm: int = 0
    instead: bool = False


@frozen
class DoseSymbols:
    """The dose a rule asks for, before any maximum cuts it: `lo` and `hi` are the least of their parts.

    `cap`: `at most`, perhaps in other dimensions, which counts where it can be compared.
    """

    lo: tuple[Linear, ...]
    hi: tuple[Linear, ...]
    dims: Dims
    cap: tuple[Linear, Dims] | None = None


@frozen
class OrderSymbols:
    """A written order on one instant.

    `issued`: its rule gives it. `stands`: it is in the decision and still to be done (or not due yet).
    `finished`: it is in the decision, marked done. `withheld`: what forbids it, and where. `sure`: where it
    stands, it is confirmed. `carried`: by a rule that moved the session, perhaps earlier. `volume`: the least
    and the most that the dose may be diluted in, in mL.
    """

    place: Place
    order: m.Order
    strength: str
    issued: Formula
    stands: Formula
    finished: Formula
    sure: Formula
    withheld: tuple[tuple[str, str, Formula], ...] = ()
    dose: DoseSymbols | None = None
    label: str = ""
    carried: bool = False
    volume: tuple[Linear, Linear] | None = None


@frozen
class Shape:
    """Before anything forbids it: where the order stands or is done. `gated`: may be forbidden."""

    stands: Formula
    finished: Formula
    dose: DoseSymbols | None = None
    gated: bool = False
    doubts: tuple[Formula, ...] = ()


def shape_of(symbols: Symbols, place: Place, order: m.Order) -> Shape:
    match order.op:
        case "start" | "add" | "set":
            return _begin_drug(symbols, order)
        case "increase" | "decrease" | "taper":
            return _step(symbols, order)
        case "continue":
            drug = symbols.drug(order.target)
            return Shape(f.negation(drug.off), f.FALSE, gated=True)
        case "pause" | "stop":
            drug = symbols.drug(order.target)
            return Shape(f.negation(drug.off), drug.off)
        case "give":
            done = _met(symbols, place, order)
            dose = _given_dose(symbols, order)
            return Shape(f.negation(done), done, dose, gated=True, doubts=_uncapped(symbols, order, dose))
        case "measure":
            done = f.FALSE if order.every is not None or order.continuously else _met(symbols, place, order)
            return Shape(f.negation(done), done)
        case "do":
            done = _met(symbols, place, order)
            return Shape(f.negation(done), done)
        case "end":
            drugs = symbols.program.artifact.courses[order.target].drugs
            off = f.all_of(symbols.drug(drug).off for drug in drugs)
            return Shape(f.negation(off), off)
        case "avoid" | "classify" | "notify" | "begin" | "finish":
            return Shape(f.TRUE, f.FALSE)
        case "go":
            return Shape(f.FALSE, f.FALSE)
        case _:
            assert_never(order.op)


def carried_out(symbols: Symbols, order: m.Order) -> Formula:
    """As the chart says: the drug runs, runs as it should or is off. Of other orders, never."""
    return shape_of(symbols, Place("", 0), order).finished


def _met(symbols: Symbols, place: Place, order: m.Order) -> Formula:
    """Given, read or done since: free, as the chart may say. What recurs without a total never is."""
    if order.every is not None and order.total is None:
        return f.FALSE
    name = f"{symbols.at}met:{place.rule}#{place.choice}.{place.arm}" + ("!" if place.instead else "")
    return symbols.space.bool(name, ("met", place.rule, order.op, order.target), symbols.at)


def _begin_drug(symbols: Symbols, order: m.Order) -> Shape:
    doses = order.dose if order.dose is not None else _usual_start(symbols, order.target)
    drug = symbols.drug(order.target)
    dose = None if doses is None else _range(symbols, doses)
    if order.op != "set":
        return Shape(f.negation(drug.on), drug.on, dose, gated=True)
    at_dose = f.FALSE
    if dose is not None:
        rate = symbols.rate(order.target, dose.dims)
        inside = (f.compare(dose.lo[0], "<=", rate.value), f.compare(rate.value, "<=", dose.hi[0]))
        at_dose = f.all_of((drug.rated, rate.known, *inside))
    return Shape(f.negation(at_dose), at_dose, dose, gated=True)


def _usual_start(symbols: Symbols, drug: str) -> m.Range | None:
    """The dose of a start with none written. A conditional restriction's counts as if always in force."""
    for restrict in symbols.program.artifact.restricts:
        if restrict.drug == drug and restrict.start is not None:
            return restrict.start
    return symbols.program.artifact.drugs[drug].start


def _range(symbols: Symbols, doses: m.Range) -> DoseSymbols:
    (lo, _), (hi, dims) = symbols.amount(doses.lo), symbols.amount(doses.hi)
    return DoseSymbols((lo,), (hi,), dims)


def _given_dose(symbols: Symbols, order: m.Order) -> DoseSymbols | None:
    if order.dose is None:
        return None
    dose = _range(symbols, order.dose)
    cap = None if order.cap is None else symbols.amount(order.cap)
    return DoseSymbols(dose.lo, dose.hi, dose.dims, cap)


def _uncapped(symbols: Symbols, order: m.Order, dose: DoseSymbols | None) -> tuple[Formula, ...]:
    """Where a dose per kilogram cannot be held against its cap, because there is no weight."""
    if order.cap is None or dose is None or symbols.amount(order.cap)[1] == dose.dims:
        return ()
    return (f.negation(symbols.weight_known()),)


def _step(symbols: Symbols, order: m.Order) -> Shape:
    """A step stands where the drug runs at a known rate short of the limit, and its interval has passed."""
    assert order.step is not None
    (lo, dims), (hi, _) = symbols.amount(order.step.lo), symbols.amount(order.step.hi)
    drug = symbols.drug(order.target)
    rate = symbols.rate(order.target, dims)
    stands = [drug.rated, rate.known]
    low: tuple[Linear, ...] = (rate.value.plus(lo),)
    high: tuple[Linear, ...] = (rate.value.plus(hi),)
    if order.op == "increase":
        for bound, bound_dims, on in _limits(symbols, order):
            seen = symbols.rate(order.target, bound_dims)
            if on is f.TRUE and bound_dims == dims:
                stands.append(seen.known)
            # One in other dimensions counts only where the tightest of all is it.
            stands.append(f.implies(f.all_of((on, seen.known)), f.compare(seen.value, "<", bound)))
            if bound_dims == dims and on is f.TRUE:
                low, high = (*low, bound), (*high, bound)
    elif order.op == "decrease":
        low = high = (rate.value.minus(lo),)
        if order.limit is not None:
            bound, bound_dims = symbols.amount(order.limit)
            seen = symbols.rate(order.target, bound_dims)
            stands += [seen.known, f.compare(seen.value, ">", bound)]
        else:
            stands.append(f.compare(rate.value, ">", lo))
    else:
        low = high = (rate.value.minus(lo),)
    if order.every is not None:
        stands.append(ready(symbols, order.target, symbols.amount(order.every.lo)[0]))
    return Shape(f.all_of(stands), f.FALSE, DoseSymbols(low, high, dims), gated=order.op == "increase")


def ready(symbols: Symbols, drug: str, interval: Linear) -> Formula:
    """So long has passed since the drug's rate last changed, or it never did; to be started is a change."""
    changed = symbols.space.bool(f"{symbols.at}changed:{drug}", ("changed", drug), symbols.at)
    symbols.space.always(f"{symbols.at}changed:{drug}", f.implies(symbols.drug(drug).on, changed))
    name = f"{symbols.at}unchanged:{drug}"
    since = symbols.space.real(name, ("unchanged", drug), symbols.at, Fraction(0))
    return f.any_of((f.negation(changed), f.compare(since, ">=", interval)))


def _limits(symbols: Symbols, order: m.Order) -> list[tuple[Linear, Dims, Formula]]:
    """What an increase may not pass: its own limit and the maxima; each with where it is in force."""
    found: list[tuple[Linear, Dims, Formula]] = []
    if order.limit is not None:
        found.append((*symbols.amount(order.limit), f.TRUE))
    found.extend(maxima(symbols, order.target))
    return found


def maxima(symbols: Symbols, drug: str) -> list[tuple[Linear, Dims, Formula]]:
    """The maximum of the declaration and of each restriction, with where it is (or may be) in force."""
    program = symbols.program
    found: list[tuple[Linear, Dims, Formula]] = []
    declared = program.artifact.drugs[drug].maximum
    if declared is not None:
        found.append((*symbols.amount(declared), f.TRUE))
    for restrict in program.artifact.restricts:
        if restrict.drug == drug and restrict.maximum is not None:
            on = f.TRUE if restrict.condition is None else symbols.truth(restrict.condition).may
            found.append((*symbols.amount(restrict.maximum), on))
    return found


def surpasses(symbols: Symbols, value: Linear, dims: Dims, bound: Linear, bound_dims: Dims) -> Tri:
    """`value` (of `dims`) is above `bound`; unknown where that takes a weight that is not known.

    Amounts of one kind that differ by body weight are compared after multiplying by the weight.
    """
    own, other = dict(dims), dict(bound_dims)
    own_power, other_power = own.pop(BODY_WEIGHT, 0), other.pop(BODY_WEIGHT, 0)
    if own != other:
        return Tri(f.FALSE, f.TRUE)
    if own_power == other_power:
        above = f.compare(value, ">", bound)
        return Tri(above, f.negation(above))
    name = symbols.program.weight_input
    if name is None:
        return Tri(f.FALSE, f.FALSE)
    known = symbols.weight_known()
    weight = symbols.input_value(name)
    if own_power < other_power:
        above = f.compare(weighed(symbols, value, weight), ">", bound)
    else:
        above = f.compare(value, ">", weighed(symbols, bound, weight))
    return Tri(f.all_of((known, above)), f.all_of((known, f.negation(above))))


def visible(symbols: Symbols, dims: Dims, other: Dims) -> Formula:
    """Amounts of these dimensions can be compared: they are the same, or the weight is known."""
    return f.TRUE if dims == other else symbols.weight_known()


def asks_above(
    symbols: Symbols, dose: DoseSymbols, parts: Sequence[Linear], bound: Linear, bound_dims: Dims
) -> Tri:
    """The least of these parts of the dose, capped where the cap can be seen, is above `bound`."""
    above = conjunction(surpasses(symbols, part, dose.dims, bound, bound_dims) for part in parts)
    if dose.cap is None:
        return above
    cap, cap_dims = dose.cap
    seen = visible(symbols, cap_dims, dose.dims)
    capped = surpasses(symbols, cap, cap_dims, bound, bound_dims)
    return Tri(
        f.all_of((above.yes, f.implies(seen, capped.yes))),
        f.any_of((above.no, f.all_of((seen, capped.no)))),
    )


def weighed(symbols: Symbols, value: Linear, weight: Linear) -> Linear:
    """A dose per kilogram at this weight. Where both vary, a product with its linear bounds."""
    if not value.terms:
        return weight.times(value.constant)
    ((weight_name, _),) = weight.terms
    total = weight.times(value.constant)
    for name, factor in value.terms:
        result = f"{name}*{weight_name}"
        at = symbols.space.variables[name].at
        symbols.space.real(result, ("product", name, weight_name), at)
        symbols.space.multiply(f.TRUE, result, name, weight_name)
        total = total.plus(f.variable(result).times(factor))
    return total


# ---------------------------------------------------------------- what may forbid an order


Gate = tuple[str, str, Formula, Formula]
"""Why, what of, where it forbids, where it leaves in doubt."""


def gates_of(symbols: Symbols, order: m.Order, dose: DoseSymbols | None) -> list[Gate]:
    artifact = symbols.program.artifact
    drug = order.target
    found: list[Gate] = []
    for index, restrict in enumerate(artifact.restricts):
        if restrict.drug == drug and restrict.contraindicated:
            holds = Tri(f.TRUE, f.FALSE) if restrict.condition is None else symbols.truth(restrict.condition)
            found.append(("contraindicated", str(index), holds.yes, holds.unknown))
    if order.op in ("start", "add", "give", "set"):
        only = f.negation(symbols.drug(drug).on) if order.op == "set" else f.TRUE
        found.extend(
            (why, what, f.all_of((only, forbids)), f.all_of((only, doubt)))
            for why, what, forbids, doubt in _beginnings(symbols, drug)
        )
    found.extend(_above_maximum(symbols, order, dose))
    for index, _ in enumerate(symbols.program.rolling.get(drug, ())):
        if order.op in GIVES:
            spent = symbols.space.bool(f"{symbols.at}spent:{drug}:{index}", ("spent", drug), symbols.at)
            counted = symbols.space.bool(f"{symbols.at}counted:{drug}:{index}", ("counted", drug), symbols.at)
            found.append(("maximum", f"rolling:{index}", f.all_of((counted, spent)), f.negation(counted)))
    return found


def _beginnings(symbols: Symbols, drug: str) -> list[Gate]:
    artifact = symbols.program.artifact
    found: list[Gate] = []
    for pair in artifact.incompatible:
        if drug in pair.drugs:
            other = pair.drugs[0] if pair.drugs[1] == drug else pair.drugs[1]
            runs = symbols.running(other)
            found.append(("incompatible", other, runs.yes, runs.unknown))
    available = artifact.drugs[drug].available_if
    if available is not None:
        there = symbols.truth(available)
        found.append(("unavailable", drug, there.no, there.unknown))
    for index, before in enumerate(artifact.befores):
        if before.drug == drug and not before.prefer:
            met = symbols.truth(before.condition)
            found.append(("before", str(index), met.no, met.unknown))
    return found


def _above_maximum(symbols: Symbols, order: m.Order, dose: DoseSymbols | None) -> list[Gate]:
    """A dose none of which may be given, or a rate above the maximum that would be continued."""
    found: list[Gate] = []
    for place, (bound, dims, on) in enumerate(maxima(symbols, order.target)):
        if order.op == "continue":
            drug = symbols.drug(order.target)
            rate = symbols.rate(order.target, dims)
            above = f.all_of((on, drug.rated, rate.known, f.compare(rate.value, ">", bound)))
            found.append(("maximum", str(place), above, f.FALSE))
        elif order.op in ("start", "add", "set", "give") and dose is not None:
            if order.op == "give" and (("time", -1) in dose.dims) != (("time", -1) in dims):
                continue
            over = asks_above(symbols, dose, dose.lo, bound, dims)
            found.append(("maximum", str(place), f.all_of((on, over.yes)), f.all_of((on, over.unknown))))
    return found
