"""Where everything lies in the arrays of a flat program (`P`) and of one stay's state (`S`).

`P` and `S` are one-dimensional int64. `P[H_x]` is where a table begins, in `P` for what the program says and
in `S` for what is so of the stay; a record in a table is `X_W` wide. Inputs, drugs, tasks, events and courses
are numbered in the order of their names; stages, rules and terms as the artifact lists them.

Everything here is a plain number, so that a kernel holds it as a constant.
"""

from __future__ import annotations

# ---------------------------------------------------------------- values

FALSE, TRUE, UNKNOWN = 0, 1, 2
"""Truths."""

NONE = -(1 << 62)
"""No time, no number."""
NEVER = 1 << 62
"""Later than every instant."""
LONG_AGO = -(10**15)

WHY_NOT, WHY_NEVER, WHY_STALE, WHY_IMPLAUSIBLE, WHY_CONTESTED, WHY_UNIT = range(6)
WHYS = ("", "never", "stale", "implausible", "contested", "unit")

# ---------------------------------------------------------------- facts, as the kernel reads them

READING, INFUSION, DOSE, HAPPENED, DONE, SILENCE, OTHER = range(7)
"""Kinds of facts. `OTHER`: of something this protocol does not declare; it only marks an instant."""

U_UNKNOWN, U_NONE, U_FLAG, U_VALUE, U_SET, U_WRONG = -1, -2, -3, -4, -5, -6
"""In the place of a unit: one the artifact does not list; a rate or amount that is not known; a yes or no;
one name of a list, by its place; a set of names, as bits; a value of a kind the input does not have."""

# ---------------------------------------------------------------- S: scalars of a stay

S_TIME = 0
S_STAGE = 1
"""-1 where the session stands in none."""
S_ENTERED = 2
S_BEGAN = 3
S_FAIL = 4
"""Not 0: this stay is beyond the kernel's integers; an engine of exact fractions must take it. A `FAIL_x`."""
S_OUT = 5
"""How much of the output is written."""
S_FULL = 6
"""Not 0: the output was too short."""
S_EPOCH = 7
"""Raised whenever something a decision can see besides conditions has changed."""
S_SILENT_FROM = 8
S_W_KNOWN = 9
S_W_NUM = 10
S_W_DEN = 11
"""The dosing weight in kilograms, as a fraction in lowest terms."""
S_SUPPOSING = 12
S_DWAKE = 15
"""When the marks of the present decision change by themselves."""
S_SCALARS = 32

FAIL_OVERFLOW, FAIL_SPACE, FAIL_RATE, FAIL_DIMS = 1, 3, 4, 5

# ---------------------------------------------------------------- P: the header

H_SIZE_S = 0
"""How long the state of one stay is."""
H_N_TERMS, H_N_IN, H_N_DR, H_N_TASK, H_N_EVENT, H_N_COURSE, H_N_STAGE, H_N_RULE = range(1, 9)
H_WEIGHT = 9
"""The input that is the dosing weight, or -1."""
# Tables of S:
H_T = 10
"""Truths, by term."""
H_ASKED = 11
"""By term: 1 where the present decision asked for it."""
H_IN = 12
H_DR = 13
H_TASK = 14
H_FOLD = 15
"""What the session remembers: `fold`."""
H_NEEDS = 16
"""The answer of `needs`: how many subjects, when known at, then (kind, place, why) of each."""
# Tables of P, of the decision:
H_DECISION = 32
"""32 to 63 are tables of `decision_tables`, 64 and on of the chart, the terms and the monitors."""
H_CHART = 64
H_LAST = 160

# ---------------------------------------------------------------- records of S

IN_WHY, IN_TIME, IN_NUM, IN_DEN, IN_LAST, IN_NOW = range(6)
"""Why the input is unknown (0: it is known); the stamp shown with it; its value at the input's own scale; the
stamp of the last accepted reading; how many different readings were accepted at the present instant."""
IN_W = 24

DR_RUN, DR_WHY, DR_TIME, DR_HAS, DR_NUM, DR_DEN, DR_POW, DR_SILENT, DR_CHANGED, DR_LAST = range(10)
"""Runs (a truth); why that, or its rate, is unknown; the stamp shown with it; 1 where the rate is known; the
rate in coherent units in lowest terms, and its power of body weight (-1 of a rate per kg); 1 where it is off
because silence says so; when its charted rate last changed; the stamp of its last dose."""
DR_W = 48

TASK_LAST, TASK_NOW = 0, 1
TASK_W = 2
