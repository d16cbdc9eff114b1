"""One instant given by its values instead of by a history, decided by the code that decides for patients.

So every patient a solver finds is judged again by the rules, orders and conflicts of the engine, and small
grids of patients can be enumerated. Terms are judged by the reference engine; only what rests on the past
is told. That the values told could come of one history is not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from fractions import Fraction
from functools import lru_cache

from rung_engine.artifact import model as m
from rung_engine.decision.fold import State, step
from rung_engine.decision.model import Content, Pending
from rung_engine.decision.rules import Judged, judge
from rung_engine.decision.view import DrugState, Hypothesis, InputState, Stored
from rung_engine.frozen import frozen
from rung_engine.program import Amount, Dims, Program
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.history import Chart
from rung_engine.reference.line import Line
from rung_engine.truth import Truth, conjunction, disjunction

NEVER_CHARTED = DrugState(None, None, "never")


@frozen
class Facts:
    """What is so on the instant. What is not listed is unknown, never happened, or was never given.

    Values are in coherent units, ages in milliseconds before the instant.
    """

    inputs: Mapping[str, Stored | None] = field(default_factory=dict)
    drugs: Mapping[str, DrugState] = field(default_factory=dict)
    temporal: Mapping[int, Truth] = field(default_factory=dict)
    """By term: what the past makes of it; the instant completes it. Of `C for D`, its truth were C true now;
    of `C in the last D`, were C false now; of `ever C`, whether the latch had closed before. The truth of
    the whole term does as well, where C does not depend on the stage. Of other terms: their truth, which
    stays as told where the session moves on the instant."""
    numbers: Mapping[int, Fraction | Line | None] = field(default_factory=dict)
    """By term; a `Line` where the number is known within bounds only. `time in stage` is not among them: it
    is the age of `entered`, and zero in a stage entered on the instant itself."""
    moments: Mapping[m.Ref, int] = field(default_factory=dict)
    """Ages of the moments from which deadlines run."""
    rate_changed: Mapping[str, int] = field(default_factory=dict)
    last_reading: Mapping[str, int] = field(default_factory=dict)
    last_dose: Mapping[str, int] = field(default_factory=dict)
    last_done: Mapping[str, int] = field(default_factory=dict)
    course_began: Mapping[str, int] = field(default_factory=dict)
    """Of courses that are on."""
    given: Mapping[str, tuple[Amount | None, ...]] = field(default_factory=dict)
    """By drug: what was given since the session began; None for a dose of unknown amount."""
    rolling: Mapping[tuple[str, int, Dims], Fraction] = field(default_factory=dict)
    """By drug, window and the dimensions of its maximum: what was given in the window."""


class Snapshot(Instant):
    """A `View` on one instant given by `Facts`. `place` moves it between stages, as a decision does."""

    def __init__(
        self,
        program: Program,
        facts: Facts,
        *,
        stage: str | None,
        entered: int | None,
        began: int | None,
        time: int,
    ) -> None:
        super().__init__(_no_chart(program), time, ())
        self.facts = facts
        self.place(stage, entered, began)

    def suppose(self, hypothesis: Hypothesis, term: int) -> Truth:
        other = self.again()
        other.supposed = hypothesis
        return other.truth(term)

    def again(self) -> Snapshot:
        """Another view of the same instant."""
        return Snapshot(
            self.program, self.facts, stage=self.stage, entered=self.entered, began=self.began, time=self.time
        )

    def input(self, name: str) -> InputState:
        value = self.supposed.get(("input", name), self.facts.inputs.get(name))
        if value is None:
            return InputState(None, "never")
        return InputState(value, "", self.time)  # type: ignore[arg-type]

    def drug(self, name: str) -> DrugState:
        value = self.supposed.get(("drug", name))
        if value is None:
            return self.facts.drugs.get(name, NEVER_CHARTED)
        rate = value if isinstance(value, Amount) else None
        return DrugState(rate is not None, rate, "", self.time)

    def rate_changed(self, drug: str) -> int | None:
        return self._stamp(self.facts.rate_changed.get(drug))

    def last_reading(self, name: str) -> int | None:
        return self._stamp(self.facts.last_reading.get(name))

    def last_dose(self, drug: str) -> int | None:
        return self._stamp(self.facts.last_dose.get(drug))

    def given(self, drug: str, since: int) -> tuple[Amount | None, ...]:
        """What was given since the session began, whatever `since` is: decisions ask for nothing else."""
        return self.facts.given.get(drug, ())

    def last_done(self, task: str) -> int | None:
        return self._stamp(self.facts.last_done.get(task))

    def moment(self, ref: m.Ref) -> int | None:
        return self._stamp(self.facts.moments.get(ref))

    def course_began(self, course: str) -> int | None:
        return self._stamp(self.facts.course_began.get(course))

    def rolling(self, drug: str, over: int, dims: Dims) -> Fraction | None:
        return self.facts.rolling.get((drug, over, dims))

    def knowable_at(self, term: int) -> int | None:
        """None: one instant says nothing of later ones."""
        return None

    def silence_is_off(self) -> bool:
        return any(drug.by_silence for drug in self.facts.drugs.values())

    def _stamp(self, age: int | None) -> int | None:
        return None if age is None else self.time - age

    # -- terms that rest on the past

    def _judge(self, term: m.Truth | m.Numeric, index: int) -> Truth:
        told = self.facts.temporal.get(index)
        match term:
            case m.Held():
                return conjunction((told, self.truth(term.of)))
            case m.Recent():
                return disjunction((told, self.truth(term.of)))
            case m.Ever():
                closed = told is True and self.began is not None and self.began < self.time
                return closed or self.truth(term.of)
            case m.Occurs() | m.After():
                return told is True
            case m.Readings():
                known = self.input(term.input).value is not None and self.number(term.right) is not None
                return told if known else None
            case _:
                return super()._judge(term, index)

    def _measure(self, term: m.Truth | m.Numeric, index: int) -> Line | None:
        match term:
            case m.Elapsed() | m.TimeInCourse():
                return self._told(index, slope=1)
            case m.TimeOn():
                running = self.drug(term.drug).running
                return self._told(index, slope=1) if running else None if running is None else Line.exact(0)
            case m.Change():
                return None if self.input(term.input).value is None else self._told(index)
            case m.Extreme() | m.Total() | m.ValueAt() | m.ValueAtStart():
                return self._told(index)
            case _:
                return super()._measure(term, index)

    def _told(self, index: int, slope: int = 0) -> Line | None:
        """The number as told; how it moves decides only whether a product of two of them has a value."""
        value = self.facts.numbers.get(index)
        return Line.exact(value, slope) if isinstance(value, Fraction) else value


@lru_cache(maxsize=16)
def _no_chart(program: Program) -> Chart:
    return Chart(program, ())


def judged(snapshot: Snapshot) -> dict[str, Judged]:
    """Every rule that is judged on the instant, by id: those of the stage and of `throughout`."""
    rules = snapshot.program.rules_of
    own = () if snapshot.stage is None else rules[snapshot.stage]
    return judge(snapshot, (*own, *rules[None]))


def decided(snapshot: Snapshot, state: State) -> tuple[State, Content]:
    """The decision on the instant of a session that stands in `state`, and where it stands then.

    The snapshot's own stage plays no part and is left as it was. A pending rule is listed by its id alone:
    what would settle it is not worked out.
    """
    after, draft = step(snapshot.again(), state)
    pending = dict.fromkeys((*draft.content.pending, *(Pending(rule) for rule, _ in draft.unsettled)))
    return after, replace(draft.content, pending=tuple(sorted(pending, key=lambda item: item.rule)))
