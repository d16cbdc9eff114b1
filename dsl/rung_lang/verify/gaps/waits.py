"""R305: a stage in which a patient may not rest has something that brings the session back.

A *wake* is a reading that comes by itself (`charted every`), a `measure` or a giving that falls due again, a
deadline, a step that is not due yet, or a clock that runs: each within the bound, and about something that a
rule of the stage which treats, or any rule which leads out, looks at. What is late already counts too: it is
shown as late. Only such wakes count: the rest of the chart may stay silent.
"""

from __future__ import annotations

from collections.abc import Iterator

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_lang.verify.ask import Question, universal
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import STEPS, TIMES, treatments, treats, when_due
from rung_lang.verify.gaps.knowledge import cadences, most
from rung_lang.verify.gaps.patients import Subject, known_parts, reads, rule_reads
from rung_lang.verify.gaps.problems_gaps import UnboundedWait
from rung_lang.verify.places import Places
from rung_lang.verify.reach.held import stays
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.verdict import Obligation, Proved, Refuted, Replayed, Undecided, Verdict

BOUND = 24 * 3_600_000
"""How long a stage that is not resting may wait for nothing, in milliseconds."""


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """One question for every stage that is reached and not resting."""
    asked: list[Obligation] = []
    problems: list[UnboundedWait] = []
    for stage in context.artifact.stages:
        if stage.resting or not reach.classes[stage.name]:
            continue
        verdict, nothing = _judge(context, stage.name)
        if isinstance(verdict, Refuted):
            read = tuple(name for _, name in _read(context, stage.name))
            problems.append(
                UnboundedWait(places.stage(stage.name), stage.name, BOUND, read, nothing, verdict.witness)
            )
        asked.append(Obligation("R305", (f"stage:{stage.name}",), verdict))
    return Found(tuple(asked), tuple(problems))


def _judge(context: Context, stage: str) -> tuple[Verdict, bool]:
    """Unsatisfiable iff every patient who stays in the stage has a wake. And whether it has none at all."""
    situation = context.situation(stage)
    subjects = _read(context, stage)
    found = [wake for wake in wakes(context, situation, subjects) if wake is not f.FALSE]
    if f.TRUE in found:
        return Proved("text", "checked"), False
    parts: tuple[Part, ...] = (
        *context.applies(situation),
        *known_parts(situation.symbols, reads(context, stage)),
        (("rests", stage), stays(context, situation)),
        (("wakes", stage), f.negation(f.any_of(found))),
    )
    about = (f"stage:{stage}",)
    sleeps = _Sleeps(stage, subjects, clocks(context, stage))
    verdict = universal(context, Question("R305", about, situation, parts, sleeps))
    if isinstance(verdict, Undecided) and not found:
        # Nothing in the text could ever be a wake, whatever the patient: no history is needed to see it.
        verdict = Refuted(None, (("wakes", stage),), "text", "checked")
    return verdict, not found


def _rules(program: Program, stage: str | None) -> tuple[m.Rule, ...]:
    """The stage's own rules that treat or lead out, and those of `throughout` that lead out."""
    always = [rule for rule in program.rules_of[None] if destination(rule) is not None]
    own = program.rules_of[stage] if stage is not None else ()
    return tuple(rule for rule in (*own, *always) if treats(rule))


def _read(context: Context, stage: str | None) -> tuple[Subject, ...]:
    """What they look at."""
    found = {subject for rule in _rules(context.program, stage) for subject in rule_reads(context, rule)}
    return tuple(sorted(found))


# ---------------------------------------------------------------- what wakes


def wakes(context: Context, situation: Situation, subjects: tuple[Subject, ...]) -> Iterator[Formula]:
    """Where something brings the session back within the bound."""
    artifact, program, symbols = context.artifact, context.program, situation.symbols
    for kind, name in subjects:
        if kind == "input":
            for cadence, where in cadences(context, situation, name):
                if cadence <= BOUND:
                    yield where
    for order in situation.orders:
        if not _about(artifact, order.order.target, subjects):
            continue
        if order.order.op == "measure" and order.order.every is None:
            yield order.stands
        every, within = order.order.every, order.order.within
        if within is not None and most(program, within) <= BOUND:
            yield order.stands
        if every is not None and most(program, every.hi) <= BOUND and order.order.op == "give":
            yield order.stands
    for order in treatments(situation):
        every = order.order.every
        if order.order.op in STEPS and every is not None and most(program, every.hi) <= BOUND:
            yield f.all_of((f.negation(order.stands), when_due(symbols, order)))
    for index in clocks(context, situation.stage):
        yield _runs(symbols, index)


