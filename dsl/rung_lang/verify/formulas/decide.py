"""The decision on one instant, as formulas. Mirrors `rung_engine.decision.fold`.

`Situation` is one instant in one stage: its rules judged and every written order with where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.decision.conflicts import opposed_ops
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.orders import (
    GIVES,
    STARTS,
    DoseSymbols,
    OrderSymbols,
    Place,
    asks_above,
    gates_of,
    shape_of,
)
from rung_lang.verify.formulas.rules import RuleSymbols, judge, moves
from rung_lang.verify.formulas.symbols import Symbols, Tri, count


@dataclass(slots=True)
class Situation:
    """One instant in one stage (None: only `throughout`). `carried` rules moved the session here."""

    symbols: Symbols
    stage: str | None
    carried: tuple[m.Rule, ...] = ()
    rules: dict[str, RuleSymbols] = field(default_factory=dict)
    orders: list[OrderSymbols] = field(default_factory=list)
    offered: list[OrderSymbols] = field(default_factory=list)
    """The orders before any gives way to another."""
    given_up: dict[int, list[Formula]] | None = None
    """What `rules.clashes` says of the orders, once it was asked."""
    _movers: list[RuleSymbols] | None = None

    def __post_init__(self) -> None:
        program = self.symbols.program
        written = program.rules_of[None]
        if self.stage is not None:
            written = (*program.rules_of[self.stage], *written)
        self.rules = judge(self.symbols, written)
        issued: list[OrderSymbols] = []
        for judged in self.rules.values():
            issued.extend(self._orders_of(judged, carried=False))
        for rule in self.carried:
            if rule.stage is None or rule.stage != self.stage:
                issued.extend(self._orders_of(self._carried(rule), carried=True))
        self.offered = _confirmed(self, issued)
        self.orders = _yielding(self, self.offered)

    # -- what moves, what rests

    @property
    def movers(self) -> list[RuleSymbols]:
        """The rules that lead out of this stage."""
        if self.stage is None:
            return []
        if self._movers is None:
            self._movers = [judged for judged in self.rules.values() if moves(judged.rule, self.stage)]
        return self._movers

    @property
    def rests(self) -> Formula:
        """No rule moves the session on this instant. A move held back by a contradiction is R201's."""
        return f.negation(f.any_of(judged.fires for judged in self.movers))

    def order(self, place: Place) -> OrderSymbols:
        """The order written there."""
        return next(order for order in self.orders if order.place == place)

    # -- which orders rules give

    def supposing(self, rule: m.Rule) -> list[OrderSymbols]:
        """The orders of a rule, each by itself, were the rule to fire."""
        return self._orders_of(RuleSymbols(rule, f.TRUE, f.FALSE, f.FALSE), carried=False)

    def _carried(self, rule: m.Rule) -> RuleSymbols:
        """A rule that moved the session here and whose orders may still be open, while it does not fire
        itself.
        """
        open_ = self.symbols.space.bool(
            f"{self.symbols.at}carried:{rule.id}", ("carried", rule.id), self.symbols.at
        )
        live = self.rules.get(rule.id)
        if live is not None:
            open_ = f.all_of((open_, f.negation(live.issues)))
        return RuleSymbols(rule, open_, f.FALSE, f.FALSE)

    def _orders_of(self, judged: RuleSymbols, *, carried: bool) -> list[OrderSymbols]:
        found: list[OrderSymbols] = []
        for index, choice in enumerate(judged.rule.orders):
            match choice:
                case m.One():
                    found.extend(
                        self._evaluate(
                            Place(judged.rule.id, index),
                            choice.order,
                            choice.strength,
                            judged,
                            f.TRUE,
                            "",
                            carried,
                        )
                    )
                case m.Either():
                    label = f"{judged.rule.id}#{index}"
                    for arm, order in enumerate(choice.orders):
                        found.extend(
                            self._evaluate(
                                Place(judged.rule.id, index, arm),
                                order,
                                choice.strength,
                                judged,
                                f.TRUE,
                                label,
                                carried,
                            )
                        )
                case m.Prefer():
                    before: list[Formula] = []
                    for arm, (order, condition) in enumerate(
                        zip(choice.orders, choice.conditions, strict=True)
                    ):
                        holds = Tri(f.TRUE, f.FALSE) if condition is None else self.symbols.truth(condition)
                        picked = f.all_of((*before, holds.yes))
                        before.append(holds.no)
                        found.extend(
                            self._evaluate(
                                Place(judged.rule.id, index, arm),
                                order,
                                choice.strength,
                                judged,
                                picked,
                                "",
                                carried,
                            )
                        )
                case _:
                    assert_never(choice)
        return found

    def _evaluate(
        self,
        place: Place,
        order: m.Order,
        strength: str,
        judged: RuleSymbols,
        picked: Formula,
        label: str,
        carried: bool,
    ) -> list[OrderSymbols]:
        """The order, and what stands in its place where a prerequisite is not met."""
        issued = f.all_of((judged.issues, picked))
        sure = judged.fires
        if order.op in ("go", "finish"):
            stands = f.all_of((judged.unconfirmed, picked)) if order.op == "go" or not carried else f.FALSE
            return [OrderSymbols(place, order, strength, issued, stands, f.FALSE, f.FALSE, label=label)]
        shape = shape_of(self.symbols, place, order)
        withheld: list[tuple[str, str, Formula]] = []
        doubts: list[Formula] = list(shape.doubts)
        instead: list[OrderSymbols] = []
        open_ = f.all_of((issued, shape.stands))
        if shape.gated:
            passes = open_
            for why, detail, forbids, doubt in gates_of(self.symbols, order, shape.dose):
                withheld.append((why, detail, f.all_of((passes, forbids))))
                if why == "before":
                    otherwise = self.symbols.program.artifact.befores[int(detail)].otherwise
                    if otherwise is not None:
                        inner = RuleSymbols(
                            judged.rule,
                            f.all_of((passes, forbids, judged.fires)),
                            f.all_of((passes, forbids, judged.unconfirmed)),
                            f.FALSE,
                        )
                        instead.extend(
                            self._evaluate(
                                Place(place.rule, place.choice, place.arm, instead=True),
                                otherwise, strength, inner, f.TRUE, label, carried,
                            )
                        )  # fmt: skip
                passes = f.all_of((passes, f.negation(forbids)))
                doubts.append(doubt)
            open_ = passes
        confirmed = f.all_of((sure, *(f.negation(doubt) for doubt in doubts)))
        own = OrderSymbols(
            place, order, strength, issued, open_, f.all_of((issued, shape.finished)), confirmed,
            tuple(withheld), shape.dose, label, carried, _volume(self.symbols, order),
        )  # fmt: skip
        return [own, *instead]


