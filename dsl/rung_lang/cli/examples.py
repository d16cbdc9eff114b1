"""`rung examples`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from rung_lang.cli.exits import CLEAN, FINDINGS, Refusal
from rung_lang.cli.files import write_bytes
from rung_lang.cli.load import compiled
from rung_lang.cli.show import progress
from rung_lang.report.decisions import counted

if TYPE_CHECKING:
    from rung_lang.driver import Compiled
    from rung_lang.verify.strength.coverage import Gap
    from rung_lang.verify.strength.suggest import Suggestion


@click.command("examples")
@click.argument("path")
@click.option("--suggest", is_flag=True, help="Find a patient for each gap and write the missing examples.")
@click.option("-o", "--output", metavar="FILE", help="Write the suggested examples to FILE.")
@click.pass_context
def command(ctx: click.Context, path: str, suggest: bool, output: str | None) -> None:
    """Show which rules, and which conditions of each rule, the examples exercise.

    A rule or a condition that no example exercises is a gap. A condition that is proved to make no
    difference to any patient needs no example. With --suggest a patient is found for each gap, and written
    as an example of what the protocol does now: read it, and change it to what it should do.

    Exits with 1 where there is a gap; with --suggest, where one is left without a patient.

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
    written = _Written(result)
    with progress("gaps", len(coverage.gaps)) as step:
        for one in missing.suggestions(coverage):
            written.add(one)
            for _ in one.closes:
                step()
    text = "\n".join(written.blocks)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_bytes(output, text.encode())
    gaps = len(coverage.gaps)
    click.echo(f"{written.closed} of {counted(gaps, 'gap')} {_have(gaps)} a patient.", err=True)
    ctx.exit(CLEAN if written.closed == gaps else FINDINGS)


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


class _Written:
    """The blocks so far, each under a title that no other example has."""

    def __init__(self, result: Compiled) -> None:
        assert result.artifact is not None
        self._artifact = result.artifact
        self._tails = Counter(rule.id.rpartition(".")[2] for rule in result.artifact.rules)
        self._titles = {example.title for example in result.examples}
        self.blocks: list[str] = []
        self.closed = 0
        """How many gaps have a patient."""

    def add(self, one: Suggestion) -> None:
        """A block, or a comment that says why there can be none."""
        from rung_lang.report.paste import Unwritable, as_example

        title, witness = self._title(one.closes[0]), one.witness
        self.closed += len(one.closes)
        try:
            block = as_example(
                self._artifact, dict(witness.settings), witness.events, (*witness.also, witness.time), title
            )
        except Unwritable as problem:
            self.blocks.append(f"# {title}: this patient cannot be told in an example: {problem.reason}.\n")
            return
        also = [f"# also: {self._name(gap)}\n" for gap in one.closes[1:]]
        self.blocks.append("".join([*also, block]))

    def _title(self, gap: Gap) -> str:
        name = self._name(gap)
        title, place = name, 1
        while title in self._titles:
            place += 1
            title = f"{name} ({place})"
        self._titles.add(title)
        return title

    def _name(self, gap: Gap) -> str:
        """The stage is said where rules of several stages have the name."""
        tail = gap.rule.rpartition(".")[2]
        rule = tail if self._tails[tail] == 1 else gap.rule
        return (
            f"{rule} fires"
            if gap.leaf is None
            else f"{rule}: {gap.words} is {'true' if gap.value else 'false'}"
        )
