"""Amounts of a drug added up over time: doses, and rates by the millisecond. The twin of `session.amounts`.

Sums are kept apart by their power of body weight, plain and per kg, since a weight may become known later.
A record of `G` is what had been given up to an instant; see `chart_layout.G_W`.
"""

from __future__ import annotations

from rung_engine.cohort.chart_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.numbers import f_plus, f_times, lowest
from rung_engine.cohort.signals import silent, weighed


@kernel
def _segment(P, S, L, flow, k):
    """Where a segment of a flow lies in L."""
    return ((P[H_N_LOGGED] + 2 * flow) * S[S_LOG] + k) * LOG_W


@kernel
def _dose(P, S, L, flow, k):
    return ((P[H_N_LOGGED] + 2 * flow + 1) * S[S_LOG] + k) * LOG_W


@kernel
def _segment_at(P, S, L, flow, time):
    """The last segment that begins at or before an instant; -1 before the first."""
    low, high = 0, S[P[H_FLOWS] + flow * F_W + F_SEGMENTS]
    while low < high:
        middle = (low + high) // 2
        if L[_segment(P, S, L, flow, middle) + SEG_START] <= time:
            low = middle + 1
        else:
            high = middle
    return low - 1


@kernel
def _doses_at(P, S, L, flow, time):
    """How many doses of a flow are stamped at or before an instant."""
    low, high = 0, S[P[H_FLOWS] + flow * F_W + F_DOSES]
    while low < high:
        middle = (low + high) // 2
        if L[_dose(P, S, L, flow, middle) + DOSE_TIME] <= time:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _through(S, L, at, end):
    """(plain n, d, per kg n, d, milliseconds unknown) given by rates through `end`, in the segment at
    `at`."""
    pn, pd, kn, kd, unknown = (
        L[at + SEG_0N],
        L[at + SEG_0D],
        L[at + SEG_1N],
        L[at + SEG_1D],
        L[at + SEG_UNKNOWN],
    )
    length = end - L[at + SEG_START] + 1
    run, has = L[at + SEG_RUN], L[at + SEG_HAS]
    if run == UNKNOWN or (run == TRUE and has == 0):
        return pn, pd, kn, kd, unknown + length
    if has:
        n, d = f_times(S, L[at + SEG_NUM], L[at + SEG_DEN], length, 1)
        if L[at + SEG_POW] == 0:
            pn, pd = f_plus(S, pn, pd, n, d)
        elif L[at + SEG_POW] == -1:
            kn, kd = f_plus(S, kn, kd, n, d)
        else:
            S[S_FAIL] = FAIL_DIMS
    return pn, pd, kn, kd, unknown


@kernel
def follow_flow(P, S, L, flow):
    """The drug of a flow is settled at the present instant: a new segment where its state is another, its
    doses."""
    t = S[S_TIME]
    drug = P[H_DR] + P[P[H_PFLOWS] + flow] * DR_W
    at = P[H_FLOWS] + flow * F_W
    count = S[at + F_SEGMENTS]
    pn, pd, kn, kd, unknown = 0, 1, 0, 1, 0
    same = False
    if count:
        last = _segment(P, S, L, flow, count - 1)
        same = (
            L[last + SEG_RUN] == S[drug + DR_RUN]
            and L[last + SEG_HAS] == S[drug + DR_HAS]
            and L[last + SEG_NUM] == S[drug + DR_NUM]
            and L[last + SEG_DEN] == S[drug + DR_DEN]
            and L[last + SEG_POW] == S[drug + DR_POW]
        )
        if not same:
            pn, pd, kn, kd, unknown = _through(S, L, last, t - 1)
    if not same:
        if count >= S[S_LOG]:
            S[S_FAIL] = FAIL_SPACE
            return
        new = _segment(P, S, L, flow, count)
        L[new + SEG_START], L[new + SEG_RUN], L[new + SEG_HAS] = t, S[drug + DR_RUN], S[drug + DR_HAS]
        L[new + SEG_NUM], L[new + SEG_DEN], L[new + SEG_POW] = (
            S[drug + DR_NUM],
            S[drug + DR_DEN],
            S[drug + DR_POW],
        )
        L[new + SEG_0N], L[new + SEG_0D], L[new + SEG_1N], L[new + SEG_1D] = pn, pd, kn, kd
        L[new + SEG_UNKNOWN] = unknown
        S[at + F_SEGMENTS] = count + 1
    if S[drug + DR_DOSED] == t:
        many = S[at + F_DOSES]
        if many >= S[S_LOG]:
            S[S_FAIL] = FAIL_SPACE
            return
        new = _dose(P, S, L, flow, many)
        L[new + DOSE_TIME] = t
        L[new + DOSE_0], L[new + DOSE_1], L[new + DOSE_X] = (
            S[drug + DR_ALL_0],
            S[drug + DR_ALL_1],
            S[drug + DR_ALL_X],
        )
        S[at + F_DOSES] = many + 1


@kernel
def up_to(P, S, L, flow, time):
    """What had been given through an instant up to now: a record of `G`."""
    k = _segment_at(P, S, L, flow, time)
    pn, pd, kn, kd, unknown = 0, 1, 0, 1, 0
    if k >= 0:
        pn, pd, kn, kd, unknown = _through(S, L, _segment(P, S, L, flow, k), time)
        unknown += L[_segment(P, S, L, flow, 0) + SEG_START] - LONG_AGO
    else:
        unknown = time - LONG_AGO + 1
    doses = _doses_at(P, S, L, flow, time)
    d0, d1, dx = 0, 0, 0
    if doses:
        at = _dose(P, S, L, flow, doses - 1)
        d0, d1, dx = L[at + DOSE_0], L[at + DOSE_1], L[at + DOSE_X]
    return pn, pd, kn, kd, unknown, d0, d1, dx


