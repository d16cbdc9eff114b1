"""One patient's history as an `example` block to paste into a protocol.

The inverse of `lower.examples`: lowered again, the block gives the same decisions at every instant. What is
expected in it is what the reference engine decides on that history. A few histories cannot be told in an
example at all, such as a reading in a unit that its input does not take: then `Unwritable` says which fact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.event import (
    Charted,
    Done,
    Dose,
    Event,
    Fact,
    Happened,
    Infusion,
    NoOtherInfusions,
    Reading,
)
from rung_engine.exact import NotMillionths, from_millionths, show_decimal, to_millionths
from rung_engine.program import Program
from rung_engine.reference.history import resolve
from rung_engine.reference.run import Runner
from rung_lang.lower.phrase import amount_words
from rung_lang.report.expect import expectations
from rung_lang.source import Source
from rung_lang.syntax.format import format_file
from rung_lang.syntax.parse import parse

Settings = Mapping[str, m.Number | str]

_HEAD = 'protocol pasted "Pasted"\n  version 1.0.0\n'
_FEW = 3
"""A fact charted fewer times than this is written each time; more, at even distances, once with `every`."""
_UNITS = ((3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms"))

_OF_FACTS = frozenset({"unknown", "yes", "no", "off", "running", "happened", "done", "given"})
"""After the name of a fact these say something else than a value."""


class Unwritable(ValueError):  # noqa: N818 - it names a fact about the history
    """No fact of an example says this. `reason` in plain words, without a full stop."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def as_example(
    artifact: m.Artifact, settings: Settings, events: Iterable[Event], checks: Iterable[int], title: str
) -> str:
    """The history as a block in canonical layout, ending in a line end.

    `settings` are written as facts; they must give every setting that has no value. `checks` are the
    instants, in milliseconds, at which the block states what is decided; an instant before the first fact is
    left out. Raises `Unwritable`.
    """
    facts = known_facts(artifact, events)
    if not facts:
        raise Unwritable("no fact is charted")
    first = facts[0].time
    program = Program(artifact, settings, unverified=True)
    runner = Runner(program, facts)
    expected: dict[int, list[str]] = {}
    for time in sorted({time for time in checks if time >= first}):
        runner.run(time)
        if runner.fold.content is not None:
            expected[time] = list(expectations(artifact, runner.fold.content))
    unknown = _unknown_drugs(artifact, facts)
    if unknown:
        facts = _without_off(facts, unknown)
    said = [*(f"{name} unknown" for name in unknown), *_settings(settings)]
    steps = _steps(program, facts, first, said, expected)
    name = " ".join(title.replace('"', "'").split())
    return _laid_out(f'example "{name}"\n' + "\n".join(steps) + "\n")


def known_facts(artifact: m.Artifact, events: Iterable[Event]) -> tuple[Fact, ...]:
    """What stands after corrections, of things the protocol declares, by time and then as given."""
    given = tuple(events)
    order = {event.id: place for place, event in enumerate(given)}
    facts = [fact for fact in resolve(given)[0] if _declared(artifact, fact)]
    return tuple(sorted(facts, key=lambda fact: (fact.time, order[fact.id])))


def _declared(artifact: m.Artifact, fact: Fact) -> bool:
    match fact:
        case Reading():
            return fact.input in artifact.inputs
        case Infusion() | Dose():
            return fact.drug in artifact.drugs
        case Happened():
            return fact.event in artifact.events
        case Done():
            return fact.task in artifact.tasks
        case NoOtherInfusions():
            return True
        case _:
            assert_never(fact)


def _laid_out(text: str) -> str:
    """In the layout of `rung fmt`, which also shows that it can be read."""
    source = Source("pasted.rung", _HEAD + text)
    parsed = parse(source)
    assert not parsed.problems, (parsed.problems, text)
    whole = format_file(source, parsed.file)
    return whole[whole.index("example ") :]


# ---------------------------------------------------------------- instants


