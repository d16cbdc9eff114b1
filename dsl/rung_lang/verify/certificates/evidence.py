"""From formulas that are never all true to the steps that show it, for `checker` to check.

A search with learning, exact and without a solver, made for the few formulas of a core. Where it would grow
beyond its limit, or needs products or whole numbers, it gives up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import assert_never

from rung_lang.verify.certificates.checker import check, nodes_of
from rung_lang.verify.certificates.simplex import Simplex
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.intervals import clashes

Steps = list[list[list[int]]]

MOST_CONFLICTS = 3000

Literal = int
"""Twice the place of a formula, and one more for its opposite: as steps count them."""


def prove(formulas: Sequence[Formula]) -> Steps | None:
    """Steps that `checker.check` accepts for these formulas; None where none were found."""
    if check([], formulas):
        return []
    search = _Search(nodes_of(formulas))
    for formula in formulas:
        search.require(formula)
    search.bound()
    found = search.run()
    return found if found is not None and check(found, formulas) else None


@dataclass(slots=True)
class _Clause:
    literals: list[Literal]
    total: list[int] = field(default_factory=list)
    """How comparisons add up, where that is why it is true."""
    of: list[_Clause] = field(default_factory=list)
    """The clauses from which it was learned."""
    own: bool = False
    """It is not the formulas' own, nor one that bounds alone make true."""


