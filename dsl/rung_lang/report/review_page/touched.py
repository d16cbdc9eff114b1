"""Which clauses of the sources and which errata the changed parts rest on, and what is declared otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.artifact import model as m
from rung_lang.checked.said import Concern
from rung_lang.report import diff_said as said
from rung_lang.report.diff_declared import otherwise, renamed
from rung_lang.report.diff_rules import errata
from rung_lang.report.diff_said import capital
from rung_lang.report.documents.page import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Table,
    Words,
    plain,
    strong,
)
from rung_lang.report.documents.told import SEVERITIES, source_words
from rung_lang.report.review_page.changes import compared
from rung_lang.report.review_page.packet import Packet, Text


def touched(packet: Packet) -> Iterator[Block]:
    """Declared changes, then errata, then clauses and sources, then names."""
    difference = packet.sides.difference
    declared = otherwise(packet.sides)
    if declared:
        yield Heading(2, "What the protocol declares otherwise")
        yield Table(
            "",
            ("What", "Old", "New", "Kind of change"),
            tuple(
                (
                    strong(capital(one.about)),
                    plain(one.old or "–"),
                    plain(one.new or "–"),
                    plain(said.classes(one.classes)),
                )
                for one in declared
            ),
        )
    yield from _sources(packet)
    if difference.renamed:
        yield Heading(2, "Only the name differs")
        yield Bullets(tuple(plain(renamed(one)) for one in difference.renamed))


def _sources(packet: Packet) -> Iterator[Block]:
    rules = _rules(packet)
    old, new = _concerns(packet.old), _concerns(packet.new)
    reworded = {one for one in old.keys() & new.keys() if old[one].chosen != new[one].chosen}
    numbers = sorted({*errata(packet.sides), *reworded, *(old.keys() ^ new.keys() if old and new else ())})
    clauses = sorted({one for _, rule in rules for one in rule.clauses})
    cited = list(
        dict.fromkeys((*_sources_of(packet.sides.old, rules), *_sources_of(packet.sides.new, rules)))
    )
    if not numbers and not clauses and not cited:
        return
    yield Heading(2, "Sources and errata that the changed rules rest on")
    if cited:
        yield Bullets(tuple(plain(one) for one in cited))
    if clauses:
        yield Paragraph(plain(f"Clauses: {', '.join(clauses)}."))
    changed = [one for one in numbers if _chosen(old.get(one)) != _chosen(new.get(one))]
    if changed:
        yield Table(
            "Errata, where the sources are wrong or silent: what is chosen otherwise",
            ("Number", "What it is", "Old", "New"),
            tuple(_erratum(one, old.get(one), new.get(one)) for one in changed),
            shares=(9, 27, 32, 32),
        )
    same = [_named(one, new.get(one)) for one in numbers if one not in changed]
    if same:
        lead = "Errata that the changed rules rest on, with the same chosen as before: "
        yield Paragraph(plain(f"{lead}{'; '.join(same)}."))


def _chosen(concern: Concern | None) -> str:
    return "" if concern is None else concern.chosen


def _named(number: str, concern: Concern | None) -> str:
    return number if concern is None else f"{number}, {concern.title[:1].lower()}{concern.title[1:]}"


def _concerns(text: Text | None) -> dict[str, Concern]:
    return {} if text is None else {one.id: one for one in text.concerns}


def _erratum(number: str, old: Concern | None, new: Concern | None) -> tuple[Words, ...]:
    concern = new or old
    assert concern is not None
    what = plain(f"{concern.title} ({SEVERITIES.get(concern.severity, concern.severity)})")
    return (strong(number), what, *(side or plain("–") for side in compared(_chosen(old), _chosen(new))))


def _rules(packet: Packet) -> Sequence[tuple[str, m.Rule]]:
    sides = packet.sides
    old = {one for change in sides.difference.changes for one in change.rules_old}
    new = {one for change in sides.difference.changes for one in change.rules_new}
    found = [("old", rule) for rule in (*sides.old.rules, *sides.current.rules) if rule.id in old]
    return (*found, *(("new", rule) for rule in sides.new.rules if rule.id in new))


def _sources_of(artifact: m.Artifact, rules: Sequence[tuple[str, m.Rule]]) -> list[str]:
    names = dict.fromkeys(name for _, rule in rules for name in rule.cites if name in artifact.sources)
    return [source_words(artifact, name) for name in names]
