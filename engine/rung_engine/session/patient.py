"""All that a session remembers of one patient, at one instant, and the plan that says what is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.decision.view import DrugState, Hypothesis
from rung_engine.event import Done, Dose, Fact, Happened, Infusion, NoOtherInfusions, Reading
from rung_engine.program import Amount, Dims, Program
from rung_engine.reference.history import LONG_AGO
from rung_engine.session.amounts import Flow
from rung_engine.session.chart import NEVER, CourseCell, DrugCell, InputCell, InputSpec, Raw, scaled
from rung_engine.session.monitors import (
    Capture,
    ExtremeOver,
    ExtremeSince,
    Groups,
    How,
    Knowledge,
    MovingRun,
    Past,
    SteadyRun,
)
from rung_engine.truth import Truth


class Patient:
    """All that is remembered, at one instant. `plan` says what is needed; see `compile.Plan`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.program = plan.program
        self.time = LONG_AGO
        self.wake = NEVER
        self.epoch = 0
        """Raised whenever something a decision can see besides conditions has changed."""
        self.silence_from: int | None = None
        self.weight: Fraction | None = None
        self.inputs = [InputCell(spec) for spec in plan.inputs]
        self.drugs = [DrugCell(name, self.program.artifact.drugs[name]) for name in plan.drugs]
        self.courses = [CourseCell(decl, drugs) for decl, drugs in plan.courses]
        self.values: list[Raw | None] = [None] * len(self.inputs)
        self.rates: list[tuple[int, int] | None] = [None] * len(plan.rates)
        self.event_now = [False] * len(plan.events)
        self.task_now = [False] * len(plan.tasks)
        self.task_last: list[int | None] = [None] * len(plan.tasks)
        self.anchors: tuple[int | None, ...] = (None,) * len(plan.anchors)
        self.past = Past([plan.empty_row[term] for term in plan.monitored], plan.gap_count)
        self.row = plan.empty_row
        self.knowledge = [Knowledge(cell) for cell in plan.knowledge]
        self.steady = [SteadyRun(*parts) for parts in plan.steady]
        self.moving = [MovingRun(*parts) for parts in plan.moving]
        self.groups = [Groups(*parts) for parts in plan.groups]
        self.extremes = [ExtremeOver(*parts) for parts in plan.extremes]
        self.extremes_since = [ExtremeSince(*parts) for parts in plan.extremes_since]
        self.captures = [Capture(*parts) for parts in plan.captures]
        self.course_captures = [Capture(*parts) for parts in plan.course_captures]
        self.flows = [Flow(*parts) for parts in plan.flows]
        self.signal_wake = NEVER
        """Not later than the first instant at which a reading or a rate expires."""
        self.touched_inputs: list[int] = []
        self.touched_drugs: list[int] = []
        self.counted = [index for index, spec in enumerate(plan.inputs) if spec.counts is not None]

    def copy(self) -> Patient:
        other = Patient.__new__(Patient)
        other.__dict__.update(self.__dict__)
        for name in (
            "inputs", "drugs", "courses", "knowledge", "steady", "moving", "groups", "extremes",
            "extremes_since", "captures", "course_captures", "flows",
        ):  # fmt: skip
            setattr(other, name, [part.copy() for part in getattr(self, name)])
        for name in (
            "values",
            "rates",
            "event_now",
            "task_now",
            "task_last",
            "touched_inputs",
            "touched_drugs",
        ):
            setattr(other, name, list(getattr(self, name)))
        other.past = self.past.copy()
        return other

    def silent(self) -> bool:
        return self.silence_from is not None and self.silence_from <= self.time

    def next_instant(self, wake: int) -> int:
        """The earlier of `wake` and the next expiry."""
        while self.signal_wake < wake:
            known = self.signal_wake
            self.settle_signal_wake()
            if self.signal_wake == known:
                return known
        return wake

    def move_to(self, time: int) -> None:
        """The next instant to judge; the one before must have been committed."""
        self.time = time
        if time >= self.signal_wake:
            self.expire()

    def supposing(self, hypothesis: Hypothesis) -> Patient:
        """The patient as supposed now. The past is shared, so nothing may be committed."""
        other = Patient.__new__(Patient)
        other.__dict__.update(self.__dict__)
        other.inputs, other.drugs = list(self.inputs), list(self.drugs)
        other.values, other.rates = list(self.values), list(self.rates)
        supposed: set[int] = set()
        for (kind, name), value in hypothesis.items():
            if kind == "input":
                place = self.plan.input_place[name]
                supposed.add(place)
                other.inputs[place] = cell = self.inputs[place].copy()
                cell.raw = value * cell.spec.scale if isinstance(value, Fraction) else value  # type: ignore[assignment]
                cell.why, cell.time, cell.now = "", self.time, (cell.raw,)  # type: ignore[assignment]
                other.values[place] = cell.raw
            else:
                place = self.plan.drug_place[name]
                other.drugs[place] = drug = self.drugs[place].copy()
                rate = value if isinstance(value, Amount) else None
                drug.state = DrugState(rate is not None, rate, "", self.time)
        weight = self.plan.weight
        if weight is not None and weight in supposed:
            raw = other.inputs[weight].raw
            other.weight = scaled(raw, other.inputs[weight].spec.scale) if raw is not None else None
            for index in self.counted:
                if index not in supposed:
                    other.inputs[index] = cell = self.inputs[index].copy()
                    cell.refresh(other)
                    other.values[index] = cell.raw
        other.refresh_rates()
        return other

    # -- the present instant

    def refresh_input(self, index: int) -> None:
        """Works out one input anew; what depends on the weight follows it."""
        cell = self.inputs[index]
        before = cell.visible()
        cell.refresh(self)
        self.values[index] = cell.raw
        if cell.until < self.signal_wake:
            self.signal_wake = cell.until + 1
        if cell.visible() != before:
            self.epoch += 1
        if index == self.plan.weight:
            weight = scaled(cell.raw, cell.spec.scale) if cell.raw is not None else None
            if weight != self.weight:
                self.weight = weight
                self.epoch += 1
                self.refresh_rates()
                for drug in self.touched_drugs:
                    self.drugs[drug].refresh(self)
                for other in self.counted:
                    self.refresh_input(other)

    def refresh_drug(self, index: int) -> None:
        cell = self.drugs[index]
        before = cell.visible()
        cell.refresh(self)
        if cell.until < self.signal_wake:
            self.signal_wake = cell.until + 1
        if cell.visible() != before:
            self.epoch += 1
        self.refresh_rates()
        for course in self.courses:
            if index in course.drugs:
                course.refresh(self)
        for other in self.counted:
            if self.plan.inputs[other].counts == index:
                self.refresh_input(other)

    def refresh_rates(self) -> None:
        for place, (drug, dims) in enumerate(self.plan.rates):
            state = self.drugs[drug].state
            if state.running is False:
                self.rates[place] = (0, 1)
                continue
            rate = state.rate.seen_in(dims, self.weight) if state.running and state.rate is not None else None
            self.rates[place] = None if rate is None else (rate.numerator, rate.denominator)

    def expire(self) -> None:
        """Works out anew what no longer holds, and when the next thing expires."""
        t = self.time
        for index, cell in enumerate(self.inputs):
            if cell.until < t:
                self.refresh_input(index)
        for index, drug in enumerate(self.drugs):
            if drug.until < t:
                self.refresh_drug(index)
                self.touched_drugs.append(index)
        self.settle_signal_wake()

    def settle_signal_wake(self) -> None:
        """The very instant at which the next thing expires."""
        untils = [cell.until for cell in self.inputs if cell.until < NEVER]
        untils.extend(cell.until for cell in self.drugs if cell.until < NEVER)
        self.signal_wake = min(untils) + 1 if untils else NEVER

    def add(self, fact: Fact, silence_is_off: bool) -> None:
        """One more fact stamped at the present instant."""
        plan = self.plan
        if self.silence_from is None and (silence_is_off or isinstance(fact, NoOtherInfusions)):
            self.silence_from = self.time
            self.epoch += 1
            self._refresh_all_drugs()
        match fact:
            case Reading():
                place = plan.input_place.get(fact.input)
                if place is not None:
                    self.inputs[place].group.append(fact)
                    self.touched_inputs.append(place)
                    self.refresh_input(place)
            case Infusion() | Dose():
                place = plan.drug_place.get(fact.drug)
                if place is not None:
                    cell = self.drugs[place]
                    if isinstance(fact, Infusion):
                        cell.rows.append(fact)
                    else:
                        cell.doses.append(fact)
                    self.touched_drugs.append(place)
                    self.epoch += 1
                    self.refresh_drug(place)
            case Happened():
                if fact.event in plan.events:
                    self.event_now[plan.events.index(fact.event)] = True
            case Done():
                if fact.task in plan.tasks:
                    self.task_now[plan.tasks.index(fact.task)] = True
                    self.epoch += 1
            case NoOtherInfusions():
                pass

    def _refresh_all_drugs(self) -> None:
        for index in range(len(self.drugs)):
            self.touched_drugs.append(index)
            self.refresh_drug(index)

    # -- into the past

    def commit(self, truths: tuple[Truth, ...], moments: tuple[int | None, ...], began: int | None) -> None:
        """The present instant is over. `truths` and `moments` are as judged where the session rests."""
        t = self.time
        plan = self.plan
        for knowledge in self.knowledge:
            knowledge.commit(self)
        for capture in self.captures:
            capture.commit(self, moments[capture.of])
        for course_capture in self.course_captures:
            course_capture.commit(self, self.courses[course_capture.of].after[0])
        for flow in self.flows:
            flow.commit(self, moments)
        for tracker in self.extremes_since:
            tracker.commit(self, moments[tracker.anchor])
        if self.touched_inputs:
            for runs in (self.steady, self.moving):
                for run in runs:
                    if self.inputs[run.cell].now:
                        run.commit(self, truths)
            for monitors in (self.groups, self.extremes):
                for monitor in monitors:
                    if self.inputs[monitor.cell].now:
                        monitor.commit(self)
        counted = self.counted if self.touched_drugs else ()
        for index in {*self.touched_inputs, *counted}:
            self.inputs[index].commit(self)
        if began == t:
            self.touched_drugs = list(range(len(self.drugs)))
        if self.touched_drugs:
            for index in set(self.touched_drugs):
                self.drugs[index].commit(self, began)
            for course in self.courses:
                course.base = course.after
        self.anchors = moments
        if any(self.event_now):
            self.event_now = [False] * len(self.event_now)
        if any(self.task_now):
            self.task_last = [
                t if now else last for now, last in zip(self.task_now, self.task_last, strict=True)
            ]
            self.task_now = [False] * len(self.task_now)
        self.touched_inputs, self.touched_drugs = [], []
        if truths != self.row:
            self.past.follow(t, truths, plan.monitored, plan.gaps)
            self.row = truths


