"""A problem in words, ready for any renderer."""

from __future__ import annotations

from rung_engine.frozen import frozen
from rung_lang.finding import Level
from rung_lang.source import Span


@frozen
class Message:
    """`label` stands under the caret; `body` says what it means at the bedside; `help` what to do."""

    code: str
    level: Level
    title: str
    span: Span
    label: str = ""
    body: str = ""
    others: tuple[tuple[Span, str], ...] = ()
    help: str = ""
