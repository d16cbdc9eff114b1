"""Every problem has words, and the amounts in them are worked out exactly."""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from typing import Any

import pytest
from tests.report.test_messages import classes

from rung_lang.checked.problems import AboveMaximum, AsksParentheses, MissingUnit, OutsideUsual, UnknownUnit
from rung_lang.finding import Problem
from rung_lang.report.words import message
from rung_lang.report.words_quantities import (
    amount,
    at_the_bedside,
    from_to,
    ratio,
    setting_and_amount,
    slip,
    taken_to,
    times,
)
from rung_lang.source import Span
from rung_lang.syntax.problems import NotExpected, StrangeCharacter

HERE = Span("a.rung", 0, 1)
SAMPLES: dict[str, Any] = {
    "str": "missing",
    "int": 60,
    "Fraction": Fraction(1, 3),
    "tuple[str, ...]": ("a", "b"),
    "Span": HERE,
    "Span | None": None,
}
"""A fact of each type; `missing` is a reason of some problems and a word to all others."""


def sample(kind: str) -> Any:
    """Of a choice of words, the first."""
    return kind.removeprefix("Literal[").split("'")[1] if kind.startswith("Literal[") else SAMPLES[kind]


@pytest.mark.parametrize("problem", classes(), ids=lambda problem: problem.__name__)
def test_every_kind_of_problem_has_words(problem: type[Problem]) -> None:
    facts = {item.name: sample(str(item.type)) for item in fields(problem)}
    facts.update({"R101": {"reason": "empty"}, "R103": {"character": "§"}}.get(problem.code, {}))
    found = message(problem(**facts))
    assert found.code == problem.code
    assert found.title


def test_a_kind_of_problem_without_words_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="no words for Problem"):
        message(Problem(HERE))


def above(written: str, most: str, factor: int) -> str:
    found = message(AboveMaximum(HERE, "norepinephrine", "dose", written, most, factor, "mcg/kg/min", HERE))
    return f"{found.body} {found.help}"


def test_mg_for_mcg_is_said_in_the_drugs_own_unit_and_for_a_patient() -> None:
    words = above("0.02 mg/kg/min", "3 mcg/kg/min", 1000)
    assert "0.02 mg/kg/min is 20 mcg/kg/min, about 7 times the maximum of 3 mcg/kg/min" in words
    assert "at 70 kg it is 84 mg/h" in words
    assert "Did you mean `0.02 mcg/kg/min`? mg for mcg is the usual slip." in words


def test_per_hour_for_per_minute_is_said_as_an_hours_amount() -> None:
    words = above("1.8 units/min", "0.04 units/min", 60)
    assert "45 times the maximum" in words
    assert "in an hour it is 108 units" in words
    assert "Did you mean per hour? `1.8 units/h` is 0.03 units/min." in words


def test_no_slip_is_named_for_a_high_dose_that_is_merely_unusual() -> None:
    high = OutsideUsual(HERE, "NE", "dose", "1 mcg/kg/min", "0.02 mcg/kg/min", "0.5 mcg/kg/min", 60, HERE)
    assert "Did you mean" not in message(high).help
    slipped = OutsideUsual(HERE, "NE", "dose", "2 mcg/kg/min", "0.02 mcg/kg/min", "0.5 mcg/kg/min", 60, HERE)
    assert "Did you mean per hour?" in message(slipped).help


def test_a_setting_is_named_and_its_amount_compared() -> None:
    found = message(
        AboveMaximum(HERE, "NE", "dose", "high (4 mcg/kg/min)", "3 mcg/kg/min", 0, "mcg/kg/min", HERE)
    )
    assert found.title == "`high` can be `4 mcg/kg/min`, above the maximum of `NE`."
    assert setting_and_amount("4 mcg/kg/min") == ("", "4 mcg/kg/min")


def test_a_time_without_a_unit_is_not_spoken_of_as_a_dose() -> None:
    found = message(MissingUnit(HERE, "for", "4", ("ms", "s", "min", "h")))
    assert found.title == "The time after `for` has no unit: `4`."
    assert found.body == "One of us reads `4` as minutes and another as hours."
    assert found.help.endswith("`s`, `min` or `h`.")


