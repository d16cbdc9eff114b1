"""What a rule issues, and a session at rest: the last part of `decision.fold` over arrays."""

from __future__ import annotations

from rung_engine.cohort.decide.lists import holds
from rung_engine.cohort.decide.rules import rules_at
from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.view import truth


@kernel
def unsettled(P, S, slot):
    """This condition needs its fewest readings."""
    count = P[H_FOLD] + F_N_UNSETTLED
    n = S[count]
    for k in range(n):
        if S[P[H_UNSETTLED] + k] == slot:
            return
    if n >= P[P[H_SIZES] + Z_UNSETTLED]:
        S[S_FAIL] = FAIL_SPACE
        return
    S[P[H_UNSETTLED] + n] = slot
    S[count] = n + 1


@kernel
def issues(P, S, rank, since, confirmed, check, telling):
    """Lists the orders a rule issues now. A `prefer` whose choice is unknown leaves the rule pending, which
    `telling` says to tell.
    """
    issue = P[H_ISSUE]
    S[issue + IS_RULE] = rank
    S[issue + IS_SINCE] = since
    S[issue + IS_CONFIRMED] = confirmed
    S[issue + IS_CHECK] = check
    S[issue + IS_FROM] = -1
    S[issue + IS_BEGAN] = S[P[H_FOLD] + F_BEGAN]
    choices = P[H_POOL] + P[P[H_RULES] + rank * RU_W + RU_CHOICES]
    for index in range(P[choices]):
        _choice(P, S, P[H_POOL] + P[choices + 1 + index], telling)


@kernel
def _choice(P, S, ch, telling):
    """Lists the orders of one choice; how many there are."""
    issue = P[H_ISSUE]
    form = P[ch + CH_FORM]
    S[issue + IS_STRENGTH] = P[ch + CH_STRENGTH]
    S[issue + IS_CHOICE] = P[ch + CH_LABEL] if form == EITHER else 0
    found = 0
    for k in range(P[ch + CH_N]):
        arm = ch + CH_ORDERS + 3 * k
        if form == ONE and S[issue + IS_CONFIRMED]:
            op = P[P[H_ORDERS] + P[arm] * O_W + O_OP]
            if op in (GO, FINISH):
                continue
        if form == PREFER and P[arm + 1] >= 0:
            met = truth(P, S, P[arm + 1])
            if met == UNKNOWN:
                if telling:
                    unsettled(P, S, P[arm + 2])
                break
            if met == FALSE:
                continue
        found += 1
        S[issue + IS_ORDER] = P[arm]
        _list(P, S)
        if form == PREFER:
            break
    return found


@kernel
def _list(P, S):
    """The issue at hand is one of those to be judged."""
    issue = P[H_ISSUE]
    n = S[P[H_FOLD] + F_N_ISSUES] + 1
    if n > P[P[H_SIZES] + Z_STANDING]:
        S[S_FAIL] = FAIL_SPACE
        return
    S[P[H_FOLD] + F_N_ISSUES] = n
    for field in range(IS_W):
        S[issue + n * IS_W + field] = S[issue + field]


# ---------------------------------------------------------------- at rest


@kernel
def set_since(P, S, rank, time):
    """When the orders of a rule first stood."""
    at = P[H_STOOD] + rank
    if S[at] != time:
        S[at] = time
        S[P[H_FOLD] + F_SINCE_MOVED] = 1


@kernel
def rest(P, S):
    """Lists what the rules issue in the stage where the session rests, and what is carried."""
    fold = P[H_FOLD]
    stage = S[fold + F_STAGE]
    if stage != S[fold + F_RESTED]:
        for rank in range(P[P[H_SIZES] + Z_RULES]):
            own = P[P[H_RULES] + rank * RU_W + RU_STAGE]
            if own >= 0 and own != stage:
                set_since(P, S, rank, NONE)
    at = rules_at(P, stage)
    for k in range(at + 1, at + 1 + P[at]):
        rank = P[k]
        state = S[P[H_JUDGED] + rank * JU_W + JU_STATE]
        if state == SILENT:
            if S[P[H_STOOD] + rank] != NONE:
                set_since(P, S, rank, NONE)
        elif state == PENDING:
            unsettled(P, S, P[P[H_RULES] + rank * RU_W + RU_SLOT])
        else:
            _issue(P, S, rank, state)
    _carry(P, S, stage)


