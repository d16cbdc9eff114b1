"""The facts form: one row for each fact, in any table that Arrow can hold. See docs/reference/cohort-data.md.

`normal` checks a piece of such a table and gives its columns in types of their own; `form_of` writes facts in
this form. What is wrong with a row is a `DataProblem` that names the file and the row.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rung_engine.cohort.facts import NOTHING, Facts
from rung_engine.cohort.layout import (
    DOSE,
    HAPPENED,
    INFUSION,
    OTHER,
    READING,
    SILENCE,
    U_FLAG,
    U_SET,
    U_UNKNOWN,
    U_VALUE,
    U_WRONG,
)
from rung_engine.exact import (
    MILLION,
    NotDecimal,
    NotFinite,
    NotMillionths,
    float_decimal,
    parse_decimal,
    to_millionths,
)
from rung_engine.sources.problems import DataProblem

KINDS = ("reading", "infusion", "dose", "happened", "done", "no_other_infusions")
"""By their numbers in `layout`."""
LABEL = ("conc_amount_millionths", "conc_amount_unit", "conc_volume_millionths", "conc_volume_unit")
WORDS = ("stay", "name", "unit", "text", "conc_amount_unit", "conc_volume_unit")
WHOLES = ("time_ms", "conc_amount_millionths", "conc_volume_millionths")

_WORD = pa.dictionary(pa.int32(), pa.string())
FORM = pa.schema(
    [
        ("stay", _WORD),
        ("time_ms", pa.int64()),
        ("kind", _WORD),
        ("name", _WORD),
        ("unit", _WORD),
        ("value_millionths", pa.int64()),
        ("text", _WORD),
        ("conc_amount_millionths", pa.int64()),
        ("conc_amount_unit", _WORD),
        ("conc_volume_millionths", pa.int64()),
        ("conc_volume_unit", _WORD),
    ]
)
"""The facts form as it is written. Words may be plain or in a dictionary; `id` (words) may be added, and
`value` (decimals, floats or words) may stand in the place of `value_millionths`."""
NEEDED = ("stay", "time_ms", "kind", "name")

NORMAL = pa.schema(
    [pa.field(field.name, pa.int8() if field.name == "kind" else field.type) for field in FORM]
)
"""The form as `normal` gives it: kinds by their numbers in `layout`."""

YES, NO, BETWEEN = "yes", "no", "|"


def normal(table: pa.Table, path: str, row: int) -> pa.Table:
    """A piece of a table in the facts form, checked, as `NORMAL` (and `id`, words, where there is one).

    `path` and `row` say where the piece begins, the first row of a file being 1. Raises `DataProblem` D105,
    D106 and D124 to D127.
    """
    names = table.column_names
    for needed in NEEDED:
        if needed not in names:
            raise DataProblem("D105", table=path, column=needed, found=", ".join(names))
    if "value" in names and "value_millionths" in names:
        raise DataProblem("D127", path=path)
    if "value" not in names and "value_millionths" not in names:
        raise DataProblem("D105", table=path, column="value_millionths", found=", ".join(names))
    where = _Where(path, row)
    found = {name: _words(table, name, where) for name in WORDS}
    found |= {name: _wholes(table, name, where) for name in WHOLES}
    found["kind"] = _kinds(_words(table, "kind", where), where)
    found["value_millionths"] = (
        _decimals(_whole(table["value"]), where)
        if "value" in names
        else _wholes(table, "value_millionths", where)
    )
    _check(found, where)
    made = [found[field.name] for field in NORMAL]
    if "id" not in names:
        return pa.table(made, schema=NORMAL)
    return pa.table([*made, _words(table, "id", where)], schema=NORMAL.append(pa.field("id", _WORD)))


class _Where:
    def __init__(self, path: str, row: int) -> None:
        self.path, self.row = path, row

    def problem(self, code: str, place: int, **facts: str) -> DataProblem:
        return DataProblem(code, path=self.path, row=str(self.row + place), **facts)

    def type_problem(self, column: str, expected: str, found: str) -> DataProblem:
        return DataProblem("D106", table=self.path, column=column, expected=expected, found=found)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """The column in one piece."""
    if isinstance(column, pa.Array):
        return column
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    if column.num_chunks == 1:
        return column.chunk(0)
    made = column.combine_chunks()
    return made if isinstance(made, pa.Array) else pa.concat_arrays(made.chunks)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text, in a dictionary or not."""
    own = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(own) or pa.types.is_large_string(own) or pa.types.is_string_view(own))


