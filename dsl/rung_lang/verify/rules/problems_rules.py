"""Findings about rules that are judged on one instant. Facts only; `report` has the words."""

from __future__ import annotations

from typing import ClassVar

from rung_engine.frozen import frozen
from rung_lang.finding import Level, Problem
from rung_lang.source import Span
from rung_lang.verify.doses.sites import OnlyFor
from rung_lang.verify.verdict import Said, Witness

Rule = tuple[str, Span]
"""A rule's id, and where it stands."""


@frozen
class Contradiction(Problem):
    """`rule` and `others` fire together and give orders that cannot both be given.

    `orders`: as written; of a free choice its arms, none of which is left. `undone`: the drug that one order
    begins and the other ends, else empty; `met`: one of the two is met already for the patient shown.
    `stages`: where; an empty one for none yet. Places are those of the rules' conditions.
    """

    code: ClassVar[str] = "R201"
    rule: str
    others: tuple[Rule, ...]
    orders: tuple[str, ...]
    choice: bool
    undone: str
    met: bool
    stages: tuple[str, ...]
    sites: tuple[OnlyFor, ...]
    witness: Witness | None


@frozen
class TwoWays(Problem):
    """`rule` and `others` fire together and lead to different stages, or one to an end: `targets`."""

    code: ClassVar[str] = "R202"
    rule: str
    others: tuple[Rule, ...]
    targets: tuple[str, ...]
    stages: tuple[str, ...]
    sites: tuple[OnlyFor, ...]
    witness: Witness | None


@frozen
class NeverFires(Problem):
    """No patient makes the rule fire where it counts. `clash`: the fewest things that exclude one another.

    `others`: the rules among them, which move every such patient on or silence the rule. `stages`: where it
    is judged.
    """

    code: ClassVar[str] = "R203"
    rule: str
    clash: tuple[Said, ...]
    others: tuple[Rule, ...]
    stages: tuple[str, ...]


@frozen
class AlwaysFires(Problem):
    """The condition of a rule is never false of a patient in its stage. `because`: what else makes it so."""

    code: ClassVar[str] = "R204"
    level: ClassVar[Level] = "warning"
    rule: str
    condition: str
    because: tuple[Said, ...]


@frozen
class AddsNothing(Problem):
    """Wherever the rule fires, `covering` fires too and gives all its orders. `equal`: the other way too."""

    code: ClassVar[str] = "R205"
    level: ClassVar[Level] = "warning"
    rule: str
    covering: Rule
    orders: tuple[str, ...]
    equal: bool


@frozen
class Boundary(Problem):
    """Two thresholds meet at `value`, and both hold there (`twice`), or neither does.

    `condition` is that of `rule`, `other_condition` that of `other`; in the author's words.
    """

    code: ClassVar[str] = "R207"
    rule: str
    condition: str
    other: Rule
    other_condition: str
    value: str
    twice: bool
    sites: tuple[OnlyFor, ...]
    witness: Witness | None


@frozen
class ArmsOverlap(Problem):
    """Two arms of a stage hold of one patient. `conditions`: theirs, in the author's words."""

    code: ClassVar[str] = "R207"
    stage: str
    arms: tuple[str, str]
    conditions: tuple[str, str]
    other: Span
    sites: tuple[OnlyFor, ...]
    witness: Witness | None


@frozen
class ArmsLeaveOut(Problem):
    """No arm of a stage holds of a patient who is there."""

    code: ClassVar[str] = "R207"
    level: ClassVar[Level] = "warning"
    stage: str
    arms: tuple[str, ...]
    others: tuple[Span, ...]
    sites: tuple[OnlyFor, ...]
    witness: Witness | None
