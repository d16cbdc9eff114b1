"""Where a session goes on one instant: `decision.fold.step` over arrays, one turn after another."""

from __future__ import annotations

from rung_engine.cohort.decide.conflicts import put, put_once, told
from rung_engine.cohort.decide.rest import issues, set_since
from rung_engine.cohort.decide.rules import judge, moves_from, rules_at
from rung_engine.cohort.decide.standing import clear_orders
from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.view import truth


@kernel
def forget(P, S):
    """No session is on."""
    fold = P[H_FOLD]
    S[fold + F_BEGAN] = NONE
    S[fold + F_STAGE] = -1
    S[fold + F_ENTERED] = NONE
    S[fold + F_N_CARRIED] = 0
    for rank in range(P[P[H_SIZES] + Z_RULES]):
        set_since(P, S, rank, NONE)


@kernel
def step(P, S):
    """Whether a session is on, and what is next on this instant."""
    fold = P[H_FOLD]
    sizes = P[H_SIZES]
    finished = S[fold + F_FINISHED]
    applies = TRUE if P[sizes + Z_APPLIES] < 0 else truth(P, S, P[sizes + Z_APPLIES])
    if S[fold + F_BEGAN] == NONE:
        if applies == FALSE or finished:
            S[fold + F_PHASE] = FINISHED if finished else ENDED if S[fold + F_ENDED] else NOT_APPLICABLE
            if finished:
                S[fold + F_SHOWN_OUTCOME] = S[fold + F_OUTCOME]
            if applies == FALSE:
                S[fold + F_FINISHED] = 0
            return OVER
        if applies == TRUE:
            S[fold + F_ENDED] = 0
            S[fold + F_OUTCOME] = -1
            S[fold + F_BEGAN] = S[S_TIME]
            return ENTER
    elif applies == FALSE:
        forget(P, S)
        S[fold + F_ENDED] = 1
        S[fold + F_PHASE] = ENDED
        return OVER
    elif applies == TRUE:
        if S[fold + F_STAGE] < 0:
            return ENTER
        _way_begins(P, S)
        return TURN
    # It is not known whether the protocol applies.
    S[P[H_UNSETTLED]] = P[sizes + Z_APPLIES_SLOT]
    S[fold + F_N_UNSETTLED] = 1
    S[fold + F_PHASE] = UNCLEAR if S[fold + F_BEGAN] == NONE else SUSPENDED
    S[fold + F_SHOWN_STAGE] = S[fold + F_STAGE]
    return OVER


@kernel
def _way_begins(P, S):
    """Where the session stands before it moves on this instant."""
    fold = P[H_FOLD]
    S[fold + F_WAS_STAGE] = S[fold + F_STAGE]
    S[fold + F_WAS_ENTERED] = S[fold + F_ENTERED]
    S[fold + F_WAS_CARRIED] = S[fold + F_N_CARRIED]


@kernel
def enter(P, S):
    """The first initial stage whose condition holds; none where that is not known."""
    fold = P[H_FOLD]
    initial = P[H_POOL] + P[P[H_SIZES] + Z_INITIAL]
    for k in range(P[initial]):
        one = initial + 1 + 3 * k
        chosen = TRUE if P[one + 1] < 0 else truth(P, S, P[one + 1])
        if chosen == UNKNOWN:
            S[P[H_UNSETTLED]] = P[one + 2]
            S[fold + F_N_UNSETTLED] = 1
            break
        if chosen == TRUE:
            S[fold + F_STAGE] = P[one]
            S[fold + F_ENTERED] = S[S_TIME]
            break
    _way_begins(P, S)
    return TURN


@kernel
def turn(P, S):
    """Judges the rules where the session stands: it rests, moves on, or the orders of moving rules are
    tried.
    """
    fold = P[H_FOLD]
    stage = S[fold + F_STAGE]
    judge(P, S, stage)
    if S[fold + F_CYCLED]:
        return REST
    goal, others = _goal(P, S, stage)
    if goal < 0:
        return REST
    if others:
        _stages(P, S, stage)
        return REST
    at = rules_at(P, stage)
    fires = 0
    for k in range(at + 1, at + 1 + P[at]):
        if S[P[H_JUDGED] + P[k] * JU_W + JU_STATE] == FIRES:
            fires += 1
    if fires < 2:
        return MOVE
    clear_orders(P, S)
    for k in range(at + 1, at + 1 + P[at]):
        own = P[H_JUDGED] + P[k] * JU_W
        if S[own + JU_STATE] == FIRES:
            since = S[P[H_STOOD] + P[k]]
            issues(P, S, P[k], S[S_TIME] if since == NONE else since, 1, S[own + JU_CHECK], 0)
    return TRYING


@kernel
def is_disputed(P, S, stage, n, at):
    """A moving rule's orders contradict another's on this instant: then the session stays where it is."""
    for _ in range(n):
        for k in range(S[at + 1]):
            if _mover(P, S, stage, S[at + 2 + k]) >= 0:
                return True
        at += 2 + S[at + 1]
        at += 1 + S[at]
    return False


