"""Where two versions of a protocol decide otherwise on the same stays: every interval, and what differs.

Two decisions are told apart by what a bedside sees: the orders that stand (what, how much, how strongly, how
surely, by when), the stage, the phase, the outcome. Names of rules and stages are no difference, nor is what
explains an order. Times are whole milliseconds of the stay's own clock, doses millionths of their unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl

from rung_engine.cohort.observed import SAID, TIMING, line, orders, waits
from rung_engine.cohort.sought import SAME, Alike
from rung_engine.frozen import frozen

if TYPE_CHECKING:
    from rung_engine.cohort.tables import Decided
    from rung_engine.program import Program

SIDES = (
    "only old",
    "only new",
    "dose up",
    "dose down",
    "dose changed",
    "strength",
    "certainty",
    "timing",
    "readings",
    "stage",
    "phase",
    "outcome",
)
"""How a thing differs. `only old`, `only new`: the order stands in one version. `strength`: also where one
offers it among others. `certainty`: one still asks to find something out first. `readings`: it stands in
neither, and one waits for readings to know whether it should."""

INTERVALS = pl.Schema(
    {
        "stay": pl.String,
        "start_ms": pl.Int64,
        "end_ms": pl.Int64,
        "what": pl.String,
        "side": pl.String,
        "old_stage": pl.String,
        "new_stage": pl.String,
        "old_phase": pl.String,
        "new_phase": pl.String,
        "old_lo": pl.Int64,
        "old_hi": pl.Int64,
        "old_unit": pl.String,
        "new_lo": pl.Int64,
        "new_hi": pl.Int64,
        "new_unit": pl.String,
        "old_rules": pl.String,
        "new_rules": pl.String,
        "old_before": pl.String,
        "new_before": pl.String,
        "old_path": pl.String,
        "new_path": pl.String,
        "parted": pl.Boolean,
        "carried": pl.Boolean,
    }
)
"""One row for each longest interval in which one thing differs in one way, sorted by stay, start, what, side.

`what`: op and target of an order, or stage, phase or outcome; here and in stages, names are those of the new
version. An interval that
begins with the last instant of a stay has no length. `old_rules`, `new_rules`: who orders it, as it begins.
`old_before`, `new_before`: the stages just before; `old_path`, `new_path`: those left on its first instant;
`parted`: just before, the versions were in two stages. `carried`: ordered by a rule of a stage
that was left.
"""

SPANS = pl.Schema(
    {"stay": pl.String, "old_stage": pl.String, "new_stage": pl.String, "active": pl.Boolean, "ms": pl.Int64}
)
"""In which stages the two versions were at one time: by stay, how long. `active`: either was."""

_RUN = (
    "stay", "what", "side", "old_stage", "new_stage", "old_phase", "new_phase", "old_lo", "old_hi",
    "old_unit", "new_lo", "new_hi", "new_unit",
)  # fmt: skip
_BESIDE = ("not_applicable", "unclear")


@frozen
class Differing:
    """Of whole stays. `intervals`: `INTERVALS`. `spans`: `SPANS`. `stays`: each with `first_ms` and `last_ms`
    of its decisions, and whether either version was `active` in it."""

    intervals: pl.DataFrame
    spans: pl.DataFrame
    stays: pl.DataFrame


def differing(
    old: Decided, new: Decided, programs: tuple[Program, Program], alike: Alike = SAME
) -> Differing:
    """Two versions' decisions on the same stays. `programs`: theirs."""
    lines = (line(old, dict(alike.stages)), line(new, {}))
    said = orders((old, new), programs, alike)
    wait = waits((old, new), programs, alike)
    grid = _grid(lines, said, wait)
    spans = (
        grid.group_by("stay", "old_stage", "new_stage", "active")
        .agg(ms=(pl.col("end_ms") - pl.col("start_ms")).sum())
        .select(pl.col(name).cast(kind) for name, kind in SPANS.items())
    )
    stays = grid.group_by("stay").agg(
        first_ms=pl.col("start_ms").min(), last_ms=pl.col("end_ms").max(), active=pl.col("active").any()
    )
    rows = pl.concat(
        [
            _order_rows(grid.filter(pl.col("old_said") != pl.col("new_said")), said),
            _waiting_rows(grid.filter(pl.col("old_waits") != pl.col("new_waits")), wait, said),
            *_state_rows(grid),
        ],
        how="diagonal",
    )
    return Differing(_runs(rows), spans, stays.sort("stay"))


