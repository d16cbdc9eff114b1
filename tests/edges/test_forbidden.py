"""What forbids an order, and what an order-entry system is told at signing. LANGUAGE sections 3, 7 and 10."""

from __future__ import annotations

import pytest
from tests.edges.road import decide, reasons

RULE = "stage only initial rule a when MAP < 65 then {order}"
START = RULE.format(order="start NE")
FACTS = ("0 h MAP 60", "0 h no other infusions")

# ---------------------------------------------------------------- prerequisites


@pytest.mark.parametrize(
    ("line", "orders", "unconfirmed", "withheld"),
    [
        (("0 h line yes",), ["start norepinephrine"], [], {}),
        (("0 h line no",), [], [], {"start norepinephrine": "before"}),
        ((), [], ["start norepinephrine"], {}),
    ],
)
def test_a_prerequisite_true_false_and_unknown(
    line: tuple[str, ...], orders: list[str], unconfirmed: list[str], withheld: dict[str, str]
) -> None:
    found = decide("before NE require line\n" + START, *FACTS, *line, at="0 h")
    assert (found.orders, found.unconfirmed, found.withheld) == (orders, unconfirmed, withheld)
    if unconfirmed:
        assert found.order("start norepinephrine").check_first == ("before:norepinephrine",)


def test_while_a_prerequisite_is_false_the_other_order_stands_in_its_place() -> None:
    found = decide("before NE require line else do cannula\n" + START, *FACTS, "0 h line no", at="0 h")
    assert (found.orders, found.withheld) == (["do cannula"], {})
    assert found.order("do cannula").instead_of == "start norepinephrine"


@pytest.mark.parametrize(("line", "cautions"), [("0 h line yes", 0), ("0 h line no", 1), ("0 h age 40", 1)])
def test_a_preference_warns_and_does_not_block(line: str, cautions: int) -> None:
    found = decide("before NE prefer line\n" + START, *FACTS, line, at="0 h")
    assert found.orders == ["start norepinephrine"]
    assert len(found.order("start norepinephrine").cautions) == cautions


def test_a_prerequisite_is_of_starting_and_not_of_raising_or_setting_a_running_drug() -> None:
    text = "before NE require line\n" + RULE.format(order="set NE to 0.2 mcg/kg/min")
    assert decide(text, *FACTS, "0 h line no", at="0 h").withheld == {"set norepinephrine": "before"}
    assert decide(text, *FACTS, "0 h line no", "0 h NE 0.1 mcg/kg/min", at="0 h").orders == [
        "set norepinephrine"
    ]


# ---------------------------------------------------------------- restrictions


@pytest.mark.parametrize(
    ("bleeding", "orders", "unconfirmed", "withheld"),
    [
        (("0 h bleeding no",), ["start norepinephrine"], [], {}),
        (("0 h bleeding yes",), [], [], {"start norepinephrine": "contraindicated"}),
        ((), [], ["start norepinephrine"], {}),
    ],
)
def test_a_contraindication_true_false_and_unknown(
    bleeding: tuple[str, ...], orders: list[str], unconfirmed: list[str], withheld: dict[str, str]
) -> None:
    found = decide("restrict NE contraindicated while bleeding\n" + START, *FACTS, *bleeding, at="0 h")
    assert (found.orders, found.unconfirmed, found.withheld) == (orders, unconfirmed, withheld)


def test_a_contraindicated_drug_is_neither_raised_nor_continued_but_may_be_lowered_and_stopped() -> None:
    restrict = "restrict NE contraindicated while bleeding\n"
    facts = (*FACTS, "-1 h NE 0.2 mcg/kg/min", "0 h bleeding yes")
    for order in ("increase NE by 0.1 mcg/kg/min", "continue NE"):
        assert decide(restrict + RULE.format(order=order), *facts, at="0 h").orders == []
    for order in ("decrease NE by 0.1 mcg/kg/min", "stop NE"):
        assert len(decide(restrict + RULE.format(order=order), *facts, at="0 h").orders) == 1


