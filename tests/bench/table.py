"""Figures side by side: taken in turns in one run, medians, and a Markdown table of them in `build/bench`."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.machine import machine

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians in seconds: of the clock on the wall, and of the processor's time, all threads together."""

    wall: float
    cpu: float


def in_turns(contenders: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, Timing]:
    """Each contender once in every round, so that what else the machine does meets all alike."""
    wall: dict[str, list[float]] = {name: [] for name in contenders}
    cpu: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            start, spent = time.perf_counter(), time.process_time()
            run()
            cpu[name].append(time.process_time() - spent)
            wall[name].append(time.perf_counter() - start)
    return {name: Timing(statistics.median(wall[name]), statistics.median(cpu[name])) for name in contenders}


@dataclass(frozen=True, slots=True)
class Table:
    """`notes` stand above the table; every row has as many cells as `header`."""

    title: str
    notes: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The section, with a blank line at its end."""
        lines = [f"### {self.title}", ""]
        for note in self.notes:
            lines += [note, ""]
        lines.append(f"| {' | '.join(self.header)} |")
        lines.append(
            f"|{'|'.join(' --- ' if place == 0 else ' ---: ' for place in range(len(self.header)))}|"
        )
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        return "\n".join([*lines, "", ""])


def write(name: str, tables: Sequence[Table], rounds: int = ROUNDS) -> Path:
    """Prints the tables and writes them to `build/bench/NAME.md`, with the machine and how busy it was."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    head = f"Measured on {machine()}; medians of {rounds} rounds in turns; load average {load}.\n\n"
    text = head + "".join(table.markdown() for table in tables)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.md"
    whole = path.with_suffix(".part")
    whole.write_text(text, encoding="utf-8")
    whole.replace(path)
    print(text, end="")
    return path


def milliseconds(seconds: float) -> str:
    """To three digits."""
    return f"{seconds * 1000:.3g}" if seconds < 1 else f"{seconds * 1000:,.0f}"
