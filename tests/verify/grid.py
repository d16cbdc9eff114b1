"""What generated protocols do, found without the verifier: on histories, and on instants of a small grid.

Histories are played by the reference engine. An instant is given by its values and decided by the code that
decides for patients; what rests on the past is drawn, and counts only where the verifier's laws of the past
allow it. Neither looks at a solver.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from random import Random

from rung_engine.artifact import model as m
from rung_engine.decision.fold import Fold, State
from rung_engine.decision.model import Content
from rung_engine.decision.view import DrugState, Stored
from rung_engine.event import Charted, Event, Happened, Infusion, NoOtherInfusions, Reading
from rung_engine.program import Amount, Program
from rung_engine.reference.line import Line, compare
from rung_engine.reference.run import Runner
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.source import Source, decode
from rung_lang.verify import ask
from rung_lang.verify.ask import Question
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.histories.reading import values_at
from rung_lang.verify.histories.snapshot import Facts, Snapshot, decided
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.verdict import Proved, Replayed, Report, Undecided, Witness
from rung_lang.verify.verify import verify

PATH = "generated.rung"
MINUTE = 60_000
MILLION = 1_000_000
GAPS = (
    1,
    3 * MINUTE,
    5 * MINUTE,
    5 * MINUTE,
    8 * MINUTE,
    10 * MINUTE,
    10 * MINUTE + 1,
    20 * MINUTE,
    40 * MINUTE,
)
AGES = tuple(age * MINUTE + more for age in (5, 8, 20, 40) for more in (-1, 0, 1))

Answer = Witness | Proved | Undecided


# ---------------------------------------------------------------- asking the verifier


@dataclass(slots=True)
class Asked:
    """A question that went through the layers, and what came of it."""

    question: Question
    answer: Answer


@contextmanager
def recording() -> Iterator[list[Asked]]:
    """Every question that is asked through the layers meanwhile."""
    found: list[Asked] = []
    original = ask._answer

    def noted(context: Context, question: Question) -> Answer:
        answer = original(context, question)
        found.append(Asked(question, answer))
        return answer

    ask._answer = noted
    try:
        yield found
    finally:
        ask._answer = original


def compiled(text: str) -> Compiled:
    """The text by itself; it must be without errors."""

    def read(path: str) -> Source | None:
        source = decode(PATH, text.encode()) if path == PATH else None
        return source if isinstance(source, Source) else None

    found = compile_protocol(PATH, read)
    assert found.artifact is not None, [problem for problem in found.problems if problem.level == "error"]
    return found


@dataclass
class Examined:
    """A protocol and what the verifier says of it."""

    artifact: m.Artifact
    report: Report
    asked: list[Asked]

    @classmethod
    def of(cls, text: str) -> Examined:
        found = compiled(text)
        assert found.artifact is not None
        with recording() as asked:
            report = verify(found.artifact, found.sources, PATH, found.examples)
        return cls(found.artifact, report, asked)

    @cached_property
    def context(self) -> Context:
        """Another one, in which nothing was asked but where histories get to."""
        context = Context(self.artifact)
        context.reach = Reach(context)
        for stage in self.artifact.stages:
            context.reached(context.situation(stage.name))
        return context

    def program(self, limit: int | None = None) -> Program:
        """Under this setting, in millionths of mmol/L."""
        settings: dict[str, m.Number | str] = {}
        if "limit" in self.artifact.settings:
            settings["limit"] = m.Number(millionths=2 * MILLION if limit is None else limit, unit="mmol/L")
        return Program(self.artifact, settings, unverified=True)

    @property
    def unshown(self) -> list[Question]:
        """Questions of which it is said that no patient shows what is asked, nor of others alike."""
        shown = {
            (one.question.code, one.question.about)
            for one in self.asked
            if not isinstance(one.answer, Proved)
        }
        shown |= {
            (one.code, one.about)
            for one in self.report.obligations
            if isinstance(one.verdict, Proved) and one.verdict.witness is not None
        }
        return [one.question for one in self.asked if (one.question.code, one.question.about) not in shown]

    def layer(self, code: str, *about: str) -> str:
        """Of the verdict: `shown` where a patient shows it, else where it was found that none does."""
        found = ""
        for one in self.report.obligations:
            if one.code != code or not set(about) <= set(one.about):
                continue
            match one.verdict:
                case Proved(witness=None, layer=layer):
                    found = layer if found in ("", "instant") else found
                case _:
                    return "shown"
        return found


# ---------------------------------------------------------------- histories


def history(dice: Random, artifact: m.Artifact, length: int) -> list[Event]:
    """A patient charted at random: mostly steady, at times a long silence, an odd value, a change of rate."""
    events: list[Event] = []
    time = 0

    def chart(make: str, *rest: object) -> None:
        ident = str(len(events))
        match make:
            case "reading":
                events.append(Reading(ident, time, *rest))  # type: ignore[arg-type]
            case "infusion":
                events.append(Infusion(ident, time, *rest))  # type: ignore[arg-type]
            case "happened":
                events.append(Happened(ident, time, *rest))  # type: ignore[arg-type]
            case _:
                events.append(NoOtherInfusions(ident, time))

    values = {name: _drawn(dice, decl) for name, decl in sorted(artifact.inputs.items()) if name != "adult"}
    if dice.random() < 0.95:
        chart("reading", "adult", True)
    if dice.random() < 0.9:
        chart("silence")
    eager = dice.random()
    for _ in range(length):
        for name in values:
            if dice.random() < 0.3:
                fresh = _drawn(dice, artifact.inputs[name])
                values[name] = _later(artifact.inputs[name], values[name], fresh)
            if dice.random() < (0.9 if name == "x" else 0.25 + eager / 2):
                chart("reading", name, values[name])
        for drug in sorted(artifact.drugs):
            if dice.random() < 0.25:
                rate = dice.choice((0, 1, 1, 2, 3, 4, None))
                chart("infusion", drug, None if rate is None else Charted(rate * MILLION, "mcg/min"))
        if artifact.events and dice.random() < 0.15:
            chart("happened", "struck")
        time += dice.choice(GAPS)
    return events


def _drawn(dice: Random, decl: m.InputDecl) -> bool | str | Charted:
    if decl.kind == "flag":
        return dice.random() < 0.5
    if decl.kind == "one_of":
        return dice.choice(decl.values)
    assert decl.plausible is not None and decl.unit is not None
    assert isinstance(decl.plausible.hi, m.Number)
    top = decl.plausible.hi.millionths // MILLION
    halves = dice.randint(0, 2 * top) if dice.random() < 0.3 else 2 * dice.randint(0, top)
    return Charted(halves * MILLION // 2, decl.unit)


def _later(
    decl: m.InputDecl, before: bool | str | Charted, now: bool | str | Charted
) -> bool | str | Charted:
    """A count never falls."""
    if decl.cumulative and isinstance(before, Charted) and isinstance(now, Charted):
        return max(before, now, key=lambda value: value.millionths)
    return now


def played(program: Program, events: Sequence[Event], until: int) -> list[Replayed]:
    """Every instant on which the reference engine decides something, alike ones once."""
    runner = Runner(program, events)
    found: list[Replayed] = []
    seen: set[object] = set()
    original = runner.judge
    spoken = [index for index in range(len(program.artifact.terms)) if index not in program.decision_terms]
    truths = [index for index in spoken if not isinstance(program.artifact.terms[index], m.Numeric)]

    def judge(time: int) -> None:
        before = runner.fold.state
        original(time)
        view, content = runner.view, runner.fold.content
        if view is None or content is None:
            return
        after = runner.fold.state
        alike = (
            repr(content), before.stage, before.carried,
            tuple(view.truth(index) for index in truths),
            tuple((view.drug(drug).running, view.drug(drug).rate) for drug in sorted(program.artifact.drugs)),
            tuple(view.input(name).value for name in sorted(program.artifact.inputs)),
        )  # fmt: skip
        if alike not in seen:
            seen.add(alike)
            found.append(Replayed(program, view, content, after, before))

    runner.judge = judge  # type: ignore[method-assign]
    runner.run(until)
    return found


# ---------------------------------------------------------------- instants of a grid


@dataclass(slots=True)
class Point:
    """One instant in a stage, its decision, and what the verifier's variables are worth there."""

    stage: str
    snapshot: Snapshot
    content: Content
    after: State
    values: dict[str, Value] = field(default_factory=dict)