def test_no_prerequisite_is_asked_for_on_the_way_to_a_contraindicated_drug() -> None:
    text = "before NE require line else do cannula\nrestrict NE contraindicated while bleeding\n" + START
    found = decide(text, *FACTS, "0 h line no", "0 h bleeding yes", at="0 h")
    assert (found.orders, found.withheld) == ([], {"start norepinephrine": "contraindicated"})


def test_a_range_is_cut_at_a_restricted_maximum_and_withheld_above_it() -> None:
    text = "restrict NE maximum 0.03 mcg/kg/min while bleeding\n" + START
    found = decide(text, *FACTS, "0 h bleeding yes", at="0 h").order("start norepinephrine")
    assert found.dose is not None
    assert (found.dose.lo, found.dose.hi) == (20_000, 30_000)
    text = "restrict NE maximum 0.01 mcg/kg/min while bleeding\n" + START
    assert decide(text, *FACTS, "0 h bleeding yes", at="0 h").withheld == {"start norepinephrine": "maximum"}
    assert decide(text, *FACTS, "0 h bleeding no", at="0 h").orders == ["start norepinephrine"]


# ---------------------------------------------------------------- needs, availability


@pytest.mark.parametrize(
    ("rate", "orders", "unconfirmed", "withheld"),
    [
        ("NE 0.1 mcg/kg/min", ["start vasopressin"], [], {}),
        ("NE off", [], [], {"start vasopressin": "needs"}),
        ("NE 5 mg", ["start vasopressin"], [], {}),
        ("line yes", [], ["start vasopressin"], {}),
    ],
)
def test_a_drug_is_not_ordered_without_what_it_needs(
    rate: str, orders: list[str], unconfirmed: list[str], withheld: dict[str, str]
) -> None:
    found = decide(RULE.format(order="start AVP"), "0 h MAP 60", "0 h AVP off", f"0 h {rate}", at="0 h")
    assert (found.orders, found.unconfirmed, found.withheld) == (orders, unconfirmed, withheld)


def test_a_need_that_is_ordered_with_it_is_met() -> None:
    found = decide(RULE.format(order="start AVP and start NE"), *FACTS, at="0 h")
    assert found.orders == ["start norepinephrine", "start vasopressin"]


@pytest.mark.parametrize(
    ("there", "orders", "unconfirmed"), [("yes", ["give rare"], []), ("no", [], []), ("", [], ["give rare"])]
)
def test_a_drug_that_is_not_available_is_not_ordered(
    there: str, orders: list[str], unconfirmed: list[str]
) -> None:
    text = (
        "input stocked yes or no fixed\ndrug rare bolus in mg maximum 2 mg available if stocked\n"
        + RULE.format(order="give rare 1 mg")
    )
    found = decide(text, *FACTS, *([f"0 h stocked {there}"] if there else []), at="0 h")
    assert (found.orders, found.unconfirmed) == (orders, unconfirmed)


# ---------------------------------------------------------------- the rolling maximum


ROLL = RULE.format(order="give pill 40 mg every 1 h")
PILL = "drug pill bolus in mg maximum 50 mg maximum 100 mg over 24 h\n"


def test_a_dose_that_would_pass_the_rolling_maximum_is_not_ordered() -> None:
    facts = ("26 h MAP 60", "26 h no other infusions", "1 h pill given 50 mg", "3 h pill given 20 mg")
    assert decide(PILL + ROLL, *facts[:3], "2 h MAP 60", "2 h no other infusions", at="2 h").orders == [
        "give pill"
    ]
    found = decide(PILL + ROLL, "4 h MAP 60", *facts[2:], at="4 h")
    assert (found.orders, found.withheld) == ([], {"give pill": "maximum"})


def test_the_rolling_window_leaves_out_its_first_instant() -> None:
    facts = ("1 h pill given 50 mg", "3 h pill given 50 mg", "25 h MAP 60", "24 h 59 min MAP 60")
    found = decide(PILL + ROLL, *facts, at="24 h 3599999 ms")
    assert (found.orders, found.alerts) == ([], ["rolling_maximum pill"])
    found = decide(PILL + ROLL, *facts, at="25 h")
    assert (found.orders, found.alerts) == (["give pill"], [])


