"""What a decision says, as frozen values. Doses are millionths of the unit they are ordered in.

`Content` is everything that two decisions are compared by; `Decision` adds the instant, what changed since
the decision before it and when to look again.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal

from rung_engine.artifact.certificate import Unproved
from rung_engine.frozen import frozen

Phase = Literal["not_applicable", "unclear", "active", "suspended", "ended", "finished"]
"""`unclear`: not yet known whether the protocol applies. `suspended`: no longer known; nothing is ordered."""

Mark = Literal["due", "not_due", "late", "done"]


@frozen
class Subject:
    """Something that can be read or asked: an input, a drug's state, or an event."""

    kind: Literal["input", "drug"]
    name: str
    why: str
    """never, stale, implausible, contested, unit, rate (runs at an unknown rate), weight."""


@frozen
class Figure:
    """The dose in the patient's own numbers: a unit, and a concentration where it is a flow."""

    unit: str
    lo: int
    hi: int
    at: str = ""


@frozen
class Dose:
    """From `lo` to `hi` millionths of `unit`, rounded once, half to even."""

    unit: str
    lo: int
    hi: int
    figures: tuple[Figure, ...] = ()


@frozen
class Standing:
    """An order that stands."""

    op: str
    target: str
    strength: str
    rules: tuple[str, ...]
    mark: Mark
    confirmed: bool = True
    check_first: tuple[str, ...] = ()
    """What to find out before doing it: rule ids, `before:DRUG`, `restrict:DRUG`, subjects' names."""
    dose: Dose | None = None
    remaining: Dose | None = None
    due_at: int | None = None
    late_after: int | None = None
    choice: str = ""
    """Orders with one non-empty `choice` are alternatives: a free choice."""
    carried: bool = False
    """Ordered by a rule that moved the session, and still to be carried out."""
    instead_of: str = ""
    """The order in whose place this stands because its prerequisite is not met."""
    cautions: tuple[str, ...] = ()
    every_lo: int | None = None
    every_hi: int | None = None
    continuously: bool = False
    volume: Dose | None = None
    """What the dose is diluted in."""


@frozen
class Waiting:
    """A rule fires, but its order does not stand now: a step not yet due, or at its limit."""

    rule: str
    op: str
    target: str
    why: Literal["step_not_due", "at_limit", "not_running"]
    until: int | None = None


@frozen
class Withheld:
    """An order that may not be given, and what forbids it."""

    rule: str
    op: str
    target: str
    why: Literal["before", "contraindicated", "needs", "maximum", "unavailable", "incompatible"]
    detail: str = ""


@frozen
class Pending:
    """A rule that cannot be judged: the fewest things to find out, or when it can next be known."""

    rule: str
    needs: tuple[Subject, ...] = ()
    known_at: int | None = None


@frozen
class Contradiction:
    kind: Literal["orders", "stages", "cycle"]
    rules: tuple[str, ...]
    detail: str


@frozen
class Alert:
    """`need`: a drug runs without what it needs. `above_maximum`: a charted rate. `rolling_maximum`: reached
    in the last `detail` milliseconds. `still_running`: after the session ended. All are facts to act on.
    """

    kind: Literal["need", "above_maximum", "rolling_maximum", "still_running"]
    drug: str
    detail: str = ""


@frozen
class Rejected:
    """Why an input, or a drug's state, is unknown although something was charted."""

    kind: Literal["input", "drug"]
    name: str
    why: str
    time: int


@frozen
class Content:
    phase: Phase
    stage: str | None
    path: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """The stages left on this instant. Passing, so two contents are not told apart by it."""
    moved_by: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """The rules that moved the session on this instant."""
    outcome: str = ""
    orders: tuple[Standing, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    pending: tuple[Pending, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    alerts: tuple[Alert, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    outcomes: tuple[str, ...] = ()
    """Declared outcomes that hold."""
    silence_is_off: bool = False
    """A drug without a row was taken to be off, because the source of the data says so."""
    outside_verified: tuple[str, ...] = ()
    """Assumptions that are false of this patient now: nothing proved holds."""


@frozen
class Takeover:
    """A session went on in another version: which, from where to where, and who said so."""

    before: str
    """The version that decided until then, and its seal; then those of the one that decides from then on."""
    before_seal: str
    version: str
    seal: str
    stage: str | None
    landing: str | None
    """The stage in which the new version found the session, before its own transitions."""
    how: Literal["same_name", "migrate", "by_history", "ended", "finished"]
    because: str = ""
    """The author's reason, where a `migrate` says so."""


@frozen
class Decision:
    time: int
    content: Content
    new: tuple[str, ...] = ()
    """Keys of orders that did not stand in the decision before."""
    ended: tuple[str, ...] = ()
    """Keys of orders that stood then and do not now."""
    unproved: Unproved | None = None
    """Why the artifact does not count as proved, where an engine was told to run it all the same."""
    takeover: Takeover | None = None
    """On the first decision of a version that took the session over from another."""


def order_key(order: Standing) -> str:
    """What makes two standing orders the same one across decisions."""
    return f"{order.op} {order.target}" + (f" [{order.choice}]" if order.choice else "")


def follow(before: Decision | None, time: int, content: Content, *, unproved: Unproved | None) -> Decision:
    """The decision at `time`, with what changed since the one before."""
    old = {order_key(order) for order in before.content.orders} if before else set()
    now = {order_key(order) for order in content.orders}
    return Decision(time, content, tuple(sorted(now - old)), tuple(sorted(old - now)), unproved)


def to_json(value: Any) -> Any:
    """Plain data, empty and default fields left out, ready for canonical JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        out = {}
        for field in dataclasses.fields(value):
            item = getattr(value, field.name)
            if item != field.default or field.default is dataclasses.MISSING:
                out[field.name] = to_json(item)
        return out
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    return value


def decision_bytes(decision: Decision) -> bytes:
    """Canonical JSON of a decision: the same decision is the same bytes on every machine."""
    text = json.dumps(to_json(decision), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")
