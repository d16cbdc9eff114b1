"""One patient at the bedside: facts in, decisions out, timers kept.

The decisions are those of the reference engine on the set of events known so far, bit for bit, whatever the
order of arrival. What has been judged is kept for `late_window` milliseconds as checkpoints and a journal of
facts; an event that changes the past goes back to the last checkpoint before it and judges anew from there.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from operator import itemgetter

from rung_engine.artifact import model as m
from rung_engine.decision.fold import Fold, State, is_fleeting, wakes
from rung_engine.decision.model import Content, Decision, Rejected, Takeover, follow
from rung_engine.decision.view import DrugState, Hypothesis, InputState, View
from rung_engine.event import Correction, Event, Fact, Retraction
from rung_engine.frozen import frozen
from rung_engine.program import Amount, Dims, Program
from rung_engine.reference.evaluate import subjects
from rung_engine.reference.history import LONG_AGO, UNKNOWN, corrected
from rung_engine.session.amounts import joined
from rung_engine.session.chart import NEVER
from rung_engine.session.compile import compiled
from rung_engine.session.patient import Judged, Patient
from rung_engine.truth import Truth

DAY = 86_400_000
"""Milliseconds."""


class TooLate(ValueError):  # noqa: N818 - it names a fact about the event
    """The event changes what was so before everything that is kept (code `too_late`).

    The session is as it was. Its owner builds another with `Session.rebuilt` from its own store.
    """

    code = "too_late"

    def __init__(self, event: Event, horizon: int) -> None:
        super().__init__(f"{event.id}: before {horizon} ms")
        self.event = event
        self.horizon = horizon


class Decided(tuple[Decision, ...]):
    """Decisions in the order of their times, each a change from the one before.

    `revised_from` None: they follow all that were given before. Otherwise those given before with a time at
    or after `revised_from` are withdrawn, and these, if any, stand in their place.
    """

    revised_from: int | None

    def __new__(cls, decisions: Iterable[Decision] = (), revised_from: int | None = None) -> Decided:
        made = super().__new__(cls, decisions)
        made.revised_from = revised_from
        return made


NOTHING = Decided()


class SessionView:
    """The present instant of a session, as the decision asks about it. It notes what was asked."""

    def __init__(self, patient: Patient, state: State, judged: Judged) -> None:
        """`judged`: what the terms are where the session stands in `state`."""
        self.patient = patient
        self.time = patient.time
        self.stage, self.entered, self.began = state.stage, state.entered, state.began
        self.judged = judged
        self.truths = judged[0]
        self.asked: set[int] = set()
        self.watched: set[str] = set()
        self.probes: dict[Probe, object] = {}

    @property
    def program(self) -> Program:
        return self.patient.program

    def place(self, stage: str | None, entered: int | None, began: int | None) -> None:
        self.stage = stage
        if entered != self.entered or began != self.began:
            self.entered, self.began = entered, began
            self.judged = self.patient.plan.judge(self.patient, self.time, entered, began)
            self.truths = self.judged[0]

    def truth(self, term: int) -> Truth:
        self.asked.add(term)
        return self.truths[term]

    def suppose(self, hypothesis: Hypothesis, term: int) -> Truth:
        patient = self.patient.supposing(hypothesis)
        return patient.plan.judge_exactly(patient, self.time, self.entered, self.began)[0][term]

    def subjects(self, term: int) -> frozenset[tuple[str, str]]:
        return subjects(self.program, term)

    def input(self, name: str) -> InputState:
        return self.patient.inputs[self.patient.plan.input_place[name]].state()

    def drug(self, name: str) -> DrugState:
        return self.patient.drugs[self.patient.plan.drug_place[name]].state

    def weight(self) -> Fraction | None:
        return self.patient.weight

    def rate_changed(self, drug: str) -> int | None:
        return self.patient.drugs[self.patient.plan.drug_place[drug]].after.changed

    def last_reading(self, name: str) -> int | None:
        self.watched.add(name)
        return self.patient.inputs[self.patient.plan.input_place[name]].after.last

    def last_dose(self, drug: str) -> int | None:
        return self.patient.drugs[self.patient.plan.drug_place[drug]].last_dose()

    def given(self, drug: str, since: int) -> tuple[Amount | None, ...]:
        """The doses added up by their dimensions; `since` is the session's beginning."""
        cell = self.patient.drugs[self.patient.plan.drug_place[drug]]
        sums = cell.given_now if since == self.time else joined(cell.given_began, cell.given_now)
        return tuple(None if dims == UNKNOWN else Amount(value, dims) for dims, value in sums.items())

    def last_done(self, task: str) -> int | None:
        place = self.patient.plan.tasks.index(task)
        return self.time if self.patient.task_now[place] else self.patient.task_last[place]

    def moment(self, ref: m.Ref) -> int | None:
        found = self._moment(ref)
        self.probes[lambda view: view._moment(ref)] = found
        return found

    def _moment(self, ref: m.Ref) -> int | None:
        if not isinstance(ref, m.PairRef):
            return self.judged[2][self.patient.plan.anchors.index(ref)]
        known = [time for time in map(self._moment, ref.of) if time is not None]
        if ref.kind == "later":
            return max(known) if len(known) == 2 else None
        return min(known) if known else None

    def course_began(self, course: str) -> int | None:
        place = self.patient.plan.course_place[course]
        found = self.patient.courses[place].began(self.time)
        self.probes[lambda view: view.patient.courses[place].began(view.time)] = found
        return found

    def rolling(self, drug: str, over: int, dims: Dims) -> Fraction | None:
        found = self._rolling(drug, over, dims)
        self.probes[lambda view: view._room(drug, over, dims)] = self._room(drug, over, dims)
        return found

    def _rolling(self, drug: str, over: int, dims: Dims) -> Fraction | None:
        place = self.patient.plan.drug_place[drug]
        flow = next(flow for flow in self.patient.flows if flow.drug == place)
        line = flow.over(self.patient, over, dims)
        return line.lo if line is not None else None

    def _room(self, drug: str, over: int, dims: Dims) -> object:
        """What a decision can see of a rolling total: of an infusion, only whether a maximum is reached."""
        given = self._rolling(drug, over, dims)
        if given is None or drug in self.patient.plan.doses_ordered:
            return given
        return tuple(
            given >= window.maximum.value
            for window in self.program.rolling[drug]
            if window.over == over and window.maximum.dims == dims
        )

    def knowable_at(self, term: int) -> int | None:
        patient = self.patient.copy()
        truths, wake, moments = self.judged
        while True:
            patient.commit(truths, moments, self.began)
            time = patient.next_instant(wake)
            if time >= NEVER:
                return None
            patient.move_to(time)
            truths, wake, moments = patient.plan.judge(patient, time, self.entered, self.began)
            if truths[term] is not None:
                return time

    def silence_is_off(self) -> bool:
        return any(cell.charted.by_silence for cell in self.patient.drugs)


