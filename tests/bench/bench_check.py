"""How long a whole `rung check` of all shipped protocols takes: the first time, again, and after an edit.

Every figure is of a process of its own, from its start to its end, the median of a few: by the clock, and of
the processor, which other work on the machine disturbs less. Bytecode is compiled beforehand, as it is where
Rung is installed. Cold: there is no folder of answers. Again: the same texts with the answers of one run.
After an edit: those answers, and another text of the septic protocol.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "engine"), str(ROOT / "dsl")]

from tests.bench.machine import machine  # noqa: E402

RUNS = 3
EDITS = {
    "after an edit of words": ("every step above hangs on the pressure", "all hangs on the pressure"),
    "after an edit of one stage": ("taper epinephrine by 0.05 mcg", "taper epinephrine by 0.04 mcg"),
    "after an edit of every stage": ("vasopressin running and NE >= high_dose", "NE >= high_dose"),
}
WHOLE = "from rung_lang.cli.main import run; run()"
WITHOUT = """
import rung_lang.cli.checked as checked
checked.prove = lambda *parts: None
from rung_lang.cli.main import run
run()
"""
"""The same with no question asked of the verifier."""
TARGETS = {"cold": 2.0, "again": 0.5, **dict.fromkeys(EDITS, 0.5)}


class Taken(NamedTuple):
    """Seconds by the clock, and of the processor."""

    clock: float
    processor: float


class Place:
    """A copy of the protocols, with folders of its own for bytecode and answers."""

    def __init__(self, folder: Path, program: str) -> None:
        self.protocols, self.answers, self.kept = (folder / name for name in ("protocols", "cache", "kept"))
        self.program = program
        shutil.copytree(ROOT / "protocols", self.protocols)
        self.environment = {
            **{name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("dsl", "engine")),
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
            "XDG_CACHE_HOME": str(self.answers),
        }
        self.check()
        self.check()
        shutil.copytree(self.answers, self.kept)

    def check(self) -> Taken:
        """One check. A text with findings is checked like any other."""
        command = [sys.executable, "-c", self.program, "check", str(self.protocols)]
        start, before = time.perf_counter(), _processor()
        ended = subprocess.run(command, env=self.environment, capture_output=True, check=False)
        taken = Taken(time.perf_counter() - start, _processor() - before)
        if ended.returncode not in (0, 1):
            raise SystemExit(ended.stderr.decode())
        return taken

    def cold(self) -> Taken:
        shutil.rmtree(self.answers, ignore_errors=True)
        return self.check()

    def again(self) -> Taken:
        shutil.rmtree(self.answers, ignore_errors=True)
        shutil.copytree(self.kept, self.answers)
        return self.check()

    def edited(self, old: str, new: str) -> Taken:
        file = self.protocols / "septic_shock.rung"
        text = file.read_text(encoding="utf-8")
        if old not in text:
            raise SystemExit(f"the protocol no longer says {old!r}")
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        taken = self.again()
        file.write_text(text, encoding="utf-8")
        return taken


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def median(once: Callable[[], Taken]) -> Taken:
    """Of a few runs, each figure for itself."""
    return Taken(*map(statistics.median, zip(*(once() for _ in range(RUNS)), strict=True)))


def rows(program: str) -> dict[str, Taken]:
    """Each kind of run."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), program)
        found = {"cold": median(place.cold), "again": median(place.again)}
        for name, edit in EDITS.items():
            found[name] = median(partial(place.edited, *edit))
    return found


def main() -> None:
    """Print the tables."""
    print(machine())
    for title, program, targets in (
        ("rung check protocols/", WHOLE, TARGETS),
        ("the same without the proof", WITHOUT, {}),
    ):
        print(f"{title:<30} {'seconds':>8} {'processor':>10} {'target':>7}")
        for name, taken in rows(program).items():
            target = f"{targets[name]:.1f}" if name in targets else ""
            print(f"  {name:<28} {taken.clock:>8.2f} {taken.processor:>10.2f} {target:>7}")


if __name__ == "__main__":
    main()
