"""Words for what is wrong with stages, rules and examples: R165 to R177 and R190 to R193."""

from __future__ import annotations

from typing import assert_never

from rung_lang.checked.problems import (
    BadTitrate,
    MigratedTwice,
    Misplaced,
    MoveInChoice,
    NoApplies,
    NoInitial,
    NothingProposed,
    NoVersion,
    OverrideCycle,
    OverrideUnknown,
    RepeatNeverEnds,
    RuleOutside,
    TooManyInstants,
    TwoInitials,
    TwoMoves,
    UnknownStage,
    WrongFact,
)
from rung_lang.report.words_phrases import Words, a_kind, did_you_mean, ring, statement, ticked

RuleProblem = (
    NoInitial | TwoInitials | RuleOutside | UnknownStage | Misplaced | OverrideUnknown
    | OverrideCycle | TwoMoves | MoveInChoice | NoVersion | NoApplies | BadTitrate | MigratedTwice
    | WrongFact | RepeatNeverEnds | TooManyInstants | NothingProposed
)  # fmt: skip


def of_rules(problem: RuleProblem) -> Words:
    """The words of one problem."""
    match problem:
        case NoInitial():
            return Words(
                "No stage says that patients begin there.",
                "where does a patient begin?",
                "A patient to whom the protocol applies would be in no stage, and no rule of a stage "
                "would speak.",
                f"Add `initial` to {ticked(problem.names)}.",
            )
        case TwoInitials():
            return Words(
                f"`{problem.name}` is a second stage in which patients begin, whatever their state.",
                "begins here too?",
                "A patient begins in one stage. I do not choose between the two.",
                "Say who begins here: `initial if …`. The one without a condition is tried last.",
                ((problem.previous, "patients already begin here"),),
            )
        case RuleOutside():
            return _outside(problem)
        case UnknownStage():
            return Words(
                f"There is no stage called `{problem.name}` to go to.",
                "no such stage",
                "The patient would stay where they are, and the next step would never come.",
                did_you_mean(problem.suggestion, f"Declare it: `stage {problem.name}`."),
            )
        case Misplaced() if problem.where == "bundle":
            return Words(
                f"`{statement(problem.what)}` cannot stand in a bundle.",
                "not in a bundle",
                "A bundle says which protocols run on one patient, and tries them together; it declares and "
                "orders nothing. Beside `runs` it may hold examples, facts, concerns and sources.",
                "Move it to the protocol that needs it.",
            )
        case Misplaced() if problem.what == "runs":
            return Words(
                f"`runs` cannot stand in a {problem.where}.",
                "only a bundle runs protocols",
                "Which protocols run together on one patient is said in a file of its own.",
                'Write a bundle: `bundle NAME "title"`, with a `runs "path"` for each protocol.',
            )
        case Misplaced():
            return Words(
                f"`{statement(problem.what)}` cannot stand in a {problem.where}.",
                f"not in a {problem.where}",
                "A formulary is shared by many protocols: it declares inputs and drugs, and orders nothing.",
                "Move it to the protocol that needs it.",
            )
        case OverrideUnknown():
            return _override(problem)
        case OverrideCycle():
            return Words(
                "These rules override one another in a ring: "
                f"{ring([name.rpartition('.')[2] for name in problem.names])}.",
                "each silences the next",
                "When all of them fire, each would silence another and none would be left to speak.",
                "Take one `overrides` out, so that one rule wins.",
            )
        case TwoMoves():
            return Words(
                f"This rule goes to two places: {ticked(problem.targets, 'and')}.",
                "and here",
                "A patient is in one stage at a time.",
                "Make two rules, and say in each when it holds.",
                ((problem.previous, "goes here"),),
            )
        case MoveInChoice():
            return Words(
                f"`{problem.target}` is entered by one side of a choice.",
                "a move cannot be a choice",
                f"An `{problem.form}` leaves the choice to a person, or to what is known; which stage "
                "the patient is in "
                "would then be unclear."
                if problem.form == "either"
                else "Which stage the patient is in would depend on which side of the choice was taken.",
                "Make a rule of its own for each way on, with its own `when`.",
            )
        case NoVersion():
            return Words(
                f"Protocol `{problem.name}` has no version.",
                "which version?",
                "When an order is looked into later, nobody could say which text was in force.",
                "Add `version 1.0.0` below the title.",
            )
        case NoApplies():
            return Words(
                f"Protocol `{problem.name}` does not say to whom it applies.",
                "for which patients?",
                "I would have to take it as meant for every patient in the hospital.",
                "Add `applies when …` below the title.",
            )
        case BadTitrate():
            return Words(
                f"A titration cannot keep something exactly at a value with `{problem.rel}`.",
                "needs a limit or a range",
                "A reading moves all the time: the dose would be changed at every step, up or down.",
                "Write `to keep X >= …`, `to keep X <= …`, or `to keep X from … to …`.",
            )
        case MigratedTwice():
            return Words(
                f"It is said twice where a patient goes on who stands in `{problem.name}`.",
                "said again here",
                "When this version takes over, the patient can go on in one stage only. I do not choose.",
                "Keep the one that you mean.",
                ((problem.previous, "said here first"),),
            )
        case _:
            return _of_examples(problem)


