"""Starts, steps, doses with their figures, measuring, doing, deadlines. LANGUAGE sections 5, 7 and 10."""

from __future__ import annotations

import pytest
from tests.edges.road import decide, millis

from rung_engine.decision.model import Dose, Standing


def order(orders: str) -> str:
    return f"stage only initial rule a when MAP < 65 then {orders}"


LOW = tuple(f"{minute} min MAP 60" for minute in range(0, 24 * 60, 15))
OFF = ("0 h no other infusions",)


def dose(standing: Standing) -> tuple[int, int, str]:
    assert standing.dose is not None
    return standing.dose.lo, standing.dose.hi, standing.dose.unit


def figures(found: Dose | None) -> set[tuple[str, str, int, int]]:
    assert found is not None
    return {(figure.unit, figure.at, figure.lo, figure.hi) for figure in found.figures}


# ---------------------------------------------------------------- starting


def test_a_start_without_a_dose_takes_the_drugs_own() -> None:
    found = decide(order("start NE"), *LOW, *OFF, at="0 h").order("start norepinephrine")
    assert dose(found) == (20_000, 50_000, "mcg/kg/min")


def test_the_dose_is_in_the_unit_ordered_with_the_patients_own_numbers() -> None:
    found = decide(order("start NE"), *LOW, *OFF, "0 h weight 70", at="0 h").order("start norepinephrine")
    assert figures(found.dose) == {
        ("mcg/min", "", 1_400_000, 3_500_000),
        ("mL/h", "16 mcg/mL", 5_250_000, 13_125_000),
        ("mL/h", "64 mcg/mL", 1_312_500, 3_281_250),
    }


def test_without_a_weight_a_dose_by_weight_has_no_other_figures_and_a_flat_one_has() -> None:
    assert (
        figures(decide(order("start NE"), *LOW, *OFF, at="0 h").order("start norepinephrine").dose) == set()
    )
    found = decide(order("start AVP"), *LOW, *OFF, "0 h NE 0.1 mcg/kg/min", at="0 h").order(
        "start vasopressin"
    )
    assert figures(found.dose) == {("mL/h", "0.4 units/mL", 4_500_000, 4_500_000)}


def test_a_figure_is_rounded_once_and_half_to_even() -> None:
    found = decide(order("start NE at 0.1 mcg/kg/min"), *LOW, *OFF, "0 h weight 61.7", at="0 h")
    assert ("mL/h", "64 mcg/mL", 5_784_375, 5_784_375) in figures(found.order("start norepinephrine").dose)


@pytest.mark.parametrize("word", ["start", "add"])
def test_a_start_is_carried_out_once_the_drug_runs_at_whatever_rate(word: str) -> None:
    for rate in ("0.01 mcg/kg/min", "0.03 mcg/kg/min", "1 mcg/kg/min"):
        found = decide(order(f"{word} NE"), *LOW, f"0 h NE {rate}", at="0 h")
        assert (found.orders, found.done) == ([], [f"{word} norepinephrine"])


def test_a_rate_above_the_written_dose_is_a_difference_and_no_order_to_lower_it() -> None:
    found = decide(order("start NE"), *LOW, "0 h NE 0.2 mcg/kg/min", at="0 h")
    assert (found.orders, found.order("start norepinephrine").cautions) == (
        [],
        ("above_dose:norepinephrine",),
    )
    found = decide(order("start NE"), *LOW, "0 h NE 0.05 mcg/kg/min", at="0 h")
    assert found.order("start norepinephrine").cautions == ()


def test_set_is_done_at_the_dose_and_due_beside_it() -> None:
    text = order("set NE to 0.1 to 0.2 mcg/kg/min")
    assert decide(text, *LOW, "0 h NE 0.1 mcg/kg/min", at="0 h").done == ["set norepinephrine"]
    assert decide(text, *LOW, "0 h NE 14 mcg/min", "0 h weight 70", at="0 h").done == ["set norepinephrine"]
    assert decide(text, *LOW, "0 h NE 0.3 mcg/kg/min", at="0 h").orders == ["set norepinephrine"]


def test_a_drug_that_is_off_is_not_continued_and_its_stop_is_done() -> None:
    assert decide(order("continue NE"), *LOW, *OFF, at="0 h").content.orders == ()
    assert decide(order("stop NE"), *LOW, *OFF, at="0 h").done == ["stop norepinephrine"]
    assert decide(order("stop NE"), *LOW, at="0 h").orders == ["stop norepinephrine"]


