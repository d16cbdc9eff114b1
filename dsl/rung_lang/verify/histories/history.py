"""From an answer of the solver to a history that the reference engine plays.

Histories are unrolled to a few instants, the fewest first. What the solver finds is made concrete, charted
and played; only what the engine shows is handed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.event import Event
from rung_engine.frozen import frozen
from rung_engine.program import Program, SettingProblem
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.factors import products
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.subjects import of_term, of_variables
from rung_lang.verify.histories.chart_from_model import Chart, TooLong, Unchartable
from rung_lang.verify.histories.concrete import Concrete
from rung_lang.verify.histories.moves import Moves, fewest_moves, leading, relevant
from rung_lang.verify.histories.replay import outlined, replayed, stage_at, way
from rung_lang.verify.histories.tie import Tie
from rung_lang.verify.histories.timeline import LATE, START, Subject, Timeline
from rung_lang.verify.verdict import Confirm, Witness

MOST_INSTANTS = 6
"""Of a history; more where more moves lead to the stage, since each may have to wait."""
MOST_TRIES = 24
"""Histories played for one question."""
MOST_ALIKE = 8
"""Of those, how many of one number of instants."""
MOST_STANDS = 400
"""Instants times stages that one question is spelled out for, all its numbers of instants together."""
LIMIT = 4_000_000
"""The solver's steps for one question about one number of instants."""


def realise(
    context: Context,
    situation: Situation,
    parts: Sequence[Part],
    confirm: Confirm,
    wishes: Sequence[Formula] = (),
    most: int = MOST_INSTANTS,
    *,
    needs: bool = True,
) -> Witness | None:
    """The shortest history found whose last instant makes every part true and which `confirm` accepts.
    `most`: instants of a history that is looked for. `needs`: `confirm` is told what would settle a pending
    rule.
    """
    formulas = tuple(part for _, part in parts)
    return _Search(context, situation, formulas, confirm, tuple(wishes), most, needs).found()


@dataclass(slots=True)
class _Search:
    context: Context
    situation: Situation
    parts: tuple[Formula, ...]
    confirm: Confirm
    wishes: tuple[Formula, ...]
    most: int = MOST_INSTANTS
    needs: bool = True
    tries: int = 0
    _programs: dict[tuple[tuple[str, m.Number | str], ...], Program] = field(default_factory=dict)

    def found(self) -> Witness | None:
        stages = len(leading(self.context.artifact, self.situation.stage))
        spent = 0
        for begins, size in self._sizes():
            spent += size * stages
            if spent > MOST_STANDS and size > 1:
                return None
            witness = self._of_size(begins, size)
            if witness is not None or self.tries >= MOST_TRIES:
                return witness
        return None

    def _sizes(self) -> Iterator[tuple[int, int]]:
        """The instant on which the session begins, and how many there are."""
        yield from ((0, size) for size in range(1, self.most + 1))
        if self.most < MOST_INSTANTS:
            return
        moves = fewest_moves(self.context.artifact, self.situation.stage)
        if moves is not None:
            yield from ((0, size) for size in (moves + 1, moves + 2) if size > MOST_INSTANTS)
        if self.context.artifact.applies is not None:
            yield from ((begins, begins + size) for begins in (1, 2) for size in (1, 2, 3))

    def _of_size(self, begins: int, size: int) -> Witness | None:
        line, moves, subjects, base = self._unrolled(begins, size)
        lessons: list[Lesson] = []
        wide = True
        most = min(MOST_TRIES, self.tries + MOST_ALIKE)
        while self.tries < most:
            learned = [lesson.wide if wide else lesson.narrow for lesson in lessons]
            solver = self.context.solver.fresh(LIMIT)
            for part in (*base, *learned):
                solver.keep(part)
            concrete = Concrete(line, solver, [*base, *learned], subjects, (*self.parts, *self.wishes))
            if not concrete.settle(self.wishes):
                if not wide or not lessons:
                    return None
                wide = False
                continue
            self.tries += 1
            chart = Chart(line, concrete.values, subjects)
            try:
                settings, events, times = chart.settings(), chart.events(), chart.times
                program = self._program(settings)
            except (Unchartable, SettingProblem):
                lessons.append(self._otherwise(moves, concrete.values))
                continue
            except TooLong:
                last = line.time(line.last)
                shorter = f.compare(last.times(Fraction(2)), "<=", f.number(chart.times[-1]))
                lessons.append(Lesson(shorter, shorter))
                continue
            seen = (replayed if self.needs else outlined)(program, events, times[-1])
            if seen is not None and self.confirm(seen):
                return Witness(settings, events, times[-1])
            lessons.append(self._lesson(moves, concrete.values, program, events, times))
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
    ) -> Lesson:
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
                stays = f.all_of((moves.stays_at(place, left[0] - times[place]), *line.laws))
                return Lesson(stays, stays)
        return self._otherwise(moves, values)

    def _otherwise(self, moves: Moves, values: dict[str, Value]) -> Lesson:
        """Other rules move the session on the last instant; or some atom of the question about the patient is
        otherwise, or, narrowly, any that the protocol speaks of. (What others would be plays no part.)
        """
        movers = dict.fromkeys(fires for _, fires in moves.moved[-1])
        asked = (
            atom
            for atom in f.atoms(f.all_of(self.parts))
            if all(self._is_seen(name, values) for name in f.names_of(atom))
        )
        wide = [*asked, *movers]
        narrow = [*wide, *self._now(moves.line)]
        return Lesson(_not_so(wide, values), _not_so(narrow, values))

    def _is_seen(self, name: str, values: dict[str, Value]) -> bool:
        """The chart shows what the variable is worth: not of other patients, nor of what is not known."""
        variable = self.context.space.variables[name]
        at = self.situation.symbols.at
        if variable.at not in ("", at):
            return False
        match variable.about:
            case ("input" | "value" | "steps", read, *_):
                shown = f"{at}known:{read}"
            case ("rate" | "charted_own", drug):
                shown = f"{at}rated:{drug}"
            case ("unchanged", drug):
                shown = f"{at}changed:{drug}"
            case ("since", moment):
                shown = f"{at}after:{moment.removeprefix('first ')}"
            case _:
                return True
        return values.get(shown) is not False

    def _now(self, line: Timeline) -> Iterator[Formula]:
        """What the protocol asks of one instant by itself, on the last."""
        symbols = line.chart(line.last)
        for index, term in enumerate(self.context.artifact.terms):
            if isinstance(term, m.Flag | m.Is | m.Running) or (
                isinstance(term, m.Cmp) and _is_of_now(self.context.artifact, term)
            ):
                truth = symbols.truth(index)
                yield from (truth.yes, truth.no)


@frozen
class Lesson:
    """What a history that the engine played otherwise teaches of the next: so much is not all as it was."""

    wide: Formula
    narrow: Formula


def _not_so(facts: Iterable[Formula], values: dict[str, Value]) -> Formula:
    spoken = [one for one in facts if all(name in values for name in f.names(one))]
    return f.negation(f.all_of(one if f.holds(one, values) else f.negation(one) for one in spoken))


def _is_of_now(artifact: m.Artifact, term: m.Cmp) -> bool:
    sides = (artifact.terms[term.left], artifact.terms[term.right])
    return all(isinstance(side, m.Input | m.Rate | m.Quantity | m.Setting) for side in sides)
