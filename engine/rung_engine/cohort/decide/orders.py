"""One written order on one patient: does it stand, at what dose, due or late. `decision.orders` over arrays.

The order at hand is the issue in `H_ISSUE`; `o` is where it is written in `P`, `at` where its standing is put
together in `S`. What it comes to is returned, and put into `H_RESULT` where it is not a standing.
"""

from __future__ import annotations

from rung_engine.cohort.decide.doses import amount_seen, rate_seen, seen_in, shown
from rung_engine.cohort.decide.gates import ceiling_seen, gate, withheld
from rung_engine.cohort.decide.lists import appended, one, room
from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.numbers import f_compare, f_plus
from rung_engine.cohort.view import (
    course_began,
    given,
    last_done,
    last_dose,
    last_reading,
    moment,
    rate_changed,
    truth,
)


@kernel
def evaluate(P, S, L, at):
    """The order of the issue; one that stands in another's place names the first of those."""
    instead = -1
    rule = S[P[H_ISSUE] + IS_RULE]
    condition = -1
    order = S[P[H_ISSUE] + IS_ORDER]
    result = INSTEAD
    while result == INSTEAD:
        o = P[H_ORDERS] + order * O_W
        result = _evaluate(P, S, L, o, at)
        if result == TIMED:
            _timing(P, S, L, o, at)
            result = GATED if P[o + O_OP] == GIVE else STANDS
        if result == GATED:
            result = gate(P, S, L, o, at)
        if result == INSTEAD:
            order = S[P[H_RESULT] + RE_ORDER]
            if instead < 0:
                instead = P[o + O_OP] * P[P[H_SIZES] + Z_TARGETS] + P[o + O_TARGET]
                condition = S[P[H_RESULT] + RE_MORE]
    if instead >= 0:
        if result == STANDS:
            S[at + ST_INSTEAD] = instead
        else:
            targets = P[P[H_SIZES] + Z_TARGETS]
            return withheld(P, S, rule, instead // targets, instead % targets, BEFORE, condition)
    return result


@kernel
def _evaluate(P, S, L, o, at):
    op = P[o + O_OP]
    if op == GO:
        return NOTHING
    standing(P, S, o, at, DUE)
    if op in (START, ADD, SET):
        return _begin_drug(P, S, o, at)
    if op in (INCREASE, DECREASE, TAPER):
        return _step(P, S, o, at)
    if op in (CONTINUE, PAUSE, STOP):
        return _hold_or_end(P, S, o, at)
    if op == GIVE:
        return _give(P, S, L, o, at)
    if op == MEASURE:
        return _measure(P, S, o, at)
    if op == DO:
        S[at + ST_LAST] = last_done(P, S, P[o + O_TASK])
        S[at + ST_START] = S[P[H_ISSUE] + IS_BEGAN]
        return TIMED
    if op == END:
        members = P[H_POOL] + P[o + O_MEMBERS]
        S[at + ST_MARK] = DONE_MARK
        for k in range(members + 1, members + 1 + P[members]):
            if S[P[H_DR] + P[k] * DR_W + DR_RUN] != FALSE:
                S[at + ST_MARK] = DUE
    return STANDS


@kernel
def standing(P, S, o, at, mark):
    """The issue's order as it stands with nothing more known of it."""
    issue = P[H_ISSUE]
    S[at + ST_OP] = P[o + O_OP]
    S[at + ST_TARGET] = P[o + O_TARGET]
    S[at + ST_STRENGTH] = S[issue + IS_STRENGTH]
    S[at + ST_MARK] = mark
    S[at + ST_CONFIRMED] = S[issue + IS_CONFIRMED]
    S[at + ST_DUE] = NONE
    S[at + ST_LATE] = NONE
    S[at + ST_CHOICE] = S[issue + IS_CHOICE]
    S[at + ST_CARRIED] = 1 if S[issue + IS_FROM] >= 0 else 0
    S[at + ST_INSTEAD] = -1
    S[at + ST_EVERY_LO] = NONE
    S[at + ST_EVERY_HI] = NONE
    S[at + ST_CONT] = P[o + O_CONT]
    S[at + ST_RULES] = one(P, S, S[issue + IS_RULE])
    S[at + ST_CHECK] = S[issue + IS_CHECK]
    S[at + ST_CAUTIONS] = P[H_ARENA]
    S[at + ST_DOSE] = 0
    S[at + ST_REMAINING] = 0
    S[at + ST_VOLUME] = 0
    S[at + ST_GONE] = KEPT
    S[at + ST_BEGUN] = 0


@kernel
def _waits(P, S, o, why, until):
    result = P[H_RESULT]
    S[result + RE_RULE] = S[P[H_ISSUE] + IS_RULE]
    S[result + RE_OP] = P[o + O_OP]
    S[result + RE_TARGET] = P[o + O_TARGET]
    S[result + RE_WHY] = why
    S[result + RE_MORE] = until
    return WAITS


@kernel
def _unseen(P, S, kind, place, why):
    """The rule is pending on this subject; on none where the place is -1."""
    result = P[H_RESULT]
    S[result + RE_RULE] = S[P[H_ISSUE] + IS_RULE]
    S[result + RE_OP] = kind
    S[result + RE_TARGET] = place
    S[result + RE_WHY] = why
    return UNSEEN


# ---------------------------------------------------------------- infusions


@kernel
def _begin_drug(P, S, o, at):
    drug = P[o + O_DRUG]
    doses = P[o + O_DOSE]
    if doses < 0:
        doses = usual_start(P, S, drug)
    at_dose = 0
    above = 0
    running = S[P[H_DR] + drug * DR_W + DR_RUN]
    if doses >= 0:
        rg = P[H_POOL] + doses
        dose = shown(P, S, P[rg + RG_SHAPE], P[rg + RG_LN], P[rg + RG_LD], P[rg + RG_HN], P[rg + RG_HD])
        S[at + ST_DOSE] = dose
        if running == TRUE:
            known, n, d = rate_seen(P, S, drug, P[rg + RG_DIM], P[rg + RG_POW])
            if known:
                over = f_compare(n, d, P[rg + RG_HN], P[rg + RG_HD])
                if over > 0:
                    above = 1
                elif f_compare(P[rg + RG_LN], P[rg + RG_LD], n, d) <= 0:
                    at_dose = 1
    if P[o + O_OP] == SET:
        if at_dose:
            S[at + ST_MARK] = DONE_MARK
    elif running == TRUE:
        # A rate above the written dose is a difference to report; a start never asks to lower it.
        S[at + ST_MARK] = DONE_MARK
        if above:
            S[at + ST_CAUTIONS] = one(P, S, P[o + O_ABOVE])
        return STANDS
    return GATED


@kernel
def usual_start(P, S, drug):
    """The dose of a start with none written: a restriction's, where it is not known to be off; or -1."""
    starts = P[H_POOL] + P[P[H_DOSING] + drug * DS_W + DS_STARTS]
    for k in range(P[starts]):
        at = starts + 1 + 2 * k
        if P[at] < 0 or truth(P, S, P[at]) != FALSE:
            return P[at + 1]
    return -1


@kernel
def _step(P, S, o, at):
    drug = P[o + O_DRUG]
    state = P[H_DR] + drug * DR_W
    if S[state + DR_RUN] == FALSE:
        return _waits(P, S, o, NOT_RUNNING, NONE)
    if S[state + DR_RUN] == UNKNOWN or S[state + DR_HAS] == 0:
        why = S[state + DR_WHY]
        return _unseen(P, S, 1, drug, why if why != 0 else WHY_RATE)
    rg = P[H_POOL] + P[o + O_STEP]
    known, n, d = rate_seen(P, S, drug, P[rg + RG_LDIM], P[rg + RG_LPOW])
    seen, has, bn, bd = (0, 0, 0, 1)
    if known:
        seen, has, bn, bd = _bound(P, S, o, rg, n, d)
    if seen == 0:
        weight = P[H_WEIGHT]
        return _unseen(P, S, 0, weight, S[P[H_IN] + weight * IN_W + IN_WHY] if weight >= 0 else 0)
    if has == 0:
        return _waits(P, S, o, AT_LIMIT, NONE)
    if P[o + O_EVERY_LO] >= 0:
        changed = rate_changed(P, S, drug)
        if changed != NONE and S[S_TIME] < changed + P[o + O_EVERY_LO]:
            return _waits(P, S, o, STEP_NOT_DUE, changed + P[o + O_EVERY_LO])
    increase = P[o + O_OP] == INCREASE
    if increase:
        ln, ld = f_plus(S, n, d, P[rg + RG_LN], P[rg + RG_LD])
        hn, hd = f_plus(S, n, d, P[rg + RG_HN], P[rg + RG_HD])
        if f_compare(bn, bd, ln, ld) < 0:
            ln, ld = bn, bd
        if f_compare(bn, bd, hn, hd) < 0:
            hn, hd = bn, bd
    else:
        ln, ld = f_plus(S, n, d, -P[rg + RG_HN], P[rg + RG_HD])
        hn, hd = f_plus(S, n, d, -P[rg + RG_LN], P[rg + RG_LD])
        if f_compare(bn, bd, ln, ld) > 0:
            ln, ld = bn, bd
        if f_compare(bn, bd, hn, hd) > 0:
            hn, hd = bn, bd
        if P[o + O_OP] == DECREASE and ln == 0:
            # Without a floor, the larger steps of a range would be a stop: they are not offered.
            ln, ld = hn, hd
    S[at + ST_DOSE] = shown(P, S, P[rg + RG_SHAPE], ln, ld, hn, hd)
    return GATED if increase else STANDS


@kernel
def _bound(P, S, o, rg, n, d):
    """The rate a step may reach, in the step's dimensions: whether every limit can be seen, whether the rate
    n/d is short of it, and the bound.
    """
    dim, power = P[rg + RG_LDIM], P[rg + RG_LPOW]
    op = P[o + O_OP]
    has, bn, bd = (0, 0, 1)
    if P[o + O_LIMIT] >= 0:
        has, bn, bd = amount_seen(P, S, P[o + O_LIMIT], dim, power)
        if has == 0:
            return 0, 0, 0, 1
    if op == INCREASE:
        at = P[H_POOL] + P[P[H_DOSING] + P[o + O_DRUG] * DS_W + DS_CEILINGS]
        for k in range(P[at]):
            ce = at + 1 + k * CE_W
            if P[ce + CE_COND] >= 0 and truth(P, S, P[ce + CE_COND]) == FALSE:
                continue
            seen, cn, cd = ceiling_seen(P, S, ce, dim, power)
            if seen == 0:
                return 0, 0, 0, 1
            if has == 0 or f_compare(cn, cd, bn, bd) < 0:
                has, bn, bd = 1, cn, cd
        return 1, 1 if has and f_compare(n, d, bn, bd) < 0 else 0, bn, bd
    if op == TAPER:
        return 1, 1, 0, 1
    if P[o + O_LIMIT] >= 0:
        return 1, 1 if f_compare(n, d, bn, bd) > 0 else 0, bn, bd
    # A decrease without a floor never turns into a stop.
    return 1, 1 if f_compare(n, d, P[rg + RG_LN], P[rg + RG_LD]) > 0 else 0, 0, 1


@kernel
def _hold_or_end(P, S, o, at):
    running = S[P[H_DR] + P[o + O_DRUG] * DR_W + DR_RUN]
    if P[o + O_OP] == CONTINUE:
        return NOTHING if running == FALSE else GATED
    if running == FALSE:
        S[at + ST_MARK] = DONE_MARK
    return STANDS


# ---------------------------------------------------------------- doses, measuring, doing


@kernel
def _give(P, S, L, o, at):
    if P[o + O_DOSE] >= 0:
        _give_dose(P, S, o, at)
    if P[o + O_VOLUME] >= 0:
        volume = P[H_POOL] + P[o + O_VOLUME]
        dose = room(P, S, DO_MORE, 1)
        S[dose + DO_SHAPE] = P[volume]
        S[dose + DO_FIGURES] = 0
        S[dose + DO_LO] = P[volume + 1]
        S[dose + DO_HI] = P[volume + 2]
        S[at + ST_VOLUME] = dose
    if P[o + O_TOTAL] >= 0:
        total = P[H_POOL] + P[o + O_TOTAL]
        known, n, d = given(P, S, L, P[o + O_DRUG], P[total + AM_POW])
        if known:
            n, d = f_plus(S, P[total + AM_N], P[total + AM_D], -n, d)
            if n <= 0:
                S[at + ST_MARK] = DONE_MARK
                return GATED
            S[at + ST_REMAINING] = shown(P, S, P[total + AM_SHAPE], n, d, n, d)
    S[at + ST_LAST] = last_dose(P, S, P[o + O_DRUG])
    S[at + ST_START] = S[P[H_ISSUE] + IS_BEGAN]
    return TIMED


@kernel
def _give_dose(P, S, o, at):
    rg = P[H_POOL] + P[o + O_DOSE]
    shape, ln, ld, hn, hd = P[rg + RG_SHAPE], P[rg + RG_LN], P[rg + RG_LD], P[rg + RG_HN], P[rg + RG_HD]
    if P[o + O_CAP] >= 0:
        known, n, d = amount_seen(P, S, P[o + O_CAP], P[rg + RG_DIM], P[rg + RG_POW])
        if known == 0:
            S[at + ST_CONFIRMED] = 0
            S[at + ST_CHECK] = appended(P, S, S[at + ST_CHECK], P[P[H_SIZES] + Z_WEIGHT_CHECK])
        elif f_compare(n, d, hn, hd) < 0:
            cap = P[H_POOL] + P[o + O_CAP]
            shape, hn, hd = P[cap + AM_SHAPE], P[cap + AM_N], P[cap + AM_D]
            known, n, d = seen_in(
                S, ln, ld, P[rg + RG_LDIM], P[rg + RG_LPOW], P[cap + AM_DIM], P[cap + AM_POW]
            )
            ln, ld = hn, hd
            if known and f_compare(n, d, hn, hd) < 0:
                ln, ld = n, d
    S[at + ST_DOSE] = shown(P, S, shape, ln, ld, hn, hd)


@kernel
def _measure(P, S, o, at):
    members = P[H_POOL] + P[o + O_MEMBERS]
    n = P[members]
    if P[o + O_CONT]:
        S[at + ST_MARK] = NOT_DUE
        for k in range(members + 1, members + 1 + n):
            if S[P[H_IN] + P[k] * IN_W + IN_WHY] != 0:
                S[at + ST_MARK] = LATE
        return STANDS
    last = -NONE
    for k in range(members + 1, members + 1 + n):
        last = min(last, last_reading(P, S, P[k]))
    S[at + ST_LAST] = last
    S[at + ST_START] = 0
    return TIMED


@kernel
def _timing(P, S, L, o, at):
    """Due, late or done, from the last giving, reading or doing."""
    since = S[P[H_ISSUE] + IS_SINCE]
    now = S[S_TIME]
    mark = S[at + ST_MARK]
    last = S[at + ST_LAST]
    due = NONE
    late = NONE
    every = P[o + O_EVERY_LO] >= 0
    if every:
        lo, hi = P[o + O_EVERY_LO], P[o + O_EVERY_HI]
        S[at + ST_EVERY_LO] = lo
        S[at + ST_EVERY_HI] = hi
        due = since if last == NONE else last + lo
        # One so old that the order would be late when it first stands is as none.
        late = (since if last == NONE or last + hi < since else last) + hi
        mark = DUE if now >= due else NOT_DUE
    elif P[o + O_ONCE] != ONCE_NO:
        start = S[at + ST_START]
        if P[o + O_ONCE] == ONCE_COURSE and P[o + O_COURSE] >= 0:
            start = course_began(P, S, P[o + O_COURSE])
        if last != NONE and start != NONE and last >= start:
            S[at + ST_MARK] = DONE_MARK
            return
    elif last != NONE and last >= since and P[o + O_TOTAL] < 0:
        S[at + ST_MARK] = DONE_MARK
        return
    if P[o + O_WITHIN] >= 0:
        begin = since if P[o + O_WITHIN_REF] < 0 else moment(P, S, P[o + O_WITHIN_REF])
        met = every and last != NONE and last >= since
        if begin != NONE and not met:
            deadline = begin + P[o + O_WITHIN]
            late = deadline if late == NONE else min(late, deadline)
    if late != NONE and now > late:
        mark = LATE
    S[at + ST_MARK] = mark
    S[at + ST_DUE] = due
    S[at + ST_LATE] = late
