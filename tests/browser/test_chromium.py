"""The tests' own browser: what it must catch, it catches."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.chromium import a_page, axe, printed

WHOLE = '<!doctype html><html lang="en"><title>t</title><main><h1>t</h1>{}</main></html>'


def _file(folder: Path, body: str) -> str:
    path = folder / "page.html"
    path.write_text(WHOLE.format(body), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<img alt="" src="https://example.invalid/a.png">', "asked for .*example.invalid/a.png"),
        ("<script>new WebSocket('wss://example.invalid/')</script>", "wss://example.invalid/"),
        ("<script>throw new Error('fell over')</script>", "complained: .*fell over"),
        ("<script>console.error('not so')</script>", "complained: .*not so"),
    ],
)
def test_what_leaves_a_page_or_goes_wrong_in_it_fails_the_test(
    browser: Browser, tmp_path: Path, body: str, said: str
) -> None:
    with pytest.raises(AssertionError, match=said), a_page(browser) as page:
        page.goto(_file(tmp_path, body))


def test_axe_names_the_rule_and_the_place(page: Page, tmp_path: Path) -> None:
    page.goto(_file(tmp_path, "<button></button>"))
    assert axe(page) == ["button-name: Buttons must have discernible text: button"]
    page.goto(_file(tmp_path, "<button>go</button>"))
    assert axe(page) == []


def test_a_page_is_printed_to_pdf(page: Page, tmp_path: Path) -> None:
    page.goto(_file(tmp_path, "<p>words</p>"))
    assert printed(page).startswith(b"%PDF-")


def test_without_a_browser_the_words_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.browser.chromium import executable

    monkeypatch.delenv("RUNG_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="apt-get install chromium"):
        executable()