def points(examined: Examined, dice: Random, count: int) -> Iterator[Point]:
    """Up to `count` instants of every stage, which the laws of the past allow."""
    context = examined.context
    programs = {
        limit: examined.program(limit) for limit in (MILLION, 3 * MILLION // 2, 2 * MILLION, 3 * MILLION)
    }
    for stage in examined.artifact.stages:
        situation = context.situation(stage.name)
        for _ in range(count):
            program = programs[dice.choice(sorted(programs))]
            entered = dice.choice((0, 1, *AGES))
            snapshot = Snapshot(
                program, _facts(dice, program), stage=stage.name, entered=_NOW - entered,
                began=_NOW - entered - dice.choice((0, *AGES)), time=_NOW,
            )  # fmt: skip
            values = values_at(context.space, snapshot)
            values |= {name: value for name, value in _idle(context).items() if name not in values}
            laws = (fact for _, fact in context.space.log)
            parts = [part for _, part in context.applies(situation)]
            if not all(holds(law, values) for law in (*laws, *parts)):
                continue
            state = State(began=snapshot.began, stage=stage.name, entered=snapshot.entered)
            after, content = decided(snapshot, state)
            yield Point(stage.name, snapshot, content, after, values)


def _idle(context: Context) -> dict[str, Value]:
    """Of what is unknown, any value; and nothing is carried on."""
    found: dict[str, Value] = {}
    for name, variable in context.space.variables.items():
        if name.startswith("carried:") or variable.about[0] == "value":
            found[name] = False
        elif variable.about[0] in ("input", "rate", "since", "unchanged"):
            found[name] = variable.lo if variable.lo is not None else Fraction(1)
    return found


_NOW = 10 * 86_400_000


def holds(formula: Formula, values: dict[str, Value]) -> bool:
    """True also where it speaks of what is not known here."""
    return any(name not in values for name in f.names(formula)) or f.holds(formula, values)


def _facts(dice: Random, program: Program) -> Facts:
    artifact = program.artifact
    happened = dice.choice((None, 0, *AGES)) if artifact.events else None
    temporal: dict[int, bool | None] = {}
    moments: dict[m.Ref, int] = {}
    for index, term in enumerate(artifact.terms):
        match term:
            case m.Ever():
                temporal[index] = dice.random() < 0.5
            case m.Held():
                temporal[index] = dice.choice((True, False, None))
            case m.Recent():
                base = artifact.terms[term.of]
                told = dice.choice((True, False, None))
                if isinstance(base, m.Occurs):
                    told = happened is not None and happened <= program.amount(term.length).value
                temporal[index] = told
            case m.After() | m.Occurs():
                temporal[index] = happened == 0 if isinstance(term, m.Occurs) else happened is not None
                if happened is not None:
                    moments[term.ref] = happened
            case _:
                pass
    inputs = {name: _value(dice, program, name) for name in artifact.inputs}
    for index, term in enumerate(artifact.terms):
        if isinstance(term, m.Readings):
            # The latest reading is the one in force.
            now, right = inputs[term.input], artifact.terms[term.right]
            bound = (
                program.settings[right.name]
                if isinstance(right, m.Setting)
                else program.constants[term.right]
            )
            met = (
                isinstance(now, Fraction)
                and isinstance(bound, Fraction)
                and compare(Line.exact(now), term.rel, Line.exact(bound))
            )
            told = dice.choice((True, False) if term.drawn is None else (True, False, None))
            temporal[index] = told if met else False
    drugs = {drug: _state(dice, program) for drug in artifact.drugs}
    changed = {drug: dice.choice((0, *AGES)) for drug in artifact.drugs if dice.random() < 0.8}
    return Facts(inputs=inputs, drugs=drugs, temporal=temporal, moments=moments, rate_changed=changed)


def _state(dice: Random, program: Program) -> DrugState:
    match dice.randint(0, 6):
        case 0:
            return DrugState(None, None, "never")
        case 1 | 2:
            return DrugState(False)
        case 3:
            return DrugState(True)
        case _:
            rate = program.number(m.Number(millionths=dice.randint(1, 4) * MILLION, unit="mcg/min"))
            return DrugState(True, rate)


def _value(dice: Random, program: Program, name: str) -> Stored | None:
    if name == "adult":
        return True
    if dice.random() < 0.2:
        return None
    value = _drawn(dice, program.artifact.inputs[name])
    if not isinstance(value, Charted):
        return value
    found: Amount = program.number(m.Number(millionths=value.millionths, unit=value.unit))
    return found.value


def last(program: Program, witness: Witness) -> Replayed:
    """The reference engine at the instant of a witness, played anew."""
    runner = Runner(program, witness.events)
    runner.run(witness.time - 1)
    before = runner.fold.state
    fresh = Fold()
    fresh.state = before
    runner.fold = fresh
    runner.judge(witness.time)
    assert runner.view is not None and runner.fold.content is not None
    return Replayed(program, runner.view, runner.fold.content, runner.fold.state, before)
