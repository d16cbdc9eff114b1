"""How long a whole `rung check` of all shipped protocols takes: the first time, again, and after an edit.

Every figure is of a process of its own, from its start to its end, as the median of several. Bytecode is
compiled beforehand, as it is where Rung is installed. Cold: there is no folder of answers. Again: the same
texts with the answers of one run. After an edit: those answers, and another text of the septic protocol.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "engine"), str(ROOT / "dsl")]

from tests.bench.machine import machine  # noqa: E402

RUNS = 5
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

    def check(self) -> float:
        """Seconds of one check. A text with findings is checked like any other."""
        command = [sys.executable, "-c", self.program, "check", str(self.protocols)]
        start = time.perf_counter()
        ended = subprocess.run(command, env=self.environment, capture_output=True, check=False)
        seconds = time.perf_counter() - start
        if ended.returncode not in (0, 1):
            raise SystemExit(ended.stderr.decode())
        return seconds

    def cold(self) -> float:
        shutil.rmtree(self.answers, ignore_errors=True)
        return self.check()

    def again(self) -> float:
        shutil.rmtree(self.answers, ignore_errors=True)
        shutil.copytree(self.kept, self.answers)
        return self.check()

    def edited(self, old: str, new: str) -> float:
        file = self.protocols / "septic_shock.rung"
        text = file.read_text(encoding="utf-8")
        if old not in text:
            raise SystemExit(f"the protocol no longer says {old!r}")
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        seconds = self.again()
        file.write_text(text, encoding="utf-8")
        return seconds


def seconds(once: Callable[[], float]) -> float:
    """The median of several."""
    return statistics.median(once() for _ in range(RUNS))


def rows(program: str) -> dict[str, float]:
    """Seconds of each kind of run."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), program)
        found = {"cold": seconds(place.cold), "again": seconds(place.again)}
        for name, (old, new) in EDITS.items():
            found[name] = seconds(lambda old=old, new=new: place.edited(old, new))  # type: ignore[misc]
    return found


def main() -> None:
    """Print the table."""
    print(machine())
    whole, without = rows(WHOLE), rows(WITHOUT)
    print(f"{'rung check protocols/':<30} {'seconds':>8} {'without the proof':>18} {'target':>7}")
    for name, taken in whole.items():
        print(f"{name:<30} {taken:>8.2f} {without[name]:>18.2f} {TARGETS[name]:>7.1f}")
    print("target: of the whole command")


if __name__ == "__main__":
    main()
