"""Everything that a decision can come from, in one text: two artifacts with one text decide alike, always."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.artifact.references import TERM_FIELDS
from rung_lang.diff.names import spelled
from rung_lang.lower.terms import canonical

WORDS = frozenset(
    {"title", "aliases", "codes", "because", "cites", "clauses", "erratum", "grade", "why", "asked"}
)
"""Fields that are for readers, or for the source of the data to find its own names."""


def behaviour(artifact: m.Artifact) -> str:
    """Canonical text without names of rules, words and layout. What is written in one order, and means the
    same in another, is sorted; conditions are spelled out."""
    found: dict[str, Any] = {
        "settle": artifact.settle,
        "applies": None if artifact.applies is None else spelled(artifact, artifact.applies),
        "assumptions": sorted(spelled(artifact, one) for one in artifact.assumptions),
    }
    for table in ("inputs", "drugs", "events", "courses", "outcomes", "settings"):
        found[table] = {name: plain(artifact, decl) for name, decl in getattr(artifact, table).items()}
    found["tasks"] = sorted(artifact.tasks)
    found["panels"] = {name: sorted(members) for name, members in artifact.panels.items()}
    found["units"] = {name: canonical(decl) for name, decl in artifact.units.items()}
    for table in ("befores", "restricts", "incompatible"):
        found[table] = [plain(artifact, one) for one in getattr(artifact, table)]
    found["ownership"] = sorted(_text(plain(artifact, one)) for one in artifact.ownership)
    found["stages"] = sorted(_text(_stage(artifact, stage)) for stage in artifact.stages)
    found["rules"] = sorted(_text(_rule(artifact, rule)) for rule in artifact.rules)
    return _text(found)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plain(artifact: m.Artifact, part: Any) -> Any:
    """A part as plain data, its conditions spelled out, without words."""
    if isinstance(part, tuple):
        return [plain(artifact, one) for one in part]
    if isinstance(part, dict):
        return {key: plain(artifact, one) for key, one in part.items()}
    if not isinstance(part, m.Model):
        return part
    found: dict[str, Any] = {}
    terms = TERM_FIELDS.get(type(part), ())
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if field.name in WORDS:
            continue
        if field.name in terms:
            found[field.name] = _spelled(artifact, value)
        else:
            found[field.name] = plain(artifact, value)
    return found


def _spelled(artifact: m.Artifact, value: Any) -> Any:
    if isinstance(value, tuple):
        return [None if one is None else spelled(artifact, one) for one in value]
    return None if value is None else spelled(artifact, value)


def _stage(artifact: m.Artifact, stage: m.Stage) -> Any:
    """Of a stage what sends sessions there. What it covers, its goals and that it rests are for the
    verifier.
    """
    found = plain(artifact, stage)
    return {name: found[name] for name in ("name", "initial", "initial_if")}


def _rule(artifact: m.Artifact, rule: m.Rule) -> Any:
    found = plain(artifact, rule)
    kept = {name: found[name] for name in ("stage", "condition", "unless", "orders")}
    # Which rules it overrides, by what those do.
    others = {other.id: other for other in artifact.rules}
    overridden: Iterable[str] = (
        _text(
            {name: plain(artifact, others[one])[name] for name in ("stage", "condition", "unless", "orders")}
        )
        for one in rule.overrides
        if one in others
    )
    return {**kept, "overrides": sorted(overridden)}
