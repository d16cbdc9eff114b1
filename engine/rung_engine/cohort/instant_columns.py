"""Columns as people keep them to columns as an instant table takes them: floats, words and gaps to integers.

A float is the decimal that Python prints for it. All of it is exact or refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rung_engine.cohort.instant import InstantTable
from rung_engine.cohort.instant_plan import LARGEST
from rung_engine.cohort.instant_work import BadColumn
from rung_engine.program import MILLION
from rung_engine.session.instant_terms import Column

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Given = tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.bool_]]]

FARTHEST = 1 << 32
"""Below it a float is nearest to one whole number of millionths at most."""


def from_arrow(table: InstantTable, source: Any) -> Given:
    """What `InstantTable.judge` takes, from an Arrow table or record batch; polars and pandas give one.

    Numbers (floats, integers, decimals) are in the unit of the declaration, words are the declared ones; an
    `any of` column is a list of words. A null is unknown, a column that is absent is unknown in all rows.
    Raises `BadColumn` for what is no such value, naming the row.
    """
    import pyarrow as pa

    whole = pa.table(source) if not isinstance(source, pa.Table) else source
    columns: dict[str, NDArray[Any]] = {}
    known: dict[str, NDArray[np.bool_]] = {}
    for tested in table.plan.columns:
        own = tested.column
        if own.name not in whole.column_names:
            continue
        values = whole.column(own.name).combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
        columns[own.name] = _numbers(own, values)
        if values.null_count:
            known[own.name] = values.is_valid().to_numpy(zero_copy_only=False)
    return columns, known


def _numbers(own: Column, values: Any) -> NDArray[Any]:
    import pyarrow as pa

    kind = values.type
    match own.kind:
        case "quantity" | "infusion":
            if pa.types.is_floating(kind):
                return millionths(own.name, values.fill_null(0).to_numpy(zero_copy_only=False))
            if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
                return _scaled(own.name, values)
        case "flag" | "bolus":
            if pa.types.is_boolean(kind):
                return _bytes(values.fill_null(False).to_numpy(zero_copy_only=False))
        case "graded" | "one_of":
            return _places(own, values)
        case "any_of":
            if pa.types.is_list(kind) or pa.types.is_large_list(kind):
                return _bits(own, values.to_pylist())
    raise BadColumn(own.name, f"holds {kind}, which is no {own.kind.replace('_', ' ')}.")


def millionths(name: str, values: NDArray[Any]) -> NDArray[np.int64]:
    """The decimals that these floats are printed as, in whole millionths. Raises `BadColumn` where one has a
    seventh digit after the point, is beyond 2^32, or is no number.
    """
    import numpy as np

    wide = values.astype(np.float64)
    if values.dtype != np.float64 and len(values):
        raise BadColumn(name, f"holds {values.dtype}, whose decimals are not those that were written.")
    near = np.abs(wide) < FARTHEST
    counts = np.rint(np.where(near, wide, 0.0) * MILLION)
    right = near & (counts / MILLION == wide)
    if not right.all():
        row = int(np.argmin(right))
        raise BadColumn(name, f"holds {wide[row]!r} in row {row}, which is no whole number of millionths.")
    out: NDArray[np.int64] = counts.astype(np.int64)
    return out


def _scaled(name: str, values: Any) -> NDArray[Any]:
    import numpy as np
    import pyarrow as pa

    if pa.types.is_integer(values.type):
        counts = values.fill_null(0).to_numpy(zero_copy_only=False)
        most = LARGEST // MILLION
        if len(counts) and (int(counts.max()) > most or int(counts.min()) < -most):
            raise BadColumn(name, f"holds a number beyond {most}.")
        wide: NDArray[np.int64] = counts.astype(np.int64) * np.int64(MILLION)
        return wide
    try:
        exact = values.cast(pa.decimal128(38, 6)).fill_null(0)
        scaled = [int(value * MILLION) for value in exact.to_pylist()]
        return np.array(scaled, np.int64)
    except (pa.ArrowInvalid, OverflowError) as problem:
        raise BadColumn(name, "holds a number that is no whole number of millionths of 64 bits.") from problem


def _bytes(values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return values.astype(np.uint8)


def _places(own: Column, values: Any) -> NDArray[Any]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    words = values.cast(pa.string()) if not pa.types.is_string(values.type) else values
    places = pc.index_in(words, value_set=pa.array(own.values))
    strange = pc.and_(places.is_null(), words.is_valid())
    if pc.any(strange).as_py():
        row = pc.index(strange, True).as_py()
        raise BadColumn(own.name, f"holds `{words[row]}` in row {row}; it may be {', '.join(own.values)}.")
    return places.fill_null(0).to_numpy(zero_copy_only=False).astype(np.uint8)  # type: ignore[no-any-return]


def _bits(own: Column, rows: list[list[str] | None]) -> NDArray[Any]:
    import numpy as np

    out = np.zeros(len(rows), np.int64)
    bit = {value: 1 << place for place, value in enumerate(own.values)}
    for row, words in enumerate(rows):
        for word in words or ():
            if word not in bit:
                raise BadColumn(own.name, f"holds `{word}` in row {row}; it may be {', '.join(own.values)}.")
            out[row] |= bit[word]
    return out
