"""Words for what is wrong with drugs and their doses: R130 to R149."""

from __future__ import annotations

from fractions import Fraction
from typing import assert_never

from rung_engine.exact import show_decimal
from rung_lang.checked.problems import (
    AboveMaximum,
    CheckFails,
    CheckIncomplete,
    GroupInChoice,
    GroupInside,
    NeedsCycle,
    NeedsWeight,
    NoDose,
    NoForm,
    NoMaximum,
    NotABolus,
    NotAnInfusion,
    NotPositive,
    OutsideUsual,
    PlausibleUpsideDown,
    RangeUpsideDown,
    RestrictUnit,
    StartOutside,
    TwoDosingWeights,
    Widens,
    WrongDoseUnit,
)
from rung_lang.report.words_phrases import Words, a_kind, ring, ticked, what_is
from rung_lang.report.words_quantities import (
    WEIGHT,
    at_the_bedside,
    consequence,
    from_to,
    ratio,
    setting_and_amount,
    slip,
    taken_to,
    times,
)

DoseProblem = (
    AboveMaximum | OutsideUsual | NotPositive | NoDose | RangeUpsideDown | PlausibleUpsideDown
    | StartOutside | NotABolus | NotAnInfusion | NoMaximum | Widens | NeedsCycle | NeedsWeight
    | TwoDosingWeights | GroupInChoice | WrongDoseUnit | NoForm | GroupInside | RestrictUnit
    | CheckFails | CheckIncomplete
)  # fmt: skip


def of_doses(problem: DoseProblem) -> Words:
    """The words of one problem."""
    match problem:
        case CheckFails() | CheckIncomplete():
            return _check(problem)
        case AboveMaximum():
            return _above_maximum(problem)
        case OutsideUsual():
            return _outside_usual(problem)
        case NotPositive():
            return _not_positive(problem)
        case NoDose():
            return Words(
                f"`{problem.word} {problem.drug}` says no dose, and `{problem.drug}` is declared without "
                "a start dose.",
                "at what dose?",
                "Nobody at the bedside could set the pump from this order.",
                f"Write the dose, as in `{problem.word} {problem.drug} at … {problem.unit}`, or declare "
                f"`start … {problem.unit}` with the drug.",
                ((problem.previous, f"`{problem.drug}` is declared here"),),
            )
        case RangeUpsideDown():
            return _upside_down(problem)
        case PlausibleUpsideDown():
            return Words(
                f"The plausible range of `{problem.name}` is upside down: `{problem.lo}` is not below "
                f"`{problem.hi}`.",
                "the lower end comes first",
                "No reading could ever be plausible, so every one would be refused and the input never "
                "known.",
                f"Write `plausible {from_to(problem.hi, problem.lo)}`."
                if problem.lo != problem.hi
                else "Write two different ends.",
            )
        case StartOutside():
            return _start_outside(problem)
        case NotABolus() if problem.word == "do":
            return Words(
                f"`{problem.drug}` is a task, and nothing is diluted for a task.",
                "a volume needs a dose",
                "Somebody would look for the drug that is meant, and might choose another.",
                "Leave the volume out, or order the drug: `give … in …`.",
                ((problem.previous, f"`{problem.drug}` is declared here"),),
            )
        case NotABolus():
            return Words(
                f"`{problem.drug}` is not declared for single doses, so it cannot be given.",
                "`give` needs a bolus",
                "A drug that is meant to run, given as one dose, can be many hours' worth at once.",
                f"Write `start {problem.drug} at …`, or declare `bolus in …` with the drug.",
                ((problem.previous, f"`{problem.drug}` is declared here"),),
            )
        case NotAnInfusion():
            return Words(
                f"`{problem.drug}` is declared for single doses only, so it has no rate.",
                "needs an infusion",
                "There is no pump whose rate could be read or changed.",
                f"Order it with `give {problem.drug} …`; in conditions write `{problem.drug} running`, "
                "which is true "
                "while a dose lasts. If it is infused too, declare `infusion in …`.",
                ((problem.previous, f"`{problem.drug}` is declared here"),),
            )
        case NoMaximum():
            return Words(
                f"The infusion `{problem.drug}` is declared without a maximum.",
                "no maximum",
                "A slip of a unit in any order of it, a thousandfold one too, would pass unseen.",
                "Add `maximum …` with the most that may ever run.",
            )
        case Widens():
            return _widens(problem)
        case NeedsCycle():
            return Words(
                f"These drugs need one another in a ring: {ring(problem.names)}.",
                "each waits for the next",
                "None of them could be started first, so none of them could ever be started.",
                "Take one of the `needs` out.",
            )
        case NeedsWeight():
            return _needs_weight(problem)
        case TwoDosingWeights():
            return _dosing(problem)
        case _:
            return _of_kinds(problem)


