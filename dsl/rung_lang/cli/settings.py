"""`NAME=VALUE` on the command line, as a setting's value."""

from __future__ import annotations

import difflib

from rung_engine.artifact.model import Artifact, Number
from rung_engine.exact import NotDecimal, NotMillionths, parse_decimal, to_millionths
from rung_engine.units import UnitProblem, parse_unit
from rung_lang.cli.exits import USAGE, Refusal


def read_setting(artifact: Artifact, text: str) -> tuple[str, Number | str]:
    """`high_dose=0.25 mcg/kg/min`, `bridge=yes`. Raises `Refusal` where it is not one of the protocol's."""
    name, sign, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not sign or not value:
        raise Refusal("C125", f"I cannot read --set {text}.", 'Write --set NAME="VALUE".', USAGE)
    decl = artifact.settings.get(name)
    if decl is None:
        near = difflib.get_close_matches(name, artifact.settings, n=1)
        hint = (
            f"Did you mean {near[0]}?" if near else f"Its settings: {', '.join(sorted(artifact.settings))}."
        )
        raise Refusal("C126", f"{artifact.name} has no setting `{name}`.", hint, USAGE)
    if decl.kind != "quantity":
        return name, value
    digits, _, unit = value.partition(" ")
    if not unit.strip():
        example = f'--set {name}="{digits} {_unit(artifact, name)}"'
        raise Refusal("C127", f"{value} has no unit, and `{name}` needs one.", f"Write {example}.", USAGE)
    try:
        spelled = parse_unit(unit.strip()).name
        if spelled not in artifact.units:
            raise Refusal(
                "C127",
                f"`{name}` is not given in {unit}.",
                f"Its range is in {_unit(artifact, name)}.",
                USAGE,
            )
        return name, Number(millionths=to_millionths(parse_decimal(digits)), unit=spelled)
    except (NotDecimal, NotMillionths, UnitProblem):
        raise Refusal(
            "C127",
            f"I cannot read {value} for `{name}`.",
            f'Write a number and a unit, as in "0.25 {_unit(artifact, name)}".',
            USAGE,
        ) from None


def _unit(artifact: Artifact, name: str) -> str:
    decl = artifact.settings[name]
    return decl.lo.unit if decl.lo is not None else decl.value.unit if isinstance(decl.value, Number) else ""
