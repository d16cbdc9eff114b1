"""The decision on one instant, as formulas. Mirrors `rung_engine.decision`: `rules`, `orders` and `fold`.

`Situation` is one instant in one stage: its rules judged and every written order with where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol, assert_never

from rung_engine.artifact import model as m
from rung_engine.decision.conflicts import opposed_ops
from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_engine.program import BODY_WEIGHT, Dims
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.symbols import Symbols, Tri, conjunction, count

GIVES = frozenset({"start", "add", "set", "increase", "continue", "give"})
STARTS = frozenset({"start", "add", "set"})


# ---------------------------------------------------------------- rules


@frozen
class RuleSymbols:
    """Where a rule fires, is unconfirmed, pending or silent: exactly one of the four."""

    rule: m.Rule
    fires: Formula
    unconfirmed: Formula
    pending: Formula

    @property
    def silent(self) -> Formula:
        """None of the other three."""
        return f.negation(f.any_of((self.fires, self.unconfirmed, self.pending)))

    @property
    def issues(self) -> Formula:
        """Gives its orders, confirmed or not."""
        return f.any_of((self.fires, self.unconfirmed))


class Truths(Protocol):
    """What of an instant decides which rules fire."""

    def truth(self, index: int) -> Tri: ...


def judge(symbols: Truths, rules: Sequence[m.Rule]) -> dict[str, RuleSymbols]:
    """Every rule, by id. A firing rule silences those it overrides; a doubtful one unconfirms them."""
    own = {rule.id: _alone(symbols, rule) for rule in sorted(rules, key=lambda rule: rule.id)}
    overriders: dict[str, list[str]] = {}
    for rule in own.values():
        for loser in rule.rule.overrides:
            if loser in own:
                overriders.setdefault(loser, []).append(rule.rule.id)
    settled: dict[str, RuleSymbols] = {}

    def settle(rule_id: str) -> RuleSymbols:
        if rule_id not in settled:
            mine = own[rule_id]
            winners = [settle(winner) for winner in sorted(overriders.get(rule_id, ()))]
            free = f.negation(f.any_of(winner.fires for winner in winners))
            doubt = f.any_of(f.any_of((winner.pending, winner.unconfirmed)) for winner in winners)
            settled[rule_id] = RuleSymbols(
                mine.rule,
                f.all_of((mine.fires, free, f.negation(doubt))),
                f.all_of((f.any_of((mine.unconfirmed, f.all_of((mine.fires, doubt)))), free)),
                f.all_of((mine.pending, free)),
            )
        return settled[rule_id]

    return {rule_id: settle(rule_id) for rule_id in own}


def _alone(symbols: Truths, rule: m.Rule) -> RuleSymbols:
    condition = symbols.truth(rule.condition)
    if rule.unless is None:
        return RuleSymbols(rule, condition.yes, f.FALSE, condition.unknown)
    unless = symbols.truth(rule.unless)
    return RuleSymbols(
        rule,
        f.all_of((condition.yes, unless.no)),
        f.all_of((condition.yes, unless.unknown)),
        condition.unknown,
    )


def moves(rule: m.Rule, stage: str) -> bool:
    """The rule leads out of the stage."""
    order = destination(rule)
    return order is not None and not (order.op == "go" and order.target == stage)


# ---------------------------------------------------------------- orders


@frozen
class Place:
    """Where an order is written: rule, choice, arm. `instead`: in place of a start that is not allowed."""

    rule: str
    choice: int
    arm: int = 0
    instead: bool = False


@frozen
class DoseSymbols:
    """The dose a rule asks for, before any maximum cuts it: `lo` and `hi` are the least of their parts.

    `cap`: `at most`, perhaps in other dimensions, which counts where it can be compared.
    """

    lo: tuple[Linear, ...]
    hi: tuple[Linear, ...]
    dims: Dims
    cap: tuple[Linear, Dims] | None = None


@frozen
class OrderSymbols:
    """A written order on one instant.

    `issued`: its rule gives it. `stands`: it is in the decision and still to be done (or not due yet).
    `finished`: it is in the decision, marked done. `withheld`: what forbids it, and where. `sure`: where it
    stands, it is confirmed. `carried`: by a rule that moved the session, perhaps earlier.
    """

    place: Place
    order: m.Order
    strength: str
    issued: Formula
    stands: Formula
    finished: Formula
    sure: Formula
    withheld: tuple[tuple[str, str, Formula], ...] = ()
    dose: DoseSymbols | None = None
    label: str = ""
    carried: bool = False


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
        shape = _shape(self.symbols, place, order)
        withheld: list[tuple[str, str, Formula]] = []
        doubts: list[Formula] = list(shape.doubts)
        instead: list[OrderSymbols] = []
        open_ = f.all_of((issued, shape.stands))
        if shape.gated:
            passes = open_
            for why, detail, forbids, doubt in _gates(self.symbols, order, shape.dose):
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
            tuple(withheld), shape.dose, label, carried,
        )  # fmt: skip
        return [own, *instead]


@frozen
class _Shape:
    """Before anything forbids it: where the order stands or is done. `gated`: may be forbidden."""

    stands: Formula
    finished: Formula
    dose: DoseSymbols | None = None
    gated: bool = False
    doubts: tuple[Formula, ...] = ()


def _shape(symbols: Symbols, place: Place, order: m.Order) -> _Shape:
    match order.op:
        case "start" | "add" | "set":
            return _begin_drug(symbols, order)
        case "increase" | "decrease" | "taper":
            return _step(symbols, order)
        case "continue":
            drug = symbols.drug(order.target)
            return _Shape(f.negation(drug.off), f.FALSE, gated=True)
        case "pause" | "stop":
            drug = symbols.drug(order.target)
            return _Shape(f.negation(drug.off), drug.off)
        case "give":
            done = _met(symbols, place, order)
            dose = _given_dose(symbols, order)
            return _Shape(f.negation(done), done, dose, gated=True, doubts=_uncapped(symbols, order, dose))
        case "measure":
            done = f.FALSE if order.every is not None or order.continuously else _met(symbols, place, order)
            return _Shape(f.negation(done), done)
        case "do":
            done = _met(symbols, place, order)
            return _Shape(f.negation(done), done)
        case "end":
            drugs = symbols.program.artifact.courses[order.target].drugs
            off = f.all_of(symbols.drug(drug).off for drug in drugs)
            return _Shape(f.negation(off), off)
        case "avoid" | "classify" | "notify" | "begin" | "finish":
            return _Shape(f.TRUE, f.FALSE)
        case "go":
            return _Shape(f.FALSE, f.FALSE)
        case _:
            assert_never(order.op)


def carried_out(symbols: Symbols, order: m.Order) -> Formula:
    """As the chart says: the drug runs, runs as it should or is off. Of other orders, never."""
    return _shape(symbols, Place("", 0), order).finished


def _met(symbols: Symbols, place: Place, order: m.Order) -> Formula:
    """Given, read or done since: free, as the chart may say. What recurs without a total never is."""
    if order.every is not None and order.total is None:
        return f.FALSE
    name = f"{symbols.at}met:{place.rule}#{place.choice}.{place.arm}" + ("!" if place.instead else "")
    return symbols.space.bool(name, ("met", place.rule, order.op, order.target), symbols.at)


def _begin_drug(symbols: Symbols, order: m.Order) -> _Shape:
    doses = order.dose if order.dose is not None else _usual_start(symbols, order.target)
    drug = symbols.drug(order.target)
    dose = None if doses is None else _range(symbols, doses)
    if order.op != "set":
        return _Shape(f.negation(drug.on), drug.on, dose, gated=True)
    at_dose = f.FALSE
    if dose is not None:
        rate = symbols.rate(order.target, dose.dims)
        inside = (f.compare(dose.lo[0], "<=", rate.value), f.compare(rate.value, "<=", dose.hi[0]))
        at_dose = f.all_of((drug.rated, rate.known, *inside))
    return _Shape(f.negation(at_dose), at_dose, dose, gated=True)


def _usual_start(symbols: Symbols, drug: str) -> m.Range | None:
    """The dose of a start with none written. A conditional restriction's counts as if always in force."""
    for restrict in symbols.program.artifact.restricts:
        if restrict.drug == drug and restrict.start is not None:
            return restrict.start
    return symbols.program.artifact.drugs[drug].start


