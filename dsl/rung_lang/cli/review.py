"""`rung review`."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rung_lang.cli.diff import PATHS, Split, on_cohort, refuse_data_options, sides_of
from rung_lang.cli.exits import BY_WEIGHT, UNWRITABLE, USAGE, Refusal

if TYPE_CHECKING:
    from rung_lang.cli.versions import Loaded, Pair
    from rung_lang.report.diff_said import Sides
    from rung_lang.report.impact_said import OnCohort
    from rung_lang.report.review_page.packet import Packet, Text

_MANIFEST = "packet.json"
_MOST_BYTES = 3_000_000
"""Of the page: it must go through a mail gate."""


@click.command("review", cls=Split)
@click.argument("names", nargs=-1, metavar="OLD NEW")
@click.option("-o", "--output", required=True, metavar="DIR", help="The folder of the packet.")
@click.option(
    "--data", "folder", metavar="DIR", help="Stays: say how many would have been treated otherwise."
)
@click.option("--mapping", help="How to read them: a shipped mapping's name, or a TOML file.")
@click.option("--set", "chosen", multiple=True, metavar="NAME=VALUE", help="A setting that the site chooses.")
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    output: str,
    folder: str | None,
    mapping: str | None,
    chosen: tuple[str, ...],
) -> None:
    """Make the packet about a new version that a committee reads and signs.

    OLD and NEW are what `rung diff` takes; they must come to one protocol. Both are proved. The packet is a
    folder: review.html, one file to read and to try a patient in; review.pdf, the same on paper; summary.md;
    both artifacts; and packet.json with the hash of each. The same versions and data give the same bytes.

    \b
    rung review old/septic_shock.rung new/septic_shock.rung -o packet/
    rung review main -- protocols/septic_shock.rung -o packet/ --data cohort/

    Exit codes are those of `rung diff`: 0, 20, 21 or 22 by what changes.
    """
    from rung_lang.cli.pdf import needs_typst
    from rung_lang.cli.versions import versions

    needs_typst()
    refuse_data_options(folder, mapping, chosen)
    place = _place(output)
    found = versions(names, ctx.meta.get(PATHS))
    if len(found.pairs) != 1 or found.added or found.gone:
        count = len(found.pairs) + len(found.added) + len(found.gone)
        raise Refusal(
            "C165",
            f"A packet is about one protocol in two versions, and here are {count}.",
            "Name the two files, or one file behind `--`.",
            USAGE,
        )
    pair = found.pairs[0]
    old, new = _proved(pair.old), _proved(pair.new)
    click.echo("comparing", err=True)
    sides = sides_of(replace(pair, old=old, new=new))
    cohort = None if folder is None else on_cohort(sides, folder, mapping, chosen)
    artifacts = {"old.rungc": _bytes(old), "new.rungc": _bytes(new)}
    packet = _packet(sides, pair, artifacts, cohort)
    click.echo("writing", err=True)
    _write(place, _files(packet, artifacts))
    _say(place, sides)
    ctx.exit(BY_WEIGHT[sides.difference.weight])


def _proved(one: Loaded) -> Loaded:
    """A text is proved; an artifact says itself what was proved of it."""
    if one.compiled is None:
        return one
    from rung_lang.cli.proving import certified

    click.echo(f"proving {one.label}", err=True)
    return replace(one, artifact=certified(one.compiled)[1])


def _bytes(one: Loaded) -> bytes:
    """An artifact that was given stays as it is, byte for byte: it may have been signed."""
    if one.data is not None:
        return one.data
    from rung_engine.artifact.seal import to_bytes

    return to_bytes(one.artifact)


# ---------------------------------------------------------------- what is in it


def _packet(sides: Sides, pair: Pair, artifacts: Mapping[str, bytes], cohort: OnCohort | None) -> Packet:
    import rung_engine
    from rung_lang.cli.explain import titles
    from rung_lang.report.review_page.packet import Packet

    return Packet(
        sides,
        _text(pair.old),
        _text(pair.new),
        cohort,
        rung_engine.__version__,
        tuple((name, hashlib.sha256(data).hexdigest()) for name, data in artifacts.items()),
        titles(),
    )


def _text(one: Loaded) -> Text | None:
    """What its text tells beside the artifact."""
    from rung_lang.report.review_page.packet import Text
    from rung_lang.report.words import message

    if one.compiled is None:
        return None
    told = [message(problem) for problem in one.compiled.problems if problem.level != "information"]
    return Text(one.compiled.said.concerns, tuple((each.code, each.title) for each in told))


def _files(packet: Packet, artifacts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Every file of the packet by name."""
    from rung_lang.cli.pdf import pdf
    from rung_lang.cli.proving import tools
    from rung_lang.report.diff_markdown import summary
    from rung_lang.report.review_page.html import review_html
    from rung_lang.report.review_page.manifest import manifest
    from rung_lang.report.review_page.page import review_page

    more: list[str] = []
    if packet.cohort is not None:
        from rung_lang.report.impact_said import markdown

        more = markdown(packet.sides, packet.cohort)
    files = {
        "review.html": review_html(packet).encode("utf-8"),
        "review.pdf": pdf(review_page(packet)),
        "summary.md": summary(packet.sides, more).encode("utf-8"),
        **artifacts,
    }
    if len(files["review.html"]) > _MOST_BYTES:
        size = len(files["review.html"]) / 1e6
        click.echo(f"review.html is large: {size:.1f} MB. A mail gate may refuse it.", err=True)
    listed = json.dumps(manifest(packet, files, tools()), indent=2, sort_keys=True, ensure_ascii=False)
    return {**files, _MANIFEST: f"{listed}\n".encode()}


# ---------------------------------------------------------------- where it goes


def _place(output: str) -> Path:
    """The folder, said to be in the way before any work: only a packet is replaced by a packet."""
    place = Path(output)
    if place.is_dir() and any(place.iterdir()) and not _is_packet(place):
        raise Refusal(
            "C166",
            f"{output} holds other things than a packet, and I replace nothing else.",
            "Name another folder with -o.",
            UNWRITABLE,
        )
    if place.exists() and not place.is_dir():
        raise Refusal("C166", f"{output} is a file, and a packet is a folder.", "", UNWRITABLE)
    return place


def _is_packet(place: Path) -> bool:
    """It has a list of its files, and nothing that is not on it."""
    from rung_lang.report.review_page.manifest import FORM

    try:
        listed = json.loads((place / _MANIFEST).read_text("utf-8"))
        known = {_MANIFEST, *listed["files"]}
        return listed["form"] == FORM and {one.name for one in place.iterdir()} <= known
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(place: Path, files: Mapping[str, bytes]) -> None:
    """The whole folder or nothing: written beside its place, then renamed."""
    temporary = ""
    try:
        place.absolute().parent.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.mkdtemp(dir=place.absolute().parent, prefix=f".{place.absolute().name}.")
        made = Path(temporary) / "packet"
        made.mkdir()
        for name, data in files.items():
            (made / name).write_bytes(data)
        if place.exists():
            place.rename(Path(temporary) / "before")
        made.rename(place)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Refusal(
            "C103", f"I cannot write {place}: {why}.", "Choose another place with -o.", UNWRITABLE
        ) from None
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)


def _say(place: Path, sides: Sides) -> None:
    from rung_lang.report import diff_said as said

    difference = sides.difference
    click.echo(f"{said.between(difference)} -> {place}")
    click.echo(f"  {said.verdict(difference)} {said.asks(difference)}".rstrip())
    click.echo(f"  read {place / 'review.html'}, then `rung approve` signs")
