"""What can change while orders are obeyed: a move to another stage, a drug that goes up or down.

Stages between which a session can go round, and the steps it may take there. A round of a patient whose
readings stay as they are is made of such steps, all of one set of stages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_engine.program import Dims
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.orders import OrderSymbols, maxima
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.reach.held import led_back
from rung_lang.verify.reach.reach import leading_apart
from rung_lang.verify.rules.clashes import given_up

Kind = Literal["go", "up", "down"]

STARTS = frozenset({"start", "add", "set"})
ENDS = frozenset({"stop", "pause", "end", "taper"})
MOVES_A_RATE = frozenset({*STARTS, *ENDS, "increase", "decrease"})


@frozen
class Bound:
    """A rate in these dimensions."""

    value: Linear
    dims: Dims


@frozen
class Step:
    """`target`: the stage entered, or the drug. `stages`: where the rule is judged. `where`: on which
    instants; `core`: that without what is so on every instant of these stages.

    Of a drug that goes up, `bounds` are what it does not pass; of one that goes down, what it does not go
    below. `toggles`: it may start, or stop. `carried`: ordered by a rule as it moved the session. `op`: of
    the order.
    """

    kind: Kind
    rule: str
    target: str
    stages: tuple[str | None, ...]
    core: Formula
    where: Formula
    bounds: tuple[Bound, ...] = ()
    toggles: bool = False
    carried: bool = False
    op: str = ""
    cores: tuple[tuple[str | None, Formula], ...] = ()
    free: bool = False

    @property
    def alone(self) -> str | None:
        """The one stage it belongs to; None of a rule that stands throughout several, or before any."""
        return self.stages[0] if len(self.stages) == 1 else None


# ---------------------------------------------------------------- stages that lead round


def rounds(context: Context, stages: Sequence[str]) -> list[tuple[str | None, ...]]:
    """The stages in groups: each holds the stages of every way round through any of them. A stage that is on
    no way round is by itself; so is the time before a session has a stage, if there is one.
    """
    leads = {stage: _leads(context, stage) & set(stages) for stage in stages}
    beyond = {stage: _beyond(leads, stage) for stage in stages}
    found: list[tuple[str | None, ...]] = []
    taken: set[str] = set()
    for stage in stages:
        if stage not in taken:
            group = tuple(
                other
                for other in stages
                if other == stage or (other in beyond[stage] and stage in beyond[other])
            )
            taken.update(group)
            found.append(group)
    first = context.program.initial_stages
    if first and first[0].initial_if is not None:
        found.append((None,))
    return found


def _leads(context: Context, stage: str) -> set[str]:
    found = set()
    for judged in context.situation(stage).movers:
        order = destination(judged.rule)
        if order is not None and order.op == "go" and judged.fires is not f.FALSE:
            found.add(order.target)
    return found


def _beyond(leads: dict[str, set[str]], stage: str) -> set[str]:
    found: set[str] = set()
    todo = [stage]
    while todo:
        fresh = leads[todo.pop()] - found
        found |= fresh
        todo.extend(sorted(fresh))
    return found


# ---------------------------------------------------------------- steps


def steps_in(context: Context, group: Sequence[str | None]) -> tuple[Step, ...]:
    """Every step of the stages, those of one rule in several stages as one."""
    merged: dict[tuple[Kind, str, str, str], Step] = {}
    for stage in group:
        situation = context.situation(stage)
        given = [part for _, part in (*context.applies(situation), *context.reached(situation))]
        for key, step in _steps_of(situation, group):
            core, where = step.core, f.all_of((*given, step.core))
            if step.kind == "go" and stage is not None:
                judged = situation.rules[step.rule]
                apart = (f.negation(other.fires) for other in leading_apart(situation, judged))
                where = f.all_of((where, *apart, f.negation(led_back(context, stage))))
            cores: tuple[tuple[str | None, Formula], ...] = ((stage, core),)
            if where is f.FALSE:
                continue
            known = merged.get((step.kind, step.rule, step.target, key))
            if known is not None:
                step = replace(step, stages=(*known.stages, stage))
                core, where = f.any_of((known.core, core)), f.any_of((known.where, where))
                cores = (*known.cores, *cores)
            merged[step.kind, step.rule, step.target, key] = replace(
                step, core=core, where=where, cores=cores
            )
    return tuple(step for _, step in sorted(merged.items()))


def _steps_of(situation: Situation, group: Sequence[str | None]) -> Iterator[tuple[str, Step]]:
    for judged in situation.movers:
        order = destination(judged.rule)
        if order is not None and order.op == "go" and order.target in group:
            yield "", Step("go", judged.rule.id, order.target, (situation.stage,), judged.fires, f.TRUE)
    disputed = given_up(situation)
    for place, order_ in enumerate(situation.orders):
        if order_.order.op in MOVES_A_RATE:
            given = f.negation(f.any_of(disputed.get(place, ())))
            now = f.all_of((order_.stands, order_.sure, situation.rests, given))
            for kind, drug, where, toggles in _turns(situation, order_):
                step = Step(
                    kind, order_.place.rule, drug, (situation.stage,), f.all_of((now, where)), f.TRUE,
                    tuple(_bounds(situation.symbols, kind, order_)), toggles, order_.carried,
                    order_.order.op, free=bool(order_.label) or (order_.dose is None and order_.order.op in
                    STARTS),
                )  # fmt: skip
                written = order_.place
                yield f"{written.choice}.{written.arm}.{written.instead}.{order_.carried}.{toggles}", step


def _turns(situation: Situation, order: OrderSymbols) -> Iterator[tuple[Kind, str, Formula, bool]]:
    """Which way the order takes which drug, where, and whether that may start or stop it."""
    symbols = situation.symbols
    artifact = symbols.program.artifact
    target = order.order.target
    match order.order.op:
        case "start" | "add":
            yield "up", target, f.TRUE, True
        case "set":
            drug = symbols.drug(target)
            yield "up", target, f.negation(drug.on), True
            if order.dose is not None:
                rate = symbols.rate(target, order.dose.dims)
                runs = f.all_of((drug.rated, rate.known))
                yield "up", target, f.all_of((runs, f.compare(rate.value, "<", order.dose.lo[0]))), False
                yield "down", target, f.all_of((runs, f.compare(rate.value, ">", order.dose.hi[0]))), False
        case "increase":
            yield "up", target, f.TRUE, False
        case "decrease":
            yield "down", target, f.TRUE, False
        case "taper":
            yield "down", target, f.TRUE, True
        case "stop" | "pause":
            yield "down", target, symbols.drug(target).on, True
        case "end":
            for drug_name in artifact.courses[target].drugs:
                if artifact.drugs[drug_name].form == "infusion":
                    yield "down", drug_name, symbols.drug(drug_name).on, True
        case _:
            raise AssertionError(f"{order.order.op} moves no rate")


def _bounds(symbols: Symbols, kind: Kind, order: OrderSymbols) -> Iterator[Bound]:
    if kind == "up" and order.dose is not None:
        highest = order.dose.hi[1:] if order.order.op == "increase" else order.dose.hi
        yield from (Bound(value, order.dose.dims) for value in highest)
    if kind == "up":
        yield from (
            Bound(value, dims) for value, dims, on in maxima(symbols, order.order.target) if on is f.TRUE
        )
    if kind == "down" and order.order.op == "decrease" and order.order.limit is not None:
        yield Bound(*symbols.amount(order.order.limit))
    if kind == "down" and order.order.op == "set" and order.dose is not None:
        yield Bound(order.dose.lo[0], order.dose.dims)


def closed(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Without steps of drugs that go one way only, and without what no step of these could have ordered."""
    while True:
        moved = drugs_moved(steps)
        going = {step.rule for step in steps if step.kind == "go"}
        kept = tuple(
            step
            for step in steps
            if (step.kind == "go" or step.target in moved) and (not step.carried or step.rule in going)
        )
        if kept == tuple(steps):
            return kept
        steps = kept


def drugs_moved(steps: Iterable[Step]) -> tuple[str, ...]:
    """The drugs that both go up and go down, by name."""
    up = {step.target for step in steps if step.kind == "up"}
    return tuple(sorted(up & {step.target for step in steps if step.kind == "down"}))


def drugs_given(context: Context, group: Sequence[str | None]) -> frozenset[str]:
    """The drugs of which a dose may be ordered."""
    return frozenset(
        order.order.target
        for stage in group
        for order in context.situation(stage).orders
        if order.order.op == "give" and order.stands is not f.FALSE
    )
