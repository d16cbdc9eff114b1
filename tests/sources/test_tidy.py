"""Rows become events, refusals and an account, and nothing is lost on the way."""

from __future__ import annotations

import math
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.settings import tried
from tests.sources.folder import (
    MAPPING,
    Row,
    cohort,
    doses,
    frame,
    infusion,
    mapping,
    rates,
    read,
    reading,
    readings,
    reasons,
    repeated,
    shown,
    stay_row,
    write,
)
from tests.sources.protocol import artifact

from rung_engine.event import Charted, Concentration, Infusion, NoOtherInfusions
from rung_engine.sources.accounting import CATEGORIES, REASONS, Account
from rung_engine.sources.problems import WORDS, DataProblem
from rung_engine.sources.tidy import COLUMNS, find_mapping, open_cohort

NE = "norepinephrine"


def _set(rate: float | None, unit: str | None = "mcg/kg/min", drug: str = NE, **cells: Any) -> Row:
    return infusion(drug, "set", rate=rate, rate_unit=unit, **cells)


def _interval(start: int, end: int | None, rate: float | None, unit: str | None, **cells: Any) -> Row:
    return infusion(NE, "rate", time_min=start, end_min=end, rate=rate, rate_unit=unit, **cells)


# --- readings -----------------------------------------------------------------------------------------------


def test_a_reading_keeps_the_unit_and_the_exact_decimal_it_was_charted_in(tmp_path: Path) -> None:
    stay = read(
        tmp_path,
        [
            reading("map", 62.5, "mmHg", time_min=-3),
            reading("map", 9.0, "kPa", time_min=5),
            reading("creatinine", 132.6, "umol/L"),
            reading("temperature", 98.6, "?F"),
        ],
    )
    assert readings(stay, "MAP") == [(-3, "62.5 mmHg"), (5, "9 kPa")]
    assert readings(stay, "creatinine") == [(0, "132.6 umol/L")]
    assert readings(stay, "temperature") == [(0, "98.6 degF")]
    assert stay.refusals == ()


def test_an_implausible_reading_is_reported_and_passed_on(tmp_path: Path) -> None:
    stay = read(tmp_path, [reading("map", -8.0, "mmHg"), reading("map", 801.0, "mmHg", time_min=5)])
    assert readings(stay, "MAP") == [(0, "-8 mmHg"), (5, "801 mmHg")]
    assert reasons(stay) == [("map", "implausible")] * 2
    (refusal, _) = stay.refusals
    assert (refusal.stay, refusal.time, refusal.table, refusal.value) == ("A", 0, "events", "-8.0")
    assert refusal.words == (
        "Stay A, at 0.00 h, map -8.0 mmHg: implausible: outside 10 to 250 mmHg (events, row 1)."
    )


@pytest.mark.parametrize(
    ("value", "unit", "reason"),
    [
        (None, "mmHg", "no_value"),
        (math.nan, "mmHg", "not_finite"),
        (math.inf, "mmHg", "not_finite"),
        (62.0, None, "no_unit_of_reading"),
        (62.0, "  ", "no_unit_of_reading"),
        (62.0, "furlongs", "unknown_unit"),
        (62.0, "K/uL", "ambiguous_unit"),
        (62.0, "mg/dL", "unit_not_convertible"),
        (1e300, "mmHg", "too_large"),
    ],
)
def test_a_reading_that_cannot_be_taken_is_refused(
    tmp_path: Path, value: float | None, unit: str | None, reason: str
) -> None:
    stay = read(tmp_path, [reading("map", value, unit)])
    assert readings(stay, "MAP") == []
    assert reasons(stay) == [("map", reason)]
    assert stay.refusals[0].words


def test_a_reading_without_a_time_is_refused(tmp_path: Path) -> None:
    assert reasons(read(tmp_path, [reading("map", 62.0, "mmHg", time_min=None)])) == [("map", "no_time")]


def test_more_than_six_decimals_are_rounded_half_to_even_and_counted(tmp_path: Path) -> None:
    stay = read(
        tmp_path, [reading("map", 62.0000005, "mmHg"), reading("map", 62.0000015, "mmHg", time_min=1)]
    )
    values = [e.value for e in stay.events if e.id.startswith("obs:map")]  # type: ignore[union-attr]
    assert values == [Charted(62_000_000, "mmHg"), Charted(62_000_002, "mmHg")]
    assert dict(stay.accounts[1].notes) == {"rounded": 2}


