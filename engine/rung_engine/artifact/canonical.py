"""The one byte form of an artifact, and the two hashes taken over it.

Equal contents have equal bytes: keys sorted, no blanks, integers and strings only, UTF-8 as it is, one final
line end. What the parts mean is not asked here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

NOT_MEANING = frozenset({"compiler", "provenance", "certificate", "meaning", "seal"})
"""The parts that say where a text stood, who compiled it and what was proved, not what it means."""


def canonical_bytes(content: Mapping[str, Any]) -> bytes:
    """The bytes of a JSON object. Raises `TypeError` on a float: no number of an artifact is binary."""
    return joined(pieces(content)) + b"\n"


def meaning_of(content: Mapping[str, Any]) -> str:
    """sha256, in hex, over everything but the parts of `NOT_MEANING`."""
    return digest(pieces(content), NOT_MEANING)


def seal_of(content: Mapping[str, Any]) -> str:
    """sha256, in hex, over everything but `seal`."""
    return digest(pieces(content), frozenset({"seal"}))


def pieces(content: Mapping[str, Any]) -> dict[str, str]:
    """The canonical text of each top-level part, so that several digests need it written only once."""
    _refuse_floats(content)
    write = json.JSONEncoder(
        sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode
    return {key: write(value) for key, value in content.items()}


def digest(parts: Mapping[str, str], without: frozenset[str]) -> str:
    """sha256, in hex, of the canonical bytes of an object with these parts, some left out."""
    kept = {key: value for key, value in parts.items() if key not in without}
    return hashlib.sha256(joined(kept) + b"\n").hexdigest()


def joined(parts: Mapping[str, str]) -> bytes:
    """The canonical bytes of an object with these parts, without the final line end."""
    names = ((json.dumps(key, ensure_ascii=False), value) for key, value in sorted(parts.items()))
    return ("{" + ",".join(f"{name}:{value}" for name, value in names) + "}").encode("utf-8")


def _refuse_floats(content: object) -> None:
    stack = [content]
    while stack:
        value = stack.pop()
        if isinstance(value, str | int):
            continue
        if isinstance(value, Mapping):
            stack.extend(value.values())
        elif isinstance(value, list | tuple):
            stack.extend(value)
        elif isinstance(value, float):
            raise TypeError("an artifact holds no floating-point number")
