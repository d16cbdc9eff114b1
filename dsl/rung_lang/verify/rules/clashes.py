"""Which orders of one decision cannot both be given, and where. Mirrors `decision.fold._contradict`.

Two ranges of one order that share a narrower one are no clash where that narrower one stands: the three
become one order, and it is as sure as any of them. Two volumes are a clash whatever else stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from rung_engine.artifact import model as m
from rung_engine.decision.conflicts import opposed_ops
from rung_engine.frozen import frozen
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, conflict, volumes_differ
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import GIVES, STARTS, OrderSymbols

BEGINS = frozenset({"start", "add"})
STEPS = frozenset({"increase", "decrease", "taper"})
ENDS = frozenset({"stop", "pause"})


@frozen
class Clash:
    """Two orders that cannot both be given. `group`: those that may be one order with either, doses aside."""

    situation: Situation
    one: OrderSymbols
    two: OrderSymbols
    group: Sequence[OrderSymbols] = ()

    @property
    def rules(self) -> tuple[str, str]:
        """That give them; perhaps one rule."""
        return self.one.place.rule, self.two.place.rule

    @property
    def orders(self) -> tuple[m.Order, m.Order]:
        """As written."""
        return self.one.order, self.two.order

    @property
    def formula(self) -> Formula:
        """Both stand, are confirmed and cannot both be given."""
        differ = conflict(self.situation, self.one, self.two)
        both = (self._firm(self.one), self._firm(self.two), differ)
        shared = (
            f.all_of((other.stands, _inside(other, self.one), _inside(other, self.two)))
            for other in self._others
        )
        volumes = volumes_differ(self.one, self.two)
        return f.all_of((*both, f.any_of((volumes, f.negation(f.any_of(shared))))))

    @property
    def _others(self) -> Iterator[OrderSymbols]:
        """Orders that an engine takes for the same one as either, doses aside."""
        kinds = {_kind(self.one), _kind(self.two)}
        for order in self.group:
            if order is not self.one and order is not self.two and _kind(order) in kinds:
                yield order

    def _firm(self, order: OrderSymbols) -> Formula:
        sure = (f.all_of((other.stands, other.sure, _inside(order, other))) for other in self._others)
        return f.all_of((order.stands, f.any_of((order.sure, *sure))))


@frozen
class Undoing:
    """One order begins a drug and the other ends it: whichever is done already, the other stands."""

    situation: Situation
    one: OrderSymbols
    two: OrderSymbols

    @property
    def rules(self) -> tuple[str, str]:
        """That give them; perhaps one rule."""
        return self.one.place.rule, self.two.place.rule

    @property
    def orders(self) -> tuple[m.Order, m.Order]:
        """As written."""
        return self.one.order, self.two.order

    @property
    def formula(self) -> Formula:
        """One is confirmed and to be done, the other, confirmed too, is met."""
        rules = self.situation.rules
        return f.any_of(
            f.all_of((due.stands, due.sure, met.finished, rules[met.place.rule].fires))
            for due, met in ((self.one, self.two), (self.two, self.one))
        )


@frozen
class Blocked:
    """A free choice of which every arm that stands gives way. `against`: rules with orders opposed to one."""

    rule: str
    orders: tuple[m.Order, ...]
    against: tuple[str, ...]
    formula: Formula


def clashes(situation: Situation, orders: Sequence[OrderSymbols]) -> Iterator[Clash]:
    """Every pair among the orders, arms of free choices aside."""
    by_target: dict[str, dict[str, list[OrderSymbols]]] = {}
    for order in orders:
        if not order.label and order.stands is not f.FALSE:
            by_target.setdefault(order.order.target, {}).setdefault(order.order.op, []).append(order)
    for by_op in by_target.values():
        for op, other in combinations(sorted(by_op), 2):
            # What begins a drug stands while it does not run, and a step only while it does.
            if other in opposed_ops(op) and not ({op, other} & BEGINS and {op, other} & STEPS):
                yield from (Clash(situation, one, two) for one, two in product(by_op[op], by_op[other]))
        for alike in (STARTS, *({op} for op in STEPS), {"give"}):
            group = [order for op in sorted(alike) for order in by_op.get(op, ())]
            yield from (Clash(situation, one, two, group) for one, two in combinations(group, 2))
    for pair in situation.symbols.program.artifact.incompatible:
        first, second = (
            [order for op in sorted(GIVES) for order in by_target.get(drug, {}).get(op, ())]
            for drug in pair.drugs
        )
        yield from (Clash(situation, one, two) for one, two in product(first, second))


def undoings(situation: Situation) -> Iterator[Undoing]:
    """Every pair among the orders of the rules judged here, arms of free choices aside."""
    begin: dict[str, list[OrderSymbols]] = {}
    end: dict[str, list[OrderSymbols]] = {}
    for order in situation.offered:
        if not order.carried and not order.label:
            if order.order.op in STARTS:
                begin.setdefault(order.order.target, []).append(order)
            elif order.order.op in ENDS:
                end.setdefault(order.order.target, []).append(order)
    for drug, orders in begin.items():
        yield from (Undoing(situation, one, two) for one, two in product(orders, end.get(drug, ())))


def _kind(order: OrderSymbols) -> tuple[object, ...]:
    written = order.order
    op = "start" if written.op == "add" else written.op
    return (op, written.every, written.continuously, written.total)


def _inside(order: OrderSymbols, other: OrderSymbols) -> Formula:
    """Its doses lie among those of the other, in one unit, and a volume they can share is left."""
    a, b = order.dose, other.dose
    if a is None or b is None or a.dims != b.dims or _kind(order) != _kind(other):
        return f.FALSE
    narrower = (f.compare(b.lo[0], "<=", a.lo[0]), f.compare(a.hi[0], "<=", b.hi[0]))
    return f.all_of((*narrower, f.negation(volumes_differ(order, other))))


def blocked(situation: Situation, *, carried: bool) -> Iterator[Blocked]:
    """Every free choice, of rules that are judged here or of rules that moved the session here."""
    arms: dict[str, list[int]] = {}
    for place, order in enumerate(situation.offered):
        if order.label and order.carried == carried:
            arms.setdefault(order.label, []).append(place)
    for places in arms.values():
        offered = [situation.offered[place] for place in places]
        left = [situation.orders[place] for place in places]
        lost = [
            f.all_of((before.stands, f.negation(after.stands)))
            for before, after in zip(offered, left, strict=True)
        ]
        none = f.all_of(f.negation(f.any_of((order.stands, order.finished))) for order in left)
        formula = f.all_of((f.any_of(lost), none))
        if formula is not f.FALSE:
            against = {
                other.place.rule
                for other in situation.offered
                if other.carried == carried and other.label != offered[0].label
                for order in offered
                if conflict(situation, order, other) is not f.FALSE
            }
            written = tuple(order.order for order in offered)
            yield Blocked(offered[0].place.rule, written, tuple(sorted(against)), formula)


def given_up(situation: Situation) -> dict[int, list[Formula]]:
    """By place in the situation's orders: where neither it nor what it contradicts is given."""
    if situation.given_up is None:
        situation.given_up = _given_up(situation)
    return situation.given_up


def _given_up(situation: Situation) -> dict[int, list[Formula]]:
    orders = situation.orders
    places = {id(order): place for place, order in enumerate(orders)}
    found: dict[int, list[Formula]] = {}
    for clash in clashes(situation, orders):
        if clash.one.carried == clash.two.carried:
            formula = clash.formula
            for place in sorted(places[id(order)] for order in (clash.one, clash.two)):
                found.setdefault(place, []).append(formula)
    for choice in blocked(situation, carried=False):
        for place, order in enumerate(orders):
            if choice.against == (order.place.rule,) and all(
                order.order.op in opposed_ops(arm.op) and order.order.target == arm.target
                for arm in choice.orders
            ):
                found.setdefault(place, []).append(choice.formula)
    return found
