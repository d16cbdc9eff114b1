"""Instant decisions over a million rows: `python tests/bench/bench_instant.py [ROWS]`.

The twelve rules of `workload` as a protocol, judged over columns, beside what numpy needs to read those
columns once, and beside DuckDB, polars and the ZEN engine where they are installed. Every result is compared
with the reference result. Writes `build/bench/instant.md`.
"""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "dsl"), str(ROOT / "engine")]

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from tests.bench import workload as w  # noqa: E402
from tests.bench.peers import installed, jdm, polars_expression, sql  # noqa: E402
from tests.bench.table import Table, Timing, in_turns, milliseconds, write  # noqa: E402

from rung_engine.cohort.instant import InstantTable  # noqa: E402
from rung_engine.program import Program  # noqa: E402
from rung_lang.driver import compile_protocol  # noqa: E402
from rung_lang.source import decode  # noqa: E402

ZEN_ROWS = 20_000
SIZES: tuple[tuple[int, w.Variant], ...] = (
    (12, "dense"), (120, "dense"), (120, "banded"), (1200, "dense"), (1200, "banded"),
)  # fmt: skip


def program(table: tuple[w.Row, ...]) -> Program:
    """The rules, compiled. Not proved: this is about speed."""
    text = w.protocol(table)
    artifact = compile_protocol("instant.rung", lambda path: decode(path, text.encode())).artifact
    assert artifact is not None
    return Program(artifact, unverified=True)


def same(table: tuple[w.Row, ...], judged: Any, expected: NDArray[np.int64]) -> bool:
    """The orders of every row are the actions of the reference result."""
    weight = w.weights(table)
    by_order = {w.order_of(action): weight[action] for action in w.actions(table)}
    orders, bits = judged.order_bits()
    found = np.zeros(judged.rows, np.int64)
    for order, words in zip(orders, bits, strict=True):
        is_set = np.unpackbits(words.view(np.uint8), bitorder="little")[: judged.rows]
        found += is_set * np.int64(by_order[order])
    return bool((found == expected).all())


def twelve(rows: int) -> Table:
    """Everybody on the twelve rules."""
    table = w.rules(12)
    columns = w.columns(rows)
    exact = w.exact(columns)
    expected = w.reference(table, columns)
    small = {
        name: values.astype(np.int32) if values.dtype == np.int64 and int(values.max()) < 2**31 else values
        for name, values in exact.items()
    }
    dice = np.random.default_rng(1)
    known = {name: dice.random(rows) >= 0.1 for name in exact}
    one = InstantTable(program(table), path="kernel", threads=1)
    two = InstantTable(program(table), path="kernel", threads=2)
    half = rows // 2
    halves = [[v[:half] for v in exact.values()], [v[half:] for v in exact.values()]]
    pool = ThreadPoolExecutor(2)

    def stream(many: list[NDArray[Any]]) -> int:
        return sum(int(v.sum()) for v in many)

    def rung(judge: InstantTable, given: w.Columns, **more: Any) -> Callable[[], Any]:
        return lambda: judge.judge(given, **more).order_bits()

    contenders: dict[str, Callable[[], Any]] = {
        "numpy: sum of each column, once": lambda: stream(list(exact.values())),
        "numpy: the same, 2 threads": lambda: list(pool.map(stream, halves)),
        "Rung: orders and pending, as bits": rung(one, exact),
        "Rung: the same, 2 threads": rung(two, exact),
        "Rung: one number per row (a bit per order)": lambda: one.judge(exact).order_codes(),
        "Rung: columns of int32": rung(one, small),
        "Rung: a tenth of all values unknown": rung(one, exact, known=known),
    }
    assert same(table, one.judge(exact), expected) and same(table, two.judge(exact), expected)
    assert same(table, one.judge(small), expected)
    contenders |= _peers(table, columns, expected)
    times = in_turns(contenders)
    times |= _zen(table, columns, expected)
    base = times["numpy: sum of each column, once"]
    ours = times["Rung: orders and pending, as bits"]
    cells = [
        (
            name,
            milliseconds(t.wall),
            milliseconds(t.cpu),
            f"{t.cpu / base.cpu:.2f}",
            f"{t.cpu / ours.cpu:.2f}",
        )
        for name, t in times.items()
    ]
    return Table(
        f"Twelve rules, {rows:,} rows",
        ("Results of every contender were compared with the reference result, row by row: identical.",),
        ("", "wall ms", "processor ms", "x reading once", "x Rung"),
        tuple(cells),
    )


def _peers(
    table: tuple[w.Row, ...], columns: w.Columns, expected: NDArray[np.int64]
) -> dict[str, Callable[[], Any]]:
    found: dict[str, Callable[[], Any]] = {}
    if installed("polars"):
        import polars as pl

        shock = pl.Series("shock_type", [w.SHOCK[i] for i in columns["shock_type"]], dtype=pl.Enum(w.SHOCK))
        frame = pl.DataFrame({**columns, "shock_type": shock})
        expression = polars_expression(table)
        assert (frame.lazy().select(expression).collect()["m"].to_numpy() == expected).all()
        found[f"polars expressions, {pl.thread_pool_size()} threads"] = lambda: (
            frame.lazy().select(expression).collect()
        )
    if installed("duckdb"):
        import pyarrow as pa

        duckdb = importlib.import_module("duckdb")
        for threads in (1, 2):
            con = duckdb.connect(":memory:", config={"threads": threads})
            words = ", ".join(f"'{kind}'" for kind in w.SHOCK)
            con.execute(f"CREATE TYPE shock AS ENUM ({words})")
            words_of = pa.DictionaryArray.from_arrays(columns["shock_type"].astype(np.int8), list(w.SHOCK))
            source = pa.table({**columns, "shock_type": words_of})
            con.register("source", source)
            con.execute(
                "CREATE TABLE t AS SELECT * REPLACE (shock_type::VARCHAR::shock AS shock_type) FROM source"
            )
            con.unregister("source")
            query = f"SELECT {sql(table)} AS m FROM t"
            assert (con.execute(query).fetchnumpy()["m"] == expected).all()
            name = f"DuckDB SQL, {threads} thread{'s' * (threads > 1)}"
            found[name] = partial(_fetched, con, query)
    return found


