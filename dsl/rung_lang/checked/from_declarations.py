"""Inputs, drugs and settings: declarations as written, to settled ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from rung_engine.units import Unit
from rung_lang.checked import tree as c
from rung_lang.checked.amounts import Amounts, words
from rung_lang.checked.conditions import Truth
from rung_lang.checked.kinds import DrugUnits
from rung_lang.checked.names import Scope
from rung_lang.checked.problems import (
    DeclaredTwice,
    DefaultOutside,
    MissingUnit,
    NeedsWeight,
    NoForm,
    NoMaximum,
    NoValidFor,
    PlausibleUpsideDown,
    SettingRange,
    StartOutside,
    TwoDosingWeights,
    Widens,
    WrongDoseUnit,
)
from rung_lang.checked.quantities import Amount, Number, Range, greatest, least
from rung_lang.checked.units import RANK, body_weight, exact, per_dose, relation, settle_unit
from rung_lang.finding import Problem
from rung_lang.source import Span
from rung_lang.syntax import tree as t

# ---------------------------------------------------------------- settings


def settle_setting(decl: t.Setting, problems: list[Problem]) -> c.Setting | None:
    """A setting with its range; a quantity chosen by site must have one."""
    name, title = decl.name.text, _title(decl.title)
    if decl.yes_no or decl.choices or isinstance(decl.value, t.Name):
        return _choice(decl, name, title, problems)
    ends: list[Number] = []
    if decl.range is not None:
        last = decl.range.hi.unit if isinstance(decl.range.hi, t.Quantity) else None
        for end in (decl.range.lo, decl.range.hi):
            number = _plain(end, last, "setting", problems) if isinstance(end, t.Quantity) else None
            if isinstance(end, t.Name):
                problems.append(SettingRange(end.span, name, "name"))
            if number is None:
                return None
            ends.append(number)
    value = None if decl.value is None else _plain(decl.value, None, "setting", problems)
    if decl.value is not None and value is None:
        return None
    if value is None and not ends:
        problems.append(SettingRange(decl.span, name, "missing"))
        return None
    lo, hi = (ends[0], ends[1]) if ends else (None, None)
    if lo is not None and hi is not None:
        if relation(lo.unit, hi.unit) != "same" or (
            value is not None and relation(value.unit, lo.unit) != "same"
        ):
            problems.append(SettingRange(decl.span, name, "dimension"))
            return None
        if lo.base > hi.base or (value is not None and not lo.base <= value.base <= hi.base):
            written = value.words if value is not None else lo.words
            problems.append(DefaultOutside(decl.span, name, written, lo.words, hi.words))
            return None
    first = value or lo
    assert first is not None
    return c.Setting(name, title, "quantity", first.unit, value, lo, hi, (), decl.span)


def _choice(decl: t.Setting, name: str, title: str, problems: list[Problem]) -> c.Setting | None:
    kind: Literal["choice", "yes_no"] = "yes_no" if decl.yes_no else "choice"
    choices = () if kind == "yes_no" else tuple(choice.text for choice in decl.choices)
    allowed = ("yes", "no") if kind == "yes_no" else choices
    if isinstance(decl.value, t.Quantity):
        problems.append(SettingRange(decl.span, name, "dimension"))
        return None
    value = decl.value.text if decl.value is not None else None
    if not allowed:
        problems.append(SettingRange(decl.span, name, "missing"))
        return None
    if value is not None and value not in allowed:
        problems.append(DefaultOutside(decl.span, name, value, allowed[0], allowed[-1]))
        return None
    return c.Setting(name, title, kind, None, value, None, None, choices, decl.span)


def _plain(quantity: t.Quantity, last: t.Unit | None, what: str, problems: list[Problem]) -> Number | None:
    written = quantity.unit or last
    if written is None:
        problems.append(MissingUnit(quantity.span, what, quantity.literal, ()))
        return None
    unit = settle_unit(written, problems)
    return None if unit is None else exact(quantity, unit, problems)


# ---------------------------------------------------------------- inputs


def settle_input(decl: t.Input, amounts: Amounts, problems: list[Problem]) -> c.Input | None:
    """An input with its unit and limits."""
    name = decl.name.text
    kind: Literal["quantity", "flag", "one_of", "any_of", "graded"]
    kind = "flag" if decl.kind == "yes_no" else decl.kind
    unit: Unit | None = RANK if kind == "graded" else None
    if decl.unit is not None:
        unit = settle_unit(decl.unit, problems, name)
        if unit is None:
            return None
        unit = body_weight(unit)
    valid_for = amounts.millis(decl.valid_for, "valid for")
    if decl.valid_for is None and not decl.fixed and not decl.cumulative:
        problems.append(NoValidFor(decl.span, name))
    for value in decl.values:
        first = next(other for other in decl.values if other.text == value.text)
        if first is not value:
            problems.append(DeclaredTwice(value.span, value.text, first.span))
    limits = unit if kind == "quantity" else None
    also = []
    for item in decl.also:
        other = settle_unit(item.unit, problems, name)
        factor = None if other is None else exact(item.factor, other, problems)
        if other is not None and factor is not None and amounts.positive(factor, "also in"):
            also.append(c.AlsoIn(other, factor))
    return c.Input(
        name=name,
        title=_title(decl.title),
        aliases=tuple(alias.text for alias in decl.aliases),
        kind=kind,
        unit=unit,
        also=tuple(also),
        values=tuple(value.text for value in decl.values),
        plausible=_plausible(decl, limits, amounts, problems),
        valid_for=valid_for,
        charted_every=amounts.millis(decl.charted_every, "charted every"),
        step=_attribute(decl.step, "step", limits, amounts),
        noise=_attribute(decl.noise, "noise", limits, amounts),
        normal=_attribute(decl.normal, "normal", limits, amounts),
        fixed=decl.fixed,
        dosing=decl.dosing,
        cumulative=decl.cumulative,
        counts=None if decl.counts is None else _name_of(amounts.scope, decl.counts),
        codes=_codes(decl.codes),
        asked=None if decl.asked is None else decl.asked.value,
        span=decl.span,
    )


def _plausible(decl: t.Input, unit: Unit | None, amounts: Amounts, problems: list[Problem]) -> Range | None:
    if decl.plausible is None or unit is None:
        return None
    last = decl.plausible.hi.unit if isinstance(decl.plausible.hi, t.Quantity) else None
    lo = amounts.number(decl.plausible.lo, "plausible", unit, unit=last, bare=True)
    hi = amounts.number(decl.plausible.hi, "plausible", unit, bare=True)
    if lo is None or hi is None:
        return None
    if lo.base >= hi.base:
        problems.append(PlausibleUpsideDown(decl.plausible.span, decl.name.text, lo.words, hi.words))
        return None
    return Range(lo, hi, decl.plausible.span)


def _attribute(amount: t.Amount | None, what: str, unit: Unit | None, amounts: Amounts) -> Number | None:
    return None if amount is None or unit is None else amounts.number(amount, what, unit, bare=True)


def _name_of(scope: Scope, name: t.Name) -> str | None:
    symbol = scope.find(name, ("drug",))
    return None if symbol is None else symbol.name


def check_dosing(decls: Sequence[t.Input], problems: list[Problem]) -> str | None:
    """The name of the dosing weight; at most one input may be it, in kg or lb."""
    dosing = [decl for decl in decls if decl.dosing]
    problems.extend(
        TwoDosingWeights(decl.span, decl.name.text, "unit", decl.span)
        for decl in dosing
        if decl.unit is None or decl.unit.text not in ("kg", "lb")
    )
    problems.extend(
        TwoDosingWeights(decl.span, decl.name.text, "second", dosing[0].span) for decl in dosing[1:]
    )
    return dosing[0].name.text if dosing else None


# ---------------------------------------------------------------- drugs


def drug_units(decl: t.Drug, seen_in: t.Unit | None, problems: list[Problem]) -> DrugUnits | None:
    """The unit a drug is held in: the one declared, or the one this protocol restricts it to."""
    name = decl.name.text
    written = decl.infusion or decl.bolus
    if written is None:
        problems.append(NoForm(decl.span, name))
        return None
    unit = settle_unit(written, problems, name)
    if unit is None:
        return None
    if seen_in is not None:
        seen = settle_unit(seen_in, problems, name)
        if seen is not None and relation(seen, unit) in ("same", "weight"):
            unit = seen
        elif seen is not None:
            problems.append(WrongDoseUnit(seen_in.span, name, "restrict", seen.name, unit.name, decl.span))
    return DrugUnits(unit, decl.infusion is not None)


def settle_drug(
    decl: t.Drug, units: DrugUnits, available: Truth | None, amounts: Amounts, problems: list[Problem]
) -> c.Drug | None:
    """A drug with its limits, each within the next."""
    name = decl.name.text
    written = decl.infusion or decl.bolus
    declared = None if written is None else settle_unit(written, [], name)
    bolus = None if decl.bolus is None else settle_unit(decl.bolus, problems, name)
    if declared is None:
        return None
    if ("body_weight", -1) in declared.dims and not amounts.weighed:
        problems.append(NeedsWeight(decl.span, name, declared.name, ""))
    start = None if decl.start is None else amounts.range(decl.start, "dose", declared)
    usual = None if decl.usual is None else amounts.range(decl.usual, "dose", declared)
    maximum, rolling = settle_ceilings(decl.maximum, declared, bolus, amounts)
    if maximum is None and not any(ceiling.over is None for ceiling in decl.maximum) and units.infusion:
        problems.append(NoMaximum(decl.name.span, name))
    if start is not None:
        amounts.positive(start, "start")
        _check_start(name, start, usual, maximum, problems)
    if usual is not None and maximum is not None and greatest(usual.hi).base > greatest(maximum).base:
        problems.append(StartOutside(usual.span, name, words(usual.hi), words(maximum), "usual"))
    return c.Drug(
        name=name,
        title=_title(decl.title),
        aliases=tuple(alias.text for alias in decl.aliases),
        form="infusion" if units.infusion else "bolus",
        unit=units.unit,
        declared=declared,
        bolus=bolus,
        start=start,
        usual=usual,
        maximum=maximum,
        rolling=rolling,
        concentrations=_concentrations(decl, declared, amounts, problems),
        needs=tuple(
            symbol.name for need in decl.needs if (symbol := amounts.scope.find(need, ("drug",))) is not None
        ),
        valid_for=amounts.millis(decl.valid_for, "valid for"),
        lasts=amounts.millis(decl.lasts, "lasts"),
        route=None if decl.route is None else decl.route.text,
        available=available,
        codes=_codes(decl.codes),
        span=decl.span,
    )


def settle_ceilings(
    ceilings: Sequence[t.Ceiling], unit: Unit, bolus: Unit | None, amounts: Amounts
) -> tuple[Amount | None, tuple[c.Rolling, ...]]:
    """The least plain `maximum`, and those over a time, which are amounts given and not rates."""
    maximum: Amount | None = None
    rolling: list[c.Rolling] = []
    for ceiling in ceilings:
        if ceiling.over is None:
            fits = bolus if bolus is not None and _is_plain_dose(ceiling.amount) else unit
            found = amounts.amount(ceiling.amount, "maximum", fits)
            if found is not None and amounts.positive(found, "maximum"):
                maximum = found if maximum is None or found.unit == unit else maximum
            continue
        given = amounts.amount(ceiling.amount, "maximum", amount_unit(unit), basis="weight")
        over = amounts.time(ceiling.over, "over")
        if given is not None and over is not None and amounts.positive(given, "maximum"):
            rolling.append(c.Rolling(given, over))
    return maximum, tuple(rolling)


def amount_unit(unit: Unit) -> Unit:
    """The unit of the amount that a rate amounts to over a time; a dose's own unit as it is."""
    return per_dose(unit) if ("time", -1) in unit.dims else unit


