"""Every benchmark, one after another. `make bench`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def main() -> None:
    """Run each `bench_*.py` beside this file."""
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"== {script.stem}", flush=True)
        importlib.import_module(f"tests.bench.{script.stem}").main()
        print()


if __name__ == "__main__":
    main()
