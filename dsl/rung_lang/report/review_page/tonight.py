"""What becomes of the patients who are on the old version when the new one takes over."""

from __future__ import annotations

from collections.abc import Iterator

from rung_lang.diff.model import Tonight
from rung_lang.report.diff_patients import patient
from rung_lang.report.diff_said import Sides
from rung_lang.report.diff_tonight import at_once, landing
from rung_lang.report.documents.page import Block, Heading, Paragraph, Table, Together, Words, plain, strong
from rung_lang.report.review_page.changes import patient_blocks

_MARKS = {"same": "stays", "migrate": "moves", "history": "moves", "open": "nobody has said"}


def tonight(sides: Sides) -> Iterator[Block]:
    """A row for each stage of the old version, then each infusion that would be stopped abruptly."""
    found = sides.difference.tonight
    if not found:
        return
    yield Heading(2, "Patients who are on it tonight")
    yield Table(
        "",
        ("Stage of the old version", "Move", "Where they go", "What differs at once"),
        tuple(_row(sides, one) for one in found),
        shares=(22, 13, 25, 40),
    )
    for one in found:
        for stop in one.stops:
            if stop.patient is not None:
                head = f"{stop.drug} would be stopped abruptly, in {sides.stage('old', one.stage)}"
                yield Together((Heading(3, head), *patient_blocks(patient(sides, stop.patient))))
    yield Paragraph(
        plain(
            "A session moves over whole: its readings, its clocks and what was ordered go with it, and its "
            "log says from which version to which."
        )
    )


def _row(sides: Sides, one: Tonight) -> tuple[Words, ...]:
    where = "They stay" if one.how == "same" and one.landing == one.stage else landing(sides, one)
    because = f": {one.because}" if one.because and one.how != "same" else ""
    return (
        plain(sides.stage("old", one.stage)),
        (plain if one.how == "same" else strong)(_MARKS[one.how]),
        plain(f"{where[:1].upper()}{where[1:]}{because}."),
        plain(". ".join(at_once(sides, one)) or "Nothing"),
    )
