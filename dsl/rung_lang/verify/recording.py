"""Asks a solver and keeps evidence of every answer: steps for refutations, values for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from rung_lang.verify.asks import Answer, Asks, Explains, Sat, Unknown, Unsat
from rung_lang.verify.evidence import prove
from rung_lang.verify.formula import Formula, Value
from rung_lang.verify.intervals import clashes
from rung_lang.verify.keys import name_of
from rung_lang.verify.lemmas import Lemma, Lemmas, conjuncts, mark
from rung_lang.verify.remembering import written
from rung_lang.verify.solve import Solver
from rung_lang.verify.space import Space


@dataclass(slots=True)
class Recording(Asks):
    """`cores` and `values` are by the name of the question; `trusted` names those that only a solver answers."""

    solver: Explains
    space: Space = field(init=False)
    lemmas: Lemmas = field(default_factory=Lemmas)
    cores: dict[str, tuple[int, ...]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    trusted: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.space = self.solver.space

    def ask(self, parts: Sequence[Formula], also: Sequence[Formula] = ()) -> Answer:
        answer = self.solver.ask(parts, also)
        match answer:
            case Unsat():
                return self._refuted(parts, answer)
            case Sat():
                return self._met(name_of([*parts, *also]), answer)
            case Unknown():
                return answer

    def refute(self, parts: Sequence[Formula]) -> Unsat | None:
        found = self.solver.refute(parts)
        return None if found is None else self._refuted(parts, found)

    def impossible(self, parts: Sequence[Formula]) -> bool:
        found = self.solver.impossible(parts)
        if found:
            self._is_shown(parts)
        return found

    def best(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> Answer:
        answer = self.solver.best(parts, wishes)
        match answer:
            case Unsat():
                return self._refuted(parts, answer)
            case Sat():
                return self._met(name_of([*parts, *wishes]), answer)
            case Unknown():
                return answer

    def fresh(self, limit: int) -> Solver:
        return self.solver.fresh(limit)

    # -- evidence

    def _met(self, name: str, answer: Sat) -> Sat:
        def find() -> Mapping[str, Value]:
            self.values[name] = written(answer.values)
            return answer.values

        return Sat(cache(find))

    def _refuted(self, parts: Sequence[Formula], answer: Unsat) -> Unsat:
        name = name_of(parts)

        def reduce() -> tuple[int, ...]:
            core = answer.core
            self._is_shown([parts[place] for place in core])
            self.cores[name] = core
            return core

        return Unsat(cache(reduce), self._is_shown(parts))

    def _is_shown(self, parts: Sequence[Formula]) -> bool:
        """There is evidence, or bounds alone settle it; else it is noted that a solver must be trusted."""
        if clashes(parts) or self.lemmas.within(parts) is not None:
            return True
        name = name_of(parts)
        if name in self.trusted:
            return False
        lemma = self._shown(parts)
        if lemma is None:
            self.trusted[name] = None
            return False
        self.lemmas.add(lemma)
        return True

    def _shown(self, parts: Sequence[Formula]) -> Lemma | None:
        formulas = self.solver.explain(parts)
        if formulas is None:
            return None
        asked = {id(one) for one in conjuncts(parts)}
        never = [one for one in formulas if id(one) in asked]
        facts = [one for one in formulas if id(one) not in asked]
        steps = prove([*never, *facts])
        if steps is None:
            return None
        return Lemma(tuple(map(mark, never)), tuple(map(mark, facts)), steps)
