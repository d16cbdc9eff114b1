"""Doses, times and ranges: amounts as written, to exact amounts of a settled unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from rung_engine import units as kernel
from rung_engine.exact import show_decimal
from rung_engine.units import Unit
from rung_lang.checked.names import Scope
from rung_lang.checked.problems import (
    MissingUnit,
    NeedsWeight,
    NotPositive,
    RangeUpsideDown,
    SettingInDeclaration,
    WrongDimension,
    WrongSubstance,
    YearsForTime,
    ZeroLength,
)
from rung_lang.checked.quantities import Amount, Number, OfSetting, Range, greatest, least
from rung_lang.checked.tree import Setting
from rung_lang.checked.units import MS, exact, like, relation, settle_unit, substance_of
from rung_lang.finding import Problem
from rung_lang.source import Span
from rung_lang.syntax import tree as t

Basis = Literal["same", "weight"]


@dataclass(slots=True)
class Amounts:
    """Reads amounts against the unit they must fit. Problems are collected; None means one was reported."""

    scope: Scope
    settings: Mapping[str, Setting]
    weighed: bool
    """Whether some input is the dosing weight."""
    problems: list[Problem]
    bound: dict[str, Unit]
    """Whose `units` a setting in plain `units` was first taken for."""

    def amount(
        self, amount: t.Amount, what: str, fits: Unit, *, basis: Basis = "same", unit: t.Unit | None = None,
        bare: bool = False,
    ) -> Amount | None:  # fmt: skip
        """The amount in its own unit, of the dimension of `fits`; up to body weight where `basis` says so.

        `unit` is the one written at the end of the range; `bare` lets a number without any stand for `fits`.
        """
        if isinstance(amount, t.Name):
            found = self.setting(amount)
            return found if found is not None and self.fits(found, fits, basis) else None
        number = self._number(amount, what, fits, unit, bare)
        return number if number is not None and self.fits(number, fits, basis) else None

    def number(
        self, amount: t.Amount, what: str, fits: Unit, *, unit: t.Unit | None = None, bare: bool = False
    ) -> Number | None:
        """As `amount`, where a declaration must say the number itself."""
        return self._said(self.amount(amount, what, fits, unit=unit, bare=bare), what)

    def _said(self, found: Amount | None, what: str) -> Number | None:
        if isinstance(found, OfSetting):
            self.problems.append(SettingInDeclaration(found.span, found.name, what))
            return None
        return found

    def _number(
        self, quantity: t.Quantity, what: str, fits: Unit, last: t.Unit | None, bare: bool
    ) -> Number | None:
        written = quantity.unit or last
        if written is None:
            if not bare:
                accepts = (
                    fits.name,
                    *(unit.name for unit in kernel.accepted_units(fits) if unit.name != fits.name),
                )
                self.problems.append(MissingUnit(quantity.span, what, quantity.literal, accepts))
                return None
            return exact(quantity, fits, self.problems)
        unit = settle_unit(written, self.problems)
        return None if unit is None else exact(quantity, like(unit, fits), self.problems)

    def setting(self, name: t.Name) -> OfSetting | None:
        """The quantity a setting gives."""
        symbol = self.scope.find(name, ("setting",))
        setting = self.settings.get(symbol.name) if symbol is not None else None
        if setting is None:
            return None
        if setting.kind != "quantity":
            self.problems.append(
                WrongDimension(name.span, f"setting {setting.name}", "a quantity", setting.kind)
            )
            return None
        value = setting.value if isinstance(setting.value, Number) else None
        lo, hi = setting.lo or value, setting.hi or value
        if setting.unit is None or lo is None or hi is None:
            return None
        return OfSetting(setting.name, self.bound.get(setting.name, setting.unit), lo, hi, name.span)

    def fits(self, found: Amount, fits: Unit, basis: Basis = "same") -> bool:
        """Whether the amount is of the dimension of `fits`; a problem where it is not."""
        how = relation(found.unit, fits)
        if how == "same":
            self._bind(found, fits)
            return True
        if how == "weight" and basis == "weight":
            if not self.weighed:
                self.problems.append(NeedsWeight(found.span, "", found.unit.name, fits.name))
            return True
        self.mismatch(found.span, found.unit, fits)
        return False

    def mismatch(self, span: Span, found: Unit, wanted: Unit) -> None:
        """Report two units that do not go together."""
        match relation(found, wanted):
            case "substance":
                self.problems.append(
                    WrongSubstance(
                        span, found.name, substance_of(found) or "", wanted.name, substance_of(wanted) or ""
                    )
                )
            case "years":
                self.problems.append(YearsForTime(span, found.name, wanted.name))
            case how:
                self.problems.append(
                    WrongDimension(span, found.name, wanted.name, "body_weight" if how == "weight" else "")
                )

    def _bind(self, found: Amount, fits: Unit) -> None:
        """A setting in plain `units` belongs, from its first use on, to one substance."""
        if isinstance(found, OfSetting) and found.name not in self.bound:
            bound = like(found.unit, fits)
            if bound != found.unit:
                self.bound[found.name] = bound

    def range(
        self, written: t.Range, what: str, fits: Unit, *, basis: Basis = "same", bare: bool = False
    ) -> Range | None:
        """Both ends. A unit written once, at the end, is that of both."""
        last = written.hi.unit if isinstance(written.hi, t.Quantity) else None
        hi = self.amount(written.hi, what, fits, basis=basis, bare=bare)
        if written.lo is written.hi or written.lo == written.hi:
            return None if hi is None else Range(hi, hi, written.span)
        if hi is None and isinstance(written.lo, t.Quantity) and written.lo.unit is None:
            return None
        lo = self.amount(written.lo, what, fits, basis=basis, unit=last, bare=bare)
        if lo is None or hi is None:
            return None
        if relation(lo.unit, hi.unit) == "same" and least(lo).base > greatest(hi).base:
            self.upside_down(written.span, what, lo, hi)
            return None
        return Range(lo, hi, written.span)

    def upside_down(self, span: Span, what: str, lo: Amount, hi: Amount) -> None:
        """Report a range whose lower end is above its upper end."""
        self.problems.append(RangeUpsideDown(span, what, words(lo), words(hi)))

    def positive(self, found: Range | Amount | None, what: str) -> bool:
        """Whether the smallest of it is above nought; a problem where it is not."""
        if found is None:
            return False
        lowest = least(found.lo if isinstance(found, Range) else found)
        if lowest.value > 0:
            return True
        self.problems.append(NotPositive(found.span, what, lowest.words))
        return False

    def time(self, amount: t.Amount | None, what: str) -> Amount | None:
        """A time above nought, in its own unit."""
        found = None if amount is None else self.amount(amount, what, MS)
        if found is None:
            return None
        lowest = least(found)
        if lowest.value <= 0 or lowest.base.denominator != 1 or greatest(found).base.denominator != 1:
            self.problems.append(ZeroLength(found.span, what, words(found)))
            return None
        return found

    def times(self, written: t.Range | None, what: str) -> Range | None:
        """A range of times, both above nought."""
        found = None if written is None else self.range(written, what, MS)
        if found is None:
            return None
        if least(found.lo).value <= 0 or least(found.lo).base.denominator != 1:
            self.problems.append(ZeroLength(found.span, what, words(found.lo)))
            return None
        return found

    def millis(self, amount: t.Amount | None, what: str) -> int | None:
        """A time above nought as whole milliseconds, for declarations, which do not wait for a setting."""
        found = self._said(self.time(amount, what), what)
        return None if found is None else int(found.base)


def words(amount: Amount) -> str:
    """The amount as an author would write it."""
    return amount.name if isinstance(amount, OfSetting) else amount.words


def decimal(value: Fraction) -> str:
    """The number alone."""
    return show_decimal(value)
