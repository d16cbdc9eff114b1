"""What a decision says, written as words: `decision.model.Content` over arrays. `decode` reads them back.

phase, stage, outcome, silence
orders: how many; of each the plain fields, three lists (rules, check_first, cautions), three doses
waiting, withheld: how many; (rule, op, target, why, until or detail)
contradictions: how many, how many words; (kind, rules, ...)
alerts: how many; (kind, drug, detail)    rejected: how many; (kind, place, why, time)
outcomes, outside: how many; places
pendings: how many; (label, known_at, how many; (kind, place, why))
"""

from __future__ import annotations

from rung_engine.cohort.decide.doses import rate_seen, written_dose
from rung_engine.cohort.decide.gates import window_left
from rung_engine.cohort.decide.lists import order_of, written
from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.numbers import f_compare
from rung_engine.cohort.view import silence_is_off, truth


@kernel
def fits(P, S, at, n):
    """There is room for n more words of the draft."""
    if at + n > P[H_DRAFT] + P[P[H_SIZES] + Z_DRAFT]:
        S[S_FAIL] = FAIL_SPACE
        return 0
    return 1


@kernel
def sort_content(P, S):
    """Orders by strength, op, target, choice and rules; what waits or is withheld by rule, op and target."""
    places = P[H_PLACES]
    for k in range(1, S[P[H_FOLD] + F_N_PLACES]):
        item = S[places + k]
        at = P[H_STANDING] + item * ST_W
        j = k
        while j > 0 and _stands_after(S, P[H_STANDING] + S[places + j - 1] * ST_W, at):
            S[places + j] = S[places + j - 1]
            j -= 1
        S[places + j] = item
    _sort_results(S, P[H_WAITING], S[P[H_FOLD] + F_N_WAITING])
    _sort_results(S, P[H_WITHHELD], S[P[H_FOLD] + F_N_WITHHELD])


@kernel
def _stands_after(S, a, b):
    if S[a + ST_STRENGTH] != S[b + ST_STRENGTH]:
        return S[a + ST_STRENGTH] < S[b + ST_STRENGTH]
    if S[a + ST_OP] != S[b + ST_OP]:
        return S[a + ST_OP] > S[b + ST_OP]
    if S[a + ST_TARGET] != S[b + ST_TARGET]:
        return S[a + ST_TARGET] > S[b + ST_TARGET]
    if S[a + ST_CHOICE] != S[b + ST_CHOICE]:
        return S[a + ST_CHOICE] > S[b + ST_CHOICE]
    return order_of(S, S[a + ST_RULES], S[b + ST_RULES]) > 0


@kernel
def _sort_results(S, table, n):
    for k in range(1, n):
        j = k
        while j > 0 and _comes_after(S, table + (j - 1) * RE_W, table + j * RE_W):
            for i in range(table + j * RE_W, table + (j + 1) * RE_W):
                S[i], S[i - RE_W] = S[i - RE_W], S[i]
            j -= 1


@kernel
def _comes_after(S, a, b):
    for field in range(RE_WHY):
        if S[a + field] != S[b + field]:
            return S[a + field] > S[b + field]
    return False


@kernel
def written_content(P, S, L):
    """The content but for its pendings, at the beginning of the draft; where it ends."""
    fold = P[H_FOLD]
    phase = S[fold + F_PHASE]
    at = P[H_DRAFT]
    S[at] = phase
    S[at + 1] = S[fold + F_SHOWN_STAGE]
    S[at + 2] = S[fold + F_SHOWN_OUTCOME]
    S[at + 3] = silence_is_off(P, S)
    at = _orders(P, S, at + 4)
    at = _results(P, S, P[H_WAITING], S[fold + F_N_WAITING], at)
    at = _results(P, S, P[H_WITHHELD], S[fold + F_N_WITHHELD], at)
    words = S[fold + F_CONTRA_TOP]
    if not fits(P, S, at, words + 3):
        return at
    S[at] = S[fold + F_N_CONTRA]
    S[at + 1] = words
    for k in range(words):
        S[at + 2 + k] = S[P[H_CONTRA] + k]
    count = at + 2 + words
    S[count] = 0
    at = count + 1
    if phase == ACTIVE:
        at = _alerts(P, S, L, count, at)
    elif phase == ENDED:
        at = _still_running(P, S, count, at)
    at = _rejected(P, S, at)
    at = _holding(P, S, at, P[P[H_SIZES] + Z_OUTCOMES], TRUE, phase == ACTIVE)
    return _holding(P, S, at, P[P[H_SIZES] + Z_OUTSIDE], FALSE, S[fold + F_OUTSIDE] != 0)


