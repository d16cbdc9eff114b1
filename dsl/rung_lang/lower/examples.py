"""Examples to histories an engine can run, and what is expected of its decisions.

`X unknown` gives no reading; where the example charted X before, a reading outside its plausible range ends
that one, as a detached line does at the bedside. A drug that no fact names is off from the earliest instant
on. Where some drug is `unknown` that cannot be said of all at once: every other infusion is charted as off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from rung_engine import units as kernel
from rung_engine.artifact import model as m
from rung_engine.event import Charted, Done, Dose, Event, Happened, Infusion, NoOtherInfusions, Reading, Value
from rung_engine.exact import to_millionths
from rung_engine.frozen import frozen
from rung_engine.units import Unit
from rung_lang.checked import orders as o
from rung_lang.checked import tree as c
from rung_lang.checked.from_orders import Orders
from rung_lang.checked.from_syntax import Context
from rung_lang.checked.names import Kind, nearest
from rung_lang.checked.problems import (
    BareNumber,
    NotAValue,
    NothingProposed,
    RepeatNeverEnds,
    TooManyInstants,
    UnknownName,
    WrongFact,
)
from rung_lang.checked.quantities import Number
from rung_lang.checked.units import MS, exact, like, relation, settle_unit
from rung_lang.lower.conditions import TermWriter
from rung_lang.lower.rules import order_of
from rung_lang.lower.units import UnitTable
from rung_lang.source import Span
from rung_lang.syntax import tree as t

MOST_INSTANTS = 10_000
"""More instants than this in one repetition are a slip of a unit, not an example."""

ExpectWord = Literal[
    "order", "either", "no", "stage", "pending", "nothing", "unconfirmed", "due", "late", "verdict"
]  # fmt: skip


@frozen
class LoweredExpect:
    """`order` for an expected order, whose dose may be open; otherwise `names`: declared names, rule ids."""

    word: ExpectWord
    order: m.Order | None
    names: tuple[str, ...]
    span: Span


@frozen
class LoweredCheck:
    """What must hold at `time_ms`; `proposed` is judged there, for a `verdict`."""

    time_ms: int
    expects: tuple[LoweredExpect, ...]
    proposed: m.Order | None
    span: Span


@frozen
class LoweredExample:
    """`settings` are this example's own values; `events` are in the order of their times."""

    title: str
    span: Span
    settings: tuple[tuple[str, m.Number | str], ...]
    events: tuple[Event, ...]
    checks: tuple[LoweredCheck, ...]


def lower_examples(main: t.File, context: Context) -> tuple[LoweredExample, ...]:
    """The examples of the main file. Problems join those of the context; a wrong fact is left out."""
    text = context.conditions.text
    rules = rule_names(main.items)
    return tuple(
        lower_example(item, context, rules, text) for item in main.items if isinstance(item, t.Example)
    )


def lower_example(
    example: t.Example, context: Context, rules: dict[str, list[str]], text: Callable[[Span], str]
) -> LoweredExample:
    """One example. `rules`: ids by name; `text`: the words at a place."""
    return _Example(context, replace(context.orders, limited=False), rules, text).lower(example)


def rule_names(items: Sequence[t.Item]) -> dict[str, list[str]]:
    """The ids of named rules, by name."""
    return {
        name: sorted(f"{stage}.{name}" for stage in stages)
        for name, stages in _stages_of_rules(items).items()
    }


def _stages_of_rules(items: Sequence[t.Item]) -> dict[str, set[str]]:
    """Named rules and the stages they stand in."""
    names: dict[str, set[str]] = {}
    stage = "throughout"
    for item in items:
        if isinstance(item, t.Stage):
            stage = item.name.text
        elif isinstance(item, t.Throughout):
            stage = "throughout"
        elif isinstance(item, t.Rule) and item.name is not None:
            names.setdefault(item.name.text, set()).add(stage)
    return names