def test_two_values_at_one_instant_are_both_kept(tmp_path: Path) -> None:
    stay = read(tmp_path, [reading("map", 60.0, "mmHg", label="cuff"), reading("map", 70.0, "mmHg")])
    assert readings(stay, "MAP") == [(0, "60 mmHg"), (0, "70 mmHg")]


def test_an_hourly_value_is_stamped_with_the_end_of_its_hour(tmp_path: Path) -> None:
    stay = read(tmp_path, [reading("creatinine", 1.2, "mg/dL", kind="hourly", time_min=120)])
    assert readings(stay, "creatinine") == [(180, "1.2 mg/dL")]


def test_the_second_kind_is_set_aside_in_a_stay_that_has_the_first(tmp_path: Path) -> None:
    rows = [
        reading("creatinine", 1.2, "mg/dL", kind="hourly", time_min=120),
        reading("creatinine", 1.3, "mg/dL", time_min=500),
        reading("creatinine", 1.4, "mg/dL", kind="hourly", time_min=120, stay_id="B"),
    ]
    made = cohort(write(tmp_path, [stay_row(), stay_row(stay_id="B")], rows))
    assert readings(made.stay("A"), "creatinine") == [(500, "1.3 mg/dL")]
    assert readings(made.stay("B"), "creatinine") == [(180, "1.4 mg/dL")]
    assert made.stay("A").accounts[1].by("other_kind") == {"creatinine": 1}


def test_a_flag_is_read_through_the_values_of_the_mapping(tmp_path: Path) -> None:
    stay = read(tmp_path, [reading("line", 1.0, None), reading("line", 2.0, None, time_min=9)])
    assert readings(stay, "central_access") == [(0, True)]
    assert reasons(stay) == [("line", "unlisted_value")]


# --- facts of the stay --------------------------------------------------------------------------------------


def test_age_weight_and_shock_hold_from_time_zero(tmp_path: Path) -> None:
    stay = read(tmp_path)
    assert readings(stay, "age") == [(0, "60 years")]
    assert readings(stay, "weight") == [(0, "70 kg")]
    assert readings(stay, "shock") == [(0, frozenset({"septic"}))]


@pytest.mark.parametrize(
    ("weight", "reason"),
    [(None, "no_value"), (0.0, "weight_unusable"), (-70.0, "weight_unusable"), (515.0, "implausible")],
)
def test_a_weight_that_is_none_is_refused_and_not_passed_on(
    tmp_path: Path, weight: float | None, reason: str
) -> None:
    stay = read(tmp_path, stays=[stay_row(weight_kg=weight)])
    assert readings(stay, "weight") == []
    assert reasons(stay) == [("weight_kg", reason)]


def test_no_diagnosis_code_says_nothing(tmp_path: Path) -> None:
    stay = read(tmp_path, stays=[stay_row(dx_septic_shock=0)])
    assert readings(stay, "shock") == []
    assert stay.accounts[0].by("no_fact") == {"dx_septic_shock": 1}
    said = read(
        tmp_path,
        stays=[stay_row(dx_septic_shock=0)],
        text=MAPPING.replace('when_no = "unknown"', 'when_no = "none"'),
    )
    assert readings(said, "shock") == [(0, frozenset())]


def test_silence_is_off_only_where_the_mapping_says_so(tmp_path: Path) -> None:
    assert not [e for e in read(tmp_path).events if isinstance(e, NoOtherInfusions)]
    stay = read(tmp_path, text=MAPPING.replace('silence = "unknown"', 'silence = "off"'))
    assert [e for e in stay.events if isinstance(e, NoOtherInfusions)] == [
        NoOtherInfusions("silence", 0, "made")
    ]


# --- drugs --------------------------------------------------------------------------------------------------


