"""Sessions and stages: where one begins, moves, stays and ends. LANGUAGE sections 6, 7 and 10."""

from __future__ import annotations

import pytest
from tests.edges.road import compiled, decide, truth

from rung_engine.program import SettingProblem

THREE = """
stage high initial if MAP >= 65
stage low initial if MAP < 50
stage middle initial
throughout rule watch when lactate > 2 then notify "doctor"
"""

# ---------------------------------------------------------------- where a session begins


@pytest.mark.parametrize(("pressure", "stage"), [("70", "high"), ("40", "low"), ("60", "middle")])
def test_initial_stages_are_tried_in_file_order(pressure: str, stage: str) -> None:
    assert decide(THREE, f"0 h MAP {pressure}", at="0 h").stage == stage


def test_the_unconditional_initial_stage_is_last_wherever_it_is_written() -> None:
    text = "stage middle initial stage high initial if MAP >= 65"
    assert decide(text, "0 h MAP 70", at="0 h").stage == "high"
    assert decide(text, "0 h MAP 60", at="0 h").stage == "middle"


def test_while_a_condition_tried_before_is_unknown_the_session_has_no_stage() -> None:
    found = decide(THREE, "0 h lactate 3", at="0 h")
    assert found.stage is None
    assert found.pending == {"initial:high": ("MAP never",)}
    assert found.orders == ["notify doctor"]


def test_an_unknown_condition_tried_after_the_chosen_stage_does_not_matter() -> None:
    text = "stage high initial if MAP >= 65 stage acid initial if lactate > 2 stage middle initial"
    assert decide(text, "0 h MAP 70", at="0 h").stage == "high"
    assert decide(text, "0 h MAP 60", at="0 h").stage is None


def test_the_stage_is_chosen_when_the_reading_comes_and_not_again() -> None:
    facts = ("0 h lactate 3", "1 h MAP 70", "2 h MAP 40")
    assert decide(THREE, *facts, at="1 h").stage == "high"
    assert decide(THREE, *facts, at="2 h").stage == "high"


# ---------------------------------------------------------------- when a session begins and ends


BODY = 'stage only initial rule a when MAP < 65 then start NE rule b when ever MAP < 50 then notify "x"'


def test_a_session_begins_at_the_first_instant_at_which_it_applies() -> None:
    facts = ("0 h MAP 60", "0 h NE off", "5 min bleeding no", "10 min bleeding yes")
    assert decide(BODY, *facts, at="0 h", applies="bleeding").content.phase == "unclear"
    assert decide(BODY, *facts, at="5 min", applies="bleeding").content.phase == "not_applicable"
    found = decide(BODY, *facts, at="10 min", applies="bleeding")
    assert (found.content.phase, found.orders) == ("active", ["start norepinephrine"])


def test_while_it_is_unknown_whether_it_applies_nothing_is_ordered_and_what_is_missing_is_said() -> None:
    found = decide(BODY, "0 h MAP 60", at="0 h", applies="bleeding")
    assert found.content.orders == ()
    assert found.pending == {"applies": ("bleeding never",)}


def test_when_it_is_no_longer_known_whether_it_applies_nothing_is_ordered_and_the_stage_is_kept() -> None:
    text = "stage calm initial when MAP < 65 then go to low stage low rule a when MAP < 66 then start NE"
    facts = ("0 h MAP 60", "0 h NE off", "0 h bleeding yes", "62 min bleeding yes", "62 min MAP 60")
    found = decide(text, *facts, at="1 h 1 ms", applies="bleeding")
    assert (found.content.phase, found.stage, found.content.orders) == ("suspended", "low", ())
    assert found.pending == {"applies": ("bleeding stale",)}
    found = decide(text, *facts, at="62 min", applies="bleeding")
    assert (found.content.phase, found.stage, found.orders) == ("active", "low", ["start norepinephrine"])


@pytest.mark.parametrize("at", ["30 min", "30 min 1 ms", "90 min"])
def test_when_it_applies_no_longer_it_ends_and_names_the_drugs_that_still_run(at: str) -> None:
    facts = ("0 h MAP 60", "0 h NE 0.1 mcg/kg/min", "0 h EPI off", "0 h bleeding yes", "30 min bleeding no")
    found = decide(BODY, *facts, at=at, applies="bleeding")
    assert found.content.phase == "ended"
    assert found.content.orders == ()
    assert found.alerts == ["still_running norepinephrine"]


