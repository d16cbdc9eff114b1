"""The text of a bundle: which protocols it runs on one patient, and what may stand beside them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence

from rung_engine.frozen import frozen
from rung_lang.checked.files import Read
from rung_lang.checked.from_syntax import Checked, from_syntax
from rung_lang.checked.names import nearest
from rung_lang.checked.problems import MissingFile, NoVersion
from rung_lang.checked.problems_bundle import NoMember, YieldsToNobody
from rung_lang.checked.said import Said
from rung_lang.finding import Problem
from rung_lang.source import Source, Span
from rung_lang.syntax import tree as t
from rung_lang.syntax.parse import parse
from rung_lang.syntax.problems import NotText


@frozen
class Run:
    """A member by its path, and where the bundle names it."""

    path: str
    span: Span


@frozen
class ReadBundle:
    """`file` is None where it could not be read. `runs`: each file once."""

    file: t.File | None
    source: Source | None
    runs: tuple[Run, ...]
    problems: tuple[Problem, ...]


def read_bundle(path: str, read: Read) -> ReadBundle:
    """Parse the bundle at `path`; its members are not read."""
    source = read(path)
    if not isinstance(source, Source):
        problem: Problem
        if source is None:
            problem = MissingFile(Span(path, 0, 0), path, "missing")
        else:
            problem = NotText(Span(path, 0, 0), source.reason, source.offset)
        return ReadBundle(None, None, (), (problem,))
    parsed = parse(source)
    problems = list(parsed.problems)
    head = parsed.file.head
    if head is None:
        return ReadBundle(parsed.file, source, (), tuple(problems))
    if head.kind != "bundle":
        problems.append(NoMember(head.name.span, "no_bundle", path, head.kind))
        return ReadBundle(parsed.file, source, (), tuple(problems))
    if head.version is None:
        problems.append(NoVersion(head.name.span, head.name.text))
    runs: dict[str, Run] = {}
    for written in head.runs:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), written.path.value))
        if target in runs:
            problems.append(NoMember(written.span, "twice", written.path.value, "", runs[target].span))
        else:
            runs[target] = Run(target, written.path.span)
    if not runs:
        problems.append(NoMember(head.name.span, "none", path, head.name.text))
    return ReadBundle(parsed.file, source, tuple(runs.values()), tuple(problems))


@frozen
class Headed:
    """A member as far as its head was read, with the files it is made of."""

    run: Run
    head: t.Head | None
    files: tuple[t.File, ...]


def members_of(bundle: t.File, members: Sequence[Headed]) -> Iterator[Problem]:
    """What is wrong with the members, one by one and beside each other."""
    assert bundle.head is not None
    named: dict[str, Span] = {}
    for member in members:
        head = member.head
        if head is None:
            yield NoMember(member.run.span, "unread", member.run.path)
        elif head.kind != "protocol":
            yield NoMember(member.run.span, head.kind, member.run.path, head.name.text)
        elif head.name.text in named:
            yield NoMember(member.run.span, "name", member.run.path, head.name.text, named[head.name.text])
        else:
            named[head.name.text] = member.run.span
    for member in members:
        if member.head is not None and member.head.kind == "protocol":
            for owns in _owns(member.files):
                name = owns.protocol.text
                if name not in named:
                    yield YieldsToNobody(
                        owns.protocol.span,
                        owns.how,
                        member.head.name.text,
                        name,
                        bundle.head.name.text,
                        nearest(name, set(named) - {member.head.name.text}),
                    )


def _owns(files: Iterable[t.File]) -> Iterator[t.Owns]:
    for file in files:
        yield from (item for item in file.items if isinstance(item, t.Owns))


def settle_bundle(
    bundle: t.File, members: Sequence[t.File], text: Callable[[Span], str]
) -> tuple[Said, tuple[Problem, ...]]:
    """The facts, concerns and sources of the bundle's own file; settings and sources of members are known."""
    known: dict[str, t.Item] = {}
    for file in members:
        for item in file.items:
            if isinstance(item, t.Setting | t.SourceDecl):
                known.setdefault(item.name.text, item)
    own = {item.name.text for item in bundle.items if isinstance(item, t.SourceDecl)}
    beside = t.File("", None, tuple(item for name, item in known.items() if name not in own), ())
    checked: Checked = from_syntax(bundle, (beside,), text)
    remarks = tuple(one for one in checked.said.remarks if one.span.path == bundle.path)
    problems = tuple(one for one in checked.problems if one.span.path == bundle.path)
    return Said(remarks, checked.said.concerns), problems
