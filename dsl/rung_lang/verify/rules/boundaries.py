"""R207: thresholds that meet leave no value out, and take none in twice.

Of `MAP < 65` in one rule and `MAP > 65` in another: for some patient at 65 neither fires, though a step below
the one would and a step above the other. Of `MAP <= 65` and `MAP >= 65` in rules whose other conditions
agree: both fire. Asked of pairs of rules that treat and order different things. Two halves of one titration
meet on purpose at what is to be kept, and so do rules that bring a drug back to one rate. What lies between
two thresholds and is no narrower than a step of the monitor is a gap, and asked there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination, judge
from rung_engine.event import Charted, Reading
from rung_engine.exact import show_decimal
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_lang.finding import Problem
from rung_lang.verify.ask import Question
from rung_lang.verify.context import Context, Part
from rung_lang.verify.doses.moments import everywhere
from rung_lang.verify.doses.sites import only_for
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, written
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import conjuncts, rules_in, treats
from rung_lang.verify.gaps.patients import grid_of
from rung_lang.verify.histories.replay import replayed
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.rules.beside import Beside
from rung_lang.verify.rules.clashes import clashes
from rung_lang.verify.rules.dead_rules import counted
from rung_lang.verify.rules.problems_rules import Boundary
from rung_lang.verify.rules.redundant_rules import ordered
from rung_lang.verify.verdict import Obligation, Refuted, Replayed, Witness

MINUTE = 60_000
Grid = tuple[Fraction, Fraction]
"""Where the steps of a monitor start, and how wide one is."""


@frozen
class Threshold:
    """A condition of a rule: the reading or rate `name` (and what else is in `of`) lies to a side of `limit`.

    `rest`: the rule's other conditions.
    """

    rule: m.Rule
    term: int
    name: str
    of: tuple[tuple[str, Fraction], ...]
    side: Literal["below", "above"]
    limit: Fraction
    included: bool
    rest: frozenset[int]


@frozen
class Meeting:
    """Two thresholds that meet. `twice`: both hold at `point`; else neither does. `point`: in coherent units;
    None where it hangs on a setting.
    """

    below: Threshold
    above: Threshold
    twice: bool
    point: Fraction | None
    grid: Grid | None

    @property
    def rules(self) -> tuple[str, str]:
        """Of both."""
        return self.below.rule.id, self.above.rule.id

    @property
    def sides(self) -> set[tuple[str, int]]:
        """Both conditions, by rule and term."""
        return {(side.rule.id, side.term) for side in (self.below, self.above)}

    @property
    def shared(self) -> int:
        """How many other conditions the two rules have in common."""
        return len(self.below.rest & self.above.rest)


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """One obligation for each pair of rules whose thresholds meet badly as written."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    found: dict[tuple[str, ...], list[tuple[Question, Meeting]]] = {}
    for stage in context.artifact.stages:
        situation = context.situation(stage.name)
        for meeting in _meetings(context, situation) if reach.classes[stage.name] else ():
            if not meeting.twice or _belongs(context, situation, meeting):
                about = tuple(sorted(meeting.rules))
                parts = tuple(_parts(context, situation, meeting))
                question = Question("R207", about, situation, parts, _Shown(meeting, stage.name))
                found.setdefault(about, []).append((question, meeting))
    told: set[tuple[str, int]] = set()
    # What belongs together is asked first: a slip in one rule need not be shown beside every other.
    for about, questions in sorted(found.items(), key=lambda item: (-item[1][0][1].shared, item[0])):
        if not told.isdisjoint(side for _, meeting in questions for side in meeting.sides):
            continue
        each = [(question, place) for place, (question, _) in enumerate(questions)]
        verdict, shown = everywhere(context, each)
        asked.append(Obligation("R207", about, verdict))
        if isinstance(verdict, Refuted) and shown is not None:
            told |= questions[shown][1].sides
            problems.append(_problem(context, places, *questions[shown], verdict))
    return Found(tuple(asked), tuple(problems))


def _problem(
    context: Context, places: Places, question: Question, meeting: Meeting, verdict: Refuted
) -> Problem:
    words = context.artifact.provenance.words
    one, two = sorted((meeting.below, meeting.above), key=lambda side: places.rule(side.rule.id))
    witness = verdict.witness
    if witness is not None and not meeting.twice:
        witness = _with_neighbours(context, meeting, witness)
    return Boundary(
        places.condition(two.rule.id),
        two.rule.id,
        words.get(str(two.term), ""),
        (one.rule.id, places.condition(one.rule.id)),
        words.get(str(one.term), ""),
        _said(context, meeting),
        meeting.twice,
        only_for(context, [formula for _, formula in question.parts]),
        witness,
    )


