"""Many rows at once: their codes, their order and their places, each in one pass. See `encode`, `order`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rung_engine.cohort.layout import DOSE, OTHER, READING, SILENCE, U_NONE, U_UNKNOWN, U_WRONG

_Wholes = NDArray[np.int64]


@njit(cache=True, nogil=True)
def code(
    kind: NDArray[np.int8],
    names: NDArray[np.int32],
    named: NDArray[np.uint8],
    by_name: NDArray[np.int16],
    units: NDArray[np.int32],
    united: NDArray[np.uint8],
    by_unit: NDArray[np.int16],
    counts: _Wholes,
    counted: NDArray[np.uint8],
    quantity: NDArray[np.bool_],
    out: tuple[Any, Any, Any, Any],
) -> None:
    """Writes kind, name, unit and value of every row to `out`, but for what is said in words.

    Of each column of words its places in the dictionary, and 1 where it holds any; by_name: int16[kinds,
    words], -1 of what is not declared; by_unit: int16[words]; quantity: by input.
    """
    out_kind, out_name, out_unit, out_value = out
    for row in range(len(kind)):
        of = kind[row]
        name = np.int16(-1)
        if of < SILENCE and named[row]:
            name = by_name[of, names[row]]
        out_name[row] = name
        out_kind[row] = OTHER if name < 0 and of != SILENCE else of
        if of > DOSE or not counted[row]:
            out_unit[row], out_value[row] = U_NONE, 0
        else:
            out_unit[row] = by_unit[units[row]] if united[row] else U_UNKNOWN
            out_value[row] = counts[row]
        if of == READING and name >= 0 and not quantity[name]:
            out_unit[row], out_value[row] = U_WRONG, 0


@njit(cache=True, nogil=True)
def together(stay: Any, rank: Any, start: _Wholes, time: _Wholes, order: _Wholes) -> bool:
    """Writes to `order` the places of each stay's facts, one stay after the other, otherwise as they come.

    rank: by number of a stay, its place; start: int64[stays + 1], where each place begins. Whether every stay
    is in the order of time.
    """
    free = start[:-1].copy()
    sorted_by_time = True
    for place in range(len(stay)):
        at = rank[stay[place]]
        if free[at] > start[at] and time[order[free[at] - 1]] > time[place]:
            sorted_by_time = False
        order[free[at]] = place
        free[at] += 1
    return sorted_by_time


@njit(cache=True, nogil=True)
def settle(
    order: _Wholes,
    start: _Wholes,
    time: _Wholes,
    kind: NDArray[np.int8],
    name: NDArray[np.int16],
    unit: NDArray[np.int16],
    value: _Wholes,
    conc: NDArray[np.int32],
    ident: _Wholes,
) -> int:
    """Puts the facts of each instant in `order`, which is by stay and time, into the order of what they say.

    How many are left when exact repeats are left out; they come first, and `start` says where.
    """
    kept, first = 0, 0
    for stay in range(len(start) - 1):
        end = start[stay + 1]
        start[stay] = kept
        while first < end:
            head = time[order[first]]
            begin = kept
            while first < end and time[order[first]] == head:
                moved = order[first]
                first += 1
                at = kept
                same = False
                while at > begin:
                    other = order[at - 1]
                    if kind[other] != kind[moved]:
                        after = kind[other] > kind[moved]
                    elif name[other] != name[moved]:
                        after = name[other] > name[moved]
                    elif unit[other] != unit[moved]:
                        after = unit[other] > unit[moved]
                    elif value[other] != value[moved]:
                        after = value[other] > value[moved]
                    elif conc[other] != conc[moved]:
                        after = conc[other] > conc[moved]
                    elif ident[other] != ident[moved]:
                        after = ident[other] > ident[moved]
                    else:
                        same = True
                        break
                    if not after:
                        break
                    at -= 1
                if same:
                    continue
                for free in range(kept, at, -1):
                    order[free] = order[free - 1]
                order[at] = moved
                kept += 1
    start[len(start) - 1] = kept
    return kept


@njit(cache=True, nogil=True)
def take(order: _Wholes, columns: Any, out: Any) -> None:
    """Writes the rows of six columns to `out` in their order."""
    time, kind, name, unit, value, conc = columns
    out_time, out_kind, out_name, out_unit, out_value, out_conc = out
    for place in range(len(order)):
        row = order[place]
        out_time[place] = time[row]
        out_kind[place] = kind[row]
        out_name[place] = name[row]
        out_unit[place] = unit[row]
        out_value[place] = value[row]
        out_conc[place] = conc[row]
