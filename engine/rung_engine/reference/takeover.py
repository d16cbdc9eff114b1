"""Versions of a protocol one after another on one patient, by definition. `docs/reference/takeover.md`."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rung_engine.decision.fold import State
from rung_engine.decision.model import Decision, Takeover
from rung_engine.event import Event
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.run import Runner
from rung_engine.takeover.landing import land


@frozen
class Stretch:
    """`program` decides from `at` on, in milliseconds; the first one from the beginning (`at` None)."""

    program: Program
    at: int | None = None


@frozen
class Landing:
    """Where a session goes on at `at`, in milliseconds, and its decisions so far.

    `stood`: where it was from each instant before. `past`: where the new version takes it to have been, which
    is the same unless it lands by history.
    """

    at: int
    state: State
    takeover: Takeover
    past: tuple[tuple[int, State], ...]
    stood: tuple[tuple[int, State], ...]
    decisions: tuple[Decision, ...]


class Successor(Runner):
    """The runner of a version that takes a session over at a landing.

    Before that its conditions are judged where the landing says that the session stood; nothing is decided.
    """

    def __init__(
        self, program: Program, events: Iterable[Event], landing: Landing, *, silence_is_off: bool = False
    ) -> None:
        super().__init__(program, events, silence_is_off=silence_is_off)
        self.landing = landing
        self.decisions = list(landing.decisions)
        self._past = iter((*landing.past, (landing.at, landing.state)))
        self._next_past = next(self._past)
        self._stood = State()
        for time, _ in (*landing.past, (landing.at, landing.state)):
            heapq.heappush(self._heap, time)

    def judge(self, time: int) -> None:
        if time < self.landing.at:
            self._follow(time)
            return
        if time == self.landing.at:
            self.fold.state = self.landing.state
            self.states = list(self.landing.stood)
        super().judge(time)
        if time == self.landing.at:
            self.decisions[-1] = replace(self.decisions[-1], takeover=self.landing.takeover)

    def _follow(self, time: int) -> None:
        while self._next_past[0] <= time:
            self._stood = self._next_past[1]
            self._next_past = next(self._past)
        if not self.rows:
            self.rows.append(self._before)
        view = Instant(self.chart, time, self.rows)
        view.place(self._stood.stage, self._stood.entered, self._stood.began)
        row = view.row()
        for instant in self._next(view, row, None):
            if instant > time:
                heapq.heappush(self._heap, instant)
        self.rows.append(row)
        self.view = view


def run_in_turn(
    stretches: Sequence[Stretch], events: Iterable[Event], until: int, *, silence_is_off: bool = False
) -> Runner:
    """The runner of the version that decides at `until`, with the decisions of all of them up to then.

    Every stage of each version must have a landing in the next one.
    """
    told = tuple(events)
    runner = Runner(stretches[0].program, told, silence_is_off=silence_is_off)
    for stretch in stretches[1:]:
        program, at = stretch.program, stretch.at
        assert at is not None
        if at > until:
            break
        runner.run(at - 1)
        if runner.view is None:
            runner = Runner(program, told, silence_is_off=silence_is_off)
            continue
        landed = land(runner.program, program, runner.fold.state, at)
        stood = past = tuple(runner.states)
        state = landed.state
        if state is None:
            own = Runner(program, told, silence_is_off=silence_is_off)
            own.run(at - 1)
            state, past = own.fold.state, tuple(own.states)
        landing = Landing(at, state, landed.takeover, past, stood, tuple(runner.decisions))
        runner = Successor(program, told, landing, silence_is_off=silence_is_off)
    runner.run(until)
    return runner
