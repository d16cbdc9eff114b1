"""The patient who shows a finding: as a chart, as an example to paste, and as data."""

from __future__ import annotations

from typing import Any, assert_never

from rung_engine.artifact import model as m
from rung_engine.decision.model import Decision
from rung_engine.event import Charted, Done, Dose, Fact, Happened, Infusion, NoOtherInfusions, Reading
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_lang.report.chart import excerpt
from rung_lang.report.decisions import order
from rung_lang.report.message import Message
from rung_lang.report.paste import Unwritable, as_example, known_facts
from rung_lang.verify.verdict import Witness


def chart(
    artifact: m.Artifact, witness: Witness, beside: Program | None = None, *, whole: bool = True
) -> str:
    """In lines of at most 80 columns. `beside`: another protocol, played on the same chart. Not `whole`: from
    the first of the instants to show on.
    """
    times = _times(witness)
    since = None if whole else times[0]
    return excerpt(artifact, dict(witness.settings), witness.events, times[-1], times, beside, since)


def example(artifact: m.Artifact, witness: Witness, message: Message) -> str:
    """The block, named after the finding. Raises `Unwritable`."""
    title = f"{message.code}: {message.title.replace('`', '').rstrip('.')}"
    return as_example(artifact, dict(witness.settings), witness.events, _times(witness), title)


def data(
    artifact: m.Artifact, witness: Witness, message: Message, shown: str | None = None
) -> dict[str, Any]:
    """Ready for JSON. `example` is null where the history cannot be told in an example. `shown`: the chart,
    where another protocol stands in it too.
    """
    settings = dict(witness.settings)
    facts = known_facts(artifact, witness.events)
    runner = Runner(Program(artifact, settings, unverified=True), facts)
    decided: list[dict[str, Any]] = []
    for time in _times(witness):
        decisions = runner.run(time)
        if decisions:
            decided.append(_decision(time, decisions[-1], artifact))
    try:
        text: str | None = example(artifact, witness, message)
    except Unwritable:
        text = None
    return {
        "time_ms": witness.time,
        "also_ms": list(witness.also),
        "settings": {name: _setting(value) for name, value in sorted(settings.items())},
        "events": [_event(fact) for fact in facts],
        "decisions": decided,
        "chart": chart(artifact, witness) if shown is None else shown,
        "example": text,
    }


def _times(witness: Witness) -> list[int]:
    return sorted({witness.time, *witness.also})


def _decision(time: int, decision: Decision, artifact: m.Artifact) -> dict[str, Any]:
    """What stands at `time`, in words."""
    content = decision.content
    return {
        "time_ms": time,
        "phase": content.phase,
        "stage": content.stage,
        "orders": [
            {"order": order(one, artifact), "mark": one.mark, "confirmed": one.confirmed, "rules": one.rules}
            for one in content.orders
        ],
        "contradictions": [{"rules": one.rules, "detail": one.detail} for one in content.contradictions],
        "pending": [
            {"rule": one.rule, "needs": [need.name for need in one.needs]} for one in content.pending
        ],
    }


def _setting(value: m.Number | str) -> object:
    return value if isinstance(value, str) else {"millionths": value.millionths, "unit": value.unit}


def _event(fact: Fact) -> dict[str, Any]:
    match fact:
        case Reading():
            return {"kind": "reading", "time_ms": fact.time, "input": fact.input, "value": _value(fact.value)}
        case Infusion():
            bag = fact.concentration
            concentration = None if bag is None else [_value(bag.amount), _value(bag.volume)]
            return {
                "kind": "infusion",
                "time_ms": fact.time,
                "drug": fact.drug,
                "rate": None if fact.rate is None else _value(fact.rate),
                "concentration": concentration,
            }
        case Dose():
            amount = None if fact.amount is None else _value(fact.amount)
            return {"kind": "dose", "time_ms": fact.time, "drug": fact.drug, "amount": amount}
        case Happened():
            return {"kind": "happened", "time_ms": fact.time, "event": fact.event}
        case Done():
            return {"kind": "done", "time_ms": fact.time, "task": fact.task}
        case NoOtherInfusions():
            return {"kind": "no_other_infusions", "time_ms": fact.time}
        case _:
            assert_never(fact)


def _value(value: Charted | bool | str | frozenset[str]) -> object:
    match value:
        case Charted():
            return {"millionths": value.millionths, "unit": value.unit}
        case bool() | str():
            return value
        case frozenset():
            return sorted(value)
        case _:
            assert_never(value)
