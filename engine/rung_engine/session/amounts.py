"""Amounts of a drug added up: doses, and rates over time, by the dimensions they were charted in.

What a total is worth in milligrams can depend on a weight that is not known yet, so sums are kept apart by
dimensions and seen in one of them only when asked.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from rung_engine.decision.view import DrugState
from rung_engine.frozen import frozen
from rung_engine.program import Amount, Dims
from rung_engine.reference.history import LONG_AGO, UNKNOWN
from rung_engine.reference.line import Line

if TYPE_CHECKING:
    from rung_engine.session.patient import Patient

NOTHING = Fraction(0)
NOT_ANY = Line.exact(0)
Sums = dict[Dims, Fraction]
"""Amounts added up by their dimensions; those of unknown amount are counted under `UNKNOWN`."""


def add_dose(sums: Sums, amount: Amount | None) -> None:
    """Adds one dose; None for one of unknown amount."""
    dims = UNKNOWN if amount is None else amount.dims
    sums[dims] = sums.get(dims, Fraction(0)) + (Fraction(1) if amount is None else amount.value)


def joined(a: Sums, b: Sums) -> Sums:
    """Both together. Sums are never changed in place once joined, so one of them may be the answer."""
    if not b:
        return a
    found = dict(a)
    for dims, value in b.items():
        found[dims] = found.get(dims, Fraction(0)) + value
    return found


def less(a: Sums, b: Sums) -> Sums:
    """What `a` has more than `b`, an earlier state of it; nothing where it is the very same."""
    if a is b:
        return {}
    return {dims: value - b.get(dims, Fraction(0)) for dims, value in a.items()}


def seen(sums: Mapping[Dims, Fraction], dims: Dims, weight: Fraction | None) -> Fraction | None:
    """The whole sum in one set of dimensions; None where a part that is not 0 cannot be seen in it."""
    total = NOTHING
    for own, part in sums.items():
        if part == 0:
            continue
        one = Amount(part, own).seen_in(dims, weight) if own != UNKNOWN else None
        if one is None:
            return None
        total += one
    return total


@frozen
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
            return NOTHING
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
        """The total of the window of `length` milliseconds that ends now."""
        last, start = self.segments[-1], patient.time - length
        cell = patient.drugs[self.drug]
        if not (self.doses and self.doses[-1][0] > start) and not cell.given_now:
            # No dose in the window. Of a bolus drug that is all there is to know; an infusion must have been
            # off, or unknown, all the time.
            if cell.decl.form == "bolus":
                return NOT_ANY if cell.dosed() or patient.silent() else None
            if last.start <= start and not self._changes(patient) and cell.charted.running is not True:
                return NOT_ANY if cell.charted.running is False else None
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
