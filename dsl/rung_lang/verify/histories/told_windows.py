"""Readings, amounts and values in a stretch of a `Timeline`: what they come to, as the reference says."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

from rung_engine.artifact import model as m
from rung_engine.program import Dims
from rung_lang.lower.terms import canonical
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.marks import plain_values
from rung_lang.verify.formulas.symbols import Number, Symbols, exact

if TYPE_CHECKING:
    from rung_lang.verify.histories.told import Told


def _start(told: Told, symbols: Symbols, span: m.Span) -> tuple[Formula, Linear]:
    """There is a window; its first instant."""
    if isinstance(span, m.Over):
        return f.TRUE, told.time.minus(symbols.amount(span.over)[0])
    happened, since = told.moment(symbols, span.since)
    return happened, told.time.minus(since)


def _within(told: Told, start: Linear, place: int) -> Formula:
    """The instant lies in the window."""
    return f.compare(start, "<=", told.line.time(place))


def _end(told: Told, place: int) -> Linear:
    """The last millisecond of the instant's stretch, so far."""
    return told.time if place == told.place else told.line.end(place)


# ---------------------------------------------------------------- change


def change(told: Told, symbols: Symbols, term: m.Change) -> Number:
    """The value now against that at the beginning of the window."""
    known, old = old_value(told, symbols, term.input, term.span)
    now = symbols.input_value(term.input)
    match term.how:
        case "change" | "rise":
            return exact(now.minus(old), known)
        case "fall":
            return exact(old.minus(now), known)
        case "percent_rise" | "percent_fall":
            not_zero, share = percent(told, symbols, term.input, term.span)
            value = share if term.how == "percent_rise" else share.times(Fraction(-1))
            return exact(value, f.all_of((known, not_zero)))
        case _:
            assert_never(term.how)


def old_value(told: Told, symbols: Symbols, name: str, span: m.Span) -> tuple[Formula, Linear]:
    """There are two values to compare; the older."""
    line = told.line
    old = told.own(symbols, f"old:{name}:{canonical(span)}")
    if isinstance(span, m.Since):
        ways = [
            (f.all_of((one, line.chart(j).input_known(name))), line.chart(j).input_value(name))
            for j, one in enumerate(told.place_of(symbols, span.since))
        ]
        known = f.any_of(condition for condition, _ in ways)
    else:
        ways = _oldest(told, symbols, name, span)
        later = (
            f.any_of(line.charted(j, name) for j in range(k + 1, told.place + 1)) for k in range(told.place)
        )
        known = f.any_of(f.all_of((way, second)) for (way, _), second in zip(ways, later, strict=True))
    told.means(symbols, old, ways)
    return f.all_of((known, symbols.input_known(name))), old


def percent(told: Told, symbols: Symbols, name: str, span: m.Span) -> tuple[Formula, Linear]:
    """The old value is not zero; the change as a share of it. Linear where the old value is one of a few."""
    known, old = old_value(told, symbols, name, span)
    now = symbols.input_value(name)
    share = told.own(symbols, f"percent:{name}:{canonical(span)}")
    ways = [
        (f.compare(old, "=", f.number(one)), now.minus(f.number(one)).times(1 / one))
        for one in plain_values(told.line.program, name)
    ]
    told.means(symbols, share, ways)
    not_zero = f.any_of(condition for condition, _ in ways)
    zero = f.compare(old, "=", f.number(0))
    told.line.laws.append(f.implies(known, f.any_of((not_zero, zero))))
    return not_zero, share


def _oldest(told: Told, symbols: Symbols, name: str, span: m.Over) -> list[tuple[Formula, Linear]]:
    """By instant before this one: the window's oldest reading was taken there; its value."""
    line = told.line
    decl = symbols.program.artifact.inputs[name]
    _, start = _start(told, symbols, span)
    found: list[tuple[Formula, Linear]] = []
    for k in range(told.place):
        first = [line.charted(k, name), _within(told, start, k)]
        for j in range(k):
            taken = [line.charted(j, name)]
            if j > 0 and not decl.fixed:
                taken.append(line.bit(j, "clash", name))
            first.append(f.negation(f.all_of((f.any_of(taken), _within(told, start, j)))))
        oldest = f.all_of(first)
        value = line.chart(k).input_value(name)
        if decl.valid_for is not None:
            line.laws.append(f.implies(oldest, _taken_once(told, start, name, k, decl.valid_for)))
        found.append((oldest, value))
    return found


