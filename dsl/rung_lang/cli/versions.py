"""Which versions of which protocols are compared: two files, two folders, or two git revisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rung_engine.artifact.load import ArtifactProblem, load
from rung_engine.frozen import frozen
from rung_lang.cli.exits import FINDINGS, UNREADABLE, USAGE, Refusal
from rung_lang.cli.files import read_bytes, reader
from rung_lang.cli.revision import Revision, revision
from rung_lang.source import Source, Unreadable

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact
    from rung_lang.driver import Compiled

_ENDS = (".rung", ".rungc")


@frozen
class Loaded:
    """One version of a protocol. `compiled`: where it was a text; `data`: the bytes where it was an artifact.
    `label`: where it came from."""

    label: str
    artifact: Artifact
    compiled: Compiled | None
    data: bytes | None = None


@frozen
class Pair:
    old: Loaded
    new: Loaded


@frozen
class Versions:
    """What was found on the two sides: protocols of both, and those that only one has."""

    pairs: tuple[Pair, ...]
    added: tuple[Loaded, ...] = ()
    gone: tuple[Loaded, ...] = ()


def versions(names: Sequence[str], paths: Sequence[str] | None) -> Versions:
    """`names`: an old and a new path. With `paths`, given after `--`, one or two revisions in which to look
    at these paths; without a second one the new version is on the disk.
    """
    if paths is None:
        if len(names) != 2:
            raise _unclear(f"I compare two versions, and you named {len(names) or 'none'}.")
        return _compared([_Side(None, names[0])], [_Side(None, names[1])], single=_are_files(names))
    if not 1 <= len(names) <= 2 or not paths:
        raise _unclear("Before `--` stand one or two git revisions, after it the files or folders.")
    old = revision(names[0])
    new = revision(names[1]) if len(names) == 2 else None
    single = len(paths) == 1 and paths[0].endswith(_ENDS)
    return _compared(
        [_Side(old, path) for path in paths], [_Side(new, path, new is None) for path in paths], single=single
    )


def _unclear(words: str) -> Refusal:
    return Refusal(
        "C162",
        words,
        "`rung diff OLD NEW`, or `rung diff main -- protocols/` for what changed since a git revision.",
        USAGE,
    )


def _are_files(names: Sequence[str]) -> bool:
    return not any(Path(name).is_dir() for name in names)


# ---------------------------------------------------------------- the two sides


@frozen
class _Side:
    """A path on the disk, or in a revision."""

    at: Revision | None
    path: str
    beside_revision: bool = False

    def files(self) -> list[str]:
        """The protocols meant, by path; a formulary is found out when it is read."""
        if self.at is None:
            place = Path(self.path)
            if not place.is_dir():
                if self.beside_revision and not place.exists():
                    return []  # gone since
                read_bytes(self.path)
                return [self.path]
            return sorted(str(file) for end in _ENDS for file in place.rglob(f"*{end}"))
        found = self.at.files(self.path)
        return [self.path] if found == (self.path,) else sorted(one for one in found if one.endswith(_ENDS))

    def load(self, path: str) -> Loaded | None:
        """None: a formulary, which orders nothing by itself."""
        label = path if self.at is None else f"{self.at.name}:{path}"
        if not path.endswith(".rung"):
            data = self._bytes(path)
            return Loaded(label, _artifact(data, label), None, data)
        from rung_lang.driver import compile_protocol

        result = compile_protocol(path, self._reader())
        head = result.files[-1].head if result.files else None
        if head is not None and head.kind == "formulary":
            return None  # what is wrong in it shows in the protocols that use it
        if result.artifact is None:
            _show(result)
            raise Refusal(
                "C106",
                f"{label} has mistakes, so there is nothing to compare.",
                f"`rung check {path}` shows them all.",
                FINDINGS,
            )
        return Loaded(label, result.artifact, result)

    def _reader(self) -> Callable[[str], Source | Unreadable | None]:
        return reader() if self.at is None else self.at.reader()

    def _bytes(self, path: str) -> bytes:
        from rung_lang.cli.load import refuse_bundle

        refuse_bundle(path)
        data = read_bytes(path) if self.at is None else self.at.bytes_at(path)
        assert data is not None
        return data


def _artifact(data: bytes, label: str) -> Artifact:
    try:
        return load(data)
    except ArtifactProblem as problem:
        raise Refusal(problem.code, f"{label}: {problem.reason}", problem.detail, UNREADABLE) from None


def _show(result: Compiled) -> None:
    from rung_lang.cli.show import coloured
    from rung_lang.report.text import render
    from rung_lang.report.words import message

    for problem in result.problems:
        if problem.level == "error":
            click.echo(render(message(problem), result.sources, colour=coloured()), err=True)


def _compared(old: Sequence[_Side], new: Sequence[_Side], *, single: bool) -> Versions:
    olds, news = _loaded(old), _loaded(new)
    if single and len(olds) == len(news) == 1:
        # Two files are two versions of one thing, whatever each calls itself.
        return Versions((Pair(olds[0], news[0]),))
    before, after = _by_name(olds), _by_name(news)
    if not before and not after:
        raise Refusal(
            "C163",
            "There is no protocol on either side.",
            "A formulary alone orders nothing: name the protocols that use it, or their folder.",
            UNREADABLE,
        )
    return Versions(
        tuple(Pair(before[name], after[name]) for name in sorted(before.keys() & after.keys())),
        tuple(after[name] for name in sorted(after.keys() - before.keys())),
        tuple(before[name] for name in sorted(before.keys() - after.keys())),
    )


def _loaded(sides: Sequence[_Side]) -> list[Loaded]:
    found: dict[str, Loaded] = {}
    for side in sides:
        for path in side.files():
            if path not in found and (one := side.load(path)) is not None:
                found[path] = one
    return list(found.values())


def _by_name(loaded: Sequence[Loaded]) -> dict[str, Loaded]:
    found: dict[str, Loaded] = {}
    for one in loaded:
        other = found.setdefault(one.artifact.name, one)
        if other is not one and other.artifact.meaning != one.artifact.meaning:
            raise Refusal(
                "C163",
                f"{other.label} and {one.label} are both called {one.artifact.name}, and they differ.",
                "Name the files one by one.",
                UNREADABLE,
            )
    return found
