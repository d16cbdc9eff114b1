"""Programs whose conditions are of the present, and rows of values for them, drawn by a seed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any
from unittest.mock import patch

from tests.laws import strategies
from tests.laws.strategies import (
    BOLUS,
    DRUGS,
    INPUTS,
    MILLION,
    NUMERIC_INPUTS,
    RELATIONS,
    Table,
    any_artifact,
    number,
    span,
)

from rung_engine.artifact import model as m
from rung_engine.program import Program

VALUES = {"shock": ("a", "b"), "rhythm": ("p", "q", "r"), "aki": ("none", "one", "two")}


class PresentTable(Table):
    """Draws only conditions that look at the present."""

    def fresh(self, dimension: str, depth: int) -> m.Numeric:
        if dimension == "mass":
            return m.Arith(
                op="mul", left=self.add(m.Input(name="fluid")), right=self.add(m.Input(name="weight"))
            )
        if depth and self.whole(0, 2) == 0:
            op: Any = self.pick(("add", "sub", "mul", "div", "mul"))
            right = self.constant("points") if op == "div" else self.numeric("points", depth - 1)
            return m.Arith(op=op, left=self.numeric("points", depth - 1), right=right)
        return m.Input(name=self.pick(NUMERIC_INPUTS))

    def grow(self) -> None:
        while True:
            match self.whole(0, 9 if len(self.truths) > 1 else 5):
                case 0 | 1:
                    dimension = self.pick(("points", "points", "mass"))
                    left, right = self.numeric(dimension), self.constant(dimension)
                    if self.whole(0, 4) == 0:
                        right = self.numeric(dimension)
                    if self.whole(0, 4) == 0:
                        left, right = right, left
                    self.truth_term(m.Cmp(left=left, rel=self.pick(RELATIONS), right=right))
                case 2 | 3:
                    drug, seen = self.pick(("norad", "vaso")), self.pick(("mcg/kg/ms", "mcg/ms"))
                    left = self.add(m.Rate(drug=drug, unit=seen))
                    right = self.add(m.Quantity(millionths=self.whole(0, 6) * MILLION, unit=seen))
                    self.truth_term(m.Cmp(left=left, rel=self.pick(RELATIONS), right=right))
                case 4:
                    self.truth_term(
                        self.pick(
                            (
                                m.Flag(input="line"),
                                m.Is(input="shock", value="a"),
                                m.Is(input="rhythm", value="q"),
                                m.Known(kind="input", name=self.pick(sorted(INPUTS))),
                                m.Known(kind="drug", name=self.pick(sorted(DRUGS))),
                                m.SettingIs(setting="brand", value="red"),
                                m.Const(value=self.whole(0, 1) == 1),
                            )
                        )
                    )
                case 5:
                    drugs = self.pick((("norad",), ("vaso",), ("bolus",), ("norad", "bolus", "pulse")))
                    self.truth_term(self.pick((m.Running(drugs=drugs), m.Off(drugs=drugs))))
                case 6:
                    self.truth_term(m.Not(of=self.truth()))
                case 7 | 8:
                    of = self.some()
                    self.truth_term(self.pick((m.And(of=of), m.Or(of=of))))
                case _:
                    of = self.some()
                    self.truth_term(m.Count(rel=self.pick((">=", "<=", "=")), n=self.whole(0, 3), of=of))
            return


def _timeless(order: m.Order) -> m.Order:
    """Without what a session that has charted nothing before would tell otherwise than one that has."""
    if order.op == "measure":
        return m.Order(op="notify", target="laboratory")
    changed: dict[str, object] = {"within_of": None}
    if order.op in ("increase", "decrease", "taper"):
        changed["every"] = None
    return order.model_copy(update=changed)


def present_artifact(seed: int, size: int) -> m.Artifact:
    """An artifact of about `size` present conditions."""
    with patch.object(strategies, "Table", PresentTable):
        drawn = any_artifact(Random(seed), size)
    dice = Random(seed)
    rules: list[m.Rule] = []
    for rule in drawn.rules:
        choices = tuple(
            choice.model_copy(update={"order": _timeless(choice.order)})
            if isinstance(choice, m.One)
            else choice.model_copy(update={"orders": tuple(map(_timeless, choice.orders))})
            for choice in rule.orders
        )
        below = tuple(one.id for one in rules if dice.random() < 0.2)
        rules.append(rule.model_copy(update={"orders": choices, "overrides": below}))
    plausible = {"n": (-40, 40), "y": (-40, 40), "fluid": (0, 60), "weight": (1, 9)}
    inputs = {
        name: decl
        if name not in plausible
        else decl.model_copy(
            update={
                "plausible": span(*(number(end, decl.unit or "") for end in plausible[name])),
                "cumulative": False,
            }
        )
        for name, decl in drawn.inputs.items()
    }
    drugs = {name: decl.model_copy(update={"rolling": ()}) for name, decl in drawn.drugs.items()}
    return drawn.model_copy(update={"rules": tuple(rules), "inputs": inputs, "drugs": drugs})


def present_program(seed: int, size: int) -> Program:
    return Program(present_artifact(seed, size), unverified=True)


def any_values(dice: Random, *, doses: bool = True) -> dict[str, Any]:
    """A value for each input and drug, in its declared unit; some unknown, some implausible."""
    found: dict[str, Any] = {}
    for name in ("x", "y", "n", "fluid", "weight"):
        found[name] = (
            Fraction(dice.randint(-2, 22), 2) if name != "weight" else Fraction(dice.choice((0, 1, 2, 3)))
        )
    for name in ("norad", "vaso"):
        found[name] = Fraction(dice.choice((0, 0, 1, 2, 3, 4, 6, 9)), dice.choice((1, 1, 2)))
    found["line"] = dice.random() < 0.5
    found["shock"] = frozenset(dice.sample(("a", "b"), dice.randint(0, 2)))
    found["rhythm"] = dice.choice(VALUES["rhythm"])
    found["aki"] = dice.choice(VALUES["aki"])
    for name in BOLUS:
        found[name] = dice.random() < 0.5 if doses else None
    holes = dice.choice((0.0, 0.1, 0.4))
    return {name: None if dice.random() < holes else value for name, value in found.items()}


def dressed(dice: Random, value: Any) -> Any:
    """The same value as another type that a caller might have."""
    if not isinstance(value, Fraction):
        return value
    whole = value.denominator == 1
    match dice.randint(0, 7):
        case 0 if whole:
            return int(value)
        case 1:
            return Decimal(value.numerator) / Decimal(value.denominator)
        case 2:
            return str(float(value)) if not whole else str(int(value))
        case 3:
            return value
        case _:
            return float(value)
