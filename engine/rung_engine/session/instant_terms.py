"""What a protocol of present values asks of a patient: its columns, and its comparisons in whole millionths.

A condition is of the present when nothing in it looks back: no `for`, no `in the last`, no moment, no change.
Such protocols can be judged on a table of current values, a row at a time, or on many rows at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.program import MILLION, Program

Kind = Literal["quantity", "graded", "flag", "one_of", "any_of", "infusion", "bolus"]
Monomial = tuple[tuple[str, int], ...]
"""Columns with the exponent of each, by name."""


class NotPresent(ValueError):  # noqa: N818 - it names a fact about the protocol
    """The protocol cannot be judged on present values (code `not_present`). `reason` is a plain sentence."""

    code = "not_present"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@frozen
class Column:
    """An input or a drug as a column of raw numbers.

    Raw is: of a quantity or a rate, millionths of `unit` (0 is off); of a graded input its rank; of a yes or
    no, 1 or 0 (a bolus drug: it still acts or not); of a `one of`, the place of the value; of an `any of`,
    bits by place. `lo` and `hi` are the least and largest raw numbers that are plausible.
    """

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    unit: str = ""
    lo: Fraction | None = None
    hi: Fraction | None = None


@frozen
class Below:
    """The raw number is less than `bound` (or at most, where not `strict`)."""

    column: str
    bound: Fraction
    strict: bool


@frozen
class Equal:
    column: str
    bound: Fraction


@frozen
class Holds:
    """The `any of` input holds the value in this place."""

    column: str
    place: int


@frozen
class Told:
    """Two-valued: the value (of an infusion that runs, its rate too) is known."""

    column: str


@frozen
class Runs:
    """The drug runs."""

    column: str


@frozen
class Compared:
    """A sum of products of raw numbers is below (at most, equal to) zero.

    It is known where every column of `needs` is, a rate with its number; where the dosing `weight` is not,
    only if the `weighed` drugs are off, and then the raw weight counts as 1.
    """

    parts: tuple[tuple[int, tuple[str, ...]], ...]
    rel: Literal["<", "<=", "="]
    needs: tuple[str, ...]
    weight: str = ""
    weighed: tuple[str, ...] = ()


Atom = Below | Equal | Holds | Told | Runs | Compared


@frozen
class Fixed:
    """Always true, always false, or never known."""

    value: bool | None


@frozen
class Negated:
    of: Expression


@frozen
class Joined:
    """All of, or some of."""

    how: Literal["and", "or"]
    of: tuple[Expression, ...]


@frozen
class Counted:
    rel: Literal[">=", "<=", "="]
    n: int
    of: tuple[Expression, ...]


Expression = Atom | Fixed | Negated | Joined | Counted

_RELATIONS: dict[m.Relation, m.Relation] = {"<": ">", "<=": ">=", "=": "=", ">=": "<=", ">": "<"}
_BACKWARD: dict[str, str] = {
    "held": "a `for`",
    "recent": "an `in the last`",
    "ever": "an `ever`",
    "occurs": "an event",
    "after": "an event",
    "readings": "several readings",
    "elapsed": "a `time since`",
    "time_in_stage": "the time in a stage",
    "time_in_course": "the time in a course",
    "time_on": "the time on a drug",
    "change": "a change of a value",
    "extreme": "a lowest, highest or mean value",
    "total": "an amount given",
    "value_at": "a value at a moment",
    "value_at_start": "a value at the start of a course",
}


@frozen
class _Number:
    """A sum of products; what must be known for it to be; the drugs whose rate takes the weight."""

    parts: dict[Monomial, Fraction]
    needs: frozenset[str] = frozenset()
    weighed: frozenset[str] = frozenset()


class Terms:
    """The conditions of a program as expressions over its columns, each made once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._made: dict[int, Expression] = {}
        self._columns: dict[str, Column] = {}

    def column(self, name: str) -> Column:
        """An input or a drug, by its name."""
        if name not in self._columns:
            self._columns[name] = column(self.program, name)
        return self._columns[name]

    def expression(self, term: int) -> Expression:
        """A condition of the artifact. Raises `NotPresent` where it looks back."""
        if term not in self._made:
            self._made[term] = self._make(term)
        return self._made[term]

    def _make(self, index: int) -> Expression:
        term = self.program.artifact.terms[index]
        match term:
            case m.Const():
                return Fixed(term.value)
            case m.SettingIs():
                return Fixed(self.program.settings[term.setting] == term.value)
            case m.Flag():
                return Equal(self.column(term.input).name, Fraction(1))
            case m.Is():
                place = self.program.artifact.inputs[term.input].values.index(term.value)
                of = self.column(term.input)
                return Holds(of.name, place) if of.kind == "any_of" else Equal(of.name, Fraction(place))
            case m.Known():
                return Told(self.column(term.name).name)
            case m.Running():
                return _joined("or", (Runs(self.column(drug).name) for drug in term.drugs))
            case m.Off():
                return _joined("and", (Negated(Runs(self.column(drug).name)) for drug in term.drugs))
            case m.Not():
                return Negated(self.expression(term.of))
            case m.And():
                return _joined("and", map(self.expression, term.of))
            case m.Or():
                return _joined("or", map(self.expression, term.of))
            case m.Count():
                return Counted(term.rel, term.n, tuple(map(self.expression, term.of)))
            case m.Cmp():
                return self._compared(term)
            case m.Ordered() | m.InStage():
                raise AssertionError("a term about the decision stands in a rule")
            case _:
                raise NotPresent(self._looks_back(term, index))

    def _looks_back(self, term: m.Truth | m.Numeric, index: int) -> str:
        words = self.program.artifact.provenance.words.get(str(index), "")
        quoted = f" (`{words}`)" if words else ""
        return f"A condition looks at {_BACKWARD[term.op]}{quoted}, which present values cannot tell."

    # -- numbers

    def _compared(self, term: m.Cmp) -> Expression:
        left, right = self._number(term.left), self._number(term.right)
        if left is None or right is None:
            return Fixed(None)
        parts = {key: Fraction(value) for key, value in left.parts.items()}
        for key, value in right.parts.items():
            parts[key] = parts.get(key, Fraction(0)) - value
        parts = {key: value for key, value in parts.items() if value}
        needs, weighed = left.needs | right.needs, left.weighed | right.weighed
        rel = term.rel
        if not weighed and len(needs) == 1:
            (name,) = needs
            if all(key in ((), ((name, 1),)) for key in parts):
                return _linear(name, parts.get(((name, 1),), Fraction(0)), parts.get((), Fraction(0)), rel)
        if not needs:
            return Fixed(_holds(parts.get((), Fraction(0)), rel))
        return self._sum(parts, rel, needs, weighed)

    def _sum(
        self, parts: dict[Monomial, Fraction], rel: m.Relation, needs: frozenset[str], weighed: frozenset[str]
    ) -> Expression:
        """The comparison with zero, cleared of the powers of weight below and of denominators."""
        weight = self.program.weight_input or ""
        least = min((dict(key).get(weight, 0) for key in parts), default=0)
        if least < 0:
            parts = {_times(key, ((weight, -least),)): value for key, value in parts.items()}
        scale = math.lcm(*(value.denominator for value in parts.values()))
        whole = {key: int(value * scale) for key, value in parts.items()}
        negated = rel in (">", ">=")
        if negated:
            rel = "<=" if rel == ">" else "<"
        flat = tuple(
            sorted(
                (value, tuple(name for name, power in key for _ in range(power)))
                for key, value in whole.items()
            )
        )
        if least < 0 or weighed:
            self.column(weight)
        for name in needs:
            self.column(name)
        assert rel in ("<", "<=", "=")
        own = weight if weighed else ""
        found = Compared(flat, rel, tuple(sorted(needs)), own, tuple(sorted(weighed)))
        return Negated(found) if negated else found

    def _number(self, index: int) -> _Number | None:
        """None where it never has a value."""
        term = self.program.artifact.terms[index]
        match term:
            case m.Quantity():
                return _Number({(): self.program.constants[index]})
            case m.Setting():
                value = self.program.settings[term.name]
                assert isinstance(value, Fraction)
                return _Number({(): value})
            case m.Input():
                return self._input(term.name)
            case m.Rate():
                return self._rate(term)
            case m.Arith():
                return self._arith(term, index)
            case _:
                raise NotPresent(self._looks_back(term, index))

    def _input(self, name: str) -> _Number | None:
        own = self.column(name)
        if own.kind not in ("quantity", "graded"):
            return None
        parts: dict[Monomial, Fraction] = {((name, 1),): Fraction(1)}
        if own.kind == "quantity":
            unit = self.program.units[own.unit]
            parts = {((name, 1),): unit.factor / MILLION, (): unit.offset}
        return _Number(parts, frozenset((name,)))

    def _rate(self, term: m.Rate) -> _Number | None:
        own = self.column(term.drug)
        if own.kind == "bolus":
            # Of a drug given in doses nothing but "off" has a rate.
            return _Number({((own.name, 1),): Fraction(0)}, frozenset((own.name,)))
        unit, seen = self.program.units[own.unit], self.program.units[term.unit]
        factor = unit.factor / MILLION
        if unit.dims == seen.dims:
            return _Number({((own.name, 1),): factor}, frozenset((own.name,)))
        power = seen.weight_power - unit.weight_power
        weight = self.program.weight_input
        if unit.without_weight != seen.without_weight or weight is None:
            raise NotPresent(f"The rate of `{own.name}` is compared in `{term.unit}`, which needs a weight.")
        kilograms = self.program.units[self.column(weight).unit]
        if kilograms.offset:
            raise NotPresent(f"The weight is in `{kilograms.name}`, whose zero is not none.")
        factor *= (kilograms.factor / MILLION) ** power
        key = tuple(sorted({own.name: 1, weight: power}.items()))
        return _Number({key: factor}, frozenset((own.name,)), frozenset((own.name,)))

    def _arith(self, term: m.Arith, index: int) -> _Number | None:
        left, right = self._number(term.left), self._number(term.right)
        if left is None or right is None:
            return None
        needs, weighed = left.needs | right.needs, left.weighed | right.weighed
        parts: dict[Monomial, Fraction] = {}
        match term.op:
            case "add" | "sub":
                parts = dict(left.parts)
                for key, value in right.parts.items():
                    parts[key] = parts.get(key, Fraction(0)) + (value if term.op == "add" else -value)
            case "mul":
                for a, x in left.parts.items():
                    for b, y in right.parts.items():
                        key = _times(a, b)
                        parts[key] = parts.get(key, Fraction(0)) + x * y
            case "div":
                if right.needs:
                    words = self.program.artifact.provenance.words.get(str(index), "")
                    quoted = f" (`{words}`)" if words else ""
                    raise NotPresent(f"A condition divides by something that is measured{quoted}.")
                divisor = right.parts.get((), Fraction(0))
                if divisor == 0:
                    return None
                parts = {key: value / divisor for key, value in left.parts.items()}
        return _Number(parts, needs, weighed)


