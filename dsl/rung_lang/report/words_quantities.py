"""Amounts in a message, taken to other units and to a patient. What cannot be read is left out."""

from __future__ import annotations

import re
from fractions import Fraction

from rung_engine.exact import NotDecimal, parse_decimal, show_decimal
from rung_engine.units import Unit, UnitProblem, compatible, convert, parse_unit

WEIGHT = 70
"""The patient, in kg, whom messages speak of."""

_SCALES = (("ng", "mcg", "mg", "g"), ("mU", "units"), ("umol", "mmol", "mol"), ("mEq",), ("mL", "L"))
_TIMES = ("min", "h", "day")
_OF_SETTING = re.compile(r"(\w+) \((.+)\)")


def setting_and_amount(words: str) -> tuple[str, str]:
    """`high_dose (0.5 mcg/kg/min)` as the name of a setting, empty for a plain amount, and an amount."""
    match = _OF_SETTING.fullmatch(words)
    return (match[1], match[2]) if match is not None else ("", words)


def amount(words: str) -> tuple[Fraction, Unit] | None:
    """The value and unit of `0.02 mg/kg/min`; None for the name of a setting."""
    number, _, unit = setting_and_amount(words)[1].partition(" ")
    try:
        return parse_decimal(number), parse_unit(unit)
    except (NotDecimal, UnitProblem):
        return None


def ratio(words: str, other: str) -> Fraction | None:
    """How many times the other the first is, where both are amounts of one kind."""
    mine, theirs = amount(words), amount(other)
    if mine is None or theirs is None or not compatible(mine[1], theirs[1]):
        return None
    below = theirs[0] * theirs[1].factor
    return mine[0] * mine[1].factor / below if below else None


def times(value: Fraction) -> str:
    """A ratio above 1 in words, to stand before `the maximum`."""
    if value == 2:
        return "twice"
    if value.denominator == 1:
        return f"{int(value):,} times"
    if value >= 3:
        return f"about {round(value):,} times"
    shown = show_decimal(value, 1)
    return "a little more than" if shown == "1" else f"about {shown} times"


def taken_to(words: str, like: str) -> str:
    """The amount in the unit of the other, where it is written in another; otherwise nothing."""
    mine, theirs = amount(words), amount(like)
    if mine is None or theirs is None or mine[1].name == theirs[1].name or not compatible(mine[1], theirs[1]):
        return ""
    return f"{show_decimal(convert(*mine, theirs[1]))} {theirs[1].name}"


def at_the_bedside(words: str) -> str:
    """What an amount per kg is for a patient, in an hour where it is a rate: `84 mg/h`; otherwise nothing."""
    found = amount(words)
    if found is None:
        return ""
    first, *under = found[1].name.split("/")
    scale = next((scale for scale in _SCALES if first in scale), None)
    if scale is None or not {"kg", "min"} & set(under):
        return ""
    per = "/h" if set(_TIMES) & set(under) else ""
    best = ""
    for name in scale:
        value = convert(*found, parse_unit(f"{name}{per}"), weight=Fraction(WEIGHT))
        if not best or abs(value) >= 1:
            best = f"{show_decimal(value, 2 if abs(value) >= 1 else 4)} {name}{per}"
    return best


def from_to(lo: str, hi: str) -> str:
    """A range with its unit written once, at its end, where both ends have the same."""
    number, _, unit = lo.partition(" ")
    return f"{number if unit and unit == hi.partition(' ')[2] else lo} to {hi}"


def consequence(words: str) -> str:
    """`; at 70 kg it is 84 mg/h`, or nothing where that says no more."""
    bedside = at_the_bedside(words)
    found = amount(words)
    if not bedside or found is None:
        return ""
    return (
        f"; at {WEIGHT} kg it is {bedside}"
        if "/kg" in found[1].name
        else f"; in an hour it is {bedside[:-2]}"
    )


_SMALLER = {"g": "mg", "mg": "mcg", "mcg": "ng", "units": "mU", "mmol": "umol", "L": "mL"}
_LARGER = {smaller: larger for larger, smaller in _SMALLER.items()}


def slip(words: str, factor: int) -> str:
    """The slip of a unit that explains an amount too large by 60 or 1,000; too small where below 0."""
    found = amount(words)
    if found is None or not factor:
        return ""
    value, unit = found
    first, *under = unit.name.split("/")
    if abs(factor) == 60:
        return _slip_of_time(value, unit, factor)
    meant = (_SMALLER if factor > 0 else _LARGER).get(first)
    if meant is None or meant == "ng":
        fitting = value / factor if factor > 0 else value * -factor
        return f"Did you mean `{show_decimal(fitting)} {unit.name}`? It is a factor of 1,000 away."
    rest = "/".join((meant, *under))
    return f"Did you mean `{show_decimal(value)} {rest}`? {first} for {meant} is the usual slip."


def _slip_of_time(value: Fraction, unit: Unit, factor: int) -> str:
    written, meant, word = ("min", "h", "hour") if factor > 0 else ("h", "min", "minute")
    parts = unit.name.split("/")
    if parts[-1] != written:
        return "It is a factor of 60 away from what fits: check whether it is per minute or per hour."
    other = parse_unit("/".join((*parts[:-1], meant)))
    exact = convert(value, other, unit)
    back = show_decimal(exact, 3)
    about = "" if parse_decimal(back) == exact else "about "
    return f"Did you mean per {word}? `{show_decimal(value)} {other.name}` is {about}{back} {unit.name}."
