"""Which rules fire, which are pending, which are silenced. LANGUAGE sections 5 and 10."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.decision.view import Truths
from rung_engine.frozen import frozen

State = Literal["fires", "unconfirmed", "pending", "silent"]


@frozen
class Judged:
    """A rule on one instant. `check_first` names what leaves its orders unconfirmed."""

    rule: m.Rule
    state: State
    check_first: tuple[str, ...] = ()


def judge(view: Truths, rules: Sequence[m.Rule]) -> dict[str, Judged]:
    """Every rule of the list, by id, in the order of ids.

    A rule fires when its condition is true and its `unless` is not. An unknown `unless` unconfirms it. A
    firing rule silences those it overrides, pending ones too; one that is itself unknown unconfirms them.
    """
    own: dict[str, Judged] = {}
    for rule in sorted(rules, key=lambda rule: rule.id):
        own[rule.id] = _alone(view, rule)
    overriders: dict[str, list[str]] = {}
    for rule in rules:
        for loser in rule.overrides:
            if loser in own:
                overriders.setdefault(loser, []).append(rule.id)
    settled: dict[str, Judged] = {}

    def settle(rule_id: str) -> Judged:
        if rule_id in settled:
            return settled[rule_id]
        judged = own[rule_id]
        if judged.state != "silent":
            doubts: list[str] = []
            for winner_id in sorted(overriders.get(rule_id, ())):
                winner = settle(winner_id)
                if winner.state == "fires":
                    judged = Judged(judged.rule, "silent")
                    break
                if winner.state in ("pending", "unconfirmed"):
                    doubts.append(winner_id)
            else:
                if doubts and judged.state != "pending":
                    judged = Judged(judged.rule, "unconfirmed", tuple(sorted({*judged.check_first, *doubts})))
        settled[rule_id] = judged
        return judged

    return {rule_id: settle(rule_id) for rule_id in own}


def _alone(view: Truths, rule: m.Rule) -> Judged:
    fires = view.truth(rule.condition)
    if fires is False:
        return Judged(rule, "silent")
    if fires is None:
        return Judged(rule, "pending")
    if rule.unless is None:
        return Judged(rule, "fires")
    unless = view.truth(rule.unless)
    if unless is True:
        return Judged(rule, "silent")
    if unless is None:
        return Judged(rule, "unconfirmed", (f"unless:{rule.id}",))
    return Judged(rule, "fires")


def destination(rule: m.Rule) -> m.Order | None:
    """The `go to` or `finish` of a rule, if it has one."""
    for choice in rule.orders:
        if isinstance(choice, m.One) and choice.order.op in ("go", "finish"):
            return choice.order
    return None