def test_the_drugs_that_still_run_are_named_until_they_are_off() -> None:
    facts = ("0 h NE 0.1 mcg/kg/min", "0 h bleeding yes", "30 min bleeding no", "40 min NE off")
    assert decide(BODY, *facts, at="40 min", applies="bleeding").alerts == []


def test_when_it_applies_again_another_session_begins() -> None:
    facts = (
        "0 h MAP 40",
        "0 h bleeding yes",
        "20 min bleeding no",
        "30 min bleeding yes",
        "30 min MAP 60",
        "0 h NE off",
    )
    found = decide(BODY, *facts, at="30 min", applies="bleeding")
    assert (found.content.phase, found.orders) == (
        "active",
        ["start norepinephrine"],
    )  # nothing of `ever MAP < 50`


def test_finish_ends_the_session_with_its_words() -> None:
    text = 'stage only initial rule a when MAP > 70 then finish "well"'
    found = decide(text, "0 h MAP 80", at="1 h")
    assert (found.content.phase, found.content.outcome, found.stage) == ("finished", "well", None)


def test_a_finished_session_does_not_begin_again_while_it_still_applies() -> None:
    text = 'stage only initial rule a when MAP > 70 then finish "well" rule b when MAP < 65 then start NE'
    found = decide(text, "0 h MAP 80", "1 h MAP 60", "0 h NE off", at="1 h")
    assert (found.content.phase, found.orders) == ("finished", [])


# ---------------------------------------------------------------- transitions


CHAIN = """
stage calm initial when MAP < 65 then go to low
stage low when MAP < 55 then go to lower
stage lower rule rest when MAP < 55 then notify "x"
throughout rule been when time in stage >= 0 h and lactate > 2 then notify "y"
"""


def test_transitions_are_followed_until_none_fires_and_the_way_is_named() -> None:
    found = decide(CHAIN, "0 h MAP 50", at="0 h")
    assert (found.stage, found.content.path, found.orders) == ("lower", ("calm", "low"), ["notify x"])


def test_a_transition_is_taken_when_its_guard_becomes_true_though_nothing_arrives() -> None:
    text = "stage calm initial when (MAP < 65) for 10 min then go to low stage low"
    facts = ("0 h MAP 60",)
    assert decide(text, *facts, at="9 min 59999 ms").stage == "calm"
    found = decide(text, *facts, at="14 min")
    assert found.stage == "low"
    assert next(item.time for item in found.run.decisions if item.content.stage == "low") == 600_000


def test_nothing_depends_on_how_often_an_engine_is_polled() -> None:
    text = """
    stage calm initial when (MAP < 65) for 10 min then go to low
    stage low when time in stage >= 3 min then go to calm
    """
    facts = ("0 h MAP 60", "12 min MAP 60")
    assert (
        decide(text, *facts, at="13 min").stage
        == decide(text, *facts, "13 min lactate 1", "11 min line yes", at="13 min").stage
    )


def test_an_unknown_condition_takes_no_transition() -> None:
    assert decide(CHAIN, "0 h lactate 1", at="0 h").stage == "calm"


@pytest.mark.parametrize(
    ("arrest", "stage"), [("0 h arrest no", "low"), ("0 h arrest yes", "calm"), ("0 h line yes", "calm")]
)
def test_a_transition_is_taken_only_when_its_exception_is_known_to_be_false(arrest: str, stage: str) -> None:
    text = "stage calm initial when MAP < 65 then go to low unless arrest stage low"
    assert decide(text, "0 h MAP 60", arrest, at="0 h").stage == stage


@pytest.mark.parametrize(
    ("arrest", "stage"), [("0 h arrest no", "low"), ("0 h arrest yes", "calm"), ("0 h line yes", "calm")]
)
def test_a_transition_is_not_taken_while_an_overriding_rule_is_unknown(arrest: str, stage: str) -> None:
    text = """
    stage calm initial
      rule hold when arrest then notify "wait"
      rule move when MAP < 65 then go to low
    stage low
    rule hold overrides move
    """
    found = decide(text, "0 h MAP 60", arrest, at="0 h")
    assert found.stage == stage


