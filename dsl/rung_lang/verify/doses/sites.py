"""For which values of settings a finding shows: so that it is not said of a site that chose others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear


@frozen
class OnlyFor:
    """Only for these values of one setting. `lo` and `hi`: None where the setting's own end is meant; `above`
    and `below`: that end itself is left out. `values`: of a choice.
    """

    setting: str
    lo: m.Number | None = None
    hi: m.Number | None = None
    above: bool = False
    below: bool = False
    values: tuple[str, ...] = ()


def only_for(context: Context, parts: Sequence[Formula]) -> tuple[OnlyFor, ...]:
    """Of each setting that the parts, which can be true together, hang on."""
    spoken = {name for part in parts for name in f.names(part)}
    for name in sorted(spoken & context.space.products.keys()):
        spoken |= {factor for _, one in context.space.products[name] for factor in (one.left, one.right)}
    symbols = context.situation(None).symbols
    found: list[OnlyFor] = []
    for name, decl in sorted(context.artifact.settings.items()):
        if decl.kind == "quantity":
            if f"set:{name}" in spoken:
                between = _between(context, parts, name, decl)
                found += [] if between is None else [between]
        elif any(other.startswith(f"set:{name}=") for other in spoken):
            values = decl.choices or ("yes", "no")
            kept = tuple(
                value
                for value in values
                if context.solver.possible([*parts, symbols.setting_is(name, value)])
            )
            if kept != values:
                found.append(OnlyFor(name, values=kept))
    return tuple(found)


def _between(context: Context, parts: Sequence[Formula], name: str, decl: m.SettingDecl) -> OnlyFor | None:
    """From the least to the greatest value for which the parts can be true together."""
    assert decl.lo is not None and decl.hi is not None
    setting = f.variable(f"set:{name}")
    unit = context.program.units[decl.lo.unit]

    def at(millionths: int) -> Linear:
        return f.number(Fraction(millionths, 1_000_000) * unit.factor + unit.offset)

    def possible(bound: Formula) -> bool:
        return context.solver.possible([*parts, bound])

    low = decl.lo.millionths
    high = round((context.program.number(decl.hi).value - unit.offset) / unit.factor * 1_000_000)
    least = _first(low, high, lambda value: possible(f.compare(setting, "<=", at(value))))
    most = -_first(-high, -low, lambda value: possible(f.compare(setting, ">=", at(-value))))
    if least == low and most == high:
        return None
    # What shows between two neighbouring values, and at the next one too, has the value before as its end.
    above = least != low and possible(f.compare(setting, "<", at(least)))
    below = most != high and possible(f.compare(setting, ">", at(most)))
    least, most = least - above, most + below
    return OnlyFor(
        name,
        None if least == low and not above else m.Number(millionths=least, unit=decl.lo.unit),
        None if most == high and not below else m.Number(millionths=most, unit=decl.lo.unit),
        above,
        below,
    )


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The least value for which it holds, of what holds from some value on, and at `high`."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
