"""What stands of the orders that rules issue: merged, narrowed, in need and in doubt. The middle of
`decision.fold` over arrays.
"""

from __future__ import annotations

from rung_engine.cohort.decide.doses import holds_dose, inside, same_dose, width
from rung_engine.cohort.decide.gates import in_doubt
from rung_engine.cohort.decide.lists import order_of, union
from rung_engine.cohort.decide.orders import evaluate, standing
from rung_engine.cohort.decide.rules import rules_at
from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.view import rate_changed


@kernel
def clear_orders(P, S):
    """Nothing collected yet."""
    fold = P[H_FOLD]
    S[fold + F_N_STANDING] = 0
    S[fold + F_N_PLACES] = 0
    S[fold + F_N_WAITING] = 0
    S[fold + F_N_WITHHELD] = 0
    S[fold + F_N_PENDING] = 0
    S[fold + F_N_ISSUES] = 0


@kernel
def next_standing(P, S):
    """Where the next standing order goes; the last place again where there is no room."""
    n = S[P[H_FOLD] + F_N_STANDING]
    if n >= P[P[H_SIZES] + Z_STANDING]:
        S[S_FAIL] = FAIL_SPACE
        n = P[P[H_SIZES] + Z_STANDING] - 1
        S[P[H_FOLD] + F_N_STANDING] = n
    return P[H_STANDING] + n * ST_W


@kernel
def collect(P, S, L):
    """Every issue judged and kept; the same order from several rules becomes one."""
    fold = P[H_FOLD]
    issue = P[H_ISSUE]
    for k in range(1, 1 + S[fold + F_N_ISSUES]):
        for field in range(IS_W):
            S[issue + field] = S[issue + k * IS_W + field]
        at = next_standing(P, S)
        o = P[H_ORDERS] + S[issue + IS_ORDER] * O_W
        op = P[o + O_OP]
        if op in (GO, FINISH):
            standing(P, S, o, at, DUE)
            S[at + ST_CONFIRMED] = 0
            S[at + ST_CHOICE] = 0
            S[at + ST_CARRIED] = 0
            S[at + ST_CONT] = 0
            result = STANDS
        elif _was_stepped(P, S, o):
            continue
        else:
            result = evaluate(P, S, L, at)
            if result == STANDS and _is_carried_out(P, S, o, at):
                continue
        if S[issue + IS_FROM] >= 0:
            S[P[H_CARRIED] + S[issue + IS_FROM] * CA_W + CA_LEFT] += 1
        if result == STANDS:
            _stand(P, S, at)
        elif result == WAITS:
            _keep(P, S, P[H_WAITING], fold + F_N_WAITING, P[P[H_SIZES] + Z_WAITING])
        elif result == FORBIDDEN:
            _keep(P, S, P[H_WITHHELD], fold + F_N_WITHHELD, P[P[H_SIZES] + Z_WITHHELD])
        elif result == UNSEEN:
            S[P[H_RESULT] + RE_MORE] = NONE
            _keep(P, S, P[H_PENDING], fold + F_N_PENDING, P[P[H_SIZES] + Z_PENDING])


@kernel
def _was_stepped(P, S, o):
    """A carried step was taken."""
    if S[P[H_ISSUE] + IS_FROM] < 0 or (STEPS >> P[o + O_OP]) & 1 == 0:
        return False
    return rate_changed(P, S, P[o + O_DRUG]) > S[P[H_ISSUE] + IS_SINCE]


@kernel
def _is_carried_out(P, S, o, at):
    """The drug runs as ordered, the task is done; what recurs never is."""
    if S[P[H_ISSUE] + IS_FROM] < 0 or (STEPS >> P[o + O_OP]) & 1 or P[o + O_EVERY_LO] >= 0:
        return False
    return S[at + ST_MARK] == DONE_MARK and S[at + ST_INSTEAD] < 0


@kernel
def _stand(P, S, at):
    fold = P[H_FOLD]
    n = S[fold + F_N_STANDING]
    for k in range(n):
        other = P[H_STANDING] + k * ST_W
        if (
            same_kind(S, other, at)
            and same_dose(S, S[other + ST_DOSE], S[at + ST_DOSE])
            and same_dose(S, S[other + ST_VOLUME], S[at + ST_VOLUME])
        ):
            merge(P, S, other, at)
            return
    S[P[H_PLACES] + n] = n
    S[fold + F_N_STANDING] = n + 1
    S[fold + F_N_PLACES] = n + 1


@kernel
def _keep(P, S, table, count, most):
    """The result in its table, unless it is there."""
    n = S[count]
    result = P[H_RESULT]
    for k in range(n):
        at = table + k * RE_W
        if (
            S[at + RE_RULE] == S[result + RE_RULE]
            and S[at + RE_OP] == S[result + RE_OP]
            and S[at + RE_TARGET] == S[result + RE_TARGET]
            and S[at + RE_WHY] == S[result + RE_WHY]
            and S[at + RE_MORE] == S[result + RE_MORE]
        ):
            return
    if n >= most:
        S[S_FAIL] = FAIL_SPACE
        return
    for k in range(RE_W):
        S[table + n * RE_W + k] = S[result + k]
    S[count] = n + 1


