"""Steps to a contradiction: found for whatever is one, and never accepted for anything else."""

from __future__ import annotations

import copy
from fractions import Fraction
from random import Random
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from tests.laws.settings import tried
from tests.laws.strategies import SEEDS

from rung_lang.verify.certificates.checker import check
from rung_lang.verify.certificates.evidence import prove
from rung_lang.verify.certificates.simplex import Simplex
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear, Value
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.solving.asks import Unsat
from rung_lang.verify.solving.solve import Solver

TRUTHS = ("a", "b", "c", "d")
NUMBERS = ("x", "y", "z")


def space() -> Space:
    made = Space()
    for name in TRUTHS:
        made.bool(name, ("truth", name))
    for name in NUMBERS:
        made.real(name, ("number", name))
    return made


def any_linear(dice: Random, most: int) -> Linear:
    total = f.number(dice.randint(-4, 4))
    for name in dice.sample(NUMBERS, dice.randint(1, most)):
        factor = Fraction(dice.choice((-2, -1, 1, 2, 3)), dice.choice((1, 1, 2)))
        total = total.plus(f.variable(name).times(factor))
    return total


def any_comparison(dice: Random, most: int = 3) -> Formula:
    rels: tuple[Literal["<", "<=", "=", ">", ">=", "!="], ...] = ("<", "<=", "=", ">", ">=", "!=")
    rel = dice.choice(rels)
    return f.compare(any_linear(dice, most), rel, f.number(0))


def any_formula(dice: Random, depth: int) -> Formula:
    chance = dice.random()
    if depth == 0 or chance < 0.3:
        if dice.random() < 0.6:
            return any_comparison(dice)
        truth = f.boolean(dice.choice(TRUTHS))
        return truth if dice.random() < 0.5 else f.negation(truth)
    parts = [any_formula(dice, depth - 1) for _ in range(dice.randint(2, 3))]
    return f.all_of(parts) if chance < 0.6 else f.any_of(parts)


def any_values(dice: Random) -> dict[str, Value]:
    found: dict[str, Value] = {name: dice.random() < 0.5 for name in TRUTHS}
    return found | {name: Fraction(dice.randint(-6, 6), dice.choice((1, 2, 3))) for name in NUMBERS}


def changed(dice: Random, steps: Any) -> Any:
    """Another list of steps: one part left out, repeated, moved or given another number."""
    other = copy.deepcopy(steps)
    spots: list[tuple[list[Any], int]] = []
    stack = [other]
    while stack:
        here = stack.pop()
        for place, part in enumerate(here):
            spots.append((here, place))
            if isinstance(part, list):
                stack.append(part)
    if not spots:
        return [[[]]]
    here, place = dice.choice(spots)
    match dice.randint(0, 3):
        case 0:
            del here[place]
        case 1:
            here.insert(place, copy.deepcopy(here[place]))
        case 2:
            here[place], here[-1] = here[-1], here[place]
        case _:
            here[place] = dice.randint(-3, 12) if isinstance(here[place], int) else []
    return other


@given(SEEDS)
@settings(max_examples=tried(400), deadline=None)
def test_whatever_is_never_all_true_is_shown_in_steps_and_nothing_else_is(seed: int) -> None:
    dice = Random(seed)
    formulas = [any_formula(dice, 2) for _ in range(dice.randint(2, 6))]
    steps = prove(formulas)
    if isinstance(Solver(space()).ask(formulas), Unsat):
        assert steps is not None and check(steps, formulas)
    else:
        assert steps is None


@given(SEEDS)
@settings(max_examples=tried(600), deadline=None)
def test_no_steps_are_accepted_for_formulas_that_some_values_fulfil(seed: int) -> None:
    """Asks no solver: the formulas are made to be true of values, the steps belong to one formula more."""
    dice = Random(seed)
    values = any_values(dice)
    formulas = [any_formula(dice, 2) for _ in range(dice.randint(2, 6))]
    formulas = [one if f.holds(one, values) else f.negation(one) for one in formulas]
    steps = prove([*formulas, f.negation(f.all_of(formulas[: dice.randint(1, len(formulas))]))])
    assert steps is not None
    for _ in range(20):
        assert not check(steps, formulas), steps
        steps = changed(dice, steps)


