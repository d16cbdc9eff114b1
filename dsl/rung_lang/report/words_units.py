"""Words for what is wrong with units and numbers: R120 to R129."""

from __future__ import annotations

from typing import assert_never

from rung_lang.checked.problems import (
    BareNumber,
    MissingUnit,
    NoExactMillionth,
    ProductOfUnknowns,
    TemperatureArithmetic,
    UnknownUnit,
    WeightBasis,
    WrongDimension,
    WrongSubstance,
    YearsForTime,
)
from rung_lang.report.words_phrases import Words, did_you_mean, this, ticked, what_is
from rung_lang.report.words_quantities import WEIGHT

UnitProblem = (
    UnknownUnit | MissingUnit | WrongDimension | WrongSubstance | ProductOfUnknowns | BareNumber
    | NoExactMillionth | YearsForTime | WeightBasis | TemperatureArithmetic
)  # fmt: skip

_UNCLEAR = {
    "mega_or_milli": (
        "it can mean thousandths or millions",
        "The two are a thousand million apart.",
        "Write `mU` for thousandths of a unit.",
    ),
    "grain_or_gram": ("it can mean grains or grams", "A grain is 65 mg.", "Write `g` or `mg`."),
    "mass_or_volume": (
        "it can mean a weight or a volume",
        "I do not guess between the two.",
        "Write `g` or `mL`.",
    ),
    "drop_size": (
        "how large a drop is depends on the giving set",
        "The same count gives three times as much through another set.",
        "Write `mL`.",
    ),
    "thousands_or_kelvin": (
        "`K` can mean thousands or kelvin",
        "A count of cells is not a temperature.",
        "Write the count in a unit I know, or as plain `points`.",
    ),
    "per_volume_or_per_mass": (
        "it can mean per volume or per weight",
        "The two differ with the solution.",
        "Write `mg/dL`, or the unit you mean in full.",
    ),
    "standard_surface": (
        "it speaks of a standard body of 1.73 m2",
        "No patient's own surface takes it back to a dose.",
        "Write the unit per `m2`, or the plain one.",
    ),
    "minute_or_metre": (
        "`/m` can mean per minute or per metre",
        "I do not guess at a time.",
        "Write `/min`.",
    ),
    "affine": (
        "degrees do not divide",
        "A temperature does not begin at zero, so a rate of it means nothing.",
        "Write `degC` alone.",
    ),
}


def of_units(problem: UnitProblem) -> Words:
    """The words of one problem."""
    match problem:
        case UnknownUnit():
            return _unknown_unit(problem)
        case MissingUnit():
            return Words(
                f"{this(problem.what)} has no unit: `{problem.literal}`.",
                "in what unit?",
                _read_as(problem),
                _units_that_fit(problem),
            )
        case WrongDimension():
            return _wrong_dimension(problem)
        case WrongSubstance():
            found, wanted = problem.found_substance, problem.wanted_substance
            return Words(
                f"Units of `{found}` are not units of `{wanted}`.",
                "not the same units",
                "Each drug counts its own units: a unit of one says nothing about the strength of another.",
                f"Compare `{wanted}` with an amount of `{wanted}`, and give each drug a setting of its own.",
            )
        case ProductOfUnknowns():
            word, wrong = ("product", "multiplied by") if problem.op == "*" else ("quotient", "divided by")
            return Words(
                f"`{problem.left}` {wrong} `{problem.right}`: both change from patient to patient.",
                f"a {word} of two things that vary",
                "Such a number has no unit, plausible range or age of its own, so I could not check it.",
                "Compare each with a number of its own, or declare the result as an input that is charted.",
            )
        case BareNumber() if problem.units:
            return Words(
                f"`{problem.literal}` could be in {ticked(problem.units)}.",
                "in which unit?",
                f"This input is charted in more than one unit, and `{problem.literal}` means another "
                "state in each.",
                f"Write the unit: {ticked([f'{problem.literal} {unit}' for unit in problem.units])}.",
            )
        case BareNumber():
            return Words(
                f"I cannot tell what `{problem.literal}` counts.",
                "a number of what?",
                "",
                "Write its unit after it. For something graded, write one of its grades by name.",
            )
        case NoExactMillionth():
            return _no_millionth(problem)
        case YearsForTime():
            return Words(
                f"`{problem.found}` and `{_plain(problem.wanted)}` cannot be compared: years and months "
                "are for ages.",
                "an age, or a time?",
                "A year of age is not a number of hours at the bedside, and months differ in length.",
                "Write an age in `years`, and a time in `min`, `h`, `days` or `weeks`.",
            )
        case WeightBasis():
            return _weight_basis(problem)
        case TemperatureArithmetic():
            return Words(
                f"I cannot calculate with readings in `{problem.unit}`.",
                "a temperature does not begin at zero",
                "38 degC is not twice 19 degC, and 2 degF more is not 2 degC more: the sum would be a "
                "wrong fever.",
                "Compare the reading itself, as in `temp >= 38.3 degC`.",
            )
        case _:
            assert_never(problem)


