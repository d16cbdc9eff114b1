"""A page before it has a form: titles, words, tables and drawings in their order.

Knows nothing of protocols and nothing of Markdown, HTML or PDF; each of those has a file of its own.
"""

from __future__ import annotations

import re
from typing import Literal

from rung_engine.frozen import frozen
from rung_lang.report.lettering import clean

Style = Literal["plain", "strong", "quiet", "code"]


@frozen
class Run:
    """Words in one style; the words are text, never markup."""

    text: str
    style: Style = "plain"


Words = tuple[Run, ...]


@frozen
class Heading:
    """`level` 2 begins a section, 3 a part of one. `fresh`: begins a page where there are pages."""

    level: Literal[2, 3]
    text: str
    fresh: bool = False


@frozen
class Paragraph:
    words: Words


@frozen
class Bullets:
    items: tuple[Words, ...]


@frozen
class Table:
    """Every row has as many cells as `head`; `numbers` are the columns that are set to the right. `shares`:
    how the width of a page is shared; by default by the words."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]
    numbers: tuple[int, ...] = ()
    shares: tuple[int, ...] = ()


@frozen
class Card:
    """One rule: its name, how strongly it is meant, what it says, and lines of a word and what it is."""

    title: str
    mark: str
    says: tuple[Words, ...]
    lines: tuple[tuple[str, str], ...]


@frozen
class Drawing:
    """An SVG document, with what it shows in words."""

    svg: str
    caption: str
    alt: str


@frozen
class Notice:
    """Words in a frame, with a word in front that says why they stand apart."""

    lead: str
    words: Words


@frozen
class Side:
    """One of two things that are compared: what it is called, and what it says."""

    title: str
    says: tuple[Words, ...]


@frozen
class Beside:
    """Two sides next to each other."""

    left: Side
    right: Side


@frozen
class Together:
    """Blocks that no page break parts."""

    blocks: tuple[Block, ...]


Block = Heading | Paragraph | Bullets | Table | Card | Drawing | Notice | Beside | Together


@frozen
class Page:
    """`running` stands at the head of every page that is printed, `foot` below it."""

    title: str
    subtitle: str
    running: str
    foot: str
    blocks: tuple[Block, ...]


def plain(text: str) -> Words:
    """Words in no style."""
    return (Run(text),)


def strong(text: str) -> Words:
    """Words that stand out."""
    return (Run(text, "strong"),)


def quiet(text: str) -> Words:
    """Words that stand back."""
    return (Run(text, "quiet"),)


def code(text: str) -> Words:
    """The author's own words."""
    return (Run(text, "code"),)


def ticked(text: str) -> Words:
    """Words in which what stands between backticks is an author's own."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    runs = (Run(part, "code" if place % 2 else "plain") for place, part in enumerate(parts))
    return tuple(run for run in runs if run.text)


def text_of(words: Words) -> str:
    """The words alone."""
    return "".join(run.text for run in words)


_AMOUNT = re.compile(r"(?<=\d) (?=[A-Za-zµ%])")


def flat(text: str) -> str:
    """The words on one line, without controls or direction marks; a blank at either end is kept."""
    words = clean(text)
    return " " * text[:1].isspace() + words + " " * (text[-1:].isspace() and bool(words))


def kept(text: str) -> str:
    """The words on one line, with no line ending between a number and its unit."""
    return _AMOUNT.sub("\u00a0", flat(text))