@kernel
def _issue(P, S, rank, state):
    rule = P[H_RULES] + rank * RU_W
    if S[P[H_STOOD] + rank] == NONE:
        set_since(P, S, rank, S[S_TIME])
    if state == UNCONFIRMED and P[rule + RU_UNLESS] >= 0 and truth(P, S, P[rule + RU_UNLESS]) == UNKNOWN:
        unsettled(P, S, P[rule + RU_UNLESS_SLOT])
    check = S[P[H_JUDGED] + rank * JU_W + JU_CHECK]
    issues(P, S, rank, S[P[H_STOOD] + rank], 1 if state == FIRES else 0, check, 1)


@kernel
def is_live(P, S, stage, rank):
    """The rule is judged here, and fires or would."""
    own = P[P[H_RULES] + rank * RU_W + RU_STAGE]
    if own >= 0 and own != stage:
        return 0
    state = S[P[H_JUDGED] + rank * JU_W + JU_STATE]
    return 1 if state in (FIRES, UNCONFIRMED) else 0


@kernel
def _carry(P, S, stage):
    """Lists the carried orders, but for those of rules that issue them anew."""
    issue = P[H_ISSUE]
    for k in range(S[P[H_FOLD] + F_N_CARRIED]):
        at = P[H_CARRIED] + k * CA_W
        S[at + CA_FOUND] = 0
        S[at + CA_LEFT] = 0
        if not is_live(P, S, stage, S[at + CA_RULE]):
            S[issue + IS_RULE] = S[at + CA_RULE]
            S[issue + IS_SINCE] = S[at + CA_SINCE]
            S[issue + IS_CONFIRMED] = 1
            S[issue + IS_CHECK] = P[H_ARENA]
            S[issue + IS_FROM] = k
            S[issue + IS_BEGAN] = S[P[H_FOLD] + F_BEGAN]
            S[at + CA_FOUND] = _choice(P, S, _carried_choice(P, S, at), 1)


@kernel
def _carried_choice(P, S, at):
    choices = P[H_POOL] + P[P[H_RULES] + S[at + CA_RULE] * RU_W + RU_CHOICES]
    return P[H_POOL] + P[choices + 1 + S[at + CA_CHOICE]]


@kernel
def carry_on(P, S):
    """Which orders are carried further: not those carried out, nor those that lost to one that is given,
    where no other arm of the choice is left.
    """
    table = P[H_CARRIED]
    stage = S[P[H_FOLD] + F_STAGE]
    kept = 0
    for k in range(S[P[H_FOLD] + F_N_CARRIED]):
        at = table + k * CA_W
        rank = S[at + CA_RULE]
        if not is_live(P, S, stage, rank):
            if S[at + CA_FOUND] > 0 and S[at + CA_LEFT] == 0:
                continue
            if _given_up(P, S, rank, _carried_choice(P, S, at)):
                continue
        for field in range(CA_W):
            S[table + kept * CA_W + field] = S[at + field]
        kept += 1
    S[P[H_FOLD] + F_N_CARRIED] = kept


@kernel
def _given_up(P, S, rank, ch):
    lost = 0
    for k in range(S[P[H_FOLD] + F_N_STANDING]):
        at = P[H_STANDING] + k * ST_W
        if S[at + ST_GONE] == LOST and S[at + ST_CARRIED] and _is_of(P, S, at, rank, ch):
            lost = 1
    if lost == 0:
        return 0
    for k in range(S[P[H_FOLD] + F_N_PLACES]):
        if _is_of(P, S, P[H_STANDING] + S[P[H_PLACES] + k] * ST_W, rank, ch):
            return 0
    return 1


@kernel
def _is_of(P, S, at, rank, ch):
    """The standing order comes from this choice of this rule."""
    for k in range(P[ch + CH_N]):
        if P[P[H_ORDERS] + P[ch + CH_ORDERS + 3 * k] * O_W + O_TARGET] == S[at + ST_TARGET]:
            return holds(S, S[at + ST_RULES], rank)
    return 0
