"""R601: two protocols that can apply to one patient never give orders that cannot both be carried out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rung_engine.artifact import model as m
from rung_engine.decision.conflicts import incompatible
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_lang.finding import Problem
from rung_lang.verify.ask import Question, universal
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, conflict
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import DoseSymbols, OrderSymbols
from rung_lang.verify.found import Found
from rung_lang.verify.places import Places
from rung_lang.verify.together.problems_together import AgainstEachOther
from rung_lang.verify.together.renaming import Adopted
from rung_lang.verify.verdict import Obligation, Proved, Refuted, Replayed, Verdict


@frozen
class Side:
    """One of the two."""

    context: Context
    places: Places

    @property
    def artifact(self) -> m.Artifact:
        return self.context.artifact


def together(one: Side, two: Side) -> Found:
    """Every pair of orders that may be incompatible, over every patient to whom both protocols apply."""
    adopted = Adopted(one.context.space, two.context.space, f"{two.artifact.name}|")
    asked: list[Obligation] = []
    problems: list[Problem] = []
    for (rule, other), questions in sorted(_pairs(one, two, adopted).items()):
        verdict: Verdict = Proved("instant", "checked")
        for question in questions:
            verdict = universal(one.context, question)
            if not isinstance(verdict, Proved):
                break
        asked.append(Obligation("R601", (rule, other), verdict))
        if isinstance(verdict, Refuted):
            problems.append(
                AgainstEachOther(
                    one.places.rule(rule),
                    rule,
                    one.artifact.name,
                    other,
                    two.artifact.name,
                    two.places.rule(other),
                    verdict.witness,
                )
            )
    if not asked:
        both = (f"protocol:{one.artifact.name}", f"protocol:{two.artifact.name}")
        asked.append(Obligation("R601", both, Proved("text", "checked")))
    return Found(tuple(asked), tuple(problems))


def _pairs(one: Side, two: Side, adopted: Adopted) -> dict[tuple[str, str], list[Question]]:
    """By the two rules: a question for each pair of stages in which their orders may meet."""
    found: dict[tuple[str, str], list[Question]] = {}
    for here in _situations(one):
        base: tuple[Part, ...] = (
            *one.context.applies(here),
            *one.context.reached(here),
            (("rests", here.stage or ""), here.rests),
        )
        for there in _situations(two):
            also = (
                *two.context.applies(there),
                *two.context.reached(there),
                (("rests", there.stage or ""), there.rests),
            )
            told: tuple[Part, ...] = ()
            for mine, yours in _meeting(one, here, there):
                if not told:
                    told = tuple(((two.artifact.name, *label), adopted.formula(part)) for label, part in also)
                order = _told(adopted, yours)
                parts = (
                    *base,
                    *told,
                    (("rule", mine.place.rule), f.all_of((mine.stands, mine.sure))),
                    ((two.artifact.name, "rule", yours.place.rule), f.all_of((order.stands, order.sure))),
                    (("clash",), conflict(here, mine, order)),
                    (("owner",), _nobody_yields(one, two, here, there, adopted, mine.order.target)),
                )
                rules = (mine.place.rule, yours.place.rule)
                question = Question("R601", rules, here, parts, _Both(two.context.program, rules))
                found.setdefault(rules, []).append(question)
    return found


def _situations(side: Side) -> Iterator[Situation]:
    for stage in side.artifact.stages:
        yield side.context.situation(stage.name)


def _meeting(one: Side, here: Situation, there: Situation) -> Iterator[tuple[OrderSymbols, OrderSymbols]]:
    """Orders that may be incompatible, by what is written alone."""
    for mine in here.orders:
        if mine.order.target not in one.artifact.drugs or mine.label:
            continue
        for yours in there.orders:
            if yours.label or conflict(here, mine, yours) is f.FALSE:
                continue
            yield mine, yours


def _told(adopted: Adopted, order: OrderSymbols) -> OrderSymbols:
    dose = order.dose
    if dose is not None:
        dose = DoseSymbols(
            tuple(adopted.linear(part) for part in dose.lo),
            tuple(adopted.linear(part) for part in dose.hi),
            dose.dims,
        )
    return replace(order, stands=adopted.formula(order.stands), sure=adopted.formula(order.sure), dose=dose)


def _nobody_yields(
    one: Side, two: Side, here: Situation, there: Situation, adopted: Adopted, drug: str
) -> Formula:
    """Neither has said that the other speaks for this drug now."""
    yielded: list[Formula] = []
    for side, other, situation in ((one, two, here), (two, one, there)):
        for owned in side.artifact.ownership:
            if owned.protocol != other.artifact.name or drug not in owned.drugs:
                continue
            while_ = f.TRUE
            if owned.condition is not None:
                while_ = situation.symbols.truth(owned.condition).yes
            yielded.append(while_ if side is one else adopted.formula(while_))
    return f.negation(f.any_of(yielded))


@frozen
class _Both:
    """The two protocols, played on one chart, order what cannot both be done."""

    other: Program
    rules: tuple[str, str]

    def __call__(self, replayed: Replayed) -> bool:
        runner = Runner(self.other, replayed.view.chart.facts)
        runner.run(replayed.view.time)
        content = runner.fold.content
        return content is not None and any(
            incompatible(replayed.program, mine, yours)
            for mine in replayed.content.orders
            for yours in content.orders
            if self.rules[0] in mine.rules
            and self.rules[1] in yours.rules
            and mine.confirmed
            and yours.confirmed
            and "done" not in (mine.mark, yours.mark)
        )
