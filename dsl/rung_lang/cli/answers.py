"""Answers kept between runs, under the user's cache folder: `rung/answers`, one file for each protocol.

A file grows at its end only: a run writes all its new answers in one piece, so that runs at the same time do
not mix. Every answer carries a digest of itself and its key. What does not fit its digest, is cut short or
cannot be read counts as not there, and nothing here ever fails a command.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import rung_engine
import rung_lang

MOST_BYTES = 64 << 20
"""Of all files together; the file that was written longest ago goes first."""

MOST_OF_ONE = 4 << 20
"""Of one file. Where it is more, the newer half is kept."""

_OURS = tuple(Path(str(package.__file__)).parent for package in (rung_lang, rung_engine))

_MARK = b"\x93rA1"
"""Begins a record: mark, key, digest of key and value, length of the value, value."""
_KEY, _DIGEST, _LENGTH = 32, 16, 4
_HEAD = len(_MARK) + _KEY + _DIGEST + _LENGTH


class Answers:
    """The answers of one protocol, by sha256 in hex: a `rung_lang.verify.solving.answers.Kept`.

    `folder` None: what is put is kept by this object only.
    """

    def __init__(self, folder: Path | None, name: str) -> None:
        self._file = folder / f"{name}.answers" if folder is not None else None
        self._data: bytes | None = None
        """The file as it was when it was first asked for an answer."""
        self._places: dict[bytes, int] = {}
        """Where in it the latest record of each key begins."""
        self._new: dict[bytes, bytes] = {}
        """What this object was given."""
        self._unwritten: set[bytes] = set()
        """Keys of what it was given since the last `flush`."""

    def get(self, key: str) -> bytes | None:
        """The answer under this key; None where there is none that is whole."""
        name = bytes.fromhex(key)
        found = self._new.get(name)
        return found if found is not None else self._read(name)

    def put(self, key: str, value: bytes) -> None:
        """Keeps an answer, in this object at once and in the file with the next `flush`."""
        if self.get(key) != value:
            name = bytes.fromhex(key)
            self._new[name] = value
            self._unwritten.add(name)

    def flush(self) -> None:
        """Adds what was put to the file. Where that cannot be, nothing is said: it is found out again."""
        names, self._unwritten = sorted(self._unwritten), set()
        if self._file is None or not names:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            _append(self._file, b"".join(_record(name, self._new[name]) for name in names))
            if self._file.stat().st_size > MOST_OF_ONE:
                _halve(self._file)
            _make_room(self._file)
        except OSError:
            return

    def _read(self, name: bytes) -> bytes | None:
        if self._data is None:
            self._data = _bytes_of(self._file)
            self._places = _places(self._data)
        place = self._places.get(name)
        return None if place is None else _value(self._data, place)


def user_folder() -> Path | None:
    """`rung/answers` under the user's cache folder; None where the environment names no such folder."""
    cache, home = (Path(os.environ.get(name, "")) for name in ("XDG_CACHE_HOME", "HOME"))
    if not cache.is_absolute():
        if not home.is_absolute() or home == Path(home.anchor):
            return None
        cache = home / ".cache"
    return cache / "rung" / "answers"


def fingerprint(folders: Sequence[Path] = ()) -> str:
    """Of the code as it stands, for keys: what other code found out is no answer of this one.

    It is taken of the names, sizes and times of change of the sources in `folders`, and of Python's version;
    by default those of the two packages and of the solver.
    """
    known = [sys.version]
    left = [str(folder) for folder in folders or (*_OURS, *_solver())]
    while left:
        with os.scandir(left.pop()) as inside:
            for entry in sorted(inside, key=lambda entry: entry.name):
                if entry.is_dir():
                    left.append(entry.path)
                elif entry.name.endswith(".py"):
                    state = entry.stat()
                    known.append(f"{entry.path} {state.st_size} {state.st_mtime_ns}")
    return hashlib.sha256("\n".join(known).encode()).hexdigest()


def _solver() -> tuple[Path, ...]:
    """Where the solver is installed. To ask it for its version would take longer than most answers."""
    found = importlib.util.find_spec("z3")
    return (Path(found.origin).parent,) if found is not None and found.origin is not None else ()


# ---------------------------------------------------------------- records


def _record(name: bytes, value: bytes) -> bytes:
    return b"".join((_MARK, name, _digest(name, value), len(value).to_bytes(_LENGTH, "big"), value))


def _digest(name: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(name + value, digest_size=_DIGEST).digest()


def _places(data: bytes) -> dict[bytes, int]:
    """Where the records begin, in their order; the last of each key. What is damaged is passed over."""
    found: dict[bytes, int] = {}
    at = data.find(_MARK)
    while 0 <= at <= len(data) - _HEAD:
        end = _end(data, at)
        follows = end == len(data) or data.startswith(_MARK, end)
        if end <= len(data) and (follows or _value(data, at) is not None):
            found[data[at + len(_MARK) : at + len(_MARK) + _KEY]] = at
            at = end if follows else data.find(_MARK, end)
        else:
            at = data.find(_MARK, at + 1)
    return found


def _end(data: bytes, at: int) -> int:
    """Where the record that begins at `at` says that it ends."""
    return at + _HEAD + int.from_bytes(data[at + _HEAD - _LENGTH : at + _HEAD], "big")


def _value(data: bytes, at: int) -> bytes | None:
    """The value of the record that begins at `at`, if it is what was written there."""
    name_at, digest_at = at + len(_MARK), at + len(_MARK) + _KEY
    value = data[at + _HEAD : _end(data, at)]
    whole = _digest(data[name_at:digest_at], value) == data[digest_at : digest_at + _DIGEST]
    return value if whole else None


# ---------------------------------------------------------------- files


def _bytes_of(file: Path | None) -> bytes:
    try:
        return file.read_bytes() if file is not None else b""
    except OSError:
        return b""


def _append(file: Path, data: bytes) -> None:
    """One write at the end, which another process cannot divide."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    handle = os.open(file, flags, 0o600)
    try:
        os.write(handle, data)
    finally:
        os.close(handle)


def _halve(file: Path) -> None:
    """Keeps the newest records, up to half of what is allowed. What is added meanwhile may be lost."""
    data = file.read_bytes()
    kept: list[bytes] = []
    size = 0
    for at in sorted(_places(data).values(), reverse=True):
        size += _end(data, at) - at
        if size > MOST_OF_ONE // 2:
            break
        kept.append(data[at : _end(data, at)])
    part = file.with_name(f"{file.name}.{os.getpid()}")
    part.write_bytes(b"".join(reversed(kept)))
    part.replace(file)


def _make_room(file: Path) -> None:
    """Deletes files of the folder, those written longest ago first, until the rest is small enough."""
    found = [(other.stat(), other) for other in file.parent.iterdir()]
    size = sum(state.st_size for state, _ in found)
    for state, other in sorted(found, key=lambda pair: pair[0].st_mtime_ns):
        if size > MOST_BYTES and other != file:
            other.unlink(missing_ok=True)
            size -= state.st_size