def _of_kinds(problem: GroupInChoice | WrongDoseUnit | NoForm | GroupInside | RestrictUnit) -> Words:
    match problem:
        case RestrictUnit():
            first = problem.reason == "condition"
            return Words(
                f"`{problem.drug}` would be held in this unit under a condition only."
                if first
                else f"`{problem.drug}` is already restricted to another unit.",
                "only for some patients?" if first else "a second unit",
                "The same number would mean one dose now and another dose later, or in another rule.",
                "Take the condition out, or the unit." if first else "Keep one of the two.",
                (
                    (
                        problem.previous,
                        f"`{problem.drug}` is declared here" if first else "this is the unit so far",
                    ),
                ),
            )
        case GroupInChoice():
            members = ticked(problem.members, "and")
            where = "one side of a choice" if problem.form != "else" else "the order in its place"
            return Words(
                f"`{problem.name}` stands for several orders ({members}), and it is {where}.",
                "several orders",
                "A reader could take it for all of them together or for any one of them.",
                "Write the one order that is meant here, or make two rules.",
            )
        case WrongDoseUnit():
            return Words(
                f"This {what_is(problem.what)} of `{problem.drug}` is in `{problem.written}`, and the "
                "drug is held in "
                f"`{problem.drug_unit}`.",
                f"needs `{problem.drug_unit}`",
                "I cannot take a volume to a dose: what it holds depends on how the syringe was made up."
                if "L" in problem.written.partition("/")[0]
                else "I cannot take one to the other, so I cannot tell whether it is within the limits.",
                f"Write the amount in `{problem.drug_unit}`.",
                ((problem.previous, f"`{problem.drug}` is declared here"),),
            )
        case NoForm():
            return Words(
                f"`{problem.drug}` is neither an infusion nor a bolus.",
                "how is it given?",
                "Without it I cannot tell a rate from a single dose, and so I can check neither.",
                "Write `infusion in mcg/kg/min`, or `bolus in mg`, after the drug's name.",
            )
        case GroupInside():
            wanted = "drugs" if problem.found != "drug" else "inputs"
            return Words(
                f"`{problem.member}` is {a_kind(problem.found)}, and `{problem.name}` is made of {wanted}.",
                f"this is {a_kind(problem.found)}",
                "",
                f"Name {wanted} only.",
            )
        case _:
            assert_never(problem)


# ---------------------------------------------------------------- limits


def _above_maximum(problem: AboveMaximum) -> Words:
    setting, written = setting_and_amount(problem.written)
    drug, most = problem.drug, problem.maximum
    title = (
        f"`{setting}` can be `{written}`, above the maximum of `{drug}`."
        if setting
        else f"`{written}` is above the maximum of `{drug}`."
    )
    fix = f"Write a {what_is(problem.what)} of at most `{most}`."
    if setting:
        fix = f"Let the setting `{setting}` reach no further than `{most}`."
    return Words(
        title,
        f"the most is {most}",
        _compared(written, most, "the maximum of"),
        _both("" if setting else slip(written, problem.factor), fix),
        ((problem.previous, f"`{drug}` is declared here"),),
    )


def _outside_usual(problem: OutsideUsual) -> Words:
    setting, written = setting_and_amount(problem.written)
    lo, hi = problem.lo, problem.hi
    below = ratio(lo, written)
    if below is not None and below > 1:
        bedside = at_the_bedside(written)
        first = f"{written} is {bedside} at {WEIGHT} kg. " if bedside and "/kg" in written else ""
        body = f"{first}The least that is usual, {lo}, is {times(below)} that."
    else:
        body = _compared(written, hi, "the most that is usual,")
    subject = f"`{setting}` can be `{written}`," if setting else f"`{written}` is"
    return Words(
        f"{subject} outside the usual range of `{problem.drug}`.",
        f"usual: {from_to(lo, hi)}",
        body,
        _both(
            _usual_slip(written, problem),
            "Write a dose within the range. If you mean this one, let whoever keeps the formulary widen "
            "`usual`.",
        ),
        ((problem.previous, f"`{problem.drug}` is declared here"),),
    )


def _usual_slip(written: str, problem: OutsideUsual) -> str:
    """A slip is named only where it would lead into the usual range: a high dose alone is no slip."""
    step = Fraction(abs(problem.factor)) if problem.factor > 0 else Fraction(1, abs(problem.factor) or 1)
    below, above = ratio(written, problem.lo), ratio(written, problem.hi)
    if below is None or above is None or not below / step >= 1 >= above / step:
        return ""
    return slip(written, problem.factor)


def _compared(written: str, limit: str, of_what: str) -> str:
    """The first amount in the unit of the limit, how many times it that is, and what a patient would get."""
    much = ratio(written, limit)
    if much is None:
        return f"At {WEIGHT} kg it is {bedside}." if (bedside := at_the_bedside(written)) else ""
    other = taken_to(written, limit)
    return (
        f"{written} is {f'{other}, ' if other else ''}{times(much)} {of_what} {limit}{consequence(written)}."
    )


def _both(hint: str, fix: str) -> str:
    return f"{hint} {fix}" if hint else fix


