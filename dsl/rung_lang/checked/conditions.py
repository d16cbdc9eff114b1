"""Conditions and the numbers in them, names and units settled. Definitions stand as what they define."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rung_engine.units import Unit
from rung_lang.checked.quantities import Amount, Number, OfSetting
from rung_lang.source import Span

Relation = Literal["<", "<=", "=", ">=", ">"]

# ---------------------------------------------------------------- moments


@dataclass(frozen=True, slots=True)
class EventMoment:
    name: str
    first: bool


@dataclass(frozen=True, slots=True)
class DrugMoment:
    kind: Literal["started", "stopped"]
    drugs: tuple[str, ...]
    first: bool


@dataclass(frozen=True, slots=True)
class TaskMoment:
    name: str
    first: bool


Moment = EventMoment | DrugMoment | TaskMoment


@dataclass(frozen=True, slots=True)
class PairMoment:
    how: Literal["later", "earlier"]
    left: Moment
    right: Moment


Ref = Moment | PairMoment


@dataclass(frozen=True, slots=True)
class Over:
    length: Amount


@dataclass(frozen=True, slots=True)
class Since:
    ref: Ref


Window = Over | Since

# ---------------------------------------------------------------- truths


@dataclass(frozen=True, slots=True)
class Compare:
    left: Numeric
    rel: Relation
    right: Numeric
    span: Span


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes-or-no input."""

    input: str
    span: Span


@dataclass(frozen=True, slots=True)
class HasValue:
    """A `one of` input equals, or an `any of` input holds, the value."""

    input: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class SettingIs:
    setting: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Running:
    drugs: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Off:
    drugs: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Known:
    kind: Literal["input", "drug"]
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Not:
    of: Truth
    span: Span


@dataclass(frozen=True, slots=True)
class All:
    items: tuple[Truth, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class AnyOf:
    items: tuple[Truth, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Count:
    rel: Literal[">=", "<=", "="]
    n: int
    items: tuple[Truth, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Held:
    of: Truth
    length: Amount
    gaps: Amount | None
    span: Span


@dataclass(frozen=True, slots=True)
class Recent:
    of: Truth
    length: Amount
    span: Span


@dataclass(frozen=True, slots=True)
class Ever:
    of: Truth
    span: Span


@dataclass(frozen=True, slots=True)
class Happens:
    """An event as a bare word, inside `in the last`."""

    moment: Moment
    span: Span


@dataclass(frozen=True, slots=True)
class After:
    ref: Ref
    span: Span


@dataclass(frozen=True, slots=True)
class Readings:
    n: int
    apart: Amount
    input: str
    rel: Relation
    right: Numeric
    span: Span


@dataclass(frozen=True, slots=True)
class Ordered:
    drugs: tuple[str, ...]
    above: Amount | None
    span: Span


@dataclass(frozen=True, slots=True)
class InStage:
    stage: str
    span: Span


Simple = (
    Compare | Flag | HasValue | SettingIs | Running | Off | Known | Not | Count | Held | Recent | Ever
    | Happens
    | After | Readings | Ordered | InStage
)  # fmt: skip
"""What is neither a conjunction nor a disjunction."""

Truth = Simple | All | AnyOf

# ---------------------------------------------------------------- numbers; `unit` is the one they come in


@dataclass(frozen=True, slots=True)
class InputValue:
    """A measured, counted or graded input; a graded one in ranks."""

    name: str
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class Rate:
    """A drug's rate seen in `unit`, through the dosing weight where it is held otherwise."""

    drug: str
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class Arith:
    op: Literal["add", "sub", "mul", "div"]
    left: Numeric
    right: Numeric
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class Elapsed:
    ref: Ref
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class TimeInStage:
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class TimeInCourse:
    course: str
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class TimeOn:
    drug: str
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class Change:
    how: Literal["change", "rise", "fall", "percent_rise", "percent_fall"]
    input: str
    window: Window
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class Extreme:
    how: Literal["lowest", "highest", "mean"]
    input: str
    window: Window
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class Total:
    drug: str
    window: Window
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class ValueAt:
    input: str
    ref: Ref
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class ValueAtStart:
    input: str
    course: str
    unit: Unit
    span: Span


Numeric = (
    Number | OfSetting | InputValue | Rate | Arith | Elapsed | TimeInStage | TimeInCourse | TimeOn | Change
    | Extreme | Total | ValueAt | ValueAtStart
)  # fmt: skip
