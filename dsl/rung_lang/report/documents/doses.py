"""What a dose comes to: a row for each weight, a column for each thing that is drawn up or set on a pump.

Every figure is computed exactly and rounded once, half to even; one that had to be rounded says so with
`≈`. No figure is made from a rounded one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.exact import from_millionths, show_decimal
from rung_engine.frozen import frozen
from rung_engine.units import Unit, UnitProblem, convert, parse_unit, weight_power
from rung_lang.report.documents.page import Run, Table, Words, plain
from rung_lang.report.documents.sentences import counted, spaced

WEIGHTS = tuple(range(40, 121, 10))
"""Kilograms of dosing weight."""
PLACES = 2
_PER = {
    "mcg": "mcg/min",
    "mg": "mcg/min",
    "g": "mcg/min",
    "ng": "mcg/min",
    "units": "units/min",
    "mU": "units/min",
}
"""The rate without a weight that is shown, by the atom of a drug's unit."""
_BY_KILOGRAM = "mcg/kg/min"
_MASSES = frozenset({"ng", "mcg", "mg"})


@frozen
class Use:
    """A dose from `lo` to `hi` of a drug, and what for. `open_`: the ends of what the site may choose."""

    drug: str
    lo: m.Number
    hi: m.Number
    what: str
    ceiling: m.Number | None = None
    open_: bool = False


def dose_tables(artifact: m.Artifact) -> tuple[Table, ...]:
    """For each drug every dose that an order or a limit names and that a weight or a syringe changes."""
    grouped: dict[Use, list[str]] = {}
    for use in sorted(uses(artifact), key=_order_of(artifact)):
        whats = grouped.setdefault(replace(use, what=""), [])
        if use.what not in whats:
            whats.append(use.what)
    weighed: dict[str, list[tuple[Words, ...]]] = {}
    alike: dict[str, list[tuple[Words, ...]]] = {}
    for use, whats in grouped.items():
        for row in _rows(artifact, replace(use, what="; ".join(sorted(whats)))):
            kind = weighed if len(row) > _ALIKE else alike
            kind.setdefault(use.drug, []).append(row)
    return tuple(_tables(weighed, alike))


_ALIKE = 3
"""Cells of a row that says the same at every weight."""


def _tables(
    weighed: Mapping[str, Sequence[tuple[Words, ...]]], alike: Mapping[str, Sequence[tuple[Words, ...]]]
) -> Iterator[Table]:
    numbers = tuple(range(2, 2 + len(WEIGHTS)))
    for drug in sorted({*weighed, *alike}):
        name = spaced(drug).capitalize()
        if drug in weighed:
            head = ("Dose", "Shown in", *(f"{weight} kg" for weight in WEIGHTS))
            yield Table(f"{name}, by dosing weight", head, tuple(weighed[drug]), numbers)
        if drug in alike:
            yield Table(f"{name}, at every weight", ("Dose", "Shown in", "Figure"), tuple(alike[drug]), (2,))


def _order_of(artifact: m.Artifact) -> _Key:
    return _Key(tuple(sorted(artifact.drugs)))


@frozen
class _Key:
    drugs: tuple[str, ...]

    def __call__(self, use: Use) -> tuple[int, int, Fraction, Fraction]:
        """By drug, then limits after doses, then the least of the dose in its own unit."""
        unit = parse_unit(use.hi.unit, use.drug)
        size = (from_millionths(end.millionths) * unit.factor for end in (use.lo, use.hi))
        lo, hi = size
        return (self.drugs.index(use.drug), len(unit.dims), lo, hi)


# ---------------------------------------------------------------- the doses of a protocol


_DOSES: Mapping[str, str] = {"start": "first dose", "add": "first dose", "set": "dose", "give": "dose given"}
_STEPS: Mapping[str, str] = {"increase": "one step up", "decrease": "one step down", "taper": "one step down"}
_ENDS: Mapping[str, str] = {
    "increase": "raised no further than this",
    "decrease": "lowered no further than this",
}
_GIVES = frozenset({"start", "add", "set", "increase", "give"})


