"""Asks a solver only what was not asked before, in this run or an earlier one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

from rung_lang.verify.certificates.lemmas import conjuncts, mark
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.intervals import clashes
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.solving.answers import Kept
from rung_lang.verify.solving.asks import Answer, Explains, Sat, Unknown, Unsat
from rung_lang.verify.solving.keys import Keys
from rung_lang.verify.solving.solve import Solver


@dataclass(slots=True)
class Remembering(Explains):
    """Verdicts, values and cores are kept apart, each once it was wanted."""

    solver: Explains
    kept: Kept
    version: str = ""
    """Of who answers: the answers of another are not taken."""
    base: tuple[Formula, ...] = ()
    """Parts that all questions have, known to the solver."""
    space: Space = field(init=False)
    keys: Keys = field(init=False)

    def __post_init__(self) -> None:
        self.space = self.solver.space
        self.keys = Keys(self.space, self.version)

    def ask(self, parts: Sequence[Formula], also: Sequence[Formula] = ()) -> Answer:
        asked = cache(lambda: self.solver.ask(parts, also))
        # What bounds alone rule out is no question to a solver.
        verdict = (
            "impossible"
            if clashes([*self.base, *parts])
            else self._kept(self._key("verdict", parts), lambda: _verdict(asked()))
        )
        match verdict:
            case "possible":
                key = self._key(f"values {len(parts)}", [*parts, *also])
                spoken = self.space.spoken([*self.base, *parts, *also])
                return Sat(cache(lambda: self._values(key, spoken, asked)))
            case "impossible" | "impossible by products":
                key = self._key("core", parts)
                return Unsat(cache(lambda: self._core(key, asked)), verdict == "impossible")
            case _:
                return Unknown(str(verdict))

    def impossible(self, parts: Sequence[Formula]) -> bool:
        if clashes([*self.base, *parts]):
            return True
        found = self._kept(self._key("impossible", parts), lambda: self.solver.impossible(parts))
        return found is True

    def best(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> Answer:
        answer = self.ask(parts)
        if not isinstance(answer, Sat):
            return answer
        spoken = self.space.spoken([*self.base, *parts, *wishes])
        key = self._key(f"best {len(parts)}", [*parts, *wishes])
        return Sat(cache(lambda: self._values(key, spoken, lambda: self.solver.best(parts, wishes))))

    def explain(self, parts: Sequence[Formula]) -> tuple[Formula, ...] | None:
        stated = {mark(one): one for one in self.space.stated(conjuncts([*self.base, *parts]))}

        def find() -> object:
            found = self.solver.explain(parts)
            return None if found is None else [mark(one) for one in found]

        found = self._kept(self._key("explain", parts), find)
        return tuple(stated[one] for one in found) if isinstance(found, list) else None

    def most(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> tuple[Answer, list[Formula]]:
        places = {id(wish): place for place, wish in enumerate(wishes)}

        def find() -> object:
            answer, kept = self.solver.most(parts, wishes)
            return [places[id(one)] for one in kept] if isinstance(answer, Sat) else None

        found = self._kept(self._key(f"most {len(parts)}", [*parts, *wishes]), find)
        kept = [wishes[place] for place in found] if isinstance(found, list) else []
        return self.ask([*parts, *kept]), kept

    def given(self, parts: Sequence[Formula], limit: int) -> Remembering:
        base = (*self.base, *parts)
        return Remembering(self.solver.given(parts, limit), self.kept, f"{self.version} {limit}", base)

    def fresh(self, limit: int) -> Solver:
        return self.solver.fresh(limit)

    # -- what is kept

    def _key(self, kind: str, parts: Sequence[Formula]) -> str:
        return self.keys.of(kind, [*self.base, *parts])

    def _kept(self, key: str, find: Callable[[], object]) -> object:
        stored = self.kept.get(key)
        if stored is not None:
            return json.loads(stored)
        found = find()
        self.kept.put(key, json.dumps(found, separators=(",", ":")).encode())
        return found

    def _core(self, key: str, ask: Callable[[], Answer]) -> tuple[int, ...]:
        def find() -> object:
            answer = ask()
            assert isinstance(answer, Unsat)
            return answer.core

        found = self._kept(key, find)
        assert isinstance(found, list | tuple)
        return tuple(found)

    def _values(self, key: str, spoken: frozenset[str], ask: Callable[[], Answer]) -> Mapping[str, Value]:
        def find() -> object:
            answer = ask()
            assert isinstance(answer, Sat)
            return written(answer.values)

        found = self._kept(key, find)
        assert isinstance(found, dict)
        return read(found, spoken, self.space)


def _verdict(answer: Answer) -> str:
    match answer:
        case Sat():
            return "possible"
        case Unsat():
            return "impossible" if answer.linear else "impossible by products"
        case Unknown():
            return answer.reason


# ---------------------------------------------------------------- values as text


def written(values: Mapping[str, Value]) -> dict[str, str]:
    """What is true, and the numbers that are not zero, by name in order: as JSON has them."""
    return {name: "yes" if value is True else str(value) for name, value in sorted(values.items()) if value}


def read(found: Mapping[str, str], names: frozenset[str], space: Space) -> dict[str, Value]:
    """The values of these variables; what is not written is false or zero.

    Raises `ValueError` for what is no number.
    """
    values: dict[str, Value] = {}
    for name in sorted(names):
        said = found.get(name)
        if space.variables[name].sort == "bool":
            values[name] = said == "yes"
        else:
            values[name] = f.ZERO if said is None else Fraction(said)
    return values
