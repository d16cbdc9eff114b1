"""A decision from present values is the decision of a session that is told those values at one instant."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cohort.present_programs import any_values, dressed, present_program
from tests.laws.settings import tries
from tests.laws.strategies import RATE_UNIT, SEEDS, artifact, number

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content, to_json
from rung_engine.event import Charted, Fact, Infusion, Reading
from rung_engine.exact import NotFinite
from rung_engine.program import MILLION, Program
from rung_engine.reference.run import run
from rung_engine.session.instant import Instant
from rung_engine.session.instant_terms import NotPresent

UNITS = {"x": "points", "y": "points", "n": "points", "fluid": "mcg/kg", "weight": "kg"}


def facts(values: dict[str, Any]) -> list[Fact]:
    found: list[Fact] = [Reading("then", 0, "unheard", True)]
    for name, value in sorted(values.items()):
        if value is None:
            continue
        if name in RATE_UNIT:
            found.append(Infusion(name, 0, name, Charted(int(value * MILLION), RATE_UNIT[name])))
        elif name in UNITS:
            found.append(Reading(name, 0, name, Charted(int(value * MILLION), UNITS[name])))
        else:
            found.append(Reading(name, 0, name, value))
    return found


def plain(content: Content) -> Any:
    """Without when time alone would tell: present values have no times."""
    pending = tuple(replace(one, known_at=None) for one in content.pending)
    return to_json(replace(content, pending=pending))


@tries(120)
@given(SEEDS, st.integers(1, 10))
def test_it_is_the_first_decision_of_a_session(seed: int, size: int) -> None:
    program = present_program(seed, size)
    one = Instant(program)
    dice = Random(seed)
    for _ in range(4):
        values = any_values(dice, doses=False)
        expected = run(program, facts(values))[0]
        decided = one.decide({name: dressed(dice, value) for name, value in values.items()})
        assert plain(decided.content) == plain(expected.content)
        assert decided.orders == decided.content.orders and decided.pending == decided.content.pending


@tries(40)
@given(SEEDS, st.integers(1, 10))
def test_what_is_kept_from_one_patient_is_right_for_the_next(seed: int, size: int) -> None:
    program = present_program(seed, size)
    kept = Instant(program)
    dice = Random(seed)
    rows = [any_values(dice) for _ in range(5)]
    for _ in range(15):
        values = dict(rows[dice.randrange(5)])
        for name in dice.choice(
            (("weight",), ("norad",), ("weight", "vaso"), dice.sample(sorted(values), 2))
        ):
            values[name] = rows[dice.randrange(5)][name]
        given_values = {name: dressed(dice, value) for name, value in values.items() if value is not None}
        fresh = Instant(program).decide(values)
        assert kept.decide(given_values).content == fresh.content
        assert kept.decide_values(*map(given_values.get, kept.names)).content == fresh.content
        assert kept.decide(given_values).silenced == fresh.silenced


def one_rule(bound: Fraction, rel: m.Relation, factor: int = 1) -> Program:
    """One rule: `y * factor rel bound`, with `bound` a whole number of millionths."""
    terms = (
        m.Input(name="y"),
        m.Quantity(millionths=factor * MILLION, unit="points"),
        m.Arith(op="mul", left=0, right=1),
        m.Quantity(millionths=int(bound * MILLION), unit="points"),
        m.Cmp(left=2, rel=rel, right=3),
    )
    order = m.One(order=m.Order(op="notify", target="surgeon"))
    rules = (m.Rule(id="throughout.r", stage=None, condition=4, orders=(order,)),)
    return Program(artifact(terms=terms, rules=rules, stages=()), unverified=True)


@tries(200)
@given(
    st.integers(-(10**9), 10**9),
    st.sampled_from((10, 1000, 10**6)),
    st.sampled_from((1, 1, 3, 7)),
    st.sampled_from(("<", "<=", "=", ">=", ">")),
    st.integers(-2, 2),
)
def test_a_float_is_the_decimal_that_is_printed(
    count: int, parts: int, factor: int, rel: m.Relation, steps: int
) -> None:
    bound = Fraction(count, parts)
    one = Instant(one_rule(bound, rel, factor))
    value = float(bound / factor)
    for far in (-(2**40), 2**40):
        # What both answers lead to is kept from here on: what follows is decided by the comparison alone.
        one.decide({"y": far})
    for _ in range(abs(steps)):
        value = math.nextafter(value, math.inf if steps > 0 else -math.inf)
    exact = Fraction(repr(value))
    holds = {
        "<": exact * factor < bound,
        "<=": exact * factor <= bound,
        "=": exact * factor == bound,
        ">=": exact * factor >= bound,
        ">": exact * factor > bound,
    }[rel]
    for same in (value, Decimal(repr(value)), exact, *((int(exact),) if exact.denominator == 1 else ())):
        assert bool(one.decide({"y": same}).orders) is holds


def test_a_value_of_another_kind_is_unknown_and_said() -> None:
    one = Instant(one_rule(Fraction(3), "<"))
    for wrong in (True, frozenset({"a"}), object()):
        content = one.decide({"y": wrong}).content  # type: ignore[dict-item]
        assert [item.name for item in content.rejected] == ["y"] and content.pending
    for wrong in (float("nan"), float("inf"), Decimal("nan")):
        with pytest.raises(NotFinite):
            one.decide({"y": wrong})


def test_the_fewest_readings_follow_what_is_known() -> None:
    """With a line x alone may settle it; without, whether exactly one of two holds takes both."""
    terms = (
        m.Input(name="x"),
        m.Input(name="y"),
        m.Quantity(millionths=3 * MILLION, unit="points"),
        m.Cmp(left=0, rel="<", right=2),
        m.Cmp(left=1, rel="<", right=2),
        m.Count(rel="=", n=1, of=(3, 4)),
        m.Flag(input="line"),
        m.And(of=(3, 6)),
        m.Or(of=(5, 7)),
    )
    order = m.One(order=m.Order(op="notify", target="surgeon"))
    rule = m.Rule(id="throughout.r", stage=None, condition=8, orders=(order,))
    one = Instant(Program(artifact(terms=terms, rules=(rule,), stages=()), unverified=True))
    for _ in range(2):
        for line, needs in ((True, ["x"]), (False, ["x", "y"])):
            (pending,) = one.decide({"line": line}).pending
            assert [subject.name for subject in pending.needs] == needs


def test_reasons_come_when_asked() -> None:
    decided = Instant(one_rule(Fraction(3), "<")).decide({"y": 2.5})
    (reason,) = decided.reasons().values()
    assert reason.truth is True and reason.used[0].millionths == 2_500_000
    assert Instant(one_rule(Fraction(3), "<")).decide({}).reasons()["throughout.r"].truth is None


def test_a_protocol_that_looks_back_is_refused() -> None:
    held = m.Held(of=4, length=number(3, "ms"))
    program = one_rule(Fraction(3), "<").artifact
    rule = program.rules[0].model_copy(update={"condition": 5})
    changed = program.model_copy(update={"terms": (*program.terms, held), "rules": (rule,)})
    with pytest.raises(NotPresent, match="looks at a `for`"):
        Instant(Program(changed, unverified=True))
