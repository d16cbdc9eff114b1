"""R601: two protocols that can apply to one patient never give orders that cannot both be carried out.
R603: they never yield a drug to each other at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_engine.together.combine import YIELDED, combine
from rung_engine.together.model import Voice
from rung_engine.together.owners import claims, rings
from rung_lang.finding import Problem
from rung_lang.verify.ask import Question, universal
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, conflict
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import DoseSymbols, OrderSymbols
from rung_lang.verify.found import Found
from rung_lang.verify.places import Places
from rung_lang.verify.together.problems_together import AgainstEachOther, EachYields
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


def together(one: Side, two: Side, others: Sequence[Side] = ()) -> Found:
    """Every pair of orders that may be incompatible, over every patient to whom both apply. `others` run on
    the patient too, and may own a drug that one of the two yields.
    """
    adopted = Adopted(one.context.space, two.context.space, f"{two.artifact.name}|")
    beside = tuple(_third(one, third) for third in others)
    asked: list[Obligation] = []
    problems: list[Problem] = []
    for (rule, other), questions in sorted(_pairs(one, two, adopted, beside).items()):
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
    both = (f"protocol:{one.artifact.name}", f"protocol:{two.artifact.name}")
    if not asked:
        asked.append(Obligation("R601", both, Proved("text", "checked")))
    owned = _ownership(one, two, adopted, both)
    return Found((*asked, *owned.obligations), (*problems, *owned.problems))


def _ownership(one: Side, two: Side, adopted: Adopted, both: tuple[str, str]) -> Found:
    """Unsatisfiable iff no patient's drug is yielded both ways, so that nobody would speak for it."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    for drug in sorted(set(one.artifact.drugs) & set(two.artifact.drugs)):
        verdict: Verdict = Proved("instant", "checked")
        ways = False
        for here in _situations(one):
            for there in _situations(two):
                mine, yours = _yields(one, two, here, there, adopted, drug, surely=True)
                if mine is f.FALSE or yours is f.FALSE:
                    continue
                ways = True
                parts = (
                    *_stands(one, here),
                    *(
                        ((two.artifact.name, *label), adopted.formula(part))
                        for label, part in _stands(two, there)
                    ),
                    (("yields", drug), mine),
                    ((two.artifact.name, "yields", drug), yours),
                )
                question = Question("R603", (*both, drug), here, parts, _Ringed(two.context.program, drug))
                verdict = universal(one.context, question)
                if not isinstance(verdict, Proved):
                    break
            if not isinstance(verdict, Proved):
                break
        if not ways:
            continue
        asked.append(Obligation("R603", (*both, drug), verdict))
        if isinstance(verdict, Refuted):
            names = (one.artifact.name, two.artifact.name)
            problems.append(
                EachYields(one.places.protocol, drug, *names, two.places.protocol, verdict.witness)
            )
    return Found(tuple(asked), tuple(problems))


def _stands(side: Side, situation: Situation) -> tuple[Part, ...]:
    """The protocol has a session that rests in this stage."""
    return (
        *side.context.applies(situation),
        *side.context.reached(situation),
        (("rests", situation.stage or ""), situation.rests),
    )


@frozen
class _Third:
    """A protocol that runs on the patient too, and where it may have a session: it applies, or may."""

    program: Program
    may_be_on: Formula


def _third(one: Side, third: Side) -> _Third:
    """In the space of `one`. A protocol that can finish need not have a session where it applies."""
    artifact = third.artifact
    finishes = any(
        isinstance(choice, m.One) and choice.order.op == "finish"
        for rule in artifact.rules
        for choice in rule.orders
    )
    if finishes or artifact.applies is None:
        return _Third(third.context.program, f.FALSE)
    adopted = Adopted(one.context.space, third.context.space, f"{artifact.name}|")
    symbols = next(_situations(third)).symbols
    return _Third(third.context.program, f.negation(adopted.formula(symbols.truth(artifact.applies).no)))


