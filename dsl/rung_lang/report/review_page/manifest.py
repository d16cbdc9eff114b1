"""`packet.json`: what the packet is about and the hash of each file, so that a changed byte is found."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from rung_lang.report.diff_json import version
from rung_lang.report.review_page.packet import Packet

FORMAT = 1
NAME = "packet.json"
FORM = "rung review packet"


def manifest(packet: Packet, files: Mapping[str, bytes], tools: Mapping[str, str]) -> dict[str, Any]:
    """Ready for canonical JSON. `files`: every other file of the packet by name. `tools`: programs that took
    part, with their versions. No time of day: the same packet has the same bytes.
    """
    difference = packet.sides.difference
    return {
        "form": FORM,
        "format": FORMAT,
        "old": version(difference.old),
        "new": version(difference.new),
        "how": difference.how,
        "weight": difference.weight,
        "classes": list(difference.classes),
        "cohort": None
        if packet.cohort is None
        else {"data": packet.cohort.data, "read_as": packet.cohort.read_as, "sha256": packet.cohort.sha256},
        "made_by": dict(tools),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }
