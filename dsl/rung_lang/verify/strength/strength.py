"""How much of a protocol is held in place by what is stated: its mutants, and who notices each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from rung_engine.artifact import model as m
from rung_lang.examples import some_fail
from rung_lang.lower.examples import LoweredExample
from rung_lang.source import Source
from rung_lang.verify.context import Context, Prover, base_program
from rung_lang.verify.found import Found
from rung_lang.verify.histories.recorded import shown
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.solving.answers import Kept, Memory
from rung_lang.verify.solving.remembering import Remembering
from rung_lang.verify.solving.solve import Solver
from rung_lang.verify.strength.mutants import Mutant, mutants
from rung_lang.verify.strength.told_apart import telling
from rung_lang.verify.verdict import Proved, Refuted, Undecided, Witness
from rung_lang.verify.verify import FAMILIES, STATED

Said = tuple[str, tuple[str, ...], str]
"""A code, what it is about and the verdict; or a code of problems, nothing, and how many there are of it."""

_ANSWERS = frozenset({"R403"})
"""Information that is an answer to something stated."""


def tried(
    artifact: m.Artifact,
    sources: Mapping[str, Source],
    main: str,
    examples: Sequence[LoweredExample],
    kept: Kept | None = None,
    version: str = "",
    prover: Prover | None = None,
) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether an example fails on it or the verifier says something else of it.

    `kept`: answers to questions, of which mutants ask much the same; `version`: of who answers. `prover`: as
    for `verify`.
    """
    every = list(mutants(base_program(artifact)))
    verifier = _Verifier(sources, main, examples, kept or Memory(), version, prover)
    said: frozenset[Said] | None = None
    for mutant, told in zip(every, telling(artifact, every, examples), strict=True):
        if some_fail(mutant.artifact, told):
            yield mutant, True
            continue
        if said is None:
            said = frozenset(one for part in verifier.said(artifact) for one in part)
        yield mutant, _differs(verifier.said(mutant.artifact), said)


def count_of(artifact: m.Artifact) -> int:
    """How many mutants there are."""
    return sum(1 for _ in mutants(base_program(artifact)))


def _differs(parts: Iterator[frozenset[Said]], said: frozenset[Said]) -> bool:
    """Asks no further once something new is said."""
    found: set[Said] = set()
    for part in parts:
        if not part <= said:
            return True
        found |= part
    return found != said


@dataclass(slots=True)
class _Verifier:
    """Of one protocol and its mutants. What one of them was asked is not worked out again for another."""

    sources: Mapping[str, Source]
    main: str
    examples: Sequence[LoweredExample]
    kept: Kept
    version: str
    prover: Prover | None
    histories: dict[str, Witness] = field(default_factory=dict)

    def said(self, artifact: m.Artifact) -> Iterator[frozenset[Said]]:
        """What a reader would see, a family at a time; those first that notice most for the least work."""
        context = Context(artifact, lambda space: Remembering(Solver(space), self.kept, self.version))
        context.histories = _Shared(self.histories)
        context.prover = self.prover
        context.shown = tuple(shown(artifact, self.examples))
        reach = Reach(context)
        context.reach = reach
        places = Places(artifact, self.sources, self.main)
        for number, stated in enumerate(STATED):
            yield frozenset(_said(stated(context, places), f"stated {number}"))
        for number, family in enumerate(FAMILIES):
            yield frozenset(_said(family(context, places, reach), f"family {number}"))


@dataclass(slots=True)
class _Shared:
    """Histories of other mutants: each is judged anew on the one that is asked about."""

    known: dict[str, Witness]

    def get(self, question: str) -> Witness | None:
        return self.known.get(question)

    def in_vain(self, question: str) -> bool:
        return False

    def put(self, question: str, witness: Witness | None) -> None:
        if witness is not None:
            self.known[question] = witness


def _said(found: Found, family: str) -> Iterator[Said]:
    """Findings that are more than information, and answers to questions: which, about what, and how many."""
    told = Counter(
        problem.code
        for problem in found.problems
        if problem.level != "information" or problem.code in _ANSWERS
    )
    for code, count in told.items():
        yield code, (family,), f"{count} found"
    for one in found.obligations:
        match one.verdict:
            case Undecided():
                yield one.code, one.about, "undecided"
            case Refuted():
                if one.code in told:
                    yield one.code, one.about, "refuted"
            case Proved():
                if one.code in _ANSWERS:
                    yield one.code, one.about, "proved"
            case _:
                assert_never(one.verdict)
