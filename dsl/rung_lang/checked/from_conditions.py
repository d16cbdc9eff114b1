"""Conditions and expressions as written, to settled ones. Names, kinds and dimensions are judged here.

A method returns None exactly where it, or something below it, has reported a problem, so that one mistake is
told once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, assert_never, cast

from rung_engine.units import Unit
from rung_lang.checked import conditions as c
from rung_lang.checked.kinds import Numbers, hint_of_input, with_unit
from rung_lang.checked.names import Kind, nearest
from rung_lang.checked.problems import (
    AsksParentheses,
    BadCount,
    BareEvent,
    DecisionWord,
    DefinedByItself,
    IsOnNumber,
    NotACondition,
    NotAValue,
    NotOrdered,
)
from rung_lang.checked.quantities import Amount, Number
from rung_lang.checked.units import (
    RANK,
)
from rung_lang.syntax import tree as t

_COUNTS: dict[str, Literal[">=", "<=", "="]] = {"at least": ">=", "at most": "<=", "exactly": "="}


@dataclass(slots=True)
class Conditions(Numbers):
    """Settles conditions against what is declared."""

    defined: dict[str, c.Truth | c.Numeric | None] = field(default_factory=dict)
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
                return None if items is None else c.AnyOf(items, expr.span)
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
                t.Literal_() | t.Arith() | t.TimeSince() | t.TimeIn() | t.TimeOn() | t.ChangeIn()
                | t.ExtremeOf()
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

    def _compare(self, expr: t.Compare) -> c.Truth | None:
        for side in (expr.left, expr.right):
            found = self.input_of(side)
            if found is not None and found.kind in ("one_of", "any_of"):
                self.scope.used.add(found.name)
                self.problems.append(NotOrdered(expr.span, found.name, found.values))
                return None
        left, right = self.sides(expr.left, expr.right)
        if left is None or right is None or not self.go_together(left, right, expr.span):
            return None
        return c.Compare(left, expr.rel, right, expr.span)

    def _between(self, expr: t.Between) -> c.Truth | None:
        lo_expr = with_unit(expr.lo, expr.hi)
        of = self.number(expr.of, self.hint(lo_expr) or self.hint(expr.hi))
        hint = self.hint(expr.of)
        lo, hi = self.number(lo_expr, hint), self.number(expr.hi, hint)
        if of is None or lo is None or hi is None:
            return None
        if not self.go_together(of, lo, expr.span) or not self.go_together(of, hi, expr.span):
            return None
        if isinstance(lo, Number) and isinstance(hi, Number) and lo.base > hi.base:
            self.amounts.upside_down(expr.span, "condition", lo, hi)
            return None
        return c.All((c.Compare(of, ">=", lo, lo.span), c.Compare(of, "<=", hi, hi.span)), expr.span)

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
            # `A and (B) for D` says itself what lasts.
            if isinstance(item, t.Held | t.Recent) and not isinstance(item.of, t.Paren):
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
            return c.AnyOf(items, expr.span) if expr.how == "any" else c.All(items, expr.span)
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
        found = self.measured(expr.name)
        drawn = None
        if expr.drawn is not None:
            with self._events(False):
                drawn = self.truth(expr.drawn)
        if expr.n.value.denominator != 1 or expr.n.value < 1:
            self.problems.append(BadCount(expr.n.span, expr.n.literal, 0))
            return None
        if found is None:
            return None
        left = c.InputValue(found.name, cast(Unit, found.unit), expr.name.span)
        right = self.number(expr.right, hint_of_input(found))
        if right is None or apart is None or not self.go_together(left, right, expr.span):
            return None
        if drawn is None and expr.drawn is not None:
            return None
        return c.Readings(int(expr.n.value), apart, found.name, expr.rel, right, drawn, expr.span)
