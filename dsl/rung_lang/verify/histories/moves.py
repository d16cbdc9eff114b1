"""How a session moves along a `Timeline`: mirrors the loop over transitions in `rung_engine.decision.fold`.

A session that is led round on one instant stays where it was, as far as the ring leads through that stage; so
does one whose moving rule orders what cannot be given beside another order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.program import Program
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, written
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.rules import RuleSymbols, judge, moves
from rung_lang.verify.histories.timeline import LATE, MOVED, START, Timeline
from rung_lang.verify.rules.clashes import clashes

Level = dict[str | None, Formula]
"""By stage: the session stands there, after so many steps on one instant."""
Ring = tuple[tuple[str, str], ...]
"""Stages, and the rules that leave them, back to the first."""

MOST_RINGS = 40
"""Rings of transitions that histories are told of."""


def leading(artifact: m.Artifact, stage: str | None) -> frozenset[str]:
    """The stages from which the stage can be reached, itself included."""
    into: dict[str, set[str]] = {}
    everywhere = {one.name for one in artifact.stages}
    for rule in artifact.rules:
        order = destination(rule)
        if order is not None and order.op == "go":
            into.setdefault(order.target, set()).update(
                {rule.stage} if rule.stage is not None else everywhere
            )
    found: set[str] = set() if stage is None else {stage}
    todo = sorted(found)
    while todo:
        fresh = sorted(into.get(todo.pop(), set()) - found)
        found.update(fresh)
        todo.extend(fresh)
    return frozenset(found)


def fewest_moves(artifact: m.Artifact, stage: str | None) -> int | None:
    """From where a session begins to the stage; None where no rules lead there."""
    reached = [one.name for one in artifact.stages if one.initial is not None]
    moved = dict.fromkeys(reached, 0)
    for name in reached:
        for rule in artifact.rules:
            order = destination(rule)
            if order is None or order.op != "go" or rule.stage not in (None, name):
                continue
            if order.target not in moved:
                moved[order.target] = moved[name] + 1
                reached.append(order.target)
    return None if stage is None else moved.get(stage)


def _may_be_disputed(rule: m.Rule, others: Sequence[m.Rule]) -> bool:
    """Besides its move it orders something that another rule speaks of as well."""
    own = {order.target for order in written(rule) if order is not destination(rule)}
    return any(order.target in own for other in others if other.id != rule.id for order in written(other))


def _rings(program: Program, stages: frozenset[str]) -> Iterator[Ring]:
    """Ways round through these stages, the shortest first, each once, by its first stage by name."""
    leads: dict[str, list[tuple[str, str]]] = {}
    for stage in sorted(stages):
        for rule in (*program.rules_of[stage], *program.rules_of[None]):
            order = destination(rule)
            if order is not None and order.op == "go" and moves(rule, stage) and order.target in stages:
                leads.setdefault(stage, []).append((rule.id, order.target))
    todo: list[tuple[Ring, str]] = [((), stage) for stage in sorted(leads)]
    while todo:
        longer: list[tuple[Ring, str]] = []
        for way, stage in todo:
            first = way[0][0] if way else stage
            for left_by, target in leads.get(stage, ()):
                after = (*way, (stage, left_by))
                if target == first:
                    yield after
                elif target > first and all(target != left for left, _ in after):
                    longer.append((after, target))
        todo = longer[: 4 * MOST_RINGS]


@dataclass(slots=True)
class Moves:
    """The way of a session to `stage`, on which it stands on the last instant (None: before any stage)."""

    line: Timeline
    stage: str | None
    allowed: frozenset[str] = field(init=False)
    laws: list[Formula] = field(default_factory=list)
    moved: list[list[tuple[m.Rule, Formula]]] = field(default_factory=list)
    """By instant: each rule that may move the session, and where it does."""
    rests: list[Level] = field(default_factory=list)
    stood: list[Formula] = field(default_factory=list)
    """By instant but the last: the session rests where it rested before."""
    steps: list[Formula] = field(default_factory=list)
    """By number of steps taken on the last instant: the session stands in `stage` after so many."""
    _judged: dict[tuple[int, str, str], list[RuleSymbols]] = field(default_factory=dict)
    _back: dict[tuple[int, str, str], Formula] = field(default_factory=dict)
    _clashing: dict[tuple[int, str, str], Formula] = field(default_factory=dict)
    _rings: tuple[Ring, ...] = ()

    def __post_init__(self) -> None:
        self.allowed = leading(self.line.program.artifact, self.stage)
        self._rings = tuple(islice(_rings(self.line.program, self.allowed), MOST_RINGS))
        before: Level = {None: f.TRUE}
        for place in range(self.line.begins, len(self.line.at)):
            self.moved.append([])
            levels = self._levels(place, before)
            if place == self.line.last:
                self._arrive(levels)
            else:
                before = self._rest(place, levels)

    # -- one instant

    def _levels(self, place: int, before: Level) -> list[Level]:
        """Where the session stands after each step, as long as it may go on."""
        levels = [dict(before)]
        while len(levels) <= len(self.allowed) + 1:
            phase = START if len(levels) == 1 else MOVED
            after: dict[str | None, list[Formula]] = {}
            for stage, here in levels[-1].items():
                depth = len(levels) - 1
                steps = (
                    self._initial(place) if stage is None else self._steps(place, stage, phase, here, depth)
                )
                for target, goes in steps:
                    after.setdefault(target, []).append(f.all_of((here, goes)))
            level = {stage: f.any_of(ways) for stage, ways in after.items()}
            level = {stage: one for stage, one in level.items() if one is not f.FALSE}
            if not level:
                break
            levels.append(level)
        return levels

    def _initial(self, place: int) -> list[tuple[str, Formula]]:
        """Which stage a session without one enters."""
        symbols = self.line.symbols(place, START)
        found: list[tuple[str, Formula]] = []
        before: list[Formula] = []
        for stage in self.line.program.initial_stages:
            if stage.initial_if is None:
                found.append((stage.name, f.all_of(before)))
                break
            chosen = symbols.truth(stage.initial_if)
            found.append((stage.name, f.all_of((*before, chosen.yes))))
            before.append(chosen.no)
        return [(name, way) for name, way in found if name in self.allowed and way is not f.FALSE]

    def _stays_out(self, place: int, phase: str) -> Formula:
        """No stage can be entered yet: a condition tried before is unknown."""
        symbols = self.line.symbols(place, phase)
        before: list[Formula] = []
        found: list[Formula] = []
        for stage in self.line.program.initial_stages:
            if stage.initial_if is None:
                return f.any_of(found)
            chosen = symbols.truth(stage.initial_if)
            found.append(f.all_of((*before, chosen.unknown)))
            before.append(chosen.no)
        return f.any_of((*found, f.all_of(before)))

    def _goals(self, place: int, stage: str, phase: str) -> dict[str, Formula]:
        """By target, '' for the end: the session goes there. Where rules lead apart, it goes nowhere."""
        fires: dict[str, list[Formula]] = {}
        for judged in self._movers(place, stage, phase):
            order = destination(judged.rule)
            assert order is not None
            fires.setdefault("" if order.op == "finish" else order.target, []).append(judged.fires)
        ways = {target: f.any_of(found) for target, found in fires.items()}
        return {
            target: f.all_of((way, *(f.negation(other) for name, other in ways.items() if name != target)))
            for target, way in ways.items()
        }

    def _steps(
        self, place: int, stage: str, phase: str, here: Formula, depth: int
    ) -> list[tuple[str, Formula]]:
        """Where the stage's rules lead."""
        # On the last instant the stages of a ring are looked at too.
        onward = f.TRUE if place == self.line.last else f.negation(self._held(place, stage, phase, depth))
        for judged in self._movers(place, stage, phase):
            self.moved[-1].append((judged.rule, f.all_of((here, onward, judged.fires))))
        goals = self._goals(place, stage, phase)
        return [
            (target, f.all_of((goes, onward))) for target, goes in goals.items() if target in self.allowed
        ]

    def _held(self, place: int, stage: str, phase: str, depth: int = 0) -> Formula:
        """A session that a rule would move out of the stage stays there."""
        return f.any_of((self._led_back(place, stage, phase, depth), self._disputed(place, stage, phase)))

    def _disputed(self, place: int, stage: str, phase: str) -> Formula:
        """An order of a moving rule and another cannot both be given."""
        program = self.line.program
        rules = (*program.rules_of[stage], *program.rules_of[None])
        moving = {rule.id for rule in rules if moves(rule, stage) and _may_be_disputed(rule, rules)}
        key = (place, stage, self.line.phase(phase))
        if not moving:
            return f.FALSE
        if key not in self._clashing:
            situation = Situation(self.line.symbols(place, phase), stage)
            pairs = clashes(situation, situation.offered)
            found = (clash.formula for clash in pairs if moving.intersection(clash.rules))
            self._clashing[key] = f.any_of(found)
        return self._clashing[key]

    def _led_back(self, place: int, stage: str, phase: str, depth: int = 0) -> Formula:
        """A session that rested in the stage before, or began in it, comes round to it on this instant."""
        if phase == MOVED and (place, depth) != (self.line.begins, 1):
            return f.FALSE
        key = (place, stage, phase)
        if key not in self._back:
            entered = phase if phase.startswith(LATE) else MOVED
            self._back[key] = f.any_of(
                f.all_of(
                    self._goes(place, name, phase if name == stage else entered, rule) for name, rule in ring
                )
                for ring in self._rings
                if any(name == stage for name, _ in ring)
            )
        return self._back[key]

    def _goes(self, place: int, stage: str, phase: str, rule: str) -> Formula:
        """The rule leads out of the stage, and none leads elsewhere."""
        fires = next((one for one in self._movers(place, stage, phase) if one.rule.id == rule), None)
        order = None if fires is None else destination(fires.rule)
        if fires is None or order is None:
            return f.FALSE
        return f.all_of((fires.fires, self._goals(place, stage, phase)[order.target]))

    def _movers(self, place: int, stage: str, phase: str) -> list[RuleSymbols]:
        phase = self.line.phase(phase)
        key = (place, stage, phase)
        if key not in self._judged:
            judged = judge(self.line.symbols(place, phase), relevant(self.line.program, stage))
            self._judged[key] = [one for one in judged.values() if moves(one.rule, stage)]
        return self._judged[key]

    def stays(self, place: int, stage: str | None, phase: str, depth: int = 0) -> Formula:
        """Nothing moves the session out of the stage."""
        if stage is None:
            return self._stays_out(place, START if phase == MOVED else phase)
        moved = f.any_of(self._goals(place, stage, phase).values())
        return f.any_of((f.negation(moved), self._held(place, stage, phase, depth)))

    def stays_at(self, place: int, after: int) -> Formula:
        """Nothing moves the session so many milliseconds after the instant, if the next is later."""
        line = self.line
        reached = f.earlier(line.time(place).plus(f.number(after)), line.time(place + 1))
        rests = self.rests[place - line.begins].items()
        return f.all_of(
            f.implies(f.all_of((here, reached)), self.stays(place, stage, f"{LATE}:{after}"))
            for stage, here in rests
        )

    # -- from one instant to the next

    def _rest(self, place: int, levels: Sequence[Level]) -> Level:
        """Where the session rests after the instant, as variables; it rests until the next one."""
        line = self.line
        at = line.at[place]
        resting: dict[str | None, list[Formula]] = {}
        stood: list[Formula] = []
        for depth, level in enumerate(levels):
            phase = START if depth == 0 else MOVED
            for stage, here in level.items():
                way = f.all_of((here, self.stays(place, stage, phase, depth)))
                resting.setdefault(stage, []).append(way)
                if depth == 0:
                    stood.append(way)
        found: Level = {}
        for stage, ways in resting.items():
            one = f.any_of(ways)
            if one is f.FALSE:
                continue
            name = f"{line.tag}:{at}rests:{stage or ''}"
            found[stage] = line.space.bool(name, ("rests", stage or ""), at)
            self.laws.append(f.iff(found[stage], one))
            self.laws.append(f.implies(found[stage], self.stays(place, stage, LATE)))
        self.laws.append(f.any_of(found.values()))
        still = f.any_of(stood)
        self.stood.append(still)
        if line.staged:
            staged = f.any_of(one for stage, one in found.items() if stage is not None)
            self.laws.append(f.iff(line.has_stage(place), staged))
            entered, now = line.entered(place), line.time(place)
            since = line.entered(place - 1) if place > line.begins else now
            self.laws.append(f.implies(still, f.compare(entered, "=", since)))
            self.laws.append(f.implies(f.negation(still), f.compare(entered, "=", now)))
        self.rests.append(found)
        return found

    def _arrive(self, levels: Sequence[Level]) -> None:
        """On the last instant the session stands in the stage, on its way or at rest."""
        if self.stage is None:
            self.steps = [f.all_of((levels[0].get(None, f.FALSE), self._stays_out(self.line.last, START)))]
        else:
            self.steps = [level.get(self.stage, f.FALSE) for level in levels]
        self.laws.append(f.any_of(self.steps))


def relevant(program: Program, stage: str) -> list[m.Rule]:
    """The rules that lead out of the stage, and those that may silence them."""
    rules = (*program.rules_of[stage], *program.rules_of[None])
    kept = {rule.id for rule in rules if moves(rule, stage)}
    while True:
        more = {rule.id for rule in rules if kept.intersection(rule.overrides)} - kept
        if not more:
            return [rule for rule in rules if rule.id in kept]
        kept |= more
