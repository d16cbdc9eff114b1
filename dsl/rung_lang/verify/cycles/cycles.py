"""R304: on a patient who stays as he is, nothing is done, undone and done again.

One question for every set of stages that lead round, and one for every drug that goes up and down in them.
The
bedside obeys; readings move within their noise and are taken on their round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rung_engine.event import Charted
from rung_engine.exact import show_decimal
from rung_engine.frozen import frozen
from rung_lang.finding import Problem
from rung_lang.verify.context import Context
from rung_lang.verify.cycles.chase import Played, chase
from rung_lang.verify.cycles.constant import noise_of
from rung_lang.verify.cycles.obeyed import Change
from rung_lang.verify.cycles.problems_cycles import Flapping, Lapse, SlowFlapping, Swing, Taken
from rung_lang.verify.cycles.rounds import DAY, Candidate, Rounds, narrowed
from rung_lang.verify.cycles.steps import Step, closed, drugs_moved, rounds, steps_in
from rung_lang.verify.doses.sites import only_for
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.found import Found
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.solving.solve import Unknown
from rung_lang.verify.verdict import Obligation, Refuted, Undecided, Verdict

MOST_CANDIDATES = 4
"""Rounds played in vain before a question is left undecided."""
MOST_STEPS = 400
"""Steps of one set of stages that are looked at together."""


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """Every set of stages that lead round, every drug that goes both ways."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    reached = [stage.name for stage in context.artifact.stages if reach.classes[stage.name]]
    for place, group in enumerate(rounds(context, reached)):
        for obligation, problem in _Group(context, places, reach, group, f"round{place}:").asked():
            asked.append(obligation)
            problems.extend(problem)
    return Found(tuple(asked), tuple(problems))


@frozen
class _Question:
    """Does this drug go up and down (no name: do the stages change), on whom `target` says so?"""

    drug: str
    about: tuple[str, ...]
    target: Formula

    def shows(self, played: Played) -> bool:
        """The round that was played does it."""
        ways = {(change.kind, change.target) for change in played.changes}
        if not self.drug:
            return any(kind == "go" for kind, _ in ways)
        return {("up", self.drug), ("down", self.drug)} <= ways


