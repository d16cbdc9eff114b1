"""One protocol's formulas in another's space: what is about the patient is shared, the rest is its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.space import Space

SHARED = frozenset(
    {"known", "input", "value", "on", "off", "rated", "rate", "charted_own", "after", "since", "on_for"}
    | {"changed", "unchanged"}
)
"""What a variable may be about that is a fact of the patient, whatever protocol looks at it."""


@dataclass(slots=True)
class Adopted:
    """`theirs` told in `ours`. Names of their own begin with `own`."""

    ours: Space
    theirs: Space
    own: str
    _names: dict[str, str] = field(default_factory=dict)

    def name(self, name: str) -> str:
        """The variable's name in `ours`, declared there with all that is always true of it."""
        if name in self._names:
            return self._names[name]
        variable = self.theirs.variables[name]
        shared = variable.about[0] in SHARED
        new = self._names[name] = name if shared else self.own + name
        if variable.sort == "bool":
            self.ours.bool(new, variable.about, variable.at)
        else:
            self.ours.real(new, variable.about, variable.at, variable.lo, variable.hi, variable.grid)
        for fact in self.theirs.facts[name]:
            self.ours.always(new, self.formula(fact))
        for condition, product in self.theirs.products.get(name, ()):
            left, right = self.name(product.left), self.name(product.right)
            self.ours.multiply(self.formula(condition), new, left, right)
        return new

    def linear(self, linear: Linear) -> Linear:
        """A sum of variables."""
        total = f.number(linear.constant)
        for name, factor in linear.terms:
            total = total.plus(f.variable(self.name(name)).times(factor))
        return total

    def formula(self, formula: Formula) -> Formula:
        """A formula."""
        match formula:
            case f.Bool():
                return f.boolean(self.name(formula.name))
            case f.Compare():
                return f.compare(self.linear(formula.linear), formula.rel, f.number(0))
            case f.Product():
                names = (self.name(one) for one in (formula.result, formula.left, formula.right))
                return f.product(*names)
            case f.Not():
                return f.negation(self.formula(formula.of))
            case f.And():
                return f.all_of(self.formula(part) for part in formula.of)
            case f.Or():
                return f.any_of(self.formula(part) for part in formula.of)
            case _:
                assert_never(formula)
