"""What the kernels put out, taken apart into the columns of the two tables of `tables`.

`W`: the words. Text is a number of the vocabulary (see `explode`); a list of names, of which there may be
any, is a number beyond it, given when it is first met. `D` and `I` hold one column after another.
"""

from __future__ import annotations

from rung_engine.cohort.decide_layout import (
    DO_HI,
    DO_LO,
    DO_SHAPE,
    ST_CARRIED,
    ST_CHOICE,
    ST_CONFIRMED,
    ST_DUE,
    ST_EVERY_HI,
    ST_EVERY_LO,
    ST_INSTEAD,
    ST_LATE,
    ST_MARK,
    ST_OP,
    ST_PLAIN,
    ST_STRENGTH,
    ST_TARGET,
)
from rung_engine.cohort.layout import NONE
from rung_engine.cohort.native import kernel

(
    B_OP, B_TARGET, B_CHOICE, B_DETAIL, B_LABEL, B_INPUT, B_DRUG, B_OUTCOME, B_OUTSIDE, B_UNIT, B_INSTEAD,
    B_WAIT, B_FORBID, B_WHY, B_ALERT, B_CONTRA, B_KIND, B_MARK, B_STRENGTH, B_SUBJECT, B_PHASE, B_STAGE,
    B_FINISH, B_RULE, B_TIME, B_ALL,
) = range(26)  # fmt: skip
"""Where a part of the vocabulary begins; number 0 is no text. B_ALL: how large it is."""

D_TIME, D_UNTIL, D_PHASE, D_STAGE, D_PATH, D_MOVED, D_OUTCOME, D_SILENCE = range(8)
D_COLUMNS = 8
(
    I_TIME, I_KIND, I_RULE, I_OP, I_TARGET, I_WHY, I_DETAIL, I_MARK, I_STRENGTH, I_CONFIRMED, I_CARRIED,
    I_NEW, I_CHOICE, I_UNIT, I_LO, I_HI, I_DUE, I_LATE, I_EVERY_LO, I_EVERY_HI,
) = range(20)  # fmt: skip
I_COLUMNS = 20
I_NUMBERS = 14
"""Columns from here on, and the three truths, are NONE where they say nothing; I_TIME always says
something.
"""

ORDER, WAITING, WITHHELD, PENDING, CONTRADICTION, ALERT, REJECTED, OUTCOME, OUTSIDE = range(9)
L_RULES, L_CHECKS, L_PATH, L_CONTRA = range(4)
"""Kinds of lists: rules, what to check with cautions, stages, the whole of a contradiction."""
N_DECISIONS, N_ITEMS, N_LISTS, N_FULL, N_OLD, N_NOW = range(6)
"""Counters. N_OLD, N_NOW: how many keys of orders are kept, of the decision before and of this one."""
U_W = 3
"""A list: its kind, where it is, how many words it has."""
KEYS = 512
"""Keys of one decision that are kept, (op, target, choice)."""


@kernel
def explode(W, ENDS, LAST, B, D, I, DC, IC, T, U, K, N, count, rows, items, slots, lists):  # noqa: E741
    """The decisions of `count` stays, of which stay k has the words up to ENDS[k].

    D has room for `rows` rows, I for `items`; with none, rows are only counted (N) and nothing is written.
    DC, IC: how many rows each stay has. T: `slots` places, a power of two, all 0; U: room for `lists` lists.
    """
    at = 0
    for k in range(count):
        before, said = N[N_DECISIONS], N[N_ITEMS]
        N[N_OLD] = 0
        while at < ENDS[k]:
            size = W[at]
            if rows:
                row = N[N_DECISIONS]
                until = W[at + size + 1] if at + size < ENDS[k] else max(LAST[k], W[at + 1])
                D[D_TIME * rows + row] = W[at + 1]
                D[D_UNTIL * rows + row] = until
            _decision(W, B, D, I, T, U, K, N, at + 1, rows, items, slots, lists)
            N[N_DECISIONS] += 1
            at += size
        DC[k] = N[N_DECISIONS] - before
        IC[k] = N[N_ITEMS] - said
    return N[N_FULL]


@kernel
def _listed(W, B, T, U, N, kind, at, n, slots, lists):
    """The number of a list of n words at W[at]; 0 where `kind` is no list of one kind that says nothing."""
    mixed = kind + 1
    for k in range(n):
        mixed = ((mixed * 31) ^ W[at + k]) & 0xFFFFFFFFFFFF
        mixed = mixed ^ (mixed >> 15)
    slot = mixed & (slots - 1)
    while T[slot] != 0:
        found = (T[slot] - 1) * U_W
        if U[found] == kind and U[found + 2] == n:
            same = 1
            for k in range(n):
                if W[U[found + 1] + k] != W[at + k]:
                    same = 0
                    break
            if same:
                return B[B_ALL] + T[slot] - 1
        slot = (slot + 1) & (slots - 1)
    number = N[N_LISTS]
    if number >= lists:
        N[N_FULL] = 1
        return 0
    U[number * U_W] = kind
    U[number * U_W + 1] = at
    U[number * U_W + 2] = n
    T[slot] = number + 1
    N[N_LISTS] = number + 1
    return B[B_ALL] + number


