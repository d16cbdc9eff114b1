"""What a decision begins or ends for sure, as formulas and as read off a decision.

One arm of a free choice is no promise: a drug is begun, or ended, by an order outside any choice, or where
every arm of a choice does it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content, Standing
from rung_engine.program import Program
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import STARTS, OrderSymbols
from rung_lang.verify.formulas.symbols import Symbols

ENDS = frozenset({"stop", "pause"})
WITHDRAWS = ENDS | {"taper", "decrease", "end"}


# ---------------------------------------------------------------- as formulas


def starts(order: OrderSymbols, drug: str) -> bool:
    """The order is one to start the drug."""
    return order.order.op in STARTS and order.order.target == drug


def begun(decision: Situation, drug: str) -> Formula:
    """The decision starts the drug, confirmed, whatever is chosen."""
    found = [
        (order, f.all_of((order.stands, order.sure))) for order in decision.orders if starts(order, drug)
    ]
    return _surely(decision, found)


def ended(decision: Situation, drug: str) -> Formula:
    """The decision takes the drug away, whatever is chosen."""
    found = [
        (order, f.all_of((order.stands, leaves)))
        for order in decision.orders
        if (leaves := leaves_off(decision.symbols, order.order, drug)) is not f.FALSE
    ]
    return _surely(decision, found)


def leaves_off(symbols: Symbols, order: m.Order, drug: str) -> Formula:
    """Where the order, once done, leaves the drug off: a stop, or a step down that reaches nothing."""
    if order.op == "end":
        return f.TRUE if drug in symbols.program.artifact.courses[order.target].drugs else f.FALSE
    if order.target != drug or order.op not in WITHDRAWS:
        return f.FALSE
    if order.step is None:
        return f.TRUE
    if order.op == "decrease" and order.limit is None:
        # Without a floor a decrease never turns into a stop.
        return f.FALSE
    step, dims = symbols.amount(order.step.hi if order.op == "taper" else order.step.lo)
    reaches = f.compare(symbols.rate(drug, dims).value, "<=", step)
    if order.limit is None:
        return reaches
    return f.all_of((reaches, f.compare(symbols.amount(order.limit)[0], "<=", f.number(0))))


def _surely(decision: Situation, found: Sequence[tuple[OrderSymbols, Formula]]) -> Formula:
    arms: dict[str, list[Formula]] = {}
    for order, does in found:
        arms.setdefault(order.label, []).append(does)
    return f.any_of(
        f.any_of(does) if not label else f.all_of(does)
        for label, does in arms.items()
        if not label or len(does) == _arms(decision, label)
    )


def _arms(decision: Situation, label: str) -> int:
    return sum(order.label == label and not order.place.instead for order in decision.orders)


# ---------------------------------------------------------------- read off a decision


def begins(content: Content, drug: str) -> bool:
    """An order outside any choice, or every arm of one, starts the drug, confirmed."""
    found = [one for one in content.orders if one.op in STARTS and one.target == drug and one.confirmed]
    return _for_sure(content, found)


def ends(program: Program, content: Content, drug: str) -> bool:
    """An order outside any choice, or every arm of one, takes the drug away."""
    return _for_sure(content, [one for one in content.orders if takes_away(program, one, drug)])


def takes_away(program: Program, order: Standing, drug: str) -> bool:
    """Done, the order leaves the drug off."""
    if order.mark == "done":
        return False
    if order.op == "end":
        return drug in program.artifact.courses[order.target].drugs
    if order.target != drug:
        return False
    if order.op in ("taper", "decrease"):
        return order.dose is not None and order.dose.lo <= 0
    return order.op in ENDS


def _for_sure(content: Content, found: Sequence[Standing]) -> bool:
    def every_arm(choice: str) -> bool:
        return all(one in found for one in content.orders if one.choice == choice)

    return any(not one.choice or every_arm(one.choice) for one in found)
