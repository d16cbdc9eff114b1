"""What a vignette expects, in its own verbs, against what a decision orders. The mapping, written down once.

| verb | holds when, on that instant, in some protocol that speaks for this patient |
|---|---|
| start, give, order (a drug) | an order starts, adds, sets or gives the drug, within the doses named |
| increase, decrease, taper, stop | that order stands |
| continue | it stands, or the drug runs and nothing lowers or ends it |
| monitor, measure, assess | a `measure` of it, of a panel that holds it, or a task that looks for it |
| evaluate, establish; start (no drug) | the task stands |
| request | a rule waits for that reading, or it is to be measured |
| classify | the outcome holds |
| alert | a notice with those words, an alert, the order that is late, a caution on the order proposed |
| avoid | `avoid` stands, or proposing the drug is refused |
| reject, proceed | the proposed order is refused; is accepted, also with a caution |
| may | the order stands, or proposing it is not refused |
| must not | the same does not hold |
| flag | a protocol declares the concern |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.vignettes.alerts import CODES
from tests.vignettes.names import INPUTS

from rung_engine.decision.model import Content, Standing
from rung_engine.decision.propose import Verdict
from rung_engine.program import Program
from rung_engine.units import UnitProblem, convert, parse_unit

GIVES = frozenset({"start", "add", "set", "give", "begin"})
LOWERS = frozenset({"stop", "pause", "taper", "decrease"})
OUTCOMES = {
    "verified_hrs_reversal": "verified_reversal", "confirm_eligible": "trial_eligible",
    "bp_response": "pressure_response",
}  # fmt: skip
VECTOR = {
    "bp": "pressure_response", "urine": "urine_response", "lactate": "lactate_response",
    "crt": "refill_response", "svo2": "saturation_response", "scvo2": "saturation_response",
}  # fmt: skip
TASKS = {
    "liver_transplant": "transplant_evaluation", "central_access": "central_line",
    "arterial_line": "arterial_line", "crrt": "crrt", "tips": "tips", "bleeding_control": "bleeding_control",
    "iabp": "mechanical_support_evaluation", "ventricular_assist": "mechanical_support_evaluation",
    "mechanical_circulatory_support": "mechanical_support_evaluation",
    "mcs": "mechanical_support_evaluation", "mechanical_support": "mechanical_support_evaluation",
    "fluid_responsiveness": "fluid_responsiveness_test", "volume": "volume_assessment",
    "volume_assessment": "volume_assessment", "infusion_site": "line_site_check",
    "extravasation": "line_site_check", "transfusion": "transfusion", "blood_products": "transfusion",
    "volume_expansion": "volume_expansion",
}  # fmt: skip
AS_TASK = {"blood_products": "transfusion", "red_cells": "transfusion", "prbc": "transfusion"}
"""Given by a task: no amount is printed."""
MEASURED = {
    "scr": {"creatinine"}, "map": {"MAP"}, "bp": {"MAP", "SBP"}, "hr": {"heart_rate"}, "spo2": {"SpO2"},
    "ecg": {"ecg_arrhythmia"}, "svo2": {"SvO2", "ScvO2"}, "crt": {"CRT"}, "arrhythmia": {"ecg_arrhythmia"},
    "angina": {"chest_pain"}, "splanchnic_ischaemia": {"gut_ischaemia"},
    "digital_ischaemia": {"extremity_perfusion"}, "ischaemia": {"gut_ischaemia", "chest_pain"},
    "mesenteric_ischaemia": {"gut_ischaemia"}, "intestinal_ischaemia": {"gut_ischaemia"},
    "cardiac_ischaemia": {"chest_pain"}, "volume_overload_signs": {"volume_overload"},
    "sbp": {"SBP"}, "scvo2": {"SvO2", "ScvO2"},
}  # fmt: skip
"""Other words for inputs; a word that is not here is the input's own name."""
OFF_RANGE = {
    "norepinephrine_below_range": "norepinephrine", "dobutamine_over_range": "dobutamine",
    "norepinephrine_over_max": "norepinephrine", "norepinephrine_above_range": "norepinephrine",
    "start_over_range": "norepinephrine", "norepinephrine_start_over_range": "norepinephrine",
}  # fmt: skip
"""Said of an order proposed: signing it is met with a caution."""
LATE = {"fluid_deadline_missed": "crystalloid", "perfusion_check_overdue": "perfusion"}
ASKED_IN_WORDS = {
    "precedence": r"must choose|must say which", "clinician_decision": r"[Dd]ecide|must choose",
    "dosing_weight": r"measured or dry", "weight_basis": r"measured or dry",
}  # fmt: skip
"""What is asked of a person, and not of the chart."""
UNIT_PROBLEMS = {
    "probable_unit_error_1000x": "unit_error", "concentration_missing": "unit",
    "missing_concentration": "unit",
}  # fmt: skip
"""Why an order is refused."""


