"""What is charted of a stay at an instant: readings, drugs, courses. The twin of `session.chart`."""

from __future__ import annotations

from rung_engine.cohort.chart_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.numbers import f_plus, f_times, lowest, plus, times, too_large


@kernel
def wake_nodes(P, S, bits):
    """Every node of the set is to be judged anew."""
    at = P[H_PEND]
    for word in range(P[H_WORDS]):
        S[at + word] |= P[bits + word]


# ---------------------------------------------------------------- readings


@kernel
def add_reading(P, S, place, unit, value):
    """One reading of the present instant."""
    at = P[H_IN] + place * IN_W
    pin = P[H_PIN] + place * PIN_W
    t = S[S_TIME]
    if S[at + IN_STAMP] != t:
        S[P[H_TOUCHED_IN] + S[S_N_TOUCHED_IN]] = place
        S[S_N_TOUCHED_IN] += 1
    if S[at + IN_STAMP] != t or S[at + IN_GN] < 0:
        S[at + IN_STAMP] = t
        S[at + IN_GN] = 0
        S[at + IN_GBAD] = 0
    kind = P[pin + PIN_KIND]
    why = WHY_NOT
    raw = value
    if kind == QUANTITY:
        if unit < 0:
            why = WHY_UNIT
        else:
            line = P[H_CONVERT] + 2 * (place * P[H_N_UNITS] + unit)
            k = P[line]
            if k == 0:
                why = WHY_UNIT
            elif too_large(value, k):
                why = WHY_IMPLAUSIBLE
                if P[pin + PIN_BOUNDED] == 0:
                    S[S_FAIL] = FAIL_OVERFLOW
            else:
                raw = value * k + P[line + 1]
                if raw < P[pin + PIN_LOW] or raw > P[pin + PIN_HIGH]:
                    why = WHY_IMPLAUSIBLE
    elif kind == FLAG:
        if unit != U_FLAG:
            why = WHY_UNIT
    elif kind == ANY_OF:
        if unit != U_SET or value < 0:
            why = WHY_UNIT
    elif unit != U_VALUE or value < 0:
        why = WHY_UNIT
    if why == WHY_NOT and P[pin + PIN_CUMULATIVE] and S[at + IN_HIGHEST] != NONE and raw < S[at + IN_HIGHEST]:
        why = WHY_IMPLAUSIBLE
    if why != WHY_NOT:
        S[at + IN_GBAD] = why
    elif S[at + IN_GN] == 0:
        S[at + IN_GN] = 1
        S[at + IN_GMIN] = raw
        S[at + IN_GMAX] = raw
    elif raw < S[at + IN_GMIN]:
        S[at + IN_GMIN] = raw
        S[at + IN_GN] += 1
    elif raw > S[at + IN_GMAX]:
        S[at + IN_GMAX] = raw
        S[at + IN_GN] += 1


@kernel
def accept(P, S, L, place):
    """The readings of the present instant become the past of their input."""
    at = P[H_IN] + place * IN_W
    pin = P[H_PIN] + place * PIN_W
    t = S[S_TIME]
    count = S[at + IN_GN]
    S[at + IN_NOW] = count
    if count == 0:
        S[at + IN_BAD] = t
        S[at + IN_BAD_WHY] = S[at + IN_GBAD]
        return
    low, high = S[at + IN_GMIN], S[at + IN_GMAX]
    S[at + IN_LAST] = t
    S[at + IN_NV] = count
    S[at + IN_VAL] = low
    if S[at + IN_FIRST] == NONE:
        S[at + IN_FIRST] = t
    if P[pin + PIN_CUMULATIVE] and (S[at + IN_HIGHEST] == NONE or high > S[at + IN_HIGHEST]):
        S[at + IN_HIGHEST] = high
    if P[pin + PIN_FIXED] and S[at + IN_DISTINCT] < 2:
        if S[at + IN_DISTINCT] == 0:
            S[at + IN_DVAL] = low
            S[at + IN_DISTINCT] = count
        elif count > 1 or low != S[at + IN_DVAL]:
            S[at + IN_DISTINCT] = 2
    log = P[pin + PIN_LOG]
    if log >= 0:
        if S[at + IN_LOGGED] >= S[S_LOG]:
            S[S_FAIL] = FAIL_SPACE
            return
        where = (log * S[S_LOG] + S[at + IN_LOGGED]) * LOG_W
        L[where] = t
        L[where + 1] = low
        L[where + 2] = high
        L[where + 3] = count
        S[at + IN_LOGGED] += 1


