"""The past of an instant of a `Timeline`, exactly. Mirrors `rung_engine.reference.evaluate`, in its order.

Where an exact answer would not be linear (a mean of readings taken again and again, a total at a changing
rate) only some histories are told of: those for which it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.lower.terms import canonical
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear, earlier, iff
from rung_lang.verify.formulas.symbols import (
    FALSE,
    DrugSymbols,
    Number,
    Symbols,
    Tri,
    exact,
    relation,
    two_valued,
)
from rung_lang.verify.histories import told_windows as windows

if TYPE_CHECKING:
    from rung_lang.verify.histories.timeline import Timeline


UNKNOWN = exact(f.number(0), f.FALSE)


@frozen
class Piece:
    """A stretch in which a term has one truth, up to `last`. `length` None: since ever."""

    last: Linear
    length: Linear | None
    truth: Tri


@dataclass(slots=True)
class Told:
    """The past of the instant `place`, seen at `time`: on it, or, late, later in its stretch.

    `entered`: when the present stage was entered, unknown before there is one.
    """

    line: Timeline
    place: int
    phase: str
    time: Linear
    entered: Number

    @property
    def late(self) -> bool:
        """After the instant itself."""
        return self.phase.startswith("late")

    # -- truths

    def truth(self, symbols: Symbols, index: int, term: m.Truth) -> Tri:
        match term:
            case m.Held():
                return self._held(symbols, term)
            case m.Recent():
                return self._recent(symbols, term)
            case m.Ever():
                return self._ever(symbols, term)
            case m.Occurs():
                happened = self.place_of(symbols, term.ref)[-1]
                now = f.compare(self.line.time(self.place), "=", self.time) if self.late else f.TRUE
                return two_valued(f.all_of((happened, now)))
            case m.After():
                return two_valued(self.moment(symbols, term.ref)[0])
            case m.Readings():
                return self._readings(symbols, term)
            case _:
                raise AssertionError(f"term {index} follows from the instant")

    def _pieces(self, symbols: Symbols, term: int) -> list[Piece]:
        """What the term was worth, from the first to now."""
        line = self.line
        flashes, moves = line.natures[term]
        found = [Piece(f.number(0).minus(f.number(1)), None, blank(symbols).truth(term))]
        rows = range(self.place + 1 if self.late else self.place)
        for j in rows:
            row = line.symbols(j, "rest").truth(term)
            own = j == self.place
            start, end = line.time(j), self.time if own else line.end(j)
            length = end.minus(start).plus(f.number(1))
            if flashes:
                found.append(Piece(start, f.number(1), row))
                row = symbols.truth(term) if own else line.symbols(j, "late").truth(term)
            elif moves:
                end_truth = symbols.truth(term) if own else line.symbols(j, "late").truth(term)
                line.laws.append(f.all_of((iff(row.yes, end_truth.yes), iff(row.no, end_truth.no))))
            found.append(Piece(end, length, row))
        if not self.late:
            found.append(Piece(self.time, f.number(1), symbols.truth(term)))
        return found

    def _held(self, symbols: Symbols, term: m.Held) -> Tri:
        start = self.time.minus(symbols.amount(term.length)[0])
        pieces = self._pieces(symbols, term.of)
        no: list[Formula] = []
        yes: list[Formula] = []
        gaps = None if term.gaps is None else symbols.amount(term.gaps)[0]
        for place, piece in enumerate(pieces):
            inside = f.compare(start, "<=", piece.last)
            no.append(f.all_of((inside, piece.truth.no)))
            holds = piece.truth.yes
            if gaps is not None and piece.length is not None and 0 < place < len(pieces) - 1:
                short = f.compare(piece.length, "<=", gaps)
                around = (pieces[place - 1].truth.yes, pieces[place + 1].truth.yes)
                holds = f.any_of((holds, f.all_of((piece.truth.unknown, short, *around))))
            yes.append(f.implies(inside, holds))
        return Tri(f.all_of(yes), f.any_of(no))

    def _recent(self, symbols: Symbols, term: m.Recent) -> Tri:
        start = self.time.minus(symbols.amount(term.length)[0])
        yes: list[Formula] = []
        no: list[Formula] = []
        for piece in self._pieces(symbols, term.of):
            inside = f.compare(start, "<=", piece.last)
            yes.append(f.all_of((inside, piece.truth.yes)))
            no.append(f.implies(inside, piece.truth.no))
        return Tri(f.any_of(yes), f.all_of(no))

    def _ever(self, symbols: Symbols, term: m.Ever) -> Tri:
        _, moves = self.line.natures[term.of]
        now = symbols.truth(term.of)
        closed: list[Formula] = []
        for j in range(self.line.begins, self.place + 1 if self.late else self.place):
            closed.append(self.line.symbols(j, "rest").truth(term.of).yes)
            if moves and j < self.place:
                closed.append(self.line.symbols(j, "late").truth(term.of).yes)
        latched = f.any_of(closed)
        return Tri(f.any_of((latched, now.yes)), f.all_of((f.negation(latched), now.no)))

    def _readings(self, symbols: Symbols, term: m.Readings) -> Tri:
        line = self.line
        right = symbols.number(term.right)
        apart = symbols.amount(term.apart)[0]
        known = f.all_of((symbols.input_known(term.input), f.any_of((right.low, right.high))))
        taken = [line.charted(j, term.input) for j in range(self.place + 1)]
        good = [
            relation(exact(line.chart(j).input_value(term.input)), term.rel, right).yes
            for j in range(self.place + 1)
        ]
        decl = symbols.program.artifact.inputs[term.input]
        drawn = self._drawn(symbols, term.drawn)
        sure: list[Formula] = []
        possible: list[Formula] = []
        for first in range(self.place + 1):
            span = range(first, self.place + 1)
            alike = [taken[first], *(f.implies(taken[j], good[j]) for j in span)]
            if not decl.fixed:
                alike += [f.negation(line.bit(j, "clash", term.input)) for j in span if j > 0]
            latest = [
                f.all_of(
                    (taken[j], *(f.negation(one) for one in taken[j + 1 :]), self._apart(first, j, apart))
                )
                for j in span
            ]
            run = f.all_of((*alike, f.at_least(term.n, tuple(taken[first:])), f.any_of(latest)))
            sure.append(f.all_of((run, *(f.implies(taken[j], drawn[j].yes) for j in span))))
            possible.append(f.all_of((run, *(f.implies(taken[j], f.negation(drawn[j].no)) for j in span))))
            if decl.valid_for is not None:
                # Readings that say the same again would make a run longer: it does not hang on them.
                long = f.compare(self.time.minus(line.time(first)), ">=", apart)
                counted = run
                if term.drawn is not None:
                    always = self._always_drawn(symbols, term.drawn, first, drawn)
                    rare = self._none_again(first, term.input, taken, decl.valid_for)
                    counted = f.any_of((rare, f.all_of((always, f.any_of((drawn[first].no, run))))))
                line.laws.append(f.implies(f.all_of((known, *alike, long)), counted))
        return Tri(f.all_of((known, f.any_of(sure))), f.all_of((known, f.negation(f.any_of(possible)))))

    def _drawn(self, symbols: Symbols, term: int | None) -> list[Tri]:
        """For each instant up to now: what was so of a reading taken on it."""
        if term is None:
            return [two_valued(f.TRUE)] * (self.place + 1)
        return [
            symbols.truth(term)
            if j == self.place and not self.late
            else self.line.symbols(j, "rest").truth(term)
            for j in range(self.place + 1)
        ]

    def _always_drawn(self, symbols: Symbols, term: int, first: int, drawn: Sequence[Tri]) -> Formula:
        """From that instant on the condition has one truth, between instants too."""
        line = self.line
        seen = list(drawn[first + 1 :])
        seen += [line.symbols(j, "late").truth(term) for j in range(first, self.place)]
        if self.late:
            seen.append(symbols.truth(term))
        one = drawn[first]
        return f.all_of(f.all_of((iff(one.yes, other.yes), iff(one.no, other.no))) for other in seen)

    def _none_again(self, first: int, name: str, taken: Sequence[Formula], valid: int) -> Formula:
        """From that instant on no reading is so old that it was taken again in between."""
        line = self.line
        found: list[Formula] = []
        for j in range(first, self.place + 1):
            fresh = [earlier(self.time, line.time(j).plus(f.number(valid)))]
            for k in range(j + 1, self.place + 1):
                ends = f.any_of((taken[k], f.negation(line.chart(k).input_known(name))))
                soon = f.compare(line.time(k), "<=", line.time(j).plus(f.number(valid + 1)))
                fresh.append(f.all_of((ends, soon)))
            found.append(f.implies(taken[j], f.any_of(fresh)))
        return f.all_of(found)

    def _apart(self, first: int, last: int, length: Linear) -> Formula:
        return f.compare(self.line.time(last).minus(self.line.time(first)), ">=", length)

    # -- moments

    def happenings(self, symbols: Symbols, ref: m.Moment) -> list[Formula]:
        """For each instant up to now: it happens there."""
        line = self.line
        places = range(self.place + 1)
        match ref:
            case m.TaskRef():
                return [line.bit(j, "done", ref.name) for j in places]
            case m.DrugRef():
                what = line.starts if ref.kind == "started" else line.stops
                return [f.any_of(what(j, drug) for drug in ref.drugs) for j in places]
            case m.EventRef():
                condition = symbols.program.artifact.events[ref.name].condition
                reported = [line.bit(j, "event", ref.name) for j in places]
                if condition is None:
                    return reported
                return [f.any_of((reported[j], self._becomes(symbols, condition, j))) for j in places]

    def _becomes(self, symbols: Symbols, condition: int, place: int) -> Formula:
        """The condition is true on the instant and was not before."""
        line = self.line
        own = place == self.place and not self.late
        now = symbols.truth(condition) if own else line.symbols(place, "rest").truth(condition)
        if place == 0:
            return f.all_of((now.yes, f.negation(blank(symbols).truth(condition).yes)))
        row = line.symbols(place - 1, "rest").truth(condition)
        _, moves = line.natures[condition]
        if moves:
            late = line.symbols(place - 1, "late").truth(condition)
            line.laws.append(iff(row.yes, late.yes))
        return f.all_of((now.yes, f.negation(row.yes)))

    def moment(self, symbols: Symbols, ref: m.Ref) -> tuple[Formula, Linear]:
        """It has happened; how long ago."""
        if isinstance(ref, m.PairRef):
            (one, a), (two, b) = (self.moment(symbols, part) for part in ref.of)
            since = self.own(symbols, f"since:{canonical(ref)}")
            both = f.all_of((one, two))
            short, long = ("<=", ">=") if ref.kind == "later" else (">=", "<=")
            self.means(symbols, since, [
                (f.all_of((both, f.compare(a, short, b))), a),  # type: ignore[arg-type]
                (f.all_of((both, f.compare(a, long, b))), b),  # type: ignore[arg-type]
                *([] if ref.kind == "later" else [
                    (f.all_of((one, f.negation(two))), a), (f.all_of((two, f.negation(one))), b)
                ]),
            ])  # fmt: skip
            return (both if ref.kind == "later" else f.any_of((one, two))), since
        happened = self.happenings(symbols, ref)
        since = self.own(symbols, f"since:{canonical(ref)}")
        ways: list[tuple[Formula, Linear]] = []
        for j, one in enumerate(happened):
            others = happened[:j] if ref.first else happened[j + 1 :]
            only = f.all_of((one, *(f.negation(other) for other in others)))
            ways.append((only, self.time.minus(self.line.time(j))))
        self.means(symbols, since, ways)
        return f.any_of(happened), since

    def place_of(self, symbols: Symbols, ref: m.Ref) -> list[Formula]:
        """For each instant up to now: it is the one meant."""
        if isinstance(ref, m.PairRef):
            _, since = self.moment(symbols, ref)
            known = self.moment(symbols, ref)[0]
            return [
                f.all_of((known, f.compare(since, "=", self.time.minus(self.line.time(j)))))
                for j in range(self.place + 1)
            ]
        happened = self.happenings(symbols, ref)
        return [
            f.all_of(
                (one, *(f.negation(other) for other in (happened[:j] if ref.first else happened[j + 1 :])))
            )
            for j, one in enumerate(happened)
        ]

    # -- numbers

    def number(self, symbols: Symbols, index: int, term: m.Numeric) -> Number:
        match term:
            case m.Elapsed():
                happened, since = self.moment(symbols, term.ref)
                return exact(since, happened)
            case m.TimeInStage():
                return exact(self.time.minus(self.entered.value), self.entered.known)
            case m.TimeInCourse():
                return self._in_course(symbols, term.course)
            case m.TimeOn():
                return self.time_on(symbols, term.drug)
            case m.Change():
                return windows.change(self, symbols, term)
            case m.Extreme():
                return windows.extreme(self, symbols, term)
            case m.Total():
                return windows.total(self, symbols, term)
            case m.ValueAt():
                places = self.place_of(symbols, term.ref)
                return windows.value_at(self, symbols, term.input, canonical(term.ref), places)
            case m.ValueAtStart():
                places = self._begins(symbols, term.course)
                return windows.value_at(self, symbols, term.input, term.course, places)
            case _:
                raise AssertionError(f"term {index} follows from the instant")

    def own(self, symbols: Symbols, about: str) -> Linear:
        """A number of this instant, by itself without meaning."""
        name = f"told:{self.line.tag}:{symbols.at}{self.phase}:{about}"
        return symbols.space.real(name, ("told", about), symbols.at)

    def means(self, symbols: Symbols, number: Linear, ways: Sequence[tuple[Formula, Linear]]) -> None:
        """Under each condition it is that."""
        ((name, _),) = number.terms
        for condition, value in ways:
            symbols.space.always(name, f.implies(condition, f.compare(number, "=", value)))

    def time_on(self, symbols: Symbols, name: str) -> Number:
        drug = symbols.drug(name)
        started, since = self.moment(symbols, m.DrugRef(kind="started", drugs=(name,)))
        value = self.own(symbols, f"on_for:{name}")
        self.means(symbols, value, [(drug.off, f.number(0)), (f.all_of((drug.on, started)), since)])
        return exact(value, f.any_of((drug.on, drug.off)))

    # -- courses

    def _openings(self, symbols: Symbols, name: str) -> list[Formula]:
        """For each instant up to now: a course begins there, none being on to be joined."""
        line = self.line
        course = symbols.program.artifact.courses[name]
        joins = f.number(max(course.ends_after, 1))
        found: list[Formula] = []
        for j in range(self.place + 1):
            starts = f.any_of(line.starts(j, drug) for drug in course.drugs)
            live = [line.ran(j - 1, drug) for drug in course.drugs]
            for k in range(j + 1):
                recent = earlier(line.time(j), line.time(k).plus(joins))
                live.extend(
                    f.all_of((self._ends(k, drug), recent))
                    for drug in course.drugs
                    if k < j or _lasts(symbols, drug)
                )
            found.append(f.all_of((starts, f.negation(f.any_of(live)))))
        return found

    def _ends(self, place: int, drug: str) -> Formula:
        """A stretch with the drug ends on the instant; that of a dose without duration ends as it begins."""
        decl = self.line.program.artifact.drugs[drug]
        if decl.form == "bolus" and decl.lasts is None:
            return self.line.dose(place, drug)
        return self.line.stops(place, drug)

    def _begins(self, symbols: Symbols, name: str) -> list[Formula]:
        """For each instant up to now: the present course, or else the latest, began there."""
        openings = self._openings(symbols, name)
        return [
            f.all_of((one, *(f.negation(other) for other in openings[j + 1 :])))
            for j, one in enumerate(openings)
        ]

    def course(self, symbols: Symbols, name: str) -> tuple[Formula, Linear]:
        """It is on; for how long (0 where it is not)."""
        line = self.line
        course = symbols.program.artifact.courses[name]
        ends_after = f.number(course.ends_after)
        on = [line.ran(self.place, drug) for drug in course.drugs]
        for k in range(self.place + 1):
            recent = earlier(self.time, line.time(k).plus(ends_after))
            on.extend(f.all_of((self._ends(k, drug), recent)) for drug in course.drugs)
        running = f.any_of(on)
        value = self.own(symbols, f"in_course:{name}")
        began = self._begins(symbols, name)
        ways = [(f.all_of((running, one)), self.time.minus(line.time(j))) for j, one in enumerate(began)]
        self.means(symbols, value, [*ways, (f.negation(running), f.number(0))])
        return running, value

    def _in_course(self, symbols: Symbols, name: str) -> Number:
        running, value = self.course(symbols, name)
        drugs = [symbols.drug(drug) for drug in symbols.program.artifact.courses[name].drugs]
        known = f.all_of(f.any_of((drug.on, drug.off)) for drug in drugs)
        return exact(value, f.any_of((running, known)))


def _lasts(symbols: Symbols, drug: str) -> bool:
    decl = symbols.program.artifact.drugs[drug]
    return decl.form == "infusion" or decl.lasts is not None


# ---------------------------------------------------------------- before everything


class Blank(Symbols):
    """All time before the first fact: nothing is known, nothing happened."""

    def input_known(self, name: str) -> Formula:
        return f.FALSE

    def drug(self, name: str) -> DrugSymbols:
        return DrugSymbols(f.FALSE, f.FALSE, f.FALSE)


@frozen
class NoPast:
    """There is none: a condition that reaches back is worth what it is worth now."""

    def truth(self, symbols: Symbols, index: int, term: m.Truth) -> Tri:
        match term:
            case m.Held() | m.Recent() | m.Ever():
                return symbols.truth(term.of)
            case m.Readings():
                return Tri(f.FALSE, f.FALSE)
            case _:
                return FALSE

    def number(self, symbols: Symbols, index: int, term: m.Numeric) -> Number:
        return UNKNOWN


def blank(symbols: Symbols) -> Symbols:
    """The terms before the first fact."""
    return Blank(symbols.program, symbols.space, NoPast(), "never/")
