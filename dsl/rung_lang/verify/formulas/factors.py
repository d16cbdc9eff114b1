"""Products and shares of two things that vary: linear where one of them is one of a few plain values."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.program import Program
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.marks import plain_values
from rung_lang.verify.histories.timeline import REST, Timeline


def products(line: Timeline, names: Iterable[str]) -> list[Formula]:
    """What two things make together that are known. `names`: the variables that are spoken of."""
    found: list[Formula] = []
    for name in sorted(names):
        variable = line.space.variables[name]
        if variable.about[0] != "number" or variable.at not in line.at:
            continue
        term = line.program.artifact.terms[int(variable.about[1])]
        assert isinstance(term, m.Arith)
        symbols = line.symbols(line.at.index(variable.at), REST)
        left, right = symbols.number(term.left), symbols.number(term.right)
        ways = []
        for one in _factors(line.program, term.right):
            made = left.value.times(one if term.op == "mul" else 1 / one)
            same = f.compare(right.value, "=", f.number(one))
            ways.append(f.all_of((same, f.compare(f.variable(name), "=", made))))
        found.append(f.implies(f.all_of((left.known, right.known)), f.any_of(ways)))
    return found


def _factors(program: Program, term: int) -> tuple[Fraction, ...]:
    node = program.artifact.terms[term]
    match node:
        case m.Input():
            return plain_values(program, node.name)
        case m.Setting():
            decl = program.artifact.settings[node.name]
            written = (decl.value, decl.lo, decl.hi)
            return tuple(program.number(one).value for one in written if isinstance(one, m.Number))
        case _:
            return tuple(Fraction(one) for one in (1, 2, 5, 10))
