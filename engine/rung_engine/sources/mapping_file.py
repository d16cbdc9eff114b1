"""A mapping: which charted variables are which declared inputs and drugs, as one declarative TOML file.

It says how a folder of this form is recognised, what silence in the drug chart means, which settings the site
chooses, how odd unit spellings read, and for each input and drug where its values come from. What it leaves
alone on purpose stands under `[[ignore]]`, with the reason. Unknown keys are errors. The format:

    format = 1                          # of this file
    name, title                         # text
    silence = "off" | "unknown"         # does a drug without a row count as off?
    silence_why                         # text
    [match]                             # all must hold; `values` and `prefixes` are about columns of `stays`
    columns  = { stays = ["cohort"] }
    values   = { charting_system = ["carevue", "metavision"] }
    prefixes = { charting_system = "hospital " }
    [settings.NAME]   value, why        # for `setting NAME chosen by site`
    [units]           "mcgkgmin" = "mcg/kg/min"
    [inputs.NAME]                       # from rows of `events`
    variables, kinds = ["obs"]          # of several kinds a stay is read from the first that it has
    labels, units, blank_unit, minutes_later = { hourly = 60 }, values = { "1" = "yes" }, note
    [inputs.NAME]                       # or from a column of `stays`, true from time 0
    stay_column, unit, plausible = "20 to 350 kg", values, note
    [inputs.NAME]                       # or from flags of `stays`; when_no = "unknown" | "none"
    stay_flags = { dx_septic_shock = "septic" }, when_no, note
        # a flag `code:78551` or `text:cardiogenic shock` is looked up in the table `diagnoses`
    [drugs.NAME]
    plausible = ["0.001 to 5 mcg/kg/min"], bag_amount_unit = "mg", units, note
    [[drugs.NAME.rows]]                 # rows of `infusions`
    variables, kinds, labels, as = "interval" | "set" | "stop" | "dose"
    status    (of `stop`: which rows are stops)     stop_status   (of `set`: rows that are stops)
    strength = "0.05 g/mL"   (of `dose`: what a charted volume holds)
    [[ignore]]  variables, kinds, why
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Literal

from ..exact import NotDecimal, parse_decimal
from ..units import Unit, UnitProblem, convert, parse_unit
from .mapping import (
    INFUSION_KINDS,
    Band,
    DrugMap,
    FromColumn,
    FromEvents,
    FromFlags,
    Ignore,
    InputMap,
    Match,
    Quantity,
    Rows,
    RowsAs,
    SiteMapping,
    SiteSetting,
)
from .problems import DataProblem

FORMAT = 1


def shipped_mappings() -> tuple[SiteMapping, ...]:
    """The mappings that come with Rung, by name."""
    folder = resources.files(__package__) / "mappings"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(
        parse_mapping(f.read_text("utf-8"), f"shipped:{f.name.removesuffix('.toml')}") for f in files
    )


def load_mapping(given: str | Path) -> SiteMapping:
    """The mapping in a file, or the shipped one of that name. Raises `DataProblem` D110 to D116 and D122."""
    path = Path(given)
    if path.is_file():
        try:
            return parse_mapping(path.read_text("utf-8"), str(path))
        except UnicodeDecodeError as wrong:
            raise DataProblem("D111", path=str(path), reason=str(wrong)) from wrong
    shipped = {mapping.name: mapping for mapping in shipped_mappings()}
    if str(given) not in shipped:
        raise DataProblem("D110", path=str(given), shipped=", ".join(shipped))
    return shipped[str(given)]


class _Table:
    """A TOML table being taken apart: every key is asked for, and `done` refuses those nobody asked for."""

    def __init__(self, raw: object, path: str, key: str) -> None:
        self.path, self.key = path, key
        if not isinstance(raw, dict):
            raise self.wrong(key, "a table", raw)
        self.raw: dict[str, object] = raw
        self.asked: list[str] = []

    def at(self, key: str) -> str:
        return f"{self.key}.{key}" if self.key else key

    def wrong(self, where: str, expected: str, found: object) -> DataProblem:
        return DataProblem("D114", path=self.path, key=where, expected=expected, found=repr(found))

    def has(self, key: str) -> bool:
        return key in self.raw

    def get(self, key: str) -> object | None:
        self.asked.append(key)
        return self.raw.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            raise DataProblem("D113", path=self.path, key=self.at(key))
        if not isinstance(value, str):
            raise self.wrong(self.at(key), "text", value)
        return value

    def maybe_text(self, key: str) -> str | None:
        return self.text(key, "") or None

    def one_of(self, key: str, *choices: str) -> str:
        value = self.text(key)
        if value not in choices:
            raise self.wrong(self.at(key), "one of " + ", ".join(choices), value)
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            raise DataProblem("D113", path=self.path, key=self.at(key))
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            raise self.wrong(self.at(key), "a list of texts with at least one", value)
        return tuple(value)

    def text_map(self, key: str) -> dict[str, str]:
        found = _Table(self.get(key) or {}, self.path, self.at(key))
        return {name: found.text(name) for name in found.raw}

    def texts_map(self, key: str) -> dict[str, tuple[str, ...]]:
        found = _Table(self.get(key) or {}, self.path, self.at(key))
        return {name: found.texts(name) for name in found.raw}

    def tables(self, key: str) -> Iterator[tuple[str, _Table]]:
        found = _Table(self.get(key) or {}, self.path, self.at(key))
        for name, raw in found.raw.items():
            yield name, _Table(raw, self.path, found.at(name))

    def list_of_tables(self, key: str) -> Iterator[_Table]:
        value = self.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            raise self.wrong(self.at(key), "a list of tables", value)
        for place, raw in enumerate(value, 1):
            yield _Table(raw, self.path, f"{self.at(key)}[{place}]")

    def done(self) -> None:
        for key in self.raw:
            if key not in self.asked:
                known = ", ".join(self.asked)
                raise DataProblem("D112", path=self.path, key=self.at(key), known=known)


def parse_mapping(text: str, path: str) -> SiteMapping:
    """The mapping a text says. Raises `DataProblem` D111 to D116 and D122, with the key at fault."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise DataProblem("D111", path=path, reason=str(wrong)) from wrong
    top = _Table(raw, path, "")
    stated = top.get("format")
    if stated != FORMAT or isinstance(stated, bool):
        raise DataProblem("D122", path=path, found=repr(stated), known=str(FORMAT))
    mapping = SiteMapping(
        path=path,
        name=top.text("name"),
        title=top.text("title"),
        silence="off" if top.one_of("silence", "off", "unknown") == "off" else "unknown",
        silence_why=top.text("silence_why"),
        match=_match(_Table(top.get("match") or {}, path, "match")),
        settings={name: _setting(table) for name, table in top.tables("settings")},
        units=_units(top),
        inputs=tuple(_input(name, table) for name, table in top.tables("inputs")),
        drugs=tuple(_drug(name, table) for name, table in top.tables("drugs")),
        ignore=tuple(_ignore(table) for table in top.list_of_tables("ignore")),
    )
    top.done()
    _refuse_double_claims(mapping)
    return mapping