def _fetched(con: Any, query: str) -> Any:
    return con.execute(query).fetchnumpy()


def _zen(table: tuple[w.Row, ...], columns: w.Columns, expected: NDArray[np.int64]) -> dict[str, Timing]:
    """On the first rows, scaled to all."""
    if not installed("zen"):
        return {}
    zen = importlib.import_module("zen")
    count = min(ZEN_ROWS, len(expected))
    scale = len(expected) / count
    rows = w.rows(columns, count)
    weight = w.weights(table)
    loop = zen.ZenEngine({"loader": {"type": "static", "content": {"v": jdm(table, loop=True)}}})
    batch = zen.ZenEngine({"loader": {"type": "static", "content": {"v": jdm(table)}}})
    asked = [{"key": "v", "context": row} for row in rows]

    def right(found: list[set[str]]) -> bool:
        return bool([sum(weight[one] for one in actions) for actions in found] == expected[:count].tolist())

    looped = loop.evaluate("v", {"rows": rows})["result"]["results"]
    assert right([{one["action"] for one in row} for row in looped])
    batched = batch.evaluate_batch(asked)
    assert right([{one["action"] for one in row["data"]["result"]} for row in batched])
    times = in_turns(
        {
            f"ZEN engine, loop over rows (from {count:,} rows)": lambda: loop.evaluate("v", {"rows": rows}),
            f"ZEN engine, evaluate_batch (from {count:,} rows)": lambda: batch.evaluate_batch(asked),
        }
    )
    return {name: Timing(t.wall * scale, t.cpu * scale) for name, t in times.items()}


def growing(rows: int) -> Table:
    """More rules over the same rows."""
    columns = w.columns(rows)
    exact = w.exact(columns)
    cells = []
    first = 0.0
    for count, variant in SIZES:
        table = w.rules(count, variant)
        start = time.perf_counter()
        compiled = program(table)
        made = time.perf_counter()
        judge = InstantTable(compiled, path="kernel", threads=1)
        ready = time.perf_counter()
        assert same(table, judge.judge(exact), w.reference(table, columns))
        spent = in_turns({"": partial(_judged, judge, exact)})[""]
        first = first or spent.cpu
        cells.append(
            (
                f"{count:,} rules, {variant}",
                milliseconds(spent.wall),
                milliseconds(spent.cpu),
                f"{spent.cpu / first:.1f}",
                f"{count / 12:.0f}",
                milliseconds(made - start),
                milliseconds(ready - made),
            )
        )
    return Table(
        f"More rules, {rows:,} rows, one thread",
        ("Linear would be as many times the time as there are times the rules. Results identical.",),
        ("", "wall ms", "processor ms", "x twelve rules", "linear", "compile ms", "make ready ms"),
        tuple(cells),
    )


def _judged(judge: InstantTable, exact: w.Columns) -> object:
    return judge.judge(exact).order_bits()


_FRESH = """
import sys, time
start = time.perf_counter()
sys.path[:0] = {paths!r}
import numpy as np
from rung_engine.artifact.load import load
from rung_engine.program import Program
from rung_engine.cohort.instant import InstantTable
program = Program(load(open({path!r}, "rb").read()), unverified=True)
columns = dict(np.load({columns!r}))
InstantTable(program).judge(columns).order_bits()
print(time.perf_counter() - start)
"""


def fresh() -> Table:
    """The first result of a process that has just begun."""
    from tempfile import TemporaryDirectory

    from rung_engine.artifact.seal import to_bytes

    cells = []
    with TemporaryDirectory() as folder:
        path, data = Path(folder) / "instant.rungc", Path(folder) / "columns.npz"
        path.write_bytes(to_bytes(program(w.rules(12)).artifact))
        for rows in (1_000, 1_000_000):
            np.savez(data, **w.exact(w.columns(rows)))  # type: ignore[arg-type]
            text = _FRESH.format(paths=[str(ROOT / "engine")], path=str(path), columns=str(data))
            taken = []
            for _ in range(5):
                ran = subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True)
                taken.append(float(ran.stdout))
            cells.append((f"{rows:,} rows", milliseconds(taken[0]), milliseconds(sorted(taken)[2])))
    return Table(
        "First result of a fresh process",
        ("From the first import to all decisions, reading the artifact and the columns. Few rows are judged "
         "without machine code; for many it is loaded from numba's cache.",),
        ("", "first ms", "median ms"),
        tuple(cells),
    )  # fmt: skip


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else w.ROWS
    missing = [name for name in ("polars", "duckdb", "zen") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"not installed, left out: {', '.join(missing)}")
    write("instant", (twelve(rows), growing(rows), fresh()))


if __name__ == "__main__":
    main()
