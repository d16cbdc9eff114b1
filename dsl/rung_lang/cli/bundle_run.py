"""`rung run` of a bundle: one stay, every protocol on it, one timeline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from rung_engine.decision.model import to_json
from rung_engine.session.replay import Replay
from rung_engine.together.run import play
from rung_lang.cli.bundle import bundle_of
from rung_lang.cli.exits import FINDINGS, USAGE, Refusal
from rung_lang.cli.load import executable_of
from rung_lang.cli.show import coloured
from rung_lang.report.decisions import UNPROVED, counted

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact
    from rung_engine.program import Program
    from rung_engine.sources.stay import Stay
    from rung_engine.sources.tidy import Cohort
    from rung_engine.together.model import Moment
    from rung_lang.bundle import Bundle


def only_a_stay(stay_id: str | None, why_rule: str | None) -> str:
    """What is asked of a bundle, so far, is one stay's timeline."""
    if stay_id is None or why_rule is not None:
        what = "a summary of all stays" if stay_id is None else "--why"
        raise Refusal(
            "C131",
            f"A bundle has no {what}.",
            "Ask for the timeline of one stay with --stay ID, or name one of its protocols.",
            USAGE,
        )
    return stay_id


def artifacts_of(path: str, *, unverified: bool) -> tuple[Artifact, ...]:
    """Its members, proved or wanted all the same. Findings of the bundle are printed and end the command."""
    bundle = bundle_of(path)
    _refuse_errors(path, bundle)
    return tuple(executable_of(member.path, unverified=unverified) for member in bundle.members)


def _refuse_errors(path: str, bundle: Bundle) -> None:
    from rung_lang.report.text import render
    from rung_lang.report.words import message

    if bundle.is_whole:
        return
    for problem in (*bundle.problems, *(one for item in bundle.members for one in item.compiled.problems)):
        if problem.level == "error":
            click.echo(render(message(problem), bundle.sources, colour=coloured()), err=True)
    raise Refusal(
        "C106",
        f"{path} has mistakes, so there is nothing to execute.",
        f"`rung check {path}` shows them all.",
        FINDINGS,
    )


def chosen_for(
    artifact: Artifact, artifacts: tuple[Artifact, ...], chosen: tuple[str, ...]
) -> tuple[str, ...]:
    """The settings given on the command line that this protocol has, and those that none of them has."""
    found = []
    for text in chosen:
        name = text.partition("=")[0].strip()
        if name in artifact.settings or not any(name in one.settings for one in artifacts):
            found.append(text)
    return tuple(found)


def show(
    path: str,
    programs: tuple[Program, ...],
    cohorts: tuple[Cohort, ...],
    stay_id: str,
    form: str,
    refused: bool,
) -> None:
    """The timeline of one stay."""
    stays = tuple(cohort.stay(stay_id) for cohort in cohorts)
    players = [
        Replay(program, stay.events, needs=True, silence_is_off=cohort.silence == "off")
        for program, stay, cohort in zip(programs, stays, cohorts, strict=True)
    ]
    until = max((event.time for stay in stays for event in stay.events), default=0)
    moments = play(players, until)
    if form == "json":
        click.echo(_data(path, programs, stay_id, moments))
        return
    click.echo("\n".join(_lines(path, programs, cohorts[0], stays, stay_id, moments, refused)))


def _data(path: str, programs: tuple[Program, ...], stay_id: str, moments: list[Moment]) -> str:
    data = {
        "stay": stay_id,
        "bundle": path,
        "protocols": [
            {"name": one.artifact.name, "meaning": one.artifact.meaning, "unproved": one.unproved}
            for one in programs
        ],
        "moments": [to_json(moment) for moment in moments],
    }
    return json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True)


def _lines(
    path: str,
    programs: tuple[Program, ...],
    cohort: Cohort,
    stays: tuple[Stay, ...],
    stay_id: str,
    moments: list[Moment],
    refused: bool,
) -> list[str]:
    from rung_lang.report.bundle import timeline

    artifacts = {program.artifact.name: program.artifact for program in programs}
    out = [path]
    for program in programs:
        proof = "proved" if program.unproved is None else f"{UNPROVED[program.unproved]}, run all the same"
        out.append(f"{program.artifact.name} {program.artifact.version}  {proof}")
    out.append(f"data {cohort.folder.name}, read as {cohort.mapping.name}")
    out.append(f"stay {stay_id}: {counted(len(moments), 'decision')} together")
    out.append("")
    before: Moment | None = None
    for moment in moments:
        told = timeline(moment, artifacts, before)
        if told:
            out.append(told)
        before = moment
    words = dict.fromkeys(refusal.words for stay in stays for refusal in stay.refusals)
    if refused:
        out.extend(words)
    elif words:
        out.append(f"{counted(len(words), 'row')} refused; --refused lists every one.")
    return out