@kernel
def same_kind(S, a, b):
    """What two standing orders must share to be one order, their doses and volumes aside."""
    if S[a + ST_TARGET] != S[b + ST_TARGET]:
        return 0
    one, other = S[a + ST_OP], S[b + ST_OP]
    if one != other and not ((one in (START, ADD)) and (other in (START, ADD))):
        return 0
    if (
        S[a + ST_CHOICE] != S[b + ST_CHOICE]
        or S[a + ST_EVERY_LO] != S[b + ST_EVERY_LO]
        or S[a + ST_EVERY_HI] != S[b + ST_EVERY_HI]
        or S[a + ST_CONT] != S[b + ST_CONT]
    ):
        return 0
    return same_dose(S, S[a + ST_REMAINING], S[b + ST_REMAINING])


@kernel
def merge(P, S, a, b):
    """`b` into `a`: the greatest strength, all rules, the more urgent mark; confirmed if either is."""
    if S[b + ST_MARK] > S[a + ST_MARK]:
        S[a + ST_MARK] = S[b + ST_MARK]
        S[a + ST_DUE] = S[b + ST_DUE]
        S[a + ST_INSTEAD] = S[b + ST_INSTEAD]
    S[a + ST_OP] = max(S[a + ST_OP], S[b + ST_OP])
    S[a + ST_STRENGTH] = max(S[a + ST_STRENGTH], S[b + ST_STRENGTH])
    S[a + ST_RULES] = union(P, S, S[a + ST_RULES], S[b + ST_RULES])
    if S[a + ST_CONFIRMED] or S[b + ST_CONFIRMED]:
        S[a + ST_CONFIRMED] = 1
        S[a + ST_CHECK] = P[H_ARENA]
    else:
        S[a + ST_CHECK] = union(P, S, S[a + ST_CHECK], S[b + ST_CHECK])
    if S[a + ST_LATE] == NONE or (S[b + ST_LATE] != NONE and S[b + ST_LATE] < S[a + ST_LATE]):
        S[a + ST_LATE] = S[b + ST_LATE]
    S[a + ST_CARRIED] = S[a + ST_CARRIED] & S[b + ST_CARRIED]
    S[a + ST_CAUTIONS] = union(P, S, S[a + ST_CAUTIONS], S[b + ST_CAUTIONS])


@kernel
def narrowest(P, S):
    """Of two ranges of one order, one inside the other, the narrower stands with both reasons."""
    places = P[H_PLACES]
    fold = P[H_FOLD]
    n = S[fold + F_N_PLACES]
    kept = 0
    while n > 1:
        _by_width(P, S, n)
        kept = 0
        volumes = 0
        for k in range(n):
            at = P[H_STANDING] + S[places + k] * ST_W
            if _narrowed(P, S, at, kept):
                S[at + ST_GONE] = MERGED
            else:
                S[places + kept] = S[places + k]
                kept += 1
        for k in range(kept):
            if S[P[H_STANDING] + S[places + k] * ST_W + ST_VOLUME] != 0:
                volumes = 1
        S[fold + F_N_PLACES] = kept
        # A volume that became narrower may lie inside another now.
        if kept == n or volumes == 0:
            return
        n = kept


@kernel
def _narrowed(P, S, at, kept):
    """The order went into one of those that are kept."""
    for k in range(kept):
        other = P[H_STANDING] + S[P[H_PLACES] + k] * ST_W
        if same_kind(S, at, other) and holds_dose(P, S, S[at + ST_DOSE], S[other + ST_DOSE]):
            a, b = S[at + ST_VOLUME], S[other + ST_VOLUME]
            volume = a if b == 0 else b
            if a != 0 and b != 0:
                if inside(P, S, b, a):
                    volume = b
                elif inside(P, S, a, b):
                    volume = a
                else:
                    continue
            merge(P, S, other, at)
            S[other + ST_VOLUME] = volume
            return 1
    return 0


@kernel
def _by_width(P, S, n):
    places = P[H_PLACES]
    for k in range(1, n):
        item = S[places + k]
        at = P[H_STANDING] + item * ST_W
        j = k
        while j > 0 and _wider(S, P[H_STANDING] + S[places + j - 1] * ST_W, at):
            S[places + j] = S[places + j - 1]
            j -= 1
        S[places + j] = item


@kernel
def _wider(S, a, b):
    one, other = width(S, S[a + ST_DOSE]), width(S, S[b + ST_DOSE])
    if one == other:
        one, other = width(S, S[a + ST_VOLUME]), width(S, S[b + ST_VOLUME])
        if one == other:
            return 1 if order_of(S, S[a + ST_RULES], S[b + ST_RULES]) > 0 else 0
    return 1 if one > other else 0