def _is_plain_dose(amount: t.Amount) -> bool:
    """Written without a time: the limit of a single dose, where a drug has both forms."""
    return (
        isinstance(amount, t.Quantity)
        and amount.unit is not None
        and not any(amount.unit.text.endswith(f"/{time}") for time in ("min", "h", "hour", "hr", "day", "s"))
    )


def _check_start(
    name: str, start: Range, usual: Range | None, maximum: Amount | None, problems: list[Problem]
) -> None:
    lo, hi = least(start.lo), greatest(start.hi)
    if maximum is not None and hi.base > greatest(maximum).base:
        problems.append(StartOutside(start.span, name, hi.words, words(maximum), "maximum"))
    elif usual is not None and lo.base < least(usual.lo).base:
        problems.append(StartOutside(start.span, name, lo.words, words(usual.lo), "usual"))
    elif usual is not None and hi.base > greatest(usual.hi).base:
        problems.append(StartOutside(start.span, name, hi.words, words(usual.hi), "usual"))


def _concentrations(
    decl: t.Drug, declared: Unit, amounts: Amounts, problems: list[Problem]
) -> tuple[Number, ...]:
    found = []
    for written in decl.concentrations:
        if isinstance(written, t.Name):
            amounts.setting(written)
            continue
        if written.unit is None:
            problems.append(
                MissingUnit(written.span, "concentration", written.literal, ("mcg/mL", "units/mL"))
            )
            continue
        unit = settle_unit(written.unit, problems, decl.name.text)
        number = None if unit is None else exact(written, unit, problems)
        if number is None or not amounts.positive(number, "concentration"):
            continue
        carried = {dim for dim, power in declared.dims if power == 1}
        if ("volume", -1) not in number.unit.dims or not carried & {
            dim for dim, power in number.unit.dims if power == 1
        }:
            problems.append(
                WrongDoseUnit(
                    written.span, decl.name.text, "concentration", number.unit.name, declared.name, decl.span
                )
            )
            continue
        found.append(number)
    return tuple(found)


