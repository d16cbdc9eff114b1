"""The encoding says of every instant what the reference engine says, and its laws never exclude one."""

from __future__ import annotations

from random import Random

from hypothesis import given
from tests.laws.settings import tries
from tests.laws.strategies import LAST, SEEDS, any_artifact, any_history

from rung_engine.artifact import model as m
from rung_engine.decision.rules import judge
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Value
from rung_lang.verify.histories.reading import values_at


def _missing(formula: f.Formula, values: dict[str, Value]) -> bool:
    return any(name not in values for name in f.names(formula))


@given(SEEDS)
@tries(60)
def test_no_instant_breaks_a_law_and_every_term_and_rule_is_judged_alike(seed: int) -> None:
    dice = Random(seed)
    artifact = any_artifact(dice, dice.randint(2, 14))
    program = Program(artifact, unverified=True)
    runner = Runner(program, any_history(dice, dice.randint(1, 14)))
    context = Context(artifact)
    situations: dict[str | None, Situation] = {None: context.situation(None)}
    situations |= {stage.name: context.situation(stage.name) for stage in artifact.stages}
    for situation in situations.values():
        for index, term in enumerate(artifact.terms):
            if not isinstance(term, m.Numeric):
                situation.symbols.truth(index)
    shared = situations["one"].symbols
    seen = 0
    original = runner.judge

    def look(time: int) -> None:
        nonlocal seen
        original(time)
        view = runner.view
        if view is None:
            return
        seen += 1
        values = values_at(context.space, view)
        for name, fact in context.space.log:
            if not _missing(fact, values):
                assert f.holds(fact, values), (name, fact)
        for index, term in enumerate(artifact.terms):
            if isinstance(term, m.Numeric):
                continue
            if view.stage is None and isinstance(term, m.Cmp) and _in_stage(artifact, term):
                continue
            truth = view.truth(index)
            said = shared.truth(index)
            for formula, expected in ((said.yes, truth is True), (said.no, truth is False)):
                assert _missing(formula, values) or f.holds(formula, values) is expected, (index, term, truth)
        judged = judge(
            view,
            [*program.rules_of[view.stage], *program.rules_of[None]]
            if view.stage
            else program.rules_of[None],
        )
        for rule_id, one in judged.items():
            rule = situations[view.stage].rules[rule_id]
            for formula, state in (
                (rule.fires, "fires"),
                (rule.pending, "pending"),
                (rule.unconfirmed, "unconfirmed"),
            ):
                if view.stage is not None or not _missing(formula, values):
                    assert f.holds(formula, values) is (one.state == state), (rule_id, state, one.state)

    runner.judge = look  # type: ignore[method-assign]
    runner.run(LAST + 12)


def _in_stage(artifact: m.Artifact, term: m.Cmp) -> bool:
    todo = [term.left, term.right]
    while todo:
        one = artifact.terms[todo.pop()]
        if isinstance(one, m.TimeInStage):
            return True
        if isinstance(one, m.Arith):
            todo += [one.left, one.right]
    return False


@given(SEEDS)
@tries(60)
def test_an_order_stands_in_the_encoding_exactly_where_it_stands_in_the_decision(seed: int) -> None:
    dice = Random(seed)
    artifact = any_artifact(dice, dice.randint(2, 14))
    program = Program(artifact, unverified=True)
    runner = Runner(program, any_history(dice, dice.randint(4, 16)))
    context = Context(artifact)
    situations = {stage.name: context.situation(stage.name) for stage in artifact.stages}
    original = runner.judge

    def look(time: int) -> None:
        original(time)
        view, content = runner.view, runner.fold.content
        if view is None or content is None or content.phase != "active" or content.stage is None:
            return
        if content.path or content.contradictions:
            return
        values = values_at(context.space, view)
        carried = {one.rule for one in runner.fold.state.carried}
        situation = situations[content.stage]
        for rule in situation.carried:
            values[f"carried:{rule.id}"] = rule.id in carried
        for order in situation.orders:
            if _missing(order.stands, values) or order.place.rule in carried:
                continue
            stands = f.holds(order.stands, values)
            found = [
                one
                for one in content.orders
                if order.place.rule in one.rules
                and one.target == order.order.target
                and (one.op == order.order.op or {one.op, order.order.op} <= {"start", "add"})
                and bool(one.instead_of) == order.place.instead
                and one.mark != "done"
            ]
            same = [
                other
                for other in situation.orders
                if other.place.rule == order.place.rule
                and other.order.target == order.order.target
                and (other.order.op == order.order.op or {other.order.op, order.order.op} <= {"start", "add"})
                and other.place.instead == order.place.instead
            ]
            if stands:
                assert found, (order.place, order.order.op, content.orders, content.withheld)
                if not _missing(order.sure, values) and len(same) == 1 and len(found) == 1:
                    sure = f.holds(order.sure, values)
                    alone = found[0].rules == (order.place.rule,)
                    assert found[0].confirmed is sure or (found[0].confirmed and not alone)
            elif len(same) == 1:
                assert not found, (order.place, order.order.op, found)

    runner.judge = look  # type: ignore[method-assign]
    runner.run(LAST + 12)
