"""One instant of one patient, every term as formulas. Mirrors `rung_engine.reference.evaluate`, in its order.

A truth is a pair: known true, known false. Where neither holds it is unknown. What does not follow from the
instant alone (`C for D`, `time since E`, windows) comes from a `Past`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol, assert_never

from rung_engine.artifact import model as m
from rung_engine.artifact.references import operands_of
from rung_engine.frozen import frozen
from rung_engine.program import BODY_WEIGHT, Dims, Program
from rung_lang.lower.terms import canonical, renumbered
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.space import Space


@frozen
class Tri:
    """Known true, known false; never both."""

    yes: Formula
    no: Formula

    @property
    def unknown(self) -> Formula:
        """Neither."""
        return f.all_of((f.negation(self.yes), f.negation(self.no)))

    @property
    def may(self) -> Formula:
        """Not known false."""
        return f.negation(self.no)


TRUE = Tri(f.TRUE, f.FALSE)
FALSE = Tri(f.FALSE, f.TRUE)


def two_valued(formula: Formula) -> Tri:
    """Never unknown."""
    return Tri(formula, f.negation(formula))


def known_as(known: Formula, formula: Formula) -> Tri:
    """The formula's value where known."""
    return Tri(f.all_of((known, formula)), f.all_of((known, f.negation(formula))))


def negation(of: Tri) -> Tri:
    """Unknown stays unknown."""
    return Tri(of.no, of.yes)


def conjunction(parts: Iterable[Tri]) -> Tri:
    """False as soon as one is false."""
    found = list(parts)
    return Tri(f.all_of(part.yes for part in found), f.any_of(part.no for part in found))


def disjunction(parts: Iterable[Tri]) -> Tri:
    """True as soon as one is true."""
    found = list(parts)
    return Tri(f.any_of(part.yes for part in found), f.all_of(part.no for part in found))


def count(rel: str, n: int, parts: Iterable[Tri]) -> Tri:
    """True or false as soon as the known ones decide it."""
    found = tuple(parts)
    size = len(found)
    yes = tuple(part.yes for part in found)
    no = tuple(part.no for part in found)
    at_least = Tri(f.at_least(n, yes), f.at_least(size - n + 1, no))
    at_most = Tri(f.at_least(size - n, no), f.at_least(n + 1, yes))
    if rel == ">=":
        return at_least
    return at_most if rel == "<=" else conjunction((at_least, at_most))


@frozen
class Number:
    """A value, and where a lower and an upper bound of it are known (both: the value itself is)."""

    value: Linear
    low: Formula
    high: Formula

    @property
    def known(self) -> Formula:
        """The value itself is known."""
        return f.all_of((self.low, self.high))

    @property
    def is_constant(self) -> bool:
        """Always known, and always the same."""
        return not self.value.terms and self.known is f.TRUE


def exact(value: Linear, known: Formula = f.TRUE) -> Number:
    """A value known under a condition."""
    return Number(value, known, known)


def relation(left: Number, rel: m.Relation, right: Number) -> Tri:
    """A comparison, settled by bounds where these settle it."""
    below = f.all_of((left.high, right.low))
    above = f.all_of((left.low, right.high))

    def when(known: Formula, how: m.Relation) -> Formula:
        return f.all_of((known, f.compare(left.value, how, right.value)))

    match rel:
        case "<":
            return Tri(when(below, "<"), when(above, ">="))
        case "<=":
            return Tri(when(below, "<="), when(above, ">"))
        case ">":
            return Tri(when(above, ">"), when(below, "<="))
        case ">=":
            return Tri(when(above, ">="), when(below, "<"))
        case "=":
            both = f.all_of((below, above))
            return Tri(when(both, "="), f.any_of((when(below, "<"), when(above, ">"))))
        case _:
            assert_never(rel)


@frozen
class DrugSymbols:
    """`on` and `off` exclude each other; neither: unknown. `rated`: runs at a known rate."""

    on: Formula
    off: Formula
    rated: Formula


class Past(Protocol):
    """What came before an instant, for the terms that need it."""

    def truth(self, symbols: Symbols, index: int, term: m.Truth) -> Tri: ...

    def number(self, symbols: Symbols, index: int, term: m.Numeric) -> Number: ...


def never_lapses(decl: m.InputDecl) -> bool:
    """A reading of the input is good for ever; nothing that is given is added to it."""
    return decl.counts is None and (decl.fixed or decl.valid_for is None)


