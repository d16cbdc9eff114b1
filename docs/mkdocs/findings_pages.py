"""A hook of mkdocs: the pages of `docs/findings` join the navigation, behind an index of codes and titles.

The pages are written for `rung explain`, which reads the same folder, so no list of them is kept here.
"""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

INDEX = "findings/index.md"


def titles(docs: Path) -> dict[str, str]:
    """By code, the title of its page: the first line without the code."""
    found = {}
    for page in sorted((docs / "findings").glob("[A-Z][0-9][0-9][0-9].md")):
        first = (page.read_text(encoding="utf-8").splitlines() or [""])[0].lstrip("# ")
        found[page.stem] = first.removeprefix(page.stem).lstrip(" :-–—")
    return found


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    pages = [{code: f"findings/{code}.md"} for code in titles(Path(config.docs_dir))]
    for part in config.nav or []:
        if "Findings" in part:
            part["Findings"] = [{"All findings": INDEX}, *pages]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    if files.get_file_from_path(INDEX) is None:
        files.append(File.generated(config, INDEX, content=_index(titles(Path(config.docs_dir)))))
    return files


def _index(known: dict[str, str]) -> str:
    lines = [
        "# Findings",
        "",
        "What `rung check` may say, by code. A code never changes its meaning. On the command line,",
        "`rung explain CODE` prints the same page.",
        "",
        "| code | title |",
        "|---|---|",
        *(f"| [{code}]({code}.md) | {re.sub(r'([|])', r'&#124;', title)} |" for code, title in known.items()),
    ]
    return "\n".join(lines) + "\n"
