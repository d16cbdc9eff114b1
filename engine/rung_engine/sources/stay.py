"""One stay: its rows, already sorted out by variable, become events, refusals and an account.

Pure; `tidy` reads the tables and says which rows are of which declared input or drug. An event's id is
made of what the row says, never of where it stood, so that the order of rows changes nothing.

How rows of a drug become events:

* `interval` [time, end): an infusion at time, a stop at end unless another interval of the drug runs there.
  Where intervals of different orders overlap, the pumps add up if all are exact in one unit; otherwise, and
  where one order overlaps itself, the drug runs at an unknown rate until the overlap ends.
* `set`: an infusion from time until the drug's next row. A zero, a row whose status is a stop, and a row that
  a `stop` row of the same order and minute goes with, are stops.
* `dose`: given by the end of its interval, or at its time where it has no end.

A refused row leaves an infusion at an unknown rate (or a dose of an unknown amount), never the rate before.
Several `set` rates of one drug at one instant are all passed on, for the engine to report as contested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from rung_engine.frozen import frozen

from ..event import Charted, Concentration, Dose, Event, Infusion, NoOtherInfusions, Reading
from ..exact import from_millionths
from ..units import UnitProblem, as_body_weight, parse_unit
from .accounting import Account, Category, Refusal, account
from .chart import DrugRule, Facts, InputRule, Taken
from .mapping import FromEvents, Rows

MINUTE = 60_000


class EventRow(NamedTuple):
    """A row of `events` that is a reading of `target`, or (`target` -1) a drug row that infusions lacks."""

    row: int
    time: int | None
    kind: str
    variable: str
    value: float | None
    unit: str
    label: str
    target: int


class InfusionRow(NamedTuple):
    row: int
    time: int | None
    end: int | None
    kind: str
    variable: str
    rate: float | None
    rate_unit: str
    amount: float | None
    amount_unit: str
    bag_amount: float | None
    bag_volume: float | None
    order: str
    status: str
    label: str
    target: int


@frozen
class InputTarget:
    rule: InputRule
    map: FromEvents


@frozen
class DrugTarget:
    rule: DrugRule
    rows: Rows


@frozen
class Fixed:
    """A fact of the whole stay, as its column says: the value as text, and what was made of it."""

    row: int
    input: str
    column: str
    shown: str
    taken: Taken


@frozen
class Stay:
    """What is known of one stay: `events` by time and id, the rows refused, and an account for each table."""

    id: str
    events: tuple[Event, ...]
    refusals: tuple[Refusal, ...]
    accounts: tuple[Account, ...]


Counts = Counter[tuple[Category, str]]


@dataclass(slots=True)
class Chart:
    """A stay being put together."""

    stay: str
    source: str
    events: list[Event] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)

    def new_id(self, base: str) -> str:
        self.ids[base] += 1
        count = self.ids[base]
        return base if count == 1 else f"{base}#{count}"

    def refuse(
        self,
        table: str,
        row: EventRow | InfusionRow,
        value: float | None,
        unit: str,
        reason: str,
        facts: Facts = (),
    ) -> None:
        time = None if row.time is None else row.time * MINUTE
        where = (self.stay, time, table, row.row, row.variable, _shown(value), unit)
        self.refusals.append(Refusal(*where, reason, facts))


def make_stay(
    stay: str,
    source: str,
    silence_off: bool,
    facts: tuple[Fixed, ...],
    fact_counts: Counts,
    events: list[EventRow],
    event_counts: Counts,
    infusions: list[InfusionRow],
    infusion_counts: Counts,
    inputs: tuple[InputTarget, ...],
    drugs: tuple[DrugTarget, ...],
    weight: Fraction | None,
    rows: Mapping[str, int],
) -> Stay:
    """The whole stay. The `counts` given hold the rows that were set aside; `rows` all that came in."""
    chart = Chart(stay, source)
    if silence_off:
        chart.events.append(NoOtherInfusions("silence", 0, source))
    fact_notes, event_notes, infusion_notes = Counter[str](), Counter[str](), Counter[str]()
    _facts(chart, facts, fact_counts, fact_notes)
    _readings(chart, events, inputs, event_counts, event_notes)
    for drug in sorted({drugs[row.target].rule.name for row in infusions}):
        mine = [row for row in infusions if drugs[row.target].rule.name == drug]
        _drug(chart, mine, drugs, weight, infusion_counts, infusion_notes)
    return Stay(
        stay,
        tuple(sorted(chart.events, key=lambda event: (event.time, event.id))),
        tuple(chart.refusals),
        (
            account("stays", rows["stays"], fact_counts, fact_notes),
            account("events", rows["events"], event_counts, event_notes),
            account("infusions", rows["infusions"], infusion_counts, infusion_notes),
        ),
    )


def _shown(value: float | None) -> str:
    return "" if value is None else repr(value)


def _facts(chart: Chart, facts: tuple[Fixed, ...], counts: Counts, notes: Counter[str]) -> None:
    for fact in facts:
        taken = fact.taken
        if taken.reason is not None:
            counts["refused", taken.reason] += 1
            where = (chart.stay, 0, "stays", fact.row, fact.column, fact.shown, "")
            chart.refusals.append(Refusal(*where, taken.reason, taken.facts))
        elif taken.value is None:
            counts["no_fact", fact.column] += 1
        else:
            counts["used", fact.column] += 1
            notes["rounded"] += taken.rounded
            name = f"stays:{fact.input}"
            chart.events.append(Reading(name, 0, fact.input, taken.value, f"{chart.source}: {fact.column}"))


def _readings(
    chart: Chart,
    rows: list[EventRow],
    inputs: tuple[InputTarget, ...],
    counts: Counts,
    notes: Counter[str],
) -> None:
    for row in rows:
        if row.target < 0:
            counts["refused", "no_such_infusion"] += 1
            chart.refuse("events", row, row.value, row.unit, "no_such_infusion")
            continue
        target = inputs[row.target]
        taken = target.rule.take(row.value, row.unit)
        reason = "no_time" if row.time is None else taken.reason
        if row.time is not None and taken.value is not None:
            base = f"{row.kind}:{row.variable}@{row.time}={_shown(row.value)}{row.unit}/{row.label}"
            time = (row.time + target.map.minutes_later.get(row.kind, 0)) * MINUTE
            made = Reading(
                chart.new_id(base), time, target.rule.name, taken.value, f"{chart.source}: {row.label}"
            )
            chart.events.append(made)
        if reason is not None:
            counts["refused", reason] += 1
            chart.refuse("events", row, row.value, row.unit, reason, taken.facts)
        else:
            counts["used", row.variable] += 1
            notes["rounded"] += taken.rounded


class _Interval(NamedTuple):
    start: int
    end: int
    rate: Charted | None
    concentration: Concentration | None
    order: str
    id: str
    source: str


def _drug(
    chart: Chart,
    rows: list[InfusionRow],
    drugs: tuple[DrugTarget, ...],
    weight: Fraction | None,
    counts: Counts,
    notes: Counter[str],
) -> None:
    """All rows of one drug."""
    rule = drugs[rows[0].target].rule
    stops = {(row.time, row.order) for row in rows if _is_stop(row, drugs[row.target].rows)}
    sets = {(row.time, row.order) for row in rows if drugs[row.target].rows.how == "set"}
    intervals: list[_Interval] = []
    for row in rows:
        spec = drugs[row.target].rows
        given = spec.how == "dose"
        value, unit = (row.amount, row.amount_unit) if given else (row.rate, row.rate_unit)
        source = f"{chart.source}: {row.label}"
        base = f"{row.kind}:{row.variable}@{row.time}={_shown(value)}{unit}/{row.order or row.label}"
        if row.time is None:
            counts["refused", "no_time"] += 1
            chart.refuse("infusions", row, value, unit, "no_time")
            continue
        time = row.time * MINUTE
        if (row.time, row.order) in stops and not given and spec.how != "interval":
            counts["used", row.variable] += 1
            if spec.how == "set" or (row.time, row.order) not in sets:
                chart.events.append(Infusion(chart.new_id(base), time, rule.name, rule.zero, None, source))
            continue
        taken = (
            rule.take_dose(value, unit, spec.strength)
            if given
            else rule.take_rate(value, unit, (row.bag_amount, row.bag_volume), weight)
        )
        reason = _interval_problem(row, spec) or taken.reason
        rate = taken.value if reason is None and isinstance(taken.value, Charted) else None
        if reason is not None:
            counts["refused", reason] += 1
            chart.refuse("infusions", row, value, unit, reason, taken.facts if reason == taken.reason else ())
        elif given and rate is None:
            counts["nothing_given", row.variable] += 1
            continue
        else:
            counts["used", row.variable] += 1
            notes["rounded"] += taken.rounded
        if reason == "empty_interval":
            continue
        name = chart.new_id(base)
        if given:
            end = row.time if row.end is None or row.end < row.time else row.end
            chart.events.append(Dose(name, end * MINUTE, rule.name, rate, source))
        elif spec.how == "interval" and row.end is not None and row.end > row.time:
            made = taken.concentration if rate is not None else None
            intervals.append(_Interval(row.time, row.end, rate, made, row.order, name, source))
        else:
            made = taken.concentration if rate is not None else None
            chart.events.append(Infusion(name, time, rule.name, rate, made, source))
    begun = {time for time, _ in sets if time is not None}
    chart.events += _sweep(rule, intervals, begun, notes)


def _is_stop(row: InfusionRow, spec: Rows) -> bool:
    return spec.how == "stop" or (spec.how == "set" and row.status in spec.status)


def _interval_problem(row: InfusionRow, spec: Rows) -> str | None:
    assert row.time is not None
    if row.end is None:
        return "no_end" if spec.how == "interval" else None
    if row.end < row.time:
        return "ends_before_start"
    return "empty_interval" if spec.how == "interval" and row.end == row.time else None


def _sweep(
    rule: DrugRule, intervals: list[_Interval], begun: set[int], notes: Counter[str]
) -> Iterator[Infusion]:
    """The infusion at each instant at which an interval begins or ends; `begun`: when a `set` row begins."""
    bounds = sorted({bound for item in intervals for bound in (item.start, item.end)})
    waiting = sorted(intervals, key=lambda item: (item.start, item.id), reverse=True)
    running: list[_Interval] = []
    for bound in bounds:
        ended = [item for item in running if item.end <= bound]
        several = len(running) > 1
        running = [item for item in running if item.end > bound]
        fresh = bool(waiting) and waiting[-1].start == bound
        while waiting and waiting[-1].start == bound:
            running.append(waiting.pop())
        if not running:
            if bound not in begun:
                last = min(ended, key=lambda item: item.id)
                yield Infusion(f"{last.id}:end", bound * MINUTE, rule.name, rule.zero, None, last.source)
        elif len(running) == 1:
            if fresh or several:
                one = running[0]
                name = one.id if one.start == bound else f"{one.id}:alone@{bound}"
                yield Infusion(name, bound * MINUTE, rule.name, one.rate, one.concentration, one.source)
        else:
            together = sorted(running, key=lambda item: item.id)
            rate = _sum(together)
            notes["overlapping intervals of one drug, rates " + ("added" if rate else "unknown")] += 1
            name = f"{'+'.join(item.id for item in together)}@{bound}"
            yield Infusion(name, bound * MINUTE, rule.name, rate, None, together[0].source)


def _sum(running: list[_Interval]) -> Charted | None:
    """The rates of different orders added up; None where one is unknown, a flow, or in another unit."""
    rates = [item.rate for item in running if item.rate is not None and item.concentration is None]
    units = {rate.unit for rate in rates}
    orders = {item.order for item in running}
    if len(rates) < len(running) or len(units) != 1 or len(orders) < len(running):
        return None
    return Charted(sum(rate.millionths for rate in rates), units.pop())


def fixed_weight(taken: Taken) -> Fraction | None:
    """The weight in kg that a column says, where it is one and was taken."""
    if taken.reason is not None or not isinstance(taken.value, Charted):
        return None
    try:
        factor = as_body_weight(parse_unit(taken.value.unit)).factor
    except UnitProblem:
        return None
    return from_millionths(taken.value.millionths) * factor