def test_an_interval_begins_an_infusion_and_its_end_stops_it(tmp_path: Path) -> None:
    rows = [
        _interval(0, 30, 0.1, "mcg/kg/min"),
        _interval(30, 60, 0.2, "mcgkgmin"),
        _interval(90, 95, 7.0, "mcg/min"),
    ]
    assert rates(read(tmp_path, (), rows), NE) == [
        (0, "0.1 mcg/kg/min"),
        (30, "0.2 mcg/kg/min"),
        (60, "0 mcg/kg/min"),
        (90, "7 mcg/min"),
        (95, "0 mcg/kg/min"),
    ]


def test_pumps_of_different_orders_add_up_while_they_overlap(tmp_path: Path) -> None:
    rows = [
        _interval(0, 60, 0.1, "mcg/kg/min", order_id="1"),
        _interval(30, 90, 0.2, "mcg/kg/min", order_id="2"),
    ]
    stay = read(tmp_path, (), rows)
    assert rates(stay, NE) == [
        (0, "0.1 mcg/kg/min"),
        (30, "0.3 mcg/kg/min"),
        (60, "0.2 mcg/kg/min"),
        (90, "0 mcg/kg/min"),
    ]
    assert dict(stay.accounts[2].notes) == {"overlapping intervals of one drug, rates added": 1}


@pytest.mark.parametrize(("unit", "order"), [("mcg/min", "2"), ("mcg/kg/min", "1")])
def test_an_overlap_that_does_not_add_up_is_an_unknown_rate(tmp_path: Path, unit: str, order: str) -> None:
    rows = [
        _interval(0, 60, 0.1, "mcg/kg/min", order_id="1"),
        _interval(30, 45, 2.0, unit, order_id=order),
    ]
    assert rates(read(tmp_path, (), rows), NE) == [
        (0, "0.1 mcg/kg/min"),
        (30, None),
        (45, "0.1 mcg/kg/min"),
        (60, "0 mcg/kg/min"),
    ]


@pytest.mark.parametrize(
    ("end", "reason", "left"),
    [(-5, "ends_before_start", [(0, None)]), (0, "empty_interval", []), (None, "no_end", [(0, None)])],
)
def test_an_interval_without_a_proper_end_is_refused(
    tmp_path: Path, end: int | None, reason: str, left: list[object]
) -> None:
    stay = read(tmp_path, (), [_interval(0, end, 0.1, "mcg/kg/min")])
    assert (rates(stay, NE), reasons(stay)) == (left, [(NE, reason)])


def test_a_set_rate_holds_until_the_next_row_and_a_zero_needs_no_unit(tmp_path: Path) -> None:
    rows = [_set(0.1), _set(0.2, time_min=60), _set(0.0, None, time_min=90)]
    stay = read(tmp_path, (), rows)
    assert rates(stay, NE) == [(0, "0.1 mcg/kg/min"), (60, "0.2 mcg/kg/min"), (90, "0 mcg/kg/min")]
    assert stay.refusals == ()


def test_a_stop_status_stops_whatever_the_rate_beside_it(tmp_path: Path) -> None:
    rows = [_set(0.1), _set(0.1, time_min=60, status="Stopped"), _set(None, time_min=70, status="Stopped")]
    stay = read(tmp_path, (), rows)
    assert rates(stay, NE) == [(0, "0.1 mcg/kg/min"), (60, "0 mcg/kg/min"), (70, "0 mcg/kg/min")]
    assert stay.refusals == ()


def test_a_stop_row_of_the_same_order_and_minute_ends_the_rate(tmp_path: Path) -> None:
    ended = {"amount": 0.0, "amount_unit": "mg", "status": "D/C'd", "order_id": "1"}
    rows = [
        _set(0.1, order_id="1"),
        _set(0.1, time_min=60, order_id="1"),
        infusion(NE, "amount", time_min=60, **ended),
        infusion(NE, "amount", time_min=99, **ended),
        infusion(NE, "amount", time_min=50, amount=1.0, amount_unit="mg", order_id="1"),
    ]
    stay = read(tmp_path, (), rows)
    assert rates(stay, NE) == [(0, "0.1 mcg/kg/min"), (60, "0 mcg/kg/min"), (99, "0 mcg/kg/min")]
    assert stay.accounts[2].by("ignored") == {f"{NE} (amount rows that are no stops)": 1}


