"""What was charted of some stays, whatever a protocol said: first moments of drugs, and what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from .layout import DONE, DOSE, HAPPENED, INFUSION, READING, U_NONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .facts import Facts

GIVEN = {"stay": pl.Int32, "name": pl.String, "charted": pl.Int64}
SEEN = {"kind": pl.String, "name": pl.String, "stays": pl.Int64, "facts": pl.Int64}


def first_given(facts: Facts) -> pl.DataFrame:
    """When each drug was first charted as given in each stay, by the place of the stay, as `GIVEN`.

    Given is a dose of an amount, or an infusion at a rate, that is above 0 or not known.
    """
    frame = _frame(facts).filter(
        pl.col("name") >= 0,
        pl.col("kind").is_in((INFUSION, DOSE)),
        (pl.col("unit") == U_NONE) | (pl.col("value") > 0),
    )
    found = frame.group_by("stay", "name").agg(charted=pl.col("time").min()).sort("stay", "name")
    return found.select("stay", _named(facts.codes.drugs, "name"), "charted").cast(GIVEN)  # type: ignore[arg-type]


def seen(facts: Facts) -> pl.DataFrame:
    """How much was charted of what the protocol declares, as `SEEN`; `kind` is input, drug, event or task."""
    frame = _frame(facts).filter(pl.col("name") >= 0)
    parts = []
    for kind, codes, names in (
        ("input", (READING,), facts.codes.inputs),
        ("drug", (INFUSION, DOSE), facts.codes.drugs),
        ("event", (HAPPENED,), facts.codes.events),
        ("task", (DONE,), facts.codes.tasks),
    ):
        found = (
            frame.filter(pl.col("kind").is_in(codes))
            .group_by("name")
            .agg(stays=pl.col("stay").n_unique(), facts=pl.len())
        )
        parts.append(
            found.select(pl.lit(kind).alias("kind"), _named(names, "name"), "stays", "facts").cast(
                SEEN  # type: ignore[arg-type]
            )
        )
    return pl.concat(parts).sort("kind", "name")


def _frame(facts: Facts) -> pl.DataFrame:
    lengths = np.diff(facts.start)
    return pl.DataFrame(
        {
            "stay": np.repeat(np.arange(len(lengths)), lengths),
            "time": facts.time,
            "kind": facts.kind,
            "name": facts.name,
            "unit": facts.unit,
            "value": facts.value,
        }
    )


def _named(names: Sequence[str], column: str) -> pl.Expr:
    """The names in the place of their numbers."""
    return pl.lit(pl.Series(names, dtype=pl.String)).gather(pl.col(column)).alias(column)
