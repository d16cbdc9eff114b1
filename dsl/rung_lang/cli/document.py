"""`rung document`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from rung_lang.cli.exits import CLEAN, FINDINGS, UNREADABLE, USAGE, Refusal
from rung_lang.cli.files import read_bytes, write_bytes

if TYPE_CHECKING:
    from rung_lang.report.documents.page import Page

T = TypeVar("T")
_ENDINGS = {"md": "md", "markdown": "md", "html": "html", "htm": "html", "pdf": "pdf"}


@click.command("document")
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "html", "pdf"]),
    help="By default from the name given with -o, else Markdown.",
)
@click.option(
    "-o", "--output", help="A file, or a folder that gets a file for each; by default standard output."
)
@click.option(
    "--traceability", is_flag=True, help="One page instead: each clause, where it lives, what examines it."
)
@click.option(
    "--errata", is_flag=True, help="One page instead: each concern of the sources, and what was chosen."
)
@click.option(
    "--clauses", help="With --traceability: the list of clauses; by default clauses.csv beside the protocols."
)
@click.option(
    "--concerns", help="With --errata: the list of concerns; by default concerns.csv beside the protocols."
)
@click.option("--literal", help="With --errata: the folder of the literal texts; by default tests/literal.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    form: str | None,
    output: str | None,
    traceability: bool,
    errata: bool,
    clauses: str | None,
    concerns: str | None,
    literal: str | None,
) -> None:
    """Write the page of a protocol: ladder, rules in sentences, dose tables, sources.

    PATHS are protocols, bundles or folders. A page is fit for A4 and needs nothing else: Markdown, one HTML
    file, or PDF. With --traceability or --errata there is one page about the sources of all of them.

    \b
    rung document protocols/septic_shock.rung -o septic_shock.pdf
    rung document protocols/ --format html -o pages/
    rung document --traceability protocols/ -o docs/traceability.md
    rung document --errata protocols/ -o protocols/ERRATA.md
    """
    _options(traceability=traceability, errata=errata, clauses=clauses, concerns=concerns, literal=literal)
    form = _form(form, output)
    if traceability:
        page, missing = _traceability(paths, clauses)
    elif errata:
        page, missing = _errata(paths, concerns, literal)
    else:
        _pages(paths, form, output)
        ctx.exit(CLEAN)
    _write(page, form, output)
    for line in missing:
        click.echo(line, err=True)
    ctx.exit(FINDINGS if missing else CLEAN)


def _options(
    *, traceability: bool, errata: bool, clauses: str | None, concerns: str | None, literal: str | None
) -> None:
    wrong = [
        ("--traceability and --errata", traceability and errata),
        ("--clauses without --traceability", clauses is not None and not traceability),
        ("--concerns without --errata", concerns is not None and not errata),
        ("--literal without --errata", literal is not None and not errata),
    ]
    for words, is_so in wrong:
        if is_so:
            raise Refusal(
                "C141", f"{words} makes no sense.", "`rung document --help` shows what does.", USAGE
            )


def _form(form: str | None, output: str | None) -> str:
    ending = (output or "").rpartition(".")[2].lower()
    return form or _ENDINGS.get(ending, "md")


# ---------------------------------------------------------------- pages of protocols


def _pages(paths: Sequence[str], form: str, output: str | None) -> None:
    from rung_lang.cli.traced import documented

    named = documented(paths)
    folder = output is not None and (len(named) > 1 or output.endswith("/") or Path(output).is_dir())
    if len(named) > 1 and (output is None or Path(output).suffix or Path(output).is_file()):
        raise Refusal(
            "C142",
            f"These are {len(named)} documents, and -o names no folder.",
            "Name a folder with -o: each gets a file there.",
            USAGE,
        )
    # All is made before anything is written: a mistake in the last leaves no first.
    made = [(path, _bytes(_page(path), form, output)) for path in named]
    names = [f"{Path(path).stem}.{form}" for path in named]
    if folder and len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Refusal("C142", f"Two of these would be {twice}.", "Name one folder at a time.", USAGE)
    for (_, data), name in zip(made, names, strict=True):
        if folder:
            assert output is not None
            write_bytes(str(Path(output) / name), data)
        else:
            _put(data, output)


def _page(path: str) -> Page:
    from rung_lang.cli.load import is_text, text_of
    from rung_lang.cli.traced import bundle_of, is_bundle
    from rung_lang.report.documents.bundle import Bundled, bundle_page
    from rung_lang.report.documents.protocol import protocol_page

    if is_bundle(path):
        bundle = bundle_of(path)
        head = None if bundle.file is None else bundle.file.head
        return bundle_page(
            Bundled(
                bundle.name,
                "" if head is None or head.title is None else head.title.value,
                "" if head is None or head.version is None else head.version.text,
                bundle.said,
                tuple(
                    (member.compiled, member.compiled.artifact)
                    for member in bundle.members
                    if member.compiled.artifact is not None
                ),
            )
        )
    if not is_text(path):
        read_bytes(path)
        raise Refusal(
            "C143",
            f"{path} is neither a .rung text nor a .bundle.",
            "A page is made from the text: an artifact no longer holds its reasons.",
            UNREADABLE,
        )
    result = text_of(path)
    assert result.artifact is not None
    return protocol_page(result, result.artifact)


# ---------------------------------------------------------------- pages about the sources


def _traceability(paths: Sequence[str], named: str | None) -> tuple[Page, list[str]]:
    from rung_lang.cli.traced import documented, traced
    from rung_lang.report.documents.clauses import read_clauses
    from rung_lang.report.documents.traceability import GAPS, gaps, traceability

    known = _listed(named or _beside(paths, "clauses.csv"), read_clauses)
    found = traced(documented(paths), judged=True)
    missing = [f"{GAPS[gap.kind]}: {gap.what}" for gap in gaps(known, found)]
    return traceability(known, found), missing


def _errata(paths: Sequence[str], named: str | None, literal: str | None) -> tuple[Page, list[str]]:
    from rung_lang.cli.traced import documented, reported, traced
    from rung_lang.report.documents.clauses import read_concerns
    from rung_lang.report.documents.errata import LACKS, errata, lacking, literal_files

    known = _listed(named or _beside(paths, "concerns.csv"), read_concerns)
    if literal is not None and not Path(literal).is_dir():
        raise Refusal("C101", f"I cannot find the folder {literal}.", "Check the name given with --literal.")
    found = traced(documented(paths), judged=False)
    said = reported(literal or "tests/literal", literal_files(found))
    missing = [f"{LACKS[one.kind]}: {one.what}" for one in lacking(known, found, said)]
    return errata(known, found, said), missing


def _beside(paths: Sequence[str], name: str) -> str:
    """The list in the first folder that is named, or beside the first file."""
    first = Path(paths[0])
    return str((first if first.is_dir() else first.parent) / name)


def _listed(path: str, read: Callable[[str], T]) -> T:
    from rung_lang.report.documents.clauses import NotAList

    try:
        return read(read_bytes(path).decode("utf-8"))
    except NotAList as error:
        raise Refusal("C144", f"{path}, line {error.line}: {error.why}.", "Correct the list.") from None
    except UnicodeDecodeError:
        raise Refusal("C144", f"{path} is not UTF-8 text.", "Save the list as UTF-8.") from None


# ---------------------------------------------------------------- writing


def _write(page: Page, form: str, output: str | None) -> None:
    if output is not None and Path(output).is_dir():
        raise Refusal("C142", f"{output} is a folder, and this is one page.", "Name a file with -o.", USAGE)
    _put(_bytes(page, form, output), output)


def _bytes(page: Page, form: str, output: str | None) -> bytes:
    from rung_lang.cli.pdf import pdf
    from rung_lang.report.documents.html import html
    from rung_lang.report.documents.markdown import markdown

    match form:
        case "pdf":
            if output is None:
                raise Refusal("C142", "PDF is nothing to show on a terminal.", "Name a file with -o.", USAGE)
            return pdf(page)
        case "html":
            return html(page).encode("utf-8")
        case _:
            return markdown(page).encode("utf-8")


def _put(data: bytes, output: str | None) -> None:
    if output is None:
        click.echo(data.decode("utf-8"), nl=False)
    else:
        write_bytes(output, data)
