"""The tree of one file, as written: nothing is resolved here, every node keeps its span."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from rung_engine.frozen import frozen
from rung_lang.source import Span


@frozen
class Name:
    text: str
    span: Span


@frozen
class Text:
    """A string in double quotes; `value` without them."""

    value: str
    span: Span


@frozen
class Unit:
    """A unit as written; whether there is such a unit is not yet asked."""

    text: str
    span: Span


@frozen
class Quantity:
    """A number, with its unit where one is written. `literal` is the number as written."""

    value: Fraction
    literal: str
    unit: Unit | None
    span: Span


Amount = Quantity | Name
"""A quantity, or a setting's name."""


@frozen
class Range:
    """`lo to hi`, or one amount alone (`lo is hi`)."""

    lo: Amount
    hi: Amount
    span: Span


# ---------------------------------------------------------------- moments


@frozen
class Moment:
    """`[first] NAME [started | stopped | done]`."""

    name: Name
    verb: Literal["", "started", "stopped", "done"]
    first: bool
    span: Span


@frozen
class PairMoment:
    """`later of A and B`, `earlier of A and B`."""

    how: Literal["later", "earlier"]
    left: Moment
    right: Moment
    span: Span


Ref = Moment | PairMoment


@frozen
class Window:
    """`over D` or `since E`."""

    over: Amount | None
    since: Ref | None
    span: Span


# ---------------------------------------------------------------- conditions and expressions

Relation = Literal["<", "<=", "=", ">=", ">"]


@frozen
class Bare:
    """A name alone: a yes-or-no input, a definition, an outcome, an event, or an operand."""

    name: Name
    span: Span


@frozen
class Compare:
    left: Expr
    rel: Relation
    right: Expr
    span: Span


@frozen
class Between:
    """`X from A to B`, both included."""

    of: Expr
    lo: Expr
    hi: Expr
    span: Span


@frozen
class IsValue:
    name: Name
    value: Name
    negated: bool
    span: Span


@frozen
class State:
    name: Name
    state: Literal["running", "off", "known", "unknown"]
    span: Span


@frozen
class OrderedDrug:
    name: Name
    above: Amount | None
    span: Span


@frozen
class InStage:
    stage: Name
    span: Span


@frozen
class Not:
    of: Expr
    span: Span


@frozen
class Ever:
    of: Expr
    span: Span


@frozen
class And:
    items: tuple[Expr, ...]
    span: Span


@frozen
class Or:
    items: tuple[Expr, ...]
    span: Span


@frozen
class Held:
    """`C for D [gaps up to G]`."""

    of: Expr
    length: Amount
    gaps: Amount | None
    span: Span


@frozen
class Recent:
    """`C in the last D`."""

    of: Expr
    length: Amount
    span: Span


@frozen
class CountOf:
    how: Literal["at least", "at most", "exactly", "any", "all"]
    n: Quantity | None
    items: tuple[Expr, ...]
    span: Span


@frozen
class Occurred:
    """`before E`, `after E`."""

    how: Literal["before", "after"]
    ref: Ref
    span: Span


@frozen
class ReadingsApart:
    """`drawn` is the condition under which a reading counts, at its own instant."""

    n: Quantity
    apart: Amount
    name: Name
    rel: Relation
    right: Expr
    drawn: Expr | None
    span: Span


@frozen
class Paren:
    of: Expr
    span: Span


@frozen
class Literal_:  # noqa: N801 - `Literal` is the name of a typing form
    """A quantity standing as an operand."""

    quantity: Quantity
    span: Span


@frozen
class Arith:
    op: Literal["+", "-", "*", "/"]
    left: Expr
    right: Expr
    span: Span


@frozen
class TimeSince:
    ref: Ref
    span: Span


@frozen
class TimeIn:
    """`time in stage` (name None) or `time in COURSE`."""

    name: Name | None
    span: Span


@frozen
class TimeOn:
    name: Name
    span: Span


@frozen
class ChangeIn:
    how: Literal["change", "rise", "fall", "percent rise", "percent fall"]
    name: Name
    window: Window
    span: Span


