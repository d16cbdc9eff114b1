"""The texts under `docs/examples/` compile and their examples hold; no proof is asked for here."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache

import pytest
from tests.docs.pages import DOCS, ROOT

from rung_lang.driver import Compiled, compile_protocol
from rung_lang.examples import run_examples, uncovered
from rung_lang.source import Source, Unreadable, decode

TEXTS = sorted(path.relative_to(ROOT).as_posix() for path in (DOCS / "examples").rglob("*.rung"))
VASOPRESSIN = "docs/examples/vasopressin_at_0.25/septic_shock.rung"


def _read(path: str) -> Source | Unreadable | None:
    file = ROOT / os.path.normpath(path)
    return decode(path, file.read_bytes()) if file.is_file() else None


@cache
def compiled(path: str) -> Compiled:
    return compile_protocol(path, _read)


def test_the_example_of_a_change_is_among_them() -> None:
    assert VASOPRESSIN in TEXTS


@pytest.mark.parametrize("path", TEXTS)
def test_every_example_of_a_text_holds_and_every_rule_is_exercised(path: str) -> None:
    found = compiled(path)
    assert found.artifact is not None, found.problems
    runs = tuple(run_examples(found.artifact, found.examples))
    assert [run.example.title for run in runs if run.failures or run.depends] == []
    assert uncovered(found.artifact, runs) == ()


def test_the_only_findings_are_those_that_its_page_tells() -> None:
    """0.04 units/min lies outside the usual range of the formulary that all protocols share."""
    assert {problem.code for problem in compiled(VASOPRESSIN).problems} == {"R131"}
    assert "R131" in (ROOT / VASOPRESSIN).with_name("README.md").read_text("utf-8")


def test_nothing_is_left_of_the_threshold_and_the_ceiling_that_were_changed() -> None:
    """In what decides and in what must hold; the sources' own numbers stay where the sources are told."""
    rules = (ROOT / VASOPRESSIN).read_text("utf-8").partition("- what is told, and orders nothing")[0]
    before = (ROOT / "protocols" / "septic_shock.rung").read_text("utf-8")
    for old in ("NE >= 0.1 mcg", "NE >= 0.2 mcg", "add vasopressin at 0.03 units", "off its fixed dose"):
        assert old in before and old not in rules, old


def test_the_packet_beside_it_is_of_these_texts_and_whole() -> None:
    folder = (ROOT / VASOPRESSIN).with_name("packet")
    manifest = json.loads((folder / "packet.json").read_text("utf-8"))
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert manifest["files"] == {name: sha256 for name, sha256 in found.items() if name != "packet.json"}
    for side, path in (("old", "protocols/septic_shock.rung"), ("new", VASOPRESSIN)):
        artifact = compiled(path).artifact
        assert artifact is not None and artifact.meaning == manifest[side]["meaning"], "make the packet again"
    assert len((folder / "review.html").read_bytes()) < 3_000_000
