"""The page of figures has every bench, its figures, and its targets; and it is written as the benches say."""

from __future__ import annotations

import re

import pytest
from tests.bench.performance import joined, marks
from tests.bench.table import Table
from tests.bench.targets import TARGETS, tables_of, targets
from tests.docs.pages import DOCS, ROOT

PAGE = DOCS / "performance.md"
BENCHES = ROOT / "tests" / "bench"
WRITES = re.compile(r"^ *write\(\"(\w+)\"", re.MULTILINE)


def test_every_bench_is_named_and_no_other() -> None:
    named = set(re.findall(r"`tests/bench/(bench_\w+\.py)`", PAGE.read_text("utf-8")))
    assert named == {path.name for path in BENCHES.glob("bench_*.py")}


def test_every_table_that_a_bench_writes_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    written = {
        name for path in BENCHES.glob("bench_*.py") for name in WRITES.findall(path.read_text("utf-8"))
    }
    assert {"instant", "single", "cohort", "spark"} <= written
    for name in sorted(written | {"targets"}):
        above, below = marks(name)
        between = page.partition(above)[2].partition(below)[0]
        assert "| --- |" in between, f"{name}: run make bench"


def test_the_targets_on_the_page_follow_from_its_figures() -> None:
    page = PAGE.read_text("utf-8")
    assert joined(page, "targets", targets(tables_of(page)).markdown()) == page


def test_figures_replace_those_that_were_there_and_nothing_else() -> None:
    above, below = marks("one")
    page = f"before\n\n{above}\nold\n{below}\n\nafter\n"
    assert joined(page, "one", "new\n") == f"before\n\n{above}\n\nnew\n\n{below}\n\nafter\n"
    with pytest.raises(ValueError, match="once each"):
        joined(page, "two", "new")


def test_a_target_is_met_by_its_figure_or_not_measured() -> None:
    def cohort(size: str, rate: str) -> str:
        cells = (("file to files, two cores, decisions only", rate, "120"),)
        return Table(
            f"Whole histories, {size} facts", (), ("", "facts a second", "x session"), cells
        ).markdown()

    found = targets(tables_of(cohort("1,000,000", "6,000,000") + cohort("50,000,000", "4,900,000")))
    assert len({row[0] for row in found.rows}) == len(TARGETS)
    rows = [row for row in found.rows if row[2]]
    assert [(row[2], row[3]) for row in rows] == [
        ("4.90 million", "**no**"),
        ("120x", "yes"),
        ("0.82 of the speed, from 1,000,000 to 50,000,000", "**no**"),
    ]