def _grid(
    lines: tuple[pl.DataFrame, pl.DataFrame],
    standing: tuple[pl.DataFrame, pl.DataFrame],
    waiting: tuple[pl.DataFrame, pl.DataFrame],
) -> pl.DataFrame:
    """The stretches of each stay in which neither decision changes, with both decisions."""
    grid = (
        pl.concat([line.select("stay", start_ms="time_ms") for line in lines])
        .unique()
        .sort("stay", "start_ms")
    )
    last = pl.concat([line.select("stay", "until_ms") for line in lines]).group_by("stay").max()
    grid = (
        grid.join(last, on="stay", how="left", maintain_order="left")
        .with_columns(end_ms=pl.col("start_ms").shift(-1).over("stay").fill_null(pl.col("until_ms")))
        .drop("until_ms")
        .with_row_index("cell")
    )
    by = ("stay", "time_ms")
    parts = ("phase", "stage", "path", "outcome", "said", "waits")
    for name, course, said, wait in zip(("old", "new"), lines, standing, waiting, strict=True):
        signs = said.group_by(by).agg(pl.col("said").sort().cast(pl.String).str.join(" "))
        pending = wait.group_by(by).agg(waits=pl.col("what").sort().str.join("\n"))
        full = (
            course.join(signs, on=by, how="left", maintain_order="left")
            .join(pending, on=by, how="left", maintain_order="left")
            .select(
                pl.col("decision").alias(f"{name}_decision"),
                "stay",
                pl.col("time_ms").alias(f"{name}_at"),
                *(pl.col(part).alias(f"{name}_{part}") for part in parts),
            )
        )
        at = full.select("stay", f"{name}_decision", start_ms=f"{name}_at")
        grid = (
            grid.join(at, on=["stay", "start_ms"], how="left", maintain_order="left")
            .with_columns(pl.col(f"{name}_decision").forward_fill().over("stay"))
            .join(full.drop("stay"), on=f"{name}_decision", how="left", maintain_order="left")
            .with_columns(pl.col(f"{name}_said", f"{name}_waits").fill_null(""))
        )
    return _placed(grid)


def _placed(grid: pl.DataFrame) -> pl.DataFrame:
    """With the stages before, and whether they, and the present ones, are not one."""
    beside = [
        pl.when(pl.col(f"{one}_phase").is_null() & pl.col(f"{other}_phase").is_in(_BESIDE))
        .then(pl.col(f"{other}_phase"))
        .otherwise(pl.col(f"{one}_phase"))
        .fill_null("unclear")
        .alias(f"{one}_phase")
        for one, other in (("old", "new"), ("new", "old"))
    ]
    return grid.with_columns(
        *beside,
        *(pl.col(f"{one}_stage").shift(1).over("stay").alias(f"{one}_before") for one in ("old", "new")),
        *(
            pl.when(pl.col(f"{one}_at") == pl.col("start_ms")).then(f"{one}_path").alias(f"{one}_path")
            for one in ("old", "new")
        ),
        apart=pl.col("old_stage").ne_missing(pl.col("new_stage")),
    ).with_columns(
        parted=pl.col("apart").shift(1).over("stay").fill_null(False),
        active=(pl.col("old_phase") == "active") | (pl.col("new_phase") == "active"),
    )


_CELL = (
    "stay", "start_ms", "end_ms", "old_stage", "new_stage", "old_phase", "new_phase", "old_before",
    "new_before", "old_path", "new_path", "parted",
)  # fmt: skip


def _order_rows(grid: pl.DataFrame, standing: tuple[pl.DataFrame, pl.DataFrame]) -> pl.DataFrame:
    """A row for each cell, order and way in which it differs."""
    key = ["cell", "what", "place"]
    sides = []
    for name, said in zip(("old", "new"), standing, strict=True):
        cells = grid.select("cell", "stay", time_ms=f"{name}_at")
        renamed = {part: f"{name}_{part}" for part in (*SAID, "said")}
        sides.append(cells.join(said, on=["stay", "time_ms"]).drop("stay", "time_ms").rename(renamed))
    both = sides[0].join(sides[1], on=key, how="full", coalesce=True, nulls_equal=True)
    both = both.filter(pl.col("old_said").ne_missing(pl.col("new_said")))
    was, now = pl.col("old_said").is_not_null(), pl.col("new_said").is_not_null()

    def other(*parts: str) -> pl.Expr:
        return pl.any_horizontal(pl.col(f"old_{part}").ne_missing(pl.col(f"new_{part}")) for part in parts)

    ways = (
        (was & ~now, "only old"),
        (now & ~was, "only new"),
        (was & now & other("dose"), "dose changed"),
        (was & now & other("strength", "alternative"), "strength"),
        (was & now & other("confirmed"), "certainty"),
        (was & now & other(*TIMING), "timing"),
    )
    rows = pl.concat([both.filter(which).with_columns(side=pl.lit(side)) for which, side in ways])
    carried = (pl.col("old_carried").fill_null(False)) | (pl.col("new_carried").fill_null(False))
    return (
        _directed(rows)
        .with_columns(
            carried=carried,
            old_rules=pl.col("old_rule"),
            new_rules=pl.col("new_rule"),
        )
        .join(grid.select("cell", *_CELL), on="cell")
        .select(INTERVALS.names())
    )


