"""Two versions of a protocol by their meaning: every patient whom they treat otherwise, or the proof that
there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal

from rung_engine.artifact import model as m
from rung_lang.diff.changes import judged
from rung_lang.diff.declared import declared
from rung_lang.diff.model import (
    Again,
    Alike,
    Change,
    Declared,
    Difference,
    Open,
    Parting,
    Patient,
    StagePair,
    Version,
)
from rung_lang.diff.names import matched, reworded
from rung_lang.diff.patients import Patients
from rung_lang.diff.pieces import Beside, Compared, beginnings, compared
from rung_lang.diff.played import Versions, again
from rung_lang.diff.tonight import tonight
from rung_lang.diff.united import united
from rung_lang.diff.where import Place, Where
from rung_lang.verify.reach.reach import Reach

Progress = Callable[[str], None]


def diff(old: m.Artifact, new: m.Artifact, progress: Progress = lambda words: None) -> Difference:
    """What differs between two versions of one protocol. Texts, settings and patients are not asked for: it
    is a matter of the two artifacts alone.
    """
    return located(old, new, progress)[0]


def located(
    old: m.Artifact, new: m.Artifact, progress: Progress = lambda words: None, *, patients: bool = True
) -> tuple[Difference, Where | None]:
    """The difference, and who can say in which of its regions a patient is; None: there is none. Without
    `patients` nobody is looked for, and no history.
    """
    current, renames, _ = matched(old, new)
    told_old = current
    current, messages = reworded(current, new)
    told = (
        *declared(current, new),
        *(Declared("message", rule, "", before, after, ("message",)) for rule, before, after in messages),
    )
    stages = _pairs(current, new)
    treats = any(one.treats for one in told)
    if _behaviour(current) == _behaviour(new) and not treats:
        return Difference(
            _version(old), _version(new), "text", renames, stages,
            (), (), (), told, (), tonight(None, Versions(current, new, told_old), old, renames, ()),
        ), None  # fmt: skip
    beside = Beside(united(current, new))
    beside.old.reach = Reach(beside.old)
    versions = Versions(current, new, told_old)
    found: list[Compared] = list(beginnings(beside))
    if _may_wait(current) or _may_wait(new):
        found.extend(compared(beside, StagePair(None, None)))
    for pair in stages:
        if pair.old is not None and pair.new is not None:
            progress(f"stage {pair.new}")
            found.extend(compared(beside, pair))
    where = Where(beside)
    changes, alike, undecided = _judged(
        beside, Patients(beside, versions) if patients else None, where, found, progress
    )
    progress("histories")
    partings = tuple(_partings(versions, changes))
    progress("tonight")
    moved = tonight(beside, versions, old, renames, changes)
    how: Literal["proved", "differs"] = "differs" if changes or undecided or treats else "proved"
    return Difference(
        _version(old), _version(new), how, renames, stages,
        changes, alike, undecided, told, partings, moved,
    ), where  # fmt: skip


def _version(artifact: m.Artifact) -> Version:
    return Version(
        artifact.name, artifact.title, artifact.version, artifact.status, artifact.meaning, artifact.seal,
        artifact.certificate.state,
    )  # fmt: skip


def _pairs(old: m.Artifact, new: m.Artifact) -> tuple[StagePair, ...]:
    """In the order of the new version; what is gone comes last."""
    before = [stage.name for stage in old.stages]
    after = [stage.name for stage in new.stages]
    pairs = [StagePair(name if name in before else None, name) for name in after]
    return (*pairs, *(StagePair(name, None) for name in before if name not in after))


def _behaviour(artifact: m.Artifact) -> str:
    """Everything that a decision can come from, as one text, whatever it is called and in which order it
    stands.
    """
    from rung_lang.diff.behaviour import behaviour

    return behaviour(artifact)


def _judged(
    beside: Beside,
    patients: Patients | None,
    where: Where,
    found: Sequence[Compared],
    progress: Progress,
) -> tuple[tuple[Change, ...], tuple[Alike, ...], tuple[Open, ...]]:
    """What weighs most first: moves, then drugs, then the rest; each numbered."""
    changes: list[Change] = []
    alike: list[Alike] = []
    undecided: list[Open] = []
    for one in sorted(found, key=_rank):
        if one.pieces:
            progress(f"{one.stages.new or 'begin'}: {' '.join(one.subject)}")
        places: list[Place] = []
        match judged(beside, one, str(len(changes) + 1), patients, places):
            case Change() as change:
                name = _join(changes, change)
                where.places.extend(replace(at, name=f"{name}.{at.name.partition('.')[2]}") for at in places)
            case Alike() as same:
                alike.append(same)
            case Open() as left:
                undecided.append(left)
    return tuple(changes), tuple(alike), tuple(undecided)


FIRST = ("applies", "begin", "finish", "go")
LAST = ("do", "end", "measure", "classify", "notify")


def _rank(found: Compared) -> int:
    op = found.subject[0]
    return FIRST.index(op) if op in FIRST else 20 + LAST.index(op) if op in LAST else 10


def _may_wait(artifact: m.Artifact) -> bool:
    """A session may have no stage yet: where it begins is not known."""
    return all(stage.initial is None or stage.initial_if is not None for stage in artifact.stages) or any(
        stage.initial_if is not None for stage in artifact.stages
    )


def _join(changes: list[Change], change: Change) -> str:
    """What is just so in another stage is one change, whose name is told."""
    for place, known in enumerate(changes):
        if known.subject == change.subject and _said(known) == _said(change):
            changes[place] = replace(known, also=(*known.also, change.stages))
            return known.name
    changes.append(change)
    return change.name


def _said(change: Change) -> object:
    regions = tuple((one.cube, one.classes, one.old, one.new) for one in change.regions)
    return regions, change.rules_old, change.rules_new, change.whole


def _partings(versions: Versions, changes: Iterable[Change]) -> Iterable[Parting]:
    """Of each change, the shortest history found on which it begins."""
    known: dict[tuple[object, ...], tuple[Again, ...]] = {}
    for change in changes:
        shown = [(one.patient, one.name) for one in change.regions if one.patient is not None]
        if not shown:
            continue
        patient, region = min(shown, key=lambda one: (_instants(one[0]), one[1]))
        chart = (patient.settings, patient.events, patient.time)
        if chart not in known:
            known[chart] = again(versions.under(patient.settings), patient)
        yield Parting(change.name, region, patient, _instants(patient), known[chart])


def _instants(patient: Patient) -> int:
    return len({event.time for event in patient.events})
