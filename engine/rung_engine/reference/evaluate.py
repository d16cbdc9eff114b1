"""One instant of one patient: every term by its definition. LANGUAGE sections 4, 7 and 10."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from rung_engine.artifact import model as m
from rung_engine.decision.view import DrugState, Hypothesis, InputState
from rung_engine.frozen import frozen
from rung_engine.program import Amount, Dims, Program
from rung_engine.reference.history import LONG_AGO, Chart
from rung_engine.reference.line import Line, combine, compare, next_flip
from rung_engine.truth import Truth, conjunction, count, disjunction, negation

if TYPE_CHECKING:
    from rung_engine.reference.run import Ahead


@frozen
class Row:
    """An instant that was judged, and the truth of every term there (None for numbers too)."""

    time: int
    truths: tuple[Truth, ...]


class Instant:
    """A `View` on the chart at one instant, with the rows judged before it.

    Terms are constant between judged instants; the first row stands for all time before the first fact.
    """

    def __init__(self, chart: Chart, time: int, rows: Sequence[Row]) -> None:
        self.chart = chart
        self.program = chart.program
        self.time = time
        self.rows = rows
        self.stage: str | None = None
        self.entered: int | None = None
        self.began: int | None = None
        self.supposed: Hypothesis = {}
        self._truths: dict[int, Truth] = {}
        self._numbers: dict[int, Line | None] = {}
        self._ahead: Ahead | None = None

    def place(self, stage: str | None, entered: int | None, began: int | None) -> None:
        self.stage, self.entered, self.began = stage, entered, began
        self._truths.clear()
        self._numbers.clear()
        self._ahead = None

    # -- what the decision asks

    def truth(self, term: int) -> Truth:
        if term not in self._truths:
            self._truths[term] = self._judge(self.program.artifact.terms[term], term)
        return self._truths[term]

    def row(self) -> Row:
        """This instant as a row."""
        truths: list[Truth] = [None] * len(self.program.artifact.terms)
        for index in self.program.conditions:
            truths[index] = self.truth(index)
        return Row(self.time, tuple(truths))

    def suppose(self, hypothesis: Hypothesis, term: int) -> Truth:
        other = self.again()
        other.supposed = hypothesis
        return other.truth(term)

    def again(self) -> Instant:
        """Another view of the same instant."""
        other = Instant(self.chart, self.time, self.rows)
        other.place(self.stage, self.entered, self.began)
        return other

    def subjects(self, term: int) -> frozenset[tuple[str, str]]:
        return subjects(self.program, term)

    def input(self, name: str) -> InputState:
        value = self.supposed.get(("input", name))
        if value is not None:
            return InputState(value, "", self.time)  # type: ignore[arg-type]
        if self.program.artifact.inputs[name].counts is None:
            return self.chart.input(name, self.time)
        return self.chart.value(name, self.time, self.weight())

    def drug(self, name: str) -> DrugState:
        value = self.supposed.get(("drug", name))
        if value is not None:
            if isinstance(value, Amount):
                return DrugState(True, value, "", self.time)
            return DrugState(False, None, "", self.time)
        return self.chart.drug(name, self.time)

    def weight(self) -> Fraction | None:
        name = self.program.weight_input
        value = self.input(name).value if name is not None else None
        return value if isinstance(value, Fraction) else None

    def rate_changed(self, drug: str) -> int | None:
        return self.chart.rate_changed(drug, self.time)

    def last_reading(self, name: str) -> int | None:
        groups = self.chart.readings(name, LONG_AGO, self.time)
        return groups[-1].time if groups else None

    def last_dose(self, drug: str) -> int | None:
        doses = self.chart.doses_until(drug, self.time)
        return doses[-1].time if doses else None

    def given(self, drug: str, since: int) -> tuple[Amount | None, ...]:
        return tuple(
            self.program.charted(drug, dose.amount) if dose.amount is not None else None
            for dose in self.chart.doses_until(drug, self.time)
            if dose.time >= since
        )

    def last_done(self, task: str) -> int | None:
        times = [time for time in self.chart.done[task] if time <= self.time]
        return times[-1] if times else None

    def course_began(self, course: str) -> int | None:
        spans = self.chart.courses(course, self.time)
        return spans[-1][0] if spans and spans[-1][1] is None else None

    def rolling(self, drug: str, over: int, dims: tuple[tuple[str, int], ...]) -> Fraction | None:
        found = self.chart.total(drug, self.time - over, self.time, dims, self.weight())
        return found[0] if found is not None else None

    def knowable_at(self, term: int) -> int | None:
        from rung_engine.reference.run import Ahead

        if self._ahead is None:
            self._ahead = Ahead(self)
        return self._ahead.knowable_at(term)

    def silence_is_off(self) -> bool:
        return any(self.chart.drug(name, self.time).by_silence for name in self.program.artifact.drugs)

    # -- moments

    def moment(self, ref: m.Ref) -> int | None:
        if isinstance(ref, m.PairRef):
            times = [self.moment(one) for one in ref.of]
            known = [time for time in times if time is not None]
            if ref.kind == "later":
                return max(known) if len(known) == 2 else None
            return min(known) if known else None
        happenings = self.happenings(ref)
        if not happenings:
            return None
        return happenings[0] if ref.first else happenings[-1]

    def happenings(self, ref: m.Moment) -> list[int]:
        """Every instant up to now at which it happened, in order."""
        match ref:
            case m.TaskRef():
                return [time for time in self.chart.done[ref.name] if time <= self.time]
            case m.DrugRef():
                index = 0 if ref.kind == "started" else 1
                times = {
                    time for drug in ref.drugs for time in self.chart.starts_and_stops(drug, self.time)[index]
                }
                return sorted(times)
            case m.EventRef():
                charted = {time for time in self.chart.happened[ref.name] if time <= self.time}
                condition = self.program.artifact.events[ref.name].condition
                if condition is not None:
                    pairs = zip(self.rows, self.rows[1:], strict=False)
                    charted.update(
                        b.time
                        for a, b in pairs
                        if b.truths[condition] is True and a.truths[condition] is not True
                    )
                    before = self.rows[-1].truths[condition] if self.rows else None
                    if self.rows and self.truth(condition) is True and before is not True:
                        charted.add(self.time)
                return sorted(charted)

    # -- terms that are true, false or unknown

    def _judge(self, term: m.Truth | m.Numeric, index: int) -> Truth:
        match term:
            case m.Const():
                return term.value
            case m.Cmp():
                left, right = self.number(term.left), self.number(term.right)
                if left is None or right is None:
                    return None
                return compare(left, term.rel, right)
            case m.Flag():
                value = self.input(term.input).value
                return value if isinstance(value, bool) else None
            case m.Is():
                stored = self.input(term.input).value
                if stored is None:
                    return None
                return term.value in stored if isinstance(stored, frozenset) else stored == term.value
            case m.SettingIs():
                return self.program.settings[term.setting] == term.value
            case m.Running():
                return disjunction(self.drug(drug).running for drug in term.drugs)
            case m.Off():
                return conjunction(negation(self.drug(drug).running) for drug in term.drugs)
            case m.Known():
                if term.kind == "input":
                    return not self.input(term.name).why
                return self.drug(term.name).is_known(self.program.artifact.drugs[term.name].form)
            case m.Not():
                return negation(self.truth(term.of))
            case m.And():
                return conjunction(self.truth(part) for part in term.of)
            case m.Or():
                return disjunction(self.truth(part) for part in term.of)
            case m.Count():
                return count(term.rel, term.n, [self.truth(part) for part in term.of])
            case m.Held():
                return self._held(term)
            case m.Recent():
                return self._recent(term)
            case m.Ever():
                return self._ever(term)
            case m.Occurs():
                return self.moment(term.ref) == self.time
            case m.After():
                return self.moment(term.ref) is not None
            case m.Readings():
                return self._readings(term)
            case m.Ordered() | m.InStage():
                raise AssertionError("a term about the decision stands in a rule")
            case _:
                raise AssertionError(f"term {index} is a number")

    def _window(self, term: int, start: int) -> list[tuple[int, int, Truth]]:
        """(first instant, last instant, truth) of the term from the row in force at `start` to now."""
        rows = self.rows
        spans: list[tuple[int, int, Truth]] = []
        first = max(0, bisect.bisect_right(rows, start, key=lambda row: row.time) - 1)
        for position in range(first, len(rows)):
            row = rows[position]
            end = rows[position + 1].time - 1 if position + 1 < len(rows) else self.time - 1
            if end >= start and row.time <= end:
                spans.append((row.time, end, row.truths[term]))
        spans.append((self.time, self.time, self.truth(term)))
        return spans

    def _held(self, term: m.Held) -> Truth:
        length = self.program.millis(term.length)
        start = self.time - length
        spans = self._window(term.of, start)
        values = [value for _, _, value in spans]
        if False in values:
            return False
        if None not in values:
            return True
        if term.gaps is None:
            return None
        bridged = self._bridge(term.of, self.program.millis(term.gaps))
        return True if all(value is True for _, end, value in bridged if end >= start) else None

    def _bridge(self, term: int, gaps: int) -> list[tuple[int, int, Truth]]:
        """The whole past of the term, unknown stretches no longer than `gaps` between true ones filled."""
        runs: list[tuple[int, int, Truth]] = []
        for start, end, value in self._window(term, LONG_AGO):
            if runs and runs[-1][2] == value:
                runs[-1] = (runs[-1][0], end, value)
            else:
                runs.append((start, end, value))
        return [
            (start, end, True)
            if value is None
            and 0 < position < len(runs) - 1
            and runs[position - 1][2] is True
            and runs[position + 1][2] is True
            and end - start + 1 <= gaps
            else (start, end, value)
            for position, (start, end, value) in enumerate(runs)
        ]

    def _recent(self, term: m.Recent) -> Truth:
        values = [
            value for _, _, value in self._window(term.of, self.time - self.program.millis(term.length))
        ]
        if True in values:
            return True
        return None if None in values else False

    def _ever(self, term: m.Ever) -> Truth:
        """A latch of the session; before it closes, the present value."""
        if self.began is not None and any(
            row.truths[term.of] is True for row in self.rows if row.time >= self.began
        ):
            return True
        return self.truth(term.of)

    def _readings(self, term: m.Readings) -> Truth:
        if self.input(term.input).why:
            return None
        right = self.number(term.right)
        if right is None:
            return None
        groups = [
            (group.time, group.values) for group in self.chart.readings(term.input, LONG_AGO, self.time)
        ]
        supposed = self.supposed.get(("input", term.input))
        if supposed is not None:
            groups = [(time, values) for time, values in groups if time < self.time]
            groups.append((self.time, (supposed,)))  # type: ignore[arg-type]
        sure: list[int] = []
        possible: list[int] = []
        broken = False
        for time, values in reversed(groups):
            drawn = self._then(term.drawn, time) if term.drawn is not None else True
            good = all(
                isinstance(value, Fraction) and compare(Line.exact(value), term.rel, right)
                for value in values
            )
            if not good or drawn is False:
                break
            possible.append(time)
            broken = broken or drawn is None
            if not broken:
                sure.append(time)
        apart = self.program.millis(term.apart)
        if _is_long(sure, term.n, apart):
            return True
        return None if _is_long(possible, term.n, apart) else False

    def _then(self, term: int, time: int) -> Truth:
        """The truth of a term at an instant up to now at which there was a fact."""
        if time == self.time:
            return self.truth(term)
        return self.rows[bisect.bisect_right(self.rows, time, key=lambda row: row.time) - 1].truths[term]

    # -- terms that are numbers

    def number(self, index: int) -> Line | None:
        """What a numeric term is worth now; None if unknown."""
        if index not in self._numbers:
            self._numbers[index] = self._measure(self.program.artifact.terms[index], index)
        return self._numbers[index]

    def _measure(self, term: m.Truth | m.Numeric, index: int) -> Line | None:
        match term:
            case m.Quantity():
                return Line.exact(self.program.constants[index])
            case m.Setting():
                value = self.program.settings[term.name]
                assert isinstance(value, Fraction)
                return Line.exact(value)
            case m.Input():
                stored = self.input(term.name).value
                return Line.exact(stored) if isinstance(stored, Fraction) else None
            case m.Rate():
                return self._rate(term)
            case m.Arith():
                left, right = self.number(term.left), self.number(term.right)
                return None if left is None or right is None else combine(term.op, left, right)
            case m.Elapsed():
                return self._since(self.moment(term.ref))
            case m.TimeInStage():
                return self._since(self.entered)
            case m.TimeInCourse():
                return self._in_course(term.course)
            case m.TimeOn():
                return self._time_on(term.drug)
            case m.Change():
                return self._change(term)
            case m.Extreme():
                return self._extreme(term)
            case m.Total():
                start = self._start(term.span)
                if start is None:
                    return None
                dims = self.program.units[term.unit].dims
                if isinstance(term.span, m.Over):
                    return self._total_over(term.drug, self.program.millis(term.span.over), dims)
                found = self.chart.total(term.drug, start - 1, self.time, dims, self.weight())
                return None if found is None else Line.exact(*found)
            case m.ValueAt():
                return self._value_at(term.input, self.moment(term.ref))
            case m.ValueAtStart():
                spans = self.chart.courses(term.course, self.time)
                return self._value_at(term.input, spans[-1][0] if spans else None)
            case _:
                raise AssertionError(f"term {index} is not a number")

    def _since(self, moment: int | None) -> Line | None:
        return None if moment is None else Line.exact(self.time - moment, 1)

    def _rate(self, term: m.Rate) -> Line | None:
        state = self.drug(term.drug)
        if state.running is False:
            return Line.exact(0)
        if state.running is None or state.rate is None:
            return None
        seen = state.rate.seen_in(self.program.units[term.unit].dims, self.weight())
        return None if seen is None else Line.exact(seen)

    def _in_course(self, course: str) -> Line | None:
        spans = self.chart.courses(course, self.time)
        if spans and spans[-1][1] is None:
            return self._since(spans[-1][0])
        known = all(
            self.drug(drug).running is not None for drug in self.program.artifact.courses[course].drugs
        )
        return Line.exact(0) if known else None

    def _time_on(self, drug: str) -> Line | None:
        running = self.drug(drug).running
        if running is None:
            return None
        if not running:
            return Line.exact(0)
        starts, _ = self.chart.starts_and_stops(drug, self.time)
        return self._since(starts[-1]) if starts else None

    def _start(self, span: m.Span) -> int | None:
        """The first instant of a window."""
        if isinstance(span, m.Over):
            return self.time - self.program.millis(span.over)
        return self.moment(span.since)

    def _in_window(self, name: str, start: int) -> list[tuple[int, tuple[object, ...]]]:
        groups: list[tuple[int, tuple[object, ...]]] = [
            (group.time, group.values) for group in self.chart.readings(name, start, self.time)
        ]
        supposed = self.supposed.get(("input", name))
        if supposed is not None:
            groups = [*[item for item in groups if item[0] < self.time], (self.time, (supposed,))]
        return groups

    def _change(self, term: m.Change) -> Line | None:
        now = self.input(term.input).value
        start = self._start(term.span)
        if not isinstance(now, Fraction) or start is None:
            return None
        if isinstance(term.span, m.Over):
            groups = self._in_window(term.input, start)
            if len(groups) < 2 or len(groups[0][1]) > 1:
                return None
            old = groups[0][1][0]
        else:
            old = self._at(term.input, start).value
        if not isinstance(old, Fraction):
            return None
        match term.how:
            case "change" | "rise":
                return Line.exact(now - old)
            case "fall":
                return Line.exact(old - now)
            case "percent_rise" | "percent_fall":
                if old == 0:
                    return None
                share = (now - old) / old
                return Line.exact(share if term.how == "percent_rise" else -share)

    def _extreme(self, term: m.Extreme) -> Line | None:
        start = self._start(term.span)
        if start is None:
            return None
        values = [
            value
            for _, group in self._in_window(term.input, start)
            for value in group
            if isinstance(value, Fraction) and len(group) == 1
        ]
        now = ("input", term.input) in self.supposed
        last = self.time - 1 if now else self.time
        known = start > last or self.chart.known_throughout(term.input, start, last)
        if not values:
            return None
        match term.how:
            case "lowest":
                return Line(min(values) if known else None, min(values))
            case "highest":
                return Line(max(values), max(values) if known else None)
            case "mean":
                return Line.exact(sum(values, Fraction(0)) / len(values)) if known else None

    def _total_over(self, drug: str, over: int, dims: Dims) -> Line | None:
        """The amount given in (now - over, now], and how fast it moves."""
        found = self.chart.total(drug, self.time - over, self.time, dims, self.weight())
        leaving = self._leaving(drug, dims, self.time - over + 1)
        return None if found is None or leaving is None else Line.exact(found[0], found[1] - leaving)

    def _leaving(self, drug: str, dims: Dims, first: int) -> Fraction | None:
        """The rate at the window's first instant, which leaves it next."""
        if self.program.artifact.drugs[drug].form == "bolus":
            return Fraction(0)
        state = self.chart.drug(drug, first)
        if state.running is False:
            return Fraction(0)
        if state.running is None or state.rate is None:
            return None
        per_time = tuple(sorted({**dict(dims), "time": dict(dims).get("time", 0) - 1}.items()))
        return state.rate.seen_in(per_time, self.weight())

    def _value_at(self, name: str, moment: int | None) -> Line | None:
        if moment is None:
            return None
        value = self._at(name, moment).value
        return Line.exact(value) if isinstance(value, Fraction) else None

    def _at(self, name: str, moment: int) -> InputState:
        """The input at a moment up to now; what is supposed now counts as read now."""
        return self.input(name) if moment == self.time else self.chart.value(name, moment)

    # -- when a comparison next changes by itself

    def flips(self) -> list[int]:
        """Instants after now at which some comparison changes if nothing is charted before."""
        found: list[int] = []
        for term in self.program.comparisons:
            left, right = self.number(term.left), self.number(term.right)
            if left is None or right is None:
                continue
            step = next_flip(left, term.rel, right)
            if step is not None:
                found.append(self.time + step)
        for name, windows in self.program.rolling.items():
            for window in windows:
                total = self._total_over(name, window.over, window.maximum.dims)
                for rel in (">", ">="):
                    step = (
                        next_flip(total, rel, Line.exact(window.maximum.value)) if total is not None else None
                    )
                    if step is not None:
                        found.append(self.time + step)
        return found


