"""Rows of an instant table, some thousands at a time: columns to bits, bits to rules.

The steps are here in numpy, for few rows; `instant_kernel` has the same in machine code, for many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rung_engine.cohort.instant_plan import (
    AND,
    AND_NOT,
    AT_MOST,
    EQUAL,
    HOLDS,
    LARGEST,
    NOR,
    ONES,
    OR,
    RUNS,
    TOLD,
    ZEROS,
    Plan,
    SumTest,
    Tested,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]
    Array = NDArray[Any]


class BadColumn(ValueError):  # noqa: N818 - it names a fact about the data
    """A column that cannot be judged (code `bad_column`). `name` is the column's."""

    code = "bad_column"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The column `{name}` {reason}")
        self.name = name


class Ready:
    """A column as arrays: its numbers, and a byte for each row where some are unknown (else none)."""

    def __init__(self, tested: Tested, values: Array | None, mask: NDArray[np.uint8] | None) -> None:
        import numpy as np

        self.tested = tested
        self.values = values
        self.mask = mask
        self.tests = np.array(
            [(test.how, test.bound, test.true, test.false) for test in tested.tests], np.int64
        ).reshape(-1, 4)
        self.lo, self.hi = tested.lo, tested.hi
        if values is not None and values.dtype == np.int32:
            self.lo, self.hi = max(self.lo, -(1 << 31)), min(self.hi, (1 << 31) - 1)
        self.narrow = tested.column.kind in ("flag", "graded", "one_of", "bolus")
        self.open = tested.column.kind == "infusion" or (
            tested.column.kind == "quantity" and tested.column.hi is None
        )


def ready(
    tested: Tested, columns: Mapping[str, Array], known: Mapping[str, NDArray[np.bool_]], rows: int
) -> Ready:
    import numpy as np

    name = tested.column.name
    values = columns.get(name)
    if values is None:
        return Ready(tested, None, None)
    if values.shape != (rows,):
        raise BadColumn(name, f"has shape {values.shape}, not ({rows},).")
    mask = known.get(name)
    if mask is not None and (mask.shape != (rows,) or mask.dtype != np.bool_):
        raise BadColumn(name, f"has a mask that is not {rows} booleans.")
    values = np.ascontiguousarray(values)
    if values.dtype == np.bool_:
        values = values.view(np.uint8)
    if tested.column.kind in ("flag", "graded", "one_of", "bolus"):
        if values.dtype != np.uint8:
            raise BadColumn(name, f"should hold uint8 or booleans, not {values.dtype}.")
    elif len(tested.column.values) > 31 and values.dtype != np.int64:
        raise BadColumn(name, f"has more than 31 values, which take int64, not {values.dtype}.")
    elif values.dtype not in (np.int64, np.int32):
        raise BadColumn(name, f"should hold int64 or int32 (whole millionths), not {values.dtype}.")
    bytes_known = None if mask is None else np.ascontiguousarray(mask).view(np.uint8)
    return Ready(tested, values, bytes_known)


class Work:
    """Some rows at a time: the columns to bits, the bits to rules, the rules to where they belong."""

    def __init__(
        self,
        plan: Plan,
        columns: Sequence[Ready],
        rows: int,
        fires: Words,
        doubts: dict[int, Words],
        doubtful: tuple[int, ...],
        use_kernel: bool,
    ) -> None:
        import numpy as np

        self.plan, self.columns, self.rows = plan, columns, rows
        self.fires, self.doubts, self.doubtful = fires, doubts, doubtful
        self.operations = np.array(plan.operations, np.int64).reshape(-1, 4)
        self.sure = np.array(plan.sure, np.int64).reshape(-1, 4)
        self.fire_rows = np.array([item.fires for item in plan.rules], np.int64)
        if use_kernel:
            from rung_engine.cohort import instant_kernel as kernel

            self.wide_bits: Any = kernel.wide_bits
            self.code_bits: Any = kernel.code_bits
            self.combine: Any = kernel.combine
        else:
            self.wide_bits, self.code_bits, self.combine = _wide_bits, _code_bits, _combine

    def run(self, starts: range, step: int) -> None:
        import numpy as np

        rows_of_bits = np.zeros((self.plan.rows, step), np.uint64)
        rows_of_bits[ONES] = ~rows_of_bits[ZEROS]
        known = np.zeros((len(self.columns), step), np.uint64)
        for start in starts:
            words = min(step, self.fires.shape[1] - start)
            self._some(start, rows_of_bits[:, :words], known[:, :words])

    def _some(self, start: int, bits: Words, known: Words) -> None:
        import numpy as np

        words = bits.shape[1]
        first = 64 * start
        count = min(64 * words, self.rows - first)
        padded = 64 * words if count < 64 * words else 0
        none = np.empty(0, np.uint8)
        sure = True
        if padded:
            bits[ONES] = as_words(np.ones(count, np.bool_), words)
        for place, column in enumerate(self.columns):
            if column.values is None:
                known[place] = 0
                _nothing(column.tests, bits)
                sure = False
                continue
            values = _padded(column.values[first : first + count], padded)
            mask = none if column.mask is None else _padded(column.mask[first : first + count], padded)
            lo, hi = column.lo, column.hi
            if column.narrow:
                whole = self.code_bits(values, mask, not padded, hi, column.tests, bits, known[place])
            else:
                whole = self.wide_bits(values, mask, not padded, lo, hi, column.tests, bits, known[place])
                if not whole and column.open:
                    _in_range(column, first, count)
            sure = sure and bool(whole)
        for item in self.plan.sums:
            self._sum(item, first, count, bits, known)
        sure = sure and not self.plan.sums
        self.combine(self.sure if sure else self.operations, bits)
        self.fires[:, start : start + words] = bits[self.fire_rows]
        if not sure:
            for row in self.doubtful:
                if row not in self.doubts:
                    if not bits[row].any():
                        continue
                    self.doubts.setdefault(row, np.zeros(self.fires.shape[1], np.uint64))
                self.doubts[row][start : start + words] = bits[row]

    def _sum(self, item: SumTest, first: int, count: int, bits: Words, known: Words) -> None:
        """A comparison of several columns, in whole numbers: of 64 bits, or of any size where needed."""
        import numpy as np

        at = {column.tested.column.name: place for place, column in enumerate(self.columns)}

        def numbers(name: str) -> Array:
            values = self.columns[at[name]].values
            if values is None:
                return np.zeros(count, np.int64)
            is_known = as_bools(known[at[name]], count)
            return np.where(is_known, values[first : first + count].astype(np.int64), 0)

        of = item.of
        is_known = np.ones(count, np.bool_)
        raw = {name: numbers(name) for _, names in of.parts for name in names}
        for name in of.needs:
            is_known &= as_bools(known[at[name]], count)
            if self.columns[at[name]].tested.column.kind == "bolus":
                is_known &= numbers(name) == 0
        if of.weight:
            weighed = as_bools(known[at[of.weight]], count)
            off = np.ones(count, np.bool_)
            for name in of.weighed:
                off &= numbers(name) == 0
            is_known &= weighed | off
            if of.weight in raw:
                raw[of.weight] = np.where(weighed, raw[of.weight], 1)
        most = {name: max(abs(int(many.min())), abs(int(many.max()))) for name, many in raw.items()}
        largest = sum(abs(factor) * math.prod(most[name] for name in names) for factor, names in of.parts)
        kind: Any = np.int64 if largest < LARGEST else object
        total = np.zeros(count, kind)
        for factor, names in of.parts:
            part = np.full(count, factor, kind)
            for name in names:
                part *= raw[name].astype(kind)
            total += part
        true: Any = total < 0 if of.rel == "<" else total <= 0 if of.rel == "<=" else total == 0
        true = true.astype(np.bool_)
        bits[item.true] = as_words(true & is_known, bits.shape[1])
        bits[item.false] = as_words(~true & is_known, bits.shape[1])


