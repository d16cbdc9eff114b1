"""Findings about gaps, waits and missing readings. Facts only; `report` has the words."""

from __future__ import annotations

from typing import ClassVar, Literal

from rung_engine.frozen import frozen
from rung_lang.finding import Level, Problem
from rung_lang.source import Span
from rung_lang.verify.gaps.regions import Cube
from rung_lang.verify.verdict import Witness


@frozen
class Gap(Problem):
    """A patient whom the stage covers, or who misses its goal, gets nothing. `what`: the condition."""

    code: ClassVar[str] = "R206"
    stage: str
    what: str
    goal: bool
    region: tuple[Cube, ...]
    whole: bool
    """The region was described in full."""
    witness: Witness | None


@frozen
class LessForSicker(Problem):
    """`rule` acts at `milder`; further from normal, at `worse`, nothing is done. `what`: input or drug."""

    code: ClassVar[str] = "R206"
    level: ClassVar[Level] = "warning"
    stage: str
    what: str
    drug: bool
    rule: str
    rule_span: Span
    milder: str
    worse: str
    witness: Witness | None


@frozen
class SilentRegion(Problem):
    """Where a stage that covers nobody by its words does nothing. `offer`: conditions it could cover."""

    code: ClassVar[str] = "R206"
    level: ClassVar[Level] = "information"
    stage: str
    region: tuple[Cube, ...]
    whole: bool
    offer: tuple[str, ...]


@frozen
class UnboundedWait(Problem):
    """Nothing brings a session in the stage back within `bound` ms: never (`nothing`), or not this patient's.
    `reads`: what its rules wait for.
    """

    code: ClassVar[str] = "R305"
    level: ClassVar[Level] = "warning"
    stage: str
    bound: int
    reads: tuple[str, ...]
    nothing: bool
    witness: Witness | None


@frozen
class NeverFresh(Problem):
    """Read every `cadence` ms, an input is unknown in between, and a form that looks at `length` ms is never
    true. `form`: the condition as written; `readings`: it needs two readings in a window.
    """

    code: ClassVar[str] = "R501"
    input: str
    rule: str
    form: str
    readings: bool
    cadence: int
    valid: int
    length: int
    declared: Span


@frozen
class OftenStale(Problem):
    """Read every `cadence` ms and valid for `valid`, an input is unknown in between."""

    code: ClassVar[str] = "R501"
    level: ClassVar[Level] = "warning"
    input: str
    rule: str
    cadence: int
    valid: int
    declared: Span


Role = Literal["applies", "assume"]
"""What of a protocol as a whole looks at an input."""


@frozen
class NoCadence(Problem):
    """Nothing says how often an input is read. `roles`: what of the whole protocol needs it, besides `rules`.
    `sometimes`: a `measure` does, not whenever it is needed.
    """

    code: ClassVar[str] = "R501"
    level: ClassVar[Level] = "information"
    input: str
    rules: tuple[str, ...]
    roles: tuple[Role, ...]
    valid: int
    sometimes: bool


@frozen
class Starved(Problem):
    """With one reading missing the stage does nothing, and nothing obtains the reading. `orders`: what some
    value of it would bring, by `rules`.
    """

    code: ClassVar[str] = "R502"
    stage: str
    input: str
    rules: tuple[str, ...]
    orders: tuple[str, ...]
    declared: Span
    witness: Witness | None


@frozen
class BlindStepDown(Problem):
    """`order` is given for sure while a reading is missing that could call for `against`."""

    code: ClassVar[str] = "R502"
    input: str
    rule: str
    order: str
    other: str
    other_span: Span
    against: str
    witness: Witness | None


@frozen
class SameAnyway(Problem):
    """Every value of a reading gives the same order, which waits for the reading all the same."""

    code: ClassVar[str] = "R502"
    level: ClassVar[Level] = "information"
    stage: str
    input: str
    order: str


@frozen
class Hinges(Problem):
    """Orders that come unconfirmed while one reading is missing: `rule` and the order, each."""

    code: ClassVar[str] = "R503"
    level: ClassVar[Level] = "information"
    input: str
    orders: tuple[tuple[str, str], ...]


@frozen
class LosesOrder(Problem):
    """Every value of a reading gives the same order; without the reading nothing is done at all."""

    code: ClassVar[str] = "R504"
    stage: str
    input: str
    order: str
    rules: tuple[str, ...]
    witness: Witness | None
