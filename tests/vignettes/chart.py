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

from tests.vignettes.names import CHOICES, EVENTS, NOT_TOLD, SETTINGS, VALUES, input_of

from rung_engine.artifact import model as m

HOUR = 3_600_000
OFTEN = HOUR
"""What the bedside reads at least so often is repeated between the readings a vignette states."""
STEP = "0.02 mcg/kg/min"
_UNITS = {"min": HOUR // 60, "h": HOUR, "d": 24 * HOUR}

ALBUMIN_ACTIVE = "40 g/day"
SIGNS = (
    ("skin_perfusion", "poor", "normal"), ("mental_status", "altered", "normal"),
    ("lactate", "5 mmol/L", "1 mmol/L"), ("urine_output", "0.2 mL/kg/h", "1 mL/kg/h"),
)  # fmt: skip
"""What `poor_perfusion` is charted as: it is any of these, and its absence is all of them normal."""
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
                    assert value in EVENTS, f"an event I do not know: {value}. It belongs into EVENTS"
                    told = EVENTS[value]
                    if told is not None:
                        _tell(chart, said, artifact, time, *told, vignette, lasting=True)
                    elif value in artifact.events:
                        chart.at(time, f"{value} happened")
                case "start" | "set_rate":
                    drug = value["drug"]
                    if "every" in value:
                        courses[drug] = (time, value["dose"], millis(value["every"].split("-")[0]))
                        rates[drug] = True
                    else:
                        rate = _rate(_in_mass(value, time, vignette))
                        rates[drug] = rate != "off"
                        if drug in artifact.drugs:
                            chart.at(time, f"{drug} {rate}")
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
                        words = _proposal(_in_mass(value, time, vignette), rates.get(value["drug"], False))
                        chart.proposed.append((time, words, value))
                case _:
                    raise AssertionError(f"an event I do not know: {verb}")
    for drug, course in courses.items():
        _course(chart, artifact, drug, *course, last)
    _derive_mean(said, artifact)
    for name, readings in said.items():
        for time, value in _repeated(readings, artifact.inputs[name], last):
            chart.at(time, f"{name} {value}")
    for check in vignette["expect"]:
        for allowed in check.get("may", []):
            words = _allowed(allowed, rates)
            if words and allowed.get("drug") in artifact.drugs:
                chart.proposed.append((millis(check["at"]), words, allowed))
        for avoided in check.get("must", []) + check.get("must_not", []):
            if avoided["do"] == "avoid" and avoided.get("drug") in artifact.drugs:
                words = _least(avoided["drug"], artifact)
                chart.proposed.append((millis(check["at"]), words, avoided))
    return chart


def _tell(
    chart: Chart, said: dict[str, list[tuple[int, str, bool]]], artifact: m.Artifact, time: int, name: str,
    value: Any, vignette: Mapping[str, Any], *, lasting: bool,
) -> None:  # fmt: skip
    if name in NOT_TOLD or str(value) == "unknown":
        return
    if name in SETTINGS:
        for setting in SETTINGS[name]:
            if setting in artifact.settings:
                chart.at(time, f"{setting} {_choice(name, value)}")
        return
    if name == "weight" and "dosing_weight" in vignette["patient"]:
        return
    match name:
        case "crystalloid_total":
            chart.at(time, f"crystalloid given {value}")
        case "fluids_ok":
            if "crystalloid_total" not in vignette["patient"] and "fluids" in artifact.inputs:
                chart.at(time, f"fluids {30 if value else 0} mL/kg")
        case "albumin_active":
            chart.at(time, f"albumin {ALBUMIN_ACTIVE if value else 'off'}")
        case "albumin_given":
            chart.at(time, f"albumin {'' if value.endswith('/day') else 'given '}{value}")
        case "oliguria":
            _tell(
                chart, said, artifact, time, "urine_output", SIGNS[3][1 if value else 2], vignette,
                lasting=lasting,
            )  # fmt: skip
        case "poor_perfusion":
            for sign, bad, good in SIGNS:
                _tell(chart, said, artifact, time, sign, bad if value else good, vignette, lasting=lasting)
        case _:
            if name == "urine_rate" or (name == "urine_output" and str(value).endswith(" mL/h")):
                name, value = "urine_output", _per_kg(value, vignette["patient"]["weight"])
            declared = input_of(name)
            if name == "shock" and vignette["patient"].get("trauma") and "trauma" not in str(value):
                value = [value, "haemorrhagic_trauma"]
            if declared in artifact.inputs:
                said.setdefault(declared, []).append((time, _value(declared, value), lasting))


def _choice(name: str, value: Any) -> str:
    text = "yes" if value is True else "no" if value is False else str(value)
    return CHOICES.get((name, text), text)


def _derive_mean(said: dict[str, list[tuple[int, str, bool]]], artifact: m.Artifact) -> None:
    """The mean pressure, unrounded, of a vignette that charts systolic with diastolic and never a mean."""
    if "MAP" in said or "MAP" not in artifact.inputs:
        return
    low = {time: Fraction(value.split()[0]) for time, value, _ in said.get("DBP", ())}
    for time, value, lasting in said.get("SBP", ()):
        if time in low:
            mean = (Fraction(value.split()[0]) + 2 * low[time]) / 3
            said.setdefault("MAP", []).append((time, f"{float(round(mean, 6)):.6f} mmHg", lasting))


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "shock":
        kinds = value if isinstance(value, list) else re.split(r"\s*(?:,|\+|&|\band\b)\s*", str(value))
        return " and ".join(VALUES.get((name, one), one) for one in kinds)
    text = VALUES.get((name, str(value)), str(value))
    if name == "age" and text.endswith((" d", " mo")):
        days = Fraction(text.split()[0]) * (1 if text.endswith("d") else 30)
        text = f"{float(round(days / 365, 4)):.4f} y"
    text = re.sub(r"\by$", "years", text)
    return re.sub(r"^(\S+) /min$", r"\1 beats/min", text)


def _rate(event: Mapping[str, Any]) -> str:
    rate = str(event.get("rate", "running"))
    if rate.split()[0] == "0":
        return "off"
    return "running" if flow_of(event) == rate else rate


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


_RATE = re.compile(r"(?P<verb>start|set) (?P<drug>\w+) (?:at|to) (?P<number>\S+) (?P<unit>\S+)")


def in_own_unit(words: str, artifact: m.Artifact) -> tuple[str, m.Range | None]:
    """A proposal as an example can say it, and the rate it is about where that is in another unit.

    An example keeps to the basis of the drug, per kilogram or not. Whoever orders does not; a flow has none.
    """
    found = _RATE.fullmatch(words)
    if found is None or found["unit"] == (own := artifact.drugs[found["drug"]].unit):
        return words, None
    preposition = "at" if found["verb"] == "start" else "to"
    amount = m.Number(millionths=int(Fraction(found["number"]) * 10**6), unit=found["unit"])
    return f"{found['verb']} {found['drug']} {preposition} 0.02 {own}", m.Range(lo=amount, hi=amount)


def flow_of(order: Mapping[str, Any]) -> str | None:
    """What is ordered in millilitres a minute or an hour, and not in an amount of the drug."""
    said = str(order.get("flow", order.get("rate", "")))
    return said if said.endswith((" mL/min", " mL/h")) else None


def strength_of(order: Mapping[str, Any], time: int, vignette: Mapping[str, Any]) -> str | None:
    """The concentration that the order names, or the last that was charted; none where nobody knows it."""
    told = [vignette["patient"].get("concentration")]
    told += [
        event.get("set", event.get("observe", {})).get("concentration")
        for event in vignette["events"]
        if millis(event["t"]) <= time
    ]
    known = [one for one in (*told, order.get("concentration")) if one not in (None, "unknown")]
    return str(known[-1]) if known else None


def _in_mass(order: Mapping[str, Any], time: int, vignette: Mapping[str, Any]) -> Mapping[str, Any]:
    """A flow of known strength as the amount it is."""
    flow, strength = flow_of(order), strength_of(order, time, vignette)
    if flow is None:
        return order
    if strength is None:
        return {**order, "rate": flow}
    (number, unit), (mass, per_ml) = flow.split(), strength.split()
    rate = f"{float(Fraction(number) * Fraction(mass)):.6f}"
    return {**order, "rate": f"{rate} {per_ml.removesuffix('/mL')}/{unit.removeprefix('mL/')}"}


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


def _least(drug: str, artifact: m.Artifact) -> str:
    """The least of the drug that could be ordered: whoever must avoid it is refused even that."""
    decl = artifact.drugs[drug]
    begin = f"start {drug} at" if decl.form == "infusion" else f"give {drug}"
    return f"{begin} 0.01 {decl.unit}"


def _first_dose(drug: str, said: str | None, allowed: Mapping[str, Any]) -> str:
    if said is None:
        return ""
    number, unit = said.split(" ", 1)
    low, _, high = number.partition("-")
    dose = f"{high if Fraction(low) == 0 else low} {unit}"
    return f"start {drug} at {dose}" if "rate" in allowed else f"give {drug} {dose}"


def example(chart: Chart, checks: list[int], artifact: m.Artifact) -> str:
    """The chart as an example that an author could have written."""
    lines = ['example "vignette"']
    times = sorted({*chart.facts, *checks, *(time for time, _, _ in chart.proposed)})
    chosen = [f"{name} {value}" for name, value in SITE.items() if name in artifact.settings]
    proposals: dict[int, list[str]] = {}
    for time, words, _ in chart.proposed:
        proposals.setdefault(time, []).append(in_own_unit(words, artifact)[0])
    for place, time in enumerate(times):
        facts = [*(chosen if place == 0 else []), *dict.fromkeys(chart.facts.get(time, []))]
        stamp = f"  [{time} ms]"
        wanted = proposals.get(time, [])
        lines.append(f"{stamp} {', '.join(facts)} expect nothing" if facts else f"{stamp} expect nothing")
        lines += [f"{stamp} propose {words} expect accepted" for words in wanted]
    return "\n".join(lines) + "\n"
