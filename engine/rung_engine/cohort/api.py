"""The cohort engine for programs: a table of facts in, the decisions on it out, in the same library.

A table is in the facts form (docs/reference/cohort-data.md). What is in memory is answered in memory; what is
read as it is needed (a polars LazyFrame, an Arrow reader, a path) is answered so too, in batches of whole
stays, by way of a temporary folder. Problems of the table are `DataProblem`s.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from rung_engine.cohort.data import FactsData, open_facts
from rung_engine.cohort.encode import encode
from rung_engine.cohort.engine import Engine
from rung_engine.cohort.engine import Path as EnginePath
from rung_engine.cohort.facts import Codes, Facts
from rung_engine.cohort.form import normal
from rung_engine.cohort.stream import BATCH
from rung_engine.cohort.tables import DECISIONS, ITEMS, Decided, joined
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.sources.problems import DataProblem

Frame = Any
"""A polars DataFrame or LazyFrame, a pandas one, an Arrow Table or RecordBatchReader, a path, or `Facts`."""
Which = Literal["decisions", "items"]
_Table = TypeVar("_Table")
NAME = "the table"
"""What a table in memory is called in a problem."""


@frozen
class Answer:
    """What a program says to a table: both tables in the library the facts came in.

    polars, pandas and Arrow tables for those; a `LazyFrame` for a LazyFrame or a path, which decides anew
    whenever it is collected; an Arrow reader for an Arrow reader, which can be read only once.
    """

    decisions: Any
    items: Any


def run(
    program: Program,
    table: Frame,
    *,
    silence_is_off: bool = False,
    path: EnginePath = "auto",
    batch: int = BATCH,
) -> Answer:
    """Both tables, decided on once. Of what is read as it is needed, each is decided on by itself."""
    asked = _Asked(Engine(program, silence_is_off=silence_is_off, path=path), batch)
    if _lazy(table):
        return Answer(asked.lazily(table, "decisions"), asked.lazily(table, "items"))
    decided = joined(list(asked.batches(table)))
    return Answer(_like(table, decided.decisions), _like(table, decided.items))


def decisions(program: Program, table: _Table, **options: Any) -> _Table:
    """The table of decisions (`tables.DECISIONS`), in the library of `table`. Options are those of `run`."""
    return cast(_Table, _one(program, table, "decisions", **options))


def items(program: Program, table: _Table, **options: Any) -> _Table:
    """The table of items (`tables.ITEMS`), in the library of `table`. Options are those of `run`."""
    return cast(_Table, _one(program, table, "items", **options))


def batches(
    program: Program,
    table: Frame,
    *,
    silence_is_off: bool = False,
    path: EnginePath = "auto",
    batch: int = BATCH,
) -> Iterator[Decided]:
    """The answer batch by batch, each of whole stays, with no more than one in memory."""
    return _Asked(Engine(program, silence_is_off=silence_is_off, path=path), batch).batches(table)


def facts(program: Program, table: Frame) -> Facts:
    """A table in memory as `Facts`, for whoever asks the engine stay by stay."""
    return encode(normal(_arrow(table), NAME, 1), Engine(program).codes)


def _one(
    program: Program,
    table: Any,
    which: Which,
    *,
    silence_is_off: bool = False,
    path: EnginePath = "auto",
    batch: int = BATCH,
) -> Any:
    asked = _Asked(Engine(program, silence_is_off=silence_is_off, path=path), batch)
    if _lazy(table):
        return asked.lazily(table, which)
    return _like(table, getattr(joined(list(asked.batches(table))), which))


@dataclass(frozen=True, slots=True)
class _Asked:
    engine: Engine
    batch: int

    def batches(self, table: Frame) -> Iterator[Decided]:
        if isinstance(table, Facts):
            found = _parts(table, self.batch)
        elif _lazy(table):
            found = _read(table, self.engine.codes, self.batch)
        else:
            found = _parts(encode(normal(_arrow(table), NAME, 1), self.engine.codes), self.batch)
        for part in found:
            yield self.engine.run(part)

    def lazily(self, table: Any, which: Which) -> Any:
        if isinstance(table, pa.RecordBatchReader):
            schema = DECISIONS if which == "decisions" else ITEMS
            return pa.RecordBatchReader.from_batches(schema, self._arrow_batches(table, which))
        from polars.io.plugins import register_io_source

        def source(
            columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
        ) -> Iterator[pl.DataFrame]:
            left = rows
            for decided in self.batches(table):
                frame = _polars(getattr(decided, which))
                if left is not None:
                    frame = frame.head(left)
                    left -= frame.height
                if predicate is not None:
                    frame = frame.filter(predicate)
                yield frame if columns is None else frame.select(columns)
                if left == 0:
                    return

        empty = (DECISIONS if which == "decisions" else ITEMS).empty_table()
        return register_io_source(source, schema=_polars(empty).schema)

    def _arrow_batches(self, table: pa.RecordBatchReader, which: Which) -> Iterator[pa.RecordBatch]:
        for decided in self.batches(table):
            yield from getattr(decided, which).unify_dictionaries().combine_chunks().to_batches()


def _lazy(table: object) -> bool:
    return isinstance(table, pl.LazyFrame | pa.RecordBatchReader | str | Path)


def _parts(facts: Facts, size: int) -> Iterator[Facts]:
    """Whole stays of about `size` facts at a time, from memory."""
    first = 0
    while first < len(facts.stays):
        last = int(facts.start.searchsorted(facts.start[first] + size, side="right")) - 1
        last = max(last, first + 1)
        yield facts.part(first, last)
        first = last


def _read(
    table: pl.LazyFrame | pa.RecordBatchReader | str | Path, codes: Codes, size: int
) -> Iterator[Facts]:
    with _files(table) as data, tempfile.TemporaryDirectory() as spills:
        plan = data.plan(size)
        for _, load in data.batches(plan, codes, frozenset(), Path(spills) / "spills", 1, _quiet):
            yield load().facts


@contextmanager
def _files(table: pl.LazyFrame | pa.RecordBatchReader | str | Path) -> Iterator[FactsData]:
    """The table as files, which are there while they are read."""
    if isinstance(table, str | Path):
        yield open_facts(table)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{NAME}.parquet"
        if isinstance(table, pl.LazyFrame):
            table.sink_parquet(path, compression="lz4", statistics=False, row_group_size=1 << 18)
        else:
            with pq.ParquetWriter(path, table.schema, compression="lz4") as writer:
                for piece in table:
                    writer.write_batch(piece)
        yield open_facts(path)


def _quiet(done: int, total: int) -> None:
    """Nobody watches."""


def _arrow(table: Any) -> pa.Table:
    """A table in memory as an Arrow table."""
    if isinstance(table, pa.Table):
        return table
    if isinstance(table, pl.DataFrame):
        return table.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String)).to_arrow()
    try:
        return pa.Table.from_pandas(table, preserve_index=False)
    except (pa.ArrowException, TypeError, AttributeError) as wrong:
        reason = str(wrong).splitlines()[0]
        raise DataProblem(
            "D104", path=NAME, form="a table of polars, pandas or Arrow", reason=reason
        ) from wrong


def _like(table: Any, answer: pa.Table) -> Any:
    """The answer in the library of the table; of `Facts`, in polars."""
    if isinstance(table, pa.Table):
        return answer.unify_dictionaries()
    if isinstance(table, pl.DataFrame | Facts):
        return _polars(answer)
    return answer.unify_dictionaries().to_pandas()


def _polars(table: pa.Table) -> pl.DataFrame:
    """Words as strings, which every polars can join."""
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
