"""Where the tables of the decision lie: what the program says of rules, orders and drugs, and the scratch
space of one decision. As in `layout`, `P[H_x]` is where a table begins; a record of it is `X_W` wide.

Lists of a length of their own lie in one table, `H_POOL`, and are named by their place in it.
"""

from __future__ import annotations

from typing import Literal

from rung_engine.decision.model import Phase

# ---------------------------------------------------------------- S: one more scalar

S_OUT_MOST = 31
"""How many words the output holds. Set before `advance` is called."""

# ---------------------------------------------------------------- the header: tables of P

H_SIZES = 32
H_POOL = 33
H_RULES = 34
H_STAGES = 35
"""By stage + 1, 0 where the session stands in none: the rules that are judged there, in the pool."""
H_ORDERS = 36
H_GOALS = 37
H_SHAPES = 38
H_DOSING = 39
"""By drug."""
H_TARGETS = 40
"""By target: the drug of this name, or -1."""
H_OPPOSED = 41
"""By op: the ops that cannot stand beside it on one drug, as bits."""
H_LABELS = 42
"""By slot: the label of its pending, in the order of labels."""

# ---------------------------------------------------------------- the header: tables of S

H_CARRIED = 43
H_CARRIED_BEFORE = 44
H_STOOD = 45
"""By rule: when its orders first stood, or NONE."""
H_WAITS = 46
"""By slot: 1 where no reading settles it, as last found."""
H_CONTENT = 47
"""What outlasts the instant, of the decision last made: as `content` writes it, its pendings the last."""
H_TAIL = 48
"""What the pendings of that decision were worked out from."""
H_DRAFT = 49
H_JUDGED = 50
H_ISSUE = 51
H_RESULT = 52
H_STANDING = 53
H_PLACES = 54
"""The standing orders in their present order, by record."""
H_SURE = 55
H_ARMS = 56
H_WAITING = 57
H_WITHHELD = 58
H_PENDING = 59
H_CONTRA = 60
H_UNSETTLED = 61
H_MOVES = 62
"""The stages left, then the rules that moved."""
H_ARENA = 63
"""Lists and doses of one decision."""

# ---------------------------------------------------------------- sizes

(
    Z_ARENA, Z_LIST, Z_STANDING, Z_WAITING, Z_WITHHELD, Z_PENDING, Z_CONTRA, Z_UNSETTLED, Z_PATH, Z_MOVED,
    Z_CARRIED, Z_DRAFT, Z_RULES, Z_SLOTS, Z_TARGETS, Z_APPLIES, Z_APPLIES_SLOT, Z_INITIAL, Z_READ, Z_ACT,
    Z_DRUGS, Z_OUTCOMES, Z_OUTSIDE, Z_PAIRS, Z_WEIGHT_CHECK,
) = range(25)  # fmt: skip
"""How much there is room for; then terms and lists of the pool that there is one of.

Z_INITIAL: (stage, term or -1, slot) of each initial stage. Z_READ: the inputs that are read. Z_ACT: the drugs
that an alert may name. Z_DRUGS: all drugs. Z_OUTCOMES: terms. Z_OUTSIDE: terms. Z_PAIRS: (target, target).
"""

# ---------------------------------------------------------------- records of P

(
    RU_COND, RU_UNLESS, RU_STAGE, RU_SLOT, RU_UNLESS_SLOT, RU_GOAL, RU_CHOICES, RU_OPPOSES, RU_OVERRIDES,
    RU_LABEL, RU_CHECK, RU_UNLESS_CHECK,
) = range(12)  # fmt: skip
RU_W = 12

ONE, EITHER, PREFER = range(3)
CH_STRENGTH, CH_FORM, CH_LABEL, CH_N, CH_ORDERS = range(5)
"""A choice in the pool; then (order, term or -1, slot) of each arm."""

GOAL_GO, GOAL_FINISH = range(2)
GO_KIND, GO_TO = range(2)
"""To a stage, or to the outcome of this number."""
GO_W = 2

