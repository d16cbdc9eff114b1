"""Rung's tidy form on disk (`stays`, `events`, `infusions`, each Parquet or CSV) read as stays of events.

The whole cohort is read once. Every row is sorted out by its variable, kind, label and status, then handed to
`stay` one stay at a time. Columns that must be there, and what they hold, are in `COLUMNS`; other columns are
left alone. Rows of `events` that repeat a row of `infusions` are matched to it one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import polars as pl

from ..artifact.model import Artifact
from .accounting import Account, total_account
from .claims import (
    LIVE,
    Chosen,
    Drugs,
    Inputs,
    Sorting,
    check_flags,
    declared_input,
    input_rule,
    is_weight,
    site_settings,
    take_cell,
    take_flags,
)
from .diagnoses import is_diagnosis, with_diagnoses
from .mapping import (
    INFUSION_KINDS,
    Found,
    FromColumn,
    FromEvents,
    FromFlags,
    InputMap,
    SiteMapping,
    choose,
    fits,
)
from .mapping_file import load_mapping, shipped_mappings
from .problems import DataProblem
from .stay import Counts, DrugTarget, EventRow, Fixed, InfusionRow, InputTarget, Stay, fixed_weight, make_stay

Holds = Literal["text", "whole", "number"]
TABLES = ("stays", "events", "infusions")
COLUMNS: dict[str, dict[str, Holds]] = {
    "stays": {"stay_id": "text"},
    "events": {
        "stay_id": "text",
        "time_min": "whole",
        "end_min": "whole",
        "kind": "text",
        "variable": "text",
        "value": "number",
        "unit": "text",
        "label": "text",
    },
    "infusions": {
        "stay_id": "text",
        "time_min": "whole",
        "end_min": "whole",
        "kind": "text",
        "drug": "text",
        "rate": "number",
        "rate_unit": "text",
        "amount": "number",
        "amount_unit": "text",
        "bag_drug_amount": "number",
        "bag_volume_ml": "number",
        "order_id": "text",
        "status": "text",
        "label": "text",
    },
}
"""The columns that every folder needs, by table, and what they hold. Any cell but a stay may be empty."""

_EXPECTED = {"text": "text", "whole": "whole numbers", "number": "numbers (64-bit, or text of decimals)"}
_KEYS = ("stay_id", "time_min", "end_min", "kind", "variable", "value", "unit", "label")


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """A folder of stays, read and checked. A stay is made into events when it is asked for.

    `settings` holds the site's values for settings that the protocol declares; `notes` what a reader of
    results must know about this mapping. `stay_ids` are sorted as text. What follows `settings` is the folder
    sorted out: facts of the whole stay, mapped columns that are not declared, weights in kg, rows of the two
    tables, and what is made of a row by its target.
    """

    folder: Path
    mapping: SiteMapping
    stay_ids: tuple[str, ...]
    settings: Mapping[str, Chosen]
    facts: Mapping[str, tuple[Fixed, ...]]
    undeclared: Counts
    weights: Mapping[str, Fraction]
    events: Sorted
    infusions: Sorted
    inputs: tuple[InputTarget, ...]
    drugs: tuple[DrugTarget, ...]

    @property
    def silence(self) -> Literal["off", "unknown"]:
        """Whether a drug without a row counts as off or as unknown; the reason is `mapping.silence_why`."""
        return self.mapping.silence

    @property
    def notes(self) -> tuple[str, ...]:
        return self.mapping.notes

    def stay(self, stay_id: str, *, without_readings: bool = False) -> Stay:
        """One stay. Raises `DataProblem` D109 for a stay that is not there.

        `without_readings`: as if `events` had no rows of it.
        """
        facts = self.facts.get(stay_id)
        if facts is None:
            first = ", ".join(self.stay_ids[:3]) or "none"
            many = str(len(self.stay_ids))
            raise DataProblem("D109", stay=stay_id, path=str(self.folder), count=many, first=first)
        return make_stay(
            stay_id,
            self.mapping.name,
            self.mapping.silence == "off",
            facts,
            Counter(self.undeclared),
            [] if without_readings else [EventRow(*row) for row in self.events.of(stay_id)],
            Counter({} if without_readings else self.events.aside.get(stay_id, {})),
            [InfusionRow(*row) for row in self.infusions.of(stay_id)],
            Counter(self.infusions.aside.get(stay_id, {})),
            self.inputs,
            self.drugs,
            self.weights.get(stay_id),
            {
                "stays": len(facts) + sum(self.undeclared.values()),
                "events": 0 if without_readings else self.events.rows.get(stay_id, 0),
                "infusions": self.infusions.rows.get(stay_id, 0),
            },
        )

    def iter_stays(self) -> Iterator[Stay]:
        """Every stay, in the order of `stay_ids`."""
        for stay_id in self.stay_ids:
            yield self.stay(stay_id)

    def accounts(self) -> tuple[Account, ...]:
        """Where every row of the folder went, by table. Reads all stays; of `stays` the cells are counted."""
        parts: dict[str, list[Account]] = {table: [] for table in TABLES}
        for stay in self.iter_stays():
            for part in stay.accounts:
                parts[part.table].append(part)
        return tuple(total_account(table, parts[table]) for table in TABLES)


def find_mapping(folder: str | Path, explicit: str | Path | None = None) -> SiteMapping:
    """The mapping to read a folder with: the one given (a file or a shipped name), else the folder's own
    `mapping.toml`, else the one shipped mapping that fits. Raises `DataProblem`."""
    place = _folder(folder)
    if explicit is not None:
        return load_mapping(explicit)
    own = place / "mapping.toml"
    if own.is_file():
        return load_mapping(own)
    return choose(shipped_mappings(), _found(place, _read(place, "stays")), str(place))


def open_cohort(folder: str | Path, mapping: SiteMapping, artifact: Artifact) -> Cohort:
    """The stays of a folder, as the mapping reads them for one protocol. Raises `DataProblem`."""
    stays = read_stays(folder, mapping)
    rows = {table: _read(Path(folder), table) for table in TABLES[1:]}
    return cohort_of(folder, {"stays": stays, **rows}, mapping, artifact)


def read_stays(folder: str | Path, mapping: SiteMapping) -> pl.DataFrame:
    """The table of stays with what the mapping looks up in `diagnoses`, its rows numbered in `row` from 1.

    Raises `DataProblem`, D119 where the folder is not what the mapping is for.
    """
    place = _folder(folder)
    stays = _read(place, "stays")
    found = _found(place, stays)
    if not fits(mapping, found):
        expected = mapping.match.words
        raise DataProblem("D119", name=mapping.name, path=str(place), expected=expected, found=found.words)
    return _diagnosed(place, stays, mapping)


def cohort_of(
    folder: str | Path, raw: Mapping[str, pl.DataFrame], mapping: SiteMapping, artifact: Artifact
) -> Cohort:
    """Stays from tables that were read, `stays` by `read_stays`; all number their rows. Raises `DataProblem`.

    Of a large folder they may be some of the stays, with all rows of these.
    """
    place = Path(folder)
    columns = {table: dict(COLUMNS[table]) for table in TABLES}
    for part in mapping.inputs:
        columns["stays"] |= _stay_columns(part)
    tables = {table: _typed(raw[table], table, columns[table]) for table in TABLES}
    stay_ids = _check_stays(tables)
    inputs, drugs = Inputs(mapping, artifact), Drugs(mapping, artifact)
    facts, weights, undeclared = _fixed(tables["stays"], mapping, artifact)
    return Cohort(
        place,
        mapping,
        stay_ids,
        site_settings(mapping, artifact),
        facts,
        undeclared,
        weights,
        _sort_events(tables["events"], tables["infusions"], inputs),
        _sort_infusions(tables["infusions"], drugs),
        tuple(inputs.targets),
        tuple(drugs.targets),
    )


# --- tables -------------------------------------------------------------------------------------------------


def _folder(folder: str | Path) -> Path:
    path = Path(folder)
    if not path.is_dir():
        raise DataProblem("D101", path=str(path))
    return path


def table_file(folder: Path, table: str) -> tuple[Path, Literal["CSV", "Parquet"]]:
    """Where a table is, and in which form. Raises `DataProblem` D102 and D103."""
    parquet, csv = folder / f"{table}.parquet", folder / f"{table}.csv"
    if parquet.is_file() and csv.is_file():
        raise DataProblem("D103", path=str(folder), table=table)
    if csv.is_file():
        return csv, "CSV"
    if not parquet.is_file():
        raise DataProblem("D102", path=str(folder), table=table)
    return parquet, "Parquet"


def _read(folder: Path, table: str, rows: int | None = None) -> pl.DataFrame:
    """A table as it stands, with its rows numbered from 1. A CSV is read as text, and typed later.

    `rows`: how many are read, all by default.
    """
    path, form = table_file(folder, table)
    try:
        if form == "CSV":
            frame = pl.read_csv(path, infer_schema=False, n_rows=rows)
        else:
            frame = pl.read_parquet(path, n_rows=rows)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as wrong:
        reason = str(wrong).splitlines()[0] if str(wrong) else type(wrong).__name__
        raise DataProblem("D104", path=str(path), form=form, reason=reason) from wrong
    for column in COLUMNS.get(table, {}):
        if column not in frame.columns:
            raise DataProblem("D105", table=table, column=column, found=", ".join(frame.columns))
    return frame.with_row_index("row", offset=1)


def _found(place: Path, stays: pl.DataFrame) -> Found:
    texts = [name for name in stays.columns if stays[name].dtype == pl.String]
    values = {name: tuple(stays[name].drop_nulls().unique().sort().to_list()) for name in texts}
    columns = {table: tuple(_read(place, table, 0).columns[1:]) for table in TABLES[1:]}
    return Found({"stays": tuple(stays.columns[1:]), **columns}, values)


def _typed(frame: pl.DataFrame, table: str, columns: Mapping[str, Holds]) -> pl.DataFrame:
    """The columns that are read, in types of their own. Raises `DataProblem` D105 and D106."""
    for column in columns:
        if column not in frame.columns:
            raise DataProblem("D105", table=table, column=column, found=", ".join(frame.columns[1:]))
    typed = [_column(frame[column], table, holds) for column, holds in columns.items()]
    return pl.DataFrame([frame["row"].cast(pl.Int64), *typed])


def _column(column: pl.Series, table: str, holds: Holds) -> pl.Series:
    kind = column.dtype
    target: pl.DataType = {"text": pl.String(), "whole": pl.Int64(), "number": pl.Float64()}[holds]
    if kind == pl.Null or (kind.is_integer() and holds != "number") or kind == target:
        fine = True
    elif holds == "number":
        fine = kind.is_integer() or kind in (pl.Boolean, pl.String)
    elif holds == "whole":
        fine = kind == pl.String
    else:
        fine = kind in (pl.Categorical, pl.Enum)
    facts = {"table": table, "column": column.name, "expected": _EXPECTED[holds]}
    if not fine:
        raise DataProblem("D106", **facts, found=f"it holds {kind}")
    made = column.cast(target, strict=False)
    lost = column.is_not_null() & made.is_null()
    if lost.any():
        place = lost.arg_true()[0]
        raise DataProblem("D106", **facts, found=f"row {place + 1} holds `{column[place]}`")
    return made.str.strip_chars() if holds == "text" else made


def _check_stays(tables: Mapping[str, pl.DataFrame]) -> tuple[str, ...]:
    """The stays, sorted. Raises `DataProblem` D107 and D108."""
    stays = tables["stays"]
    for table, frame in tables.items():
        for (row,) in frame.filter(pl.col("stay_id").is_null()).select("row").head(1).rows():
            raise DataProblem("D107", table=table, row=str(row), reason="it names no stay")
    twice = stays.filter(~pl.col("stay_id").is_first_distinct())
    for row, stay in twice.select("row", "stay_id").head(1).rows():
        raise DataProblem("D107", table="stays", row=str(row), reason=f"stay `{stay}` stands there again")
    for table in ("events", "infusions"):
        lost = tables[table].join(stays.select("stay_id"), on="stay_id", how="anti")
        for row, stay in lost.select("row", "stay_id").sort("row").head(1).rows():
            raise DataProblem("D108", table=table, stay=stay, row=str(row))
    return tuple(stays["stay_id"].sort().to_list())


def _diagnosed(place: Path, stays: pl.DataFrame, mapping: SiteMapping) -> pl.DataFrame:
    """`stays` with what the mapping looks up in `diagnoses`. Raises `DataProblem` D102 to D106."""
    parts = (part for part in mapping.inputs if isinstance(part, FromFlags))
    flags = dict.fromkeys(flag for part in parts for flag in part.flags if is_diagnosis(flag))
    if not flags:
        return stays
    wanted: dict[str, Holds] = {"stay_id": "text", "code": "text", "text": "text"}
    diagnoses = _typed(_read(place, "diagnoses"), "diagnoses", wanted)
    named = stays.with_columns(_column(stays["stay_id"], "stays", "text"))
    return with_diagnoses(named, diagnoses, flags)


# --- facts of the whole stay --------------------------------------------------------------------------------


def _stay_columns(part: InputMap) -> dict[str, Holds]:
    match part:
        case FromColumn(column=column, values=values):
            return {column: "text" if values else "number"}
        case FromFlags(flags=flags):
            return dict.fromkeys(flags, "number")
        case FromEvents():
            return {}


def _fixed(
    stays: pl.DataFrame, mapping: SiteMapping, artifact: Artifact
) -> tuple[dict[str, tuple[Fixed, ...]], dict[str, Fraction], Counts]:
    """For each stay its facts and its weight in kg; and the mapped columns that are not declared."""
    numbered: list[tuple[str, int]] = stays.select("stay_id", "row").rows()
    facts: dict[str, list[Fixed]] = {stay: [] for stay, _ in numbered}
    weights: dict[str, Fraction] = {}
    undeclared: Counts = Counter()
    for part in mapping.inputs:
        if isinstance(part, FromEvents):
            continue
        columns = (part.column,) if isinstance(part, FromColumn) else tuple(part.flags)
        shown_as = " ".join(columns)
        name = declared_input(artifact.inputs, part.name)
        if name is None:
            undeclared["not_declared", shown_as] += 1
            continue
        decl = artifact.inputs[name]
        cells = stays.select(columns).rows()
        if isinstance(part, FromColumn):
            rule = input_rule(part, name, mapping, artifact)
            taken = [take_cell(part, rule, cell) for (cell,) in cells]
            if rule.spelling is not None and is_weight(rule.spelling.target):
                found = zip(numbered, map(fixed_weight, taken), strict=True)
                weights |= {stay: weight for (stay, _), weight in found if weight is not None}
        else:
            check_flags(part, name, decl, mapping.name)
            taken = [take_flags(part, decl, row) for row in cells]
        for (stay, number), row, one in zip(numbered, cells, taken, strict=True):
            shown = " ".join("" if cell is None else str(cell) for cell in row)
            facts[stay].append(Fixed(number, name, shown_as, shown, one))
    return {stay: tuple(found) for stay, found in facts.items()}, weights, undeclared


# --- sorting the rows out -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Sorted:
    """The rows that become events, by stay; what was set aside, and how many rows came in, by stay."""

    live: pl.DataFrame
    places: Mapping[str, tuple[int, int]]
    aside: Mapping[str, Counts]
    rows: Mapping[str, int]

    def of(self, stay: str) -> list[tuple[Any, ...]]:
        first, count = self.places.get(stay, (0, 0))
        return self.live.slice(first, count).rows()


def _sort_events(events: pl.DataFrame, infusions: pl.DataFrame, inputs: Inputs) -> Sorted:
    repeats = _mark_repeats(events, infusions)
    words = events.select("variable", "kind", "label").unique()
    said = [inputs.sort(*row) for row in words.rows()]
    sorted_out = _label(events, words, said).join(repeats, on="row", how="left")
    is_drug_row = pl.col("kind").is_in(list(INFUSION_KINDS)).fill_null(value=False)
    best = pl.col("rank").min().over("stay_id", "target")
    sorted_out = sorted_out.with_columns(
        pl.when(is_drug_row & pl.col("repeats"))
        .then(pl.lit("same_row_in_infusions"))
        .when(is_drug_row)
        .then(pl.lit(LIVE))
        .when((pl.col("category") == LIVE) & (pl.col("rank") > best))
        .then(pl.lit("other_kind"))
        .otherwise(pl.col("category"))
        .alias("category"),
        pl.when(is_drug_row).then(-1).otherwise(pl.col("target")).alias("target"),
    )
    columns = ("row", "time_min", "kind", "variable", "value", "unit", "label", "target")
    return _gather(sorted_out, list(_KEYS), columns)


def _mark_repeats(events: pl.DataFrame, infusions: pl.DataFrame) -> pl.DataFrame:
    """Row by row: which drug rows of `events` are also in `infusions`, each matched once."""
    is_rate = pl.col("kind").is_in(["rate", "set"])
    theirs = infusions.select(
        "stay_id",
        "time_min",
        "end_min",
        "kind",
        pl.col("drug").alias("variable"),
        pl.when(is_rate).then("rate").otherwise("amount").alias("value"),
        pl.when(is_rate).then("rate_unit").otherwise("amount_unit").alias("unit"),
        "label",
    )
    count = pl.int_range(pl.len()).over(*_KEYS).alias("n")
    mine = events.filter(pl.col("kind").is_in(list(INFUSION_KINDS))).select("row", *_KEYS)
    mine, theirs = mine.with_columns(count), theirs.with_columns(count)
    found = mine.join(theirs, on=[*_KEYS, "n"], how="semi", nulls_equal=True)
    return mine.select("row", pl.col("row").is_in(found["row"].implode()).alias("repeats"))


def _sort_infusions(infusions: pl.DataFrame, drugs: Drugs) -> Sorted:
    frame = infusions.rename({"drug": "variable"})
    words = frame.select("variable", "kind", "label", "status").unique()
    said = [drugs.sort(*row) for row in words.rows()]
    columns = tuple(name for name in frame.columns if name != "stay_id")
    return _gather(_label(frame, words, said), frame.columns[1:], (*columns, "target"))


def _label(frame: pl.DataFrame, words: pl.DataFrame, said: list[Sorting]) -> pl.DataFrame:
    schema = {"category": pl.String, "detail": pl.String, "target": pl.Int64, "rank": pl.Int64}
    known = words.hstack(pl.DataFrame(said, schema=schema, orient="row"))
    return frame.join(known, on=words.columns, how="left", nulls_equal=True)


def _gather(frame: pl.DataFrame, content: list[str], columns: tuple[str, ...]) -> Sorted:
    """Sort by stay and content; count what is set aside. `content` is all a row says but its place."""
    live = pl.col("category") == LIVE
    taken = frame.filter(live).with_columns(pl.struct(content).is_first_distinct().alias("first"))
    again = taken.filter(~pl.col("first")).with_columns(pl.lit("duplicate").alias("category"))
    aside: dict[str, Counts] = {}
    counted = pl.concat([frame.filter(~live), again.drop("first")])
    for stay, category, detail, count in counted.group_by("stay_id", "category", "detail").len().rows():
        aside.setdefault(stay, Counter())[category, detail] = count
    blank = [pl.col(name).fill_null("") for name in columns if frame.schema[name] == pl.String]
    kept = taken.filter("first").sort(*content, "row", nulls_last=True)
    places: dict[str, tuple[int, int]] = {}
    first = 0
    for stay, count in kept.group_by("stay_id", maintain_order=True).len().rows():
        places[stay] = (first, count)
        first += count
    rows = dict(frame.group_by("stay_id").len().rows())
    return Sorted(kept.with_columns(blank).select(columns), places, aside, rows)
