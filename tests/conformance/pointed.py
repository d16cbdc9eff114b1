"""Small protocols pointed at what neither chance nor the edge tests make happen often enough.

Each was added because an engine that got it wrong still agreed with every other case.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Literal

from tests.laws.strategies import DRUGS, MILLION, artifact, ms, number, span

from rung_engine.artifact import model as m
from rung_engine.event import Charted, Dose, Event, Infusion, NoOtherInfusions, Reading

Histories = list[tuple[Event, ...]]


def pointed() -> Iterator[tuple[str, m.Artifact, Histories]]:
    """A name, a protocol and histories of it."""
    yield "rounding", _rounding(), list(_weights())
    yield "cumulative", _on_number(m.Input(name="n")), list(_totals())
    yield "gaps", _gaps(), list(_stretches())
    yield "contests", _contests(), list(_contested())
    yield "switches", _on_number(m.ValueAtStart(input="y", course="pulses")), list(_switched())
    yield "rolling", _rolling(), list(_flows())
    yield "limits", _on_number(m.Input(name="x")), list(_at_limits())
    yield "parts", _part_of_a_millisecond(), list(_stretches())
    yield "choices", _choices(), list(_scores())
    yield "volumes", _volumes(), list(_weights())


def _order(place: int, condition: int, *orders: m.Order) -> m.Rule:
    chosen = tuple(m.One(order=order) for order in orders)
    return m.Rule(id=f"one.r{place}", stage="one", condition=condition, orders=chosen)


def _notify(place: int, condition: int) -> m.Rule:
    return _order(place, condition, m.Order(op="notify", target=f"team{place}"))


def _reading(key: str, time: int, name: str, millionths: int, unit: str) -> Reading:
    return Reading(key, time, name, Charted(millionths, unit))


# ---------------------------------------------------------------- halves of a millionth


def _rounding() -> m.Artifact:
    odd = span(
        m.Number(millionths=1_000_001, unit="mcg/kg/ms"), m.Number(millionths=1_000_003, unit="mcg/kg/ms")
    )
    small = span(m.Number(millionths=1, unit="mcg/kg"), m.Number(millionths=7, unit="mcg/kg"))
    orders = (m.Order(op="start", target="norad", dose=odd), m.Order(op="give", target="pulse", dose=small))
    return artifact(terms=(m.Const(value=True),), rules=(_order(0, 0, *orders),))


def _weights() -> Iterator[tuple[Event, ...]]:
    for halves in range(1, 9):
        yield NoOtherInfusions("s", 0), _reading("w", 0, "weight", halves * MILLION // 2, "kg")
    yield (NoOtherInfusions("s", 0), _reading("w", 0, "weight", 0, "kg"))


# ---------------------------------------------------------------- a number against every whole one


def _on_number(term: m.Numeric) -> m.Artifact:
    bounds = tuple(m.Quantity(millionths=value * MILLION, unit="points") for value in range(6))
    compared = tuple(m.Cmp(left=0, rel="=", right=place + 1) for place in range(6))
    rules = tuple(_notify(place, len(bounds) + 1 + place) for place in range(6))
    return artifact(terms=(term, *bounds, *compared), rules=rules)


def _totals() -> Iterator[tuple[Event, ...]]:
    for values in product((0, 2, 5), repeat=3):
        yield tuple(
            _reading(f"n{at}", 2 * at, "n", value * MILLION, "points") for at, value in enumerate(values)
        )


def _switched() -> Iterator[tuple[Event, ...]]:
    for off, pulse in product((5, 6), (4, 5, 6, 7)):
        yield (
            _reading("y1", 0, "y", MILLION, "points"), _reading("y2", 3, "y", 2 * MILLION, "points"),
            Infusion("on", 1, "vaso", Charted(MILLION, "mcg/ms")),
            Infusion("off", off, "vaso", Charted(0, "mcg/ms")),
            Dose("d", pulse, "pulse", Charted(MILLION, "mcg/kg")), NoOtherInfusions("s", 0),
        )  # fmt: skip


# ---------------------------------------------------------------- unknown stretches, contested readings


def _gaps() -> m.Artifact:
    held = tuple(m.Held(of=0, length=ms(8), gaps=ms(gaps)) for gaps in (1, 2, 3, 4))
    return artifact(
        terms=(m.Flag(input="line"), *held), rules=tuple(_notify(place, place + 1) for place in range(4))
    )


def _stretches() -> Iterator[tuple[Event, ...]]:
    for unknown, last in product(range(6), (True, False)):
        yield Reading("a", 0, "line", value=True), Reading("b", 7 + unknown, "line", value=last)


def _contests() -> m.Artifact:
    hows: tuple[Literal["lowest", "highest", "mean"], ...] = ("lowest", "highest", "mean")
    numbers = [m.Extreme(how=how, input="y", span=m.Over(over=ms(5))) for how in hows]
    relations: tuple[m.Relation, ...] = ("<", ">=")
    bound = m.Quantity(millionths=2 * MILLION, unit="points")
    compared = tuple(
        m.Cmp(left=place, rel=rel, right=len(numbers)) for place in range(len(numbers)) for rel in relations
    )
    rules = tuple(_notify(place, len(numbers) + 1 + place) for place in range(len(compared)))
    return artifact(terms=(*numbers, bound, *compared), rules=rules)


def _contested() -> Iterator[tuple[Event, ...]]:
    for one, other, later in product((1, 3), (1, 4), (1, 3)):
        values = {"a": (2, one), "b": (2, other), "c": (4, later)}
        yield tuple(
            _reading(key, time, "y", value * MILLION, "points") for key, (time, value) in values.items()
        )


# ---------------------------------------------------------------- limits met exactly


def _at_limits() -> Iterator[tuple[Event, ...]]:
    for millionths in (-1, 0, 1, 9 * MILLION - 1, 9 * MILLION, 9 * MILLION + 1):
        yield (_reading("x", 0, "x", millionths, "points"),)


def _part_of_a_millisecond() -> m.Artifact:
    """A wait is never shorter than written: one of 2.5 ms is one of 3."""
    half = m.Number(millionths=2_500_000, unit="ms")
    terms = (m.Flag(input="line"), m.Held(of=0, length=half), m.Recent(of=0, length=half))
    return artifact(terms=terms, rules=(_notify(1, 1), _notify(2, 2)))


def _rolling() -> m.Artifact:
    window = m.Rolling(maximum=number(4, "mcg"), over=ms(6))
    drugs = {
        name: DRUGS[name].model_copy(update={"rolling": (window,)}) for name in ("norad", "vaso", "bolus")
    }
    step = span(number(1, "mcg/ms"))
    orders = (
        m.Order(op="continue", target="vaso"), m.Order(op="increase", target="norad", step=step),
        m.Order(op="give", target="bolus", dose=span(number(1, "mcg"), number(3, "mcg"))),
    )  # fmt: skip
    return artifact(terms=(m.Const(value=True),), rules=(_order(0, 0, *orders),), drugs={**DRUGS, **drugs})


def _flows() -> Iterator[tuple[Event, ...]]:
    for rate, given in product((1, 2, 6, 7), (1, 2, 4)):
        yield (
            NoOtherInfusions("s", -10), Infusion("v", 0, "vaso", Charted(rate * MILLION, "mcg/ms")),
            Infusion("n", 1, "norad", Charted(rate * MILLION, "mcg/ms")),
            _reading("w", 0, "weight", MILLION, "kg"),
            Dose("d", 2, "bolus", Charted(given * MILLION, "mcg")),
            Infusion("o", 12, "vaso", Charted(0, "mcg/ms")),
        )  # fmt: skip


def _choices() -> m.Artifact:
    """A free choice of two, each of which another rule may forbid; and parts of conditions, explained."""
    doses = {"bolus": span(number(2, "mcg")), "pulse": span(number(1, "mcg/kg"))}
    arms = tuple(m.Order(op="give", target=name, dose=dose) for name, dose in doses.items())
    bounds = tuple(m.Quantity(millionths=value * MILLION, unit="points") for value in (2, 3))
    above = tuple(m.Cmp(left=0, rel=">=", right=place + 1) for place in range(2))
    terms = (m.Input(name="x"), *bounds, *above, m.Flag(input="line"), m.Not(of=5), m.Or(of=(4, 5, 6)))
    either = (m.Either(strength="must", orders=arms),)
    rules = (
        m.Rule(id="one.choice", stage="one", condition=7, orders=either),
        _order(1, 3, m.Order(op="avoid", target="bolus")), _order(2, 4, m.Order(op="avoid", target="pulse")),
    )  # fmt: skip
    return artifact(terms=terms, rules=rules)


def _scores() -> Iterator[tuple[Event, ...]]:
    for score, line in product((1, 2, 3), (True, False)):
        yield _reading("x", 0, "x", score * MILLION, "points"), Reading("l", 1, "line", value=line)


def _volumes() -> m.Artifact:
    def give(lo: int, hi: int) -> m.Order:
        volume = span(number(lo, "mL"), number(hi, "mL"))
        return m.Order(op="give", target="bolus", dose=span(number(2, "mcg")), volume=volume)

    plain = m.Order(op="give", target="bolus", dose=span(number(2, "mcg")))
    wide, narrow, apart = give(1, 4), give(2, 3), give(6, 7)
    terms = (
        m.Const(value=True), m.Input(name="weight"), m.Quantity(millionths=2 * MILLION, unit="kg"),
        m.Quantity(millionths=3 * MILLION, unit="kg"), m.Cmp(left=1, rel=">", right=2),
        m.Cmp(left=1, rel=">", right=3),
    )  # fmt: skip
    rules = (_order(0, 0, wide), _order(1, 0, narrow), _order(2, 4, plain), _order(3, 5, apart))
    return artifact(terms=terms, rules=rules)
