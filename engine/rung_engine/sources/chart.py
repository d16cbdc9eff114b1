"""From charted values to exact ones: what one value in one unit is of one declared input or drug.

Pure, and knows no files. A value is taken as the decimal that the file shows. One with more than six
decimals is rounded to a millionth, half to even, and counted as `rounded`. What cannot be taken has a reason
code (see `accounting.REASONS`) and, for a drug, still says that it runs or was given, we know not how much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from rung_engine.frozen import frozen

from ..artifact.model import Artifact, DrugDecl, InputDecl, Number
from ..event import Charted, Concentration, Value
from ..exact import MILLION, NotFinite, float_decimal, from_millionths, round_millionths, show_decimal
from ..units import Unit, UnitProblem, as_body_weight, convert, parse_unit, weight_power
from .mapping import Band, Quantity

Facts = tuple[tuple[str, str], ...]
TIMES_MAXIMUM = 20
"""A charted rate above this many times the maximum is a charting error, where the mapping says nothing."""
_LARGEST = 2**63 - 1


@frozen
class Taken:
    """What became of one charted value. A reason with a value: reported, and passed on all the same."""

    value: Value | None = None
    concentration: Concentration | None = None
    reason: str | None = None
    facts: Facts = ()
    rounded: bool = False


class _No(Exception):  # noqa: N818 - it carries a reason, and never leaves this module
    def __init__(self, reason: str, facts: Facts = ()) -> None:
        super().__init__(reason)
        self.reason, self.facts = reason, facts


def declared_unit(artifact: Artifact, name: str, substance: str) -> Unit:
    """A unit of the artifact's own table, or of the engine's where the artifact does not spell it out."""
    decl = artifact.units.get(name)
    if decl is None:
        return parse_unit(name, substance)
    return Unit(
        name,
        decl.ucum,
        tuple(sorted(decl.dims.items())),
        Fraction(decl.num, decl.den),
        Fraction(decl.offset_num, decl.offset_den),
    )


@dataclass(slots=True)
class Spelling:
    """How unit spellings of one input or drug read: the mapping's words first, then the table of units."""

    target: Unit
    words: Mapping[str, str]
    substance: str | None = field(init=False)

    def __post_init__(self) -> None:
        named = [dim.partition(":")[2] for dim, _ in self.target.dims if dim.startswith("activity:")]
        self.substance = named[0] if named and named[0] != "?" else None

    def read(self, spelled: str) -> Unit:
        counting = "breaths" if ("breaths", 1) in self.target.dims else "beats"
        try:
            unit = parse_unit(self.words.get(spelled, spelled), self.substance, counting=counting)
        except UnitProblem as problem:
            if problem.kind == "ambiguous":
                raise _No("ambiguous_unit", (("about", problem.reason or "unclear"),)) from problem
            raise _No("unknown_unit") from problem
        if self.target.dims == (("body_weight", 1),) and unit.dims == (("mass", 1),):
            try:
                return as_body_weight(unit)
            except UnitProblem as problem:
                raise self.refusal(unit, problem) from problem
        return unit

    def refusal(self, unit: Unit, problem: UnitProblem) -> _No:
        about = problem.reason or problem.kind
        return _No("unit_not_convertible", (("unit", unit.name), ("to", self.target.name), ("about", about)))


