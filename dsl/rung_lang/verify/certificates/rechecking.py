"""Answers from evidence, each judged anew; a solver is asked only where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rung_engine.frozen import frozen
from rung_lang.verify.certificates.checker import check
from rung_lang.verify.certificates.lemmas import Lemma, Lemmas, mark, places, taken
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.intervals import clashes
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.solving.asks import Answer, Asks, Given, Sat, Unsat
from rung_lang.verify.solving.keys import name_of
from rung_lang.verify.solving.remembering import read
from rung_lang.verify.solving.solve import Solver

Kind = Literal[
    "unreadable", "astray", "steps", "core", "values", "unused",
    "of", "state", "said", "missing", "extra", "otherwise",
]  # fmt: skip


@frozen
class Wrong:
    """What a certificate claims and does not show. `name`: of the question, the field or the obligation."""

    kind: Kind
    name: str


@frozen
class Evidence:
    """What a certificate brings: refutations, and by the names of questions, what else was found."""

    lemmas: Lemmas = field(default_factory=Lemmas)
    cores: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    wishes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    open: frozenset[str] = frozenset()
    """Of these nothing is claimed."""


@dataclass(slots=True)
class Rechecking(Asks):
    """`wrong` names evidence that does not show what it is said to show."""

    space: Space
    evidence: Evidence
    by_bounds: int = 0
    """Refutations that the bounds of single variables give by themselves."""
    by_steps: int = 0
    by_values: int = 0
    by_solver: int = 0
    """Questions to which there was no evidence, or none that can be judged without a solver."""
    wrong: list[Wrong] = field(default_factory=list)
    _solver: Solver = field(init=False)
    _others: list[Solver] = field(default_factory=list)
    used: dict[str, None] = field(default_factory=dict)
    """Names of the questions for which something was told that was made use of."""
    lemmas: dict[int, Lemma] = field(default_factory=dict)
    """Refutations that were made use of, by identity."""
    refuted: dict[str, Lemma] = field(default_factory=dict)
    """Which of them answers a question, by its name."""
    _waiting: list[tuple[Lemma, list[Formula]]] = field(default_factory=list)
    _facts: dict[str, Formula] = field(default_factory=dict)
    _read: int = 0

    def __post_init__(self) -> None:
        self._solver = Solver(self.space)

    def ask(self, parts: Sequence[Formula], also: Sequence[Formula] = ()) -> Answer:
        return self._shown(parts) or self._met(parts, also) or self._asked(parts, also)

    def refute(self, parts: Sequence[Formula]) -> Unsat | None:
        found = self._shown(parts)
        if found is not None:
            return found
        name = name_of(parts)
        if name in self.evidence.open:
            self.used[name] = None
            return None
        answer = self._asked(parts, ())
        return answer if isinstance(answer, Unsat) else None

    def _shown(self, parts: Sequence[Formula]) -> Unsat | None:
        """A refutation for which there is evidence."""
        if clashes(parts):
            self.by_bounds += 1
            return Unsat(lambda: self._core(parts, self._clashing(parts)))
        lemma = self.evidence.lemmas.within(parts)
        if lemma is not None:
            self.by_steps += 1
            self.refuted[name_of(parts)] = lemma
            self._judge(lemma, parts)
            return Unsat(lambda: self._core(parts, places(lemma, parts)))
        return None

    def impossible(self, parts: Sequence[Formula]) -> bool:
        return self.refute(parts) is not None

    def best(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> Answer:
        found = self._shown(parts) or self._met(parts, wishes)
        if found is not None:
            return found
        self.by_solver += 1
        return self._solver.best(parts, wishes)

    def most(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> tuple[Answer, list[Formula]]:
        name = name_of([*parts, *wishes])
        told = self.evidence.wishes.get(name)
        if told is None:
            self.by_solver += 1
            return self._solver.most(parts, wishes)
        self.used[name] = None
        kept = [wish for place, wish in enumerate(wishes) if place in told]
        return self.ask([*parts, *kept]), kept

    def given(self, parts: Sequence[Formula], limit: int) -> Asks:
        return Given(self, tuple(parts))

    def fresh(self, limit: int) -> Solver:
        found = self._solver.fresh(limit)
        self._others.append(found)
        return found

    def finish(self) -> None:
        """Judges the refutations that rest on facts which were not stated yet when they were used."""
        for lemma, formulas in self._waiting:
            self._judge_now(lemma, formulas, last=True)
        self.by_solver += sum(other.asked for other in self._others)

    # -- with evidence

    def _judge(self, lemma: Lemma, parts: Sequence[Formula]) -> None:
        if id(lemma) not in self.lemmas:
            self.lemmas[id(lemma)] = lemma
            self._judge_now(lemma, taken(lemma, parts), last=False)

    def _judge_now(self, lemma: Lemma, formulas: list[Formula], *, last: bool) -> None:
        for _, fact in self.space.log[self._read :]:
            self._facts[mark(fact)] = fact
        self._read = len(self.space.log)
        facts = [self._facts[one] for one in lemma.facts if one in self._facts]
        if len(facts) < len(lemma.facts) and not last:
            self._waiting.append((lemma, formulas))
        elif len(facts) < len(lemma.facts) or not check(lemma.steps, [*formulas, *facts]):
            self.wrong.append(Wrong("steps", " ".join(lemma.never)))

    def _core(self, parts: Sequence[Formula], otherwise: tuple[int, ...]) -> tuple[int, ...]:
        """The core that is told, where it is shown to be impossible; that none can be left out is not."""
        name = name_of(parts)
        told = self.evidence.cores.get(name)
        if told is None:
            return otherwise
        self.used[name] = None
        if all(0 <= place < len(parts) for place in told):
            core = [parts[place] for place in told]
            if self._shown(core) is not None:
                return told
        self.wrong.append(Wrong("core", name))
        return otherwise

    def _met(self, parts: Sequence[Formula], also: Sequence[Formula]) -> Sat | None:
        """Values that are told, where all that must hold of them does."""
        name = name_of([*parts, *also])
        told = self.evidence.values.get(name)
        if told is None:
            return None
        self.used[name] = None
        spoken = self.space.spoken([*parts, *also])
        try:
            values = read(told, spoken, self.space)
        except (ValueError, ZeroDivisionError):
            values = {}
        facts = (fact for one in sorted(spoken) for fact in self.space.facts[one])
        products = (pair for one in sorted(spoken) for pair in self.space.products.get(one, ()))
        if not (
            values
            and all(f.holds(one, values) for one in (*parts, *facts))
            and all(f.holds(f.implies(condition, one), values) for condition, one in products)
        ):
            self.wrong.append(Wrong("values", name))
            return None
        self.by_values += 1
        return Sat(lambda: values)

    # -- without

    def _asked(self, parts: Sequence[Formula], also: Sequence[Formula]) -> Answer:
        self.by_solver += 1
        answer = self._solver.ask(parts, also)
        return Unsat(answer.reduce, linear=False) if isinstance(answer, Unsat) else answer

    def _clashing(self, parts: Sequence[Formula]) -> tuple[int, ...]:
        return tuple(range(len(parts)))
