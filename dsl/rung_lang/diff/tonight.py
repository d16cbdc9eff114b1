"""The patients who are on the old version when the new one takes over: where they land, and what changes at
once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.takeover.landing import Landing, landings
from rung_lang.diff.changes import judged
from rung_lang.diff.model import Change, Open, Renamed, StagePair, Stop, Tonight
from rung_lang.diff.pieces import Beside, compared
from rung_lang.diff.played import Versions

ACTS = frozenset(
    {
        "start",
        "add",
        "set",
        "increase",
        "decrease",
        "taper",
        "continue",
        "pause",
        "stop",
        "give",
        "avoid",
        "go",
        "finish",
    }
)
"""What a stage does to a patient; what it measures and whom it tells is not listed where patients change
stage.
"""

HOW: Mapping[str, Literal["same", "migrate", "history", "open"]] = {
    "same_name": "same", "migrate": "migrate", "by_history": "history", "untold": "open",
}  # fmt: skip


def tonight(
    beside: Beside | None,
    versions: Versions,
    old: m.Artifact,
    renames: Sequence[Renamed],
    changes: Sequence[Change],
) -> tuple[Tonight, ...]:
    """One entry for each stage of the old version, in its order. `beside` None: nothing differs."""
    new = versions.new
    names = {one.old: one.new for one in renames if one.kind == "stage"}
    found = {one.stage: one for one in landings(old, new)}
    return tuple(_landed(beside, versions, found[stage.name], names, changes) for stage in old.stages)


def _landed(
    beside: Beside | None,
    versions: Versions,
    landing: Landing,
    names: Mapping[str, str],
    changes: Sequence[Change],
) -> Tonight:
    stage, how = names.get(landing.stage, landing.stage), HOW[landing.how]
    if beside is None or landing.to is None:
        return Tonight(landing.stage, landing.to, how, landing.because, (), ())
    pair = StagePair(stage, landing.to)
    if stage == landing.to:
        own = tuple(one for one in changes if pair in (one.stages, *one.also))
        undecided: tuple[Open, ...] = ()
    else:
        found = [
            judged(beside, one, f"{stage}:{place + 1}", None)
            for place, one in enumerate(compared(beside, pair))
            if one.pieces and one.subject[0] in ACTS
        ]
        own = tuple(one for one in found if isinstance(one, Change))
        undecided = tuple(one for one in found if isinstance(one, Open))
    stops = tuple(_stops(versions.new, own))
    return Tonight(landing.stage, landing.to, how, landing.because, own, stops, undecided)


def _stops(new: m.Artifact, changes: Sequence[Change]) -> Iterator[Stop]:
    """An infusion that runs, and that the new version alone stops or pauses for somebody in the stage."""
    for change in changes:
        op, target = change.subject
        if op not in ("stop", "pause") or new.drugs[target].form != "infusion":
            continue
        for region in change.regions:
            if region.new and not region.old:
                yield Stop(target, op, region.new[0].rule, region.patient)
                break