def test_what_was_given_being_unknown_unconfirms_the_dose() -> None:
    found = decide(PILL + ROLL, "1 h pill given", "3 h MAP 60", at="3 h")
    assert (found.orders, found.unconfirmed) == ([], ["give pill"])


def test_an_infusion_that_reaches_its_rolling_maximum_is_not_continued_from_that_instant_on() -> None:
    text = "stage only initial rule a when line then continue furosemide"
    facts = ("-30 h furosemide off", "0 h furosemide 20 mg/h", "0 h line yes", "9 h urine 1")
    found = decide(text, *facts, at="4 h 3599998 ms")
    assert (found.orders, found.alerts) == (["continue furosemide"], [])
    found = decide(text, *facts, at="5 h")
    assert (found.withheld, found.alerts) == (
        {"continue furosemide": "maximum"},
        ["rolling_maximum furosemide"],
    )


# ---------------------------------------------------------------- proposed orders


PLAIN = "stage only initial rule a when MAP < 50 then start NE"
RUNNING = ("0 h MAP 60", "0 h NE 0.1 mcg/kg/min", "0 h no other infusions", "0 h weight 70")


def verdict(order: str, *facts: str, text: str = PLAIN) -> tuple[str, list[str]]:
    found = decide(text, *facts, at="0 h").propose(order)
    return found.grade, reasons(found)


def test_an_order_within_all_limits_is_accepted() -> None:
    assert verdict("set NE to 0.2 mcg/kg/min", *RUNNING) == ("accepted", [])


def test_an_order_outside_the_usual_range_is_accepted_with_a_caution_that_names_the_bound() -> None:
    found = decide(PLAIN, *RUNNING, at="0 h").propose("set NE to 0.55 mcg/kg/min")
    assert (found.grade, reasons(found)) == ("caution", ["caution usual"])
    limit, proposed = found.reasons[0].limit, found.reasons[0].proposed
    assert limit is not None and proposed is not None
    assert (limit.millionths, limit.unit, proposed.millionths) == (500_000, "mcg/kg/min", 550_000)


def test_an_order_above_the_maximum_is_refused_in_the_unit_ordered_and_the_drugs_own() -> None:
    found = decide(PLAIN, *RUNNING, at="0 h").propose("set NE to 280 mcg/min")
    assert "refused maximum" in reasons(found)
    limit, proposed = found.reasons[0].limit, found.reasons[0].proposed
    assert limit is not None and proposed is not None
    assert (limit.millionths, proposed.millionths, proposed.unit) == (3_000_000, 4_000_000, "mcg/kg/min")


@pytest.mark.parametrize(
    ("order", "hints"),
    [
        ("set NE to 100 mcg/kg/min", ["1000"]),
        ("set NE to 6 mcg/kg/min", ["60"]),
        ("set AVP to 1.8 units/min", ["60"]),
        ("give hydrocortisone 9000 mg", ["1000", "60"]),
    ],
)
def test_a_dose_that_would_be_right_by_a_factor_of_a_thousand_or_of_sixty_says_so(
    order: str, hints: list[str]
) -> None:
    found = decide(PLAIN, *RUNNING, at="0 h").propose(order)
    assert [reason.detail for reason in found.reasons if reason.kind == "unit_error"] == hints


def test_a_dose_far_beyond_any_slip_of_a_unit_has_no_hint() -> None:
    found = decide(PLAIN, *RUNNING, at="0 h").propose("set NE to 9000 mcg/kg/min")
    assert [reason.kind for reason in found.reasons if reason.kind == "unit_error"] == []


def test_without_a_weight_a_flat_dose_of_a_drug_by_weight_is_unconfirmed() -> None:
    assert verdict("set NE to 35 mcg/min", *RUNNING[:3]) == ("unconfirmed", ["unconfirmed weight"])


NEVER = PLAIN + "\nnever stop NE above 0.05 mcg/kg/min while bleeding\nnever order AVP while lactate > 4"


