"""Words for what is wrong with names and files: R110 to R119 and R180 to R183."""

from __future__ import annotations

from typing import assert_never

from rung_lang.checked.problems import (
    DeclaredTwice,
    DefinedByItself,
    MissingFile,
    NeverUsed,
    NotLocal,
    RemoveOutside,
    RemoveUnknown,
    ReservedWord,
    SettingNeverUsed,
    UndeclaredSource,
    UnknownName,
    UseCycle,
    UsesProtocol,
    WrongKind,
)
from rung_lang.report.words_phrases import (
    Words,
    a_kind,
    did_you_mean,
    kind_name,
    ring,
    some_kind,
    statement,
)  # fmt: skip

NameProblem = (
    UnknownName | DeclaredTwice | ReservedWord | NeverUsed | WrongKind | DefinedByItself
    | SettingNeverUsed | UndeclaredSource | MissingFile | UseCycle | UsesProtocol | NotLocal
    | RemoveUnknown | RemoveOutside
)  # fmt: skip

_MISSING = {
    "missing": "there is no such file",
    "empty": "the file is empty",
    "binary": "it is not a text",
    "encoding": "it is not written in UTF-8",
    "too_large": "it is too large to be a protocol",
}

_DECLARATIONS = {
    "input": "input {} in …",
    "drug": "drug {} infusion in …",
    "class": "class {} of …",
    "event": 'event {} "…"',
    "task": 'task {} "…"',
    "course": "course {} of …",
    "outcome": "outcome {} when …",
    "regimen": "regimen {} of …",
    "setting": "setting {} = …",
    "stage": "stage {}",
    "panel": "panel {} of …",
    "define": "define {} as …",
}


def of_names(problem: NameProblem) -> Words:
    """The words of one problem."""
    match problem:
        case UnknownName():
            first = problem.wanted[0] if problem.wanted else "define"
            declared = _DECLARATIONS.get(first, "define {} as …").format(problem.name)
            return Words(
                f"Nothing here is called `{problem.name}`.",
                f"I need {some_kind(problem.wanted[:4])}" if problem.wanted else "not declared",
                "A rule about a name that nobody declared would never fire, and nobody would notice.",
                did_you_mean(
                    problem.suggestion, f"Declare it (`{declared}`), or `use` the formulary that does."
                ),
            )
        case DeclaredTwice():
            return Words(
                f"`{problem.name}` already names something else.",
                "named again here",
                "With one name for two things, a reader cannot tell which of them an order or a "
                "condition means.",
                "Give one of the two another name.",
                ((problem.previous, f"`{problem.name}` is first named here"),),
            )
        case ReservedWord():
            return Words(
                f"`{problem.name}` is a word of the language, so nothing can be called that.",
                "choose another name",
                "Read aloud, a sentence with this name in it could be taken for another sentence.",
                f"Call it `{problem.name}_value`, or a word of your own.",
            )
        case NeverUsed():
            kind = kind_name(problem.kind)
            return Words(
                f"The {kind} `{problem.name}` is declared and never used.",
                "nothing speaks of it",
                "It looks as if it had an effect on patients, and it has none. A rule may have been "
                "forgotten.",
                "Use it, or take it out.",
            )
        case WrongKind():
            return Words(
                f"`{problem.name}` is {a_kind(problem.found)}, and here I need "
                f"{some_kind(problem.wanted[:4])}.",
                f"this is {a_kind(problem.found)}",
                "",
                f"Write the name of {some_kind(problem.wanted[:4])} here.",
                ((problem.previous, f"`{problem.name}` is declared here"),),
            )
        case DefinedByItself():
            return Words(
                f"`{problem.names[0]}` is defined by itself: {ring(problem.names)}.",
                "comes round to itself",
                "I could go round for ever and never learn whether it is true for a patient.",
                "Say one of them in readings, drugs or events.",
            )
        case SettingNeverUsed():
            return Words(
                f"The setting `{problem.name}` changes nothing.",
                "nothing depends on it",
                "A hospital could choose a value for it and believe that its patients are treated by it.",
                "Write its name where its value is meant, or take the setting out.",
            )
        case UndeclaredSource():
            return Words(
                f"No source is called `{problem.name}`.",
                "not declared as a source",
                "Whoever asks why this order was given must be able to find what it rests on.",
                did_you_mean(
                    problem.suggestion, f'Declare it: `source {problem.name} "title" from "journal" 2026`.'
                ),
            )
        case MissingFile():
            return Words(
                f"I cannot read `{problem.target}`: {_MISSING.get(problem.reason, problem.reason)}.",
                "this file is needed",
                "What it declares is missing here, so I may report names as unknown that it would explain.",
                "Check the name. It is looked for beside the file that names it.",
            )
        case UseCycle():
            return Words(
                f"This file uses itself: `{problem.targets[0]}`."
                if len(set(problem.targets)) == 1
                else f"Files use one another in a ring: {ring(problem.targets)}.",
                "comes round to itself",
                "",
                "Move what they share to a formulary that uses none of them.",
            )
        case _:
            return _of_files(problem)


def _of_files(problem: UsesProtocol | NotLocal | RemoveUnknown | RemoveOutside) -> Words:
    match problem:
        case UsesProtocol() if problem.word == "use":
            return Words(
                f"`{problem.target}` is a protocol, and only a formulary can be used.",
                "a protocol",
                "A protocol holds rules. Taken in silently, they would act on patients whom nobody had "
                "in mind.",
                "To change a protocol for a hospital write `protocol NAME extends …`; to share names, "
                "use a formulary.",
            )
        case UsesProtocol():
            return Words(
                f"`{problem.target}` is no protocol that can be extended.",
                "needs a protocol",
                "A local protocol takes over the rules of one protocol and changes its settings.",
                "Name a protocol here, and `use` formularies.",
            )
        case NotLocal():
            return Words(
                f"A local protocol cannot hold `{f'{statement(problem.what)} {problem.name}'.strip()}`.",
                "belongs in the protocol that is extended",
                "A hospital's differences stay short, so that a reader sees them all: values of "
                "settings, added and "
                "removed rules, overrides and examples.",
                "Take it out here, or put it into the protocol that is extended.",
            )
        case RemoveUnknown():
            return Words(
                f"The protocol that is extended has no rule called `{problem.name}`.",
                "no such rule",
                "The rule that was to be removed may still act on patients.",
                did_you_mean(problem.suggestion, "Write the rule's name as it stands in the protocol."),
            )
        case RemoveOutside():
            return Words(
                f"Rule `{problem.name}` cannot be removed here: this protocol extends no other.",
                "nothing to remove from",
                "",
                "Delete the rule itself, or begin this file with `protocol NAME extends …`.",
            )
        case _:
            assert_never(problem)
