"""Which clauses of the sources and which errata the changed parts rest on, and what is declared otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.artifact import model as m
from rung_lang.checked.said import Concern
from rung_lang.report import diff_said as said
from rung_lang.report.documents.page import Block, Bullets, Heading, Paragraph, Table, Words, plain, strong
from rung_lang.report.documents.told import SEVERITIES, source_words
from rung_lang.report.review_page.packet import Packet


def touched(packet: Packet) -> Iterator[Block]:
    """Declared changes, then errata, then clauses and sources, then names."""
    difference = packet.sides.difference
    if difference.declared:
        yield Heading(2, "What the protocol declares otherwise")
        yield Table(
            "",
            ("What", "Old", "New", "Kind of change"),
            tuple(
                (
                    strong(said.about(one) + (f", {one.what}" if one.what else "")),
                    plain(one.before or "–"),
                    plain(one.after or "–"),
                    plain(said.classes(one.classes)),
                )
                for one in difference.declared
            ),
        )
    yield from _sources(packet)
    if difference.renamed:
        yield Heading(2, "Only the name differs")
        yield Bullets(tuple(plain(said.renamed(one)) for one in difference.renamed))


def _sources(packet: Packet) -> Iterator[Block]:
    rules = _rules(packet)
    errata = sorted({one for _, rule in rules for one in rule.erratum})
    clauses = sorted({one for _, rule in rules for one in rule.clauses})
    cited = list(
        dict.fromkeys((*_sources_of(packet.sides.old, rules), *_sources_of(packet.sides.new, rules)))
    )
    if not errata and not clauses and not cited:
        return
    yield Heading(2, "Sources and errata that the changed rules rest on")
    if cited:
        yield Bullets(tuple(plain(one) for one in cited))
    if clauses:
        yield Paragraph(plain(f"Clauses: {', '.join(clauses)}."))
    if errata:
        concerns = {one.id: one for one in packet.concerns}
        yield Table(
            "Errata: where the sources are wrong or silent",
            ("Number", "What it is", "What was chosen"),
            tuple(_erratum(one, concerns.get(one)) for one in errata),
        )


def _erratum(number: str, concern: Concern | None) -> tuple[Words, ...]:
    if concern is None:
        return (strong(number), plain("see the errata of the protocols"), plain("–"))
    severity = SEVERITIES.get(concern.severity, concern.severity)
    return (strong(number), plain(f"{concern.title} ({severity})"), plain(concern.chosen or "–"))


def _rules(packet: Packet) -> Sequence[tuple[str, m.Rule]]:
    sides = packet.sides
    old = {one for change in sides.difference.changes for one in change.rules_old}
    new = {one for change in sides.difference.changes for one in change.rules_new}
    found = [("old", rule) for rule in (*sides.old.rules, *sides.current.rules) if rule.id in old]
    return (*found, *(("new", rule) for rule in sides.new.rules if rule.id in new))


def _sources_of(artifact: m.Artifact, rules: Sequence[tuple[str, m.Rule]]) -> list[str]:
    names = dict.fromkeys(name for _, rule in rules for name in rule.cites if name in artifact.sources)
    return [source_words(artifact, name) for name in names]
