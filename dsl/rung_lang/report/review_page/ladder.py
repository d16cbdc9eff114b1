"""The ladder of the new version with what is added, gone and changed: by shape and word, then by colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import escape
from typing import Literal, assert_never

from rung_engine.artifact import model as m
from rung_lang.diff.model import Change
from rung_lang.report.diff_said import Sides
from rung_lang.report.documents.ladder import said, small
from rung_lang.report.ladder import THROUGHOUT, Ladder, Panel, Row
from rung_lang.report.layout import Sheet, layout
from rung_lang.report.lettering import width
from rung_lang.report.panels import SIZES, Box, Placed
from rung_lang.report.svg import ACCENT, INK, svg_of
from rung_lang.report.words_phrases import joined

Mark = Literal["new", "gone", "changed"]

_SIZE = 11
_HIGH = 17
_OUT = 4
"""How far a mark's frame stands outside the panel."""


def ladder(sides: Sides) -> tuple[str, str]:
    """The drawing as SVG, and what it shows in words."""
    new, old = small(sides.new), small(sides.old)
    marks, merged = _merged(sides, old, new)
    sheet = layout(merged)
    shapes = [line for placed in sheet.placed for line in _shape(placed, marks.get(placed.panel.id))]
    drawn = svg_of(merged, sheet)
    whole = drawn.removesuffix("</svg>\n") + "\n".join([*shapes, "</svg>"]) + "\n"
    return whole, f"{said(merged)} {_told(marks, sheet)}".strip()


# ---------------------------------------------------------------- two ladders in one


def _merged(sides: Sides, old: Ladder, new: Ladder) -> tuple[Mapping[str, Mark], Ladder]:
    names = {one.old: one.new for one in sides.difference.renamed if one.kind == "stage"}
    before = {names.get(stage, stage): panel for stage, panel in _by_stage(sides.old, old).items()}
    after = _by_stage(sides.new, new)
    marks: dict[str, Mark] = {}
    panels: list[Panel] = []
    changed = _changed(sides)
    for stage, panel in after.items():
        was = before.get(stage)
        rows = panel.rows if was is None else _rows(sides, stage, was, panel, old, new)
        if was is None:
            marks[panel.id] = "new"
        elif stage in changed or rows != panel.rows:
            marks[panel.id] = "changed"
        panels.append(replace(panel, rows=rows))
    for stage, panel in before.items():
        if stage not in after:
            lost = replace(
                panel, id=f"gone {panel.id}", number=0, starts="", resting=False, rows=_lost(panel.rows)
            )
            marks[lost.id] = "gone"
            panels.append(lost)
    order = {"stage": 0, "end": 1, "throughout": 2}
    panels.sort(key=lambda panel: order[panel.kind])
    title = "What changes, by stage"
    return marks, replace(new, title=title, mark=f"{new.mark}-changes", panels=tuple(panels))


def _by_stage(artifact: m.Artifact, ladder_: Ladder) -> dict[str, Panel]:
    """Panels by what they are in both versions: the stage's name, the outcome's words."""
    stages = {node.id: node.stage for node in artifact.graph.nodes if node.kind == "stage"}
    return {
        panel.title if panel.kind == "end" else stages.get(panel.id) or panel.id: panel
        for panel in ladder_.panels
    }


def _changed(sides: Sides) -> dict[str, list[Change]]:
    """Changes by the stage in which they are; of those in the rules of every stage, none by itself."""
    found: dict[str, list[Change]] = {}
    for change in sides.difference.changes:
        everywhere = all(rule.startswith(f"{THROUGHOUT}.") for rule in (*change.rules_old, *change.rules_new))
        for pair in (change.stages, *change.also):
            stage = THROUGHOUT if everywhere else pair.new or pair.old
            if stage is not None:
                found.setdefault(stage, []).append(change)
    return found


def _rows(sides: Sides, stage: str, was: Panel, now: Panel, old: Ladder, new: Ladder) -> tuple[Row, ...]:
    """The rows of both: orders first, with a word on each line that differs, then ways."""
    touched = {change.subject[1].replace("_", " ") for change in _changed(sides).get(stage, ())}
    rows: list[Row] = []
    had = {_key(row, was, old): row for row in was.rows}
    has = {_key(row, now, new): row for row in now.rows}
    for key, row in has.items():
        other = had.get(key)
        if key == "orders":
            rows.append(replace(row, lines=_lines(() if other is None else other.lines, row.lines, touched)))
        elif other is None:
            rows.append(replace(row, label=f"+ new: {row.label}"))
        elif other.lines != row.lines:
            rows.append(replace(row, label=f"{row.label} (changed)"))
        else:
            rows.append(row)
    if "orders" in had and "orders" not in has:
        rows.insert(0, replace(had["orders"], id=f"{now.id} lost", lines=_gone(had["orders"].lines)))
    rows += [replace(row, id=f"gone {row.id}", label=f"× gone: {row.label}") for key, row in had.items()
             if key not in has and key != "orders"]  # fmt: skip
    return tuple(rows)


