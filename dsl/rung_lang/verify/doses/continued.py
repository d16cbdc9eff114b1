"""R401 of `continue`: what runs above a maximum is neither continued nor left to itself.

A rate above a maximum is a fact, and an engine withholds a `continue` of it. That is enough where something
in the same decision lowers or stops the drug, or tells somebody. Where nothing does, it is an error if the
protocol's own orders lead to such a rate, and a warning if only the bedside can have set it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_engine.decision.view import View
from rung_engine.frozen import frozen
from rung_engine.program import Amount, Program
from rung_lang.lower.phrase import amount_words
from rung_lang.verify.ask import Question
from rung_lang.verify.context import Context
from rung_lang.verify.doses.ceilings import Ceiling, ceilings
from rung_lang.verify.doses.moments import Moment, everywhere, moments
from rung_lang.verify.doses.problems_doses import ContinuedAbove, StillAbove
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.found import Found
from rung_lang.verify.places import Places
from rung_lang.verify.verdict import Obligation, Refuted, Replayed, Witness

LOWERS = frozenset({"set", "decrease", "taper", "stop", "pause"})


def continued(context: Context, places: Places) -> Found:
    """Every `continue`, beside every maximum of its drug."""
    asked: list[Obligation] = []
    problems: list[StillAbove | ContinuedAbove] = []
    found = moments(context)
    written = sorted(
        {
            (order.place.rule, order.order.target)
            for moment in found
            for order in moment.orders
            if order.order.op == "continue"
        }
    )
    for rule, drug in written:
        ours: list[StillAbove | ContinuedAbove] = []
        for ceiling in ceilings(context.artifact, drug):
            if ceiling.over is None:
                verdict, _ = everywhere(context, _questions(found, rule, ceiling))
                asked.append(Obligation("R401", (rule,), verdict))
                if isinstance(verdict, Refuted):
                    ours.append(_problem(context, places, rule, ceiling, verdict.witness))
        # The graver one; the other is of the same rule and mended with it.
        problems += sorted(ours, key=lambda one: one.level)[:1]
    return Found(tuple(asked), tuple(problems))


def _problem(
    context: Context, places: Places, rule: str, ceiling: Ceiling, witness: Witness | None
) -> StillAbove | ContinuedAbove:
    condition = ceiling.condition(context.artifact)
    kind = StillAbove if _leads_above(context.program, ceiling) else ContinuedAbove
    return kind(
        places.rule(rule),
        rule,
        ceiling.drug,
        amount_words(ceiling.maximum),
        "" if condition is None else context.artifact.provenance.words.get(str(condition), ""),
        places.drug(ceiling.drug),
        witness,
    )


def _questions(found: tuple[Moment, ...], rule: str, ceiling: Ceiling) -> Iterator[tuple[Question, None]]:
    """Unsatisfiable iff in every decision that keeps the order out, something is done about the rate."""
    for moment in found:
        symbols = moment.situation.symbols
        for order in moment.orders:
            if (order.place.rule, order.order.op, order.order.target) != (rule, "continue", ceiling.drug):
                continue
            bound, dims = symbols.amount(ceiling.maximum)
            rate = symbols.rate(ceiling.drug, dims)
            seen = f.all_of((symbols.drug(ceiling.drug).rated, rate.known))
            above = f.all_of((seen, f.compare(rate.value, ">", bound), ceiling.on(symbols).yes))
            kept = f.any_of(formula for why, _, formula in order.withheld if why == "maximum")
            parts = (
                *moment.parts,
                (("rule", rule), kept),
                (("above", ceiling.drug), above),
                (("nothing is done",), f.negation(f.any_of(_handling(moment, ceiling.drug)))),
            )
            yield (
                Question("R401", (rule,), moment.situation, parts, _LeftAbove(rule, ceiling)),
                None,
            )


def _handling(moment: Moment, drug: str) -> Iterator[Formula]:
    """Orders that bring the rate down, or tell somebody."""
    for order in moment.orders:
        if _handles(moment.situation.symbols.program, order.order.op, order.order.target, drug):
            yield order.stands


def _handles(program: Program, op: str, target: str, drug: str) -> bool:
    if op == "end":
        return drug in program.artifact.courses[target].drugs
    return op == "notify" or (op in LOWERS and target == drug)


@frozen
class _LeftAbove:
    """A maximum keeps the order out, and nothing else in the decision is about the rate."""

    rule: str
    ceiling: Ceiling

    def __call__(self, replayed: Replayed) -> bool:
        return (
            self._kept_out(replayed.content)
            and _runs_above(replayed.view, self.ceiling)
            and not any(
                _handles(replayed.program, one.op, one.target, self.ceiling.drug) and one.mark != "done"
                for one in replayed.content.orders
            )
        )

    def _kept_out(self, content: Content) -> bool:
        mine = (self.rule, "continue", self.ceiling.drug, "maximum")
        return any((one.rule, one.op, one.target, one.why) == mine for one in content.withheld)


def _runs_above(view: View, ceiling: Ceiling) -> bool:
    limit = view.program.amount(ceiling.maximum)
    rate = view.drug(ceiling.drug).rate
    seen = None if rate is None else rate.seen_in(limit.dims, view.weight())
    return ceiling.is_on(view) and seen is not None and seen > limit.value


def _leads_above(program: Program, ceiling: Ceiling) -> bool:
    """Some order of the protocol leads to a rate that this restriction, once in force, does not allow."""
    if ceiling.condition(program.artifact) is None:
        return False
    limit = _end(program, ceiling.maximum, greatest=False)
    declared = program.artifact.drugs[ceiling.drug]
    for order in program.orders:
        if order.target != ceiling.drug:
            continue
        top: m.Amount | None = None
        if order.op == "increase":
            top = order.limit if order.limit is not None else declared.maximum
        elif order.op in ("start", "add", "set"):
            dose = order.dose if order.dose is not None else declared.start
            top = None if dose is None else dose.hi
        if top is not None:
            most = _end(program, top, greatest=True)
            if most.dims != limit.dims or most.value > limit.value:
                return True
    return False


def _end(program: Program, amount: m.Amount, *, greatest: bool) -> Amount:
    """The least or the greatest that it may be, whatever the site chooses."""
    if isinstance(amount, m.FromSetting):
        decl = program.artifact.settings[amount.setting]
        chosen = (decl.hi if greatest else decl.lo) or decl.value
        assert isinstance(chosen, m.Number)
        return program.number(chosen)
    return program.number(amount)
