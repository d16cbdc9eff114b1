"""Every bad text is found bad on the very line that says so, and no good text is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.laws.settings import tried

from rung_engine.artifact.load import load
from rung_engine.artifact.seal import to_bytes
from rung_lang.checked import problems
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.finding import Problem
from rung_lang.source import Source, Unreadable, decode

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.rung"))
GOOD = sorted((HERE / "good").glob("**/*.rung"))


def read(path: str) -> Source | Unreadable | None:
    file = Path(path)
    return decode(path, file.read_bytes()) if file.exists() else None


def compile_file(path: Path) -> Compiled:
    return compile_protocol(path.as_posix(), read)


def expected(path: Path) -> set[tuple[int, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {
        (number, code)
        for number, line in enumerate(lines, 1)
        for code in re.findall(r"R\d{3}", line.partition("###")[2])
    }


def found(path: Path, compiled: Compiled) -> set[tuple[int, str]]:
    own = [problem for problem in compiled.problems if problem.span.path == path.as_posix()]
    source = compiled.sources[path.as_posix()]
    return {(source.line_and_column(problem.span.start)[0], problem.code) for problem in own}


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_text_is_found_bad_where_it_is_bad_and_nowhere_else(path: Path) -> None:
    assert found(path, compile_file(path)) == expected(path)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_text_has_no_error(path: Path) -> None:
    compiled = compile_file(path)
    assert [problem for problem in compiled.problems if problem.level == "error"] == []
    head = compiled.files[-1].head
    assert head is not None
    assert (compiled.artifact is not None) == (head.kind == "protocol")


FORMS = (HERE / "good" / "every_form.rung").read_text(encoding="utf-8")
FORMULARY = (HERE / "good" / "formulary" / "adult_icu.rung").read_text(encoding="utf-8")
TOKENS = re.findall(r'"[^"\n]*"|[A-Za-z_%/][A-Za-z0-9_%/]*|\d+(?:\.\d+)?|\s+|.', FORMS)


@settings(max_examples=tried(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(TOKENS) - 1), st.sampled_from([token for token in TOKENS if token.strip()]))
def test_any_one_word_changed_is_compiled_or_reported_and_never_breaks(place: int, word: str) -> None:
    changed = "".join([*TOKENS[:place], word, *TOKENS[place + 1 :]])
    texts = {"a.rung": changed, "formulary/adult_icu.rung": FORMULARY}
    compiled = compile_protocol(
        "a.rung", lambda path: decode(path, texts[path].encode()) if path in texts else None
    )
    if compiled.artifact is None:
        assert any(problem.level == "error" for problem in compiled.problems)
    else:
        assert load(to_bytes(compiled.artifact)) == compiled.artifact


def test_a_problem_carries_the_facts_its_words_need() -> None:
    def facts(name: str) -> dict[str, Problem]:
        return {problem.code: problem for problem in compile_file(HERE / "bad" / f"{name}.rung").problems}

    unknown = facts("R110-unknown-name")["R110"]
    assert isinstance(unknown, problems.UnknownName) and unknown.suggestion == "MAP"
    basis = facts("R128-weight-basis")["R128"]
    assert isinstance(basis, problems.WeightBasis) and (basis.written, basis.drug_unit) == (
        "mcg/min",
        "mcg/kg/min",
    )
    above = [
        (problem.written, problem.maximum, problem.factor)
        for problem in compile_file(HERE / "bad" / "R130-above-maximum.rung").problems
        if isinstance(problem, problems.AboveMaximum)
    ]
    assert above == [
        ("50 mcg/kg/min", "3 mcg/kg/min", 1000),
        ("6 mcg/kg/min", "3 mcg/kg/min", 60),
        ("1.8 units/min", "0.04 units/min", 60),
    ]
    unit = facts("R120-unknown-unit")["R120"]
    assert isinstance(unit, problems.UnknownUnit) and unit.suggestion == "mmHg"
    held = facts("R150-asks-parentheses")["R150"]
    assert isinstance(held, problems.AsksParentheses)


def test_every_problem_class_has_a_bad_text() -> None:
    shown = {code for path in BAD for _, code in expected(path)}
    assert {problem.code for problem in classes()} - shown == set()


def test_every_problem_has_a_code_of_its_own_in_the_range_of_this_stage() -> None:
    codes = [problem.code for problem in classes()]
    assert len(codes) == len(set(codes))
    assert all("R110" <= code <= "R199" for code in codes)


def test_an_error_keeps_the_artifact_back() -> None:
    for path in BAD:
        compiled = compile_file(path)
        if any(problem.level == "error" for problem in compiled.problems):
            assert compiled.artifact is None, path.name


def classes() -> list[type[Problem]]:
    return [
        found
        for _, found in inspect.getmembers(problems, inspect.isclass)
        if issubclass(found, Problem) and found is not Problem
    ]
