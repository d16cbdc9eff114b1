"""Each change: the patients it is about, what both versions give them, and the rules side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from rung_lang.diff.model import Region
from rung_lang.report import diff_said as said
from rung_lang.report.cohort_page.parts import say
from rung_lang.report.diff_patients import PatientSaid, chosen, partings, patient
from rung_lang.report.diff_rules import RuleSaid, rules_by_group
from rung_lang.report.diff_said import Group, Sides
from rung_lang.report.documents.page import (
    Beside,
    Block,
    Bullets,
    Heading,
    Paragraph,
    Run,
    Side,
    Table,
    Together,
    Words,
    plain,
    quiet,
    strong,
)

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def changes(sides: Sides) -> Iterator[Block]:
    """All of them, as they are numbered on the first page."""
    groups = said.groups(sides)
    if not groups:
        return
    yield Heading(2, "The changes", fresh=True)
    yield Paragraph(
        plain(
            "Each kind of patients is named by conditions that are all true of them. A patient who is in "
            "none of these kinds is treated alike by both versions. Words that differ are set in bold."
        )
    )
    site = chosen(sides)
    if site:
        yield Paragraph(plain(f"In every patient below the site has chosen: {site}."))
    rules = rules_by_group(sides)
    for group in groups:
        if not group.only_asks:
            yield from _change(sides, group, rules[group.number], site)
    told = list(partings(sides, groups))
    if told:
        yield Heading(3, "Where the versions part, and whether they come together")
        yield Bullets(tuple(plain(text) for text in told))
    asks = [group for group in groups if group.only_asks]
    if asks:
        yield Heading(3, "Other readings are asked for, and no order differs")
        yield Bullets(
            tuple(
                say(
                    strong(f"{one.number}. {said.heading(sides, one)}"),
                    f", {said.where(sides, one)}: {_asked(sides, one)}",
                )
                for one in asks
            )
        )


def _asked(sides: Sides, group: Group) -> str:
    return "; or ".join(said.who(sides, one) for one in group.asked)


def _change(sides: Sides, group: Group, rules: Sequence[RuleSaid], site: str) -> Iterator[Block]:
    change = group.change
    head = f"{group.number}. {said.heading(sides, group)}, {said.where(sides, group)}"
    begin: list[Block] = [Heading(3, head), Paragraph(strong(said.classes(change.classes)))]
    last: PatientSaid | None = None
    for place, region in enumerate(group.treated):
        letter = f"{_LETTERS[place % 26]}) " if len(group.treated) > 1 else ""
        shown = None if region.patient is None else patient(sides, region.patient)
        if shown is not None and shown == last:
            same = Paragraph(quiet("The last patient above is one of these too."))
            yield Together((*begin, *_region(sides, region, letter), same))
        else:
            yield Together((*begin, *_region(sides, region, letter), *_shown(shown, site)))
        begin, last = [], shown or last
    if begin:
        yield Together(tuple(begin))
    if not change.whole:
        yield Paragraph(plain("There are more such patients than these: not all kinds could be listed."))
    if group.asked:
        yield Paragraph(
            plain(f"Other readings are asked for, with no order changed: {_asked(sides, group)}.")
        )
    for rule in rules:
        yield _rule(rule)


def _region(sides: Sides, region: Region, letter: str) -> Iterator[Block]:
    who = said.patients(sides, region)
    with_ = "patients with " if who.startswith("patients with ") else ""
    yield Paragraph(say(f"{letter}For {with_}", strong(who.removeprefix(with_)), ":"))
    old, new = said.gives(sides, region, "old"), said.gives(sides, region, "new")
    left, right = compared(old, new)
    yield Beside(Side("Old version gives", (left,)), Side("New version gives", (right,)))


def _shown(shown: PatientSaid | None, site: str) -> Iterator[Block]:
    if shown is None:
        yield Paragraph(
            quiet("No history was found that shows such a patient while the versions still agree.")
        )
    else:
        yield from patient_blocks(shown, site)


def patient_blocks(shown: PatientSaid, site: str = "") -> Iterator[Block]:
    """One patient: the chart, then what each version decides. `site`: choices that were said already."""
    rows: list[tuple[Words, ...]] = [(plain(one.at), plain(one.said)) for one in shown.chart]
    if shown.settings != site:
        rows.append((plain("set"), plain(shown.settings)))
    if len(rows) == 1:
        yield Paragraph(say(quiet("One such patient: "), f"{shown.chart[0].said}."))
    else:
        yield Table("One such patient", ("Time", "Charted"), tuple(rows), shares=(1, 9))
    yield Beside(
        Side(f"At {shown.at} the old version decides", _decided(shown.old)),
        Side(f"At {shown.at} the new version decides", _decided(shown.new)),
    )


def _decided(lines: Sequence[str]) -> tuple[Words, ...]:
    return tuple(plain(one) for one in lines) or (quiet("nothing of this"),)


def _rule(rule: RuleSaid) -> Block:
    absent = (quiet("There is no such rule."),)
    if rule.old == rule.new:
        same = tuple(plain(one) for one in rule.new)
        return Together(
            (
                Paragraph(
                    say("Rule ", strong(rule.name), " reads the same; a name in it means something else.")
                ),
                Beside(Side("Old rule", same), Side("New rule", same)),
            )
        )
    left, right = compared(" ".join(rule.old), " ".join(rule.new))
    return Together(
        (
            Paragraph(say("Rule ", strong(rule.name))),
            Beside(
                Side("Old rule", (left,) if rule.old else absent),
                Side("New rule", (right,) if rule.new else absent),
            ),
        )
    )


def compared(old: str, new: str) -> tuple[Words, Words]:
    """Both, with the words in bold that only one of them has."""
    left, right = old.split(), new.split()
    marks = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return (
        _marked([(left[a:b], tag != "equal") for tag, a, b, _, _ in marks]),
        _marked([(right[c:d], tag != "equal") for tag, _, _, c, d in marks]),
    )


def _marked(parts: Sequence[tuple[list[str], bool]]) -> Words:
    runs: list[Run] = []
    for words, differs in parts:
        if words:
            runs += [Run(" ")] if runs else []
            runs.append(Run(" ".join(words), "strong" if differs else "plain"))
    return tuple(runs)
