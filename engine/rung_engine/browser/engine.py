"""The JavaScript engine as one script, for a page that must open from a file and ask for nothing."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

PARTS = (
    "exact.js",
    "json.js",
    "truth.js",
    "program.js",
    "facts.js",
    "history.js",
    "now.js",
    "evaluate.js",
    "subjects.js",
    "decision.js",
    "rules.js",
    "needs.js",
    "orders.js",
    "collect.js",
    "fold.js",
    "run.js",
    "explain.js",
    "rung.js",
)
"""In the order in which a browser must meet them."""


@lru_cache(maxsize=1)
def script() -> str:
    """One script that sets `globalThis.Rung` and nothing else. It asks nothing of a page or a network."""
    folder = resources.files("rung_engine.browser")
    parts = [folder.joinpath(name).read_text(encoding="utf-8") for name in PARTS]
    return '(() => {\n"use strict";\n\n' + "\n".join(parts) + "})();\n"
