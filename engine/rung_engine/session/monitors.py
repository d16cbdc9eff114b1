"""What a session remembers beyond the chart: windows of readings, values at moments, the past of conditions.

Every monitor holds what was so strictly before the present instant and combines it with what is so now. The
present instant can therefore be judged again when another fact of the same stamp arrives, and judged under a
supposition. `commit` moves the present into the past. Times are whole milliseconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from rung_engine.reference.history import LONG_AGO
from rung_engine.session.chart import Raw
from rung_engine.truth import Truth

if TYPE_CHECKING:
    from rung_engine.session.patient import Patient


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


_NO_RUN = (0, 0, 0)


class SteadyRun:
    """The run of consecutive readings that all meet a fixed comparison, each drawn while a condition holds.

    `sure` counts the readings at whose instants the condition was true, `possible` those too at which it was
    unknown: (how many, stamp of the first, stamp of the latest). `drawn` is the term of the condition.
    """

    __slots__ = ("apart", "cell", "drawn", "n", "possible", "sure", "test")

    def __init__(self, cell: int, n: int, apart: int, test: Callable[[Raw], bool], drawn: int | None) -> None:
        self.cell, self.n, self.apart, self.test, self.drawn = cell, n, apart, test, drawn
        self.sure = self.possible = _NO_RUN

    def copy(self) -> SteadyRun:
        other = SteadyRun(self.cell, self.n, self.apart, self.test, self.drawn)
        other.sure, other.possible = self.sure, self.possible
        return other

    def _run(self, patient: Patient, drawn: Truth) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        now = patient.inputs[self.cell].now
        if not now:
            return self.sure, self.possible
        if drawn is False or not all(self.test(raw) for raw in now):
            return _NO_RUN, _NO_RUN
        t = patient.time
        count, start, _ = self.sure
        sure = (count + 1, start if count else t, t) if drawn else _NO_RUN
        count, start, _ = self.possible
        return sure, (count + 1, start if count else t, t)

    def truth(self, patient: Patient, drawn: Truth = True) -> Truth:
        if patient.inputs[self.cell].why:
            return None
        for (count, start, latest), truth in zip(self._run(patient, drawn), (True, None), strict=True):
            if count >= self.n and latest - start >= self.apart:
                return truth
        return False

    def commit(self, patient: Patient, truths: Sequence[Truth]) -> None:
        drawn = True if self.drawn is None else truths[self.drawn]
        self.sure, self.possible = self._run(patient, drawn)


class MovingRun:
    """The same against a bound that moves: the fewest latest readings that could make the run."""

    __slots__ = ("apart", "cell", "drawn", "kept", "n")

    def __init__(self, cell: int, n: int, apart: int, drawn: int | None) -> None:
        self.cell, self.n, self.apart, self.drawn = cell, n, apart, drawn
        self.kept: deque[tuple[int, tuple[Raw, ...], Truth]] = deque()

    def copy(self) -> MovingRun:
        other = MovingRun(self.cell, self.n, self.apart, self.drawn)
        other.kept = self.kept.copy()
        return other

    def truth(self, patient: Patient, test: Callable[[Raw], bool] | None, drawn: Truth = True) -> Truth:
        """`test` None: the bound is unknown."""
        cell = patient.inputs[self.cell]
        if cell.why or test is None:
            return None
        groups = [*self.kept, *([(patient.time, cell.now, drawn)] if cell.now else [])]
        latest = groups[-1][0] if groups else 0
        found: Truth = True
        for count, (time, values, was_drawn) in enumerate(reversed(groups), start=1):
            if was_drawn is False or not all(test(raw) for raw in values):
                return False
            if was_drawn is None:
                found = None
            if count >= self.n and latest - time >= self.apart:
                return found
        return False

    def commit(self, patient: Patient, truths: Sequence[Truth]) -> None:
        now = patient.inputs[self.cell].now
        if not now:
            return
        kept, t = self.kept, patient.time
        kept.append((t, now, True if self.drawn is None else truths[self.drawn]))
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


# ---------------------------------------------------------------- the past of conditions


class Past:
    """By monitored condition: its truth before the present instant, and when it last was otherwise."""

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

    def follow(
        self,
        t: int,
        truths: Sequence[Truth],
        monitored: Sequence[int],
        gaps: Sequence[Iterable[tuple[int, int]]],
    ) -> None:
        """The instant `t` is over, at which the terms were `truths`."""
        last = self.last
        for place, term in enumerate(monitored):
            if truths[term] is not last[place]:
                self.commit(t, place, truths[term], gaps[place])

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
