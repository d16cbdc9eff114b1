"""Rows as drawings that stretch: the time is a share of the width, so that the page can make it wider.

A lane is an SVG as wide as the stay has seconds, stretched to its box: lines keep their thickness and dots
stay round. What holds words or is hatched is a box at a share of the width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import pairwise

from rung_engine.decision.model import Content, Decision, order_key
from rung_engine.frozen import frozen
from rung_lang.report.decisions import WHY, clock
from rung_lang.report.documents.page import kept
from rung_lang.report.timeline_page.rows import Row, Span

HOUR = 3_600_000
DAY = 24 * HOUR
AXIS, TALL, PLOT, DRUG, WORDS, MARKS, THIN = 20, 132, 62, 46, 26, 22, 20
"""Heights in pixels: of the times, the first quantity, others, drugs, words, marks, what was not charted."""
EDGE = 6
"""Room above and below what is plotted."""

UNKNOWN = {"never": "u-never", "stale": "u-stale", "silence": "u-silence"}
"""How a span without a value is hatched; what is not named here was charted and could not be used."""


@frozen
class Scale:
    """From `begin` to `end`, in ms: the whole width."""

    begin: int
    end: int

    @property
    def seconds(self) -> int:
        """How wide a drawing is."""
        return (self.end - self.begin) // 1000

    def x(self, ms: int) -> int:
        """Whole seconds from the left."""
        return (ms - self.begin) // 1000

    def share(self, ms: int) -> str:
        """Of the width in percent, to four decimals."""
        part = (ms - self.begin) * 1_000_000 // (self.end - self.begin)
        return f"{part // 10_000}.{part % 10_000:04}".rstrip("0").rstrip(".")

    def box(self, start: int, end: int) -> str:
        """A style: from one instant to another."""
        left, right = max(start, self.begin), min(max(end, start), self.end)
        part = (right - left) * 1_000_000 // (self.end - self.begin)
        wide = f"{part // 10_000}.{part % 10_000:04}".rstrip("0").rstrip(".")
        return f"left:{self.share(left)}%;width:{wide}%"


def height(row: Row, first: bool) -> int:
    """Of a row, in pixels."""
    match row.kind:
        case "quantity":
            return TALL if first else PLOT
        case "infusion" | "bolus":
            return DRUG
        case "words":
            return WORDS
        case "unread":
            return THIN


def lane(row: Row, scale: Scale, high: int) -> str:
    """The row's drawing, without its name."""
    parts = [*_hatched(row, scale), *_drawing(row, scale, high), *_waited(row, scale)]
    down = f"--down:{(high - 14) // 2}px"
    return f'<div class="lane" style="height:{high}px;{down}">{"".join(parts)}</div>'


def bounds(row: Row) -> tuple[int, int] | None:
    """The least and the greatest level drawn, in millionths; None where there is none."""
    levels = [span.level for span in row.spans if span.level is not None]
    levels += [level for _, level in row.readings]
    levels += [dose.level for dose in row.given if dose.level is not None]
    levels += row.limits
    if not levels:
        return None
    return (0 if row.subject == "drug" else min(levels)), max(levels)


