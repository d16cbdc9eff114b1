"""From one instant to the next: what expires, what is remembered, when to look again."""

from __future__ import annotations

from rung_engine.cohort.amounts import follow_flow, keep_base, total_over
from rung_engine.cohort.chart_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.moments import commit_capture, commit_moving, commit_past, commit_since, commit_steady
from rung_engine.cohort.native import kernel
from rung_engine.cohort.numbers import f_ceil, f_plus, f_times, lowest
from rung_engine.cohort.signals import course_ends, expire, settle, settle_signal, wake_nodes


@kernel
def commit(P, S, L):
    """The present instant is over: what is so now becomes the past."""
    t = S[S_TIME]
    for k in range(P[H_N_KNOWLEDGE]):
        at = P[H_KNOWLEDGE] + 2 * k
        known = 1 if S[P[H_IN] + P[P[H_PKNOWLEDGE] + k] * IN_W + IN_WHY] == WHY_NOT else 0
        if known and not S[at]:
            S[at + 1] = t - 1
        S[at] = known
    for k in range(P[H_N_CAPTURES]):
        commit_capture(P, S, k)
    for k in range(P[H_N_BASES]):
        drug, anchor = P[P[H_PBASES] + 2 * k], P[P[H_PBASES] + 2 * k + 1]
        if S[P[H_ANCHORS] + ANCHOR_W * anchor + ANCHOR_NOW] == t:
            keep_base(P, S, L, k, P[P[H_PDR] + drug * PDR_W + PDR_FLOW])
    for k in range(P[H_N_SINCE]):
        commit_since(P, S, k)
    if S[S_N_TOUCHED_IN]:
        for k in range(P[H_N_STEADY]):
            par = P[H_PSTEADY] + 8 * k
            if S[P[H_IN] + P[par] * IN_W + IN_NOW]:
                drawn = P[par + 6]
                commit_steady(P, S, k, TRUE if drawn < 0 else S[P[H_T] + drawn])
        for k in range(P[H_N_MOVING]):
            par = P[H_PMOVING] + 4 * k
            if S[P[H_IN] + P[par] * IN_W + IN_NOW]:
                drawn = P[par + 3]
                commit_moving(P, S, L, k, TRUE if drawn < 0 else S[P[H_T] + drawn])
        for k in range(S[S_N_TOUCHED_IN]):
            S[P[H_IN] + S[P[H_TOUCHED_IN] + k] * IN_W + IN_NOW] = 0
        S[S_N_TOUCHED_IN] = 0
    if S[S_BEGAN] == t:
        for drug in range(P[H_N_DR]):
            at = P[H_DR] + drug * DR_W
            dosed = S[at + DR_DOSED] == t
            for k in range(5):
                S[at + DR_BEGAN_0 + k] = S[at + DR_NOW_0 + k] if dosed else 0
    S[S_N_TOUCHED_DR] = 0
    for k in range(P[H_N_ANCHORS]):
        at = P[H_ANCHORS] + ANCHOR_W * k
        S[at + ANCHOR_BASE] = S[at + ANCHOR_NOW]
    for k in range(P[H_N_MONITORS]):
        truth = S[P[H_T] + P[P[H_MONITORS] + k]]
        if truth != S[P[H_PAST] + k * M_W + M_LAST]:
            commit_past(P, S, k, truth)


@kernel
def window_wake(P, S, L, k):
    """When the amount given in a rolling window next reaches or passes its maximum, or otherwise changes
    course; and whether it moves meanwhile.
    """
    at = P[H_WINDOWS] + 5 * k
    flow = P[P[H_PDR] + P[at] * PDR_W + PDR_FLOW]
    ok, n, d, sn, sd, wake = total_over(P, S, L, flow, P[at + 2], P[at + 1])
    if ok and sn != 0:
        # The line meets the maximum after (max - n) / slope; just before and after that the comparison
        # differs.
        n, d = f_plus(S, P[at + 3], P[at + 4], -n, d)
        sn, sd = lowest(sd, sn)
        n, d = f_times(S, n, d, sn, sd)
        for step in (f_ceil(n, d), n // d + 1):
            if step > 0:
                wake = min(wake, S[S_TIME] + step)
    return wake, 1 if ok and sn != 0 else 0


@kernel
def next_instant(P, S, L, decision):
    """The next instant at which anything could change with no new fact. `decision`: the marks of orders
    too."""
    wake = NEVER
    at = P[H_WAKES]
    for k in range(P[H_N_WAKES]):
        if S[at + k] < wake:
            wake = S[at + k]
    for k in range(P[H_N_COURSE]):
        wake = min(wake, course_ends(P, S, k))
    for k in range(P[H_N_WINDOWS]):
        wake = min(wake, S[P[H_WINDOW_WAKES] + 2 * k])
    if decision:
        wake = min(wake, S[S_DWAKE])
    if S[S_SIGNAL] < wake:
        settle_signal(P, S)
        wake = min(wake, S[S_SIGNAL])
    return wake


@kernel
def arrive(P, S, time):
    """The next instant to judge; the one before must have been committed."""
    # A course may have ended by itself between then and now.
    for k in range(P[H_N_COURSE]):
        if course_ends(P, S, k) <= time:
            wake_nodes(P, S, P[P[H_COURSE_BITS] + k])
            S[S_EPOCH] += 1
    S[S_TIME] = time
    if time >= S[S_SIGNAL]:
        expire(P, S)
        S[S_SIGNAL] = NONE
    at = P[H_WAKES]
    for k in range(P[H_N_WAKES]):
        if S[at + k] <= time:
            node = P[P[H_WAKE_NODES] + k]
            S[P[H_PEND] + node // WORD] |= 1 << (node % WORD)
    if S[S_DWAKE] <= time:
        S[S_REDO] = 1


@kernel
def understand(P, S, L):
    """All facts of the instant are told: the chart, and what follows for conditions that nobody judged
    yet."""
    settle(P, S, L)
    if S[S_SIGNAL] == NONE:
        settle_signal(P, S)
    for k in range(P[H_N_FLOWS]):
        drug = P[H_DR] + P[P[H_PFLOWS] + k] * DR_W
        if S[drug + DR_TOUCHED] == S[S_TIME]:
            follow_flow(P, S, L, k)
    for k in range(P[H_N_WINDOWS]):
        at = P[H_WINDOW_WAKES] + 2 * k
        drug = P[H_DR] + P[P[H_WINDOWS] + 5 * k] * DR_W
        if S[drug + DR_TOUCHED] == S[S_TIME] or S[S_W_AT] == S[S_TIME] or S[at] <= S[S_TIME]:
            S[at], S[at + 1] = window_wake(P, S, L, k)
            S[S_REDO] |= S[S_ROOM]
        elif S[at + 1]:
            S[S_REDO] |= S[S_ROOM]
