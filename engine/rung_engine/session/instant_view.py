"""Present values as the decision looks at them: in force now, and nothing before them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rung_engine.decision.view import DrugState, Hypothesis, InputState
from rung_engine.exact import NotFinite, float_decimal, parse_decimal
from rung_engine.frozen import frozen
from rung_engine.program import MILLION, Amount, Dims, Unit
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.history import Chart
from rung_engine.session.instant_terms import Column

RUNNING = "running"
"""Given for an infusion: it runs, nobody knows how fast."""

Value = float | int | bool | str | Decimal | Fraction | frozenset[str] | None


@frozen
class Held:
    """A value as it counts: exact, in coherent units, or why there is none."""

    value: Any
    why: str = ""


NEVER = Held(None, "never")
UNIT = Held(None, "unit")
IMPLAUSIBLE = Held(None, "implausible")
RUNS = Held(RUNNING, "rate")


def held(own: Column, units: Mapping[str, Unit], value: Value) -> Held:
    if value is None:
        return NEVER
    match own.kind:
        case "quantity" | "infusion":
            if own.kind == "infusion" and value == RUNNING:
                return RUNS
            exact = exact_value(value)
            if exact is None:
                return UNIT
            raw = exact * MILLION
            if own.kind == "infusion":
                return UNIT if raw < 0 else Held(exact * units[own.unit].factor)
            if (own.lo is not None and raw < own.lo) or (own.hi is not None and raw > own.hi):
                return IMPLAUSIBLE
            unit = units[own.unit]
            return Held(exact * unit.factor + unit.offset)
        case "graded":
            known = isinstance(value, str) and value in own.values
            return Held(Fraction(own.values.index(str(value)))) if known else UNIT
        case "flag" | "bolus":
            return Held(value) if isinstance(value, bool) else UNIT
        case "one_of":
            return Held(value) if isinstance(value, str) and value in own.values else UNIT
        case "any_of":
            if isinstance(value, str):
                value = frozenset((value,))
            if isinstance(value, set | frozenset) and value <= set(own.values):
                return Held(frozenset(value))
            return UNIT


def raw_number(own: Column, value: Value) -> Fraction:
    """A usual value as `Column` says."""
    if own.kind == "graded":
        return Fraction(own.values.index(str(value)))
    if isinstance(value, bool):
        return Fraction(value)
    exact = exact_value(value)
    assert exact is not None
    return exact * MILLION


def exact_value(value: Value) -> Fraction | None:
    """The exact value of a number; None for what is none. Raises `NotFinite`, `NotDecimal`."""
    match value:
        case bool():
            return None
        case int() | Fraction():
            return Fraction(value)
        case float():
            return float_decimal(value)
        case Decimal():
            if not value.is_finite():
                raise NotFinite(float(value))
            return Fraction(value)
        case str():
            return parse_decimal(value)
        case _:
            return None


def as_key(value: Value, exact: object) -> object:
    """What an answer is kept under: a float as it came, for a fraction that equals it is another number."""
    return value if type(value) is float or type(value) is int or value is None else ("exact", exact)


class Present(Instant):
    """The instant, as the decision looks at it: values in force, and nothing before them."""

    def __init__(self, chart: Chart, states: Mapping[str, Held]) -> None:
        super().__init__(chart, 0, ())
        self._states = states

    def again(self) -> Present:
        other = Present(self.chart, self._states)
        other.place(self.stage, self.entered, self.began)
        return other

    def suppose(self, hypothesis: Hypothesis, term: int) -> Any:
        states = dict(self._states)
        for (kind, name), value in hypothesis.items():
            if kind == "drug":
                states[name] = Held(value.value if isinstance(value, Amount) else Fraction(0))
                if self.program.artifact.drugs[name].form == "bolus":
                    states[name] = Held(isinstance(value, Amount))
            else:
                states[name] = Held(value)
        other = Present(self.chart, states)
        other.place(self.stage, self.entered, self.began)
        return other.truth(term)

    def why(self, name: str) -> str:
        """Why a value is not known, or nothing."""
        return self._states.get(name, NEVER).why

    def runs(self, name: str) -> bool | None:
        """Whether a drug runs; None for an input."""
        return self.drug(name).running if name in self.program.artifact.drugs else None

    def exact(self, name: str) -> object:
        """A value as it counts, or None."""
        state = self._states.get(name, NEVER)
        return state.value if not state.why else state.why

    def input(self, name: str) -> InputState:
        state = self._states.get(name, NEVER)
        if state.why:
            return InputState(None, state.why, None if state.why == "never" else self.time)  # type: ignore[arg-type]
        return InputState(state.value, "", self.time)

    def drug(self, name: str) -> DrugState:
        state = self._states.get(name, NEVER)
        decl = self.program.artifact.drugs[name]
        if state is RUNS:
            return DrugState(True, None, "", self.time)
        if state.why:
            return DrugState(None, None, state.why, None if state.why == "never" else self.time)  # type: ignore[arg-type]
        if decl.form == "bolus":
            return DrugState(bool(state.value), None, "", self.time)
        if state.value == 0:
            return DrugState(False, None, "", self.time)
        return DrugState(True, Amount(state.value, self.program.units[decl.unit].dims), "", self.time)

    def knowable_at(self, term: int) -> int | None:
        return None


class _Rate:
    """A drug's rate as the decision sees it; looking at the number is noted."""

    __slots__ = ("_amount", "_asking", "_name")

    def __init__(self, asking: Asking, name: str, amount: Amount) -> None:
        self._asking, self._name, self._amount = asking, name, amount

    @property
    def dims(self) -> Dims:
        return self._amount.dims

    @property
    def value(self) -> Fraction:
        self._asking.note(self._name)
        return self._amount.value

    def seen_in(self, dims: Dims, weight: Fraction | None) -> Fraction | None:
        self._asking.note(self._name)
        return self._amount.seen_in(dims, weight)


class Asking(Present):
    """Notes which numbers the decision looks at, in their order, besides the truth of conditions and whether
    inputs are known and drugs run: those are what its answers are kept under.
    """

    def __init__(self, present: Present, settled: frozenset[str]) -> None:
        """`settled`: see `Instant._settled`."""
        super().__init__(present.chart, present._states)
        self._present = present
        self._settled = settled
        self.asked: list[str] = []

    def note(self, name: str) -> None:
        if name not in self.asked:
            self.asked.append(name)

    def place(self, stage: str | None, entered: int | None, began: int | None) -> None:
        super().place(stage, entered, began)
        self._present.place(stage, entered, began)

    def truth(self, term: int) -> Any:
        return self._present.truth(term)

    def suppose(self, hypothesis: Hypothesis, term: int) -> Any:
        return self._present.suppose(hypothesis, term)

    def weight(self) -> Fraction | None:
        weight = self._present.weight()
        name = self.program.weight_input
        if name is not None and (weight is not None or name not in self._settled):
            self.note(name)
        return weight

    def input(self, name: str) -> InputState:
        if name not in self._settled:
            self.note(name)
        return self._present.input(name)

    def drug(self, name: str) -> DrugState:
        state = self._present.drug(name)
        if name not in self._settled:
            self.note(name)
        if state.rate is None:
            return state
        return DrugState(state.running, _Rate(self, name, state.rate), state.why, state.time)  # type: ignore[arg-type]
