"""What only the moves before an instant can exclude, and what they must not."""

from __future__ import annotations

import pytest
from tests.verify.grid import Examined

from rung_lang.verify.verdict import Obligation, Proved, Refuted, Undecided

HEAD = """protocol small "Small"
  version 1.0.0
  applies when adult

input adult yes or no fixed
input x in mmol/L plausible 0 to 4 mmol/L valid for 10 min charted every 5 min step 1 mmol/L
input y in mmol/L plausible 0 to 3 mmol/L valid for 30 min step 1 mmol/L
drug prime infusion in mcg/min start 1 mcg/min usual 1 to 3 mcg/min maximum 3 mcg/min

stage low initial resting
  rule up
    when {up}
    then go to mid
stage mid resting
  rule there
    when {there}
    then notify "doctor"
"""


def of_rule(up: str, there: str) -> Obligation:
    """Whether the rule of the second stage can ever fire."""
    report = Examined.of(HEAD.format(up=up, there=there)).report
    return next(one for one in report.obligations if one.code == "R203" and one.about == ("mid.there",))


NEVER = (
    ("(x > 3 for 8 min)", "time in stage < 5 min and not (x > 3 in the last 40 min)"),
    ("x > 3", "time in stage < 5 min and (x < 1 for 20 min)"),
    ("(x > 3 for 20 min)", "time in stage < 5 min and (x < 1 for 8 min)"),
    ("x >= 1", "(ever y > 3)"),
)
SOMETIMES = (
    ("(x > 3 for 8 min)", "time in stage < 5 min and not (x > 3 for 40 min)"),
    ("x > 3", "time in stage >= 20 min and (x < 1 for 8 min)"),
    ("x > 3", "time in stage < 5 min and x < 1"),
    ("x > 3", "(x > 3 for 20 min) and time in stage < 5 min"),
    ("time in stage >= 30 min", "not (ever time in stage >= 30 min)"),
    ("x >= 1", "(ever y > 2)"),
)


@pytest.mark.parametrize(("up", "there"), NEVER)
def test_a_past_that_no_way_here_has_is_excluded(up: str, there: str) -> None:
    found = of_rule(up, there)
    assert isinstance(found.verdict, Refuted)
    assert found.verdict.layer == "clocks"


@pytest.mark.parametrize(("up", "there"), SOMETIMES)
def test_a_past_that_some_way_here_has_is_not(up: str, there: str) -> None:
    assert isinstance(of_rule(up, there).verdict, Proved)


def test_a_session_that_is_passed_on_at_once_never_rests() -> None:
    """The second stage is entered only where a rule of its own leads on, so nobody is there later."""
    text = HEAD.format(up="x >= 3", there="x unknown") + "  rule on\n    when x <= 4\n    then go to far\n"
    report = Examined.of(text + "stage far resting\n").report
    found = {one.about: one.verdict for one in report.obligations if one.code in ("R203", "R301")}
    assert isinstance(found["mid.there",], Refuted)
    assert isinstance(found["stage:mid",], Proved)


def test_a_latch_that_would_have_moved_the_session_is_not_closed_in_the_stage() -> None:
    """Whoever stays in the first stage has never had what leads out of it."""
    text = HEAD.format(up="x >= 3", there="y < 1").replace(
        "stage low initial resting",
        'stage low initial resting\n  rule stays\n    when (ever x >= 3) and x < 1\n    then notify "nurse"',
    )
    report = Examined.of(text).report
    found = next(one for one in report.obligations if one.code == "R203" and one.about == ("low.stays",))
    assert isinstance(found.verdict, Refuted)
    assert not any(isinstance(one.verdict, Undecided) for one in report.obligations)
