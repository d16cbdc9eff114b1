"""Who speaks for a drug now: `yields D to P while C`, and `supersedes P [for D]`, its mirror image."""

from __future__ import annotations

from collections.abc import Sequence

from rung_engine.frozen import frozen
from rung_engine.together.model import Voice
from rung_engine.truth import Truth, conjunction


@frozen
class Claim:
    """`protocol` yields the drug to `to`: surely, or (`sure` False) as far as is known."""

    protocol: str
    drug: str
    to: str
    sure: bool
    because: str


def is_on(voice: Voice) -> Truth:
    """The protocol has a session now. Unknown while it is unknown whether the protocol applies."""
    if voice.content is None:
        return None
    match voice.content.phase:
        case "active":
            return True
        case "unclear" | "suspended":
            return None
        case "not_applicable" | "ended" | "finished":
            return False


def claims(voices: Sequence[Voice]) -> tuple[Claim, ...]:
    """Every yield that is so, or may be so, at this instant. Sorted."""
    found: set[Claim] = set()
    for voice in voices:
        for other in voices:
            if other.name == voice.name:
                continue
            for drug, truth, because in _yields(voice, other):
                held = conjunction((truth, is_on(other)))
                if held is not False:
                    found.add(Claim(voice.name, drug, other.name, held is True, because))
    return tuple(sorted(found, key=lambda one: (one.protocol, one.drug, one.to, one.sure, one.because)))


def _yields(voice: Voice, other: Voice) -> list[tuple[str, Truth, str]]:
    """By drug: what `voice` says it yields to `other`, and what `other` says it takes over."""
    found: list[tuple[str, Truth, str]] = []
    for owned in voice.program.artifact.ownership:
        if owned.how == "yields" and owned.protocol == other.name:
            truth: Truth = True if owned.condition is None else voice.view.truth(owned.condition)
            found.extend((drug, truth, owned.because) for drug in owned.drugs)
    for owned in other.program.artifact.ownership:
        if owned.how == "supersedes" and owned.protocol == voice.name:
            drugs = owned.drugs or tuple(sorted(voice.program.artifact.drugs))
            found.extend((drug, True, owned.because) for drug in drugs)
    return found


def rings(found: Sequence[Claim]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The drugs that are surely yielded round in a ring, each with the protocols of the ring. Sorted."""
    out: list[tuple[str, tuple[str, ...]]] = []
    for drug in sorted({claim.drug for claim in found}):
        to: dict[str, set[str]] = {}
        for claim in found:
            if claim.drug == drug and claim.sure:
                to.setdefault(claim.protocol, set()).add(claim.to)
        members = tuple(sorted(name for name in to if name in _reached(to, name)))
        if members:
            out.append((drug, members))
    return tuple(out)


def _reached(to: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = sorted(to.get(start, ()))
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(sorted(to.get(name, ())))
    return seen