def _range(symbols: Symbols, doses: m.Range) -> DoseSymbols:
    (lo, _), (hi, dims) = symbols.amount(doses.lo), symbols.amount(doses.hi)
    return DoseSymbols((lo,), (hi,), dims)


def _given_dose(symbols: Symbols, order: m.Order) -> DoseSymbols | None:
    if order.dose is None:
        return None
    dose = _range(symbols, order.dose)
    cap = None if order.cap is None else symbols.amount(order.cap)
    return DoseSymbols(dose.lo, dose.hi, dose.dims, cap)


def _uncapped(symbols: Symbols, order: m.Order, dose: DoseSymbols | None) -> tuple[Formula, ...]:
    """Where a dose per kilogram cannot be held against its cap, because there is no weight."""
    if order.cap is None or dose is None or symbols.amount(order.cap)[1] == dose.dims:
        return ()
    return (f.negation(symbols.weight_known()),)


def _step(symbols: Symbols, order: m.Order) -> _Shape:
    """A step stands where the drug runs at a known rate short of the limit, and its interval has passed."""
    assert order.step is not None
    (lo, dims), (hi, _) = symbols.amount(order.step.lo), symbols.amount(order.step.hi)
    drug = symbols.drug(order.target)
    rate = symbols.rate(order.target, dims)
    stands = [drug.rated, rate.known]
    low: tuple[Linear, ...] = (rate.value.plus(lo),)
    high: tuple[Linear, ...] = (rate.value.plus(hi),)
    if order.op == "increase":
        for bound, bound_dims, on in _limits(symbols, order):
            seen = symbols.rate(order.target, bound_dims)
            if on is f.TRUE and bound_dims == dims:
                stands.append(seen.known)
            # One in other dimensions counts only where the tightest of all is it.
            stands.append(f.implies(f.all_of((on, seen.known)), f.compare(seen.value, "<", bound)))
            if bound_dims == dims and on is f.TRUE:
                low, high = (*low, bound), (*high, bound)
    elif order.op == "decrease":
        low = high = (rate.value.minus(lo),)
        if order.limit is not None:
            bound, bound_dims = symbols.amount(order.limit)
            seen = symbols.rate(order.target, bound_dims)
            stands += [seen.known, f.compare(seen.value, ">", bound)]
        else:
            stands.append(f.compare(rate.value, ">", lo))
    else:
        low = high = (rate.value.minus(lo),)
    if order.every is not None:
        stands.append(ready(symbols, order.target, symbols.amount(order.every.lo)[0]))
    return _Shape(f.all_of(stands), f.FALSE, DoseSymbols(low, high, dims), gated=order.op == "increase")


