"""`rung examples`: what it writes for the gaps it finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.cli.command import rung

TWICE = """protocol demo "Demonstration"
  version 1.0.0
  applies when MAP <= 250 mmHg
input MAP in mmHg plausible 10 to 250 mmHg valid for 15 min charted every 15 min
stage first_line initial
  when MAP < 65 then go to rescue
  when MAP >= 75 then finish "recovered"
stage rescue resting
  when MAP < 65 then notify "intensivist"
"""


@pytest.fixture
def protocol(tmp_path: Path) -> Path:
    path = tmp_path / "demo.rung"
    path.write_text(TWICE, encoding="utf-8")
    return path


def test_every_gap_has_a_patient_and_every_title_is_one_of_a_kind(protocol: Path) -> None:
    ended = rung("examples", str(protocol), "--suggest")
    assert (ended.code, ended.err) == (0, "9 of 9 gaps have a patient.\n")
    titles = re.findall(r'^example "(.*)"$', ended.out, re.MULTILINE)
    assert len(titles) == len(set(titles)) > 1
    assert "first_line.rule_1 fires" in titles, "two rules are called rule_1"
    assert "rule_2 fires" in titles
    assert "# also: rescue.rule_1 fires" in ended.out


def test_the_written_examples_hold_and_leave_no_gap(protocol: Path) -> None:
    ended = rung("examples", str(protocol), "--suggest")
    protocol.write_text(TWICE + ended.out, encoding="utf-8")
    again = rung("examples", str(protocol), "--suggest")
    assert (again.code, again.out, again.err) == (0, "", "0 of 0 gaps have a patient.\n")


def test_a_title_that_the_text_has_already_is_not_written_again(protocol: Path) -> None:
    taken = 'example "rule_2 fires"\n  given MAP 40 mmHg\n  expect stage rescue\n'
    protocol.write_text(TWICE + taken, encoding="utf-8")
    ended = rung("examples", str(protocol), "--suggest")
    assert 'example "rule_2 fires (2)"' in ended.out
