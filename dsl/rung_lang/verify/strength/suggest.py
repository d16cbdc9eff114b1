"""Patients that the examples lack: for a rule nothing exercises, for a condition nothing shows to matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.session.replay import Replay
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.rules import RuleSymbols, judge
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
from rung_lang.verify.strength.coverage import Coverage, Gap, Seen, Tally
from rung_lang.verify.verdict import Replayed, Witness


@frozen
class Suggestion:
    """A patient, and the gaps that an example of this patient closes: the one it was looked for first."""

    closes: tuple[Gap, ...]
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
        """Played patients, the rules first, until each gap for which one is found is closed."""
        left = list(coverage.gaps)
        for gap in coverage.gaps:
            if gap not in left:
                continue
            witness = self._fires(gap) if gap.leaf is None else self._decides(gap, gap.leaf)
            if witness is None:
                continue
            tally = self._tally(witness)
            closes = (gap, *(other for other in left if other != gap and tally.closes(other)))
            left = [other for other in left if other not in closes]
            yield Suggestion(closes, witness)

    def _tally(self, witness: Witness) -> Tally:
        """What an example of this patient shows up to the instant of the finding."""
        artifact = self.context.artifact
        tally = Tally(artifact)
        program = Program(artifact, dict(witness.settings), unverified=True)
        Replay(program, witness.events, watch=tally.see).advance(witness.time)
        return tally

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

    def _fires(self, gap: Gap) -> Witness | None:
        for situation, parts in self._places(self._rules[gap.rule]):
            issues: Part = (("rule", gap.rule), situation.rules[gap.rule].issues)
            witness = realise(self.context, situation, (*parts, issues), _Closes(gap))
            if witness is not None:
                return witness
        return None

    def _decides(self, gap: Gap, leaf: int) -> Witness | None:
        # A rule that fires or not is easier to read than one that is pending or not.
        for firing in (True, False):
            for situation, parts in self._flips(gap.rule, leaf, value=gap.value, firing=firing):
                witness = realise(self.context, situation, parts, _Closes(gap))
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
class _Closes:
    """The instant shows what the gap asks for, in a stage whose rules were judged on it."""

    gap: Gap

    def __call__(self, replayed: Replayed) -> bool:
        tally = Tally(replayed.program.artifact)
        for stage, truths in _judged(replayed):
            tally.see(stage, truths)
        return tally.closes(self.gap)


def _judged(replayed: Replayed) -> Iterator[Seen]:
    """Every stage judged on the instant: as the session came to it, then those that it entered."""
    content, came, state = replayed.content, replayed.before, replayed.state
    path = content.path if content.moved_by else ()
    stages = path if state.finished else (*path, state.stage)
    if not path and content.phase != "active":
        return
    view = replayed.view.again()
    for place, stage in enumerate(stages):
        if place == 0 and stage == came.stage:
            view.place(stage, came.entered, came.began)
        else:
            view.place(stage, view.time, view.time if came.began is None else came.began)
        yield stage, view.row().truths
