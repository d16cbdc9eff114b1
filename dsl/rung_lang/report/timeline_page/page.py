"""The whole page of one stay: the drawing, the decision pointed at, every decision, all that was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from rung_engine.artifact import model as m
from rung_engine.decision.model import Decision
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.history import Chart, resolve
from rung_engine.sources.stay import Stay
from rung_lang.report.decisions import clock, counted, number, said, state
from rung_lang.report.documents.html import STYLE as PAGES
from rung_lang.report.documents.page import kept
from rung_lang.report.timeline_page import lanes
from rung_lang.report.timeline_page.lanes import DAY, HOUR, Scale
from rung_lang.report.timeline_page.rows import Row, rows, silent
from rung_lang.report.timeline_page.script import SCRIPT
from rung_lang.report.timeline_page.style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""Nothing is fetched, whatever stands in the page."""

SHAPES = (
    ("must", '<rect x="-5.5" y="-5.5" width="11" height="11"/>'),
    ("recommend", '<circle r="5"/>'),
    ("consider", '<circle r="4.4" fill="#fff" stroke="currentColor" stroke-width="2"/>'),
    ("late", '<path d="M-5.5-4.5h11L0 5.5z" fill="#fff" stroke="currentColor" stroke-width="1.8"/>'),
    ("held", '<path d="M-5-5 5 5M-5 5 5-5" stroke="currentColor" stroke-width="3"/>'),
    ("alert", '<path d="M0-7 7 0 0 7-7 0z"/>'),
)
LEGEND = (
    ("u u-never", "never charted"),
    ("u u-stale", "charted too long ago to be relied on"),
    ("u u-refused", "charted and not usable: implausible, contested, a wrong unit, no known rate"),
    ("u u-silence", "a drug taken as off because nobody charted it"),
    ("p", "under a row: some rule waits for this"),
    (
        '<path class="line" d="M0 10H50"/><path class="dots" d="M6 10h1M25 10h1M44 10h1"/>',
        "what holds; a dot is a reading",
    ),
    ('<path class="limit" d="M0 10H50"/>', "what a reading is compared with"),
    ('<path class="refused" d="M25 5v9"/>', "at the top of a row: a reading that was not believed"),
    ('<path class="rate" d="M0 15H20V6H50"/>', "the rate of an infusion"),
    ('<path class="stems" d="M25 17V5"/><path class="tops" d="M25 5h1"/>', "a dose"),
    ('<path class="amiss" d="M25 17V4"/>', "a dose whose amount is not known"),
    ("#must", "a new order: MUST"),
    ("#recommend", "a new order, recommended"),
    ("#consider", "a new order: CONSIDER"),
    ("#late", "something ordered is late"),
    ("#held", "an order withheld, or rules that disagree"),
    ("#alert", "an alert"),
)
"""A box of these classes, paths, or a mark, with what it says."""


@frozen
class Told:
    """What the page is made of: the run, and what a terminal would say above and below it."""

    program: Program
    stay: Stay
    decisions: tuple[Decision, ...]
    silence_is_off: bool
    facts: tuple[tuple[str, str], ...]
    """Name and words: protocol, data, silence, settings."""
    again: int | None
    """When the decision changes next with nothing new, ms."""


def timeline_page(told: Told) -> str:
    """The whole document, ending in a line break."""
    artifact = told.program.artifact
    title = f"Stay {told.stay.id}: {artifact.title or artifact.name}"
    running = '"' + "".join(f"\\{ord(c):x} " if c in '"\\<>&\n' else c for c in title) + '"'
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en" xmlns="http://www.w3.org/1999/xhtml">',
        "<head>",
        '<meta charset="utf-8"/>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"/>',
        f"<title>{_safe(title)}</title>",
        f"<style>{PAGES.replace('RUNNING', running)}{STYLE}</style>",
        "</head>",
        "<body>",
        *_shapes(),
        "<main>",
        f"<h1>{_safe(title)}</h1>",
        *_head(told),
        *_drawn(told, artifact),
        "</main>",
        "<footer>Made by Rung from the decisions of its engine. The same stay, protocol and settings give "
        f"the same page. meaning {artifact.meaning}</footer>",
    ]
    if told.decisions:
        lines.append(f"<script>//<![CDATA[{SCRIPT}//]]></script>")
    return "\n".join([*lines, "</body>", "</html>"]) + "\n"


def _shapes() -> Iterator[str]:
    yield '<svg width="0" height="0" aria-hidden="true" class="hidden"><defs>'
    yield from (f'<symbol id="{name}" viewBox="-7 -7 14 14">{drawn}</symbol>' for name, drawn in SHAPES)
    yield "</defs></svg>"