@pytest.mark.parametrize(
    ("rate", "unit", "reason"),
    [
        (None, "mcg/kg/min", "no_value"),
        (math.nan, "mcg/kg/min", "not_finite"),
        (-0.1, "mcg/kg/min", "negative"),
        (0.1, None, "no_unit"),
        (0.1, "blobs", "unknown_unit"),
        (0.1, "units/min", "unit_not_convertible"),
        (0.1, "mcg", "unit_not_convertible"),
        (12.0, "ml/hr", "no_concentration"),
        (2666.67, "mcg/min", "implausible"),
        (0.01, "mcg/min", "implausible"),
        (1e300, "mcg/min", "too_large"),
    ],
)
def test_a_refused_rate_leaves_the_drug_running_at_an_unknown_rate(
    tmp_path: Path, rate: float | None, unit: str | None, reason: str
) -> None:
    stay = read(tmp_path, (), [_set(0.1, time_min=-60), _set(rate, unit)])
    assert rates(stay, NE) == [(-60, "0.1 mcg/kg/min"), (0, None)]
    assert reasons(stay) == [(NE, reason)]


def test_a_rate_far_above_the_maximum_is_implausible_where_the_mapping_says_nothing(tmp_path: Path) -> None:
    rows = [_set(1.2, "units/min", "vasopressin"), _set(0.8, "units/min", "vasopressin", time_min=1)]
    stay = read(tmp_path, (), rows)
    assert rates(stay, "vasopressin") == [(0, None), (1, "0.8 units/min")]
    assert reasons(stay) == [("vasopressin", "implausible")]
    assert dict(stay.refusals[0].facts) == {"low": "0", "high": "0.8", "unit": "units/min"}


def test_a_range_per_minute_reaches_rates_per_kg_through_the_weight(tmp_path: Path) -> None:
    rows = [_set(10.0)]
    assert reasons(read(tmp_path, (), rows)) == [(NE, "implausible")]
    stay = read(tmp_path, (), rows, stays=[stay_row(weight_kg=None)])
    assert rates(stay, NE) == [(0, "10 mcg/kg/min")]


def test_a_flow_with_its_bag_is_passed_on_with_the_concentration(tmp_path: Path) -> None:
    bag: dict[str, Any] = {"bag_drug_amount": 4.0, "bag_volume_ml": 250.0}
    stay = read(tmp_path, (), [_set(15.0, "ml/hr", **bag), _set(5000.0, "ml/hr", time_min=9, **bag)])
    first, second = (event for event in stay.events if isinstance(event, Infusion))
    assert first.rate == Charted(15_000_000, "mL/h")
    assert first.concentration == Concentration(Charted(4_000_000, "mg"), Charted(250_000_000, "mL"))
    assert (second.rate, second.concentration) == (None, None)
    assert reasons(stay) == [(NE, "implausible")]


@pytest.mark.parametrize(
    "bag", [(None, 250.0), (4.0, None), (0.0, 250.0), (4.0, 0.0), (-4.0, 250.0), (math.nan, 1.0)]
)
def test_a_flow_with_half_a_bag_has_no_concentration(
    tmp_path: Path, bag: tuple[float | None, float | None]
) -> None:
    cells: dict[str, Any] = dict(zip(("bag_drug_amount", "bag_volume_ml"), bag, strict=True))
    stay = read(tmp_path, (), [_set(15.0, "ml/hr", **cells)])
    assert rates(stay, NE) == [(0, None)]
    assert reasons(stay)[0][1] in ("no_concentration", "not_finite")


def test_a_bag_without_a_stated_unit_converts_nothing(tmp_path: Path) -> None:
    bag: dict[str, Any] = {"bag_drug_amount": 400.0, "bag_volume_ml": 250.0}
    stay = read(tmp_path, (), [_set(15.0, "ml/hr", "dopamine", **bag)])
    assert reasons(stay) == [("dopamine", "no_concentration")]


def test_an_infusion_of_a_drug_given_as_boluses_runs_at_an_unknown_rate(tmp_path: Path) -> None:
    stay = read(tmp_path, (), [_set(50.0, "mcg/h", "octreotide")])
    assert (rates(stay, "octreotide"), reasons(stay)) == (
        [(0, None)],
        [("octreotide", "unit_not_convertible")],
    )


