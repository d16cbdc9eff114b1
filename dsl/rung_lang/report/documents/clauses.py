"""The lists that pages about the sources are held against: every numbered clause, every numbered concern.

They are facts about the sources and hold no words of theirs. A clause is executable unless it needs
`fact-only` (told, and never acted on), or nothing beyond a rationale, evidence, a list of names or a soft
verb, which say why, how surely, of whom or how strongly, and never what to do. That gives 143 of 201.
"""

from __future__ import annotations

import csv
import io

from rung_engine.frozen import frozen

ARTICLES = ("HRSA", "HRST", "SEPT", "HYPO", "CARD")
"""In the order of the articles, by the letters of their clauses."""


@frozen
class Clause:
    id: str
    article: str
    kind: str
    force: str
    executable: bool

    @property
    def letters(self) -> str:
        """Which article it is of: `SEPT`."""
        return self.id.partition("-")[0]


class NotAList(ValueError):  # noqa: N818 - it names a fact about the text
    """The text is no such list; `line` counts from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


def read_clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of `id,article,kind,force,executable`, in the order of the articles. Raises `NotAList`."""
    found = []
    for line, row in _rows(text, ("id", "article", "kind", "force", "executable")):
        if row[4] not in ("yes", "no"):
            raise NotAList(line, f"executable is yes or no, not `{row[4]}`")
        if row[0].partition("-")[0] not in ARTICLES:
            raise NotAList(line, f"`{row[0]}` is of no article")
        found.append(Clause(row[0], row[1], row[2], row[3], row[4] == "yes"))
    return tuple(sorted(found, key=lambda clause: place(clause.id)))


def read_concerns(text: str) -> tuple[tuple[str, str], ...]:
    """The concerns of `id,severity`, in order. Raises `NotAList`."""
    return tuple((row[0], row[1]) for _, row in _rows(text, ("id", "severity")))


def _rows(text: str, head: tuple[str, ...]) -> list[tuple[int, list[str]]]:
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or tuple(rows[0]) != head:
        raise NotAList(1, f"the columns are {', '.join(head)}")
    seen: set[str] = set()
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(head):
            raise NotAList(line, f"there are {len(head)} columns, not {len(row)}")
        if row[0] in seen:
            raise NotAList(line, f"`{row[0]}` stands here a second time")
        seen.add(row[0])
    return list(enumerate(rows[1:], start=2))


def place(clause: str) -> tuple[int, str]:
    """Where a clause stands among all: articles in order, then numbers; ids of no article last."""
    letters = clause.partition("-")[0]
    return (ARTICLES.index(letters) if letters in ARTICLES else len(ARTICLES), clause)
