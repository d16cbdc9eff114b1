"""A history known from the start, judged forward once, for several choices of settings at a time.

For examples and the like, where nothing arrives late: `session.Session` decides the same and keeps a past to
go back to. What is pending is named without its fewest readings unless they are asked for; to find them is
much of the work of a decision, and nothing in them moves a session.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from itertools import groupby

from rung_engine.artifact import model as m
from rung_engine.artifact.references import operands_of
from rung_engine.decision.fold import Fold, State, lasting, step
from rung_engine.decision.model import Content, Decision, Pending
from rung_engine.decision.view import View
from rung_engine.event import Event, Fact
from rung_engine.program import Program
from rung_engine.reference.history import resolve
from rung_engine.session.chart import NEVER
from rung_engine.session.compile import compiled
from rung_engine.session.monitors import Past
from rung_engine.session.patient import Judged, Patient, Plan
from rung_engine.session.session import Mind, SessionView
from rung_engine.truth import Truth

Watch = Callable[[str | None, tuple[Truth, ...]], None]
"""Told of a stage whose rules were judged on an instant (None: before there is one), and all truths there."""


class Replay:
    """One patient under `program`, and under each of `others` for as long as that decides alike.

    The programs are of one artifact and differ only in settings that `settings_of_conditions` allows.
    `alike` are the places in `others` of those that have answered, wherever a decision asked, as `program`
    did: for them everything here is so too. `decisions` are the changes of the decision in the order of time.

    `needs`: the fewest readings are worked out; there are no others then. `watch` is told of every instant,
    of each stage that the session passes on it, and of each program that is still alike.
    """

    def __init__(
        self,
        program: Program,
        events: Iterable[Event],
        others: Sequence[Program] = (),
        *,
        needs: bool = False,
        watch: Watch | None = None,
        silence_is_off: bool = False,
    ) -> None:
        assert not (needs and others)
        self._silence_is_off = silence_is_off
        self.decisions: list[Decision] = []
        self._facts: deque[tuple[int, tuple[Fact, ...]]] = deque()
        self.tell(events)
        self._patient = Patient(compiled(program))
        self._others = {place: _Other(compiled(other)) for place, other in enumerate(others)}
        self._mind = Mind(Fold() if needs else _Outline())
        self.visited: set[str] = set()
        """The stages whose rules were asked."""
        self._watch = watch
        self._view: _Beside | None = None
        """The present instant, until it is over; None before the first fact."""

    @property
    def alike(self) -> frozenset[int]:
        return frozenset(self._others)

    @property
    def state(self) -> State:
        return self._mind.fold.state

    @property
    def content(self) -> Content | None:
        """What the decision says now; None before the first fact."""
        return self._mind.fold.content

    @property
    def next_instant(self) -> int | None:
        """The next instant that has facts, or at which something could change without any; None: never."""
        time = self._facts[0][0] if self._facts else NEVER
        if self._view is not None:
            time = min(time, self._patient.next_instant(self._view.wake()), self._mind.wake)
        return None if time >= NEVER else time

    def tell(self, events: Iterable[Event]) -> None:
        """Facts later than every instant judged, and later than every fact that was told before."""
        facts, _ = resolve(events)
        self._facts.extend((time, tuple(group)) for time, group in groupby(facts, lambda fact: fact.time))

    def ask_needs(self) -> None:
        """From here on the fewest readings are worked out."""
        assert not self._others
        fold = Fold()
        fold.state = self.state
        self._mind = Mind(fold)

    def advance(self, to: int) -> View:
        """Judges every instant up to `to`, which is not before the last one; gives the view of `to`."""
        while self._facts and self._facts[0][0] <= to:
            time, group = self._facts.popleft()
            self._pass(time)
            self._judge(time, group)
        self._pass(to + 1)
        if self._view is None:
            self._patient.move_to(to)
            return self._look()
        if self._patient.time < to:
            self._judge(to, ())
        return self._view

    def _pass(self, limit: int) -> None:
        """Every instant before `limit` at which something could change with no new fact."""
        while self._view is not None:
            time = min(self._patient.next_instant(self._view.wake()), self._mind.wake)
            if time >= limit:
                return
            self._judge(time, ())

    def _judge(self, time: int, facts: Iterable[Fact]) -> None:
        """An instant later than every one before, with all its facts."""
        patient = self._patient
        if self._view is not None:
            self._view.commit()
        patient.move_to(time)
        for fact in facts:
            patient.add(fact, self._silence_is_off)
        view, mind = self._look(), self._mind
        before = view.answers() if self._watch is not None else ()
        if mind.holds(patient, view.judged):
            view.ask_again(mind)
        else:
            self._mind = mind.decide(view)
            if self._mind.decision is not None and self._mind.decision is not mind.decision:
                self.decisions.append(self._mind.decision)
        self._view = view
        if self._watch is not None:
            self._tell(self._watch, view, mind, before)

    def _tell(self, watch: Watch, view: _Beside, old: Mind, before: Sequence[tuple[Truth, ...]]) -> None:
        """The stages judged on this instant, the first as the session came to it, the others just entered."""
        state, content = self.state, self.content
        path = content.path if content is not None and content is not old.fold.content else ()
        stages = path if state.finished else (*path, state.stage)
        if not path:
            if content is not None and content.phase == "active":
                for truths in view.answers():
                    watch(state.stage, truths)
            return
        came = old.fold.state
        for stage in stages:
            answers = before
            if stage != came.stage:
                view.place(stage, view.time, view.time if came.began is None else came.began)
                answers = view.answers()
            for truths in answers:
                watch(stage, truths)
        view.place(state.stage, state.entered, state.began)

    def _look(self) -> _Beside:
        patient, state = self._patient, self.state
        judged = patient.plan.judge(patient, patient.time, state.entered, state.began)
        return _Beside(patient, state, judged, self._others, self.visited)


class _Other:
    """What another program makes of the same patient. Its conditions have a past of their own."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.past = Past([plan.empty_row[term] for term in plan.monitored], plan.gap_count)
        self.row = plan.empty_row

    def judge(self, view: SessionView) -> Judged:
        patient = view.patient
        own, patient.past = patient.past, self.past
        judged = self.plan.judge(patient, view.time, view.entered, view.began)
        patient.past = own
        return judged

    def commit(self, time: int, truths: tuple[Truth, ...]) -> None:
        if truths != self.row:
            self.past.follow(time, truths, self.plan.monitored, self.plan.gaps)
            self.row = truths


