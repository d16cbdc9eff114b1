"""A table of few columns for a terminal of 80: rows with a label, columns in blocks that fit."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from rung_engine.frozen import frozen
from rung_lang.report.text import WIDTH

INDENT = 2
MOST_LABEL = 30
"""Columns of the terminal for what a row is about."""
_GAP = 2
_WIDEST = (30, 20, 14)
"""How wide a column may be: as much as one block of them has room for, then blocks of narrow ones."""
_WORD = 20
"""No word of a cell is broken unless it is longer than this."""

Head = tuple[int | None, str]
"""A column: its key, None where it stands for columns left out, and what stands above it."""


@frozen
class Row:
    """`label`: lines of at most `MOST_LABEL`. `cells` by the key of the column."""

    label: tuple[str, ...]
    cells: Mapping[int, str]


@frozen
class _Column:
    head: str
    cells: tuple[str, ...]
    """One for each row; empty where there is none."""

    def width(self, widest: int) -> int:
        """As wide as its longest cell, and no wider than this unless a word of it is."""
        words = [word for text in (self.head, *self.cells) for word in text.split()]
        longest = max(map(len, words), default=1)
        return min(max(len(self.head), *map(len, self.cells), 1), max(widest, min(longest, _WORD)))


def table(rows: Sequence[Row], heads: Sequence[Head]) -> list[str]:
    """The rows, once for each block of columns; a row without a cell in a block is left out of it."""
    label = max(len(line) for row in rows for line in row.label)
    columns = [
        _Column(head, tuple("" if key is None else row.cells.get(key, "") for row in rows))
        for key, head in heads
    ]
    out: list[str] = []
    for block in _blocks(columns, WIDTH - INDENT - label - _GAP):
        if out:
            out.append("")
        widths = [width for _, width in block]
        out.append(_line("", [column.head for column, _ in block], widths, label))
        for place, row in enumerate(rows):
            cells = [column.cells[place] for column, _ in block]
            if any(cells):
                out.extend(_lines(row.label, cells, widths, label))
    return out


def _blocks(columns: Sequence[_Column], room: int) -> list[list[tuple[_Column, int]]]:
    """Columns with their widths: in one block if they can be, else as many to a block as have room."""
    for widest in _WIDEST:
        blocks: list[list[tuple[_Column, int]]] = [[]]
        left = room
        for column in columns:
            width = column.width(widest)
            if blocks[-1] and width > left:
                blocks.append([])
                left = room
            blocks[-1].append((column, width))
            left -= width + _GAP
        if len(blocks) == 1:
            break
    return blocks


def _lines(label: Sequence[str], cells: Sequence[str], widths: Sequence[int], left: int) -> Iterator[str]:
    """One row, as many lines as its longest cell or its label takes."""
    wrapped = [textwrap.wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for parts in zip_longest(label, *wrapped, fillvalue=""):
        yield _line(parts[0], parts[1:], widths, left)


def _line(label: str, parts: Sequence[str], widths: Sequence[int], left: int) -> str:
    cells = [part.ljust(width) for part, width in zip(parts, widths, strict=True)]
    return (" " * INDENT + (" " * _GAP).join([label.ljust(left), *cells])).rstrip()