def test_a_volume_becomes_a_dose_when_it_has_run_in(tmp_path: Path) -> None:
    albumin = {"rate": 100.0, "rate_unit": "mL/hour", "amount": 250.0, "amount_unit": "ml"}
    rows = [
        infusion("albumin_5pct", "rate", time_min=10, end_min=160, **albumin),
        infusion("intake", "amount", time_min=60, amount=500.0, amount_unit="ml", label="NS"),
        infusion("intake", "amount", time_min=60, amount=75.0, amount_unit="ml", label="LEVOPHED"),
        infusion("intake", "amount", time_min=90, amount=0.0, label="NS"),
        infusion("intake", "amount", time_min=95, amount=-5.0, amount_unit="ml", label="NS"),
        infusion("intake", "amount", time_min=99, amount=50.0, label="NS"),
        infusion("intake", "amount", time_min=99, amount=20000.0, amount_unit="ml", label="NS"),
    ]
    stay = read(tmp_path, (), rows)
    assert doses(stay, "albumin") == [(160, "12.5 g")]
    assert doses(stay, "crystalloid") == [(60, "500 mL"), (95, None), (99, None), (99, None)]
    assert sorted(reasons(stay)) == [("intake", "implausible"), ("intake", "negative"), ("intake", "no_unit")]
    assert stay.accounts[2].by("nothing_given") == {"intake": 1}
    assert stay.accounts[2].by("ignored") == {"intake (label not listed)": 1}


# --- the account --------------------------------------------------------------------------------------------


def test_every_row_is_somewhere(tmp_path: Path) -> None:
    rows = [
        reading("map", 62.0, "mmHg"),
        reading("map", 62.0, "mmHg"),
        reading("sodium", 140.0, "mmol/L"),
        reading("wbc", 7.0, "K/uL"),
        reading("mystery", 1.0, None),
        reading(NE, 0.3, "mcg/kg/min", kind="set"),
    ]
    drugs = [_set(0.1), infusion("milrinone", "set", rate=0.3), infusion("mystery", "set", rate=0.3)]
    stay = read(tmp_path, rows, drugs)
    _, events, infusions = stay.accounts
    assert events.counts == (
        ("duplicate", "map", 1),
        ("ignored", "wbc", 1),
        ("not_declared", "sodium", 1),
        ("not_mapped", "mystery", 1),
        ("refused", "no_such_infusion", 1),
        ("same_row_in_infusions", "milrinone", 1),
        ("same_row_in_infusions", "mystery", 1),
        ("same_row_in_infusions", NE, 1),
        ("used", "map", 1),
    )
    assert infusions.counts == (
        ("not_declared", "milrinone", 1),
        ("not_mapped", "mystery", 1),
        ("used", NE, 1),
    )
    assert "  1 not mapped on purpose" in events.lines


def test_an_account_that_does_not_add_up_is_an_error() -> None:
    with pytest.raises(AssertionError, match="2 rows came in, 1 are accounted for"):
        Account("events", 2, (("used", "map", 1),))


def test_each_drug_row_of_events_is_matched_to_one_row_of_infusions(tmp_path: Path) -> None:
    row = _set(0.1)
    stay = read(tmp_path, [repeated(row), repeated(row)], [row, row])
    assert stay.accounts[1].by("same_row_in_infusions") == {NE: 2}
    assert stay.accounts[1].by("refused") == {"no_such_infusion": 1}
    assert stay.accounts[1].by("duplicate") == {NE: 1}
    assert stay.accounts[2].by("duplicate") == {NE: 1}
    assert rates(stay, NE) == [(0, "0.1 mcg/kg/min")]


