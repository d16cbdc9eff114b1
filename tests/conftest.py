"""For all tests: answers kept in a folder of the run, not in that of the user; a browser for each worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.browser.chromium import a_page, launched
from tests.once import folder_of_the_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder_of_the_run(tmp_path_factory) / "cache"))
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started when the first test asks."""
    with launched() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own; a request that leaves it, or an error in its console, fails the test."""
    with a_page(browser) as opened:
        yield opened
