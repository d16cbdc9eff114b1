"""A vignette's patient as a chart: names, units and events to the facts of an example. Written down once.

What is true of a patient stays true until an event changes it, so it is charted again before it grows old. A
pressure or another reading that the bedside takes at least hourly is charted again, unchanged, until the next
one. A laboratory value or a finding is charted when the vignette says so, and no more often.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from rung_engine.artifact import model as m

HOUR = 3_600_000
OFTEN = HOUR
"""What the bedside reads at least so often is repeated between the readings a vignette states."""
STEP = "0.02 mcg/kg/min"
_UNITS = {"min": HOUR // 60, "h": HOUR, "d": 24 * HOUR}

INPUTS = {
    "age": "age", "weight": "weight", "map": "MAP", "sbp": "SBP", "dbp": "DBP", "hr": "heart_rate",
    "spo2": "SpO2", "scr": "creatinine", "scr_baseline": "creatinine_baseline", "map_baseline": "MAP",
    "lactate": "lactate", "crt": "CRT", "urine_output": "urine_output", "location": "location",
    "central_access": "central_access", "hrs": "hrs", "cirrhosis": "cirrhosis", "ascites": "ascites",
    "hrs_type": "hrs_type", "aki_stage": "aki_stage", "terlipressin_available": "terlipressin_available",
    "tbi": "tbi", "spinal_cord_injury": "spinal_cord_injury", "bleeding_controlled": "bleeding_controlled",
    "transfusion_ok": "transfusion_adequate", "restricted_fluid": "restricted_fluid",
    "failed_inotrope": "inotrope_failed", "failed_fluid_challenge": "fluid_challenge_failed",
    "failed_terlipressin": "terlipressin_failed", "failed_norepinephrine": "norepinephrine_failed",
    "failed_midodrine_octreotide": "midodrine_octreotide_failed", "severe": "renal_failure_severe",
    "scr_doubling_trajectory": "creatinine_doubling", "myocardial_dysfunction": "myocardial_dysfunction",
    "low_co": "low_output", "preload_ok": "preload_adequate", "chronic_hypertension": "chronic_hypertension",
    "volume_assessed": "volume_assessed", "volume_overload": "volume_overload", "shock": "shock",
    "mental_status": "mental_status", "skin_perfusion": "skin_perfusion",
    "extremity_perfusion": "extremity_perfusion", "haemodynamically_stable": "hemodynamically_stable",
}  # fmt: skip
VALUES = {
    ("shock", "haemorrhagic_trauma"): "hemorrhagic", ("hrs_type", "1"): "type1", ("aki_stage", "0"): "none",
    ("aki_stage", "1"): "stage1", ("aki_stage", "2"): "stage2", ("aki_stage", "3"): "stage3",
}  # fmt: skip
SETTINGS = {"high_dose_ne": "high_dose"}
NOT_TOLD = frozenset({"sex", "recent_mi", "post_ptca", "fluids_ok", "angina"})
"""Said of a patient and asked by no clause; and `angina: false`, since an event is an instant."""
ALBUMIN_ACTIVE = "40 g/day"
SITE = {
    "emergency_bridge": "no", "failure_after": "96 h", "failure_is": "no_fall",
    "cord_injury_as_brain_injury": "no",
}  # fmt: skip
"""What the site must choose and a vignette leaves open, where the choice has words; else the low end."""


def millis(said: str) -> int:
    """`-1 h`, `30 min`, `14.5 d` in milliseconds."""
    number, unit = said.split()
    value = Fraction(number) * _UNITS[unit]
    assert value.denominator == 1
    return int(value)


@dataclass(slots=True)
class Chart:
    """Facts by instant, in the words of an example, and what is proposed when."""

    facts: dict[int, list[str]] = field(default_factory=dict)
    proposed: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)

    def at(self, time: int, fact: str) -> None:
        self.facts.setdefault(time, []).append(fact)


def chart_of(vignette: Mapping[str, Any], artifact: m.Artifact) -> Chart:
    """The chart of a vignette's patient, as far as this protocol declares what is charted."""
    chart = Chart()
    first = min([0, *(millis(event["t"]) for event in vignette["events"])])
    last = max(millis(check["at"]) for check in vignette["expect"])
    said: dict[str, list[tuple[int, str, bool]]] = {}
    for name, value in vignette["patient"].items():
        _tell(chart, said, artifact, first, name, value, vignette, lasting=True)
    rates: dict[str, bool] = {}
    courses: dict[str, tuple[int, str, int]] = {}
    for event in sorted(vignette["events"], key=lambda one: millis(one["t"])):
        time = millis(event["t"])
        for verb, value in event.items():
            match verb:
                case "t":
                    pass
                case "observe" | "set":
                    for name, reading in value.items():
                        _tell(chart, said, artifact, time, name, reading, vignette, lasting=verb == "set")
                case "event":
                    if value in artifact.events:
                        chart.at(time, f"{value} happened")
                case "start" | "set_rate":
                    drug = value["drug"]
                    if "every" in value:
                        courses[drug] = (time, value["dose"], millis(value["every"].split("-")[0]))
                    elif drug in artifact.drugs:
                        chart.at(time, f"{drug} {value.get('rate', 'running')}")
                    rates[drug] = True
                case "stop":
                    drug = value["drug"]
                    if drug in courses:
                        _course(chart, artifact, drug, *courses.pop(drug), time - 1)
                    elif drug in artifact.drugs:
                        if drug not in rates:  # it was on before the vignette begins
                            chart.at(first - HOUR, f"{drug} running")
                        chart.at(time, f"{drug} off")
                    rates[drug] = False
                case "give":
                    if value["drug"] in artifact.drugs:
                        chart.at(time, f"{value['drug']} given {value['dose']}")
                case "order":
                    if value["drug"] in artifact.drugs:
                        chart.proposed.append(
                            (time, _proposal(value, rates.get(value["drug"], False)), value)
                        )
                case _:
                    raise AssertionError(f"an event I do not know: {verb}")
    for drug, course in courses.items():
        _course(chart, artifact, drug, *course, last)
    for name, readings in said.items():
        for time, value in _repeated(readings, artifact.inputs[name], last):
            chart.at(time, f"{name} {value}")
    for check in vignette["expect"]:
        for allowed in check.get("may", []):
            words = _allowed(allowed, rates)
            if words and allowed.get("drug") in artifact.drugs:
                chart.proposed.append((millis(check["at"]), words, allowed))
    return chart


