"""A bundle's text to its members and examples. Files come through `read`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from rung_engine.artifact.model import Artifact
from rung_engine.frozen import frozen
from rung_lang.checked.bundle import Headed, Run, members_of, read_bundle, settle_bundle
from rung_lang.checked.files import Read, words_at
from rung_lang.checked.problems import MissingFile
from rung_lang.checked.said import Said
from rung_lang.driver import Compiled, compile_with_names
from rung_lang.finding import Problem
from rung_lang.lower.bundle_examples import BundleExample, Reader, lower_bundle_examples
from rung_lang.source import Source
from rung_lang.syntax import tree as t


@frozen
class Member:
    """A protocol the bundle runs, compiled; with problems of its own it has no artifact."""

    path: str
    compiled: Compiled


@frozen
class Bundle:
    """`problems` are those of the bundle itself, not of its members' texts. `examples` are there where every
    member has an artifact. `sources`: every text that was read.
    """

    file: t.File | None
    members: tuple[Member, ...]
    said: Said
    problems: tuple[Problem, ...]
    sources: Mapping[str, Source]
    examples: tuple[BundleExample, ...]

    @property
    def name(self) -> str:
        return "" if self.file is None or self.file.head is None else self.file.head.name.text

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Of its members that have one, in the order of the text."""
        found = (member.compiled.artifact for member in self.members)
        return tuple(artifact for artifact in found if artifact is not None)

    @property
    def is_whole(self) -> bool:
        """Every member can run, and nothing is wrong with the bundle itself."""
        return len(self.artifacts) == len(self.members) > 0 and not any(
            problem.level == "error" for problem in self.problems
        )


def compile_bundle(path: str, read: Read) -> Bundle:
    """The bundle at `path` with all its members."""
    found = read_bundle(path, read)
    sources = {} if found.source is None else {path: found.source}
    problems = list(found.problems)
    members: list[Member] = []
    headed: list[Headed] = []
    readers: list[Reader] = []
    texts: list[t.File] = []
    for run in found.runs:
        if read(run.path) is None:
            problems.append(MissingFile(run.span, run.path, "missing"))
            continue
        compiled, main, context = compile_with_names(run.path, read)
        sources.update(compiled.sources)
        headed.append(_headed(run, compiled, main))
        texts.extend(compiled.files)
        if main is None or main.head is None or main.head.kind != "protocol":
            continue
        members.append(Member(run.path, compiled))
        if context is not None:
            readers.append(Reader(main.head.name.text, context, main.items))
    file = found.file
    if file is None or file.head is None or file.head.kind != "bundle":
        return Bundle(file, tuple(members), Said((), ()), _in_order(problems), sources, ())
    problems.extend(members_of(file, headed))
    said, wrong = settle_bundle(file, texts, partial(words_at, sources))
    problems.extend(wrong)
    examples: tuple[BundleExample, ...] = ()
    if members and all(member.compiled.artifact is not None for member in members):
        examples, wrong = lower_bundle_examples(file, readers, sources)
        problems.extend(wrong)
    return Bundle(file, tuple(members), said, _in_order(problems), sources, examples)


def _headed(run: Run, compiled: Compiled, main: t.File | None) -> Headed:
    """A protocol that could not be taken together still has the head of its own file."""
    own = next((file for file in compiled.files if file.path == run.path), None)
    head = main.head if main is not None else None if own is None else own.head
    return Headed(run, head, compiled.files)


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by place."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.span, problem.code)))
