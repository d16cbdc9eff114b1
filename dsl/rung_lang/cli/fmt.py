"""`rung fmt`."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import click

from rung_lang.cli.exits import CLEAN, FINDINGS
from rung_lang.cli.files import read_bytes, write_bytes
from rung_lang.cli.show import show_problems, texts
from rung_lang.source import Unreadable, decode


@click.command("fmt")
@click.argument("paths", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file would change, and show how.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], check: bool, form: str) -> None:
    """Lay protocols out in the one canonical form.

    PATHS are .rung files or folders. Comments are kept and the meaning never changes; a file with a syntax
    error is left as it is.

    \b
    rung fmt protocols/           rewrite what is not canonical
    rung fmt --check protocols/   only say what would change (for CI)
    """
    from rung_lang.syntax.format import format_file
    from rung_lang.syntax.parse import parse

    code = CLEAN
    report = []
    for path in texts(paths, bundles=True):
        data = read_bytes(path)
        source = decode(path, data)
        if isinstance(source, Unreadable):
            show_problems(path, source, form)
            code = FINDINGS
            report.append({"file": path, "state": "unreadable"})
            continue
        parsed = parse(source)
        if any(problem.level == "error" for problem in parsed.problems):
            show_problems(path, source, form, parsed.problems)
            code = FINDINGS
            report.append({"file": path, "state": "error"})
            continue
        text = format_file(source, parsed.file)
        if text.encode("utf-8") == data:
            report.append({"file": path, "state": "canonical"})
            continue
        report.append({"file": path, "state": "would change" if check else "changed"})
        if check:
            code = FINDINGS
            if form == "text":
                old, new = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
                click.echo("".join(difflib.unified_diff(old, new, path, f"{path} (canonical)")), nl=False)
        else:
            write_bytes(path, text.encode("utf-8"))
            if form == "text":
                click.echo(f"laid out {Path(path)}")
    if form == "json":
        click.echo(json.dumps({"files": report}, indent=2))
    if code != CLEAN and check and form == "text":
        click.echo("Not canonical. `rung fmt` without --check rewrites these files.", err=True)
    ctx.exit(code)
