"""A page as Markdown. Nothing of an author's text can become markup, a link or a tag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import assert_never

from rung_lang.report.documents.page import (
    Beside,
    Block,
    Bullets,
    Card,
    Drawing,
    Heading,
    Notice,
    Page,
    Paragraph,
    Run,
    Table,
    Together,
    Words,
    flat,
)

_MARKS = re.compile(r"([\\`*\[\]|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_AT_START = re.compile(r"^(\s*)([#>+-]|\d+[.)])(?=\s|$)")


def markdown(page: Page) -> str:
    """The page, ending in one line break. A drawing is said in words: its description."""
    parts = [f"# {escaped(page.title)}", escaped(page.subtitle)]
    for block in page.blocks:
        parts += list(_block(block))
    parts.append(f"---\n\n{escaped(page.foot)}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield f"{'#' * block.level} {escaped(block.text)}"
        case Paragraph():
            yield _start(_words(block.words))
        case Bullets():
            yield "\n".join(f"- {_start(_words(item))}" for item in block.items)
        case Table():
            if block.caption:
                yield f"**{escaped(block.caption)}**"
            yield "\n".join(_table(block))
        case Card():
            mark = f" ({escaped(block.mark)})" if block.mark else ""
            lines = [f"- {_start(_words(said))}" for said in block.says]
            lines += [f"- {escaped(word)}: {escaped(what)}" for word, what in block.lines]
            yield f"**{escaped(block.title)}**{mark}"
            yield "\n".join(lines)
        case Drawing():
            yield f"*{escaped(block.caption)}* {escaped(block.alt)}"
        case Notice():
            yield f"> **{escaped(block.lead)}** {_words(block.words)}"
        case Beside():
            for side in (block.left, block.right):
                says = "; ".join(_words(said) for said in side.says)
                yield f"**{escaped(side.title)}**: {says}"
        case Together():
            yield from (line for part in block.blocks for line in _block(part))
        case _:
            assert_never(block)


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(escaped(cell) for cell in table.head)} |"
    rules = ("---:" if place in table.numbers else "---" for place in range(len(table.head)))
    yield f"|{'|'.join(rules)}|"
    for row in table.rows:
        yield f"| {' | '.join(_words(cell) for cell in row)} |"


def _words(words: Words) -> str:
    return "".join(_run(run) for run in words)


def _run(run: Run) -> str:
    if not run.text:
        return ""
    match run.style:
        case "plain" | "quiet":
            return escaped(run.text)
        case "strong":
            return f"**{escaped(run.text)}**"
        case "code":
            # A bar ends a cell of a table even between backticks.
            fence = "``" if "`" in run.text else "`"
            return f"{fence}{flat(run.text)}{fence}".replace("|", "\\|")
        case _:
            assert_never(run.style)


def escaped(text: str) -> str:
    """The text on one line, showing as itself."""
    safe = flat(text).replace("&", "&amp;").replace("<", "&lt;")
    return _MARKS.sub(r"\\\1", safe)


def _start(text: str) -> str:
    """What would begin a heading, a quotation or a list is only a sign."""
    return _AT_START.sub(lambda found: f"{found[1]}{found[2][:-1]}\\{found[2][-1]}", text)
