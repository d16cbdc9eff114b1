"""The facts of many stays as columns of whole numbers: what the cohort engine is told.

A fact is one place in every column. Names and units are numbered by `Codes`; a value is a count of
millionths, a yes or no, or a place among an input's words. What an artifact does not declare only marks an
instant. Corrections, retractions and ids that are told twice are gone by then: `facts_of` resolves them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rung_engine.artifact.model import Artifact, InputDecl
from rung_engine.cohort.layout import (
    DONE,
    DOSE,
    HAPPENED,
    INFUSION,
    OTHER,
    READING,
    SILENCE,
    U_FLAG,
    U_NONE,
    U_SET,
    U_UNKNOWN,
    U_VALUE,
    U_WRONG,
)
from rung_engine.event import (
    Charted,
    Concentration,
    Done,
    Dose,
    Event,
    Fact,
    Happened,
    Infusion,
    NoOtherInfusions,
    Reading,
    Value,
)
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.history import resolve
from rung_engine.sources.problems import DataProblem

NOTHING = "?"
"""Stands for a name, a unit or a word that an artifact does not declare; none can be spelled so."""

LARGEST = 2**63 - 1
SET_PLACES = 63
"""A set of words is the bits of one number."""


@frozen
class Codes:
    """The names of an artifact by their numbers: its place in each tuple. All are sorted."""

    inputs: tuple[str, ...]
    drugs: tuple[str, ...]
    events: tuple[str, ...]
    tasks: tuple[str, ...]
    units: tuple[str, ...]
    kinds: tuple[str, ...]
    """By input: quantity, flag, one_of, any_of or graded."""
    words: tuple[tuple[str, ...], ...]
    """By input: what it can be, where it is no quantity and no flag."""


def codes_of(of: Program | Artifact | Codes) -> Codes:
    """The numbers of what an artifact declares."""
    if isinstance(of, Codes):
        return of
    artifact = of.artifact if isinstance(of, Program) else of
    inputs = sorted(artifact.inputs)
    decls: list[InputDecl] = [artifact.inputs[name] for name in inputs]
    return Codes(
        tuple(inputs),
        tuple(sorted(artifact.drugs)),
        tuple(sorted(artifact.events)),
        tuple(sorted(artifact.tasks)),
        tuple(sorted(artifact.units)),
        tuple(decl.kind for decl in decls),
        tuple(decl.values for decl in decls),
    )


@frozen
class Facts:
    """Columns of facts, sorted by stay and within a stay by (time, id). Arrays are read, never written.

    stays: ids, n of them; start: int64[n + 1], the places of stay k are start[k] to start[k + 1];
    time: int64, ms; kind: int8, as in `layout`; name: int16, -1 of what is not declared; unit: int16, a place
    among the units or a `layout.U_x`; value: int64; conc: int32, a row of `concentrations` or -1;
    concentrations: int64[m, 4], amount in millionths, its unit, volume in millionths, its unit.
    """

    codes: Codes
    stays: tuple[str, ...]
    start: NDArray[np.int64]
    time: NDArray[np.int64]
    kind: NDArray[np.int8]
    name: NDArray[np.int16]
    unit: NDArray[np.int16]
    value: NDArray[np.int64]
    conc: NDArray[np.int32]
    concentrations: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many facts."""
        return len(self.time)

    def part(self, first: int, last: int) -> Facts:
        """The stays from `first` up to and without `last`; the columns are shared."""
        start = self.start[first : last + 1]
        lo, hi = (int(start[0]), int(start[-1])) if last > first else (0, 0)
        return Facts(
            self.codes,
            self.stays[first:last],
            start - lo if last > first else np.zeros(1, np.int64),
            self.time[lo:hi],
            self.kind[lo:hi],
            self.name[lo:hi],
            self.unit[lo:hi],
            self.value[lo:hi],
            self.conc[lo:hi],
            self.concentrations,
        )


def facts_of(of: Program | Artifact | Codes, stays: Mapping[str, Iterable[Event]]) -> Facts:
    """The facts of these stays, in the order of their ids. Raises `DataProblem` D130."""
    told = _Told(codes_of(of))
    ids = tuple(sorted(stays))
    start = [0]
    for stay in ids:
        for fact in resolve(stays[stay])[0]:
            told.add(fact, stay)
        start.append(len(told.rows))
    columns = np.array(told.rows, np.int64).reshape(-1, 6)
    return Facts(
        told.codes,
        ids,
        np.array(start, np.int64),
        np.ascontiguousarray(columns[:, 0]),
        columns[:, 1].astype(np.int8),
        columns[:, 2].astype(np.int16),
        columns[:, 3].astype(np.int16),
        np.ascontiguousarray(columns[:, 4]),
        columns[:, 5].astype(np.int32),
        np.array(list(told.labels), np.int64).reshape(-1, 4),
    )


def events_of(facts: Facts, k: int) -> list[Event]:
    """The facts of stay `k` as events, in their order, with ids that keep it.

    A name, unit or word that is not declared is shown as `?`, for which every engine does the same.
    """
    lo, hi = int(facts.start[k]), int(facts.start[k + 1])
    columns = (facts.time, facts.kind, facts.name, facts.unit, facts.value, facts.conc)
    rows = zip(*(column[lo:hi].tolist() for column in columns), strict=True)
    return [_event(facts, f"{place:09d}", *row) for place, row in enumerate(rows)]


# ---------------------------------------------------------------- from events


