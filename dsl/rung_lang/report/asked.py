"""Answers to questions, in words for the terminal and as data."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_lang.asked.answers import Answer, Reason
from rung_lang.report.decisions import order
from rung_lang.report.text import WIDTH, safe
from rung_lang.report.witness import chart

MOST_EXAMPLES = 2
"""Examples named beside a rule; the text has the others."""
_STRENGTHS = {"must": "must", "recommend": "recommended", "consider": "to be considered"}
_PHASES = {
    "unclear": "It is not known whether this protocol applies.",
    "not_applicable": "This protocol does not apply.",
}


def lines(asked: str, answers: Sequence[tuple[Answer, m.Artifact]]) -> Iterator[str]:
    """What is printed; the question first, then each protocol that answers."""
    yield from _wrapped(f"Question: {asked}", "")
    for answer, artifact in answers:
        yield ""
        yield from _wrapped(f"{answer.title} ({answer.protocol} {answer.version})", "")
        yield from _wrapped(answer.says, "  ")
        for reason in answer.reasons:
            yield ""
            yield from _reason(reason)
        if answer.limits:
            yield ""
            yield "  Before that, and at any time:"
            for limit in answer.limits:
                yield from _wrapped(limit, "    ", "      ")
        if answer.also:
            yield ""
            for line in answer.also:
                yield from _wrapped(line, "  ", "    ")
        if answer.content is not None:
            yield from _decision(answer.content, artifact)
        if answer.proof:
            yield ""
            yield from _wrapped(answer.proof, "  ")
        if answer.witness is not None:
            yield ""
            yield from chart(artifact, answer.witness).splitlines()


def data(asked: str, answers: Sequence[tuple[Answer, m.Artifact]]) -> dict[str, Any]:
    """Ready for JSON."""
    return {
        "question": asked,
        "covered": bool(answers),
        "answers": [
            {
                "protocol": answer.protocol,
                "version": answer.version,
                "answer": answer.how,
                "says": answer.says,
                "rules": [
                    {
                        "rule": reason.rule,
                        "stage": reason.stage,
                        "when": reason.condition,
                        "unless": reason.unless,
                        "order": reason.order,
                        "strength": reason.strength,
                        "because": reason.because,
                        "sources": list(reason.sources),
                        "clauses": list(reason.clauses),
                        "errata": list(reason.errata),
                        "examples": list(reason.examples),
                    }
                    for reason in answer.reasons
                ],
                "limits": list(answer.limits),
                "also": list(answer.also),
                "orders": [order(one, artifact) for one in answer.content.orders] if answer.content else [],
                "proof": answer.proof,
                "patient": chart(artifact, answer.witness) if answer.witness is not None else None,
            }
            for answer, artifact in answers
        ],
    }


def _reason(reason: Reason) -> Iterator[str]:
    stage = f"stage {reason.stage}" if reason.stage else "at every step"
    yield from _wrapped(f"{reason.title or reason.rule} ({reason.rule}, {stage})", "  ")
    unless = f", unless {reason.unless}" if reason.unless else ""
    yield from _wrapped(f"when {reason.condition}{unless}", "    ", "      ")
    yield from _wrapped(f"then {reason.order} ({_STRENGTHS[reason.strength]})", "    ", "      ")
    if reason.because:
        yield from _wrapped(f"because {reason.because}", "    ", "      ")
    if reason.sources:
        yield from _wrapped(f"sources: {'; '.join(reason.sources)}", "    ", "      ")
    ids = [*reason.clauses, *reason.errata]
    if ids:
        yield from _wrapped(f"clauses: {', '.join(ids)}", "    ", "      ")
    if reason.examples:
        more = len(reason.examples) - MOST_EXAMPLES
        shown = "; ".join(f'"{title}"' for title in reason.examples[:MOST_EXAMPLES])
        yield from _wrapped(f"shown by: {shown}{f' and {more} more' if more > 0 else ''}", "    ", "      ")


def _decision(content: Content, artifact: m.Artifact) -> Iterator[str]:
    if content.phase in _PHASES:
        yield f"  {_PHASES[content.phase]}"
    for one in content.orders:
        doubt = "" if one.confirmed else " (unconfirmed)"
        yield from _wrapped(f"{order(one, artifact)}{doubt}, by {', '.join(one.rules)}", "    ", "      ")
    for held in content.withheld:
        yield from _wrapped(f"withheld: {held.op} {held.target}, by {held.rule}", "    ", "      ")
    for waits in content.pending:
        needs = ", ".join(dict.fromkeys(need.name for need in waits.needs)) or "time"
        yield from _wrapped(f"{waits.rule} waits for {needs}", "    ", "      ")


def _wrapped(text: str, indent: str, after: str | None = None) -> list[str]:
    return textwrap.wrap(
        safe(text), WIDTH, initial_indent=indent, subsequent_indent=indent if after is None else after,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
