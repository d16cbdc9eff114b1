"""Gaps, waits and missing readings: what is proved is never seen, what is found is decided so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.laws.settings import tries
from tests.laws.strategies import LAST, SEEDS, any_artifact, any_history
from tests.verify.modelled import replayed

from rung_engine.artifact import model as m
from rung_engine.event import Charted, Event, Reading
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_lang.driver import compile_protocol
from rung_lang.report.words_proof_gaps import cube_words
from rung_lang.source import Source, Unreadable, decode
from rung_lang.verify import ask
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.found import Found
from rung_lang.verify.gaps import completions, gaps, knowledge, missing, same, sicker, waits
from rung_lang.verify.gaps.patients import reads
from rung_lang.verify.gaps.problems_gaps import NeverFresh, OftenStale, SilentRegion
from rung_lang.verify.gaps.regions import describe
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.solving.solve import Sat
from rung_lang.verify.verdict import Confirm, Proved, Replayed, Verdict

FAMILIES = (gaps, waits, missing, same)
ASKING = (gaps, sicker, waits, missing, same)
OF_THE_PAST = (
    m.Held, m.Recent, m.Ever, m.Occurs, m.After, m.Readings, m.Elapsed, m.TimeInStage, m.TimeInCourse,
    m.TimeOn, m.Change, m.Extreme, m.Total, m.ValueAt, m.ValueAtStart,
)  # fmt: skip


def examined(artifact: m.Artifact) -> tuple[Context, Places, Reach]:
    context = Context(artifact)
    reach = Reach(context)
    context.reach = reach
    return context, Places(artifact, {"a.rung": Source("a.rung", 'protocol a "A"\n')}, "a.rung"), reach


def covering(artifact: m.Artifact, dice: Random) -> m.Artifact:
    """The same, its stages covering somebody, aiming at something, or neither."""
    truths = [rule.condition for rule in artifact.rules]
    stages = tuple(
        stage.model_copy(
            update={
                "covers": (dice.choice(truths),) if dice.randint(0, 2) else (),
                "goals": (m.Goal(name="g", condition=dice.choice(truths)),) if not dice.randint(0, 3) else (),
                "resting": bool(dice.randint(0, 1)),
            }
        )
        for stage in artifact.stages
    )
    return artifact.model_copy(update={"stages": stages})


def of_the_present(dice: Random) -> m.Artifact | None:
    """An artifact whose conditions follow from the instant alone, if one is met soon."""
    for _ in range(60):
        found = any_artifact(dice, dice.randint(2, 8))
        if not any(
            isinstance(term, OF_THE_PAST) or (isinstance(term, m.Arith) and term.op in ("mul", "div"))
            for term in found.terms
        ):
            return found
    return None


# ---------------------------------------------------------------- proved, never seen


@dataclass
class Asked:
    """Every universal question, with its stage and its verdict."""

    found: list[tuple[str | None, Confirm, Verdict]] = field(default_factory=list)

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        def universal(context: Context, question: ask.Question) -> Verdict:
            verdict = ask.universal(context, question)
            self.found.append((question.situation.stage, question.confirm, verdict))
            return verdict

        for module in ASKING:
            patch.setattr(module, "universal", universal)


class Recorder(Runner):
    """The reference engine; `seen` holds what it decided at each instant."""

    seen: list[Replayed]

    def judge(self, time: int) -> None:
        before = self.fold.state
        super().judge(time)
        view, content = self.view, self.fold.content
        if view is not None and content is not None:
            view.rows = list(view.rows)  # as they are now: the run adds to its own
            self.seen.append(Replayed(self.program, view, content, self.fold.state, before))


def instants(program: Program, dice: Random) -> Iterator[Replayed]:
    """Instants of a history up to the first at which an assumption is false."""
    runner = Recorder(program, any_history(dice, dice.randint(4, 24)))
    runner.seen = []
    runner.run(LAST + 12, range(LAST + 12))
    for one in runner.seen:
        if any(one.view.truth(term) is False for term in program.artifact.assumptions):
            return
        yield one


def is_known(one: Replayed, context: Context, stage: str | None, but: str = "") -> bool:
    """Everything the stage looks at is known, the one input aside."""
    program = one.program
    weight = program.weight_input
    covers = [term for item in program.artifact.stages if item.name == stage for term in item.covers]
    goals = [goal.condition for item in program.artifact.stages if item.name == stage for goal in item.goals]
    subjects = [*reads(context, stage, (*covers, *goals)), *([] if weight is None else [("input", weight)])]
    for kind, name in subjects:
        if kind == "input":
            if name != but and one.view.input(name).value is None:
                return False
            continue
        state, decl = one.view.drug(name), program.artifact.drugs[name]
        dims = program.units[decl.unit].dims
        seen = None if state.rate is None else state.rate.seen_in(dims, one.view.weight())
        if state.running is None or (state.running and decl.form == "infusion" and seen is None):
            return False
    return True


@tries(60)
@given(SEEDS)
def test_what_is_proved_of_gaps_waits_and_missing_readings_no_history_shows(seed: int) -> None:
    dice = Random(seed)
    artifact = covering(any_artifact(dice, dice.randint(2, 10)), dice)
    asked = Asked()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ask, "realise", lambda *_: None)
        patch.setattr(ask, "excluded", lambda *_: None)
        asked.watch(patch)
        context, places, reach = examined(artifact)
        for family in FAMILIES:
            family.obligations(context, places, reach)
    # Two patients that differ in one reading alone: their pasts are alike, which one history cannot show.
    proved = [
        (stage, confirm)
        for stage, confirm, verdict in asked.found
        if isinstance(verdict, Proved) and not isinstance(confirm, sicker._Milder)
    ]
    program = Program(artifact, unverified=True)
    for _ in range(2):
        for one in instants(program, dice):
            for stage, confirm in proved:
                if one.content.stage == stage and is_known(
                    one, context, stage, getattr(confirm, "input", "")
                ):
                    assert not confirm(one), (confirm, one.content)


# ---------------------------------------------------------------- found, and decided so


def clashes(one: Replayed, confirm: Confirm) -> bool:
    """Rules contradict one another, now or with some value of the missing reading: that is R201."""
    name = getattr(confirm, "input", "")
    contents = (
        [one.content, *(content for _, content in completions.supposed(one, name))] if name else [one.content]
    )
    return any(content.contradictions for content in contents)


@tries(60)
@given(SEEDS)
def test_a_patient_whom_the_solver_finds_is_decided_as_it_says(seed: int) -> None:
    dice = Random(seed)
    plain = of_the_present(dice)
    assume(plain is not None)
    assert plain is not None
    artifact = covering(plain, dice)

    def judged(
        context: Context, situation: Situation, parts: Sequence[Part], confirm: Confirm, *_: Any
    ) -> None:
        formulas = [part for _, part in parts]
        if getattr(confirm, "input", "") == context.program.weight_input:
            return  # only some weights are tried on the decision
        # What was given, read or done since is not told to a snapshot.
        names = sorted(name for name in context.space.variables if ":" in name)
        wishes = [f.negation(f.boolean(name)) for name in names if name.startswith("met:")]
        answer = context.solver.best(formulas, wishes)
        assert isinstance(answer, Sat)
        if all(f.holds(wish, answer.values) for wish in wishes):
            one = replayed(situation, answer.values)
            assert clashes(one, confirm) or confirm(one), (confirm, one.content, dict(answer.values))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ask, "realise", judged)
        patch.setattr(ask, "excluded", lambda *_: None)
        context, places, reach = examined(artifact)
        for family in (gaps, missing):
            family.obligations(context, places, reach)


# ---------------------------------------------------------------- what is offered, holds

ROOT = Path(__file__).resolve().parents[2]


def read(path: str) -> Source | Unreadable | None:
    file = ROOT / path
    return decode(path, file.read_bytes()) if file.exists() else None


@pytest.mark.parametrize(
    "path",
    [
        "protocols/septic_shock.rung", "tests/verify/bad/R206-higher-rate.rung",
        "tests/verify/good/R206-no-covers.rung",
    ],
)  # fmt: skip
def test_a_covers_that_is_offered_holds(path: str) -> None:
    source = read(path)
    assert isinstance(source, Source)

    def asked(text: str) -> Found:
        compiled = compile_protocol(
            path, lambda name: decode(name, text.encode()) if name == path else read(name)
        )
        assert compiled.artifact is not None
        context = Context(compiled.artifact)
        reach = Reach(context)
        context.reach = reach
        return gaps.obligations(context, Places(compiled.artifact, compiled.sources, path), reach)

    silent = [problem for problem in asked(source.text).problems if isinstance(problem, SilentRegion)]
    offers = [(problem, offer) for problem in silent for offer in problem.offer]
    assert offers
    for problem, offer in offers:
        end = source.text.index("\n", problem.span.start)
        found = asked(f"{source.text[:end]}\n  covers {offer}{source.text[end:]}")
        about = (f"stage:{problem.stage}",)
        assert [type(one.verdict) for one in found.obligations if one.about == about] == [Proved]
        assert not [
            one for one in found.problems if isinstance(one, SilentRegion) and one.stage == problem.stage
        ]


# ---------------------------------------------------------------- how often a reading is known

MINUTE = 60_000


@tries(60)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 20), st.integers(0, 6))
def test_a_reading_is_unknown_for_the_share_of_time_that_is_said(
    cadence: int, valid: int, length: int, gaps_up_to: int
) -> None:
    bridged = f" gaps up to {gaps_up_to} min" if gaps_up_to else ""
    text = (
        'protocol timed "Timed"\n  version 1.0.0\n  applies when age >= 18 years\n'
        "input age in years plausible 0 to 120 years fixed\n"
        f"input X in mmHg plausible 0 to 9 mmHg valid for {valid} min charted every {cadence} min\n"
        "stage only initial resting\n"
        '  rule now when X >= 1 mmHg then notify "a"\n'
        f'  rule held when X >= 1 mmHg for {length} min{bridged} then notify "b"\n'
    )
    compiled = compile_protocol("timed.rung", lambda path: decode(path, text.encode()))
    assert compiled.artifact is not None, compiled.problems
    context = Context(compiled.artifact)
    reach = Reach(context)
    context.reach = reach
    found = knowledge.obligations(context, Places(compiled.artifact, compiled.sources, "timed.rung"), reach)
    never = {problem.rule for problem in found.problems if isinstance(problem, NeverFresh)}
    stale = [
        problem
        for problem in found.problems
        if isinstance(problem, OftenStale) and problem.rule == "only.now"
    ]
    events: list[Event] = [Reading("age", 0, "age", Charted(40_000_000, "years"))]
    events += [
        Reading(f"x{time}", time * MINUTE, "X", Charted(2_000_000, "mmHg"))
        for time in range(0, 12 * cadence + 3 * length, cadence)
    ]
    runner = Recorder(Program(compiled.artifact, unverified=True), events)
    runner.seen = []
    runner.run(None, range(0, 12 * cadence * MINUTE, MINUTE // 2))
    rules = {rule.id: rule.condition for rule in compiled.artifact.rules}
    held = [one for one in runner.seen if one.view.truth(rules["only.held"]) is True]
    if 9 * cadence > length:
        assert bool(held) == ("only.held" not in never)
    unknown = [one for one in runner.seen if one.view.truth(rules["only.now"]) is None]
    assert bool(unknown) == bool(stale)
    for problem in stale:
        gap = problem.cadence - problem.valid
        # Known for both ends of its validity: of two looks a minute one more, each time.
        assert len(unknown) == 12 * (2 * gap // MINUTE - 1)


def test_that_a_reading_is_known_goes_without_saying_where_its_value_is_said() -> None:
    text = """protocol flag "A flag"
  version 1.0.0
  applies when MAP <= 250 mmHg
input MAP in mmHg plausible 10 to 250 mmHg valid for 15 min charted every 15 min
input ischaemia yes or no valid for 4 h charted every 4 h
stage s initial resting
  when ischaemia then notify "surgeon"
"""

    def read(path: str) -> Source | Unreadable | None:
        return decode(path, text.encode()) if path == "a.rung" else None

    artifact = compile_protocol("a.rung", read).artifact
    assert artifact is not None
    context, _, _ = examined(artifact)
    symbols = context.situation("s").symbols
    known = symbols.input_known("ischaemia")
    flag = next(index for index, term in enumerate(artifact.terms) if isinstance(term, m.Flag))
    truth = symbols.truth(flag)
    values = [one for one in f.atoms(truth.yes) if one is not known]
    region = describe(context, symbols, f.all_of((known, *values)))
    assert [cube_words(cube) for cube in region.cubes] == ["`ischaemia`"]
    other = describe(context, symbols, f.all_of((known, *(f.negation(one) for one in values))))
    assert [cube_words(cube) for cube in other.cubes] == ["not `ischaemia` and `ischaemia known`"]
