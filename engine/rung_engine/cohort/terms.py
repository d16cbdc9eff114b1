"""Conditions at an instant, judged anew where something they read has changed. The twin of
`session.compile`."""

from __future__ import annotations

from rung_engine.cohort.chart_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.lines import compare, course_clock, is_known, next_flip, number
from rung_engine.cohort.moments import meets, moment, moving_truth, steady_truth
from rung_engine.cohort.native import kernel
from rung_engine.cohort.numbers import f_times
from rung_engine.cohort.signals import course_ends, wake_nodes, weighed


@kernel
def is_so(value, rel, bound):
    """A comparison of whole numbers, as a truth."""
    if rel == LESS:
        return 1 if value < bound else 0
    if rel == LESS_EQUAL:
        return 1 if value <= bound else 0
    if rel == EQUAL:
        return 1 if value == bound else 0
    if rel == MORE_EQUAL:
        return 1 if value >= bound else 0
    return 1 if value > bound else 0


@kernel
def _and(P, S, at, many):
    found = TRUE
    for k in range(many):
        truth = S[P[H_T] + P[at + k]]
        if truth == FALSE:
            return FALSE
        if truth == UNKNOWN:
            found = UNKNOWN
    return found


@kernel
def _or(P, S, at, many):
    found = FALSE
    for k in range(many):
        truth = S[P[H_T] + P[at + k]]
        if truth == TRUE:
            return TRUE
        if truth == UNKNOWN:
            found = UNKNOWN
    return found


@kernel
def _runs(P, S, at, many):
    """Some drug of the list runs."""
    found = FALSE
    for k in range(many):
        run = S[P[H_DR] + P[at + k] * DR_W + DR_RUN]
        if run == TRUE:
            return TRUE
        if run == UNKNOWN:
            found = UNKNOWN
    return found


@kernel
def _count(P, S, node):
    yes, maybe = 0, 0
    at = P[H_LISTS] + P[node + N_A]
    for k in range(P[node + N_B]):
        truth = S[P[H_T] + P[at + k]]
        if truth == TRUE:
            yes += 1
        elif truth == UNKNOWN:
            maybe += 1
    rel, n = P[node + N_C], P[node + N_D]
    most = yes + maybe
    if rel == MORE_EQUAL:
        return TRUE if yes >= n else FALSE if most < n else UNKNOWN
    if rel == LESS_EQUAL:
        return TRUE if most <= n else FALSE if yes > n else UNKNOWN
    if yes > n or most < n:
        return FALSE
    return TRUE if yes == most else UNKNOWN


@kernel
def _held(P, S, node):
    """(truth, wake) of `C for D`."""
    of = S[P[H_T] + P[node + N_A]]
    length = P[node + N_C]
    if length == 0 or of == FALSE:
        return of, NEVER
    t = S[S_TIME]
    past = P[H_PAST] + P[node + N_B] * M_W
    last = S[past + M_LAST]
    w = t - 1 if last == FALSE else S[past + M_FALSE]
    if w >= t - length:
        return FALSE, w + length + 1
    if of == UNKNOWN:
        return UNKNOWN, NEVER
    if P[node + N_D] >= 0:
        bridged = S[past + M_KNOWN_TRUE] and t - S[past + M_SINCE] <= P[node + N_E]
        w = t - 1 if last == UNKNOWN and not bridged else S[P[H_GAPS] + P[node + N_D]]
    else:
        w = t - 1 if last == UNKNOWN else S[past + M_UNKNOWN]
    if w >= t - length:
        return UNKNOWN, w + length + 1
    return TRUE, NEVER


@kernel
def _recent(P, S, node):
    of = S[P[H_T] + P[node + N_A]]
    length = P[node + N_C]
    if length == 0 or of == TRUE:
        return of, NEVER
    t = S[S_TIME]
    past = P[H_PAST] + P[node + N_B] * M_W
    last = S[past + M_LAST]
    w = t - 1 if last == TRUE else S[past + M_TRUE]
    if w >= t - length:
        return TRUE, w + length + 1
    if of == UNKNOWN:
        return UNKNOWN, NEVER
    w = t - 1 if last == UNKNOWN else S[past + M_UNKNOWN]
    if w >= t - length:
        return UNKNOWN, w + length + 1
    return FALSE, NEVER


