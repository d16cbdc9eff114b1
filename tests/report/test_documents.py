"""Pages of protocols: a small one whole, sound HTML, the same PDF twice, dose figures that are right."""

from __future__ import annotations

import os
import re
from fractions import Fraction
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung_engine.artifact import model as m
from rung_engine.units import parse_unit
from rung_lang.cli.pdf import pdf
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.report.documents.doses import WEIGHTS, Use, dose_tables, figure, shown_figure
from rung_lang.report.documents.html import html
from rung_lang.report.documents.markdown import escaped, markdown
from rung_lang.report.documents.page import (
    Bullets,
    Card,
    Drawing,
    Heading,
    Notice,
    Page,
    Paragraph,
    Table,
    plain,
    text_of,
)
from rung_lang.report.documents.protocol import protocol_page
from rung_lang.report.documents.typst import typst
from rung_lang.source import Source, Unreadable, decode

ROOT = Path(__file__).resolve().parents[2]
SMALL = "tests/report/documents/small.rung"
GOLDEN = Path(__file__).parent / "golden" / "small_page.md"
REWRITE = os.environ.get("RUNG_REWRITE") == "1"
PROTOCOLS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "protocols").glob("*.rung"))
XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
NASTY = 'a "q" <script>alert(1)</script> & \\ #panic() $x$ `c` [l](http://x) | * _e_ ]] } {'


def read(path: str) -> Source | Unreadable | None:
    file = ROOT / os.path.normpath(path)
    return decode(path, file.read_bytes()) if file.is_file() else None


@cache
def compiled(path: str) -> tuple[Compiled, m.Artifact]:
    found = compile_protocol(path, read)
    assert found.artifact is not None, found.problems
    return found, found.artifact


@cache
def page_of(path: str) -> Page:
    return protocol_page(*compiled(path))


def nasty_page() -> Page:
    words = plain(NASTY)
    blocks = (
        Heading(2, NASTY, fresh=True),
        Paragraph(words),
        Bullets((words, plain("1. one"), plain("# no heading"))),
        Table(NASTY, (NASTY, "n"), ((words, plain("3")),), (1,)),
        Card(NASTY, NASTY, (words,), ((NASTY, NASTY),)),
        Drawing('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>', NASTY, NASTY),
        Notice(NASTY, words),
    )
    return Page(NASTY, NASTY, NASTY, NASTY, blocks)


# ---------------------------------------------------------------- Markdown


def test_the_page_of_a_small_protocol_reads_like_this() -> None:
    text = markdown(page_of(SMALL))
    if REWRITE:
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PROTOCOLS)
def test_every_rule_clause_source_and_setting_of_a_protocol_is_on_its_page(path: str) -> None:
    text = markdown(page_of(path))
    _, artifact = compiled(path)
    for rule in artifact.rules:
        assert rule.title == "" or escaped(rule.title) in text
        assert all(clause in text for clause in (*rule.clauses, *rule.erratum))
    for name, setting in artifact.settings.items():
        assert name.replace("_", " ") in text
        assert setting.value is not None or "the site must choose" in text
    assert all(escaped(source.title) in text for source in artifact.sources.values())
    assert artifact.meaning in text
    assert text.count("Not medical advice.") >= 2


def test_nothing_of_an_author_becomes_markdown() -> None:
    text = markdown(nasty_page())
    assert "<script" not in text
    assert re.search(r"(?<!\\)\[l\]", text) is None
    rows = [line for line in text.splitlines() if line.startswith("| a ")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 3 for row in rows)
    assert re.search(r"^- # ", text, re.MULTILINE) is None
    assert re.search(r"^- 1\. ", text, re.MULTILINE) is None


# ---------------------------------------------------------------- HTML


@pytest.mark.parametrize("path", [SMALL, *PROTOCOLS])
def test_html_is_well_formed_needs_nothing_else_and_says_what_its_drawing_shows(path: str) -> None:
    text = html(page_of(path))
    tree = ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))
    assert tree.attrib["lang"] == "en"
    title = tree.find(f"{XHTML}head/{XHTML}title")
    assert title is not None
    assert title.text == page_of(path).title
    tags = {element.tag for element in tree.iter()}
    assert not tags & {f"{XHTML}{tag}" for tag in ("script", "link", "img", "iframe", "object", "base")}
    attributes = {(name, value) for element in tree.iter() for name, value in element.attrib.items()}
    assert not {name for name, _ in attributes} & {"src", "href", "{http://www.w3.org/1999/xlink}href"}
    assert "@import" not in text
    assert "url(" not in text
    assert "http" not in text.replace("http://www.w3.org/1999/xhtml", "").replace(SVG[1:-1], "")
    drawings = list(tree.iter(f"{SVG}svg"))
    assert len(drawings) == 1
    for part in ("title", "desc"):
        found = drawings[0].find(f"{SVG}{part}")
        assert found is not None
        assert found.text
        assert found.attrib["id"] in " ".join(drawings[0].attrib.values())


def test_nothing_of_an_author_becomes_html() -> None:
    tree = ElementTree.fromstring(html(nasty_page()).removeprefix("<!DOCTYPE html>\n"))
    assert f"{XHTML}script" not in {element.tag for element in tree.iter()}
    heading = tree.find(f".//{XHTML}h2")
    assert heading is not None
    assert heading.text == NASTY


def test_signs_that_no_page_can_hold_are_left_out() -> None:
    page = Page("a\x00b\u202ec", "", "", "", (Paragraph(plain("d\ud800\x1be")),))
    tree = ElementTree.fromstring(html(page).removeprefix("<!DOCTYPE html>\n"))
    paragraphs = [element.text for element in tree.iter(f"{XHTML}p")]
    assert "d e" in paragraphs
    assert "a bc" in markdown(page)
    assert pages(pdf(page)) == 1


