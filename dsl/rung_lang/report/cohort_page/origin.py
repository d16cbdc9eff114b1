"""The parts of the page about the data, what they cannot say, and where everything comes from."""

from __future__ import annotations

from collections.abc import Iterator

from rung_lang.report.cohort_page.parts import listed, row, say
from rung_lang.report.cohort_said import NEEDS, NOTHING, Ran, hours, unseen, whole
from rung_lang.report.documents.page import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Table,
    code,
    plain,
    quiet,
    strong,
)


def data(ran: Ran) -> Iterator[Block]:
    """Where every row of the data went."""
    told = ran.summary
    yield Heading(2, "Where every row went")
    for account in ran.accounts:
        if account.rows:
            lines = account.lines
            yield Table(
                lines[0],
                ("rows", "what became of them"),
                tuple(
                    row(
                        *(
                            (plain if line.startswith("  ") and line[2] != " " else quiet)(part)
                            for part in line.strip().split(" ", 1)
                        )
                    )
                    for line in lines[1:]
                    if " " in line.strip()
                ),
                (0,),
            )
    if ran.refused:
        yield Table(
            "Rows that could not be used as they stand",
            ("variable", "why", "rows"),
            tuple(row(code(name), why, whole(count)) for name, why, count in ran.refused),
            (2,),
        )
    if told.rejected:
        yield Table(
            "Readings the engine took and did not use",
            ("input", "why", "times", "stays", "hours"),
            tuple(
                row(
                    code(one.name),
                    NEEDS.get(one.more, one.more),
                    whole(one.times),
                    whole(one.stays),
                    hours(one.ms),
                )
                for one in told.rejected
            ),
            (2, 3, 4),
        )


def not_said(ran: Ran) -> Iterator[Block]:
    """What this cohort never met."""
    yield Heading(2, "What these data cannot say")
    found = unseen(ran)
    if not found and not ran.summary.outside:
        yield Paragraph(
            plain("Every stage was reached, every rule acted, and every input and drug was charted.")
        )
    if found:
        yield Bullets(tuple(say(strong(f"{words}: "), listed(names)) for words, names in found))
    words = ran.artifact.provenance.words
    if ran.summary.outside:
        yield Table(
            "Outside what the proof assumed",
            ("the protocol assumes", "hours it was not so", "stays"),
            tuple(
                row(code(words.get(one.name, one.name)), hours(one.ms), whole(one.stays))
                for one in ran.summary.outside
            ),
            (1, 2),
        )


def origin(ran: Ran) -> Iterator[Block]:
    """What went in, what worked on it, what was assumed."""
    yield Heading(2, "Where this comes from")
    certificate = ran.artifact.certificate
    yield Table(
        "",
        ("what", "which"),
        (
            row("protocol", f"{ran.artifact.name} {ran.artifact.version}"),
            row("proof", ran.proof),
            *((row("sign-off", ran.sign_off),) if ran.sign_off else ()),
            row("data", f"{ran.data}, read as {ran.read_as}"),
            row("a drug that nobody charted", f"counts as {ran.silence}. {ran.silence_why}".strip()),
            *(row(f"setting {one.name}", f"{one.value} ({one.reason})") for one in ran.settings),
            *(row(what, code(value)) for what, value in ran.hashes),
        ),
    )
    for words, lines in (
        ("How the data were read:", ran.notes),
        ("What the proof assumed:", certificate.assumed),
        ("What the proof did not cover:", (*certificate.approximated, *certificate.not_analysed)),
    ):
        if lines:
            yield Paragraph(strong(words))
            yield Bullets(tuple(plain(line) for line in lines))
    if not ran.notes and not certificate.assumed:
        yield Paragraph(quiet(f"Nothing was assumed {NOTHING} or nothing was told of it."))
