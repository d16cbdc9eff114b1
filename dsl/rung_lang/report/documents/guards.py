"""What must be so before a drug is given, what is never given, and what must hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.artifact import model as m
from rung_lang.report.documents.page import Block, Bullets, Heading, Paragraph, Run, Table, Words, code, plain
from rung_lang.report.documents.sentences import spaced
from rung_lang.report.documents.told import Told, after, given_drugs, tail
from rung_lang.report.words_phrases import joined


def guards(page: Told) -> Iterator[Block]:
    """The section, part by part."""
    yield from _prerequisites(page)
    yield from _limits(page)
    statements = [*page.of("never", "always", "prove")]
    if statements:
        yield Heading(3, "What must hold")
        yield Paragraph(
            plain(
                "Statements about every patient, for rung check to prove. What a “never” forbids is also "
                "refused when someone signs it."
            )
        )
        yield Bullets(tuple((*code(one.subject), Run(tail(one))) for one in statements))
    assumed = [*page.of("assume")]
    if assumed:
        yield Heading(3, "What is taken for granted")
        yield Bullets(tuple((*code(one.subject.removeprefix("assume ")), Run(tail(one))) for one in assumed))


def _prerequisites(page: Told) -> Iterator[Block]:
    yield Heading(2, "Before a drug is given", fresh=True)
    items = []
    for before in page.artifact.befores:
        condition = page.sentences.condition(before.condition)
        if before.prefer:
            words = f"preferred first: {condition}"
        elif before.otherwise is None:
            words = f"needed first: {condition}"
        else:
            words = f"needed first: {condition}; where it is not so, {page.sentences.order(before.otherwise)}"
        tail = after(before.because, before.clauses, before.erratum)
        items.append((Run(spaced(before.drug).capitalize(), "strong"), Run(f", {words}{tail}")))
    for name in given_drugs(page.artifact):
        drug = page.artifact.drugs[name]
        if drug.needs:
            items.append(
                (
                    Run(spaced(name).capitalize(), "strong"),
                    Run(f" runs only together with {joined([spaced(one) for one in drug.needs], 'and')}"),
                )
            )
        if drug.available_if is not None:
            items.append(
                (
                    Run(spaced(name).capitalize(), "strong"),
                    Run(f" is ordered only where {page.sentences.condition(drug.available_if)}"),
                )
            )
    yield Bullets(tuple(items)) if items else Paragraph(plain("Nothing is asked for first."))
    pairs = [
        f"{spaced(one.drugs[0])} with {spaced(one.drugs[1])}: {one.why}" for one in page.artifact.incompatible
    ]
    if pairs:
        yield Bullets(tuple(plain(f"Not together: {pair}") for pair in pairs))


def _limits(page: Told) -> Iterator[Block]:
    """Contraindications and narrowed doses, then the limits of each drug that is given."""
    contraindicated = []
    rows: list[tuple[Words, ...]] = []
    for one in page.artifact.restricts:
        when = "" if one.condition is None else f" while {page.sentences.condition(one.condition)}"
        tail = after(one.because, one.clauses, one.erratum)
        if one.contraindicated:
            contraindicated.append(
                (Run(spaced(one.drug).capitalize(), "strong"), Run(f"{when or ' always'}{tail}"))
            )
        rows += _limit_rows(
            page, one.drug, f"in this protocol{when}{tail}", one.start, one.usual, one.maximum, one.rolling
        )
    if contraindicated:
        yield Heading(3, "Contraindicated")
        yield Bullets(tuple(contraindicated))
    for name in given_drugs(page.artifact):
        drug = page.artifact.drugs[name]
        rows += _limit_rows(
            page, name, "declared for the site", drug.start, drug.usual, drug.maximum, drug.rolling
        )
    if rows:
        yield Heading(3, "Limits of doses")
        yield Table(
            "", ("Drug", "First dose", "Usual", "Never above", "Where"), tuple(sorted(rows, key=_first_cell))
        )


def _first_cell(row: Sequence[Words]) -> str:
    return row[0][0].text


def _limit_rows(
    page: Told,
    drug: str,
    where: str,
    start: m.Range | None,
    usual: m.Range | None,
    maximum: m.Amount | None,
    rolling: Sequence[m.Rolling],
) -> Iterator[tuple[Words, ...]]:
    most = [page.sentences.amount(maximum)] if maximum is not None else []
    most += [f"{page.sentences.amount(one.maximum)} in {page.sentences.amount(one.over)}" for one in rolling]
    if start is None and usual is None and not most:
        return
    cells = [
        "" if start is None else page.sentences.range(start),
        "" if usual is None else page.sentences.range(usual),
        "; ".join(most),
        where,
    ]
    yield (plain(spaced(drug)), *(plain(cell) for cell in cells))
