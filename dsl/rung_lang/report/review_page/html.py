"""The page of a packet as one HTML file: the same blocks as the PDF, and a form that executes both versions.

Nothing is fetched: the artifacts and the engine that executes them stand in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib import resources

from rung_engine.browser.engine import script
from rung_lang.report.documents.html import STYLE, markup
from rung_lang.report.documents.page import Block, Heading, Page, kept
from rung_lang.report.review_page.packet import Packet
from rung_lang.report.review_page.page import review_page
from rung_lang.report.review_page.tried import data

_LADDER = "The ladder"
"""The form stands before this section, behind the first page."""


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
"""Even a mistake of ours lets the page ask for nothing."""


def review_html(packet: Packet) -> str:
    """The whole document, ending in a line break."""
    page = review_page(packet)
    running = '"' + "".join(f"\\{ord(c):x} " if c in '"\\<>&\n' else c for c in page.running) + '"'
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8"/>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>',
        f"<title>{_safe(page.title)}</title>",
        f"<style>{STYLE.replace('RUNNING', running)}{_part('review.css')}</style>",
        "</head>",
        "<body>",
        '<a class="skip" href="#main">To the page</a>',
        f"<header><h1>{_safe(page.title)}</h1>",
        f'<p class="under">{_safe(page.subtitle)}</p></header>',
        *_contents(page),
        '<main id="main">',
        *_body(page),
        "</main>",
        f"<footer>{_safe(page.foot)}</footer>",
        f'<script type="application/json" id="both">{data(packet.sides)}</script>',
        f"<script>{_closed(script())}</script>",
        f"<script>{_closed(_form_script())}</script>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _part(name: str) -> str:
    """A file that stands beside this one."""
    return resources.files("rung_lang.report.review_page").joinpath(name).read_text(encoding="utf-8")


def _form_script() -> str:
    parts = [_part(name) for name in ("form.js", "answer.js", "tried.js")]
    return '(() => {\n"use strict";\n\n' + "\n".join(parts) + "})();\n"


def _closed(text: str) -> str:
    """No part of a script may end its element."""
    assert "</script" not in text.lower()
    return text


def _anchor(heading: Heading) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in heading.text.lower()).split())


def _contents(page: Page) -> Iterator[str]:
    heads = [block for block in page.blocks if isinstance(block, Heading) and block.level == 2]
    yield '<nav aria-label="Contents"><ul>'
    yield '<li><a href="#try">Try a patient</a></li>'
    yield from (f'<li><a href="#{_anchor(one)}">{_safe(one.text)}</a></li>' for one in heads)
    yield "</ul></nav>"


def _body(page: Page) -> Iterator[str]:
    for block in page.blocks:
        yield from _form(block)
        if isinstance(block, Heading) and block.level == 2:
            fresh = ' class="fresh"' if block.fresh else ""
            yield f'<h2 id="{_anchor(block)}"{fresh}>{_safe(block.text)}</h2>'
        else:
            yield from markup(block)


def _form(block: Block) -> Iterator[str]:
    if isinstance(block, Heading) and block.text == _LADDER:
        yield _part("form.html")


def _safe(text: str) -> str:
    return escape(kept(text))
