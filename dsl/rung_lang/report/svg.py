"""A laid-out ladder as one SVG document: black on white, one accent, presentation attributes only.

What matters is said by word and shape and never by colour alone: an initial stage has a dot and an arrow, a
resting one a double frame, an end is round, `throughout` is dashed; moves back are dashed, moves from
every stage dotted. No script, style sheet, marker or link is used, so a page may embed the drawing as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import assert_never

from rung_lang.report.ladder import Ladder, Move, Panel, Way
from rung_lang.report.layout import FOOT, MARGIN, Sheet
from rung_lang.report.lettering import FONTS, clean, width, wrap
from rung_lang.report.panels import BOLD, LABEL, LABEL_LEAD, PAD, SIZES, Box, Label, Placed, Style
from rung_lang.report.wires import CORNER, Point, Wire

INK = "#111"
QUIET = "#555"
ACCENT = "#0b4f8a"
TINT = "#f3f6f9"
HAIR = "#c9ced6"
COLOURS: dict[Style, str] = {
    "title": INK, "number": ACCENT, "name": QUIET, "mark": ACCENT, "heading": INK, "keyword": QUIET,
    "body": INK,
}  # fmt: skip
DASHES: dict[Way, str] = {"onward": "", "back": "6 4", "anywhere": "1.5 4"}
HEAD_LONG, HEAD_HALF = 9, 4


def svg_of(ladder: Ladder, sheet: Sheet) -> str:
    """The document, without an XML declaration, so that it also stands inside HTML."""
    box = sheet.box
    wide, high = (f"{length * sheet.scale:.1f}mm" for length in (box.w, box.h))
    title, desc = f"{ladder.mark}-title", f"{ladder.mark}-desc"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{title}" '
        f'aria-describedby="{desc}" width="{wide}" height="{high}" '
        f'viewBox="{box.x} {box.y} {box.w} {box.h}" font-family="{FONTS}">',
        f'<title id="{title}">{_text(ladder.title)}</title>',
        f'<desc id="{desc}">{_text(" ".join(_sentences(ladder)))}</desc>',
        f'<rect x="{box.x}" y="{box.y}" width="{box.w}" height="{box.h}" fill="#fff"/>',
        *_head(ladder, box),
        *(line for wire in sheet.wires for line in _wire(wire)),
        *(line for placed in sheet.placed for line in _panel(placed)),
        *(line for label in sheet.labels for line in _label(label)),
        *_key(ladder, box),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return escape(clean(text))


def _written(x: int, y: int, text: str, size: int, colour: str, bold: bool = False, anchor: str = "") -> str:
    weight = ' font-weight="bold"' if bold else ""
    end = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{weight}{end}>{_text(text)}</text>'


# ---------------------------------------------------------------- words for those who cannot see it


def _sentences(ladder: Ladder) -> Iterator[str]:
    titles = {panel.id: panel.title for panel in ladder.panels}
    stages = sum(1 for panel in ladder.panels if panel.kind == "stage")
    yield f"A ladder of {stages} {'stage' if stages == 1 else 'stages'}, in the order of escalation."
    for panel in ladder.panels:
        marks = (panel.starts, "May rest here" if panel.resting else "")
        yield ". ".join((_called(panel), *(mark for mark in marks if mark))) + "."
        for row in panel.rows:
            yield ": ".join(part for part in (row.label, ", ".join(row.lines)) if part) + "."
            ways = [move for move in ladder.moves if (move.source, move.row) == (panel.id, row.id)]
            for move in ways:
                yield f"Leads {_direction(move)} to {titles[move.target]}."


def _called(panel: Panel) -> str:
    match panel.kind:
        case "stage":
            return f"Stage {panel.number}, {panel.title}"
        case "end":
            return f"End: {panel.title}"
        case "throughout":
            return panel.title
        case _:
            assert_never(panel.kind)


def _direction(move: Move) -> str:
    match move.way:
        case "onward":
            return "onward"
        case "back":
            return "back"
        case "anywhere":
            return "from any stage"
        case _:
            assert_never(move.way)


# ---------------------------------------------------------------- the sheet


def _head(ladder: Ladder, box: Box) -> Iterator[str]:
    room = box.w - 2 * MARGIN
    titles = wrap(ladder.title, room, 19, bold=True, most=2)
    y = box.y + 8
    for text in titles:
        y += 22 if len(titles) > 1 else 26
        yield _written(MARGIN, y, text, 19, INK, bold=True)
    for text in wrap(ladder.subtitle, room, 11, most=1):
        yield _written(MARGIN, y + 18, text, 11, QUIET)


def _key(ladder: Ladder, box: Box) -> Iterator[str]:
    """What the shapes mean, those that occur; on as many lines as fit."""
    kinds = {panel.kind for panel in ladder.panels}
    ways = {move.way for move in ladder.moves}
    entries = [
        ("start", "starts here", any(panel.starts for panel in ladder.panels)),
        ("rest", "may rest here", any(panel.resting for panel in ladder.panels)),
        ("end", "ends the session", "end" in kinds),
        ("onward", "onward", "onward" in ways),
        ("back", "back", "back" in ways),
        ("anywhere", "from any stage", "anywhere" in ways),
    ]
    x, y = MARGIN, box.bottom - FOOT + 30
    for shape, words, occurs in entries:
        long = 40 + width(words, LABEL) + 18
        if not occurs:
            continue
        if x > MARGIN and x + long > box.right:
            x, y = MARGIN, y + 18
        yield from _swatch(shape, x, y)
        yield _written(x + 40, y + 4, words, LABEL, QUIET)
        x += long


def _swatch(shape: str, x: int, y: int) -> Iterator[str]:
    if shape == "start":
        yield f'<circle cx="{x + 10}" cy="{y}" r="4" fill="{INK}"/>'
        yield from _arrow(((x + 10, y), (x + 32, y)), INK, "", True)
    elif shape == "rest":
        yield _frame(Box(x + 4, y - 7, 28, 14), 2, INK, 1)
        yield _frame(Box(x + 7, y - 4, 22, 8), 1, INK, 1)
    elif shape == "end":
        yield _frame(Box(x + 4, y - 7, 28, 14), 7, INK, 2)
    else:
        way: Way = "onward" if shape == "onward" else "back" if shape == "back" else "anywhere"
        yield from _arrow(((x, y), (x + 32, y)), _ink(way), DASHES[way], True)


# ---------------------------------------------------------------- panels and labels


def _frame(box: Box, round_: int, colour: str, thick: float, fill: str = "none", dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<rect x="{box.x}" y="{box.y}" width="{box.w}" height="{box.h}" rx="{round_}" fill="{fill}" '
        f'stroke="{colour}" stroke-width="{thick:g}"{dashed}/>'
    )


def _panel(placed: Placed) -> Iterator[str]:
    box, panel = placed.box, placed.panel
    yield "<g>"
    match panel.kind:
        case "end":
            yield _frame(box, min(22, box.h // 2), INK, 2.5, "#fff")
        case "throughout":
            yield _frame(box, 4, INK, 1.2, "#fff", "5 3")
        case "stage":
            yield _frame(box, 4, INK, 1.4, "#fff")
            heading = (placed.dividers[0] if placed.dividers else box.bottom) - box.y
            yield (
                f'<rect x="{box.x + 1}" y="{box.y + 1}" width="{box.w - 2}" height="{heading - 2}" rx="3" '
                f'fill="{TINT}"/>'
            )
        case _:
            assert_never(panel.kind)
    if panel.resting:
        yield _frame(Box(box.x + 3, box.y + 3, box.w - 6, box.h - 6), 2, INK, 0.8)
    if panel.starts:
        x = box.x + PAD + 8
        yield f'<circle cx="{x}" cy="{box.y - 17}" r="4.5" fill="{INK}"/>'
        yield from _arrow(((x, box.y - 17), (x, box.y)), INK, "", True)
    for place, y in enumerate(placed.dividers):
        colour = INK if not place else HAIR
        inset = 0 if not place else PAD
        if panel.resting and not place:
            inset = 3
        yield f'<path d="M{box.x + inset} {y}H{box.right - inset}" stroke="{colour}" stroke-width="0.8"/>'
    for line in placed.lines:
        yield _written(line.x, line.y, line.text, SIZES[line.style], COLOURS[line.style], line.style in BOLD)
    yield "</g>"


def _label(label: Label) -> Iterator[str]:
    anchor, x = ("end", label.box.right) if label.side == "left" else ("", label.box.x)
    cut = " ".join(label.lines) != label.whole
    yield f"<g><title>{_text(label.whole)}</title>" if cut else "<g>"
    for place, text in enumerate(label.lines, start=1):
        yield _written(x, label.box.y + LABEL_LEAD * place - 3, text, LABEL, QUIET, anchor=anchor)
    yield "</g>"


# ---------------------------------------------------------------- wires


def _ink(way: Way) -> str:
    return ACCENT if way == "onward" else INK


def _wire(wire: Wire) -> Iterator[str]:
    yield from _arrow(wire.drawn, _ink(wire.move.way), DASHES[wire.move.way], wire.head)


def _arrow(points: Sequence[Point], colour: str, dash: str, head: bool) -> Iterator[str]:
    """A line with round corners, and a solid head on its last point."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    (x, y), (px, py) = points[-1], points[-2]
    dx, dy = (x > px) - (x < px), (y > py) - (y < py)
    shown = [*points[:-1], (x - dx * (HEAD_LONG - 2), y - dy * (HEAD_LONG - 2))] if head else points
    yield f'<path d="{_path(shown)}" fill="none" stroke="{colour}" stroke-width="1.5"{dashed}/>'
    if head:
        bx, by = x - dx * HEAD_LONG, y - dy * HEAD_LONG
        sx, sy = dy * HEAD_HALF, dx * HEAD_HALF
        yield f'<path d="M{x} {y}L{bx + sx} {by + sy}L{bx - sx} {by - sy}Z" fill="{colour}"/>'


def _path(points: Sequence[Point]) -> str:
    path = [f"M{points[0][0]} {points[0][1]}"]
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        into, out = abs(bx - ax) + abs(by - ay), abs(cx - bx) + abs(cy - by)
        r = min(CORNER, into // 2, out // 2) if out > CORNER else min(CORNER, out)
        path.append(f"L{bx - _toward(ax, bx, r)} {by - _toward(ay, by, r)}")
        path.append(f"Q{bx} {by} {bx + _toward(bx, cx, r)} {by + _toward(by, cy, r)}")
    return "".join([*path, f"L{points[-1][0]} {points[-1][1]}"])


def _toward(start: int, end: int, length: int) -> int:
    return length * ((end > start) - (end < start))
