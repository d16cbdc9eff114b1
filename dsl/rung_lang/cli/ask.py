"""`rung ask`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rung_lang.cli.exits import CLEAN, FINDINGS, Refusal

if TYPE_CHECKING:
    from rung_engine.artifact import model as m
    from rung_lang.asked.answers import Answer
    from rung_lang.driver import Compiled

NOT_COVERED = "Not covered: these protocols do not answer that, and I do not guess."


@click.command("ask")
@click.argument("question")
@click.argument("paths", nargs=-1)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(ctx: click.Context, question: str, paths: tuple[str, ...], form: str) -> None:
    """Answer a question by proof: yes, no or when, with the patient, the rules, clauses and sources.

    PATHS are protocols or folders; without any, the protocols that come with Rung. I know the questions that
    protocols declare, however they are worded, and these patterns, where D and E are drugs:

    \b
      when is D added | started | stopped | lowered
      dose of D [in STAGE]
      is D needed while E running
      may D be given while CONDITION
      what happens if FACTS            facts as an example writes them
      why D
      options of CLASS

    What is not covered is said to be not covered, with exit code 1.

    \b
    rung ask "when is vasopressin added?"
    rung ask "what happens if age 60 years, shock septic, MAP 58" protocols/septic_shock.rung
    """
    from rung_lang.asked.forms import form_of
    from rung_lang.asked.vocabulary import vocabulary
    from rung_lang.cli.asking import answer_of
    from rung_lang.report.asked import data, lines

    found: list[tuple[Answer, m.Artifact]] = []
    near: list[str] = []
    for result in _protocols(paths):
        assert result.artifact is not None
        asked = form_of(question, result.artifact, vocabulary(result.artifact))
        near += [one.text for one in result.artifact.questions]
        answer = None if asked is None else answer_of(asked, result)
        if answer is not None:
            found.append((answer, result.artifact))
    if form == "json":
        click.echo(json.dumps(data(question, found), indent=2, ensure_ascii=False))
    elif found:
        click.echo("\n".join(lines(question, found)))
    else:
        click.echo("\n".join(_not_covered(question, near)))
    ctx.exit(CLEAN if found else FINDINGS)


def _protocols(paths: Sequence[str]) -> list[Compiled]:
    from rung_lang.cli.load import compiled, text_of
    from rung_lang.cli.show import texts

    named = texts(paths or (str(shipped()),))
    out = []
    for path in named:
        if not path.endswith(".rung"):
            continue
        result = compiled(path)
        heads = [file.head for file in result.files if file.head is not None and file.path == path]
        if heads and heads[0].kind == "formulary":
            continue
        out.append(result if result.artifact is not None else text_of(path))
    if not out:
        raise Refusal(
            "C107", f"There is no protocol in {', '.join(named)}.", "Name a protocol to ask.", FINDINGS
        )
    return out


def shipped() -> Path:
    """The protocols that come with Rung: beside the package where installed, in the project where not."""
    inside = Path(__file__).resolve().parents[1] / "protocols"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[3] / "protocols"


def _not_covered(question: str, near: Sequence[str]) -> list[str]:
    import textwrap

    from rung_lang.asked.vocabulary import content
    from rung_lang.report.text import WIDTH, safe

    asked = content(question, {})
    alike = sorted(dict.fromkeys(near), key=lambda one: (-len(asked & content(one, {})), one))
    shown = [one for one in alike if asked & content(one, {})][:3]
    out = [*textwrap.wrap(safe(f"Question: {question}"), WIDTH), "", NOT_COVERED]
    if shown:
        out += ["", "Declared questions with words in common:"]
        for one in shown:
            out += textwrap.wrap(safe(one), WIDTH, initial_indent="  ", subsequent_indent="    ")
    return out