@kernel
def refresh_input(P, S, place):
    """Works out what holds of one input at the present instant, what it counts aside."""
    at = P[H_IN] + place * IN_W
    pin = P[H_PIN] + place * PIN_W
    t = S[S_TIME]
    until = P[H_UNTIL] + place
    S[until] = NEVER
    last = S[at + IN_LAST]
    why, time = WHY_NOT, last
    value = 0
    if S[at + IN_BAD] != NONE and (last == NONE or S[at + IN_BAD] > last):
        why, time = S[at + IN_BAD_WHY], S[at + IN_BAD]
    elif last == NONE:
        why = WHY_NEVER
    elif P[pin + PIN_FIXED]:
        if S[at + IN_DISTINCT] > 1:
            why = WHY_CONTESTED
        else:
            value, time = S[at + IN_DVAL], S[at + IN_FIRST]
    elif S[at + IN_NV] > 1:
        why = WHY_CONTESTED
    elif t > last + P[pin + PIN_VALID]:
        why = WHY_STALE
    else:
        value = S[at + IN_VAL]
        if P[pin + PIN_VALID] < NEVER >> 4:
            S[until] = last + P[pin + PIN_VALID]
            if S[until] < S[S_SIGNAL]:
                S[S_SIGNAL] = S[until] + 1
    S[at + IN_OWN_WHY], S[at + IN_OWN_TIME] = why, time
    show(P, S, place, why, time, value, 1)


@kernel
def show(P, S, place, why, time, num, den):
    """What holds of an input from now on; whoever reads it is to be judged anew."""
    at = P[H_IN] + place * IN_W
    if why != S[at + IN_WHY] or (why >= WHY_IMPLAUSIBLE and time != S[at + IN_TIME]):
        S[S_EPOCH] += 1
    S[at + IN_WHY], S[at + IN_TIME] = why, time
    S[at + IN_NUM], S[at + IN_DEN] = num, den
    wake_nodes(P, S, P[P[H_PIN] + place * PIN_W + PIN_BITS])
    if place == P[H_WEIGHT]:
        weigh(P, S)


@kernel
def weigh(P, S):
    """The dosing weight follows its input."""
    at = P[H_IN] + P[H_WEIGHT] * IN_W
    known = S[at + IN_WHY] == WHY_NOT
    num, den = 0, 1
    if known:
        num, den = lowest(S[at + IN_NUM], P[P[H_PIN] + P[H_WEIGHT] * PIN_W + PIN_SCALE])
    if known != (S[S_W_KNOWN] != 0) or num != S[S_W_NUM] or den != S[S_W_DEN]:
        S[S_EPOCH] += 1
        S[S_W_AT] = S[S_TIME]
    S[S_W_KNOWN], S[S_W_NUM], S[S_W_DEN] = 1 if known else 0, num, den


@kernel
def weighed(S, num, den, power):
    """(1, the fraction times the weight to this power), or (0, 0, 1) without a weight."""
    if power == 0:
        return 1, num, den
    if S[S_W_KNOWN] == 0:
        return 0, 0, 1
    w, d = S[S_W_NUM], S[S_W_DEN]
    if w <= 0:
        return 0, 0, 1
    for _ in range(abs(power)):
        if power > 0:
            num, den = f_times(S, num, den, w, d)
        else:
            num, den = f_times(S, num, den, d, w)
    return 1, num, den


@kernel
def amounts(S, plain, per_kg, other, scale, power):
    """Doses added up, seen with a power of weight: (1, n, d), or (0, 0, 1) where a part cannot be seen."""
    if other != 0:
        return 0, 0, 1
    num, den = 0, 1
    if plain != 0:
        ok, n, d = weighed(S, plain, scale, power)
        if ok == 0:
            return 0, 0, 1
        num, den = lowest(n, d)
    if per_kg != 0:
        ok, n, d = weighed(S, per_kg, scale, power + 1)
        if ok == 0:
            return 0, 0, 1
        n, d = lowest(n, d)
        num, den = f_plus(S, num, den, n, d)
    return 1, num, den


