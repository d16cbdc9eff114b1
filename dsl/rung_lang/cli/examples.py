"""`rung examples`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rung_lang.cli.exits import CLEAN, FINDINGS, Refusal
from rung_lang.cli.files import write_bytes
from rung_lang.cli.load import compiled

if TYPE_CHECKING:
    from rung_lang.driver import Compiled
    from rung_lang.verify.strength.suggest import Suggestion


@click.command("examples")
@click.argument("path")
@click.option("--suggest", is_flag=True, help="Find a patient for each gap and write the missing examples.")
@click.option("-o", "--output", metavar="FILE", help="Write the suggested examples to FILE.")
@click.pass_context
def command(ctx: click.Context, path: str, suggest: bool, output: str | None) -> None:
    """Show which rules, and which conditions of each rule, the examples exercise.

    Exits with 1 where a rule or a condition that can matter is not exercised.

    \b
    rung examples protocols/septic_shock.rung
    rung examples protocols/septic_shock.rung --suggest -o more.rung
    """
    from rung_lang.report.coverage import table
    from rung_lang.verify.context import Context
    from rung_lang.verify.reach.reach import Reach
    from rung_lang.verify.strength.coverage import Tally
    from rung_lang.verify.strength.suggest import Missing

    result = compiled(path)
    if result.artifact is None:
        raise Refusal(
            "C106",
            f"{path} has mistakes, or is a formulary.",
            f"`rung check {path}` shows them all.",
            FINDINGS,
        )
    from rung_lang.examples import run_examples

    tally = Tally(result.artifact)
    for _ in run_examples(result.artifact, result.examples, watch=tally.see):
        pass
    context = Context(result.artifact)
    context.reach = Reach(context)
    missing = Missing(context)
    coverage = tally.coverage(missing.can_flip)
    if not suggest:
        click.echo(table(coverage), nl=False)
        ctx.exit(CLEAN if coverage.complete else FINDINGS)
    found = list(missing.suggestions(coverage))
    text = "\n".join(_block(result, one) for one in found)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_bytes(output, text.encode())
    gaps = sum(not rule.exercised for rule in coverage.rules) + sum(
        (leaf.while_true == "missing") + (leaf.while_false == "missing")
        for rule in coverage.rules
        for leaf in rule.gaps
    )
    click.echo(f"{len(found)} of {gaps} gaps have a patient.", err=True)
    ctx.exit(CLEAN if len(found) == gaps else FINDINGS)


def _block(result: Compiled, one: Suggestion) -> str:
    from rung_lang.report.paste import Unwritable, as_example

    assert result.artifact is not None
    name = one.rule.rpartition(".")[2]
    title = (
        f"{name} fires" if one.leaf is None else f"{name}: {one.leaf} is {'true' if one.value else 'false'}"
    )
    witness = one.witness
    try:
        return as_example(
            result.artifact, dict(witness.settings), witness.events, (*witness.also, witness.time), title
        )
    except Unwritable as problem:
        return f"# {title}: this patient cannot be told in an example: {problem.reason}.\n"
