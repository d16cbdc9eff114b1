"""The Python function that judges all conditions of a protocol of present values: its text.

Values are compared as they come. A float stands for the decimal that Python prints; of two different floats
the decimals are in the same order, so that a comparison with a number needs care at one float only, the one
nearest to that number, and that care is taken here, once.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any, assert_never

from rung_engine.artifact import model as m
from rung_engine.exact import float_decimal
from rung_engine.frozen import frozen
from rung_engine.program import MILLION, Program
from rung_engine.session.instant_terms import (
    Atom,
    Below,
    Column,
    Compared,
    Counted,
    Equal,
    Expression,
    Fixed,
    Holds,
    Joined,
    Negated,
    NotPresent,
    Runs,
    Terms,
    Told,
    atoms_of,
    columns_of,
)

_FARTHEST = Fraction(2**50)
"""Up to here a whole number and its nearest float are the same."""


@frozen
class Source:
    """`text` defines `decide` and `decide_values`; `constants` are names it uses. `names` in the order of the
    values: first the `read` columns that conditions look at, then those that only decisions do. `atoms`: the
    comparisons, in the order in which the text gives their answers where something is unknown.
    """

    text: str
    constants: dict[str, Any]
    names: tuple[str, ...]
    read: int
    atoms: tuple[Atom, ...]
    weighed: tuple[str, ...]
    """The columns that are compared with others."""


def asked_terms(program: Program) -> tuple[int, ...]:
    """Every condition that a decision may ask about."""
    artifact = program.artifact
    found: list[int | None] = [artifact.applies]
    for rule in artifact.rules:
        found.extend((rule.condition, rule.unless))
        for choice in rule.orders:
            if isinstance(choice, m.Prefer):
                found.extend(choice.conditions)
    found.extend(stage.initial_if for stage in artifact.stages)
    found.extend(one.condition for one in artifact.restricts)
    found.extend(one.condition for one in artifact.befores)
    found.extend(drug.available_if for drug in artifact.drugs.values())
    found.extend(one.condition for one in artifact.outcomes.values())
    found.extend(artifact.assumptions)
    return tuple(dict.fromkeys(term for term in found if term is not None))


def source(program: Program, terms: Terms) -> Source:
    """Raises `NotPresent` for a condition that looks back."""
    asked = [terms.expression(term) for term in asked_terms(program)]
    wanted = tuple(one for one in dict.fromkeys(asked) if not isinstance(one, Fixed))
    atoms = tuple(dict.fromkeys(atom for one in wanted for atom in atoms_of(one)))
    read = tuple(sorted({name for atom in atoms for name in columns_of(atom)}))
    every = {*program.inputs_read, *program.artifact.drugs}
    names = (*read, *sorted(every.difference(read)))
    return _Writer(terms, names, len(read), atoms).write(wanted)


class _Writer:
    def __init__(self, terms: Terms, names: Sequence[str], read: int, atoms: Sequence[Atom]) -> None:
        self.terms, self.names, self.read, self.atoms = terms, tuple(names), read, tuple(atoms)
        self.place = {name: place for place, name in enumerate(names)}
        self.constants: dict[str, Any] = {}
        self.shared: dict[Expression, str] = {}

    def write(self, wanted: Sequence[Expression]) -> Source:
        judged = [*self._ranks(), *self._judging(wanted)]
        values = ", ".join(f"v{place}" for place in range(len(self.names)))
        columns = [self.terms.column(name) for name in self.names[: self.read]]
        usual = " and ".join(self._usual(place, own) for place, own in enumerate(columns)) or "True"
        body = [
            f"values = ({values},)",
            f"if not ({usual}): return unsure(values)",
            *judged,
            "try: said = memo[k]",
            "except KeyError: return miss(memo, k, values)",
            "if type(said) is Ask: return follow(memo, said, values, k)",
            "return made(Decided, (said, owner, values))",
        ]
        load = [f"v{place} = row[{name!r}]" for place, name in enumerate(self.names[: self.read])]
        rest = range(self.read, len(self.names))
        none = " = ".join(f"v{place}" for place in rest)
        lines = ["def decide(row):", "    try:", *(f"        {line}" for line in load or ["pass"])]
        lines += ["    except KeyError: return unsure(tuple([row.get(name) for name in names]))"]
        if rest:
            lines += [f"    if len(row) == {self.read}:", f"        {none} = None", "        memo = sure"]
            lines += ["    else:", "        memo = more"]
            lines += [f"        v{place} = row.get({self.names[place]!r})" for place in rest]
        else:
            lines += ["    memo = sure"]
        lines += [f"    {line}" for line in body]
        named = ", ".join(f"v{place}=None" for place in range(len(self.names)))
        given = " is ".join(f"v{place}" for place in rest)
        choice = f"sure if {given} is None else more" if rest else "sure"
        lines += [f"def decide_values({named}):", f"    memo = {choice}", *(f"    {line}" for line in body)]
        lines += self._unsure(columns, values)
        weighed = {name for atom in self.atoms for name in columns_of(atom) if isinstance(atom, Compared)}
        self.constants["names"] = self.names
        return Source(
            "\n".join(lines) + "\n",
            self.constants,
            self.names,
            self.read,
            self.atoms,
            tuple(sorted(weighed)),
        )

    # -- what values usually are

    def _usual(self, place: int, own: Column) -> str:
        v = f"v{place}"
        match own.kind:
            case "quantity" | "infusion":
                lo = self._bound(own.lo) if own.lo is not None else None
                hi = self._bound(own.hi) if own.hi is not None else None
                if own.kind == "infusion":
                    low = "0.0 <="
                else:
                    low = "-1e300 <" if lo is None else f"{lo[0]!r} {'<=' if lo[1] >= 0 else '<'}"
                high = "< 1e300" if hi is None else f"{'<=' if hi[1] <= 0 else '<'} {hi[0]!r}"
                return f"(type({v}) is float or type({v}) is int) and {low} {v} {high}"
            case "flag" | "bolus":
                return f"({v} is True or {v} is False)"
            case "graded" | "one_of":
                self.constants[f"words{place}"] = frozenset(own.values)
                return f"type({v}) is str and {v} in words{place}"
            case "any_of":
                self.constants[f"words{place}"] = frozenset(own.values)
                return f"(type({v}) is frozenset or type({v}) is set) and {v} <= words{place}"
            case _:
                assert_never(own.kind)

    def _bound(self, raw: Fraction) -> tuple[float, int]:
        """The float nearest to a number of millionths, and how its decimal lies to the number: -1, 0, 1."""
        exact = raw / MILLION
        if abs(exact) > _FARTHEST:
            raise NotPresent("A condition compares with a number beyond 2^50.")
        near = float(exact)
        decimal = float_decimal(near)
        return near, (decimal > exact) - (decimal < exact)

    # -- all values known

    def _ranks(self) -> list[str]:
        lines = []
        for place, name in enumerate(self.names[: self.read]):
            own = self.terms.column(name)
            if own.kind == "graded":
                self.constants[f"rank{place}"] = {value: rank for rank, value in enumerate(own.values)}
                lines.append(f"r{place} = rank{place}[v{place}]")
        return lines

    def _judging(self, wanted: Sequence[Expression]) -> list[str]:
        """The answers as bits of `k`: one for each condition, and one for each drug that runs."""
        used: dict[Expression, int] = {}
        for one in wanted:
            for part in _composite(one):
                used[part] = used.get(part, 0) + 1
        lines = ["k = 0"]
        bit = 1
        for one in wanted:
            for part in _composite(one):
                if used[part] > 1 and part not in self.shared:
                    text = self._text(part)
                    self.shared[part] = f"s{len(self.shared)}"
                    lines.append(f"{self.shared[part]} = {text}")
            lines.append(f"if {self._text(one)}: k += {bit}")
            bit <<= 1
        for place, name in enumerate(self.names[: self.read]):
            if self.terms.column(name).kind in ("infusion", "bolus"):
                lines.append(f"if v{place}: k += {bit}")
                bit <<= 1
        return lines

    def _text(self, expression: Expression, negated: bool = False) -> str:
        if expression in self.shared:
            return f"not {self.shared[expression]}" if negated else self.shared[expression]
        match expression:
            case Fixed():
                # Where all is known, only a division by nothing is not; nothing follows from it.
                return repr(expression.value is not negated and expression.value is not None)
            case Negated():
                return self._text(expression.of, not negated)
            case Joined():
                word = " and " if (expression.how == "and") is not negated else " or "
                return f"({word.join(self._text(part, negated) for part in expression.of)})"
            case Counted():
                many = " + ".join(f"({self._text(part)})" for part in expression.of)
                rel = "==" if expression.rel == "=" else expression.rel
                return f"{'not ' if negated else ''}(({many}) {rel} {expression.n})"
            case _:
                return self._atom(expression, negated)

    def _atom(self, atom: Atom, negated: bool) -> str:
        match atom:
            case Below():
                return self._below(atom, negated)
            case Equal():
                return self._equal(atom, negated)
            case Holds():
                value = self.terms.column(atom.column).values[atom.place]
                return f"{value!r} {'not in' if negated else 'in'} v{self.place[atom.column]}"
            case Told():
                return repr(not negated)
            case Runs():
                return f"{'not ' if negated else ''}v{self.place[atom.column]}"
            case Compared():
                values = ", ".join(f"v{self.place[name]}" for name in columns_of(atom))
                return f"{'not ' if negated else ''}exactly({self.atoms.index(atom)}, ({values},))"
            case _:
                assert_never(atom)

    def _below(self, atom: Below, negated: bool) -> str:
        place = self.place[atom.column]
        if self.terms.column(atom.column).kind == "graded":
            least = atom.bound if atom.strict else atom.bound + Fraction(1, 2)
            return f"r{place} {'>=' if negated else '<'} {float(least)!r}"
        near, side = self._bound(atom.bound)
        at_near = side < 0 or (side == 0 and not atom.strict)
        rel = (">" if at_near else ">=") if negated else ("<=" if at_near else "<")
        return f"v{place} {rel} {near!r}"

    def _equal(self, atom: Equal, negated: bool) -> str:
        place = self.place[atom.column]
        own = self.terms.column(atom.column)
        rel = "!=" if negated else "=="
        match own.kind:
            case "quantity" | "infusion":
                near, side = self._bound(atom.bound)
                return repr(negated) if side else f"v{place} {rel} {near!r}"
            case "graded":
                return f"r{place} {rel} {float(atom.bound)!r}"
            case "one_of" | "any_of":
                return f"v{place} {rel} {own.values[int(atom.bound)]!r}"
            case "flag" | "bolus":
                yes = (atom.bound == 1) is not negated
                return f"v{place}" if yes else f"not v{place}"
            case _:
                assert_never(own.kind)

    # -- something unknown

    def _unsure(self, columns: Sequence[Column], values: str) -> list[str]:
        """The answer of every comparison and, by column, whether it is known; any other value goes on."""
        simple: dict[str, list[int]] = {own.name: [] for own in columns}
        sums = []
        for index, atom in enumerate(self.atoms):
            if isinstance(atom, Compared):
                sums.append(index)
            else:
                simple[atom.column].append(index)
        lines = ["def unsure(values):", f"    ({values},) = values"]
        if sums:
            return [*lines, "    return general(values)"]
        for place, own in enumerate(columns):
            mine = simple[own.name]
            lines.append(f"    if v{place} is None:")
            lines += [
                f"        a{index} = {False if isinstance(self.atoms[index], Told) else None}"
                for index in mine
            ]
            lines.append("        pass")
            lines.append(f"    elif {self._usual(place, own)}:")
            if own.kind == "graded":
                lines.append(f"        r{place} = rank{place}[v{place}]")
            lines += [f"        a{index} = {self._plain(self.atoms[index])}" for index in mine]
            lines.append("        pass")
            lines.append("    else: return general(values)")
        known = [f"v{place} is None" for place in range(len(self.names))]
        running = [f"not v{place}" for place, own in enumerate(columns) if own.kind in ("infusion", "bolus")]
        answers = [f"a{index}" for index in range(len(self.atoms))]
        lines += [
            f"    k = ({', '.join((*known, *running, *answers))},)",
            "    try: said = doubtful[k]",
            "    except KeyError: return miss(doubtful, k, values)",
            "    if type(said) is Ask: return follow(doubtful, said, values, k)",
            "    return made(Decided, (said, owner, values))",
        ]
        return lines

    def _plain(self, atom: Atom) -> str:
        text = self._atom(atom, False)
        return f"True if {text} else False" if isinstance(atom, Runs) else text


def _composite(expression: Expression) -> Iterator[Expression]:
    """The parts that are more than a comparison, inner ones first."""
    match expression:
        case Negated():
            yield from _composite(expression.of)
        case Joined() | Counted():
            for part in expression.of:
                yield from _composite(part)
            yield expression
        case _:
            pass


def sum_holds(of: Compared, raw: Sequence[Fraction]) -> bool:
    """A sum of several columns, all known: `raw` in the order of `columns_of`."""
    numbers = dict(zip(columns_of(of), raw, strict=True))
    total = sum(
        (factor * reduce(operator.mul, (numbers[name] for name in names), Fraction(1)))
        for factor, names in of.parts
    )
    return total < 0 if of.rel == "<" else total <= 0 if of.rel == "<=" else total == 0
