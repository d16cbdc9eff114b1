"""Questions and answers: can these formulas all be true of one patient? Who answers is told elsewhere.

An answer depends on the question alone, never on what was asked before it: values and cores are worked out
from the question when they are first looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from rung_engine.frozen import frozen
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.space import Space

if TYPE_CHECKING:
    from rung_lang.verify.solving.solve import Solver


@frozen
class Sat:
    """All parts can be true."""

    find: Callable[[], Mapping[str, Value]]

    @property
    def values(self) -> Mapping[str, Value]:
        """Values of the variables that the question speaks of, under which all parts are true."""
        return self.find()


@frozen
class Unsat:
    """Never all true. `linear`: the products were not needed."""

    reduce: Callable[[], tuple[int, ...]]
    linear: bool = True

    @property
    def core(self) -> tuple[int, ...]:
        """Places of parts that are impossible together and of which none can be left out."""
        return self.reduce()


@frozen
class Unknown:
    """Whoever was asked gave up."""

    reason: str


Answer = Sat | Unsat | Unknown


class Asks(Protocol):
    """Who answers questions about the variables of a `Space`."""

    space: Space

    def ask(self, parts: Sequence[Formula], also: Sequence[Formula] = ()) -> Answer:
        """Can all parts be true together? Values are also found of the variables that `also` speaks of."""

    def impossible(self, parts: Sequence[Formula]) -> bool:
        """Certainly never all true. Quicker than `refute`: products count by their linear bounds alone, so
        that False says less.
        """

    def best(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> Answer:
        """An answer that fulfils each wish in turn where it still can, so that it does not hang on chance."""

    def most(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> tuple[Answer, list[Formula]]:
        """As `best`, quicker where most wishes go together; and those that are fulfilled."""

    def given(self, parts: Sequence[Formula], limit: int) -> Asks:
        """The same for questions that all have these parts besides, with their own limit of steps."""

    def fresh(self, limit: int) -> Solver:
        """A solver for the same variables, of which nothing is kept and no evidence is gathered."""

    def glance(self, parts: Sequence[Formula]) -> Mapping[str, Value] | None:
        """Values under which all parts are true; None, which says nothing, where none are at hand. Nothing
        that is shown may depend on which ones they are.
        """
        answer = self.ask(parts)
        return answer.values if isinstance(answer, Sat) else None

    def refute(self, parts: Sequence[Formula]) -> Unsat | None:
        """Why the parts are never all true. None says nothing: only a refutation is a fact."""
        answer = self.ask(parts)
        return answer if isinstance(answer, Unsat) else None

    def possible(self, parts: Sequence[Formula]) -> bool:
        """Not known to be impossible: only False is a fact."""
        return self.refute(parts) is None

    def minimal(self, parts: Sequence[Formula]) -> tuple[int, ...]:
        """Places of parts that are impossible together and of which none can be left out.

        Raises `ValueError` where the parts are not known to be impossible.
        """
        found = self.refute(parts)
        if found is None:
            raise ValueError("the parts are not known to be impossible")
        return found.core


class Explains(Asks, Protocol):
    """Who can also say on what a refutation rests."""

    def explain(self, parts: Sequence[Formula]) -> tuple[Formula, ...] | None:
        """Conjuncts of the parts, and facts about their variables, that are never all true and of which none
        can be left out, without a product; None where there are none.
        """

    def given(self, parts: Sequence[Formula], limit: int) -> Explains:
        """As for `Asks`."""


@dataclass(slots=True)
class Given(Asks):
    """Questions that all have these parts besides, put to another."""

    asks: Asks
    parts: tuple[Formula, ...]
    space: Space = field(init=False)

    def __post_init__(self) -> None:
        self.space = self.asks.space

    def ask(self, parts: Sequence[Formula], also: Sequence[Formula] = ()) -> Answer:
        answer = self.asks.ask([*self.parts, *parts], also)
        return self._own(answer) if isinstance(answer, Unsat) else answer

    def refute(self, parts: Sequence[Formula]) -> Unsat | None:
        found = self.asks.refute([*self.parts, *parts])
        return None if found is None else self._own(found)

    def _own(self, answer: Unsat) -> Unsat:
        """Cores are of the other parts alone."""
        before = len(self.parts)
        return Unsat(lambda: tuple(place - before for place in answer.core if place >= before), answer.linear)

    def impossible(self, parts: Sequence[Formula]) -> bool:
        return self.asks.impossible([*self.parts, *parts])

    def best(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> Answer:
        return self.asks.best([*self.parts, *parts], wishes)

    def most(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> tuple[Answer, list[Formula]]:
        return self.asks.most([*self.parts, *parts], wishes)

    def given(self, parts: Sequence[Formula], limit: int) -> Asks:
        return Given(self.asks, (*self.parts, *parts))

    def fresh(self, limit: int) -> Solver:
        return self.asks.fresh(limit)
