"""The model of `synthetic`, plainer and compiled: many stays a second, every number made by integers alone.

A stay depends on (seed, index) and nothing else. Pressures are in hundredths of mmHg, rates in thousandths of
their unit, as there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

MOST = 4000
"""More facts than any stay has."""
STEP = 5

(
    SILENCE,
    AGE,
    SHOCK,
    WEIGHT,
    LINE,
    MAP,
    SBP,
    DBP,
    HEART_RATE,
    SPO2,
    LACTATE,
    CREATININE,
    CRYSTALLOID,
    PER_KG,
    PER_MIN,
    FLOW,
    UNKNOWN_RATE,
    VASOPRESSIN,
    VASOPRESSIN_HOURLY,
) = range(19)
"""What a fact is of; see `synthetic_facts.FACTS`."""

_MILLION = 1_000_000
_MINUTE = 60_000


@njit(cache=True, nogil=True)
def chart(seed: int, first: int, last: int, start: Any, time: Any, what: Any, value: Any) -> int:
    """The facts of the stays from `first` up to and without `last`; how many there are.

    start: int64[last - first + 1], where each stay begins; time (ms), what and value (millionths): columns
    with room for `MOST` facts of each stay. Facts of a stay are in the order of time.
    """
    chance = np.empty(1, np.uint64)
    at = 0
    for index in range(first, last):
        chance[0] = _mix(_mix(np.uint64(seed)) ^ np.uint64(index))
        start[index - first] = at
        at = _stay(chance, index, at, time, what, value)
    start[last - first] = at
    return at


@njit(cache=True, nogil=True)
def _mix(x: Any) -> Any:
    """splitmix64."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@njit(cache=True, nogil=True)
def _draw(chance: Any, low: int, high: int) -> Any:
    """A whole number from `low` to `high`, both included."""
    chance[0] = chance[0] + np.uint64(0x9E3779B97F4A7C15)
    x = _mix(chance[0])
    return low + np.int64(x >> np.uint64(33)) % (high - low + 1)


@njit(cache=True, nogil=True)
def _say(at: int, time: Any, what: Any, value: Any, minute: int, of: int, count: int) -> int:
    time[at] = minute * _MINUTE
    what[at] = of
    value[at] = count
    return at + 1


