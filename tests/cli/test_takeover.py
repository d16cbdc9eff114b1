"""`rung run NEW --after OLD --at TIME`: one stay on which a newer version takes over."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from tests.cli.command import PROTOCOL, Ended, rung
from tests.sources.folder import MAPPING, reading, write

from rung_lang.cli.exits import Refusal
from rung_lang.cli.takeover import read_time

GOLDEN = Path(__file__).resolve().parent / "golden" / "takeover.txt"
REWRITE = os.environ.get("RUNG_REWRITE") == "1"
OLD = PROTOCOL.partition("\nexample")[0]
NEW = (
    OLD.replace("version 1.0.0", "version 2.0.0")
    .replace("MAP < 65", "MAP < 60")
    .replace("stage only", "stage pressure")
)
TOLD = 'migrate only to pressure because "the stage has a name of its own"\n'


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stay, both versions and one that says nothing of the old stage."""
    (tmp_path / "old.rung").write_text(OLD, encoding="utf-8")
    (tmp_path / "new.rung").write_text(NEW + TOLD, encoding="utf-8")
    (tmp_path / "untold.rung").write_text(NEW, encoding="utf-8")
    readings = [reading("map", value, "mmHg", time_min=60 * hour) for hour, value in enumerate((70, 62, 58))]
    write(tmp_path / "data", events=readings)
    (tmp_path / "data" / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def taken(new: str, at: str, *more: str) -> Ended:
    return rung(
        "run", "--unverified", new, "--data", "data", "--stay", "A", "--after", "old.rung", "--at", at, *more
    )


def test_a_timeline_shows_the_takeover(place: Path) -> None:
    ended = taken("new.rung", "90 min")
    assert ended.code == 0, ended.said
    # A seal also tells the version of what compiled the text.
    shown = re.sub(r"(?<=[( ])[0-9a-f]{12}(?=\))", "0" * 12, ended.out)
    if REWRITE:
        GOLDEN.write_text(shown, encoding="utf-8")
    assert shown == GOLDEN.read_text(encoding="utf-8")
    assert all(len(line) <= 80 for line in ended.out.splitlines())


def test_the_same_in_json(place: Path) -> None:
    told = json.loads(taken("new.rung", "0d 01:30", "--format", "json").out)
    entries = [one for one in told["decisions"] if "takeover" in one]
    assert [(one["time"], one["takeover"]["how"], one["takeover"]["landing"]) for one in entries] == [
        (5_400_000, "migrate", "pressure")
    ]
    assert told["after"]["until"] == 5_400_000


def test_a_takeover_that_cannot_be_is_refused_in_words(place: Path) -> None:
    for ended, code, exit_code in (
        (taken("untold.rung", "90 min"), "C171", 1),
        (taken("new.rung", "noon"), "C173", 2),
        (taken("new.rung", "90 min", "--html", "x.html"), "C170", 2),
        (rung("run", "new.rung", "--data", "data", "--stay", "A", "--after", "old.rung"), "C170", 2),
    ):
        assert (ended.code, f"error {code}:" in ended.err) == (exit_code, True), ended.said
    other = (NEW + TOLD).replace("input MAP in mmHg plausible 10 to 250 mmHg valid", "input MAP in kPa valid")
    other = other.replace(
        "input MAP in kPa valid for 2 h charted every 1 h", "input MAP yes or no valid for 2 h"
    )
    (place / "new.rung").write_text(other.replace("MAP < 60", "MAP"), encoding="utf-8")
    assert "error C172: MAP" in taken("new.rung", "90 min").err


@pytest.mark.parametrize(
    ("text", "millis"),
    [("12 h", 43_200_000), ("12.5h", 45_000_000), ("0d 12:30", 45_000_000), ("-0d 01:00", -3_600_000),
     ("1d 00:00:00.001", 86_400_001), ("90 min", 5_400_000)],
)  # fmt: skip
def test_a_time_is_read_as_it_is_shown(text: str, millis: int) -> None:
    assert read_time(text) == millis


@pytest.mark.parametrize("text", ["", "12", "noon", "0.1 ms", "12 hours", "1d 2:00", "9" * 40 + " h"])
def test_another_time_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        read_time(text)
