"""R403: no decision breaks a `never` or an `always`; questions about them answered; one of several holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_engine.frozen import frozen
from rung_lang.finding import Problem
from rung_lang.lower.phrase import order_words
from rung_lang.verify.ask import Question
from rung_lang.verify.context import Context, Part
from rung_lang.verify.doses.moments import Moment, everywhere, moments
from rung_lang.verify.doses.problems_doses import (
    AlwaysBroken,
    AnsweredNo,
    ConditionBroken,
    NeverBroken,
    NotExactlyOne,
    Silent,
)
from rung_lang.verify.doses.sites import OnlyFor, only_for
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import about_decision
from rung_lang.verify.formulas.orders import OrderSymbols, Place
from rung_lang.verify.formulas.symbols import Tri
from rung_lang.verify.found import Found
from rung_lang.verify.histories.played import dose_words, played
from rung_lang.verify.places import Places
from rung_lang.verify.properties.stated import OF_RATES, breaking, breaks, breaks_with, given, speaks
from rung_lang.verify.properties.statements import statement
from rung_lang.verify.rules.clashes import given_up
from rung_lang.verify.verdict import Obligation, Refuted, Replayed, Verdict, Witness

Asked = tuple[Question, Moment]


@frozen
class Answer:
    """What one property came to, and, where refuted, the question that a patient answers."""

    about: tuple[str, ...]
    verdict: Verdict
    asked: Asked | None
    place: Place | None = None
    order: m.Order | None = None


def obligations(context: Context, places: Places) -> Found:
    """Every property, every question about one, every `prove`."""
    found = moments(context)
    asked: list[Obligation] = []
    problems: list[Problem] = []
    for prop in context.artifact.properties:
        for answer in _answers(context, found, prop, (prop.id,)):
            asked.append(Obligation("R403", answer.about, answer.verdict))
            if isinstance(answer.verdict, Refuted) and answer.verdict.witness is not None:
                problems.append(_problem(context, places, prop, answer, answer.verdict.witness))
    for question in context.artifact.questions:
        if question.property is not None:
            answers = list(_answers(context, found, question.property, (f"question:{question.text}",)))
            asked += [Obligation("R403", answer.about, answer.verdict) for answer in answers]
            problems += _answered(context, places, question, answers)
    for place, proof in enumerate(context.artifact.proofs):
        verdict, where = everywhere(context, _one_holds(found, proof))
        asked.append(Obligation("R403", (f"prove:{place}",), verdict))
        if isinstance(verdict, Refuted) and where is not None and verdict.witness is not None:
            problems.append(_not_one(context, places, proof, where, verdict.witness))
    return Found(tuple(asked), tuple(problems))


def _answers(
    context: Context, found: Sequence[Moment], prop: m.Property, about: tuple[str, ...]
) -> Iterator[Answer]:
    """One for a property about conditions or an `always`; of a `never` one for each order it is about."""
    if prop.subject == "condition":
        verdict, where = everywhere(context, _condition(found, prop))
        yield Answer(about, verdict, where)
    elif prop.polarity == "always":
        verdict, where = everywhere(context, _unordered(found, prop))
        yield Answer(about, verdict, where)
    else:
        orders = _spoken_of(found, prop)
        if not orders:
            yield Answer(about, everywhere(context, ())[0], None)
        for place, order in orders:
            verdict, where = everywhere(context, _ordered(found, prop, place))
            yield Answer((*about, place.rule), verdict, where, place, order)


# ---------------------------------------------------------------- never order, start, stop …


def _spoken_of(found: Sequence[Moment], prop: m.Property) -> list[tuple[Place, m.Order]]:
    """Every written order that the property is about, by its place in the text."""
    orders = {
        (order.place.rule, order.place.choice, order.place.arm, order.place.instead): order
        for moment in found
        for order in moment.orders
        if speaks(moment.situation.symbols, prop, order) is not f.FALSE
    }
    return [(orders[key].place, orders[key].order) for key in sorted(orders)]


def _ordered(found: Sequence[Moment], prop: m.Property, place: Place) -> Iterator[tuple[Question, Asked]]:
    """Unsatisfiable iff the order never stands where the property forbids it."""
    for moment in found:
        for order in moment.orders:
            if order.place == place:
                about = speaks(moment.situation.symbols, prop, order)
                # What is carried may be one order with what a rule gives now, and then it is kept.
                lost = f.FALSE if order.carried else _lost(moment, order)
                parts = [
                    *moment.parts,
                    (("rule", place.rule), f.all_of((order.stands, f.negation(lost)))),
                    (("property", prop.id), about),
                    *_given(moment, prop),
                ]
                shows = _NeverBroken(prop, place.rule)
                question = Question("R403", (prop.id,), moment.situation, tuple(parts), shows)
                yield question, (question, moment)


def _lost(moment: Moment, order: OrderSymbols) -> f.Formula:
    """It contradicts another order, and neither is given."""
    if moment.finishes:
        return f.FALSE
    situation = moment.situation
    return f.any_of(
        one
        for place, found in given_up(situation).items()
        if situation.orders[place] is order
        for one in found
    )


def _given(moment: Moment, prop: m.Property) -> Iterator[Part]:
    if prop.given is not None:
        yield ("term", str(prop.given)), given(moment.decision, prop).yes


@frozen
class _NeverBroken:
    """An order of the rule breaks the property."""

    prop: m.Property
    rule: str

    def __call__(self, replayed: Replayed) -> bool:
        view, content = replayed.view, replayed.content
        return any(
            self.rule in order.rules and breaks_with(self.prop, view, content, order)
            for order in content.orders
        )


# ---------------------------------------------------------------- always order …, conditions


def _unordered(found: Sequence[Moment], prop: m.Property) -> Iterator[tuple[Question, Asked]]:
    """Unsatisfiable iff wherever the `while` is true such an order stands, or is done."""
    for moment in found:
        if moment.finishes:
            continue
        ordered = [
            f.all_of((f.any_of((kept, order.finished)), about))
            for order in moment.orders
            for kept in (f.all_of((order.stands, f.negation(_lost(moment, order)))),)
            if (about := speaks(moment.situation.symbols, prop, order)) is not f.FALSE
        ]
        parts = (
            *moment.parts,
            (("property", prop.id), f.negation(f.any_of(ordered))),
            *_given(moment, prop),
        )
        question = Question("R403", (prop.id,), moment.situation, parts, _Broken(prop))
        yield question, (question, moment)


def _condition(found: Sequence[Moment], prop: m.Property) -> Iterator[tuple[Question, Asked]]:
    """Unsatisfiable iff what is never so is never known true, what is always so never known false."""
    assert prop.condition is not None
    for moment in found:
        if moment.finishes:
            continue
        truth = about_decision(moment.decision, prop.condition)
        wrong = truth.yes if prop.polarity == "never" else truth.no
        parts = (*moment.parts, (("property", prop.id), wrong), *_given(moment, prop))
        question = Question("R403", (prop.id,), moment.situation, parts, _Broken(prop))
        yield question, (question, moment)


@frozen
class _Broken:
    """The decision breaks the property."""

    prop: m.Property

    def __call__(self, replayed: Replayed) -> bool:
        return breaks(self.prop, replayed.view, replayed.content)


def _problem(context: Context, places: Places, prop: m.Property, answer: Answer, witness: Witness) -> Problem:
    assert answer.asked is not None
    question, moment = answer.asked
    words = statement(context.artifact, prop)
    where = _sites(context, question)
    view, content = played(context.artifact, witness)
    stage = moment.situation.stage or ""
    at = places.property(prop.id)
    if prop.subject == "condition":
        return ConditionBroken(at, prop.polarity, words, stage, where, witness)
    if prop.polarity == "always":
        return AlwaysBroken(at, words, stage, tuple(_silent(context, places, prop, content)), where, witness)
    assert answer.place is not None and answer.order is not None
    rule = answer.place.rule
    standing = next(order for order in breaking(prop, view, content) if rule in order.rules)
    of_dose = prop.above is not None and prop.subject not in OF_RATES
    return NeverBroken(
        at, words, rule, places.rule(rule), order_words(answer.order),
        dose_words(standing.dose) if of_dose else "", standing.carried, stage, where, witness,
    )  # fmt: skip


def _sites(context: Context, question: Question) -> tuple[OnlyFor, ...]:
    parts = (*question.parts, *context.reached(question.situation))
    return only_for(context, [part for _, part in parts])


def _silent(context: Context, places: Places, prop: m.Property, content: Content) -> Iterator[Silent]:
    """The rules of the stage that could order it, and why each does not."""
    pending = {one.rule: tuple(need.name for need in one.needs) for one in content.pending}
    withheld = {one.rule for one in content.withheld if one.target in prop.drugs}
    for rule in context.artifact.rules:
        orders = [
            order
            for choice in rule.orders
            for order in ((choice.order,) if isinstance(choice, m.One) else choice.orders)
        ]
        if rule.stage not in (content.stage, None) or not any(
            order.target in prop.drugs and _may_count(prop, order) for order in orders
        ):
            continue
        why: Literal["pending", "withheld", "silent"] = "silent"
        if rule.id in pending:
            why = "pending"
        elif rule.id in withheld:
            why = "withheld"
        yield Silent(rule.id, places.rule(rule.id), why, pending.get(rule.id, ()))


def _may_count(prop: m.Property, order: m.Order) -> bool:
    match prop.subject:
        case "order" | "start":
            return order.op in ("start", "add", "set", "increase", "continue", "give")
        case "decrease":
            return order.op in ("decrease", "taper")
        case _:
            return order.op == prop.subject


# ---------------------------------------------------------------- questions


def _answered(
    context: Context, places: Places, question: m.Question, answers: Sequence[Answer]
) -> Iterator[AnsweredNo]:
    """The first patient of whom it is not so. A refuted question is answered, not broken."""
    prop = question.property
    assert prop is not None
    for answer in answers:
        if not isinstance(answer.verdict, Refuted) or answer.verdict.witness is None:
            continue
        rule = "" if answer.place is None else answer.place.rule
        silent: tuple[Silent, ...] = ()
        if prop.polarity == "always" and prop.subject != "condition":
            _, content = played(context.artifact, answer.verdict.witness)
            silent = tuple(_silent(context, places, prop, content))
        yield AnsweredNo(
            places.question(question.text),
            question.text,
            statement(context.artifact, prop),
            rule,
            places.rule(rule) if rule else None,
            silent,
            answer.verdict.witness,
        )
        return


# ---------------------------------------------------------------- exactly one, at most one


def _one_holds(found: Sequence[Moment], proof: m.Proof) -> Iterator[tuple[Question, Asked]]:
    """Unsatisfiable iff wherever all are known no other number of them is true."""
    for moment in found:
        symbols = moment.situation.symbols
        truths = [symbols.truth(condition) for condition in proof.conditions]
        known = f.all_of(f.any_of((truth.yes, truth.no)) for truth in truths)
        parts = (*moment.parts, (("known",), known), (("prove", *proof.names), _wrong_number(proof, truths)))
        question = Question("R403", proof.names, moment.situation, parts, _WrongNumber(proof))
        yield question, (question, moment)


def _wrong_number(proof: m.Proof, truths: Sequence[Tri]) -> f.Formula:
    two = f.at_least(2, tuple(truth.yes for truth in truths))
    if proof.how == "at_most":
        return two
    return f.any_of((two, f.all_of(truth.no for truth in truths)))


@frozen
class _WrongNumber:
    """The session is on, all are known, and too few or too many are true."""

    proof: m.Proof

    def __call__(self, replayed: Replayed) -> bool:
        if replayed.content.phase not in ("active", "finished"):
            return False
        truths = [replayed.view.truth(condition) for condition in self.proof.conditions]
        hold = sum(truth is True for truth in truths)
        return None not in truths and (hold > 1 or (hold == 0 and self.proof.how == "exactly"))


def _not_one(
    context: Context, places: Places, proof: m.Proof, asked: Asked, witness: Witness
) -> NotExactlyOne:
    view, _ = played(context.artifact, witness)
    hold = tuple(
        name
        for name, condition in zip(proof.names, proof.conditions, strict=True)
        if view.truth(condition) is True
    )
    return NotExactlyOne(
        places.proof(proof), proof.how, proof.names, hold, _sites(context, asked[0]), witness
    )
