"""Two artifacts over one table of terms: what both say alike has one number in both."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.artifact.references import TERM_FIELDS, operands_of
from rung_engine.frozen import frozen
from rung_lang.lower.terms import Terms, renumbered

SHARED = (
    "units",
    "inputs",
    "drugs",
    "classes",
    "panels",
    "events",
    "tasks",
    "courses",
    "outcomes",
    "settings",
)


TERMLESS = (
    m.Number, m.FromSetting, m.Range, m.UnitDecl, m.InputDecl, m.SettingDecl, m.SourceDecl, m.CourseDecl,
    m.Order, m.Incompatible, m.Migrate, m.Graph, m.Provenance, m.Certificate,
)  # fmt: skip
"""Parts in which no term is spoken of."""


@frozen
class United:
    """Both with `terms` in common. What only one declares, the other declares too, and never speaks of.

    They are for asking questions about: properties, questions, ownership and what is drawn are left out.
    """

    old: m.Artifact
    new: m.Artifact
    alone: frozenset[int]
    """Terms that one of the two speaks of, and the other does not."""


def united(old: m.Artifact, new: m.Artifact) -> United:
    """The two, ready to be compared. Both are in the same names."""
    table = Terms()
    one, two = _asked(old), _asked(new)
    places_old, places_new = _added(table, one), _added(table, two)
    words = {str(index): said for index, said in table.words.items()}
    terms = tuple(table.nodes)
    first, second = _moved(one, places_old), _moved(two, places_new)
    alone = frozenset(places_old) ^ frozenset(places_new)
    return United(_joined(first, second, terms, words), _joined(second, first, terms, words), alone)


def _asked(artifact: m.Artifact) -> m.Artifact:
    """Without what is no part of a decision, and with a number for every setting that no site may choose."""
    fixed = {
        name: decl.value
        for name, decl in artifact.settings.items()
        if isinstance(decl.value, m.Number) and is_fixed(decl)
    }
    plain = artifact.model_copy(
        update={
            "properties": (),
            "proofs": (),
            "questions": (),
            "ownership": (),
            "graph": m.Graph(nodes=(), edges=()),
            "certificate": m.Certificate(),
        }
    )
    settled: m.Artifact = _settled(plain, fixed) if fixed else plain
    return settled


def is_fixed(decl: m.SettingDecl) -> bool:
    """A name for a number: no site may choose another."""
    return (
        decl.kind == "quantity"
        and decl.value is not None
        and decl.lo in (None, decl.value)
        and decl.hi == decl.lo
    )


def _settled(part: Any, fixed: Mapping[str, m.Number]) -> Any:
    if isinstance(part, tuple):
        return tuple(_settled(one, fixed) for one in part)
    if isinstance(part, dict):
        return {key: _settled(one, fixed) for key, one in part.items()}
    match part:
        case m.FromSetting():
            return fixed.get(part.setting, part)
        case m.Setting() if part.name in fixed:
            return m.Quantity(millionths=fixed[part.name].millionths, unit=fixed[part.name].unit)
        case m.Provenance():
            return part
        case m.Model():
            update = {one.name: _settled(getattr(part, one.name), fixed) for one in dataclasses.fields(part)}
            return part.model_copy(update=update)
        case _:
            return part


def _added(table: Terms, artifact: m.Artifact) -> list[int]:
    """The place in the common table of each term that the artifact still speaks of; -1 of the others."""
    words = artifact.provenance.words
    live = _live(artifact)
    places = [-1] * len(artifact.terms)
    for index, term in enumerate(artifact.terms):
        if index in live:
            moved = renumbered(term, dict(enumerate(places)))
            places[index] = table.add(moved, words.get(str(index), ""))
    return places


def _live(artifact: m.Artifact) -> frozenset[int]:
    todo = list(_roots(artifact.model_copy(update={"terms": ()})))
    todo += artifact.defines.values()
    found: set[int] = set()
    while todo:
        index = todo.pop()
        if index not in found:
            found.add(index)
            todo.extend(operands_of(artifact.terms[index]))
    # A define that speaks of the decision is there for properties only.
    return frozenset(found)


def _roots(part: Any) -> Iterable[int]:
    if isinstance(part, TERMLESS):
        return
    if isinstance(part, m.Model):
        for name in TERM_FIELDS.get(type(part), ()):
            value = getattr(part, name)
            yield from (one for one in (value if isinstance(value, tuple) else (value,)) if one is not None)
        for field in dataclasses.fields(part):
            yield from _roots(getattr(part, field.name))
    elif isinstance(part, dict):
        for one in part.values():
            yield from _roots(one)
    elif isinstance(part, tuple):
        for one in part:
            yield from _roots(one)


def _moved(part: Any, places: list[int]) -> Any:
    """With term numbers of the common table."""
    if isinstance(part, tuple):
        return tuple(_moved(one, places) for one in part)
    if isinstance(part, dict):
        return {key: _moved(one, places) for key, one in part.items()}
    if not isinstance(part, m.Model) or isinstance(part, TERMLESS):
        return part
    update: dict[str, Any] = {}
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if field.name in TERM_FIELDS.get(type(part), ()):
            if isinstance(value, tuple):
                update[field.name] = tuple(None if one is None else places[one] for one in value)
            elif value is not None:
                update[field.name] = places[value]
        elif isinstance(part, m.Artifact) and field.name == "terms":
            continue
        elif isinstance(part, m.Artifact) and field.name == "defines":
            update["defines"] = {name: places[term] for name, term in value.items()}
        else:
            update[field.name] = _moved(value, places)
    return part.model_copy(update=update)


def _joined(
    artifact: m.Artifact, other: m.Artifact, terms: tuple[m.Truth | m.Numeric, ...], words: dict[str, str]
) -> m.Artifact:
    update: dict[str, Any] = {"terms": terms}
    for table in SHARED:
        update[table] = {**getattr(other, table), **getattr(artifact, table)}
    update["inputs"] = {
        name: _readable(decl, other.inputs[name]) if name in other.inputs else decl
        for name, decl in update["inputs"].items()
    }
    update["settings"] = {
        name: _allowed(decl, other.settings[name]) if name in other.settings else decl
        for name, decl in update["settings"].items()
    }
    update["provenance"] = artifact.provenance.model_copy(update={"words": words})
    return artifact.model_copy(update=update)


def _readable(decl: m.InputDecl, other: m.InputDecl) -> m.InputDecl:
    """A reading that either version takes. Where they read it otherwise is said apart."""
    if decl == other:
        return decl
    lo_hi = decl.plausible if decl.plausible == other.plausible else None
    values = decl.values if set(other.values) <= set(decl.values) else other.values
    step = decl.step if decl.step == other.step else None
    return decl.model_copy(
        update={
            "plausible": lo_hi,
            "values": values,
            "step": step,
            "fixed": decl.fixed and other.fixed,
            "cumulative": decl.cumulative and other.cumulative,
        }
    )


def _allowed(decl: m.SettingDecl, other: m.SettingDecl) -> m.SettingDecl:
    """What a site may choose in both versions; one version's own where that is nothing."""
    if decl.kind != other.kind or decl.kind != "quantity" or None in (decl.lo, decl.hi, other.lo, other.hi):
        return decl
    assert decl.lo and decl.hi and other.lo and other.hi
    if len({one.unit for one in (decl.lo, decl.hi, other.lo, other.hi)}) > 1:
        return decl
    lo = max(decl.lo, other.lo, key=lambda one: one.millionths)
    hi = min(decl.hi, other.hi, key=lambda one: one.millionths)
    return decl.model_copy(update={"lo": lo, "hi": hi}) if lo.millionths <= hi.millionths else decl
