"""Words for what is wrong with conditions and settings: R150 to R162."""

from __future__ import annotations

from typing import assert_never

from rung_lang.checked.problems import (
    AsksParentheses,
    BadCount,
    BareEvent,
    DecisionWord,
    DefaultOutside,
    IsOnNumber,
    NotACondition,
    NotANumber,
    NotAValue,
    NotOrdered,
    NoValidFor,
    SettingInDeclaration,
    SettingRange,
    ZeroLength,
)
from rung_lang.report.words_phrases import Words, a_kind, did_you_mean, ticked, what_is
from rung_lang.report.words_quantities import from_to

ConditionProblem = (
    AsksParentheses | ZeroLength | NoValidFor | BareEvent | DecisionWord | NotOrdered | NotAValue
    | IsOnNumber | NotACondition | NotANumber | BadCount | DefaultOutside | SettingRange
    | SettingInDeclaration
)  # fmt: skip

_MAKE_IT_TRUE = {
    "quantity": "Compare it, as in `{} < 65`.",
    "number": "Compare it with something, as in `time in stage >= 4 h`.",
    "drug": "Write `{} running`, `{} off`, or compare its rate, as in `{} >= 0.1 mcg/kg/min`.",
    "class": "Write `{} running` or `{} off`.",
    "graded": "Compare it with one of its grades, as in `{} >= …`.",
    "one_of": "Ask for a value: `{} is …`.",
    "any_of": "Ask for a value: `{} is …`.",
    "setting": "Compare it with a reading, or ask for its value with `is`.",
}


def of_conditions(problem: ConditionProblem) -> Words:
    """The words of one problem."""
    match problem:
        case AsksParentheses():
            return _parentheses(problem)
        case ZeroLength() if problem.what == "times daily":
            return Words(
                f"`{problem.written} times daily` does not divide a day into whole milliseconds.",
                "not an even part of a day",
                "No two systems would place every dose at the same instant.",
                "Write how far apart the doses are, as in `every 3 to 4 h`.",
            )
        case ZeroLength():
            return Words(
                f"I cannot wait for `{problem.written}`.",
                "needs a time above zero",
                f"The {what_is(problem.what)} must be above zero and a whole number of milliseconds, or "
                "nobody "
                "could say when it is over.",
                "Write a time above zero, as in `15 min`.",
            )
        case NoValidFor():
            return Words(
                f"`{problem.name}` does not say for how long a reading counts.",
                "a reading of it never grows old",
                "Yesterday's reading would be taken for the patient's state now, and orders given on it.",
                "Add `valid for …`, after which it is unknown. What never changes in an encounter is "
                "`fixed`; what only "
                "grows is `cumulative`.",
            )
        case BareEvent():
            return Words(
                f"`{problem.name}` is an event: it happens at an instant, and is not true or false for a "
                "time.",
                "an event",
                "The rule could fire at that one instant only, and be over before anyone read its order.",
                f"Write `after {problem.name}`, `ever {problem.name}`, or `{problem.name} in the last 4 h`.",
                ((problem.previous, f"`{problem.name}` is declared here"),),
            )
        case DecisionWord():
            return Words(
                f"`{problem.word}` speaks about a decision, and here the decision is still being made.",
                "only in `never`, `always` and `question`",
                "A rule that asked what is being ordered would depend on itself.",
                "Ask about the patient: `… "
                f"running`{', or `time in stage`' if 'stage' in problem.word else ''}.",
            )
        case NotOrdered():
            return Words(
                f"The values of `{problem.name}` have no order, so none of them is above another.",
                "cannot be compared",
                "",
                f"Ask with `is`: `{problem.name} is {problem.values[0]}`. If they are grades, declare "
                "them with "
                "`graded`, the lowest first.",
            )
        case NotAValue():
            return Words(
                f"`{problem.name}` is never `{problem.value}`.",
                "not one of its values",
                "The condition could never be true for a patient, and the rule would stay silent.",
                _value_help(problem),
            )
        case IsOnNumber():
            return Words(
                f"`{problem.name}` is measured, so it cannot be `is {problem.value}`.",
                "needs a comparison",
                f"What counts as `{problem.value}` differs from one reader to the next; a number does not.",
                f"Compare it, as in `{problem.name} < …`, or name the comparison: "
                f"`define {problem.value} as {problem.name} < …`.",
            )
        case NotACondition():
            edit = _MAKE_IT_TRUE.get(problem.kind, "Write a condition here.").replace("{}", problem.words)
            return Words(
                f"`{problem.words}` is {a_kind(problem.kind)}: by itself it is neither true nor false.",
                "true when?",
                "Each reader would put in a limit of their own.",
                edit,
            )
        case NotANumber():
            return Words(
                f"`{problem.words}` is {a_kind(problem.kind)}, and here a number is needed.",
                "has no size",
                "",
                f"Write `{problem.words}` or `not {problem.words}` as a condition of its own."
                if problem.kind in ("flag", "condition")
                else f"Ask for a value with `is`, as in `{problem.words} is …`.",
            )
        case BadCount():
            return _count(problem)
        case SettingInDeclaration():
            return Words(
                f"`{problem.name}` is a setting, and a declaration must say the number itself.",
                "needs a number with a unit",
                "Sites would then disagree about what a reading or a limit is, not only about what to do.",
                f"Write the {what_is(problem.what)} as an amount; use `{problem.name}` in the rules.",
            )
        case _:
            return _of_settings(problem)


