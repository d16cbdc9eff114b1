"""What is costly to make and the same for every test: made once in a run, whichever worker asks first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def folder_of_the_run(factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of a run."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The file or folder of this name, written by `make` if no worker has; the others wait until it is whole.

    It is for all of them: nobody may write to it.
    """
    place = folder_of_the_run(factory) / "once"
    place.mkdir(exist_ok=True)
    made = place / name
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            part = place / f"part-{name}"
            make(part)
            part.replace(made)
    return made