OPS = (
    "add", "avoid", "begin", "classify", "continue", "decrease", "do", "end", "finish", "give", "go",
    "increase", "measure", "notify", "pause", "set", "start", "stop", "taper",
)  # fmt: skip
"""In the order of their names, so that of two the greater number is the greater name."""
(
    ADD, AVOID, BEGIN, CLASSIFY, CONTINUE, DECREASE, DO, END, FINISH, GIVE, GO, INCREASE, MEASURE, NOTIFY,
    PAUSE, SET, START, STOP, TAPER,
) = range(19)  # fmt: skip
GIVES = 1 << START | 1 << ADD | 1 << SET | 1 << INCREASE | 1 << CONTINUE | 1 << GIVE
BEGINS = 1 << START | 1 << ADD | 1 << SET
DOSED = BEGINS | 1 << GIVE
STEPS = 1 << INCREASE | 1 << DECREASE | 1 << TAPER

(
    O_OP, O_TARGET, O_DRUG, O_DOSE, O_STEP, O_LIMIT, O_EVERY_LO, O_EVERY_HI, O_WITHIN, O_WITHIN_REF, O_ONCE,
    O_COURSE, O_CAP, O_TOTAL, O_CONT, O_VOLUME, O_MEMBERS, O_TASK, O_ABOVE,
) = range(19)  # fmt: skip
O_W = 19
"""O_MEMBERS: the inputs of a measuring, the drugs of a course. O_ABOVE: the caution of a rate above the
dose.
"""
ONCE_NO, ONCE_SESSION, ONCE_COURSE = range(3)

RG_LN, RG_LD, RG_HN, RG_HD, RG_SHAPE, RG_DIM, RG_POW, RG_LDIM, RG_LPOW = range(9)
"""A range of amounts in the pool: its ends in coherent units, the shape of doses written so, the dimensions
of the upper end (body weight aside, and its power), those of the lower."""
AM_N, AM_D, AM_DIM, AM_POW, AM_SHAPE = range(5)
"""An amount in the pool."""

SH_UNIT, SH_KN, SH_KD, SH_DIM, SH_POW, SH_TIME, SH_PLAIN, SH_PN, SH_PD, SH_FLOWS = range(10)
SH_W = 10
"""Doses of a drug in a unit: millionths of the unit in one coherent unit (K); 1 where it is of a time;
millionths of the unit without the weight in one coherent unit (P); in the pool, millionths of mL/h for each
concentration."""

(
    DS_STARTS, DS_CEILINGS, DS_WINDOWS, DS_NEEDS, DS_CONTRA, DS_PAIRS, DS_AVAILABLE, DS_AVAILABLE_CHECK,
    DS_BEFORES, DS_DIM, DS_ROLLING_CHECK, DS_ALERTS,
) = range(12)  # fmt: skip
DS_W = 12
# In the pool, each with how many there are before:
START_COND, START_RANGE = range(2)
START_W = 2
CE_COND, CE_N, CE_D, CE_DIM, CE_POW, CE_TIME, CE_DETAIL = range(7)
CE_W = 7
WI_WINDOW, WI_COND, WI_N, WI_D, WI_DIM, WI_POW, WI_TIME, WI_DIM_PER, WI_OVER, WI_DETAIL, WI_ALERT = range(11)
WI_W = 11
NE_DRUG, NE_CHECK, NE_DETAIL, NE_OFF, NE_UNKNOWN = range(5)
NE_W = 5
CO_COND, CO_CHECK, CO_DETAIL = range(3)
CO_W = 3
PA_DRUG, PA_CHECK, PA_DETAIL = range(3)
PA_W = 3
BE_COND, BE_PREFER, BE_CAUTION, BE_CHECK, BE_DETAIL, BE_OTHERWISE = range(6)
BE_W = 6

# ---------------------------------------------------------------- records of S

(
    F_BEGAN, F_FINISHED, F_ENDED, F_OUTCOME, F_STAGE, F_ENTERED, F_N_CARRIED, F_CONTENT, F_PREFIX, F_TAIL,
    F_SINCE_MOVED, F_TOP, F_N_STANDING, F_N_PLACES, F_N_WAITING, F_N_WITHHELD, F_N_PENDING, F_N_CONTRA,
    F_CONTRA_TOP, F_N_UNSETTLED, F_N_PATH, F_N_MOVED, F_CYCLED, F_N_ISSUES, F_PHASE,
    F_SHOWN_STAGE, F_SHOWN_OUTCOME, F_OUTSIDE, F_WAS_STAGE, F_WAS_ENTERED, F_WAS_CARRIED, F_RESTED,
) = range(32)  # fmt: skip
FO_W = 32
"""The fold. F_CONTENT, F_PREFIX, F_TAIL: how long `H_CONTENT` is, how much of it is not pendings, how long
`H_TAIL` is. From F_TOP on, of the decision being made: F_RESTED is the stage before this instant, F_WAS_x
where this instant's way began."""

