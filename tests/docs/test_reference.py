"""Every form the language reference shows is a form the parser reads; whole files also compile."""

from __future__ import annotations

from functools import partial

import pytest
from tests.docs.pages import DOCS, Block, blocks, pages, table_forms

from rung_lang.driver import compile_protocol
from rung_lang.report.text import render
from rung_lang.report.words import message
from rung_lang.source import Source, Unreadable, decode
from rung_lang.syntax.parse import parse

LANGUAGE = DOCS / "reference" / "language.md"
HEAD = 'protocol page "A page"\n  version 1.0.0\n  applies when age >= 18 years\n'
EXAMPLE = 'example "of the page" given MAP 62 '

FORMS = {
    "condition": "define words as {}",
    "moment": "define words as after {}",
    "order": "when c then {}",
    "property": "{}",
    "fact": 'example "of the page" given {}',
    "expect": EXAMPLE + "propose start NE expect {}",
}
"""By the heading of a table's first column: what a form of it stands in."""


def _rung_blocks() -> list[Block]:
    return [block for page in pages() for block in blocks(page) if block.language == "rung"]


def _problems(text: str) -> list[str]:
    source = decode("page.rung", text.encode("utf-8"))
    assert isinstance(source, Source)
    found = parse(source).problems
    return [render(message(problem), {"page.rung": source}) for problem in found]


@pytest.mark.parametrize("block", _rung_blocks(), ids=lambda block: block.place)
def test_a_rung_block_parses(block: Block) -> None:
    whole = block.text.lstrip().startswith(("protocol", "formulary", "bundle"))
    assert _problems(block.text if whole else HEAD + block.text) == []


@pytest.mark.parametrize("heading", FORMS)
def test_the_forms_of_a_table_parse(heading: str) -> None:
    forms = list(table_forms(LANGUAGE, heading))
    assert forms, f"no table is headed {heading}"
    wrong = []
    for line, form in forms:
        text = FORMS[heading].format(form)
        if heading == "expect":
            text = text.replace("given MAP 62 propose", "given MAP 62 [1 h] propose")
        wrong += [f"language.md:{line}: {form}\n{words}" for words in _problems(HEAD + text)]
    assert wrong == []


def test_blocks_that_are_whole_files_compile() -> None:
    """Of a file that a page shows several times, the last: those before it are there to be mended."""
    whole = {
        (block.page, block.title or block.place): block
        for block in _rung_blocks()
        if block.text.startswith("protocol") and "stage " in block.text and "extends" not in block.text
    }
    assert whole
    for block in whole.values():
        compiled = compile_protocol("page.rung", partial(_read, block.text))
        problems = [problem for problem in compiled.problems if problem.level == "error"]
        assert [render(message(problem), compiled.sources) for problem in problems] == [], block.place
        assert compiled.artifact is not None, block.place


def test_every_word_of_the_grammar_stands_in_the_reference() -> None:
    from rung_lang.checked.names import reserved_words

    text = LANGUAGE.read_text(encoding="utf-8")
    said = set(text.replace("`", " ").replace(",", " ").replace("(", " ").replace(")", " ").split())
    assert sorted(reserved_words() - said) == []


def _read(text: str, path: str) -> Source | Unreadable | None:
    return decode(path, text.encode("utf-8")) if path == "page.rung" else None
