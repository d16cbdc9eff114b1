"""Rules beside each other: pending, overriding, opposing, merging, choosing. LANGUAGE sections 5 and 10."""

from __future__ import annotations

import pytest
from tests.edges.road import compiled, decide

OFF = ("0 h NE off", "0 h no other infusions")

# ---------------------------------------------------------------- unless, overrides


@pytest.mark.parametrize(
    ("arrest", "orders", "unconfirmed"),
    [
        ("0 h arrest no", ["start norepinephrine"], []),
        ("0 h arrest yes", [], []),
        ("0 h line yes", [], ["start norepinephrine"]),
    ],
)
def test_an_exception_that_is_unknown_unconfirms_the_order(
    arrest: str, orders: list[str], unconfirmed: list[str]
) -> None:
    found = decide(
        "stage only initial rule a when MAP < 65 then start NE unless arrest",
        "0 h MAP 60",
        *OFF,
        arrest,
        at="0 h",
    )
    assert (found.orders, found.unconfirmed) == (orders, unconfirmed)
    if unconfirmed:
        assert found.order("start norepinephrine").check_first == ("unless:only.a",)
        assert ("arrest never",) in found.pending.values()


OVERRIDE = """
stage only initial
  rule a when arrest then start EPI
  rule b when MAP < 65 then start NE
rule a overrides b because "first things first"
"""


@pytest.mark.parametrize(
    ("arrest", "orders", "unconfirmed"),
    [
        ("0 h arrest no", ["start norepinephrine"], []),
        ("0 h arrest yes", ["start epinephrine"], []),
        ("0 h line yes", [], ["start norepinephrine"]),
    ],
)
def test_an_overriding_rule_silences_where_it_fires_and_unconfirms_while_it_is_unknown(
    arrest: str, orders: list[str], unconfirmed: list[str]
) -> None:
    found = decide(OVERRIDE, "0 h MAP 60", *OFF, arrest, at="0 h")
    assert (found.orders, found.unconfirmed) == (orders, unconfirmed)
    if unconfirmed:
        assert found.order("start norepinephrine").check_first == ("only.a",)


def test_an_overridden_rule_that_is_unknown_is_silent_where_the_other_fires() -> None:
    text = """
    stage only initial
      rule a when arrest then avoid NE
      rule b when MAP < 65 then start NE
    rule a overrides b
    """
    found = decide(text, "0 h arrest yes", *OFF, at="0 h")
    assert (found.orders, found.unconfirmed, found.pending) == (["avoid norepinephrine"], [], {})


def test_a_silenced_rule_silences_none() -> None:
    text = """
    stage only initial
      rule a when MAP < 65 then start EPI
      rule b when MAP < 65 then start phenylephrine
      rule c when MAP < 65 then start NE
    rule a overrides b
    rule b overrides c
    """
    assert decide(text, "0 h MAP 60", *OFF, at="0 h").orders == ["start epinephrine", "start norepinephrine"]


# ---------------------------------------------------------------- opposing unknowns


OPPOSED = """
stage only initial
  rule go_on when MAP < 65 then start NE
  rule ban when bleeding then {opposing}
"""


@pytest.mark.parametrize("opposing", ["avoid NE", "stop NE", "pause NE"])
def test_an_order_that_a_pending_rule_would_oppose_is_unconfirmed_and_names_what_settles_it(
    opposing: str,
) -> None:
    text = OPPOSED.format(opposing=opposing)
    found = decide(text, "0 h MAP 60", *OFF, at="0 h")
    assert (found.orders, found.unconfirmed) == ([], ["start norepinephrine"])
    assert found.order("start norepinephrine").check_first == ("only.ban",)
    assert found.pending == {"only.ban": ("bleeding never",)}


def test_a_pending_rule_about_another_drug_opposes_nothing() -> None:
    found = decide(OPPOSED.format(opposing="avoid EPI"), "0 h MAP 60", *OFF, at="0 h")
    assert found.orders == ["start norepinephrine"]


def test_an_order_that_an_unconfirmed_rule_would_oppose_is_unconfirmed_too() -> None:
    text = """
    stage only initial
    rule a when MAP < 65 then start NE
    rule b when MAP < 65 then avoid NE unless arrest
    """
    found = decide(text, "0 h MAP 60", *OFF, at="0 h")
    assert (found.orders, found.unconfirmed, found.contradictions) == (
        [],
        ["avoid norepinephrine", "start norepinephrine"],
        [],
    )