def _padded(values: Array, length: int) -> Array:
    import numpy as np

    if not length:
        return values
    out = np.zeros(length, values.dtype)
    out[: len(values)] = values
    return out


def _nothing(tests: Array, bits: Words) -> None:
    """Of a column that is not there nothing is known, and that is known."""
    for how, _, true, false in tests:
        bits[true] = 0
        bits[false] = bits[ONES] if how == TOLD else 0


def _in_range(column: Ready, first: int, count: int) -> None:
    assert column.values is not None
    values = column.values[first : first + count]
    beyond = (values < column.lo) | (values > column.hi)
    if column.mask is not None:
        beyond &= column.mask[first : first + count] != 0
    if beyond.any():
        row = first + int(beyond.argmax())
        raise BadColumn(column.tested.column.name, f"is out of range in row {row}: {column.values[row]}.")


def as_words(bools: NDArray[np.bool_], words: int) -> Words:
    import numpy as np

    out = np.zeros(8 * words, np.uint8)
    packed = np.packbits(bools, bitorder="little")
    out[: len(packed)] = packed
    return out.view(np.uint64)


def as_bools(words: Words, count: int) -> NDArray[np.bool_]:
    import numpy as np

    return np.unpackbits(np.ascontiguousarray(words).view(np.uint8), bitorder="little")[:count].view(np.bool_)


# ---------------------------------------------------------------- the same steps without machine code


def _wide_bits(
    values: Array, mask: Array, all_there: bool, lo: int, hi: int, tests: Array, bits: Words, known: Words
) -> bool:
    inside = (values >= lo) & (values <= hi)
    known[:] = bits[ONES] & as_words(inside, len(known))
    if len(mask):
        known &= as_words(mask != 0, len(known))
    _tested(values, tests, bits, known)
    return bool(inside.all()) and all_there and not len(mask)


def _code_bits(
    values: Array, mask: Array, all_there: bool, hi: int, tests: Array, bits: Words, known: Words
) -> bool:
    return _wide_bits(values, mask, all_there, 0, hi, tests, bits, known)


def _tested(values: Array, tests: Array, bits: Words, known: Words) -> None:
    import numpy as np

    for how, bound, true, false in tests.tolist():
        if how == TOLD:
            bits[true] = known
            bits[false] = bits[ONES] & ~known
            continue
        if how == AT_MOST:
            found = values <= bound
        elif how == EQUAL:
            found = values == bound
        elif how == HOLDS:
            found = (values.astype(np.int64) & bound) != 0
        elif how == RUNS:
            found = values != 0
        else:
            found = np.zeros(len(values), np.bool_)
        word = as_words(found, len(known))
        bits[true] = word & known
        bits[false] = known & ~word


def _combine(operations: Array, bits: Words) -> None:
    for what, row, a, b in operations.tolist():
        if what == AND:
            bits[row] = bits[a] & bits[b]
        elif what == OR:
            bits[row] = bits[a] | bits[b]
        elif what == AND_NOT:
            bits[row] = bits[a] & ~bits[b]
        else:
            assert what == NOR
            bits[row] = bits[ONES] & ~(bits[a] | bits[b])
