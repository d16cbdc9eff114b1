"""A difference as a person or a program meets it: goldens, written anew with RUNG_REWRITE=1."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.review.made import packet, sides
from tests.review.two import OLD, compiled

from rung_lang.cli.pdf import pdf
from rung_lang.diff.model import CLASSES
from rung_lang.report import diff_json, diff_markdown, diff_said, diff_text
from rung_lang.report.diff_said import Sides
from rung_lang.report.documents.markdown import markdown
from rung_lang.report.review_page.html import review_html
from rung_lang.report.review_page.ladder import ladder
from rung_lang.report.review_page.manifest import manifest
from rung_lang.report.review_page.page import review_page

GOLDEN = Path(__file__).resolve().parent / "golden"


def _is(name: str, text: str) -> None:
    golden = GOLDEN / name
    if os.environ.get("RUNG_REWRITE"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_on_a_terminal_it_fits_eighty_columns() -> None:
    lines = list(diff_text.lines(sides()))
    _is("diff.txt", "\n".join(lines) + "\n")
    assert max(map(len, lines)) <= 80


def test_the_summary_of_a_pull_request_is_short() -> None:
    text = diff_markdown.summary(sides())
    _is("diff.md", text)
    assert len(text.splitlines()) <= 60


def test_the_data_are_canonical() -> None:
    text = diff_json.text(diff_json.data(sides()))
    _is("diff.json", text)
    assert json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n" == text


def test_the_packet_reads_the_same_on_every_page() -> None:
    """The page as Markdown, where its words are easiest to review."""
    page = review_page(packet())
    _is("packet.md", markdown(page).replace(packet().sides.new.seal, "SEAL"))


def test_the_list_of_files_is_canonical() -> None:
    listed = manifest(packet(), {"a.txt": b"a", "b.txt": b"b"}, {"rung": "9.9.9"})
    _is("packet.json", json.dumps(listed, indent=2, sort_keys=True) + "\n")


@pytest.mark.parametrize("how", ["text", "proved"])
def test_where_nothing_differs_it_says_what_that_rests_on(how: str) -> None:
    difference = replace(
        sides().difference,
        how=how,  # type: ignore[arg-type]
        changes=(),
        undecided=(),
        declared=(),
        renamed=(),
        partings=(),
        tonight=(),
    )
    same = diff_said.sides(difference, sides().old, sides().new)
    text = "\n".join(diff_text.lines(same))
    assert "The two versions mean the same." in text
    assert ("What they do is one text" in text) == (how == "text")
    assert difference.weight == "none"
    assert "mean the same" in diff_markdown.summary(same)


def test_a_change_of_every_stage_says_so_once() -> None:
    found = sides().difference
    first = found.changes[0]
    also = replace(first, also=(replace(first.stages, old="both", new="both"),))
    twice = Sides(replace(found, changes=(also,)), sides().old, sides().new, sides().current)
    group = diff_said.groups(twice)[0]
    assert diff_said.where(twice, group) == "in every stage"
    assert diff_said.verdict(twice.difference) == "Some patients are treated otherwise, in 2 stages."


def test_the_page_and_the_pdf_are_the_same_bytes_every_time() -> None:
    assert review_html(packet()) == review_html(packet())
    page = review_page(packet())
    made = pdf(page)
    assert made == pdf(page)
    assert made.startswith(b"%PDF-")
    assert len(made) > 50_000


def test_the_ladder_says_by_word_and_shape_what_is_new_gone_and_changed() -> None:
    begin = OLD.index('stage both "Norepinephrine and vasopressin"')
    end = OLD.index("never order vasopressin above")
    third = """stage watch "Watch and wait" resting
  rule lower "Lower norepinephrine"
    when MAP >= 75 and norepinephrine running
    then taper norepinephrine by 0.02 mcg/kg/min every 30 min
  rule back "The pressure falls again"
    when low
    then go to first_line

"""
    text = (OLD[:begin] + third + OLD[end:]).replace("then go to both", "then go to watch")
    old, new = compiled(OLD).artifact, compiled(text).artifact
    assert old is not None
    assert new is not None
    svg, words = ladder(diff_said.sides(sides().difference, old, new))
    ElementTree.fromstring(svg)
    assert "New: Watch and wait. Gone: Norepinephrine and vasopressin." in words
    assert "Changed: Norepinephrine." in words
    shapes = (("new", 'stroke-dasharray="9 4"'), ("gone", 'stroke-dasharray="1.5 4" stroke-linecap'))
    for word, shape in shapes:
        assert f'font-weight="bold" fill="{"#0b4f8a" if word == "new" else "#111"}">{word}<' in svg
        assert shape in svg
    _is("ladder.svg", svg)


def test_every_class_has_words_and_stands_in_the_reference() -> None:
    reference = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "diff.md").read_text("utf-8")
    assert [one for one in CLASSES if f"`{one}`" not in reference] == []
    assert set(diff_said.CLASSES) == set(CLASSES)
