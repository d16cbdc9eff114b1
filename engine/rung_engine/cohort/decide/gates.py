"""What may forbid an order: prerequisites, contraindications, availability, the maximum. The end of
`decision.orders` over arrays; `o` and `at` as in `orders`. What is unknown unconfirms.
"""

from __future__ import annotations

from rung_engine.cohort.decide.doses import rate_seen, seen_in, shown
from rung_engine.cohort.decide.lists import with_item
from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.numbers import f_compare, f_plus, f_times
from rung_engine.cohort.view import rolling, truth


@kernel
def withheld(P, S, rule, op, target, why, detail):
    """The order may not be given."""
    result = P[H_RESULT]
    S[result + RE_RULE] = rule
    S[result + RE_OP] = op
    S[result + RE_TARGET] = target
    S[result + RE_WHY] = why
    S[result + RE_MORE] = detail
    return FORBIDDEN


@kernel
def _withheld(P, S, o, why, detail):
    return withheld(P, S, S[P[H_ISSUE] + IS_RULE], P[o + O_OP], P[o + O_TARGET], why, detail)


@kernel
def in_doubt(P, S, at, check):
    """The order unconfirmed until this is found out."""
    S[at + ST_CONFIRMED] = 0
    S[at + ST_CHECK] = with_item(P, S, S[at + ST_CHECK], check)


@kernel
def gate(P, S, L, o, at):
    """The order as it may be given, what forbids it, or that another is to be judged in its place."""
    if S[at + ST_MARK] == DONE_MARK:
        return STANDS
    op = P[o + O_OP]
    drug = P[o + O_DRUG]
    dosing = P[H_DOSING] + drug * DS_W
    co = P[H_POOL] + P[dosing + DS_CONTRA]
    for k in range(P[co]):
        one = co + 1 + k * CO_W
        on = TRUE if P[one + CO_COND] < 0 else truth(P, S, P[one + CO_COND])
        if on == TRUE:
            return _withheld(P, S, o, CONTRAINDICATED, P[one + CO_DETAIL])
        if on == UNKNOWN:
            in_doubt(P, S, at, P[one + CO_CHECK])
    running = S[P[H_DR] + drug * DR_W + DR_RUN]
    if op in (START, ADD, GIVE) or (op == SET and running != TRUE):
        found = _may_begin(P, S, o, at, dosing)
        if found != STANDS:
            return found
    if _below_maximum(P, S, o, at, dosing) != STANDS:
        return FORBIDDEN
    return _below_rolling(P, S, L, o, at, dosing)


@kernel
def _may_begin(P, S, o, at, dosing):
    """Not beside what it is incompatible with, where it is to be had, and after what must come before."""
    pa = P[H_POOL] + P[dosing + DS_PAIRS]
    for k in range(P[pa]):
        one = pa + 1 + k * PA_W
        runs = S[P[H_DR] + P[one + PA_DRUG] * DR_W + DR_RUN]
        if runs == TRUE:
            return _withheld(P, S, o, INCOMPATIBLE, P[one + PA_DETAIL])
        if runs == UNKNOWN:
            in_doubt(P, S, at, P[one + PA_CHECK])
    if P[dosing + DS_AVAILABLE] >= 0:
        there = truth(P, S, P[dosing + DS_AVAILABLE])
        if there == FALSE:
            return _withheld(P, S, o, UNAVAILABLE, 0)
        if there == UNKNOWN:
            in_doubt(P, S, at, P[dosing + DS_AVAILABLE_CHECK])
    be = P[H_POOL] + P[dosing + DS_BEFORES]
    for k in range(P[be]):
        one = be + 1 + k * BE_W
        met = truth(P, S, P[one + BE_COND])
        if met == TRUE:
            continue
        if P[one + BE_PREFER]:
            S[at + ST_CAUTIONS] = with_item(P, S, S[at + ST_CAUTIONS], P[one + BE_CAUTION])
        elif met == UNKNOWN:
            in_doubt(P, S, at, P[one + BE_CHECK])
        elif P[one + BE_OTHERWISE] >= 0:
            S[P[H_RESULT] + RE_ORDER] = P[one + BE_OTHERWISE]
            S[P[H_RESULT] + RE_MORE] = P[one + BE_DETAIL]
            return INSTEAD
        else:
            return _withheld(P, S, o, BEFORE, P[one + BE_DETAIL])
    return STANDS


@kernel
def ceiling_seen(P, S, ce, dim, power):
    """`seen_in` of a ceiling."""
    return seen_in(S, P[ce + CE_N], P[ce + CE_D], P[ce + CE_DIM], P[ce + CE_POW], dim, power)


