"""Values that readings, rates and settings are compared with, and values a chart would show around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from rung_engine.artifact import model as m
from rung_engine.exact import MILLION
from rung_engine.program import Dims, Program, Unit

Key = tuple[str, str, Dims]
"""(`input`, name, ()) or (`rate`, drug, dimensions)."""

Found = Mapping[Key, tuple[Fraction, ...]]

_Sum = tuple[dict[Key, Fraction], Fraction]
"""A sum of readings and rates, and a constant."""


@dataclass(frozen=True)
class Marks:
    """Under these values of the settings, in coherent units."""

    program: Program
    settings: Mapping[str, Fraction]

    @cached_property
    def found(self) -> Found:
        """By what is compared: the values at which some comparison or order changes, sorted."""
        marks: dict[Key, set[Fraction]] = {}
        artifact = self.program.artifact
        for term in artifact.terms:
            match term:
                case m.Cmp():
                    self._note(marks, self._sum(term.left), self._sum(term.right))
                case m.Readings():
                    own: _Sum = ({("input", term.input, ()): Fraction(1)}, Fraction(0))
                    self._note(marks, own, self._sum(term.right))
                case _:
                    pass
        for order in self.program.orders:
            if order.target in artifact.drugs:
                ranges = [one for one in (order.dose,) if one is not None]
                ends = [end for one in ranges for end in (one.lo, one.hi)]
                self._doses(marks, order.target, [*ends, *([order.limit] if order.limit is not None else [])])
        for name, drug in artifact.drugs.items():
            ends = [end for one in (drug.start, drug.usual) if one is not None for end in (one.lo, one.hi)]
            self._doses(marks, name, [*ends, *([drug.maximum] if drug.maximum is not None else [])])
        return {key: tuple(sorted(values)) for key, values in marks.items()}

    def _doses(self, marks: dict[Key, set[Fraction]], drug: str, amounts: Iterable[m.Amount]) -> None:
        for amount in amounts:
            value = self._amount(amount)
            if value is not None:
                marks.setdefault(("rate", drug, value[1]), set()).add(value[0])

    def _amount(self, amount: m.Amount) -> tuple[Fraction, Dims] | None:
        if isinstance(amount, m.FromSetting):
            value = self.settings.get(amount.setting)
            return None if value is None else (value, self.program.setting_dims[amount.setting])
        found = self.program.number(amount)
        return found.value, found.dims

    def _note(self, marks: dict[Key, set[Fraction]], left: _Sum | None, right: _Sum | None) -> None:
        if left is None or right is None:
            return
        parts = dict(left[0])
        for key, factor in right[0].items():
            parts[key] = parts.get(key, Fraction(0)) - factor
        parts = {key: factor for key, factor in parts.items() if factor}
        if len(parts) == 1:
            ((key, factor),) = parts.items()
            marks.setdefault(key, set()).add((right[1] - left[1]) / factor)

    def _sum(self, index: int) -> _Sum | None:
        """None where the term is of another kind."""
        term = self.program.artifact.terms[index]
        match term:
            case m.Quantity():
                return {}, self.program.constants[index]
            case m.Setting():
                value = self.settings.get(term.name)
                return None if value is None else ({}, value)
            case m.Input():
                return {("input", term.name, ()): Fraction(1)}, Fraction(0)
            case m.Rate():
                return {("rate", term.drug, self.program.units[term.unit].dims): Fraction(1)}, Fraction(0)
            case m.Change() | m.Extreme() | m.ValueAt() | m.ValueAtStart():
                return {("input", term.input, ()): Fraction(1)}, Fraction(0)
            case m.Arith():
                return _combined(term.op, self._sum(term.left), self._sum(term.right))
            case _:
                return None


def _combined(op: str, left: _Sum | None, right: _Sum | None) -> _Sum | None:
    if left is None or right is None:
        return None
    if op in ("add", "sub"):
        sign = Fraction(1 if op == "add" else -1)
        parts = dict(left[0])
        for key, factor in right[0].items():
            parts[key] = parts.get(key, Fraction(0)) + sign * factor
        return parts, left[1] + sign * right[1]
    if op == "mul" and not left[0]:
        left, right = right, left
    if right[0] or (op == "div" and not right[1]):
        return None
    factor = right[1] if op == "mul" else 1 / right[1]
    return {key: part * factor for key, part in left[0].items()}, left[1] * factor


# ---------------------------------------------------------------- values a chart would show


def charted(value: Fraction, unit: Unit) -> int | None:
    """Millionths of the unit, where the value is a whole number of them."""
    found = (value - unit.offset) / unit.factor * MILLION
    return found.numerator if found.denominator == 1 else None


def other_unit(program: Program, drug: str) -> Unit:
    """One in which a rate of the drug may be charted that is apart from its own by body weight."""
    decl = program.artifact.drugs[drug]
    own = program.units[decl.unit]
    apart = [
        unit
        for name, unit in sorted(program.units.items())
        if unit.dims != own.dims and unit.without_weight == own.without_weight
    ]
    near = own.name.replace("/kg", "")
    return min(apart, key=lambda unit: (unit.name != near, unit.name not in decl.accepts, unit.name))


def plain(values: Iterable[Fraction], unit: Unit, lo: Fraction | None, hi: Fraction | None) -> list[Fraction]:
    """Those that can be charted in the unit and lie within bounds, each once."""
    return [
        value
        for value in dict.fromkeys(values)
        if (lo is None or lo <= value) and (hi is None or value <= hi) and charted(value, unit) is not None
    ]


def plain_values(program: Program, name: str) -> tuple[Fraction, ...]:
    """A few values that a reading may well have, in coherent units, none of them zero."""
    decl = program.artifact.inputs[name]
    if decl.unit is None:
        return tuple(Fraction(rank) for rank in range(1, len(decl.values)))
    unit = program.units[decl.unit]
    found = [Fraction(one) * unit.factor + unit.offset for one in (1, 2, 5, 10, 20, 50, 100, 200)]
    if decl.normal is not None:
        found.insert(0, program.number(decl.normal).value)
    lo, hi = program.plausible.get(name, (None, None))
    found = [one for one in found if (lo is None or lo <= one) and (hi is None or one <= hi)]
    return tuple(dict.fromkeys(one for one in (*found, lo, hi) if one))


def steps_around(marks: Iterable[Fraction], grid: Fraction, unit: Unit) -> list[Fraction]:
    """The marks themselves and the values one step of the monitor to either side."""
    found: list[Fraction] = []
    for mark in marks:
        count = (mark - unit.offset) / grid
        floor = count.numerator // count.denominator
        found += [mark, *(unit.offset + grid * step for step in (floor - 1, floor, floor + 1, floor + 2))]
    return found


def between(
    marks: Iterable[Fraction], unit: Unit, lo: Fraction | None, hi: Fraction | None
) -> list[Fraction]:
    """A plain value well inside each stretch between neighbouring marks, and beyond the outermost."""
    own = sorted({(mark - unit.offset) / unit.factor for mark in marks})
    low = None if lo is None else (lo - unit.offset) / unit.factor
    high = None if hi is None else (hi - unit.offset) / unit.factor
    found: list[Fraction] = []
    if own and low is not None and low < own[0]:
        found.append(_round((low + own[0]) / 2, own[0] - low))
    for left, right in pairwise(own):
        found.append(_round((left + right) / 2, right - left))
    if own:
        last = own[-1]
        up = last + max(abs(last) / 2, Fraction(1, 1000))
        if high is None or up < high:
            found.append(_round(up, abs(last) / 2 or Fraction(1)))
        elif last < high:
            found.append(_round((last + high) / 2, high - last))
    return [one * unit.factor + unit.offset for one in found]


def _round(value: Fraction, room: Fraction) -> Fraction:
    """To few digits, moving by no more than an eighth of the room."""
    step = Fraction(1_000_000)
    while step > room / 4 and step > Fraction(1, MILLION):
        step /= 10
    return round(value / step) * step


def nearby(value: Fraction, unit: Unit) -> list[Fraction]:
    """The value cut to fewer and fewer digits, downwards and upwards, the fewest first."""
    own = (value - unit.offset) / unit.factor
    found: list[Fraction] = []
    for places in range(7):
        scale = Fraction(10**places)
        count = own * scale
        floor = count.numerator // count.denominator
        found += [floor / scale, (floor + (count.denominator != 1)) / scale]
    return [one * unit.factor + unit.offset for one in dict.fromkeys(found)]
