"""Spacer, z3's prover for Horn clauses, as a process of its own: clauses come in, invariants go out as JSON.

Run as `python -m rung_lang.verify.solving.spacer`, it reads a system from standard input and writes, for each
of its predicates in order, what is always true where it holds: `["and", …]`, `["or", …]`, `["not", …]`,
`["is", place]`, `["<=", [[place, factor], …], constant]`; or `null` where it found none. Whoever starts it
sets the limit of time, since Spacer may run for ever, and believes nothing of what it says.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from typing import Any

STEPS = 200_000_000
"""z3's own count."""

Linear = tuple[dict[int, Fraction], Fraction]


class _Unsaid(Exception):  # noqa: N818 - not a fault: an invariant of another form
    """An invariant that is not linear."""


def invariants(text: str) -> list[Any] | None:
    """Of the predicates of a system in SMT-LIB 2; None where none were found."""
    import z3

    solver = z3.SolverFor("HORN")
    solver.set("rlimit", STEPS)
    solver.from_string(text)
    if solver.check() != z3.sat:
        return None
    model = solver.model()
    found: dict[str, Any] = {decl.name(): decl for decl in model.decls()}
    said = []
    place = 0
    while f"(declare-fun stage{place} " in text:
        decl = found.get(f"stage{place}")
        if decl is None:
            said.append(["and"])
        else:
            value = model[decl]
            body = value.else_value() if isinstance(value, z3.FuncInterp) else value
            said.append(_formula(z3, z3.simplify(body)))
        place += 1
    return said


def _formula(z3: Any, node: Any) -> list[Any]:
    if z3.is_true(node):
        return ["and"]
    if z3.is_false(node):
        return ["or"]
    if z3.is_var(node):
        return ["is", z3.get_var_index(node)]
    kind = node.decl().kind()
    parts = node.children()
    if kind in (z3.Z3_OP_AND, z3.Z3_OP_OR):
        return ["and" if kind == z3.Z3_OP_AND else "or", *(_formula(z3, part) for part in parts)]
    if kind == z3.Z3_OP_NOT:
        return ["not", _formula(z3, parts[0])]
    if kind == z3.Z3_OP_IMPLIES:
        return ["or", ["not", _formula(z3, parts[0])], _formula(z3, parts[1])]
    if kind == z3.Z3_OP_EQ and z3.is_bool(parts[0]):
        one, two = (_formula(z3, part) for part in parts)
        return ["and", ["or", ["not", one], two], ["or", ["not", two], one]]
    if kind == z3.Z3_OP_ITE:
        test, yes, no = (_formula(z3, part) for part in parts)
        return ["and", ["or", ["not", test], yes], ["or", test, no]]
    rels = {z3.Z3_OP_LE: "<=", z3.Z3_OP_LT: "<", z3.Z3_OP_EQ: "="}
    if kind in rels:
        return _compared(z3, rels[kind], parts[0], parts[1])
    if kind in (z3.Z3_OP_GE, z3.Z3_OP_GT):
        return _compared(z3, "<=" if kind == z3.Z3_OP_GE else "<", parts[1], parts[0])
    raise _Unsaid


def _compared(z3: Any, rel: str, left: Any, right: Any) -> list[Any]:
    terms, constant = _plus(_linear(z3, left), _times(_linear(z3, right), Fraction(-1)))
    return [rel, [[place, str(factor)] for place, factor in sorted(terms.items()) if factor], str(constant)]


def _linear(z3: Any, node: Any) -> Linear:
    if z3.is_var(node):
        return {z3.get_var_index(node): Fraction(1)}, Fraction(0)
    if z3.is_rational_value(node) or z3.is_int_value(node):
        return {}, Fraction(str(node))
    kind, parts = node.decl().kind(), node.children()
    if kind == z3.Z3_OP_ADD:
        total: Linear = ({}, Fraction(0))
        for part in parts:
            total = _plus(total, _linear(z3, part))
        return total
    if kind == z3.Z3_OP_SUB:
        total = _linear(z3, parts[0])
        for part in parts[1:]:
            total = _plus(total, _times(_linear(z3, part), Fraction(-1)))
        return total
    if kind == z3.Z3_OP_UMINUS:
        return _times(_linear(z3, parts[0]), Fraction(-1))
    if kind == z3.Z3_OP_TO_REAL:
        return _linear(z3, parts[0])
    if kind == z3.Z3_OP_MUL and len(parts) == 2:
        one, two = _linear(z3, parts[0]), _linear(z3, parts[1])
        if not one[0]:
            return _times(two, one[1])
        if not two[0]:
            return _times(one, two[1])
    raise _Unsaid


def _plus(one: Linear, two: Linear) -> Linear:
    terms = dict(one[0])
    for place, factor in two[0].items():
        terms[place] = terms.get(place, Fraction(0)) + factor
    return terms, one[1] + two[1]


def _times(one: Linear, factor: Fraction) -> Linear:
    return {place: part * factor for place, part in one[0].items()}, one[1] * factor


if __name__ == "__main__":
    try:
        answer = invariants(sys.stdin.read())
    except _Unsaid:
        answer = None
    sys.stdout.write(json.dumps(answer))
