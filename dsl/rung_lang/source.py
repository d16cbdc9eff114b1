"""A text and places in it. Reads nothing: bytes come from the caller."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters `start` (included) to `end` (excluded) of the text at `path`."""

    path: str
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """From the start of this to the end of the other."""
        return Span(self.path, self.start, max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Source:
    """A decoded text. Line ends are `\\n`; `path` is as the user wrote it."""

    path: str
    text: str
    _starts: tuple[int, ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        object.__setattr__(self, "_starts", tuple(starts))

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Both from 1."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The character at a line and column, both from 1."""
        return self._starts[line - 1] + column - 1

    def line(self, number: int) -> str:
        """The text of line `number`, from 1, without its end."""
        start = self._starts[number - 1]
        stop = self.text.find("\n", start)
        return self.text[start:] if stop < 0 else self.text[start:stop]

    @property
    def lines(self) -> int:
        return len(self._starts)


MAX_BYTES = 20_000_000
"""A protocol is words for people; more than this is another kind of file."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why bytes are not a text: `empty`, `binary`, `encoding`, `too_large`; `offset` in bytes."""

    reason: str
    offset: int = 0


def decode(path: str, data: bytes) -> Source | Unreadable:
    """UTF-8, with or without a byte-order mark, any line ends; anything else is refused, never guessed."""
    if len(data) > MAX_BYTES:
        return Unreadable("too_large")
    if b"\x00" in data:
        return Unreadable("binary", data.index(b"\x00"))
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Unreadable("encoding", error.start)
    if not text.strip():
        return Unreadable("empty")
    return Source(path, text.replace("\r\n", "\n").replace("\r", "\n"))
