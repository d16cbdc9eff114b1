"""What a compiled protocol holds, as frozen classes; `schemas/artifact.schema.json` is made from them.

Integers and strings only: a quantity is a count of millionths of the unit it was written in, a duration is
whole milliseconds, an exact ratio is two integers. Nothing here executes; `reference` and `session` do.

Terms form one table, each distinct condition once. A field of type `TermId` is an index into it; a term
refers only to terms with smaller indices.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, dataclass_transform

from rung_engine.frozen import declared

FORMAT = 2
"""The version of this model. An engine refuses an artifact with a larger one."""

LANGUAGE = "1.0"


class _Declared(type):
    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _Declared:
        return super().__new__(cls, name, bases, declared(body, bases, by_name=True))


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Model(metaclass=_Declared):
    """A frozen part of an artifact. Making one checks nothing: `load` has pydantic check what it is given."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]
    __pydantic_config__: ClassVar = {"strict": True, "extra": "forbid"}
    SILENT: ClassVar[frozenset[str]] = frozenset()
    """The fields not written while they are None, so that what was sealed before them keeps its bytes."""

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """The same with other values in some fields."""
        return dataclasses.replace(self, **update)

    def model_dump(self, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """The fields that are written, parts in parts as dicts; for JSON a list in the place of a tuple."""
        dumped: dict[str, Any] = _dumped(self, tuple if mode == "python" else list)
        return dumped

    def model_dump_json(self) -> str:
        """JSON in the order of the fields, without blanks."""
        return json.dumps(self.model_dump("json"), separators=(",", ":"), ensure_ascii=False)


def _dumped(value: Any, sequence: type[list[Any] | tuple[Any, ...]]) -> Any:
    if isinstance(value, Model):
        return {
            name: _dumped(part, sequence)
            for name in value.__dataclass_fields__
            if (part := getattr(value, name)) is not None or name not in value.SILENT
        }
    if isinstance(value, tuple):
        return sequence(_dumped(item, sequence) for item in value)
    if isinstance(value, dict):
        return {key: _dumped(item, sequence) for key, item in value.items()}
    return value


class Limit:
    """What pydantic is to check of a value, in its own words; it is asked for when it reads."""

    def __init__(self, **limits: Any) -> None:
        self.limits = limits

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic import Field

        return handler.generate_schema(Annotated[source, Field(**self.limits)])


TermId = Annotated[int, Limit(ge=0)]
Millis = Annotated[int, Limit(ge=0)]
Name = Annotated[str, Limit(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class Number(Model):
    """An exact quantity: `millionths` of `unit`. `unit` is a key of `Artifact.units`."""

    millionths: int
    unit: str


class FromSetting(Model):
    """A quantity that a setting gives."""

    setting: Name


Amount = Number | FromSetting


class Range(Model):
    """From `lo` to `hi`, both included. A single dose has `lo == hi`."""

    lo: Amount
    hi: Amount


# ---------------------------------------------------------------- moments


class EventRef(Model):
    """The latest (or first) happening of an event."""

    kind: Literal["event"] = "event"
    name: Name
    first: bool = False


class DrugRef(Model):
    """The latest (or first) start or stop, as charted, of any of these drugs."""

    kind: Literal["started", "stopped"]
    drugs: tuple[Name, ...]
    first: bool = False


class TaskRef(Model):
    """The latest (or first) doing of a task."""

    kind: Literal["done"] = "done"
    name: Name
    first: bool = False


class PairRef(Model):
    """`later` needs both moments; `earlier` needs one."""

    kind: Literal["later", "earlier"]
    of: tuple[EventRef | DrugRef | TaskRef, EventRef | DrugRef | TaskRef]


Moment = EventRef | DrugRef | TaskRef
Ref = EventRef | DrugRef | TaskRef | PairRef


class Over(Model):
    """The window of this length that ends now, both ends included."""

    over: Amount


class Since(Model):
    """From this moment on, included."""

    since: Ref


Span = Over | Since
Relation = Literal["<", "<=", "=", ">=", ">"]

# ---------------------------------------------------------------- terms that are true, false or unknown


class Const(Model):
    op: Literal["const"] = "const"
    value: bool


class Cmp(Model):
    """`left rel right`; both are numeric terms of one dimension."""

    op: Literal["cmp"] = "cmp"
    left: TermId
    rel: Relation
    right: TermId


class Flag(Model):
    """A yes-or-no input."""

    op: Literal["flag"] = "flag"
    input: Name


class Is(Model):
    """A `one of` input equals, or an `any of` input holds, this value."""

    op: Literal["is"] = "is"
    input: Name
    value: Name


class SettingIs(Model):
    """A choice or yes-or-no setting has this value (`yes`, `no` for the latter)."""

    op: Literal["setting_is"] = "setting_is"
    setting: Name
    value: Name


class Running(Model):
    """Some drug of the list runs."""

    op: Literal["running"] = "running"
    drugs: tuple[Name, ...]


class Off(Model):
    """Every drug of the list is known to be off."""

    op: Literal["off"] = "off"
    drugs: tuple[Name, ...]


class Known(Model):
    """Two-valued: the input, or the drug's state, is known now."""

    op: Literal["known"] = "known"
    kind: Literal["input", "drug"]
    name: Name


class Not(Model):
    op: Literal["not"] = "not"
    of: TermId


class And(Model):
    op: Literal["and"] = "and"
    of: tuple[TermId, ...]


class Or(Model):
    op: Literal["or"] = "or"
    of: tuple[TermId, ...]


class Count(Model):
    """At least, at most or exactly `n` of these are true."""

    op: Literal["count"] = "count"
    rel: Literal[">=", "<=", "="]
    n: int
    of: tuple[TermId, ...]


class Held(Model):
    """`C for D [gaps up to G]`."""

    op: Literal["held"] = "held"
    of: TermId
    length: Amount
    gaps: Amount | None = None


class Recent(Model):
    """`C in the last D`."""

    op: Literal["recent"] = "recent"
    of: TermId
    length: Amount


class Ever(Model):
    """`ever C`, a latch of the session."""

    op: Literal["ever"] = "ever"
    of: TermId


class Occurs(Model):
    """True at the very instants at which the moment happens (the first time, if it says so), else false."""

    op: Literal["occurs"] = "occurs"
    ref: Moment


class After(Model):
    """The moment has happened, now or earlier."""

    op: Literal["after"] = "after"
    ref: Ref


class Readings(Model):
    """`n readings D apart of X rel value [drawn while C]`; C is judged at each reading's own instant."""

    SILENT: ClassVar[frozenset[str]] = frozenset({"drawn"})

    op: Literal["readings"] = "readings"
    n: int
    apart: Amount
    input: Name
    rel: Relation
    right: TermId
    drawn: TermId | None = None


class Ordered(Model):
    """The decision orders one of these drugs [above a rate]. Properties and questions only."""

    op: Literal["ordered"] = "ordered"
    drugs: tuple[Name, ...]
    above: Amount | None = None


class InStage(Model):
    """The decision rests in this stage. Properties and questions only."""

    op: Literal["in_stage"] = "in_stage"
    stage: Name


# ---------------------------------------------------------------- terms that are numbers


class Quantity(Model):
    op: Literal["number"] = "number"
    millionths: int
    unit: str


class Setting(Model):
    op: Literal["setting"] = "setting"
    name: Name


class Input(Model):
    """The value in force of a measured, graded (its rank from 0) or counted input."""

    op: Literal["input"] = "input"
    name: Name


class Rate(Model):
    """The drug's rate seen in the dimension of `unit`; through the dosing weight where charted otherwise."""

    op: Literal["rate"] = "rate"
    drug: Name
    unit: str


class Arith(Model):
    op: Literal["add", "sub", "mul", "div"]
    left: TermId
    right: TermId


class Elapsed(Model):
    """`time since E`."""

    op: Literal["elapsed"] = "elapsed"
    ref: Ref


class TimeInStage(Model):
    op: Literal["time_in_stage"] = "time_in_stage"


class TimeInCourse(Model):
    op: Literal["time_in_course"] = "time_in_course"
    course: Name


class TimeOn(Model):
    op: Literal["time_on"] = "time_on"
    drug: Name


class Change(Model):
    """Current value against the oldest reading in the window, or the reading in force at the moment."""

    op: Literal["change"] = "change"
    how: Literal["change", "rise", "fall", "percent_rise", "percent_fall"]
    input: Name
    span: Span


class Extreme(Model):
    op: Literal["extreme"] = "extreme"
    how: Literal["lowest", "highest", "mean"]
    input: Name
    span: Span


class Total(Model):
    """The amount of a drug given, in the dimension of `unit`."""

    op: Literal["total"] = "total"
    drug: Name
    span: Span
    unit: str


class ValueAt(Model):
    op: Literal["value_at"] = "value_at"
    input: Name
    ref: Ref


class ValueAtStart(Model):
    """The reading in force when the present (or else the latest) course began."""

    op: Literal["value_at_start"] = "value_at_start"
    input: Name
    course: Name


Truth = (
    Const | Cmp | Flag | Is | SettingIs | Running | Off | Known | Not | And | Or | Count | Held | Recent
    | Ever | Occurs | After | Readings | Ordered | InStage
)  # fmt: skip
Numeric = (
    Quantity | Setting | Input | Rate | Arith | Elapsed | TimeInStage | TimeInCourse | TimeOn | Change
    | Extreme | Total | ValueAt | ValueAtStart
)  # fmt: skip
Term = Annotated[Truth | Numeric, Limit(discriminator="op")]

# ---------------------------------------------------------------- declarations


class UnitDecl(Model):
    """One of these is `num/den` of the coherent base of `dims`, plus `offset` for temperature."""

    ucum: str
    num: int
    den: int
    offset_num: int = 0
    offset_den: int = 1
    dims: dict[str, int]


class Code(Model):
    system: str
    code: str


class AlsoIn(Model):
    """A declared conversion: one `declared` unit is `factor` of `unit`."""

    unit: str
    factor: Number


class InputDecl(Model):
    title: str = ""
    aliases: tuple[Name, ...] = ()
    kind: Literal["quantity", "flag", "one_of", "any_of", "graded"]
    unit: str | None = None
    """Of a quantity. Graded inputs and flags have none."""
    values: tuple[Name, ...] = ()
    """Of `one_of`, `any_of` and, in rising order, `graded`."""
    also_in: tuple[AlsoIn, ...] = ()
    accepts: tuple[str, ...] = ()
    """Units a reading may be charted in besides those of `also_in`; all convert exactly."""
    plausible: Range | None = None
    valid_for: Millis | None = None
    fixed: bool = False
    cumulative: bool = False
    dosing: bool = False
    counts: Name | None = None
    charted_every: Millis | None = None
    step: Number | None = None
    noise: Number | None = None
    normal: Number | None = None
    asked: str | None = None
    codes: tuple[Code, ...] = ()


class Rolling(Model):
    """No more than `maximum` in any window (t - over, t]."""

    maximum: Amount
    over: Amount


class DrugDecl(Model):
    title: str = ""
    aliases: tuple[Name, ...] = ()
    form: Literal["infusion", "bolus"]
    unit: str
    """In which this protocol holds, steps, compares and shows the drug."""
    accepts: tuple[str, ...] = ()
    start: Range | None = None
    usual: Range | None = None
    maximum: Amount | None = None
    rolling: tuple[Rolling, ...] = ()
    concentrations: tuple[Number, ...] = ()
    needs: tuple[Name, ...] = ()
    valid_for: Millis | None = None
    lasts: Millis | None = None
    route: Name | None = None
    available_if: TermId | None = None
    codes: tuple[Code, ...] = ()


class Restrict(Model):
    """A narrowing of one drug while a condition holds (always, if null)."""

    drug: Name
    start: Range | None = None
    usual: Range | None = None
    maximum: Amount | None = None
    rolling: tuple[Rolling, ...] = ()
    contraindicated: bool = False
    condition: TermId | None = None
    because: str = ""
    cites: tuple[Name, ...] = ()
    clauses: tuple[str, ...] = ()
    erratum: tuple[str, ...] = ()


class EventDecl(Model):
    title: str = ""
    condition: TermId | None = None
    """Where given, the event happens at each instant at which this becomes true."""


class CourseDecl(Model):
    title: str = ""
    drugs: tuple[Name, ...]
    ends_after: Millis


class OutcomeDecl(Model):
    title: str = ""
    condition: TermId


class SettingDecl(Model):
    title: str = ""
    kind: Literal["quantity", "choice", "yes_no"]
    value: Number | Name | None = None
    """Null: chosen by site."""
    lo: Number | None = None
    hi: Number | None = None
    choices: tuple[Name, ...] = ()


class Incompatible(Model):
    drugs: tuple[Name, Name]
    why: str


class SourceDecl(Model):
    title: str
    publisher: str = ""
    year: int | None = None


# ---------------------------------------------------------------- orders and rules


Op = Literal[
    "start", "add", "set", "increase", "decrease", "taper", "continue", "pause", "stop", "give", "avoid",
    "classify", "measure", "do", "begin", "end", "notify", "go", "finish",
]  # fmt: skip
Strength = Literal["must", "recommend", "consider"]


class Order(Model):
    """One order. Which fields stand is decided by `op`; see `docs/reference/language.md`."""

    SILENT: ClassVar[frozenset[str]] = frozenset({"volume"})

    op: Op
    target: str
    """A drug, input, task, course, regimen, outcome or stage by name; a person or an outcome's words."""
    dose: Range | None = None
    """start, add, set, give."""
    step: Range | None = None
    """increase, decrease, taper."""
    limit: Amount | None = None
    """increase up to, decrease down to."""
    every: Range | None = None
    times_daily: int | None = None
    within: Amount | None = None
    within_of: Ref | None = None
    over: Amount | None = None
    once: Literal["no", "session", "course"] = "no"
    once_per: Name | None = None
    cap: Amount | None = None
    total: Amount | None = None
    continuously: bool = False
    volume: Range | None = None
    """give: what the dose is diluted in."""


class One(Model):
    form: Literal["one"] = "one"
    strength: Strength = "recommend"
    order: Order


class Either(Model):
    """A free choice of any of these."""

    form: Literal["either"] = "either"
    strength: Strength = "recommend"
    orders: tuple[Order, ...]


class Prefer(Model):
    """The first whose condition is true; the last has none."""

    form: Literal["prefer"] = "prefer"
    strength: Strength = "recommend"
    orders: tuple[Order, ...]
    conditions: tuple[TermId | None, ...]


Choice = Annotated[One | Either | Prefer, Limit(discriminator="form")]


class Rule(Model):
    """`condition` already holds the rule's arm; `unless` stands apart because an unknown one unconfirms."""

    id: str
    """`stage.name`, or `throughout.name`; a nameless rule is `stage.rule_N`, N its place among them."""
    title: str = ""
    stage: Name | None
    """Null: throughout."""
    arm: Name | None = None
    condition: TermId
    unless: TermId | None = None
    orders: tuple[Choice, ...]
    overrides: tuple[str, ...] = ()
    because: str = ""
    cites: tuple[Name, ...] = ()
    clauses: tuple[str, ...] = ()
    erratum: tuple[str, ...] = ()
    grade: str = ""
    from_titrate: bool = False


class Goal(Model):
    name: Name
    title: str = ""
    condition: TermId


class Stage(Model):
    name: Name
    title: str = ""
    initial: int | None = None
    """Place in which initial stages are tried; the unconditional one has the largest."""
    initial_if: TermId | None = None
    resting: bool = False
    covers: tuple[TermId, ...] = ()
    goals: tuple[Goal, ...] = ()


class Before(Model):
    """A prerequisite of starting or adding a drug; `prefer` warns and does not block."""

    drug: Name
    condition: TermId
    otherwise: Order | None = None
    prefer: bool = False
    because: str = ""
    cites: tuple[Name, ...] = ()
    clauses: tuple[str, ...] = ()
    erratum: tuple[str, ...] = ()


class Property(Model):
    """`never`/`always` about an order, a move of a drug, or a condition."""

    id: str
    polarity: Literal["never", "always"]
    subject: Literal["order", "start", "stop", "pause", "increase", "decrease", "condition"]
    drugs: tuple[Name, ...] = ()
    above: Amount | None = None
    condition: TermId | None = None
    """The statement itself where `subject` is `condition`."""
    given: TermId | None = None
    """`while C`."""


class Proof(Model):
    """`prove exactly one of` or `at most one of`."""

    how: Literal["exactly", "at_most"]
    names: tuple[Name, ...]
    conditions: tuple[TermId, ...]


class Question(Model):
    text: str
    ask: Literal["property", "when", "dose"]
    property: Property | None = None
    condition: TermId | None = None
    drug: Name | None = None


class Ownership(Model):
    """`yields D to P while C`, or `supersedes P for D because`."""

    how: Literal["yields", "supersedes"]
    drugs: tuple[Name, ...]
    protocol: Name
    condition: TermId | None = None
    because: str = ""


class Migrate(Model):
    """Where a session goes on that stands in `stage` of an older version when this one takes over."""

    SILENT: ClassVar[frozenset[str]] = frozenset({"to"})

    stage: Name
    to: Name | None = None
    """Null: by history, where this version would be had it run from the beginning."""
    because: str


# ---------------------------------------------------------------- the decision graph, for drawing


class Node(Model):
    id: str
    kind: Literal["stage", "rule", "end"]
    label: str
    detail: tuple[str, ...] = ()
    stage: str | None = None
    initial: bool = False
    resting: bool = False


class Edge(Model):
    source: str
    target: str
    kind: Literal["holds", "goes"]
    """A stage holds its rules; a rule or a stage goes to a stage or an end."""
    label: str = ""


class Graph(Model):
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


# ---------------------------------------------------------------- the whole


class Position(Model):
    file: str
    line: int
    column: int


class SourceFile(Model):
    path: str
    sha256: str


class Provenance(Model):
    """Where the text stood. Not part of the meaning, and not hashed into `meaning`."""

    files: tuple[SourceFile, ...]
    positions: dict[str, Position]
    """By rule id, `stage:NAME`, `arm:STAGE.ARM`, `input:NAME`, `drug:NAME`, `property:ID`."""
    words: dict[str, str]
    """By term index as text: the condition in the author's own words."""
    arms: dict[str, tuple[TermId, ...]] = {}  # noqa: RUF012 - each object has its own
    """By `STAGE.ARM`: the conditions of the arm, all of which stand in each of its rules."""


class Obligation(Model):
    """One thing that was to be proved, and what became of it."""

    code: str
    """Of the finding that a refutation is, such as R201."""
    about: tuple[str, ...]
    """Rule ids, `stage:NAME`, property ids; in the order that belongs to the code."""
    verdict: Literal["proved", "refuted", "undecided"]
    layer: Literal["text", "instant", "letters", "clocks", "symbolic", "cycles", "replay"]
    """The part of the verifier that settled it, or was the last to try."""
    trust: Literal["checked", "solver", "replayed"]
    """What the verdict rests on: evidence that can be checked again without a solver, the word of a solver,
    or a history that an engine replays.
    """
    evidence: str = ""
    """A key of `Certificate.evidence`; empty where there is none."""
    reason: str = ""
    """Why it is undecided."""


class Certificate(Model):
    """What was proved, by the verifier. An artifact that was only checked carries `none`."""

    state: Literal["none", "proved", "failed", "undecided"] = "none"
    of: str = ""
    """The `meaning` of the artifact that was examined."""
    tools: dict[str, str] = {}  # noqa: RUF012 - each object has its own
    """The version of each program that took part, by name: `rung`, `z3`."""
    modes: tuple[str, ...] = ()
    """What the bedside was taken to do with orders: the modes that were used."""
    assumed: tuple[str, ...] = ()
    approximated: tuple[str, ...] = ()
    """What was examined with more behaviours than the protocol has."""
    not_analysed: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    evidence: dict[str, str] = {}  # noqa: RUF012 - each object has its own
    """Canonical JSON of a proof tree, an inductive set or a history, by the beginning of its sha256. Engines
    do not read it.
    """


class Artifact(Model):
    SILENT: ClassVar[frozenset[str]] = frozenset({"migrates"})

    format: int
    language: str
    compiler: str
    name: Name
    title: str
    version: str
    status: str = "draft"
    settle: Millis
    applies: TermId | None
    units: dict[str, UnitDecl]
    inputs: dict[Name, InputDecl]
    drugs: dict[Name, DrugDecl]
    classes: dict[Name, tuple[Name, ...]]
    panels: dict[Name, tuple[Name, ...]]
    events: dict[Name, EventDecl]
    tasks: dict[Name, str]
    courses: dict[Name, CourseDecl]
    outcomes: dict[Name, OutcomeDecl]
    settings: dict[Name, SettingDecl]
    sources: dict[Name, SourceDecl]
    incompatible: tuple[Incompatible, ...]
    restricts: tuple[Restrict, ...]
    befores: tuple[Before, ...]
    terms: tuple[Term, ...]
    defines: dict[Name, TermId]
    stages: tuple[Stage, ...]
    rules: tuple[Rule, ...]
    assumptions: tuple[TermId, ...]
    properties: tuple[Property, ...]
    proofs: tuple[Proof, ...]
    questions: tuple[Question, ...]
    ownership: tuple[Ownership, ...]
    migrates: tuple[Migrate, ...] | None = None
    graph: Graph
    provenance: Provenance
    certificate: Certificate
    meaning: str
    """sha256 over everything but `compiler`, `provenance`, `certificate`, `meaning` and `seal`."""
    seal: str
    """sha256 over everything but `seal`."""
