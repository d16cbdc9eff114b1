"""The PhysioNet demo stays, where they lie beside the repository: rows accounted for, traps refused.

Contains information from the MIMIC-III Clinical Database Demo and the eICU-CRD Demo (PhysioNet), made
available under the ODbL 1.0.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from tests.sources.folder import rates, reasons
from tests.sources.protocol import artifact

from rung_engine.event import Infusion, Reading
from rung_engine.sources.stay import Stay
from rung_engine.sources.tidy import Cohort, find_mapping, open_cohort

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the PhysioNet demo data do not lie in ../shared/data beside the repository"
)


@cache
def _cohort(name: str) -> Cohort:
    folder = DATA / name
    return open_cohort(folder, find_mapping(folder), artifact())


@cache
def _stays(name: str) -> tuple[Stay, ...]:
    return tuple(_cohort(name).iter_stays())


def _stay(name: str, stay_id: str) -> Stay:
    return next(stay for stay in _stays(name) if stay.id == stay_id)


@pytest.mark.parametrize("name", ["mimic3_demo", "eicu_demo"])
def test_every_row_of_every_stay_is_accounted_for(name: str) -> None:
    counts = json.loads((DATA / name / "counts.json").read_text())
    stays = _stays(name)
    assert _cohort(name).mapping.name == name
    assert len(stays) == counts["stays"]
    for place, table in ((1, "events"), (2, "infusions")):
        parts = [stay.accounts[place] for stay in stays]
        assert {part.table for part in parts} == {table}
        assert sum(part.rows for part in parts) == counts[table]
        assert sum(count for part in parts for _, _, count in part.counts) == counts[table]
        assert sum(part.total("not_mapped") for part in parts) == 0
    assert sum(part.total("refused") for stay in stays for part in stay.accounts) == sum(
        len(stay.refusals) for stay in stays
    )


@pytest.mark.parametrize("name", ["mimic3_demo", "eicu_demo"])
def test_drug_rows_of_events_are_all_rows_of_infusions(name: str) -> None:
    assert not [r for stay in _stays(name) for r in stay.refusals if r.reason == "no_such_infusion"]


@pytest.mark.parametrize("name", ["mimic3_demo", "eicu_demo"])
def test_event_ids_are_unique_within_a_stay(name: str) -> None:
    for stay in _stays(name):
        assert len({event.id for event in stay.events}) == len(stay.events)


def test_an_hourly_figure_under_a_unit_per_minute_is_refused() -> None:
    stay = _stay("mimic3_demo", "273347")
    refused = [r for r in stay.refusals if r.variable == "vasopressin"]
    assert len(refused) == 29
    assert {(r.value, r.unit, r.reason) for r in refused} == {("1.2000000477", "Umin", "implausible")}
    assert (3985, None) in rates(stay, "vasopressin")


@pytest.mark.parametrize(
    ("stay", "variable", "value", "unit", "rows"),
    [
        ("1620730", "vasopressin", "0.01", "units/hr", 1),
        ("2558121", "epinephrine", "10.0", "mcg/kg/min", 4),
        ("3233997", "epinephrine", "0.15", "mg/kg/min", 2),
        ("292154", "norepinephrine", "2666.67", "mcg/min", 1),
    ],
)
def test_a_rate_that_cannot_have_run_is_refused(
    stay: str, variable: str, value: str, unit: str, rows: int
) -> None:
    found = [r for r in _stay("eicu_demo", stay).refusals if r.reason == "implausible"]
    assert [(r.variable, r.value, r.unit) for r in found] == [(variable, value, unit)] * rows


@pytest.mark.parametrize(
    ("variable", "value"),
    [("sbp", "11647.0"), ("creatinine", "138.0"), ("creatinine", "0.0"), ("map", "-8.0")],
)
def test_a_reading_that_cannot_be_is_refused_and_passed_on(variable: str, value: str) -> None:
    found = [
        (stay, r)
        for stay in _stays("mimic3_demo")
        for r in stay.refusals
        if (r.variable, r.value) == (variable, value)
    ]
    assert found
    assert {r.reason for _, r in found} == {"implausible"}
    for stay, refusal in found:
        ids = [e.id for e in stay.events if isinstance(e, Reading) and e.time == refusal.time]
        assert any(f":{variable}@" in name and f"={value}" in name for name in ids)


def test_stays_without_a_weight_have_no_weight() -> None:
    for name, missing in (("mimic3_demo", 12), ("eicu_demo", 29)):
        stays = [stay for stay in _stays(name) if ("weight_kg", "no_value") in reasons(stay)]
        assert len(stays) == missing
        assert not [
            e for stay in stays for e in stay.events if isinstance(e, Reading) and e.input == "weight"
        ]


def test_flows_without_a_concentration_are_refused_and_never_guessed() -> None:
    rows = [r for stay in _stays("eicu_demo") for r in stay.refusals if r.variable == "norepinephrine"]
    flows = [r for r in rows if r.unit == "ml/hr"]
    assert {r.reason for r in flows} == {"no_concentration"}
    assert len(flows) == 2053 - 93
    assert {r.reason for r in rows if not r.unit} == {"no_unit"}
    known = [
        e
        for stay in _stays("eicu_demo")
        for e in stay.events
        if isinstance(e, Infusion) and e.rate is not None and e.concentration is not None
    ]
    assert known == []


def test_a_stop_that_carries_a_rate_is_a_stop() -> None:
    assert (7242, "0 mcg/kg/min") in rates(_stay("mimic3_demo", "248755"), "norepinephrine")
    assert (1945, "0 mcg/kg/min") in rates(_stay("mimic3_demo", "271544"), "dopamine")
