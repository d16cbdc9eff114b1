"""The session engine is the reference engine, told one event at a time in any order."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.engines import by_reference, by_session, last_stamp, take
from tests.laws.settings import tries
from tests.laws.strategies import LAST, SEEDS, any_artifact, any_history, histories, programs

from rung_engine.decision.model import Decision, decision_bytes
from rung_engine.event import Charted, Correction, Event, Fact, Infusion, Reading, Retraction
from rung_engine.program import Program
from rung_engine.reference.history import resolve
from rung_engine.session.session import Session, TooLate

WINDOW = 64
"""Longer than any history drawn; so short that checkpoints fall within it."""


@tries(220)
@given(
    programs(), histories(), SEEDS, st.sampled_from((0, 3, 40)), st.booleans(), st.sampled_from((1, 4, 128))
)
def test_both_engines_agree_bit_for_bit(
    program: Program, events: tuple[Event, ...], seed: int, more: int, silence_is_off: bool, stride: int
) -> None:
    if last_stamp(events) is None:
        return
    until = LAST + more
    arrived = list(events)
    Random(seed).shuffle(arrived)
    assert by_session(
        program, arrived, until, silence_is_off=silence_is_off, late_window=WINDOW, stride=stride
    ) == by_reference(program, events, until, silence_is_off=silence_is_off)


@tries(60)
@given(programs(), histories(), SEEDS)
def test_the_order_of_arrival_never_changes_a_decision(
    program: Program, events: tuple[Event, ...], seed: int
) -> None:
    arrived = list(events)
    Random(seed).shuffle(arrived)
    assert by_session(program, arrived, LAST, stride=2, late_window=WINDOW) == by_session(
        program, events, LAST
    )
    assert by_reference(program, arrived, LAST) == by_reference(program, events, LAST)


@tries(60)
@given(programs(), histories(), st.integers(0, LAST), st.booleans())
def test_a_decision_never_depends_on_the_future(
    program: Program, events: tuple[Event, ...], now: int, silence_is_off: bool
) -> None:
    facts, _ = resolve(events)
    known = [fact for fact in facts if fact.time <= now]
    whole, _ = by_reference(program, facts, now, silence_is_off=silence_is_off)
    assert by_reference(program, known, now, silence_is_off=silence_is_off)[0] == whole
    assert by_session(program, known, now, silence_is_off=silence_is_off)[0] == whole


@tries(30)
@given(SEEDS, st.integers(1, 14), histories())
def test_replay_gives_the_same_bytes(seed: int, size: int, events: tuple[Event, ...]) -> None:
    first = by_session(Program(any_artifact(Random(seed), size), unverified=True), events, LAST)
    assert by_session(Program(any_artifact(Random(seed), size), unverified=True), events, LAST) == first


def in_another_unit(fact: Fact, dice: Random) -> Fact:
    """The same quantity in another accepted unit of the same dimensions."""
    if isinstance(fact, Reading) and fact.input == "y" and isinstance(fact.value, Charted):
        in_points = {"points": 10, "tens": 100, "%": 5}.get(fact.value.unit)
        if in_points is None:
            return fact
        unit, size = dice.choice((("points", 10), ("tens", 100), ("%", 5)))
        millionths, rest = divmod(fact.value.millionths * in_points, size)
        return fact if rest else replace(fact, value=Charted(millionths, unit))
    if isinstance(fact, Infusion) and fact.rate is not None and fact.rate.unit in ("mcg/ms", "mg/ms"):
        in_mcg = fact.rate.millionths * (1000 if fact.rate.unit == "mg/ms" else 1)
        rate = dice.choice((Charted(in_mcg, "mcg/ms"), Charted(in_mcg // 1000, "mg/ms")))
        return replace(fact, rate=rate)
    return fact


@tries(60)
@given(programs(), histories(), SEEDS)
def test_the_unit_of_entry_does_not_matter(program: Program, events: tuple[Event, ...], seed: int) -> None:
    facts, _ = resolve(events)
    others = [in_another_unit(fact, Random(seed + place)) for place, fact in enumerate(facts)]
    assert by_session(program, others, LAST) == by_session(program, facts, LAST)
    assert by_reference(program, others, LAST) == by_reference(program, facts, LAST)


@tries(60)
@given(programs(), histories(), SEEDS)
def test_a_retracted_fact_was_never_there(program: Program, events: tuple[Event, ...], seed: int) -> None:
    facts, _ = resolve(events)
    if len(facts) < 2:
        return
    gone = Random(seed).choice(facts)
    rest = [fact for fact in facts if fact is not gone]
    told: list[Event] = [*facts, Retraction("gone", LAST, gone.id)]
    assert by_session(program, told, LAST, stride=3, late_window=WINDOW) == by_session(program, rest, LAST)
    assert by_reference(program, told, LAST) == by_reference(program, rest, LAST)


@tries(60)
@given(programs(), histories())
def test_equal_recharting_is_no_change(program: Program, events: tuple[Event, ...]) -> None:
    facts, _ = resolve(events)
    again = [replace(fact, id=f"{fact.id}+") for fact in facts if isinstance(fact, Reading | Infusion)]
    told = sorted([*facts, *again], key=lambda fact: (fact.time, fact.id))
    assert by_session(program, told, LAST) == by_session(program, facts, LAST)
    assert by_reference(program, told, LAST) == by_reference(program, facts, LAST)


@tries(40)
@given(programs(), SEEDS, st.integers(30, 90))
def test_a_window_that_slides_forgets_nothing_it_needs(program: Program, seed: int, count: int) -> None:
    dice = Random(seed)
    told: list[Event] = []
    for start in range(3):
        part, _ = resolve(any_history(dice, count // 3))
        told.extend(replace(fact, time=fact.time + 40 * start, id=f"{start}{fact.id}") for fact in part)
    until = 40 * 3
    window = 20
    session = Session(program, late_window=window, stride=1)
    heard: list[Event] = []
    log: list[Decision] = []
    now = 0
    for event in sorted(told, key=lambda fact: fact.time + dice.choice((0, 0, 5, 19))):
        if event.time < now - window:
            continue
        now = max(now, event.time)
        heard.append(event)
        take(log, session.feed(event))
    take(log, session.advance(until))
    assert ([decision_bytes(item) for item in log], session.look_again()) == by_reference(
        program, heard, until
    )


@tries(20)
@given(programs(), histories())
def test_a_session_told_twice_or_rebuilt_is_the_same_session(
    program: Program, events: tuple[Event, ...]
) -> None:
    once = by_session(program, events, LAST)
    assert by_session(program, [*events, *events], LAST) == once
    session = Session.rebuilt(program, events, late_window=WINDOW)
    session.advance(LAST)
    assert session.look_again() == once[1]


def test_a_fact_older_than_the_window_is_too_late_and_changes_nothing() -> None:
    program = Program(any_artifact(Random(1), 5), unverified=True)
    session = Session(program, late_window=10, stride=1)
    for time in range(100):
        session.feed(Reading(f"r{time}", time, "x", Charted(time * 100_000, "points")))
    before = session.decision
    late: tuple[Event, ...] = (
        Reading("late", 80, "x", Charted(0, "points")),
        Retraction("gone", 99, "r50"),
        Correction("other", 99, "r50", Reading("r50", 95, "x", Charted(0, "points"))),
        Correction("moved", 99, "r97", Reading("r97", 50, "x", Charted(0, "points"))),
    )
    for event in late:
        with pytest.raises(TooLate) as caught:
            session.feed(event)
        assert (caught.value.code, caught.value.event) == ("too_late", event)
    assert session.decision is before
    assert session.feed(Retraction("near", 99, "r97")).revised_from in (None, 97, 98, 99)


@pytest.mark.parametrize("seed", [151, 784, 1299])
def test_last_words_are_over_on_the_next_instant_in_every_engine(seed: int) -> None:
    """Found by the cohort's kernel: a session engine saw it only when something else happened."""
    dice = Random(seed)
    program = Program(any_artifact(dice, dice.randint(1, 14)), unverified=True)
    silence = dice.random() < 0.4
    for _ in range(8):
        events = any_history(dice, dice.randint(1, 24))
        until = last_stamp(events)
        if until is not None:
            assert by_session(program, events, until, silence_is_off=silence) == by_reference(
                program, events, until, silence_is_off=silence
            )
