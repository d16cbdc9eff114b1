"""Messages for a terminal: the source line, a caret, what it means, what to do. Plain text unless coloured.

Columns are those of a terminal: a tab is four wide, an East Asian sign two, a combining one none. What a text
could do to a terminal (control signs, signs that turn the direction of writing) is shown as `�`, never sent.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rung_engine.frozen import frozen
from rung_lang.report.message import Message
from rung_lang.source import Source, Span

WIDTH = 80
TAB = 4
_COLOURS = {"error": "31;1", "warning": "33;1", "information": "34;1"}
_WORDS = {"error": "error", "warning": "warning", "information": "note"}
_OTHER = "34"
_MOST_LINES = 3
"""A place of more lines is shown by its first."""
_LONG_OTHER = 30
"""Another place that takes more columns than this is shown by its first two words: `drug vasopressin`."""
_QUOTED = re.compile(r"`[^`]{1,48}`")
_AMOUNT = re.compile(r"(?<=\d) (?=[A-Za-zµ%])")
_KEPT = "\ue000"
"""Stands for a blank at which no line may end; a sign of nobody's."""
_LABEL_ROOM = 24
"""A label that finds less room than this beside its caret goes below it."""


@frozen
class _Mark:
    """Signs `start` to `end`, from 0, of one line; the label stands at the last line of a place."""

    start: int
    end: int
    label: str
    sign: str
    colour: str


def paint(text: str, code: str, *, colour: bool) -> str:
    """With an ANSI colour, or as it is."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour and text else text


def render(message: Message, sources: Mapping[str, Source], *, colour: bool = False) -> str:
    """One message, ending in a line break."""
    head = f"{_WORDS[message.level]} {message.code}"
    title = _wrapped(safe(message.title), f"{head}: ", "  ")
    first = title[0].removeprefix(head)
    code = _COLOURS[message.level]
    out = [paint(head, code, colour=colour) + paint(first, "1", colour=colour)]
    out.extend(paint(line, "1", colour=colour) for line in title[1:])
    out.extend(_places(message, sources, code, colour=colour))
    for lead, part in (("  = ", message.body), ("  help: ", message.help)):
        if part:
            out.extend(_wrapped(safe(part), lead, " " * len(lead)))
    return "\n".join(out) + "\n"


# ---------------------------------------------------------------- places


def _places(message: Message, sources: Mapping[str, Source], code: str, *, colour: bool) -> list[str]:
    """The places of a message, file by file and line by line, the file of the message's own place first."""
    marks: dict[str, dict[int, list[_Mark]]] = {}
    places = [
        (message.span, message.label, "^", code),
        *((at, said, "-", _OTHER) for at, said in message.others),
    ]
    for span, label, sign, painted in places:
        lines = marks.setdefault(span.path, {})
        if span.path in sources:
            for line, mark in _marks(sources[span.path], span, safe(label), sign, painted):
                lines.setdefault(line, []).append(mark)
    gutter = max(len(str(line)) for lines in marks.values() for line in (*lines, 1))
    out: list[str] = []
    for path, lines in marks.items():
        arrow = ":::" if out else "-->"
        at = f":{min(lines)}" if lines else ""
        if lines and not out:
            at = ":{}:{}".format(*sources[path].line_and_column(message.span.start))
        out.append(f"{' ' * gutter} {arrow} {safe(path)}{at}")
        out.extend(_lines(sources[path], lines, gutter, colour=colour) if lines else ())
    return out


def _lines(source: Source, marks: Mapping[int, Sequence[_Mark]], gutter: int, *, colour: bool) -> list[str]:
    """Lines of one file in their order, with dots where some are left out."""
    out = [f"{' ' * gutter} |"]
    before = min(marks)
    for line in sorted(marks):
        if line > before + 1:
            out.append(f"{' ' * gutter} ...")
        out.extend(_line(source, line, marks[line], gutter, colour=colour))
        before = line
    return out


