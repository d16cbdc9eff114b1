"""What is proved of the two versions: each safety property, each question, and what the verifier found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.report.decisions import UNPROVED, counted
from rung_lang.report.diff_said import Sides
from rung_lang.report.documents.page import Block, Heading, Paragraph, Table, Words, plain, strong
from rung_lang.report.documents.sentences import Sentences, spaced
from rung_lang.report.words_phrases import joined

_ABSENT = "not there"
_WORDS: Mapping[str, str] = {
    "proved": "✓ proved",
    "refuted": "✗ refuted",
    "undecided": "? undecided",
    "not asked": "– not asked",
    _ABSENT: "– not there",
}
_ANSWERS: Mapping[str, str] = {
    "proved": "yes",
    "refuted": "no",
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


def property_words(sentences: Sentences, one: m.Property) -> str:
    """`never order vasopressin above 0.03 units/min`."""
    if one.subject == "condition":
        what = "" if one.condition is None else sentences.condition(one.condition)
    else:
        above = "" if one.above is None else f" above {sentences.amount(one.above)}"
        what = f"{one.subject} {joined([spaced(drug) for drug in one.drugs], 'or')}{above}"
    given = "" if one.given is None else f" while {sentences.condition(one.given)}"
    return f"{one.polarity} {what}{given}"


def proofs(sides: Sides, titles: Mapping[str, str]) -> Iterator[Block]:
    """Properties first, then questions whose answer changes, then what was found by the verifier."""
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
    yield from _found(sides, titles)


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
    texts = dict.fromkeys((*answers["old"], *answers["new"]))
    rows = [(text, answers["old"].get(text, _ABSENT), answers["new"].get(text, _ABSENT)) for text in texts]
    changed = [row for row in rows if row[1] != row[2]]
    if changed:
        yield Table(
            "Questions that are answered otherwise",
            ("Question", "Old: does it hold", "New: does it hold"),
            tuple(_row(*row, _ANSWERS) for row in changed),
        )
    elif rows:
        yield Paragraph(plain(f"{counted(len(rows), 'question')} of the protocol are answered as before."))


def _found(sides: Sides, titles: Mapping[str, str]) -> Iterator[Block]:
    """What was refuted or left open by the verifier, of things that are no questions."""
    rows: list[tuple[Words, ...]] = []
    for word in ("refuted", "undecided"):
        old, new = _faults(sides.old, word, titles), _faults(sides.new, word, titles)
        rows += [
            (
                plain(one),
                plain(_FOUND[word] if one in old else "–"),
                plain(_FOUND[word] if one in new else "–"),
            )
            for one in dict.fromkeys((*old, *new))
        ]
    if rows:
        yield Table("Findings of the verifier", ("What was found", "Old", "New"), tuple(rows))
    else:
        yield Paragraph(plain("The verifier has no finding in either version."))


def _faults(artifact: m.Artifact, word: str, titles: Mapping[str, str]) -> list[str]:
    return [
        f"{titles.get(one.code, one.code)} ({one.code}): "
        + ", ".join(spaced(part.replace(":", " ", 1)) for part in one.about)
        for one in artifact.certificate.obligations
        if one.verdict == word and not "".join(one.about[:1]).startswith("question:")
    ]
