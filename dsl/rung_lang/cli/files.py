"""Reading and writing for the commands. A file is written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from rung_lang.cli.exits import UNWRITABLE, Refusal
from rung_lang.source import MAX_BYTES, Source, Unreadable, decode


def read_bytes(path: str) -> bytes:
    """The file's bytes, or a coded refusal that names the file."""
    try:
        file = Path(path)
        if file.is_dir():
            raise Refusal("C102", f"{path} is a folder, and I need a file.", "Name the file inside it.")
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise Refusal("C101", f"I cannot find {path}.", "Check the name and the folder you are in.") from None
    except (OSError, ValueError) as error:
        raise Refusal("C102", f"I cannot read {path}: {_plain(error)}.") from None


def reader() -> Callable[[str], Source | Unreadable | None]:
    """For the driver: a text by path; None where there is no such file."""

    def read(path: str) -> Source | Unreadable | None:
        if not Path(path).exists():
            return None
        return decode(path, read_bytes(path))

    return read


def write_bytes(path: str, data: bytes) -> None:
    """Write to a temporary file beside it, then rename: never half a file."""
    target = Path(path)
    temporary = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        mode = target.stat().st_mode if target.exists() else 0o666 & ~_umask()
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise Refusal(
            "C103", f"I cannot write {path}: {_plain(error)}.", "Choose another place with -o.", UNWRITABLE
        ) from None
    except BaseException:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _plain(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
