"""The kernel decides as the reference engine does, bit for bit; what is beyond 64 bits goes to another
engine."""

from __future__ import annotations

from random import Random

import pytest
from tests.laws.settings import LONG
from tests.laws.strategies import any_artifact, any_history, artifact, ms, number, span

from rung_engine.artifact import model as m
from rung_engine.cohort.engine import Engine
from rung_engine.cohort.facts import facts_of
from rung_engine.decision.model import decision_bytes
from rung_engine.event import Charted, Dose, NoOtherInfusions, Reading
from rung_engine.program import Program
from rung_engine.reference.run import run

STAYS = 8
PROGRAMS = 2_500 if LONG else 42
"""20,000 pairs of a program and a history in the long run, 504 in the short one."""
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_the_kernel_and_the_reference_agree_bit_for_bit(part: int) -> None:
    for seed in range(part, PROGRAMS, PARTS):
        dice = Random(seed)
        program = Program(any_artifact(dice, dice.randint(1, 14)), unverified=True)
        silence = dice.random() < 0.4
        stays = {f"s{k}": any_history(dice, dice.randint(1, 24)) for k in range(STAYS)}
        engine = Engine(program, silence_is_off=silence, path="kernel")
        assert not engine.beyond
        facts = facts_of(program, stays)
        assert not engine.failed(facts).any()
        for stay, found in zip(facts.stays, engine.values(facts), strict=True):
            wanted = run(program, stays[stay], silence_is_off=silence)
            assert [decision_bytes(one) for one in found] == [decision_bytes(one) for one in wanted], (
                seed,
                stay,
            )


def huge(inputs: dict[str, m.InputDecl]) -> Program:
    """A program that adds up two readings, neither with a plausible range."""
    return Program(
        artifact(
            inputs=inputs,
            terms=(
                m.Input(name="y"),
                m.Arith(op="mul", left=0, right=0),
                m.Quantity(millionths=1_000_000, unit="points"),
                m.Cmp(left=1, rel=">", right=2),
            ),
            rules=(
                m.Rule(
                    id="one.r1",
                    stage="one",
                    condition=3,
                    orders=(m.One(order=m.Order(op="notify", target="so")),),
                ),
            ),
        ),
        unverified=True,
    )


@pytest.mark.parametrize("size", [10**12, 10**18, -(10**18), 2**62])
def test_a_stay_beyond_64_bits_is_judged_exactly_by_another_engine(size: int) -> None:
    program = huge({"y": m.InputDecl(kind="quantity", unit="points"), "weight": WEIGHT})
    stays = {
        "large": (Reading("a", 0, "y", Charted(size, "points")), Reading("b", 3, "y", Charted(5, "points"))),
        "small": (Reading("a", 0, "y", Charted(3_000_000, "points")),),
    }
    engine = Engine(program, path="kernel")
    facts = facts_of(program, stays)
    assert engine.failed(facts).tolist() in ([1, 0], [0, 0])
    assert engine.failed(facts).tolist() == [int(abs(size) > 10**12), 0]
    wanted = Engine(program, path="session").run(facts)
    found = engine.run(facts)
    assert found.decisions.to_pylist() == wanted.decisions.to_pylist()
    assert found.items.to_pylist() == wanted.items.to_pylist()
    for stay, decided in zip(facts.stays, engine.values(facts), strict=True):
        assert [decision_bytes(one) for one in decided] == [
            decision_bytes(one) for one in run(program, stays[stay])
        ]


WEIGHT = m.InputDecl(kind="quantity", unit="kg", fixed=True, dosing=True)


def test_a_protocol_beyond_the_kernel_is_run_by_another_engine_and_says_why() -> None:
    drugs = {
        "bolus": m.DrugDecl(
            form="bolus", unit="mcg", rolling=(m.Rolling(maximum=number(3, "points"), over=ms(4)),)
        )
    }
    program = Program(
        artifact(
            drugs=drugs,
            courses={},
            inputs={"x": m.InputDecl(kind="quantity", unit="points", plausible=span(number(0, "points")))},
            panels={},
        ),
        unverified=True,
    )
    engine = Engine(program, path="kernel")
    assert "bolus" in engine.beyond
    facts = facts_of(
        program, {"s": (NoOtherInfusions("n", 0), Dose("d", 1, "bolus", Charted(1_000_000, "mcg")))}
    )
    assert engine.run(facts).decisions.num_rows > 0