def _waiting_rows(
    grid: pl.DataFrame,
    waiting: tuple[pl.DataFrame, pl.DataFrame],
    standing: tuple[pl.DataFrame, pl.DataFrame],
) -> pl.DataFrame:
    """A row for each cell and order that stands in neither version, and for which one waits for readings."""
    key = ["cell", "what"]
    sides, stands = [], []
    for name, wait, said in zip(("old", "new"), waiting, standing, strict=True):
        cells = grid.select("cell", "stay", time_ms=f"{name}_at")
        on = ["stay", "time_ms"]
        sides.append(cells.join(wait, on=on).select(*key, pl.col("rule").alias(f"{name}_rules")))
        stands.append(cells.join(said, on=on).select(key))
    both = sides[0].join(sides[1], on=key, how="full", coalesce=True)
    return (
        both.filter(pl.col("old_rules").is_null() | pl.col("new_rules").is_null())
        .join(pl.concat(stands), on=key, how="anti")
        .join(grid.select("cell", *_CELL), on="cell")
        .with_columns(side=pl.lit("readings"), carried=pl.lit(False))
        .drop("cell")
    )


def _directed(rows: pl.DataFrame) -> pl.DataFrame:
    """Doses that differ: up, down, or neither."""
    changed = rows.filter(pl.col("side") == "dose changed").select("old_dose", "new_dose").unique()
    ways = [_direction(old, new) for old, new in changed.iter_rows()]
    known = changed.with_columns(pl.Series("way", ways, pl.String), side=pl.lit("dose changed"))
    joined = rows.join(known, on=["side", "old_dose", "new_dose"], how="left", nulls_equal=True)
    return joined.with_columns(side=pl.coalesce("way", "side"))


def _direction(old: str | None, new: str | None) -> str:
    """Up where no end is lower; of kinds that have no order between them, changed."""
    if old is None or new is None:
        return "dose changed"
    (old_lo, old_hi, old_dims), (new_lo, new_hi, new_dims) = (one.split(" ", 2) for one in (old, new))
    if old_dims != new_dims:
        return "dose changed"
    low, high = Fraction(new_lo) - Fraction(old_lo), Fraction(new_hi) - Fraction(old_hi)
    if low >= 0 and high >= 0:
        return "dose up"
    return "dose down" if low <= 0 and high <= 0 else "dose changed"


def _state_rows(grid: pl.DataFrame) -> Iterable[pl.DataFrame]:
    phases = pl.col("old_phase") != pl.col("new_phase")
    ways = (
        (phases, "phase"),
        (~phases & pl.col("apart"), "stage"),
        (~phases & pl.col("old_outcome").ne_missing(pl.col("new_outcome")), "outcome"),
    )
    for which, what in ways:
        yield grid.filter(which).select(*_CELL, what=pl.lit(what), side=pl.lit(what), carried=pl.lit(False))


def _runs(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that go on without a change as one."""
    full = pl.concat([INTERVALS.to_frame(), rows], how="diagonal").select(INTERVALS.names())
    ordered = full.sort(*_RUN, "start_ms", nulls_last=True)
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in _RUN)
    goes_on = same & (pl.col("start_ms") == pl.col("end_ms").shift(1))
    firsts = [name for name in INTERVALS.names() if name not in (*_RUN, "end_ms", "carried")]
    return (
        ordered.with_columns(run=(~goes_on.fill_null(False)).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(
            pl.col(_RUN).first(),
            pl.col(firsts).first(),
            pl.col("end_ms").last(),
            pl.col("carried").any(),
        )
        .select(INTERVALS.names())
        .sort("stay", "start_ms", "what", "side", "end_ms", nulls_last=True)
    )
