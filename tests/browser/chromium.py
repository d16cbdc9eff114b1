"""A real browser for the pages Rung makes: Chromium without a window, driven through Playwright.

The pages must work from a mail attachment, so nothing here serves them and nothing is let out: a context is
offline, and what a page asked for all the same is kept in `Heard` and fails its test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request

INSIDE = {"file", "data", "blob", "about"}
"""Schemes of what needs no network."""

FLAGS = (
    "--no-sandbox",  # a container has none to give
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
)


def executable() -> str:
    """The Chromium of this machine, or the one named by RUNG_CHROMIUM.

    Raises:
        RuntimeError: there is none, and the tests of pages cannot be made without.
    """
    named = os.environ.get("RUNG_CHROMIUM")
    found = shutil.which(named or "chromium")
    if found is None:
        raise RuntimeError(
            f"RUNG_CHROMIUM names {named}, which is no program."
            if named
            else "Pages are tested in Chromium, and there is none here. "
            "Debian: apt-get install chromium fonts-dejavu-core; elsewhere set RUNG_CHROMIUM to its path."
        )
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser; nothing of it is left when the block ends."""
    path = executable()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Heard:
    """What a context's pages asked of the network and complained of."""

    def __init__(self, context: BrowserContext) -> None:
        self.asked: list[str] = []
        self.errors: list[str] = []
        context.on("request", self._request)
        context.on("page", self._page)

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in INSIDE:
            self.asked.append(request.url)

    def _page(self, page: Page) -> None:
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)


@contextmanager
def a_page(browser: Browser, *, scripts: bool = True) -> Iterator[Page]:
    """A page of its own, offline, 1280 by 800.

    Raises:
        AssertionError: at the end, when the page asked for anything outside, or had an error in its console.
    """
    context = browser.new_context(
        offline=True,
        java_script_enabled=scripts,
        service_workers="block",
        viewport={"width": 1280, "height": 800},
        locale="en-GB",
        timezone_id="UTC",
    )
    context.set_default_timeout(15_000)
    heard = Heard(context)
    try:
        yield context.new_page()
        for open_page in context.pages:
            open_page.wait_for_timeout(50)  # what was begun last is reported a moment later
        assert heard.asked == [], f"the page asked for {heard.asked}"
        assert heard.errors == [], f"the page complained: {heard.errors}"
    finally:
        context.close()


@cache
def _axe_script() -> str:
    """axe-core itself, of which the package of its name for Playwright carries one file."""
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def axe(page: Page) -> list[str]:
    """Violations that axe-core finds in the page as it stands, each with its rule, words and places."""
    if not page.evaluate("typeof globalThis.axe === 'object'"):
        page.evaluate(_axe_script())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
    return [
        f"{rule['id']}: {rule['help']}: {'  '.join(str(node['target'][0]) for node in rule['nodes'])}"
        for rule in found
    ]


def printed(page: Page) -> bytes:
    """The page as PDF, on the paper it asks for (A4 where it asks for none), without backgrounds."""
    return page.pdf(format="A4", prefer_css_page_size=True, print_background=False)
