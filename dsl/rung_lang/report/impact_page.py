"""What a new version changes on a cohort, as blocks of a page: sentences, drawings and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.cohort.compared import Lasting
from rung_lang.report.cohort_page.parts import drawn, row, say
from rung_lang.report.cohort_page.plots import Bar, Dot, bars, dots
from rung_lang.report.cohort_said import hours, spread, stays, whole
from rung_lang.report.decisions import clock
from rung_lang.report.diff_said import Sides
from rung_lang.report.documents.page import Block, Bullets, Heading, Paragraph, Table, plain, strong
from rung_lang.report.impact_said import (
    CLASSES,
    UNSEEN,
    WAITS,
    OnCohort,
    Row,
    by_class,
    head,
    lasts,
    method,
    rows,
    unseen,
    waits,
)

_FEW = 8
"""Stays of one change that are drawn."""


def blocks(sides: Sides, cohort: OnCohort) -> Iterator[Block]:
    """A section of a page, with drawings; each number of a drawing stands in a table too."""
    found = rows(sides, cohort)
    seen = [one for one in found if one.seen]
    yield Heading(2, "On a cohort")
    for place, text in enumerate(head(cohort)):
        yield Paragraph(strong(text) if place == 1 else plain(text))
    yield Paragraph(plain(method(cohort)))
    kinds = by_class(cohort)
    if kinds:
        yield drawn(
            bars("impact-classes", "Patient-hours by class", [_bar(name, one) for name, one in kinds]),
            "Patient-hours in which the decision differs, by class of change.",
        )
    if seen:
        yield drawn(
            bars(
                "impact-changes",
                "Patient-hours by change",
                [_bar(f"{one.label}: {_classes(one)}", one.met.lasting) for one in seen],
            ),
            "Patient-hours in which the decision differs, by change.",
        )
        yield _table(seen)
    for one in seen:
        yield from _first_moments(one)
    for title, told in ((WAITS, waits(found)), (UNSEEN, unseen(sides, cohort, found))):
        if told:
            yield Paragraph(strong(title))
            yield Bullets(tuple(plain(text) for text in told))


def _bar(label: str, lasting: Lasting) -> Bar:
    return Bar(label, lasting.ms, f"{hours(lasting.ms)} h, {stays(lasting.stays)}")


def _classes(one: Row) -> str:
    return ", ".join(CLASSES[name] for name in one.met.change.classes)


def _table(seen: Sequence[Row]) -> Table:
    heads = (
        "change",
        "stays that came to the stage",
        "stays",
        "hours",
        "first at, h",
        "waits for readings, stays",
    )
    made = tuple(
        row(
            one.label,
            whole(one.met.entered),
            whole(one.met.lasting.stays),
            hours(one.met.lasting.ms),
            spread(one.met.lasting.first),
            whole(one.met.readings.stays),
        )
        for one in seen
    )
    return Table("Each change that some stay shows", heads, made, (1, 2, 3, 4, 5))


def _first_moments(one: Row) -> Iterator[Block]:
    number, listed = one.met.lasting.stays, len(one.met.moments)
    yield Heading(3, one.label)
    if number <= _FEW:
        marks = [
            Dot(moment.stay, moment.time, moment.time, moment.time, f"differs {lasts(moment.ms)}")
            for moment in one.met.moments
        ]
        yield drawn(
            dots(f"impact-first-{one.met.change.name.replace('.', '-')}", "First moments", marks),
            "When each stay first differs by this change, in hours of its own clock.",
        )
    if number > listed:
        yield Paragraph(plain(f"The first {listed} of {whole(number)} stays, by their ids:"))
    for shown in one.shown:
        lines = [
            (word, text)
            for word, text in (("Who", shown.who), ("Old", shown.old), ("New", shown.new))
            if text
        ]
        yield Bullets(tuple(say(strong(f"{word}: "), text) for word, text in lines))
        yield Table(
            "First moments, and for how long the versions differ by this change in the stay",
            ("stay", "first at", "hours"),
            tuple(row(stay, clock(time), hours(ms)) for stay, time, ms in shown.stays),
            (2,),
        )