class _Beside(SessionView):
    """The present instant under several programs. One that answers otherwise is taken out of `others`."""

    def __init__(
        self,
        patient: Patient,
        state: State,
        judged: Judged,
        others: dict[int, _Other],
        visited: set[str],
    ) -> None:
        super().__init__(patient, state, judged)
        self._others = others
        self._visited = visited
        self._compare()

    def _compare(self) -> None:
        self._theirs = {place: other.judge(self) for place, other in self._others.items()}
        self._otherwise: dict[int, list[int]] = {}
        """By term: who would answer otherwise."""
        for place, (truths, _, moments) in self._theirs.items():
            if moments != self.judged[2]:
                del self._others[place]
            elif truths != self.truths:
                for term, pair in enumerate(zip(truths, self.truths, strict=True)):
                    if pair[0] is not pair[1]:
                        self._otherwise.setdefault(term, []).append(place)

    def place(self, stage: str | None, entered: int | None, began: int | None) -> None:
        moved = entered != self.entered or began != self.began
        if stage is not None:
            self._visited.add(stage)
        super().place(stage, entered, began)
        if moved:
            self._compare()

    def truth(self, term: int) -> Truth:
        for place in self._otherwise.get(term, ()):
            self._others.pop(place, None)
        return super().truth(term)

    def answers(self) -> list[tuple[Truth, ...]]:
        """The truth of every term, for each program."""
        return [self.truths, *(self._theirs[place][0] for place in self._others)]

    def ask_again(self, mind: Mind) -> None:
        """All that was asked for the last decision, which would be asked again."""
        for place in list(self._others):
            if mind.asked(self._theirs[place][0]) != mind.answers:
                del self._others[place]

    def wake(self) -> int:
        """The next instant at which a term could change by itself for any of them."""
        return min(self.judged[1], *(judged[1] for judged in self._theirs.values()), NEVER)

    def commit(self) -> None:
        """The instant is over."""
        for place, other in self._others.items():
            other.commit(self.time, self._theirs[place][0])
        self.patient.commit(self.truths, self.judged[2], self.began)


class _Outline(Fold):
    """A fold that names what is pending and does not say what would settle it."""

    def copy(self) -> Fold:
        other = _Outline()
        other.state, other.content = self.state, self.content
        return other

    def advance(self, view: View) -> Content | None:
        self.state, draft = step(view, self.state)
        content = draft.content
        if content.pending or draft.unsettled:
            named = {*content.pending, *(Pending(rule) for rule, _ in draft.unsettled)}
            content = replace(content, pending=tuple(sorted(named, key=lambda item: item.rule)))
        if lasting(content) == lasting(self.content):
            return None
        self.content = content
        return content


def settings_of_conditions(artifact: m.Artifact) -> frozenset[str]:
    """The settings that are compared with or asked for in a condition, and have no other use.

    All else that is remembered of a patient, and every dose, is the same whatever they are.
    """
    elsewhere: set[str] = set()
    remembered: set[int] = set()
    """The conditions at whose truth readings are remembered, and all they are made of."""
    for index in reversed(range(len(artifact.terms))):
        term = artifact.terms[index]
        if isinstance(term, m.Readings) and term.drawn is not None:
            remembered.add(term.drawn)
        if index in remembered:
            remembered.update(operands_of(term))
            if isinstance(term, m.SettingIs):
                elsewhere.add(term.setting)
        if isinstance(term, m.Arith | m.Readings) or index in remembered:
            operands = (artifact.terms[operand] for operand in operands_of(term))
            elsewhere.update(operand.name for operand in operands if isinstance(operand, m.Setting))
    for part in fields(artifact):
        if part.name not in ("provenance", "graph", "certificate", "units"):
            elsewhere.update(settings_in(getattr(artifact, part.name)))
    return frozenset(artifact.settings).difference(elsewhere)


def settings_in(part: object) -> Iterator[str]:
    """The settings from which quantities in a part of an artifact are taken."""
    if isinstance(part, m.FromSetting):
        yield part.setting
    elif isinstance(part, m.Model):
        for field in fields(part):
            yield from settings_in(getattr(part, field.name))
    elif isinstance(part, tuple):
        for item in part:
            yield from settings_in(item)
    elif isinstance(part, dict):
        for item in part.values():
            yield from settings_in(item)