# ---------------------------------------------------------------- restrictions


def check_narrower(
    name: str, drug: c.Drug, maximum: Amount | None, start: Range | None, usual: Range | None,
    problems: list[Problem],
) -> None:  # fmt: skip
    """A restriction allows no more than the declaration. What needs a weight is left to the proof."""
    if maximum is not None and drug.maximum is not None:
        _no_wider(name, "maximum", maximum, drug.maximum, drug.span, problems, maximum.span)
    for what, found in (("start", start), ("usual", usual)):
        if found is None:
            continue
        for limit in (drug.maximum, drug.usual.hi if drug.usual is not None else None):
            if limit is not None:
                _no_wider(name, what, found.hi, limit, drug.span, problems, found.span)
                break
        if (
            maximum is not None
            and relation(found.hi.unit, maximum.unit) == "same"
            and greatest(found.hi).base > greatest(maximum).base
        ):
            problems.append(StartOutside(found.span, name, words(found.hi), words(maximum), "maximum"))


def _no_wider(
    name: str, what: str, found: Amount, limit: Amount, declared: Span, problems: list[Problem], at: Span
) -> None:
    if relation(found.unit, limit.unit) == "same" and greatest(found).base > greatest(limit).base:
        problems.append(Widens(at, name, what, words(found), words(limit), declared))


def rings(follows: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """The rings of a relation, each once, beginning at its first name; `names[0] == names[-1]`."""
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for first in sorted(follows):
        trail = [first]
        walks = [iter(sorted(follows[first]))]
        visited = {first}
        while walks:
            following = next(walks[-1], None)
            if following is None:
                walks.pop()
                trail.pop()
            elif following == first:
                found.setdefault(frozenset(trail), (*trail, first))
            elif following not in visited and following in follows:
                visited.add(following)
                trail.append(following)
                walks.append(iter(sorted(follows[following])))
    return list(found.values())


def zero_or(amounts: Amounts, amount: t.Amount | None, what: str, otherwise: int) -> int:
    """A time in whole milliseconds that may be nought, or the given one where none is written."""
    if amount is None:
        return otherwise
    if isinstance(amount, t.Quantity) and amount.value == 0 and amount.unit is not None:
        return 0
    found = amounts.millis(amount, what)
    return otherwise if found is None else found


def _title(text: t.Text | None) -> str:
    return "" if text is None else text.value


def _codes(codes: Sequence[t.CodeAttr]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((code.system.text, code.code.value) for code in codes))