@kernel
def move(P, S):
    """The session goes where its rules send it, or back to where it was before it went in a circle."""
    fold = P[H_FOLD]
    stage = S[fold + F_STAGE]
    goal = P[H_GOALS] + _goal(P, S, stage)[0] * GO_W
    target = P[goal + GO_TO]
    if P[goal + GO_KIND] != GOAL_FINISH and _was_visited(P, S, target):
        # The session stays where it was before this instant, or it would turn at every look.
        count = told(P, S, CYCLE)
        _put_movers(P, S, stage, count)
        put(P, S, 1)
        put(P, S, target)
        S[fold + F_CYCLED] = 1
        S[fold + F_N_PATH] = 0
        S[fold + F_N_MOVED] = 0
        S[fold + F_STAGE] = S[fold + F_WAS_STAGE]
        S[fold + F_ENTERED] = S[fold + F_WAS_ENTERED]
        S[fold + F_N_CARRIED] = S[fold + F_WAS_CARRIED]
        for k in range(S[fold + F_WAS_CARRIED] * CA_W):
            S[P[H_CARRIED] + k] = S[P[H_CARRIED_BEFORE] + k]
        return TURN
    _note_movers(P, S, stage)
    _note_left(P, S, stage)
    if P[goal + GO_KIND] == GOAL_FINISH:
        clear_orders(P, S)
        S[fold + F_OUTCOME] = target
        table = P[H_MOVES] + P[P[H_SIZES] + Z_PATH]
        for k in range(S[fold + F_N_MOVED]):
            issues(P, S, S[table + k], S[S_TIME], 1, P[H_ARENA], 0)
        return FINISHING
    S[fold + F_STAGE] = target
    S[fold + F_ENTERED] = S[S_TIME]
    _carry_moved(P, S)
    return TURN


@kernel
def _mover(P, S, stage, rank):
    """The goal of the rule, where it fires and sends the session elsewhere; or -1."""
    if S[P[H_JUDGED] + rank * JU_W + JU_STATE] != FIRES:
        return -1
    return moves_from(P, P[H_RULES] + rank * RU_W, stage)


@kernel
def _goal(P, S, stage):
    """Where the rules send the session, or -1; and whether elsewhere, too."""
    found = -1
    at = rules_at(P, stage)
    for k in range(at + 1, at + 1 + P[at]):
        if P[P[H_RULES] + P[k] * RU_W + RU_GOAL] >= 0:
            goal = _mover(P, S, stage, P[k])
            if goal >= 0:
                if found >= 0 and goal != found:
                    return found, 1
                found = goal
    return found, 0


@kernel
def _put_movers(P, S, stage, count):
    at = rules_at(P, stage)
    for k in range(at + 1, at + 1 + P[at]):
        if _mover(P, S, stage, P[k]) >= 0:
            put_once(P, S, count, P[k])


@kernel
def _stages(P, S, stage):
    """The rules send the session to several stages."""
    _put_movers(P, S, stage, told(P, S, STAGES))
    count = P[H_CONTRA] + S[P[H_FOLD] + F_CONTRA_TOP]
    put(P, S, 0)
    at = rules_at(P, stage)
    for k in range(at + 1, at + 1 + P[at]):
        goal = _mover(P, S, stage, P[k])
        if goal >= 0:
            put_once(P, S, count, goal)


@kernel
def _was_visited(P, S, target):
    for k in range(S[P[H_FOLD] + F_N_PATH]):
        if S[P[H_MOVES] + k] == target:
            return True
    return False


@kernel
def _note_left(P, S, stage):
    count = P[H_FOLD] + F_N_PATH
    if S[count] >= P[P[H_SIZES] + Z_PATH]:
        S[S_FAIL] = FAIL_SPACE
        return
    S[P[H_MOVES] + S[count]] = stage
    S[count] += 1


@kernel
def _note_movers(P, S, stage):
    count = P[H_FOLD] + F_N_MOVED
    table = P[H_MOVES] + P[P[H_SIZES] + Z_PATH]
    at = rules_at(P, stage)
    for k in range(at + 1, at + 1 + P[at]):
        if _mover(P, S, stage, P[k]) >= 0:
            if S[count] >= P[P[H_SIZES] + Z_MOVED]:
                S[S_FAIL] = FAIL_SPACE
                return
            S[table + S[count]] = P[k]
            S[count] += 1


@kernel
def _carry_moved(P, S):
    """The orders of the rules that moved the session, to be carried out where it rests."""
    fold = P[H_FOLD]
    n = 0
    table = P[H_MOVES] + P[P[H_SIZES] + Z_PATH]
    for k in range(S[fold + F_N_MOVED]):
        rank = S[table + k]
        choices = P[H_POOL] + P[P[H_RULES] + rank * RU_W + RU_CHOICES]
        for index in range(P[choices]):
            ch = P[H_POOL] + P[choices + 1 + index]
            if P[ch + CH_FORM] == ONE:
                op = P[P[H_ORDERS] + P[ch + CH_ORDERS] * O_W + O_OP]
                if op in (GO, FINISH):
                    continue
            if n >= P[P[H_SIZES] + Z_CARRIED]:
                S[S_FAIL] = FAIL_SPACE
                return
            S[P[H_CARRIED] + n * CA_W + CA_RULE] = rank
            S[P[H_CARRIED] + n * CA_W + CA_CHOICE] = index
            S[P[H_CARRIED] + n * CA_W + CA_SINCE] = S[S_TIME]
            n += 1
    S[fold + F_N_CARRIED] = n
