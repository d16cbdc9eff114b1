"""Numbers that may be known only within bounds and may move with time. The twin of `reference.line`.

A number is written as code for a small stack in S; `number` leaves its line at a place of the stack.
"""

from __future__ import annotations

from rung_engine.cohort.amounts import total_over, total_since
from rung_engine.cohort.chart_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.moments import captured, chosen, extreme_over, extreme_since, moment, oldest
from rung_engine.cohort.native import kernel
from rung_engine.cohort.numbers import f_ceil, f_compare, f_plus, f_times, lowest
from rung_engine.cohort.signals import course_ends, weighed


@kernel
def put(S, v, n, d, slope_n, slope_d):
    """An exact number that moves."""
    S[v + V_NONE], S[v + V_LO], S[v + V_HI] = 0, 1, 1
    S[v + V_LO_N], S[v + V_LO_D] = n, d
    S[v + V_HI_N], S[v + V_HI_D] = n, d
    S[v + V_SLOPE_N], S[v + V_SLOPE_D] = slope_n, slope_d


@kernel
def put_input(P, S, v, place, known, n, d):
    """A number at an input's scale."""
    if not known:
        S[v + V_NONE] = 1
        return
    n, d = f_times(S, n, d, 1, P[P[H_PIN] + place * PIN_W + PIN_SCALE])
    put(S, v, n, d, 0, 1)


@kernel
def put_change(P, S, v, place, how, known, bn, bd):
    """The change from an earlier value to the present one."""
    at = P[H_IN] + place * IN_W
    if not known or S[at + IN_WHY] != WHY_NOT:
        S[v + V_NONE] = 1
        return
    n, d = f_plus(S, S[at + IN_NUM], S[at + IN_DEN], -bn, bd)
    if how == FALL or how == PERCENT_FALL:
        n = -n
    if how == PERCENT_RISE or how == PERCENT_FALL:
        if bn == 0:
            S[v + V_NONE] = 1
            return
        an, ad = lowest(bd, bn)
        n, d = f_times(S, n, d, an, ad)
        put(S, v, n, d, 0, 1)
        return
    put_input(P, S, v, place, 1, n, d)


@kernel
def put_extreme(P, S, v, place, how, found, n, d, known):
    if not found or (how == MEAN and not known):
        S[v + V_NONE] = 1
        return
    put_input(P, S, v, place, 1, n, d)
    if not known:
        if how == LOWEST:
            S[v + V_LO] = 0
        else:
            S[v + V_HI] = 0


@kernel
def negate(S, v):
    lo, lo_n, lo_d = S[v + V_LO], S[v + V_LO_N], S[v + V_LO_D]
    S[v + V_LO], S[v + V_LO_N], S[v + V_LO_D] = S[v + V_HI], -S[v + V_HI_N], S[v + V_HI_D]
    S[v + V_HI], S[v + V_HI_N], S[v + V_HI_D] = lo, -lo_n, lo_d
    S[v + V_SLOPE_N] = -S[v + V_SLOPE_N]


@kernel
def is_known(S, v):
    """A number that is known exactly at the present instant."""
    return (
        S[v + V_LO] == 1
        and S[v + V_HI] == 1
        and S[v + V_LO_N] == S[v + V_HI_N]
        and S[v + V_LO_D] == S[v + V_HI_D]
    )


@kernel
def is_exact(S, v):
    """A number without bounds or slope."""
    return S[v + V_SLOPE_N] == 0 and is_known(S, v)


@kernel
def scale(S, v, n, d):
    """The number times an exact factor."""
    if S[v + V_LO]:
        S[v + V_LO_N], S[v + V_LO_D] = f_times(S, S[v + V_LO_N], S[v + V_LO_D], n, d)
    if S[v + V_HI]:
        S[v + V_HI_N], S[v + V_HI_D] = f_times(S, S[v + V_HI_N], S[v + V_HI_D], n, d)
    S[v + V_SLOPE_N], S[v + V_SLOPE_D] = f_times(S, S[v + V_SLOPE_N], S[v + V_SLOPE_D], n, d)
    if n < 0:
        lo, lo_n, lo_d = S[v + V_LO], S[v + V_LO_N], S[v + V_LO_D]
        S[v + V_LO], S[v + V_LO_N], S[v + V_LO_D] = S[v + V_HI], S[v + V_HI_N], S[v + V_HI_D]
        S[v + V_HI], S[v + V_HI_N], S[v + V_HI_D] = lo, lo_n, lo_d


