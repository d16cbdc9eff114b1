"""Answers with z3. Values are exact fractions. z3 is loaded at the first question it gets.

Questions are conjunctions of parts. What is always true of the variables spoken of (`Space`) is added here.
Products are first left to their linear bounds; only where that does not settle it are they asked exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any, assert_never

from rung_lang.verify.certificates.lemmas import conjuncts
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.intervals import clashes
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.solving.asks import Answer as Answer
from rung_lang.verify.solving.asks import Explains
from rung_lang.verify.solving.asks import Sat as Sat
from rung_lang.verify.solving.asks import Unknown as Unknown
from rung_lang.verify.solving.asks import Unsat as Unsat
from rung_lang.verify.solving.z3_solver import LIMIT as LIMIT
from rung_lang.verify.solving.z3_solver import Z3, Core, Model, Verdict

WEIGHTS = (70, 80, 50, 100, 20, 5, 150)
"""Factors at which products are tried first: body weights in kilograms."""


_Look = Callable[[Sequence[Formula]], Verdict]


@dataclass(slots=True)
class Solver(Explains):
    """Answers with z3. One incremental solver gives verdicts; values come from a fresh one for each question,
    since what the incremental one finds hangs on what it was asked before.
    """

    space: Space
    limit: int = LIMIT
    asked: int = 0
    """Questions that reached z3."""
    _nodes: dict[int, Any] = field(default_factory=dict)
    _z3: Z3 | None = None
    _kept: list[Formula] = field(default_factory=list)

    def ask(self, parts: Sequence[Formula], also: Sequence[Formula] = ()) -> Answer:
        found = self._look(parts)
        match found:
            case Model():
                return self._met(parts, also, found)
            case Core():
                return Unsat(cache(lambda: self._reduced(parts, found.places)), found.linear)
            case Unknown():
                return found
            case _:
                assert_never(found)

    def impossible(self, parts: Sequence[Formula]) -> bool:
        if f.FALSE in parts or clashes(parts):
            return True
        self.asked += 1
        return self._solver.is_unsat(parts)

    def best(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> Answer:
        found = self._look(parts)
        if not isinstance(found, Model):
            return self.ask(parts)
        taken = list(parts)
        for wish in wishes:
            if not f.holds(wish, found.values):
                better = self._look([*taken, wish])
                if not isinstance(better, Model):
                    continue
                found = better
            taken.append(wish)
        return self._met(taken, wishes, found)

    def most(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> tuple[Answer, list[Formula]]:
        left = list(wishes)
        while True:
            found = self._settled([*parts, *left], self._check)
            if isinstance(found, Model):
                return self._met([*parts, *left], (), found), left
            clash = _last_wish(found, len(parts), len(left))
            # The first wish that no answer fulfils beside those before it is at this place or before it.
            while clash is not None:
                found = self._settled([*parts, *left[:clash]], self._check)
                if isinstance(found, Model):
                    break
                clash = _last_wish(found, len(parts), clash)
            if clash is None:
                return self.ask(parts), []
            del left[clash]

    def given(self, parts: Sequence[Formula], limit: int) -> Solver:
        other = self.fresh(limit)
        for part in (*self._kept, *parts):
            other.keep(part)
        return other

    def fresh(self, limit: int) -> Solver:
        """Another, which keeps nothing yet; what is translated already is shared."""
        return Solver(self.space, limit, _nodes=self._nodes)

    def glance(self, parts: Sequence[Formula]) -> Mapping[str, Value] | None:
        """As they come to hand: quick, but they hang on what was asked before."""
        found = self._look(parts)
        return found.values if isinstance(found, Model) else None

    def keep(self, part: Formula) -> None:
        """From here on the part is true in every question; for a solver that serves one purpose only."""
        self._kept.append(part)
        if self._z3 is not None:
            self._z3.keep(part)

    def explain(self, parts: Sequence[Formula]) -> tuple[Formula, ...] | None:
        stated = self.space.stated(conjuncts([*self._kept, *parts]))
        return self._solver.explain(list({id(one): one for one in stated}.values()))

    # -- verdicts

    @property
    def _solver(self) -> Z3:
        if self._z3 is None:
            self._z3 = Z3(self.space, self.limit, self._nodes)
            for part in self._kept:
                self._z3.keep(part)
        return self._z3

    def _look(self, parts: Sequence[Formula]) -> Verdict:
        for place, part in enumerate(parts):
            if part is f.FALSE:
                return Core(frozenset({place}))
        if clashes(parts):
            return Core(_clashing(parts))
        return self._settled(parts, self._check)

    def _check(self, parts: Sequence[Formula]) -> Verdict:
        self.asked += 1
        return self._solver.check(parts)

    def _reduced(self, parts: Sequence[Formula], enough: frozenset[int]) -> tuple[int, ...]:
        """Leaves out one part after the other, the last first. `enough` only spares questions: what is kept
        does not depend on it.
        """
        known = [enough]
        kept = list(range(len(parts)))
        for place in reversed(range(len(parts))):
            fewer = [one for one in kept if one != place]
            if not any(core.issubset(fewer) for core in known):
                found = self._look([parts[one] for one in fewer])
                if not isinstance(found, Core):
                    continue
                known.append(frozenset(fewer[one] for one in found.places))
            kept = fewer
        return tuple(kept)

    # -- values

    def _met(self, parts: Sequence[Formula], also: Sequence[Formula], at_hand: Model) -> Sat:
        return Sat(cache(lambda: self._values(parts, also, at_hand)))

    def _values(
        self, parts: Sequence[Formula], also: Sequence[Formula], at_hand: Model
    ) -> Mapping[str, Value]:
        """Of every variable that the parts and `also` speak of, and of those that the facts bring."""
        parts = [*self._kept, *parts]
        names = sorted(self.space.spoken([*parts, *also]))
        found = self._settled(parts, lambda asked: self._solver.alone(asked, names))
        # Alone it may give up where the incremental one did not.
        values = found.values if isinstance(found, Model) else at_hand.values
        return {name: values[name] if name in values else self._default(name) for name in names}

    def _default(self, name: str) -> Value:
        return False if self.space.variables[name].sort == "bool" else f.ZERO

    # -- products

    def _settled(self, parts: Sequence[Formula], look: _Look) -> Verdict:
        """Products first by their bounds, then, where values break one, at the factors that come to mind,
        which is linear, then in full.
        """
        found = look(parts)
        if not isinstance(found, Model) or not self.space.products:
            return found
        products = self._products(parts)
        broken = _broken(products, found.values)
        if not broken:
            return found
        for right in sorted({one.right for _, one in broken}):
            bounds = self.space.variables[right]
            tries = [Fraction(value) for value in WEIGHTS]
            tries += [bound for bound in (bounds.lo, bounds.hi) if bound is not None]
            for value in tries:
                fixed: list[Formula] = [f.compare(f.variable(right), "=", f.number(value))]
                fixed += [
                    f.implies(
                        condition,
                        f.compare(f.variable(one.result), "=", f.variable(one.left).times(value)),
                    )
                    for condition, one in products
                    if one.right == right
                ]
                tried = look([*parts, *fixed])
                if isinstance(tried, Model) and not _broken(products, tried.values):
                    return tried
        exactly = look([*parts, *(f.implies(condition, one) for condition, one in products)])
        match exactly:
            case Core():
                places = frozenset(place for place in exactly.places if place < len(parts))
                return Core(places, linear=False)
            case Model() if _broken(products, exactly.values):
                return Unknown("the exact answer is no fraction")
            case _:
                return exactly

    def _products(self, parts: Sequence[Formula]) -> list[tuple[Formula, f.Product]]:
        """The products of variables that the parts speak of."""
        spoken = self.space.spoken([*self._kept, *parts])
        return [
            pair
            for name in sorted(self.space.products)
            if name in spoken
            for pair in self.space.products[name]
        ]


def _broken(
    products: Iterable[tuple[Formula, f.Product]], values: Mapping[str, Value]
) -> list[tuple[Formula, f.Product]]:
    """Those that the values do not obey."""
    return [
        (condition, one)
        for condition, one in products
        if f.holds(condition, values) and not f.holds(one, values)
    ]


def _last_wish(found: Verdict, parts: int, wishes: int) -> int | None:
    """The last wish among what clashes, by its place; None where the parts clash without any."""
    if not isinstance(found, Core):
        return wishes - 1 if wishes else None
    return max((place - parts for place in found.places if place >= parts), default=None)


def _clashing(parts: Sequence[Formula]) -> frozenset[int]:
    """Places of parts that clash in plain bounds, none to spare."""
    kept = list(range(len(parts)))
    for place in range(len(parts)):
        fewer = [one for one in kept if one != place]
        if clashes(parts[one] for one in fewer):
            kept = fewer
    return frozenset(kept)
