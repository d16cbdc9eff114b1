"""The LALR(1) automaton that reads a text: tables in, one value out. It knows no grammar and no tree.

A word is a keyword only where the grammar takes that keyword, and always as a whole word: `(a) android b` is
not `(a) and roid b`. Places are offsets in the whole text, so that a part of a text can be read on its own
and its spans still be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from rung_engine.frozen import frozen

END: Final = "$END"

_SKIP = r"(?:[ \t\n\f\v\u00a0]+|#[^\n]*)*"
_NUMBER = r"(\d+(?:\.\d+)?)"
_TEXT = r'("[^"\n]*")'
_SIGN = r"(<=|>=|[<>=()\[\],+\-*/])"
_WORD = r"([A-Za-zµμ%][A-Za-z0-9_µμ%]*)"
_UNIT = r"([A-Za-zµμ%][A-Za-z0-9_µμ%]*(?:/[A-Za-z0-9_µμ%]+)*)"
_VERSION = r"(\d+\.\d+\.\d+|\d+(?:\.\d+)?)"

Lexis = Literal["plain", "unit", "version"]
"""What a place takes besides plain tokens: in a `unit`, `/` belongs to the word."""

_TOKENS: Final[Mapping[Lexis, re.Pattern[str]]] = {
    "plain": re.compile(f"{_SKIP}(?:{_WORD}|{_NUMBER}|{_TEXT}|{_SIGN})?", re.ASCII),
    "unit": re.compile(f"{_SKIP}(?:{_UNIT}|{_NUMBER}|{_TEXT}|{_SIGN})?", re.ASCII),
    "version": re.compile(f"{_SKIP}(?:{_WORD}|{_VERSION}|{_TEXT}|{_SIGN})?", re.ASCII),
}
_WORDS, _NUMBERS, _TEXTS = 1, 2, 3
_OPEN_KINDS = ("NAME", "UNIT")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)


@frozen
class Production:
    """One way to build a phrase from `size` parts.

    `keep` are the parts that carry meaning; those in `spliced` are lists to be laid open. `name` is the
    builder to call; None where the phrase is the list of its parts. A phrase that `passes` and has one part
    is that part.
    """

    name: str | None
    origin: str
    size: int
    keep: tuple[int, ...]
    spliced: tuple[int, ...]
    passes: bool

    @property
    def is_its_part(self) -> bool:
        """Whether the phrase is always its one part, so that nothing is built."""
        return self.passes and len(self.keep) == 1 and not self.spliced


@frozen
class Row:
    """One state: a token kind leads on to a state or asks for a production; a phrase leads on to a state."""

    actions: Mapping[str, int | Production]
    gotos: Mapping[str, int]
    lexis: Lexis


@frozen
class Table:
    """The automaton. `keywords` gives the kind of each word and sign of the language."""

    rows: Sequence[Row]
    start: int
    final: int
    keywords: Mapping[str, str]
    names: frozenset[str]
    """What its productions build under."""


def names_of(productions: Iterable[Production]) -> frozenset[str]:
    """The names under which these build something."""
    return frozenset(item.name for item in productions if item.name is not None and not item.is_its_part)


Build = Callable[[list[Any], int, int], Any]
"""Parts, start and end of a phrase to its value."""


@frozen
class Reading:
    """Where a reading stands: the token found there and the states that led to it."""

    start: int
    end: int
    states: tuple[int, ...]


class StuckError(Exception):
    """No token can be made here (`token` False), or the token cannot stand here.

    `keyword` is the reading at the token before, where that token is a word of the language that was taken
    for a name or a unit: often the likelier mistake.
    """

    def __init__(self, at: Reading, token: bool, keyword: Reading | None) -> None:
        super().__init__()
        self.at = at
        self.token = token
        self.keyword = keyword


class NestingError(Exception):
    """More than the allowed depth of phrases within phrases; `start` and `end` bound the word met there."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__()
        self.start = start
        self.end = end


