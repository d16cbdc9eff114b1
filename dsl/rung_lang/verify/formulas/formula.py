"""Formulas over yes-or-no and exact numeric variables: what every question to a solver is made of.

Formulas are values: built here, judged exactly by `holds`, translated elsewhere. Equal ones are one object.
Builders are total and fold constants, so that `TRUE` and `FALSE` never stand inside another formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, assert_never

from rung_engine.frozen import frozen

Rel = Literal["<=", "<", "="]
Value = bool | Fraction
Assignment = Mapping[str, Value]
ZERO, ONE, MINUS_ONE = Fraction(0), Fraction(1), Fraction(-1)


# ---------------------------------------------------------------- numbers


@frozen
class Linear:
    """A sum of variables with exact factors, and a constant. `terms` is sorted by name, without zeros."""

    terms: tuple[tuple[str, Fraction], ...]
    constant: Fraction

    def plus(self, other: Linear) -> Linear:
        """Their sum."""
        # Fractions are slow to add, and most of these sums are of things apart.
        both = self.constant and other.constant
        constant = self.constant + other.constant if both else self.constant or other.constant
        if not self.terms or not other.terms:
            return Linear(self.terms or other.terms, constant)
        found = dict(self.terms)
        for name, factor in other.terms:
            if name not in found:
                found[name] = factor
                continue
            total = found[name] + factor
            if total:
                found[name] = total
            else:
                del found[name]
        return Linear(tuple(sorted(found.items())), constant)

    def times(self, factor: Fraction) -> Linear:
        """Every part multiplied."""
        if not factor:
            return number(0)
        if factor == 1:
            return self
        if factor == -1:
            return Linear(tuple((name, -part) for name, part in self.terms), -self.constant)
        return Linear(tuple((name, part * factor) for name, part in self.terms), self.constant * factor)

    def minus(self, other: Linear) -> Linear:
        """Their difference."""
        return self.plus(other.times(MINUS_ONE))

    def at(self, values: Assignment) -> Fraction:
        """Its value; a variable that has none counts as zero."""
        total = self.constant
        for name, factor in self.terms:
            value = values.get(name, ZERO)
            assert not isinstance(value, bool)
            total += factor * value
        return total


def number(value: Fraction | int) -> Linear:
    """A constant."""
    return Linear((), value if isinstance(value, Fraction) else Fraction(value))


def variable(name: str) -> Linear:
    """One numeric variable."""
    return Linear(((name, ONE),), ZERO)


# ---------------------------------------------------------------- formulas


@dataclass(frozen=True, slots=True, eq=False)
class Bool:
    """A yes-or-no variable."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Compare:
    """`linear rel 0`. The first coefficient is 1 or -1."""

    linear: Linear
    rel: Rel


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """`result = left * right`, three numeric variables."""

    result: str
    left: str
    right: str


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """Stands before a `Bool` or a `Product` only; other negations are pushed inwards."""

    of: Bool | Product