_VALUES = st.sampled_from([None, math.nan, -5.0, 0.0, 0.1, 62.0, 1.23456789, 801.0, 1e300])
_UNITS = st.sampled_from([None, "", "mmHg", "mg/dL", "mcg/kg/min", "mcg/min", "ml/hr", "ml", "odd"])
_TIMES = st.sampled_from([None, -10, 0, 5, 60])
_EVENTS = st.fixed_dictionaries(
    {
        "stay_id": st.sampled_from(["A", "B"]),
        "time_min": _TIMES,
        "kind": st.sampled_from(["obs", "hourly", "set", "order", None]),
        "variable": st.sampled_from(["map", "creatinine", "sodium", "wbc", "odd", NE, None]),
        "value": _VALUES,
        "unit": _UNITS,
        "label": st.sampled_from(["a", "b"]),
    }
)
_INFUSIONS = st.fixed_dictionaries(
    {
        "stay_id": st.sampled_from(["A", "B"]),
        "time_min": _TIMES,
        "end_min": _TIMES,
        "kind": st.sampled_from(["rate", "set", "amount", "bolus"]),
        "drug": st.sampled_from([NE, "vasopressin", "albumin_5pct", "intake", "milrinone", "odd"]),
        "rate": _VALUES,
        "rate_unit": _UNITS,
        "amount": _VALUES,
        "amount_unit": _UNITS,
        "bag_drug_amount": st.sampled_from([None, 4.0]),
        "bag_volume_ml": st.sampled_from([None, 250.0]),
        "order_id": st.sampled_from([None, "1", "2"]),
        "status": st.sampled_from([None, "Stopped", "D/C'd"]),
        "label": st.sampled_from(["NS", "a"]),
    }
)
_STAYS = [stay_row(), stay_row(stay_id="B", weight_kg=None)]


@settings(max_examples=tried(60), deadline=None)
@given(st.lists(_EVENTS, max_size=12), st.lists(_INFUSIONS, max_size=12), st.randoms(use_true_random=False))
def test_rows_in_are_rows_accounted_for_in_any_order_of_rows(
    events: list[Row], infusions: list[Row], chance: random.Random
) -> None:
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        made = cohort(write(Path(first), _STAYS, events, infusions))
        mixed = [*events], [*infusions]
        for rows in mixed:
            chance.shuffle(rows)
        other = cohort(write(Path(second), _STAYS[::-1], *mixed))
        accounts = made.accounts()
        assert accounts == other.accounts()
        assert [part.rows for part in accounts] == [6, len(events) + len(infusions), len(infusions)]
        for mine, theirs in zip(made.iter_stays(), other.iter_stays(), strict=True):
            assert mine.events == theirs.events
            assert len({event.id for event in mine.events}) == len(mine.events)
            refused = sum(part.total("refused") for part in mine.accounts)
            assert refused == len(mine.refusals) == len(theirs.refusals)
            assert all(refusal.words for refusal in mine.refusals)


# --- folders ------------------------------------------------------------------------------------------------


def test_a_csv_folder_reads_as_its_parquet_twin(tmp_path: Path) -> None:
    rows = [reading("map", 62.5, "mmHg"), reading("map", None, "mmHg", time_min=3)]
    drugs = [_set(0.1), _set(12.0, "ml/hr", time_min=9)]
    parquet = cohort(write(tmp_path / "parquet", (), rows, drugs)).stay("A")
    assert cohort(write(tmp_path / "csv", (), rows, drugs, form="csv")).stay("A") == parquet


def _code(folder: Path) -> DataProblem:
    with pytest.raises(DataProblem) as caught:
        open_cohort(folder, mapping(), artifact())
    assert caught.value.words in str(caught.value)
    return caught.value


def test_a_folder_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert _code(tmp_path / "nowhere").code == "D101"
    folder = write(tmp_path / "made")
    (folder / "events.csv").write_text("stay_id\n")
    assert _code(folder).code == "D103"
    (folder / "events.csv").unlink()
    (folder / "events.parquet").unlink()
    problem = _code(folder)
    assert (problem.code, problem.facts["table"]) == ("D102", "events")


@pytest.mark.parametrize("kept", [0, 3, 40, -30])
def test_a_parquet_file_that_is_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    path = write(tmp_path, (), [reading("map", 62.0, "mmHg")]) / "events.parquet"
    path.write_bytes(path.read_bytes()[:kept])
    assert _code(tmp_path).code == "D104"


def test_an_empty_csv_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, form="csv")
    (folder / "stays.csv").write_text("")
    assert _code(folder).code == "D104"


