"""R401: no order asks for more than a maximum in force. An engine would cut or withhold such an order.

Of steps nothing is asked: they end at the maximum by the meaning of the language, and a limit written above
it is found in the text. Rolling maxima are about what one order allows in their window; what was given
before, and infusions, are counted by the engines. Of a `continue` see `continued`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_engine.decision.orders import usual_start
from rung_engine.decision.view import View
from rung_engine.frozen import frozen
from rung_engine.program import BODY_WEIGHT, Amount, Dims
from rung_lang.lower.phrase import amount_words, order_words
from rung_lang.verify.ask import Question
from rung_lang.verify.context import Context, Part
from rung_lang.verify.doses.ceilings import Ceiling, ceilings
from rung_lang.verify.doses.continued import continued
from rung_lang.verify.doses.moments import Moment, everywhere, moments
from rung_lang.verify.doses.problems_doses import AboveLimit
from rung_lang.verify.doses.sites import only_for
from rung_lang.verify.doses.sums import Parts, sum_above
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import conflict
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.orders import OrderSymbols, Place
from rung_lang.verify.formulas.rules import moves
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.found import Found
from rung_lang.verify.histories.played import played, shown, unit_of, weight_words
from rung_lang.verify.places import Places
from rung_lang.verify.verdict import Obligation, Refuted, Replayed, Witness

BEGINS = frozenset({"start", "add", "set", "give"})
PER_TIME = ("time", -1)
MOST_DOSES = 2000
"""Of one order in a window; more are counted as so many."""
MARGINS = (Fraction(1), Fraction(12, 10), Fraction(105, 100))
"""Times the maximum: what is asked, and what a patient who shows it had better reach."""


@frozen
class Given:
    """An order that says how much, where its rule is judged. `parts`: that its rule gives it there."""

    moment: Moment
    order: OrderSymbols
    parts: tuple[Part, ...]

    @property
    def drug(self) -> str:
        return self.order.order.target


@frozen
class Excess:
    """What is asked of one order, or of two, beside one maximum. True of a replay that shows it."""

    orders: tuple[tuple[str, m.Order], ...]
    """Each with its rule."""
    ceiling: Ceiling

    def __call__(self, replayed: Replayed) -> bool:
        view = replayed.view
        if not all(_in_sight(replayed.content, rule, order) for rule, order in self.orders):
            return False
        asked = self.asked(view)
        limit = view.program.amount(self.ceiling.maximum)
        return self.ceiling.is_on(view) and asked is not None and asked > limit.value

    def asked(self, view: View) -> Fraction | None:
        """Of this patient, as the maximum counts it; None where that cannot be said."""
        total = Fraction(0)
        for _, order in self.orders:
            one = _asked_by(view, order, self.ceiling)
            if one is None:
                return None
            total += one
        return total


def obligations(context: Context, places: Places) -> Found:
    """Every order that says how much, beside every maximum of its drug."""
    asked: list[Obligation] = []
    problems: list[AboveLimit] = []
    given = _given(context)
    alone = [((place.rule,), _alone(context, found)) for place, found in given.items()]
    for about, questions in (*alone, *_together(context, given)):
        verdict, where = everywhere(context, questions)
        asked.append(Obligation("R401", about, verdict))
        if isinstance(verdict, Refuted) and where is not None and verdict.witness is not None:
            question, excess = where
            parts = [part for _, part in (*question.parts, *context.reached(question.situation))]
            problems.append(_problem(context, places, excess, parts, verdict.witness))
    rest = continued(context, places)
    return Found((*asked, *rest.obligations), (*problems, *rest.problems))


Questions = Iterator[tuple[Question, tuple[Question, Excess]]]


def _given(context: Context) -> dict[Place, list[Given]]:
    """By place in the text: every order of a dose, in every stage in which its rule is judged."""
    found: dict[Place, list[Given]] = {}
    for moment in moments(context):
        situation = moment.situation
        for order in () if moment.finishes else situation.orders:
            if order.carried or order.order.op not in BEGINS:
                continue
            rule = situation.rules[order.place.rule].rule
            parts = moment.parts
            if situation.stage is not None and moves(rule, situation.stage):
                parts = context.applies(situation)
            issued: Part = (("rule", rule.id), _asks(order))
            found.setdefault(order.place, []).append(Given(moment, order, (*parts, issued)))
    return dict(sorted(found.items(), key=lambda item: _key(item[0])))


def _key(place: Place) -> tuple[str, int, int, bool]:
    return place.rule, place.choice, place.arm, place.instead


def _asks(order: OrderSymbols) -> Formula:
    """It is in the decision, or a maximum alone keeps it out."""
    kept = (formula for why, _, formula in order.withheld if why in ("maximum", "needs"))
    return f.any_of((order.stands, *kept))


# ---------------------------------------------------------------- one order


def _alone(context: Context, found: Sequence[Given]) -> Questions:
    """Unsatisfiable iff the order never asks for more than any one maximum."""
    for given in found:
        symbols = given.moment.situation.symbols
        order = given.order.order
        for ceiling in ceilings(context.artifact, given.drug):
            excess = Excess(((given.order.place.rule, order),), ceiling)
            above = [
                f.any_of(
                    f.all_of((when, _all_above(symbols, order, parts, ceiling, margin)))
                    for when, parts in _doses(symbols, order)
                )
                for margin in MARGINS
            ]
            yield from _question(given.moment, given.parts, ceiling, above, excess)


def _question(
    moment: Moment, parts: Sequence[Part], ceiling: Ceiling, margins: Sequence[Formula], excess: Excess
) -> Questions:
    """`margins`: that it is above, then how clearly a patient should show it."""
    on = ceiling.on(moment.situation.symbols).yes
    above = margins[0]
    if f.all_of((above, on)) is f.FALSE:
        return
    more: tuple[Part, ...] = ((("above", ceiling.drug), above),)
    condition = ceiling.condition(moment.situation.symbols.program.artifact)
    if condition is not None:
        more = (*more, (("term", str(condition)), on))
    about = tuple(rule for rule, _ in excess.orders)
    question = Question("R401", about, moment.situation, (*parts, *more), excess, tuple(margins[1:]))
    yield question, (question, excess)


def _doses(symbols: Symbols, order: m.Order) -> list[tuple[Formula, Parts]]:
    """The largest dose written, or that of a start with none written, each with where it counts."""
    artifact = symbols.program.artifact
    if order.dose is not None:
        parts: Parts = (symbols.amount(order.dose.hi),)
        return [(f.TRUE, parts if order.cap is None else (*parts, symbols.amount(order.cap)))]
    found: list[tuple[Formula, Parts]] = []
    before = f.TRUE
    if order.op in ("start", "add"):
        for restrict in artifact.restricts:
            if restrict.drug == order.target and restrict.start is not None:
                on = f.TRUE if restrict.condition is None else symbols.truth(restrict.condition).may
                found.append((f.all_of((before, on)), (symbols.amount(restrict.start.hi),)))
                before = f.all_of((before, f.negation(on)))
        start = artifact.drugs[order.target].start
        if start is not None:
            found.append((before, (symbols.amount(start.hi),)))
    return found


def _all_above(symbols: Symbols, order: m.Order, parts: Parts, ceiling: Ceiling, margin: Fraction) -> Formula:
    """The dose, or in a window all doses that the order's own interval allows, is above the maximum."""
    limit = _limit(symbols, ceiling, margin)
    if ceiling.over is None:
        daily = any(PER_TIME in dims for _, dims in parts)
        if order.op == "give" and daily != (PER_TIME in limit[1]):
            # A daily amount is bounded by rolling totals; the maximum of one dose says nothing about it.
            # Nor does the maximum of a rate about a dose, of a drug that is given both ways.
            return f.FALSE
        return sum_above(symbols, (parts,), limit)
    if order.op != "give":
        return f.FALSE
    window = _length(symbols, ceiling)
    if any(PER_TIME in dims for _, dims in parts):
        through = tuple((value.times(window), _without_time(dims)) for value, dims in parts)
        return sum_above(symbols, (through,), limit)
    total: Parts = () if order.total is None else (symbols.amount(order.total),)
    found: list[Formula] = []
    for count, possible in _counts(symbols, order, window):
        doses = tuple((value.times(Fraction(count)), dims) for value, dims in parts)
        found.append(f.all_of((possible, sum_above(symbols, ((*doses, *total),), limit))))
    return f.any_of(found)