@kernel
def _clock(P, S, when, rel, turn, can):
    """(truth, wake) of the time since a moment against a constant."""
    if when == NONE:
        return UNKNOWN, NEVER
    gone = S[S_TIME] - when
    if rel == EQUAL:
        if can == 0:
            return FALSE, NEVER
        so = 1 if gone == turn else 0
        w = when + turn + so
        return so, w if w > S[S_TIME] else NEVER
    after = 1 if rel == MORE_EQUAL or rel == MORE else 0
    if gone >= turn:
        return after, NEVER
    return 1 - after, when + turn


@kernel
def _anchor(P, S, node):
    """Settles a moment; whether it changed."""
    kind, where, first = P[node + N_A], P[node + N_B], P[node + N_C]
    place = P[H_ANCHORS] + ANCHOR_W * P[node + N_E]
    t = S[S_TIME]
    now = False
    if kind == A_TASK:
        now = S[P[H_TASK] + where * TASK_W] == t
    elif kind == A_EVENT:
        now = S[P[H_EVENTS] + where] == t
        if P[node + N_F] >= 0 and S[P[H_T] + P[node + N_F]] == TRUE:
            if S[P[H_PAST] + P[node + N_D] * M_W + M_LAST] != TRUE:
                now = True
    else:
        drugs = P[H_LISTS] + where
        what = DR_START if kind == A_STARTED else DR_STOP
        for k in range(P[drugs]):
            if S[P[H_DR] + P[drugs + 1 + k] * DR_W + what] == t:
                now = True
    found = S[place + ANCHOR_BASE]
    if now and (not first or found == NONE):
        found = t
    changed = found != S[place + ANCHOR_NOW]
    S[place + ANCHOR_NOW] = found
    return changed


@kernel
def _happens(P, S, anchor):
    """It happens at the present instant."""
    return 1 if S[P[H_ANCHORS] + ANCHOR_W * anchor + ANCHOR_NOW] == S[S_TIME] else 0


@kernel
def _drawn(P, S, term):
    return TRUE if term < 0 else S[P[H_T] + term]


@kernel
def _general(P, S, L, node):
    """(truth, wake) of a comparison of two numbers of any kind."""
    w = number(P, S, L, P[node + N_A], 0)
    w = min(w, number(P, S, L, P[node + N_C], 1))
    a, b = P[H_STACK], P[H_STACK] + V_W
    if S[a + V_NONE] or S[b + V_NONE]:
        return UNKNOWN, w
    truth = compare(S, a, P[node + N_B], b, 0)
    if S[S_SUPPOSING] == 0 and (S[a + V_SLOPE_N] != 0 or S[b + V_SLOPE_N] != 0):
        step = next_flip(S, a, P[node + N_B], b)
        if step < NEVER:
            w = min(w, S[S_TIME] + step)
    return truth, w


@kernel
def _rate(P, S, node):
    drug = P[H_DR] + P[node + N_A] * DR_W
    if S[drug + DR_RUN] == FALSE:
        return 1 if meets(0, 1, P[node + N_C], P[node + N_D], P[node + N_E]) else 0
    if S[drug + DR_RUN] == UNKNOWN or S[drug + DR_HAS] == 0:
        return UNKNOWN
    ok, n, d = weighed(S, S[drug + DR_NUM], S[drug + DR_DEN], P[node + N_B] - S[drug + DR_POW])
    if ok == 0:
        return UNKNOWN
    return 1 if meets(n, d, P[node + N_C], P[node + N_D], P[node + N_E]) else 0


