"""Starts the prover that may run for ever, in a process of its own, and stops it when it has had its time."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import Any

SECONDS = 30
"""Far beyond what it needs where it finds something: its own count of steps ends it first."""


@cache
def ask(system: str) -> Any:
    """What it says of a system of Horn clauses, as it came; None where it says nothing in its time."""
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "rung_lang.verify.solving.spacer"],
            input=system,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        return json.loads(ran.stdout)
    except (subprocess.SubprocessError, OSError, ValueError):
        return None