@pytest.mark.parametrize(
    ("bleeding", "rate", "grade"),
    [
        ("yes", "0.1", "refused"),
        ("yes", "0.05", "accepted"),
        ("no", "0.1", "accepted"),
        ("", "0.1", "unconfirmed"),
        ("", "0.05", "accepted"),
    ],
)
def test_an_order_that_would_break_a_never_is_refused_and_unconfirmed_where_it_may(
    bleeding: str, rate: str, grade: str
) -> None:
    facts = (
        "0 h MAP 60",
        f"0 h NE {rate} mcg/kg/min",
        "0 h no other infusions",
        *([f"0 h bleeding {bleeding}"] if bleeding else []),
    )
    assert verdict("stop NE", *facts, text=NEVER)[0] == grade


@pytest.mark.parametrize(("lactate", "grade"), [("5", "refused"), ("4", "accepted"), ("", "unconfirmed")])
def test_a_never_order_refuses_a_start(lactate: str, grade: str) -> None:
    facts = (*RUNNING, *([f"0 h lactate {lactate}"] if lactate else []))
    assert verdict("start AVP", *facts, text=NEVER)[0] == grade


def test_to_set_what_runs_is_not_to_start_it() -> None:
    text = PLAIN + "\nnever start NE while lactate > 4"
    facts = ("0 h MAP 60", "0 h no other infusions", "0 h weight 70", "0 h lactate 5")
    assert verdict("set NE to 0.2 mcg/kg/min", *facts, text=text)[0] == "refused"
    assert verdict("set NE to 0.2 mcg/kg/min", *facts, "0 h NE 0.1 mcg/kg/min", text=text)[0] == "accepted"


@pytest.mark.parametrize(("rate", "grade"), [("0.1", "refused"), ("0.05", "accepted")])
def test_to_end_a_course_is_to_stop_all_of_it(rate: str, grade: str) -> None:
    text = PLAIN + "\nnever stop NE above 0.05 mcg/kg/min"
    facts = ("0 h MAP 60", f"0 h NE {rate} mcg/kg/min", "0 h no other infusions")
    assert verdict("end therapy", *facts, text=text)[0] == grade


@pytest.mark.parametrize(
    ("restrict", "bleeding", "expected"),
    [
        ("contraindicated while bleeding", "yes", ("refused", ["refused contraindicated"])),
        ("contraindicated while bleeding", "no", ("accepted", [])),
        ("contraindicated while bleeding", "", ("unconfirmed", ["unconfirmed contraindicated"])),
        ("maximum 0.15 mcg/kg/min while bleeding", "yes", ("refused", ["refused maximum"])),
        ("maximum 0.15 mcg/kg/min while bleeding", "no", ("accepted", [])),
        ("maximum 0.15 mcg/kg/min while bleeding", "", ("unconfirmed", ["unconfirmed maximum"])),
    ],
)
def test_a_restriction_refuses_and_an_unknown_one_leaves_it_unconfirmed(
    restrict: str, bleeding: str, expected: tuple[str, list[str]]
) -> None:
    facts = (*RUNNING, *([f"0 h bleeding {bleeding}"] if bleeding else []))
    grade, found = verdict("set NE to 0.2 mcg/kg/min", *facts, text=f"restrict NE {restrict}\n" + PLAIN)
    assert (grade, [reason for reason in found if "unit_error" not in reason]) == expected


@pytest.mark.parametrize(
    ("how", "line", "expected"),
    [
        ("require", "yes", ("accepted", [])),
        ("require", "no", ("refused", ["refused before"])),
        ("require", "", ("unconfirmed", ["unconfirmed before"])),
        ("prefer", "no", ("caution", ["caution prefer"])),
    ],
)
def test_a_missing_prerequisite_refuses_a_start(how: str, line: str, expected: tuple[str, list[str]]) -> None:
    facts = (*RUNNING, *([f"0 h line {line}"] if line else []))
    assert verdict("start EPI", *facts, text=f"before EPI {how} line\n" + PLAIN) == expected


