"""Two quick tests in plain bounds of single variables, both exact where they say yes.

A conjunction contradicts itself; or the values nearest to hand make it true. The rest takes a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import assert_never

from rung_engine.frozen import frozen
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.space import Space

Bound = tuple[Fraction, bool]
"""A limit, and whether it is itself excluded."""


@frozen
class Box:
    """What a conjunction says of single variables: numbers between bounds, yes or no. `empty`: too much."""

    lower: dict[str, Bound] = field(default_factory=dict)
    upper: dict[str, Bound] = field(default_factory=dict)
    said: dict[str, bool] = field(default_factory=dict)
    empty: bool = False


EMPTY = Box(empty=True)


def box(parts: Iterable[Formula]) -> Box:
    """Of the parts together. What they say in other ways is left out."""
    found = Box()
    for part in parts:
        if part is f.FALSE:
            return EMPTY
        for one in _plain(part):
            match one:
                case f.Bool():
                    if found.said.setdefault(one.name, True) is False:
                        return EMPTY
                case f.Not():
                    if isinstance(one.of, f.Bool) and found.said.setdefault(one.of.name, False) is True:
                        return EMPTY
                case f.Compare():
                    if _bounded(one, found.lower, found.upper):
                        return EMPTY
                case _:
                    assert_never(one)
    return found


_Plain = f.Bool | f.Not | f.Compare

_found: dict[int, tuple[_Plain, ...]] = {}


def _plain(formula: Formula) -> tuple[_Plain, ...]:
    """What a formula says of single variables; each formula is looked through once."""
    found = _found.get(id(formula))
    if found is None:
        found = _found[id(formula)] = tuple(_look(formula))
    return found


def _look(formula: Formula) -> Iterator[_Plain]:
    match formula:
        case f.And():
            for one in formula.of:
                yield from _plain(one)
        case f.Bool() | f.Not():
            yield formula
        case f.Compare():
            if len(formula.linear.terms) == 1:
                yield formula
        case f.Or() | f.Product():
            pass
        case _:
            assert_never(formula)


@dataclass(slots=True)
class Boxes:
    """Of single formulas, worked out once."""

    _found: dict[int, Box] = field(default_factory=dict)

    def apart(self, one: Formula, two: Formula) -> bool:
        """The two are certainly never true together."""
        return apart(self._of(one), self._of(two))

    def _of(self, formula: Formula) -> Box:
        if id(formula) not in self._found:
            self._found[id(formula)] = box((formula,))
        return self._found[id(formula)]


def clashes(parts: Iterable[Formula]) -> bool:
    """True where the parts together are certainly false. False says nothing."""
    return box(parts).empty


def apart(a: Box, b: Box) -> bool:
    """What the two were made of is certainly never true together."""
    if a.empty or b.empty:
        return True
    for name, said in a.said.items():
        if b.said.get(name, said) is not said:
            return True
    return _beyond(a.lower, b.upper) or _beyond(b.lower, a.upper)


def _beyond(lower: dict[str, Bound], upper: dict[str, Bound]) -> bool:
    """Some lower bound lies above the upper one of the same variable."""
    for name, low in lower.items():
        high = upper.get(name)
        if high is not None and _leaves_nothing(low, high):
            return True
    return False


def _leaves_nothing(low: Bound, high: Bound) -> bool:
    return low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1]))


def _bounded(one: f.Compare, lower: dict[str, Bound], upper: dict[str, Bound]) -> bool:
    """Notes the bound; true where it leaves nothing."""
    # The first coefficient of a comparison is 1 or -1.
    name, factor = one.linear.terms[0]
    above = factor.numerator > 0
    constant = one.linear.constant
    bound = (-constant if above else constant, one.rel == "<")
    if one.rel == "=" or above:
        old = upper.get(name)
        if old is None or (bound[0], not bound[1]) < (old[0], not old[1]):
            upper[name] = bound
    if one.rel == "=" or not above:
        old = lower.get(name)
        if old is None or (bound[0], bound[1]) > (old[0], old[1]):
            lower[name] = bound
    return name in lower and name in upper and _leaves_nothing(lower[name], upper[name])


def within(space: Space, parts: Sequence[Formula]) -> bool:
    """True where values are found under which all parts hold, with what is always so. False says nothing."""
    every = space.stated(parts)
    found = box(every)
    if found.empty:
        return False
    values: dict[str, Value] = dict(found.said)
    for name in found.lower.keys() | found.upper.keys():
        values[name] = _between(found.lower.get(name), found.upper.get(name))
    return all(f.holds(part, values) for part in every)


def _between(low: Bound | None, high: Bound | None) -> Fraction:
    if low is None or high is None:
        at, excluded = low or high or (Fraction(0), False)
        return at if not excluded else at + (1 if high is None else -1)
    return (low[0] + high[0]) / 2


def exclusive(a: Formula, b: Formula) -> bool:
    """The two are certainly never true together."""
    return clashes((a, b))
