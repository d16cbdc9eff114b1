"""Findings about two protocols on one patient. Facts only; `report` has the words."""

from __future__ import annotations

from typing import ClassVar

from rung_engine.frozen import frozen
from rung_lang.finding import Problem
from rung_lang.source import Span
from rung_lang.verify.verdict import Witness


@frozen
class AgainstEachOther(Problem):
    """A rule of one protocol and a rule of another order what cannot both be carried out."""

    code: ClassVar[str] = "R601"
    rule: str
    protocol: str
    other: str
    other_protocol: str
    other_span: Span
    witness: Witness | None


@frozen
class EachYields(Problem):
    """Each of two protocols says at once that the other speaks for a drug."""

    code: ClassVar[str] = "R603"
    drug: str
    protocol: str
    other_protocol: str
    other_span: Span
    witness: Witness | None
