"""`for`, `in the last`, `ever`, and everything that looks over a window. LANGUAGE sections 4, 7 and 10."""

from __future__ import annotations

import pytest
from tests.edges.road import compiled, decide, truth


def every(step: int, last: int, fact: str) -> list[str]:
    """The fact charted every `step` minutes, from 0 to `last`."""
    return [f"{minute} min {fact}" for minute in range(0, last + 1, step)]


LOW = every(15, 240, "MAP 58")
FOUR_HOURS = "(MAP < 65) for 4 h"

# ---------------------------------------------------------------- a reading holds


def test_a_reading_holds_at_its_stamp_and_not_a_millisecond_before() -> None:
    assert truth("MAP < 65", "0 h lactate 1", "1 h MAP 60", at="59 min 59999 ms") is None
    assert truth("MAP < 65", "0 h lactate 1", "1 h MAP 60", at="1 h") is True


def test_a_reading_holds_up_to_and_including_its_time_of_validity() -> None:
    assert truth("MAP < 65", "0 h MAP 60", at="15 min") is True
    assert truth("MAP < 65", "0 h MAP 60", at="15 min 1 ms") is None


def test_a_newer_reading_ends_the_one_before_it() -> None:
    assert truth("MAP < 65", "0 h MAP 60", "5 min MAP 70", at="5 min") is False


def test_a_fixed_input_holds_from_its_stamp_on_not_before_it_and_without_end() -> None:
    assert truth("age >= 18 years", "0 h MAP 60", "1 h age 60", at="59 min") is None
    assert truth("age >= 18 years", "0 h MAP 60", "1 h age 60", at="900 h") is True


# ---------------------------------------------------------------- C for D


def test_four_hours_is_met_at_exactly_four_hours() -> None:
    assert truth(FOUR_HOURS, *LOW, at="4 h") is True


def test_four_hours_is_unknown_a_millisecond_before_if_nothing_was_known_before() -> None:
    assert truth(FOUR_HOURS, *LOW, at="3 h 3599999 ms") is None


def test_a_false_instant_anywhere_in_the_window_makes_it_false() -> None:
    assert truth(FOUR_HOURS, "0 h MAP 70", *LOW[1:], at="4 h") is False


def test_a_false_instant_just_before_the_window_does_not() -> None:
    assert truth(FOUR_HOURS, "-10 min MAP 70", *LOW, at="4 h") is True
    assert truth(FOUR_HOURS, "-10 min MAP 70", *LOW, at="3 h 3599999 ms") is False


def test_an_unknown_stretch_makes_it_unknown() -> None:
    assert truth(FOUR_HOURS, *LOW[:5], *LOW[7:], at="4 h") is None


def test_an_unknown_stretch_beside_a_false_one_leaves_it_false() -> None:
    assert truth(FOUR_HOURS, *LOW[:5], "110 min MAP 70", *LOW[8:], at="4 h") is False


def test_an_unknown_stretch_no_longer_than_the_gap_counts_as_true() -> None:
    facts = [*LOW[:5], *LOW[7:]]  # valid to 75 min, charted again at 105 min
    assert truth(f"{FOUR_HOURS} gaps up to 30 min", *facts, at="4 h") is True
    assert truth(f"{FOUR_HOURS} gaps up to 29 min", *facts, at="4 h") is None


def test_a_gap_with_a_false_side_is_not_bridged() -> None:
    facts = [*LOW[:5], "75 min MAP 70", *LOW[7:]]
    assert truth(f"{FOUR_HOURS} gaps up to 30 min", *facts, at="4 h") is False


def test_a_gap_that_is_still_open_is_not_bridged() -> None:
    assert truth(f"{FOUR_HOURS} gaps up to 30 min", *LOW, at="4 h 20 min") is None


def test_a_gap_at_the_windows_beginning_is_bridged_if_true_before_it() -> None:
    facts = ["-20 min MAP 58", *LOW[1:]]  # unknown from -5 min to 15 min
    assert truth(f"{FOUR_HOURS} gaps up to 20 min", *facts, at="4 h") is True


def test_a_gap_over_which_nothing_was_charted_before_is_not_bridged() -> None:
    assert truth(f"{FOUR_HOURS} gaps up to 30 min", *LOW[1:], at="4 h") is None


