"""Where the chart, the conditions and what is remembered lie in `P` and `S`: `layout`, continued."""

from __future__ import annotations

# ---------------------------------------------------------------- the header, 64 to 127

(
    H_PIN,
    H_CONVERT,
    H_PDR,
    H_NODES,
    H_N_NODES,
    H_WORDS,
    H_LISTS,
    H_PEND,
    H_WAKES,
    H_N_WAKES,
    H_WAKE_NODES,
    H_ANCHORS,
    H_N_ANCHORS,
    H_EVENTS,
    H_COURSES,
    H_PCOURSES,
    H_PAST,
    H_MONITORS,
    H_N_MONITORS,
    H_GAPS,
    H_N_GAPS,
    H_GAP_LIST,
    H_KNOWLEDGE,
    H_PKNOWLEDGE,
    H_N_KNOWLEDGE,
    H_STEADY,
    H_PSTEADY,
    H_N_STEADY,
    H_MOVING,
    H_PMOVING,
    H_N_MOVING,
    H_SINCE,
    H_PSINCE,
    H_N_SINCE,
    H_CAPTURES,
    H_PCAPTURES,
    H_N_CAPTURES,
    H_FLOWS,
    H_PFLOWS,
    H_N_FLOWS,
    H_BASES,
    H_STAGE_BITS,
    H_SLOTS,
    H_WINDOWS,
    H_N_WINDOWS,
    H_REFS,
    H_TOUCHED_IN,
    H_TOUCHED_DR,
    H_SAVED,
    H_SAVED_T,
    H_CHOSEN,
    H_CODE,
    H_COUNTED,
    H_N_COUNTED,
    H_WATCHED,
    H_N_LOGGED,
    H_ALL_BITS,
    H_DOSED_SINCE,
    H_TASK_BITS,
    H_EVENT_BITS,
    H_PBASES,
    H_N_UNITS,
    H_STACK,
    H_COURSE_BITS,
    H_WINDOW_WAKES,
    H_N_BASES,
    H_REMEMBERED,
    H_UNTIL,
    H_KEYS,
    H_SCRATCH,
) = range(64, 134)

# ---------------------------------------------------------------- S: more scalars

S_SIGNAL = 16
"""Not later than the first instant at which a reading or a rate expires."""
S_REDO = 17
"""Not 0: something the present decision was made of is no longer as it was."""
S_N_TOUCHED_IN = 18
S_N_TOUCHED_DR = 19
S_STABLE = 20
"""The decision left the session's state as it found it."""
S_ROOM = 21
"""Not 0: the decision asked for an amount that moves with time."""
S_LOG = 22
"""How many records a log of this stay may hold."""
S_FRESH = 23
"""1 until the first instant is judged."""

S_W_AT = 24
"""When the dosing weight last changed."""
S_DECIDED = 25
"""The epoch of the present decision."""
S_HAPPENED = 26
"""How many events and tasks were charted so far."""

# ---------------------------------------------------------------- records

(
    IN_VAL, IN_NV, IN_BAD, IN_BAD_WHY, IN_FIRST, IN_DISTINCT, IN_DVAL, IN_HIGHEST, IN_SPARE, IN_STAMP,
    IN_GMIN, IN_GMAX, IN_GN, IN_GBAD, IN_OWN_WHY, IN_OWN_TIME, IN_LOGGED, IN_SUPPOSED,
) = range(6, 24)  # fmt: skip
"""`VAL` and `NV`: the last accepted reading and how many different ones there were at its instant; `BAD`: the
stamp of the last refused one; `DISTINCT`, `DVAL`: of a fixed input; `G`: the readings of the present instant;
`OWN`: from the readings alone; `LOGGED`: how many readings its log holds."""

(
    DR_ROW_ON, DR_ROW_TIME, DR_ROW_HAS, DR_ROW_NUM, DR_ROW_DEN, DR_ROW_POW, DR_ROW_WHY, DR_KNOWN_ON,
    DR_START, DR_STOP, DR_END, DR_SPARE, DR_STAMP, DR_GN, DR_GON, DR_GOFF, DR_GHAS, DR_GNUM, DR_GDEN,
    DR_GPOW, DR_GWHY, DR_DOSED, DR_NOW_0, DR_NOW_1, DR_NOW_X, DR_NOW_N0, DR_NOW_N1, DR_ALL_0, DR_ALL_1,
    DR_ALL_X, DR_BEGAN_0, DR_BEGAN_1, DR_BEGAN_X, DR_BEGAN_N0, DR_BEGAN_N1, DR_TOUCHED,
) = range(10, 46)  # fmt: skip
"""`ROW`: what was last charted (`ON` -1: nothing yet); `START`, `STOP`: when it last started and stopped;
`END`: when the dose of a bolus drug that lasts is over; `G`: what is charted at the present instant; `NOW`,
`ALL`, `BEGAN`: amounts given at the present instant, ever, and since the session began: plain (0), per kg
(1), and how many of another kind or of unknown amount (X); `N0`, `N1`: how many doses those are."""

PIN_KIND, PIN_VALID, PIN_FIXED, PIN_CUMULATIVE, PIN_COUNTS, PIN_SCALE, PIN_LOW, PIN_HIGH, PIN_POW = range(9)
PIN_BITS, PIN_LOG, PIN_CANDIDATES, PIN_DOSE_SCALE, PIN_BOUNDED, PIN_READ = range(9, 15)
PIN_W = 15
QUANTITY, FLAG, ONE_OF, ANY_OF, GRADED = range(5)

PDR_BOLUS, PDR_VALID, PDR_LASTS, PDR_BITS, PDR_FLOW, PDR_COURSES, PDR_CANDIDATES, PDR_COUNTED = range(8)
PDR_DOSE_SCALE = 8
PDR_W = 10

