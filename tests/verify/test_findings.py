"""What the verifier says of whole texts: the faults where they are and no others, in these words.

A text that is bad says so on the line: `### R201`. Remarks are not faults, and are looked for only where the
text is named after their code. `RUNG_REWRITE=1` writes the messages again: read what changed first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from rung_lang.driver import compile_protocol
from rung_lang.finding import Problem
from rung_lang.report.text import render
from rung_lang.report.words import message
from rung_lang.source import Source, Unreadable, decode
from rung_lang.verify.verify import verify

ROOT = Path(__file__).resolve().parents[2]
HERE = Path("tests/verify")
BAD = sorted(path.relative_to(ROOT) for path in (ROOT / HERE / "bad").glob("R*.rung"))
GOOD = sorted(path.relative_to(ROOT) for path in (ROOT / HERE / "good").glob("R*.rung"))
MESSAGES = ROOT / HERE / "messages"
REWRITE = bool(os.environ.get("RUNG_REWRITE"))


def read(path: str) -> Source | Unreadable | None:
    file = ROOT / path
    return decode(path, file.read_bytes()) if file.exists() else None


@cache
def verified(path: Path) -> tuple[tuple[Problem, ...], Mapping[str, Source]]:
    compiled = compile_protocol(path.as_posix(), read)
    assert [problem for problem in compiled.problems if problem.level == "error"] == []
    assert compiled.artifact is not None
    report = verify(compiled.artifact, compiled.sources, path.as_posix(), compiled.examples)
    return report.problems, compiled.sources


def expected(path: Path) -> set[tuple[int, str]]:
    lines = (ROOT / path).read_text("utf-8").splitlines()
    return {
        (number, code)
        for number, line in enumerate(lines, 1)
        for code in re.findall(r"R\d{3}", line.partition("###")[2])
    }


def counts(path: Path, problem: Problem) -> bool:
    """A fault, or a remark of the kind that the text is about."""
    return problem.level != "information" or problem.code == path.stem.partition("-")[0]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_text_is_found_bad_where_it_is_bad_and_nowhere_else(path: Path) -> None:
    problems, sources = verified(path)
    found = {
        (sources[problem.span.path].line_and_column(problem.span.start)[0], problem.code)
        for problem in problems
        if counts(path, problem)
    }
    assert found == expected(path)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_text_has_no_fault(path: Path) -> None:
    problems, _ = verified(path)
    assert [problem for problem in problems if problem.level != "information"] == []


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_text_gives_this_message_word_for_word(path: Path) -> None:
    problems, sources = verified(path)
    code = path.stem.partition("-")[0]
    found = "\n".join(render(message(problem), sources) for problem in problems if problem.code == code)
    golden = MESSAGES / f"{path.stem}.txt"
    if REWRITE:
        MESSAGES.mkdir(exist_ok=True)
        golden.write_text(found, "utf-8")
    assert golden.read_text("utf-8") == found
