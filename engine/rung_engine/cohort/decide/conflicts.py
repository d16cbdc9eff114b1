"""Which orders cannot both be given: `decision.conflicts` over arrays, and what becomes of such orders."""

from __future__ import annotations

from rung_engine.cohort.decide.doses import inside
from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel


@kernel
def incompatible(P, S, a, b):
    """The two orders cannot both be given. Symmetric; an order is compatible with itself."""
    one, other = S[a + ST_OP], S[b + ST_OP]
    if S[a + ST_TARGET] == S[b + ST_TARGET]:
        if (P[P[H_OPPOSED] + one] >> other) & 1:
            return 1
        return _doses_differ(P, S, a, b, one, other)
    if (GIVES >> one) & 1 and (GIVES >> other) & 1:
        pairs = P[H_POOL] + P[P[H_SIZES] + Z_PAIRS]
        for k in range(P[pairs]):
            x, y = P[pairs + 1 + 2 * k], P[pairs + 2 + 2 * k]
            if (S[a + ST_TARGET] == x and S[b + ST_TARGET] == y) or (
                S[a + ST_TARGET] == y and S[b + ST_TARGET] == x
            ):
                return 1
    return 0


@kernel
def _doses_differ(P, S, a, b, one, other):
    """Two different doses of one drug, or two volumes of it, unless one range lies inside the other."""
    same_kind = ((BEGINS >> one) & 1 and (BEGINS >> other) & 1) or (
        one == other and (((STEPS | 1 << GIVE) >> one) & 1)
    )
    if not same_kind:
        return 0
    if _apart(P, S, S[a + ST_DOSE], S[b + ST_DOSE]):
        return 1
    return _apart(P, S, S[a + ST_VOLUME], S[b + ST_VOLUME])


@kernel
def _apart(P, S, a, b):
    """Neither range lies inside the other; not where one is left open."""
    if a == 0 or b == 0 or inside(P, S, a, b) or inside(P, S, b, a):
        return 0
    return 1


# ---------------------------------------------------------------- contradictions, as they are told


@kernel
def told(P, S, kind):
    """Begins a contradiction: (where its rules' count stands, then the rules follow)."""
    fold = P[H_FOLD]
    at = P[H_CONTRA] + S[fold + F_CONTRA_TOP]
    S[fold + F_N_CONTRA] += 1
    put(P, S, kind)
    put(P, S, 0)
    return at + 1


@kernel
def put(P, S, word):
    """One more word of the contradiction being told."""
    fold = P[H_FOLD]
    top = S[fold + F_CONTRA_TOP]
    if top >= P[P[H_SIZES] + Z_CONTRA]:
        S[S_FAIL] = FAIL_SPACE
        S[fold + F_CONTRA_TOP] = 0
        return
    S[P[H_CONTRA] + top] = word
    S[fold + F_CONTRA_TOP] = top + 1


@kernel
def put_once(P, S, count, item):
    """The item, in order, among those told since `count`, unless it is there."""
    end = P[H_CONTRA] + S[P[H_FOLD] + F_CONTRA_TOP]
    i = count + 1
    while i < end and S[i] < item:
        i += 1
    if i < end and S[i] == item:
        return
    put(P, S, item)
    if S[S_FAIL] != 0:
        return
    while end > i:
        S[end] = S[end - 1]
        end -= 1
    S[i] = item
    S[count] += 1


@kernel
def put_rules(P, S, count, rules):
    """The rules of the list, in order and each once."""
    for k in range(1, S[rules] + 1):
        put_once(P, S, count, S[rules + k])


