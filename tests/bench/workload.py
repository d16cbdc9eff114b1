"""A table of rules on present values: the rules, a million rows by seed, the result, and the protocol's text.

Twelve rules over ten inputs, every rule that fires counts; 120 and 1,200 rules by seeded variation of the
numbers. The peers in `bench_instant` and `bench_single` run the same rules on the same rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Variant = Literal["dense", "banded"]
Test = tuple[str, str, Any]
Row = tuple[str, str, tuple[Test, ...]]
Columns = dict[str, NDArray[Any]]

NAMES = ("map", "sbp", "ne_rate", "vaso_rate", "epi_rate", "lactate", "fluids_ml_per_kg", "central_line",
         "hours_high_dose", "shock_type")  # fmt: skip
SHOCK = ("septic", "cardiogenic", "hemorrhagic")
ROWS = 1_000_000
SEED = 20240607

BASE: tuple[Row, ...] = (
    ("R01", "START_NE", (("shock_type", "==", "septic"), ("fluids_ml_per_kg", ">=", 30), ("map", "<", 65),
                         ("ne_rate", "==", 0))),
    ("R02", "ADD_VASO", (("shock_type", "==", "septic"), ("ne_rate", ">=", 0.1), ("map", "<", 65),
                         ("vaso_rate", "==", 0), ("central_line", "==", True))),
    ("R03", "ADD_EPI", (("ne_rate", ">=", 0.1), ("vaso_rate", ">=", 0.03), ("map", "<", 65),
                        ("epi_rate", "==", 0))),
    ("R04", "HYDROCORTISONE", (("hours_high_dose", ">=", 4), ("ne_rate", ">=", 0.25), ("map", "<", 65))),
    ("R05", "START_NE", (("shock_type", "==", "hemorrhagic"), ("sbp", "<", 80), ("ne_rate", "==", 0))),
    ("R06", "START_DOBUTAMINE", (("shock_type", "==", "cardiogenic"), ("map", "<", 65), ("sbp", "<", 90),
                                 ("lactate", ">=", 2), ("epi_rate", "==", 0))),
    ("R07", "WEAN_NE", (("map", ">=", 65), ("ne_rate", ">", 0))),
    ("R08", "FLUIDS", (("shock_type", "==", "septic"), ("fluids_ml_per_kg", "<", 30), ("map", "<", 65))),
    ("R09", "NEVER_VASO_ALONE", (("vaso_rate", ">", 0), ("ne_rate", "==", 0))),
    ("R10", "RECHECK_LACTATE", (("lactate", ">=", 4),)),
    ("R11", "REFRACTORY_CALL", (("ne_rate", ">=", 0.5), ("map", "<", 65), ("epi_rate", ">", 0))),
    ("R12", "PLACE_CENTRAL_LINE", (("central_line", "==", False), ("ne_rate", ">=", 0.2))),
)  # fmt: skip


def rules(count: int = 12, variant: Variant = "dense") -> tuple[Row, ...]:
    """`count` rules, a multiple of 12.

    dense: each dozen has the same actions and its numbers moved by up to 15 percent. banded: each dozen also
    asks for lactate in its own band and has its own actions.
    """
    dozens = count // 12
    edges = [0.0, *(round(16.0 * i / dozens, 3) for i in range(1, dozens)), 1e6]
    found: list[Row] = []
    for i in range(dozens):
        dice = np.random.default_rng(1000 + i)
        for name, action, tests in BASE:
            own: list[Test] = []
            for variable, relation, bound in tests:
                if i and not isinstance(bound, str | bool) and bound != 0:
                    bound = round(float(bound) * (1 + 0.30 * (dice.random() - 0.5)), 3)
                own.append((variable, relation, bound))
            if dozens > 1 and variant == "banded":
                own += [("lactate", ">=", edges[i]), ("lactate", "<", edges[i + 1])]
                action = f"{action}__{i}"
            found.append((f"{name}_{i}", action, tuple(own)))
    return tuple(found)


def actions(table: tuple[Row, ...]) -> tuple[str, ...]:
    """Each action once, in the order of the rules."""
    return tuple(dict.fromkeys(action for _, action, _ in table))


def weights(table: tuple[Row, ...]) -> dict[str, int]:
    """By action; a row's result is the sum of the weights of its set of actions."""
    names = actions(table)
    if len(names) <= 16:
        return {name: 1 << place for place, name in enumerate(names)}
    drawn = np.random.default_rng(7).integers(1, 1 << 40, len(names))
    return {name: int(weight) for name, weight in zip(names, drawn, strict=True)}