def column(program: Program, name: str) -> Column:
    """An input or a drug of the program as a column."""
    decl = program.artifact.inputs.get(name)
    if decl is None:
        drug = program.artifact.drugs[name]
        return Column(name, drug.form, unit=drug.unit)
    if decl.kind != "quantity":
        return Column(name, decl.kind, decl.values)
    assert decl.unit is not None
    unit = program.units[decl.unit]
    lo = hi = None
    if name in program.plausible:
        lo, hi = ((end - unit.offset) / unit.factor * MILLION for end in program.plausible[name])
    if decl.dosing and (lo is None or lo <= 0):
        lo = Fraction(1, 10**12)  # A dosing weight is above 0; nothing is charted this finely.
    return Column(name, "quantity", (), decl.unit, lo, hi)


def atoms_of(expression: Expression) -> Iterator[Atom]:
    """Every comparison in it, in order, some perhaps more than once."""
    match expression:
        case Negated():
            yield from atoms_of(expression.of)
        case Joined() | Counted():
            for part in expression.of:
                yield from atoms_of(part)
        case Fixed():
            pass
        case _:
            yield expression


def columns_of(atom: Atom) -> tuple[str, ...]:
    """The columns a comparison reads."""
    if isinstance(atom, Compared):
        return (*atom.needs, atom.weight) if atom.weight else atom.needs
    return (atom.column,)