def test_the_window_reaches_back_before_the_session_and_before_the_stage() -> None:
    text = """
    stage calm initial when MAP < 60 then go to low
    stage low rule long when (MAP < 65) for 4 h then start NE
    """
    facts = [*every(15, 225, "MAP 62"), "0 h no other infusions", "240 min MAP 58", "0 h age 40"]
    found = decide(text, *facts, "1 h line yes", at="4 h", applies="line")
    assert (found.stage, found.orders) == ("low", ["start norepinephrine"])


def test_from_entry_is_said_with_time_in_stage() -> None:
    text = """
    stage calm initial when MAP < 60 then go to low
    stage low rule long when (MAP < 65) for 4 h and time in stage >= 4 h then start NE
    """
    facts = [
        *every(15, 225, "MAP 62"),
        "0 h no other infusions",
        *(f"{m} min MAP 58" for m in range(240, 481, 15)),
    ]
    assert decide(text, *facts, at="7 h 59 min").orders == []
    assert decide(text, *facts, at="8 h").orders == ["start norepinephrine"]


@pytest.mark.parametrize("condition", ["not MAP < 65 for 4 h", "age > 1 years and MAP < 65 for 4 h"])
def test_not_and_and_before_for_ask_for_parentheses(condition: str) -> None:
    found = compiled(f'stage only initial rule a when {condition} then notify "x"')
    assert found.artifact is None
    assert "R150" in {problem.code for problem in found.problems}


def test_a_named_condition_for_a_time_before_and_is_plain() -> None:
    text = 'define low as MAP < 65\nstage only initial rule a when low for 4 h and line then notify "x"'
    assert decide(text, *LOW, "0 h line yes", at="4 h").orders == ["notify x"]


# ---------------------------------------------------------------- in the last


def test_in_the_last_includes_both_ends() -> None:
    assert (
        truth(
            "MAP < 65 in the last 30 min",
            "0 h MAP 60",
            "1 min MAP 70",
            "20 min MAP 70",
            "31 min MAP 70",
            at="31 min",
        )
        is None
    )
    facts = [*every(10, 60, "MAP 70"), "5 min MAP 60", "5 min 1 ms MAP 70"]
    assert truth("MAP < 65 in the last 30 min", *facts, at="35 min") is True
    assert truth("MAP < 65 in the last 30 min", *facts, at="35 min 1 ms") is False


def test_in_the_last_is_true_whatever_is_unknown_once_it_was_true() -> None:
    assert truth("MAP < 65 in the last 2 h", "0 h MAP 60", at="2 h") is True


def test_in_the_last_is_unknown_where_it_may_have_been() -> None:
    assert truth("MAP < 65 in the last 2 h", "0 h MAP 70", at="1 h") is None


def test_an_event_in_the_last_is_never_unknown() -> None:
    assert truth("collapse in the last 2 h", "0 h MAP 70", at="0 h") is False
    assert truth("collapse in the last 2 h", "0 h collapse happened", at="2 h") is True
    assert truth("collapse in the last 2 h", "0 h collapse happened", at="2 h 1 ms") is False


# ---------------------------------------------------------------- ever


def test_ever_stays_true_when_the_reading_is_gone() -> None:
    assert truth("ever MAP < 65", "0 h MAP 60", at="9 h") is True


def test_ever_has_the_present_value_before_it_was_true() -> None:
    facts = ("0 h MAP 70", "1 h MAP 70")
    assert truth("ever MAP < 65", *facts, at="10 min") is False
    assert truth("ever MAP < 65", *facts, at="20 min") is None


def test_an_earlier_unknown_stretch_does_not_poison_ever() -> None:
    assert truth("ever MAP < 65", "0 h MAP 70", "1 h MAP 70", at="1 h") is False


def test_ever_is_of_the_session() -> None:
    text = 'stage only initial rule a when ever MAP < 65 then notify "x"'
    facts = ("0 h MAP 60", "1 h line yes", "1 h MAP 70")
    assert decide(text, *facts, at="1 h", applies="line").orders == []
    assert decide(text, *facts, at="1 h").orders == ["notify x"]


def test_ever_an_event_is_never_unknown() -> None:
    assert truth("ever collapse", "0 h MAP 60", at="1 h") is False
    assert truth("ever collapse", "0 h collapse happened", at="9 h") is True


# ---------------------------------------------------------------- rise, fall, change


def test_one_reading_alone_is_no_rise_of_nought() -> None:
    assert truth("rise in creatinine over 48 h >= 0 mg/dL", "0 h creatinine 1", at="0 h") is None