class _Told:
    """The rows of `Facts` so far, and how each name and word is numbered."""

    def __init__(self, codes: Codes) -> None:
        self.codes = codes
        self.rows: list[tuple[int, int, int, int, int, int]] = []
        self.labels: dict[tuple[int, int, int, int], int] = {}
        self._places = places(codes)

    def add(self, fact: Fact, stay: str) -> None:
        inputs, drugs, events, tasks, _ = self._places
        kind, name, unit, value, conc = OTHER, -1, U_NONE, 0, -1
        match fact:
            case Reading():
                name = inputs.get(fact.input, -1)
                if name >= 0:
                    kind = READING
                    unit, value = coded_reading(self.codes, self._places[4], name, fact.value)
            case Infusion():
                name = drugs.get(fact.drug, -1)
                if name >= 0:
                    kind = INFUSION
                    unit, value = self._charted(fact.rate)
                    if fact.rate is not None and fact.concentration is not None:
                        conc = self._label(fact.concentration)
            case Dose():
                name = drugs.get(fact.drug, -1)
                if name >= 0:
                    kind = DOSE
                    unit, value = self._charted(fact.amount)
            case Happened():
                name = events.get(fact.event, -1)
                kind = HAPPENED if name >= 0 else OTHER
            case Done():
                name = tasks.get(fact.task, -1)
                kind = DONE if name >= 0 else OTHER
            case NoOtherInfusions():
                kind = SILENCE
        if not (-LARGEST <= value <= LARGEST and -LARGEST <= fact.time <= LARGEST):
            raise DataProblem("D130", stay=stay, time=str(fact.time), number=str(value))
        self.rows.append((fact.time, kind, name, unit, value, conc))

    def _charted(self, value: Charted | None) -> tuple[int, int]:
        if value is None:
            return U_NONE, 0
        return self._places[4].get(value.unit, U_UNKNOWN), value.millionths

    def _label(self, label: Concentration) -> int:
        row = (*self._charted(label.amount), *self._charted(label.volume))
        found = (row[1], row[0], row[3], row[2])
        if max(abs(found[0]), abs(found[2])) > LARGEST:
            raise DataProblem("D130", stay="", time="", number=str(max(found[0], found[2])))
        return self.labels.setdefault(found, len(self.labels))


def coded_reading(codes: Codes, units: Mapping[str, int], name: int, value: Value) -> tuple[int, int]:
    """`unit` and `value` of a reading of the input `name`. Raises `DataProblem` D131.

    `units`: as `places` numbers them.
    """
    kind = codes.kinds[name]
    match value:
        case Charted() if kind == "quantity":
            return units.get(value.unit, U_UNKNOWN), value.millionths
        case bool() if kind == "flag":
            return U_FLAG, int(value)
        case str() if kind not in ("quantity", "flag"):
            return word(codes, name, value)
        case frozenset() if kind == "any_of":
            return words(codes, name, value)
        case _:
            return U_WRONG, 0


@lru_cache(maxsize=16)
def places(codes: Codes) -> tuple[dict[str, int], ...]:
    """Of inputs, drugs, events, tasks and units: the number of each name."""
    named = (codes.inputs, codes.drugs, codes.events, codes.tasks, codes.units)
    return tuple({name: place for place, name in enumerate(names)} for names in named)


def word(codes: Codes, name: int, value: str) -> tuple[int, int]:
    """`unit` and `value` of one word charted of an input that is no quantity and no flag."""
    if codes.kinds[name] == "any_of":
        return words(codes, name, frozenset({value}))
    known = codes.words[name]
    return U_VALUE, known.index(value) if value in known else -1


def words(codes: Codes, name: int, values: frozenset[str]) -> tuple[int, int]:
    """`unit` and `value` of a set of words. Raises `DataProblem` D131."""
    known = codes.words[name]
    if not values <= set(known):
        return U_SET, -1
    if len(known) > SET_PLACES:
        raise DataProblem("D131", input=codes.inputs[name], count=str(len(known)), most=str(SET_PLACES))
    return U_SET, sum(1 << known.index(value) for value in values)


# ---------------------------------------------------------------- to events


def _event(facts: Facts, key: str, time: int, kind: int, name: int, unit: int, value: int, conc: int) -> Fact:
    codes = facts.codes
    if kind == READING:
        return Reading(key, time, codes.inputs[name], _reading(codes, name, unit, value))
    if kind == INFUSION:
        rate = _quantity(codes, unit, value)
        label = None
        if conc >= 0:
            amount, amount_unit, volume, volume_unit = facts.concentrations[conc].tolist()
            label = Concentration(
                Charted(amount, _unit(codes, amount_unit)), Charted(volume, _unit(codes, volume_unit))
            )
        return Infusion(key, time, codes.drugs[name], rate, label)
    if kind == DOSE:
        return Dose(key, time, codes.drugs[name], _quantity(codes, unit, value))
    if kind == HAPPENED:
        return Happened(key, time, codes.events[name])
    if kind == DONE:
        return Done(key, time, codes.tasks[name])
    if kind == SILENCE:
        return NoOtherInfusions(key, time)
    return Happened(key, time, NOTHING)


def _unit(codes: Codes, unit: int) -> str:
    return codes.units[unit] if unit >= 0 else NOTHING


def _quantity(codes: Codes, unit: int, value: int) -> Charted | None:
    return None if unit == U_NONE else Charted(value, _unit(codes, unit))


def _reading(codes: Codes, name: int, unit: int, value: int) -> Value:
    known = codes.words[name]
    if unit == U_FLAG:
        return value != 0
    if unit == U_VALUE:
        return known[value] if value >= 0 else NOTHING
    if unit == U_SET:
        if value < 0:
            return frozenset({NOTHING})
        return frozenset(one for place, one in enumerate(known) if value >> place & 1)
    if unit == U_WRONG:
        return NOTHING if codes.kinds[name] in ("quantity", "flag") else Charted(0, NOTHING)
    return Charted(value, _unit(codes, unit))
