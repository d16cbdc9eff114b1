"""The variables that questions speak of, and what is always true of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from rung_engine.frozen import frozen
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear

Sort = Literal["bool", "real", "int"]


@frozen
class Variable:
    """`about`: what it says, of what, as (`input`, `MAP`) or (`rate`, `norepinephrine`). `at`: which instant.

    `grid`: the step in which a monitor shows it, in coherent units. `lo`, `hi`: its bounds, if any.
    """

    name: str
    sort: Sort
    about: tuple[str, ...]
    at: str = ""
    lo: Fraction | None = None
    hi: Fraction | None = None
    grid: Fraction | None = None


@dataclass(slots=True)
class Space:
    """Variables by name, and the facts that come with each: true whenever the variable is spoken of.

    `products` are facts too, kept apart because they are not linear; each stands beside linear bounds that
    it implies, so that leaving it out only allows more.
    """

    variables: dict[str, Variable] = field(default_factory=dict)
    facts: dict[str, list[Formula]] = field(default_factory=dict)
    products: dict[str, list[tuple[Formula, f.Product]]] = field(default_factory=dict)
    """By variable: under this condition, this product holds."""
    log: list[tuple[str, Formula]] = field(default_factory=list)
    """Every fact with its variable, in the order in which they were stated."""
    terms: dict[int, str] = field(default_factory=dict)
    """Names of the protocol's terms, by content."""
    _beside: dict[str, tuple[int, frozenset[str]]] = field(default_factory=dict)
    _spoken: dict[int, frozenset[str]] = field(default_factory=dict)
    _stated: int = 0

    def real(
        self,
        name: str,
        about: tuple[str, ...],
        at: str = "",
        lo: Fraction | None = None,
        hi: Fraction | None = None,
        grid: Fraction | None = None,
    ) -> Linear:
        """A numeric variable, declared where it is new."""
        if name not in self.variables:
            self.variables[name] = Variable(name, "real", about, at, lo, hi, grid)
            self.facts[name] = []
            if lo is not None:
                self.always(name, f.compare(f.number(lo), "<=", f.variable(name)))
            if hi is not None:
                self.always(name, f.compare(f.variable(name), "<=", f.number(hi)))
        return f.variable(name)

    def whole(self, name: str, about: tuple[str, ...], at: str = "") -> Linear:
        """A whole number, declared where it is new."""
        if name not in self.variables:
            self.variables[name] = Variable(name, "int", about, at)
            self.facts[name] = []
        return f.variable(name)

    def bool(self, name: str, about: tuple[str, ...], at: str = "") -> Formula:
        """A yes-or-no variable, declared where it is new."""
        if name not in self.variables:
            self.variables[name] = Variable(name, "bool", about, at)
            self.facts[name] = []
        return f.boolean(name)

    def always(self, name: str, formula: Formula) -> None:
        """A fact that comes with the variable `name`."""
        if formula is not f.TRUE and formula not in self.facts[name]:
            self.facts[name].append(formula)
            self.log.append((name, formula))

    def multiply(self, condition: Formula, result: str, left: str, right: str) -> None:
        """`result = left * right` under a condition, with the linear bounds it implies.

        `right` has bounds and is not negative; so is `left`.
        """
        pair = (condition, f.product(result, left, right))
        known = self.products.setdefault(result, [])
        if pair in known:
            return
        known.append(pair)
        bounds = self.variables[right]
        one, other = f.variable(result), f.variable(left)
        if bounds.lo is not None:
            self.always(result, f.implies(condition, f.compare(other.times(bounds.lo), "<=", one)))
        if bounds.hi is not None:
            self.always(result, f.implies(condition, f.compare(one, "<=", other.times(bounds.hi))))

    # -- what a question speaks of

    def spoken(self, formulas: Iterable[Formula]) -> frozenset[str]:
        """The variables of the formulas, and those that what is always true of these speaks of."""
        if self._stated != len(self.log):
            self._stated = len(self.log)
            self._spoken.clear()
        found: frozenset[str] = frozenset()
        for one in formulas:
            known = self._spoken.get(id(one))
            if known is None:
                known = self._spoken[id(one)] = self._around(f.names(one))
            found |= known
        return found

    def stated(self, formulas: Sequence[Formula]) -> list[Formula]:
        """The formulas, and what is always true of the variables they speak of."""
        return [*formulas, *(fact for name in sorted(self.spoken(formulas)) for fact in self.facts[name])]

    def _around(self, names: Iterable[str]) -> frozenset[str]:
        found = set(names)
        todo = list(found)
        while todo:
            fresh = self._neighbours(todo.pop()) - found
            found |= fresh
            todo.extend(fresh)
        return frozenset(found)

    def _neighbours(self, name: str) -> frozenset[str]:
        """The variables that what is always true of this one speaks of."""
        facts, products = self.facts[name], self.products.get(name, ())
        size, found = self._beside.get(name, (0, frozenset[str]()))
        if size != len(facts) + len(products):
            stated = [*facts, *(part for pair in products for part in pair)]
            found = frozenset(other for fact in stated for other in f.names(fact))
            self._beside[name] = (len(facts) + len(products), found)
        return found