def test_a_rise_is_from_the_oldest_reading_in_the_window() -> None:
    facts = ("0 h creatinine 1", "24 h creatinine 0.8", "48 h creatinine 1.3")
    assert truth("rise in creatinine over 48 h >= 0.3 mg/dL", *facts, at="48 h") is True
    assert truth("rise in creatinine over 48 h > 0.3 mg/dL", *facts, at="48 h") is False


def test_the_window_of_a_rise_includes_its_first_instant_and_nothing_before() -> None:
    facts = ("0 h creatinine 1", "24 h creatinine 0.8", "48 h creatinine 1.3")
    assert truth("rise in creatinine over 48 h > 0.4 mg/dL", *facts, at="48 h") is False
    assert truth("rise in creatinine over 48 h > 0.4 mg/dL", *facts, at="48 h 1 ms") is True


def test_a_fall_is_a_negative_rise() -> None:
    facts = ("0 h creatinine 2", "4 h creatinine 1")
    assert truth("rise in creatinine over 48 h <= -1 mg/dL", *facts, at="4 h") is True
    assert truth("fall in creatinine over 48 h >= 1 mg/dL", *facts, at="4 h") is True
    assert truth("change in creatinine over 48 h < 0 mg/dL", *facts, at="4 h") is True
    assert truth("percent fall in creatinine over 48 h >= 50 %", *facts, at="4 h") is True


def test_a_rise_needs_the_current_value_in_force() -> None:
    facts = ("0 h creatinine 1", "1 h creatinine 2")
    assert truth("rise in creatinine over 48 h >= 1 mg/dL", *facts, at="25 h") is True
    assert truth("rise in creatinine over 48 h >= 1 mg/dL", *facts, at="25 h 1 ms") is None


def test_an_implausible_reading_is_not_the_oldest() -> None:
    facts = ("0 h creatinine 99", "1 h creatinine 1", "4 h creatinine 2")
    assert truth("rise in creatinine over 48 h = 1 mg/dL", *facts, at="4 h") is True


def test_a_rise_since_an_event_is_from_the_reading_in_force_then() -> None:
    facts = ("0 h creatinine 1", "2 h collapse happened", "4 h creatinine 2")
    assert truth("rise in creatinine since collapse = 1 mg/dL", *facts, at="4 h") is True


def test_a_rise_since_an_event_at_which_nothing_was_in_force_is_unknown() -> None:
    facts = ("0 h collapse happened", "1 h creatinine 1", "4 h creatinine 2")
    assert truth("rise in creatinine since collapse > 0 mg/dL", *facts, at="4 h") is None


# ---------------------------------------------------------------- lowest, highest, mean


HOUR = (*every(15, 60, "MAP 70"), "20 min MAP 58", "25 min MAP 70")


def test_lowest_highest_and_mean_are_over_readings_stamped_in_the_window() -> None:
    assert truth("lowest MAP over 1 h = 58", *HOUR, at="1 h") is True
    assert truth("highest MAP over 1 h = 70", *HOUR, at="1 h") is True
    assert truth("mean MAP over 1 h = 68.285714", *HOUR, at="1 h") is False
    assert truth("mean MAP over 1 h > 68.285714", *HOUR, at="1 h") is True


def test_a_mean_is_exact() -> None:
    assert (
        truth("mean MAP over 1 h = 66", "0 h MAP 65", "15 min MAP 66", "30 min MAP 67", at="30 min") is None
    )
    facts = ("-30 min MAP 66", "-15 min MAP 66", "0 h MAP 65", "15 min MAP 66", "30 min MAP 67")
    assert truth("mean MAP over 1 h = 66", *facts, at="30 min") is True


def test_lowest_is_unknown_where_the_signal_is_unknown_in_the_window() -> None:
    assert truth("lowest MAP over 1 h < 60", "0 h MAP 70", "1 h MAP 70", at="1 h") is None


def test_lowest_is_settled_all_the_same_by_a_reading_below() -> None:
    assert truth("lowest MAP over 1 h < 60", "0 h MAP 58", "1 h MAP 70", at="1 h") is True
    assert truth("lowest MAP over 1 h >= 60", "0 h MAP 58", "1 h MAP 70", at="1 h") is False
    assert truth("highest MAP over 1 h > 60", "0 h MAP 58", "1 h MAP 70", at="1 h") is True


def test_a_mean_is_never_settled_by_less_than_all() -> None:
    assert truth("mean MAP over 1 h < 60", "0 h MAP 20", "1 h MAP 20", at="1 h") is None


