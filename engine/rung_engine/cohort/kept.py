"""Machine code kept from one process to the next, in the user's cache folder. Safe for many writers at
once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

from rung_engine.frozen import frozen


@frozen
class CodeFolder:
    """A folder of object files, each named by all that it depends on and led by its own hash.

    A folder that cannot be read or written only costs time: the kernel is compiled again.
    """

    folder: Path

    def _path(self, about: str) -> Path:
        name = hashlib.sha256(f"{_sources()} {about}".encode()).hexdigest()[:32]
        return self.folder / f"{name}.o"

    def holds(self, about: str) -> bool:
        """Something is kept; whether it is whole is seen when it is read."""
        return self._path(about).exists()

    def find(self, about: str) -> bytes | None:
        """The code, if it is there and whole."""
        try:
            held = self._path(about).read_bytes()
        except OSError:
            return None
        code = held[32:]
        return code if held[:32] == hashlib.sha256(code).digest() else None

    def keep(self, about: str, code: bytes) -> None:
        path = self._path(about)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".kernel-")
            with os.fdopen(handle, "wb") as stream:
                stream.write(hashlib.sha256(code).digest() + code)
            Path(temporary).replace(path)
        except OSError:
            return


def code_folder() -> CodeFolder:
    """`rung/kernels` in the user's cache folder."""
    told = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(told) if Path(told).is_absolute() else Path("~/.cache").expanduser()
    return CodeFolder(base / "rung" / "kernels")


@cache
def _sources() -> str:
    """A hash of every file that a kernel could be made of: kernels, the numbers they know, and the
    translator."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted(here.rglob("*.py")):
        text = path.read_bytes()
        if (
            b"rung_engine.cohort.native import" in text
            or path.name.endswith("layout.py")
            or path.name == "native.py"
        ):
            digest.update(path.relative_to(here).as_posix().encode())
            digest.update(text)
    return digest.hexdigest()
