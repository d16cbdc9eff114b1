"""What would settle a condition: readings supposed now, and time alone. The twin of `decision.needs`."""

from __future__ import annotations

from rung_engine.cohort.aside import copy, follow_only, keep_all, put_aside, put_back, restore_all
from rung_engine.cohort.chart_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.passing import arrive, commit, next_instant, understand
from rung_engine.cohort.signals import count_input, wake_nodes, weigh
from rung_engine.cohort.terms import propagate

LARGEST_SET = 3
MOST_TRIALS = 600
WHY_RATE = 6


@kernel
def _why(P, S, kind, place):
    """Why a subject of a condition is unknown; 0 where it is known well enough."""
    if kind == 0:
        return S[P[H_IN] + place * IN_W + IN_WHY]
    at = P[H_DR] + place * DR_W
    if S[at + DR_RUN] == UNKNOWN:
        return S[at + DR_WHY]
    if S[at + DR_RUN] == TRUE and S[at + DR_HAS] == 0 and not P[P[H_PDR] + place * PDR_W + PDR_BOLUS]:
        return WHY_RATE
    return 0


@kernel
def _options(P, kind, place):
    """How many values of a subject are tried."""
    if kind == 0:
        return P[P[P[H_PIN] + place * PIN_W + PIN_CANDIDATES]]
    return P[P[P[H_PDR] + place * PDR_W + PDR_CANDIDATES]]


@kernel
def _suppose(P, S, kind, place, option):
    """One reading as if it were taken now."""
    if kind == 0:
        at = P[H_IN] + place * IN_W
        S[at + IN_NUM] = P[P[P[H_PIN] + place * PIN_W + PIN_CANDIDATES] + 1 + option]
        S[at + IN_DEN], S[at + IN_WHY], S[at + IN_TIME] = 1, WHY_NOT, S[S_TIME]
        S[at + IN_NOW], S[at + IN_SUPPOSED] = 1, 1
        wake_nodes(P, S, P[P[H_PIN] + place * PIN_W + PIN_BITS])
        return
    at = P[H_DR] + place * DR_W
    values = P[P[H_PDR] + place * PDR_W + PDR_CANDIDATES]
    S[at + DR_WHY] = WHY_NOT
    if option == 0:
        S[at + DR_RUN], S[at + DR_HAS] = FALSE, 0
    else:
        S[at + DR_RUN], S[at + DR_HAS], S[at + DR_POW] = TRUE, 1, P[values + 1]
        S[at + DR_NUM], S[at + DR_DEN] = P[values + 2 + 2 * option], P[values + 3 + 2 * option]
    wake_nodes(P, S, P[P[H_PDR] + place * PDR_W + PDR_BITS])


@kernel
def _weigh_supposed(P, S):
    """The weight is a supposed one: what is counted by it follows."""
    weigh(P, S)
    for k in range(P[H_N_COUNTED]):
        place = P[P[H_COUNTED] + k]
        if S[P[H_IN] + place * IN_W + IN_SUPPOSED] == 0:
            count_input(P, S, place)


@kernel
def _try(P, S, L, slot, size):
    """Whether some values of the subjects in H_CHOSEN settle the condition: 1, 0, or -1 after too many
    trials."""
    chosen = P[H_CHOSEN]
    record = P[H_SLOTS] + SLOT_W * slot
    term, closure = P[record + SLOT_TERM], P[record + SLOT_CLOSURE]
    truths = P[H_T]
    weighed_too = False
    for k in range(size):
        S[chosen + 6 + k] = 0
        if S[chosen + 2 * k] == 0 and S[chosen + 2 * k + 1] == P[H_WEIGHT]:
            weighed_too = True
    while True:
        S[chosen + 9] += 1
        if S[chosen + 9] > MOST_TRIALS:
            return -1
        for k in range(size):
            _suppose(P, S, S[chosen + 2 * k], S[chosen + 2 * k + 1], S[chosen + 6 + k])
        if weighed_too:
            _weigh_supposed(P, S)
        propagate(P, S, L, closure)
        found = S[truths + term]
        put_back(P, S, P[record + SLOT_TRUTHS])
        if found != UNKNOWN:
            return 1
        k = size - 1
        while k >= 0:
            S[chosen + 6 + k] += 1
            if S[chosen + 6 + k] < _options(P, S[chosen + 2 * k], S[chosen + 2 * k + 1]):
                break
            S[chosen + 6 + k] = 0
            k -= 1
        if k < 0:
            return 0