def _taken_once(told: Told, start: Linear, name: str, place: int, valid: int) -> Formula:
    """No reading that only says the same again plays a part in a change since the one on this instant."""
    line = told.line
    second = [line.charted(j, name) for j in range(place + 1, told.place + 1)]
    soon = f.compare(told.time.minus(line.time(place)), "<=", f.number(valid))
    found = [f.any_of((soon, *second))]
    if place:
        before, now = line.chart(place - 1), line.chart(place)
        at_once = f.compare(line.time(place), "=", start)
        alike = f.compare(before.input_value(name), "=", now.input_value(name))
        found.append(f.any_of((at_once, f.negation(before.input_known(name)), alike)))
    return f.all_of(found)


# ---------------------------------------------------------------- lowest, highest, mean


def extreme(told: Told, symbols: Symbols, term: m.Extreme) -> Number:
    """Of the readings stamped in the window."""
    seen, throughout = looked_at(told, symbols, term.input, term.span)
    both = f.all_of((seen, throughout))
    value = outermost(told, symbols, term)
    match term.how:
        case "lowest":
            return Number(value, both, seen)
        case "highest":
            return Number(value, seen, both)
        case "mean":
            return exact(value, both)
        case _:
            assert_never(term.how)


def looked_at(told: Told, symbols: Symbols, name: str, span: m.Span) -> tuple[Formula, Formula]:
    """The window holds a reading; the input is known throughout."""
    exists, start = _start(told, symbols, span)
    throughout = [exists, f.compare(f.number(0), "<=", start)]
    for j in range(told.place + 1):
        inside = f.compare(start, "<=", _end(told, j))
        throughout.append(f.implies(inside, told.line.chart(j).input_known(name)))
    return f.all_of((exists, f.any_of(_taken(told, start, name)))), f.all_of(throughout)


def _taken(told: Told, start: Linear, name: str) -> list[Formula]:
    """By instant: a reading was taken there, in the window."""
    return [f.all_of((told.line.charted(j, name), _within(told, start, j))) for j in range(told.place + 1)]


def outermost(told: Told, symbols: Symbols, term: m.Extreme) -> Linear:
    """The lowest, highest or mean reading of the window."""
    line, name = told.line, term.input
    value = told.own(symbols, f"{term.how}:{name}:{canonical(term.span)}")
    seen, throughout = looked_at(told, symbols, name, term.span)
    _, start = _start(told, symbols, term.span)
    taken = _taken(told, start, name)
    values = [line.chart(j).input_value(name) for j in range(told.place + 1)]
    if term.how == "mean":
        both = f.all_of((seen, throughout))
        line.laws.append(f.implies(both, _mean(told, start, name, value, values, taken)))
        return value
    rel: m.Relation = "<=" if term.how == "lowest" else ">="
    bounds = [f.implies(one, f.compare(value, rel, values[j])) for j, one in enumerate(taken)]
    bounds += _repeated(told, start, name, [f.compare(value, rel, one) for one in values])
    reached = f.any_of(f.all_of((one, f.compare(value, "=", values[j]))) for j, one in enumerate(taken))
    line.laws.append(f.implies(seen, f.all_of((*bounds, reached))))
    return value


def _repeated(told: Told, start: Linear, name: str, holds: Sequence[Formula]) -> list[Formula]:
    """For values in force as the window begins: they may have been read again inside it, so they count."""
    if told.line.program.artifact.inputs[name].valid_for is None:
        return []
    return [
        f.implies(
            f.all_of(
                (
                    f.compare(told.line.time(j), "<", start),
                    f.compare(start, "<=", _end(told, j)),
                    told.line.chart(j).input_known(name),
                )
            ),
            holds[j],
        )
        for j in range(told.place)
    ]


def _mean(
    told: Told, start: Linear, name: str, value: Linear, values: Sequence[Linear], taken: Sequence[Formula]
) -> Formula:
    """All readings agree, or each instant of the window has one and none lies between them."""
    line = told.line
    agree = [f.implies(one, f.compare(value, "=", values[j])) for j, one in enumerate(taken)]
    agree += _repeated(told, start, name, [f.compare(value, "=", one) for one in values])
    ways = [f.all_of(agree)]
    valid = line.program.artifact.inputs[name].valid_for
    for first in range(told.place):
        span = range(first, told.place + 1)
        total = f.number(0)
        for j in span:
            total = total.plus(values[j])
        parts = [taken[j] for j in span]
        if first:
            parts.append(f.negation(_within(told, start, first - 1)))
        if valid is not None:
            length = f.number(valid)
            gaps = range(max(first - 1, 0), told.place)
            parts += [f.compare(line.time(j + 1).minus(line.time(j)), "<=", length) for j in gaps]
        parts.append(f.compare(value.times(Fraction(len(span))), "=", total))
        ways.append(f.all_of(parts))
    return f.any_of(ways)


