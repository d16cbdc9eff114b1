"""Words for what is wrong with a file before any name is looked up: R101 to R109."""

from __future__ import annotations

import difflib
import unicodedata
from typing import assert_never

from rung_lang.report.words_phrases import Words, joined
from rung_lang.syntax.parse import keywords
from rung_lang.syntax.problems import (
    HugeNumber,
    NoHead,
    NotExpected,
    NotText,
    OpenString,
    Repeated,
    SplitNumber,
    StrangeCharacter,
    TooDeep,
)

SyntaxProblem = (
    NotText | NotExpected | StrangeCharacter | OpenString | TooDeep | NoHead | Repeated
    | SplitNumber | HugeNumber
)  # fmt: skip

_MOST_SHOWN = 7
"""Longer lists of what could stand here help nobody."""

_LONG = 40
"""More of an unexpected title than this need not be repeated."""

_INSTEAD = {
    "≥": "Write `>=`.",
    "≤": "Write `<=`.",
    "≠": "Write `not`, or `is not` before a value.",
    "×": "Write `*`.",
    "·": "Write `*`.",
    "÷": "Write `/`.",
    "“": 'Write straight double quotes: `"`.',
    "”": 'Write straight double quotes: `"`.',
    "„": 'Write straight double quotes: `"`.',
    "«": 'Write straight double quotes: `"`.',
    "»": 'Write straight double quotes: `"`.',
    "'": 'Words stand in double quotes: `"`.',
    "‘": 'Words stand in straight double quotes: `"`.',
    "’": 'Words stand in straight double quotes: `"`.',
    "–": "For a range write `to`, for a minus `-`.",
    "—": "For a range write `to`, for a minus `-`.",
    "−": "Write the plain `-` of the keyboard.",
    ";": "Take it out: nothing ends a line here but the line itself.",
    ":": "Take it out: a title stands in double quotes after the name.",
    ".": "A number has a digit on both sides of its point, as in `0.5`.",
    "&": "Write `and`.",
    "|": "Write `or`.",
    "!": "Write `not`.",
    "{": "Write round brackets, or nothing.",
    "}": "Write round brackets, or nothing.",
    "^": "Powers are not part of the language.",
    "°": "Write `degC` or `degF`.",
    "²": "Write the 2 plainly, as in `m2`.",
    "µ": "A unit follows a number: `mcg` and `µg` are both read there.",
    "μ": "A unit follows a number: `mcg` and `µg` are both read there.",
}

_UNREADABLE = {
    "empty": (
        "This file is empty.",
        "I found no word in it. It may not have been saved.",
        'Begin it with `protocol NAME "title"`, or with `formulary NAME`.',
    ),
    "binary": (
        "This file is not a text.",
        "It holds bytes that no text has, as the files of a word processor or an artifact do.",
        "Save the words as plain text (UTF-8), and give me that file.",
    ),
    "encoding": (
        "This file is not written in UTF-8.",
        "I do not guess at letters: a `µ` guessed wrongly is a dose a thousand times too large.",
        "Save it again with the encoding UTF-8.",
    ),
    "too_large": (
        "This file is too large to be a protocol.",
        "A protocol is words for people. I stop here rather than read what is likely to be something else.",
        "Check the name of the file, or divide the protocol into several.",
    ),
}


_ATTRIBUTES = {"valid": "valid for", "charted": "charted every", "applies": "applies when", "up": "up to"}
"""Attributes of two words, by their first."""


