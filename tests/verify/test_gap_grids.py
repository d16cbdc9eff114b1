"""Small protocols over one number, one yes-or-no and one drug: the engine decides for every patient of a
grid, and the verifier says of them what is so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from random import Random
from typing import Any, assert_never

import pytest
from hypothesis import given
from tests.laws.settings import tries
from tests.laws.strategies import SEEDS
from tests.verify.modelled import NOW, replayed

from rung_engine.decision.fold import State as Stand
from rung_engine.decision.view import DrugState, Stored
from rung_engine.program import Amount
from rung_lang.driver import compile_protocol
from rung_lang.source import decode
from rung_lang.verify import ask
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.orders import GIVES
from rung_lang.verify.gaps import gaps, missing, same
from rung_lang.verify.gaps.acting import TREATS, is_acting, is_silent, silent
from rung_lang.verify.gaps.patients import patient_of
from rung_lang.verify.gaps.problems_gaps import LessForSicker, LosesOrder, Starved
from rung_lang.verify.gaps.regions import Between, Bound, Condition, Cube, State, describe
from rung_lang.verify.histories.snapshot import Facts, Snapshot, decided
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.solving.solve import Sat
from rung_lang.verify.verdict import Confirm, Replayed, Undecided, Witness

HEAD = """protocol grid "Grid"
  version 1.0.0
  applies when MAP known or MAP unknown
