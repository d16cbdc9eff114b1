"""Which inputs and drugs a history must speak of, so that a question at its end means something."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.artifact.references import operands_of
from rung_engine.program import Program
from rung_engine.reference.evaluate import subjects
from rung_lang.verify.formulas.decide import written
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.histories.timeline import Subject

OF_DRUGS = frozenset(
    {"on", "off", "rated", "rate", "charted_own", "changed", "unchanged", "spent", "counted", "on_for"}
)
OF_TERMS = frozenset({"past", "run", "total", "total_known", "value_at", "value_at_known", "number"})
"""What variables say that are named after a drug, or a term."""


@cache
def moment_of(text: str) -> m.Ref:
    """The moment whose JSON names a variable."""
    said = json.loads(text)
    if said["kind"] in ("later", "earlier"):
        one, other = map(_moment, said["of"])
        return m.PairRef(kind=said["kind"], of=(one, other))
    return _moment(said)


def _moment(said: dict[str, Any]) -> m.Moment:
    match said["kind"]:
        case "event":
            return m.EventRef(**said)
        case "done":
            return m.TaskRef(**said)
        case _:
            return m.DrugRef(**{**said, "drugs": tuple(said["drugs"])})


def of_term(program: Program, term: int) -> Iterator[Subject]:
    """What a term reads, at any depth; the drugs of moments included."""
    yield from subjects(program, term)
    stack, seen = [term], set[int]()
    while stack:
        index = stack.pop()
        if index in seen:
            continue
        seen.add(index)
        node = program.artifact.terms[index]
        stack.extend(operands_of(node))
        match node:
            case m.Occurs() | m.After() | m.Elapsed() | m.ValueAt():
                yield from of_ref(program, node.ref)
            case m.Change() | m.Extreme() | m.Total() if isinstance(node.span, m.Since):
                yield from of_ref(program, node.span.since)
            case m.TimeInCourse() | m.ValueAtStart():
                yield from (("drug", drug) for drug in program.artifact.courses[node.course].drugs)
            case _:
                pass


def of_ref(program: Program, ref: m.Ref) -> Iterator[Subject]:
    """What a moment is about."""
    for one in ref.of if isinstance(ref, m.PairRef) else (ref,):
        match one:
            case m.DrugRef():
                yield from (("drug", drug) for drug in one.drugs)
            case m.EventRef():
                condition = program.artifact.events[one.name].condition
                if condition is not None:
                    yield from of_term(program, condition)
            case m.TaskRef():
                pass


def of_order(program: Program, order: m.Order) -> Iterator[Subject]:
    """What an order is about."""
    artifact = program.artifact
    if order.target in artifact.drugs:
        yield "drug", order.target
    elif order.op == "measure":
        yield from (("input", name) for name in artifact.panels.get(order.target, (order.target,)))
    elif order.op == "end":
        yield from (("drug", drug) for drug in artifact.courses[order.target].drugs)


def of_variables(program: Program, space: Space, names: Iterable[str]) -> Iterator[Subject]:
    """What the variables of a question are about."""
    for name in names:
        match space.variables[name].about:
            case ("known" | "never" | "input" | "value", of, *_) if of in program.artifact.inputs:
                yield "input", of
            case (what, drug) if what in OF_DRUGS:
                yield "drug", drug
            case (what, index, *_) if what in OF_TERMS:
                yield from of_term(program, int(index))
            case (
                "old" | "old_known" | "percent" | "seen" | "throughout" | "lowest" | "mean" | "highest",
                key,
            ):
                yield "input", key.partition(" ")[0]
            case ("after" | "since", key):
                yield from of_ref(program, moment_of(key.removeprefix("first ")))
            case ("course" | "in_course", course):
                yield from (("drug", drug) for drug in program.artifact.courses[course].drugs)
            case ("met", rule, *_) | ("carried", rule):
                for one in program.artifact.rules:
                    if one.id == rule:
                        for order in written(one):
                            yield from of_order(program, order)
            case ("product", *others):
                yield from of_variables(program, space, others)
            case _:
                pass
