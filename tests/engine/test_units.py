"""Units: what is read, what is exact, and above all what is refused."""

from __future__ import annotations

import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung_engine.units import (
    _ATOMS,
    _BY_POWERS,
    _WHOLE,
    Unit,
    UnitProblem,
    accepted_units,
    all_units,
    as_body_weight,
    compatible,
    convert,
    dims_of,
    parse_unit,
    weight_power,
)

DRUG = "vasopressin"
TABLE = all_units(DRUG)
ALIASES = [
    (spelling, name)
    for name, atom in _ATOMS.items()
    for spelling in (name, *atom.spellings.split("|"))
    if spelling
]

units = st.sampled_from(TABLE)
pairs = st.sampled_from([(a, b) for a in TABLE for b in TABLE if a.dims == b.dims])
dose_pairs = st.sampled_from([(a, b) for a in TABLE for b in TABLE if weight_power(a, b) not in (None, 0)])
values = st.fractions(-(10**6), 10**6, max_denominator=10**6)
weights = st.fractions(Fraction(1, 10), 400, max_denominator=1000)


def to(value: str, from_: str, into: str, weight: str | None = None) -> Fraction:
    kg = None if weight is None else Fraction(weight)
    return convert(Fraction(value), parse_unit(from_, DRUG), parse_unit(into, DRUG), weight=kg)


def unread(text: str) -> UnitProblem:
    with pytest.raises(UnitProblem) as refused:
        parse_unit(text)
    assert refused.value.facts["unit"] == text
    return refused.value


def unconverted(from_: Unit, into: Unit, weight: Fraction | None = None) -> UnitProblem:
    with pytest.raises(UnitProblem) as refused:
        convert(Fraction(1), from_, into, weight=weight)
    assert (refused.value.facts["unit"], refused.value.facts["to"]) == (from_.name, into.name)
    return refused.value


# --- what the libraries got wrong: both tables of the units section of the library survey -------------------


@pytest.mark.parametrize(
    ("text", "name", "ucum"),
    [
        ("mcg/kg/min", "mcg/kg/min", "ug/kg/min"),
        ("ug/kg/min", "mcg/kg/min", "ug/kg/min"),
        ("[IU]/min", "units/min", "[iU]/min"),
        ("mm[Hg]", "mmHg", "mm[Hg]"),
        ("mmHg", "mmHg", "mm[Hg]"),
        ("meq/L", "mEq/L", "meq/L"),
        ("[pH]", "pH", "[pH]"),
        ("{score}", "points", "{points}"),
        ("units/h", "units/h", "[iU]/h"),
    ],
)
def test_inputs_that_libraries_misread_are_read(text: str, name: str, ucum: str) -> None:
    assert (parse_unit(text).name, parse_unit(text).ucum) == (name, ucum)


def test_units_are_units_of_activity_and_never_micro_nits() -> None:
    assert dims_of("units/h", DRUG) == (("activity:vasopressin", 1), ("time", -1))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("g%", "per_volume_or_per_mass"),
        ("mL/min/1.73.m2", "standard_surface"),
        ("mL/min/1.73m2", "standard_surface"),
        ("mL/min/{1.73_m2}", "standard_surface"),
    ],
)
def test_a_figure_for_something_unsaid_is_refused_with_the_reason(text: str, reason: str) -> None:
    assert (unread(text).kind, unread(text).reason) == ("ambiguous", reason)


@pytest.mark.parametrize(
    ("from_", "into", "reason"),
    [
        ("[IU]/min", "mcg/min", "potency"),
        ("meq/L", "mmol/L", "valence"),
        ("mEq", "mmol", "valence"),
        ("mg/dL", "umol/L", "molar_mass"),
        ("units", "enzyme_units", "enzyme_units"),
        ("U/L", "enzyme_units/L", "enzyme_units"),
        ("beats/min", "breaths/min", "counts"),
        ("years", "h", "age"),
        ("months", "day", "age"),
        ("L/min", "L/min/m2", "body_surface"),
    ],
)
def test_a_conversion_that_lacks_a_fact_names_the_fact(from_: str, into: str, reason: str) -> None:
    for a, b in ((from_, into), (into, from_)):
        problem = unconverted(parse_unit(a), parse_unit(b), weight=Fraction(70))
        assert (problem.kind, problem.reason) == ("not_convertible", reason)


