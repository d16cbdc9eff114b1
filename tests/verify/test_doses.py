"""Limits, needs, properties: what is proved is never seen, and what the solver finds is what is decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from tests.laws.settings import tries
from tests.laws.strategies import LAST, SEEDS, any_artifact, any_history, number
from tests.verify.modelled import replayed
from tests.verify.test_findings import BAD, verified

from rung_engine.artifact import model as m
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_lang.finding import Problem
from rung_lang.source import Source
from rung_lang.verify import ask
from rung_lang.verify.context import Context, Part
from rung_lang.verify.doses import continued, limits, moments, needs, needs_beside, problems_doses
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.places import Places
from rung_lang.verify.properties import properties, vacuous
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.solving.asks import Sat
from rung_lang.verify.verdict import Confirm, Proved, Replayed, Verdict

FAMILIES = (limits, needs, properties, vacuous)
UNIVERSAL = (limits, continued, needs, needs_beside, properties)
SUBJECTS = ("order", "start", "stop", "pause", "increase", "decrease", "condition")


def with_properties(artifact: m.Artifact, dice: Random) -> m.Artifact:
    """The artifact with a few properties, some of which speak of the decision."""
    terms: list[m.Truth | m.Numeric] = list(artifact.terms)
    truths = [rule.condition for rule in artifact.rules]

    def drugs() -> tuple[str, ...]:
        return dice.choice((("norad",), ("vaso",), ("bolus",), ("norad", "vaso"), ("bolus", "pulse")))

    def term() -> int:
        match dice.randint(0, 3):
            case 0:
                above = number(dice.randint(1, 5), "mcg/ms") if dice.randint(0, 1) else None
                terms.append(m.Ordered(drugs=drugs(), above=above))
            case 1:
                terms.append(m.InStage(stage=dice.choice(("one", "two", "three"))))
            case 2:
                terms.append(m.Not(of=term()))
            case _:
                return dice.choice(truths)
        return len(terms) - 1

    found: list[m.Property] = []
    for place in range(dice.randint(1, 4)):
        subject: Any = dice.choice(SUBJECTS)
        of_condition = subject == "condition"
        polarity: Any = dice.choice(("never", "never", "always"))
        found.append(
            m.Property(
                id=f"p{place}",
                polarity=polarity,
                subject=subject,
                drugs=() if of_condition else drugs(),
                above=number(dice.randint(1, 4), dice.choice(("mcg/ms", "mcg/kg/ms")))
                if not of_condition and dice.randint(0, 2) == 0
                else None,
                condition=term() if of_condition else None,
                given=term() if dice.randint(0, 1) else None,
            )
        )
    proof = m.Proof(how="exactly", names=("a", "b"), conditions=(dice.choice(truths), dice.choice(truths)))
    return artifact.model_copy(update={"terms": tuple(terms), "properties": tuple(found), "proofs": (proof,)})


def examined(artifact: m.Artifact) -> tuple[Context, Places]:
    context = Context(artifact)
    context.reach = Reach(context)
    return context, Places(artifact, {"a.rung": Source("a.rung", 'protocol a "A"\n')}, "a.rung")


def test_every_kind_of_finding_is_shown_by_some_text() -> None:
    kinds = {
        kind
        for kind in vars(problems_doses).values()
        if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem
    }
    shown = {type(problem) for path in BAD if path.stem.startswith("R40") for problem in verified(path)[0]}
    assert kinds - shown == set()


# ---------------------------------------------------------------- proved, never seen


@dataclass
class Asked:
    """Every universal question by what it is about, with its verdict."""

    found: list[tuple[tuple[Confirm, ...], Verdict]] = field(default_factory=list)

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        original, alone = moments.everywhere, ask.universal

        def everywhere(context: Context, questions: Iterable[tuple[ask.Question, Any]]) -> Any:
            whole = list(questions)
            answer = original(context, whole)
            self.found.append((tuple(question.confirm for question, _ in whole), answer[0]))
            return answer

        def universal(context: Context, question: ask.Question) -> Verdict:
            verdict = alone(context, question)
            self.found.append(((question.confirm,), verdict))
            return verdict

        for module in UNIVERSAL:
            if hasattr(module, "everywhere"):
                patch.setattr(module, "everywhere", everywhere)


class Recorder(Runner):
    """The reference engine; `seen` holds what it decided at each instant."""

    seen: list[Replayed]

    def judge(self, time: int) -> None:
        before = self.fold.state
        super().judge(time)
        view, content = self.view, self.fold.content
        if view is not None and content is not None:
            self.seen.append(Replayed(self.program, view, content, self.fold.state, before))


def instants(program: Program, dice: Random) -> Iterator[Replayed]:
    """Instants of a history up to the first at which an assumption is false. What contradicts is R201's."""
    runner = Recorder(program, any_history(dice, dice.randint(4, 24)))
    runner.seen = []
    runner.run(LAST + 12, range(LAST + 12))
    for one in runner.seen:
        if any(one.view.truth(term) is False for term in program.artifact.assumptions):
            return
        if not one.content.contradictions:
            yield one


@tries(16)
@given(SEEDS)
def test_what_is_proved_of_doses_needs_and_properties_no_history_shows(seed: int) -> None:
    dice = Random(seed)
    artifact = with_properties(any_artifact(dice, dice.randint(2, 14)), dice)
    asked = Asked()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ask, "realise", lambda *_: None)
        patch.setattr(ask, "excluded", lambda *_: None)
        asked.watch(patch)
        context, places = examined(artifact)
        for family in FAMILIES:
            family.obligations(context, places)
    proved = [(confirms, verdict) for confirms, verdict in asked.found if isinstance(verdict, Proved)]
    program = Program(artifact, unverified=True)
    for _ in range(2):
        for one in instants(program, dice):
            for confirms, verdict in proved:
                for confirm in confirms:
                    assert not confirm(one), (confirm, verdict, one.content)


# ---------------------------------------------------------------- found, and decided so

OF_THE_PAST = (
    m.Held, m.Recent, m.Ever, m.Occurs, m.After, m.Readings, m.Elapsed, m.TimeInStage, m.TimeInCourse,
    m.TimeOn, m.Change, m.Extreme, m.Total, m.ValueAt, m.ValueAtStart,
)  # fmt: skip


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


@tries(14)
@given(SEEDS)
def test_a_patient_whom_the_solver_finds_is_decided_as_it_says(seed: int) -> None:
    dice = Random(seed)
    plain = of_the_present(dice)
    assume(plain is not None)
    assert plain is not None
    artifact = with_properties(plain, dice)

    def judged(
        context: Context, situation: Situation, parts: Sequence[Part], confirm: Confirm, *_: Any
    ) -> None:
        formulas = [part for _, part in parts]
        # What was given, read or done since is not told to a snapshot.
        wishes = [
            f.negation(f.boolean(name)) for name in sorted(context.space.variables) if name.startswith("met:")
        ]
        answer = context.solver.best(formulas, wishes)
        assert isinstance(answer, Sat)
        if all(f.holds(wish, answer.values) for wish in wishes):
            one = replayed(situation, answer.values)
            assert one.content.contradictions or confirm(one), (confirm, one.content, answer.values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ask, "realise", judged)
        patch.setattr(ask, "excluded", lambda *_: None)
        context, places = examined(artifact)
        for family in FAMILIES:
            family.obligations(context, places)
