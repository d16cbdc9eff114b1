"""The shared conformance cases as files: an artifact each, and its cases a line each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.artifact.load import load
from rung_engine.artifact.seal import seal
from rung_engine.browser.facts import event_of, fact_json
from rung_engine.decision.explain import explain
from rung_engine.decision.model import to_json
from rung_engine.event import Event
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.run import Runner

FOLDER = Path(__file__).resolve().parents[2] / "schemas" / "conformance"
ARTIFACTS = FOLDER / "artifacts"
CASES = FOLDER / "cases"
COVERAGE = FOLDER / "coverage.json"


@frozen
class Case:
    """A history of one artifact and what must be decided of it. `expected` and `why` are as in the file."""

    id: str
    artifact: str
    """The name of its file, without `.json`."""
    settings: Mapping[str, Any]
    silence_is_off: bool
    until: int
    events: tuple[Event, ...]
    expected: tuple[Any, ...] = ()
    why: Mapping[str, Any] | None = None


def bare(artifact: m.Artifact, name: str) -> m.Artifact:
    """Sealed, without what no engine reads: positions, words, proofs, drawing, sources."""
    return seal(
        artifact.model_copy(
            update={
                "compiler": "conformance", "name": name, "questions": (), "ownership": (),
                "graph": m.Graph(nodes=(), edges=()), "certificate": m.Certificate(),
                "provenance": m.Provenance(files=(), positions={}, words={}),
            }
        )
    )  # fmt: skip


def number_json(value: m.Number | str) -> Any:
    return value if isinstance(value, str) else {"millionths": value.millionths, "unit": value.unit}


def program_of(artifact: m.Artifact, settings: Mapping[str, Any]) -> Program:
    given = {name: one if isinstance(one, str) else m.Number(**one) for name, one in settings.items()}
    return Program(artifact, given, unverified=True)


@cache
def artifact(name: str) -> m.Artifact:
    """The artifact of this file."""
    return load((ARTIFACTS / f"{name}.json").read_bytes())


def decided(program: Program, case: Case) -> tuple[Any, ...]:
    """What the reference engine decides, as JSON data."""
    runner = Runner(program, case.events, silence_is_off=case.silence_is_off)
    return tuple(to_json(decision) for decision in runner.run(case.until))


def explained(program: Program, case: Case, time: int, rule: str) -> Any:
    """The tree of a rule's condition at `time`, as JSON data."""
    view = Runner(program, case.events, silence_is_off=case.silence_is_off).advance(time)
    (found,) = (one for one in program.artifact.rules if one.id == rule)
    return to_json(explain(view, found.condition))


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def line(case: Case) -> str:
    """The case as a line of its file."""
    content = {
        "id": case.id, "settings": dict(case.settings), "silence_is_off": case.silence_is_off,
        "until": case.until, "facts": [fact_json(event) for event in case.events],
        "expected": list(case.expected),
    }  # fmt: skip
    if case.why is not None:
        content["why"] = dict(case.why)
    return canonical(content)


def names() -> list[str]:
    """Of all artifacts with cases."""
    return sorted(path.stem for path in CASES.glob("*.jsonl"))


def cases(name: str) -> Iterator[Case]:
    """The cases of one artifact."""
    for text in (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        data = json.loads(text)
        yield Case(
            data["id"], name, data["settings"], data["silence_is_off"], data["until"],
            tuple(event_of(fact) for fact in data["facts"]), tuple(data["expected"]), data.get("why"),
        )  # fmt: skip


def all_cases(among: Iterable[str] | None = None) -> Iterator[Case]:
    for name in names() if among is None else among:
        yield from cases(name)