def _head(told: Told) -> Iterator[str]:
    if told.program.unproved is not None:
        yield (
            '<div class="notice" role="note"><strong>Not proved.</strong> '
            "No order on this page may be relied on.</div>"
        )
    pairs = (f"<dt>{_safe(name)}</dt><dd>{_safe(words)}</dd>" for name, words in told.facts)
    yield f'<dl class="facts">{"".join(pairs)}</dl>'
    refused = len(told.stay.refusals)
    rest = f"{counted(len(told.decisions), 'decision')}. "
    rest += (
        f"{counted(refused, 'charted row')} could not be used; each is listed at the end." if refused else ""
    )
    if told.again is not None:
        rest += f" With nothing new, the decision next changes at {clock(told.again)}."
    yield f"<p>{_safe(rest)}</p>"


def _drawn(told: Told, artifact: m.Artifact) -> Iterator[str]:
    if not told.stay.events or not told.decisions:
        yield "<p>Nothing was charted in this stay that the protocol reads.</p>"
        yield from _refused(told.stay)
        return
    scale = _scale(told)
    chart = Chart(told.program, resolve(told.stay.events)[0], silence_is_off=told.silence_is_off)
    found = rows(told.program, chart, told.decisions, scale.begin, scale.end)
    shown = [row for row in found if row.kind != "unread" or row.waited]
    yield '<h2 class="hidden">The stay, drawn</h2>'
    yield from _bar(scale)
    yield '<div class="both">'
    yield from _chart(told.decisions, shown, scale)
    yield '<div class="side d" id="panel" role="region" aria-label="The decision" aria-live="polite"></div>'
    yield "</div>"
    yield from _left_out(found)
    yield from _legend()
    yield "<h2>Every decision</h2>"
    yield '<ol id="decisions">'
    yield from _decisions(told.decisions, artifact)
    yield "</ol>"
    yield "<h2>What was read</h2>"
    yield "<p>What held from each time on, as the protocol read it.</p>"
    yield from (line for place, row in enumerate(shown) for line in _table(place, row))
    yield from _refused(told.stay)


