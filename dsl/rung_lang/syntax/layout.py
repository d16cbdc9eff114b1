"""Documents, and how they are broken into lines of at most `WIDTH` columns.

A document is words with places where a line may end. It counts its tokens, so that a comment known by the
number of tokens before it can ask for a line end there. Nothing here knows the language.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final, Literal, assert_never

from rung_engine.frozen import frozen

WIDTH: Final = 100

_NEVER_FLAT: Final = 1_000_000
_TOKEN = re.compile(r'"[^"\n]*"|\bin\s+stage\b|[A-Za-z_%µμ][A-Za-z0-9_%µμ]*|\d+|[^\s()]', re.ASCII)


def tokens(text: str) -> list[int]:
    """Where each token begins, not counting what may come and go: parentheses, the `stage` of `in stage`."""
    return [match.start() for match in _TOKEN.finditer(text)]


@frozen
class Words:
    """Text that stays on one line."""

    text: str
    width: int
    tokens: int


@frozen
class Break:
    """Where a line may end: `soft` with its group, `fill` when the rest does not fit, `hard` always."""

    kind: Literal["soft", "fill", "hard"]
    width: int
    tokens: int = 0


@frozen
class Join:
    parts: tuple[Doc, ...]
    width: int
    tokens: int


@frozen
class Nest:
    """Lines that begin inside are indented by `by` more; by the column where it starts if `by` is None."""

    of: Doc
    by: int | None
    width: int
    tokens: int


@frozen
class Group:
    """On one line if it fits there; else every soft break inside it ends a line."""

    of: Doc
    width: int
    tokens: int


Doc = Words | Break | Join | Nest | Group

SOFT: Final = Break("soft", 1)
FILL: Final = Break("fill", 1)
HARD: Final = Break("hard", _NEVER_FLAT)


def words(text: str) -> Words:
    return Words(text, len(text), len(tokens(text)))


def join(*parts: Doc | str) -> Join:
    """One after another; a string stands for its words."""
    docs = tuple(words(part) if isinstance(part, str) else part for part in parts)
    return Join(docs, sum(doc.width for doc in docs), sum(doc.tokens for doc in docs))


def nest(by: int | None, *parts: Doc | str) -> Nest:
    of = join(*parts)
    return Nest(of, by, of.width, of.tokens)


def group(*parts: Doc | str) -> Group:
    of = join(*parts)
    return Group(of, of.width, of.tokens)


def separated(parts: Iterable[Doc | str], separator: Doc | str, before: Break = FILL) -> Join:
    """The parts with `separator` and a break between each two; the separator stays on the line it ends."""
    docs: list[Doc | str] = []
    for part in parts:
        if docs:
            docs.extend((separator, before))
        docs.append(part)
    return join(*docs)


def lines_of(parts: Iterable[Doc | str], between: Break) -> Join:
    """The parts with a break between each two."""
    return separated(parts, "", between)


@frozen
class Line:
    """A laid-out line; it holds the tokens from `first` (included) to `last` (excluded)."""

    text: str
    first: int
    last: int

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip(" "))


def lay_out(doc: Doc, indent: int, first: int, gaps: Sequence[int]) -> list[Line]:
    """Lines of the document, whose first token is number `first`.

    `gaps` are sorted token numbers: a break right before such a token ends its line.
    """
    lines: list[Line] = []
    stack: list[tuple[int, bool, Doc]] = [(indent, False, doc)]
    line: list[str] = [" " * indent]
    column, token, start = indent, first, first
    while stack:
        deep, flat, top = stack.pop()
        match top:
            case Words():
                line.append(top.text)
                column += top.width
                token += top.tokens
            case Join():
                stack.extend((deep, flat, part) for part in reversed(top.parts))
            case Nest():
                stack.append((column if top.by is None else deep + top.by, flat, top.of))
            case Group():
                fits = column + top.width + _ahead(stack, WIDTH) <= WIDTH
                stack.append((deep, flat or (fits and not _is_asked(top, token, gaps)), top.of))
            case Break():
                if flat or (top.kind == "fill" and not _fill_ends(stack, column, token, gaps)):
                    line.append(" ")
                    column += 1
                else:
                    lines.append(Line("".join(line).rstrip(" "), start, token))
                    line = [" " * deep]
                    column, start = deep, token
            case _:
                assert_never(top)
    lines.append(Line("".join(line).rstrip(" "), start, token))
    return lines


def _fill_ends(stack: Sequence[tuple[int, bool, Doc]], column: int, token: int, gaps: Sequence[int]) -> bool:
    return _holds(gaps, token, token) or column + 1 + _ahead(stack, WIDTH) > WIDTH


def _ahead(stack: Sequence[tuple[int, bool, Doc]], enough: int) -> int:
    """Columns up to the next place where a line may end, or `enough` of them."""
    width = 0
    below = len(stack)
    todo: list[tuple[bool, Doc]] = []
    while width < enough:
        if not todo:
            below -= 1
            if below < 0:
                break
            todo.append(stack[below][1:])
        flat, doc = todo.pop()
        match doc:
            case Words():
                width += doc.width
            case Break():
                if not flat:
                    return width
                width += doc.width
            case Join():
                todo.extend((flat, part) for part in reversed(doc.parts))
            case Nest() | Group():
                todo.append((flat, doc.of))
            case _:
                assert_never(doc)
    return width


def _holds(gaps: Sequence[int], low: int, high: int) -> bool:
    """Whether one of the gaps lies from `low` to `high`, both included."""
    at = bisect_left(gaps, low)
    return at < len(gaps) and gaps[at] <= high


def _is_asked(doc: Doc, token: int, gaps: Sequence[int]) -> bool:
    """Whether a break inside the document stands where a line end is asked for."""
    if not _holds(gaps, token, token + doc.tokens):
        return False
    todo: list[Doc] = [doc]
    while todo:
        top = todo.pop()
        match top:
            case Words():
                token += top.tokens
            case Break():
                if _holds(gaps, token, token):
                    return True
            case Join():
                todo.extend(reversed(top.parts))
            case Nest() | Group():
                todo.append(top.of)
            case _:
                assert_never(top)
    return False