@kernel
def _keep(P, S, size):
    """The chart of the chosen subjects as it is, before it is supposed otherwise."""
    chosen, scratch = P[H_CHOSEN], P[H_SCRATCH]
    for k in range(size):
        if S[chosen + 2 * k] == 0:
            copy(S, P[H_IN] + S[chosen + 2 * k + 1] * IN_W, scratch + k * DR_W, IN_W)
        else:
            copy(S, P[H_DR] + S[chosen + 2 * k + 1] * DR_W, scratch + k * DR_W, DR_W)


@kernel
def _restore(P, S, size):
    """The chart as it is, after it was supposed otherwise."""
    chosen, scratch = P[H_CHOSEN], P[H_SCRATCH]
    weighed_too = False
    for k in range(size):
        if S[chosen + 2 * k] == 0:
            copy(S, scratch + k * DR_W, P[H_IN] + S[chosen + 2 * k + 1] * IN_W, IN_W)
            weighed_too = weighed_too or S[chosen + 2 * k + 1] == P[H_WEIGHT]
        else:
            copy(S, scratch + k * DR_W, P[H_DR] + S[chosen + 2 * k + 1] * DR_W, DR_W)
    if weighed_too:
        _weigh_supposed(P, S)
        _no_waiting(P, S)


@kernel
def _no_waiting(P, S):
    """Nobody waits to be judged: what was supposed is as it was."""
    for word in range(P[H_WORDS]):
        S[P[H_PEND] + word] = 0


@kernel
def _key(P, S, slot, at):
    """All that the fewest readings of a still condition depend on, written from S[at] on; where it ends."""
    record = P[H_SLOTS] + SLOT_W * slot
    parts = P[record + SLOT_PARTS]
    for k in range(P[parts]):
        S[at + k] = S[P[H_T] + P[parts + 1 + k]]
    at += P[parts]
    listed = P[record + SLOT_SUBJECTS]
    weighs = False
    for k in range(P[listed]):
        kind, place = P[listed + 1 + 2 * k], P[listed + 2 + 2 * k]
        if kind == 0:
            S[at] = S[P[H_IN] + place * IN_W + IN_WHY]
            at += 1
        else:
            drug = P[H_DR] + place * DR_W
            S[at], S[at + 1], S[at + 2] = S[drug + DR_RUN], S[drug + DR_WHY], S[drug + DR_HAS]
            S[at + 3], S[at + 4], S[at + 5] = S[drug + DR_NUM], S[drug + DR_DEN], S[drug + DR_POW]
            at += 6
            weighs = True
    if weighs:
        S[at], S[at + 1] = S[S_W_NUM], S[S_W_DEN]
        at += 2
    if P[record + SLOT_STILL] == 2:
        at = _remembered_key(P, S, slot, at)
    return at


@kernel
def _remembered_key(P, S, slot, at):
    """The part of the key that says what is remembered: readings, moments, and values at them."""
    record = P[H_SLOTS] + SLOT_W * slot
    t = S[S_TIME]
    listed = P[record + SLOT_SUBJECTS]
    for k in range(P[listed]):
        if P[listed + 1 + 2 * k] == 0:
            one = P[H_IN] + P[listed + 2 + 2 * k] * IN_W
            S[at], S[at + 1], S[at + 2] = S[one + IN_NUM], S[one + IN_DEN], S[one + IN_LAST]
            S[at + 3] = 1 if S[one + IN_LAST] == t else 0
            at += 4
    anchors = P[record + SLOT_TRUTHS]
    anchors += 1 + P[anchors]
    for k in range(P[anchors]):
        when = S[P[H_ANCHORS] + ANCHOR_W * P[anchors + 1 + k] + ANCHOR_NOW]
        S[at], S[at + 1] = when, 1 if when == t else 0
        at += 2
    captures = P[record + SLOT_CAPTURES]
    for k in range(P[captures]):
        copy(S, P[H_CAPTURES] + C_W * P[captures + 1 + k], at, C_W)
        at += C_W
    return at


@kernel
def _holds_until(P, S, slot):
    """The first instant at which a window of readings under the condition is another one by itself."""
    wakes = P[P[H_SLOTS] + SLOT_W * slot + SLOT_CAPTURES]
    wakes += 1 + P[wakes]
    until = NEVER
    for k in range(P[wakes]):
        until = min(until, S[P[H_WAKES] + P[wakes + 1 + k]])
    return until