@kernel
def combine(S, op, a, b):
    """Arithmetic of the numbers at a and b, left at a."""
    if S[a + V_NONE] or S[b + V_NONE]:
        S[a + V_NONE] = 1
        return
    if op == Q_SUB:
        negate(S, b)
        op = Q_ADD
    if op == Q_ADD:
        S[a + V_LO] &= S[b + V_LO]
        S[a + V_HI] &= S[b + V_HI]
        if S[a + V_LO]:
            S[a + V_LO_N], S[a + V_LO_D] = f_plus(
                S, S[a + V_LO_N], S[a + V_LO_D], S[b + V_LO_N], S[b + V_LO_D]
            )
        if S[a + V_HI]:
            S[a + V_HI_N], S[a + V_HI_D] = f_plus(
                S, S[a + V_HI_N], S[a + V_HI_D], S[b + V_HI_N], S[b + V_HI_D]
            )
        S[a + V_SLOPE_N], S[a + V_SLOPE_D] = f_plus(
            S, S[a + V_SLOPE_N], S[a + V_SLOPE_D], S[b + V_SLOPE_N], S[b + V_SLOPE_D]
        )
        return
    if op == Q_DIV:
        if not is_exact(S, b) or S[b + V_LO_N] == 0:
            S[a + V_NONE] = 1
            return
        n, d = lowest(S[b + V_LO_D], S[b + V_LO_N])
        scale(S, a, n, d)
        return
    if is_exact(S, b):
        scale(S, a, S[b + V_LO_N], S[b + V_LO_D])
        return
    if not is_exact(S, a):
        S[a + V_NONE] = 1
        return
    n, d = S[a + V_LO_N], S[a + V_LO_D]
    for k in range(V_W):
        S[a + k] = S[b + k]
    scale(S, a, n, d)


@kernel
def _sign(S, an, ad, slope_an, slope_ad, bn, bd, slope_bn, slope_bd, step):
    """The sign of (a - b) after `step` milliseconds."""
    if step == 0:
        return f_compare(an, ad, bn, bd)
    n, d = f_times(S, slope_an, slope_ad, step, 1)
    an, ad = f_plus(S, an, ad, n, d)
    n, d = f_times(S, slope_bn, slope_bd, step, 1)
    bn, bd = f_plus(S, bn, bd, n, d)
    return f_compare(an, ad, bn, bd)


@kernel
def compare(S, a, rel, b, step):
    """True or false where the bounds decide it after `step` milliseconds, else unknown."""
    has_low = S[a + V_LO] and S[b + V_HI]
    has_high = S[a + V_HI] and S[b + V_LO]
    low, high = 0, 0
    if has_low:
        low = _sign(
            S, S[a + V_LO_N], S[a + V_LO_D], S[a + V_SLOPE_N], S[a + V_SLOPE_D],
            S[b + V_HI_N], S[b + V_HI_D], S[b + V_SLOPE_N], S[b + V_SLOPE_D], step,
        )  # fmt: skip
    if has_high:
        high = _sign(
            S, S[a + V_HI_N], S[a + V_HI_D], S[a + V_SLOPE_N], S[a + V_SLOPE_D],
            S[b + V_LO_N], S[b + V_LO_D], S[b + V_SLOPE_N], S[b + V_SLOPE_D], step,
        )  # fmt: skip
    if rel == EQUAL:
        if has_low and has_high and low == 0 and high == 0:
            return TRUE
        if (has_low and low > 0) or (has_high and high < 0):
            return FALSE
        return UNKNOWN
    strict = rel == LESS or rel == MORE_EQUAL
    below = UNKNOWN
    if has_high and (high < 0 if strict else high <= 0):
        below = TRUE
    elif has_low and (low >= 0 if strict else low > 0):
        below = FALSE
    if below == UNKNOWN or rel == LESS or rel == LESS_EQUAL:
        return below
    return 1 - below


@kernel
def next_flip(S, a, rel, b):
    """The fewest whole milliseconds after which the truth differs, both moving as they do now; NEVER if
    none."""
    sn, sd = f_plus(S, S[a + V_SLOPE_N], S[a + V_SLOPE_D], -S[b + V_SLOPE_N], S[b + V_SLOPE_D])
    if sn == 0:
        return NEVER
    now = compare(S, a, rel, b, 0)
    best = NEVER
    for end in range(2):
        one, two = (V_LO, V_HI) if end == 0 else (V_HI, V_LO)
        if not S[a + one] or not S[b + two]:
            continue
        n, d = f_plus(S, S[b + two + 1], S[b + two + 2], -S[a + one + 1], S[a + one + 2])
        in_n, in_d = lowest(sd, sn)
        n, d = f_times(S, n, d, in_n, in_d)
        ceiling, floor = f_ceil(n, d), n // d
        for step in (ceiling, floor + 1):
            if 0 < step < best and compare(S, a, rel, b, step) != now:
                best = step
    return best


@kernel
def _elapsed(S, v, when):
    if when == NONE:
        S[v + V_NONE] = 1
    else:
        put(S, v, S[S_TIME] - when, 1, 1, 1)


