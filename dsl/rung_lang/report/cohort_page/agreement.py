"""The part of the page about what was ordered and what was done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.cohort.summary import Agreement
from rung_lang.report.cohort_page.parts import drawn, medians, row, say
from rung_lang.report.cohort_page.plots import Column, Step, columns, steps, stretches
from rung_lang.report.cohort_said import FEW, Ran, hours, share, spoken_of, spread, stays, whole
from rung_lang.report.documents.page import Block, Heading, Paragraph, Table, Words, code, plain

CURVES = 6
"""Drugs that are drawn; the tables hold all."""


def leading(ran: Ran) -> tuple[str, ...]:
    """The drugs whose curves are drawn: those ordered or charted in the most stays."""
    counts = {
        one.drug: (one.both + one.only_ordered + one.only_charted, one.both + one.only_ordered)
        for one in ran.summary.agreements
    }
    ranked = sorted(
        (drug for drug, (either, _) in counts.items() if either),
        key=lambda drug: (-counts[drug][0], -counts[drug][1], drug),
    )
    return tuple(ranked[:CURVES])


def agreement_said(one: Agreement, applied: int) -> Words:
    """One drug in a sentence."""
    text = (
        f": ordered in {share(one.both + one.only_ordered, applied)} stays and charted in "
        f"{share(one.both + one.only_charted, applied)}; both in {whole(one.both)}."
    )
    middle = one.difference.median
    if one.difference.number >= FEW and middle is not None:
        side = "later" if middle > 0 else "earlier"
        lag = f"{hours(abs(middle))} hours {side} than" if middle else "at the same time as"
        text += f" Where both, it was charted {lag} ordered (median)."
    return say(code(one.drug), text)


def agreement(ran: Ran) -> Iterator[Block]:
    """What was ordered against what was done."""
    told = ran.summary
    yield Heading(2, "What was ordered and what was done")
    found = [one for one in told.agreements if spoken_of(one)]
    if not found:
        yield Paragraph(plain("No drug that this protocol begins was ordered or charted where it applied."))
        return
    yield Paragraph(
        plain(
            "For each drug that the protocol can begin: the first confirmed order to start, add, set or "
            "give it, against the first time it was charted as given (an amount or a rate that is "
            f"above 0 or not known). Of the {stays(told.applied)} to which the protocol applied at some "
            "time. A drug that runs already is not ordered anew, so “only charted” holds those in whom it "
            "was begun before the protocol asked for it. An order that leaves the choice between drugs "
            "counts for each of them. “To check”: stays in which it was ordered, but never without "
            "something to find out first; they stand among those not ordered."
        )
    )
    yield Table(
        "First order and first charted dose or rate",
        ("drug", "both", "only ordered", "only charted", "neither", "to check", "charted less ordered, h"),
        tuple(
            row(
                code(one.drug), whole(one.both), whole(one.only_ordered), whole(one.only_charted),
                whole(one.neither), whole(one.unconfirmed), spread(one.difference),
            )
            for one in found
        ),
        (1, 2, 3, 4, 5, 6),
    )  # fmt: skip
    yield Paragraph(medians("charted less ordered", "stays that have both"))
    yield Table(
        "Hours from the first active decision to the first order, and to the first charted",
        ("drug", "stays ordered", "ordered after, h", "stays charted", "charted after, h"),
        tuple(
            row(
                code(one.drug), whole(one.ordered.number), spread(one.ordered), whole(one.charted.number),
                spread(one.charted),
            )
            for one in found
        ),
        (1, 2, 3, 4),
    )  # fmt: skip
    until = told.followed.quantile(9, 10) or 0
    by_drug = {one.drug: one for one in found}
    for drug in leading(ran):
        one = by_drug[drug]
        yield Heading(3, f"{drug}: first order and first charted")
        yield drawn(
            steps(
                f"first-{drug}", f"First {drug}, ordered and charted", told.applied,
                (Step("ordered", one.ordered.counts), Step("charted", one.charted.counts)),
                until, told.followed.counts,
            ),
            f"The part of the {stays(told.applied)} in which {drug} had been ordered (thick line) and "
            "charted (dashed line) by then, from the first active decision on. What was charted earlier "
            "stands at 0. A stay that ended counts as it stood, so this is no estimate of what would have "
            "come later.",
        )  # fmt: skip
        if one.difference.number >= FEW:
            made, zero = stretches(one.difference.counts)
            yield drawn(
                columns(
                    f"difference-{drug}", f"{drug}: charted less ordered", made, zero,
                    ("given before the order", "given from the order on"),
                ),
                f"{stays(one.difference.number)} with both: how long after the first order {drug} was first "
                "charted.",
            )  # fmt: skip
            yield _difference_table(drug, made)


def _difference_table(drug: str, made: Sequence[Column]) -> Table:
    return Table(
        f"{drug}: charted less ordered",
        ("hours", "stays"),
        tuple(row(one.label.replace("\n", " "), whole(one.count)) for one in made if one.count),
        (1,),
    )
