"""Running both engines on a history, for the laws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rung_engine.decision.model import Decision, decision_bytes
from rung_engine.event import Event
from rung_engine.program import Program
from rung_engine.reference.history import resolve
from rung_engine.reference.run import Runner
from rung_engine.session.session import DAY, Decided, Session


def last_stamp(events: Iterable[Event]) -> int | None:
    """The stamp of the last fact that stands; None where none does."""
    facts, _ = resolve(events)
    return facts[-1].time if facts else None


def take(log: list[Decision], decided: Decided) -> None:
    """What a reader of a session does with its answers."""
    if decided.revised_from is not None:
        log[:] = [decision for decision in log if decision.time < decided.revised_from]
    log.extend(decided)


def by_reference(
    program: Program, events: Iterable[Event], until: int, *, silence_is_off: bool = False
) -> tuple[list[bytes], int | None]:
    """Decisions up to `until`, and when to look again."""
    runner = Runner(program, events, silence_is_off=silence_is_off)
    decided = [decision_bytes(item) for item in runner.run(until)]
    return decided, runner.look_again()


def by_session(
    program: Program,
    events: Sequence[Event],
    until: int,
    *,
    silence_is_off: bool = False,
    late_window: int = DAY,
    stride: int = 128,
) -> tuple[list[bytes], int | None]:
    """The same, the events told one by one in the order given."""
    session = Session(program, silence_is_off=silence_is_off, late_window=late_window, stride=stride)
    log: list[Decision] = []
    for event in events:
        take(log, session.feed(event))
    take(log, session.advance(until))
    return [decision_bytes(item) for item in log], session.look_again()