@pytest.mark.parametrize(
    ("from_", "into"),
    [
        ("[IU]/min", "ug/kg/min"),
        ("{breaths}/min", "[IU]/min"),
        ("%", "points"),
        ("points", "doses"),
        ("doses", "ratio"),
        ("kg/m2", "mg/m2"),
        ("kg/m2", "mcg/kg"),
        ("mmHg", "mcg/mL"),
        ("cm", "m2"),
        ("degC", "ratio"),
        ("pH", "ratio"),
    ],
)
def test_different_kinds_never_convert_at_any_weight(from_: str, into: str) -> None:
    a, b = parse_unit(from_), parse_unit(into)
    assert weight_power(a, b) is None
    assert not compatible(a, b)
    assert unconverted(a, b, Fraction(70)).kind == unconverted(b, a, Fraction(70)).kind == "not_convertible"


def test_kg_under_a_dose_never_cancels() -> None:
    unread("ug/kg/ug")
    assert unconverted(parse_unit("ug/kg/min"), parse_unit("/min")).kind == "not_convertible"
    assert dims_of("mcg/kg/min") == (("body_weight", -1), ("mass", 1), ("time", -1))


# --- substances ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["units", "units/h", "mU/kg/min", "units/mL", "units/m2"])
def test_units_of_one_drug_are_never_units_of_another(unit: str) -> None:
    kinds = [parse_unit(unit, substance) for substance in ("vasopressin", "insulin", None)]
    for a in kinds:
        for b in kinds:
            if a is b:
                assert convert(Fraction(3), a, b) == 3
            else:
                assert unconverted(a, b).kind == "wrong_substance"


def test_a_wrong_substance_is_named_on_both_sides() -> None:
    problem = unconverted(parse_unit("units/min", "vasopressin"), parse_unit("units/h"))
    assert (problem.facts["substance"], problem.facts["to_substance"]) == ("vasopressin", "?")


def test_units_of_a_wrong_substance_are_refused_across_a_weight_too() -> None:
    vasopressin, insulin = parse_unit("units/h", "vasopressin"), parse_unit("units/kg/h", "insulin")
    assert unconverted(vasopressin, insulin, Fraction(70)).kind == "wrong_substance"


def test_units_of_something_unnamed_convert_among_themselves() -> None:
    assert convert(Fraction(60), parse_unit("units/h"), parse_unit("units/min")) == 1


@pytest.mark.parametrize("substance", ["", "?"])
def test_a_substance_has_a_name(substance: str) -> None:
    with pytest.raises(ValueError, match="substance"):
        parse_unit("units", substance)


def test_only_biological_units_know_their_substance() -> None:
    assert parse_unit("mcg/min", "vasopressin") == parse_unit("mcg/min", "insulin")


# --- body weight and body surface ---------------------------------------------------------------------------


def test_a_dose_per_kg_needs_the_weight() -> None:
    per_min, per_kg = parse_unit("mcg/min"), parse_unit("mcg/kg/min")
    assert (weight_power(per_min, per_kg), weight_power(per_kg, per_min)) == (-1, 1)
    assert weight_power(per_min, per_min) == 0
    assert weight_power(per_min, parse_unit("units/kg/min")) is None
    assert unconverted(per_min, per_kg).kind == "needs_weight"
    for useless in (0, -70):
        problem = unconverted(per_min, per_kg, Fraction(useless))
        assert (problem.kind, problem.reason) == ("needs_weight", "not_positive")


