"""Stages, rules and orders of the settled model, as the artifact holds them."""

from __future__ import annotations

from typing import assert_never, get_args

from rung_engine import units as kernel
from rung_engine.artifact import model as m
from rung_lang.checked import orders as o
from rung_lang.checked.conditions import Numeric, Relation
from rung_lang.lower.conditions import TermWriter, ref_of
from rung_lang.lower.terms import canonical

_OPS: tuple[m.Op, ...] = get_args(m.Op)

_BREACHED: dict[Relation, Relation] = {">=": "<", ">": "<=", "<=": ">", "<": ">="}
"""The relation that holds exactly where a target's does not."""


def order_of(order: o.Order, writer: TermWriter) -> m.Order:
    """One order. With a volume, one in any unit may be expected or proposed."""
    units = writer.units
    if order.volume is not None:
        for unit in kernel.all_units():
            if unit.dims == (("volume", 1),):
                units.name(unit)
    return m.Order(
        op=order.op,
        target=order.target,
        dose=units.range(order.dose),
        step=units.range(order.step),
        limit=units.optional(order.limit),
        every=units.range(order.every),
        times_daily=order.times_daily,
        within=units.optional(order.within),
        within_of=None if order.within_of is None else ref_of(order.within_of),
        over=units.optional(order.over),
        once=order.once,
        once_per=order.once_per,
        cap=units.optional(order.cap),
        total=units.optional(order.total),
        continuously=order.continuously,
        volume=units.range(order.volume),
    )


def choice_of(choice: o.Choice, writer: TermWriter) -> m.Choice:
    """One choice. The branches of an `either` have no order among them."""
    orders = [order_of(order, writer) for order in choice.orders]
    match choice.form:
        case "one":
            return m.One(strength=choice.strength, order=orders[0])
        case "either":
            return m.Either(strength=choice.strength, orders=tuple(sorted(set(orders), key=canonical)))
        case "prefer":
            conditions = tuple(writer.optional(condition) for condition in choice.conditions)
            return m.Prefer(strength=choice.strength, orders=tuple(orders), conditions=conditions)
        case _:
            assert_never(choice.form)


def _place(choice: m.Choice) -> tuple[int, str]:
    """As a decision is read out: what is given first, moves last. The order of the text says nothing."""
    first = choice.order if isinstance(choice, m.One) else choice.orders[0]
    return _OPS.index(first.op), canonical(choice)


def rules_of(rule: o.Rule | o.Titrate, writer: TermWriter) -> tuple[m.Rule, ...]:
    """The rule, or the one or two that a titration stands for."""
    if isinstance(rule, o.Titrate):
        return _titration(rule, writer)
    conditions = (rule.condition,) if rule.arm is None else (rule.arm.condition, rule.condition)
    choices = {choice_of(choice, writer) for choice in rule.choices}
    return (
        m.Rule(
            id=rule.id,
            title=rule.title,
            stage=rule.stage,
            arm=None if rule.arm is None else rule.arm.name,
            condition=writer.both(conditions),
            unless=writer.optional(rule.unless),
            orders=tuple(sorted(choices, key=_place)),
            overrides=rule.overrides,
            because=rule.notes.because,
            cites=rule.notes.cites,
            clauses=rule.notes.clauses,
            erratum=rule.notes.erratum,
            grade=rule.notes.grade,
        ),
    )


def _titration(rule: o.Titrate, writer: TermWriter) -> tuple[m.Rule, ...]:
    """Up while the target is missed; where it has an upper end, down while that is passed."""
    up: Relation = "<" if rule.rel is None else _BREACHED[rule.rel]
    rules = [_half(rule, "up", "increase", up, rule.lo, writer)]
    if rule.hi is not None:
        rules.append(_half(rule, "down", "decrease", ">", rule.hi, writer))
    return tuple(rules)


def _half(rule: o.Titrate, half: str, op: m.Op, rel: Relation, target: Numeric, writer: TermWriter) -> m.Rule:
    units = writer.units
    words = f"{writer.text(rule.input.span)} {rel} {writer.text(target.span)}"
    arm = None if rule.arm is None else rule.arm.condition
    order = m.Order(
        op=op,
        target=rule.drug,
        step=units.range(rule.step),
        every=units.range(rule.every),
        limit=units.amount(rule.range.hi if op == "increase" else rule.range.lo),
    )
    return m.Rule(
        id=f"{rule.id}_{half}",
        stage=rule.stage,
        arm=None if rule.arm is None else rule.arm.name,
        condition=writer.compare(rule.input, rel, target, words, arm),
        orders=(m.One(order=order),),
        because=rule.notes.because,
        cites=rule.notes.cites,
        clauses=rule.notes.clauses,
        erratum=rule.notes.erratum,
        grade=rule.notes.grade,
        from_titrate=True,
    )


def stage_of(stage: o.Stage, writer: TermWriter) -> m.Stage:
    """One stage."""
    goals = {
        m.Goal(name=goal.name, title=goal.title, condition=writer.truth(goal.condition))
        for goal in stage.goals
    }
    return m.Stage(
        name=stage.name,
        title=stage.title,
        initial=stage.initial,
        initial_if=writer.optional(stage.initial_if),
        resting=stage.resting,
        covers=tuple(sorted({writer.truth(condition) for condition in stage.covers})),
        goals=tuple(sorted(goals, key=canonical)),
    )


def before_of(before: o.Before, writer: TermWriter) -> m.Before:
    """A prerequisite of one drug."""
    return m.Before(
        drug=before.drug,
        condition=writer.truth(before.condition),
        otherwise=None if before.otherwise is None else order_of(before.otherwise, writer),
        prefer=before.prefer,
        because=before.notes.because,
        cites=before.notes.cites,
        clauses=before.notes.clauses,
        erratum=before.notes.erratum,
    )
