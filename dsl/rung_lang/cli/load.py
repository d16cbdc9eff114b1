"""From a path to an artifact: a text is compiled, an artifact is loaded and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rung_engine.artifact.certificate import refusal
from rung_engine.artifact.load import ArtifactProblem, load
from rung_lang.cli.exits import FINDINGS, UNREADABLE, Refusal
from rung_lang.cli.files import read_bytes, reader
from rung_lang.report.text import render

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact
    from rung_lang.driver import Compiled


def compiled(path: str) -> Compiled:
    """The text at `path`, compiled; the caller looks at its problems."""
    from rung_lang.driver import compile_protocol

    read_bytes(path)  # a missing or unreadable file is refused here, under the name the user gave
    return compile_protocol(path, reader())


def artifact_of(path: str) -> Artifact:
    """An artifact from a text or from a compiled file. Findings are printed and end the command."""
    refuse_bundle(path)
    if is_text(path):
        artifact = text_of(path).artifact
        assert artifact is not None
        return artifact
    try:
        return load(read_bytes(path))
    except ArtifactProblem as problem:
        raise Refusal(problem.code, f"{path}: {problem.reason}", problem.detail, UNREADABLE) from None


def is_text(path: str) -> bool:
    """Not compiled yet."""
    return path.endswith(".rung")


def text_of(path: str) -> Compiled:
    """A text without errors, compiled. Findings are printed and end the command."""
    from rung_lang.report.words import message

    refuse_bundle(path)
    result = compiled(path)
    if result.artifact is None and not any(problem.level == "error" for problem in result.problems):
        raise Refusal(
            "C107",
            f"{path} is a formulary: it declares, and orders nothing.",
            "Name a protocol that uses it.",
            FINDINGS,
        )
    if result.artifact is None:
        from rung_lang.cli.show import coloured

        for problem_ in result.problems:
            if problem_.level == "error":
                click.echo(render(message(problem_), result.sources, colour=coloured()), err=True)
        raise Refusal(
            "C106",
            f"{path} has mistakes, so there is nothing to execute.",
            f"`rung check {path}` shows them all.",
            FINDINGS,
        )
    return result


def refuse_bundle(path: str) -> None:
    """What is about one protocol cannot be about several."""
    if path.endswith(".bundle"):
        raise Refusal(
            "C108",
            f"{path} is a bundle: it names protocols, and is none itself.",
            "Name one of its protocols. `rung check` and `rung run` take a bundle.",
            FINDINGS,
        )


def executable_of(path: str, *, unverified: bool) -> Artifact:
    """An artifact to execute patients with: proved, or wanted all the same. A text is proved here and now."""
    artifact = _proved(text_of(path)) if is_text(path) and not unverified else artifact_of(path)
    problem = refusal(artifact)
    if problem is not None and not unverified:
        raise Refusal(
            problem.code,
            f"{path}: {problem.reason}.",
            "Run `rung check`, or add `--unverified` to run it all the same: every decision will say so.",
            UNREADABLE,
        )
    return artifact


def _proved(result: Compiled) -> Artifact:
    """The artifact with what became of its proof; the evidence is not written down for one run."""
    from rung_engine.artifact.model import Certificate
    from rung_lang.cli.proving import proof

    assert result.artifact is not None
    certificate = Certificate(state=proof(result).state, of=result.artifact.meaning)
    return result.artifact.model_copy(update={"certificate": certificate})
