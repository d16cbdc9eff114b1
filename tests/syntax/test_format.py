"""One canonical layout: stable, faithful, and losing no comment."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tests.laws.settings import tried
from tests.syntax.samples import GOOD, HERE, conditions, file_meaning, files, parsed, read, words_of

from rung_lang.source import Source
from rung_lang.syntax.format import format_file, is_formatted
from rung_lang.syntax.layout import WIDTH
from rung_lang.syntax.parse import parse


def formatted(text: str) -> str:
    source = Source("text.rung", text)
    result = parse(source)
    assert result.problems == ()
    return format_file(source, result.file)


def _body(text: str) -> str:
    return formatted(f'protocol p "P"\n{text}\n').removeprefix('protocol p "P"\n\n')


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_golden_layout_of_a_sample(path: Path, request: pytest.FixtureRequest) -> None:
    golden = HERE / "golden" / path.name
    made = formatted(read(path).text)
    assert made == golden.read_text(encoding="utf-8")
    assert all(len(line) <= WIDTH or '"' in line or "#" in line for line in made.splitlines())


def test_the_sample_of_the_language_page_is_in_its_canonical_layout() -> None:
    source = read(HERE / "good" / "septic_shock.rung")
    assert is_formatted(source, parse(source).file)


def _check(text: str) -> None:
    before = parsed(text)
    assert before.problems == ()
    made = formatted(text)
    after = parsed(made)
    assert after.problems == ()
    assert file_meaning(after.file) == file_meaning(before.file)
    assert words_of(after.file) == words_of(before.file)
    assert formatted(made) == made
    assert made.endswith("\n") and not made.endswith("\n\n") and "\n\n\n" not in made
    assert all(line == line.rstrip() for line in made.splitlines())


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_formatting_a_sample_keeps_its_meaning_and_comments(path: Path) -> None:
    _check(read(path).text)


@given(files())
@settings(max_examples=tried(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_formatting_any_file_keeps_its_meaning_and_comments_and_is_stable(text: str) -> None:
    _check(text)


@given(conditions(), conditions())
@settings(max_examples=tried(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_formatting_any_condition_keeps_its_meaning_and_is_stable(one: str, other: str) -> None:
    _check(f'protocol p "P"\nwhen {one} then stop d unless {other}\nnever ({other}) while {one}\n')


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("a or b and c", "a or (b and c)"),
        ("(a) and ((b))", "a and b"),
        ("(MAP < 65) and (a is b)", "MAP < 65 and a is b"),
        ("not MAP < 65", "not (MAP < 65)"),
        ("ever MAP < 65", "ever (MAP < 65)"),
        ("not (a)", "not a"),
        ("not (a running) and not ordered b", "not a running and not ordered b"),
        ("not (a and b)", "not (a and b)"),
        ("(a and b) for 4 h", "(a and b) for 4 h"),
        ("a and b for 4 h", "a and b for 4 h"),
        ("a and (b for 4 h)", "a and (b for 4 h)"),
        ("not a for 4 h", "not a for 4 h"),
        ("(not a) for 4 h", "(not a) for 4 h"),
        ("((a and b))", "(a and b)"),
        ("(x) + (3 mg) > (y)", "x + 3 mg > y"),
        ("x - (-3) > (y + z)", "x - (-3) > (y + z)"),
        ("(a and b) and c", "(a and b) and c"),
        ("(stop) and b", "(stop) and b"),
        ("in stage s", "in s"),
        ("x>1.50mg", "x > 1.50 mg"),
        ("any of (a,(b or c))", "any of (a, (b or c))"),
    ],
)
def test_parentheses_stand_where_a_reader_could_hesitate(written: str, printed: str) -> None:
    assert _body(f"assume {written}") == f"assume {printed}\n"
    assert _body(f"assume {printed}") == f"assume {printed}\n"


def test_an_anonymous_rule_stays_on_one_line_while_it_fits() -> None:
    sentence = "when NE >= 0.1 mcg/kg/min and MAP < 65 then add vasopressin\n"
    assert _body(sentence.replace(" ", "\n")) == sentence
    condition = "when a_rather_long_name and another_rather_long_name and MAP < 65"
    orders = "then go to a_stage_with_a_long_name"
    assert _body(f"{condition} {orders}") == f"{condition}\n  {orders}\n"


def test_comments_stay_with_what_they_were_written_for() -> None:
    text = """# about the file

protocol p "P" # the head
  # about the version
  version 1.0.0 # one
# about a
define a as b # why a
# --- part ---

# about c
define c as d
stage s
# in the stage
when a
  # between
  and b # at b
  then stop q
# last
"""
    assert (
        formatted(text)
        == """# about the file

protocol p "P"  # the head
  # about the version
  version 1.0.0  # one

# about a
define a as b  # why a

# --- part ---

# about c
define c as d

stage s
  # in the stage
  when a
      # between
      and b  # at b
    then stop q
# last
"""
    )


def test_a_comment_where_no_line_can_end_moves_to_the_next_end() -> None:
    text = 'protocol p "P"\nsource # one\n  s # two\n  # three\n  "S"\nassume a\n'
    assert formatted(text) == 'protocol p "P"\n\nsource s "S"  # one\n\n# two\n# three\nassume a\n'


def test_attributes_keep_the_order_of_the_author() -> None:
    text = 'protocol p "P"\ninput x in kg fixed plausible 1 to 2 kg dosing # last\n'
    assert formatted(text) == (
        'protocol p "P"\n\ninput x in kg\n  fixed\n  plausible 1 to 2 kg\n  dosing  # last\n'
    )


def test_a_file_of_comments_only_is_kept() -> None:
    source = Source("x", "  # a\n\n#b")
    assert format_file(source, parse(source).file) == "# a\n\n#b\n"


def test_definitions_are_aligned_unless_they_differ_too_much() -> None:
    assert _body("define a as x\ndefine bcd as y") == "define a   as x\ndefine bcd as y\n"
    apart = "define a as x\ndefine a_very_long_name_indeed as y\n"
    assert _body(apart) == apart