# ---------------------------------------------------------------- steps


UP = order("increase NE by 0.1 mcg/kg/min every 5 min up to 0.5 mcg/kg/min")


def test_a_step_is_added_to_the_charted_rate() -> None:
    found = decide(UP, *LOW, "-1 h NE 0.2 mcg/kg/min", at="0 h").order("increase norepinephrine")
    assert dose(found) == (300_000, 300_000, "mcg/kg/min")


def test_a_step_is_clamped_to_its_limit_and_at_it_does_not_stand() -> None:
    found = decide(UP, *LOW, "-1 h NE 0.45 mcg/kg/min", at="0 h").order("increase norepinephrine")
    assert dose(found) == (500_000, 500_000, "mcg/kg/min")
    for rate in ("0.5", "0.6"):
        found_at = decide(UP, *LOW, f"-1 h NE {rate} mcg/kg/min", at="0 h")
        assert (found_at.orders, found_at.waiting) == ([], {"increase norepinephrine": "at_limit"})


def test_a_step_is_clamped_to_the_maximum_and_to_a_tighter_restriction() -> None:
    text = order("increase NE by 1 mcg/kg/min")
    found = decide(text, *LOW, "-1 h NE 2.5 mcg/kg/min", at="0 h").order("increase norepinephrine")
    assert dose(found) == (3_000_000, 3_000_000, "mcg/kg/min")
    text = "restrict NE maximum 1 mcg/kg/min while bleeding\n" + text
    facts = (*LOW, "-1 h NE 0.5 mcg/kg/min")
    for bleeding, most in (("yes", 1_000_000), ("no", 1_500_000)):
        found = decide(text, *facts, f"0 h bleeding {bleeding}", at="0 h").order("increase norepinephrine")
        assert dose(found)[1] == most


def test_a_decrease_stops_at_its_limit_and_without_one_never_turns_into_a_stop() -> None:
    text = order("decrease NE by 0.1 mcg/kg/min down to 0.05 mcg/kg/min")
    found = decide(text, *LOW, "-1 h NE 0.1 mcg/kg/min", at="0 h").order("decrease norepinephrine")
    assert dose(found) == (50_000, 50_000, "mcg/kg/min")
    assert decide(text, *LOW, "-1 h NE 0.05 mcg/kg/min", at="0 h").waiting == {
        "decrease norepinephrine": "at_limit"
    }
    text = order("decrease NE by 0.1 mcg/kg/min")
    assert decide(text, *LOW, "-1 h NE 0.1 mcg/kg/min", at="0 h").waiting == {
        "decrease norepinephrine": "at_limit"
    }
    assert decide(text, *LOW, "-1 h NE 0.11 mcg/kg/min", at="0 h").orders == ["decrease norepinephrine"]


def test_a_taper_goes_down_to_nought() -> None:
    text = order("taper NE by 0.1 mcg/kg/min every 30 min")
    found = decide(text, *LOW, "-1 h NE 0.05 mcg/kg/min", at="0 h").order("taper norepinephrine")
    assert dose(found) == (0, 0, "mcg/kg/min")


def test_a_step_is_allowed_exactly_t_after_the_rate_last_changed_and_not_before() -> None:
    facts = (*LOW, "-1 h NE 0.1 mcg/kg/min", "1 h NE 0.2 mcg/kg/min")
    found = decide(UP, *facts, at="1 h 4 min 59999 ms")
    assert (found.orders, found.waiting) == ([], {"increase norepinephrine": "step_not_due"})
    assert found.content.waiting[0].until == millis("1 h 5 min")
    assert decide(UP, *facts, at="1 h 5 min").orders == ["increase norepinephrine"]


def test_the_same_rate_charted_again_is_no_change_in_whatever_unit() -> None:
    facts = (*LOW, "-1 h NE 0.1 mcg/kg/min", "1 h NE 0.1 mcg/kg/min", "65 min NE 7 mcg/min", "0 h weight 70")
    assert decide(UP, *facts, at="1 h").orders == ["increase norepinephrine"]
    assert decide(UP, *facts, at="65 min").orders == ["increase norepinephrine"]


def test_a_start_is_a_change() -> None:
    facts = (*LOW, "-1 h NE off", "1 h NE 0.1 mcg/kg/min")
    assert decide(UP, *facts, at="1 h").waiting == {"increase norepinephrine": "step_not_due"}