def test_a_contested_value_settles_no_lowest() -> None:
    facts = ("0 h MAP 50 by cuff", "0 h MAP 80 by arterial", "1 min MAP 70", "10 min MAP 70")
    assert truth("lowest MAP over 10 min < 60", *facts, at="10 min") is None
    assert truth("highest MAP over 10 min > 75", *facts, at="10 min") is None


# ---------------------------------------------------------------- N readings D apart


TWICE = "2 readings 2 h apart of creatinine <= 1.5 mg/dL"


def test_two_readings_apart_are_first_and_last_of_a_run_that_all_satisfy() -> None:
    facts = ("0 h creatinine 1.5", "2 h creatinine 1.4")
    assert truth(f"({TWICE})", *facts, at="2 h") is True
    assert truth(f"({TWICE})", "0 h creatinine 1.5", "1 h 59 min creatinine 1.4", at="2 h") is False


def test_a_reading_between_them_that_does_not_satisfy_breaks_the_run() -> None:
    facts = ("0 h creatinine 1.5", "1 h creatinine 1.6", "2 h creatinine 1.4")
    assert truth(f"({TWICE})", *facts, at="2 h") is False


def test_the_run_may_be_longer_than_asked() -> None:
    facts = ("0 h creatinine 1.5", "1 h creatinine 1.4", "2 h creatinine 1.4")
    assert truth(f"({TWICE})", *facts, at="2 h") is True


def test_the_latest_reading_of_the_run_must_be_in_force() -> None:
    facts = ("0 h creatinine 1.5", "2 h creatinine 1.4")
    assert truth(f"({TWICE})", *facts, at="26 h") is True
    assert truth(f"({TWICE})", *facts, at="26 h 1 ms") is None


DRAWN = f"({TWICE} drawn while NE running)"
ON = "0 h NE 0.1 mcg/kg/min"


def test_readings_drawn_while_a_condition_holds_are_judged_each_at_its_own_instant() -> None:
    facts = ("0 h creatinine 1.5", "2 h creatinine 1.4")
    assert truth(DRAWN, ON, "1 h NE 0.1 mcg/kg/min", "2 h NE 0.1 mcg/kg/min", *facts, at="2 h") is True
    assert truth(DRAWN, ON, "1 h NE 0.1 mcg/kg/min", *facts, at="2 h") is True
    assert truth(DRAWN, ON, *facts[:1], "119 min 59999 ms creatinine 1.4", at="2 h") is False
    assert truth(DRAWN, "0 h NE off", *facts, at="2 h") is False


def test_it_is_nothing_to_a_reading_what_was_so_before_or_after_it() -> None:
    drug = ("30 min NE off", "1 h NE 0.1 mcg/kg/min", "2 h 1 ms NE off")
    facts = ("0 h creatinine 1.5", "2 h creatinine 1.4")
    assert truth(DRAWN, ON, *drug, *facts, at="2 h") is True
    assert truth(DRAWN, ON, *drug, *facts, at="20 h") is True


def test_a_reading_drawn_while_the_condition_is_false_breaks_the_run() -> None:
    drug = ("30 min NE off", "90 min NE 0.1 mcg/kg/min")
    facts = ("0 h creatinine 1.5", "1 h creatinine 1.4", "2 h creatinine 1.4")
    assert truth(DRAWN, ON, *drug, *facts, at="2 h") is False
    assert truth(DRAWN, ON, *drug, *facts, "3 h creatinine 1.4", at="3 h") is False
    later = (*facts, "3 h NE 0.1 mcg/kg/min", "4 h creatinine 1.4")
    assert truth(DRAWN, ON, *drug, *later, at="4 h") is True


def test_the_latest_reading_too_is_drawn_while_it_holds() -> None:
    facts = ("0 h creatinine 1.5", "2 h creatinine 1.4", "3 h NE off", "4 h creatinine 1.3")
    assert truth(DRAWN, ON, "2 h NE 0.1 mcg/kg/min", *facts, at="3 h") is True
    assert truth(DRAWN, ON, "2 h NE 0.1 mcg/kg/min", *facts, at="4 h") is False


