"""Conditions and orders of an artifact in sentences for people at the bedside.

The words of the language are for authors; these are for those who read a page on a wall. Nothing is judged
here: a sentence says what the artifact says, with what the site chooses in square brackets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.exact import from_millionths, show_decimal
from rung_engine.frozen import frozen
from rung_lang.lower.terms import AnyTerm
from rung_lang.report.words_phrases import joined

_RELATIONS = {"<": "below", "<=": "at most", "=": "exactly", ">=": "at least", ">": "above"}
STRENGTHS: Mapping[m.Strength, str] = {"must": "must", "recommend": "recommended", "consider": "consider"}
_COUNTS = {">=": "at least", "<=": "at most", "=": "exactly"}
_CHANGES = {
    "change": "the change in",
    "rise": "the rise in",
    "fall": "the fall in",
    "percent_rise": "the rise in percent in",
    "percent_fall": "the fall in percent in",
}
_LOOSE = m.And | m.Or


@frozen
class Sentences:
    """`names`: the words that definitions and outcomes have for a term, by its index."""

    artifact: m.Artifact
    names: Mapping[int, str]

    # ---------------------------------------------------------------- conditions

    def condition(self, index: int, *, named: bool = True, inner: bool = False) -> str:
        """The condition at `index`; `named` lets a definition stand for it, `inner` sets it in brackets."""
        if named and index in self.names:
            return self.names[index]
        term = self.artifact.terms[index]
        words = self._truth(term)
        return f"({words})" if inner and isinstance(term, _LOOSE) else words

    def _truth(self, term: AnyTerm) -> str:
        match term:
            case m.Const():
                return "always" if term.value else "never"
            case m.Cmp():
                return f"{self._number(term.left)} is {_RELATIONS[term.rel]} {self._right(term)}"
            case m.Flag():
                return f"{self.input(term.input)} (yes)"
            case m.Is():
                return f"{self._short(term.input)} is {spaced(term.value)}"
            case m.SettingIs():
                return f"[{spaced(term.setting)}] is {spaced(term.value)}"
            case m.Running():
                return f"{self._names(term.drugs, 'or')} is running"
            case m.Off():
                return f"{self._names(term.drugs, 'and')} {'is' if len(term.drugs) == 1 else 'are'} off"
            case m.Known():
                return f"{self._called(term)} is known"
            case m.Not():
                return self._not(term.of)
            case m.And():
                return " and ".join(self.condition(index, inner=True) for index in self._folded(term.of))
            case m.Or():
                return " or ".join(self.condition(index, inner=True) for index in term.of)
            case m.Count():
                return f"{_COUNTS[term.rel]} {term.n} of: {'; '.join(self.condition(one) for one in term.of)}"
            case m.Held():
                gaps = "" if term.gaps is None else f", gaps up to {self.amount(term.gaps)} allowed"
                return f"{self.condition(term.of, inner=True)} for {self.amount(term.length)} on end{gaps}"
            case m.Recent():
                of = self.condition(term.of, inner=True)
                return f"{of} at some time in the last {self.amount(term.length)}"
            case m.Ever():
                return f"{self.condition(term.of, inner=True)} at any time so far"
            case m.Occurs():
                return f"{self.moment(term.ref)} happens"
            case m.After():
                return f"{self.moment(term.ref)} has happened"
            case m.Readings():
                drawn = (
                    "" if term.drawn is None else f", drawn while {self.condition(term.drawn, inner=True)}"
                )
                return (
                    f"{term.n} readings of {self._short(term.input)}, {self.amount(term.apart)} apart, "
                    f"{_RELATIONS[term.rel]} {self._number(term.right)}{drawn}"
                )
            case m.Ordered():
                above = "" if term.above is None else f" above {self.amount(term.above)}"
                return f"{self._names(term.drugs, 'or')} is ordered{above}"
            case m.InStage():
                return f"the stage is “{self.stage(term.stage)}”"
            case _:
                return self._quantity(term)

    def _folded(self, parts: tuple[int, ...]) -> tuple[int, ...]:
        """The parts of a conjunction, those that are together a definition as that definition."""
        left = list(parts)
        for index in sorted(self.names, key=lambda one: (-len(_parts(self.artifact.terms[one])), one)):
            own = _parts(self.artifact.terms[index])
            if len(own) > 1 and set(own) <= set(left) and tuple(own) != parts:
                left = [index if one == own[0] else one for one in left if one not in own[1:]]
        return tuple(left)

    def _not(self, of: int) -> str:
        term = self.artifact.terms[of]
        if of in self.names:
            return f"not {self.names[of]}"
        match term:
            case m.Flag():
                return f"{self.input(term.input)} (no)"
            case m.Is():
                return f"{self._short(term.input)} is not {spaced(term.value)}"
            case m.SettingIs(value="yes"):
                return f"[{spaced(term.setting)}] is no"
            case m.Known():
                return f"{self._called(term)} is not known"
            case m.After():
                return f"{self.moment(term.ref)} has not happened"
            case m.Running():
                return f"{self._names(term.drugs, 'or')} is not running"
            case m.Ordered(above=None):
                return f"{self._names(term.drugs, 'or')} is not ordered"
            case m.Ever():
                return f"never so far {self.condition(term.of, inner=True)}"
            case _:
                return f"not ({self._truth(term)})"

    def _called(self, term: m.Known) -> str:
        if term.kind == "drug":
            return f"whether {spaced(term.name)} runs"
        return self._short(term.name)

    # ---------------------------------------------------------------- numbers

    def _number(self, index: int, *, inner: bool = False) -> str:
        term = self.artifact.terms[index]
        if index in self.names:
            return self.names[index]
        words = self._quantity(term)
        return f"({words})" if inner and isinstance(term, m.Arith) else words

    def _quantity(self, term: AnyTerm) -> str:
        match term:
            case m.Quantity():
                return counted(m.Number(millionths=term.millionths, unit=term.unit))
            case m.Setting():
                return self._setting(term.name)
            case m.Input():
                return self._short(term.name)
            case m.Rate():
                return spaced(term.drug)
            case m.Arith():
                sign = {"add": "plus", "sub": "less", "mul": "times", "div": "divided by"}[term.op]
                return f"{self._number(term.left, inner=True)} {sign} {self._number(term.right, inner=True)}"
            case m.Elapsed():
                return f"the time since {self.moment(term.ref)}"
            case m.TimeInStage():
                return "the time in this stage"
            case m.TimeInCourse():
                return f"the time in the course “{self._course(term.course)}”"
            case m.TimeOn():
                return f"the time on {spaced(term.drug)}"
            case m.Change():
                return f"{_CHANGES[term.how]} {self._short(term.input)} {self._span(term.span)}"
            case m.Extreme():
                return f"the {term.how} {self._short(term.input)} {self._span(term.span)}"
            case m.Total():
                return f"the {spaced(term.drug)} given {self._span(term.span)}"
            case m.ValueAt():
                return f"{self._short(term.input)} at the time of {self.moment(term.ref)}"
            case m.ValueAtStart():
                return f"{self._short(term.input)} at the start of the course “{self._course(term.course)}”"
            case _:
                return self._truth(term)

    def _right(self, term: m.Cmp) -> str:
        """A number, or the grade that it stands for."""
        left, right = self.artifact.terms[term.left], self.artifact.terms[term.right]
        if isinstance(left, m.Input) and isinstance(right, m.Quantity) and right.unit == "rank":
            return spaced(self.artifact.inputs[left.name].values[right.millionths // 1_000_000])
        return self._number(term.right)

    def amount(self, amount: m.Amount) -> str:
        """An amount; one that a setting gives has the setting's title behind it."""
        if isinstance(amount, m.FromSetting):
            return self._setting(amount.setting)
        return counted(amount)

    def range(self, found: m.Range) -> str:
        """A range, its unit once where it is one unit."""
        lo, hi = found.lo, found.hi
        if lo == hi:
            return self.amount(lo)
        if isinstance(lo, m.Number) and isinstance(hi, m.Number) and lo.unit == hi.unit:
            return f"{show_decimal(from_millionths(lo.millionths))} to {self.amount(hi)}"
        return f"{self.amount(lo)} to {self.amount(hi)}"

    def _setting(self, name: str) -> str:
        value = self.artifact.settings[name].value
        if isinstance(value, m.Number):
            return f"{counted(value)} [{spaced(name)}]"
        return f"[{spaced(name)}: the site chooses]"

    # ---------------------------------------------------------------- names

    def input(self, name: str) -> str:
        """What is measured or asked, in its title's words where it has one."""
        return self.artifact.inputs[name].title or spaced(name)

    def _short(self, name: str) -> str:
        return spaced(name)

    def _course(self, name: str) -> str:
        return self.artifact.courses[name].title or spaced(name)

    def _names(self, drugs: Sequence[str], last: str) -> str:
        return joined([spaced(drug) for drug in drugs], last)

    def stage(self, name: str) -> str:
        """A stage by its title."""
        titles = {stage.name: stage.title for stage in self.artifact.stages}
        return titles.get(name) or spaced(name)

    def moment(self, ref: m.Ref) -> str:
        """A moment: `the first start of norepinephrine`."""
        match ref:
            case m.EventRef():
                event = self.artifact.events[ref.name]
                return f"{'the first ' if ref.first else ''}“{event.title or spaced(ref.name)}”"
            case m.DrugRef():
                what = "start" if ref.kind == "started" else "stop"
                which = "first" if ref.first else "last"
                return f"the {which} {what} of {self._names(ref.drugs, 'or')}"
            case m.TaskRef():
                task = self.artifact.tasks[ref.name] or spaced(ref.name)
                return f"{'the first ' if ref.first else ''}“{task}”"
            case m.PairRef():
                return f"the {ref.kind} of {self.moment(ref.of[0])} and {self.moment(ref.of[1])}"
            case _:
                assert_never(ref)

    def _span(self, span: m.Span) -> str:
        if isinstance(span, m.Over):
            return f"in the last {self.amount(span.over)}"
        return f"since {self.moment(span.since)}"

    # ---------------------------------------------------------------- orders

    def rule(self, rule: m.Rule) -> tuple[str, ...]:
        """The rule in sentences: when, what, and unless."""
        when = self.condition(rule.condition)
        orders = [self._meant(choice) for choice in rule.orders]
        says = [f"When {when}: {'; and '.join(orders)}."]
        if rule.unless is not None:
            says.append(f"Unless {self.condition(rule.unless)}.")
        return tuple(says)

    def _meant(self, choice: m.One | m.Either | m.Prefer) -> str:
        """With its strength, but for a step of the protocol itself."""
        moves = isinstance(choice, m.One) and choice.order.op in ("go", "finish", "classify")
        return self.choice(choice) + ("" if moves else f" ({STRENGTHS[choice.strength]})")

    def choice(self, choice: m.One | m.Either | m.Prefer) -> str:
        """What is ordered, without its strength."""
        match choice:
            case m.One():
                return self.order(choice.order)
            case m.Either():
                return "either " + ", or ".join(self.order(order) for order in choice.orders)
            case m.Prefer():
                branches = [
                    self.order(order)
                    if condition is None
                    else f"{self.order(order)} if {self.condition(condition)}"
                    for order, condition in zip(choice.orders, choice.conditions, strict=True)
                ]
                return "rather " + "; else ".join(branches)
            case _:
                assert_never(choice)

    def order(self, order: m.Order) -> str:
        """One order: `start norepinephrine at 0.02 to 0.05 mcg/kg/min`."""
        parts = [_does(self, order)]
        dose = order.dose or _own_start(self.artifact, order)
        if dose is not None:
            lead = {"start": "at ", "add": "at ", "set": "to "}.get(order.op, "")
            parts.append(lead + self.range(dose))
        if order.volume is not None:
            parts.append(f"in {self.range(order.volume)}")
        if order.step is not None:
            parts.append(f"by {self.range(order.step)}")
        if order.cap is not None:
            parts.append(f"at most {self.amount(order.cap)}")
        if order.total is not None:
            parts.append(f"to a total of {self.amount(order.total)}")
        if order.times_daily is not None:
            parts.append(f"{order.times_daily} times a day")
        elif order.every is not None:
            parts.append(f"every {self.range(order.every)}")
        if order.limit is not None:
            parts.append(f"{'up' if order.op == 'increase' else 'down'} to {self.amount(order.limit)}")
        if order.once != "no":
            parts.append("once" if order.once_per is None else f"once per {spaced(order.once_per)}")
        if order.within is not None:
            of = "" if order.within_of is None else f" of {self.moment(order.within_of)}"
            parts.append(f"within {self.amount(order.within)}{of}")
        if order.over is not None:
            parts.append(f"over {self.amount(order.over)}")
        if order.continuously:
            parts.append("without a gap")
        return " ".join(part for part in parts if part)


