"""What the drug chart says: running, off, unknown; rates and doses compared exactly; courses."""

from __future__ import annotations

import pytest
from tests.edges.road import decide, truth

# ---------------------------------------------------------------- never charted, off, on without a rate


def test_a_drug_with_no_row_is_unknown_until_a_row_or_the_statement_no_other_infusions() -> None:
    assert truth("NE off", "0 h MAP 60", at="1 h") is None
    assert truth("NE off", "0 h MAP 60", "1 h NE off", at="1 h") is True
    assert truth("NE off", "0 h MAP 60", "1 h no other infusions", at="1 h") is True
    assert truth("NE off", "0 h MAP 60", "1 h no other infusions", at="59 min") is None


def test_a_source_may_say_that_silence_means_off_and_the_decision_says_so() -> None:
    found = decide(
        "stage only initial rule a when NE off then start NE", "0 h MAP 60", at="0 h", silence_is_off=True
    )
    assert found.orders == ["start norepinephrine"]
    assert found.content.silence_is_off
    assert not decide("stage only initial", "0 h MAP 60", at="0 h").content.silence_is_off


def test_a_statement_about_other_infusions_does_not_end_a_charted_one() -> None:
    assert truth("NE running", "0 h NE 0.1 mcg/kg/min", "1 h no other infusions", at="1 h") is True


def test_the_rate_of_a_drug_that_is_off_is_nought() -> None:
    assert truth("NE < 0.1 mcg/kg/min", "0 h NE off", at="9 h") is True


def test_a_stop_does_not_expire_and_a_rate_becomes_unknown_not_off() -> None:
    assert truth("NE off", "0 h NE off", at="900 h") is True
    assert truth("NE running", "0 h NE 0.1 mcg/kg/min", at="2 h") is True
    assert truth("NE running", "0 h NE 0.1 mcg/kg/min", at="2 h 1 ms") is None
    assert truth("NE off", "0 h NE 0.1 mcg/kg/min", at="2 h 1 ms") is None


def test_a_rate_of_nought_is_a_stop() -> None:
    assert truth("NE off", "0 h NE 0.1 mcg/kg/min", "1 h NE 0 mcg/kg/min", at="9 h") is True


def test_charted_as_on_without_a_rate_is_running_at_an_unknown_rate() -> None:
    facts = ("0 h NE running", "0 h weight 70")
    assert truth("NE running", *facts, at="1 h") is True
    assert truth("NE off", *facts, at="1 h") is False
    assert truth("NE > 0 mcg/kg/min", *facts, at="1 h") is None


@pytest.mark.parametrize("rate", ["5 units/min", "5 furlong/day", "5 mg"])
def test_a_rate_in_a_unit_that_cannot_be_of_the_drug_is_running_at_an_unknown_rate(rate: str) -> None:
    found = decide(
        "stage only initial rule a when NE > 0.1 mcg/kg/min then stop NE", f"0 h NE {rate}", at="0 h"
    )
    assert found.pending == {"only.a": ("norepinephrine rate",)}
    assert found.rejected == ["norepinephrine unit"]
    assert truth("NE running", f"0 h NE {rate}", at="0 h") is True


def test_a_rate_that_is_not_known_is_not_a_known_drug() -> None:
    assert truth("NE known", "0 h NE off", at="0 h") is True
    assert truth("NE known", "0 h NE 0.1 mcg/kg/min", at="0 h") is True
    assert truth("NE known", "0 h NE running", at="0 h") is False
    assert truth("NE known", "0 h NE 5 mg", at="0 h") is False
    assert truth("NE known", "0 h MAP 60", at="0 h") is False


def test_a_class_runs_when_a_member_runs_and_is_off_when_all_are() -> None:
    assert truth("pressors running", "0 h NE 0.1 mcg/kg/min", at="0 h") is True
    assert truth("pressors off", "0 h NE off", at="0 h") is None
    assert truth("pressors off", "0 h NE off", "0 h no other infusions", at="0 h") is True
    assert truth("pressors running", "0 h NE off", "0 h no other infusions", at="0 h") is False