def test_a_weight_is_no_mass_and_no_ratio() -> None:
    mass, weight = parse_unit("kg"), as_body_weight(parse_unit("kg"))
    for a, b in ((mass, weight), (weight, mass)):
        assert unconverted(a, b, Fraction(70)).reason == "body_weight"
    assert weight_power(weight, parse_unit("ratio")) is None
    assert unconverted(weight, parse_unit("%"), Fraction(70)).kind == "not_convertible"


def test_the_weight_input_reads_kg_g_and_lb_as_body_weight() -> None:
    kg, g, lb = (as_body_weight(parse_unit(name)) for name in ("kg", "g", "lb"))
    assert kg.dims == g.dims == lb.dims == (("body_weight", 1),)
    assert convert(Fraction(100), lb, kg) == Fraction("45.359237")
    assert convert(Fraction(3500), g, kg) == Fraction("3.5")
    assert as_body_weight(kg) == kg
    assert accepted_units(kg) == accepted_units(lb) == (kg, g, lb)


@pytest.mark.parametrize("name", ["mg", "cm", "mcg/kg/min", "kg/m2", "m2", "units"])
def test_nothing_else_becomes_a_body_weight(name: str) -> None:
    with pytest.raises(UnitProblem) as refused:
        as_body_weight(parse_unit(name))
    assert (refused.value.kind, refused.value.reason) == ("not_convertible", "body_weight")


def test_the_body_mass_index_has_a_height_and_no_patient_dimension() -> None:
    assert dims_of("kg/m2") == (("length", -2), ("mass", 1))
    assert parse_unit("kg/m2").factor == Fraction(10**9, 100**2)
    assert dims_of("mg/m2") == (("body_surface", -1), ("mass", 1))
    assert dims_of("L/min/m2") == (("body_surface", -1), ("time", -1), ("volume", 1))
    assert dims_of("m2") == (("body_surface", 1),)


# --- concentrations, temperatures ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("from_", "into"),
    [("mL/h", "mcg/min"), ("mL/h", "mcg/kg/min"), ("mL", "mg"), ("mL/h", "units/min"), ("mmol/h", "mL/h")],
)
def test_a_pump_rate_needs_a_concentration(from_: str, into: str) -> None:
    for a, b in ((from_, into), (into, from_)):
        assert unconverted(parse_unit(a), parse_unit(b), Fraction(70)).kind == "needs_concentration"


def test_temperatures_convert_exactly_as_readings() -> None:
    assert to("37", "degC", "degF") == Fraction("98.6")
    assert to("98.6", "°F", "°C") == 37
    assert to("-40", "degF", "degC") == -40
    assert to("310.15", "K", "degC") == 37


@pytest.mark.parametrize("text", ["degF/h", "degC/min", "K.h", "mcg/degC", "Cel-1.min"])
def test_a_temperature_stands_alone(text: str) -> None:
    assert unread(text).kind == "affine"


