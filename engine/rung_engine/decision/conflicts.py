"""Which orders cannot both be given. LANGUAGE section 5, "Incompatible", and section 10."""

from __future__ import annotations

from functools import cache

from rung_engine.decision.model import Standing
from rung_engine.program import Program

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
    if a.target == b.target:
        if frozenset({a.op, b.op}) in _PAIRS and a.op != b.op:
            return True
        return _doses_differ(program, a, b)
    ops = {a.op, b.op}
    if ops <= {"start", "add", "set", "increase", "give", "continue"}:
        for pair in program.artifact.incompatible:
            if {a.target, b.target} == set(pair.drugs):
                return True
    return False


def _doses_differ(program: Program, a: Standing, b: Standing) -> bool:
    """Two different doses of one drug, unless one range lies inside the other."""
    first = {"start", "add", "set"}
    same_kind = (a.op in first and b.op in first) or (
        a.op == b.op and a.op in ("increase", "decrease", "taper", "give")
    )
    if not same_kind or a.dose is None or b.dose is None:
        return False
    one, other = program.units[a.dose.unit], program.units[b.dose.unit]
    if one.dims != other.dims:
        return True
    low, high = a.dose.lo * one.factor, a.dose.hi * one.factor
    other_low, other_high = b.dose.lo * other.factor, b.dose.hi * other.factor
    return not (other_low <= low and high <= other_high) and not (low <= other_low and other_high <= high)


@cache
def opposed_ops(op: str) -> frozenset[str]:
    """The orders on one drug that cannot stand beside `op`, doses aside."""
    return frozenset(other for pair in _PAIRS if op in pair for other in pair if other != op)
