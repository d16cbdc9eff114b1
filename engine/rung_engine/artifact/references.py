"""Whether every name and index of an artifact leads somewhere. Kinds and dimensions are the compiler's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from rung_engine.artifact import model as m

TERM_FIELDS: dict[type[m.Model], tuple[str, ...]] = {
    m.Cmp: ("left", "right"),
    m.Arith: ("left", "right"),
    m.Not: ("of",),
    m.And: ("of",),
    m.Or: ("of",),
    m.Count: ("of",),
    m.Held: ("of",),
    m.Recent: ("of",),
    m.Ever: ("of",),
    m.Readings: ("right", "drawn"),
    m.DrugDecl: ("available_if",),
    m.Restrict: ("condition",),
    m.EventDecl: ("condition",),
    m.OutcomeDecl: ("condition",),
    m.Prefer: ("conditions",),
    m.Rule: ("condition", "unless"),
    m.Goal: ("condition",),
    m.Stage: ("initial_if", "covers"),
    m.Before: ("condition",),
    m.Property: ("condition", "given"),
    m.Proof: ("conditions",),
    m.Question: ("condition",),
    m.Ownership: ("condition",),
    m.Artifact: ("applies", "assumptions"),
}
"""The fields that hold term indices, by model."""

NAMES: dict[type[m.Model], tuple[tuple[str, str], ...]] = {
    m.Number: (("unit", "units"),),
    m.FromSetting: (("setting", "settings"),),
    m.EventRef: (("name", "events"),),
    m.DrugRef: (("drugs", "drugs"),),
    m.TaskRef: (("name", "tasks"),),
    m.Flag: (("input", "inputs"),),
    m.Is: (("input", "inputs"),),
    m.SettingIs: (("setting", "settings"),),
    m.Running: (("drugs", "drugs"),),
    m.Off: (("drugs", "drugs"),),
    m.Readings: (("input", "inputs"),),
    m.Ordered: (("drugs", "drugs"),),
    m.InStage: (("stage", "stages"),),
    m.Quantity: (("unit", "units"),),
    m.Setting: (("name", "settings"),),
    m.Input: (("name", "inputs"),),
    m.Rate: (("drug", "drugs"), ("unit", "units")),
    m.TimeInCourse: (("course", "courses"),),
    m.TimeOn: (("drug", "drugs"),),
    m.Change: (("input", "inputs"),),
    m.Extreme: (("input", "inputs"),),
    m.Total: (("drug", "drugs"), ("unit", "units")),
    m.ValueAt: (("input", "inputs"),),
    m.ValueAtStart: (("input", "inputs"), ("course", "courses")),
    m.AlsoIn: (("unit", "units"),),
    m.InputDecl: (("unit", "units"), ("accepts", "units"), ("counts", "drugs")),
    m.DrugDecl: (("unit", "units"), ("accepts", "units"), ("needs", "drugs")),
    m.Restrict: (("drug", "drugs"), ("cites", "sources")),
    m.CourseDecl: (("drugs", "drugs"),),
    m.Incompatible: (("drugs", "drugs"),),
    m.Order: (("once_per", "courses"),),
    m.Rule: (("stage", "stages"), ("overrides", "rules"), ("cites", "sources")),
    m.Before: (("drug", "drugs"), ("cites", "sources")),
    m.Property: (("drugs", "drugs"),),
    m.Question: (("drug", "drugs"),),
    m.Ownership: (("drugs", "drugs"),),
    m.Migrate: (("to", "stages"),),
}
"""The fields that hold names, and the part of the artifact that declares them."""

DRUG_OPS = frozenset(
    {"start", "add", "set", "increase", "decrease", "taper", "continue", "pause", "stop", "give", "avoid"}
)
TARGETS = {
    "classify": ("outcomes",),
    "measure": ("inputs", "panels"),
    "do": ("tasks",),
    "end": ("courses",),
    "go": ("stages",),
}


def operands_of(term: m.Truth | m.Numeric) -> tuple[int, ...]:
    """The numbers of the terms this one is made of."""
    return tuple(_indices(term))


def broken_reference(artifact: m.Artifact) -> str | None:
    """The first reference that leads nowhere, as a path and what it names; None where all are whole."""
    return next(_broken(artifact), None)


def _broken(artifact: m.Artifact) -> Iterator[str]:
    parts: dict[str, set[str]] = {
        "units": set(artifact.units),
        "inputs": set(artifact.inputs),
        "drugs": set(artifact.drugs),
        "panels": set(artifact.panels),
        "events": set(artifact.events),
        "tasks": set(artifact.tasks),
        "courses": set(artifact.courses),
        "outcomes": set(artifact.outcomes),
        "settings": set(artifact.settings),
        "sources": set(artifact.sources),
        "stages": {stage.name for stage in artifact.stages},
        "rules": {rule.id for rule in artifact.rules},
    }
    for index, term in enumerate(artifact.terms):
        for found in _indices(term):
            if found >= index:
                yield f"terms/{index}: term {found} is not before it"
    for name, found in artifact.defines.items():
        if found >= len(artifact.terms):
            yield f"defines/{name}: no term {found}"
    for name, members in artifact.classes.items():
        yield from (f"classes/{name}: no drug {member}" for member in members if member not in parts["drugs"])
    for name, members in artifact.panels.items():
        yield from (
            f"panels/{name}: no input {member}" for member in members if member not in parts["inputs"]
        )
    for path, part in _parts(artifact, ""):
        for field, table in NAMES.get(type(part), ()):
            for name in _texts(getattr(part, field)):
                if name not in parts[table]:
                    yield f"{path}/{field}: no {name} among {table}"
        if isinstance(part, m.Known) and part.name not in parts[f"{part.kind}s"]:
            yield f"{path}/name: no {part.kind} {part.name}"
        if isinstance(part, m.Order):
            tables = ("drugs",) if part.op in DRUG_OPS else TARGETS.get(part.op, ())
            if tables and not any(part.target in parts[table] for table in tables):
                yield f"{path}/target: no {part.target} among {' or '.join(tables)}"
        for found in _indices(part):
            if found >= len(artifact.terms):
                yield f"{path}: no term {found}"
    for index, one in enumerate(artifact.certificate.obligations):
        if one.evidence and one.evidence not in artifact.certificate.evidence:
            yield f"certificate/obligations/{index}/evidence: no {one.evidence} among evidence"
    nodes = {node.id for node in artifact.graph.nodes}
    for edge in artifact.graph.edges:
        yield from (f"graph: no node {end}" for end in (edge.source, edge.target) if end not in nodes)


def _indices(part: m.Model) -> Iterator[int]:
    for field in TERM_FIELDS.get(type(part), ()):
        value = getattr(part, field)
        for index in value if isinstance(value, tuple) else (value,):
            if index is not None:
                yield index


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]


def _parts(value: object, path: str) -> Iterator[tuple[str, m.Model]]:
    """Every model in the artifact, itself first, with its path."""
    if isinstance(value, m.Model):
        yield path, value
        for field in fields(value):
            yield from _parts(getattr(value, field.name), f"{path}/{field.name}")
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _parts(part, f"{path}/{key}")
    elif isinstance(value, tuple):
        for index, part in enumerate(value):
            yield from _parts(part, f"{path}/{index}")