@kernel
def silent(S):
    """A drug without a row is off, not unknown."""
    return S[S_SILENT_FROM] != NONE and S[S_SILENT_FROM] <= S[S_TIME]


@kernel
def count_input(P, S, place):
    """A counted input: its own reading and the doses given after it."""
    at = P[H_IN] + place * IN_W
    pin = P[H_PIN] + place * PIN_W
    why = S[at + IN_OWN_WHY]
    if why >= WHY_IMPLAUSIBLE:
        show(P, S, place, why, S[at + IN_OWN_TIME], 0, 1)
        return
    known = why == WHY_NOT
    drug = P[H_DR] + P[pin + PIN_COUNTS] * DR_W
    if not known and S[drug + DR_LAST] == NONE and not silent(S):
        show(P, S, place, WHY_NEVER, NONE, 0, 1)
        return
    scale = P[pin + PIN_DOSE_SCALE]
    if known:
        since = P[H_DOSED_SINCE] + 3 * place
        ok, n, d = amounts(S, S[since], S[since + 1], S[since + 2], scale, P[pin + PIN_POW])
    else:
        ok, n, d = amounts(
            S, S[drug + DR_ALL_0], S[drug + DR_ALL_1], S[drug + DR_ALL_X], scale, P[pin + PIN_POW]
        )
    if ok == 0:
        show(P, S, place, WHY_UNIT, S[drug + DR_LAST], 0, 1)
        return
    n, d = f_times(S, n, d, P[pin + PIN_SCALE], 1)
    if known:
        n, d = f_plus(S, n, d, own_value(P, S, place), 1)
    show(P, S, place, WHY_NOT, S[at + IN_OWN_TIME], n, d)


@kernel
def own_value(P, S, place):
    """The reading in force of an input that has one."""
    at = P[H_IN] + place * IN_W
    return S[at + IN_DVAL] if P[P[H_PIN] + place * PIN_W + PIN_FIXED] else S[at + IN_VAL]


# ---------------------------------------------------------------- drugs


@kernel
def touch_drug(P, S, place):
    """The drug has something charted at the present instant, or changes at it by itself."""
    at = P[H_DR] + place * DR_W
    if S[at + DR_TOUCHED] != S[S_TIME]:
        S[at + DR_TOUCHED] = S[S_TIME]
        S[P[H_TOUCHED_DR] + S[S_N_TOUCHED_DR]] = place
        S[S_N_TOUCHED_DR] += 1


@kernel
def add_infusion(P, S, K, place, unit, value, kind):
    """One infusion charted at the present instant. `kind`: the row of K that says what its rate is."""
    at = P[H_DR] + place * DR_W
    t = S[S_TIME]
    touch_drug(P, S, place)
    if S[at + DR_STAMP] != t:
        S[at + DR_STAMP] = t
        S[at + DR_GN] = 0
        S[at + DR_GON] = 0
        S[at + DR_GOFF] = 0
        S[at + DR_GWHY] = WHY_NOT
    has, num, den, power = 0, 0, 1, 0
    on = 1
    if unit != U_NONE:
        if value <= 0:
            on = 0
        else:
            row = kind * K_W
            status = K[row + K_STATUS]
            if status == 0:
                S[at + DR_GWHY] = WHY_UNIT
            elif status == 2:
                S[S_FAIL] = FAIL_RATE
            else:
                has = 1
                num, den = f_times(S, value, 1, K[row + K_NUM], K[row + K_DEN])
                num, den = lowest(num, den)
                power = K[row + K_POW]
    if on:
        S[at + DR_GON] = 1
    else:
        S[at + DR_GOFF] = 1
    if S[at + DR_GN] == 0:
        S[at + DR_GN] = 1
        S[at + DR_GHAS], S[at + DR_GNUM], S[at + DR_GDEN], S[at + DR_GPOW] = has, num, den, power
    elif S[at + DR_GON] and S[at + DR_GOFF]:
        S[at + DR_GN] = 2
    elif (
        has != S[at + DR_GHAS] or num != S[at + DR_GNUM] or den != S[at + DR_GDEN] or power != S[at + DR_GPOW]
    ):
        S[at + DR_GN] = 2


