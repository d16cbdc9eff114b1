"""Quantities of the artifact, and the table of every unit they name."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from rung_engine import units as kernel
from rung_engine.artifact import model as m
from rung_engine.exact import to_millionths
from rung_engine.units import Unit
from rung_lang.checked.quantities import Amount, Number, OfSetting, Range
from rung_lang.checked.units import RANK

_ALWAYS = ("ms", "min", "h")


@dataclass(slots=True)
class UnitTable:
    """Collects units as quantities are written. A lone `kg` or `lb` is a body's weight and nothing else."""

    units: dict[str, Unit] = field(default_factory=dict)

    def name(self, unit: Unit) -> str:
        """The name under which the unit stands in the artifact."""
        self.units.setdefault(unit.name, unit)
        return unit.name

    def number(self, number: Number) -> m.Number:
        """The quantity in the unit it was written in; a mass in kg, which is rare, in g."""
        value, unit = number.value, number.unit
        if unit.name in ("kg", "lb") and unit.dims == (("mass", 1),):
            grams = kernel.parse_unit("g")
            value, unit = kernel.convert(value, unit, grams), grams
        return m.Number(millionths=to_millionths(Fraction(value)), unit=self.name(unit))

    def amount(self, amount: Amount) -> m.Number | m.FromSetting:
        """A number, or the setting that gives it."""
        return m.FromSetting(setting=amount.name) if isinstance(amount, OfSetting) else self.number(amount)

    def optional(self, amount: Amount | None) -> m.Number | m.FromSetting | None:
        """As `amount`, of what may not be written."""
        return None if amount is None else self.amount(amount)

    def range(self, found: Range | None) -> m.Range | None:
        """Both ends."""
        return None if found is None else m.Range(lo=self.amount(found.lo), hi=self.amount(found.hi))

    def declared(self) -> dict[str, m.UnitDecl]:
        """Every unit named so far. Whose `units` they are the compiler has settled: it is not said again."""
        for name in _ALWAYS:
            self.units.setdefault(name, kernel.parse_unit(name))
        return {name: _declaration(unit) for name, unit in sorted(self.units.items())}


def _declaration(unit: Unit) -> m.UnitDecl:
    if unit != RANK and unit.name not in ("kg", "lb"):
        unit = kernel.parse_unit(unit.name)
    return m.UnitDecl(
        ucum=unit.ucum,
        num=unit.factor.numerator,
        den=unit.factor.denominator,
        offset_num=unit.offset.numerator,
        offset_den=unit.offset.denominator,
        dims=dict(unit.dims),
    )
