"""Small made folders of stays, and one mapping for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from tests.sources.protocol import artifact

from rung_engine.event import Charted, Dose, Infusion, Reading
from rung_engine.sources.mapping import SiteMapping
from rung_engine.sources.mapping_file import parse_mapping
from rung_engine.sources.stay import Stay
from rung_engine.sources.tidy import Cohort, open_cohort

Row = Mapping[str, Any]

SCHEMAS: dict[str, dict[str, Any]] = {
    "stays": {
        "stay_id": pl.String,
        "age": pl.Int64,
        "weight_kg": pl.Float64,
        "dx_septic_shock": pl.Int64,
        "charting_system": pl.String,
    },
    "events": {
        "stay_id": pl.String,
        "time_min": pl.Int64,
        "end_min": pl.Int64,
        "kind": pl.String,
        "variable": pl.String,
        "value": pl.Float64,
        "unit": pl.String,
        "label": pl.String,
    },
    "infusions": {
        "stay_id": pl.String,
        "time_min": pl.Int64,
        "end_min": pl.Int64,
        "kind": pl.String,
        "drug": pl.String,
        "rate": pl.Float64,
        "rate_unit": pl.String,
        "amount": pl.Float64,
        "amount_unit": pl.String,
        "bag_drug_amount": pl.Float64,
        "bag_volume_ml": pl.Float64,
        "order_id": pl.String,
        "status": pl.String,
        "label": pl.String,
    },
}

MAPPING = """
format = 1
name = "made"
title = "Made for a test"
silence = "unknown"
silence_why = "A test."

[match]
values = { charting_system = ["made"] }

[settings.high_dose]
value = "0.25 mcg/kg/min"
why = "A test."

[units]
mcgkgmin = "mcg/kg/min"

[inputs.age]
stay_column = "age"
unit = "years"

[inputs.weight]
stay_column = "weight_kg"
unit = "kg"
plausible = "20 to 350 kg"

[inputs.shock]
stay_flags = { dx_septic_shock = "septic" }
when_no = "unknown"

[inputs.MAP]
variables = ["map"]

[inputs.SCr]
variables = ["creatinine"]
kinds = ["obs", "hourly"]
minutes_later = { hourly = 60 }

[inputs.temperature]
variables = ["temperature"]

[inputs.central_access]
variables = ["line"]
values = { "1" = "yes", "0" = "no" }

[inputs.nobody_asks]
variables = ["sodium"]

[drugs.norepinephrine]
plausible = ["0.1 to 500 mcg/min"]
bag_amount_unit = "mg"
rows = [
  { kinds = ["rate"], as = "interval" },
  { kinds = ["set"], as = "set", stop_status = ["Stopped"] },
  { kinds = ["amount"], as = "stop", status = ["D/C'd"] },
]

[drugs.vasopressin]
rows = [{ kinds = ["set"], as = "set" }, { kinds = ["rate"], as = "interval" }]

[drugs.dopamine]
rows = [{ kinds = ["set"], as = "set" }]

[drugs.octreotide]
rows = [{ kinds = ["set"], as = "set" }]

[drugs.albumin]
rows = [{ variables = ["albumin_5pct"], kinds = ["rate"], as = "dose", strength = "0.05 g/mL" }]

[drugs.crystalloid]
plausible = ["0 to 10000 mL"]
rows = [{ variables = ["intake"], kinds = ["amount"], labels = ["NS"], as = "dose" }]

[drugs.milrinone]
rows = [{ kinds = ["set"], as = "set" }]

[[ignore]]
variables = ["wbc"]
why = "A test."
"""


def mapping(text: str = MAPPING) -> SiteMapping:
    return parse_mapping(text, "made.toml")


def stay_row(**cells: Any) -> Row:
    usual = {"stay_id": "A", "age": 60, "weight_kg": 70.0, "dx_septic_shock": 1, "charting_system": "made"}
    return {**usual, **cells}


def reading(variable: str, value: float | None, unit: str | None, **cells: Any) -> Row:
    usual = {"stay_id": "A", "time_min": 0, "kind": "obs", "label": "monitor"}
    return {**usual, "variable": variable, "value": value, "unit": unit, **cells}


def infusion(drug: str, kind: str, **cells: Any) -> Row:
    return {"stay_id": "A", "time_min": 0, "kind": kind, "drug": drug, "label": drug, **cells}


def repeated(row: Row) -> Row:
    """The row of `events` that says what a row of `infusions` says."""
    rate = row["kind"] in ("rate", "set")
    said = {name: row.get(name) for name in ("stay_id", "time_min", "end_min", "kind", "label")}
    value, unit = ("rate", "rate_unit") if rate else ("amount", "amount_unit")
    return {**said, "variable": row["drug"], "value": row.get(value), "unit": row.get(unit)}


def frame(table: str, rows: Sequence[Row]) -> pl.DataFrame:
    full = [{name: row.get(name) for name in SCHEMAS[table]} for row in rows]
    return pl.DataFrame(full, schema=SCHEMAS[table], strict=True)


def write(
    folder: Path,
    stays: Sequence[Row] = (),
    events: Sequence[Row] = (),
    infusions: Sequence[Row] = (),
    *,
    form: str = "parquet",
) -> Path:
    """A folder of three tables; each drug row stands in `events` as well."""
    folder.mkdir(exist_ok=True)
    whole = {
        "stays": list(stays) or [stay_row()],
        "events": [*events, *map(repeated, infusions)],
        "infusions": list(infusions),
    }
    for table, rows in whole.items():
        if form == "csv":
            frame(table, rows).write_csv(folder / f"{table}.csv")
        else:
            frame(table, rows).write_parquet(folder / f"{table}.parquet")
    return folder


def cohort(folder: Path, text: str = MAPPING) -> Cohort:
    return open_cohort(folder, mapping(text), artifact())


def read(
    folder: Path,
    events: Sequence[Row] = (),
    infusions: Sequence[Row] = (),
    *,
    stays: Sequence[Row] = (),
    text: str = MAPPING,
) -> Stay:
    return cohort(write(folder, stays, events, infusions), text).stay("A")


def reasons(stay: Stay) -> list[tuple[str, str]]:
    return [(refusal.variable, refusal.reason) for refusal in stay.refusals]


def readings(stay: Stay, name: str) -> list[tuple[int, object]]:
    """(minute, value) of an input; a quantity as `62.5 mmHg`."""
    found = [event for event in stay.events if isinstance(event, Reading) and event.input == name]
    return [(e.time // 60_000, shown(e.value) if isinstance(e.value, Charted) else e.value) for e in found]


def rates(stay: Stay, drug: str) -> list[tuple[int, str | None]]:
    """(minute, rate) of a drug; None where it runs at an unknown rate."""
    found = [event for event in stay.events if isinstance(event, Infusion) and event.drug == drug]
    return [(e.time // 60_000, None if e.rate is None else shown(e.rate)) for e in found]


def doses(stay: Stay, drug: str) -> list[tuple[int, str | None]]:
    found = [event for event in stay.events if isinstance(event, Dose) and event.drug == drug]
    return [(e.time // 60_000, None if e.amount is None else shown(e.amount)) for e in found]


def shown(charted: Charted) -> str:
    return f"{charted.millionths / 1_000_000:g} {charted.unit}"