def _pairs(
    one: Side, two: Side, adopted: Adopted, beside: Sequence[_Third]
) -> dict[tuple[str, str], list[Question]]:
    """By the two rules: a question for each pair of stages in which their orders may meet."""
    found: dict[tuple[str, str], list[Question]] = {}
    thirds = tuple(third.program for third in beside)
    for here in _situations(one):
        base = _stands(one, here)
        for there in _situations(two):
            also = _stands(two, there)
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
                    (("owner",), _nobody_yields(one, two, here, there, adopted, mine, yours, beside)),
                )
                rules = (mine.place.rule, yours.place.rule)
                question = Question("R601", rules, here, parts, _Both(two.context.program, rules, thirds))
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
    volume = order.volume
    if volume is not None:
        volume = (adopted.linear(volume[0]), adopted.linear(volume[1]))
    stands, sure = adopted.formula(order.stands), adopted.formula(order.sure)
    return replace(order, stands=stands, sure=sure, dose=dose, volume=volume)


def _nobody_yields(
    one: Side,
    two: Side,
    here: Situation,
    there: Situation,
    adopted: Adopted,
    mine: OrderSymbols,
    yours: OrderSymbols,
    beside: Sequence[_Third],
) -> Formula:
    """Neither order is yielded to the other protocol, or may be: it is unconfirmed then. What forbids a drug
    is never yielded.
    """
    ours, _ = _yields(one, two, here, there, adopted, mine.order.target, surely=False)
    _, theirs = _yields(one, two, here, there, adopted, yours.order.target, surely=False)
    yielded = (
        ours if mine.order.op in YIELDED else f.FALSE,
        theirs if yours.order.op in YIELDED else f.FALSE,
    )
    to_others: list[Formula] = []
    for third in beside:
        if mine.order.op in YIELDED:
            said = _said(one, third.program.artifact, here, mine.order.target, surely=False)
            to_others.append(f.all_of((said, third.may_be_on)))
        if yours.order.op in YIELDED:
            said = _said(two, third.program.artifact, there, yours.order.target, surely=False)
            to_others.append(f.all_of((adopted.formula(said), third.may_be_on)))
    return f.negation(f.any_of((*yielded, *to_others)))


def _yields(
    one: Side, two: Side, here: Situation, there: Situation, adopted: Adopted, drug: str, *, surely: bool
) -> tuple[Formula, Formula]:
    """`one` yields the drug to `two` now, and the other way round. Not `surely`: as far as is known."""
    mine = _said(one, two.artifact, here, drug, surely=surely)
    return mine, adopted.formula(_said(two, one.artifact, there, drug, surely=surely))


def _said(side: Side, other: m.Artifact, situation: Situation, drug: str, *, surely: bool) -> Formula:
    """The protocol yields the drug to the other, or the other takes it over; in the protocol's own space."""
    said: list[Formula] = []
    for owned in side.artifact.ownership:
        if owned.how != "yields" or owned.protocol != other.name or drug not in owned.drugs:
            continue
        while_ = f.TRUE
        if owned.condition is not None:
            held = situation.symbols.truth(owned.condition)
            while_ = held.yes if surely else f.negation(held.no)
        said.append(while_)
    said.extend(
        f.TRUE
        for owned in other.ownership
        if owned.how == "supersedes"
        and owned.protocol == side.artifact.name
        and drug in (owned.drugs or side.artifact.drugs)
    )
    return f.any_of(said)


@frozen
class _Both:
    """The two protocols, played on one chart, order what cannot both be done."""

    other: Program
    rules: tuple[str, str]
    thirds: tuple[Program, ...] = ()

    def __call__(self, replayed: Replayed) -> bool:
        found = combine(_voices(replayed, self.other, *self.thirds))
        rules = {
            f"{replayed.program.artifact.name}:{self.rules[0]}",
            f"{self.other.artifact.name}:{self.rules[1]}",
        }
        return any(one.kind == "orders" and rules <= set(one.rules) for one in found.contradictions)


@frozen
class _Ringed:
    """The two protocols, played on one chart, yield the drug to each other."""

    other: Program
    drug: str

    def __call__(self, replayed: Replayed) -> bool:
        found = claims(_voices(replayed, self.other))
        return any(drug == self.drug for drug, _ in rings(found))


def _voices(replayed: Replayed, *others: Program) -> tuple[Voice, ...]:
    """All the protocols at the instant."""
    found = [Voice(replayed.view, replayed.content)]
    for other in others:
        runner = Runner(other, replayed.view.chart.facts)
        view = runner.advance(replayed.view.time)
        found.append(Voice(view, runner.content))
    return tuple(found)
