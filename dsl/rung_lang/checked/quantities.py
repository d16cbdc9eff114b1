"""Exact quantities whose units are settled."""

from __future__ import annotations

from fractions import Fraction

from rung_engine.frozen import frozen
from rung_engine.units import Unit
from rung_lang.source import Span


@frozen
class Number:
    """`value` counts `unit`; it has an exact millionth. `literal` is the number as written."""

    value: Fraction
    unit: Unit
    literal: str
    span: Span

    @property
    def base(self) -> Fraction:
        """The value in the coherent base of its dimensions."""
        return self.value * self.unit.factor + self.unit.offset

    @property
    def words(self) -> str:
        return f"{self.literal} {self.unit.name}"


@frozen
class OfSetting:
    """What a setting gives; anything from `lo` to `hi`, or its value where it has no range."""

    name: str
    unit: Unit
    lo: Number
    hi: Number
    span: Span


Amount = Number | OfSetting


@frozen
class Range:
    """Both ends included; a single amount has `lo == hi`."""

    lo: Amount
    hi: Amount
    span: Span


def least(amount: Amount) -> Number:
    """The smallest value the amount can have."""
    return amount.lo if isinstance(amount, OfSetting) else amount


def greatest(amount: Amount) -> Number:
    """The largest value the amount can have."""
    return amount.hi if isinstance(amount, OfSetting) else amount
