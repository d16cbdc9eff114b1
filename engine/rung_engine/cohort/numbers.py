"""Exact fractions of int64 in kernels. What would not fit is never rounded: the stay is marked as failed.

A fraction is a pair (numerator, denominator), the denominator above 0; `lowest` makes equal ones the same
pair. `S[S_FAIL]` is set where a product or a sum passes 2^62; the caller's result is then without meaning,
and the whole stay is judged by another engine.
"""

from __future__ import annotations

from rung_engine.cohort.layout import FAIL_OVERFLOW, S_FAIL
from rung_engine.cohort.native import kernel, primitive

LIMIT = 1 << 62


@primitive(
    "  %wa = sext i64 %0 to i128",
    "  %wb = sext i64 %1 to i128",
    "  %p = mul i128 %wa, %wb",
    f"  %hi = icmp sge i128 %p, {LIMIT}",
    f"  %lo = icmp sle i128 %p, -{LIMIT}",
    "  %o = or i1 %hi, %lo",
    "  %r = zext i1 %o to i64",
    "  ret i64 %r",
)
def too_large(a: int, b: int) -> int:
    """1 where a * b is 2^62 or more, either way."""
    return 1 if abs(a * b) >= LIMIT else 0


@primitive(
    "  %wa = sext i64 %0 to i128",
    "  %wb = sext i64 %1 to i128",
    "  %wc = sext i64 %2 to i128",
    "  %wd = sext i64 %3 to i128",
    "  %p = mul i128 %wa, %wb",
    "  %q = mul i128 %wc, %wd",
    "  %gt = icmp sgt i128 %p, %q",
    "  %lt = icmp slt i128 %p, %q",
    "  %g = zext i1 %gt to i64",
    "  %l = zext i1 %lt to i64",
    "  %r = sub i64 %g, %l",
    "  ret i64 %r",
)
def sign_of(a: int, b: int, c: int, d: int) -> int:
    """-1, 0 or 1 as a * b is less than, equal to or more than c * d, whatever their size."""
    return (a * b > c * d) - (a * b < c * d)


@kernel
def gcd(a, b):
    """The greatest common divisor; both at least 0."""
    while b:
        a, b = b, a % b
    return a


@kernel
def times(S, a, b):
    """a * b; 1 where that fails, for a denominator must not be 0."""
    if too_large(a, b):
        S[S_FAIL] = FAIL_OVERFLOW
        return 1
    return a * b


@kernel
def plus(S, a, b):
    """a + b, each below 2^62."""
    found = a + b
    if found >= LIMIT or found <= -LIMIT:
        S[S_FAIL] = FAIL_OVERFLOW
        return 0
    return found


@kernel
def lowest(n, d):
    """n / d in lowest terms; d is not 0."""
    if d < 0:
        n, d = -n, -d
    if d == 1:
        return n, d
    g = gcd(abs(n), d)
    return n // g, d // g


@kernel
def f_times(S, an, ad, bn, bd):
    """The product of two fractions; in lowest terms only where it would not fit otherwise."""
    if too_large(an, bn) or too_large(ad, bd):
        an, ad = lowest(an, ad)
        bn, bd = lowest(bn, bd)
        an, bd = lowest(an, bd)
        bn, ad = lowest(bn, ad)
        return times(S, an, bn), times(S, ad, bd)
    return an * bn, ad * bd


@kernel
def f_plus(S, an, ad, bn, bd):
    """The sum of two fractions; in lowest terms only where it would not fit otherwise."""
    if ad == bd:
        return plus(S, an, bn), ad
    if too_large(an, bd) or too_large(bn, ad) or too_large(ad, bd):
        an, ad = lowest(an, ad)
        bn, bd = lowest(bn, bd)
        g = gcd(ad, bd)
        return lowest(plus(S, times(S, an, bd // g), times(S, bn, ad // g)), times(S, ad, bd // g))
    return plus(S, an * bd, bn * ad), ad * bd


@kernel
def f_compare(an, ad, bn, bd):
    """-1, 0 or 1 as an/ad is less than, equal to or more than bn/bd. Never fails."""
    return sign_of(an, bd, bn, ad)


@kernel
def f_ceil(n, d):
    """The least whole number that is not less than n/d."""
    return -((-n) // d)


@kernel
def f_round(S, n, d):
    """The nearest whole number, a tie to the even one."""
    floor = n // d
    rest = n - floor * d
    if rest > d - rest or (rest == d - rest and floor % 2 != 0):
        return floor + 1
    return floor
