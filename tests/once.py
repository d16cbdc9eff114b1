"""What is costly to make and the same for every test: made once in a run, whichever worker asks first."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def folder_of_the_run(factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of a run."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The file or folder of this name, written by `make` if no worker has; the others wait until it is whole.

    It is for all of them: nobody may write to it.
    """
    return _once(folder_of_the_run(factory), name, make)


def shared(name: str, make: Callable[[], T]) -> T:
    """What `make` gives, made by whichever worker asks first; the others read it. It is frozen through and
    through, so that nobody changes what is everybody's.
    """

    def write(path: Path) -> None:
        path.write_bytes(pickle.dumps(make()))

    # The folder for answers is one for all workers of a run; see `tests.conftest`.
    read: T = pickle.loads(_once(Path(os.environ["XDG_CACHE_HOME"]).parent, name, write).read_bytes())
    return read


def _once(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    place = folder / "once"
    place.mkdir(exist_ok=True)
    made = place / name
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            part = place / f"part-{name}"
            make(part)
            part.replace(made)
    return made
