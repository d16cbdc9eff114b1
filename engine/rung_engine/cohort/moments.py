"""When something happened, and windows of readings: what conditions remember. The twin of
`session.monitors`."""

from __future__ import annotations

from rung_engine.cohort.chart_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.numbers import f_compare, lowest, plus


@kernel
def moment(P, S, ref):
    """When it happened last (or first), now included; NONE if never."""
    at = P[H_REFS] + 3 * ref
    one = S[P[H_ANCHORS] + ANCHOR_W * P[at + 1] + ANCHOR_NOW]
    if P[at] == REF_ONE:
        return one
    two = S[P[H_ANCHORS] + ANCHOR_W * P[at + 2] + ANCHOR_NOW]
    if P[at] == REF_LATER:
        return NONE if one == NONE or two == NONE else max(one, two)
    if one == NONE:
        return two
    return one if two == NONE else min(one, two)


@kernel
def chosen(P, S, ref, when, one, two):
    """Of what is remembered since each moment of a pair, that of the one that counts."""
    first = S[P[H_ANCHORS] + ANCHOR_W * P[P[H_REFS] + 3 * ref + 1] + ANCHOR_NOW]
    return one if first == when else two


@kernel
def meets(n, d, rel, bn, bd):
    """A comparison of two fractions."""
    sign = f_compare(n, d, bn, bd)
    if rel == LESS:
        return sign < 0
    if rel == LESS_EQUAL:
        return sign <= 0
    if rel == EQUAL:
        return sign == 0
    if rel == MORE_EQUAL:
        return sign >= 0
    return sign > 0


@kernel
def all_meet(low, high, rel, bn, bd):
    """Every reading from `low` to `high`, both among them, meets a comparison."""
    if rel == LESS or rel == LESS_EQUAL:
        return meets(high, 1, rel, bn, bd)
    if rel == EQUAL:
        return low == high and meets(low, 1, rel, bn, bd)
    return meets(low, 1, rel, bn, bd)


# ---------------------------------------------------------------- runs of readings


@kernel
def now_meets(P, S, place, rel, bn, bd):
    """Every reading accepted now (or supposed) meets a comparison at the input's scale."""
    at = P[H_IN] + place * IN_W
    if S[at + IN_SUPPOSED]:
        return meets(S[at + IN_NUM], S[at + IN_DEN], rel, bn, bd)
    return all_meet(S[at + IN_GMIN], S[at + IN_GMAX], rel, bn, bd)


@kernel
def steady_run(P, S, k, drawn):
    """A run with the present instant: (sure: how many, from, to; possible: how many, from, to)."""
    at = P[H_STEADY] + k * RUN_W
    par = P[H_PSTEADY] + 8 * k
    place = P[par]
    if S[P[H_IN] + place * IN_W + IN_NOW] == 0:
        return S[at], S[at + 1], S[at + 2], S[at + 3], S[at + 4], S[at + 5]
    good = P[par + 7] != 0 and now_meets(P, S, place, P[par + 3], P[par + 4], P[par + 5])
    if drawn == FALSE or not good:
        return 0, 0, 0, 0, 0, 0
    t = S[S_TIME]
    many, start = 0, 0
    latest = 0
    if drawn == TRUE:
        many, latest = S[at] + 1, t
        start = S[at + 1] if S[at] else t
    return many, start, latest, S[at + 3] + 1, S[at + 4] if S[at + 3] else t, t


@kernel
def steady_truth(P, S, k, drawn):
    """So many consecutive readings, so far apart, meet the comparison."""
    par = P[H_PSTEADY] + 8 * k
    if S[P[H_IN] + P[par] * IN_W + IN_WHY] != WHY_NOT:
        return UNKNOWN
    n, apart = P[par + 1], P[par + 2]
    many, start, latest, maybe, maybe_start, maybe_latest = steady_run(P, S, k, drawn)
    if many >= n and latest - start >= apart:
        return TRUE
    if maybe >= n and maybe_latest - maybe_start >= apart:
        return UNKNOWN
    return FALSE


@kernel
def commit_steady(P, S, k, drawn):
    at = P[H_STEADY] + k * RUN_W
    S[at], S[at + 1], S[at + 2], S[at + 3], S[at + 4], S[at + 5] = steady_run(P, S, k, drawn)


@kernel
def _moving_log(P, S, k):
    return (P[H_N_LOGGED] + 2 * P[H_N_FLOWS] + k) * S[S_LOG] * LOG_W


