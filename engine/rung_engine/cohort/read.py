"""Files in the facts form, read piece by piece: Parquet, CSV (plain or gzip) and Arrow IPC, in any number.

A piece is some rows of one file as they stand, with the place of the first; `form.normal` checks it. What a
folder holds is said by the ends of its files' names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from rung_engine.cohort.form import FORM, NEEDED
from rung_engine.frozen import frozen
from rung_engine.sources.problems import DataProblem

Format = Literal["Parquet", "CSV", "Arrow IPC"]
ENDS: dict[str, Format] = {
    ".parquet": "Parquet",
    ".csv": "CSV",
    ".csv.gz": "CSV",
    ".arrow": "Arrow IPC",
    ".feather": "Arrow IPC",
    ".ipc": "Arrow IPC",
}
COLUMNS = (*FORM.names, "value", "id")
PIECE = 1 << 20
"""Rows read at once."""
BLOCK = 1 << 24
"""Bytes of CSV read at once."""
_TEXTS = tuple(name for name in COLUMNS if not name.endswith(("_ms", "_millionths")))


@frozen
class DataFile:
    """One file: `name` is its path below the data folder, in words that are the same on every machine."""

    path: Path
    name: str
    form: Format
    size: int
    """In bytes."""


def facts_files(place: Path) -> tuple[DataFile, ...]:
    """The files of a folder and of the folders in it, by name, or the one file. Raises `DataProblem` D123."""
    if place.is_file():
        form = _format(place)
        found = [place] if form is not None else []
        return tuple(_file(path, path.name) for path in found) or _none(place)
    if not place.is_dir():
        raise DataProblem("D123", path=str(place), ends=", ".join(ENDS))
    paths = (path for path in place.rglob("*") if path.is_file() and _format(path) is not None)
    named = sorted((path.relative_to(place).as_posix(), path) for path in paths)
    shown = [(name, path) for name, path in named if not any(part[0] in "._" for part in name.split("/"))]
    return tuple(_file(path, name) for name, path in shown) or _none(place)


def _none(place: Path) -> tuple[DataFile, ...]:
    raise DataProblem("D123", path=str(place), ends=", ".join(ENDS))


def _format(path: Path) -> Format | None:
    name = path.name.lower()
    return next((form for end, form in ENDS.items() if name.endswith(end)), None)


def _file(path: Path, name: str) -> DataFile:
    form = _format(path)
    assert form is not None
    return DataFile(path, name, form, path.stat().st_size)


def digest(file: DataFile) -> str:
    """sha256 of what the file holds."""
    with file.path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def pieces(file: DataFile) -> Iterator[tuple[pa.Table, int]]:
    """The rows of a file and the number of the first of them, from 1. Raises `DataProblem` D104 and D105."""
    row = 1
    try:
        for table in _tables(file, threads=True):
            if table.num_rows or row == 1:
                yield table, row
            row += table.num_rows
    except (pa.ArrowException, OSError, EOFError, ValueError) as wrong:
        raise _unreadable(file, _located(file, wrong)) from wrong


def stays_of(file: DataFile) -> Iterator[pa.Array] | None:
    """The column of stays alone, piece by piece; None where that is no less work than all."""
    if file.form == "CSV":
        return None
    return _stays(file)


def _stays(file: DataFile) -> Iterator[pa.Array]:
    try:
        if file.form == "Parquet":
            with pq.ParquetFile(file.path, read_dictionary=["stay"], memory_map=True) as parquet:
                if "stay" not in parquet.schema_arrow.names:
                    found = ", ".join(parquet.schema_arrow.names)
                    raise DataProblem("D105", table=file.name, column="stay", found=found)
                for batch in parquet.iter_batches(PIECE, columns=["stay"]):
                    yield batch.column(0)
        else:
            for table in _tables(file, threads=True):
                if "stay" not in table.column_names:
                    found = ", ".join(table.column_names)
                    raise DataProblem("D105", table=file.name, column="stay", found=found)
                yield from table["stay"].chunks
    except (pa.ArrowException, OSError, EOFError, ValueError) as wrong:
        raise _unreadable(file, wrong) from wrong


def rows_of(file: DataFile) -> int | None:
    """How many rows a file has, where it says so itself. Raises `DataProblem` D104."""
    if file.form != "Parquet":
        return None
    try:
        return int(pq.read_metadata(file.path, memory_map=True).num_rows)
    except (pa.ArrowException, OSError) as wrong:
        raise _unreadable(file, wrong) from wrong


def _tables(file: DataFile, *, threads: bool) -> Iterator[pa.Table]:
    match file.form:
        case "Parquet":
            with pq.ParquetFile(file.path, memory_map=True) as parquet:
                names = parquet.schema_arrow.names
                words = [name for name in _TEXTS if name in names and _is_text(parquet.schema_arrow, name)]
                wanted = [name for name in COLUMNS if name in names]
            _lacking(file, names)
            with pq.ParquetFile(file.path, read_dictionary=words, memory_map=True) as parquet:
                for batch in parquet.iter_batches(PIECE, columns=wanted, use_threads=False):
                    yield pa.Table.from_batches([batch])
        case "CSV":
            options = csv.ConvertOptions(
                column_types={name: pa.dictionary(pa.int32(), pa.string()) for name in _TEXTS}
                | {name: pa.int64() for name in COLUMNS if name not in _TEXTS},
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            )
            reading = csv.ReadOptions(block_size=BLOCK, use_threads=threads)
            with csv.open_csv(file.path, read_options=reading, convert_options=options) as stream:
                _lacking(file, stream.schema.names)
                yield _wanted(pa.table({name: [] for name in stream.schema.names}, schema=stream.schema))
                for batch in stream:
                    yield _wanted(pa.Table.from_batches([batch]))
        case "Arrow IPC":
            with pa.memory_map(str(file.path)) as source:
                for batch in _arrow(source):
                    _lacking(file, batch.schema.names)
                    for first in range(0, max(batch.num_rows, 1), PIECE):
                        yield _wanted(pa.Table.from_batches([batch.slice(first, PIECE)]))


def _arrow(source: Any) -> Iterator[pa.RecordBatch]:
    try:
        opened = ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        yield from ipc.open_stream(source)
        return
    for number in range(opened.num_record_batches):
        yield opened.get_batch(number)


def _is_text(schema: pa.Schema, name: str) -> bool:
    kind = schema.field(name).type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _wanted(table: pa.Table) -> pa.Table:
    return table.select([name for name in COLUMNS if name in table.column_names])


def _lacking(file: DataFile, names: list[str]) -> None:
    """Raises `DataProblem` D105 before any row is read."""
    for column in NEEDED:
        if column not in names:
            raise DataProblem("D105", table=file.name, column=column, found=", ".join(names))


def _located(file: DataFile, wrong: Exception) -> Exception:
    """The same mistake of a CSV with the number of its row, which only a reader of one thread can tell."""
    if file.form == "CSV":
        try:
            for _ in _tables(file, threads=False):
                pass
        except (pa.ArrowException, OSError, EOFError, ValueError) as again:
            return again
    return wrong


def _unreadable(file: DataFile, wrong: Exception) -> DataProblem:
    reason = str(wrong).splitlines()[0] if str(wrong) else type(wrong).__name__
    return DataProblem("D104", path=file.name, form=file.form, reason=reason)
