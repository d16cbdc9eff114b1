"""What the cases must exercise, and what one case does.

A feature is a short text. `FEATURES` is made from the model's own classes wherever it can be, so that a new
kind of term or order without a case fails the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args

from tests.conformance.cases import Case

from rung_engine.artifact import model as m
from rung_engine.decision import model as d
from rung_engine.event import Correction, Dose, Event, Infusion, Reading
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.run import Runner

ABOUT_DECISIONS = frozenset({"ordered", "in_stage"})
"""Of properties and questions only: no rule may hold them, so no engine judges them."""
ALWAYS_KNOWN = frozenset({"const", "setting_is", "known", "occurs", "after"})
REFS = ("event", "first event", "started", "first started", "stopped", "first stopped", "done", "first done")
PAIRS = ("later", "earlier")
RELATIONS = get_args(m.Relation)
SPANS = ("over", "since")


def _literals(model: Any, field: str) -> tuple[Any, ...]:
    """The words that a field may be."""
    import typing

    hint = typing.get_type_hints(model)[field]
    if typing.get_origin(hint) is Literal:
        return get_args(hint)
    return tuple(word for part in get_args(hint) for word in get_args(part))


def _ops(union: Any) -> list[str]:
    return [op for model in get_args(union) for op in _literals(model, "op")]


def _variants(op: str) -> tuple[str, ...]:
    """The forms of a term that an engine may treat differently."""
    match op:
        case "cmp":
            return RELATIONS
        case "is":
            return ("one_of", "any_of")
        case "known":
            return ("input", "drug infusion", "drug bolus")
        case "count":
            return _literals(m.Count, "rel")
        case "held":
            return ("", "gaps")
        case "readings":
            return ("", "drawn", *RELATIONS)
        case "occurs":
            return REFS
        case "after" | "elapsed" | "value_at":
            return (*REFS, *PAIRS)
        case "input":
            return ("quantity", "graded", "counted")
        case "rate":
            return ("as held", "through the weight")
        case "change":
            return tuple(f"{how} {span}" for how in _literals(m.Change, "how") for span in SPANS)
        case "extreme":
            return tuple(f"{how} {span}" for how in _literals(m.Extreme, "how") for span in SPANS)
        case "total":
            return tuple(f"{form} {span}" for form in ("infusion", "bolus") for span in SPANS)
        case _:
            return ("",)


def _features() -> Iterator[str]:
    for op in _ops(m.Truth):
        if op in ABOUT_DECISIONS:
            continue
        truths = ("true", "false") if op in ALWAYS_KNOWN else ("true", "false", "unknown")
        for variant in _variants(op):
            yield from (f"{f'{op} {variant}'.strip()}: {truth}" for truth in truths)
    for op in _ops(m.Numeric):
        states = ("known",) if op in ("number", "setting") else ("known", "unknown")
        for variant in _variants(op):
            yield from (f"{f'{op} {variant}'.strip()}: {state}" for state in states)
    yield from (f"extreme {how} {span}: bounded" for how in ("lowest", "highest") for span in SPANS)
    yield from (f"order: {op}" for op in get_args(m.Op))
    yield from (f"order with {name}" for name in m.Order.__dataclass_fields__ if name not in ("op", "target"))
    yield from (f"once: {word}" for word in _literals(m.Order, "once"))
    yield from (
        f"choice: {form}" for model in get_args(get_args(m.Choice)[0]) for form in _literals(model, "form")
    )
    yield from (f"strength: {word}" for word in get_args(m.Strength))
    yield from (f"phase: {word}" for word in get_args(d.Phase))
    yield from (f"mark: {word}" for word in get_args(d.Mark))
    yield from (f"waiting: {why}" for why in _literals(d.Waiting, "why"))
    yield from (f"withheld: {why}" for why in _literals(d.Withheld, "why"))
    yield from (f"alert: {kind}" for kind in _literals(d.Alert, "kind"))
    yield from (f"contradiction: {kind}" for kind in _literals(d.Contradiction, "kind"))
    yield from (f"pending: input {why}" for why in ("never", "stale", "implausible", "contested", "unit"))
    yield from (f"pending: drug {why}" for why in ("never", "stale", "contested", "rate", "unit"))
    yield from ("pending: two needs", "pending: known at", "pending: nothing helps")
    yield from (f"rejected: input {why}" for why in ("implausible", "contested", "unit"))
    yield from (f"rejected: drug {why}" for why in ("contested", "unit"))
    yield from (f"standing {name}" for name in _defaulted(d.Standing))
    yield from (f"content {name}" for name in _defaulted(d.Content))
    yield from ("decision new", "decision ended", "figure by weight", "figure of a flow")
    yield from (f"fact: {model.__name__}" for model in get_args(Event))
    yield from ("fact: Reading retracted", "fact: id twice", "fact: before zero", "fact: of nothing declared")
    yield from (f"fact: rate of {what}" for what in ("none", "zero", "flow", "weight"))
    yield from (f"converted: {how}" for how in ("accepted", "also in", "offset", "refused"))
    yield from ("settings given", "silence from the start", "until after the last fact", "why")


def _defaulted(model: Any) -> list[str]:
    """The fields that a decision leaves out at their defaults."""
    import dataclasses

    return [field.name for field in dataclasses.fields(model) if field.default is not dataclasses.MISSING]


FEATURES = tuple(dict.fromkeys(_features()))


# ---------------------------------------------------------------- what a case exercises


@frozen
class Exercised:
    """What the reference engine met in a case, and what it decided, as JSON data."""

    features: frozenset[str]
    decided: tuple[Any, ...]


def exercised(program: Program, case: Case) -> Exercised:
    """A run of the case that is watched."""
    watched = _Watched(program, case.events, silence_is_off=case.silence_is_off)
    watched.run(case.until)
    found = watched.found
    for decision in watched.decisions:
        found.update(_of_decision(program, decision))
    found.update(_of_facts(program, case))
    if case.settings:
        found.add("settings given")
    if case.silence_is_off:
        found.add("silence from the start")
    if (
        watched.facts
        and case.until > watched.facts[-1].time
        and watched.decisions[-1].time > watched.facts[-1].time
    ):
        found.add("until after the last fact")
    if case.why is not None:
        found.add("why")
    return Exercised(frozenset(found & set(FEATURES)), tuple(d.to_json(one) for one in watched.decisions))


class _Watched(Runner):
    """A run whose every instant is looked at."""

    def __init__(self, program: Program, events: Iterable[Event], *, silence_is_off: bool) -> None:
        super().__init__(program, events, silence_is_off=silence_is_off)
        self.found: set[str] = set()

    def judge(self, time: int) -> None:
        super().judge(time)
        view = self.view
        assert view is not None
        for index, term in enumerate(self.program.artifact.terms):
            if index in self.program.decision_terms:
                continue
            state = _state(view, index, term)
            for variant in _forms(self.program, term):
                self.found.add(f"{f'{term.op} {variant}'.strip()}: {state}")


def _state(view: Instant, index: int, term: m.Truth | m.Numeric) -> str:
    if not isinstance(term, m.Numeric):
        truth = view.truth(index)
        return "unknown" if truth is None else "true" if truth else "false"
    line = view.number(index)
    if line is None:
        return "unknown"
    return "bounded" if line.lo is None or line.hi is None else "known"


def _forms(program: Program, term: m.Truth | m.Numeric) -> tuple[str, ...]:
    """The variants, of `_variants`, that the term is."""
    artifact = program.artifact
    match term:
        case m.Cmp() | m.Count():
            return (term.rel,)
        case m.Is():
            return (artifact.inputs[term.input].kind,)
        case m.Known():
            return ("input",) if term.kind == "input" else (f"drug {artifact.drugs[term.name].form}",)
        case m.Held():
            return ("",) if term.gaps is None else ("gaps",)
        case m.Readings():
            return (term.rel, "" if term.drawn is None else "drawn")
        case m.Occurs() | m.After() | m.Elapsed() | m.ValueAt():
            return (_ref(term.ref),)
        case m.Input():
            decl = artifact.inputs[term.name]
            return ("counted" if decl.counts is not None else decl.kind,)
        case m.Rate():
            same = program.units[term.unit].dims == program.units[artifact.drugs[term.drug].unit].dims
            return ("as held" if same else "through the weight",)
        case m.Change() | m.Extreme():
            return (f"{term.how} {_span(term.span)}",)
        case m.Total():
            return (f"{artifact.drugs[term.drug].form} {_span(term.span)}",)
        case _:
            return ("",)


def _ref(ref: m.Ref) -> str:
    return ref.kind if isinstance(ref, m.PairRef) else f"{'first ' if ref.first else ''}{ref.kind}"


def _span(span: m.Span) -> str:
    return "over" if isinstance(span, m.Over) else "since"


def _of_decision(program: Program, decision: d.Decision) -> Iterator[str]:
    content = decision.content
    yield f"phase: {content.phase}"
    yield from (f"content {name}" for name in _set(content))
    yield from (f"decision {name}" for name in ("new", "ended") if getattr(decision, name))
    yield from (f"waiting: {item.why}" for item in content.waiting)
    yield from (f"withheld: {item.why}" for item in content.withheld)
    yield from (f"alert: {item.kind}" for item in content.alerts)
    yield from (f"contradiction: {item.kind}" for item in content.contradictions)
    yield from (f"rejected: {item.kind} {item.why}" for item in content.rejected)
    for item in content.pending:
        yield from (f"pending: {need.kind} {need.why}" for need in item.needs)
        if len(item.needs) > 1:
            yield "pending: two needs"
        if not item.needs:
            yield "pending: known at" if item.known_at is not None else "pending: nothing helps"
    if content.phase == "finished" and decision.content.moved_by:
        yield "order: finish"
    if content.path and content.phase == "active":
        yield "order: go"
    written = {rule.id: rule for rule in program.artifact.rules}
    for order in content.orders:
        yield f"order: {order.op}"
        yield f"strength: {order.strength}"
        yield f"mark: {order.mark}"
        yield from (f"standing {name}" for name in _set(order))
        if order.dose is not None:
            yield from (
                f"figure {'of a flow' if figure.at else 'by weight'}" for figure in order.dose.figures
            )
        for rule in order.rules:
            for choice in written[rule].orders:
                orders = (choice.order,) if isinstance(choice, m.One) else choice.orders
                for one in orders:
                    if one.op == order.op and one.target == order.target:
                        yield f"choice: {choice.form}"
                        yield from (f"order with {name}" for name in _set(one))
                        yield f"once: {one.once}"


def _set(part: Any) -> list[str]:
    """The fields that are not at their defaults."""
    import dataclasses

    return [
        field.name
        for field in dataclasses.fields(part)
        if field.default is not dataclasses.MISSING and getattr(part, field.name) != field.default
    ]


def _of_facts(program: Program, case: Case) -> Iterator[str]:
    artifact = program.artifact
    said: dict[str, Event] = {}
    for event in case.events:
        yield f"fact: {type(event).__name__}"
        if said.setdefault(event.id, event) != event:
            yield "fact: id twice"
        if event.time < 0:
            yield "fact: before zero"
    for event in case.events:
        match event:
            case Reading() if event.input not in artifact.inputs:
                yield "fact: of nothing declared"
            case Reading():
                yield from _converted(program, event)
            case Infusion():
                yield from _rate_of(program, event)
            case Dose() if event.drug not in artifact.drugs:
                yield "fact: of nothing declared"
            case Correction():
                pass
            case _:
                if getattr(event, "event", "") == "unheard":
                    yield "fact: of nothing declared"
                if isinstance(said.get(getattr(event, "of", "")), Reading):
                    yield "fact: Reading retracted"


def _converted(program: Program, reading: Reading) -> Iterator[str]:
    decl = program.artifact.inputs[reading.input]
    if decl.kind != "quantity" or not hasattr(reading.value, "unit"):
        return
    unit = reading.value.unit
    if program.charted_in(reading.input, unit) is None:
        yield "converted: refused"
    elif unit in {also.unit for also in decl.also_in}:
        yield "converted: also in"
    elif unit != decl.unit:
        yield "converted: accepted"
        if program.units[unit].offset:
            yield "converted: offset"


def _rate_of(program: Program, infusion: Infusion) -> Iterator[str]:
    if infusion.rate is None:
        yield "fact: rate of none"
        return
    if infusion.rate.millionths == 0:
        yield "fact: rate of zero"
    if infusion.concentration is not None:
        yield "fact: rate of flow"
    if infusion.rate.unit in program.units and program.units[infusion.rate.unit].weight_power:
        yield "fact: rate of weight"
