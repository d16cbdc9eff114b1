"""What becomes of doses: first dose, steps and limits of each drug before and after, and on the pump."""

from __future__ import annotations

from collections.abc import Iterator

from rung_engine.artifact import model as m
from rung_lang.report.diff_said import Sides
from rung_lang.report.documents.doses import dose_words, pumped, uses
from rung_lang.report.documents.page import Block, Heading, Paragraph, Table, Words, plain, strong
from rung_lang.report.documents.sentences import spaced
from rung_lang.report.words_phrases import joined

WEIGHT = 70
"""Kilograms, for the figures of doses by the kilogram."""

_Doses = dict[str, dict[str, tuple[str, ...]]]
"""By drug and by what the dose is for."""


def doses(sides: Sides) -> Iterator[Block]:
    """A table for each drug of which a dose differs; the others are named."""
    old, new = _doses(sides.current), _doses(sides.new)
    drugs = sorted({*old, *new})
    changed = [drug for drug in drugs if old.get(drug) != new.get(drug)]
    alike = [spaced(drug) for drug in drugs if drug not in changed]
    if not drugs:
        return
    yield Heading(2, "Doses, before and after")
    if not changed:
        yield Paragraph(plain("No dose, step or limit differs."))
    for drug in changed:
        before, after = old.get(drug, {}), new.get(drug, {})
        yield Table(
            spaced(drug).capitalize(),
            ("What for", "Old", "New", "Change"),
            tuple(_row(what, before.get(what), after.get(what)) for what in dict.fromkeys((*before, *after))),
        )
    if changed:
        yield Paragraph(
            plain(
                "Beside a dose stands what it comes to on a pump with the concentrations declared for the "
                f"site, for a dose by the kilogram at {WEIGHT} kg."
            )
        )
    if changed and alike:
        yield Paragraph(plain(f"Doses, steps and limits are unchanged of {joined(alike, 'and')}."))


def _row(what: str, before: tuple[str, ...] | None, after: tuple[str, ...] | None) -> tuple[Words, ...]:
    if before == after:
        mark: Words = plain("same")
    else:
        mark = strong("+ new" if before is None else "× gone" if after is None else "changed")
    return (
        plain(what[:1].upper() + what[1:]),
        *(plain("; ".join(one or ("–",))) for one in (before, after)),
        mark,
    )


def _doses(artifact: m.Artifact) -> _Doses:
    found: _Doses = {}
    for use in uses(artifact):
        pump = pumped(artifact, use, WEIGHT)
        text = dose_words(use) + (f" ({'; '.join(pump)})" if pump else "")
        drug = found.setdefault(use.drug, {})
        drug[use.what] = tuple(sorted({*drug.get(use.what, ()), text}))
    return found
