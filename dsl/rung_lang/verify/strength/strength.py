"""How much of a protocol is held in place by what is stated: its mutants, and who notices each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rung_engine.artifact import model as m
from rung_lang.examples import run_examples
from rung_lang.lower.examples import LoweredExample
from rung_lang.source import Source
from rung_lang.verify.context import base_program
from rung_lang.verify.strength.mutants import Mutant, mutants
from rung_lang.verify.verdict import Report
from rung_lang.verify.verify import verify

_ANSWERS = frozenset({"R403"})
"""Information that is an answer to something stated."""


def tried(
    artifact: m.Artifact,
    sources: Mapping[str, Source],
    main: str,
    examples: Sequence[LoweredExample],
    report: Report,
) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether an example fails or the verifier says something else than in `report`."""
    said = _said(report)
    for mutant in mutants(base_program(artifact)):
        failing = any(result.failures for result in run_examples(mutant.artifact, examples))
        yield mutant, failing or _said(verify(mutant.artifact, sources, main, examples)) != said


def count_of(artifact: m.Artifact) -> int:
    """How many mutants there are."""
    return sum(1 for _ in mutants(base_program(artifact)))


def _said(report: Report) -> Counter[str]:
    """What a reader would see change: findings that are more than information, and answers to questions."""
    return Counter(
        problem.code
        for problem in report.problems
        if problem.level != "information" or problem.code in _ANSWERS
    )
