"""What is charted of one patient now, and as much of the past as that needs: inputs, drugs, courses.

A number of an input is kept as a whole number, `raw`, at a scale of its own: `InputSpec.scale` raw units to
a coherent one, fine enough for every unit in which the input may be charted. Only what is supposed or counted
may be a `Fraction` at that scale.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from rung_engine.artifact import model as m
from rung_engine.decision.view import DrugState, InputState, Stored, Why
from rung_engine.event import Charted, Dose, Infusion, Reading
from rung_engine.frozen import frozen
from rung_engine.program import Dims, Program
from rung_engine.reference.history import LONG_AGO, Row, infusion_row, same_rate
from rung_engine.session.amounts import Sums, add_dose, joined, seen

if TYPE_CHECKING:
    from rung_engine.session.patient import Patient

NEVER = 10**18
"""Later than every instant."""
BOUNDLESS = 10**60
"""Larger than every raw reading."""

Raw = int | Fraction | bool | str | frozenset[str]

_REFUSED = frozenset({"implausible", "contested", "unit"})


def scaled(raw: Raw, scale: int) -> Fraction | None:
    """A raw number in coherent units; None for what is no number."""
    if isinstance(raw, bool) or not isinstance(raw, int | Fraction):
        return None
    return Fraction(raw) / scale


# ---------------------------------------------------------------- inputs


@frozen
class InputSpec:
    """What the artifact says of one input, made ready."""

    name: str
    decl: m.InputDecl
    scale: int
    convert: Mapping[str, tuple[int, int]]
    """By unit: a millionth of it is `k` raw units, and its zero stands at `o`."""
    low: int
    high: int
    """The plausible raw readings, both included."""
    counts: int | None
    """The index of the drug whose doses it counts."""
    dims: Dims

    @staticmethod
    def of(program: Program, name: str, drugs: list[str]) -> InputSpec:
        decl = program.artifact.inputs[name]
        lines: dict[str, tuple[Fraction, Fraction]] = {}
        scale = 1
        if decl.kind == "quantity":
            assert decl.unit is not None
            for unit in (decl.unit, *(also.unit for also in decl.also_in), *decl.accepts):
                line = program.charted_in(name, unit)
                if line is not None:
                    lines[unit] = line
            scale = math.lcm(*(part.denominator for parts in lines.values() for part in parts))
        limits = program.plausible.get(name) if decl.kind == "quantity" else None
        least = math.ceil(limits[0] * scale) if limits is not None else -BOUNDLESS
        return InputSpec(
            name=name,
            decl=decl,
            scale=scale,
            convert={unit: (int(k * scale), int(o * scale)) for unit, (k, o) in lines.items()},
            low=max(least, 1) if decl.dosing else least,
            high=math.floor(limits[1] * scale) if limits is not None else BOUNDLESS,
            counts=drugs.index(decl.counts) if decl.counts is not None else None,
            dims=program.units[decl.unit].dims if decl.unit is not None else (),
        )

    def raw(self, reading: Reading) -> tuple[Raw | None, Why]:
        """What one reading says, or why it is refused."""
        value = reading.value
        decl = self.decl
        match decl.kind:
            case "quantity":
                line = self.convert.get(value.unit) if isinstance(value, Charted) else None
                if line is None or not isinstance(value, Charted):
                    return None, "unit"
                number = value.millionths * line[0] + line[1]
                return (number, "") if self.low <= number <= self.high else (None, "implausible")
            case "flag":
                return (value, "") if isinstance(value, bool) else (None, "unit")
            case "one_of":
                return (value, "") if isinstance(value, str) and value in decl.values else (None, "unit")
            case "any_of":
                held = frozenset({value}) if isinstance(value, str) else value
                if isinstance(held, frozenset) and held <= set(decl.values):
                    return held, ""
                return None, "unit"
            case "graded":
                if isinstance(value, str) and value in decl.values:
                    return decl.values.index(value), ""
                return None, "unit"


class InputPast(NamedTuple):
    """What earlier readings leave behind."""

    last: int | None = None
    values: tuple[Raw, ...] = ()
    bad: int | None = None
    bad_why: Why = ""
    first: int | None = None
    distinct: tuple[Raw, ...] = ()
    """Of a fixed input: one value, or two that contradict each other."""
    highest: int | None = None


class InputCell:
    """One input. `raw` and `why` are what holds now; `now` the readings accepted at the present instant."""

    __slots__ = (
        "after", "base", "group", "now", "own", "own_time", "raw", "shown", "since", "spec", "time", "until",
        "why",
    )  # fmt: skip

    def __init__(self, spec: InputSpec) -> None:
        self.spec = spec
        self.base = self.after = InputPast()
        self.group: list[Reading] = []
        self.now: tuple[Raw, ...] = ()
        self.own: Raw | None = None
        """From the readings alone; `raw` adds what is counted."""
        self.own_time: int | None = None
        self.raw: Raw | None = None
        self.why: Why = "never"
        self.time: int | None = None
        self.until = NEVER
        self.shown: tuple[Raw | None, InputState] | None = None
        """The latest answer of `state`, and the reading it was made from."""
        self.since: Sums = {}
        """Of a counted input: the doses after the reading in force, before the present instant."""

    def copy(self) -> InputCell:
        other = InputCell(self.spec)
        for slot in self.__slots__:
            setattr(other, slot, getattr(self, slot))
        other.group = list(self.group)
        return other

    def refresh(self, patient: Patient) -> None:
        """Works out what holds at the patient's instant."""
        t = patient.time
        past = self.base
        self.now = ()
        if self.group:
            past = self._with_group(t)
        self.after = past
        decl = self.spec.decl
        self.until = NEVER
        self.own, self.why, self.own_time = None, "", past.last
        if past.bad is not None and (past.last is None or past.bad > past.last):
            self.why, self.own_time = past.bad_why, past.bad
        elif past.last is None:
            self.why = "never"
        elif decl.fixed:
            if len(past.distinct) > 1:
                self.why = "contested"
            else:
                self.own, self.own_time = past.distinct[0], past.first
        elif len(past.values) > 1:
            self.why = "contested"
        elif decl.valid_for is not None and t > past.last + decl.valid_for:
            self.why = "stale"
        else:
            self.own = past.values[0]
            if decl.valid_for is not None:
                self.until = past.last + decl.valid_for
        self.raw, self.time = self.own, self.own_time
        if self.spec.counts is not None:
            self._count(patient, patient.drugs[self.spec.counts])

    def _with_group(self, t: int) -> InputPast:
        past = self.base
        bad_why: Why = ""
        if len(self.group) == 1 and not self.spec.decl.cumulative and not self.spec.decl.fixed:
            only, bad_why = self.spec.raw(self.group[0])
            if only is None:
                return past._replace(bad=t, bad_why=bad_why)
            self.now = (only,)
            return InputPast(t, self.now, past.bad, past.bad_why, t if past.first is None else past.first)
        values: list[Raw] = []
        self.group.sort(key=lambda reading: reading.id)
        for reading in self.group:
            raw, why = self.spec.raw(reading)
            if self.spec.decl.cumulative and not why and past.highest is not None:
                assert isinstance(raw, int)
                why = "implausible" if raw < past.highest else ""
            if why:
                bad_why = why
            elif raw is not None and raw not in values:
                values.append(raw)
        if not values:
            return past._replace(bad=t, bad_why=bad_why)
        self.now = tuple(values)
        highest = past.highest
        if self.spec.decl.cumulative:
            highest = max(value for value in (*values, highest) if isinstance(value, int))
        distinct = past.distinct
        if self.spec.decl.fixed and len(distinct) < 2:
            distinct = (*distinct, *(value for value in values if value not in distinct))
        first = t if past.first is None else past.first
        return InputPast(t, self.now, past.bad, past.bad_why, first, distinct, highest)

    def _count(self, patient: Patient, drug: DrugCell) -> None:
        if self.why in _REFUSED:
            return
        if self.own is None and not drug.dosed() and not patient.silent():
            self.raw, self.why, self.time = None, "never", None
            return
        if self.own is None:
            sums = joined(drug.given, drug.given_now)
        elif self.own_time == patient.time:
            sums = {}
        else:
            sums = joined(self.since, drug.given_now)
        total = seen(sums, self.spec.dims, patient.weight)
        if total is None:
            self.raw, self.why, self.time = None, "unit", drug.last_dose()
            return
        base = self.own if isinstance(self.own, int | Fraction) else 0
        self.raw, self.why = base + total * self.spec.scale, ""

    def commit(self, patient: Patient) -> None:
        if self.spec.counts is not None:
            if self.own is not None and self.own_time == patient.time:
                self.since = {}
            else:
                self.since = joined(self.since, patient.drugs[self.spec.counts].given_now)
        self.base = self.after
        self.group = []
        self.now = ()

    def state(self) -> InputState:
        raw, known = self.raw, self.shown
        if known is not None and known[0] is raw and known[1].why == self.why and known[1].time == self.time:
            return known[1]
        value: Stored | None
        value = (
            raw if raw is None or isinstance(raw, bool | str | frozenset) else scaled(raw, self.spec.scale)
        )
        state = InputState(value, self.why, self.time)
        self.shown = (raw, state)
        return state

    def visible(self) -> object:
        """What a decision can see of the input besides its value."""
        return (self.why, self.time) if self.why in _REFUSED else self.why