@kernel
def _is_kept(S, kept, made, length):
    """The key that was just made is the one that is kept."""
    if S[kept + KEY_LENGTH] != length:
        return False
    for k in range(length):
        if S[kept + KEY_W + k] != S[made + k]:
            return False
    return True


@kernel
def needs(P, S, L, slot):
    """The fewest readings that would settle a condition, at P[H_NEEDS]; with none, when it is known by
    itself."""
    record = P[H_SLOTS] + SLOT_W * slot
    listed = P[record + SLOT_SUBJECTS]
    answer = P[H_NEEDS]
    kept = P[H_KEYS] + P[record + SLOT_KEY]
    length = 0
    if P[record + SLOT_STILL]:
        made = P[H_SAVED]
        length = _key(P, S, slot, made) - made
        if S[S_TIME] < S[kept + KEY_UNTIL] and _is_kept(S, kept, made, length):
            copy(S, kept + KEY_W + length, answer, 2 + 3 * S[kept + KEY_W + length])
            if S[answer] == 0:
                S[answer + 1] = _knowable_at(P, S, L, slot)
            return
        copy(S, made, kept + KEY_W, length)
    many = 0
    for k in range(P[listed]):
        kind, place = P[listed + 1 + 2 * k], P[listed + 2 + 2 * k]
        why = _why(P, S, kind, place)
        if why:
            S[answer + 2 + 3 * many] = kind
            S[answer + 3 + 3 * many] = place
            S[answer + 4 + 3 * many] = why
            many += 1
    S[answer] = _fewest(P, S, L, slot, many) if many else 0
    S[answer + 1] = NONE
    if P[record + SLOT_STILL]:
        S[kept + KEY_LENGTH], S[kept + KEY_UNTIL] = length, _holds_until(P, S, slot)
        copy(S, answer, kept + KEY_W + length, 2 + 3 * S[answer])
    if S[answer] == 0:
        S[answer + 1] = _knowable_at(P, S, L, slot)


@kernel
def _knowable_at(P, S, L, slot):
    """When time alone settles the condition. What was found holds until something is charted that it
    reads."""
    record = P[H_SLOTS] + SLOT_W * slot
    if P[record + SLOT_FADES]:
        return NONE
    kept = P[H_KEYS] + P[record + SLOT_KEY]
    known_at = S[kept + KEY_KNOWN_AT]
    if (
        S[kept + KEY_AT] != NONE
        and S[kept + KEY_ENTERED] == S[S_ENTERED]
        and S[kept + KEY_BEGAN] == S[S_BEGAN]
        and S[kept + KEY_HAPPENED] == S[S_HAPPENED]
        and (known_at == NONE or known_at > S[S_TIME])
        and _is_untouched(P, S, P[record + SLOT_SOURCES], S[kept + KEY_AT])
        and _are_moments(P, S, slot, kept)
    ):
        return known_at
    known_at = NONE if _stands_still(P, S, slot) else knowable_at(P, S, L, slot)
    _keep_moments(P, S, slot, kept)
    S[kept + KEY_AT], S[kept + KEY_ENTERED], S[kept + KEY_BEGAN] = S[S_TIME], S[S_ENTERED], S[S_BEGAN]
    S[kept + KEY_HAPPENED], S[kept + KEY_KNOWN_AT] = S[S_HAPPENED], known_at
    return known_at


@kernel
def _stands_still(P, S, slot):
    """Nothing that could settle the condition turns or expires by itself."""
    record = P[H_SLOTS] + SLOT_W * slot
    turns = P[record + SLOT_TURNS]
    if P[turns] < 0:
        return False
    for k in range(P[turns]):
        if S[P[H_UNTIL] + P[turns + 1 + k]] != NEVER:
            return False
    return _holds_until(P, S, slot) == NEVER


@kernel
def _moments_kept(P, slot, kept):
    """Where the moments are kept for which `KNOWN_AT` was found: at the end of what is kept of the
    condition."""
    record = P[H_SLOTS] + SLOT_W * slot
    anchors = P[record + SLOT_TRUTHS]
    anchors += 1 + P[anchors]
    return anchors, kept + P[record + SLOT_KEPT] - P[anchors]


@kernel
def _are_moments(P, S, slot, kept):
    """The moments under the condition are those for which `KNOWN_AT` was found."""
    anchors, at = _moments_kept(P, slot, kept)
    for k in range(P[anchors]):
        if S[at + k] != S[P[H_ANCHORS] + ANCHOR_W * P[anchors + 1 + k] + ANCHOR_NOW]:
            return False
    return True


