"""The patients of a difference in words: what was charted, and what each version decides of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content, Standing
from rung_engine.event import Charted, Done, Dose, Fact, Happened, Infusion, NoOtherInfusions, Reading
from rung_engine.frozen import frozen
from rung_lang.diff.model import Again, Parting, Patient
from rung_lang.lower.phrase import amount_words
from rung_lang.report.decisions import clock, counted, length, number, order
from rung_lang.report.diff_said import Group, Sides, changes_words, subject
from rung_lang.report.documents.sentences import spaced
from rung_lang.report.paste import known_facts
from rung_lang.report.words_phrases import joined

_WAITS = "waits for "


@frozen
class Charting:
    """What was charted at one instant and had not been charted so before."""

    at: str
    said: str


@frozen
class PatientSaid:
    """`chart`: what was charted, up to the instant `at`. `old`, `new`: what one version decides then and the
    other does not."""

    settings: str
    chart: tuple[Charting, ...]
    at: str
    old: tuple[str, ...]
    new: tuple[str, ...]


def patient(sides: Sides, shown: Patient) -> PatientSaid:
    """One patient."""
    facts = {
        fact.id: fact for side in (sides.current, sides.new) for fact in known_facts(side, shown.events)
    }.values()
    settings = [
        f"{spaced(name)} {amount_words(value) if isinstance(value, m.Number) else spaced(value)}"
        for name, value in shown.settings
    ]
    old, new = _decided(sides, shown.old, "old"), _decided(sides, shown.new, "new")
    return PatientSaid(
        joined(settings, "and"),
        tuple(_charted(sorted(facts, key=lambda one: one.time), shown.time)),
        hours(shown.time),
        _together([one for one in old if one not in new]),
        _together([one for one in new if one not in old]),
    )


def chosen(sides: Sides) -> str:
    """What the site has chosen in every patient of the changes; nothing where they differ by it."""
    shown = [region.patient for change in sides.difference.changes for region in change.regions]
    found = {patient(sides, one).settings for one in shown if one is not None}
    return found.pop() if len(found) == 1 else ""


def _together(lines: Sequence[str]) -> tuple[str, ...]:
    """What is waited for in one line."""
    waits = [one.removeprefix(_WAITS) for one in lines if one.startswith(_WAITS)]
    rest = [one for one in lines if not one.startswith(_WAITS)]
    return (*rest, *([f"{_WAITS}{joined(waits, 'and')}"] if waits else []))


def hours(ms: int) -> str:
    """`00:10`; the day before it from the second one on."""
    return clock(ms).replace("0d ", "", 1) if abs(ms) < 86_400_000 else clock(ms)


# ---------------------------------------------------------------- the chart


def _charted(facts: Sequence[Fact], until: int) -> Iterator[Charting]:
    known: dict[str, str] = {}
    for time, together in groupby((fact for fact in facts if fact.time <= until), key=lambda one: one.time):
        news: list[str] = []
        off: list[str] = []
        for fact in together:
            name, value = _fact(fact)
            again = known.get(name) == value and isinstance(fact, Reading | Infusion)
            known[name] = value
            if again:
                continue
            if isinstance(fact, Infusion) and value == "off":
                off.append(name)
            else:
                news.append(f"{name} {value}".strip())
        if off:
            news.append(f"{joined(off, 'and')} off")
        if news:
            yield Charting(hours(time), ", ".join(news))


def _fact(fact: Fact) -> tuple[str, str]:
    match fact:
        case Reading():
            return spaced(fact.input), _value(fact.value)
        case Infusion():
            if fact.rate is None:
                return spaced(fact.drug), "running at an unknown rate"
            if fact.rate.millionths <= 0:
                return spaced(fact.drug), "off"
            bag = fact.concentration
            label = "" if bag is None else f" of {_amount(bag.amount)} in {_amount(bag.volume)}"
            return spaced(fact.drug), _amount(fact.rate) + label
        case Dose():
            return f"{spaced(fact.drug)} given", "amount unknown" if fact.amount is None else _amount(
                fact.amount
            )
        case Happened():
            return spaced(fact.event), "happened"
        case Done():
            return spaced(fact.task), "done"
        case NoOtherInfusions():
            return "every other drug", "off"
        case _:
            assert_never(fact)


def _value(value: Charted | bool | str | frozenset[str]) -> str:
    match value:
        case Charted():
            return _amount(value)
        case bool():
            return "yes" if value else "no"
        case str():
            return spaced(value)
        case frozenset():
            return joined([spaced(one) for one in sorted(value)], "and") or "none"
        case _:
            assert_never(value)


def _amount(value: Charted) -> str:
    digits = number(value.millionths)
    return digits if value.unit == "ratio" else f"{digits} {value.unit}"


# ---------------------------------------------------------------- what is decided


def _decided(sides: Sides, content: Content, side: str) -> list[str]:
    """Stage, orders to act on and what stands against others, each a line that reads alike in both."""
    artifact = sides.artifact(side)
    found = [_state(content, sides, side)]
    found += [_order(sides, one, artifact) for one in content.orders if one.mark in ("due", "late")]
    found += [f"not allowed: {one.op} {spaced(one.target)}" for one in content.withheld]
    found += [f"contradiction: {one.detail}" for one in content.contradictions]
    found += [f"alert: {spaced(one.drug)}" for one in content.alerts]
    found += [f"{_WAITS}{one}" for one in sorted({spaced(n.name) for p in content.pending for n in p.needs})]
    return list(dict.fromkeys(found))


def _state(content: Content, sides: Sides, side: str) -> str:
    match content.phase:
        case "active" | "suspended":
            stage = "no stage yet" if content.stage is None else f"stage {sides.stage(side, content.stage)}"
            return stage if content.phase == "active" else f"{stage}, suspended"
        case "finished":
            return f"the protocol has ended: {content.outcome}"
        case "not_applicable":
            return "the protocol is not for this patient"
        case "unclear":
            return "not known whether the protocol is for this patient"
        case "ended":
            return "the protocol is no longer for this patient"
        case _:
            assert_never(content.phase)


def _order(sides: Sides, one: Standing, artifact: m.Artifact) -> str:
    strength = "" if one.strength == "recommend" else f" ({one.strength})"
    either = "either " if one.choice else ""
    late = ", late" if one.mark == "late" else ""
    check = "" if one.confirmed else ", to be confirmed first"
    words = order(one, artifact)
    if one.op in ("notify", "do"):
        instead = f" (before it may be: {one.instead_of})" if one.instead_of else ""
        words = subject(sides, (one.op, one.target)) + instead
    elif one.target in artifact.drugs:
        words = words.replace(one.target, spaced(one.target), 1)
    return f"{either}{words}{strength}{late}{check}"


# ---------------------------------------------------------------- histories


def partings(sides: Sides, groups: Sequence[Group]) -> Iterator[str]:
    """When the versions part by these changes, and how it goes on; what is so of several is said once."""
    numbers = {group.change.name: group.number for group in groups}
    found: dict[str, dict[int, None]] = {}
    for one in sides.difference.partings:
        if one.change in numbers:
            found.setdefault(_parting(one), {})[numbers[one.change]] = None
    for text, own in sorted(found.items(), key=lambda item: min(item[1])):
        yield f"{changes_words(own)}: {text}"


def _parting(one: Parting) -> str:
    if one.patient.time <= 0 and one.instants <= 1:
        first = "the versions part at the first instant that is charted."
    else:
        takes = f"{length(one.patient.time)} and {counted(one.instants, 'charted instant')}"
        first = f"the shortest history found on which the versions part takes {takes}."
    if len(one.again) > 1 and {each.after for each in one.again} == {None}:
        within = length(max(each.within for each in one.again))
        never = "Whether readings and rates stay as they are or readings return to normal, they do not"
        return f"{first} {never} decide alike again within {within}."
    return " ".join((first, *(_again(each) for each in one.again)))


def _again(one: Again) -> str:
    goes = "If readings and rates stay as they are" if one.how == "held" else "If readings return to normal"
    if one.after is None:
        return f"{goes}, they do not decide alike again within {length(one.within)}."
    if not one.after:
        return f"{goes}, they decide alike again at once."
    return f"{goes}, they decide alike again after {length(one.after)}."
