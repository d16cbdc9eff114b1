"""Two gates, since either alone can be gamed: every fault is caught, every correct variant is quiet."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.laws.settings import LONG

from rung_lang.driver import Compiled, compile_protocol
from rung_lang.examples import run_examples
from rung_lang.finding import Problem
from rung_lang.source import Source, Unreadable, decode
from rung_lang.verify.context import Context
from rung_lang.verify.cycles import cycles, traps
from rung_lang.verify.doses import limits, needs
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.gaps import gaps, knowledge, missing, same, waits
from rung_lang.verify.histories.recorded import shown
from rung_lang.verify.places import Places
from rung_lang.verify.properties import properties, vacuous
from rung_lang.verify.reach import transitions
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.rules import boundaries, contradictions, dead_rules, redundant_rules
from rung_lang.verify.solving.answers import Memory
from rung_lang.verify.solving.remembering import Remembering
from rung_lang.verify.solving.solve import Solver
from rung_lang.verify.together.together import Side, together
from rung_lang.verify.verify import Family, verify

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"
MAIN = "protocols/septic_shock.rung"
BESIDE = "protocols/beside.rung"
FORMULARY = "protocols/formulary/adult_icu.rung"
FAMILIES: dict[str, tuple[Family, ...]] = {
    "R201": (contradictions.obligations,),
    "R202": (contradictions.obligations,),
    "R203": (dead_rules.obligations,),
    "R204": (redundant_rules.obligations,),
    "R205": (redundant_rules.obligations,),
    "R206": (gaps.obligations,),
    "R207": (boundaries.obligations,),
    "R301": (transitions.obligations,),
    "R302": (transitions.obligations, traps.obligations),
    "R303": (transitions.obligations,),
    "R304": (cycles.obligations,),
    "R305": (waits.obligations,),
    "R501": (knowledge.obligations,),
    "R502": (missing.obligations, same.obligations),
    "R503": (missing.obligations,),
    "R504": (same.obligations,),
}
NOTES = frozenset({"R503"})
"""Said without being a fault of the text: which answers must be at hand."""
STATED = {
    "R401": limits.obligations,
    "R402": needs.obligations,
    "R403": properties.obligations,
    "R404": vacuous.obligations,
}
MOST_JOINED = 8
ANSWERS = Memory()
"""Most of what is asked of a variant was asked of another one."""


def entries(file: str, key: str) -> list[Any]:
    found: list[dict[str, Any]] = tomllib.loads((CORPUS / file).read_text("utf-8"))[key]
    assert len({entry["name"] for entry in found}) == len(found)
    return [pytest.param(entry, id=str(entry["name"])) for entry in found]


@cache
def base(path: str) -> str:
    """The texts that faults are put into: the septic shock protocol of 48 rules and its formulary, kept as
    they were, so that a fault stays the same fault while the shipped protocol grows.
    """
    return (CORPUS / "base" / Path(path).name).read_text("utf-8")


def edited(path: str, edits: list[list[str]]) -> str:
    text = base(path)
    for old, new in edits:
        assert text.count(old) == 1, f"{text.count(old)} times in {path}: {old}"
        text = text.replace(old, new)
    return text


def remembered(space: Space) -> Remembering:
    return Remembering(Solver(space), ANSWERS)


def compiled_of(entry: dict[str, Any], main: str = MAIN) -> Compiled:
    texts = {
        MAIN: edited(MAIN, entry["edits"]),
        FORMULARY: edited(FORMULARY, entry.get("formulary", [])),
        BESIDE: entry.get("beside", ""),
    }

    def read(path: str) -> Source | Unreadable | None:
        return decode(path, texts[path].encode()) if path in texts else None

    return compile_protocol(main, read)


def loud(problems: Iterable[Problem]) -> set[str]:
    return {problem.code for problem in problems if problem.level != "information"}


def found_by(code: str, compiled: Compiled) -> set[str]:
    """What the family of a code says, asked by itself: a fault is to be caught by its own question."""
    artifact = compiled.artifact
    if artifact is None:
        return loud(compiled.problems)
    if code == "R701":
        failing = any(result.failures for result in run_examples(artifact, compiled.examples))
        return {code} if failing else set()
    context = Context(artifact, remembered)
    context.shown = tuple(shown(artifact, compiled.examples))
    context.reach = reach = Reach(context)
    places = Places(artifact, compiled.sources, MAIN)
    if code in STATED:
        return loud(STATED[code](context, places).problems)
    said = [problem for family in FAMILIES[code] for problem in family(context, places, reach).problems]
    return {problem.code for problem in said} if code in NOTES else loud(said)


def side(compiled: Compiled, path: str) -> Side:
    assert compiled.artifact is not None, compiled.problems
    context = Context(compiled.artifact, remembered)
    context.reach = Reach(context)
    return Side(context, Places(compiled.artifact, compiled.sources, path))


def tried_faults() -> list[Any]:
    """Of each code the first, and every fifth of the others; all with `RUNG_LONG=1`."""
    seen: dict[str, int] = {}
    found = []
    for entry in entries("faults.toml", "fault"):
        (fault,) = entry.values
        place = seen[fault["code"]] = seen.get(fault["code"], -1) + 1
        if LONG or place % 5 == 0:
            found.append(entry)
    return found


@pytest.mark.parametrize("fault", tried_faults())
def test_a_seeded_fault_is_caught_by_its_code(fault: dict[str, Any]) -> None:
    if fault["code"] == "R601":
        one, two = side(compiled_of(fault), MAIN), side(compiled_of(fault, BESIDE), BESIDE)
        assert loud(together(one, two).problems) == {"R601"}
    else:
        assert fault["code"] in found_by(fault["code"], compiled_of(fault))


def fits(variant: dict[str, Any], others: Iterable[dict[str, Any]]) -> bool:
    """It can be edited into the same texts as the others."""
    every = joined([*others, variant])
    for path, key in ((MAIN, "edits"), (FORMULARY, "formulary")):
        text = base(path)
        for old, new in every[key]:
            if text.count(old) != 1:
                return False
            text = text.replace(old, new)
    return True


def joined(variants: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """All their edits in one text."""
    parts = list(variants)
    return {key: [edit for part in parts for edit in part.get(key, [])] for key in ("edits", "formulary")}


def together_or_each() -> list[Any]:
    """The variants, up to `MOST_JOINED` in one text: correct by itself is correct beside others."""
    groups: list[list[dict[str, Any]]] = []
    for entry in entries("quiet.toml", "variant"):
        variant = entry.values[0]
        room = (group for group in groups if len(group) < (1 if LONG else MOST_JOINED))
        group = next((group for group in room if fits(variant, group)), None)
        if group is None:
            groups.append([variant])
        else:
            group.append(variant)
    return [pytest.param(joined(group), id="+".join(str(one["name"]) for one in group)) for group in groups]


@pytest.mark.parametrize("variant", together_or_each())
def test_a_correct_variant_gives_no_error_and_no_warning(variant: dict[str, Any]) -> None:
    compiled = compiled_of(variant)
    assert loud(compiled.problems) == set()
    assert compiled.artifact is not None
    assert not any(result.failures for result in run_examples(compiled.artifact, compiled.examples))
    report = verify(compiled.artifact, compiled.sources, MAIN, compiled.examples, remembered)
    assert loud(report.problems) == set()
    assert report.state == "proved"


def test_the_faults_are_of_every_kind() -> None:
    codes = {param.values[0]["code"] for param in entries("faults.toml", "fault")}
    assert len(entries("faults.toml", "fault")) >= 60 and len(entries("quiet.toml", "variant")) >= 30
    assert codes >= {
        *("R201", "R202", "R203", "R204", "R205", "R206", "R207", "R301", "R302", "R303", "R304", "R305"),
        *("R401", "R402", "R403", "R404", "R501", "R502", "R503", "R504", "R601", "R701"),
    }, codes
