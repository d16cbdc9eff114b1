"""A bounded history as formulas: a few instants, what is charted on each, and how one follows from the other.

Between two instants everything stays as charted on the earlier one; readings are taken again often enough.
What the chart says at an instant are variables of `Symbols` with that instant's prefix. What is added here:

    charted:X  a reading of X is taken          clash:X   two readings of X contradict each other
    row:D      a rate of D (or its stop) is charted       dose:D  amount:D  a dose of D is given
    silent     from here on, what has no row is off       event:E  done:T  reported
    time       milliseconds after the first instant       entered  when the present stage was entered
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cached_property

from rung_engine.artifact import model as m
from rung_engine.artifact.references import operands_of
from rung_engine.program import BODY_WEIGHT, Dims, Program
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear, earlier, iff
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.formulas.symbols import Symbols, exact
from rung_lang.verify.histories.told import UNKNOWN, Told

Subject = tuple[str, str]
"""(`input`, name) or (`drug`, name)."""

MOST_REPEATED = 200
"""How often a reading is taken again in one stretch of a history."""

START, MOVED, REST, LATE = "start", "moved", "rest", "late"
"""Where on an instant terms are judged: in the stage the session stood in, in one entered just now, once it
rests, and on the last millisecond before the next instant. `late:N` is N milliseconds after the instant."""


class Timeline:
    """`at`: the prefix of each instant, the first to last. The session begins on instant `begins`."""

    def __init__(self, program: Program, space: Space, at: Sequence[str], begins: int = 0) -> None:
        self.program = program
        self.space = space
        self.at = tuple(at)
        self.begins = begins
        self.laws: list[Formula] = []
        """What must hold for the formulas to mean what they say; told by whoever makes them."""
        self._symbols: dict[tuple[int, str], Symbols] = {}

    @property
    def last(self) -> int:
        """The place of the final instant."""
        return len(self.at) - 1

    @cached_property
    def tag(self) -> str:
        """Tells the final instant of this history from that of others."""
        return f"{len(self.at)}.{self.begins}"

    # -- the instants

    def time(self, place: int) -> Linear:
        """When the instant is; the first is at zero."""
        if place == 0:
            return f.number(0)
        at = self.at[place]
        return self.space.real(f"{at}time", ("time",), at, Fraction(0))

    def end(self, place: int) -> Linear:
        """The last millisecond before the next instant."""
        return self.time(place + 1).minus(f.number(1))

    def entered(self, place: int) -> Linear:
        """When the stage in which the session rests after the instant was entered."""
        at = self.at[place]
        return self.space.real(f"{at}entered", ("entered",), at, Fraction(0))

    def has_stage(self, place: int) -> Formula:
        """It rests in one."""
        at = self.at[place]
        return self.space.bool(f"{at}has_stage", ("has_stage",), at)

    @cached_property
    def natures(self) -> tuple[tuple[bool, bool], ...]:
        """By term: it is true for single instants only; it may change with nothing charted."""
        found: list[tuple[bool, bool]] = []
        for term in self.program.artifact.terms:
            parts = [found[part] for part in operands_of(term)]
            flashes, moves = any(part[0] for part in parts), any(part[1] for part in parts)
            match term:
                case m.Occurs():
                    found.append((True, False))
                case m.Held() | m.Recent():
                    found.append((False, True))
                case m.Ever():
                    found.append((False, moves))
                case (
                    m.Elapsed() | m.TimeInStage() | m.TimeInCourse() | m.TimeOn() | m.Change() | m.Extreme()
                    | m.Total() | m.Readings()
                ):  # fmt: skip
                    found.append((flashes, True))
                case _:
                    found.append((flashes, moves))
        return tuple(found)

    @cached_property
    def staged(self) -> bool:
        """Some term asks for the time in the stage."""
        return any(isinstance(term, m.TimeInStage) for term in self.program.artifact.terms)

    def phase(self, name: str) -> str:
        """Those that differ only in when the stage was entered are one where no term asks for that."""
        return name if self.staged or name.startswith(LATE) else REST

    def symbols(self, place: int, phase: str) -> Symbols:
        """The terms on an instant."""
        phase = self.phase(phase)
        key = (place, phase)
        if key not in self._symbols:
            time = self.time(place)
            entered = exact(time)
            rested = place - 1 if phase == START else place
            if phase != MOVED:
                entered = UNKNOWN
                if rested >= self.begins:
                    entered = exact(self.entered(rested), self.has_stage(rested))
            if phase == LATE:
                time = self.end(place)
            elif phase.startswith(LATE):
                time = time.plus(f.number(int(phase.partition(":")[2])))
            past = Told(self, place, phase, time, entered)
            self._symbols[key] = Symbols(self.program, self.space, past, self.at[place])
        return self._symbols[key]

    def chart(self, place: int) -> Symbols:
        """For what the chart says of readings and drugs."""
        return self.symbols(place, REST)

    # -- what is charted on an instant

    def bit(self, place: int, what: str, name: str) -> Formula:
        """A yes-or-no fact of the instant."""
        at = self.at[place]
        return self.space.bool(f"{at}{what}:{name}", (what, name), at)

    def silent(self, place: int) -> Formula:
        """What has no row is off."""
        at = self.at[place]
        return self.space.bool(f"{at}silent", ("silent",), at)

    def charted(self, place: int, name: str) -> Formula:
        """A reading of the input is taken."""
        return self.bit(place, "charted", name)

    def dose(self, place: int, drug: str) -> Formula:
        """A dose of the drug is given."""
        return self.bit(place, "dose", drug)

    def amount(self, place: int, drug: str) -> Linear:
        """How much of it, in the drug's own dimensions."""
        at = self.at[place]
        return self.space.real(f"{at}amount:{drug}", ("amount", drug), at, Fraction(0))

    def changed(self, place: int, drug: str) -> Formula:
        """The drug's charted rate changes; a first row that says off changes nothing."""
        off = self.chart(place).drug(drug).off
        return f.all_of(
            (self.bit(place, "row", drug), f.any_of((f.negation(off), self.has_rows(place, drug))))
        )

    def has_rows(self, place: int, drug: str) -> Formula:
        """The drug was charted before the instant."""
        return f.any_of(self.bit(j, "row", drug) for j in range(place))

    def ran(self, place: int, drug: str) -> Formula:
        """It ran when it was last known to run or not, the instant included."""
        if place < 0:
            return f.FALSE
        now = self.chart(place).drug(drug)
        return f.any_of((now.on, f.all_of((f.negation(now.off), self.ran(place - 1, drug)))))

    def starts(self, place: int, drug: str) -> Formula:
        """It starts, as charted."""
        decl = self.program.artifact.drugs[drug]
        if decl.form == "bolus" and decl.lasts is None:
            return self.dose(place, drug)
        return f.all_of((self.chart(place).drug(drug).on, f.negation(self.ran(place - 1, drug))))

    def stops(self, place: int, drug: str) -> Formula:
        """It stops, as charted."""
        return f.all_of((self.chart(place).drug(drug).off, self.ran(place - 1, drug)))

    # -- how instants follow each other

    def order(self) -> list[Formula]:
        """Time rises."""
        found = [earlier(self.time(place), self.time(place + 1)) for place in range(self.last)]
        found.extend(f.implies(self.silent(place), self.silent(place + 1)) for place in range(self.last))
        return found

    def frame(self, subjects: Iterable[Subject]) -> list[Formula]:
        """What is charted of these, on every instant."""
        framed = sorted(set(subjects))
        found = [f.any_of((self.silent(0), *(self._is_charted(0, subject) for subject in framed)))]
        for kind, name in framed:
            counts = self.program.artifact.inputs[name].counts if kind == "input" else None
            for place in range(len(self.at)):
                if kind == "input":
                    found.extend(self._input(place, name))
                    if counts is not None and ("drug", counts) in framed:
                        # A reading of the count stands beside each dose, and says what it comes to.
                        found.append(f.implies(self.dose(place, counts), self.charted(place, name)))
                elif self.program.artifact.drugs[name].form == "bolus":
                    found.extend(self._bolus(place, name))
                else:
                    found.extend(self._infusion(place, name))
        return found

    def _is_charted(self, place: int, subject: Subject) -> Formula:
        """Something is charted of it on the instant: a session begins with the first fact."""
        kind, name = subject
        if kind == "input":
            return self.charted(place, name)
        bolus = self.program.artifact.drugs[name].form == "bolus"
        return self.bit(place, "dose" if bolus else "row", name)

    # -- inputs

    def _input(self, place: int, name: str) -> list[Formula]:
        decl = self.program.artifact.inputs[name]
        now = self.chart(place)
        known, charted = now.input_known(name), self.charted(place, name)
        found = [f.implies(charted, known), *self._repeated(place, known, decl.valid_for)]
        if decl.dosing:
            found.append(f.implies(known, f.compare(now.input_value(name), ">", f.number(0))))
        if place == 0:
            if decl.counts is None:
                return [*found, iff(charted, known)]
            found.append(f.implies(known, f.any_of((charted, self._none_given(place, name)))))
            found.append(f.implies(self.silent(place), known))
            return found
        before = self.chart(place - 1)
        kept = [f.all_of((before.input_known(name), *self._same_value(place, name)))]
        if decl.counts is not None:
            found.append(f.implies(self.silent(place), known))
            fresh = f.negation(before.input_known(name))
            kept.append(f.all_of((fresh, self._none_given(place, name))))
        found.append(f.implies(known, f.any_of((charted, *kept))))
        ends: list[Formula] = []
        if not decl.fixed and not decl.cumulative:
            ends.append(self.bit(place, "clash", name))
        if decl.valid_for is not None and not decl.fixed:
            ends.append(self._outlived(place, decl.valid_for, [self.charted(j, name) for j in range(place)]))
        found.append(f.implies(f.all_of((before.input_known(name), f.negation(known))), f.any_of(ends)))
        if decl.cumulative:
            rises = f.compare(before.input_value(name), "<=", now.input_value(name))
            found.append(f.implies(before.input_known(name), rises))
        found.append(f.implies(self.bit(place, "clash", name), f.negation(known)))
        return found

    def _repeated(self, place: int, known: Formula, valid: int | None) -> list[Formula]:
        """What is known until the next instant is not charted again more often than anybody would read."""
        if valid is None or place == self.last:
            return []
        until = self.time(place).plus(f.number(valid * MOST_REPEATED))
        return [f.implies(known, f.compare(self.time(place + 1), "<=", until))]

    def _none_given(self, place: int, name: str) -> Formula:
        """Nothing was read, and silence means that nothing was given."""
        zero = f.compare(self.chart(place).input_value(name), "=", f.number(0))
        return f.all_of((self.silent(place), zero))

    def _outlived(self, place: int, valid: int, stamped: Sequence[Formula]) -> Formula:
        """What was charted last is older than it may be."""
        found: list[Formula] = []
        later: list[Formula] = []
        for j in range(place - 1, -1, -1):
            end = self.time(j).plus(f.number(valid + 1))
            found.append(f.all_of((stamped[j], *later, f.compare(end, "<=", self.time(place)))))
            later.append(f.negation(stamped[j]))
        return f.any_of(found)

    def values(self, name: str) -> tuple[str, ...]:
        """The values of an input of names, or `yes`, that some formula speaks of."""
        decl = self.program.artifact.inputs[name]
        written = ("yes",) if decl.kind == "flag" else decl.values
        known = self.space.variables
        at = ("",) if decl.fixed else self.at
        return tuple(one for one in written if any(f"{each}in:{name}={one}" in known for each in at))

    def _same_value(self, place: int, name: str) -> list[Formula]:
        decl = self.program.artifact.inputs[name]
        now, before = self.chart(place), self.chart(place - 1)
        if decl.fixed:
            return []
        if decl.kind in ("quantity", "graded"):
            return [f.compare(now.input_value(name), "=", before.input_value(name))]
        return [iff(now.input_has(name, one), before.input_has(name, one)) for one in self.values(name)]

    # -- drugs

    def dims(self, drug: str) -> tuple[Dims, ...]:
        """The drug's own dimensions, and those apart by weight where some formula speaks of them."""
        own = self.program.units[self.program.artifact.drugs[drug].unit].dims
        plain = tuple(item for item in own if item[0] != BODY_WEIGHT)
        other = plain if plain != own else tuple(sorted((*own, (BODY_WEIGHT, -1))))
        known = self.space.variables
        names = [
            {dims: f"{at}rate:{drug}" + ("/kg" if dims != plain else "") for dims in (own, other)}
            for at in self.at
        ]
        if any(each[other] in known for each in names):
            return own, other
        return (own,) if any(each[own] in known for each in names) else ()

    def _infusion(self, place: int, name: str) -> list[Formula]:
        decl = self.program.artifact.drugs[name]
        now, row = self.chart(place).drug(name), self.bit(place, "row", name)
        # The rate as charted is spoken of wherever it is seen.
        found = [
            f.implies(now.rated, f.compare(self.chart(place).rate(name, dims).value, ">", f.number(0)))
            for dims in self.dims(name)
        ]
        still = f.negation(row)
        unknown = f.negation(f.any_of((now.on, now.off)))
        if place == 0:
            found += [
                f.implies(still, f.negation(now.on)),
                f.implies(still, iff(now.off, self.silent(place))),
            ]
            return found
        before = self.chart(place - 1).drug(name)
        same = f.all_of((iff(now.on, before.on), iff(now.off, before.off), *self._same_rate(place, name)))
        never = f.negation(self.has_rows(place, name))
        hushed = f.all_of((never, self.silent(place)))
        ways = [f.all_of((same, f.negation(f.all_of((hushed, unknown))))), f.all_of((hushed, now.off))]
        if decl.valid_for is not None:
            rows = [self.bit(j, "row", name) for j in range(place)]
            ways.append(f.all_of((before.on, unknown, self._outlived(place, decl.valid_for, rows))))
        found.append(f.implies(still, f.any_of(ways)))
        found.append(f.implies(f.all_of((row, f.negation(never))), f.negation(same)))
        return found

    def _same_rate(self, place: int, name: str) -> list[Formula]:
        now, before = self.chart(place), self.chart(place - 1)
        found = [iff(now.drug(name).rated, before.drug(name).rated)]
        found += [
            f.compare(now.rate(name, dims).value, "=", before.rate(name, dims).value)
            for dims in self.dims(name)
        ]
        own = [self.space.variables.get(f"{self.at[j]}charted_own:{name}") for j in (place - 1, place)]
        if any(own):
            found.append(iff(self.bit(place, "charted_own", name), self.bit(place - 1, "charted_own", name)))
        return found

    def _bolus(self, place: int, name: str) -> list[Formula]:
        decl = self.program.artifact.drugs[name]
        now = self.chart(place).drug(name)
        given = [self.dose(j, name) for j in range(place + 1)]
        found = [iff(now.off, f.all_of((f.negation(now.on), f.any_of((self.silent(place), *given)))))]
        if decl.lasts is None:
            return [*found, f.negation(now.on)]
        length = f.number(decl.lasts)
        lasting = [
            f.all_of((one, earlier(self.time(place), self.time(j).plus(length))))
            for j, one in enumerate(given)
        ]
        found.append(iff(now.on, f.any_of(lasting)))
        if place < self.last:
            # Its effect ends on an instant, if not later.
            for j, one in enumerate(given):
                end = self.time(j).plus(length)
                passes = f.compare(self.time(place + 1), "<=", end)
                over = f.compare(end, "<=", self.time(place))
                found.append(f.implies(one, f.any_of((passes, over, *given[j + 1 :]))))
        return found
