"""Events whose conditions come round to themselves: no instant could ever decide whether they happened."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from rung_lang.checked import conditions as c
from rung_lang.checked.problems import DefinedByItself
from rung_lang.checked.tree import Event


def event_rings(events: Sequence[Event]) -> Iterator[DefinedByItself]:
    """One problem for each ring, at its first event in the order of the text."""
    reads = {event.name: sorted(set(_events_in(event.condition))) for event in events}
    told: set[str] = set()
    for event in events:
        ring = _way_back(event.name, reads)
        if ring is not None and told.isdisjoint(ring):
            told.update(ring)
            yield DefinedByItself(event.span, ring)


def _way_back(name: str, reads: dict[str, list[str]]) -> tuple[str, ...] | None:
    """The shortest way from an event over the events it reads back to itself."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen: set[str] = set()
    for way in ways:
        for other in reads.get(way[-1], ()):
            if other == name:
                return (*way, name)
            if other not in seen:
                seen.add(other)
                ways.append((*way, other))
    return None


def _events_in(part: object) -> Iterator[str]:
    """The events that a condition speaks of, at any depth."""
    stack = [part]
    while stack:
        item = stack.pop()
        if isinstance(item, c.EventMoment):
            yield item.name
        elif isinstance(item, tuple):
            stack.extend(item)
        elif dataclasses.is_dataclass(item) and not isinstance(item, type):
            stack.extend(getattr(item, field.name) for field in dataclasses.fields(item))
