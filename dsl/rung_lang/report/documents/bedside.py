"""What a protocol asks of the bedside: doses to draw up, readings to take, responses to look for."""

from __future__ import annotations

from collections.abc import Iterator

from rung_engine.artifact import model as m
from rung_lang.report.documents.doses import dose_tables, rounding
from rung_lang.report.documents.page import Block, Bullets, Heading, Paragraph, Run, Table, Words, code, plain
from rung_lang.report.documents.sentences import spaced
from rung_lang.report.documents.told import Told, ids_of, orders_of, place_of, tail


def doses(page: Told) -> Iterator[Block]:
    """Dose tables, with how they were rounded."""
    tables = dose_tables(page.artifact)
    if tables:
        yield Heading(2, "Dose tables", fresh=True)
        yield Paragraph(rounding())
        yield from tables


def measures(page: Told) -> Iterator[Block]:
    """What is ordered to be measured, and what the rules read."""
    rows: list[tuple[Words, ...]] = []
    for rule in sorted(page.artifact.rules, key=lambda rule: (page.place(rule.id), rule.id)):
        for order in orders_of(rule):
            if order.op == "measure":
                when = page.sentences.condition(rule.condition)
                clauses = ", ".join(rule.clauses)
                rows.append(
                    (plain(_what(page.sentences.order(order))), plain(f"when {when}"), plain(clauses))
                )
    if rows:
        yield Heading(2, "What to measure, and when")
        yield Table("", ("What", "When", "Clauses"), tuple(dict.fromkeys(rows)))
    read = sorted(_read(page.artifact))
    shown = []
    for name in read:
        declared = page.artifact.inputs[name]
        valid = "for the whole stay" if declared.fixed else _hours(declared.valid_for)
        asked = declared.asked or ""
        shown.append((code(name), plain(declared.title or spaced(name)), plain(valid), plain(asked)))
    if shown:
        yield Heading(3, "What the rules read")
        yield Table("", ("Name", "What it is", "A reading counts", "Question asked"), tuple(shown))


def _what(words: str) -> str:
    return words.removeprefix("measure ").removeprefix("check ")


def _hours(millis: int | None) -> str:
    if millis is None:
        return "until the next"
    minutes = millis // 60_000
    for size, unit in ((1440, "d"), (60, "h")):
        if minutes % size == 0:
            return f"for {minutes // size} {unit}"
    return f"for {minutes} min"


def _read(artifact: m.Artifact) -> set[str]:
    """The inputs some term of the artifact names."""
    named = {
        name
        for term in artifact.terms
        for name in (getattr(term, "input", None), term.name if isinstance(term, m.Input) else None)
        if isinstance(name, str)
    }
    return named & set(artifact.inputs)


def outcomes(page: Told) -> Iterator[Block]:
    """What counts as a response."""
    remarks = {remark.subject: remark for remark in page.of("outcome")}
    rows: list[tuple[Words, ...]] = []
    for name, outcome in sorted(
        page.artifact.outcomes.items(), key=lambda item: place_of(remarks.get(item[0]))
    ):
        title = (Run(outcome.title or spaced(name), "strong"),)
        meaning = page.sentences.condition(outcome.condition, named=False)
        rows.append((title, plain(meaning), plain(ids_of(remarks.get(name)))))
    if rows:
        yield Heading(2, "What counts as a response")
        yield Table("", ("Name", "When", "Clauses"), tuple(rows))


def ownership(page: Told) -> Iterator[Block]:
    """What is left to another protocol."""
    items = [(*code(one.subject), Run(tail(one))) for one in page.of("yields")]
    if items:
        yield Heading(2, "When another protocol runs too")
        yield Bullets(tuple(items))


def takeover(page: Told) -> Iterator[Block]:
    """Where the patients of an older version go on, as far as the author says."""
    items = [
        plain(
            f"A patient in {one.stage} goes on "
            + ("where this version would have brought them by now" if one.to is None else f"in {one.to}")
            + f": {one.because}."
        )
        for one in page.artifact.migrates or ()
    ]
    if items:
        yield Heading(2, "When it takes over from an older version")
        yield Bullets(tuple(items))


def questions(page: Told) -> Iterator[Block]:
    """The declared questions."""
    items = [plain(one.subject + tail(one)) for one in page.of("question")]
    if items:
        yield Heading(2, "Questions it answers by proof")
        yield Paragraph(
            plain("The command rung ask prints each answer with its proof, or the patient who shows why not.")
        )
        yield Bullets(tuple(items))
