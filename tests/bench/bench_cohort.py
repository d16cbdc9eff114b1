"""Whole histories: `SIZES=1,10,50 python tests/bench/bench_cohort.py`, sizes in millions of facts.

The shipped septic shock protocol over a synthetic cohort. The kernel alone, with its tables, and the whole
way from Parquet to Parquet, beside the session engine on a sample of the same stays, whose decisions are
compared. Writes `build/bench/cohort.md`.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "engine"), str(ROOT / "dsl")]

import numpy as np  # noqa: E402
from tests.bench.bench_septic import program  # noqa: E402
from tests.bench.table import ROUNDS, Table, in_turns, milliseconds, write  # noqa: E402

from rung_engine.artifact.model import Number  # noqa: E402
from rung_engine.artifact.seal import to_bytes  # noqa: E402
from rung_engine.cohort.columnar import Columnar  # noqa: E402
from rung_engine.cohort.data import open_facts  # noqa: E402
from rung_engine.cohort.engine import Engine  # noqa: E402
from rung_engine.cohort.facts import Facts, codes_of  # noqa: E402
from rung_engine.decision.model import decision_bytes  # noqa: E402
from rung_engine.program import Program  # noqa: E402
from rung_engine.sources.synthetic_facts import make_facts, write_facts  # noqa: E402

SIZES = tuple(float(one) for one in os.environ.get("SIZES", "1,10").split(","))
SEED = 7
CORES = 2
BATCH = 1_000_000
SAMPLE = 10_000
"""Facts that the session engine is measured on."""
MODEL = 400
"""Stays that say how many facts one has."""
LARGE = 20_000_000
"""From here on fewer rounds."""
LARGE_ROUNDS = 3
WITHOUT_KEPT = 3
"""Rounds of a fresh process that has to compile the kernel."""


def rounds_of(facts: int) -> int:
    return LARGE_ROUNDS if facts >= LARGE else ROUNDS


def stays_for(facts: float) -> int:
    """How many of the first stays have so many facts, more or less."""
    of = make_facts(SEED, 1, MODEL + 1)["stay"].combine_chunks().indices.to_numpy()
    ends = np.bincount(of).cumsum()
    if facts <= ends[-1]:
        return int(np.searchsorted(ends, facts)) + 1
    return round(facts * MODEL / int(ends[-1]))


def in_memory(ready: Program, data: Path) -> list[Facts]:
    """The batches of a folder, as a run reads them. A fact in memory is 25 bytes."""
    source, codes = open_facts(data), codes_of(ready)
    plan = source.plan(BATCH)
    with tempfile.TemporaryDirectory() as spills:
        found = source.batches(plan, codes, frozenset(), Path(spills), CORES, lambda done, total: None)
        return [load().facts for _, load in found]


def sample_of(batches: Sequence[Facts]) -> Facts:
    """The first stays, `SAMPLE` facts or a little less."""
    first = batches[0]
    last = max(1, int((first.start <= SAMPLE).sum()) - 1)
    return first.part(0, last)


_WHOLE = """
import json, resource, sys, time
sys.path[:0] = {paths!r}
from rung_engine.artifact.load import load
from rung_engine.artifact.model import Number
from rung_engine.cohort import stream
from rung_engine.cohort.data import open_facts
from rung_engine.program import Program
settings = dict({settings!r}, high_dose=Number(**{dose!r}))
program = Program(load(open({artifact!r}, "rb").read()), settings, unverified=True)
stream.run(program, open_facts({first!r}), {out!r} + "-first", workers={cores}, items={items!r})
start, spent = time.perf_counter(), time.process_time()
run = stream.run(program, open_facts({data!r}), {out!r}, workers={cores}, items={items!r})
print(json.dumps([time.perf_counter() - start, time.process_time() - spent,
                  resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, run.facts]))