def ready(symbols: Symbols, drug: str, interval: Linear) -> Formula:
    """So long has passed since the drug's rate last changed, or it never did; to be started is a change."""
    changed = symbols.space.bool(f"{symbols.at}changed:{drug}", ("changed", drug), symbols.at)
    symbols.space.always(f"{symbols.at}changed:{drug}", f.implies(symbols.drug(drug).on, changed))
    name = f"{symbols.at}unchanged:{drug}"
    since = symbols.space.real(name, ("unchanged", drug), symbols.at, Fraction(0))
    return f.any_of((f.negation(changed), f.compare(since, ">=", interval)))


def _limits(symbols: Symbols, order: m.Order) -> list[tuple[Linear, Dims, Formula]]:
    """What an increase may not pass: its own limit and the maxima; each with where it is in force."""
    found: list[tuple[Linear, Dims, Formula]] = []
    if order.limit is not None:
        found.append((*symbols.amount(order.limit), f.TRUE))
    found.extend(maxima(symbols, order.target))
    return found


def maxima(symbols: Symbols, drug: str) -> list[tuple[Linear, Dims, Formula]]:
    """The maximum of the declaration and of each restriction, with where it is (or may be) in force."""
    program = symbols.program
    found: list[tuple[Linear, Dims, Formula]] = []
    declared = program.artifact.drugs[drug].maximum
    if declared is not None:
        found.append((*symbols.amount(declared), f.TRUE))
    for restrict in program.artifact.restricts:
        if restrict.drug == drug and restrict.maximum is not None:
            on = f.TRUE if restrict.condition is None else symbols.truth(restrict.condition).may
            found.append((*symbols.amount(restrict.maximum), on))
    return found


def surpasses(symbols: Symbols, value: Linear, dims: Dims, bound: Linear, bound_dims: Dims) -> Tri:
    """`value` (of `dims`) is above `bound`; unknown where that takes a weight that is not known.

    Amounts of one kind that differ by body weight are compared after multiplying by the weight.
    """
    own, other = dict(dims), dict(bound_dims)
    own_power, other_power = own.pop(BODY_WEIGHT, 0), other.pop(BODY_WEIGHT, 0)
    if own != other:
        return Tri(f.FALSE, f.TRUE)
    if own_power == other_power:
        above = f.compare(value, ">", bound)
        return Tri(above, f.negation(above))
    name = symbols.program.weight_input
    if name is None:
        return Tri(f.FALSE, f.FALSE)
    known = symbols.weight_known()
    weight = symbols.input_value(name)
    if own_power < other_power:
        above = f.compare(weighed(symbols, value, weight), ">", bound)
    else:
        above = f.compare(value, ">", weighed(symbols, bound, weight))
    return Tri(f.all_of((known, above)), f.all_of((known, f.negation(above))))


def visible(symbols: Symbols, dims: Dims, other: Dims) -> Formula:
    """Amounts of these dimensions can be compared: they are the same, or the weight is known."""
    return f.TRUE if dims == other else symbols.weight_known()


