"""Sums of amounts beside a limit, through the dosing weight where they differ by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.program import BODY_WEIGHT, Dims
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.orders import weighed
from rung_lang.verify.formulas.symbols import Symbols

Parts = tuple[tuple[Linear, Dims], ...]
"""An amount that is the least of these."""


def sum_above(symbols: Symbols, sums: Sequence[Parts], limit: tuple[Linear, Dims]) -> Formula:
    """The sum of amounts, each the least of its parts, is above the limit. False where that takes a weight
    that is not known.
    """
    chosen: list[tuple[tuple[Linear, Dims], ...]] = [()]
    for parts in sums:
        chosen = [(*one, part) for one in chosen for part in parts]
    return f.all_of(_total_above(symbols, one, limit) for one in chosen)


def _total_above(
    symbols: Symbols, amounts: Sequence[tuple[Linear, Dims]], limit: tuple[Linear, Dims]
) -> Formula:
    all_of_them = (*amounts, limit)
    if len({_plain(dims) for _, dims in all_of_them}) > 1:
        return f.FALSE
    known = f.TRUE
    if len({dims for _, dims in all_of_them}) > 1:
        known = f.all_of((symbols.weight_known(), *_varies(symbols, amounts)))
        all_of_them = tuple((_at_weight(symbols, value, dims), _plain(dims)) for value, dims in all_of_them)
    total = f.number(0)
    for value, _ in all_of_them[:-1]:
        total = total.plus(value)
    return f.all_of((known, f.compare(total, ">", all_of_them[-1][0])))


def _varies(symbols: Symbols, amounts: Sequence[tuple[Linear, Dims]]) -> Iterator[Formula]:
    """The bounds of what is multiplied, so that a search for a patient knows of both."""
    names = {name for value, _ in amounts for name, _ in value.terms}
    if names and symbols.program.weight_input is not None:
        names.add(symbols.input_value(symbols.program.weight_input).terms[0][0])
    for name in sorted(names):
        lo = symbols.space.variables[name].lo
        if lo is not None:
            yield f.compare(f.number(lo), "<=", f.variable(name))


def _plain(dims: Dims) -> Dims:
    return tuple(item for item in dims if item[0] != BODY_WEIGHT)


def _at_weight(symbols: Symbols, value: Linear, dims: Dims) -> Linear:
    name = symbols.program.weight_input
    if dict(dims).get(BODY_WEIGHT, 0) == 0 or name is None:
        return value
    return weighed(symbols, value, symbols.input_value(name))
