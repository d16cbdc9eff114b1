"""Two gates, since either alone can be gamed: every fault is caught, every correct variant is quiet."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rung_lang.driver import compile_protocol
from rung_lang.examples import run_examples
from rung_lang.source import Source, Unreadable, decode
from rung_lang.verify.answers import Memory
from rung_lang.verify.remembering import Remembering
from rung_lang.verify.solve import Solver
from rung_lang.verify.space import Space
from rung_lang.verify.verify import verify

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"
MAIN = "protocols/septic_shock.rung"
FORMULARY = "protocols/formulary/adult_icu.rung"
ANSWERS = Memory()
"""Most of what is asked of a variant was asked of another one."""


def entries(file: str, key: str) -> list[Any]:
    found: list[dict[str, Any]] = tomllib.loads((CORPUS / file).read_text("utf-8"))[key]
    assert len({entry["name"] for entry in found}) == len(found)
    return [pytest.param(entry, id=str(entry["name"])) for entry in found]


@cache
def shipped(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def edited(path: str, edits: list[list[str]]) -> str:
    text = shipped(path)
    for old, new in edits:
        assert text.count(old) == 1, f"{text.count(old)} times in {path}: {old}"
        text = text.replace(old, new)
    return text


def remembered(space: Space) -> Remembering:
    return Remembering(Solver(space), ANSWERS)


def said_of(entry: dict[str, Any]) -> list[tuple[str, str]]:
    """Code and level of everything that `rung check` would say."""
    texts = {
        MAIN: edited(MAIN, entry["edits"]),
        FORMULARY: edited(FORMULARY, entry.get("formulary", [])),
    }

    def read(path: str) -> Source | Unreadable | None:
        return decode(path, texts[path].encode()) if path in texts else None

    compiled = compile_protocol(MAIN, read)
    said: list[tuple[str, str]] = [(problem.code, problem.level) for problem in compiled.problems]
    if compiled.artifact is None:
        return said
    if any(result.failures for result in run_examples(compiled.artifact, compiled.examples)):
        said.append(("R701", "error"))
    report = verify(compiled.artifact, compiled.sources, MAIN, compiled.examples, remembered)
    return said + [(problem.code, problem.level) for problem in report.problems]


@pytest.mark.parametrize("fault", entries("faults.toml", "fault"))
def test_a_seeded_fault_is_caught_by_its_code(fault: dict[str, Any]) -> None:
    said = said_of(fault)
    assert fault["code"] in {code for code, level in said if level != "information"}, said


@pytest.mark.parametrize("variant", entries("quiet.toml", "variant"))
def test_a_correct_variant_gives_no_error_and_no_warning(variant: dict[str, Any]) -> None:
    loud = [(code, level) for code, level in said_of(variant) if level != "information"]
    assert [item for item in loud if item[0] not in variant.get("besides", [])] == []


def test_the_faults_are_of_every_kind() -> None:
    codes = {param.values[0]["code"] for param in entries("faults.toml", "fault")}
    assert len(entries("faults.toml", "fault")) >= 60 and len(entries("quiet.toml", "variant")) >= 30
    assert codes >= {
        *("R201", "R202", "R203", "R204", "R205", "R206", "R207", "R301", "R302", "R303", "R304", "R305"),
        *("R401", "R402", "R403", "R404", "R501", "R502", "R701"),
    }, codes
