"""What a session remembers of one patient: the chart, the windows and the past of conditions.

Every monitor holds what was so strictly before the present instant and combines it with what is so now. The
present instant can therefore be judged again when another fact of the same stamp arrives, and judged under a
supposition. `commit` moves the present into the past. Times are whole milliseconds.

A number of an input is kept as a whole number, `raw`, at a scale of its own (`InputSpec.scale` to one coherent
unit), fine enough for every unit in which the input may be charted. Only a supposed or a counted value may be a
`Fraction` at that scale.
"""

from __future__ import annotations

import bisect
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, NamedTuple

from rung_engine.artifact import model as m
from rung_engine.decision.view import DrugState, Hypothesis, InputState, Stored, Why
from rung_engine.event import Charted, Done, Dose, Fact, Happened, Infusion, NoOtherInfusions, Reading
from rung_engine.program import Amount, Dims, Program
from rung_engine.reference.history import LONG_AGO, UNKNOWN, Row, infusion_row, same_rate
from rung_engine.reference.line import Line
from rung_engine.truth import Truth

NEVER = 10**18
"""Later than every instant."""
BOUNDLESS = 10**60
"""Larger than every raw reading."""

Raw = int | Fraction | bool | str | frozenset[str]
Sums = dict[Dims, Fraction]
"""Amounts added up by their dimensions; those of unknown amount are counted under `UNKNOWN`."""

_REFUSED = frozenset({"implausible", "contested", "unit"})


def scaled(raw: Raw, scale: int) -> Fraction | None:
    """A raw number in coherent units; None for what is no number."""
    if isinstance(raw, bool) or not isinstance(raw, int | Fraction):
        return None
    return Fraction(raw) / scale


# ---------------------------------------------------------------- sums of amounts


def add_dose(sums: Sums, amount: Amount | None) -> None:
    """Adds one dose; None for one of unknown amount."""
    dims = UNKNOWN if amount is None else amount.dims
    sums[dims] = sums.get(dims, Fraction(0)) + (Fraction(1) if amount is None else amount.value)


def joined(a: Mapping[Dims, Fraction], b: Mapping[Dims, Fraction]) -> Sums:
    found = dict(a)
    for dims, value in b.items():
        found[dims] = found.get(dims, Fraction(0)) + value
    return found


def less(a: Mapping[Dims, Fraction], b: Mapping[Dims, Fraction]) -> Sums:
    return {dims: value - b.get(dims, Fraction(0)) for dims, value in a.items()}


def seen(sums: Mapping[Dims, Fraction], dims: Dims, weight: Fraction | None) -> Fraction | None:
    """The whole sum in one set of dimensions; None where a part that is not 0 cannot be seen in it."""
    total = Fraction(0)
    for own, part in sums.items():
        if part == 0:
            continue
        one = Amount(part, own).seen_in(dims, weight) if own != UNKNOWN else None
        if one is None:
            return None
        total += one
    return total


# ---------------------------------------------------------------- inputs


@dataclass(frozen=True, slots=True)
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
                zero, one = program.reading(name, Charted(0, unit)), program.reading(name, Charted(1, unit))
                if zero is not None and one is not None:
                    lines[unit] = (one - zero, zero)
            scale = math.lcm(*(part.denominator for line in lines.values() for part in line))
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
        "after", "base", "group", "now", "own", "own_time", "raw", "since", "spec", "time", "until", "why",
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
        self.since: Sums = {}
        """Of a counted input: the doses after the reading in force, before the present instant."""

    def copy(self) -> InputCell:
        other = InputCell(self.spec)
        for slot in self.__slots__:
            setattr(other, slot, getattr(self, slot))
        other.group = list(self.group)
        other.since = dict(self.since)
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
        raw = self.raw
        value: Stored | None
        if raw is None or isinstance(raw, bool | str | frozenset):
            value = raw
        else:
            value = scaled(raw, self.spec.scale)
        return InputState(value, self.why, self.time)

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


# ---------------------------------------------------------------- windows over readings


