"""What is true whenever a session is in a stage, shown by induction over the steps of a session.

Candidates come from the text: moments that were or were not, latches, and how times compare with each other
and with the durations written there and their sums. Whatever some step breaks is dropped until no step breaks
what is left (Houdini: Flanagan, Leino 2001). What is left does not depend on the order of looking at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.reach.horn import by_invariants
from rung_lang.verify.reach.links import IN_STAGE, STATE, Link, Links
from rung_lang.verify.solving.asks import Sat, Unsat
from rung_lang.verify.verdict import Proved, Trust

MOST_DURATIONS = 24
"""Sums of durations that are tried; where there are more, only the durations themselves."""
MOST_ROUNDS = 2_000
"""Candidates are dropped one counterexample at a time; beyond so many, none is claimed."""


@dataclass(slots=True)
class Induction:
    """Lemmas of every stage, over the names of `STATE`."""

    context: Context
    links: Links = field(init=False)
    lemmas: dict[str, list[Formula]] = field(init=False)

    def __post_init__(self) -> None:
        self.links = Links(self.context)
        every = list(_candidates(self.context, self.links))
        self.lemmas = {stage.name: list(every) for stage in self.context.artifact.stages}
        self._drop()

    def part(self, situation: Situation) -> tuple[Part, ...]:
        """The lemmas of the stage, about this instant."""
        if situation.stage is None:
            return ()
        at = situation.symbols.at
        found = f.all_of(self.links.told(lemma, at) for lemma in self.lemmas[situation.stage])
        known = all(name in self.context.space.variables for name in f.names(found))
        return ((("lemma", situation.stage), found),) if known and found is not f.TRUE else ()

    def _drop(self) -> None:
        rounds = 0
        waiting = list(self.links.all)
        while waiting:
            link = waiting.pop(0)
            while (broken := self._broken(link)) is not None:
                rounds += 1
                kept = [] if rounds > MOST_ROUNDS else [
                    one for one in self.lemmas[link.target] if one not in broken
                ]  # fmt: skip
                self.lemmas[link.target] = kept
                # Steps from here rested on what was dropped.
                waiting += [
                    other for other in self.links.all if other.source == link.target and other not in waiting
                ]

    def _broken(self, link: Link) -> frozenset[Formula] | None:
        """Lemmas that are false after some such step; None where there are none."""
        own = self.lemmas[link.target]
        if not own:
            return None
        after = [self.links.after(link, lemma) for lemma in own]
        parts = [*(part for _, part in link.parts), *self.before(link, self.lemmas)]
        answer = self.context.solver.ask([*parts, f.negation(f.all_of(after))])
        match answer:
            case Unsat():
                return None
            case Sat():
                values = answer.values
                return frozenset(
                    one for one, told in zip(own, after, strict=True) if not f.holds(told, values)
                )
            case _:
                return frozenset(own)

    def before(self, link: Link, lemmas: dict[str, list[Formula]]) -> list[Formula]:
        """Lemmas of the stage that a step comes from."""
        if link.source is None:
            return []
        return [self.links.told(lemma, "was/") for lemma in lemmas[link.source]]


def by_induction(context: Context, situation: Situation, parts: Sequence[Part]) -> Proved | None:
    """Proved where the lemmas of the stage exclude it, or invariants that a prover finds beside them."""
    if situation.stage is None:
        return None
    if context.lemmas is None:
        context.lemmas = Induction(context)
    lemmas = context.lemmas.part(situation)
    asked = [*parts, *lemmas]
    answer = context.solver.refute([part for _, part in asked])
    if answer is None:
        return by_invariants(context, context.lemmas.links, situation, parts, lemmas)
    trust: Trust = "checked" if answer.linear else "solver"
    return Proved("symbolic", trust, tuple(asked[place][0] for place in answer.core))


# ---------------------------------------------------------------- candidates


def _candidates(context: Context, links: Links) -> Iterator[Formula]:
    moments = [name for name in links.carried if name.startswith("after:")]
    yes = [f.boolean(f"{STATE}{name}") for name in links.carried if links.sort(name) == "bool"]
    for one in yes:
        yield one
        yield f.negation(one)
    for one in yes:
        yield from (f.implies(one, two) for two in yes if two is not one)
    durations = _durations(context, links)
    clocks = [
        (f.boolean(f"{STATE}{moment}"), f.variable(f"{STATE}{name}"))
        for moment in moments
        for key in (moment.removeprefix("after:"),)
        for name in (f"since:{key}", f"since:first {key}")
        if name in links.carried
    ]
    in_stage = f.variable(f"{STATE}{IN_STAGE}")
    if IN_STAGE in links.carried:
        clocks.append((f.TRUE, in_stage))
    for happened, since in clocks:
        for duration in durations:
            yield f.implies(happened, f.compare(since, ">=", f.number(duration)))
            yield f.implies(happened, f.compare(since, "<=", f.number(duration)))
        for other_happened, other in clocks:
            if other is since:
                continue
            both = f.all_of((happened, other_happened))
            for duration in (f.ZERO, *durations):
                later = other.plus(f.number(duration))
                yield f.implies(both, f.compare(since, ">=", later))


def _durations(context: Context, links: Links) -> list[Fraction]:
    """Those that times are compared with, and their sums up to the longest."""
    found: set[Fraction] = set()
    symbols = context.situation(None).symbols
    for term in context.artifact.terms:
        if isinstance(term, m.Cmp):
            sides = (context.artifact.terms[term.left], context.artifact.terms[term.right])
            for side, index in zip(sides, (term.right, term.left), strict=True):
                if isinstance(side, m.Elapsed | m.TimeInStage | m.TimeOn):
                    other = symbols.number(index)
                    if other.is_constant and other.value.constant > 0:
                        found.add(other.value.constant)
    sums = set(found)
    while len(sums) <= MOST_DURATIONS:
        more = {a + b for a in sums for b in found if a + b <= max(found)} | sums
        if more == sums:
            return sorted(sums)
        sums = more
    return sorted(found)[:MOST_DURATIONS]
