"""Which orders cannot both be given. LANGUAGE section 5, "Incompatible", and section 10."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from rung_engine.artifact import model as m
from rung_engine.decision.model import Dose, Standing
from rung_engine.program import Program, Unit

_GIVES = frozenset({"start", "add", "increase", "continue", "set"})
_WITHDRAWS = frozenset({"pause", "stop", "avoid"})
_PAIRS = frozenset(
    {frozenset({a, b}) for a in _GIVES for b in _WITHDRAWS}
    | {frozenset({a, b}) for a in ("start", "add") for b in ("increase", "decrease", "taper")}
    | {
        frozenset({"increase", "decrease"}),
        frozenset({"increase", "taper"}),
        frozenset({"set", "increase"}),
        frozenset({"set", "decrease"}),
        frozenset({"set", "taper"}),
        frozenset({"pause", "stop"}),
        frozenset({"give", "avoid"}),
    }
)


def incompatible(program: Program, a: Standing, b: Standing) -> bool:
    """The two orders cannot both be given. Symmetric; an order is compatible with itself."""
    return opposed(program.units, program.artifact.incompatible, a, b)


def opposed(units: Mapping[str, Unit], pairs: Iterable[m.Incompatible], a: Standing, b: Standing) -> bool:
    """The same of orders of any protocols. `units`: of their doses; `pairs`: drugs declared incompatible."""
    if a.target == b.target:
        if frozenset({a.op, b.op}) in _PAIRS and a.op != b.op:
            return True
        return _doses_differ(units, a, b)
    ops = {a.op, b.op}
    if ops <= {"start", "add", "set", "increase", "give", "continue"}:
        return any({a.target, b.target} == set(pair.drugs) for pair in pairs)
    return False


def _doses_differ(units: Mapping[str, Unit], a: Standing, b: Standing) -> bool:
    """Two different doses of one drug, or two volumes of it, unless one range lies inside the other."""
    first = {"start", "add", "set"}
    same_kind = (a.op in first and b.op in first) or (
        a.op == b.op and a.op in ("increase", "decrease", "taper", "give")
    )
    return same_kind and (_apart(units, a.dose, b.dose) or _apart(units, a.volume, b.volume))


def _apart(units: Mapping[str, Unit], a: Dose | None, b: Dose | None) -> bool:
    """Neither range lies inside the other; not where one is left open."""
    return a is not None and b is not None and not _inside(units, a, b) and not _inside(units, b, a)


def inside(program: Program, a: Dose, b: Dose) -> bool:
    """All of `a` lies in `b`; False where they are of different kinds."""
    return _inside(program.units, a, b)


def _inside(units: Mapping[str, Unit], a: Dose, b: Dose) -> bool:
    one, other = units[a.unit], units[b.unit]
    if one.dims != other.dims:
        return False
    return b.lo * other.factor <= a.lo * one.factor and a.hi * one.factor <= b.hi * other.factor


@cache
def opposed_ops(op: str) -> frozenset[str]:
    """The orders on one drug that cannot stand beside `op`, doses aside."""
    return frozenset(other for pair in _PAIRS if op in pair for other in pair if other != op)