def test_a_drug_alone_without_its_need_is_refused_and_so_is_stopping_the_need() -> None:
    alone = ("0 h MAP 60", "0 h no other infusions")
    assert verdict("start AVP", *alone) == ("refused", ["refused needs"])
    assert verdict("start AVP", *RUNNING) == ("accepted", [])
    assert verdict("start AVP", "0 h MAP 60", "0 h AVP off") == ("unconfirmed", ["unconfirmed needs"])
    assert verdict("stop NE", *RUNNING, "0 h AVP 0.03 units/min") == ("refused", ["refused needs"])


def test_an_order_against_what_stands_is_a_contradiction_and_against_an_avoid_is_refused_by_it() -> None:
    stops = "stage only initial rule a when MAP < 65 then stop NE rule b when MAP < 65 then avoid EPI"
    assert verdict("increase NE by 0.1 mcg/kg/min", *RUNNING, text=stops) == (
        "refused",
        ["refused contradiction"],
    )
    assert verdict("start EPI", *RUNNING, text=stops) == ("refused", ["refused avoid"])
    assert verdict("stop NE", *RUNNING, text=stops) == ("accepted", [])


def test_a_dose_before_the_lower_bound_of_its_interval_is_refused() -> None:
    text = "stage only initial rule a when line then give hydrocortisone 50 mg every 4 to 6 h"
    facts = ("0 h line yes", "1 h hydrocortisone given 50 mg")
    early, due = (
        decide(text, *facts, at=at).propose("give hydrocortisone 50 mg") for at in ("4 h 3599999 ms", "5 h")
    )
    assert (early.grade, reasons(early)) == ("refused", ["refused too_early"])
    assert due.grade == "accepted"


@pytest.mark.parametrize(
    ("proposed", "grade", "why"),
    [
        ("5 mg in 10 mL", "accepted", []),
        ("5 mg in 15 mL", "accepted", []),
        ("5 mg in 11 to 12 mL", "accepted", []),
        ("5 mg in 9.999999 mL", "refused", [("volume", "10 to 15 mL")]),
        ("5 mg in 14 to 16 mL", "refused", [("volume", "10 to 15 mL")]),
        ("5 mg in 1 L", "refused", [("volume", "10 to 15 mL")]),
        ("5 mg", "caution", [("volume", "10 to 15 mL")]),
    ],
)
def test_a_dose_in_another_volume_is_refused_and_one_without_is_cautioned(
    proposed: str, grade: str, why: list[tuple[str, str]]
) -> None:
    text = RULE.format(order="give hydrocortisone 5 to 10 mg in 10 to 15 mL")
    found = decide(text, "0 h MAP 60", at="0 h").propose(f"give hydrocortisone {proposed}")
    assert found.grade == grade
    assert [(reason.kind, reason.detail) for reason in found.reasons] == why


def test_a_volume_is_nothing_to_an_order_that_names_none() -> None:
    text = RULE.format(order="give hydrocortisone 5 to 10 mg")
    assert verdict("give hydrocortisone 5 mg in 1 dL", "0 h MAP 60", text=text) == ("accepted", [])
    assert verdict("give albumin 5 g in 1 L", "0 h MAP 60", text=text) == ("accepted", [])


DOWN = RULE.format(order='notify "x"') + " never decrease NE while MAP < 65 never increase NE while MAP >= 65"


@pytest.mark.parametrize(
    ("to", "pressure", "grade"),
    [
        ("0.1", "60", "refused"),
        ("0.2", "60", "accepted"),
        ("0.3", "60", "accepted"),
        ("0.3", "70", "refused"),
        ("0.1", "70", "accepted"),
    ],
)
def test_to_set_what_runs_is_judged_as_the_step_it_comes_to(to: str, pressure: str, grade: str) -> None:
    facts = (f"0 h MAP {pressure}", "0 h weight 70", "0 h NE 0.2 mcg/kg/min")
    assert verdict(f"set NE to {to} mcg/kg/min", *facts, text=DOWN)[0] == grade


