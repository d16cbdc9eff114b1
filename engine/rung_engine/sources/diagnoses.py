"""Diagnoses of a stay as flags: a code or some words of a text, looked up in the table `diagnoses`.

A flag of a mapping is `code:78551`, or `text:cardiogenic shock` (in the text, whatever its case). A cell may
hold several codes, with commas between. Diagnoses are of the whole stay and often written after it: they are
flags, not readings.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

CODE, TEXT = "code:", "text:"


def is_diagnosis(flag: str) -> bool:
    """Whether the flag is looked up in `diagnoses` and not in `stays`."""
    return flag.startswith((CODE, TEXT))


def with_diagnoses(stays: pl.DataFrame, diagnoses: pl.DataFrame, flags: Iterable[str]) -> pl.DataFrame:
    """`stays` with a column of 0 or 1 for each flag. `diagnoses` has the columns stay_id, code and text."""
    out = stays
    for flag in flags:
        if flag.startswith(CODE):
            wanted = flag.removeprefix(CODE).strip()
            codes = pl.col("code").fill_null("").str.split(",")
            found = codes.list.eval(pl.element().str.strip_chars() == wanted).list.any()
        else:
            words = flag.removeprefix(TEXT).strip().lower()
            found = pl.col("text").fill_null("").str.to_lowercase().str.contains(words, literal=True)
        ids = diagnoses.filter(found)["stay_id"].unique()
        out = out.with_columns(pl.col("stay_id").is_in(ids.implode()).cast(pl.Int64).alias(flag))
    return out
