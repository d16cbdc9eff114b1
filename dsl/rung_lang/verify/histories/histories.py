"""Histories that were found before, and how they are written down: as JSON, exact, in one form."""

from __future__ import annotations

import json
from typing import Any, Protocol, assert_never

from rung_engine.artifact import model as m
from rung_engine.event import (
    Charted,
    Concentration,
    Correction,
    Done,
    Dose,
    Event,
    Fact,
    Happened,
    Infusion,
    NoOtherInfusions,
    Reading,
    Retraction,
    Value,
)
from rung_engine.frozen import frozen
from rung_lang.verify.solving.answers import Kept, key_of
from rung_lang.verify.verdict import Witness


class Histories(Protocol):
    """By the name of the question that a history answers. What it shows is judged anew each time."""

    def get(self, question: str) -> Witness | None:
        """A history that is said to answer it."""

    def in_vain(self, question: str) -> bool:
        """One was looked for, and none was found; or none is to be looked for."""

    def put(self, question: str, witness: Witness | None) -> None:
        """This one answers it: it was played and judged. None: one was looked for in vain."""


class NoHistories:
    """None was found before, and none is kept."""

    def get(self, question: str) -> None:
        return None

    def in_vain(self, question: str) -> bool:
        return False

    def put(self, question: str, witness: Witness | None) -> None:
        return None


@frozen
class Remembered:
    """Those of earlier runs. `about`: the meaning of the protocol and who searched, since another protocol's
    history may show the same and yet not be the shortest.
    """

    kept: Kept
    about: str

    def get(self, question: str) -> Witness | None:
        found = self.kept.get(key_of("history", self.about, question))
        return from_bytes(found) if found else None

    def in_vain(self, question: str) -> bool:
        return self.kept.get(key_of("history", self.about, question)) == b""

    def put(self, question: str, witness: Witness | None) -> None:
        key = key_of("history", self.about, question)
        self.kept.put(key, b"" if witness is None else to_bytes(witness))


def written(witness: Witness) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "also": list(witness.also),
        "events": [_event(event) for event in witness.events],
        "settings": [[name, _setting(value)] for name, value in witness.settings],
        "time": witness.time,
    }


def read(data: dict[str, Any]) -> Witness:
    """The witness that was written. Raises `ValueError` for anything else."""
    try:
        settings = tuple((_text(name), _read_setting(value)) for name, value in data["settings"])
        events = tuple(_read_event(event) for event in data["events"])
        also = tuple(_whole(time) for time in data["also"])
        return Witness(settings, events, _whole(data["time"]), also)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError("this is no history") from error


def to_bytes(witness: Witness) -> bytes:
    """For a store of answers."""
    return json.dumps(written(witness), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def from_bytes(data: bytes) -> Witness:
    """What `to_bytes` wrote. Raises `ValueError` for anything else."""
    return read(json.loads(data))


# ---------------------------------------------------------------- events


def _event(event: Event) -> list[Any]:
    head = [event.id, event.time, event.source]
    match event:
        case Reading():
            return ["reading", *head, event.input, _value(event.value)]
        case Infusion():
            flow = event.concentration
            bag = None if flow is None else [_charted(flow.amount), _charted(flow.volume)]
            return ["infusion", *head, event.drug, None if event.rate is None else _charted(event.rate), bag]
        case Dose():
            return ["dose", *head, event.drug, None if event.amount is None else _charted(event.amount)]
        case Happened():
            return ["happened", *head, event.event]
        case Done():
            return ["done", *head, event.task]
        case NoOtherInfusions():
            return ["no other infusions", *head]
        case Retraction():
            return ["retraction", *head, event.of]
        case Correction():
            return ["correction", *head, event.of, _event(event.fact)]
        case _:
            assert_never(event)


def _read_event(data: Any) -> Event:
    kind, *rest = data
    if kind == "retraction":
        ident, time, source, of = rest
        return Retraction(_text(ident), _whole(time), _text(of), _text(source))
    if kind == "correction":
        ident, time, source, of, fact = rest
        return Correction(_text(ident), _whole(time), _text(of), _read_fact(fact), _text(source))
    return _read_fact(data)


def _read_fact(data: Any) -> Fact:
    kind, raw_ident, raw_time, raw_source, *rest = data
    ident, time, source = _text(raw_ident), _whole(raw_time), _text(raw_source)
    match kind, rest:
        case "reading", [name, value]:
            return Reading(ident, time, _text(name), _read_value(value), source)
        case "infusion", [drug, rate, bag]:
            flow = None if bag is None else Concentration(_read_charted(bag[0]), _read_charted(bag[1]))
            return Infusion(
                ident, time, _text(drug), None if rate is None else _read_charted(rate), flow, source
            )
        case "dose", [drug, amount]:
            return Dose(ident, time, _text(drug), None if amount is None else _read_charted(amount), source)
        case "happened", [event]:
            return Happened(ident, time, _text(event), source)
        case "done", [task]:
            return Done(ident, time, _text(task), source)
        case "no other infusions", []:
            return NoOtherInfusions(ident, time, source)
        case _:
            raise ValueError("this is no event")


# ---------------------------------------------------------------- values


def _charted(value: Charted) -> list[Any]:
    return [value.millionths, value.unit]


def _read_charted(data: Any) -> Charted:
    millionths, unit = data
    return Charted(_whole(millionths), _text(unit))


def _value(value: Value) -> Any:
    match value:
        case bool() | str():
            return value
        case Charted():
            return _charted(value)
        case frozenset():
            return {"all": sorted(value)}
        case _:
            assert_never(value)


def _read_value(data: Any) -> Value:
    if isinstance(data, bool | str):
        return data
    if isinstance(data, dict):
        return frozenset(_text(name) for name in data["all"])
    return _read_charted(data)


def _setting(value: m.Number | str) -> Any:
    return value if isinstance(value, str) else [value.millionths, value.unit]


def _read_setting(data: Any) -> m.Number | str:
    if isinstance(data, str):
        return data
    millionths, unit = data
    return m.Number(millionths=_whole(millionths), unit=_text(unit))


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise ValueError("this is no text")
    return data


def _whole(data: Any) -> int:
    if not isinstance(data, int) or isinstance(data, bool):
        raise ValueError("this is no whole number")
    return data
