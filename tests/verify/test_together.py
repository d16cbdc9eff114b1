"""Two protocols on one patient: R601 and R603."""

from __future__ import annotations

from rung_engine.event import Reading
from rung_lang.driver import compile_protocol
from rung_lang.source import Source, Unreadable, decode
from rung_lang.verify.context import Context
from rung_lang.verify.found import Found
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.together.problems_together import AgainstEachOther, EachYields
from rung_lang.verify.together.together import Side, together
from rung_lang.verify.verdict import Proved

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
SPARING = KIDNEY.replace("avoid norepinephrine", "start norepinephrine at 0.02 mcg/kg/min")


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
    assert found(SPARING.format("", "60 mmHg")).problems
    assert not found(SPARING.format(yields, "60 mmHg")).problems


def test_what_forbids_a_drug_is_not_yielded_with_it() -> None:
    yields = "\n  yields norepinephrine to pressure"
    (problem,) = found(KIDNEY.format(yields, "60 mmHg")).problems
    assert problem.code == "R601"


def test_whoever_supersedes_a_protocol_speaks_for_its_drugs() -> None:
    for drugs in ("", "for norepinephrine "):
        supersedes = f'\n  supersedes pressure {drugs}because "newer"'
        assert not found(SPARING.format(supersedes, "60 mmHg")).problems


def test_a_drug_that_each_yields_to_the_other_is_shown_with_a_patient() -> None:
    mine = PRESSURE.replace("stage treat", "yields norepinephrine to kidney while MAP < 70\nstage treat")
    yields = "\n  yields norepinephrine to pressure while MAP >= {}"
    for from_, meets in (("60 mmHg", True), ("70 mmHg", False)):
        other = side("kidney.rung", SPARING.format(yields.format(from_), "60 mmHg"))
        answer = together(side("pressure.rung", mine), other)
        rung = [problem for problem in answer.problems if isinstance(problem, EachYields)]
        assert bool(rung) == meets and all(one.witness is not None for one in rung)
        assert {one.code for one in answer.obligations} == {"R601", "R603"}


def test_a_yield_that_ends_while_both_still_apply_is_not_enough() -> None:
    yields = "\n  yields norepinephrine to pressure while creatinine < 3 mg/dL"
    assert found(SPARING.format(yields, "60 mmHg")).problems


def test_a_drug_that_both_yield_to_a_third_protocol_has_one_owner_where_the_third_runs() -> None:
    owner = PRESSURE.replace("pressure", "owner")
    yields = "yields norepinephrine to owner while shock is septic\nstage treat"
    one = side("pressure.rung", PRESSURE.replace("stage treat", yields))
    two = side("kidney.rung", SPARING.format("", "60 mmHg").replace("stage treat", yields))
    third = side("owner.rung", owner)
    assert together(one, two).problems
    assert not together(one, two, (third,)).problems


def test_a_third_protocol_that_can_finish_need_not_be_there_to_own_it() -> None:
    owner = PRESSURE.replace("pressure", "owner") + '  rule over when MAP > 90 then finish "done"\n'
    yields = "yields norepinephrine to owner while shock is septic\nstage treat"
    one = side("pressure.rung", PRESSURE.replace("stage treat", yields))
    two = side("kidney.rung", SPARING.format("", "60 mmHg").replace("stage treat", yields))
    answer = together(one, two, (side("owner.rung", owner),))
    assert not all(isinstance(one.verdict, Proved) for one in answer.obligations)