"""


def script(text: str, ready: Program, artifact: Path, **more: object) -> str:
    """A program for a process of its own, that begins with the protocol and the settings of the site."""
    chosen = dict(ready.site_settings)
    dose = chosen.pop("high_dose")
    assert isinstance(dose, Number)
    return text.format(
        paths=[str(ROOT / "engine")], settings=chosen, dose=dose.model_dump(), artifact=str(artifact), **more
    )


def whole_way(
    ready: Program, artifact: Path, data: Path, first: Path, out: Path, *, items: bool
) -> tuple[float, float, int]:
    """One run in a process of its own, after a run over `first` there: seconds on the wall, of processors,
    and the largest memory in bytes.
    """
    text = script(
        _WHOLE, ready, artifact, data=str(data), first=str(first), out=str(out), cores=CORES, items=items
    )
    ran = subprocess.run([sys.executable, "-c", text], check=True, stdout=subprocess.PIPE, text=True)
    shutil.rmtree(out)
    shutil.rmtree(f"{out}-first")
    wall, cpu, kilobytes, _ = json.loads(ran.stdout)
    return wall, cpu, kilobytes * 1024


def session_rate(ready: Program, place: Path) -> tuple[float, float]:
    """Facts a second of one session after another: decisions, and decisions with the two tables.

    Measured once: a synthetic stay depends on seed and number alone, so the first ones are in every cohort.
    """
    data = place / "sample"
    write_facts(data, 100, SEED)
    sample = sample_of(in_memory(ready, data))
    columnar = [*Engine(ready, path="kernel").values(sample)]
    by_session = [*Engine(ready, path="session").values(sample)]
    for one, other in zip(columnar, by_session, strict=True):
        assert [*map(decision_bytes, one)] == [*map(decision_bytes, other)]
    engine = Engine(ready, path="session")
    spent = in_turns({"plain": lambda: [*engine.values(sample)], "tables": lambda: engine.run(sample)})
    return sample.count / spent["plain"].wall, sample.count / spent["tables"].wall


def sized(ready: Program, artifact: Path, place: Path, facts: float, plain: float, tabled: float) -> Table:
    """Everybody on a cohort of about so many facts; the session engine as `session_rate` found it."""
    began = time.perf_counter()
    data = place / "data"
    count = write_facts(data, stays_for(facts), SEED, workers=CORES)
    batches = in_memory(ready, data)
    stays = sum(len(one.stays) for one in batches)
    say(began, f"{count:,} facts: made and read")
    columnar = Columnar(ready, silence_is_off=False)
    engine = Engine(ready, path="kernel")
    beyond = sum(int((columnar.run(one).failed != 0).sum()) for one in batches)
    pool = ThreadPoolExecutor(CORES)
    halves = [part for one in batches for part in halved(one)]

    def alone(part: Facts) -> None:
        columnar.run(part)

    def with_tables(part: Facts) -> None:
        engine.run(part)

    def one_thread(work: Callable[[Facts], None]) -> None:
        for one in batches:
            work(one)

    def two_threads(work: Callable[[Facts], None]) -> None:
        for _ in pool.map(work, halves):
            pass

    rounds = rounds_of(count)
    times = in_turns(
        {
            "kernel alone, one thread": partial(one_thread, alone),
            "kernel alone, two threads": partial(two_threads, alone),
            "kernel and tables, one thread": partial(one_thread, with_tables),
            "kernel and tables, two threads": partial(two_threads, with_tables),
        },
        rounds,
    )
    say(began, f"{count:,} facts: the kernel is measured")
    pool.shutdown()
    batches.clear()
    halves.clear()
    cells = [row(name, t.wall, t.cpu, count, plain, "") for name, t in times.items()]
    files: dict[bool, list[tuple[float, float, int]]] = {False: [], True: []}
    for _ in range(rounds):
        for items, found in files.items():
            found.append(whole_way(ready, artifact, data, place / "sample", place / "out", items=items))
    for items, found in files.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*found, strict=True))
        name = f"file to files, two cores, {'both tables' if items else 'decisions only'}"
        cells.append(row(name, wall, cpu, count, plain, f"{memory / 2**20:,.0f}"))
    shutil.rmtree(data)
    for name, rate in (("session engine", plain), ("session engine and tables", tabled)):
        cells.append((f"{name} (from {SAMPLE:,} facts)", "", "", f"{rate:,.0f}", f"{rate / plain:.2f}", ""))
    return Table(
        f"Whole histories, {count:,} facts",
        (
            f"{stays:,} synthetic stays under septic_shock; medians of {rounds}; {beyond} stays beyond 64 "
            "bits. The decisions on the sample, which are the first of these stays, were compared with the "
            "session engine's: identical, byte for byte. The largest memory is that of a process of its own.",
        ),
        ("", "wall ms", "processor ms", "facts a second", "x session", "memory MiB"),
        tuple(cells),
    )


def say(began: float, what: str) -> None:
    print(f"{time.perf_counter() - began:7.1f} s  {what}", file=sys.stderr, flush=True)


def row(name: str, wall: float, cpu: float, facts: int, base: float, memory: str) -> tuple[str, ...]:
    """`base`: facts a second of the session engine."""
    rate = facts / wall
    return name, milliseconds(wall), milliseconds(cpu), f"{rate:,.0f}", f"{rate / base:,.0f}", memory


def halved(facts: Facts) -> tuple[Facts, Facts]:
    """Two threads on one batch too: cut between stays, near the middle of the facts."""
    middle = int((facts.start <= facts.count // 2).sum()) - 1
    return facts.part(0, middle), facts.part(middle, len(facts.stays))


_FRESH = """
import sys, time
start = time.perf_counter()
sys.path[:0] = {paths!r}
from rung_engine.artifact.load import load
from rung_engine.artifact.model import Number
from rung_engine.cohort.data import open_facts
from rung_engine.cohort.engine import Engine
from rung_engine.program import Program
settings = dict({settings!r}, high_dose=Number(**{dose!r}))
program = Program(load(open({artifact!r}, "rb").read()), settings, unverified=True)
engine = Engine(program)
data = open_facts({data!r})
plan = data.plan(1_000_000)
for number, load in data.batches(plan, engine.codes, frozenset(), None, 1, lambda done, total: None):
    engine.run(load().facts)
