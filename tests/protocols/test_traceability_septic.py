"""Every actionable clause of the septic article stands in the protocol, and nothing cites an unknown one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rung_lang.source import Source
from rung_lang.syntax import tree as t
from rung_lang.syntax.parse import parse

PROTOCOL = Path(__file__).parents[2] / "protocols" / "septic_shock.rung"

# Clauses that order, forbid, define or limit something, by kind. The others are reasons and facts.
EXECUTABLE = {
    "SEPT-01": "population",
    "SEPT-02": "threshold",
    "SEPT-07": "threshold",
    "SEPT-09": "prerequisite",
    "SEPT-10": "dose",
    "SEPT-11": "limit",
    "SEPT-13": "pitfall",
    "SEPT-19": "sequence",
    "SEPT-21": "limit",
    "SEPT-22": "prerequisite",
    "SEPT-23": "sequence",
    "SEPT-24": "dose",
    "SEPT-25": "target",
    "SEPT-26": "prerequisite",
    "SEPT-27": "prerequisite",
    "SEPT-28": "sequence",
    "SEPT-29": "threshold",
    "SEPT-30": "dose",
    "SEPT-31": "duration",
    "SEPT-32": "pitfall",
    "SEPT-33": "limit",
    "SEPT-35": "pitfall",
    "SEPT-36": "pitfall",
    "SEPT-37": "monitoring",
    "SEPT-38": "monitoring",
}

# Reasons stand with the rule they are for; the conversion is checked by examples in mixed units; a preference
# without a number is quoted and never acted on.
QUOTED = {
    "SEPT-03": "rationale",
    "SEPT-04": "rationale",
    "SEPT-05": "rationale",
    "SEPT-06": "rationale",
    "SEPT-08": "conversion",
    "SEPT-12": "rationale",
    "SEPT-14": "rationale",
    "SEPT-18": "population",
    "SEPT-34": "rationale",
}

# Outcomes and provenance: told, and in force nowhere.
TOLD = {
    "SEPT-15": "outcome",
    "SEPT-16": "outcome",
    "SEPT-17": "outcome",
    "SEPT-20": "outcome",
    "SEPT-39": "evidence",
}

# What may never be ordered, or refused at signing, is a property too.
HELD_BY_A_PROPERTY = ("SEPT-10", "SEPT-11", "SEPT-13", "SEPT-21", "SEPT-27", "SEPT-32", "SEPT-35", "SEPT-36")

HAZARDS = (
    "X-01", "X-03", "X-04", "X-05", "X-11", "X-12", "X-13", "X-15", "X-16", "X-17", "X-18", "X-19",
    "X-20", "X-21", "X-22", "X-23", "X-24", "X-25", "X-26", "X-32", "X-33", "X-47", "X-53",
)  # fmt: skip

VIGNETTES = (
    "V23", "V24", "V25", "V26", "V27", "V28", "V29", "V30", "V31", "V32", "V33", "V34", "V35", "V36",
    "V37", "V41", "V44", "V47", "V57", "V58", "V59", "V63", "V66",
)  # fmt: skip

COUNTS = {"HRSA": 34, "HRST": 41, "SEPT": 39, "HYPO": 56, "CARD": 31, "X": 61}
KNOWN = frozenset(
    f"{prefix}-{number:02d}" for prefix, most in COUNTS.items() for number in range(1, most + 1)
)
ANY_CLAUSE = re.compile(r"\b(?:HRSA|HRST|SEPT|HYPO|CARD|X)-\d+\b")


@pytest.fixture(scope="module")
def text() -> str:
    return PROTOCOL.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def items(text: str) -> tuple[t.Item, ...]:
    parsed = parse(Source(str(PROTOCOL), text))
    assert not parsed.problems
    return parsed.file.items


def noted(items: tuple[t.Item, ...]) -> Iterator[tuple[t.Item, t.Notes]]:
    for item in items:
        if isinstance(item, t.Rule | t.Titrate | t.Before | t.Restrict):
            yield item, item.notes


def clauses(items: tuple[t.Item, ...]) -> set[str]:
    return {clause.value for _, notes in noted(items) for clause in notes.clause}


def errata(items: tuple[t.Item, ...]) -> set[str]:
    return {erratum.value for _, notes in noted(items) for erratum in notes.erratum}


def about_properties(items: tuple[t.Item, ...]) -> set[str]:
    """The ids in the notes of properties."""
    return {clause.value for item in items if isinstance(item, t.Property) for clause in item.notes.clause}


def test_the_lists_name_every_clause_of_the_article_once() -> None:
    named = [*EXECUTABLE, *QUOTED, *TOLD]
    assert sorted(named) == sorted(f"SEPT-{number:02d}" for number in range(1, COUNTS["SEPT"] + 1))


@pytest.mark.parametrize("clause", sorted({**EXECUTABLE, **QUOTED}))
def test_every_clause_with_a_consequence_is_cited_by_a_statement(
    clause: str, items: tuple[t.Item, ...]
) -> None:
    assert clause in clauses(items)


@pytest.mark.parametrize("clause", sorted(TOLD))
def test_a_clause_that_only_tells_is_told_and_orders_nothing(
    clause: str, text: str, items: tuple[t.Item, ...]
) -> None:
    assert clause in text
    assert clause not in clauses(items)


@pytest.mark.parametrize("clause", HELD_BY_A_PROPERTY)
def test_every_prohibition_is_also_a_property(clause: str, items: tuple[t.Item, ...]) -> None:
    assert clause in about_properties(items)


@pytest.mark.parametrize("hazard", HAZARDS)
def test_every_hazard_of_the_article_is_marked_where_it_is_settled(
    hazard: str, items: tuple[t.Item, ...]
) -> None:
    assert hazard in errata(items)


@pytest.mark.parametrize("vignette", VIGNETTES)
def test_every_vignette_is_an_example(vignette: str, items: tuple[t.Item, ...]) -> None:
    titles = [item.title.value for item in items if isinstance(item, t.Example)]
    assert any(vignette in re.findall(r"V\d+", title) for title in titles)


def test_no_statement_cites_a_clause_that_does_not_exist(text: str, items: tuple[t.Item, ...]) -> None:
    assert clauses(items) | errata(items) | set(ANY_CLAUSE.findall(text)) <= KNOWN
    assert all(clause.startswith("X-") for clause in errata(items))
    assert not any(clause.startswith("X-") for clause in clauses(items))


def test_every_rule_that_orders_something_says_why(items: tuple[t.Item, ...]) -> None:
    moves = {"go", "finish"}
    silent = [
        item.name.text if item.name is not None else text_at(item)
        for item in items
        if isinstance(item, t.Rule)
        and not {order.word for choice in item.choices for order in choice.orders} <= moves
        and not item.notes.clause
        and not item.notes.erratum
    ]
    assert silent == []


def text_at(item: t.Rule) -> str:
    return f"rule at {item.span.start}"
