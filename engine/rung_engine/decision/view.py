"""What a decision needs to know about one instant; each engine provides it in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, Protocol

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.program import Amount, Program
from rung_engine.truth import Truth

Why = Literal["", "never", "stale", "implausible", "contested", "unit"]
Stored = Fraction | bool | str | frozenset[str]


@frozen
class InputState:
    """The value in force (coherent units; a graded input's rank), or why there is none.

    `time` is the stamp of the reading in force, or of the one that ended it.
    """

    value: Stored | None
    why: Why = ""
    time: int | None = None


@frozen
class DrugState:
    """What the chart says of a drug now.

    `running` is three-valued; `rate` is None where the drug is known to run at an unknown rate, is unknown,
    or runs only by a dose that still lasts. `why` says why `running` or the rate is unknown.
    """

    running: Truth
    rate: Amount | None = None
    why: Why = ""
    time: int | None = None
    by_silence: bool = False

    def is_known(self, form: str) -> bool:
        """Off, or running at a known rate; a bolus drug has no rate."""
        if not self.running:
            return self.running is False
        return not self.why and (self.rate is not None or form == "bolus")


Hypothesis = Mapping[tuple[str, str], object]
"""Supposed readings now: (`input` or `drug`, name) to a value as `Stored`, or a rate as `Amount`."""


class Truths(Protocol):
    """What of an instant decides which rules fire."""

    def truth(self, term: int) -> Truth: ...


class View(Truths, Protocol):
    """One instant of one patient, on the facts stamped at or before it."""

    @property
    def program(self) -> Program: ...

    @property
    def time(self) -> int: ...

    def place(self, stage: str | None, entered: int | None, began: int | None) -> None:
        """Sets where the session stands: `time in stage` and `ever` are judged from here on accordingly."""

    def suppose(self, hypothesis: Hypothesis, term: int) -> Truth:
        """The term's truth if these readings were taken now."""

    def subjects(self, term: int) -> frozenset[tuple[str, str]]:
        """The inputs and drugs a term reads, at any depth (the weight included where it converts)."""

    def input(self, name: str) -> InputState: ...

    def drug(self, name: str) -> DrugState: ...

    def weight(self) -> Fraction | None:
        """The dosing weight in kilograms, if known."""

    def rate_changed(self, drug: str) -> int | None:
        """When the drug's charted rate last changed; a start or a stop is a change, an equal rate is none."""

    def last_reading(self, name: str) -> int | None:
        """The stamp of the latest accepted reading."""

    def last_dose(self, drug: str) -> int | None: ...

    def given(self, drug: str, since: int) -> tuple[Amount | None, ...]:
        """Every dose charted at or after `since`; None for one of unknown amount."""

    def last_done(self, task: str) -> int | None: ...

    def moment(self, ref: m.Ref) -> int | None:
        """When it (last, or first) happened."""

    def course_began(self, course: str) -> int | None:
        """When the present course began; None if none is on."""

    def rolling(self, drug: str, over: int, dims: tuple[tuple[str, int], ...]) -> Fraction | None:
        """The amount given in (t - over, t]; None if unknown."""

    def knowable_at(self, term: int) -> int | None:
        """With no new fact: the first later instant at which the term is no longer unknown, if any."""

    def silence_is_off(self) -> bool: ...
