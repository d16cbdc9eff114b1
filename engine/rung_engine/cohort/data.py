"""What a run reads: files in the facts form, or a tidy folder with its mapping, found out from the place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from rung_engine.cohort.batches import Plan, Step, plan_of, spilled, through
from rung_engine.cohort.facts import Codes, Facts
from rung_engine.cohort.read import DataFile, digest, facts_files
from rung_engine.frozen import frozen


@frozen
class Loaded:
    """A batch: whole stays, and (of a tidy folder) what became of every row, plain data for JSON."""

    facts: Facts
    account: Mapping[str, Any] | None = None


class Load(Protocol):
    """Reads a batch that was found. Called once, from any thread."""

    def __call__(self) -> Loaded: ...


class Data(Protocol):
    """Something that a run reads."""

    @property
    def files(self) -> tuple[DataFile, ...]:
        """All that is read, by name."""

    @property
    def mapping(self) -> str:
        """sha256 of the mapping that it is read with; empty where there is none."""

    def plan(self, size: int) -> Plan:
        """How it becomes batches of about `size` facts. Raises `DataProblem`."""

    def batches(
        self, plan: Plan, codes: Codes, done: frozenset[int], spills: Path, workers: int, step: Step
    ) -> Iterator[tuple[int, Load]]:
        """The batches by number, without those done. Raises `DataProblem`, as does each `Load`."""


@frozen
class FactsData:
    """Files in the facts form."""

    files: tuple[DataFile, ...]
    mapping: str = ""

    def plan(self, size: int) -> Plan:
        return plan_of(self.files, size)

    def batches(
        self, plan: Plan, codes: Codes, done: frozenset[int], spills: Path, workers: int, step: Step
    ) -> Iterator[tuple[int, Load]]:
        found = (
            spilled(self.files, plan, codes, done, spills, workers, step)
            if plan.rows is None
            else through(self.files, plan, codes, done)
        )
        for number, load in found:
            yield number, lambda load=load: Loaded(load())


def is_tidy(place: str | Path) -> bool:
    """Whether a folder has the tables of Rung's tidy form, and not facts."""
    folder = Path(place)
    return any(
        (folder / f"{table}{end}").is_file() for table in ("stays", "events") for end in (".parquet", ".csv")
    )


def open_facts(place: str | Path) -> FactsData:
    """The files in the facts form in a folder, or one file. Raises `DataProblem` D123."""
    return FactsData(facts_files(Path(place)))


def hash_of(files: tuple[DataFile, ...]) -> tuple[str, dict[str, str]]:
    """sha256 of what all files hold, whatever their names and order; and of each, by name."""
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip((file.name for file in files), pool.map(digest, files), strict=True))
    lines = "".join(f"{one}\n" for one in sorted(found.values()))
    return hashlib.sha256(lines.encode()).hexdigest(), found