def _does(sentences: Sentences, order: m.Order) -> str:
    artifact, target = sentences.artifact, order.target
    match order.op:
        case "go":
            return f"go to the stage “{sentences.stage(target)}”"
        case "finish":
            return f"end the protocol: “{target}”"
        case "notify":
            whom, colon, words = target.partition(": ")
            return f"tell the {whom}: “{words}”" if colon and " " not in whom else f"tell: “{target}”"
        case "do":
            return artifact.tasks.get(target) or f"do {spaced(target)}"
        case "measure":
            panel = artifact.panels.get(target)
            if panel is not None:
                return f"check {joined([sentences.input(one) for one in panel], 'and')}"
            return f"measure {sentences.input(target) if target in artifact.inputs else spaced(target)}"
        case "classify":
            outcome = artifact.outcomes.get(target)
            return f"classify as “{(outcome.title if outcome is not None else '') or spaced(target)}”"
        case "begin" | "end":
            course = artifact.courses.get(target)
            return f"{order.op} the course “{(course.title if course is not None else '') or spaced(target)}”"
        case (
            "start" | "add" | "set" | "increase" | "decrease" | "taper" | "continue" | "pause" | "stop"
            | "give" | "avoid"
        ):  # fmt: skip
            return f"{order.op} {spaced(target)}"
        case _:
            assert_never(order.op)


