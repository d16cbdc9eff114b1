"""A set of events as facts, and what the chart says at an instant. LANGUAGE sections 3, 4, 7 and 10."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from rung_engine.decision.view import DrugState, InputState, Stored
from rung_engine.event import (
    Charted,
    Correction,
    Done,
    Dose,
    Event,
    Fact,
    Happened,
    Infusion,
    NoOtherInfusions,
    Reading,
    Retraction,
)
from rung_engine.frozen import frozen
from rung_engine.program import BODY_WEIGHT, Amount, Dims, Program

LONG_AGO = -(10**15)
"""Before every chart."""

UNKNOWN: Dims = (("unknown", 1),)


@frozen
class Clash:
    """Two events under one id that say different things; neither is used."""

    id: str


def resolve(events: Iterable[Event]) -> tuple[tuple[Fact, ...], tuple[Clash, ...]]:
    """The facts after corrections and retractions, in the order of (time, id), and ids used twice.

    The order of arrival does not matter: of several corrections of one fact the largest (time, id) wins.
    """
    by_id: dict[str, Event] = {}
    clashing: set[str] = set()
    for event in events:
        if by_id.setdefault(event.id, event) != event:
            clashing.add(event.id)
    live = {key: event for key, event in by_id.items() if key not in clashing}
    retracted = {event.of for event in live.values() if isinstance(event, Retraction)}
    corrections: dict[str, list[Correction]] = {}
    for event in live.values():
        if isinstance(event, Correction) and event.id not in retracted:
            corrections.setdefault(event.of, []).append(event)
    facts: list[Fact] = []
    for event in live.values():
        if isinstance(event, Retraction | Correction) or event.id in retracted:
            continue
        facts.append(corrected(event, corrections.get(event.id, ())))
    facts.sort(key=lambda fact: (fact.time, fact.id))
    return tuple(facts), tuple(Clash(key) for key in sorted(clashing))


def corrected(fact: Fact, corrections: Iterable[Correction]) -> Fact:
    """The fact as its latest correction has it, under its own id."""
    best = max(corrections, key=lambda item: (item.time, item.id), default=None)
    return fact if best is None else replace(best.fact, id=fact.id)


@frozen
class Accepted:
    """All accepted readings of one input at one instant; more than one value is a contest."""

    time: int
    values: tuple[Stored, ...]


@frozen
class Row:
    """What was charted of an infusion at one instant. `on` None: contested between on and off."""

    time: int
    on: bool | None
    rate: Amount | None
    why: str = ""


def infusion_row(program: Program, name: str, time: int, charted: Iterable[Infusion]) -> Row:
    """What the infusions of one drug charted at one instant say together."""
    states: set[tuple[bool, Amount | None]] = set()
    why = ""
    for infusion in charted:
        if infusion.rate is None:
            states.add((True, None))
            continue
        if infusion.rate.millionths <= 0:
            states.add((False, None))
            continue
        amount = program.charted(name, infusion.rate, infusion.concentration)
        own = dict(program.units[program.artifact.drugs[name].unit].dims)
        if amount is None or not _same_kind(dict(amount.dims), own):
            states.add((True, None))
            why = "unit"
        else:
            states.add((True, amount))
    if len(states) > 1:
        kinds = {on for on, _ in states}
        return Row(time, True if kinds == {True} else None, None, "contested")
    on, rate = next(iter(states))
    return Row(time, on, rate, why)


def same_rate(a: Amount | None, b: Amount | None, weight: Fraction | None) -> bool:
    """Two charted rates are one rate, seen through the weight where they differ by it."""
    if a is None or b is None:
        return a is b
    seen = a.seen_in(b.dims, weight)
    return seen is not None and seen == b.value


class Chart:
    """The facts of one patient with the definitions of what they say at an instant.

    Every question takes the instant and sees only facts stamped at or before it.
    """

    def __init__(self, program: Program, facts: Iterable[Fact], *, silence_is_off: bool = False) -> None:
        self.program = program
        self.facts = tuple(facts)
        inputs: dict[str, dict[int, list[Reading]]] = {name: {} for name in program.artifact.inputs}
        infusions: dict[str, dict[int, list[Infusion]]] = {name: {} for name in program.artifact.drugs}
        self.doses: dict[str, list[Dose]] = {name: [] for name in program.artifact.drugs}
        self.happened: dict[str, list[int]] = {name: [] for name in program.artifact.events}
        self.done: dict[str, list[int]] = {name: [] for name in program.artifact.tasks}
        self.silence_from: int | None = None
        for fact in self.facts:
            if silence_is_off and self.silence_from is None:
                self.silence_from = fact.time
            match fact:
                case Reading():
                    if fact.input in inputs:
                        inputs[fact.input].setdefault(fact.time, []).append(fact)
                case Infusion():
                    if fact.drug in infusions:
                        infusions[fact.drug].setdefault(fact.time, []).append(fact)
                case Dose():
                    if fact.drug in self.doses:
                        self.doses[fact.drug].append(fact)
                case Happened():
                    if fact.event in self.happened:
                        self.happened[fact.event].append(fact.time)
                case Done():
                    if fact.task in self.done:
                        self.done[fact.task].append(fact.time)
                case NoOtherInfusions():
                    if self.silence_from is None:
                        self.silence_from = fact.time
        self._dose_sums = {name: self._sums(name) for name in self.doses}
        self.accepted: dict[str, list[Accepted]] = {}
        self.refused: dict[str, dict[int, str]] = {}
        self._refused_at: dict[str, list[int]] = {}
        for name, groups in inputs.items():
            self._accept(name, groups)
        self.rows: dict[str, list[Row]] = {}
        for name, charted in infusions.items():
            self.rows[name] = [infusion_row(program, name, time, charted[time]) for time in sorted(charted)]

    # -- readings

    def _accept(self, name: str, groups: dict[int, list[Reading]]) -> None:
        """Which readings count. A cumulative input that falls is refused like an implausible one."""
        accepted: list[Accepted] = []
        refused: dict[int, str] = {}
        highest: Fraction | None = None
        for time in sorted(groups):
            values: set[Stored] = set()
            for reading in groups[time]:
                value, why = self._value(name, reading)
                if not why and self.program.artifact.inputs[name].cumulative:
                    assert isinstance(value, Fraction)
                    if highest is not None and value < highest:
                        why = "implausible"
                if why:
                    refused[time] = why
                elif value is not None:
                    values.add(value)
            if values:
                refused.pop(time, None)
                accepted.append(Accepted(time, tuple(sorted(values, key=repr))))
                numbers = [value for value in values if isinstance(value, Fraction)]
                if numbers:
                    highest = max([*numbers, *([highest] if highest is not None else [])])
        self.accepted[name] = accepted
        self.refused[name] = refused
        self._refused_at[name] = sorted(refused)

    def _value(self, name: str, reading: Reading) -> tuple[Stored | None, str]:
        decl = self.program.artifact.inputs[name]
        value = reading.value
        match decl.kind:
            case "quantity":
                if not isinstance(value, Charted):
                    return None, "unit"
                number = self.program.reading(name, value)
                if number is None:
                    return None, "unit"
                limits = self.program.plausible.get(name)
                if limits is not None and not limits[0] <= number <= limits[1]:
                    return None, "implausible"
                if decl.dosing and number <= 0:
                    return None, "implausible"
                return number, ""
            case "flag":
                return (value, "") if isinstance(value, bool) else (None, "unit")
            case "one_of":
                return (value, "") if isinstance(value, str) and value in decl.values else (None, "unit")
            case "any_of":
                if isinstance(value, str):
                    value = frozenset({value})
                if isinstance(value, frozenset) and value <= set(decl.values):
                    return value, ""
                return None, "unit"
            case "graded":
                if isinstance(value, str) and value in decl.values:
                    return Fraction(decl.values.index(value)), ""
                return None, "unit"

    def input(self, name: str, t: int) -> InputState:
        """The value in force at `t`, from the readings alone (a counted input: see `counted`)."""
        decl = self.program.artifact.inputs[name]
        accepted = self.accepted[name]
        place = bisect.bisect_right(accepted, t, key=lambda group: group.time)
        last = accepted[place - 1] if place else None
        stamps = self._refused_at[name]
        place_bad = bisect.bisect_right(stamps, t)
        bad = stamps[place_bad - 1] if place_bad else None
        if bad is not None and (last is None or bad > last.time):
            return InputState(None, self.refused[name][bad], bad)  # type: ignore[arg-type]
        if last is None:
            return InputState(None, "never")
        if decl.fixed:
            values = {value for group in accepted[:place] for value in group.values}
            if len(values) > 1:
                return InputState(None, "contested", last.time)
            return InputState(next(iter(values)), "", accepted[0].time)
        if len(last.values) > 1:
            return InputState(None, "contested", last.time)
        if decl.valid_for is not None and t > last.time + decl.valid_for:
            return InputState(None, "stale", last.time)
        return InputState(last.values[0], "", last.time)

    def value(self, name: str, t: int, weight: Fraction | None = None) -> InputState:
        """The value in force, a counted input included; by the weight at `t` unless another is supposed."""
        state = self.input(name, t)
        counts = self.program.artifact.inputs[name].counts
        if counts is None or state.why in ("implausible", "contested", "unit"):
            return state
        decl = self.program.artifact.inputs[name]
        assert decl.unit is not None
        base = state.value if isinstance(state.value, Fraction) else Fraction(0)
        given = self.doses_until(counts, t)
        if state.value is None and not given and not self.silent(t):
            return InputState(None, "never")
        since = state.time if state.value is not None and state.time is not None else LONG_AGO
        weight = self.weight(t) if weight is None else weight
        total = self.dosed(counts, since, t, self.program.units[decl.unit].dims, weight)
        if total is None:
            return InputState(None, "unit", given[-1].time)
        return InputState(base + total, "", state.time)

    def known_throughout(self, name: str, start: int, end: int) -> bool:
        """The input is known at every instant from `start` to `end`, both included."""
        decl = self.program.artifact.inputs[name]
        instants = {start, end}
        for time in (*(group.time for group in self.accepted[name]), *self.refused[name]):
            instants.add(time)
            if decl.valid_for is not None:
                instants.add(time + decl.valid_for + 1)
        if decl.counts is not None:
            instants.update(dose.time for dose in self.doses[decl.counts])
            if self.silence_from is not None:
                instants.add(self.silence_from)
            if self.program.weight_input is not None:
                weights = self.program.weight_input
                instants.update((*(group.time for group in self.accepted[weights]), *self.refused[weights]))
        return all(not self.value(name, t).why for t in instants if start <= t <= end)

    def readings(self, name: str, start: int, end: int) -> list[Accepted]:
        """Accepted readings stamped from `start` to `end`, both included."""
        groups = self.accepted[name]
        lo = bisect.bisect_left(groups, start, key=lambda group: group.time)
        hi = bisect.bisect_right(groups, end, key=lambda group: group.time)
        return groups[lo:hi]

    def weight(self, t: int) -> Fraction | None:
        """The dosing weight in kilograms at `t`."""
        name = self.program.weight_input
        if name is None:
            return None
        value = self.input(name, t).value
        return value if isinstance(value, Fraction) else None

    # -- drugs

    def _sums(self, name: str) -> tuple[list[int], dict[Dims, list[Fraction]]]:
        """The times of a drug's doses, and by dimension what had been given before each and after the last.

        Doses of unknown amount are counted under `UNKNOWN`.
        """
        doses = self.doses[name]
        sums: dict[Dims, list[Fraction]] = {}
        for place, dose in enumerate(doses):
            amount = self.program.charted(name, dose.amount) if dose.amount is not None else None
            own = UNKNOWN if amount is None else amount.dims
            sums.setdefault(own, [Fraction(0)] * (place + 1))
            for dims, parts in sums.items():
                size = (amount.value if amount is not None else Fraction(1)) if dims == own else Fraction(0)
                parts.append(parts[-1] + size)
        return [dose.time for dose in doses], sums

    def silent(self, t: int) -> bool:
        """A drug without a row is off at `t`, not unknown."""
        return self.silence_from is not None and self.silence_from <= t

    def rows_until(self, name: str, t: int) -> list[Row]:
        rows = self.rows[name]
        return rows[: bisect.bisect_right(rows, t, key=lambda row: row.time)]

    def doses_until(self, name: str, t: int) -> list[Dose]:
        doses = self.doses[name]
        return doses[: bisect.bisect_right(doses, t, key=lambda dose: dose.time)]

    def drug(self, name: str, t: int) -> DrugState:
        """Running, off or unknown, and the rate as charted."""
        decl = self.program.artifact.drugs[name]
        doses = self.doses_until(name, t)
        if decl.lasts is not None and doses and t - doses[-1].time < decl.lasts:
            return DrugState(True, None, "", doses[-1].time)
        rows = self.rows_until(name, t)
        if not rows:
            if self.silent(t):
                return DrugState(False, None, "", None, by_silence=not (doses and decl.form == "bolus"))
            if doses and decl.form == "bolus":
                return DrugState(False, None, "", doses[-1].time)
            return DrugState(None, None, "never")
        row = rows[-1]
        if row.on is None:
            return DrugState(None, None, "contested", row.time)
        if not row.on:
            return DrugState(False, None, "", row.time)
        if decl.valid_for is not None and t > row.time + decl.valid_for:
            return DrugState(None, None, "stale", row.time)
        return DrugState(True, row.rate, row.why, row.time)  # type: ignore[arg-type]

    def dosed(self, name: str, after: int, t: int, dims: Dims, weight: Fraction | None) -> Fraction | None:
        """The sum of the doses stamped in (after, t]; None where one is of unknown amount or kind."""
        times, amounts = self._dose_sums[name]
        lo, hi = bisect.bisect_right(times, after), bisect.bisect_right(times, t)
        total = Fraction(0)
        for own, sums in amounts.items():
            part = sums[hi] - sums[lo]
            if part == 0:
                continue
            seen = Amount(part, own).seen_in(dims, weight) if own != UNKNOWN else None
            if seen is None:
                return None
            total += seen
        return total

    def starts_and_stops(self, name: str, t: int) -> tuple[list[int], list[int]]:
        """As charted: an infusion by its rows, a bolus drug by its doses and how long each lasts."""
        decl = self.program.artifact.drugs[name]
        starts: list[int] = []
        stops: list[int] = []
        if decl.form == "bolus":
            end: int | None = None
            for dose in self.doses_until(name, t):
                # A dose at the very end of the one before it leaves no instant without.
                if end is not None and decl.lasts is not None and dose.time > end:
                    stops.append(end)
                if end is None or dose.time > end:
                    starts.append(dose.time)
                end = dose.time + (decl.lasts or 0)
            if end is not None and decl.lasts is not None and end <= t:
                stops.append(end)
            return starts, stops
        before = False
        for row in self.rows_until(name, t):
            if row.on is True and not before:
                starts.append(row.time)
            elif row.on is False and before:
                stops.append(row.time)
            if row.on is not None:
                before = row.on
        return starts, stops

    def rate_changed(self, name: str, t: int) -> int | None:
        """The last instant at which the charted rate changed; an equal rate charted again is no change."""
        last: int | None = None
        before: Row | None = None
        for row in self.rows_until(name, t):
            if before is None:
                changed = row.on is not False
            elif row.on != before.on or row.why == "contested":
                changed = True
            elif row.on is False:
                changed = False
            else:
                changed = not same_rate(before.rate, row.rate, self.weight(row.time))
            if changed:
                last = row.time
            before = row
        return last

    def courses(self, name: str, t: int) -> list[tuple[int, int | None]]:
        """Begin and end of each course so far; the end is None while it is on."""
        decl = self.program.artifact.courses[name]
        spans: list[tuple[int, int | None]] = []
        for drug in decl.drugs:
            starts, stops = self.starts_and_stops(drug, t)
            if (
                self.program.artifact.drugs[drug].form == "bolus"
                and not self.program.artifact.drugs[drug].lasts
            ):
                spans.extend((time, time) for time in starts)
                continue
            spans.extend((start, next((stop for stop in stops if stop > start), None)) for start in starts)
        merged: list[tuple[int, int | None]] = []
        for start, stop in sorted(spans, key=lambda item: item[0]):
            if merged:
                begin, end = merged[-1]
                # A switch at one instant survives even where a course ends at once.
                if end is None or start - end < max(decl.ends_after, 1):
                    merged[-1] = (begin, None if end is None or stop is None else max(end, stop))
                    continue
            merged.append((start, stop))
        return [
            (begin, None if end is None or t - end < decl.ends_after else end + decl.ends_after)
            for begin, end in merged
        ]

    def total(
        self, name: str, after: int, t: int, dims: Dims, weight: Fraction | None
    ) -> tuple[Fraction, Fraction] | None:
        """The amount given in (after, t] in coherent units of `dims`, and its rate now; None if unknown.

        The amount is the sum over whole milliseconds of the rate in force, plus the doses stamped there.
        """
        per_time = tuple(sorted({**dict(dims), "time": dict(dims).get("time", 0) - 1}.items()))
        total = self.dosed(name, after, t, dims, weight)
        if total is None:
            return None
        if self.program.artifact.drugs[name].form == "bolus":
            unknown = not self.doses_until(name, t) and not self.silent(t)
            return None if unknown else (total, Fraction(0))
        instants = {after + 1, t}
        decl = self.program.artifact.drugs[name]
        for row in self.rows_until(name, t):
            instants.add(row.time)
            if decl.valid_for is not None:
                instants.add(row.time + decl.valid_for + 1)
        if self.silence_from is not None:
            instants.add(self.silence_from)
        ordered = sorted(instant for instant in instants if after < instant <= t)
        now = Fraction(0)
        for start, stop in zip(ordered, [*ordered[1:], t + 1], strict=True):
            state = self.drug(name, start)
            if state.running is None or (state.running and state.rate is None):
                return None
            rate = state.rate.seen_in(per_time, weight) if state.rate is not None else Fraction(0)
            if rate is None:
                return None
            total += rate * (stop - start)
            now = rate
        return total, now


def _same_kind(a: dict[str, int], b: dict[str, int]) -> bool:
    return {k: v for k, v in a.items() if k != BODY_WEIGHT} == {
        k: v for k, v in b.items() if k != BODY_WEIGHT
    }
