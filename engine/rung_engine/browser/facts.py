"""Facts as JSON: how conformance cases and the engine for a page are told of them."""

from __future__ import annotations

from typing import Any, assert_never

from rung_engine.event import (
    Charted,
    Concentration,
    Correction,
    Done,
    Dose,
    Event,
    Happened,
    Infusion,
    NoOtherInfusions,
    Reading,
    Retraction,
    Value,
)


def fact_json(event: Event) -> dict[str, Any]:
    """One event as plain data; `schemas/conformance/README.md` says what each field is."""
    match event:
        case Reading():
            own: dict[str, Any] = {"kind": "reading", "input": event.input, "value": _value_json(event.value)}
        case Infusion():
            own = {"kind": "infusion", "drug": event.drug, "rate": _charted_json(event.rate)}
            if event.concentration is not None:
                label = event.concentration
                own["concentration"] = {
                    "amount": _charted_json(label.amount), "volume": _charted_json(label.volume),
                }  # fmt: skip
        case Dose():
            own = {"kind": "dose", "drug": event.drug, "amount": _charted_json(event.amount)}
        case Happened():
            own = {"kind": "happened", "event": event.event}
        case Done():
            own = {"kind": "done", "task": event.task}
        case NoOtherInfusions():
            own = {"kind": "no_other_infusions"}
        case Retraction():
            own = {"kind": "retraction", "of": event.of}
        case Correction():
            own = {"kind": "correction", "of": event.of, "fact": fact_json(event.fact)}
        case _:
            assert_never(event)
    own.update(id=event.id, time=event.time)
    if event.source:
        own["source"] = event.source
    return own


def event_of(data: dict[str, Any]) -> Event:
    """The event that `fact_json` made this of. KeyError or ValueError where it is of no known form."""
    key, time, source = data["id"], data["time"], data.get("source", "")
    match data["kind"]:
        case "reading":
            return Reading(key, time, data["input"], _value_of(data["value"]), source)
        case "infusion":
            label = data.get("concentration")
            mixed = None if label is None else Concentration(_of(label["amount"]), _of(label["volume"]))
            rate = None if data["rate"] is None else _of(data["rate"])
            return Infusion(key, time, data["drug"], rate, mixed, source)
        case "dose":
            amount = None if data["amount"] is None else _of(data["amount"])
            return Dose(key, time, data["drug"], amount, source)
        case "happened":
            return Happened(key, time, data["event"], source)
        case "done":
            return Done(key, time, data["task"], source)
        case "no_other_infusions":
            return NoOtherInfusions(key, time, source)
        case "retraction":
            return Retraction(key, time, data["of"], source)
        case "correction":
            fact = event_of(data["fact"])
            if isinstance(fact, Retraction | Correction):
                raise ValueError("a correction corrects to a fact")
            return Correction(key, time, data["of"], fact, source)
        case other:
            raise ValueError(f"no kind of fact: {other}")


def _charted_json(charted: Charted | None) -> dict[str, Any] | None:
    return None if charted is None else {"millionths": charted.millionths, "unit": charted.unit}


def _value_json(value: Value) -> Any:
    if isinstance(value, Charted):
        return _charted_json(value)
    return sorted(value) if isinstance(value, frozenset) else value


def _of(data: dict[str, Any]) -> Charted:
    return Charted(data["millionths"], data["unit"])


def _value_of(data: Any) -> Value:
    if isinstance(data, dict):
        return _of(data)
    if isinstance(data, list):
        return frozenset(data)
    if isinstance(data, bool | str):
        return data
    raise ValueError("a value is a quantity, yes or no, a word, or a list of words")