@frozen
class ExtremeOf:
    how: Literal["lowest", "highest", "mean"]
    name: Name
    window: Window
    span: Span


@frozen
class TotalOf:
    name: Name
    window: Window
    span: Span


@frozen
class AtMoment:
    """`X at E`."""

    name: Name
    ref: Ref
    span: Span


@frozen
class AtStart:
    """`X at start of COURSE`."""

    name: Name
    course: Name
    span: Span


Expr = (
    Bare | Compare | Between | IsValue | State | OrderedDrug | InStage | Not | Ever | And | Or | Held | Recent
    | CountOf | Occurred | ReadingsApart | Paren | Literal_ | Arith | TimeSince | TimeIn | TimeOn | ChangeIn
    | ExtremeOf | TotalOf | AtMoment | AtStart
)  # fmt: skip

# ---------------------------------------------------------------- orders


@frozen
class Timing:
    """What follows a give or do: `every`, `within`, `over`, `once [per]`, `N times daily`, `in VOLUME`."""

    every: Range | None = None
    times_daily: Quantity | None = None
    within: Amount | None = None
    within_of: Ref | None = None
    over: Amount | None = None
    once: bool = False
    once_per: Name | None = None
    volume: Range | None = None


OrderWord = Literal[
    "start", "add", "set", "increase", "decrease", "taper", "continue", "pause", "stop", "give", "avoid",
    "classify", "measure", "do", "begin", "end", "notify", "go", "finish",
]  # fmt: skip


@frozen
class Order:
    """`target` is a name, or the words of `notify` and `finish`. Unused fields are None."""

    word: OrderWord
    target: Name | Text
    span: Span
    dose: Range | None = None
    step: Range | None = None
    limit: Amount | None = None
    every: Range | None = None
    cap: Range | None = None
    total: Range | None = None
    timing: Timing = Timing()
    continuously: bool = False


Strength = Literal["must", "recommend", "consider"]


@frozen
class Choice:
    """One order, an `either`, or a `prefer` (whose last condition is None). `strength` None: not written."""

    form: Literal["one", "either", "prefer"]
    strength: Strength | None
    orders: tuple[Order, ...]
    conditions: tuple[Expr | None, ...]
    span: Span


@frozen
class Notes:
    """because, cite, clause, erratum, grade; in the order written where several."""

    because: Text | None = None
    cite: tuple[Name, ...] = ()
    clause: tuple[Text, ...] = ()
    erratum: tuple[Text, ...] = ()
    grade: Name | None = None


# ---------------------------------------------------------------- items


@frozen
class SourceDecl:
    name: Name
    title: Text
    publisher: Text | None
    year: Quantity | None
    span: Span
    notes: Notes = Notes()


@frozen
class CodeAttr:
    system: Name
    code: Text


@frozen
class AlsoIn:
    unit: Unit
    factor: Quantity


@frozen
class Input:
    name: Name
    title: Text | None
    aliases: tuple[Name, ...]
    kind: Literal["quantity", "yes_no", "one_of", "any_of", "graded"]
    unit: Unit | None
    also: tuple[AlsoIn, ...]
    values: tuple[Name, ...]
    span: Span
    plausible: Range | None = None
    valid_for: Amount | None = None
    charted_every: Amount | None = None
    step: Amount | None = None
    noise: Amount | None = None
    normal: Amount | None = None
    fixed: bool = False
    dosing: bool = False
    counts: Name | None = None
    cumulative: bool = False
    codes: tuple[CodeAttr, ...] = ()
    asked: Text | None = None
    notes: Notes = Notes()


@frozen
class Ceiling:
    """`maximum Q [over W]`."""

    amount: Amount
    over: Amount | None
    span: Span


@frozen
class Drug:
    name: Name
    title: Text | None
    aliases: tuple[Name, ...]
    span: Span
    infusion: Unit | None = None
    bolus: Unit | None = None
    start: Range | None = None
    usual: Range | None = None
    maximum: tuple[Ceiling, ...] = ()
    concentrations: tuple[Amount, ...] = ()
    codes: tuple[CodeAttr, ...] = ()
    needs: tuple[Name, ...] = ()
    valid_for: Amount | None = None
    lasts: Amount | None = None
    route: Name | None = None
    available: Name | None = None
    notes: Notes = Notes()


