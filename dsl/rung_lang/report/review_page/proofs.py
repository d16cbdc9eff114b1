"""What is proved of the two versions: each safety property, each question, and what the verifier found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.report.decisions import UNPROVED, counted
from rung_lang.report.diff_declared import asked, property_words, renumbered
from rung_lang.report.diff_said import Sides
from rung_lang.report.documents.page import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Table,
    Words,
    plain,
    strong,
)
from rung_lang.report.documents.sentences import spaced
from rung_lang.report.review_page.packet import Packet, Text

_ABSENT = "not there"
_WORDS: Mapping[str, str] = {
    "proved": "✓ proved",
    "refuted": "✗ refuted",
    "undecided": "? undecided",
    "not asked": "– not asked",
    _ABSENT: "– not there",
}
_ANSWERS: Mapping[str, str] = {
    "proved": "✓ holds",
    "refuted": "✗ does not hold",
    "undecided": "not decided",
    "not asked": "not asked",
    _ABSENT: _ABSENT,
}


_FOUND: Mapping[str, str] = {"refuted": "✗ found", "undecided": "? undecided"}


@frozen
class Row:
    """A property in words, and what became of it in each version."""

    words: str
    old: str
    new: str


def state(artifact: m.Artifact) -> str:
    """`proved, 312 questions`."""
    certificate = artifact.certificate
    if certificate.state == "proved":
        return f"proved, {counted(len(certificate.obligations), 'question')}"
    if certificate.state == "none":
        return UNPROVED["missing"]
    return UNPROVED[certificate.state]


def properties(sides: Sides) -> tuple[Row, ...]:
    """Each property that either version states, a reworded one beside what it was."""
    old, new = _stated(sides, "old"), _stated(sides, "new")
    rows = [Row(words, one.verdict, new.pop(words).verdict) for words, one in old.items() if words in new]
    kept = {row.words for row in rows}
    for words, one in old.items():
        if words in kept:
            continue
        # A reworded one forbids or demands the same of the same drugs.
        after = next((other for other, its in new.items() if its.about == one.about), None)
        if after is None:
            rows.append(Row(words, one.verdict, _ABSENT))
        else:
            rows.append(Row(f"{words}; now: {after}", one.verdict, new.pop(after).verdict))
    rows += [Row(words, _ABSENT, one.verdict) for words, one in new.items()]
    return tuple(rows)


@frozen
class _Stated:
    about: tuple[object, ...]
    verdict: str


def _stated(sides: Sides, side: str) -> dict[str, _Stated]:
    artifact, own = sides.artifact(side), sides.sentences(side)
    return {
        property_words(own, one): _Stated((one.polarity, one.subject, one.drugs), verdict(artifact, one.id))
        for one in artifact.properties
    }


def verdict(artifact: m.Artifact, about: str) -> str:
    """What became of all that was asked of one property or question, as one word."""
    found = {one.verdict for one in artifact.certificate.obligations if one.about[:1] == (about,)}
    for word in ("refuted", "undecided", "proved"):
        if word in found:
            return word
    return "not asked"


def proofs(packet: Packet) -> Iterator[Block]:
    """Properties first, then questions whose answer changes, then what was found in the two versions."""
    sides = packet.sides
    yield Heading(2, "What is proved, before and after")
    yield Paragraph(
        plain(
            f"Old: {state(sides.old)}. New: {state(sides.new)}. Proved means: for every patient and every "
            "history that the protocol can meet, under what is assumed on the page on what this rests on."
        )
    )
    rows = properties(sides)
    if rows:
        yield Table(
            "Safety properties",
            ("What must hold", "Old", "New"),
            tuple(_row(row.words, row.old, row.new, _WORDS) for row in rows),
        )
    yield from _questions(sides)
    yield from _found(packet)


def _row(words: str, old: str, new: str, said: Mapping[str, str]) -> tuple[Words, ...]:
    shown = plain if old == new else strong
    return (plain(words[:1].upper() + words[1:]), plain(said[old]), shown(said[new]))


def _questions(sides: Sides) -> Iterator[Block]:
    """Those that are answered by yes or no, and otherwise than before."""
    answers = {
        side: {
            one.text: verdict(artifact, f"question:{one.text}")
            for one in artifact.questions
            if one.ask == "property"
        }
        for side, artifact in (("old", sides.current), ("new", sides.new))
    }
    before = renumbered(sides)
    texts = dict.fromkeys((*answers["new"], *(one for one in answers["old"] if one not in before.values())))
    rows = [
        (text, answers["old"].get(before.get(text, text), _ABSENT), answers["new"].get(text, _ABSENT))
        for text in texts
    ]
    changed = [row for row in rows if row[1] != row[2]]
    if changed:
        yield Table(
            "Questions that are answered otherwise",
            ("Question, and what is examined", "Old", "New"),
            tuple(_row(_examined(sides, row[0]), row[1], row[2], _ANSWERS) for row in changed),
        )
    elif rows:
        yield Paragraph(plain(f"{counted(len(rows), 'question')} of the protocol are answered as before."))
    both = [row[0] for row in rows if row[1] == row[2] == "refuted"]
    other = [one for one in both if _shown(sides.current, before.get(one, one)) != _shown(sides.new, one)]
    if other:
        yield Paragraph(
            plain(
                "These hold in neither version, and each shows it with another patient; whether it is so for "
                "the same patients was not looked at:"
            )
        )
        yield Bullets(tuple(plain(_examined(sides, one)) for one in other))


def _examined(sides: Sides, text: str) -> str:
    """A question may ask `is it ever`, and what is examined is then `never`: both are said."""
    side = "new" if any(one.text == text for one in sides.new.questions) else "old"
    return f"{text} Examined: {asked(sides, text, side)}"


def _shown(artifact: m.Artifact, text: str) -> set[str]:
    """By which patients it was shown that a question is answered with no."""
    return {
        artifact.certificate.evidence.get(one.evidence, "")
        for one in artifact.certificate.obligations
        if one.about[:1] == (f"question:{text}",) and one.verdict == "refuted"
    }


def _found(packet: Packet) -> Iterator[Block]:
    """What was refuted or left open by the verifier, of things that are no questions, and what the compiler
    warns of."""
    sides, titles = packet.sides, packet.titles
    rows: list[tuple[Words, ...]] = []
    for word in ("refuted", "undecided"):
        faults = _faults(sides.old, word, titles), _faults(sides.new, word, titles)
        rows += [_marked(one, _FOUND[word], *faults) for one in dict.fromkeys((*faults[0], *faults[1]))]
    if not rows:
        yield Paragraph(plain("The verifier has no finding in either version."))
    warned = _warned(packet.old), _warned(packet.new)
    rows += [_marked(one, "! warned of", *warned) for one in dict.fromkeys((*warned[0], *warned[1]))]
    if rows:
        yield Table("Findings in the two versions", ("What was found", "Old", "New"), tuple(rows))
    if None in (packet.old, packet.new) or not (warned[0] or warned[1]):
        # The same for texts that have none as for their artifacts, which give the same bytes.
        yield Paragraph(
            plain(
                "What the compiler warns of stands here too, of each version that was given as a text; an "
                "artifact does not tell it."
            )
        )


def _marked(what: str, mark: str, old: Sequence[str], new: Sequence[str]) -> tuple[Words, ...]:
    return (plain(what), *(plain(_times(mark, side.count(what))) for side in (old, new)))


def _times(mark: str, count: int) -> str:
    return "–" if not count else mark if count == 1 else f"{mark}, {count} times"


def _warned(text: Text | None) -> list[str]:
    return (
        [] if text is None else [f"{sentence.replace('`', '')} ({code})" for code, sentence in text.findings]
    )


def _faults(artifact: m.Artifact, word: str, titles: Mapping[str, str]) -> list[str]:
    return [
        f"{titles.get(one.code, one.code)} ({one.code}): "
        + ", ".join(spaced(part.replace(":", " ", 1)) for part in one.about)
        for one in artifact.certificate.obligations
        if one.verdict == word and not "".join(one.about[:1]).startswith("question:")
    ]