def test_where_the_condition_is_unknown_at_a_reading_so_is_what_hangs_on_that_reading() -> None:
    facts = ("0 h creatinine 1.5", "4 h creatinine 1.4")  # the charted rate holds for 2 h
    back = "6 h NE 0.1 mcg/kg/min"
    assert truth(DRAWN, ON, *facts, at="4 h") is None
    assert truth(DRAWN, ON, *facts, back, "6 h creatinine 1.2", at="6 h") is None
    assert truth(DRAWN, ON, *facts, back, "6 h creatinine 1.6", at="6 h") is False
    assert truth(DRAWN, ON, *facts, back, "5 h creatinine 1.6", "6 h creatinine 1.2", at="6 h") is False
    settled = (*facts, back, "6 h creatinine 1.2", "8 h NE 0.1 mcg/kg/min", "8 h creatinine 1.2")
    assert truth(DRAWN, ON, *settled, at="8 h") is True
    assert (
        truth(DRAWN, ON, *facts, "5 h creatinine 1.4", "6 h NE off", "6 h creatinine 1.4", at="6 h") is False
    )


def test_too_few_readings_are_too_few_whatever_the_condition_was() -> None:
    assert truth(DRAWN, "0 h MAP 60", "0 h creatinine 1.5", "1 h creatinine 1.4", at="1 h") is False


def test_readings_against_a_bound_that_moves_are_drawn_too() -> None:
    near = "(2 readings 2 h apart of creatinine <= creatinine at collapse + 0.1 mg/dL drawn while bleeding)"
    facts = ("0 h collapse happened", "0 h creatinine 1.5", "0 h bleeding yes")
    assert truth(near, *facts, "2 h bleeding yes", "2 h creatinine 1.6", at="2 h") is True
    assert truth(near, *facts, "2 h bleeding no", "2 h creatinine 1.6", at="2 h") is False
    assert truth(near, *facts, "2 h creatinine 1.6", at="2 h") is None
    assert truth(near, *facts, "2 h creatinine 1.7", at="2 h") is False


def test_a_condition_over_time_is_judged_at_the_reading_as_everywhere() -> None:
    steady = f"({TWICE} drawn while ((MAP < 65) for 10 min))"
    low = every(10, 130, "MAP 58")
    assert truth(steady, *low, "20 min creatinine 1.5", "140 min creatinine 1.4", at="140 min") is True
    assert truth(steady, *low, "9 min creatinine 1.5", "140 min creatinine 1.4", at="140 min") is None


def test_a_late_fact_about_the_condition_changes_what_the_readings_say() -> None:
    facts = ("0 h creatinine 1.5", "2 h creatinine 1.4", "2 h NE 0.1 mcg/kg/min")
    corrected = ("a: 0 h NE 0.1 mcg/kg/min", *facts, "3 h correct a: 0 h NE off")
    assert truth(DRAWN, *corrected, at="3 h") is False
    assert truth(DRAWN, *corrected[:-1], at="3 h") is True


def test_the_explanation_shows_the_readings_and_under_them_the_condition() -> None:
    text = f'stage only initial rule asked when {DRAWN} then notify "so"'
    found = decide(text, ON, "0 h creatinine 1.5", "2 h creatinine 1.4", at="2 h").why("only.asked")
    assert [(item.kind, item.name) for item in found.used] == [("input", "creatinine")]
    assert [(part.words, part.truth) for part in found.parts] == [("NE running", True)]


# ---------------------------------------------------------------- total


def test_a_total_integrates_the_rate_over_the_window_that_excludes_its_first_instant() -> None:
    facts = ("0 h furosemide 10 mg/h", "10 h furosemide off")
    assert truth("total furosemide over 10 h = 100 mg", *facts, at="10 h") is False  # the last instant is off
    assert truth("total furosemide over 10 h < 100 mg", *facts, at="10 h") is True
    assert truth("total furosemide over 10 h = 50 mg", *facts, at="14 h 3599999 ms") is True


def test_a_total_adds_doses_in_the_window() -> None:
    facts = ("0 h no other infusions", "0 h albumin given 25 g", "2 h albumin given 50 g")
    assert truth("total albumin over 2 h = 75 g", *facts, at="1 h") is False
    assert truth("total albumin over 2 h = 50 g", *facts, at="2 h") is True  # (0 h, 2 h]


def test_a_total_is_unknown_where_a_stretch_is() -> None:
    assert truth("total furosemide over 10 h > 5 mg", "0 h furosemide 10 mg/h", at="9 h") is None
    facts = ("-1 h furosemide off", "0 h furosemide 10 mg/h", "4 h furosemide running", "5 h furosemide off")
    assert truth("total furosemide over 10 h > 5 mg", *facts, at="8 h") is None


def test_a_total_with_a_dose_of_unknown_amount_is_unknown() -> None:
    assert (
        truth("total albumin over 2 h > 1 g", "0 h albumin given 50 g", "1 h albumin given", at="1 h") is None
    )


