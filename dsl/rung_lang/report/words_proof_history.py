"""Words for what histories can and cannot do: R301 to R303, and what was not decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rung_lang.report.words_phrases import Words, joined
from rung_lang.verify.reach.problems_history import DeadEnd, InstantCycle, NotDecided, UnreachableStage
from rung_lang.verify.verdict import Said

HistoryProblem = UnreachableStage | DeadEnd | InstantCycle | NotDecided


def of_history(problem: HistoryProblem) -> Words:
    """The words of one problem."""
    match problem:
        case UnreachableStage():
            return _unreachable(problem)
        case DeadEnd():
            return _dead_end(problem)
        case InstantCycle():
            return _round(problem)
        case NotDecided():
            return Words(
                f"I could neither prove nor refute {problem.obligation} for {_about(problem.about)}.",
                "not decided",
                f"{problem.reason[:1].upper()}{problem.reason[1:]}. Until it is decided the protocol is not "
                "verified, and an engine refuses it.",
                f"`rung explain {problem.obligation}` says what is asked. Simpler conditions on this rule "
                "may settle it.",
            )
        case _:
            assert_never(problem)


def said(part: Said) -> str:
    """A part of a question, in a sentence."""
    kind, words = part.label[0], part.words
    match kind:
        case "term" | "assume":
            return f"`{words}`"
        case "not term":
            return f"not `{words}`"
        case "applies":
            return f"`applies when {words}`"
        case "rule":
            return f"rule `{words.rpartition('.')[2]}`"
        case "rests":
            return f"no rule moving the patient out of `{words}`"
        case "unreached" | "reached":
            return f"what it takes to get to stage `{words}`"
        case _:
            return words


def clashing(parts: Sequence[Said]) -> str:
    """Parts that are never true together."""
    named = [said(part) for part in parts if part.label[0] != "rule"]
    return joined(named, "and")


def _about(about: Sequence[str]) -> str:
    return joined([_subject(one) for one in about], "and") or "the protocol"


def _subject(key: str) -> str:
    kind, _, rest = key.partition(":")
    match kind:
        case "stage" | "question" if rest:
            return f"{kind} `{rest}`"
        case "assume" | "prove" if rest:
            return f"`{kind}` number {int(rest) + 1}"
        case _:
            return f"`{key.rpartition('.')[2]}`"


def _unreachable(problem: UnreachableStage) -> Words:
    if not problem.entries:
        why = "No rule leads there, and no patient begins there."
    else:
        why = " ".join(_entry(rule, parts) for rule, _, parts in problem.entries)
    return Words(
        f"No patient ever gets to stage `{problem.stage}`.",
        "never reached",
        f"{why} Whatever stands in this stage helps nobody.",
        "Change the rule that should lead here, or take the stage out.",
        tuple((span, "leads here, and never does") for _, span, _ in problem.entries),
    )


def _entry(rule: str, parts: Sequence[Said]) -> str:
    name = f"Rule `{rule.rpartition('.')[2]}` leads there"
    if any(part.label[0] == "unreached" for part in parts):
        return f"{name} from `{parts[0].words}`, which itself is never reached."
    if not clashing(parts):
        return f"{name}, but it never fires."
    return f"{name}, but these are never true together: {clashing(parts)}."


def _dead_end(problem: DeadEnd) -> Words:
    if not problem.exits:
        body = "No rule of this stage, and none that stands throughout, leads out of it."
    else:
        ways = [
            f"`{rule.rpartition('.')[2]}` is shut for good by {clashing(parts)}"
            if parts
            else f"`{rule.rpartition('.')[2]}` can no longer fire"
            for rule, _, parts in problem.exits
        ]
        body = f"Of the rules that lead out, {joined(ways, 'and')}."
    return Words(
        f"A patient in stage `{problem.stage}` can come to where no history goes on.",
        "no way out",
        f"{body} The stage is not `resting`, so something is still owed, and nothing can ever bring it.",
        "Add a rule that leads on, or say that patients may stay: `resting`.",
        tuple((span, "leads out, but not then") for _, span, _ in problem.exits),
    )


def _round(problem: InstantCycle) -> Words:
    way = joined([f"`{rule.rpartition('.')[2]}` leaves `{stage}`" for stage, rule, _ in problem.way], "and")
    return Words(
        "On one instant these rules lead round in a circle.",
        "leads on from here",
        f"With the same readings, {way}, so the patient would be in no stage at all.",
        "Let one of them ask for something that the others exclude, or for some time in the stage: "
        "`and time in stage >= 10 min`.",
        tuple((span, "and from here") for _, _, span in problem.way[1:]),
    )
