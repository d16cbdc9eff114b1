"""A session under one version of a protocol after another, with the meaning of `reference.takeover`.

Until a version takes over it is kept beside the one that decides, as an heir: judged at the same instants, so
that a late fact is a late fact to both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rung_engine.decision.fold import Fold, State
from rung_engine.event import Event, Fact
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.history import LONG_AGO
from rung_engine.reference.takeover import Stretch
from rung_engine.session.chart import NEVER
from rung_engine.session.compile import compiled
from rung_engine.session.patient import Judged, Patient
from rung_engine.session.session import DAY, Checkpoint, Decided, Mind, Session, SessionView
from rung_engine.takeover.check import TakeoverProblem
from rung_engine.takeover.landing import land


class Track:
    """What a version that does not decide yet remembers of the patient, seen from some place in a session."""

    __slots__ = ("began", "judged", "patient", "wake")

    def __init__(self, program: Program) -> None:
        self.patient = Patient(compiled(program))
        self.judged: Judged | None = None
        """The terms at the present instant, until it is over."""
        self.began: int | None = None
        self.wake = NEVER

    def copy(self) -> Track:
        other = Track.__new__(Track)
        other.patient, other.judged = self.patient.copy(), self.judged
        other.began, other.wake = self.began, self.wake
        return other

    def judge(self, state: State) -> Judged:
        self.judged = self.patient.plan.judge(self.patient, self.patient.time, state.entered, state.began)
        self.began, self.wake = state.began, self.judged[1]
        return self.judged

    def commit(self) -> None:
        if self.judged is not None:
            self.patient.commit(self.judged[0], self.judged[2], self.began)
            self.judged = None


class Heir:
    """A version that takes over at `at`, until then.

    `beside` is judged where the session stands, `alone` where the version itself would be, for a landing by
    history; `mind` is what it would have decided.
    """

    __slots__ = ("alone", "at", "beside", "mind", "mind_before", "program")

    def __init__(self, program: Program, at: int) -> None:
        self.program, self.at = program, at
        self.beside, self.alone = Track(program), Track(program)
        self.mind = self.mind_before = Mind(Fold())

    def copy(self) -> Heir:
        other = Heir.__new__(Heir)
        other.program, other.at = self.program, self.at
        other.beside, other.alone = self.beside.copy(), self.alone.copy()
        other.mind, other.mind_before = self.mind, self.mind_before
        return other

    def next_instant(self) -> int:
        """The next instant at which anything here could change with no new fact."""
        wakes = (track.patient.next_instant(track.wake) for track in (self.beside, self.alone))
        return min(*wakes, self.mind.wake)

    def commit(self) -> None:
        self.beside.commit()
        self.alone.commit()

    def arrive(self, time: int, facts: Sequence[Fact], silence_is_off: bool) -> None:
        for track in (self.beside, self.alone):
            track.patient.move_to(time)
            for fact in facts:
                track.patient.add(fact, silence_is_off)
        self.mind_before = self.mind

    def again(self, fact: Fact, silence_is_off: bool) -> None:
        self.mind = self.mind_before
        for track in (self.beside, self.alone):
            track.patient.add(fact, silence_is_off)

    def decide(self, state: State) -> None:
        """The present instant; the session stands in `state` on it."""
        self.beside.judge(state)
        own, patient = self.mind.fold.state, self.alone.patient
        judged = self.alone.judge(own)
        if not self.mind.holds(patient, judged):
            view = SessionView(patient, own, judged)
            self.mind = self.mind.decide(view)
            self.alone.judged, self.alone.wake = view.judged, view.judged[1]
            self.alone.began = self.mind.fold.state.began


@frozen
class Point(Checkpoint):
    """A checkpoint with the version that decided and those that were to come."""

    program: Program
    heirs: tuple[Heir, ...]


class Moved(Session):
    """One patient under `stretches[0]`, then under each of the others from its instant on.

    Every stage of each version must have a landing in the next one; `take_over` sees to that. `program` is
    the version that decides at the latest instant reached.
    """

    def __init__(
        self,
        stretches: Sequence[Stretch],
        *,
        silence_is_off: bool = False,
        late_window: int = DAY,
        stride: int = 128,
    ) -> None:
        first, *later = stretches
        super().__init__(first.program, silence_is_off=silence_is_off, late_window=late_window, stride=stride)
        self.stretches = tuple(stretches)
        self._heirs = tuple(Heir(one.program, one.at) for one in later if one.at is not None)
        self._checkpoints = [self._point(LONG_AGO)]

    @staticmethod
    def going_on(
        session: Session, stretches: Sequence[Stretch], events: Iterable[Event]
    ) -> tuple[Moved, Decided]:
        """A session that is told all that `session` was told, and what it decides otherwise from the last
        takeover on. Raises `TakeoverProblem` where an event is missing; `session` stays as it is.
        """
        told, at = tuple(events), stretches[-1].at
        assert at is not None
        if at < session._reached - session.late_window:
            raise TakeoverProblem("early")
        missing = session._events.keys() - {event.id for event in told}
        if missing:
            raise TakeoverProblem("events", tuple(sorted(missing)))
        moved = Moved(
            stretches,
            silence_is_off=session._silence_is_off,
            late_window=session.late_window,
            stride=session._stride,
        )
        moved._tell(told)
        moved.advance(session._reached)
        was, now = ([decision for decision in one._given if decision.time >= at] for one in (session, moved))
        return moved, Session._difference(was, now)

    def _fork(self) -> Session:
        other = super()._fork()
        assert isinstance(other, Moved)
        other._heirs = tuple(heir.copy() for heir in self._heirs)
        return other

    # -- time

    def _next(self) -> int:
        time = super()._next()
        if self._heirs and self._patient.time > LONG_AGO:
            time = min(time, self._heirs[0].at, *(heir.next_instant() for heir in self._heirs))
        return time

    def _run(self, limit: int) -> None:
        while self._heirs and (time := self._next()) < limit:
            self._judge(time, ())
        super()._run(limit)

    def _commit(self, judged: Judged) -> None:
        super()._commit(judged)
        for heir in self._heirs:
            heir.commit()

    def _arrive(self, time: int, facts: Iterable[Fact]) -> None:
        while self._heirs and self._heirs[0].at <= time:
            self._land()
        told = tuple(facts)
        super()._arrive(time, told)
        for heir in self._heirs:
            heir.arrive(time, told, self._silence_is_off)

    def _again(self, fact: Fact) -> None:
        super()._again(fact)
        for heir in self._heirs:
            heir.again(fact, self._silence_is_off)

    def _decide(self) -> None:
        super()._decide()
        for heir in self._heirs:
            heir.decide(self._mind.fold.state)

    def _land(self) -> None:
        """The next version takes over; of a session that nothing was told yet there is nothing to take."""
        heir, *rest = self._heirs
        self._heirs = tuple(rest)
        track, fold = heir.beside, Fold()
        mind = Mind(fold)
        if self._patient.time > LONG_AGO:
            landed = land(self.program, heir.program, self._mind.fold.state, heir.at)
            if landed.state is None:
                track, fold.state = heir.alone, heir.mind.fold.state
            else:
                fold.state = landed.state
            mind = Mind(fold, decision=self._mind.decision, takeover=landed.takeover)
        self.program = heir.program
        self._patient, self._wake, self._mind = track.patient, track.wake, mind

    # -- the past

    def _point(self, time: int) -> Point:
        heirs = tuple(heir.copy() for heir in self._heirs)
        return Point(time, self._patient.copy(), self._mind, self._wake, self.program, heirs)

    def _go_back(self, point: Checkpoint) -> None:
        assert isinstance(point, Point)
        super()._go_back(point)
        self.program = point.program
        self._heirs = tuple(heir.copy() for heir in point.heirs)
