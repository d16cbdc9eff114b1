"""Rules on one instant: what is said of them is what a grid of patients and random histories show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from tests.laws.settings import tries
from tests.laws.strategies import LAST, SEEDS, any_artifact, any_history
from tests.verify.modelled import replayed
from tests.verify.test_doses import of_the_present

from rung_engine.artifact import model as m
from rung_engine.decision.fold import State
from rung_engine.decision.model import Content
from rung_engine.decision.rules import judge
from rung_engine.decision.view import DrugState
from rung_engine.program import Amount, Program
from rung_engine.reference.run import Runner
from rung_lang.driver import compile_protocol
from rung_lang.source import Source, decode
from rung_lang.verify import ask
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import rules_in
from rung_lang.verify.histories.snapshot import Facts, Snapshot, decided, judged
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.rules import arms, boundaries, contradictions, dead_rules, redundant_rules
from rung_lang.verify.rules.problems_rules import AddsNothing
from rung_lang.verify.solving.asks import Sat
from rung_lang.verify.verdict import Confirm, Proved, Refuted, Replayed, Witness

FAMILIES = (contradictions, dead_rules, redundant_rules, arms, boundaries)
PATH = "small.rung"


def examined(artifact: m.Artifact, sources: dict[str, Source] | None = None) -> tuple[Context, Places, Reach]:
    context = Context(artifact)
    context.reach = reach = Reach(context)
    return context, Places(artifact, sources or {PATH: Source(PATH, 'protocol a "A"\n')}, PATH), reach


# ---------------------------------------------------------------- every patient of a small grid

HEAD = """protocol small "Small"
  version 1.0.0
  applies when adult
