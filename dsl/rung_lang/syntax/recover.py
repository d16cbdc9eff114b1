"""Where a text that cannot be read in one go is cut, so that one mistake does not hide the rest."""

from __future__ import annotations

import re
from itertools import pairwise

COMMENT_OR_TEXT = re.compile(r'"[^"\n]*"|(#[^\n]*)')
"""Group 1 is a comment; a `#` inside double quotes is not one."""

_STATEMENT = re.compile(
    r"^[ \t]*(?:(protocol|formulary|source|input|drug|class|incompatible|panel|event|task|course|outcome"
    r"|regimen|setting|define|restrict|stage|throughout|arm|goal|covers|rule|titrate|prove|assume|question|yields"
    r"|supersedes|remove|example|never|always|when)\b|(before)\s+\w+\s+(?:require|prefer)\b)",
    re.MULTILINE,
)
_LAST_WORD = re.compile(r"(\w+|[^\w\s])\s*\Z")
_OPEN = frozenset(
    (
        *("ask", "in", "time", "of", "remove", "and", "or", "not", "ever", "expect", "no", "to", "at", "by", "for"),
        *("as", "with", "while", "unless", "if", "else", "when", "then", "is", "applies", "over", "every", "within"),
        *("since", "given", "from", "per", "the", "last"),
        *",(+-*/=<>",
    )
)
"""A line that begins after one of these goes on with what came before."""

_THEN, _WHEN = re.compile(r"\bthen\b"), re.compile(r"\bwhen\b")
_FINISHED_BY = {"rule": _THEN, "when": _THEN, "arm": _WHEN, "outcome": _WHEN}
"""A line-initial `when` begins a statement only once the one before it has had this word."""


def masked(text: str) -> str:
    """The text with comments and the words between quotes blanked; every offset stays."""
    return COMMENT_OR_TEXT.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    length = len(match[0])
    return " " * length if match[1] is not None else '"' + "_" * (length - 2) + '"'


def statements(text: str) -> list[tuple[int, int]]:
    """Start and end of each stretch that begins where a statement can begin, in order and without gaps.

    The cuts are guesses by line; they are used only once the text is known not to be readable in one go.
    """
    mask = masked(text)
    cuts = [0]
    word = ""
    looked = 0
    for match in _STATEMENT.finditer(mask):
        found = match[1] or match[2]
        before = _LAST_WORD.search(mask, max(cuts[-1], match.start() - 200), match.start())
        if before is not None and before[1] in _OPEN:
            continue
        needed = _FINISHED_BY.get(word)
        if found == "when" and needed is not None and needed.search(mask, looked, match.start()) is None:
            looked = match.start()
            continue
        if match.start() > 0:
            cuts.append(match.start())
        word = found
        looked = match.start()
    return [(start, end) for start, end in pairwise((*cuts, len(text))) if mask[start:end].strip()]
