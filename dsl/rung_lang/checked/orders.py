"""Orders, rules and stages, names and units settled."""

from __future__ import annotations

from typing import Literal

from rung_engine.frozen import frozen
from rung_lang.checked.conditions import Numeric, Ref, Relation, Truth
from rung_lang.checked.quantities import Amount, Range
from rung_lang.source import Span

Op = Literal[
    "start", "add", "set", "increase", "decrease", "taper", "continue", "pause", "stop", "give", "avoid",
    "classify", "measure", "do", "end", "notify", "go", "finish",
]  # fmt: skip
Strength = Literal["must", "recommend", "consider"]


@frozen
class Order:
    """One order of one thing: regimens and classes are written out. `dose` None: the drug's own `start`."""

    op: Op
    target: str
    span: Span
    dose: Range | None = None
    step: Range | None = None
    limit: Amount | None = None
    every: Range | None = None
    times_daily: int | None = None
    within: Amount | None = None
    within_of: Ref | None = None
    over: Amount | None = None
    once: Literal["no", "session", "course"] = "no"
    once_per: str | None = None
    cap: Amount | None = None
    total: Amount | None = None
    continuously: bool = False
    volume: Range | None = None


@frozen
class Choice:
    """`conditions` stand beside the orders of a `prefer` (the last is None) and are empty otherwise."""

    form: Literal["one", "either", "prefer"]
    strength: Strength
    orders: tuple[Order, ...]
    conditions: tuple[Truth | None, ...]


@frozen
class Notes:
    because: str = ""
    cites: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    erratum: tuple[str, ...] = ()
    grade: str = ""


@frozen
class Arm:
    name: str
    condition: Truth
    span: Span


@frozen
class Rule:
    """`id` is final; `condition` does not hold the arm. `stage` None: throughout."""

    id: str
    title: str
    stage: str | None
    arm: Arm | None
    condition: Truth
    unless: Truth | None
    choices: tuple[Choice, ...]
    overrides: tuple[str, ...]
    notes: Notes
    span: Span


@frozen
class Titrate:
    """Keep `input` at `rel lo`, or from `lo` to `hi`; becomes one or two rules when lowered."""

    id: str
    stage: str | None
    arm: Arm | None
    drug: str
    step: Range
    every: Range
    range: Range
    input: Numeric
    rel: Relation | None
    lo: Numeric
    hi: Numeric | None
    notes: Notes
    span: Span


@frozen
class Goal:
    name: str
    title: str
    condition: Truth
    span: Span


@frozen
class Stage:
    """`initial` is the place in which initial stages are tried; the unconditional one has the largest."""

    name: str
    title: str
    initial: int | None
    initial_if: Truth | None
    resting: bool
    covers: tuple[Truth, ...]
    goals: tuple[Goal, ...]
    span: Span


@frozen
class Property:
    polarity: Literal["never", "always"]
    subject: Literal["order", "start", "stop", "pause", "increase", "decrease", "condition"]
    drugs: tuple[str, ...]
    above: Amount | None
    condition: Truth | None
    given: Truth | None
    span: Span


@frozen
class Proof:
    how: Literal["exactly", "at_most"]
    names: tuple[str, ...]
    conditions: tuple[Truth, ...]


@frozen
class Question:
    text: str
    ask: Literal["property", "when", "dose"]
    property: Property | None
    condition: Truth | None
    drug: str | None


@frozen
class Ownership:
    how: Literal["yields", "supersedes"]
    drugs: tuple[str, ...]
    protocol: str
    condition: Truth | None
    because: str


@frozen
class Migrate:
    """`to` None: by history."""

    stage: str
    to: str | None
    because: str


@frozen
class Before:
    drug: str
    condition: Truth
    otherwise: Order | None
    prefer: bool
    notes: Notes
