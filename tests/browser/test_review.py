"""The packet in Chromium: a patient is tried by keyboard, both versions decide, and nothing leaves it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.chromium import a_page, axe, printed
from tests.review.made import packet, patient
from tests.review.two import OLD, compiled

from rung_engine.decision.model import to_json
from rung_lang.diff.diff import diff
from rung_lang.report import diff_said
from rung_lang.report.review_page.html import review_html

KINDS = """input shock any of septic, cardiogenic valid for 24 h
input skin graded normal, mottled, ischaemic valid for 6 h
event bleeding
task look "look at the wound"
drug fluid
  bolus in mL
"""
READ = (
    "shock is septic and skin >= mottled and after bleeding and after look done "
    "and total fluid over 1 h >= 500 mL"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("packet") / "review.html"
    path.write_text(review_html(packet()), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def review(page: Page, address: str) -> Page:
    page.goto(address)
    return page


def _sides(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.locator("#answer .side").all_inner_texts()]


def _choose(page: Page, words: str) -> None:
    """In the list that has the focus, as a person types."""
    page.keyboard.type(words)


def _go_to(page: Page, name: str) -> None:
    """By the tab key alone, to the field of this name among those of now."""
    for _ in range(200):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "(document.activeElement.labels || [])[0]?.innerText || document.activeElement.ariaLabel || "
            "document.activeElement.innerText || ''"
        )
        if label.startswith(name):
            return
    raise AssertionError(f"no way leads to {name}")


def test_a_patient_is_tried_by_keyboard_and_the_versions_differ(review: Page) -> None:
    review.locator("#preset").focus()
    for name, words in (
        ("MAP (mean arterial pressure), mmHg", "60"),
        ("age, years", "60"),
        ("central access", "yes"),
        ("weight, kg", "70"),
        ("norepinephrine, mcg/kg/min", "0.15"),
        ("vasopressin", "off"),
    ):
        _go_to(review, name)
        _choose(review, words)
    _go_to(review, "Decide")
    review.keyboard.press("Enter")
    assert review.locator("#verdict").inner_text() == "The versions decide differently"
    assert review.evaluate("document.activeElement.id") == "verdict"
    old, new = _sides(review)
    assert "add vasopressin at 0.03 units/min (9 mL/h at 0.2 units/mL)" in old
    assert "add vasopressin" not in new
    review.locator("#answer summary").first.click()
    assert "true: NE >= 0.1 mcg/kg/min" in " ".join(review.locator("#answer .why").first.inner_text().split())
    assert axe(review) == []


def test_the_page_decides_what_the_reference_engine_decided(review: Page) -> None:
    """Of the patient in the packet, content for content."""
    shown = patient()
    found = review.evaluate(
        """() => {
          const both = Rung.parse(document.getElementById("both").textContent);
          const { facts, time } = both.presets[0];
          return ["old", "new"].map((side) => {
            const found = Rung.run(Rung.load(both[side], {}), facts, { until: time });
            return Rung.canonical(found[found.length - 1].content);
          });
        }"""
    )
    for text, content in zip(found, (shown.old, shown.new), strict=True):
        assert json.loads(text) == to_json(content)


def test_what_is_not_charted_is_waited_for_and_a_wrong_number_is_said(review: Page) -> None:
    review.select_option("#preset", index=1)
    assert review.get_by_role("group", name="Earlier:").count() == 2
    review.get_by_label("Drugs that are not charted").select_option("unknown")
    now = review.get_by_role("group", name="Now", exact=True)
    now.get_by_label("norepinephrine, mcg/kg/min").fill("0,15 about")
    review.get_by_role("button", name="Decide").click()
    assert "cannot be read" in review.locator("#answer").inner_text()
    assert now.get_by_label("norepinephrine, mcg/kg/min").get_attribute("aria-invalid") == "true"
    assert axe(review) == []
    now.get_by_label("norepinephrine, mcg/kg/min").fill("0.3")
    for group in review.get_by_role("group", name="Earlier:").all():
        group.locator("select").first.select_option("")
    now.locator("select").first.select_option("")
    review.get_by_role("button", name="Decide").click()
    assert all("waits for MAP" in side for side in _sides(review))


def test_nothing_charted_is_no_patient(review: Page) -> None:
    review.get_by_label("Drugs that are not charted").select_option("unknown")
    review.get_by_role("button", name="Decide").click()
    assert "Nothing is charted" in review.locator("#answer").inner_text()


def test_a_renamed_reading_reaches_both_versions_and_every_kind_of_field_is_read(
    page: Page, tmp_path: Path
) -> None:
    text = OLD.replace("input lactate in mmol/L", KINDS + "input lactate in mmol/L")
    text = text.replace("when low and norepinephrine off", "when low and norepinephrine off and " + READ)
    old = compiled(text).artifact
    new = compiled(text.replace("MAP", "pressure")).artifact
    assert old is not None
    assert new is not None
    both = diff_said.sides(diff(old, new), old, new)
    assert [(one.old, one.new) for one in both.difference.renamed] == [("MAP", "pressure")]
    place = tmp_path / "review.html"
    place.write_text(review_html(replace(packet(), sides=both)), encoding="utf-8")
    page.goto(place.as_uri())
    page.locator("summary", has_text="More that can be charted").click()
    for label, words in (("pressure (mean arterial pressure), mmHg", "60"), ("age, years", "60")):
        page.get_by_label(label).fill(words)
    page.get_by_label("skin", exact=True).select_option("mottled")
    page.get_by_label("shock", exact=True).first.select_option("is")
    page.get_by_role("group", name="shock").get_by_label("septic").check()
    page.get_by_label("bleeding", exact=True).select_option("happened")
    page.get_by_label("look").select_option("done")
    page.get_by_label("fluid, mL").fill("500")
    page.get_by_role("button", name="Decide").click()
    assert page.locator("#verdict").inner_text() == "Both versions decide the same"
    assert all("start norepinephrine at 0.02 to 0.05 mcg/kg/min" in side for side in _sides(page))
    page.get_by_label("bleeding", exact=True).select_option("")
    page.get_by_role("button", name="Decide").click()
    assert not any("start norepinephrine" in side for side in _sides(page))


def test_on_paper_the_form_is_gone_and_every_change_is_there(review: Page) -> None:
    review.emulate_media(media="print", color_scheme="light", forced_colors="active")
    assert not review.locator("#try").is_visible()
    assert review.get_by_role("heading", name="1. Add vasopressin").is_visible()
    assert printed(review).startswith(b"%PDF-")


@pytest.mark.parametrize("wide", [1280, 800, 390])
def test_nothing_stands_beside_the_page(review: Page, wide: int) -> None:
    review.set_viewport_size({"width": wide, "height": 900})
    assert review.evaluate("document.documentElement.scrollWidth") <= wide


def test_without_its_script_all_but_the_form_is_there(browser: Browser, address: str) -> None:
    with a_page(browser, scripts=False) as page:
        page.goto(address)
        assert "needs JavaScript" in page.locator("noscript").inner_text()
        assert page.get_by_role("heading", name="What is proved, before and after").is_visible()


def test_the_page_is_well_below_what_a_mail_gate_takes(address: str) -> None:
    assert Path(address.removeprefix("file://")).stat().st_size < 400_000
