"""What stands when several protocols speak at once: owners, doubts, contradictions, proposals."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.together.ward import MINUTE, charted, program

from rung_engine.artifact import model as m
from rung_engine.event import Event, Infusion, NoOtherInfusions, Reading
from rung_engine.reference.run import Runner
from rung_engine.session.replay import Replay
from rung_engine.together.judge import judge_together
from rung_engine.together.model import Judgement, Together
from rung_engine.together.run import Player, at, voices

WEIGHT = Reading("w", 0, "weight", charted(70, "kg"))
NOTHING_RUNS = NoOtherInfusions("n", 0)


def mean(value: float, time: int = 0) -> Event:
    return Reading(f"m{time}", time, "MAP", charted(value, "mmHg"))


def creatinine(value: float, time: int = 0) -> Event:
    return Reading(f"c{time}", time, "creatinine", charted(value, "mg/dL"))


def shock(*kinds: str) -> Event:
    return Reading("s", 0, "shock", frozenset(kinds))


def running(rate: float) -> Event:
    return Infusion("i", 0, "norepinephrine", charted(rate, "mcg/kg/min"))


def decided(members: str, *events: Event, reference: bool = True) -> tuple[list[Player], Together]:
    told = [WEIGHT, NOTHING_RUNS, *events]
    players: list[Player] = [
        Runner(program(name), told) if reference else Replay(program(name), told, needs=True)
        for name in members.split()
    ]
    return players, at(players, max(event.time for event in told))


def orders(together: Together, protocol: str) -> list[str]:
    """As `op target`, with `?` where unconfirmed."""
    (content,) = (one.content for one in together.shares if one.protocol == protocol)
    assert content is not None
    return [f"{one.op} {one.target}{'' if one.confirmed else '?'}" for one in content.orders]


def proposed(members: str, op: str, target: str, rate: float, unit: str, *events: Event) -> Judgement | None:
    players, together = decided(members, *events)
    amount = m.Quantity(millionths=round(rate * 1_000_000), unit=unit)
    order = m.Order(op=op, target=target, dose=m.Range(lo=amount, hi=amount))  # type: ignore[arg-type]
    time = max([event.time for event in events], default=0)
    found = voices(players, time)
    return judge_together(found, together, dict.fromkeys(members.split(), order))


def test_the_owner_s_dose_stands_and_the_other_s_is_shown_as_yielded_with_the_reason() -> None:
    _, together = decided("kidney pressure", shock("septic"), creatinine(2.5), mean(60))
    assert orders(together, "pressure") == ["notify doctor", "start norepinephrine"]
    assert orders(together, "kidney") == ["give albumin"]
    (one,) = together.yielded
    assert (one.protocol, one.order.op, one.order.target) == ("kidney", "start", "norepinephrine")
    assert one.to == ("pressure",) and one.because == ("the shock protocol owns the rate",)
    assert not together.contradictions


def test_without_the_owner_on_the_patient_nothing_is_yielded() -> None:
    _, together = decided("kidney pressure", shock(), creatinine(2.5), mean(60))
    assert orders(together, "kidney") == ["give albumin", "start norepinephrine"]
    assert not together.yielded


def test_while_it_is_unknown_whether_the_owner_speaks_the_order_is_unconfirmed_and_says_what_to_check() -> (
    None
):
    _, together = decided("kidney pressure", creatinine(2.5), mean(60))
    assert orders(together, "kidney") == ["give albumin", "start norepinephrine?"]
    (content,) = (one.content for one in together.shares if one.protocol == "kidney")
    assert content is not None
    (start,) = (one for one in content.orders if one.op == "start")
    assert "yields:pressure" in start.check_first


def test_whoever_supersedes_a_protocol_takes_its_drug_over() -> None:
    line = Reading("l", 0, "line", True)
    _, together = decided("kidney heart", shock("cardiogenic"), creatinine(2.5), mean(55), line)
    assert "start norepinephrine" in orders(together, "heart")
    assert [(one.protocol, one.to, one.because) for one in together.yielded] == [
        ("kidney", ("heart",), ("newer",))
    ]


def test_what_forbids_a_drug_is_not_yielded_and_neither_of_two_opposed_orders_is_given() -> None:
    runs = Infusion("v", 0, "vasopressin", charted(0.03, "units/min"))
    _, together = decided("kidney heart", shock("cardiogenic"), creatinine(7), mean(70), runs)
    (clash,) = together.contradictions
    assert clash.kind == "orders" and clash.protocols == ("heart", "kidney")
    assert clash.rules == ("heart:treat.never_that", "kidney:treat.spare")
    assert "avoid vasopressin" not in orders(together, "kidney")
    assert "continue vasopressin" not in orders(together, "heart")


def test_what_is_forbidden_stays_forbidden_although_the_drug_is_yielded() -> None:
    _, together = decided("kidney pressure", shock("septic"), creatinine(7), mean(72))
    assert orders(together, "kidney") == ["avoid norepinephrine", "avoid vasopressin"]


def test_an_arm_of_a_choice_gives_way_to_what_another_protocol_forbids_while_another_arm_is_left() -> None:
    _, together = decided("pressure kidney", shock("septic"), creatinine(7), mean(50))
    assert "avoid vasopressin" in orders(together, "kidney")
    assert "add vasopressin" not in orders(together, "pressure")
    assert "give albumin" in orders(together, "pressure")
    assert not together.contradictions


def test_where_no_arm_of_a_choice_is_free_neither_side_is_given() -> None:
    _, together = decided("pressure kidney heart", shock("septic", "cardiogenic"), creatinine(5), mean(54))
    assert not [one for one in orders(together, "pressure") if "albumin" in one]
    assert [one.detail for one in together.contradictions if "no arm" in one.detail] == [
        "pressure: give albumin: no arm of the choice is free"
    ]


def test_a_drug_that_is_yielded_round_in_a_ring_is_a_contradiction_of_ownership() -> None:
    ring = (shock("septic", "cardiogenic"), mean(50))
    _, together = decided("round pressure heart", *ring)
    (clash,) = (one for one in together.contradictions if one.kind == "ownership")
    assert clash.protocols == ("heart", "pressure", "round") and clash.detail.startswith("vasopressin:")
    _, together = decided("round pressure heart", ring[0], mean(53))
    assert not [one for one in together.contradictions if one.kind == "ownership"]


def test_to_end_a_course_of_which_a_drug_is_yielded_stops_the_rest() -> None:
    both = (running(0.05), Infusion("v", 0, "vasopressin", charted(0.03, "units/min")))
    _, alone = decided("kidney", shock("septic"), creatinine(1.6), mean(90), *both)
    assert "end treatment" in orders(alone, "kidney")
    _, together = decided("kidney pressure", shock("septic"), creatinine(1.6), mean(90), *both)
    assert orders(together, "kidney") == ["stop vasopressin"]
    assert [(one.order.op, one.order.target) for one in together.yielded] == [("stop", "norepinephrine")]


@pytest.mark.parametrize("reference", [True, False])
def test_the_names_of_the_members_sort_them_whatever_their_order(reference: bool) -> None:
    events = (shock("septic"), creatinine(2.5), mean(60))
    one = decided("kidney pressure heart", *events, reference=reference)[1]
    other = decided("heart pressure kidney", *events, reference=reference)[1]
    assert one == other
    assert [share.protocol for share in one.shares] == ["heart", "kidney", "pressure"]


# ---------------------------------------------------------------- proposals


def told(judgement: Judgement | None) -> tuple[str, Sequence[str]]:
    assert judgement is not None
    return judgement.grade, [one.protocol for one in judgement.heard]


def test_the_acceptance_of_whoever_yields_is_no_voice() -> None:
    events = (shock("septic"), creatinine(2.5), mean(60))
    judged = proposed("kidney pressure", "start", "norepinephrine", 0.05, "mcg/kg/min", *events)
    assert told(judged) == ("accepted", ["pressure"])


def test_the_strictest_verdict_wins_and_a_prohibition_of_whoever_yields_stands() -> None:
    events = (shock("septic", "cardiogenic"), mean(60), creatinine(7))
    judged = proposed("kidney pressure heart", "add", "vasopressin", 0.03, "units/min", *events)
    grade, heard = told(judged)
    assert grade == "refused" and "kidney" in heard and "pressure" not in heard
    above = (shock("septic"), mean(95))
    judged = proposed("kidney pressure", "start", "norepinephrine", 0.05, "mcg/kg/min", *above)
    assert told(judged) == ("refused", ["pressure"])


def test_a_protocol_that_does_not_apply_has_no_voice_beside_one_that_does() -> None:
    events = (shock(), creatinine(2.5), mean(95))
    judged = proposed("kidney pressure", "start", "norepinephrine", 0.05, "mcg/kg/min", *events)
    assert judged is not None
    assert [one.protocol for one in judged.heard] == ["kidney"]


def test_where_it_is_unknown_whether_a_protocol_applies_its_refusal_is_unconfirmed() -> None:
    events = (creatinine(2.5), mean(95))
    judged = proposed("kidney pressure", "start", "norepinephrine", 0.05, "mcg/kg/min", *events)
    assert judged is not None
    by_name = {one.protocol: one.verdict.grade for one in judged.heard}
    assert by_name["pressure"] == "unconfirmed" and judged.grade == "unconfirmed"


def test_later_the_drug_comes_back_to_whoever_yielded_it() -> None:
    later = 3 * 60 * MINUTE  # the kinds of shock hold for two hours
    none = Reading("s2", later, "shock", frozenset())
    _, together = decided("kidney pressure", shock("septic"), creatinine(2.5, later), mean(60, later), none)
    assert "start norepinephrine" in orders(together, "kidney")
    assert not together.yielded
