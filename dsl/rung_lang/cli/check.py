"""`rung check`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from rung_lang.cli.exits import CLEAN, FINDINGS, USAGE, Refusal
from rung_lang.cli.explain import pages
from rung_lang.cli.files import write_bytes
from rung_lang.cli.printed import Before, Printed
from rung_lang.cli.show import coloured, texts

if TYPE_CHECKING:
    from rung_lang.cli.checked import Checked
    from rung_lang.verify.strength.mutants import Mutant

    Tried = Sequence[tuple[Mutant, bool]]

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
@click.option("--proofs", is_flag=True, help="Show a table of all that was asked and how it was answered.")
@click.option("--notes", is_flag=True, help="Show notes too, which ask for no change.")
@click.option(
    "--mutants",
    is_flag=True,
    help="Change one small thing at a time, and list what nothing you stated would notice (takes minutes).",
)
@click.option(
    "--write-examples", metavar="FILE", help="Write the patient of each finding as an example to paste."
)
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
    """Prove protocols, or find what is wrong with them, and run their examples.

    PATHS are .rung and .bundle files or folders. To prove a protocol is to ask of all patients there can
    be: do two rules contradict each other, is a dose above its maximum, is anybody forgotten, does what you
    stated hold? Each answer is a proof, a patient whose chart is shown, or that the question stays open.
    Protocols named together, and those that a bundle runs, are also asked whether they order against each
    other on one patient.
    `rung explain CODE` says more of a finding.

    \b
    rung check protocols/septic_shock.rung
    rung check protocols/ --format sarif
    """
    if mutants and form not in ("text", "json"):
        raise Refusal(
            "C130",
            f"--mutants has no place in {form}.",
            "Ask for the list with --format text or --format json.",
            USAGE,
        )
    named = texts(paths, bundles=True)
    before = None
    if not mutants and write_examples is None:
        said = (*named, "", form, str(proofs), str(notes), str(coloured()))
        before = Before(said, pages().values() if proofs or form == "sarif" else ())
        printed = before.get()
        if printed is not None:
            click.echo(printed.text, nl=False)
            ctx.exit(printed.code)
    from rung_lang.cli.bundle import check_bundle, members_of, with_members
    from rung_lang.cli.checked import beside, check

    files, bundles = with_members(named)
    checked = [check(path) for path in files]
    if sum(item.report is not None for item in checked) > 1:
        checked = beside(checked, [members_of(bundle) for bundle in bundles.values()])
    checked += [check_bundle(path, bundle) for path, bundle in bundles.items()]
    code = FINDINGS if any(item.fails for item in checked) else CLEAN
    out: list[str] = []
    if form == "text":
        for item in checked:
            out += _lines(item, proofs=proofs, notes=notes)
            if mutants and item.report is not None:
                out += _mutants(item)
        if any(item.report is None and not (item.is_formulary or item.is_bundle) for item in checked):
            out.append(NOT_PROVED + "\n")
    else:
        tried = {item.path: _tried(item) for item in checked if mutants and item.report is not None}
        out.append(_for_a_program(checked, form, code, tried))
    click.echo("".join(out), nl=False)
    if before is not None and all(item.is_decided for item in checked):
        sources = {path: source for item in checked for path, source in item.compiled.sources.items()}
        before.put(sources, Printed("".join(out), code))
    if write_examples is not None:
        _write_examples(write_examples, checked)
    ctx.exit(code)


def _for_a_program(checked: Sequence[Checked], form: str, code: int, tried: Mapping[str, Tried]) -> str:
    from rung_lang.cli.check_forms import as_json, as_junit, as_sarif

    match form:
        case "json":
            return as_json(checked, tried)
        case "sarif":
            return as_sarif(checked, code)
        case _:
            return as_junit(checked)


# ---------------------------------------------------------------- for the terminal


def _lines(item: Checked, *, proofs: bool, notes: bool) -> Iterator[str]:
    """What is printed of one file, each piece with its line end."""
    from rung_lang.report.decisions import counted
    from rung_lang.report.text import render, safe

    for one in item.all_findings:
        if one.message.level == "information" and not notes:
            continue
        yield render(one.message, item.compiled.sources, colour=coloured()) + "\n"
        if one.below:
            yield one.below + "\n\n"
    for line in _summary(item):
        yield line + "\n"
    for line in _about_the_proof(item, proofs=proofs):
        yield safe(line) + "\n"
    if not notes and item.count("information"):
        yield f"  {counted(item.count('information'), 'note')}: --notes shows them\n"
    for rule in item.uncovered[:MOST_LISTED]:
        yield f"  no example exercises {rule}\n"
    if len(item.uncovered) > MOST_LISTED:
        yield f"  nor {len(item.uncovered) - MOST_LISTED} more; --format json lists all\n"


def _summary(item: Checked) -> list[str]:
    """The line of the file: what was found, or what was proved."""
    from rung_lang.report.decisions import counted
    from rung_lang.report.text import WIDTH

    errors, warnings = item.count("error"), item.count("warning")
    counts: list[str] = []
    if item.compiled.artifact is not None:
        counts.append(f"{item.held} of {len(item.examples)} examples hold")
        counts.append(f"{item.rules - len(item.uncovered)} of {item.rules} rules exercised")
    if item.is_bundle:
        runs = sum(len(file.head.runs) for file in item.compiled.files if file.head is not None)
        counts.append(f"{counted(runs, 'protocol')} together")
        if not errors or item.examples:
            counts.append(f"{item.held} of {len(item.examples)} examples hold")
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


def _mutants(item: Checked) -> Iterator[str]:
    """The changes that no property, no other question and no example notices, a line each."""
    from rung_lang.report.mutants import lines
    from rung_lang.report.text import safe

    for line in lines(_tried(item)):
        yield safe(line) + "\n"


def _tried(item: Checked) -> Tried:
    """Every mutant of a protocol without mistakes in its text, and whether it is noticed."""
    from rung_lang.cli.show import progress
    from rung_lang.cli.spacer import ask
    from rung_lang.verify.strength.strength import count_of, tried

    artifact, compiled = item.compiled.artifact, item.compiled
    assert artifact is not None
    found: list[tuple[Mutant, bool]] = []
    with progress("mutants", count_of(artifact)) as step:
        for one in tried(artifact, compiled.sources, compiled.files[-1].path, compiled.examples, prover=ask):
            found.append(one)
            step()
    return found


# ---------------------------------------------------------------- examples to paste


def _write_examples(path: str, checked: Iterable[Checked]) -> None:
    """Each patient once, under a comment that says where the finding is."""
    from rung_lang.report.decisions import counted
    from rung_lang.report.paste import Unwritable
    from rung_lang.report.text import safe
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
