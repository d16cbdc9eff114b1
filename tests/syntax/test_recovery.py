"""Every mistake is found at its place, and one does not hide the rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.syntax.samples import BAD, GOOD, parsed, read

from rung_lang.finding import Problem
from rung_lang.syntax import tree as t
from rung_lang.syntax.parse import TEXT_LIMIT, parse
from rung_lang.syntax.problems import NotExpected, NotText

_MARK = re.compile(r"### (R\d+)")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_each_mistake_is_reported_on_its_line(path: Path) -> None:
    source = read(path)
    expected = [
        (number, code) for number in range(1, source.lines + 1) for code in _MARK.findall(source.line(number))
    ]
    found = [(source.line_and_column(p.span.start)[0], p.code) for p in parse(source).problems]
    assert found == expected


def _only(text: str) -> Problem:
    problems = parsed(f'protocol p "P"\n{text}\n').problems
    assert len(problems) == 1
    return problems[0]


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("when MAP < then add q", "then", ("a value",)),
        ("when a and then add q", "then", ("a condition",)),
        ("when MAP < 65 add q", "add", ("then", "and", "or", "a unit")),
        ("when a then q", "q", ("an order",)),
        ("define a MAP < 65", "MAP", ("words in double quotes", "as")),
        ("input x", "", ("words in double quotes", "any", "as", "graded", "in", "one", "yes")),
        ("setting s = 5 mg, to 6 mg", "to", ("from", "one", "yes")),
        ("cite a", "cite", ("a statement",)),
        ("stage s\ndefine d as (a and b", "", ()),
    ],
)
def test_what_was_expected_is_said_shortly(text: str, found: str, expected: tuple[str, ...]) -> None:
    problem = _only(text)
    assert isinstance(problem, NotExpected)
    assert problem.found == found
    assert set(expected) <= set(problem.expected)
    assert not expected or len(problem.expected) <= 7


def test_the_statement_being_read_is_named() -> None:
    problem = _only("  define d as <")
    assert isinstance(problem, NotExpected)
    assert problem.inside == "define"


def test_the_place_of_a_missing_end_is_the_last_word() -> None:
    problem = _only("define abc as   ")
    assert (problem.span.start, problem.span.end) == (27, 28)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_mistake_at_the_end_costs_no_other_item(path: Path) -> None:
    source = read(path)
    result = parsed(source.text + "\ndefine oops as <\n")
    assert [p.code for p in result.problems] == ["R102"]
    assert len(result.file.items) == len(parse(source).file.items)
    assert result.file.head is not None


def test_a_line_that_goes_on_is_not_cut() -> None:
    result = parsed(
        'protocol p "P"\nquestion "q" ask\n  never order d\nexample "e" given a 1 expect no d,\n  stage s\n'
        'rule r\n  when a\n  then stop d\nremove\nrule r because "x"\nassume in\n  stage s\narm b\nwhen x\n'
        "outcome o\nwhen y\nwhen z then stop d\napplies\n"
    )
    assert [p.code for p in result.problems] == ["R102"]
    kinds = [type(item) for item in result.file.items]
    assert kinds == [t.Question, t.Example, t.Rule, t.Remove, t.Assume, t.Arm, t.Outcome]


def test_a_text_too_long_for_people_is_refused_at_once() -> None:
    rule = "when MAP < 65 then add vasopressin\n"
    result = parsed('protocol p "P"\n' + rule * (10_000_000 // len(rule)))
    assert len(result.file.items) == 0
    problem = result.problems[0]
    assert isinstance(problem, NotText)
    assert (problem.reason, problem.offset) == ("too_large", TEXT_LIMIT)
