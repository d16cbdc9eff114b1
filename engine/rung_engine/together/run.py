"""Several protocols on one history, instant by instant, in either engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from rung_engine.decision.model import Content
from rung_engine.decision.view import View
from rung_engine.event import Event
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_engine.session.replay import Replay
from rung_engine.together.combine import combine
from rung_engine.together.model import Moment, Together, Voice


class Player(Protocol):
    """One protocol on the history."""

    @property
    def next_instant(self) -> int | None:
        """The next instant at which something could change; None: never again."""

    def advance(self, to: int) -> View:
        """Judges every instant up to `to` and `to` itself."""

    @property
    def content(self) -> Content | None: ...


def by_definition(program: Program, events: Iterable[Event], *, silence_is_off: bool = False) -> Player:
    """The reference engine."""
    return Runner(program, events, silence_is_off=silence_is_off)


def play(players: Sequence[Player], until: int) -> list[Moment]:
    """Every combined decision that differs from the one before it, up to `until`. All look at each instant at
    which something could change for one of them.
    """
    found: list[Moment] = []
    last: Together | None = None
    while True:
        nexts = [time for player in players if (time := player.next_instant) is not None]
        if not nexts or min(nexts) > until:
            return found
        time = min(nexts)
        now = at(players, time)
        if now != last:
            found.append(Moment(time, now))
        last = now


def at(players: Sequence[Player], time: int) -> Together:
    """The combined decision at an instant not before the last one that was judged."""
    return combine(voices(players, time))


def voices(players: Sequence[Player], time: int) -> tuple[Voice, ...]:
    """Each protocol at that instant."""
    return tuple(Voice(player.advance(time), player.content) for player in players)


def run_together(
    programs: Sequence[Program],
    events: Sequence[Event],
    *,
    until: int,
    silence_is_off: bool = False,
    reference: bool = False,
) -> list[Moment]:
    """The combined decisions of the protocols on these facts, up to `until`."""
    players: list[Player] = [
        Runner(program, events, silence_is_off=silence_is_off)
        if reference
        else Replay(program, events, needs=True, silence_is_off=silence_is_off)
        for program in programs
    ]
    return play(players, until)
