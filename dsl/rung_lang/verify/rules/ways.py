"""Rules that move a session one after the other on one instant: their orders meet where it comes to rest."""

from __future__ import annotations

from collections.abc import Iterator

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas.decide import written
from rung_lang.verify.formulas.rules import moves


@frozen
class Way:
    """`rules`: the first leaves the stage `start`, the second leaves `second` later on the same instant.

    `ends`: the stages in which the session may come to rest; none where the second rule finishes it.
    """

    rules: tuple[str, str]
    start: str
    second: str
    ends: tuple[str, ...]

    def parts(self, context: Context, at: str) -> tuple[Part, ...]:
        """Both rules fire on that instant."""
        first = context.situation(self.start, at)
        then = context.situation(self.second, at, entered_now=True)
        one, two = self.rules
        return (
            *context.applies(first),
            (("rule", one), first.rules[one].fires),
            (("rule", two), then.rules[two].fires),
        )


def ways(context: Context) -> Iterator[Way]:
    """Every pair of rules with orders besides their moves, by stages and ids. Rings are another matter."""
    stages = [stage.name for stage in context.artifact.stages]
    leaving = {stage: _leaving(context, stage) for stage in stages}
    onward = {stage: _onward(leaving, stage) for stage in stages}
    for start in stages:
        for first, to in leaving[start]:
            if to is None or not _has_orders(first):
                continue
            for second in onward[to]:
                if second == start:
                    continue
                for rule, end in leaving[second]:
                    if rule.id != first.id and end != start and _has_orders(rule):
                        yield Way((first.id, rule.id), start, second, () if end is None else onward[end])


def _leaving(context: Context, stage: str) -> list[tuple[m.Rule, str | None]]:
    """The rules that lead out of a stage, and where to; None: they finish the session."""
    found: list[tuple[m.Rule, str | None]] = []
    for rule in (*context.program.rules_of[stage], *context.program.rules_of[None]):
        order = destination(rule)
        if order is not None and moves(rule, stage):
            found.append((rule, order.target if order.op == "go" else None))
    return found


def _onward(leaving: dict[str, list[tuple[m.Rule, str | None]]], stage: str) -> tuple[str, ...]:
    """The stage, and those that rules lead to from it."""
    found = {stage: None}
    todo = [stage]
    while todo:
        for _, to in leaving[todo.pop()]:
            if to is not None and to not in found:
                found[to] = None
                todo.append(to)
    return tuple(sorted(found))


def _has_orders(rule: m.Rule) -> bool:
    return any(order.op not in ("go", "finish") for order in written(rule))
