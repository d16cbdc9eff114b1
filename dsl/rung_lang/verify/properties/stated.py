"""What a `never` or an `always` says of one decision: as formulas, and as read off a decision.

The words cover what they cover when an order is proposed (`rung_engine.decision.propose`). A `while` that is
unknown breaks nothing. What is already done is not ordered any more, but an `always` is content with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content, Standing
from rung_engine.decision.propose import about_decision as decided
from rung_engine.decision.propose import rate_above, speaks_of
from rung_engine.decision.view import View
from rung_engine.program import Amount
from rung_engine.truth import Truth
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, about_decision
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import GIVES, OrderSymbols, asks_above, maxima, surpasses, visible
from rung_lang.verify.formulas.symbols import TRUE, Symbols, Tri

OF_RATES = frozenset({"stop", "pause", "decrease"})
"""A bound in these is about the rate that runs, not about the order's dose."""


# ---------------------------------------------------------------- as formulas


def given(decision: Situation, prop: m.Property) -> Tri:
    """Its `while`."""
    return TRUE if prop.given is None else about_decision(decision, prop.given)


def speaks(symbols: Symbols, prop: m.Property, order: OrderSymbols) -> Formula:
    """The property is about this order, and its bound is passed."""
    one = order.order
    if prop.subject == "stop" and one.op == "end":
        drugs = [drug for drug in symbols.program.artifact.courses[one.target].drugs if drug in prop.drugs]
        runs = f.any_of(f.negation(symbols.drug(drug).off) for drug in drugs)
        return f.all_of((runs, f.any_of(_rate_above(symbols, prop, drug) for drug in drugs)))
    if one.target not in prop.drugs or prop.subject == "condition":
        return f.FALSE
    match prop.subject:
        case "order":
            about = f.TRUE if one.op in GIVES else f.FALSE
        case "start":
            about = f.TRUE if one.op in ("start", "add", "give") else f.FALSE
            if one.op == "set":
                about = f.negation(symbols.drug(one.target).on)
        case "decrease":
            about = f.TRUE if one.op in ("decrease", "taper") else f.FALSE
        case "stop" | "pause" | "increase":
            about = f.TRUE if one.op == prop.subject else f.FALSE
    return about if about is f.FALSE else f.all_of((about, _above(symbols, prop, order)))


def _above(symbols: Symbols, prop: m.Property, order: OrderSymbols) -> Formula:
    """The dose, as the decision gives it, or the rate that is continued or ended, is above the bound."""
    if prop.above is None:
        return f.TRUE
    if prop.subject in OF_RATES or order.order.op == "continue":
        return _rate_above(symbols, prop, order.order.target)
    if order.dose is None:
        return f.FALSE
    bound, dims = symbols.amount(prop.above)
    asked = asks_above(symbols, order.dose, order.dose.hi, bound, dims).yes
    return f.all_of((asked, *(f.negation(cut) for cut in _cuts(symbols, prop.above, order))))


def _cuts(symbols: Symbols, bound: m.Amount, order: OrderSymbols) -> list[Formula]:
    """Where a maximum cuts the dose so that it is not above the bound."""
    assert order.dose is not None
    value, dims = symbols.amount(bound)
    found: list[Formula] = []
    for limit, limit_dims, on in maxima(symbols, order.order.target):
        daily = ("time", -1)
        if order.order.op == "give" and daily in order.dose.dims and daily not in limit_dims:
            continue
        seen = visible(symbols, limit_dims, order.dose.dims)
        found.append(f.all_of((on, seen, surpasses(symbols, limit, limit_dims, value, dims).no)))
    return found


def _rate_above(symbols: Symbols, prop: m.Property, drug: str) -> Formula:
    if prop.above is None:
        return f.TRUE
    bound, dims = symbols.amount(prop.above)
    rate = symbols.rate(drug, dims)
    return f.all_of((symbols.drug(drug).rated, rate.known, f.compare(rate.value, ">", bound)))


# ---------------------------------------------------------------- read off a decision


def breaks(prop: m.Property, view: View, content: Content) -> bool:
    """The decision breaks the property. Of one that does not rest on a session, nothing is said."""
    if prop.subject == "condition":
        if content.phase != "active" or prop.condition is None:
            return False
        holds = decided(view, content, prop.condition)
        return _while(prop, view, content) is True and holds is (prop.polarity == "never")
    if prop.polarity == "never":
        return any(breaks_with(prop, view, content, order) for order in content.orders)
    return (
        content.phase == "active"
        and _while(prop, view, content) is True
        and not any(_counts(prop, view, order) for order in content.orders)
    )


def breaks_with(prop: m.Property, view: View, content: Content, order: Standing) -> bool:
    """This order of the decision breaks a `never`."""
    return order.mark != "done" and _while(prop, view, content) is True and _counts(prop, view, order)


def _while(prop: m.Property, view: View, content: Content) -> Truth:
    return True if prop.given is None else decided(view, content, prop.given)


def _counts(prop: m.Property, view: View, order: Standing) -> bool:
    """The property is about this order, and its bound is passed."""
    if not speaks_of(view, prop, order.op, order.target):
        return False
    if prop.above is None:
        return True
    if prop.subject in OF_RATES:
        return rate_above(view, prop, order.op, order.target) is True
    program = view.program
    bound = program.amount(prop.above)
    if order.op == "continue":
        amount = view.drug(order.target).rate
    elif order.dose is not None:
        unit = program.units[order.dose.unit]
        amount = Amount(Fraction(order.dose.hi, 1_000_000) * unit.factor, unit.dims)
    else:
        amount = None
    seen = None if amount is None else amount.seen_in(bound.dims, view.weight())
    return seen is not None and seen > bound.value


def breaking(prop: m.Property, view: View, content: Content) -> Sequence[Standing]:
    """The orders of the decision that break a `never`."""
    return [order for order in content.orders if breaks_with(prop, view, content, order)]
