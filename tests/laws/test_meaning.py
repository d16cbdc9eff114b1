"""Laws of the reference engine alone: nothing depends on where it happens to look."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.laws.settings import tries
from tests.laws.strategies import histories, programs

from rung_engine.decision.model import decision_bytes
from rung_engine.event import Event
from rung_engine.program import Program
from rung_engine.reference.history import resolve
from rung_engine.reference.run import run


@tries(150)
@given(programs(), histories(), st.booleans())
def test_judging_every_millisecond_changes_nothing(
    program: Program, events: tuple[Event, ...], silence_is_off: bool
) -> None:
    facts, _ = resolve(events)
    if not facts:
        return
    first, until = facts[0].time, facts[-1].time + 40
    chosen = run(program, events, until=until, silence_is_off=silence_is_off)
    every = run(program, events, until=until, silence_is_off=silence_is_off, instants=range(first, until + 1))
    assert [decision_bytes(item) for item in chosen] == [decision_bytes(item) for item in every]