# ---------------------------------------------------------------- amounts


def total(told: Told, symbols: Symbols, term: m.Total) -> Number:
    """The amount given in the window: doses, and a rate that stays the same."""
    dims = symbols.program.units[term.unit].dims
    exists, start = _start(told, symbols, term.span)
    if isinstance(term.span, m.Over):
        start = start.plus(f.number(1))
        length: Linear | None = symbols.amount(term.span.over)[0]
    else:
        length = None
    known, amount = given(told, symbols, term.drug, dims, start, length, canonical(term))
    return exact(amount, f.all_of((exists, known)))


def given(
    told: Told, symbols: Symbols, drug: str, dims: Dims, start: Linear, length: Linear | None, about: str
) -> tuple[Formula, Linear]:
    """It is known what was given from `start` to now; how much. `length`: of the window, where it has one."""
    amount = told.own(symbols, f"given:{about}")
    if symbols.program.artifact.drugs[drug].form == "bolus":
        return _doses(told, symbols, drug, dims, start, amount), amount
    per_time = tuple(sorted({**dict(dims), "time": dict(dims).get("time", 0) - 1}.items()))
    inside = [(f.compare(start, "<=", _end(told, j)), told.line.chart(j)) for j in range(told.place + 1)]
    began = f.compare(f.number(0), "<=", start)
    off = f.all_of((began, *(f.implies(within, one.drug(drug).off) for within, one in inside)))
    ways = [(off, f.number(0))]
    if length is not None and not length.terms:
        rate = symbols.rate(drug, per_time)
        even = [began, symbols.drug(drug).rated, rate.known]
        for within, one in inside:
            same = f.compare(one.rate(drug, per_time).value, "=", rate.value)
            even.append(f.implies(within, f.all_of((one.drug(drug).rated, same))))
        ways.append((f.all_of(even), rate.value.times(length.constant)))
    told.means(symbols, amount, ways)
    known = f.any_of(condition for condition, _ in ways)
    settled = f.all_of((began, *(f.implies(within, _settled(one, drug)) for within, one in inside)))
    told.line.laws.append(f.implies(settled, known))
    return known, amount


def _doses(told: Told, symbols: Symbols, drug: str, dims: Dims, start: Linear, amount: Linear) -> Formula:
    line = told.line
    doses = [line.dose(j, drug) for j in range(told.place + 1)]
    total = f.number(0)
    ((name, _),) = amount.terms
    for j, dose in enumerate(doses):
        part = told.own(symbols, f"{name}:{j}")
        inside = f.all_of((dose, _within(told, start, j)))
        told.means(symbols, part, [(inside, line.amount(j, drug)), (f.negation(inside), f.number(0))])
        total = total.plus(part)
    own = symbols.program.units[symbols.program.artifact.drugs[drug].unit].dims
    if own != dims:
        line.laws.append(f.negation(f.any_of(doses)))
    told.means(symbols, amount, [(f.TRUE, total)])
    return f.any_of((line.silent(told.place), *doses))


def _settled(symbols: Symbols, drug: str) -> Formula:
    """Off, or at a known rate."""
    state = symbols.drug(drug)
    return f.any_of((state.off, state.rated))


# ---------------------------------------------------------------- values at a moment


def value_at(told: Told, symbols: Symbols, name: str, about: str, places: Sequence[Formula]) -> Number:
    """The value in force on the one instant of `places` that is meant; `about` names what happened there."""
    line = told.line
    charts = [line.chart(j) for j in range(len(places))]
    known = f.any_of(f.all_of((one, charts[j].input_known(name))) for j, one in enumerate(places))
    if symbols.program.artifact.inputs[name].fixed:
        return exact(symbols.input_value(name), known)
    value = told.own(symbols, f"value:{name}:{about}")
    told.means(symbols, value, [(one, charts[j].input_value(name)) for j, one in enumerate(places)])
    return exact(value, known)


def key(name: str, span: m.Span) -> str:
    """What `FreePast` names the variables of a window by."""
    return f"{name} {canonical(span)}"