def _is_long(run: Sequence[int], n: int, apart: int) -> bool:
    """So many readings, the latest (which is the first here) so long after the earliest."""
    return len(run) >= n and run[0] - run[-1] >= apart


def subjects(program: Program, term: int) -> frozenset[tuple[str, str]]:
    """The inputs and drugs a term reads, at any depth."""
    known = program.subjects.get(term)
    if known is not None:
        return known
    found: set[tuple[str, str]] = set()
    stack = [term]
    seen: set[int] = set()
    while stack:
        index = stack.pop()
        if index in seen:
            continue
        seen.add(index)
        _read(program, program.artifact.terms[index], stack, found)
    program.subjects[term] = frozenset(found)
    return program.subjects[term]


def _read(program: Program, node: m.Truth | m.Numeric, stack: list[int], found: set[tuple[str, str]]) -> None:
    weight = program.weight_input
    match node:
        case m.Cmp() | m.Arith():
            stack.extend((node.left, node.right))
        case m.Not() | m.Held() | m.Recent() | m.Ever():
            stack.append(node.of)
        case m.And() | m.Or() | m.Count():
            stack.extend(node.of)
        case m.Flag() | m.Is() | m.Readings() | m.Change() | m.Extreme() | m.ValueAt() | m.ValueAtStart():
            found.add(("input", node.input))
            if isinstance(node, m.Readings):
                stack.extend((node.right,) if node.drawn is None else (node.right, node.drawn))
        case m.Input():
            found.add(("input", node.name))
            counts = program.artifact.inputs[node.name].counts
            if counts is not None and weight is not None:
                found.add(("input", weight))
        case m.Known():
            found.add((node.kind, node.name))
        case m.Running() | m.Off():
            found.update(("drug", drug) for drug in node.drugs)
        case m.Rate():
            found.add(("drug", node.drug))
            if weight is not None:
                found.add(("input", weight))
        case m.Total():
            found.add(("drug", node.drug))
            if weight is not None:
                found.add(("input", weight))
        case m.TimeOn():
            found.add(("drug", node.drug))
        case m.TimeInCourse():
            found.update(("drug", drug) for drug in program.artifact.courses[node.course].drugs)
        case m.Occurs() | m.After() | m.Elapsed():
            refs = node.ref.of if isinstance(node.ref, m.PairRef) else (node.ref,)
            for ref in refs:
                condition = (
                    program.artifact.events[ref.name].condition if isinstance(ref, m.EventRef) else None
                )
                if condition is not None:
                    stack.append(condition)
        case m.Const() | m.SettingIs() | m.Quantity() | m.Setting() | m.TimeInStage():
            pass
        case m.Ordered() | m.InStage():
            pass
