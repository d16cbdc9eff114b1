"""`rung compile`."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rung_lang.cli.exits import CLEAN, FINDINGS
from rung_lang.cli.files import write_bytes
from rung_lang.cli.load import artifact_of, is_text, text_of
from rung_lang.report.decisions import UNPROVED, counted

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact


@click.command("compile")
@click.argument("path")
@click.option("-o", "--output", help="Where to write; by default beside the text, as .rungc.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(ctx: click.Context, path: str, output: str | None, form: str) -> None:
    """Prove a protocol and turn it into an artifact that engines execute.

    The artifact is canonical JSON, named by the hash of its meaning: two texts that mean the same have the
    same hash, whatever their layout. It holds a certificate: what was proved, with evidence that
    `rung verify` judges anew. Where the proof fails the artifact says so, and engines refuse it.
    """
    from rung_engine.artifact.certificate import refusal
    from rung_engine.artifact.seal import to_bytes

    artifact = _certified(path) if is_text(path) else artifact_of(path)
    problem = refusal(artifact)
    code = FINDINGS if is_text(path) and problem is not None else CLEAN
    verdicts = Counter(one.verdict for one in artifact.certificate.obligations)
    target = output or str(Path(path).with_suffix(".rungc"))
    write_bytes(target, to_bytes(artifact))
    if form == "json":
        click.echo(
            json.dumps(
                {
                    "artifact": target,
                    "protocol": artifact.name,
                    "version": artifact.version,
                    "meaning": artifact.meaning,
                    "certificate": artifact.certificate.state,
                    "unproved": problem.state if problem is not None else None,
                    "questions": {word: verdicts[word] for word in ("proved", "refuted", "undecided")},
                },
                indent=2,
            )
        )
        ctx.exit(code)
    click.echo(f"{artifact.name} {artifact.version} -> {target}")
    click.echo(f"  meaning      {artifact.meaning}")
    click.echo(f"  rules        {len(artifact.rules)} in {counted(len(artifact.stages), 'stage')}")
    proof = "proved" if problem is None else f"{UNPROVED[problem.state]}: an engine will refuse it"
    click.echo(f"  certificate  {proof}")
    if code != CLEAN:
        click.echo(f"               `rung check {path}` says why")
    ctx.exit(code)


def _certified(path: str) -> Artifact:
    from rung_lang.cli.proving import certified

    return certified(text_of(path))[1]