def test_a_dose_runs_while_it_lasts_and_not_at_its_end() -> None:
    assert truth("terlipressin running", "0 h terlipressin given 1 mg", at="5 h 3599999 ms") is True
    assert truth("terlipressin running", "0 h terlipressin given 1 mg", at="6 h") is False
    assert truth("terlipressin off", "0 h terlipressin given 1 mg", at="6 h") is True


def test_a_drug_ordered_is_not_running_at_that_instant() -> None:
    text = """
    stage only initial
      rule a when NE off then start NE
      rule b when NE running then notify "runs"
    """
    assert decide(text, "0 h NE off", at="0 h").orders == ["start norepinephrine"]


# ---------------------------------------------------------------- comparing doses exactly


@pytest.mark.parametrize("kilograms", ["47", "60.3", "61.7", "70", "83.1", "97.3", "123.456"])
def test_35_mcg_a_minute_is_35_mcg_a_minute_at_every_weight(kilograms: str) -> None:
    facts = ("0 h NE 35 mcg/min", f"0 h weight {kilograms}")
    assert truth("NE >= 35 mcg/min", *facts, at="0 h") is True
    assert truth("NE <= 35 mcg/min", *facts, at="0 h") is True
    assert truth("NE > 35 mcg/min", *facts, at="0 h") is False


def test_7_mcg_a_minute_at_70_kg_is_exactly_a_tenth() -> None:
    facts = ("0 h NE 7 mcg/min", "0 h weight 70")
    assert truth("NE >= 0.1 mcg/kg/min", *facts, at="0 h") is True
    assert truth("NE > 0.1 mcg/kg/min", *facts, at="0 h") is False


def test_a_rate_without_an_exact_millionth_per_kg_still_compares_exactly() -> None:
    facts = ("0 h NE 1 mcg/min", "0 h weight 3")
    assert truth("NE * 3 >= 1 mcg/kg/min", *facts, at="0 h") is True
    assert truth("NE * 3 > 1 mcg/kg/min", *facts, at="0 h") is False
    assert truth("NE > 0.333333 mcg/kg/min", *facts, at="0 h") is True


def test_a_rate_charted_in_the_very_unit_asked_needs_no_weight() -> None:
    assert truth("NE >= 35 mcg/min", "0 h NE 35 mcg/min", at="0 h") is True
    assert truth("NE >= 0.1 mcg/kg/min", "0 h NE 0.1 mcg/kg/min", at="0 h") is True


def test_without_a_weight_the_other_unit_is_unknown_and_the_weight_is_asked_for() -> None:
    found = decide(
        "stage only initial rule a when NE >= 0.1 mcg/kg/min then stop NE", "0 h NE 7 mcg/min", at="0 h"
    )
    assert found.pending == {"only.a": ("weight never",)}


def test_units_of_one_dimension_need_no_weight() -> None:
    assert truth("NE = 0.6 mg/h", "0 h NE 10 mcg/min", at="0 h") is True
    assert truth("AVP = 2.4 units/h", "0 h AVP 0.04 units/min", at="0 h") is True


def test_a_flow_is_a_rate_through_the_label_of_its_bag() -> None:
    facts = ("0 h NE 7.5 mL/h of 4 mg in 250 mL", "0 h weight 80")
    assert truth("NE = 2 mcg/min", *facts, at="0 h") is True
    assert truth("NE = 0.025 mcg/kg/min", *facts, at="0 h") is True


def test_two_drugs_compare_in_their_own_units() -> None:
    facts = ("0 h NE 7 mcg/min", "0 h EPI 0.1 mcg/kg/min", "0 h weight 70")
    assert truth("NE = EPI", *facts, at="0 h") is True


def test_an_input_in_another_declared_unit_converts_exactly() -> None:
    assert truth("creatinine = 1.5 mg/dL", "0 h creatinine 132.63 umol/L", at="0 h") is True
    assert truth("creatinine >= 1.5 mg/dL", "0 h creatinine 132.62 umol/L", at="0 h") is False


def test_a_weight_in_pounds_is_exact() -> None:
    assert truth("NE = 1 mcg/kg/min", "0 h NE 45.359237 mcg/min", "0 h weight 100 lb", at="0 h") is True


# ---------------------------------------------------------------- the weight


