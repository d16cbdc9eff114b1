"""The rules that a change is about, in sentences, the old one beside the new one it became."""

from __future__ import annotations

from collections.abc import Mapping

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.report.diff_said import Group, Sides, groups
from rung_lang.report.documents.sentences import spaced


@frozen
class RuleSaid:
    """One rule in both versions. Empty sentences: the version has no such rule."""

    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]


def rules_by_group(sides: Sides) -> Mapping[int, tuple[RuleSaid, ...]]:
    """Rules by the number of the first change that they are about: each is read once."""
    seen: set[RuleSaid] = set()
    found: dict[int, tuple[RuleSaid, ...]] = {}
    for group in groups(sides):
        found[group.number] = tuple(one for one in rules(sides, group) if one not in seen)
        seen.update(found[group.number])
    return found


def rules(sides: Sides, group: Group) -> tuple[RuleSaid, ...]:
    """The rules that speak of a change, the old one beside the new one it became."""
    renamed = {one.old: one.new for one in sides.difference.renamed if one.kind == "rule"}
    olds = {rule.id: rule for rule in sides.current.rules}
    olds |= {then: olds[now] for then, now in renamed.items() if now in olds}
    news = {rule.id: rule for rule in sides.new.rules}
    left = dict.fromkeys(group.change.rules_old)
    right = dict.fromkeys(group.change.rules_new)
    pairs: list[tuple[str, str]] = []
    for old in left:
        new = renamed.get(old, old)
        # One of them may read the same and differ by a definition; it is shown all the same.
        pairs.append((old, new if new in news else ""))
    pairs += [(_before(new, renamed, olds), new) for new in right if new not in {one for _, one in pairs}]
    return tuple(_rule(sides, olds.get(old), news.get(new)) for old, new in pairs)


def errata(sides: Sides) -> tuple[str, ...]:
    """Numbers of the errata that the rules of the changes rest on."""
    ids = {rule for change in sides.difference.changes for rule in (*change.rules_old, *change.rules_new)}
    rules = (*sides.old.rules, *sides.current.rules, *sides.new.rules)
    return tuple(sorted({one for rule in rules if rule.id in ids for one in rule.erratum}))


def _before(new: str, renamed: Mapping[str, str], olds: Mapping[str, m.Rule]) -> str:
    old = next((one for one, other in renamed.items() if other == new), new)
    return old if old in olds else ""


def _rule_name(old: m.Rule | None, new: m.Rule | None) -> str:
    names = [rule.title or spaced(rule.id.rpartition(".")[2]) for rule in (old, new) if rule is not None]
    return ", now ".join(dict.fromkeys(names))


def _rule(sides: Sides, old: m.Rule | None, new: m.Rule | None) -> RuleSaid:
    """The reason stands there only where it differs."""
    reasons = [rule.because if rule is not None else "" for rule in (old, new)]
    same = reasons[0] == reasons[1]
    said = [
        ()
        if rule is None
        else (*sides.sentences(side).rule(rule), *((f"Why: {why}",) if why and not same else ()))
        for side, rule, why in (("old", old, reasons[0]), ("new", new, reasons[1]))
    ]
    return RuleSaid(_rule_name(old, new), said[0], said[1])
