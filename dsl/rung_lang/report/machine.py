"""Messages as data: what `--format json` prints. Keys are stable; see `docs/reference/command.md`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rung_lang.report.message import Message
from rung_lang.source import Source, Span


def finding(message: Message, sources: Mapping[str, Source]) -> dict[str, Any]:
    """One finding as plain data."""
    return {
        "code": message.code,
        "level": message.level,
        "title": message.title,
        "place": place(message.span, sources),
        "label": message.label,
        "body": message.body,
        "help": message.help,
        "others": [{"place": place(span, sources), "label": label} for span, label in message.others],
    }


def place(span: Span, sources: Mapping[str, Source]) -> dict[str, Any]:
    """File, line and column from 1, and the end; only the file where it could not be read."""
    source = sources.get(span.path)
    if source is None:
        return {"file": span.path}
    line, column = source.line_and_column(span.start)
    end_line, end_column = source.line_and_column(span.end)
    return {"file": span.path, "line": line, "column": column, "end_line": end_line, "end_column": end_column}