@kernel
def _moving(P, S, L, node):
    """(truth, wake) of a run of readings against a bound that moves."""
    a, rel = P[node + N_A], P[node + N_B]
    wake = number(P, S, L, P[node + N_C], 0)
    v = P[H_STACK]
    if S[v + V_NONE]:
        return UNKNOWN, wake
    # A reading meets a bound known only from one side where it would meet every value that it may have.
    can = P[node + N_D]
    end = V_LO if rel == LESS or rel == LESS_EQUAL else V_HI
    if not S[v + end] or (rel == EQUAL and not is_known(S, v)):
        can = 0
    n, d = 0, 1
    if can:
        scale = P[P[H_PIN] + P[P[H_PMOVING] + 4 * a] * PIN_W + PIN_SCALE]
        n, d = f_times(S, S[v + end + 1], S[v + end + 2], scale, 1)
    drawn = _drawn(P, S, P[P[H_PMOVING] + 4 * a + 3])
    return moving_truth(P, S, L, a, drawn, rel, n, d, can), wake


@kernel
def _timed(P, S, L, node, op):
    """(truth, wake) of what may change by itself."""
    if op == OP_HELD:
        return _held(P, S, node)
    if op == OP_RECENT:
        return _recent(P, S, node)
    if op == OP_OCCURS:
        now = _happens(P, S, P[node + N_A])
        return now, S[S_TIME] + 1 if now else NEVER
    if op == OP_ELAPSED:
        return _clock(P, S, moment(P, S, P[node + N_A]), P[node + N_B], P[node + N_C], P[node + N_D])
    if op == OP_STAGE:
        return _clock(P, S, S[S_ENTERED], P[node + N_B], P[node + N_C], P[node + N_D])
    if op == OP_ON:
        drug = P[H_DR] + P[node + N_A] * DR_W
        if S[drug + DR_RUN] == TRUE:
            return _clock(P, S, S[drug + DR_START], P[node + N_B], P[node + N_C], P[node + N_D])
        return P[node + N_E] if S[drug + DR_RUN] == FALSE else UNKNOWN, NEVER
    if op == OP_COURSE:
        began, known = course_clock(P, S, P[node + N_A])
        w = course_ends(P, S, P[node + N_A])
        if began != NONE:
            truth, other = _clock(P, S, began, P[node + N_B], P[node + N_C], P[node + N_D])
            return truth, min(w, other)
        return P[node + N_E] if known else UNKNOWN, w
    if op == OP_MOVING:
        return _moving(P, S, L, node)
    return _general(P, S, L, node)


@kernel
def judge(P, S, L, node, op):
    """The truth of a node that does not change by itself."""
    a, b = P[node + N_A], P[node + N_B]
    if op == OP_IN_WHOLE:
        at = P[H_IN] + a * IN_W
        return is_so(S[at + IN_NUM], b, P[node + N_C]) if S[at + IN_WHY] == WHY_NOT else UNKNOWN
    if op == OP_AND:
        return _and(P, S, P[H_LISTS] + a, b)
    if op == OP_OR:
        return _or(P, S, P[H_LISTS] + a, b)
    if op == OP_NOT:
        truth = S[P[H_T] + a]
        return UNKNOWN if truth == UNKNOWN else 1 - truth
    if op == OP_RATE:
        return _rate(P, S, node)
    if op == OP_RUNNING:
        return _runs(P, S, P[H_LISTS] + a, b)
    if op == OP_OFF:
        truth = _runs(P, S, P[H_LISTS] + a, b)
        return UNKNOWN if truth == UNKNOWN else 1 - truth
    if op == OP_FLAG:
        at = P[H_IN] + a * IN_W
        return S[at + IN_NUM] if S[at + IN_WHY] == WHY_NOT else UNKNOWN
    if op == OP_ONE_OF:
        at = P[H_IN] + a * IN_W
        return (1 if S[at + IN_NUM] == b else 0) if S[at + IN_WHY] == WHY_NOT else UNKNOWN
    if op == OP_ANY_OF:
        at = P[H_IN] + a * IN_W
        return S[at + IN_NUM] >> b & 1 if S[at + IN_WHY] == WHY_NOT else UNKNOWN
    if op == OP_CONST:
        return a
    if op == OP_IN_FRACTION:
        at = P[H_IN] + a * IN_W
        if S[at + IN_WHY] != WHY_NOT:
            return UNKNOWN
        return 1 if meets(S[at + IN_NUM], S[at + IN_DEN], b, P[node + N_C], P[node + N_D]) else 0
    if op == OP_INPUTS:
        one, two = P[H_IN] + a * IN_W, P[H_IN] + P[node + N_C] * IN_W
        if S[one + IN_WHY] != WHY_NOT or S[two + IN_WHY] != WHY_NOT:
            return UNKNOWN
        return 1 if meets(S[one + IN_NUM], S[one + IN_DEN], b, S[two + IN_NUM], S[two + IN_DEN]) else 0
    if op == OP_KNOWN_IN:
        return 1 if S[P[H_IN] + a * IN_W + IN_WHY] == WHY_NOT else 0
    if op == OP_KNOWN_DR:
        at = P[H_DR] + a * DR_W
        if S[at + DR_RUN] != TRUE:
            return 1 if S[at + DR_RUN] == FALSE else 0
        return 1 if S[at + DR_WHY] == WHY_NOT and (S[at + DR_HAS] or b) else 0
    if op == OP_COUNT:
        return _count(P, S, node)
    if op == OP_EVER:
        truth = S[P[H_T] + a]
        if truth != TRUE and S[S_BEGAN] != NONE:
            past = P[H_PAST] + b * M_W
            until = S[S_TIME] - 1 if S[past + M_LAST] == TRUE else S[past + M_TRUE]
            if until >= S[S_BEGAN]:
                return TRUE
        return truth
    if op == OP_AFTER:
        return 0 if moment(P, S, a) == NONE else 1
    # OP_STEADY
    return steady_truth(P, S, a, _drawn(P, S, P[P[H_PSTEADY] + 8 * a + 6]))