def _steps(
    program: Program,
    facts: Sequence[Fact],
    first: int,
    said: Sequence[str],
    expected: Mapping[int, Sequence[str]],
) -> list[str]:
    """The lines of the block. What is `said` of the whole history stands at its first instant."""
    told: dict[str, list[int]] = {}
    read: dict[str, int] = {}
    for fact in facts:
        for text in _fact(program, fact, read):
            told.setdefault(text, []).append(fact.time)
        if isinstance(fact, Reading):
            read.setdefault(fact.input, fact.time)
    at: dict[int, list[str]] = {first: []}
    repeated: list[tuple[int, str]] = []
    for text, times in told.items():
        every = _distance(times)
        if every is None:
            for time in times:
                at.setdefault(time, []).append(text)
        else:
            instants = f"[{_time(times[0])} to {_time(times[-1])} every {_time(every)}]"
            repeated.append((times[0], f"  {instants} {text}"))
    at[first].extend(said)
    for time in expected:
        at.setdefault(time, [])
    lines = [(time, 0, _step(time, first, at[time], expected.get(time, ()))) for time in sorted(at)]
    lines += [(time, 1, line) for time, line in repeated]
    return [line for _, _, line in sorted(lines, key=lambda item: item[:2])]


def _step(time: int, first: int, facts: Sequence[str], expects: Sequence[str]) -> str:
    head = "given" if time == first == 0 else f"[{_time(time)}]"
    tail = f" expect {', '.join(expects)}" if expects else ""
    return f"  {head} {', '.join(facts)}{tail}"


def _distance(times: Sequence[int]) -> int | None:
    """The one distance between the times, where it is worth saying so."""
    gaps = {after - before for before, after in pairwise(times)}
    return gaps.pop() if len(times) >= _FEW and len(gaps) == 1 and 0 not in gaps else None


def _time(ms: int) -> str:
    """In the largest unit that counts it whole: `4 h`, `90 min`, `-30 s`."""
    for size, unit in _UNITS:
        if ms % size == 0:
            return f"{ms // size} {unit}"
    raise AssertionError(ms)


# ---------------------------------------------------------------- facts


def _settings(settings: Settings) -> Iterator[str]:
    for name, value in sorted(settings.items()):
        yield f"{name} {amount_words(value) if isinstance(value, m.Number) else value}"


def _unknown_drugs(artifact: m.Artifact, facts: Sequence[Fact]) -> list[str]:
    """Where nothing says that the other drugs are off, `D unknown` keeps an example from saying it."""
    silent = [fact.time for fact in facts if isinstance(fact, NoOtherInfusions)]
    if silent and min(silent) > facts[0].time:
        raise Unwritable("that no other drug runs is known only after the first fact")
    if silent:
        return []
    charted = {fact.drug for fact in facts if isinstance(fact, Infusion)}
    infused = {name for name, decl in artifact.drugs.items() if decl.form == "infusion"}
    # Said of a drug that is charted it changes nothing but this.
    return sorted(infused - charted) or sorted(artifact.drugs)[:1]


def _without_off(facts: Sequence[Fact], unknown: Sequence[str]) -> tuple[Fact, ...]:
    """Without what `D unknown` says of every infusion it does not name: off, from the first instant on."""
    rows = Counter(fact.drug for fact in facts if isinstance(fact, Infusion))
    first = facts[0].time
    return tuple(
        fact
        for fact in facts
        if not (
            isinstance(fact, Infusion)
            and fact.time == first
            and fact.drug not in unknown
            and rows[fact.drug] == 1
            and fact.rate is not None
            and fact.rate.millionths <= 0
        )
    )


def _fact(program: Program, fact: Fact, read: Mapping[str, int]) -> Iterator[str]:
    """The fact in the words of an example; `read`: when each input was first read."""
    match fact:
        case Reading():
            decl = program.artifact.inputs[fact.input]
            if read.get(fact.input, fact.time) < fact.time and fact.value == _detached(decl):
                yield f"{fact.input} unknown"
            else:
                yield f"{fact.input} {_value(fact, decl)}"
        case Infusion():
            yield f"{fact.drug} {_rate(program, fact)}"
        case Dose():
            yield f"{fact.drug} {_amount(program.artifact.drugs[fact.drug], fact)}"
        case Happened():
            yield f"{fact.event} happened"
        case Done():
            yield f"{fact.task} done"
        case NoOtherInfusions():
            pass  # said by silence
        case _:
            assert_never(fact)


