"""`rung graph`."""

from __future__ import annotations

import json

import click

from rung_lang.cli.files import write_bytes
from rung_lang.cli.load import artifact_of


@click.command("graph")
@click.argument("path")
@click.option(
    "--as",
    "kind",
    type=click.Choice(["svg", "dot", "mermaid"]),
    help="What to draw; by default from the name given with -o, else SVG.",
)
@click.option("-o", "--output", help="Where to write; by default standard output.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(path: str, kind: str | None, output: str | None, form: str) -> None:
    """Draw the decision graph of a protocol: stages, rules and the ways between them.

    \b
    rung graph protocols/septic_shock.rung -o ladder.svg
    rung graph protocols/septic_shock.rung --as mermaid
    """
    from rung_lang.report.graph import to_dot, to_mermaid, to_svg

    if kind is None:
        ending = (output or "").rpartition(".")[2]
        kind = {"dot": "dot", "gv": "dot", "mmd": "mermaid", "mermaid": "mermaid"}.get(ending, "svg")
    artifact = artifact_of(path)
    if form == "json":
        text = json.dumps(artifact.graph.model_dump(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    else:
        text = {"svg": to_svg, "dot": to_dot, "mermaid": to_mermaid}[kind](artifact)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_bytes(output, text.encode("utf-8"))
