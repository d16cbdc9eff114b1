"""Declarations and the whole protocol, settled. Conditions and orders have files of their own."""

from __future__ import annotations

from typing import Literal

from rung_engine.frozen import frozen
from rung_engine.units import Unit
from rung_lang.checked.conditions import Numeric, Truth
from rung_lang.checked.orders import (
    Before,
    Migrate,
    Ownership,
    Proof,
    Property,
    Question,
    Rule,
    Stage,
    Titrate,
)
from rung_lang.checked.quantities import Amount, Number, Range
from rung_lang.source import Span


@frozen
class AlsoIn:
    """One declared unit is `factor` of `unit`."""

    unit: Unit
    factor: Number


@frozen
class Input:
    """`unit` is that of a quantity, the rank unit of a graded input, and None otherwise."""

    name: str
    title: str
    aliases: tuple[str, ...]
    kind: Literal["quantity", "flag", "one_of", "any_of", "graded"]
    unit: Unit | None
    also: tuple[AlsoIn, ...]
    values: tuple[str, ...]
    plausible: Range | None
    valid_for: int | None
    charted_every: int | None
    step: Number | None
    noise: Number | None
    normal: Number | None
    fixed: bool
    dosing: bool
    cumulative: bool
    counts: str | None
    codes: tuple[tuple[str, str], ...]
    asked: str | None
    span: Span


@frozen
class Rolling:
    maximum: Amount
    over: Amount


@frozen
class Drug:
    """`unit` is the one this protocol holds the drug in; `bolus` that of its single doses, if it has any."""

    name: str
    title: str
    aliases: tuple[str, ...]
    form: Literal["infusion", "bolus"]
    unit: Unit
    declared: Unit
    bolus: Unit | None
    start: Range | None
    usual: Range | None
    maximum: Amount | None
    rolling: tuple[Rolling, ...]
    concentrations: tuple[Number, ...]
    needs: tuple[str, ...]
    valid_for: int | None
    lasts: int | None
    route: str | None
    available: Truth | None
    codes: tuple[tuple[str, str], ...]
    span: Span


@frozen
class Restrict:
    drug: str
    start: Range | None
    usual: Range | None
    maximum: Amount | None
    rolling: tuple[Rolling, ...]
    contraindicated: bool
    condition: Truth | None
    because: str
    cites: tuple[str, ...]
    clauses: tuple[str, ...]
    erratum: tuple[str, ...]
    span: Span


@frozen
class Event:
    name: str
    title: str
    condition: Truth | None
    span: Span


@frozen
class Course:
    name: str
    title: str
    drugs: tuple[str, ...]
    ends_after: int
    span: Span


@frozen
class Outcome:
    name: str
    title: str
    condition: Truth
    span: Span


@frozen
class Setting:
    """`value` None: chosen by site. `lo` and `hi` stand for a quantity that has a range."""

    name: str
    title: str
    kind: Literal["quantity", "choice", "yes_no"]
    unit: Unit | None
    value: Number | str | None
    lo: Number | None
    hi: Number | None
    choices: tuple[str, ...]
    span: Span


@frozen
class Source:
    name: str
    title: str
    publisher: str
    year: int | None


@frozen
class Incompatible:
    drugs: tuple[str, str]
    why: str


@frozen
class Group:
    """A class of drugs, or a panel of inputs."""

    name: str
    members: tuple[str, ...]


@frozen
class Task:
    name: str
    title: str


@frozen
class Define:
    name: str
    meaning: Truth | Numeric


@frozen
class Protocol:
    """Everything an artifact says, still as a tree, with places."""

    name: str
    title: str
    version: str
    status: str
    settle: int
    applies: Truth | None
    inputs: tuple[Input, ...]
    drugs: tuple[Drug, ...]
    classes: tuple[Group, ...]
    panels: tuple[Group, ...]
    events: tuple[Event, ...]
    tasks: tuple[Task, ...]
    courses: tuple[Course, ...]
    outcomes: tuple[Outcome, ...]
    settings: tuple[Setting, ...]
    sources: tuple[Source, ...]
    defines: tuple[Define, ...]
    incompatible: tuple[Incompatible, ...]
    restricts: tuple[Restrict, ...]
    befores: tuple[Before, ...]
    stages: tuple[Stage, ...]
    rules: tuple[Rule | Titrate, ...]
    assumptions: tuple[Truth, ...]
    properties: tuple[Property, ...]
    proofs: tuple[Proof, ...]
    questions: tuple[Question, ...]
    ownership: tuple[Ownership, ...]
    migrates: tuple[Migrate, ...]