@dataclass(slots=True)
class InputRule:
    """One declared input and how its charted values are taken. Values are remembered: charts repeat them."""

    name: str
    decl: InputDecl
    spelling: Spelling | None
    """None for inputs without a unit."""
    blank_unit: str | None
    values: Mapping[str, str]
    seen: dict[tuple[float | None, str], Taken] = field(default_factory=dict)

    def take(self, value: float | None, unit: str) -> Taken:
        taken = self.seen.get((value, unit))
        if taken is None:
            try:
                taken = self._take(value, unit)
            except _No as no:
                taken = Taken(reason=no.reason, facts=no.facts)
            self.seen[value, unit] = taken
        return taken

    def take_text(self, text: str | None) -> Taken:
        """A value of an input without a unit, as the mapping's `values` read it."""
        if text is None:
            return Taken(reason="no_value")
        named = self.values.get(text)
        if named is None:
            return Taken(reason="unlisted_value")
        return Taken(worded(self.decl, named))

    def _take(self, value: float | None, spelled: str) -> Taken:
        exact = _exact(value)
        if self.spelling is None:
            return self.take_text(show_decimal(exact))
        spelled = spelled or self.blank_unit or ""
        if not spelled:
            raise _No("no_unit_of_reading")
        unit = self.spelling.read(spelled)
        factor = self._factor(unit)
        charted, rounded = _charted(exact, unit)
        held = from_millionths(charted.millionths)
        here = held / factor if factor else convert(held, unit, self.spelling.target)
        low_high = plausible_of(self.decl, self.spelling.target)
        if low_high is not None and not low_high.holds(here):
            return Taken(charted, reason="implausible", facts=low_high.facts, rounded=rounded)
        if self.decl.cumulative and exact < 0:
            raise _No("negative")
        return Taken(charted, rounded=rounded)

    def _factor(self, unit: Unit) -> Fraction | None:
        """What one declared unit is in `unit`, where the protocol declares it; None: the kernel converts."""
        assert self.spelling is not None
        for other in self.decl.also_in:
            if other.unit == unit.name:
                return from_millionths(other.factor.millionths)
        target = self.spelling.target
        try:
            convert(Fraction(1), unit, target)
        except UnitProblem as problem:
            raise self.spelling.refusal(unit, problem) from problem
        if unit.name != target.name and unit.name not in self.decl.accepts:
            about = "not accepted by this protocol"
            raise _No("unit_not_convertible", (("unit", unit.name), ("to", target.name), ("about", about)))
        return None


def worded(decl: InputDecl, named: str) -> Value:
    """A value of an input without a unit: yes or no of a flag, a set of one of `any of`, else the name."""
    match decl.kind:
        case "flag":
            return named == "yes"
        case "any_of":
            return frozenset({named})
        case _:
            return named


def plausible_of(decl: InputDecl, unit: Unit) -> Band | None:
    """The declared plausible range, where both ends are written as numbers."""
    if decl.plausible is None:
        return None
    low, high = decl.plausible.lo, decl.plausible.hi
    if not isinstance(low, Number) or not isinstance(high, Number):
        return None
    return Band(from_millionths(low.millionths), from_millionths(high.millionths), unit)


