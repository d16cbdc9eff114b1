"""What a protocol would have said to many patients, in numbers: read from a tally, for people and programs.

All times are whole milliseconds. A median or quartile is a value that occurred: the smallest that at least
half (a quarter, three quarters) of the values do not exceed.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from rung_engine.frozen import frozen

if TYPE_CHECKING:
    import polars as pl

HOUR = 3_600_000


@frozen
class Counted:
    """How many times something was so, in how many stays, and for how long."""

    name: str
    more: str
    times: int
    stays: int
    ms: int


@frozen
class Values:
    """Values in rising order, each with the number of stays that have it."""

    counts: tuple[tuple[int, int], ...]

    @property
    def number(self) -> int:
        """How many stays have a value."""
        return sum(count for _, count in self.counts)

    def quantile(self, numerator: int, denominator: int) -> int | None:
        """The smallest value that at least this part of the values do not exceed; None of no values."""
        need, passed = -(-self.number * numerator // denominator), 0
        for value, count in self.counts:
            passed += count
            if passed >= need:
                return value
        return None

    @property
    def median(self) -> int | None:
        return self.quantile(1, 2)

    @property
    def quartiles(self) -> tuple[int, int] | None:
        """The lower and the upper one."""
        low, high = self.quantile(1, 4), self.quantile(3, 4)
        return None if low is None or high is None else (low, high)


NONE = Values(())


@frozen
class Agreement:
    """One drug: what the protocol ordered first against what was charted first.

    Of the stays to which the protocol applied at some time. `ordered` and `charted` count from the first
    active decision; what was charted before that is below 0. `difference` is charted less ordered: below 0
    where the drug was given before the protocol ordered it.
    """

    drug: str
    both: int
    only_ordered: int
    only_charted: int
    neither: int
    unconfirmed: int
    """Stays with orders to begin it, each of which wanted something found out first."""
    ordered: Values
    charted: Values
    difference: Values


@frozen
class Summary:
    """Each group in the order of the most hours, the most times, or names; `stages` as the tally has them."""

    stays: int
    applied: int
    changes: int
    unproved: str
    """Why the artifact does not count as proved; empty where it does."""
    phases: tuple[Counted, ...]
    stages: tuple[Counted, ...]
    orders: tuple[Counted, ...]
    moves: tuple[Counted, ...]
    first_orders: tuple[tuple[str, Values], ...]
    """By rule: from the first active decision to the rule's first new order, of the stays where it ordered.
    """
    pending: tuple[Counted, ...]
    """Name: what is missing; more: why."""
    pending_rules: tuple[Counted, ...]
    withheld: tuple[Counted, ...]
    """Name: why; more: the order."""
    contradictions: tuple[Counted, ...]
    alerts: tuple[Counted, ...]
    rejected: tuple[Counted, ...]
    """Name: an input or drug; more: why what was charted is not used."""
    outcomes: tuple[Counted, ...]
    outside: tuple[Counted, ...]
    agreements: tuple[Agreement, ...]
    followed: Values
    """From the first active decision to the last fact of a stay."""
    seen: tuple[Counted, ...]
    """Name: input, drug, event or task; more: its name; times: facts."""


def summary(tally: pl.DataFrame) -> Summary:
    """The tally of a whole cohort, read."""
    counted: defaultdict[str, list[Counted]] = defaultdict(list)
    values: defaultdict[str, defaultdict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for what, name, more, at_ms, times, stays, ms in tally.iter_rows():
        if at_ms is None:
            counted[what].append(Counted(name, more, times, stays, ms))
        else:
            values[what][name].append((at_ms, stays))

    def spread(what: str, name: str) -> Values:
        return Values(tuple(sorted(values[what][name]))) if name in values[what] else NONE

    def by_time(what: str) -> tuple[Counted, ...]:
        return tuple(sorted(counted[what], key=lambda one: (-one.ms, one.name, one.more)))

    def by_times(what: str) -> tuple[Counted, ...]:
        return tuple(sorted(counted[what], key=lambda one: (-one.times, one.name, one.more)))

    def only(what: str) -> Counted:
        return counted[what][0] if counted[what] else Counted("", "", 0, 0, 0)

    classes: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for one in counted["agreement"]:
        classes[one.name][one.more] = one.stays
    doubtful = {one.name: one.stays for one in counted["unconfirmed"]}
    return Summary(
        stays=only("stays").stays,
        applied=only("applied").stays,
        changes=only("changes").times,
        unproved=only("unproved").name,
        phases=by_time("phase"),
        stages=by_time("stage"),
        orders=by_times("order"),
        moves=by_times("move"),
        first_orders=tuple((name, spread("first_order", name)) for name in sorted(values["first_order"])),
        pending=by_time("pending"),
        pending_rules=by_time("pending_rule"),
        withheld=by_times("withheld"),
        contradictions=by_times("contradiction"),
        alerts=by_times("alert"),
        rejected=by_times("rejected"),
        outcomes=by_times("outcome"),
        outside=by_time("outside"),
        agreements=tuple(
            Agreement(
                drug,
                found.get("both", 0),
                found.get("only_ordered", 0),
                found.get("only_charted", 0),
                found.get("neither", 0),
                doubtful.get(drug, 0),
                spread("ordered", drug),
                spread("charted", drug),
                spread("difference", drug),
            )
            for drug, found in sorted(classes.items())
        ),
        followed=spread("followed", ""),
        seen=tuple(sorted(counted["seen"], key=lambda one: (one.name, one.more))),
    )


def to_plain(value: Any) -> Any:
    """Integers, words, lists and dicts in the place of our own classes."""
    if isinstance(value, Values):
        quartiles = value.quartiles
        return {
            "stays": value.number,
            "median_ms": value.median,
            "quartiles_ms": None if quartiles is None else list(quartiles),
            "counts_ms": [list(pair) for pair in value.counts],
        }
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value
