"""Which rules, and which conditions of each rule, the examples exercise.

A condition is a leaf of a rule's `when` or `unless`: what stands under `not`, `and`, `or` and counts. It is
shown while true by an instant on which it is true and the rule would do something else were it alone false,
and likewise while false: masking MC/DC over three values. Of a condition that can never matter no example is
asked; whether it can is a question for a solver, whose answer comes as an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, Literal

from rung_engine.artifact import model as m
from rung_engine.decision.rules import judge
from rung_engine.frozen import frozen
from rung_engine.truth import Truth, conjunction, count, disjunction, negation

Way = Literal["shown", "missing", "impossible"]

Seen = tuple[str | None, tuple[Truth, ...]]
"""A stage whose rules were judged on an instant (None: before there is one), and every term's truth there."""

CanFlip = Callable[[str, int, bool], bool]
"""Of a rule, a leaf's term and a value: for some patient the leaf is known to be otherwise, and the rule
would do something else had it this value."""


@frozen
class Gap:
    """What no example shows: that the rule fires (`leaf` None), or that this condition of it, a term, decides
    while it has this value. `words`: the condition in its author's words.
    """

    rule: str
    leaf: int | None
    words: str
    value: bool


@frozen
class LeafCoverage:
    """A condition of a rule, in the author's words, and in which of its two ways it was shown to matter."""

    term: int
    words: str
    while_true: Way
    while_false: Way

    @property
    def is_gap(self) -> bool:
        """In some way it can matter, and no example shows it."""
        return "missing" in (self.while_true, self.while_false)


@frozen
class RuleCoverage:
    """`exercised`: on some instant the rule fires, confirmed or not, and no other silences it."""

    rule: str
    exercised: bool
    leaves: tuple[LeafCoverage, ...]

    @property
    def gaps(self) -> tuple[LeafCoverage, ...]:
        """The conditions of which an example is missing."""
        return tuple(leaf for leaf in self.leaves if leaf.is_gap)


@frozen
class Coverage:
    """Every rule, in the order of ids."""

    rules: tuple[RuleCoverage, ...]

    @property
    def complete(self) -> bool:
        """Every rule is exercised, and every condition that can matter is shown both ways."""
        return not self.gaps

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """One for each rule to exercise and each way to show a condition, the rules first."""
        return (
            *(Gap(rule.rule, None, "", True) for rule in self.rules if not rule.exercised),
            *(
                Gap(rule.rule, leaf.term, leaf.words, value)
                for rule in self.rules
                for leaf in rule.leaves
                for value, way in ((True, leaf.while_true), (False, leaf.while_false))
                if way == "missing"
            ),
        )


def may_matter(rule: str, leaf: int, to: bool) -> bool:
    """Without a solver, every condition is taken to matter."""
    return True


def coverage(artifact: m.Artifact, runs: Iterable[Seen], can_flip: CanFlip = may_matter) -> Coverage:
    """What these instants show. On one instant a session is seen in every stage that it passes."""
    tally = Tally(artifact)
    for stage, truths in runs:
        tally.see(stage, truths)
    return tally.coverage(can_flip)


def leaves_of(terms: tuple[m.Truth | m.Numeric, ...], *conditions: int | None) -> tuple[int, ...]:
    """The leaves of the conditions, each once, without those that are constant."""
    found: dict[int, None] = {}
    stack = [term for term in reversed(conditions) if term is not None]
    while stack:
        index = stack.pop()
        match terms[index]:
            case m.Not() as node:
                stack.append(node.of)
            case m.And() | m.Or() | m.Count() as node:
                stack.extend(reversed(node.of))
            case m.Const():
                pass
            case _:
                found.setdefault(index)
    return tuple(found)


