"""When the orders of the rule that moved a session are open no more: an earlier instant saw them carried out.

Or it saw them give way to another order. Stated so that no real history breaks it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rung_engine.artifact import model as m
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, written
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import carried_out

TOLD = frozenset({"start", "add", "set", "stop", "pause", "avoid", "notify", "continue"})
"""Orders whose chart says of one instant whether they are done then; of some of them it never does."""

CHARTED = frozenset({"start", "add", "set", "stop", "pause"})
"""Of these, those that are done where the drug runs as ordered, or is off."""


def is_told(rule: m.Rule) -> m.Order | None:
    """An order of a moving rule by which to tell that its orders were carried out."""
    orders = (one.order for one in rule.orders if isinstance(one, m.One))
    return next((one for one in orders if one.op in TOLD or _recurs(one)), None)


def _recurs(order: m.Order) -> bool:
    """What is to be measured again and again is never done."""
    return order.op == "measure" and order.every is not None


def stays_open(situation: Situation, rule: m.Rule) -> Formula:
    """On the instant on which the rule moved the session, not all that it orders besides is carried out.

    A rule of `throughout` may be judged where the session came to as well, and then its orders are kept.
    """
    done: list[Formula] = []
    for choice in rule.orders:
        match choice:
            case m.One() if choice.order.op in ("go", "finish"):
                pass
            case m.One() if choice.order.op in CHARTED and choice.order.every is None:
                done.append(carried_out(situation.symbols, choice.order))
            case _:
                return f.TRUE
    return f.negation(f.all_of(done)) if done else f.TRUE


def closes(context: Context, situation: Situation, rule: m.Rule, order: m.Order) -> Formula:
    """On this instant the order is done, or gives way."""
    found = [carried_out(situation.symbols, order)]
    if order.target in context.artifact.drugs:
        found += _others(context, situation, rule, order.target)
    return f.any_of(found)


def _others(context: Context, situation: Situation, rule: m.Rule, drug: str) -> Iterator[Formula]:
    """Orders of other rules about the drug, or one that may not run beside it."""
    apart = {one for pair in context.artifact.incompatible if drug in pair.drugs for one in pair.drugs}
    for other in situation.orders:
        if other.place.rule != rule.id and other.order.target in {drug, *apart}:
            yield other.stands
    for other_rule in situation.carried:
        if other_rule.id != rule.id and any(one.target in {drug, *apart} for one in written(other_rule)):
            at = situation.symbols.at
            yield context.space.bool(f"{at}carried:{other_rule.id}", ("carried", other_rule.id), at)
