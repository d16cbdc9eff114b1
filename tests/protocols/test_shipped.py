"""The examples of the shipped protocols hold, and no rule is without one."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path

import pytest
from tests.protocols.test_traceability import shipped

from rung_engine.artifact.certificate import refusal
from rung_lang.cli.proving import certified
from rung_lang.cli.spacer import ask
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.examples import uncovered
from rung_lang.source import Source, Unreadable, decode
from rung_lang.verify.verify import verify

ROOT = Path(__file__).resolve().parents[2]
PROTOCOLS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "protocols").glob("*.rung"))
CERTIFIED = "protocols/septic_shock.rung"
"""This one as `rung compile` proves it, with a certificate that engines ask for."""


def _read(root: Path, path: str) -> Source | Unreadable | None:
    file = root / os.path.normpath(path)
    return decode(path, file.read_bytes()) if file.is_file() else None


def compiled(path: str) -> Compiled:
    return compile_protocol(path, partial(_read, ROOT))


@pytest.mark.parametrize("path", [path for path in PROTOCOLS if "formulary" not in path])
def test_every_shipped_protocol_is_proved_with_nothing_open(path: str) -> None:
    found = compiled(path)
    assert found.artifact is not None and found.problems == ()
    if path == CERTIFIED:
        report, sealed = certified(found)
        assert refusal(sealed) is None
    else:
        report = verify(found.artifact, found.sources, path, found.examples, prover=ask)
    assert report.state == "proved"
    assert [one.code for one in report.problems if one.level != "information"] == []


def test_the_readme_lists_what_the_site_must_choose() -> None:
    text = (ROOT / "protocols" / "README.md").read_text("utf-8")
    listed = text.partition("## What the site must choose")[2].partition("In `septic_shock` these have")[0]
    named = {name for line in listed.splitlines() for name in re.findall(r"`(\w+)`", line.rpartition("|")[0])}
    left = {
        name
        for one in shipped()
        if one.artifact is not None
        for name, setting in one.artifact.settings.items()
        if setting.value is None
    }
    assert left <= named
    assert named - left <= {Path(path).stem for path in PROTOCOLS} | {"yes", "no"}


@pytest.mark.parametrize("path", PROTOCOLS)
def test_every_example_holds_and_every_rule_is_exercised(path: str) -> None:
    one = next(one for one in shipped() if one.path == path)
    assert one.artifact is not None
    assert [run.example.title for run in one.runs if run.failures or run.depends] == []
    assert uncovered(one.artifact, one.runs) == ()
