"""Findings as SARIF 2.1.0, for code review. The same findings are the same bytes: no clock, no machine.

The standard: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 2020.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, assert_never
from urllib.parse import quote

from rung_engine.frozen import frozen
from rung_lang.finding import Level
from rung_lang.report.message import Message
from rung_lang.source import Source, Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_FINGERPRINT = "rungFinding/v1"


@frozen
class Shown:
    """A finding, and what is printed below it: a chart or a tree, as plain text, or nothing."""

    message: Message
    below: str = ""


@frozen
class Log:
    """Everything that one run of the command found.

    `sources` and `sha256` (of the files' bytes, in hex) by path; a file that could not be read has neither.
    `pages`: the page of each code. `properties` are plain data about the run.
    """

    version: str
    findings: Sequence[Shown]
    sources: Mapping[str, Source]
    sha256: Mapping[str, str]
    pages: Mapping[str, str]
    exit_code: int
    properties: Mapping[str, Any] = field(default_factory=dict)


def document(log: Log) -> str:
    """The log file, ending in a line end."""
    found = _once(log.findings)
    codes = sorted({one.message.code for one in found})
    paths = sorted({*log.sources, *log.sha256, *(span.path for one in found for span in _spans(one.message))})
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "Rung",
                "version": log.version,
                "rules": [_rule(code, log.pages.get(code, "")) for code in codes],
            }
        },
        "columnKind": "utf16CodeUnits",
        "newlineSequences": ["\r\n", "\n", "\r"],
        "defaultEncoding": "UTF-8",
        "defaultSourceLanguage": "rung",
        "invocations": [{"executionSuccessful": True, "exitCode": log.exit_code}],
        "artifacts": [_artifact(path, log.sha256.get(path)) for path in paths],
        "results": _results(found, codes, paths, log.sources),
    }
    if log.properties:
        run["properties"] = dict(log.properties)
    whole = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _once(findings: Sequence[Shown]) -> list[Shown]:
    """Each once: a finding in a formulary is met again in every protocol that uses it."""
    return list(dict.fromkeys(findings))


def _spans(message: Message) -> tuple[Span, ...]:
    return (message.span, *(span for span, _ in message.others))


# ---------------------------------------------------------------- rules, from the pages of the findings


def _rule(code: str, page: str) -> dict[str, Any]:
    """Title, first section and whole page; a code without a page is only named."""
    if not page:
        return {"id": code}
    head, _, rest = page.partition("\n")
    says = rest.partition("## What it says")[2].partition("\n## ")[0]
    title = head.lstrip("# ").removeprefix(code).strip()
    return {
        "id": code,
        "shortDescription": {"text": f"{title}."},
        "fullDescription": {"text": _flat(says) or f"{title}."},
        "help": {"text": page, "markdown": page},
    }


def _flat(text: str) -> str:
    """Paragraphs, each on one line."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


# ---------------------------------------------------------------- artifacts


def _artifact(path: str, sha256: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {"location": {"uri": uri(path)}}
    if sha256 is not None:
        found["hashes"] = {"sha-256": sha256}
    return found


def uri(path: str) -> str:
    """A relative reference for a relative path, `file:` for an absolute one."""
    written = quote(path.replace("\\", "/"), safe="/", errors="surrogateescape")
    return f"file://{written}" if written.startswith("/") else written.removeprefix("./")


# ---------------------------------------------------------------- results


def _results(
    findings: Sequence[Shown], codes: Sequence[str], paths: Sequence[str], sources: Mapping[str, Source]
) -> list[dict[str, Any]]:
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for one in findings:
        message = one.message
        mark = (message.code, message.span.path, _words(message.span, sources))
        seen[mark] += 1
        result: dict[str, Any] = {
            "ruleId": message.code,
            "ruleIndex": codes.index(message.code),
            "level": _level(message.level),
            "message": _text(one),
            "locations": [_location(message.span, message.label, paths, sources)],
        }
        if message.others:
            result["relatedLocations"] = [
                {"id": number, **_location(span, label, paths, sources)}
                for number, (span, label) in enumerate(message.others, 1)
            ]
        result["partialFingerprints"] = {_FINGERPRINT: _fingerprint(*mark, str(seen[mark]))}
        found.append(result)
    return found


def _level(level: Level) -> str:
    match level:
        case "error" | "warning":
            return level
        case "information":
            return "note"
        case _:
            assert_never(level)


def _text(one: Shown) -> dict[str, str]:
    message = one.message
    words = " ".join(part for part in (message.title, message.body, message.help) if part)
    if not one.below:
        return {"text": words}
    return {"text": f"{words}\n\n{one.below}", "markdown": f"{words}\n\n```text\n{one.below}\n```"}


def _location(span: Span, label: str, paths: Sequence[str], sources: Mapping[str, Source]) -> dict[str, Any]:
    place: dict[str, Any] = {
        "artifactLocation": {"uri": uri(span.path), "index": paths.index(span.path)},
    }
    source = sources.get(span.path)
    if source is not None:
        place["region"] = _region(source, span)
    found: dict[str, Any] = {"physicalLocation": place}
    if label:
        found["message"] = {"text": label}
    return found


def _region(source: Source, span: Span) -> dict[str, int]:
    """Lines and columns from 1; a column counts UTF-16 code units, and the last stands after the place."""
    start_line, start = _utf16(source, span.start)
    end_line, end = _utf16(source, max(span.start, span.end))
    return {"startLine": start_line, "startColumn": start, "endLine": end_line, "endColumn": end}


def _utf16(source: Source, offset: int) -> tuple[int, int]:
    line, column = source.line_and_column(offset)
    before = source.text[offset - column + 1 : offset]
    return line, len(before.encode("utf-16-le")) // 2 + 1


def _words(span: Span, sources: Mapping[str, Source]) -> str:
    """What the place says, without its layout: it stays when lines are added above."""
    source = sources.get(span.path)
    return "" if source is None else " ".join(source.text[span.start : span.end].split())


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()