def uses(artifact: m.Artifact) -> Iterator[Use]:
    """Every dose that an order or a limit names; one that several name, several times."""
    given: set[str] = set()
    for rule in artifact.rules:
        for choice in rule.orders:
            for order in (choice.order,) if isinstance(choice, m.One) else choice.orders:
                if order.target in artifact.drugs:
                    yield from _of_order(artifact, order)
                    given |= {order.target} if order.op in _GIVES else set()
    for limit in artifact.restricts:
        for range_, what in ((limit.start, "first dose"), (limit.usual, "usual range in this protocol")):
            if range_ is not None:
                yield from _use(artifact, limit.drug, range_.lo, range_.hi, what)
        if limit.maximum is not None:
            yield from _use(artifact, limit.drug, limit.maximum, limit.maximum, "maximum in this protocol")
    for name in sorted(given):
        maximum = artifact.drugs[name].maximum
        if maximum is not None:
            yield from _use(artifact, name, maximum, maximum, "safety maximum")


def _of_order(artifact: m.Artifact, order: m.Order) -> Iterator[Use]:
    drug = artifact.drugs[order.target]
    dose = order.dose if order.dose is not None or order.op not in ("start", "add") else drug.start
    if dose is not None:
        yield from _use(artifact, order.target, dose.lo, dose.hi, _DOSES.get(order.op, "dose"), order.cap)
    if order.total is not None:
        yield from _use(artifact, order.target, order.total, order.total, "in all", order.cap)
    if order.step is not None:
        yield from _use(
            artifact, order.target, order.step.lo, order.step.hi, _STEPS.get(order.op, "one step")
        )
    if order.limit is not None:
        yield from _use(
            artifact, order.target, order.limit, order.limit, _ENDS.get(order.op, "as far as this")
        )


def _use(
    artifact: m.Artifact, drug: str, lo: m.Amount, hi: m.Amount, what: str, cap: m.Amount | None = None
) -> Iterator[Use]:
    least, greatest = _ends(artifact, lo), _ends(artifact, hi)
    ceiling = None if cap is None else _ends(artifact, cap)
    if least is not None and greatest is not None:
        chosen = all(
            not isinstance(end, m.FromSetting) or artifact.settings[end.setting].value is not None
            for end in (lo, hi)
        )
        yield Use(drug, least[0], greatest[1], what, None if ceiling is None else ceiling[1], not chosen)


def _ends(artifact: m.Artifact, amount: m.Amount) -> tuple[m.Number, m.Number] | None:
    """The amount twice; of a setting without a value the two ends of its range."""
    if isinstance(amount, m.Number):
        return amount, amount
    setting = artifact.settings[amount.setting]
    if isinstance(setting.value, m.Number):
        return setting.value, setting.value
    return None if setting.lo is None or setting.hi is None else (setting.lo, setting.hi)


# ---------------------------------------------------------------- one table


def _rows(artifact: m.Artifact, use: Use) -> Iterator[tuple[Words, ...]]:
    """A row for each way the dose is shown; the dose itself stands in the first of them."""
    drug = artifact.drugs[use.drug]
    unit = parse_unit(use.hi.unit, use.drug)
    weighed = any(dim == "body_weight" for dim, _ in unit.dims)
    per_time = any(dim == "time" for dim, _ in unit.dims)
    columns = [*_plain_columns(unit, weighed)]
    pumped = drug.form == "infusion" and unit.name.endswith(("/min", "/h"))
    if not weighed and pumped and unit.name.partition("/")[0] in _MASSES:
        # The same rate is another dose per kilogram for every patient, and other protocols count by the
        # kilogram.
        columns.append(_Column(_BY_KILOGRAM, parse_unit(_BY_KILOGRAM), places=PLACES + 1))
    columns += _pump_columns(drug, use.drug) if per_time else ()
    if not weighed and not per_time:
        return
    led: set[int] = set()
    for column in columns:
        by_weight = weighed or column.head == _BY_KILOGRAM
        weights = [Fraction(weight) for weight in WEIGHTS] if by_weight else [None]
        cells = [_cell(use, column, weight) for weight in weights]
        # The two kinds of row stand in two tables: the dose is said in the first row of each.
        lead = plain("") if len(cells) in led else _lead(use)
        led.add(len(cells))
        yield (lead, plain(column.head), *(plain(cell) for cell in cells))


