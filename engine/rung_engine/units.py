"""Clinical units: a closed table, exact conversions, and refusals with a reason.

A unit is an exact factor times a product of clinical base dimensions. These are stricter than physics: body
weight is not mass, body surface is not a length squared, an age is not a duration, mEq is not mmol, beats are
not breaths, and `units` belong to one substance. So `mcg/kg/min` never cancels, and where physics would give
a number this module gives a coded `UnitProblem`. A ratio is the empty product: `%` is 1/100 of it.

What is not in the table is refused, never guessed. Bedside and UCUM spellings are read; the canonical name is
the bedside spelling of Rung texts, and `ucum` is what goes on the wire. Definitions are those of UCUM
(mm[Hg] = 133.322 Pa, [lb_av], [in_i]).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from rung_engine.frozen import frozen

Dims = tuple[tuple[str, int], ...]
ProblemKind = Literal[
    "unknown_unit",
    "not_convertible",
    "wrong_substance",
    "needs_weight",
    "needs_concentration",
    "affine",
    "ambiguous",
]


@frozen
class Unit:
    """One unit. A value v in it is `v * factor + offset` in the coherent base of `dims`.

    `dims` is sorted by dimension. Bases: mcg, mL, ms, cm, mmHg, mmol, mEq, degree Celsius, kg of body weight,
    m2 of body surface, year of age. `offset` is other than 0 for a temperature reading only.
    """

    name: str
    ucum: str
    dims: Dims
    factor: Fraction
    offset: Fraction = Fraction(0)


class UnitProblem(ValueError):  # noqa: N818 - a problem is the house's word for a finding with facts
    """Why a unit was not read or a value not converted: a stable kind and facts; words are made elsewhere.

    Facts, where they apply: `unit` (the spelling refused, or the unit converted from), `to`, `substance` and
    `to_substance`, `reason` (a code that narrows the kind), `suggestion` (the nearest spelling in the table).
    """

    def __init__(self, kind: ProblemKind, facts: dict[str, str]) -> None:
        super().__init__(kind, facts)
        self.kind = kind
        self.facts = facts

    @property
    def reason(self) -> str | None:
        return self.facts.get("reason")

    @property
    def suggestion(self) -> str | None:
        return self.facts.get("suggestion")

    def __str__(self) -> str:
        return f"{self.kind}: " + ", ".join(f"{name} {fact}" for name, fact in self.facts.items())


def parse_unit(text: str, substance: str | None = None, *, counting: str = "beats") -> Unit:
    """The unit a text names, in any bedside or UCUM spelling.

    `substance` says whose `units` these are; without it they are units of something unnamed, which convert
    among themselves only. `counting` says what a bare `/min` counts, since UCUM writes heart and breathing
    rates alike.
    Raises `UnitProblem`: `unknown_unit`, `ambiguous` or `affine`.
    """
    return _parse(text, substance, counting)


def dims_of(text: str, substance: str | None = None) -> Dims:
    """The dimensions of the unit a text names."""
    return _parse(text, substance, "beats").dims


def as_body_weight(unit: Unit) -> Unit:
    """A lone `kg`, `g` or `lb` read again as the weight of a body, for the input that holds it.

    The name stays, so the result does not come back from `parse_unit(name)`. Raises `not_convertible` on
    anything else.
    """
    if unit.dims == _BODY_WEIGHT:
        return unit
    if unit.name not in _BODY_WEIGHT_NAMES:
        raise UnitProblem("not_convertible", {"unit": unit.name, "to": "kg", "reason": "body_weight"})
    return replace(unit, dims=_BODY_WEIGHT, factor=unit.factor / _ATOMS["kg"].factor)


def compatible(a: Unit, b: Unit) -> bool:
    """Whether values convert between the two with no patient value at all."""
    return a.dims == b.dims


def weight_power(a: Unit, b: Unit) -> int | None:
    """The power of the weight in kg by which a value in `a` is multiplied on its way to `b`.

    mcg/min to mcg/kg/min is -1, the way back 1, equal dimensions 0; None when anything but body weight
    differs. A weight alone is no dose: it never becomes a ratio.
    """
    if a.dims == b.dims:
        return 0
    weight_a, rest_a = _split_off("body_weight", a.dims)
    weight_b, rest_b = _split_off("body_weight", b.dims)
    return weight_b - weight_a if rest_a == rest_b != () else None


def convert(value: Fraction, from_: Unit, to: Unit, *, weight: Fraction | None = None) -> Fraction:
    """The same quantity in another unit, exactly. `weight` is the dosing weight in kg, where one is needed.

    Temperatures are converted as readings, not as differences. Raises `UnitProblem`: `needs_weight` (also for
    a weight that is not above 0), `needs_concentration`, `wrong_substance` or `not_convertible`.
    """
    power = weight_power(from_, to)
    if power is None:
        raise _refusal(from_, to)
    base = value * from_.factor + from_.offset
    if power != 0:
        if weight is None or weight <= 0:
            unusable = {} if weight is None else {"reason": "not_positive"}
            raise UnitProblem("needs_weight", {"unit": from_.name, "to": to.name} | unusable)
        base *= weight**power
    return (base - to.offset) / to.factor


@lru_cache(maxsize=256)
def accepted_units(unit: Unit) -> tuple[Unit, ...]:
    """The units a value declared in `unit` may be charted in, in table order: what an artifact ships.

    A dose, plain or per time, is accepted with and without `/kg`, and per min, h or day where it is per time;
    those of another `weight_power` need the dosing weight. Anything else is accepted in every unit of its
    own dimensions.
    """
    if unit.dims == _BODY_WEIGHT:
        return tuple(as_body_weight(_build(name, None)) for name in _BODY_WEIGHT_NAMES)
    substance = _substance(unit.dims)
    if unit.name in _DOSES:
        doses = (_build(name, substance) for name in _DOSES)
        return tuple(dose for dose in doses if weight_power(dose, unit) is not None)
    return tuple(other for other in all_units(substance) if compatible(other, unit))


@lru_cache(maxsize=256)
def all_units(substance: str | None = None) -> tuple[Unit, ...]:
    """The whole table, in order, with `units` taken as those of `substance`."""
    return tuple(_build(name, substance) for name in _NAMES)


# --- the table ----------------------------------------------------------------------------------------------


@frozen
class _Atom:
    """A unit without `/`: UCUM code, the one dimension, its size in the base of that, and other spellings."""

    ucum: str
    dim: str
    factor: Fraction
    spellings: str = ""  # separated by |
    offset: Fraction = Fraction(0)


def _atom(
    ucum: str, dim: str, factor: int | str | Fraction, spellings: str = "", offset: int | str = 0
) -> _Atom:
    return _Atom(ucum, dim, Fraction(factor), spellings, Fraction(offset))


# `?C` and the like are a degree sign that charting systems lost. Micro signs become `u` before the look-up.
_ATOMS = {
    "ng": _atom("ng", "mass", "1/1000", "nanogram|nanograms"),
    "mcg": _atom("ug", "mass", 1, "ug|microgram|micrograms|mcgs"),
    "mg": _atom("mg", "mass", 1000, "milligram|milligrams|mgs"),
    "g": _atom("g", "mass", 10**6, "gm|gms|gram|grams"),
    "kg": _atom("kg", "mass", 10**9, "Kg|KG|kgs|kilogram|kilograms"),
    "lb": _atom("[lb_av]", "mass", 453592370, "[lb_av]|lbs|lbs.|lb.|pound|pounds"),
    "units": _atom("[iU]", "activity", 1, "U|unit|IU|iu|[IU]|[iU]|international units"),
    "mU": _atom("m[iU]", "activity", "1/1000", "m[iU]|m[IU]|mIU|milliunits|milliunit"),
    "enzyme_units": _atom("U", "enzyme_units", 1, "enzyme_unit"),
    "nmol": _atom("nmol", "amount", "1/1000000", "nanomole|nanomoles"),
    "umol": _atom("umol", "amount", "1/1000", "mcmol|micromole|micromoles"),
    "mmol": _atom("mmol", "amount", 1, "millimole|millimoles"),
    "mol": _atom("mol", "amount", 1000, "mole|moles"),
    "mEq": _atom("meq", "charge_equivalent", 1, "meq|milliequivalent|milliequivalents"),
    "Eq": _atom("eq", "charge_equivalent", 1000, "eq|equivalent|equivalents"),
    "uL": _atom("uL", "volume", "1/1000", "ul|mcL|microlitre|microliter"),
    "mL": _atom("mL", "volume", 1, "ml|cc|cm3|millilitre|milliliter|millilitres|milliliters"),
    "dL": _atom("dL", "volume", 100, "dl|decilitre|deciliter"),
    "L": _atom("L", "volume", 1000, "l|litre|liter|litres|liters"),
    "ms": _atom("ms", "time", 1, "msec|millisecond|milliseconds"),
    "s": _atom("s", "time", 1000, "sec|secs|second|seconds"),
    "min": _atom("min", "time", 60_000, "mins|minute|minutes"),
    "h": _atom("h", "time", 3_600_000, "hr|Hr|HR|hrs|hour|hours"),
    "day": _atom("d", "time", 86_400_000, "d|days|24h|24hr|24 h|24 hr|24 hours"),
    "week": _atom("wk", "time", 604_800_000, "wk|weeks"),
    "months": _atom("mo", "age", "1/12", "mo|month"),
    "years": _atom("a", "age", 1, "a|yr|yrs|year"),
    "mm": _atom("mm", "length", "1/10", "millimetre|millimeter"),
    "cm": _atom("cm", "length", 1, "cms|centimetre|centimeter|centimetres|centimeters"),
    "m": _atom("m", "length", 100, "metre|meter|metres|meters"),
    "inch": _atom("[in_i]", "length", "2.54", "in|inches|[in_i]"),
    "m2": _atom("m2", "body_surface", 1, "m^2|sqm"),
    "mmHg": _atom("mm[Hg]", "pressure", 1, "mm Hg|mm[Hg]"),
    "kPa": _atom("kPa", "pressure", Fraction(1000) / Fraction("133.322"), "kilopascal|kilopascals"),
    "cmH2O": _atom("cm[H2O]", "pressure", Fraction("98.0665") / Fraction("133.322"), "cm H2O|cm[H2O]"),
    "degC": _atom("Cel", "temperature", 1, "Cel|C|°C|?C|\ufffdC|Â°C|deg C|Deg. C|celsius"),
    "degF": _atom("[degF]", "temperature", "5/9", "[degF]|F|°F|?F|\ufffdF|Â°F|deg F|Deg. F", "-160/9"),
    "K": _atom("K", "temperature", 1, "kelvin", "-273.15"),
    "pH": _atom("[pH]", "pH", 1, "[pH]"),
    "%": _atom("%", "ratio", "1/100", "percent"),
    "ratio": _atom("1", "ratio", 1, "1"),
    "beats": _atom("{beats}", "beats", 1, "beat|{beats}|{beat}"),
    "breaths": _atom("{breaths}", "breaths", 1, "breath|insp|resp|{breaths}|{breath}"),
    "points": _atom("{points}", "points", 1, "point|pts|{points}|{score}"),
    "doses": _atom("{doses}", "doses", 1, "dose|{doses}|{dose}"),
}

_DOSE_ATOMS = ("ng", "mcg", "mg", "g", "units", "mU", "umol", "mmol", "mol", "mEq", "Eq", "mL", "L")
_SOLUTES = ("ng", "mcg", "mg", "g", "units", "mU", "enzyme_units", "nmol", "umol", "mmol", "mol", "mEq", "Eq")

# Doses plain and per time. What an artifact lists for a drug is taken from here in this order: keep it.
_DOSES = tuple(
    f"{a}{body}{time}" for a in _DOSE_ATOMS for body in ("", "/kg") for time in ("", "/min", "/h", "/day")
)
_NAMES = (
    *_DOSES,
    *(a for a in _ATOMS if a not in _DOSE_ATOMS),
    *(f"{a}/{v}" for a in _SOLUTES for v in ("mL", "dL", "L")),
    *(f"{c}/{t}" for c in ("mg/dL", "mmol/L", "umol/L", "mEq/L") for t in ("h", "day")),
    *(f"{a}/m2{t}" for a in ("mcg", "mg", "g", "units", "mL") for t in ("", "/min", "/h", "/day")),
    *("L/min/m2", "kg/m2", "beats/min", "breaths/min", "doses/h", "doses/day"),
)

# Whole units as some charting systems write them.
_WHOLE = {
    "bpm": "beats/min",
    **{f"{a}kgmin": f"{a}/kg/min" for a in ("ng", "mcg", "mg")},
    **{f"{a}kghr": f"{a}/kg/h" for a in ("ng", "mcg", "mg")},
    **{f"{a}min": f"{a}/min" for a in ("ng", "mcg", "mg")},
    **{f"{a}hr": f"{a}/h" for a in ("ng", "mcg", "mg")},
    "Umin": "units/min",
    "Uhr": "units/h",
    "mlhr": "mL/h",
}

# Spellings with two clinical readings, each with the code of what is unclear.
_AMBIGUOUS = {
    **dict.fromkeys(("MU", "mu", "MIU", "M[IU]", "M[iU]", "Mg"), "mega_or_milli"),
    **dict.fromkeys(("gr", "GR"), "grain_or_gram"),
    **dict.fromkeys(("oz", "ounce", "ounces"), "mass_or_volume"),
    **dict.fromkeys(("gtt", "gtts", "drop", "drops"), "drop_size"),
    **dict.fromkeys(("K/uL", "K/ul", "K/mcL"), "thousands_or_kelvin"),
    **dict.fromkeys(("g%", "mg%"), "per_volume_or_per_mass"),
}
_STANDARD_SURFACE = "1.73"  # m2: a figure for a standard body, which no patient's own surface undoes

_BODY_WEIGHT: Dims = (("body_weight", 1),)
_BODY_WEIGHT_NAMES = ("kg", "g", "lb")
_SPELLED = {s: name for name, atom in _ATOMS.items() for s in (name, *atom.spellings.split("|")) if s}
# Capitals say nothing in a spelling of three letters or more; in `MG`, `ML` or `MIU` they could be a prefix.
_FOLDED = {s.casefold(): name for s, name in _SPELLED.items() if len(s) > 2 and name != "mU"}
_FOLDED_WHOLE = {s.casefold(): name for s, name in _WHOLE.items()}
_LONGEST = 60  # longer than any spelling: not worth the search for a neighbour


def _powers(name: str) -> tuple[tuple[str, int], ...]:
    """The atoms of a canonical name with their powers, in an order of their own."""
    first, *under = name.split("/")
    return tuple(sorted([(first, 1), *((atom, -1) for atom in under)]))


_BY_POWERS = {_powers(name): name for name in _NAMES}


@lru_cache(maxsize=4096)
def _build(name: str, substance: str | None) -> Unit:
    """The unit of a canonical name; `kg` and `m2` below a `/` are the patient's, but a BMI has a height."""
    first, *under = name.split("/")
    factor, dims, ucum = Fraction(1), dict[str, int](), [_ATOMS[first].ucum]
    ucum += [_ATOMS[part].ucum for part in under]
    for part, power in ((first, 1), *((part, -1) for part in under)):
        atom = _ATOMS[part]
        dim, size, times = atom.dim, atom.factor, power
        if dim == "activity":
            dim = f"activity:{_named(substance)}"
        elif part == "kg" and power < 0:
            dim, size = "body_weight", Fraction(1)
        elif name == "kg/m2" and part == "m2":  # the height squared, not the surface
            dim, size, times = "length", _ATOMS["m"].factor, -2
        factor *= size**times
        if dim != "ratio":
            dims[dim] = dims.get(dim, 0) + times
    return Unit(name, "/".join(ucum), tuple(sorted(dims.items())), factor, _ATOMS[first].offset)


