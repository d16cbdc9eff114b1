"""What Spark costs beside one machine's own run: the same facts, the same decisions, on this machine's cores.

`STAYS=1000000 python tests/bench/bench_spark.py` for another size. A median of `TIMES` runs each; Spark's own
start is shown by itself. The last column is processor time, of Java and of every Python together; what Spark
has there more than the machine's own run is what docs/reference/spark.md calls bringing facts together.
Writes `build/bench/spark.md`.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.table import Table, write

from rung_engine.cohort import spark, stream
from rung_engine.cohort.data import open_facts
from rung_engine.program import Program
from rung_engine.sources.synthetic_facts import write_facts
from rung_lang.driver import compile_protocol
from rung_lang.source import decode

ROOT = Path(__file__).resolve().parents[2]
STAYS = int(os.environ.get("STAYS", "20000"))
TIMES = int(os.environ.get("TIMES", "3"))
CORES = 2


def main() -> None:
    """Prints and writes the table."""
    path = str(ROOT / "protocols" / "septic_shock.rung")
    found = compile_protocol(path, lambda name: decode(name, Path(name).read_bytes()))
    assert found.artifact is not None
    chosen = {
        name: decl.lo if decl.lo is not None else (*decl.choices, "no")[0]
        for name, decl in found.artifact.settings.items()
        if decl.value is None
    }
    program = Program(found.artifact, chosen, unverified=True)
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data"
        facts = write_facts(data, STAYS, 7)
        began = time.perf_counter()
        session = spark.session(f"local[{CORES}]", {"spark.log.level": "OFF"})
        session.range(1).count()
        start = time.perf_counter() - began

        def near(out: Path) -> object:
            return stream.run(program, open_facts(data), out, workers=CORES, items=False)

        def far(out: Path) -> object:
            return spark.run(program, open_facts(data), out, master=f"local[{CORES}]", items=False)

        rows = [
            ("one machine's own run", *_medians(near, place)),
            (f"Spark, local[{CORES}]", *_medians(far, place)),
        ]
        session.stop()
    table = Table(
        "Spark beside one machine's own run",
        (
            f"{facts:,} facts of {STAYS:,} stays, on the same cores; Spark started in {start:.1f} s. Seconds "
            "of cores are those of Java and of every Python together.",
        ),
        ("", "seconds", "facts a second", "core seconds", "core seconds for a million facts"),
        tuple(
            (
                name,
                f"{seconds:.1f}",
                f"{facts / seconds:,.0f}",
                f"{worked:.1f}",
                f"{worked / facts * 1e6:.2f}",
            )
            for name, seconds, worked in rows
        ),
    )
    write("spark", (table,), TIMES)


def _medians(run: Callable[[Path], object], place: str) -> tuple[float, float]:
    """Seconds by the clock, and of processors."""
    taken, worked = [], []
    for number in range(TIMES):
        out = Path(place) / f"out-{number}"
        began, before = time.perf_counter(), _processor_seconds()
        run(out)
        taken.append(time.perf_counter() - began)
        worked.append(_processor_seconds() - before)
        shutil.rmtree(out)
    return statistics.median(taken), statistics.median(worked)


def _processor_seconds() -> float:
    """Of this process and all that it started, as Linux counts them."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = place.read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        pid = int(place.parent.name)
        parents[pid], ticks[pid] = int(parts[1]), sum(int(part) for part in parts[11:15])
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(ticks[pid] for pid in ours) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