@dataclass(slots=True)
class _Search:
    """Clauses over literals, two of each watched; decisions, and what they forced, in the order of time."""

    nodes: list[Formula]
    places: dict[int, int] = field(init=False)
    values: list[bool | None] = field(init=False)
    levels: list[int] = field(init=False)
    reasons: list[_Clause | None] = field(init=False)
    activity: list[int] = field(init=False)
    bump: int = 1000
    watched: dict[Literal, list[_Clause]] = field(default_factory=dict)
    used: dict[int, None] = field(default_factory=dict)
    """Places that clauses speak of."""
    trail: list[Literal] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Where in the trail each decision stands."""
    propagated: int = 0
    sums: Simplex = field(default_factory=Simplex)
    stated: list[int] = field(default_factory=list)
    """Of each literal of the trail that the sums know, how many changes they had made before it."""
    learned: list[_Clause] = field(default_factory=list)
    false: _Clause | None = None
    """A clause without a true literal before any decision."""

    def __post_init__(self) -> None:
        self.places = {id(node): place for place, node in enumerate(self.nodes)}
        size = len(self.nodes)
        self.values, self.levels, self.reasons = [None] * size, [0] * size, [None] * size
        self.activity = [0] * size

    # -- formulas as clauses

    def require(self, formula: Formula) -> None:
        match formula:
            case f.And():
                for part in formula.of:
                    self.require(part)
            case f.Or():
                self._add(_Clause([self._literal(part) for part in formula.of]))
            case _:
                self._add(_Clause([self._literal(formula)]))

    def _literal(self, formula: Formula) -> Literal:
        """A conjunction among alternatives counts as a variable of its own, which implies its parts."""
        match formula:
            case f.Not():
                return 2 * self.places[id(formula.of)] + 1
            case f.Compare():
                place, opposite = self.places[id(formula)], f.negation(formula)
                other = self.places.get(id(opposite)) if isinstance(opposite, f.Compare) else None
                return 2 * place if other is None or other > place else 2 * other + 1
            case f.Bool() | f.Product():
                return 2 * self.places[id(formula)]
            case f.And():
                place = self.places[id(formula)]
                if place not in self.used:
                    self.used[place] = None
                    for part in formula.of:
                        parts = part.of if isinstance(part, f.Or) else (part,)
                        self._add(_Clause([2 * place + 1, *map(self._literal, parts)]))
                return 2 * place
            case f.Or():
                raise AssertionError("alternatives among alternatives are alternatives")
            case _:
                assert_never(formula)

    def bound(self) -> None:
        """Two comparisons of one sum that leave nothing are never both true. Makes the sums known."""
        same: dict[tuple[tuple[str, Fraction], ...], list[Literal]] = {}
        for place in list(self.used):
            node = self.nodes[place]
            if isinstance(node, f.Compare):
                form = f.compare(f.Linear(node.linear.terms, f.ZERO), "=", f.number(0))
                assert isinstance(form, f.Compare)
                literals = [2 * place] if node.rel == "=" else [2 * place, 2 * place + 1]
                same.setdefault(form.linear.terms, []).extend(literals)
                self.sums.number(form.linear.terms)
        for literals in same.values():
            for at, one in enumerate(literals):
                for other in literals[:at]:
                    if one != other ^ 1 and _apart(self._formula(one), self._formula(other)):
                        self._add(_Clause([one ^ 1, other ^ 1]))

    def _formula(self, literal: Literal) -> Formula:
        node = self.nodes[literal // 2]
        return f.negation(node) if literal % 2 else node

    # -- what follows

    def _value(self, literal: Literal) -> bool | None:
        value = self.values[literal // 2]
        return None if value is None else value != bool(literal % 2)

    def _add(self, clause: _Clause) -> None:
        literals = list(dict.fromkeys(clause.literals))
        clause.literals = literals
        for literal in literals:
            self.used.setdefault(literal // 2)
            self.activity[literal // 2] += 1000 // len(literals)
        if any(one ^ 1 in literals for one in literals):
            return
        if not literals:
            self.false = clause
        elif len(literals) == 1:
            value = self._value(literals[0])
            if value is False:
                self.false = clause
            elif value is None:
                self._assign(literals[0], clause)
        else:
            for literal in literals[:2]:
                self.watched.setdefault(literal, []).append(clause)

    def _assign(self, literal: Literal, reason: _Clause | None) -> None:
        place = literal // 2
        self.values[place] = literal % 2 == 0
        self.levels[place], self.reasons[place] = len(self.starts), reason
        self.trail.append(literal)

    def _propagate(self) -> _Clause | None:
        """Draws what follows; a clause that became false, or None."""
        while self.propagated < len(self.trail):
            false = self.trail[self.propagated] ^ 1
            self.propagated += 1
            waiting = self.watched.pop(false, [])
            kept = self.watched.setdefault(false, [])
            for at, clause in enumerate(waiting):
                literals = clause.literals
                if literals[0] == false:
                    literals[0], literals[1] = literals[1], literals[0]
                value = self._value(literals[0])
                if value is not True and self._watch_another(clause):
                    continue
                kept.append(clause)
                if value is False:
                    kept.extend(waiting[at + 1 :])
                    return clause
                if value is None:
                    self._assign(literals[0], clause)
        return None

    def _watch_another(self, clause: _Clause) -> bool:
        """Instead of the second literal one that is not false, if there is one."""
        literals = clause.literals
        for place in range(2, len(literals)):
            if self._value(literals[place]) is not False:
                literals[1], literals[place] = literals[place], literals[1]
                self.watched.setdefault(literals[1], []).append(clause)
                return True
        return False

    def _summed(self) -> _Clause | None:
        """Comparisons that are true and add up to one that is false, as a clause that says they never are."""
        while len(self.stated) < len(self.trail):
            literal = self.trail[len(self.stated)]
            self.stated.append(len(self.sums.undo))
            one = self._formula(literal)
            clash = self.sums.state(one, literal) if isinstance(one, f.Compare) else None
            if clash is not None:
                return _false_sum(clash)
        clash = self.sums.check() if self.sums.rows else None
        return None if clash is None else _false_sum(clash)

    # -- the search

    def run(self) -> Steps | None:
        """Steps to a contradiction; None where there is none, or it was not found."""
        conflicts = 0
        while conflicts < MOST_CONFLICTS:
            clause = self.false or self._propagate() or self._summed()
            if clause is None:
                decision = self._decision()
                if decision is None:
                    return None
                self.starts.append(len(self.trail))
                self._assign(decision, None)
                continue
            conflicts += 1
            if clause.own and clause.total:
                self.learned.append(clause)
            level = max((self.levels[literal // 2] for literal in clause.literals), default=0)
            if level == 0:
                return self._steps(clause)
            self._back(level)
            self._learn(clause)
        return None

    def _decision(self) -> Literal | None:
        """The most active open formula, first supposed to be false."""
        open_ = [place for place in self.used if self.values[place] is None]
        if not open_:
            return None
        return 2 * max(open_, key=lambda place: (self.activity[place], -place)) + 1

    def _learn(self, conflict: _Clause) -> None:
        """The clause that would have forced the last decision's opposite, and back to where it does."""
        seen: set[int] = set()
        kept: list[Literal] = []
        chain = [conflict]
        open_ = 0
        at = len(self.trail)
        clause, level = conflict, len(self.starts)
        while True:
            for literal in clause.literals:
                place = literal // 2
                if place in seen or self._value(literal) is not False:
                    continue
                seen.add(place)
                self.activity[place] += self.bump
                if self.levels[place] == level:
                    open_ += 1
                else:
                    kept.append(literal)
            while True:
                at -= 1
                if self.trail[at] // 2 in seen:
                    break
            open_ -= 1
            if not open_:
                break
            reason = self.reasons[self.trail[at] // 2]
            assert reason is not None
            clause = reason
            chain.append(clause)
        self.bump += self.bump // 16
        asserted = self.trail[at] ^ 1
        below = [literal for literal in kept if self.levels[literal // 2] > 0]
        below.sort(key=lambda literal: (-self.levels[literal // 2], literal))
        chain += self._before(literal for literal in kept if self.levels[literal // 2] == 0)
        learned = _Clause([asserted, *below], of=chain, own=True)
        self.learned.append(learned)
        self._back(self.levels[below[0] // 2] if below else 0)
        self._add(learned)
        if below:
            self._assign(asserted, learned)

    def _back(self, level: int) -> None:
        """Forgets what was decided after this many decisions."""
        if len(self.starts) > level:
            for literal in self.trail[self.starts[level] :]:
                self.values[literal // 2] = self.reasons[literal // 2] = None
            if len(self.stated) > self.starts[level]:
                self.sums.back(self.stated[self.starts[level]])
                del self.stated[self.starts[level] :]
            del self.trail[self.starts[level] :], self.starts[level:]
            self.propagated = min(self.propagated, len(self.trail))

    def _before(self, literals: Iterable[Literal]) -> list[_Clause]:
        """The clauses that settled these before any decision."""
        found: dict[int, _Clause] = {}
        todo = list(literals)
        while todo:
            reason = self.reasons[todo.pop() // 2]
            if reason is not None and id(reason) not in found:
                found[id(reason)] = reason
                todo.extend(reason.literals)
        return list(found.values())

    def _steps(self, last: _Clause) -> Steps:
        """What was learned on the way to a clause that is false before any decision, as far as needed."""
        needed = {id(one) for one in (last, *self._before(last.literals))}
        found: Steps = []
        for clause in reversed(self.learned):
            if id(clause) in needed:
                needed.update(id(one) for one in clause.of)
                step = [clause.literals, clause.total] if clause.total else [clause.literals]
                found.append([list(part) for part in step])
        return found[::-1]


def _false_sum(factors: Mapping[Literal, int]) -> _Clause:
    taken = sorted(factors.items())
    return _Clause([literal ^ 1 for literal, _ in taken], [part for pair in taken for part in pair], own=True)


def _apart(one: Formula, other: Formula) -> bool:
    """Comparisons of one sum, or of its opposite, leave nothing between them."""
    assert isinstance(one, f.Compare) and isinstance(other, f.Compare)
    whole = f.variable("")
    return clashes(
        f.compare(whole.times(part.linear.terms[0][1]), part.rel, f.number(-part.linear.constant))
        for part in (one, other)
    )