def test_to_set_what_the_protocol_raises_is_no_contradiction_and_to_lower_it_is() -> None:
    text = RULE.format(order="increase NE by 0.1 mcg/kg/min")
    facts = ("0 h MAP 60", "0 h weight 70", "0 h NE 0.2 mcg/kg/min")
    assert verdict("set NE to 0.3 mcg/kg/min", *facts, text=text)[0] == "accepted"
    assert verdict("set NE to 0.1 mcg/kg/min", *facts, text=text) == ("refused", ["refused contradiction"])


@pytest.mark.parametrize(
    ("grams", "grade"), [("100", "accepted"), ("100.000001", "refused"), ("20", "accepted")]
)
def test_a_dose_above_the_one_that_is_ordered_is_refused(grams: str, grade: str) -> None:
    text = (
        "drug colloid infusion in g/day bolus in g maximum 40 g/day lasts 24 h "
        "stage only initial rule a when MAP < 65 then give colloid 1 g/kg at most 100 g once"
    )
    facts = ("0 h MAP 60", "0 h weight 107")
    assert verdict(f"give colloid {grams} g", *facts, text=text)[0] == grade
    assert verdict("set colloid to 50 g/day", *facts, text=text)[0] == "refused"


def test_a_step_before_its_time_is_cautioned() -> None:
    text = "stage only initial rule a when MAP < 65 then increase NE by 0.1 mcg/kg/min every 5 min"
    assert verdict("increase NE by 0.1 mcg/kg/min", *RUNNING, text=text) == ("caution", ["caution too_early"])


def test_a_proposed_step_needs_a_running_drug_at_a_known_rate() -> None:
    step = "increase NE by 0.1 mcg/kg/min"
    assert verdict(step, "0 h MAP 60", "0 h NE running") == ("unconfirmed", ["unconfirmed rate"])
    assert verdict(step, "0 h MAP 60") == ("unconfirmed", ["unconfirmed rate"])
    assert verdict(step, "0 h MAP 60", "0 h NE off") == ("refused", ["refused not_running"])


def test_a_drug_declared_incompatible_with_one_that_runs_is_refused() -> None:
    assert verdict("start dobutamine", *RUNNING, "0 h phenylephrine 50 mcg/min") == (
        "refused",
        ["refused incompatible"],
    )
    assert verdict("start dobutamine", *RUNNING) == ("accepted", [])
    assert verdict("start dobutamine", "0 h MAP 60") == ("unconfirmed", ["unconfirmed incompatible"])


@pytest.mark.parametrize(
    ("other", "orders", "unconfirmed", "withheld"),
    [
        ("0 h phenylephrine 50 mcg/min", [], [], {"start dobutamine": "incompatible"}),
        ("0 h phenylephrine off", ["start dobutamine"], [], {}),
        ("0 h NE off", [], ["start dobutamine"], {}),
    ],
)
def test_a_drug_is_not_started_beside_one_declared_incompatible_with_it(
    other: str, orders: list[str], unconfirmed: list[str], withheld: dict[str, str]
) -> None:
    found = decide(RULE.format(order="start dobutamine"), "0 h MAP 60", other, at="0 h")
    assert (found.orders, found.unconfirmed, found.withheld) == (orders, unconfirmed, withheld)


def test_a_proposed_dose_over_the_rolling_maximum_is_refused() -> None:
    facts = ("-2 h pill given 50 mg", "-1 h pill given 20 mg", "0 h MAP 60")
    assert verdict("give pill 31 mg", *facts, text=PILL + PLAIN) == ("refused", ["refused rolling"])
    assert verdict("give pill 30 mg", *facts, text=PILL + PLAIN) == ("accepted", [])


def test_a_drug_that_is_out_of_stock_is_refused() -> None:
    text = "input stocked yes or no fixed\ndrug rare bolus in mg maximum 2 mg available if stocked\n" + PLAIN
    assert verdict("give rare 1 mg", "0 h MAP 60", "0 h stocked no", text=text) == (
        "refused",
        ["refused unavailable"],
    )
    assert verdict("give rare 1 mg", "0 h MAP 60", text=text) == ("unconfirmed", ["unconfirmed unavailable"])
