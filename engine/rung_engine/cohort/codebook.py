"""The names behind the numbers of the kernels."""

from __future__ import annotations

from typing import Any

from rung_engine.frozen import frozen


@frozen
class Shape:
    """Doses of one drug in one unit: the units of their figures, and the concentrations of flows."""

    unit: str
    plain: str
    flows: tuple[str, ...]


@frozen
class Codebook:
    """The names behind the numbers of the kernels, each at its number."""

    stages: tuple[str, ...]
    rules: tuple[str, ...]
    targets: tuple[str, ...]
    choices: tuple[str, ...]
    checks: tuple[str, ...]
    cautions: tuple[str, ...]
    details: tuple[str, ...]
    goals: tuple[str, ...]
    """Stages and outcomes that rules send the session to."""
    finishes: tuple[str, ...]
    labels: tuple[str, ...]
    inputs: tuple[str, ...]
    drugs: tuple[str, ...]
    outcomes: tuple[str, ...]
    outside: tuple[str, ...]
    shapes: tuple[Shape, ...]
    unproved: Any
    """As `Program.unproved`."""