# --- spellings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("mcg", "mcg|ug|\u00b5g|\u03bcg|MCG"),
        ("units", "U|units|unit|Unit|UNIT|UNITS|IU|iu|[IU]|[iU]"),
        ("mU/min", "mU/min|m[iU]/min|mIU/min"),
        ("mL", "mL|ml|cc"),
        ("umol/L", "umol/L|\u00b5mol/L|\u03bcmol/L|mcmol/l"),
        ("mEq", "mEq|meq|MEQ"),
        ("mmHg", "mmHg|mm[Hg]|mm Hg|MM HG|mm  Hg"),
        ("h", "h|hr|hour|hours|Hours"),
        ("day", "d|day|days|24 h|24h"),
        ("beats/min", "beats/min|bpm|BPM|/min|1/min|min-1|{beats}/min|beats per minute"),
        ("breaths/min", "breaths/min|insp/min|{breaths}/min|breaths per minute"),
        (
            "mcg/kg/min",
            "mcg/kg/min|mcgkgmin|ug.kg-1.min-1|ug/(kg.min)|\u00b5g/min/kg|mcg per kg per min|mcg / kg / min",
        ),
        ("units/min", "U/min|Umin|units/minute"),
        ("units/h", "units/hr|units/hour|U/h"),
        ("mL/h", "ml/hr|mL/hour|mL/h"),
        ("mg/h", "mg/hr|mghr|mg/hour"),
        ("mcg/h", "mcghr|mcg/hr|mcg/hour"),
        ("mL/day", "mL/24h|mL/24 h|ml/d"),
        ("degC", "Cel|°C|?C|\ufffdC|Deg. C|C"),
        ("degF", "[degF]|°F|?F|Deg. F|F"),
        ("lb", "lb|lbs|lbs.|[lb_av]"),
        ("g", "g|gm|gram"),
        ("kg", "kg|Kg|KG"),
        ("inch", "Inch|in|[in_i]"),
        ("ratio", "1|ratio"),
        ("m2", "m2|m\u00b2|m^2"),
        ("L/min/m2", "L/min/m2|L/m2/min|L.min-1.m-2|L/(min.m2)"),
        ("kg/m2", "kg/m2|kg.m-2|kg/m\u00b2"),
    ],
)
def test_bedside_and_recorded_spellings_are_read(name: str, texts: str) -> None:
    for text in texts.split("|"):
        assert parse_unit(text).name == name, text


def test_the_caller_may_say_what_a_bare_rate_counts() -> None:
    assert parse_unit("/min", counting="breaths").name == "breaths/min"
    assert parse_unit("beats/min", counting="breaths").name == "beats/min"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("MU", "mega_or_milli"),
        ("M[IU]/h", "mega_or_milli"),
        ("Mg", "mega_or_milli"),
        ("gr", "grain_or_gram"),
        ("oz", "mass_or_volume"),
        ("gtt/min", "drop_size"),
        ("K/uL", "thousands_or_kelvin"),
        ("mcg/kg/m", "minute_or_metre"),
    ],
)
def test_a_spelling_with_two_clinical_readings_is_refused(text: str, reason: str) -> None:
    assert (unread(text).kind, unread(text).reason) == ("ambiguous", reason)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("MG/ML", "mg/mL"),
        ("unts/h", "units/h"),
        ("mcg/kgmin", "mcg/kg/min"),
        ("mmGh", "mmHg"),
        ("mg//h", "mg/h"),
        ("zorkmids", None),
        ("x" * 100, None),
        ("", None),
    ],
)
def test_an_unknown_unit_comes_with_the_nearest_known_spelling(text: str, suggestion: str | None) -> None:
    problem = unread(text)
    assert (problem.kind, problem.suggestion) == ("unknown_unit", suggestion)
    assert (suggestion in str(problem)) if suggestion else ("suggestion" not in str(problem))


@pytest.mark.parametrize(
    "text",
    [
        "mg/mg",
        "mg.mg",
        "/",
        "//",
        "1/",
        "/kg",
        "/beats",
        "ratio/min",
        "%/h",
        "1.5",
        "mg/",
        "(mg)",
        "mL/1h",
        "kg2",
        "m-2",
        "mcg/lb/min",
        "mcg/g/min",
        "mg/kg/m2",
        "kg/m2/min",
        "year/h",
        "L/years",
        "mOsm/kg",
        "units units",
    ],
)
def test_what_is_not_in_the_table_is_refused(text: str) -> None:
    assert unread(text).kind == "unknown_unit"


@given(st.text(alphabet="mcgkUhinLd/.()-[]{}%12 ²µ", max_size=14))
def test_reading_any_text_gives_a_unit_of_the_table_or_a_problem(text: str) -> None:
    try:
        unit = parse_unit(text, DRUG)
    except UnitProblem:
        return
    assert unit in TABLE


def test_a_problem_survives_a_process_boundary() -> None:
    problem = unread("unts/h")
    again = pickle.loads(pickle.dumps(problem))
    assert (again.kind, again.facts, str(again)) == (problem.kind, problem.facts, str(problem))


