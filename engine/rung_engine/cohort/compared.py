"""What a new version of a protocol changes for the same stays, counted: by change, by class, stay by stay.

All times are whole milliseconds; a first moment is one of the stay's own clock. Hours in which two things
differ at once count for both, and once in all.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from rung_engine.cohort.sought import Sought
from rung_engine.cohort.summary import Values, to_plain
from rung_engine.decision.model import Content, to_json
from rung_engine.frozen import frozen

LISTED = 20
"""So many stays are listed one by one: those that come first by their ids."""


@frozen
class Moment:
    """The first instant of a stay at which the decisions differ, and both in full; None before a first one.

    `ms`: how long they differ in this stay; of a change, how long by it. `changes`: those that begin there;
    `places`: the regions it may lie in, each with its change.
    """

    stay: str
    time: int
    ms: int
    changes: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    old: Content | None
    new: Content | None


@frozen
class Lasting:
    """How many stays, for how long, and when it first was so."""

    stays: int
    ms: int
    first: Values


@frozen
class Region:
    """A region of a change. `stays`: those in which the versions differ so, and the patient lay in it, as far
    as the first moment of each kind tells. `perhaps`: those for which it is one of several that were not told
    apart; where both are 0, it is unseen."""

    name: str
    classes: tuple[str, ...]
    stays: int
    perhaps: int


@frozen
class Met:
    """A change. `entered`, `entered_ms`: the stays in which both were in a stage of it, and how long:
    where this is 0, the data say nothing of it. `readings`: the same for what only waits for readings in one
    version, and is ordered in neither. `moments`: the first `LISTED` stays by id."""

    change: Sought
    entered: int
    entered_ms: int
    lasting: Lasting
    readings: Lasting
    regions: tuple[Region, ...]
    moments: tuple[Moment, ...]


@frozen
class Compared:
    """Everything. `ms`: patient-hours in all; `active_ms`: while the protocol was active in either version.

    `differing`: the stays whose decision differs at some time: another order, stage, phase or outcome.
    `readings`: where, for something that neither orders, one version waits for readings and the other does
    not; it is counted in nothing else. `follows`: where a difference is none of the
    changes and the versions had parted in the stay before. `unexplained`: where they had not; none is
    expected, and `odd` lists them.
    """

    old: str
    new: str
    stays: int
    ms: int
    active_ms: int
    active_stays: int
    differing: Lasting
    readings: Lasting
    changes: tuple[Met, ...]
    classes: tuple[tuple[str, Lasting], ...]
    follows: Lasting
    unexplained: Lasting
    moments: tuple[Moment, ...]
    """The first `LISTED` stays that differ, by id."""
    odd: tuple[Moment, ...]

    @property
    def unseen(self) -> tuple[Met, ...]:
        """The changes that no stay shows."""
        return tuple(met for met in self.changes if not met.lasting.stays and not met.readings.stays)


def as_data(value: Any) -> Any:
    """Plain data for JSON; decisions are as `rung run --format json` shows them."""
    if isinstance(value, Content):
        return to_json(value)
    if isinstance(value, Values):
        return to_plain(value)
    if isinstance(value, tuple):
        return [as_data(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_data(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value
