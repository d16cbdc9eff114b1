"""What a difference comes to on a cohort, as it is read: the terminal, Markdown, the page, the files."""

from __future__ import annotations

import json
import os
import re
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pyarrow.parquet as pq
import pytest
from tests.cli.command import PROTOCOL

from rung_engine.artifact import model as m
from rung_engine.cohort.facts import facts_of
from rung_engine.cohort.form import form_of
from rung_engine.decision.view import InputState
from rung_engine.event import Charted, Event, Infusion, Reading
from rung_engine.program import Program
from rung_engine.session.replay import Replay
from rung_lang.cli.exits import Refusal
from rung_lang.cli.impact import DataOptions, impact
from rung_lang.diff.impact import lies_in
from rung_lang.diff.model import Change, Difference, Given, Region, StagePair, Version
from rung_lang.driver import compile_protocol
from rung_lang.report.diff_said import Sides, sides
from rung_lang.report.documents.html import html
from rung_lang.report.documents.page import Page
from rung_lang.report.impact_page import blocks
from rung_lang.report.impact_said import OnCohort, lines, markdown
from rung_lang.source import Source
from rung_lang.verify.gaps.regions import Between, Bound, Condition, State

GOLDEN = Path(__file__).resolve().parent / "golden"
MINUTE = 60_000
PLACE = StagePair("only", "only")


def artifact(text: str) -> m.Artifact:
    made = compile_protocol("small.rung", lambda path: Source(path, text)).artifact
    assert made is not None
    return made


OLD = artifact(PROTOCOL)
NEW = artifact(
    PROTOCOL.replace("MAP < 65", "MAP < 62")
    .replace("version 1.0.0", "version 1.1.0")
    .replace("then start norepinephrine", "then start norepinephrine at 0.04 to 0.06 mcg/kg/min")
)


def pressure(lo: int | None, hi: int) -> Between:
    ends = [None if one is None else Bound(Fraction(one), f"{one} mmHg", place == 0)
            for place, one in enumerate((lo, hi))]  # fmt: skip
    return Between("MAP", *ends)


def given(of: m.Artifact) -> tuple[Given, ...]:
    choice = of.rules[0].orders[0]
    assert isinstance(choice, m.One)
    return (Given("only.low", choice.order, "recommend"),)


def difference() -> Difference:
    """By hand: who is treated later or not at all, who gets more; and two changes that nobody here shows."""
    off = State("norepinephrine", "off", true=True)
    regions = (
        Region("1.1", (pressure(62, 65), off), ("later", "fewer patients"), given(OLD), (), None),
        Region("1.2", (pressure(None, 62), off), ("dose up",), given(OLD), given(NEW), None),
        Region("1.3", (Condition("age known", true=False),), ("dose up",), given(OLD), given(NEW), None),
    )
    first = Change(
        "1", PLACE, ("start", "norepinephrine"), ("later", "fewer patients", "dose up"), regions, True,
        ("only.low",), ("only.low",),
    )  # fmt: skip
    unseen = Change("2", PLACE, ("do", "nothing"), ("order new",), (), True, (), ())
    versions = [
        Version(one.name, one.title, one.version, one.status, one.meaning, one.seal, "none")
        for one in (OLD, NEW)
    ]
    return Difference(
        versions[0], versions[1], "differs", (), (PLACE,), (first, unseen), (), (), (), (), ()
    )  # fmt: skip


def stay(k: int) -> list[Event]:
    """A pressure that falls, in some fast past both bounds, and norepinephrine in one."""
    events: list[Event] = [
        Reading("age", 0, "age", Charted((12 if k == 5 else 40 + k) * 1_000_000, "years")),
        Reading("weight", 0, "weight", Charted(70_000_000, "kg")),
        Infusion("off", 0, "norepinephrine", Charted(0, "mcg/kg/min")),
    ]
    for place in range(12):
        value = 78 - place * (k % 3 + 1)
        events.append(Reading(f"m{place}", place * 30 * MINUTE, "MAP", Charted(value * 1_000_000, "mmHg")))
    if k == 4:
        events.append(Infusion("on", 250 * MINUTE, "norepinephrine", Charted(50_000, "mcg/kg/min")))
    return events