def _words(table: pa.Table, name: str, where: _Where) -> pa.DictionaryArray:
    """A column of words with its dictionary, a blank one being null."""
    if name not in table.column_names:
        return pa.nulls(len(table), _WORD)
    column = _whole(table[name])
    kind = column.type
    if pa.types.is_null(kind):
        return pa.nulls(len(table), _WORD)
    if pa.types.is_integer(kind) and name in ("stay", "id"):
        column = column.cast(pa.string())
    elif not is_text(kind):
        raise where.type_problem(name, "text", f"it holds {kind}")
    column = in_words(column)
    blank = column.dictionary.index("").as_py()
    if blank >= 0:
        indices = pc.if_else(pc.equal(column.indices, blank), None, column.indices)
        return pa.DictionaryArray.from_arrays(indices, column.dictionary)
    return column


def in_words(column: pa.Array) -> pa.DictionaryArray:
    """Text of any type with a dictionary that has each word once, and no null."""
    if not pa.types.is_dictionary(column.type):
        return column.cast(pa.string()).dictionary_encode()
    words = column.dictionary.cast(pa.string())
    column = pa.DictionaryArray.from_arrays(column.indices.cast(pa.int32()), words)
    if words.null_count or pc.count_distinct(words).as_py() < len(words):
        return column.cast(pa.string()).dictionary_encode()
    return column


def _wholes(table: pa.Table, name: str, where: _Where) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(len(table), pa.int64())
    column = _whole(table[name])
    if pa.types.is_null(column.type):
        return column.cast(pa.int64())
    # Floats are how pandas holds whole numbers where one is missing: taken where they are whole, and exact.
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise where.type_problem(name, "whole numbers (64-bit)", f"it holds {column.type}")
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid as wrong:
        raise where.type_problem(name, "whole numbers (64-bit)", "one is too large, or not whole") from wrong


def _kinds(column: pa.DictionaryArray, where: _Where) -> pa.Array:
    known = {kind: place for place, kind in enumerate(KINDS)}
    by_place = np.array([known.get(one, -1) for one in column.dictionary.to_pylist()] or [-1], np.int8)
    kinds = by_place[np.asarray(column.indices.fill_null(0))]
    if column.null_count or (by_place < 0).any():
        wrong = np.asarray(column.is_null()) | (kinds < 0)
        if wrong.any():
            place = int(wrong.argmax())
            said = column[place].as_py() or ""
            raise where.problem("D125", place, kind=said, known=", ".join(KINDS))
    return pa.array(kinds)


# ---------------------------------------------------------------- exact decimals


def _decimals(column: pa.Array, where: _Where) -> pa.Array:
    """Millionths of a column of decimals, exactly. Raises `DataProblem` D106 and D124."""
    kind = column.type
    if pa.types.is_null(kind):
        return column.cast(pa.int64())
    if pa.types.is_integer(kind):
        return _scaled(column, where)
    if pa.types.is_decimal(kind):
        return _scaled(column, where)
    if pa.types.is_floating(kind):
        return _floats(column.cast(pa.float64()), where)
    if not is_text(kind):
        raise where.type_problem("value", "decimals", f"it holds {kind}")
    coded = in_words(column)
    said = coded.dictionary.to_pylist()
    made = [None if one == "" else _millionths(one) for one in said]
    lost = np.array([one is None and said[place] != "" for place, one in enumerate(made)] + [False])
    if lost.any():
        wrong = lost[np.asarray(coded.indices.fill_null(len(said)))]
        if wrong.any():
            place = int(wrong.argmax())
            raise where.problem("D124", place, value=column[place].as_py())
    return pa.array(made, pa.int64()).take(coded.indices)


