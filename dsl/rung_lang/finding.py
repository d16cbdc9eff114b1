"""A problem, as facts. Words are made in `report`; here are only codes, levels, places and values."""

from __future__ import annotations

from typing import ClassVar, Literal

from rung_engine.frozen import frozen
from rung_lang.source import Span

Level = Literal["error", "warning", "information"]


@frozen
class Problem:
    """Base of every problem. Subclasses add facts as fields and set `code` and `level`.

    `span` is the place to look at; `report.words` turns a problem into a title, a message and help.
    """

    code: ClassVar[str]
    level: ClassVar[Level] = "error"
    span: Span
