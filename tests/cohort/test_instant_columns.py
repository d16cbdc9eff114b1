"""Columns of floats, words and gaps are taken exactly, or refused by row."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cohort.present_programs import any_values, present_program
from tests.laws.settings import tries

from rung_engine.cohort.instant import BadColumn, InstantTable
from rung_engine.cohort.instant_columns import from_arrow, millionths
from rung_engine.decision.rules import judge
from rung_engine.program import MILLION
from rung_engine.session.instant import Instant


@tries(200)
@given(st.integers(-(2**52), 2**52 - 1), st.integers(0, 6))
def test_floats_are_their_printed_decimals(count: int, digits: int) -> None:
    value = float(Fraction(count, 10**digits))
    exact = Fraction(repr(value)) * MILLION
    if exact.denominator == 1 and abs(value) < 2**32:
        assert millionths("x", np.array([0.0, value])).tolist() == [0, exact]
    else:
        with pytest.raises(BadColumn, match="in row 1"):
            millionths("x", np.array([0.0, value]))


def test_whole_numbers_and_decimals_are_taken_too() -> None:
    table = InstantTable(present_program(45, 60), stage="two")
    for values in (
        pa.array([3, None, -2]),
        pa.array([Decimal("3.000000"), None, Decimal("-2.0")], pa.decimal128(12, 6)),
    ):
        columns, known = from_arrow(table, pa.table({"x": values}))
        assert columns["x"].tolist() == [3_000_000, 0, -2_000_000]
        assert known["x"].tolist() == [True, False, True]
    for beyond in (pa.array([2**62]), pa.array([Decimal("0.1234567")])):
        with pytest.raises(BadColumn):
            from_arrow(table, pa.table({"x": beyond}))


def test_an_arrow_table_is_judged_like_its_rows() -> None:
    program = present_program(45, 60)
    table = InstantTable(program, stage="two")
    dice = Random(3)
    rows = [any_values(dice) for _ in range(80)]
    plain: dict[str, list[Any]] = {
        name: [_plain(row[name]) for row in rows] for name in table.columns if name != "norad"
    }
    judged = table.judge(*from_arrow(table, pa.table(plain)))
    one = Instant(program)
    rules = (*program.rules_of["two"], *program.rules_of[None])
    for place, row in enumerate(rows):
        present = one._present(tuple(None if name == "norad" else row.get(name) for name in one.names))
        applies = program.artifact.applies
        for rule, item in judge(present, rules).items():
            expected = item.state == "fires" and (applies is None or present.truth(applies) is True)
            assert bool(judged.fires(rule)[place]) is expected


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return float(value)
    return sorted(value) if isinstance(value, frozenset) else value


def test_what_is_no_value_is_named_by_row() -> None:
    table = InstantTable(present_program(45, 60), stage="two")
    for name, values, words in (
        ("x", [1.0, float("nan")], "no whole number"),
        ("x", [1.0, 0.1234567], "in row 1"),
        ("x", [True, False], "holds bool"),
        ("aki", ["one", "many"], "`many` in row 1; it may be none, one, two"),
        ("shock", [["a"], ["c"]], "`c` in row 1"),
    ):
        with pytest.raises(BadColumn, match=words):
            from_arrow(table, pa.table({name: values}))