def of_syntax(problem: SyntaxProblem) -> Words:
    """The words of one problem."""
    match problem:
        case NotText():
            title, body, edit = _UNREADABLE[problem.reason]
            if problem.reason in ("binary", "encoding"):
                body = f"At byte {problem.offset:,} I could read no further. {body}"
            return Words(title, body=body, help=edit)
        case NotExpected():
            return _not_expected(problem)
        case StrangeCharacter():
            return _strange(problem.character)
        case OpenString():
            return Words(
                "These words in double quotes do not end on their line.",
                "the quotes open here",
                "Everything after an open quote would be taken for words to show, and no longer for rules.",
                'Close them with `"` on the same line.',
            )
        case TooDeep():
            return Words(
                f"Here conditions stand inside each other more than {problem.limit} deep.",
                "too deep to follow",
                "Nobody could read this aloud, and so nobody could check it.",
                "Name a part of it with `define NAME as …` and use the name.",
            )
        case NoHead():
            return Words(
                "This file does not say what it is.",
                "the file begins here",
                "A protocol is for patients, a formulary for protocols: I check the two differently.",
                'Begin with `protocol NAME "title"`, or with `formulary NAME`.',
            )
        case Repeated():
            return Words(
                f"`{_ATTRIBUTES.get(problem.attribute, problem.attribute)}` stands here a second time.",
                "said before",
                "I cannot tell which of the two you mean, and at the bedside only one can hold.",
                "Take one of them out.",
            )
        case SplitNumber():
            return Words(
                "A blank stands inside this number.",
                f"`{problem.joined}`, or two numbers?",
                "A split number is easily read as two, or without its point: ten or a hundred times the "
                "dose.",
                f"Write `{problem.joined}`.",
            )
        case HugeNumber():
            return Words(
                f"This number has more than {problem.limit} digits.",
                "too many digits",
                "No chart, dose or conversion has that many, so I take it for a slip.",
                "Write the number you mean.",
            )
        case _:
            assert_never(problem)


def _strange(character: str) -> Words:
    name = unicodedata.name(character, "a sign without a name").lower()
    visible = character.isprintable() and not character.isspace()
    shown = f"`{character}`" if visible else f"the invisible sign U+{ord(character):04X} ({name})"
    if character == "`":
        shown = "the backtick"
    return Words(
        f"I do not know what {shown} means here.",
        "not a sign of the language" if visible else "an invisible sign",
        "I read on after this statement, but this statement itself I could not check.",
        _INSTEAD.get(character, "Take it out, or put it inside double quotes if it belongs to a title."),
    )


def _not_expected(problem: NotExpected) -> Words:
    inside = f"`{problem.inside}`" if problem.inside else ""
    could = _could_stand(problem.expected)
    after = f"In this {inside} statement I could go on with {could}." if inside else f"I could read {could}."
    if not problem.found:
        title = (
            f"This {inside} statement stops before it is complete." if inside else "The text stops too early."
        )
        return Words(title, "something is missing after this", after, _help(problem))
    if problem.found in ("protocol", "formulary") and problem.expected == ("a statement",):
        return Words(
            f"A second `{problem.found}` begins in this file.",
            "a file holds one",
            "A reader who opens a protocol must find one protocol, with one version, in it.",
            "Move it to a file of its own.",
        )
    found = " ".join(problem.found.split())
    found = found if len(found) <= _LONG else f"{found[:_LONG]}…"
    return Words(f"I did not expect `{found}` here.", "not expected here", after, _help(problem))


def _could_stand(expected: tuple[str, ...]) -> str:
    """Kinds of phrase plainly, words and signs of the language in backticks; the first few of a long list."""
    known = keywords()
    shown = [f"`{word}`" if word in known else word for word in expected]
    if not shown:
        return "nothing more"
    if len(shown) > _MOST_SHOWN:
        return ", ".join(shown[:_MOST_SHOWN]) + ", and other words"
    return joined(shown)


def _help(problem: NotExpected) -> str:
    found, expected = problem.found, problem.expected
    known = keywords()
    words = [word for word in expected if word in known and word.isalpha()]
    near = difflib.get_close_matches(found, words, n=1) if found not in known else []
    if near:
        return f"Did you mean `{near[0]}`?"
    if found in ("=", ">", "<", ">=", "<=") and {"a value", "a condition"} & set(expected):
        return "Write one comparison and then a value: `<`, `<=`, `=`, `>=` or `>`."
    if found in known and found.isalpha() and "a name" in expected:
        return f"`{found}` is a word of the language, so it cannot be a name. Is a name missing before it?"
    if "a version such as 1.0.0" in expected:
        return "A version has three numbers, as in `version 1.0.0`."
    if found and "then" in words:
        return "Is `then` missing before it?"
    if found and "," in expected:
        return "Is a `,` missing before it?"
    if found and len(words) == 1:
        return f"Is `{words[0]}` missing before it?"
    if found[:1].isdigit() and "a name" in expected:
        return "A name begins with a letter."
    if len(expected) == 1:
        return f"Write {_could_stand(expected)} here."
    return "`rung explain R102` shows how statements are written."
