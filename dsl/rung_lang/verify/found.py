"""What one family of obligations comes to."""

from __future__ import annotations

from rung_engine.frozen import frozen
from rung_lang.finding import Problem
from rung_lang.verify.verdict import Obligation


@frozen
class Found:
    """Every question with its answer, and what an author should read."""

    obligations: tuple[Obligation, ...] = ()
    problems: tuple[Problem, ...] = ()
