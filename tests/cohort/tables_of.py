"""Small cohorts for tests: generated programs and histories, as facts and as tables."""

from __future__ import annotations

from random import Random

import pyarrow as pa
from tests.laws.strategies import any_artifact, any_history

from rung_engine.artifact.seal import seal
from rung_engine.cohort.facts import Facts, facts_of
from rung_engine.cohort.form import form_of
from rung_engine.event import Event
from rung_engine.program import Program


def program(seed: int, size: int = 12) -> Program:
    return Program(seal(any_artifact(Random(seed), size)), unverified=True)


def stays(seed: int, count: int, facts: int = 24) -> dict[str, tuple[Event, ...]]:
    """Histories by stay; a stay's own seed makes it what it is."""
    return {f"stay-{k}": any_history(Random(seed * 1000 + k), facts) for k in range(count)}


def table(of: Program, seed: int, count: int) -> pa.Table:
    return form_of(facts_of(of, stays(seed, count)))


def shuffled(rows: pa.Table, seed: int) -> pa.Table:
    order = list(range(len(rows)))
    Random(seed).shuffle(order)
    return rows.take(pa.array(order))


def columns(facts: Facts) -> list[object]:
    """All that two values of `Facts` are compared by."""
    arrays = (facts.start, facts.time, facts.kind, facts.name, facts.unit, facts.value)
    labels = [facts.concentrations[row].tolist() if row >= 0 else None for row in facts.conc.tolist()]
    return [facts.stays, [array.tolist() for array in arrays], labels]
