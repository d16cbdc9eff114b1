"""Bounds of sums, one after the other: can all be kept, and if not, which of them add up to a contradiction?

The general simplex method of Dutertre and de Moura (2006) in exact fractions: sums are variables that are
made of others, some variables are expressed by the rest, and taking bounds back leaves everything else as it
is. A bound that is itself excluded lies beside its value by an endlessly small amount, the second part of a
pair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, lcm

from rung_lang.verify.formulas.formula import Compare

Terms = tuple[tuple[str, Fraction], ...]
Pair = tuple[Fraction, Fraction]
Why = tuple[int, int]
"""Who set a bound, by a number of the caller's, and 1; -1 where an equation is taken the other way round."""

ZERO: Pair = (Fraction(0), Fraction(0))


@dataclass(slots=True)
class Simplex:
    """Variables by number. What others express (`rows`) may lie outside its bounds, the rest never does."""

    numbers: dict[Terms, int] = field(default_factory=dict)
    rows: dict[int, dict[int, Fraction]] = field(default_factory=dict)
    values: list[Pair] = field(default_factory=list)
    lower: list[tuple[Pair, Why] | None] = field(default_factory=list)
    upper: list[tuple[Pair, Why] | None] = field(default_factory=list)
    undo: list[tuple[int, bool, tuple[Pair, Why] | None]] = field(default_factory=list)

    def number(self, terms: Terms) -> int:
        """The variable of a sum that begins with one times a variable. New ones before any bound is set."""
        found = self.numbers.get(terms)
        if found is None:
            parts = {self.number(((name, Fraction(1)),)): factor for name, factor in terms if len(terms) > 1}
            found = self.numbers[terms] = len(self.values)
            self.values.append(ZERO)
            self.lower.append(None)
            self.upper.append(None)
            if parts:
                self.rows[found] = parts
        return found

    def state(self, one: Compare, who: int) -> dict[int, int] | None:
        """Sets the bounds that a comparison says. What contradicts it: how often each of whom; else None."""
        factor = one.linear.terms[0][1]
        number = self.number(tuple((name, part / factor) for name, part in one.linear.terms))
        limit = -one.linear.constant / factor
        beside = Fraction(one.rel == "<")
        clash = None
        if one.rel == "=" or factor > 0:
            clash = self._bound(number, True, (limit, -beside), (who, 1))
        if clash is None and (one.rel == "=" or factor < 0):
            clash = self._bound(number, False, (limit, beside), (who, -1 if one.rel == "=" else 1))
        return clash

    def back(self, size: int) -> None:
        """Takes bounds back until so many changes (`undo`) are left."""
        while len(self.undo) > size:
            number, top, old = self.undo.pop()
            (self.upper if top else self.lower)[number] = old

    def check(self) -> dict[int, int] | None:
        """Looks for values within all bounds. What contradicts them: how often each of whom; else None."""
        while True:
            basic = min((one for one in self.rows if self._outside(one)), default=None)
            if basic is None:
                return None
            low = self.lower[basic]
            rise = low is not None and self.values[basic] < low[0]
            row = self.rows[basic]
            other = min(
                (one for one, factor in row.items() if self._moves(one, (factor > 0) == rise)), default=None
            )
            if other is None:
                return self._sum(basic, rise)
            bound = low if rise else self.upper[basic]
            assert bound is not None
            self._pivot(basic, other, bound[0])

    # -- bounds

    def _bound(self, number: int, top: bool, limit: Pair, why: Why) -> dict[int, int] | None:
        own, opposite = (self.upper, self.lower) if top else (self.lower, self.upper)
        old, facing = own[number], opposite[number]
        if old is not None and (old[0] <= limit if top else old[0] >= limit):
            return None
        if facing is not None and (facing[0] > limit if top else facing[0] < limit):
            return _whole([(why, Fraction(1)), (facing[1], Fraction(1))])
        self.undo.append((number, top, old))
        own[number] = (limit, why)
        if number not in self.rows and (self.values[number] > limit if top else self.values[number] < limit):
            self._move(number, limit)
        return None

    def _outside(self, number: int) -> bool:
        low, high = self.lower[number], self.upper[number]
        return (low is not None and self.values[number] < low[0]) or (
            high is not None and self.values[number] > high[0]
        )

    def _moves(self, number: int, up: bool) -> bool:
        bound = self.upper[number] if up else self.lower[number]
        return bound is None or (self.values[number] < bound[0] if up else self.values[number] > bound[0])

    def _sum(self, basic: int, rise: bool) -> dict[int, int]:
        """The bound that cannot be kept, and those that keep its variable from moving there."""
        own = (self.lower if rise else self.upper)[basic]
        assert own is not None
        found = [(own[1], Fraction(1))]
        for number, factor in self.rows[basic].items():
            bound = (self.upper if (factor > 0) == rise else self.lower)[number]
            assert bound is not None
            found.append((bound[1], abs(factor)))
        return _whole(found)

    # -- values

    def _move(self, number: int, value: Pair) -> None:
        by = _minus(value, self.values[number])
        self.values[number] = value
        for basic, row in self.rows.items():
            if number in row:
                self.values[basic] = _plus(self.values[basic], by, row[number])

    def _pivot(self, basic: int, other: int, value: Pair) -> None:
        """`basic` takes this value and changes places with `other`."""
        row = self.rows.pop(basic)
        factor = row.pop(other)
        own = {number: -part / factor for number, part in row.items()}
        own[basic] = 1 / factor
        by = _minus(value, self.values[basic])
        self.values[basic] = value
        self.values[other] = _plus(self.values[other], by, 1 / factor)
        for number, others in self.rows.items():
            times = others.pop(other, None)
            if times is not None:
                self.values[number] = _plus(self.values[number], by, times / factor)
                for place, part in own.items():
                    total = others.get(place, Fraction(0)) + times * part
                    if total:
                        others[place] = total
                    else:
                        others.pop(place, None)
        self.rows[other] = own


def _minus(one: Pair, other: Pair) -> Pair:
    return one[0] - other[0], one[1] - other[1]


def _plus(one: Pair, other: Pair, times: Fraction) -> Pair:
    return one[0] + other[0] * times, one[1] + other[1] * times


def _whole(found: list[tuple[Why, Fraction]]) -> dict[int, int]:
    """Each of whom, so many times: whole numbers without a common divisor."""
    total: dict[int, Fraction] = {}
    for (who, sign), factor in found:
        total[who] = total.get(who, Fraction(0)) + sign * factor
    scale = lcm(*(factor.denominator for factor in total.values()))
    divisor = gcd(*(int(factor * scale) for factor in total.values())) or 1
    return {who: int(factor * scale) // divisor for who, factor in total.items() if factor}
