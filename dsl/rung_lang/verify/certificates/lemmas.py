"""What was shown once and for all: formulas that are never all true, each set with the steps that say why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rung_engine.frozen import frozen
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.solving.keys import digest

_marks: dict[int, str] = {}


def mark(formula: Formula) -> str:
    """By which evidence names a formula: the beginning of its digest. Who reads it has the formula itself."""
    found = _marks.get(id(formula))
    if found is None:
        found = _marks[id(formula)] = digest(formula).hex()[:12]
    return found


def conjuncts(parts: Iterable[Formula]) -> list[Formula]:
    """What the parts ask for one by one, each once."""
    found: dict[int, Formula] = {}
    for part in parts:
        for one in part.of if isinstance(part, f.And) else (part,):
            found[id(one)] = one
    return list(found.values())


@frozen
class Lemma:
    """Conjuncts of questions (`never`) that are impossible together, given `facts`, by their marks."""

    never: tuple[str, ...]
    facts: tuple[str, ...]
    steps: object
    """For `checker.check`, of the conjuncts and then the facts."""


@dataclass(slots=True)
class Lemmas:
    """In the order in which they were shown."""

    all: list[Lemma] = field(default_factory=list)
    _by: dict[str, list[tuple[frozenset[str], int]]] = field(default_factory=dict)

    def add(self, lemma: Lemma) -> None:
        """One with formulas of a question: facts alone contradict each other only by a mistake in Rung."""
        if not lemma.never:
            raise ValueError("what is always true contradicts itself")
        rarest = min(lemma.never, key=lambda one: len(self._by.get(one, ())))
        self._by.setdefault(rarest, []).append((frozenset(lemma.never), len(self.all)))
        self.all.append(lemma)

    def within(self, parts: Sequence[Formula]) -> Lemma | None:
        """The first that speaks of nothing but conjuncts of these."""
        marks = [mark(one) for one in conjuncts(parts)]
        asked = frozenset(marks)
        found = (place for one in marks for never, place in self._by.get(one, ()) if never <= asked)
        first = min(found, default=None)
        return None if first is None else self.all[first]


def places(lemma: Lemma, parts: Sequence[Formula]) -> tuple[int, ...]:
    """Parts that suffice for the lemma: of each of its conjuncts the first that asks for it."""
    first: dict[str, int] = {}
    for place, part in enumerate(parts):
        for one in conjuncts((part,)):
            first.setdefault(mark(one), place)
    return tuple(sorted({first[one] for one in lemma.never}))


def taken(lemma: Lemma, parts: Iterable[Formula]) -> list[Formula]:
    """The conjuncts of the lemma, in its order."""
    found = {mark(one): one for one in conjuncts(parts)}
    return [found[one] for one in lemma.never]
