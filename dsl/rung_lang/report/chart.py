"""One patient's history as a chart: what was charted, the stage, what was ordered and by which rules.

Columns are the instants that matter, a few to a block; what was charted again unchanged is left out between
them as `…`. The decisions are those of the reference engine.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.decision.model import Alert, Content, Contradiction, Decision, Standing, Withheld
from rung_engine.event import Charted, Done, Dose, Event, Fact, Happened, Infusion, NoOtherInfusions, Reading
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_lang.lower.phrase import amount_words
from rung_lang.report.decisions import clock, number
from rung_lang.report.expect import NAMELESS
from rung_lang.report.grid import INDENT, MOST_LABEL, Row, table
from rung_lang.report.paste import Settings, known_facts
from rung_lang.report.text import WIDTH, safe

_LINES = 2
"""A message to a person is shown by so many lines."""
_OFF = "off"
_LEFT_OUT = None
"""A column that stands for instants at which nothing new was charted or decided."""


@dataclass(slots=True)
class _Charted:
    """What was charted of one thing. `told`: every charting is news, were it the same again."""

    values: list[tuple[int, Charted | str]] = field(default_factory=list)
    told: bool = False

    def begin(self, time: int) -> None:
        """What was charted last stands at `time`; what happened before it is left out."""
        before = [value for when, value in self.values if when <= time and not self.told]
        after = [(when, value) for when, value in self.values if when > time or (self.told and when == time)]
        self.values = [*((time, value) for value in before[-1:]), *after]

    def units(self) -> set[str]:
        return {value.unit for _, value in self.values if isinstance(value, Charted)}


def excerpt(
    artifact: m.Artifact,
    settings: Settings,
    events: Iterable[Event],
    upto_ms: int,
    show: Iterable[int] = (),
    beside: Program | None = None,
    since_ms: int | None = None,
) -> str:
    """The chart up to `upto_ms`, in lines of at most 80 columns, without a line end at the end.

    `settings` must give every setting that has no value. `show`: instants, in milliseconds, that are columns
    whatever happened at them. `beside`: another protocol for the same patient, whose decisions follow.
    `since_ms`: the first column, with what was charted last of everything; None: the first fact.
    """
    given = tuple(events)
    program = Program(artifact, settings, unverified=True)
    decisions = _decisions(program, given, upto_ms)
    others = () if beside is None else _decisions(beside, given, upto_ms)
    known = known_facts(artifact, given)
    if beside is not None:
        place = {event.id: number for number, event in enumerate(given)}
        every = {fact.id: fact for fact in (*known, *known_facts(beside.artifact, given))}
        known = tuple(sorted(every.values(), key=lambda fact: (fact.time, place[fact.id])))
    facts = [fact for fact in known if fact.time <= upto_ms]
    charted = _charted(facts)
    off = [name for name, row in charted.items() if row.values == [(facts[0].time, _OFF)]]
    for name in off:
        del charted[name]
    turns = {*_turns(decisions), *_turns(others)}
    kept = {upto_ms, *(time for time in show if time <= upto_ms), *turns, *_news(charted)}
    instants = sorted({*(fact.time for fact in facts), *kept})
    if since_ms is not None:
        kept.add(since_ms)
        instants = [since_ms, *(time for time in instants if time > since_ms)]
        for row in charted.values():
            row.begin(since_ms)
    columns = _columns(instants, kept)
    shown = [time for time in columns if time is not None]
    rejected = {(item.name, item.time) for one in (*decisions, *others) for item in one.content.rejected}
    stage = "stage" if beside is None else f"stage of {artifact.name}"
    rows = [
        *_charted_rows(charted, rejected),
        *_decided_rows(artifact, stage, {time: _at(decisions, time) for time in shown}),
    ]
    if beside is not None:
        stage = f"stage of {beside.artifact.name}"
        rows += _decided_rows(beside.artifact, stage, {time: _at(others, time) for time in shown})
    heads = [(time, "…" if time is None else _hours(time)) for time in columns]
    lines = [*table(rows, heads), *_footer(settings, facts, off, _at(decisions, upto_ms))]
    return "\n".join(safe(line) for line in lines)


def _decisions(program: Program, events: Sequence[Event], upto_ms: int) -> Sequence[Decision]:
    facts = [fact for fact in known_facts(program.artifact, events) if fact.time <= upto_ms]
    return Runner(program, facts).run(upto_ms)


# ---------------------------------------------------------------- columns


def _turns(decisions: Sequence[Decision]) -> Iterator[int]:
    """When the stage changed, or something to act on came up."""
    before: object = None
    for one in decisions:
        content = one.content
        now = (
            content.phase,
            content.stage,
            content.contradictions,
            content.alerts,
        )
        if now != before:
            yield one.time
        before = now


def _news(charted: Mapping[str, _Charted]) -> Iterator[int]:
    """When something was charted that had not been charted, or not so."""
    for row in charted.values():
        last: object = None
        for time, value in row.values:
            if row.told or value != last:
                yield time
            last = value


def _columns(instants: Sequence[int], kept: set[int]) -> list[int | None]:
    found: list[int | None] = []
    for time in instants:
        if time in kept:
            found.append(time)
        elif not found or found[-1] is not _LEFT_OUT:
            found.append(_LEFT_OUT)
    return found


def _at(decisions: Sequence[Decision], time: int) -> Decision | None:
    found = [one for one in decisions if one.time <= time]
    return found[-1] if found else None


def _hours(ms: int) -> str:
    """`00:10`; the day before it from the second one on."""
    return clock(ms).replace("0d ", "", 1) if abs(ms) < 86_400_000 else clock(ms)


# ---------------------------------------------------------------- rows


def _charted(facts: Iterable[Fact]) -> dict[str, _Charted]:
    """By what it is about, in the order of first charting."""
    rows: dict[str, _Charted] = {}
    for fact in facts:
        match fact:
            case Reading():
                rows.setdefault(fact.input, _Charted()).values.append((fact.time, _value(fact.value)))
            case Infusion():
                rows.setdefault(fact.drug, _Charted()).values.append((fact.time, _rate(fact)))
            case Dose():
                given = "amount unknown" if fact.amount is None else fact.amount
                rows.setdefault(f"{fact.drug} given", _Charted(told=True)).values.append((fact.time, given))
            case Happened():
                rows.setdefault(fact.event, _Charted(told=True)).values.append((fact.time, "happened"))
            case Done():
                rows.setdefault(fact.task, _Charted(told=True)).values.append((fact.time, "done"))
            case NoOtherInfusions():
                pass
            case _:
                assert_never(fact)
    return rows


def _value(value: Charted | bool | str | frozenset[str]) -> Charted | str:
    match value:
        case Charted() | str():
            return value
        case bool():
            return "yes" if value else "no"
        case frozenset():
            return " and ".join(sorted(value)) or "none"
        case _:
            assert_never(value)


def _rate(fact: Infusion) -> Charted | str:
    if fact.rate is None:
        return "running"
    if fact.rate.millionths <= 0:
        return _OFF
    if fact.concentration is None:
        return fact.rate
    label, volume = fact.concentration.amount, fact.concentration.volume
    bag = f"{number(label.millionths)} {label.unit} in {number(volume.millionths)} {volume.unit}"
    return f"{number(fact.rate.millionths)} {fact.rate.unit} of {bag}"


def _charted_rows(charted: Mapping[str, _Charted], rejected: set[tuple[str, int]]) -> Iterator[Row]:
    for name, row in charted.items():
        units = row.units()
        alone = len(units) == 1
        cells: dict[int, str] = {}
        for time, value in row.values:
            text = value if isinstance(value, str) else number(value.millionths)
            if isinstance(value, Charted) and not alone:
                text += f" {value.unit}"
            if (name, time) in rejected:
                text += " rejected"
            cells[time] = f"{cells[time]} and {text}" if time in cells else text
        yield Row(_label(f"{name}, {min(units)}" if alone else name), cells)


def _open(content: Content) -> list[Standing]:
    return [order for order in content.orders if order.mark in ("due", "late")]


def _decided_rows(
    artifact: m.Artifact, stage: str, decisions: Mapping[int, Decision | None]
) -> Iterator[Row]:
    """The stage, under this label, then orders, then what stands in the way of others."""
    stages: dict[int, str] = {}
    found: dict[tuple[str, ...], dict[int, str]] = {}
    for time, decision in decisions.items():
        if decision is None:
            stages[time] = "nothing yet"
            continue
        content = decision.content
        stages[time] = _stage(content, passing=decision.time == time)
        for label, cell in _parts(artifact, content):
            cells = found.setdefault(label, {})
            cells[time] = f"{cells[time]}, {cell}" if time in cells else cell
    yield Row(_label(stage), stages)
    yield from (Row(label, cells) for label, cells in found.items())


def _stage(content: Content, *, passing: bool) -> str:
    match content.phase:
        case "active" | "suspended":
            path = content.path if passing else ()
            return " > ".join((*path, content.stage or "none yet"))
        case "finished":
            return f"finished: {content.outcome}"
        case "not_applicable":
            return "does not apply"
        case "unclear":
            return "not known to apply"
        case "ended":
            return "no longer applies"
        case _:
            assert_never(content.phase)


def _parts(artifact: m.Artifact, content: Content) -> Iterator[tuple[tuple[str, ...], str]]:
    for order in _open(content):
        yield _by(_named(order), order.rules), _cell(order)
    for clash in content.contradictions:
        yield _by("contradiction", clash.rules), _clash(clash)
    for held in content.withheld:
        yield _by(f"withheld: {held.op} {held.target}", (held.rule,)), _forbidden(held, artifact)
    for alert in content.alerts:
        yield _label(f"alert: {alert.drug}"), _alarm(alert)
    if content.outside_verified:
        words = artifact.provenance.words
        assumed = [words.get(term, term) for term in content.outside_verified]
        yield _label("contrary to the assumption"), " and ".join(assumed)


def _named(order: Standing) -> str:
    strength = "" if order.strength == "recommend" else f"{order.strength} "
    either = "either " if order.choice else ""
    op = {"go": "go to", "notify": 'notify "'}.get(order.op, order.op)
    return (
        f'{strength}{either}{op}{order.target}"'
        if order.op == "notify"
        else (f"{strength}{either}{op} {order.target}")
    )


def _cell(order: Standing) -> str:
    parts = []
    if order.dose is not None:
        lo, hi = number(order.dose.lo), number(order.dose.hi)
        to = "to " if order.op in ("set", "increase", "decrease", "taper") else ""
        parts.append(f"{to}{lo if lo == hi else f'{lo} to {hi}'} {order.dose.unit}")
    if order.volume is not None:
        lo, hi = number(order.volume.lo), number(order.volume.hi)
        parts.append(f"in {lo if lo == hi else f'{lo} to {hi}'} {order.volume.unit}")
    if order.mark == "late" or (order.dose is None and order.confirmed):
        parts.append(order.mark)
    if not order.confirmed:
        parts.append("unconfirmed")
    return ", ".join(parts)


def _clash(clash: Contradiction) -> str:
    match clash.kind:
        case "orders":
            return clash.detail
        case "stages":
            return f"to {clash.detail} at once"
        case "cycle":
            return f"round to {clash.detail} again"
        case _:
            assert_never(clash.kind)


def _forbidden(held: Withheld, artifact: m.Artifact) -> str:
    match held.why:
        case "needs":
            return f"needs {held.detail}"
        case "before":
            return f"first {artifact.provenance.words.get(held.detail, 'what must come before')}"
        case "incompatible":
            return f"not with {held.detail}"
        case "maximum":
            return "above the maximum"
        case "contraindicated":
            return "contraindicated"
        case "unavailable":
            return "not available"
        case _:
            assert_never(held.why)


def _alarm(alert: Alert) -> str:
    match alert.kind:
        case "need":
            other, state = alert.detail.rsplit(" ", 1)
            return f"{other} {state}"
        case "above_maximum":
            return "above its maximum"
        case "rolling_maximum":
            return "total reached"
        case "still_running":
            return "still runs"
        case _:
            assert_never(alert.kind)


def _label(text: str) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, MOST_LABEL, subsequent_indent="  ", max_lines=_LINES, placeholder=" …"))


def _by(text: str, rules: Sequence[str]) -> tuple[str, ...]:
    """With the names of the rules that say so below it; of a nameless one its stage and place."""
    names = [rule if NAMELESS.fullmatch(name := rule.rpartition(".")[2]) else name for rule in rules]
    by = textwrap.wrap(
        f"by {', '.join(names)}",
        MOST_LABEL,
        initial_indent="  ",
        subsequent_indent="     ",
        break_on_hyphens=False,
    )
    return (*_label(text), *by)


# ---------------------------------------------------------------- below the table


def _footer(
    settings: Settings, facts: Sequence[Fact], off: Sequence[str], last: Decision | None
) -> Iterator[str]:
    """What holds of the whole chart, and what is not known at its end. `off`: drugs charted so, once."""
    silent = any(isinstance(fact, NoOtherInfusions) for fact in facts)
    said = [f"Off: {', '.join(sorted(off))}."] if off and not silent else []
    said.append(f"Other drugs are {'off' if silent else 'not known to be on or off'}.")
    chosen = [
        f"{name} {amount_words(value) if isinstance(value, m.Number) else value}"
        for name, value in sorted(settings.items())
    ]
    if chosen:
        said.append(f"Set: {', '.join(chosen)}.")
    pending = () if last is None else last.content.pending
    needs = dict.fromkeys(need.name for item in pending for need in item.needs)
    if needs:
        said.append(f"Not known: {', '.join(needs)}.")
    for text in said:
        yield from textwrap.wrap(
            text, WIDTH, initial_indent=" " * INDENT, subsequent_indent=" " * (INDENT + 2)
        )
