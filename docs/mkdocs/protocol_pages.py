"""A hook of mkdocs: the page of every shipped protocol, as `rung document` writes it, and the errata.

The pages are made when the site is built, so that none of them can be older than its protocol.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "protocols"


@cache
def pages() -> dict[str, str]:
    """Markdown by the name of the page, in the order of the navigation."""
    sys.path[:0] = [str(ROOT / "dsl"), str(ROOT / "engine")]
    from rung_lang.driver import compile_protocol
    from rung_lang.report.documents.markdown import markdown
    from rung_lang.report.documents.protocol import protocol_page
    from rung_lang.source import decode

    found: dict[str, str] = {}
    for file in sorted((ROOT / FOLDER).glob("*.rung")):
        result = compile_protocol(str(file), lambda path: decode(path, Path(path).read_bytes()))
        if result.artifact is not None:
            found[f"{FOLDER}/{file.stem}.md"] = markdown(protocol_page(result, result.artifact))
    errata = ROOT / FOLDER / "ERRATA.md"
    if errata.is_file():
        found[f"{FOLDER}/errata.md"] = errata.read_text(encoding="utf-8")
    return found


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    for part in config.nav or []:
        if "The protocols" in part:
            part["The protocols"] = [
                {text.partition("\n")[0].lstrip("# "): name} for name, text in pages().items()
            ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for name, text in pages().items():
        files.append(File.generated(config, name, content=text))
    return files
