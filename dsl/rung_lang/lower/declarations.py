"""Declarations of the settled model, as the artifact holds them."""

from __future__ import annotations

from rung_engine import units as kernel
from rung_engine.artifact import model as m
from rung_engine.units import Unit
from rung_lang.checked import tree as c
from rung_lang.checked.quantities import Number
from rung_lang.checked.units import per_dose
from rung_lang.lower.conditions import TermWriter
from rung_lang.lower.units import UnitTable


def input_of(found: c.Input, units: UnitTable) -> m.InputDecl:
    """An input. A graded one is held in ranks and names no unit."""
    measured = found.kind == "quantity" and found.unit is not None
    if found.kind == "graded" and found.unit is not None:
        units.name(found.unit)
    return m.InputDecl(
        title=found.title,
        aliases=tuple(sorted(found.aliases)),
        kind=found.kind,
        unit=units.name(found.unit) if measured and found.unit is not None else None,
        values=found.values if found.kind == "graded" else tuple(sorted(found.values)),
        also_in=tuple(
            m.AlsoIn(unit=units.name(also.unit), factor=units.number(also.factor))
            for also in sorted(found.also, key=lambda also: also.unit.name)
        ),
        accepts=_accepts(found.unit, units) if measured and found.unit is not None else (),
        plausible=units.range(found.plausible),
        valid_for=found.valid_for,
        fixed=found.fixed,
        cumulative=found.cumulative,
        dosing=found.dosing,
        counts=found.counts,
        charted_every=found.charted_every,
        step=_number(found.step, units),
        noise=_number(found.noise, units),
        normal=_number(found.normal, units),
        asked=found.asked,
        codes=tuple(m.Code(system=system, code=code) for system, code in found.codes),
    )


def _accepts(unit: Unit, units: UnitTable) -> tuple[str, ...]:
    """Every unit that converts exactly. A body's weight in `g` would give that name two meanings."""
    accepted = kernel.accepted_units(unit)
    if unit.dims == (("body_weight", 1),):
        accepted = tuple(other for other in accepted if other.name != "g")
    return tuple(units.name(other) for other in accepted)


def _number(number: Number | None, units: UnitTable) -> m.Number | None:
    return None if number is None else units.number(number)


def drug_of(drug: c.Drug, writer: TermWriter) -> m.DrugDecl:
    """A drug, held in the unit this protocol restricts it to, else in its own."""
    units = writer.units
    if drug.form == "infusion":
        _bag(drug.unit, units)
    return m.DrugDecl(
        title=drug.title,
        aliases=tuple(sorted(drug.aliases)),
        form=drug.form,
        unit=units.name(drug.unit),
        accepts=tuple(units.name(other) for other in kernel.accepted_units(drug.unit)),
        start=units.range(drug.start),
        usual=units.range(drug.usual),
        maximum=units.optional(drug.maximum),
        rolling=_rolling(drug.rolling, units),
        concentrations=tuple(
            sorted(
                {units.number(number) for number in drug.concentrations}, key=lambda n: (n.unit, n.millionths)
            )
        ),
        needs=tuple(sorted(set(drug.needs))),
        valid_for=drug.valid_for,
        lasts=drug.lasts,
        route=drug.route,
        available_if=writer.optional(drug.available),
        codes=tuple(m.Code(system=system, code=code) for system, code in drug.codes),
    )


def _bag(unit: Unit, units: UnitTable) -> None:
    """The units of a flow and of a bag's label, so that an engine can read a rate charted as a flow."""
    amounts = kernel.accepted_units(per_dose(unit))
    for other in (*map(kernel.parse_unit, ("mL/h", "mL/min", "L/h", "mL", "L")), *amounts):
        units.name(other)


def _rolling(rolling: tuple[c.Rolling, ...], units: UnitTable) -> tuple[m.Rolling, ...]:
    found = {m.Rolling(maximum=units.amount(one.maximum), over=units.amount(one.over)) for one in rolling}
    return tuple(sorted(found, key=lambda one: one.model_dump_json()))


def restrict_of(restrict: c.Restrict, writer: TermWriter) -> m.Restrict:
    """A narrowing of one drug."""
    units = writer.units
    return m.Restrict(
        drug=restrict.drug,
        start=units.range(restrict.start),
        usual=units.range(restrict.usual),
        maximum=units.optional(restrict.maximum),
        rolling=_rolling(restrict.rolling, units),
        contraindicated=restrict.contraindicated,
        condition=writer.optional(restrict.condition),
        because=restrict.because,
        cites=restrict.cites,
        clauses=restrict.clauses,
        erratum=restrict.erratum,
    )


def setting_of(setting: c.Setting, units: UnitTable) -> m.SettingDecl:
    """A setting. A number without a range keeps its value as both ends."""
    value = setting.value
    number = value if isinstance(value, Number) else None
    return m.SettingDecl(
        title=setting.title,
        kind=setting.kind,
        value=units.number(value) if isinstance(value, Number) else value,
        lo=_number(setting.lo or number, units),
        hi=_number(setting.hi or number, units),
        choices=tuple(sorted(setting.choices)),
    )
