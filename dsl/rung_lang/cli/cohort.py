"""`rung cohort`."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rung_engine.cohort.summary import to_plain
from rung_engine.frozen import frozen
from rung_lang.cli.cohort_data import Opened, accounted, open_data, settings_said
from rung_lang.cli.cohort_spark import on_spark
from rung_lang.cli.exits import UNWRITABLE, USAGE, Refusal
from rung_lang.cli.files import write_bytes
from rung_lang.cli.load import executable_of
from rung_lang.cli.programs import data_problems, program_of
from rung_lang.cli.show import watched
from rung_lang.cli.sign_off import refuse_asked, signed_off
from rung_lang.report.cohort_said import Ran, as_data
from rung_lang.report.cohort_text import lines
from rung_lang.report.decisions import UNPROVED

if TYPE_CHECKING:
    import polars as pl

    from rung_engine.artifact.model import Artifact
    from rung_engine.cohort.impact import Impact
    from rung_engine.cohort.stream import Run
    from rung_engine.program import Program

OLD = "old"
"""The folder of the other version, below that of the run."""


@click.command("cohort")
@click.argument("path")
@click.option(
    "--data", "folder", required=True, help="A folder with stays, events and infusions, or of facts files."
)
@click.option("-o", "--output", help="A folder for every decision as Parquet, the summary and the report.")
@click.option("--html", "page", help="Where to write the report; by default report.html in the folder of -o.")
@click.option(
    "--compare", "other", metavar="OLD", help="Another version: say what changes, for whom and when."
)
@click.option("--mapping", help="How to read the folder: a shipped mapping's name, or a TOML file.")
@click.option("--set", "chosen", multiple=True, metavar="NAME=VALUE", help="A setting that the site chooses.")
@click.option("--unverified", is_flag=True, help="Run what is not proved all the same; the report says so.")
@click.option("--policy", metavar="FILE", help="Who must sign: what is not approved is refused.")
@click.option(
    "--unapproved",
    is_flag=True,
    help="With --policy: run what is not approved all the same; the report says so.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="This machine, or Apache Spark.",
)
@click.option("--master", metavar="URL", help="With --engine spark: where it is, such as local[2].")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    path: str,
    folder: str,
    output: str | None,
    page: str | None,
    other: str | None,
    mapping: str | None,
    chosen: tuple[str, ...],
    unverified: bool,
    policy: str | None,
    unapproved: bool,
    engine: str,
    master: str | None,
    form: str,
) -> None:
    """Ask a protocol about every patient of a cohort, and count what it would have said.

    Time in each stage, orders by rule, what was missing, what was ordered against what was done. A run that
    was stopped goes on where it was when the same command is given again. With --compare, two versions are
    asked about the same patients; --policy is about the first.

    \b
    rung cohort septic_shock.rungc --data cohort/
    rung cohort septic_shock.rungc --data cohort/ -o results/
    rung cohort new.rungc --data cohort/ --compare old.rungc --html change.html
    """
    if (engine == "spark") != (master is not None):
        raise Refusal(
            "C146",
            "--engine spark needs --master, and --master needs --engine spark.",
            "Say `--engine spark --master local[2]` to try it on this machine.",
            USAGE,
        )
    for target in (page, output):
        if target is not None:
            _check_place(Path(target))
    refuse_asked(path, policy, unapproved)
    artifact = executable_of(path, unverified=unverified)
    sign_off = signed_off(path, artifact, policy, unapproved)
    old = None if other is None else executable_of(other, unverified=unverified)
    with data_problems(), _place(output) as place:
        asked = _Asked(folder, mapping, unverified, master)
        ran = asked.run(artifact, chosen, place, items=bool(output or old))
        former, impact = None, None
        if old is not None:
            theirs = tuple(text for text in chosen if text.partition("=")[0].strip() in old.settings)
            former = asked.run(old, theirs, place / OLD, items=True)
            impact = _impact(former, ran, place)
        told = _told(ran, folder, former, impact, sign_off)
    if page is None and output is not None:
        page = str(Path(output) / "report.html")
    data = json.dumps(as_data(told), indent=2, sort_keys=True, ensure_ascii=False)
    if output is not None:
        write_bytes(str(Path(output) / "summary.json"), f"{data}\n".encode())
        if impact is not None:
            change = json.dumps(to_plain(impact), indent=2, sort_keys=True, ensure_ascii=False)
            write_bytes(str(Path(output) / "impact.json"), f"{change}\n".encode())
    if page is not None:
        from rung_lang.report.cohort_page.page import cohort_page
        from rung_lang.report.documents.html import html

        write_bytes(page, html(cohort_page(told)).encode())
        click.echo(f"report written to {page}", err=True)
    click.echo(data if form == "json" else "\n".join(lines(told)).rstrip())


@frozen
class _Ran:
    """One version's run, with how the data were read."""

    program: Program
    opened: Opened
    run: Run


