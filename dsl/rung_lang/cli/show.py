"""Which files are meant, and findings on the screen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rung_lang.cli.exits import Refusal
from rung_lang.source import Source, Span, Unreadable

if TYPE_CHECKING:
    from rung_engine.cohort.stream import Progress as Watched
    from rung_lang.finding import Problem


def texts(paths: Iterable[str], *, bundles: bool = False) -> list[str]:
    """Files as named, and every .rung file under the folders named, each once, in a stable order. `bundles`:
    every .bundle file there too.
    """
    ends = ("rung", "bundle") if bundles else ("rung",)
    found: dict[str, None] = {}
    for path in paths:
        place = Path(path)
        if place.is_dir():
            inside = sorted(str(file) for end in ends for file in place.rglob(f"*.{end}"))
            if not inside:
                raise Refusal(
                    "C104", f"There is no .rung file under {path}.", "Name a file, or another folder."
                )
            found.update(dict.fromkeys(inside))
        else:
            found[path] = None
    return list(found)


def coloured() -> bool:
    """Colours only on a terminal, and never where NO_COLOR is set."""
    import os

    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def show_problems(
    path: str, source: Source | Unreadable, form: str, problems: Iterable[Problem] = ()
) -> None:
    """Findings of one file that has no more than syntax, as text on standard error."""
    from rung_lang.report.text import render
    from rung_lang.report.words import message
    from rung_lang.syntax.problems import NotText

    if isinstance(source, Unreadable):
        problems = (NotText(Span(path, 0, 0), source.reason, source.offset),)
        sources: Mapping[str, Source] = {}
    else:
        sources = {path: source}
    if form == "text":
        for problem in problems:
            click.echo(render(message(problem), sources, colour=coloured()), err=True)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error where a person looks at it, silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


@contextmanager
def watched(what: str) -> Iterator[Callable[[Watched], None] | None]:
    """The same for a run over a cohort, which tells its progress itself: facts, rate, time that is left."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, said="")

        def tell(now: Watched) -> None:
            doing = "reading" if now.stage == "reading" else "deciding"
            unit = "MB" if now.stage == "reading" else "million facts"
            about = "" if now.sure else "about "
            left = "" if now.left is None else f", {_minutes(now.left)} left"
            facts = f"{now.done / 1e6:.1f} of {about}{now.total / 1e6:.1f} {unit}"
            said = f"{facts}, {now.rate / 1e6:.2f} a second{left}"
            bar.update(
                task, description=f"{what}: {doing}", completed=now.done, total=max(now.total, 1), said=said
            )

        yield tell


def _minutes(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 05 min`."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    hours, minutes = divmod(-(-whole // 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
