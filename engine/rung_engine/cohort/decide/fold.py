"""A session as a fold over instants: `decision.fold.Fold` over arrays.

`advance` is called at each instant in rising order of time (again at one instant if more of it is known).
All that the fold remembers lies in `S`, so that a copy of `S` is a copy of the fold.
"""

from __future__ import annotations

from rung_engine.cohort.chart_layout import S_STABLE
from rung_engine.cohort.decide.conflicts import contradict
from rung_engine.cohort.decide.content import sort_content, without_orders, written_content
from rung_engine.cohort.decide.rest import carry_on, rest
from rung_engine.cohort.decide.settle import (
    add_pending,
    is_as_before,
    merged,
    no_pendings,
    put_out,
    remember,
    remember_tail,
    tail_of,
)
from rung_engine.cohort.decide.standing import clear_orders, collect, doubt, narrowest, needs_of
from rung_engine.cohort.decide.turn import enter, forget, is_disputed, move, step, turn
from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.view import needs, place


@kernel
def advance(P, S, L, OUT):
    """The decision on the present instant: 1 where it differs from the one before, and was put out.

    What is large is called from here alone, and once each: a kernel is compiled anew into all that call it.
    """
    fold = P[H_FOLD]
    began, stage, entered = S[fold + F_BEGAN], S[fold + F_STAGE], S[fold + F_ENTERED]
    over = S[fold + F_FINISHED] + 2 * S[fold + F_ENDED]
    outcome = S[fold + F_OUTCOME]
    carried = _clear(P, S)
    place(P, S, L, stage, entered, began)
    todo = step(P, S)
    while todo != OVER and S[S_FAIL] == 0:
        if todo in (ENTER, TURN):
            at = S[fold + F_STAGE] if todo == TURN else -1
            place(P, S, L, at, S[fold + F_ENTERED] if at >= 0 else NONE, S[fold + F_BEGAN])
            todo = turn(P, S) if todo == TURN else enter(P, S)
        elif todo == MOVE:
            todo = move(P, S)
        elif todo == REST:
            clear_orders(P, S)
            rest(P, S)
            todo = RESTING
        else:
            todo = _ordered(P, S, L, todo)
    if S[S_FAIL] != 0:
        return 0
    moved = (
        stage != S[fold + F_STAGE] or entered != S[fold + F_ENTERED] or _is_carried_otherwise(P, S, carried)
    )
    same = (
        not moved
        and began == S[fold + F_BEGAN]
        and over == S[fold + F_FINISHED] + 2 * S[fold + F_ENDED]
        and outcome == S[fold + F_OUTCOME]
        and S[fold + F_SINCE_MOVED] == 0
    )
    S[S_STABLE] = 1 if same and S[fold + F_CYCLED] == 0 else 0
    S[S_DWAKE] = _wake(P, S)
    if over != S[fold + F_FINISHED] + 2 * S[fold + F_ENDED]:
        # A session's last words, or that it may begin anew, are over on the next instant.
        S[S_DWAKE] = min(S[S_DWAKE], S[S_TIME] + 1)
    if S[fold + F_CYCLED] or (moved and S[fold + F_N_CONTRA] > 0):
        # Carried orders that cannot both be given are given up with their contradiction, on the next instant.
        S[S_DWAKE] = min(S[S_DWAKE], S[S_TIME] + 1)
    end = written_content(P, S, L)
    whole = end - P[H_DRAFT]
    if S[fold + F_PHASE] == FINISHED:
        end, whole = without_orders(P, S, end)
    changed = 0
    if S[S_FAIL] == 0 and not is_as_before(P, S, end, tail_of(P, S)):
        top = no_pendings(P, S)
        for k in range(S[fold + F_N_UNSETTLED]):
            slot = S[P[H_UNSETTLED] + k]
            needs(P, S, L, slot)
            top = add_pending(P, S, slot, top)
        changed = remember(P, S, end, merged(P, S, end, top))
        remember_tail(P, S, tail_of(P, S))
        if changed and S[S_FAIL] == 0:
            put_out(P, S, OUT, whole)
    place(P, S, L, S[fold + F_STAGE], S[fold + F_ENTERED], S[fold + F_BEGAN])
    return changed


@kernel
def _clear(P, S):
    """Nothing known of this decision; how many orders are carried."""
    fold = P[H_FOLD]
    S[P[H_ARENA]] = 0
    S[fold + F_TOP] = P[H_ARENA] + 1
    clear_orders(P, S)
    for field in range(F_N_CONTRA, F_CYCLED + 1):
        S[fold + field] = 0
    S[fold + F_SINCE_MOVED] = 0
    S[fold + F_SHOWN_STAGE] = -1
    S[fold + F_SHOWN_OUTCOME] = -1
    S[fold + F_OUTSIDE] = 0
    S[fold + F_RESTED] = S[fold + F_STAGE]
    carried = S[fold + F_N_CARRIED]
    for k in range(carried * CA_W):
        S[P[H_CARRIED_BEFORE] + k] = S[P[H_CARRIED] + k]
    return carried


@kernel
def _is_carried_otherwise(P, S, before):
    if S[P[H_FOLD] + F_N_CARRIED] != before:
        return True
    for k in range(before):
        for field in range(k * CA_W, k * CA_W + CA_STATE):
            if S[P[H_CARRIED_BEFORE] + field] != S[P[H_CARRIED] + field]:
                return True
    return False


@kernel
def _wake(P, S):
    """The next instant at which the marks of the orders change by themselves."""
    now = S[S_TIME]
    wake = NEVER
    for k in range(S[P[H_FOLD] + F_N_PLACES]):
        at = P[H_STANDING] + S[P[H_PLACES] + k] * ST_W
        if S[at + ST_DUE] > now:
            wake = min(wake, S[at + ST_DUE])
        if S[at + ST_LATE] >= now:
            wake = min(wake, S[at + ST_LATE] + 1)
    for k in range(S[P[H_FOLD] + F_N_WAITING]):
        until = S[P[H_WAITING] + k * RE_W + RE_MORE]
        if until > now:
            wake = min(wake, until)
    return wake


@kernel
def _ordered(P, S, L, todo):
    """What stands of the orders that are listed, and what is next."""
    fold = P[H_FOLD]
    stage = S[fold + F_STAGE]
    told_before, top = S[fold + F_N_CONTRA], S[fold + F_CONTRA_TOP]
    collect(P, S, L)
    narrowest(P, S)
    if todo != FINISHING:
        needs_of(P, S)
        doubt(P, S, stage)
    contradict(P, S)
    if todo == TRYING:
        disputed = is_disputed(P, S, stage, S[fold + F_N_CONTRA] - told_before, P[H_CONTRA] + top)
        S[fold + F_N_CONTRA], S[fold + F_CONTRA_TOP] = told_before, top
        return REST if disputed else MOVE
    if todo == RESTING:
        carry_on(P, S)
        sort_content(P, S)
        S[fold + F_PHASE] = ACTIVE
        S[fold + F_SHOWN_STAGE] = stage
    else:
        S[fold + F_N_PENDING] = 0
        S[fold + F_FINISHED] = 1
        S[fold + F_PHASE] = FINISHED
        S[fold + F_SHOWN_OUTCOME] = S[fold + F_OUTCOME]
        forget(P, S)
    S[fold + F_OUTSIDE] = 1
    return OVER
