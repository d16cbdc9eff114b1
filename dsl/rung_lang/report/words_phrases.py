"""Turns of phrase that messages share. No fact is decided here."""

from __future__ import annotations

from collections.abc import Sequence

from rung_engine.frozen import frozen
from rung_lang.source import Span


@frozen
class Words:
    """A message without its code, level and place."""

    title: str
    label: str = ""
    body: str = ""
    help: str = ""
    others: tuple[tuple[Span, str], ...] = ()


_KINDS = {
    "source": "a source",
    "input": "an input",
    "drug": "a drug",
    "class": "a class of drugs",
    "panel": "a panel",
    "event": "an event",
    "task": "a task",
    "course": "a course",
    "outcome": "an outcome",
    "regimen": "a regimen",
    "setting": "a setting",
    "define": "a definition",
    "stage": "a stage",
    "rule": "a rule",
    # kinds of input, of expression
    "quantity": "something measured",
    "flag": "a yes or no",
    "one_of": "a choice of values",
    "any_of": "a set of values",
    "graded": "a grade",
    "number": "a number",
    "condition": "true or false",
    "choice": "a choice of values",
    "yes_no": "a yes or no",
}

_STATEMENTS = {
    "sourcedecl": "source",
    "classdecl": "class",
    "eventdecl": "event",
    "taskdecl": "task",
    "property": "never or always",
    "owns": "yields or supersedes",
    "override": "overrides",
    "remove": "remove rule",
}

_WHAT = {
    "rate": "rate",
    "dose": "dose",
    "step": "step",
    "limit": "limit",
    "value": "value",
    "setting": "setting",
    "concentration": "concentration",
    "maximum": "maximum",
    "start": "start dose",
    "usual": "usual range",
    "plausible": "plausible range",
    "noise": "noise",
    "normal": "normal value",
    "condition": "range",
    "at most": "most that may be given",
    "totalling": "total",
    "volume": "volume",
    "also in": "conversion factor",
    "times daily": "number of times daily",
    "restrict": "unit of the restriction",
    "time": "time",
    "duration": "time",
    "gaps": "time after `gaps up to`",
    "apart": "time before `apart`",
}


def a_kind(kind: str) -> str:
    """A kind of thing with its article: `a drug`."""
    return _KINDS.get(kind, f"a {kind.replace('_', ' ')}")


def some_kind(kinds: Sequence[str]) -> str:
    """`an input, a drug or a setting`."""
    return joined([a_kind(kind) for kind in kinds])


def kind_name(kind: str) -> str:
    """A kind without its article: `definition`."""
    return a_kind(kind).partition(" ")[2]


def statement(what: str) -> str:
    """The words a statement of this kind begins with."""
    return _STATEMENTS.get(what, what)


def what_is(what: str) -> str:
    """What an amount is: `dose`, or `time after `within``."""
    return _WHAT.get(what, f"time after `{what}`")


def this(what: str) -> str:
    """The amount as the subject of a sentence: `This dose`, `The time after `within``."""
    return f"{'The' if '`' in what_is(what) else 'This'} {what_is(what)}"


def ticked(words: Sequence[str], last: str = "or") -> str:
    """The author's words, each in backticks."""
    return joined([f"`{word}`" for word in words], last)


def joined(parts: Sequence[str], last: str = "or") -> str:
    """`a, b or c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def ring(names: Sequence[str]) -> str:
    """The way round, from a name back to itself."""
    again = " again" if len(names) > 1 and names[0] == names[-1] else ""
    return ", then ".join(f"`{name}`" for name in names) + again


def did_you_mean(suggestion: str, otherwise: str) -> str:
    """The nearest known word where there is one."""
    return f"Did you mean `{suggestion}`?" if suggestion else otherwise
