"""A small stay in which everything is unknown once, and its page."""

from __future__ import annotations

from functools import cache

from tests.edges.road import chart

from rung_engine.artifact import model as m
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_engine.sources.accounting import Refusal
from rung_engine.sources.stay import Stay
from rung_lang.driver import compile_protocol
from rung_lang.report.timeline_page.page import Told
from rung_lang.source import Source, Unreadable, decode

PROTOCOL = """protocol small "A small protocol"
  version 1.0.0
  applies when age >= 18 years

input age in years fixed
input weight in kg plausible 20 to 350 kg fixed dosing
input MAP "mean arterial pressure" in mmHg plausible 10 to 250 mmHg valid for 2 h charted every 1 h
input lactate in mmol/L plausible 0 to 40 mmol/L valid for 6 h
input urine_output in mL/kg/h plausible 0 to 20 mL/kg/h valid for 6 h
input bleeding yes or no valid for 12 h
drug norepinephrine as NE
  infusion in mcg/kg/min
  start 0.02 to 0.05 mcg/kg/min
  maximum 3 mcg/kg/min
  valid for 24 h
drug crystalloid
  bolus in mL
  usual 250 to 500 mL

stage fluids "Fluids" initial resting
  rule bolus
    when MAP < 65 and lactate >= 2 and crystalloid off
    then must give crystalloid 500 mL
  rule up
    when MAP < 65 and norepinephrine off
    then start norepinephrine and go to pressors
    because "the <pressure> stays low & the volume is in"

stage pressors "Pressors" resting
  rule kidneys
    when urine_output < 0.5 and not bleeding
    then consider measure lactate
"""
FACTS = (
    "0 h no other infusions",
    "0 h age 60",
    "0 h weight 70",
    "0 h MAP 70",
    "1 h lactate 3",
    "1 h MAP 60",
    "90 min crystalloid given 500 mL",
    "2 h MAP 300",
    "3 h MAP 62",
    "4 h NE 7 mcg/min",
    "5 h NE running",
    "6 h NE 0.1 mcg/kg/min",
    "8 h MAP 66",
    "8 h MAP 90 by cuff",
    "9 h MAP 71",
    "9 h bleeding no",
    "9 h crystalloid given",
    "12 h NE off",
    "14 h lactate 1.5",
)
REFUSED = Refusal("A <1>", 7_200_000, "events", 4, "MAP", "300.0", "mmHg", "implausible",
                  (("low", "10"), ("high", "250"), ("unit", "mmHg")))  # fmt: skip


@cache
def protocol(text: str = PROTOCOL) -> m.Artifact:
    def read(path: str) -> Source | Unreadable | None:
        return decode(path, text.encode()) if path == "small.rung" else None

    found = compile_protocol("small.rung", read)
    assert found.artifact is not None, found.problems
    return found.artifact


def told(facts: tuple[str, ...] = FACTS, refusals: tuple[Refusal, ...] = (REFUSED,)) -> Told:
    """What the page is made of."""
    program = Program(protocol(), unverified=True)
    events = sorted(chart(program.artifact, facts), key=lambda event: (event.time, event.id))
    runner = Runner(program, events)
    decisions = tuple(runner.run())
    stay = Stay("A <1>", tuple(events), refusals, ())
    read = (("protocol", "small 1.0.0, not proved"), ("data", "made by hand"))
    return Told(program, stay, decisions, False, read, runner.look_again())
