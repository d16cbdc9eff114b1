"""Words for gaps, waits and missing readings: R206, R305, R501 to R504."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import assert_never

from rung_lang.report.decisions import length
from rung_lang.report.words_phrases import Words, joined, ticked
from rung_lang.verify.gaps.problems_gaps import (
    BlindStepDown,
    Gap,
    Hinges,
    LessForSicker,
    LosesOrder,
    NeverFresh,
    NoCadence,
    OftenStale,
    SameAnyway,
    SilentRegion,
    Starved,
    UnboundedWait,
)
from rung_lang.verify.gaps.regions import Between, Condition, Cube, State

GapProblem = (
    Gap | LessForSicker | SilentRegion | UnboundedWait | NeverFresh | OftenStale | NoCadence | Starved
    | BlindStepDown | SameAnyway | Hinges | LosesOrder
)  # fmt: skip


def of_gaps(problem: GapProblem) -> Words:
    """The words of one problem."""
    match problem:
        case Gap():
            return _gap(problem)
        case LessForSicker():
            return _less(problem)
        case SilentRegion():
            return _silent(problem)
        case UnboundedWait():
            return _wait(problem)
        case NeverFresh():
            return _never_fresh(problem)
        case OftenStale():
            return _often_stale(problem)
        case NoCadence():
            return _no_cadence(problem)
        case Starved():
            return _starved(problem)
        case BlindStepDown():
            return _blind(problem)
        case SameAnyway():
            return Words(
                f"Every value of `{problem.input}` gives the same order: `{problem.order}`.",
                f"waits for `{problem.input}` for nothing",
                f"While `{problem.input}` is missing the order is not given, or not confirmed, although no "
                "value of it could change that.",
                f"Take `{problem.input}` out of this rule, or say what is to differ.",
            )
        case Hinges():
            return _hinges(problem)
        case LosesOrder():
            return _loses(problem)
        case _:
            assert_never(problem)


# ---------------------------------------------------------------- regions


def region_words(region: Sequence[Cube], *, whole: bool) -> str:
    """`MAP 60 to below 65 mmHg and norepinephrine off; or …`."""
    parts = [cube_words(cube) for cube in region]
    return "; or ".join(parts) + ("" if whole else "; and for other patients too")


def cube_words(cube: Cube) -> str:
    """All of its literals in one phrase; nothing where it is everybody."""
    return joined([_literal(one) for one in cube], "and")


def _where(region: Sequence[Cube], *, whole: bool, everybody: str) -> str:
    """The end of a sentence that says where something is so."""
    return f" {everybody}." if _is_everybody(region) else f" where: {region_words(region, whole=whole)}."


def _is_everybody(region: Sequence[Cube]) -> bool:
    return () in region


def _literal(one: Between | Condition | State) -> str:
    match one:
        case Between():
            return _between(one)
        case Condition():
            return f"`{one.words}`" if one.true else f"not `{one.words}`"
        case State():
            return f"`{one.drug}` {one.state}" if one.true else f"`{one.drug}` not {one.state}"
        case _:
            assert_never(one)


def _between(one: Between) -> str:
    lo, hi, name = one.lo, one.hi, f"`{one.name}`"
    if lo is None or hi is None:
        if hi is not None:
            return f"{name} {hi.text} or below" if hi.included else f"{name} below {hi.text}"
        if lo is not None:
            return f"{name} {lo.text} or above" if lo.included else f"{name} above {lo.text}"
        return f"any {name}"
    if lo.value == hi.value:
        return f"{name} {lo.text}"
    low, _, unit = lo.text.partition(" ")
    if not hi.text.endswith(f" {unit}"):
        low = lo.text
    first = low if lo.included else f"above {low}"
    return f"{name} {first} to {hi.text}" if hi.included else f"{name} {first} to below {hi.text}"


# ---------------------------------------------------------------- R206


def _gap(problem: Gap) -> Words:
    if problem.goal:
        title = f"Stage `{problem.stage}` does nothing for some patients who miss its goal `{problem.what}`."
        label = "nothing works for the goal"
        fix = "Add a rule that treats these patients, moves them on, or asks for what is missing."
    else:
        title = (
            f"Stage `{problem.stage}` covers `{problem.what}`, and does nothing for some of these patients."
        )
        label = "not all are covered"
        fix = "Add a rule for these patients, or narrow `covers` if nothing is owed to them here."
    return Words(
        title,
        label,
        "Nothing is ordered, nobody is moved, and nothing will come by itself"
        + _where(problem.region, whole=problem.whole, everybody="for any of them"),
        fix,
    )


def _less(problem: LessForSicker) -> Words:
    rule = _rule(problem.rule)
    if problem.drug:
        title = f"A patient on more `{problem.what}` gets nothing in stage `{problem.stage}`."
        body = (
            f"At {problem.milder} {rule} acts. At {problem.worse}, all else being the same, nothing is "
            "ordered and nobody is moved."
        )
    else:
        title = f"A sicker patient gets less in stage `{problem.stage}`: nothing."
        body = (
            f"At `{problem.what}` {problem.milder} {rule} acts. At {problem.worse}, further from normal and "
            "all else being the same, nothing is ordered and nobody is moved."
        )
    return Words(
        title,
        "nothing for the sicker",
        body,
        "Widen the rule, or add one for these patients. If nothing is owed to them here, write `covers` with "
        "the patients whom the stage is for.",
        ((problem.rule_span, "acts for the milder one"),),
    )


def _silent(problem: SilentRegion) -> Words:
    offer = joined([f"`covers {words}`" for words in problem.offer], "or")
    return Words(
        f"Stage `{problem.stage}` does not say whom it covers.",
        "does nothing for any patient" if _is_everybody(problem.region) else "does nothing for some patients",
        "It does nothing" + _where(problem.region, whole=problem.whole, everybody="for any patient"),
        f"{offer} would hold as the rules stand, and then stays proved." if offer else "",
    )


# ---------------------------------------------------------------- R305


def _wait(problem: UnboundedWait) -> Words:
    reads = ticked(problem.reads, "and")
    looks = f"Its rules look at {reads}. " if reads else ""
    who = "a patient" if problem.nothing else "some patients"
    return Words(
        f"Nothing brings {who} in stage `{problem.stage}` back within {length(problem.bound)}.",
        "waits without an end",
        f"{looks}No reading of these is due, nothing falls due again and no clock runs, so the patient may "
        "wait here unseen for as long as nobody charts anything.",
        "Let a rule `measure … every …`, declare `charted every …` with an input if the unit charts it, or, "
        "if nothing more is owed here, make the stage `resting`.",
    )


# ---------------------------------------------------------------- R501


def _never_fresh(problem: NeverFresh) -> Words:
    rule = _rule(problem.rule)
    if problem.readings:
        return Words(
            f"`{problem.form}` never sees two readings of `{problem.input}`.",
            "read too seldom",
            f"`{problem.input}` is read every {length(problem.cadence)}, and {rule} compares readings within "
            f"{length(problem.length)}.",
            f"Read it at least every {length(problem.length)}, or look back further.",
            ((problem.declared, f"`{problem.input}` is declared here"),),
        )
    return Words(
        f"`{problem.form}` can never be known to be true.",
        "read too seldom",
        f"`{problem.input}` is read every {length(problem.cadence)} and a reading is valid for "
        f"{length(problem.valid)}, so it is unknown in between, and never known throughout "
        f"{length(problem.length)}. The orders of {rule} are never given.",
        f"Read it at least every {length(problem.valid)}, let readings be valid for longer, or bridge the "
        f"time in between: `gaps up to {length(problem.cadence - problem.valid)}`.",
        ((problem.declared, f"`{problem.input}` is declared here"),),
    )


def _often_stale(problem: OftenStale) -> Words:
    gap = problem.cadence - problem.valid
    share = round(Fraction(100 * gap, problem.cadence))
    return Words(
        f"`{problem.input}` runs out before it is read again.",
        f"unknown {share} % of the time",
        f"It is read every {length(problem.cadence)} and a reading is valid for {length(problem.valid)}. For "
        f"{length(gap)} out of {length(problem.cadence)} {_rule(problem.rule)} cannot be judged.",
        f"Read it at least every {length(problem.valid)} where this rule needs it, or let readings be valid "
        "for longer.",
        ((problem.declared, f"`{problem.input}` is declared here"),),
    )


def _no_cadence(problem: NoCadence) -> Words:
    roles = [f"`{'applies when' if role == 'applies' else 'assume'}`" for role in problem.roles]
    needs = joined([*roles, *(_rule(rule) for rule in problem.rules)], "and")
    title = f"Nothing says how often `{problem.input}` is measured."
    if problem.sometimes:
        title = f"`{problem.input}` is measured only at some times."
    verb = "needs" if len(problem.roles + problem.rules) == 1 else "need"
    body = (
        f"{needs[:1].upper()}{needs[1:]} {verb} it, and a reading is valid for {length(problem.valid)}. I "
        "cannot tell whether it is known when it is needed."
    )
    if "applies" in problem.roles:
        body += " While it is unknown the whole session is suspended: no order is given."
    elif problem.roles:
        body += " While it is unknown nobody can tell whether the patient is one whom the proofs are about."
    return Words(
        title,
        "how often is it measured?",
        body,
        "Declare `charted every …` if the unit charts it, or let a rule `measure` it.",
    )


# ---------------------------------------------------------------- R502 to R504


def _starved(problem: Starved) -> Words:
    rules = joined([_rule(rule) for rule in problem.rules], "and")
    brings = joined([f"`{order}`" for order in problem.orders], "or")
    return Words(
        f"Without `{problem.input}` stage `{problem.stage}` does nothing, and nothing obtains it.",
        f"does nothing without `{problem.input}`",
        f"{rules[:1].upper()}{rules[1:]} {'waits' if len(problem.rules) == 1 else 'wait'} for it. Some value "
        f"of it would bring {brings}, but nobody is told to measure it.",
        f"Let a rule measure it, `when {problem.input} unknown then measure {problem.input}`, or declare "
        "with the input who reads it: `charted every …` or `asked …`.",
        ((problem.declared, f"`{problem.input}` is declared here"),),
    )


def _blind(problem: BlindStepDown) -> Words:
    return Words(
        f"`{problem.order}` is given for sure while `{problem.input}` is missing.",
        "steps down without the reading",
        f"With some value of `{problem.input}` {_rule(problem.other)} would say `{problem.against}`. A "
        "missing reading is no reason to give less.",
        f"Let this rule need `{problem.input} known`, or let the other rule wait for the reading instead of "
        "asking whether it is known: then the order comes unconfirmed.",
        ((problem.other_span, f"could say `{problem.against}`"),),
    )


def _hinges(problem: Hinges) -> Words:
    orders = joined([f"`{order}` by {_rule(rule)}" for rule, order in problem.orders], "and")
    return Words(
        f"Without `{problem.input}` these orders come unconfirmed: {orders}.",
        "orders hinge on it",
        "They are shown to be checked first, naming what is missing.",
    )


def _loses(problem: LosesOrder) -> Words:
    rules = joined([_rule(rule) for rule in problem.rules], "and")
    verb = "asks" if len(problem.rules) == 1 else "ask"
    return Words(
        f"Every value of `{problem.input}` brings `{problem.order}`; without a value nothing is done.",
        f"waits for `{problem.input}` for nothing",
        f"{rules[:1].upper()}{rules[1:]} {verb} for `{problem.input}`, and together they give the order "
        "whatever it is. A patient without the reading gets less than any patient who has one.",
        f"Take `{problem.input}` out of the condition.",
    )


def _rule(rule: str) -> str:
    return f"rule `{rule.rpartition('.')[2]}`"