@dataclass(slots=True)
class _Example:
    context: Context
    orders: Orders
    rules: dict[str, list[str]]
    text: Callable[[Span], str]
    events: list[Event] = field(default_factory=list)
    settings: dict[str, m.Number | str] = field(default_factory=dict)
    checks: list[LoweredCheck] = field(default_factory=list)
    times: set[int] = field(default_factory=set)
    unknown_drugs: set[str] = field(default_factory=set)

    def lower(self, example: t.Example) -> LoweredExample:
        timed = [(at, step) for step in example.steps for at in self._instants(step)]
        self.times.update(at for at, _ in timed)
        for at, step in sorted(timed, key=lambda pair: pair[0]):
            for fact in step.facts:
                self._fact(fact, at)
        expected: dict[Span, tuple[tuple[LoweredExpect, ...], m.Order | None]] = {}
        for step in example.steps:
            if step.expects or step.proposed is not None:
                expected[step.span] = self._expected(step)
        for at, step in sorted(timed, key=lambda pair: pair[0]):
            if step.span in expected:
                expects, proposed = expected[step.span]
                self.checks.append(LoweredCheck(at, expects, proposed, step.span))
        first = min(self.times, default=0)
        events = [*self._silent(first), *sorted(self.events, key=lambda event: event.time)]
        numbered = tuple(replace(event, id=f"f{place}") for place, event in enumerate(events, 1))
        return LoweredExample(
            example.title.value,
            example.span,
            tuple(sorted(self.settings.items())),
            numbered,
            tuple(self.checks),
        )

    def _silent(self, first: int) -> Iterator[Event]:
        """What silence about the other drugs means."""
        if not self.unknown_drugs:
            yield NoOtherInfusions("", first)
            return
        charted = {event.drug for event in self.events if isinstance(event, Infusion)}
        for name, drug in sorted(self.context.drugs.items()):
            if drug.form == "infusion" and name not in charted | self.unknown_drugs:
                yield Infusion("", first, name, Charted(0, drug.unit.name))

    # ------------------------------------------------------------ instants

    def _instants(self, step: t.Step) -> list[int]:
        """The whole milliseconds at which the step stands."""
        if step.at is None:
            return [0]
        start = self._time(step.at)
        if start is None:
            return []
        if step.to is None or step.every is None:
            return [start]
        stop, every = self._time(step.to), self._time(step.every)
        if stop is None or every is None:
            return []
        problems = self.context.scope.problems
        if every <= 0:
            problems.append(RepeatNeverEnds(step.every.span, "every", self.text(step.every.span)))
            return []
        if stop < start:
            problems.append(RepeatNeverEnds(step.to.span, "to", self.text(step.to.span)))
            return []
        count = (stop - start) // every + 1
        if count > MOST_INSTANTS:
            problems.append(TooManyInstants(step.span, count, MOST_INSTANTS))
            return []
        return list(range(start, stop + 1, every))

    def _time(self, quantity: t.Quantity) -> int | None:
        found = self.context.amounts.number(quantity, "time", MS)
        return None if found is None else int(found.base)

    # ------------------------------------------------------------ facts

    def _fact(self, fact: t.Fact, at: int) -> None:
        kinds: tuple[Kind, ...] = ("input", "drug", "setting", "event", "task")
        symbol = self.context.scope.find(fact.name, kinds)
        if symbol is None:
            return
        match symbol.kind:
            case "input":
                found = self.context.inputs.get(symbol.name)
                if found is not None:
                    self._reading(fact, found, at)
            case "drug":
                drug = self.context.drugs.get(symbol.name)
                if drug is not None:
                    self._charting(fact, drug, at)
            case "setting":
                setting = self.context.settings.get(symbol.name)
                if setting is not None:
                    self._setting(fact, setting)
            case "event" if fact.word == "happened":
                self.events.append(Happened("", at, symbol.name))
            case "task" if fact.word == "done":
                self.events.append(Done("", at, symbol.name))
            case _:
                word = "happened" if symbol.kind == "event" else "done"
                self._wrong(fact, symbol.kind, (f"{symbol.name} {word}",))

    def _wrong(self, fact: t.Fact, kind: str, wanted: tuple[str, ...]) -> None:
        self.context.scope.problems.append(WrongFact(fact.span, fact.name.text, fact.word, kind, wanted))

    def _reading(self, fact: t.Fact, found: c.Input, at: int) -> None:
        if fact.word == "unknown":
            self._end_reading(fact, found, at)
            return
        value = self._value(fact, found)
        if value is not None:
            self.events.append(Reading("", at, found.name, value))

    def _end_reading(self, fact: t.Fact, found: c.Input, at: int) -> None:
        earlier = any(isinstance(event, Reading) and event.input == found.name for event in self.events)
        if not earlier:
            return
        limit = None if found.plausible is None else found.plausible.hi
        if not isinstance(limit, Number):
            self._wrong(fact, found.kind, (f"{found.name} before its `valid for` runs out",))
            return
        beyond = replace(limit, value=limit.value + 1)
        self.events.append(Reading("", at, found.name, _charted(beyond)))

    def _value(self, fact: t.Fact, found: c.Input) -> Value | None:
        match found.kind:
            case "quantity":
                if fact.word == "value" and fact.quantity is not None and found.unit is not None:
                    number = self._measured(fact.quantity, found, found.unit)
                    return None if number is None else _charted(number)
                self._wrong(fact, found.kind, (f"{found.name} 1 {found.unit.name}" if found.unit else "",))
            case "flag":
                if fact.word in ("yes", "no"):
                    return fact.word == "yes"
                self._wrong(fact, found.kind, (f"{found.name} yes", f"{found.name} no"))
            case "one_of" | "graded" | "any_of":
                if fact.word != "names" or (found.kind != "any_of" and len(fact.names) > 1):
                    self._wrong(fact, found.kind, tuple(f"{found.name} {value}" for value in found.values))
                    return None
                return self._named_value(fact, found)
        return None

    def _named_value(self, fact: t.Fact, found: c.Input) -> Value | None:
        if (
            found.kind == "any_of"
            and [name.text for name in fact.names] == ["none"]
            and "none" not in found.values
        ):
            return frozenset()
        for name in fact.names:
            if name.text not in found.values:
                self.context.scope.problems.append(
                    NotAValue(
                        name.span, found.name, name.text, found.values, nearest(name.text, found.values)
                    )
                )
                return None
        names = [name.text for name in fact.names]
        return frozenset(names) if found.kind == "any_of" else names[0]

    def _measured(self, quantity: t.Quantity, found: c.Input, unit: Unit) -> Number | None:
        """A quantity in any unit the input may be charted in; a bare one where there is one unit."""
        problems = self.context.scope.problems
        if quantity.unit is None:
            if not found.also:
                return exact(quantity, unit, problems)
            units = (unit.name, *(also.unit.name for also in found.also))
            problems.append(BareNumber(quantity.span, quantity.literal, units))
            return None
        written = settle_unit(quantity.unit, problems)
        if written is None:
            return None
        written = like(written, unit)
        fitting = (unit, *(also.unit for also in found.also))
        if not any(relation(written, other) in ("same", "weight") for other in fitting):
            self.context.amounts.mismatch(quantity.span, written, unit)
            return None
        return exact(quantity, written, problems)

    def _charting(self, fact: t.Fact, drug: c.Drug, at: int) -> None:
        infused = drug.form == "infusion"
        match fact.word:
            case "value" if infused and fact.quantity is not None:
                number = self._rate(fact.quantity, drug)
                if number is not None:
                    self.events.append(Infusion("", at, drug.name, _charted(number)))
            case "off" if infused:
                self.events.append(Infusion("", at, drug.name, Charted(0, drug.unit.name)))
            case "off":
                pass  # a drug never given is off, and there is no row that says so
            case "running" if infused:
                self.events.append(Infusion("", at, drug.name, None))
            case "running":
                self.events.append(Dose("", at, drug.name, None))
            case "unknown":
                self.unknown_drugs.add(drug.name)
            case "given" if fact.quantity is not None:
                amount = self._amount(fact.quantity, drug)
                if amount is not None:
                    self.events.append(Dose("", at, drug.name, _charted(amount)))
            case _:
                unit = drug.unit.name
                wanted = (
                    (f"{drug.name} 1 {unit}", f"{drug.name} off")
                    if infused
                    else (f"{drug.name} given 1 {unit}",)
                )
                self._wrong(fact, "drug", wanted)

    def _rate(self, quantity: t.Quantity, drug: c.Drug) -> Number | None:
        """A charted rate is a fact: it may be in either basis and above the maximum, but not below nought."""
        found = self.context.amounts.number(quantity, "dose", self._basis(quantity, drug.unit))
        return found if found is not None and (found.value == 0 or self._positive(found)) else None

    def _amount(self, quantity: t.Quantity, drug: c.Drug) -> Number | None:
        unit = drug.bolus
        if unit is None:
            rate = drug.unit.name.split("/")
            unit = kernel.parse_unit("/".join(part for part in rate if part not in ("min", "h", "day")))
        found = self.context.amounts.number(quantity, "dose", self._basis(quantity, unit))
        return found if found is not None and self._positive(found) else None

    def _positive(self, number: Number) -> bool:
        return self.context.amounts.positive(number, "dose")

    def _basis(self, quantity: t.Quantity, unit: Unit) -> Unit:
        """The drug's unit, or the one written where only body weight stands between them."""
        if quantity.unit is None:
            return unit
        written = settle_unit(quantity.unit, [])
        return written if written is not None and relation(written, unit) == "weight" else unit

    def _setting(self, fact: t.Fact, setting: c.Setting) -> None:
        if fact.word == "value" and fact.quantity is not None and setting.unit is not None:
            number = self.context.amounts.number(fact.quantity, "setting", setting.unit)
            if number is not None:
                self.settings[setting.name] = _number(number)
            return
        values = ("yes", "no") if setting.kind == "yes_no" else setting.choices
        value = fact.names[0].text if fact.word == "names" and len(fact.names) == 1 else fact.word
        if value in values:
            self.settings[setting.name] = value
            return
        self._wrong(fact, "setting", tuple(f"{setting.name} {choice}" for choice in values))

    # ------------------------------------------------------------ expectations

    def _expected(self, step: t.Step) -> tuple[tuple[LoweredExpect, ...], m.Order | None]:
        expects = tuple(found for expect in step.expects for found in self._expect(expect, step))
        proposed = None if step.proposed is None else self._orders(step.proposed)
        return expects, proposed[0] if proposed else None

    def _expect(self, expect: t.Expect, step: t.Step) -> Iterator[LoweredExpect]:
        match expect.word:
            case "order":
                assert expect.order is not None
                for order in self._orders(expect.order):
                    yield LoweredExpect("order", order, (), expect.span)
            case "verdict":
                word = expect.names[0].text
                if step.proposed is None:
                    self.context.scope.problems.append(NothingProposed(expect.span, word))
                yield LoweredExpect("verdict", None, (word,), expect.span)
            case "nothing":
                yield LoweredExpect("nothing", None, (), expect.span)
            case _:
                names = [self._names(name, expect.word) for name in expect.names]
                if all(names):
                    flat = tuple(name for found in names for name in found)
                    yield LoweredExpect(expect.word, None, flat, expect.span)

    def _names(self, name: t.Name, word: str) -> tuple[str, ...]:
        """Rules by their ids where a rule may be meant, otherwise declared names."""
        scope = self.context.scope
        if word in ("pending", "unconfirmed", "due", "late") and name.text in self.rules:
            return tuple(self.rules[name.text])
        wanted: tuple[Kind, ...]
        wanted = (
            ("stage",)
            if word == "stage"
            else ("drug", "class", "task", "input", "panel", "outcome", "course")
        )
        known = scope.symbols.get(name.text)
        if known is None:
            near = nearest(name.text, (*scope.symbols, *self.rules))
            scope.problems.append(UnknownName(name.span, name.text, wanted, near))
            return ()
        symbol = scope.find(name, wanted)
        if symbol is None:
            return ()
        return (
            self.context.conditions.groups.get(symbol.name, ()) if symbol.kind == "class" else (symbol.name,)
        )

    def _orders(self, written: t.Order) -> tuple[m.Order, ...]:
        """An expected or proposed order. `start D` alone leaves the dose open; it need not have a default."""
        if written.word in ("start", "add") and written.dose is None and isinstance(written.target, t.Name):
            drug = self.orders.drug(written.target, written.word)
            return () if drug is None else (m.Order(op=written.word, target=drug.name),)
        settled: tuple[o.Order, ...] = self.orders.order(written) or ()
        writer = TermWriter(self.text, UnitTable())
        return tuple(order_of(order, writer) for order in settled)


def _charted(number: Number) -> Charted:
    return Charted(to_millionths(Fraction(number.value)), number.unit.name)


def _number(number: Number) -> m.Number:
    return m.Number(millionths=to_millionths(Fraction(number.value)), unit=number.unit.name)
