"""Why a rule does what it does: its condition as a tree, each part with its truth and the facts it read."""

from __future__ import annotations

from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.decision.view import View
from rung_engine.exact import round_millionths
from rung_engine.frozen import frozen
from rung_engine.truth import Truth


@frozen
class Used:
    """A fact behind a truth value: `millionths` of `unit`, or `word`; or `why` it is not known."""

    kind: str
    name: str
    millionths: int | None = None
    unit: str = ""
    word: str = ""
    why: str = ""
    time: int | None = None
    by_weight: bool = False
    """The value was converted with the dosing weight."""


@frozen
class Explained:
    """One part of a condition, in the author's words."""

    words: str
    truth: Truth
    used: tuple[Used, ...] = ()
    parts: tuple[Explained, ...] = ()


def explain(view: View, term: int) -> Explained:
    """The tree of a condition. Parts are the operands of `and`, `or`, `not`, counts and temporal forms."""
    program = view.program
    node = program.artifact.terms[term]
    words = program.artifact.provenance.words.get(str(term), f"condition {term}")
    truth = view.truth(term)
    parts: tuple[int, ...] = ()
    match node:
        case m.And() | m.Or() | m.Count():
            parts = node.of
        case m.Not() | m.Held() | m.Recent() | m.Ever():
            parts = (node.of,)
        case m.Readings() if node.drawn is not None:
            own = view.subjects(node.right) | {("input", node.input)}
            used = tuple(fact(view, kind, name) for kind, name in sorted(own))
            return Explained(words, truth, used, (explain(view, node.drawn),))
        case _:
            used = tuple(fact(view, kind, name) for kind, name in sorted(view.subjects(term)))
            return Explained(words, truth, used)
    return Explained(words, truth, (), tuple(explain(view, part) for part in parts))


def fact(view: View, kind: str, name: str) -> Used:
    """What is known of an input or a drug now, in its declared unit."""
    artifact = view.program.artifact
    if kind == "input":
        state = view.input(name)
        if state.value is None:
            return Used(kind, name, why=state.why, time=state.time)
        decl = artifact.inputs[name]
        if isinstance(state.value, bool):
            return Used(kind, name, word="yes" if state.value else "no", time=state.time)
        if isinstance(state.value, frozenset):
            return Used(kind, name, word=", ".join(sorted(state.value)) or "none", time=state.time)
        if isinstance(state.value, str):
            return Used(kind, name, word=state.value, time=state.time)
        if decl.unit is None:
            return Used(kind, name, word=decl.values[int(state.value)], time=state.time)
        unit = view.program.units[decl.unit]
        value = round_millionths((state.value - unit.offset) / unit.factor)
        return Used(kind, name, value, unit.name, time=state.time)
    drug = view.drug(name)
    if drug.running is None:
        return Used(kind, name, why=drug.why, time=drug.time)
    if not drug.running:
        return Used(kind, name, word="off", time=drug.time)
    unit = view.program.units[artifact.drugs[name].unit]
    rate: Fraction | None = drug.rate.seen_in(unit.dims, view.weight()) if drug.rate is not None else None
    if rate is None:
        return Used(kind, name, word="running", why=drug.why or "rate", time=drug.time)
    assert drug.rate is not None
    converted = drug.rate.dims != unit.dims
    return Used(
        kind, name, round_millionths(rate / unit.factor), unit.name, time=drug.time, by_weight=converted
    )
