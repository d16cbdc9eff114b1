"""What the rows of a folder are, for one protocol: the mapping held against the artifact.

Pure, and knows no tables. `Inputs` and `Drugs` say of a row, by its words alone, whether it is read and as
what; `site_settings` gives the site's values of settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

from rung_engine.frozen import frozen

from ..artifact.model import Artifact, InputDecl, Name, Number
from ..event import Charted
from ..exact import NotDecimal, NotMillionths, from_millionths, to_millionths
from ..units import Unit, UnitProblem, as_body_weight, convert, parse_unit
from .accounting import Category
from .chart import DrugRule, InputRule, Spelling, Taken, declared_unit, worded
from .mapping import FromColumn, FromEvents, FromFlags, Rows, SiteMapping
from .mapping_file import read_quantity
from .problems import DataProblem
from .stay import DrugTarget, InputTarget

LIVE = "live"
"""The category of rows that become events."""


@frozen
class Chosen:
    """A site's value of a setting, as the artifact holds it, and why it was chosen."""

    value: Number | Name
    why: str


def site_settings(mapping: SiteMapping, artifact: Artifact) -> dict[str, Chosen]:
    """The site's values for the settings that the protocol declares. Raises `DataProblem` D120."""
    chosen: dict[str, Chosen] = {}
    for name, given in mapping.settings.items():
        decl = artifact.settings.get(name)
        if decl is None:
            continue
        facts = {"name": mapping.name, "setting": name, "value": given.value}
        if decl.kind != "quantity":
            allowed = ("yes", "no") if decl.kind == "yes_no" else decl.choices
            if given.value not in allowed:
                raise DataProblem("D120", **facts, reason="it allows " + ", ".join(allowed))
            chosen[name] = Chosen(given.value, given.why)
            continue
        low, high = decl.lo, decl.hi
        if low is None:
            raise DataProblem("D120", **facts, reason="it has no range of values")
        try:
            unit = declared_unit(artifact, low.unit, name)
            value = Number(millionths=to_millionths(read_quantity(given.value, unit)), unit=low.unit)
        except (UnitProblem, NotDecimal, NotMillionths) as wrong:
            raise DataProblem("D120", **facts, reason=str(wrong)) from wrong
        exact = from_millionths(value.millionths)
        if exact < from_millionths(low.millionths) or (
            high is not None
            and exact
            > convert(from_millionths(high.millionths), declared_unit(artifact, high.unit, name), unit)
        ):
            raise DataProblem("D120", **facts, reason="it lies outside the range")
        chosen[name] = Chosen(value, given.why)
    return chosen


def is_weight(unit: Unit) -> bool:
    return unit.dims == (("body_weight", 1),)


def take_cell(part: FromColumn, rule: InputRule, cell: float | str | None) -> Taken:
    """What a cell says. One that is implausible is not passed on: nothing comes before it."""
    if isinstance(cell, str) or rule.spelling is None:
        return rule.take_text(None if cell is None else str(cell))
    taken = rule.take(cell, "")
    if not isinstance(taken.value, Charted):
        return taken
    exact = from_millionths(taken.value.millionths)
    if is_weight(rule.spelling.target) and exact <= 0:
        return Taken(reason="weight_unusable")
    if part.plausible is not None and not part.plausible.holds(exact):
        return Taken(reason="implausible", facts=part.plausible.facts)
    return taken if taken.reason is None else Taken(reason=taken.reason, facts=taken.facts)


def check_flags(part: FromFlags, name: str, decl: InputDecl, mapping: str) -> None:
    if decl.kind not in ("any_of", "one_of", "flag"):
        raise DataProblem("D121", name=mapping, input=name, reason=f"flags do not fill {decl.kind}")
    _check_values(mapping, name, decl, tuple(part.flags.values()))


def take_flags(part: FromFlags, decl: InputDecl, cells: tuple[float | None, ...]) -> Taken:
    held = [said for said, cell in zip(part.flags.values(), cells, strict=True) if cell]
    if not held and None in cells:
        return Taken(reason="no_value")
    if held and decl.kind == "any_of":
        return Taken(frozenset(held))
    if len(held) == 1:
        return Taken(worded(decl, held[0]))
    if held:
        return Taken(reason="unlisted_value")
    return Taken(frozenset()) if part.when_no == "none" and decl.kind == "any_of" else Taken()


def declared_input(declared: Mapping[str, InputDecl], name: str) -> str | None:
    """The declared name that a mapping means, by name or alias."""
    if name in declared:
        return name
    return next((key for key, decl in declared.items() if name in decl.aliases), None)


def _check_values(mapping: str, name: str, decl: InputDecl, said: tuple[str, ...]) -> None:
    allowed = ("yes", "no") if decl.kind == "flag" else decl.values
    for value in said:
        if value not in allowed:
            reason = f"`{value}` is none of its values: {', '.join(allowed)}"
            raise DataProblem("D121", name=mapping, input=name, reason=reason)