def _of_settings(problem: DefaultOutside | SettingRange) -> Words:
    match problem:
        case DefaultOutside() if " " in problem.lo:
            return Words(
                f"`{problem.value}` is not one of the values that `{problem.name}` may have.",
                f"allowed: {from_to(problem.lo, problem.hi)}",
                "Doses and limits are checked for the allowed values only: this one would reach patients "
                "unchecked.",
                "Write a value within the range, or a range, lower end first, that holds the value.",
            )
        case DefaultOutside():
            return Words(
                f"`{problem.value}` is not one of the choices of `{problem.name}`.",
                "not one of its choices",
                "Rules are checked for the listed choices only: this one would reach patients unchecked.",
                f"Write one that is listed, from `{problem.lo}` to `{problem.hi}`, or add "
                f"`{problem.value}` to the list.",
            )
        case SettingRange():
            return _range(problem)
        case _:
            assert_never(problem)


def _parentheses(problem: AsksParentheses) -> Words:
    word, whole, part = problem.word, problem.whole, problem.part
    if problem.joined in ("and", "or"):
        first = whole.removesuffix(part).rstrip()
        meant = f"`({whole}) {word} …` or `{first} ({part} {word} …)`"
    else:
        meant = f"`({whole}) {word} …` or `{problem.joined} ({part})`"
    return Words(
        f"I cannot tell how much of this `{word}` is about.",
        "this part only, or the whole?",
        "Two readers would give the order at different times, or to different patients.",
        f"Put parentheses: {meant}.",
    )


def _value_help(problem: NotAValue) -> str:
    if not problem.values:
        return "Declare its values first."
    values = f"Its values are {ticked(problem.values, 'and')}."
    return f"{did_you_mean(problem.suggestion, '')} {values}".strip()


def _count(problem: BadCount) -> Words:
    written, of = problem.written, problem.of
    if of == 24:
        return Words(
            f"`{written} times daily` is no number of times I can plan.",
            "from 1 to 24",
            "The doses could not be laid out over a day.",
            "Write a whole number from 1 to 24, or `every … h`.",
        )
    if of == 0:
        return Words(
            f"`{written} readings` is no number of readings.",
            "a whole number, at least 1",
            "",
            "Write a whole number of readings, as in `2 readings 2 h apart of …`.",
        )
    return Words(
        f"`{written}` does not fit: {of} {'condition is' if of == 1 else 'conditions are'} listed.",
        f"of {of}",
        "It would be always true or never true, whatever the patient's state.",
        f"Write a whole number from 1 to {of}, or list more conditions.",
    )


def _range(problem: SettingRange) -> Words:
    name = problem.name
    match problem.reason:
        case "missing":
            return Words(
                f"A site is to choose `{name}`, and nothing says between what.",
                "any value at all?",
                "I check doses for every value a site may choose. Without limits that is any dose at all.",
                f"Add the limits: `setting {name} chosen by site, from … to …`, or `one of …`, or `yes "
                "or no`.",
            )
        case "name":
            return Words(
                f"The range of `{name}` begins or ends with a name.",
                "needs an amount",
                "A range that itself can be chosen is no limit.",
                "Write both ends as amounts with a unit.",
            )
        case _:
            return Words(
                f"The value and the range of `{name}` are of different kinds.",
                "different kinds of quantity",
                "No value could lie in such a range.",
                "Write the value and both ends of the range in units of one kind.",
            )