# ---------------------------------------------------------------- incompatible


@pytest.mark.parametrize(
    ("first", "second", "rate"),
    [
        ("start NE", "avoid NE", "off"),
        ("increase NE by 0.1 mcg/kg/min", "stop NE", "0.2 mcg/kg/min"),
        ("continue NE", "stop NE", "0.2 mcg/kg/min"),
        ("set NE to 0.3 mcg/kg/min", "stop NE", "0.2 mcg/kg/min"),
        ("increase NE by 0.1 mcg/kg/min", "decrease NE by 0.1 mcg/kg/min", "0.2 mcg/kg/min"),
        ("set NE to 0.3 mcg/kg/min", "increase NE by 0.1 mcg/kg/min", "0.2 mcg/kg/min"),
        ("set NE to 0.3 mcg/kg/min", "decrease NE by 0.1 mcg/kg/min", "0.2 mcg/kg/min"),
        ("taper NE by 0.1 mcg/kg/min every 5 min", "increase NE by 0.1 mcg/kg/min", "0.2 mcg/kg/min"),
        ("pause NE", "stop NE", "0.2 mcg/kg/min"),
        ("start NE at 0.02 mcg/kg/min", "start NE at 0.05 mcg/kg/min", "off"),
        ("give albumin 25 g", "give albumin 50 g", "off"),
        ("start phenylephrine", "start dobutamine", "off"),
    ],
)
def test_incompatible_orders_are_neither_given(first: str, second: str, rate: str) -> None:
    text = f"stage only initial rule a when MAP < 65 then {first} rule b when MAP < 65 then {second}"
    found = decide(text, "0 h MAP 60", f"-5 min NE {rate}", "-5 min no other infusions", at="0 h")
    assert (found.orders, found.contradictions) == ([], ["orders"])


def test_an_order_that_is_done_contradicts_nothing() -> None:
    text = """
    stage only initial
    rule a when MAP < 65 then start NE
    rule b when MAP < 65 then increase NE by 0.1 mcg/kg/min
    """
    found = decide(text, "0 h MAP 60", "0 h NE 0.2 mcg/kg/min", at="0 h")
    assert (found.orders, found.done, found.contradictions) == (
        ["increase norepinephrine"],
        ["start norepinephrine"],
        [],
    )


def test_equal_doses_in_two_units_are_one_dose() -> None:
    text = """
    stage only initial
    rule a when MAP < 65 then start NE at 6 mcg/min
    rule b when MAP < 65 then start NE at 0.36 mg/h
    """
    assert compiled(text).artifact is None  # the checker holds a drug to one basis
    text = text.replace("NE at 6 mcg/min", "phenylephrine at 60 mcg/min").replace(
        "NE at 0.36 mg/h", "phenylephrine at 3.6 mg/h"
    )
    assert decide(text, "0 h MAP 60", *OFF, at="0 h").contradictions == []


# ---------------------------------------------------------------- merging


def test_the_same_order_from_several_rules_is_one_at_the_greatest_strength_with_all_its_reasons() -> None:
    text = """
    stage only initial
      rule a when MAP < 65 then consider start NE
      rule b when MAP < 64 then must start NE
      rule c when MAP < 63 then add NE
    """
    found = decide(text, "0 h MAP 60", *OFF, at="0 h")
    order = found.order("start norepinephrine")
    assert (order.strength, order.rules) == ("must", ("only.a", "only.b", "only.c"))
    assert decide(text, "0 h MAP 64", *OFF, at="0 h").order("start norepinephrine").strength == "consider"


def test_of_two_ranges_one_inside_the_other_the_narrower_stands() -> None:
    text = """
    stage only initial
      rule a when MAP < 65 then start NE at 0.02 to 0.5 mcg/kg/min
      rule b when MAP < 65 then must start NE at 0.05 to 0.1 mcg/kg/min
    """
    order = decide(text, "0 h MAP 60", *OFF, at="0 h").order("start norepinephrine")
    assert order.dose is not None
    assert (order.dose.lo, order.dose.hi, order.strength) == (50_000, 100_000, "must")
    assert order.rules == ("only.a", "only.b")


