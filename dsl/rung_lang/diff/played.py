"""One chart played in both versions: what a bedside would see of each, and when they part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_engine.event import Charted, Event, Infusion, Reading
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.session.replay import Replay
from rung_lang.diff.model import Again, Patient, Subject
from rung_lang.diff.pieces import subjects_of
from rung_lang.verify.histories.recorded import lowest

Settings = tuple[tuple[str, m.Number | str], ...]
HOUR = 3_600_000
WITHIN = 24 * HOUR
MOST_TIMES = 400
"""How long it is looked at whether versions that parted come together again, and how often the reading that
lapses first is charted meanwhile, at most."""


@frozen
class Seen:
    """What a decision amounts to, whatever rules and words led to it. `orders`: by subject, everything that
    tells one order from another; `pending`: subjects of rules that wait for readings."""

    phase: str
    stage: str | None
    outcome: str
    orders: frozenset[tuple[Subject, tuple[object, ...]]]
    pending: frozenset[Subject]

    def of(self, subject: Subject) -> frozenset[tuple[object, ...]]:
        """The orders of one subject."""
        return frozenset(told for one, told in self.orders if one == subject)


def seen(program: Program, content: Content) -> Seen:
    """The decision, as it is compared."""
    orders = frozenset(
        (
            (one.op, one.target),
            (
                one.dose and (one.dose.unit, one.dose.lo, one.dose.hi),
                one.strength,
                one.confirmed,
                one.mark,
                bool(one.choice),
                (one.every_lo, one.every_hi, one.continuously),
                one.late_after,
            ),
        )
        for one in content.orders
        if one.mark != "done"
    )
    rules = {rule.id: rule for rule in program.artifact.rules}
    waiting = (rules.get(one.rule.removeprefix("unless:")) for one in content.pending)
    pending = frozenset(
        subject for rule in waiting if rule is not None for subject in subjects_of(program.artifact, rule)
    )
    stage = content.stage if content.phase == "active" else None
    return Seen(content.phase, stage, content.outcome, orders, pending)


@frozen
class Both:
    """Two programs under the same settings, as far as both have them."""

    old: Program
    new: Program
    told: Program
    """The old one with its own messages, where those of the new one were put in their place."""

    def course(self, events: Sequence[Event], until: int) -> Iterator[tuple[int, Seen, Seen]]:
        """Every instant up to `until` at which either decides otherwise than before, from the first fact
        on.
        """
        sides = (Replay(self.old, events), Replay(self.new, events))
        for one in sides:
            one.advance(until)
        told = [
            [(decision.time, seen(program, decision.content)) for decision in one.decisions]
            for program, one in zip((self.old, self.new), sides, strict=True)
        ]
        times = sorted({time for side in told for time, _ in side if time <= until})
        now: list[Seen | None] = [None, None]
        places = [0, 0]
        for time in times:
            for side in (0, 1):
                while places[side] < len(told[side]) and told[side][places[side]][0] <= time:
                    now[side] = told[side][places[side]][1]
                    places[side] += 1
            if now[0] is not None and now[1] is not None:
                yield time, now[0], now[1]

    def parted(self, events: Sequence[Event], until: int) -> tuple[int, Seen, Seen] | None:
        """The first instant at which they decide otherwise; None: up to `until` they never do."""
        return next(((t, one, two) for t, one, two in self.course(events, until) if one != two), None)

    def decisions(self, events: Sequence[Event], time: int) -> tuple[Content, Content]:
        """Of both, on the instant, with the readings that would settle what is pending."""
        found: list[Content] = []
        for program in (self.told, self.new):
            replay = Replay(program, events)
            replay.advance(time - 1)
            replay.ask_needs()
            replay.advance(time)
            assert replay.content is not None
            found.append(replay.content)
        return found[0], found[1]


@dataclass(slots=True)
class Versions:
    """The two as they are played: the old one in the names of the new one. `told`: with its own messages."""

    old: m.Artifact
    new: m.Artifact
    told: m.Artifact | None = None
    _played: dict[Settings, Both] = field(default_factory=dict)

    def under(self, settings: Settings) -> Both:
        """Both with these settings; SettingProblem where one does not allow them."""
        if settings not in self._played:
            programs: list[Program] = []
            for artifact in (self.old, self.new, self.told or self.old):
                chosen = {name: value for name, value in settings if name in artifact.settings}
                programs.append(Program(artifact, dict(lowest(artifact, chosen)), unverified=True))
            self._played[settings] = Both(*programs)
        return self._played[settings]


def differs(subject: Subject, one: Seen, two: Seen) -> bool:
    """The versions decide otherwise of the subject."""
    match subject:
        case ("applies", _):
            return one.phase != two.phase
        case ("go" | "begin", _):
            return one.stage != two.stage
        case ("finish", _):
            return (one.phase, one.outcome) != (two.phase, two.outcome)
        case _:
            return one.of(subject) != two.of(subject) or (subject in one.pending) != (subject in two.pending)


def again(versions: Both, patient: Patient) -> tuple[Again, ...]:
    """How it goes on: readings held, and readings back to normal an hour later."""
    artifact = versions.new.artifact
    lasting = [one.valid_for for one in artifact.inputs.values() if one.valid_for]
    lasting += [one.valid_for for one in artifact.drugs.values() if one.valid_for]
    within = min(WITHIN, MOST_TIMES * min(lasting, default=WITHIN))
    until = patient.time + within
    found: list[Again] = []
    hows: tuple[Literal["held", "normal"], ...] = ("held", "normal")
    for how in hows:
        events = (*patient.events, *_later(artifact, patient, until, normal=how == "normal"))
        apart = [
            (time, one != two) for time, one, two in versions.course(events, until) if time >= patient.time
        ]
        after = None
        for time, other in apart:
            after = None if other else time - patient.time if after is None else after
        found.append(Again(how, after, within))
    return tuple(found)


def _later(artifact: m.Artifact, patient: Patient, until: int, *, normal: bool) -> Iterator[Event]:
    """What is charted from then on: each reading as often as it lasts, at its last or its normal value, and
    each infusion at its last rate. Numbers in the names keep them apart from all that was charted.
    """
    readings: dict[str, Reading] = {}
    rates: dict[str, Infusion] = {}
    for event in patient.events:
        if isinstance(event, Reading) and event.input in artifact.inputs:
            readings[event.input] = event
        elif isinstance(event, Infusion) and event.drug in artifact.drugs:
            rates[event.drug] = event
    for name, reading in sorted(readings.items()):
        decl = artifact.inputs[name]
        if decl.valid_for is None:
            continue
        back = patient.time + HOUR if normal and decl.normal is not None else until + 1
        times = [*range(reading.time + decl.valid_for, back, decl.valid_for)]
        for place, time in enumerate((*times, *range(back, until + 1, decl.valid_for))):
            value = reading.value
            if time >= back and decl.normal is not None:
                value = Charted(decl.normal.millionths, decl.normal.unit)
            yield Reading(f"later {name} {place}", time, name, value)
    for name, rate in sorted(rates.items()):
        valid = artifact.drugs[name].valid_for
        if valid is not None:
            for place, time in enumerate(range(rate.time + valid, until + 1, valid)):
                yield Infusion(f"later {name} {place}", time, name, rate.rate, rate.concentration)
