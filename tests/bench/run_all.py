"""Every benchmark, one after another, then their figures into `docs/performance.md`. `make bench`.

`python tests/bench/run_all.py instant cohort` runs only these. A bench that needs a package which is not
installed is left out and named.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "dsl"), str(ROOT / "engine")]


def main() -> None:
    """Run each `bench_*.py` beside this file, or those that are named."""
    asked = sys.argv[1:]
    del sys.argv[1:]  # a bench reads its own from there
    names = [
        script.stem.removeprefix("bench_") for script in sorted(Path(__file__).parent.glob("bench_*.py"))
    ]
    if unknown := sorted(set(asked) - set(names)):
        sys.exit(f"no such bench: {', '.join(unknown)}; there are {', '.join(names)}")
    for name in asked or names:
        print(f"== bench_{name}", flush=True)
        if name == "spark" and (importlib.util.find_spec("pyspark") is None or shutil.which("java") is None):
            print("left out: it needs pyspark and a Java\n")
            continue
        importlib.import_module(f"tests.bench.bench_{name}").main()
        print()
    importlib.import_module("tests.bench.performance").main()


if __name__ == "__main__":
    main()