@kernel
def contradict(P, S):
    """Neither of two incompatible orders is given. A carried order yields to one that a rule gives now."""
    fold = P[H_FOLD]
    sure = P[H_SURE]
    places = P[H_PLACES]
    n = 0
    for k in range(S[fold + F_N_PLACES]):
        at = P[H_STANDING] + S[places + k] * ST_W
        if S[at + ST_CONFIRMED] and S[at + ST_MARK] != DONE_MARK:
            S[sure + n] = at
            S[P[H_ARMS] + n] = -1
            n += 1
    found = 0
    arms = 0
    for i in range(n):
        for j in range(i + 1, n):
            a, b = S[sure + i], S[sure + j]
            if (S[a + ST_CHOICE] != 0 and S[a + ST_CHOICE] == S[b + ST_CHOICE]) or not incompatible(
                P, S, a, b
            ):
                continue
            found = 1
            if S[a + ST_CARRIED] != S[b + ST_CARRIED]:
                S[(a if S[a + ST_CARRIED] else b) + ST_GONE] = LOST
            elif S[a + ST_CHOICE] != 0 or S[b + ST_CHOICE] != 0:
                # An arm of a free choice gives way while another arm is left.
                arm, other = (j, i) if S[b + ST_CHOICE] != 0 else (i, j)
                S[S[sure + arm] + ST_GONE] = LOST
                S[P[H_ARMS] + arm] = S[sure + other]
                arms = 1
            else:
                S[a + ST_GONE] = LOST
                S[b + ST_GONE] = LOST
                count = told(P, S, CLASH)
                put_rules(P, S, count, S[a + ST_RULES])
                put_rules(P, S, count, S[b + ST_RULES])
                put(P, S, 4)
                put(P, S, S[a + ST_OP])
                put(P, S, S[a + ST_TARGET])
                put(P, S, S[b + ST_OP])
                put(P, S, S[b + ST_TARGET])
    if arms:
        _arms_left(P, S, n)
    if found:
        leave(P, S)


@kernel
def leave(P, S):
    """Only the orders that are kept stay in their places."""
    fold = P[H_FOLD]
    places = P[H_PLACES]
    kept = 0
    for k in range(S[fold + F_N_PLACES]):
        if S[P[H_STANDING] + S[places + k] * ST_W + ST_GONE] == KEPT:
            S[places + kept] = S[places + k]
            kept += 1
    S[fold + F_N_PLACES] = kept


@kernel
def _arms_left(P, S, n):
    """A choice with no arm left is a contradiction with the orders that took its arms."""
    choice = _next_choice(P, S, n, 0)
    while choice != 0 and S[S_FAIL] == 0:
        if not _has_arm(P, S, choice):
            _no_arm(P, S, n, choice)
        choice = _next_choice(P, S, n, choice)


@kernel
def _next_choice(P, S, n, after):
    """The first choice beyond this one that an arm was taken from, or 0."""
    found = 0
    for k in range(n):
        if S[P[H_ARMS] + k] >= 0:
            choice = S[S[P[H_SURE] + k] + ST_CHOICE]
            if choice > after and (found == 0 or choice < found):
                found = choice
    return found


@kernel
def _has_arm(P, S, choice):
    for k in range(S[P[H_FOLD] + F_N_PLACES]):
        at = P[H_STANDING] + S[P[H_PLACES] + k] * ST_W
        if S[at + ST_GONE] == KEPT and S[at + ST_CHOICE] == choice:
            return 1
    return 0


@kernel
def _no_arm(P, S, n, choice):
    fold = P[H_FOLD]
    count = told(P, S, NO_ARM)
    words = 0
    for k in range(n):
        arm, other = S[P[H_SURE] + k], S[P[H_ARMS] + k]
        if other >= 0 and S[arm + ST_CHOICE] == choice:
            put_rules(P, S, count, S[arm + ST_RULES])
            put_rules(P, S, count, S[other + ST_RULES])
            S[other + ST_GONE] = LOST
            words += 1
    put(P, S, words)
    start = P[H_CONTRA] + S[fold + F_CONTRA_TOP]
    for k in range(n):
        arm = S[P[H_SURE] + k]
        if S[P[H_ARMS] + k] >= 0 and S[arm + ST_CHOICE] == choice:
            word = S[arm + ST_OP] * P[P[H_SIZES] + Z_TARGETS] + S[arm + ST_TARGET]
            end = P[H_CONTRA] + S[fold + F_CONTRA_TOP]
            put(P, S, word)
            if S[S_FAIL] != 0:
                return
            while end > start and S[end - 1] > word:
                S[end] = S[end - 1]
                end -= 1
            S[end] = word