def test_one_confirmed_reason_confirms_the_order() -> None:
    text = """
    stage only initial
    rule a when MAP < 65 then start NE unless arrest
    rule b when MAP < 64 then start NE
    """
    assert decide(text, "0 h MAP 60", *OFF, at="0 h").orders == ["start norepinephrine"]


def test_file_order_never_matters() -> None:
    rules = [
        "rule a when MAP < 65 then start NE",
        'rule b when MAP < 65 then notify "x"',
        "rule c when bleeding then avoid NE",
    ]
    facts = ("0 h MAP 60", *OFF)
    one = decide("stage only initial " + " ".join(rules), *facts, at="0 h").content
    assert one == decide("stage only initial " + " ".join(reversed(rules)), *facts, at="0 h").content


# ---------------------------------------------------------------- either, prefer


EITHER = """
stage only initial
  rule a when MAP < 65 then either start NE or start EPI
  rule ban when bleeding then avoid NE
  rule ban_too when arrest then avoid EPI
"""
CALM = ("0 h MAP 60", *OFF)


def test_a_free_choice_shows_every_arm() -> None:
    found = decide(EITHER, *CALM, "0 h bleeding no", "0 h arrest no", at="0 h")
    assert found.orders == ["start epinephrine", "start norepinephrine"]
    assert len({order.choice for order in found.content.orders}) == 1


def test_an_arm_gives_way_while_another_is_free() -> None:
    found = decide(EITHER, *CALM, "0 h bleeding yes", "0 h arrest no", at="0 h")
    assert (found.orders, found.contradictions) == (["avoid norepinephrine", "start epinephrine"], [])


def test_a_choice_with_no_arm_free_is_a_contradiction_and_none_of_it_is_given() -> None:
    found = decide(EITHER, *CALM, "0 h bleeding yes", "0 h arrest yes", at="0 h")
    assert (found.orders, found.contradictions) == ([], ["orders"])
    assert found.content.contradictions[0].rules == ("only.a", "only.ban", "only.ban_too")


PREFER = """
stage only initial
  rule a when MAP < 65 then prefer start NE if line else start EPI if bleeding else start phenylephrine
"""


@pytest.mark.parametrize(
    ("line", "bleeding", "orders"),
    [
        ("yes", None, ["start norepinephrine"]),
        ("no", "yes", ["start epinephrine"]),
        ("no", "no", ["start phenylephrine"]),
        (None, "yes", []),
        ("no", None, []),
    ],
)
def test_prefer_takes_the_first_that_is_true_and_is_pending_where_one_before_is_unknown(
    line: str | None, bleeding: str | None, orders: list[str]
) -> None:
    facts = [
        *CALM,
        *([f"0 h line {line}"] if line else []),
        *([f"0 h bleeding {bleeding}"] if bleeding else []),
    ]
    found = decide(PREFER, *facts, at="0 h")
    assert found.orders == orders
    missing = "line never" if line is None else "bleeding never"
    assert found.pending == ({} if orders else {"only.a": (missing,)})


# ---------------------------------------------------------------- fewest readings


def pending(condition: str, *facts: str, at: str = "0 h") -> tuple[str, ...]:
    text = f'stage only initial rule a when {condition} then notify "x"'
    return decide(text, "0 h age 40", *facts, at=at).pending["only.a"]


def test_the_smallest_set_for_which_some_values_settle_it() -> None:
    assert pending("MAP < 65 and lactate > 2") == ("MAP never",) or pending("MAP < 65 and lactate > 2") == (
        "lactate never",
    )
    assert pending("MAP < 65 and lactate > 2", "0 h MAP 60") == ("lactate never",)
    assert len(pending("at least 2 of (MAP < 65, lactate > 2, bleeding)")) == 2


def test_a_reading_that_cannot_settle_it_is_not_asked_for() -> None:
    condition = "(arrest or MAP < 65) and (not arrest or lactate > 2)"
    assert pending(condition, "0 h MAP 60") in (("arrest never",), ("lactate never",))
    assert pending("(MAP < 65 and bleeding) or lactate > 2", "0 h bleeding no") == ("lactate never",)


