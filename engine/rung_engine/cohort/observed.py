"""What a bedside sees of the decisions on a cohort, as frames: the course of each stay, the orders that
stand, what waits for readings. Names are brought to those of the new version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl

from rung_engine.artifact import model as m
from rung_engine.cohort.sought import Alike
from rung_engine.cohort.tally import frame_of

if TYPE_CHECKING:
    from rung_engine.cohort.tables import Decided
    from rung_engine.program import Program

SAID = (
    "dose", "lo", "hi", "unit", "strength", "alternative", "confirmed", "mark", "due_ms", "late_ms",
    "every_lo", "every_hi", "rule", "carried",
)  # fmt: skip
TIMING = ("mark", "due_ms", "late_ms", "every_lo", "every_hi")
SEEN = ("what", "dose", "strength", "alternative", "confirmed", *TIMING)


def line(decided: Decided, stages: Mapping[str, str]) -> pl.DataFrame:
    columns = ("stay", "time_ms", "until_ms", "phase", "stage", "path", "outcome")
    path = pl.col("path").str.split(" ").list.eval(_renamed(pl.element(), stages)).list.join(" ")
    return (
        _spelled(frame_of(decided.decisions, columns))
        .with_columns(_renamed(pl.col("stage"), stages), path=path if stages else pl.col("path"))
        .with_row_index("decision")
    )


def _spelled(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))


def orders(
    decided: tuple[Decided, Decided], programs: tuple[Program, Program], alike: Alike
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The orders that stand, with `said`, a number that two orders share if they are observably the same."""
    columns = (
        "stay", "time_ms", "kind", "rule", "op", "target", "mark", "strength", "confirmed", "carried",
        "choice", "unit", "lo", "hi", "due_ms", "late_ms", "every_lo", "every_hi",
    )  # fmt: skip
    found = []
    for one, program, names in zip(decided, programs, (dict(alike.targets), {}), strict=True):
        frame = _spelled(frame_of(one.items, columns).filter(pl.col("kind") == "order"))
        doses = frame.select("unit", "lo", "hi").unique()
        exact = [_exact(program, *row) for row in doses.iter_rows()]
        doses = doses.with_columns(pl.Series("dose", exact, pl.String))
        found.append(
            frame.join(doses, on=["unit", "lo", "hi"], how="left", nulls_equal=True)
            .with_columns(
                what=pl.concat_str("op", _renamed(pl.col("target"), names), separator=" "),
                alternative=pl.col("choice").is_not_null(),
            )
            .select("stay", "time_ms", "what", *SAID)
            .sort("stay", "time_ms", *SEEN, nulls_last=True)
            .with_columns(place=pl.int_range(pl.len()).over("stay", "time_ms", "what"))
        )
    known = pl.concat([one.select(SEEN) for one in found]).unique(maintain_order=True).with_row_index("said")
    before, after = (one.join(known, on=SEEN, how="left", nulls_equal=True) for one in found)
    return before, after


def waits(
    decided: tuple[Decided, Decided], programs: tuple[Program, Program], alike: Alike
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The orders and moves whose rules wait for readings, each with those rules."""
    found = []
    names: tuple[tuple[dict[str, str], dict[str, str]], ...]
    names = (dict(alike.targets), dict(alike.stages)), ({}, {})
    for one, program, (targets, stages) in zip(decided, programs, names, strict=True):
        frame = _spelled(frame_of(one.items, ("stay", "time_ms", "kind", "rule")))
        spoken = [
            (rule.id, f"{op} {(stages if op == 'go' else targets).get(target, target)}")
            for rule in program.artifact.rules
            for op, target in _spoken(rule)
        ]
        schema = {"rule": pl.String, "what": pl.String}
        found.append(
            frame.filter(pl.col("kind") == "pending")
            .select("stay", "time_ms", "rule")
            .unique()
            .join(pl.DataFrame(spoken, schema=schema, orient="row").unique(), on="rule")
            .group_by("stay", "time_ms", "what")
            .agg(pl.col("rule").sort().str.join(" "))
        )
    return found[0], found[1]


def _spoken(rule: m.Rule) -> Iterable[tuple[str, str]]:
    """The op and target of every order of a rule."""
    for choice in rule.orders:
        for order in (choice.order,) if isinstance(choice, m.One) else choice.orders:
            yield order.op, order.target


def _renamed(column: pl.Expr, names: Mapping[str, str]) -> pl.Expr:
    return column.replace(names) if names else column


def _exact(program: Program, unit: str | None, lo: int | None, hi: int | None) -> str | None:
    """A dose spelled so that the same amounts in other units are the same text."""
    if unit is None or lo is None or hi is None:
        return None
    known = program.units[unit]
    low, high = (known.factor * Fraction(end, 1_000_000) for end in (lo, hi))
    return f"{low} {high} {known.dims}"
