"""A decision as what an example expects of it, in the words of the language.

Everything that is written holds of the decision; not everything of it can be written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content, Dose, Standing
from rung_lang.lower.phrase import order_words

NAMELESS = re.compile(r"rule_\d+")
"""The last part of the id of a rule to which the author gave no name."""
_NAMED = frozenset(
    {"start", "add", "set", "increase", "decrease", "taper", "continue", "pause", "stop", "give", "avoid",
     "measure", "do"}
)  # fmt: skip
"""Orders whose target is a name that `due`, `late` and `unconfirmed` take."""


def expectations(artifact: m.Artifact, content: Content) -> Iterator[str]:
    """What the decision says, as far as examples have words for it."""
    if content.phase == "finished":
        yield f'finish "{content.outcome}"'
        return
    if content.stage is not None:
        yield f"stage {content.stage}"
    rules = _rule_names(artifact)
    open_ = [order for order in content.orders if order.mark != "done"]
    said = dict.fromkeys(_choices(open_))
    for order in open_:
        said.update(dict.fromkeys(_order(artifact, order, open_, rules)))
    yield from said
    if not any(order.mark in ("due", "late") for order in open_):
        yield "nothing"
    yield from _pending(content, rules)


def _rule_names(artifact: m.Artifact) -> Counter[str]:
    """How often the author gave this name to a rule; a nameless rule and a titration have none."""
    return Counter(
        name
        for rule in artifact.rules
        if not rule.from_titrate and not NAMELESS.fullmatch(name := rule.id.rpartition(".")[2])
    )


def _choices(orders: Sequence[Standing]) -> Iterator[str]:
    for choice in sorted({order.choice for order in orders if order.choice}):
        targets = _arms(orders, choice)
        if len(targets) > 1:
            yield f"either {' or '.join(targets)}"


def _arms(orders: Sequence[Standing], choice: str) -> tuple[str, ...]:
    """What the arms of a free choice are about; nothing where an arm has no name that `either` takes."""
    arms = [order for order in orders if order.choice == choice]
    named = all(order.op in _NAMED for order in arms)
    return tuple(dict.fromkeys(order.target for order in arms)) if named else ()


def _order(
    artifact: m.Artifact, order: Standing, orders: Sequence[Standing], rules: Counter[str]
) -> Iterator[str]:
    nameable = order.op in _NAMED and order.target not in rules
    if not order.confirmed:
        if nameable:
            yield f"unconfirmed {order.target}"
    elif order.mark == "late" and nameable:
        yield f"late {order.target}"
    elif order.mark in ("due", "late") and not (order.choice and len(_arms(orders, order.choice)) > 1):
        written = _written(artifact, order)
        if written is not None:
            yield order_words(written)


def _written(artifact: m.Artifact, order: Standing) -> m.Order | None:
    """The order as one would write it: with the dose it has now, or the step of one of its rules."""
    match order.op:
        case "start" | "add" | "set" | "give":
            volume = None if order.volume is None else _doses(order.volume)
            return _as_order(order, dose=None if order.dose is None else _doses(order.dose), volume=volume)
        case "increase" | "decrease" | "taper":
            for rule in artifact.rules:
                for choice in rule.orders if rule.id in order.rules else ():
                    for one in (choice.order,) if isinstance(choice, m.One) else choice.orders:
                        if one.op == order.op and one.target == order.target:
                            every = one.every if one.op == "taper" else None
                            return _as_order(order, step=one.step, every=every)
            return None
        case "go" | "finish" | "begin":
            return None
        case _:
            return _as_order(order)


def _as_order(order: Standing, **parts: m.Range | None) -> m.Order:
    return m.Order(op=order.op, target=order.target, **parts)  # type: ignore[arg-type]


def _doses(dose: Dose) -> m.Range:
    return m.Range(
        lo=m.Number(millionths=dose.lo, unit=dose.unit), hi=m.Number(millionths=dose.hi, unit=dose.unit)
    )


def _pending(content: Content, rules: Counter[str]) -> Iterator[str]:
    """By what is missing; where time alone will tell, by the rule."""
    found: dict[str, None] = {}
    for item in content.pending:
        needs = [need.name for need in item.needs if need.name not in rules]
        name = item.rule.rpartition(".")[2]
        if needs:
            found.update(dict.fromkeys(needs))
        elif ":" not in item.rule and rules[name] == 1:
            found[name] = None
    yield from (f"pending {name}" for name in found)