@kernel
def _per(S, plain_n, plain_d, per_kg_n, per_kg_d, power):
    """Both sums seen with a power of weight."""
    num, den = 0, 1
    if plain_n != 0:
        ok, n, d = weighed(S, plain_n, plain_d, power)
        if ok == 0:
            return 0, 0, 1
        num, den = lowest(n, d)
    if per_kg_n != 0:
        ok, n, d = weighed(S, per_kg_n, per_kg_d, power + 1)
        if ok == 0:
            return 0, 0, 1
        n, d = lowest(n, d)
        num, den = f_plus(S, num, den, n, d)
    return 1, num, den


@kernel
def _rate(S, L, at, power):
    """The rate of a segment seen with a power of weight: off is 0."""
    if L[at + SEG_RUN] == FALSE:
        return 1, 0, 1
    if L[at + SEG_RUN] == UNKNOWN or L[at + SEG_HAS] == 0:
        return 0, 0, 1
    return weighed(S, L[at + SEG_NUM], L[at + SEG_DEN], power - L[at + SEG_POW])


@kernel
def total(P, S, L, flow, power, bpn, bpd, bkn, bkd, b_unknown, b0, b1, bx, length):
    """The amount since `b` (a record of `G`): (known, n, d, slope n, slope d, wake).

    `length`: of the window that ends now, 0 where it grows. Slopes are per millisecond.
    """
    t = S[S_TIME]
    place = P[P[H_PFLOWS] + flow]
    drug = P[H_DR] + place * DR_W
    pdr = P[H_PDR] + place * PDR_W
    wake = NEVER
    if length > 0:
        k = _segment_at(P, S, L, flow, t - length + 1) + 1
        if k < S[P[H_FLOWS] + flow * F_W + F_SEGMENTS]:
            change = L[_segment(P, S, L, flow, k) + SEG_START]
            if change + length - 1 > t:
                wake = min(wake, change + length - 1)
        k = _doses_at(P, S, L, flow, t - length)
        if k < S[P[H_FLOWS] + flow * F_W + F_DOSES]:
            wake = min(wake, L[_dose(P, S, L, flow, k) + DOSE_TIME] + length)
    pn, pd, kn, kd, unknown, d0, d1, dx = up_to(P, S, L, flow, t)
    if dx - bx != 0:
        return 0, 0, 1, 0, 1, wake
    scale = P[pdr + PDR_DOSE_SCALE]
    ok, num, den = _per(S, d0 - b0, scale, d1 - b1, scale, power)
    if ok == 0:
        return 0, 0, 1, 0, 1, wake
    if P[pdr + PDR_BOLUS]:
        if S[drug + DR_LAST] == NONE and not silent(S):
            return 0, 0, 1, 0, 1, wake
        return 1, num, den, 0, 1, wake
    if unknown > b_unknown:
        return 0, 0, 1, 0, 1, wake
    n0, m0 = f_plus(S, pn, pd, -bpn, bpd)
    n1, m1 = f_plus(S, kn, kd, -bkn, bkd)
    ok, n, d = _per(S, n0, m0, n1, m1, power)
    if ok == 0:
        return 0, 0, 1, 0, 1, wake
    num, den = f_plus(S, num, den, n, d)
    # The rate as charted, whatever is supposed of the drug.
    at = _segment(P, S, L, flow, S[P[H_FLOWS] + flow * F_W + F_SEGMENTS] - 1)
    ok, rn, rd = _rate(S, L, at, power)
    if ok == 0:
        return 0, 0, 1, 0, 1, wake
    rn, rd = lowest(rn, rd)
    if length > 0:
        k = _segment_at(P, S, L, flow, t - length + 1)
        if k < 0:
            return 0, 0, 1, 0, 1, wake
        ok, gn, gd = _rate(S, L, _segment(P, S, L, flow, k), power)
        if ok == 0:
            return 0, 0, 1, 0, 1, wake
        gn, gd = lowest(gn, gd)
        rn, rd = f_plus(S, rn, rd, -gn, gd)
    return 1, num, den, rn, rd, wake


@kernel
def total_over(P, S, L, flow, power, length):
    """The total of the window of `length` milliseconds that ends now."""
    pn, pd, kn, kd, unknown, d0, d1, dx = up_to(P, S, L, flow, S[S_TIME] - length)
    return total(P, S, L, flow, power, pn, pd, kn, kd, unknown, d0, d1, dx, length)


@kernel
def total_since(P, S, L, flow, power, base, moment):
    """The total since a moment; `base`: where what had been given before it is kept."""
    if moment == S[S_TIME]:
        pn, pd, kn, kd, unknown, d0, d1, dx = up_to(P, S, L, flow, moment - 1)
    else:
        at = P[H_BASES] + base * G_W
        pn, pd, kn, kd = S[at], S[at + 1], S[at + 2], S[at + 3]
        unknown, d0, d1, dx = S[at + 4], S[at + 5], S[at + 6], S[at + 7]
    return total(P, S, L, flow, power, pn, pd, kn, kd, unknown, d0, d1, dx, 0)


@kernel
def keep_base(P, S, L, base, flow):
    """What had been given before the present instant, for totals from now on."""
    at = P[H_BASES] + base * G_W
    pn, pd, kn, kd, unknown, d0, d1, dx = up_to(P, S, L, flow, S[S_TIME] - 1)
    S[at], S[at + 1], S[at + 2], S[at + 3] = pn, pd, kn, kd
    S[at + 4], S[at + 5], S[at + 6], S[at + 7] = unknown, d0, d1, dx