def input_rule(
    part: FromEvents | FromColumn, name: str, mapping: SiteMapping, artifact: Artifact
) -> InputRule:
    decl = artifact.inputs[name]
    blank = part.unit if isinstance(part, FromColumn) else part.blank_unit
    own = {} if isinstance(part, FromColumn) else part.units
    if decl.kind != "quantity":
        if not part.values:
            raise DataProblem("D121", name=mapping.name, input=name, reason="it needs `values`")
        _check_values(mapping.name, name, decl, tuple(part.values.values()))
        return InputRule(name, decl, None, blank, part.values)
    if part.values or decl.unit is None:
        raise DataProblem(
            "D121", name=mapping.name, input=name, reason="it is a quantity: `values` say nothing"
        )
    target = declared_unit(artifact, decl.unit, name)
    if decl.dosing and not is_weight(target):
        target = as_body_weight(target)
    return InputRule(name, decl, Spelling(target, {**mapping.units, **own}), blank, {})


Sorting = tuple[str, str, int, int]
"""What a row is: a category (or `live`), its detail, the place of its target, and the rank of its kind."""


class Inputs:
    """The inputs of a mapping that the protocol declares, and what a row of `events` is by its words."""

    def __init__(self, mapping: SiteMapping, artifact: Artifact) -> None:
        self.mapping = mapping
        self.targets: list[InputTarget] = []
        self.place: dict[str, int] = {}
        self.claims: dict[tuple[str, str], list[FromEvents]] = {}
        for part in mapping.inputs:
            if not isinstance(part, FromEvents):
                continue
            for claim in product(part.variables, part.kinds):
                self.claims.setdefault(claim, []).append(part)
            name = declared_input(artifact.inputs, part.name)
            if name is not None:
                self.place[part.name] = len(self.targets)
                self.targets.append(InputTarget(input_rule(part, name, mapping, artifact), part))

    def sort(self, variable: str | None, kind: str | None, label: str | None) -> Sorting:
        name = variable or "(no variable)"
        claims = self.claims.get((variable or "", kind or ""))
        if claims is None:
            return (_aside(self.mapping, variable, kind), name, -1, 0)
        part = next((part for part in claims if part.labels is None or label in part.labels), None)
        if part is None:
            return ("ignored", f"{name} (label not listed)", -1, 0)
        if part.name not in self.place:
            return ("not_declared", name, -1, 0)
        return (LIVE, name, self.place[part.name], part.kinds.index(kind or ""))


class Drugs:
    """The drugs of a mapping that the protocol declares, and what a row of `infusions` is by its words."""

    def __init__(self, mapping: SiteMapping, artifact: Artifact) -> None:
        self.mapping = mapping
        self.targets: list[DrugTarget] = []
        self.claims: dict[tuple[str, str], list[tuple[Rows, int]]] = {}
        for part in mapping.drugs:
            name = next(
                (key for key, decl in artifact.drugs.items() if part.name in (key, *decl.aliases)), None
            )
            rule = None
            if name is not None:
                decl = artifact.drugs[name]
                spelling = Spelling(declared_unit(artifact, decl.unit, name), {**mapping.units, **part.units})
                bands = tuple(
                    replace(band, unit=parse_unit(band.unit.name, spelling.substance))
                    for band in part.plausible
                )
                accepted = frozenset((decl.unit, *decl.accepts))
                rule = DrugRule(name, decl, spelling, accepted, bands, part.bag_amount_unit)
            for rows in part.rows:
                place = -1 if rule is None else len(self.targets)
                for claim in product(rows.variables, rows.kinds):
                    self.claims.setdefault(claim, []).append((rows, place))
                if rule is not None:
                    self.targets.append(DrugTarget(rule, rows))

    def sort(self, variable: str | None, kind: str | None, label: str | None, status: str | None) -> Sorting:
        name = variable or "(no variable)"
        claims = self.claims.get((variable or "", kind or ""))
        if claims is None:
            return (_aside(self.mapping, variable, kind), name, -1, 0)
        claim = next((c for c in claims if c[0].labels is None or label in c[0].labels), None)
        if claim is None:
            return ("ignored", f"{name} (label not listed)", -1, 0)
        rows, place = claim
        if rows.how == "stop" and status not in rows.status:
            return ("ignored", f"{name} ({kind} rows that are no stops)", -1, 0)
        return ("not_declared", name, -1, 0) if place < 0 else (LIVE, name, place, 0)


def _aside(mapping: SiteMapping, variable: str | None, kind: str | None) -> Category:
    for part in mapping.ignore:
        if (not part.variables or variable in part.variables) and (not part.kinds or kind in part.kinds):
            return "ignored"
    return "not_mapped"
