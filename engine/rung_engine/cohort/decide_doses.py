"""Amounts, doses and lists of a program's decisions, as whole numbers in one pool: see `decide_layout`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.cohort.codebook import Shape
from rung_engine.decision.orders import HOUR, _decimal
from rung_engine.program import BODY_WEIGHT, Amount, Dims, Program, Unit

_LARGEST = 1 << 61
TIME = ("time", -1)
"""The dimension of a rate."""


class Doses:
    """The pool, and the shapes of the doses in it."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder
        program: Program = builder.program
        self.program = program
        self.artifact = program.artifact
        self.pool: list[int] = []
        self.units: dict[tuple[str | None, str], int] = {}
        self.shape_records: list[int] = []
        self.shapes: list[Shape] = []
        self.dims: dict[Dims, int] = {}

    def fit(self, value: int) -> int:
        if abs(value) >= _LARGEST:
            raise self.builder.unsupported("a number of the protocol is too large")
        return value

    def ratio(self, value: Fraction) -> tuple[int, int]:
        return self.fit(value.numerator), self.fit(value.denominator)

    def keep(self, words: Sequence[int]) -> int:
        """A list in the pool, how long it is before it."""
        place = len(self.pool)
        self.pool.extend((len(words), *words))
        return place

    def records(self, rows: Sequence[Sequence[int]]) -> int:
        """Records in the pool, how many they are before them."""
        place = len(self.pool)
        self.pool.append(len(rows))
        for row in rows:
            self.pool.extend(row)
        return place

    def plain(self, words: Sequence[int]) -> int:
        place = len(self.pool)
        self.pool.extend(words)
        return place

    def dim(self, dims: Dims) -> int:
        """A number for the dimensions, body weight aside."""
        return self.dims.setdefault(tuple(item for item in dims if item[0] != BODY_WEIGHT), len(self.dims))

    def power(self, dims: Dims) -> int:
        if (BODY_WEIGHT, 0) in dims:
            raise self.builder.unsupported("a unit with body weight to the power of nothing")
        return dict(dims).get(BODY_WEIGHT, 0)

    def unit_of(self, amount: m.Amount) -> Unit:
        if isinstance(amount, m.Number):
            return self.program.units[amount.unit]
        decl = self.artifact.settings[amount.setting]
        written = decl.value if isinstance(decl.value, m.Number) else decl.lo
        assert written is not None
        return self.program.units[written.unit]

    def shape(self, drug: str | None, unit: Unit) -> int:
        """The number of the doses of a drug in this unit."""
        key = (drug, unit.name)
        if key in self.units:
            return self.units[key]
        plain = self.program.units.get(unit.name.replace("/kg", "")) if unit.weight_power else None
        flows: list[int] = []
        labels: list[str] = []
        for written in self.artifact.drugs[drug].concentrations if drug in self.artifact.drugs else ():
            strength = self.program.number(written)
            flow = dict(unit.without_weight)
            for name, power in strength.dims:
                flow[name] = flow.get(name, 0) - power
            if {name: power for name, power in flow.items() if power} == {"volume": 1, "time": -1}:
                flows.extend(self.ratio(Fraction(1_000_000 * HOUR) / strength.value))
                labels.append(f"{_decimal(written.millionths)} {written.unit}")
        factor = Fraction(1_000_000) / unit.factor
        simple = Fraction(1_000_000) / plain.factor if plain is not None else Fraction(1)
        place = len(self.pool)
        self.pool.extend((len(labels), *flows))
        unit_number = sorted(self.program.units).index(unit.name)
        self.shape_records.extend(
            (
                unit_number, *self.ratio(factor), self.dim(unit.dims), self.power(unit.dims),
                int(TIME in unit.dims), int(plain is not None), *self.ratio(simple), place,
            )
        )  # fmt: skip
        number = self.units[key] = len(self.shapes)
        self.shapes.append(Shape(unit.name, plain.name if plain is not None else "", tuple(labels)))
        return number

    def range_of(self, drug: str, doses: m.Range | None) -> int:
        if doses is None:
            return -1
        lo, hi = self.program.amount(doses.lo), self.program.amount(doses.hi)
        shape = self.shape(drug, self.unit_of(doses.hi))
        return self.plain(
            (
                *self.ratio(lo.value), *self.ratio(hi.value), shape, self.dim(hi.dims), self.power(hi.dims),
                self.dim(lo.dims), self.power(lo.dims),
            )
        )  # fmt: skip

    def amount_of(self, drug: str, written: m.Amount | None) -> int:
        if written is None:
            return -1
        shape = self.shape(drug, self.unit_of(written))
        return self.plain((*self.limit(self.program.amount(written)), shape))

    def limit(self, amount: Amount) -> tuple[int, int, int, int]:
        return (*self.ratio(amount.value), self.dim(amount.dims), self.power(amount.dims))
