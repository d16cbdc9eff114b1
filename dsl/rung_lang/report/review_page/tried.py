"""What the form for a reader's own patient knows: both artifacts, the fields, and patients to begin with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.browser.facts import fact_json
from rung_engine.exact import from_millionths, show_decimal
from rung_engine.program import Program
from rung_engine.reference.evaluate import subjects
from rung_lang.report import diff_said as said
from rung_lang.report.diff_json import setting
from rung_lang.report.diff_said import Sides
from rung_lang.report.documents.sentences import counted, spaced
from rung_lang.verify.context import base_program

_MOST_INSTANTS = 6
"""A patient with more instants than this is shown in the page, and is too long for a form."""
_MOST_PRESETS = 8
_MOVES = frozenset({"go", "finish", "begin", "applies"})


def data(sides: Sides) -> str:
    """JSON that may stand in a script element."""
    text = json.dumps(_data(sides), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _data(sides: Sides) -> dict[str, Any]:
    old, new = sides.difference.old, sides.difference.new
    return {
        "old": stripped(sides.old),
        "new": stripped(sides.new),
        "called": {"old": said.named(old), "new": said.named(new)},
        "renamed": _renamed(sides),
        "settings": list(_settings(sides)),
        "fields": list(_fields(sides)),
        "presets": list(_presets(sides)),
        "rules": {
            "old": sorted(
                _original(sides, {one for each in sides.difference.changes for one in each.rules_old})
            ),
            "new": sorted({one for each in sides.difference.changes for one in each.rules_new}),
        },
    }


def stripped(artifact: m.Artifact) -> dict[str, Any]:
    """The artifact without what no decision and no explanation of one reads."""
    provenance = artifact.provenance.model_copy(update={"files": (), "positions": {}, "arms": {}})
    certificate = artifact.certificate.model_copy(
        update={
            "obligations": (),
            "evidence": {},
            "assumed": (),
            "approximated": (),
            "not_analysed": (),
            "tools": {},
            "modes": (),
        }
    )
    empty = m.Graph(nodes=(), edges=())
    return artifact.model_copy(
        update={"provenance": provenance, "certificate": certificate, "graph": empty}
    ).model_dump("json")


def _original(sides: Sides, rules: set[str]) -> set[str]:
    """Rules of the old version under their own names."""
    back = {one.new: one.old for one in sides.difference.renamed if one.kind == "rule"}
    own = {rule.id for rule in sides.old.rules}
    return {name for rule in rules if (name := rule if rule in own else back.get(rule, rule)) in own}


def _renamed(sides: Sides) -> dict[str, dict[str, str]]:
    """By kind of thing and by its new name: the old one."""
    found: dict[str, dict[str, str]] = {}
    for one in sides.difference.renamed:
        found.setdefault(one.kind, {})[one.new] = one.old
    return found


# ---------------------------------------------------------------- fields


def _settings(sides: Sides) -> Iterator[dict[str, Any]]:
    """What the site must choose before either version starts."""
    old = {name: one for name, one in sides.current.settings.items() if one.value is None}
    for name, decl in sorted(
        {**old, **{n: d for n, d in sides.new.settings.items() if d.value is None}}.items()
    ):
        yield {
            "name": name,
            "label": _label(name, decl.title),
            "type": decl.kind,
            "unit": "" if decl.lo is None else decl.lo.unit,
            "values": list(decl.choices) or ["yes", "no"],
            "hint": "" if decl.lo is None or decl.hi is None else f"{counted(decl.lo)} to {counted(decl.hi)}",
            "value": None if decl.lo is None else show_decimal(from_millionths(decl.lo.millionths)),
        }


def _fields(sides: Sides) -> Iterator[dict[str, Any]]:
    """First what the changed rules read, then the rest; inputs before drugs before events and tasks."""
    first: set[tuple[str, str]] = set()
    every: set[tuple[str, str]] = set()
    for side in (sides.current, sides.new):
        program = base_program(side)
        every |= _read(program, {rule.id for rule in side.rules})
        every |= {("input", name) for name in program.inputs_read}
        touched = {one for each in sides.difference.changes for one in (*each.rules_old, *each.rules_new)}
        first |= _read(program, touched)
        first |= _needed(program, {each.subject for each in sides.difference.changes})
    known = sorted(every | first, key=lambda one: (one[0] != "input", one[1]))
    for kind, name in known:
        field = _field(sides, kind, name)
        if field is not None:
            yield {**field, "first": (kind, name) in first}
    events = {**sides.current.events, **sides.new.events}
    for name, event in sorted(events.items()):
        if event.condition is None:
            yield {
                "kind": "event",
                "name": name,
                "label": _label(name, event.title),
                "type": "event",
                "first": False,
            }
    for name, title in sorted({**sides.current.tasks, **sides.new.tasks}.items()):
        yield {"kind": "task", "name": name, "label": _label(name, title), "type": "task", "first": False}


def _read(program: Program, rules: set[str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for rule in program.artifact.rules:
        if rule.id in rules:
            for term in (rule.condition, *(() if rule.unless is None else (rule.unless,))):
                found |= subjects(program, term)
            found |= {("drug", one) for one in _ordered(rule) if one in program.artifact.drugs}
    return found


def _ordered(rule: m.Rule) -> Iterator[str]:
    for choice in rule.orders:
        for order in (choice.order,) if isinstance(choice, m.One) else choice.orders:
            yield order.target


def _needed(program: Program, changed: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """What decides whether the protocol applies, what stands before a drug of a change, and the weight."""
    artifact = program.artifact
    terms = [] if artifact.applies is None else [artifact.applies]
    targets = {target for op, target in changed if op not in _MOVES}
    terms += [before.condition for before in artifact.befores if before.drug in targets and not before.prefer]
    found = {one for term in terms for one in subjects(program, term)}
    for drug in targets & artifact.drugs.keys():
        found.add(("drug", drug))
        found |= {("drug", other) for other in artifact.drugs[drug].needs}
    if program.weight_input is not None:
        found.add(("input", program.weight_input))
    return found


def _field(sides: Sides, kind: str, name: str) -> Mapping[str, Any] | None:
    if kind == "input":
        decl = sides.new.inputs.get(name) or sides.current.inputs.get(name)
        if decl is None:
            return None
        limits = decl.plausible
        return {
            "kind": "input",
            "name": name,
            "label": _label(name, decl.title),
            "type": decl.kind,
            "unit": decl.unit or "",
            "values": list(decl.values),
            "hint": "" if limits is None else _range(limits),
        }
    drug = sides.new.drugs.get(name) or sides.current.drugs.get(name)
    if drug is None:
        return None
    return {
        "kind": "drug",
        "name": name,
        "label": _label(name, drug.title),
        "type": drug.form,
        "unit": drug.unit,
        "values": [],
        "hint": "",
    }


def _range(limits: m.Range) -> str:
    if isinstance(limits.lo, m.Number) and isinstance(limits.hi, m.Number):
        return f"{counted(limits.lo)} to {counted(limits.hi)}"
    return ""


def _label(name: str, title: str) -> str:
    words = spaced(name)
    return words if not title or title.casefold() == words.casefold() else f"{words} ({title})"


# ---------------------------------------------------------------- patients to begin with


def _presets(sides: Sides) -> Iterator[dict[str, Any]]:
    count = 0
    for group in said.groups(sides):
        for region in group.treated:
            patient = region.patient
            if patient is None or len({event.time for event in patient.events}) > _MOST_INSTANTS:
                continue
            count += 1
            if count > _MOST_PRESETS:
                return
            yield {
                "title": f"change {group.number}: {said.who(sides, region)}",
                "facts": [fact_json(event) for event in patient.events],
                "settings": {name: setting(value) for name, value in patient.settings},
                "time": patient.time,
            }
