"""Answers that were found before, kept by the content of their questions.

A key is the sha256 of all that an answer depends on, the versions of who answered included: `key_of` makes
one. So an answer is never out of date, and one that is missing costs time and nothing else. Where answers
are kept is told by `rung_lang.cli.answers`.
"""

from __future__ import annotations

import hashlib
from typing import Protocol


class Kept(Protocol):
    """A store of answers."""

    def get(self, key: str) -> bytes | None:
        """The answer that was put under this key; None where there is none, or none that is whole."""

    def put(self, key: str, value: bytes) -> None:
        """Keeps an answer, in the place of an earlier one."""

    def flush(self) -> None:
        """Whoever opens the store from now on may have what was put."""


class Memory:
    """A store that lasts as long as the process."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self._kept.get(key)

    def put(self, key: str, value: bytes) -> None:
        self._kept[key] = value

    def flush(self) -> None:
        """Nothing waits."""


def key_of(*parts: str | bytes) -> str:
    """The key of a question made of these parts, in hex; no other parts have it, wherever they are cut."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8") if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big"))
        found.update(data)
    return found.hexdigest()
