"""A missing reading put back: what would be decided on the same instant, were it there.

Now alone, or charted all along as well. The session stands where it stood: what it would have done meanwhile
with the reading is another history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.decision.fold import Fold, State, step
from rung_engine.decision.model import Content
from rung_engine.decision.view import View
from rung_engine.event import Charted, Fact, Reading
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.run import Runner
from rung_lang.verify.formulas.marks import charted
from rung_lang.verify.formulas.symbols import never_lapses
from rung_lang.verify.gaps.patients import values_to_try
from rung_lang.verify.solving.solve import WEIGHTS
from rung_lang.verify.verdict import Replayed

MOST_READINGS = 200
"""How often a reading is put back into one history."""


def is_absent(replayed: Replayed, name: str) -> bool:
    """No reading of the input is in force; of one that would not have lapsed, none was taken."""
    state = replayed.view.input(name)
    if never_lapses(replayed.program.artifact.inputs[name]):
        return state.why == "never"
    return state.value is None


def supposed(replayed: Replayed, name: str) -> Iterator[tuple[Instant, Content]]:
    """The same instant and its decision for every value of the reading that could tell it apart, those that
    an assumption excludes too; of the dosing weight, for some of them.
    """
    for value in _values(replayed.program, name):
        yield _decided(replayed.view, replayed.before, name, value)


def completed(replayed: Replayed, name: str) -> Iterator[tuple[Instant, Content]]:
    """The reading is there now; then, it was there all along too, perhaps with another value until now."""
    yield from supposed(replayed, name)
    decl = replayed.program.artifact.inputs[name]
    if not any(_looks_back(term) for term in replayed.program.artifact.terms):
        return
    states = _states(replayed)
    values = _values(replayed.program, name)
    for earlier in values:
        view = _all_along(replayed, name, earlier, states)
        if view is None:
            continue
        for value in values:
            falls = isinstance(value, Fraction) and isinstance(earlier, Fraction) and value < earlier
            if value == earlier or not (decl.fixed or (decl.cumulative and falls)):
                yield _decided(view, replayed.before, name, value)


def _values(program: Program, name: str) -> tuple[object, ...]:
    values = values_to_try(program, name)
    return (*values, *(Fraction(weight) for weight in WEIGHTS)) if name == program.weight_input else values


def _decided(view: Instant, before: State, name: str, value: object) -> tuple[Instant, Content]:
    other = view.again()
    other.supposed = {("input", name): value}
    return other, step(other, before)[1].content


# ---------------------------------------------------------------- all along


class _Noted(Fold):
    """Keeps the state of the session after each instant."""

    def __init__(self) -> None:
        super().__init__()
        self.states: list[tuple[int, State]] = []

    def advance(self, view: View) -> Content | None:
        self.state, draft = step(view, self.state)
        self.content = draft.content
        self.states.append((view.time, self.state))
        return None


class _Pinned(Fold):
    """The session stands where it stood in another history."""

    def __init__(self, states: Sequence[tuple[int, State]]) -> None:
        super().__init__()
        self.states = states

    def advance(self, view: View) -> Content | None:
        self.state = next((state for time, state in reversed(self.states) if time <= view.time), State())
        return None


def _states(replayed: Replayed) -> list[tuple[int, State]]:
    """Of the history that was played, before its last instant."""
    runner = Runner(replayed.program, replayed.view.chart.facts)
    noted = _Noted()
    runner.fold = noted
    runner.run(replayed.view.time - 1)
    return noted.states


def _all_along(
    replayed: Replayed, name: str, value: object, states: Sequence[tuple[int, State]]
) -> Instant | None:
    """The instant, had each reading of the input said this, since longer ago than any window looks back.
    None where no chart shows the value, or too many readings would be needed.
    """
    program, now = replayed.program, replayed.view.time
    shown = _charted(program, name, value)
    others = [
        fact for fact in replayed.view.chart.facts if not (isinstance(fact, Reading) and fact.input == name)
    ]
    first = min((fact.time for fact in others), default=now) - _longest(program)
    valid = program.artifact.inputs[name].valid_for
    step_ = now - first + 1 if valid is None or program.artifact.inputs[name].fixed else max(valid, 1)
    if shown is None or (now - first) // step_ > MOST_READINGS:
        return None
    put_back: list[Fact] = [
        Reading(f"put back {time}", time, name, shown) for time in range(first, now + 1, step_)
    ]
    runner = Runner(program, [*others, *put_back])
    runner.fold = _Pinned(states)
    runner.run(now - 1)
    view = Instant(runner.chart, now, runner.rows)
    view.place(replayed.view.stage, replayed.view.entered, replayed.view.began)
    return view


def _looks_back(term: m.Truth | m.Numeric) -> bool:
    """It asks what a condition was at earlier instants."""
    return isinstance(term, m.Held | m.Recent | m.Ever) or (
        isinstance(term, m.Readings) and term.drawn is not None
    )


def _longest(program: Program) -> int:
    found = [0]
    for term in program.artifact.terms:
        if isinstance(term, m.Held | m.Recent):
            found.append(program.millis(term.length))
        elif isinstance(term, m.Readings) and term.drawn is not None:
            found.append(program.millis(term.apart))
    return max(found)


def _charted(program: Program, name: str, value: object) -> bool | str | frozenset[str] | Charted | None:
    decl = program.artifact.inputs[name]
    match value:
        case bool() | str() | frozenset():
            return value
        case Fraction() if decl.kind == "graded":
            return decl.values[int(value)]
        case Fraction() if decl.unit is not None:
            millionths = charted(value, program.units[decl.unit])
            return None if millionths is None else Charted(millionths, decl.unit)
        case _:
            return None
