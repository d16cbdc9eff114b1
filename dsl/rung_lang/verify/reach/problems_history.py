"""Findings about what histories can do. Facts only; `report` has the words."""

from __future__ import annotations

from typing import ClassVar

from rung_engine.frozen import frozen
from rung_lang.finding import Level, Problem
from rung_lang.source import Span
from rung_lang.verify.verdict import Said, Witness


@frozen
class UnreachableStage(Problem):
    """No history gets to the stage. `entries`: each rule that leads there, and why it never does."""

    code: ClassVar[str] = "R301"
    stage: str
    entries: tuple[tuple[str, Span, tuple[Said, ...]], ...]


@frozen
class DeadEnd(Problem):
    """From here no history goes on. `exits`: the rules that lead out, and what shuts each for good."""

    code: ClassVar[str] = "R302"
    stage: str
    exits: tuple[tuple[str, Span, tuple[Said, ...]], ...]
    witness: Witness | None


@frozen
class InstantCycle(Problem):
    """Rules that lead round through stages on one instant."""

    code: ClassVar[str] = "R303"
    way: tuple[tuple[str, str, Span], ...]
    """Stage, the rule that leaves it, its place."""
    witness: Witness | None


@frozen
class NotDecided(Problem):
    """An obligation that was neither proved nor refuted. `obligation`: its code."""

    code: ClassVar[str] = "R801"
    level: ClassVar[Level] = "error"
    obligation: str
    about: tuple[str, ...]
    reason: str
