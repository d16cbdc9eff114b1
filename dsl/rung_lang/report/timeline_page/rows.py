"""What the chart says over time of each thing a protocol reads: in force, by what words, or why not known.

The words and the states are the engine's own, asked at every instant at which one could change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from rung_engine.artifact.model import Cmp, Input, Number, One, Quantity, Setting
from rung_engine.decision.explain import Used, fact
from rung_engine.decision.model import Decision
from rung_engine.event import Dose
from rung_engine.frozen import frozen
from rung_engine.program import MILLION, Program
from rung_engine.reference.evaluate import Instant, subjects
from rung_engine.reference.history import Chart
from rung_lang.report.decisions import WHY, number

Kind = Literal["quantity", "words", "infusion", "bolus", "unread"]
"""How a row is drawn. `unread`: nothing of it was ever charted."""

ORDER = ("infusion", "bolus", "quantity", "words", "unread")

LONGER = "more time"
"""What no reading would settle."""


@frozen
class Span:
    """From `start` up to, not including, `end` (ms) one thing holds. `why`: as a subject's, or `silence`."""

    start: int
    end: int
    words: str
    why: str = ""
    level: int | None = None
    """Millionths of the row's unit."""


@frozen
class Given:
    """A dose at `time`; `level` in millionths of the row's unit where it can be seen in it."""

    time: int
    words: str
    level: int | None


@frozen
class Row:
    """One thing that the protocol reads or orders, from the first fact to the last."""

    subject: Literal["input", "drug", "none"]
    name: str
    title: str
    unit: str
    kind: Kind
    spans: tuple[Span, ...] = ()
    readings: tuple[tuple[int, int], ...] = ()
    """Accepted readings of a quantity: time, and millionths of the unit."""
    refused: tuple[tuple[int, str], ...] = ()
    """When something was charted that could not be used, and why."""
    given: tuple[Given, ...] = ()
    limits: tuple[int, ...] = ()
    """What a quantity is compared with, as written or as the site chose, in millionths of the unit."""
    waited: tuple[tuple[int, int], ...] = ()
    """When some rule could not be judged for want of it."""


def rows(program: Program, chart: Chart, decisions: Sequence[Decision], begin: int, end: int) -> list[Row]:
    """Every row: first the quantity that most rules read, then drugs, then the others.

    `begin` and `end`: ms, the last not included.
    """
    waits = _waits(decisions, end)
    made = [
        *(_input(program, chart, name, begin, end, waits) for name in _inputs(program)),
        *(_drug(program, chart, name, begin, end, waits) for name in _drugs(program)),
    ]
    longer = waits.get(("none", LONGER), ())
    if longer:
        made.append(Row("none", LONGER, "", "", "unread", (Span(begin, end, ""),), waited=longer))
    rules = Counter(name for rule in program.artifact.rules for _, name in subjects(program, rule.condition))

    def place(row: Row) -> tuple[int, int, str]:
        return ORDER.index(row.kind), -rules[row.name], row.name

    made.sort(key=place)
    first = next((row for row in made if row.kind == "quantity"), None)
    return sorted(made, key=lambda row: row is not first)


def _inputs(program: Program) -> list[str]:
    """Those that some condition reads, and the weight."""
    read = {name for kind, name in _read(program) if kind == "input"}
    return sorted(read | ({program.weight_input} if program.weight_input else set()))


def _drugs(program: Program) -> list[str]:
    """Those that some condition reads, some rule orders, or some input counts."""
    artifact = program.artifact
    read = {name for kind, name in _read(program) if kind == "drug"}
    ordered = {
        order.target
        for rule in artifact.rules
        for choice in rule.orders
        for order in ((choice.order,) if isinstance(choice, One) else choice.orders)
    }
    counted = {artifact.inputs[name].counts for name in _inputs(program)}
    return sorted(name for name in artifact.drugs if name in read | ordered | counted)


def _read(program: Program) -> set[tuple[str, str]]:
    return {one for term in range(len(program.artifact.terms)) for one in subjects(program, term)}


def _waits(decisions: Sequence[Decision], end: int) -> dict[tuple[str, str], tuple[tuple[int, int], ...]]:
    """By subject, when some rule was pending for want of it; neighbouring spans are one."""
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    ends = [*(decision.time for decision in decisions[1:]), end]
    for decision, until in zip(decisions, ends, strict=True):
        wanted: set[tuple[str, str]] = {
            (need.kind, need.name) for one in decision.content.pending for need in one.needs
        }
        wanted |= {("none", LONGER) for one in decision.content.pending if not one.needs}
        for subject in sorted(wanted):
            spans = found.setdefault(subject, [])
            if spans and spans[-1][1] == decision.time:
                spans[-1] = (spans[-1][0], until)
            else:
                spans.append((decision.time, until))
    return {subject: tuple(spans) for subject, spans in found.items()}


# ---------------------------------------------------------------- inputs


