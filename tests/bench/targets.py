"""What the cohort engine and the decisions on the spot are to reach, beside what the benches last wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.bench.table import Table

Rows = Mapping[str, Mapping[str, float]]
"""A table of figures: by the name of a row, by the name of a column. Cells that are no numbers are left
out."""


class Missing(Exception):  # noqa: N818 - it says what was not measured
    """A bench was not run, or not at this size."""


@dataclass(frozen=True, slots=True)
class Target:
    """`measured` gives the figure, and how near or far it is: 1 or more where the target is met."""

    words: str
    goal: str
    measured: Callable[[Mapping[str, Rows]], tuple[str, float]]


def tables_of(text: str) -> dict[str, Rows]:
    """The tables of Markdown text by their titles."""
    found: dict[str, Rows] = {}
    title = ""
    header: tuple[str, ...] = ()
    rows: dict[str, Mapping[str, float]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            title, header, rows = line.removeprefix("### ") if line.startswith("### ") else "", (), {}
            if title:
                found[title] = rows
        elif line.startswith("|") and title:
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            if not header:
                header = tuple(cells)
            elif not name.startswith("---"):
                rows[name] = {
                    column: float(cell.replace(",", ""))
                    for column, cell in zip(header, cells, strict=True)
                    if cell.replace(",", "").replace(".", "", 1).isdigit()
                }
    return found


def _table(tables: Mapping[str, Rows], start: str) -> Rows:
    for title, rows in tables.items():
        if title.startswith(start):
            return rows
    raise Missing


def _cell(rows: Rows, name: str, column: str) -> float:
    try:
        return rows[name][column]
    except KeyError:
        raise Missing from None


TWELVE, BITS = "Twelve rules", "Rung: orders and pending, as bits"
WALL, CPU, RATE = "wall ms", "processor ms", "facts a second"
WHOLE = "file to files, two cores, decisions only"
KERNEL, BOTH = "kernel alone, two threads", "kernel and tables, two threads"


def _reading_once(tables: Mapping[str, Rows]) -> tuple[str, float]:
    times = _cell(_table(tables, TWELVE), BITS, "x reading once")
    return f"{times:.2f}x", 2 / times


def _faster_than(goal: float, *peers: str) -> Callable[[Mapping[str, Rows]], tuple[str, float]]:
    """Than the fastest of these, by the clock and by processors: the lesser of the two."""

    def measured(tables: Mapping[str, Rows]) -> tuple[str, float]:
        rows = _table(tables, TWELVE)
        others = [name for name in rows if name.startswith(peers)]
        if not others:
            raise Missing
        times = min(_cell(rows, name, by) / _cell(rows, BITS, by) for name in others for by in (WALL, CPU))
        return f"{times:,.1f}x", times / goal

    return measured


def _linear(tables: Mapping[str, Rows]) -> tuple[str, float]:
    rows = _table(tables, "More rules")
    worst = max(_cell(rows, name, "x twelve rules") / _cell(rows, name, "linear") for name in rows)
    return f"{worst:.2f} of linear at worst", 1 / worst


def _histories(tables: Mapping[str, Rows]) -> list[tuple[int, Rows]]:
    """By size, the smallest first."""
    start = "Whole histories, "
    found = [
        (int(title.removeprefix(start).split()[0].replace(",", "")), rows)
        for title, rows in tables.items()
        if title.startswith(start)
    ]
    if not found:
        raise Missing
    return sorted(found, key=lambda one: one[0])


def _rate(row: str) -> Callable[[Mapping[str, Rows]], tuple[str, float]]:
    def measured(tables: Mapping[str, Rows]) -> tuple[str, float]:
        rate = _cell(_histories(tables)[-1][1], row, RATE)
        return f"{rate / 1e6:.2f} million", rate / 5e6

    return measured


def _session(row: str) -> Callable[[Mapping[str, Rows]], tuple[str, float]]:
    def measured(tables: Mapping[str, Rows]) -> tuple[str, float]:
        times = _cell(_histories(tables)[-1][1], row, "x session")
        return f"{times:,.0f}x", times / 100

    return measured


def _flat(tables: Mapping[str, Rows]) -> tuple[str, float]:
    sizes = _histories(tables)
    if len(sizes) < 2:
        raise Missing
    (few, first), (many, last) = sizes[0], sizes[-1]
    share = _cell(last, WHOLE, RATE) / _cell(first, WHOLE, RATE)
    return f"{share:.2f} of the speed, from {few:,} to {many:,}", share / 0.9


def _memory(tables: Mapping[str, Rows]) -> tuple[str, float]:
    count, rows = _histories(tables)[-1]
    if count < 40_000_000:
        raise Missing
    held = [row["memory MiB"] for row in rows.values() if "memory MiB" in row]
    if not held:
        raise Missing
    most = max(held)
    return f"{most / 1024:.2f} GiB", 2048 / most


def _first(start: str, column: str) -> Callable[[Mapping[str, Rows]], tuple[str, float]]:
    def measured(tables: Mapping[str, Rows]) -> tuple[str, float]:
        rows = _table(tables, start)
        slowest = max(_cell(rows, name, column) for name in rows)
        return f"{slowest / 1000:.1f} s", 2000 / slowest

    return measured


def _single(goal: float) -> Callable[[Mapping[str, Rows]], tuple[str, float]]:
    def measured(tables: Mapping[str, Rows]) -> tuple[str, float]:
        rows = _table(tables, "Single decisions")
        times = _cell(rows, "ZEN engine, evaluate", "median us") / _cell(rows, "Rung", "median us")
        return f"{times:.1f}x", times / goal

    return measured


TARGETS = (
    Target("decisions over columns, beside reading the columns once with numpy", "at most 2x", _reading_once),
    Target("decisions over columns, faster than DuckDB and polars", "more than 1x",
           _faster_than(1, "DuckDB", "polars")),
    Target("decisions over columns, faster than the fastest rule engine", "at least 20x",
           _faster_than(20, "ZEN engine")),
    Target("120 and 1,200 rules", "no worse than linear", _linear),
    Target("whole histories, facts a second on two cores: kernel alone", "at least 5 million", _rate(KERNEL)),
    Target("facts a second on two cores: kernel and tables", "at least 5 million", _rate(BOTH)),
    Target("facts a second on two cores: file to files, decisions only", "at least 5 million", _rate(WHOLE)),
    Target("whole histories, two cores beside a session engine on one: kernel alone", "at least 100x",
           _session(KERNEL)),
    Target("beside the session engine: file to files, decisions only", "at least 100x", _session(WHOLE)),
    Target("speed at the largest cohort beside the smallest", "flat: at least 0.9", _flat),
    Target("memory for 50 million facts", "under 2 GiB", _memory),
    Target("first result of a fresh process, whole histories", "within 2 s",
           _first("First result of a fresh process, whole histories", "kernel kept, ms")),
    Target("first result where the kernel was never compiled", "within 2 s",
           _first("First result of a fresh process, whole histories", "never compiled here, ms")),
    Target("one decision, faster than the fastest rule engine", "more than 1x", _single(1)),
    Target("one decision: aimed at", "5x", _single(5)),
)  # fmt: skip


def targets(tables: Mapping[str, Rows]) -> Table:
    """Every target with its figure."""
    rows = []
    for target in TARGETS:
        try:
            figure, near = target.measured(tables)
        except Missing:
            rows.append((target.words, target.goal, "", "not measured"))
        else:
            rows.append((target.words, target.goal, figure, "yes" if near >= 1 else "**no**"))
    return Table(
        "Targets and figures",
        (
            "Worked out from the tables of this page by `tests/bench/targets.py`; of whole "
            "histories, at the largest size.",
        ),
        ("what", "target", "measured", "met"),
        tuple(rows),
    )
