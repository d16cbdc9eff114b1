"""The rules on one instant, as formulas. Mirrors `rung_engine.decision.rules`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.symbols import Tri


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