# ---------------------------------------------------------------- drugs


class DrugPast(NamedTuple):
    """What earlier rows and doses leave behind."""

    row: Row | None = None
    last_dose: int | None = None
    end: int | None = None
    """Of a bolus drug that still lasts: when the last dose ends."""
    known_on: bool = False
    changed: int | None = None
    last_start: int | None = None


class DrugCell:
    """One drug. `charted` is its state as charted; `state` may be a supposed one."""

    __slots__ = (
        "after", "base", "charted", "decl", "doses", "given", "given_began", "given_now", "name", "rows",
        "started", "state", "stopped", "until",
    )  # fmt: skip

    def __init__(self, name: str, decl: m.DrugDecl) -> None:
        self.name = name
        self.decl = decl
        self.base = self.after = DrugPast()
        self.rows: list[Infusion] = []
        self.doses: list[Dose] = []
        self.charted = self.state = DrugState(None, None, "never")
        self.started = self.stopped = False
        self.until = NEVER
        """The last instant at which the state holds with no new fact."""
        self.given: Sums = {}
        """All doses before the present instant."""
        self.given_began: Sums = {}
        """Those since the session began."""
        self.given_now: Sums = {}

    def copy(self) -> DrugCell:
        other = DrugCell(self.name, self.decl)
        for slot in self.__slots__:
            setattr(other, slot, getattr(self, slot))
        other.rows, other.doses = list(self.rows), list(self.doses)
        return other

    def dosed(self) -> bool:
        return self.after.last_dose is not None

    def last_dose(self) -> int | None:
        return self.after.last_dose

    def refresh(self, patient: Patient) -> None:
        """Works out the state at the patient's instant; the weight must be settled."""
        t = patient.time
        self.started = self.stopped = False
        self.given_now = {}
        for dose in self.doses:
            amount = patient.program.charted(self.name, dose.amount) if dose.amount is not None else None
            add_dose(self.given_now, amount)
        past = self.base
        if self.rows:
            past = self._with_row(patient, past)
        if self.doses:
            past = past._replace(last_dose=t)
        if self.decl.form == "bolus":
            past = self._lasting(past, t)
        self.after = past
        self.charted, self.until = self._state(patient, past, t)
        if past.end is not None:
            self.until = min(self.until, past.end - 1)
        self.state = self.charted

    def _with_row(self, patient: Patient, past: DrugPast) -> DrugPast:
        t = patient.time
        row = infusion_row(patient.program, self.name, t, self.rows)
        before = past.row
        if before is None:
            changed = row.on is not False
        elif row.on != before.on or row.why == "contested":
            changed = True
        elif row.on is False:
            changed = False
        else:
            changed = not same_rate(before.rate, row.rate, patient.weight)
        infusion = self.decl.form == "infusion"
        self.started = infusion and row.on is True and not past.known_on
        self.stopped = infusion and row.on is False and past.known_on
        return past._replace(
            row=row,
            changed=t if changed else past.changed,
            known_on=past.known_on if row.on is None else row.on,
            last_start=t if self.started else past.last_start,
        )

    def _lasting(self, past: DrugPast, t: int) -> DrugPast:
        """Starts and stops of a bolus drug, by its doses and how long each lasts."""
        lasts = self.decl.lasts
        if self.doses:
            # A dose at the very end of the one before it leaves no instant without.
            if past.end is None:
                self.started = True
                past = past._replace(last_start=t)
            return past._replace(end=None if lasts is None else t + lasts)
        if past.end is not None and past.end <= t:
            self.stopped = True
            return past._replace(end=None)
        return past

    def _state(self, patient: Patient, past: DrugPast, t: int) -> tuple[DrugState, int]:
        lasts, valid = self.decl.lasts, self.decl.valid_for
        dose, row = past.last_dose, past.row
        if lasts is not None and dose is not None and t - dose < lasts:
            return DrugState(True, None, "", dose), dose + lasts - 1
        bolus = dose is not None and self.decl.form == "bolus"
        if row is None:
            if patient.silent():
                return DrugState(False, None, "", None, by_silence=not bolus), NEVER
            if bolus:
                return DrugState(False, None, "", dose), NEVER
            return DrugState(None, None, "never"), NEVER
        if row.on is None:
            return DrugState(None, None, "contested", row.time), NEVER
        if not row.on:
            return DrugState(False, None, "", row.time), NEVER
        if valid is not None and t > row.time + valid:
            return DrugState(None, None, "stale", row.time), NEVER
        why: Why = row.why  # type: ignore[assignment]
        return DrugState(True, row.rate, why, row.time), NEVER if valid is None else row.time + valid

    def commit(self, patient: Patient, began: int | None) -> None:
        if self.given_now:
            self.given = joined(self.given, self.given_now)
            self.given_began = joined(self.given_began, self.given_now)
        if began == patient.time:
            self.given_began = self.given_now
        self.base = self.after
        if self.rows:
            self.rows = []
        if self.doses:
            self.doses = []
        self.given_now = {}
        self.started = self.stopped = False

    def visible(self) -> object:
        """What a decision can see of the drug's state."""
        state = self.charted
        return (
            state.running,
            state.rate,
            state.why,
            state.by_silence,
            state.time if state.why in _REFUSED else None,
        )