@dataclass(frozen=True, slots=True, eq=False)
class And:
    of: tuple[Formula, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Or:
    of: tuple[Formula, ...]


Formula = Bool | Compare | Product | Not | And | Or

_interned: dict[object, Formula] = {}


def _one(key: object, formula: Formula) -> Formula:
    return _interned.setdefault(key, formula)


TRUE: Formula = And(())
FALSE: Formula = Or(())


def boolean(name: str) -> Formula:
    """A yes-or-no variable."""
    return _one(("b", name), Bool(name))


def compare(left: Linear, rel: Literal["<", "<=", "=", ">=", ">", "!="], right: Linear) -> Formula:
    """`left rel right`."""
    match rel:
        case ">=":
            return compare(right, "<=", left)
        case ">":
            return compare(right, "<", left)
        case "!=":
            return any_of((compare(left, "<", right), compare(right, "<", left)))
        case "<" | "<=" | "=":
            difference = left.minus(right)
    if not difference.terms:
        constant = difference.constant
        true = constant < 0 if rel == "<" else constant <= 0 if rel == "<=" else constant == 0
        return TRUE if true else FALSE
    first = difference.terms[0][1]
    scale = first if rel == "=" else abs(first)
    linear = difference if scale == 1 else difference.times(1 / scale)
    # Whole numbers are hashed much quicker than fractions are.
    terms = [(name, factor.as_integer_ratio()) for name, factor in linear.terms]
    key = ("c", rel, linear.constant.as_integer_ratio(), *terms)
    found = _interned.get(key)
    return _one(key, Compare(linear, rel)) if found is None else found


def product(result: str, left: str, right: str) -> Product:
    """`result = left * right`."""
    one = _one(("p", result, left, right), Product(result, left, right))
    assert isinstance(one, Product)
    return one


_negated: dict[int, Formula] = {}


def negation(of: Formula) -> Formula:
    """True where `of` is false."""
    found = _negated.get(id(of))
    if found is None:
        found = _negated[id(of)] = _opposite(of)
    return found


def _opposite(of: Formula) -> Formula:
    match of:
        case Bool() | Product():
            return _one(("n", id(of)), Not(of))
        case Not():
            return of.of
        case Compare():
            zero = number(0)
            match of.rel:
                case "<=":
                    return compare(zero, "<", of.linear)
                case "<":
                    return compare(zero, "<=", of.linear)
                case "=":
                    return compare(of.linear, "!=", zero)
                case _:
                    assert_never(of.rel)
        case And():
            return any_of(negation(part) for part in of.of)
        case Or():
            return all_of(negation(part) for part in of.of)
        case _:
            assert_never(of)


def all_of(parts: Iterable[Formula]) -> Formula:
    """True where every part is."""
    found: dict[int, Formula] = {}
    for part in parts:
        for one in part.of if isinstance(part, And) else (part,):
            if one is FALSE:
                return FALSE
            found[id(one)] = one
    if len(found) < 2:
        return next(iter(found.values()), TRUE)
    key = ("a", *found)
    known = _interned.get(key)
    if known is not None:
        return known
    for one in found.values():
        if isinstance(one, Not) and id(one.of) in found:
            return FALSE
    return _one(key, And(tuple(found.values())))


def any_of(parts: Iterable[Formula]) -> Formula:
    """True where some part is."""
    found: dict[int, Formula] = {}
    for part in parts:
        for one in part.of if isinstance(part, Or) else (part,):
            if one is TRUE:
                return TRUE
            found[id(one)] = one
    if len(found) < 2:
        return next(iter(found.values()), FALSE)
    key = ("o", *found)
    known = _interned.get(key)
    if known is not None:
        return known
    for one in found.values():
        if isinstance(one, Not) and id(one.of) in found:
            return TRUE
    return _one(key, Or(tuple(found.values())))


def implies(condition: Formula, then: Formula) -> Formula:
    """`then` wherever `condition`."""
    return any_of((negation(condition), then))


def iff(a: Formula, b: Formula) -> Formula:
    """Both or neither."""
    return all_of((implies(a, b), implies(b, a)))


def earlier(a: Linear, b: Linear) -> Formula:
    """Before, in whole units (milliseconds)."""
    return compare(a.plus(number(1)), "<=", b)


def at_least(n: int, parts: tuple[Formula, ...]) -> Formula:
    """`n` or more of the parts are true."""
    if n <= 0:
        return TRUE
    if n > len(parts):
        return FALSE
    if n == 1:
        return any_of(parts)
    if n == len(parts):
        return all_of(parts)
    first, rest = parts[0], parts[1:]
    return any_of((all_of((first, at_least(n - 1, rest))), at_least(n, rest)))


# ---------------------------------------------------------------- reading them


def substitute(formula: Formula, values: Assignment) -> Formula:
    """With these variables at these values. A product stays: its variables are not among them."""
    done: dict[int, Formula] = {}

    def told(one: Formula) -> Formula:
        if id(one) not in done:
            done[id(one)] = again(one)
        return done[id(one)]

    def again(one: Formula) -> Formula:
        match one:
            case Bool():
                value = values.get(one.name)
                return one if value is None else TRUE if value else FALSE
            case Compare():
                fixed = [(name, factor) for name, factor in one.linear.terms if name in values]
                if not fixed:
                    return one
                rest = Linear(tuple(item for item in one.linear.terms if item not in fixed), ZERO)
                constant = one.linear.constant + sum(factor * _real(values, name) for name, factor in fixed)
                return compare(Linear(rest.terms, constant), one.rel, number(0))
            case Product():
                return one
            case Not():
                return negation(told(one.of))
            case And():
                return all_of(told(part) for part in one.of)
            case Or():
                return any_of(told(part) for part in one.of)
            case _:
                assert_never(one)

    return told(formula)


def replaced(formula: Formula, by: Mapping[str, Linear | Formula]) -> Formula:
    """With a sum in place of these numbers, a formula in place of these yes-or-no variables. A product stays:
    its variables are not among them.
    """
    done: dict[int, Formula] = {}

    def told(one: Formula) -> Formula:
        if id(one) not in done:
            done[id(one)] = again(one)
        return done[id(one)]

    def again(one: Formula) -> Formula:
        match one:
            case Bool():
                found = by.get(one.name, one)
                assert not isinstance(found, Linear)
                return found
            case Compare():
                total = number(one.linear.constant)
                for name, factor in one.linear.terms:
                    part = by.get(name, variable(name))
                    assert isinstance(part, Linear)
                    total = total.plus(part.times(factor))
                return compare(total, one.rel, number(0))
            case Product():
                return one
            case Not():
                return negation(told(one.of))
            case And():
                return all_of(told(part) for part in one.of)
            case Or():
                return any_of(told(part) for part in one.of)
            case _:
                assert_never(one)

    return told(formula)


def atoms(formula: Formula) -> Iterator[Bool | Compare | Product]:
    """Every atom, once each, in the order in which they stand."""
    seen: set[int] = set()
    stack: list[Formula] = [formula]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        match one:
            case Bool() | Compare() | Product():
                yield one
            case Not():
                stack.append(one.of)
            case And() | Or():
                stack.extend(reversed(one.of))
            case _:
                assert_never(one)


def names_of(atom: Bool | Compare | Product) -> tuple[str, ...]:
    """The variables of an atom."""
    match atom:
        case Bool():
            return (atom.name,)
        case Compare():
            return tuple(name for name, _ in atom.linear.terms)
        case Product():
            return (atom.result, atom.left, atom.right)
        case _:
            assert_never(atom)


_names: dict[int, tuple[str, ...]] = {}


def names(formula: Formula) -> tuple[str, ...]:
    """The variables of a formula, sorted."""
    found = _names.get(id(formula))
    if found is None:
        found = tuple(sorted({name for atom in atoms(formula) for name in names_of(atom)}))
        _names[id(formula)] = found
    return found


def holds(formula: Formula, values: Assignment) -> bool:
    """Judged exactly. A yes-or-no variable without a value is false, a numeric one zero."""
    match formula:
        case Bool():
            return values.get(formula.name, False) is True
        case Compare():
            left = formula.linear.at(values)
            return left < 0 if formula.rel == "<" else left <= 0 if formula.rel == "<=" else left == 0
        case Product():
            result, left, right = (_real(values, n) for n in (formula.result, formula.left, formula.right))
            return result == left * right
        case Not():
            return not holds(formula.of, values)
        case And():
            return all(holds(part, values) for part in formula.of)
        case Or():
            return any(holds(part, values) for part in formula.of)
        case _:
            assert_never(formula)


def _real(values: Assignment, name: str) -> Fraction:
    value = values.get(name, ZERO)
    assert not isinstance(value, bool)
    return value
