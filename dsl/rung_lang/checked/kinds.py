"""Numbers in conditions: their kinds and dimensions, and what stands on either side of a comparison.

A method returns None exactly where it, or something below it, has reported a problem, so that one mistake is
told once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, assert_never, cast

from rung_engine import units as kernel
from rung_engine.exact import NotMillionths, to_millionths
from rung_engine.frozen import frozen
from rung_engine.units import Unit
from rung_lang.checked import conditions as c
from rung_lang.checked.amounts import Amounts, decimal
from rung_lang.checked.names import Scope, nearest
from rung_lang.checked.problems import (
    BareNumber,
    MissingUnit,
    NeedsWeight,
    NoExactMillionth,
    NotAnInfusion,
    NotANumber,
    NotAValue,
    ProductOfUnknowns,
    TemperatureArithmetic,
    WrongDimension,
)
from rung_lang.checked.quantities import Number, OfSetting
from rung_lang.checked.tree import Input, Setting
from rung_lang.checked.units import (
    HOUR,
    PERCENT,
    RANK,
    RATIO,
    exact,
    like,
    per_dose,
    product,
    relation,
    settle_unit,
    spelled,
)
from rung_lang.finding import Problem
from rung_lang.source import Span
from rung_lang.syntax import tree as t

_OPS: dict[str, Literal["add", "sub", "mul", "div"]] = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
_CHANGES: dict[str, Literal["change", "rise", "fall", "percent_rise", "percent_fall"]] = {
    "change": "change",
    "rise": "rise",
    "fall": "fall",
    "percent rise": "percent_rise",
    "percent fall": "percent_fall",
}


@frozen
class DrugUnits:
    """What conditions need to know of a drug: the unit it is held in, and whether it has a rate at all."""

    unit: Unit
    infusion: bool


@frozen
class Hint:
    """What the other side of a comparison is in. `input` where a bare number may stand for that input."""

    unit: Unit
    input: Input | None = None
    bare: bool = False


@dataclass(slots=True)
class Numbers(ABC):
    """Settles numeric expressions against what is declared; `Conditions` adds what is true or false."""

    scope: Scope
    amounts: Amounts
    inputs: Mapping[str, Input]
    drugs: Mapping[str, DrugUnits]
    settings: Mapping[str, Setting]
    groups: Mapping[str, tuple[str, ...]]
    """Members of classes and of courses."""
    text: Callable[[Span], str]
    problems: list[Problem]
    _open: list[str] = field(default_factory=list)

    @abstractmethod
    def definition(self, name: str) -> c.Truth | c.Numeric | None:
        """What a `define` or an `outcome` stands for, settled once."""

    def numeric(self, expr: t.Expr) -> bool:
        """Whether the expression has the shape of a number."""
        match expr:
            case t.Paren():
                return self.numeric(expr.of)
            case t.Bare():
                symbol = self.scope.symbols.get(expr.name.text)
                if symbol is None:
                    return False
                if symbol.kind == "input":
                    found = self.inputs.get(symbol.name)
                    return found is not None and found.kind in ("quantity", "graded")
                if (
                    symbol.kind == "define"
                    and isinstance(symbol.decl, t.Define)
                    and symbol.name not in self._open
                ):
                    return self.numeric(symbol.decl.condition)
                return symbol.kind == "drug"
            case (
                t.Literal_() | t.Arith() | t.TimeSince() | t.TimeIn() | t.TimeOn() | t.ChangeIn()
                | t.ExtremeOf()
                | t.TotalOf() | t.AtMoment() | t.AtStart()
            ):  # fmt: skip
                return True
            case _:
                return False

    def input_of(self, expr: t.Expr) -> Input | None:
        if isinstance(expr, t.Paren):
            return self.input_of(expr.of)
        if not isinstance(expr, t.Bare):
            return None
        symbol = self.scope.symbols.get(expr.name.text)
        return self.inputs.get(symbol.name) if symbol is not None and symbol.kind == "input" else None

    def drug_names(self, name: t.Name) -> tuple[str, ...] | None:
        """A drug, or the members of a class, sorted."""
        symbol = self.scope.find(name, ("drug", "class"))
        if symbol is None:
            return None
        return (symbol.name,) if symbol.kind == "drug" else self.groups.get(symbol.name)

    # ------------------------------------------------------------ moments

    def ref(self, ref: t.Ref) -> c.Ref | None:
        """A moment, or the later or earlier of two."""
        if isinstance(ref, t.Moment):
            return self.moment(ref)
        left, right = self.moment(ref.left), self.moment(ref.right)
        return None if left is None or right is None else c.PairMoment(ref.how, left, right)

    def moment(self, moment: t.Moment) -> c.Moment | None:
        """`[first] NAME [started | stopped | done]`."""
        match moment.verb:
            case "":
                event = self.scope.find(moment.name, ("event",))
                return None if event is None else c.EventMoment(event.name, moment.first)
            case "done":
                task = self.scope.find(moment.name, ("task",))
                return None if task is None else c.TaskMoment(task.name, moment.first)
            case "started" | "stopped":
                drugs = self.drug_names(moment.name)
                return None if drugs is None else c.DrugMoment(moment.verb, drugs, moment.first)
            case _:
                assert_never(moment.verb)

    def window(self, window: t.Window) -> c.Window | None:
        """`over D` or `since E`."""
        if window.since is not None:
            ref = self.ref(window.since)
            return None if ref is None else c.Since(ref)
        length = self.amounts.time(window.over, "over")
        return None if length is None else c.Over(length)

    # ------------------------------------------------------------ numbers

    def hint(self, expr: t.Expr) -> Hint | None:
        """The unit an expression is in, found without a report. A rate fits itself to the other side."""
        match expr:
            case t.Paren():
                return self.hint(expr.of)
            case t.Literal_():
                unit = spelled(expr.quantity.unit.text) if expr.quantity.unit is not None else None
                return None if unit is None else Hint(unit)
            case t.Bare():
                return self._hint_of_name(expr.name)
            case t.Arith():
                left, right = self.hint(expr.left), self.hint(expr.right)
                if expr.op in ("+", "-"):
                    return left or right
                if left is None and is_bare_number(expr.left):
                    return right if expr.op == "*" else None
                if right is None and is_bare_number(expr.right):
                    return left
                if left is None or right is None:
                    return None
                return Hint(product(expr.op, left.unit, right.unit), None, True)
            case t.ChangeIn():
                if expr.how in ("percent rise", "percent fall"):
                    return Hint(PERCENT)
                return self._hint_of_name(expr.name)
            case t.ExtremeOf() | t.AtMoment() | t.AtStart():
                return self._hint_of_name(expr.name)
            case t.TimeSince() | t.TimeIn() | t.TimeOn():
                return Hint(HOUR)
            case _:
                return None

    def _hint_of_name(self, name: t.Name) -> Hint | None:
        symbol = self.scope.symbols.get(name.text)
        if symbol is None:
            return None
        if symbol.kind == "input":
            found = self.inputs.get(symbol.name)
            return None if found is None or found.unit is None else hint_of_input(found)
        if symbol.kind == "setting":
            setting = self.settings.get(symbol.name)
            return None if setting is None or setting.unit is None else Hint(setting.unit)
        if (
            symbol.kind == "define"
            and isinstance(symbol.decl, t.Define)
            and self.numeric(symbol.decl.condition)
        ):
            return self.hint(symbol.decl.condition)
        return None

    def number(self, expr: t.Expr, hint: Hint | None = None) -> c.Numeric | None:
        """The expression, settled; `hint` is what it will be compared with."""
        match expr:
            case t.Literal_():
                return self._literal(expr.quantity, hint)
            case t.Bare():
                return self._bare_number(expr, hint)
            case t.Paren():
                return self.number(expr.of, hint)
            case t.Arith():
                return self._arith(expr, hint)
            case t.TimeSince():
                ref = self.ref(expr.ref)
                return None if ref is None else c.Elapsed(ref, HOUR, expr.span)
            case t.TimeIn():
                if expr.name is None:
                    return c.TimeInStage(HOUR, expr.span)
                course = self.scope.find(expr.name, ("course",))
                return None if course is None else c.TimeInCourse(course.name, HOUR, expr.span)
            case t.TimeOn():
                drug = self.scope.find(expr.name, ("drug",))
                return None if drug is None else c.TimeOn(drug.name, HOUR, expr.span)
            case t.ChangeIn():
                return self._change(expr)
            case t.ExtremeOf():
                found, window = self.measured(expr.name), self.window(expr.window)
                if found is None or window is None:
                    return None
                return c.Extreme(expr.how, found.name, window, cast(Unit, found.unit), expr.span)
            case t.TotalOf():
                return self._total(expr, hint)
            case t.AtMoment():
                found, at = self.measured(expr.name), self.ref(expr.ref)
                if found is None or at is None:
                    return None
                return c.ValueAt(found.name, at, cast(Unit, found.unit), expr.span)
            case t.AtStart():
                found, course = self.measured(expr.name), self.scope.find(expr.course, ("course",))
                if found is None or course is None:
                    return None
                return c.ValueAtStart(found.name, course.name, cast(Unit, found.unit), expr.span)
            case (
                t.Compare() | t.Between() | t.IsValue() | t.State() | t.OrderedDrug() | t.InStage() | t.Not()
                | t.Ever() | t.And() | t.Or() | t.Held() | t.Recent() | t.CountOf() | t.Occurred()
                | t.ReadingsApart()
            ):  # fmt: skip
                self.problems.append(NotANumber(expr.span, self.text(expr.span), "condition"))
                return None
            case _:
                assert_never(expr)

    def _literal(self, quantity: t.Quantity, hint: Hint | None) -> Number | None:
        if quantity.unit is None:
            return self._bare_literal(quantity, hint)
        unit = settle_unit(quantity.unit, self.problems)
        if unit is None:
            return None
        if hint is None:
            return exact(quantity, unit, self.problems)
        unit = like(unit, hint.unit)
        for also in hint.input.also if hint.input is not None else ():
            if relation(unit, also.unit) == "same" and relation(unit, hint.unit) != "same":
                return self._through(quantity, unit, also.unit, also.factor.value, hint.unit)
        return exact(quantity, unit, self.problems)

    def _through(
        self, quantity: t.Quantity, unit: Unit, also: Unit, factor: Fraction, to: Unit
    ) -> Number | None:
        """A literal in a unit that only a declared conversion reaches is held in the input's own unit."""
        value = kernel.convert(quantity.value, unit, also) / factor
        try:
            to_millionths(value)
        except NotMillionths:
            self.problems.append(NoExactMillionth(quantity.span, quantity.literal, to.name, unit.name))
            return None
        return Number(value, to, decimal(value), quantity.span)

    def _bare_literal(self, quantity: t.Quantity, hint: Hint | None) -> Number | None:
        if (
            hint is not None
            and hint.unit.dims in ((), (("points", 1),), (("doses", 1),))
            and hint.unit != PERCENT
        ):
            return exact(quantity, hint.unit, self.problems)
        if hint is not None and hint.input is not None and hint.input.kind == "quantity":
            if not hint.input.also:
                return exact(quantity, hint.unit, self.problems)
            units = (hint.unit.name, *(also.unit.name for also in hint.input.also))
            self.problems.append(BareNumber(quantity.span, quantity.literal, units))
            return None
        if hint is not None and hint.unit != RANK:
            dims = hint.unit.dims
            what = "duration" if dims == HOUR.dims else "rate" if ("time", -1) in dims else "value"
            self.problems.append(MissingUnit(quantity.span, what, quantity.literal, (hint.unit.name,)))
            return None
        self.problems.append(BareNumber(quantity.span, quantity.literal, ()))
        return None

    def _bare_number(self, expr: t.Bare, hint: Hint | None) -> c.Numeric | None:
        name = expr.name
        if hint is not None and hint.unit == RANK and hint.input is not None:
            other = self.input_of(expr)
            if other is None or other.kind != "graded":
                return self._rank(name, hint.input)
            if other.values != hint.input.values:
                self.problems.append(WrongDimension(expr.span, other.name, hint.input.name, "grades"))
                return None
        symbol = self.scope.find(name, ("input", "drug", "setting", "define"))
        if symbol is None:
            return None
        match symbol.kind:
            case "input":
                found = self._input(symbol.name, name)
                return None if found is None else c.InputValue(found.name, cast(Unit, found.unit), expr.span)
            case "drug":
                return self._rate(symbol.name, expr, hint)
            case "setting":
                return self.amounts.setting(name)
            case _:
                meaning = self.definition(symbol.name)
                if meaning is None:
                    return None
                if isinstance(meaning, c.Truth):
                    self.problems.append(NotANumber(expr.span, name.text, "condition"))
                    return None
                return meaning

    def _rank(self, name: t.Name, graded: Input) -> Number | None:
        if name.text in graded.values:
            return Number(Fraction(graded.values.index(name.text)), RANK, name.text, name.span)
        self.problems.append(
            NotAValue(name.span, graded.name, name.text, graded.values, nearest(name.text, graded.values))
        )
        return None

    def _rate(self, drug: str, expr: t.Bare, hint: Hint | None) -> c.Numeric | None:
        units = self.drugs.get(drug)
        if units is None:
            return None
        if not units.infusion:
            self.problems.append(NotAnInfusion(expr.span, drug, "rate", self.scope.symbols[drug].span))
            return None
        if hint is None:
            return c.Rate(drug, units.unit, expr.span)
        seen = like(hint.unit, units.unit)
        match relation(seen, units.unit):
            case "same":
                return c.Rate(drug, seen, expr.span)
            case "weight":
                if not self.amounts.weighed:
                    self.problems.append(NeedsWeight(expr.span, drug, seen.name, units.unit.name))
                    return None
                return c.Rate(drug, seen, expr.span)
            case _:
                return c.Rate(drug, units.unit, expr.span)

    def _arith(self, expr: t.Arith, hint: Hint | None) -> c.Numeric | None:
        if expr.op in ("+", "-"):
            left = self.number(expr.left, self.hint(expr.right) or hint)
            right = self.number(expr.right, self.hint(expr.left) or hint)
            if left is None or right is None or not self.go_together(left, right, expr.span):
                return None
            unit = left.unit
        else:
            scaled = hint if is_bare_number(expr.left) or is_bare_number(expr.right) else None
            left = self._factor(expr.left, scaled)
            right = self._factor(expr.right, scaled)
            if left is None or right is None:
                return None
            if not _constant(right) and (expr.op == "/" or not _constant(left)):
                self.problems.append(
                    ProductOfUnknowns(
                        expr.span, expr.op, self.text(expr.left.span), self.text(expr.right.span)
                    )
                )
                return None
            unit = product(expr.op, left.unit, right.unit)
        for side in (left, right):
            if side.unit.offset or side.unit.dims == (("temperature", 1),):
                self.problems.append(TemperatureArithmetic(expr.span, side.unit.name))
                return None
        return c.Arith(_OPS[expr.op], left, right, unit, expr.span)

    def _factor(self, expr: t.Expr, hint: Hint | None) -> c.Numeric | None:
        """A side of a product; a bare number there is a plain factor."""
        if isinstance(expr, t.Literal_) and expr.quantity.unit is None:
            return exact(expr.quantity, RATIO, self.problems)
        return self.number(expr, hint)

    def _change(self, expr: t.ChangeIn) -> c.Numeric | None:
        found, window = self.measured(expr.name), self.window(expr.window)
        if found is None or window is None:
            return None
        unit = PERCENT if expr.how in ("percent rise", "percent fall") else cast(Unit, found.unit)
        return c.Change(_CHANGES[expr.how], found.name, window, unit, expr.span)

    def _total(self, expr: t.TotalOf, hint: Hint | None) -> c.Numeric | None:
        drug, window = self.scope.find(expr.name, ("drug",)), self.window(expr.window)
        units = self.drugs.get(drug.name) if drug is not None else None
        if drug is None or window is None or units is None:
            return None
        unit = per_dose(units.unit)
        if hint is not None:
            seen = like(hint.unit, unit)
            how = relation(seen, unit)
            if how == "weight" and not self.amounts.weighed:
                self.problems.append(NeedsWeight(expr.span, drug.name, seen.name, unit.name))
                return None
            if how in ("same", "weight"):
                unit = seen
        return c.Total(drug.name, window, unit, expr.span)

    def measured(self, name: t.Name) -> Input | None:
        symbol = self.scope.find(name, ("input",))
        return None if symbol is None else self._input(symbol.name, name)

    def _input(self, declared: str, name: t.Name) -> Input | None:
        found = self.inputs.get(declared)
        if found is None:
            return None
        if found.unit is None:
            self.problems.append(NotANumber(name.span, name.text, found.kind))
            return None
        return found

    def go_together(self, left: c.Numeric, right: c.Numeric, span: Span) -> bool:
        how = relation(left.unit, right.unit)
        if how != "same":
            basis = how == "weight"
            self.amounts.mismatch(right.span if basis else span, right.unit, left.unit)
            return False
        for side, other in ((left, right), (right, left)):
            if isinstance(side, OfSetting):
                self.amounts.fits(side, other.unit)
            if isinstance(side, c.Change) and other.unit.offset:
                self.problems.append(TemperatureArithmetic(span, other.unit.name))
                return False
        return True

    def sides(self, left: t.Expr, right: t.Expr) -> tuple[c.Numeric | None, c.Numeric | None]:
        """Both sides, each in the light of the other; a bare number after what it counts."""
        if is_bare_number(left) and not is_bare_number(right):
            second, first = self.sides(right, left)
            return first, second
        settled = self.number(left, self.hint(right))
        if not is_bare_number(right):
            return settled, self.number(right, self.hint(left))
        if settled is None:
            return None, None
        return settled, self.number(right, self.hint(left) or Hint(settled.unit))


def hint_of_input(found: Input) -> Hint:
    return Hint(cast(Unit, found.unit), found, True)


def is_bare_number(expr: t.Expr) -> bool:
    return isinstance(expr, t.Literal_) and expr.quantity.unit is None


def with_unit(lo: t.Expr, hi: t.Expr) -> t.Expr:
    """The lower end of a range, with the unit written once at its end."""
    if is_bare_number(lo) and isinstance(lo, t.Literal_) and isinstance(hi, t.Literal_):
        return replace(lo, quantity=replace(lo.quantity, unit=hi.quantity.unit))
    return lo


def _constant(number: c.Numeric) -> bool:
    """The same on every instant of a session."""
    if isinstance(number, c.Arith):
        return _constant(number.left) and _constant(number.right)
    return isinstance(number, Number | OfSetting)
