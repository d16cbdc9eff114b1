"""A candidate history, played. The reference engine has the last word; the other is quicker on long ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rung_engine.artifact import model as m
from rung_engine.decision.fold import Fold, step
from rung_engine.decision.model import Content
from rung_engine.decision.view import View
from rung_engine.event import Event
from rung_engine.program import Program, SettingProblem
from rung_engine.reference.run import Runner
from rung_engine.session.replay import Replay
from rung_lang.verify.verdict import Replayed, Witness


class Outline(Fold):
    """A fold that does not work out what would settle a pending rule: it moves no session."""

    def __init__(self) -> None:
        super().__init__()
        self.outside = False
        """An assumption was false on some instant, so the history is not one that is proved about."""

    def advance(self, view: View) -> Content | None:
        self.state, draft = step(view, self.state)
        self.content = draft.content
        self.outside = self.outside or bool(draft.content.outside_verified)
        return None


def outlined(program: Program, events: Iterable[Event], time: int) -> Replayed | None:
    """As `replayed`, without what would settle a pending rule."""
    runner = Runner(program, events)
    outline = Outline()
    runner.fold = outline
    runner.run(time - 1)
    before = outline.state
    runner.run(time)
    if runner.view is None or runner.view.time != time:
        runner.judge(time)
    if runner.view is None or outline.content is None or outline.outside:
        return None
    return Replayed(program, runner.view, outline.content, outline.state, before)


def replayed(program: Program, events: Iterable[Event], time: int) -> Replayed | None:
    """The decision on `time`, by the reference engine; None where an assumption is false by then."""
    runner = Runner(program, events)
    outline = Outline()
    runner.fold = outline
    runner.run(time - 1)
    before = outline.state
    last = Fold()
    last.state = before
    runner.fold = last
    runner.run(time)
    if runner.view is None or runner.view.time != time:
        runner.judge(time)
    view, content = runner.view, last.content
    if view is None or content is None or outline.outside or content.outside_verified:
        return None
    return Replayed(program, view, content, last.state, before)


def replay_of(artifact: m.Artifact, witness: Witness) -> Replayed | None:
    """A history from wherever, judged at its instant; None where no proof is about such a patient."""
    try:
        program = Program(artifact, dict(witness.settings), unverified=True)
        return replayed(program, witness.events, witness.time)
    except (SettingProblem, ValueError, KeyError):
        return None


def way(program: Program, events: Sequence[Event], times: Iterable[int]) -> list[tuple[int, str | None]]:
    """When the session came to each stage in which it rested, and where it stands on each of `times`."""
    replay = Replay(program, events)
    found: list[tuple[int, str | None]] = []
    for time in times:
        replay.advance(time)
    for decision in replay.decisions:
        stage = decision.content.stage if decision.content.phase == "active" else None
        if not found or found[-1][1] != stage:
            found.append((decision.time, stage))
    return found


def stage_at(moves: Sequence[tuple[int, str | None]], time: int) -> str | None:
    """Where the session stands."""
    now = [stage for when, stage in moves if when <= time]
    return now[-1] if now else None
