"""On generated protocols the verdicts, the reference engine, the session engine and a naive grid agree.

`RUNG_LONG=1` looks at a thousand protocols instead of a few. Nothing is left undecided on them.
"""

from __future__ import annotations

import os

import pytest
from tests.verify.agreement import disagreements
from tests.verify.generate import protocol

LONG = os.environ.get("RUNG_LONG") == "1"
SEEDS = range(1000) if LONG else (4, 5, 10)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_engines_the_grid_and_the_verdicts_agree(seed: int) -> None:
    histories, instants = (40, 400) if LONG else (4, 40)
    assert disagreements(seed, histories, instants) == []


def test_a_seed_makes_one_text() -> None:
    assert protocol(3).text == protocol(3).text
    assert len({protocol(seed).text for seed in range(40)}) == 40
