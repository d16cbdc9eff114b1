"""`rung explain`."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import click

from rung_lang.cli.exits import UNREADABLE, Refusal


def pages() -> dict[str, Path]:
    """The page of each code: beside the package where installed, in the project's docs where not."""
    inside = Path(__file__).resolve().parents[1] / "findings"
    folder = inside if inside.is_dir() else Path(__file__).resolve().parents[3] / "docs" / "findings"
    return {page.stem: page for page in sorted(folder.glob("[A-Z][0-9][0-9][0-9].md"))}


def titles() -> dict[str, str]:
    """What each code says, in a line."""
    return {code: _title(page) for code, page in pages().items()}


@click.command("explain")
@click.argument("code", required=False)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(code: str | None, form: str) -> None:
    """Say what a code such as R130 means: a wrong text, a right text, and why it matters.

    Without CODE, list all codes.
    """
    known = pages()
    if code is None:
        listed = titles()
        if form == "json":
            click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        else:
            for name, title in listed.items():
                click.echo(f"{name}  {title}")
        return
    page = known.get(code.upper())
    if page is None:
        asked = code.upper()
        near = [name for name in known if name.startswith(asked)][:3] if len(asked) > 1 else []
        near = near or difflib.get_close_matches(asked, known, n=3)
        raise Refusal(
            "C105",
            f"I have no finding with the code {code}.",
            f"Did you mean {' or '.join(near)}? " * bool(near) + "`rung explain` lists all.",
            UNREADABLE,
        )
    text = page.read_text(encoding="utf-8")
    if form == "json":
        click.echo(
            json.dumps({"code": page.stem, "title": _title(page), "text": text}, indent=2, ensure_ascii=False)
        )
    else:
        click.echo(text.rstrip())


def _title(page: Path) -> str:
    first = page.read_text(encoding="utf-8").splitlines()[0]
    return first.lstrip("# ").removeprefix(page.stem).lstrip(" :-–—")