def _named(substance: str | None) -> str:
    if substance in ("", "?"):
        raise ValueError("a substance has a name")
    return "?" if substance is None else substance


# --- reading ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _parse(text: str, substance: str | None, counting: str) -> Unit:
    spelled = " ".join(text.translate({0xB5: "u", 0x3BC: "u", 0xB2: "2", 0xB7: "."}).split())
    if not spelled or len(spelled) > _LONGEST:
        raise UnitProblem("unknown_unit", {"unit": text})
    if _STANDARD_SURFACE in spelled:
        raise UnitProblem("ambiguous", {"unit": text, "reason": "standard_surface"})
    whole = _AMBIGUOUS.get(spelled)
    if whole is not None:
        raise UnitProblem("ambiguous", {"unit": text, "reason": whole})
    name = _FOLDED_WHOLE.get(spelled.casefold()) or _BY_POWERS.get(_read_powers(text, spelled, counting))
    if name is None:
        raise _unknown(text, spelled)
    return _build(name, substance)


def _read_powers(text: str, spelled: str, counting: str) -> tuple[tuple[str, int], ...]:
    """The atoms of a spelling with their powers: `mcg/kg/min`, `ug.kg-1.min-1`, `ug/(kg.min)`, `mg per h`."""
    powers: dict[str, int] = {}
    for spelling, power in _factors(spelled):
        if spelling in _AMBIGUOUS:
            raise UnitProblem("ambiguous", {"unit": text, "reason": _AMBIGUOUS[spelling]})
        name = _atom_name(spelling)
        if name is None:
            raise _unknown(text, spelled)
        if name == "m" and abs(power) == 2:
            name, power = "m2", power // 2
        if name == "m" and power < 0:
            raise UnitProblem("ambiguous", {"unit": text, "reason": "minute_or_metre"})
        powers[name] = powers.get(name, 0) + power
    if len(powers) > 1 and any(_ATOMS[name].dim == "temperature" for name in powers):
        raise UnitProblem("affine", {"unit": text})
    if all(power < 0 for power in powers.values()):  # `/min` and `min-1` do not say what they count
        powers[counting] = powers.get(counting, 0) + 1
    return tuple(sorted(powers.items()))


