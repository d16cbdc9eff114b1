"""What nothing stated notices, for a terminal and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rung_lang.report.decisions import counted, wrapped
from rung_lang.verify.strength.mutants import Mutant


def lines(tried: Sequence[tuple[Mutant, bool]]) -> Iterator[str]:
    """A sentence, then each unnoticed change under its rule; 80 columns."""
    unnoticed = [mutant for mutant, noticed in tried if not noticed]
    if not unnoticed:
        yield f"  Every one of {counted(len(tried), 'mutant')} is noticed."
        return
    yield f"  Of {counted(len(tried), 'mutant')}, nothing you stated forbids {len(unnoticed)}:"
    rule = ""
    for mutant in unnoticed:
        if mutant.rule != rule:
            rule = mutant.rule
            yield f"  {rule}"
        yield from wrapped(_said(mutant), "", 4)


def data(tried: Sequence[tuple[Mutant, bool]]) -> dict[str, Any]:
    """How many were tried, and those that nothing notices, in the author's words."""
    return {
        "tried": len(tried),
        "unnoticed": [
            {"rule": mutant.rule, "change": mutant.change, "before": mutant.before, "after": mutant.after}
            for mutant, noticed in tried
            if not noticed
        ],
    }


def _said(mutant: Mutant) -> str:
    match mutant.change:
        case "threshold":
            return f"`{mutant.before}` with {mutant.after}"
        case "strictness":
            return f"`{mutant.after}` instead of `{mutant.before}`"
        case "conjunct":
            return f"without `{mutant.before}`"
        case "dwell":
            return f"`{mutant.after}` at once instead of `{mutant.before}`"
        case "drug":
            return f"`{mutant.after}` instead of `{mutant.before}`"
        case "rule":
            return "without the rule"
