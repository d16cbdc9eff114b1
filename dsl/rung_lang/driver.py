"""Text to artifact. Files come through `read`; every problem of every file is in the answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from rung_engine.artifact.model import Artifact
from rung_engine.frozen import frozen
from rung_lang.checked.files import Read, gather, words_at
from rung_lang.checked.from_syntax import Context, from_syntax
from rung_lang.checked.problems import NeverUsed
from rung_lang.checked.said import Said
from rung_lang.finding import Problem
from rung_lang.lower.examples import LoweredExample, lower_examples
from rung_lang.lower.from_checked import from_checked
from rung_lang.source import Source
from rung_lang.syntax import tree as t


@frozen
class Compiled:
    """`artifact` is None after an error, and for a formulary. The main file is the last of `files`."""

    artifact: Artifact | None
    said: Said
    problems: tuple[Problem, ...]
    sources: Mapping[str, Source]
    files: tuple[t.File, ...]
    examples: tuple[LoweredExample, ...]


def compile_protocol(path: str, read: Read) -> Compiled:
    """Compile the protocol, or check the formulary, at `path` with all it uses and extends."""
    return compile_with_names(path, read)[0]


def compile_with_names(path: str, read: Read) -> tuple[Compiled, t.File | None, Context | None]:
    """The same, with the whole text and its names; None where it could not be read."""
    gathered = gather(path, read)
    problems = list(gathered.problems)
    if gathered.main is None:
        nothing = Compiled(None, Said((), ()), _in_order(problems), gathered.sources, gathered.files, ())
        return nothing, None, None
    text = partial(words_at, gathered.sources)
    checked = from_syntax(gathered.main, gathered.used, text)
    examples = lower_examples(gathered.main, checked.context)
    unread = any(problem.level == "error" for problem in problems)
    # What a statement that could not be read uses would look unused.
    problems += [problem for problem in checked.problems if not (unread and isinstance(problem, NeverUsed))]
    artifact = None
    if checked.protocol is not None and not any(problem.level == "error" for problem in problems):
        artifact = from_checked(checked.protocol, gathered.sources, text)
    compiled = Compiled(
        artifact, checked.said, _in_order(problems), gathered.sources, gathered.files, examples
    )
    return compiled, gathered.main, checked.context


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by place."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.span, problem.code)))
