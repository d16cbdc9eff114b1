"""The cohort's kernel on the same road: what the reference engine decided, it must decide too, to the
byte."""

from __future__ import annotations

from collections.abc import Sequence

from tests.laws.settings import LONG

from rung_engine.cohort.engine import Engine
from rung_engine.cohort.facts import facts_of
from rung_engine.decision.model import Decision, decision_bytes
from rung_engine.event import Event, Happened
from rung_engine.program import Program
from rung_engine.reference.history import resolve

SHARE = 6
"""Of so many edges one is tried by default, chosen by its artifact's hash; all are with `RUNG_LONG=1`."""


def is_tried(program: Program) -> bool:
    return LONG or int(program.artifact.meaning[:4], 16) % SHARE == 0


def agree(
    program: Program, events: Sequence[Event], at: int, decided: Sequence[Decision], *, silence_is_off: bool
) -> None:
    """The kernel's decisions up to `at` are those of the reference engine."""
    facts, _ = resolve(events)
    known = [fact for fact in facts if fact.time <= at]
    if not known:
        return
    engine = Engine(program, silence_is_off=silence_is_off, path="kernel")
    assert not engine.beyond
    # A kernel goes up to the last fact; this one is of something that nobody declared.
    stay = facts_of(program, {"stay": [*known, Happened("~", at, "undeclared")]})
    assert not engine.failed(stay).any()
    (found,) = engine.values(stay)
    assert [decision_bytes(one) for one in found] == [decision_bytes(one) for one in decided]
