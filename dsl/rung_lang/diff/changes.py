"""From where two stages decide otherwise to what a committee reads: regions in words, classes, a patient
each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_lang.diff.model import CLASSES, Alike, Change, Class, Given, Open, Region, StagePair, Subject
from rung_lang.diff.patients import Patients
from rung_lang.diff.pieces import Beside, Compared, Piece
from rung_lang.diff.where import Place
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.gaps.regions import Between, Condition, Cube, common, describe

MOST = 12
"""Regions of one change; more are no description, and are said to have been left out."""

TIMES = ("time in ", "time on ")


def judged(
    beside: Beside, found: Compared, name: str, patients: Patients | None, places: list[Place] | None = None
) -> Change | Alike | Open:
    """What becomes of one subject in one pair of stages. Without `patients` nobody is looked for. `places`
    takes the formula of each region.
    """
    if not found.pieces:
        return Alike(found.stages, found.subject, "text")
    solver = beside.old.solver
    regions: list[Region] = []
    whole = True
    reasons: list[str] = []
    for piece in found.pieces:
        if solver.impossible([*found.base, piece.differs]):
            continue
        told = _regions(beside, patients, found, piece, f"{name}.", len(regions), places)
        if told is None:
            reasons.append("no words and no bound of the solver describe it")
            continue
        regions.extend(told[0])
        whole = whole and told[1]
    if regions:
        found_classes = {one for region in regions for one in region.classes}
        if len(found_classes) > 1:
            # Where an order differs, so do the readings that it waits for: that goes without saying.
            found_classes.discard("readings")
        classes = _ordered(found_classes)
        return Change(
            name,
            found.stages,
            found.subject,
            classes,
            tuple(regions),
            whole,
            found.rules_old,
            found.rules_new,
        )
    if not whole:
        reasons.append(
            "there are more kinds of patients than were looked at, and of those no history comes to any"
        )
    if reasons:
        return Open(found.stages, found.subject, reasons[0])
    return Alike(found.stages, found.subject, "proved")


def _ordered(classes: Iterable[Class]) -> tuple[Class, ...]:
    found = set(classes)
    return tuple(one for one in CLASSES if one in found)


def _regions(
    beside: Beside,
    patients: Patients | None,
    found: Compared,
    piece: Piece,
    prefix: str,
    known: int,
    places: list[Place] | None,
) -> tuple[list[Region], bool] | None:
    here, _ = beside.situations(found.stages)
    given = [*found.base, *piece.given]
    if piece.kind in ("readings", "certainty"):
        cubes, whole = [(_unknown(beside, found, piece), piece.differs)], True
    else:
        told = describe(beside.old, here.symbols, piece.differs, given, MOST, terse=True)
        if not told.cubes:
            return None
        cubes, whole = list(zip(told.cubes, told.formulas, strict=True)), told.whole
    regions: list[Region] = []
    for cube, formula in cubes:
        patient = None
        if patients is not None:
            patient, reached = patients.of(found, piece, formula)
            if not reached:
                continue
        old = _here(beside, found, piece.old, formula)
        new = _here(beside, found, piece.new, formula)
        classes = _classes(beside, found, piece, cube, old, new)
        name = f"{prefix}{known + len(regions) + 1}"
        regions.append(Region(name, cube, classes, old, new, patient))
        if places is not None:
            places.append(Place(name, found.stages, f.all_of((formula, piece.differs))))
    return regions, whole


def _unknown(beside: Beside, found: Compared, piece: Piece) -> Cube:
    """Of many ways in which a reading can be missing: what they have in common, and which can."""
    context = beside.old
    here, _ = beside.situations(found.stages)
    told = common(context, here.symbols, piece.differs, found.base)
    about = {name: context.space.variables[name].about for name in f.names(piece.differs)}
    missing = sorted(
        what[1]
        for name, what in about.items()
        if what[0] in ("known", "rated")
        and not context.solver.impossible([*found.base, piece.differs, f.negation(f.boolean(name))])
    )
    known = Condition(f"{_listed(missing)} known", False) if missing else None
    return told if known is None or known in told else (*told, known)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# ---------------------------------------------------------------- what is given there, and what class it is


def _here(beside: Beside, found: Compared, written: tuple[Given, ...], formula: Formula) -> tuple[Given, ...]:
    """Of the orders that are written, those that can be given somewhere in the region."""
    if len(written) <= 1:
        return written
    here, there = beside.situations(found.stages)
    kept: list[Given] = []
    for one in written:
        for situation in (here, there):
            stands = f.any_of(
                order.stands
                for order in situation.orders
                if order.place.rule == one.rule and order.order == one.order
            )
            if stands is f.FALSE:
                continue
            if not beside.old.solver.impossible([*found.base, formula, stands]):
                kept.append(one)
                break
    return tuple(kept)


def _classes(
    beside: Beside, found: Compared, piece: Piece, cube: Cube, old: tuple[Given, ...], new: tuple[Given, ...]
) -> tuple[Class, ...]:
    match piece.kind:
        case "dose up" | "dose down" | "strength" | "certainty" | "readings":
            return (piece.kind,)
        case "more" | "less":
            return _more_or_less(beside, found.stages, found.subject, piece.kind == "more", cube)
        case "other":
            return _other(beside, old, new)


def _more_or_less(
    beside: Beside, stages: StagePair, subject: Subject, more: bool, cube: Cube
) -> tuple[Class, ...]:
    """New or gone where the other version never says it in the stage; else more or fewer patients, and
    sooner or later for those whose condition the other version meets in time.
    """
    if subject[0] not in ("go", "begin", "applies"):
        here, there = beside.situations(stages)
        other = here if more else there
        if not any((one.order.op, one.order.target) == subject for one in other.offered):
            return ("order new",) if more else ("order gone",)
    sooner: Class = "earlier" if more else "later"
    if _is_about_time(cube):
        return (sooner,)
    return (sooner, "more patients" if more else "fewer patients")


def _is_about_time(cube: Cube) -> bool:
    """A patient comes into the region, and out of it, by waiting."""
    return any(isinstance(one, Between) and one.name.startswith(TIMES) for one in cube)


def _other(beside: Beside, old: tuple[Given, ...], new: tuple[Given, ...]) -> tuple[Class, ...]:
    doses = [_dose(beside, old), _dose(beside, new)]
    found: set[Class] = set()
    if doses[0] and doses[1] and doses[0] != doses[1]:
        (lo, hi), (low, high) = doses[0], doses[1]
        if low >= lo and high >= hi:
            found.add("dose up")
        elif low <= lo and high <= hi:
            found.add("dose down")
        else:
            found.add("dose changed")
    elif (doses[0] is None) != (doses[1] is None):
        found.add("dose changed")
    if {_timing(one.order) for one in old} != {_timing(one.order) for one in new}:
        found.add("timing")
    return _ordered(found) or ("dose changed",)


def _dose(beside: Beside, given: tuple[Given, ...]) -> tuple[Fraction, Fraction] | None:
    """The least and the most of what is written, in coherent units of one kind; None where nothing is."""
    program = beside.old.program
    found: list[tuple[Fraction, Fraction]] = []
    dims: set[object] = set()
    for one in given:
        written = one.order.step or one.order.dose
        if written is None:
            continue
        context = (
            beside.old
            if isinstance(written.lo, m.Number) and written.lo.unit in program.units
            else beside.new
        )
        lo, hi = context.program.amount(written.lo), context.program.amount(written.hi)
        dims.add(lo.dims)
        found.append((lo.value, hi.value))
    if not found or len(dims) > 1:
        return None
    return min(lo for lo, _ in found), max(hi for _, hi in found)


def _timing(order: m.Order) -> str:
    fields = (
        order.every,
        order.times_daily,
        order.within,
        order.within_of,
        order.over,
        order.once,
        order.once_per,
    )
    return repr((*fields, order.continuously, order.total, order.limit, order.cap))
