"""Made-up stays by the million, in the facts form: `python -m rung_engine.sources.synthetic --facts OUT`.

SYNTHETIC, as all of `synthetic`. A file holds whole stays and depends on the seed and its place alone; files
are made on every core, and memory is that of a few of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rung_engine.cohort.form import FORM

STAYS = 2000
"""In one file: one to two million facts."""
README = """SYNTHETIC DATA. Not patients.

Made by `python -m rung_engine.sources.synthetic OUT --facts --stays {stays} --seed {seed}` from a plain model
of blood pressure under norepinephrine, vasopressin and fluid. Use it to try Rung out and to measure it.
Nothing may be concluded from it about medicine, a hospital or a protocol.

facts-00000.parquet and so on: Rung's facts form.
"""

Said = tuple[str, str | None, str | None, str | None, bool]
FACTS: tuple[Said, ...] = (
    ("no_other_infusions", None, None, None, False),
    ("reading", "age", "years", None, False),
    ("reading", "shock", None, "septic", False),
    ("reading", "weight", "kg", None, False),
    ("reading", "central_access", None, "yes", False),
    ("reading", "MAP", "mmHg", None, False),
    ("reading", "SBP", "mmHg", None, False),
    ("reading", "DBP", "mmHg", None, False),
    ("reading", "heart_rate", "beats/min", None, False),
    ("reading", "SpO2", "%", None, False),
    ("reading", "lactate", "mmol/L", None, False),
    ("reading", "creatinine", "mg/dL", None, False),
    ("dose", "crystalloid", "mL", None, False),
    ("infusion", "norepinephrine", "mcg/kg/min", None, False),
    ("infusion", "norepinephrine", "mcg/min", None, False),
    ("infusion", "norepinephrine", "mL/h", None, True),
    ("infusion", "norepinephrine", None, None, False),
    ("infusion", "vasopressin", "units/min", None, False),
    ("infusion", "vasopressin", "units/h", None, False),
)
"""What a fact is of, by the numbers of `synthetic_kernel`: kind, name, unit, text, whether it is of a bag."""

BAG = (4_000_000, "mg", 250_000_000, "mL")


def make_facts(seed: int, first: int, last: int) -> pa.Table:
    """The stays from `first` up to and without `last`, numbered from 1, as `form.FORM`."""
    from rung_engine.sources import synthetic_kernel as kernel

    room = (last - first) * kernel.MOST
    start = np.empty(last - first + 1, np.int64)
    time, what, value = np.empty(room, np.int64), np.empty(room, np.int8), np.empty(room, np.int64)
    count = kernel.chart(seed, first, last, start, time, what, value)
    time, what, value = time[:count].copy(), what[:count].copy(), value[:count].copy()
    stays = [f"SYN-{index:09d}" for index in range(first, last)]
    of = np.repeat(np.arange(len(stays), dtype=np.int32), np.diff(start))
    kinds, names, units, texts, bags = zip(*FACTS, strict=True)
    numbered = np.array([unit is not None for unit in units])
    bag = np.array(bags)[what]
    return pa.table(
        [
            pa.DictionaryArray.from_arrays(pa.array(of), pa.array(stays, pa.string())),
            pa.array(time),
            _words(kinds, what),
            _words(names, what),
            _words(units, what),
            pa.array(value, mask=~numbered[what]),
            _words(texts, what),
            *(_bag(one, bag) for one in BAG),
        ],
        schema=FORM,
    )


def write_facts(
    out: Path, stays: int, seed: int, *, workers: int | None = None, step: Callable[[int], None] | None = None
) -> int:
    """Writes `stays` stays into a folder of their own; how many facts. `step` is told of facts written.

    Raises FileExistsError where the folder holds anything that is not an earlier synthetic cohort.
    """
    out.mkdir(parents=True, exist_ok=True)
    readme = out / "README.txt"
    ours = readme.is_file() and readme.read_text("utf-8").startswith("SYNTHETIC DATA")
    if not ours and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty, and what it holds was not made by this program")
    for old in out.glob("facts-*.parquet"):
        old.unlink()
    readme.write_text(README.format(stays=stays, seed=seed), "utf-8")
    cuts = range(1, stays + 1, STAYS)

    def write(place: int) -> int:
        table = make_facts(seed, cuts[place], min(cuts[place] + STAYS, stays + 1))
        pq.write_table(
            table,
            out / f"facts-{place:05d}.parquet",
            version="2.6",
            compression="lz4",
            write_statistics=False,
        )
        return len(table)

    total = 0
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for count in pool.map(write, range(len(cuts))):
            total += count
            if step is not None:
                step(count)
    return total


def _words(said: tuple[str | None, ...], what: NDArray[np.int8]) -> pa.DictionaryArray:
    known = sorted({one for one in said if one is not None})
    places = np.array([-1 if one is None else known.index(one) for one in said], np.int32)[what]
    return pa.DictionaryArray.from_arrays(pa.array(places, mask=places < 0), pa.array(known, pa.string()))


def _bag(one: int | str, bag: NDArray[np.bool_]) -> pa.Array:
    if isinstance(one, str):
        return pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(len(bag), np.int32), mask=~bag), pa.array([one], pa.string())
        )
    return pa.array(np.full(len(bag), one, np.int64), mask=~bag)