@kernel
def without_orders(P, S, end):
    """Takes the last orders of a session out of the draft, which then is what outlasts the instant; the
    whole is kept in the second half of the draft. (Where the draft ends, the length of the whole.)
    """
    draft = P[H_DRAFT]
    length = end - draft
    second = draft + P[P[H_SIZES] + Z_DRAFT]
    for k in range(length):
        S[second + k] = S[draft + k]
    at = second + 4
    n = S[at]
    at += 1
    for _ in range(n):
        at += ST_PLAIN
        for _ in range(6):
            at += 1 + S[at]
    for _ in range(2):
        at += 1 + S[at] * (RE_W - 1)
    for k in range(3):
        S[draft + 4 + k] = 0
    rest = second + length - at
    for k in range(rest):
        S[draft + 7 + k] = S[at + k]
    return draft + 7 + rest, length


@kernel
def _orders(P, S, at):
    n = S[P[H_FOLD] + F_N_PLACES]
    S[at] = n
    at += 1
    for k in range(n):
        order = P[H_STANDING] + S[P[H_PLACES] + k] * ST_W
        if not fits(P, S, at, ST_PLAIN + 6 + _length(S, order)):
            return at
        for field in range(ST_PLAIN):
            S[at + field] = S[order + field]
        at = written(S, S[order + ST_RULES], at + ST_PLAIN)
        at = written(S, S[order + ST_CHECK], at)
        at = written(S, S[order + ST_CAUTIONS], at)
        at = written_dose(S, S[order + ST_DOSE], at)
        at = written_dose(S, S[order + ST_REMAINING], at)
        at = written_dose(S, S[order + ST_VOLUME], at)
    return at


@kernel
def _length(S, order):
    """How many words its lists and doses take, their counts aside."""
    n = S[S[order + ST_RULES]] + S[S[order + ST_CHECK]] + S[S[order + ST_CAUTIONS]]
    for field in range(ST_DOSE, ST_VOLUME + 1):
        dose = S[order + field]
        if dose != 0:
            n += DO_MORE + 2 * S[dose + DO_FIGURES]
    return n


@kernel
def _results(P, S, table, n, at):
    if not fits(P, S, at, 1 + n * (RE_W - 1)):
        return at
    S[at] = n
    at += 1
    for k in range(n):
        for field in range(RE_W - 1):
            S[at + field] = S[table + k * RE_W + field]
        at += RE_W - 1
    return at


@kernel
def _alert(P, S, count, at, kind, drug, detail):
    if not fits(P, S, at, 3):
        return at
    S[at] = kind
    S[at + 1] = drug
    S[at + 2] = detail
    S[count] += 1
    return at + 3


@kernel
def _alerts(P, S, L, count, at):
    act = P[H_POOL] + P[P[H_SIZES] + Z_ACT]
    for k in range(act + 1, act + 1 + P[act]):
        drug = P[k]
        dosing = P[H_DOSING] + drug * DS_W
        windows = P[H_POOL] + P[dosing + DS_WINDOWS]
        for j in range(P[windows]):
            wi = windows + 1 + j * WI_W
            on, known, n, _ = window_left(P, S, L, wi)
            if on and known and n <= 0:
                at = _alert(P, S, count, at, ROLLING_MAXIMUM, drug, P[wi + WI_ALERT])
        if S[P[H_DR] + drug * DR_W + DR_RUN] != TRUE:
            continue
        needs = P[H_POOL] + P[dosing + DS_NEEDS]
        for j in range(P[needs]):
            ne = needs + 1 + j * NE_W
            other = S[P[H_DR] + P[ne + NE_DRUG] * DR_W + DR_RUN]
            if other == FALSE:
                at = _alert(P, S, count, at, NEED_OFF, drug, P[ne + NE_OFF])
            elif other != TRUE:
                at = _alert(P, S, count, at, NEED_UNKNOWN, drug, P[ne + NE_UNKNOWN])
        if _is_above(P, S, drug, dosing):
            at = _alert(P, S, count, at, ABOVE_MAXIMUM, drug, 0)
    return at


