"""Findings about doses, what drugs need, what must never or always hold. Facts only; `report` has words."""

from __future__ import annotations

from typing import ClassVar, Literal

from rung_engine.frozen import frozen
from rung_lang.finding import Level, Problem
from rung_lang.source import Span
from rung_lang.verify.doses.sites import OnlyFor
from rung_lang.verify.verdict import Said, Witness

# ---------------------------------------------------------------- R401


@frozen
class AboveLimit(Problem):
    """An order asks for more than a maximum in force, for this patient.

    `how`: the dose itself, the doses of two orders `together`, or all that `every` allows in a window.
    `order`: as written. `asked` and `limit`: amounts in one unit, where they can be brought to one. `weight`:
    the patient's, where it counts. `given`: the condition of the restriction that says so; `window`: the
    length of a rolling maximum; `doses`: how many of them fall into it. All empty, or 0, where there is none.
    """

    code: ClassVar[str] = "R401"
    how: Literal["dose", "together", "window"]
    rule: str
    order: str
    drug: str
    asked: str
    limit: str
    weight: str
    given: str
    window: str
    doses: int
    other: tuple[str, Span] | None
    sites: tuple[OnlyFor, ...]
    declared: Span
    witness: Witness | None


@frozen
class StillAbove(Problem):
    """A `continue` of a rate that orders reached and a restriction now in force does not allow."""

    code: ClassVar[str] = "R401"
    rule: str
    drug: str
    limit: str
    given: str
    declared: Span
    witness: Witness | None


@frozen
class ContinuedAbove(Problem):
    """A `continue` of a rate above the maximum, which only the bedside can have set; nobody is told."""

    code: ClassVar[str] = "R401"
    level: ClassVar[Level] = "warning"
    rule: str
    drug: str
    limit: str
    given: str
    declared: Span
    witness: Witness | None


# ---------------------------------------------------------------- R402


@frozen
class LeftWithout(Problem):
    """With a decision's orders a drug would run without what it needs.

    `how`: the rule `gives` the drug; or it `withdraws` what the drug needs, and the drug runs. `order`: as
    written. `choice`: the need is started by one arm of a free choice only.
    """

    code: ClassVar[str] = "R402"
    how: Literal["gives", "withdraws"]
    rule: str
    order: str
    drug: str
    need: str
    choice: bool
    declared: Span
    witness: Witness | None


@frozen
class RunsWithout(Problem):
    """A drug is seen to run without what it needs, and the decision does nothing about it.

    `stages`: in which; empty for a session without a stage. The witness is in the first.
    """

    code: ClassVar[str] = "R402"
    level: ClassVar[Level] = "warning"
    drug: str
    need: str
    stages: tuple[str, ...]
    witness: Witness | None


@frozen
class InSequence(Problem):
    """Two orders of one decision leave a drug without what it needs, if they are done the other way round."""

    code: ClassVar[str] = "R402"
    level: ClassVar[Level] = "information"
    first: str
    first_order: str
    then: str
    then_order: str
    then_span: Span
    drug: str
    need: str
    witness: Witness | None


# ---------------------------------------------------------------- R403


@frozen
class NeverBroken(Problem):
    """A rule's order breaks a `never`. `statement`: as written; `dose`: what the patient is ordered.

    `carried`: the rule moved the patient, and its order still stands.
    """

    code: ClassVar[str] = "R403"
    statement: str
    rule: str
    rule_span: Span
    order: str
    dose: str
    carried: bool
    stage: str
    sites: tuple[OnlyFor, ...]
    witness: Witness | None


@frozen
class Silent:
    """A rule that could give an order and does not. `unknown`: what a pending one waits for."""

    rule: str
    span: Span
    why: Literal["pending", "withheld", "silent"]
    unknown: tuple[str, ...]


@frozen
class AlwaysBroken(Problem):
    """An `always` finds nothing ordered. `silent`: the rules that could."""

    code: ClassVar[str] = "R403"
    statement: str
    stage: str
    silent: tuple[Silent, ...]
    sites: tuple[OnlyFor, ...]
    witness: Witness | None


@frozen
class ConditionBroken(Problem):
    """A `never C` whose condition comes true, or an `always C` whose condition does not hold."""

    code: ClassVar[str] = "R403"
    polarity: Literal["never", "always"]
    statement: str
    stage: str
    sites: tuple[OnlyFor, ...]
    witness: Witness | None


@frozen
class NotExactlyOne(Problem):
    """Of outcomes or definitions of which one should hold, `hold` do, everything being known."""

    code: ClassVar[str] = "R403"
    how: Literal["exactly", "at_most"]
    names: tuple[str, ...]
    hold: tuple[str, ...]
    sites: tuple[OnlyFor, ...]
    witness: Witness | None


@frozen
class AnsweredNo(Problem):
    """A question about a property, and a patient of whom it is not so.

    `rule`: whose order shows it; `silent`: the rules that could have given one.
    """

    code: ClassVar[str] = "R403"
    level: ClassVar[Level] = "information"
    text: str
    statement: str
    rule: str
    rule_span: Span | None
    silent: tuple[Silent, ...]
    witness: Witness | None


# ---------------------------------------------------------------- R404


@frozen
class AboutNobody(Problem):
    """What the whole protocol rests on is true of no patient: `applies when`, or an assumption, or all of
    them together. `clash`: parts that exclude one another.
    """

    code: ClassVar[str] = "R404"
    what: Literal["applies", "assumption", "assumptions"]
    words: str
    clash: tuple[Said, ...]


@frozen
class SaysNothing(Problem):
    """A statement about patients there are none of: the `while` of a property, a `covers`, a question."""

    code: ClassVar[str] = "R404"
    level: ClassVar[Level] = "warning"
    what: Literal["never", "always", "covers", "question", "dose"]
    words: str
    clash: tuple[Said, ...]