Probe = Callable[[SessionView], object]


@frozen
class Mind:
    """What was last decided, and all that it was decided on: while that is the same, so is the decision.

    `stable`: the decision left the session's state as it found it, so that deciding again would too. Not so
    after a cycle, for which conditions were asked of stages in which the session does not rest.
    """

    fold: Fold
    decision: Decision | None = None
    stable: bool = False
    epoch: int = -1
    wake: int = NEVER
    asked: Callable[[tuple[Truth, ...]], object] = len
    answers: object = None
    watched: frozenset[int] = frozenset()
    probes: tuple[tuple[Probe, object], ...] = ()
    takeover: Takeover | None = None
    """To be said with the next decision."""

    def holds(self, patient: Patient, judged: Judged) -> bool:
        """Deciding now would change nothing."""
        return (
            self.stable
            and patient.epoch == self.epoch
            and patient.time < self.wake
            and self.asked(judged[0]) == self.answers
            and not (self.watched and any(patient.inputs[place].now for place in self.watched))
            and not (self.probes and self._probed(SessionView(patient, self.fold.state, judged)))
        )

    def _probed(self, view: SessionView) -> bool:
        """Something that is not watched otherwise is no longer as it was."""
        return any(probe(view) != answer for probe, answer in self.probes)

    def decide(self, view: SessionView) -> Mind:
        fold = self.fold.copy()
        content = fold.advance(view)
        state = fold.state
        asked = itemgetter(*view.asked) if view.asked else len
        watched = frozenset(view.patient.plan.input_place[name] for name in view.watched)
        view.place(state.stage, state.entered, state.began)
        decision = self.decision
        if content is not None:
            decision = follow(decision, view.time, content, unproved=view.program.unproved)
            if self.takeover is not None:
                decision = replace(decision, takeover=self.takeover)
        wake = min(wakes(fold.content, view.time), default=NEVER) if fold.content is not None else NEVER
        if fold.content is not None and is_fleeting(self.fold.state, state, fold.content):
            wake = min(wake, view.time + 1)
        if self.fold.state.finished != state.finished:
            # A session's last words, or that it may begin anew, are over on the next instant.
            wake = min(wake, view.time + 1)
        cycled = _cycled(fold.content)
        if cycled and view.truths != view.patient.row:
            # What became so where the session rests is past, for the other stages, from the next instant on.
            wake = min(wake, view.time + 1)
        return Mind(
            fold=fold,
            decision=decision,
            stable=state == self.fold.state and not cycled,
            epoch=view.patient.epoch,
            wake=wake,
            asked=asked,
            answers=asked(view.truths),
            watched=watched,
            probes=tuple(view.probes.items()),
        )


