"""One panel of a ladder with its lines of text, its labels and the places where wires leave and arrive.

Whole pixels; x counts from the panel's left side until `moved`. Wires leave a row under their label, so a
label has its row's height to itself; they arrive at the heading. Neighbouring columns use different residues
of `PITCH`, so no two wires of a gap run at one height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from rung_engine.frozen import frozen
from rung_lang.report.ladder import Move, Panel, Row
from rung_lang.report.lettering import clean, width, wrap

Side = Literal["left", "right"]
Style = Literal["title", "number", "name", "mark", "heading", "keyword", "body"]

SIZES: dict[Style, int] = {
    "title": 15, "number": 15, "name": 10, "mark": 11, "heading": 12, "keyword": 12, "body": 12,
}  # fmt: skip
BOLD: frozenset[Style] = frozenset({"title", "number", "mark", "heading"})
LABEL = 11
LABEL_LEAD = 13
LABEL_ROOM = 112
LABEL_GAP = 7
PITCH = 12
PAD = 11
HANG = 44
"""Room for the widest keyword and a blank."""
KEYWORDS = ("when", "then", "unless")


@frozen
class Box:
    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def bottom(self) -> int:
        return self.y + self.h

    def moved(self, dx: int) -> Box:
        return replace(self, x=self.x + dx)

    def meets(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )


@frozen
class Line:
    """One line of text; `x`, `y` are the left end of its baseline."""

    x: int
    y: int
    text: str
    style: Style

    @property
    def box(self) -> Box:
        size = SIZES[self.style]
        return Box(self.x, self.y - size + 1, width(self.text, size, self.style in BOLD), size + 2)


@frozen
class Label:
    """What a wire says where it leaves; `whole` is the text before it was cut to fit."""

    box: Box
    side: Side
    lines: tuple[str, ...]
    whole: str


@frozen
class Exit:
    move: Move
    side: Side


@frozen
class Placed:
    """`leaves` holds the height of each exit, `arrives` those of each side's arrivals, in their order."""

    panel: Panel
    box: Box
    lines: tuple[Line, ...]
    dividers: tuple[int, ...]
    labels: tuple[Label, ...]
    leaves: tuple[tuple[Move, int], ...]
    arrives: dict[Side, tuple[int, ...]]

    def moved(self, dx: int) -> Placed:
        return replace(
            self,
            box=self.box.moved(dx),
            lines=tuple(replace(line, x=line.x + dx) for line in self.lines),
            labels=tuple(replace(label, box=label.box.moved(dx)) for label in self.labels),
        )


def place(
    panel: Panel, room: int, top: int, residue: int, exits: Sequence[Exit], arrivals: dict[Side, int]
) -> Placed:
    """The panel `room` wide with its upper edge at `top`; heights of wires are `residue` modulo `PITCH`."""
    lines, y = _heading(panel, room, top)
    arrives: dict[Side, tuple[int, ...]] = {}
    for side, number in arrivals.items():
        first = _next(top + 9, residue)
        arrives[side] = tuple(first + PITCH * place for place in range(number))
        y = max(y, first + PITCH * number - 4)
    dividers: list[int] = []
    labels: list[Label] = []
    leaves: list[tuple[Move, int]] = []
    for row in panel.rows:
        dividers.append(y)
        written, bottom = _row(row, room, y)
        lines += written
        free: dict[Side, int] = {"left": y + 4, "right": y + 4}
        for exit_ in exits:
            if exit_.move.row == row.id:
                label, height, free[exit_.side] = _exit(exit_, room, free[exit_.side], residue)
                labels += [label] if label.lines else []
                leaves.append((exit_.move, height))
        y = max(bottom, *free.values())
    return Placed(
        panel,
        Box(0, top, room, y - top),
        tuple(lines),
        tuple(dividers),
        tuple(labels),
        tuple(leaves),
        arrives,
    )


def _next(y: int, residue: int) -> int:
    """The first height from `y` on at which this column's wires may run."""
    return y + (residue - y) % PITCH


def _exit(exit_: Exit, room: int, y: int, residue: int) -> tuple[Label, int, int]:
    """The label, the height of the wire under it, and where the next label may begin."""
    lines = _wrapped(exit_.move.label, LABEL_ROOM, LABEL, False, 3)
    wide = max((width(line, LABEL) for line in lines), default=0)
    height = _next(y + LABEL_LEAD * len(lines) + 3, residue)
    x = room + LABEL_GAP if exit_.side == "right" else -LABEL_GAP - wide
    box = Box(x, height - 3 - LABEL_LEAD * len(lines), wide, LABEL_LEAD * len(lines))
    return Label(box, exit_.side, lines, clean(exit_.move.label)), height, height + 6


def _heading(panel: Panel, room: int, top: int) -> tuple[list[Line], int]:
    """The lines above the rows, and where the first row begins."""
    lines: list[Line] = []
    x, y = PAD, top + 5
    inner = room - 2 * PAD
    if panel.kind == "end":
        x += 8
        inner -= 16
        lines.append(Line(x, y + 11, "End", "mark"))
        y += 15
    elif panel.number:
        number = str(panel.number)
        lines.append(Line(x, y + 15, number, "number"))
        shift = width(number, SIZES["number"], True) + 9
        x += shift
        inner -= shift
    for text in _wrapped(panel.title, inner, SIZES["title"], True, 3):
        lines.append(Line(x, y + 15, text, "title"))
        y += 18
    for text in _wrapped(panel.name, inner, SIZES["name"], False, 2):
        lines.append(Line(x, y + 10, text, "name"))
        y += 13
    for mark in (panel.starts, "May rest here" if panel.resting else ""):
        for text in _wrapped(mark, inner, SIZES["mark"], True, 4):
            lines.append(Line(x, y + 13, text, "mark"))
            y += 14
    return lines, y + 6


def _row(row: Row, room: int, top: int) -> tuple[list[Line], int]:
    """The lines of a row, and its lower edge."""
    lines: list[Line] = []
    y = top + 4
    inner = room - 2 * PAD
    for text in _wrapped(row.label, inner, SIZES["heading"], True, 3):
        lines.append(Line(PAD, y + 12, text, "heading"))
        y += 15
    before = ""
    for words in row.lines:
        first, _, rest = words.partition(" ")
        hang = HANG if first in KEYWORDS and rest else 0
        if hang:
            lines.append(Line(PAD, y + 12, "and" if first == before else first, "keyword"))
        before = first
        for text in _wrapped(rest if hang else words, inner - hang, SIZES["body"], False, 4):
            lines.append(Line(PAD + hang, y + 12, text, "body"))
            y += 14
    return lines, y + 6


@lru_cache(maxsize=4096)
def _wrapped(text: str, room: int, size: int, bold: bool, most: int) -> tuple[str, ...]:
    return wrap(text, room, size, bold=bold, most=most)
