"""The state of a stay put aside while something is supposed or time is followed ahead, and put back."""

from __future__ import annotations

from rung_engine.cohort.chart_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.signals import settle_signal


@kernel
def copy(S, source, target, length):
    """Moves a part of the state to another place that does not overlap it."""
    for k in range(length):
        S[target + k] = S[source + k]


@kernel
def put_aside(P, S, listed):
    """The truths and moments under a condition, as they are."""
    saved = P[H_SAVED_T]
    for k in range(P[listed]):
        S[saved + k] = S[P[H_T] + P[listed + 1 + k]]
    saved += P[listed]
    listed += 1 + P[listed]
    for k in range(P[listed]):
        S[saved + k] = S[P[H_ANCHORS] + ANCHOR_W * P[listed + 1 + k] + ANCHOR_NOW]


@kernel
def put_back(P, S, listed):
    """The truths and moments under a condition, as they were put aside."""
    saved = P[H_SAVED_T]
    for k in range(P[listed]):
        S[P[H_T] + P[listed + 1 + k]] = S[saved + k]
    saved += P[listed]
    listed += 1 + P[listed]
    for k in range(P[listed]):
        S[P[H_ANCHORS] + ANCHOR_W * P[listed + 1 + k] + ANCHOR_NOW] = S[saved + k]


@kernel
def keep_all(P, S, sources):
    """All that following time changes, kept aside."""
    spare, chart = P[H_SAVED], P[H_REMEMBERED]
    copy(S, 0, spare, S_SCALARS)
    for k in range(P[sources]):
        at = P[H_IN] + P[sources + 2 + 2 * k] * IN_W
        length = IN_W
        if P[sources + 1 + 2 * k]:
            at = P[H_DR] + P[sources + 2 + 2 * k] * DR_W
            length = DR_W
        copy(S, at, spare + at, length)
    for k in range(P[H_N_COUNTED]):
        at = P[H_IN] + P[P[H_COUNTED] + k] * IN_W
        copy(S, at, spare + at, IN_W)
    copy(S, chart, spare + chart, spare - chart)


@kernel
def restore_all(P, S, sources):
    """All as it was before time was followed."""
    spare, chart = P[H_SAVED], P[H_REMEMBERED]
    copy(S, spare, 0, S_SCALARS)
    for k in range(P[sources]):
        at = P[H_IN] + P[sources + 2 + 2 * k] * IN_W
        length = IN_W
        if P[sources + 1 + 2 * k]:
            at = P[H_DR] + P[sources + 2 + 2 * k] * DR_W
            length = DR_W
        copy(S, spare + at, at, length)
    for k in range(P[H_N_COUNTED]):
        at = P[H_IN] + P[P[H_COUNTED] + k] * IN_W
        copy(S, spare + at, at, IN_W)
    copy(S, spare + chart, chart, spare - chart)
    # What was read at the present instant became the past on the way.
    for k in range(S[S_N_TOUCHED_IN]):
        at = P[H_IN] + S[P[H_TOUCHED_IN] + k] * IN_W
        S[at + IN_NOW] = max(S[at + IN_GN], 0)


@kernel
def follow_only(P, S, sources, closure):
    """Nothing but these inputs and drugs expires, and nothing but these nodes turns by itself."""
    until, spare = P[H_UNTIL], P[H_SAVED] + P[H_UNTIL]
    for k in range(P[H_N_IN] + P[H_N_DR]):
        S[until + k] = NEVER
    for k in range(P[sources]):
        at = P[sources + 2 + 2 * k]
        if P[sources + 1 + 2 * k]:
            at += P[H_N_IN]
        S[until + at] = S[spare + at]
    for k in range(P[H_N_WAKES]):
        node = P[P[H_WAKE_NODES] + k]
        if P[closure + node // WORD] >> (node % WORD) & 1 == 0:
            S[P[H_WAKES] + k] = NEVER
    for k in range(2 * P[H_N_WINDOWS]):
        S[P[H_WINDOW_WAKES] + k] = NEVER if k % 2 == 0 else 0
    settle_signal(P, S)
