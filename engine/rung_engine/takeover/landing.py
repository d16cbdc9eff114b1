"""Where a session lands that stood in a stage of an older version, and what it takes along."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.artifact.references import TERM_FIELDS
from rung_engine.decision.fold import State
from rung_engine.decision.model import Takeover
from rung_engine.frozen import frozen
from rung_engine.program import Program


@frozen
class Landing:
    """Of one stage of the older version. `untold`: the author of the newer one must say."""

    stage: str
    to: str | None
    """None: by history, or untold."""
    how: Literal["same_name", "migrate", "by_history", "untold"]
    because: str = ""


def landings(old: m.Artifact, new: m.Artifact) -> tuple[Landing, ...]:
    """Of each stage of the older version, in the order of names."""
    return tuple(_landing(stage.name, new) for stage in sorted(old.stages, key=lambda stage: stage.name))


def _landing(stage: str, new: m.Artifact) -> Landing:
    for told in new.migrates or ():
        if told.stage == stage:
            return Landing(stage, told.to, "by_history" if told.to is None else "migrate", told.because)
    if any(stage == other.name for other in new.stages):
        return Landing(stage, stage, "same_name")
    return Landing(stage, None, "untold")


@frozen
class Landed:
    """`state` None: by history, the state in which a session of the new version itself would be."""

    state: State | None
    takeover: Takeover


def land(old: Program, new: Program, state: State, at: int) -> Landed:
    """The session that stood in `state` just before `at`. Every stage of the old version has a landing."""
    if state.finished or state.ended:
        return Landed(state, _entry(old, new, None, None, "finished" if state.finished else "ended"))
    if state.stage is None:
        return Landed(None, _entry(old, new, None, None, "by_history"))
    found = _landing(state.stage, new.artifact)
    assert found.how != "untold", state.stage
    if found.to is None:
        return Landed(None, _entry(old, new, state.stage, None, "by_history", found.because))
    carried = _carried_on(old, new, state)
    went_on = replace(carried, stage=found.to, entered=state.entered if found.to == state.stage else at)
    return Landed(went_on, _entry(old, new, state.stage, found.to, found.how, found.because))


def _entry(
    old: Program,
    new: Program,
    stage: str | None,
    landing: str | None,
    how: Literal["same_name", "migrate", "by_history", "ended", "finished"],
    because: str = "",
) -> Takeover:
    before, now = old.artifact, new.artifact
    return Takeover(before.version, before.seal, now.version, now.seal, stage, landing, how, because)


def _carried_on(old: Program, new: Program, state: State) -> State:
    """The orders that still stand, and since when, as far as the same rule gives the same ones."""
    was = {rule.id: rule for rule in old.artifact.rules}
    now = {rule.id: rule for rule in new.artifact.rules}
    carried = []
    for item in state.carried:
        if item.rule not in now:
            continue
        order = _meant(old, was[item.rule].orders[item.choice])
        choices = [_meant(new, choice) for choice in now[item.rule].orders]
        if order in choices:
            carried.append(replace(item, choice=choices.index(order)))
    since = tuple(
        (rule, time)
        for rule, time in state.since
        if rule in now and _meant(old, was[rule].orders) == _meant(new, now[rule].orders)
    )
    return replace(state, carried=tuple(carried), since=since)


def _meant(program: Program, part: object) -> object:
    """What is written, with every amount and condition in the place of its number or name."""
    match part:
        case m.Number() | m.FromSetting():
            return program.amount(part)
        case m.SettingIs():
            return program.settings[part.setting] == part.value
        case m.Setting():
            return program.settings[part.name], program.setting_dims.get(part.name)
        case m.Model():
            terms = TERM_FIELDS.get(type(part), ())
            return (
                type(part).__name__,
                *(
                    _term(program, value) if field.name in terms else _meant(program, value)
                    for field in fields(part)
                    for value in (getattr(part, field.name),)
                ),
            )
        case tuple():
            return tuple(_meant(program, item) for item in part)
        case _:
            return part


def _term(program: Program, index: object) -> object:
    """A condition or number by what it says."""
    match index:
        case int():
            return _meant(program, program.artifact.terms[index])
        case tuple():
            return tuple(_term(program, item) for item in index)
        case _:
            return index
