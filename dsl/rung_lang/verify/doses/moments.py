"""The kinds of decision a session gives: at rest in a stage, held back in one, before it has one, and on
finishing.

What holds of each of these holds of every decision, whatever moves came before it on the same instant: the
orders of the rules that moved a session stand among those of the stage it came to rest in.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_lang.verify.ask import Question, existential, universal
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import OrderSymbols
from rung_lang.verify.reach.held import held
from rung_lang.verify.verdict import Label, Layer, Proved, Refuted, Trust, Undecided, Verdict

_T = TypeVar("_T")


@frozen
class Moment:
    """Where a decision is given. `parts`: that it is; `decision`: what `ordered D` speaks of. `held`: the
    session stays in its stage though some rule would move it.
    """

    situation: Situation
    decision: Situation
    parts: tuple[Part, ...]
    finishes: bool = False
    held: bool = False

    @property
    def about(self) -> str:
        """For an obligation."""
        return "throughout" if self.situation.stage is None else f"stage:{self.situation.stage}"

    @property
    def orders(self) -> list[OrderSymbols]:
        """The orders of the decision."""
        return self.decision.orders


def moments(context: Context) -> tuple[Moment, ...]:
    """Every kind of decision, in the order of stages."""
    found: list[Moment] = []
    for stage in (*sorted(stage.name for stage in context.artifact.stages), None):
        situation = context.situation(stage)
        rests: Part = (("rests", stage or ""), situation.rests)
        if stage is None:
            rests = (("no stage",), _no_stage(context, situation))
        if stage is not None or rests[1] is not f.FALSE:
            found.append(Moment(situation, situation, (*context.applies(situation), rests)))
        back: Part = (("held", stage or ""), held(context, situation) if situation.movers else f.FALSE)
        parts = (*context.applies(situation), back)
        if back[1] is not f.FALSE and not context.solver.impossible([part for _, part in parts]):
            found.append(Moment(situation, situation, parts, held=True))
        for judged in situation.movers:
            order = destination(judged.rule)
            if order is not None and order.op == "finish":
                moves: Part = (("rule", judged.rule.id), judged.fires)
                last = _last_words(situation)
                found.append(Moment(situation, last, (*context.applies(situation), moves), finishes=True))
    return tuple(found)


def _no_stage(context: Context, situation: Situation) -> Formula:
    """No initial stage is chosen: one that is tried before the others is unknown, or none is true."""
    undecided: list[Formula] = []
    before: list[Formula] = []
    for stage in context.program.initial_stages:
        if stage.initial_if is None:
            return f.any_of(undecided)
        chosen = situation.symbols.truth(stage.initial_if)
        undecided.append(f.all_of((*before, chosen.unknown)))
        before.append(chosen.no)
    return f.any_of((*undecided, f.all_of(before)))


def _last_words(situation: Situation) -> Situation:
    """The decision of a session that finishes: the orders of the rules that moved it, in no stage.

    What a drug needs is not asked any more, so an order that lacks it stands.
    """
    last = copy.copy(situation)
    last.stage = None
    last.orders = []
    for order in situation.orders:
        judged = situation.rules.get(order.place.rule)
        if order.order.op in ("go", "finish"):
            continue
        fires = f.TRUE
        if not order.carried:
            goes = destination(judged.rule) if judged is not None else None
            if judged is None or goes is None or goes.op != "finish":
                continue
            fires = judged.fires
        kept = [order.stands, *(formula for why, _, formula in order.withheld if why == "needs")]
        others = tuple(gate for gate in order.withheld if gate[0] != "needs")
        last.orders.append(replace(order, stands=f.all_of((fires, f.any_of(kept))), withheld=others))
    return last


# ---------------------------------------------------------------- one question in several places


def everywhere(context: Context, questions: Iterable[tuple[Question, _T]]) -> tuple[Verdict, _T | None]:
    """Universal over all: refuted by the first patient found, with what was asked where."""
    proved: list[Proved] = []
    doubt: tuple[Undecided, _T] | None = None
    for question, where in questions:
        verdict = universal(context, question)
        match verdict:
            case Refuted():
                return verdict, where
            case Undecided():
                doubt = doubt or (verdict, where)
            case Proved():
                proved.append(verdict)
    return doubt if doubt is not None else (_together(proved), None)


def somewhere(context: Context, questions: Iterable[tuple[Question, _T]]) -> tuple[Verdict, _T | None]:
    """Existential over all: proved by the first patient found; refuted where each is impossible."""
    shut: list[Proved] = []
    doubt: tuple[Undecided, _T] | None = None
    for question, where in questions:
        verdict = existential(context, question)
        match verdict:
            case Proved():
                return verdict, where
            case Undecided():
                doubt = doubt or (verdict, where)
            case Refuted():
                shut.append(Proved(verdict.layer, verdict.trust, verdict.core))
    if doubt is not None:
        return doubt
    none = _together(shut)
    return Refuted(None, none.core, none.layer, none.trust), None


_LAYERS: tuple[Layer, ...] = ("text", "instant", "letters", "clocks", "symbolic", "cycles", "replay")


def _together(proved: Iterable[Proved]) -> Proved:
    """What several proofs come to: the last layer and the weakest trust of any, all parts they rest on."""
    layer: Layer = "text"
    trust: Trust = "checked"
    core: dict[Label, None] = {}
    for one in proved:
        layer = max(layer, one.layer, key=_LAYERS.index)
        trust = one.trust if one.trust != "checked" else trust
        core |= dict.fromkeys(one.core)
    return Proved(layer, trust, tuple(core))