@dataclass(slots=True)
class Symbols:
    """The variables of one instant (`at` tells instants apart) and the terms over them.

    `program` gives units and declarations; its values of settings are not used: settings are variables, one
    for all instants, and so are the values of fixed inputs.
    """

    program: Program
    space: Space
    past: Past
    at: str = ""
    supposed: frozenset[tuple[str, str]] = frozenset()
    """Readings taken as known: `input` and its name."""
    _alone: dict[Dims, bool] = field(default_factory=dict)
    """Of dimensions: no unit of the artifact is apart from them by the weight."""
    _truths: dict[int, Tri] = field(default_factory=dict)
    _numbers: dict[int, Number] = field(default_factory=dict)

    @property
    def judged(self) -> frozenset[int]:
        """The conditions that were asked about so far."""
        return frozenset(self._truths)

    def name(self, index: int) -> str:
        """Of a term, by what it says: the same in every protocol that says the same."""
        names = self.space.terms
        if index not in names:
            term = self.program.artifact.terms[index]
            within = {operand: int(self.name(operand), 16) for operand in operands_of(term)}
            content = canonical(renumbered(term, within))
            names[index] = hashlib.sha256(content.encode("utf-8")).hexdigest()[:12]
        return names[index]

    # -- readings

    def input_known(self, name: str) -> Formula:
        """A value of the input is in force."""
        if ("input", name) in self.supposed:
            return f.TRUE
        return self.space.bool(f"{self.at}known:{name}", ("known", name), self.at)

    def never_read(self, name: str) -> Formula:
        """Of an input whose readings do not lapse: none was ever taken."""
        symbol = f"{self.at}never:{name}"
        never = self.space.bool(symbol, ("never", name), self.at)
        self.space.always(symbol, f.negation(f.all_of((never, self.input_known(name)))))
        return never

    def input_value(self, name: str) -> Linear:
        """Of a quantity, a count or a graded input (its rank)."""
        decl = self.program.artifact.inputs[name]
        at = "" if decl.fixed else self.at
        symbol = f"{at}in:{name}"
        if symbol in self.space.variables:
            return f.variable(symbol)
        if decl.kind == "graded":
            value = self.space.real(
                symbol, ("input", name), at, Fraction(0), Fraction(len(decl.values) - 1), Fraction(1)
            )
            ranks = (f.compare(value, "=", f.number(rank)) for rank in range(len(decl.values)))
            self.space.always(symbol, f.any_of(ranks))
            return value
        lo, hi = self.program.plausible.get(name, (None, None))
        if decl.counts is not None:
            # What was given is added to what was charted, and may go beyond what a reading may say.
            hi = None
        if lo is None and (decl.cumulative or decl.dosing):
            lo = Fraction(0)
        grid = None
        if decl.step is not None:
            unit = self.program.units[decl.step.unit]
            grid = Fraction(decl.step.millionths, 1_000_000) * unit.factor
        return self.space.real(symbol, ("input", name), at, lo, hi, grid)

    def input_has(self, name: str, value: str) -> Formula:
        """A `one of` input is, an `any of` input holds, this value; `yes` of a yes-or-no input."""
        decl = self.program.artifact.inputs[name]
        at = "" if decl.fixed else self.at
        symbol = f"{at}in:{name}={value}"
        if symbol not in self.space.variables:
            self.space.bool(symbol, ("value", name, value), at)
            if decl.kind == "one_of":
                self._choose(f"{at}in:{name}=", ("value", name), at, decl.values)
        return f.boolean(symbol)

    def _choose(self, prefix: str, about: tuple[str, ...], at: str, values: tuple[str, ...]) -> None:
        """Exactly one of the values."""
        ones = [self.space.bool(prefix + value, (*about, value), at) for value in values]
        for place, value in enumerate(values):
            self.space.always(prefix + value, f.any_of(ones))
            for other in ones[:place] + ones[place + 1 :]:
                self.space.always(prefix + value, f.negation(f.all_of((ones[place], other))))

    # -- settings

    def setting(self, name: str) -> Linear:
        """A quantity that the site may choose; a number where there is nothing to choose."""
        decl = self.program.artifact.settings[name]
        if decl.lo is None and decl.hi is None and isinstance(decl.value, m.Number):
            return f.number(self.program.number(decl.value).value)
        lo = self.program.number(decl.lo).value if decl.lo is not None else None
        hi = self.program.number(decl.hi).value if decl.hi is not None else None
        if lo is not None and lo == hi:
            return f.number(lo)
        return self.space.real(f"set:{name}", ("setting", name), "", lo, hi)

    def setting_is(self, name: str, value: str) -> Formula:
        """A choice of the site."""
        decl = self.program.artifact.settings[name]
        values = decl.choices or ("yes", "no")
        if not decl.choices:
            yes = self.space.bool(f"set:{name}=yes", ("setting", name, "yes"))
            return yes if value == "yes" else f.negation(yes)
        symbol = f"set:{name}={value}"
        if symbol not in self.space.variables:
            self._choose(f"set:{name}=", ("setting", name), "", values)
        return f.boolean(symbol)

    def amount(self, amount: m.Amount) -> tuple[Linear, Dims]:
        """A written quantity, or a setting's, in coherent units."""
        if isinstance(amount, m.FromSetting):
            return self.setting(amount.setting), self.program.setting_dims[amount.setting]
        found = self.program.number(amount)
        return f.number(found.value), found.dims

    # -- drugs

    def drug(self, name: str) -> DrugSymbols:
        """What the chart says of a drug."""
        on = self.space.bool(f"{self.at}on:{name}", ("on", name), self.at)
        off = self.space.bool(f"{self.at}off:{name}", ("off", name), self.at)
        rated = self.space.bool(f"{self.at}rated:{name}", ("rated", name), self.at)
        self.space.always(f"{self.at}off:{name}", f.negation(f.all_of((on, off))))
        self.space.always(f"{self.at}on:{name}", f.negation(f.all_of((on, off))))
        self.space.always(f"{self.at}rated:{name}", f.implies(rated, on))
        if self.program.artifact.drugs[name].form == "bolus":
            self.space.always(f"{self.at}rated:{name}", f.negation(rated))
        return DrugSymbols(on, off, rated)

    def running(self, name: str) -> Tri:
        """The drug runs, as charted."""
        drug = self.drug(name)
        return Tri(drug.on, drug.off)

    def weight_known(self) -> Formula:
        """There is a dosing weight; one of nought is none."""
        name = self.program.weight_input
        if name is None:
            return f.FALSE
        weight = self.input_value(name)
        lo, _ = self.program.plausible.get(name, (None, None))
        above = f.TRUE if lo is not None and lo > 0 else f.compare(weight, ">", f.number(0))
        return f.all_of((self.input_known(name), above))

    def rate(self, name: str, dims: Dims) -> Number:
        """The charted rate in these dimensions: 0 when off; through the weight where charted otherwise."""
        drug = self.drug(name)
        own = self.program.units[self.program.artifact.drugs[name].unit].dims
        plain = self._rate_symbol(name, own, drug)
        charted_own = self._charted_own(name, own)
        weighed = self.weight_known()
        if dims == own:
            seen = f.any_of((charted_own, weighed))
            return exact(plain, f.any_of((drug.off, f.all_of((drug.rated, seen)))))
        if not _weight_apart(own, dims) or self.program.weight_input is None:
            return exact(plain, drug.off)
        other = self._rate_symbol(name, dims, drug)
        per_kg, absolute = (own, dims) if dict(own).get(BODY_WEIGHT, 0) < 0 else (dims, own)
        self.input_value(self.program.weight_input)
        condition = f.all_of((drug.rated, weighed))
        self.space.multiply(
            condition,
            self._rate_name(name, absolute),
            self._rate_name(name, per_kg),
            f"in:{self.program.weight_input}",
        )
        seen = f.any_of((f.negation(charted_own), weighed))
        return exact(other, f.any_of((drug.off, f.all_of((drug.rated, seen)))))

    def _rate_name(self, name: str, dims: Dims) -> str:
        per_kg = dict(dims).get(BODY_WEIGHT, 0) < 0
        return f"{self.at}rate:{name}" + ("/kg" if per_kg else "")

    def _rate_symbol(self, name: str, dims: Dims, drug: DrugSymbols) -> Linear:
        symbol = self._rate_name(name, dims)
        value = self.space.real(symbol, ("rate", name), self.at, Fraction(0))
        zero = f.number(0)
        self.space.always(symbol, f.implies(drug.off, f.compare(value, "=", zero)))
        self.space.always(symbol, f.implies(drug.rated, f.compare(value, ">", zero)))
        return value

    def _charted_own(self, name: str, own: Dims) -> Formula:
        """The rate was charted in the drug's own dimensions, not in those apart by the weight."""
        if own not in self._alone:
            others = (unit.dims for unit in self.program.units.values() if unit.dims != own)
            self._alone[own] = not any(_weight_apart(own, dims) for dims in others)
        if self._alone[own]:
            return f.TRUE
        return self.space.bool(f"{self.at}charted_own:{name}", ("charted_own", name), self.at)

    # -- terms that are true, false or unknown

    def truth(self, index: int) -> Tri:
        """A condition of the artifact."""
        if index not in self._truths:
            self._truths[index] = self._judge(index)
        return self._truths[index]

    def _judge(self, index: int) -> Tri:
        term = self.program.artifact.terms[index]
        match term:
            case m.Const():
                return TRUE if term.value else FALSE
            case m.Cmp():
                return relation(self.number(term.left), term.rel, self.number(term.right))
            case m.Flag():
                return known_as(self.input_known(term.input), self.input_has(term.input, "yes"))
            case m.Is():
                return known_as(self.input_known(term.input), self.input_has(term.input, term.value))
            case m.SettingIs():
                return two_valued(self.setting_is(term.setting, term.value))
            case m.Running():
                return disjunction(self.running(drug) for drug in term.drugs)
            case m.Off():
                return conjunction(negation(self.running(drug)) for drug in term.drugs)
            case m.Known():
                return two_valued(self._known(term))
            case m.Not():
                return negation(self.truth(term.of))
            case m.And():
                return conjunction(self.truth(part) for part in term.of)
            case m.Or():
                return disjunction(self.truth(part) for part in term.of)
            case m.Count():
                return count(term.rel, term.n, [self.truth(part) for part in term.of])
            case m.Held() | m.Recent() | m.Ever() | m.Occurs() | m.After() | m.Readings():
                return self.past.truth(self, index, term)
            case m.Ordered() | m.InStage():
                raise AssertionError("a term about the decision stands in a rule")
            case _:
                raise AssertionError(f"term {index} is a number")

    def _known(self, term: m.Known) -> Formula:
        if term.kind == "input":
            return self.input_known(term.name)
        drug = self.drug(term.name)
        bolus = self.program.artifact.drugs[term.name].form == "bolus"
        return f.any_of((drug.off, drug.on if bolus else drug.rated))

    # -- terms that are numbers

    def number(self, index: int) -> Number:
        """What a numeric term is worth, in coherent units."""
        if index not in self._numbers:
            self._numbers[index] = self._measure(index)
        return self._numbers[index]

    def _measure(self, index: int) -> Number:
        term = self.program.artifact.terms[index]
        match term:
            case m.Quantity():
                return exact(f.number(self.program.constants[index]))
            case m.Setting():
                return exact(self.setting(term.name))
            case m.Input():
                return exact(self.input_value(term.name), self.input_known(term.name))
            case m.Rate():
                return self.rate(term.drug, self.program.units[term.unit].dims)
            case m.Arith():
                return self._combined(index, term)
            case (
                m.Elapsed()
                | m.TimeInStage()
                | m.TimeInCourse()
                | m.TimeOn()
                | m.Change()
                | m.Extreme()
                | m.Total()
                | m.ValueAt()
                | m.ValueAtStart()
            ):
                return self.past.number(self, index, term)
            case _:
                raise AssertionError(f"term {index} is not a number")

    def _combined(self, index: int, term: m.Arith) -> Number:
        left, right = self.number(term.left), self.number(term.right)
        match term.op:
            case "add":
                low, high = f.all_of((left.low, right.low)), f.all_of((left.high, right.high))
                return Number(left.value.plus(right.value), low, high)
            case "sub":
                low, high = f.all_of((left.low, right.high)), f.all_of((left.high, right.low))
                return Number(left.value.minus(right.value), low, high)
            case "mul" if left.is_constant or right.is_constant:
                factor, other = (left, right) if left.is_constant else (right, left)
                return _scaled(other, factor.value.constant)
            case "div" if right.is_constant and right.value.constant:
                return _scaled(left, 1 / right.value.constant)
            case "mul" | "div":
                # Two things that vary: the outcome is left free, which allows more.
                free = self.space.real(f"{self.at}number:{self.name(index)}", ("number", str(index)), self.at)
                return exact(free, f.all_of((left.known, right.known)))
            case _:
                assert_never(term.op)


def _scaled(number: Number, factor: Fraction) -> Number:
    value = number.value.times(factor)
    return Number(value, number.low, number.high) if factor >= 0 else Number(value, number.high, number.low)


def _weight_apart(own: Dims, other: Dims) -> bool:
    """The dimensions differ by body weight alone."""
    return tuple(item for item in own if item[0] != BODY_WEIGHT) == tuple(
        item for item in other if item[0] != BODY_WEIGHT
    )
