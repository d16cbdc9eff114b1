"""Exact numbers: plain decimals, fractions and millionths.

Inside a compiler a number is a `Fraction`; in an artifact and an engine it is a signed whole count of
millionths of the unit it was written in. This module passes between the two, and to and from text. It knows
nothing of units, and no binary floating point is ever computed with: a float met in a data file is taken at
once for the decimal that Python prints for it.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

MILLION = 1_000_000

# A digit stands on both sides of the point: `.5` and `5.` are the spellings most often misread at a bedside.
_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


class NotDecimal(ValueError):  # noqa: N818 - it names a fact about the value
    """The text is not a plain decimal; `text` is what was read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotMillionths(ValueError):  # noqa: N818 - it names a fact about the value
    """The value is no whole number of millionths; `value` is the exact value."""

    def __init__(self, value: Fraction) -> None:
        super().__init__(value)
        self.value = value


class NotFinite(ValueError):  # noqa: N818 - it names a fact about the value
    """A float was nan or an infinity; `value` is that float."""

    def __init__(self, value: float) -> None:
        super().__init__(value)
        self.value = value


def parse_decimal(text: str) -> Fraction:
    """The exact value of a plain decimal such as `12`, `-0.5` or `+3.10`.

    ASCII digits with an optional sign and an optional point; no exponent, blank or separator, no `inf` and no
    `nan`. Raises `NotDecimal`.
    """
    if _PLAIN.fullmatch(text) is None:
        raise NotDecimal(text)
    try:
        return Fraction(text)
    except ValueError as too_long:  # Python bounds the digits it will read into one integer
        raise NotDecimal(text) from too_long


def to_millionths(value: Fraction) -> int:
    """The value as a whole count of millionths, never rounded: raises `NotMillionths` when it is none."""
    scaled = value * MILLION
    if scaled.denominator != 1:
        raise NotMillionths(value)
    return scaled.numerator


def from_millionths(count: int) -> Fraction:
    """The exact value of a count of millionths."""
    return Fraction(count, MILLION)


def round_millionths(value: Fraction) -> int:
    """The nearest count of millionths, a tie going to the even one. For displayed and ordered doses only."""
    return round(value * MILLION)


def show_decimal(value: Fraction, places: int = 6) -> str:
    """The shortest plain decimal for the value, with at most `places` digits after the point.

    A value that does not end within `places` digits is rounded, half to even. There is no exponent, no
    trailing zero and no minus zero.
    """
    if places < 0:
        raise ValueError("places must not be negative")
    count = round(value * 10**places)
    sign = "-" if count < 0 else ""
    digits = str(abs(count)).rjust(places + 1, "0")
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"


def float_decimal(value: float) -> Fraction:
    """The exact value of the shortest decimal that names this float, which is what the data file said.

    `float_decimal(0.1)` is 1/10, not the binary number beside it. Raises `NotFinite` on nan and infinities.
    """
    if not math.isfinite(value):
        raise NotFinite(value)
    return Fraction(repr(float(value)))