def top(level: int, around: tuple[int, int], high: int) -> int:
    """How far down a level is drawn, in pixels."""
    (least, most), room = around, high - 2 * EDGE
    return high - EDGE - (room * (level - least) // (most - least) if most > least else room // 2)


# ---------------------------------------------------------------- spans


def _hatched(row: Row, scale: Scale) -> Iterator[str]:
    for span in row.spans:
        if span.why:
            style = UNKNOWN.get(span.why, "u-refused")
            yield _box(f"u {style}", scale.box(span.start, span.end), span.words)
        elif row.kind == "words" or (row.subject == "drug" and span.level is None):
            yield _box("w", scale.box(span.start, span.end), span.words)


def _box(style: str, place: str, words: str) -> str:
    return f'<i class="{style}" style="{place}"><b>{_safe(words)}</b></i>'


def _waited(row: Row, scale: Scale) -> Iterator[str]:
    return (f'<i class="p" style="{scale.box(start, end)}"></i>' for start, end in row.waited)


def _drawing(row: Row, scale: Scale, high: int) -> Iterator[str]:
    around = bounds(row)
    paths: list[str] = []
    if around is not None and row.kind in ("quantity", "infusion", "bolus"):

        def y(level: int) -> int:
            return top(level, around, high)

        paths.append(_path("limit", "".join(f"M0 {y(level)}H{scale.seconds}" for level in row.limits)))
        if row.kind == "quantity":
            paths.append(_path("line", _steps(row.spans, scale, y)))
            paths.append(_path("dots", _dots(row.readings, scale, y)))
        elif row.kind == "infusion":
            paths.append(_path("rate", _steps(row.spans, scale, y)))
            paths.append(_path("under", _area(row.spans, scale, y)))
        known = [(scale.x(dose.time), y(dose.level)) for dose in row.given if dose.level is not None]
        other = [scale.x(dose.time) for dose in row.given if dose.level is None]
        paths.append(_path("stems", "".join(f"M{x} {high - EDGE}V{end}" for x, end in known)))
        paths.append(_path("tops", "".join(f"M{x} {end}h1" for x, end in known)))
        paths.append(_path("amiss", "".join(f"M{x} {high - EDGE}V{EDGE}" for x in other)))
    if row.refused:
        paths.append(_path("refused", "".join(f"M{scale.x(time)} 3v9" for time, _ in row.refused)))
    if any(paths):
        yield (
            f'<svg viewBox="0 0 {scale.seconds} {high}" preserveAspectRatio="none" aria-hidden="true">'
            f"{''.join(paths)}</svg>"
        )


def _path(name: str, d: str) -> str:
    return f'<path class="{name}" d="{d}"/>' if d else ""


def _steps(spans: Sequence[Span], scale: Scale, y: Callable[[int], int]) -> str:
    """A line that holds each level until the next, broken where there is none."""
    parts: list[str] = []
    joined = False
    for span in spans:
        if span.level is None or span.why:
            joined = False
            continue
        top = y(span.level)
        parts.append(f"V{top}" if joined else f"M{scale.x(span.start)} {top}")
        parts.append(f"H{scale.x(span.end)}")
        joined = True
    return "".join(parts)


def _area(spans: Sequence[Span], scale: Scale, y: Callable[[int], int]) -> str:
    """What lies under the rates."""
    floor = y(0)
    return "".join(
        f"M{scale.x(span.start)} {floor}V{y(span.level)}H{scale.x(span.end)}V{floor}z"
        for span in spans
        if span.level and not span.why
    )


def _dots(readings: Sequence[tuple[int, int]], scale: Scale, y: Callable[[int], int]) -> str:
    return "".join(f"M{scale.x(time)} {y(level)}h1" for time, level in readings)


# ---------------------------------------------------------------- stages and marks


def stages(decisions: Sequence[Decision], scale: Scale) -> str:
    """A band for each stretch in one stage, or in none, with its name."""
    spans: list[tuple[int, str, str]] = []
    for decision in decisions:
        name, style = _stage(decision.content)
        if not spans or spans[-1][1] != name:
            spans.append((decision.time, name, style))
    bands = []
    for place, ((start, name, style), (end, *_)) in enumerate(pairwise([*spans, (scale.end, "", "")])):
        tint = f"g{place % 2}" if style == "g" else style
        bands.append(_box(tint, scale.box(start, end), name))
    return f'<div class="lane stages" style="height:{WORDS}px">{"".join(bands)}</div>'


def _stage(content: Content) -> tuple[str, str]:
    match content.phase:
        case "active":
            return content.stage or "no stage yet", "g"
        case "not_applicable":
            return "does not apply", "n"
        case "unclear":
            return "not known whether it applies", "u u-never"
        case "suspended":
            return "no longer known whether it applies", "u u-stale"
        case "ended":
            return "no longer applies", "n"
        case "finished":
            return f"finished: {content.outcome}", "n"


ORDERS = {"must": "MUST", "recommend": "recommended", "consider": "CONSIDER"}
NOTICES = {"late": "late", "held": "withheld, or rules disagree", "alert": "alert"}
"""What a mark stands for; the first words are of its shape in the legend."""


def marks(decisions: Sequence[Decision], scale: Scale) -> tuple[str, str]:
    """Two lanes: new orders by strength, and what is late, withheld or an alert."""
    orders: list[str] = []
    notices: list[str] = []
    before: Content | None = None
    for decision in decisions:
        new = {order.strength for order in decision.content.orders if order_key(order) in decision.new}
        shape = next((shape for shape in ORDERS if shape in new), None)
        if shape is not None:
            orders.append(_mark(shape, decision.time, scale))
        notice = _notice(decision.content, before)
        if notice is not None:
            notices.append(_mark(notice, decision.time, scale))
        before = decision.content
    return _marks(orders), _marks(notices) if notices else ""


def _marks(found: Sequence[str]) -> str:
    return f'<div class="lane marks" style="height:{MARKS}px">{"".join(found)}</div>'


def _notice(content: Content, before: Content | None) -> str | None:
    """The gravest thing said here and not before."""
    if set(content.alerts) - set(before.alerts if before else ()):
        return "alert"
    held = set(content.withheld) - set(before.withheld if before else ())
    if held or set(content.contradictions) - set(before.contradictions if before else ()):
        return "held"
    late = {order_key(order) for order in content.orders if order.mark == "late"}
    known = {order_key(order) for order in before.orders if order.mark == "late"} if before else set()
    return "late" if late - known else None


def _mark(shape: str, time: int, scale: Scale) -> str:
    return f'<svg class="m" style="left:{scale.share(time)}%" aria-hidden="true"><use href="#{shape}"/></svg>'


# ---------------------------------------------------------------- the axis


STEPS = tuple(HOUR * n for n in (1, 2, 3, 6, 12, 24, 48, 72, 96, 120, 168, 240, 336, 480, 720))


def ticks(scale: Scale) -> str:
    """Hair lines with their times: one set for the whole stay, one for a day at a time, one for six hours."""
    span = scale.end - scale.begin
    whole = next((step for step in STEPS if span <= 8 * step), STEPS[-1])
    sets = (("whole", whole), ("day", min(whole, 3 * HOUR)), ("six", min(whole, HOUR)))
    return "".join(f'<div class="ticks {name}">{"".join(_ticks(scale, step))}</div>' for name, step in sets)


def _ticks(scale: Scale, step: int) -> Iterator[str]:
    for place in range(-(-scale.begin // step), scale.end // step + 1):
        has_room = (scale.end - place * step) * 14 >= scale.end - scale.begin
        label = f"<b>{clock(place * step)}</b>" if has_room else ""
        yield f'<i class="t" style="left:{scale.share(place * step)}%">{label}</i>'


def told(row: Row) -> str:
    """What a row holds, in a sentence for those who do not see it."""
    why: dict[str, int] = {}
    for span in row.spans:
        if span.why:
            why[span.why] = why.get(span.why, 0) + span.end - span.start
    words = []
    if row.readings:
        words.append(f"{len(row.readings)} readings")
    if row.given:
        words.append(f"{len(row.given)} doses")
    words.extend(f"{WHY.get(one, 'taken as off')} for {_length(ms)}" for one, ms in why.items())
    words.extend([f"waited for {_length(sum(b - a for a, b in row.waited))}"] if row.waited else [])
    return "; ".join(words)


def _length(ms: int) -> str:
    minutes = (ms + 59_999) // 60_000
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _safe(text: str) -> str:
    return escape(kept(text))
