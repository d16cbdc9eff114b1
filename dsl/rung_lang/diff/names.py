"""Which things of the old version have another name in the new one.

A thing is renamed where its old name is gone, its new name was not there, and it is declared and spoken of
alike. Of rules and stages the names say nothing to a patient; of the others a source of data must know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.artifact.references import operands_of
from rung_lang.diff.model import Renamed
from rung_lang.diff.renaming import DECLARED, Names, renamed
from rung_lang.lower.terms import canonical

_NAMELESS = re.compile(r"\.rule_\d+$")
_SILENT = {"title": "", "aliases": (), "codes": ()}
_KINDS = {
    "inputs": "input", "drugs": "drug", "events": "event", "tasks": "task", "courses": "course",
    "outcomes": "outcome", "settings": "setting", "sources": "source", "stages": "stage", "rules": "rule",
}  # fmt: skip


def matched(old: m.Artifact, new: m.Artifact) -> tuple[m.Artifact, tuple[Renamed, ...], Mapping[str, str]]:
    """The old version in the names of the new one; what was renamed; and by rule of the new version the id
    that it has in the old one, for all that are in both.
    """
    names: dict[str, dict[str, str]] = {}
    for table in DECLARED:
        found = _declared(old, new, table)
        if found:
            names[table] = found
    current = renamed(old, names)
    stages = _stages(current, new)
    if stages:
        names["stages"] = stages
        prefixes = {
            rule.id: f"{stages[rule.stage]}.{rule.id.split('.', 1)[1]}"
            for rule in old.rules
            if rule.stage in stages
        }
        current = renamed(current, {"stages": stages, "rules": prefixes})
    else:
        prefixes = {}
    rules = _rules(current, new)
    current = renamed(current, {"rules": rules})
    back = {
        rules.get(now, now): then
        for then, now in ((one.id, prefixes.get(one.id, one.id)) for one in old.rules)
    }
    ids = {one.id for one in new.rules}
    names["rules"] = {then: now for now, then in back.items() if now != then and now in ids}
    said = tuple(
        Renamed(_KINDS[table], then, now)
        for table in (*DECLARED, "stages", "rules")
        for then, now in sorted(names.get(table, {}).items())
        if not _follows(table, then, now, stages)
    )
    return current, said, {now: then for now, then in back.items() if now in ids}


def _follows(table: str, then: str, now: str, stages: Mapping[str, str]) -> bool:
    """A rule whose stage alone has another name, or a rule without a name in another place."""
    if table != "rules":
        return False
    stage, own = then.split(".", 1)
    return f"{stages.get(stage, stage)}.{own}" == now or bool(
        _NAMELESS.search(then) and _NAMELESS.search(now)
    )


def _declared(old: m.Artifact, new: m.Artifact, table: str) -> dict[str, str]:
    before, after = getattr(old, table), getattr(new, table)
    gone = [name for name in before if name not in after]
    come = [name for name in after if name not in before]
    if not gone or not come:
        return {}
    found: dict[str, str] = {}
    strange = {table: frozenset((*gone, *come))}
    mine = {name: (_plain(before[name]), _spoken(old, table, name, strange)) for name in gone}
    theirs = {name: (_plain(after[name]), _spoken(new, table, name, strange)) for name in come}
    for name in gone:
        others = [one for one in come if theirs[one] == mine[name] and one not in found.values()]
        alias = [one for one in come if name in getattr(after[one], "aliases", ())]
        if len(alias) == 1:
            found[name] = alias[0]
        elif len(others) == 1 and sum(1 for one in gone if mine[one] == mine[name]) == 1:
            found[name] = others[0]
    return found


def _plain(decl: Any) -> str:
    if isinstance(decl, str):
        return decl
    silent = {name: value for name, value in _SILENT.items() if name in type(decl).__dataclass_fields__}
    return canonical(decl.model_copy(update=silent) if silent else decl)


def _spoken(
    artifact: m.Artifact, table: str, name: str, strange: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """Every rule that speaks of the thing, with the thing and what else is under a strange name left
    blank.
    """
    blank = {table: dict.fromkeys(strange[table], "_") | {name: "*"}}
    plain = renamed(
        artifact.model_copy(update={"graph": m.Graph(nodes=(), edges=()), **{one: {} for one in DECLARED}}),
        blank,
    )
    found: list[str] = []
    for rule in plain.rules:
        said = content(plain, rule)
        if '"*"' in said:
            found.append(said)
    return tuple(sorted(found))


def content(artifact: m.Artifact, rule: m.Rule) -> str:
    """What a rule does, without its name and its reasons: the same text for the same meaning."""
    orders = tuple(_spelled(artifact, choice) for choice in rule.orders)
    unless = "" if rule.unless is None else spelled(artifact, rule.unless)
    return "\n".join((rule.stage or "", spelled(artifact, rule.condition), unless, *orders))


def _spelled(artifact: m.Artifact, choice: m.One | m.Either | m.Prefer) -> str:
    if not isinstance(choice, m.Prefer):
        return canonical(choice)
    conditions = ["" if one is None else spelled(artifact, one) for one in choice.conditions]
    return canonical(choice.model_copy(update={"conditions": ()})) + "|".join(conditions)


def spelled(artifact: m.Artifact, index: int) -> str:
    """A term with what it is made of, whatever the numbers in the table are."""
    term = artifact.terms[index]
    parts = (
        sorted(spelled(artifact, one) for one in operands_of(term))
        if _is_unordered(term)
        else [spelled(artifact, one) for one in operands_of(term)]
    )
    bare = term.model_copy(update=_blank(term))
    return f"{canonical(bare)}({';'.join(parts)})"


def _is_unordered(term: m.Truth | m.Numeric) -> bool:
    return isinstance(term, m.And | m.Or | m.Count)


def _blank(term: m.Truth | m.Numeric) -> dict[str, object]:
    from rung_engine.artifact.references import TERM_FIELDS

    found: dict[str, object] = {}
    for name in TERM_FIELDS.get(type(term), ()):
        value = getattr(term, name)
        found[name] = () if isinstance(value, tuple) else None if value is None else 0
    return found


# ---------------------------------------------------------------- stages and rules


def _stages(old: m.Artifact, new: m.Artifact) -> dict[str, str]:
    """Where the names say nothing, the stage whose rules are most alike, if most of them are."""
    before, after = [one.name for one in old.stages], [one.name for one in new.stages]
    gone = [name for name in before if name not in after]
    come = [name for name in after if name not in before]
    if not gone or not come:
        return {}
    strange = {"stages": dict.fromkeys((*gone, *come), "_")}
    mine, theirs = renamed(old, strange), renamed(new, strange)

    def rules(artifact: m.Artifact, plain: m.Artifact, stage: str) -> frozenset[str]:
        return frozenset(
            content(plain, blank)
            for rule, blank in zip(artifact.rules, plain.rules, strict=True)
            if rule.stage == stage
        )

    def likeness(a: frozenset[str], b: frozenset[str]) -> float:
        return len(a & b) / max(1, len(a | b))

    pairs = sorted(
        ((likeness(rules(old, mine, a), rules(new, theirs, b)), a, b) for a in gone for b in come),
        key=lambda one: (-one[0], one[1], one[2]),
    )
    found: dict[str, str] = {}
    for how, a, b in pairs:
        if how > 0.5 and a not in found and b not in found.values():
            found[a] = b
    return found


def _rules(old: m.Artifact, new: m.Artifact) -> dict[str, str]:
    """By rule of the old version, another id in the new one. Rules that do the same come first; a name that
    is still there stands, unless it is only a place.
    """
    mine = {rule.id: content(old, rule) for rule in old.rules}
    theirs = {rule.id: content(new, rule) for rule in new.rules}
    found: dict[str, str] = {}
    kept = {one for one in mine if one in theirs and (mine[one] == theirs[one] or not _NAMELESS.search(one))}
    free = [one for one in theirs if one not in kept]
    for one in mine:
        if one in kept:
            continue
        alike = next((other for other in free if theirs[other] == mine[one]), None)
        if alike is not None:
            free.remove(alike)
            if alike != one:
                found[one] = alike
    # The same orders in the same stage, under a condition of its own: the rule was renamed and changed.
    for one in mine:
        if one in kept or one in found or (one in theirs and mine[one] == theirs[one]):
            continue
        rule = next(rule for rule in old.rules if rule.id == one)
        close = [
            other
            for other in free
            if (its := next(rule for rule in new.rules if rule.id == other)).stage == rule.stage
            and _targets(its.orders) == _targets(rule.orders)
        ]
        if one in close:
            free.remove(one)
        elif len(close) == 1:
            free.remove(close[0])
            found[one] = close[0]
    # What keeps an id that another rule takes over must make room for it.
    taken = set(found.values())
    for one in mine:
        if one in taken and one not in found:
            found[one] = f"{one}_gone"
    return found


def _targets(orders: Iterable[m.One | m.Either | m.Prefer]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (order.op, order.target)
        for choice in orders
        for order in ((choice.order,) if isinstance(choice, m.One) else choice.orders)
    )


def reworded(old: m.Artifact, new: m.Artifact) -> tuple[m.Artifact, tuple[tuple[str, str, str], ...]]:
    """The old version with the messages of the new one, where a rule of both has one message in the place of
    one other; and these: the rule, the old message and the new one.
    """
    after = {rule.id: rule for rule in new.rules}
    found: list[tuple[str, str, str]] = []
    rules: list[m.Rule] = []
    for rule in old.rules:
        other = after.get(rule.id)
        mine, theirs = _messages(rule), () if other is None else _messages(other)
        gone = [one for one in mine if one not in theirs]
        come = [one for one in theirs if one not in mine]
        if len(gone) == len(come) == 1:
            found.append((rule.id, gone[0], come[0]))
            rule = rule.model_copy(
                update={"orders": tuple(_said(one, gone[0], come[0]) for one in rule.orders)}
            )
        rules.append(rule)
    return (old.model_copy(update={"rules": tuple(rules)}) if found else old), tuple(found)


def _messages(rule: m.Rule) -> tuple[str, ...]:
    return tuple(target for op, target in _targets(rule.orders) if op == "notify")


def _said(choice: m.One | m.Either | m.Prefer, before: str, after: str) -> m.One | m.Either | m.Prefer:
    def told(order: m.Order) -> m.Order:
        said = order.op == "notify" and order.target == before
        return order.model_copy(update={"target": after}) if said else order

    if isinstance(choice, m.One):
        return choice.model_copy(update={"order": told(choice.order)})
    return choice.model_copy(update={"orders": tuple(told(one) for one in choice.orders)})


def names_of(renames: Iterable[Renamed]) -> Names:
    """By part of the artifact, from the old name to the new one."""
    tables = {kind: table for table, kind in _KINDS.items()}
    found: dict[str, dict[str, str]] = {}
    for one in renames:
        found.setdefault(tables[one.kind], {})[one.old] = one.new
    return found
