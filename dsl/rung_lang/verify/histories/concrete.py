"""From "some values exist" to values a chart can hold: plain, few, as normal as the question allows.

The least surprising patient comes first: what need not be charted is not, settings stand at their defaults,
readings at their normal value, drugs are off, nothing happens; what must differ is a step of the monitor, or
a round number, away from where it would not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.program import Unit
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import written as orders_of
from rung_lang.verify.formulas.formula import Formula, Linear, Value
from rung_lang.verify.formulas.marks import Found, Marks, between, nearby, other_unit, plain, steps_around
from rung_lang.verify.histories.timeline import Subject, Timeline
from rung_lang.verify.solving.asks import Sat
from rung_lang.verify.solving.solve import Solver

MINUTE = 60_000
PLAIN_WAITS = (1, 5, 15, 30, 60, 120, 240, 480, 720, 1440)
"""Waits that a chart would show, where nothing asks for another: in minutes (milliseconds where readings do
not stay valid for minutes)."""


@dataclass(slots=True)
class Concrete:
    """One answer, made concrete step by step. `parts`: what must hold."""

    line: Timeline
    solver: Solver
    parts: list[Formula]
    subjects: Sequence[Subject]
    question: Sequence[Formula]
    """What was asked and wished for: values it speaks of are marks too."""
    names: frozenset[str] = frozenset()
    """The variables that the parts, and what is always true of these, speak of."""
    at_hand: Mapping[str, Value] = field(default_factory=dict)

    def settle(self, wishes: Sequence[Formula]) -> bool:
        """Whether there is such a patient, as far as the solver can tell."""
        values = self.solver.glance(())
        if values is None:
            return False
        self.names = self.line.space.spoken(self.parts)
        self.at_hand = values
        for wish in wishes:
            self._wish(wish)
        self._settings()
        self._quiet()
        self._waits()
        self._numbers()
        return True

    @property
    def values(self) -> dict[str, Value]:
        """Of every variable of `names`."""
        return {name: self.at_hand[name] for name in sorted(self.names)}

    # -- wishes

    def _wish(self, wish: Formula) -> bool:
        """Fulfilled if it still can be. What comes of it does not hang on the values at hand."""
        if wish is f.TRUE or wish is f.FALSE:
            return wish is f.TRUE
        if not f.holds(wish, self.at_hand):
            values = self.solver.glance((wish,))
            if values is None:
                return False
            self.at_hand = values
        self._take(wish)
        return True

    def _take(self, part: Formula) -> None:
        self.parts.append(part)
        self.solver.keep(part)

    def _quiet(self) -> None:
        """Few facts, few drugs, nothing that happens, the most telling first."""
        line, artifact = self.line, self.line.program.artifact
        places = range(len(line.at))
        for place in places:
            for kind, name in self.subjects:
                if kind == "input" and place:
                    self._wish(f.negation(line.bit(place, "clash", name)))
                elif kind == "drug" and artifact.drugs[name].form == "infusion":
                    # Rather nothing charted than two rows that say different things.
                    state = line.chart(place).drug(name)
                    self._wish(f.any_of((f.negation(line.bit(place, "row", name)), state.on, state.off)))
        self._wish(line.silent(0))
        for kind, name in self.subjects:
            for place in places:
                if kind == "drug":
                    self._still(place, name)
        for place in places:
            at = line.at[place]
            for what, names in (("event", sorted(artifact.events)), ("done", sorted(artifact.tasks))):
                for name in names:
                    if f"{at}{what}:{name}" in self.names:
                        self._wish(f.negation(f.boolean(f"{at}{what}:{name}")))
        for kind, name in self.subjects:
            if kind == "input":
                self._calm(name)

    def _still(self, place: int, name: str) -> None:
        """The drug is off; if it runs, at a known rate, as before."""
        line = self.line
        state = line.chart(place).drug(name)
        bolus = line.program.artifact.drugs[name].form == "bolus"
        if bolus:
            self._wish(f.negation(line.dose(place, name)))
        elif place:
            self._wish(f.negation(line.bit(place, "row", name)))
        if place and not bolus:
            # Rather as before than stopped, or left to go stale.
            before = line.chart(place - 1).drug(name)
            self._wish(f.all_of((f.iff(state.on, before.on), f.iff(state.off, before.off))))
        if self._wish(f.negation(state.on)):
            self._wish(state.off)
        elif not bolus and self._wish(state.rated):
            symbol = f"{line.at[place]}charted_own:{name}"
            if symbol in self.names:
                self._wish(f.boolean(symbol))

    def _calm(self, name: str) -> None:
        """Not charted; where it is, unchanged and without findings."""
        line = self.line
        decl = line.program.artifact.inputs[name]
        for place in range(len(line.at)):
            known = not self._wish(f.negation(line.chart(place).input_known(name)))
            may_not = place or decl.counts is not None
            taken = known and not (may_not and self._wish(f.negation(line.charted(place, name))))
            if not taken:
                continue
            for value in line.values(name) if decl.kind in ("flag", "one_of", "any_of") else ():
                self._wish(f.negation(line.chart(place).input_has(name, value)))

    # -- numbers, one after the other

    def _settings(self) -> None:
        """As declared; where nothing is, at an end of the range."""
        for name, decl in sorted(self.line.program.artifact.settings.items()):
            symbol = f"set:{name}"
            if decl.kind != "quantity":
                ways = (self._has_setting(name, one) for one in self._choices(decl))
                next((one for one in ways if self._wish(one)), None)
            if decl.kind != "quantity" or symbol not in self.names:
                continue
            written = [one for one in (decl.value, decl.lo, decl.hi) if isinstance(one, m.Number)]
            unit = self.line.program.units[written[0].unit]
            ends = [self.line.program.number(one).value for one in written]
            self._choose(f.variable(symbol), [*ends, sum(ends[-2:], Fraction(0)) / 2], unit)

    def _choices(self, decl: m.SettingDecl) -> Iterable[str]:
        """What may be chosen, the default first."""
        written = decl.choices or ("no", "yes")
        return sorted(written, key=lambda one: one != decl.value)

    def _has_setting(self, name: str, value: str) -> Formula:
        """The site chose this, where somebody asks."""
        yes_or_no = not self.line.program.artifact.settings[name].choices
        symbol = f"set:{name}={'yes' if yes_or_no else value}"
        if symbol not in self.names:
            return f.TRUE
        return f.negation(f.boolean(symbol)) if yes_or_no and value == "no" else f.boolean(symbol)

    def _waits(self) -> None:
        """Whole minutes where possible, and no longer than need be."""
        line, artifact = self.line, self.line.program.artifact
        valid = [decl.valid_for for decl in artifact.inputs.values() if decl.valid_for is not None]
        grain = MINUTE if all(one >= MINUTE for one in valid) else 1
        asked = {self._millis(one) for one in lengths(artifact)} | {one + 1 for one in valid}
        asked |= {drug.lasts for drug in artifact.drugs.values() if drug.lasts is not None}
        unit = Unit("ms", Fraction(1), Fraction(0), ())
        for place in range(1, len(line.at)):
            known = [line.time(j).at(self.at_hand) for j in range(place)]
            waits = {known[-1] + grain * one for one in PLAIN_WAITS}
            for start in known:
                for one in asked:
                    waits |= {start + one + extra for extra in (-grain, -1, 0, 1, grain)}
            later = [one for one in waits if one > known[-1]]
            later.sort(key=lambda one: ((one % grain).numerator > 0, one))
            self._choose(line.time(place), later, unit)

    def _millis(self, amount: m.Amount) -> int:
        """A length of time, with the settings as they are by now."""
        if isinstance(amount, m.FromSetting):
            value = self._read(f"set:{amount.setting}")
            if isinstance(value, Fraction):
                return -((-value.numerator) // value.denominator)
        return self.line.program.millis(amount)

    def _numbers(self) -> None:
        line = self.line
        program = line.program
        settings = {
            name: value
            for name in program.artifact.settings
            if isinstance(value := self._read(f"set:{name}") or program.settings[name], Fraction)
        }
        marks = Marks(program, settings).found
        for kind, name in self.subjects:
            if kind == "drug" and program.artifact.drugs[name].form == "infusion":
                for place in range(len(line.at)):
                    self._wish(self._plain_rate(place, name, marks))
        for kind, name in sorted(self.subjects, key=lambda one: (one[1] != program.weight_input, one)):
            for place in range(len(line.at)):
                if kind == "input":
                    self._reading(place, name, marks)
                elif program.artifact.drugs[name].form == "bolus":
                    self._amount(place, name)
                else:
                    self._rate(place, name, marks)

    def _reading(self, place: int, name: str, known: Found) -> None:
        line, program = self.line, self.line.program
        decl = program.artifact.inputs[name]
        if decl.kind == "graded" and self._holds(line.charted(place, name)):
            for rank in range(len(decl.values)):
                if self._wish(f.compare(line.chart(place).input_value(name), "=", f.number(rank))):
                    break
        if decl.unit is None or not self._holds(line.charted(place, name)):
            return
        unit = program.units[decl.unit]
        lo, hi = program.plausible.get(name, (None, None))
        if lo is None and (decl.cumulative or decl.dosing):
            lo = Fraction(0)
        number = line.chart(place).input_value(name)
        marks = (*known.get(("input", name, ()), ()), *self._asked(number))
        grid = unit.factor
        if decl.step is not None:
            grid = Fraction(decl.step.millionths, 1_000_000) * program.units[decl.step.unit].factor
        near = steps_around(marks, grid, unit)
        if decl.normal is not None:
            normal = program.number(decl.normal).value
            tries = [normal, *sorted(near, key=lambda one: (abs(one - normal), one))]
        else:
            bounds = [one for one in (lo, hi) if one is not None]
            tries = [*between(marks or bounds[:1], unit, lo, hi), *sorted(near)]
        self._choose(number, tries, unit, lo, hi)

    def _asked(self, number: Linear) -> list[Fraction]:
        """Values that the question compares a variable with."""
        ((name, _),) = number.terms
        found: list[Fraction] = []
        for atom in (atom for part in self.question for atom in f.atoms(part)):
            if isinstance(atom, f.Compare) and [one for one, _ in atom.linear.terms] == [name]:
                ((_, factor),) = atom.linear.terms
                found.append(-atom.linear.constant / factor)
        return sorted(set(found))

    def _plain_rate(self, place: int, name: str, known: Found) -> Formula:
        """Charted in one unit or the other, the rate is one that a chart would show."""
        line = self.line
        if not self._is_rated(place, name):
            return f.TRUE
        symbol = f"{line.at[place]}charted_own:{name}"
        own = line.program.units[line.program.artifact.drugs[name].unit]
        ways = [(f.boolean(symbol) if symbol in self.names else f.TRUE, own)]
        if symbol in self.names and len(line.dims(name)) > 1:
            ways.append((f.negation(f.boolean(symbol)), other_unit(line.program, name)))
        charted: list[Formula] = []
        for way, unit in ways:
            number, tries = self._rates(place, name, unit, known)
            charted.append(f.all_of((way, f.any_of(f.compare(number, "=", f.number(one)) for one in tries))))
        return f.any_of(charted)

    def _is_rated(self, place: int, name: str) -> bool:
        line = self.line
        return self._holds(f.all_of((line.bit(place, "row", name), line.chart(place).drug(name).rated)))

    def _rates(self, place: int, name: str, unit: Unit, known: Found) -> tuple[Linear, list[Fraction]]:
        """The lowest dose to start with, then values between those at which something changes, then these."""
        program = self.line.program
        drug = program.artifact.drugs[name]
        number = self.line.chart(place).rate(name, unit.dims).value
        marks = [*known.get(("rate", name, unit.dims), ()), *self._asked(number)]
        marks = sorted({one for one in marks if one > 0}) or [unit.factor]
        start = drug.start if drug.start is not None else drug.usual
        first = [] if start is None else [program.amount(start.lo)]
        least = [one.value for one in first if one.dims == unit.dims]
        return number, plain([*least, *between(marks, unit, None, None), *marks], unit, Fraction(0), None)

    def _rate(self, place: int, name: str, known: Found) -> None:
        if self._is_rated(place, name) and self.line.dims(name):
            unit = self._unit_of_rate(place, name)
            self._choose(*self._rates(place, name, unit, known), unit, Fraction(0))

    def _unit_of_rate(self, place: int, name: str) -> Unit:
        """How the drug's rate is charted on the instant."""
        program = self.line.program
        if self._read(f"{self.line.at[place]}charted_own:{name}") is not False:
            return program.units[program.artifact.drugs[name].unit]
        return other_unit(program, name)

    def _amount(self, place: int, name: str) -> None:
        line, program = self.line, self.line.program
        symbol = f"{line.at[place]}amount:{name}"
        if symbol not in self.names or not self._holds(line.dose(place, name)):
            return
        drug = program.artifact.drugs[name]
        unit = program.units[drug.unit]
        tops = [one.maximum for one in drug.rolling] + ([drug.maximum] if drug.maximum is not None else [])
        usual = [] if drug.usual is None else [drug.usual.lo, drug.usual.hi]
        tries = [program.amount(one).value for one in (*usual, *tops)] + [unit.factor, unit.factor * 10]
        self._choose(f.variable(symbol), tries, unit, Fraction(1, 1_000_000) * unit.factor)

    def _holds(self, formula: Formula) -> bool:
        return f.holds(formula, self.at_hand)

    def _read(self, name: str) -> Value | None:
        return self.at_hand[name] if name in self.names else None

    def _choose(
        self,
        number: Linear,
        tries: Iterable[Fraction],
        unit: Unit,
        lo: Fraction | None = None,
        hi: Fraction | None = None,
    ) -> None:
        """The first of the values that is possible, or else some plain one."""
        if self._first_of(number, plain(tries, unit, lo, hi)):
            return
        ((name, _),) = number.terms
        answer = self.solver.ask(self.parts, (f.compare(number, "=", f.number(0)),))
        value = answer.values[name] if isinstance(answer, Sat) else None
        if isinstance(value, Fraction):
            self._first_of(number, plain(nearby(value, unit), unit, lo, hi))

    def _first_of(self, number: Linear, left: Sequence[Fraction]) -> bool:
        chosen: Fraction | None = None
        while left:
            now = number.at(self.at_hand)
            if now not in left:
                one_of = f.any_of(f.compare(number, "=", f.number(one)) for one in left)
                values = self.solver.glance((one_of,))
                if values is None:
                    break
                self.at_hand = values
                now = number.at(self.at_hand)
            chosen = now
            left = left[: left.index(now)]
        if chosen is None:
            return False
        self._take(f.compare(number, "=", f.number(chosen)))
        return True


def lengths(artifact: m.Artifact) -> Iterable[m.Amount]:
    """Every stretch of time that the protocol speaks of."""
    for term in artifact.terms:
        match term:
            case m.Held() | m.Recent():
                yield term.length
            case m.Readings():
                yield term.apart
            case m.Change() | m.Extreme() | m.Total() if isinstance(term.span, m.Over):
                yield term.span.over
            case m.Quantity():
                if artifact.units[term.unit].dims == {"time": 1}:
                    yield m.Number(millionths=term.millionths, unit=term.unit)
            case m.Setting():
                written = artifact.settings[term.name].lo
                if written is not None and artifact.units[written.unit].dims == {"time": 1}:
                    yield m.FromSetting(setting=term.name)
            case _:
                pass
    for rule in artifact.rules:
        yield from (order.every.lo for order in orders_of(rule) if order.every is not None)