def _of_examples(problem: WrongFact | RepeatNeverEnds | TooManyInstants | NothingProposed) -> Words:
    match problem:
        case WrongFact():
            return _fact(problem)
        case RepeatNeverEnds() if problem.reason == "every":
            return Words(
                f"A step of `{problem.written}` never comes to an end.",
                "needs a time above zero",
                "",
                "Write how far apart the instants are, as in `every 15 min`.",
            )
        case RepeatNeverEnds():
            return Words(
                f"This repetition ends, at `{problem.written}`, before it begins.",
                "before its start",
                "It stands for no instant at all, so the example would test nothing.",
                "Write the earlier time first, as in `[0 h to 4 h every 1 h]`.",
            )
        case TooManyInstants():
            return Words(
                f"This repetition stands for {problem.count:,} instants, and an example may have "
                f"{problem.limit:,}.",
                "too many instants",
                "That is more than anyone charts, so I take it for a slip of a unit.",
                "Write a longer step, as in `every 15 min`, or a shorter time.",
            )
        case NothingProposed():
            return Words(
                f"`expect {problem.word}` judges an order that somebody proposes, and none is proposed here.",
                "what is judged?",
                "",
                f"Add the order, as in `[0 h] … propose stop norepinephrine expect {problem.word}`.",
            )
        case _:
            assert_never(problem)


def _outside(problem: RuleOutside) -> Words:
    if problem.what == "arm":
        return Words(
            "An `arm` divides the patients of a stage, and this one stands in no stage.",
            "in no stage",
            "",
            "Move it below a `stage`, or write its condition into each rule.",
        )
    return Words(
        f"This `{problem.what}` stands before the first stage, so it is never judged.",
        "in no stage",
        "It looks like an order for patients, and it would never be given.",
        "Move it below a `stage`, or below `throughout` if it holds in every stage.",
    )


def _override(problem: OverrideUnknown) -> Words:
    if problem.reason == "apart":
        return Words(
            f"`{problem.name}` is never judged together with the rule that is to override it.",
            "they stand in different stages",
            "A patient is in one stage at a time, so this would change nothing for anyone.",
            "Take it out, or move one of the two rules: to the other's stage, or to `throughout`.",
        )
    return Words(
        f"There is no rule called `{problem.name}`.",
        "no such rule",
        "The rule that was to win would not win, and two orders could contradict each other.",
        did_you_mean(problem.suggestion, "Write the name that stands after `rule`."),
    )


def _fact(problem: WrongFact) -> Words:
    wanted = [form for form in problem.wanted if form]
    said = {"value": "a number", "names": "a word"}.get(problem.word, f"`{problem.word}`")
    return Words(
        f"`{problem.name}` is {a_kind(problem.kind)}, and {said} says nothing about it.",
        "not a fact about it",
        "The example would test another patient than the one you have in mind.",
        f"Write it in this form: {ticked(wanted)}." if wanted else "",
    )