class Tally:
    """What was seen so far. `see` costs a look-up where nothing of it is new."""

    def __init__(self, artifact: m.Artifact) -> None:
        self._artifact = artifact
        self._leaves = {
            rule.id: leaves_of(artifact.terms, rule.condition, rule.unless) for rule in artifact.rules
        }
        always = [rule for rule in artifact.rules if rule.stage is None]
        self._stages: dict[str | None, _Stage] = {None: self._stage(always)}
        for stage in artifact.stages:
            own = [rule for rule in artifact.rules if rule.stage == stage.name]
            self._stages[stage.name] = self._stage([*own, *always])
        self._known: dict[str, set[tuple[Truth, ...]]] = {rule.id: set() for rule in artifact.rules}
        self._exercised: set[str] = set()
        self._shown: set[tuple[str, int, bool]] = set()

    def _stage(self, rules: list[m.Rule]) -> _Stage:
        leaves = {leaf for rule in rules for leaf in self._leaves[rule.id]}
        return _Stage(tuple(rules), _picker(tuple(sorted(leaves))), set())

    def see(self, stage: str | None, truths: tuple[Truth, ...]) -> None:
        """A stage of a session on an instant, with the truth of every term."""
        here = self._stages[stage]
        picked = here.pick(truths)
        if picked in here.known:
            return
        here.known.add(picked)
        judged = judge(_Supposed(self._artifact.terms, truths), here.rules)
        self._exercised.update(
            rule for rule, item in judged.items() if item.state in ("fires", "unconfirmed")
        )
        for rule in here.rules:
            leaves = self._leaves[rule.id]
            own = tuple(truths[leaf] for leaf in leaves)
            if own not in self._known[rule.id]:
                self._known[rule.id].add(own)
                self._show(rule, truths, leaves)

    def _show(self, rule: m.Rule, truths: tuple[Truth, ...], leaves: tuple[int, ...]) -> None:
        """Each leaf in turn is taken to be otherwise."""
        terms = self._artifact.terms
        (now,) = judge(_Supposed(terms, truths), (rule,)).values()
        for leaf in leaves:
            truth = truths[leaf]
            if truth is None or (rule.id, leaf, truth) in self._shown:
                continue
            (then,) = judge(_Supposed(terms, truths, {leaf: not truth}), (rule,)).values()
            if then.state != now.state:
                self._shown.add((rule.id, leaf, truth))

    def closes(self, gap: Gap) -> bool:
        """What was seen shows what the gap asks for."""
        if gap.leaf is None:
            return gap.rule in self._exercised
        return (gap.rule, gap.leaf, gap.value) in self._shown

    def coverage(self, can_flip: CanFlip = may_matter) -> Coverage:
        """What was seen shows this. `can_flip` is asked only of what was not shown."""

        def way(rule: str, leaf: int, truth: bool) -> Way:
            if (rule, leaf, truth) in self._shown:
                return "shown"
            return "missing" if can_flip(rule, leaf, not truth) else "impossible"

        words = self._artifact.provenance.words
        return Coverage(
            tuple(
                RuleCoverage(
                    rule.id,
                    rule.id in self._exercised,
                    tuple(
                        LeafCoverage(
                            leaf,
                            words.get(str(leaf), f"condition {leaf}"),
                            way(rule.id, leaf, True),
                            way(rule.id, leaf, False),
                        )
                        for leaf in self._leaves[rule.id]
                    ),
                )
                for rule in self._artifact.rules
            )
        )


@frozen
class _Stage:
    """The rules that are judged in a stage, and what was seen of their leaves."""

    rules: tuple[m.Rule, ...]
    pick: Callable[[tuple[Truth, ...]], Any]
    known: set[Any]


def _picker(leaves: tuple[int, ...]) -> Callable[[tuple[Truth, ...]], Any]:
    return itemgetter(*leaves) if leaves else len


@frozen
class _Supposed:
    """The truths of an instant, some leaves taken to be otherwise, and with them all that is made of them."""

    terms: tuple[m.Truth | m.Numeric, ...]
    truths: tuple[Truth, ...]
    otherwise: dict[int, bool] | None = None

    def truth(self, term: int) -> Truth:
        if not self.otherwise:
            return self.truths[term]
        if term in self.otherwise:
            return self.otherwise[term]
        match self.terms[term]:
            case m.Not() as node:
                return negation(self.truth(node.of))
            case m.And() as node:
                return conjunction(self.truth(part) for part in node.of)
            case m.Or() as node:
                return disjunction(self.truth(part) for part in node.of)
            case m.Count() as node:
                return count(node.rel, node.n, [self.truth(part) for part in node.of])
            case _:
                return self.truths[term]