def read(
    table: Table,
    text: str,
    start: int,
    end: int,
    builders: Mapping[str, Build],
    nesting: frozenset[str],
    limit: int,
) -> Any:
    """The value of `text[start:end]`. Raises `StuckError` and `NestingError`, nothing else of its own.

    `nesting` names the productions that count as a level; no value has more than `limit` of them inside each
    other.
    """
    rows, keywords, final = table.rows, table.keywords, table.final
    states: list[int] = [table.start]
    values: list[Any] = []
    starts: list[int] = []
    ends: list[int] = []
    depths: list[int] = []
    suspect: Reading | None = None
    most_states = 20 * limit
    at = start
    while True:
        row = rows[states[-1]]
        match = _TOKENS[row.lexis].match(text, at, end)
        assert match is not None  # every part of the patterns is optional
        group = match.lastindex
        if group is None:
            begin = at = match.end()
            word = ""
            if begin < end:
                raise StuckError(Reading(begin, begin + 1, tuple(states)), False, suspect)
            kind = END
        else:
            begin, at = match.span(group)
            word = match[group]
            kind = keywords.get(word, "")
            if kind not in row.actions or (
                "NAME" in row.actions
                and group == _WORDS
                and type(row.actions[kind]) is not int
                and (not _accepts(table, list(states), kind) or _is_name(word, text, at, end))
            ):
                # The lookahead of a state is that of all its uses: `skin normal` is a fact, though an
                # attribute `normal` can follow other names.
                kind = _kind(group, word, row.actions)
        while True:
            action = rows[states[-1]].actions.get(kind)
            if type(action) is int:
                suspect = (
                    Reading(begin, at, tuple(states)) if kind in _OPEN_KINDS and word in keywords else None
                )
                states.append(action)
                values.append(word)
                starts.append(begin)
                ends.append(at)
                depths.append(0)
                if len(states) > most_states:
                    raise NestingError(begin, at)
                break
            if action is None:
                raise StuckError(Reading(begin, at, tuple(states)), True, suspect)
            assert isinstance(action, Production)
            size = action.size
            if size == 1:
                if not action.is_its_part:
                    values[-1] = _value(action, _parts(action, values), starts[-1], ends[-1], builders)
                states.pop()
            else:
                parts = _parts(action, values)
                first = starts[-size] if size else begin
                value = _value(action, parts, first, ends[-1] if size else begin, builders)
                depth = max(depths[-size:]) if size else 0
                if action.name in nesting:
                    depth += 1
                    if depth > limit:
                        raise NestingError(first, ends[-size])
                last = ends[-1] if size else begin
                if size:
                    del states[-size:], values[-size:], starts[-size:], ends[-size:], depths[-size:]
                values.append(value)
                starts.append(first)
                ends.append(last)
                depths.append(depth)
            state = rows[states[-1]].gotos[action.origin]
            states.append(state)
            if state == final and kind == END:
                return values[-1]


_MIGRATION = re.compile(r"(?:\s|#[^\n]*\n)+\w+(?:\s|#[^\n]*\n)+(?:to|by)\b")


def _is_name(word: str, text: str, at: int, end: int) -> bool:
    """`migrate` came into the language late: `given migrate happened` still is a fact, and no statement."""
    return word == "migrate" and _MIGRATION.match(text, at, end) is None


def _kind(group: int, word: str, actions: Mapping[str, int | Production]) -> str:
    """The kind of a token that is no keyword here; empty, which no state takes, where it has none."""
    if group == _WORDS:
        if "UNIT" in actions:
            return "" if "_" in word else "UNIT"
        return "NAME" if _NAME.fullmatch(word) else ""
    if group == _NUMBERS:
        return "VERSION" if word.count(".") == 2 else "NUMBER"
    if group == _TEXTS:
        return "STRING"
    return "OP" if word in ("<", "<=", ">", ">=") else ""


def _parts(production: Production, values: list[Any]) -> list[Any]:
    base = len(values) - production.size
    if not production.spliced:
        return [values[base + index] for index in production.keep]
    parts: list[Any] = []
    for index in production.keep:
        if index not in production.spliced:
            parts.append(values[base + index])
        elif parts:
            parts.extend(values[base + index])
        else:
            parts = values[base + index]  # the list grows in place: long files stay linear
    return parts


def _value(
    production: Production, parts: list[Any], start: int, end: int, builders: Mapping[str, Build]
) -> Any:
    if production.name is None:
        return parts
    if production.passes and len(parts) == 1:
        return parts[0]
    return builders[production.name](parts, start, end)


def accepted(table: Table, states: Sequence[int]) -> frozenset[str]:
    """The kinds of token that can stand after these states: exactly, not only by lookahead."""
    return frozenset(kind for kind in table.rows[states[-1]].actions if _accepts(table, list(states), kind))


def _accepts(table: Table, states: list[int], kind: str) -> bool:
    while True:
        action = table.rows[states[-1]].actions.get(kind)
        if action is None or isinstance(action, int):
            return action is not None
        if action.size:
            del states[-action.size :]
        states.append(table.rows[states[-1]].gotos[action.origin])
        if kind == END and states[-1] == table.final:
            return True
