"""A check of texts that were checked before prints the same, at once, and only while nothing has changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.command import PROTOCOL, rung
from tests.cli.test_start import loaded

from rung_lang.cli import checked
from rung_lang.verify.verdict import Obligation, Report, Undecided

FORMULARY = """formulary small "Drugs"
  version 1.0.0

drug norepinephrine as NE
  infusion in mcg/kg/min
  start 0.02 to 0.05 mcg/kg/min
  maximum 3 mcg/kg/min
  valid for 24 h
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder, with a clean protocol and a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "small.rung").write_text(PROTOCOL, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit"])
def test_a_check_prints_the_same_again_and_asks_nothing(
    form: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rung("check", "small.rung", "--format", form)
    monkeypatch.setattr(checked, "prove", None)
    assert rung("check", "small.rung", "--format", form) == first
    assert first.out


def test_nothing_of_the_language_is_loaded_for_what_was_printed_before(place: Path) -> None:
    loaded(place, "check", "small.rung")
    found = loaded(place, "check", "small.rung")
    assert not {name for name in found if name.startswith(("rung_lang.syntax", "rung_lang.verify.verify"))}


def test_each_form_is_printed_for_itself(place: Path) -> None:
    plain = rung("check", "small.rung")
    assert rung("check", "small.rung", "--proofs").out != plain.out
    assert rung("check", "small.rung") == plain


def test_an_edit_is_seen_and_so_is_its_undoing(place: Path) -> None:
    first = rung("check", "small.rung")
    (place / "small.rung").write_text(PROTOCOL.replace("MAP 60", "MAP 80"), encoding="utf-8")
    assert rung("check", "small.rung").code == 1
    (place / "small.rung").write_text(PROTOCOL, encoding="utf-8")
    assert rung("check", "small.rung") == first


def test_an_edit_of_a_text_that_is_used_is_seen(place: Path) -> None:
    drug = PROTOCOL[PROTOCOL.index("drug norepinephrine") : PROTOCOL.index("stage only")]
    text = PROTOCOL.replace(drug, "").replace("  applies when", '  use "drugs.rung"\n  applies when')
    (place / "small.rung").write_text(text, encoding="utf-8")
    (place / "drugs.rung").write_text(FORMULARY, encoding="utf-8")
    assert rung("check", "small.rung").code == 0
    (place / "drugs.rung").write_text(FORMULARY.replace("0.02 to", "0.03 to"), encoding="utf-8")
    assert rung("check", "small.rung").code == 1
    (place / "drugs.rung").unlink()
    assert "drugs.rung" in rung("check", "small.rung").said


def test_what_was_left_undecided_is_looked_at_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report((Obligation("R201", ("only.low",), Undecided("no time")),), (), (), (), (), ("free",))
    with monkeypatch.context() as patch:
        patch.setattr(checked, "prove", lambda result: report)
        assert rung("check", "small.rung").code == 1
    assert rung("check", "small.rung").code == 0
