"""The one place where cvc5 is asked: the same questions as z3, to see whether the two agree.

A disagreement is a mistake in one of the solvers or in how a question is put to it. Nothing else rests on
cvc5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, assert_never

from rung_engine.frozen import frozen
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.intervals import clashes
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.solving.asks import Answer, Asks, Given, Sat, Unknown, Unsat
from rung_lang.verify.solving.keys import name_of
from rung_lang.verify.solving.solve import Solver

LIMIT = "2000000"
"""cvc5's own count of steps for one question, so that what is given up does not depend on the machine."""


class NotInstalled(Exception):  # noqa: N818 - it is an answer to the user, not a fault of the program
    """cvc5 is not there."""


def version() -> str:
    """Of cvc5. Raises `NotInstalled`."""
    try:
        import cvc5
    except ImportError as error:
        raise NotInstalled from error
    return str(cvc5.__version__)


@frozen
class Agreement:
    """What came of asking a second solver (`tool`)."""

    tool: str
    asked: int
    gave_up: int
    disagreed: tuple[str, ...]


@dataclass(slots=True)
class Crossed(Asks):
    """Answers with z3 and asks cvc5 as well. `disagreed` names the questions on which they differ."""

    space: Space
    asked: int = 0
    gave_up: int = 0
    """Questions to which one of the two had no answer."""
    disagreed: list[str] = field(default_factory=list)
    _solver: Solver = field(init=False)
    _other: _Cvc5 = field(init=False)

    def __post_init__(self) -> None:
        self._solver = Solver(self.space)
        self._other = _Cvc5(self.space)

    @property
    def agreement(self) -> Agreement:
        """So far."""
        return Agreement(f"cvc5 {version()}", self.asked, self.gave_up, tuple(self.disagreed))

    def ask(self, parts: Sequence[Formula], also: Sequence[Formula] = ()) -> Answer:
        answer = self._solver.ask(parts, also)
        self._compare(parts, answer)
        return answer

    def impossible(self, parts: Sequence[Formula]) -> bool:
        found = self._solver.impossible(parts)
        if found and not clashes(parts):
            self._count(parts, expected=False, said=self._other.possible(parts))
        return found

    def best(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> Answer:
        answer = self._solver.best(parts, wishes)
        self._compare(parts, answer)
        return answer

    def most(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> tuple[Answer, list[Formula]]:
        answer, kept = self._solver.most(parts, wishes)
        self._compare([*parts, *kept], answer)
        return answer, kept

    def given(self, parts: Sequence[Formula], limit: int) -> Asks:
        return Given(self, tuple(parts))

    def fresh(self, limit: int) -> Solver:
        return self._solver.fresh(limit)

    def _compare(self, parts: Sequence[Formula], answer: Answer) -> None:
        """Also of what bounds alone rule out: that is no word of z3's, and as good a question."""
        match answer:
            case Sat():
                self._count(parts, expected=True, said=self._other.possible(parts, products=True))
            case Unsat():
                self._count(
                    parts, expected=False, said=self._other.possible(parts, products=not answer.linear)
                )
            case Unknown():
                self.asked += 1
                self.gave_up += 1
            case _:
                assert_never(answer)

    def _count(self, parts: Sequence[Formula], *, expected: bool, said: bool | None) -> None:
        self.asked += 1
        if said is None:
            self.gave_up += 1
        elif said is not expected:
            self.disagreed.append(name_of(parts))


@dataclass(slots=True)
class _Cvc5:
    """An incremental solver that is given what is always true of each variable as it meets it."""

    space: Space
    _cvc5: Any = field(init=False)
    _terms: Any = field(init=False)
    _solver: Any = field(init=False)
    _nodes: dict[int, Any] = field(default_factory=dict)
    _names: dict[str, Any] = field(default_factory=dict)
    _stated: dict[str, int] = field(default_factory=dict)
    """How many facts of each variable were given."""

    def __post_init__(self) -> None:
        import cvc5

        self._cvc5 = cvc5
        self._terms = cvc5.TermManager()
        self._solver = cvc5.Solver(self._terms)
        self._solver.setLogic("QF_NIRA")
        self._solver.setOption("incremental", "true")
        self._solver.setOption("rlimit-per", LIMIT)

    def possible(self, parts: Sequence[Formula], *, products: bool = False) -> bool | None:
        """All parts can be true; None where cvc5 gives up. `products`: in full, not by their bounds alone."""
        spoken = sorted(self.space.spoken(parts))
        for name in spoken:
            facts = self.space.facts[name]
            for fact in facts[self._stated.get(name, 0) :]:
                self._solver.assertFormula(self._node(fact))
            self._stated[name] = len(facts)
        asked = list(parts)
        if products:
            asked += [
                f.implies(condition, one)
                for name in spoken
                for condition, one in self.space.products.get(name, ())
            ]
        found = self._solver.checkSatAssuming(*(self._node(part) for part in asked))
        return True if found.isSat() else False if found.isUnsat() else None

    # -- formulas

    def _node(self, formula: Formula) -> Any:
        found = self._nodes.get(id(formula))
        if found is None:
            found = self._nodes[id(formula)] = self._made(formula)
        return found

    def _made(self, formula: Formula) -> Any:
        kind, terms = self._cvc5.Kind, self._terms
        match formula:
            case f.Bool():
                return self._variable(formula.name)
            case f.Compare():
                return self._comparison(formula)
            case f.Product():
                factors = (self._number(formula.left), self._number(formula.right))
                product = terms.mkTerm(kind.MULT, *factors)
                return terms.mkTerm(kind.EQUAL, self._number(formula.result), product)
            case f.Not():
                return terms.mkTerm(kind.NOT, self._node(formula.of))
            case f.And():
                return self._joined(kind.AND, formula.of, empty=True)
            case f.Or():
                return self._joined(kind.OR, formula.of, empty=False)
            case _:
                assert_never(formula)

    def _joined(self, kind: Any, parts: Sequence[Formula], *, empty: bool) -> Any:
        nodes = [self._node(part) for part in parts]
        return self._terms.mkTerm(kind, *nodes) if nodes else self._terms.mkBoolean(empty)

    def _comparison(self, formula: f.Compare) -> Any:
        kind, terms = self._cvc5.Kind, self._terms
        parts = [
            terms.mkTerm(kind.MULT, self._fraction(factor), self._number(name))
            for name, factor in formula.linear.terms
        ]
        total = terms.mkTerm(kind.ADD, *parts) if len(parts) > 1 else parts[0]
        rel = {"<=": kind.LEQ, "<": kind.LT, "=": kind.EQUAL}[formula.rel]
        return terms.mkTerm(rel, total, self._fraction(-formula.linear.constant))

    def _variable(self, name: str) -> Any:
        if name not in self._names:
            sorts = {
                "bool": self._terms.getBooleanSort,
                "real": self._terms.getRealSort,
                "int": self._terms.getIntegerSort,
            }
            self._names[name] = self._terms.mkConst(sorts[self.space.variables[name].sort](), name)
        return self._names[name]

    def _number(self, name: str) -> Any:
        found = self._variable(name)
        whole = self.space.variables[name].sort == "int"
        return self._terms.mkTerm(self._cvc5.Kind.TO_REAL, found) if whole else found

    def _fraction(self, value: Fraction) -> Any:
        return self._terms.mkReal(value.numerator, value.denominator)
