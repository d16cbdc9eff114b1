"""What is looked at first: what is promised less, what is no longer told or ordered, and what is of each
class.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rung_lang.diff.model import WEIGHTS, Class, Region, Subject
from rung_lang.report import diff_said as said
from rung_lang.report.decisions import counted
from rung_lang.report.diff_declared import Otherwise, otherwise, rule_title
from rung_lang.report.diff_said import CLASSES, Group, Sides, capital, changes_words
from rung_lang.report.words_phrases import joined

_MOST_NAMED = 2
"""Of things of one kind in a list of classes; more are counted."""


def safety(sides: Sides) -> tuple[str, ...]:
    """What is promised less than before, no longer told or ordered, and not decided; nothing where all
    stands.
    """
    difference = sides.difference
    found = [
        f"{joined([CLASSES[one] for one in grave], 'and')}: {item.sentence.removeprefix('safety property: ')}"
        for item in otherwise(sides)
        if (grave := graver(item))
    ]
    found += _lost(sides)
    found += [f"not decided: {said.opened(sides, one)}" for one in difference.undecided]
    found += [
        f"not decided for the patients in {sides.stage('old', tonight.stage)} tonight: "
        f"{said.opened(sides, one)}"
        for tonight in difference.tonight
        for one in tonight.undecided
    ]
    return tuple(capital(text) for text in found)


def graver(item: Otherwise) -> tuple[Class, ...]:
    """By which it promises less than before."""
    return tuple(one for one in item.classes if WEIGHTS.get(one) == "safety")


def _lost(sides: Sides) -> Iterator[str]:
    """Orders that nobody gets any more, then those that are a must for fewer."""
    gone: dict[Subject, list[Group]] = {}
    fewer: list[str] = []
    for group in said.groups(sides):
        subject = group.change.subject
        if "order gone" in group.change.classes:
            gone.setdefault(subject, []).append(group)
        elif any(map(_demoted, group.treated)):
            fewer.append(f"{said.subject(sides, subject)} (change {group.number})")
    for subject, own in gone.items():
        what = said.subject(sides, subject)
        lead = "no longer told to" if what.startswith("tell the ") else "no longer ordered:"
        yield f"{lead} {what.removeprefix('tell ')}, {_whom(sides, own)}"
    if fewer:
        yield f"a must for fewer patients: {joined(list(dict.fromkeys(fewer)), 'and')}"


def _demoted(region: Region) -> bool:
    """Some of them had to get it and need not any more."""
    had = any(one.strength == "must" for one in region.old)
    return had and not any(one.strength == "must" for one in region.new)


def _whom(sides: Sides, groups: Sequence[Group]) -> str:
    whom = dict.fromkeys(
        said.patients(sides, region)
        for group in groups
        for region in group.treated
        if "order gone" in region.classes
    )
    numbers = changes_words(group.number for group in groups).lower()
    who = f": {'; or '.join(whom)}" if whom else ""
    return f"{said.where(sides, *groups)} ({numbers}){who}"


def by_class(sides: Sides) -> Iterator[tuple[Class, str]]:
    """Each class with what is of it, changes by their numbers."""
    declared = otherwise(sides)
    for one in sides.difference.classes:
        numbers = [group.number for group in said.groups(sides) if one in group.change.classes]
        changes = [changes_words(numbers).lower()] if numbers else []
        items = [item for item in declared if one in item.classes]
        if one == "wording":
            items = [item for item in items if item.name not in _more(sides)]
        if one == "undecided":
            changes.append("see what is not decided")
        if changes or items:
            yield one, "; ".join([*changes, *_names(sides, items)])


def _more(sides: Sides) -> set[str]:
    """What differs by more than its wording, as the text names it."""
    difference = sides.difference
    rules = {rule for change in difference.changes for rule in (*change.rules_old, *change.rules_new)}
    return rules | {one.name for one in difference.declared if one.name and set(one.classes) != {"wording"}}


def _names(sides: Sides, items: Sequence[Otherwise]) -> Iterator[str]:
    kinds: dict[str, dict[str, None]] = {}
    for item in items:
        kinds.setdefault(item.kind, {})[_name(sides, item)] = None
    for kind, names in kinds.items():
        if len(names) > _MOST_NAMED:
            yield counted(len(names), kind)
        else:
            yield from names


def _name(sides: Sides, item: Otherwise) -> str:
    """A thing by its name alone; a statement by its beginning."""
    match item.kind:
        case "property":
            return textwrap.shorten(item.new or item.old, 60, placeholder=" …")
        case "question":
            return f"“{item.name}”"
        case "rule" | "list":
            return f"rule {rule_title(sides, item.name)}"
        case "source":
            return item.new or item.old
        case _:
            return item.about
