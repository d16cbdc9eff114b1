"""The part of the page about what a new version changes."""

from __future__ import annotations

from collections.abc import Iterator

from rung_lang.report.cohort_page.parts import drawn, listed, row, say
from rung_lang.report.cohort_page.plots import Bar, bars
from rung_lang.report.cohort_said import Ran, hours, share, spread, whole
from rung_lang.report.documents.page import Block, Heading, Paragraph, Table, code, plain, strong


def changes(ran: Ran) -> Iterator[Block]:
    """What differs from another version; nothing where there is none."""
    impact = ran.impact
    if impact is None:
        return
    yield Heading(2, "What changes")
    yield Paragraph(
        plain(
            f"Compared with {impact.old}, something below differs in {share(impact.changed, impact.stays)} "
            "stays. A drug counts while a confirmed order to start, add, set or give it stands; a stage "
            "while the session is active in it."
        )
    )
    if not impact.changes:
        yield Paragraph(plain("Neither version orders a drug or enters a stage in any of these stays."))
        return
    if impact.unseen:
        yield Paragraph(
            say(
                strong("Not seen: "),
                "in none of these stays did either version speak of ",
                listed([f"{kind} {name}" for kind, name in impact.unseen]),
                ". What changes there these data cannot show.",
            )
        )
    rows = [
        Bar(f"{one.name}, {words}", ms, f"{hours(ms)} h")
        for one in impact.changes
        for words, ms in (("only old", one.only_old_ms), ("only new", one.only_new_ms))
        if ms
    ]
    if rows:
        yield drawn(
            bars("impact", "Patient-hours in which the versions differ", rows),
            "Patient-hours in which one version speaks of the drug or stage and the other does not.",
        )
    for kind, words in (("drug", "Orders to begin a drug"), ("stage", "Stages")):
        heads = ("earlier", "later", "only new", "only old", "same", "new less old, h")
        found = [one for one in impact.changes if one.kind == kind]
        if not found:
            continue
        yield Table(
            f"{words}: stays by the first moment",
            (kind, *heads),
            tuple(
                row(
                    code(one.name), whole(one.earlier), whole(one.later), whole(one.only_new),
                    whole(one.only_old), whole(one.same), spread(one.shift),
                )
                for one in found
            ),
            (1, 2, 3, 4, 5, 6),
        )  # fmt: skip
        yield Table(
            f"{words}: patient-hours",
            (kind, "old", "new", "only old", "only new", "stays with more", "with fewer"),
            tuple(
                row(
                    code(one.name), hours(one.old_ms), hours(one.new_ms), hours(one.only_old_ms),
                    hours(one.only_new_ms), whole(one.more), whole(one.fewer),
                )
                for one in found
            ),
            (1, 2, 3, 4, 5, 6),
        )  # fmt: skip