ROUND = [
    f.compare(f.variable("x"), "<", f.variable("y")),
    f.compare(f.variable("y"), "<=", f.variable("z")),
    f.compare(f.variable("z"), "<=", f.variable("x")),
]


def test_a_sum_is_believed_only_as_it_adds_up() -> None:
    assert check([[[], [0, 1, 2, 1, 4, 1]]], ROUND)
    for sums in (
        [], [0, 1], [0, 1, 2, 1], [0, 1, 2, 1, 4, 2], [0, 1, 2, 1, 4, -1], [0, 0, 2, 0, 4, 0],
        [1, 1, 2, 1, 4, 1], [0, 1, 2, 1, 6, 1], [0, 1, 2, 1, 4], [0, 1, 2, 1, -2, 1],
    ):  # fmt: skip
        assert not check([[[], sums]], ROUND), sums
    assert not check([[[], [0, 1, 2, 1, 4, 1]]], ROUND[:2])
    weak = [f.compare(f.variable("x"), "<=", f.variable("y")), *ROUND[1:]]
    assert not check([[[], [0, 1, 2, 1, 4, 1]]], weak)


def test_only_an_equation_may_be_taken_the_other_way_round() -> None:
    equal = f.compare(f.variable("x"), "=", f.variable("y"))
    above = f.compare(f.variable("x"), ">", f.variable("y"))
    below = f.compare(f.variable("x"), "<", f.variable("y"))
    assert check([], [equal, above]) and check([], [equal, below])
    assert check([[[], [0, 1, 2, 1]]], [f.compare(f.variable("x"), "<=", f.variable("y")), above])
    sums = f.compare(f.variable("x").plus(f.variable("z")), "=", f.number(1))
    low = f.compare(f.variable("x"), "<=", f.variable("y"))
    other = f.compare(f.variable("z").plus(f.variable("y")), "<", f.number(1))
    assert check([[[], [0, -1, 2, 1, 4, 1]]], [sums, low, other])
    assert not check([[[], [0, 1, 2, 1, 4, 1]]], [sums, low, other])
    at_most = f.compare(f.variable("x").plus(f.variable("z")), "<=", f.number(1))
    assert not check([[[], [0, -1, 2, 1, 4, 1]]], [at_most, low, other])


@pytest.mark.parametrize(
    "steps",
    [
        None, 0, "", {}, [0], [[]], [[0]], [[[], [], []]], [[[0.0]]], [[["0"]]], [[[10**30]]], [[[-1]]],
        [[[], [0.5, 1]]], [[[], ["x", 1]]], [[[], [0, "1"]]], [[[], [0, 1.0]]], [[[]]] * 30_000, [[[[0]]]],
    ],
)  # fmt: skip
def test_what_is_no_step_is_refused(steps: object) -> None:
    assert not check(steps, ROUND)


@given(SEEDS)
@settings(max_examples=tried(120), deadline=None)
def test_sums_contradict_each_other_where_the_factors_say_so(seed: int) -> None:
    """Bounds come and go as in a search; after each, the verdict is that of a solver asked anew."""
    dice = Random(seed)
    made = [one for one in (any_comparison(dice) for _ in range(9)) if isinstance(one, f.Compare)]
    sums = Simplex()
    for one in made:
        factor = one.linear.terms[0][1]
        sums.number(tuple((name, part / factor) for name, part in one.linear.terms))
    stated: list[tuple[int, int]] = []
    for _ in range(14):
        if stated and dice.random() < 0.35:
            _, size = stated[dice.randrange(len(stated))]
            del stated[[size for _, size in stated].index(size) :]
            sums.back(size)
            continue
        if not made:
            return
        place = dice.randrange(len(made))
        size = len(sums.undo)
        clash = sums.state(made[place], place) or sums.check()
        stated.append((place, size))
        now = [made[place] for place, _ in stated]
        if clash is None:
            assert not isinstance(Solver(space()).ask(now), Unsat)
            continue
        total = f.number(0)
        for who, share in clash.items():
            factor = Fraction(share)
            assert who in {place for place, _ in stated}
            assert factor > 0 or made[who].rel == "="
            total = total.plus(made[who].linear.times(factor))
        strict = any(made[who].rel == "<" for who in clash)
        assert not total.terms and (total.constant > 0 or (strict and total.constant == 0))
        stated.pop()
        sums.back(size)