# ---------------------------------------------------------------- needs and doubts


@kernel
def needs_of(P, S):
    """No order starts or raises a drug without what it needs; not knowing unconfirms it."""
    places = P[H_PLACES]
    fold = P[H_FOLD]
    for k in range(S[fold + F_N_PLACES]):
        at = P[H_STANDING] + S[places + k] * ST_W
        S[at + ST_BEGUN] = S[at + ST_CONFIRMED] & (BEGINS >> S[at + ST_OP])
    kept = 0
    for k in range(S[fold + F_N_PLACES]):
        at = P[H_STANDING] + S[places + k] * ST_W
        drug = P[P[H_TARGETS] + S[at + ST_TARGET]]
        if (
            drug < 0
            or S[at + ST_MARK] == DONE_MARK
            or (GIVES >> S[at + ST_OP]) & 1 == 0
            or _has_needs(P, S, at, drug)
        ):
            S[places + kept] = S[places + k]
            kept += 1
        else:
            S[at + ST_GONE] = MERGED
    S[fold + F_N_PLACES] = kept


@kernel
def _has_needs(P, S, at, drug):
    needs = P[H_POOL] + P[P[H_DOSING] + drug * DS_W + DS_NEEDS]
    for k in range(P[needs]):
        ne = needs + 1 + k * NE_W
        running = S[P[H_DR] + P[ne + NE_DRUG] * DR_W + DR_RUN]
        if running == UNKNOWN:
            in_doubt(P, S, at, P[ne + NE_CHECK])
        elif running == FALSE and not _begun(P, S, P[ne + NE_DRUG]):
            for j in range(1, S[S[at + ST_RULES]] + 1):
                _forbid(P, S, S[S[at + ST_RULES] + j], at, P[ne + NE_DETAIL])
            return 0
    return 1


@kernel
def _forbid(P, S, rule, at, detail):
    count = P[H_FOLD] + F_N_WITHHELD
    n = S[count]
    if n >= P[P[H_SIZES] + Z_WITHHELD]:
        S[S_FAIL] = FAIL_SPACE
        return
    to = P[H_WITHHELD] + n * RE_W
    S[to + RE_RULE] = rule
    S[to + RE_OP] = S[at + ST_OP]
    S[to + RE_TARGET] = S[at + ST_TARGET]
    S[to + RE_WHY] = NEEDS
    S[to + RE_MORE] = detail
    S[count] = n + 1


@kernel
def _begun(P, S, drug):
    """An order that stands for certain starts it, whatever that order itself needs."""
    for k in range(S[P[H_FOLD] + F_N_STANDING]):
        at = P[H_STANDING] + k * ST_W
        if (BEGINS >> S[at + ST_OP]) & 1 and P[P[H_TARGETS] + S[at + ST_TARGET]] == drug and S[at + ST_BEGUN]:
            return 1
    return 0


@kernel
def doubt(P, S, stage):
    """An order that a pending or unconfirmed rule would oppose is unconfirmed, naming that rule."""
    if S[P[H_FOLD] + F_N_PLACES] == 0:
        return
    at = rules_at(P, stage)
    for k in range(at + 1, at + 1 + P[at]):
        state = S[P[H_JUDGED] + P[k] * JU_W + JU_STATE]
        if state in (PENDING, UNCONFIRMED):
            against = P[H_POOL] + P[P[H_RULES] + P[k] * RU_W + RU_OPPOSES]
            for j in range(P[against]):
                _oppose(P, S, stage, P[k], P[against + 1 + 2 * j], P[against + 2 + 2 * j])


@kernel
def _oppose(P, S, stage, rank, target, ops):
    for k in range(S[P[H_FOLD] + F_N_PLACES]):
        at = P[H_STANDING] + S[P[H_PLACES] + k] * ST_W
        if S[at + ST_TARGET] != target or (ops >> S[at + ST_OP]) & 1 == 0 or S[at + ST_MARK] == DONE_MARK:
            continue
        if not _is_settled(P, S, stage, rank, S[at + ST_RULES]):
            in_doubt(P, S, at, P[P[H_RULES] + rank * RU_W + RU_CHECK])


@kernel
def _is_settled(P, S, stage, rank, rules):
    """One of the order's rules, judged here, is this rule or overrides it."""
    for k in range(1, S[rules] + 1):
        rule = P[H_RULES] + S[rules + k] * RU_W
        if P[rule + RU_STAGE] >= 0 and P[rule + RU_STAGE] != stage:
            continue
        if S[rules + k] == rank:
            return 1
        losers = P[H_POOL] + P[rule + RU_OVERRIDES]
        for j in range(losers + 1, losers + 1 + P[losers]):
            if P[j] == rank:
                return 1
    return 0