def _marks(source: Source, span: Span, label: str, sign: str, colour: str) -> list[tuple[int, _Mark]]:
    """A place, line by line; of a long one its first line, of another place that is long its first words."""
    first, column = source.line_and_column(span.start)
    last, stop = source.line_and_column(max(span.start, span.end))
    text = source.line(first)
    begin = column - 1
    if sign != "^":
        end = stop - 1 if last == first else len(text.rstrip())
        if end - begin > _LONG_OTHER:
            end = begin + sum(map(len, re.findall(r"\s*\S+", text[begin:])[:2]))
        return [(first, _Mark(begin, max(end, begin + 1), label, sign, colour))]
    if last - first >= _MOST_LINES:
        last, stop = first, len(text.rstrip()) + 1
    marks = []
    for line in range(first, last + 1):
        text = source.line(line)
        begin = column - 1 if line == first else len(text) - len(text.lstrip())
        end = min(stop - 1, len(text.rstrip())) if line == last else len(text.rstrip())
        if end > begin or line == first:
            marks.append((line, _Mark(begin, max(end, begin + 1), "", sign, colour)))
    line, mark = marks[-1]
    marks[-1] = (line, replace(mark, label=label))
    return marks


def _line(source: Source, number: int, marks: Sequence[_Mark], gutter: int, *, colour: bool) -> list[str]:
    """A line of the text, and a row for each of its marks."""
    text = source.line(number)
    room = WIDTH - gutter - 3
    cut = _cut(text, min(marks, key=lambda mark: mark.start), room)
    head, shown, tail = _window(text, cut, room)
    out = [f"{number:>{gutter}} | {head}{shown}{tail}".rstrip()]
    for mark in sorted(marks, key=lambda mark: mark.start):
        start = len(head) + _columns(text[cut : mark.start])
        long = max(1, _columns(text[max(cut, mark.start) : mark.end]))
        start = min(start, len(head) + _columns(shown))
        long = max(1, min(long, len(head) + _columns(shown) - start))
        out.extend(_row(start, long, mark, gutter, room, colour=colour))
    return out


def _row(start: int, long: int, mark: _Mark, gutter: int, room: int, *, colour: bool) -> list[str]:
    """The carets of a mark with its label beside them, or below where it finds no room."""
    bar = f"{' ' * gutter} | "
    carets = f"{bar}{' ' * start}{paint(mark.sign * long, mark.colour, colour=colour)}"
    if not mark.label:
        return [carets]
    beside = room - start - long - 1
    if _columns(mark.label) <= beside:
        return [f"{carets} {mark.label}"]
    left = start if room - start >= _LABEL_ROOM else max(0, room - max(_LABEL_ROOM, _columns(mark.label)))
    # Signs that take two columns are counted as if all did: a line of them is then never too wide.
    wide = max(map(_column, mark.label))
    broken = textwrap.wrap(mark.label, max(_LABEL_ROOM, room - left) // max(1, wide))
    return [carets, *(f"{bar}{' ' * left}{line}" for line in broken)]


# ---------------------------------------------------------------- columns


def _cut(text: str, mark: _Mark, room: int) -> int:
    """Where the shown part of a long line begins: the place stands in it, with words before it."""
    if _columns(text.rstrip()) <= room or _columns(text[: mark.end]) < room:
        return 0
    before = (room - min(_columns(text[mark.start : mark.end]), room // 2)) // 2
    cut = mark.start
    while cut > 0 and _columns(text[cut - 1 : mark.start]) < before:
        cut -= 1
    return cut


def _window(text: str, cut: int, room: int) -> tuple[str, str, str]:
    """A sign for what is left out before, the part shown, and a sign for what is left out after."""
    head = "…" if cut else ""
    end = cut
    width = len(head)
    while end < len(text) and width + _columns(text[end]) <= room:
        width += _columns(text[end])
        end += 1
    if end == len(text) or not text[end:].strip():
        return head, _show(text[cut:end]).rstrip(), ""
    while end > cut and width + 1 > room:
        end -= 1
        width -= _columns(text[end])
    return head, _show(text[cut:end]), "…"


def _columns(text: str) -> int:
    """How many columns the text takes, as shown."""
    return sum(_column(char) for char in text)


def _column(char: str) -> int:
    if char == "\t":
        return TAB
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def _show(text: str) -> str:
    return "".join(" " * TAB if char == "\t" else _seen(char) for char in text)


def _seen(char: str) -> str:
    """The sign itself, or `�` for one that would move the cursor, change colours or turn the line round."""
    return "�" if unicodedata.category(char) in ("Cc", "Cf", "Cs") else char


def safe(text: str) -> str:
    return "".join(_seen(char) for char in text)


def _wrapped(text: str, lead: str, follow: str) -> list[str]:
    """Lines of the text; an amount, and short words in backticks, stay on one line."""
    kept = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _KEPT), text)
    kept = _AMOUNT.sub(_KEPT, kept)
    lines = textwrap.wrap(
        kept,
        WIDTH,
        initial_indent=lead,
        subsequent_indent=follow,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_KEPT, " ") for line in lines]
