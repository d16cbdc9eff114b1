"""The same engine on many machines: Apache Spark brings the facts of a stay together, the engine decides.

Facts are put by their stays onto partitions and sorted; each partition goes through `mapInArrow` in batches
of whole stays, so that a worker holds a batch and never a partition. A program travels as the bytes of its
artifact with the site's settings, and a worker makes an engine of it once. A task that is lost is done again
by Spark and says the same. docs/reference/spark.md says how to run this on a cluster.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from rung_engine.artifact.load import load
from rung_engine.artifact.model import Number
from rung_engine.artifact.seal import to_bytes
from rung_engine.cohort.charts import accounts_added
from rung_engine.cohort.data import Data, FactsData
from rung_engine.cohort.encode import encode
from rung_engine.cohort.engine import Engine
from rung_engine.cohort.engine import Path as EnginePath
from rung_engine.cohort.facts import Facts
from rung_engine.cohort.form import form_of, normal
from rung_engine.cohort.manifest import Folder, Part, alone
from rung_engine.cohort.read import COLUMNS
from rung_engine.cohort.stream import BATCH, Run, Tally, about_of
from rung_engine.cohort.tables import DECISIONS, ITEMS, Decided
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.sources.problems import DataProblem

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Which = Literal["decisions", "items"]
FEWEST_PARTITIONS = 8
NAME = "the facts in Spark"
"""What a partition is called in a problem; a row is counted within its batch."""

_MARK = "rung-data-problem:"
_TYPES = {pa.int64(): "bigint", pa.int32(): "int", pa.bool_(): "boolean", pa.binary(): "binary"}
_PARTS = pa.schema(
    [
        ("stays", pa.int64()),
        ("facts", pa.int64()),
        ("decisions", pa.binary()),
        ("items", pa.binary()),
        ("tally", pa.binary()),
    ]
)
"""One row for each batch of whole stays: how much it was, and its tables as Arrow streams."""


def decisions(
    program: Program,
    df: DataFrame,
    *,
    silence_is_off: bool = False,
    path: EnginePath = "auto",
    batch: int = BATCH,
    partitions: int | None = None,
) -> DataFrame:
    """The decisions (`tables.DECISIONS`, words as strings) on a DataFrame in the facts form, lazily.

    Each stay's rows are together and in the order of time. `partitions`: by default what the session says
    (`spark.sql.shuffle.partitions`). A problem of the data fails the job, with its code in the message.
    """
    work = _Work.of(program, silence_is_off, path, batch)
    return _mapped(df, partitions, _Table(work, "decisions"), _plain(DECISIONS))


def items(
    program: Program,
    df: DataFrame,
    *,
    silence_is_off: bool = False,
    path: EnginePath = "auto",
    batch: int = BATCH,
    partitions: int | None = None,
) -> DataFrame:
    """The items (`tables.ITEMS`, words as strings) on a DataFrame in the facts form; else as `decisions`."""
    work = _Work.of(program, silence_is_off, path, batch)
    return _mapped(df, partitions, _Table(work, "items"), _plain(ITEMS))


def run(
    program: Program,
    data: Data,
    out: str | Path,
    *,
    master: str,
    silence_is_off: bool = False,
    path: EnginePath = "auto",
    batch: int = BATCH,
    items: bool = True,
    tally: Tally | None = None,
    configured: Mapping[str, str] | None = None,
) -> Run:
    """Decides on all stays of `data` on the Spark at `master`, into the folder `out`, as `stream.run` does.

    Every part is written by this process, whole or not at all; parts are numbered by the data, whatever the
    cluster. Facts in Parquet are read by the workers, who must see the same paths; all else is put into
    Parquet below `out` first. `configured`: Spark's own settings by name. Raises `DataProblem` as
    `stream.run`. ModuleNotFoundError: pyspark is not installed (the extra `spark`).
    """
    from pyspark.errors import PythonException
    from pyspark.storagelevel import StorageLevel

    place = Path(out)
    about = about_of(
        program, data, silence_is_off=silence_is_off, batch=batch, items=items, tally=tally is not None
    )
    with alone(place):
        folder = Folder(place, {**about, "spark": True})
        folder.open()
        spark = session(master, configured)
        done: dict[int, Part] = {}
        with tempfile.TemporaryDirectory(prefix=".facts-", dir=place) as below:
            files, accounts = _parquet(program, data, batch, Path(below))
            df = spark.read.parquet(*(str(file) for file in files))
            partitions = max(FEWEST_PARTITIONS, -(-4 * df.count() // batch))
            work = _Parts(_Work.of(program, silence_is_off, path, batch), items, tally)
            said = _mapped(df, partitions, work, _PARTS).persist(StorageLevel.DISK_ONLY)
            try:
                said.count()
                for number, row in enumerate(said.toLocalIterator()):
                    done[number] = _write(folder, number, row.asDict())
            except PythonException as error:
                raise _problem_in(str(error)) or error from None
            finally:
                said.unpersist()
        if accounts and done:
            folder.write_json("account", done[0], accounts_added(accounts))
        folder.finish(done)
    return Run(place, tuple(done.values()), about)


def session(master: str, configured: Mapping[str, str] | None = None) -> SparkSession:
    """A session at this master, or the one there is in this process.

    On this machine alone (`local`), workers are of this very Python and nobody listens to the network.
    """
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("rung cohort")
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        builder = builder.config("spark.ui.enabled", "false")
    for name, value in (configured or {}).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


# ---------------------------------------------------------------- at the driver


def _mapped(
    df: DataFrame, partitions: int | None, work: Callable[..., Iterator[pa.RecordBatch]], schema: pa.Schema
) -> DataFrame:
    """The rows brought together by stay and given to `work`, which says rows of `schema`."""
    known = df.select(*(name for name in df.columns if name in COLUMNS))
    together = known.repartition("stay") if partitions is None else known.repartition(partitions, "stay")
    types = ", ".join(f"`{field.name}` {_TYPES.get(field.type, 'string')}" for field in schema)
    return together.sortWithinPartitions("stay").mapInArrow(work, types)


def _plain(schema: pa.Schema) -> pa.Schema:
    """The same with words as strings."""
    return pa.schema(
        [(field.name, pa.string() if pa.types.is_dictionary(field.type) else field.type) for field in schema]
    )


def _parquet(
    program: Program, data: Data, batch: int, below: Path
) -> tuple[list[Path], list[Mapping[str, Any]]]:
    """The facts as Parquet files: those of the data, or such as are written into the folder `below`.

    And of a tidy folder what became of every row, by batch.
    """
    if isinstance(data, FactsData) and all(file.form == "Parquet" for file in data.files):
        return [file.path for file in data.files], []
    plan = data.plan(batch)
    codes = Engine(program).codes
    written: list[Path] = []
    accounts: list[Mapping[str, Any]] = []
    for number, loads in data.batches(plan, codes, frozenset(), below / "spills", 1, _unwatched):
        written.append(below / f"facts-{number:05d}.parquet")
        loaded = loads()
        pq.write_table(form_of(loaded.facts), written[-1], compression="zstd")
        if loaded.account is not None:
            accounts.append(loaded.account)
    return written, accounts


def _unwatched(done: int, total: int) -> None:
    """Nobody watches."""


def _write(folder: Folder, number: int, row: Mapping[str, Any]) -> Part:
    """A part as it came from a worker, on the disk. Its decisions are written last."""
    tables = {
        name: ipc.open_stream(row[name]).read_all() for name in ("tally", "items", "decisions") if row[name]
    }
    counted = [tables[name].num_rows if name in tables else 0 for name in ("decisions", "items")]
    part = Part(number, row["stays"], row["facts"], *counted)
    for name, table in tables.items():
        folder.write_table(name, part, table)
    return part


def _problem_in(text: str) -> DataProblem | None:
    """The problem that a worker told of, found in what Spark says."""
    for line in text.splitlines():
        _, mark, told = line.partition(_MARK)
        if mark:
            said = json.loads(told)
            return DataProblem(said["code"], **said["facts"])
    return None


# ---------------------------------------------------------------- at a worker


@frozen
class _Work:
    """What a worker needs to make an engine, as plain data: equal work is one engine in a process."""

    artifact: bytes
    settings: tuple[tuple[str, str | tuple[int, str]], ...]
    unverified: bool
    silence_is_off: bool
    path: EnginePath
    batch: int

    @staticmethod
    def of(program: Program, silence_is_off: bool, path: EnginePath, batch: int) -> _Work:
        settings = tuple(
            (name, (value.millionths, value.unit) if isinstance(value, Number) else value)
            for name, value in sorted(program.site_settings.items())
        )
        unverified = program.unproved is not None
        return _Work(to_bytes(program.artifact), settings, unverified, silence_is_off, path, batch)

    def decided(self, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[Facts, Decided]]:
        """Batch by batch of whole stays: the facts and the answer."""
        engine = _engine(self)
        try:
            for table in whole_stays(batches, self.batch):
                facts = encode(normal(table, NAME, 1), engine.codes)
                yield facts, engine.run(facts)
        except DataProblem as problem:
            told = json.dumps({"code": problem.code, "facts": problem.facts})
            raise RuntimeError(f"{problem}\n{_MARK}{told}") from None


@lru_cache(maxsize=2)
def _engine(work: _Work) -> Engine:
    settings = {
        name: value if isinstance(value, str) else Number(millionths=value[0], unit=value[1])
        for name, value in work.settings
    }
    program = Program(load(work.artifact), settings, unverified=work.unverified)
    return Engine(program, silence_is_off=work.silence_is_off, path=work.path)


@frozen
class _Table:
    """One of the two tables, with words as strings."""

    work: _Work
    which: Which

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        plain = _plain(DECISIONS if self.which == "decisions" else ITEMS)
        for _, decided in self.work.decided(batches):
            yield from getattr(decided, self.which).cast(plain).to_batches(max_chunksize=1 << 16)


@frozen
class _Parts:
    """All that is kept of a batch, as one row of `_PARTS`."""

    work: _Work
    items: bool
    tally: Tally | None

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for facts, decided in self.work.decided(batches):
            counted = None if self.tally is None else self.tally(facts, decided).to_arrow(compat_level=None)
            row = {
                "stays": len(facts.stays),
                "facts": facts.count,
                "decisions": _streamed(decided.decisions),
                "items": _streamed(decided.items if self.items else None),
                "tally": _streamed(counted),
            }
            yield pa.RecordBatch.from_pylist([row], schema=_PARTS)


def _streamed(table: pa.Table | None) -> bytes | None:
    if table is None:
        return None
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema, options=ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table.unify_dictionaries())
    return bytes(sink.getvalue())


def whole_stays(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """Tables of whole stays, each of `size` rows or a little more, from batches sorted by stay.

    A stay may go on from batch to batch: it is held back until another begins.
    """
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        held.append(batch)
        count += batch.num_rows
        last = _rows_of_last(held) if count >= size else count
        if last < count:
            table = pa.Table.from_batches(held)
            yield table.slice(0, count - last)
            held = table.slice(count - last).to_batches()
            count = last
    if held:
        yield pa.Table.from_batches(held)


def _rows_of_last(held: list[pa.RecordBatch]) -> int:
    """How many rows at the end are of the stay of the last row."""
    stay = held[-1].column("stay")[-1]
    rows = 0
    for batch in reversed(held):
        same = pc.sum(pc.equal(batch.column("stay"), stay)).as_py() or 0
        rows += same
        if same < batch.num_rows:
            break
    return rows
