"""The page of one stay in Chromium: pointer, keys, paper, chosen colours, and without its script."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.chromium import a_page, axe, printed
from tests.report.a_stay import told

from rung_lang.report.timeline_page.page import timeline_page


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("timeline") / "stay.html"
    path.write_text(timeline_page(told()), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def opened(page: Page, address: str) -> Page:
    page.goto(address)
    return page


def _panel(page: Page) -> str:
    return " ".join(page.locator("#panel").inner_text().split())


def test_the_keys_walk_through_the_decisions_and_each_is_explained(opened: Page) -> None:
    opened.keyboard.press("Tab")
    while opened.evaluate("document.activeElement.id") != "wide":
        opened.keyboard.press("Tab")
    slider = opened.get_by_role("slider", name="Decisions, in time")
    assert _panel(opened).startswith("0d 00:00 stage fluids")
    opened.keyboard.press("ArrowRight")
    assert (slider.get_attribute("aria-valuenow"), slider.get_attribute("aria-valuemax")) == ("2", "7")
    assert (slider.get_attribute("aria-valuetext") or "").startswith("0d 01:00 stage fluids > pressors")
    assert "NEW start norepinephrine at 0.02 to 0.05 mcg/kg/min" in _panel(opened)
    assert "norepinephrine off; the <pressure> stays low & the volume is in" in _panel(opened)
    opened.keyboard.press("End")
    assert slider.get_attribute("aria-valuenow") == "7"
    opened.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuenow") == "7"
    opened.keyboard.press("Home")
    assert slider.get_attribute("aria-valuenow") == "1"


def test_the_pointer_shows_what_held_then_and_leaving_it_what_was_chosen(opened: Page) -> None:
    box = opened.locator("#wide").bounding_box()
    assert box is not None
    opened.mouse.move(box["x"] + box["width"] * 9.5 / 14.07, box["y"] + 100)
    assert opened.locator("#now").inner_text() in ("at 0d 09:29", "at 0d 09:30")
    held = [" ".join(text.split()) for text in opened.locator("[data-row]").all_inner_texts()]
    assert "71 mmHg" in held
    assert "charted too long ago" in held
    assert "amount not known given" in held
    assert "waits for urine_output, never charted (pressors.kidneys)" in _panel(opened)
    opened.mouse.move(5, 5)
    assert _panel(opened).startswith("0d 00:00 ")


def test_six_hours_are_made_wider_and_the_decision_stays_in_view(opened: Page) -> None:
    opened.locator("#wide").focus()
    opened.keyboard.press("End")
    opened.keyboard.press("+")
    assert opened.get_by_role("button", name="6 hours").get_attribute("aria-pressed") == "true"
    wide, room = opened.evaluate("[wide.clientWidth, document.getElementById('scroll').clientWidth]")
    assert wide > 2 * room
    at, left = opened.evaluate("[cursor.offsetLeft, document.getElementById('scroll').scrollLeft]")
    assert left <= at <= left + room
    opened.get_by_role("button", name="Whole stay").click()
    assert opened.evaluate("wide.clientWidth") == room


@pytest.mark.parametrize("colours", ["none", "active"])
def test_what_is_unknown_is_hatched_and_said_in_any_colours(opened: Page, colours: str) -> None:
    opened.emulate_media(forced_colors=colours)  # type: ignore[arg-type]
    for style, least in (("u-never", 3), ("u-stale", 3), ("u-refused", 3), ("u-silence", 2)):
        drawn = opened.evaluate(
            "style => [...document.querySelectorAll('.wide .' + style)].map(box => [box.clientWidth,"
            " getComputedStyle(box, '::before').backgroundImage, box.innerText])",
            style,
        )
        assert len(drawn) >= least, style
        assert all(width > 10 and "gradient" in image for width, image, _ in drawn), drawn
    said = opened.locator(".wide .u").all_inner_texts()
    assert "never charted" in said
    assert "charted too long ago" in said


def test_it_is_clean_to_axe_wide_and_narrow(opened: Page) -> None:
    assert axe(opened) == []
    opened.set_viewport_size({"width": 800, "height": 900})
    opened.locator("#wide").focus()
    opened.keyboard.press("+")
    assert axe(opened) == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= 800


def test_it_prints_with_every_decision(opened: Page) -> None:
    opened.locator("#wide").focus()
    opened.keyboard.press("+")
    assert printed(opened).startswith(b"%PDF-")
    opened.emulate_media(media="print")
    assert opened.evaluate("wide.clientWidth <= document.getElementById('scroll').clientWidth + 1")
    assert [opened.locator(part).is_visible() for part in ("#panel", ".bar", "#cursor")] == [False] * 3
    assert opened.locator("#decisions > li:visible").count() == 7


def test_without_its_script_everything_stands_in_the_page(browser: Browser, address: str) -> None:
    with a_page(browser, scripts=False) as page:
        page.goto(address)
        assert [page.locator(part).is_visible() for part in ("#panel", ".bar", "#cursor")] == [False] * 3
        assert page.locator(".stages i").all_inner_texts() == ["fluids", "pressors"]
        assert "NEW\nstart norepinephrine" in page.locator("#d2").inner_text()
        page.locator("summary", has_text="MAP").first.click()
        assert page.get_by_role("cell", name="62 mmHg").is_visible()


def test_a_stay_without_a_fact_opens_too(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "empty.html"
    path.write_text(timeline_page(told((), ())), encoding="utf-8")
    page.goto(path.as_uri())
    assert axe(page) == []
