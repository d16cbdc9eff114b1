"""Present-only rules as operations on rows of bits, one bit for each patient.

A condition is two rows: where it is true, and where it is false; where it is neither it is unknown. So a
negation only changes the two about, and the rest is `and` and `or` of rows, 64 patients to a word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.program import Program
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
    columns_of,
)

AND, OR, NOR, AND_NOT = range(4)
"""What an operation does: a & b, a | b, ~(a | b) of the patients there are, a & ~b."""
ZEROS, ONES = 0, 1
"""The first two rows."""
AT_MOST, EQUAL, HOLDS, TOLD, RUNS, NEVER = range(6)
"""How a column is tested: at most a bound, equal to it, has its bit, is known, is not 0, never."""

LARGEST = 1 << 62
Bits = tuple[int, int]
"""Two rows: where it is true, where it is false."""
Operation = tuple[int, int, int, int]
"""What, into which row, of which two."""


@frozen
class Test:
    """A test of one column: the bits of `true` and `false` are those of the known rows."""

    how: int
    bound: int
    true: int
    false: int


@frozen
class Tested:
    """A column with its tests. A raw number outside `lo` to `hi` is implausible, and so unknown."""

    column: Column
    lo: int
    hi: int
    tests: tuple[Test, ...]


@frozen
class SumTest:
    of: Compared
    true: int
    false: int


@frozen
class RuleBits:
    """The rows in which a rule fires, stands unconfirmed, and is pending; else it is silent."""

    rule: m.Rule
    fires: int
    unconfirmed: int
    pending: int


@frozen
class Plan:
    """`operations` for any rows; `sure` is enough where everything is known, and nothing is then in doubt."""

    columns: tuple[Tested, ...]
    sums: tuple[SumTest, ...]
    operations: tuple[Operation, ...]
    sure: tuple[Operation, ...]
    rules: tuple[RuleBits, ...]
    unclear: int
    """The row in which it is not known whether the protocol applies; there, as where it does not, no rule
    says anything.
    """
    rows: int


def plan(program: Program, stage: str | None = None) -> Plan:
    """The rules that are judged in `stage` (None: the only one, if any) and throughout.

    Raises `NotPresent` for rules that look back, and where there are stages and none is chosen.
    """
    artifact = program.artifact
    if stage is None and len(artifact.stages) > 1:
        names = ", ".join(one.name for one in artifact.stages)
        raise NotPresent(f"The protocol has several stages; say in which one: {names}.")
    if stage is None and artifact.stages:
        stage = artifact.stages[0].name
    if stage is not None and stage not in program.rules_of:
        raise NotPresent(f"The protocol has no stage `{stage}`.")
    rules = program.rules_of[None]
    if stage is not None:
        rules = tuple(sorted((*program.rules_of[stage], *rules), key=lambda rule: rule.id))
    return _Planner(Terms(program)).plan(rules, artifact.applies)


class _Planner:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._atoms: dict[Atom, Bits] = {}
        self._made: dict[Expression, Bits] = {}
        self._operations: list[Operation] = []
        self._known: dict[tuple[int, int, int], int] = {}
        self._rows = 2

    def plan(self, rules: Sequence[m.Rule], applies: int | None) -> Plan:
        judged = [(rule, self._alone(rule)) for rule in rules]
        settled = self._settle(judged)
        unclear = ZEROS
        if applies is not None:
            true, false = self._bits(self._terms.expression(applies))
            unclear = self._do(NOR, true, false)
            settled = [
                RuleBits(item.rule, *(self._do(AND, row, true) for row in _rows_of(item))) for item in settled
            ]
        return self._packed(settled, unclear)

    # -- rules

    def _alone(self, rule: m.Rule) -> tuple[int, int, int]:
        true, false = self._bits(self._terms.expression(rule.condition))
        pending = self._do(NOR, true, false)
        if rule.unless is None:
            return true, ZEROS, pending
        stops, goes = self._bits(self._terms.expression(rule.unless))
        doubtful = self._do(NOR, stops, goes)
        return self._do(AND, true, goes), self._do(AND, true, doubtful), pending

    def _settle(self, judged: Sequence[tuple[m.Rule, tuple[int, int, int]]]) -> list[RuleBits]:
        """With overrides: a rule that fires silences, one in doubt unconfirms."""
        own = {rule.id: bits for rule, bits in judged}
        winners: dict[str, list[str]] = {}
        for rule, _ in judged:
            for loser in rule.overrides:
                if loser in own:
                    winners.setdefault(loser, []).append(rule.id)
        done: dict[str, tuple[int, int, int]] = {}
        under_way: set[str] = set()

        def settle(rule_id: str) -> tuple[int, int, int]:
            if rule_id in done:
                return done[rule_id]
            if rule_id in under_way:
                raise NotPresent(f"The rule `{rule_id}` overrides itself by way of others.")
            under_way.add(rule_id)
            fires, unconfirmed, pending = own[rule_id]
            for winner in sorted(winners.get(rule_id, ())):
                wins, *doubts = settle(winner)
                for doubt in doubts:
                    moved = self._do(AND, fires, doubt)
                    unconfirmed = self._do(OR, unconfirmed, moved)
                    fires = self._do(AND_NOT, fires, doubt)
                fires = self._do(AND_NOT, fires, wins)
                unconfirmed = self._do(AND_NOT, unconfirmed, wins)
                pending = self._do(AND_NOT, pending, wins)
            done[rule_id] = fires, unconfirmed, pending
            return done[rule_id]

        return [RuleBits(rule, *settle(rule.id)) for rule, _ in judged]

    # -- conditions

    def _row(self) -> int:
        self._rows += 1
        return self._rows - 1

    def _do(self, what: int, a: int, b: int) -> int:
        """A row with the result; none is made where it is plain."""
        if what == AND:
            if ZEROS in (a, b):
                return ZEROS
            if a == b or b == ONES:
                return a
            if a == ONES:
                return b
        elif what == OR:
            if ONES in (a, b):
                return ONES
            if a == b or b == ZEROS:
                return a
            if a == ZEROS:
                return b
        elif what == AND_NOT:
            if a in (ZEROS, b) or b == ONES:
                return ZEROS
            if b == ZEROS:
                return a
        elif ONES in (a, b):
            return ZEROS
        if what != AND_NOT and a > b:
            a, b = b, a
        key = (what, a, b)
        if key not in self._known:
            row = self._row()
            self._operations.append((what, row, a, b))
            self._known[key] = row
        return self._known[key]

    def _bits(self, expression: Expression) -> Bits:
        if expression not in self._made:
            self._made[expression] = self._make(expression)
        return self._made[expression]

    def _make(self, expression: Expression) -> Bits:
        match expression:
            case Fixed():
                return {True: (ONES, ZEROS), False: (ZEROS, ONES), None: (ZEROS, ZEROS)}[expression.value]
            case Negated():
                true, false = self._bits(expression.of)
                return false, true
            case Joined():
                first, second = (AND, OR) if expression.how == "and" else (OR, AND)
                true, false = self._bits(expression.of[0])
                for part in expression.of[1:]:
                    one, other = self._bits(part)
                    true, false = self._do(first, true, one), self._do(second, false, other)
                return true, false
            case Counted():
                parts = [self._bits(part) for part in expression.of]
                yes, no = [part[0] for part in parts], [part[1] for part in parts]
                n, count = expression.n, len(parts)
                least = self._at_least(n, yes), self._at_least(count - n + 1, no)
                most = self._at_least(count - n, no), self._at_least(n + 1, yes)
                match expression.rel:
                    case ">=":
                        return least
                    case "<=":
                        return most
                    case "=":
                        return self._do(AND, least[0], most[0]), self._do(OR, least[1], most[1])
            case Below() | Equal() | Holds() | Told() | Runs() | Compared():
                bits = self._row(), self._row()
                self._atoms[expression] = bits
                return bits
            case _:
                assert_never(expression)

    def _at_least(self, n: int, of: Sequence[int]) -> int:
        """Where `n` of these rows are set."""
        if n > len(of):
            return ZEROS
        have = [ONES] + [ZEROS] * max(n, 0)
        for row in of:
            for j in range(len(have) - 1, 0, -1):
                have[j] = self._do(OR, have[j], self._do(AND, have[j - 1], row))
        return have[max(n, 0)]

    # -- the whole

    def _packed(self, rules: list[RuleBits], unclear: int) -> Plan:
        wanted = {row for item in rules for row in _rows_of(item)} | {unclear}
        kept = _live(self._operations, wanted)
        sure = _live(kept, {item.fires for item in rules})
        by_column: dict[str, list[Test]] = {}
        sums: list[SumTest] = []
        for atom, (true, false) in self._atoms.items():
            if isinstance(atom, Compared):
                for name in columns_of(atom):
                    by_column.setdefault(name, [])
                sums.append(SumTest(atom, true, false))
            else:
                how, bound = _test(atom)
                by_column.setdefault(atom.column, []).append(Test(how, bound, true, false))
        tested = []
        for name in sorted(by_column):
            own = self._terms.column(name)
            lo, hi = limits(own)
            tests = sorted(by_column[name], key=lambda test: (test.how, test.bound))
            tested.append(Tested(own, lo, hi, tuple(tests)))
        return Plan(tuple(tested), tuple(sums), tuple(kept), tuple(sure), tuple(rules), unclear, self._rows)


def _rows_of(item: RuleBits) -> tuple[int, int, int]:
    return item.fires, item.unconfirmed, item.pending


def _live(operations: Sequence[Operation], wanted: set[int]) -> list[Operation]:
    """The operations that the wanted rows come from."""
    needed = set(wanted)
    kept: list[Operation] = []
    for operation in reversed(operations):
        _, row, a, b = operation
        if row in needed:
            needed.update((a, b))
            kept.append(operation)
    return kept[::-1]


def limits(column: Column) -> tuple[int, int]:
    """The least and the largest raw number of a column that counts as known."""
    match column.kind:
        case "quantity":
            lo = -LARGEST if column.lo is None else math.ceil(column.lo)
            hi = LARGEST if column.hi is None else math.floor(column.hi)
            return max(lo, -LARGEST), min(hi, LARGEST)
        case "infusion":
            return 0, LARGEST
        case "flag" | "bolus":
            return 0, 1
        case "graded" | "one_of":
            return 0, len(column.values) - 1
        case "any_of":
            return 0, (1 << len(column.values)) - 1
        case _:
            assert_never(column.kind)


def _test(atom: Below | Equal | Holds | Told | Runs) -> tuple[int, int]:
    match atom:
        case Below():
            bound = math.ceil(atom.bound) - 1 if atom.strict else math.floor(atom.bound)
            return AT_MOST, max(-LARGEST - 1, min(bound, LARGEST))
        case Equal():
            whole = atom.bound.denominator == 1 and -LARGEST <= atom.bound <= LARGEST
            return (EQUAL, int(atom.bound)) if whole else (NEVER, 0)
        case Holds():
            return HOLDS, 1 << atom.place
        case Told():
            return TOLD, 0
        case Runs():
            return RUNS, 0
        case _:
            assert_never(atom)
