"""R402: no decision leaves a drug running without what it needs.

Engines withhold an order that would, so the findings are about what a protocol asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_lang.lower.phrase import order_words
from rung_lang.verify.ask import Question
from rung_lang.verify.context import Context, Part
from rung_lang.verify.doses.begun import WITHDRAWS, begins, begun, ended, ends, leaves_off, starts, takes_away
from rung_lang.verify.doses.moments import Moment, everywhere, moments
from rung_lang.verify.doses.needs_beside import Pair, in_sequence, unconfirmed, watched
from rung_lang.verify.doses.problems_doses import LeftWithout
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import GIVES, STARTS, OrderSymbols, Place
from rung_lang.verify.found import Found
from rung_lang.verify.places import Places
from rung_lang.verify.reach.held import stays
from rung_lang.verify.verdict import Obligation, Refuted, Replayed


def obligations(context: Context, places: Places) -> Found:
    """Every drug that the protocol gives, beside each that it needs."""
    found = moments(context)
    parts: list[Found] = []
    for drug, decl in sorted(context.artifact.drugs.items()):
        for need in decl.needs:
            pair = Pair(drug, need)
            parts.append(_withdrawn(context, places, found, pair))
            if _ordered(context.program, drug):
                parts += [
                    _given(context, places, found, pair),
                    unconfirmed(context, found, pair),
                    watched(context, places, found, pair),
                    in_sequence(context, places, found, pair),
                ]
    return Found(
        tuple(one for part in parts for one in part.obligations),
        tuple(one for part in parts for one in part.problems),
    )


def _ordered(program: Program, drug: str) -> bool:
    """The protocol gives the drug. To watch over others is not its business; not to leave them alone is."""
    return any(order.target == drug and order.op in GIVES for order in program.orders)


def written(
    found: Sequence[Moment], ops: frozenset[str], targets: Sequence[str]
) -> list[tuple[Place, m.Order]]:
    """Every order of these kinds, by its place in the text."""
    orders = {
        (order.place.rule, order.place.choice, order.place.arm, order.place.instead): order
        for moment in found
        for order in moment.orders
        if order.order.op in ops and order.order.target in targets
    }
    return [(orders[key].place, orders[key].order) for key in sorted(orders)]


# ---------------------------------------------------------------- given without the need


def _given(context: Context, places: Places, found: Sequence[Moment], pair: Pair) -> Found:
    """Unsatisfiable iff no order gives the drug while the need is off and not begun beside it."""
    asked: list[Obligation] = []
    problems: list[LeftWithout] = []
    for place, order in written(found, GIVES, (pair.drug,)):
        verdict, chosen = everywhere(context, _gives(context, found, place, pair))
        asked.append(Obligation("R402", (place.rule, *pair.about), verdict))
        if isinstance(verdict, Refuted):
            problems.append(
                LeftWithout(
                    places.rule(place.rule), "gives", place.rule, order_words(order), pair.drug, pair.need,
                    bool(chosen), places.drug(pair.drug), verdict.witness,
                )
            )  # fmt: skip
    return Found(tuple(asked), tuple(problems))


def _gives(
    context: Context, found: Sequence[Moment], place: Place, pair: Pair
) -> Iterator[tuple[Question, bool]]:
    """With each question whether an arm of a free choice would begin the need."""
    for moment in found:
        running = moment.situation.symbols.running(pair.need)
        # A session that finishes is not asked what drugs need: there, not knowing is no excuse.
        lacks = f.negation(running.yes) if moment.finishes else running.no
        off = f.all_of((lacks, f.negation(begun(moment.decision, pair.need))))
        chosen = any(one.label for one in moment.orders if starts(one, pair.need))
        for order in moment.orders:
            if order.place == place:
                asks = order.stands if order.carried else f.any_of((order.stands, _held_back(order, pair)))
                parts = (*moment.parts, (("rule", place.rule), asks), (("need", pair.need), off))
                shows = _GivenAlone(place.rule, order.order.op, pair)
                yield Question("R402", (place.rule,), moment.situation, parts, shows), chosen
        if not moment.finishes:
            yield from _moved(context, moment, place, pair)


def _held_back(order: OrderSymbols, pair: Pair) -> Formula:
    """Engines withhold the order for want of the need."""
    mine = ("needs", pair.need)
    return f.any_of(formula for why, detail, formula in order.withheld if (why, detail) == mine)


def _moved(context: Context, moment: Moment, place: Place, pair: Pair) -> Iterator[tuple[Question, bool]]:
    """An order of a rule that moves the session on this very instant, beside those of the stage it enters.

    What came to be off later is the bedside's doing: the order is withheld then, and nothing is wrong.
    """
    stage = moment.situation.stage
    if stage is None or not any(order.place == place and order.carried for order in moment.orders):
        return
    situation = context.situation(stage, entered_now=True)
    order = situation.order(place)
    rule = next(rule for rule in situation.carried if rule.id == place.rule)
    lacks = situation.symbols.running(pair.need).no
    for source in [rule.stage] if rule.stage is not None else sorted(context.program.stages):
        fires = context.situation(source).rules[place.rule].fires
        parts: tuple[Part, ...] = (
            *context.applies(situation),
            (("rests", stage), stays(context, situation)),
            (("rule", place.rule), f.all_of((fires, _held_back(order, pair)))),
            (("need", pair.need), f.all_of((lacks, f.negation(begun(situation, pair.need))))),
        )
        shows = _GivenAlone(place.rule, order.order.op, pair)
        yield Question("R402", (place.rule,), situation, parts, shows), False


@frozen
class _GivenAlone:
    """The order stands, or is withheld for want of the need, and nothing surely begins that."""

    rule: str
    op: str
    pair: Pair

    def __call__(self, replayed: Replayed) -> bool:
        content, drug, need = replayed.content, self.pair.drug, self.pair.need
        running = replayed.view.drug(need).running
        lacks = running is not True if content.phase == "finished" else running is False
        if not lacks or begins(content, need):
            return False
        ops = ("start", "add") if self.op in ("start", "add") else (self.op,)
        stands = any(
            one.op in ops and one.target == drug and self.rule in one.rules and one.mark != "done"
            for one in content.orders
        )
        return stands or any(
            one.op in ops and (one.rule, one.target, one.why, one.detail) == (self.rule, drug, "needs", need)
            for one in content.withheld
        )


# ---------------------------------------------------------------- the need withdrawn


def _withdrawn(context: Context, places: Places, found: Sequence[Moment], pair: Pair) -> Found:
    """Unsatisfiable iff no order takes the need away while the drug runs, or is begun, and goes on."""
    asked: list[Obligation] = []
    problems: list[LeftWithout] = []
    courses = [name for name, one in sorted(context.artifact.courses.items()) if pair.need in one.drugs]
    for place, order in written(found, WITHDRAWS, (pair.need, *courses)):
        verdict, _ = everywhere(context, _withdraws(found, place, pair))
        asked.append(Obligation("R402", (place.rule, *pair.about), verdict))
        if isinstance(verdict, Refuted):
            problems.append(
                LeftWithout(
                    places.rule(place.rule), "withdraws", place.rule, order_words(order), pair.drug,
                    pair.need, False, places.drug(pair.drug), verdict.witness,
                )
            )  # fmt: skip
    return Found(tuple(asked), tuple(problems))


def _withdraws(found: Sequence[Moment], place: Place, pair: Pair) -> Iterator[tuple[Question, None]]:
    for moment in found:
        symbols = moment.situation.symbols
        orders = [order for order in moment.orders if order.place == place]
        for order in orders:
            begins_too = (f.all_of((one.stands, one.sure)) for one in moment.orders if starts(one, pair.drug))
            runs = f.any_of((symbols.running(pair.drug).yes, *begins_too))
            taken = f.all_of((order.stands, leaves_off(symbols, order.order, pair.need)))
            parts = (
                *moment.parts,
                (("rule", place.rule), taken),
                (("runs", pair.drug), runs),
                (("goes on", pair.drug), f.negation(ended(moment.decision, pair.drug))),
            )
            shows = _TakenAway(place.rule, order.order.op, pair)
            yield Question("R402", (place.rule,), moment.situation, parts, shows), None


@frozen
class _TakenAway:
    """The order stands and leaves the need off, the drug runs, and nothing surely ends that too."""

    rule: str
    op: str
    pair: Pair

    def __call__(self, replayed: Replayed) -> bool:
        content, program, drug = replayed.content, replayed.program, self.pair.drug
        taken = any(
            one.op == self.op and self.rule in one.rules and takes_away(program, one, self.pair.need)
            for one in content.orders
        )
        begun_too = any(
            one.op in STARTS and one.target == drug and one.confirmed and one.mark != "done"
            for one in content.orders
        )
        runs = replayed.view.drug(drug).running is True or begun_too
        return taken and runs and not ends(program, content, drug)
