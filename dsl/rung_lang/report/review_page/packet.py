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
class Packet:
    """A difference of two versions. `concerns`: what is wrong or silent in the sources, as the texts tell it;
    none where only artifacts were given. `cohort`: None where none was asked."""

    sides: Sides
    concerns: tuple[Concern, ...]
    cohort: OnCohort | None
    rung: str
    """The version of the program that made it."""
    files: tuple[tuple[str, str], ...]
    """The two artifacts: name in the packet, sha256 of the bytes."""
    titles: Mapping[str, str]
    """What each code of the verifier looks for."""
