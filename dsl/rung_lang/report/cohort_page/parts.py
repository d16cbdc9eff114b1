"""Small pieces that the parts of the page share."""

from __future__ import annotations

from collections.abc import Sequence

from rung_lang.report.cohort_said import FEW
from rung_lang.report.documents.page import Drawing, Words, code, plain, quiet

BARS = 15
"""A plot shows the largest; the table below it shows all."""


def say(*parts: str | Words) -> Words:
    """Words from texts and words."""
    return tuple(run for part in parts for run in (plain(part) if isinstance(part, str) else part))


def row(*cells: str | Words) -> tuple[Words, ...]:
    """A row of a table."""
    return tuple(plain(cell) if isinstance(cell, str) else cell for cell in cells)


def drawn(svg: str, caption: str) -> Drawing:
    """A plot with what it shows, in words."""
    return Drawing(svg, caption, caption)


def medians(of: str, whose: str) -> Words:
    """What a median is here."""
    return quiet(
        f"Of {of}: the median with the lower and upper quartile, over the {whose}; each is a value that "
        f"occurred. Where fewer than {FEW} stays have one, all values are listed."
    )


def listed(names: Sequence[str]) -> Words:
    """Names, as the author wrote them."""
    runs: list[Words] = []
    for place, name in enumerate(names):
        runs.append(code(name))
        if place < len(names) - 1:
            runs.append(plain(", "))
    return tuple(run for words in runs for run in words)
