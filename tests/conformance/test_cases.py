"""The committed cases: they exercise all there is, and our own engines decide them as they say."""

from __future__ import annotations

import json
from functools import cache

import pytest
from jsonschema import Draft202012Validator
from tests.conformance.cases import (
    ARTIFACTS,
    CASES,
    COVERAGE,
    FOLDER,
    Case,
    all_cases,
    artifact,
    bare,
    decided,
    explained,
    line,
    names,
    program_of,
)
from tests.conformance.coverage import FEATURES, exercised
from tests.conformance.make import of_seed
from tests.laws.engines import by_session
from tests.laws.settings import LONG

from rung_engine.artifact.seal import to_bytes
from rung_engine.event import Correction, Retraction
from rung_engine.frozen import frozen
from rung_engine.reference.history import resolve

SHARE = 80
"""Of so many cases one is tried by default, besides those that exercise what no other does."""
PARTS = 2


@frozen
class Claim:
    """Features, and the case that is said to exercise them."""

    case: str
    features: frozenset[str]


@cache
def claims() -> tuple[Claim, ...]:
    found: dict[str, set[str]] = {}
    for feature, case in json.loads(COVERAGE.read_text(encoding="utf-8")).items():
        found.setdefault(case, set()).add(feature)
    return tuple(Claim(case, frozenset(features)) for case, features in sorted(found.items()))


@cache
def sample() -> tuple[Case, ...]:
    """All of them with RUNG_LONG=1."""
    named = {claim.case for claim in claims()}
    return tuple(
        case for place, case in enumerate(all_cases()) if LONG or place % SHARE == 0 or case.id in named
    )


def test_there_are_two_thousand_cases_in_few_megabytes() -> None:
    found = [case.id for case in all_cases()]
    assert len(found) >= 2000
    assert len(set(found)) == len(found)
    assert names() == sorted(path.stem for path in ARTIFACTS.glob("*.json"))
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 12_000_000


def test_everything_there_is_has_a_case() -> None:
    claimed = {feature for claim in claims() for feature in claim.features}
    assert sorted(set(FEATURES) - claimed) == []
    assert sorted(claimed - set(FEATURES)) == []


@pytest.mark.parametrize("part", range(PARTS))
def test_each_case_exercises_what_is_said_of_it_and_is_decided_so(part: int) -> None:
    wanted = {claim.case: claim.features for claim in claims()[part::PARTS]}
    for case in sample():
        if case.id in wanted:
            found = exercised(program_of(artifact(case.artifact), case.settings), case)
            assert sorted(wanted.pop(case.id) - found.features) == [], case.id
            assert found.decided == case.expected, case.id
    assert wanted == {}


@pytest.mark.parametrize("part", range(PARTS))
def test_the_reference_engine_decides_as_a_case_expects(part: int) -> None:
    named = {claim.case for claim in claims()}
    for case in sample()[part::PARTS]:
        if case.id in named:
            continue
        program = program_of(artifact(case.artifact), case.settings)
        assert decided(program, case) == case.expected, case.id
        if case.why is not None:
            tree = explained(program, case, case.why["time"], case.why["rule"])
            assert tree == case.why["tree"], case.id


@pytest.mark.parametrize("part", range(PARTS))
def test_the_session_engine_decides_as_a_case_expects(part: int) -> None:
    for case in sample()[part::PARTS]:
        program = program_of(artifact(case.artifact), case.settings)
        later = {fact.id for fact in resolve(case.events)[0] if fact.time > case.until}
        told = [event for event in case.events if event.id not in later]
        if any(event.time > case.until for event in told if not isinstance(event, Retraction | Correction)):
            continue  # a session that was told of tomorrow has gone there
        found, _ = by_session(
            program, told, case.until, silence_is_off=case.silence_is_off, late_window=10**12
        )
        # A correction told later moves a session on; what it decided by then is compared.
        decisions = [one for one in map(json.loads, found) if one["time"] <= case.until]
        assert decisions == list(case.expected), case.id


@pytest.mark.parametrize("seed", [4, 77])
def test_the_same_cases_come_out_of_the_script_again(seed: int) -> None:
    name, made, found = of_seed(seed)
    assert (ARTIFACTS / f"{name}.json").read_bytes() == to_bytes(made)
    text = "".join(f"{line(case)}\n" for case in found)
    assert (CASES / f"{name}.jsonl").read_text(encoding="utf-8") == text


def test_a_line_is_as_the_schema_says() -> None:
    schema = json.loads((FOLDER / "case.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    check = Draft202012Validator(schema)
    for case in sample()[::4]:
        check.validate(json.loads(line(case)))


def test_an_artifact_holds_nothing_that_no_engine_reads() -> None:
    for name in names()[::20]:
        own = artifact(name)
        assert bare(own, name) == own
