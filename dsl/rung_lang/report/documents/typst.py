"""A page as a Typst text, which the `typst` package sets as PDF; the drawings go beside it, each a file.

Every word of an author stands in a string, so nothing of it is ever read as markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import assert_never

from rung_engine.frozen import frozen
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
    Side,
    Table,
    Together,
    Words,
    kept,
)

PREAMBLE = """
#let accent = rgb("#0b4f8a")
#let faint = rgb("#555b63")
#let hair = rgb("#c9ced6")
#set text(font: "Libertinus Serif", size: 10.5pt, lang: "en", hyphenate: false, fill: rgb("#16191d"))
#set par(leading: 0.62em, spacing: 0.95em)
#show regex("[A-Za-z]+/[A-Za-z/]+"): box
#show heading.where(level: 1): it => block(below: 6pt, text(size: 22pt, weight: "bold", it.body))
#show heading.where(level: 2): it => block(above: 24pt, below: 11pt, sticky: true, width: 100%,
  stroke: (bottom: 1.2pt + accent), inset: (bottom: 4pt), text(size: 14.5pt, weight: "bold", it.body))
#show heading.where(level: 3): it => block(above: 18pt, below: 9pt, sticky: true,
  text(size: 12pt, weight: "bold", it.body))
#show heading.where(level: 4): it => text(size: 10.5pt, weight: "bold", it.body)
#let card(title, mark, says, lines) = block(breakable: false, width: 100%, above: 9pt, below: 9pt,
  stroke: (left: 2.4pt + accent, rest: 0.5pt + hair), radius: 1.5pt, inset: (x: 9pt, y: 8pt), {
  grid(columns: (1fr, auto), column-gutter: 10pt, heading(level: 4, outlined: false, title),
    text(size: 9pt, weight: "bold", fill: accent, mark))
  for said in says { block(above: 6pt, below: 0pt, said) }
  if lines.len() > 0 {
    block(above: 7pt, below: 0pt, text(size: 9pt, grid(columns: (17mm, 1fr),
      row-gutter: 4.5pt, column-gutter: 6pt,
      ..lines.map(((word, what)) => (text(fill: faint, word), what)).flatten())))
  }
})
#let sheet(caption, columns, aligned, head, rows) = {
  if caption != "" { block(above: 12pt, below: 5pt, sticky: true, text(weight: "bold", caption)) }
  block(above: 5pt, below: 13pt, text(size: 9pt, table(columns: columns, align: aligned, inset: 4pt,
    stroke: (x, y) => (bottom: if y == 0 { 0.9pt } else { 0.4pt + hair }),
    table.header(..head.map(cell => table.cell(align: bottom, text(weight: "bold", cell)))), ..rows)))
}
#let notice(lead, said) = block(breakable: false, width: 100%, above: 12pt, below: 12pt, fill: rgb("#f3f6f9"),
  stroke: 0.9pt + accent, radius: 1.5pt, inset: 9pt, { strong(lead); [ ]; said })
#let beside(left, says, right, also) = block(breakable: false, above: 7pt, below: 11pt,
  grid(columns: (1fr, 1fr), column-gutter: 14pt, ..((left, says), (right, also)).map(((what, said)) =>
    block(width: 100%, stroke: (top: 0.8pt), inset: (top: 5pt), { text(size: 8.5pt, weight: "bold",
      fill: faint, what); for one in said { par(one) } }))))
