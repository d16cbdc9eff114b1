"""Comparisons of charted rates at their very thresholds, through both engines."""

from __future__ import annotations

import pytest
from tests.laws.engines import by_reference, by_session
from tests.laws.strategies import artifact, number, span, unit

from rung_engine.artifact import model as m
from rung_engine.event import Charted, Event, Infusion, Reading
from rung_engine.program import Program

UNITS = {
    "kg": unit(body_weight=1),
    "ms": unit(time=1),
    "points": unit(),
    "mcg/min": unit(1, 60_000, mass=1, time=-1),
    "mcg/kg/min": unit(1, 60_000, mass=1, body_weight=-1, time=-1),
    "units/min": unit(1, 60_000, activity=1, time=-1),
    "units/h": unit(1, 3_600_000, activity=1, time=-1),
}
DRUGS = {
    "norepinephrine": m.DrugDecl(form="infusion", unit="mcg/kg/min", start=span(number(1, "mcg/kg/min"))),
    "vasopressin": m.DrugDecl(form="infusion", unit="units/min", start=span(number(1, "units/min"))),
}
INPUTS = {"weight": m.InputDecl(kind="quantity", unit="kg", fixed=True, dosing=True)}


def asking(drug: str, rel: m.Relation, millionths: int, seen_in: str) -> Program:
    """A protocol that notifies when the drug's rate meets the comparison."""
    terms: tuple[m.Truth | m.Numeric, ...] = (
        m.Rate(drug=drug, unit=seen_in),
        m.Quantity(millionths=millionths, unit=seen_in),
        m.Cmp(left=0, rel=rel, right=1),
    )
    order = m.One(order=m.Order(op="notify", target="team"))
    rule = m.Rule(id="one.ask", stage="one", condition=2, orders=(order,))
    return Program(
        artifact(
            units=UNITS, drugs=DRUGS, inputs=INPUTS, terms=terms, rules=(rule,), courses={}, panels={},
            settings={},
        ),
        unverified=True,
    )  # fmt: skip


def notified(program: Program, drug: str, rate: Charted, weight: int | None) -> bool:
    """What both engines say; `weight` in millionths of a kilogram."""
    told: list[Event] = [Infusion("rate", 0, drug, rate)]
    if weight is not None:
        told.append(Reading("weight", 0, "weight", Charted(weight, "kg")))
    session = by_session(program, told, 0)
    assert session == by_reference(program, told, 0)
    return b'"op":"notify"' in session[0][-1]


@pytest.mark.parametrize(("rate", "weight"), [(7_000_000, 70_000_000), (6_800_000, 68_000_000)])
def test_a_tenth_of_a_microgram_per_kilogram_is_met_exactly(rate: int, weight: int) -> None:
    program = asking("norepinephrine", ">=", 100_000, "mcg/kg/min")
    assert notified(program, "norepinephrine", Charted(rate, "mcg/min"), weight)
    assert not notified(program, "norepinephrine", Charted(rate - 1, "mcg/min"), weight)


def test_1_8_units_per_hour_is_not_above_0_03_units_per_minute() -> None:
    above = asking("vasopressin", ">", 30_000, "units/min")
    assert not notified(above, "vasopressin", Charted(1_800_000, "units/h"), None)
    assert notified(above, "vasopressin", Charted(1_800_001, "units/h"), None)
    assert notified(
        asking("vasopressin", "=", 30_000, "units/min"), "vasopressin", Charted(1_800_000, "units/h"), None
    )


def test_35_mcg_per_minute_is_35_mcg_per_minute_at_every_weight() -> None:
    program = asking("norepinephrine", ">=", 35_000_000, "mcg/min")
    for tenths in range(400, 1500):
        assert notified(program, "norepinephrine", Charted(35_000_000, "mcg/min"), tenths * 100_000)
    assert notified(program, "norepinephrine", Charted(35_000_000, "mcg/min"), None)


def test_a_rate_per_kilogram_meets_its_own_product_with_the_weight() -> None:
    for tenths in range(400, 1500, 7):
        program = asking("norepinephrine", "=", tenths * 50_000, "mcg/min")
        assert notified(program, "norepinephrine", Charted(500_000, "mcg/kg/min"), tenths * 100_000)