@kernel
def _is_above(P, S, drug, dosing):
    """The charted rate is above a maximum that is surely in force."""
    ceilings = P[H_POOL] + P[dosing + DS_CEILINGS]
    for k in range(P[ceilings]):
        ce = ceilings + 1 + k * CE_W
        if P[ce + CE_COND] >= 0 and truth(P, S, P[ce + CE_COND]) != TRUE:
            continue
        known, n, d = rate_seen(P, S, drug, P[ce + CE_DIM], P[ce + CE_POW])
        if known and f_compare(n, d, P[ce + CE_N], P[ce + CE_D]) > 0:
            return 1
    return 0


@kernel
def _still_running(P, S, count, at):
    drugs = P[P[H_SIZES] + Z_DRUGS]
    for drug in range(drugs):
        if S[P[H_DR] + drug * DR_W + DR_RUN] == TRUE:
            at = _alert(P, S, count, at, STILL_RUNNING, drug, 0)
    return at


@kernel
def _rejected(P, S, at):
    read = P[H_POOL] + P[P[H_SIZES] + Z_READ]
    drugs = P[P[H_SIZES] + Z_DRUGS]
    if not fits(P, S, at, 1 + 4 * (P[read] + drugs)):
        return at
    count = at
    n = 0
    at += 1
    for k in range(read + 1, read + 1 + P[read]):
        one = P[H_IN] + P[k] * IN_W
        why = S[one + IN_WHY]
        if why in (WHY_IMPLAUSIBLE, WHY_CONTESTED, WHY_UNIT):
            S[at] = 0
            S[at + 1] = P[k]
            S[at + 2] = why
            S[at + 3] = S[one + IN_TIME] if S[one + IN_TIME] != NONE else 0
            at += 4
            n += 1
    for drug in range(drugs):
        one = P[H_DR] + drug * DR_W
        why = S[one + DR_WHY]
        if why in (WHY_CONTESTED, WHY_UNIT):
            S[at] = 1
            S[at + 1] = drug
            S[at + 2] = why
            S[at + 3] = S[one + DR_TIME] if S[one + DR_TIME] != NONE else 0
            at += 4
            n += 1
    S[count] = n
    return at


@kernel
def _holding(P, S, at, terms, value, told):
    """The places of the terms that have this truth."""
    terms += P[H_POOL]
    if not fits(P, S, at, 1 + P[terms]):
        return at
    count = at
    S[count] = 0
    at += 1
    if told:
        for k in range(P[terms]):
            if truth(P, S, P[terms + 1 + k]) == value:
                S[at] = k
                S[count] += 1
                at += 1
    return at


@kernel
def written_pendings(P, S, at):
    """The needs of orders whose rate or weight is unknown, each as a pending of its rule; where they end."""
    for k in range(S[P[H_FOLD] + F_N_PENDING]):
        one = P[H_PENDING] + k * RE_W
        S[at] = P[P[H_RULES] + S[one + RE_RULE] * RU_W + RU_LABEL]
        S[at + 1] = NONE
        S[at + 2] = 0
        at += 3
        if S[one + RE_TARGET] >= 0:
            S[at - 1] = 1
            S[at] = S[one + RE_OP]
            S[at + 1] = S[one + RE_TARGET]
            S[at + 2] = S[one + RE_WHY]
            at += 3
    return at
