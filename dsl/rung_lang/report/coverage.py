"""What the examples exercise, as a table of rules for a terminal."""

from __future__ import annotations

from rung_lang.report.decisions import counted, wrapped
from rung_lang.verify.strength.coverage import Coverage, LeafCoverage

_RULE = 54
_EXERCISED = 11

LEGEND = (
    "A condition is shown, once while it is true and once while it is false, by an example in which the rule "
    "would do something else if that condition alone were the other way."
)


def table(coverage: Coverage) -> str:
    """Every rule by its id, and under it the conditions of which an example is missing; 80 columns."""
    lines = [f"{'rule':<{_RULE}} {'exercised':<{_EXERCISED}}conditions".rstrip()]
    for rule in coverage.rules:
        asked = [leaf for leaf in rule.leaves if _can_matter(leaf)]
        shown = f"{len(asked) - len(rule.gaps)} of {len(asked)}"
        name = rule.rule
        if len(name) > _RULE:
            lines.append(name)
            name = ""
        lines.append(f"{name:<{_RULE}} {'yes' if rule.exercised else 'NO':<{_EXERCISED}}{shown}")
        for leaf in rule.gaps:
            lines.extend(wrapped(f"`{leaf.words}`: {_missing(leaf)}", "", 6))
    lines += ["", *wrapped(summary(coverage), "", 0)]
    if not coverage.complete:
        lines += wrapped(LEGEND, "", 0)
    return "\n".join(lines) + "\n"


def summary(coverage: Coverage) -> str:
    """One sentence."""
    rules = coverage.rules
    leaves = [leaf for rule in rules for leaf in rule.leaves if _can_matter(leaf)]
    exercised = sum(rule.exercised for rule in rules)
    shown = sum(not leaf.is_gap for leaf in leaves)
    return (
        f"The examples exercise {exercised} of {counted(len(rules), 'rule')}, and show {shown} of "
        f"{counted(len(leaves), 'condition')} both ways."
    )


def _can_matter(leaf: LeafCoverage) -> bool:
    return (leaf.while_true, leaf.while_false) != ("impossible", "impossible")


def _missing(leaf: LeafCoverage) -> str:
    """What no example has."""
    if leaf.while_true == leaf.while_false:
        return "no example in which it alone decides"
    which = "true" if leaf.while_true == "missing" else "false"
    return f"no example in which it alone decides while it is {which}"
