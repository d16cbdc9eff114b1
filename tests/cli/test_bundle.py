"""`rung check` and `rung run` of a bundle: several protocols on one patient."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from tests.cli.command import Ended, rung

from rung_engine.sources.synthetic import write_cohort

WARD = """formulary ward "Ward"
input age in years fixed
input weight in kg plausible 20 to 350 kg fixed dosing
input MAP in mmHg plausible 10 to 250 mmHg valid for 2 h charted every 1 h
drug norepinephrine infusion in mcg/kg/min start 0.05 mcg/kg/min maximum 3 mcg/kg/min valid for 24 h
"""
OWNER = """protocol owner "Owner"
  version 1.0.0
  use "ward.rung"
  applies when age >= 18 years
stage only "Pressure" initial resting
  rule low when MAP < 65 and norepinephrine off then start norepinephrine at 0.05 mcg/kg/min
example "low"
  given age 60 years, weight 70 kg, MAP 60, norepinephrine off
  expect start norepinephrine at 0.05 mcg/kg/min
"""
OTHER = """protocol other "Other"
  version 1.0.0
  use "ward.rung"
  applies when age >= 18 years
yields norepinephrine to owner because "one owner"
stage only "Pressure" initial resting
  rule lower when MAP < 70 and norepinephrine off
    then start norepinephrine at 0.02 mcg/kg/min and notify "kidney team"
example "low"
  given age 60 years, weight 70 kg, MAP 60, norepinephrine off
  expect start norepinephrine at 0.02 mcg/kg/min
"""
BUNDLE = """bundle both "Both"
  version 1.0.0
  runs "owner.rung"
  runs "other.rung"
example "one owner"
  given age 60 years, weight 70 kg, MAP 60, norepinephrine off
  expect start norepinephrine at 0.05 mcg/kg/min, stage only
  [0 h] propose start norepinephrine at 0.05 mcg/kg/min expect accepted
"""


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    texts = {"ward.rung": WARD, "owner.rung": OWNER, "other.rung": OTHER, "both.bundle": BUNDLE}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    write_cohort(folder, stays=2, seed=7)
    return folder


def lines(ended: Ended, name: str) -> list[str]:
    return [line for line in ended.out.splitlines() if line.startswith(name)]


def told(ended: Ended) -> str:
    """As one line, however it was wrapped."""
    return " ".join(ended.out.split())


def test_a_bundle_is_checked_with_its_members_and_each_pair(ward: Path) -> None:
    ended = rung("check", str(ward / "both.bundle"))
    assert ended.code == 0, ended.said
    assert "owner.rung: proved" in told(ended) and "other.rung: proved" in told(ended)
    assert "no errors, 2 protocols together, 1 of 1 examples hold" in ended.out
    assert "what protocols other than owner order on the same patient" in told(ended)


def test_a_member_named_twice_or_found_in_the_folder_is_checked_once(ward: Path) -> None:
    ended = rung("check", str(ward / "owner.rung"), str(ward / "both.bundle"))
    assert told(ended).count("owner.rung: proved") == 1
    ended = rung("check", str(ward))
    assert ended.code == 0, ended.said
    assert told(ended).count("owner.rung: proved") == 1
    assert "2 protocols together" in ended.out


def test_what_two_members_order_against_each_other_fails_the_bundle(ward: Path) -> None:
    (ward / "other.rung").write_text(OTHER.replace('yields norepinephrine to owner because "one owner"', ""))
    ended = rung("check", str(ward / "both.bundle"))
    assert ended.code == 1
    assert "error R601" in ended.out and "error R701" in ended.out
    assert "neither is given" in told(ended)


def test_a_failing_example_shows_what_each_protocol_said(ward: Path) -> None:
    wrong = BUNDLE.replace("start norepinephrine at 0.05 mcg/kg/min, stage", "no norepinephrine, stage")
    (ward / "both.bundle").write_text(wrong)
    ended = rung("check", str(ward / "both.bundle"), "--format", "json")
    assert ended.code == 1
    (finding,) = json.loads(ended.out)["files"][-1]["findings"]
    assert finding["code"] == "R701"
    for words in ("owner: stage only", "other: stage only", "other yields `start", "to owner (one owner)"):
        assert words in finding["body"], finding["body"]


def test_a_bundle_with_a_mistake_is_told_and_its_examples_wait(ward: Path) -> None:
    (ward / "both.bundle").write_text(BUNDLE.replace("other.rung", "lost.rung"))
    ended = rung("check", str(ward / "both.bundle"))
    assert ended.code == 1 and "error R118" in ended.out and "Traceback" not in ended.said
    assert "examples hold" not in lines(ended, str(ward / "both.bundle"))[-1]


def test_every_form_of_a_check_takes_a_bundle(ward: Path) -> None:
    for form in ("json", "sarif", "junit"):
        ended = rung("check", str(ward / "both.bundle"), "--format", form)
        assert ended.code == 0, ended.said
        assert "both.bundle" in ended.out


def test_a_bundle_is_laid_out_like_any_other_text(ward: Path) -> None:
    assert rung("fmt", str(ward / "both.bundle")).code == 0
    assert rung("fmt", "--check", str(ward / "both.bundle")).code == 0
    assert rung("check", str(ward / "both.bundle")).code == 0


def test_what_is_about_one_protocol_refuses_a_bundle(ward: Path) -> None:
    for command in ("compile", "graph", "verify"):
        ended = rung(command, str(ward / "both.bundle"))
        assert ended.code == 1 and "error C108" in ended.err, (command, ended.said)


# ---------------------------------------------------------------- run


def test_one_timeline_says_whose_each_order_is_and_what_was_yielded(ward: Path, cohort: Path) -> None:
    stay = str(pl.read_parquet(cohort / "stays.parquet")["stay_id"][0])
    arguments = ("run", str(ward / "both.bundle"), "--data", str(cohort), "--stay", stay)
    ended = rung(*arguments)
    assert ended.code == 0, ended.said
    assert "NEW owner: start norepinephrine at 0.05 mcg/kg/min" in told(ended)
    assert 'NEW other: notify "kidney team"' in told(ended)
    assert "YIELDED other yields `start norepinephrine at 0.02 mcg/kg/min" in told(ended)
    assert "to owner (one owner)" in told(ended)
    assert max(len(line) for line in ended.out.splitlines()[1:]) <= 80
    data = json.loads(rung(*arguments, "--format", "json").out)
    assert [one["name"] for one in data["protocols"]] == ["owner", "other"]
    assert any(moment["together"].get("yielded") for moment in data["moments"])


def test_a_bundle_has_no_summary_of_all_stays(ward: Path, cohort: Path) -> None:
    ended = rung("run", str(ward / "both.bundle"), "--data", str(cohort), "--all")
    assert ended.code == 2 and "error C131" in ended.err


def test_what_is_wrong_is_refused_before_anything_runs(ward: Path, cohort: Path) -> None:
    (ward / "other.rung").write_text(OTHER.replace("MAP < 70", "MAP < 70 mg"))
    ended = rung("run", str(ward / "both.bundle"), "--data", str(cohort), "--stay", "SYN-0001")
    assert ended.code == 1 and "error C106" in ended.err and "error R122" in ended.err
    ended = rung("run", str(ward / "none.bundle"), "--data", str(cohort), "--stay", "SYN-0001")
    assert "error C101" in ended.err