@pytest.mark.parametrize("table", list(COLUMNS))
def test_a_missing_column_is_named(tmp_path: Path, table: str) -> None:
    for column in COLUMNS[table]:
        path = write(tmp_path) / f"{table}.parquet"
        pl.read_parquet(path).drop(column).write_parquet(path)
        problem = _code(tmp_path)
        assert (problem.code, problem.facts["table"], problem.facts["column"]) == ("D105", table, column)


def test_a_column_that_the_mapping_needs_is_named(tmp_path: Path) -> None:
    path = write(tmp_path) / "stays.parquet"
    pl.read_parquet(path).drop("weight_kg").write_parquet(path)
    assert _code(tmp_path).facts["column"] == "weight_kg"


@pytest.mark.parametrize(
    ("column", "kind"),
    [("time_min", pl.Float64), ("value", pl.Float32), ("value", pl.Date), ("unit", pl.Float64)],
)
def test_a_column_of_another_type_is_refused(tmp_path: Path, column: str, kind: Any) -> None:
    path = write(tmp_path) / "events.parquet"
    table = pl.read_parquet(path)
    table.with_columns(pl.lit(None).cast(kind).alias(column)).write_parquet(path)
    assert _code(tmp_path).code == "D106"


@pytest.mark.parametrize(("column", "text"), [("value", "6O.5"), ("time_min", "1.5"), ("value", "high")])
def test_a_csv_cell_that_is_no_number_is_located(tmp_path: Path, column: str, text: str) -> None:
    folder = write(tmp_path, (), [reading("map", 62.0, "mmHg")] * 2, form="csv")
    table = frame("events", [reading("map", 62.0, "mmHg")] * 2).cast(pl.String)
    spoilt = table.with_columns(pl.Series(column, ["1", text]))
    spoilt.write_csv(folder / "events.csv")
    problem = _code(folder)
    assert problem.code == "D106"
    assert problem.facts["found"] == f"row 2 holds `{text}`"


def test_stays_are_named_once_and_rows_speak_of_them(tmp_path: Path) -> None:
    assert _code(write(tmp_path, [stay_row(), stay_row()])).code == "D107"
    assert _code(write(tmp_path, [stay_row(stay_id=None)])).code == "D107"
    assert _code(write(tmp_path, (), [reading("map", 62.0, "mmHg", stay_id=None)])).code == "D107"
    problem = _code(write(tmp_path, (), [reading("map", 62.0, "mmHg", stay_id="B")]))
    assert (problem.code, problem.facts["stay"]) == ("D108", "B")


def test_an_unknown_stay_is_a_problem(tmp_path: Path) -> None:
    made = cohort(write(tmp_path))
    assert made.stay_ids == ("A",)
    with pytest.raises(DataProblem) as caught:
        made.stay("B")
    assert caught.value.code == "D109"


def test_a_mapping_for_other_data_is_refused(tmp_path: Path) -> None:
    assert _code(write(tmp_path, [stay_row(charting_system="another")])).code == "D119"


def test_the_mapping_is_found_by_the_form_of_the_folder(tmp_path: Path) -> None:
    folder = write(tmp_path, [stay_row(charting_system="carevue")])
    assert find_mapping(folder).name == "mimic3_demo"
    assert find_mapping(folder, "eicu_demo").name == "eicu_demo"
    (folder / "mapping.toml").write_text(MAPPING)
    assert find_mapping(folder).name == "made"
    assert find_mapping(folder, folder / "mapping.toml").name == "made"


def test_a_folder_that_no_mapping_fits_says_what_was_found(tmp_path: Path) -> None:
    with pytest.raises(DataProblem) as caught:
        find_mapping(write(tmp_path))
    assert caught.value.code == "D117"
    assert "charting systems made" in caught.value.words


def test_the_settings_of_the_site_are_given_in_the_unit_of_the_protocol(tmp_path: Path) -> None:
    made = cohort(write(tmp_path))
    value = made.settings["high_dose"].value
    assert not isinstance(value, str)
    assert shown(Charted(value.millionths, value.unit)) == "0.25 mcg/kg/min"


def test_every_reason_and_category_has_words_and_every_code_a_sentence() -> None:
    assert all(REASONS.values()) and all(CATEGORIES.values())
    assert all(words.endswith((".", "{found}.")) for words in WORDS.values())
