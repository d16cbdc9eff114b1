"""What several protocols say together at one instant, as frozen values."""

from __future__ import annotations

from typing import Literal

from rung_engine.decision.model import Content, Standing
from rung_engine.decision.propose import Grade, Verdict
from rung_engine.decision.view import View
from rung_engine.frozen import frozen
from rung_engine.program import Program


@frozen
class Voice:
    """One protocol on the patient: this instant as it sees it, and its own decision (None: not yet any)."""

    view: View
    content: Content | None

    @property
    def program(self) -> Program:
        return self.view.program

    @property
    def name(self) -> str:
        return self.view.program.artifact.name


@frozen
class Share:
    """One protocol's part of the combined decision: its own, with the orders that stand beside the others."""

    protocol: str
    content: Content | None


@frozen
class Yielded:
    """An order that does not stand, because others speak for its drug now."""

    protocol: str
    order: Standing
    to: tuple[str, ...]
    because: tuple[str, ...]


@frozen
class Opposed:
    """`orders`: two protocols order what cannot both be done, and neither order is given. `ownership`: these
    protocols yield a drug round in a ring, so that nobody speaks for it. A person settles both.
    """

    kind: Literal["orders", "ownership"]
    protocols: tuple[str, ...]
    rules: tuple[str, ...]
    """As `PROTOCOL:RULE`."""
    detail: str


@frozen
class Together:
    """The combined decision. Everything is sorted by protocol, so the order of members never shows."""

    shares: tuple[Share, ...]
    yielded: tuple[Yielded, ...] = ()
    contradictions: tuple[Opposed, ...] = ()


@frozen
class Heard:
    """What one protocol says of a proposed order."""

    protocol: str
    verdict: Verdict


@frozen
class Judgement:
    """The strictest of the verdicts, and whose they are."""

    grade: Grade
    heard: tuple[Heard, ...]


@frozen
class Moment:
    """The combined decision from `time` on, until the next one."""

    time: int
    together: Together
