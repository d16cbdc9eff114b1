"""Diagnoses as flags of a stay: by code, by words, and what is wrong with a table of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.sources.folder import MAPPING, cohort, stay_row, write

from rung_engine.event import Reading
from rung_engine.sources.problems import DataProblem

FLAGS = MAPPING.replace(
    'stay_flags = { dx_septic_shock = "septic" }',
    'stay_flags = { dx_septic_shock = "septic", "code:78551" = "cardiogenic",'
    ' "text:Cardiogenic shock" = "cardiogenic" }',
)
STAYS = [stay_row(stay_id=stay, dx_septic_shock=stay == "A") for stay in "ABCD"]


def folder(path: Path, rows: dict[str, list[str | None]]) -> Path:
    write(path, STAYS)
    pl.DataFrame(rows).write_parquet(path / "diagnoses.parquet")
    return path


def shocks(path: Path) -> dict[str, set[str] | None]:
    out: dict[str, set[str] | None] = {}
    for stay in cohort(path, FLAGS).iter_stays():
        values = [
            event.value for event in stay.events if isinstance(event, Reading) and event.input == "shock"
        ]
        out[stay.id] = set(values[0]) if values and isinstance(values[0], frozenset) else None
    return out


def test_a_code_or_words_make_a_flag(tmp_path: Path) -> None:
    place = folder(
        tmp_path / "made",
        {
            "stay_id": ["A", "B", "C", "D", "D"],
            "code": ["78551", "785.51, 78551", None, "785510", None],
            "text": [None, "shock", "cardiovascular|CARDIOGENIC SHOCK|other", "no shock", None],
        },
    )
    assert shocks(place) == {
        "A": {"septic", "cardiogenic"},
        "B": {"cardiogenic"},
        "C": {"cardiogenic"},
        "D": None,
    }


def test_no_diagnosis_says_nothing(tmp_path: Path) -> None:
    place = folder(tmp_path / "made", {"stay_id": ["A"], "code": ["V30"], "text": ["born"]})
    assert shocks(place) == {"A": {"septic"}, "B": None, "C": None, "D": None}


def test_a_missing_table_or_column_is_said(tmp_path: Path) -> None:
    place = write(tmp_path / "made", STAYS)
    with pytest.raises(DataProblem) as missing:
        cohort(place, FLAGS)
    assert (missing.value.code, missing.value.facts["table"]) == ("D102", "diagnoses")
    pl.DataFrame({"stay_id": ["A"], "code": ["V30"]}).write_parquet(place / "diagnoses.parquet")
    with pytest.raises(DataProblem) as column:
        cohort(place, FLAGS)
    assert (column.value.code, column.value.facts["column"]) == ("D105", "text")
