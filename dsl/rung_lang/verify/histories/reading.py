"""What the verifier's variables are worth at an instant that the reference engine judged."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.program import BODY_WEIGHT
from rung_engine.reference.evaluate import Instant
from rung_lang.verify.formulas.formula import Value
from rung_lang.verify.formulas.space import Space, Variable
from rung_lang.verify.formulas.subjects import moment_of


def values_at(space: Space, view: Instant, names: Iterable[str] | None = None) -> dict[str, Value]:
    """Every variable of the space (of `names`) but those about orders (met, carried), and what is not
    known.
    """
    found: dict[str, Value] = {}
    for name in space.variables if names is None else names:
        value = _value(space.variables[name], view)
        if value is not None:
            found[name] = value
    for name in sorted(space.products if names is None else set(space.products) & set(names)):
        for _, one in space.products[name]:
            left, right = found.get(one.left), found.get(one.right)
            if name not in found and left is not None and right is not None:
                found[name] = Fraction(left) * Fraction(right)
    return found


def _ref(key: str) -> m.Ref:
    first = key.startswith("first ")
    ref = moment_of(key.removeprefix("first "))
    return ref.model_copy(update={"first": True}) if first and not isinstance(ref, m.PairRef) else ref


def _value(variable: Variable, view: Instant) -> Value | None:
    about = variable.about
    artifact = view.program.artifact
    match about[0]:
        case "known":
            return not view.input(about[1]).why
        case "input":
            value = view.input(about[1]).value
            return value if isinstance(value, Fraction) else None
        case "value":
            stored = view.input(about[1]).value
            if stored is None:
                return None
            if isinstance(stored, bool):
                return stored
            return about[2] in stored if isinstance(stored, frozenset) else stored == about[2]
        case "setting":
            setting = view.program.settings[about[1]]
            return setting if isinstance(setting, Fraction) else setting == about[2]
        case "on":
            return view.drug(about[1]).running is True
        case "off":
            return view.drug(about[1]).running is False
        case "rated":
            state = view.drug(about[1])
            return bool(state.running) and state.rate is not None
        case "charted_own":
            rate = view.drug(about[1]).rate
            return rate is not None and rate.dims == view.program.units[artifact.drugs[about[1]].unit].dims
        case "rate":
            return _rate(variable, view)
        case "past":
            return view.truth(int(about[1])) is (about[2] == "yes")
        case "run":
            return view.truth(int(about[1])) is (about[2:] != ("no",))
        case "after":
            return view.moment(_ref(about[1])) is not None
        case "since":
            moment = view.moment(_ref(about[1]))
            return None if moment is None else Fraction(view.time - moment)
        case "in_stage":
            return None if view.entered is None else Fraction(view.time - view.entered)
        case "course":
            return view.course_began(about[1]) is not None
        case "in_course":
            began = view.course_began(about[1])
            return Fraction(0) if began is None else Fraction(view.time - began)
        case "on_for":
            line = view._time_on(about[1])
            return None if line is None else line.lo
        case "total_known" | "number" | "value_at_known":
            line = view.number(int(about[1]))
            known = line is not None and line.lo is not None and line.lo == line.hi
            return known if about[0] != "number" else line.lo if line is not None else None
        case "total" | "value_at":
            line = view.number(int(about[1]))
            return None if line is None else line.lo
        case "old_known" | "old" | "percent":
            return _change(about, view)
        case "seen" | "throughout" | "lowest" | "highest" | "mean":
            return _extreme(about, view)
        case "changed":
            return view.rate_changed(about[1]) is not None
        case "unchanged":
            changed = view.rate_changed(about[1])
            return None if changed is None else Fraction(view.time - changed)
        case _:
            return None


def _rate(variable: Variable, view: Instant) -> Value | None:
    state = view.drug(variable.about[1])
    if state.running is False:
        return Fraction(0)
    if state.rate is None:
        return None
    own = state.rate.dims
    per_kg = variable.name.endswith("/kg")
    if (dict(own).get(BODY_WEIGHT, 0) < 0) == per_kg:
        return state.rate.value
    weight = view.weight()
    if weight is None:
        return None
    return state.rate.value / weight if per_kg else state.rate.value * weight


def _split(key: str) -> tuple[str, m.Span]:
    name, _, span = key.partition(" ")
    told = json.loads(span)
    if "since" in told:
        return name, m.Since(since=moment_of(json.dumps(told["since"])))
    over = told["over"]
    return name, m.Over(over=m.FromSetting(**over) if "setting" in over else m.Number(**over))


def _change(about: tuple[str, ...], view: Instant) -> Value | None:
    name, span = _split(about[1])
    line = view._change(
        m.Change(how="percent_rise" if about[0] == "percent" else "change", input=name, span=span)
    )
    if about[0] == "old_known":
        return line is not None
    if line is None or line.lo is None:
        return None
    if about[0] == "percent":
        return line.lo
    now = view.input(name).value
    assert isinstance(now, Fraction)
    return now - line.lo


def _extreme(about: tuple[str, ...], view: Instant) -> Value | None:
    name, span = _split(about[1])
    lowest = view._extreme(m.Extreme(how="lowest", input=name, span=span))
    highest = view._extreme(m.Extreme(how="highest", input=name, span=span))
    mean = view._extreme(m.Extreme(how="mean", input=name, span=span))
    match about[0]:
        case "seen":
            return lowest is not None
        case "throughout":
            start = view._start(span)
            return start is not None and view.chart.known_throughout(name, start, view.time)
        case "lowest":
            return None if lowest is None else lowest.hi
        case "highest":
            return None if highest is None else highest.lo
        case _:
            return None if mean is None else mean.lo
