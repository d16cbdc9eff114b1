"""Where a session stays in its stage though some rule would move it. Mirrors `decision.fold._live`.

It is held back by rules that lead to different places, by orders that contradict those of a moving rule, and
by transitions that come round to where it stood. Each is reported for itself; what is said of every decision
is said of these too. Stated so that no real instant is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from rung_engine.artifact import model as m
from rung_engine.artifact.references import operands_of
from rung_engine.decision.rules import destination
from rung_engine.reference.evaluate import subjects
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.reach.reach import cycles, leading_apart
from rung_lang.verify.rules.clashes import blocked, clashes

PLAIN = (m.Not, m.And, m.Or, m.Flag, m.Is, m.SettingIs)
"""Of one instant, and of nothing that is refused where it is not plausible."""


def stays(context: Context, situation: Situation) -> Formula:
    """The session is in the stage when the instant is over."""
    return f.any_of((situation.rests, held(context, situation)))


def held(context: Context, situation: Situation) -> Formula:
    """Some rule would move the session, and none does."""
    moved = f.any_of(mover.fires for mover in situation.movers)
    at_a_stand = f.any_of((*torn(situation), *disputed(situation), *led_round(context, situation)))
    return f.all_of((moved, at_a_stand))


def torn(situation: Situation) -> Iterator[Formula]:
    """Two rules that lead apart fire."""
    for one, two in combinations(situation.movers, 2):
        if destination(one.rule) != destination(two.rule):
            yield f.all_of((one.fires, two.fires))


def disputed(situation: Situation) -> Iterator[Formula]:
    """Orders of a moving rule and others cannot both be given."""
    moving = {mover.rule.id for mover in situation.movers if len(mover.rule.orders) > 1}
    if not moving:
        return
    given = [order for order in situation.offered if not order.carried]
    for clash in clashes(situation, given):
        if moving.intersection(clash.rules):
            yield clash.formula
    for choice in blocked(situation, carried=False):
        if moving.intersection((choice.rule, *choice.against)):
            yield choice.formula


def led_round(context: Context, situation: Situation) -> Iterator[Formula]:
    """All rules of a ring of transitions fire; the session gets into it on this instant.

    It ends where it was before the instant: not in a stage that it was moved to on it.
    """
    at = situation.symbols.at
    before = f.TRUE
    if all(stage.name != situation.stage for stage in context.program.initial_stages):
        since = context.space.real(f"{at}in_stage", ("in_stage",), at, f.ZERO)
        before = f.compare(since, ">", f.number(0))
    for ring in cycles(context):
        fires = [
            f.any_of(
                context.situation(name, at, entered_now=now).rules[judged.rule.id].fires
                for now in ((False, True) if name == situation.stage else (True,))
            )
            for name, judged in ring
        ]
        yield f.all_of((before, *fires))


def led_back(context: Context, stage: str, at: str = "") -> Formula:
    """A session in the stage that is moved on this instant surely comes round, and so stays.

    Where rules lead apart on the way, or orders contradict those of a move, it may stop there instead.
    """
    found: list[Formula] = []
    for ring in cycles(context):
        if all(name != stage for name, _ in ring):
            continue
        way: list[Formula] = []
        for name, judged in ring:
            there = context.situation(name, at, entered_now=name != stage)
            way.append(there.rules[judged.rule.id].fires)
            way += [f.negation(other.fires) for other in leading_apart(there, judged)]
            way += [f.negation(one) for one in disputed(there)]
        found.append(f.all_of(way))
    return f.any_of(found)


def suspended(context: Context, symbols: Symbols) -> Formula:
    """It is not known on this instant, between two of the session, whether the protocol applies.

    What is known of a fixed input before and after is known between, unless it is a number: one that is not
    plausible is charted, and then the right one again.
    """
    applies, inputs = context.artifact.applies, context.artifact.inputs
    if applies is None:
        return f.FALSE
    read = subjects(context.program, applies)
    if all(kind == "input" and inputs[name].fixed for kind, name in read) and not _may_lapse(
        context, applies
    ):
        return f.FALSE
    return f.negation(symbols.truth(applies).yes)


def _may_lapse(context: Context, index: int) -> bool:
    """Some part of the condition is about time, or about numbers."""
    term = context.artifact.terms[index]
    return not isinstance(term, PLAIN) or any(_may_lapse(context, part) for part in operands_of(term))
