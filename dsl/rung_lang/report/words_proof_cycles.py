"""Words for patients who stay as they are: rules that undo each other (R304), orders for good (R302)."""

from __future__ import annotations

from typing import assert_never

from rung_lang.report.words_phrases import Words, joined
from rung_lang.verify.cycles.problems_cycles import Flapping, Lapse, SlowFlapping, Swing, Taken, Trap

CycleProblem = Flapping | SlowFlapping | Trap


def of_cycles(problem: CycleProblem) -> Words:
    """The words of one problem."""
    match problem:
        case Flapping():
            return _round(problem)
        case Trap():
            return _trap(problem)
        case _:
            assert_never(problem)


def _round(problem: Flapping) -> Words:
    first = problem.steps[0]
    swings = joined([_swing(one) for one in problem.swings], "and")
    lapses = " ".join(_lapse(one) for one in problem.lapses)
    readings = (
        f" Only noise moves the readings: {swings}." if swings else " The readings do not change at all."
    )
    pace = (
        f"within the {_time(problem.settle)} in which opposite moves count as unsettled"
        if problem.level == "error"
        else f"slower than the {_time(problem.settle)} in which opposite moves count as unsettled"
    )
    sites = joined([f"`{one.setting}`" for one in problem.sites], "and") if problem.sites else ""
    return Words(
        f"A steady patient is sent round in {_time(problem.period)}: {_way(problem.steps)}.",
        _label(first),
        f"Every order is carried out at once and the protocol undoes it again, {pace}.{readings}"
        + (f" {lapses}" if lapses else "")
        + (f" It depends on {sites}." if sites else "")
        + " The chart below shows the round twice.",
        _cure(problem),
        tuple((one.span, f"then {_label(one)}, after {_time(one.after)}") for one in problem.steps[1:]),
    )


def _way(steps: tuple[Taken, ...]) -> str:
    return joined([f"{_label(one)} by `{one.rule.rpartition('.')[2]}`" for one in steps], "then")


def _label(step: Taken) -> str:
    return f"to `{step.target}`" if step.kind == "go" else f"{step.op} `{step.target}`"


def _swing(one: Swing) -> str:
    return f"`{one.input}` from {one.lowest} to {one.highest}"


def _lapse(one: Lapse) -> str:
    return (
        f"`{one.input}` is taken every {_time(one.cadence)} and valid for {_time(one.valid)}, so it is not "
        "known all the time."
    )


def _cure(problem: Flapping) -> str:
    wait = f"Ask for the second condition to have held for longer than {_time(problem.settle)} (`C for …`)"
    if not problem.swings:
        return f"{wait}, or for a reading that the first order changes."
    apart = joined([f"{one.apart} of `{one.input}`" for one in problem.swings], "and")
    return f"Put more than {apart} between the two thresholds. Or: {wait[0].lower()}{wait[1:]}."


def _trap(problem: Trap) -> Words:
    names = [f"`{order}`" for order in dict.fromkeys(order for order, _, _ in problem.orders)]
    orders = f"{joined(names, 'and')} {'is' if len(names) == 1 else 'are'} left"
    return Words(
        f"Stage `{problem.stage}` covers `{problem.what}`, and can keep such a patient as he is for good.",
        "true, and nothing ever changes",
        "Readings stay as they are and every order is carried out at once. In the end only "
        f"{orders}: no rule moves this patient, no wait is left, and nobody is told.",
        "Add what follows when this does not help: another drug, a move to another stage, or a `notify`, "
        "after a time (`C for …`). Or narrow `covers`, if no more is owed to this patient here.",
        tuple((span, f"`{order}` stands") for order, _, span in problem.orders),
    )


def _time(ms: int) -> str:
    for size, unit in ((3_600_000, "h"), (60_000, "min"), (1000, "s")):
        if ms and ms % size == 0:
            return f"{ms // size} {unit}"
    return f"{ms} ms"