def test_why_each_is_missing_is_said() -> None:
    assert pending("MAP < 65", "-1 h MAP 60") == ("MAP stale",)
    assert pending("MAP < 65", "0 h MAP 300") == ("MAP implausible",)
    assert pending("MAP < 65", "0 h MAP 60 by a", "0 h MAP 70 by b") == ("MAP contested",)
    assert pending("MAP < 65", "0 h MAP 60 mL") == ("MAP unit",)
    assert pending("NE > 0.1 mcg/kg/min", "0 h NE running") == ("norepinephrine rate",)


def test_where_no_reading_can_settle_it_the_instant_at_which_it_can_next_be_known_is_said() -> None:
    text = 'stage only initial rule a when (MAP < 65) for 20 min then notify "x"'
    found = decide(text, "-10 min MAP 60", "0 h MAP 60", "10 min MAP 60", at="5 min")
    (waiting,) = found.content.pending
    assert (waiting.needs, waiting.known_at) == ((), 600_000)


def test_the_list_follows_what_is_known() -> None:
    text = """
    stage only initial
    rule a when (MAP < 65 and bleeding) or (MAP >= 65 and lactate > 2) then notify "x"
    """
    facts = ("0 h MAP 60", "5 min MAP 70")
    assert decide(text, *facts, at="0 h").pending == {"only.a": ("bleeding never",)}
    assert decide(text, *facts, at="5 min").pending == {"only.a": ("lactate never",)}


def test_a_reading_that_would_make_it_false_settles_it() -> None:
    assert pending("(MAP < 65) for 4 h", "0 h lactate 2", at="0 h") == ("MAP never",)


def test_a_condition_about_a_past_that_no_reading_changes_waits_for_its_window_to_pass() -> None:
    text = 'stage only initial rule a when total furosemide over 10 h > 5 mg then notify "x"'
    found = decide(text, "0 h no other infusions", "0 h MAP 60", at="0 h")
    (waiting,) = found.content.pending
    assert (waiting.needs, waiting.known_at) == ((), 10 * 3_600_000 - 1)


# ---------------------------------------------------------------- the explanation


def test_the_explanation_is_a_tree_of_the_condition_with_the_facts_it_read() -> None:
    text = "stage only initial rule a when MAP < 65 and (NE >= 0.1 mcg/kg/min or bleeding) then stop NE"
    tree = decide(text, "0 h MAP 60", "0 h NE 7 mcg/min", "0 h weight 70", at="5 min").why("only.a")
    assert tree.truth is True
    by_words = {part.words: part for part in tree.parts}
    low = by_words["MAP < 65"]
    assert (low.truth, low.used[0].name, low.used[0].millionths, low.used[0].unit, low.used[0].time) == (
        True,
        "MAP",
        60_000_000,
        "mmHg",
        0,
    )
    (other,) = (part for part in tree.parts if part.parts)
    truths = {part.words: part.truth for part in other.parts}
    assert truths == {"NE >= 0.1 mcg/kg/min": True, "bleeding": None}
    (dose,) = (part for part in other.parts if part.truth)
    rate = next(used for used in dose.used if used.name == "norepinephrine")
    assert (rate.millionths, rate.unit, rate.by_weight) == (100_000, "mcg/kg/min", True)
    (unknown,) = (part for part in other.parts if part.truth is None)
    assert unknown.used[0].why == "never"


def test_a_decision_says_when_to_look_again() -> None:
    text = "stage only initial rule a when MAP < 65 then start NE"
    found = decide(text, "0 h MAP 60", "0 h NE off", at="0 h")
    assert found.next_change() == 15 * 60_000 + 1


def test_with_nothing_that_can_change_there_is_no_need_to_look_again() -> None:
    assert (
        decide(
            "stage only initial rule a when line then start NE", "0 h line yes", "0 h NE off", at="0 h"
        ).next_change()
        is None
    )


def test_a_decision_names_what_is_new_and_what_has_ended() -> None:
    text = "stage only initial rule a when MAP < 65 then start NE"
    decisions = decide(text, "0 h MAP 60", "0 h NE off", "5 min MAP 70", at="5 min").run.decisions
    assert [(item.new, item.ended) for item in decisions] == [
        (("start norepinephrine",), ()),
        ((), ("start norepinephrine",)),
    ]
