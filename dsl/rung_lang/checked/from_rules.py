"""Stages, rules and what is said about decisions: statements as written, to settled ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rung_engine.frozen import frozen
from rung_lang.checked import orders as o
from rung_lang.checked.conditions import Truth
from rung_lang.checked.from_declarations import rings
from rung_lang.checked.from_orders import Orders
from rung_lang.checked.names import nearest
from rung_lang.checked.problems import (
    BadTitrate,
    DeclaredTwice,
    GroupInChoice,
    NoInitial,
    OverrideCycle,
    OverrideUnknown,
    RuleOutside,
    TwoInitials,
    TwoMoves,
    WrongDimension,
)
from rung_lang.checked.units import relation
from rung_lang.source import Span
from rung_lang.syntax import tree as t


@frozen
class Statements:
    stages: tuple[o.Stage, ...]
    rules: tuple[o.Rule | o.Titrate, ...]
    properties: tuple[o.Property, ...]
    proofs: tuple[o.Proof, ...]
    questions: tuple[o.Question, ...]
    ownership: tuple[o.Ownership, ...]


@frozen
class _Place:
    """Where the next statement stands: in a stage, in `throughout` (stage None), or nowhere yet."""

    stage: str | None = None
    throughout: bool = False
    arm: o.Arm | None = None
    arm_lost: bool = False
    """The arm in force was not settled, so that its rules are not either."""

    @property
    def somewhere(self) -> bool:
        return self.stage is not None or self.throughout

    @property
    def prefix(self) -> str:
        return "throughout" if self.stage is None else self.stage


@dataclass(slots=True)
class _Sections:
    """What has been gathered from the statements so far."""

    orders: Orders
    covers: dict[str, list[Truth]] = field(default_factory=dict)
    goals: dict[str, list[o.Goal]] = field(default_factory=dict)
    named: dict[str, tuple[str | None, Span]] = field(default_factory=dict)
    """Every named rule by id: its stage and place, also where it was not settled."""
    rules: list[o.Rule | o.Titrate] = field(default_factory=list)
    nameless: dict[str, int] = field(default_factory=dict)


def settle_statements(items: Sequence[t.Item], orders: Orders) -> Statements:
    """Go through the statements in order; a stage's section reaches to the next stage or `throughout`."""
    sections = _Sections(orders)
    overrides = [item for item in items if isinstance(item, t.Override)]
    written = [item for item in items if isinstance(item, t.Rule)]
    names = {rule.name.text for rule in written if rule.name is not None}
    place = _Place()
    for item in items:
        place = _step(item, place, sections, names)
    losers = _overrides(overrides, sections)
    rules = tuple(
        replace(rule, overrides=losers.get(rule.id, ())) if isinstance(rule, o.Rule) else rule
        for rule in sections.rules
    )
    return Statements(
        _stages([item for item in items if isinstance(item, t.Stage)], sections),
        rules,
        tuple(
            found
            for item in items
            if isinstance(item, t.Property) and (found := settle_property(item, orders)) is not None
        ),
        _proofs(items, orders),
        _questions(items, orders),
        _ownership(items, orders),
    )


def _step(item: t.Item, place: _Place, sections: _Sections, names: set[str]) -> _Place:
    problems = sections.orders.problems
    conditions = sections.orders.conditions
    match item:
        case t.Stage():
            return _Place(stage=item.name.text)
        case t.Throughout():
            return _Place(throughout=True)
        case t.Arm():
            condition = conditions.truth(item.condition)
            if place.stage is None:
                problems.append(RuleOutside(item.span, "arm"))
                return place
            arm = None if condition is None else o.Arm(item.name.text, condition, item.span)
            return _Place(place.stage, arm=arm, arm_lost=arm is None)
        case t.Goal() | t.Covers():
            condition = conditions.truth(item.condition)
            if condition is not None:
                # Outside a stage they speak about every stage.
                where = place.stage or ""
                if isinstance(item, t.Covers):
                    sections.covers.setdefault(where, []).append(condition)
                else:
                    goal = o.Goal(item.name.text, _title(item.title), condition, item.span)
                    sections.goals.setdefault(where, []).append(goal)
        case t.Rule():
            _rule(item, place, sections, names)
        case t.Titrate():
            _titrate(item, place, sections)
        case _:
            pass
    return place


def _arm_of(item: t.Item, place: _Place) -> o.Arm | None:
    """An arm reaches over the rules of its own file: a local rule stands beside the arms."""
    if place.arm is None or place.arm.span.path != item.span.path:
        return None
    return place.arm