def _volume(symbols: Symbols, order: m.Order) -> tuple[Linear, Linear] | None:
    if order.volume is None:
        return None
    return symbols.amount(order.volume.lo)[0], symbols.amount(order.volume.hi)[0]


# ---------------------------------------------------------------- orders beside each other


def _confirmed(situation: Situation, orders: list[OrderSymbols]) -> list[OrderSymbols]:
    """What drugs need, and doubts from opposing rules."""
    needed = _needs(situation, orders)
    speaking = _speaking(situation)
    return [_doubted(situation, order, speaking) for order in needed]


def _changed(
    order: OrderSymbols,
    *,
    stands: Formula | None = None,
    sure: Formula | None = None,
    withheld: tuple[tuple[str, str, Formula], ...] = (),
) -> OrderSymbols:
    return OrderSymbols(
        order.place, order.order, order.strength, order.issued,
        order.stands if stands is None else stands,
        order.finished,
        order.sure if sure is None else sure,
        (*order.withheld, *withheld), order.dose, order.label, order.carried,
        order.volume,
    )  # fmt: skip


def begun(orders: Sequence[OrderSymbols], drug: str) -> Formula:
    """This decision starts the drug, confirmed."""
    return f.any_of(
        f.all_of((f.any_of((one.stands, one.finished)), one.sure))
        for one in orders
        if one.order.op in STARTS and one.order.target == drug
    )