def _match(table: _Table) -> Match:
    columns, values = table.texts_map("columns"), table.texts_map("values")
    prefixes = table.text_map("prefixes")
    table.done()
    return Match(tuple(columns.items()), tuple(values.items()), tuple(prefixes.items()))


def _setting(table: _Table) -> SiteSetting:
    setting = SiteSetting(table.text("value"), table.text("why"))
    table.done()
    return setting


def _units(table: _Table) -> dict[str, str]:
    units = table.text_map("units")
    for spelling, meant in units.items():
        _unit(meant, table.path, f"{table.at('units')}.{spelling}")
    return units


def _input(name: str, table: _Table) -> InputMap:
    note = table.text("note", "")
    made: InputMap
    if table.has("stay_flags"):
        when_no: Literal["unknown", "none"]
        when_no = "none" if table.one_of("when_no", "unknown", "none") == "none" else "unknown"
        made = FromFlags(name, table.text_map("stay_flags"), when_no, note)
    elif table.has("stay_column"):
        spelled, unit = table.maybe_text("plausible"), _maybe_unit(table, "unit")
        band = None if spelled is None else _band(spelled, table.path, table.at("plausible"))
        if band is not None and (unit is None or parse_unit(unit) != band.unit):
            raise table.wrong(table.at("plausible"), f"a range in {unit or 'the `unit`'}", spelled)
        made = FromColumn(name, table.text("stay_column"), unit, band, table.text_map("values"), note)
    else:
        made = FromEvents(
            name,
            table.texts("variables"),
            _reading_kinds(table),
            table.texts("labels") if table.has("labels") else None,
            _units(table),
            _maybe_unit(table, "blank_unit"),
            _minutes(table),
            table.text_map("values"),
            note,
        )
    table.done()
    return made


def _maybe_unit(table: _Table, key: str) -> str | None:
    spelled = table.maybe_text(key)
    if spelled is not None:
        _unit(spelled, table.path, table.at(key))
    return spelled


def _reading_kinds(table: _Table) -> tuple[str, ...]:
    kinds = table.texts("kinds", ("obs",))
    for kind in kinds:
        if kind in INFUSION_KINDS:
            raise table.wrong(table.at("kinds"), "kinds of readings, not of drug rows", kind)
    return kinds


