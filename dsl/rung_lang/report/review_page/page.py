"""The page of a packet, before it is HTML or PDF: the first page answers, the others show."""

from __future__ import annotations

from collections.abc import Iterator

from rung_lang.report import diff_said as said
from rung_lang.report.documents.page import Block, Drawing, Heading, Page, Paragraph, plain
from rung_lang.report.documents.told import NOT_ADVICE
from rung_lang.report.review_page.changes import changes
from rung_lang.report.review_page.doses import doses
from rung_lang.report.review_page.first import first
from rung_lang.report.review_page.ladder import ladder
from rung_lang.report.review_page.origin import origin
from rung_lang.report.review_page.packet import Packet
from rung_lang.report.review_page.proofs import proofs
from rung_lang.report.review_page.tonight import tonight
from rung_lang.report.review_page.touched import touched


def review_page(packet: Packet) -> Page:
    """All of it."""
    difference = packet.sides.difference
    title = difference.new.title or difference.new.name
    return Page(
        f"Review: {title}",
        said.between(difference),
        f"Review of {said.between(difference)}",
        f"seal {difference.old.seal[:16]} to {difference.new.seal[:16]}",
        tuple(_blocks(packet)),
    )


def _blocks(packet: Packet) -> Iterator[Block]:
    sides = packet.sides
    yield from first(packet)
    yield from _ladder(packet)
    yield from changes(sides)
    if packet.cohort is not None:
        # What counts cohorts is heavy, and few packets need it.
        from rung_lang.report.impact_page import blocks

        yield from blocks(sides, packet.cohort)
    yield from tonight(sides)
    yield from proofs(packet)
    yield from doses(sides)
    yield from touched(packet)
    yield from origin(packet)
    yield Paragraph(plain(NOT_ADVICE.replace("the text of a protocol", "the texts of two versions")))


def _ladder(packet: Packet) -> Iterator[Block]:
    svg, alt = ladder(packet.sides)
    yield Heading(2, "The ladder", fresh=True)
    yield Drawing(
        svg,
        "Stages in the order of escalation. A part that is new has a dashed frame and a plus, one that is "
        "gone a dotted frame and a cross, one that is changed a heavy frame and a triangle.",
        alt,
    )
