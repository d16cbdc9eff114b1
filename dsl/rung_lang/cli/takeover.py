"""`rung run NEW --after OLD --at TIME`: one stay on which a newer version takes over."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from rung_engine.exact import parse_decimal
from rung_engine.frozen import frozen
from rung_engine.takeover.check import TakeoverProblem, check
from rung_lang.cli.exits import FINDINGS, USAGE, Refusal
from rung_lang.cli.load import executable_of
from rung_lang.cli.programs import program_of
from rung_lang.report.decisions import clock

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact
    from rung_engine.program import Program
    from rung_engine.session.session import Session
    from rung_engine.sources.stay import Stay
    from rung_engine.sources.tidy import Cohort

_CLOCK = re.compile(r"(-?)([0-9]{1,6})d ([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{3}))?)?")
_LENGTH = re.compile(r"(-?[0-9]{1,12}(?:\.[0-9]{1,6})?) ?(d|h|min|s|ms)")
_MILLIS = {"d": 86_400_000, "h": 3_600_000, "min": 60_000, "s": 1000, "ms": 1}


@frozen
class Older:
    """The version that decides before `at`, in milliseconds, on a stay as both versions read it.

    `chosen` are the settings of the command line that the newer version has.
    """

    program: Program
    at: int
    stay: Stay
    chosen: tuple[str, ...]

    def session(self, program: Program, *, silence_is_off: bool) -> Session:
        """A session that was told nothing yet, of both versions in turn."""
        from rung_engine.session.session import Session
        from rung_engine.takeover.take_over import take_over

        older = Session(self.program, silence_is_off=silence_is_off)
        return take_over(older, program, at=self.at, events=())[0]

    @property
    def words(self) -> str:
        """The line above a timeline."""
        artifact = self.program.artifact
        meaning = f"meaning {artifact.meaning[:16]}"
        return f"{artifact.name} {artifact.version}, {meaning}, until {clock(self.at)}"

    @property
    def data(self) -> dict[str, object]:
        """The same in JSON."""
        artifact = self.program.artifact
        return {"protocol": artifact.name, "meaning": artifact.meaning, "until": self.at}


@frozen
class Until:
    """The version that decides before `at`, in milliseconds."""

    artifact: Artifact
    at: int


def until_of(path: str, time: str, newer_path: str, newer: Artifact, unverified: bool) -> Until:
    """The version at `path`, if the newer one can take over from it. Raises `Refusal`."""
    at = read_time(time)
    artifact = executable_of(path, unverified=unverified)
    _refuse_unless_it_can(artifact, newer, newer_path)
    return Until(artifact, at)


def older_of(
    until: Until,
    newer_path: str,
    newer: Artifact,
    cohort: Cohort,
    stay_id: str,
    chosen: tuple[str, ...],
    unverified: bool,
) -> Older:
    """The older version on a stay of `cohort`, which was read for the newer one. Raises as a run does."""
    from rung_engine.sources.tidy import open_cohort
    from rung_lang.cli.bundle_run import chosen_for

    both = (until.artifact, newer)
    own = open_cohort(cohort.folder, cohort.mapping, until.artifact)
    program = program_of(until.artifact, own.settings, chosen_for(until.artifact, both, chosen), unverified)
    stay = _read_by_both(own.stay(stay_id), cohort.stay(stay_id), newer_path)
    return Older(program, until.at, stay, chosen_for(newer, both, chosen))


def read_time(text: str) -> int:
    """`0d 12:00` as a timeline shows it, or `12 h`, in milliseconds. Raises `Refusal`."""
    shown, length = _CLOCK.fullmatch(text.strip()), _LENGTH.fullmatch(text.strip())
    if shown is not None:
        sign, days, hours, minutes, seconds, part = shown.groups(default="0")
        whole = ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds)
        return (-1 if sign == "-" else 1) * (whole * 1000 + int(part))
    if length is not None:
        exact = parse_decimal(length[1]) * _MILLIS[length[2]]
        if exact.denominator == 1:
            return int(exact)
    raise Refusal(
        "C173",
        f"I cannot read the time {text}.",
        'Write it as a timeline shows it, --at "0d 12:00", or as a time from the start of the stay, '
        '--at "12 h".',
        USAGE,
    )


def _refuse_unless_it_can(old: Artifact, new: Artifact, path: str) -> None:
    """A takeover that the engine would refuse is refused before a row is read."""
    try:
        check(old, new)
    except TakeoverProblem as problem:
        names = ", ".join(problem.names)
        if problem.kind == "untold":
            raise Refusal(
                "C171",
                f"{path} does not say where a patient goes on who stands in {names} of {old.version}.",
                f'Its author must say: migrate {problem.names[0]} to STAGE because "…", '
                f'or migrate {problem.names[0]} by history because "…".',
                FINDINGS,
            ) from None
        raise Refusal(
            "C172",
            f"{names}: something else in {path} than in version {old.version}.",
            "What was charted until now would mean nothing to the new version. Give what is new a new name.",
            FINDINGS,
        ) from None


def _read_by_both(older: Stay, stay: Stay, path: str) -> Stay:
    """The stay with the facts that either version reads. Raises `Refusal` where they read one otherwise."""
    events = {event.id: event for event in older.events}
    for event in stay.events:
        known = events.setdefault(event.id, event)
        if known != event:
            raise Refusal(
                "C172",
                f"The two versions do not read the same in the row {event.id}.",
                f"Their declarations make different facts of it; compare them with those of {path}.",
                FINDINGS,
            )
    told = sorted(events.values(), key=lambda event: (event.time, event.id))
    return replace(stay, events=tuple(told))
