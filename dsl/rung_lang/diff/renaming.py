"""An artifact with other names for what it declares: the old version in the words of the new one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.artifact.references import DRUG_OPS, NAMES, TARGETS

Names = Mapping[str, Mapping[str, str]]
"""By part of the artifact (`inputs`, `stages`, `rules`): the new name of each thing that has one."""

DECLARED = ("inputs", "drugs", "events", "tasks", "courses", "outcomes", "settings", "sources")
"""The parts that hold declarations by name, beside `stages` and `rules`."""


def renamed(artifact: m.Artifact, names: Names) -> m.Artifact:
    """The artifact under these names. What it refers to is renamed too; words of the author are not."""
    if not any(names.values()):
        return artifact
    found: m.Artifact = _part(artifact, names)
    update: dict[str, Any] = {
        table: {names.get(table, {}).get(name, name): part for name, part in getattr(found, table).items()}
        for table in DECLARED
    }
    return found.model_copy(update=update)


def _part(part: Any, names: Names) -> Any:
    if isinstance(part, tuple):
        return tuple(_part(one, names) for one in part)
    if isinstance(part, dict):
        return {key: _part(one, names) for key, one in part.items()}
    if not isinstance(part, m.Model):
        return part
    if isinstance(part, m.Graph | m.Provenance | m.Certificate):
        return part
    update = {field.name: _part(getattr(part, field.name), names) for field in dataclasses.fields(part)}
    for field, table in NAMES.get(type(part), ()):
        if update[field] is not None:
            update[field] = _name(update[field], names.get(table, {}))
    match part:
        case m.Known():
            update["name"] = _name(part.name, names.get(f"{part.kind}s", {}))
        case m.Order():
            tables = ("drugs",) if part.op in DRUG_OPS else TARGETS.get(part.op, ())
            for table in tables:
                update["target"] = _name(update["target"], names.get(table, {}))
        case m.Stage():
            update["name"] = _name(part.name, names.get("stages", {}))
        case m.Rule():
            update["id"] = _name(part.id, names.get("rules", {}))
        case _:
            pass
    return part.model_copy(update=update)


def _name(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, tuple):
        return tuple(names.get(one, one) for one in value)
    return names.get(value, value)
