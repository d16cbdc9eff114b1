"""`rung check`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from rung_lang.cli.checked import Checked, beside, check
from rung_lang.cli.exits import CLEAN, FINDINGS
from rung_lang.cli.files import write_bytes
from rung_lang.cli.show import coloured, texts
from rung_lang.report.decisions import counted
from rung_lang.report.text import WIDTH, render, safe

if TYPE_CHECKING:
    from rung_lang.verify.strength.mutants import Mutant

MOST_LISTED = 12
"""Rules without an example that are named one by one."""

NOT_PROVED = "Nothing was proved: a text with errors is not examined further."


@click.command("check")
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "junit"]),
    default="text",
    show_default=True,
)
@click.option("--proofs", is_flag=True, help="List every kind of question with its verdicts.")
@click.option("--notes", is_flag=True, help="Show notes too: answers, silent regions, hinges.")
@click.option(
    "--mutants", is_flag=True, help="List the small changes of the protocol that nothing stated notices."
)
@click.option("--write-examples", metavar="FILE", help="Write the patients found as examples to paste.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    form: str,
    proofs: bool,
    notes: bool,
    mutants: bool,
    write_examples: str | None,
) -> None:
    """Find mistakes in protocols, run their examples, show what the examples cover.

    PATHS are .rung files or folders. All problems are reported at once; `rung explain CODE` says more.
    Protocols named together are also proved never to order against each other on one patient.

    \b
    rung check protocols/septic_shock.rung
    rung check protocols/ --format sarif
    """
    checked = [check(path) for path in texts(paths)]
    if sum(item.report is not None for item in checked) > 1:
        checked = beside(checked)
    code = FINDINGS if any(item.fails for item in checked) else CLEAN
    if form == "text":
        for item in checked:
            _print(item, proofs=proofs, notes=notes)
            if mutants and item.report is not None:
                _print_mutants(item)
        if any(item.report is None and not item.is_formulary for item in checked):
            click.echo(NOT_PROVED)
    else:
        click.echo(_for_a_program(checked, form, code), nl=False)
    if write_examples is not None:
        _write_examples(write_examples, checked)
    ctx.exit(code)


def _for_a_program(checked: Sequence[Checked], form: str, code: int) -> str:
    from rung_lang.cli.check_forms import as_json, as_junit, as_sarif

    match form:
        case "json":
            return as_json(checked)
        case "sarif":
            return as_sarif(checked, code)
        case _:
            return as_junit(checked)


# ---------------------------------------------------------------- for the terminal


def _print(item: Checked, *, proofs: bool, notes: bool) -> None:
    for one in item.all_findings:
        if one.message.level == "information" and not notes:
            continue
        click.echo(render(one.message, item.compiled.sources, colour=coloured()))
        if one.below:
            click.echo(one.below + "\n")
    for line in _summary(item):
        click.echo(line)
    for line in _about_the_proof(item, proofs=proofs):
        click.echo(safe(line))
    if not notes and item.count("information"):
        click.echo(f"  {counted(item.count('information'), 'note')}: --notes shows them")
    for rule in item.uncovered[:MOST_LISTED]:
        click.echo(f"  no example exercises {rule}")
    if len(item.uncovered) > MOST_LISTED:
        click.echo(f"  nor {len(item.uncovered) - MOST_LISTED} more; --format json lists all")


def _summary(item: Checked) -> list[str]:
    """The line of the file: what was found, or what was proved."""
    errors, warnings = item.count("error"), item.count("warning")
    counts: list[str] = []
    if item.compiled.artifact is not None:
        counts.append(f"{item.held} of {len(item.examples)} examples hold")
        counts.append(f"{item.rules - len(item.uncovered)} of {item.rules} rules exercised")
    if item.report is None:
        parts = [counted(errors, "error") if errors else "no errors"]
        if warnings:
            parts.append(counted(warnings, "warning"))
        return [f"{item.path}: {', '.join([*parts, *counts])}"]
    from rung_lang.report.proof import standing

    said = ", ".join([standing(item.report, errors, warnings), *counts])
    return textwrap.wrap(
        f"{item.path}: {said}.",
        WIDTH,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _about_the_proof(item: Checked, *, proofs: bool) -> Iterator[str]:
    if item.report is None:
        return
    from rung_lang.report.proof import remarks, table

    if proofs:
        from rung_lang.cli.explain import titles

        yield from table(item.report, titles())
    else:
        yield from remarks(item.report)


# ---------------------------------------------------------------- mutants


def _print_mutants(item: Checked) -> None:
    """The changes that no property, no other question and no example notices."""
    from rung_lang.cli.show import progress
    from rung_lang.report.mutants import lines
    from rung_lang.verify.strength.strength import count_of, tried

    artifact, report = item.compiled.artifact, item.report
    assert artifact is not None and report is not None
    main = item.compiled.files[-1].path
    found: list[tuple[Mutant, bool]] = []
    with progress("mutants", count_of(artifact)) as step:
        for one in tried(artifact, item.compiled.sources, main, item.compiled.examples, report):
            found.append(one)
            step()
    for line in lines(found):
        click.echo(safe(line))


# ---------------------------------------------------------------- examples to paste


def _write_examples(path: str, checked: Iterable[Checked]) -> None:
    """Each patient once, under a comment that says where the finding is."""
    from rung_lang.report.paste import Unwritable
    from rung_lang.report.witness import example

    blocks: dict[str, str] = {}
    for item in checked:
        for one in item.all_findings:
            if one.witness is None or item.compiled.artifact is None:
                continue
            code, span = one.message.code, one.message.span
            try:
                block = example(item.compiled.artifact, one.witness, one.message)
            except Unwritable as problem:
                click.echo(f"The patient of {code} cannot be told in an example: {problem.reason}.", err=True)
                continue
            line, _ = item.compiled.sources[span.path].line_and_column(span.start)
            blocks.setdefault(block, f"# {code}, {safe(span.path)}:{line}\n{block}")
    if not blocks:
        click.echo(f"No finding has a patient to write, so I leave {path} as it is.", err=True)
        return
    write_bytes(path, "\n".join(blocks.values()).encode("utf-8"))
    click.echo(f"{counted(len(blocks), 'example')} written to {path}.", err=True)
