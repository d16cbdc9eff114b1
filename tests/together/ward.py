"""Four protocols of one small ward, and histories on which they meet."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from rung_engine.event import Charted, Dose, Event, Infusion, NoOtherInfusions, Reading
from rung_engine.program import Program
from rung_lang.driver import compile_protocol
from rung_lang.source import Source, Unreadable, decode

MINUTE = 60_000

FILES = {
    "ward.rung": """formulary ward "Ward"
input MAP in mmHg plausible 10 to 200 mmHg valid for 30 min
input creatinine in mg/dL plausible 0.1 to 20 mg/dL valid for 3 h
input shock any of septic, cardiogenic valid for 2 h
input line yes or no valid for 4 h
input weight in kg fixed dosing plausible 1 to 300 kg
drug norepinephrine infusion in mcg/kg/min start 0.05 mcg/kg/min maximum 3 mcg/kg/min valid for 1 h
drug vasopressin infusion in units/min start 0.03 units/min maximum 0.04 units/min valid for 1 h
drug albumin bolus in g maximum 100 g lasts 6 h
class pressor of norepinephrine, vasopressin
incompatible vasopressin with albumin "for the sake of the example"
""",
    "pressure.rung": """protocol pressure "Pressure"
  version 1.0.0
  use "ward.rung"
  applies when shock is septic
yields vasopressin to heart while shock is cardiogenic because "the heart is the stricter"
never start norepinephrine while MAP > 90
stage treat initial resting
  rule begin when MAP < 65 and norepinephrine off
    then start norepinephrine at 0.05 mcg/kg/min and notify "doctor"
  rule raise when MAP < 65 and norepinephrine running
    then increase norepinephrine by 0.02 mcg/kg/min every 10 min
  rule second when MAP < 55 then consider either add vasopressin at 0.03 units/min or give albumin 20 g
  rule ease when MAP > 80 and norepinephrine running
    then taper norepinephrine by 0.02 mcg/kg/min every 10 min
""",
    "kidney.rung": """protocol kidney "Kidney"
  version 1.0.0
  use "ward.rung"
  applies when creatinine >= 1.5 mg/dL
course treatment of pressor ends after 24 h off
yields norepinephrine to pressure while shock is septic because "the shock protocol owns the rate"
stage treat initial resting
  rule begin when MAP < 70 and norepinephrine off then start norepinephrine at 0.02 mcg/kg/min
  rule protein when MAP < 75 and creatinine < 6 mg/dL then must give albumin 50 g
  rule done when creatinine < 2 mg/dL and MAP > 85 then end treatment
  rule spare when creatinine >= 6 mg/dL then avoid vasopressin
  rule forbid when creatinine >= 6 mg/dL and MAP >= 70 and MAP <= 85 then avoid norepinephrine
""",
    "heart.rung": """protocol heart "Heart"
  version 1.0.0
  use "ward.rung"
  applies when shock is cardiogenic
supersedes kidney for norepinephrine because "newer"
yields vasopressin to round while MAP < 52
before norepinephrine require line
stage treat initial resting
  rule begin when MAP < 60 and norepinephrine off then start norepinephrine at 0.2 mcg/kg/min
  rule never_that when MAP < 75 then continue vasopressin
  rule off when MAP >= 75 then stop norepinephrine
""",
    "round.rung": """protocol round "Yields back"
  version 1.0.0
  use "ward.rung"
  applies when MAP < 120
yields norepinephrine to kidney while creatinine >= 3 mg/dL
yields vasopressin to pressure
stage treat initial resting
  rule hold when norepinephrine running then continue norepinephrine
  rule look when MAP < 60 then measure creatinine every 30 min
""",
}
PRESSURES = (50.0, 58.0, 62.0, 68.0, 72.0, 76.0, 84.0, 92.0)
CREATININES = (1.0, 1.6, 2.5, 3.5, 7.0)
KINDS = (("septic",), ("septic", "cardiogenic"), ("cardiogenic",), ())
NAMES = ("pressure", "kidney", "heart", "round")


def read(path: str) -> Source | Unreadable | None:
    return decode(path, FILES[path].encode()) if path in FILES else None


@cache
def program(name: str) -> Program:
    compiled = compile_protocol(f"{name}.rung", read)
    assert compiled.artifact is not None, compiled.problems
    return Program(compiled.artifact, {}, unverified=True)


def charted(value: float, unit: str) -> Charted:
    return Charted(round(value * 1_000_000), unit)


def _events(draw: st.DrawFn) -> list[Event]:
    """What is charted at whole minutes, in the order of time."""
    found: list[Event] = []
    if draw(st.integers(0, 3)):
        found.append(Reading("w", 0, "weight", charted(70, "kg")))
    if draw(st.integers(0, 3)):
        found.append(NoOtherInfusions("n", 0))
        kinds = draw(st.sampled_from(KINDS))
        found.append(Reading("s", 0, "shock", frozenset(kinds)))
        found.append(Reading("m", 0, "MAP", charted(draw(st.sampled_from(PRESSURES)), "mmHg")))
        found.append(Reading("c", 0, "creatinine", charted(draw(st.sampled_from(CREATININES)), "mg/dL")))
        found.append(Reading("l", 0, "line", True))
    time = 0
    for place in range(draw(st.integers(1, 8))):
        time += draw(st.sampled_from((0, 5, 15, 45, 90))) * MINUTE
        key = f"e{place}"
        match draw(st.integers(0, 6)):
            case 0 | 1:
                value = draw(st.sampled_from(PRESSURES))
                found.append(Reading(key, time, "MAP", charted(value, "mmHg")))
            case 2:
                value = draw(st.sampled_from(CREATININES))
                found.append(Reading(key, time, "creatinine", charted(value, "mg/dL")))
            case 3:
                kinds = draw(st.sampled_from(KINDS))
                found.append(Reading(key, time, "shock", frozenset(kinds)))
            case 4:
                rate = draw(st.sampled_from((0.0, 0.05, 0.1)))
                found.append(Infusion(key, time, "norepinephrine", charted(rate, "mcg/kg/min")))
            case 5:
                rate = draw(st.sampled_from((0.0, 0.03)))
                found.append(Infusion(key, time, "vasopressin", charted(rate, "units/min")))
            case _:
                found.append(
                    Reading(key, time, "line", True)
                    if draw(st.booleans())
                    else Dose(key, time, "albumin", charted(20, "g"))
                )
    return found


histories = st.composite(_events)()
