"""A difference as what a cohort is searched for: its changes, what was renamed, and who lies in a region."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

from rung_engine.artifact import model as m
from rung_engine.cohort.sought import Alike, Place, Sought
from rung_engine.decision.view import View
from rung_engine.event import Event
from rung_engine.program import Program
from rung_engine.session.replay import Replay
from rung_engine.truth import Truth
from rung_lang.diff.model import Change, Difference
from rung_lang.verify.gaps.regions import Between, Bound, Condition, Cube, State

if TYPE_CHECKING:
    from rung_engine.cohort.beside import Which

_TARGETS = ("input", "drug", "event", "task")


def alike(difference: Difference) -> Alike:
    """What has another name in the new version."""
    stages = tuple((one.old, one.new) for one in difference.renamed if one.kind == "stage")
    targets = tuple((one.old, one.new) for one in difference.renamed if one.kind in _TARGETS)
    return Alike(stages, targets)


def sought(difference: Difference) -> tuple[Sought, ...]:
    """The changes, in their order."""
    back = {one.new: one.old for one in difference.renamed if one.kind == "rule"}
    return tuple(_sought(change, back) for change in difference.changes)


def _sought(change: Change, back: dict[str, str]) -> Sought:
    op, target = change.subject
    places = tuple(Place(one.name, one.classes, bool(one.old), bool(one.new)) for one in change.regions)
    rules = dict.fromkeys(name for one in change.rules_old for name in (one, back.get(one, one)))
    return Sought(
        change.name, tuple((one.old, one.new) for one in (change.stages, *change.also)), op, target,
        change.classes, places, tuple(rules), change.rules_new,
    )  # fmt: skip


def which(difference: Difference, program: Program, *, silence_is_off: bool) -> Which:
    """Tells in which regions of a change a patient of the new version's `program` may lie: all those that
    nothing charted contradicts."""
    cubes = {
        change.name: tuple((region.name, region.cube) for region in change.regions)
        for change in difference.changes
    }

    def told(change: str, events: Sequence[Event], time: int) -> tuple[str, ...]:
        past = [event for event in events if event.time <= time]
        view = Replay(program, past, silence_is_off=silence_is_off).advance(time)
        return tuple(name for name, cube in cubes[change] if lies_in(view, cube) is not False)

    return told


def lies_in(view: View, cube: Cube) -> Truth:
    """Whether every part of the cube is true of the patient now; None where the view cannot say."""
    found: Truth = True
    for part in cube:
        match part:
            case Between():
                truth = _between(view, part)
            case Condition():
                truth = _condition(view, part)
            case State():
                truth = _state(view, part)
            case _:
                assert_never(part)
        if truth is False:
            return False
        found = found if truth else None
    return found


def _between(view: View, part: Between) -> Truth:
    bound = part.lo or part.hi
    assert bound is not None
    artifact, name = view.program.artifact, part.name
    if name in artifact.inputs:
        value = view.input(name).value
    elif name in artifact.drugs:
        unit = view.program.units.get(bound.text.partition(" ")[2])
        state = view.drug(name)
        if unit is None:
            return None
        value = state.rate.seen_in(unit.dims, view.weight()) if state.running and state.rate else None
    else:
        return None
    if not isinstance(value, Fraction):
        return False
    return _within(value, part.lo, above=True) and _within(value, part.hi, above=False)


def _within(value: Fraction, bound: Bound | None, *, above: bool) -> bool:
    if bound is None or (value == bound.value and bound.included):
        return True
    return value > bound.value if above else value < bound.value


def _condition(view: View, part: Condition) -> Truth:
    artifact = view.program.artifact
    name, _, word = part.words.partition(" ")
    if name in artifact.inputs and word in ("", "known"):
        value = view.input(name).value
        return (value is True if not word else value is not None) is part.true
    if name in artifact.inputs and word.startswith("is "):
        return (view.input(name).value == word.removeprefix("is ")) is part.true
    if name in artifact.drugs and word == "known":
        return view.drug(name).is_known(artifact.drugs[name].form) is part.true
    term = _term(artifact, part.words)
    return None if term is None else (view.truth(term) is True) is part.true


def _term(artifact: m.Artifact, words: str) -> int | None:
    """The condition that is called so, or written so."""
    if words in artifact.defines:
        return artifact.defines[words]
    found = [int(place) for place, said in artifact.provenance.words.items() if said == words]
    return found[0] if len(found) == 1 and isinstance(artifact.terms[found[0]], m.Truth) else None


def _state(view: View, part: State) -> Truth:
    if part.drug not in view.program.artifact.drugs:
        return None
    state = view.drug(part.drug)
    match part.state:
        case "running":
            found = state.running is True
        case "off":
            found = state.running is False
        case _:
            found = state.running is True and state.rate is not None
    return found is part.true
