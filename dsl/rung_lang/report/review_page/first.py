"""The first page: what changes, for whom, how many, is anything less safe, tonight, and what is signed."""

from __future__ import annotations

from collections.abc import Iterator

from rung_lang.report import diff_said as said
from rung_lang.report.cohort_page.parts import say
from rung_lang.report.decisions import counted
from rung_lang.report.diff_first import safety
from rung_lang.report.diff_said import Group, Sides, changes_words
from rung_lang.report.diff_tonight import STOPPED, tonight
from rung_lang.report.documents.page import (
    Block,
    Bullets,
    Heading,
    Notice,
    Paragraph,
    Table,
    Words,
    code,
    plain,
    quiet,
    strong,
)
from rung_lang.report.review_page.changes import compared
from rung_lang.report.review_page.packet import Packet
from rung_lang.report.review_page.proofs import properties, state

_MOST = 7


def first(packet: Packet) -> Iterator[Block]:
    """On one page of paper, for all but the longest of changes."""
    difference = packet.sides.difference
    yield Heading(2, "On one page")
    yield Notice(said.verdict(difference), plain(said.asks(difference)))
    yield from _changes(packet.sides)
    yield from _safety(packet.sides)
    yield Heading(3, "How many patients")
    if packet.cohort is None:
        yield Paragraph(
            say(
                "No cohort was asked: ",
                code("rung review OLD NEW -o packet/ --data DIR"),
                " counts stays and hours.",
            )
        )
    else:
        from rung_lang.report.impact_said import head

        yield Bullets(tuple(plain(text) for text in head(packet.cohort)))
    yield from _tonight(packet.sides)
    yield Heading(3, "What you sign")
    yield Paragraph(
        say(
            "That you have read this, and that ",
            strong(said.named(difference.new)),
            " may be used in the place of ",
            strong(said.named(difference.old)),
            f", exactly as it is in new.rungc (seal {difference.new.seal[:16]}…). "
            "How to sign stands on the last page.",
        )
    )


def _changes(sides: Sides) -> Iterator[Block]:
    groups = said.groups(sides)
    if not groups:
        return
    yield Heading(3, "What changes, and for whom")
    shown = [group for group in groups if not group.only_asks and not group.lesser]
    shown = (shown or [group for group in groups if not group.only_asks])[:_MOST]
    rows = [row for group in shown for row in _rows(sides, group)]
    if rows:
        heads = ("Change", "For patients", "Old version", "New version")
        yield Table("", heads, tuple(rows[:_MOST]), shares=(21, 39, 20, 20))
    if len(rows) > _MOST:
        yield Paragraph(plain(f"{counted(len(rows) - _MOST, 'other kind')} of patients: see the changes."))
    left = [group for group in groups if group not in shown]
    lesser = [group.number for group in left if not group.only_asks]
    asks = [group.number for group in left if group.only_asks]
    told = [f"{changes_words(lesser)}: what is told, measured or done beside it."] if lesser else []
    told += [f"{changes_words(asks)}: other readings are asked for, and no order differs."] if asks else []
    if told:
        yield Paragraph(plain(" ".join(told)))


def _rows(sides: Sides, group: Group) -> Iterator[tuple[Words, ...]]:
    stage = said.where(sides, group).removeprefix("in the stage ").removeprefix("in ")
    head = say(strong(f"{group.number}. {said.heading(sides, group)}"), f", {stage}")
    if not group.treated:
        yield (head, plain("see the change"), plain(""), plain(""))
    for region in group.treated:
        old, new = said.gives(sides, region, "old"), said.gives(sides, region, "new")
        classes = said.classes(one for one in region.classes if one != "readings")
        with_ = said.patients(sides, region).removeprefix("patients ")
        who = say(with_, quiet(f": {classes}") if classes else "")
        yield (head, who, *compared(old, new))
        head = plain("")


def _safety(sides: Sides) -> Iterator[Block]:
    yield Heading(3, "Is anything less safe?")
    found = safety(sides)
    rows = properties(sides)
    held = sum(row.old == row.new == "proved" for row in rows)
    count = counted(len(rows), "safety property").replace("propertys", "properties")
    kept = f"Of {count}, {held} {'is' if held == 1 else 'are'} proved of both versions."
    worse = [row for row in rows if row.old == "proved" and row.new in ("refuted", "undecided")]
    items = [*(plain(text) for text in found[:_MOST])]
    items += [say(strong("No longer proved:"), f" {row.words} ({row.new})") for row in worse]
    if len(found) > _MOST:
        items.append(plain(f"And {len(found) - _MOST} more, below."))
    if not items:
        items.append(plain("Nothing that was promised is weakened, removed or left undecided."))
    proofs = f"The old version is {state(sides.old)}; the new one is {state(sides.new)}."
    items.append(plain(f"{kept} {proofs}" if rows else proofs))
    yield Bullets(tuple(items))


def _tonight(sides: Sides) -> Iterator[Block]:
    items = [_item(text) for text in tonight(sides)]
    if items:
        yield Heading(3, "Patients who are on it tonight")
        yield Bullets(tuple(items))


def _item(text: str) -> Words:
    before, stopped, drugs = text.partition(STOPPED)
    return say(before, strong(stopped), drugs) if stopped else plain(text)
