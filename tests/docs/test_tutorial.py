"""The tutorial, done as its reader does it: its files written, its commands run, what it shows compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.console import commands, play
from tests.docs.pages import DOCS, ROOT, blocks, matches, pages

PAGES = (DOCS / "tutorial.md", ROOT / "README.md", DOCS / "reference" / "mapping.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_what_its_commands_print(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    ran = play(page, tmp_path)
    assert ran
    assert [one.difference for one in ran if one.difference] == []


def test_the_protocol_of_the_readme_is_the_one_the_tutorial_writes() -> None:
    last: dict[str, str] = {}
    for block in blocks(DOCS / "tutorial.md"):
        if block.title == "pressure.rung":
            last[block.title] = block.text
    readme = [block.text for block in blocks(ROOT / "README.md") if block.title == "pressure.rung"]
    assert readme == [last["pressure.rung"]]
    lines = [line for line in readme[0].splitlines() if line]
    assert len(lines) <= 20


def test_only_played_pages_show_console_blocks() -> None:
    played = (*PAGES, DOCS / "reference" / "sign-off.md")
    others = [page for page in pages() if page not in played and page.parent.name != "notebooks"]
    shown = [block.place for page in others for block in blocks(page) if block.language == "console"]
    assert shown == []


def test_what_a_page_leaves_out_is_marked() -> None:
    assert matches("a\n...\nd", "a\nb\nc\nd") == ""
    assert matches("a\n...", "a\nb\nc\nd") == ""
    assert matches("a\nd", "a\nb\nc\nd") != ""
    assert matches("a\nb", "a\nb\nc") != ""
    assert matches("...\nc\nx", "a\nc\nd") != ""
    assert commands("$ one\nout\n$ two\n") == [("one", "out\n"), ("two", "")]
