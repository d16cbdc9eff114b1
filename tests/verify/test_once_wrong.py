"""Generated protocols on which a verdict was once wrong, or was not reached. Each stands for its cause."""

from __future__ import annotations

from functools import cache

import pytest
from tests.verify.generate import protocol
from tests.verify.grid import MINUTE, Examined, compiled

from rung_engine.event import Charted, Event, Infusion, NoOtherInfusions, Reading
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_engine.session.replay import Replay
from rung_lang.verify.verdict import Refuted


@cache
def verdicts(seed: int) -> frozenset[tuple[str, tuple[str, ...], str]]:
    report = Examined.of(protocol(seed, runs=False).text).report
    return frozenset((one.code, one.about, type(one.verdict).__name__) for one in report.obligations)


@pytest.mark.parametrize(
    ("seed", "code", "about", "verdict"),
    [
        pytest.param(3, "R502", ("stage:mid", "n"), "Proved", id="a count that was read stays read"),
        pytest.param(8, "R502", ("stage:low", "flag"), "Refuted", id="a reading missing all along"),
        pytest.param(43, "R502", ("stage:mid", "flag"), "Refuted", id="a move that leads round is none"),
        pytest.param(42, "R504", ("stage:low", "x"), "Proved", id="orders that contradict are not given"),
        pytest.param(45, "R304", ("stage:low", "stage:mid"), "Proved", id="led round on one instant"),
        pytest.param(48, "R206", ("stage:high",), "Proved", id="what moved the session is still to be done"),
        pytest.param(68, "R301", ("stage:high",), "Refuted", id="rules that always lead apart lead nowhere"),
        pytest.param(69, "R203", ("low.r7",), "Proved", id="a session that is led round waits"),
        pytest.param(114, "R203", ("low.r8",), "Proved", id="a rule counts where its session is held back"),
        pytest.param(185, "R401", ("mid.r4",), "Refuted", id="a drug is set only at its dose"),
        pytest.param(197, "R203", ("high.r3",), "Refuted", id="a count that passed a mark is past it"),
        pytest.param(64, "R403", ("always_1",), "Proved", id="there is no first instant held back"),
        pytest.param(
            176, "R302", ("stage:low", "covers:y > 0 mmol/L for 5 min"), "Proved", id="no move, no order"
        ),
        pytest.param(208, "R502", ("stage:peak", "n"), "Proved", id="what was never read was never known"),
        pytest.param(
            226, "R203", ("mid.r4",), "Refuted", id="orders that can both be given hold nobody back"
        ),
        pytest.param(
            248, "R201", ("high.r3", "mid.r2"), "Proved", id="done as it is ordered, and so not open"
        ),
        pytest.param(266, "R403", ("never_1", "mid.r5"), "Proved", id="orders that contradict break nothing"),
        pytest.param(303, "R205", ("mid.r5",), "Refuted", id="rules of all stages and of one"),
        pytest.param(317, "R301", ("stage:high",), "Proved", id="a ring goes through all its stages"),
        pytest.param(319, "R301", ("stage:mid",), "Refuted", id="what broke the lower mark broke the higher"),
        pytest.param(366, "R206", ("stage:high",), "Refuted", id="what moved both may be ordered of one"),
    ],
)
def test_the_verdict_is(seed: int, code: str, about: tuple[str, ...], verdict: str) -> None:
    assert (code, about, verdict) in verdicts(seed)
    assert (code, about, "Undecided") not in verdicts(seed)


HELD_BACK = """
protocol held "Held back"
  version 1.0.0
  applies when adult

input adult yes or no fixed
input x in mmol/L plausible 0 to 4 mmol/L valid for 10 min charted every 5 min step 1 mmol/L
drug prime infusion in mcg/min start 1 mcg/min usual 1 to 3 mcg/min maximum 3 mcg/min

stage low initial resting
  rule up
    when x >= 2 mmol/L
    then go to high
  rule away
    when x >= 3 mmol/L
    then go to peak
  rule begin
    when prime off
    then start prime

stage high resting

stage peak resting

never start prime while x >= 3 mmol/L
"""


def test_what_a_session_leaves_behind_undoes_nothing() -> None:
    assert ("R201", ("low.r1", "low.r4"), "Refuted") not in verdicts(152)


