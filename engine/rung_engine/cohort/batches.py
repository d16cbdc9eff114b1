"""Data of any size as batches of whole stays.

Where every stay stands in one place, files are read straight through. Otherwise, and of CSV, rows are first
put into spill files by their stay, one file for each batch. Which stays form a batch depends on the data and
the size of a batch alone.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc
from numpy.typing import NDArray

from rung_engine.cohort.encode import encode
from rung_engine.cohort.facts import Codes, Facts
from rung_engine.cohort.form import NORMAL, in_words, is_text, normal
from rung_engine.cohort.read import DataFile, pieces, rows_of, stays_of
from rung_engine.frozen import frozen

MOST_SPILLS = 400
"""As many files are open at once."""
CSV_ROW = 32
"""Bytes that a row of CSV has at least, more or less: how many batches there will be is told from it."""
PACKED = 6
"""How much smaller gzip makes a CSV, more or less."""

Load = Callable[[], Facts]
Step = Callable[[int, int], None]
"""Told of work done, and of how much there is in all."""


@frozen
class Plan:
    """How data become batches: `rows` (first and last, without it) of each batch where files are read
    straight through; None where rows are put into `spills` files first."""

    rows: tuple[tuple[int, int], ...] | None
    spills: int

    @property
    def batches(self) -> int:
        return self.spills if self.rows is None else len(self.rows)


def plan_of(files: tuple[DataFile, ...], size: int) -> Plan:
    """The batches of these files, of about `size` facts each."""
    counts = [rows_of(file) for file in files]
    known = [_guess(file) if count is None else count for file, count in zip(files, counts, strict=True)]
    spills = min(max(1, -(-sum(known) // size)), MOST_SPILLS)
    if spills == 1:
        return Plan(None, 1)
    heads = _heads(files)
    if heads is None:
        return Plan(None, spills)
    starts, total = heads
    cuts = [0]
    while total - cuts[-1] > size:
        place = int(np.searchsorted(starts, cuts[-1] + size, side="right")) - 1
        if starts[place] <= cuts[-1]:  # one stay alone is larger
            place += 1
        if place >= len(starts):
            break
        cuts.append(int(starts[place]))
    return Plan(tuple(zip(cuts, [*cuts[1:], total], strict=True)), 0)


def _guess(file: DataFile) -> int:
    """How many rows a file has, more or less; the same wherever it lies."""
    packed = PACKED if file.name.lower().endswith(".gz") else 1
    return file.size * packed // CSV_ROW


def place_of(stay: str, count: int) -> int:
    """Which of `count` batches a stay belongs to, on every machine."""
    return _hash(stay) % count


def _heads(files: tuple[DataFile, ...]) -> tuple[NDArray[np.int64], int] | None:
    """The rows at which a stay begins and how many rows there are; None where a stay is in several places."""
    found: list[NDArray[np.int64]] = []
    names: list[NDArray[np.uint64]] = []
    total, last = 0, np.uint64(0)
    for file in files:
        columns = stays_of(file)
        if columns is None:
            return None
        for column in columns:
            if column.null_count or not len(column):
                return None
            if not (is_text(column.type) or pa.types.is_integer(column.type)):
                return None  # `normal` says what is wrong with it
            coded = in_words(column.cast(pa.string()) if pa.types.is_integer(column.type) else column)
            indices = np.asarray(coded.indices)
            begins = np.concatenate([[0], np.flatnonzero(indices[1:] != indices[:-1]) + 1])
            if len(begins) > len(indices) // 4 + 1000:
                return None
            spelled = coded.dictionary.take(pa.array(indices[begins])).to_pylist()
            hashes = np.array([_hash(one) for one in spelled], np.uint64)
            going_on = int(hashes[0] == last)
            last = hashes[-1]
            found.append(begins[going_on:] + total)
            names.append(hashes[going_on:])
            total += len(indices)
    if total == 0:
        return None
    every = np.concatenate(names)
    if len(np.unique(every)) != len(every):
        return None
    return np.concatenate(found), total


def _hash(stay: str) -> int:
    return int.from_bytes(blake2b(stay.encode(), digest_size=8).digest(), "little")


# ---------------------------------------------------------------- straight through


def through(
    files: tuple[DataFile, ...], plan: Plan, codes: Codes, done: frozenset[int]
) -> Iterator[tuple[int, Load]]:
    """The batches of files that are read straight through, by their numbers, without those done."""
    assert plan.rows is not None
    todo = [(number, *rows) for number, rows in enumerate(plan.rows) if number not in done]
    held: list[tuple[pa.Table, str, int]] = []
    row = 0
    for file in files:
        if not todo:
            return
        count = rows_of(file)
        if count is not None and row + count <= todo[0][1]:
            row += count
            continue
        for piece, first in pieces(file):
            begin, end = row, row + piece.num_rows
            row = end
            while todo and todo[0][1] < end:
                number, lo, hi = todo[0]
                part = piece.slice(max(lo - begin, 0), min(hi, end) - max(lo, begin))
                held.append((part, file.name, first + max(lo - begin, 0)))
                if hi > end:
                    break
                yield number, _loading(held, codes)
                held = []
                todo.pop(0)


def _loading(held: list[tuple[pa.Table, str, int]], codes: Codes) -> Load:
    return lambda: encode(_joined([normal(*part) for part in held]), codes)


def _joined(tables: list[pa.Table]) -> pa.Table:
    if any("id" in table.column_names for table in tables):
        return pa.concat_tables(tables, promote_options="default")
    return pa.concat_tables(tables or [NORMAL.empty_table()])


# ---------------------------------------------------------------- by way of spill files


def spilled(
    files: tuple[DataFile, ...],
    plan: Plan,
    codes: Codes,
    done: frozenset[int],
    folder: Path,
    workers: int,
    step: Step,
) -> Iterator[tuple[int, Load]]:
    """The batches of files in any order of rows, without those done.

    What is put into `folder` is read by the batches; it is the caller's to remove when they are done.
    """
    if plan.spills == 1:
        held = []
        total = sum(file.size for file in files)
        for place, file in enumerate(files):
            held += [(piece, file.name, first) for piece, first in pieces(file)]
            step(sum(one.size for one in files[: place + 1]), total)
        yield 0, _loading(held, codes)
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    written = _spill(files, plan.spills, folder, workers, step)
    for number in range(plan.spills):
        if number not in done:
            yield number, _reading(sorted(path for one, path in written if one == number), codes)


def _reading(paths: list[Path], codes: Codes) -> Load:
    return lambda: encode(_joined([_spill_read(path) for path in paths]), codes)


class _Spills:
    """The spill files, open for writing. One lock for each: pieces are written by several threads."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._writers: dict[tuple[int, bool], tuple[Any, Any]] = {}
        self._locks = [Lock() for _ in range(count)]
        self._made = Lock()

    def write(self, number: int, table: pa.Table) -> None:
        with_id = "id" in table.column_names
        with self._locks[number]:
            found = self._writers.get((number, with_id))
            if found is None:
                sink = pa.OSFile(str(self._path(number, with_id)), "wb")
                options = ipc.IpcWriteOptions(compression="lz4", use_threads=False)
                found = ipc.new_stream(sink, table.schema, options=options), sink
                with self._made:
                    self._writers[number, with_id] = found
            found[0].write_table(table)

    @property
    def written(self) -> list[tuple[int, Path]]:
        """The files, each with the number of its batch."""
        return [(number, self._path(number, with_id)) for number, with_id in self._writers]

    def close(self) -> None:
        for writer, sink in self._writers.values():
            writer.close()
            sink.close()

    def _path(self, number: int, with_id: bool) -> Path:
        return self._folder / (f"{number}.id" if with_id else str(number))


