"""Where a text that cannot be read in one go is cut, so that one mistake does not hide the rest."""

from __future__ import annotations

import re
from itertools import pairwise

COMMENT_OR_TEXT = re.compile(r'"[^"\n]*"|(#[^\n]*)')
"""Group 1 is a comment; a `#` inside double quotes is not one."""

_STATEMENT = re.compile(
    r"^[ \t]*(?:(protocol|formulary|bundle|source|input|drug|class|incompatible|panel|event|task|course"
    r"|outcome|regimen|setting|define|restrict|stage|throughout|arm|goal|covers|rule|titrate|prove|assume|question"
    r"|yields|supersedes|remove|migrate|fact|concern|check|example|never|always|when)\b|(before)\s+\w+\s+(?:require|prefer)\b)",
    re.MULTILINE,
)
_LAST_WORD = re.compile(r"(\w+|[^\w\s])\s*\Z")
_GOES_ON = {
    "stage": ("in", "expect", ","),
    "never": ("ask",),
    "always": ("ask",),
    "rule": ("remove",),
    "when": ("applies", "ask"),
}
"""A line that begins with the word goes on with what came before, if that ended in one of these."""

_WHEN = re.compile(r"\bwhen\b")
_LED_TO_WHEN = ("rule", "arm", "outcome")
"""After one of these the first line-initial `when` is a part of the statement, the next begins a new one."""


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
        if before is not None and before[1] in _GOES_ON.get(found, ()):
            continue
        if found == "when" and word in _LED_TO_WHEN and _WHEN.search(mask, looked, match.start()) is None:
            looked = match.start()
            continue
        if match.start() > 0:
            cuts.append(match.start())
        word = found
        looked = match.start()
    return [(start, end) for start, end in pairwise((*cuts, len(text))) if mask[start:end].strip()]