def test_a_pending_rule_that_only_opposes_does_not_hold_a_transition() -> None:
    text = """
    stage calm initial
      rule move when MAP < 65 then start NE and go to low
      rule hold when arrest then avoid NE
    stage low
    """
    assert decide(text, "0 h MAP 60", "0 h NE off", at="0 h").stage == "low"


def test_going_to_the_current_stage_does_nothing() -> None:
    text = """
    stage calm initial
    when MAP < 65 then go to low
    stage low
    throughout
    rule again when MAP < 60 then go to low
    """
    facts = ("0 h MAP 62", "10 min MAP 58")
    found = decide(text, *facts, at="20 min")
    assert (found.stage, found.content.contradictions) == ("low", ())
    assert decide(
        text + ' rule long when time in stage >= 20 min then notify "x"', *facts, at="20 min"
    ).orders == ["notify x"]


def test_re_entry_restarts_the_time_in_stage() -> None:
    text = """
    stage calm initial when MAP < 65 then go to low
    stage low
      rule long when time in stage >= 30 min then notify "x"
      when MAP >= 65 then go to calm
    """
    facts = ("0 h MAP 60", "10 min MAP 70", "20 min MAP 60", "35 min MAP 60", "50 min MAP 60")
    assert decide(text, *facts, at="49 min").orders == []
    assert decide(text, *facts, at="50 min").orders == ["notify x"]


def test_a_stage_passed_in_one_instant_gives_no_orders_of_its_own_rules() -> None:
    text = """
    stage calm initial when MAP < 65 then go to low
    stage low rule own when MAP < 65 then notify "low" when MAP < 55 then go to lower
    stage lower
    """
    assert decide(text, "0 h MAP 50", at="0 h").orders == []


def test_every_rule_that_moved_on_one_instant_carries_its_orders_unless_a_stage_was_left() -> None:
    text = """
    stage calm initial rule first when MAP < 65 then start NE and go to low
    stage low rule second when MAP < 55 then start EPI and go to lower
    stage lower
    """
    found = decide(text, "0 h MAP 50", "0 h no other infusions", at="0 h")
    assert found.content.moved_by == ("calm.first", "low.second")
    assert found.orders == ["start epinephrine", "start norepinephrine"]


# ---------------------------------------------------------------- carried orders


CARRY = """
stage calm initial rule move when MAP < 65 then start NE and go to low
stage low
  when MAP < 50 then go to lower
  rule ban when bleeding then avoid NE
stage lower
"""
START = ("0 h MAP 60", "0 h NE off", "0 h bleeding no")


def test_orders_of_a_moving_rule_stand_on_until_they_are_carried_out() -> None:
    found = decide(CARRY, *START, at="1 h")
    assert (found.stage, found.orders) == ("low", ["start norepinephrine"])
    assert found.order("start norepinephrine").carried
    found = decide(CARRY, *START, "1 h NE 0.01 mcg/kg/min", at="1 h")
    assert (found.orders, found.done) == ([], [])


def test_they_stand_until_the_stage_that_was_entered_is_left() -> None:
    found = decide(CARRY, *START, "1 h MAP 45", at="1 h")
    assert (found.stage, found.content.orders) == ("lower", ())


def test_they_stand_until_an_incompatible_order_is_given_and_do_not_come_back() -> None:
    facts = (*START, "30 min bleeding yes", "40 min bleeding no")
    found = decide(CARRY, *facts, at="30 min")
    assert (found.orders, found.contradictions) == (["avoid norepinephrine"], [])
    assert decide(CARRY, *facts, at="40 min").content.orders == ()


def test_an_incompatible_order_takes_one_carried_order_and_leaves_the_others() -> None:
    text = CARRY.replace("start NE and", "start NE and start EPI and")
    facts = (*START, "0 h EPI off", "30 min bleeding yes", "40 min bleeding no")
    assert decide(text, *facts, at="30 min").orders == ["avoid norepinephrine", "start epinephrine"]
    assert decide(text, *facts, at="40 min").orders == ["start epinephrine"]


