"""A difference as data for programs, the same bytes every time; `docs/reference/diff.md` names its parts."""

from __future__ import annotations

import json
from typing import Any, assert_never

from rung_engine.artifact import model as m
from rung_engine.browser.facts import fact_json
from rung_engine.decision.model import to_json
from rung_lang.diff.model import (
    Again,
    Alike,
    Change,
    Declared,
    Given,
    Open,
    Parting,
    Patient,
    Region,
    StagePair,
    Subject,
    Tonight,
    Version,
)
from rung_lang.report import diff_said as said
from rung_lang.report.diff_said import Sides
from rung_lang.verify.gaps.regions import Between, Bound, Condition, State

FORMAT = 1
"""Of this form; a reader refuses a larger one."""


def text(data: Any) -> str:
    """Canonical: keys in order, two blanks, one line end."""
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def data(sides: Sides) -> dict[str, Any]:
    """All of it."""
    difference = sides.difference
    return {
        "form": "rung diff",
        "format": FORMAT,
        "old": version(difference.old),
        "new": version(difference.new),
        "how": difference.how,
        "weight": difference.weight,
        "classes": list(difference.classes),
        "said": said.verdict(difference),
        "stages": [_pair(one) for one in difference.stages],
        "renamed": [{"kind": one.kind, "old": one.old, "new": one.new} for one in difference.renamed],
        "changes": [_change(sides, one) for one in difference.changes],
        "alike": [_alike(one) for one in difference.alike],
        "undecided": [_open(one) for one in difference.undecided],
        "declared": [_declared(one) for one in difference.declared],
        "partings": [_parting(one) for one in difference.partings],
        "tonight": [_tonight(one) for one in difference.tonight],
        "assumed": {lead.lower(): list(items) for lead, items in said.assumed(sides)},
    }


def version(one: Version) -> dict[str, Any]:
    """One of the two."""
    return {
        "name": one.name,
        "title": one.title,
        "version": one.version,
        "status": one.status,
        "meaning": one.meaning,
        "seal": one.seal,
        "proof": one.proof,
    }


def _pair(pair: StagePair) -> dict[str, Any]:
    return {"old": pair.old, "new": pair.new}


def _subject(what: Subject) -> dict[str, Any]:
    return {"op": what[0], "target": what[1]}


def _change(sides: Sides, change: Change) -> dict[str, Any]:
    return {
        "name": change.name,
        "stages": _pair(change.stages),
        "also": [_pair(pair) for pair in change.also],
        "subject": _subject(change.subject),
        "classes": list(change.classes),
        "regions": [_region(sides, one) for one in change.regions],
        "whole": change.whole,
        "rules": {"old": list(change.rules_old), "new": list(change.rules_new)},
    }


def _region(sides: Sides, region: Region) -> dict[str, Any]:
    return {
        "name": region.name,
        "said": said.who(sides, region),
        "all_of": [_literal(one) for one in region.cube],
        "classes": list(region.classes),
        "old": [_given(one) for one in region.old],
        "new": [_given(one) for one in region.new],
        "patient": None if region.patient is None else _patient(region.patient),
    }


def _literal(one: Between | Condition | State) -> dict[str, Any]:
    match one:
        case Between():
            return {"between": one.name, "from": _bound(one.lo), "to": _bound(one.hi)}
        case Condition():
            return {"condition": one.words, "true": one.true}
        case State():
            return {"drug": one.drug, "state": one.state, "true": one.true}
        case _:
            assert_never(one)


def _bound(bound: Bound | None) -> dict[str, Any] | None:
    return None if bound is None else {"text": bound.text, "included": bound.included}


def _given(one: Given) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "order": {key: part for key, part in one.order.model_dump("json").items() if part is not None},
        "strength": one.strength,
        "confirmed": one.confirmed,
    }


def _patient(patient: Patient) -> dict[str, Any]:
    return {
        "settings": {name: setting(value) for name, value in patient.settings},
        "facts": [fact_json(event) for event in patient.events],
        "time_ms": patient.time,
        "old": to_json(patient.old),
        "new": to_json(patient.new),
    }


def setting(value: m.Number | str) -> Any:
    """The value of a setting."""
    return value if isinstance(value, str) else {"millionths": value.millionths, "unit": value.unit}


def _alike(one: Alike) -> dict[str, Any]:
    return {"stages": _pair(one.stages), "subject": _subject(one.subject), "how": one.how}


def _open(one: Open) -> dict[str, Any]:
    return {"stages": _pair(one.stages), "subject": _subject(one.subject), "reason": one.reason}


def _declared(one: Declared) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "what": one.what,
        "before": one.before,
        "after": one.after,
        "classes": list(one.classes),
    }


def _parting(one: Parting) -> dict[str, Any]:
    return {
        "change": one.change,
        "region": one.region,
        "patient": _patient(one.patient),
        "instants": one.instants,
        "again": [_again(each) for each in one.again],
    }


def _again(one: Again) -> dict[str, Any]:
    return {"how": one.how, "after_ms": one.after, "within_ms": one.within}


def _tonight(one: Tonight) -> dict[str, Any]:
    return {
        "stage": one.stage,
        "landing": one.landing,
        "how": one.how,
        "because": one.because,
        "changes": [each.name for each in one.changes],
        "stops": [
            {
                "drug": each.drug,
                "op": each.op,
                "rule": each.rule,
                "patient": None if each.patient is None else _patient(each.patient),
            }
            for each in one.stops
        ],
        "undecided": [_open(each) for each in one.undecided],
    }
