"""R204 and R205: no condition is true of every patient, and no rule repeats what another says.

Both are asked of one instant with any past behind it. What is found so is so of every history; where an
instant is possible the condition counts as one that can be false, and the rule as one that adds something.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_lang.finding import Problem
from rung_lang.lower.phrase import order_words
from rung_lang.lower.terms import canonical
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, written
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.intervals import Boxes, within
from rung_lang.verify.formulas.rules import moves
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import conjuncts
from rung_lang.verify.places import Places
from rung_lang.verify.reach.held import stays
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.rules.problems_rules import AddsNothing, AlwaysFires
from rung_lang.verify.solving.asks import Unknown, Unsat
from rung_lang.verify.verdict import Obligation, Proved, Refuted, Undecided, Verdict

STRENGTHS = ("consider", "recommend", "must")
_INSTANT = Proved("instant", "checked")
"""A patient was found for whom it is otherwise: values that anybody can put in."""


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """One obligation for each rule (R204), and for each whose orders another gives too (R205)."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    for rule in context.artifact.rules:
        if not _says_always(context, rule):
            verdict = _always(context, rule)
            asked.append(Obligation("R204", (rule.id,), verdict))
            if isinstance(verdict, Refuted):
                because = tuple(places.said(label) for label in verdict.core if label[0] != "rule")
                words = context.artifact.provenance.words.get(str(rule.condition), "")
                problems.append(AlwaysFires(places.condition(rule.id), rule.id, words, because))
    told: set[str] = set()
    boxes = Boxes()
    for rule, others in _alike(context):
        if rule.stage is not None and not reach.classes[rule.stage]:
            continue
        verdict, other = _repeats(context, boxes, rule, [other for other in others if other.id not in told])
        asked.append(Obligation("R205", (rule.id,), verdict))
        if isinstance(verdict, Refuted) and other is not None:
            told.add(rule.id)
            equal = isinstance(_covered(context, boxes, other, rule), Refuted)
            orders = tuple(order_words(order) for order in written(rule))
            covering = (other.id, places.rule(other.id))
            problems.append(AddsNothing(places.rule(rule.id), rule.id, covering, orders, equal))
    return Found(tuple(asked), tuple(problems))


# ---------------------------------------------------------------- R204


def _says_always(context: Context, rule: m.Rule) -> bool:
    """The rule repeats all of `applies when`: the way to write that it is for every patient."""
    artifact = context.artifact
    if artifact.applies is None:
        return False
    return set(conjuncts(artifact, rule.condition)) == set(conjuncts(artifact, artifact.applies))


def _always(context: Context, rule: m.Rule) -> Verdict:
    """Refuted where the condition is never known to be false of a patient the protocol is about."""
    # What a condition says is the same in every stage; before there is one, no time has passed in it.
    situation = context.situation(rule.stage or context.artifact.stages[0].name)
    never: Part = (("rule", rule.id), situation.symbols.truth(rule.condition).no)
    here = context.applies(situation)
    others = [part for _, part in here]
    for one in never[1].of if isinstance(never[1], f.Or) else (never[1],):
        if within(context.space, [one, *others]):
            return _INSTANT
    # A protocol that applies to nobody is another finding.
    if _may_be(context, [never[1], *others]) or context.solver.impossible(others):
        return _INSTANT
    return _impossible(context, (never, *here))


def _impossible(context: Context, parts: Sequence[Part]) -> Verdict:
    formulas = [formula for _, formula in parts]
    answer = context.solver.ask(formulas)
    match answer:
        case Unsat():
            core = tuple(parts[place][0] for place in answer.core)
            return Refuted(None, core, "instant", "checked" if answer.linear else "solver")
        case Unknown():
            return Undecided(f"the solver gave up: {answer.reason}")
        case _:
            return _INSTANT


# ---------------------------------------------------------------- R205