def test_a_total_crosses_its_threshold_between_facts() -> None:
    text = 'stage only initial rule a when total furosemide over 24 h >= 20 mg then notify "x"'
    facts = ("-24 h furosemide off", "0 h furosemide 10 mg/h", "10 h lactate 1")
    assert decide(text, *facts, at="1 h 3599998 ms").orders == []
    assert decide(text, *facts, at="1 h 3599999 ms").orders == ["notify x"]


# ---------------------------------------------------------------- X at E, time since


def test_the_value_at_an_event_includes_a_reading_of_that_instant() -> None:
    facts = ("0 h creatinine 1", "2 h creatinine 3", "2 h collapse happened", "3 h creatinine 1")
    assert truth("creatinine at collapse = 3 mg/dL", *facts, at="4 h") is True


def test_a_reading_after_the_event_does_not_count() -> None:
    facts = ("0 h collapse happened", "1 h creatinine 3")
    assert truth("creatinine at collapse > 0 mg/dL", *facts, at="4 h") is None


def test_time_since_an_event_that_never_happened_is_unknown() -> None:
    assert truth("time since collapse >= 4 h", "0 h MAP 60", at="9 h") is None
    assert truth("after collapse and time since collapse >= 4 h", "0 h MAP 60", at="9 h") is False


def test_time_since_is_about_the_latest_and_first_about_the_first() -> None:
    facts = ("0 h collapse happened", "3 h collapse happened")
    assert truth("time since collapse >= 4 h", *facts, at="4 h") is False
    assert truth("time since first collapse >= 4 h", *facts, at="4 h") is True
    assert truth("time since first collapse >= 4 h", *facts, at="3 h 3599999 ms") is False


def test_later_needs_both_and_earlier_needs_one() -> None:
    one = ("0 h collapse happened",)
    assert truth("time since later of collapse and cannula done >= 1 h", *one, at="2 h") is None
    assert truth("time since earlier of collapse and cannula done >= 2 h", *one, at="2 h") is True
    both = (*one, "2 h cannula done")
    assert truth("time since later of collapse and cannula done >= 1 h", *both, at="2 h") is False


def test_before_and_after_are_never_unknown() -> None:
    assert truth("before collapse", "0 h MAP 60", at="0 h") is True
    assert truth("before collapse", "0 h collapse happened", at="0 h") is False
    assert truth("after collapse", "0 h collapse happened", at="9 h") is True


def test_an_event_as_a_condition_happens_when_it_becomes_true_from_false_or_from_unknown() -> None:
    assert truth("time since pressed >= 10 min", "0 h MAP 60", "5 min MAP 70", at="15 min") is True
    assert truth("time since pressed >= 10 min", "5 min MAP 70", at="15 min") is True
    facts = ("0 h MAP 70", "10 min MAP 72", "20 min MAP 60", "21 min MAP 70")
    assert truth("time since pressed >= 15 min", *facts, at="20 min") is True
    assert truth("time since pressed >= 15 min", *facts, at="21 min") is False


def test_an_event_as_a_bare_word_is_an_error() -> None:
    found = compiled('stage only initial rule a when collapse then notify "x"')
    assert "R153" in {problem.code for problem in found.problems}


# ---------------------------------------------------------------- counting


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("at least 1 of (MAP < 65, bleeding, arrest)", True),
        ("at least 2 of (MAP < 65, bleeding, arrest)", None),
        ("at least 3 of (MAP < 65, MAP > 70, arrest)", False),
        ("exactly 1 of (MAP < 65, arrest)", None),
        ("exactly 1 of (MAP < 65, MAP < 66, arrest)", False),
        ("any of (MAP < 65, arrest)", True),
        ("all of (MAP > 65, arrest)", False),
        ("all of (MAP < 65, arrest)", None),
        ("at most 1 of (MAP < 65, MAP < 66, arrest)", False),
        ("MAP from 60 to 65", True),
        ("MAP from 61 to 65", False),
    ],
)
def test_counts_are_decided_as_soon_as_the_known_ones_decide(condition: str, expected: bool | None) -> None:
    assert truth(condition, "0 h MAP 60", at="0 h") is expected


def test_known_and_unknown_are_two_valued() -> None:
    assert truth("MAP known", "0 h MAP 60", at="16 min") is False
    assert truth("MAP unknown", "0 h MAP 60", at="16 min") is True
    assert truth("MAP known", "0 h MAP 60", at="15 min") is True
