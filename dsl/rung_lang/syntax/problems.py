"""What can be wrong with a file before any name is looked up."""

from __future__ import annotations

from typing import ClassVar

from rung_engine.frozen import frozen
from rung_lang.finding import Problem


@frozen
class NotText(Problem):
    """The bytes are not a text: `empty`, `binary`, `encoding` or `too_large`; `offset` is in bytes."""

    code: ClassVar[str] = "R101"
    reason: str
    offset: int


@frozen
class NotExpected(Problem):
    """`found` cannot stand here; `expected` can. `found` is empty at the end of the file."""

    code: ClassVar[str] = "R102"
    found: str
    expected: tuple[str, ...]
    inside: str
    """The kind of statement that was being read, or empty."""


@frozen
class StrangeCharacter(Problem):
    """A character that no word, number or sign of the language begins with."""

    code: ClassVar[str] = "R103"
    character: str


@frozen
class OpenString(Problem):
    """A string that does not end on its line."""

    code: ClassVar[str] = "R104"


@frozen
class TooDeep(Problem):
    """Conditions, or parentheses, inside each other more than `limit` deep."""

    code: ClassVar[str] = "R105"
    limit: int


@frozen
class NoHead(Problem):
    """The file does not begin with `protocol` or `formulary`."""

    code: ClassVar[str] = "R106"


@frozen
class Repeated(Problem):
    """An attribute that may stand once stands twice."""

    code: ClassVar[str] = "R107"
    attribute: str


@frozen
class SplitNumber(Problem):
    """A number with a blank after its point: `2. 25`."""

    code: ClassVar[str] = "R108"
    joined: str


@frozen
class HugeNumber(Problem):
    """A number of more than `limit` digits."""

    code: ClassVar[str] = "R109"
    limit: int