def _not_positive(problem: NotPositive) -> Words:
    what = what_is(problem.what)
    less = problem.written.startswith("-")
    edit = "Write an amount above zero."
    if problem.what in ("dose", "limit") and not less:
        edit = "To end the infusion write `stop`; otherwise write a dose above zero."
    return Words(
        f"This {what} is {'below zero' if less else 'zero'}: `{problem.written}`.",
        "must be above zero",
        "Nothing would be given or changed, while the order looks as if something were.",
        edit,
    )


def _upside_down(problem: RangeUpsideDown) -> Words:
    body = (
        "No reading lies in it, so the condition could never be true."
        if problem.what == "condition"
        else "No amount lies in it, so the order could never be carried out."
    )
    word = "from " if problem.what == "condition" else ""
    return Words(
        f"This range is upside down: `{problem.lo}` is above `{problem.hi}`.",
        "the lower end comes first",
        body,
        f"Write `{word}{from_to(problem.hi, problem.lo)}`.",
    )


def _start_outside(problem: StartOutside) -> Words:
    if problem.which == "maximum":
        return Words(
            f"`{problem.start}` is above the maximum of `{problem.drug}`, `{problem.limit}`.",
            f"the most is {problem.limit}",
            _compared(problem.start, problem.limit, "the maximum of"),
            "Lower this dose, or raise the maximum if it is wrong.",
        )
    return Words(
        f"`{problem.start}` does not fit with `{problem.limit}`, the nearest limit of `{problem.drug}`.",
        f"the limit is {problem.limit}",
        "A start dose lies within `usual`, and `usual` within `maximum`: otherwise the very first order "
        "is one that "
        "the drug's own declaration calls unusual.",
        "Change one of the two, so that each lies within the next.",
    )


def _widens(problem: Widens) -> Words:
    return Words(
        f"This restriction allows `{problem.written}`, and the formulary at most `{problem.limit}`.",
        f"the formulary's limit is {problem.limit}",
        f"{_compared(problem.written, problem.limit, 'the limit of')} A restriction may only make a "
        "limit tighter, so "
        "that no protocol lifts a limit of the pharmacy.".strip(),
        f"Write `{problem.limit}` or less, or ask for the formulary to be changed.",
        ((problem.previous, f"`{problem.drug}` is declared here"),),
    )


# ---------------------------------------------------------------- weight


def _needs_weight(problem: NeedsWeight) -> Words:
    title = (
        f"`{problem.written}` becomes `{problem.wanted}` only through the patient's weight, and no input "
        "is the weight."
        if problem.wanted
        else f"`{problem.name}` is dosed in `{problem.written}`, and no input is the patient's weight."
    )
    return Words(
        title,
        "needs a weight",
        "The dose could be worked out for no patient.",
        "Declare one: `input weight in kg fixed dosing`.",
    )


def _dosing(problem: TwoDosingWeights) -> Words:
    if problem.reason == "unit":
        return Words(
            f"`{problem.name}` is to be the dosing weight, and it is not in kg.",
            "needs `kg` or `lb`",
            "Every dose per kg would be worked out from it.",
            f"Declare it as `input {problem.name} in kg fixed dosing`.",
        )
    return Words(
        f"`{problem.name}` is a second dosing weight.",
        "there is one already",
        "Doses per kg would come out differently from the two, by as much as the weights differ.",
        "Leave `dosing` with the weight that doses are worked out from, and take it from the other.",
        ((problem.previous, "this is the dosing weight so far"),),
    )


def _check(problem: CheckFails | CheckIncomplete) -> Words:
    match problem:
        case CheckFails():
            about = "" if problem.value == round(problem.value, 6) else "about "
            found = f"{about}{show_decimal(problem.value)} {problem.unit}"
            return Words(
                f"`{problem.left}` is {found}, not `{problem.right}`.",
                "the two sides differ",
                help="Compare the figures, the weight and the concentration with the source.",
            )
        case CheckIncomplete():
            title, advice = _INCOMPLETE.get(problem.why, _OF_DIFFERENT_KINDS)
            return Words(title.format(left=problem.left, right=problem.right), help=advice)
        case _:
            assert_never(problem)


_INCOMPLETE = {
    "needs_weight": (
        "`{left}` and `{right}` differ by body weight, and I see no weight.",
        "Say for which weight the example holds: `at 70 kg`.",
    ),
    "needs_concentration": (
        "`{left}` is a volume and `{right}` is not: without a concentration they are no doses of each other.",
        "Say what is in the bag: `of norepinephrine in 4 mcg/mL`.",
    ),
    "no_unit": (
        "`{left}` has no unit, so there is nothing to convert.",
        "Write the unit beside the number.",
    ),
}
_OF_DIFFERENT_KINDS = (
    "`{left}` and `{right}` are amounts of different kinds.",
    "A conversion keeps the kind of a quantity: a rate is a rate, a dose is a dose.",
)
