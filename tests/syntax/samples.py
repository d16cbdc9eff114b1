"""Sample texts, a comparator of trees, and random texts made out of the samples."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from rung_lang.source import Source, Span
from rung_lang.syntax import tree as t
from rung_lang.syntax.parse import Parsed, parse

HERE = Path(__file__).parent
GOOD = sorted(HERE.glob("good/*.rung"))
BAD = sorted(HERE.glob("bad/*.rung"))


def read(path: Path) -> Source:
    return Source(path.name, path.read_text(encoding="utf-8"))


def parsed(text: str) -> Parsed:
    return parse(Source("text.rung", text))


def meaning(node: Any) -> Any:
    """The node as nested tuples, without its place and without parentheses."""
    if isinstance(node, t.Paren):
        return meaning(node.of)
    if isinstance(node, t.Range):
        return ("Range", meaning(node.lo), None if node.lo is node.hi else meaning(node.hi))
    if isinstance(node, tuple):
        return tuple(meaning(part) for part in node)
    if isinstance(node, Span):
        return None
    if dataclasses.is_dataclass(node):
        values = (meaning(getattr(node, field.name)) for field in dataclasses.fields(node))
        return (type(node).__name__, *values)
    return node


def file_meaning(file: t.File) -> Any:
    return meaning(file.head), meaning(file.items)


def words_of(file: t.File) -> tuple[str, ...]:
    return tuple(comment.text for comment in file.comments)


_WORDS_OR_COMMENT = re.compile(r'("[^"\n]*")|#[^\n]*')

ITEMS: tuple[str, ...] = tuple(
    _WORDS_OR_COMMENT.sub(lambda match: match[1] or "", source.text[item.span.start : item.span.end])
    for source in map(read, GOOD)
    for item in parse(source).file.items
)
"""The text of every item of every good sample, without comments."""

_SPACE = re.compile(r'"[^"\n]*"|\s+')


@st.composite
def files(draw: st.DrawFn) -> str:
    """A protocol of sample items in any order, with other white space and with comments anywhere."""
    rules = st.builds("when {} then stop d".format, conditions())
    items = draw(st.lists(st.one_of(st.sampled_from(ITEMS), rules), min_size=1, max_size=6))
    text = "\n".join(('protocol p "P"\n  version 1.0.0', *items)) + "\n"
    gaps = [match.span() for match in _SPACE.finditer(text) if not match[0].startswith('"')]
    chosen = draw(st.lists(st.tuples(st.sampled_from(gaps), st.sampled_from(_FILLERS)), max_size=8))
    fillers = dict(chosen)
    out: list[str] = []
    at = 0
    for number, (start, end) in enumerate(gaps):
        filler = fillers.get((start, end))
        out.append(text[at:start])
        out.append(text[start:end] if filler is None else filler.replace("@", f"note {number}"))
        at = end
    return "".join(out) + text[at:]


_FILLERS = (
    " ", "\n", "\t\n\n", " # @\n", "\n# @\n", "\n\n# @\n\n", " # @\n  # and @\n", "\n# @\n\n# and @\n",
)  # fmt: skip

_OPERANDS = st.sampled_from(
    (
        *("a", "(stop)", "MAP", "-3", "65", "0.10 mcg/kg/min", "time since first E done", "time in stage"),
        *("x at later of E and F", "x at start of c", "rise in x over 2 h", "total d since E", "time on d"),
    )
)
_STATEMENTS = st.sampled_from(
    (
        *("a", "(stop)", "d running", "x is not y", "ordered d above 3 mg", "in s", "in stage stage"),
        *("before first E", "2 readings 1 h apart of x < 3", "x known", "after F done", "(stop running)"),
        "a_name_so_long_that_only_a_few_of_them_stand_on_one_line",
    )
)
_VALUES = st.recursive(
    _OPERANDS,
    lambda inner: st.one_of(
        st.builds("({})".format, inner), st.builds("{} {} {}".format, inner, st.sampled_from("+-*/"), inner)
    ),
    max_leaves=4,
)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({})".format, inner),
        st.builds("{} and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("not ({})".format, inner),
        st.builds("ever ({})".format, inner),
        st.builds("({}) for 4 h gaps up to 1 h".format, inner),
        st.builds("{} in the last 1 h".format, inner),
        st.builds("at least 2 of ({}, {}, b)".format, inner, inner),
    )


def conditions() -> st.SearchStrategy[str]:
    """Conditions with parentheses in all kinds of places."""
    compared = st.builds("{} {} {}".format, _VALUES, st.sampled_from(["<", "<=", "=", ">"]), _VALUES)
    between = st.builds("{} from {} to {}".format, _VALUES, _VALUES, _VALUES)
    nots = st.builds("not {}".format, _STATEMENTS)
    return st.recursive(st.one_of(_STATEMENTS, compared, between, nots), _compound, max_leaves=8)