# --- the table ----------------------------------------------------------------------------------------------


def test_no_spelling_and_no_product_has_two_meanings() -> None:
    spellings = [spelling for spelling, _ in ALIASES] + list(_WHOLE)
    assert len(set(spellings)) == len(spellings)
    assert len({unit.name for unit in TABLE}) == len(TABLE) == len(_BY_POWERS)
    folded: dict[str, set[str]] = {}
    for spelling, name in ALIASES:
        if len(spelling) > 2 and name != "mU":
            folded.setdefault(spelling.casefold(), set()).add(name)
    assert all(len(names) == 1 for names in folded.values())


@given(units)
def test_reading_a_canonical_name_changes_nothing(unit: Unit) -> None:
    assert parse_unit(unit.name, DRUG) == unit


@given(units)
def test_reading_the_ucum_spelling_changes_nothing_but_for_enzymes(unit: Unit) -> None:
    again = parse_unit(unit.ucum, DRUG)
    # UCUM's `U` is an enzyme unit; at a bedside, and so here, it is a unit of a drug.
    assert again == unit or unit.name.startswith("enzyme_units")


@given(st.sampled_from(ALIASES), values)
def test_every_alias_converts_one_to_one(alias: tuple[str, str], value: Fraction) -> None:
    spelling, name = alias
    assert convert(value, parse_unit(spelling, DRUG), parse_unit(name, DRUG)) == value


@given(pairs, values)
def test_there_and_back_is_the_same_value(pair: tuple[Unit, Unit], value: Fraction) -> None:
    a, b = pair
    assert convert(convert(value, a, b), b, a) == value


@given(dose_pairs, values, weights)
def test_there_and_back_over_a_weight_is_the_same_value(
    pair: tuple[Unit, Unit], value: Fraction, weight: Fraction
) -> None:
    a, b = pair
    assert convert(convert(value, a, b, weight=weight), b, a, weight=weight) == value


@given(pairs, units, values)
def test_a_detour_changes_nothing(pair: tuple[Unit, Unit], via: Unit, value: Fraction) -> None:
    a, b = pair
    if compatible(a, via):
        assert convert(convert(value, a, via), via, b) == convert(value, a, b)
    else:
        assert not compatible(b, via)


@given(units, units)
def test_only_equal_dimensions_and_doses_at_a_weight_convert(a: Unit, b: Unit) -> None:
    if weight_power(a, b) is None:
        unconverted(a, b, Fraction(70))
    else:
        assert convert(Fraction(1), a, b, weight=Fraction(70)) != 0
    assert compatible(a, b) == (weight_power(a, b) == 0)


@given(units)
def test_the_factor_alone_explains_a_conversion(unit: Unit) -> None:
    for other in accepted_units(unit):
        power = weight_power(other, unit)
        assert power is not None
        here = Fraction(3) * other.factor + other.offset
        expected = (here * Fraction(70) ** power - unit.offset) / unit.factor
        assert convert(Fraction(3), other, unit, weight=Fraction(70)) == expected


# --- numbers of the articles --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "from_", "into", "weight", "expected"),
    [
        ("7", "mcg/min", "mcg/kg/min", "70", "0.1"),
        ("6.8", "mcg/min", "mcg/kg/min", "68", "0.1"),
        ("0.42", "mg/h", "mcg/kg/min", "70", "0.1"),
        ("0.1", "mcg/kg/min", "mg/h", "80", "0.48"),
        ("1.8", "units/h", "units/min", None, "0.03"),
        ("2.4", "units/h", "units/min", None, "0.04"),
        ("1", "mg/h", "mcg/min", None, "50/3"),
        ("1", "kPa", "mmHg", None, "500000/66661"),
        ("1", "cmH2O", "mmHg", None, "980665/1333220"),
        ("30", "mL/kg", "L", "70", "2.1"),
        ("0.5", "mL/kg/h", "mL/h", "70", "35"),
        ("10", "mg/dL", "mg/L", None, "100"),
        ("1", "g/dL", "g/L", None, "10"),
        ("50", "%", "ratio", None, "0.5"),
        ("18", "months", "years", None, "1.5"),
        ("1", "week", "h", None, "168"),
        ("1", "lb", "kg", None, "0.45359237"),
        ("1", "inch", "cm", None, "2.54"),
    ],
)
def test_the_numbers_of_the_articles_are_exact(
    value: str, from_: str, into: str, weight: str | None, expected: str
) -> None:
    assert to(value, from_, into, weight) == Fraction(expected)


