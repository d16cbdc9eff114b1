"""A page as one HTML file that needs nothing else: its own style, no script, nothing fetched.

It is well-formed XML too. Printed, it fills A4 pages with a running title and page numbers. Strength is
said by a word, and the one colour is never the only sign of anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
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
    Side,
    Table,
    Together,
    Words,
    kept,
)

STYLE = """
:root { --ink: #16191d; --quiet: #555b63; --hair: #c9ced6; --tint: #f3f6f9; --accent: #0b4f8a; }
* { box-sizing: border-box; }
html { background: #fff; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 52rem; color: var(--ink);
  font: 1rem/1.55 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", "Noto Sans", sans-serif; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3rem 0 1rem; padding-bottom: .35rem;
  border-bottom: 2px solid var(--accent); }
h3 { font-size: 1.08rem; margin: 2.2rem 0 .8rem; }
p, ul { margin: 0 0 .9rem; max-width: 46rem; }
ul { padding-left: 1.3rem; }
li { margin-bottom: .35rem; }
.under, .quiet { color: var(--quiet); }
code { font: .92em ui-monospace, "DejaVu Sans Mono", monospace; }
.card { border: 1px solid var(--hair); border-left: 4px solid var(--accent); border-radius: 3px;
  padding: .8rem 1rem .7rem; margin: 0 0 1rem; }
.card h4 { margin: 0 0 .35rem; font-size: 1rem; display: flex; gap: 1rem; justify-content: space-between; }
.card .mark { font-weight: 600; font-size: .82rem; color: var(--accent); white-space: nowrap; }
.card p { margin: 0 0 .45rem; }
.card dl { display: grid; grid-template-columns: 5.2rem 1fr; gap: .1rem .8rem; margin: .5rem 0 0;
  font-size: .85rem; line-height: 1.45; }
.card dt { color: var(--quiet); }
.card dd { margin: 0; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1.6rem; font-size: .9rem; line-height: 1.4; }
caption { text-align: left; font-weight: 600; padding-bottom: .4rem; }
th { text-align: left; font-weight: 600; border-bottom: 1.5px solid var(--ink); vertical-align: bottom;
  padding: .35rem .6rem .35rem 0; }
td { border-bottom: 1px solid var(--hair); padding: .35rem .6rem .35rem 0; vertical-align: top; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; }
.notice { border: 1.5px solid var(--accent); border-radius: 3px; background: var(--tint); padding: .8rem 1rem;
  margin: 1.2rem 0; }
.beside { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1.2rem; margin: 0 0 1rem; }
.side { border-top: 1.5px solid var(--ink); padding: .35rem 0 .2rem; }
.side p { margin: 0 0 .4rem; }
.side .what { font-size: .82rem; font-weight: 600; color: var(--quiet); margin: 0 0 .25rem; }
figure { margin: 1rem 0 1.5rem; }
figure svg { max-width: 100%; height: auto; }
figcaption { color: var(--quiet); font-size: .9rem; margin-top: .4rem; }
footer { margin-top: 3rem; padding-top: .6rem; border-top: 1px solid var(--hair); color: var(--quiet);
  font-size: .85rem; overflow-wrap: anywhere; }
@page { size: A4; margin: 18mm 16mm 18mm;
  @bottom-right { content: counter(page) " / " counter(pages);
    font: 8pt Helvetica, Arial, sans-serif; color: #555b63; }
  @bottom-left { content: RUNNING; font: 8pt Helvetica, Arial, sans-serif; color: #555b63; } }
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2, h3, h4, caption { break-after: avoid; }
  .fresh { break-before: page; margin-top: 0; }
  .card, tr, figure, .notice, .beside, .together { break-inside: avoid; }
  thead { display: table-header-group; }
  p, li { orphans: 3; widows: 3; }
  figure svg { max-height: 235mm; }
}
"""


def html(page: Page) -> str:
    """The whole document, ending in a line break."""
    quoted = '"' + "".join(f"\\{ord(c):x} " if c in '"\\<>&\n' else c for c in page.running) + '"'
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en" xmlns="http://www.w3.org/1999/xhtml">',
        "<head>",
        '<meta charset="utf-8"/>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        f"<title>{_safe(page.title)}</title>",
        f"<style>{STYLE.replace('RUNNING', quoted)}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{_safe(page.title)}</h1>",
        f'<p class="under">{_safe(page.subtitle)}</p>',
        *(line for block in page.blocks for line in markup(block)),
        "</main>",
        f"<footer>{_safe(page.foot)}</footer>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def markup(block: Block) -> Iterator[str]:
    """One block as lines of HTML, to stand in any page with this style."""
    match block:
        case Heading():
            fresh = ' class="fresh"' if block.fresh else ""
            yield f"<h{block.level}{fresh}>{_safe(block.text)}</h{block.level}>"
        case Paragraph():
            yield f"<p>{_words(block.words)}</p>"
        case Bullets():
            yield "<ul>"
            yield from (f"<li>{_words(item)}</li>" for item in block.items)
            yield "</ul>"
        case Table():
            yield from _table(block)
        case Card():
            yield from _card(block)
        case Drawing():
            yield f"<figure>{block.svg.strip()}<figcaption>{_safe(block.caption)}</figcaption></figure>"
        case Notice():
            lead = f"<strong>{_safe(block.lead)}</strong>"
            yield f'<div class="notice" role="note">{lead} {_words(block.words)}</div>'
        case Beside():
            yield f'<div class="beside">{_side(block.left)}{_side(block.right)}</div>'
        case Together():
            yield '<div class="together">'
            yield from (line for part in block.blocks for line in markup(part))
            yield "</div>"
        case _:
            assert_never(block)


def _side(side: Side) -> str:
    says = "".join(f"<p>{_words(said)}</p>" for said in side.says)
    return f'<div class="side"><p class="what">{_safe(side.title)}</p>{says}</div>'


def _card(card: Card) -> Iterator[str]:
    yield '<section class="card">'
    mark = f'<span class="mark">{_safe(card.mark)}</span>' if card.mark else ""
    yield f"<h4><span>{_safe(card.title)}</span>{mark}</h4>"
    yield from (f"<p>{_words(said)}</p>" for said in card.says)
    if card.lines:
        pairs = (f"<dt>{_safe(word)}</dt><dd>{_safe(what)}</dd>" for word, what in card.lines)
        yield f"<dl>{''.join(pairs)}</dl>"
    yield "</section>"


def _table(table: Table) -> Iterator[str]:
    kinds = [' class="n"' if place in table.numbers else "" for place in range(len(table.head))]
    yield "<table>"
    if table.caption:
        yield f"<caption>{_safe(table.caption)}</caption>"
    if table.shares:
        whole = sum(table.shares)
        columns = "".join(f'<col style="width: {share * 100 // whole}%"/>' for share in table.shares)
        yield f"<colgroup>{columns}</colgroup>"
    heads = (
        f'<th{kind} scope="col">{_safe(cell)}</th>' if cell else "<td></td>"  # a header says something
        for cell, kind in zip(table.head, kinds, strict=True)
    )
    yield f"<thead><tr>{''.join(heads)}</tr></thead>"
    yield "<tbody>"
    for row in table.rows:
        cells = (f"<td{kind}>{_words(cell)}</td>" for cell, kind in zip(row, kinds, strict=True))
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody>"
    yield "</table>"


def _words(words: Words) -> str:
    return "".join(_run(run) for run in words)


def _run(run: Run) -> str:
    text = _safe(run.text)
    match run.style:
        case "plain":
            return text
        case "strong":
            return f"<strong>{text}</strong>"
        case "quiet":
            return f'<span class="quiet">{text}</span>'
        case "code":
            return f"<code>{text}</code>"
        case _:
            assert_never(run.style)


def _safe(text: str) -> str:
    return escape(kept(text))
