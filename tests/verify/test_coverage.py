"""What examples show of the rules and conditions of small protocols; the definition against flipping."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from random import Random
from unittest.mock import patch

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.laws.settings import tries
from tests.laws.strategies import LAST, SEEDS, any_artifact, artifact, histories, number, programs

from rung_engine.artifact import model as m
from rung_engine.decision import fold
from rung_engine.decision.rules import Judged
from rung_engine.decision.rules import judge as rules_judge
from rung_engine.event import Done, Event
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.run import Runner
from rung_engine.session.replay import Replay, settings_of_conditions
from rung_engine.session.session import SessionView
from rung_engine.truth import Truth
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.examples import run_examples
from rung_lang.report.coverage import table
from rung_lang.report.decisions import WIDTH
from rung_lang.source import Source
from rung_lang.verify.histories.snapshot import Facts, Snapshot, judged
from rung_lang.verify.strength.coverage import CanFlip, Coverage, Seen, Tally, coverage, may_matter

GOLDEN = Path(__file__).parent / "golden"

HEAD = """\
protocol small "Small"
  version 1.0.0
  applies when weight known or weight unknown
input MAP in mmHg plausible 10 to 200 mmHg valid for 1 h
input lactate in mmol/L plausible 0 to 30 mmol/L valid for 4 h
drug norepinephrine as NE infusion in mcg/kg/min maximum 3 mcg/kg/min start 0.05 mcg/kg/min valid for 8 h
input weight in kg plausible 20 to 350 kg fixed dosing
task line "a central line"
"""


def compiled(text: str) -> Compiled:
    found = compile_protocol("small.rung", lambda path: Source(path, text))
    assert found.artifact is not None, found.problems
    return found


def covered(text: str, can_flip: CanFlip = may_matter) -> Coverage:
    """What the examples of the text, under the declarations above, show."""
    found = compiled(HEAD + text)
    assert found.artifact is not None
    tally = Tally(found.artifact)
    for result in run_examples(found.artifact, found.examples, watch=tally.see):
        assert not result.failures, result.failures
    return tally.coverage(can_flip)


def ways(found: Coverage, rule: str) -> dict[str, tuple[str, str]]:
    """By the words of each condition of a rule: whether it is shown while true and while false."""
    (one,) = (item for item in found.rules if item.rule == rule)
    return {leaf.words: (leaf.while_true, leaf.while_false) for leaf in one.leaves}


BEGIN = """
stage alpha initial resting
  rule begin
    when MAP < 65 and norepinephrine off
    then start norepinephrine
"""
LOW = 'example "low" given MAP 60 expect start norepinephrine\n'
HIGH = 'example "high" given MAP 70 expect nothing\n'
ON = 'example "on" given weight 70 kg, MAP 60, NE 0.1 mcg/kg/min expect nothing\n'


def test_each_example_shows_what_it_turns_on() -> None:
    both = {"MAP < 65": ("shown", "missing"), "norepinephrine off": ("shown", "missing")}
    assert ways(covered(BEGIN + LOW), "alpha.begin") == both
    assert ways(covered(BEGIN + LOW + HIGH), "alpha.begin") == both | {"MAP < 65": ("shown", "shown")}
    assert covered(BEGIN + LOW + HIGH + ON).complete


def test_a_rule_that_never_fires_is_not_exercised_though_its_conditions_are_shown() -> None:
    found = covered(BEGIN + HIGH + ON)
    assert [rule.exercised for rule in found.rules] == [False]
    assert ways(found, "alpha.begin") == {
        "MAP < 65": ("missing", "shown"), "norepinephrine off": ("missing", "shown"),
    }  # fmt: skip


def test_what_is_masked_shows_nothing() -> None:
    either = """
stage alpha initial resting
  rule call
    when MAP < 65 or lactate > 4 mmol/L
    then notify "intensivist"
"""
    together = 'example "both" given MAP 60, lactate 5 mmol/L expect notify "intensivist"\n'
    one = 'example "one" given MAP 60, lactate 2 mmol/L expect notify "intensivist"\n'
    assert set(ways(covered(either + together), "alpha.call").values()) == {("missing", "missing")}
    assert ways(covered(either + one), "alpha.call") == {
        "MAP < 65": ("shown", "missing"), "lactate > 4 mmol/L": ("missing", "missing"),
    }  # fmt: skip


def test_an_unknown_beside_it_does_not_hide_what_a_condition_does() -> None:
    both = """