def asks_above(
    symbols: Symbols, dose: DoseSymbols, parts: Sequence[Linear], bound: Linear, bound_dims: Dims
) -> Tri:
    """The least of these parts of the dose, capped where the cap can be seen, is above `bound`."""
    above = conjunction(surpasses(symbols, part, dose.dims, bound, bound_dims) for part in parts)
    if dose.cap is None:
        return above
    cap, cap_dims = dose.cap
    seen = visible(symbols, cap_dims, dose.dims)
    capped = surpasses(symbols, cap, cap_dims, bound, bound_dims)
    return Tri(
        f.all_of((above.yes, f.implies(seen, capped.yes))),
        f.any_of((above.no, f.all_of((seen, capped.no)))),
    )


def weighed(symbols: Symbols, value: Linear, weight: Linear) -> Linear:
    """A dose per kilogram at this weight. Where both vary, a product with its linear bounds."""
    if not value.terms:
        return weight.times(value.constant)
    ((weight_name, _),) = weight.terms
    total = weight.times(value.constant)
    for name, factor in value.terms:
        result = f"{name}*{weight_name}"
        at = symbols.space.variables[name].at
        symbols.space.real(result, ("product", name, weight_name), at)
        symbols.space.multiply(f.TRUE, result, name, weight_name)
        total = total.plus(f.variable(result).times(factor))
    return total


# ---------------------------------------------------------------- what may forbid an order


Gate = tuple[str, str, Formula, Formula]
"""Why, what of, where it forbids, where it leaves in doubt."""


def _gates(symbols: Symbols, order: m.Order, dose: DoseSymbols | None) -> list[Gate]:
    artifact = symbols.program.artifact
    drug = order.target
    found: list[Gate] = []
    for index, restrict in enumerate(artifact.restricts):
        if restrict.drug == drug and restrict.contraindicated:
            holds = Tri(f.TRUE, f.FALSE) if restrict.condition is None else symbols.truth(restrict.condition)
            found.append(("contraindicated", str(index), holds.yes, holds.unknown))
    if order.op in ("start", "add", "give", "set"):
        only = f.negation(symbols.drug(drug).on) if order.op == "set" else f.TRUE
        found.extend(
            (why, what, f.all_of((only, forbids)), f.all_of((only, doubt)))
            for why, what, forbids, doubt in _beginnings(symbols, drug)
        )
    found.extend(_above_maximum(symbols, order, dose))
    for index, _ in enumerate(symbols.program.rolling.get(drug, ())):
        if order.op in GIVES:
            spent = symbols.space.bool(f"{symbols.at}spent:{drug}:{index}", ("spent", drug), symbols.at)
            counted = symbols.space.bool(f"{symbols.at}counted:{drug}:{index}", ("counted", drug), symbols.at)
            found.append(("maximum", f"rolling:{index}", f.all_of((counted, spent)), f.negation(counted)))
    return found


def _beginnings(symbols: Symbols, drug: str) -> list[Gate]:
    artifact = symbols.program.artifact
    found: list[Gate] = []
    for pair in artifact.incompatible:
        if drug in pair.drugs:
            other = pair.drugs[0] if pair.drugs[1] == drug else pair.drugs[1]
            runs = symbols.running(other)
            found.append(("incompatible", other, runs.yes, runs.unknown))
    available = artifact.drugs[drug].available_if
    if available is not None:
        there = symbols.truth(available)
        found.append(("unavailable", drug, there.no, there.unknown))
    for index, before in enumerate(artifact.befores):
        if before.drug == drug and not before.prefer:
            met = symbols.truth(before.condition)
            found.append(("before", str(index), met.no, met.unknown))
    return found


def _above_maximum(symbols: Symbols, order: m.Order, dose: DoseSymbols | None) -> list[Gate]:
    """A dose none of which may be given, or a rate above the maximum that would be continued."""
    found: list[Gate] = []
    for place, (bound, dims, on) in enumerate(maxima(symbols, order.target)):
        if order.op == "continue":
            drug = symbols.drug(order.target)
            rate = symbols.rate(order.target, dims)
            above = f.all_of((on, drug.rated, rate.known, f.compare(rate.value, ">", bound)))
            found.append(("maximum", str(place), above, f.FALSE))
        elif order.op in ("start", "add", "set", "give") and dose is not None:
            if order.op == "give" and ("time", -1) in dose.dims and ("time", -1) not in dims:
                continue
            over = asks_above(symbols, dose, dose.lo, bound, dims)
            found.append(("maximum", str(place), f.all_of((on, over.yes)), f.all_of((on, over.unknown))))
    return found


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
        if not same_kind or a.dose is None or b.dose is None:
            return f.FALSE
        return _doses_differ(a.dose, b.dose)
    if {one.op, two.op} <= GIVES:
        for pair in situation.symbols.program.artifact.incompatible:
            if {one.target, two.target} == set(pair.drugs):
                return f.TRUE
    return f.FALSE


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
