"""What the tests of Spark send to its workers: the loss of a machine in its work, and a tally."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from rung_engine.cohort.facts import Facts
from rung_engine.cohort.tables import Decided


@dataclass(frozen=True, slots=True)
class StruckOnce:
    """Passes rows on; after the first of them, once in all, it kills the executor that it runs in.

    `marker`: a file that says that it was done, and whom it hit.
    """

    marker: str

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch
            try:
                marker = os.open(self.marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            except FileExistsError:
                continue
            victim = _executor()
            os.write(marker, str(victim).encode())
            os.close(marker)
            os.kill(victim, signal.SIGKILL)
            time.sleep(60)  # nothing of this task gets out


def count(facts: Facts, decided: Decided) -> pl.DataFrame:
    """How much a batch was."""
    return pl.DataFrame({"stays": [len(facts.stays)], "decisions": [decided.decisions.num_rows]})


def _executor() -> int:
    """The Java process that this Python works for."""
    process = os.getpid()
    while process > 1:
        if b"CoarseGrainedExecutorBackend" in Path(f"/proc/{process}/cmdline").read_bytes():
            return process
        process = int(Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[1])
    raise AssertionError("this is no executor's Python")
