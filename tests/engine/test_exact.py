"""Decimals, fractions and millionths."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung_engine.exact import (
    MILLION,
    NotDecimal,
    NotFinite,
    NotMillionths,
    float_decimal,
    from_millionths,
    parse_decimal,
    round_millionths,
    show_decimal,
    to_millionths,
)

counts = st.integers(-(10**15), 10**15)
fractions = st.fractions(-(10**9), 10**9, max_denominator=10**9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", Fraction(0)),
        ("-0", Fraction(0)),
        ("65", Fraction(65)),
        ("0.1", Fraction(1, 10)),
        ("+0.02", Fraction(1, 50)),
        ("-160.50", Fraction(-321, 2)),
        ("007", Fraction(7)),
        ("0.333333333333", Fraction(333333333333, 10**12)),
    ],
)
def test_a_plain_decimal_is_read_exactly(text: str, value: Fraction) -> None:
    assert parse_decimal(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1e3",
        "1E-7",
        "inf",
        "nan",
        "-inf",
        ".5",
        "5.",
        ".",
        "+",
        "--1",
        "1/3",
        "1,5",
        "1_000",
        " 1",
        "1 ",
        "1\n",
        "0x10",
        "١٢",
        "2. 25",
        "½",
        "9" * 5000,
    ],
)
def test_anything_else_is_no_decimal(text: str) -> None:
    with pytest.raises(NotDecimal) as refused:
        parse_decimal(text)
    assert refused.value.text == text


@given(counts)
def test_millionths_there_and_back_are_the_same(count: int) -> None:
    assert to_millionths(from_millionths(count)) == count
    assert round_millionths(from_millionths(count)) == count


@given(counts)
def test_showing_and_reading_a_count_of_millionths_is_exact(count: int) -> None:
    value = from_millionths(count)
    assert parse_decimal(show_decimal(value)) == value


@given(fractions)
def test_only_whole_millionths_are_taken_without_rounding(value: Fraction) -> None:
    if MILLION % value.denominator == 0:
        assert from_millionths(to_millionths(value)) == value
    else:
        with pytest.raises(NotMillionths) as refused:
            to_millionths(value)
        assert refused.value.value == value


@given(fractions)
def test_rounding_is_never_off_by_more_than_half_a_millionth(value: Fraction) -> None:
    assert abs(from_millionths(round_millionths(value)) - value) * MILLION <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("halves", "rounded"), [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2), (-7, -4)]
)
def test_a_tie_goes_to_the_even_millionth(halves: int, rounded: int) -> None:
    value = Fraction(halves, 2 * MILLION)
    assert round_millionths(value) == rounded
    assert parse_decimal(show_decimal(value)) == from_millionths(rounded)


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (Fraction(0), 6, "0"),
        (Fraction(1, 10), 6, "0.1"),
        (Fraction(100), 6, "100"),
        (Fraction(1200, 1000), 6, "1.2"),
        (Fraction(1, 3), 6, "0.333333"),
        (Fraction(-2, 3), 6, "-0.666667"),
        (Fraction(-1, 10**7), 6, "0"),
        (Fraction(999_999_999, 10**9), 6, "1"),
        (Fraction(5, 16), 2, "0.31"),
        (Fraction(5, 2), 0, "2"),
        (Fraction(7, 2), 0, "4"),
        (Fraction(120), 0, "120"),
        (Fraction(1, 10**12), 12, "0.000000000001"),
    ],
)
def test_the_shortest_decimal_is_shown(value: Fraction, places: int, shown: str) -> None:
    assert show_decimal(value, places) == shown


@given(fractions, st.integers(0, 12))
def test_a_shown_decimal_is_plain_short_and_near(value: Fraction, places: int) -> None:
    shown = show_decimal(value, places)
    assert abs(parse_decimal(shown) - value) * 10**places <= Fraction(1, 2)
    assert shown != "-0"
    whole, point, part = shown.partition(".")
    assert len(part) <= places
    assert bool(point) == bool(part)
    assert not part.endswith("0")
    assert whole.lstrip("-") == str(int(whole.lstrip("-")))


def test_places_are_not_negative() -> None:
    with pytest.raises(ValueError, match="places"):
        show_decimal(Fraction(1), -1)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_taken_for_the_decimal_that_names_it(value: float) -> None:
    assert float_decimal(value) == Fraction(Decimal(repr(value)))


def test_a_float_of_a_data_file_is_the_decimal_that_was_charted() -> None:
    assert float_decimal(0.1) == Fraction(1, 10) != Fraction(0.1)
    assert float_decimal(1e-07) == Fraction(1, 10**7)
    assert float_decimal(-0.0) == 0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_float_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(NotFinite) as refused:
        float_decimal(value)
    assert isinstance(refused.value, ValueError)
    assert not math.isfinite(refused.value.value)
