"""On generated protocols the verdicts, the reference engine, the session engine and a naive grid agree.

Nothing is left undecided on them. `python -m tests.verify.agreement FIRST LAST` looks at more of them.
"""

from __future__ import annotations

import pytest
from tests.verify.agreement import disagreements
from tests.verify.generate import protocol

SEEDS = (4, 5, 10, 60)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_engines_the_grid_and_the_verdicts_agree(seed: int) -> None:
    assert disagreements(seed, histories=4, instants=40) == []


def test_a_seed_makes_one_text() -> None:
    assert protocol(3).text == protocol(3).text
    assert len({protocol(seed).text for seed in range(40)}) == 40
