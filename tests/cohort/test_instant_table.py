"""A table of present values is judged row by row as the decision judges one patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.cohort.present_programs import any_values, present_program
from tests.cohort.test_instant_single import one_rule
from tests.laws.settings import tries
from tests.laws.strategies import SEEDS, artifact

from rung_engine.artifact import model as m
from rung_engine.cohort.instant import BadColumn, InstantTable
from rung_engine.decision.rules import judge
from rung_engine.program import MILLION, Program
from rung_engine.session.instant import Instant
from rung_engine.session.instant_terms import Column, NotPresent, column

Row = Mapping[str, Any]


def raw(own: Column, value: Any) -> int:
    match own.kind:
        case "quantity" | "infusion":
            return int(value * MILLION)
        case "any_of":
            return sum(1 << own.values.index(one) for one in value)
        case "graded" | "one_of":
            return own.values.index(value)
        case _:
            return int(value)


def as_columns(
    program: Program, names: Sequence[str], rows: Sequence[Row], dice: Random
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.bool_]]]:
    """What is unknown is left out by a mask, with any number beneath it."""
    columns: dict[str, NDArray[Any]] = {}
    known: dict[str, NDArray[np.bool_]] = {}
    for name in names:
        own = column(program, name)
        values = [row[name] for row in rows]
        wide = own.kind in ("quantity", "infusion", "any_of")
        kind = dice.choice((np.int64, np.int32)) if wide else np.uint8
        beneath = dice.choice((0, 1, 200))
        columns[name] = np.array([beneath if v is None else raw(own, v) for v in values], kind)
        if None in values:
            known[name] = np.array([value is not None for value in values])
            if not known[name].any() and dice.random() < 0.5:
                del columns[name], known[name]
    return columns, known


@tries(100)
@given(SEEDS, st.integers(1, 12), st.sampled_from(("one", "two", "three")), st.integers(1, 300))
def test_each_row_is_judged_as_one_patient(seed: int, size: int, stage: str, count: int) -> None:
    program = present_program(seed, size)
    dice = Random(seed)
    table = InstantTable(program, stage=stage, threads=1 + seed % 2)
    holes = dice.random() < 0.7
    drawn = [any_values(dice) for _ in range(12)]
    if not holes:
        drawn = [row for row in drawn if None not in row.values()] or drawn
    rows = [dice.choice(drawn) for _ in range(count)]
    columns, known = as_columns(program, table.columns, rows, dice)
    if not columns:
        return
    paths: tuple[Literal["kernel", "numpy"], ...] = ("kernel", "numpy")
    found = [_judged(program, table, path, columns, known) for path in paths]
    assert found[0] == found[1]
    one = Instant(program)
    rules = (*program.rules_of[stage], *program.rules_of[None])
    applies = program.artifact.applies
    states: dict[int, dict[str, str]] = {}
    for place in sorted({id(row): i for i, row in enumerate(rows)}.values()):
        values = {name: rows[place][name] for name in table.columns}
        present = one._present(tuple(values.get(name) for name in one.names))
        truth = True if applies is None else present.truth(applies)
        expected: dict[str, str] = {rule_id: item.state for rule_id, item in judge(present, rules).items()}
        if truth is not True:
            expected = dict.fromkeys(expected, "silent")
        states[place] = expected
        assert found[0][0][place] == (truth is None)
    for place, expected in states.items():
        for rule_id, state in expected.items():
            assert tuple(bits[place] for bits in found[0][1][rule_id]) == tuple(
                state == one for one in ("fires", "unconfirmed", "pending")
            )


def _judged(
    program: Program,
    table: InstantTable,
    path: Literal["kernel", "numpy"],
    columns: dict[str, NDArray[Any]],
    known: dict[str, NDArray[np.bool_]],
) -> tuple[list[bool], dict[str, tuple[list[bool], ...]]]:
    table.path = path
    judged = table.judge(columns, known)
    return judged.unclear.tolist(), {
        rule: (
            judged.fires(rule).tolist(),
            judged.unconfirmed(rule).tolist(),
            judged.pending(rule).tolist(),
        )
        for rule in judged.rules
    }


def test_many_rows_in_pieces_and_threads() -> None:
    program = present_program(5, 12)
    dice = Random(5)
    table = InstantTable(program, stage="one", path="kernel", threads=1)
    rows = [any_values(dice) for _ in range(150)]
    columns, known = as_columns(program, table.columns, rows, dice)
    many = 200_000 // 150
    columns = {name: np.tile(values, many) for name, values in columns.items()}
    known = {name: np.tile(values, many) for name, values in known.items()}
    alone = table.judge(columns, known)
    table.threads = 3
    shared = table.judge(columns, known)
    assert (alone.fire_bits == shared.fire_bits).all()
    for rule in alone.rules:
        assert (alone.pending_bits(rule) == shared.pending_bits(rule)).all()
        repeated = alone.fires(rule).reshape(many, 150)
        assert (repeated == repeated[0]).all()


def test_products_beyond_64_bits_are_exact() -> None:
    terms = (
        m.Input(name="n"),
        m.Arith(op="mul", left=0, right=0),
        m.Arith(op="mul", left=1, right=0),
        m.Quantity(millionths=1_000_000, unit="points"),
        m.Cmp(left=2, rel="<", right=3),
    )
    order = m.One(order=m.Order(op="notify", target="surgeon"))
    rule = m.Rule(id="throughout.r", stage=None, condition=4, orders=(order,))
    program = Program(artifact(terms=terms, rules=(rule,), stages=()), unverified=True)
    values = np.array([999_999, 1_000_000, 10**7, -(10**13), 3 * 10**12], np.int64)
    judged = InstantTable(program).judge({"n": values})
    assert judged.fires("throughout.r").tolist() == [True, False, False, True, False]


@pytest.mark.parametrize("path", ["kernel", "numpy"])
def test_a_bound_beyond_a_short_column(path: Literal["kernel", "numpy"]) -> None:
    """5,000 points are more millionths than 32 bits hold; a column of 32 bits is below them all the same."""
    for bound, rel, expected in ((5000, "<", True), (-5000, "<", False), (5000, "=", False)):
        program = one_rule(Fraction(bound), rel)  # type: ignore[arg-type]
        values = np.array([-(2**31), -1, 0, 705_032_704, 2**31 - 1], np.int32)
        judged = InstantTable(program, path=path).judge({"y": values})
        assert judged.fires("throughout.r").tolist() == [expected] * 5


def test_orders_are_bits_of_one_number() -> None:
    program = present_program(11, 12)
    dice = Random(11)
    table = InstantTable(program, stage="one")
    rows = [any_values(dice) for _ in range(130)]
    columns, known = as_columns(program, table.columns, rows, dice)
    judged = table.judge(columns, known)
    orders, codes = judged.order_codes()
    for place, order in enumerate(orders):
        fires = np.any([judged.fires(rule) for rule in judged.order_rules[order]], axis=0)
        assert (((codes >> codes.dtype.type(place)) & codes.dtype.type(1)) == fires).all()


def test_a_column_that_cannot_be_judged_is_named() -> None:
    table = InstantTable(present_program(3, 8), stage="one")
    name = next(one for one in table.columns if column(table.program, one).kind in ("quantity", "infusion"))
    with pytest.raises(BadColumn, match=f"`{name}` should hold int64 or int32"):
        table.judge({name: np.array([1.5])})
    with pytest.raises(BadColumn, match="has shape"):
        table.judge(
            {name: np.zeros(2, np.int64)}
            | {other: np.zeros(3, np.int64) for other in table.columns if other != name}
        )
    with pytest.raises(NotPresent, match="several stages"):
        InstantTable(table.program)