@kernel
def add_dose(P, S, K, place, unit, value, kind):
    """One dose given at the present instant."""
    at = P[H_DR] + place * DR_W
    t = S[S_TIME]
    touch_drug(P, S, place)
    S[S_EPOCH] += 1
    if S[at + DR_DOSED] != t:
        S[at + DR_DOSED] = t
        for what in range(DR_NOW_0, DR_NOW_N1 + 1):
            S[at + what] = 0
    row = kind * K_W
    if unit == U_NONE or K[row + K_STATUS] == 0:
        if unit == U_NONE or value != 0:
            S[at + DR_NOW_X] += 1
            S[at + DR_ALL_X] += 1
            S[at + DR_BEGAN_X] += 1
        else:
            S[S_FAIL] = FAIL_DIMS
        return
    if K[row + K_STATUS] == 2 or value < 0:
        S[S_FAIL] = FAIL_RATE
        return
    amount = times(S, value, K[row + K_NUM])
    per_kg = 1 if K[row + K_POW] == -1 else 0
    if K[row + K_POW] == 1:
        S[S_FAIL] = FAIL_DIMS
    S[at + DR_NOW_0 + per_kg] = plus(S, S[at + DR_NOW_0 + per_kg], amount)
    S[at + DR_ALL_0 + per_kg] = plus(S, S[at + DR_ALL_0 + per_kg], amount)
    S[at + DR_BEGAN_0 + per_kg] = plus(S, S[at + DR_BEGAN_0 + per_kg], amount)
    S[at + DR_NOW_N0 + per_kg] += 1
    S[at + DR_BEGAN_N0 + per_kg] += 1


@kernel
def same_rate(S, an, ad, ap, bn, bd, bp):
    """Two charted rates are one rate, seen through the weight where they differ by it."""
    if ap == bp:
        return an == bn and ad == bd
    ok, n, d = weighed(S, an, ad, bp - ap)
    if ok == 0:
        return False
    n, d = lowest(n, d)
    return n == bn and d == bd


@kernel
def accept_drug(P, S, place):
    """What was charted of a drug at the present instant becomes its past."""
    at = P[H_DR] + place * DR_W
    pdr = P[H_PDR] + place * PDR_W
    t = S[S_TIME]
    if S[at + DR_STAMP] == t:
        if S[at + DR_GN] == 1:
            on, has, why = S[at + DR_GON], S[at + DR_GHAS], S[at + DR_GWHY]
        else:
            on, has, why = 1 if S[at + DR_GOFF] == 0 else UNKNOWN, 0, WHY_CONTESTED
        before = S[at + DR_ROW_ON]
        num, den, power = S[at + DR_GNUM], S[at + DR_GDEN], S[at + DR_GPOW]
        if before == -1:
            changed = on != FALSE
        elif on != before or why == WHY_CONTESTED:
            changed = True
        elif on == FALSE:
            changed = False
        elif has == 0 or S[at + DR_ROW_HAS] == 0:
            changed = has != S[at + DR_ROW_HAS]
        else:
            changed = not same_rate(
                S, S[at + DR_ROW_NUM], S[at + DR_ROW_DEN], S[at + DR_ROW_POW], num, den, power
            )
        if changed:
            S[at + DR_CHANGED] = t
        if not P[pdr + PDR_BOLUS]:
            if on == TRUE and not S[at + DR_KNOWN_ON]:
                S[at + DR_START] = t
            if on == FALSE and S[at + DR_KNOWN_ON]:
                S[at + DR_STOP] = t
        if on != UNKNOWN:
            S[at + DR_KNOWN_ON] = on
        S[at + DR_ROW_ON], S[at + DR_ROW_TIME], S[at + DR_ROW_HAS] = on, t, has
        S[at + DR_ROW_NUM], S[at + DR_ROW_DEN], S[at + DR_ROW_POW] = num, den, power
        S[at + DR_ROW_WHY] = why
    dosed = S[at + DR_DOSED] == t
    if dosed:
        S[at + DR_LAST] = t
    if P[pdr + PDR_BOLUS]:
        if dosed:
            if S[at + DR_END] == NONE:
                S[at + DR_START] = t
            S[at + DR_END] = NONE if P[pdr + PDR_LASTS] == NONE else t + P[pdr + PDR_LASTS]
        elif S[at + DR_END] != NONE and S[at + DR_END] <= t:
            S[at + DR_STOP] = t
            S[at + DR_END] = NONE
    refresh_drug(P, S, place)


