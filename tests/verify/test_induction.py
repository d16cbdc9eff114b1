"""What is true whenever a session is in a stage: found where it is needed, and true of every history."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from tests.laws.settings import tries
from tests.laws.strategies import LAST, SEEDS, any_artifact, any_history

from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_lang.cli.spacer import ask
from rung_lang.driver import compile_protocol
from rung_lang.source import Source
from rung_lang.verify.context import Context, Part, Prover
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.histories.reading import values_at
from rung_lang.verify.places import Places
from rung_lang.verify.reach.induction import Induction, by_induction
from rung_lang.verify.reach.links import NOW, WAS
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.rules import dead_rules
from rung_lang.verify.verdict import Proved, Refuted, Verdict

HEAD = """protocol ways "Ways"
  version 1.0.0
  applies when adult

input adult yes or no fixed
input x in mmol/L plausible 0 to 4 mmol/L valid for 10 min charted every 5 min step 1 mmol/L
event alarm
event slow

"""
CHAIN = """stage s0 initial resting
  rule go
    when after alarm and x >= 1
    then go to s1
{}stage there resting
  rule asked
    when {}
    then notify "doctor"
"""
WAYS = """stage s0 initial resting
  rule quick
    when after alarm and x >= 1 and not (after slow)
    then go to s3
  rule slowly
    when after alarm and after slow
    then go to s1
stage s1 resting
  rule go
    when time in stage >= 10 min and x >= 1
    then go to s2
stage s2 resting
  rule go
    when time in stage >= 20 min and x >= 1
    then go to s3
stage s3 resting
  rule asked
    when time since first alarm < 25 min and after slow and time since first slow >= {}
    then notify "doctor"
"""


def context_of(text: str) -> Context:
    source = Source("ways.rung", HEAD + text)
    compiled = compile_protocol("ways.rung", lambda path: source if path == "ways.rung" else None)
    assert compiled.artifact is not None, compiled.problems
    context = Context(compiled.artifact)
    context.reach = Reach(context)
    return context


def of_rule(text: str) -> Verdict:
    """Whether the last rule can ever fire."""
    context = context_of(text)
    assert isinstance(context.reach, Reach)
    places = Places(context.artifact, {"ways.rung": Source("ways.rung", HEAD + text)}, "ways.rung")
    return dead_rules.obligations(context, places, context.reach).obligations[-1].verdict


@pytest.fixture(scope="module")
def ways() -> Context:
    return context_of(WAYS.format("26 min"))


def excluded(context: Context, prover: Prover | None) -> Proved | None:
    """Whether anybody in the last stage can have the rule fire, asked of the last layer alone."""
    situation = context.situation("s3")
    context.prover = prover
    fires: Part = (("rule", "s3.asked"), situation.rules["s3.asked"].fires)
    return by_induction(context, situation, (*context.applies(situation), fires))


def chain(stages: int, condition: str) -> str:
    """Each stage is left after ten minutes at the earliest."""
    names = [f"s{number}" for number in range(1, stages + 1)]
    stage = "stage {} resting\n  rule go\n    when time in stage >= 10 min and x >= 1\n    then go to {}\n"
    middle = "".join(stage.format(one, two) for one, two in zip(names, [*names[1:], "there"], strict=True))
    return CHAIN.format(middle, condition)


def test_times_in_stages_add_up_over_more_moves_than_are_spelled_out() -> None:
    never = of_rule(chain(5, "time since first alarm < 50 min"))
    assert isinstance(never, Refuted)
    assert never.layer == "symbolic"
    assert ("lemma", "there") in never.core


def test_a_history_is_found_along_a_long_way() -> None:
    assert isinstance(of_rule(chain(7, "time since first alarm < 71 min")), Proved)


def test_what_hangs_on_the_way_taken_is_found_by_the_prover_and_proved_again(ways: Context) -> None:
    """Whoever came the slow way was there no earlier than after half an hour."""
    found = excluded(ways, ask)
    assert found is not None
    assert (found.layer, ("lemma", "s3") in found.core) == ("symbolic", True)
    assert excluded(context_of(WAYS.format("24 min")), ask) is None


def test_without_a_prover_it_stays_open(ways: Context) -> None:
    assert excluded(ways, None) is None


@pytest.mark.parametrize(
    "said",
    [
        None, 7, {}, [], [["and"]] * 3, [["or"]] * 4, [["and"]] * 4, [["is", 99]] * 4,
        [["<=", [[0, "x"]], "1"]] * 4,
        [["<=", [[99, "1"]], "1"]] * 4, [["<=", [[3, "1/0"]], "1"]] * 4, [["no"]] * 4, [[]] * 4,
        [["and"], ["and"], ["and"], ["or"]], [["<=", [[3, "-1"]], "1800000"]] * 4,
    ],
)  # fmt: skip
def test_a_prover_that_errs_is_not_believed(ways: Context, said: object) -> None:
    assert excluded(ways, lambda _: said) is None


@given(SEEDS)
@tries(25)
def test_no_history_breaks_a_lemma_or_makes_a_step_that_is_none(seed: int) -> None:
    dice = Random(seed)
    artifact = any_artifact(dice, dice.randint(2, 10))
    context = Context(artifact)
    context.reach = Reach(context)
    induction = Induction(context)
    stays = {link.target: link for link in induction.links.all if link.source == link.target}
    told = {
        stage: [induction.links.told(lemma, WAS) for lemma in lemmas]
        for stage, lemmas in induction.lemmas.items()
    }
    runner = Runner(Program(artifact, unverified=True), any_history(dice, dice.randint(1, 14)))
    original = runner.judge
    before: tuple[str | None, int, dict[str, Value]] = (None, 0, {})
    outside = False

    def look(time: int) -> None:
        nonlocal before, outside
        original(time)
        view, content = runner.view, runner.fold.content
        outside = outside or (content is not None and bool(content.outside_verified))
        if outside or view is None or content is None or content.phase != "active" or content.stage is None:
            before = (None, 0, {})
            return
        values = values_at(context.space, view)
        for lemma in told[content.stage]:
            assert _holds(lemma, values), (content.stage, lemma)
        stage, then, past = before
        if stage == content.stage and not content.moved_by and not content.contradictions:
            both = {name: past[name] if name.startswith(WAS) else value for name, value in values.items()
                    if not name.startswith(WAS) or name in past}  # fmt: skip
            both[f"{NOW}gap"] = Fraction(time - then)
            if f"{WAS}in_stage" not in both or both[f"{WAS}in_stage"]:
                for label, part in stays[content.stage].parts:
                    assert _holds(part, both), label
        before = (content.stage, time, values)

    runner.judge = look  # type: ignore[method-assign]
    runner.run(LAST + 12, range(LAST + 12))


def _holds(formula: Formula, values: dict[str, Value]) -> bool:
    return any(name not in values for name in f.names(formula)) or f.holds(formula, values)
