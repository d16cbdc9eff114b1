"""What one family of obligations comes to."""

from __future__ import annotations

from dataclasses import dataclass

from rung_lang.finding import Problem
from rung_lang.verify.verdict import Obligation


@dataclass(frozen=True, slots=True)
class Found:
    """Every question with its answer, and what an author should read."""

    obligations: tuple[Obligation, ...] = ()
    problems: tuple[Problem, ...] = ()