def _needs(situation: Situation, orders: list[OrderSymbols]) -> list[OrderSymbols]:
    drugs = situation.symbols.program.artifact.drugs
    out: list[OrderSymbols] = []
    for order in orders:
        decl = drugs.get(order.order.target) if order.order.op in GIVES else None
        for need in decl.needs if decl is not None else ():
            runs = situation.symbols.running(need)
            alone = f.all_of((runs.no, f.negation(begun(orders, need))))
            order = _changed(
                order,
                stands=f.all_of((order.stands, f.negation(alone))),
                sure=f.all_of((order.sure, f.negation(runs.unknown))),
                withheld=(("needs", need, f.all_of((order.stands, alone))),),
            )
        out.append(order)
    return out


def _doubted(situation: Situation, order: OrderSymbols, speaking: Mapping[str, Speaking]) -> OrderSymbols:
    """Unconfirmed while a rule that would oppose it is pending or unconfirmed, unless its own rule overrides
    that.

    `speaking`: by drug, what rules may order of it and where the rule is in doubt.
    """
    against = opposed_ops(order.order.op)
    own = situation.rules.get(order.place.rule)
    overridden = () if own is None else own.rule.overrides
    doubts = [
        doubt
        for rule, ops, doubt in speaking.get(order.order.target, ())
        if rule != order.place.rule and not against.isdisjoint(ops) and rule not in overridden
    ]
    if not doubts:
        return order
    return _changed(order, sure=f.all_of((order.sure, *(f.negation(doubt) for doubt in doubts))))


Speaking = Sequence[tuple[str, frozenset[str], Formula]]
"""Rules by id, with the orders that each may give of one drug, and where it is pending or unconfirmed."""


def _speaking(situation: Situation) -> dict[str, list[tuple[str, frozenset[str], Formula]]]:
    found: dict[str, list[tuple[str, frozenset[str], Formula]]] = {}
    for judged in situation.rules.values():
        ops: dict[str, set[str]] = {}
        for other in written(judged.rule):
            ops.setdefault(other.target, set()).add(other.op)
        doubt = f.any_of((judged.pending, judged.unconfirmed))
        for target, said in ops.items():
            found.setdefault(target, []).append((judged.rule.id, frozenset(said), doubt))
    return found


def written(rule: m.Rule) -> tuple[m.Order, ...]:
    """Every order of a rule, each arm of its choices."""
    return tuple(
        order
        for choice in rule.orders
        for order in ((choice.order,) if isinstance(choice, m.One) else choice.orders)
    )


def _yielding(situation: Situation, orders: list[OrderSymbols]) -> list[OrderSymbols]:
    """A carried order gives way to one given now; an arm of a free choice gives way to what opposes it."""
    out: list[OrderSymbols] = []
    for order in orders:
        if not (order.carried or order.label):
            out.append(order)
            continue
        gives_way = f.any_of(
            f.all_of((other.stands, other.sure, order.sure, conflict(situation, order, other)))
            for other in orders
            if other is not order and _gives_way(situation, orders, order, other)
        )
        out.append(_changed(order, stands=f.all_of((order.stands, f.negation(gives_way)))))
    return out


def _gives_way(
    situation: Situation, orders: Sequence[OrderSymbols], order: OrderSymbols, other: OrderSymbols
) -> bool:
    """Of two orders that cannot both be given, this one is left out, if the other is sure."""
    if order.label and order.label == other.label:
        return False
    if order.carried != other.carried:
        return order.carried
    if not order.label or not other.label:
        return bool(order.label)
    # Of two arms of free choices, the one with the wider dose, then the later one, gives way.
    keys = [(_width(situation, one), one.place.rule, place) for place, one in enumerate(orders)]
    mine, its = (next(key for key, one in zip(keys, orders, strict=True) if one is o) for o in (order, other))
    return mine > its


def _width(situation: Situation, order: OrderSymbols) -> Fraction:
    """Of a written dose, in its own unit as shown; of settings, at the lower end of their ranges."""
    if order.dose is None:
        return Fraction(0)
    written = order.order.step if order.order.step is not None else order.order.dose
    if written is None:
        written = situation.symbols.program.artifact.drugs[order.order.target].start
    assert written is not None
    lo, hi = (situation.symbols.program.amount(one).value for one in (written.lo, written.hi))
    unit = written.hi.unit if isinstance(written.hi, m.Number) else ""
    factor = situation.symbols.program.units[unit].factor if unit else Fraction(1)
    return (hi - lo) / factor * 1_000_000