def _tell(
    chart: Chart, said: dict[str, list[tuple[int, str, bool]]], artifact: m.Artifact, time: int, name: str,
    value: Any, vignette: Mapping[str, Any], *, lasting: bool,
) -> None:  # fmt: skip
    if name in NOT_TOLD or str(value) == "unknown":
        return
    if name in SETTINGS:
        if SETTINGS[name] in artifact.settings:
            chart.at(time, f"{SETTINGS[name]} {value}")
        return
    if name == "crystalloid_total":
        chart.at(time, f"crystalloid given {value}")
        return
    if name == "albumin_active":
        chart.at(time, f"albumin {ALBUMIN_ACTIVE}")
        return
    if name == "urine_rate":
        name, value = "urine_output", _per_kg(value, vignette["patient"]["weight"])
    declared = INPUTS[name]
    if declared in artifact.inputs:
        said.setdefault(declared, []).append((time, _value(declared, value), lasting))


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = VALUES.get((name, str(value)), str(value))
    text = re.sub(r"\by$", "years", text)
    return re.sub(r"^(\S+) /min$", r"\1 beats/min", text)


def _per_kg(rate: str, weight: str) -> str:
    """mL/h to mL/kg/h, to a millionth: what a chart would show."""
    value = Fraction(rate.split()[0]) / Fraction(weight.split()[0])
    return f"{float(round(value, 6)):.6f} mL/kg/h"


def _repeated(
    readings: list[tuple[int, str, bool]], decl: m.InputDecl, last: int
) -> Iterator[tuple[int, str]]:
    every = decl.charted_every or decl.valid_for
    for place, (time, value, lasting) in enumerate(readings):
        end = readings[place + 1][0] if place + 1 < len(readings) else last + 1
        yield time, value
        often = decl.charted_every is not None and decl.charted_every <= OFTEN
        if every is None or decl.fixed or decl.cumulative or not (lasting or often):
            continue
        while (time := time + every) < end:
            yield time, value


def _course(
    chart: Chart, artifact: m.Artifact, drug: str, start: int, dose: str, every: int, last: int
) -> None:
    for time in range(start, last + 1, every):
        if drug in artifact.drugs:
            chart.at(time, f"{drug} given {dose}")


def _proposal(order: Mapping[str, Any], running: bool) -> str:
    drug = order["drug"]
    if "dose" in order:
        volume = f" in {order['volume']}" if "volume" in order else ""
        every = f" every {order['every']}" if "every" in order else ""
        return f"give {drug} {order['dose']}{volume}{every}"
    if "rate" not in order:
        return f"give {drug} 80 mg"
    if order["rate"].split()[0] == "0":
        return f"stop {drug}"
    return f"set {drug} to {order['rate']}" if running else f"start {drug} at {order['rate']}"


def _allowed(allowed: Mapping[str, Any], rates: Mapping[str, bool]) -> str:
    """What may be ordered, proposed: a step, or the low end of the doses named; nothing without a drug."""
    drug = allowed.get("drug")
    if drug is None:
        return ""
    match allowed["do"]:
        case "increase" | "decrease":
            return f"{allowed['do']} {drug} by {STEP}"
        case "taper":
            return f"taper {drug} by {STEP} every 30 min"
        case "continue":
            return f"continue {drug}"
        case "start":
            return _first_dose(drug, allowed.get("rate") or allowed.get("dose"), allowed)
        case _:
            return ""


def _first_dose(drug: str, said: str | None, allowed: Mapping[str, Any]) -> str:
    if said is None:
        return ""
    number, unit = said.split(" ", 1)
    dose = f"{number.partition('-')[0]} {unit}"
    return f"start {drug} at {dose}" if "rate" in allowed else f"give {drug} {dose}"


def example(chart: Chart, checks: list[int], artifact: m.Artifact) -> str:
    """The chart as an example that an author could have written."""
    lines = ['example "vignette"']
    times = sorted({*chart.facts, *checks, *(time for time, _, _ in chart.proposed)})
    chosen = [f"{name} {value}" for name, value in SITE.items() if name in artifact.settings]
    proposals: dict[int, list[str]] = {}
    for time, words, _ in chart.proposed:
        proposals.setdefault(time, []).append(words)
    for place, time in enumerate(times):
        facts = [*(chosen if place == 0 else []), *dict.fromkeys(chart.facts.get(time, []))]
        stamp = f"  [{time} ms]"
        wanted = proposals.get(time, [])
        lines.append(f"{stamp} {', '.join(facts)} expect nothing" if facts else f"{stamp} expect nothing")
        lines += [f"{stamp} propose {words} expect accepted" for words in wanted]
    return "\n".join(lines) + "\n"
