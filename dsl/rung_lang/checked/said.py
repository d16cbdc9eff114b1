"""What the sources say and what was made of it: notes on declarations, facts, concerns, conversion checks.

None of it orders anything or enters an artifact: it is what the pages about a protocol are made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, assert_never

from rung_engine import units as kernel
from rung_engine.frozen import frozen
from rung_engine.units import UnitProblem
from rung_lang.checked.from_orders import Orders
from rung_lang.checked.orders import Notes
from rung_lang.checked.problems import CheckFails, CheckIncomplete
from rung_lang.checked.quantities import Number
from rung_lang.checked.units import exact, product, settle_unit
from rung_lang.finding import Problem
from rung_lang.source import Span
from rung_lang.syntax import tree as t

Kind = Literal[
    "source", "input", "drug", "class", "incompatible", "panel", "event", "task", "course", "outcome",
    "regimen", "setting", "define", "restrict", "before", "stage", "arm", "goal", "covers", "rule",
    "override", "never", "always", "prove", "assume", "question", "yields", "fact", "concern", "check",
    "example",
]  # fmt: skip


@frozen
class Remark:
    """The notes of one declaration. `subject` is its name, or its words where it has none."""

    kind: Kind
    subject: str
    title: str
    notes: Notes
    span: Span


@frozen
class Literally:
    """A text that says the source's words as they stand, and the codes of the findings it has."""

    file: str
    codes: tuple[str, ...]


@frozen
class Concern:
    """A contradiction, an ambiguity or a hazard of the sources, and what was made of it."""

    id: str
    title: str
    severity: str
    says: str
    literally: tuple[Literally, ...]
    chosen: str
    decides: tuple[str, ...]
    notes: Notes
    span: Span


@frozen
class Said:
    """In the order of the texts, those of used formularies first."""

    remarks: tuple[Remark, ...]
    concerns: tuple[Concern, ...]


def settle_said(items: Sequence[t.Item], orders: Orders, words: Mapping[t.Item, str]) -> Said:
    """All that the items say about sources. `words` are the words of an item that has no name of its own."""
    remarks: list[Remark] = []
    concerns: list[Concern] = []
    stage = ""
    for item in items:
        if isinstance(item, t.Stage):
            stage = item.name.text
        elif isinstance(item, t.Throughout):
            stage = "throughout"
        found = _remark(item, orders, words, stage)
        if found is not None:
            remarks.append(found)
        if isinstance(item, t.Concern):
            concerns.append(_concern(item, orders))
        if isinstance(item, t.Check):
            if item.drug is not None:
                orders.scope.find(item.drug, ("drug",))
            _check(item, orders.problems)
    return Said(tuple(remarks), tuple(concerns))


def _remark(item: t.Item, orders: Orders, words: Mapping[t.Item, str], stage: str) -> Remark | None:
    title = ""
    match item:
        case t.Throughout() | t.Remove() | t.Migrate():
            return None
        case (
            t.Input() | t.Drug() | t.Panel() | t.EventDecl() | t.Course() | t.Outcome() | t.Regimen()
            | t.Setting() | t.Define() | t.Stage() | t.Arm() | t.Goal() | t.TaskDecl() | t.SourceDecl()
        ):  # fmt: skip
            kind, subject = _KINDS[type(item)], item.name.text
            title = "" if item.title is None else item.title.value
        case t.ClassDecl():
            kind, subject = "class", item.name.text
        case t.Incompatible():
            kind, subject = "incompatible", f"{item.left.text} with {item.right.text}"
        case t.Restrict() | t.Before():
            kind, subject = ("restrict" if isinstance(item, t.Restrict) else "before"), item.drug.text
        case t.Rule():
            kind = "rule"
            subject = f"{stage}.{item.name.text}" if item.name is not None else words.get(item, "")
            title = "" if item.title is None else item.title.value
        case t.Titrate():
            kind, subject = "rule", f"{stage}.titrate_{item.drug.text}"
        case t.Override():
            kind, subject = "override", f"{item.winner.text} overrides {item.loser.text}"
        case t.Property():
            kind, subject = item.polarity, words.get(item, "")
        case t.Covers():
            kind, subject = "covers", stage or words.get(item, "")
        case t.Prove() | t.Assume() | t.Check():
            kind, subject = _KINDS[type(item)], words.get(item, "")
        case t.Question() | t.FactDecl():
            kind, subject = _KINDS[type(item)], item.text.value
        case t.Owns():
            kind, subject = "yields", words.get(item, "")
        case t.Concern():
            kind, subject, title = "concern", item.id.value, item.title.value
        case t.Example():
            kind, subject = "example", item.title.value
        case _:
            assert_never(item)
    return Remark(kind, subject, title, orders.notes(item.notes), item.span)


_KINDS: Mapping[type, Kind] = {
    t.Input: "input", t.Drug: "drug", t.Panel: "panel", t.EventDecl: "event", t.Course: "course",
    t.Outcome: "outcome", t.Regimen: "regimen", t.Setting: "setting", t.Define: "define", t.Stage: "stage",
    t.Arm: "arm", t.Goal: "goal", t.TaskDecl: "task", t.SourceDecl: "source", t.Prove: "prove",
    t.Assume: "assume", t.Check: "check", t.Question: "question", t.FactDecl: "fact",
}  # fmt: skip


def _concern(item: t.Concern, orders: Orders) -> Concern:
    decided = (orders.scope.find(name, ("setting",)) for name in item.decides)
    return Concern(
        item.id.value,
        item.title.value,
        "" if item.severity is None else item.severity.text,
        "" if item.says is None else item.says.value,
        tuple(Literally(one.file.value, tuple(code.text for code in one.codes)) for one in item.literally),
        "" if item.chosen is None else item.chosen.value,
        tuple(symbol.name for symbol in decided if symbol is not None),
        orders.notes(item.notes),
        item.span,
    )


# ---------------------------------------------------------------- conversion checks


def _check(item: t.Check, problems: list[Problem]) -> None:
    """Both sides in the unit of the right one, exactly, by the weight and the concentration if given."""
    numbers = [_number(one, problems) for one in (item.left, item.right)]
    at, concentration = (
        None if one is None else _number(one, problems) for one in (item.at, item.concentration)
    )
    if any(number is None for number in numbers) or (at is None) != (item.at is None):
        return
    left, right = (number for number in numbers if number is not None)
    value, unit = left.value, left.unit
    try:
        if concentration is not None:
            value, unit = value * concentration.value, product("*", unit, concentration.unit)
        weight = None if at is None else kernel.convert(at.value, at.unit, kernel.parse_unit("kg"))
        found = kernel.convert(value, unit, right.unit, weight=weight)
    except UnitProblem as problem:
        problems.append(CheckIncomplete(item.span, left.words, right.words, problem.kind))
        return
    if found != right.value:
        problems.append(CheckFails(item.span, left.words, right.words, found, right.unit.name))


def _number(quantity: t.Quantity, problems: list[Problem]) -> Number | None:
    if quantity.unit is None:
        problems.append(CheckIncomplete(quantity.span, quantity.literal, "", "no_unit"))
        return None
    unit = settle_unit(quantity.unit, problems)
    return None if unit is None else exact(quantity, unit, problems)


def carried(remarks: Iterable[Remark]) -> Mapping[str, tuple[Remark, ...]]:
    """The remarks by the clause they name; clauses in order."""
    found: dict[str, list[Remark]] = {}
    for remark in remarks:
        for clause in remark.notes.clauses:
            found.setdefault(clause, []).append(remark)
    return {clause: tuple(found[clause]) for clause in sorted(found)}