def _about(artifact: m.Artifact, target: str, subjects: tuple[Subject, ...]) -> bool:
    """What an order is about is one of these: a drug, what counts it, what is measured."""
    read = {name for _, name in subjects}
    counted = {decl.counts for name, decl in artifact.inputs.items() if name in read}
    return target in counted or not read.isdisjoint(artifact.panels.get(target, (target,)))


def clocks(context: Context, stage: str | None) -> tuple[int, ...]:
    """The timed conditions of rules that lead out or treat, each within the bound."""
    found: set[int] = set()
    todo = [
        index
        for rule in _rules(context.program, stage)
        for index in (rule.condition, rule.unless)
        if index is not None
    ]
    seen: set[int] = set()
    while todo:
        index = todo.pop()
        if index in seen:
            continue
        seen.add(index)
        term = context.artifact.terms[index]
        match term:
            case m.Held() | m.Recent():
                if most(context.program, term.length) <= BOUND:
                    found.add(index)
                todo.append(term.of)
            case m.Not() | m.Ever():
                todo.append(term.of)
            case m.And() | m.Or() | m.Count():
                todo.extend(term.of)
            case m.Cmp():
                if _time_of(context, term) is not None:
                    found.add(index)
            case _:
                pass
    return tuple(sorted(found))


def _time_of(context: Context, term: m.Cmp) -> int | None:
    """The counted time of a comparison with a length within the bound."""
    terms, program = context.artifact.terms, context.program
    for side, other in ((term.left, term.right), (term.right, term.left)):
        length = terms[other]
        if not isinstance(terms[side], TIMES):
            continue
        if isinstance(length, m.Quantity) and program.constants[other] <= BOUND:
            return side
        if isinstance(length, m.Setting) and most(program, m.FromSetting(setting=length.name)) <= BOUND:
            return side
    return None


def _runs(symbols: Symbols, index: int) -> Formula:
    """The timed condition changes by itself if nothing else does."""
    terms = symbols.program.artifact.terms
    term, own = terms[index], symbols.truth(index)
    match term:
        case m.Held():
            return f.all_of((symbols.truth(term.of).yes, f.negation(own.yes)))
        case m.Recent():
            return f.all_of((symbols.truth(term.of).no, f.negation(own.no)))
        case m.Cmp():
            grows = (term.rel in (">", ">=")) == isinstance(terms[term.left], TIMES)
            side = term.left if isinstance(terms[term.left], TIMES) else term.right
            return f.all_of((symbols.number(side).known, own.no if grows else own.yes))
        case _:
            raise AssertionError(f"term {index} has no clock")


# ---------------------------------------------------------------- of an instant that was judged


@frozen
class _Sleeps:
    """The patient stays in the stage, and nothing that its rules look at will come by itself."""

    stage: str
    subjects: tuple[Subject, ...]
    clocks: tuple[int, ...]

    def __call__(self, replayed: Replayed) -> bool:
        view, content = replayed.view, replayed.content
        if content.phase != "active" or content.stage != self.stage:
            return False
        artifact, end = replayed.program.artifact, view.time + BOUND
        for order in content.orders:
            times = (order.due_at, order.late_after)
            falls_due = order.op == "measure" or any(time is not None and time <= end for time in times)
            if falls_due and _about(artifact, order.target, self.subjects):
                return False
        if any(one.until is not None and one.until <= end for one in content.waiting if one.op in STEPS):
            return False
        return not any(_is_running(view, index) for index in self.clocks)


def _is_running(view: Instant, index: int) -> bool:
    """The timed condition changes by itself if nothing else does."""
    terms = view.program.artifact.terms
    term = terms[index]
    match term:
        case m.Held():
            return view.truth(term.of) is True and view.truth(index) is not True
        case m.Recent():
            return view.truth(term.of) is False and view.truth(index) is not False
        case m.Cmp():
            grows = (term.rel in (">", ">=")) == isinstance(terms[term.left], TIMES)
            return view.truth(index) is (not grows)
        case _:
            raise AssertionError(f"term {index} has no clock")