def _alike(context: Context) -> Iterator[tuple[m.Rule, list[m.Rule]]]:
    """Each rule with those that hold every order of it and are judged wherever it is.

    The last in the text first: of two rules that say the same, the later is the one that may be left out.
    """
    said = {rule.id: ordered(rule) for rule in context.artifact.rules}
    by_choice: dict[str, list[m.Rule]] = {}
    for rule in context.artifact.rules:
        for key in said[rule.id]:
            by_choice.setdefault(key, []).append(rule)
    positions = context.artifact.provenance.positions
    lines = {key: (at.file, at.line, at.column) for key, at in positions.items()}
    for rule in sorted(context.artifact.rules, key=lambda rule: (lines.get(rule.id, ("", 0, 0)), rule.id))[
        ::-1
    ]:
        mine = said[rule.id]
        fewest = min((by_choice[key] for key in mine), key=len, default=[])
        others = [
            other
            for other in fewest
            if other.id != rule.id
            and other.stage in (rule.stage, None)
            and mine.keys() <= said[other.id].keys()
            and all(_at_least(said[other.id][key], mine[key]) for key in mine)
            and set(rule.overrides) <= {*other.overrides, other.id}
        ]
        if others:
            yield rule, others


def _repeats(
    context: Context, boxes: Boxes, rule: m.Rule, others: Sequence[m.Rule]
) -> tuple[Verdict, m.Rule | None]:
    """Refuted by the first of the others that covers the rule."""
    worst: Verdict = _INSTANT
    for other in others:
        verdict = _covered(context, boxes, rule, other)
        if isinstance(verdict, Refuted):
            return verdict, other
        worst = verdict if isinstance(verdict, Undecided) else worst
    return worst, None


def ordered(rule: m.Rule) -> dict[str, m.Choice]:
    """The choices of a rule, by what they say."""
    return {_choice(choice): choice for choice in rule.orders}


def _choice(choice: m.Choice) -> str:
    """What is ordered, whatever the strength; `add` is a `start`."""
    orders = (choice.order,) if isinstance(choice, m.One) else choice.orders
    alike = [order.model_copy(update={"op": "start"}) if order.op == "add" else order for order in orders]
    conditions = choice.conditions if isinstance(choice, m.Prefer) else ()
    return f"{choice.form} {[canonical(order) for order in alike]} {conditions}"


def _at_least(choice: m.Choice, other: m.Choice) -> bool:
    return STRENGTHS.index(choice.strength) >= STRENGTHS.index(other.strength)


def _covered(context: Context, boxes: Boxes, rule: m.Rule, other: m.Rule) -> Verdict:
    """Refuted where the other fires wherever the rule does, and is unconfirmed at most where the rule is."""
    covered: list[Refuted] = []
    for stage in (rule.stage,) if rule.stage is not None else context.program.rules_of:
        situation = context.situation(stage)
        if other.id not in situation.rules:
            # It belongs to one stage, and the rule to all.
            return _INSTANT
        one, two = situation.rules[rule.id], situation.rules[other.id]
        if boxes.apart(one.fires, two.fires):
            return _INSTANT
        here = [*context.applies(situation), *context.reached(situation), *_counts(context, situation, rule)]
        for mine, its in ((one.fires, two.fires), (one.unconfirmed, two.issues)):
            parts = [(("rule", rule.id), mine), (("rule", other.id), f.negation(its)), *here]
            if _may_be(context, [part for _, part in parts]):
                return _INSTANT
            if not context.solver.impossible([mine, *(part for _, part in here)]):
                verdict = _impossible(context, parts)
                if not isinstance(verdict, Refuted):
                    return verdict
                covered.append(verdict)
    return covered[0] if covered else _INSTANT


def _may_be(context: Context, parts: Sequence[Formula]) -> bool:
    return within(context.space, parts) or not context.solver.impossible(parts)


def _counts(context: Context, situation: Situation, rule: m.Rule) -> Iterator[Part]:
    if situation.stage is not None and not (destination(rule) and moves(rule, situation.stage)):
        yield ("rests", situation.stage), stays(context, situation)
