"""How much the laws try: little by default, twenty times as much where `RUNG_LONG=1`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_TIMES = 20 if os.environ.get("RUNG_LONG") == "1" else 1


def tries(count: int) -> settings:
    """Settings for `count` examples; a law that passes is the same law on a slow machine, so no deadline."""
    return settings(
        max_examples=count * _TIMES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        derandomize=os.environ.get("RUNG_LONG") != "1",
    )
