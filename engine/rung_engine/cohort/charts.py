"""From the stays of a tidy folder to `Facts`, the many plain readings by columns.

What one variable, kind, value and unit are of a declared input is asked once for all rows that say the same;
rows of drugs, whose meaning hangs on each other, go through `sources.stay`. The facts are those of reading
stay by stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from rung_engine.cohort.facts import Codes, Facts, coded_reading, facts_of, places
from rung_engine.cohort.layout import READING
from rung_engine.cohort.order import in_order
from rung_engine.sources.accounting import Account, account, total_account
from rung_engine.sources.stay import MINUTE, Counts, InputTarget, Stay
from rung_engine.sources.tidy import TABLES, Cohort

_KEY = ("target", "kind", "value", "unit")
_SAID = {
    "name": pl.Int16,
    "code": pl.Int16,
    "number": pl.Int64,
    "later": pl.Int64,
    "reason": pl.String,
    "rounded": pl.Boolean,
}


def facts_of_cohort(cohort: Cohort, codes: Codes) -> tuple[Facts, dict[str, Any]]:
    """The facts of every stay, and where every row went: plain data for JSON, see `account_of`."""
    readings = _readings(cohort, codes)
    stays = {stay: cohort.stay(stay, without_readings=True) for stay in cohort.stay_ids}
    others = facts_of(codes, {stay: found.events for stay, found in stays.items()})
    taken = readings.filter(pl.col("name").is_not_null() & pl.col("time_min").is_not_null())
    time = (taken["time_min"] + taken["later"]).cast(pl.Int64).to_numpy() * MINUTE
    parts = (
        (taken["stay"].to_numpy(), np.repeat(np.arange(len(stays)), np.diff(others.start))),
        (time, others.time),
        (np.full(len(taken), READING, np.int8), others.kind),
        (taken["name"].to_numpy(), others.name),
        (taken["code"].to_numpy(), others.unit),
        (taken["number"].to_numpy(), others.value),
        (np.full(len(taken), -1, np.int32), others.conc),
    )
    stay, time, kind, name, unit, value, conc = (np.concatenate(part) for part in parts)
    # Each row is a fact of its own, also where another says the same.
    own = np.arange(len(stay))
    every = np.arange(len(stays), dtype=np.int32)
    start, ordered = in_order(
        stay.astype(np.int32), every, len(stays), (time, kind, name, unit, value, conc), own
    )
    facts = Facts(codes, cohort.stay_ids, start, *ordered, others.concentrations)
    return facts, _account(cohort, readings, stays.values())


def _readings(cohort: Cohort, codes: Codes) -> pl.DataFrame:
    """The rows of `events` in the order of stays, each with what it says: `_SAID`, and the place of its stay.

    `name` is null where nothing is passed on, `reason` where nothing is wrong.
    """
    rows = cohort.events
    counts = [rows.places.get(stay, (0, 0))[1] for stay in cohort.stay_ids]
    stay = pl.Series("stay", np.repeat(np.arange(len(counts)), counts))
    distinct = rows.live.select(_KEY).unique(maintain_order=True)
    units = places(codes)[4]
    said = [_said(cohort.inputs, codes, units, *row) for row in distinct.rows()]
    known = distinct.hstack(pl.DataFrame(said, schema=_SAID, orient="row"))
    joined = rows.live.join(known, on=_KEY, how="left", nulls_equal=True, maintain_order="left")
    no_time = pl.when(pl.col("time_min").is_null() & (pl.col("target") >= 0)).then(pl.lit("no_time"))
    return joined.with_columns(stay, reason=no_time.otherwise(pl.col("reason")))


def _said(
    inputs: tuple[InputTarget, ...],
    codes: Codes,
    units: Mapping[str, int],
    target: int,
    kind: str,
    value: float | None,
    unit: str,
) -> tuple[int | None, int | None, int | None, int, str | None, bool]:
    if target < 0:
        return None, None, None, 0, "no_such_infusion", False
    asked = inputs[target]
    taken = asked.rule.take(value, unit)
    later = asked.map.minutes_later.get(kind, 0)
    if taken.value is None:
        return None, None, None, later, taken.reason, taken.rounded
    name = codes.inputs.index(asked.rule.name)
    return name, *coded_reading(codes, units, name, taken.value), later, taken.reason, taken.rounded


# ---------------------------------------------------------------- where every row went


def _account(cohort: Cohort, readings: pl.DataFrame, stays: Iterable[Stay]) -> dict[str, Any]:
    found = list(stays)
    by_table: dict[str, list[Account]] = {table: [] for table in TABLES}
    refused: Counter[tuple[str, str, str]] = Counter()
    for stay in found:
        for part in stay.accounts:
            if part.table != "events":
                by_table[part.table].append(part)
        refused.update((one.table, one.variable, one.reason) for one in stay.refusals)
    counts: Counts = Counter()
    for aside in cohort.events.aside.values():
        counts.update(aside)
    wrong = readings.filter(pl.col("reason").is_not_null())
    for variable, reason, count in wrong.group_by("variable", "reason").len().rows():
        counts["refused", reason] += count
        refused["events", variable, reason] += count
    used = readings.filter(pl.col("reason").is_null())
    for variable, count in used.group_by("variable").len().rows():
        counts["used", variable] += count
    notes = Counter({"rounded": int(used["rounded"].sum())})
    by_table["events"] = [account("events", sum(cohort.events.rows.values()), counts, notes)]
    return account_of({table: total_account(table, parts) for table, parts in by_table.items()}, refused)


def account_of(tables: Mapping[str, Account], refused: Mapping[tuple[str, str, str], int]) -> dict[str, Any]:
    """An account as plain data: of each table `rows`, `counts` and `notes` as in `Account`; and `refused`,
    how many rows by table, variable and reason."""
    return {
        "tables": {
            table: {
                "rows": one.rows,
                "counts": [list(item) for item in one.counts],
                "notes": [list(item) for item in one.notes],
            }
            for table, one in tables.items()
        },
        "refused": [[*key, count] for key, count in sorted(refused.items())],
    }


def accounts_added(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The account of several parts."""
    found = list(parts)
    refused: Counter[tuple[str, str, str]] = Counter()
    for part in found:
        for table, variable, reason, count in part["refused"]:
            refused[table, variable, reason] += count
    tables = {
        table: total_account(table, (_read(table, part["tables"][table]) for part in found))
        for table in TABLES
    }
    return account_of(tables, refused)


def _read(table: str, part: Mapping[str, Any]) -> Account:
    counts = tuple((category, detail, count) for category, detail, count in part["counts"])
    return Account(table, part["rows"], counts, tuple((note, count) for note, count in part["notes"]))