def _rule(item: t.Rule, place: _Place, sections: _Sections, names: set[str]) -> None:
    orders = sections.orders
    if not place.somewhere:
        orders.problems.append(RuleOutside(item.span, "rule"))
    identity = _identity(item, place, sections, names)
    condition = orders.conditions.truth(item.condition)
    unless = None if item.unless is None else orders.conditions.truth(item.unless)
    settled = [orders.choice(choice) for choice in item.choices]
    notes = orders.notes(item.notes)
    _refuse_two_moves(item, orders)
    if (
        condition is None
        or (unless is None and item.unless is not None)
        or any(part is None for part in settled)
    ):
        return
    if not place.somewhere or place.arm_lost:
        return
    choices = tuple(choice for part in settled if part is not None for choice in part)
    sections.rules.append(
        o.Rule(
            identity,
            _title(item.title),
            place.stage,
            _arm_of(item, place),
            condition,
            unless,
            choices,
            (),
            notes,
            item.span,
        )
    )


def _identity(item: t.Rule, place: _Place, sections: _Sections, names: set[str]) -> str:
    prefix = place.prefix
    if item.name is None:
        count = sections.nameless.get(prefix, 0) + 1
        while f"rule_{count}" in names:
            count += 1
        sections.nameless[prefix] = count
        return f"{prefix}.rule_{count}"
    identity = f"{prefix}.{item.name.text}"
    taken = sections.named.get(identity)
    if taken is not None:
        sections.orders.problems.append(DeclaredTwice(item.name.span, item.name.text, taken[1]))
    else:
        sections.named[identity] = (place.stage, item.name.span)
    return identity


def _refuse_two_moves(item: t.Rule, orders: Orders) -> None:
    moves = [
        order
        for choice in item.choices
        if choice.form == "one"
        for order in choice.orders
        if order.word in ("go", "finish")
    ]
    targets = tuple(dict.fromkeys(_target(order) for order in moves))
    if len(targets) > 1:
        orders.problems.append(TwoMoves(moves[-1].span, targets, moves[0].span))


def _target(order: t.Order) -> str:
    return order.target.text if isinstance(order.target, t.Name) else order.target.value


def _titrate(item: t.Titrate, place: _Place, sections: _Sections) -> None:
    orders = sections.orders
    if not place.somewhere:
        orders.problems.append(RuleOutside(item.span, "titrate"))
    drug = orders.drug(item.drug, "titrate")
    conditions = orders.conditions
    every = orders.amounts.times(item.every, "every")
    name = t.Bare(item.input, item.input.span)
    kept = conditions.number(name, conditions.hint(item.lo))
    lo = conditions.number(item.lo, conditions.hint(name))
    hi = None if item.hi is None else conditions.number(item.hi, conditions.hint(name))
    notes = orders.notes(item.notes)
    if item.rel == "=":
        orders.problems.append(BadTitrate(item.span, item.rel))
        return
    if drug is None:
        return
    step, limits = orders.step(item.step, drug), orders.dose(item.range, "dose", drug)
    if kept is None or lo is None or step is None or limits is None or every is None:
        return
    if (hi is None and item.hi is not None) or not place.somewhere or place.arm_lost:
        return
    for end in (lo, hi):
        if end is not None and relation(kept.unit, end.unit) != "same":
            orders.problems.append(WrongDimension(end.span, end.unit.name, kept.unit.name, ""))
            return
    base = f"{place.prefix}.titrate_{drug.name}"
    count = sections.nameless.get(base, 0) + 1
    sections.nameless[base] = count
    identity = base if count == 1 else f"{base}_{count}"
    arm = _arm_of(item, place)
    sections.rules.append(
        o.Titrate(
            identity,
            place.stage,
            arm,
            drug.name,
            step,
            every,
            limits,
            kept,
            item.rel,
            lo,
            hi,
            notes,
            item.span,
        )
    )


# ---------------------------------------------------------------- overrides


def _overrides(written: Sequence[t.Override], sections: _Sections) -> dict[str, tuple[str, ...]]:
    """By winner: the losers it is judged together with, in its own stage or across `throughout`."""
    problems = sections.orders.problems
    losers: dict[str, set[str]] = {}
    known = {identity.partition(".")[2] for identity in sections.named}
    for item in written:
        missing = [name for name in (item.winner, item.loser) if name.text not in known]
        for name in missing:
            problems.append(OverrideUnknown(name.span, name.text, "unknown", nearest(name.text, known)))
        if missing:
            continue
        together = [
            (winner, loser)
            for winner, (mine, _) in sections.named.items()
            for loser, (theirs, _) in sections.named.items()
            if winner.partition(".")[2] == item.winner.text
            and loser.partition(".")[2] == item.loser.text
            and (mine is None or theirs is None or mine == theirs)
        ]
        if not together:
            problems.append(OverrideUnknown(item.span, item.loser.text, "apart", ""))
        for winner, loser in together:
            losers.setdefault(winner, set()).add(loser)
    ordered = {winner: tuple(sorted(found)) for winner, found in losers.items()}
    for ring in rings(ordered):
        span = sections.named[ring[0]][1]
        problems.append(OverrideCycle(span, ring))
    return ordered


