"""R301, R302, R303: every stage is reached, every way goes on, none goes round on one instant."""

from __future__ import annotations

from collections.abc import Iterator

from rung_engine.decision.rules import destination, judge
from rung_engine.frozen import frozen
from rung_lang.finding import Problem
from rung_lang.source import Span
from rung_lang.verify.ask import Question, existential, universal
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.rules import RuleSymbols
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import rules_in
from rung_lang.verify.places import Places
from rung_lang.verify.reach.gone_round import gone_round
from rung_lang.verify.reach.problems_history import DeadEnd, InstantCycle, UnreachableStage
from rung_lang.verify.reach.reach import Reach, cycles, leading_apart
from rung_lang.verify.solving.solve import Sat, Unknown, Unsat
from rung_lang.verify.verdict import Label, Obligation, Proved, Refuted, Replayed, Said, Undecided, Verdict

MOST_WAYS_SHUT = 500
"""Sets of lasting facts that are looked at for one stage."""


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """Every stage, every exit, every round."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    for part in (_unreachable, _dead_ends, _rounds):
        for obligation, problem in part(context, places, reach):
            asked.append(obligation)
            if problem is not None:
                problems.append(problem)
    return Found(tuple(asked), tuple(problems))


Answered = Iterator[tuple[Obligation, Problem | None]]


# ---------------------------------------------------------------- R301


def _unreachable(context: Context, places: Places, reach: Reach) -> Answered:
    """Existential: for every stage some history gets there."""
    for stage in context.artifact.stages:
        about = (f"stage:{stage.name}",)
        if not reach.classes[stage.name]:
            shut = tuple(_shut_entries(context, places, reach, stage.name))
            core = tuple(dict.fromkeys(label for _, _, labels in shut for label in labels))
            entries = tuple(
                (rule, span, tuple(places.said(label) for label in labels)) for rule, span, labels in shut
            )
            verdict: Verdict = Refuted(None, core, "letters", "checked")
            yield (
                Obligation("R301", about, verdict),
                UnreachableStage(places.stage(stage.name), stage.name, entries),
            )
            continue
        situation = context.situation(stage.name)
        # A stage that histories only pass through, on the instant they come to it, is reached all the same.
        question = Question(
            "R301", about, situation, context.applies(situation), _Arrived(stage.name), (situation.rests,)
        )
        verdict = existential(context, question)
        problem = None
        if isinstance(verdict, Refuted):
            problem = UnreachableStage(places.stage(stage.name), stage.name, ())
        yield Obligation("R301", about, verdict), problem


@frozen
class _Arrived:
    """The session stands in the stage, or passed through it on this instant, or in a ring that undid it."""

    stage: str

    def __call__(self, replayed: Replayed) -> bool:
        return self.stage in stood_in(replayed)


def stood_in(replayed: Replayed) -> frozenset[str | None]:
    """The stages in which the session stood on this instant, those it left again, and those of a ring of
    transitions that undid it.
    """
    content = replayed.content
    rings = (one.rules for one in content.contradictions if one.kind == "cycle")
    closing = {rule for rules in rings for rule in rules}
    undone = (rule.stage for rule in replayed.program.artifact.rules if rule.id in closing)
    return frozenset((content.stage, *content.path, *undone, *(one.stage for one in gone_round(replayed))))


def _shut_entries(
    context: Context, places: Places, reach: Reach, stage: str
) -> Iterator[tuple[str, Span, tuple[Label, ...]]]:
    """Each rule that leads to a stage no history gets to, with what stops it."""
    for rule in context.artifact.rules:
        order = destination(rule)
        if order is None or order.op != "go" or order.target != stage:
            continue
        for source in [rule.stage] if rule.stage is not None else sorted(reach.classes):
            if source == stage:
                continue
            if not reach.classes[source]:
                yield rule.id, places.rule(rule.id), (("unreached", source),)
                continue
            situation = context.situation(source)
            parts: list[Part] = [
                *context.applies(situation),
                *reach.part(source, situation.symbols),
                *_conjuncts(context, source, rule.id),
            ]
            formulas = [part for _, part in parts]
            if not context.solver.possible(formulas):
                core = context.solver.minimal(formulas)
                yield rule.id, places.rule(rule.id), tuple(parts[place][0] for place in core)


def _conjuncts(context: Context, stage: str, rule_id: str) -> Iterator[Part]:
    """A rule's condition in the parts its author wrote, and that nothing silences it."""
    situation = context.situation(stage)
    judged = situation.rules[rule_id]
    term = context.artifact.terms[judged.rule.condition]
    for index in term.of if term.op == "and" else (judged.rule.condition,):
        yield ("term", str(index)), situation.symbols.truth(index).yes
    yield ("rule", rule_id), judged.fires
    for other in leading_apart(situation, judged):
        yield ("silent", other.rule.id), f.negation(other.fires)


# ---------------------------------------------------------------- R302


def _dead_ends(context: Context, places: Places, reach: Reach) -> Answered:
    """From every class of a stage that is not resting some rule can still lead out."""
    for stage in context.artifact.stages:
        if not stage.resting and reach.classes[stage.name]:
            yield _exits(context, places, reach, stage.name)


