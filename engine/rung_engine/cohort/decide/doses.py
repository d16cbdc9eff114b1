"""Amounts seen in other dimensions, and doses as they are shown. See `program.Amount` and
`decision.orders`.
"""

from __future__ import annotations

from rung_engine.cohort.decide.lists import room
from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.numbers import f_compare, f_round, f_times


@kernel
def weighted(S, n, d, power):
    """n/d times the body weight to this power."""
    for _ in range(power):
        n, d = f_times(S, n, d, S[S_W_NUM], S[S_W_DEN])
    if power < 0:
        if S[S_W_NUM] <= 0:
            S[S_FAIL] = FAIL_DIMS
            return n, d
        for _ in range(-power):
            n, d = f_times(S, n, d, S[S_W_DEN], S[S_W_NUM])
    return n, d


@kernel
def seen_in(S, n, d, dim, power, want, want_power):
    """(1, the same amount in other dimensions), or (0, 0, 1) where they cannot meet."""
    if dim != want:
        return 0, 0, 1
    if power == want_power:
        return 1, n, d
    if S[S_W_KNOWN] == 0 or S[S_W_NUM] <= 0:
        return 0, 0, 1
    n, d = weighted(S, n, d, want_power - power)
    return 1, n, d


@kernel
def amount_seen(P, S, amount, want, want_power):
    """`seen_in` of an amount in the pool."""
    a = P[H_POOL] + amount
    return seen_in(S, P[a + AM_N], P[a + AM_D], P[a + AM_DIM], P[a + AM_POW], want, want_power)


@kernel
def rate_seen(P, S, drug, want, want_power):
    """`seen_in` of a drug's present rate."""
    r = P[H_DR] + drug * DR_W
    if S[r + DR_HAS] == 0:
        return 0, 0, 1
    dim = P[P[H_DOSING] + drug * DS_W + DS_DIM]
    return seen_in(S, S[r + DR_NUM], S[r + DR_DEN], dim, S[r + DR_POW], want, want_power)


@kernel
def _rounded(S, n, d, kn, kd):
    """n/d * kn/kd, rounded half to even."""
    n, d = f_times(S, n, d, kn, kd)
    return n if d == 1 else f_round(S, n, d)


@kernel
def shown(P, S, shape, ln, ld, hn, hd):
    """A dose of this shape, from coherent units; with the patient's own numbers."""
    sh = P[H_SHAPES] + shape * SH_W
    flows = P[H_POOL] + P[sh + SH_FLOWS]
    power = P[sh + SH_POW]
    known = S[S_W_KNOWN]
    at = room(P, S, DO_MORE + 2 + 2 * P[flows], 1)
    single = ln == hn and ld == hd
    S[at + DO_SHAPE] = shape
    low = _rounded(S, ln, ld, P[sh + SH_KN], P[sh + SH_KD])
    S[at + DO_LO] = low
    S[at + DO_HI] = low if single else _rounded(S, hn, hd, P[sh + SH_KN], P[sh + SH_KD])
    end = at + DO_MORE
    if power != 0 and known:
        ln, ld = weighted(S, ln, ld, -power)
        if not single:
            hn, hd = weighted(S, hn, hd, -power)
        if P[sh + SH_PLAIN]:
            S[end] = _rounded(S, ln, ld, P[sh + SH_PN], P[sh + SH_PD])
            S[end + 1] = S[end] if single else _rounded(S, hn, hd, P[sh + SH_PN], P[sh + SH_PD])
            end += 2
    if power == 0 or known:
        for k in range(P[flows]):
            kn, kd = P[flows + 1 + 2 * k], P[flows + 2 + 2 * k]
            S[end] = _rounded(S, ln, ld, kn, kd)
            S[end + 1] = S[end] if single else _rounded(S, hn, hd, kn, kd)
            end += 2
    S[at + DO_FIGURES] = (end - at - DO_MORE) // 2
    return at


@kernel
def same_dose(S, a, b):
    """Equal in all their parts; 0 is no dose."""
    if a == b:
        return 1
    if a == 0 or b == 0:
        return 0
    if S[a + DO_FIGURES] != S[b + DO_FIGURES]:
        return 0
    for k in range(DO_MORE + 2 * S[a + DO_FIGURES]):
        if S[a + k] != S[b + k]:
            return 0
    return 1


@kernel
def width(S, dose):
    return S[dose + DO_HI] - S[dose + DO_LO] if dose != 0 else 0


@kernel
def holds_dose(P, S, wide, narrow):
    """One range of doses, in one unit, holds the other."""
    if wide == 0 or narrow == 0:
        return 1 if wide == narrow else 0
    shapes = P[H_SHAPES] + SH_UNIT
    if P[shapes + S[wide + DO_SHAPE] * SH_W] != P[shapes + S[narrow + DO_SHAPE] * SH_W]:
        return 0
    return 1 if S[wide + DO_LO] <= S[narrow + DO_LO] and S[narrow + DO_HI] <= S[wide + DO_HI] else 0


@kernel
def inside(P, S, a, b):
    """All of dose `a` lies in `b`; 0 where they are of different kinds."""
    one = P[H_SHAPES] + S[a + DO_SHAPE] * SH_W
    other = P[H_SHAPES] + S[b + DO_SHAPE] * SH_W
    if P[one + SH_UNIT] == P[other + SH_UNIT]:
        return 1 if S[b + DO_LO] <= S[a + DO_LO] and S[a + DO_HI] <= S[b + DO_HI] else 0
    if P[one + SH_DIM] != P[other + SH_DIM] or P[one + SH_POW] != P[other + SH_POW]:
        return 0
    an, ad = f_times(S, S[a + DO_LO], 1, P[one + SH_KD], P[one + SH_KN])
    bn, bd = f_times(S, S[b + DO_LO], 1, P[other + SH_KD], P[other + SH_KN])
    if f_compare(bn, bd, an, ad) > 0:
        return 0
    an, ad = f_times(S, S[a + DO_HI], 1, P[one + SH_KD], P[one + SH_KN])
    bn, bd = f_times(S, S[b + DO_HI], 1, P[other + SH_KD], P[other + SH_KN])
    return 1 if f_compare(an, ad, bn, bd) <= 0 else 0


@kernel
def written_dose(S, dose, at):
    """The dose copied to `at`, its length before; where it ends."""
    if dose == 0:
        S[at] = 0
        return at + 1
    n = DO_MORE + 2 * S[dose + DO_FIGURES]
    S[at] = n
    for k in range(n):
        S[at + 1 + k] = S[dose + k]
    return at + 1 + n
