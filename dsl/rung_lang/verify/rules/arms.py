"""R207, of arms: those of one stage exclude one another, and together hold of every patient of the stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.reference.evaluate import subjects
from rung_lang.finding import Problem
from rung_lang.verify.ask import Question, universal
from rung_lang.verify.context import Context, Part
from rung_lang.verify.doses.sites import only_for
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.symbols import Symbols, Tri, conjunction
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.patients import grid_parts
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.rules.problems_rules import ArmsLeaveOut, ArmsOverlap
from rung_lang.verify.verdict import Obligation, Refuted, Replayed

Arms = dict[str, tuple[int, ...]]
"""By name: the conditions of an arm."""
Answered = Iterator[tuple[Obligation, Problem | None]]


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """One obligation for each pair of arms of a stage, and one for all of them."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    for stage in context.artifact.stages:
        arms = _arms(context, stage.name)
        if len(arms) < 2 or not reach.classes[stage.name]:
            continue
        for obligation, problem in (
            *_overlaps(context, places, stage, arms),
            *_left_out(context, places, stage, arms),
        ):
            asked.append(obligation)
            if problem is not None:
                problems.append(problem)
    return Found(tuple(asked), tuple(problems))


def _arms(context: Context, stage: str) -> Arms:
    prefix = f"{stage}."
    every = context.artifact.provenance.arms
    return {name.removeprefix(prefix): terms for name, terms in every.items() if name.startswith(prefix)}


def _overlaps(context: Context, places: Places, stage: m.Stage, arms: Arms) -> Answered:
    """Unsatisfiable iff no patient is in two arms."""
    situation = context.situation(stage.name)
    for one, two in combinations(sorted(arms, key=lambda name: places.arm(stage.name, name)), 2):
        about = (f"arm:{stage.name}.{one}", f"arm:{stage.name}.{two}")
        parts: tuple[Part, ...] = (
            *context.applies(situation),
            *((("arm", name), _holds(situation.symbols, arms[name]).yes) for name in (one, two)),
            *_charted(context, situation.symbols, (*arms[one], *arms[two])),
        )
        confirm = _InArms(stage.name, (arms[one], arms[two]), True)
        verdict = universal(context, Question("R207", about, situation, parts, confirm))
        problem = None
        if isinstance(verdict, Refuted):
            words = (_words(context, arms[one]), _words(context, arms[two]))
            here, there = places.arm(stage.name, two), places.arm(stage.name, one)
            sites = only_for(context, [formula for _, formula in parts])
            problem = ArmsOverlap(here, stage.name, (one, two), words, there, sites, verdict.witness)
        yield Obligation("R207", about, verdict), problem


def _left_out(context: Context, places: Places, stage: m.Stage, arms: Arms) -> Answered:
    """Unsatisfiable iff every patient who comes to rest in the stage, and is owed something, is in an arm."""
    situation = context.situation(stage.name)
    symbols = situation.symbols
    terms = tuple(term for of in arms.values() for term in of)
    parts: list[Part] = [*context.applies(situation), (("rests", stage.name), situation.rests)]
    if stage.covers:
        owed = f.any_of(f.negation(symbols.truth(term).no) for term in stage.covers)
        parts.append((("covers", stage.name), owed))
    parts += [(("arm", name), _holds(symbols, of).no) for name, of in arms.items()]
    parts += _charted(context, symbols, terms)
    about = (f"stage:{stage.name}",)
    confirm = _InArms(stage.name, tuple(arms.values()), False)
    verdict = universal(context, Question("R207", about, situation, tuple(parts), confirm))
    problem = None
    if isinstance(verdict, Refuted):
        names = sorted(arms, key=lambda name: places.arm(stage.name, name))
        spans = tuple(places.arm(stage.name, name) for name in names)
        sites = only_for(context, [formula for _, formula in parts])
        problem = ArmsLeaveOut(
            places.stage(stage.name), stage.name, tuple(names), spans, sites, verdict.witness
        )
    yield Obligation("R207", about, verdict), problem


def _holds(symbols: Symbols, terms: Iterable[int]) -> Tri:
    return conjunction(symbols.truth(term) for term in terms)


def _charted(context: Context, symbols: Symbols, terms: Iterable[int]) -> Iterator[Part]:
    """Readings as a monitor shows them: what lies between two of its steps is no patient's."""
    read = {subject for term in terms for subject in subjects(context.program, term)}
    return grid_parts(symbols, sorted(read))


def _words(context: Context, terms: Iterable[int]) -> str:
    said = context.artifact.provenance.words
    return " and ".join(said.get(str(term), "") for term in terms)


@frozen
class _InArms:
    """In the stage each of these arms holds, or none of them does."""

    stage: str
    arms: tuple[tuple[int, ...], ...]
    inside: bool

    def __call__(self, replayed: Replayed) -> bool:
        content, view = replayed.content, replayed.view
        if self.inside:
            here = content.stage == self.stage or self.stage in content.path
            return here and all(view.truth(term) is True for arm in self.arms for term in arm)
        return content.stage == self.stage and all(
            any(view.truth(term) is False for term in arm) for arm in self.arms
        )
