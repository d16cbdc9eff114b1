"""What the cohort engine answers: two flat tables, for analysis in any tool.

`decisions` has one row for every change of a stay's decision, `items` one for everything that the decision
says. Doses are millionths of their unit, times and durations milliseconds. Two decisions are the same exactly
if their `decision_bytes` are; the tables leave out what only a bedside shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from rung_engine.decision.model import Decision, Standing, order_key

WORD = pa.dictionary(pa.int32(), pa.string())

DECISIONS = pa.schema(
    [
        ("stay", pa.string()),
        ("time_ms", pa.int64()),
        ("until_ms", pa.int64()),
        ("phase", WORD),
        ("stage", WORD),
        ("path", WORD),
        ("moved_by", WORD),
        ("outcome", WORD),
        ("unproved", WORD),
        ("silence_is_off", pa.bool_()),
    ]
)
"""One row for each decision. `until_ms`: the time of the next one, or of the stay's last fact, never before
`time_ms`. `path`: the stages left on this instant, `moved_by`: the rules that moved it, with blanks between.
A word that says nothing is null."""

ITEMS = pa.schema(
    [
        ("stay", pa.string()),
        ("time_ms", pa.int64()),
        ("kind", WORD),
        ("rule", WORD),
        ("op", WORD),
        ("target", WORD),
        ("why", WORD),
        ("detail", WORD),
        ("mark", WORD),
        ("strength", WORD),
        ("confirmed", pa.bool_()),
        ("carried", pa.bool_()),
        ("new", pa.bool_()),
        ("choice", WORD),
        ("unit", WORD),
        ("lo", pa.int64()),
        ("hi", pa.int64()),
        ("due_ms", pa.int64()),
        ("late_ms", pa.int64()),
        ("every_lo", pa.int64()),
        ("every_hi", pa.int64()),
    ]
)
"""One row for each thing a decision says, in its order. By `kind`:

order: `rule` (all that order it), `op`, `target`, `why` (what it stands in place of), `detail` (what to check
first, then cautions), `mark`, `strength`, `confirmed`, `carried`, `new` (its key did not stand before),
`choice`, the dose (`lo` to `hi` millionths of `unit`), `due_ms`, `late_ms`, `every_lo`, `every_hi`.
waiting: `rule`, `op`, `target`, `why`, `due_ms` (until when).
withheld: `rule`, `op`, `target`, `why`, `detail`.
pending: `rule`, `target` (what to find out), `detail` (input or drug), `why` (why it is not known), `due_ms`
(when it can be known); a rule that only waits for time has one row with `why` time.
contradiction: `rule`, `why` (its kind), `detail`. alert: `target` (a drug), `why` (its kind), `detail`.
rejected: `target`, `detail` (input or drug), `why`, `due_ms` (the stamp of what was rejected).
outcome: `target`. outside: `target` (an assumption that is false of this patient).
"""

_Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """The two tables of some stays, each sorted by stay and time."""

    decisions: pa.Table
    items: pa.Table


def decided_of(stays: Iterable[tuple[str, int, Sequence[Decision]]]) -> Decided:
    """The tables of (stay, time of its last fact in ms, its decisions), in the order given."""
    rows: list[_Row] = []
    items: list[_Row] = []
    for stay, end, decisions in stays:
        times = [decision.time for decision in decisions]
        untils = [*times[1:], max(end, times[-1])] if times else []
        for decision, until in zip(decisions, untils, strict=True):
            rows.append(_decision(stay, decision, until))
            items.extend(_items(stay, decision))
    return Decided(_table(rows, DECISIONS), _table(items, ITEMS))


def joined(parts: Sequence[Decided]) -> Decided:
    """Several answers as one, in their order."""
    return Decided(
        pa.concat_tables([part.decisions for part in parts] or [DECISIONS.empty_table()]),
        pa.concat_tables([part.items for part in parts] or [ITEMS.empty_table()]),
    )


def _decision(stay: str, decision: Decision, until: int) -> _Row:
    content = decision.content
    return (
        stay,
        decision.time,
        until,
        content.phase,
        content.stage,
        " ".join(content.path) or None,
        " ".join(content.moved_by) or None,
        content.outcome or None,
        decision.unproved,
        content.silence_is_off,
    )


def _items(stay: str, decision: Decision) -> Iterator[_Row]:
    content, new = decision.content, frozenset(decision.new)
    for order in content.orders:
        yield _order(stay, decision.time, order, order_key(order) in new)
    for wait in content.waiting:
        said = {"rule": wait.rule, "op": wait.op, "target": wait.target, "why": wait.why}
        yield _item(stay, decision.time, "waiting", {**said, "due_ms": wait.until})
    for held in content.withheld:
        said = {"rule": held.rule, "op": held.op, "target": held.target, "why": held.why}
        yield _item(stay, decision.time, "withheld", {**said, "detail": held.detail})
    for pending in content.pending:
        about = {"rule": pending.rule, "due_ms": pending.known_at}
        if not pending.needs:
            yield _item(stay, decision.time, "pending", {**about, "why": "time"})
        for need in pending.needs:
            known = {"target": need.name, "detail": need.kind, "why": need.why}
            yield _item(stay, decision.time, "pending", {**about, **known})
    for clash in content.contradictions:
        facts = {"rule": " ".join(clash.rules), "why": clash.kind, "detail": clash.detail}
        yield _item(stay, decision.time, "contradiction", facts)
    for alert in content.alerts:
        facts = {"target": alert.drug, "why": alert.kind, "detail": alert.detail}
        yield _item(stay, decision.time, "alert", facts)
    for one in content.rejected:
        stamp = {"target": one.name, "detail": one.kind, "why": one.why, "due_ms": one.time}
        yield _item(stay, decision.time, "rejected", stamp)
    for outcome in content.outcomes:
        yield _item(stay, decision.time, "outcome", {"target": outcome})
    for outside in content.outside_verified:
        yield _item(stay, decision.time, "outside", {"target": outside})


def _order(stay: str, time: int, order: Standing, new: bool) -> _Row:
    dose = order.dose
    said = {
        "rule": " ".join(order.rules),
        "op": order.op,
        "target": order.target,
        "why": order.instead_of,
        "detail": " ".join((*order.check_first, *order.cautions)),
        "mark": order.mark,
        "strength": order.strength,
        "confirmed": order.confirmed,
        "carried": order.carried,
        "new": new,
        "choice": order.choice,
        "unit": dose.unit if dose else None,
        "lo": dose.lo if dose else None,
        "hi": dose.hi if dose else None,
        "due_ms": order.due_at,
        "late_ms": order.late_after,
        "every_lo": order.every_lo,
        "every_hi": order.every_hi,
    }
    return _item(stay, time, "order", said)


def _item(stay: str, time: int, kind: str, said: Mapping[str, object]) -> _Row:
    shown = (said.get(name) for name in ITEMS.names[3:])
    return (stay, time, kind, *(None if value == "" else value for value in shown))


def _table(rows: Sequence[_Row], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(
        [_array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


def _array(column: Sequence[object], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_dictionary(kind):
        return pa.array(column, kind)
    return pa.array(column, pa.string()).dictionary_encode().cast(kind)
