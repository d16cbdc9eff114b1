"""What is known about a patient: facts stamped with the time they are about, each with an id.

A patient's history is a set of these. The order in which they arrive never matters. Times are whole
milliseconds from the encounter's zero (negative before it). Quantities are exact: a count of millionths of
the unit they were charted in; a rate charted as a flow carries the concentration it was charted with.
"""

from __future__ import annotations

from rung_engine.frozen import frozen


@frozen
class Charted:
    """An exact quantity in the unit it was charted in."""

    millionths: int
    unit: str


@frozen
class Concentration:
    """`amount` of drug in `volume` of fluid, as the bag's label says."""

    amount: Charted
    volume: Charted


Value = Charted | bool | str | frozenset[str]


@frozen
class Reading:
    """A value of an input: a quantity, yes or no, one name (one of, graded), or a set of names (any of)."""

    id: str
    time: int
    input: str
    value: Value
    source: str = ""


@frozen
class Infusion:
    """A drug charted as running at this rate from `time` on; a rate of 0 is a stop; None: rate not known."""

    id: str
    time: int
    drug: str
    rate: Charted | None
    concentration: Concentration | None = None
    source: str = ""


@frozen
class Dose:
    """An amount of a drug given at `time`; None: given, amount not known."""

    id: str
    time: int
    drug: str
    amount: Charted | None
    source: str = ""


@frozen
class Happened:
    id: str
    time: int
    event: str
    source: str = ""


@frozen
class Done:
    id: str
    time: int
    task: str
    source: str = ""


@frozen
class NoOtherInfusions:
    """From `time` on, a drug without a row is off, not unknown."""

    id: str
    time: int
    source: str = ""


@frozen
class Retraction:
    """The fact with id `of` was never so."""

    id: str
    time: int
    of: str
    source: str = ""


@frozen
class Correction:
    """The fact with id `of` was really `fact`, which keeps its own time. The largest (time, id) wins."""

    id: str
    time: int
    of: str
    fact: Fact
    source: str = ""


Fact = Reading | Infusion | Dose | Happened | Done | NoOtherInfusions
Event = Fact | Retraction | Correction