# ---------------------------------------------------------------- courses


CoursePast = tuple[int | None, frozenset[int], int]
"""When the latest course began, the drugs that are on, when the last of them was known to stop."""


class CourseCell:
    """The present, or else the latest, course: when it began, which drugs are on, when the last ended."""

    __slots__ = ("after", "base", "decl", "drugs")

    def __init__(self, decl: m.CourseDecl, drugs: tuple[int, ...]) -> None:
        self.decl = decl
        self.drugs = drugs
        self.base: CoursePast = (None, frozenset(), LONG_AGO)
        self.after: CoursePast = self.base

    def copy(self) -> CourseCell:
        other = CourseCell(self.decl, self.drugs)
        other.base, other.after = self.base, self.after
        return other

    def refresh(self, patient: Patient) -> None:
        """Stops come before starts of the same instant."""
        begin, on, end = self.base
        t = patient.time
        cells = patient.drugs
        stopped = [index for index in self.drugs if cells[index].stopped and index in on]
        if stopped:
            on, end = on.difference(stopped), t
        for index in self.drugs:
            if not cells[index].started:
                continue
            if begin is None or not (on or t - end < max(self.decl.ends_after, 1)):
                begin = t
            decl = cells[index].decl
            if decl.form == "bolus" and not decl.lasts:
                end = t
            else:
                on = on | {index}
        self.after = (begin, on, end)

    def began(self, t: int) -> int | None:
        """When the course that is on now began; None where none is on."""
        begin, on, end = self.after
        return begin if begin is not None and (on or t - end < self.decl.ends_after) else None

    def ends(self, t: int) -> int:
        """The instant at which the course ends by itself."""
        begin, on, end = self.after
        return (
            end + self.decl.ends_after
            if begin is not None and not on and t - end < self.decl.ends_after
            else NEVER
        )