Judged = tuple[tuple[Truth, ...], int, tuple[int | None, ...]]
"""The truth of every term, the next instant at which one could change by itself, and each moment."""
Judge = Callable[[Patient, int, int | None, int | None], Judged]
"""Of a patient at an instant, with when the stage was entered and when the session began."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a program needs remembered, by place, and the function that judges all its terms at once."""

    program: Program
    inputs: tuple[InputSpec, ...]
    drugs: tuple[str, ...]
    courses: tuple[tuple[m.CourseDecl, tuple[int, ...]], ...]
    tasks: tuple[str, ...]
    events: tuple[str, ...]
    rates: tuple[tuple[int, Dims], ...]
    anchors: tuple[m.Moment, ...]
    monitored: tuple[int, ...]
    gaps: tuple[tuple[tuple[int, int], ...], ...]
    """By monitored condition: (index into `Past.bad`, longest gap) of each `for` with gaps over it."""
    gap_count: int
    knowledge: tuple[int, ...]
    steady: tuple[tuple[int, int, int, Callable[[Raw], bool], int | None], ...]
    moving: tuple[tuple[int, int, int, int | None], ...]
    groups: tuple[tuple[int, int], ...]
    extremes: tuple[tuple[int, How, int, int], ...]
    extremes_since: tuple[tuple[int, int, int], ...]
    captures: tuple[tuple[int, int], ...]
    course_captures: tuple[tuple[int, int], ...]
    flows: tuple[tuple[int, int, tuple[int, ...]], ...]
    input_place: Mapping[str, int]
    course_place: Mapping[str, int]
    drug_place: Mapping[str, int]
    doses_ordered: frozenset[str]
    """The drugs that some order gives as a dose."""
    weight: int | None
    empty_row: tuple[Truth, ...]
    source: str
    judge: Judge
    judge_exactly: Judge
    """The same where a supposed reading may be finer than any charted one."""