input adult yes or no valid for 1 h
input x in mmHg plausible 0 to 3 mmHg valid for 1 h step 1 mmHg
input b yes or no valid for 1 h
drug d infusion in mcg/min start 1 mcg/min maximum 4 mcg/min
drug e infusion in mcg/min start 1 mcg/min maximum 4 mcg/min needs d
before d require b else do line
task line "a line"
incompatible d with e "they clot"
"""
CONDITIONS = (
    "x < 1", "x < 2", "x >= 1", "x >= 2", "x <= 2", "x > 1", "x known", "b", "not b", "b unknown",
    "d running", "d off", "e off", "d >= 2",
)  # fmt: skip
ORDERS = (
    "start d", "start d at 2 mcg/min", "start d at 1 to 2 mcg/min", "set d to 2 mcg/min", "stop d", "pause d",
    "increase d by 1 mcg/min up to 4 mcg/min", "decrease d by 1 mcg/min down to 1 mcg/min", "continue d",
    "avoid d", "taper d by 1 mcg/min", "add e", "stop e",
    "either continue d or increase d by 1 mcg/min up to 4 mcg/min", "either stop d or stop e",
    'notify "us"', "measure x every 1 h",
)  # fmt: skip


def small(dice: Random) -> str:
    """Two stages, a few rules with guards of one to three conditions, sometimes an override."""

    def rule(name: str, stage: str) -> str:
        said = " and ".join(dict.fromkeys(dice.choice(CONDITIONS) for _ in range(dice.randint(1, 3))))
        orders = [dice.choice(ORDERS)]
        if stage and dice.random() < 0.3:
            orders = orders if dice.random() < 0.5 and "either" not in orders[0] else []
            orders.append(f"go to {'two_b' if stage == 'one_a' else 'one_a'}")
        unless = f" unless {dice.choice(CONDITIONS)}" if dice.random() < 0.15 else ""
        return f"  rule {name} when {said} then {' and '.join(orders)}{unless}\n"

    text = HEAD
    for stage, head in (
        ("one_a", "stage one_a initial resting\n"),
        ("two_b", "stage two_b initial if b resting\n"),
    ):
        names = [f"{stage}_{place}" for place in range(dice.randint(1, 4))]
        text += head + "".join(rule(name, stage) for name in names)
        if len(names) > 1 and dice.random() < 0.3:
            text += f"  rule {names[0]} overrides {names[1]}\n"
    return text + "throughout\n" + "".join(rule(f"always_{place}", "") for place in range(dice.randint(0, 2)))


def grid(program: Program) -> Iterator[tuple[str, Content, Snapshot]]:
    """The decision of a session that stands in either stage, on every patient."""
    (rate,) = {amount.dims for amount in program.maximum.values()}
    per_min = program.maximum["d"].value / 4
    states = [
        DrugState(None, None, "never"), DrugState(False), DrugState(True),
        *(DrugState(True, Amount(per_min * value, rate)) for value in (1, 2, 3, 4)),
    ]  # fmt: skip
    halves = (None, *(Fraction(half, 2) for half in range(7)))
    for x, b, d, e in product(halves, (None, True, False), states, states[:4]):
        facts = Facts(inputs={"adult": True, "x": x, "b": b}, drugs={"d": d, "e": e})
        for stage in ("one_a", "two_b"):
            snapshot = Snapshot(program, facts, stage=stage, entered=0, began=0, time=1000)
            yield stage, decided(snapshot, State(began=0, stage=stage, entered=0))[1], snapshot


@dataclass(frozen=True)
class Said:
    """What the verifier says: rules by code, of what was refuted and of what was not proved."""

    refuted: dict[str, list[set[str]]]
    open: dict[str, list[set[str]]]

    @classmethod
    def of(cls, found: Sequence[Found]) -> Said:
        refuted: dict[str, list[set[str]]] = {}
        left: dict[str, list[set[str]]] = {}
        for one in (one for family in found for one in family.obligations):
            if isinstance(one.verdict, Refuted) and (one.code != "R203" or one.verdict.layer == "instant"):
                refuted.setdefault(one.code, []).append(set(one.about))
            if not isinstance(one.verdict, Proved):
                left.setdefault(one.code, []).append(set(one.about))
        return cls(refuted, left)

    def allows(self, code: str, rules: set[str]) -> bool:
        return any(about <= rules for about in self.open.get(code, ()))


def undone(program: Program, stage: str, snapshot: Snapshot, rules: set[str]) -> bool:
    """Both fire, and one begins what the other ends."""
    states = judged(snapshot.again())
    if any(states[rule].state != "fires" for rule in rules if rule in states) or not rules <= states.keys():
        return False
    ops = {
        (order.op, order.target)
        for rule in rules
        for choice in states[rule].rule.orders
        for order in ((choice.order,) if isinstance(choice, m.One) else ())
    }
    return any(
        {(begin, drug), (end, drug)} <= ops
        for drug in program.artifact.drugs
        for begin in ("start", "add", "set")
        for end in ("stop", "pause")
    )


@tries(20)
@given(SEEDS)
def test_what_is_said_of_a_small_protocol_is_what_every_patient_shows(seed: int) -> None:
    source = Source(PATH, small(Random(seed)))
    compiled = compile_protocol(PATH, lambda path: decode(path, source.text.encode()))
    assume(compiled.artifact is not None)
    assert compiled.artifact is not None
    context, places, reach = examined(compiled.artifact, {PATH: source})
    found = [family.obligations(context, places, reach) for family in FAMILIES]
    said = Said.of(found)
    assert not [
        one for family in found for one in family.obligations if type(one.verdict).__name__ == "Undecided"
    ]
    shown: dict[str, list[set[str]]] = {"R201": [], "R202": []}
    undoing: list[tuple[str, Snapshot]] = []
    covers = [(one.rule, one.covering[0]) for one in found[2].problems if isinstance(one, AddsNothing)]
    for stage, content, snapshot in grid(context.program):
        kinds = {clash.kind for clash in content.contradictions}
        for clash in content.contradictions:
            if clash.kind == "orders" and kinds == {"orders"}:
                shown["R201"].append(set(clash.rules))
                assert said.allows("R201", set(clash.rules)), (stage, clash, source.text)
            if clash.kind == "stages":
                shown["R202"].append(set(clash.rules))
                assert said.allows("R202", set(clash.rules)), (stage, clash, source.text)
        undoing.append((stage, snapshot))
        states = judged(snapshot.again())
        for rule, one in states.items():
            if one.state == "fires" and not kinds:
                counts = rule in content.moved_by or (not content.path and not content.contradictions)
                assert not counts or {rule} not in said.refuted.get("R203", []), (rule, source.text)
            truth = snapshot.again().truth(one.rule.condition)
            assert truth is not False or {rule} not in said.refuted.get("R204", []), (rule, source.text)
        for rule, covering in covers:
            if rule in states and states[rule].state == "fires" and not content.path:
                assert states[covering].state == "fires", (rule, covering, source.text)
    for rules in said.refuted.get("R201", []):
        assert (
            any(rules <= clash for clash in shown["R201"])
            or any(undone(context.program, stage, snapshot, rules) for stage, snapshot in undoing)
            or moved_together(found[0], rules)
        ), (rules, source.text)
    for rules in said.refuted.get("R202", []):
        assert any(rules <= clash for clash in shown["R202"]), (rules, source.text)


def moved_together(found: Found, rules: set[str]) -> bool:
    """The orders of rules that moved the session meet where it rests: one that only stands shows none."""
    problem = next(
        problem for problem in found.problems if problem.code == "R201" and rules <= named(problem)
    )
    return len({rule.partition(".")[0] for rule in named(problem)} - {"throughout"}) > 1


def named(problem: Any) -> set[str]:
    return {problem.rule, *(rule for rule, _ in problem.others)}


# ---------------------------------------------------------------- random artifacts and histories


@dataclass(slots=True)
class Silent:
    """Nothing is looked for among histories: every question that the solver leaves open stays open."""

    asked: list[tuple[Confirm, bool]]

    def realise(self, *rest: Any) -> Witness | None:
        self.asked.append((rest[3], False))
        return None


class Recorder(Runner):
    seen: list[Replayed]

    def judge(self, time: int) -> None:
        before = self.fold.state
        super().judge(time)
        view, content = self.view, self.fold.content
        if view is not None and content is not None:
            self.seen.append(Replayed(self.program, view, content, self.fold.state, before))


def instants(program: Program, dice: Random) -> Iterator[Replayed]:
    """Up to the first instant at which an assumption is false."""
    runner = Recorder(program, any_history(dice, dice.randint(4, 24)))
    runner.seen = []
    runner.run(LAST + 12, range(LAST + 12))
    for one in runner.seen:
        if any(one.view.truth(term) is False for term in program.artifact.assumptions):
            return
        yield one


@tries(20)
@given(SEEDS)
def test_what_is_ruled_out_no_history_shows(seed: int) -> None:
    dice = Random(seed)
    artifact = any_artifact(dice, dice.randint(4, 16))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ask, "realise", lambda *_: None)
        patch.setattr(ask, "excluded", lambda *_: None)
        context, places, reach = examined(artifact)
        found = [family.obligations(context, places, reach) for family in FAMILIES]
    said = Said.of(found)
    program = Program(artifact, unverified=True)
    for _ in range(3):
        for one in instants(program, dice):
            content = one.content
            kinds = {clash.kind for clash in content.contradictions}
            for clash in content.contradictions:
                code = {"orders": "R201", "stages": "R202"}.get(clash.kind, "")
                if code == "R202" or kinds == {"orders"}:
                    assert said.allows(code, set(clash.rules)), (clash, content.stage)
            if content.phase != "active" or kinds:
                continue
            states = judge(one.view, rules_in(program, content.stage))
            for rule, state in states.items():
                if state.state == "fires" or rule in content.moved_by:
                    assert {rule} not in said.refuted.get("R203", []), rule
                if {rule} in said.refuted.get("R204", []):
                    assert one.view.truth(state.rule.condition) is not False, rule


@tries(28)
@given(SEEDS)
def test_a_patient_whom_the_solver_finds_is_decided_as_it_says(seed: int) -> None:
    artifact = of_the_present(Random(seed))
    assume(artifact is not None)
    assert artifact is not None

    def looked_at(
        context: Context, situation: Situation, parts: Sequence[Part], confirm: Confirm, *_: Any
    ) -> None:
        formulas = [part for _, part in parts]
        if any(name.startswith("moved:") for part in formulas for name in f.names(part)):
            return
        # What was given, read or done since is not told to a snapshot.
        wishes = [
            f.negation(f.boolean(name)) for name in sorted(context.space.variables) if name.startswith("met:")
        ]
        answer = context.solver.best(formulas, wishes)
        assert isinstance(answer, Sat)
        if all(f.holds(wish, answer.values) for wish in wishes):
            one = replayed(situation, answer.values)
            kinds = {clash.kind for clash in one.content.contradictions}
            assert confirm(one) or kinds & {"stages", "cycle"}, (confirm, one.content, answer.values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ask, "realise", looked_at)
        patch.setattr(ask, "excluded", lambda *_: None)
        context, places, reach = examined(artifact)
        for family in (contradictions, dead_rules):
            family.obligations(context, places, reach)