# ---------------------------------------------------------------- thresholds that meet


def _meetings(context: Context, situation: Situation) -> Iterator[Meeting]:
    """Pairs of rules that leave a single value out, or take it in twice."""
    by_what: dict[tuple[tuple[str, Fraction], ...], list[Threshold]] = {}
    for rule in rules_in(context.program, situation.stage):
        if treats(rule):
            for one in _thresholds(context, situation, rule):
                by_what.setdefault(one.of, []).append(one)
    for of, found in by_what.items():
        about = context.space.variables[found[0].name].about
        grid = grid_of(context.program, about[1]) if about[0] == "input" else None
        near = grid[1] if grid is not None and len(of) == 1 else Fraction(0)
        above = sorted((one for one in found if one.side == "above"), key=lambda one: one.limit)
        limits = [one.limit for one in above]
        for below in (one for one in found if one.side == "below"):
            first, last = bisect_left(limits, below.limit - near), bisect_right(limits, below.limit + near)
            for other in above[first:last]:
                apart = abs(other.limit - below.limit)
                if (not apart or apart < near) and _differ(context, below, other):
                    yield from _met(below, other, grid)


def _thresholds(context: Context, situation: Situation, rule: m.Rule) -> Iterator[Threshold]:
    """The comparisons among the conditions that must all be true for the rule to fire."""
    artifact = context.artifact
    parts = conjuncts(artifact, rule.condition)
    for index in parts:
        term = artifact.terms[index]
        if not isinstance(term, m.Cmp) or term.rel == "=":
            continue
        left, right = (situation.symbols.number(side).value for side in (term.left, term.right))
        linear = left.minus(right)
        about = context.space.variables
        moving = [(name, factor) for name, factor in linear.terms if about[name].about[0] != "setting"]
        if len(moving) != 1 or about[moving[0][0]].about[0] not in ("input", "rate"):
            continue
        ((name, factor),) = moving
        linear = linear.times(1 / factor)
        side: Literal["below", "above"] = "below" if (term.rel in ("<", "<=")) is (factor > 0) else "above"
        rest = frozenset(part for part in parts if part != index)
        yield Threshold(rule, index, name, linear.terms, side, -linear.constant, "=" in term.rel, rest)


def _met(below: Threshold, above: Threshold, grid: Grid | None) -> Iterator[Meeting]:
    """The value between the two limits, where there is one and some chart can show it."""
    apart = above.limit - below.limit
    twice = apart < 0 or (not apart and below.included and above.included)
    low, high = (above, below) if twice else (below, above)
    if not apart and low.included != high.included:
        return
    point = low.limit
    if grid is not None and len(below.of) == 1:
        start, size = grid
        point = start + size * ceil((low.limit - start) / size)
        if point == low.limit and low.included is not twice:
            point += size
        if point > high.limit or (point == high.limit and high.included is not twice):
            return
    yield Meeting(below, above, twice, point if len(below.of) == 1 else None, grid)


def _differ(context: Context, below: Threshold, above: Threshold) -> bool:
    """The two rules do not belong together: they order different things, are not one titration, do not bring
    a drug back to one rate, and their thresholds are not those of two arms.
    """
    one, two = below.rule, above.rule
    if one.id == two.id:
        return False
    if one.from_titrate and two.from_titrate and one.id.rpartition("_")[0] == two.id.rpartition("_")[0]:
        return False
    about = context.space.variables[below.name].about
    if about[0] == "rate" and all(
        about[1] in {order.target for order in written(rule)} for rule in (one, two)
    ):
        return False
    arms = context.artifact.provenance.arms
    if one.arm != two.arm and all(
        side.term in arms.get(f"{side.rule.stage}.{side.rule.arm}", ()) for side in (below, above)
    ):
        return False
    return ordered(one).keys() != ordered(two).keys()


def _belongs(context: Context, situation: Situation, meeting: Meeting) -> bool:
    """The other conditions of one rule hold wherever those of the other do, so the two were meant to meet.

    Where what they order cannot both be given, what holds of both is a contradiction, and found as one.
    """
    one, two = meeting.below, meeting.above
    to = {(order.op, order.target) for side in (one, two) if (order := destination(side.rule))}
    orders = [order for order in situation.offered if order.place.rule in meeting.rules and not order.carried]
    if len(to) > 1 or any(clash.formula is not f.FALSE for clash in clashes(situation, orders)):
        return False
    if one.rest <= two.rest or two.rest <= one.rest:
        return True
    symbols = situation.symbols
    here = [part for _, part in context.applies(situation)]
    for mine, its in ((one.rest, two.rest), (two.rest, one.rest)):
        held = [symbols.truth(term).yes for term in sorted(mine)]
        broken = f.any_of(f.negation(symbols.truth(term).yes) for term in sorted(its))
        if not context.solver.possible([*here, *held, broken]):
            return True
    return False


