"""A candidate round, looked for at the bedside: the session is brought to it, and driven round.

Whoever sets the readings may hold those of any step of the candidate, and turns to those of another after
each
change. A round is found where the session comes back to the stage and the rates it had, and does so again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby, islice

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_engine.decision.view import View
from rung_engine.event import Charted, Correction, Fact, Infusion, NoOtherInfusions, Reading, Retraction
from rung_engine.event import Value as Read
from rung_engine.frozen import frozen
from rung_engine.program import Program, SettingProblem
from rung_engine.reference.run import Runner
from rung_lang.verify.context import Context, Part
from rung_lang.verify.cycles.letters import Chartist, chosen
from rung_lang.verify.cycles.obeyed import ANY, Bedside, Change, End, Letter, Wanted, lag
from rung_lang.verify.cycles.rounds import DAY, Candidate, Rounds
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.histories.concrete import lengths
from rung_lang.verify.histories.history import realise
from rung_lang.verify.histories.replay import Outline
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.solving.solve import Sat
from rung_lang.verify.verdict import Replayed, Witness

MOST_TURNS = 40
"""Turns to other readings that are tried for one way to the round."""
MOST_WAYS = 8
"""Ways to the round that are tried."""
MOST_INSTANTS = 2500
"""Instants that are judged for one candidate, over all ways and turns."""
MOST_CHANGES = 150
"""Changes under readings that are held."""
MOST_ROUNDS = 5
"""Rounds until two in a row end as they began."""
MOST_WANDERED = 2
"""Ways from which rounds are looked for whose steps come in no fixed order."""
ENDS: tuple[End, ...] = ("lo", "hi")


@frozen
class Played:
    """A round that the reference engine played. `changes`: those of one round; `period` in milliseconds."""

    witness: Witness
    changes: tuple[Change, ...]
    period: int

    def readings(self, name: str) -> Iterator[Reading]:
        """Those of an input while the round was played."""
        begun = min(self.witness.also, default=0)
        for event in self.witness.events:
            if isinstance(event, Reading) and event.input == name and event.time >= begun:
                yield event


@frozen
class _Node:
    """A bedside, the turns that led there, and where it stood after each."""

    bedside: Bedside
    turns: tuple[int, ...]
    places: tuple[tuple[object, ...], ...]


@frozen
class _Driven:
    """A bedside after two rounds, the last of which took `period` ms and made so many changes."""

    bedside: Bedside
    period: int
    changes: int
    before: int
    """Changes of the round before it."""


def chase(context: Context, reach: Reach, candidate: Candidate) -> Played | None:
    """The quickest round found."""
    try:
        return _Chase(context, reach, candidate.rounds, candidate.values).found()
    except SettingProblem:
        return None


@dataclass
class _Chase:
    context: Context
    reach: Reach
    rounds: Rounds
    values: Mapping[str, Value]
    program: Program = field(init=False)
    settings: dict[str, m.Number | str] = field(init=False)
    letters: list[tuple[Letter, Wanted]] = field(init=False)
    readings: list[Letter] = field(init=False)
    """The letters, each once."""
    by_time: tuple[int, ...] = field(init=False)
    patience: int = field(init=False)
    """How long readings are held without a change before others are tried, in milliseconds."""
    wandered: int = 0
    spent: int = 0
    """Instants judged so far."""
    turns: int = 0
    """How often readings were turned to others, from one place."""

    def __post_init__(self) -> None:
        artifact = self.context.artifact
        self.settings = chosen(artifact, self.context.program, self.values)
        self.program = Program(artifact, self.settings, unverified=True)
        letters = [self._chartist(place).letter() for place in range(len(self.rounds.steps))]
        known = frozenset[str]().union(*(letter.known for letter in letters))
        readings = {name: letter.values[name] for letter in letters for name in letter.known}
        self.letters = [
            (self._charted(letter, readings, known), self._wanted(place))
            for place, letter in enumerate(letters)
        ]
        self.readings = []
        for letter, _ in self.letters:
            if letter not in self.readings:
                self.readings.append(letter)
        self.patience = self._patience()
        self.by_time = self._by_time()

    def _by_time(self) -> tuple[int, ...]:
        """The steps as they come in the candidate."""
        places = range(len(self.rounds.steps))
        when = [self.values.get(f"{self.rounds.tag}when:{place}", Fraction(0)) for place in places]
        return tuple(sorted(places, key=lambda place: (when[place], place)))

    def _chartist(self, place: int) -> Chartist:
        instant = self.rounds.instant(place)
        return Chartist(
            self.context.program,
            self.values,
            lambda name: self.rounds.patient.known_as(instant, name),
        )

    def _charted(self, letter: Letter, readings: Mapping[str, Read], known: frozenset[str]) -> Letter:
        """What is read at all is read on its round; that it is not known meanwhile comes of itself."""
        late = {name: readings[name] for name in known - letter.known}
        return Letter({**letter.values, **late}, known)

    def _wanted(self, place: int) -> Wanted:
        step = self.rounds.steps[place]
        return Wanted() if step.kind == "go" else Wanted(step.op, step.target)

    def found(self) -> Played | None:
        """The quickest of the rounds that some way leads to, as the reference engine plays it."""
        for arrivals in (self._arrivals(self._brought), self._arrivals(self._realised)):
            for bedside in islice(arrivals, MOST_WAYS):
                if self.spent > MOST_INSTANTS:
                    return None
                self.turns = 0
                driven = sorted(self._rounds_from(bedside), key=lambda one: one.period)
                for one in driven:
                    played = self._shown(one)
                    if played is not None:
                        return played
        return None

    # -- to the round

    def _arrivals(self, brought: Callable[[], Iterator[Bedside]]) -> Iterator[Bedside]:
        """The patient in a stage of the round: brought there by readings, or in whatever way there is."""
        stages = {stage for step in self.rounds.steps for stage in step.stages}
        yield from (bedside for bedside in brought() if bedside.state.stage in stages)

    def _brought(self) -> Iterator[Bedside]:
        for place, step in enumerate(self.rounds.steps):
            for stage in step.stages:
                ways = (
                    [()] if stage is None else [self.reach.way_to(one) for one in self.reach.classes[stage]]
                )
                for way in ways:
                    chartists = self._on_way(way)
                    if chartists is None:
                        continue
                    every = [tuple(one.rates()) for one in (self._chartist(place), *chartists[:1])]
                    for rates in dict.fromkeys((*every, ())):
                        for end in ENDS if rates == every[0] else ENDS[:1]:
                            yield self._along(way, chartists, place, rates, end)

    def _on_way(self, way: Sequence[tuple[str, str]]) -> list[Chartist] | None:
        found: list[Chartist] = []
        for position, (stage, rule) in enumerate(way):
            chartist = self._moving(stage, rule, first=position == 0)
            if chartist is None:
                return None
            found.append(chartist)
        return found

    def _along(
        self,
        way: Sequence[tuple[str, str]],
        chartists: Sequence[Chartist],
        place: int,
        rates: Sequence[tuple[str, Charted]],
        end: End,
    ) -> Bedside:
        """From the beginning, along these moves."""
        letter, _ = self.letters[place]
        letters = [chartist.letter() for chartist in chartists]
        now = (letters or [letter])[0]
        bedside = Bedside(self.program, end, now)
        facts: list[Fact] = [NoOtherInfusions("", 0)]
        facts += [Reading("", 0, name, now.values[name]) for name in sorted(now.known)]
        facts += [Infusion("", 0, drug, rate) for drug, rate in rates]
        bedside.chart(facts)
        for (stage, _), on_way in zip(way, letters, strict=True):
            if bedside.state.stage != stage:
                continue
            bedside.show(on_way)
            until = bedside.time + self.patience
            while bedside.state.stage == stage and bedside.run_to_change(until):
                pass
        bedside.show(letter)
        return bedside

    def _realised(self) -> Iterator[Bedside]:
        """A history of the verifier's own making, on which drugs need not have been ordered."""
        for place, step in enumerate(self.rounds.steps):
            letter, _ = self.letters[place]
            for stage in step.stages:
                situation = self.context.situation(stage)
                parts: list[Part] = [*self.context.applies(situation), *self.context.reached(situation)]
                parts += [(("step", step.rule), dict(step.cores)[stage])]
                parts += [(("settings",), one) for one in self._pinned()]
                witness = realise(self.context, situation, parts, _Stands(stage), self._near_round())
                if witness is None:
                    continue
                bedside = Bedside(self.program, ENDS[0], letter)
                for _, facts in groupby(witness.events, lambda fact: fact.time):
                    bedside.chart([fact for fact in facts if not isinstance(fact, Correction | Retraction)])
                bedside.show(letter)
                yield bedside

    def _moving(self, stage: str, rule: str, *, first: bool) -> Chartist | None:
        """Readings under which the rule moves the session out of the stage."""
        context = self.context
        situation = context.situation(stage)
        parts = [part for _, part in (*context.applies(situation), *context.reached(situation))]
        parts.append(situation.rules[rule].fires)
        parts += self._pinned()
        if first:
            parts += self._begins(stage)
        answer = context.solver.best(parts, self._near_round())
        if not isinstance(answer, Sat):
            return None
        return Chartist(context.program, answer.values, lambda name: name)

    def _begins(self, stage: str) -> Iterator[Formula]:
        """A session begins in the stage."""
        symbols = self.context.situation(stage).symbols
        for one in self.program.initial_stages:
            if one.initial_if is None:
                return
            truth = symbols.truth(one.initial_if)
            yield truth.yes if one.name == stage else truth.no
            if one.name == stage:
                return

    def _pinned(self) -> Iterator[Formula]:
        """What no patient changes on the way: settings, and fixed inputs."""
        for name, variable in sorted(self.context.space.variables.items()):
            if name in self.values and not variable.at and self._is_lasting(variable.about):
                value = self.values[name]
                if isinstance(value, bool):
                    yield f.boolean(name) if value else f.negation(f.boolean(name))
                else:
                    yield f.compare(f.variable(name), "=", f.number(value))

    def _is_lasting(self, about: tuple[str, ...]) -> bool:
        inputs = self.context.artifact.inputs
        return about[0] == "setting" or (about[0] in ("input", "value") and inputs[about[1]].fixed)

    def _near_round(self) -> list[Formula]:
        """As far as it goes, the patient is as he will be."""
        found: list[Formula] = []
        named = self._chartist(0).named
        for name, variable in sorted(self.context.space.variables.items()):
            if variable.at or variable.about[0] not in ("input", "value", "known", "on", "off"):
                continue
            value = self.values.get(named(name), variable.about[0] == "off")
            if isinstance(value, bool):
                if variable.sort == "bool":
                    found.append(f.boolean(name) if value else f.negation(f.boolean(name)))
            elif isinstance(value, Fraction):
                found.append(f.compare(f.variable(name), "=", f.number(value)))
        return found

    # -- round

    def _patience(self) -> int:
        waits = [self.program.millis(one) for one in lengths(self.context.artifact)]
        read = self.letters[0][0].known
        paces = [self.rounds.patient.cadence(name).every for name in read]
        longest = min(DAY, max(waits, default=0))
        pace = max((pace for pace in paces if pace < DAY), default=0)
        return longest + 2 * pace + 10 * lag(self.program)

    def _rounds_from(self, bedside: Bedside) -> list[_Driven]:
        """Rounds under readings that never change; rounds in which each step is taken in its turn, whatever
        else happens meanwhile; else one on which whoever sets the readings turns to others after each change.
        """
        found = [*self._unmoved(bedside), *self._in_turn(bedside, ())]
        return found or [*islice(self._wandering(bedside), 1)]

    def _unmoved(self, bedside: Bedside) -> Iterator[_Driven]:
        """The readings of one step are held."""
        for letter in self.readings:
            after = bedside.copy()
            after.letter, after.wanted = letter, ANY
            places = [after.place()]
            count = len(after.changes)
            times = [after.time]
            while len(places) < MOST_CHANGES and self._goes_on(after):
                place = after.place()
                back = [at for at, other in enumerate(places) if other == place]
                places.append(place)
                times.append(after.time)
                if len(back) > 1 and _turns_back(after.changes[count + back[-1] :]):
                    changes, before = len(places) - 1 - back[-1], back[-1] - back[-2]
                    yield _Driven(after, after.time - times[back[-1]], changes, before)
                    break

    def _in_turn(self, bedside: Bedside, order: tuple[int, ...]) -> Iterator[_Driven]:
        """Every order of the steps, as far as they can be taken in it."""
        if len(order) == len(self.letters):
            yield from self._again(bedside, order, self._until)
            return
        for turn in self.by_time:
            if turn in order or self.turns >= MOST_TURNS:
                continue
            self.turns += 1
            after = bedside.copy()
            if self._until(after, turn):
                yield from self._in_turn(after, (*order, turn))

    def _wandering(self, bedside: Bedside) -> Iterator[_Driven]:
        """Every order of turns after each change, the fewest turns first."""
        todo = [_Node(bedside, (), (bedside.place(),))]
        self.wandered += 1
        seen: dict[tuple[int, tuple[object, ...]], int] = {}
        while todo and self.turns < 2 * MOST_TURNS and self.wandered <= MOST_WANDERED:
            nodes, todo = todo, []
            for node in nodes:
                for turn in range(len(self.letters)):
                    self.turns += 1
                    after = node.bedside.copy()
                    if self.turns > 2 * MOST_TURNS or not self._turn(after, turn):
                        continue
                    place = after.place()
                    if place in node.places:
                        back = len(node.places) - 1 - node.places[::-1].index(place)
                        yield from self._again(after, (*node.turns, turn)[-back - 1 :], self._turn)
                    known = seen.get((turn, place), 0)
                    if known < 2:
                        seen[turn, place] = known + 1
                        todo.append(_Node(after, (*node.turns, turn), (*node.places, place)))

    def _turn(self, bedside: Bedside, turn: int) -> bool:
        """Its readings are held until something changes."""
        bedside.letter, bedside.wanted = self.letters[turn]
        return self._goes_on(bedside)

    def _goes_on(self, bedside: Bedside) -> bool:
        """To the next change, if there is one in time."""
        if self.spent > MOST_INSTANTS:
            return False
        before = bedside.judged
        changed = bedside.run_to_change(bedside.time + self.patience)
        self.spent += bedside.judged - before
        return changed

    def _until(self, bedside: Bedside, turn: int) -> bool:
        """Its readings are held, or else those of another step, until it is taken."""
        own, wanted = self.letters[turn]
        step = self.rounds.steps[turn]
        for letter in (own, *(letter for letter in self.readings if letter != own)):
            after = bedside.copy()
            after.letter, after.wanted = letter, wanted
            until = after.time + self.patience
            while after.time < until and self._goes_on(after):
                last = after.changes[-1]
                if (last.kind, last.target) == (step.kind, step.target) and step.rule in last.rules:
                    bedside.become(after)
                    return True
        return False

    def _again(
        self, bedside: Bedside, turns: Sequence[int], take: Callable[[Bedside, int], bool]
    ) -> Iterator[_Driven]:
        """The same turns lead round again, to the same stage and the same drugs, after a round that did
        too.
        """
        bedside = bedside.copy()
        before = 0
        for _ in range(MOST_ROUNDS):
            place = bedside.standing()
            begun, count = bedside.time, len(bedside.changes)
            if not all(take(bedside, turn) for turn in turns):
                return
            changes = len(bedside.changes) - count
            if bedside.standing() != place or not _turns_back(bedside.changes[count:]):
                before = 0
            elif before:
                yield _Driven(bedside, bedside.time - begun, changes, before)
                return
            else:
                before = changes

    def _shown(self, driven: _Driven) -> Played | None:
        """As the reference engine plays it."""
        bedside = driven.bedside
        last = bedside.changes[-driven.changes - driven.before :]
        time = last[-1].decided
        facts = tuple(fact for fact in bedside.facts if fact.time <= time)
        runner = Runner(self.program, facts)
        recorder = _Recorder()
        runner.fold = recorder
        runner.run(time)
        if recorder.outside or not all(_is_decided(one, recorder.contents.get(one.decided)) for one in last):
            return None
        also = tuple(sorted({change.decided for change in last} - {time}))
        settings = tuple(sorted(self.settings.items()))
        return Played(Witness(settings, facts, time, also), tuple(last[-driven.changes :]), driven.period)


def _turns_back(changes: Sequence[Change]) -> bool:
    """The session changes its stage, or a drug goes up and down."""
    ways = {(change.kind, change.target) for change in changes}
    return any(kind == "go" or (kind == "up" and ("down", target) in ways) for kind, target in ways)


@frozen
class _Stands:
    """The session stands in the stage, or passed through it on this instant."""

    stage: str | None

    def __call__(self, replayed: Replayed) -> bool:
        return self.stage in (replayed.content.stage, *replayed.content.path)


class _Recorder(Outline):
    """Keeps the decision of every instant."""

    def __init__(self) -> None:
        super().__init__()
        self.contents: dict[int, Content] = {}

    def advance(self, view: View) -> Content | None:
        super().advance(view)
        assert self.content is not None
        self.contents[view.time] = self.content
        return None


def _is_decided(change: Change, content: Content | None) -> bool:
    """The decision moves the session so, or orders this of the drug."""
    if content is None:
        return False
    if change.kind == "go":
        return content.stage == change.target and set(change.rules) <= set(content.moved_by)
    return any(
        set(change.rules) & set(order.rules) and order.mark in ("due", "late") and order.confirmed
        for order in content.orders
    )
