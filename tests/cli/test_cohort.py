"""`rung cohort`: the summary, the report, what changes between versions, and what it says of bad input."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pyarrow.parquet as pq
import pytest
from tests.cli.command import PROTOCOL, Ended, rung

from rung_engine.cohort.data import open_facts
from rung_engine.cohort.facts import facts_of
from rung_engine.cohort.form import form_of
from rung_engine.cohort.impact import impacts
from rung_engine.cohort.stream import run
from rung_engine.event import Charted, Event, Infusion, Reading
from rung_engine.program import Program
from rung_engine.sources.synthetic import write_cohort
from rung_lang.driver import compile_protocol
from rung_lang.report.cohort_page.plots import Bar, Step, bars, steps, stretches
from rung_lang.source import Source

GOLDEN = Path(__file__).resolve().parent / "golden"
MINUTE = 60_000
SVG = "{http://www.w3.org/2000/svg}"


def _stay(k: int) -> list[Event]:
    """A pressure that falls below 70 and then 65 mmHg, and in some norepinephrine later; without chance."""
    events: list[Event] = [
        Reading("age", 0, "age", Charted((12 if k == 7 else 40 + k) * 1_000_000, "years")),
        Reading("weight", 0, "weight", Charted(70_000_000, "kg")),
        Infusion("off", 0, "norepinephrine", Charted(0, "mcg/kg/min")),
    ]
    for place in range(24):
        value = 5 if place == 9 and k == 2 else 80 - place * (k % 4 + 1)
        events.append(Reading(f"m{place}", place * 30 * MINUTE, "MAP", Charted(value * 1_000_000, "mmHg")))
    if k % 3:
        at = (100 + 60 * k) * MINUTE
        events.append(Infusion("on", at, "norepinephrine", Charted(50_000, "mcg/kg/min")))
    return events


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Ten stays in the facts form."""
    folder = tmp_path_factory.mktemp("data") / "ten"
    folder.mkdir()
    artifact = compile_protocol("small.rung", lambda path: Source(path, PROTOCOL)).artifact
    assert artifact is not None
    made = facts_of(artifact, {f"stay-{k}": _stay(k) for k in range(10)})
    pq.write_table(form_of(made), folder / "facts.parquet")
    return str(folder)


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The small protocol, proved, and the text of an older one that starts later."""
    folder = tmp_path_factory.mktemp("versions")
    new, old = folder / "small.rung", folder / "before.rung"
    new.write_text(PROTOCOL, encoding="utf-8")
    old.write_text(PROTOCOL.replace("MAP < 65", "MAP < 62").replace("1.0.0", "0.9.0"), encoding="utf-8")
    assert rung("compile", str(new)).code == 0
    return str(new.with_suffix(".rungc")), str(old)


def page_of(path: Path) -> ET.Element:
    """The report, which is well-formed XML."""
    return ET.fromstring(path.read_text(encoding="utf-8").partition("\n")[2])


def test_the_summary_is_plain_and_fits_a_terminal(facts: str, versions: tuple[str, str]) -> None:
    ended = rung("cohort", versions[0], "--data", facts)
    assert ended.code == 0, ended.said
    assert ended.err == ""
    golden = GOLDEN / "cohort.txt"
    if os.environ.get("RUNG_REWRITE"):
        golden.write_text(ended.out, encoding="utf-8")
    assert ended.out == golden.read_text(encoding="utf-8")
    assert max(map(len, ended.out.splitlines())) <= 80


def test_the_report_needs_nothing_else_and_says_every_plot_in_words(
    facts: str, versions: tuple[str, str], tmp_path: Path
) -> None:
    first, again = tmp_path / "a", tmp_path / "b"
    for out in (first, again, first):
        assert rung("cohort", versions[0], "--data", facts, "-o", str(out)).code == 0
    assert (first / "report.html").read_bytes() == (again / "report.html").read_bytes()
    text = (first / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<script|<link|<img|@import|url\(|src=|href=", text)
    page = page_of(first / "report.html")
    drawings = list(page.iter(f"{SVG}svg"))
    assert len(drawings) >= 5
    for drawing in drawings:
        title, desc = (drawing.findtext(f"{SVG}{part}") for part in ("title", "desc"))
        assert title
        assert desc
        for number in re.findall(r"-?\d+", "".join(one.get("d", "") for one in drawing.iter())):
            assert -20 <= int(number) <= 2000
    ids = [one.get("id") for one in page.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    told = json.loads((first / "summary.json").read_text(encoding="utf-8"))
    for value in (told["meaning"], told["seal"], *told["provenance"].values()):
        assert value in text
    assert "<code>only.low</code>" in text


def test_what_is_not_proved_stands_at_the_top(facts: str, versions: tuple[str, str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    refused = rung("cohort", versions[1], "--data", facts, "--html", str(page))
    assert refused.code in (0, 3)
    ended = rung("cohort", versions[1], "--data", facts, "--unverified", "--html", str(page))
    assert ended.code == 0, ended.said
    assert "not proved, run all the same" in ended.out
    assert "Not proved." in page.read_text(encoding="utf-8").partition("<h2>")[0]


def test_a_new_version_is_held_against_the_old_one(
    facts: str, versions: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    new, old = versions
    ended = rung(
        "cohort", new, "--data", facts, "--compare", old, "--unverified", "-o", str(out), "--format", "json"
    )
    assert ended.code == 0, ended.said
    told = json.loads(ended.out)
    assert told == json.loads((out / "summary.json").read_text(encoding="utf-8"))
    rows = pl.read_parquet(out / "impact.parquet")
    drug = rows.filter(pl.col("kind") == "drug")
    (change,) = [one for one in told["impact"]["changes"] if one["kind"] == "drug"]
    # Below 62 mmHg comes after below 65 mmHg or at the same reading, and for some never.
    assert change["later"] == change["only_old"] == 0
    assert change["earlier"] > 0
    assert change["earlier"] + change["only_new"] + change["same"] == drug.height
    assert change["only_new_ms"] == drug["only_new_ms"].sum() == change["new_ms"] - change["old_ms"]
    assert change["only_old_ms"] == 0
    first = pl.col("time_ms").min().alias("first")
    for name, folder in (("new", out), ("old", out / "old")):
        items = pl.read_parquet(folder / "items-00000.parquet").with_columns(
            pl.col(pl.Categorical).cast(pl.String)
        )
        orders = items.filter((pl.col("op") == "start") & pl.col("confirmed")).group_by("stay").agg(first)
        known = drug.select("stay", first=f"{name}_first_ms").drop_nulls()
        assert orders.sort("stay").equals(known.sort("stay"))
    (stage,) = [one for one in told["impact"]["changes"] if one["kind"] == "stage"]
    assert stage["same"] == told["summary"]["applied"]
    assert told["impact"] == json.loads((out / "impact.json").read_text(encoding="utf-8"))
    assert told["impact"]["unseen"] == []
    assert "What changes" in (out / "report.html").read_text(encoding="utf-8")


def test_how_the_stays_are_cut_into_parts_changes_nothing(facts: str, tmp_path: Path) -> None:
    before = compile_protocol("old.rung", lambda path: Source(path, PROTOCOL.replace("< 65", "< 62")))
    after = compile_protocol("new.rung", lambda path: Source(path, PROTOCOL))
    assert before.artifact is not None
    assert after.artifact is not None
    runs = {}
    for name, artifact, batch in (
        ("a", before.artifact, 60),
        ("b", after.artifact, 60),
        ("c", after.artifact, 10**6),
    ):
        runs[name] = run(Program(artifact, unverified=True), open_facts(facts), tmp_path / name, batch=batch)
    assert [len(runs[name].parts) > 2 for name in "abc"] == [True, True, False]
    rows = [pl.concat(impacts(runs["a"], runs[name])).sort("stay", "kind", "name") for name in "bc"]
    assert rows[0].equals(rows[1])
    assert rows[0].filter(pl.col("moment") != "same").height > 0


def test_a_version_changes_nothing_against_itself(facts: str, versions: tuple[str, str]) -> None:
    ended = rung("cohort", versions[0], "--data", facts, "--compare", versions[0], "--format", "json")
    impact = json.loads(ended.out)["impact"]
    assert (impact["stays"], impact["changed"]) == (10, 0)
    for name in ("earlier", "later", "only_old", "only_new", "more", "fewer"):
        assert sum(one[name] for one in impact["changes"]) == 0


def test_of_a_tidy_folder_every_row_is_accounted_for(versions: tuple[str, str], tmp_path: Path) -> None:
    write_cohort(tmp_path / "tidy", stays=3, seed=7)
    ended = rung("cohort", versions[0], "--data", str(tmp_path / "tidy"), "--format", "json")
    assert ended.code == 0, ended.said
    told = json.loads(ended.out)
    for table in ("events", "infusions"):
        account = told["accounts"][table]
        assert account["rows"] == pl.read_parquet(tmp_path / "tidy" / f"{table}.parquet").height
        assert account["rows"] == sum(count for _, _, count in account["counts"])
    bad = sum(
        count for one in told["accounts"].values() for kind, _, count in one["counts"] if kind == "refused"
    )
    assert sum(count for _, _, count in told["refused"]) == bad > 0
    assert (told["read_as"], told["silence"]) == ("synthetic", "off")


def refused(ended: Ended, code: str, exit_code: int = 3) -> None:
    assert ended.code == exit_code, ended.said
    assert f"error {code}:" in ended.err, ended.said
    assert "Traceback" not in ended.said


def test_bad_input_is_refused_in_words(facts: str, versions: tuple[str, str], tmp_path: Path) -> None:
    new = versions[0]
    ours = ("cohort", new, "--data", facts)
    refused(rung("cohort", new, "--data", str(tmp_path / "none")), "D123")
    refused(rung("cohort", str(tmp_path / "none.rungc"), "--data", facts), "C101")
    refused(rung(*ours, "--compare", str(tmp_path / "none.rungc")), "C101")
    refused(rung(*ours, "--set", "x=1"), "C126", 2)
    refused(rung(*ours, "--mapping", "eicu_demo"), "C145", 2)
    refused(rung(*ours, "--engine", "spark"), "C146", 2)
    refused(rung(*ours, "--master", "local[2]"), "C146", 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pyspark.errors", None)
        refused(rung(*ours, "--engine", "spark", "--master", "local[2]"), "C147", 2)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    refused(rung(*ours, "-o", str(tmp_path / "file")), "C103", 4)
    refused(rung(*ours, "--html", str(tmp_path / "file" / "page.html")), "C103", 4)
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("x", encoding="utf-8")
    refused(rung(*ours, "-o", str(other)), "D129")
    assert [path.name for path in other.iterdir() if not path.name.startswith(".")] == ["mine.txt"]
    out = str(tmp_path / "out")
    assert rung(*ours, "-o", out).code == 0
    refused(rung("cohort", versions[1], "--unverified", "--data", facts, "-o", out), "D128")


def test_help_teaches_by_three_examples() -> None:
    assert rung("cohort", "--help").out.count("  rung cohort ") == 3


def test_bars_are_as_long_as_what_they_count() -> None:
    drawn = ET.fromstring(bars("x", "X", [Bar("a", 10, "10"), Bar("b", 5, "5"), Bar("c", 0, "0")]))
    long = [int(one.get("width", "")) for one in drawn.iter(f"{SVG}rect")]
    assert long[0] in (long[1] * 2, long[1] * 2 + 1)
    longer = ET.fromstring(bars("x", "X", [Bar("a", 1000, "10")]))
    assert [int(one.get("width", "")) for one in longer.iter(f"{SVG}rect")] == long[:1]
    said = ET.fromstring(bars("x", "<&>", [Bar("<b>&", 1, "\x00<1>")]))
    assert said.findtext(f"{SVG}title") == "<&>"
    assert "<b>&" in "".join(said.itertext())
    assert long[2] == 1


def test_every_value_is_in_one_stretch() -> None:
    hour = 3_600_000
    made, zero = stretches([(-100 * hour, 1), (-1, 2), (0, 3), (hour // 2, 4), (99 * hour, 5)])
    assert sum(one.count for one in made) == 15
    assert sum(one.count for one in made[:zero]) == 3
    assert made[zero].label.startswith("0 to")


def test_a_curve_stays_small_however_many_stays_rise() -> None:
    rises = tuple((place * 60_000, 1) for place in range(20_000))
    curve = Step("ordered", rises)
    drawn = steps("x", "X", 40_000, (curve, Step("charted", ())), rises[-1][0], ((rises[-1][0], 40_000),))
    assert len(drawn) < 40_000
    assert "ordered: 20,000 of 40,000" in drawn
    thick, dashed = (
        one.get("d", "")
        for one in ET.fromstring(drawn).iter(f"{SVG}path")
        if one.get("fill") == "none" and "H" in one.get("d", "") and one.get("stroke-width") != "1"
    )
    heights = [int(one) for one in re.findall(r"V(\d+)", thick)]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) > 100
    assert set(re.findall(r"V(\d+)", dashed)) == {str(heights[0])}
