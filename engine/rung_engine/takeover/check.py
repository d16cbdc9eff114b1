"""Why a version cannot take a session over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.program import Program
from rung_engine.takeover.landing import landings

Kind = Literal["untold", "input", "early", "events"]


class TakeoverProblem(ValueError):  # noqa: N818 - a problem is the house's word for a finding
    """The session goes on as it was.

    `untold`: `names` are stages of the old version for which the new one's author must say where a session
    goes on. `input`: inputs that are something else in the new version. `early`: not later than the takeover
    before, or older than the late window. `events`: ids of events that the session was told and that were
    not given now.
    """

    def __init__(self, kind: Kind, names: tuple[str, ...] = ()) -> None:
        super().__init__(f"{kind}: {', '.join(names)}" if names else kind)
        self.kind = kind
        self.names = names


def check(old: m.Artifact, new: m.Artifact) -> None:
    """Raises `TakeoverProblem` where no session of the old version can go on in the new one."""
    untold = tuple(landing.stage for landing in landings(old, new) if landing.how == "untold")
    if untold:
        raise TakeoverProblem("untold", untold)
    others = tuple(
        name
        for name, decl in sorted(new.inputs.items())
        if name in old.inputs and _kind(old, old.inputs[name]) != _kind(new, decl)
    )
    if others:
        raise TakeoverProblem("input", others)


def _kind(artifact: m.Artifact, decl: m.InputDecl) -> object:
    """What sort of thing is charted, and the dimensions of a measured one."""
    return decl.kind, None if decl.unit is None else sorted(artifact.units[decl.unit].dims.items())


def successor(
    old: Program,
    artifact: m.Artifact,
    settings: Mapping[str, m.Number | str] | None = None,
    *,
    unverified: bool = False,
) -> Program:
    """The new version ready to take over, with the site's settings of the same name unless others are given.

    Raises `SettingProblem` where a setting has no value or the old one is not allowed, `CertificateProblem`
    where the artifact is not proved, `TakeoverProblem` where no session can go on in it.
    """
    kept = {name: value for name, value in old.site_settings.items() if name in artifact.settings}
    check(old.artifact, artifact)
    return Program(artifact, {**kept, **(settings or {})}, unverified=unverified)