@kernel
def _names(W, B, T, U, N, kind, at, slots, lists):
    """The number of the names at W[at], how many they are before them; 0 where there are none."""
    if W[at] == 0:
        return 0
    return _listed(W, B, T, U, N, kind, at, 1 + W[at], slots, lists)


@kernel
def _row(I, N, items, time, kind):  # noqa: E741
    """One more row, empty but for its time and kind."""
    row = N[N_ITEMS]
    N[N_ITEMS] = row + 1
    if items:
        for column in range(I_RULE, I_COLUMNS):
            I[column * items + row] = 0
        for column in range(I_NUMBERS, I_COLUMNS):
            I[column * items + row] = NONE
        for column in range(I_CONFIRMED, I_NEW + 1):
            I[column * items + row] = NONE
        I[I_TIME * items + row] = time
        I[I_KIND * items + row] = kind
    return row


@kernel
def _decision(W, B, D, I, T, U, K, N, at, rows, items, slots, lists):  # noqa: E741
    time = W[at]
    path = at + 1
    moved = path + 1 + W[path]
    at = moved + 1 + W[moved]
    if rows:
        row = N[N_DECISIONS]
        D[D_PHASE * rows + row] = B[B_PHASE] + W[at]
        D[D_STAGE * rows + row] = B[B_STAGE] + W[at + 1] if W[at + 1] >= 0 else 0
        D[D_PATH * rows + row] = _names(W, B, T, U, N, L_PATH, path, slots, lists)
        D[D_MOVED * rows + row] = _names(W, B, T, U, N, L_RULES, moved, slots, lists)
        D[D_OUTCOME * rows + row] = B[B_FINISH] + W[at + 2] if W[at + 2] >= 0 else 0
        D[D_SILENCE * rows + row] = W[at + 3]
    at += 4
    orders = W[at]
    at += 1
    N[N_NOW] = 0
    for _ in range(orders):
        at = _order(W, B, I, T, U, K, N, at, time, items, slots, lists)
    for k in range(3 * N[N_NOW]):
        K[k] = K[3 * KEYS + k]
    N[N_OLD] = N[N_NOW]
    for kind in range(WAITING, WITHHELD + 1):
        at = _results(W, B, I, N, at, time, items, kind)
    contra = at
    at += 2 + W[at + 1]
    alerts = at
    at += 1 + 3 * W[at]
    rejected = at
    at += 1 + 4 * W[at]
    outcomes = at
    at += 1 + W[at]
    outside = at
    at += 1 + W[at]
    _pendings(W, B, I, N, at, time, items)
    _contradictions(W, B, I, T, U, N, contra, time, items, slots, lists)
    for k in range(W[alerts]):
        row = _row(I, N, items, time, B[B_KIND] + ALERT)
        if items:
            one = alerts + 1 + 3 * k
            I[I_TARGET * items + row] = B[B_DRUG] + W[one + 1]
            I[I_WHY * items + row] = B[B_ALERT] + W[one]
            I[I_DETAIL * items + row] = B[B_DETAIL] + W[one + 2]
    for k in range(W[rejected]):
        row = _row(I, N, items, time, B[B_KIND] + REJECTED)
        if items:
            one = rejected + 1 + 4 * k
            I[I_TARGET * items + row] = _subject(B, W[one], W[one + 1])
            I[I_DETAIL * items + row] = B[B_SUBJECT] + W[one]
            I[I_WHY * items + row] = B[B_WHY] + W[one + 2]
            I[I_DUE * items + row] = W[one + 3]
    _plain(W, B, I, N, outcomes, time, items, B[B_OUTCOME], OUTCOME)
    _plain(W, B, I, N, outside, time, items, B[B_OUTSIDE], OUTSIDE)


@kernel
def _plain(W, B, I, N, at, time, items, base, kind):  # noqa: E741
    for k in range(W[at]):
        row = _row(I, N, items, time, B[B_KIND] + kind)
        if items:
            I[I_TARGET * items + row] = base + W[at + 1 + k]


@kernel
def _subject(B, kind, place):
    return B[B_INPUT] + place if kind == 0 else B[B_DRUG] + place