N_OP, N_TERM, N_A, N_B, N_C, N_D, N_E, N_F, N_PARENTS, N_WAKE = range(10)
N_W = 10

(
    OP_CONST, OP_IN_WHOLE, OP_IN_FRACTION, OP_FLAG, OP_ONE_OF, OP_ANY_OF, OP_RUNNING, OP_OFF, OP_KNOWN_IN,
    OP_KNOWN_DR, OP_NOT, OP_AND, OP_OR, OP_COUNT, OP_HELD, OP_RECENT, OP_EVER, OP_OCCURS, OP_AFTER, OP_STEADY,
    OP_MOVING, OP_RATE, OP_ELAPSED, OP_STAGE, OP_ON, OP_COURSE, OP_GENERAL, OP_ANCHOR, OP_INPUTS,
) = range(29)  # fmt: skip

LESS, LESS_EQUAL, EQUAL, MORE_EQUAL, MORE = range(5)
RELATIONS = {"<": LESS, "<=": LESS_EQUAL, "=": EQUAL, ">=": MORE_EQUAL, ">": MORE}

A_EVENT, A_STARTED, A_STOPPED, A_TASK = range(4)
"""Kinds of anchors, in N_A of their node; N_B: the list or place, N_C: first, N_D: the condition's monitor or
-1, N_E: the anchor's place, N_F: the condition's term."""
ANCHOR_BASE, ANCHOR_NOW = 0, 1
ANCHOR_W = 2

M_LAST, M_FALSE, M_UNKNOWN, M_TRUE, M_SINCE, M_KNOWN_TRUE = range(6)
M_W = 6

RUN_SURE, RUN_SURE_FROM, RUN_SURE_TO, RUN_MAYBE, RUN_MAYBE_FROM, RUN_MAYBE_TO = range(6)
RUN_W = 6

X_LOW, X_HIGH, X_HAS, X_TOTAL, X_COUNT = range(5)
X_W = 5

C_HAS, C_NUM, C_DEN = range(3)
C_W = 3

CO_BEGIN, CO_ON, CO_END = range(3)
CO_W = 3

F_SEGMENTS, F_DOSES = 0, 1
F_W = 2
SEG_START, SEG_RUN, SEG_HAS, SEG_NUM, SEG_DEN, SEG_POW, SEG_0N, SEG_0D, SEG_1N, SEG_1D, SEG_UNKNOWN = range(
    11
)
DOSE_TIME, DOSE_0, DOSE_1, DOSE_X = range(4)
G_W = 8
"""What had been given up to some instant: rates plain (n, d), rates per kg (n, d), milliseconds unknown,
doses plain, per kg, of another kind."""
LOG_W = 12

REF_ONE, REF_LATER, REF_EARLIER = range(3)

# Codes of numbers, on a small stack of lines.
(
    Q_CONST, Q_IN, Q_RATE, Q_ELAPSED, Q_STAGE, Q_COURSE, Q_ON, Q_CHANGE_OVER, Q_CHANGE_SINCE, Q_EXTREME_OVER,
    Q_EXTREME_SINCE, Q_TOTAL_OVER, Q_TOTAL_SINCE, Q_VALUE_AT, Q_VALUE_AT_START, Q_ADD, Q_SUB, Q_MUL, Q_DIV,
) = range(19)  # fmt: skip
Q_W = 6
CHANGE, RISE, FALL, PERCENT_RISE, PERCENT_FALL = range(5)
LOWEST, HIGHEST, MEAN = range(3)

WORD = 60
"""Bits in a word of a set of nodes."""

K_STATUS, K_NUM, K_DEN, K_POW = range(4)
K_W = 4
"""A table of the batch: what a unit, with a concentration, is of a drug. Status 0: not of its kind; 1: a
millionth is NUM/DEN coherent units (of a dose: NUM, at the drug's scale of doses); 2: beyond int64."""
V_NONE, V_LO, V_LO_N, V_LO_D, V_HI, V_HI_N, V_HI_D, V_SLOPE_N, V_SLOPE_D = range(9)
V_W = 9
"""A number on the stack: 1 where there is none; whether there is a lower bound, and the bound; an upper one;
how it moves by the millisecond."""
STACK = 14

(
    SLOT_TERM,
    SLOT_PARTS,
    SLOT_SUBJECTS,
    SLOT_CLOSURE,
    SLOT_SOURCES,
    SLOT_KEY,
    SLOT_STILL,
    SLOT_FADES,
    SLOT_TRUTHS,
    SLOT_CAPTURES,
    SLOT_KEPT,
    SLOT_TURNS,
) = range(12)
SLOT_W = 12
"""Of a condition that may be unsettled: its term; lists of the conditions it is made of, of what it reads (as
the reference says), the set of its nodes, a list of all that can change it; where in H_KEYS its answers are
kept; 1 where only what is read now counts, 2 where values at moments and windows of readings do too, 0 where
time does; 1 where time alone can never settle it; lists of the terms and of the anchors under it, of the
values at moments and of the wakes; how much is kept of it; a list of the readings and drugs whose expiry
could settle it, -1 for all."""
KEY_AT, KEY_ENTERED, KEY_BEGAN, KEY_HAPPENED, KEY_KNOWN_AT, KEY_LENGTH, KEY_UNTIL = range(7)
KEY_W = 7
"""What is kept of a condition: when, and in what state of the session, `KNOWN_AT` was found; how long the key
is for which the subjects after it were found, -1 for none, and until when they hold. After both: the moments
for which `KNOWN_AT` was found."""
