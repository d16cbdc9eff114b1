"""The page of one stay: whole, the same every time, and nothing unknown is drawn as known."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from tests.report.a_stay import FACTS, told

from rung_engine.reference.history import Chart, resolve
from rung_lang.report.decisions import WHY, clock, said
from rung_lang.report.timeline_page.page import timeline_page
from rung_lang.report.timeline_page.rows import Row, rows

GOLDEN = Path(__file__).parent / "golden" / "timeline.html"
REWRITE = os.environ.get("RUNG_REWRITE") == "1"
HOUR = 3_600_000
END = 15 * HOUR


def _rows() -> dict[str, Row]:
    page = told()
    chart = Chart(page.program, resolve(page.stay.events)[0])
    return {row.name: row for row in rows(page.program, chart, page.decisions, 0, END)}


def test_the_page_is_the_golden_one_and_well_formed() -> None:
    page = timeline_page(told())
    ElementTree.fromstring(page)
    body = page[page.index("<main>") : page.index("</main>")]
    if REWRITE:
        GOLDEN.write_text(body, encoding="utf-8", newline="\n")
    assert body == GOLDEN.read_text(encoding="utf-8")


def test_every_instant_of_every_row_is_told_once() -> None:
    for row in _rows().values():
        assert (row.spans[0].start, row.spans[-1].end) == (0, END), row.name
        assert all(a.end == b.start for a, b in pairwise(row.spans)), row.name


def test_what_is_not_known_has_the_words_of_its_reason_and_no_level() -> None:
    unknown = {
        (row.name, span.start // HOUR, span.why) for row in _rows().values() for span in row.spans if span.why
    }
    assert unknown == {
        ("MAP", 2, "implausible"),
        ("MAP", 5, "stale"),
        ("MAP", 8, "contested"),
        ("MAP", 11, "stale"),
        ("bleeding", 0, "never"),
        ("crystalloid", 0, "silence"),
        ("lactate", 0, "never"),
        ("lactate", 7, "stale"),
        ("norepinephrine", 0, "silence"),
        ("norepinephrine", 5, "rate"),
        ("urine_output", 0, "never"),
    }
    for row in _rows().values():
        for span in row.spans:
            if span.why and span.why != "silence":
                assert span.words == WHY[span.why]
                assert span.level is None


def test_a_stale_reading_is_known_up_to_its_last_millisecond() -> None:
    spans = _rows()["MAP"].spans
    ends = [span.end for span in spans if span.level == 62_000_000]
    assert ends == [5 * HOUR + 1]
    assert clock(ends[0]) == "0d 05:00+"


def test_every_decision_and_all_it_says_stand_in_the_page() -> None:
    page = told()
    root = ElementTree.fromstring(timeline_page(page))
    texts = [" ".join("".join(item.itertext()).split()) for item in root.iter() if item.tag.endswith("}li")]
    before = None
    for decision in page.decisions:
        item = next(text for text in texts if text.startswith(f"{clock(decision.time)} "))
        for one in said(decision, page.program.artifact, before=before):
            assert f"{one.lead} {' '.join(one.text.split())}" in item
        before = decision


def test_three_weeks_of_readings_stay_readable_and_below_three_megabytes() -> None:
    facts = [*FACTS, *(f"{quarter * 15} min MAP {60 + quarter * 7 % 23}" for quarter in range(100, 2_100))]
    page = timeline_page(told(tuple(facts)))
    assert len(page.encode()) < 3_000_000
    assert page.count('class="t"') < 1_000


def test_a_stay_of_which_nothing_was_charted_has_a_page_too() -> None:
    page = timeline_page(told((), ()))
    assert "Nothing was charted in this stay that the protocol reads." in page
    ElementTree.fromstring(page)
