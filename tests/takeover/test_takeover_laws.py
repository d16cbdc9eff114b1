"""A session that another version takes over is what the reference says, whatever arrives when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.laws.engines import last_stamp, take
from tests.laws.settings import tries
from tests.laws.strategies import LAST, SEEDS, any_history, histories, programs
from tests.takeover.versions import in_turn, versions

from rung_engine.decision.fold import lasting
from rung_engine.decision.model import Decision, decision_bytes
from rung_engine.event import Event
from rung_engine.program import Program
from rung_engine.reference.history import resolve
from rung_engine.reference.run import run
from rung_engine.reference.takeover import Stretch, run_in_turn
from rung_engine.session.session import Session
from rung_engine.takeover.moved import Moved
from rung_engine.takeover.take_over import take_over

UNTIL = LAST + 3
WINDOW = 64
"""Longer than any history drawn; so short that checkpoints fall within it."""


def by_reference(
    stretches: Sequence[Stretch], events: Sequence[Event], silence_is_off: bool
) -> tuple[list[bytes], int | None]:
    runner = run_in_turn(stretches, events, UNTIL, silence_is_off=silence_is_off)
    return [decision_bytes(item) for item in runner.decisions], runner.look_again()


def by_session(
    stretches: Sequence[Stretch], events: Sequence[Event], dice: Random, silence_is_off: bool
) -> tuple[list[bytes], int | None]:
    """The takeovers come somewhere among the events, perhaps long before or after their own instants."""
    cuts = sorted(dice.randint(0, len(events)) for _ in stretches[1:])
    session = Session(
        stretches[0].program,
        silence_is_off=silence_is_off,
        late_window=WINDOW,
        stride=dice.choice((1, 4, 99)),
    )
    log: list[Decision] = []
    told = 0
    for cut, stretch in zip(cuts, stretches[1:], strict=True):
        for event in events[told:cut]:
            take(log, session.feed(event))
        if dice.randint(0, 1):
            take(log, session.advance(dice.randint(0, UNTIL)))
        told = cut
        assert stretch.at is not None
        session, decided = take_over(session, stretch.program, at=stretch.at, events=events[:cut])
        take(log, decided)
    for event in events[told:]:
        take(log, session.feed(event))
    take(log, session.advance(UNTIL))
    return [decision_bytes(item) for item in log], session.look_again()


@tries(60)
@given(in_turn(1), histories(), SEEDS, st.booleans())
def test_both_engines_agree_on_a_takeover(
    stretches: tuple[Stretch, ...], events: tuple[Event, ...], seed: int, silence_is_off: bool
) -> None:
    if last_stamp(events) is None:
        return
    dice = Random(seed)
    arrived = list(events)
    dice.shuffle(arrived)
    assert by_session(stretches, arrived, dice, silence_is_off) == by_reference(
        stretches, events, silence_is_off
    )


@tries(30)
@given(in_turn(3), histories(), SEEDS)
def test_takeovers_one_after_another_compose(
    stretches: tuple[Stretch, ...], events: tuple[Event, ...], seed: int
) -> None:
    if last_stamp(events) is None:
        return
    dice = Random(seed)
    assert by_session(stretches, events, dice, False) == by_reference(stretches, events, False)


@tries(60)
@given(programs(), histories(), st.integers(-1, LAST + 2))
def test_moving_to_the_very_same_version_changes_no_decision(
    program: Program, events: tuple[Event, ...], at: int
) -> None:
    if last_stamp(events) is None:
        return
    moved = run_in_turn((Stretch(program), Stretch(program, at)), events, UNTIL).decisions
    said: list[Decision] = []
    for decision in moved:
        if decision.takeover is None or not said or lasting(decision.content) != lasting(said[-1].content):
            said.append(replace(decision, takeover=None))
    plain = run(program, events, until=UNTIL)
    assert [(item.time, lasting(item.content)) for item in said] == [
        (item.time, lasting(item.content)) for item in plain
    ]


@tries(12)
@given(SEEDS, st.integers(10, 110), st.integers(-15, 15))
def test_a_session_that_forgets_what_is_old_is_taken_over_all_the_same(
    seed: int, at: int, sooner: int
) -> None:
    dice, window = Random(seed), 20
    facts = [
        replace(fact, time=fact.time + 40 * part, id=f"{part}{fact.id}")
        for part in range(3)
        for fact in resolve(any_history(dice, 12))[0]
    ]
    stretches = versions(seed, dice.randint(1, 14), (at,))
    session = Session(stretches[0].program, late_window=window, stride=1)
    heard: list[Event] = []
    log: list[Decision] = []
    now = 0
    for event in sorted(facts, key=lambda fact: fact.time + dice.choice((0, 0, 5, 19))):
        if event.time < now - window:
            continue
        if not isinstance(session, Moved) and max(now, event.time) > at - sooner:
            session, decided = take_over(session, stretches[1].program, at=at, events=heard)
            take(log, decided)
        now = max(now, event.time)
        heard.append(event)
        take(log, session.feed(event))
    if isinstance(session, Moved):
        take(log, session.advance(120))
        runner = run_in_turn(stretches, heard, 120)
        assert [decision_bytes(item) for item in log] == [decision_bytes(item) for item in runner.decisions]
        assert session.look_again() == runner.look_again()