def _lead(use: Use) -> Words:
    said = counted(use.hi) if use.lo == use.hi else f"{_digits(use.lo)} to {counted(use.hi)}"
    if use.lo.unit != use.hi.unit:
        said = f"{counted(use.lo)} to {counted(use.hi)}"
    cap = "" if use.ceiling is None else f", at most {counted(use.ceiling)}"
    open_ = " (the site chooses: the ends of its range)" if use.open_ else ""
    return (Run(f"{said}{cap}", "strong"), Run(f"{open_}: {use.what}"))


@frozen
class _Column:
    """Shows a dose in `unit`, divided by `by` of it."""

    head: str
    unit: Unit
    by: Fraction = Fraction(1)
    places: int = PLACES


def _plain_columns(unit: Unit, weighed: bool) -> Iterator[_Column]:
    """The dose without its weight, and a rate per hour also by the minute."""
    atom = unit.name.partition("/")[0]
    substance = next((dim.partition(":")[2] for dim, _ in unit.dims if dim.startswith("activity:")), None)
    shown = parse_unit(unit.name.replace("/kg", ""), substance)
    if weighed:
        yield _Column(shown.name, shown)
    if atom in _PER and "/" in shown.name:
        by_minute = parse_unit(_PER[atom], substance)
        if by_minute.name != shown.name and "day" not in shown.name:
            yield _Column(by_minute.name, by_minute)


def _pump_columns(drug: m.DrugDecl, name: str) -> Iterator[_Column]:
    for number in drug.concentrations:
        atom = number.unit.partition("/")[0]
        try:
            hourly = parse_unit(f"{atom}/h", name if atom in ("units", "mU") else None)
        except UnitProblem:
            continue
        per_ml = parse_unit(number.unit, name if atom in ("units", "mU") else None)
        if per_ml.name.partition("/")[2] == "mL":
            yield _Column(f"mL/h at {counted(number)}", hourly, from_millionths(number.millionths))


def pumped(artifact: m.Artifact, use: Use, weight: int) -> tuple[str, ...]:
    """What the dose of an infusion comes to on a pump: `9 mL/h at 0.2 units/mL`; for a dose by the kilogram,
    of a patient of `weight` in kg."""
    drug = artifact.drugs[use.drug]
    unit = parse_unit(use.hi.unit, use.drug)
    if not any(dim == "time" for dim, _ in unit.dims):
        return ()
    by_weight = any(dim == "body_weight" for dim, _ in unit.dims)
    at = Fraction(weight) if by_weight else None
    behind = f", at {weight} kg" if by_weight else ""
    return tuple(
        f"{_cell(use, column, at)} {column.head}{behind}" for column in _pump_columns(drug, use.drug)
    )


def dose_words(use: Use) -> str:
    """The dose as it is ordered: `0.02 to 0.05 mcg/kg/min`."""
    return "".join(run.text for run in _lead(replace(use, what=""))).removesuffix(": ")


def _cell(use: Use, column: _Column, weight: Fraction | None) -> str:
    ends = [figure(value, use, column.unit, weight) / column.by for value in (use.lo, use.hi)]
    if use.ceiling is not None:
        most = figure(use.ceiling, use, column.unit, weight) / column.by
        ends = [min(end, most) for end in ends]
    shown = [shown_figure(end, column.places) for end in ends]
    return shown[0] if shown[0] == shown[1] else f"{shown[0]} to {shown[1]}"


def figure(number: m.Number, use: Use, unit: Unit, weight: Fraction | None) -> Fraction:
    """The exact dose in `unit` for a weight in kg."""
    own = parse_unit(number.unit, use.drug)
    assert weight_power(own, unit) is not None, (own.name, unit.name)
    return convert(from_millionths(number.millionths), own, unit, weight=weight)


def shown_figure(value: Fraction, places: int = PLACES) -> str:
    """At most `places` digits after the point; `≈` where that is not all of it."""
    words = show_decimal(value, places)
    return words if Fraction(words) == value else f"≈{words}"


def _digits(number: m.Number) -> str:
    return counted(number).partition(" ")[0]


def rounding() -> Words:
    """What a reader of the tables is told."""
    return plain(
        "Each figure is computed exactly from the dose, the weight and the concentration, and rounded "
        "once, half to even, to two digits after the point (three for a dose per kilogram). Figures with ≈ "
        "were rounded; the others are exact. Concentrations are those declared for the site: check the "
        "syringe in your hand."
    )
