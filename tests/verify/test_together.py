"""Two protocols on one patient: R601."""

from __future__ import annotations

from rung_engine.event import Reading
from rung_lang.driver import compile_protocol
from rung_lang.source import Source, Unreadable, decode
from rung_lang.verify.context import Context
from rung_lang.verify.found import Found
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.together.problems_together import AgainstEachOther
from rung_lang.verify.together.together import Side, together

FORMULARY = """formulary ward "Ward"
input MAP in mmHg plausible 10 to 200 mmHg valid for 15 min charted every 15 min step 1 mmHg normal 80 mmHg
input creatinine in mg/dL plausible 0.1 to 20 mg/dL valid for 24 h charted every 24 h
input shock any of septic, cardiogenic valid for 30 days
drug norepinephrine infusion in mcg/kg/min start 0.05 mcg/kg/min maximum 3 mcg/kg/min
input weight in kg fixed dosing plausible 1 to 300 kg
"""
PRESSURE = """protocol pressure "Pressure"
  version 1.0.0
  use "ward.rung"
  applies when shock is septic
stage treat initial resting
  rule begin when MAP < 65 and norepinephrine off then start norepinephrine at 0.05 mcg/kg/min
"""
KIDNEY = """protocol kidney "Kidney"
  version 1.0.0
  use "ward.rung"
  applies when creatinine >= 1.5 mg/dL{}
stage treat initial resting
  rule spare when MAP >= {} and creatinine >= 2 mg/dL then avoid norepinephrine
"""


def side(name: str, text: str) -> Side:
    files = {"ward.rung": FORMULARY, name: text}

    def read(path: str) -> Source | Unreadable | None:
        return decode(path, files[path].encode()) if path in files else None

    compiled = compile_protocol(name, read)
    assert compiled.artifact is not None, compiled.problems
    context = Context(compiled.artifact)
    context.reach = Reach(context)
    return Side(context, Places(compiled.artifact, compiled.sources, name))


def found(kidney: str) -> Found:
    return together(side("pressure.rung", PRESSURE), side("kidney.rung", kidney))


def test_a_start_and_an_avoid_at_one_pressure_are_shown_with_a_patient() -> None:
    (problem,) = found(KIDNEY.format("", "60 mmHg")).problems
    assert isinstance(problem, AgainstEachOther) and problem.witness is not None
    charted = {event.input for event in problem.witness.events if isinstance(event, Reading)}
    assert {"MAP", "creatinine", "shock"} <= charted
    assert (problem.rule, problem.other) == ("treat.begin", "treat.spare")


def test_at_other_pressures_they_never_meet() -> None:
    answer = found(KIDNEY.format("", "65 mmHg"))
    assert not answer.problems
    assert {one.code for one in answer.obligations} == {"R601"}


def test_whoever_yields_the_drug_does_not_order_against_its_owner() -> None:
    yields = "\n  yields norepinephrine to pressure"
    assert not found(KIDNEY.format(yields, "60 mmHg")).problems


def test_a_yield_that_ends_while_both_still_apply_is_not_enough() -> None:
    yields = "\n  yields norepinephrine to pressure while creatinine < 3 mg/dL"
    assert found(KIDNEY.format(yields, "60 mmHg")).problems
