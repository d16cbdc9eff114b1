"""How long it takes to start: `import rung_engine` and `rung --help`, as whole processes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from tests.bench.machine import machine

RUNS = 15


def seconds(arguments: list[str]) -> float:
    """The median of several runs of a process."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print the table."""
    print(machine())
    bare = seconds(["-c", "pass"])
    rows = {
        "bare python": (bare, None),
        "import rung_engine": (seconds(["-c", "import rung_engine"]), 0.150),
        "rung --help": (seconds(["-c", "from rung_lang.cli.main import run; run(['--help'])"]), 0.300),
    }
    print(f"{'':<22} {'ms':>7} {'over bare':>10} {'target':>8} {'ratio to bare':>14}")
    for name, (taken, target) in rows.items():
        goal = f"{target * 1000:.0f}" if target is not None else ""
        print(
            f"{name:<22} {taken * 1000:>7.0f} {(taken - bare) * 1000:>10.0f} {goal:>8} {taken / bare:>14.2f}"
        )


if __name__ == "__main__":
    main()