input MAP in mmHg plausible 0 to 6 mmHg valid for 1 h {obtained} step 1 mmHg normal 4 mmHg
input bleeding yes or no valid for 1 h {obtained}
drug norepinephrine as NE infusion in mcg/min start 1 mcg/min maximum 3 mcg/min
stage only initial resting
"""
RATE = Fraction(1, 60_000)
"""1 mcg/min in coherent units."""
MAPS = tuple(Fraction(value) for value in range(7))
RATES = tuple(RATE * half / 2 for half in range(8))


@dataclass(frozen=True)
class Patient:
    """None: not known."""

    map: Fraction | None
    bleeding: bool | None
    rate: Fraction


PATIENTS = tuple(Patient(one, two, three) for one in MAPS for two in (True, False) for three in RATES)


@dataclass(frozen=True)
class Grid:
    """A protocol with one stage, and what the engine decides for each patient."""

    text: str

    @cached_property
    def context(self) -> Context:
        compiled = compile_protocol("grid.rung", lambda path: decode(path, self.text.encode()))
        assert compiled.artifact is not None, (self.text, compiled.problems)
        context = Context(compiled.artifact)
        context.reach = self.__dict__["reach"] = Reach(context)
        self.__dict__["places"] = Places(compiled.artifact, compiled.sources, "grid.rung")
        return context

    @property
    def asked(self) -> tuple[Context, Places, Reach]:
        context = self.context
        return context, self.__dict__["places"], self.__dict__["reach"]

    @cached_property
    def decisions(self) -> dict[Patient, Replayed]:
        return {}

    def decide(self, patient: Patient) -> Replayed:
        if patient not in self.decisions:
            program = self.context.program
            dims = program.units["mcg/min"].dims
            drug = DrugState(True, Amount(patient.rate, dims)) if patient.rate else DrugState(False)
            inputs: dict[str, Stored | None] = {"MAP": patient.map, "bleeding": patient.bleeding}
            facts = Facts(inputs=inputs, drugs={"norepinephrine": drug})
            before = Stand(began=0, stage="only", entered=0)
            snapshot = Snapshot(program, facts, stage="only", entered=0, began=0, time=NOW)
            after, content = decided(snapshot, before)
            view = snapshot.again()
            view.place(after.stage, after.entered, after.began)
            self.decisions[patient] = Replayed(program, view, content, after, before)
        return self.decisions[patient]

    def silent(self, patient: Patient) -> bool:
        one = self.decide(patient)
        return is_silent(one.view, one.content)


def any_grid(dice: Random, *, covers: bool, obtained: bool = True, titrates: bool = True) -> Grid:
    """A few random rules, in one stage."""

    def simple() -> str:
        relation, number = dice.choice(("<", "<=", ">", ">=")), dice.randint(1, 5)
        return dice.choice(
            (
                f"MAP {relation} {number} mmHg", f"MAP {relation} {number} mmHg",
                f"MAP from {number - 1} to {number} mmHg", "bleeding", "not bleeding",
                "norepinephrine off", "norepinephrine running",
                f"NE {relation} {dice.randint(1, 3)} mcg/min",
            )
        )  # fmt: skip

    def condition() -> str:
        parts = [simple() for _ in range(dice.randint(1, 3))]
        return dice.choice((" and ", " and ", " or ")).join(parts)

    lines = [HEAD.format(obtained="charted every 1 h" if obtained else "")]
    if covers:
        lines.append(f"  covers {condition()}\n")
    for place in range(dice.randint(1, 4)):
        order = dice.choice(
            (
                "start norepinephrine", "set norepinephrine to 2 mcg/min", "continue norepinephrine",
                "increase norepinephrine by 1 mcg/min up to 2 mcg/min", "stop norepinephrine",
                "decrease norepinephrine by 1 mcg/min down to 1 mcg/min", 'notify "surgeon"',
                "start norepinephrine", "avoid norepinephrine",
            )
        )  # fmt: skip
        unless = f" unless {simple()}" if not dice.randint(0, 4) else ""
        lines.append(f"  rule r{place} when {condition()} then {order}{unless}\n")
    if titrates and not dice.randint(0, 2):
        lines.append(
            "  titrate norepinephrine by 1 mcg/min every 5 min from 1 to 2 mcg/min to keep MAP >= "
            f"{dice.randint(1, 5)} mmHg\n"
        )
    return Grid("".join(lines))


# ---------------------------------------------------------------- gaps and their regions


@tries(120)
@given(SEEDS)
def test_a_gap_is_found_where_a_patient_of_the_grid_is_in_it_and_its_region_is_theirs(seed: int) -> None:
    grid = any_grid(Random(seed), covers=True)
    context = grid.context
    situation = context.situation("only")
    (term,) = context.artifact.stages[0].covers
    in_gap = {
        patient
        for patient in PATIENTS
        if grid.decide(patient).view.truth(term) is True and grid.silent(patient)
    }
    clashing = {patient for patient in PATIENTS if grid.decide(patient).content.contradictions}
    given_ = [part for _, part in patient_of(context, situation, (term,))]
    gap = f.all_of((situation.symbols.truth(term).yes, silent(situation)))
    assert isinstance(context.solver.ask([*given_, gap]), Sat) == bool(in_gap), grid.text
    region = describe(context, situation.symbols, gap, given_, 60)
    assert region.whole
    described = {patient for patient in PATIENTS if any(within(patient, cube) for cube in region.cubes)}
    assert described - clashing == in_gap - clashing, (grid.text, region.cubes)


def within(patient: Patient, cube: Cube) -> bool:
    """The patient is one of those the words speak of."""
    for one in cube:
        match one:
            case Between():
                value = {"MAP": patient.map, "norepinephrine": patient.rate}[one.name]
                assert value is not None
                if not (_above(value, one.lo) and _below(value, one.hi)):
                    return False
            case Condition():
                assert one.words == "bleeding"
                if patient.bleeding is not one.true:
                    return False
            case State():
                if (bool(patient.rate) == (one.state != "off")) is not one.true:
                    return False
            case _:
                assert_never(one)
    return True


def _above(value: Fraction, bound: Bound | None) -> bool:
    return bound is None or value > bound.value or (bound.included and value == bound.value)


def _below(value: Fraction, bound: Bound | None) -> bool:
    return bound is None or value < bound.value or (bound.included and value == bound.value)


# ---------------------------------------------------------------- what is found is shown by the engine


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate counts where the engine, on the solver's own values, shows the finding."""

    def realise(
        context: Context, situation: Situation, parts: Sequence[Part], confirm: Confirm, *_: Any
    ) -> Witness | None:
        answer = context.solver.ask([part for _, part in parts])
        assert isinstance(answer, Sat)
        one = replayed(situation, answer.values)
        return Witness((), (), 0) if confirm(one) else None

    monkeypatch.setattr(ask, "realise", realise)
    monkeypatch.setattr(ask, "excluded", lambda *_: None)


def treated_by(one: Replayed, ops: frozenset[str]) -> set[str]:
    return {
        rule
        for order in one.content.orders
        if order.op in ops and order.mark != "done"
        for rule in order.rules
    }


def told(one: Replayed) -> set[str]:
    return {order.target for order in one.content.orders if order.op == "notify"}


