"""A bedside where somebody sets the readings, and where every order is carried out at once.

Readings are taken as often as is declared or ordered; a confirmed order is charted as carried out a little
after it was given, from a range of doses always the same end. The decisions are those of the session engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.decision.fold import Fold, State, step
from rung_engine.decision.model import Content, Standing
from rung_engine.decision.view import View
from rung_engine.event import Charted, Done, Dose, Fact, Infusion, Reading, Value
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.session.chart import NEVER
from rung_engine.session.compile import compiled
from rung_engine.session.patient import Patient
from rung_engine.session.session import Mind, SessionView

End = Literal["lo", "hi"]
"""Which end of a range of doses is taken."""

MINUTE = 60_000


@frozen
class Change:
    """A move or a drug that went up or down at `time`, as decided at `decided` by these rules.

    `target`: the stage entered, or the drug.
    """

    kind: Literal["go", "up", "down"]
    target: str
    rules: tuple[str, ...]
    decided: int
    time: int


@frozen
class Letter:
    """What readings say while they are held. `known`: those that are taken of themselves; others only when
    asked for.
    """

    values: Mapping[str, Value]
    known: frozenset[str]


@frozen
class Wanted:
    """Of the arms of a free choice, the one that is taken: this order of this drug, else one that changes
    nothing.
    """

    op: str = ""
    target: str = ""


ANY = Wanted()
"""No arm in particular."""


class _Outline(Fold):
    """A fold that does not work out what would settle a pending rule: nothing here waits for that."""

    def copy(self) -> Fold:
        other = _Outline()
        other.state, other.content = self.state, self.content
        return other

    def advance(self, view: View) -> Content | None:
        self.state, draft = step(view, self.state)
        self.content = draft.content
        return draft.content


def _is_new(fact: Fact, facts: Sequence[Fact]) -> bool:
    """It is no second reading of something read on the instant."""
    return not isinstance(fact, Reading) or all(
        not isinstance(other, Reading) or other.input != fact.input for other in facts
    )


def lag(program: Program) -> int:
    """How soon an order is carried out, in milliseconds: a minute, or where that is long, the least there
    is.
    """
    waits = [decl.valid_for for decl in program.artifact.inputs.values() if decl.valid_for is not None]
    waits += [
        decl.charted_every for decl in program.artifact.inputs.values() if decl.charted_every is not None
    ]
    waits += [program.millis(order.every.lo) for order in program.orders if order.every is not None]
    waits += [
        program.millis(term.length) for term in program.artifact.terms if isinstance(term, m.Held | m.Recent)
    ]
    return MINUTE if min(waits, default=MINUTE) >= MINUTE else 1


@dataclass(slots=True)
class Bedside:
    """One patient under one program. `facts` are all that was charted, `changes` what came of it."""

    program: Program
    end: End
    letter: Letter
    wanted: Wanted = ANY
    kept: bool = False
    """Readings are taken again before they run out, however rarely they are charted."""
    facts: list[Fact] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    time: int = 0
    judged: int = 0
    """Instants so far."""
    _lag: int = 0
    _patient: Patient = field(init=False)
    _mind: Mind = field(init=False)
    _view: SessionView | None = None
    _act_at: int | None = None
    _decided: int = 0
    _read: dict[str, tuple[int, Value]] = field(default_factory=dict)
    """When each input was last read, and what."""
    _rows: dict[str, tuple[int, Charted | None]] = field(default_factory=dict)
    """When each infusion was last charted, and at which rate."""

    def __post_init__(self) -> None:
        self._patient = Patient(compiled(self.program))
        self._mind = Mind(_Outline())
        self._lag = lag(self.program)

    # -- what is so now

    @property
    def state(self) -> State:
        return self._mind.fold.state

    @property
    def content(self) -> Content:
        """The decision on the present instant."""
        assert self._mind.fold.content is not None
        return self._mind.fold.content

    @property
    def view(self) -> View:
        """The present instant."""
        assert self._view is not None
        return self._view

    def place(self) -> tuple[object, ...]:
        """Where the session stands and how each drug runs: the same again after a round."""
        assert self._view is not None
        drugs = ((name, self._view.drug(name)) for name in sorted(self.program.artifact.drugs))
        return (self.state.stage, *((name, drug.running, drug.rate) for name, drug in drugs))

    def standing(self) -> tuple[object, ...]:
        """Where the session stands and which drugs run."""
        assert self._view is not None
        drugs = ((name, self._view.drug(name).running) for name in sorted(self.program.artifact.drugs))
        return (self.state.stage, *drugs)

    def copy(self) -> Bedside:
        """The same patient, going on by himself."""
        other = replace(
            self,
            facts=list(self.facts),
            changes=list(self.changes),
            _read=dict(self._read),
            _rows=dict(self._rows),
        )
        other._patient, other._mind = self._patient.copy(), self._mind
        if self._view is not None:
            other._view = SessionView(other._patient, self.state, self._view.judged)
        return other

    def become(self, other: Bedside) -> None:
        """From here on what the other is, which is of no use any more."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(other, name))

    # -- time

    def chart(self, facts: Sequence[Fact]) -> None:
        """What was charted on one instant, not before the present one."""
        (time,) = {fact.time for fact in facts}
        self._pass(time)
        self._judge(time, facts)

    def show(self, letter: Letter) -> None:
        """What is otherwise from here on is read at once, as a patient may change at any time."""
        self.letter = letter
        time = self.time + self._lag
        known = {name: value for name, (_, value) in self._read.items()}
        facts = [
            Reading("", time, name, letter.values[name])
            for name in sorted(letter.known)
            if known.get(name) != letter.values[name]
            and not (name in known and self.program.artifact.inputs[name].fixed)
        ]
        self.run(time - 1)
        self._at(time, facts)

    def run(self, until: int) -> None:
        """Time passes up to `until`."""
        while self.time < until:
            self._at(min(self._next(), until))

    def run_to_change(self, until: int) -> bool:
        """Time passes to the next change; False where there was none up to `until`."""
        count = len(self.changes)
        while self.time < until and len(self.changes) == count:
            self._at(min(self._next(), until))
        return len(self.changes) > count

    def _at(self, time: int, facts: Sequence[Fact] = ()) -> None:
        """An instant, with these facts, what is due and what was ordered."""
        acts: list[tuple[Fact, Standing]] = []
        if self._act_at is not None and self._act_at <= time:
            acts, self._act_at = self._obeying(), None
            for fact, order in acts:
                self._log(fact, order, time)
        read = {fact.input for fact in (*facts, *(fact for fact, _ in acts)) if isinstance(fact, Reading)}
        told = [*facts, *self._due(time, read), *(fact for fact, _ in acts if _is_new(fact, facts))]
        self._judge(time, [replace(fact, time=time) for fact in told])

    def _log(self, fact: Fact, order: Standing, time: int) -> None:
        """A drug that goes up or down."""
        if not isinstance(fact, Infusion) or fact.rate is None:
            return
        assert self._view is not None
        drug = self._view.drug(fact.drug)
        new = self.program.charted(fact.drug, fact.rate)
        assert new is not None
        old = drug.rate.seen_in(new.dims, self._view.weight()) if drug.rate is not None else None
        if not drug.running:
            kind: Literal["up", "down"] = "up"
        elif old is None or new.value == old:
            return
        else:
            kind = "up" if new.value > old else "down"
        self.changes.append(Change(kind, fact.drug, order.rules, self._decided, time))

    def _next(self) -> int:
        """The next instant on which something is charted or may change."""
        assert self._view is not None
        found = [min(self._patient.next_instant(self._view.judged[1]), self._mind.wake)]
        if self._act_at is not None:
            found.append(self._act_at)
        found += [self._due_at(name) for name in self.letter.known]
        found += [self._again(name) for name in self._rows]
        return max(min(found), self.time + 1)

    def _pass(self, limit: int) -> None:
        while self._view is not None:
            time = min(self._patient.next_instant(self._view.judged[1]), self._mind.wake)
            if time >= limit:
                return
            self._judge(time, ())

    def _judge(self, time: int, facts: Sequence[Fact]) -> None:
        self.judged += 1
        patient, before = self._patient, self.state.stage
        if self._view is not None:
            patient.commit(self._view.truths, self._view.judged[2], self._view.began)
        patient.move_to(time)
        for fact in facts:
            self._note(fact)
            patient.add(fact, silence_is_off=False)
        state = self.state
        view = SessionView(patient, state, patient.plan.judge(patient, time, state.entered, state.began))
        if not self._mind.holds(patient, view.judged):
            self._mind = self._mind.decide(view)
        self._view, self.time = view, time
        if self.state.stage is not None and before is not None and self.state.stage != before:
            self.changes.append(Change("go", self.state.stage, self.content.moved_by, time, time))
        if self._act_at is None and self._obeying():
            self._act_at, self._decided = time + self._lag, time

    def _note(self, fact: Fact) -> None:
        width = 4
        self.facts.append(replace(fact, id=f"{len(self.facts) + 1:0{width}}"))
        match fact:
            case Reading():
                self._read[fact.input] = (fact.time, fact.value)
            case Infusion():
                self._rows[fact.drug] = (fact.time, fact.rate)
            case _:
                pass

    # -- readings

    def _due_at(self, name: str) -> int:
        """When the input is read next, of itself."""
        decl = self.program.artifact.inputs[name]
        if name not in self._read:
            return self.time + 1
        last, _ = self._read[name]
        if self.kept and not decl.fixed:
            paces = [one for one in (decl.charted_every, decl.valid_for) if one is not None]
            return last + min(paces) if paces else NEVER
        if decl.charted_every is not None and not decl.fixed:
            return last + decl.charted_every
        if decl.valid_for is None or decl.fixed or self._is_measured(name):
            return NEVER
        return last + decl.valid_for

    def _is_measured(self, name: str) -> bool:
        """An order stands by which it is read from time to time."""
        return any(
            order.op == "measure" and not order.continuously and name in self._members(order.target)
            for order in self.content.orders
        )

    def _members(self, target: str) -> tuple[str, ...]:
        return self.program.artifact.panels.get(target, (target,))

    def _due(self, time: int, read: set[str]) -> Iterator[Fact]:
        for name in sorted(self.letter.known - read):
            if self._due_at(name) <= time:
                yield Reading("", time, name, self.letter.values[name])
        for drug in sorted(self._rows):
            if self._again(drug) <= time:
                yield Infusion("", time, drug, self._rows[drug][1])

    def _again(self, drug: str) -> int:
        """When a running infusion is charted again, so that it stays known."""
        valid = self.program.artifact.drugs[drug].valid_for
        last, rate = self._rows[drug]
        if valid is None or (rate is not None and rate.millionths <= 0):
            return NEVER
        return last + valid

    # -- orders

    def _obeying(self) -> list[tuple[Fact, Standing]]:
        """What is charted when the orders that stand are carried out."""
        found: list[tuple[Fact, Standing]] = []
        chosen: set[str] = set()
        for order in sorted(self.content.orders, key=self._rank):
            if order.mark not in ("due", "late") or not order.confirmed or order.choice in chosen - {""}:
                continue
            chosen.add(order.choice)
            found.extend((fact, order) for fact in self._carried_out(order))
        return found

    def _rank(self, order: Standing) -> tuple[object, ...]:
        """Of the arms of a choice the one taken comes first."""
        wanted = (order.op, order.target) == (self.wanted.op, self.wanted.target)
        return (order.choice, not wanted, order.op != "continue", order.op, order.target)

    def _carried_out(self, order: Standing) -> Iterator[Fact]:
        time = self.time + self._lag
        decl = self.program.artifact.drugs.get(order.target)
        match order.op:
            case "start" | "add" | "set" | "increase" | "decrease" | "taper":
                if order.dose is not None and decl is not None and decl.form == "infusion":
                    amount = order.dose.lo if self.end == "lo" else order.dose.hi
                    yield Infusion("", time, order.target, Charted(amount, order.dose.unit))
            case "stop" | "pause":
                assert decl is not None
                yield Infusion("", time, order.target, Charted(0, decl.unit))
            case "end":
                for drug in self.program.artifact.courses[order.target].drugs:
                    infusion = self.program.artifact.drugs[drug]
                    if infusion.form == "infusion" and self._runs(drug):
                        yield Infusion("", time, drug, Charted(0, infusion.unit))
            case "give":
                yield Dose("", time, order.target, self._amount(order))
            case "measure":
                for name in self._members(order.target):
                    if name in self.letter.values:
                        yield Reading("", time, name, self.letter.values[name])
            case "do":
                yield Done("", time, order.target)
            case "continue" | "avoid" | "classify" | "begin" | "notify" | "go" | "finish":
                pass
            case _:
                raise AssertionError(order.op)

    def _runs(self, drug: str) -> bool:
        assert self._view is not None
        return self._view.drug(drug).running is True

    def _amount(self, order: Standing) -> Charted | None:
        """Of a dose: what is left of a total, or what is written; a daily amount is given as one."""
        if order.remaining is not None and order.dose is None:
            return Charted(order.remaining.hi, order.remaining.unit)
        if order.dose is None:
            return None
        amount = order.dose.lo if self.end == "lo" else order.dose.hi
        unit = order.dose.unit.removesuffix("/day")
        return Charted(amount, unit) if unit in self.program.artifact.units else None