@kernel
def number(P, S, L, code, depth):
    """Works out a number from its code; it is left at the stack's place `depth`. Gives when it changes
    course."""
    v = P[H_STACK] + depth * V_W

    wake = NEVER
    steps = P[P[H_CODE] + code]
    at = P[H_CODE] + code + 1
    for k in range(steps):
        q = at + k * Q_W
        op = P[q]
        if op >= Q_ADD:
            v -= V_W
            combine(S, op, v - V_W, v)
            continue
        a = P[q + 1]
        if op == Q_CONST:
            put(S, v, a, P[q + 2], 0, 1)
        elif op == Q_IN:
            cell = P[H_IN] + a * IN_W
            put_input(
                P, S, v, a, P[q + 2] != 0 and S[cell + IN_WHY] == WHY_NOT, S[cell + IN_NUM], S[cell + IN_DEN]
            )
        elif op == Q_RATE:
            drug = P[H_DR] + a * DR_W
            if S[drug + DR_RUN] == FALSE:
                put(S, v, 0, 1, 0, 1)
            elif S[drug + DR_RUN] == UNKNOWN or S[drug + DR_HAS] == 0:
                S[v + V_NONE] = 1
            else:
                ok, n, d = weighed(S, S[drug + DR_NUM], S[drug + DR_DEN], P[q + 2] - S[drug + DR_POW])
                if ok:
                    put(S, v, n, d, 0, 1)
                else:
                    S[v + V_NONE] = 1
        elif op == Q_ELAPSED:
            _elapsed(S, v, moment(P, S, a))
        elif op == Q_STAGE:
            _elapsed(S, v, S[S_ENTERED])
        elif op == Q_COURSE:
            began, known = course_clock(P, S, a)
            if began != NONE:
                _elapsed(S, v, began)
            elif known:
                put(S, v, 0, 1, 0, 1)
            else:
                S[v + V_NONE] = 1
            wake = min(wake, course_ends(P, S, a))
        elif op == Q_ON:
            drug = P[H_DR] + a * DR_W
            if S[drug + DR_RUN] == TRUE:
                _elapsed(S, v, S[drug + DR_START])
            elif S[drug + DR_RUN] == FALSE:
                put(S, v, 0, 1, 0, 1)
            else:
                S[v + V_NONE] = 1
        elif op == Q_CHANGE_OVER:
            known, n, w = oldest(P, S, L, a, P[q + 3])
            put_change(P, S, v, a, P[q + 2], known, n, 1)
            wake = min(wake, w)
        elif op == Q_CHANGE_SINCE:
            when = moment(P, S, P[q + 3])
            if when == NONE:
                S[v + V_NONE] = 1
            else:
                known, n, d = captured(P, S, chosen(P, S, P[q + 3], when, P[q + 4], P[q + 5]), a, when)
                put_change(P, S, v, a, P[q + 2], known, n, d)
        elif op == Q_EXTREME_OVER:
            many, n, d, known, w = extreme_over(P, S, L, a, P[q + 2], P[q + 3], P[q + 4])
            put_extreme(P, S, v, a, P[q + 2], many, n, d, known)
            wake = min(wake, w)
        elif op == Q_EXTREME_SINCE:
            when = moment(P, S, P[q + 3])
            if when == NONE:
                S[v + V_NONE] = 1
            else:
                k_since = chosen(P, S, P[q + 3], when, P[q + 4], P[q + 5])
                many, n, d, known = extreme_since(P, S, k_since, a, P[q + 2], when)
                put_extreme(P, S, v, a, P[q + 2], many, n, d, known)
        elif op == Q_TOTAL_OVER or op == Q_TOTAL_SINCE:
            flow = P[P[H_PDR] + a * PDR_W + PDR_FLOW]
            ok, n, d, sn, sd = 0, 0, 1, 0, 1
            if op == Q_TOTAL_OVER:
                ok, n, d, sn, sd, w = total_over(P, S, L, flow, P[q + 2], P[q + 3])
                wake = min(wake, w)
            else:
                when = moment(P, S, P[q + 3])
                if when != NONE:
                    base = chosen(P, S, P[q + 3], when, P[q + 4], P[q + 5])
                    ok, n, d, sn, sd, w = total_since(P, S, L, flow, P[q + 2], base, when)
            if ok:
                put(S, v, n, d, sn, sd)
            else:
                S[v + V_NONE] = 1
        elif op == Q_VALUE_AT:
            when = moment(P, S, P[q + 2])
            if when == NONE:
                S[v + V_NONE] = 1
            else:
                known, n, d = captured(P, S, chosen(P, S, P[q + 2], when, P[q + 3], P[q + 4]), a, when)
                put_input(P, S, v, a, known, n, d)
        else:
            when = S[P[H_COURSES] + P[q + 2] * CO_W]
            if when == NONE:
                S[v + V_NONE] = 1
            else:
                known, n, d = captured(P, S, P[q + 3], a, when)
                put_input(P, S, v, a, known, n, d)
        v += V_W
    return wake


@kernel
def course_clock(P, S, course):
    """(when the course that is on began or NONE, and with none whether that is known)."""
    at = P[H_COURSES] + course * CO_W
    ends_after = P[P[H_PCOURSES] + 2 * course + 1]
    if S[at] != NONE and (S[at + CO_ON] != 0 or S[S_TIME] - S[at + CO_END] < ends_after):
        return S[at], 1
    drugs = P[P[H_PCOURSES] + 2 * course]
    for drug in range(P[H_N_DR]):
        if drugs >> drug & 1 and S[P[H_DR] + drug * DR_W + DR_RUN] == UNKNOWN:
            return NONE, 0
    return NONE, 1