def less_for_sicker(grid: Grid) -> bool:
    """By the definition, over all pairs of the grid."""
    for worse in PATIENTS:
        one = grid.decide(worse)
        if not grid.silent(worse) or any(order.op in TREATS for order in one.content.orders):
            continue
        assert worse.map is not None
        for value in MAPS:
            if not (worse.map < value < 4 or 4 < value < worse.map):
                continue
            milder = grid.decide(Patient(value, worse.bleeding, worse.rate))
            normal = grid.decide(Patient(Fraction(4), worse.bleeding, worse.rate))
            because = treated_by(milder, TREATS) - treated_by(normal, TREATS)
            if because and told(one) <= told(milder):
                return True
        for rate in RATES:
            if 0 < rate < worse.rate:
                milder = grid.decide(Patient(worse.map, worse.bleeding, rate))
                if treated_by(milder, GIVES - {"continue"}) and told(one) <= told(milder):
                    return True
    return False


@tries(80)
@given(SEEDS)
@pytest.mark.usefixtures("shown")
def test_less_for_the_sicker_is_found_where_two_patients_of_the_grid_show_it(seed: int) -> None:
    grid = any_grid(Random(seed), covers=False)
    if any(grid.decide(patient).content.contradictions for patient in PATIENTS):
        return
    found = gaps.obligations(*grid.asked)
    assert not [one for one in found.obligations if isinstance(one.verdict, Undecided)], grid.text
    said = any(isinstance(problem, LessForSicker) for problem in found.problems)
    assert said == less_for_sicker(grid), grid.text


# ---------------------------------------------------------------- a missing reading


def values_of(name: str, patient: Patient) -> Iterator[Patient]:
    """The patient with each value of the reading."""
    if name == "MAP":
        yield from (Patient(value, patient.bleeding, patient.rate) for value in MAPS)
    else:
        yield from (Patient(patient.map, value, patient.rate) for value in (True, False))


def without(name: str) -> Iterator[Patient]:
    """Every patient without the reading."""
    for patient in PATIENTS:
        if name == "MAP" and patient.map == 0:
            yield Patient(None, patient.bleeding, patient.rate)
        if name == "bleeding" and patient.bleeding:
            yield Patient(patient.map, None, patient.rate)


def confirmed(one: Replayed) -> set[tuple[object, ...]]:
    """The orders that treat and stand for sure, told apart as they are written."""
    return {
        (order.op, order.target, order.dose and (order.dose.lo, order.dose.hi))
        for order in one.content.orders
        if order.op in TREATS and order.confirmed and order.mark != "done"
    }


@tries(60)
@given(SEEDS)
@pytest.mark.usefixtures("shown")
def test_starving_is_found_where_a_patient_of_the_grid_starves(seed: int) -> None:
    grid = any_grid(Random(seed), covers=False, obtained=False)
    if any(grid.decide(patient).content.contradictions for patient in PATIENTS):
        return
    found = missing.obligations(*grid.asked)
    assert not [one for one in found.obligations if isinstance(one.verdict, Undecided)], grid.text
    said = {problem.input for problem in found.problems if isinstance(problem, Starved)}
    starves = {
        name
        for name in ("MAP", "bleeding")
        for patient in without(name)
        if not is_acting(grid.decide(patient).content, "only")
        and any(is_acting(grid.decide(one).content, "only") for one in values_of(name, patient))
    }
    assert said == starves, grid.text


@tries(60)
@given(SEEDS)
@pytest.mark.usefixtures("shown")
def test_an_order_lost_with_a_reading_is_found_where_every_value_gives_it(seed: int) -> None:
    dice = Random(seed)
    grid = any_grid(dice, covers=False, titrates=False)
    # Two halves of one rule, so that there is something to find.
    number, other = dice.randint(1, 5), dice.randint(1, 5)
    extra = dice.choice(("", " and norepinephrine off", " and not bleeding"))
    grid = Grid(
        f"{grid.text}  rule low when MAP < {number} mmHg{extra} then start norepinephrine\n"
        f"  rule high when MAP >= {other} mmHg then start norepinephrine\n"
    )
    if any(grid.decide(patient).content.contradictions for patient in PATIENTS):
        return
    found = same.obligations(*grid.asked)
    assert not [one for one in found.obligations if isinstance(one.verdict, Undecided)], grid.text
    said = {problem.input for problem in found.problems if isinstance(problem, LosesOrder)}
    lost = {
        name
        for name in ("MAP", "bleeding")
        for patient in without(name)
        if not is_acting(grid.decide(patient).content, "only")
        and set.intersection(*(confirmed(grid.decide(one)) for one in values_of(name, patient)))
    }
    assert said == lost, grid.text
