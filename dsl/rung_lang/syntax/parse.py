"""Text to tree, by the tables that lark made of the grammar (`lalr.py`); lark itself is not needed here.

A file without a syntax problem is read in one go. Otherwise it is cut where a line begins with a word that
begins a statement, and each statement is read alone, so that one mistake does not hide the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from rung_engine.frozen import frozen
from rung_lang.finding import Problem
from rung_lang.source import Source, Span
from rung_lang.syntax import tree as t
from rung_lang.syntax.automaton import END, Build, NestingError, Reading, StuckError, Table, accepted, read
from rung_lang.syntax.problems import (
    NoHead,
    NotExpected,
    NotText,
    OpenString,
    SplitNumber,
    StrangeCharacter,
    TooDeep,
)
from rung_lang.syntax.recover import COMMENT_OR_TEXT, masked, statements
from rung_lang.syntax.shape import NESTING, builders
from rung_lang.syntax.table_text import table_from
from rung_lang.syntax.tables import TABLES

DEPTH_LIMIT = 60
"""Most conditions inside each other; far beyond what a person can read aloud."""

TEXT_LIMIT = 2_000_000
"""Most characters read: ten thousand rules. More is refused at once."""

_UNREAD = (NotExpected, StrangeCharacter, OpenString, SplitNumber, TooDeep)
"""Problems that cost a statement, perhaps the head."""


@frozen
class Parsed:
    """As much of the tree as could be read, and every problem met, in the order of the text."""

    file: t.File
    problems: tuple[Problem, ...]


@lru_cache(maxsize=1)
def _table() -> Table:
    return table_from(TABLES)


@lru_cache(maxsize=1)
def keywords() -> frozenset[str]:
    """The words and signs of the language."""
    return frozenset(_table().keywords)


def parse(source: Source) -> Parsed:
    """Read one file. Never raises for any text."""
    if len(source.text) > TEXT_LIMIT:
        refused = NotText(Span(source.path, 0, 1), "too_large", TEXT_LIMIT)
        return Parsed(t.File(source.path, None, (), ()), (refused,))
    problems: list[Problem] = []
    build = builders(source, _table().names, problems)
    try:
        head, items = _split(_read(source, 0, len(source.text), build))
    except (StuckError, NestingError):
        problems.clear()
        head, items = _read_statements(source, build, problems)
    if head is None and not any(isinstance(problem, _UNREAD) for problem in problems):
        problems.append(NoHead(Span(source.path, 0, min(len(source.text), 1))))
    return Parsed(
        t.File(source.path, head, tuple(items), tuple(_comments(source))),
        tuple(sorted(problems, key=lambda problem: (problem.span.start, problem.code))),
    )


def _read(source: Source, start: int, end: int, build: Mapping[str, Build]) -> tuple[Any, ...]:
    whole: tuple[Any, ...] = read(_table(), source.text, start, end, build, NESTING, DEPTH_LIMIT)
    return whole


def _split(parts: Iterable[Any]) -> tuple[t.Head | None, list[t.Item]]:
    head: t.Head | None = None
    items: list[t.Item] = []
    for part in parts:
        if isinstance(part, t.Head):
            head = part
        else:
            items.append(part)
    return head, items


def _read_statements(
    source: Source, build: Mapping[str, Build], problems: list[Problem]
) -> tuple[t.Head | None, list[t.Item]]:
    """Each statement on its own; what `build` added to `problems` for an unread one is taken back."""
    head: t.Head | None = None
    items: list[t.Item] = []
    for number, (start, end) in enumerate(statements(source.text)):
        before = len(problems)
        try:
            found, more = _split(_read(source, start, end, build))
        except NestingError as deep:
            del problems[before:]
            problems.append(TooDeep(Span(source.path, deep.start, deep.end), DEPTH_LIMIT))
            continue
        except StuckError as stuck:
            del problems[before:]
            problems.append(_problem(source, stuck, start, end))
            continue
        if found is not None and number > 0:
            word = Span(source.path, found.span.start, found.span.start + len(found.kind))
            problems.append(NotExpected(word, found.kind, ("a statement",), ""))
        head = head or found
        items.extend(more)
    return head, items


def _comments(source: Source) -> Iterable[t.Comment]:
    for match in COMMENT_OR_TEXT.finditer(source.text):
        if match[1] is not None:
            start, end = match.span(1)
            line_start = source.text.rfind("\n", 0, start) + 1
            own = not source.text[line_start:start].strip()
            yield t.Comment(match[1].rstrip(), own, Span(source.path, start, end))


# ---------------------------------------------------------------- what went wrong

_GAP_NUMBER = re.compile(r"(\d+)\.[ \t]+(\d+)")
_FIRST_WORD = re.compile(r"\s*([a-z]+)")
_HINGES = frozenset(
    (
        *(
            "when",
            "then",
            "and",
            "or",
            "not",
            "for",
            "in",
            "of",
            "to",
            "at",
            "by",
            "from",
            "as",
            "with",
            "while",
        ),
        *(
            "unless",
            "because",
            "cite",
            "clause",
            "if",
            "else",
            "is",
            "over",
            "every",
            "within",
            "since",
            "expect",
        ),
        *("given", "ask", "overrides", "go"),
    )
)
"""Words that join others. Nobody means one as a name, so one taken for a name is where to look."""

_KINDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "UNIT": "a unit",
    "STRING": "words in double quotes",
    "OP": "a comparison",
    "VERSION": "a version such as 1.0.0",
}
_GROUPS: Sequence[tuple[frozenset[str], frozenset[str], str]] = tuple(
    (frozenset(signs.split()), frozenset(members.split()), words)
    for signs, members, words in (
        (
            "SETTING STAGE",
            "ALWAYS ARM ASSUME BEFORE CHECK CLASS CONCERN COURSE COVERS DEFINE DRUG EVENT EXAMPLE FACT GOAL"
            " INCOMPATIBLE"
            " INPUT MIGRATE NEVER OUTCOME PANEL PROVE QUESTION REGIMEN REMOVE RESTRICT RULE SETTING SOURCE"
            " STAGE SUPERSEDES TASK THROUGHOUT TITRATE WHEN YIELDS",
            "a statement",
        ),
        ("RUNS SETTLE", "APPLIES RUNS SETTLE STATUS USE VERSION", "a line of the head such as version"),
        (
            "START TAPER",
            "ADD AVOID BEGIN CLASSIFY CONSIDER CONTINUE DECREASE DO EITHER END FINISH GIVE GO"
            " INCREASE MEASURE MUST NOTIFY PAUSE PREFER RECOMMEND SET START STOP TAPER",
            "an order",
        ),
        (
            "NOT TIME",
            "AFTER ALL ANY AT BEFORE CHANGE EVER EXACTLY FALL HIGHEST IN LOWEST LPAR MEAN MINUS NAME"
            " NOT NUMBER ORDERED PERCENT RISE TIME TOTAL",
            "a condition",
        ),
        (
            "LPAR TIME",
            "CHANGE FALL HIGHEST LOWEST LPAR MEAN MINUS NAME NUMBER PERCENT RISE TIME TOTAL",
            "a value",
        ),
        ("NUMBER MINUS", "MINUS NUMBER", "a number"),
        ("OP EQUAL", "EQUAL FROM MINUS OP PLUS SLASH STAR", "a comparison"),
        ("PLUS STAR", "MINUS PLUS SLASH STAR", "arithmetic"),
        ("BECAUSE GRADE", "BECAUSE CITE CLAUSE ERRATUM GRADE", "a note such as cite"),
    )
)
"""Where all of the first can stand, the second are said in one go."""


def _problem(source: Source, stuck: StuckError, start: int, end: int) -> Problem:
    first = _FIRST_WORD.match(source.text, start, end)
    inside = first[1] if first is not None else ""
    at = stuck.at
    if stuck.keyword is not None and _is_mistaken(source, stuck.keyword):
        return _not_expected(source, stuck.keyword, inside)
    gap = _gap(source, at.start)
    if gap is not None:
        return gap
    if not stuck.token:
        character = source.text[at.start]
        if character == '"':
            stop = source.text.find("\n", at.start)
            return OpenString(Span(source.path, at.start, len(source.text) if stop < 0 else stop))
        return StrangeCharacter(Span(source.path, at.start, at.end), character)
    if at.start == at.end:
        last = start + len(masked(source.text[start:end]).rstrip())
        return _not_expected(source, Reading(max(start, last - 1), last, at.states), inside, "")
    return _not_expected(source, at, inside)


def _is_mistaken(source: Source, keyword: Reading) -> bool:
    """Whether a word of the language cannot have been meant as the name or unit it was taken for."""
    table = _table()
    as_unit = "UNIT" in table.rows[keyword.states[-1]].actions
    return as_unit or source.text[keyword.start : keyword.end] in _HINGES


def _not_expected(source: Source, at: Reading, inside: str, found: str | None = None) -> NotExpected:
    words = source.text[at.start : at.end] if found is None else found
    return NotExpected(Span(source.path, at.start, at.end), words, _expected(at.states), inside)


def _gap(source: Source, at: int) -> SplitNumber | None:
    line_start = source.text.rfind("\n", 0, at) + 1
    for match in _GAP_NUMBER.finditer(source.text, max(line_start, at - 40), at + 40):
        if match.start() <= at <= match.end():
            return SplitNumber(Span(source.path, match.start(), match.end()), f"{match[1]}.{match[2]}")
    return None


@lru_cache(maxsize=1024)
def _expected(states: tuple[int, ...]) -> tuple[str, ...]:
    """What can stand, as an author would say it: kinds of phrase, then words and signs of the language."""
    table = _table()
    words = {kind: word for word, kind in table.keywords.items()}
    left = set(accepted(table, states)) - {END}
    said: list[str] = []
    for signs, members, phrase in _GROUPS:
        if signs <= left:
            said.append(phrase)
            left -= members
    said.extend(sorted(_KINDS[kind] for kind in left if kind in _KINDS))
    said.extend(sorted(words[kind] for kind in left if kind not in _KINDS))
    return tuple(dict.fromkeys(said))