def _own_start(artifact: m.Artifact, order: m.Order) -> m.Range | None:
    """What an order without a dose means: the first dose that the drug declares."""
    drug = artifact.drugs.get(order.target)
    return drug.start if drug is not None and order.op in ("start", "add") else None


def _parts(term: AnyTerm) -> tuple[int, ...]:
    return term.of if isinstance(term, m.And) else ()


def spaced(name: str) -> str:
    """A name of the language as words."""
    return name.replace("_", " ")


def given_names(artifact: m.Artifact, titles: Mapping[str, str]) -> dict[int, str]:
    """By term, the words of the definition or outcome that stands for it; the first by name of two."""
    named: Iterable[tuple[str, int]] = sorted(artifact.defines.items())
    out: dict[int, str] = {}
    for name, term in named:
        if isinstance(artifact.terms[term], m.And | m.Or | m.Held | m.Count | m.Arith | m.Readings | m.Cmp):
            out.setdefault(term, spaced(name))
    for name, outcome in sorted(artifact.outcomes.items()):
        out.setdefault(outcome.condition, f"“{outcome.title or titles.get(name) or spaced(name)}”")
    return out


def counted(number: m.Number) -> str:
    """A number with its unit."""
    digits = show_decimal(from_millionths(number.millionths))
    return digits if number.unit == "ratio" else f"{digits} {number.unit}"
