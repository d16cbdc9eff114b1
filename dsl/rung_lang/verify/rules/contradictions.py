"""R201 and R202: no two rules give orders that cannot both be given, and no two lead to different stages.

Asked wherever orders meet: of the rules of a stage at rest; of a rule that moves and any that fires beside
it, which holds the session back; of rules that moved a session one after the other on one instant, and of
their orders as they are carried on; of a free choice that is left without an arm. An order that begins a drug
beside one that ends it is a contradiction too where one is met: once the other is done, it no longer is.

Only what is confirmed contradicts: where one of two rules is unknown the engine leaves the other's order
unconfirmed. What stands while a ring of transitions holds a session back is left to R303.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations
from typing import Literal, assert_never

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination, judge
from rung_engine.frozen import frozen
from rung_lang.finding import Problem
from rung_lang.lower.phrase import order_words
from rung_lang.verify.ask import Question, universal
from rung_lang.verify.context import Context, Part
from rung_lang.verify.doses.moments import moments
from rung_lang.verify.doses.sites import only_for
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.intervals import Boxes, within
from rung_lang.verify.formulas.orders import STARTS
from rung_lang.verify.formulas.rules import RuleSymbols
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import rules_in
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.rules.clashes import ENDS, Blocked, Clash, Undoing, blocked, clashes, undoings
from rung_lang.verify.rules.problems_rules import Contradiction, TwoWays
from rung_lang.verify.rules.ways import Way, ways
from rung_lang.verify.solving.asks import Unsat
from rung_lang.verify.verdict import Obligation, Proved, Refuted, Replayed, Verdict

MOVED = "moved:"
"""The earlier instant on which rules moved a session whose orders are carried on."""

Asked = tuple[Situation, tuple[Part, ...]]


@frozen
class _Candidate:
    """Rules that the solver lets contradict each other: where, by which orders, what settles it."""

    stage: str | None
    orders: tuple[m.Order, ...]
    questions: tuple[Question, ...]
    shown: _Shown


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """One obligation for each stage, and one for each set of rules that could not be told apart there."""
    search = _Search(context, reach)
    for situation, rest in search.places():
        search.meeting(situation, rest)
    for way in ways(context):
        search.on_the_way(way)
    asked: list[Obligation] = []
    problems: list[Problem] = []
    troubled: set[tuple[str, str | None]] = set()
    for (code, rules), candidates in sorted(search.found.items()):
        verdict, candidate = _settled(context, candidates)
        asked.append(Obligation(code, rules, verdict))
        if isinstance(verdict, Proved):
            continue
        troubled |= {(code, one.stage) for one in candidates}
        if isinstance(verdict, Refuted):
            stages = tuple(dict.fromkeys(one.stage or "" for one in candidates))
            problems.append(_problem(context, places, code, candidate, stages, verdict))
    for stage, linear in search.linear.items():
        proved = Proved("instant", "checked" if linear else "solver")
        about = ("throughout" if stage is None else f"stage:{stage}",)
        asked += [
            Obligation(code, about, proved) for code in ("R201", "R202") if (code, stage) not in troubled
        ]
    return Found(tuple(asked), tuple(problems))


def _settled(context: Context, candidates: Sequence[_Candidate]) -> tuple[Verdict, _Candidate]:
    """Refuted where some question is; proved where every one is."""
    found: tuple[Verdict, _Candidate] | None = None
    for candidate in candidates:
        for question in candidate.questions:
            verdict = universal(context, question)
            if isinstance(verdict, Refuted):
                return verdict, candidate
            if found is None or isinstance(found[0], Proved):
                found = verdict, candidate
    assert found is not None
    return found


def _problem(
    context: Context,
    places: Places,
    code: str,
    candidate: _Candidate,
    stages: tuple[str, ...],
    verdict: Refuted,
) -> Problem:
    """At the rule that stands last in the text, with the others beside it."""
    rules = sorted(candidate.shown.reported, key=lambda rule: (places.rule(rule), rule))
    others = tuple((rule, places.condition(rule)) for rule in rules[:-1])
    span = places.condition(rules[-1])
    sites = only_for(context, [part for _, part in candidate.questions[-1].parts])
    orders = candidate.orders
    if code == "R202":
        targets = tuple(order.target for order in orders)
        return TwoWays(span, rules[-1], others, targets, stages, sites, verdict.witness)
    words = tuple(order_words(order) for order in orders)
    undoes = {order.op for order in orders} & STARTS and {order.op for order in orders} & ENDS
    return Contradiction(
        span,
        rules[-1],
        others,
        words,
        candidate.shown.choice,
        orders[0].target if undoes and len({order.target for order in orders}) == 1 else "",
        candidate.shown.kind == "undone",
        stages,
        sites,
        verdict.witness,
    )


# ---------------------------------------------------------------- the search


@dataclass(slots=True)
class _Search:
    """What the solver lets happen, by code and rules. `linear`: no product was needed for the rest."""

    context: Context
    reach: Reach
    found: dict[tuple[str, tuple[str, ...]], list[_Candidate]] = field(default_factory=dict)
    linear: dict[str | None, bool] = field(default_factory=dict)
    _apart: dict[tuple[int, int], bool] = field(default_factory=dict)
    _boxes: Boxes = field(default_factory=Boxes)

    def places(self) -> Iterator[Asked]:
        """Where rules meet, the stages that take the fewest steps first; with what is so at rest there."""
        found = moments(self.context)
        rests = {one.situation.stage: one for one in found if not one.finishes and not one.held}
        far = len(rests)
        steps = {
            stage: min((len(self.reach.way_to(one)) for one in classes), default=far)
            for stage, classes in self.reach.classes.items()
        }
        for stage in sorted(rests, key=lambda stage: (steps.get(stage or "", far), stage or "")):
            self.linear[stage] = True
            yield rests[stage].situation, rests[stage].parts

    def meeting(self, situation: Situation, rest: tuple[Part, ...]) -> None:
        """The rules that are judged together in one stage."""
        here = self.context.applies(situation)
        stage = situation.stage
        moving = {judged.rule.id for judged in situation.movers}
        given = [order for order in situation.offered if not order.carried]
        pairs: Iterator[Clash | Undoing] = chain(clashes(situation, given), undoings(situation))
        for clash in pairs:
            one, two = (situation.rules[rule] for rule in clash.rules)
            if isinstance(clash, Undoing) and len({one.rule.id in moving, two.rule.id in moving}) == 2:
                # The session leaves with the orders of the one, and the other is asked no more.
                continue
            if not self._never_together(here, one, two):
                base = here if moving.intersection(clash.rules) else rest
                shown = _Shown("undone" if isinstance(clash, Undoing) else "orders", clash.rules, stage=stage)
                self._note(stage, shown, clash.orders, ((situation, (*base, _part(clash))),))
        for choice in blocked(situation, carried=False):
            base = here if moving.intersection((choice.rule, *choice.against)) else rest
            shown = _Shown("orders", (choice.rule,), choice=True)
            self._note(stage, shown, choice.orders, ((situation, (*base, _part(choice))),))
        for one, two in combinations(situation.movers, 2):
            to = tuple(order for judged in (one, two) if (order := destination(judged.rule)))
            apart = (to[0].op, to[0].target) != (to[1].op, to[1].target)
            if apart and not self._never_together(here, one, two):
                parts = (*here, (("rule", one.rule.id), one.fires), (("rule", two.rule.id), two.fires))
                self._note(stage, _Shown("stages", (one.rule.id, two.rule.id)), to, ((situation, parts),))

    def on_the_way(self, way: Way) -> None:
        """The orders of two rules that moved the session one after the other, where it came to rest."""
        context = self.context
        start = context.situation(way.start)
        for stage in way.ends:
            situation = context.situation(stage)
            rests: Part = (("rests", stage), situation.rests)
            carried = [
                order for order in situation.offered if order.place.rule in way.rules and order.carried
            ]
            for clash in clashes(situation, carried):
                if set(clash.rules) == set(way.rules):
                    at_once = (*way.parts(context, ""), rests, _part(clash))
                    later = (*way.parts(context, MOVED), *context.applies(situation), rests, _part(clash))
                    shown = _Shown("orders", way.rules)
                    self._note(stage, shown, clash.orders, ((start, at_once), (situation, later)))
            for choice in blocked(situation, carried=True):
                if choice.rule in way.rules and set(choice.against) & set(way.rules):
                    parts = (*way.parts(context, MOVED), *context.applies(situation), rests, _part(choice))
                    shown = _Shown("orders", (choice.rule,), choice=True)
                    self._note(stage, shown, choice.orders, ((situation, parts),))
        if not way.ends:
            then = context.situation(way.second, entered_now=True)
            last = [
                order for order in then.offered if order.place.rule == way.rules[0 if order.carried else 1]
            ]
            for clash in clashes(then, last):
                if set(clash.rules) == set(way.rules):
                    parts = (*way.parts(context, ""), _part(clash))
                    self._note(way.second, _Shown("finish", way.rules), clash.orders, ((start, parts),))

    def _note(
        self, stage: str | None, shown: _Shown, orders: tuple[m.Order, ...], asked: tuple[Asked, ...]
    ) -> None:
        """Kept where some history may show it. Of several questions the last allows the most."""
        situation, parts = asked[-1]
        answer = self.context.solver.refute([part for _, part in (*parts, *self.context.reached(situation))])
        if isinstance(answer, Unsat):
            self.linear[stage] = self.linear.get(stage, True) and answer.linear
            return
        code = "R202" if shown.kind == "stages" else "R201"
        rules = tuple(sorted(set(shown.rules)))
        questions = tuple(Question(code, rules, where, of, shown) for where, of in asked)
        self.found.setdefault((code, rules), []).append(_Candidate(stage, orders, questions, shown))

    def _never_together(self, here: tuple[Part, ...], one: RuleSymbols, two: RuleSymbols) -> bool:
        """The two never fire on one instant, in whatever stage."""
        key = (min(id(one.fires), id(two.fires)), max(id(one.fires), id(two.fires)))
        if key not in self._apart:
            both = (one.fires, two.fires)
            here_both = [*(part for _, part in here), *both]
            self._apart[key] = self._boxes.apart(*both) or (
                not within(self.context.space, here_both) and self.context.solver.impossible(here_both)
            )
        return self._apart[key]


def _part(clash: Clash | Undoing | Blocked) -> Part:
    return ("clash",), clash.formula


# ---------------------------------------------------------------- what shows it


@dataclass(slots=True)
class _Shown:
    """The decision reports that these rules contradict each other; `reported`: all that it names.

    What begins a drug beside what ends it is reported by nothing: there both fire.
    """

    kind: Literal["orders", "stages", "undone", "finish"]
    rules: tuple[str, ...]
    choice: bool = False
    stage: str | None = None
    reported: tuple[str, ...] = ()

    def __call__(self, replayed: Replayed) -> bool:
        match self.kind:
            case "undone":
                shown = self._both_fire(replayed)
            case "orders" | "stages" | "finish":
                return self._is_reported(replayed)
            case _:
                assert_never(self.kind)
        self.reported = self.rules if shown else ()
        return shown

    def _is_reported(self, replayed: Replayed) -> bool:
        kind = "orders" if self.kind == "finish" else self.kind
        for one in replayed.content.contradictions:
            alike = one.detail.endswith("no arm of the choice is free") is self.choice
            if one.kind == kind and alike and set(self.rules) <= set(one.rules):
                self.reported = one.rules if self.choice else self.rules
                return True
        return False

    def _both_fire(self, replayed: Replayed) -> bool:
        content, view = replayed.content, replayed.view
        if self.stage not in (content.stage, *content.path):
            return False
        judged = judge(view, rules_in(replayed.program, self.stage))
        return all(judged[rule].state == "fires" for rule in self.rules)