# ---------------------------------------------------------------- the question


def _parts(context: Context, situation: Situation, meeting: Meeting) -> Iterator[Part]:
    """Unsatisfiable iff no patient at the very value falls between the two rules, or under both."""
    symbols = situation.symbols
    below, above = meeting.below, meeting.above
    yield from context.applies(situation)
    for side in (below, above):
        truth = symbols.truth(side.term)
        yield ("term", str(side.term)), truth.yes if meeting.twice else truth.no
    if meeting.point is not None:
        yield ("point", below.name), f.compare(f.variable(below.name), "=", f.number(meeting.point))
    if meeting.twice:
        for side in (below, above):
            yield ("rule", side.rule.id), situation.rules[side.rule.id].fires
        return
    yield ("rests", situation.stage or ""), situation.rests
    step = None if meeting.grid is None else meeting.grid[1]
    down, up = Beside(below.name, False, step), Beside(below.name, True, step)
    yield ("below", below.rule.id), down.of(situation.rules[below.rule.id].fires)
    yield ("above", above.rule.id), up.of(situation.rules[above.rule.id].fires)
    for other in situation.rules.values():
        issues = other.issues
        if treats(other.rule) and below.name in f.names(issues):
            # One that fires on both sides as well knows nothing of the boundary.
            through = f.all_of((down.of(issues), up.of(issues)))
            yield ("silent", other.rule.id), f.any_of((f.negation(issues), through))


@frozen
class _Shown:
    """At the value both rules fire; or, both conditions being false, the session rests in the stage."""

    meeting: Meeting
    stage: str

    def __call__(self, replayed: Replayed) -> bool:
        content, view = replayed.content, replayed.view
        both = (self.meeting.below, self.meeting.above)
        if self.meeting.twice:
            before = replayed.before
            if before.stage not in (None, self.stage):
                return False
            there = view.again()
            there.place(self.stage, view.time if before.stage is None else before.entered, view.began)
            judged = judge(there, rules_in(replayed.program, self.stage))
            return all(judged[side.rule.id].state == "fires" for side in both)
        return content.stage == self.stage and all(view.truth(side.term) is False for side in both)


# ---------------------------------------------------------------- saying it


def _said(context: Context, meeting: Meeting) -> str:
    """The very value, in the words of the text: `65 mmHg`, `map_target`."""
    artifact = context.artifact
    about = context.space.variables[meeting.below.name].about
    if meeting.point is not None and about[0] == "input":
        unit = artifact.inputs[about[1]].unit
        if unit is not None:
            return f"{show_decimal(_in_unit(context.program, unit, meeting.point))} {unit}"
    term = artifact.terms[meeting.below.term]
    assert isinstance(term, m.Cmp)
    side = term.left if isinstance(artifact.terms[term.left], m.Setting | m.Quantity) else term.right
    return artifact.provenance.words.get(str(side), "")


def _in_unit(program: Program, unit: str, value: Fraction) -> Fraction:
    known = program.units[unit]
    return (value - known.offset) / known.factor


def _with_neighbours(context: Context, meeting: Meeting, witness: Witness) -> Witness:
    """A minute later, and another, the reading a step to either side, as far as the rules speak there."""
    about = context.space.variables[meeting.below.name].about
    read = [
        event.value
        for event in witness.events
        if isinstance(event, Reading) and event.input == about[1] and event.time <= witness.time
    ]
    last = read[-1] if read else None
    if meeting.grid is None or not isinstance(last, Charted) or context.artifact.inputs[about[1]].fixed:
        return witness
    program = Program(context.artifact, dict(witness.settings), unverified=True)
    step = round(meeting.grid[1] / program.units[last.unit].factor * 1_000_000)
    shown = witness
    for side, value in ((meeting.below, last.millionths - step), (meeting.above, last.millionths + step)):
        time = max(witness.time, *shown.also, 0) + MINUTE
        reading = Reading(f"beside {len(shown.also)}", time, about[1], Charted(value, last.unit))
        events = (*shown.events, reading)
        seen = replayed(program, events, time)
        if seen is not None and side.rule.id in counted(seen):
            shown = replace(shown, events=events, also=(*shown.also, time))
    return shown