def _spill(
    files: tuple[DataFile, ...], count: int, folder: Path, workers: int, step: Step
) -> list[tuple[int, Path]]:
    """Puts every row where its stay belongs; the files that came of it, by the numbers of their batches."""
    spills = _Spills(folder, count)
    total = sum(file.size for file in files)
    before = 0
    with contextlib.closing(spills), ThreadPoolExecutor(workers) as pool:
        waiting: list[Any] = []
        for file in files:
            for piece, first in pieces(file):
                waiting.append(pool.submit(_scatter, piece, file.name, first, count, spills))
                if len(waiting) > workers:
                    waiting.pop(0).result()
            before += file.size
            step(before, total)
        for one in waiting:
            one.result()
    return spills.written


def _scatter(piece: pa.Table, name: str, first: int, count: int, spills: _Spills) -> None:
    """A piece's rows, checked, to the files of their stays."""
    table = normal(piece, name, first)
    stays = table["stay"].chunk(0)
    by_stay = np.array([place_of(one, count) for one in stays.dictionary.to_pylist()], np.int16)
    target = by_stay[np.asarray(stays.indices)]
    order = np.argsort(target, kind="stable")
    ends = np.searchsorted(target[order], np.arange(count + 1))
    plain = table.set_column(0, "stay", stays.cast(pa.string()))
    if "id" in plain.column_names:
        place = plain.column_names.index("id")
        plain = plain.set_column(place, "id", plain["id"].cast(pa.string()))
    sorted_out = plain.take(pa.array(order))
    for number in range(count):
        lo, hi = int(ends[number]), int(ends[number + 1])
        if hi > lo:
            spills.write(number, sorted_out.slice(lo, hi - lo).combine_chunks())


def _spill_read(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        read = ipc.open_stream(source).read_all()
    for name in ("stay", "id"):
        if name in read.column_names:
            place = read.column_names.index(name)
            read = read.set_column(place, name, read[name].combine_chunks().dictionary_encode())
    return read.cast(_like(read))


def _like(table: pa.Table) -> pa.Schema:
    word = NORMAL.field("stay").type
    return NORMAL.append(pa.field("id", word)) if "id" in table.column_names else NORMAL
