"""`rung document`: where pages go, in which form, and how it refuses what it cannot make."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.cli.command import PROTOCOL, Ended, rung

FORMULARY = 'formulary drugs "Drugs"\n\ninput age in years fixed\n'
CLAUSES = "id,article,kind,force,executable\nSEPT-01,002,dose,must,yes\n"
START = "then start norepinephrine\n"
SOURCED = PROTOCOL.replace("stage only", 'source book "A book" 2020\n\nstage only').replace(
    START,
    'then start norepinephrine\n    cite book clause "SEPT-01" erratum "X-01"\n',
)
CONCERN = """
concern "X-01" "A slip"
  severity C
  says "It says so."
  literally "X-01.rung" reports R130
  chosen "Something else."
  clause "SEPT-01"
"""
LITERAL = PROTOCOL.replace(START, "then start norepinephrine at 5 mcg/kg/min\n")
OTHER = PROTOCOL.replace("protocol small", "protocol other")
BUNDLE = 'bundle both "Two on one patient"\n  version 1.0.0\n  runs "small.rung"\n  runs "other.rung"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.rung").write_text(SOURCED + CONCERN, encoding="utf-8")
    (tmp_path / "other.rung").write_text(
        PROTOCOL.replace("protocol small", "protocol other"), encoding="utf-8"
    )
    (tmp_path / "drugs.rung").write_text(FORMULARY, encoding="utf-8")
    (tmp_path / "clauses.csv").write_text(CLAUSES, encoding="utf-8")
    (tmp_path / "concerns.csv").write_text("id,severity\nX-01,C\n", encoding="utf-8")
    return tmp_path


def refused(ended: Ended, code: int, word: str) -> None:
    assert ended.code == code, ended.said
    assert word in ended.err, ended.said
    assert "Traceback" not in ended.said


def test_without_a_name_the_page_is_printed_as_markdown(folder: Path) -> None:
    ended = rung("document", str(folder / "small.rung"))
    assert ended.code == 0, ended.said
    assert ended.out.startswith("# A small protocol\n")


@pytest.mark.parametrize(
    ("name", "start"), [("a.md", b"# "), ("a.html", b"<!DOCTYPE html>"), ("a.pdf", b"%PDF-")]
)
def test_the_name_says_the_form(folder: Path, name: str, start: bytes) -> None:
    ended = rung("document", str(folder / "small.rung"), "-o", str(folder / name))
    assert ended.code == 0, ended.said
    assert (folder / name).read_bytes().startswith(start)
    assert ended.said == ""


def test_a_form_that_is_named_goes_before_the_ending(folder: Path) -> None:
    ended = rung("document", str(folder / "small.rung"), "--format", "html", "-o", str(folder / "a.txt"))
    assert ended.code == 0, ended.said
    assert (folder / "a.txt").read_bytes().startswith(b"<!DOCTYPE html>")


def test_of_a_folder_each_protocol_gets_a_page_and_a_formulary_none(folder: Path) -> None:
    ended = rung("document", str(folder), "--format", "html", "-o", str(folder / "pages"))
    assert ended.code == 0, ended.said
    assert sorted(file.name for file in (folder / "pages").iterdir()) == ["other.html", "small.html"]


def test_a_bundle_has_all_its_members_in_one_document(folder: Path) -> None:
    (folder / "both.bundle").write_text(BUNDLE, encoding="utf-8")
    ended = rung("document", str(folder / "both.bundle"))
    assert ended.code == 0, ended.said
    assert "## Who orders which drug" in ended.out
    assert "## A small protocol (small 1.0.0)" in ended.out
    assert "(other 1.0.0)" in ended.out
    row = next(line for line in ended.out.splitlines() if line.startswith("| norepinephrine | small"))
    assert "small and other" in row
    (folder / "both.bundle").write_text(BUNDLE.replace("other", "nobody"), encoding="utf-8")
    refused(rung("document", str(folder / "both.bundle")), 1, "C106")


def test_several_pages_need_a_folder(folder: Path) -> None:
    refused(rung("document", str(folder)), 2, "C142")
    refused(rung("document", str(folder), "-o", str(folder / "one.md")), 2, "C142")
    assert not (folder / "one.md").exists()


def test_two_texts_of_one_name_do_not_overwrite_each_other(folder: Path) -> None:
    (folder / "again").mkdir()
    (folder / "again" / "small.rung").write_text(PROTOCOL, encoding="utf-8")
    refused(rung("document", str(folder), "-o", str(folder / "pages")), 2, "C142")
    assert not (folder / "pages").exists()


def test_a_mistake_in_one_text_leaves_no_page_of_another(folder: Path) -> None:
    (folder / "zz.rung").write_text(PROTOCOL.replace("MAP < 65", "MAPP < 65"), encoding="utf-8")
    refused(rung("document", str(folder), "-o", str(folder / "pages")), 1, "C106")
    assert not (folder / "pages").exists()


def test_what_is_no_text_is_refused(folder: Path) -> None:
    refused(rung("document", str(folder / "nothing.rung")), 3, "C101")
    refused(rung("document", str(folder / "nothing.bundle")), 3, "C101")
    refused(rung("document", str(folder / "drugs.rung")), 1, "C107")
    refused(rung("document", str(folder / "clauses.csv")), 3, "C143")
    (folder / "empty").mkdir()
    refused(rung("document", str(folder / "empty")), 3, "C104")
    (folder / "bad.rung").write_bytes(b"\x00\x01")
    refused(rung("document", str(folder / "bad.rung")), 1, "C106")


def test_a_page_that_cannot_be_written_is_refused(folder: Path) -> None:
    (folder / "file").write_text("", encoding="utf-8")
    refused(rung("document", str(folder / "small.rung"), "-o", str(folder / "file" / "a.md")), 4, "C103")


def test_pdf_is_not_printed(folder: Path) -> None:
    refused(rung("document", str(folder / "small.rung"), "--format", "pdf"), 2, "C142")


def test_without_typst_the_refusal_names_the_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    ended = rung("document", str(folder / "small.rung"), "-o", str(folder / "a.pdf"))
    refused(ended, 2, "C140")
    assert "rung[pdf]" in ended.err
    assert not (folder / "a.pdf").exists()


def test_options_that_make_no_sense_together_are_refused(folder: Path) -> None:
    small = str(folder / "small.rung")
    refused(rung("document", small, "--traceability", "--errata"), 2, "C141")
    refused(rung("document", small, "--clauses", "x.csv"), 2, "C141")
    refused(rung("document", small, "--traceability", "--literal", "x"), 2, "C141")
    refused(rung("document", small, "--concerns", "x.csv"), 2, "C141")


# ---------------------------------------------------------------- about the sources


def test_traceability_says_where_a_clause_lives_and_names_what_is_missing(folder: Path) -> None:
    page = folder / "trace.md"
    ended = rung("document", "--traceability", str(folder / "small.rung"), "-o", str(page))
    assert ended.code == 0, ended.said
    assert "rule `only.low`" in page.read_text(encoding="utf-8")
    ended = rung("document", "--traceability", str(folder / "other.rung"), "-o", str(page))
    assert ended.code == 1
    assert "No protocol carries the clause: SEPT-01" in ended.err
    assert "SEPT-01" in page.read_text(encoding="utf-8")


def test_errata_quotes_what_the_literal_text_reports(folder: Path) -> None:
    page = folder / "errata.md"
    literal = folder / "literal"
    literal.mkdir()
    arguments = [
        "document",
        "--errata",
        str(folder / "small.rung"),
        "--literal",
        str(literal),
        "-o",
        str(page),
    ]
    ended = rung(*arguments)
    assert ended.code == 1
    assert "X-01.rung" in ended.err
    (literal / "X-01.rung").write_text(LITERAL, encoding="utf-8")
    ended = rung(*arguments)
    assert ended.code == 0, ended.said
    assert "X-01.rung reports R130" in page.read_text(encoding="utf-8")


def test_a_list_that_cannot_be_read_is_refused_with_its_line(folder: Path) -> None:
    small = str(folder / "small.rung")
    refused(rung("document", "--traceability", small, "--clauses", str(folder / "no.csv")), 3, "C101")
    (folder / "clauses.csv").write_text(CLAUSES + "SEPT-02\n", encoding="utf-8")
    ended = rung("document", "--traceability", small)
    refused(ended, 3, "C144")
    assert "line 3" in ended.err
    (folder / "clauses.csv").write_bytes(b"\xff\xfe")
    refused(rung("document", "--traceability", small), 3, "C144")
    refused(rung("document", "--errata", small, "--literal", str(folder / "none")), 3, "C101")
    refused(rung("document", "--errata", small, "-o", str(folder)), 2, "C142")
