"""What the verifier says: of one obligation, and of a whole protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.decision.fold import State
from rung_engine.decision.model import Content
from rung_engine.event import Event
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_lang.finding import Problem

Layer = Literal["text", "instant", "letters", "clocks", "symbolic", "cycles", "replay"]
Trust = Literal["checked", "solver", "replayed"]
"""Can be checked again without a solver; rests on a solver; is a history that was played."""

Label = tuple[str, ...]
"""What a part of a question says: (`rule`, id), (`applies`,), (`assume`, place), (`term`, index)."""


@frozen
class Said:
    """A part of a question as its author knows it. `words`: the author's own; empty where there are none."""

    label: Label
    words: str


@frozen
class Witness:
    """A patient: charted events and settings under which the reference engine shows the finding at `time`."""

    settings: tuple[tuple[str, m.Number | str], ...]
    events: tuple[Event, ...]
    time: int
    also: tuple[int, ...] = ()
    """Other instants to show: the boundary's other side, the steps of a loop."""


@frozen
class Replayed:
    """A witness as the reference engine judged it at its instant. `before`: the state it came from."""

    program: Program
    view: Instant
    content: Content
    state: State
    before: State


Confirm = Callable[[Replayed], bool]


@frozen
class Proved:
    """Universal: `core` names the parts that together are impossible. Existential: `witness` was played."""

    layer: Layer
    trust: Trust
    core: tuple[Label, ...] = ()
    witness: Witness | None = None
    question: str = ""
    """The one question whose refutation this is, as evidence names it; empty where there are several."""


@frozen
class Refuted:
    """Universal: `witness` was played and shows it. Existential: impossible, because of `core`."""

    witness: Witness | None
    core: tuple[Label, ...] = ()
    layer: Layer = "replay"
    trust: Trust = "replayed"
    question: str = ""
    """As of `Proved`."""


@frozen
class Undecided:
    """Neither, and why."""

    reason: str


Verdict = Proved | Refuted | Undecided


@frozen
class Obligation:
    """One question of the table and its answer. `about`: rule ids, `stage:NAME`, property ids."""

    code: str
    about: tuple[str, ...]
    verdict: Verdict


@frozen
class Report:
    """Everything that was asked of a protocol. `problems` are in the order of their places."""

    obligations: tuple[Obligation, ...]
    problems: tuple[Problem, ...]
    assumed: tuple[str, ...]
    approximated: tuple[str, ...]
    not_analysed: tuple[str, ...]
    modes: tuple[str, ...]
    shown: tuple[Witness, ...] = ()
    """The instants of examples that some verdict rests on, in the order in which they were looked through."""

    @property
    def state(self) -> Literal["proved", "failed", "undecided"]:
        """`failed` where a finding is an error of the protocol; that something is open is none (R801)."""
        if any(problem.level == "error" and problem.code != "R801" for problem in self.problems):
            return "failed"
        return (
            "undecided" if any(isinstance(one.verdict, Undecided) for one in self.obligations) else "proved"
        )