def test_a_step_presupposes_a_running_drug_at_a_known_rate() -> None:
    assert decide(UP, *LOW, "-1 h NE off", at="0 h").waiting == {"increase norepinephrine": "not_running"}
    assert decide(UP, *LOW, "-1 h NE running", at="0 h").pending == {"only.a": ("norepinephrine rate",)}
    assert decide(UP, *LOW, at="0 h").pending == {"only.a": ("norepinephrine never",)}
    assert decide(UP, *LOW, "-3 h NE 0.1 mcg/kg/min", at="0 h").pending == {
        "only.a": ("norepinephrine stale",)
    }


def test_a_step_by_weight_of_a_rate_charted_flat_needs_the_weight() -> None:
    facts = (*LOW, "-1 h NE 7 mcg/min")
    assert decide(UP, *facts, at="0 h").pending == {"only.a": ("weight never",)}
    assert dose(decide(UP, *facts, "0 h weight 70", at="0 h").order("increase norepinephrine"))[0] == 200_000


def test_six_steps_of_a_restricted_unit_are_exactly_its_maximum_at_every_weight() -> None:
    text = "restrict NE in mg/h start 0.5 mg/h maximum 3 mg/h\n" + order("increase NE by 0.5 mg/h")
    for kilograms in ("47.3", "61.7", "83.9"):
        facts = (*LOW, "-1 h NE 2.5 mg/h", f"0 h weight {kilograms}")
        assert dose(decide(text, *facts, at="0 h").order("increase norepinephrine")) == (
            3_000_000,
            3_000_000,
            "mg/h",
        )
        assert decide(text, *facts, "0 h NE 3 mg/h", at="0 h").waiting == {
            "increase norepinephrine": "at_limit"
        }


def test_a_restricted_start_is_the_dose_of_a_start_without_one() -> None:
    text = "restrict NE in mg/h start 0.5 mg/h maximum 3 mg/h\n" + order("start NE")
    assert dose(decide(text, *LOW, *OFF, at="0 h").order("start norepinephrine")) == (
        500_000,
        500_000,
        "mg/h",
    )
    text = "restrict NE start 0.02 mcg/kg/min while bleeding\n" + order("start NE")
    assert (
        dose(decide(text, *LOW, *OFF, "0 h bleeding yes", at="0 h").order("start norepinephrine"))[1]
        == 20_000
    )
    assert (
        dose(decide(text, *LOW, *OFF, "0 h bleeding no", at="0 h").order("start norepinephrine"))[1] == 50_000
    )


TITRATE = """stage only initial
  titrate NE by 0.02 mcg/kg/min every 5 min from 0.02 to 0.5 mcg/kg/min to keep MAP {keep}"""


@pytest.mark.parametrize(
    ("keep", "pressure", "orders"),
    [
        (">= 65", "60", ["increase norepinephrine"]),
        (">= 65", "90", []),
        ("from 65 to 80", "60", ["increase norepinephrine"]),
        ("from 65 to 80", "65", []),
        ("from 65 to 80", "80", []),
        ("from 65 to 80", "81", ["decrease norepinephrine"]),
    ],
)
def test_titrate_raises_below_its_target_and_lowers_only_above_an_upper_bound(
    keep: str, pressure: str, orders: list[str]
) -> None:
    facts = (f"0 h MAP {pressure}", "-1 h NE 0.1 mcg/kg/min")
    assert decide(TITRATE.format(keep=keep), *facts, at="0 h").orders == orders


# ---------------------------------------------------------------- giving


def test_a_dose_at_most_a_cap_is_in_the_unit_that_binds() -> None:
    text = order("give albumin 1 g/kg at most 80 g")
    assert dose(decide(text, *LOW, "0 h weight 70", at="0 h").order("give albumin")) == (
        1_000_000,
        1_000_000,
        "g/kg",
    )
    assert dose(decide(text, *LOW, "0 h weight 90", at="0 h").order("give albumin")) == (
        80_000_000,
        80_000_000,
        "g",
    )
    assert decide(text, *LOW, at="0 h").unconfirmed == ["give albumin"]


