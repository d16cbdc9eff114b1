"""`parse` answers for any text, soon, and without an exception."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.laws.settings import tried
from tests.syntax.samples import GOOD, files, parsed, read

from rung_lang.syntax import tree as t
from rung_lang.syntax.parse import keywords

SLOW = settings(max_examples=tried(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
_SAMPLES = tuple(read(path).text for path in GOOD)


def _answers(text: str) -> None:
    result = parsed(text)
    for problem in result.problems:
        assert 0 <= problem.span.start <= problem.span.end <= max(1, len(text))
    starts = [problem.span.start for problem in result.problems]
    assert starts == sorted(starts)
    assert result.problems or result.file.head is not None


@given(st.text())
@SLOW
def test_any_text_gets_an_answer(text: str) -> None:
    _answers(text)


@given(
    st.lists(
        st.sampled_from([*sorted(keywords()), "x", "5", "mg", "1.0.0", '"t"', "# c\n", "\n", "<="]),
        max_size=30,
    )
)
@SLOW
def test_any_words_of_the_language_get_an_answer(words: list[str]) -> None:
    _answers(" ".join(words))


@given(st.sampled_from(_SAMPLES), st.integers(0, 3000), st.integers(0, 40), st.text(max_size=6))
@SLOW
def test_a_damaged_sample_gets_an_answer(text: str, at: int, length: int, put: str) -> None:
    _answers(text[:at] + put + text[at + length :])


@given(files(), st.data())
@SLOW
def test_a_file_that_loses_a_word_gets_an_answer(text: str, data: st.DataObject) -> None:
    words = text.split(" ")
    del words[data.draw(st.integers(0, len(words) - 1))]
    _answers(" ".join(words))


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 1000 + "a" + ")" * 1000,
        "(" * 100_000,
        ")" * 100_000,
        "not " * 5000 + "a",
        "not " * 200_000,
        "ever not " * 5000 + "a",
        "not (" * 5000 + "a" + ")" * 5000,
        "a" + " for 1 h" * 5000,
        "a" + " in the last 1 h" * 5000,
        " + ".join("a" * 5000) + " > 1",
        " * ".join("a" * 5000) + " > 1",
        "any of (" * 5000 + "a" + ")" * 5000,
        "a < " * 50_000,
        "9" * 100_000 + " > a",
        "9" * 50_000 + "." + "9" * 50_000 + " > a",
    ],
    ids=lambda text: f"{text[:10]}… x {len(text)}",
)
def test_extreme_conditions_are_refused_soon(condition: str) -> None:
    started = time.process_time()
    result = parsed(f'protocol p "P"\ndefine d as {condition}\ndefine e as a\n')
    assert result.problems
    assert time.process_time() - started < 5
    last = result.file.items[-1]
    assert isinstance(last, t.Define)
    assert last.name.text == "e"


def test_a_long_flat_condition_is_no_deep_one() -> None:
    assert parsed(f'protocol p "P"\ndefine d as {" and ".join("a" * 5000)}\n').problems == ()
    assert parsed(f'protocol p "P"\ndefine d as {" or ".join("a" * 5000)}\n').problems == ()


@pytest.mark.parametrize(
    "line", ["when\n", "rule r\n", "when a\n", '"\n', "never\n", "stage\n", "# c\n", "arm\n"]
)
def test_many_broken_lines_take_time_in_proportion(line: str) -> None:
    started = time.process_time()
    parsed('protocol p "P"\n' + line * 3000)
    assert time.process_time() - started < 10


def test_the_stack_is_not_needed() -> None:
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(300)
        assert parsed(f'protocol p "P"\ndefine d as {"not " * 50}{"(" * 9}a{")" * 9}\n').problems == ()
    finally:
        sys.setrecursionlimit(limit)


def test_a_thousand_rules_are_read_in_less_than_half_a_second() -> None:
    rule = (
        '  rule r%d "Add vasopressin"\n    when NE >= 0.1 mcg/kg/min and MAP < 65\n'
        "    then add vasopressin at 0.03 units/min and go to second_line\n"
        '    because "restores the relative deficiency"\n    cite vmh clause "SEPT-26"\n'
    )
    text = 'protocol p "P"\nstage a initial\n' + "".join(rule % number for number in range(1000))
    parsed('protocol p "P"\n')
    times = []
    for _ in range(3):
        started = time.process_time()
        assert parsed(text).problems == ()
        times.append(time.process_time() - started)
    assert min(times) < 0.5
