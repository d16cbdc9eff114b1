"""Whether a decision is another than the one before, and the words of it that are put out."""

from __future__ import annotations

from rung_engine.cohort.decide.content import fits, written_pendings
from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.view import signature


@kernel
def is_as_before(P, S, end, tail):
    """The draft, and what its fewest readings depend on, are those of the decision before."""
    fold = P[H_FOLD]
    draft = P[H_DRAFT]
    if end - draft != S[fold + F_PREFIX] or tail != S[fold + F_TAIL]:
        return False
    if not _is_equal(S, draft, P[H_CONTENT], end - draft):
        return False
    return _is_equal(S, draft + P[P[H_SIZES] + Z_DRAFT], P[H_TAIL], tail)


@kernel
def remember(P, S, prefix_end, end):
    """Keeps what outlasts the instant; 1 where it is another decision."""
    fold = P[H_FOLD]
    draft = P[H_DRAFT]
    length = end - draft
    if S[S_FAIL] != 0:
        return 0
    if (
        length == S[fold + F_CONTENT]
        and prefix_end - draft == S[fold + F_PREFIX]
        and _is_equal(S, draft, P[H_CONTENT], length)
    ):
        return 0
    for k in range(length):
        S[P[H_CONTENT] + k] = S[draft + k]
    S[fold + F_CONTENT] = length
    S[fold + F_PREFIX] = prefix_end - draft
    return 1


@kernel
def remember_tail(P, S, tail):
    second = P[H_DRAFT] + P[P[H_SIZES] + Z_DRAFT]
    for k in range(tail):
        S[P[H_TAIL] + k] = S[second + k]
    S[P[H_FOLD] + F_TAIL] = tail


@kernel
def _is_equal(S, a, b, n):
    for k in range(n):
        if S[a + k] != S[b + k]:
            return False
    return True


@kernel
def tail_of(P, S):
    """What the fewest readings depend on, besides what the decision says: how many words, in the draft's
    second half.
    """
    fold = P[H_FOLD]
    second = P[H_DRAFT] + P[P[H_SIZES] + Z_DRAFT]
    end = second + P[P[H_SIZES] + Z_DRAFT]
    most = 8 + P[H_N_TERMS] + 2 * (P[H_N_IN] + P[H_N_DR])
    at = written_pendings(P, S, second)
    for k in range(S[fold + F_N_UNSETTLED]):
        if at + most > end:
            S[S_FAIL] = FAIL_SPACE
            return 0
        slot = S[P[H_UNSETTLED] + k]
        S[at] = slot
        at = signature(P, S, slot, S[P[H_WAITS] + slot], at + 1)
    return at - second


@kernel
def no_pendings(P, S):
    """Before the fewest readings are worked out: where the first of them goes."""
    for slot in range(P[P[H_SIZES] + Z_SLOTS]):
        S[P[H_WAITS] + slot] = 0
    return written_pendings(P, S, P[H_DRAFT] + P[P[H_SIZES] + Z_DRAFT])


@kernel
def add_pending(P, S, slot, top):
    """The answer of `needs` as a pending; where the next goes."""
    answer = P[H_NEEDS]
    count = S[answer]
    if count == 0:
        S[P[H_WAITS] + slot] = 1
    if top + 3 + 3 * count > P[H_DRAFT] + 2 * P[P[H_SIZES] + Z_DRAFT]:
        S[S_FAIL] = FAIL_SPACE
        return top
    S[top] = P[P[H_LABELS] + slot]
    S[top + 1] = S[answer + 1] if count == 0 else NONE
    S[top + 2] = count
    for i in range(3 * count):
        S[top + 3 + i] = S[answer + 2 + i]
    return top + 3 + 3 * count


@kernel
def merged(P, S, at, top):
    """All pendings, in the order of their labels and each once, written to `at`; where they end."""
    scratch = P[H_DRAFT] + P[P[H_SIZES] + Z_DRAFT]
    if S[P[H_FOLD] + F_PHASE] == FINISHED:
        # Nothing is pending, and the second half holds what is to be put out.
        top = scratch
    if not fits(P, S, at, 1 + top - scratch):
        return at
    total = at
    S[total] = 0
    at += 1
    first, last = at, -1
    one = scratch
    while one < top:
        label, n = S[one], _size(S, one)
        place = at
        if label <= last:
            place = _place_of(S, first, at, one)
        if place >= 0:
            for k in range(at - 1, place - 1, -1):
                S[k + n] = S[k]
            for k in range(n):
                S[place + k] = S[one + k]
            at += n
            S[total] += 1
            last = max(last, label)
        one += n
    return at


@kernel
def _place_of(S, at, end, pending):
    """Where a pending goes among those already in order: after those of its label; -1 where it is told
    already."""
    while at < end and S[at] <= S[pending]:
        if (
            S[at] == S[pending]
            and _size(S, at) == _size(S, pending)
            and _is_equal(S, at, pending, _size(S, at))
        ):
            return -1
        at += _size(S, at)
    return at


@kernel
def _size(S, pending):
    return 3 + 3 * S[pending + 2]


@kernel
def put_out(P, S, OUT, whole):
    """The decision: how many words, time, the stages left, the rules that moved the session, and what it
    says.

    `whole`: how long a last decision is, in the second half of the draft, with the orders that do not
    outlast it.
    """
    fold = P[H_FOLD]
    paths, movers = S[fold + F_N_PATH], S[fold + F_N_MOVED]
    source = P[H_DRAFT]
    length = S[fold + F_CONTENT]
    if S[fold + F_PHASE] == FINISHED:
        source += P[P[H_SIZES] + Z_DRAFT]
        S[source + whole] = 0
        length = whole + 1
    words = 4 + paths + movers + length
    at = S[S_OUT]
    if at + words > S[S_OUT_MOST]:
        S[S_FULL] = 1
        return
    OUT[at] = words
    OUT[at + 1] = S[S_TIME]
    OUT[at + 2] = paths
    at += 3
    for k in range(paths):
        OUT[at + k] = S[P[H_MOVES] + k]
    at += paths
    OUT[at] = movers
    at += 1
    for k in range(movers):
        OUT[at + k] = S[P[H_MOVES] + P[P[H_SIZES] + Z_PATH] + k]
    at += movers
    for k in range(length):
        OUT[at + k] = S[source + k]
    S[S_OUT] = at + length
