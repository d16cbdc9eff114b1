"""A tidy folder of any size as batches of whole stays.

The table of stays is held; the rows of the others are put into files by their stays first where they are more
than one batch.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rung_engine.artifact.model import Artifact
from rung_engine.cohort.batches import CSV_ROW, MOST_SPILLS, Plan, Step, place_of
from rung_engine.cohort.charts import facts_of_cohort
from rung_engine.cohort.data import FactsData, Load, Loaded, is_tidy, open_facts
from rung_engine.cohort.facts import Codes
from rung_engine.cohort.read import BLOCK, PIECE, DataFile, digest
from rung_engine.frozen import frozen
from rung_engine.sources.diagnoses import is_diagnosis
from rung_engine.sources.mapping import FromFlags, SiteMapping
from rung_engine.sources.problems import DataProblem
from rung_engine.sources.tidy import (
    COLUMNS,
    TABLES,
    cohort_of,
    find_mapping,
    open_cohort,
    read_stays,
    table_file,
)

_ROWS = TABLES[1:]


@frozen
class TidyData:
    """A tidy folder as its mapping reads it for one protocol."""

    folder: Path
    site: SiteMapping
    artifact: Artifact
    files: tuple[DataFile, ...]
    mapping: str

    def plan(self, size: int) -> Plan:
        counts = (_count(file) for file in self.files if file.path.stem in _ROWS)
        return Plan(None, min(max(1, -(-sum(counts) // size)), MOST_SPILLS))

    def batches(
        self, plan: Plan, codes: Codes, done: frozenset[int], spills: Path, workers: int, step: Step
    ) -> Iterator[tuple[int, Load]]:
        if plan.spills == 1:
            cohort = open_cohort(self.folder, self.site, self.artifact)
            yield 0, lambda: Loaded(*facts_of_cohort(cohort, codes))
            return
        stays = read_stays(self.folder, self.site)
        shutil.rmtree(spills, ignore_errors=True)
        spills.mkdir(parents=True)
        total, before = sum(file.size for file in self.files), 0
        schemas = {}
        for table in _ROWS:
            file = next(file for file in self.files if file.path.stem == table)
            schemas[table] = _scatter(file, plan.spills, spills)
            before += file.size
            step(before, total)
        part = _parts(stays, plan.spills)
        for number in range(plan.spills):
            if number not in done:
                yield (
                    number,
                    self._loading(stays.filter(pl.Series(part == number)), schemas, number, spills, codes),
                )

    def _loading(
        self, stays: pl.DataFrame, schemas: dict[str, pl.Schema], number: int, spills: Path, codes: Codes
    ) -> Load:
        def load() -> Loaded:
            rows = {table: _gathered(schemas[table], spills / f"{table}-{number}") for table in _ROWS}
            cohort = cohort_of(self.folder, {"stays": stays, **rows}, self.site, self.artifact)
            return Loaded(*facts_of_cohort(cohort, codes))

        return load


def open_data(
    place: str | Path, artifact: Artifact, mapping: str | Path | None = None
) -> FactsData | TidyData:
    """What is in a place: Rung's tidy form where its tables are there or a mapping is given, else facts.

    `mapping`: a file or the name of a shipped one; by default the one that fits. Raises `DataProblem`.
    """
    if mapping is None and not is_tidy(place):
        return open_facts(place)
    return open_tidy(place, find_mapping(place, mapping), artifact)


def open_tidy(folder: str | Path, mapping: SiteMapping, artifact: Artifact) -> TidyData:
    """A tidy folder. Raises `DataProblem` D102 and D103."""
    place = Path(folder)
    flags = [flag for part in mapping.inputs if isinstance(part, FromFlags) for flag in part.flags]
    tables = (*TABLES, *(["diagnoses"] if any(map(is_diagnosis, flags)) else []))
    files = []
    for table in tables:
        path, form = table_file(place, table)
        files.append(DataFile(path, path.name, form, path.stat().st_size))
    site = Path(mapping.path)
    spelled = digest(DataFile(site, site.name, "CSV", 0)) if site.is_file() else mapping.name
    return TidyData(place, mapping, artifact, tuple(files), spelled)


def _count(file: DataFile) -> int:
    """How many rows a table has, more or less."""
    if file.form == "CSV":
        return file.size // CSV_ROW
    return int(pq.read_metadata(file.path).num_rows)


def _parts(table: pl.DataFrame, count: int) -> NDArray[np.int64]:
    """By row the batch of its stay, spelled as `sources.tidy` does. A row without one goes to the first."""
    spelled = table["stay_id"].cast(pl.String).str.strip_chars()
    distinct = spelled.unique()
    places = [0 if one is None else place_of(one, count) for one in distinct.to_list()]
    known = pl.DataFrame({"stay_id": distinct, "place": pl.Series(places, dtype=pl.Int64)})
    found = spelled.to_frame().join(known, on="stay_id", how="left", nulls_equal=True, maintain_order="left")
    return found["place"].to_numpy()


def _scatter(file: DataFile, count: int, folder: Path) -> pl.Schema:
    """The rows of a table, numbered, into files by their stays; the columns they have."""
    table = file.path.stem
    row = 1
    writers: dict[int, tuple[Any, Any]] = {}
    schema = pl.Schema()
    try:
        for piece in _pieces(file):
            frame = pl.from_arrow(piece)
            assert isinstance(frame, pl.DataFrame)
            for column in COLUMNS[table]:
                if column not in frame.columns:
                    raise DataProblem("D105", table=table, column=column, found=", ".join(frame.columns))
            frame = frame.with_row_index("row", offset=row).with_columns(
                pl.col(pl.Categorical).cast(pl.String)
            )
            row += frame.height
            schema = frame.schema
            part = _parts(frame, count)
            order = np.argsort(part, kind="stable")
            sorted_out, ends = frame[order], np.searchsorted(part[order], np.arange(count + 1))
            for number, (lo, hi) in enumerate(itertools.pairwise(ends.tolist())):
                if hi > lo:
                    _write(writers, number, sorted_out.slice(lo, hi - lo), folder / f"{table}-{number}")
    except (pa.ArrowException, OSError, ValueError) as wrong:
        reason = str(wrong).splitlines()[0] if str(wrong) else type(wrong).__name__
        raise DataProblem("D104", path=str(file.path), form=file.form, reason=reason) from wrong
    finally:
        for writer, sink in writers.values():
            writer.close()
            sink.close()
    return schema


def _write(writers: dict[int, tuple[Any, Any]], number: int, frame: pl.DataFrame, path: Path) -> None:
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    if number not in writers:
        sink = pa.OSFile(str(path), "wb")
        options = ipc.IpcWriteOptions(compression="lz4", use_threads=False)
        writers[number] = ipc.new_stream(sink, table.schema, options=options), sink
    writers[number][0].write_table(table)


def _pieces(file: DataFile) -> Iterator[pa.Table]:
    if file.form == "Parquet":
        with pq.ParquetFile(file.path, memory_map=True) as parquet:
            yield parquet.schema_arrow.empty_table()
            for batch in parquet.iter_batches(PIECE):
                yield pa.Table.from_batches([batch])
        return
    with csv.open_csv(file.path, read_options=csv.ReadOptions(block_size=1 << 16)) as head:
        names = head.schema.names
    options = csv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    reading = csv.ReadOptions(block_size=BLOCK)
    with csv.open_csv(file.path, read_options=reading, convert_options=options) as stream:
        yield pa.table({name: pa.array([], pa.string()) for name in names})
        for batch in stream:
            yield pa.Table.from_batches([batch])


def _gathered(schema: pl.Schema, path: Path) -> pl.DataFrame:
    if not path.exists():
        return pl.DataFrame(schema=schema)
    with pa.memory_map(str(path)) as source:
        frame = pl.from_arrow(ipc.open_stream(source).read_all())
    assert isinstance(frame, pl.DataFrame)
    return frame.sort("row")
