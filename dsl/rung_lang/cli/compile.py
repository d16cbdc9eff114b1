"""`rung compile`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rung_lang.cli.files import write_bytes
from rung_lang.cli.load import artifact_of
from rung_lang.report.decisions import UNPROVED, counted


@click.command("compile")
@click.argument("path")
@click.option("-o", "--output", help="Where to write; by default beside the text, as .rungc.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(path: str, output: str | None, form: str) -> None:
    """Turn a protocol into an artifact that engines execute.

    The artifact is canonical JSON, named by the hash of its meaning: two texts that mean the same have the
    same hash, whatever their layout.
    """
    from rung_engine.artifact.certificate import refusal
    from rung_engine.artifact.seal import to_bytes

    artifact = artifact_of(path)
    problem = refusal(artifact)
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
                },
                indent=2,
            )
        )
        return
    click.echo(f"{artifact.name} {artifact.version} -> {target}")
    click.echo(f"  meaning      {artifact.meaning}")
    click.echo(f"  rules        {len(artifact.rules)} in {counted(len(artifact.stages), 'stage')}")
    proof = "proved" if problem is None else f"{UNPROVED[problem.state]}: an engine will refuse it"
    click.echo(f"  certificate  {proof}")
