"""Asking one question through the layers: the instant, what histories reach, a history that shows it."""

from __future__ import annotations

from rung_engine.frozen import frozen
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.histories.history import realise
from rung_lang.verify.histories.recorded import Shown
from rung_lang.verify.histories.replay import replay_of
from rung_lang.verify.reach.first_held import never_held
from rung_lang.verify.reach.induction import by_induction
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.reach.traces import excluded
from rung_lang.verify.reach.walks import Walks
from rung_lang.verify.solving.answers import key_of
from rung_lang.verify.solving.keys import name_of
from rung_lang.verify.verdict import Confirm, Layer, Proved, Refuted, Undecided, Verdict, Witness


@frozen
class Question:
    """Can a patient stand in this situation with every part true? `confirm` judges the replayed history.

    `wishes`: what a good witness shows besides, the most wanted first.
    """

    code: str
    about: tuple[str, ...]
    situation: Situation
    parts: tuple[Part, ...]
    confirm: Confirm
    wishes: tuple[Formula, ...] = ()


def universal(context: Context, question: Question) -> Verdict:
    """Proved where no patient can; refuted by a history that was played; else undecided."""
    answer = _answer(context, question)
    return Refuted(answer) if isinstance(answer, Witness) else answer


def existential(context: Context, question: Question) -> Verdict:
    """Proved by a history that was played; refuted where no patient can; else undecided.

    The protocol's own examples are looked through first, then what one patient comes to: `confirm` may ask of
    the view no more than is recorded of these.
    """
    for one in context.shown:
        if question.confirm(one.replayed):
            return Proved("replay", "replayed", witness=one.witness)
    walked = _walked(context, question)
    if walked is not None:
        context.shown = (*context.shown, walked)
        return Proved("replay", "replayed", witness=walked.witness)
    answer = _answer(context, question)
    match answer:
        case Witness():
            return Proved("replay", "replayed", witness=answer)
        case Proved():
            return Refuted(None, answer.core, answer.layer, answer.trust, answer.question)
        case _:
            return answer


def _answer(context: Context, question: Question) -> Witness | Proved | Undecided:
    """A history, or why there is none."""
    parts = [*question.parts, *context.reached(question.situation)]
    formulas = [part for _, part in parts]
    name = _name(context, question)
    known = context.histories.get(name)
    if known is not None:
        seen = replay_of(context.artifact, known)
        if seen is not None and question.confirm(seen):
            return known
    refuted = context.solver.refute(formulas)
    if refuted is not None:
        labels = tuple(parts[place][0] for place in refuted.core)
        layer: Layer = "letters" if any(label[0] == "reached" for label in labels) else "instant"
        return Proved(layer, "checked" if refuted.linear else "solver", labels, question=name_of(formulas))
    if not context.histories.in_vain(name):
        witness = realise(context, question.situation, parts, question.confirm, question.wishes)
        context.histories.put(name, witness)
        if witness is not None:
            return witness
    proved = (
        excluded(context, question.situation, parts)
        or never_held(context, question.situation, parts)
        or by_induction(context, question.situation, parts)
    )
    if proved is not None:
        return proved
    return Undecided("no history was found that shows it, and none that excludes it")


def _walked(context: Context, question: Question) -> Shown | None:
    """A patient led there move by move, which is much quicker than the shortest history is found."""
    if context.walks is None and isinstance(context.reach, Reach):
        context.walks = Walks(context, context.reach)
    if context.walks is None:
        return None
    parts = [part for _, part in (*question.parts, *context.reached(question.situation))]
    return context.walks.shows(question.situation, parts, question.confirm)


def _name(context: Context, question: Question) -> str:
    """Of the question whether a history shows it."""
    parts = [*question.parts, *context.reached(question.situation)]
    return key_of(question.code, "\n".join(question.about), name_of([part for _, part in parts]))
