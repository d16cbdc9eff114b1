"""Plain plots as SVG: bars, steps, dots and columns. Whole pixels, one accent, nothing told by colour alone.

Of two curves one is a thick line and the other dashed, and each has its name at its end. Every plot has a
title and a sentence for those who cannot see it; the numbers stand in the table below it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from rung_engine.cohort.summary import Values
from rung_engine.frozen import frozen
from rung_lang.report.cohort_said import HOUR, hours, whole
from rung_lang.report.lettering import FONTS, clean, width, wrap

WIDE = 780
INK, QUIET, ACCENT, HAIR = "#16191d", "#555b63", "#0b4f8a", "#c9ced6"
SIZE, SMALL, HUGE = 12, 11, 26
_LABELS = 260
_STEPS = (
    HOUR // 4,
    HOUR // 2,
    *(HOUR * n for n in (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 96, 120, 168, 240, 336)),
)
_MOST_TICKS = 9
_WIDEST = 96
"""Of a column."""
_CURVES = (
    f'stroke="{ACCENT}" stroke-width="3"',
    f'stroke="{INK}" stroke-width="1.8" stroke-dasharray="6 4"',
)


@frozen
class Bar:
    """A label, how long the bar is, and what stands at its end."""

    label: str
    value: int
    shown: str


@frozen
class Dot:
    """A median with its quartiles, and what stands at the right."""

    label: str
    low: int
    middle: int
    high: int
    shown: str


@frozen
class Step:
    """Instants in ms at which one more stay is counted, in rising order, each with how many."""

    label: str
    rises: tuple[tuple[int, int], ...]


@frozen
class Column:
    """A stretch of values and how many lie in it."""

    label: str
    count: int


def tiles(mark: str, figures: Sequence[tuple[str, str]]) -> str:
    """Large figures in a row, each with its words below."""
    each = WIDE // len(figures)
    lines = []
    for place, (figure, words) in enumerate(figures):
        x = place * each
        lines.append(f'<rect x="{x}" y="4" width="3" height="72" fill="{ACCENT}"/>')
        lines.append(_text(x + 14, 32, figure, HUGE, bold=True))
        for row, line in enumerate(wrap(words, each - 26, SIZE, most=2)):
            lines.append(_text(x + 14, 54 + 16 * row, line, SIZE, QUIET))
    said = "; ".join(f"{figure} {words}" for figure, words in figures)
    return _svg(mark, "In figures", said, 82, lines)


def bars(mark: str, title: str, rows: Sequence[Bar]) -> str:
    """Bars from one zero, the longest at full length."""
    most = max((row.value for row in rows), default=0) or 1
    room = WIDE - _LABELS - max((width(row.shown, SIZE) for row in rows), default=0) - 14
    lines: list[str] = []
    y = 4
    for row in rows:
        label = wrap(row.label, _LABELS - 12, SIZE, most=2)
        high = max(24, 15 * len(label) + 6)
        middle = y + high // 2
        lines += _label(label, _LABELS - 10, middle)
        long = row.value * room // most
        lines.append(
            f'<rect x="{_LABELS}" y="{middle - 7}" width="{max(long, 1)}" height="14" fill="{ACCENT}"/>'
        )
        lines.append(_text(_LABELS + max(long, 1) + 7, middle + 4, row.shown, SIZE))
        y += high
    lines.append(f'<path d="M{_LABELS} 0V{y + 4}" stroke="{INK}" stroke-width="1"/>')
    return _svg(mark, title, "; ".join(f"{row.label}: {row.shown}" for row in rows), y + 6, lines)


def dots(mark: str, title: str, rows: Sequence[Dot]) -> str:
    """A dot for each median on a line from quartile to quartile, over hours."""
    beside = max((width(row.shown, SMALL) for row in rows), default=0) + 14
    room = WIDE - _LABELS - beside
    least, most = min((0, *(row.low for row in rows))), max((1, *(row.high for row in rows)))
    ticks, first, last = _ticks(least, most)
    lines, y = [], 8
    tops = []
    for row in rows:
        label = wrap(row.label, _LABELS - 12, SIZE, most=2)
        high = max(24, 15 * len(label) + 6)
        tops.append((row, label, y + high // 2))
        y += high
    for tick in ticks:
        x = _LABELS + (tick - first) * room // (last - first)
        lines.append(f'<path d="M{x} 2V{y + 4}" stroke="{HAIR}" stroke-width="1"/>')
        lines.append(_text(x, y + 20, _tick(tick), SMALL, QUIET, "middle"))
    for row, label, middle in tops:
        lines += _label(label, _LABELS - 10, middle)
        low, at, high = (
            _LABELS + (v - first) * room // (last - first) for v in (row.low, row.middle, row.high)
        )
        lines.append(f'<path d="M{low} {middle}H{high}" stroke="{ACCENT}" stroke-width="2"/>')
        lines += [
            f'<path d="M{x} {middle - 4}V{middle + 4}" stroke="{ACCENT}" stroke-width="2"/>'
            for x in (low, high)
        ]
        lines.append(f'<circle cx="{at}" cy="{middle}" r="5" fill="{ACCENT}"/>')
        lines.append(_text(WIDE, middle + 4, row.shown, SMALL, QUIET, "end"))
    lines.append(_text(_LABELS + room // 2, y + 38, "hours", SMALL, QUIET, "middle"))
    return _svg(mark, title, "; ".join(f"{row.label}: {row.shown}" for row in rows), y + 44, lines)


def steps(
    mark: str, title: str, of: int, curves: tuple[Step, Step], until: int, followed: Sequence[tuple[int, int]]
) -> str:
    """Two step curves of how many of `of` stays were counted by then, from 0 to `until` ms.

    The first is a thick line, the second dashed. `followed`: when stays ended, and how many, in rising order;
    the row below the axis says how many were still there.
    """
    left, top, room, high = 58, 16, WIDE - 58 - 150, 230
    bottom = top + high
    ticks, _, last = _ticks(0, max(until, 1))
    reached = max((sum(n for at, n in curve.rises if at <= last) for curve in curves), default=0)
    ceiling = next((p for p in (10, 20, 40, 60, 80, 100) if reached * 100 <= p * of), 100)
    lines = []
    for part in range(5):
        y, percent = bottom - high * part // 4, ceiling * part * 10 // 4
        number = f"{percent // 10}" + (f".{percent % 10}" if percent % 10 else "")
        lines.append(f'<path d="M{left} {y}H{left + room}" stroke="{HAIR}" stroke-width="1"/>')
        lines.append(_text(left - 8, y + 4, f"{number} %", SMALL, QUIET, "end"))
    lines.append(_text(0, bottom + 62, "still there", SMALL, QUIET))
    for tick in ticks:
        x = left + tick * room // last
        there = of - sum(count for at, count in followed if at < tick)
        lines.append(f'<path d="M{x} {bottom}v5" stroke="{INK}" stroke-width="1"/>')
        lines.append(_text(x, bottom + 20, _tick(tick), SMALL, QUIET, "middle"))
        if tick:
            lines.append(_text(x, bottom + 62, whole(there), SMALL, QUIET, "middle"))
    lines.append(
        _text(left + room // 2, bottom + 38, "hours since the protocol first applied", SMALL, QUIET, "middle")
    )
    lines.append(
        f'<path d="M{left} {top}V{bottom}H{left + room}" fill="none" stroke="{INK}" stroke-width="1"/>'
    )
    said, ends = [], []
    for curve, style in zip(curves, _CURVES, strict=True):
        # One height for each column of pixels, however many stays there are.
        heights: dict[int, int] = {left: bottom}
        total = 0
        for at, count in curve.rises:
            if at > last:
                break
            total += count
            heights[left + max(at, 0) * room // last] = bottom - total * 100 * high // (of * ceiling)
        path = "".join(f"H{x}V{y}" for x, y in heights.items())
        lines.append(f'<path d="M{left} {bottom}{path}H{left + room}" fill="none" {style}/>')
        said.append(f"{curve.label}: {whole(total)} of {whole(of)} by {hours(last)} hours")
        ends.append((bottom - total * 100 * high // (of * ceiling), curve.label, total))
    for y, label, total in _apart(ends):
        lines.append(_text(left + room + 8, y, label, SIZE, bold=True))
        lines.append(_text(left + room + 8, y + 15, f"{whole(total)} of {whole(of)}", SMALL, QUIET))
    return _svg(mark, title, "; ".join(said), bottom + 70, lines)


def columns(mark: str, title: str, stretches: Sequence[Column], zero: int, sides: tuple[str, str]) -> str:
    """Columns side by side. `zero`: how many of them lie below zero; `sides`: the words over either side."""
    top, high, left = 34, 150, 10
    each = min((WIDE - 2 * left) // max(len(stretches), 1), _WIDEST)
    bottom = top + high
    most = max((one.count for one in stretches), default=0) or 1
    lines = []
    for place, one in enumerate(stretches):
        x, tall = left + place * each, one.count * (high - 16) // most
        if one.count:
            lines.append(
                f'<rect x="{x + 2}" y="{bottom - max(tall, 1)}" width="{each - 4}" '
                f'height="{max(tall, 1)}" fill="{ACCENT}"/>'
            )
            lines.append(_text(x + each // 2, bottom - tall - 5, whole(one.count), SMALL, anchor="middle"))
        for row, line in enumerate(one.label.split("\n")):
            lines.append(_text(x + each // 2, bottom + 17 + 13 * row, line, 10, QUIET, "middle"))
    x = left + zero * each
    lines.append(
        f'<path d="M{left} {bottom}H{left + each * len(stretches)}" stroke="{INK}" stroke-width="1"/>'
    )
    lines.append(f'<path d="M{x} 6V{bottom + 6}" stroke="{INK}" stroke-width="1.5" stroke-dasharray="2 3"/>')
    if zero:
        lines.append(_text(x - 8, 16, f"← {sides[0]}", SMALL, anchor="end"))
    if zero < len(stretches):
        lines.append(_text(x + 8, 16, f"{sides[1]} →", SMALL))
    said = "; ".join(
        f"{one.label.replace(chr(10), ' ')} hours: {one.count}" for one in stretches if one.count
    )
    return _svg(
        mark,
        title,
        said,
        bottom + 52,
        [*lines, _text(left + each * len(stretches) // 2, bottom + 47, "hours", SMALL, QUIET, "middle")],
    )


def stretches(counts: Sequence[tuple[int, int]]) -> tuple[list[Column], int]:
    """Columns of one width for values in ms, with the number of those below zero; far values share the
    outermost.

    A value belongs to the stretch whose lower end it does not lie below.
    """
    sizes = Counter[int]()
    for value, count in counts:
        sizes[abs(value)] += count
    far = Values(tuple(sorted(sizes.items()))).quantile(9, 10) or 0
    step = next((one for one in _STEPS if far <= 6 * one), _STEPS[-1])
    found: dict[int, int] = {}
    for value, count in counts:
        place = max(-7, min(6, value // step))
        found[place] = found.get(place, 0) + count
    first, last = min((-2, *found)), max((1, *found))
    made = [Column(_stretch(place, step), found.get(place, 0)) for place in range(first, last + 1)]
    return made, -first


def _stretch(place: int, step: int) -> str:
    if place == -7:
        return f"before\n{_tick(-6 * step)}"
    if place == 6:
        return f"{_tick(6 * step)}\nor later"
    return f"{_tick(place * step)} to\n{_tick((place + 1) * step)}"


def _ticks(least: int, most: int) -> tuple[list[int], int, int]:
    """Round instants that hold everything between them, the first, and the last."""
    step = next((one for one in _STEPS if most - least <= one * (_MOST_TICKS - 1)), 0)
    if not step:
        step = -(-(most - least) // ((_MOST_TICKS - 1) * _STEPS[-1])) * _STEPS[-1]
    first, last = least // step, -(-most // step)
    return [place * step for place in range(first, last + 1)], first * step, last * step


def _tick(ms: int) -> str:
    """Hours without a needless decimal."""
    quarter = abs(ms) * 4 // HOUR
    part = {0: "", 1: ".25", 2: ".5", 3: ".75"}[quarter % 4]
    return f"{'−' if ms < 0 and quarter else ''}{quarter // 4:,}{part}"


def _apart(ends: Sequence[tuple[int, str, int]]) -> Iterator[tuple[int, str, int]]:
    """The names at the ends of curves, moved down where they would meet."""
    free = 0
    for y, label, total in sorted(ends):
        y = max(y, free)
        free = y + 34
        yield y, label, total


def _label(lines: Sequence[str], right: int, middle: int) -> Iterator[str]:
    y = middle + 4 - 15 * (len(lines) - 1) // 2
    for place, line in enumerate(lines):
        yield _text(right, y + 15 * place, line, SIZE, anchor="end")


def _text(
    x: int, y: int, text: str, size: int, colour: str = INK, anchor: str = "", bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    end = f' text-anchor="{anchor}"' if anchor else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{weight}{end}>{escape(clean(text))}</text>'
    )


def _svg(mark: str, title: str, said: str, high: int, lines: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{mark}-title" '
        f'aria-describedby="{mark}-desc" width="{WIDE}" height="{high}" viewBox="0 0 {WIDE} {high}" '
        f'font-family="{FONTS}">'
    )
    words = (
        f'<title id="{mark}-title">{escape(clean(title))}</title>',
        f'<desc id="{mark}-desc">{escape(clean(said))}</desc>',
    )
    return "\n".join((head, *words, *lines, "</svg>"))