class Knowledge:
    """Until when an input was last unknown, before the present instant."""

    __slots__ = ("cell", "known", "until")

    def __init__(self, cell: int) -> None:
        self.cell = cell
        self.known = False
        self.until = LONG_AGO

    def copy(self) -> Knowledge:
        other = Knowledge(self.cell)
        other.known, other.until = self.known, self.until
        return other

    def unknown_until(self, t: int) -> int:
        return self.until if self.known else t - 1

    def commit(self, patient: Patient) -> None:
        known = not patient.inputs[self.cell].why
        if known and not self.known:
            self.until = patient.time - 1
        self.known = known


class SteadyRun:
    """The run of consecutive readings that all meet a fixed comparison."""

    __slots__ = ("apart", "cell", "count", "latest", "n", "start", "test")

    def __init__(self, cell: int, n: int, apart: int, test: Callable[[Raw], bool]) -> None:
        self.cell, self.n, self.apart, self.test = cell, n, apart, test
        self.count, self.start, self.latest = 0, 0, 0

    def copy(self) -> SteadyRun:
        other = SteadyRun(self.cell, self.n, self.apart, self.test)
        other.count, other.start, other.latest = self.count, self.start, self.latest
        return other

    def _run(self, patient: Patient) -> tuple[int, int, int]:
        now = patient.inputs[self.cell].now
        if not now:
            return self.count, self.start, self.latest
        if not all(self.test(raw) for raw in now):
            return 0, 0, 0
        t = patient.time
        return self.count + 1, self.start if self.count else t, t

    def truth(self, patient: Patient) -> Truth:
        if patient.inputs[self.cell].why:
            return None
        count, start, latest = self._run(patient)
        return count >= self.n and latest - start >= self.apart

    def commit(self, patient: Patient) -> None:
        self.count, self.start, self.latest = self._run(patient)


class MovingRun:
    """The same against a bound that moves: the fewest latest readings that could make the run."""

    __slots__ = ("apart", "cell", "kept", "n")

    def __init__(self, cell: int, n: int, apart: int) -> None:
        self.cell, self.n, self.apart = cell, n, apart
        self.kept: deque[tuple[int, tuple[Raw, ...]]] = deque()

    def copy(self) -> MovingRun:
        other = MovingRun(self.cell, self.n, self.apart)
        other.kept = self.kept.copy()
        return other

    def truth(self, patient: Patient, test: Callable[[Raw], bool] | None) -> Truth:
        """`test` None: the bound is unknown."""
        cell = patient.inputs[self.cell]
        if cell.why or test is None:
            return None
        groups = [*self.kept, *([(patient.time, cell.now)] if cell.now else [])]
        count, latest = 0, groups[-1][0] if groups else 0
        for time, values in reversed(groups):
            if not all(test(raw) for raw in values):
                return False
            count += 1
            if count >= self.n and latest - time >= self.apart:
                return True
        return False

    def commit(self, patient: Patient) -> None:
        now = patient.inputs[self.cell].now
        if not now:
            return
        kept, t = self.kept, patient.time
        kept.append((t, now))
        while len(kept) > self.n and t - kept[1][0] >= self.apart:
            kept.popleft()


class Groups:
    """The readings of one input stamped in the window that ends now."""

    __slots__ = ("cell", "kept", "length")

    def __init__(self, cell: int, length: int) -> None:
        self.cell, self.length = cell, length
        self.kept: deque[tuple[int, tuple[Raw, ...]]] = deque()

    def copy(self) -> Groups:
        other = Groups(self.cell, self.length)
        other.kept = self.kept.copy()
        return other

    def oldest(self, patient: Patient) -> Raw | None:
        """The oldest reading in the window, where another one follows it and it is not contested."""
        kept = self.kept
        start = patient.time - self.length
        while kept and kept[0][0] < start:
            kept.popleft()
        if not kept:
            return None
        patient.wake = min(patient.wake, kept[0][0] + self.length + 1)
        if len(kept) < 2 and not patient.inputs[self.cell].now:
            return None
        values = kept[0][1]
        return values[0] if len(values) == 1 else None

    def commit(self, patient: Patient) -> None:
        now = patient.inputs[self.cell].now
        if now:
            self.kept.append((patient.time, now))


How = Literal["lowest", "highest", "mean"]


Found = tuple[int | Fraction, int, bool]
"""The extreme, or the sum and how many it is of; and whether the input was known all the time."""


