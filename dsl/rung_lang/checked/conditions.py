"""Conditions and the numbers in them, names and units settled. Definitions stand as what they define."""

from __future__ import annotations

from typing import Literal

from rung_engine.frozen import frozen
from rung_engine.units import Unit
from rung_lang.checked.quantities import Amount, Number, OfSetting
from rung_lang.source import Span

Relation = Literal["<", "<=", "=", ">=", ">"]

# ---------------------------------------------------------------- moments


@frozen
class EventMoment:
    name: str
    first: bool


@frozen
class DrugMoment:
    kind: Literal["started", "stopped"]
    drugs: tuple[str, ...]
    first: bool


@frozen
class TaskMoment:
    name: str
    first: bool


Moment = EventMoment | DrugMoment | TaskMoment


@frozen
class PairMoment:
    how: Literal["later", "earlier"]
    left: Moment
    right: Moment


Ref = Moment | PairMoment


@frozen
class Over:
    length: Amount


@frozen
class Since:
    ref: Ref


Window = Over | Since

# ---------------------------------------------------------------- truths


@frozen
class Compare:
    left: Numeric
    rel: Relation
    right: Numeric
    span: Span


@frozen
class Flag:
    """A yes-or-no input."""

    input: str
    span: Span


@frozen
class HasValue:
    """A `one of` input equals, or an `any of` input holds, the value."""

    input: str
    value: str
    span: Span


@frozen
class SettingIs:
    setting: str
    value: str
    span: Span


@frozen
class Running:
    drugs: tuple[str, ...]
    span: Span


@frozen
class Off:
    drugs: tuple[str, ...]
    span: Span


@frozen
class Known:
    kind: Literal["input", "drug"]
    name: str
    span: Span


@frozen
class Not:
    of: Truth
    span: Span


@frozen
class All:
    items: tuple[Truth, ...]
    span: Span


@frozen
class AnyOf:
    items: tuple[Truth, ...]
    span: Span


@frozen
class Count:
    rel: Literal[">=", "<=", "="]
    n: int
    items: tuple[Truth, ...]
    span: Span


@frozen
class Held:
    of: Truth
    length: Amount
    gaps: Amount | None
    span: Span


@frozen
class Recent:
    of: Truth
    length: Amount
    span: Span


@frozen
class Ever:
    of: Truth
    span: Span


@frozen
class Happens:
    """An event as a bare word, inside `in the last`."""

    moment: Moment
    span: Span


@frozen
class After:
    ref: Ref
    span: Span


@frozen
class Readings:
    """`drawn`: what is true at the instant of every reading that counts."""

    n: int
    apart: Amount
    input: str
    rel: Relation
    right: Numeric
    drawn: Truth | None
    span: Span


@frozen
class Ordered:
    drugs: tuple[str, ...]
    above: Amount | None
    span: Span


@frozen
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


@frozen
class InputValue:
    """A measured, counted or graded input; a graded one in ranks."""

    name: str
    unit: Unit
    span: Span


@frozen
class Rate:
    """A drug's rate seen in `unit`, through the dosing weight where it is held otherwise."""

    drug: str
    unit: Unit
    span: Span


@frozen
class Arith:
    op: Literal["add", "sub", "mul", "div"]
    left: Numeric
    right: Numeric
    unit: Unit
    span: Span


@frozen
class Elapsed:
    ref: Ref
    unit: Unit
    span: Span


@frozen
class TimeInStage:
    unit: Unit
    span: Span


@frozen
class TimeInCourse:
    course: str
    unit: Unit
    span: Span


@frozen
class TimeOn:
    drug: str
    unit: Unit
    span: Span


@frozen
class Change:
    how: Literal["change", "rise", "fall", "percent_rise", "percent_fall"]
    input: str
    window: Window
    unit: Unit
    span: Span


@frozen
class Extreme:
    how: Literal["lowest", "highest", "mean"]
    input: str
    window: Window
    unit: Unit
    span: Span


@frozen
class Total:
    drug: str
    window: Window
    unit: Unit
    span: Span


@frozen
class ValueAt:
    input: str
    ref: Ref
    unit: Unit
    span: Span


@frozen
class ValueAtStart:
    input: str
    course: str
    unit: Unit
    span: Span


Numeric = (
    Number | OfSetting | InputValue | Rate | Arith | Elapsed | TimeInStage | TimeInCourse | TimeOn | Change
    | Extreme | Total | ValueAt | ValueAtStart
)  # fmt: skip
