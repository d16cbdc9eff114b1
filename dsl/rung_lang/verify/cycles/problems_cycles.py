"""Findings about patients who stay as they are: rules that undo each other, and orders that never end.

Facts only; `report` has the words.
"""

from __future__ import annotations

from typing import ClassVar

from rung_engine.frozen import frozen
from rung_lang.finding import Level, Problem
from rung_lang.source import Span
from rung_lang.verify.cycles.steps import Kind
from rung_lang.verify.doses.sites import OnlyFor
from rung_lang.verify.verdict import Witness


@frozen
class Taken:
    """A step of a round. `op`: of its order; `target`: the stage entered, or the drug. `after`: ms since the
    first.
    """

    kind: Kind
    op: str
    target: str
    rule: str
    span: Span
    after: int


@frozen
class Swing:
    """Readings of an input that only noise tells apart. `apart`: how far noise alone can bring two of
    them.
    """

    input: str
    lowest: str
    highest: str
    noise: str
    apart: str


@frozen
class Lapse:
    """An input that is not known all the time: read every `cadence` ms and valid for `valid`."""

    input: str
    cadence: int
    valid: int


@frozen
class Flapping(Problem):
    """Rules that lead a patient who stays as he is round and round, in `period` ms."""

    code: ClassVar[str] = "R304"
    steps: tuple[Taken, ...]
    period: int
    settle: int
    swings: tuple[Swing, ...]
    lapses: tuple[Lapse, ...]
    sites: tuple[OnlyFor, ...]
    witness: Witness


@frozen
class SlowFlapping(Flapping):
    """The same, slower than the protocol calls unsettled."""

    level: ClassVar[Level] = "warning"


@frozen
class Trap(Problem):
    """A patient whom the stage covers, whom its orders do not change, and who is kept there by them for good.

    `orders`: each that stands then, with its rule and where that is. `what`: the condition covered.
    """

    code: ClassVar[str] = "R302"
    level: ClassVar[Level] = "warning"
    stage: str
    what: str
    orders: tuple[tuple[str, str, Span], ...]
    witness: Witness