def test_a_second_different_weight_makes_it_unknown_until_one_is_retracted() -> None:
    text = "stage only initial rule a when NE >= 0.1 mcg/kg/min then stop NE"
    facts = ("0 h NE 7 mcg/min", "a: 0 h weight 70", "b: 1 h weight 80")
    found = decide(text, *facts, at="1 h")
    assert found.pending == {"only.a": ("weight contested",)}
    assert found.rejected == ["weight contested"]
    assert decide(text, *facts, at="59 min").orders == ["stop norepinephrine"]
    assert decide(text, *facts, "2 h retract b", at="1 h").orders == ["stop norepinephrine"]


def test_the_same_weight_again_is_no_second_weight() -> None:
    assert truth(
        "NE = 0.1 mcg/kg/min", "0 h NE 7 mcg/min", "0 h weight 70", "1 h weight 70000 mg", at="1 h"
    ) in (True, None)
    assert (
        truth("NE = 0.1 mcg/kg/min", "0 h NE 7 mcg/min", "0 h weight 70", "1 h weight 70", at="1 h") is True
    )


def test_a_weight_of_nought_is_no_weight() -> None:
    assert truth("NE = 0.1 mcg/kg/min", "0 h NE 7 mcg/min", "0 h weight 0", at="0 h") is None


# ---------------------------------------------------------------- above the maximum


def test_a_rate_above_the_maximum_is_a_fact() -> None:
    assert truth("NE > 3 mcg/kg/min", "0 h NE 3.5 mcg/kg/min", at="0 h") is True


def test_nothing_continues_or_raises_a_drug_above_its_maximum_and_a_caution_stands() -> None:
    text = """
    stage only initial
      rule keep when MAP >= 65 then continue NE
      rule raise when MAP < 65 then increase NE by 0.1 mcg/kg/min
    """
    for pressure, op in (("70", "continue"), ("60", "increase")):
        found = decide(text, "0 h NE 3.5 mcg/kg/min", f"0 h MAP {pressure}", at="0 h")
        assert found.orders == []
        assert f"{op} norepinephrine" in found.withheld | found.waiting
        assert found.alerts == ["above_maximum norepinephrine"]


def test_at_the_maximum_it_is_continued_and_not_raised_and_no_caution_stands() -> None:
    text = """
    stage only initial
      rule keep when MAP >= 65 then continue NE
      rule raise when MAP < 65 then increase NE by 0.1 mcg/kg/min
    """
    found = decide(text, "0 h NE 3 mcg/kg/min", "0 h MAP 70", at="0 h")
    assert (found.orders, found.alerts) == (["continue norepinephrine"], [])
    assert decide(text, "0 h NE 3 mcg/kg/min", "0 h MAP 60", at="0 h").waiting == {
        "increase norepinephrine": "at_limit"
    }


def test_a_restricted_maximum_cautions_and_holds_back_too() -> None:
    text = """
    restrict NE maximum 1 mcg/kg/min while bleeding
    stage only initial rule keep when MAP >= 65 then continue NE
    """
    facts = ("0 h NE 1.5 mcg/kg/min", "0 h MAP 70")
    found = decide(text, *facts, "0 h bleeding yes", at="0 h")
    assert (found.withheld, found.alerts) == (
        {"continue norepinephrine": "maximum"},
        ["above_maximum norepinephrine"],
    )
    found = decide(text, *facts, "0 h bleeding no", at="0 h")
    assert (found.orders, found.alerts) == (["continue norepinephrine"], [])


# ---------------------------------------------------------------- a need


NEEDS = 'stage calm initial when MAP < 65 then go to low stage low rule a when MAP < 60 then notify "x"'


@pytest.mark.parametrize("stage", ["calm", "low"])
def test_a_running_drug_whose_need_is_off_raises_an_alert_in_every_stage(stage: str) -> None:
    pressure = "70" if stage == "calm" else "62"
    found = decide(NEEDS, f"0 h MAP {pressure}", "0 h AVP 0.03 units/min", "0 h NE off", at="0 h")
    assert (found.stage, found.alerts) == (stage, ["need vasopressin"])
    assert found.content.alerts[0].detail == "norepinephrine off"


