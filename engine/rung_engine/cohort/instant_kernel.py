"""The two steps of an instant table in machine code: columns to rows of bits, and rows of bits to rules.

Sixty-four patients are compared at once and their answers kept as one word. The code is the same for every
protocol, so it is compiled once on a machine and kept by numba; nothing is compiled for a new protocol.
Importing this module imports numba.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator,import-untyped,assignment"

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from rung_engine.cohort import instant_plan

# Machine code that numba keeps is made anew when this file changes, not when another does: so the numbers
# that it holds stand here too, and must be those of the plan.
AND, OR, NOR, AND_NOT = range(4)
AT_MOST, EQUAL, HOLDS, TOLD, RUNS, NEVER = range(6)
assert (AND, OR, NOR, AND_NOT) == (
    instant_plan.AND,
    instant_plan.OR,
    instant_plan.NOR,
    instant_plan.AND_NOT,
)
assert (AT_MOST, EQUAL, HOLDS, TOLD, RUNS, NEVER) == (
    instant_plan.AT_MOST,
    instant_plan.EQUAL,
    instant_plan.HOLDS,
    instant_plan.TOLD,
    instant_plan.RUNS,
    instant_plan.NEVER,
)

BLOCK = 16
"""Words (of 64 patients) whose numbers are narrowed at a time: they stay in the first cache."""
NARROW = 1 << 31
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
NONE = np.uint64(0)


def _comparison(predicate: str, masked: bool = False) -> Any:
    """64 numbers from `at` on, compared with one: a word of their bits. `masked`: after `&` with it."""

    @intrinsic
    def packed(typing: Any, array: Any, at: Any, bound: Any) -> Any:
        if not isinstance(array, types.Array) or not isinstance(array.dtype, types.Integer):
            return None

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = signature.args[0]
            whole = ir.IntType(kind.dtype.bitwidth)
            many = ir.VectorType(whole, 64)
            start = builder.gep(context.make_array(kind)(context, builder, args[0]).data, [args[1]])
            values = builder.load(builder.bitcast(start, ir.PointerType(many)))
            values.align = kind.dtype.bitwidth // 8
            nothing = ir.Constant(many, ir.Undefined)
            first = builder.insert_element(nothing, args[2], ir.Constant(ir.IntType(32), 0))
            every = builder.shuffle_vector(
                first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), 64), [0] * 64)
            )
            if masked:
                values, every = builder.and_(values, every), ir.Constant(many, [0] * 64)
            compare = builder.icmp_signed if kind.dtype.signed else builder.icmp_unsigned
            return builder.bitcast(compare(predicate, values, every), ir.IntType(64))

        return types.uint64(array, types.intp, array.dtype), generate

    return packed


_at_most = _comparison("<=")
_at_least = _comparison(">=")
_equal = _comparison("==")
_differs = _comparison("!=")
_meets = _comparison("!=", masked=True)


@njit(nogil=True, cache=True)
def _known_rows(mask, bits, known):
    """The rows that are there, and said to be known where `mask` is not empty (1: known)."""
    for w in range(known.size):
        known[w] = bits[1, w]
    if mask.size:
        for w in range(known.size):
            known[w] &= _differs(mask, 64 * w, np.uint8(0))


@njit(nogil=True, cache=True)
def wide_bits(x, mask, all_there, lo, hi, tests, bits, known):
    """The tests of a column of int32 or int64. True where every row is known.

    x: 64 numbers for each word of `known`. mask: 1 where a number is known, or empty. all_there: no row is
    padding. known: becomes the rows whose number is known, and lies in `lo` to `hi`. tests: of each how,
    bound, and the row of `bits` for true and for false.
    """
    _known_rows(mask, bits, known)
    masked = mask.size > 0 or not all_there
    narrow = np.empty(64 * BLOCK, np.int32)
    whole = True
    zero = x[0] - x[0]
    for s in range(0, known.size, BLOCK):
        count = min(BLOCK, known.size - s)
        under = np.int64(0)
        over = np.int64(0)
        part = x[64 * s : 64 * (s + count)]
        for j in range(part.size):
            value = np.int64(part[j])
            under |= value - lo
            over |= hi - value
            narrow[j] = np.int32(value - lo)
        inside = under >= 0 and over >= 0
        if not inside:
            for w in range(s, s + count):
                word = NONE
                for j in range(64):
                    value = np.int64(x[64 * w + j])
                    if lo <= value <= hi:
                        word |= np.uint64(1) << np.uint64(j)
                known[w] &= word
        sure = inside and not masked
        whole &= sure
        small = hi - lo < NARROW or (inside and under < NARROW)
        for a in range(tests.shape[0]):
            how, bound, true = tests[a, 0], tests[a, 1], tests[a, 2]
            if how == AT_MOST and bound < lo:
                how = NEVER
            if how == AT_MOST and small:
                limit = np.int32(min(bound - lo, NARROW - 1))
                for w in range(count):
                    bits[true, s + w] = _at_most(narrow, 64 * w, limit)
            elif how == AT_MOST and bound >= hi:
                for w in range(count):
                    bits[true, s + w] = ALL
            elif how == AT_MOST:
                limit_wide = zero + bound
                for w in range(count):
                    bits[true, s + w] = _at_most(x, 64 * (s + w), x.dtype.type(limit_wide))
            elif small and (how == RUNS or (how == EQUAL and lo <= bound <= hi)) and 0 <= bound - lo < NARROW:
                limit = np.int32(bound - lo)
                if how == RUNS:
                    for w in range(count):
                        bits[true, s + w] = _differs(narrow, 64 * w, limit)
                else:
                    for w in range(count):
                        bits[true, s + w] = _equal(narrow, 64 * w, limit)
            elif how == EQUAL and lo <= bound <= hi:
                for w in range(count):
                    bits[true, s + w] = _equal(x, 64 * (s + w), x.dtype.type(bound))
            elif how == HOLDS:
                for w in range(count):
                    bits[true, s + w] = _meets(x, 64 * (s + w), x.dtype.type(bound))
            elif how == RUNS:
                for w in range(count):
                    bits[true, s + w] = _differs(x, 64 * (s + w), zero)
            else:
                for w in range(count):
                    bits[true, s + w] = NONE
        _settle(tests, bits, known, s, s + count, sure)
    return whole


@njit(nogil=True, cache=True)
def code_bits(x, mask, all_there, hi, tests, bits, known):
    """The same of a column of uint8: yes or no, ranks, places. What is above `hi` is not known."""
    _known_rows(mask, bits, known)
    sure = mask.size == 0 and all_there
    for w in range(known.size):
        word = _at_most(x, 64 * w, np.uint8(hi))
        if word & known[w] != known[w]:
            sure = False
        known[w] &= word
    for a in range(tests.shape[0]):
        how, bound, true = tests[a, 0], tests[a, 1], tests[a, 2]
        if how == AT_MOST and bound >= 0:
            for w in range(known.size):
                bits[true, w] = _at_most(x, 64 * w, np.uint8(min(bound, 255)))
        elif how == EQUAL and 0 <= bound <= 255:
            for w in range(known.size):
                bits[true, w] = _equal(x, 64 * w, np.uint8(bound))
        elif how == HOLDS and bound <= 255:
            for w in range(known.size):
                bits[true, w] = _meets(x, 64 * w, np.uint8(bound))
        elif how == RUNS:
            for w in range(known.size):
                bits[true, w] = _differs(x, 64 * w, np.uint8(0))
        else:
            for w in range(known.size):
                bits[true, w] = NONE
    _settle(tests, bits, known, 0, known.size, sure)
    return sure


@njit(nogil=True, cache=True)
def _settle(tests, bits, known, start, end, sure):
    """The rows for true and false, from the comparisons and what is known."""
    for a in range(tests.shape[0]):
        true, false = tests[a, 2], tests[a, 3]
        if tests[a, 0] == TOLD:
            for w in range(start, end):
                bits[true, w] = known[w]
                bits[false, w] = bits[1, w] & ~known[w]
        elif sure:
            for w in range(start, end):
                bits[false, w] = ~bits[true, w]
        else:
            for w in range(start, end):
                word = bits[true, w]
                bits[true, w] = word & known[w]
                bits[false, w] = known[w] & ~word


@njit(nogil=True, cache=True)
def combine(operations, bits):
    """Does every operation on its rows of bits, in order."""
    for i in range(operations.shape[0]):
        what, row, a, b = operations[i, 0], operations[i, 1], operations[i, 2], operations[i, 3]
        if what == AND:
            for w in range(bits.shape[1]):
                bits[row, w] = bits[a, w] & bits[b, w]
        elif what == OR:
            for w in range(bits.shape[1]):
                bits[row, w] = bits[a, w] | bits[b, w]
        elif what == AND_NOT:
            for w in range(bits.shape[1]):
                bits[row, w] = bits[a, w] & ~bits[b, w]
        else:
            for w in range(bits.shape[1]):
                bits[row, w] = bits[1, w] & ~(bits[a, w] | bits[b, w])


@njit(nogil=True, cache=True)
def codes(bits, out):
    """For each patient the number with bit r where row r of `bits` is set; `out` is zero before."""
    one = out.dtype.type(1)
    for w in range(bits.shape[1]):
        part = out[64 * w : 64 * w + 64]
        for r in range(bits.shape[0]):
            word = bits[r, w]
            if word != NONE:
                for j in range(part.size):
                    part[j] |= (out.dtype.type(word >> np.uint64(j)) & one) << out.dtype.type(r)
