"""The folder of a run: what it is a run of, which parts are done, and files that are whole or not there.

`manifest.json` says what a run depends on. Only a run of the same goes on in the same folder. A file is
written under another name and then renamed; of a part the decisions come last, so that a part with decisions
is done.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rung_engine.frozen import frozen
from rung_engine.sources.problems import DataProblem

FORMAT = 1
NAME = "manifest.json"
LOCK = ".lock"
SPILLS = ".spill"
KINDS = ("tally", "account", "items", "decisions")
"""The files of a part, in the order in which they are written."""

_WORDS = {
    "artifact": "the protocol",
    "settings": "the settings",
    "data": "the data",
    "mapping": "the mapping",
    "engine": "the version of the engine",
    "silence_is_off": "what it means that nothing is charted",
    "batch": "the size of a batch",
    "keeps": "what is kept",
    "format": "the form of the folder",
}


@frozen
class Part:
    """What a part holds: the metadata of its decisions."""

    number: int
    stays: int
    facts: int
    decisions: int
    items: int


class Folder:
    """The folder that a run writes. `about` is what the run depends on, plain data for JSON."""

    def __init__(self, place: Path, about: Mapping[str, Any]) -> None:
        self.place = place
        self.about = about
        self._marks = {
            "rung.artifact": str(about["artifact"]["seal"]),
            "rung.meaning": str(about["artifact"]["meaning"]),
            "rung.data": str(about["data"]["sha256"]),
            "rung.engine": str(about["engine"]),
            "rung.settings": json.dumps(about["settings"], sort_keys=True, ensure_ascii=False),
        }

    def open(self) -> None:
        """Makes the folder, or finds in it a run of the same. Raises `DataProblem` D128 and D129."""
        self.place.mkdir(parents=True, exist_ok=True)
        found = manifest_of(self.place)
        if found is None:
            if any(not path.name.startswith(".") for path in self.place.iterdir()):
                raise DataProblem("D129", path=str(self.place))
            self._write_manifest({"complete": False})
            return
        own = json.loads(json.dumps(dict(self.about)))
        differing = [key for key in own if found.get(key) != own[key]]
        if differing:
            said = ", ".join(_WORDS.get(key, key) for key in sorted(differing))
            raise DataProblem("D128", path=str(self.place), differs=said)
        for path in self.place.glob(".*.tmp"):
            path.unlink()

    def done(self, batches: int) -> dict[int, Part]:
        """The parts that are whole, by number."""
        found = {number: self._part(number) for number in range(batches)}
        return {number: part for number, part in found.items() if part is not None}

    def finish(self, parts: Mapping[int, Part]) -> None:
        """Says that nothing is left to do."""
        totals = {
            name: sum(getattr(part, name) for part in parts.values())
            for name in ("stays", "facts", "decisions", "items")
        }
        self._write_manifest({"complete": True, "parts": len(parts), "totals": totals})

    def path(self, kind: str, number: int) -> Path:
        end = "json" if kind == "account" else "parquet"
        return self.place / f"{kind}-{number:05d}.{end}"

    def write_table(self, kind: str, part: Part, table: pa.Table) -> None:
        """One table of a part, in a form that depends on its content alone."""
        marks = {**self._marks, "rung.part": json.dumps([getattr(part, name) for name in _PART])}
        plain = _canonical(table).replace_schema_metadata(marks)
        with self._writing(self.path(kind, part.number)) as path:
            pq.write_table(plain, path, version="2.6", compression="zstd", write_statistics=["time_ms"])

    def write_json(self, kind: str, part: Part, data: object) -> None:
        with self._writing(self.path(kind, part.number)) as path:
            path.write_text(json.dumps(data, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")

    def _part(self, number: int) -> Part | None:
        try:
            marks = pq.read_metadata(self.path("decisions", number)).metadata or {}
        except (OSError, pa.ArrowException):
            return None
        if any(marks.get(key.encode()) != value.encode() for key, value in self._marks.items()):
            return None
        part = Part(*json.loads(marks[b"rung.part"]))
        return part if part.number == number else None

    def _write_manifest(self, end: Mapping[str, Any]) -> None:
        with self._writing(self.place / NAME) as path:
            text = json.dumps({**self.about, **end}, indent=2, sort_keys=True, ensure_ascii=False)
            path.write_text(text + "\n", "utf-8")

    @contextlib.contextmanager
    def _writing(self, path: Path) -> Iterator[Path]:
        """A path to write to that becomes `path` when all is on the disk."""
        beside = path.with_name(f".{path.name}.tmp")
        yield beside
        with beside.open("rb+") as written:
            os.fsync(written.fileno())
        beside.replace(path)


_PART = ("number", "stays", "facts", "decisions", "items")


def manifest_of(place: Path) -> dict[str, Any] | None:
    """What a folder says it is a run of; `complete` says whether all is there. None where it says nothing."""
    try:
        found = json.loads((place / NAME).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@contextlib.contextmanager
def alone(place: Path) -> Iterator[None]:
    """Nobody else writes in the folder meanwhile. Raises `DataProblem` D132."""
    import fcntl

    place.mkdir(parents=True, exist_ok=True)
    with (place / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            raise DataProblem("D132", path=str(place)) from taken
        yield


def _canonical(table: pa.Table) -> pa.Table:
    """The table with every dictionary sorted and without words that no row has, all in one piece."""
    columns = []
    for field in table.schema:
        column = table[field.name]
        if pa.types.is_dictionary(field.type):
            column = _sorted_words(column)
        columns.append(column)
    return pa.table(columns, schema=table.schema)


def _sorted_words(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks != 1:
        column = column.unify_dictionaries().combine_chunks()
    whole = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    words = whole.dictionary.to_pylist()
    bits, held = whole.indices.buffers()
    indices = np.frombuffer(held, np.int32)[whole.offset :][: len(whole)]
    if whole.null_count:
        known = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
        known = known[whole.offset :][: len(whole)]
        indices = np.where(known, indices, np.int32(len(words)))
        bits = pa.py_buffer(np.packbits(known, bitorder="little"))
    else:
        bits = None
    used = np.zeros(len(words) + 1, np.bool_)
    used[indices] = True
    kept = sorted({word for word, there in zip(words, used[:-1].tolist(), strict=True) if there})
    place = {word: number for number, word in enumerate(kept)}
    moved = np.array([*(place.get(word, 0) for word in words), 0], np.int32)[indices]
    made = pa.Array.from_buffers(pa.int32(), len(whole), [bits, pa.py_buffer(moved)], whole.null_count)
    return pa.DictionaryArray.from_arrays(made, pa.array(kept, pa.string()), safe=False)