def _factors(spelled: str) -> Iterator[tuple[str, int]]:
    """The factors of a spelling with their powers; as in UCUM `/` reaches over one factor or one bracket."""
    flat = spelled.replace(" per ", "/")
    flat = re.sub(r"/ ?\(([^()/]*)\)", lambda inner: "/" + inner[1].replace(".", "/"), flat)
    if _atom_name(flat) is not None:  # a spelling may hold a point of its own
        yield flat, 1
        return
    sign = 1
    parts = re.split(r"([/.])", flat)
    for part in parts[1:] if parts[0] in ("", "1") and len(parts) > 1 else parts:
        if part in ("/", "."):
            sign = -1 if part == "/" else 1
            continue
        spelling = part.strip()
        raised = re.fullmatch(r"(.*[^0-9+^-])\^?([+-]?[1-9])", spelling)
        if raised is None or _atom_name(spelling) is not None:
            yield spelling, sign
        else:
            yield raised[1], sign * int(raised[2])


def _atom_name(spelling: str) -> str | None:
    return _SPELLED.get(spelling) or _FOLDED.get(spelling.casefold())


def _unknown(text: str, spelled: str) -> UnitProblem:
    import difflib  # only a refusal pays for it

    known = {name.casefold(): name for name in (*_SPELLED, *_WHOLE, *_NAMES)}
    near = difflib.get_close_matches(spelled.casefold(), known, n=1, cutoff=0.7)
    return UnitProblem("unknown_unit", {"unit": text} | ({"suggestion": known[near[0]]} if near else {}))


