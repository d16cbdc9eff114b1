"""Every edge is tested in every engine there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.edges.road import ENGINE, ENGINES


@pytest.fixture(autouse=True, params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """The engine this test runs in."""
    name = str(request.param)
    token = ENGINE.set(name)
    yield name
    ENGINE.reset(token)