def _exits(context: Context, places: Places, reach: Reach, stage: str) -> tuple[Obligation, Problem | None]:
    """Looks for a set of lasting facts that shuts every exit.

    A move that was possible with some facts in force is possible with fewer, so each move found rules out
    every set that adds nothing to the facts in force at it.
    """
    about = (f"stage:{stage}",)
    situation = context.situation(stage)
    base = [
        *context.applies(situation),
        *reach.part(stage, situation.symbols),
        (("rests", stage), situation.rests),
    ]
    open_: list[Part] = []
    for _ in range(MOST_WAYS_SHUT):
        here = context.solver.ask([part for _, part in (*base, *open_)], also=reach.lasting)
        if isinstance(here, Unsat):
            return Obligation("R302", about, Proved("letters", "checked")), None
        if isinstance(here, Unknown):
            return Obligation("R302", about, Undecided(f"the solver gave up: {here.reason}")), None
        lasting = {place for place, fact in enumerate(reach.lasting) if f.holds(fact, here.values)}
        moved = _a_move(context, reach, situation, lasting)
        if moved is None:
            parts = (*base, *((("lasting", str(place)), reach.lasting[place]) for place in sorted(lasting)))
            verdict = universal(context, Question("R302", about, situation, parts, _Arrived(stage)))
            problem = None
            if isinstance(verdict, Refuted):
                exits = tuple(
                    (
                        judged.rule.id,
                        places.rule(judged.rule.id),
                        _why_shut(context, places, reach, judged, lasting),
                    )
                    for judged in situation.movers
                )
                problem = DeadEnd(places.stage(stage), stage, exits, verdict.witness)
            return Obligation("R302", about, verdict), problem
        more = f.any_of(reach.lasting[place] for place in range(len(reach.lasting)) if place not in moved)
        open_.append((("lasting", "more"), more))
    return Obligation("R302", about, Undecided("too many sets of lasting facts to look at")), None


def _a_move(context: Context, reach: Reach, situation: Situation, lasting: set[int]) -> set[int] | None:
    """The lasting facts in force at some move that is possible while these last; None where none is."""
    base = [part for _, part in context.applies(situation)]
    base += [reach.lasting[place] for place in sorted(lasting)]
    for judged in situation.movers:
        answer = context.solver.ask([*base, judged.fires], also=reach.lasting)
        if isinstance(answer, Sat):
            return {place for place, fact in enumerate(reach.lasting) if f.holds(fact, answer.values)}
    return None


def _why_shut(
    context: Context, places: Places, reach: Reach, judged: RuleSymbols, lasting: set[int]
) -> tuple[Said, ...]:
    """The lasting facts that shut this exit; none where it is shut whatever lasts."""
    facts = sorted(lasting)
    parts = [judged.fires, *(reach.lasting[place] for place in facts)]
    if context.solver.possible(parts):
        return ()
    minimal = context.solver.minimal(parts)
    return tuple(places.said(reach.names[facts[place - 1]]) for place in minimal if place)


# ---------------------------------------------------------------- R303


def _rounds(context: Context, places: Places, reach: Reach) -> Answered:
    """No way round through stages whose rules all fire on one instant."""
    for way in cycles(context):
        about = tuple(judged.rule.id for _, judged in way)
        stages = [stage for stage, _ in way]
        verdict: Verdict | None = None
        for first in (*stages, None):
            # The stage the session stood in may have been entered long ago; the others are entered now.
            parts: list[Part] = []
            for stage, judged in way:
                situation = context.situation(stage, entered_now=stage != first)
                parts.append((("rule", judged.rule.id), situation.rules[judged.rule.id].fires))
                parts.append((("only", stage), _no_other_way(situation, judged)))
            situation = context.situation(first or stages[0], entered_now=first is None)
            parts.extend(context.applies(situation))
            question = Question("R303", about, situation, tuple(parts), _GoesRound(tuple(about)))
            verdict = universal(context, question)
            if not isinstance(verdict, Proved):
                break
        assert verdict is not None
        problem = None
        if isinstance(verdict, Refuted):
            steps = tuple((stage, judged.rule.id, places.rule(judged.rule.id)) for stage, judged in way)
            problem = InstantCycle(steps[0][2], steps, verdict.witness)
        yield Obligation("R303", about, verdict), problem


def _no_other_way(situation: Situation, judged: RuleSymbols) -> f.Formula:
    """No rule leads elsewhere on this instant; that would be a matter of its own, and hold the session
    back.
    """
    target = destination(judged.rule)
    others = (other for other in situation.movers if destination(other.rule) != target)
    return f.negation(f.any_of(other.fires for other in others))


@frozen
class _GoesRound:
    """The engine met a stage twice on one instant, on which all rules of the round fire."""

    rules: tuple[str, ...]

    def __call__(self, replayed: Replayed) -> bool:
        closing = {
            rule for one in replayed.content.contradictions if one.kind == "cycle" for rule in one.rules
        }
        return not closing.isdisjoint(self.rules) and all(self._fires(replayed, rule) for rule in self.rules)

    def _fires(self, replayed: Replayed, rule: str) -> bool:
        """In its stage, be that where the session stood or one that it came to on this instant."""
        before, time = replayed.before, replayed.view.time
        (own,) = (one for one in replayed.program.artifact.rules if one.id == rule)
        for stage in (own.stage,) if own.stage is not None else replayed.program.stages:
            for entered in {before.entered, time} if stage == before.stage else {time}:
                view = replayed.view.again()
                view.place(stage, entered, replayed.state.began)
                if judge(view, rules_in(replayed.program, stage))[rule].state == "fires":
                    return True
        return False