def columns(count: int = ROWS) -> Columns:
    """Floats for quantities and rates, a bool, and a place in `SHOCK`; `count` of each."""
    r = np.random.default_rng(SEED)
    c: Columns = {"shock_type": r.choice(3, count, p=[0.6, 0.2, 0.2]).astype(np.uint8)}
    c["map"] = np.clip(np.round(r.normal(66, 12, count), 1), 25, 140)
    c["sbp"] = np.clip(np.round(c["map"] * r.uniform(1.25, 1.6, count)), 40, 220)
    c["ne_rate"] = np.where(r.random(count) < 0.40, 0.0, np.round(r.gamma(1.6, 0.16, count), 2))
    c["vaso_rate"] = np.where(r.random(count) < 0.65, 0.0, np.round(r.uniform(0.01, 0.06, count), 2))
    c["epi_rate"] = np.where(r.random(count) < 0.80, 0.0, np.round(r.gamma(1.5, 0.08, count), 2))
    c["lactate"] = np.clip(np.round(r.lognormal(0.9, 0.6, count), 1), 0.3, 25)
    c["fluids_ml_per_kg"] = np.round(r.uniform(0, 60, count), 1)
    c["central_line"] = r.random(count) < 0.7
    c["hours_high_dose"] = np.where(r.random(count) < 0.5, 0.0, np.round(r.exponential(6, count), 1))
    return {name: np.ascontiguousarray(c[name]) for name in NAMES}


def rows(found: Columns, count: int) -> list[dict[str, Any]]:
    """The first `count` rows as plain dicts: floats, bools and words."""
    lists = {name: column[:count].tolist() for name, column in found.items()}
    lists["shock_type"] = [SHOCK[place] for place in lists["shock_type"]]
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def exact(found: Columns) -> Columns:
    """The same columns as the protocol has them: whole millionths, and the places of its own sorted values.

    Each float becomes the decimal that it was printed as; all have at most two digits after the point.
    """
    out: Columns = {}
    for name, column in found.items():
        own = RUNG_NAMES.get(name, name)
        out[own] = np.rint(column * 1e6).astype(np.int64) if column.dtype == np.float64 else column
    places = np.array([sorted(SHOCK).index(kind) for kind in SHOCK], np.uint8)
    out["shock_type"] = places[found["shock_type"]]
    return out


def reference(table: tuple[Row, ...], found: Columns) -> NDArray[np.int64]:
    """The result of each row, by plain masks."""
    by_action: dict[str, NDArray[np.bool_]] = {}
    compare: dict[str, Callable[[Any, Any], NDArray[np.bool_]]] = {
        "==": np.equal, ">=": np.greater_equal, "<": np.less, ">": np.greater,
    }  # fmt: skip
    for _, action, tests in table:
        mask = np.ones(len(found["map"]), np.bool_)
        for variable, relation, bound in tests:
            value = SHOCK.index(bound) if variable == "shock_type" else bound
            mask &= compare[relation](found[variable], value)
        by_action[action] = by_action[action] | mask if action in by_action else mask
    out = np.zeros(len(found["map"]), np.int64)
    weight = weights(table)
    for action, mask in by_action.items():
        out += np.where(mask, np.int64(weight[action]), np.int64(0))
    return out


# ---------------------------------------------------------------- as a protocol

RUNG_NAMES = {"map": "MAP", "sbp": "SBP", "ne_rate": "norepinephrine", "vaso_rate": "vasopressin",
              "epi_rate": "epinephrine"}  # fmt: skip
