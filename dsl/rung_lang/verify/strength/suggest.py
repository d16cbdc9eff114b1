"""Patients that the examples lack: for a rule nothing exercises, for a condition nothing shows to matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_engine.truth import Truth
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import RuleSymbols, Situation, judge
from rung_lang.verify.formulas.symbols import (
    FALSE,
    TRUE,
    Symbols,
    Tri,
    conjunction,
    count,
    disjunction,
    negation,
)
from rung_lang.verify.histories.history import realise
from rung_lang.verify.solving.solve import Sat
from rung_lang.verify.strength.coverage import Coverage
from rung_lang.verify.verdict import Replayed, Witness


@frozen
class Suggestion:
    """`leaf` None: the rule is to fire. Else this condition of it, in its author's words, decides."""

    rule: str
    leaf: str | None
    value: bool
    witness: Witness


@dataclass(slots=True)
class Missing:
    """What of a protocol's rules its examples could show, asked of the solver."""

    context: Context
    _rules: dict[str, m.Rule] = field(init=False)

    def __post_init__(self) -> None:
        self._rules = {rule.id: rule for rule in self.context.artifact.rules}

    def can_flip(self, rule: str, leaf: int, to: bool) -> bool:
        """For some patient the condition is known to be otherwise, and the rule would do something else."""
        return any(
            isinstance(self.context.solver.ask([part for _, part in parts]), Sat)
            for _, parts in self._flips(rule, leaf, value=not to)
        )

    def suggestions(self, coverage: Coverage) -> Iterator[Suggestion]:
        """A played patient for each gap for which one is found, the rules first."""
        for one in coverage.rules:
            if not one.exercised:
                witness = self._fires(one.rule)
                if witness is not None:
                    yield Suggestion(one.rule, None, True, witness)
        for one in coverage.rules:
            for leaf in one.gaps:
                for value, way in ((True, leaf.while_true), (False, leaf.while_false)):
                    if way == "missing":
                        witness = self._decides(one.rule, leaf.term, value)
                        if witness is not None:
                            yield Suggestion(one.rule, leaf.words, value, witness)

    # -- where a rule is judged

    def _places(self, rule: m.Rule) -> Iterator[tuple[Situation, tuple[Part, ...]]]:
        """The stages of the rule, at rest unless it is the rule that moves."""
        stages = (
            [rule.stage] if rule.stage is not None else [stage.name for stage in self.context.artifact.stages]
        )
        order = destination(rule)
        for stage in stages:
            situation = self.context.situation(stage)
            parts = (*self.context.applies(situation), *self.context.reached(situation))
            if order is None:
                parts = (*parts, (("rests", stage or ""), situation.rests))
            yield situation, parts

    def _fires(self, rule_id: str) -> Witness | None:
        for situation, parts in self._places(self._rules[rule_id]):
            issues: Part = (("rule", rule_id), situation.rules[rule_id].issues)
            witness = realise(self.context, situation, (*parts, issues), _Exercises(rule_id))
            if witness is not None:
                return witness
        return None

    def _decides(self, rule_id: str, leaf: int, value: bool) -> Witness | None:
        # A rule that fires or not is easier to read than one that is pending or not.
        for firing in (True, False):
            for situation, parts in self._flips(rule_id, leaf, value=value, firing=firing):
                witness = realise(self.context, situation, parts, _IsJudged(leaf, value))
                if witness is not None:
                    return witness
        return None

    def _flips(
        self, rule_id: str, leaf: int, *, value: bool, firing: bool = False
    ) -> Iterator[tuple[Situation, tuple[Part, ...]]]:
        """Instants on which the condition has this value, and the rule would do otherwise had it the other.

        `firing`: it would fire, or no longer fire.
        """
        rule = self._rules[rule_id]
        for situation, parts in self._places(rule):
            truth = situation.symbols.truth(leaf)
            now, other = situation.rules[rule_id], _with(situation, rule, leaf, not value)
            differs = f.any_of(
                f.any_of((f.all_of((a, f.negation(b))), f.all_of((f.negation(a), b))))
                for a, b in (
                    (now.fires, other.fires),
                    (now.pending, other.pending),
                    (now.unconfirmed, other.unconfirmed),
                )[: 1 if firing else 3]
            )
            known: Part = (("term", str(leaf)), truth.yes if value else truth.no)
            yield situation, (*parts, known, (("decides", rule_id), differs))


def _with(situation: Situation, rule: m.Rule, leaf: int, value: bool) -> RuleSymbols:
    """The rule on the same instant, were this condition alone the other way."""
    symbols = _Supposing(situation.symbols, leaf, TRUE if value else FALSE)
    return judge(symbols, [one.rule for one in situation.rules.values()])[rule.id]


@dataclass(slots=True)
class _Supposing:
    """Symbols of an instant with one condition settled; the connectives above it are worked out anew."""

    symbols: Symbols
    leaf: int
    value: Tri

    def truth(self, index: int) -> Tri:
        if index == self.leaf:
            return self.value
        term = self.symbols.program.artifact.terms[index]
        match term:
            case m.Not():
                return negation(self.truth(term.of))
            case m.And():
                return conjunction(self.truth(part) for part in term.of)
            case m.Or():
                return disjunction(self.truth(part) for part in term.of)
            case m.Count():
                return count(term.rel, term.n, [self.truth(part) for part in term.of])
            case _:
                return self.symbols.truth(index)


@frozen
class _Exercises:
    """The rule gave an order, or moved the session."""

    rule: str

    def __call__(self, replayed: Replayed) -> bool:
        content = replayed.content
        given = {rule for order in content.orders for rule in order.rules}
        given.update(item.rule for item in content.waiting)
        given.update(item.rule for item in content.withheld)
        return self.rule in given or self.rule in content.moved_by


@frozen
class _IsJudged:
    """The condition is what it was to be."""

    leaf: int
    value: Truth

    def __call__(self, replayed: Replayed) -> bool:
        return replayed.content.phase == "active" and replayed.view.truth(self.leaf) is self.value
