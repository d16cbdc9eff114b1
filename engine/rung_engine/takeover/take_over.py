"""A running session under a newer version: the whole of it is built before anything is handed over."""

from __future__ import annotations

from collections.abc import Iterable

from rung_engine.event import Event
from rung_engine.program import Program
from rung_engine.reference.takeover import Stretch
from rung_engine.session.session import Decided, Session
from rung_engine.takeover.check import TakeoverProblem, check
from rung_engine.takeover.moved import Moved


def take_over(
    session: Session, program: Program, *, at: int, events: Iterable[Event]
) -> tuple[Moved, Decided]:
    """The session as it goes on when `program` takes over at `at`, in milliseconds; and what that decides.

    `events` are all that the session was told, as its owner's store holds them: a session itself forgets what
    is older than its late window. The decisions follow or revise those that `session` gave. `session` is not
    touched: whatever is raised here, it goes on. Raises `TakeoverProblem`.
    """
    earlier = session.stretches if isinstance(session, Moved) else (Stretch(session.program),)
    last = earlier[-1]
    check(last.program.artifact, program.artifact)
    if last.at is not None and at <= last.at:
        raise TakeoverProblem("early")
    return Moved.going_on(session, (*earlier, Stretch(program, at)), events)