@dataclass
class _Group:
    """One set of stages."""

    context: Context
    places: Places
    reach: Reach
    stages: tuple[str | None, ...]
    tag: str

    def asked(self) -> Iterator[tuple[Obligation, list[Problem]]]:
        every = steps_in(self.context, self.stages)
        both_ways = closed(every)
        goes = any(step.kind == "go" for step in both_ways)
        drugs = drugs_moved(both_ways)
        if not goes and not drugs:
            return
        if len(every) > MOST_STEPS:
            reason = f"the stages have {len(every)} moves and changes of drugs, more than I look at together"
            yield Obligation("R304", self._about(), Undecided(reason)), []
            return
        found = narrowed(self.context, self.stages, self.tag, every)
        questions: list[_Question] = []
        if goes:
            questions.append(_Question("", self._about(), found.moves()))
        for drug in drugs:
            rules = {step.rule for step in both_ways if step.kind != "go" and step.target == drug}
            target = found.patient.changes(drug) if drug in found.drugs else f.FALSE
            questions.append(_Question(drug, tuple(sorted(rules)), target))
        yield from self._answers(found, questions)

    def _about(self) -> tuple[str, ...]:
        return tuple(f"stage:{stage}" for stage in self.stages if stage is not None)

    def _answers(
        self, found: Rounds, questions: Sequence[_Question]
    ) -> Iterator[tuple[Obligation, list[Problem]]]:
        """Rounds with the fewest steps first. What else goes to and fro on a round that was played is said
        with it; after that, only rounds without any of it are looked for.
        """
        left = list(questions)
        besides: list[Formula] = []
        failed: Candidate | Unknown | None = None
        tried = 0
        while left and tried < MOST_CANDIDATES:
            candidate = found.candidate(f.any_of(question.target for question in left), besides)
            if candidate is None:
                break
            if isinstance(candidate, Unknown):
                failed = candidate
                break
            besides.append(found.without(candidate.rounds.steps))
            played = chase(self.context, self.reach, candidate)
            if played is None:
                failed, tried = failed or candidate, tried + 1
            elif played.period < DAY:
                shown = [question for question in left if question.shows(played)]
                problems = [self._problem(found, candidate, played)]
                for question in shown:
                    left.remove(question)
                    besides.append(f.negation(question.target))
                    yield (
                        Obligation("R304", question.about, Refuted(played.witness, layer="cycles")),
                        problems,
                    )
                    problems = []
        for question in left:
            if len(left) < len(questions):
                # Whatever is left of it hangs together with what is refuted already, or was not found.
                if found.candidate(question.target) is None:
                    yield Obligation("R304", question.about, found.proved), []
            else:
                yield Obligation("R304", question.about, self._verdict(found, question, failed)), []

    def _verdict(self, found: Rounds, question: _Question, failed: Candidate | Unknown | None) -> Verdict:
        """Where nothing was played."""
        if failed is None:
            return found.proved
        own = found.candidate(question.target)
        match own:
            case None:
                return found.proved
            case Unknown():
                return Undecided(f"the solver gave up: {own.reason}")
            case Candidate():
                return Undecided(_unplayed(own))

    def _problem(self, found: Rounds, candidate: Candidate, played: Played) -> Problem:
        kind = Flapping if played.period < self.context.artifact.settle else SlowFlapping
        steps = tuple(self._taken(found, candidate, played))
        return kind(
            steps[0].span,
            steps,
            played.period,
            self.context.artifact.settle,
            tuple(self._swings(played)),
            tuple(self._lapses(candidate.rounds, played)),
            only_for(self.context, candidate.rounds.question),
            played.witness,
        )

    def _taken(self, found: Rounds, candidate: Candidate, played: Played) -> Iterator[Taken]:
        """The steps of the candidate as they came in the last round, each once; where it went another way,
        all.
        """
        own = [step for step in candidate.rounds.steps if any(_is(step, one) for one in played.changes)]
        begun = played.changes[0].decided
        seen: list[Step] = []
        for change in played.changes:
            for step in own if len(own) == len(candidate.rounds.steps) else found.every:
                if step not in seen and _is(step, change):
                    seen.append(step)
                    begun = change.decided if len(seen) == 1 else begun
                    span = self.places.rule(step.rule)
                    yield Taken(step.kind, step.op, step.target, step.rule, span, change.decided - begun)
                    break

    def _swings(self, played: Played) -> Iterator[Swing]:
        """Readings that differ in the round, with their noise."""
        artifact, program = self.context.artifact, self.context.program
        for name, decl in sorted(artifact.inputs.items()):
            noise = noise_of(program, name)
            values = [
                reading.value for reading in played.readings(name) if isinstance(reading.value, Charted)
            ]
            charted = sorted({value.millionths for value in values})
            if not noise or len(charted) < 2 or decl.noise is None or decl.unit is None:
                continue
            yield Swing(
                name,
                show_decimal(Fraction(charted[0], 1_000_000), 6),
                _words(charted[-1], decl.unit),
                _words(decl.noise.millionths, decl.noise.unit),
                _words(2 * decl.noise.millionths, decl.noise.unit),
            )

    def _lapses(self, found: Rounds, played: Played) -> Iterator[Lapse]:
        """Inputs that run out between one reading and the next."""
        for name, decl in sorted(self.context.artifact.inputs.items()):
            pace = found.patient.cadence(name)
            if pace.lapses and decl.valid_for is not None and len(list(played.readings(name))) > 1:
                yield Lapse(name, pace.every, decl.valid_for)


def _words(millionths: int, unit: str) -> str:
    return f"{show_decimal(Fraction(millionths, 1_000_000), 6)} {unit}"


def _is(step: Step, change: Change) -> bool:
    return (step.kind, step.target) == (change.kind, change.target) and step.rule in change.rules


def _unplayed(candidate: Candidate) -> str:
    rules = sorted({step.rule.rpartition(".")[2] for step in candidate.rounds.steps})
    named = ", ".join(f"`{rule}`" for rule in rules)
    return f"nothing excludes that {named} lead a steady patient round, and no history was found that does"
