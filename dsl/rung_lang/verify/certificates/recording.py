"""Asks a solver and keeps evidence of every answer: steps for refutations, values for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import assert_never

from rung_lang.verify.certificates.evidence import prove
from rung_lang.verify.certificates.lemmas import Lemma, Lemmas, conjuncts, mark
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.intervals import clashes
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.solving.asks import Answer, Asks, Explains, Sat, Unknown, Unsat
from rung_lang.verify.solving.keys import name_of
from rung_lang.verify.solving.remembering import written
from rung_lang.verify.solving.solve import Solver


@dataclass(slots=True)
class Record:
    """What was found, by the names of questions."""

    lemmas: Lemmas = field(default_factory=Lemmas)
    cores: dict[str, tuple[int, ...]] = field(default_factory=dict)
    wishes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Places of those that go together."""
    possible: dict[str, Sat] = field(default_factory=dict)
    open: dict[str, None] = field(default_factory=dict)
    """Questions of which it was only asked whether they are impossible, and that was not known."""
    trusted: dict[str, None] = field(default_factory=dict)
    """Refutations for which a solver must be believed."""

    def values(self) -> dict[str, dict[str, str]]:
        """Of each question that has an answer."""
        return {name: written(answer.values) for name, answer in self.possible.items()}


@dataclass(slots=True)
class Recording(Asks):
    """`base`: parts that all questions have, known to the solver."""

    solver: Explains
    base: tuple[Formula, ...] = ()
    record: Record = field(default_factory=Record)
    space: Space = field(init=False)

    def __post_init__(self) -> None:
        self.space = self.solver.space

    def ask(self, parts: Sequence[Formula], also: Sequence[Formula] = ()) -> Answer:
        return self._noted(parts, self.solver.ask(parts, also), also)

    def refute(self, parts: Sequence[Formula]) -> Unsat | None:
        found = self.solver.refute(parts)
        if found is None:
            self.record.open[self._name(parts)] = None
            return None
        return self._refuted(parts, found)

    def impossible(self, parts: Sequence[Formula]) -> bool:
        found = self.solver.impossible(parts)
        if found:
            self._is_shown(parts)
        else:
            self.record.open[self._name(parts)] = None
        return found

    def best(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> Answer:
        return self._noted(parts, self.solver.best(parts, wishes), wishes)

    def most(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> tuple[Answer, list[Formula]]:
        answer, found = self.solver.most(parts, wishes)
        kept = {id(one) for one in found}
        places = tuple(place for place, wish in enumerate(wishes) if id(wish) in kept)
        self.record.wishes[self._name([*parts, *wishes])] = places
        return self._noted([*parts, *found], answer, ()), found

    def given(self, parts: Sequence[Formula], limit: int) -> Recording:
        return Recording(self.solver.given(parts, limit), (*self.base, *parts), self.record)

    def fresh(self, limit: int) -> Solver:
        return self.solver.fresh(limit)

    # -- evidence

    def _name(self, parts: Sequence[Formula]) -> str:
        return name_of([*self.base, *parts])

    def _noted(self, parts: Sequence[Formula], answer: Answer, also: Sequence[Formula]) -> Answer:
        match answer:
            case Unsat():
                return self._refuted(parts, answer)
            case Sat():
                self.record.possible[self._name([*parts, *also])] = answer
                return answer
            case Unknown():
                return answer
            case _:
                assert_never(answer)

    def _refuted(self, parts: Sequence[Formula], answer: Unsat) -> Unsat:
        def reduce() -> tuple[int, ...]:
            core = answer.core
            self._is_shown([parts[place] for place in core])
            before = len(self.base)
            self.record.cores[self._name(parts)] = (*range(before), *(before + place for place in core))
            return core

        return Unsat(cache(reduce), self._is_shown(parts))

    def _is_shown(self, parts: Sequence[Formula]) -> bool:
        """There is evidence, or bounds alone settle it; else it is noted that a solver must be believed."""
        every = [*self.base, *parts]
        if clashes(every) or self.record.lemmas.within(every) is not None:
            return True
        name = self._name(parts)
        if name in self.record.trusted:
            return False
        lemma = self._shown(parts)
        if lemma is None:
            self.record.trusted[name] = None
            return False
        self.record.lemmas.add(lemma)
        return True

    def _shown(self, parts: Sequence[Formula]) -> Lemma | None:
        formulas = self.solver.explain(parts)
        if formulas is None:
            return None
        asked = {id(one) for one in conjuncts([*self.base, *parts])}
        never = [one for one in formulas if id(one) in asked]
        facts = [one for one in formulas if id(one) not in asked]
        steps = prove([*never, *facts])
        if steps is None:
            return None
        return Lemma(tuple(map(mark, never)), tuple(map(mark, facts)), steps)