@dataclass(slots=True)
class Heard:
    """What one protocol says on an instant, and of the orders proposed there."""

    program: Program
    content: Content
    running: frozenset[str]
    verdicts: list[tuple[Mapping[str, Any], Verdict]] = field(default_factory=list)
    yielded: frozenset[str] = frozenset()
    """Drugs of which another protocol speaks for this patient now."""

    def orders(self) -> list[Standing]:
        return [
            one
            for one in self.content.orders
            if one.mark != "done"
            and not (one.target in self.yielded and one.op in GIVES | LOWERS | {"increase"})
        ]


def holds(wanted: Mapping[str, Any], heard: list[Heard]) -> bool:
    """Whether some protocol does what is wanted."""
    return any(_holds(wanted, one) for one in heard)


def _holds(wanted: Mapping[str, Any], heard: Heard) -> bool:
    verb, drug = wanted["do"], wanted.get("drug")
    orders = heard.orders()
    match verb:
        case "start" | "order" | "give" if drug in AS_TASK:
            return any(one.op == "do" and one.target == AS_TASK[drug] for one in orders)
        case "start" | "order" | "give" if drug is not None:
            if wanted.get("silently") or wanted.get("taper") is False:
                return any(one.op in GIVES and one.target == drug for one in orders)
            return any(
                one.op in GIVES and one.target == drug and _within(heard, one, wanted) for one in orders
            )
        case "increase" | "decrease" | "taper":
            return any(one.op == verb and one.target == drug for one in orders) or (
                verb == "taper"
                and any(one.op in ("decrease", "stop") and one.target == drug for one in orders)
            )
        case "stop":
            return any(one.op in ("stop", "end") and one.target == drug for one in orders)
        case "hold":
            return any(one.op in LOWERS | {"avoid"} and one.target == drug for one in orders)
        case "continue":
            lowered = any(one.op in LOWERS and one.target == drug for one in orders)
            return any(one.op == "continue" and one.target == drug for one in orders) or (
                drug in heard.running and not lowered
            )
        case "monitor" | "measure" | "assess":
            return all(_looked_for(heard, orders, what.strip()) for what in wanted["what"].split(","))
        case "evaluate" | "establish" | "start":
            return all(_to_do(what.strip(), orders) for what in wanted["what"].split(","))
        case "avoid":
            return any(one.op == "avoid" and one.target == drug for one in orders) or any(
                proposal is wanted and verdict.grade == "refused" for proposal, verdict in heard.verdicts
            )
        case "request":
            return all(_asked_for(heard, orders, name.strip()) for name in wanted["input"].split(","))
        case "classify":
            if wanted["as"] in CODES:  # outside the protocol: not an answer to treatment, but told
                return _alerted(wanted["as"], heard, orders)
            return _classified(wanted["as"], heard.content)
        case "alert":
            return _alerted(wanted["code"], heard, orders)
        case "reject" | "proceed":
            return any(
                (verdict.grade == "refused") == (verb == "reject")
                for proposal, verdict in heard.verdicts
                if proposal["drug"] == drug
                and _is_about(wanted, proposal)
                and (not _of_that_rate(wanted, heard) or proposal.get("rate") == wanted["rate"])
            )
        case _:
            raise AssertionError(f"a verb I do not know: {verb}")


