"""From checked rows of the facts form to `Facts`: words by their numbers, stays together, facts in order.

Nothing is done row by row: every different word is looked up once. Where rows carry ids, an id told twice in
one stay counts once, or not at all where it says two things; rows without ids are one fact where they say
the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rung_engine.cohort.facts import Codes, Facts, places, word, words
from rung_engine.cohort.form import BETWEEN, LABEL, NO, NORMAL, YES
from rung_engine.cohort.layout import (
    DONE,
    DOSE,
    HAPPENED,
    INFUSION,
    OTHER,
    READING,
    SILENCE,
    U_FLAG,
    U_NONE,
    U_UNKNOWN,
    U_WRONG,
)
from rung_engine.cohort.order import MANY, Columns, in_order

_Wholes = NDArray[np.int64]


def encode(table: pa.Table, codes: Codes) -> Facts:
    """The facts of whole stays, the stays sorted by id. `table`: as `form.normal` gives it, in one piece."""
    stays, rank, stay = _stays(_whole(table, "stay"))
    kind, name, unit, value = _coded(table, codes)
    _say_words(table, codes, kind, name, unit, value)
    conc, concentrations = _labels(table, places(codes)[4], kind)
    columns: Columns = (np.asarray(_whole(table, "time_ms")), kind, name, unit, value, conc)
    ident = np.full(len(stay), -1, np.int64)
    if "id" in table.column_names:
        ident, told = _idents(table, stay)
        stay, ident = stay[told], ident[told]
        columns = tuple(column[told] for column in columns)  # type: ignore[assignment]
    start, columns = in_order(stay, rank, len(stays), columns, ident)
    return Facts(codes, stays, start, *columns, concentrations)


def _whole(table: pa.Table, name: str) -> pa.Array:
    column = table[name]
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    if column.num_chunks == 1:
        return column.chunk(0)
    made = column.combine_chunks()
    return made if isinstance(made, pa.Array) else pa.concat_arrays(made.chunks)


def _known(column: pa.Array) -> NDArray[np.uint8]:
    """By row, 1 where something stands."""
    bits = column.buffers()[0]
    if column.null_count == 0 or bits is None:
        return np.ones(len(column), np.uint8)
    flags = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
    return flags[column.offset :][: len(column)]


def _held(column: pa.Array, kind: type[np.int32 | np.int64]) -> NDArray[Any]:
    """What stands in a column of whole numbers; of an empty cell whatever lies there."""
    return np.frombuffer(column.buffers()[1], kind)[column.offset :][: len(column)]


def _indices(column: pa.DictionaryArray) -> NDArray[np.int32]:
    """The places in the dictionary, a null being the last place after it."""
    if column.null_count == 0:
        return np.asarray(column.indices)
    return np.where(_known(column.indices) == 1, _held(column.indices, np.int32), len(column.dictionary))


def _looked_up(column: pa.DictionaryArray, known: dict[str, int], other: int) -> NDArray[np.int16]:
    return np.array([known.get(one, other) for one in column.dictionary.to_pylist()], np.int16)


def _stays(column: pa.DictionaryArray) -> tuple[tuple[str, ...], NDArray[np.int32], NDArray[np.int32]]:
    """The stays, sorted; by number of a stay its place among them, -1 of one that no row has; the numbers."""
    numbers = np.asarray(column.indices)
    there = np.bincount(numbers, minlength=len(column.dictionary)) > 0
    named = sorted((one, place) for place, one in enumerate(column.dictionary.to_pylist()) if there[place])
    rank = np.full(max(len(there), 1), -1, np.int32)
    rank[[place for _, place in named]] = np.arange(len(named))
    return tuple(one for one, _ in named), rank, numbers


_Coded = tuple[NDArray[np.int8], NDArray[np.int16], NDArray[np.int16], _Wholes]


def _coded(table: pa.Table, codes: Codes) -> _Coded:
    """Kind, name, unit and value of every row, but for what is said in words."""
    inputs, drugs, events, tasks, units = places(codes)
    kind = np.asarray(_whole(table, "kind"))
    names, united, counts = _whole(table, "name"), _whole(table, "unit"), _whole(table, "value_millionths")
    by_name = np.full((OTHER + 1, len(names.dictionary) + 1), -1, np.int16)
    for one, known in (
        (READING, inputs),
        (INFUSION, drugs),
        (DOSE, drugs),
        (HAPPENED, events),
        (DONE, tasks),
    ):
        by_name[one, :-1] = _looked_up(names, known, -1)
    by_unit = np.append(_looked_up(united, units, U_UNKNOWN), np.int16(U_UNKNOWN))
    quantity = np.array([one == "quantity" for one in codes.kinds] or [False])
    if len(kind) >= MANY:
        from rung_engine.cohort import order_kernel as kernel

        rows = len(kind)
        out = (
            np.empty(rows, np.int8),
            np.empty(rows, np.int16),
            np.empty(rows, np.int16),
            np.empty(rows, np.int64),
        )
        words = [(_held(one.indices, np.int32), _known(one.indices)) for one in (names, united)]
        held = (_held(counts, np.int64), _known(counts))
        kernel.code(kind, *words[0], by_name, *words[1], by_unit, *held, quantity, out)
        return out
    name = by_name[kind, _indices(names)]
    told = (kind <= DOSE) & (_known(counts) == 1)
    unit = np.where(told, by_unit[_indices(united)], np.int16(U_NONE))
    value = np.where(told, np.asarray(counts.fill_null(0)), 0)
    wrong = (kind == READING) & (name >= 0) & ~quantity[name]
    unit[wrong], value[wrong] = U_WRONG, 0
    return np.where((name < 0) & (kind != SILENCE), np.int8(OTHER), kind), name, unit, value


def _say_words(
    table: pa.Table,
    codes: Codes,
    kind: NDArray[np.int8],
    name: NDArray[np.int16],
    unit: NDArray[np.int16],
    value: _Wholes,
) -> None:
    """Writes unit and value of the rows that say something in words."""
    texts = _whole(table, "text")
    if texts.null_count == len(texts):
        return
    rows = np.flatnonzero((_known(texts.indices) == 1) & (kind == READING))
    said = texts.dictionary.to_pylist()
    pairs = name[rows].astype(np.int64) * len(said) + _indices(texts)[rows]
    distinct, back = _distinct(pairs, len(codes.inputs) * len(said))
    made = [_worded(codes, pair // len(said), said[pair % len(said)]) for pair in distinct.tolist()]
    coded = np.array(made, np.int64).reshape(-1, 2)[back]
    unit[rows], value[rows] = coded[:, 0], coded[:, 1]


def _worded(codes: Codes, name: int, text: str) -> tuple[int, int]:
    match codes.kinds[name]:
        case "flag":
            return (U_FLAG, int(text == YES)) if text in (YES, NO) else (U_WRONG, 0)
        case "any_of":
            return words(codes, name, frozenset(one for one in text.split(BETWEEN) if one))
        case "quantity":
            return U_WRONG, 0
        case _:
            return word(codes, name, text)


def _labels(
    table: pa.Table, units: dict[str, int], kind: NDArray[np.int8]
) -> tuple[NDArray[np.int32], _Wholes]:
    """`conc` and `concentrations`, which are sorted."""
    conc = np.full(len(kind), -1, np.int32)
    amount, amount_unit, volume, volume_unit = (_whole(table, name) for name in LABEL)
    if amount.null_count == len(amount):
        return conc, np.zeros((0, 4), np.int64)
    rows = np.flatnonzero((_known(amount) == 1) & (kind == INFUSION))
    rows = rows[_known(_whole(table, "value_millionths"))[rows] == 1]
    code, size = np.zeros(len(rows), np.int64), 1
    parts: list[_Wholes] = []
    for column in (amount, amount_unit, volume, volume_unit):
        if pa.types.is_dictionary(column.type):
            values = np.append(_looked_up(column, units, U_UNKNOWN), np.int16(U_UNKNOWN)).astype(np.int64)
            said = _indices(column)[rows]
        else:
            counted = pa.array(_held(column, np.int64)[rows]).dictionary_encode()
            values, said = np.asarray(counted.dictionary), np.asarray(counted.indices)
        parts.append(values)
        code, size = code * len(values) + said, size * len(values)
    distinct, back = _distinct(code, size)
    labels = np.zeros((len(distinct), 4), np.int64)
    for place in (3, 2, 1, 0):
        distinct, digit = np.divmod(distinct, len(parts[place]))
        labels[:, place] = parts[place][digit]
    ordered, moved = np.unique(labels, axis=0, return_inverse=True)
    conc[rows] = moved.reshape(-1)[back]
    return conc, ordered


def _distinct(codes: _Wholes, size: int) -> tuple[_Wholes, _Wholes]:
    """The different ones of whole numbers from 0 up to and without `size`, sorted; by row, which it is."""
    if size > 4 * len(codes) + 1_000_000:
        return np.unique(codes, return_inverse=True)
    place = np.zeros(size, np.int64)
    place[codes] = 1
    distinct = np.flatnonzero(place)
    place[distinct] = np.arange(len(distinct))
    return distinct, place[codes]


def _idents(table: pa.Table, stay: NDArray[np.int32]) -> tuple[_Wholes, NDArray[np.bool_]]:
    """A number for each id, -1 of rows without; and the rows that count: none whose id says two things."""
    column = _whole(table, "id")
    known = np.asarray(column.is_valid())
    ident = np.where(known, np.asarray(column.indices.fill_null(0)), -1).astype(np.int64)
    told = np.ones(len(ident), np.bool_)
    rows = np.flatnonzero(known)
    if not len(rows):
        return ident, told
    rows = rows[np.lexsort((ident[rows], stay[rows]))]
    before, after = rows[:-1], rows[1:]
    same_id = (ident[before] == ident[after]) & (stay[before] == stay[after])
    differs = np.zeros(len(before), np.bool_)
    for name in NORMAL.names[1:]:
        said = _whole(table, name)
        if pa.types.is_dictionary(said.type):
            places = _indices(said)
            differs |= places[before] != places[after]
        else:
            values, there = np.asarray(said.fill_null(0)), np.asarray(said.is_valid())
            differs |= (values[before] != values[after]) | (there[before] != there[after])
    group = np.concatenate([[0], np.cumsum(~same_id)])
    told[rows[np.isin(group, group[1:][differs & same_id])]] = False
    return ident, told