def _number(values: tuple[Raw, ...]) -> int | Fraction | None:
    """The one number read at an instant; None where nothing was, or contradicting readings were."""
    if len(values) != 1 or isinstance(values[0], bool) or not isinstance(values[0], int | Fraction):
        return None
    return values[0]


class ExtremeOver:
    """The lowest, highest or mean reading of the window that ends now."""

    __slots__ = ("cell", "count", "how", "kept", "knowledge", "length", "total")

    def __init__(self, cell: int, how: How, length: int, knowledge: int) -> None:
        self.cell, self.how, self.length, self.knowledge = cell, how, length, knowledge
        self.kept: deque[tuple[int, int | Fraction, int]] = deque()
        """(time, number, how many): in rising order for `lowest`, falling for `highest`."""
        self.total: int | Fraction = 0
        self.count = 0

    def copy(self) -> ExtremeOver:
        other = ExtremeOver(self.cell, self.how, self.length, self.knowledge)
        other.kept, other.total, other.count = self.kept.copy(), self.total, self.count
        return other

    def found(self, patient: Patient) -> Found | None:
        t = patient.time
        start = t - self.length
        kept = self.kept
        while kept and kept[0][0] < start:
            _, number, many = kept.popleft()
            self.total -= number
            self.count -= many
        cell = patient.inputs[self.cell]
        unknown = patient.knowledge[self.knowledge].unknown_until(t)
        if kept:
            patient.wake = min(patient.wake, kept[0][0] + self.length + 1)
        if cell.now:
            patient.wake = min(patient.wake, t + self.length + 1)
        if unknown >= start and not cell.why:
            patient.wake = min(patient.wake, unknown + self.length + 1)
        known = not cell.why and unknown < start
        now = _number(cell.now)
        if self.how == "mean":
            count = self.count + (now is not None)
            return (self.total + (now or 0), count, known) if count else None
        if not kept:
            return None if now is None else (now, 1, known)
        best = kept[0][1]
        if now is not None and (now < best if self.how == "lowest" else now > best):
            best = now
        return best, 1, known

    def commit(self, patient: Patient) -> None:
        now = _number(patient.inputs[self.cell].now)
        if now is None:
            return
        t, kept = patient.time, self.kept
        if self.how == "mean":
            kept.append((t, now, 1))
            self.total += now
            self.count += 1
            return
        while kept and (kept[-1][1] >= now if self.how == "lowest" else kept[-1][1] <= now):
            kept.pop()
        kept.append((t, now, 0))


class ExtremeSince:
    """The lowest, highest and mean reading since a moment."""

    __slots__ = ("anchor", "cell", "count", "high", "knowledge", "low", "total")

    def __init__(self, cell: int, anchor: int, knowledge: int) -> None:
        self.cell, self.anchor, self.knowledge = cell, anchor, knowledge
        self.low: int | Fraction | None = None
        self.high: int | Fraction | None = None
        self.total: int | Fraction = 0
        self.count = 0

    def copy(self) -> ExtremeSince:
        other = ExtremeSince(self.cell, self.anchor, self.knowledge)
        other.low, other.high, other.total, other.count = self.low, self.high, self.total, self.count
        return other

    def found(self, patient: Patient, how: How, moment: int) -> Found | None:
        cell = patient.inputs[self.cell]
        now = _number(cell.now)
        fresh = moment == patient.time
        known = not cell.why and patient.knowledge[self.knowledge].unknown_until(patient.time) < moment
        if how == "mean":
            count = (now is not None) + (0 if fresh else self.count)
            return ((now or 0) + (0 if fresh else self.total), count, known) if count else None
        before = None if fresh else self.low if how == "lowest" else self.high
        edge = [raw for raw in (now, before) if raw is not None]
        return (min(edge) if how == "lowest" else max(edge), 1, known) if edge else None

    def commit(self, patient: Patient, moment: int | None) -> None:
        if moment == patient.time:
            self.low = self.high = None
            self.total = self.count = 0
        now = _number(patient.inputs[self.cell].now)
        if now is not None:
            self.low = now if self.low is None else min(self.low, now)
            self.high = now if self.high is None else max(self.high, now)
            self.total += now
            self.count += 1