@kernel
def lowest_bit(word):
    """The place of the lowest bit that is set."""
    place = 0
    if word & 0xFFFFFFFF == 0:
        place += 32
        word >>= 32
    if word & 0xFFFF == 0:
        place += 16
        word >>= 16
    if word & 0xFF == 0:
        place += 8
        word >>= 8
    if word & 0xF == 0:
        place += 4
        word >>= 4
    if word & 0x3 == 0:
        place += 2
        word >>= 2
    return place + 1 - (word & 1)


@kernel
def propagate(P, S, L, within):
    """Judges every node that waits, in order; those that read a changed one wait then too.

    `within`: the place in P of the set that alone is of interest, -1 for all. Nodes outside it go on waiting
    for nobody: their bits are dropped.
    """
    words = P[H_WORDS]
    pend, nodes, truths, asked = P[H_PEND], P[H_NODES], P[H_T], P[H_ASKED]
    supposing = S[S_SUPPOSING]
    for word in range(words):
        while True:
            left = S[pend + word]
            if within >= 0:
                left &= P[within + word]
            if left == 0:
                break
            bit = left & -left
            S[pend + word] &= ~bit
            node = nodes + (word * WORD + lowest_bit(bit)) * N_W
            op = P[node]
            if op == OP_ANCHOR:
                changed = _anchor(P, S, node)
                if changed and P[node + N_WAKE] == -2:
                    # An order's deadline counts from it.
                    S[S_REDO] = 1
            else:
                term = P[node + N_TERM]
                wake = P[node + N_WAKE]
                if wake >= 0:
                    truth, when = _timed(P, S, L, node, op)
                    if supposing == 0:
                        S[P[H_WAKES] + wake] = when
                else:
                    truth = judge(P, S, L, node, op)
                changed = truth != S[truths + term]
                if changed:
                    S[truths + term] = truth
                    if S[asked + term]:
                        S[S_REDO] = 1
            if changed:
                parents = P[node + N_PARENTS]
                for w in range(word, words):
                    S[pend + w] |= P[parents + w]
        if within >= 0:
            S[pend + word] = 0


@kernel
def place(P, S, L, stage, entered, began):
    """Sets where the session stands; what depends on it is judged anew."""
    S[S_STAGE] = stage
    if entered != S[S_ENTERED] or began != S[S_BEGAN]:
        S[S_ENTERED], S[S_BEGAN] = entered, began
        wake_nodes(P, S, P[H_STAGE_BITS])
        propagate(P, S, L, -1)
