"""Terms and orders of an artifact back to words of the language, one spelling for one meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.exact import from_millionths, show_decimal
from rung_engine.frozen import frozen
from rung_lang.lower.terms import AnyTerm


@frozen
class Phrases:
    """The terms, and the names that definitions and outcomes give to some of them."""

    terms: Sequence[AnyTerm]
    names: Mapping[int, str]
    inputs: Mapping[str, m.InputDecl]

    def term(self, index: int, *, inner: bool = False) -> str:
        """The term in words; `inner` puts parentheses where it would not bind."""
        named = self.names.get(index)
        if named is not None:
            return named
        words = self._words(self.terms[index])
        loose = isinstance(
            self.terms[index], m.And | m.Or | m.Held | m.Recent | m.Not | m.Arith | m.Cmp | m.Readings
        )
        return f"({words})" if inner and loose else words

    def _words(self, term: AnyTerm) -> str:
        match term:
            case m.Const():
                return "yes" if term.value else "no"
            case m.Cmp():
                return self._compare(term)
            case m.Flag():
                return term.input
            case m.Is():
                return f"{term.input} is {term.value}"
            case m.SettingIs():
                return term.setting if term.value == "yes" else f"{term.setting} is {term.value}"
            case m.Running():
                return " or ".join(f"{drug} running" for drug in term.drugs)
            case m.Off():
                return " and ".join(f"{drug} off" for drug in term.drugs)
            case m.Known():
                return f"{term.name} known"
            case m.Not():
                of = self.terms[term.of]
                if isinstance(of, m.Is) and term.of not in self.names:
                    return f"{of.input} is not {of.value}"
                if isinstance(of, m.Known):
                    return f"{of.name} unknown"
                if isinstance(of, m.After):
                    return f"before {ref_words(of.ref)}"
                return f"not {self.term(term.of, inner=True)}"
            case m.And():
                return " and ".join(self._operand(index, m.Cmp) for index in term.of)
            case m.Or():
                return " or ".join(self._operand(index, m.Cmp) for index in term.of)
            case m.Count():
                how = {">=": "at least", "<=": "at most", "=": "exactly"}[term.rel]
                return f"{how} {term.n} of ({', '.join(self.term(index) for index in term.of)})"
            case m.Held():
                gaps = "" if term.gaps is None else f" gaps up to {amount_words(term.gaps)}"
                return f"{self._operand(term.of, m.Cmp)} for {amount_words(term.length)}{gaps}"
            case m.Recent():
                return f"{self._operand(term.of, m.Cmp)} in the last {amount_words(term.length)}"
            case m.Ever():
                return f"ever {self.term(term.of, inner=True)}"
            case m.Occurs():
                return ref_words(term.ref)
            case m.After():
                return f"after {ref_words(term.ref)}"
            case m.Readings():
                value = self._value(term.right, self.inputs.get(term.input))
                drawn = "" if term.drawn is None else f" drawn while {self._closed(term.drawn)}"
                return (
                    f"{term.n} readings {amount_words(term.apart)} apart of "
                    f"{term.input} {term.rel} {value}{drawn}"
                )
            case m.Ordered():
                above = "" if term.above is None else f" above {amount_words(term.above)}"
                return " or ".join(f"ordered {drug}{above}" for drug in term.drugs)
            case m.InStage():
                return f"in {term.stage}"
            case m.Quantity():
                return amount_words(m.Number(millionths=term.millionths, unit=term.unit))
            case m.Setting() | m.Input():
                return term.name
            case m.Rate():
                return term.drug
            case m.Arith():
                sign = {"add": "+", "sub": "-", "mul": "*", "div": "/"}[term.op]
                left, right = self.term(term.left, inner=True), self.term(term.right, inner=True)
                return f"{left} {sign} {right}"
            case m.Elapsed():
                return f"time since {ref_words(term.ref)}"
            case m.TimeInStage():
                return "time in stage"
            case m.TimeInCourse():
                return f"time in {term.course}"
            case m.TimeOn():
                return f"time on {term.drug}"
            case m.Change():
                return f"{term.how.replace('_', ' ')} in {term.input} {span_words(term.span)}"
            case m.Extreme():
                return f"{term.how} {term.input} {span_words(term.span)}"
            case m.Total():
                return f"total {term.drug} {span_words(term.span)}"
            case m.ValueAt():
                return f"{term.input} at {ref_words(term.ref)}"
            case m.ValueAtStart():
                return f"{term.input} at start of {term.course}"
            case _:
                assert_never(term)

    def _operand(self, index: int, tight: type[m.Cmp]) -> str:
        """An operand of `and`, `or`, `for`: a comparison or a negation needs no parentheses there."""
        return self.term(index, inner=not isinstance(self.terms[index], tight))

    def _closed(self, index: int) -> str:
        """A condition where the language takes a comparison or one form: all else in parentheses."""
        term = self.terms[index]
        several = isinstance(term, m.Running | m.Off) and len(term.drugs) > 1
        if index in self.names or not (several or isinstance(term, m.Ever)):
            return self._operand(index, m.Cmp)
        return f"({self.term(index)})"

    def _compare(self, term: m.Cmp) -> str:
        left = self.terms[term.left]
        graded = self.inputs.get(left.name) if isinstance(left, m.Input) else None
        if graded is not None and graded.kind == "graded" and term.rel == "=":
            return f"{self.term(term.left)} is {self._value(term.right, graded)}"
        return f"{self.term(term.left)} {term.rel} {self._value(term.right, graded)}"

    def _value(self, index: int, graded: m.InputDecl | None) -> str:
        """A number, or the grade it stands for."""
        term = self.terms[index]
        if isinstance(term, m.Quantity) and term.unit == "rank" and graded is not None:
            return graded.values[term.millionths // 1_000_000]
        return self.term(index)

    def choice(self, choice: m.One | m.Either | m.Prefer) -> str:
        """A choice in words."""
        strength = "" if choice.strength == "recommend" else f"{choice.strength} "
        match choice:
            case m.One():
                return strength + order_words(choice.order)
            case m.Either():
                return f"{strength}either " + " or ".join(order_words(order) for order in choice.orders)
            case m.Prefer():
                branches = [
                    order_words(order)
                    if condition is None
                    else f"{order_words(order)} if {self.term(condition)}"
                    for order, condition in zip(choice.orders, choice.conditions, strict=True)
                ]
                return f"{strength}prefer " + " else ".join(branches)
            case _:
                assert_never(choice)


def amount_words(amount: m.Number | m.FromSetting) -> str:
    """An amount as an author would write it."""
    if isinstance(amount, m.FromSetting):
        return amount.setting
    number = show_decimal(from_millionths(amount.millionths))
    return number if amount.unit == "ratio" else f"{number} {amount.unit}"


def range_words(range_: m.Range) -> str:
    """A range, with its unit once where it is one unit."""
    lo, hi = range_.lo, range_.hi
    if lo == hi:
        return amount_words(lo)
    if isinstance(lo, m.Number) and isinstance(hi, m.Number) and lo.unit == hi.unit:
        return f"{show_decimal(from_millionths(lo.millionths))} to {amount_words(hi)}"
    return f"{amount_words(lo)} to {amount_words(hi)}"


def ref_words(ref: m.Ref) -> str:
    """A moment in words."""
    match ref:
        case m.EventRef():
            return ("first " if ref.first else "") + ref.name
        case m.DrugRef():
            return ("first " if ref.first else "") + f"{' or '.join(ref.drugs)} {ref.kind}"
        case m.TaskRef():
            return ("first " if ref.first else "") + f"{ref.name} done"
        case m.PairRef():
            return f"{ref.kind} of {ref_words(ref.of[0])} and {ref_words(ref.of[1])}"
        case _:
            assert_never(ref)


def span_words(span: m.Span) -> str:
    """A window in words."""
    return f"over {amount_words(span.over)}" if isinstance(span, m.Over) else f"since {ref_words(span.since)}"


def order_words(order: m.Order) -> str:
    """An order in words."""
    parts: list[str] = ["go to" if order.op == "go" else order.op]
    parts.append(f'"{order.target}"' if order.op in ("notify", "finish") else order.target)
    if order.dose is not None:
        lead = {"start": "at ", "add": "at ", "set": "to "}.get(order.op, "")
        parts.append(lead + range_words(order.dose))
    if order.volume is not None:
        parts.append(f"in {range_words(order.volume)}")
    if order.step is not None:
        parts.append(f"by {range_words(order.step)}")
    if order.cap is not None:
        parts.append(f"at most {amount_words(order.cap)}")
    if order.total is not None:
        parts.append(f"totalling {amount_words(order.total)}")
    if order.times_daily is not None:
        parts.append(f"{order.times_daily} times daily")
    elif order.every is not None:
        parts.append(f"every {range_words(order.every)}")
    if order.limit is not None:
        parts.append(f"{'up' if order.op == 'increase' else 'down'} to {amount_words(order.limit)}")
    if order.once != "no":
        parts.append("once" if order.once_per is None else f"once per {order.once_per}")
    if order.within is not None:
        of = "" if order.within_of is None else f" of {ref_words(order.within_of)}"
        parts.append(f"within {amount_words(order.within)}{of}")
    if order.over is not None:
        parts.append(f"over {amount_words(order.over)}")
    if order.continuously:
        parts.append("continuously")
    return " ".join(parts)
