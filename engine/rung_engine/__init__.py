"""Executes compiled protocols on patients, exactly. Parses no text, asks no solver.

Importing this package loads nothing heavy; the names below are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rung_engine.artifact.load import load
    from rung_engine.program import Program
    from rung_engine.reference.run import run as reference_run
    from rung_engine.session.session import Session

__version__ = "0.1.0"
__all__ = ["Program", "Session", "__version__", "load", "reference_run"]

_WHERE = {
    "Program": ("rung_engine.program", "Program"),
    "Session": ("rung_engine.session.session", "Session"),
    "load": ("rung_engine.artifact.load", "load"),
    "reference_run": ("rung_engine.reference.run", "run"),
}


def __getattr__(name: str) -> Any:
    try:
        module, attribute = _WHERE[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    import importlib

    return getattr(importlib.import_module(module), attribute)
