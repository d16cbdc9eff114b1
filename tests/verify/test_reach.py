"""Which stages histories get to, and what has lasted by then."""

from __future__ import annotations

from tests.verify.grid import Examined

from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.verdict import Refuted

HEAD = """protocol small "Small"
  version 1.0.0
  applies when adult

input adult yes or no fixed
input x in mmol/L plausible 0 to 4 mmol/L valid for 10 min charted every 5 min step 1 mmol/L
input n in points plausible 0 to 3 points cumulative
drug prime infusion in mcg/min start 1 mcg/min usual 1 to 3 mcg/min maximum 3 mcg/min
setting limit chosen by site, from 1 mmol/L to 3 mmol/L
event struck "something struck"

stage low initial resting
  rule up
    when {up}
    then go to mid
stage mid resting
  rule more
    when {more}
    then go to high
stage high resting
"""


def examined(up: str, more: str) -> Examined:
    return Examined.of(HEAD.format(up=up, more=more))


def reached(one: Examined) -> dict[str, int]:
    """How many classes each stage has."""
    reach = one.context.reach
    assert isinstance(reach, Reach)
    return {stage: len(classes) for stage, classes in reach.classes.items()}


def test_a_latch_that_closed_on_the_way_excludes_a_move_that_needs_it_open() -> None:
    assert reached(examined("ever x > 3", "not (ever x > 3)"))["high"] == 0


def test_a_latch_that_may_have_stayed_open_excludes_nothing() -> None:
    assert reached(examined("x > 3 or prime running", "not (ever x > 3)"))["high"] == 1


def test_an_event_that_was_needed_has_happened_for_good() -> None:
    assert reached(examined("after struck", "before struck"))["high"] == 0
    assert reached(examined("before struck", "after struck"))["high"] == 1


def test_a_count_does_not_fall_below_a_mark_it_passed() -> None:
    assert reached(examined("n >= 2 points", "n < 2 points"))["high"] == 0
    assert reached(examined("n >= 2 points", "n < 3 points"))["high"] == 1


def test_a_setting_is_one_value_on_the_whole_way() -> None:
    assert reached(examined("limit < 2 mmol/L and x > 1", "limit >= 2 mmol/L"))["high"] == 0
    assert reached(examined("limit < 2 mmol/L and x > 1", "limit >= 1.5 mmol/L"))["high"] == 1


def test_a_reading_may_be_anything_on_the_next_instant() -> None:
    assert reached(examined("x > 3", "x < 1"))["high"] == 1


def test_a_stage_that_is_only_passed_through_is_reached() -> None:
    one = examined("x known", "x known")
    verdicts = {found.about: found.verdict for found in one.report.obligations if found.code == "R301"}
    assert not any(isinstance(verdict, Refuted) for verdict in verdicts.values())


def test_a_window_over_the_time_in_a_stage_is_not_that_of_the_stage_entered() -> None:
    """A ring asks what holds in a stage just entered; that says nothing of one entered long ago."""
    text = HEAD.format(
        up="((x > 2 and time in stage >= 5 min) for 5 min)",
        more="((x > 2 and time in stage >= 5 min) for 5 min)",
    ).replace("then go to high", "then go to low")
    one = Examined.of(text.replace("stage high resting\n", ""))
    refuted = [found for found in one.report.obligations if isinstance(found.verdict, Refuted)]
    assert [found.code for found in refuted if found.code in ("R203", "R301")] == []
