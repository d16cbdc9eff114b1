"""What may change in a text without a change of any verdict: names, order, units, how a guard is cut up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from tests.verify.generate import Rule, Stage, protocol, renamed
from tests.verify.grid import Examined

from rung_lang.driver import compile_protocol
from rung_lang.source import Source, Unreadable, decode
from rung_lang.verify.verdict import Report
from rung_lang.verify.verify import verify

SEEDS = (4, 10)
ROOT = Path(__file__).resolve().parents[2]

Verdicts = Counter[tuple[str, tuple[str, ...], str]]

NAMES = {
    "low": "zeta",
    "mid": "alpha",
    "high": "yard",
    "peak": "beta",
    "r1": "last",
    "r2": "early",
    "prime": "ada",
}
BY_ITSELF = frozenset({"R201", "R202", "R206", "R301", "R302", "R303", "R401", "R402", "R403", "R404"})
"""About the protocol as a whole, not about how its rules are cut up."""


def verdicts(report: Report, names: Mapping[str, str] | None = None) -> Verdicts:
    """How often each question was answered so; about what, under these names."""
    return Counter(
        (
            one.code,
            tuple(sorted(renamed(part, names or {}) for part in one.about)),
            type(one.verdict).__name__,
        )
        for one in report.obligations
    )


@cache
def of_seed(seed: int) -> Report:
    return Examined.of(protocol(seed).text).report


def of_text(text: str) -> Report:
    return Examined.of(text).report


# ---------------------------------------------------------------- names, order, units


def test_words_are_replaced_where_they_stand_alone() -> None:
    assert renamed("stage low: low.r1 follows lower r12", {"low": "high", "r1": "r2"}) == (
        "stage high: high.r2 follows lower r12"
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_other_names_change_no_verdict(seed: int) -> None:
    text = renamed(protocol(seed).text, NAMES)
    assert verdicts(of_text(text)) == verdicts(of_seed(seed), NAMES)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_stages_and_rules_changes_no_verdict(seed: int) -> None:
    one = protocol(seed)
    stages = tuple(replace(stage, rules=stage.rules[::-1]) for stage in one.stages[::-1])
    other = replace(one, stages=stages, throughout=one.throughout[::-1])
    # Of two rules that say the same it is the later one that may be left out.
    assert _but(verdicts(of_text(other.text)), "R205") == _but(verdicts(of_seed(seed)), "R205")


@pytest.mark.parametrize("seed", SEEDS)
def test_another_unit_changes_no_verdict(seed: int) -> None:
    one = protocol(seed)
    other = one.with_rules(lambda rule: [replace(rule, guards=tuple(map(_in_other_units, rule.guards)))])
    assert other != one
    assert verdicts(of_text(other.text)) == verdicts(of_seed(seed))


def _in_other_units(guard: str) -> str:
    guard = re.sub(r"(\d+) mmol/L", lambda found: f"{int(found[1]) * 1000} umol/L", guard)
    guard = re.sub(r"(\d+) mcg/min", lambda found: f"{int(found[1]) * 60} mcg/h", guard)
    return re.sub(r"(\d+) min\b", lambda found: f"{int(found[1]) * 60} s", guard)


def _but(found: Verdicts, *codes: str) -> Verdicts:
    return Counter({key: count for key, count in found.items() if key[0] not in codes})


# ---------------------------------------------------------------- cutting up


@pytest.mark.parametrize("seed", SEEDS)
def test_a_guard_by_another_name_changes_no_verdict(seed: int) -> None:
    one = protocol(seed)
    defines: list[tuple[str, str]] = []

    def named(rule: Rule) -> Sequence[Rule]:
        defines.append((f"of_{rule.name}", " and ".join(rule.guards)))
        return [replace(rule, guards=(f"of_{rule.name}",))]

    other = one.with_rules(named)
    text = replace(other, defines=tuple(defines)).text
    assert verdicts(of_text(text)) == verdicts(of_seed(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rule_in_two_halves_changes_no_verdict_of_the_whole(seed: int) -> None:
    one = protocol(seed)
    cut = next(rule for rule in one.rules if not any(rule.name in pair for pair in one.overrides))

    def halves(rule: Rule) -> Sequence[Rule]:
        if rule != cut:
            return [rule]
        return [
            replace(rule, name=f"{rule.name}a", guards=(*rule.guards, "x known")),
            replace(rule, name=f"{rule.name}b", guards=(*rule.guards, "x unknown")),
        ]

    names = {f"{cut.name}a": cut.name, f"{cut.name}b": cut.name}
    whole = _kinds(verdicts(of_seed(seed)))
    assert _kinds(verdicts(of_text(one.with_rules(halves).text), names)) == whole


def _kinds(found: Verdicts) -> dict[tuple[str, tuple[str, ...]], bool]:
    """Whether anything is found against it, by question."""
    kinds: dict[tuple[str, tuple[str, ...]], bool] = {}
    for code, about, kind in found:
        if code in BY_ITSELF and len(set(about)) == len(about):
            kinds[code, about] = kinds.get((code, about), False) or kind != "Proved"
    return kinds


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stage_nobody_gets_to_adds_only_that_nobody_does(seed: int) -> None:
    one = protocol(seed)
    nowhere = Stage("nowhere", (Rule("idle", ("x > 1 mmol/L",), ("start prime",)),), "resting")
    found = verdicts(of_text(replace(one, stages=(*one.stages, nowhere)).text))
    about = {part for _, parts, _ in found for part in parts if "nowhere" in part}
    assert about
    assert ("R301", ("stage:nowhere",), "Refuted") in found
    others = Counter({key: count for key, count in found.items() if not about & set(key[1])})
    assert others == verdicts(of_seed(seed))


# ---------------------------------------------------------------- written protocols


@pytest.mark.parametrize("name", ("R303-apart", "R206-covered"))
def test_other_names_and_lengths_of_time_change_no_verdict_of_a_written_protocol(name: str) -> None:
    path = f"tests/verify/good/{name}.rung"
    text = (ROOT / path).read_text("utf-8")
    names = {word: f"{word}_too" for word in re.findall(r"^ *(?:stage|rule) (\w+)", text, re.MULTILINE)}
    assert same_by_other_names(path, names)


def same_by_other_names(path: str, names: Mapping[str, str]) -> bool:
    """`python -m tests.verify.test_metamorphic` asks it of the septic protocol."""
    text = (ROOT / path).read_text("utf-8")
    other = renamed(text, names)
    assert other != text
    other = re.sub(r"\bfor (\d+) h\b", lambda found: f"for {int(found[1]) * 60} min", other)
    return verdicts(_of_file(path, other)) == verdicts(_of_file(path, text), names)


def _of_file(path: str, text: str) -> Report:
    def read(other: str) -> Source | Unreadable | None:
        file = ROOT / other
        if other == path:
            return decode(path, text.encode())
        return decode(other, file.read_bytes()) if file.exists() else None

    found = compile_protocol(path, read)
    assert found.artifact is not None
    return verify(found.artifact, found.sources, path, found.examples)


if __name__ == "__main__":
    septic = {"second_line": "both_agents", "second_agent": "add_the_other", "hypotensive": "too_low"}
    print(same_by_other_names("protocols/septic_shock.rung", septic))