def _unknown_unit(problem: UnknownUnit) -> Words:
    unclear = _UNCLEAR.get(problem.reason)
    if unclear is not None:
        why, body, edit = unclear
        return Words(f"`{problem.unit}` is not clear: {why}.", "two readings", body, edit)
    return Words(
        f"I do not know the unit `{problem.unit}`.",
        "not a unit I know",
        "I never guess at a unit: a guess that is wrong is a wrong dose.",
        did_you_mean(
            problem.suggestion, "Write it as on the ward: `mcg/kg/min`, `units/h`, `mmol/L`, `mmHg`."
        ),
    )


def _read_as(problem: MissingUnit) -> str:
    if {"min", "h"} & set(problem.accepts):
        return f"One of us reads `{problem.literal}` as minutes and another as hours."
    return "A bare number is read by each of us in the unit we are used to: in mg by one, in mcg by another."


def _units_that_fit(problem: MissingUnit) -> str:
    if not problem.accepts:
        return f"Write the unit after it, as in `{problem.literal} mmHg`."
    if len(problem.accepts) == 1:
        return f"Write `{problem.literal} {problem.accepts[0]}`, or the unit you mean."
    fitting = [unit for unit in problem.accepts if unit != "ms"]
    common = sorted(fitting, key=lambda unit: unit.startswith("ng") or "day" in unit.split("/")[1:])
    return f"Write the unit after the number; these fit: {ticked(common[:6])}."


def _wrong_dimension(problem: WrongDimension) -> Words:
    found, wanted = _plain(problem.found), _plain(problem.wanted)
    match problem.reason:
        case "":
            return Words(
                f"`{found}` cannot stand for `{wanted}`: they measure different things.",
                f"needs `{wanted}`",
                "An amount of one is never more or less than an amount of the other, so this could be "
                "decided for no "
                "patient.",
                f"Write the amount in `{wanted}`, or compare with another input.",
            )
        case "body_weight":
            return Words(
                f"`{found}` and `{wanted}` differ by the patient's weight.",
                f"needs `{wanted}`",
                f"For a patient of {WEIGHT} kg the same number means {WEIGHT} times as much in one as in "
                "the other.",
                f"Write the amount in `{wanted}`.",
            )
        case "grades":
            return Words(
                f"`{found}` and `{wanted}` have different grades.",
                "other grades",
                "The second grade of one says nothing about the second grade of the other.",
                "Compare each with a grade of its own.",
            )
        case _:
            return Words(
                f"The setting `{found.removeprefix('setting ')}` gives no quantity.",
                "needs a quantity",
                "Its value is a word, and here a number with a unit is needed.",
                "Name a setting that has a unit, or write the quantity itself.",
            )


def _no_millionth(problem: NoExactMillionth) -> Words:
    if problem.converted_from:
        written = f"{problem.literal} {problem.converted_from}"
        return Words(
            f"`{written}` has no exact value in `{problem.unit}`.",
            f"not a whole number of millionths of `{problem.unit}`",
            "Rounded, a reading that is exactly at this limit would be judged differently by different "
            "systems.",
            f"Write the limit in `{problem.unit}`.",
        )
    return Words(
        f"`{problem.literal} {problem.unit}` is finer than a millionth of `{problem.unit}`.",
        "more than six digits after the point",
        "I never round: the same patient would be judged differently by different systems.",
        "Write at most six digits after the point, or a smaller unit.",
    )


def _weight_basis(problem: WeightBasis) -> Words:
    drug, written, held = problem.drug, problem.written, problem.drug_unit
    return Words(
        f"This {what_is(problem.what)} is in `{written}`, and `{drug}` is held in `{held}`.",
        f"needs `{held}`",
        f"The two differ by the patient's weight: read as the other, a number is {WEIGHT} times the "
        "dose, or a "
        f"{WEIGHT}th of it, at {WEIGHT} kg.",
        f"Did you mean `{held}`? {written} for {held} is a usual slip. To hold the drug in `{written}` "
        "throughout this "
        f"protocol, write `restrict {drug} in {written}`.",
    )


def _plain(unit: str) -> str:
    """A unit as an author would write it; times and grades are held in units of our own."""
    return {"ms": "h", "rank": "a grade", "ratio": "a plain number"}.get(unit, unit)