@pytest.fixture(scope="module")
def both() -> Sides:
    return sides(difference(), OLD, NEW)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("data") / "six"
    place.mkdir()
    made = facts_of(OLD, {f"stay-{k}": stay(k) for k in range(6)})
    pq.write_table(form_of(made), place / "facts.parquet")
    return place


@pytest.fixture(scope="module")
def cohort(both: Sides, folder: Path) -> OnCohort:
    return impact(both, DataOptions(str(folder), output=str(folder.parent / "out")))


def test_it_is_said_in_eighty_columns_and_in_markdown(both: Sides, cohort: OnCohort) -> None:
    said = list(lines(both, cohort))
    assert max(map(len, said)) <= 80
    text = "\n".join((*said, "", "=" * 80, "", *markdown(both, cohort)))
    golden = GOLDEN / "impact.txt"
    if os.environ.get("RUNG_REWRITE"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_the_counts_are_those_of_the_stays(cohort: OnCohort, folder: Path) -> None:
    told = cohort.compared
    (first, unseen) = told.changes
    # Below 65 and not below 62 mmHg on some reading, or below 62 mmHg: stays 1, 2 and 4; 5 is a child.
    assert [moment.stay for moment in first.moments] == ["stay-1", "stay-2", "stay-4"]
    assert told.unseen == (unseen,)
    assert told.unexplained.stays == told.follows.stays == 0
    assert {region.name: region.stays for region in first.regions} == {"1.1": 3, "1.2": 2, "1.3": 0}
    rows = pl.read_parquet(folder.parent / "out" / "compared.parquet")
    spans = rows.group_by("side").agg((pl.col("end_ms") - pl.col("start_ms")).sum())
    assert first.lasting.ms == spans["end_ms"].sum() == told.differing.ms
    data = json.loads((folder.parent / "out" / "compared.json").read_text(encoding="utf-8"))
    assert data["compared"]["differing"]["stays"] == 3
    assert data["compared"]["changes"][0]["moments"][0]["old"]["orders"][0]["target"] == "norepinephrine"


def test_the_page_needs_nothing_else(both: Sides, cohort: OnCohort) -> None:
    text = html(Page("Impact", "", "", "", tuple(blocks(both, cohort))))
    assert not re.search(r"<script|<link|<img|@import|url\(|src=|href=", text)
    page = ET.fromstring(text.partition("\n")[2])
    ids = [one.get("id") for one in page.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert "stay-4" in text


def test_what_cannot_be_read_or_written_is_refused_in_words(
    both: Sides, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(Refusal) as problem:
        impact(both, DataOptions(str(tmp_path / "none")))
    assert problem.value.code == "D123"
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    with pytest.raises(Refusal) as problem:
        impact(both, DataOptions(str(folder), output=str(blocked / "out")))
    assert problem.value.code == "C103"
    assert list(tmp_path.iterdir()) == [blocked]


def test_whether_a_patient_lies_in_a_region() -> None:
    program = Program(NEW, unverified=True)
    view = Replay(program, stay(4)[:8]).advance(150 * MINUTE)
    assert view.input("MAP") == InputState(Fraction(70), "", 120 * MINUTE)
    off, known = State("norepinephrine", "off", true=True), Condition("age known", true=True)
    assert lies_in(view, ()) is True
    assert lies_in(view, (pressure(70, 71), off, known)) is True
    assert lies_in(view, (pressure(None, 70),)) is False
    assert lies_in(view, (State("norepinephrine", "running", true=True),)) is False
    assert lies_in(view, (Condition("age known", true=False),)) is False
    assert lies_in(view, (known, Condition("something unheard of", true=True))) is None
    rate = Between("norepinephrine", Bound(Fraction(1, 1_000_000), "0.06 mcg/kg/min", True), None)
    assert lies_in(Replay(program, stay(4)).advance(340 * MINUTE), (rate,)) is False
