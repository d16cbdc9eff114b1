"""A chart from concrete values of a `Timeline`: facts on each instant, readings taken again in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice

from rung_engine.artifact import model as m
from rung_engine.event import Charted, Done, Dose, Event, Fact, Happened, Infusion, NoOtherInfusions, Reading
from rung_engine.event import Value as Read
from rung_engine.exact import MILLION
from rung_engine.frozen import frozen
from rung_engine.program import Unit
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.marks import charted, other_unit
from rung_lang.verify.histories.timeline import Subject, Timeline

MOST_FACTS = 600


class Unchartable(ValueError):  # noqa: N818 - it names a fact about the values
    """A value is no whole number of millionths of its unit."""


class TooLong(ValueError):  # noqa: N818 - it names a fact about the values
    """There would be more facts than anybody reads."""


@frozen
class Chart:
    """`times`: the instants in milliseconds."""

    line: Timeline
    values: Mapping[str, Value]
    subjects: Sequence[Subject]

    @property
    def times(self) -> tuple[int, ...]:
        """When the instants are. Raises `Unchartable`."""
        found = [self.line.time(place).at(self.values) for place in range(len(self.line.at))]
        if any(time.denominator != 1 for time in found):
            raise Unchartable
        return tuple(time.numerator for time in found)

    def settings(self) -> tuple[tuple[str, m.Number | str], ...]:
        """What the site chose, by name: what differs from the default, and all that has none."""
        found: list[tuple[str, m.Number | str]] = []
        for name, decl in sorted(self.line.program.artifact.settings.items()):
            value = self._setting(name, decl)
            if value != decl.value:
                found.append((name, value))
        return tuple(found)

    def _setting(self, name: str, decl: m.SettingDecl) -> m.Number | str:
        if decl.kind != "quantity":
            choices = decl.choices or ("yes", "no")
            said = [one for one in choices if self.values.get(f"set:{name}={one}") is True]
            if said:
                return said[0]
            if not decl.choices and (decl.value is None or f"set:{name}=yes" in self.values):
                return "no"
            return decl.value if isinstance(decl.value, str) else choices[0]
        written = decl.value if isinstance(decl.value, m.Number) else decl.lo
        assert written is not None
        value = self.values.get(f"set:{name}")
        if not isinstance(value, Fraction):
            return written
        return m.Number(
            millionths=_millionths(value, self.line.program.units[written.unit]), unit=written.unit
        )

    def events(self) -> tuple[Event, ...]:
        """The facts in the order of time, with ids by place. Raises `Unchartable` and `TooLong`."""
        found: list[Fact] = []
        for kind, name in self.subjects:
            if kind == "input":
                found.extend(islice(self._readings(name), MOST_FACTS + 1))
            elif self.line.program.artifact.drugs[name].form == "bolus":
                found.extend(self._doses(name))
            else:
                found.extend(islice(self._rows(name), MOST_FACTS + 1))
            if len(found) > MOST_FACTS:
                raise TooLong
        found.extend(self._happenings())
        found.sort(key=lambda fact: fact.time)
        width = len(str(len(found)))
        return tuple(replace(fact, id=f"{place + 1:0{width}}") for place, fact in enumerate(found))

    def _holds(self, formula: Formula) -> bool:
        return f.holds(formula, self.values)

    # -- readings

    def _readings(self, name: str) -> Iterator[Fact]:
        line = self.line
        decl = line.program.artifact.inputs[name]
        known = [self._holds(line.chart(place).input_known(name)) for place in range(len(line.at))]
        taken = [self._holds(line.charted(place, name)) for place in range(len(line.at))]
        if decl.fixed:
            taken = [known[place] and not any(known[:place]) for place in range(len(line.at))]
        clashes = [place > 0 and self._holds(line.bit(place, "clash", name)) for place in range(len(line.at))]
        for place, time in enumerate(self.times):
            if clashes[place]:
                for value in self._two(name):
                    yield Reading("", time, name, value)
            if taken[place]:
                value = self._value(place, name)
                yield Reading("", time, name, value)
                for again in self._again(place, decl.valid_for, known, taken, clashes):
                    yield Reading("", again, name, value)

    def _again(
        self,
        place: int,
        valid: int | None,
        known: Sequence[bool],
        taken: Sequence[bool],
        clashes: Sequence[bool],
    ) -> Iterator[int]:
        """When what is charted on the instant is charted again, to be known as long as it is and no
        longer.
        """
        if valid is None:
            return
        times = self.times
        last = times[place]
        end = next(
            (later for later in range(place + 1, len(times)) if taken[later] or not known[later]), None
        )
        if end is None:
            latest = times[-1]
        elif taken[end] or clashes[end]:
            latest = times[end] - 1
        else:
            # It lapses on the instant: the last time was so long before.
            stamp = times[end] - 1 - valid
            while last < stamp:
                last = min(last + valid, stamp)
                yield last
            return
        while last + valid < latest:
            last += valid
            yield last

    def _value(self, place: int, name: str) -> Read:
        line = self.line
        decl = line.program.artifact.inputs[name]
        at = line.chart(place)
        match decl.kind:
            case "quantity":
                assert decl.unit is not None
                value = at.input_value(name).at(self.values)
                return Charted(_millionths(value, line.program.units[decl.unit]), decl.unit)
            case "graded":
                return decl.values[int(at.input_value(name).at(self.values))]
            case "flag":
                return self._holds(at.input_has(name, "yes"))
            case "one_of":
                return next((one for one in decl.values if self._has(place, name, one)), decl.values[0])
            case "any_of":
                held = frozenset(one for one in decl.values if self._has(place, name, one))
                spoken = line.values(name)
                if not held and "none" in decl.values and "none" not in spoken:
                    return frozenset({"none"})
                return held

    def _has(self, place: int, name: str, value: str) -> bool:
        decl = self.line.program.artifact.inputs[name]
        return self.values.get(f"{'' if decl.fixed else self.line.at[place]}in:{name}={value}") is True

    def _two(self, name: str) -> tuple[Read, Read]:
        """Two readings that say different things."""
        program = self.line.program
        decl = program.artifact.inputs[name]
        match decl.kind:
            case "quantity":
                assert decl.unit is not None
                unit = program.units[decl.unit]
                lo, hi = program.plausible.get(name, (Fraction(1) * unit.factor, Fraction(2) * unit.factor))
                return (
                    Charted(_millionths(lo, unit), decl.unit),
                    Charted(_millionths(hi, unit), decl.unit),
                )
            case "flag":
                return True, False
            case "any_of":
                return frozenset({decl.values[0]}), frozenset()
            case _:
                return decl.values[0], decl.values[1]

    # -- drugs

    def _rows(self, name: str) -> Iterator[Fact]:
        line = self.line
        decl = line.program.artifact.drugs[name]
        states = [line.chart(place).drug(name) for place in range(len(line.at))]
        on = [self._holds(state.on) for state in states]
        rows = [self._holds(line.bit(place, "row", name)) for place in range(len(line.at))]
        for place, time in enumerate(self.times):
            if not rows[place]:
                continue
            rate = self._rate(place, name) if on[place] else Charted(0, decl.unit)
            if not on[place] and not self._holds(states[place].off):
                yield Infusion("", time, name, None)
            yield Infusion("", time, name, rate)
            if on[place]:
                for again in self._again(place, decl.valid_for, on, rows, rows):
                    yield Infusion("", again, name, rate)

    def _rate(self, place: int, name: str) -> Charted | None:
        """As charted: in the drug's unit, or in the one apart from it by body weight."""
        line, program = self.line, self.line.program
        if not self._holds(line.chart(place).drug(name).rated):
            return None
        drug = program.artifact.drugs[name]
        unit = program.units[drug.unit]
        if not self.values.get(f"{line.at[place]}charted_own:{name}", True):
            unit = other_unit(program, name)
        value = line.chart(place).rate(name, unit.dims).value.at(self.values)
        if not value:
            # Nobody asks for the rate.
            usual = drug.start if drug.start is not None else drug.usual
            least = None if usual is None else program.amount(usual.lo)
            value = least.value if least is not None and least.dims == unit.dims else unit.factor
        return Charted(_millionths(value, unit), unit.name)

    def _doses(self, name: str) -> Iterator[Fact]:
        line, program = self.line, self.line.program
        unit = program.units[program.artifact.drugs[name].unit]
        for place, time in enumerate(self.times):
            if not self._holds(line.dose(place, name)):
                continue
            total = self._total(name)
            amount = self.values.get(f"{line.at[place]}amount:{name}")
            if isinstance(amount, Fraction) and amount > 0:
                yield Dose("", time, name, Charted(_millionths(amount, unit), unit.name))
            elif total is not None:
                yield Dose("", time, name, total)
            else:
                yield Dose("", time, name, Charted(MILLION, unit.name))

    def _total(self, name: str) -> Charted | None:
        """All that some order wants given."""
        for order in self.line.program.orders:
            if order.op == "give" and order.target == name and order.total is not None:
                if isinstance(order.total, m.FromSetting):
                    chosen = dict(self.settings()).get(order.total.setting)
                    decl = self.line.program.artifact.settings[order.total.setting]
                    value = chosen if chosen is not None else decl.value
                    assert isinstance(value, m.Number)
                    return Charted(value.millionths, value.unit)
                return Charted(order.total.millionths, order.total.unit)
        return None

    # -- the rest

    def _happenings(self) -> Iterator[Fact]:
        line, artifact = self.line, self.line.program.artifact
        silent = False
        for place, time in enumerate(self.times):
            at = line.at[place]
            if not silent and self._holds(line.silent(place)):
                silent = True
                yield NoOtherInfusions("", time)
            for name in sorted(artifact.events):
                if self.values.get(f"{at}event:{name}") is True:
                    yield Happened("", time, name)
            for name in sorted(artifact.tasks):
                if self.values.get(f"{at}done:{name}") is True:
                    yield Done("", time, name)


def _millionths(value: Fraction, unit: Unit) -> int:
    found = charted(value, unit)
    if found is None:
        raise Unchartable
    return found
