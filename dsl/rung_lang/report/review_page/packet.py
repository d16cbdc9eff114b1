"""What a packet is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rung_engine.frozen import frozen
from rung_lang.checked.said import Concern
from rung_lang.report.diff_said import Sides

if TYPE_CHECKING:
    from rung_lang.report.impact_said import OnCohort


@frozen
class Text:
    """What only the text of a version tells. `concerns`: what is wrong or silent in the sources. `findings`:
    what the compiler warns of, each a code and a sentence."""

    concerns: tuple[Concern, ...]
    findings: tuple[tuple[str, str], ...]


@frozen
class Packet:
    """A difference of two versions. `old`, `new`: their texts; None where an artifact was given. `cohort`:
    None where none was asked."""

    sides: Sides
    old: Text | None
    new: Text | None
    cohort: OnCohort | None
    rung: str
    """The version of the program that made it."""
    files: tuple[tuple[str, str], ...]
    """The two artifacts: name in the packet, sha256 of the bytes."""
    titles: Mapping[str, str]
    """What each code of the verifier looks for."""
