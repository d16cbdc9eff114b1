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
    _refuse_floats(content)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"


def meaning_of(content: Mapping[str, Any]) -> str:
    """sha256, in hex, over everything but the parts of `NOT_MEANING`."""
    return _digest({key: value for key, value in content.items() if key not in NOT_MEANING})


def seal_of(content: Mapping[str, Any]) -> str:
    """sha256, in hex, over everything but `seal`."""
    return _digest({key: value for key, value in content.items() if key != "seal"})


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_bytes(content)).hexdigest()


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("an artifact holds no floating-point number")
    if isinstance(value, Mapping):
        for part in value.values():
            _refuse_floats(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_floats(part)