def test_a_carried_order_waits_for_its_prerequisite_and_the_order_in_its_place_does_not_carry_it_out() -> (
    None
):
    text = "before NE require line else do cannula" + CARRY
    facts = (*START, "0 h line no")
    assert decide(text, *facts, at="1 h").orders == ["do cannula"]
    assert decide(text, *facts, "1 h cannula done", at="2 h").done == ["do cannula"]


def test_a_carried_step_is_carried_out_when_the_rate_has_changed() -> None:
    text = CARRY.replace("start NE and", "increase NE by 0.02 mcg/kg/min and")
    facts = ("0 h MAP 60", "0 h NE 0.1 mcg/kg/min", "0 h bleeding no", "20 min NE 0.1 mcg/kg/min")
    assert decide(text, *facts, at="20 min").orders == ["increase norepinephrine"]
    assert decide(text, *facts, "30 min NE 0.12 mcg/kg/min", at="30 min").content.orders == ()


def test_a_carried_step_outlives_a_rate_that_is_unknown_for_a_while() -> None:
    text = CARRY.replace("start NE and", "increase NE by 0.02 mcg/kg/min and")
    facts = (
        "0 h MAP 60",
        "0 h NE 0.1 mcg/kg/min",
        "0 h bleeding no",
        "3 h NE 0.1 mcg/kg/min",
        "150 min bleeding no",
    )
    found = decide(text, *facts, at="2 h 30 min")
    assert found.pending["calm.move"] == ("norepinephrine stale",)
    assert decide(text, *facts, at="3 h").orders == ["increase norepinephrine"]


def test_a_carried_task_a_dose_and_a_measurement_are_carried_out_once_done() -> None:
    text = CARRY.replace("start NE and", "do review and give albumin 25 g and measure lactate and")
    assert decide(text, *START, at="1 h").orders == ["do review", "give albumin", "measure lactate"]
    facts = (*START, "1 h review done", "1 h albumin given 25 g", "1 h lactate 2")
    assert decide(text, *facts, at="1 h").content.orders == ()


def test_a_carried_set_is_carried_out_at_the_dose_and_not_by_another_change() -> None:
    text = CARRY.replace("start NE and", "set NE to 0.2 mcg/kg/min and")
    facts = ("0 h MAP 60", "0 h NE 0.1 mcg/kg/min", "0 h bleeding no", "1 h NE 0.15 mcg/kg/min")
    assert decide(text, *facts, at="1 h").orders == ["set norepinephrine"]
    assert decide(text, *facts, "90 min NE 0.2 mcg/kg/min", at="90 min").content.orders == ()


# ---------------------------------------------------------------- contradictions at run time


def test_two_stages_at_once_are_a_contradiction_and_the_session_stays() -> None:
    text = (
        "stage calm initial when MAP < 65 then go to low when MAP < 60 then go to lower stage low stage lower"
    )
    found = decide(text, "0 h MAP 50", at="0 h")
    assert (found.stage, found.contradictions) == ("calm", ["stages"])
    assert decide(text, "0 h MAP 62", at="0 h").stage == "low"


def test_two_incompatible_orders_are_neither_given() -> None:
    text = """
    stage only initial
    rule a when MAP < 65 then start NE
    rule b when MAP < 60 then avoid NE
    rule c when MAP < 65 then notify "x"
    """
    found = decide(text, "0 h MAP 50", "0 h NE off", at="0 h")
    assert (found.orders, found.contradictions) == (["notify x"], ["orders"])
    assert found.content.contradictions[0].rules == ("only.a", "only.b")


def test_a_moving_rule_in_a_contradiction_does_not_move_the_session() -> None:
    text = """
    stage calm initial
      rule move when MAP < 65 then start NE and go to low
      rule ban when bleeding then avoid NE
    stage low
    """
    facts = ("0 h MAP 60", "0 h NE off")
    found = decide(text, *facts, "0 h bleeding yes", at="0 h")
    assert (found.stage, found.orders, found.contradictions) == ("calm", [], ["orders"])
    assert decide(text, *facts, "0 h bleeding no", at="0 h").stage == "low"


def test_a_cycle_in_one_instant_is_reported_and_the_session_stays() -> None:
    text = "stage calm initial when MAP < 65 then go to low stage low when MAP < 65 then go to calm"
    found = decide(text, "0 h MAP 60", at="0 h")
    assert (found.stage, found.contradictions) == ("calm", ["cycle"])


