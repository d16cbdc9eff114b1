"""A difference for a terminal: at most 80 columns, the answer first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rung_lang.diff.model import Region
from rung_lang.report import diff_said as said
from rung_lang.report.decisions import counted
from rung_lang.report.diff_declared import otherwise, renamed
from rung_lang.report.diff_first import by_class, graver, safety
from rung_lang.report.diff_patients import PatientSaid, chosen, partings, patient
from rung_lang.report.diff_rules import RuleSaid, errata, rules_by_group
from rung_lang.report.diff_said import Group, Sides
from rung_lang.report.diff_tonight import tonight
from rung_lang.report.text import WIDTH, paint, safe

_STRONG, _QUIET = "1", "2"
_MOST_DECLARED = 40
"""Declared changes that are shown one by one; the rest is counted."""
_NOT_ALL = "There are more such patients than these: not all could be listed."


def lines(sides: Sides, more: Sequence[str] = (), *, colour: bool = False) -> Iterator[str]:
    """The whole of it. `more`: lines on what a cohort shows."""
    difference = sides.difference
    yield from _title(said.between(difference), colour)
    yield ""
    yield from _filled(said.verdict(difference), 0, colour=colour)
    yield from _filled(said.asks(difference), 0)
    yield from _safety(sides, colour)
    yield from _classes(sides, colour)
    groups = said.groups(sides)
    rules = rules_by_group(sides)
    site = chosen(sides)
    if site:
        yield ""
        yield from _filled(f"In every patient below the site has chosen: {site}.", 0)
    own = [group for group in groups if not group.only_asks]
    treats = not all(group.lesser for group in own)
    for group in own:
        if group.lesser and treats:
            yield from _brief(sides, group, colour)
        else:
            yield from _change(sides, group, rules[group.number], colour, site)
    asks = [f"{one.number}. {said.heading(sides, one)}, {said.where(sides, one)}: {_asked(sides, one)}"
            for one in groups if one.only_asks]  # fmt: skip
    yield from _listed("Other readings are asked for, and no order differs", asks, colour)
    yield from _partings(sides, colour)
    if more:
        yield ""
        yield from more
    yield from _tonight(sides, colour)
    yield from _listed("Declared otherwise", list(_declared(sides)), colour)
    touched = [", ".join(errata(sides))] if errata(sides) else []
    yield from _listed("Errata that the changed rules rest on", touched, colour)
    yield from _listed("Renamed", [renamed(one) for one in difference.renamed], colour)
    yield from _listed("Not decided", [said.opened(sides, one) for one in difference.undecided], colour)
    if difference.how == "differs":
        yield from _listed("Alike", [said.rests_on(difference)], colour)
    for lead, items in said.assumed(sides):
        yield from _listed(lead, items, colour)


def _title(text: str, colour: bool) -> Iterator[str]:
    yield from (paint(line, _STRONG, colour=colour) for line in textwrap.wrap(safe(text), WIDTH))


def _safety(sides: Sides, colour: bool) -> Iterator[str]:
    found = safety(sides)
    if found:
        yield ""
        yield paint("Look at this first", _STRONG, colour=colour)
        yield from _bullets(found)


def _declared(sides: Sides) -> Iterator[str]:
    """What is not said above it: as a promise that is less, or as the title of a rule that is shown."""
    shown = {rule for group in said.groups(sides) if not group.lesser for rule in group.change.rules_new}
    for one in otherwise(sides):
        if not graver(one) and not (one.is_title and one.name in shown):
            yield one.sentence


def _classes(sides: Sides, colour: bool) -> Iterator[str]:
    found = list(by_class(sides))
    if not found:
        return
    yield ""
    yield paint("What changes", _STRONG, colour=colour)
    wide = max(len(said.CLASSES[one]) for one, _ in found) + 4
    for one, what in found:
        yield from _filled(what, 2, f"{said.CLASSES[one]:<{wide - 2}}")


# ---------------------------------------------------------------- one change


def _asked(sides: Sides, group: Group) -> str:
    return "; or ".join(said.who(sides, one) for one in group.asked)


def _brief(sides: Sides, group: Group, colour: bool) -> Iterator[str]:
    """What is told, measured or done beside treatment, without patients and rules."""
    yield from _head(sides, group, colour)
    what = said.subject(sides, group.change.subject)
    for region in group.treated:
        yield from _filled(said.who(sides, region), 3, "for: ", colour=colour)
        old, new = (_bare(said.gives(sides, region, side), what) for side in ("old", "new"))
        yield from _filled(f"old: {old}; new: {new}", 5)
    if not group.change.whole:
        yield from _filled(_NOT_ALL, 3)


def _bare(text: str, what: str) -> str:
    """`recommended`, where the heading says of what."""
    if text.startswith(f"{what} (") and text.count("(") == what.count("(") + 1:
        return text.removeprefix(f"{what} (").removesuffix(")")
    return text


def _head(sides: Sides, group: Group, colour: bool) -> Iterator[str]:
    yield ""
    head = f"{group.number}. {said.heading(sides, group)}, {said.where(sides, group)}"
    yield from _title(head, colour)
    yield from _filled(said.classes(group.change.classes), 3)


def _change(sides: Sides, group: Group, rules: Sequence[RuleSaid], colour: bool, site: str) -> Iterator[str]:
    change = group.change
    yield from _head(sides, group, colour)
    last: PatientSaid | None = None
    for region in group.treated:
        yield from _gives(sides, region, colour)
        shown = None if region.patient is None else patient(sides, region.patient)
        if shown is None:
            yield from _filled(
                "no history was found that shows one while the versions still agree", 5, "patient: "
            )
        elif shown == last:
            yield from _filled("a patient: the last one above is one of these too", 5)
        else:
            yield from _patient(shown, 5, site)
        last = shown or last
    if group.asked:
        yield from _filled(f"other readings are asked for, with no order changed: {_asked(sides, group)}", 3)
    if not change.whole:
        yield from _filled(_NOT_ALL, 3)
    if rules:
        yield from _filled(counted(len(rules), "rule") + ", old and new", 3)
    for rule in rules:
        yield from _filled(rule.name, 5)
        yield from _filled(" ".join(rule.old) or "there is no such rule", 7, "old: ")
        if rule.new == rule.old:
            yield from _filled("reads the same; a name in it means something else", 7, "new: ")
        else:
            yield from _filled(" ".join(rule.new) or "there is no such rule", 7, "new: ")


def _gives(sides: Sides, region: Region, colour: bool) -> Iterator[str]:
    yield from _filled(said.who(sides, region), 3, "for: ", colour=colour)
    yield from _filled(said.gives(sides, region, "old"), 5, "old: ")
    yield from _filled(said.gives(sides, region, "new"), 5, "new: ")


def _patient(shown: PatientSaid, indent: int, site: str) -> Iterator[str]:
    yield from _filled("a patient:", indent)
    wide = max([5, *(len(one.at) for one in shown.chart)]) + 2
    for one in shown.chart:
        yield from _filled(one.said, indent + 2, f"{one.at:<{wide}}")
    if shown.settings != site:
        yield from _filled(shown.settings, indent + 2, "set".ljust(wide))
    for lead, decided in (("old", shown.old), ("new", shown.new)):
        yield from _filled("; ".join(decided) or "nothing of this", indent + 2, lead.ljust(wide))


# ---------------------------------------------------------------- histories and tonight


def _partings(sides: Sides, colour: bool) -> Iterator[str]:
    if not sides.difference.partings:
        return
    told = list(partings(sides, said.groups(sides)))
    yield from _listed("Where the versions part, and whether they come together", told, colour)


def _tonight(sides: Sides, colour: bool) -> Iterator[str]:
    yield from _listed("Patients who are on it tonight", list(tonight(sides)), colour)


# ---------------------------------------------------------------- lines


def _listed(lead: str, items: Sequence[str], colour: bool) -> Iterator[str]:
    if items:
        yield ""
        yield paint(lead, _STRONG, colour=colour)
        yield from _bullets(items[:_MOST_DECLARED])
        if len(items) > _MOST_DECLARED:
            yield from _filled(f"and {len(items) - _MOST_DECLARED} more", 2)


def _bullets(items: Sequence[str]) -> Iterator[str]:
    for item in items:
        yield from _filled(item, 2, "- ")


def _filled(text: str, indent: int, lead: str = "", *, colour: bool = False) -> Iterator[str]:
    """Wrapped, what follows the first line under its text."""
    first = " " * indent + lead
    found = textwrap.wrap(
        safe(text),
        WIDTH,
        initial_indent=safe(first),
        subsequent_indent=" " * min(len(first), 36),
        break_on_hyphens=False,
    )
    yield from (paint(line, _STRONG, colour=colour) for line in found)
