"""Which rules fire, which are pending, which are silenced: `decision.rules` over arrays."""

from __future__ import annotations

from rung_engine.cohort.decide.lists import one, with_item
from rung_engine.cohort.decide_layout import *
from rung_engine.cohort.layout import *
from rung_engine.cohort.native import kernel
from rung_engine.cohort.view import truth


@kernel
def rules_at(P, stage):
    """The rules judged in a stage: how many, their ranks in rising order, how many of them are overridden,
    and of each, after those that override it, (rank, where its overriders are).
    """
    return P[H_POOL] + P[P[H_STAGES] + stage + 1]


@kernel
def judge(P, S, stage):
    """Every rule of the stage and every one that always stands, by rank."""
    judged = P[H_JUDGED]
    at = rules_at(P, stage)
    n = P[at]
    for k in range(at + 1, at + 1 + n):
        rank = P[k]
        _alone(P, S, P[H_RULES] + rank * RU_W, judged + rank * JU_W)
    at += n + 1
    for k in range(P[at]):
        settle(P, S, P[at + 1 + 2 * k], P[H_POOL] + P[at + 2 + 2 * k])


@kernel
def settle(P, S, rank, winners):
    """A firing rule silences those it overrides; one that is itself unknown unconfirms them."""
    judged = P[H_JUDGED]
    own = judged + rank * JU_W
    state = S[own + JU_STATE]
    if state == SILENT:
        return
    check = S[own + JU_CHECK]
    doubts = 0
    for k in range(winners + 1, winners + 1 + P[winners]):
        winner = S[judged + P[k] * JU_W + JU_STATE]
        if winner == FIRES:
            S[own + JU_STATE] = SILENT
            return
        if state != PENDING and (winner in (PENDING, UNCONFIRMED)):
            check = with_item(P, S, check, P[P[H_RULES] + P[k] * RU_W + RU_CHECK])
            doubts = 1
    if doubts:
        S[own + JU_STATE] = UNCONFIRMED
        S[own + JU_CHECK] = check


@kernel
def _alone(P, S, rule, own):
    state = SILENT
    check = P[H_ARENA]
    fires = truth(P, S, P[rule + RU_COND])
    if fires == UNKNOWN:
        state = PENDING
    elif fires == TRUE:
        state = FIRES
        if P[rule + RU_UNLESS] >= 0:
            unless = truth(P, S, P[rule + RU_UNLESS])
            if unless == TRUE:
                state = SILENT
            elif unless == UNKNOWN:
                state = UNCONFIRMED
                check = one(P, S, P[rule + RU_UNLESS_CHECK])
    S[own + JU_STATE] = state
    S[own + JU_CHECK] = check


@kernel
def moves_from(P, rule, stage):
    """The rule sends the session elsewhere: the number of its goal, or -1."""
    goal = P[rule + RU_GOAL]
    if goal < 0 or stage < 0:
        return -1
    at = P[H_GOALS] + goal * GO_W
    if P[at + GO_KIND] == GOAL_GO and P[at + GO_TO] == stage:
        return -1
    return goal
