"""The way of a session that is led round on one instant, stage by stage, as the engine went it."""

from __future__ import annotations

from rung_engine.decision.rules import destination, judge
from rung_engine.frozen import frozen
from rung_engine.reference.evaluate import Instant
from rung_lang.verify.formulas.rules import moves
from rung_lang.verify.gaps.acting import rules_in
from rung_lang.verify.verdict import Replayed


@frozen
class Left:
    """A stage that was left on the way round, and the rules that fired to leave it."""

    stage: str
    rules: tuple[str, ...]


def gone_round(replayed: Replayed) -> tuple[Left, ...]:
    """From where the session stood; none where nothing led it round, or where the view is no longer there."""
    content, before = replayed.content, replayed.before
    cycles = any(one.kind == "cycle" for one in content.contradictions)
    if not cycles or not isinstance(replayed.view, Instant):
        return ()
    found: dict[str, Left] = {}
    stage = content.stage
    entered = before.entered if before.stage == stage else replayed.view.time
    while stage is not None and stage not in found:
        view = replayed.view.again()
        view.place(stage, entered, replayed.state.began)
        judged = judge(view, rules_in(replayed.program, stage)).values()
        movers = [one.rule for one in judged if one.state == "fires" and moves(one.rule, stage)]
        found[stage] = Left(stage, tuple(rule.id for rule in movers))
        goals = {(order.op, order.target) for rule in movers if (order := destination(rule)) is not None}
        stage = next((target for op, target in goals if op == "go"), None) if len(goals) == 1 else None
        entered = replayed.view.time
    return tuple(found.values())
