"""The packet that a committee reads: its `packet.json`, and whether its files are still those it lists.

Of `packet.json` four parts are used: `files` (sha256 in hex, by path), `old` and `new` (each with `version`
and `seal`) and `weight`, as `rung diff` gives it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from rung_engine.approval.problems import ApprovalProblem
from rung_engine.approval.statement import Reviewed
from rung_engine.frozen import frozen

MANIFEST = "packet.json"
FORM = "rung review packet"
FORMAT = 1

_SHA256 = re.compile(r"[0-9a-f]{64}")


@frozen
class Packet:
    """A packet whose files are whole. `seal`: of the artifact it is about."""

    seal: str
    reviewed: Reviewed


def opened(manifest: bytes, files: Mapping[str, str], path: str = "the packet") -> Packet:
    """The packet with this `packet.json`. `files`: sha256 in hex of each other file that lies there, by path.

    Raises `ApprovalProblem` S104, and S105 where a file is missing, changed or not listed.
    """
    try:
        raw = json.loads(manifest.decode("utf-8"))
        found = _packet(raw, hashlib.sha256(manifest).hexdigest())
        listed = dict(raw["files"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ApprovalProblem("S104", path=path, reason="parts that I need are not in it") from None
    if (raw.get("form"), raw.get("format")) != (FORM, FORMAT):
        raise ApprovalProblem("S104", path=path, reason=f"it is no `{FORM}` of format {FORMAT}")
    if found is None:
        raise ApprovalProblem("S104", path=path, reason="a hash or a version in it is none")
    for name in sorted({*listed, *files}):
        if name not in files:
            raise ApprovalProblem("S105", path=path, reason=f"`{name}` is missing")
        if name not in listed:
            raise ApprovalProblem("S105", path=path, reason=f"`{name}` does not belong to it")
        if files[name] != listed[name]:
            raise ApprovalProblem("S105", path=path, reason=f"`{name}` was changed")
    return found


def _packet(raw: dict[str, Any], sha256: str) -> Packet | None:
    old, new, weight = raw["old"], raw["new"], raw["weight"]
    hashes = (old["seal"], new["seal"], *raw["files"].values())
    if not raw["files"] or not all(isinstance(one, str) and _SHA256.fullmatch(one) for one in hashes):
        return None
    if not isinstance(weight, str) or not isinstance(old["version"], str):
        return None
    return Packet(new["seal"], Reviewed(sha256, old["version"], old["seal"], weight))
