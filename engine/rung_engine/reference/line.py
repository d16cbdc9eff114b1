"""A number that may be known only within bounds and may move with time: what a numeric term is worth."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from rung_engine.frozen import frozen
from rung_engine.truth import Truth

Relation = Literal["<", "<=", "=", ">=", ">"]

_STILL = Fraction(0)


@frozen
class Line:
    """Between `lo` and `hi` now (None: without bound), moving by `slope` each millisecond."""

    lo: Fraction | None
    hi: Fraction | None
    slope: Fraction = _STILL

    @staticmethod
    def exact(value: Fraction | int, slope: Fraction | int = _STILL) -> Line:
        end = value if type(value) is Fraction else Fraction(value)
        return Line(end, end, slope if type(slope) is Fraction else Fraction(slope))


def combine(op: Literal["add", "sub", "mul", "div"], a: Line, b: Line) -> Line | None:
    """Arithmetic; None where it has no value (a division by zero or by something not exactly known)."""
    if op == "sub":
        b = Line(None if b.hi is None else -b.hi, None if b.lo is None else -b.lo, -b.slope)
        op = "add"
    if op == "add":
        lo = None if a.lo is None or b.lo is None else a.lo + b.lo
        hi = None if a.hi is None or b.hi is None else a.hi + b.hi
        return Line(lo, hi, a.slope + b.slope)
    if op == "div":
        if b.lo is None or b.lo != b.hi or b.slope or b.lo == 0:
            return None
        b = Line.exact(1 / b.lo)
    if b.lo is None or b.lo != b.hi or b.slope:
        a, b = b, a
    if b.lo is None or b.lo != b.hi or b.slope:
        return None
    factor = b.lo
    ends = (None if a.lo is None else a.lo * factor, None if a.hi is None else a.hi * factor)
    lo, hi = ends if factor >= 0 else (ends[1], ends[0])
    return Line(lo, hi, a.slope * factor)


def compare(a: Line, rel: Relation, b: Line) -> Truth:
    """True or false where the bounds decide it, else unknown."""
    match rel:
        case "<":
            return _below(a, b, strict=True)
        case "<=":
            return _below(a, b, strict=False)
        case ">":
            return _below(b, a, strict=True)
        case ">=":
            return _below(b, a, strict=False)
        case "=":
            if a.lo is not None and a.lo == a.hi and b.lo is not None and b.lo == b.hi:
                return a.lo == b.lo
            return False if _below(a, b, strict=True) or _below(b, a, strict=True) else None


def _below(a: Line, b: Line, *, strict: bool) -> Truth:
    """Is `a` below `b`, or not above it where that is enough, wherever each is within its bounds?"""
    if a.hi is not None and b.lo is not None and (a.hi < b.lo if strict else a.hi <= b.lo):
        return True
    if a.lo is not None and b.hi is not None and (a.lo >= b.hi if strict else a.lo > b.hi):
        return False
    return None


def next_flip(a: Line, rel: Relation, b: Line) -> int | None:
    """The fewest whole milliseconds after which the truth differs, both moving as they do now."""
    slope = a.slope - b.slope
    if slope == 0:
        return None
    now = compare(a, rel, b)
    found: list[int] = []
    for ends in ((a.lo, b.hi), (a.hi, b.lo)):
        if ends[0] is None or ends[1] is None:
            continue
        root = -(ends[0] - ends[1]) / slope
        ceiling = -(-root.numerator // root.denominator)
        floor = root.numerator // root.denominator
        found.extend(step for step in (ceiling, floor + 1) if step > 0)
    for step in sorted(set(found)):
        if compare(_after(a, step), rel, _after(b, step)) != now:
            return step
    return None


def _after(line: Line, step: int) -> Line:
    move = line.slope * step
    return Line(
        None if line.lo is None else line.lo + move, None if line.hi is None else line.hi + move, line.slope
    )
