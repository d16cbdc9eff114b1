"""What a decision asks of an instant. The twin of `decision.view`; what was asked is noted."""

from __future__ import annotations

from rung_engine.cohort import moments, supposing, terms
from rung_engine.cohort.amounts import total_over
from rung_engine.cohort.chart_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.lines import course_clock
from rung_engine.cohort.native import kernel
from rung_engine.cohort.numbers import f_plus, lowest
from rung_engine.cohort.signals import weighed

place = terms.place
needs = supposing.needs
signature = supposing.signature
moment = moments.moment


@kernel
def truth(P, S, term):
    """The truth of a condition."""
    S[P[H_ASKED] + term] = 1
    return S[P[H_T] + term]


@kernel
def last_reading(P, S, place):
    """The stamp of the latest accepted reading; NONE if there is none."""
    S[P[H_WATCHED] + place] = 1
    return S[P[H_IN] + place * IN_W + IN_LAST]


@kernel
def last_dose(P, S, drug):
    return S[P[H_DR] + drug * DR_W + DR_LAST]


@kernel
def rate_changed(P, S, drug):
    """When the charted rate last changed; NONE if never."""
    return S[P[H_DR] + drug * DR_W + DR_CHANGED]


@kernel
def last_done(P, S, task):
    return S[P[H_TASK] + task * TASK_W]


@kernel
def course_began(P, S, course):
    """When the present course began; NONE if none is on."""
    began, _ = course_clock(P, S, course)
    return began


@kernel
def rolling(P, S, L, window):
    """(known, n, d): the amount given in a rolling window, in coherent units of its maximum."""
    S[S_ROOM] = 1
    at = P[H_WINDOWS] + 5 * window
    flow = P[P[H_PDR] + P[at] * PDR_W + PDR_FLOW]
    ok, n, d, _, _, _ = total_over(P, S, L, flow, P[at + 2], P[at + 1])
    return ok, n, d


@kernel
def given(P, S, L, drug, power):
    """(known, n, d): all doses since the session began, seen with a power of weight."""
    at = P[H_DR] + drug * DR_W
    first = DR_BEGAN_0
    if S[S_BEGAN] == S[S_TIME]:
        if S[at + DR_DOSED] != S[S_TIME]:
            return 1, 0, 1
        first = DR_NOW_0
    at += first
    if S[at + 2]:
        return 0, 0, 1
    scale = P[P[H_PDR] + drug * PDR_W + PDR_DOSE_SCALE]
    num, den = 0, 1
    if S[at + 3]:
        ok, n, d = weighed(S, S[at], scale, power)
        if ok == 0:
            return 0, 0, 1
        num, den = lowest(n, d)
    if S[at + 4]:
        ok, n, d = weighed(S, S[at + 1], scale, power + 1)
        if ok == 0:
            return 0, 0, 1
        n, d = lowest(n, d)
        num, den = f_plus(S, num, den, n, d)
    return 1, num, den


@kernel
def silence_is_off(P, S):
    """Some drug is off because silence says so."""
    for drug in range(P[H_N_DR]):
        if S[P[H_DR] + drug * DR_W + DR_SILENT]:
            return 1
    return 0
