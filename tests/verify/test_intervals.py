"""Bounds of single variables, and a reading a step beside itself: exact wherever they say anything."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from tests.laws.settings import tries

from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.intervals import apart, box, clashes, within
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.rules.beside import Beside

TINY = Fraction(1, 1000)
NUMBERS, FLAGS = ("x", "y"), ("p", "q")
VALUES = [Fraction(half, 2) for half in range(-1, 8)]


def space() -> Space:
    found = Space()
    for name in NUMBERS:
        found.real(name, ("number", name), "", Fraction(0), Fraction(3))
    for name in FLAGS:
        found.bool(name, ("flag", name))
    found.always("p", f.implies(f.boolean("p"), f.boolean("q")))
    return found


def atoms() -> st.SearchStrategy[Formula]:
    bounds = st.builds(
        lambda linear, rel, limit: f.compare(linear, rel, f.number(limit)),
        st.sampled_from([f.variable(name).times(Fraction(by)) for name in NUMBERS for by in (1, -1, 2)]),
        st.sampled_from(("<", "<=", "=", ">=", ">")), st.integers(-3, 4),
    )  # fmt: skip
    sums = st.builds(
        lambda rel, limit: f.compare(f.variable("x").plus(f.variable("y")), rel, f.number(limit)),
        st.sampled_from(("<", "<=", ">=")), st.integers(0, 6),
    )  # fmt: skip
    return st.one_of(bounds, bounds, sums, st.sampled_from(FLAGS).map(f.boolean))


def formulas() -> st.SearchStrategy[Formula]:
    def joined(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
        several = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(several.map(f.all_of), several.map(f.any_of), inner.map(f.negation))

    return st.recursive(atoms(), joined, max_leaves=6)


def all_values() -> list[dict[str, Value]]:
    return [
        {"x": x, "y": y, "p": p, "q": q}
        for x, y, p, q in product(VALUES, VALUES, (True, False), (True, False))
    ]


@tries(60)
@given(formulas(), formulas())
def test_what_is_told_apart_by_bounds_is_never_true_together(one: Formula, two: Formula) -> None:
    if apart(box((one,)), box((two,))):
        assert clashes((one, two))
    if clashes((one, two)):
        assert not any(f.holds(one, values) and f.holds(two, values) for values in all_values())


@tries(60)
@given(st.lists(formulas(), min_size=1, max_size=3))
def test_what_is_found_near_at_hand_is_possible(parts: list[Formula]) -> None:
    known = space()
    if within(known, parts):
        assert not clashes(known.stated(parts))
        sixths = [Fraction(part, 8) for part in range(25)]
        assert any(
            all(f.holds(part, {"x": x, "y": y, "p": p, "q": q}) for part in known.stated(parts))
            for x, y, p, q in product(sixths, sixths, (True, False), (True, False))
        )


def test_plain_bounds_are_met_in_the_middle_and_facts_are_kept() -> None:
    known = space()
    below = f.compare(f.variable("x"), "<", f.number(2))
    assert within(known, [below, f.boolean("q")])
    assert not within(known, [f.boolean("p"), f.negation(f.boolean("q"))])
    assert not within(known, [f.compare(f.variable("x"), ">", f.number(3))])


@tries(60)
@given(formulas(), st.booleans(), st.sampled_from((None, Fraction(1), Fraction(1, 2))))
def test_beside_is_the_same_formula_with_the_reading_moved(
    formula: Formula, up: bool, by: Fraction | None
) -> None:
    moved = Beside("x", up, by).of(formula)
    step = TINY if by is None else by
    for values in all_values():
        x = values["x"]
        assert isinstance(x, Fraction)
        there = {**values, "x": x + step if up else x - step}
        assert f.holds(moved, values) is f.holds(formula, there)
