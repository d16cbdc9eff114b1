"""Words for rules that are judged on one instant: R201 to R205 and R207."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rung_lang.report.words_phrases import Words, joined, ticked
from rung_lang.report.words_proof_doses import only
from rung_lang.source import Span
from rung_lang.verify.rules.problems_rules import (
    AddsNothing,
    AlwaysFires,
    ArmsLeaveOut,
    ArmsOverlap,
    Boundary,
    Contradiction,
    NeverFires,
    TwoWays,
)
from rung_lang.verify.verdict import Said

InstantProblem = (
    Contradiction | TwoWays | NeverFires | AlwaysFires | AddsNothing | Boundary | ArmsOverlap | ArmsLeaveOut
)


_OF_ONE_INSTANT = frozenset({"term", "assume", "applies", "unless", "silent", "overrides"})
"""Of a core: what does not rest on what came before."""


def of_instants(problem: InstantProblem) -> Words:
    """The words of one problem."""
    match problem:
        case Contradiction():
            return _contradiction(problem)
        case TwoWays():
            return _two_ways(problem)
        case NeverFires():
            return _never(problem)
        case AlwaysFires():
            return _always(problem)
        case AddsNothing():
            return _adds_nothing(problem)
        case Boundary():
            return _boundary(problem)
        case ArmsOverlap():
            return Words(
                f"A patient can be in two arms of `{problem.stage}`: {ticked(problem.arms, 'and')}.",
                "holds, and so does the other",
                f"{ticked(problem.conditions, 'and')} can be true together. The arms of a stage divide its "
                f"patients, so that each is treated in one way.{only(problem.sites)}",
                "Move one of the limits, so that the arms meet and do not overlap.",
                ((problem.other, "holds of the same patient"),),
            )
        case ArmsLeaveOut():
            return Words(
                f"A patient in `{problem.stage}` can be in none of its arms.",
                "divided into arms",
                "The arms of a stage are to hold every patient who comes to rest there. Of this one none of "
                f"{ticked(problem.arms, 'and')} is true.{only(problem.sites)}",
                "Move a limit, or add an arm for those who are left. A `covers` in the stage says whom it is "
                "for.",
                tuple((span, "not true of this patient") for span in problem.others),
            )
        case _:
            assert_never(problem)


# ---------------------------------------------------------------- R201, R202


def _contradiction(problem: Contradiction) -> Words:
    names = [rule for rule, _ in problem.others]
    every = _all([*names, problem.rule])
    if problem.choice:
        title = f"{every} can fire together, and no arm of a choice is left."
        said = f"Each of {ticked(problem.orders, 'and')} is opposed, so there is nothing left to choose."
    elif not names:
        title = f"{every} gives two orders that cannot both be followed."
        said = f"{ticked(problem.orders, 'and')} stand together, and I would give neither."
    else:
        title = f"{every} can fire together, and their orders cannot both be followed."
        said = f"{ticked(problem.orders, 'and')} stand together, and I would give neither."
    both = ticked(problem.orders, "and")
    if problem.met:
        said = (
            f"{both} stand together. Of this patient one counts as done; once the other is done, it stands "
            "again and undoes it."
        )
    elif problem.undone:
        said = (
            f"{both} stand together while it is not known whether `{problem.undone}` runs, and I would give "
            "neither. Once it is known, whichever is done, the other stands next and undoes it."
        )
    return Words(
        title,
        "can be true",
        f"{said}{_where(problem.stages)}{only(problem.sites)}",
        _part_them(problem),
        tuple((span, "of the same patient") for _, span in problem.others),
    )


def _two_ways(problem: TwoWays) -> Words:
    every = _all([*(rule for rule, _ in problem.others), problem.rule])
    return Words(
        f"{every} can fire together and lead to two places: {ticked(problem.targets, 'and')}.",
        "leads on",
        f"A patient is in one stage at a time, and I would leave this one in place.{_where(problem.stages)}"
        f"{only(problem.sites)}",
        _part_them(problem),
        tuple((span, "leads on as well") for _, span in problem.others),
    )


def _where(stages: Sequence[str]) -> str:
    """In which stages, where there are several."""
    named = [stage for stage in stages if stage]
    if len(stages) < 2:
        return ""
    before = " and before the first of them" if len(named) < len(stages) else ""
    return f" It can happen in the stages {ticked(named, 'and')}{before}."


def _part_them(problem: Contradiction | TwoWays) -> str:
    """What to change."""
    changed = _change((*(rule for rule, _ in problem.others), problem.rule))
    if not problem.sites:
        return changed
    names = ticked([one.setting for one in problem.sites])
    return f"{changed} Or narrow what a site may choose for {names}."


def _change(rules: Sequence[str]) -> str:
    """Of the rules. Only those that are judged together, and have names of their own, can override."""
    if len(rules) < 2:
        return "Take one of the two orders out, or make two rules of it."
    narrow = "Narrow one of the conditions, so that they exclude each other"
    stages = {rule.partition(".")[0] for rule in rules} - {"throughout"}
    short = [rule.rpartition(".")[2] for rule in rules]
    if len(stages) > 1:
        return f"{narrow}: on one instant the first moves the patient to where the second fires."
    if len(rules) > 2 or any(name.startswith(("rule_", "titrate_")) for name in short):
        return f"{narrow}."
    return f"{narrow}, or say which one wins: `rule {short[1]} overrides {short[0]}`."


# ---------------------------------------------------------------- R203, R204, R205


def _never(problem: NeverFires) -> Words:
    places = dict(problem.others)
    return Words(
        f"{_name(problem.rule, first=True)} never fires.",
        "for no patient",
        _clash(problem.clash),
        "Correct the condition that is not meant so, or take the rule out.",
        tuple((span, "comes first") for span in places.values()),
    )


def _clash(parts: Sequence[Said]) -> str:
    """Why the parts exclude one another: what is to be true, then what stands in the way."""
    needed = [f"`{part.words}`" for part in parts if part.label[0] in ("term", "assume")]
    needed += [f"`applies when {part.words}`" for part in parts if part.label[0] == "applies"]
    needed += [f"not `{part.words}` (its `unless`)" for part in parts if part.label[0] == "unless"]
    first = [_name(part.words) for part in parts if part.label[0] == "silent"]
    wins = [_name(part.words) for part in parts if part.label[0] == "overrides"]
    past = ""
    if any(part.label[0] not in _OF_ONE_INSTANT for part in parts):
        past = " So it is of every patient who can come to stand in this stage."
    if not first and not wins:
        if len(needed) == 1:
            return f"{needed[0]} is never true.{past}"
        return f"These are never true together: {joined(needed, 'and')}.{past}"
    so = "is" if len(needed) == 1 else "are"
    where = f"Whenever {joined(needed, 'and')} {so} true, " if needed else "Always "
    does = []
    if first:
        moved = "moves the patient on" if len(first) == 1 else "moves the patient on, one or the other"
        does.append(f"{joined(first, 'or')} {moved} before this rule counts")
    if wins:
        does.append(f"{joined(wins, 'or')} fires and overrides it")
    return f"{where}{joined(does, 'or')}.{past}"


def _always(problem: AlwaysFires) -> Words:
    because = [
        f"`applies when {part.words}`" if part.label[0] == "applies" else f"`{part.words}`"
        for part in problem.because
    ]
    given = f", given {joined(because, 'and')}" if because else ""
    return Words(
        f"The condition of {_name(problem.rule)} is never false.",
        "of every patient",
        f"No reading that counts makes `{problem.condition}` false{given}. The rule speaks wherever its "
        "readings are known.",
        "Check the limit. If the rule is for everybody, repeat the whole of `applies when` in it: that I "
        "take as said on purpose.",
    )


def _adds_nothing(problem: AddsNothing) -> Words:
    mine, other = _name(problem.rule), _name(problem.covering[0])
    also = "The two fire for the very same patients. " if problem.equal else ""
    return Words(
        f"{_name(problem.rule, first=True)} adds nothing to {other}.",
        "says nothing new",
        f"{also}Whenever {mine} fires, {other} fires too and gives all it gives: "
        f"{ticked(problem.orders, 'and')}.",
        f"Take {mine} out, or write what is different in it: a stronger word, another dose, another "
        "condition.",
        ((problem.covering[1], "says it already"),),
    )


# ---------------------------------------------------------------- R207


def _boundary(problem: Boundary) -> Words:
    mine, other = _name(problem.rule), _name(problem.other[0])
    conditions = f"`{problem.other_condition}` and `{problem.condition}`"
    others: tuple[tuple[Span, str], ...] = ((problem.other[1], "and here"),)
    if problem.twice:
        return Words(
            f"At exactly `{problem.value}` both {other} and {mine} fire.",
            "the limit counts here",
            f"{conditions} are both true there. They look like two sides of one limit, and this patient is "
            f"on both.{only(problem.sites)}",
            "Take the `=` out of one of the two.",
            others,
        )
    return Words(
        f"At exactly `{problem.value}` neither {other} nor {mine} fires.",
        "the limit does not count here",
        f"{conditions} are both false there. A step below, or above, this patient would be treated."
        f"{only(problem.sites)}",
        "Write `<=` or `>=` in one of the two.",
        others,
    )


def _all(rules: Sequence[str]) -> str:
    """At the beginning of a sentence. Of two rules without names in one stage the second is another one."""
    names: list[str] = []
    for place, rule in enumerate(rules):
        alike = [_name(other) for other in rules[:place]]
        names.append("another one" if _name(rule) in alike else _name(rule, first=place == 0))
    return joined(names, "and")


def _name(rule: str, *, first: bool = False) -> str:
    """A rule as its author knows it; `first`: at the beginning of a sentence."""
    stage, _, name = rule.partition(".")
    if name.startswith("titrate_"):
        drug, _, half = name.removeprefix("titrate_").rpartition("_")
        step = {"up": "up", "down": "down"}.get(half, half)
        return f"{'The' if first else 'the'} step {step} of `titrate {drug}`"
    if name.startswith("rule_"):
        return f"{'A' if first else 'a'} rule without a name in `{stage}`"
    return f"`{name}`"
