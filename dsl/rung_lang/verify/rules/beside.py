"""The same patient, one reading a step of its monitor higher or lower; without steps, ever so slightly."""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction
from typing import assert_never

from rung_engine.frozen import frozen
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula


@frozen
class Beside:
    """`by`: how far the variable `name` is moved; None: less than any number, upwards or downwards."""

    name: str
    up: bool
    by: Fraction | None
    _done: dict[int, Formula] = field(default_factory=dict, compare=False)

    def of(self, formula: Formula) -> Formula:
        """True of a patient where `formula` would be with the reading moved. What rests on the past stays."""
        if id(formula) not in self._done:
            self._done[id(formula)] = self._moved(formula)
        return self._done[id(formula)]

    def _moved(self, formula: Formula) -> Formula:
        match formula:
            case f.Compare():
                factor = dict(formula.linear.terms).get(self.name)
                return formula if factor is None else self._compared(formula, factor)
            case f.Bool() | f.Product():
                return formula
            case f.Not():
                return f.negation(self.of(formula.of))
            case f.And():
                return f.all_of(self.of(part) for part in formula.of)
            case f.Or():
                return f.any_of(self.of(part) for part in formula.of)
            case _:
                assert_never(formula)

    def _compared(self, formula: f.Compare, factor: Fraction) -> Formula:
        zero = f.number(0)
        if self.by is not None:
            moved = f.number(factor * (self.by if self.up else -self.by))
            return f.compare(formula.linear.plus(moved), formula.rel, zero)
        if formula.rel == "=":
            return f.FALSE
        rises = (factor > 0) is self.up
        return f.compare(formula.linear, "<" if rises else "<=", zero)