@njit(cache=True, nogil=True)
def _stay(chance: Any, index: int, at: int, time: Any, what: Any, value: Any) -> int:
    weight = _draw(chance, 480, 1150)  # tenths of a kg
    length = _draw(chance, 24, 60) * 60
    usual, depth = _draw(chance, 7800, 9200), _draw(chance, 2500, 5000)
    fading, line_at = _draw(chance, 10, 30) * 60, _draw(chance, 1, 5) * 60
    add_from, thirsty = _draw(chance, 10, 30) * 10, _draw(chance, 0, 4) > 0
    every = (5, 10, 15, 15)[_draw(chance, 0, 3)]
    lactate, creatinine = _draw(chance, 25, 90), _draw(chance, 9, 30)
    style, hourly = index % 4, index % 4 in (1, 2)
    wrong = index % 12 == 8
    at = _say(at, time, what, value, 0, SILENCE, 0)
    at = _say(at, time, what, value, 0, AGE, _draw(chance, 24, 90) * _MILLION)
    at = _say(at, time, what, value, 0, SHOCK, 0)
    if index % 8 != 3:
        charted = 0 if index % 24 == 13 else weight
        at = _say(at, time, what, value, 0, WEIGHT, charted * _MILLION // 10)
    norepinephrine, vasopressin, filled, wander, look, silent_until = 0, 0, 0, 0, 0, 0
    norepinephrine_said, vasopressin_said = -1, -1
    for minute in range(0, length, STEP):
        wander = wander * 7 // 10
        for _ in range(2):
            wander += _draw(chance, -120, 120)
        shock = depth * min(minute + 60, 240) // 240 * max(0, fading + 600 - max(minute, fading)) // 600
        pressure = (
            usual
            - shock
            - 1200
            + 1200 * min(filled, 30_000) // 30_000
            + 4500 * norepinephrine // (norepinephrine + 200)
            + 1200 * vasopressin // 30
            + wander
        )
        if minute == line_at:
            at = _say(at, time, what, value, minute, LINE, 0)
        if minute >= silent_until and _draw(chance, 0, 399) == 0:
            silent_until = minute + _draw(chance, 60, 180)
        if minute % every == 0 and minute >= silent_until and _draw(chance, 0, 24) > 0:
            at = _pressures(chance, at, time, what, value, minute, max(20, pressure // 100))
        if minute % 360 == 30:
            at = _say(at, time, what, value, minute, LACTATE, lactate * _MILLION // 10)
            lactate = max(8, lactate - _draw(chance, -2, 12))
            if minute % 720 == 30:
                at = _say(at, time, what, value, minute, CREATININE, creatinine * _MILLION // 10)
                creatinine = max(6, creatinine + _draw(chance, -4, 3))
        if minute >= look:
            look = minute + _draw(chance, 3, 9) * STEP
            if pressure < 6500:
                if thirsty and filled < 30_000 and minute < 240:
                    at = _say(at, time, what, value, minute, CRYSTALLOID, 500 * _MILLION)
                    filled += 500_000 * 10 // weight
                norepinephrine = min(norepinephrine + _draw(chance, 2, 6) * 10, 1500)
                if norepinephrine >= add_from and vasopressin == 0 and minute >= line_at:
                    vasopressin = 30
            elif pressure > 7500 and vasopressin > 0 and norepinephrine <= add_from:
                vasopressin -= 10
            elif pressure > 7500:
                norepinephrine = max(0, norepinephrine - _draw(chance, 1, 4) * 10)
                if norepinephrine == 0:
                    vasopressin = 0
        again = minute % 60 == 0 and _draw(chance, 0, 11) > 0
        if norepinephrine != max(norepinephrine_said, 0) or (again and norepinephrine > 0):
            at = _norepinephrine(chance, at, time, what, value, minute, norepinephrine, weight, style)
            norepinephrine_said = norepinephrine
        if vasopressin != max(vasopressin_said, 0) or (again and vasopressin > 0):
            figure = vasopressin * 60 if hourly or wrong else vasopressin
            unit = VASOPRESSIN_HOURLY if hourly and not wrong else VASOPRESSIN
            at = _say(at, time, what, value, minute, unit, figure * _MILLION // 1000)
            vasopressin_said = vasopressin
    return at


@njit(cache=True, nogil=True)
def _pressures(chance: Any, at: int, time: Any, what: Any, value: Any, minute: int, mean: int) -> int:
    pulse = _draw(chance, 35, 55)
    shown, systolic = mean, mean + pulse * 2 // 3
    slip = _draw(chance, 0, 599)
    if slip == 0:
        shown = 0
    elif slip == 1:
        shown = 801
    elif slip == 2:
        systolic = systolic * 100 + 47
    at = _say(at, time, what, value, minute, MAP, shown * _MILLION)
    at = _say(at, time, what, value, minute, SBP, systolic * _MILLION)
    at = _say(at, time, what, value, minute, DBP, (mean - pulse // 3) * _MILLION)
    if minute % 30 == 0:
        rate = 70 + max(0, 80 - mean) + _draw(chance, -6, 6)
        at = _say(at, time, what, value, minute, HEART_RATE, rate * _MILLION)
        at = _say(at, time, what, value, minute, SPO2, _draw(chance, 91, 100) * _MILLION)
    return at


@njit(cache=True, nogil=True)
def _norepinephrine(
    chance: Any,
    at: int,
    time: Any,
    what: Any,
    value: Any,
    minute: int,
    rate: int,
    weight: int,
    style: int,
) -> int:
    """Style 0 and 3: mcg/kg/min. 1: mcg/min, sometimes without a unit. 2: mL/h of 16 mcg/mL."""
    per_min = rate * weight // 1000  # tenths of mcg/min
    if style == 1 and rate > 0 and _draw(chance, 0, 39) == 0:
        return _say(at, time, what, value, minute, UNKNOWN_RATE, 0)
    if style == 1:
        return _say(at, time, what, value, minute, PER_MIN, per_min * _MILLION // 10)
    if style == 2:
        return _say(at, time, what, value, minute, FLOW, per_min * 60 // 16 * _MILLION // 10)
    return _say(at, time, what, value, minute, PER_KG, rate * _MILLION // 1000)
