"""Conditions of the settled model as terms of the artifact."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, assert_never, cast

from rung_engine.artifact import model as m
from rung_lang.checked import conditions as c
from rung_lang.checked.quantities import Number, OfSetting
from rung_lang.lower.terms import Numbered, Terms, canonical
from rung_lang.lower.units import UnitTable
from rung_lang.source import Span

_OPPOSITE = {"is not": "is", "unknown": "known", "before": "after"}
_POSITIVE = re.compile(r"^before\b|\bis not\b|\bunknown$")


@dataclass(slots=True)
class TermWriter:
    """Writes conditions into a table of terms. Before that is final, answers are provisional numbers."""

    text: Callable[[Span], str]
    units: UnitTable
    terms: Terms = field(default_factory=Terms)
    final: Numbered | None = None
    _roots: dict[int, None] = field(default_factory=dict)

    def numbered(self) -> TermWriter:
        """A writer over the same terms whose answers are final."""
        return TermWriter(self.text, self.units, self.terms, self.terms.number(self._roots))

    @property
    def table(self) -> Numbered:
        """The final table."""
        assert self.final is not None, "the terms are not numbered yet"
        return self.final

    def truth(self, condition: c.Truth) -> int:
        """The index of a condition."""
        return self._root(self._truth(condition))

    def number(self, number: c.Numeric) -> int:
        """The index of a number."""
        return self._root(self._numeric(number))

    def optional(self, condition: c.Truth | None) -> int | None:
        """The index of a condition that may not be written."""
        return None if condition is None else self.truth(condition)

    def both(self, conditions: Sequence[c.Truth], words: str | None = None) -> int:
        """The index of a conjunction that the author wrote in several places."""
        said = " and ".join(self.text(condition.span) for condition in conditions) if words is None else words
        return self._root(self.terms.join("and", [self._truth(condition) for condition in conditions], said))

    def conjuncts(self, condition: c.Truth) -> tuple[int, ...]:
        """The conditions that a conjunction in which this one stands holds of it, once the table is final."""
        index = self._truth(condition)
        node = self.terms.nodes[index]
        return tuple(
            sorted(self.table.ids[one] for one in (node.of if isinstance(node, m.And) else (index,)))
        )

    def compare(
        self, left: c.Numeric, rel: c.Relation, right: c.Numeric, words: str, arm: c.Truth | None
    ) -> int:
        """The index of a comparison that no author wrote, under an arm if there is one."""
        index = self.terms.add(m.Cmp(left=self._numeric(left), rel=rel, right=self._numeric(right)), words)
        if arm is None:
            return self._root(index)
        return self._root(
            self.terms.join("and", [self._truth(arm), index], f"{self.text(arm.span)} and {words}")
        )

    def _root(self, index: int) -> int:
        if self.final is not None:
            return self.final.ids[index]
        self._roots[index] = None
        return index

    def _truth(self, condition: c.Truth) -> int:
        words = self._words(condition)
        match condition:
            case c.All():
                return self.terms.join("and", [self._truth(item) for item in condition.items], words)
            case c.AnyOf():
                return self.terms.join("or", [self._truth(item) for item in condition.items], words)
            case _:
                return self.terms.add(self._simple(condition), words)

    def _words(self, condition: c.Truth) -> str:
        """The author's words; for one half of `X from A to B`, which stands at its limit, put together."""
        if isinstance(condition, c.Compare) and condition.span == condition.right.span:
            return f"{self.text(condition.left.span)} {condition.rel} {self.text(condition.right.span)}"
        return self.text(condition.span)

    def _negated(self, condition: c.Not) -> int:
        """What is negated. `is not`, `unknown`, `before` are one word with it: there the positive is said."""
        if condition.of.span == condition.span:
            words = _POSITIVE.sub(lambda found: _OPPOSITE[found.group()], self.text(condition.span), count=1)
            return self.terms.add(self._simple(cast(c.Simple, condition.of)), words)
        return self._truth(condition.of)

    def _simple(self, condition: c.Simple) -> m.Truth:
        units = self.units
        match condition:
            case c.Compare():
                return m.Cmp(
                    left=self._numeric(condition.left),
                    rel=condition.rel,
                    right=self._numeric(condition.right),
                )
            case c.Flag():
                return m.Flag(input=condition.input)
            case c.HasValue():
                return m.Is(input=condition.input, value=condition.value)
            case c.SettingIs():
                return m.SettingIs(setting=condition.setting, value=condition.value)
            case c.Running():
                return m.Running(drugs=condition.drugs)
            case c.Off():
                return m.Off(drugs=condition.drugs)
            case c.Known():
                return m.Known(kind=condition.kind, name=condition.name)
            case c.Not():
                return m.Not(of=self._negated(condition))
            case c.Count():
                of = tuple(sorted(self._truth(item) for item in condition.items))
                return m.Count(rel=condition.rel, n=condition.n, of=of)
            case c.Held():
                return m.Held(
                    of=self._truth(condition.of),
                    length=units.amount(condition.length),
                    gaps=units.optional(condition.gaps),
                )
            case c.Recent():
                return m.Recent(of=self._truth(condition.of), length=units.amount(condition.length))
            case c.Ever():
                return m.Ever(of=self._truth(condition.of))
            case c.Happens():
                return m.Occurs(ref=moment_of(condition.moment))
            case c.After():
                return m.After(ref=ref_of(condition.ref))
            case c.Readings():
                return m.Readings(
                    n=condition.n,
                    apart=units.amount(condition.apart),
                    input=condition.input,
                    rel=condition.rel,
                    right=self._numeric(condition.right),
                    drawn=None if condition.drawn is None else self._truth(condition.drawn),
                )
            case c.Ordered():
                return m.Ordered(drugs=condition.drugs, above=units.optional(condition.above))
            case c.InStage():
                return m.InStage(stage=condition.stage)
            case _:
                assert_never(condition)

    def _numeric(self, number: c.Numeric) -> int:
        return self.terms.add(self._number_term(number), self.text(number.span))

    def _number_term(self, number: c.Numeric) -> m.Numeric:
        match number:
            case Number():
                written = self.units.number(number)
                return m.Quantity(millionths=written.millionths, unit=written.unit)
            case OfSetting():
                return m.Setting(name=number.name)
            case c.InputValue():
                return m.Input(name=number.name)
            case c.Rate():
                return m.Rate(drug=number.drug, unit=self.units.name(number.unit))
            case c.Arith():
                return m.Arith(
                    op=number.op, left=self._numeric(number.left), right=self._numeric(number.right)
                )
            case c.Elapsed():
                return m.Elapsed(ref=ref_of(number.ref))
            case c.TimeInStage():
                return m.TimeInStage()
            case c.TimeInCourse():
                return m.TimeInCourse(course=number.course)
            case c.TimeOn():
                return m.TimeOn(drug=number.drug)
            case c.Change():
                return m.Change(how=number.how, input=number.input, span=self._window(number.window))
            case c.Extreme():
                return m.Extreme(how=number.how, input=number.input, span=self._window(number.window))
            case c.Total():
                unit = self.units.name(number.unit)
                return m.Total(drug=number.drug, span=self._window(number.window), unit=unit)
            case c.ValueAt():
                return m.ValueAt(input=number.input, ref=ref_of(number.ref))
            case c.ValueAtStart():
                return m.ValueAtStart(input=number.input, course=number.course)
            case _:
                assert_never(number)

    def _window(self, window: c.Window) -> m.Span:
        if isinstance(window, c.Over):
            return m.Over(over=self.units.amount(window.length))
        return m.Since(since=ref_of(window.ref))


def moment_of(moment: c.Moment) -> m.Moment:
    """One moment."""
    match moment:
        case c.EventMoment():
            return m.EventRef(name=moment.name, first=moment.first)
        case c.DrugMoment():
            return m.DrugRef(kind=moment.kind, drugs=moment.drugs, first=moment.first)
        case c.TaskMoment():
            return m.TaskRef(name=moment.name, first=moment.first)
        case _:
            assert_never(moment)


def ref_of(ref: c.Ref) -> m.Ref:
    """A moment, or the later or earlier of two, whose order says nothing."""
    if not isinstance(ref, c.PairMoment):
        return moment_of(ref)
    kind: Literal["later", "earlier"] = ref.how
    left, right = sorted((moment_of(ref.left), moment_of(ref.right)), key=canonical)
    return m.PairRef(kind=kind, of=(left, right))
