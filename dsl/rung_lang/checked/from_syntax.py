"""The files of a protocol to its settled model, with every problem of every file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from rung_engine.frozen import frozen
from rung_lang.checked import tree as c
from rung_lang.checked.amounts import Amounts
from rung_lang.checked.conditions import Truth
from rung_lang.checked.from_conditions import Conditions
from rung_lang.checked.from_declarations import (
    check_dosing,
    check_narrower,
    drug_units,
    rings,
    settle_ceilings,
    settle_drug,
    settle_input,
    settle_setting,
    zero_or,
)
from rung_lang.checked.from_orders import Orders
from rung_lang.checked.from_rules import before_of, settle_statements
from rung_lang.checked.kinds import DrugUnits
from rung_lang.checked.migrates import settle_migrates
from rung_lang.checked.names import Kind, Scope
from rung_lang.checked.problems import (
    GroupInside,
    Misplaced,
    NeedsCycle,
    NeverUsed,
    NoApplies,
    NoVersion,
    RemoveOutside,
    RestrictUnit,
    SettingNeverUsed,
    UsesProtocol,
)
from rung_lang.checked.rings import event_rings
from rung_lang.checked.said import Said, settle_said
from rung_lang.finding import Problem
from rung_lang.source import Span
from rung_lang.syntax import tree as t

DEFAULT_SETTLE = 3_600_000
"""The shortest honest time between opposite moves, where a protocol names none: 1 h."""

_ONLY_IN_PROTOCOLS = (
    t.Restrict | t.Stage | t.Throughout | t.Arm | t.Goal | t.Covers | t.Rule | t.Titrate | t.Override
    | t.Property
    | t.Prove | t.Question | t.Owns | t.Remove | t.Migrate | t.Example
)  # fmt: skip

_IN_BUNDLES = t.Example | t.Concern | t.FactDecl | t.SourceDecl
"""A question is asked of one protocol, and stands there."""

_Kind = TypeVar("_Kind")


@frozen
class Context:
    """What later passes over the same text may ask: names, amounts, conditions, orders."""

    scope: Scope
    amounts: Amounts
    conditions: Conditions
    orders: Orders
    inputs: Mapping[str, c.Input]
    drugs: Mapping[str, c.Drug]
    settings: Mapping[str, c.Setting]


@frozen
class Checked:
    """`protocol` is None where the main file is a formulary, or has no head. Problems may repeat."""

    protocol: c.Protocol | None
    said: Said
    context: Context
    problems: list[Problem]


def from_syntax(main: t.File, used: Sequence[t.File], text: Callable[[Span], str]) -> Checked:
    """Settle the main file together with the formularies it uses; `text` gives the words at a place."""
    problems: list[Problem] = []
    scope = Scope(problems)
    items = [item for file in (*used, main) for item in file.items if scope.declare(item)]
    for file in (*used, main):
        _refuse_misplaced(file, problems)
    context = _declare(items, scope, text, problems)
    protocol = _settle(main, items, context)
    said = settle_said(items, context.orders, {item: text(item.span) for item in items})
    if main.head is not None and main.head.extends is None:
        problems.extend(RemoveOutside(item.span, item.rule.text) for item in _of(items, t.Remove))
    if protocol is not None and not any(problem.level == "error" for problem in problems):
        _unused(main, scope, problems)
    return Checked(protocol, said, context, problems)


def _of(items: Sequence[t.Item], kind: type[_Kind]) -> list[_Kind]:
    return [item for item in items if isinstance(item, kind)]


def _refuse_misplaced(file: t.File, problems: list[Problem]) -> None:
    if file.head is None:
        return
    if file.head.kind == "bundle":
        _refuse_in_bundle(file, file.head, problems)
        return
    problems.extend(Misplaced(run.span, "runs", file.head.kind) for run in file.head.runs)
    if file.head.kind == "protocol":
        return
    if file.head.extends is not None:
        problems.append(UsesProtocol(file.head.extends.span, file.head.extends.value, "extends"))
    if file.head.applies is not None:
        problems.append(Misplaced(file.head.applies.span, "applies when", "formulary"))
    problems.extend(
        Misplaced(item.span, type(item).__name__.lower(), "formulary")
        for item in file.items
        if isinstance(item, _ONLY_IN_PROTOCOLS)
    )


def _refuse_in_bundle(file: t.File, head: t.Head, problems: list[Problem]) -> None:
    problems.extend(Misplaced(use.span, "use", "bundle") for use in head.uses)
    if head.applies is not None:
        problems.append(Misplaced(head.applies.span, "applies when", "bundle"))
    if head.settle is not None:
        problems.append(Misplaced(head.settle.span, "settle", "bundle"))
    problems.extend(
        Misplaced(item.span, type(item).__name__.lower(), "bundle")
        for item in file.items
        if not isinstance(item, _IN_BUNDLES)
    )


# ---------------------------------------------------------------- declarations


def _declare(
    items: Sequence[t.Item], scope: Scope, text: Callable[[Span], str], problems: list[Problem]
) -> Context:
    """Settings, then inputs, then the units of drugs, then drugs: each needs those before it."""
    settings: dict[str, c.Setting] = {}
    for written in _of(items, t.Setting):
        setting = settle_setting(written, problems)
        if setting is not None:
            settings[setting.name] = setting
    dosing = check_dosing(_of(items, t.Input), problems)
    if dosing is not None:
        scope.used.add(dosing)
    amounts = Amounts(scope, settings, dosing is not None, problems, {})
    inputs: dict[str, c.Input] = {}
    for declared in _of(items, t.Input):
        found = settle_input(declared, amounts, problems)
        if found is not None:
            inputs[found.name] = found
    units = _drug_units(items, scope, problems)
    groups = _groups(items, scope)
    conditions = Conditions(scope, amounts, inputs, units, settings, groups, text, problems)
    drugs: dict[str, c.Drug] = {}
    for decl in _of(items, t.Drug):
        if decl.name.text not in units:
            continue
        available = None
        if decl.available is not None:
            available = conditions.truth(t.Bare(decl.available, decl.available.span))
        drug = settle_drug(decl, units[decl.name.text], available, amounts, problems)
        if drug is not None:
            drugs[drug.name] = drug
    needs = {name: drug.needs for name, drug in drugs.items()}
    problems.extend(NeedsCycle(drugs[ring[0]].span, ring) for ring in rings(needs))
    restricts: list[c.Restrict] = []
    orders = Orders(scope, amounts, conditions, drugs, restricts, problems)
    for restrict in _of(items, t.Restrict):
        restricts.extend(_restrict(restrict, orders))
    return Context(scope, amounts, conditions, orders, inputs, drugs, settings)


def _drug_units(items: Sequence[t.Item], scope: Scope, problems: list[Problem]) -> dict[str, DrugUnits]:
    seen_in: dict[str, t.Unit] = {}
    for restrict in _of(items, t.Restrict):
        symbol = scope.symbols.get(restrict.drug.text)
        if symbol is None or restrict.unit is None:
            continue
        earlier = seen_in.get(symbol.name)
        if restrict.condition is not None:
            problems.append(RestrictUnit(restrict.unit.span, symbol.name, "condition", symbol.span))
        elif earlier is not None and earlier.text != restrict.unit.text:
            problems.append(RestrictUnit(restrict.unit.span, symbol.name, "second", earlier.span))
        else:
            seen_in[symbol.name] = restrict.unit
    units = {}
    for decl in _of(items, t.Drug):
        found = drug_units(decl, seen_in.get(decl.name.text), problems)
        if found is not None:
            units[decl.name.text] = found
    return units


def _groups(items: Sequence[t.Item], scope: Scope) -> dict[str, tuple[str, ...]]:
    """Members of classes and panels by name, then of courses, which may be of a class. Sorted."""
    groups: dict[str, tuple[str, ...]] = {}
    for group in items:
        if not isinstance(group, t.ClassDecl | t.Panel):
            continue
        wanted: Kind = "drug" if isinstance(group, t.ClassDecl) else "input"
        members = set()
        for name in group.members:
            symbol = scope.symbols.get(name.text)
            if symbol is not None and symbol.kind != wanted:
                scope.problems.append(GroupInside(name.span, group.name.text, name.text, symbol.kind))
                scope.used.add(symbol.name)
                continue
            found = scope.find(name, (wanted,))
            if found is not None:
                members.add(found.name)
        groups[group.name.text] = tuple(sorted(members))
    for course in _of(items, t.Course):
        of = scope.find(course.of, ("drug", "class"))
        if of is not None:
            groups[course.name.text] = (of.name,) if of.kind == "drug" else groups.get(of.name, ())
    return groups


def _restrict(written: t.Restrict, orders: Orders) -> list[c.Restrict]:
    """One restriction for each drug named; only `contraindicated` may name a class."""
    scope, amounts = orders.scope, orders.amounts
    symbol = scope.find(written.drug, ("drug", "class") if written.contraindicated else ("drug",))
    condition = None if written.condition is None else orders.conditions.truth(written.condition)
    notes = orders.notes(written.notes)
    if symbol is None or (condition is None and written.condition is not None):
        return []
    names = orders.conditions.groups.get(symbol.name, ()) if symbol.kind == "class" else (symbol.name,)
    settled = []
    for name in names:
        drug = orders.drugs.get(name)
        if drug is None:
            continue
        start = None if written.start is None else amounts.range(written.start, "dose", drug.unit)
        usual = None if written.usual is None else amounts.range(written.usual, "dose", drug.unit)
        maximum, rolling = settle_ceilings(written.maximum, drug.unit, drug.bolus, amounts)
        check_narrower(name, drug, maximum, start, usual, orders.problems)
        settled.append(
            c.Restrict(
                name,
                start,
                usual,
                maximum,
                rolling,
                written.contraindicated,
                condition,
                notes.because,
                notes.cites,
                notes.clauses,
                notes.erratum,
                written.span,
            )
        )
    return settled


# ---------------------------------------------------------------- the whole


def _settle(main: t.File, items: Sequence[t.Item], context: Context) -> c.Protocol | None:
    """Everything that needs the declarations. A formulary is gone through likewise, for its problems."""
    scope, conditions, orders = context.scope, context.conditions, context.orders
    problems = scope.problems
    events = []
    for event in _of(items, t.EventDecl):
        condition = None if event.condition is None else conditions.truth(event.condition)
        events.append(c.Event(event.name.text, _title(event.title), condition, event.span))
    problems.extend(event_rings(events))
    outcomes = []
    for outcome in _of(items, t.Outcome):
        meaning = conditions.definition(outcome.name.text)
        if isinstance(meaning, Truth):
            outcomes.append(c.Outcome(outcome.name.text, _title(outcome.title), meaning, outcome.span))
    defines = []
    for define in _of(items, t.Define):
        found = conditions.definition(define.name.text)
        if found is not None:
            defines.append(c.Define(define.name.text, found))
    for regimen in _of(items, t.Regimen):
        orders.regimen(regimen.name.text)
    incompatible = []
    for pair in _of(items, t.Incompatible):
        left, right = scope.find(pair.left, ("drug",)), scope.find(pair.right, ("drug",))
        if left is not None and right is not None:
            first, second = sorted((left.name, right.name))
            incompatible.append(c.Incompatible((first, second), pair.why.value))
    courses = []
    for course in _of(items, t.Course):
        ends = zero_or(context.amounts, course.ends_after, "ends after", 0)
        drugs = conditions.groups.get(course.name.text, ())
        courses.append(c.Course(course.name.text, _title(course.title), drugs, ends, course.span))
    befores = [found for before in _of(items, t.Before) for found in before_of(before, orders)]
    assumptions = [conditions.truth(assume.condition) for assume in _of(items, t.Assume)]
    head = main.head
    if head is None or head.kind != "protocol":
        return None
    if head.version is None:
        problems.append(NoVersion(head.name.span, head.name.text))
    applies = None if head.applies is None else conditions.truth(head.applies)
    if head.applies is None:
        problems.append(NoApplies(head.name.span, head.name.text))
    statements = settle_statements(items, orders)
    return c.Protocol(
        name=head.name.text,
        title=_title(head.title),
        version="" if head.version is None else head.version.text,
        status="draft" if head.status is None else head.status.text,
        settle=zero_or(context.amounts, head.settle, "settle", DEFAULT_SETTLE),
        applies=applies,
        inputs=tuple(context.inputs.values()),
        drugs=tuple(context.drugs.values()),
        classes=tuple(
            c.Group(found.name.text, conditions.groups.get(found.name.text, ()))
            for found in _of(items, t.ClassDecl)
        ),
        panels=tuple(
            c.Group(found.name.text, conditions.groups.get(found.name.text, ()))
            for found in _of(items, t.Panel)
        ),
        events=tuple(events),
        tasks=tuple(c.Task(task.name.text, task.title.value) for task in _of(items, t.TaskDecl)),
        courses=tuple(courses),
        outcomes=tuple(outcomes),
        settings=tuple(context.settings.values()),
        sources=tuple(_source(source) for source in _of(items, t.SourceDecl)),
        defines=tuple(defines),
        incompatible=tuple(incompatible),
        restricts=tuple(orders.restricts),
        befores=tuple(befores),
        stages=statements.stages,
        rules=statements.rules,
        assumptions=tuple(found for found in assumptions if found is not None),
        properties=statements.properties,
        proofs=statements.proofs,
        questions=statements.questions,
        ownership=statements.ownership,
        migrates=settle_migrates(items, scope),
    )


def _source(decl: t.SourceDecl) -> c.Source:
    year = None if decl.year is None else int(decl.year.value)
    return c.Source(
        decl.name.text, decl.title.value, "" if decl.publisher is None else decl.publisher.value, year
    )


def _unused(main: t.File, scope: Scope, problems: list[Problem]) -> None:
    """What the protocol file declares and nothing speaks of. An outcome is a statement in itself."""
    for symbol in dict.fromkeys(scope.symbols.values()):
        if symbol.name in scope.used or symbol.span.path != main.path or symbol.kind in ("stage", "outcome"):
            continue
        if symbol.kind == "setting":
            problems.append(SettingNeverUsed(symbol.span, symbol.name))
        else:
            problems.append(NeverUsed(symbol.span, symbol.name, symbol.kind))


def _title(text: t.Text | None) -> str:
    return "" if text is None else text.value
