"""The difference of two versions: the septic protocol with histories, a version against itself, and a large protocol.

    python tests/bench/bench_diff.py

Goals: the septic protocol under 2 s, a version against itself under 0.2 s, 300 rules with ten changes under 10 s. Each
figure is the least and the middle of `ROUNDS` rounds in this process, artifacts at hand: texts are not compiled in it.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / part) for part in ("dsl", "engine", ".")]

from tests.bench.bench_verify import compiled, ladder  # noqa: E402

from rung_engine.artifact import model as m  # noqa: E402
from rung_lang.diff.diff import diff  # noqa: E402
from rung_lang.driver import compile_protocol  # noqa: E402
from rung_lang.source import Source  # noqa: E402

ROUNDS = 5


def of_file(path: Path) -> m.Artifact:
    """The protocol at a path, compiled."""

    def read(name: str) -> Source | None:
        at = (ROOT / name).resolve()
        return Source(name, at.read_text("utf-8")) if at.is_file() else None

    found = compile_protocol(str(path.relative_to(ROOT)), read)
    if found.artifact is None:
        raise SystemExit(f"{path}: {found.problems[:3]}")
    return found.artifact


def large(changed: bool) -> m.Artifact:
    """30 stages with 10 rules each; changed: ten of its thresholds, in ten stages."""
    text = ladder(30, 10)
    if changed:
        for stage in range(5, 25, 2):
            text = text.replace(
                f"call{stage}_0 when MAP < {60 - stage} and", f"call{stage}_0 when MAP < {61 - stage} and"
            )
    artifact = compiled(text).artifact
    assert artifact is not None
    return artifact


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """The least and the middle of the rounds."""
    taken: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken), statistics.median(taken)


def main() -> None:
    old = of_file(ROOT / "protocols/septic_shock.rung")
    new = of_file(ROOT / "docs/examples/vasopressin_at_0.25/septic_shock.rung")
    small, other = large(False), large(True)
    diff(old, new)  # loading the solver is no part of this
    rows = [
        ("septic shock, vasopressin at 0.25, with histories", 2.0, *seconds(lambda: diff(old, new))),
        ("septic shock against itself", 0.2, *seconds(lambda: diff(old, old))),
        (
            f"{len(small.rules)} rules, ten changes, with histories",
            10.0,
            *seconds(lambda: diff(small, other)),
        ),
    ]
    found = diff(small, other)
    print(f"{'':52} {'goal':>6} {'least':>7} {'middle':>7}")
    for words, goal, least, middle in rows:
        print(f"{words:52} {goal:6.1f} {least:7.2f} {middle:7.2f}")
    shown = sum(region.patient is not None for change in found.changes for region in change.regions)
    regions = sum(len(change.regions) for change in found.changes)
    print(f"large: {len(found.changes)} changes, {regions} regions, {shown} with a patient")


if __name__ == "__main__":
    main()
