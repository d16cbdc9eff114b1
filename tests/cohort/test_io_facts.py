"""Facts as columns and as tables say what the events said, exactly, in whatever order the rows come."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cohort.tables_of import columns, program, shuffled, stays, table
from tests.laws.settings import tries

from rung_engine.cohort.encode import encode
from rung_engine.cohort.engine import Engine
from rung_engine.cohort.facts import codes_of, events_of, facts_of
from rung_engine.cohort.form import form_of, normal
from rung_engine.decision.model import decision_bytes
from rung_engine.event import Charted, Happened, Reading
from rung_engine.exact import float_decimal
from rung_engine.reference.run import run
from rung_engine.sources.problems import DataProblem

_SEEDS = st.integers(0, 10**6)


@tries(40)
@given(_SEEDS)
def test_facts_are_decided_on_as_the_events_they_came_from(seed: int) -> None:
    of = program(seed)
    told = stays(seed, 2)
    facts = facts_of(of, told)
    engine = Engine(of, path="session")
    for k, stay in enumerate(facts.stays):
        expected = [decision_bytes(one) for one in run(of, told[stay])]
        assert [decision_bytes(one) for one in engine.decisions(facts, k)] == expected


@tries(60)
@given(_SEEDS)
def test_a_table_brings_the_facts_back_in_any_order_of_its_rows(seed: int) -> None:
    of = program(seed)
    facts = facts_of(of, stays(seed, 3))
    rows = form_of(facts)
    told = rows.append_column("id", pa.array([str(place) for place in range(len(rows))]))
    back = encode(normal(shuffled(told, seed), "t", 1), facts.codes)
    there = [stay for k, stay in enumerate(facts.stays) if facts.start[k] < facts.start[k + 1]]
    assert (list(back.stays), back.count) == (there, facts.count)
    assert columns(facts_of(of, {stay: events_of(back, k) for k, stay in enumerate(back.stays)})) == columns(
        back
    )
    one = encode(normal(rows, "t", 1), facts.codes)
    assert columns(encode(normal(shuffled(rows, seed + 1), "t", 1), facts.codes)) == columns(one)


def test_rows_that_say_the_same_are_one_fact_and_ids_keep_them_apart() -> None:
    of = program(1)
    rows = table(of, 1, 1).slice(0, 3)
    twice = pa.concat_tables([rows, rows])
    codes = codes_of(of)
    assert encode(normal(twice, "t", 1), codes).count == 3
    told = twice.append_column("id", pa.array(list("abcdef")))
    assert encode(normal(told, "t", 1), codes).count == 6
    clashing = twice.append_column("id", pa.array(list("abaabb")))
    assert encode(normal(clashing, "t", 1), codes).count == 0
    again = twice.append_column("id", pa.array(list("abcabc")))
    assert encode(normal(again, "t", 1), codes).count == 3


def test_many_rows_are_read_by_a_kernel_as_few_are_by_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    of = program(5, 30)
    rows = normal(shuffled(table(of, 5, 30), 5), "t", 1)
    for read in (rows, rows.slice(3).combine_chunks(), normal(table(of, 5, 30), "t", 1)):
        few = encode(pa.concat_tables([read, read]), codes_of(of))
        monkeypatch.setattr("rung_engine.cohort.order.MANY", 0)
        monkeypatch.setattr("rung_engine.cohort.encode.MANY", 0)
        many = encode(pa.concat_tables([read, read]), codes_of(of))
        monkeypatch.undo()
        assert columns(many) == columns(few)


def _value(values: pa.Array) -> list[int | None]:
    rows = len(values)
    said = {"stay": ["s"] * rows, "time_ms": [0] * rows, "kind": ["dose"] * rows, "name": ["d"] * rows}
    made = normal(pa.table({**said, "value": values}), "t", 1)
    return made["value_millionths"].to_pylist()  # type: ignore[no-any-return]


def test_decimals_are_exact_in_every_type() -> None:
    counts = [0, 1, -1, 123_456_789, 70_100_000, 10**15 + 1, -(2**63) + 1]
    spelled = [str(Fraction(count, 10**6).limit_denominator(10**6)) for count in counts]
    texts = [f"{Decimal(count).scaleb(-6):f}" for count in counts]
    assert spelled[0] == "0"
    assert _value(pa.array(texts)) == counts
    assert _value(pa.array([Decimal(text) for text in texts], pa.decimal128(30, 6))) == counts
    assert _value(pa.array([0.1, 70.1, None, 1e9, 0.000001])) == [100_000, 70_100_000, None, 10**15, 1]
    assert _value(pa.array([7, None], pa.int32())) == [7_000_000, None]


@tries(200)
@given(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**16), 10**16).map(lambda n: n / 10**6)
)
def test_a_float_is_the_decimal_it_prints_or_refused(value: float) -> None:
    exact = float_decimal(value) * 10**6
    if exact.denominator == 1 and abs(exact) < 2**63:
        assert _value(pa.array([value])) == [exact.numerator]
    else:
        with pytest.raises(DataProblem, match="D124"):
            _value(pa.array([value]))


_GOOD = {
    "stay": ["a", "a"],
    "time_ms": [0, 1],
    "kind": ["reading", "infusion"],
    "name": ["x", "y"],
    "unit": ["mmHg", None],
    "value_millionths": [1, None],
    "text": pa.array([None, None], pa.string()),
}


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"time_ms": None}, "D105", "time_ms"),
        ({"value_millionths": None}, "D105", "value_millionths"),
        ({"time_ms": ["now", "then"]}, "D106", "whole numbers"),
        ({"value_millionths": [1.5, None]}, "D106", "not whole"),
        ({"name": [1.5, 2.5]}, "D106", "text"),
        ({"value_millionths": None, "value": [0.1234567, None]}, "D124", "row 11"),
        ({"value_millionths": None, "value": ["1e3", None]}, "D124", "`1e3`"),
        ({"value_millionths": None, "value": [float("nan"), None]}, "D124", "`nan`"),
        ({"value_millionths": None, "value": ["9223372036855", None]}, "D124", "64 bits"),
        ({"kind": ["reading", "lecture"]}, "D125", "row 12: I do not know the kind `lecture`"),
        ({"stay": ["a", None]}, "D126", "row 12: it names no stay"),
        ({"name": ["x", ""]}, "D126", "row 12: it names nothing"),
        ({"text": ["yes", None]}, "D126", "row 11: a reading has a value or a text"),
        ({"text": [None, "yes"]}, "D126", "row 12: only a reading has a text"),
        ({"conc_amount_millionths": [None, 4]}, "D126", "row 12: a concentration has"),
        ({"value": ["1", None]}, "D127", "value_millionths"),
    ],
)
def test_a_table_that_does_not_hold_together_is_refused(
    change: dict[str, object], code: str, said: str
) -> None:
    parts = {name: part for name, part in {**_GOOD, **change}.items() if part is not None}
    with pytest.raises(DataProblem, match=code) as refused:
        normal(pa.table(parts), "ten.parquet", 11)
    assert said in refused.value.words
    normal(pa.table(_GOOD), "ten.parquet", 11)


def test_a_number_beyond_64_bits_is_refused() -> None:
    of = program(1)
    name = next(name for name, decl in of.artifact.inputs.items() if decl.kind == "quantity")
    with pytest.raises(DataProblem, match="D130"):
        facts_of(of, {"a": [Reading("r", 0, name, Charted(2**63, "ms"))]})
    with pytest.raises(DataProblem, match="D130"):
        facts_of(of, {"a": [Happened("r", 2**63, "unheard")]})