# ---------------------------------------------------------------- which orders cannot both be given


def conflict(situation: Situation, a: OrderSymbols, b: OrderSymbols) -> Formula:
    """Where two standing orders are incompatible, as `decision.conflicts.incompatible` says."""
    one, two = a.order, b.order
    if one.target == two.target:
        if one.op != two.op and two.op in opposed_ops(one.op):
            return f.TRUE
        same_kind = (one.op in STARTS and two.op in STARTS) or (
            one.op == two.op and one.op in ("increase", "decrease", "taper", "give")
        )
        if not same_kind:
            return f.FALSE
        differ = f.FALSE if a.dose is None or b.dose is None else _doses_differ(a.dose, b.dose)
        return f.any_of((differ, volumes_differ(a, b)))
    if {one.op, two.op} <= GIVES:
        for pair in situation.symbols.program.artifact.incompatible:
            if {one.target, two.target} == set(pair.drugs):
                return f.TRUE
    return f.FALSE


def volumes_differ(a: OrderSymbols, b: OrderSymbols) -> Formula:
    """Both say what a dose is diluted in, and neither range lies inside the other."""
    if a.volume is None or b.volume is None:
        return f.FALSE
    (low, high), (other_low, other_high) = a.volume, b.volume
    inside = f.all_of((f.compare(low, ">=", other_low), f.compare(high, "<=", other_high)))
    other_inside = f.all_of((f.compare(other_low, ">=", low), f.compare(other_high, "<=", high)))
    return f.negation(f.any_of((inside, other_inside)))


def _doses_differ(a: DoseSymbols, b: DoseSymbols) -> Formula:
    """Neither range lies inside the other. A step's dose is its first part: limits clip both alike."""
    if a.dims != b.dims:
        return f.TRUE
    low, high = f.compare(a.lo[0], ">=", b.lo[0]), f.compare(a.hi[0], "<=", b.hi[0])
    inside = f.all_of((low, high))
    other_low, other_high = f.compare(b.lo[0], ">=", a.lo[0]), f.compare(b.hi[0], "<=", a.hi[0])
    return f.negation(f.any_of((inside, f.all_of((other_low, other_high)))))


# ---------------------------------------------------------------- conditions about the decision


def about_decision(situation: Situation, term: int) -> Tri:
    """A condition that may speak of the decision itself (`ordered D`, `in STAGE`)."""
    node = situation.symbols.program.artifact.terms[term]
    match node:
        case m.Ordered():
            found = _ordered(situation, node)
            return Tri(found, f.negation(found))
        case m.InStage():
            here = f.TRUE if situation.stage == node.stage else f.FALSE
            return Tri(here, f.negation(here))
        case m.Not():
            inner = about_decision(situation, node.of)
            return Tri(inner.no, inner.yes)
        case m.And():
            parts = [about_decision(situation, part) for part in node.of]
            return Tri(f.all_of(part.yes for part in parts), f.any_of(part.no for part in parts))
        case m.Or():
            parts = [about_decision(situation, part) for part in node.of]
            return Tri(f.any_of(part.yes for part in parts), f.all_of(part.no for part in parts))
        case m.Count():
            return count(node.rel, node.n, [about_decision(situation, part) for part in node.of])
        case _:
            return situation.symbols.truth(term)


def _ordered(situation: Situation, node: m.Ordered) -> Formula:
    found: list[Formula] = []
    for order in situation.orders:
        if order.order.target not in node.drugs or order.order.op not in GIVES:
            continue
        if node.above is None:
            found.append(order.stands)
        elif order.dose is not None:
            bound, dims = situation.symbols.amount(node.above)
            above = asks_above(situation.symbols, order.dose, order.dose.hi, bound, dims)
            found.append(f.all_of((order.stands, above.yes)))
    return f.any_of(found)