CA_RULE, CA_CHOICE, CA_SINCE, CA_FOUND, CA_LEFT = range(5)
CA_STATE = 3
"""The fields before this one are state; then how many orders there are, and how many not carried out."""
CA_W = 5

SILENT, FIRES, UNCONFIRMED, PENDING = range(4)
JU_STATE, JU_CHECK = range(2)
JU_W = 2

IS_RULE, IS_STRENGTH, IS_ORDER, IS_SINCE, IS_CHOICE, IS_FROM, IS_CONFIRMED, IS_CHECK, IS_BEGAN = range(9)
IS_W = 9
"""IS_FROM: the carried order it is, or -1. The issue at hand is the first, then come those that are
listed.
"""
OVER, ENTER, TURN, MOVE, REST, TRYING, RESTING, FINISHING = range(8)
"""What is next on an instant."""

NOTHING, STANDS, WAITS, FORBIDDEN, UNSEEN, INSTEAD, TIMED, GATED = range(8)
"""What an order comes to. `INSTEAD`: another is judged in its place. `TIMED`: its time is still to be judged.
`GATED`: what may forbid it is."""
RE_RULE, RE_OP, RE_TARGET, RE_WHY, RE_MORE, RE_ORDER = range(6)
RE_W = 6
"""A waiting with its `until`, a withheld with its detail, or a need: its kind in RE_OP, place in
RE_TARGET.
"""

STEP_NOT_DUE, AT_LIMIT, NOT_RUNNING = range(3)
BEFORE, CONTRAINDICATED, NEEDS, MAXIMUM, UNAVAILABLE, INCOMPATIBLE = range(6)
WHY_RATE, WHY_WEIGHT = 6, 7

(
    ST_OP, ST_TARGET, ST_STRENGTH, ST_MARK, ST_CONFIRMED, ST_DUE, ST_LATE, ST_CHOICE, ST_CARRIED, ST_INSTEAD,
    ST_EVERY_LO, ST_EVERY_HI, ST_CONT, ST_RULES, ST_CHECK, ST_CAUTIONS, ST_DOSE, ST_REMAINING, ST_VOLUME,
    ST_GONE, ST_BEGUN, ST_LAST, ST_START,
) = range(23)  # fmt: skip
ST_PLAIN = 13
"""The fields before this one are written as they stand."""
ST_W = 23
KEPT, LOST, MERGED = range(3)
"""ST_GONE. `LOST`: to an incompatible order. ST_BEGUN: 1 where the order, certain, begins its drug.
ST_LAST, ST_START: when it was last carried out, and from when that counts."""
DONE_MARK, NOT_DUE, DUE, LATE = range(4)

CLASH, STAGES, CYCLE, NO_ARM = range(4)
"""Contradictions: of two orders, of stages, a cycle, of a choice with no arm left."""
NEED_OFF, NEED_UNKNOWN, ABOVE_MAXIMUM, ROLLING_MAXIMUM, STILL_RUNNING = range(5)
ALERT_KINDS: tuple[Literal["need", "above_maximum", "rolling_maximum", "still_running"], ...] = (
    "need",
    "need",
    "above_maximum",
    "rolling_maximum",
    "still_running",
)
PHASES: tuple[Phase, ...] = ("not_applicable", "unclear", "active", "suspended", "ended", "finished")
NOT_APPLICABLE, UNCLEAR, ACTIVE, SUSPENDED, ENDED, FINISHED = range(6)
DO_SHAPE, DO_FIGURES, DO_LO, DO_HI, DO_MORE = range(5)
"""A dose in the arena: its shape, how many figures, its ends in millionths, then the ends of each figure."""
