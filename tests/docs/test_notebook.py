"""The notebooks, run block by block as their reader runs them, and what they print compared."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.docs.console import REWRITE, play
from tests.docs.pages import DOCS, Block, blocks, matches

NOTEBOOKS = tuple(sorted((DOCS / "notebooks").glob("*.md")))


def run(page: Path) -> list[tuple[Block, str, str]]:
    """Each block of Python with what the page shows below it and what it printed, in one namespace."""
    names: dict[str, Any] = {}
    ran = []
    listed = [*blocks(page)]
    for block, below in zip(listed, [*listed[1:], None], strict=True):
        if block.language != "python":
            continue
        stream = io.StringIO()
        with contextlib.redirect_stdout(stream):
            exec(compile(block.text, block.place, "exec"), names)
        is_output = below is not None and below.language == "text" and not below.title
        ran.append((block, below.text if below is not None and is_output else "", stream.getvalue()))
    return ran


def rewrite(page: Path, ran: list[tuple[Block, str, str]]) -> None:
    text = page.read_text(encoding="utf-8")
    for block, shown, printed in ran:
        head = f"```python\n{block.text}```\n\n```text\n"
        text = text.replace(f"{head}{shown}```", f"{head}{printed}```")
    page.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: page.name)
def test_a_notebook_prints_what_it_shows(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    assert [one.difference for one in play(page, tmp_path) if one.difference] == []
    with pl.Config():
        ran = run(page)
    if REWRITE:
        rewrite(page, ran)
        return
    assert len(ran) > 3
    found = [(block.place, matches(shown, printed), printed) for block, shown, printed in ran]
    assert [one for one in found if one[1]] == []
