"""Makes `schemas/conformance`: `python -m tests.conformance.make`, from the root of the repository.

The same files come out on every machine. What is expected is what the reference engine decides.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.conformance.cases import (
    ARTIFACTS,
    CASES,
    COVERAGE,
    Case,
    bare,
    canonical,
    decided,
    explained,
    line,
    number_json,
    program_of,
)
from tests.conformance.coverage import FEATURES, exercised
from tests.conformance.invented import charted, chosen, invented
from tests.conformance.pointed import pointed
from tests.edges import road
from tests.laws.engines import last_stamp
from tests.laws.strategies import LAST

from rung_engine.artifact import model as m
from rung_engine.artifact.seal import to_bytes
from rung_engine.event import Event
from rung_engine.program import Program
from rung_lang.driver import compile_protocol
from rung_lang.source import decode

ROOT = Path(__file__).resolve().parents[2]
INVENTED = 90
HISTORIES = 19
LONGEST = 6_000
"""Characters of a case; a longer one is left out."""
SHIPPED = (
    "septic_shock", "cardiogenic_shock", "hepatorenal_syndrome", "refractory_hypotension",
    "newborn_hypotension",
)  # fmt: skip
EDGES = 90
"""So many artifacts of the edge tests."""

Made = tuple[str, m.Artifact, list[Case]]


def main() -> None:
    """Write the folder anew."""
    for folder in (ARTIFACTS, CASES):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    by_case: dict[str, frozenset[str]] = {}
    for name, artifact, found in (*_shipped(), *_edges(), *pointed_cases(), *_invented()):
        (ARTIFACTS / f"{name}.json").write_bytes(to_bytes(artifact))
        text = "".join(f"{line(case)}\n" for case in found)
        (CASES / f"{name}.jsonl").write_text(text, encoding="utf-8")
        for case in found:
            by_case[case.id] = exercised(program_of(artifact, case.settings), case).features
    covered = _cover(by_case)
    text = ",\n".join(
        f" {canonical(feature)}: {canonical(case)}" for feature, case in sorted(covered.items())
    )
    COVERAGE.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
    print(f"{len(by_case)} cases; without a case: {[one for one in FEATURES if one not in covered]}")


def _cover(by_case: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """By feature a case that exercises it; few cases in all, so that a test can look at each."""
    covered: dict[str, str] = {}
    while True:
        most = max(by_case, key=lambda case: len(by_case[case] - covered.keys()))
        new = by_case[most] - covered.keys()
        if not new:
            return covered
        covered.update(dict.fromkeys(new, most))


def _told(
    artifact: m.Artifact, case: Case, program: Program | None = None, *, why: tuple[int, str] | None = None
) -> Case:
    """The case with what the reference engine decides."""
    known = program_of(artifact, case.settings) if program is None else program
    told = replace(case, expected=decided(known, case))
    if why is None:
        return told
    time, rule = why
    return replace(told, why={"time": time, "rule": rule, "tree": explained(known, case, time, rule)})


# ---------------------------------------------------------------- protocols with one point


def pointed_cases() -> Iterator[Made]:
    for point, written, histories in pointed():
        name = f"pointed_{point}"
        artifact = bare(written, name)
        cases = (
            Case(f"{name}.{place:02}", name, {}, False, LAST, events)
            for place, events in enumerate(histories)
        )
        why = (4, artifact.rules[0].id)
        yield name, artifact, [_told(artifact, case, why=why) for case in cases]


# ---------------------------------------------------------------- invented protocols


def _invented() -> Iterator[Made]:
    for seed in range(INVENTED):
        yield of_seed(seed)


def of_seed(seed: int) -> Made:
    """One invented protocol with its cases."""
    name = f"invented_{seed:03}"
    artifact = bare(invented(seed), name)
    dice = Random(seed)
    found: list[Case] = []
    while len(found) < HISTORIES:
        settings = {key: number_json(one) for key, one in chosen(dice).items()}
        events = charted(dice)
        if last_stamp(events) is None:
            continue
        until = LAST + 6 if dice.random() < 0.3 else LAST - dice.randint(0, 12)
        case = Case(f"{name}.{len(found):02}", name, settings, dice.random() < 0.15, until, events)
        rule = dice.choice(artifact.rules).id
        made = _told(artifact, case, why=(dice.randint(0, LAST), rule) if len(found) % 6 == 0 else None)
        if len(line(made)) <= LONGEST:
            found.append(made)
    return name, artifact, found


# ---------------------------------------------------------------- the shipped protocols and their examples


def _shipped() -> Iterator[Made]:
    def read(path: str) -> Any:
        file = ROOT / path
        return decode(path, file.read_bytes()) if file.exists() else None

    for name in SHIPPED:
        compiled = compile_protocol(f"protocols/{name}.rung", read)
        assert compiled.artifact is not None
        artifact = bare(compiled.artifact, name)
        found: list[Case] = []
        for example in compiled.examples:
            settings = {key: number_json(one) for key, one in _site(artifact, dict(example.settings)).items()}
            times = [check.time_ms for check in example.checks] or [event.time for event in example.events]
            case = Case(
                f"{name}.{len(found):02}", name, settings, False, max(times, default=0), example.events
            )
            if len(example.events) > 60:
                continue
            told = _told(
                artifact, case, why=(case.until, artifact.rules[len(found) % len(artifact.rules)].id)
            )
            if len(line(told)) <= 5 * LONGEST:
                found.append(told)
        yield name, artifact, found


def _site(artifact: m.Artifact, given: Mapping[str, m.Number | str]) -> dict[str, m.Number | str]:
    """What the example gives; for the rest that is open, the low end or the first choice."""
    settled = dict(given)
    for name, decl in artifact.settings.items():
        if decl.value is None and name not in settled:
            settled[name] = decl.lo if decl.lo is not None else (decl.choices or ("no",))[0]
    return settled


# ---------------------------------------------------------------- the edges that people wrote down


class _Recorder:
    """What the edge tests ask of the reference engine, in their order."""

    def __init__(self) -> None:
        self.asked: dict[str, tuple[m.Artifact, dict[str, tuple[Program, tuple[Event, ...], int, bool]]]] = {}

    def __call__(
        self, program: Program, events: tuple[Event, ...], at: int, *, silence_is_off: bool
    ) -> road.Run:
        artifact = program.artifact
        _, asked = self.asked.setdefault(artifact.meaning, (artifact, {}))
        settings = {key: number_json(one) for key, one in program.site_settings.items()}
        asked.setdefault(
            canonical([settings, at, silence_is_off, repr(events)]), (program, events, at, silence_is_off)
        )
        return _reference(program, events, at, silence_is_off=silence_is_off)


_reference = road.ENGINES["reference"]


def _edges() -> Iterator[Made]:
    recorder = _Recorder()
    road.ENGINES["reference"] = recorder
    pytest.main(["-q", "-k", "reference", "-p", "no:cacheprovider", "-W", "ignore", "tests/edges"])
    road.ENGINES["reference"] = _reference
    every = list(recorder.asked.values())
    for place in range(min(EDGES, len(every))):
        written, asked = every[place * len(every) // EDGES]
        name = f"edge_{place:03}"
        artifact = bare(written, name)
        found: list[Case] = []
        for program, events, at, silence_is_off in asked.values():
            if len(events) > 40:
                continue
            settings = {key: number_json(one) for key, one in program.site_settings.items()}
            case = Case(f"{name}.{len(found):02}", name, settings, silence_is_off, at, events)
            rule = artifact.rules[0].id if artifact.rules and events else None
            told = _told(artifact, case, why=None if rule is None else (at, rule))
            if len(line(told)) <= LONGEST:
                found.append(told)
        if found:
            yield name, artifact, found


if __name__ == "__main__":
    main()
