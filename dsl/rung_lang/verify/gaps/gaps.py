"""R206: whom does a stage do nothing for, and should it?

Three grades. A stage that `covers` patients, or has a `goal`, must do something for each of them: an error.
A stage that says nothing of the kind must not do less for a sicker patient than for a milder one: a warning.
And where it does nothing at all is said once, with a `covers` to write: information.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.reference.evaluate import subjects
from rung_lang.finding import Problem
from rung_lang.verify.ask import Question, universal
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import (
    conjuncts,
    is_silent,
    rules_in,
    silent,
    silent_parts,
    treatments,
    treats,
)
from rung_lang.verify.gaps.patients import patient_of
from rung_lang.verify.gaps.problems_gaps import Gap, SilentRegion
from rung_lang.verify.gaps.regions import called, describe
from rung_lang.verify.gaps.sicker import less_for_sicker
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.verdict import Obligation, Refuted, Replayed

Answered = Iterator[tuple[Obligation | None, Problem | None]]

MOST_NAMED = 4
"""Pieces of a region that an error names."""
MOST_SHOWN = 2
"""Pieces that a note shows, and conditions that it offers."""


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """One question for each `covers` and each goal of a stage, one for each stage without any."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    for stage in context.artifact.stages:
        if not reach.classes[stage.name] or not any(
            treats(rule) for rule in rules_in(context.program, stage.name)
        ):
            continue
        found = (
            _owed(context, places, stage) if stage.covers or stage.goals else _unsaid(context, places, stage)
        )
        for obligation, problem in found:
            if obligation is not None:
                asked.append(obligation)
            if problem is not None:
                problems.append(problem)
    return Found(tuple(asked), tuple(problems))


# ---------------------------------------------------------------- error: somebody who is owed something


def _owed(context: Context, places: Places, stage: m.Stage) -> Answered:
    """Unsatisfiable iff no patient whom the stage covers, or who misses its goal, gets nothing."""
    situation = context.situation(stage.name)
    words = context.artifact.provenance.words
    owed = [(term, True, words.get(str(term), "")) for term in stage.covers]
    owed += [(goal.condition, False, goal.name) for goal in stage.goals]
    for term, covers, said in owed:
        truth = situation.symbols.truth(term)
        target = truth.yes if covers else truth.no
        patient = patient_of(context, situation, (term,))
        parts = (*patient, (("term", str(term)), target), *silent_parts(situation))
        about = (f"stage:{stage.name}",)
        verdict = universal(
            context, Question("R206", about, situation, parts, _Unserved(stage.name, term, covers))
        )
        problem = None
        if isinstance(verdict, Refuted):
            given = [part for _, part in (*patient, *context.reached(situation))]
            region = describe(
                context, situation.symbols, f.all_of((target, silent(situation))), given, MOST_NAMED
            )
            span = places.covers(stage.name, said) if covers else places.stage(stage.name)
            problem = Gap(span, stage.name, said, not covers, region.cubes, region.whole, verdict.witness)
        yield Obligation("R206", about, verdict), problem


@frozen
class _Unserved:
    """The patient is owed something in the stage, and gets nothing."""

    stage: str
    term: int
    covers: bool

    def __call__(self, replayed: Replayed) -> bool:
        if replayed.content.stage != self.stage or replayed.view.truth(self.term) is not self.covers:
            return False
        return is_silent(replayed.view, replayed.content)


# ---------------------------------------------------------------- a stage that says nothing of whom it covers


def _unsaid(context: Context, places: Places, stage: m.Stage) -> Answered:
    yield less_for_sicker(context, places, stage)
    situation = context.situation(stage.name)
    if not any(True for _ in treatments(situation)):
        return  # it only leads on: that it is silent meanwhile is its purpose
    patient = patient_of(context, situation)
    given = [part for _, part in (*patient, *context.reached(situation))]
    region = describe(context, situation.symbols, silent(situation), given, MOST_SHOWN)
    if region.cubes:
        offer = _offer(context, situation, given)
        yield None, SilentRegion(places.stage(stage.name), stage.name, region.cubes, region.whole, offer)


def _offer(context: Context, situation: Situation, given: Sequence[Formula]) -> tuple[str, ...]:
    """Conditions of the stage's own rules under each of which something is done, whatever else is so; none
    that another of them takes in, and none that is true of a patient with normal readings.
    """
    program, symbols, solver = context.program, situation.symbols, context.solver
    still = silent(situation)
    rules = [rule for rule in rules_in(program, situation.stage) if treats(rule)]
    single = [part for rule in rules for part in conjuncts(context.artifact, rule.condition)]
    for parts in (single, [rule.condition for rule in rules]):
        served = [
            (part, symbols.truth(part).yes)
            for part in dict.fromkeys(parts)
            if _is_of_the_sick(context, situation, part)
            and not solver.impossible([*given, symbols.truth(part).yes])
            and solver.impossible([*given, symbols.truth(part).yes, still])
        ]
        kept: list[tuple[int, Formula]] = []
        for part, own in served:
            if not any(solver.impossible([*given, own, f.negation(other)]) for _, other in kept):
                kept = [one for one in kept if not solver.impossible([*given, one[1], f.negation(own)])]
                kept.append((part, own))
        if kept:
            return tuple(called(context.artifact, part) for part, _ in kept[:MOST_SHOWN])
    return ()


def _is_of_the_sick(context: Context, situation: Situation, term: int) -> bool:
    """It looks at a reading that has a normal value, and is false at normal values."""
    program, symbols = context.program, situation.symbols
    normal = [
        f.compare(symbols.input_value(name), "=", f.number(program.number(value).value))
        for kind, name in sorted(subjects(program, term))
        if kind == "input" and name != program.weight_input
        if (value := context.artifact.inputs[name].normal) is not None
    ]
    as_shipped = [
        f.compare(symbols.setting(name), "=", f.number(program.number(decl.value).value))
        for name, decl in sorted(context.artifact.settings.items())
        if isinstance(decl.value, m.Number)
    ]
    return bool(normal) and context.solver.impossible([*normal, *as_shipped, symbols.truth(term).yes])