stage alpha initial resting
  rule call
    when MAP < 65 and lactate > 4 mmol/L
    then notify "intensivist"
"""
    unknown = 'example "lactate unknown" given MAP 60 expect pending lactate\n'
    assert ways(covered(both + unknown), "alpha.call") == {
        "MAP < 65": ("shown", "missing"), "lactate > 4 mmol/L": ("missing", "missing"),
    }  # fmt: skip


def test_conditions_of_unless_count_and_a_pending_rule_does_not_hang_on_them() -> None:
    unless = """
stage alpha initial resting
  rule call
    when MAP < 65
    then notify "intensivist"
    unless lactate < 2 mmol/L
"""
    fires = 'example "fires" given MAP 60, lactate 5 mmol/L expect notify "intensivist"\n'
    held = 'example "held back" given MAP 60, lactate 1 mmol/L expect nothing\n'
    pending = 'example "pending" given lactate 1 mmol/L expect pending MAP\n'
    assert ways(covered(unless + fires + held), "alpha.call") == {
        "MAP < 65": ("shown", "missing"), "lactate < 2 mmol/L": ("shown", "shown"),
    }  # fmt: skip
    assert ways(covered(unless + pending), "alpha.call")["lactate < 2 mmol/L"] == ("missing", "missing")


def test_a_rule_counts_in_its_own_stage_only_and_where_it_moves_the_session() -> None:
    ladder = """
stage alpha initial
  rule on
    when MAP < 65
    then go to beta
stage beta resting
  rule off
    when MAP >= 65
    then go to alpha
  rule call
    when MAP < 50
    then notify "intensivist"
throughout
  rule ask
    when MAP < 40
    then notify "family"
"""
    found = covered(ladder + 'example "up" given MAP 60 expect stage beta\n')
    assert ways(found, "alpha.on") == {"MAP < 65": ("shown", "missing")}
    assert ways(found, "beta.off") == {"MAP >= 65": ("missing", "shown")}
    assert ways(found, "throughout.ask") == {"MAP < 40": ("missing", "shown")}
    assert [rule.rule for rule in found.rules if rule.exercised] == ["alpha.on"]
    stays = covered(ladder + 'example "stays" given MAP 70 expect stage alpha\n')
    assert ways(stays, "beta.off") == {"MAP >= 65": ("missing", "missing")}
    assert ways(stays, "alpha.on") == {"MAP < 65": ("missing", "shown")}


def test_time_in_stage_is_that_of_the_stage_the_rule_stands_in() -> None:
    timed = """
stage alpha initial
  rule on
    when time in stage >= 10 min
    then go to beta
stage beta resting
  rule call
    when time in stage >= 10 min
    then notify "intensivist"
"""
    found = covered(timed + 'example "waits" [0 h] MAP 60 [10 min] MAP 60 expect stage beta\n')
    assert ways(found, "alpha.on") == {"time in stage >= 10 min": ("shown", "shown")}
    assert ways(found, "beta.call") == {"time in stage >= 10 min": ("missing", "shown")}


def test_a_latch_stays_closed_where_the_session_moves() -> None:
    latch = """
stage alpha initial
  rule on
    when MAP >= 65
    then go to beta
stage beta resting
  rule call
    when ever (MAP < 65)
    then notify "intensivist"
"""
    found = covered(latch + 'example "up" [0 h] MAP 60 [10 min] MAP 70 expect stage beta\n')
    assert set(ways(found, "beta.call").values()) == {("shown", "missing")}


def test_every_choice_of_an_open_setting_is_seen_though_all_decide_alike() -> None:
    open_ = """
setting target chosen by site, from 60 mmHg to 65 mmHg
stage alpha initial resting
  rule call
    when MAP >= target or lactate > 4 mmol/L
    then notify "intensivist"
