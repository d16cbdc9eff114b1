"""The table of all findings, `docs/findings/index.md`, made from the first lines of their pages.

`python -m rung_lang.report.pages` writes it again; a test fails while it is not up to date.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "findings"

_FAMILIES = {
    "R": "In the text of a protocol",
    "A": "In an artifact",
    "D": "In data and mappings",
    "C": "In a command",
    "S": "In a sign-off",
}


def title(page: str) -> str:
    """The title of a page whose first line is `# R130 The dose is …`."""
    return page.partition("\n")[0].split(" ", 2)[2]


def index(pages: Mapping[str, str]) -> str:
    """The table as Markdown; `pages` are texts by code."""
    out = [
        "# Findings",
        "",
        "Every message has a code, and a code never changes its meaning. `rung explain R130` prints a page.",
    ]
    for letter, heading in _FAMILIES.items():
        out += ["", f"## {heading}", "", "| Code | What it says |", "| --- | --- |"]
        out += [
            f"| [{code}]({code}.md) | {title(text)} |"
            for code, text in sorted(pages.items())
            if code.startswith(letter)
        ]
    return "\n".join(out) + "\n"


def read_pages(folder: Path = FOLDER) -> dict[str, str]:
    """The pages of a folder by code."""
    return {page.stem: page.read_text("utf-8") for page in sorted(folder.glob("[A-Z][0-9][0-9][0-9].md"))}


if __name__ == "__main__":
    (FOLDER / "index.md").write_text(index(read_pages()), "utf-8")
