"""Questions and answers: can these formulas all be true of one patient? Who answers is told elsewhere.

An answer depends on the question alone, never on what was asked before it: values and cores are worked out
from the question when they are first looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rung_lang.verify.formula import Formula, Value
from rung_lang.verify.space import Space

if TYPE_CHECKING:
    from rung_lang.verify.solve import Solver


@dataclass(frozen=True, slots=True)
class Sat:
    """All parts can be true."""

    find: Callable[[], Mapping[str, Value]]

    @property
    def values(self) -> Mapping[str, Value]:
        """Values of the variables that the question speaks of, under which all parts are true."""
        return self.find()


@dataclass(frozen=True, slots=True)
class Unsat:
    """Never all true. `linear`: the products were not needed."""

    reduce: Callable[[], tuple[int, ...]]
    linear: bool = True

    @property
    def core(self) -> tuple[int, ...]:
        """Places of parts that are impossible together and of which none can be left out."""
        return self.reduce()


@dataclass(frozen=True, slots=True)
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

    def fresh(self, limit: int) -> Solver:
        """A solver for the same variables that nothing was asked of, with its own limit of steps."""

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
        """Conjuncts of the parts, and facts about their variables, that are never all true and of which none can be left out,
        without a product; None where there are none.
        """
