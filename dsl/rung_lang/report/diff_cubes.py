"""Some of the patients in words: conditions that are all true of them, for readers who know no syntax."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rung_lang.report.documents.sentences import spaced
from rung_lang.report.words_phrases import joined
from rung_lang.report.words_proof_gaps import cube_words
from rung_lang.verify.gaps.regions import Between, Condition, Cube, State

WHILE = "while "
"""How it begins where nothing is said of the patients but what is not known of them."""


def plain_cube(parts: Cube, meant: Callable[[str], str]) -> str:
    """`norepinephrine 0.1 mcg/kg/min or above, while MAP or weight is not known`; nothing where it is
    everybody. `meant`: a condition as an author wrote it, in a sentence; nothing where it has none.
    """
    missing = [name for one in parts for name in _missing(one)]
    known = joined([_literal(one, meant) for one in parts if not _missing(one)], "and")
    return ", ".join(part for part in (known, _unknown(missing)) if part)


def _missing(one: Between | Condition | State) -> tuple[str, ...]:
    """What is not known, where that is all that the part says."""
    if not isinstance(one, Condition) or one.true:
        return ()
    found = re.fullmatch(r"(\w+(?:, \w+)*(?: and \w+)?) known", one.words)
    return () if found is None else tuple(spaced(name) for name in re.split(", | and ", found[1]))


def _unknown(names: Sequence[str]) -> str:
    if not names:
        return ""
    several = f"one of {joined(names, 'and')}" if len(names) > 2 else joined(names, "or")
    return f"{WHILE}{several} is not known"


def _literal(one: Between | Condition | State, meant: Callable[[str], str]) -> str:
    if not isinstance(one, Condition):
        return spaced(cube_words((one,)).replace("`", ""))
    if re.fullmatch(r"\w+( is \w+| known)?", one.words):
        return spaced(one.words) if one.true else f"not {spaced(one.words)}"
    words = meant(one.words) or f"“{spaced(one.words)}”"
    return words if one.true else f"not ({words})"