def _detached(decl: m.InputDecl) -> Charted | None:
    """The implausible reading that stands for `X unknown`."""
    limit = None if decl.plausible is None else decl.plausible.hi
    return Charted(limit.millionths + 10**6, limit.unit) if isinstance(limit, m.Number) else None


def _value(fact: Reading, decl: m.InputDecl) -> str:
    value = fact.value
    match decl.kind:
        case "quantity":
            taken = {decl.unit, *decl.accepts, *(also.unit for also in decl.also_in)}
            if isinstance(value, Charted) and value.unit in taken:
                return _charted(value)
        case "flag":
            if isinstance(value, bool):
                return "yes" if value else "no"
        case "one_of" | "graded":
            if isinstance(value, str) and value in decl.values:
                return _word(value, fact.input)
        case "any_of":
            if isinstance(value, str):
                value = frozenset({value})
            if isinstance(value, frozenset) and value <= set(decl.values):
                if value:
                    return " and ".join(_word(name, fact.input) for name in decl.values if name in value)
                if "none" not in decl.values:
                    return "none"
        case _:
            assert_never(decl.kind)
    raise Unwritable(f"the reading of {fact.input} is no value of it")


def _word(value: str, name: str) -> str:
    if value in _OF_FACTS:
        raise Unwritable(f"the value {value} of {name} is a word of the language, which no fact can hold")
    return value


def _rate(program: Program, fact: Infusion) -> str:
    decl = program.artifact.drugs[fact.drug]
    if decl.form != "infusion":
        raise Unwritable(f"{fact.drug} is charted with a rate and is given in single doses")
    if fact.rate is None:
        return "running"
    if fact.rate.millionths <= 0:
        return "off"
    if fact.concentration is not None:
        return _charted(_mass_rate(program, fact))
    return _charted(_taken(decl, fact.drug, fact.rate))


def _mass_rate(program: Program, fact: Infusion) -> Charted:
    """What a flow of this concentration amounts to, in the unit of the drug that says it most shortly."""
    assert fact.rate is not None
    amount = program.charted(fact.drug, fact.rate, fact.concentration)
    decl = program.artifact.drugs[fact.drug]
    exact: list[Charted] = []
    for name in (decl.unit, *decl.accepts):
        unit = program.units[name]
        if amount is not None and unit.dims == amount.dims:
            with suppress(NotMillionths):
                exact.append(Charted(to_millionths(amount.value / unit.factor), name))
    if not exact:
        raise Unwritable(f"the flow of {fact.drug} is no exact rate in a unit of it")
    return min(exact, key=lambda charted: len(_charted(charted)))


def _amount(decl: m.DrugDecl, fact: Dose) -> str:
    if fact.amount is None:
        if decl.form == "infusion":
            raise Unwritable(f"a dose of {fact.drug} is of unknown amount")
        return "running"
    if fact.amount.millionths <= 0:
        raise Unwritable(f"a dose of {fact.drug} is not above nought")
    return f"given {_charted(_taken(decl, fact.drug, fact.amount))}"


def _taken(decl: m.DrugDecl, drug: str, value: Charted) -> Charted:
    """The value, if its unit is one of the drug; a single dose of an infused drug leaves the time out."""
    units = {unit for name in (decl.unit, *decl.accepts) for unit in (name, _without_time(name))}
    if value.unit not in units:
        raise Unwritable(f"{drug} is charted in {value.unit}")
    return value


def _without_time(unit: str) -> str:
    return "/".join(part for part in unit.split("/") if part not in ("min", "h", "day"))


def _charted(value: Charted) -> str:
    return f"{show_decimal(from_millionths(value.millionths))} {value.unit}"
