"""`rung check`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from rung_lang.cli.exits import CLEAN, FINDINGS
from rung_lang.cli.load import compiled
from rung_lang.cli.show import coloured, texts
from rung_lang.report.decisions import counted
from rung_lang.report.machine import finding
from rung_lang.report.message import Message
from rung_lang.report.text import render

if TYPE_CHECKING:
    from rung_lang.driver import Compiled

MOST_LISTED = 12
"""Rules without an example that are named one by one."""

NOT_PROVED = (
    "Checked, not proved: contradictions between rules, gaps, and limits over whole\n"
    "histories are not yet examined."
)


@dataclass(frozen=True, slots=True)
class _Checked:
    path: str
    compiled: Compiled
    messages: tuple[tuple[Message, str], ...]
    """Each with an explanation tree, or empty."""
    examples: int
    held: int
    rules: int
    uncovered: tuple[str, ...]

    @property
    def errors(self) -> int:
        return sum(message.level == "error" for message, _ in self.messages)


@click.command("check")
@click.argument("paths", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], form: str) -> None:
    """Find mistakes in protocols, run their examples, show what the examples cover.

    PATHS are .rung files or folders. All problems are reported at once; `rung explain CODE` says more.

    \b
    rung check protocols/septic_shock.rung
    rung check protocols/ --format json
    """
    checked = [_check(path) for path in texts(paths)]
    if form == "json":
        click.echo(json.dumps(_data(checked), indent=2, ensure_ascii=False, sort_keys=True))
    else:
        for item in checked:
            _print(item)
        click.echo(NOT_PROVED)
    ctx.exit(FINDINGS if any(item.errors for item in checked) else CLEAN)


def _check(path: str) -> _Checked:
    from rung_lang.report.words import message

    result = compiled(path)
    messages: list[tuple[Message, str]] = [(message(problem), "") for problem in result.problems]
    held = rules = 0
    missing: tuple[str, ...] = ()
    if result.artifact is not None:
        from rung_lang.examples import run_examples, uncovered
        from rung_lang.report.examples import depends_message, failure_message, failure_tree

        results = list(run_examples(result.artifact, result.examples))
        for one in results:
            held += not one.failures
            messages.extend(
                (failure_message(failure, result.artifact, result.sources), failure_tree(failure))
                for failure in one.failures
            )
            if one.depends:
                messages.append((depends_message(one), ""))
        rules = len(result.artifact.rules)
        missing = uncovered(result.artifact, results)
    return _Checked(path, result, tuple(messages), len(result.examples), held, rules, missing)


def _print(item: _Checked) -> None:
    for message, tree in item.messages:
        click.echo(render(message, item.compiled.sources, colour=coloured()))
        if tree:
            click.echo(tree + "\n")
    warnings = sum(message.level == "warning" for message, _ in item.messages)
    parts = [counted(item.errors, "error") if item.errors else "no errors"]
    if warnings:
        parts.append(counted(warnings, "warning"))
    if item.compiled.artifact is not None:
        parts.append(f"{item.held} of {item.examples} examples hold")
        parts.append(f"{item.rules - len(item.uncovered)} of {item.rules} rules exercised")
    click.echo(f"{item.path}: {', '.join(parts)}")
    for rule in item.uncovered[:MOST_LISTED]:
        click.echo(f"  no example exercises {rule}")
    if len(item.uncovered) > MOST_LISTED:
        click.echo(f"  nor {len(item.uncovered) - MOST_LISTED} more; --format json lists all")


def _data(checked: list[_Checked]) -> dict[str, Any]:
    return {
        "proved": False,
        "files": [
            {
                "file": item.path,
                "findings": [finding(message, item.compiled.sources) for message, _ in item.messages],
                "examples": {"total": item.examples, "held": item.held},
                "rules": {"total": item.rules, "not_exercised": list(item.uncovered)},
                "meaning": item.compiled.artifact.meaning if item.compiled.artifact is not None else None,
            }
            for item in checked
        ],
    }
