"""The name of a question: a digest of all that its answer depends on, the same in every run.

Formulas are one object each, so the digest of each is taken once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.solving.answers import key_of

_digests: dict[int, bytes] = {}


def digest(formula: Formula) -> bytes:
    """Of what the formula says, in whatever order."""
    found = _digests.get(id(formula))
    if found is None:
        found = _digests[id(formula)] = hashlib.sha256(_content(formula)).digest()[:16]
    return found


def _content(formula: Formula) -> bytes:
    match formula:
        case f.Bool():
            return b"b" + formula.name.encode()
        case f.Compare():
            terms = "".join(f"{factor}*{name}\n" for name, factor in formula.linear.terms)
            return f"c{formula.rel}{formula.linear.constant}\n{terms}".encode()
        case f.Product():
            return f"p{formula.result}\n{formula.left}\n{formula.right}".encode()
        case f.Not():
            return b"n" + digest(formula.of)
        case f.And():
            return b"a" + b"".join(sorted(map(digest, formula.of)))
        case f.Or():
            return b"o" + b"".join(sorted(map(digest, formula.of)))
        case _:
            assert_never(formula)


@dataclass(slots=True)
class Keys:
    """Names of questions about the variables of a space."""

    space: Space
    version: str = ""
    """Of who answers."""
    _facts: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    _always: dict[frozenset[str], bytes] = field(default_factory=dict)
    _stated: int = 0

    def of(self, kind: str, parts: Sequence[Formula], also: Iterable[Formula] = ()) -> str:
        """`kind`: what is asked. Covers what is always true of every variable spoken of."""
        spoken = self.space.spoken([*parts, *also])
        return key_of(self.version, kind, b"".join(map(digest, parts)), self._always_true(spoken))

    def _always_true(self, spoken: frozenset[str]) -> bytes:
        if self._stated != len(self.space.log):
            self._stated = len(self.space.log)
            self._always.clear()
        found = self._always.get(spoken)
        if found is None:
            said = b"".join(self._said_of(name) for name in sorted(spoken))
            found = self._always[spoken] = hashlib.sha256(said).digest()
        return found

    def _said_of(self, name: str) -> bytes:
        """A digest of a variable with its facts and products."""
        facts, products = self.space.facts[name], self.space.products.get(name, ())
        size, found = self._facts.get(name, (-1, b""))
        if size != len(facts) + len(products):
            variable = self.space.variables[name]
            said = [name.encode(), variable.sort.encode(), *map(digest, facts)]
            said += [digest(part) for pair in products for part in pair]
            found = bytes.fromhex(key_of(*said))
            self._facts[name] = (len(facts) + len(products), found)
        return found


def name_of(parts: Iterable[Formula]) -> str:
    """A short name of a question within one run, whatever is known of its variables."""
    return hashlib.sha256(b"".join(map(digest, parts))).hexdigest()[:12]
