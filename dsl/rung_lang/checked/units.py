"""Units of literals, through the engine's own kernel, and what two units have to do with one another."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Literal

from rung_engine import units as kernel
from rung_engine.exact import NotMillionths, to_millionths
from rung_engine.units import Unit, UnitProblem
from rung_lang.checked.problems import NoExactMillionth, UnknownUnit
from rung_lang.checked.quantities import Number
from rung_lang.finding import Problem
from rung_lang.syntax import tree as t

RANK = Unit("rank", "{rank}", (("rank", 1),), Fraction(1))
"""In which graded values are held: their place, from 0, in the order declared."""

MS = kernel.parse_unit("ms")
HOUR = kernel.parse_unit("h")
YEARS = kernel.parse_unit("years")
RATIO = kernel.parse_unit("ratio")
PERCENT = kernel.parse_unit("%")
POINTS = kernel.parse_unit("points")

Relation = Literal["same", "weight", "substance", "years", "other"]


def settle_unit(unit: t.Unit, problems: list[Problem], substance: str | None = None) -> Unit | None:
    """The unit written, or a problem."""
    try:
        return kernel.parse_unit(unit.text, substance)
    except UnitProblem as problem:
        reason = problem.reason or problem.kind
        problems.append(UnknownUnit(unit.span, unit.text, reason, problem.suggestion or ""))
        return None


def spelled(text: str) -> Unit | None:
    """The unit of a spelling, without a word where there is none."""
    try:
        return kernel.parse_unit(text)
    except UnitProblem:
        return None


def body_weight(unit: Unit) -> Unit:
    """`kg` and `lb` of an input read as the weight of a body, any other unit as it is."""
    return kernel.as_body_weight(unit) if unit.name in ("kg", "lb") else unit


def like(unit: Unit, other: Unit) -> Unit:
    """The unit, read as the other suggests: `kg` as a body's weight, `units` as those of its substance."""
    if other.dims == (("body_weight", 1),):
        return body_weight(unit)
    if ("activity:?", 1) in unit.dims or ("activity:?", -1) in unit.dims:
        substance = substance_of(other)
        if substance is not None:
            return replace(unit, dims=_named(unit, substance))
    return unit


def substance_of(unit: Unit) -> str | None:
    """Whose `units` these are, where they are anybody's."""
    for dim, _ in unit.dims:
        family, _, substance = dim.partition(":")
        if family == "activity" and substance != "?":
            return substance
    return None


def relation(left: Unit, right: Unit) -> Relation:
    """Whether values of the two compare: `same` with no patient value, `weight` through the dosing weight."""
    left, right = like(left, right), like(right, left)
    power = kernel.weight_power(left, right)
    if power == 0:
        return "same"
    if power is not None:
        return "weight"
    mine, theirs = substance_of(left), substance_of(right)
    if mine is not None and theirs is not None and mine != theirs and _anonymous(left) == _anonymous(right):
        return "substance"
    families = {dim for dim, _ in left.dims} | {dim for dim, _ in right.dims}
    return "years" if families == {"age", "time"} else "other"


def product(op: str, left: Unit, right: Unit) -> Unit:
    """The unit of a product or a quotient; its name is for messages only."""
    sign = 1 if op == "*" else -1
    powers = dict(left.dims)
    for dim, power in right.dims:
        powers[dim] = powers.get(dim, 0) + sign * power
    dims = tuple(sorted((dim, power) for dim, power in powers.items() if power))
    if not right.dims and right.factor == 1:
        return left
    if op == "*" and not left.dims and left.factor == 1:
        return right
    factor = left.factor * right.factor**sign
    return Unit(f"{left.name} {op} {right.name}", "", dims, factor)


def per_dose(unit: Unit) -> Unit:
    """The unit of the amount that a rate amounts to: `mcg/kg` for `mcg/kg/min`."""
    parts = [part for part in unit.name.split("/") if part not in ("min", "h", "day", "s", "week")]
    return kernel.parse_unit("/".join(parts), substance_of(unit))


def exact(quantity: t.Quantity, unit: Unit, problems: list[Problem]) -> Number | None:
    """The literal in this unit, if it is a whole count of millionths."""
    try:
        to_millionths(quantity.value)
    except NotMillionths:
        problems.append(NoExactMillionth(quantity.span, quantity.literal, unit.name, ""))
        return None
    return Number(quantity.value, unit, quantity.literal, quantity.span)


def _named(unit: Unit, substance: str) -> kernel.Dims:
    return tuple(
        sorted((f"activity:{substance}" if dim == "activity:?" else dim, power) for dim, power in unit.dims)
    )


def _anonymous(unit: Unit) -> kernel.Dims:
    return tuple(sorted((dim.partition(":")[0], power) for dim, power in unit.dims))
