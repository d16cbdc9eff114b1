"""A page as PDF bytes: the one module that imports typst."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from rung_lang.cli.exits import USAGE, Refusal
from rung_lang.report.documents.page import Page
from rung_lang.report.documents.typst import typst as typst_of


def needs_typst() -> None:
    """Refused where what sets PDF is not there; said before hours of work, not after."""
    if find_spec("typst") is None:
        raise Refusal(
            "C140",
            "To write PDF I need the package typst, and it is not installed.",
            "Install it with `pip install 'rung[pdf]'`. `rung document` can write HTML instead.",
            USAGE,
        )


def pdf(page: Page) -> bytes:
    """The PDF of the page: no fonts of the machine, no time of day, so one page has one file.

    Refused where the package `typst` is not there.
    """
    needs_typst()
    import typst

    setting = typst_of(page)
    files = {"main": setting.text.encode("utf-8")}
    files |= {name: svg.encode("utf-8") for name, svg in setting.drawings.items()}
    # It takes a file for each name; its types know one file only.
    compile_: Callable[..., bytes] = typst.compile
    return compile_(files, format="pdf", ignore_system_fonts=True, timestamp=0)
