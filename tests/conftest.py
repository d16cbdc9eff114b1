"""For all tests: answers are kept in a folder of the run, not in that of the user."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.once import folder_of_the_run


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder_of_the_run(tmp_path_factory) / "cache"))
        yield