@kernel
def refresh_drug(P, S, place):
    """Works out the state of a drug at the present instant."""
    at = P[H_DR] + place * DR_W
    pdr = P[H_PDR] + place * PDR_W
    t = S[S_TIME]
    bolus, lasts, valid = P[pdr + PDR_BOLUS], P[pdr + PDR_LASTS], P[pdr + PDR_VALID]
    dose, row = S[at + DR_LAST], S[at + DR_ROW_ON]
    run, has, why, time, quiet, until = UNKNOWN, 0, WHY_NOT, NONE, 0, NEVER
    if lasts != NONE and dose != NONE and t - dose < lasts:
        run, time, until = TRUE, dose, dose + lasts - 1
    elif row == -1:
        if silent(S):
            run = FALSE
            quiet = 0 if bolus and dose != NONE else 1
        elif bolus and dose != NONE:
            run, time = FALSE, dose
        else:
            why = WHY_NEVER
    elif row == UNKNOWN:
        why, time = WHY_CONTESTED, S[at + DR_ROW_TIME]
    elif row == FALSE:
        run, time = FALSE, S[at + DR_ROW_TIME]
    elif t > S[at + DR_ROW_TIME] + valid:
        why, time = WHY_STALE, S[at + DR_ROW_TIME]
    else:
        run, time, why, has = TRUE, S[at + DR_ROW_TIME], S[at + DR_ROW_WHY], S[at + DR_ROW_HAS]
        if valid < NEVER >> 4:
            until = S[at + DR_ROW_TIME] + valid
    if S[at + DR_END] != NONE:
        until = min(until, S[at + DR_END] - 1)
    S[P[H_UNTIL] + P[H_N_IN] + place] = until
    if until < S[S_SIGNAL]:
        S[S_SIGNAL] = until + 1
    num, den, power = 0, 1, 0
    if has:
        num, den, power = S[at + DR_ROW_NUM], S[at + DR_ROW_DEN], S[at + DR_ROW_POW]
    if (
        run != S[at + DR_RUN]
        or why != S[at + DR_WHY]
        or has != S[at + DR_HAS]
        or num != S[at + DR_NUM]
        or den != S[at + DR_DEN]
        or power != S[at + DR_POW]
        or quiet != S[at + DR_SILENT]
        or (why >= WHY_IMPLAUSIBLE and time != S[at + DR_TIME])
    ):
        S[S_EPOCH] += 1
    S[at + DR_RUN], S[at + DR_WHY], S[at + DR_TIME], S[at + DR_SILENT] = run, why, time, quiet
    S[at + DR_HAS], S[at + DR_NUM], S[at + DR_DEN], S[at + DR_POW] = has, num, den, power
    wake_nodes(P, S, P[pdr + PDR_BITS])


# ---------------------------------------------------------------- courses


@kernel
def refresh_course(P, S, course):
    """Stops come before starts of the same instant."""
    at = P[H_COURSES] + course * CO_W
    drugs, ends_after = P[P[H_PCOURSES] + 2 * course], P[P[H_PCOURSES] + 2 * course + 1]
    t = S[S_TIME]
    begin, on, end = S[at], S[at + CO_ON], S[at + CO_END]
    for drug in range(P[H_N_DR]):
        bit = 1 << drug
        if drugs & bit and on & bit and S[P[H_DR] + drug * DR_W + DR_STOP] == t:
            on &= ~bit
            end = t
    for drug in range(P[H_N_DR]):
        bit = 1 << drug
        if drugs & bit and S[P[H_DR] + drug * DR_W + DR_START] == t:
            if begin == NONE or not (on != 0 or t - end < max(ends_after, 1)):
                begin = t
            pdr = P[H_PDR] + drug * PDR_W
            if P[pdr + PDR_BOLUS] and P[pdr + PDR_LASTS] <= 0:
                end = t
            else:
                on |= bit
    S[at], S[at + CO_ON], S[at + CO_END] = begin, on, end
    wake_nodes(P, S, P[P[H_COURSE_BITS] + course])


