"""A patient that the solver found, decided by the code that decides for patients."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import cast

from pydantic import TypeAdapter

from rung_engine.artifact import model as m
from rung_engine.decision.fold import Carried, State
from rung_engine.decision.view import DrugState, Stored
from rung_engine.program import BODY_WEIGHT, Amount, Program
from rung_lang.verify.context import base_program
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Value
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.histories.snapshot import Facts, Snapshot, decided
from rung_lang.verify.verdict import Replayed

NOW = 10 * 86_400_000
_REF: TypeAdapter[m.Ref] = TypeAdapter(m.Ref)

Values = Mapping[str, Value]


def replayed(situation: Situation, values: Values) -> Replayed:
    """The engine's decision on the values, in the situation's stage.

    What the values do not say is unknown, never given and not changed. Numbers of the past that are not in
    whole milliseconds, and windows over readings, are taken as told.
    """
    program = site(situation, values)
    facts = facts_of(situation, program, values)
    since = values.get("in_stage", Fraction(NOW))
    entered = NOW - int(cast(Fraction, since))
    carried = tuple(
        Carried(rule.id, index, entered, True, ())
        for rule in situation.carried
        if values.get(f"carried:{rule.id}") is True
        for index, choice in enumerate(rule.orders)
        if not (isinstance(choice, m.One) and choice.order.op in ("go", "finish"))
    )
    before = State(began=0, stage=situation.stage, entered=entered, carried=carried)
    snapshot = Snapshot(program, facts, stage=situation.stage, entered=entered, began=0, time=NOW)
    after, content = decided(snapshot, before)
    view = snapshot.again()
    view.place(after.stage, after.entered, after.began)
    return Replayed(program, view, content, after, before)


def site(situation: Situation, values: Values) -> Program:
    """The program with the settings of the values, which need not be whole millionths."""
    artifact = situation.symbols.program.artifact
    program = base_program(artifact)
    for name, decl in artifact.settings.items():
        if decl.kind == "quantity":
            value = values.get(f"set:{name}")
            if isinstance(value, Fraction):
                program.settings[name] = value
        elif decl.kind == "yes_no":
            if f"set:{name}=yes" in values:
                program.settings[name] = "yes" if values[f"set:{name}=yes"] is True else "no"
        else:
            chosen = [one for one in decl.choices if values.get(f"set:{name}={one}") is True]
            program.settings[name] = chosen[0] if chosen else program.settings[name]
    return program


def facts_of(situation: Situation, program: Program, values: Values) -> Facts:
    """What a snapshot is told of the values."""
    artifact = program.artifact
    space = situation.symbols.space
    changed = {
        drug: int(cast(Fraction, values.get(f"unchanged:{drug}", Fraction(0))))
        for drug in artifact.drugs
        if values.get(f"changed:{drug}") is True
    }
    return Facts(
        inputs={name: _input(program, name, values) for name in artifact.inputs},
        drugs={name: _drug(program, name, values) for name in artifact.drugs},
        temporal=_temporal(space, artifact, values),
        numbers=_numbers(space, artifact, values),
        rate_changed=changed,
        rolling={
            (drug, window.over, window.maximum.dims): window.maximum.value
            if values.get(f"spent:{drug}:{index}") is True
            else Fraction(0)
            for drug, windows in program.rolling.items()
            for index, window in enumerate(windows)
            if values.get(f"counted:{drug}:{index}") is True
        },
    )


def _input(program: Program, name: str, values: Values) -> Stored | None:
    decl = program.artifact.inputs[name]
    if values.get(f"known:{name}") is not True:
        return None
    if decl.kind in ("quantity", "graded"):
        found = values.get(f"in:{name}")
        lo, _ = program.plausible.get(name, (Fraction(1), None))
        return found if isinstance(found, Fraction) else lo
    if decl.kind == "flag":
        return values.get(f"in:{name}=yes") is True
    held = [value for value in decl.values if values.get(f"in:{name}={value}") is True]
    return frozenset(held) if decl.kind == "any_of" else held[0] if held else decl.values[0]


def _drug(program: Program, name: str, values: Values) -> DrugState:
    if values.get(f"off:{name}") is True:
        return DrugState(False)
    if values.get(f"on:{name}") is not True:
        return DrugState(None, None, "never")
    if values.get(f"rated:{name}") is not True:
        return DrugState(True)
    own = program.units[program.artifact.drugs[name].unit].dims
    per_kg = dict(own).get(BODY_WEIGHT, 0) < 0
    dims = own
    if values.get(f"charted_own:{name}", True) is not True:
        per_kg = not per_kg
        plain = tuple(item for item in own if item[0] != BODY_WEIGHT)
        dims = tuple(sorted((*plain, (BODY_WEIGHT, -1)))) if per_kg else plain
    mine, other = (f"rate:{name}/kg", f"rate:{name}") if per_kg else (f"rate:{name}", f"rate:{name}/kg")
    rate = values.get(mine)
    if rate is None and other in values and program.weight_input is not None:
        weight = _input(program, program.weight_input, values)
        if isinstance(weight, Fraction) and weight > 0:
            seen = cast(Fraction, values[other])
            rate = seen / weight if per_kg else seen * weight
    return DrugState(True, Amount(cast(Fraction, rate or Fraction(1)), dims))


def _temporal(space: Space, artifact: m.Artifact, values: Values) -> dict[int, bool | None]:
    found: dict[int, bool | None] = {}
    for index, term in enumerate(artifact.terms):
        match term:
            case m.Held() | m.Recent() | m.Ever():
                name = space.terms.get(index)
                yes, no = values.get(f"past:{name}+"), values.get(f"past:{name}-")
                found[index] = True if yes is True else False if no is True else None
            case m.Readings():
                name = space.terms.get(index)
                if term.drawn is None:
                    found[index] = values.get(f"run:{name}") is True
                else:
                    yes, no = values.get(f"run:{name}+"), values.get(f"run:{name}-")
                    found[index] = True if yes is True else False if no is True else None
            case m.After() | m.Occurs():
                for name, variable in space.variables.items():
                    if variable.about[0] == "after" and _REF.validate_json(variable.about[1]) == term.ref:
                        since = values.get(f"since:{variable.about[1]}")
                        happened = values.get(name) is True
                        found[index] = happened and (isinstance(term, m.After) or since == 0)
            case _:
                pass
    return found


def _numbers(space: Space, artifact: m.Artifact, values: Values) -> dict[int, Fraction | None]:
    found: dict[int, Fraction | None] = {}
    for index, term in enumerate(artifact.terms):
        match term:
            case m.Elapsed():
                for variable in space.variables.values():
                    if variable.about[0] == "after" and _REF.validate_json(variable.about[1]) == term.ref:
                        happened = values.get(f"after:{variable.about[1]}") is True
                        since = values.get(f"since:{variable.about[1]}")
                        found[index] = cast(Fraction, since) if happened else None
            case m.TimeInCourse():
                found[index] = cast("Fraction | None", values.get(f"in_course:{term.course}"))
            case m.TimeOn():
                found[index] = cast("Fraction | None", values.get(f"on_for:{term.drug}"))
            case _:
                pass
    return found