def _is_about(wanted: Mapping[str, Any], proposal: Mapping[str, Any]) -> bool:
    """A verdict is about one proposal: where its dose is named, about that one."""
    return all(wanted[key] == proposal.get(key) for key in ("dose",) if key in wanted)


def _of_that_rate(wanted: Mapping[str, Any], heard: Heard) -> bool:
    """Of the rates that are proposed at one instant, one is named as it was proposed."""
    return "rate" in wanted and any(wanted["rate"] == proposal.get("rate") for proposal, _ in heard.verdicts)


def _within(heard: Heard, order: Standing, wanted: Mapping[str, Any]) -> bool:
    """The ordered dose lies in the range that is named, in whatever unit."""
    said = wanted.get("rate") or wanted.get("dose")
    dose = order.dose or order.remaining
    if said is None or dose is None:
        return said is None
    number, unit = said.split(" ", 1)
    lo, _, hi = number.partition("-")
    figures = [(dose.lo, dose.hi, dose.unit)]
    figures += [(one.lo, one.hi, one.unit) for one in dose.figures if not one.at]
    units = (unit, unit.removesuffix("/day"))  # a daily dose may be ordered as a rate or as a dose once a day
    for low, high, in_, unit in ((*figure, each) for figure in figures for each in units):
        try:
            ends = [convert(Fraction(end, 10**6), parse_unit(in_), parse_unit(unit)) for end in (low, high)]
        except UnitProblem:
            continue
        if Fraction(lo) <= ends[0] and ends[1] <= Fraction(hi or lo):
            return True
    return False


def _to_do(what: str, orders: list[Standing]) -> bool:
    assert what in TASKS, f"a task I do not know: {what}. It belongs into TASKS"
    return any(one.op == "do" and one.target == TASKS[what] for one in orders)


def _looked_for(heard: Heard, orders: list[Standing], what: str) -> bool:
    names = MEASURED.get(what, {what})
    looked: set[str] = set()
    for one in orders:
        if one.op == "measure":
            looked |= {one.target, *heard.program.artifact.panels.get(one.target, ())}
        if one.op == "do":
            looked.add(one.target)
    return bool(looked & names) or TASKS.get(what) in looked


def _asked_for(heard: Heard, orders: list[Standing], name: str) -> bool:
    if name == "concentration":  # a flow is refused for as long as nobody says of what strength
        return any(reason.kind == "unit" for _, verdict in heard.verdicts for reason in verdict.reasons)
    if name in ASKED_IN_WORDS:
        return any(one.op == "notify" and re.search(ASKED_IN_WORDS[name], one.target) for one in orders)
    name = INPUTS.get(name, name)
    needed = {need.name for pending in heard.content.pending for need in pending.needs}
    return name in needed or _looked_for(heard, orders, name)


def _classified(as_: str, content: Content) -> bool:
    if not as_.startswith("response:"):
        return OUTCOMES.get(as_, as_) in content.outcomes
    said = dict(part.strip().split() for part in as_.removeprefix("response:").split(","))
    return all((VECTOR[part] in content.outcomes) == (word == "yes") for part, word in said.items())


def _alerted(code: str, heard: Heard, orders: list[Standing]) -> bool:
    if code in LATE:
        about = {LATE[code], *heard.program.artifact.panels.get(LATE[code], ())}
        return any(one.mark == "late" and one.target in about for one in orders)
    if code in UNIT_PROBLEMS:
        kind = UNIT_PROBLEMS[code]
        return any(reason.kind == kind for _, verdict in heard.verdicts for reason in verdict.reasons)
    if code in OFF_RANGE and any(
        proposal["drug"] == OFF_RANGE[code] and reason.kind in ("usual", "maximum")
        for proposal, verdict in heard.verdicts
        for reason in verdict.reasons
    ):
        return True
    known = sorted({*CODES, *LATE, *UNIT_PROBLEMS, *OFF_RANGE})
    assert code in known, f"an alert I do not know: {code}. It belongs into alerts.py, beside its words"
    return code in CODES and any(one.op == "notify" and re.search(CODES[code], one.target) for one in orders)
