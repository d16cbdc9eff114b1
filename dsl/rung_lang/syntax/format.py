"""The one canonical layout of a file.

Formatting keeps the meaning: the formatted text parses to the same tree, but for places and for parentheses
that change nothing. It keeps the order of everything, every number as written, and every comment once. It
expects a file that was read without a problem.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import assert_never

from rung_engine.frozen import frozen
from rung_lang.source import Source
from rung_lang.syntax import tree as t
from rung_lang.syntax.format_items import definition, head, item
from rung_lang.syntax.layout import WIDTH, Doc, Line, lay_out, tokens
from rung_lang.syntax.recover import masked

MOST_PADDING = 12
"""Definitions are aligned with each other unless one of them would be moved further than this."""


def format_file(source: Source, file: t.File) -> str:
    """The text of the file in its canonical layout, ending in one line end."""
    blocks = tuple(_blocks(source, file))
    notes = _notes(source, file)
    while True:
        rows = _rows(blocks, [note.gap for note in notes])
        places = _placed(notes, rows)
        settled = [place.note for place in places]
        if settled == notes:
            return _text(rows, places)
        # A comment that moved asks for its line end anew. Each only moves towards the end, so this ends.
        notes = settled


def is_formatted(source: Source, file: t.File) -> bool:
    """Whether the text already is what `format_file` makes of it."""
    return format_file(source, file) == source.text


# ---------------------------------------------------------------- blocks: items, indented and grouped


@frozen
class _Block:
    """The head or an item, with its indentation and whether a blank line stands before it."""

    doc: Doc
    indent: int
    apart: bool


def _blocks(source: Source, file: t.File) -> Iterator[_Block]:
    mask = masked(source.text)
    if file.head is not None:
        yield _Block(head(file.head), 0, False)
    before: t.Item | None = None
    in_stage = in_arm = False
    for run in _runs(file.items):
        pad = _padding(run)
        for of in run:
            indent = 0
            if isinstance(of, t.Stage | t.Throughout):
                in_stage, in_arm = True, False
            elif isinstance(of, t.Arm):
                indent, in_arm = 2 * in_stage, True
            elif _is_of_a_stage(of, before):
                indent = 2 * (in_stage + in_arm)
            yield _Block(item(of, mask, pad), indent, before is None or _are_apart(before, of))
            before = of


def _is_of_a_stage(of: t.Item, before: t.Item | None) -> bool:
    """A stage reaches to the next one, whatever stands between; an override belongs where it is written."""
    if isinstance(of, t.Override):
        return before is not None and (_is_header(before) or _group(before) == "rules")
    return isinstance(of, t.Goal | t.Covers | t.Rule | t.Titrate)


def _is_header(of: t.Item) -> bool:
    return isinstance(of, t.Stage | t.Throughout | t.Arm)


def _runs(items: Sequence[t.Item]) -> Iterator[list[t.Item]]:
    for _, run in groupby(items, key=lambda of: isinstance(of, t.Define)):
        yield list(run)


def _padding(run: Sequence[t.Item]) -> int:
    """Columns before `as` in a run of definitions; 0 where they are not aligned."""
    defines = [of for of in run if isinstance(of, t.Define)]
    lengths = [len(definition(of)) for of in defines]
    if not lengths or max(lengths) - min(lengths) > MOST_PADDING:
        return 0
    widest = max(lengths)
    flat = all(item(of, "", widest).width <= WIDTH for of in defines)
    return widest if flat else 0


def _are_apart(before: t.Item, after: t.Item) -> bool:
    """Items of one group follow each other; a stage, a later arm and an example stand alone."""
    if isinstance(after, t.Stage | t.Throughout | t.Example):
        return True
    if isinstance(after, t.Arm):
        return not isinstance(before, t.Stage | t.Throughout)
    return _group(before) != _group(after)


def _group(of: t.Item) -> str:
    match of:
        case t.SourceDecl():
            return "sources"
        case t.Input():
            return "inputs"
        case t.Drug() | t.ClassDecl() | t.Incompatible():
            return "drugs"
        case t.Panel() | t.EventDecl() | t.TaskDecl() | t.Course() | t.Outcome() | t.Regimen():
            return "words"
        case t.Setting():
            return "settings"
        case t.Define():
            return "definitions"
        case t.Restrict() | t.Before():
            return "limits"
        case t.Stage() | t.Throughout() | t.Arm() | t.Goal() | t.Covers():
            return "rules"
        case t.Rule() | t.Titrate() | t.Override():
            return "rules"
        case t.Property() | t.Prove() | t.Assume() | t.Question():
            return "properties"
        case t.Owns() | t.Remove() | t.Migrate():
            return "neighbours"
        case t.FactDecl() | t.Concern() | t.Check():
            return "said"
        case t.Example():
            return "examples"
        case _:
            assert_never(of)


# ---------------------------------------------------------------- comments, known by the tokens before them


@frozen
class _Note:
    """A comment with `gap` tokens before it; whether a blank line stood before and after it."""

    text: str
    gap: int
    own_line: bool
    blank_before: bool
    blank_after: bool


@frozen
class _Row:
    """A line; `begins` where a block does, and then `apart` if a blank line stands before it."""

    line: Line
    begins: bool
    apart: bool


@frozen
class _Place:
    """A comment at the end of row number `row`, or before it on lines of its own."""

    note: _Note
    row: int


def _notes(source: Source, file: t.File) -> list[_Note]:
    starts = tokens(masked(source.text))
    return [
        _Note(
            comment.text,
            bisect_left(starts, comment.span.start),
            comment.own_line,
            _is_blank(source, comment.span.start, -1),
            _is_blank(source, comment.span.start, 1),
        )
        for comment in file.comments
    ]


def _is_blank(source: Source, offset: int, step: int) -> bool:
    """Whether the line above (-1) or below (1) the offset is there and empty."""
    number = source.line_and_column(offset)[0] + step
    return 1 <= number <= source.lines and not source.line(number).strip()


def _rows(blocks: Sequence[_Block], gaps: Sequence[int]) -> list[_Row]:
    rows: list[_Row] = []
    token = 0
    for block in blocks:
        for number, line in enumerate(lay_out(block.doc, block.indent, token, gaps)):
            rows.append(_Row(line, number == 0, number == 0 and block.apart))
        token += block.doc.tokens
    return rows


def _placed(notes: Sequence[_Note], rows: Sequence[_Row]) -> list[_Place]:
    """Each comment at the first place at or after its own where it can stand, in order."""
    ends = [row.line.last for row in rows]
    places: list[_Place] = []
    for note in notes:
        least = places[-1].row if places else 0
        taken = bool(places) and not places[-1].note.own_line
        if not note.own_line and note.gap > 0:
            row = bisect_right(ends, note.gap - 1)
            if row > least or (row == least and not taken):
                places.append(_Place(replace(note, gap=ends[row]), row))
                continue
        row = bisect_right(ends, note.gap) if note.own_line else bisect_right(ends, note.gap - 1) + 1
        if row < len(rows) and rows[row].line.first < note.gap:
            row += 1
        row = max(row, least + taken)
        gap = rows[row].line.first if row < len(rows) else (ends[-1] if ends else 0)
        places.append(_Place(replace(note, gap=gap, own_line=True), row))
    return places


def _text(rows: Sequence[_Row], places: Sequence[_Place]) -> str:
    own: dict[int, list[_Note]] = {}
    ends: dict[int, str] = {}
    for place in places:
        if place.note.own_line:
            own.setdefault(place.row, []).append(place.note)
        else:
            ends[place.row] = place.note.text
    lines: list[str] = []
    for number, row in enumerate(rows):
        before = own.get(number, [])
        if lines and (row.apart or (row.begins and any(note.blank_after for note in before))):
            lines.append("")
        for note in before:
            lines.append(" " * row.line.indent + note.text)
            if row.begins and note.blank_after:
                lines.append("")
        lines.append(f"{row.line.text}  {ends[number]}" if number in ends else row.line.text)
    for note in own.get(len(rows), []):
        if lines and note.blank_before:
            lines.append("")
        lines.append(note.text)
    return "".join(f"{line}\n" for line in lines)