class Capture:
    """The value of an input at a moment, or at the beginning of a course."""

    __slots__ = ("cell", "of", "raw")

    def __init__(self, cell: int, of: int) -> None:
        self.cell, self.of = cell, of
        self.raw: Raw | None = None

    def copy(self) -> Capture:
        other = Capture(self.cell, self.of)
        other.raw = self.raw
        return other

    def value(self, patient: Patient, moment: int) -> Raw | None:
        return patient.inputs[self.cell].raw if moment == patient.time else self.raw

    def commit(self, patient: Patient, moment: int | None) -> None:
        if moment == patient.time:
            self.raw = patient.inputs[self.cell].raw


# ---------------------------------------------------------------- amounts given


@dataclass(frozen=True, slots=True)
class Segment:
    """From `start` on the drug's state was this; before it `sums` had been given (rates by milliseconds)."""

    start: int
    state: DrugState
    sums: Sums
    unknown: int
    """Milliseconds at which the rate was unknown, before `start`."""


@dataclass(slots=True)
class Given:
    """What had been given up to some instant."""

    rates: Sums = field(default_factory=dict)
    unknown: int = 0
    doses: Sums = field(default_factory=dict)


class Flow:
    """The amounts of one drug over time, for totals."""

    __slots__ = ("bases", "doses", "drug", "longest", "segments")

    def __init__(self, drug: int, longest: int, anchors: Iterable[int]) -> None:
        self.drug, self.longest = drug, longest
        self.segments = [Segment(LONG_AGO, DrugState(None, None, "never"), {}, 0)]
        self.doses: list[tuple[int, Sums]] = []
        """(time, all that had been given as doses up to and with it)."""
        self.bases: dict[int, Given] = {anchor: Given() for anchor in anchors}
        """By anchor: what had been given before its moment."""

    def copy(self) -> Flow:
        other = Flow(self.drug, self.longest, ())
        other.segments, other.doses, other.bases = list(self.segments), list(self.doses), dict(self.bases)
        return other

    @staticmethod
    def _through(segment: Segment, end: int) -> tuple[Sums, int]:
        """Given through the millisecond `end` of the segment."""
        state, length = segment.state, end - segment.start + 1
        if state.running is None or (state.running and state.rate is None):
            return segment.sums, segment.unknown + length
        if state.rate is None:
            return segment.sums, segment.unknown
        sums = dict(segment.sums)
        sums[state.rate.dims] = sums.get(state.rate.dims, Fraction(0)) + state.rate.value * length
        return sums, segment.unknown

    def _at(self, time: int) -> Segment:
        place = bisect.bisect_right(self.segments, time, key=lambda segment: segment.start)
        return self.segments[max(place - 1, 0)]

    def _dosed(self, time: int) -> Sums:
        place = bisect.bisect_right(self.doses, time, key=lambda item: item[0])
        return self.doses[place - 1][1] if place else {}

    def up_to(self, patient: Patient, time: int) -> Given:
        """Through the millisecond `time`, which is not later than the present one."""
        cell = patient.drugs[self.drug]
        t = patient.time
        if time < t:
            return Given(*self._through(self._at(time), time), self._dosed(time))
        before = Given(*self._through(self.segments[-1], t - 1), self._dosed(t))
        rates, unknown = self._through(Segment(t, cell.charted, before.rates, before.unknown), t)
        return Given(rates, unknown, joined(before.doses, cell.given_now))

    def number(self, patient: Patient, dims: Dims, before: Given, length: int | None) -> Line | None:
        """The total since `before`, in `dims`; `length`: of the window that ends now, None where it grows."""
        cell = patient.drugs[self.drug]
        t, weight = patient.time, patient.weight
        given = self.up_to(patient, t)
        if length is not None:
            self._wake(patient, length)
        dosed = seen(less(given.doses, before.doses), dims, weight)
        if dosed is None:
            return None
        if cell.decl.form == "bolus":
            return Line.exact(dosed) if cell.dosed() or patient.silent() else None
        if given.unknown > before.unknown:
            return None
        per_time = tuple(sorted({**dict(dims), "time": dict(dims).get("time", 0) - 1}.items()))
        total = seen(less(given.rates, before.rates), per_time, weight)
        if total is None:
            return None
        now = self._rate(cell.charted, per_time, weight)
        first = None if length is None else t - length + 1
        leaving = None if first is None else cell.charted if first >= t else self._at(first).state
        gone = Fraction(0) if leaving is None else self._rate(leaving, per_time, weight)
        return None if gone is None or now is None else Line.exact(dosed + total, now - gone)

    @staticmethod
    def _rate(state: DrugState, per_time: Dims, weight: Fraction | None) -> Fraction | None:
        if state.running is False:
            return Fraction(0)
        return None if state.running is None or state.rate is None else state.rate.seen_in(per_time, weight)

    def _wake(self, patient: Patient, length: int) -> None:
        """When the rate that leaves the window changes, and when a dose leaves it."""
        t = patient.time
        place = bisect.bisect_right(self.segments, t - length + 1, key=lambda segment: segment.start)
        if place < len(self.segments) or self._changes(patient):
            change = self.segments[place].start if place < len(self.segments) else t
            if change + length - 1 > t:
                patient.wake = min(patient.wake, change + length - 1)
        place = bisect.bisect_right(self.doses, t - length, key=lambda item: item[0])
        if place < len(self.doses) or patient.drugs[self.drug].given_now:
            dose = self.doses[place][0] if place < len(self.doses) else t
            patient.wake = min(patient.wake, dose + length)

    def _changes(self, patient: Patient) -> bool:
        """The drug's state is another one from the present instant on."""
        now, last = patient.drugs[self.drug].charted, self.segments[-1].state
        return now.running is not last.running or now.rate != last.rate

    def over(self, patient: Patient, length: int, dims: Dims) -> Line | None:
        return self.number(patient, dims, self.up_to(patient, patient.time - length), length)

    def since(self, patient: Patient, anchor: int, moment: int, dims: Dims) -> Line | None:
        fresh = moment == patient.time
        before = self.up_to(patient, moment - 1) if fresh else self.bases[anchor]
        return self.number(patient, dims, before, None)

    def commit(self, patient: Patient, moments: tuple[int | None, ...]) -> None:
        t = patient.time
        for anchor in self.bases:
            if moments[anchor] == t:
                self.bases[anchor] = self.up_to(patient, t - 1)
        cell = patient.drugs[self.drug]
        if self._changes(patient):
            self.segments.append(Segment(t, cell.charted, *self._through(self.segments[-1], t - 1)))
        if cell.given_now:
            self.doses.append((t, joined(self._dosed(t), cell.given_now)))
        keep = t - self.longest
        if len(self.segments) > 8 and self.segments[len(self.segments) // 2].start <= keep:
            del self.segments[: len(self.segments) // 2]
        if len(self.doses) > 8 and self.doses[len(self.doses) // 2][0] <= keep:
            del self.doses[: len(self.doses) // 2]


# ---------------------------------------------------------------- the past of conditions


class Past:
    """By monitored condition: its truth in force before the present instant, and when it last was otherwise."""

    __slots__ = ("bad", "false", "known_true", "last", "since", "true", "unknown")

    def __init__(self, last: list[Truth], gaps: int) -> None:
        self.last = last
        self.false = [LONG_AGO - 1] * len(last)
        self.unknown = [LONG_AGO - 1] * len(last)
        self.true = [LONG_AGO - 1] * len(last)
        """The last instant at which it was false, unknown, true, in runs that are over."""
        self.since = [LONG_AGO] * len(last)
        self.known_true = [False] * len(last)
        """The run before the present one was true."""
        self.bad = [LONG_AGO - 1] * gaps
        """By condition with gaps: the end of the last unknown run that no gap bridges."""

    def copy(self) -> Past:
        other = Past([], 0)
        for slot in self.__slots__:
            setattr(other, slot, list(getattr(self, slot)))
        return other

    def commit(self, t: int, place: int, truth: Truth, gaps: Iterable[tuple[int, int]]) -> None:
        """The condition became `truth` at `t`. `gaps`: (index into `bad`, longest gap) of those it has."""
        last = self.last[place]
        if last is None:
            for index, longest in gaps:
                if not (self.known_true[place] and truth is True and t - self.since[place] <= longest):
                    self.bad[index] = t - 1
            self.unknown[place] = t - 1
        elif last:
            self.true[place] = t - 1
        else:
            self.false[place] = t - 1
        self.known_true[place] = last is True
        self.last[place] = truth
        self.since[place] = t


# ---------------------------------------------------------------- the whole


class Patient:
    """All that is remembered, at one instant. `plan` says what is needed; see `compile.Plan`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.program = plan.program
        self.time = LONG_AGO
        self.wake = NEVER
        self.epoch = 0
        """Raised whenever something a decision can see besides conditions has changed."""
        self.silence_from: int | None = None
        self.weight: Fraction | None = None
        self.inputs = [InputCell(spec) for spec in plan.inputs]
        self.drugs = [DrugCell(name, self.program.artifact.drugs[name]) for name in plan.drugs]
        self.courses = [CourseCell(decl, drugs) for decl, drugs in plan.courses]
        self.values: list[Raw | None] = [None] * len(self.inputs)
        self.rates: list[tuple[int, int] | None] = [None] * len(plan.rates)
        self.event_now = [False] * len(plan.events)
        self.task_now = [False] * len(plan.tasks)
        self.task_last: list[int | None] = [None] * len(plan.tasks)
        self.anchors: tuple[int | None, ...] = (None,) * len(plan.anchors)
        self.past = Past([plan.empty_row[term] for term in plan.monitored], plan.gap_count)
        self.row = plan.empty_row
        self.knowledge = [Knowledge(cell) for cell in plan.knowledge]
        self.steady = [SteadyRun(*parts) for parts in plan.steady]
        self.moving = [MovingRun(*parts) for parts in plan.moving]
        self.groups = [Groups(*parts) for parts in plan.groups]
        self.extremes = [ExtremeOver(*parts) for parts in plan.extremes]
        self.extremes_since = [ExtremeSince(*parts) for parts in plan.extremes_since]
        self.captures = [Capture(*parts) for parts in plan.captures]
        self.course_captures = [Capture(*parts) for parts in plan.course_captures]
        self.flows = [Flow(*parts) for parts in plan.flows]
        self.signal_wake = NEVER
        """Not later than the first instant at which a reading or a rate expires."""
        self.touched_inputs: list[int] = []
        self.touched_drugs: list[int] = []
        self.counted = [index for index, spec in enumerate(plan.inputs) if spec.counts is not None]

    def copy(self) -> Patient:
        other = Patient.__new__(Patient)
        other.__dict__.update(self.__dict__)
        for name in (
            "inputs", "drugs", "courses", "knowledge", "steady", "moving", "groups", "extremes",
            "extremes_since", "captures", "course_captures", "flows",
        ):  # fmt: skip
            setattr(other, name, [part.copy() for part in getattr(self, name)])
        for name in (
            "values",
            "rates",
            "event_now",
            "task_now",
            "task_last",
            "touched_inputs",
            "touched_drugs",
        ):
            setattr(other, name, list(getattr(self, name)))
        other.past = self.past.copy()
        return other

    def silent(self) -> bool:
        return self.silence_from is not None and self.silence_from <= self.time

    def next_instant(self, wake: int) -> int:
        """The earlier of `wake` and the next expiry."""
        while self.signal_wake < wake:
            known = self.signal_wake
            self.settle_signal_wake()
            if self.signal_wake == known:
                return known
        return wake

    def move_to(self, time: int) -> None:
        """The next instant to judge; the one before must have been committed."""
        self.time = time
        if time >= self.signal_wake:
            self.expire()

    def supposing(self, hypothesis: Hypothesis) -> Patient:
        """A patient whose inputs and drugs are as supposed now; the past is shared, so nothing may be committed."""
        other = Patient.__new__(Patient)
        other.__dict__.update(self.__dict__)
        other.inputs, other.drugs = list(self.inputs), list(self.drugs)
        other.values, other.rates = list(self.values), list(self.rates)
        supposed: set[int] = set()
        for (kind, name), value in hypothesis.items():
            if kind == "input":
                place = self.plan.input_place[name]
                supposed.add(place)
                other.inputs[place] = cell = self.inputs[place].copy()
                cell.raw = value * cell.spec.scale if isinstance(value, Fraction) else value  # type: ignore[assignment]
                cell.why, cell.time, cell.now = "", self.time, (cell.raw,)  # type: ignore[assignment]
                other.values[place] = cell.raw
            else:
                place = self.plan.drug_place[name]
                other.drugs[place] = drug = self.drugs[place].copy()
                rate = value if isinstance(value, Amount) else None
                drug.state = DrugState(rate is not None, rate, "", self.time)
        weight = self.plan.weight
        if weight is not None and weight in supposed:
            raw = other.inputs[weight].raw
            other.weight = scaled(raw, other.inputs[weight].spec.scale) if raw is not None else None
            for index in self.counted:
                if index not in supposed:
                    other.inputs[index] = cell = self.inputs[index].copy()
                    cell.refresh(other)
                    other.values[index] = cell.raw
        other.refresh_rates()
        return other

    # -- the present instant

    def refresh_input(self, index: int) -> None:
        """Works out one input anew; what depends on the weight follows it."""
        cell = self.inputs[index]
        before = cell.visible()
        cell.refresh(self)
        self.values[index] = cell.raw
        if cell.until < self.signal_wake:
            self.signal_wake = cell.until + 1
        if cell.visible() != before:
            self.epoch += 1
        if index == self.plan.weight:
            weight = scaled(cell.raw, cell.spec.scale) if cell.raw is not None else None
            if weight != self.weight:
                self.weight = weight
                self.epoch += 1
                self.refresh_rates()
                for drug in self.touched_drugs:
                    self.drugs[drug].refresh(self)
                for other in self.counted:
                    self.refresh_input(other)

    def refresh_drug(self, index: int) -> None:
        cell = self.drugs[index]
        before = cell.visible()
        cell.refresh(self)
        if cell.until < self.signal_wake:
            self.signal_wake = cell.until + 1
        if cell.visible() != before:
            self.epoch += 1
        self.refresh_rates()
        for course in self.courses:
            if index in course.drugs:
                course.refresh(self)
        for other in self.counted:
            if self.plan.inputs[other].counts == index:
                self.refresh_input(other)

    def refresh_rates(self) -> None:
        for place, (drug, dims) in enumerate(self.plan.rates):
            state = self.drugs[drug].state
            if state.running is False:
                self.rates[place] = (0, 1)
                continue
            rate = state.rate.seen_in(dims, self.weight) if state.running and state.rate is not None else None
            self.rates[place] = None if rate is None else (rate.numerator, rate.denominator)

    def expire(self) -> None:
        """Works out anew what no longer holds, and when the next thing expires."""
        t = self.time
        for index, cell in enumerate(self.inputs):
            if cell.until < t:
                self.refresh_input(index)
        for index, drug in enumerate(self.drugs):
            if drug.until < t:
                self.refresh_drug(index)
                self.touched_drugs.append(index)
        self.settle_signal_wake()

    def settle_signal_wake(self) -> None:
        """The very instant at which the next thing expires."""
        untils = [cell.until for cell in self.inputs if cell.until < NEVER]
        untils.extend(cell.until for cell in self.drugs if cell.until < NEVER)
        self.signal_wake = min(untils) + 1 if untils else NEVER

    def add(self, fact: Fact, silence_is_off: bool) -> None:
        """One more fact stamped at the present instant."""
        plan = self.plan
        if self.silence_from is None and (silence_is_off or isinstance(fact, NoOtherInfusions)):
            self.silence_from = self.time
            self.epoch += 1
            self._refresh_all_drugs()
        match fact:
            case Reading():
                place = plan.input_place.get(fact.input)
                if place is not None:
                    self.inputs[place].group.append(fact)
                    self.touched_inputs.append(place)
                    self.refresh_input(place)
            case Infusion() | Dose():
                place = plan.drug_place.get(fact.drug)
                if place is not None:
                    cell = self.drugs[place]
                    if isinstance(fact, Infusion):
                        cell.rows.append(fact)
                    else:
                        cell.doses.append(fact)
                    self.touched_drugs.append(place)
                    self.epoch += 1
                    self.refresh_drug(place)
            case Happened():
                if fact.event in plan.events:
                    self.event_now[plan.events.index(fact.event)] = True
            case Done():
                if fact.task in plan.tasks:
                    self.task_now[plan.tasks.index(fact.task)] = True
                    self.epoch += 1
            case NoOtherInfusions():
                pass

    def _refresh_all_drugs(self) -> None:
        for index in range(len(self.drugs)):
            self.touched_drugs.append(index)
            self.refresh_drug(index)

    # -- into the past

    def commit(self, truths: tuple[Truth, ...], moments: tuple[int | None, ...], began: int | None) -> None:
        """The present instant is over. `truths` and `moments` are as judged where the session rests."""
        t = self.time
        plan = self.plan
        for knowledge in self.knowledge:
            knowledge.commit(self)
        for capture in self.captures:
            capture.commit(self, moments[capture.of])
        for course_capture in self.course_captures:
            course_capture.commit(self, self.courses[course_capture.of].after[0])
        for flow in self.flows:
            flow.commit(self, moments)
        for tracker in self.extremes_since:
            tracker.commit(self, moments[tracker.anchor])
        if self.touched_inputs:
            for monitors in (self.steady, self.moving, self.groups, self.extremes):
                for monitor in monitors:
                    if self.inputs[monitor.cell].now:
                        monitor.commit(self)
        counted = self.counted if self.touched_drugs else ()
        for index in {*self.touched_inputs, *counted}:
            self.inputs[index].commit(self)
        if began == t:
            self.touched_drugs = list(range(len(self.drugs)))
        if self.touched_drugs:
            for index in set(self.touched_drugs):
                self.drugs[index].commit(self, began)
            for course in self.courses:
                course.base = course.after
        self.anchors = moments
        if any(self.event_now):
            self.event_now = [False] * len(self.event_now)
        if any(self.task_now):
            self.task_last = [
                t if now else last for now, last in zip(self.task_now, self.task_last, strict=True)
            ]
            self.task_now = [False] * len(self.task_now)
        self.touched_inputs, self.touched_drugs = [], []
        if truths != self.row:
            last = self.past.last
            for place, term in enumerate(plan.monitored):
                if truths[term] is not last[place]:
                    self.past.commit(t, place, truths[term], plan.gaps[place])
            self.row = truths


Judged = tuple[tuple[Truth, ...], int, tuple[int | None, ...]]
"""The truth of every term, the next instant at which one could change by itself, when each moment happened."""
Judge = Callable[[Patient, int, int | None, int | None], Judged]
"""Of a patient at an instant, with when the stage was entered and when the session began."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a program needs remembered, by place, and the function that judges all its terms at once."""

    program: Program
    inputs: tuple[InputSpec, ...]
    drugs: tuple[str, ...]
    courses: tuple[tuple[m.CourseDecl, tuple[int, ...]], ...]
    tasks: tuple[str, ...]
    events: tuple[str, ...]
    rates: tuple[tuple[int, Dims], ...]
    anchors: tuple[m.Moment, ...]
    monitored: tuple[int, ...]
    gaps: tuple[tuple[tuple[int, int], ...], ...]
    """By monitored condition: (index into `Past.bad`, longest gap) of each `for` with gaps over it."""
    gap_count: int
    knowledge: tuple[int, ...]
    steady: tuple[tuple[int, int, int, Callable[[Raw], bool]], ...]
    moving: tuple[tuple[int, int, int], ...]
    groups: tuple[tuple[int, int], ...]
    extremes: tuple[tuple[int, How, int, int], ...]
    extremes_since: tuple[tuple[int, int, int], ...]
    captures: tuple[tuple[int, int], ...]
    course_captures: tuple[tuple[int, int], ...]
    flows: tuple[tuple[int, int, tuple[int, ...]], ...]
    input_place: Mapping[str, int]
    course_place: Mapping[str, int]
    drug_place: Mapping[str, int]
    doses_ordered: frozenset[str]
    """The drugs that some order gives as a dose."""
    weight: int | None
    empty_row: tuple[Truth, ...]
    source: str
    judge: Judge
    judge_exactly: Judge
    """The same where a supposed reading may be finer than any charted one."""