def volume(order: Standing) -> tuple[str, int, int] | None:
    found = order.volume
    return None if found is None else (found.unit, found.lo // 1000, found.hi // 1000)


def test_a_dose_is_shown_with_the_volume_it_is_diluted_in() -> None:
    text = order("give hydrocortisone 5 to 10 mg in 10 to 15 mL within 12 h of collapse")
    found = decide(text, *LOW, at="0 h").order("give hydrocortisone")
    assert dose(found) == (5_000_000, 10_000_000, "mg")
    assert volume(found) == ("mL", 10_000, 15_000)
    assert volume(decide(order("give albumin 25 g in 0.5 L"), *LOW, at="0 h").order("give albumin")) == (
        "L", 500, 500
    )  # fmt: skip
    assert volume(decide(order("give albumin 25 g"), *LOW, at="0 h").order("give albumin")) is None


@pytest.mark.parametrize(
    ("one", "two", "left"),
    [
        ("5 mg in 10 to 15 mL", "5 mg in 12 mL", ("mL", 12_000, 12_000)),
        ("5 mg in 10 to 15 mL", "5 mg", ("mL", 10_000, 15_000)),
        ("5 to 10 mg in 12 to 13 mL", "5 to 6 mg in 0.01 to 0.015 L", ("mL", 12_000, 13_000)),
        ("5 mg in 10 to 15 mL", "5 mg in 15 to 20 mL", None),
        ("5 mg in 10 mL", "6 mg in 10 mL", None),
    ],
)
def test_volumes_agree_where_one_lies_inside_the_other_and_else_contradict(
    one: str, two: str, left: tuple[str, int, int] | None
) -> None:
    text = (
        f"stage only initial rule a when MAP < 65 then give hydrocortisone {one} "
        f"rule b when MAP < 65 then give hydrocortisone {two}"
    )
    found = decide(text, *LOW, at="0 h")
    assert found.contradictions == ([] if left else ["orders"])
    if left is not None:
        assert found.orders == ["give hydrocortisone"]
        standing = found.order("give hydrocortisone")
        assert volume(standing) == left
        assert standing.rules == ("only.a", "only.b")


def test_a_volume_that_became_narrower_may_lie_inside_a_third() -> None:
    text = (
        "stage only initial rule a when MAP < 65 then give hydrocortisone 5 mg in 10 to 20 mL "
        "rule b when MAP < 65 then give hydrocortisone 5 mg in 9 to 30 mL "
        "rule c when MAP < 65 then give hydrocortisone 4 to 6 mg in 12 mL"
    )
    found = decide(text, *LOW, at="0 h")
    assert (found.orders, found.contradictions) == (["give hydrocortisone"], [])
    assert volume(found.order("give hydrocortisone")) == ("mL", 12_000, 12_000)


def test_totalling_counts_what_was_given_in_this_session_and_shows_what_remains() -> None:
    text = order("give crystalloid totalling 30 mL/kg within 3 h")
    facts = (*LOW, "0 h weight 70", "-1 h crystalloid given 500 mL", "1 h crystalloid given 1000 mL")
    remaining = decide(text, *facts, at="1 h", applies="MAP known").order("give crystalloid").remaining
    assert remaining is not None
    assert (remaining.lo, remaining.unit) == (15_714_286, "mL/kg")
    assert ("mL", "", 1_100_000_000, 1_100_000_000) in figures(remaining)


def test_totalling_is_done_at_the_total_and_late_strictly_after_its_time() -> None:
    text = order("give crystalloid totalling 30 mL/kg within 3 h")
    facts = (*LOW, "0 h weight 70", "1 h crystalloid given 1000 mL")
    assert decide(text, *facts, at="3 h").order("give crystalloid").mark == "due"
    assert decide(text, *facts, at="3 h 1 ms").order("give crystalloid").mark == "late"
    done = decide(text, *facts, "2 h crystalloid given 1100 mL", at="3 h 1 ms")
    assert done.done == ["give crystalloid"]


def test_an_input_that_counts_a_drug_grows_with_its_doses() -> None:
    text = 'stage only initial rule a when fluids >= 30 mL/kg then notify "x"'
    facts = ("0 h weight 70", "0 h fluids 10", "1 h crystalloid given 1400 mL")
    assert decide(text, *facts, at="59 min").orders == []
    assert decide(text, *facts, at="1 h").orders == ["notify x"]


@pytest.mark.parametrize("at", ["1 h", "20 h"])
def test_once_is_met_for_good_by_the_first_giving(at: str) -> None:
    text = order("give hydrocortisone 100 mg once")
    assert decide(text, *LOW, at="1 h").orders == ["give hydrocortisone"]
    assert decide(text, *LOW, "1 h hydrocortisone given 100 mg", at=at).done == ["give hydrocortisone"]


def test_once_is_of_the_session() -> None:
    text = order("give hydrocortisone 100 mg once")
    facts = ("-1 h hydrocortisone given 100 mg", *LOW)
    assert decide(text, *facts, at="1 h", applies="MAP < 65").orders == ["give hydrocortisone"]


def test_once_per_course_is_owed_again_in_the_next_course() -> None:
    text = order("give hydrocortisone 100 mg once per therapy")
    facts = (*LOW, "-30 h no other infusions", "-30 h NE 0.1 mcg/kg/min", "-29 h hydrocortisone given 100 mg")
    assert decide(text, *facts, "-28 h NE 0.1 mcg/kg/min", at="0 h").done == ["give hydrocortisone"]
    facts = (*facts, "-28 h NE off")
    assert decide(text, *facts, "0 h NE 0.1 mcg/kg/min", at="0 h").orders == ["give hydrocortisone"]
    facts = (*LOW, "0 h NE 0.1 mcg/kg/min", "1 h hydrocortisone given 100 mg")
    assert decide(text, *facts, at="2 h").done == ["give hydrocortisone"]


def test_a_dose_every_six_hours_is_due_again_six_hours_after_the_last() -> None:
    text = order("give hydrocortisone 50 mg every 6 h")
    facts = (*LOW, "1 h hydrocortisone given 50 mg")
    assert decide(text, *facts, at="0 h").order("give hydrocortisone").mark == "due"
    assert decide(text, *facts, at="6 h 3599999 ms").order("give hydrocortisone").mark == "not_due"
    assert decide(text, *facts, at="7 h").order("give hydrocortisone").mark == "due"
    assert decide(text, *facts, at="7 h 1 ms").order("give hydrocortisone").mark == "late"


def test_three_times_daily_is_every_eight_hours() -> None:
    found = decide(order("give hydrocortisone 50 mg 3 times daily"), *LOW, at="0 h").order(
        "give hydrocortisone"
    )
    assert (found.every_lo, found.every_hi) == (8 * 3_600_000, 8 * 3_600_000)


# ---------------------------------------------------------------- measuring and doing


MEASURE = order("measure lactate every 2 to 4 h")


@pytest.mark.parametrize(
    ("at", "mark"),
    [("2 h 3599999 ms", "not_due"), ("3 h", "due"), ("5 h", "due"), ("5 h 1 ms", "late")],
)
def test_a_measurement_is_due_at_the_lower_bound_and_late_after_the_upper(at: str, mark: str) -> None:
    assert decide(MEASURE, *LOW, "1 h lactate 2", at=at).order("measure lactate").mark == mark


def test_a_reading_from_before_the_order_counts() -> None:
    found = decide(MEASURE, *LOW, "-1 h lactate 2", at="0 h", applies="MAP known").order("measure lactate")
    assert (found.mark, found.due_at, found.late_after) == ("not_due", millis("1 h"), millis("3 h"))


def test_a_rejected_reading_does_not_count() -> None:
    found = decide(MEASURE, *LOW, "1 h lactate 99", at="1 h").order("measure lactate")
    assert (found.mark, found.late_after) == ("due", millis("4 h"))


def test_a_measurement_never_taken_is_due_at_once_and_late_after_its_upper_bound() -> None:
    assert decide(MEASURE, *LOW, at="4 h").order("measure lactate").mark == "due"
    assert decide(MEASURE, *LOW, at="4 h 1 ms").order("measure lactate").mark == "late"


def test_an_order_is_not_late_at_the_instant_it_first_stands() -> None:
    facts = ("-30 h lactate 2", *LOW)
    found = decide(MEASURE, *facts, at="0 h", applies="MAP known").order("measure lactate")
    assert (found.mark, found.late_after) == ("due", millis("4 h"))


def test_a_panel_is_as_old_as_its_oldest_member() -> None:
    text = order("measure gases every 4 h")
    facts = (*LOW, "0 h lactate 2", "2 h ph 7.3")
    assert decide(text, *facts, at="2 h").order("measure gases").mark == "not_due"
    assert decide(text, *facts, at="4 h").order("measure gases").mark == "due"
    assert decide(text, *LOW, "0 h lactate 2", at="1 h").order("measure gases").mark == "due"


def test_continuously_is_late_whenever_the_reading_is_unknown() -> None:
    text = "stage only initial rule a when line then measure MAP continuously"
    facts = ("0 h line yes", "0 h MAP 60", "20 min MAP 60")
    marks = [
        decide(text, *facts, at=at).order("measure MAP").mark for at in ("15 min", "15 min 1 ms", "20 min")
    ]
    assert marks == ["not_due", "late", "not_due"]


def test_a_task_once_done_is_done() -> None:
    assert decide(order("do cannula"), *LOW, at="1 h").orders == ["do cannula"]
    assert decide(order("do cannula"), *LOW, "1 h cannula done", at="2 h").done == ["do cannula"]


# ---------------------------------------------------------------- deadlines


def test_a_deadline_runs_from_the_instant_the_order_first_stood_and_is_late_strictly_after() -> None:
    text = "stage only initial rule a when MAP < 65 then do cannula within 1 h"
    facts = ("0 h MAP 70", "10 min MAP 70", *(f"{m} min MAP 60" for m in range(20, 200, 15)))
    assert decide(text, *facts, at="80 min").order("do cannula").mark == "due"
    assert decide(text, *facts, at="80 min 1 ms").order("do cannula").mark == "late"


def test_a_deadline_does_not_run_while_it_is_not_yet_known_that_the_rule_holds() -> None:
    text = "stage only initial rule a when lactate > 2 then do cannula within 1 h"
    found = decide(text, "0 h MAP 60", "5 h lactate 3", at="5 h").order("do cannula")
    assert (found.mark, found.late_after) == ("due", millis("6 h"))


def test_an_instance_lives_through_not_knowing_and_ends_when_the_rule_is_false() -> None:
    text = "stage only initial rule a when MAP < 65 then do cannula within 1 h"
    unknown = ("0 h MAP 60", "40 min MAP 60", "61 min MAP 60")
    assert decide(text, *unknown, at="61 min").order("do cannula").mark == "late"
    false = (
        "0 h MAP 60",
        "10 min MAP 70",
        "20 min MAP 60",
        "35 min MAP 60",
        "50 min MAP 60",
        "61 min MAP 60",
    )
    assert decide(text, *false, at="61 min").order("do cannula").late_after == millis("80 min")


def test_a_deadline_of_an_event_runs_from_the_event() -> None:
    text = order("give hydrocortisone 100 mg within 1 h of collapse")
    facts = (*LOW, "-30 min collapse happened")
    assert decide(text, *facts, at="30 min").order("give hydrocortisone").mark == "due"
    assert decide(text, *facts, at="30 min 1 ms").order("give hydrocortisone").mark == "late"
    assert decide(text, *LOW, at="20 h").order("give hydrocortisone").late_after is None


def test_a_deadline_met_is_never_late() -> None:
    text = order("do cannula within 1 h")
    assert decide(text, *LOW, "30 min cannula done", at="2 h").done == ["do cannula"]


def test_the_engine_wakes_when_an_order_becomes_late() -> None:
    found = decide(order("do cannula within 1 h"), *LOW, at="3 h")
    assert [decision.time for decision in found.run.decisions] == [0, millis("1 h 1 ms")]


def test_a_range_of_steps_without_a_floor_never_offers_a_stop() -> None:
    text = "stage only initial rule a when MAP >= 65 then decrease NE by 0.02 to 0.1 mcg/kg/min"
    found = decide(text, "0 h MAP 80", "0 h weight 70", "0 h NE 0.05 mcg/kg/min", at="0 h")
    dose = found.order("decrease norepinephrine").dose
    assert dose is not None
    assert (dose.lo, dose.hi) == (30_000, 30_000)


def test_two_totals_of_one_drug_stay_two_orders() -> None:
    text = (
        "stage only initial rule a when MAP < 65 then give crystalloid totalling 30 mL/kg "
        "rule b when MAP < 65 then give crystalloid totalling 10 mL/kg"
    )
    found = decide(text, "0 h MAP 60", "0 h weight 70", at="0 h")
    left = sorted(order.remaining.lo for order in found.content.orders if order.remaining is not None)
    assert left == [10_000_000, 30_000_000]


def test_a_maximum_of_a_rate_says_nothing_about_a_dose_of_the_same_drug() -> None:
    text = (
        "drug colloid infusion in g/day bolus in g maximum 40 g/day lasts 24 h "
        "stage only initial rule a when MAP < 65 then give colloid 1 g/kg at most 100 g once"
    )
    found = decide(text, *LOW, *OFF, "0 h weight 70", at="0 h").order("give colloid")
    assert found.confirmed
    assert dose(found) == (1_000_000, 1_000_000, "g/kg")