"""


@frozen
class Setting:
    """The text and, by name, the drawings it shows."""

    text: str
    drawings: Mapping[str, str]


def typst(page: Page) -> Setting:
    """The page, to be set."""
    drawings: dict[str, str] = {}
    lines = [
        f"#set document(title: {_quoted(page.title)}, author: (), date: none)",
        '#set page(paper: "a4", margin: (x: 18mm, top: 21mm, bottom: 20mm),',
        "  header: context { if counter(page).get().first() > 1 {",
        f'    text(size: 8.5pt, fill: rgb("#555b63"), {_quoted(page.running)}) }} }},',
        f'  footer: context text(size: 8.5pt, fill: rgb("#555b63"), {{ {_quoted(page.foot)}; h(1fr);',
        '    counter(page).display("1 / 1", both: true) }))',
        PREAMBLE.strip(),
        f"#heading(level: 1, outlined: false, {_quoted(page.title)})",
        f"#text(fill: faint, {_quoted(page.subtitle)})",
    ]
    for block in page.blocks:
        lines += _block(block, drawings)
    return Setting("\n".join(lines) + "\n", drawings)


def _block(block: Block, drawings: dict[str, str]) -> Iterator[str]:
    match block:
        case Heading():
            if block.fresh:
                yield "#pagebreak(weak: true)"
            yield f"#heading(level: {block.level}, {_quoted(block.text)})"
        case Paragraph():
            yield f"#par({_words(block.words)})"
        case Bullets():
            yield f"#list({', '.join(_words(item) for item in block.items)})"
        case Table():
            yield _table(block)
        case Card():
            says = "".join(f"{_words(said)}, " for said in block.says)
            pairs = "".join(f"({_quoted(word)}, {_quoted(what)}), " for word, what in block.lines)
            yield f"#card({_quoted(block.title)}, {_quoted(block.mark)}, ({says}), ({pairs}))"
        case Drawing():
            name = f"drawing{len(drawings) + 1}.svg"
            drawings[name] = block.svg
            size = f"width: 100%, height: {_height(block.svg)}mm"
            yield (
                f'#figure(numbering: none, image({_quoted(name)}, {size}, fit: "contain", '
                f"alt: {_quoted(block.alt)}), caption: {_quoted(block.caption)})"
            )
        case Notice():
            yield f"#notice({_quoted(block.lead)}, {_words(block.words)})"
        case Beside():
            yield f"#beside({_side(block.left)}, {_side(block.right)})"
        case Together():
            # A heading inside a block has no room above it of its own.
            above = 18 if isinstance(block.blocks[0], Heading) else 11
            yield f"#block(breakable: false, width: 100%, above: {above}pt)["
            yield from (line for part in block.blocks for line in _block(part, drawings))
            yield "]"
        case _:
            assert_never(block)


def _side(side: Side) -> str:
    says = "".join(f"{_words(said)}, " for said in side.says)
    return f"{_quoted(side.title)}, ({says})"


def _table(table: Table) -> str:
    shares = table.shares or [_width(table, place) for place in range(len(table.head))]
    columns = ", ".join(f"{share}fr" for share in shares)
    aligned = ", ".join("right" if place in table.numbers else "left" for place in range(len(table.head)))
    head = "".join(f"{_quoted(cell)}, " for cell in table.head)
    rows = "".join(f"{_words(cell)}, " for row in table.rows for cell in row)
    return f"#sheet({_quoted(table.caption)}, ({columns},), ({aligned},), ({head}), ({rows}))"


def _width(table: Table, place: int) -> int:
    """A share of the line: wider for longer words, never too narrow for the longest of them."""
    if place in table.numbers:
        return 8
    cells = [row[place] for row in table.rows]
    longest = max((sum(_room(run) for run in cell) for cell in cells), default=0)
    word = max((_word(run) for cell in cells for run in cell), default=0)
    return max(min(max(longest, len(table.head[place]), 8), 22 if table.numbers else 50), word + 3)


def _word(run: Run) -> int:
    """The room of its longest word; a number and its unit are one."""
    words = (Run(word, run.style) for word in kept(run.text).split(" "))
    return max((_room(word) for word in words), default=0)


def _room(run: Run) -> int:
    """Letters of one width are wider, and such words are not broken."""
    return len(run.text) * 3 // 2 if run.style == "code" else len(run.text)


_WIDE, _HIGH = 174, 222
"""What a page has room for, in mm."""


def _height(svg: str) -> int:
    """In mm, of a drawing as wide as the page; no higher than a page."""
    found = re.search(r'viewBox="\S+ \S+ (\d+)\S* (\d+)', svg)
    return _HIGH if found is None else min(_HIGH, -(-_WIDE * int(found[2]) // int(found[1])))


def _words(words: Words) -> str:
    return f"{{ {'; '.join(_run(run) for run in words) or _quoted('')} }}"


def _run(run: Run) -> str:
    text = _quoted(run.text)
    match run.style:
        case "plain":
            return text
        case "strong":
            return f"strong({text})"
        case "quiet":
            return f"text(fill: faint, {text})"
        case "code":
            return f"raw({text})"
        case _:
            assert_never(run.style)


def _quoted(text: str) -> str:
    """A string."""
    return '"' + kept(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
