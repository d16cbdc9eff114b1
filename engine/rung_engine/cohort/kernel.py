"""Stays one after another through the flat program: facts in, changes of decisions out."""

from __future__ import annotations

from rung_engine.cohort.chart_layout import *
from rung_engine.cohort.decide.fold import advance
from rung_engine.cohort.decide_layout import S_OUT_MOST
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel, kernel_of
from rung_engine.cohort.passing import arrive, commit, next_instant, understand
from rung_engine.cohort.signals import add_dose, add_infusion, add_reading, fall_silent, wake_nodes
from rung_engine.cohort.terms import propagate


@kernel
def _tell(P, S, K, kind, name, unit, value, row):
    """One fact of the present instant."""
    if kind == READING:
        add_reading(P, S, name, unit, value)
    elif kind == INFUSION:
        add_infusion(P, S, K, name, unit, value, row)
    elif kind == DOSE:
        add_dose(P, S, K, name, unit, value, row)
    elif kind == HAPPENED:
        S[P[H_EVENTS] + name] = S[S_TIME]
        S[S_HAPPENED] += 1
        wake_nodes(P, S, P[P[H_EVENT_BITS] + name])
    elif kind == DONE:
        S[P[H_TASK] + name * TASK_W] = S[S_TIME]
        S[S_HAPPENED] += 1
        S[S_EPOCH] += 1
        wake_nodes(P, S, P[P[H_TASK_BITS] + name])
    elif kind == SILENCE and S[S_SILENT_FROM] == NONE:
        fall_silent(P, S)


@kernel
def _is_idle(P, kind, name):
    """A fact of this kind is of nothing that the protocol reads: it changes nothing at any instant."""
    if kind == READING:
        return P[P[H_PIN] + name * PIN_W + PIN_READ] == 0
    return kind == OTHER


@kernel
def _decide(P, S, L, OUT):
    """The decision at the present instant, where it could be another than before."""
    if S[S_REDO] == 0 and S[S_EPOCH] == S[S_DECIDED]:
        return
    for k in range(P[H_N_TERMS]):
        S[P[H_ASKED] + k] = 0
    for k in range(P[H_N_IN]):
        S[P[H_WATCHED] + k] = 0
    S[S_REDO] = 0
    S[S_ROOM] = 0
    stage, entered, began = S[S_STAGE], S[S_ENTERED], S[S_BEGAN]
    advance(P, S, L, OUT)
    S[S_DECIDED] = S[S_EPOCH]
    if S[S_REDO]:
        # Where the session went, something that was asked is otherwise: the next instant sees it.
        S[S_DWAKE] = min(S[S_DWAKE], S[S_TIME] + 1)
    if stage != S[S_STAGE] or entered != S[S_ENTERED] or began != S[S_BEGAN]:
        # What was asked on the way was asked of other stages too.
        S[S_REDO] = 1


@kernel_of(time=64, kind=8, name=16, unit=16, value=64, row=32)
def run_stay(P, S, L, K, time, kind, name, unit, value, row, first, last, silence_is_off, OUT):
    """One stay, whose facts are first to last - 1, in the order of time, up to its last fact."""
    at = first
    end = time[last - 1]
    while S[S_FAIL] == 0 and S[S_FULL] == 0:
        while S[S_FRESH] == 0 and at < last and _is_idle(P, kind[at], name[at]):
            at += 1
        now = time[at] if at < last else NEVER
        if S[S_FRESH] == 0:
            commit(P, S, L)
            now = min(now, next_instant(P, S, L, 1))
        if now > end:
            return
        arrive(P, S, now)
        if S[S_FRESH]:
            wake_nodes(P, S, P[H_ALL_BITS])
            if silence_is_off:
                fall_silent(P, S)
        while at < last and time[at] == now:
            _tell(P, S, K, kind[at], name[at], unit[at], value[at], row[at])
            at += 1
        understand(P, S, L)
        propagate(P, S, L, -1)
        _decide(P, S, L, OUT)
        S[S_FRESH] = 0


@kernel_of(time=64, kind=8, name=16, unit=16, value=64, row=32, start=64, ends=64, failed=64)
def run_stays(
    P,
    S0,
    S,
    L,
    K,
    time,
    kind,
    name,
    unit,
    value,
    row,
    start,
    first,
    last,
    silence_is_off,
    log,
    most,
    OUT,
    ends,
    failed,
):
    """Stays first to last - 1; the first one that did not fit OUT, or `last`.

    ends[k]: where the decisions of stay k end in OUT. failed[k]: not 0 where it is beyond the kernel.
    """
    size = P[H_SAVED]
    written = 0
    for k in range(first, last):
        for place in range(size):
            S[place] = S0[place]
        S[S_OUT] = written
        S[S_LOG] = log
        S[S_OUT_MOST] = most
        if start[k] < start[k + 1]:
            run_stay(
                P, S, L, K, time, kind, name, unit, value, row, start[k], start[k + 1], silence_is_off, OUT
            )
        if S[S_FULL]:
            return k
        if S[S_FAIL]:
            failed[k] = S[S_FAIL]
        else:
            written = S[S_OUT]
        ends[k] = written
    return last
