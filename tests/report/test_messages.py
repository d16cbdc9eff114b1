"""What each finding looks like on a terminal of 80 columns, word for word.

A text lies beside its message, or among the wrong texts of `tests/checked`. `RUNG_REWRITE=1` writes the
messages again: read what changed before it is kept.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rung_lang.bundle import Bundle, compile_bundle
from rung_lang.checked import problems as checked_problems
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.finding import Problem
from rung_lang.report.text import WIDTH, render
from rung_lang.report.words import message
from rung_lang.source import Source, Unreadable, decode
from rung_lang.syntax import problems as syntax_problems

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "report" / "messages"
OTHERS = ROOT / "tests" / "checked" / "bad"
ENDS = ("R*.rung", "R*.bundle")
TEXTS = {file.stem: file for folder in (OTHERS, HERE) for end in ENDS for file in sorted(folder.glob(end))}
REWRITE = bool(os.environ.get("RUNG_REWRITE"))


def read(path: str) -> Source | Unreadable | None:
    file = ROOT / path
    return decode(path, file.read_bytes()) if file.exists() else None


def compiled_of(text: Path) -> Bundle | Compiled:
    path = text.relative_to(ROOT).as_posix()
    return compile_bundle(path, read) if text.suffix == ".bundle" else compile_protocol(path, read)


def shown(text: Path) -> str:
    compiled = compiled_of(text)
    return "\n".join(render(message(problem), compiled.sources) for problem in compiled.problems)


def classes() -> list[type[Problem]]:
    """Every kind of problem a text has by itself, however deep it stands. Of a proof: see `tests/verify`."""
    found, left = [], [Problem]
    while left:
        below = left.pop().__subclasses__()
        found += below
        left += below
    modules = {module.__name__: module for module in (checked_problems, syntax_problems)}
    # A slotted dataclass leaves the class it was made from behind, under the same name.
    return [
        problem
        for problem in found
        if not problem.__module__.startswith("rung_lang.verify.")
        and (
            problem.__module__ not in modules
            or vars(modules[problem.__module__])[problem.__name__] is problem
        )
    ]


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_gives_this_message_word_for_word(name: str) -> None:
    expected = HERE / f"{name}.txt"
    found = shown(TEXTS[name])
    if REWRITE:
        expected.write_text(found, "utf-8")
    assert found == expected.read_text("utf-8")


def test_every_message_belongs_to_a_text() -> None:
    assert {file.stem for file in HERE.glob("*.txt")} == set(TEXTS)


def test_every_kind_of_problem_is_shown() -> None:
    whole = "\n".join(file.read_text("utf-8") for file in HERE.glob("*.txt"))
    assert [problem.__name__ for problem in classes() if f" {problem.code}: " not in whole] == []


def test_no_line_of_a_message_is_wider_than_the_terminal() -> None:
    lines = [line for file in HERE.glob("*.txt") for line in file.read_text("utf-8").splitlines()]
    assert [line for line in lines if len(line) > WIDTH] == []


def test_a_title_is_one_sentence_and_names_no_thing_of_the_program() -> None:
    for text in TEXTS.values():
        for problem in compiled_of(text).problems:
            found = message(problem)
            assert found.title.endswith("."), found.title
            for part in (found.title, found.label, found.body, found.help):
                assert not any(word in part for word in ("()", "any_of", "one_of", "tuple", "  ", "``")), part
            assert found.help, found.title
