"""Conditions and expressions as written, to settled ones. Names, kinds and dimensions are judged here.

A method returns None exactly where it, or something below it, has reported a problem, so that one mistake is
told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, assert_never, cast

from rung_engine import units as kernel
from rung_engine.exact import NotMillionths, to_millionths
from rung_engine.units import Unit
from rung_lang.checked import conditions as c
from rung_lang.checked.amounts import Amounts, decimal
from rung_lang.checked.names import Kind, Scope, nearest
from rung_lang.checked.problems import (
    AsksParentheses,
    BadCount,
    BareEvent,
    BareNumber,
    DecisionWord,
    DefinedByItself,
    IsOnNumber,
    MissingUnit,
    NeedsWeight,
    NoExactMillionth,
    NotACondition,
    NotAnInfusion,
    NotANumber,
    NotAValue,
    NotOrdered,
    ProductOfUnknowns,
    TemperatureArithmetic,
    WrongDimension,
)
from rung_lang.checked.quantities import Amount, Number, OfSetting
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
_COUNTS: dict[str, Literal[">=", "<=", "="]] = {"at least": ">=", "at most": "<=", "exactly": "="}
_CHANGES: dict[str, Literal["change", "rise", "fall", "percent_rise", "percent_fall"]] = {
    "change": "change",
    "rise": "rise",
    "fall": "fall",
    "percent rise": "percent_rise",
    "percent fall": "percent_fall",
}


@dataclass(frozen=True, slots=True)
class DrugUnits:
    """What conditions need to know of a drug: the unit it is held in, and whether it has a rate at all."""

    unit: Unit
    infusion: bool


@dataclass(frozen=True, slots=True)
class Hint:
    """What the other side of a comparison is in. `input` where a bare number may stand for that input."""

    unit: Unit
    input: Input | None = None
    bare: bool = False


@dataclass(slots=True)
class Conditions:
    """Settles conditions against what is declared."""

    scope: Scope
    amounts: Amounts
    inputs: Mapping[str, Input]
    drugs: Mapping[str, DrugUnits]
    settings: Mapping[str, Setting]
    groups: Mapping[str, tuple[str, ...]]
    """Members of classes and of courses."""
    text: Callable[[Span], str]
    problems: list[Problem]
    defined: dict[str, c.Truth | c.Numeric | None] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _decision: bool = False
    _event: bool = False

    # ------------------------------------------------------------ truths

    def about_decisions(self, expr: t.Expr | None) -> c.Truth | None:
        """A condition of a property or a question, where `ordered D` and `in STAGE` may stand."""
        if expr is None:
            return None
        self._decision = True
        try:
            return self.truth(expr)
        finally:
            self._decision = False

    def truth(self, expr: t.Expr) -> c.Truth | None:
        """The condition, settled."""
        match expr:
            case t.Bare():
                return self._bare_truth(expr)
            case t.Compare():
                return self._compare(expr)
            case t.Between():
                return self._between(expr)
            case t.IsValue():
                return self._is_value(expr)
            case t.State():
                return self._state(expr)
            case t.OrderedDrug():
                return self._ordered(expr)
            case t.InStage():
                return self._in_stage(expr)
            case t.Not():
                with self._events(False):
                    of = self.truth(expr.of)
                return None if of is None else c.Not(of, expr.span)
            case t.Ever():
                return self._ever(expr)
            case t.And():
                self._ask_parentheses(expr, "and")
                items = self._all(expr.items)
                return None if items is None else c.All(items, expr.span)
            case t.Or():
                self._ask_parentheses(expr, "or")
                items = self._all(expr.items)
                return None if items is None else c.Any_(items, expr.span)
            case t.Held():
                return self._held(expr)
            case t.Recent():
                return self._recent(expr)
            case t.CountOf():
                return self._count(expr)
            case t.Occurred():
                ref = self.ref(expr.ref)
                if ref is None:
                    return None
                after = c.After(ref, expr.span)
                return after if expr.how == "after" else c.Not(after, expr.span)
            case t.ReadingsApart():
                return self._readings(expr)
            case t.Paren():
                return self.truth(expr.of)
            case (
                t.Literal_() | t.Arith() | t.TimeSince() | t.TimeIn() | t.TimeOn() | t.ChangeIn() | t.ExtremeOf()
                | t.TotalOf() | t.AtMoment() | t.AtStart()
            ):  # fmt: skip
                self.problems.append(NotACondition(expr.span, self.text(expr.span), "number"))
                return None
            case _:
                assert_never(expr)

    @contextmanager
    def _events(self, allowed: bool) -> Iterator[None]:
        before, self._event = self._event, allowed
        try:
            yield
        finally:
            self._event = before

    def _all(self, items: tuple[t.Expr, ...]) -> tuple[c.Truth, ...] | None:
        settled = [self.truth(item) for item in items]
        whole = tuple(item for item in settled if item is not None)
        return whole if len(whole) == len(settled) else None

    def _bare_truth(self, expr: t.Bare) -> c.Truth | None:
        wanted: tuple[Kind, ...] = ("input", "setting", "define", "outcome", "event")
        name = expr.name
        known = self.scope.symbols.get(name.text)
        if known is not None and known.kind in ("drug", "class"):
            self.scope.used.add(known.name)
            self.problems.append(NotACondition(expr.span, name.text, known.kind))
            return None
        symbol = self.scope.find(name, wanted)
        if symbol is None:
            return None
        match symbol.kind:
            case "input":
                found = self.inputs.get(symbol.name)
                if found is not None and found.kind == "flag":
                    return c.Flag(symbol.name, expr.span)
                if found is not None:
                    self.problems.append(NotACondition(expr.span, name.text, found.kind))
                return None
            case "setting":
                setting = self.settings.get(symbol.name)
                if setting is not None and setting.kind == "yes_no":
                    return c.SettingIs(symbol.name, "yes", expr.span)
                if setting is not None:
                    self.problems.append(NotACondition(expr.span, name.text, "setting"))
                return None
            case "event":
                if self._event:
                    return c.Happens(c.EventMoment(symbol.name, False), expr.span)
                self.problems.append(BareEvent(expr.span, symbol.name, symbol.span))
                return None
            case _:
                meaning = self.definition(symbol.name)
                if meaning is None:
                    return None
                if isinstance(meaning, c.Truth):
                    return meaning
                self.problems.append(NotACondition(expr.span, name.text, "number"))
                return None

    def definition(self, name: str) -> c.Truth | c.Numeric | None:
        """What a `define` or an `outcome` stands for, settled once."""
        if name in self.defined:
            return self.defined[name]
        decl = self.scope.symbols[name].decl
        assert isinstance(decl, t.Define | t.Outcome)
        if name in self._open:
            ring = (*self._open[self._open.index(name) :], name)
            self.problems.append(DefinedByItself(decl.name.span, ring))
            return None
        self._open.append(name)
        decision, self._decision = self._decision, False
        try:
            with self._events(False):
                meaning = (
                    self.number(decl.condition)
                    if self.numeric(decl.condition)
                    else self.truth(decl.condition)
                )
        finally:
            self._open.pop()
            self._decision = decision
        self.defined[name] = meaning
        return meaning

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
                t.Literal_() | t.Arith() | t.TimeSince() | t.TimeIn() | t.TimeOn() | t.ChangeIn() | t.ExtremeOf()
                | t.TotalOf() | t.AtMoment() | t.AtStart()
            ):  # fmt: skip
                return True
            case _:
                return False

    def _compare(self, expr: t.Compare) -> c.Truth | None:
        for side in (expr.left, expr.right):
            found = self._input_of(side)
            if found is not None and found.kind in ("one_of", "any_of"):
                self.scope.used.add(found.name)
                self.problems.append(NotOrdered(expr.span, found.name, found.values))
                return None
        left = self.number(expr.left, self.hint(expr.right))
        right = self.number(expr.right, self.hint(expr.left))
        if left is None or right is None or not self._go_together(left, right, expr.span):
            return None
        return c.Compare(left, expr.rel, right, expr.span)

    def _between(self, expr: t.Between) -> c.Truth | None:
        lo_expr = _with_unit(expr.lo, expr.hi)
        of = self.number(expr.of, self.hint(lo_expr) or self.hint(expr.hi))
        hint = self.hint(expr.of)
        lo, hi = self.number(lo_expr, hint), self.number(expr.hi, hint)
        if of is None or lo is None or hi is None:
            return None
        if not self._go_together(of, lo, expr.span) or not self._go_together(of, hi, expr.span):
            return None
        if isinstance(lo, Number) and isinstance(hi, Number) and lo.base > hi.base:
            self.amounts.upside_down(expr.span, "condition", lo, hi)
            return None
        return c.All((c.Compare(of, ">=", lo, expr.span), c.Compare(of, "<=", hi, expr.span)), expr.span)

    def _input_of(self, expr: t.Expr) -> Input | None:
        if isinstance(expr, t.Paren):
            return self._input_of(expr.of)
        if not isinstance(expr, t.Bare):
            return None
        symbol = self.scope.symbols.get(expr.name.text)
        return self.inputs.get(symbol.name) if symbol is not None and symbol.kind == "input" else None

    def _is_value(self, expr: t.IsValue) -> c.Truth | None:
        symbol = self.scope.find(expr.name, ("input", "setting"))
        if symbol is None:
            return None
        value = expr.value.text
        settled: c.Truth
        if symbol.kind == "setting":
            setting = self.settings.get(symbol.name)
            if setting is None:
                return None
            values = ("yes", "no") if setting.kind == "yes_no" else setting.choices
            if setting.kind == "quantity":
                self.problems.append(IsOnNumber(expr.span, symbol.name, value))
                return None
            settled = c.SettingIs(symbol.name, value, expr.span)
        else:
            found = self.inputs.get(symbol.name)
            if found is None:
                return None
            values = found.values
            if found.kind == "quantity":
                self.problems.append(IsOnNumber(expr.span, symbol.name, value))
                return None
            if found.kind == "graded" and value in values:
                rank = Number(Fraction(values.index(value)), RANK, value, expr.value.span)
                settled = c.Compare(c.InputValue(symbol.name, RANK, expr.name.span), "=", rank, expr.span)
            else:
                settled = c.HasValue(symbol.name, value, expr.span)
        if value not in values:
            self.problems.append(
                NotAValue(expr.value.span, symbol.name, value, values, nearest(value, values))
            )
            return None
        return c.Not(settled, expr.span) if expr.negated else settled

    def _state(self, expr: t.State) -> c.Truth | None:
        if expr.state in ("running", "off"):
            drugs = self.drug_names(expr.name)
            if drugs is None:
                return None
            return c.Running(drugs, expr.span) if expr.state == "running" else c.Off(drugs, expr.span)
        symbol = self.scope.find(expr.name, ("input", "drug"))
        if symbol is None:
            return None
        known = c.Known("input" if symbol.kind == "input" else "drug", symbol.name, expr.span)
        return known if expr.state == "known" else c.Not(known, expr.span)

    def drug_names(self, name: t.Name) -> tuple[str, ...] | None:
        """A drug, or the members of a class, sorted."""
        symbol = self.scope.find(name, ("drug", "class"))
        if symbol is None:
            return None
        return (symbol.name,) if symbol.kind == "drug" else self.groups.get(symbol.name)

    def _ordered(self, expr: t.OrderedDrug) -> c.Truth | None:
        drugs = self.drug_names(expr.name)
        if not self._decision:
            self.problems.append(DecisionWord(expr.span, "ordered"))
            return None
        if drugs is None:
            return None
        above = None
        if expr.above is not None:
            above = self.above(expr.above, drugs)
            if above is None:
                return None
        return c.Ordered(drugs, above, expr.span)

    def above(self, amount: t.Amount, drugs: tuple[str, ...]) -> Amount | None:
        """A rate above which something is forbidden or asked about; it fits every drug of the list."""
        found = None
        for drug in drugs:
            units = self.drugs.get(drug)
            if units is None:
                return None
            found = self.amounts.amount(amount, "dose", units.unit, basis="weight")
            if found is None:
                return None
        return found

    def _in_stage(self, expr: t.InStage) -> c.Truth | None:
        if not self._decision:
            self.problems.append(DecisionWord(expr.span, "in stage"))
            return None
        symbol = self.scope.find(expr.stage, ("stage",))
        return None if symbol is None else c.InStage(symbol.name, expr.span)

    def _ever(self, expr: t.Ever) -> c.Truth | None:
        inner = expr.of
        while isinstance(inner, t.Paren):
            inner = inner.of
        if isinstance(inner, t.Bare):
            symbol = self.scope.symbols.get(inner.name.text)
            if symbol is not None and symbol.kind == "event":
                self.scope.used.add(symbol.name)
                return c.After(c.EventMoment(symbol.name, False), expr.span)
        with self._events(True):
            of = self.truth(expr.of)
        return None if of is None else c.Ever(of, expr.span)

    def _ask_parentheses(self, expr: t.And | t.Or, joined: str) -> None:
        for item in expr.items[1:]:
            if isinstance(item, t.Held | t.Recent):
                word = "for" if isinstance(item, t.Held) else "in the last"
                self.problems.append(
                    AsksParentheses(
                        item.span,
                        word,
                        joined,
                        self.text(expr.items[0].span.to(item.of.span)),
                        self.text(item.of.span),
                    )
                )

    def _timed(self, expr: t.Held | t.Recent) -> None:
        """`not C for D` is read by some as `not (C for D)`."""
        if isinstance(expr.of, t.Not | t.Ever):
            word = "for" if isinstance(expr, t.Held) else "in the last"
            joined = "not" if isinstance(expr.of, t.Not) else "ever"
            self.problems.append(
                AsksParentheses(
                    expr.span, word, joined, self.text(expr.of.span), self.text(expr.of.of.span.to(expr.span))
                )
            )

    def _held(self, expr: t.Held) -> c.Truth | None:
        self._timed(expr)
        with self._events(False):
            of = self.truth(expr.of)
        length = self.amounts.time(expr.length, "for")
        gaps = self.amounts.time(expr.gaps, "gaps")
        if of is None or length is None or (gaps is None and expr.gaps is not None):
            return None
        return c.Held(of, length, gaps, expr.span)

    def _recent(self, expr: t.Recent) -> c.Truth | None:
        self._timed(expr)
        with self._events(True):
            of = self.truth(expr.of)
        length = self.amounts.time(expr.length, "in the last")
        return None if of is None or length is None else c.Recent(of, length, expr.span)

    def _count(self, expr: t.CountOf) -> c.Truth | None:
        items = self._all(expr.items)
        if expr.how in ("any", "all"):
            if items is None:
                return None
            return c.Any_(items, expr.span) if expr.how == "any" else c.All(items, expr.span)
        assert expr.n is not None
        n, most = expr.n.value, len(expr.items)
        least = 1 if expr.how == "at least" else 0
        if n.denominator != 1 or not least <= n <= most:
            self.problems.append(BadCount(expr.n.span, expr.n.literal, most))
            return None
        if items is None:
            return None
        return c.Count(_COUNTS[expr.how], int(n), items, expr.span)

    def _readings(self, expr: t.ReadingsApart) -> c.Truth | None:
        apart = self.amounts.time(expr.apart, "apart")
        found = self._measured(expr.name)
        if expr.n.value.denominator != 1 or expr.n.value < 1:
            self.problems.append(BadCount(expr.n.span, expr.n.literal, 0))
            return None
        if found is None:
            return None
        left = c.InputValue(found.name, cast(Unit, found.unit), expr.name.span)
        right = self.number(expr.right, _hint_of_input(found))
        if right is None or apart is None or not self._go_together(left, right, expr.span):
            return None
        return c.Readings(int(expr.n.value), apart, found.name, expr.rel, right, expr.span)

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
        """The unit an expression is in, found without reporting anything; a drug's rate fits itself to the other side."""
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
                if left is None and _is_bare_number(expr.left):
                    return right if expr.op == "*" else None
                if right is None and _is_bare_number(expr.right):
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
            return None if found is None or found.unit is None else _hint_of_input(found)
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
                found, window = self._measured(expr.name), self.window(expr.window)
                if found is None or window is None:
                    return None
                return c.Extreme(expr.how, found.name, window, cast(Unit, found.unit), expr.span)
            case t.TotalOf():
                return self._total(expr, hint)
            case t.AtMoment():
                found, at = self._measured(expr.name), self.ref(expr.ref)
                if found is None or at is None:
                    return None
                return c.ValueAt(found.name, at, cast(Unit, found.unit), expr.span)
            case t.AtStart():
                found, course = self._measured(expr.name), self.scope.find(expr.course, ("course",))
                if found is None or course is None:
                    return None
                return c.ValueAtStart(found.name, course.name, cast(Unit, found.unit), expr.span)
            case (
                t.Compare() | t.Between() | t.IsValue() | t.State() | t.OrderedDrug() | t.InStage() | t.Not()
                | t.Ever() | t.And() | t.Or() | t.Held() | t.Recent() | t.CountOf() | t.Occurred() | t.ReadingsApart()
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
            what = "duration" if hint.unit.dims == HOUR.dims else "value"
            self.problems.append(MissingUnit(quantity.span, what, quantity.literal, (hint.unit.name,)))
            return None
        self.problems.append(BareNumber(quantity.span, quantity.literal, ()))
        return None

    def _bare_number(self, expr: t.Bare, hint: Hint | None) -> c.Numeric | None:
        name = expr.name
        if hint is not None and hint.unit == RANK and hint.input is not None:
            other = self._input_of(expr)
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
            if left is None or right is None or not self._go_together(left, right, expr.span):
                return None
            unit = left.unit
        else:
            scaled = hint if _is_bare_number(expr.left) or _is_bare_number(expr.right) else None
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
        found, window = self._measured(expr.name), self.window(expr.window)
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

    def _measured(self, name: t.Name) -> Input | None:
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

    def _go_together(self, left: c.Numeric, right: c.Numeric, span: Span) -> bool:
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


def _hint_of_input(found: Input) -> Hint:
    return Hint(cast(Unit, found.unit), found, True)


def _is_bare_number(expr: t.Expr) -> bool:
    return isinstance(expr, t.Literal_) and expr.quantity.unit is None


def _with_unit(lo: t.Expr, hi: t.Expr) -> t.Expr:
    """The lower end of a range, with the unit written once at its end."""
    if _is_bare_number(lo) and isinstance(lo, t.Literal_) and isinstance(hi, t.Literal_):
        return replace(lo, quantity=replace(lo.quantity, unit=hi.quantity.unit))
    return lo


def _constant(number: c.Numeric) -> bool:
    """The same on every instant of a session."""
    if isinstance(number, c.Arith):
        return _constant(number.left) and _constant(number.right)
    return isinstance(number, Number | OfSetting)
