"""Charted wrongly, twice, late or not at all: kept apart, never guessed. LANGUAGE sections 3, 7 and 10."""

from __future__ import annotations

from itertools import permutations

import pytest
from tests.edges.road import decide, truth

from rung_engine.decision.model import decision_bytes

TEXT = "stage only initial rule a when MAP < 65 then start NE"


@pytest.mark.parametrize(
    ("facts", "why", "rejected"),
    [
        (("0 h line yes",), "never", []),
        (("-16 min MAP 60",), "stale", []),
        (("0 h MAP 251",), "implausible", ["MAP implausible"]),
        (("0 h MAP 9",), "implausible", ["MAP implausible"]),
        (("0 h MAP 60 by a", "0 h MAP 61 by b"), "contested", ["MAP contested"]),
        (("0 h MAP 60 mL",), "unit", ["MAP unit"]),
    ],
)
def test_missing_stale_implausible_contested_and_misread_are_kept_apart(
    facts: tuple[str, ...], why: str, rejected: list[str]
) -> None:
    found = decide(TEXT, *facts, "0 h NE off", at="0 h")
    assert (found.orders, found.pending, found.rejected) == ([], {"only.a": (f"MAP {why}",)}, rejected)


@pytest.mark.parametrize("edge", ["10", "250"])
def test_the_ends_of_the_plausible_range_are_plausible(edge: str) -> None:
    assert truth("MAP > 5", f"0 h MAP {edge}", at="0 h") is True


def test_an_implausible_reading_ends_the_one_before_it_until_a_plausible_one_comes() -> None:
    facts = ("0 h MAP 60", "5 min MAP 300", "10 min MAP 60")
    assert [truth("MAP < 65", *facts, at=at) for at in ("5 min", "9 min", "10 min")] == [None, None, True]


def test_two_values_from_two_sources_are_contested_unless_they_are_equal() -> None:
    assert truth("MAP < 65", "0 h MAP 60 by a", "0 h MAP 61 by b", at="0 h") is None
    assert truth("MAP < 65", "0 h MAP 60 by a", "0 h MAP 60 by b", at="0 h") is True
    assert (
        truth(
            "creatinine = 1.5 mg/dL", "0 h creatinine 1.5 by a", "0 h creatinine 132.63 umol/L by b", at="0 h"
        )
        is True
    )


def test_a_contest_lasts_until_a_newer_reading_or_a_retraction() -> None:
    facts = ("0 h MAP 60 by a", "b: 0 h MAP 70 by b")
    assert truth("MAP < 65", *facts, "1 min MAP 62", at="1 min") is True
    assert truth("MAP < 65", *facts, "1 min retract b", at="0 h") is True
    assert truth("MAP < 65", *facts, at="90 min") is None


def test_a_contested_rate_is_running_and_a_contested_stop_is_unknown() -> None:
    rates = ("0 h NE 0.1 mcg/kg/min by a", "0 h NE 0.2 mcg/kg/min by b")
    assert truth("NE running", *rates, at="0 h") is True
    assert truth("NE > 0 mcg/kg/min", *rates, at="0 h") is None
    assert truth("NE running", "0 h NE 0.1 mcg/kg/min by a", "0 h NE off by b", at="0 h") is None
    assert (
        truth("NE running", "0 h NE 0.1 mcg/kg/min by a", "0 h NE off by b", "1 min NE off", at="1 min")
        is False
    )


def test_a_contested_drug_is_reported() -> None:
    found = decide(
        "stage only initial rule a when NE off then start NE",
        "0 h NE 0.1 mcg/kg/min by a",
        "0 h NE off by b",
        at="0 h",
    )
    assert (found.rejected, found.pending) == (
        ["norepinephrine contested"],
        {"only.a": ("norepinephrine contested",)},
    )


def test_a_cumulative_input_never_falls() -> None:
    assert truth("urine >= 500 mL", "0 h urine 500", "1 h urine 400", at="1 h") is None
    assert truth("urine >= 500 mL", "0 h urine 500", "1 h urine 400", "2 h urine 500", at="2 h") is True