@kernel
def _order(W, B, I, T, U, K, N, at, time, items, slots, lists):  # noqa: E741
    """One standing order; where the next begins."""
    rules = at + ST_PLAIN
    checks = rules + 1 + W[rules]
    cautions = checks + 1 + W[checks]
    dose = cautions + 1 + W[cautions]
    remaining = dose + 1 + W[dose]
    volume = remaining + 1 + W[remaining]
    row = _row(I, N, items, time, B[B_KIND] + ORDER)
    if items:
        I[I_RULE * items + row] = _names(W, B, T, U, N, L_RULES, rules, slots, lists)
        I[I_OP * items + row] = B[B_OP] + W[at + ST_OP]
        I[I_TARGET * items + row] = B[B_TARGET] + W[at + ST_TARGET]
        if W[at + ST_INSTEAD] >= 0:
            I[I_WHY * items + row] = B[B_INSTEAD] + W[at + ST_INSTEAD]
        if W[checks] + W[cautions] > 0:
            found = _listed(W, B, T, U, N, L_CHECKS, checks, dose - checks, slots, lists)
            I[I_DETAIL * items + row] = found
        I[I_MARK * items + row] = B[B_MARK] + W[at + ST_MARK]
        I[I_STRENGTH * items + row] = B[B_STRENGTH] + W[at + ST_STRENGTH]
        I[I_CONFIRMED * items + row] = W[at + ST_CONFIRMED]
        I[I_CARRIED * items + row] = W[at + ST_CARRIED]
        I[I_NEW * items + row] = _is_new(W, K, N, at)
        I[I_CHOICE * items + row] = B[B_CHOICE] + W[at + ST_CHOICE]
        if W[dose] > 0:
            I[I_UNIT * items + row] = B[B_UNIT] + W[dose + 1 + DO_SHAPE]
            I[I_LO * items + row] = W[dose + 1 + DO_LO]
            I[I_HI * items + row] = W[dose + 1 + DO_HI]
        I[I_DUE * items + row] = W[at + ST_DUE]
        I[I_LATE * items + row] = W[at + ST_LATE]
        I[I_EVERY_LO * items + row] = W[at + ST_EVERY_LO]
        I[I_EVERY_HI * items + row] = W[at + ST_EVERY_HI]
    return volume + 1 + W[volume]


@kernel
def _is_new(W, K, N, at):
    """The order's key was not in the decision before; the key is kept for the one after."""
    new = 1
    for k in range(N[N_OLD]):
        if (
            K[3 * k] == W[at + ST_OP]
            and K[3 * k + 1] == W[at + ST_TARGET]
            and K[3 * k + 2] == W[at + ST_CHOICE]
        ):
            new = 0
            break
    now = N[N_NOW]
    if now >= KEYS:
        N[N_FULL] = 2
        return new
    to = 3 * (KEYS + now)
    K[to] = W[at + ST_OP]
    K[to + 1] = W[at + ST_TARGET]
    K[to + 2] = W[at + ST_CHOICE]
    N[N_NOW] = now + 1
    return new


@kernel
def _results(W, B, I, N, at, time, items, kind):  # noqa: E741
    """What waits, or is withheld; where they end."""
    for k in range(W[at]):
        one = at + 1 + 5 * k
        row = _row(I, N, items, time, B[B_KIND] + kind)
        if items:
            I[I_RULE * items + row] = B[B_RULE] + W[one]
            I[I_OP * items + row] = B[B_OP] + W[one + 1]
            I[I_TARGET * items + row] = B[B_TARGET] + W[one + 2]
            if kind == WAITING:
                I[I_WHY * items + row] = B[B_WAIT] + W[one + 3]
                I[I_DUE * items + row] = W[one + 4]
            else:
                I[I_WHY * items + row] = B[B_FORBID] + W[one + 3]
                I[I_DETAIL * items + row] = B[B_DETAIL] + W[one + 4]
    return at + 1 + 5 * W[at]


@kernel
def _pendings(W, B, I, N, at, time, items):  # noqa: E741
    """A row for each need; one for a rule that only waits for time."""
    count = W[at]
    at += 1
    for _ in range(count):
        needs = W[at + 2]
        for k in range(max(needs, 1)):
            row = _row(I, N, items, time, B[B_KIND] + PENDING)
            if items:
                I[I_RULE * items + row] = B[B_LABEL] + W[at]
                I[I_DUE * items + row] = W[at + 1]
                if needs == 0:
                    I[I_WHY * items + row] = B[B_TIME]
                else:
                    one = at + 3 + 3 * k
                    I[I_TARGET * items + row] = _subject(B, W[one], W[one + 1])
                    I[I_DETAIL * items + row] = B[B_SUBJECT] + W[one]
                    I[I_WHY * items + row] = B[B_WHY] + W[one + 2]
        at += 3 + 3 * needs


@kernel
def _contradictions(W, B, I, T, U, N, at, time, items, slots, lists):  # noqa: E741
    count = W[at]
    at += 2
    for _ in range(count):
        words = at + 2 + W[at + 1]
        row = _row(I, N, items, time, B[B_KIND] + CONTRADICTION)
        if items:
            size = words + 1 + W[words] - at
            I[I_RULE * items + row] = _names(W, B, T, U, N, L_RULES, at + 1, slots, lists)
            I[I_WHY * items + row] = B[B_CONTRA] + W[at]
            I[I_DETAIL * items + row] = _listed(W, B, T, U, N, L_CONTRA, at, size, slots, lists)
        at = words + 1 + W[words]