print(time.perf_counter() - start)
"""


def fresh(ready: Program, artifact: Path, place: Path, kept: Path) -> Table:
    """The first result of a process that has just begun, with the kernel `kept` by an earlier one and
    without."""
    cells = []
    for facts in (2_000, 100_000):
        data = place / f"few-{facts}"
        count = write_facts(data, stays_for(facts), SEED)
        text = script(_FRESH, ready, artifact, data=str(data))
        with_kept = [first_result(text, kept) for _ in range(ROUNDS)]
        without = []
        for number in range(WITHOUT_KEPT):
            bare = place / f"bare-{number}"
            without.append(first_result(text, bare))
            shutil.rmtree(bare, ignore_errors=True)
        cells.append(
            (
                f"{count:,} facts",
                milliseconds(statistics.median(with_kept)),
                milliseconds(statistics.median(without)),
            )
        )
    return Table(
        "First result of a fresh process, whole histories",
        (
            "From the first import to both tables, reading the artifact and the facts. The kernel is "
            f"compiled once on a machine, for every protocol; medians of {WITHOUT_KEPT} where it never was. "
            "A few facts are then decided by the session engine, without compiling.",
        ),
        ("", "kernel kept, ms", "never compiled here, ms"),
        tuple(cells),
    )


_KEEP = """
import sys, time
sys.path[:0] = {paths!r}
start = time.perf_counter()
from rung_engine.cohort.columnar import machine
machine()
print(time.perf_counter() - start)
"""


def first_result(text: str, cache: Path) -> float:
    """Seconds that a process of its own measured."""
    told = os.environ | {"XDG_CACHE_HOME": str(cache)}
    ran = subprocess.run(
        [sys.executable, "-c", text], check=True, stdout=subprocess.PIPE, text=True, env=told
    )
    return float(ran.stdout)


def compiled(kept: Path) -> Table:
    """What the machine code of the kernel costs, once, into an empty folder."""
    text = _KEEP.format(paths=[str(ROOT / "engine")])
    once = first_result(text, kept)
    again = statistics.median(first_result(text, kept) for _ in range(ROUNDS))
    size = sum(path.stat().st_size for path in kept.rglob("*.o"))
    return Table(
        "The kernel's machine code",
        ("Compiled once on a machine, for every protocol, and kept; then only loaded. With all imports.",),
        ("", "compile ms", "load ms", "KiB kept"),
        (("kernel of whole histories", milliseconds(once), milliseconds(again), f"{size / 1024:,.0f}"),),
    )


def main() -> None:
    """Prints and writes the tables."""
    ready = program()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        artifact = place / "septic_shock.rungc"
        artifact.write_bytes(to_bytes(ready.artifact))
        plain, tabled = session_rate(ready, place)
        say(began, "the session engine is measured")
        tables = [sized(ready, artifact, place, size * 1_000_000, plain, tabled) for size in SIZES]
        code = compiled(place / "kept")
        tables += [fresh(ready, artifact, place, place / "kept"), code]
    write("cohort", tables)
    print(f"the whole bench took {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
