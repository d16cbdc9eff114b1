"""Readings that count only while something holds, against what the words say, in both engines."""

from __future__ import annotations

import operator
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import given
from tests.laws.engines import by_reference, by_session
from tests.laws.settings import tries
from tests.laws.strategies import LAST, MILLION, RELATIONS, SEEDS, artifact, ms

from rung_engine.artifact import model as m
from rung_engine.event import Charted, Event, Happened, Infusion, Reading
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.history import resolve
from rung_engine.reference.run import Runner
from rung_engine.truth import Truth

X, BOUND, COUNTED = 0, 1, 8
MEETS: dict[m.Relation, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip


def program(dice: Random) -> Program:
    """One rule, whose condition is a run of readings of x, drawn while something holds."""
    bound: m.Numeric = m.Quantity(millionths=4 * MILLION, unit="points")
    if dice.random() < 0.3:
        bound = m.ValueAt(input="x", ref=m.EventRef(name="struck"))
    bases: tuple[m.Truth, ...] = (
        m.Flag(input="line"),
        m.Running(drugs=("norad",)),
        m.Cmp(left=X, rel=">=", right=2),
        m.Held(of=3, length=ms(3)),
        m.Recent(of=3, length=ms(2)),
        m.Not(of=3),
        m.Ever(of=3),
        m.Cmp(left=5, rel=">=", right=6),
    )
    counted = m.Readings(
        n=dice.choice((1, 2, 2, 3)), apart=ms(dice.choice((1, 2, 4))), input="x", rel=dice.choice(RELATIONS),
        right=BOUND, drawn=7,
    )  # fmt: skip
    terms = (
        m.Input(name="x"), bound, m.Quantity(millionths=MILLION, unit="points"), m.Flag(input="line"),
        m.Const(value=True), m.TimeInStage(), m.Quantity(millionths=2 * MILLION, unit="ms"),
        dice.choice(bases), counted, m.Running(drugs=("vaso",)),
    )  # fmt: skip
    rules = (
        m.Rule(
            id="one.r", stage="one", condition=COUNTED,
            orders=(m.One(order=m.Order(op="notify", target="surgeon")),),
        ),
        m.Rule(
            id="one.on", stage="one", condition=9, orders=(m.One(order=m.Order(op="go", target="two")),)
        ),
        m.Rule(
            id="two.r", stage="two", condition=COUNTED,
            orders=(m.One(order=m.Order(op="notify", target="nurse")),),
        ),
    )  # fmt: skip
    stages = (m.Stage(name="one", initial=1, resting=True), m.Stage(name="two", resting=True))
    return Program(artifact(terms=terms, rules=rules, stages=stages), unverified=True)


def history(dice: Random) -> tuple[Event, ...]:
    """Many readings of x, and what they may be drawn under; in no order of time."""
    found: list[Event] = []
    for place in range(dice.randint(3, 18)):
        time, key = dice.randint(0, LAST), f"f{place}"
        match dice.randint(0, 9):
            case 0 | 1 | 2 | 3 | 4:
                found.append(Reading(key, time, "x", Charted(dice.randint(0, 6) * MILLION, "points")))
            case 5 | 6:
                found.append(Reading(key, time, "line", value=dice.random() < 0.7))
            case 7:
                rate = Charted(dice.choice((0, 1, 2)) * MILLION, "mcg/kg/ms")
                found.append(Infusion(key, time, "norad", rate))
            case 8:
                found.append(Infusion(key, time, "vaso", Charted(MILLION, "mcg/ms")))
            case _:
                found.append(Happened(key, time, "struck"))
    return tuple(found)


def by_its_words(view: Instant, truths: dict[int, Truth]) -> Truth:
    """`truths`: of the condition, by instant, as remembered and for now."""
    term = view.program.artifact.terms[COUNTED]
    assert isinstance(term, m.Readings) and term.drawn is not None
    bound = view.number(term.right)
    if view.input("x").why or bound is None or bound.lo is None:
        return None
    groups = view.chart.readings("x", -1, view.time)
    meets, low = MEETS[term.rel], bound.lo
    answers: list[bool] = []
    for unknown in (False, True):
        good = [
            all(meets(value, low) for value in group.values)
            and (truths[group.time] if truths[group.time] is not None else unknown)
            for group in groups
        ]
        long = False
        for first in range(len(groups)):
            whole = all(good[first:]) and len(groups) - first >= term.n
            long = long or (whole and groups[-1].time - groups[first].time >= view.program.millis(term.apart))
        answers.append(long)
    return True if answers[0] else None if answers[1] else False


@tries(150)
@given(SEEDS)
def test_both_engines_count_readings_by_the_truth_at_each(seed: int) -> None:
    dice = Random(seed)
    one, events = program(dice), history(dice)
    assert by_session(one, events, LAST, late_window=64, stride=2) == by_reference(one, events, LAST)


@tries(60)
@given(SEEDS)
def test_the_run_is_what_its_words_say(seed: int) -> None:
    dice = Random(seed)
    one, events = program(dice), history(dice)
    facts, _ = resolve(events)
    runner = Runner(one, facts)
    drawn: dict[int, Truth] = {}
    for time in range(LAST + 1):
        if not facts or time < facts[0].time:
            continue
        runner.judge(time)
        drawn[time] = runner.rows[-1].truths[7]
        assert runner.view is not None
        assert runner.rows[-1].truths[COUNTED] is by_its_words(runner.view, drawn)
