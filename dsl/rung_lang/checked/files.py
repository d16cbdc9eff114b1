"""The files of one protocol: what it uses and what it extends, followed to their ends."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rung_engine.frozen import frozen
from rung_lang.checked.extends import extended
from rung_lang.checked.problems import MissingFile, UseCycle, UsesProtocol
from rung_lang.finding import Problem
from rung_lang.source import Source, Span, Unreadable
from rung_lang.syntax import tree as t
from rung_lang.syntax.parse import parse
from rung_lang.syntax.problems import NotText

Read = Callable[[str], Source | Unreadable | None]
"""The text at a path; None where there is no such file."""


@frozen
class Gathered:
    """`main` is the whole protocol, what it extends taken in; None where it could not be read."""

    main: t.File | None
    used: tuple[t.File, ...]
    files: tuple[t.File, ...]
    sources: Mapping[str, Source]
    problems: tuple[Problem, ...]


def gather(path: str, read: Read) -> Gathered:
    """Parse the file and, each once, all the files it leads to. `files` ends with the one asked for."""
    gathering = _Gathering(read)
    main = gathering.protocol(path, None, ())
    files = [*(file for file in gathering.files.values() if file.path != path)]
    if path in gathering.files:
        files.append(gathering.files[path])
    return Gathered(
        main, tuple(gathering.used.values()), tuple(files), gathering.sources, tuple(gathering.problems)
    )


def words_at(sources: Mapping[str, Source], span: Span) -> str:
    """The author's words at a place, without comments and with single blanks."""
    source = sources.get(span.path)
    if source is None:
        return ""
    return " ".join(re.sub(r"#[^\n]*", "", source.text[span.start : span.end]).split())


@dataclass(slots=True)
class _Gathering:
    read: Read
    files: dict[str, t.File] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    used: dict[str, t.File] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def protocol(self, path: str, asked_at: Span | None, trail: tuple[str, ...]) -> t.File | None:
        """The file with the protocol it extends taken in, and with what both use gathered."""
        file = self._file(path, asked_at)
        if file is None or file.head is None:
            return file
        self._uses(file, (*trail, path))
        if file.head.extends is None or file.head.kind != "protocol":
            return file
        extends = file.head.extends
        target = _beside(path, extends.value)
        if target in (*trail, path):
            self.problems.append(UseCycle(extends.span, (*trail, path, target)))
            return None
        base = self.protocol(target, extends.span, (*trail, path))
        if base is None or base.head is None:
            return None
        if base.head.kind != "protocol":
            self.problems.append(UsesProtocol(extends.span, extends.value, "extends"))
            return None
        return extended(base, file, self.problems)

    def _uses(self, file: t.File, trail: tuple[str, ...]) -> None:
        assert file.head is not None
        for use in file.head.uses:
            target = _beside(file.path, use.path.value)
            if target in trail:
                self.problems.append(UseCycle(use.span, (*trail, target)))
                continue
            if target in self.used:
                continue
            found = self._file(target, use.span)
            if found is None or found.head is None:
                continue
            if found.head.kind != "formulary":
                self.problems.append(UsesProtocol(use.span, use.path.value, "use"))
                continue
            self._uses(found, (*trail, target))
            self.used[target] = found

    def _file(self, path: str, asked_at: Span | None) -> t.File | None:
        if path in self.files:
            return self.files[path]
        source = self.read(path)
        if not isinstance(source, Source):
            reason = "missing" if source is None else source.reason
            if asked_at is not None or source is None:
                self.problems.append(MissingFile(asked_at or Span(path, 0, 0), path, reason))
            else:
                self.problems.append(NotText(Span(path, 0, 0), source.reason, source.offset))
            return None
        parsed = parse(source)
        self.sources[path] = source
        self.files[path] = parsed.file
        self.problems.extend(parsed.problems)
        return parsed.file


def _beside(path: str, target: str) -> str:
    """A path relative to the file that names it."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