def _scale(told: Told) -> Scale:
    """From the first fact to just after the last, where nothing more is decided."""
    begin, last = told.stay.events[0].time, told.stay.events[-1].time
    end = last + max(60_000, (last - begin) // 200)
    return Scale(begin, end if told.again is None or told.again <= last else min(end, told.again))


def _bar(scale: Scale) -> Iterator[str]:
    span = scale.end - scale.begin
    yield '<div class="bar" role="group" aria-label="How much time is shown">'
    levels = [("whole", "Whole stay", 0), ("day", "A day", DAY), ("six", "6 hours", 6 * HOUR)]
    for name, words, least in levels:
        if span > least:
            pressed = "true" if name == "whole" else "false"
            yield f'<button type="button" data-zoom-to="{name}" aria-pressed="{pressed}">{words}</button>'
    yield '<button type="button" data-step="-1">Earlier decision</button>'
    yield '<button type="button" data-step="1">Later decision</button>'
    keys = "On the drawing: arrow keys walk through the decisions, + and − zoom."
    yield f'<span class="gap"></span><span class="keys">{keys}</span>'
    yield "</div>"


# ---------------------------------------------------------------- the drawing


def _chart(decisions: Sequence[Decision], shown: Sequence[Row], scale: Scale) -> Iterator[str]:
    orders, notices = lanes.marks(decisions, scale)
    heights = [lanes.height(row, place == 0) for place, row in enumerate(shown)]
    yield '<div class="chart">'
    yield '<div class="names">'
    yield f'<div class="axis" style="height:{lanes.AXIS}px"></div>'
    yield f'<div class="one" style="height:{lanes.WORDS}px"><strong>stage</strong></div>'
    yield f'<div class="one" style="height:{lanes.MARKS}px"><strong>new orders</strong></div>'
    if notices:
        yield f'<div class="one" style="height:{lanes.MARKS}px"><strong>late, withheld, alerts</strong></div>'
    yield from (_name(row, high) for row, high in zip(shown, heights, strict=True))
    yield "</div>"
    yield '<div class="scroll" id="scroll">'
    yield f'<div class="wide" id="wide" data-zoom="whole" data-begin="{scale.begin}" data-end="{scale.end}">'
    yield lanes.ticks(scale)
    yield f'<div class="lane axis" style="height:{lanes.AXIS}px"></div>'
    yield lanes.stages(decisions, scale)
    yield orders
    yield notices
    yield from (lanes.lane(row, scale, high) for row, high in zip(shown, heights, strict=True))
    yield '<div class="cursor" id="cursor"></div>'
    yield "</div>"
    yield "</div>"
    yield '<div class="nows" aria-hidden="true">'
    yield f'<div class="axis" id="now" style="height:{lanes.AXIS}px"></div>'
    above = [lanes.WORDS, lanes.MARKS, *([lanes.MARKS] if notices else [])]
    yield from (f'<div style="height:{high}px"></div>' for high in above)
    yield from (
        f'<div data-row="r{place}" style="height:{high}px"></div>' for place, high in enumerate(heights)
    )
    yield "</div>"
    yield "</div>"


def _name(row: Row, high: int) -> str:
    kind = "thin" if high <= lanes.THIN else "one" if high <= lanes.WORDS else "plot"
    parts = [f"<strong>{_breakable(row.name) if kind == 'plot' else _safe(row.name)}</strong>"]
    bounds = lanes.bounds(row) if kind == "plot" else None
    if kind == "plot":
        words = row.title if row.title and high >= lanes.TALL else ""
        parts.append(f'<span class="of">{_safe(words)}{"<br/>" if words else ""}{_safe(row.unit)}</span>')
    if bounds is not None:
        places = {lanes.top(level, bounds, high): level for level in (*bounds, *row.limits)}
        clear = [y for y in places if places[y] in row.limits or not _crowded(y, places, row.limits)]
        parts.extend(f'<span class="y" style="top:{y - 6}px">{_round(places[y])}</span>' for y in clear)
    parts.append(f'<span class="hidden">{_safe(lanes.told(row))}</span>')
    return f'<div class="{kind}" style="height:{high}px">{"".join(parts)}</div>'


def _crowded(y: int, places: Mapping[int, int], limits: Sequence[int]) -> bool:
    """A number that something is compared with stands where this one would."""
    return any(abs(other - y) < 12 for other, level in places.items() if level in limits)


def _round(level: int) -> str:
    return number(level, 1 if abs(level) >= 10_000_000 else 3)


def _left_out(found: Sequence[Row]) -> Iterator[str]:
    """What has no row, by name."""
    quiet = silent(found)
    never = [row for row in found if row.kind == "unread" and not row.waited and row not in quiet]
    off = [row for row in quiet if not row.waited]
    if off:
        yield _quiet("Taken as off all the time, because nobody charted them", off)
    if never:
        yield _quiet("Never charted, and no rule waited for it", never)


def _quiet(words: str, which: Sequence[Row]) -> str:
    return f'<p class="quiet">{words}: {_safe(", ".join(row.name for row in which))}.</p>'


def _legend() -> Iterator[str]:
    yield '<h2 class="hidden">What the marks mean</h2>'
    yield '<ul class="legend">'
    for sign, words in LEGEND:
        if sign.startswith("#"):
            drawn = f'<svg class="m" aria-hidden="true"><use href="{sign}"/></svg>'
        elif sign.startswith("<path"):
            drawn = f'<svg viewBox="0 0 50 20" preserveAspectRatio="none" aria-hidden="true">{sign}</svg>'
        else:
            drawn = f'<i class="{sign}"></i>'
        yield f'<li><span class="lane">{drawn}</span><span>{_safe(words)}</span></li>'
    yield "</ul>"


# ---------------------------------------------------------------- lists


def _decisions(decisions: Sequence[Decision], artifact: m.Artifact) -> Iterator[str]:
    before: Decision | None = None
    for place, decision in enumerate(decisions, start=1):
        head = f'<span class="at">{clock(decision.time)}</span> {_safe(state(decision))}'
        lines = "".join(_said(one.lead, one.text) for one in said(decision, artifact, before=before))
        yield f'<li class="d" id="d{place}" data-t="{decision.time}"><h3>{head}</h3>{lines}</li>'
        before = decision


def _said(lead: str, text: str) -> str:
    style = "q" if lead in ("because", "still", "ends") else "long" if len(lead) > 9 else ""
    named = f' class="{style}"' if style else ""
    return f"<p{named}><b>{lead}</b> {_safe(text)}</p>"


def _table(place: int, row: Row) -> Iterator[str]:
    yield f'<details id="r{place}"><summary>{_safe(row.name)}{_safe(_summary(row))}</summary>'
    yield '<table><thead><tr><th scope="col">from</th><th scope="col">what holds</th></tr></thead><tbody>'
    for time, words in _entries(row):
        yield f'<tr data-t="{time}"><td>{clock(time)}</td><td>{_safe(words)}</td></tr>'
    yield "</tbody></table></details>"


def _summary(row: Row) -> str:
    words = lanes.told(row)
    return f": {words}" if words else ""


def _entries(row: Row) -> list[tuple[int, str]]:
    """Each change, and each dose."""
    if row.subject == "none":
        return [(start, f"waited for until {clock(end)}") for start, end in row.waited]
    given = [(dose.time, f"{dose.words} given") for dose in row.given]
    if row.kind == "bolus":
        return sorted([*given, *((span.start, span.words) for span in row.spans if span.why)])
    return sorted([*given, *((span.start, span.words) for span in row.spans)])


def _refused(stay: Stay) -> Iterator[str]:
    if not stay.refusals:
        return
    yield f"<details><summary>{counted(len(stay.refusals), 'charted row')} could not be used</summary><ul>"
    yield from (f"<li>{_safe(refusal.words)}</li>" for refusal in stay.refusals)
    yield "</ul></details>"


def _safe(text: str) -> str:
    return escape(kept(text))


def _breakable(name: str) -> str:
    """A name that may be broken after each underscore."""
    return "_<wbr/>".join(_safe(part) for part in name.split("_"))
