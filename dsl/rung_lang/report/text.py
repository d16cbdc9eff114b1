"""Messages for a terminal: the source line, a caret, what it means, what to do. Plain text unless coloured."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from rung_lang.report.message import Message
from rung_lang.source import Source, Span

WIDTH = 80
_COLOURS = {"error": "31;1", "warning": "33;1", "information": "34;1"}


def paint(text: str, code: str, *, colour: bool) -> str:
    """With an ANSI colour, or as it is."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour and text else text


def render(message: Message, sources: Mapping[str, Source], *, colour: bool = False) -> str:
    """One message, ending in a line break."""
    word = {"error": "error", "warning": "warning", "information": "note"}[message.level]
    head = paint(f"{word} {message.code}", _COLOURS[message.level], colour=colour)
    out = [f"{head}: {paint(message.title, '1', colour=colour)}"]
    out.extend(_excerpt(message.span, message.label, sources, _COLOURS[message.level], colour=colour))
    for span, label in message.others:
        out.extend(_excerpt(span, label, sources, "34", colour=colour))
    for part in (message.body, message.help):
        if part:
            lead = "  = " if part is message.body else "  help: "
            out.extend(
                textwrap.wrap(part, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead))
                or [lead.rstrip()]
            )
    return "\n".join(out) + "\n"


def _excerpt(
    span: Span, label: str, sources: Mapping[str, Source], code: str, *, colour: bool
) -> list[str]:
    source = sources.get(span.path)
    if source is None:
        return [f"  --> {span.path}" + (f" {label}" if label else "")]
    line, column = source.line_and_column(span.start)
    text = source.line(line)
    before = text[: column - 1]
    length = max(1, min(span.end - span.start, len(text) - len(before)))
    # A long line is shown from a little before the place.
    cut = max(0, column - 1 - 56) if len(text) > WIDTH else 0
    shown = ("…" if cut else "") + text[cut : cut + WIDTH - 8].rstrip()
    pad = "".join("\t" if char == "\t" else " " for char in before[cut:]) + (" " if cut else "")
    caret = "^" * max(1, min(length, len(shown) - len(pad)))
    gutter = " " * len(str(line))
    return [
        f"{gutter} --> {span.path}:{line}:{column}",
        f"{gutter} |",
        f"{line} | {shown}",
        f"{gutter} | {pad}{paint(caret, code, colour=colour)}" + (f" {label}" if label else ""),
    ]
