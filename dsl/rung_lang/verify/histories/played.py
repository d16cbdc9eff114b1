"""A witness played again, for what its finding says of the patient."""

from __future__ import annotations

from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content, Dose
from rung_engine.exact import from_millionths, show_decimal
from rung_engine.program import Amount, Program
from rung_engine.reference.evaluate import Instant
from rung_lang.verify.histories.replay import replayed
from rung_lang.verify.verdict import Witness


def played(artifact: m.Artifact, witness: Witness) -> tuple[Instant, Content]:
    """The instant that shows the finding, and the decision in force on it."""
    program = Program(artifact, dict(witness.settings), unverified=True)
    found = replayed(program, witness.events, witness.time)
    assert found is not None, "a witness that was played can be played again"
    return found.view, found.content


def shown(program: Program, amount: Amount, unit: str, weight: Fraction | None) -> str:
    """The amount in this unit, or, where that takes a weight that is not known, nothing."""
    seen = amount.seen_in(program.units[unit].dims, weight)
    return "" if seen is None else f"{show_decimal(seen / program.units[unit].factor, 3)} {unit}"


def weight_words(view: Instant) -> str:
    """The patient's dosing weight: `120 kg`."""
    weight = view.weight()
    return "" if weight is None else f"{show_decimal(weight, 3)} kg"


def unit_of(program: Program, amount: m.Amount) -> str:
    """The unit in which an amount is written, or a setting's is."""
    if isinstance(amount, m.Number):
        return amount.unit
    decl = program.artifact.settings[amount.setting]
    written = decl.value if isinstance(decl.value, m.Number) else decl.lo
    assert written is not None
    return written.unit


def dose_words(dose: Dose | None) -> str:
    """What a decision orders: `0.02 to 0.05 mcg/kg/min`."""
    if dose is None:
        return ""
    lo, hi = (show_decimal(from_millionths(end)) for end in (dose.lo, dose.hi))
    return f"{lo if lo == hi else f'{lo} to {hi}'} {dose.unit}"