def _minutes(table: _Table) -> dict[str, int]:
    found = _Table(table.get("minutes_later") or {}, table.path, table.at("minutes_later"))
    minutes: dict[str, int] = {}
    for kind, value in found.raw.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise table.wrong(found.at(kind), "whole minutes, not negative", value)
        minutes[kind] = value
    return minutes


def _drug(name: str, table: _Table) -> DrugMap:
    rows = tuple(_rows(name, part) for part in table.list_of_tables("rows"))
    if not rows:
        raise DataProblem("D113", path=table.path, key=table.at("rows"))
    bands = table.texts("plausible", ())
    drug = DrugMap(
        name,
        rows,
        tuple(_band(text, table.path, table.at("plausible"), substance=name) for text in bands),
        _maybe_unit(table, "bag_amount_unit"),
        _units(table),
        table.text("note", ""),
    )
    table.done()
    return drug


def _rows(drug: str, table: _Table) -> Rows:
    how: RowsAs
    match table.one_of("as", "interval", "set", "stop", "dose"):
        case "interval":
            how = "interval"
        case "set":
            how = "set"
        case "stop":
            how = "stop"
        case _:
            how = "dose"
    kinds = table.texts("kinds")
    for kind in kinds:
        if kind not in INFUSION_KINDS:
            raise table.wrong(table.at("kinds"), "among " + ", ".join(INFUSION_KINDS), kind)
    status: tuple[str, ...] = ()
    if how == "stop":
        status = table.texts("status")
    elif how == "set":
        status = table.texts("stop_status", ())
    strength = table.maybe_text("strength") if how == "dose" else None
    rows = Rows(
        table.texts("variables", (drug,)),
        kinds,
        table.texts("labels") if table.has("labels") else None,
        how,
        status,
        None if strength is None else _quantity(strength, table.path, table.at("strength"), drug),
    )
    table.get("labels")
    table.done()
    return rows


def _ignore(table: _Table) -> Ignore:
    ignore = Ignore(table.texts("variables", ()), table.texts("kinds", ()), table.text("why"))
    if not ignore.variables and not ignore.kinds:
        raise DataProblem("D113", path=table.path, key=table.at("variables"))
    table.done()
    return ignore


def _refuse_double_claims(mapping: SiteMapping) -> None:
    """One row is of one thing: two may share a variable and kind only where both list labels, none twice."""
    said: list[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...] | None]]
    said = [
        (f"inputs.{part.name}", part.variables, part.kinds, part.labels)
        for part in mapping.inputs
        if isinstance(part, FromEvents)
    ]
    for drug in mapping.drugs:
        said += [(f"drugs.{drug.name}", rows.variables, rows.kinds, rows.labels) for rows in drug.rows]
    said += [("ignore", part.variables, part.kinds, None) for part in mapping.ignore]
    for place, (first, variables, kinds, labels) in enumerate(said):
        for second, also, other_kinds, other_labels in said[place + 1 :]:
            shared = [(v, k) for v in variables if v in also for k in kinds if k in other_kinds]
            apart = labels is not None and other_labels is not None and not set(labels) & set(other_labels)
            if shared and not apart:
                facts = {"variable": shared[0][0], "kind": shared[0][1], "first": first, "second": second}
                raise DataProblem("D116", path=mapping.path, **facts)


# --- quantities in a mapping --------------------------------------------------------------------------------


def _unit(text: str, path: str, key: str, substance: str | None = None) -> Unit:
    try:
        return parse_unit(text, substance)
    except UnitProblem as problem:
        raise DataProblem("D115", path=path, key=key, text=text, reason=str(problem)) from problem


def _number(text: str, whole: str, path: str, key: str) -> Fraction:
    try:
        return parse_decimal(text)
    except NotDecimal as wrong:
        raise DataProblem("D115", path=path, key=key, text=whole, reason=f"`{text}` is no number") from wrong


def _quantity(text: str, path: str, key: str, substance: str | None = None) -> Quantity:
    number, _, unit = text.strip().partition(" ")
    return Quantity(_number(number, text, path, key), _unit(unit, path, key, substance))


def _band(text: str, path: str, key: str, substance: str | None = None) -> Band:
    low, to, rest = text.partition(" to ")
    if not to:
        raise DataProblem("D115", path=path, key=key, text=text, reason="a range reads `1 to 5 mmHg`")
    high = _quantity(rest, path, key, substance)
    band = Band(_number(low.strip(), text, path, key), high.value, high.unit)
    if band.low > band.high:
        raise DataProblem("D115", path=path, key=key, text=text, reason="it begins above its end")
    return band


def read_quantity(text: str, unit: Unit, substance: str | None = None) -> Fraction:
    """A written quantity in `unit`, exactly. Raises `NotDecimal` or `UnitProblem`."""
    number, _, spelled = text.strip().partition(" ")
    return convert(parse_decimal(number), parse_unit(spelled, substance), unit)
