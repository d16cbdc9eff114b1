"""A local protocol laid over the one it extends: values, rules, overrides, and what it removes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rung_lang.checked.names import nearest
from rung_lang.checked.problems import NotLocal, RemoveUnknown
from rung_lang.finding import Problem
from rung_lang.syntax import tree as t


def extended(base: t.File, local: t.File, problems: list[Problem]) -> t.File:
    """One file with the head of the local protocol. Its examples alone stay: the base's ran with the base."""
    assert base.head is not None and local.head is not None
    _check_head(local.head, problems)
    items: list[t.Item] = [item for item in base.items if not isinstance(item, t.Example)]
    _check_items(local.items, items, problems)
    items = [_with_value(item, local.items) for item in items]
    items = _without_removed(items, local.items, problems)
    for stage, rules in _added(local.items):
        items = _into(items, stage, rules)
    items += [item for item in local.items if isinstance(item, t.Override | t.Example)]
    head = replace(
        base.head,
        name=local.head.name,
        title=local.head.title or base.head.title,
        version=local.head.version,
        status=local.head.status or base.head.status,
        extends=local.head.extends,
        span=local.head.span,
    )
    return t.File(local.path, head, tuple(items), local.comments)


def _check_head(head: t.Head, problems: list[Problem]) -> None:
    if head.applies is not None:
        problems.append(NotLocal(head.applies.span, "applies when", ""))
    if head.settle is not None:
        problems.append(NotLocal(head.settle.span, "settle", ""))
    problems.extend(NotLocal(use.span, "use", use.path.value) for use in head.uses)


def _check_items(local: Sequence[t.Item], base: Sequence[t.Item], problems: list[Problem]) -> None:
    stages = {item.name.text for item in base if isinstance(item, t.Stage)}
    settings = {item.name.text for item in base if isinstance(item, t.Setting)}
    for item in local:
        match item:
            case t.Stage():
                new = item.title is not None or item.initial or item.resting
                if new or item.name.text not in stages:
                    problems.append(NotLocal(item.span, "stage", item.name.text))
            case t.Setting():
                ranged = item.range is not None or bool(item.choices) or item.title is not None
                if ranged or item.value is None or item.name.text not in settings:
                    problems.append(NotLocal(item.span, "setting", item.name.text))
            case t.Throughout() | t.Rule() | t.Titrate() | t.Override() | t.Remove() | t.Example():
                pass
            case _:
                name = getattr(item, "name", None)
                problems.append(
                    NotLocal(
                        item.span, type(item).__name__.lower(), name.text if isinstance(name, t.Name) else ""
                    )
                )


def _with_value(item: t.Item, local: Sequence[t.Item]) -> t.Item:
    if not isinstance(item, t.Setting):
        return item
    for given in local:
        if isinstance(given, t.Setting) and given.name.text == item.name.text and given.value is not None:
            return replace(item, value=given.value, span=given.span)
    return item


def _without_removed(items: list[t.Item], local: Sequence[t.Item], problems: list[Problem]) -> list[t.Item]:
    named = {item.name.text for item in items if isinstance(item, t.Rule) and item.name is not None}
    removed = set()
    for item in local:
        if not isinstance(item, t.Remove):
            continue
        if item.rule.text not in named:
            problems.append(RemoveUnknown(item.rule.span, item.rule.text, nearest(item.rule.text, named)))
        removed.add(item.rule.text)
    return [
        item
        for item in items
        if not (isinstance(item, t.Rule) and item.name is not None and item.name.text in removed)
        and not (isinstance(item, t.Override) and {item.winner.text, item.loser.text} & removed & named)
    ]


def _added(local: Sequence[t.Item]) -> list[tuple[t.Stage | t.Throughout | None, list[t.Item]]]:
    """The local rules by the section they stand in; None before any, which is a problem told later."""
    sections: list[tuple[t.Stage | t.Throughout | None, list[t.Item]]] = [(None, [])]
    for item in local:
        if isinstance(item, t.Stage | t.Throughout):
            sections.append((item, []))
        elif isinstance(item, t.Rule | t.Titrate):
            sections[-1][1].append(item)
    return sections


def _into(items: list[t.Item], stage: t.Stage | t.Throughout | None, rules: list[t.Item]) -> list[t.Item]:
    """The rules at the end of the section they add to; at the front where they stand in none."""
    if not rules or stage is None:
        return [*rules, *items]
    at = None
    inside = False
    for place, item in enumerate(items):
        if isinstance(item, t.Stage | t.Throughout):
            inside = (
                item.name.text == stage.name.text
                if isinstance(item, t.Stage) and isinstance(stage, t.Stage)
                else isinstance(item, t.Throughout) and isinstance(stage, t.Throughout)
            )
        if inside:
            at = place + 1
    if at is None:
        return [*items, stage, *rules] if isinstance(stage, t.Throughout) else items
    return [*items[:at], *rules, *items[at:]]
