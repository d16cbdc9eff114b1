"""What all this rests on, what exactly is meant by hash, and the lines to sign."""

from __future__ import annotations

from collections.abc import Iterator

from rung_lang.diff.model import Version
from rung_lang.report import diff_said as said
from rung_lang.report.cohort_page.parts import say
from rung_lang.report.documents.page import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Table,
    Together,
    Words,
    code,
    plain,
    strong,
)
from rung_lang.report.review_page.packet import Packet

_LINES = 4
"""Empty lines for names; how many must sign is the site's policy."""


def origin(packet: Packet) -> Iterator[Block]:
    """The last pages."""
    sides = packet.sides
    yield Heading(2, "What this rests on", fresh=True)
    yield Paragraph(plain(said.rests_on(sides.difference)))
    if sides.difference.undecided:
        yield Heading(3, "Not decided")
        yield Bullets(tuple(plain(said.opened(sides, one)) for one in sides.difference.undecided))
    for lead, items in said.assumed(sides):
        yield Heading(3, lead)
        yield Bullets(tuple(plain(item) for item in items))
    if packet.cohort is None:
        yield Paragraph(plain("How often it would have mattered was not looked at: no cohort was named."))
    yield from _exactly(packet)
    yield from _sign(packet)


def _exactly(packet: Packet) -> Iterator[Block]:
    yield Heading(2, "What exactly is compared")
    old, new = packet.sides.difference.old, packet.sides.difference.new
    rows: list[tuple[Words, ...]] = [
        (plain("Version"), strong(said.named(old)), strong(said.named(new))),
        (plain("Status"), plain(old.status), plain(new.status)),
        (plain("Meaning, sha256"), _hash(old.meaning), _hash(new.meaning)),
        (plain("Seal, sha256"), _hash(old.seal), _hash(new.seal)),
    ]
    rows.append((plain("File"), *(plain(name) for name, _ in packet.files)))
    rows.append((plain("File, sha256"), *(_hash(digest) for _, digest in packet.files)))
    yield Table("", ("Part", "Old", "New"), tuple(rows))
    yield Paragraph(
        plain(
            f"Made by Rung {packet.rung}. The same two versions and the same data give the same packet, byte "
            "for byte. packet.json lists the hash of every file of it: a changed byte voids a signature."
        )
    )


def _hash(text: str) -> Words:
    """In groups of eight, so that a line can break and an eye can compare."""
    return code(" ".join(text[place : place + 8] for place in range(0, len(text), 8)))


def _sign(packet: Packet) -> Iterator[Block]:
    new: Version = packet.sides.difference.new
    empty = (plain("\u00a0"),) * 4
    yield Together(
        (
            Heading(2, "Sign"),
            Paragraph(
                plain(
                    "Whoever signs does so with her own key, on the files of this packet as they are. The "
                    "lines below are for those who also keep paper; a signature on paper binds no byte."
                )
            ),
            Paragraph(
                say(
                    "Take ",
                    code("new.rungc"),
                    " out of the packet, as ",
                    code(f"{new.name}.rungc"),
                    ", and sign it:",
                )
            ),
            Paragraph(
                code(
                    f"rung approve {new.name}.rungc --packet packet/ --policy policy.toml "
                    '--as "Your name" --role pharmacist --key your.key'
                )
            ),
            Paragraph(plain("To refuse it, add --verdict reject --comment with the reason.")),
            Table("", ("Name", "Role", "Date", "Signature"), (empty,) * _LINES),
        )
    )