def _key(row: Row, panel: Panel, ladder_: Ladder) -> str:
    if row.id == f"{panel.id} orders":
        return "orders"
    return row.label


def _lines(before: tuple[str, ...], after: tuple[str, ...], touched: set[str]) -> tuple[str, ...]:
    lines = []
    for line in after:
        if line not in before:
            lines.append(f"{line} (+ new)" if not _like(line, before) else f"{line} (changed)")
        else:
            about = any(line.endswith(f" {drug}") for drug in touched)
            lines.append(f"{line} (changed)" if about else line)
    return (*lines, *_gone(tuple(line for line in before if not _like(line, after))))


def _like(line: str, others: tuple[str, ...]) -> bool:
    """There is a line about the same drug."""
    return any(other.rpartition(" ")[2] == line.rpartition(" ")[2] for other in others)


def _gone(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{line} (× gone)" for line in lines)


def _lost(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(replace(row, id=f"gone {row.id}") for row in rows)


# ---------------------------------------------------------------- marks


def _shape(placed: Placed, mark: Mark | None) -> Iterator[str]:
    """A frame around the panel, and a plate on its upper edge with a sign and a word."""
    if mark is None:
        return
    box = Box(placed.box.x - _OUT, placed.box.y - _OUT, placed.box.w + 2 * _OUT, placed.box.h + 2 * _OUT)
    match mark:
        case "new":
            stroke, colour = 'stroke-width="2.5" stroke-dasharray="9 4"', ACCENT
        case "gone":
            stroke, colour = 'stroke-width="2" stroke-dasharray="1.5 4" stroke-linecap="round"', INK
        case "changed":
            stroke, colour = 'stroke-width="3"', ACCENT
        case _:
            assert_never(mark)
    yield (
        f'<rect x="{box.x}" y="{box.y}" width="{box.w}" height="{box.h}" rx="6" fill="none" '
        f'stroke="{colour}" {stroke}/>'
    )
    if mark == "gone":
        y = placed.box.y + 15
        end = min(box.x + 22 + width(placed.panel.title, SIZES["title"], bold=True), box.right - 8)
        yield f'<path d="M{box.x + 8} {y}H{end}" stroke="{INK}" stroke-width="1.2"/>'
    wide = width(mark, _SIZE, bold=True) + 30
    x, y = box.right - wide - 10, box.y - _HIGH // 2
    yield (
        f'<rect x="{x}" y="{y}" width="{wide}" height="{_HIGH}" rx="3" fill="#fff" stroke="{colour}" '
        'stroke-width="1.5"/>'
    )
    yield _sign(mark, x + 11, y + _HIGH // 2, colour)
    yield (
        f'<text x="{x + 21}" y="{y + 12}" font-size="{_SIZE}" font-weight="bold" fill="{colour}">'
        f"{escape(mark)}</text>"
    )


def _sign(mark: Mark, x: int, y: int, colour: str) -> str:
    match mark:
        case "new":
            return (
                f'<path d="M{x - 5} {y}H{x + 5}M{x} {y - 5}V{y + 5}" stroke="{colour}" stroke-width="2.4"/>'
            )
        case "gone":
            return (
                f'<path d="M{x - 4} {y - 4}L{x + 4} {y + 4}M{x - 4} {y + 4}L{x + 4} {y - 4}" '
                f'stroke="{colour}" stroke-width="2.4"/>'
            )
        case "changed":
            return f'<path d="M{x - 5} {y + 4}H{x + 5}L{x} {y - 5}Z" fill="{colour}"/>'
        case _:
            assert_never(mark)


def _told(marks: Mapping[str, Mark], sheet: Sheet) -> str:
    titles = {placed.panel.id: placed.panel.title for placed in sheet.placed}
    parts = []
    for mark in ("new", "gone", "changed"):
        found = [titles[panel] for panel, own in marks.items() if own == mark]
        if found:
            parts.append(f"{mark.capitalize()}: {joined(found, 'and')}.")
    return " ".join(parts)