def test_binary_floating_point_misses_the_threshold_that_exact_numbers_meet() -> None:
    """`NE >= 0.1 mcg/kg/min` and `vasopressin <= 0.03 units/min`, at rates meant to meet them."""
    per_h, per_min = 1000 / 3_600_000, 1 / 60_000
    assert 0.42 * per_h / 70 / per_min < 0.1
    assert to("0.42", "mg/h", "mcg/kg/min", "70") == Fraction("0.1")
    assert 6.8 / 68 < 0.1
    assert to("6.8", "mcg/min", "mcg/kg/min", "68") == Fraction("0.1")
    assert 1.8 / 60 > 0.03
    assert to("1.8", "units/h", "units/min") == Fraction("0.03")


def test_binary_floating_point_misses_at_nearly_half_of_all_weights() -> None:
    """The rate in mg/h that is 0.1 mcg/kg/min, for every weight from 40 kg to 150 kg in steps of 100 g."""
    charted = [(kg, kg * Fraction("0.006")) for kg in (Fraction(tenths, 10) for tenths in range(400, 1500))]
    below = [kg for kg, rate in charted if float(rate) * 1000 / 60 / float(kg) < 0.1]
    assert len(below) == 505
    mg_h, mcg_kg_min = parse_unit("mg/h"), parse_unit("mcg/kg/min")
    assert all(convert(rate, mg_h, mcg_kg_min, weight=kg) == Fraction("0.1") for kg, rate in charted)


# --- what an artifact ships ---------------------------------------------------------------------------------


def names(unit: str) -> list[str]:
    return [accepted.name for accepted in accepted_units(parse_unit(unit, DRUG))]


def test_an_infusion_is_accepted_with_and_without_weight_at_every_pace() -> None:
    paces = ["min", "h", "day"]
    assert (
        names("mcg/kg/min")
        == names("mg/h")
        == [
            f"{mass}{body}/{pace}"
            for mass in ("ng", "mcg", "mg", "g")
            for body in ("", "/kg")
            for pace in paces
        ]
    )
    assert names("units/min") == [
        f"{u}{body}/{pace}" for u in ("units", "mU") for body in ("", "/kg") for pace in paces
    ]


@pytest.mark.parametrize(
    ("unit", "accepted"),
    [
        ("mg", ["ng", "ng/kg", "mcg", "mcg/kg", "mg", "mg/kg", "g", "g/kg"]),
        ("mL/kg", ["mL", "mL/kg", "L", "L/kg"]),
        ("mmHg", ["mmHg", "kPa", "cmH2O"]),
        ("degC", ["degC", "degF", "K"]),
        ("beats/min", ["beats/min"]),
        ("years", ["months", "years"]),
        ("%", ["%", "ratio"]),
        ("mEq/L", ["mEq/mL", "mEq/dL", "mEq/L", "Eq/mL", "Eq/dL", "Eq/L"]),
    ],
)
def test_other_quantities_are_accepted_in_their_own_dimensions(unit: str, accepted: list[str]) -> None:
    assert names(unit) == accepted


@given(units)
def test_a_declared_unit_is_accepted_and_the_list_is_the_same_each_time(unit: Unit) -> None:
    accepted = accepted_units(unit)
    assert unit in accepted
    assert len(set(accepted)) == len(accepted)
    accepted_units.cache_clear()
    assert accepted_units(unit) == accepted