def _joined(how: Literal["and", "or"], of: Iterable[Expression]) -> Expression:
    parts = tuple(of)
    return parts[0] if len(parts) == 1 else Joined(how, parts)


def _times(a: Monomial, b: Monomial) -> Monomial:
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def _holds(value: Fraction, rel: m.Relation) -> bool:
    match rel:
        case "<":
            return value < 0
        case "<=":
            return value <= 0
        case "=":
            return value == 0
        case ">=":
            return value >= 0
        case ">":
            return value > 0


def _linear(name: str, slope: Fraction, constant: Fraction, rel: m.Relation) -> Expression:
    """slope * raw + constant, compared with 0; known where the column is."""
    if slope == 0:
        # The number does not matter, but it must be there.
        parts = ((int(constant > 0) - int(constant < 0), ()),)
        negated = rel in (">", ">=")
        plain: Literal["<", "<=", "="] = "=" if rel == "=" else "<" if rel in ("<", ">=") else "<="
        found: Expression = Compared(parts, plain, (name,))
        return Negated(found) if negated else found
    bound = -constant / slope
    if slope < 0:
        rel = _RELATIONS[rel]
    match rel:
        case "<":
            return Below(name, bound, strict=True)
        case "<=":
            return Below(name, bound, strict=False)
        case "=":
            return Equal(name, bound)
        case ">=":
            return Negated(Below(name, bound, strict=True))
        case ">":
            return Negated(Below(name, bound, strict=False))