def test_incompatible_orders_of_two_moves_are_neither_given_where_the_second_one_finishes() -> None:
    text = """
    stage calm initial
      rule begin when MAP < 65 then start NE at 0.05 mcg/kg/min and go to low
    stage low
      rule over when MAP < 50 then start NE at 0.1 mcg/kg/min and finish "moved to theatre"
    """
    facts = ("0 h NE off", "0 h weight 70 kg")
    found = decide(text, "0 h MAP 45", *facts, at="0 h")
    assert (found.content.phase, found.orders, found.contradictions) == ("finished", [], ["orders"])
    assert decide(text, "0 h MAP 60", *facts, at="0 h").orders == ["start norepinephrine"]


# ---------------------------------------------------------------- settings


def test_no_session_starts_until_the_site_has_chosen() -> None:
    text = """
    setting target chosen by site, from 60 mmHg to 85 mmHg
    stage only initial
    rule a when MAP < target then start NE
    """
    with pytest.raises(SettingProblem) as caught:
        decide(text, "0 h MAP 60", at="0 h")
    assert (caught.value.kind, caught.value.name) == ("missing", "target")
    assert decide(text, "0 h MAP 60", "0 h NE off", at="0 h", settings={"target": "65 mmHg"}).orders == [
        "start norepinephrine"
    ]


@pytest.mark.parametrize(
    ("given", "kind"), [({"target": "90 mmHg"}, "outside"), ({"target": "65 mmHg", "targ": "yes"}, "unknown")]
)
def test_a_setting_outside_its_range_or_unknown_is_refused(given: dict[str, str], kind: str) -> None:
    text = """
    setting target chosen by site, from 60 mmHg to 85 mmHg
    stage only initial
    rule a when MAP < target then start NE
    """
    with pytest.raises(SettingProblem) as caught:
        decide(text, "0 h MAP 60", at="0 h", settings=given)
    assert caught.value.kind == kind


def test_a_setting_of_words_decides_a_rule() -> None:
    text = """
    setting spot chosen by site, one of arm, leg
    stage only initial
    rule a when spot is arm then notify "arm"
    """
    assert decide(text, "0 h MAP 60", at="0 h", settings={"spot": "arm"}).orders == ["notify arm"]
    assert decide(text, "0 h MAP 60", at="0 h", settings={"spot": "leg"}).orders == []


# ---------------------------------------------------------------- what only compiles


def test_an_input_that_may_not_be_forgotten_must_say_how_long_it_holds() -> None:
    assert "R152" in {
        p.code
        for p in compiled(
            'input sodium in mmol/L\nstage only initial when sodium > 150 then notify "x"'
        ).problems
    }


def test_years_are_for_ages_only() -> None:
    assert "R127" in {
        p.code for p in compiled('stage only initial when (MAP < 65) for 1 years then notify "x"').problems
    }


def test_declared_outcomes_that_hold_are_named() -> None:
    text = "outcome better when MAP >= 65\nstage only initial rule a when better then classify better"
    found = decide(text, "0 h MAP 70", at="0 h")
    assert (found.content.outcomes, found.orders) == (("better",), ["classify better"])
    assert decide(text, "0 h MAP 60", at="0 h").content.outcomes == ()


def test_an_assumption_that_is_false_of_the_patient_takes_it_outside_what_was_verified() -> None:
    text = "assume lactate < 20 mmol/L\nstage only initial"
    assert decide(text, "0 h lactate 25", at="0 h").content.outside_verified != ()
    assert decide(text, "0 h lactate 2", at="0 h").content.outside_verified == ()
    assert decide(text, "0 h MAP 60", at="0 h").content.outside_verified == ()


def test_an_unproved_artifact_says_so_in_every_decision() -> None:
    decisions = decide(CHAIN, "0 h MAP 50", at="1 h").run.decisions
    assert {decision.unproved for decision in decisions} == {"missing"}


def test_ever_in_the_past_of_another_condition_is_about_the_session() -> None:
    assert truth("(ever MAP < 65) for 1 h", "0 h MAP 60", at="1 h") is True
