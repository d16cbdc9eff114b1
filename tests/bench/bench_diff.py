"""The difference of two versions: septic shock with histories, a version against itself, a large protocol.

Goals: septic shock under 2 s, a version against itself under 0.2 s, 300 rules with ten changes under 10 s.
The artifacts are at hand: compiling texts is no part of it, nor is loading the solver.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / part) for part in ("dsl", "engine", ".")]

from tests.bench.bench_verify import compiled, ladder  # noqa: E402
from tests.bench.table import Table, in_turns, write  # noqa: E402

from rung_engine.artifact import model as m  # noqa: E402
from rung_lang.diff.diff import diff  # noqa: E402
from rung_lang.diff.model import Difference  # noqa: E402
from rung_lang.driver import compile_protocol  # noqa: E402
from rung_lang.source import Source  # noqa: E402


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


def main() -> None:
    """Prints the table and writes it for the page of figures."""
    old = of_file(ROOT / "protocols/septic_shock.rung")
    new = of_file(ROOT / "docs/examples/vasopressin_at_0.25/septic_shock.rung")
    small, other = large(False), large(True)
    found = [diff(old, new), diff(small, other)]  # loads the solver, too
    septic = f"septic shock, vasopressin at 0.25: {_counted(found[0])}"
    many = f"{len(small.rules)} rules, ten thresholds changed: {_counted(found[1])}"
    timings = in_turns(
        {
            septic: lambda: diff(old, new),
            "septic shock against itself": lambda: diff(old, old),
            many: lambda: diff(small, other),
        }
    )
    goals = ("2", "0.2", "10")
    rows = tuple(
        (name, goal, f"{one.wall:.2f}", f"{one.cpu:.2f}")
        for (name, one), goal in zip(timings.items(), goals, strict=True)
    )
    head = ("two versions", "goal s", "wall s", "processor s")
    write("diff", (Table("The difference of two versions, with histories", (), head, rows),))


def _counted(found: Difference) -> str:
    regions = [region for change in found.changes for region in change.regions]
    shown = sum(region.patient is not None for region in regions)
    return f"{len(found.changes)} changes, {len(regions)} regions, {shown} patients"


if __name__ == "__main__":
    main()
