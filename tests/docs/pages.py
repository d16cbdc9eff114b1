"""The documentation as data: fenced blocks, tables and links of a page. Knows nothing of Rung."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^( *)```(.*)$")
_ROW = re.compile(r"^\|(.*)\|$")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its `title="…"` (a file's name) and its text, ending with a line end."""

    page: str
    line: int
    language: str
    title: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> tuple[Path, ...]:
    """README and every written page but those of the findings, which have tests of their own."""
    own = [page for page in sorted(DOCS.rglob("*.md")) if page.parent.name != "findings"]
    return (ROOT / "README.md", *own)


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page in order. Raises AssertionError for one that is left open."""
    opened: tuple[int, str, str] | None = None
    lines: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if fence is None:
            lines.append(line)
        elif opened is None:
            language, _, rest = fence.group(2).strip().partition(" ")
            titled = re.search(r'title="([^"]+)"', rest)
            opened = (number, language, titled.group(1) if titled else "")
            lines = []
        else:
            text = "".join(f"{inside}\n" for inside in lines)
            yield Block(page.name, opened[0], opened[1], opened[2], text)
            opened = None
    assert opened is None, f"{page.name}: a block is not closed"


def table_forms(page: Path, heading: str) -> Iterator[tuple[int, str]]:
    """Every `code` in the first column of the tables whose first column has this heading, with its line."""
    inside = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        row = _ROW.match(line)
        if row is None:
            inside = False
            continue
        first = row.group(1).split("|")[0].strip()
        if first == heading:
            inside = True
        elif inside and not first.startswith("---"):
            for code in _CODE.findall(first):
                yield number, code


def links(page: Path) -> Iterator[tuple[int, str]]:
    """Every link or picture of a page, outside fenced blocks."""
    fenced = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
                yield number, target


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page make, as mkdocs makes them."""
    found: set[str] = set()
    for block_free in _outside_fences(page):
        if block_free.startswith("#"):
            words = re.sub(r"[^\w\s-]", "", block_free.lstrip("#").strip().lower())
            found.add(re.sub(r"[-\s]+", "-", words))
    return found


def _outside_fences(page: Path) -> Iterator[str]:
    fenced = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield line


def matches(shown: str, printed: str) -> str:
    """Empty where the printed lines are the shown ones, `...` standing for any lines; else what is missing.

    Trailing blanks and blank lines at either end do not count.
    """
    want = [line.rstrip() for line in shown.strip("\n").splitlines()]
    have = [line.rstrip() for line in printed.strip("\n").splitlines()]
    place, anywhere = 0, False
    for line in want:
        if line == "...":
            anywhere = True
            continue
        if anywhere:
            while place < len(have) and have[place] != line:
                place += 1
        if place >= len(have) or have[place] != line:
            near = have[place] if place < len(have) else "the end"
            return f"shown: {line!r}; printed: {near!r}"
        place, anywhere = place + 1, False
    return "" if anywhere or place == len(have) else f"printed and not shown: {have[place]!r}"