def test_a_strength_is_said_in_words_and_not_by_colour_alone() -> None:
    cards = [block for block in page_of(SMALL).blocks if isinstance(block, Card)]
    assert {"must", "recommended", "consider"} <= {card.mark for card in cards}


# ---------------------------------------------------------------- PDF


def pages(data: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", data))


def test_a_pdf_is_the_same_bytes_every_time_and_has_the_pages_it_should() -> None:
    once, twice = pdf(page_of(SMALL)), pdf(page_of(SMALL))
    assert once == twice
    assert once.startswith(b"%PDF-")
    assert pages(once) == 8
    assert b"CreationDate" not in once


def test_nothing_of_an_author_becomes_typst() -> None:
    assert pages(pdf(nasty_page())) == 3
    text = typst(nasty_page()).text
    assert text.count("panic") == text.count("\\\\ #panic()")


# ---------------------------------------------------------------- doses


def cells(path: str, drug: str, dose: str, shown: str) -> list[str]:
    """The figures of one row of a drug's table; the dose stands in the first row of several."""
    for table in dose_tables(compiled(path)[1]):
        if not table.caption.startswith(drug):
            continue
        lead = ""
        for row in table.rows:
            lead = text_of(row[0]) or lead
            if lead.startswith(f"{dose}:") and text_of(row[1]) == shown:
                return [text_of(cell) for cell in row[2:]]
    raise AssertionError(f"no row {drug} {dose} {shown}")


def test_a_rate_per_kilogram_is_worked_out_for_every_weight_and_concentration() -> None:
    by_hand = (
        [Fraction(2, 100) * weight for weight in WEIGHTS],
        [Fraction(5, 100) * weight for weight in WEIGHTS],
    )
    want = [f"{shown_figure(lo)} to {shown_figure(hi)}" for lo, hi in zip(*by_hand, strict=True)]
    assert cells(SMALL, "Norepinephrine", "0.02 to 0.05 mcg/kg/min", "mcg/min") == want
    flow = [tuple(rate * 60 / 64 for rate in pair) for pair in zip(*by_hand, strict=True)]
    want = [f"{shown_figure(lo)} to {shown_figure(hi)}" for lo, hi in flow]
    assert cells(SMALL, "Norepinephrine", "0.02 to 0.05 mcg/kg/min", "mL/h at 64 mcg/mL") == want


def test_figures_that_a_reader_can_check_by_hand() -> None:
    assert cells(SMALL, "Norepinephrine", "3 mcg/kg/min", "mcg/min")[3] == "210"
    assert cells(SMALL, "Norepinephrine", "1 mcg/kg/min", "mL/h at 16 mcg/mL")[3] == "262.5"
    assert cells(SMALL, "Vasopressin", "0.03 units/min", "mL/h at 0.2 units/mL") == ["9"]
    assert cells(SMALL, "Crystalloid", "30 mL/kg", "mL") == [f"{30 * weight}" for weight in WEIGHTS]


def test_a_figure_that_was_rounded_says_so() -> None:
    assert shown_figure(Fraction(15, 8)) == "≈1.88"
    assert shown_figure(Fraction(21, 8)) == "≈2.62"
    assert shown_figure(Fraction(3, 4)) == "0.75"


@given(st.integers(1, 3_000_000), st.integers(1, 350))
def test_a_figure_is_the_dose_times_the_weight_and_nothing_else(millionths: int, weight: int) -> None:
    number = m.Number(millionths=millionths, unit="mcg/kg/min")
    use = Use("norepinephrine", number, number, "")
    exact = figure(number, use, parse_unit("mcg/min"), Fraction(weight))
    assert exact == Fraction(millionths * weight, 1_000_000)


@given(st.fractions(min_value=0, max_value=10_000))
def test_a_shown_figure_is_never_off_by_more_than_half_of_its_last_digit(value: Fraction) -> None:
    shown = shown_figure(value)
    found = Fraction(shown.removeprefix("≈"))
    assert abs(found - value) <= Fraction(1, 200)
    assert shown.startswith("≈") == (found != value)


def test_a_rate_per_hour_is_shown_per_kilogram_for_every_weight() -> None:
    text = (ROOT / SMALL).read_text(encoding="utf-8")
    text = text.replace(
        "restrict vasopressin", "restrict norepinephrine in mg/h maximum 3 mg/h\nrestrict vasopressin"
    )
    text = text.replace("from 0.01 mcg/kg/min to 0.1 mcg/kg/min", "from 0.1 mg/h to 0.5 mg/h")
    text = text.replace("from 0.02 mcg/kg/min to 1 mcg/kg/min", "from 0.5 mg/h to 3 mg/h")
    text = text.replace("NE >= 0.1 mcg/kg/min", "NE >= 1 mg/h")
    found = compile_protocol("hourly.rung", lambda path: Source(path, text))
    assert found.artifact is not None, found.problems
    tables = {table.caption: table for table in dose_tables(found.artifact)}
    rows = tables["Norepinephrine, by dosing weight"].rows
    row = next(row for row in rows if text_of(row[0]).startswith("3 mg/h"))
    assert text_of(row[1]) == "mcg/kg/min"
    assert [text_of(cell) for cell in row[2:]] == [shown_figure(Fraction(50, w), 3) for w in WEIGHTS]
    rows = tables["Norepinephrine, at every weight"].rows
    row = next(row for row in rows if text_of(row[0]).startswith("3 mg/h"))
    assert [text_of(cell) for cell in row[1:]] == ["mcg/min", "50"]
