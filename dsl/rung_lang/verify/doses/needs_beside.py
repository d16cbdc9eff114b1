"""R402 besides the orders that break it: drugs seen alone, needs not known, and what to do first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from rung_engine.decision.model import Content
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_lang.lower.phrase import order_words
from rung_lang.verify.ask import Question, universal
from rung_lang.verify.context import Context
from rung_lang.verify.doses.begun import ENDS, leaves_off, starts, takes_away
from rung_lang.verify.doses.moments import Moment, everywhere
from rung_lang.verify.doses.problems_doses import InSequence, RunsWithout
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import GIVES, STARTS, OrderSymbols
from rung_lang.verify.found import Found
from rung_lang.verify.places import Places
from rung_lang.verify.verdict import Obligation, Refuted, Replayed, Witness

LOWERS = ENDS | {"taper", "decrease"}


@frozen
class Pair:
    """A drug, and one that it needs."""

    drug: str
    need: str

    @property
    def about(self) -> tuple[str, str]:
        """For an obligation."""
        return self.drug, self.need


# ---------------------------------------------------------------- seen alone


def watched(context: Context, places: Places, found: Sequence[Moment], pair: Pair) -> Found:
    """Unsatisfiable iff, wherever the drug runs and the need is off, the decision does something about it."""
    asked: list[Obligation] = []
    alone: list[tuple[str, Witness | None]] = []
    for moment in found:
        if moment.finishes:
            continue
        symbols = moment.situation.symbols
        parts = (
            *moment.parts,
            (("runs", pair.drug), symbols.running(pair.drug).yes),
            (("need", pair.need), symbols.running(pair.need).no),
            (("nothing is done",), f.negation(f.any_of(_answers(context.program, moment, pair)))),
        )
        question = Question("R402", (moment.about,), moment.situation, parts, _Unanswered(pair))
        verdict = universal(context, question)
        asked.append(Obligation("R402", (moment.about, *pair.about), verdict))
        if isinstance(verdict, Refuted):
            alone.append((moment.situation.stage or "", verdict.witness))
    if not alone:
        return Found(tuple(asked))
    stages = tuple(stage for stage, _ in alone)
    place = places.stage(stages[0]) if stages[0] else places.protocol
    return Found(tuple(asked), (RunsWithout(place, pair.drug, pair.need, stages, alone[0][1]),))


def _answers(program: Program, moment: Moment, pair: Pair) -> Iterator[Formula]:
    for order in moment.orders:
        if _is_answer(program, order.order.op, order.order.target, pair):
            yield order.stands


def _is_answer(program: Program, op: str, target: str, pair: Pair) -> bool:
    """Starts what is needed, stops what needs it, or tells somebody."""
    if op == "end":
        return pair.drug in program.artifact.courses[target].drugs
    return op == "notify" or (op in STARTS and target == pair.need) or (op in ENDS and target == pair.drug)


@frozen
class _Unanswered:
    """The drug runs without its need, and no order is about that."""

    pair: Pair

    def __call__(self, replayed: Replayed) -> bool:
        view, content = replayed.view, replayed.content
        return (
            content.phase == "active"
            and view.drug(self.pair.drug).running is True
            and view.drug(self.pair.need).running is False
            and not any(
                _is_answer(replayed.program, one.op, one.target, self.pair) and one.mark != "done"
                for one in content.orders
            )
        )


# ---------------------------------------------------------------- the need unknown


def unconfirmed(context: Context, found: Sequence[Moment], pair: Pair) -> Found:
    """Unsatisfiable iff no order of the drug is confirmed where it is not known whether the need runs.

    It follows from how decisions are made; asking it keeps the encoding honest.
    """
    rules = sorted({order.place.rule for moment in found for order in moment.orders if _gives(order, pair)})
    asked: list[Obligation] = []
    for rule in rules:
        verdict, _ = everywhere(context, _confirmed(found, rule, pair))
        assert not isinstance(verdict, Refuted), "an order is confirmed although its need is not known"
        asked.append(Obligation("R402", (rule, *pair.about), verdict))
    return Found(tuple(asked))


def _gives(order: OrderSymbols, pair: Pair) -> bool:
    return order.order.op in GIVES and order.order.target == pair.drug


def _confirmed(found: Sequence[Moment], rule: str, pair: Pair) -> Iterator[tuple[Question, None]]:
    for moment in found:
        for order in () if moment.finishes else moment.orders:
            if order.place.rule == rule and _gives(order, pair):
                unknown = moment.situation.symbols.running(pair.need).unknown
                sure = f.all_of((order.stands, order.sure))
                parts = (*moment.parts, (("rule", rule), sure), (("unknown", pair.need), unknown))
                yield Question("R402", (rule,), moment.situation, parts, _Confirmed(rule, pair)), None


@frozen
class _Confirmed:
    """An order of the drug is confirmed, and whether the need runs is not known."""

    rule: str
    pair: Pair

    def __call__(self, replayed: Replayed) -> bool:
        if replayed.content.phase != "active" or replayed.view.drug(self.pair.need).running is not None:
            return False
        return any(
            one.target == self.pair.drug
            and one.op in GIVES
            and self.rule in one.rules
            and one.confirmed
            and one.mark != "done"
            for one in replayed.content.orders
        )


# ---------------------------------------------------------------- one before the other


def in_sequence(context: Context, places: Places, found: Sequence[Moment], pair: Pair) -> Found:
    """Two orders of one decision of which the wrong one done first leaves the drug alone. A remark: what
    cannot be shown is left out.
    """
    asked: list[Obligation] = []
    problems: list[InSequence] = []
    told: set[tuple[str, str]] = set()
    for moment in found:
        for first, then in _sequences(moment, pair):
            rules = (first.place.rule, then.place.rule)
            wrong = _wrong_way_round(moment, first, then, pair)
            if rules in told or wrong is f.FALSE:
                continue
            parts = (
                *moment.parts,
                (("rule", rules[0]), f.all_of((first.stands, first.sure))),
                (("rule", rules[1]), f.all_of((then.stands, then.sure))),
                (("sequence",), wrong),
            )
            shows = _Both(first.order.op, then.order.op, rules, pair)
            verdict = universal(context, Question("R402", rules, moment.situation, parts, shows))
            if isinstance(verdict, Refuted):
                told.add(rules)
                asked.append(Obligation("R402", (*rules, *pair.about), verdict))
                problems.append(
                    InSequence(
                        places.rule(rules[0]), rules[0], order_words(first.order), rules[1],
                        order_words(then.order), places.rule(rules[1]), pair.drug, pair.need,
                        verdict.witness,
                    )
                )  # fmt: skip
    return Found(tuple(asked), tuple(problems))


def _sequences(moment: Moment, pair: Pair) -> Iterator[tuple[OrderSymbols, OrderSymbols]]:
    """Orders outside choices that begin the need, or end the drug, with those that give or end the other."""
    orders = [] if moment.finishes else [order for order in moment.orders if not order.label]
    yield from product(
        [order for order in orders if starts(order, pair.need)],
        [order for order in orders if _gives(order, pair)],
    )
    yield from product(
        [order for order in orders if order.order.op in LOWERS and order.order.target == pair.drug],
        [order for order in orders if order.order.op in LOWERS and order.order.target == pair.need],
    )


def _wrong_way_round(moment: Moment, first: OrderSymbols, then: OrderSymbols, pair: Pair) -> Formula:
    """The need is to be begun before the drug, and the drug ended before the need."""
    symbols = moment.situation.symbols
    if first.order.op in STARTS:
        return symbols.running(pair.need).no
    ends = (leaves_off(symbols, first.order, pair.drug), leaves_off(symbols, then.order, pair.need))
    return f.all_of((*ends, symbols.running(pair.drug).yes))


@frozen
class _Both:
    """Both orders stand, and the state of the drugs makes their sequence matter."""

    first: str
    then: str
    rules: tuple[str, str]
    pair: Pair

    def __call__(self, replayed: Replayed) -> bool:
        content, view = replayed.content, replayed.view
        if self.first in STARTS:
            off = view.drug(self.pair.need).running is False
            return (
                off
                and self._stands(content, self.first, self.rules[0], self.pair.need)
                and self._stands(content, self.then, self.rules[1], self.pair.drug)
            )
        taken = [
            any(rule in one.rules and takes_away(replayed.program, one, drug) for one in content.orders)
            for rule, drug in zip(self.rules, (self.pair.drug, self.pair.need), strict=True)
        ]
        return all(taken) and view.drug(self.pair.drug).running is True

    def _stands(self, content: Content, op: str, rule: str, drug: str) -> bool:
        return any(
            one.op == op and one.target == drug and rule in one.rules and one.mark != "done"
            for one in content.orders
        )