def _limit(symbols: Symbols, ceiling: Ceiling, margin: Fraction) -> tuple[Linear, Dims]:
    value, dims = symbols.amount(ceiling.maximum)
    return value.times(margin), dims


def _length(symbols: Symbols, ceiling: Ceiling) -> Fraction:
    """Of the window; the longest, where a site may choose."""
    assert ceiling.over is not None
    return _end(symbols, symbols.amount(ceiling.over)[0], greatest=True)


def _end(symbols: Symbols, value: Linear, *, greatest: bool) -> Fraction:
    """The least or the greatest that a constant or a setting may be."""
    found = value.constant
    for name, factor in value.terms:
        bounds = symbols.space.variables[name]
        bound = bounds.hi if greatest else bounds.lo
        assert bound is not None and factor > 0
        found += factor * bound
    return found


def _without_time(dims: Dims) -> Dims:
    return tuple(item for item in dims if item != PER_TIME)


def _counts(symbols: Symbols, order: m.Order, window: Fraction) -> Iterator[tuple[int, Formula]]:
    """How many doses may fall into a window: of those T apart, ceil(W / T), since one end is left out."""
    if order.every is None:
        yield 1, f.TRUE
        return
    apart = symbols.amount(order.every.lo)[0]
    if not apart.terms:
        yield min(-(-window // apart.constant), MOST_DOSES), f.TRUE
        return
    for count in range(1, MOST_DOSES + 1):
        possible = f.compare(apart.times(Fraction(count - 1)), "<", f.number(window))
        yield count, possible
        if _end(symbols, apart, greatest=False) * count >= window:
            # Even the shortest interval leaves no room for one more.
            return


# ---------------------------------------------------------------- two orders of one drug


def _together(
    context: Context, given: Mapping[Place, Sequence[Given]]
) -> Iterator[tuple[tuple[str, ...], Questions]]:
    """Single doses of one drug that one decision gives side by side, because they recur differently."""
    gives = [found for found in given.values() if found[0].order.order.op == "give"]
    for one, other in combinations(gives, 2):
        if one[0].drug == other[0].drug and _apart(one[0].order, other[0].order):
            places = (one[0].order.place, other[0].order.place)
            yield tuple(place.rule for place in places), _both(context, one, other)


def _apart(a: OrderSymbols, b: OrderSymbols) -> bool:
    """No arms of one choice, and not one order given by two rules."""
    one, two = a.order, b.order
    if a.label and a.label == b.label:
        return False
    return (one.every, one.continuously, one.total) != (two.every, two.continuously, two.total)


def _both(context: Context, one: Sequence[Given], other: Sequence[Given]) -> Questions:
    for a in one:
        for b in other:
            if a.moment is not b.moment:
                continue
            symbols = a.moment.situation.symbols
            orders = ((a.order.place.rule, a.order.order), (b.order.place.rule, b.order.order))
            for ceiling in ceilings(context.artifact, a.drug):
                if ceiling.over is not None:
                    continue
                above = [
                    f.any_of(
                        f.all_of((when, then, sum_above(symbols, (first, second), limit)))
                        for when, first in _doses(symbols, a.order.order)
                        for then, second in _doses(symbols, b.order.order)
                    )
                    for limit in (_limit(symbols, ceiling, margin) for margin in MARGINS)
                ]
                given: list[Part] = [
                    *a.moment.parts,
                    (("rule", orders[0][0]), a.order.stands),
                    (("rule", orders[1][0]), b.order.stands),
                    (("agree",), f.negation(conflict(a.moment.situation, a.order, b.order))),
                ]
                yield from _question(a.moment, given, ceiling, above, Excess(orders, ceiling))


# ---------------------------------------------------------------- the same of a patient


def _in_sight(content: Content, rule: str, order: m.Order) -> bool:
    """The decision shows the order, or that a maximum keeps it out."""
    ops = {"start", "add"} if order.op in ("start", "add") else {order.op}
    return any(
        one.op in ops and one.target == order.target and rule in one.rules and one.mark != "done"
        for one in content.orders
    ) or any(
        one.op in ops and one.target == order.target and one.rule == rule and one.why in ("maximum", "needs")
        for one in content.withheld
    )


def _asked_by(view: View, order: m.Order, ceiling: Ceiling) -> Fraction | None:
    """By one order, before anything cuts it; in a window, by all its doses."""
    program = view.program
    limit = program.amount(ceiling.maximum)
    dose = order.dose if order.dose is not None else usual_start(view, order.target)
    if dose is None:
        return None
    amounts = [program.amount(dose.hi)]
    if order.cap is not None:
        amounts.append(program.amount(order.cap))
    if ceiling.over is not None:
        window = program.millis(ceiling.over)
        if PER_TIME in amounts[0].dims:
            amounts = [Amount(one.value * window, _without_time(one.dims)) for one in amounts]
        else:
            count = doses_in(view, order, ceiling)
            amounts = [Amount(one.value * count, one.dims) for one in amounts]
            if order.total is not None:
                amounts.append(program.amount(order.total))
    seen = [one.seen_in(limit.dims, view.weight()) for one in amounts]
    known = [one for one in seen if one is not None]
    return min(known) if len(known) == len(seen) else None


def doses_in(view: View, order: m.Order, ceiling: Ceiling) -> int:
    """How many doses of the order may fall into the window of a rolling maximum."""
    if ceiling.over is None or order.every is None:
        return 1
    window, apart = view.program.millis(ceiling.over), view.program.millis(order.every.lo)
    return min(-(-window // apart), MOST_DOSES)


def _problem(
    context: Context, places: Places, excess: Excess, parts: Sequence[Formula], witness: Witness
) -> AboveLimit:
    """The finding, in this patient's numbers."""
    view, _ = played(context.artifact, witness)
    program, ceiling = view.program, excess.ceiling
    limit = program.amount(ceiling.maximum)
    asked = excess.asked(view)
    assert asked is not None
    unit = unit_of(program, ceiling.maximum)
    condition = ceiling.condition(context.artifact)
    rule, order = excess.orders[0]
    orders = [one for _, one in excess.orders]
    by_weight = any(
        BODY_WEIGHT in dict(program.amount(amount).dims) and BODY_WEIGHT not in dict(limit.dims)
        for one in orders
        for amount in ((one.dose.hi,) if one.dose is not None else ())
    )
    if len(excess.orders) > 1:
        second, other = excess.orders[1]
        beside = (order_words(other), places.rule(second))
    else:
        beside = None
    return AboveLimit(
        places.rule(rule),
        "together" if beside is not None else "dose" if ceiling.over is None else "window",
        rule,
        order_words(order),
        ceiling.drug,
        shown(program, Amount(asked, limit.dims), unit, view.weight()),
        shown(program, limit, unit, view.weight()),
        weight_words(view) if by_weight else "",
        "" if condition is None else context.artifact.provenance.words.get(str(condition), ""),
        "" if ceiling.over is None else amount_words(ceiling.over),
        doses_in(view, order, ceiling),
        beside,
        only_for(context, parts),
        places.drug(ceiling.drug),
        witness,
    )
