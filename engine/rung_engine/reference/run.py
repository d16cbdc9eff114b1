"""The reference engine: a patient's whole history to every decision, by definition.

Instants are judged wherever something could change: at facts, at the end of every validity, window and
wait, and where a moving comparison crosses. `instants` replaces that choice, so that a test can judge every
single millisecond and show that nothing was missed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from rung_engine.artifact import model as m
from rung_engine.decision.fold import Fold, State, is_fleeting, wakes
from rung_engine.decision.model import Content, Decision, follow
from rung_engine.event import Dose, Event, Fact, Infusion, Reading
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant, Row
from rung_engine.reference.history import LONG_AGO, Chart, resolve


def run(
    program: Program,
    events: Iterable[Event],
    *,
    until: int | None = None,
    silence_is_off: bool = False,
    instants: Iterable[int] | None = None,
) -> list[Decision]:
    """Every decision that differs from the one before it, up to `until` (default: the last fact)."""
    return Runner(program, events, silence_is_off=silence_is_off).run(until, instants)


class Runner:
    """The fold, instant by instant. `view` is the last instant judged."""

    def __init__(self, program: Program, events: Iterable[Event], *, silence_is_off: bool = False) -> None:
        facts, self.clashes = resolve(events)
        self.program = program
        self.facts = facts
        self.chart = Chart(program, facts, silence_is_off=silence_is_off)
        self.fold = Fold()
        self.rows: list[Row] = []
        self.decisions: list[Decision] = []
        self.states: list[tuple[int, State]] = []
        """Where the session stands from each instant judged until the next."""
        self.view: Instant | None = None
        self._heap: list[int] = sorted({fact.time for fact in facts})
        self._by_time: dict[int, list[Fact]] = {}
        for fact in facts:
            self._by_time.setdefault(fact.time, []).append(fact)
        self._before = empty_row(program)

    def run(self, until: int | None = None, instants: Iterable[int] | None = None) -> list[Decision]:
        """Judge up to `until`, the last fact by default."""
        if not self.facts:
            return []
        end = self.facts[-1].time if until is None else until
        if instants is not None:
            for time in instants:
                self.judge(time)
            return self.decisions
        while self._heap and self._heap[0] <= end:
            self.judge(self._pop())
        return self.decisions

    @property
    def next_instant(self) -> int | None:
        """The next instant at which something could change; None: never."""
        return self._heap[0] if self._heap else None

    @property
    def content(self) -> Content | None:
        """What the decision says now; None before the first fact."""
        return self.fold.content

    def advance(self, to: int) -> Instant:
        """Judges every instant up to `to`, and `to` itself."""
        while self._heap and self._heap[0] < to:
            self.judge(self._pop())
        while self._heap and self._heap[0] == to:
            self._pop()
        if self.view is None or self.view.time < to:
            self.judge(to)
        assert self.view is not None
        return self.view

    def look_again(self) -> int | None:
        """With no new fact: the next instant at which the decision will change. Call once, at the end."""
        count = len(self.decisions)
        while self._heap:
            time = self._pop()
            self.judge(time)
            if len(self.decisions) > count:
                return time
        return None

    def _pop(self) -> int:
        time = heapq.heappop(self._heap)
        while self._heap and self._heap[0] == time:
            heapq.heappop(self._heap)
        return time

    def judge(self, time: int) -> None:
        """One instant, which must be later than the one before."""
        if not self.rows:
            self.rows.append(self._before)
        view = Instant(self.chart, time, self.rows)
        before = self.fold.state
        content = self.fold.advance(view)
        state = self.fold.state
        if self.fold.content is not None and is_fleeting(before, state, self.fold.content):
            heapq.heappush(self._heap, time + 1)
        view.place(state.stage, state.entered, state.began)
        row = view.row()
        for instant in self._next(view, row, self.fold.content):
            if instant > time:
                heapq.heappush(self._heap, instant)
        self.rows.append(row)
        self.view = view
        self.states.append((time, state))
        if content is not None:
            last = self.decisions[-1] if self.decisions else None
            self.decisions.append(follow(last, time, content, unproved=self.program.unproved))

    def _next(self, view: Instant, row: Row, content: Content | None) -> Iterable[int]:
        """Later instants at which something could change because of what is so at this one."""
        yield from view.flips()
        yield from next_instants(self.program, view, row, self.rows[-1], self._by_time.get(view.time, ()))
        if content is not None:
            yield from wakes(content, view.time)


def next_instants(
    program: Program, view: Instant, row: Row, before: Row, facts: Iterable[Fact]
) -> Iterable[int]:
    """Ends of validities, windows and waits that begin at this row."""
    artifact = program.artifact
    now = row.time
    for fact in facts:
        yield now + 1
        match fact:
            case Reading() if fact.input in artifact.inputs:
                valid = artifact.inputs[fact.input].valid_for
                ends = [now] if valid is None else [now, now + valid + 1]
                yield from ends[1:]
                for window in _windows(program, fact.input):
                    yield from (end + window + extra for end in ends for extra in (0, 1))
            case Infusion() | Dose() if fact.drug in artifact.drugs:
                decl = artifact.drugs[fact.drug]
                ends = [now]
                if decl.valid_for is not None:
                    ends.append(now + decl.valid_for + 1)
                if decl.lasts is not None:
                    ends.append(now + decl.lasts)
                yield from ends[1:]
                for window in _drug_windows(program, fact.drug):
                    yield from (end + window + extra for end in ends for extra in (-1, 0, 1))
                for course in artifact.courses.values():
                    if fact.drug in course.drugs:
                        yield from (end + course.ends_after for end in ends)
            case _:
                pass
    if view.chart.silence_from == now:
        for name in artifact.drugs:
            yield from (
                now + window + extra for window in _drug_windows(program, name) for extra in (-1, 0, 1)
            )
    waits, occurring = _waits(program)
    for condition, length in waits:
        if row.truths[condition] != before.truths[condition]:
            yield from (now + length, now + length + 1)
    if any(row.truths[index] is True for index in occurring):
        yield now + 1


@lru_cache(maxsize=16)
def _waits(program: Program) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
    """The conditions that terms wait for with the length of each wait, and the terms that are so at once."""
    terms = program.artifact.terms
    waits = {
        (term.of, program.millis(term.length)): None for term in terms if isinstance(term, m.Held | m.Recent)
    }
    return tuple(waits), tuple(index for index, term in enumerate(terms) if isinstance(term, m.Occurs))


@lru_cache(maxsize=4096)
def _windows(program: Program, name: str) -> tuple[int, ...]:
    """Lengths of the windows in which readings of this input are looked at."""
    return tuple(
        program.millis(term.span.over)
        for term in program.artifact.terms
        if isinstance(term, m.Change | m.Extreme) and term.input == name and isinstance(term.span, m.Over)
    )


@lru_cache(maxsize=4096)
def _drug_windows(program: Program, name: str) -> tuple[int, ...]:
    totals = (
        program.millis(term.span.over)
        for term in program.artifact.terms
        if isinstance(term, m.Total) and term.drug == name and isinstance(term.span, m.Over)
    )
    return (*totals, *(window.over for window in program.rolling.get(name, ())))


def empty_row(program: Program) -> Row:
    """All time before the first fact: inputs and drugs unknown, nothing happened, nothing done."""
    return Instant(Chart(program, ()), LONG_AGO, ()).row()


class Ahead:
    """The instants to come with no new fact and the session where it is, judged once for all who ask."""

    def __init__(self, view: Instant) -> None:
        facts = [fact for fact in view.chart.facts if fact.time <= view.time]
        chart = Chart(view.program, facts)
        if view.chart.silent(view.time):
            chart.silence_from = view.chart.silence_from
        self._view = view
        self._chart = chart
        self._rows = rows = list(view.rows)
        self._judged: list[Instant] = []
        self._over = 0
        """How many of those judged have a row."""
        by_time: dict[int, list[Fact]] = {}
        for fact in facts:
            by_time.setdefault(fact.time, []).append(fact)
        heap: list[int] = []
        # What earlier rows will still bring: replay their waits, then go on from now.
        for before, row in pairwise(rows):
            past = Instant(chart, row.time, rows)
            heap.extend(next_instants(view.program, past, row, before, by_time.get(row.time, ())))
        last = view.row()
        heap.extend(next_instants(view.program, view, last, rows[-1], by_time.get(view.time, ())))
        heap.extend(view.flips())
        rows.append(last)
        self._pending = sorted({instant for instant in heap if instant > view.time})

    def knowable_at(self, term: int) -> int | None:
        """When the term is first known, if ever."""
        return next((now.time for now in self._instants() if now.truth(term) is not None), None)

    def _instants(self) -> Iterable[Instant]:
        yield from self._judged
        while True:
            if self._over < len(self._judged):
                self._end(self._judged[-1])
            if not self._pending:
                return
            time = heapq.heappop(self._pending)
            if self._judged and time == self._judged[-1].time:
                continue
            now = Instant(self._chart, time, self._rows)
            now.place(self._view.stage, self._view.entered, self._view.began)
            self._judged.append(now)
            yield now

    def _end(self, now: Instant) -> None:
        """The instant is over: what was so becomes a row, which may bring later instants."""
        row = now.row()
        for instant in (*now.flips(), *next_instants(now.program, now, row, self._rows[-1], ())):
            if instant > now.time:
                heapq.heappush(self._pending, instant)
        self._rows.append(row)
        self._over += 1
