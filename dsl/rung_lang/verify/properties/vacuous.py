"""R404: what is stated is about somebody. A property whose `while` is never true holds, and says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.decision.propose import about_decision as decided
from rung_engine.frozen import frozen
from rung_lang.finding import Problem
from rung_lang.verify.ask import Question
from rung_lang.verify.context import Context, Part
from rung_lang.verify.doses.moments import moments, somewhere
from rung_lang.verify.doses.problems_doses import AboutNobody, SaysNothing
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, about_decision
from rung_lang.verify.formulas.orders import GIVES
from rung_lang.verify.found import Found
from rung_lang.verify.places import Places
from rung_lang.verify.properties.statements import condition, statement
from rung_lang.verify.reach.transitions import stood_in
from rung_lang.verify.verdict import Label, Obligation, Refuted, Replayed, Said

Answered = Iterator[tuple[Obligation, Problem | None]]
Basis = Literal["applies", "assumption", "assumptions"]
Kind = Literal["never", "always", "covers", "question", "dose"]


def obligations(context: Context, places: Places) -> Found:
    """What the protocol rests on; then, where that is sound, everything else it states."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    for part in (_basis, _properties, _covers, _questions):
        for obligation, problem in part(context, places):
            asked.append(obligation)
            if problem is not None:
                problems.append(problem)
        if problems and part is _basis:
            # Of nobody everything is true; to say so of every statement would hide why.
            break
    return Found(tuple(asked), tuple(problems))


# ---------------------------------------------------------------- applies when, assume


def _basis(context: Context, places: Places) -> Answered:
    """Existential: some patient has the protocol, with any one assumption true, and with all of them."""
    artifact = context.artifact
    words = artifact.provenance.words
    if artifact.applies is not None:
        terms = (artifact.applies,)
        yield _stands(context, places, ("applies",), "applies", words.get(str(terms[0]), ""), terms)
    for place, term in enumerate(artifact.assumptions):
        yield _stands(context, places, (f"assume:{place}",), "assumption", words.get(str(term), ""), (term,))
    if len(artifact.assumptions) > 1:
        about = tuple(f"assume:{place}" for place in range(len(artifact.assumptions)))
        yield _stands(context, places, about, "assumptions", "", artifact.assumptions)


def _stands(
    context: Context,
    places: Places,
    about: tuple[str, ...],
    what: Basis,
    words: str,
    terms: Sequence[int],
) -> tuple[Obligation, Problem | None]:
    def questions() -> Iterator[tuple[Question, None]]:
        for moment in moments(context):
            truth = moment.situation.symbols.truth
            true = tuple((("term", str(term)), truth(term).yes) for term in terms)
            yield (
                Question("R404", about, moment.situation, (*moment.parts, *true), _AllTrue(tuple(terms))),
                None,
            )

    verdict, _ = somewhere(context, questions())
    problem = None
    if isinstance(verdict, Refuted):
        problem = AboutNobody(places.of(about[0]), what, words, _clash(places, verdict.core))
    return Obligation("R404", about, verdict), problem


@frozen
class _AllTrue:
    """The session is on, and each of the terms is true."""

    terms: tuple[int, ...]

    def __call__(self, replayed: Replayed) -> bool:
        on = replayed.content.phase in ("active", "finished")
        return on and all(replayed.view.truth(term) is True for term in self.terms)


def _clash(places: Places, core: Sequence[Label]) -> tuple[Said, ...]:
    """The parts that the author wrote."""
    said = (places.said(label) for label in core if label[0] in ("term", "applies", "assume"))
    return tuple(one for one in dict.fromkeys(said) if one.words)


# ---------------------------------------------------------------- properties


def _properties(context: Context, places: Places) -> Answered:
    """Existential: on some decision the `while` of each property is true."""
    for prop in context.artifact.properties:
        if prop.given is not None:
            verdict, _ = somewhere(context, _decisions(context, (prop.id,), prop.given))
            problem = None
            if isinstance(verdict, Refuted):
                words = statement(context.artifact, prop)
                clash = _clash(places, verdict.core)
                problem = SaysNothing(places.property(prop.id), prop.polarity, words, clash)
            yield Obligation("R404", (prop.id,), verdict), problem


