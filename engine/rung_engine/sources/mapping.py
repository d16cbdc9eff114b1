"""A mapping, checked: which charted variables are which declared inputs and drugs. See `mapping_file`."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from rung_engine.frozen import frozen

from ..exact import show_decimal
from ..units import Unit
from .problems import DataProblem

INFUSION_KINDS = ("rate", "set", "bolus", "amount")
"""Kinds of `events` rows that repeat a row of `infusions`; they are read from there."""

RowsAs = Literal["interval", "set", "stop", "dose"]


@frozen
class Quantity:
    """An exact value in a unit."""

    value: Fraction
    unit: Unit


@frozen
class Band:
    """From `low` to `high` of one unit, both included."""

    low: Fraction
    high: Fraction
    unit: Unit

    def holds(self, value: Fraction) -> bool:
        return self.low <= value <= self.high

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        return (("low", show_decimal(self.low)), ("high", show_decimal(self.high)), ("unit", self.unit.name))


@frozen
class Match:
    """How a folder of this form is recognised; every part must hold, and a mapping without parts fits any."""

    columns: tuple[tuple[str, tuple[str, ...]], ...] = ()
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    prefixes: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> str:
        parts = [f"columns {', '.join(names)} in {table}" for table, names in self.columns]
        parts += [f"{column} among {', '.join(values)}" for column, values in self.values]
        parts += [f"{column} beginning with `{prefix}`" for column, prefix in self.prefixes]
        return "; ".join(parts) or "anything"


@frozen
class Found:
    """What a folder looks like: the columns of each table, and the values of text columns of `stays`."""

    columns: Mapping[str, tuple[str, ...]]
    values: Mapping[str, tuple[str, ...]]

    @property
    def words(self) -> str:
        shown = self.values.get("charting_system", ())
        systems = ", ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")
        return (
            f"stays with columns {', '.join(self.columns['stays'])} and charting systems {systems or 'none'}"
        )


@frozen
class SiteSetting:
    """What the site chose for a setting, as written, and why."""

    value: str
    why: str


@frozen
class FromEvents:
    """An input filled from rows of `events`."""

    name: str
    variables: tuple[str, ...]
    kinds: tuple[str, ...]
    labels: tuple[str, ...] | None
    units: Mapping[str, str]
    blank_unit: str | None
    minutes_later: Mapping[str, int]
    values: Mapping[str, str]
    note: str


@frozen
class FromColumn:
    """An input filled from a column of `stays`, once, at time 0."""

    name: str
    column: str
    unit: str | None
    plausible: Band | None
    values: Mapping[str, str]
    note: str


@frozen
class FromFlags:
    """An input filled from 0-or-1 columns of `stays`, once, at time 0."""

    name: str
    flags: Mapping[str, str]
    when_no: Literal["unknown", "none"]
    note: str


InputMap = FromEvents | FromColumn | FromFlags


@frozen
class Rows:
    """Rows of `infusions` and what they are of one drug."""

    variables: tuple[str, ...]
    kinds: tuple[str, ...]
    labels: tuple[str, ...] | None
    how: RowsAs
    status: tuple[str, ...]
    """Of `stop`: the rows that are stops. Of `set`: rows that stop although they carry a rate."""
    strength: Quantity | None


@frozen
class DrugMap:
    name: str
    rows: tuple[Rows, ...]
    plausible: tuple[Band, ...]
    bag_amount_unit: str | None
    units: Mapping[str, str]
    note: str


@frozen
class Ignore:
    variables: tuple[str, ...]
    kinds: tuple[str, ...]
    why: str


@frozen
class SiteMapping:
    """A whole mapping file, checked. `path` is where it was read."""

    path: str
    name: str
    title: str
    silence: Literal["off", "unknown"]
    silence_why: str
    match: Match
    settings: Mapping[str, SiteSetting]
    units: Mapping[str, str]
    inputs: tuple[InputMap, ...]
    drugs: tuple[DrugMap, ...]
    ignore: tuple[Ignore, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of results must know: each note, with the input or drug it is about."""
        noted = [(part.name, part.note) for part in (*self.inputs, *self.drugs) if part.note]
        return tuple(f"{name}: {note}" for name, note in noted)


def fits(mapping: SiteMapping, found: Found) -> bool:
    """Whether the folder has the form that the mapping was made for."""
    match = mapping.match
    return (
        all(set(names) <= set(found.columns.get(table, ())) for table, names in match.columns)
        and all(len(found.values.get(c, ())) > 0 and set(found.values[c]) <= set(v) for c, v in match.values)
        and all(
            len(found.values.get(column, ())) > 0 and all(v.startswith(prefix) for v in found.values[column])
            for column, prefix in match.prefixes
        )
    )


def choose(mappings: tuple[SiteMapping, ...], found: Found, folder: str) -> SiteMapping:
    """The one mapping that fits. Raises `DataProblem` D117 (none) or D118 (several)."""
    fitting = [mapping for mapping in mappings if fits(mapping, found)]
    if not fitting:
        raise DataProblem("D117", path=folder, found=found.words)
    if len(fitting) > 1:
        raise DataProblem("D118", path=folder, names=", ".join(mapping.name for mapping in fitting))
    return fitting[0]
