"""Two versions of a protocol over the same data, batch by batch, and what differs between them.

In memory are a few batches and all that differs. The answer is the same in whatever order the rows come, in
one batch or many, on any number of cores.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import monotonic

import polars as pl
import pyarrow.parquet as pq

from rung_engine.cohort.compared import Compared
from rung_engine.cohort.counting import Counted, Lies, compared, counted, wanted
from rung_engine.cohort.data import Data, Load
from rung_engine.cohort.differing import differing
from rung_engine.cohort.engine import Engine
from rung_engine.cohort.engine import Path as EnginePath
from rung_engine.cohort.facts import Facts, events_of
from rung_engine.cohort.sought import SAME, Alike, Sought, causes
from rung_engine.cohort.stream import BATCH, Progress
from rung_engine.decision.model import Content
from rung_engine.event import Event
from rung_engine.frozen import frozen
from rung_engine.program import Program

Which = Callable[[str, Sequence[Event], int], tuple[str, ...]]
"""Asked of a change, a stay's facts as the new version reads them, and an instant at which they differ by it:
the regions, by name, in which the patient may lie then. It is asked only where several could be."""


@frozen
class Side:
    """One version and the data as it reads them."""

    program: Program
    data: Data
    silence_is_off: bool = False


@frozen
class Beside:
    """The counts; and the intervals, as `differing.INTERVALS` with the names of `changes` and `classes` that
    each belongs to, sorted by stay."""

    compared: Compared
    intervals: pl.DataFrame


def beside(
    old: Side,
    new: Side,
    *,
    alike: Alike = SAME,
    sought: Sequence[Sought] = (),
    which: Which | None = None,
    path: EnginePath = "auto",
    batch: int = BATCH,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Beside:
    """Decides on all stays under both versions. `old` and `new` are of the same files.

    `alike`: names that changed. `sought`: the changes to look for.
    Raises `DataProblem`.
    """
    engines = tuple(
        Engine(side.program, silence_is_off=side.silence_is_off, path=path) for side in (old, new)
    )
    asked = _Asked((engines[0], engines[1]), alike, tuple(sought), which)
    plans = [side.data.plan(batch) for side in (old, new)]
    assert plans[0].batches == plans[1].batches
    cores = workers or os.cpu_count() or 1
    began, facts = monotonic(), 0
    parts: list[tuple[int, _Part]] = []
    with tempfile.TemporaryDirectory(prefix="rung-beside-") as folder:
        found = [
            side.data.batches(
                plan, engine.codes, frozenset(), Path(folder) / str(place), cores, lambda done, total: None
            )
            for place, side, plan, engine in zip(count(), (old, new), plans, engines, strict=False)
        ]
        pairs = ((number, before, after) for (number, before), (_, after) in zip(*found, strict=True))
        for part in _at_once(asked, pairs, cores):
            parts.append(part)
            facts += part[1].facts
            if progress is not None:
                rate = facts / max(monotonic() - began, 1e-9)
                total = facts * plans[0].batches // len(parts)
                left = (total - facts) / rate if rate else None
                progress(Progress("deciding", facts, total, len(parts) == plans[0].batches, rate, left))
    contents = {key: both for _, part in parts for key, both in part.contents.items()}
    names = (_called(old.program), _called(new.program))
    told = compared((part.counted for _, part in parts), asked.sought, names, contents)
    intervals = pl.concat([part.counted.intervals for _, part in parts])
    return Beside(told, intervals.sort("stay", maintain_order=True))


def write_intervals(intervals: pl.DataFrame, target: Path, marks: dict[str, str]) -> None:
    """The intervals as Parquet, whole or not at all. Raises OSError."""
    table = intervals.to_arrow(compat_level=pl.CompatLevel.oldest()).replace_schema_metadata(marks)
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        pq.write_table(table, temporary, compression="zstd")
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _called(program: Program) -> str:
    return f"{program.artifact.name} {program.artifact.version}"


@frozen
class _Part:
    counted: Counted
    contents: dict[tuple[str, int], tuple[Content | None, Content | None]]
    facts: int


@frozen
class _Asked:
    """What is asked of every batch."""

    engines: tuple[Engine, Engine]
    alike: Alike
    sought: tuple[Sought, ...]
    which: Which | None

    def part(self, loads: tuple[Load, Load]) -> _Part:
        facts = (loads[0]().facts, loads[1]().facts)
        old, new = (engine.run(one) for engine, one in zip(self.engines, facts, strict=True))
        found = differing(old, new, (self.engines[0].program, self.engines[1].program), self.alike)
        rows, belongs = causes(found.intervals, self.sought)
        part = counted(found, rows, belongs, self.sought)
        if self.which is not None:
            part = _narrowed(part, facts[1], self.which)
        return _Part(part, self._contents(facts, part), facts[1].count)

    def _contents(
        self, facts: tuple[Facts, Facts], part: Counted
    ) -> dict[tuple[str, int], tuple[Content | None, Content | None]]:
        """The decisions of the stays that may be listed, at the instants that are."""
        moments = wanted(part)
        found: list[dict[tuple[str, int], Content | None]] = []
        for engine, one in zip(self.engines, facts, strict=True):
            own: dict[tuple[str, int], Content | None] = {}
            place = {stay: k for k, stay in enumerate(one.stays)}
            lines = {}
            for stay, time in moments:
                if stay in place and stay not in lines:
                    (lines[stay],) = engine.values(one.part(place[stay], place[stay] + 1))
                said = [decision for decision in lines.get(stay, ()) if decision.time <= time]
                own[stay, time] = said[-1].content if said else None
            found.append(own)
        return {key: (found[0][key], found[1][key]) for key in moments}


def _narrowed(part: Counted, facts: Facts, which: Which) -> Counted:
    """Without the regions in which a patient does not lie, where there are several to choose from."""
    place = {stay: k for k, stay in enumerate(facts.stays)}

    def told(stay: str, change: str, lies: Lies) -> Lies:
        time, names, more = lies
        if len(names) < 2 or stay not in place:
            return lies
        left = names & frozenset(which(change, events_of(facts, place[stay]), time))
        return time, left or names, more

    places = {
        (stay, change): tuple(told(stay, change, lies) for lies in every)
        for (stay, change), every in part.places.items()
    }
    return replace(part, places=places)


def _at_once(
    asked: _Asked, pairs: Iterable[tuple[int, Load, Load]], workers: int
) -> Iterator[tuple[int, _Part]]:
    """The parts as they are done; no more batches are held than there are workers, and one to come."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: dict[Future[_Part], int] = {}
        try:
            for number, old, new in pairs:
                waiting[pool.submit(asked.part, (old, new))] = number
                while len(waiting) > workers:
                    yield from _ready(waiting)
            while waiting:
                yield from _ready(waiting)
        finally:
            for one in waiting:
                one.cancel()


def _ready(waiting: dict[Future[_Part], int]) -> Iterator[tuple[int, _Part]]:
    ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
    yield from ((waiting.pop(one), one.result()) for one in ready)
