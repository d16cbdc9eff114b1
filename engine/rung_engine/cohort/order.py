"""Facts in their order: by stay, by time, and within one instant by what they say.

Order within an instant means nothing to a decision; it is settled so that the order of rows in a file never
shows. Few facts are sorted by numpy, many by a kernel that looks only at what is out of place; both agree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MANY = 100_000
"""From so many facts on the kernel is worth its loading."""

_Wholes = NDArray[np.int64]
Columns = tuple[
    _Wholes,
    NDArray[np.int8],
    NDArray[np.int16],
    NDArray[np.int16],
    NDArray[np.int64],
    NDArray[np.int32],
]
"""Time, kind, name, unit, value and concentration of facts."""


def in_order(
    stay: NDArray[np.int32], rank: NDArray[np.int32], stays: int, columns: Columns, ident: _Wholes
) -> tuple[_Wholes, Columns]:
    """Where each stay begins, int64[stays + 1], and the columns in their order, exact repeats left out.

    stay: by fact the number of its stay; rank: by that number its place among `stays`; ident: what tells two
    facts apart that say the same.
    """
    kernel = _by_kernel if len(stay) >= MANY else _by_numpy
    return kernel(stay, rank, stays, columns, ident)


def _by_kernel(
    stay: NDArray[np.int32], rank: NDArray[np.int32], stays: int, columns: Columns, ident: _Wholes
) -> tuple[_Wholes, Columns]:
    from rung_engine.cohort import order_kernel as kernel

    time = columns[0]
    start = np.zeros(stays + 1, np.int64)
    by_number = np.bincount(stay, minlength=len(rank))
    there = rank >= 0
    start[rank[there] + 1] = by_number[there]
    np.cumsum(start, out=start)
    order = np.empty(len(stay), np.int64)
    if not kernel.together(stay, rank, start, time, order):
        order = np.lexsort((time, rank[stay]))
    order = order[: kernel.settle(order, start, *columns, ident)]
    made = tuple(np.empty(len(order), column.dtype) for column in columns)
    kernel.take(order, columns, made)
    return start, made  # type: ignore[return-value]


def _by_numpy(
    stay: NDArray[np.int32], rank: NDArray[np.int32], stays: int, columns: Columns, ident: _Wholes
) -> tuple[_Wholes, Columns]:
    place = rank[stay]
    keys = (place, *columns, ident)
    order = np.lexsort(keys[::-1])
    again = np.ones(max(len(order) - 1, 0), np.bool_)
    for column in keys:
        ordered = column[order]
        again &= ordered[1:] == ordered[:-1]
    order = order[np.concatenate([[True], ~again])] if len(order) else order
    start = np.zeros(stays + 1, np.int64)
    np.cumsum(np.bincount(place[order], minlength=stays), out=start[1:])
    return start, tuple(column[order] for column in columns)  # type: ignore[return-value]
