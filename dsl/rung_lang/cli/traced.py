"""Protocols and bundles with all that was found out of them, for the pages about their sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rung_lang.cli.exits import Refusal
from rung_lang.cli.files import read_bytes, reader
from rung_lang.report.documents.errata import Reported
from rung_lang.report.documents.traceability import Traced
from rung_lang.source import decode

if TYPE_CHECKING:
    from rung_lang.bundle import Bundle
    from rung_lang.driver import Compiled


def documented(paths: Sequence[str]) -> list[str]:
    """Files as named; of folders every protocol and bundle below them, formularies aside; each once."""
    found: dict[str, None] = {}
    for path in paths:
        place = Path(path)
        if not place.is_dir():
            found[path] = None
            continue
        inside = [*sorted(place.rglob("*.rung")), *sorted(place.rglob("*.bundle"))]
        own = [str(file) for file in inside if not _is_formulary(str(file))]
        if not own:
            raise Refusal("C104", f"There is no protocol under {path}.", "Name a file, or another folder.")
        found.update(dict.fromkeys(own))
    return list(found)


def _is_formulary(path: str) -> bool:
    from rung_lang.source import Unreadable
    from rung_lang.syntax.parse import parse

    source = decode(path, read_bytes(path))
    if isinstance(source, Unreadable):
        return False
    head = parse(source).file.head
    return head is not None and head.kind == "formulary"


def is_bundle(path: str) -> bool:
    """It names protocols, and is none."""
    return path.endswith(".bundle")


def bundle_of(path: str) -> Bundle:
    """A bundle whose members have no mistakes. Findings are printed and end the command."""
    import click

    from rung_lang.bundle import compile_bundle
    from rung_lang.cli.exits import FINDINGS
    from rung_lang.cli.load import text_of
    from rung_lang.cli.show import coloured
    from rung_lang.report.text import render
    from rung_lang.report.words import message

    read_bytes(path)
    bundle = compile_bundle(path, reader())
    for member in bundle.members:
        if member.compiled.artifact is None:
            text_of(member.path)
    wrong = [problem for problem in bundle.problems if problem.level == "error"]
    if wrong:
        for problem in wrong:
            click.echo(render(message(problem), bundle.sources, colour=coloured()), err=True)
        raise Refusal("C106", f"{path} has mistakes.", f"`rung check {path}` shows them all.", FINDINGS)
    return bundle


def traced(paths: Sequence[str], *, judged: bool) -> list[Traced]:
    """Each text with, where `judged`, its examples run."""
    from rung_lang.cli.load import text_of

    found: list[Traced] = []
    for path in paths:
        if is_bundle(path):
            bundle = bundle_of(path)
            found.append(Traced(bundle.name, path, _as_compiled(bundle), None, ()))
        else:
            found.append(_traced(path, text_of(path), judged=judged))
    return found


def _as_compiled(bundle: Bundle) -> Compiled:
    from rung_lang.driver import Compiled

    files = () if bundle.file is None else (bundle.file,)
    return Compiled(None, bundle.said, bundle.problems, bundle.sources, files, ())


def _traced(path: str, result: Compiled, *, judged: bool) -> Traced:
    from rung_lang.cli.answers import fingerprint
    from rung_lang.cli.proving import store_of
    from rung_lang.verify.strength.examples_again import run_again

    artifact = result.artifact
    assert artifact is not None
    if not judged:
        return Traced(artifact.name, path, result, artifact, ())
    store = store_of(result)
    runs = tuple(run_again(artifact, result.examples, store, fingerprint()))
    store.flush()
    return Traced(artifact.name, path, result, artifact, runs)


def reported(folder: str, files: Sequence[str]) -> dict[str, Reported]:
    """What `rung check` says of each literal text that is there."""
    from rung_lang.cli.checked import check

    found: dict[str, Reported] = {}
    for file in files:
        path = Path(folder) / file
        if not path.is_file():
            continue
        messages = [one.message for one in check(str(path)).findings]
        codes = tuple(sorted({message.code for message in messages}))
        found[file] = Reported(codes, tuple((message.code, message.title) for message in messages))
    return found