@frozen
class ClassDecl:
    name: Name
    members: tuple[Name, ...]
    span: Span
    notes: Notes = Notes()


@frozen
class Incompatible:
    left: Name
    right: Name
    why: Text
    span: Span
    notes: Notes = Notes()


@frozen
class Panel:
    name: Name
    title: Text | None
    members: tuple[Name, ...]
    span: Span
    notes: Notes = Notes()


@frozen
class EventDecl:
    name: Name
    title: Text | None
    condition: Expr | None
    span: Span
    notes: Notes = Notes()


@frozen
class TaskDecl:
    name: Name
    title: Text
    span: Span
    notes: Notes = Notes()


@frozen
class Course:
    name: Name
    title: Text | None
    of: Name
    ends_after: Amount | None
    span: Span
    notes: Notes = Notes()


@frozen
class Outcome:
    name: Name
    title: Text | None
    condition: Expr
    span: Span
    notes: Notes = Notes()


@frozen
class Regimen:
    name: Name
    title: Text | None
    orders: tuple[Order, ...]
    span: Span
    notes: Notes = Notes()


@frozen
class Setting:
    """`value` None: chosen by site."""

    name: Name
    title: Text | None
    value: Quantity | Name | None
    range: Range | None
    choices: tuple[Name, ...]
    yes_no: bool
    span: Span
    notes: Notes = Notes()


@frozen
class Define:
    name: Name
    title: Text | None
    condition: Expr
    span: Span
    notes: Notes = Notes()


@frozen
class Restrict:
    drug: Name
    span: Span
    unit: Unit | None = None
    start: Range | None = None
    usual: Range | None = None
    maximum: tuple[Ceiling, ...] = ()
    contraindicated: bool = False
    condition: Expr | None = None
    notes: Notes = Notes()


@frozen
class Before:
    drug: Name
    how: Literal["require", "prefer"]
    condition: Expr
    otherwise: Order | None
    notes: Notes
    span: Span


@frozen
class Stage:
    name: Name
    title: Text | None
    initial: bool
    initial_if: Expr | None
    resting: bool
    span: Span
    notes: Notes = Notes()


@frozen
class Throughout:
    span: Span


@frozen
class Arm:
    name: Name
    title: Text | None
    condition: Expr
    span: Span
    notes: Notes = Notes()


@frozen
class Goal:
    name: Name
    title: Text | None
    condition: Expr
    span: Span
    notes: Notes = Notes()


@frozen
class Covers:
    condition: Expr
    span: Span
    notes: Notes = Notes()


@frozen
class Rule:
    name: Name | None
    title: Text | None
    condition: Expr
    choices: tuple[Choice, ...]
    unless: Expr | None
    notes: Notes
    span: Span


@frozen
class Titrate:
    """`to keep INPUT from lo to hi` or `to keep INPUT rel lo` (then `hi` is None)."""

    drug: Name
    step: Range
    every: Range
    range: Range
    input: Name
    rel: Relation | None
    lo: Expr
    hi: Expr | None
    notes: Notes
    span: Span


@frozen
class Override:
    winner: Name
    loser: Name
    notes: Notes
    span: Span


@frozen
class Property:
    """`drug` None where the statement is a condition."""

    polarity: Literal["never", "always"]
    subject: Literal["order", "start", "stop", "pause", "increase", "decrease", "condition"]
    drug: Name | None
    above: Amount | None
    condition: Expr | None
    given: Expr | None
    span: Span
    notes: Notes = Notes()


@frozen
class Prove:
    how: Literal["exactly", "at_most"]
    names: tuple[Name, ...]
    span: Span
    notes: Notes = Notes()


@frozen
class Assume:
    condition: Expr
    span: Span
    notes: Notes = Notes()


@frozen
class Question:
    text: Text
    ask: Literal["property", "when", "dose"]
    property: Property | None
    condition: Expr | None
    drug: Name | None
    span: Span
    notes: Notes = Notes()