def _decisions(context: Context, about: tuple[str, ...], term: int) -> Iterator[tuple[Question, None]]:
    """On some decision the condition is true, be it about the patient or about the decision."""
    for moment in moments(context):
        if not moment.finishes:
            parts = (*moment.parts, *_conjuncts(context, moment.decision, term))
            yield Question("R404", about, moment.situation, parts, _True(term)), None


def _conjuncts(context: Context, decision: Situation, term: int) -> tuple[Part, ...]:
    """A condition in the parts its author wrote."""
    node = context.artifact.terms[term]
    parts = node.of if isinstance(node, m.And) else (term,)
    return tuple((("term", str(part)), about_decision(decision, part).yes) for part in parts)


@frozen
class _True:
    """The decision stands, and the condition is true of it."""

    term: int

    def __call__(self, replayed: Replayed) -> bool:
        content = replayed.content
        return content.phase == "active" and decided(replayed.view, content, self.term) is True


# ---------------------------------------------------------------- covers


def _covers(context: Context, places: Places) -> Answered:
    """Existential: some patient in the stage is covered. Of a stage nobody reaches, R301 speaks."""
    for stage in context.artifact.stages:
        situation = context.situation(stage.name)
        here = [*context.applies(situation), *context.reached(situation)]
        if not context.solver.possible([part for _, part in here]):
            continue
        for term in stage.covers:
            about = (f"stage:{stage.name}",)
            parts = (*context.applies(situation), *_conjuncts(context, situation, term))
            question = Question("R404", about, situation, parts, _Covered(stage.name, term))
            verdict, _ = somewhere(context, ((question, None),))
            problem = None
            if isinstance(verdict, Refuted):
                words = condition(context.artifact, term)
                place = places.covers(stage.name, words)
                problem = SaysNothing(place, "covers", words, _clash(places, verdict.core))
            yield Obligation("R404", about, verdict), problem


@frozen
class _Covered:
    """The session is in the stage, or passed through it on this instant, and the condition is true."""

    stage: str
    term: int

    def __call__(self, replayed: Replayed) -> bool:
        content = replayed.content
        here = self.stage in stood_in(replayed)
        return here and content.phase in ("active", "finished") and replayed.view.truth(self.term) is True


# ---------------------------------------------------------------- questions


def _questions(context: Context, places: Places) -> Answered:
    """Existential: each question is about some decision; of `ask dose of D`, about one that orders D."""
    for question in context.artifact.questions:
        about = (f"question:{question.text}",)
        kind: Kind = "question"
        if question.ask == "dose" and question.drug is not None:
            kind, words = "dose", question.drug
            asked = _orders(context, about, question.drug)
        elif question.ask == "when" and question.condition is not None:
            words = condition(context.artifact, question.condition)
            asked = _decisions(context, about, question.condition)
        elif question.property is not None and question.property.given is not None:
            words = condition(context.artifact, question.property.given)
            asked = _decisions(context, about, question.property.given)
        else:
            continue
        verdict, _ = somewhere(context, asked)
        problem = None
        if isinstance(verdict, Refuted):
            place = places.question(question.text)
            problem = SaysNothing(place, kind, words, _clash(places, verdict.core))
        yield Obligation("R404", about, verdict), problem


def _orders(context: Context, about: tuple[str, ...], drug: str) -> Iterator[tuple[Question, None]]:
    for moment in moments(context):
        stands = f.any_of(
            order.stands for order in moment.orders if order.order.op in GIVES and order.order.target == drug
        )
        if stands is not f.FALSE:
            parts = (*moment.parts, (("ordered", drug), stands))
            yield Question("R404", about, moment.situation, parts, _Ordered(drug)), None


@frozen
class _Ordered:
    """Some order of the drug stands."""

    drug: str

    def __call__(self, replayed: Replayed) -> bool:
        return any(
            one.op in GIVES and one.target == self.drug and one.mark != "done"
            for one in replayed.content.orders
        )
