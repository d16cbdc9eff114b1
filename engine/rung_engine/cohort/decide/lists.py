"""Short lists of numbers in the scratch space of one decision: a place holds the length, then the items.

Place `P[H_ARENA]` is the empty list. Where there is no room left the stay is marked as failed, and lists and
doses go to a place kept for that, so that nothing is written elsewhere.
"""

from __future__ import annotations

from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel


@kernel
def room(P, S, n, dump):
    """A place for n words; `dump` is 0 for a list and 1 for a dose."""
    top = S[P[H_FOLD] + F_TOP]
    end = P[H_ARENA] + P[P[H_SIZES] + Z_ARENA]
    if top + n > end:
        S[S_FAIL] = FAIL_SPACE
        return end + dump * P[P[H_SIZES] + Z_LIST]
    S[P[H_FOLD] + F_TOP] = top + n
    return top


@kernel
def one(P, S, item):
    """The list of one."""
    at = room(P, S, 2, 0)
    S[at] = 1
    S[at + 1] = item
    return at


@kernel
def appended(P, S, items, item):
    """The list with one more at its end."""
    n = S[items]
    at = room(P, S, n + 2, 0)
    S[at] = n + 1
    for k in range(1, n + 1):
        S[at + k] = S[items + k]
    S[at + n + 1] = item
    return at


@kernel
def _sorted_set(S, at):
    """Puts the list in order, each item once."""
    n = S[at]
    for k in range(2, n + 1):
        item = S[at + k]
        j = k
        while j > 1 and S[at + j - 1] > item:
            S[at + j] = S[at + j - 1]
            j -= 1
        S[at + j] = item
    kept = 0
    for k in range(1, n + 1):
        if kept == 0 or S[at + k] != S[at + kept]:
            kept += 1
            S[at + kept] = S[at + k]
    S[at] = kept


@kernel
def with_item(P, S, items, item):
    """The set of the items and this one, in order."""
    at = appended(P, S, items, item)
    _sorted_set(S, at)
    return at


@kernel
def union(P, S, a, b):
    """The set of the items of both, in order."""
    if S[a] == 0 and S[b] == 0:
        return a
    n = S[a]
    more = S[b]
    at = room(P, S, n + more + 1, 0)
    S[at] = n + more
    for k in range(1, n + 1):
        S[at + k] = S[a + k]
    for k in range(1, more + 1):
        S[at + n + k] = S[b + k]
    _sorted_set(S, at)
    return at


@kernel
def holds(S, items, item):
    for k in range(1, S[items] + 1):
        if S[items + k] == item:
            return 1
    return 0


@kernel
def order_of(S, a, b):
    """-1, 0 or 1 as list `a` stands before `b`, is the same, or stands after it."""
    n = min(S[a], S[b])
    for k in range(1, n + 1):
        if S[a + k] != S[b + k]:
            return -1 if S[a + k] < S[b + k] else 1
    return (S[a] > S[b]) - (S[a] < S[b])


@kernel
def written(S, items, at):
    """The list copied to `at`; where it ends."""
    n = S[items]
    for k in range(n + 1):
        S[at + k] = S[items + k]
    return at + n + 1
