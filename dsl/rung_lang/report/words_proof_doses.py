"""Words for doses, needs, and what must never or always hold, over all patients: R401 to R404."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rung_engine.artifact import model as m
from rung_lang.lower.phrase import amount_words
from rung_lang.report.words_phrases import Words, joined, ticked
from rung_lang.source import Span
from rung_lang.verify.doses.problems_doses import (
    AboutNobody,
    AboveLimit,
    AlwaysBroken,
    AnsweredNo,
    ConditionBroken,
    ContinuedAbove,
    InSequence,
    LeftWithout,
    NeverBroken,
    NotExactlyOne,
    RunsWithout,
    SaysNothing,
    Silent,
    StillAbove,
)
from rung_lang.verify.doses.sites import OnlyFor
from rung_lang.verify.verdict import Said

ProvedDoseProblem = (
    AboveLimit | StillAbove | ContinuedAbove | LeftWithout | RunsWithout | InSequence | NeverBroken
    | AlwaysBroken | ConditionBroken | NotExactlyOne | AnsweredNo | AboutNobody | SaysNothing
)  # fmt: skip


def of_proved_doses(problem: ProvedDoseProblem) -> Words:
    """The words of one problem."""
    match problem:
        case AboveLimit():
            return _above_limit(problem)
        case StillAbove() | ContinuedAbove():
            return _continued(problem)
        case LeftWithout():
            return _left_without(problem)
        case RunsWithout():
            return _runs_without(problem)
        case InSequence():
            return _in_sequence(problem)
        case NeverBroken():
            return _never(problem)
        case AlwaysBroken():
            return _always(problem)
        case ConditionBroken():
            return _condition(problem)
        case NotExactlyOne():
            return _not_one(problem)
        case AnsweredNo():
            return _answered(problem)
        case AboutNobody():
            return _nobody(problem)
        case SaysNothing():
            return _nothing(problem)
        case _:
            assert_never(problem)


def name_of(rule: str) -> str:
    """A rule as its author calls it."""
    return rule.rpartition(".")[2]


# ---------------------------------------------------------------- R401


def _above_limit(problem: AboveLimit) -> Words:
    limit = f"the maximum of `{problem.drug}`, {problem.limit}"
    if problem.given:
        limit = f"{problem.limit}, the maximum of `{problem.drug}` while `{problem.given}`"
    if problem.window:
        limit = f"{problem.limit} over {problem.window}, a maximum of `{problem.drug}`"
    at = f" at {problem.weight}" if problem.weight else ""
    others: list[tuple[Span, str]] = [(problem.declared, f"`{problem.drug}` is declared here")]
    match problem.how:
        case "dose":
            title = f"`{problem.order}` can be more than {limit}."
            body = f"{problem.asked}{at} is more than {problem.limit}."
            label = f"{problem.asked}{at}"
        case "together":
            assert problem.other is not None
            other, place = problem.other
            title = f"Two orders together can be more than {limit}."
            body = f"`{problem.order}` and `{other}` in one decision are {problem.asked}{at}."
            label = f"`{problem.order}`"
            others.append((place, f"and `{other}`"))
        case "window":
            title = f"`{problem.order}` can come to more than {limit}."
            times = f"{problem.doses} doses fit in; " if problem.doses > 1 else ""
            body = f"{times}in {problem.window} it comes to {problem.asked}{at}."
            body = body[:1].upper() + body[1:]
            label = f"{problem.asked}{at}"
        case _:
            assert_never(problem.how)
    return Words(title, label, f"{body} {_cut(problem)}{only(problem.sites)}", _lower(problem), tuple(others))


def _cut(problem: AboveLimit) -> str:
    """What becomes of such an order."""
    match problem.how:
        case "dose":
            return "The order would be cut or held back, so the bedside would not get what is written here."
        case "together":
            return "Each is allowed alone, so nothing cuts them."
        case "window":
            return "Once the maximum is reached the order is held back, though it is written as due."
        case _:
            assert_never(problem.how)


def _lower(problem: AboveLimit) -> str:
    if problem.how == "together":
        return "Give one order of it, or let the two rules ask for things that exclude each other."
    if problem.how == "window":
        return "Order less, or less often."
    if problem.given:
        given = f"({problem.given})" if " " in problem.given else problem.given
        return f"Order less, or add `and not {given}` to the condition."
    if problem.weight and problem.order.startswith("give") and "at most" not in problem.order:
        return f"Cap the dose: `at most {problem.limit}`."
    return "Order less, or name the patients for whom it is not too much."


def _continued(problem: StillAbove | ContinuedAbove) -> Words:
    while_ = f" while `{problem.given}`" if problem.given else ""
    limit = f"the maximum of `{problem.drug}`, {problem.limit}{while_}"
    title = f"`{problem.drug}` may run above {problem.limit}{while_}, and nothing is said about it."
    match problem:
        case StillAbove():
            how = "Orders of this protocol lead to such a rate, and it is not lowered when that comes true."
        case ContinuedAbove():
            how = "Only the bedside can have set such a rate; no order here leads to it."
        case _:
            assert_never(problem)
    return Words(
        title,
        f"cannot continue more than {problem.limit}",
        f"No rate above {limit}, is ever continued, so this order is held back then. {how}",
        f"Add a rule for `{problem.drug} > {problem.limit}` that lowers it or notifies somebody, or let this "
        f"one ask for `{problem.drug} <= {problem.limit}`.",
        ((problem.declared, f"`{problem.drug}` is declared here"),),
    )


# ---------------------------------------------------------------- R402


def _left_without(problem: LeftWithout) -> Words:
    needs = f"`{problem.drug}` needs `{problem.need}`"
    others = ((problem.declared, f"{needs}: declared here"),)
    match problem.how:
        case "gives" if problem.choice:
            return Words(
                f"`{problem.order}` counts on `{problem.need}`, which only one arm of a choice starts.",
                f"`{problem.need}` may not be chosen",
                f"{needs}. Whoever takes another arm of the choice would run `{problem.drug}` alone.",
                f"Start `{problem.need}` outside the choice, or ask for `{problem.need} running` here.",
                others,
            )
        case "gives":
            return Words(
                f"`{problem.order}` can be asked for while `{problem.need}` is off.",
                f"without `{problem.need}`",
                f"{needs}, and nothing in the same decision starts it. The order would be held back, and the "
                "patient would get neither.",
                f"Add `and {problem.need} running` to the condition, or start `{problem.need}` in the same "
                "rule.",
                others,
            )
        case "withdraws":
            return Words(
                f"`{problem.order}` can leave `{problem.drug}` running without `{problem.need}`.",
                f"`{problem.drug}` would run alone",
                f"{needs}, and nothing in the same decision stops `{problem.drug}`.",
                f"Add `and {problem.drug} off` to the condition, or stop `{problem.drug}` in the same rule.",
                others,
            )
        case _:
            assert_never(problem.how)


def _runs_without(problem: RunsWithout) -> Words:
    where = joined([_stage(stage) for stage in problem.stages], "and")
    return Words(
        f"In {where} `{problem.drug}` can be seen to run without `{problem.need}`, and nothing is done.",
        f"`{problem.drug}` alone, and silence",
        f"`{problem.drug}` needs `{problem.need}`. One was stopped, or the other started, by hand; the "
        "decision shows an alarm, and no order says what to do.",
        f"Add a rule `when {problem.drug} running and {problem.need} off` that starts `{problem.need}`, "
        f"stops `{problem.drug}`, or notifies somebody; it may stand in `throughout`.",
    )


def _in_sequence(problem: InSequence) -> Words:
    return Words(
        f"`{problem.first_order}` has to be done before `{problem.then_order}`.",
        "first this",
        f"`{problem.drug}` needs `{problem.need}`. Both orders stand in one decision; done the other way "
        f"round, `{problem.drug}` runs alone in between.",
        "Give them in this sequence. There is nothing to change in the text.",
        ((problem.then_span, "then this"),),
    )


# ---------------------------------------------------------------- R403


def _never(problem: NeverBroken) -> Words:
    rule, stage = f"`{name_of(problem.rule)}`", _stage(problem.stage)
    dose = f", as {problem.dose}," if problem.dose and problem.dose not in problem.order else ""
    if problem.carried:
        body = (
            f"{rule} moved the patient to {stage}, where its order `{problem.order}`{dose} stands until it "
            "is carried out, and can stand where this forbids it."
        )
        help_ = f"Say with `restrict` or in a rule of {stage} when it must not be given any more."
    else:
        body = f"In {stage} `{problem.order}`{dose} can stand where this forbids it."
        help_ = f"Narrow the condition of {rule}, or correct what must never be."
    return Words(
        f"{rule} breaks `{problem.statement}`.",
        "not so",
        f"{body}{only(problem.sites)}",
        help_,
        ((problem.rule_span, "gives the order"),),
    )


def _always(problem: AlwaysBroken) -> Words:
    return Words(
        f"`{problem.statement}` does not hold in {_stage(problem.stage)}.",
        "not so",
        f"{_silence(problem.silent)}{only(problem.sites)}",
        "Widen the condition of the rule that should order it, or narrow this one with `while`.",
        tuple((one.span, _told(one)) for one in _telling(problem.silent)),
    )


def _telling(rules: Sequence[Silent]) -> Sequence[Silent]:
    """Those that were about to order it, if any; else all that could."""
    return [one for one in rules if one.why != "silent"] or rules


def _silence(rules: Sequence[Silent]) -> str:
    return " ".join(_why_silent(one) for one in _telling(rules)) or "No rule there orders it."


def _why_silent(one: Silent) -> str:
    match one.why:
        case "pending":
            for_what = f" for {ticked(one.unknown, 'and')}" if one.unknown else ""
            return f"`{name_of(one.rule)}` is still waiting{for_what}."
        case "withheld":
            return f"The order of `{name_of(one.rule)}` is held back."
        case "silent":
            return f"`{name_of(one.rule)}` does not fire."
        case _:
            assert_never(one.why)


def _told(one: Silent) -> str:
    return {"pending": "waits", "withheld": "held back", "silent": "does not fire"}[one.why]


def _condition(problem: ConditionBroken) -> Words:
    said = "can come true" if problem.polarity == "never" else "does not always hold"
    return Words(
        f"`{problem.statement}` {said} in {_stage(problem.stage)}.",
        "not so",
        f"The chart below shows a patient.{only(problem.sites)}",
        "Change the rules that lead there, or correct the statement.",
    )


def _stage(stage: str) -> str:
    return f"stage `{stage}`" if stage else "a session without a stage yet"


def _not_one(problem: NotExactlyOne) -> Words:
    wanted = "Exactly one" if problem.how == "exactly" else "At most one"
    found = f"{ticked(problem.hold, 'and')} hold together" if problem.hold else "none of them holds"
    return Words(
        f"{wanted} of {ticked(problem.names, 'and')} should hold, and {found}.",
        "not so",
        f"Everything they ask about is known of this patient.{only(problem.sites)}",
        "Let the conditions exclude one another, and leave nothing out between them."
        if problem.how == "exactly"
        else "Let the conditions exclude one another.",
    )


def _answered(problem: AnsweredNo) -> Words:
    others = tuple((one.span, _told(one)) for one in _telling(problem.silent))
    if problem.rule_span is not None:
        others = ((problem.rule_span, "gives the order"),)
        why = f" The order is that of `{name_of(problem.rule)}`."
    else:
        why = f" {_silence(problem.silent)}" if problem.silent else ""
    return Words(
        f"No: `{problem.statement}` is not so for every patient.",
        "no",
        f"The chart below shows one for whom it is not.{why}",
        "Nothing has to be changed: this is the answer to your question.",
        others,
    )


# ---------------------------------------------------------------- R404


def _nobody(problem: AboutNobody) -> Words:
    clash = _clash(problem.clash)
    match problem.what:
        case "applies":
            title = f"No patient ever fulfils `applies when {problem.words}`."
            body = f"{clash}The protocol would never say anything, to anybody."
        case "assumption":
            title = f"`assume {problem.words}` is true of no patient."
            body = f"{clash}Under an assumption that never holds everything could be proved."
        case "assumptions":
            title = "The assumptions are never true together."
            body = f"{clash}Under assumptions that exclude each other everything could be proved."
        case _:
            assert_never(problem.what)
    return Words(title, "true of nobody", body, "Correct the condition.")


def _nothing(problem: SaysNothing) -> Words:
    clash = _clash(problem.clash)
    match problem.what:
        case "never" | "always":
            title = f"The `while` of `{problem.words}` is never true."
            body = f"{clash}The statement forbids nothing and promises nothing."
        case "covers":
            title = f"Nobody in this stage is covered by `{problem.words}`."
            body = f"{clash}There is nobody to whom something is owed."
        case "question":
            title = f"`{problem.words}` is never so."
            body = f"{clash}The question is about nobody, whatever its answer."
        case "dose":
            title = f"`{problem.words}` is never ordered, so there is no dose to ask for."
            body = clash or "No order of it ever stands."
        case _:
            assert_never(problem.what)
    return Words(title, "about nobody", body, "Correct the condition, or take the statement out.")


def _clash(parts: Sequence[Said]) -> str:
    said = [f"`{part.words}`" for part in parts]
    if not said:
        return ""
    if len(said) == 1:
        return f"{said[0]} is never true there. "
    return f"These are never true together: {joined(said, 'and')}. "


# ---------------------------------------------------------------- settings


def only(sites: Sequence[OnlyFor]) -> str:
    """` Only for `map_target` above 75 mmHg.`, or nothing where it is so at every site."""
    if not sites:
        return ""
    return f" Only for {joined([_values(one) for one in sites], 'and')}."


def _values(one: OnlyFor) -> str:
    if one.values:
        return f"`{one.setting}` {joined(one.values)}"
    match one.lo, one.hi:
        case m.Number() as lo, m.Number() as hi if lo == hi:
            return f"`{one.setting}` {amount_words(lo)}"
        case m.Number() as lo, m.Number() as hi:
            return f"`{one.setting}` {_from(one, lo)} {_to(one, hi)}"
        case m.Number() as lo, None:
            return f"`{one.setting}` {'above ' if one.above else 'from '}{amount_words(lo)}" + (
                "" if one.above else " on"
            )
        case None, m.Number() as hi:
            return f"`{one.setting}` {_to(one, hi)}"
        case _:
            return f"`{one.setting}`"


def _from(one: OnlyFor, lo: m.Number) -> str:
    return f"{'above' if one.above else 'from'} {amount_words(lo)}"


def _to(one: OnlyFor, hi: m.Number) -> str:
    return f"{'below' if one.below else 'up to'} {amount_words(hi)}"