def test_a_property_is_broken_by_a_session_that_is_held_back_too() -> None:
    report = Examined.of(HELD_BACK).report
    (found,) = (one for one in report.obligations if one.code == "R403")
    assert type(found.verdict).__name__ == "Refuted"


GIVEN_UP = """
protocol given_up "Given up"
  version 1.0.0
  applies when adult

input adult yes or no fixed
input x in mmol/L plausible 0 to 4 mmol/L valid for 10 min charted every 5 min step 1 mmol/L
drug prime infusion in mcg/min start 1 mcg/min usual 1 to 3 mcg/min maximum 3 mcg/min

stage low initial resting
  rule up
    when x > 3 mmol/L
    then avoid prime and go to mid

stage mid resting
  rule on
    when x >= 3 mmol/L
    then continue prime and go to high

stage high resting
"""


def test_engines_agree_on_when_orders_that_were_given_up_contradict_no_more() -> None:
    found = compiled(GIVEN_UP)
    assert found.artifact is not None
    program = Program(found.artifact, {}, unverified=True)
    events: list[Event] = [
        Reading("1", 0, "adult", True),
        NoOtherInfusions("2", 0),
        Infusion("3", 0, "prime", Charted(2_000_000, "mcg/min")),
        Reading("4", 5 * MINUTE, "x", Charted(4_000_000, "mmol/L")),
    ]
    runner = Runner(program, events)
    runner.run(30 * MINUTE)
    replay = Replay(program, events)
    replay.advance(30 * MINUTE)
    reference, session = (
        [(one.time, bool(one.content.contradictions)) for one in decisions]
        for decisions in (runner.decisions, replay.decisions)
    )
    assert (5 * MINUTE, True) in reference
    assert (5 * MINUTE + 1, False) in reference
    assert session == reference


SUSPENDED = """
protocol suspended "Suspended"
  version 1.0.0
  applies when eligible

input eligible yes or no valid for 10 min
input x in mmol/L plausible 0 to 4 mmol/L valid for 10 min charted every 5 min step 1 mmol/L
drug prime infusion in mcg/min start 1 mcg/min usual 1 to 3 mcg/min maximum 3 mcg/min

stage low initial resting
  rule up
    when x >= 3 mmol/L
    then go to high
  rule late
    when (x >= 3 mmol/L in the last 20 min) and x < 2 mmol/L and time in stage >= 30 min
    then start prime

stage high resting
"""


def test_a_session_that_was_suspended_did_not_move() -> None:
    """What would have moved it is seen in the stage later, so the rule is not dead."""
    found = compiled(SUSPENDED)
    assert found.artifact is not None
    program = Program(found.artifact, {}, unverified=True)
    events: list[Event] = [Reading("1", 0, "eligible", True), Reading("2", 0, "x", Charted(0, "mmol/L"))]
    events += [
        Reading("3", 12 * MINUTE, "x", Charted(4_000_000, "mmol/L")),
        Reading("4", 15 * MINUTE, "x", Charted(0, "mmol/L")),
        Reading("5", 30 * MINUTE, "eligible", True),
        Reading("6", 30 * MINUTE, "x", Charted(0, "mmol/L")),
    ]
    runner = Runner(program, events)
    runner.run(30 * MINUTE)
    content = runner.decisions[-1].content
    assert content.stage == "low"
    assert [order.rules for order in content.orders] == [("low.late",)]
    report = Examined.of(SUSPENDED).report
    (verdict,) = (
        one.verdict for one in report.obligations if (one.code, one.about) == ("R203", ("low.late",))
    )
    assert not isinstance(verdict, Refuted)


OPPOSED = """
protocol opposed "Opposed"
  version 1.0.0
  applies when adult

input adult yes or no fixed
input x in mmol/L plausible 0 to 4 mmol/L valid for 10 min charted every 5 min step 1 mmol/L
drug prime infusion in mcg/min start 1 mcg/min usual 1 to 3 mcg/min maximum 3 mcg/min

stage low initial resting
  rule on
    when x >= 2 mmol/L
    then start prime
  rule never_on
    when x >= 3 mmol/L
    then avoid prime

always order prime while x >= 3 mmol/L
"""


def test_what_contradicts_is_not_ordered() -> None:
    report = Examined.of(OPPOSED).report
    (verdict,) = (one.verdict for one in report.obligations if one.code == "R403")
    assert isinstance(verdict, Refuted)