def _is_same(one: Decision, other: Decision) -> bool:
    """The way that led to it included, which is not compared otherwise."""
    moved = [(item.content.path, item.content.moved_by) for item in (one, other)]
    return one == other and moved[0] == moved[1]


def _cycled(content: Content | None) -> bool:
    return content is not None and any(found.kind == "cycle" for found in content.contradictions)


@frozen
class Checkpoint:
    """Everything as it was when the instant `time` was over."""

    time: int
    patient: Patient
    mind: Mind
    wake: int


class Session:
    """One patient under one protocol.

    `late_window`: how far back, in milliseconds before the latest instant reached, facts may still be added,
    corrected or retracted. `stride`: the fewest instants between two checkpoints. Memory is bounded by what
    the protocol's own windows and `late_window` hold, not by the length of the stay.
    """

    def __init__(
        self, program: Program, *, silence_is_off: bool = False, late_window: int = DAY, stride: int = 128
    ) -> None:
        self.program = program
        self.late_window = late_window
        self._silence_is_off = silence_is_off
        self._stride = stride
        self._events: dict[str, Event] = {}
        self._clashing: set[str] = set()
        self._corrections: dict[str, dict[str, Correction]] = {}
        self._retractions: dict[str, set[str]] = {}
        self._journal: list[tuple[int, str, Fact]] = []
        self._unused: dict[str, int] = {}
        """Ids of facts that are not in the journal under their own stamp, with that stamp."""
        self._dropped = False
        self._given: list[Decision] = []
        self._reached = LONG_AGO
        self._patient = Patient(compiled(program))
        self._mind = self._mind_before = Mind(Fold())
        self._judged: Judged | None = None
        """The terms at the present instant, until it is over."""
        self._wake = NEVER
        """Of terms; see `_next`."""
        self._instants = 0
        self._checkpoints = [Checkpoint(LONG_AGO, self._patient.copy(), self._mind, NEVER)]

    @staticmethod
    def rebuilt(
        program: Program,
        events: Iterable[Event],
        *,
        silence_is_off: bool = False,
        late_window: int = DAY,
    ) -> Session:
        """A session that has been told all of a store; for after `TooLate`."""
        session = Session(program, silence_is_off=silence_is_off, late_window=late_window)
        session._tell(events)
        return session

    def _tell(self, events: Iterable[Event]) -> None:
        """All of a store, in an order in which nothing is late."""
        told = list(events)
        for event in told:
            if isinstance(event, Correction | Retraction):
                self.feed(event)
        facts = [event for event in told if not isinstance(event, Correction | Retraction)]
        for event in sorted(facts, key=lambda fact: (self._stamp(fact), fact.id)):
            self.feed(event)

    # -- what is known now

    @property
    def decision(self) -> Decision | None:
        """The latest decision; None before the first fact."""
        return self._mind.decision

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """What was charted and could not be used, as the latest decision says."""
        return self._mind.decision.content.rejected if self._mind.decision is not None else ()

    @property
    def clashes(self) -> tuple[str, ...]:
        """Ids under which two different things were said; neither is used."""
        return tuple(sorted(self._clashing))

    def view(self) -> View:
        """The last instant judged, until the next event or advance. Raises LookupError before the first."""
        if self._judged is None:
            raise LookupError("nothing has been judged")
        return SessionView(self._patient, self._mind.fold.state, self._judged)

    def look_again(self) -> int | None:
        """With no new fact: the next instant at which the decision will change, if ever."""
        other = self._fork()
        count = len(other._given)
        while (time := other._next()) < NEVER:
            other._judge(time, ())
            if len(other._given) > count:
                return time
        return None

    def _fork(self) -> Session:
        """Another session at the same point, which keeps no checkpoints."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._patient = self._patient.copy()
        other._given = []
        other._checkpoints = self._checkpoints[-1:]
        other._instants = -(10**9)
        return other

    # -- events

    def advance(self, to: int) -> Decided:
        """Time passes to `to`, in milliseconds, with no new fact."""
        if len(self._checkpoints) > 2:
            self._trim()
        count = len(self._given)
        self._run(to + 1)
        self._reached = max(self._reached, to)
        return Decided(self._given[count:])

    def feed(self, event: Event) -> Decided:
        """One event, in any order. Raises `TooLate`; an event told twice changes nothing."""
        if len(self._checkpoints) > 2:
            self._trim()
        known = self._events.get(event.id)
        if known is not None:
            if known == event or event.id in self._clashing:
                return NOTHING
        elif (
            not isinstance(event, Correction | Retraction)
            and event.time >= self._patient.time
            and event.id not in self._corrections
            and event.id not in self._retractions
        ):
            self._events[event.id] = event
            entry = (event.time, event.id, event)
            if self._journal and self._journal[-1][:2] > entry[:2]:
                bisect.insort(self._journal, entry, key=itemgetter(0, 1))
            else:
                self._journal.append(entry)
            return self._append(event)
        return self._change_past(event)

    def _append(self, fact: Fact) -> Decided:
        """A fact at or after the last instant judged."""
        old: list[Decision] = []
        if fact.time > self._patient.time:
            count = len(self._given)
            self._run(fact.time)
            self._judge(fact.time, (fact,))
        else:
            if self._given and self._given[-1].time == fact.time:
                old.append(self._given.pop())
            count = len(self._given)
            self._again(fact)
            self._decide()
        if self._reached > fact.time:
            self._run(self._reached + 1)
        else:
            self._reached = fact.time
        if not old and len(self._given) == count:
            return NOTHING
        return self._difference(old, self._given[count:])

    def _change_past(self, event: Event) -> Decided:
        """An event that is late, changes another, or was announced by another."""
        horizon = max(self._reached - self.late_window, self._checkpoints[0].time + 1)
        of = event.of if isinstance(event, Correction | Retraction) else None
        if of is not None and self._dropped and of not in self._events and of not in self._corrections:
            raise TooLate(event, horizon)
        ids = self._affected(event)
        before = {key: self._effective(key) for key in ids}
        self._learn(event)
        after = {key: self._effective(key) for key in ids}
        changes = [(before[key], after[key]) for key in sorted(ids) if before[key] != after[key]]
        times = [fact.time for pair in changes for fact in pair if fact is not None]
        if times and min(times) < horizon:
            self._forget(event)
            raise TooLate(event, horizon)
        for old, new in changes:
            if old is not None:
                self._journal.remove((old.time, old.id, old))
            if new is not None:
                bisect.insort(self._journal, (new.time, new.id, new), key=itemgetter(0, 1))
        for key in ids:
            base, used = self._events.get(key), after[key]
            if base is not None and (used is None or used.time != base.time):
                self._unused[key] = base.time
            else:
                self._unused.pop(key, None)
        if not times:
            return NOTHING
        return self._rewind(min(times))

    def _affected(self, event: Event) -> set[str]:
        """Ids of facts whose truth may change when this event is learnt."""
        found: set[str] = set()
        for one in (event, self._events.get(event.id)):
            if one is None:
                continue
            found.add(one.id)
            if isinstance(one, Correction | Retraction):
                found.add(one.of)
                aim = self._events.get(one.of)
                if isinstance(aim, Correction):
                    found.add(aim.of)
        for retraction in self._retractions.get(event.id, ()):
            found.add(retraction)
        return found

    def _learn(self, event: Event) -> None:
        if event.id in self._events:
            self._clashing.add(event.id)
            return
        self._events[event.id] = event
        if isinstance(event, Correction):
            self._corrections.setdefault(event.of, {})[event.id] = event
        elif isinstance(event, Retraction):
            self._retractions.setdefault(event.of, set()).add(event.id)

    def _forget(self, event: Event) -> None:
        """Undoes `_learn`."""
        if event.id in self._clashing:
            self._clashing.discard(event.id)
            return
        del self._events[event.id]
        if isinstance(event, Correction):
            del self._corrections[event.of][event.id]
        elif isinstance(event, Retraction):
            self._retractions[event.of].discard(event.id)

    def _retracted(self, key: str) -> bool:
        return any(other not in self._clashing for other in self._retractions.get(key, ()))

    def _effective(self, key: str) -> Fact | None:
        """The fact with this id as it stands; None where it is retracted, contradicted or unknown."""
        event = self._events.get(key)
        if event is None or isinstance(event, Correction | Retraction) or key in self._clashing:
            return None
        if self._retracted(key):
            return None
        standing = [
            item
            for item in self._corrections.get(key, {}).values()
            if item.id not in self._clashing and not self._retracted(item.id)
        ]
        return corrected(event, standing)

    def _stamp(self, fact: Fact) -> int:
        """The instant that the fact is about, corrected where a correction is known."""
        return corrected(fact, list(self._corrections.get(fact.id, {}).values())).time

    # -- time

    def _next(self) -> int:
        """The next instant at which anything could change with no new fact."""
        return min(self._patient.next_instant(self._wake), self._mind.wake)

    def _run(self, limit: int) -> None:
        """Judges all instants before `limit` at which anything could change."""
        patient = self._patient
        while self._wake < limit or patient.signal_wake < limit or self._mind.wake < limit:
            time = self._next()
            if time >= limit:
                return
            self._judge(time, ())

    def _judge(self, time: int, facts: Iterable[Fact]) -> None:
        """An instant later than every one before, with all its facts."""
        if self._judged is not None:
            self._commit(self._judged)
            self._judged = None
            self._instants += 1
            if self._instants >= self._stride:
                self._keep()
        self._arrive(time, facts)
        self._mind_before = self._mind
        self._decide()

    def _commit(self, judged: Judged) -> None:
        """The present instant is over."""
        self._patient.commit(judged[0], judged[2], self._mind.fold.state.began)

    def _arrive(self, time: int, facts: Iterable[Fact]) -> None:
        self._patient.move_to(time)
        for fact in facts:
            self._patient.add(fact, self._silence_is_off)

    def _again(self, fact: Fact) -> None:
        """One more fact of the present instant, which is to be decided anew."""
        self._mind = self._mind_before
        self._patient.add(fact, self._silence_is_off)

    def _decide(self) -> None:
        """Judges the present instant, with what is known of it so far."""
        mind, patient = self._mind, self._patient
        state = mind.fold.state
        judged = patient.plan.judge(patient, patient.time, state.entered, state.began)
        if not mind.holds(patient, judged):
            view = SessionView(patient, state, judged)
            self._mind = mind.decide(view)
            judged = view.judged
            if self._mind.decision is not None and self._mind.decision is not mind.decision:
                self._given.append(self._mind.decision)
        self._judged = judged
        self._wake = judged[1]

    # -- the past

    def _keep(self) -> None:
        """A checkpoint, where the last one is far enough back."""
        time = self._patient.time
        if time - self._checkpoints[-1].time >= self.late_window // 64:
            self._instants = 0
            self._checkpoints.append(self._point(time))

    def _point(self, time: int) -> Checkpoint:
        return Checkpoint(time, self._patient.copy(), self._mind, self._wake)

    def _go_back(self, point: Checkpoint) -> None:
        self._patient = point.patient.copy()
        self._mind = self._mind_before = point.mind
        self._wake = point.wake

    def _trim(self) -> None:
        """Drops what no event within the window can change any more."""
        horizon = self._reached - self.late_window
        if self._checkpoints[1].time >= horizon:
            return
        older = bisect.bisect_left(self._checkpoints, horizon, key=lambda point: point.time) - 1
        del self._checkpoints[:older]
        oldest = self._checkpoints[0].time
        gone = bisect.bisect_right(self._journal, oldest, key=lambda entry: entry[0])
        for _, key, _ in self._journal[:gone]:
            if key not in self._unused:
                self._drop(key)
        del self._journal[:gone]
        held = {entry[1] for entry in self._journal} if self._unused else set()
        for key, stamp in list(self._unused.items()):
            if stamp <= oldest and key not in held:
                self._drop(key)
        del self._given[: bisect.bisect_right(self._given, oldest, key=lambda decision: decision.time)]

    def _drop(self, key: str) -> None:
        """Forgets one fact, and what corrected or retracted it."""
        self._dropped = True
        self._unused.pop(key, None)
        self._events.pop(key, None)
        self._clashing.discard(key)
        others = (*self._corrections.pop(key, {}), *self._retractions.pop(key, ()))
        for other in others:
            self._drop(other)

    def _rewind(self, time: int) -> Decided:
        """Judges anew everything from `time` on."""
        place = bisect.bisect_left(self._checkpoints, time, key=lambda point: point.time) - 1
        del self._checkpoints[place + 1 :]
        point = self._checkpoints[place]
        cut = bisect.bisect_right(self._given, point.time, key=lambda decision: decision.time)
        old = self._given[cut:]
        del self._given[cut:]
        self._go_back(point)
        self._judged = None
        self._instants = 0
        entries = self._journal[bisect.bisect_right(self._journal, point.time, key=lambda entry: entry[0]) :]
        start = 0
        while start < len(entries):
            at = entries[start][0]
            stop = start + 1
            while stop < len(entries) and entries[stop][0] == at:
                stop += 1
            self._run(at)
            self._judge(at, [entry[2] for entry in entries[start:stop]])
            self._reached = max(self._reached, at)
            start = stop
        self._run(self._reached + 1)
        return self._difference(old, self._given[cut:])

    @staticmethod
    def _difference(old: list[Decision], new: list[Decision]) -> Decided:
        """What is new or withdrawn, from the first decision that differs."""
        same = 0
        while same < min(len(old), len(new)) and _is_same(old[same], new[same]):
            same += 1
        if same == len(old):
            return Decided(new[same:])
        first = old[same].time if same == len(new) else min(old[same].time, new[same].time)
        return Decided(new[same:], first)