"""What the protocol calls a column, where it has another name."""

_HEAD = """protocol instant "Vasopressors in shock, on present values" version 1.0.0
  applies when in_use

setting in_use = yes
input MAP "mean arterial pressure" in mmHg  plausible 10 to 300 mmHg  valid for 15 min
input SBP "systolic pressure" in mmHg  plausible 10 to 350 mmHg  valid for 15 min
input lactate in mmol/L  plausible 0 to 40 mmol/L  valid for 6 h
input fluids_ml_per_kg "crystalloid given" in mL/kg  plausible 0 to 200 mL/kg  valid for 6 h
input central_line yes or no  valid for 24 h
input hours_high_dose "hours at a high dose" in h  plausible 0 to 1000 h  valid for 1 h
input weight "dosing weight" in kg  plausible 0.4 to 350 kg  fixed  dosing
input shock_type one of septic, cardiogenic, hemorrhagic  valid for 24 h
drug norepinephrine infusion in mcg/kg/min  start 0.02 to 0.05 mcg/kg/min  valid for 2 h
drug vasopressin infusion in units/min  start 0.03 units/min  valid for 2 h
drug epinephrine infusion in mcg/kg/min  start 0.05 mcg/kg/min  valid for 2 h
drug dobutamine infusion in mcg/kg/min  start 2.5 mcg/kg/min  valid for 2 h
drug hydrocortisone bolus in mg  valid for 6 h
drug crystalloid bolus in mL  valid for 1 h
"""

_ORDERS = {
    "START_NE": "start norepinephrine",
    "ADD_VASO": "add vasopressin",
    "ADD_EPI": "add epinephrine",
    "HYDROCORTISONE": "give hydrocortisone 50 mg",
    "START_DOBUTAMINE": "start dobutamine",
    "WEAN_NE": "do wean_norepinephrine",
    "FLUIDS": "give crystalloid 500 mL",
    "NEVER_VASO_ALONE": "stop vasopressin",
    "RECHECK_LACTATE": "measure lactate every 2 h",
    "REFRACTORY_CALL": 'notify "refractory shock"',
    "PLACE_CENTRAL_LINE": "do place_central_line",
}
_UNITS = {"map": "mmHg", "sbp": "mmHg", "ne_rate": "mcg/kg/min", "vaso_rate": "units/min",
          "epi_rate": "mcg/kg/min", "lactate": "mmol/L", "fluids_ml_per_kg": "mL/kg",
          "hours_high_dose": "h"}  # fmt: skip


def order_of(action: str) -> tuple[str, str]:
    """The verb and the object by which the protocol orders an action."""
    words = _order_text(action).split('"')
    if len(words) > 1:
        return "notify", words[1]
    verb, target = words[0].split()[:2]
    return verb, target


def _order_text(action: str) -> str:
    return _ORDERS[action] if action in _ORDERS else f"do {action.lower()}"


def protocol(table: tuple[Row, ...]) -> str:
    """The rules as a protocol of one stage-less list."""
    lines = [_HEAD]
    tasks = sorted({order_of(action)[1] for action in actions(table) if order_of(action)[0] == "do"})
    lines += [f'task {task} "{task.replace("_", " ")}"' for task in tasks]
    lines += ["", "throughout"]
    for name, action, tests in table:
        condition = " and ".join(_words(*test) for test in tests)
        lines += [f"  rule {name.lower()}", f"    when {condition}", f"    then {_order_text(action)}", ""]
    return "\n".join(lines)


def _words(variable: str, relation: str, bound: object) -> str:
    name = RUNG_NAMES.get(variable, variable)
    if isinstance(bound, bool):
        return name if bound else f"not {name}"
    if isinstance(bound, str):
        return f"{name} is {bound}"
    if name in ("norepinephrine", "vasopressin", "epinephrine") and bound == 0:
        return f"{name} {'off' if relation == '==' else 'running'}"
    assert isinstance(bound, int | float)
    text = f"{bound:f}".rstrip("0").rstrip(".")
    return f"{name} {relation} {text} {_UNITS[variable]}"