@kernel
def _below_maximum(P, S, o, at, dosing):
    """A dose that may be given at all, its range cut at the maximum; a rate above it is not continued."""
    op = P[o + O_OP]
    ceilings = P[H_POOL] + P[dosing + DS_CEILINGS]
    for k in range(P[ceilings]):
        ce = ceilings + 1 + k * CE_W
        if P[ce + CE_COND] >= 0 and truth(P, S, P[ce + CE_COND]) == FALSE:
            continue
        if op == CONTINUE:
            known, n, d = rate_seen(P, S, P[o + O_DRUG], P[ce + CE_DIM], P[ce + CE_POW])
            if known and f_compare(n, d, P[ce + CE_N], P[ce + CE_D]) > 0:
                return _withheld(P, S, o, MAXIMUM, P[ce + CE_DETAIL])
        dose = S[at + ST_DOSE]
        if dose == 0 or (DOSED >> op) & 1 == 0:
            continue
        sh = P[H_SHAPES] + S[dose + DO_SHAPE] * SH_W
        if op == GIVE and P[sh + SH_TIME] != P[ce + CE_TIME]:
            # A daily amount is bounded by rolling totals; the maximum of one dose says nothing about it.
            # Nor does the maximum of a rate about a dose, of a drug that is given both ways.
            continue
        known, n, d = ceiling_seen(P, S, ce, P[sh + SH_DIM], P[sh + SH_POW])
        if known == 0:
            in_doubt(P, S, at, P[P[H_SIZES] + Z_WEIGHT_CHECK])
        elif _cut(P, S, o, at, sh, n, d, P[ce + CE_DETAIL]) != STANDS:
            return FORBIDDEN
    return STANDS


@kernel
def _cut(P, S, o, at, sh, n, d, detail):
    """No dose above n/d, in coherent units; none at all where even the smallest is."""
    dose = S[at + ST_DOSE]
    ln, ld = f_times(S, S[dose + DO_LO], 1, P[sh + SH_KD], P[sh + SH_KN])
    if f_compare(ln, ld, n, d) > 0:
        return _withheld(P, S, o, MAXIMUM, detail)
    hn, hd = f_times(S, S[dose + DO_HI], 1, P[sh + SH_KD], P[sh + SH_KN])
    if f_compare(hn, hd, n, d) > 0:
        S[at + ST_DOSE] = shown(P, S, S[dose + DO_SHAPE], ln, ld, n, d)
    return STANDS


@kernel
def window_left(P, S, L, wi):
    """Whether a rolling maximum is in force; whether what is left of it is known, and that."""
    if P[wi + WI_COND] >= 0 and truth(P, S, P[wi + WI_COND]) == FALSE:
        return 0, 0, 0, 1
    known, n, d = rolling(P, S, L, P[wi + WI_WINDOW])
    if known == 0:
        return 1, 0, 0, 1
    n, d = f_plus(S, P[wi + WI_N], P[wi + WI_D], -n, d)
    return 1, 1, n, d


@kernel
def _below_rolling(P, S, L, o, at, dosing):
    """What was given in the window leaves room for the dose, or for any flow at all."""
    op = P[o + O_OP]
    if (GIVES >> op) & 1 == 0:
        return STANDS
    windows = P[H_POOL] + P[dosing + DS_WINDOWS]
    for k in range(P[windows]):
        wi = windows + 1 + k * WI_W
        on, known, n, d = window_left(P, S, L, wi)
        if on == 0:
            continue
        if known == 0:
            in_doubt(P, S, at, P[dosing + DS_ROLLING_CHECK])
        elif n <= 0:
            return _withheld(P, S, o, MAXIMUM, P[wi + WI_DETAIL])
        elif op == GIVE and S[at + ST_DOSE] != 0:
            sh = P[H_SHAPES] + S[S[at + ST_DOSE] + DO_SHAPE] * SH_W
            dim = P[wi + WI_DIM]
            if P[sh + SH_TIME] and P[wi + WI_TIME] == 0:
                # An even rate over the window, where the dose is written as one (200 mg/day).
                dim = P[wi + WI_DIM_PER]
                n, d = f_times(S, n, d, 1, P[wi + WI_OVER])
            known, n, d = seen_in(S, n, d, dim, P[wi + WI_POW], P[sh + SH_DIM], P[sh + SH_POW])
            if known == 0:
                in_doubt(P, S, at, P[P[H_SIZES] + Z_WEIGHT_CHECK])
            elif _cut(P, S, o, at, sh, n, d, P[wi + WI_DETAIL]) != STANDS:
                return FORBIDDEN
    return STANDS
