"""What the verifier says, in words and as data: a protocol's line, what it rests on, the whole table."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, assert_never

from rung_lang.report.decisions import counted
from rung_lang.report.text import WIDTH
from rung_lang.verify.reach.problems_history import NotDecided
from rung_lang.verify.verdict import Layer, Obligation, Proved, Refuted, Report, Trust, Undecided

Word = Literal["proved", "refuted", "undecided"]

_LAYERS: tuple[Layer, ...] = ("text", "instant", "letters", "clocks", "symbolic", "cycles", "replay")
_TRUST: dict[Trust, str] = {
    "checked": "checkable without a solver",
    "solver": "by a solver alone",
    "replayed": "by a history that was played",
}
_MODES = {
    "free": "free (any charted rate at any instant)",
    "partial": "partial (each order carried out late, or not at all)",
    "obeyed": "obeyed (each order carried out at once)",
}
"""What the bedside may do with orders, by mode."""
_WORDS: tuple[Word, ...] = ("proved", "refuted", "undecided")
_TITLE = WIDTH - 46
"""Columns of the table that are left for what was looked for."""
_MOST_NAMED = 3
"""Things assumed, approximated or left out that a short report names; the rest is counted."""


def word(one: Obligation) -> Word:
    """The verdict as one word."""
    match one.verdict:
        case Proved():
            return "proved"
        case Refuted():
            return "refuted"
        case Undecided():
            return "undecided"
        case _:
            assert_never(one.verdict)


def standing(report: Report, errors: int, warnings: int) -> str:
    """`proved. 312 questions`, or what stands in the way of it. `errors` are those of the whole check."""
    counts = Counter(word(one) for one in report.obligations)
    open_ = sum(isinstance(problem, NotDecided) for problem in report.problems)
    parts: list[str] = []
    if errors > open_:
        parts.append(f"not proved, {counted(errors, 'error')}")
    elif counts["undecided"]:
        parts.append("undecided")
    else:
        parts.append("proved")
    if warnings:
        parts.append(counted(warnings, "warning"))
    asked = [counted(len(report.obligations), "question")]
    asked += [f"{counts[each]} {each}" for each in ("refuted", "undecided") if counts[each]]
    return f"{', '.join(parts)}. {', '.join(asked)}"


def named(one: Obligation) -> str:
    """`R401: first_line.begin and stage weaning`."""
    subjects = [key.replace(":", " ", 1) for key in one.about]
    return f"{one.code}: {' and '.join(subjects)}" if subjects else one.code


def rests_on(report: Report) -> tuple[tuple[str, Sequence[str]], ...]:
    """What is to be believed with the proof, under a heading each."""
    return (
        ("Bedside", [_MODES.get(mode, mode) for mode in report.modes]),
        ("Assumed", report.assumed),
        ("Over-approximated", report.approximated),
        ("Not analysed", report.not_analysed),
    )


# ---------------------------------------------------------------- for the terminal


def remarks(report: Report) -> Iterator[str]:
    """What the proof rests on, in a few lines."""
    for lead, items in rests_on(report):
        if items:
            shown = "; ".join(items[:_MOST_NAMED])
            more = len(items) - _MOST_NAMED
            yield from _paragraph(f"{lead}: {shown}" + (f"; and {more} more." if more > 0 else "."), 2)


def table(report: Report, titles: Mapping[str, str]) -> Iterator[str]:
    """Every code with its verdicts by layer, every undecided question, and all that the proof rests on.

    `titles` of the pages of the findings, by code.
    """
    yield f"  {'code':<6}{'by':<9}{'proved':>7}{'refuted':>9}{'undecided':>11}  looked for"
    for code in sorted({one.code for one in report.obligations}):
        rows = Counter((_layer(one), word(one)) for one in report.obligations if one.code == code)
        lead, title = code, textwrap.shorten(titles.get(code, ""), _TITLE, placeholder=" …")
        for layer in (*_LAYERS, ""):
            proved, refuted, undecided = (str(rows[layer, each] or "-") for each in _WORDS)
            if {proved, refuted, undecided} != {"-"}:
                line = f"  {lead:<6}{layer or '-':<9}{proved:>7}{refuted:>9}{undecided:>11}  {title}"
                yield line.rstrip()
                lead = title = ""
    trusted = Counter(trust for one in report.obligations if (trust := _trust(one)))
    if trusted:
        said = "; ".join(f"{trusted[trust]} {text}" for trust, text in _TRUST.items() if trusted[trust])
        yield from _paragraph(f"Answers: {said}.", 2)
    for one in report.obligations:
        if isinstance(one.verdict, Undecided):
            yield from _paragraph(f"undecided {named(one)}: {one.verdict.reason}", 2)
    for lead, items in rests_on(report):
        if items:
            yield f"  {lead}:"
            for item in items:
                yield from _paragraph(item, 4)


def _paragraph(text: str, indent: int) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _layer(one: Obligation) -> str:
    return "" if isinstance(one.verdict, Undecided) else one.verdict.layer


def _trust(one: Obligation) -> Trust | None:
    return None if isinstance(one.verdict, Undecided) else one.verdict.trust


# ---------------------------------------------------------------- as data


def data(report: Report) -> dict[str, Any]:
    """The whole report, ready for JSON. Keys are stable; see `docs/reference/command.md`."""
    counts = Counter(word(one) for one in report.obligations)
    return {
        "state": report.state,
        "questions": len(report.obligations),
        "proved": counts["proved"],
        "refuted": counts["refuted"],
        "undecided": counts["undecided"],
        "modes": list(report.modes),
        "assumed": list(report.assumed),
        "approximated": list(report.approximated),
        "not_analysed": list(report.not_analysed),
        "obligations": [_obligation(one) for one in report.obligations],
    }


def _obligation(one: Obligation) -> dict[str, Any]:
    found: dict[str, Any] = {"code": one.code, "about": list(one.about), "verdict": word(one)}
    match one.verdict:
        case Proved() | Refuted():
            found |= {"layer": one.verdict.layer, "trust": one.verdict.trust}
        case Undecided():
            found["reason"] = one.verdict.reason
        case _:
            assert_never(one.verdict)
    return found