def test_an_any_of_input_may_hold_several_or_nothing() -> None:
    assert (
        truth("shock is septic and shock is cardiogenic", "0 h shock septic and cardiogenic", at="0 h")
        is True
    )
    assert truth("shock is not septic", "0 h shock nothing", at="0 h") is True
    assert truth("shock is not septic", "0 h MAP 60", at="0 h") is None


def test_a_graded_input_is_ordered() -> None:
    assert truth("aki >= stage1", "0 h aki stage2", at="0 h") is True
    assert truth("aki < stage1", "0 h aki none", at="0 h") is True
    assert truth("aki is stage1", "0 h aki stage2", at="0 h") is False


def test_a_value_that_an_input_cannot_hold_is_rejected() -> None:
    found = decide(
        'stage only initial rule a when rhythm is sinus then notify "x"', "0 h rhythm flutter", at="0 h"
    )
    assert (found.orders, found.rejected) == ([], ["rhythm unit"])


# ---------------------------------------------------------------- corrections, retractions, late arrivals


def test_a_retracted_reading_was_never_so() -> None:
    facts = ("0 h MAP 70", "a: 5 min MAP 60", "20 min retract a")
    assert truth("MAP < 65", *facts, at="5 min") is False
    assert truth("ever MAP < 65", *facts, at="10 min") is False


def test_a_correction_keeps_its_own_time_and_may_move_it() -> None:
    facts = ("a: 0 h MAP 60", "20 min correct a: 0 h MAP 70")
    assert truth("MAP < 65", *facts, at="0 h") is False
    moved = ("0 h line yes", "a: 10 min MAP 60", "20 min correct a: 5 min MAP 60")
    assert truth("MAP < 65", *moved, at="5 min") is True


def test_the_latest_correction_wins_whatever_order_they_arrive_in() -> None:
    facts = ("a: 0 h MAP 60", "b: 20 min correct a: 0 h MAP 70", "c: 30 min correct a: 0 h MAP 50")
    for order in permutations(facts):
        assert truth("MAP < 55", *order, at="0 h") is True


def test_a_retracted_correction_corrects_nothing() -> None:
    facts = ("a: 0 h MAP 60", "b: 20 min correct a: 0 h MAP 70", "30 min retract b")
    for order in permutations(facts):
        assert truth("MAP < 65", *order, at="0 h") is True


def test_a_retraction_outweighs_a_correction() -> None:
    facts = ("a: 0 h MAP 60", "b: 20 min correct a: 0 h MAP 61", "30 min retract a", "0 h line yes")
    for order in permutations(facts):
        assert truth("MAP < 65", *order, at="0 h") is None


def test_a_reading_that_arrives_late_changes_what_was_decided_since() -> None:
    text = "stage calm initial when (MAP < 65) for 20 min then go to low stage low"
    facts = ["0 h MAP 60", "10 min MAP 60", "20 min MAP 60"]
    assert decide(text, *facts, at="20 min").stage == "low"
    assert decide(text, *facts, "15 min MAP 80", at="20 min").stage == "calm"


def test_the_order_of_arrival_never_matters() -> None:
    text = """
    stage calm initial rule move when MAP < 65 then start NE and go to low
    stage low
      rule long when (MAP < 65) for 10 min then notify "x"
      when MAP > 75 then go to calm
    """
    facts = (
        "0 h MAP 60",
        "5 min MAP 70",
        "0 h NE off",
        "10 min MAP 62",
        "a: 12 min MAP 90",
        "20 min retract a",
        "20 min MAP 63",
    )
    wanted = [decision_bytes(item) for item in decide(text, *sorted(facts), at="20 min").run.decisions]
    for order in list(permutations(facts))[::97]:
        named = [fact if ": " in fact else f"{fact.replace(' ', '_')}: {fact}" for fact in order]
        found = decide(text, *named, at="20 min").run.decisions
        assert [decision_bytes(item) for item in found] == wanted


def test_one_name_for_two_different_facts_is_no_fact() -> None:
    assert truth("MAP < 65", "a: 0 h MAP 60", "a: 0 h MAP 50", "0 h line yes", at="0 h") is None


def test_a_fact_told_twice_is_one_fact() -> None:
    assert truth("MAP < 65", "a: 0 h MAP 60", "a: 0 h MAP 60", at="0 h") is True