def test_a_need_that_is_unknown_raises_the_alert_and_one_that_runs_does_not() -> None:
    facts = ("0 h MAP 70", "0 h AVP 0.03 units/min")
    assert decide(NEEDS, *facts, at="0 h").content.alerts[0].detail == "norepinephrine unknown"
    assert decide(NEEDS, *facts, "0 h NE 0.1 mcg/kg/min", at="0 h").alerts == []


# ---------------------------------------------------------------- time on, courses


def test_time_on_counts_the_present_unbroken_run() -> None:
    facts = ("0 h EPI 0.1 mcg/kg/min", "2 h EPI 0.2 mcg/kg/min", "3 h EPI off", "4 h EPI 0.1 mcg/kg/min")
    assert truth("time on EPI >= 2 h", *facts, at="2 h") is True
    assert truth("time on EPI = 0 h", *facts, at="3 h") is True
    assert truth("time on EPI >= 1 h", *facts, at="5 h") is True
    assert truth("time on EPI > 1 h", *facts, at="5 h") is False


def test_time_on_an_unknown_drug_is_unknown() -> None:
    assert truth("time on EPI < 1 h", "0 h MAP 60", at="0 h") is None


def test_time_in_a_course_is_nought_when_none_is_on_and_unknown_when_unknown() -> None:
    assert truth("time in therapy = 0 h", "0 h MAP 60", "0 h no other infusions", at="0 h") is True
    assert truth("time in therapy = 0 h", "0 h MAP 60", at="0 h") is None


def test_a_course_begins_at_the_first_start_and_survives_a_switch_between_members() -> None:
    facts = ("0 h NE 0.1 mcg/kg/min", "0 h no other infusions", "2 h NE off", "20 h terlipressin given 1 mg")
    assert truth("time in therapy = 21 h", *facts, at="21 h") is True


def test_a_course_ends_when_none_has_run_for_the_stated_time() -> None:
    facts = ("0 h NE 0.1 mcg/kg/min", "0 h no other infusions", "2 h NE off")
    assert truth("time in therapy > 25 h", *facts, at="25 h 3599999 ms") is True
    assert truth("time in therapy = 0 h", *facts, at="26 h") is True


def test_a_start_after_the_end_begins_another_course() -> None:
    facts = ("0 h NE 0.1 mcg/kg/min", "0 h no other infusions", "2 h NE off", "26 h NE 0.1 mcg/kg/min")
    assert truth("time in therapy = 1 h", *facts, at="27 h") is True


def test_the_value_at_the_start_of_a_course() -> None:
    facts = ("0 h creatinine 2", "1 h NE 0.1 mcg/kg/min", "0 h no other infusions", "3 h creatinine 1")
    assert truth("creatinine at start of therapy = 2 mg/dL", *facts, at="3 h") is True
    assert truth("creatinine at start of therapy = 2 mg/dL", "0 h creatinine 2", at="0 h") is None


def test_a_switch_at_one_instant_survives_even_where_a_course_ends_at_once() -> None:
    declared = "course quick of long"
    facts = ("0 h no other infusions", "0 h terlipressin given 1 mg", "6 h NE 0.1 mcg/kg/min")
    assert truth("time in quick = 7 h", *facts, at="7 h", declared=declared) is True


def test_a_dose_just_as_the_last_one_ends_is_no_break() -> None:
    facts = ("0 h terlipressin given 1 mg", "6 h terlipressin given 1 mg")
    assert truth("time on terlipressin = 7 h", *facts, at="7 h") is True


def test_end_of_a_course_withdraws_all_of_it_and_is_done_when_all_are_off() -> None:
    text = "stage only initial rule a when MAP > 65 then end therapy"
    found = decide(text, "0 h MAP 70", "0 h NE 0.1 mcg/kg/min", at="0 h")
    assert found.orders == ["end therapy"]
    found = decide(text, "0 h MAP 70", "0 h NE off", "0 h no other infusions", at="0 h")
    assert found.done == ["end therapy"]


def test_a_total_over_a_window_is_known_once_silence_has_lasted_that_long() -> None:
    facts = ("0 h no other infusions", "5 min MAP 60")
    assert truth("total furosemide over 10 h = 0 mg", *facts, at="9 h") is None
    assert truth("total furosemide over 10 h = 0 mg", *facts, at="10 h") is True