@kernel
def moving_truth(P, S, L, k, drawn, rel, bn, bd, numeric):
    """The same against a bound that moves, (bn, bd) at the input's scale."""
    par = P[H_PMOVING] + 4 * k
    place, n, apart = P[par], P[par + 1], P[par + 2]
    at = P[H_IN] + place * IN_W
    if S[at + IN_WHY] != WHY_NOT:
        return UNKNOWN
    found, count, latest = TRUE, 0, NONE
    if S[at + IN_NOW]:
        if drawn == FALSE or numeric == 0 or not now_meets(P, S, place, rel, bn, bd):
            return FALSE
        if drawn == UNKNOWN:
            found = UNKNOWN
        count, latest = 1, S[S_TIME]
        if n <= 1 and apart <= 0:
            return found
    log = _moving_log(P, S, k)
    for back in range(S[P[H_MOVING] + k] - 1, -1, -1):
        entry = log + back * LOG_W
        if L[entry + 3] == FALSE or numeric == 0 or not all_meet(L[entry + 1], L[entry + 2], rel, bn, bd):
            return FALSE
        if L[entry + 3] == UNKNOWN:
            found = UNKNOWN
        count += 1
        if latest == NONE:
            latest = L[entry]
        if count >= n and latest - L[entry] >= apart:
            return found
    return FALSE


@kernel
def commit_moving(P, S, L, k, drawn):
    place = P[P[H_PMOVING] + 4 * k]
    at = P[H_IN] + place * IN_W
    many = S[P[H_MOVING] + k]
    if many >= S[S_LOG]:
        S[S_FAIL] = FAIL_SPACE
        return
    entry = _moving_log(P, S, k) + many * LOG_W
    L[entry], L[entry + 1], L[entry + 2], L[entry + 3] = S[S_TIME], S[at + IN_GMIN], S[at + IN_GMAX], drawn
    S[P[H_MOVING] + k] = many + 1


# ---------------------------------------------------------------- windows of readings


@kernel
def _first_in(P, S, L, place, start):
    """The first logged reading stamped at or after an instant."""
    log = P[P[H_PIN] + place * PIN_W + PIN_LOG] * S[S_LOG]
    low, high = 0, S[P[H_IN] + place * IN_W + IN_LOGGED]
    while low < high:
        middle = (low + high) // 2
        if L[(log + middle) * LOG_W] < start:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def oldest(P, S, L, place, length):
    """The oldest reading in the window that ends now, another one following: (known, value, wake)."""
    at = P[H_IN] + place * IN_W
    log = P[P[H_PIN] + place * PIN_W + PIN_LOG] * S[S_LOG]
    t = S[S_TIME]
    k = _first_in(P, S, L, place, t - length)
    many = S[at + IN_LOGGED] - k
    if many == 0:
        return 0, 0, NEVER
    entry = (log + k) * LOG_W
    if L[entry] == t:
        return 0, 0, t + length + 1
    wake = L[entry] + length + 1
    if many < 2 and not S[at + IN_SUPPOSED]:
        return 0, 0, wake
    if L[entry + 3] != 1:
        return 0, 0, wake
    return 1, L[entry + 1], wake


@kernel
def unknown_until(P, S, k):
    """The last instant at which an input was unknown, before the present one."""
    at = P[H_KNOWLEDGE] + 2 * k
    return S[at + 1] if S[at] else S[S_TIME] - 1


@kernel
def extreme_over(P, S, L, place, how, length, known):
    """(found, n, d, known throughout, wake) of the lowest, highest or mean reading of a window."""
    at = P[H_IN] + place * IN_W
    log = P[P[H_PIN] + place * PIN_W + PIN_LOG] * S[S_LOG]
    t = S[S_TIME]
    start = t - length
    why = S[at + IN_WHY]
    until = unknown_until(P, S, known)
    wake = NEVER
    if until >= start and why == WHY_NOT:
        wake = until + length + 1
    many, total, best = 0, 0, 0
    supposed = S[at + IN_SUPPOSED] != 0
    for k in range(_first_in(P, S, L, place, start), S[at + IN_LOGGED]):
        entry = (log + k) * LOG_W
        if supposed and L[entry] == t:
            break
        wake = min(wake, L[entry] + length + 1)
        if L[entry + 3] != 1:
            continue
        value = L[entry + 1]
        if many == 0 or (value < best if how == LOWEST else value > best):
            best = value
        if how == MEAN:
            total = plus(S, total, value)
        many += 1
    n, d = best, 1
    if supposed:
        if S[at + IN_DEN] != 1:
            S[S_FAIL] = FAIL_OVERFLOW
        value = S[at + IN_NUM]
        if many == 0 or (value < best if how == LOWEST else value > best):
            n = value
        total += value
        many += 1
    if how == MEAN and many:
        n, d = lowest(total, many)
    return many, n, d, 1 if why == WHY_NOT and until < start else 0, wake


