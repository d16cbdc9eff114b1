"""`rung run --html`: the page of one stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rung_lang.cli.files import write_bytes

if TYPE_CHECKING:
    from rung_engine.decision.model import Decision
    from rung_engine.program import Program
    from rung_engine.sources.stay import Stay


def write_page(
    path: str,
    program: Program,
    stay: Stay,
    decisions: list[Decision],
    facts: tuple[tuple[str, str], ...],
    again: int | None,
    *,
    silence_is_off: bool,
) -> None:
    """Writes it whole, or not at all. `facts`: what a terminal says above a timeline; `again`: ms."""
    from rung_lang.report.timeline_page.page import Told, timeline_page

    told = Told(program, stay, tuple(decisions), silence_is_off, facts, again)
    write_bytes(path, timeline_page(told).encode())
