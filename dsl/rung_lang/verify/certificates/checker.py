"""Checks that formulas are never all true, from steps that lead to a contradiction. Asks no solver and
believes nothing of the steps.

Everything is worked out anew from the formulas and in exact fractions. Formulas within them are counted from
0 in the order in which they stand; literal `2n` is the formula `n`, literal `2n + 1` its opposite. A step is
a list of one or two lists, as JSON has them:

- literals, one of which must be true: supposing that none is leads to a contradiction, by unit propagation
  and the bounds of sums. From here on one of them is required, like the formulas themselves;
- where that alone does not show it: literal, factor, literal, factor, … : comparisons that must then be
  true, each so many times, add up to one that is false.

Whole numbers count as any numbers, and products as yes-or-no variables: both only allow more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import assert_never

from rung_engine.frozen import frozen
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula

MOST_STEPS = 20_000

Limit = tuple[Fraction, bool]
"""A bound, and whether it is itself excluded."""


def check(steps: object, formulas: Sequence[Formula]) -> bool:
    """The steps show that the formulas are never all true. Of what is no list of steps, False."""
    if not isinstance(steps, list) or len(steps) > MOST_STEPS:
        return False
    within = nodes_of(formulas)
    required = Required()
    required.add(*formulas)
    for step in steps:
        match step:
            case [list(clause)]:
                total: list[object] = []
            case [list(clause), list(total)]:
                pass
            case _:
                return False
        if not required.settle():
            return True
        literals = [literal for literal in (_literal(one, within) for one in clause) if literal is not None]
        if len(literals) < len(clause):
            return False
        supposed = required.copy()
        supposed.add(*(f.negation(literal) for literal in literals))
        if supposed.settle() and not _contradicts(total, supposed, within):
            return False
        required.add_any(literals)
    return not required.settle()


def nodes_of(formulas: Iterable[Formula]) -> list[Formula]:
    """Every formula within these, opposites left out, once each, in the order in which steps count them."""
    found: dict[int, Formula] = {}
    stack = list(formulas)[::-1]
    while stack:
        one = stack.pop()
        if isinstance(one, f.Not):
            one = one.of
        if id(one) in found:
            continue
        found[id(one)] = one
        if isinstance(one, f.And | f.Or):
            stack.extend(reversed(one.of))
    return list(found.values())


def _literal(literal: object, within: Sequence[Formula]) -> Formula | None:
    if not isinstance(literal, int) or not 0 <= literal < 2 * len(within):
        return None
    one = within[literal // 2]
    return f.negation(one) if literal % 2 else one


def _contradicts(total: Sequence[object], required: Required, within: Sequence[Formula]) -> bool:
    """The comparisons, each of which says that something is at most (or below, or just) zero, add up to a
    constant that is not.
    """
    found, strict = f.number(0), False
    if len(total) % 2:
        return False
    for literal, factor in zip(total[::2], total[1::2], strict=True):
        one = _literal(literal, within)
        if not isinstance(one, f.Compare) or not isinstance(factor, int) or required.value(one) is not True:
            return False
        if factor < 0 and one.rel != "=":
            return False
        found = found.plus(one.linear.times(Fraction(factor)))
        strict = strict or (one.rel == "<" and factor > 0)
    return not found.terms and (found.constant > 0 or (strict and found.constant == 0))


class Required:
    """Formulas that must all be true, what follows from them step by step, and the bounds they set."""

    def __init__(self) -> None:
        self.sound = True
        """No contradiction has been met."""
        self._true: dict[int, Formula] = {}
        """Formulas that must be true, by identity: equal formulas are one object."""
        self._clauses: dict[int, tuple[Formula, ...]] = {}
        """Alternatives, of which one must be true and none is settled yet."""
        self._steps = 0
        self._lower: dict[str, Limit] = {}
        self._upper: dict[str, Limit] = {}
        """Bounds of sums that begin with one times a variable, by their text."""
        self._settled: dict[int, bool] = {}
        """Values of formulas already worked out, which stand whatever else is required."""
        self._open: set[int] = set()
        """Formulas that nothing required so far settles."""

    def copy(self) -> Required:
        """The same, to go on from on a supposition."""
        other = Required()
        other.sound, other._true, other._clauses = self.sound, self._true.copy(), self._clauses.copy()
        other._lower, other._upper = self._lower.copy(), self._upper.copy()
        other._settled, other._open, other._steps = self._settled.copy(), self._open.copy(), self._steps
        return other

    def add(self, *formulas: Formula) -> None:
        """These must be true as well."""
        stack = list(formulas)
        while stack:
            one = stack.pop()
            if id(one) in self._true:
                continue
            if self.value(one) is False:
                self.sound = False
            self._true[id(one)] = one
            self._open.clear()
            match one:
                case f.And():
                    stack.extend(one.of)
                case f.Or():
                    self._clauses[id(one)] = one.of
                case f.Compare():
                    self._bound(one)
                case f.Bool() | f.Not() | f.Product():
                    pass
                case _:
                    assert_never(one)

    def add_any(self, literals: Sequence[Formula]) -> None:
        """One of these must be true. Unlike a formula made of them, they stay as they are."""
        self._steps += 1
        self._clauses[-self._steps] = tuple(literals)

    def settle(self) -> bool:
        """Draws what follows where all alternatives but one are false. False: a contradiction."""
        changed = True
        while changed and self.sound:
            changed = False
            for key, clause in list(self._clauses.items()):
                values = [self.value(part) for part in clause]
                left = [part for part, value in zip(clause, values, strict=True) if value is None]
                met = True in values
                if met or len(left) < 2:
                    del self._clauses[key]
                if met:
                    continue
                if not left:
                    self.sound = False
                elif len(left) == 1:
                    self.add(left[0])
                    changed = True
        if self.sound:
            compared = (one for one in self._true.values() if isinstance(one, f.Compare))
            self.sound = all(self._by_bounds(one) is not False for one in compared)
        return self.sound

    def value(self, formula: Formula) -> bool | None:
        """What the formula comes to wherever all that is required is true; None: it is open."""
        if id(formula) in self._open:
            return None
        value = self._settled.get(id(formula))
        if value is None:
            value = self._worked_out(formula)
            if value is None:
                self._open.add(id(formula))
            else:
                self._settled[id(formula)] = value
        return value

    def _worked_out(self, formula: Formula) -> bool | None:
        if id(formula) in self._true:
            return True
        if id(f.negation(formula)) in self._true:
            return False
        match formula:
            case f.Bool() | f.Not() | f.Product():
                return None
            case f.Compare():
                return self._by_bounds(formula)
            case f.And():
                return self._first(formula.of, False)
            case f.Or():
                return self._first(formula.of, True)
            case _:
                assert_never(formula)

    def _first(self, parts: Sequence[Formula], decisive: bool) -> bool | None:
        """`decisive` as soon as one part is; its opposite where every part is that."""
        found: bool | None = not decisive
        for part in parts:
            value = self.value(part)
            if value is decisive:
                return decisive
            if value is None:
                found = None
        return found

    # -- bounds

    def _by_bounds(self, one: f.Compare) -> bool | None:
        least, most = self._end(one, top=False), self._end(one, top=True)
        if least is not None and (least[0] > 0 or (least[0] == 0 and (least[1] or one.rel == "<"))):
            return False
        if most is not None and most[0] <= 0:
            if one.rel == "=":
                if most[0] < 0 or most[1]:
                    return False
                return True if least is not None and least[0] == 0 else None
            return True if one.rel == "<=" or most[0] < 0 or most[1] else None
        return None

    def _end(self, one: f.Compare, *, top: bool) -> Limit | None:
        """The highest or lowest that the sum can be, by what bounds it as a whole and what bounds each of its
        variables; None: there is no end.
        """
        form = _form(one)
        limit = (self._upper if form.rises == top else self._lower).get(form.whole)
        constant = one.linear.constant
        whole = None if limit is None else (constant + form.factor * limit[0], limit[1])
        if not form.parts:
            return whole
        excluded = False
        for name, factor, rises in form.parts:
            limit = (self._upper if rises == top else self._lower).get(name)
            if limit is None:
                return whole
            constant += factor * limit[0]
            excluded = excluded or limit[1]
        parts = (constant, excluded)
        if whole is None:
            return parts
        nearer = (lambda end: (end[0], not end[1])) if top else (lambda end: (-end[0], not end[1]))
        return min(whole, parts, key=nearer)

    def _bound(self, one: f.Compare) -> None:
        """Notes what a comparison says of its sum, where it says more than was known."""
        form = _form(one)
        limit = (-one.linear.constant / form.factor, one.rel == "<")
        if one.rel == "=" or form.rises:
            old = self._upper.get(form.whole)
            if old is None or (limit[0], not limit[1]) < (old[0], not old[1]):
                self._upper[form.whole] = limit
        if one.rel == "=" or not form.rises:
            old = self._lower.get(form.whole)
            if old is None or limit > old:
                self._lower[form.whole] = limit


@frozen
class _Form:
    """The sum of a comparison: `factor` times the one named `whole`, which begins with one times a variable.

    `parts`: of several variables, each as a sum of its own, its factor and whether that is positive.
    """

    whole: str
    factor: Fraction
    rises: bool
    parts: tuple[tuple[str, Fraction, bool], ...]


_forms: dict[int, _Form] = {}


def _form(one: f.Compare) -> _Form:
    """By identity, since to compare fractions takes longer than all else here."""
    found = _forms.get(id(one))
    if found is None:
        terms = one.linear.terms
        factor = terms[0][1]
        whole = " ".join(f"{part / factor}*{name}" for name, part in terms)
        parts = tuple((f"1*{name}", part, part > 0) for name, part in terms) if len(terms) > 1 else ()
        found = _forms[id(one)] = _Form(whole, factor, factor > 0, parts)
    return found