def _millionths(text: str) -> int | None:
    try:
        return _held(to_millionths(parse_decimal(text)))
    except (NotDecimal, NotMillionths):
        return None


def _held(count: int) -> int | None:
    return count if -(2**63) < count < 2**63 else None


def _scaled(column: pa.Array, where: _Where) -> pa.Array:
    """Of whole numbers and decimal128."""
    try:
        wide = column.cast(pa.decimal128(38, 6))
    except pa.ArrowInvalid:
        wide = None
    if wide is not None:
        low, high = np.frombuffer(wide.buffers()[1], np.int64).reshape(-1, 2)[wide.offset :][: len(wide)].T
        known = np.asarray(wide.is_valid())
        if ((high == low >> 63) | ~known).all():
            return pa.array(np.where(known, low, 0), mask=~known)
    for place, one in enumerate(column.to_pylist()):
        count = None if one is None else Fraction(one) * MILLION
        if count is not None and (count.denominator != 1 or _held(count.numerator) is None):
            raise where.problem("D124", place, value=str(one))
    raise AssertionError("every value is a count of millionths")


def _floats(column: pa.Array, where: _Where) -> pa.Array:
    known = np.asarray(column.is_valid())
    values = np.where(known, np.asarray(column.fill_null(0.0)), 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        counts = np.rint(values * MILLION)
        # Below 10^15 no two counts share a float, and a quotient is the float nearest to it: equal means that
        # the float is the one that its shortest decimal, this count, names. All others are asked one by one.
        sure = (np.abs(counts) < 1e15) & (counts / MILLION == values)
    made = np.where(sure, counts, 0).astype(np.int64)
    for place in np.flatnonzero(~sure).tolist():
        try:
            count = _held(to_millionths(float_decimal(float(values[place]))))
        except (NotFinite, NotMillionths):
            count = None
        if count is None:
            raise where.problem("D124", place, value=repr(float(values[place])))
        made[place] = count
    return pa.array(made, mask=~known)


# ---------------------------------------------------------------- rows that do not hold together


def _check(found: dict[str, Any], where: _Where) -> None:
    """Raises `DataProblem` D126 for the first row that does not hold together."""
    kinds = np.asarray(found["kind"])
    reading, infusion, dose = kinds == READING, kinds == INFUSION, kinds == DOSE
    has = {name: _has(found[name]) for name in FORM.names if name != "kind"}
    label = [has[name] for name in LABEL]
    some, whole = label[0] | label[1] | label[2] | label[3], label[0] & label[1] & label[2] & label[3]
    reasons = (
        (~has["stay"], "it names no stay"),
        (~has["time_ms"], "it has no time"),
        (~has["name"] & (kinds != SILENCE), "it names nothing"),
        (reading & (has["value_millionths"] == has["text"]), "a reading has a value or a text, and not both"),
        (has["text"] & ~reading, "only a reading has a text"),
        (
            has["value_millionths"] & ~(reading | infusion | dose),
            f"`{KINDS[HAPPENED]}` and the like have no value",
        ),
        (some & ~infusion, "only an infusion has a concentration"),
        (some & ~whole, "a concentration has an amount, a volume and the unit of each"),
    )
    first = min(((int(np.argmax(wrong)), reason) for wrong, reason in reasons if np.any(wrong)), default=None)
    if first is not None:
        raise where.problem("D126", first[0], reason=first[1])


def _has(column: pa.Array) -> NDArray[np.bool_]:
    """Where something stands: by row, or in one where it is so of all rows."""
    if column.null_count in (0, len(column)):
        return np.array(column.null_count == 0)
    return np.asarray(column.is_valid())


# ---------------------------------------------------------------- facts, written


def form_of(facts: Facts) -> pa.Table:
    """Facts in the form, in their order, as `FORM`.

    What the artifact does not declare is shown as an event `?`, and an unknown unit or word as `?`.
    """
    codes, kinds = facts.codes, facts.kind
    names = (*codes.inputs, *codes.drugs, *codes.events, *codes.tasks, NOTHING)
    drugs = len(codes.inputs)
    events = drugs + len(codes.drugs)
    first = np.array([0, drugs, drugs, events, events + len(codes.events), 0, 0])
    name = first[kinds] + facts.name
    name[kinds == OTHER] = len(names) - 1
    shown_kind = np.where(kinds == OTHER, HAPPENED, kinds)
    units = (*codes.units, NOTHING)
    has_words = np.array([kind not in ("quantity", "flag") for kind in codes.kinds] or [False])
    no_word = (facts.unit == U_WRONG) & has_words[np.where(kinds == READING, facts.name, 0)]
    worded = (facts.unit <= U_FLAG) & (kinds == READING) & ~no_word
    has_unit = ((facts.unit >= U_UNKNOWN) | no_word) & (kinds <= DOSE)
    unit = np.where(facts.unit >= 0, facts.unit, len(units) - 1)
    return pa.table(
        [
            _coded(np.repeat(np.arange(len(facts.stays)), np.diff(facts.start)), facts.stays),
            pa.array(facts.time),
            _coded(shown_kind, KINDS),
            _coded(name, names, kinds != SILENCE),
            _coded(unit, units, has_unit),
            pa.array(facts.value, mask=~has_unit),
            _texts(facts, np.flatnonzero(worded)),
            *_labels(facts, units),
        ],
        schema=FORM,
    )


def _coded(places: NDArray[Any], names: tuple[str, ...], shown: NDArray[np.bool_] | None = None) -> pa.Array:
    indices = pa.array(places.astype(np.int32), mask=None if shown is None else ~shown)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def _texts(facts: Facts, rows: NDArray[np.int64]) -> pa.Array:
    """The words of these rows, each different one spelled once."""
    codes = facts.codes
    said = np.column_stack([facts.name[rows], facts.unit[rows], facts.value[rows]]).astype(np.int64)
    distinct, places = np.unique(said, axis=0, return_inverse=True)
    texts = [_text(codes.words[name], unit, value) for name, unit, value in distinct.tolist()]
    spelled = tuple(sorted(set(texts)))
    place = np.array([spelled.index(one) for one in texts] or [0], np.int32)
    indices = np.zeros(facts.count, np.int32)
    shown = np.zeros(facts.count, np.bool_)
    indices[rows], shown[rows] = place[places.reshape(-1)], True
    return _coded(indices, spelled, shown)


def _text(known: tuple[str, ...], unit: int, value: int) -> str:
    if unit == U_FLAG:
        return YES if value else NO
    if unit == U_WRONG or value < 0:
        return NOTHING
    if unit == U_VALUE:
        return known[value]
    assert unit == U_SET
    return BETWEEN.join(one for place, one in enumerate(known) if value >> place & 1) or BETWEEN


def _labels(facts: Facts, units: tuple[str, ...]) -> list[pa.Array]:
    shown = facts.conc >= 0
    table = facts.concentrations if len(facts.concentrations) else np.zeros((1, 4), np.int64)
    rows = table[np.where(shown, facts.conc, 0)]
    made = []
    for column in range(4):
        if column % 2 == 0:
            made.append(pa.array(rows[:, column], mask=~shown))
        else:
            unit = np.where(rows[:, column] >= 0, rows[:, column], len(units) - 1)
            made.append(_coded(unit, units, shown))
    return made
