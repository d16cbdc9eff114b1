"""What the sources say of a protocol: concerns, facts, titles with years; and which version this is."""

from __future__ import annotations

from collections.abc import Iterator

from rung_lang.checked.said import Remark
from rung_lang.report.decisions import counted
from rung_lang.report.documents.page import Block, Bullets, Card, Heading, Notice, Table, Words, code, plain
from rung_lang.report.documents.sentences import spaced
from rung_lang.report.documents.told import NOT_ADVICE, SEVERITIES, Told, ended, ids_of, source_words
from rung_lang.report.words_phrases import joined


def concerns(page: Told) -> Iterator[Block]:
    """Each concern, with what was chosen."""
    concerns = sorted(page.compiled.said.concerns, key=lambda one: one.id)
    if not concerns:
        return
    yield Heading(2, "Where the sources are wrong or silent", fresh=True)
    for one in concerns:
        lines = [("They say", one.says), ("Chosen", one.chosen)]
        if one.notes.because:
            lines.append(("Why", one.notes.because))
        if one.decides:
            lines.append(("Site", joined([spaced(name) for name in one.decides], "and")))
        if one.notes.clauses:
            lines.append(("Clauses", ", ".join(one.notes.clauses)))
        severity = SEVERITIES.get(one.severity, one.severity)
        shown = tuple((word, what) for word, what in lines if what)
        yield Card(f"{one.id}. {one.title}", severity, (), shown)


def facts(page: Told) -> Iterator[Block]:
    """What sources report and no rule acts on."""
    facts = [*page.of("fact")]
    if facts:
        yield Heading(2, "What the sources report, and no rule acts on")
        yield Bullets(tuple(plain(ended(one.subject) + _cited(page, one)) for one in facts))


def _cited(page: Told, remark: Remark) -> str:
    cites = "; ".join(source_words(page.artifact, one) for one in remark.notes.cites)
    parts = (cites, ", ".join(remark.notes.clauses), ", ".join(remark.notes.erratum))
    words = "; ".join(part for part in parts if part)
    return f" ({words})" if words else ""


def sources(page: Told) -> Iterator[Block]:
    """Titles with years."""
    rows: list[tuple[Words, ...]] = []
    for remark in page.of("source"):
        source = page.artifact.sources.get(remark.subject)
        if source is not None:
            year = "no date" if source.year is None else f"{source.year}"
            about = "; ".join(part for part in (remark.notes.because, ids_of(remark)) if part)
            rows.append((plain(source.title), plain(source.publisher), plain(year), plain(about)))
    if rows:
        yield Heading(2, "Sources")
        yield Table("", ("Title", "From", "Year", "Note"), tuple(rows))


def version(page: Told) -> Iterator[Block]:
    """Which version this is, and what its text holds."""
    artifact = page.artifact
    yield Heading(2, "Version")
    rows = [
        (plain("Protocol"), plain(f"{artifact.name} {artifact.version}, {artifact.status}")),
        (plain("Language"), plain(artifact.language)),
        (plain("Meaning"), code(artifact.meaning)),
        (
            plain("Counts"),
            plain(
                f"{counted(len(artifact.rules), 'rule')}, {counted(len(artifact.stages), 'stage')}, "
                f"{counted(len(artifact.properties), 'statement')}, "
                f"{counted(len(page.compiled.examples), 'example')}"
            ),
        ),
    ]
    yield Table("", ("What", "Which"), tuple(rows))
    yield Notice("Not medical advice.", plain(NOT_ADVICE))