example "both or one" given MAP 62, lactate 5 mmol/L expect notify "intensivist"
"""
    assert ways(covered(open_), "alpha.call") == {
        "MAP >= target": ("missing", "missing"), "lactate > 4 mmol/L": ("shown", "missing"),
    }  # fmt: skip


def test_a_rule_that_another_overrides_is_not_exercised_by_that() -> None:
    overridden = """
stage alpha initial resting
  rule loud
    when MAP < 50
    then notify "surgeon"
  rule quiet
    when MAP < 65
    then notify "intensivist"
  rule loud overrides quiet
"""
    found = covered(overridden + 'example "very low" given MAP 40 expect notify "surgeon"\n')
    assert [rule.rule for rule in found.rules if rule.exercised] == ["alpha.loud"]


def test_a_condition_that_can_never_matter_is_no_gap() -> None:
    asked: list[tuple[str, int, bool]] = []

    def never(rule: str, leaf: int, to: bool) -> bool:
        asked.append((rule, leaf, to))
        return False

    found = covered(BEGIN + LOW, never)
    assert set(ways(found, "alpha.begin").values()) == {("shown", "impossible")}
    assert found.complete
    assert [(rule, to) for rule, _, to in asked] == [("alpha.begin", True)] * 2


# ---------------------------------------------------------------- laws


def formulas(dice: Random, flags: int, size: int) -> tuple[list[m.Truth | m.Numeric], int]:
    """Flags 0 to `flags`, and a condition over them, any of which may stand in it more than once."""
    terms: list[m.Truth | m.Numeric] = [m.Flag(input=f"f{index}") for index in range(flags)]
    terms.append(m.Const(value=dice.random() < 0.5))
    for _ in range(size):
        parts = tuple(dice.choices(range(len(terms)), k=dice.randint(2, 3)))
        match dice.randint(0, 5):
            case 0 | 1:
                terms.append(m.And(of=parts))
            case 2 | 3:
                terms.append(m.Or(of=parts))
            case 4:
                terms.append(m.Not(of=parts[0]))
            case _:
                terms.append(m.Count(rel=dice.choice((">=", "<=", "=")), n=dice.randint(1, 2), of=parts))
    return terms, len(terms) - 1


@tries(60)
@given(SEEDS, st.integers(1, 4), st.integers(1, 6), st.booleans())
def test_shown_is_what_flipping_a_reading_at_the_bedside_would_change(
    seed: int, flags: int, size: int, with_unless: bool
) -> None:
    dice = Random(seed)
    terms, condition = formulas(dice, flags, size)
    unless = dice.randrange(flags, len(terms)) if with_unless else None
    rule = m.Rule(
        id="throughout.r", stage=None, condition=condition, unless=unless,
        orders=(m.One(order=m.Order(op="notify", target="them")),),
    )  # fmt: skip
    inputs = {f"f{index}": m.InputDecl(kind="flag", valid_for=1) for index in range(flags)}
    program = Program(artifact(terms=tuple(terms), rules=(rule,), inputs=inputs), unverified=True)

    def state(values: tuple[Truth, ...]) -> str:
        told = Facts(inputs={f"f{index}": value for index, value in enumerate(values)})
        at = Snapshot(program, told, stage=None, entered=None, began=0, time=1)
        return judged(at)[rule.id].state

    def row(values: tuple[Truth, ...]) -> tuple[Truth, ...]:
        told = Facts(inputs={f"f{index}": value for index, value in enumerate(values)})
        at = Snapshot(program, told, stage=None, entered=None, began=0, time=1)
        return tuple(at.truth(index) for index in range(len(terms)))

    all_values = list(product((True, False, None), repeat=flags))
    instants = dice.sample(all_values, min(len(all_values), dice.randint(1, 12)))
    flipped = {
        (index, value)
        for values in instants
        for index, value in enumerate(values)
        if value is not None and state(values) != state((*values[:index], not value, *values[index + 1 :]))
    }
    (found,) = coverage(program.artifact, [(None, row(values)) for values in instants]).rules
    shown = {
        (leaf.term, value)
        for leaf in found.leaves
        for value, way in ((True, leaf.while_true), (False, leaf.while_false))
        if way == "shown"
    }
    assert shown == flipped
    assert found.exercised == any(state(values) in ("fires", "unconfirmed") for values in instants)
    assert {leaf.term for leaf in found.leaves} >= {index for index, _ in flipped}


def seen_by_reference(program: Program, events: tuple[Event, ...], until: int) -> set[Seen]:
    """Every stage whose rules the reference engine judges, as it judges them."""
    found: set[Seen] = set()

    def judge(view: Instant, rules: Sequence[m.Rule]) -> dict[str, Judged]:
        found.add((view.stage, view.row().truths))
        return rules_judge(view, rules)

    with patch.object(fold, "judge", judge):
        runner = Runner(program, events)
        for decision in runner.run(until):
            # Of a cycle the session passes no stage: what it looked at on the way is no stage it was in.
            assume(all(item.kind != "cycle" for item in decision.content.contradictions))
    return found


@tries(150)
@given(programs(), histories())
def test_an_example_is_seen_in_every_stage_it_passes(program: Program, events: tuple[Event, ...]) -> None:
    found: set[Seen] = set()
    replay = Replay(program, events, watch=lambda stage, truths: found.add((stage, truths)))
    replay.advance(LAST + 12)
    assert found == seen_by_reference(program, events, LAST + 12)
    unwatched = Replay(program, events)
    unwatched.advance(LAST + 12)
    assert (replay.decisions, replay.state) == (unwatched.decisions, unwatched.state)


def test_a_session_that_ends_is_seen_in_its_last_stage_and_stands_in_none() -> None:
    end = m.Rule(
        id="one.end", stage="one", condition=0, orders=(m.One(order=m.Order(op="finish", target="done")),)
    )
    program = Program(artifact(terms=(m.Const(value=True),), rules=(end,)), unverified=True)
    found: list[Seen] = []
    replay = Replay(
        program, (Done("d", 0, "cannula"),), watch=lambda stage, truths: found.append((stage, truths))
    )
    view = replay.advance(0)
    assert found == [("one", (True,))]
    assert isinstance(view, SessionView)
    assert (view.stage, view.entered, view.began) == (None, None, None)


@tries(60)
@given(SEEDS, st.integers(1, 14), histories())
def test_settings_that_are_tried_together_are_seen_as_if_tried_apart(
    seed: int, size: int, events: tuple[Event, ...]
) -> None:
    whole = any_artifact(Random(seed), size)
    assume("target" in settings_of_conditions(whole))
    one, other = (Program(whole, {"target": number(value, "points")}, unverified=True) for value in (3, 2))
    together: set[Seen] = set()
    apart: set[Seen] = set()
    replay = Replay(one, events, [other], watch=lambda stage, truths: together.add((stage, truths)))
    replay.advance(LAST)
    Replay(one, events, watch=lambda stage, truths: apart.add((stage, truths))).advance(LAST)
    if replay.alike:
        Replay(other, events, watch=lambda stage, truths: apart.add((stage, truths))).advance(LAST)
        assert together == apart
    else:
        assert together >= apart


# ---------------------------------------------------------------- the table


TABLE = """
stage alpha initial resting
  rule begin
    when MAP < 65 and norepinephrine off
    then start norepinephrine
  rule a_rule_whose_name_is_too_long_for_its_column_of_the_table
    when (MAP < 65 or lactate > 4 mmol/L) and weight known and norepinephrine running
      and not (lactate < 1 mmol/L)
    then notify "intensivist"
throughout
  rule ask
    when MAP < 40
    then notify "family"
"""


def test_the_table_of_a_terminal_is_this_word_for_word() -> None:
    found = table(covered(TABLE + LOW + HIGH + ON))
    golden = GOLDEN / "coverage.txt"
    if os.environ.get("RUNG_REWRITE"):
        golden.write_text(found, "utf-8")
    assert found == golden.read_text("utf-8")
    assert all(len(line) <= WIDTH for line in found.splitlines())


def test_where_nothing_is_missing_the_table_needs_no_legend() -> None:
    assert table(covered(BEGIN + LOW + HIGH + ON)).splitlines()[1:] == [
        f"{'alpha.begin':<54} {'yes':<11}2 of 2",
        "",
        "The examples exercise 1 of 1 rule, and show 2 of 2 conditions both ways.",
    ]
