"""The examples of the shipped protocols hold, and no rule is without one."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from rung_lang.driver import Compiled, compile_protocol
from rung_lang.examples import run_examples, uncovered
from rung_lang.source import Source, Unreadable, decode

ROOT = Path(__file__).resolve().parents[2]
PROTOCOLS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "protocols").glob("*.rung"))


def _read(root: Path, path: str) -> Source | Unreadable | None:
    file = root / os.path.normpath(path)
    return decode(path, file.read_bytes()) if file.is_file() else None


def compiled(path: str) -> Compiled:
    return compile_protocol(path, partial(_read, ROOT))


@pytest.mark.parametrize("path", PROTOCOLS)
def test_every_example_holds_and_every_rule_is_exercised(path: str) -> None:
    found = compiled(path)
    assert found.artifact is not None, found.problems
    results = list(run_examples(found.artifact, found.examples))
    assert [result.example.title for result in results if result.failures or result.depends] == []
    assert uncovered(found.artifact, results) == ()
