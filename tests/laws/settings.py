"""How much the laws try: a sixth of their count by default, twenty times it where `RUNG_LONG=1`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("RUNG_LONG") == "1"


def tried(count: int) -> int:
    """How many of `count` tries are made in this run."""
    return count * 20 if LONG else max(1, count // 6)


def tries(count: int) -> settings:
    """Settings for `count` examples; a law that passes is the same law on a slow machine, so no deadline."""
    return settings(
        max_examples=tried(count),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        derandomize=not LONG,
    )