@frozen
class _Asked:
    """What both versions are asked about, and where."""

    folder: str
    mapping: str | None
    unverified: bool
    master: str | None
    """Of Spark; None: this machine."""

    def run(self, artifact: Artifact, chosen: tuple[str, ...], place: Path, *, items: bool) -> _Ran:
        from rung_engine.cohort.stream import run
        from rung_engine.cohort.tally import begun_drugs, tally

        opened = open_data(self.folder, self.mapping, artifact)
        program = program_of(artifact, opened.settings, chosen, self.unverified)
        off = opened.silence == "off"
        count = partial(tally, drugs=begun_drugs(artifact))
        try:
            if self.master is not None:
                return _Ran(
                    program, opened, on_spark(program, opened.data, place, self.master, off, items, count)
                )
            with watched(f"{artifact.name} {artifact.version}") as progress:
                made = run(
                    program,
                    opened.data,
                    place,
                    silence_is_off=off,
                    items=items,
                    tally=count,
                    progress=progress,
                )
        except OSError as error:
            raise _unwritable(place, error) from None
        return _Ran(program, opened, made)


@contextmanager
def _place(output: str | None) -> Iterator[Path]:
    """The folder of the run; one that goes away again where nobody asked for it."""
    if output is not None:
        yield Path(output)
        return
    with tempfile.TemporaryDirectory(prefix="rung-cohort-") as temporary:
        yield Path(temporary) / "run"


def _check_place(target: Path) -> None:
    """Said before hours of work, not after. What lies there itself is looked at when it is written."""
    above = next(place for place in target.absolute().parents if place.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise _unwritable(target, NotADirectoryError(20, "not a folder I may write in", str(above)))


def _unwritable(place: Path, error: OSError) -> Refusal:
    why = (error.strerror or str(error)).lower()
    return Refusal("C103", f"I cannot write to {place}: {why}.", "Choose another place.", UNWRITABLE)


def _impact(old: _Ran, new: _Ran, place: Path) -> Impact:
    """What changes, with a row for each stay and drug or stage written beside the decisions."""
    import pyarrow.parquet as pq

    from rung_engine.cohort.impact import COLUMNS, impacts, speaks_of, summarised

    schema = COLUMNS
    target = place / "impact.parquet"
    beside = target.with_name(f".{target.name}.tmp")
    marks = {"rung.old": old.program.artifact.seal, "rung.new": new.program.artifact.seal}
    marks["rung.data"] = str(new.run.about["data"]["sha256"])
    try:
        with pq.ParquetWriter(beside, schema.with_metadata(marks), compression="zstd") as writer:

            def each() -> Iterator[pl.DataFrame]:
                for part in impacts(old.run, new.run):
                    writer.write_table(part.to_arrow().cast(schema))
                    yield part

            found = summarised(
                each(),
                stays=new.run.stays,
                old=_called(old),
                new=_called(new),
                spoken=(one for ran in (old, new) for one in speaks_of(ran.program.artifact)),
            )
        beside.replace(target)
    except OSError as error:
        raise _unwritable(place, error) from None
    return found


def _called(ran: _Ran) -> str:
    artifact = ran.program.artifact
    return f"{artifact.name} {artifact.version} (meaning {artifact.meaning[:16]})"


def _told(ran: _Ran, folder: str, former: _Ran | None, impact: Impact | None, sign_off: str) -> Ran:
    import polars as pl

    from rung_engine.cohort.summary import summary
    from rung_engine.cohort.tally import add_up

    program, opened, run = ran.program, ran.opened, ran.run
    artifact = program.artifact
    proof = "proved" if program.unproved is None else f"{UNPROVED[program.unproved]}, run all the same"
    counted = accounted(run)
    hashes = [
        ("meaning of the protocol", artifact.meaning),
        ("seal of the artifact", artifact.seal),
        ("data, sha256", str(run.about["data"]["sha256"])),
        ("mapping, sha256", str(run.about["mapping"])),
        ("engine", f"rung {run.about['engine']}"),
    ]
    if former is not None:
        hashes.append(("meaning of what it is compared with", former.program.artifact.meaning))
    return Ran(
        artifact=artifact,
        inputs=program.inputs_read,
        summary=summary(add_up(pl.read_parquet(path) for path in run.paths("tally"))),
        impact=impact,
        proof=proof,
        unproved=program.unproved or "",
        sign_off=sign_off,
        data=Path(folder).resolve().name,
        read_as=opened.read_as,
        silence=opened.silence,
        silence_why=opened.silence_why,
        settings=settings_said(program, opened.settings),
        accounts=counted.accounts,
        refused=counted.refused,
        notes=opened.notes,
        hashes=tuple((name, value) for name, value in hashes if value),
    )
