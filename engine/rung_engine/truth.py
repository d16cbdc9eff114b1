"""Three truth values: True, False and None for unknown. Kleene's strong logic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Truth = bool | None


def negation(a: Truth) -> Truth:
    """Unknown stays unknown."""
    return None if a is None else not a


def conjunction(values: Iterable[Truth]) -> Truth:
    """False as soon as one is false; else unknown as soon as one is unknown."""
    result: Truth = True
    for value in values:
        if value is False:
            return False
        if value is None:
            result = None
    return result


def disjunction(values: Iterable[Truth]) -> Truth:
    """True as soon as one is true; else unknown as soon as one is unknown."""
    result: Truth = False
    for value in values:
        if value is True:
            return True
        if value is None:
            result = None
    return result


def count(rel: Literal[">=", "<=", "="], n: int, values: Iterable[Truth]) -> Truth:
    """True or false as soon as the known ones decide it."""
    yes = maybe = 0
    for value in values:
        if value is True:
            yes += 1
        elif value is None:
            maybe += 1
    least, most = yes, yes + maybe
    match rel:
        case ">=":
            return True if least >= n else False if most < n else None
        case "<=":
            return True if most <= n else False if least > n else None
        case "=":
            if least > n or most < n:
                return False
            return True if least == most else None
