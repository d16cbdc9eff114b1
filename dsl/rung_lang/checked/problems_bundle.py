"""Problems of a bundle, as facts. Words are made in `report`."""

from __future__ import annotations

from typing import ClassVar, Literal

from rung_engine.frozen import frozen
from rung_lang.finding import Level, Problem
from rung_lang.source import Span


@frozen
class YieldsToNobody(Problem):
    """A member yields a drug to, or supersedes, a protocol that the bundle does not run."""

    code: ClassVar[str] = "R602"
    level: ClassVar[Level] = "warning"
    how: Literal["yields", "supersedes"]
    protocol: str
    other: str
    bundle: str
    suggestion: str


@frozen
class NoMember(Problem):
    """What a bundle runs is no protocol of its own, or it runs nothing.

    `why`: `none` runs nothing; `formulary`, `bundle`, `unread`: the file is one, or has no head; `twice`: the
    file is named before; `name`: another member is called the same; `no_bundle`: this file is no bundle.
    """

    code: ClassVar[str] = "R604"
    why: Literal["none", "formulary", "bundle", "unread", "twice", "name", "no_bundle"]
    target: str
    name: str = ""
    other: Span | None = None
