"""What is declared otherwise: limits, readings, settings, statements, sources, words.

Orders that follow from a declaration are found with the orders; here stands the declaration itself, so that
what no order shows (a wider setting, a weaker promise, another source) is seen too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.exact import show_decimal
from rung_lang.diff.behaviour import plain
from rung_lang.diff.model import Class, Declared
from rung_lang.diff.names import spelled
from rung_lang.diff.statements import statements
from rung_lang.diff.united import is_fixed

WAY: Mapping[str, tuple[Class, ...]] = {
    "valid_for": ("readings",), "plausible": ("readings",), "fixed": ("readings",),
    "cumulative": ("readings",), "counts": ("readings",), "charted_every": ("readings",),
    "lasts": ("readings",), "unit": ("readings",),
    "values": ("readings",), "kind": ("readings",), "accepts": ("readings",), "also_in": ("readings",),
    "dosing": ("readings",), "noise": ("source",), "step": ("source",), "normal": ("source",),
    "form": ("dose changed",), "start": ("dose changed",), "usual": ("dose changed",),
    "needs": ("order gone",), "available_if": ("certainty",), "concentrations": ("dose changed",),
    "route": ("source",), "codes": ("source",), "aliases": ("wording",), "title": ("wording",),
    "asked": ("wording",),
}  # fmt: skip


def declared(old: m.Artifact, new: m.Artifact) -> tuple[Declared, ...]:
    """Everything, the old version being in the names of the new one; in the order of what it is about."""
    return tuple(
        one
        for part in (_limits, _readings, _settings, statements, _gates, _stages, _reasons, _sources, _head)
        for one in part(old, new)
    )


# ---------------------------------------------------------------- amounts in words


def said(artifact: m.Artifact, value: Any, field: str = "") -> str:
    """A part of a declaration as a text would say it."""
    match value:
        case None | () | "" | False:
            return ""
        case True:
            return "yes"
        case m.Number():
            return f"{show_decimal(Fraction(value.millionths, 1_000_000))} {value.unit}"
        case m.FromSetting():
            return value.setting
        case m.Range():
            lo, hi = said(artifact, value.lo), said(artifact, value.hi)
            return lo if lo == hi else f"{lo} to {hi}"
        case m.Rolling():
            return f"{said(artifact, value.maximum)} over {said(artifact, value.over)}"
        case m.Code():
            return f"{value.system} {value.code}"
        case m.AlsoIn():
            return f"{value.unit} = {said(artifact, value.factor)}"
        case tuple():
            return ", ".join(said(artifact, one) for one in value)
        case int() if field in ("valid_for", "lasts", "charted_every", "settle", "ends_after"):
            return span(value)
        case _:
            return str(value)


def span(milliseconds: int) -> str:
    """A stretch of time in the largest unit that leaves no rest."""
    for name, length in (("day", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if milliseconds and milliseconds % length == 0:
            count = milliseconds // length
            return f"{count} {name}" + ("s" if name == "day" and count > 1 else "")
    return f"{milliseconds} ms"


def words(artifact: m.Artifact, term: int | None) -> str:
    """A condition as the author wrote it."""
    return "" if term is None else artifact.provenance.words.get(str(term), "")


# ---------------------------------------------------------------- drugs, readings, settings


def _limits(old: m.Artifact, new: m.Artifact) -> Iterator[Declared]:
    for name in _all(old.drugs, new.drugs):
        was, now = old.drugs.get(name), new.drugs.get(name)
        if was is None or now is None:
            yield _whole("drug", name, was is None, ("wording",))
            continue
        for field in ("maximum", "rolling"):
            one, two = getattr(was, field), getattr(now, field)
            if one != two:
                yield Declared(
                    "drug", name, _title(field), said(old, one), said(new, two), _limit(old, new, one, two)
                )
        yield from _fields("drug", name, old, new, was, now, but=("maximum", "rolling"))


def _limit(old: m.Artifact, new: m.Artifact, one: Any, two: Any) -> tuple[Class, ...]:
    """Whether more is allowed than before; what cannot be compared counts as if it were."""
    if isinstance(one, m.Number) and isinstance(two, m.Number):
        a, b = old.units[one.unit], new.units[two.unit]
        if a.dims == b.dims:
            lower = one.millionths * Fraction(a.num, a.den) > two.millionths * Fraction(b.num, b.den)
            return ("limit lowered",) if lower else ("limit raised",)
    return ("limit lowered",) if not one else ("limit raised",)


def _readings(old: m.Artifact, new: m.Artifact) -> Iterator[Declared]:
    for name in _all(old.inputs, new.inputs):
        was, now = old.inputs.get(name), new.inputs.get(name)
        if was is None or now is None:
            yield _whole("input", name, was is None, ("wording",))
        else:
            yield from _fields("input", name, old, new, was, now)
    for table, kind in (("events", "event"), ("courses", "course"), ("outcomes", "outcome")):
        before, after = getattr(old, table), getattr(new, table)
        for name in _all(before, after):
            one, two = before.get(name), after.get(name)
            if one is None or two is None:
                yield _whole(kind, name, one is None, ("wording",))
                continue
            if plain(old, one) != plain(new, two):
                what = "ends after" if kind == "course" else "condition"
                yield Declared(kind, name, what, _meant(old, one), _meant(new, two), ("readings",))
            elif one.title != two.title:
                yield Declared(kind, name, "title", one.title, two.title, ("wording",))
    for name in _all(old.tasks, new.tasks):
        if (name in old.tasks) != (name in new.tasks):
            yield _whole("task", name, name not in old.tasks, ("wording",))


def _meant(artifact: m.Artifact, decl: m.EventDecl | m.CourseDecl | m.OutcomeDecl) -> str:
    return span(decl.ends_after) if isinstance(decl, m.CourseDecl) else words(artifact, decl.condition)


def _settings(old: m.Artifact, new: m.Artifact) -> Iterator[Declared]:
    for name in _all(old.settings, new.settings):
        was, now = old.settings.get(name), new.settings.get(name)
        if was is None or now is None:
            yield _whole("setting", name, was is None, ("setting",))
            continue
        if is_fixed(was) and is_fixed(now):
            # What comes of it is found with the orders.
            if was.value != now.value:
                yield Declared(
                    "setting", name, "value", said(old, was.value), said(new, now.value), ("setting",)
                )
            continue
        if (was.lo, was.hi, was.choices, was.kind) != (now.lo, now.hi, now.choices, now.kind):
            yield Declared("setting", name, "range", _range(old, was), _range(new, now), ("setting",))
        if was.value != now.value:
            a, b = (
                said(artifact, decl.value) or "chosen by site" for artifact, decl in ((old, was), (new, now))
            )
            stands = was.value is not None and now.value is not None
            yield Declared("setting", name, "value", a, b, ("default",) if stands else ("setting",))
        if was.title != now.title:
            yield Declared("setting", name, "title", was.title, now.title, ("wording",))


def _range(artifact: m.Artifact, decl: m.SettingDecl) -> str:
    if decl.kind == "yes_no":
        return "yes or no"
    if decl.choices:
        return "one of " + ", ".join(decl.choices)
    return f"{said(artifact, decl.lo)} to {said(artifact, decl.hi)}" if decl.lo and decl.hi else ""


def _fields(
    kind: str,
    name: str,
    old: m.Artifact,
    new: m.Artifact,
    was: m.Model,
    now: m.Model,
    but: tuple[str, ...] = (),
) -> Iterator[Declared]:
    for field in dataclasses.fields(was):
        if field.name in but:
            continue
        one, two = getattr(was, field.name), getattr(now, field.name)
        if field.name == "available_if":
            if (one is None) != (two is None) or (one is not None and spelled(old, one) != spelled(new, two)):
                yield Declared(kind, name, "available if", words(old, one), words(new, two), WAY[field.name])
        elif one != two:
            a, b = said(old, one, field.name), said(new, two, field.name)
            yield Declared(kind, name, _title(field.name), a, b, WAY.get(field.name, ("readings",)))


# ---------------------------------------------------------------- what forbids orders


def _gates(old: m.Artifact, new: m.Artifact) -> Iterator[Declared]:
    for kind, table, key in (
        ("restriction", "restricts", "drug"),
        ("prerequisite", "befores", "drug"),
        ("incompatible", "incompatible", "drugs"),
    ):
        before = [(plain(old, one), one) for one in getattr(old, table)]
        after = [(plain(new, one), one) for one in getattr(new, table)]
        gone = [one for told, one in before if told not in [other for other, _ in after]]
        come = [one for told, one in after if told not in [other for other, _ in before]]
        for one in gone:
            other = next((two for two in come if getattr(two, key) == getattr(one, key)), None)
            if other is not None:
                come.remove(other)
            name = _named(getattr(one, key))
            after_text = "" if other is None else _gate(new, other)
            yield Declared(kind, name, "", _gate(old, one), after_text, ("limit raised",))
        for one in come:
            yield Declared(kind, _named(getattr(one, key)), "", "", _gate(new, one), ("limit lowered",))


def _gate(artifact: m.Artifact, gate: m.Restrict | m.Before | m.Incompatible) -> str:
    match gate:
        case m.Restrict():
            parts = ["contraindicated"] if gate.contraindicated else []
            parts += [
                f"{field} {said(artifact, getattr(gate, field))}"
                for field in ("start", "usual", "maximum", "rolling")
                if getattr(gate, field)
            ]
            while_ = words(artifact, gate.condition)
            return ", ".join(parts) + (f" while {while_}" if while_ else "")
        case m.Before():
            return f"{'prefer' if gate.prefer else 'require'} {words(artifact, gate.condition)}"
        case m.Incompatible():
            return gate.why or " and ".join(gate.drugs)


def _named(key: str | tuple[str, ...]) -> str:
    return key if isinstance(key, str) else " and ".join(key)


# ---------------------------------------------------------------- stages, reasons, sources, words


def _stages(old: m.Artifact, new: m.Artifact) -> Iterator[Declared]:
    before, after = ({stage.name: stage for stage in one.stages} for one in (old, new))
    for name in _all(before, after):
        was, now = before.get(name), after.get(name)
        if was is None:
            yield Declared("stage", name, "", "", (now and now.title) or name, ("stage new",))
            continue
        if now is None:
            into = merged(old, new, name)
            classes: tuple[Class, ...] = ("stage merged",) if into else ("stage gone",)
            yield Declared("stage", name, "", was.title or name, into or "", classes)
            continue
        if was.title != now.title:
            yield Declared("stage", name, "title", was.title, now.title, ("wording",))
        for field, classes in (
            ("resting", ("source",)),
            ("covers", ("property weakened",)),
            ("goals", ("source",)),
        ):
            if plain(old, getattr(was, field)) == plain(new, getattr(now, field)) and field == "resting":
                continue
            one, two = _promised(old, was, field), _promised(new, now, field)
            if one[0] != two[0]:
                fewer = field == "covers" and not set(one[0]) <= set(two[0])
                told: tuple[Class, ...] = classes if fewer or field != "covers" else ("property added",)
                yield Declared("stage", name, field, one[1], two[1], told)


def _promised(artifact: m.Artifact, stage: m.Stage, field: str) -> tuple[tuple[str, ...], str]:
    match field:
        case "covers":
            terms = stage.covers
            return tuple(sorted(spelled(artifact, one) for one in terms)), "; ".join(
                words(artifact, one) for one in terms
            )
        case "goals":
            goals = tuple(sorted(f"{one.name}:{spelled(artifact, one.condition)}" for one in stage.goals))
            return goals, "; ".join(f"{one.name} as {words(artifact, one.condition)}" for one in stage.goals)
        case _:
            return (str(stage.resting),), "yes" if stage.resting else "no"


def merged(old: m.Artifact, new: m.Artifact, stage: str) -> str:
    """The stage of the new version that took over most of the rules of one that is gone; empty: none did."""
    from rung_lang.diff.names import content

    mine = {content(old, rule).split("\n", 1)[1] for rule in old.rules if rule.stage == stage}
    best, most = "", 0
    for other in new.stages:
        theirs = {content(new, rule).split("\n", 1)[1] for rule in new.rules if rule.stage == other.name}
        if len(mine & theirs) > most:
            best, most = other.name, len(mine & theirs)
    return best if 2 * most > len(mine) else ""


def _reasons(old: m.Artifact, new: m.Artifact) -> Iterator[Declared]:
    before, after = ({rule.id: rule for rule in one.rules} for one in (old, new))
    for name in _all(before, after):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            continue
        for field, classes in _REASONS.items():
            one, two = getattr(was, field), getattr(now, field)
            if one != two:
                yield Declared("rule", name, _title(field), said(old, one), said(new, two), classes)


_REASONS: Mapping[str, tuple[Class, ...]] = {
    "title": ("wording",), "because": ("wording",), "cites": ("source",), "clauses": ("source",),
    "erratum": ("source",), "grade": ("source",),
}  # fmt: skip


def _sources(old: m.Artifact, new: m.Artifact) -> Iterator[Declared]:
    for name in _all(old.sources, new.sources):
        was, now = old.sources.get(name), new.sources.get(name)
        a, b = (_source(one) for one in (was, now))
        if a != b:
            yield Declared("source", name, "", a, b, ("source",))
    before, after = ({one.text: one for one in artifact.questions} for artifact in (old, new))
    for text in _all(before, after):
        one, two = before.get(text), after.get(text)
        if one is None or two is None:
            yield Declared(
                "question", text, "", "asked" if one else "", "asked" if two else "", ("question",)
            )
        elif plain(old, one) != plain(new, two):
            yield Declared("question", text, "what is asked", "", "otherwise", ("question",))


def _source(source: m.SourceDecl | None) -> str:
    if source is None:
        return ""
    return ", ".join(part for part in (source.title, source.publisher, str(source.year or "")) if part)


def _head(old: m.Artifact, new: m.Artifact) -> Iterator[Declared]:
    for field in ("title", "version", "status"):
        one, two = getattr(old, field), getattr(new, field)
        if one != two:
            yield Declared("protocol", new.name, field, one, two, ("wording",))
    if old.name != new.name:
        yield Declared("protocol", new.name, "name", old.name, new.name, ("wording",))
    if old.settle != new.settle:
        yield Declared(
            "protocol", new.name, "settle", span(old.settle), span(new.settle), ("property weakened",)
        )
    if sorted(repr(plain(old, one)) for one in old.ownership) != sorted(
        repr(plain(new, one)) for one in new.ownership
    ):
        yield Declared("ownership", new.name, "", _owned(old), _owned(new), ("order gone",))


def _owned(artifact: m.Artifact) -> str:
    return "; ".join(f"{one.how} {', '.join(one.drugs)} to {one.protocol}" for one in artifact.ownership)


def _all(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[str]:
    """Names of both, each once, in the order of the new version; what is gone comes last."""
    return (*after, *(name for name in before if name not in after))


def _whole(kind: str, name: str, new: bool, classes: tuple[Class, ...]) -> Declared:
    return Declared(kind, name, "", "" if new else "declared", "declared" if new else "", classes)


def _title(field: str) -> str:
    return field.replace("_", " ")