@kernel
def extreme_since(P, S, k, place, how, when):
    """The same since a moment, without a wake: (found, n, d, known throughout)."""
    at = P[H_IN] + place * IN_W
    x = P[H_SINCE] + k * X_W
    fresh = when == S[S_TIME]
    known = S[at + IN_WHY] == WHY_NOT and unknown_until(P, S, P[P[H_PSINCE] + 3 * k + 2]) < when
    has, best, total, many = 0, 0, 0, 0
    if not fresh and S[x + X_HAS]:
        has = 1
        best = S[x + X_LOW] if how == LOWEST else S[x + X_HIGH]
        total, many = S[x + X_TOTAL], S[x + X_COUNT]
    supposed = S[at + IN_SUPPOSED] != 0
    if supposed or S[at + IN_NOW] == 1:
        value = S[at + IN_GMIN]
        if supposed:
            value = S[at + IN_NUM]
            if S[at + IN_DEN] != 1:
                S[S_FAIL] = FAIL_OVERFLOW
        if has == 0 or (value < best if how == LOWEST else value > best):
            best = value
        has = 1
        total = plus(S, total, value)
        many += 1
    if how == MEAN and many:
        n, d = lowest(total, many)
        return has, n, d, 1 if known else 0
    return has, best, 1, 1 if known else 0


@kernel
def commit_since(P, S, k):
    """The present instant is part of the past since its moment."""
    par = P[H_PSINCE] + 3 * k
    x = P[H_SINCE] + k * X_W
    at = P[H_IN] + P[par] * IN_W
    if S[P[H_ANCHORS] + ANCHOR_W * P[par + 1] + ANCHOR_NOW] == S[S_TIME]:
        S[x + X_HAS] = 0
        S[x + X_TOTAL] = 0
        S[x + X_COUNT] = 0
    if S[at + IN_NOW] == 1:
        value = S[at + IN_GMIN]
        S[x + X_LOW] = min(S[x + X_LOW], value) if S[x + X_HAS] else value
        S[x + X_HIGH] = max(S[x + X_HIGH], value) if S[x + X_HAS] else value
        S[x + X_HAS] = 1
        S[x + X_TOTAL] = plus(S, S[x + X_TOTAL], value)
        S[x + X_COUNT] += 1


# ---------------------------------------------------------------- values at moments


@kernel
def captured(P, S, k, place, when):
    """The value of an input at a moment: (known, n, d) at the input's scale."""
    if when == S[S_TIME]:
        at = P[H_IN] + place * IN_W
        return 1 if S[at + IN_WHY] == WHY_NOT else 0, S[at + IN_NUM], S[at + IN_DEN]
    x = P[H_CAPTURES] + k * C_W
    return S[x], S[x + 1], S[x + 2]


@kernel
def commit_capture(P, S, k):
    par = P[H_PCAPTURES] + 3 * k
    if P[par + 1] >= 0:
        when = S[P[H_ANCHORS] + ANCHOR_W * P[par + 1] + ANCHOR_NOW]
    else:
        when = S[P[H_COURSES] + P[par + 2] * CO_W]
    if when == S[S_TIME]:
        x = P[H_CAPTURES] + k * C_W
        S[x], S[x + 1], S[x + 2] = captured(P, S, k, P[par], when)


# ---------------------------------------------------------------- the past of conditions


@kernel
def commit_past(P, S, place, truth):
    """A monitored condition became `truth` at the present instant."""
    at = P[H_PAST] + place * M_W
    t = S[S_TIME]
    last = S[at + M_LAST]
    if last == UNKNOWN:
        gaps = P[H_GAP_LIST] + P[H_N_MONITORS] + P[P[H_GAP_LIST] + place]
        bridged = S[at + M_KNOWN_TRUE] and truth == TRUE
        for k in range(P[gaps]):
            if not (bridged and t - S[at + M_SINCE] <= P[gaps + 2 + 2 * k]):
                S[P[H_GAPS] + P[gaps + 1 + 2 * k]] = t - 1
        S[at + M_UNKNOWN] = t - 1
    elif last == TRUE:
        S[at + M_TRUE] = t - 1
    else:
        S[at + M_FALSE] = t - 1
    S[at + M_KNOWN_TRUE] = 1 if last == TRUE else 0
    S[at + M_LAST] = truth
    S[at + M_SINCE] = t
