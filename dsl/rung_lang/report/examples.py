"""Failing examples in words, with the explanation tree."""

from __future__ import annotations

from collections.abc import Mapping

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_lang.examples import Failure, Result
from rung_lang.report.decisions import clock, number, order, pending, rule_name, tree
from rung_lang.report.message import Message
from rung_lang.source import Source


def failure_message(failure: Failure, artifact: m.Artifact, sources: Mapping[str, Source]) -> Message:
    """The finding R701 for one expectation that does not hold."""
    source = sources[failure.expect.span.path]
    expected = " ".join(source.text[failure.expect.span.start : failure.expect.span.end].split())
    chosen = _chosen(failure.settings)
    return Message(
        "R701",
        "error",
        f'The example "{failure.example.title}" does not hold.',
        failure.expect.span,
        f"at {clock(failure.check.time_ms)} I expected `{expected}`",
        f"I found: {_found(failure, artifact)}" + (f". With {chosen}" if chosen else ""),
        help="Change the rule, or the example if it asks for the wrong thing. The tree below says why.",
    )


def depends_message(result: Result) -> Message:
    """The finding R702: the example holds for some values of an open setting only."""
    return Message(
        "R702",
        "warning",
        f'The example "{result.example.title}" holds for some choices of the site only.',
        result.example.span,
        "",
        f"It does not hold with {_chosen(result.depends)}.",
        help="Give the setting a value among the facts of the example, as in `given NAME VALUE`.",
    )


def _chosen(settings: tuple[tuple[str, m.Number | str], ...]) -> str:
    return ", ".join(
        f"{name} = {f'{number(value.millionths)} {value.unit}' if isinstance(value, m.Number) else value}"
        for name, value in settings
    )


def failure_tree(failure: Failure) -> str:
    """The explanation of each rule that speaks of what was expected, indented for the terminal."""
    lines: list[str] = []
    for rule_id, explained in failure.explained:
        lines.append(f"  {rule_id}")
        lines.extend("    " + line for line in tree(explained).splitlines())
    return "\n".join(lines)


def _found(failure: Failure, artifact: m.Artifact) -> str:
    if failure.verdict is not None and failure.expect.word == "verdict":
        reasons = ", ".join(f"{reason.kind} {reason.detail}".strip() for reason in failure.verdict.reasons)
        return failure.verdict.grade + (f" ({reasons})" if reasons else "")
    if failure.content is None:
        return "no decision yet"
    return _content(failure.content, artifact)


def _content(content: Content, artifact: m.Artifact) -> str:
    parts = [f"stage {content.stage}" if content.stage else content.phase.replace("_", " ")]
    for item in content.orders:
        text = order(item, artifact)
        if item.mark == "done":
            text += " (done)"
        if not item.confirmed:
            text += " (unconfirmed)"
        parts.append(text)
    parts.extend(f"withheld {item.op} {item.target}" for item in content.withheld)
    parts.extend(f"{rule_name(item.rule)} waits for {pending(item)}" for item in content.pending)
    return "; ".join(parts)