# --- refusing -----------------------------------------------------------------------------------------------

_CARRIED = {"mass", "amount", "charge_equivalent", "activity"}  # what a volume holds at a concentration
_MISSING_FACT = {
    frozenset(("amount", "charge_equivalent")): "valence",
    frozenset(("mass", "charge_equivalent")): "valence",
    frozenset(("mass", "amount")): "molar_mass",
    frozenset(("activity", "mass")): "potency",
    frozenset(("activity", "amount")): "potency",
    frozenset(("activity", "enzyme_units")): "enzyme_units",
    frozenset(("body_weight", "mass")): "body_weight",
    frozenset(("age", "time")): "age",
    frozenset(("beats", "breaths")): "counts",
}


def _split_off(dim: str, dims: Dims) -> tuple[int, Dims]:
    """The power of one dimension, and the others."""
    return dict(dims).get(dim, 0), tuple(item for item in dims if item[0] != dim)


def _substance(dims: Dims) -> str | None:
    for dim, _ in dims:
        family, _, substance = dim.partition(":")
        if family == "activity" and substance != "?":
            return substance
    return None


def _refusal(from_: Unit, to: Unit) -> UnitProblem:
    """The most telling kind for two units that differ in more than body weight."""
    facts = {"unit": from_.name, "to": to.name}
    if _split_off("body_surface", from_.dims)[1] == _split_off("body_surface", to.dims)[1] != ():
        return UnitProblem("not_convertible", facts | {"reason": "body_surface"})
    whole = (from_.dims, to.dims)
    without_weight = (_split_off("body_weight", from_.dims)[1], _split_off("body_weight", to.dims)[1])
    for mine, theirs in (whole, without_weight):
        gone, come = set(mine) - set(theirs), set(theirs) - set(mine)
        if len(gone) != 1 or len(come) != 1:
            continue
        (left, power), (right, other_power) = gone.pop(), come.pop()
        if power != other_power:
            continue
        families = frozenset((left.partition(":")[0], right.partition(":")[0]))
        if families == {"activity"}:
            named = {"substance": _substance(from_.dims) or "?", "to_substance": _substance(to.dims) or "?"}
            return UnitProblem("wrong_substance", facts | named)
        if power == 1 and "volume" in families and families & _CARRIED:
            return UnitProblem("needs_concentration", facts)
        if families in _MISSING_FACT:
            return UnitProblem("not_convertible", facts | {"reason": _MISSING_FACT[families]})
    return UnitProblem("not_convertible", facts)
