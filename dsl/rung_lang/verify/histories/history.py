"""From an answer of the solver to a history that the reference engine plays.

Histories are unrolled to a few instants, the fewest first. What the solver finds is made concrete, charted
and played; only what the engine shows is handed on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.event import Event
from rung_engine.program import Program, SettingProblem
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.factors import products
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.subjects import of_term, of_variables
from rung_lang.verify.histories.chart_from_model import Chart, TooLong, Unchartable
from rung_lang.verify.histories.concrete import Concrete
from rung_lang.verify.histories.moves import Moves, leading, relevant
from rung_lang.verify.histories.replay import replayed, stage_at, way
from rung_lang.verify.histories.tie import Tie
from rung_lang.verify.histories.timeline import LATE, START, Subject, Timeline
from rung_lang.verify.verdict import Confirm, Witness

MOST_INSTANTS = 6
MOST_TRIES = 12
"""Histories played for one question."""
LIMIT = 4_000_000
"""The solver's steps for one question about one number of instants."""


def realise(
    context: Context,
    situation: Situation,
    parts: Sequence[Part],
    confirm: Confirm,
    wishes: Sequence[Formula] = (),
) -> Witness | None:
    """The shortest history found whose last instant makes every part true and which `confirm` accepts."""
    return _Search(context, situation, tuple(part for _, part in parts), confirm, tuple(wishes)).found()


@dataclass(slots=True)
class _Search:
    context: Context
    situation: Situation
    parts: tuple[Formula, ...]
    confirm: Confirm
    wishes: tuple[Formula, ...]
    tries: int = 0
    _programs: dict[tuple[tuple[str, m.Number | str], ...], Program] = field(default_factory=dict)

    def found(self) -> Witness | None:
        for begins, size in self._sizes():
            witness = self._of_size(begins, size)
            if witness is not None or self.tries >= MOST_TRIES:
                return witness
        return None

    def _sizes(self) -> Iterator[tuple[int, int]]:
        """The instant on which the session begins, and how many there are."""
        yield from ((0, size) for size in range(1, MOST_INSTANTS + 1))
        if self.context.artifact.applies is not None:
            yield from ((begins, begins + size) for begins in (1, 2) for size in (1, 2, 3))

    def _of_size(self, begins: int, size: int) -> Witness | None:
        line, moves, subjects, base = self._unrolled(begins, size)
        while self.tries < MOST_TRIES:
            solver = self.context.solver.fresh(LIMIT)
            for part in base:
                solver.keep(part)
            concrete = Concrete(line, solver, list(base), subjects, (*self.parts, *self.wishes))
            if not concrete.settle(self.wishes):
                return None
            self.tries += 1
            chart = Chart(line, concrete.values, subjects)
            try:
                settings, events, times = chart.settings(), chart.events(), chart.times
                program = self._program(settings)
            except (Unchartable, SettingProblem):
                base.append(self._otherwise(moves, concrete.values))
                continue
            except TooLong:
                last = line.time(line.last)
                base.append(f.compare(last.times(Fraction(2)), "<=", f.number(chart.times[-1])))
                continue
            seen = replayed(program, events, times[-1])
            if seen is not None and self.confirm(seen):
                return Witness(settings, events, times[-1])
            base.append(self._lesson(moves, concrete.values, program, events, times))
        return None

    def _unrolled(self, begins: int, size: int) -> tuple[Timeline, Moves, list[Subject], list[Formula]]:
        """The instants, the moves over them, what is charted, and all that must hold."""
        at = [*(f"{begins}.{place}/" for place in range(size - 1)), self.situation.symbols.at]
        line = Timeline(self.context.program, self.context.space, at, begins)
        moves = Moves(line, self.situation.stage)
        names = sorted({name for part in (*self.parts, *self.wishes) for name in f.names(part)})
        subjects = self._subjects(line, names)
        laws = [*Tie(line, moves, self.situation).laws(names), *moves.laws, *self._lives(line)]
        laws += [*line.order(), *line.frame(subjects)]
        spoken = {name for part in (*self.parts, *laws, *line.laws) for name in f.names(part)}
        laws += products(line, spoken)
        return line, moves, subjects, [*self.parts, f.all_of((*laws, *line.laws))]

    def _lives(self, line: Timeline) -> list[Formula]:
        """The protocol applies from where the session begins, and no assumption is false."""
        artifact = self.context.artifact
        found: list[Formula] = []
        for place in range(len(line.at)):
            for phase in (START, LATE) if place < line.last else (START,):
                symbols = line.symbols(place, phase)
                if artifact.applies is not None:
                    applies = symbols.truth(artifact.applies).yes
                    found.append(applies if place >= line.begins else f.negation(applies))
                if place >= line.begins:
                    found += [f.negation(symbols.truth(term).no) for term in artifact.assumptions]
        return found

    def _subjects(self, line: Timeline, names: Sequence[str]) -> list[Subject]:
        """Whatever a move on the way, or the question, may read."""
        program, artifact = line.program, self.context.artifact
        terms = [term for term in (artifact.applies, *artifact.assumptions) if term is not None]
        terms += [stage.initial_if for stage in artifact.stages if stage.initial_if is not None]
        for stage in sorted(leading(artifact, self.situation.stage)):
            for rule in relevant(program, stage):
                terms += [term for term in (rule.condition, rule.unless) if term is not None]
        found = {one for term in sorted(set(terms)) for one in of_term(program, term)}
        found |= set(of_variables(program, line.space, names))
        if program.weight_input is not None and any(kind == "drug" for kind, _ in found):
            found.add(("input", program.weight_input))
        return sorted(found)

    # -- playing

    def _program(self, settings: tuple[tuple[str, m.Number | str], ...]) -> Program:
        if settings not in self._programs:
            self._programs[settings] = Program(self.context.artifact, dict(settings), unverified=True)
        return self._programs[settings]

    # -- learning from a history that the engine played otherwise

    def _lesson(
        self,
        moves: Moves,
        values: dict[str, Value],
        program: Program,
        events: tuple[Event, ...],
        times: tuple[int, ...],
    ) -> Formula:
        line = moves.line
        came = way(program, events, times)
        for place in range(line.begins, line.last):
            wanted = next(
                (stage for stage, here in moves.rests[place - line.begins].items() if f.holds(here, values)),
                None,
            )
            if stage_at(came, times[place]) != wanted:
                break
            left = [
                when for when, stage in came if times[place] < when < times[place + 1] and stage != wanted
            ]
            if left:
                stays = moves.stays_at(place, left[0] - times[place])
                return f.all_of((stays, *line.laws))
        return self._otherwise(moves, values)

    def _otherwise(self, moves: Moves, values: dict[str, Value]) -> Formula:
        """Some atom of the question is otherwise, or other rules move the session on the last instant."""
        movers = (fires for _, fires in moves.moved[-1])
        atoms = (*f.atoms(f.all_of(self.parts)), *dict.fromkeys(movers))
        return f.negation(f.all_of(one if f.holds(one, values) else f.negation(one) for one in atoms))
