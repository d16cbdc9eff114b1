"""Single decisions from present values: `python tests/bench/bench_single.py`.

The twelve rules of `workload` as a protocol, one patient at a time, beside a Python function written by hand
and, where it is installed, the ZEN engine through its documented call. Each call is timed by itself; what it
orders is compared with the reference result. Writes `build/bench/single.md`.
"""

from __future__ import annotations

import gc
import importlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "dsl"), str(ROOT / "engine")]

from tests.bench import workload as w  # noqa: E402
from tests.bench.bench_instant import program  # noqa: E402
from tests.bench.peers import installed, jdm, python_source  # noqa: E402
from tests.bench.table import ROUNDS, Table, write  # noqa: E402

from rung_engine.session.instant import Decided, Instant  # noqa: E402

COUNT = 10_000
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contender:
    """`call` is timed on each of `rows`; `actions` is what its answer orders, None where nobody compares."""

    name: str
    call: Callable[[Row], Any]
    rows: Sequence[Row]
    actions: Callable[[Any], set[str]] | None


def timed(call: Callable[[Row], Any], rows: Sequence[Row], overhead: int) -> list[int]:
    """Nanoseconds of each call, the clock's own taken off."""
    clock = time.perf_counter_ns
    taken = []
    for row in rows:
        start = clock()
        call(row)
        taken.append(clock() - start - overhead)
    return sorted(taken)


def _overhead() -> int:
    clock = time.perf_counter_ns
    taken = []
    for _ in range(20_000):
        start = clock()
        taken.append(clock() - start)
    return int(statistics.median(taken))


def _read(one: Instant) -> Callable[[Row], Any]:
    decide = one.decide

    def read(row: Row) -> Any:
        decided = decide(row)
        return decided, decided.orders, decided.pending

    return read


def contenders() -> list[Contender]:
    """All that are installed. Rung's rows have the protocol's own names."""
    table = w.rules(12)
    rows = w.rows(w.columns(COUNT), COUNT)
    own = [{w.RUNG_NAMES.get(name, name): value for name, value in row.items()} for row in rows]
    dice = Random(1)
    holes = [{name: value for name, value in row.items() if dice.random() >= 0.1} for row in own]
    by_order = {w.order_of(action): action for action in w.actions(table)}
    one = Instant(program(table))

    def ordered(decided: Decided) -> set[str]:
        return {by_order[order.op, order.target] for order in decided.orders}

    space: dict[str, Any] = {}
    exec(python_source(table), space)
    place = [one.names.index(name) for name in own[0]]
    order = [list(own[0])[place.index(i)] for i in range(len(own[0]))]
    by_place = [tuple(row[name] for name in order) for row in own]
    found = [
        Contender("plain Python function", space["decide"], rows, lambda answer: answer),
        Contender("Rung", one.decide, own, ordered),
        Contender("Rung, values by place", lambda row: one.decide_values(*row), by_place, ordered),  # type: ignore[arg-type]
        Contender("Rung, orders and pending read", _read(one), own, lambda answer: ordered(answer[0])),
        Contender(
            "Rung, a weight given as well", one.decide, [{**row, "weight": 70.0} for row in own], ordered
        ),
        Contender("Rung, a tenth of the values unknown", one.decide, holes, None),
        Contender("Rung, reasons asked for", lambda row: one.decide(row).reasons(), own[:200], None),
    ]
    if installed("zen"):
        zen = importlib.import_module("zen")
        engine = zen.ZenEngine({"loader": {"type": "static", "content": {"v": jdm(table)}}})
        found.append(
            Contender(
                "ZEN engine, evaluate",
                lambda row: engine.evaluate("v", row),
                rows,
                lambda answer: {one["action"] for one in answer["result"]},
            )
        )
        found.append(
            Contender(
                "ZEN engine, evaluate with trace",
                lambda row: engine.evaluate("v", row, {"trace": True}),
                rows,
                lambda answer: {one["action"] for one in answer["result"]},
            )
        )
    return found


def measured() -> Table:
    """All in turns; the first calls of a fresh `Instant` apart."""
    table = w.rules(12)
    weight = w.weights(table)
    expected = w.reference(table, w.columns(COUNT)).tolist()
    overhead = _overhead()
    everybody = contenders()
    for one in everybody:
        if one.actions is not None:
            found = [sum(weight[action] for action in one.actions(one.call(row))) for row in one.rows]
            assert found == expected[: len(found)], one.name
    taken: dict[str, list[list[int]]] = {one.name: [] for one in everybody}
    gc.collect()
    gc.freeze()
    for _ in range(ROUNDS):
        for one in everybody:
            for row in one.rows[:200]:
                one.call(row)
            taken[one.name].append(timed(one.call, one.rows, overhead))
    fresh = Instant(program(table))
    cold = timed(fresh.decide, everybody[1].rows, overhead)
    taken["Rung, cold: the same rows met for the first time"] = [cold]
    cold = timed(fresh.decide, everybody[5].rows, overhead)
    taken["Rung, cold: with a tenth of the values unknown"] = [cold]
    median = {name: statistics.median(_at(one, 50) for one in runs) for name, runs in taken.items()}
    plain = median["plain Python function"]
    cells = []
    for name, runs in taken.items():
        late = statistics.median(_at(one, 99) for one in runs)
        mean = statistics.median(statistics.fmean(one) for one in runs)
        cells.append(
            (
                name,
                *(f"{value / 1000:.2f}" for value in (median[name], late, mean)),
                f"{median[name] / plain:.1f}",
            )
        )
    return Table(
        "Single decisions, twelve rules",
        (
            f"Each of {COUNT:,} rows by itself, microseconds a call. What is ordered was compared with the "
            "reference result: identical. A decision holds its orders with doses, what is pending and the "
            "fewest readings that would settle it; reasons are worked out when they are asked for.",
        ),
        ("", "median us", "99th of 100 us", "mean us", "x plain Python"),
        tuple(cells),
    )


def _at(taken: Sequence[int], percent: int) -> float:
    return float(taken[min(len(taken) - 1, len(taken) * percent // 100)])


def main() -> None:
    if not installed("zen"):
        print("not installed, left out: zen")
    write("single", (measured(),))


if __name__ == "__main__":
    main()