@frozen
class Owns:
    """`yields D to P [while C]`; `supersedes P [for D, E] because "…"`."""

    how: Literal["yields", "supersedes"]
    protocol: Name
    drugs: tuple[Name, ...]
    condition: Expr | None
    because: Text | None
    span: Span
    notes: Notes = Notes()


@frozen
class Remove:
    rule: Name
    because: Text
    span: Span


@frozen
class Migrate:
    """`migrate OLD to STAGE because "…"`; `migrate OLD by history because "…"`, where `to` is None."""

    stage: Name
    to: Name | None
    because: Text
    span: Span


# ---------------------------------------------------------------- what the sources say


@frozen
class FactDecl:
    """`fact "…"`: a statement of a source that orders nothing."""

    text: Text
    span: Span
    notes: Notes = Notes()


@frozen
class Literally:
    """`literally "FILE" reports CODE, …`: the source's words as a text, and the findings it has."""

    file: Text
    codes: tuple[Name, ...]
    span: Span


@frozen
class Concern:
    """`concern "ID" "title"` and what was said, found and chosen; `decides` are settings."""

    id: Text
    title: Text
    span: Span
    severity: Name | None = None
    says: Text | None = None
    literally: tuple[Literally, ...] = ()
    chosen: Text | None = None
    decides: tuple[Name, ...] = ()
    notes: Notes = Notes()


@frozen
class Check:
    """`check A = B [at WEIGHT] [of DRUG in CONCENTRATION]`."""

    left: Quantity
    right: Quantity
    at: Quantity | None
    drug: Name | None
    concentration: Quantity | None
    span: Span
    notes: Notes = Notes()


# ---------------------------------------------------------------- examples


@frozen
class Fact:
    """`word` is `value` (a quantity), `names` (one or more values), or a bare word after the name."""

    name: Name
    word: Literal["value", "names", "unknown", "yes", "no", "off", "running", "happened", "done", "given"]
    quantity: Quantity | None
    names: tuple[Name, ...]
    span: Span


@frozen
class Expect:
    """`order` for a written order; `either` and the rest carry names."""

    word: Literal[
        "order", "either", "no", "stage", "pending", "nothing", "unconfirmed", "due", "late", "verdict"
    ]
    order: Order | None
    names: tuple[Name, ...]
    span: Span


@frozen
class Step:
    """One instant, or a repetition (`to`, `every`) of the facts. `given` is `at` None: 0 h."""

    at: Quantity | None
    to: Quantity | None
    every: Quantity | None
    facts: tuple[Fact, ...]
    proposed: Order | None
    expects: tuple[Expect, ...]
    span: Span


@frozen
class Example:
    title: Text
    notes: Notes
    steps: tuple[Step, ...]
    span: Span


# ---------------------------------------------------------------- the file


@frozen
class Use:
    path: Text
    span: Span


@frozen
class Head:
    """`protocol NAME "title" [extends "path"]`, `formulary NAME ["title"]` or `bundle NAME "title"`."""

    kind: Literal["protocol", "formulary", "bundle"]
    name: Name
    title: Text | None
    extends: Text | None
    version: Name | None
    settle: Amount | None
    uses: tuple[Use, ...]
    applies: Expr | None
    status: Name | None
    runs: tuple[Use, ...]
    span: Span


Item = (
    SourceDecl | Input | Drug | ClassDecl | Incompatible | Panel | EventDecl | TaskDecl | Course | Outcome
    | Regimen | Setting | Define | Restrict | Before | Stage | Throughout | Arm | Goal | Covers | Rule
    | Titrate | Override | Property | Prove | Assume | Question | Owns | Remove | Migrate | FactDecl | Concern
    | Check | Example
)  # fmt: skip


@frozen
class Comment:
    """`#` to the end of its line; `own_line` where nothing stands before it on the line."""

    text: str
    own_line: bool
    span: Span


@frozen
class File:
    """`head` is None only where it could not be read."""

    path: str
    head: Head | None
    items: tuple[Item, ...]
    comments: tuple[Comment, ...]