# ---------------------------------------------------------------- stages


def _stages(written: Sequence[t.Stage], sections: _Sections) -> tuple[o.Stage, ...]:
    problems = sections.orders.problems
    always = [stage for stage in written if stage.initial and stage.initial_if is None]
    if written and not any(stage.initial for stage in written):
        problems.append(NoInitial(written[0].span, tuple(stage.name.text for stage in written)))
    for stage in always[1:]:
        problems.append(TwoInitials(stage.name.span, stage.name.text, always[0].name.span))
    tried = [stage for stage in written if stage.initial and stage.initial_if is not None] + always
    places = {stage.name.text: place for place, stage in enumerate(tried)}
    settled = []
    for stage in written:
        condition = None if stage.initial_if is None else sections.orders.conditions.truth(stage.initial_if)
        name = stage.name.text
        settled.append(
            o.Stage(
                name,
                _title(stage.title),
                places.get(name),
                condition,
                stage.resting,
                tuple(sections.covers.get("", []) + sections.covers.get(name, [])),
                tuple(sections.goals.get("", []) + sections.goals.get(name, [])),
                stage.span,
            )
        )
    return tuple(settled)


# ---------------------------------------------------------------- what is said about decisions


def before_of(item: t.Before, orders: Orders) -> list[o.Before]:
    """A prerequisite of each drug named."""
    drugs = orders.conditions.drug_names(item.drug)
    condition = orders.conditions.truth(item.condition)
    otherwise = None if item.otherwise is None else orders.order(item.otherwise)
    notes = orders.notes(item.notes)
    if drugs is None or condition is None or (otherwise is None and item.otherwise is not None):
        return []
    if otherwise is not None and len(otherwise) > 1:
        assert item.otherwise is not None
        members = tuple(order.target for order in otherwise)
        orders.problems.append(GroupInChoice(item.otherwise.span, _target(item.otherwise), "else", members))
        return []
    order = None if otherwise is None else otherwise[0]
    return [o.Before(drug, condition, order, item.how == "prefer", notes) for drug in drugs]


def settle_property(item: t.Property, orders: Orders) -> o.Property | None:
    """`never` or `always`; its conditions may speak about the decision."""
    conditions = orders.conditions
    condition = conditions.about_decisions(item.condition)
    given = conditions.about_decisions(item.given)
    drugs = () if item.drug is None else conditions.drug_names(item.drug)
    if (
        drugs is None
        or (condition is None) != (item.condition is None)
        or (given is None) != (item.given is None)
    ):
        return None
    above = None
    if item.above is not None:
        above = conditions.above(item.above, drugs)
        if above is None:
            return None
    return o.Property(item.polarity, item.subject, drugs, above, condition, given, item.span)


def _proofs(items: Sequence[t.Item], orders: Orders) -> tuple[o.Proof, ...]:
    proofs = []
    for item in items:
        if not isinstance(item, t.Prove):
            continue
        found = [orders.scope.find(name, ("outcome", "define")) for name in item.names]
        pairs = {
            symbol.name: meaning
            for symbol in found
            if symbol is not None and isinstance(meaning := orders.conditions.definition(symbol.name), Truth)
        }
        if all(symbol is not None and symbol.name in pairs for symbol in found):
            names = tuple(sorted(pairs))
            proofs.append(o.Proof(item.how, names, tuple(pairs[name] for name in names)))
    return tuple(proofs)


def _questions(items: Sequence[t.Item], orders: Orders) -> tuple[o.Question, ...]:
    questions = []
    for item in items:
        if not isinstance(item, t.Question):
            continue
        asked = None if item.property is None else settle_property(item.property, orders)
        condition = orders.conditions.about_decisions(item.condition)
        drug = None if item.drug is None else orders.scope.find(item.drug, ("drug",))
        if (asked, condition, drug) == (None, None, None):
            continue
        name = None if drug is None else drug.name
        questions.append(o.Question(item.text.value, item.ask, asked, condition, name))
    return tuple(questions)


def _ownership(items: Sequence[t.Item], orders: Orders) -> tuple[o.Ownership, ...]:
    found = []
    for item in items:
        if not isinstance(item, t.Owns):
            continue
        drugs: set[str] = set()
        for name in item.drugs:
            drugs.update(orders.conditions.drug_names(name) or ())
        condition = None if item.condition is None else orders.conditions.truth(item.condition)
        if condition is None and item.condition is not None:
            continue
        said = item.because or item.notes.because
        because = "" if said is None else said.value
        found.append(o.Ownership(item.how, tuple(sorted(drugs)), item.protocol.text, condition, because))
    return tuple(found)


def _title(text: t.Text | None) -> str:
    return "" if text is None else text.value