@kernel
def course_ends(P, S, course):
    """The instant after now at which the course ends by itself."""
    at = P[H_COURSES] + course * CO_W
    ends_after = P[P[H_PCOURSES] + 2 * course + 1]
    if S[at] != NONE and S[at + CO_ON] == 0 and S[S_TIME] - S[at + CO_END] < ends_after:
        return S[at + CO_END] + ends_after
    return NEVER


# ---------------------------------------------------------------- the instant


@kernel
def expire(P, S):
    """Works out anew what no longer holds by itself, and when the next thing expires."""
    t = S[S_TIME]
    until = P[H_UNTIL]
    for place in range(P[H_N_IN]):
        if S[until + place] < t:
            at = P[H_IN] + place * IN_W
            S[at + IN_STAMP] = t
            S[at + IN_GN] = -1
            S[P[H_TOUCHED_IN] + S[S_N_TOUCHED_IN]] = place
            S[S_N_TOUCHED_IN] += 1
    until += P[H_N_IN]
    for place in range(P[H_N_DR]):
        if S[until + place] < t:
            touch_drug(P, S, place)


@kernel
def settle_signal(P, S):
    """The very instant at which the next thing expires."""
    soonest = NEVER
    until = P[H_UNTIL]
    for place in range(until, until + P[H_N_IN] + P[H_N_DR]):
        soonest = min(soonest, S[place])
    S[S_SIGNAL] = soonest + 1 if soonest < NEVER else NEVER


@kernel
def fall_silent(P, S):
    """From now on a drug without a row is off."""
    S[S_SILENT_FROM] = S[S_TIME]
    S[S_EPOCH] += 1
    for place in range(P[H_N_DR]):
        touch_drug(P, S, place)


@kernel
def settle(P, S, L):
    """All facts of the present instant are told: what they mean, in the order in which it depends on
    itself."""
    t = S[S_TIME]
    counted = False
    for k in range(S[S_N_TOUCHED_IN]):
        place = S[P[H_TOUCHED_IN] + k]
        at = P[H_IN] + place * IN_W
        if S[at + IN_GN] >= 0:
            accept(P, S, L, place)
            if S[P[H_WATCHED] + place]:
                S[S_REDO] = 1
        refresh_input(P, S, place)
        if P[P[H_PIN] + place * PIN_W + PIN_COUNTS] >= 0 or place == P[H_WEIGHT]:
            counted = True
    courses = 0
    for k in range(S[S_N_TOUCHED_DR]):
        place = S[P[H_TOUCHED_DR] + k]
        accept_drug(P, S, place)
        pdr = P[H_PDR] + place * PDR_W
        courses |= P[pdr + PDR_COURSES]
        counts = P[pdr + PDR_COUNTED]
        if counts >= 0:
            counted = True
            at = P[H_DR] + place * DR_W
            own = P[H_IN] + counts * IN_W
            since = P[H_DOSED_SINCE] + 3 * counts
            if S[at + DR_DOSED] == t and not (S[own + IN_OWN_WHY] == WHY_NOT and S[own + IN_OWN_TIME] == t):
                S[since] = plus(S, S[since], S[at + DR_NOW_0])
                S[since + 1] = plus(S, S[since + 1], S[at + DR_NOW_1])
                S[since + 2] += S[at + DR_NOW_X]
    for course in range(P[H_N_COURSE]):
        if courses >> course & 1:
            refresh_course(P, S, course)
    if counted:
        for k in range(P[H_N_COUNTED]):
            place = P[P[H_COUNTED] + k]
            own = P[H_IN] + place * IN_W
            if S[own + IN_OWN_WHY] == WHY_NOT and S[own + IN_OWN_TIME] == t:
                since = P[H_DOSED_SINCE] + 3 * place
                S[since] = 0
                S[since + 1] = 0
                S[since + 2] = 0
            count_input(P, S, place)
