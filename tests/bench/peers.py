"""The rules of `workload` in the languages of other engines, which are imported only when asked for."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from typing import Any

from tests.bench.workload import NAMES, Row, actions, weights


def installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _by_action(table: Sequence[Row]) -> dict[str, list[tuple[tuple[str, str, Any], ...]]]:
    found: dict[str, list[tuple[tuple[str, str, Any], ...]]] = {}
    for _, action, tests in table:
        found.setdefault(action, []).append(tests)
    return found


def _tree(parts: Sequence[str], word: str) -> str:
    """In halves, for parsers that bound their depth."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_tree(parts[:middle], word)} {word} {_tree(parts[middle:], word)})"


def python_source(table: Sequence[Row]) -> str:
    """A function `decide(row)` as somebody writes it by hand: floats, a set of actions, no unknown."""
    lines = ["def decide(row):", "    out = set()"]
    lines += [f"    _{name} = row[{name!r}]" for name in NAMES]
    for _, action, tests in table:
        parts = []
        for variable, relation, bound in tests:
            if isinstance(bound, bool):
                parts.append(f"_{variable}" if bound else f"not _{variable}")
            else:
                parts.append(f"_{variable} {relation} {bound!r}")
        lines += [f"    if {' and '.join(parts)}:", f"        out.add({action!r})"]
    return "\n".join([*lines, "    return out", ""])


def sql(table: tuple[Row, ...]) -> str:
    """A sum of cases, by action."""
    weight = weights(table)
    kind = "USMALLINT" if len(actions(table)) <= 16 else "BIGINT"
    cases = []
    for action, rules in _by_action(table).items():
        ways = []
        for tests in rules:
            parts = []
            for variable, relation, bound in tests:
                if isinstance(bound, bool):
                    parts.append(f'"{variable}"' if bound else f'NOT "{variable}"')
                elif isinstance(bound, str):
                    parts.append(f"\"{variable}\" = '{bound}'")
                else:
                    same = "=" if relation == "==" else relation
                    parts.append(f'"{variable}" {same} {float(bound)!r}::DOUBLE')
            ways.append(f"({' AND '.join(parts)})")
        cases.append(f"CASE WHEN {_tree(ways, 'OR')} THEN {weight[action]}::{kind} ELSE 0::{kind} END")
    return f"({_tree(cases, '+')})::{kind}"


def polars_expression(table: tuple[Row, ...]) -> Any:
    """A horizontal sum of when/then, by action."""
    import operator

    import polars as pl

    compare = {"==": operator.eq, ">=": operator.ge, "<": operator.lt, ">": operator.gt}
    kind = pl.UInt16 if len(actions(table)) <= 16 else pl.Int64
    weight = weights(table)
    cases = []
    for action, rules in _by_action(table).items():
        ways = [
            pl.all_horizontal(
                [_polars_test(pl.col(v), compare[relation], bound) for v, relation, bound in tests]
            )
            for tests in rules
        ]
        own = pl.lit(weight[action], dtype=kind)
        cases.append(pl.when(pl.any_horizontal(ways)).then(own).otherwise(pl.lit(0, dtype=kind)))
    return pl.sum_horizontal(cases).cast(kind).alias("m")


def _polars_test(column: Any, compare: Any, bound: object) -> Any:
    if isinstance(bound, bool):
        return column if bound else ~column
    return compare(column, bound)


def jdm(table: Sequence[Row], *, loop: bool = False) -> dict[str, Any]:
    """A decision table of the ZEN engine that collects every rule that fires; `loop`: over `rows`."""
    inputs = [{"id": f"i_{name}", "name": name, "field": name, "type": "expression"} for name in NAMES]
    rules = []
    for name, action, tests in table:
        rule = {"_id": name, "o_act": json.dumps(action)}
        for column in NAMES:
            own = [
                json.dumps(bound) if relation == "==" else f"{relation} {bound}"
                for variable, relation, bound in tests
                if variable == column
            ]
            rule[f"i_{column}"] = " and ".join(own)
        rules.append(rule)
    content: dict[str, Any] = {
        "hitPolicy": "collect",
        "inputs": inputs,
        "outputs": [{"id": "o_act", "name": "action", "field": "action", "type": "expression"}],
        "rules": rules,
    }
    if loop:
        content |= {
            "executionMode": "loop",
            "inputField": "rows",
            "outputPath": "results",
            "passThrough": False,
        }
    table_node = {
        "id": "t",
        "name": "t",
        "type": "decisionTableNode",
        "position": {"x": 1, "y": 0},
        "content": content,
    }
    ends = [
        {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {"id": "out", "name": "out", "type": "outputNode", "position": {"x": 2, "y": 0}},
    ]
    edges = [
        {"id": "a", "type": "edge", "sourceId": "in", "targetId": "t"},
        {"id": "b", "type": "edge", "sourceId": "t", "targetId": "out"},
    ]
    return {"nodes": [ends[0], table_node, ends[1]], "edges": edges}