def _input(
    program: Program,
    chart: Chart,
    name: str,
    begin: int,
    end: int,
    waits: dict[tuple[str, str], tuple[tuple[int, int], ...]],
) -> Row:
    decl = program.artifact.inputs[name]
    read = [(group.time, value) for group in chart.accepted[name] for value in group.values]
    refused = tuple(sorted(chart.refused[name].items()))
    instants = {begin, *(time for time, _ in read), *(time for time, _ in refused)}
    if decl.valid_for is not None:
        instants |= {time + decl.valid_for + 1 for time in set(instants)}
    if decl.counts is not None:
        instants |= {dose.time for dose in chart.doses[decl.counts]} | _weighed(program, chart)
        instants |= {chart.silence_from} if chart.silence_from is not None else set()
    spans = _spans(program, chart, "input", name, instants, begin, end)
    is_drawn = decl.kind == "quantity" and not decl.fixed and any(span.level is not None for span in spans)
    readings: tuple[tuple[int, int], ...] = ()
    if is_drawn and decl.unit is not None:
        unit = program.units[decl.unit]
        readings = tuple(
            (time, round((value - unit.offset) / unit.factor * MILLION))
            for time, value in read
            if not isinstance(value, bool | str | frozenset)
        )
    kind: Kind = "quantity" if is_drawn else "words" if read or refused or len(spans) > 1 else "unread"
    return Row(
        "input",
        name,
        decl.title,
        decl.unit or "",
        kind,
        spans,
        readings,
        refused,
        limits=_limits(program, name) if is_drawn else (),
        waited=waits.get(("input", name), ()),
    )


def _limits(program: Program, name: str) -> tuple[int, ...]:
    """Fixed numbers that the input alone is compared with."""
    artifact = program.artifact
    unit = program.units[artifact.inputs[name].unit or ""]
    found: set[int] = set()
    for term in artifact.terms:
        if not isinstance(term, Cmp) or artifact.terms[term.left] != Input(name=name):
            continue
        match artifact.terms[term.right]:
            case Quantity() as written:
                number_ = program.number(Number(millionths=written.millionths, unit=written.unit)).value
            case Setting() as setting if isinstance(program.settings[setting.name], Fraction):
                number_ = Fraction(program.settings[setting.name])
            case _:
                continue
        found.add(round((number_ - unit.offset) / unit.factor * MILLION))
    return tuple(sorted(found))


# ---------------------------------------------------------------- drugs


def _drug(
    program: Program,
    chart: Chart,
    name: str,
    begin: int,
    end: int,
    waits: dict[tuple[str, str], tuple[tuple[int, int], ...]],
) -> Row:
    decl = program.artifact.drugs[name]
    charted, doses = chart.rows[name], chart.doses[name]
    instants = {begin, *(row.time for row in charted), *(dose.time for dose in doses)}
    if decl.valid_for is not None:
        instants |= {row.time + decl.valid_for + 1 for row in charted}
    if decl.lasts is not None:
        instants |= {dose.time + decl.lasts for dose in doses}
    if chart.silence_from is not None:
        instants.add(chart.silence_from)
    if charted:
        instants |= _weighed(program, chart)
    spans = _spans(program, chart, "drug", name, instants, begin, end)
    kind: Kind = decl.form if charted or doses else "unread"
    return Row(
        "drug",
        name,
        decl.title,
        decl.unit,
        kind,
        spans,
        given=tuple(_given(program, chart, dose) for dose in doses),
        waited=waits.get(("drug", name), ()),
    )


def _given(program: Program, chart: Chart, dose: Dose) -> Given:
    if dose.amount is None:
        return Given(dose.time, "amount not known", None)
    words = f"{number(dose.amount.millionths)} {dose.amount.unit}"
    amount = program.charted(dose.drug, dose.amount)
    unit = program.units[program.artifact.drugs[dose.drug].unit]
    seen = amount.seen_in(unit.dims, chart.weight(dose.time)) if amount is not None else None
    return Given(dose.time, words, None if seen is None else round(seen / unit.factor * MILLION))


def _weighed(program: Program, chart: Chart) -> set[int]:
    """When the dosing weight may have changed."""
    name = program.weight_input
    if name is None:
        return set()
    return {*(group.time for group in chart.accepted[name]), *chart.refused[name]}


# ---------------------------------------------------------------- spans


def _spans(
    program: Program, chart: Chart, kind: str, name: str, instants: Iterable[int], begin: int, end: int
) -> tuple[Span, ...]:
    bounds = [*sorted(time for time in instants if begin <= time < end), end]
    return tuple(_merged(_span(program, chart, kind, name, a, b) for a, b in pairwise(bounds)))


def _span(program: Program, chart: Chart, kind: str, name: str, start: int, end: int) -> Span:
    used = fact(Instant(chart, start, ()), kind, name)
    if kind == "drug" and used.word == "off" and chart.drug(name, start).by_silence:
        return Span(start, end, "off, since nobody charted it", "silence", 0)
    level = 0 if kind == "drug" and used.word == "off" else used.millionths
    return Span(start, end, _words(used), used.why, level)


def _words(used: Used) -> str:
    if used.millionths is not None:
        return f"{number(used.millionths)} {used.unit}" + (", through the weight" if used.by_weight else "")
    return WHY.get(used.why, used.why) if used.why else used.word


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Neighbours that say the same are one, readings of a quantity aside: each is told."""
    last: Span | None = None
    for span in spans:
        if last is None:
            last = span
        elif (last.words, last.why, last.level) == (span.words, span.why, span.level):
            last = Span(last.start, span.end, last.words, last.why, last.level)
        else:
            yield last
            last = span
    if last is not None:
        yield last


def silent(made: Sequence[Row]) -> list[Row]:
    """Drugs that were off all the time only because nobody charted them."""
    return [row for row in made if row.kind == "unread" and row.spans and row.spans[0].why == "silence"]