@dataclass(slots=True)
class DrugRule:
    """One declared drug and how its charted rates and amounts are taken."""

    name: str
    decl: DrugDecl
    spelling: Spelling
    accepted: frozenset[str]
    plausible: tuple[Band, ...]
    bag_amount_unit: str | None
    seen: dict[tuple[object, ...], Taken] = field(default_factory=dict)

    def take_rate(
        self,
        rate: float | None,
        spelled: str,
        bag: tuple[float | None, float | None],
        weight: Fraction | None,
    ) -> Taken:
        """A rate. A zero needs no unit: it is a stop. `bag`: drug amount and volume in mL, as labelled."""
        key = ("rate", rate, spelled, bag, weight)
        return self._remember(key, lambda: self._rate(rate, spelled, bag, weight))

    def take_dose(self, amount: float | None, spelled: str, strength: Quantity | None) -> Taken:
        """An amount given. A zero gives `Taken()`: nothing was given."""
        return self._remember(
            ("dose", amount, spelled, strength), lambda: self._dose(amount, spelled, strength)
        )

    @property
    def zero(self) -> Charted:
        return Charted(0, self.spelling.target.name)

    def _remember(self, key: tuple[object, ...], make: Callable[[], Taken]) -> Taken:
        taken = self.seen.get(key)
        if taken is None:
            try:
                taken = make()
            except _No as no:
                taken = Taken(reason=no.reason, facts=no.facts)
            self.seen[key] = taken
        return taken

    def _rate(
        self,
        rate: float | None,
        spelled: str,
        bag: tuple[float | None, float | None],
        weight: Fraction | None,
    ) -> Taken:
        exact = _exact(rate)
        if exact == 0:
            return Taken(self.zero)
        if exact < 0:
            raise _No("negative")
        if not spelled:
            raise _No("no_unit")
        unit = self.spelling.read(spelled)
        charted, rounded = _charted(exact, unit)
        held = from_millionths(charted.millionths)
        if unit.name in self.accepted:
            self._check(held, unit, weight)
            return Taken(charted, rounded=rounded)
        if unit.dims != (("time", -1), ("volume", 1)):
            raise self._not_for(unit)
        concentration, per_min, drug_unit = self._flow(held, unit, bag)
        self._check(per_min, drug_unit, weight)
        return Taken(charted, concentration, rounded=rounded)

    def _flow(
        self, flow: Fraction, unit: Unit, bag: tuple[float | None, float | None]
    ) -> tuple[Concentration, Fraction, Unit]:
        """The concentration of a flow, and how much drug a minute it is."""
        amount, volume = (None if part is None else _exact(part) for part in bag)
        if self.bag_amount_unit is None or not amount or not volume or amount < 0 or volume < 0:
            raise _No("no_concentration", (("unit", unit.name),))
        held = self.spelling.read(self.bag_amount_unit)
        drug_unit = self.spelling.read(f"{held.name}/min")
        if drug_unit.name not in self.accepted:
            raise self._not_for(drug_unit)
        per_min = convert(flow, unit, parse_unit("mL/min")) * amount / volume
        made = Concentration(_charted(amount, held)[0], _charted(volume, parse_unit("mL"))[0])
        return made, per_min, drug_unit

    def _dose(self, amount: float | None, spelled: str, strength: Quantity | None) -> Taken:
        exact = _exact(amount)
        if exact == 0:
            return Taken()
        if exact < 0:
            raise _No("negative")
        if not spelled:
            raise _No("no_unit")
        unit = self.spelling.read(spelled)
        if strength is not None:
            of, _, volume = strength.unit.name.partition("/")
            try:
                exact = convert(exact, unit, parse_unit(volume)) * strength.value
            except UnitProblem as problem:
                raise self.spelling.refusal(unit, problem) from problem
            unit = self.spelling.read(of)
        per_time = f"{unit.name}/min"
        if unit.name not in self.accepted and per_time not in self.accepted:
            raise self._not_for(unit)
        charted, rounded = _charted(exact, unit)
        for band in self.plausible:
            if band.unit.dims == unit.dims and not band.holds(convert(exact, unit, band.unit)):
                raise _No("implausible", band.facts)
        return Taken(charted, rounded=rounded)

    def _check(self, rate: Fraction, unit: Unit, weight: Fraction | None) -> None:
        """Refuse a rate that cannot have run: outside the mapping's range, or far above the maximum."""
        for needs_weight in (False, True):
            for band in self.plausible:
                power = weight_power(unit, band.unit)
                if power is None or (power != 0) is not needs_weight or (power != 0 and weight is None):
                    continue
                if not band.holds(convert(rate, unit, band.unit, weight=weight)):
                    raise _No("implausible", band.facts)
                return
        maximum = self.decl.maximum
        if not isinstance(maximum, Number):
            return
        target = self.spelling.target
        ceiling = from_millionths(maximum.millionths) * TIMES_MAXIMUM
        power = weight_power(unit, target)
        if power is None or (power != 0 and weight is None):
            return
        if convert(rate, unit, target, weight=weight) > ceiling:
            raise _No("implausible", Band(Fraction(0), ceiling, target).facts)

    def _not_for(self, unit: Unit) -> _No:
        try:
            convert(Fraction(1), unit, self.spelling.target, weight=Fraction(1))
        except UnitProblem as problem:
            return self.spelling.refusal(unit, problem)
        about = "not accepted by this protocol"
        facts = (("unit", unit.name), ("to", self.spelling.target.name), ("about", about))
        return _No("unit_not_convertible", facts)


def _exact(value: float | None) -> Fraction:
    if value is None:
        raise _No("no_value")
    try:
        return float_decimal(value)
    except NotFinite as wrong:
        raise _No("not_finite") from wrong


def _charted(exact: Fraction, unit: Unit) -> tuple[Charted, bool]:
    count = round_millionths(exact)
    if abs(count) > _LARGEST:
        raise _No("too_large")
    return Charted(count, unit.name), count != exact * MILLION
