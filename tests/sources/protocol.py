"""A small artifact to read data with: what an adult intensive care formulary declares, and no rules."""

from __future__ import annotations

from fractions import Fraction

from rung_engine.artifact.model import (
    FORMAT,
    AlsoIn,
    Artifact,
    Certificate,
    DrugDecl,
    Graph,
    InputDecl,
    Number,
    Provenance,
    Range,
    SettingDecl,
    UnitDecl,
)
from rung_engine.units import Unit, accepted_units, as_body_weight, parse_unit


def number(value: str, unit: str) -> Number:
    return Number(millionths=int(Fraction(value) * 1_000_000), unit=unit)


def between(low: str, high: str, unit: str) -> Range:
    return Range(lo=number(low, unit), hi=number(high, unit))


def _quantity(
    unit: str, low: str = "", high: str = "", *, fixed: bool = False, dosing: bool = False
) -> InputDecl:
    meant = as_body_weight(parse_unit(unit)) if dosing else parse_unit(unit)
    return InputDecl(
        kind="quantity",
        unit=unit,
        accepts=tuple(other.name for other in accepted_units(meant) if other.name != unit),
        plausible=between(low, high, unit) if low else None,
        valid_for=None if fixed else 3_600_000,
        fixed=fixed,
        dosing=dosing,
    )


def _drug(unit: str, substance: str, maximum: str = "", *, form: str = "infusion") -> DrugDecl:
    accepts = accepted_units(parse_unit(unit, substance))
    return DrugDecl(
        form="bolus" if form == "bolus" else "infusion",
        unit=unit,
        accepts=tuple(other.name for other in accepts if other.name != unit),
        maximum=number(maximum, unit) if maximum else None,
        valid_for=7_200_000,
    )


INPUTS = {
    "MAP": _quantity("mmHg", "10", "250"),
    "SBP": _quantity("mmHg", "20", "300"),
    "DBP": _quantity("mmHg", "10", "200"),
    "heart_rate": _quantity("beats/min", "20", "300"),
    "SpO2": _quantity("%", "30", "100"),
    "temperature": _quantity("degC", "25", "45"),
    "creatinine": _quantity("mg/dL", "0.1", "25").model_copy(
        update={"also_in": (AlsoIn(unit="umol/L", factor=number("88.42", "umol/L")),), "aliases": ("SCr",)}
    ),
    "lactate": _quantity("mmol/L", "0.1", "30"),
    "age": _quantity("years", "0", "120", fixed=True),
    "weight": _quantity("kg", "0.4", "350", fixed=True, dosing=True),
    "central_access": InputDecl(kind="flag", fixed=True),
    "shock": InputDecl(kind="any_of", values=("septic", "cardiogenic", "hemorrhagic"), fixed=True),
}
DRUGS = {
    "norepinephrine": _drug("mcg/kg/min", "norepinephrine", "3"),
    "vasopressin": _drug("units/min", "vasopressin", "0.04"),
    "epinephrine": _drug("mcg/kg/min", "epinephrine", "2"),
    "phenylephrine": _drug("mcg/kg/min", "phenylephrine"),
    "dopamine": _drug("mcg/kg/min", "dopamine"),
    "dobutamine": _drug("mcg/kg/min", "dobutamine"),
    "furosemide": _drug("mg/h", "furosemide"),
    "octreotide": _drug("mcg", "octreotide", form="bolus"),
    "albumin": _drug("g", "albumin", form="bolus"),
    "crystalloid": _drug("mL", "crystalloid", form="bolus"),
}
SETTINGS = {
    "high_dose": SettingDecl(kind="quantity", lo=number("0.1", "mcg/kg/min"), hi=number("0.5", "mcg/kg/min")),
    "strict": SettingDecl(kind="yes_no"),
}


def _decl(unit: Unit) -> UnitDecl:
    return UnitDecl(
        ucum=unit.ucum,
        num=unit.factor.numerator,
        den=unit.factor.denominator,
        offset_num=unit.offset.numerator,
        offset_den=unit.offset.denominator,
        dims=dict(unit.dims),
    )


def artifact() -> Artifact:
    units = {decl.unit: _decl(parse_unit(decl.unit)) for decl in INPUTS.values() if decl.unit}
    units |= {decl.unit: _decl(parse_unit(decl.unit, name)) for name, decl in DRUGS.items()}
    units["kg"] = _decl(as_body_weight(parse_unit("kg")))
    return Artifact(
        format=FORMAT,
        language="1.0",
        compiler="test",
        name="reading",
        title="Reading",
        version="1.0.0",
        settle=0,
        applies=None,
        units=units,
        inputs=INPUTS,
        drugs=DRUGS,
        classes={},
        panels={},
        events={},
        tasks={},
        courses={},
        outcomes={},
        settings=SETTINGS,
        sources={},
        incompatible=(),
        restricts=(),
        befores=(),
        terms=(),
        defines={},
        stages=(),
        rules=(),
        assumptions=(),
        properties=(),
        proofs=(),
        questions=(),
        ownership=(),
        graph=Graph(nodes=(), edges=()),
        provenance=Provenance(files=(), positions={}, words={}),
        certificate=Certificate(),
        meaning="",
        seal="",
    )
