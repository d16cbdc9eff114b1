"""A cohort of any size: batch by batch from its files to a folder of Parquet files, on every core.

Memory is that of a few batches. Parts are numbered by the plan, so that the same data give the same files on
any number of cores. A run that was stopped, however, goes on where it was: see `manifest`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from rung_engine import __version__
from rung_engine.artifact.model import Number
from rung_engine.cohort.data import Data, Load, hash_of
from rung_engine.cohort.engine import Engine
from rung_engine.cohort.engine import Path as EnginePath
from rung_engine.cohort.facts import Facts
from rung_engine.cohort.manifest import FORMAT, SPILLS, Folder, Part, alone
from rung_engine.cohort.tables import Decided
from rung_engine.frozen import frozen
from rung_engine.program import Program

if TYPE_CHECKING:
    import polars as pl

BATCH = 1_000_000
"""Facts in a batch, more or less: a stay is never split."""

Tally = Callable[[Facts, Decided], "pl.DataFrame"]
"""Something counted of each batch, kept beside its decisions."""


@frozen
class Progress:
    """How far a run is. `reading`: bytes of the files put in order, before anything is decided; `deciding`:
    facts decided on, in this run and before. `total` is exact where `sure`, else from what was seen so far.
    `rate`: of this stage, per second, measured; `left`: seconds at that rate, None where nothing is known.
    """

    stage: Literal["reading", "deciding"]
    done: int
    total: int
    sure: bool
    rate: float
    left: float | None


@frozen
class Run:
    """A run that is complete. `parts` by their numbers."""

    folder: Path
    parts: tuple[Part, ...]
    about: dict[str, Any]

    @property
    def stays(self) -> int:
        return sum(part.stays for part in self.parts)

    @property
    def facts(self) -> int:
        return sum(part.facts for part in self.parts)

    def paths(self, kind: Literal["decisions", "items", "tally", "account"]) -> tuple[Path, ...]:
        """The files of a kind that are there, by part."""
        end = "json" if kind == "account" else "parquet"
        found = (self.folder / f"{kind}-{part.number:05d}.{end}" for part in self.parts)
        return tuple(path for path in found if path.exists())


def run(
    program: Program,
    data: Data,
    out: str | Path,
    *,
    silence_is_off: bool = False,
    path: EnginePath = "auto",
    batch: int = BATCH,
    workers: int | None = None,
    items: bool = True,
    tally: Tally | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Decides on all stays of `data`, into the folder `out`; goes on with what is there of the same run.

    `items`: whether the table of items is kept. Raises `DataProblem`: of the data, D128 where the folder
    holds a run of something else, D129 where it holds other things, D132 where somebody else writes there.
    """
    place = Path(out)
    engine = Engine(program, silence_is_off=silence_is_off, path=path)
    about = about_of(
        program, data, silence_is_off=silence_is_off, batch=batch, items=items, tally=tally is not None
    )
    with alone(place):
        folder = Folder(place, about)
        folder.open()
        plan = data.plan(batch)
        done = folder.done(plan.batches)
        known = sum(hi - lo for lo, hi in plan.rows) if plan.rows is not None else None
        watch = _Watch(progress, plan.batches, known, done)
        cores = workers or os.cpu_count() or 1

        def part(number: int, load: Load) -> Part:
            loaded = load()
            facts = loaded.facts
            decided = engine.run(facts)
            made = Part(
                number, len(facts.stays), facts.count, decided.decisions.num_rows, decided.items.num_rows
            )
            if tally is not None:
                folder.write_table("tally", made, tally(facts, decided).to_arrow(compat_level=None))
            if loaded.account is not None:
                folder.write_json("account", made, loaded.account)
            if items:
                folder.write_table("items", made, decided.items)
            folder.write_table("decisions", made, decided.decisions)
            return made

        if len(done) < plan.batches:
            found = data.batches(plan, engine.codes, frozenset(done), place / SPILLS, cores, watch.read)
            try:
                for made in _at_once(found, part, cores):
                    done[made.number] = made
                    watch.decided(made)
            finally:
                shutil.rmtree(place / SPILLS, ignore_errors=True)
        folder.finish(done)
    return Run(place, tuple(done[number] for number in sorted(done)), about)


def about_of(
    program: Program, data: Data, *, silence_is_off: bool, batch: int, items: bool, tally: bool
) -> dict[str, Any]:
    """What a run depends on, plain data for JSON: only a run of the same goes on in a folder."""
    total_hash, by_file = hash_of(data.files)
    return {
        "format": FORMAT,
        "engine": __version__,
        "artifact": _artifact(program),
        "settings": _settings(program),
        "silence_is_off": silence_is_off,
        "data": {"sha256": total_hash, "files": by_file},
        "mapping": data.mapping,
        "batch": batch,
        "keeps": [*(["items"] if items else []), *(["tally"] if tally else [])],
    }


def _at_once(
    found: Iterator[tuple[int, Load]], work: Callable[[int, Load], Part], workers: int
) -> Iterator[Part]:
    """The parts as they are done; no more batches are held than there are workers, and one to come."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: set[Future[Part]] = set()
        try:
            for number, load in found:
                waiting.add(pool.submit(work, number, load))
                while len(waiting) > workers:
                    ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (one.result() for one in ready)
            while waiting:
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in ready)
        finally:
            for one in waiting:
                one.cancel()


class _Watch:
    """Measures a run and tells of it."""

    def __init__(
        self,
        tell: Callable[[Progress], None] | None,
        batches: int,
        known: int | None,
        done: dict[int, Part],
    ) -> None:
        self._tell = tell
        self._batches, self._known = batches, known
        self._parts = len(done)
        self._before = self._facts = sum(part.facts for part in done.values())
        self._began = self._reading = monotonic()
        self._lock = Lock()

    def read(self, done: int, total: int) -> None:
        """Bytes put in order."""
        self._began = monotonic()
        rate = done / max(monotonic() - self._reading, 1e-9)
        self._say(Progress("reading", done, total, True, rate, (total - done) / rate if done else None))

    def decided(self, part: Part) -> None:
        now = monotonic()
        self._parts += 1
        self._facts += part.facts
        new = self._facts - self._before
        rate = new / max(now - self._began, 1e-9)
        if self._parts == self._batches:  # rows that say the same were one fact
            self._known = self._facts
        total = self._known
        if total is None:
            total = self._facts * self._batches // self._parts
        left = max(total - self._facts, 0) / rate if rate else None
        self._say(Progress("deciding", self._facts, total, self._known is not None, rate, left))

    def _say(self, progress: Progress) -> None:
        if self._tell is not None:
            with self._lock:
                self._tell(progress)


def _artifact(program: Program) -> dict[str, str]:
    artifact = program.artifact
    return {
        "name": artifact.name,
        "version": artifact.version,
        "meaning": artifact.meaning,
        "seal": artifact.seal,
        "unproved": program.unproved or "",
    }


def _settings(program: Program) -> dict[str, Any]:
    """What the site chose, as plain data."""
    return {
        name: {"millionths": value.millionths, "unit": value.unit} if isinstance(value, Number) else value
        for name, value in sorted(program.site_settings.items())
    }