def test_both_readings_are_written_out_where_parentheses_are_asked_for() -> None:
    found = message(AsksParentheses(HERE, "for", "and", "a and b", "b"))
    assert found.help == "Put parentheses: `(a and b) for …` or `a and (b for …)`."
    found = message(AsksParentheses(HERE, "for", "not", "not a", "a for 4 h"))
    assert found.help == "Put parentheses: `(not a) for …` or `not (a for 4 h)`."


@pytest.mark.parametrize(
    "reason", ["mega_or_milli", "drop_size", "affine", "minute_or_metre", "unknown_unit"]
)
def test_a_unit_is_never_guessed(reason: str) -> None:
    assert "Did you mean" not in message(UnknownUnit(HERE, "X", reason, "")).help


@pytest.mark.parametrize(
    ("words", "bedside"),
    [
        ("0.02 mg/kg/min", "84 mg/h"),
        ("20 mcg/kg/min", "84 mg/h"),
        ("0.05 mcg/kg/min", "210 mcg/h"),
        ("0.03 units/min", "1.8 units/h"),
        ("30 mL/kg", "2.1 L"),
        ("5 mg/h", ""),
        ("100 mcg", ""),
        ("65 mmHg", ""),
        ("map_target", ""),
        ("18 units/kg/h", "1260 units/h"),
    ],
)
def test_what_a_patient_of_70_kg_gets(words: str, bedside: str) -> None:
    assert at_the_bedside(words) == bedside


def test_amounts_that_cannot_be_compared_are_not() -> None:
    assert ratio("1 mg", "1 mL") is None
    assert ratio("1 mg", "0 mg") is None
    assert amount("about 5 mg") is None
    assert taken_to("1 mg", "1 mL") == taken_to("1 mg", "2 mg") == ""


@pytest.mark.parametrize(
    ("written", "limit", "words"),
    [
        ("6 mg", "3 mg", "twice"),
        ("4500 mg", "3 mg", "1,500 times"),
        ("20 mg", "3 mg", "about 7 times"),
        ("4 mg", "3 mg", "about 1.3 times"),
        ("3.01 mg", "3 mg", "a little more than"),
    ],
)
def test_how_many_times_a_limit(written: str, limit: str, words: str) -> None:
    found = ratio(written, limit)
    assert found is not None
    assert times(found) == words


@pytest.mark.parametrize(
    ("words", "factor", "hint"),
    [
        ("5 g", 1000, "Did you mean `5 mg`? g for mg is the usual slip."),
        ("5 mcg", -1000, "Did you mean `5 mg`? mcg for mg is the usual slip."),
        ("50 mcg/kg/min", 1000, "Did you mean `0.05 mcg/kg/min`? It is a factor of 1,000 away."),
        ("0.1 mg/h", -60, "Did you mean per minute? `0.1 mg/min` is 6 mg/h."),
        (
            "120 mg/h",
            60,
            "It is a factor of 60 away from what fits: check whether it is per minute or per hour.",
        ),
        ("4 mcg/min", 60, "Did you mean per hour? `4 mcg/h` is about 0.067 mcg/min."),
        ("4 mcg/min", 0, ""),
        ("dose", 60, ""),
    ],
)
def test_the_slip_that_explains_an_amount(words: str, factor: int, hint: str) -> None:
    assert slip(words, factor) == hint


def test_a_range_says_its_unit_once() -> None:
    assert from_to("1 mg", "2 mg") == "1 to 2 mg"
    assert from_to("500 mcg", "1 mg") == "500 mcg to 1 mg"
    assert from_to("a", "b") == "a to b"


def test_a_dose_below_the_usual_range_is_compared_with_its_lower_end() -> None:
    low = OutsideUsual(HERE, "NE", "dose", "0.001 mcg/kg/min", "0.02 mcg/kg/min", "0.5 mcg/kg/min", 0, HERE)
    assert message(low).body == (
        "0.001 mcg/kg/min is 4.2 mcg/h at 70 kg. The least that is usual, 0.02 mcg/kg/min, is 20 times that."
    )


def test_a_long_unexpected_title_is_cut_and_a_backtick_named() -> None:
    long = message(NotExpected(HERE, f'"{"x" * 90}"', ("a name",), "rule"))
    assert len(long.title) < 80
    assert message(StrangeCharacter(HERE, "`")).title == "I do not know what the backtick means here."