@kernel
def _keep_moments(P, S, slot, kept):
    anchors, at = _moments_kept(P, slot, kept)
    for k in range(P[anchors]):
        S[at + k] = S[P[H_ANCHORS] + ANCHOR_W * P[anchors + 1 + k] + ANCHOR_NOW]


@kernel
def _is_untouched(P, S, sources, since):
    """Nothing of these inputs and drugs was charted after an instant."""
    if S[S_SILENT_FROM] > since:
        return False
    for k in range(P[sources]):
        place = P[sources + 2 + 2 * k]
        if P[sources + 1 + 2 * k] == 0:
            if S[P[H_IN] + place * IN_W + IN_STAMP] > since:
                return False
        elif S[P[H_DR] + place * DR_W + DR_TOUCHED] > since:
            return False
    return True


@kernel
def _fewest(P, S, L, slot, many):
    """How many of the unknown subjects at H_NEEDS settle the condition; those are moved to the front. 0: none
    do."""
    answer, chosen = P[H_NEEDS], P[H_CHOSEN]
    redo, epoch, weighed = S[S_REDO], S[S_EPOCH], S[S_W_AT]
    put_aside(P, S, P[P[H_SLOTS] + SLOT_W * slot + SLOT_TRUTHS])
    S[S_SUPPOSING] = 1
    S[chosen + 9] = 0
    size, found = 0, 0
    while found == 0 and size < min(LARGEST_SET, many):
        size += 1
        for k in range(size):
            S[chosen + 10 + k] = k
        while True:
            for k in range(size):
                one = answer + 2 + 3 * S[chosen + 10 + k]
                S[chosen + 2 * k], S[chosen + 2 * k + 1] = S[one], S[one + 1]
            _keep(P, S, size)
            found = _try(P, S, L, slot, size)
            _restore(P, S, size)
            if found != 0:
                break
            k = size - 1
            while k >= 0 and S[chosen + 10 + k] == many - size + k:
                k -= 1
            if k < 0:
                break
            S[chosen + 10 + k] += 1
            for j in range(k + 1, size):
                S[chosen + 10 + j] = S[chosen + 10 + j - 1] + 1
    S[S_SUPPOSING] = 0
    S[S_REDO], S[S_EPOCH], S[S_W_AT] = redo, epoch, weighed
    if found == -1:
        return many
    if found == 0:
        return 0
    for k in range(size):
        one, two = answer + 2 + 3 * k, answer + 2 + 3 * S[chosen + 10 + k]
        S[one], S[one + 1], S[one + 2] = S[two], S[two + 1], S[two + 2]
    return size


@kernel
def knowable_at(P, S, L, slot):
    """With no new fact and the session where it is: when the condition is first known; NONE if never.

    Only what the condition reads is followed: nothing else can settle it.
    """
    record = P[H_SLOTS] + SLOT_W * slot
    keep_all(P, S, P[record + SLOT_SOURCES])
    follow_only(P, S, P[record + SLOT_SOURCES], P[record + SLOT_CLOSURE])
    found = NONE
    while True:
        commit(P, S, L)
        time = next_instant(P, S, L, 0)
        if time >= NEVER:
            break
        arrive(P, S, time)
        understand(P, S, L)
        propagate(P, S, L, P[record + SLOT_CLOSURE])
        if S[P[H_T] + P[record + SLOT_TERM]] != UNKNOWN:
            found = time
            break
    failed = S[S_FAIL]
    restore_all(P, S, P[record + SLOT_SOURCES])
    if failed:
        S[S_FAIL] = failed
    return found


@kernel
def signature(P, S, slot, waits, at):
    """What the fewest readings of a condition may depend on, written from S[at] on; where that ends."""
    record = P[H_SLOTS] + SLOT_W * slot
    S[at] = P[record + SLOT_TERM]
    at += 1
    parts = P[record + SLOT_PARTS]
    for k in range(P[parts]):
        term = P[parts + 1 + k]
        S[P[H_ASKED] + term] = 1
        S[at] = S[P[H_T] + term]
        at += 1
    listed = P[record + SLOT_SUBJECTS]
    for k in range(P[listed]):
        kind, place = P[listed + 1 + 2 * k], P[listed + 2 + 2 * k]
        S[at] = S[P[H_IN] + place * IN_W + IN_WHY] if kind == 0 else S[P[H_DR] + place * DR_W + DR_WHY]
        at += 1
        if waits and kind == 0:
            S[P[H_WATCHED] + place] = 1
            S[at] = S[P[H_IN] + place * IN_W + IN_LAST]
            at += 1
    return at
