"""R203: every rule fires for some patient, on an instant on which that counts.

A rule that moves the session counts wherever the session stands in its stage; any other only where the
session comes to rest. Where no patient can be, the fewest things that exclude one another say why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rung_engine.artifact import model as m
from rung_engine.decision.rules import judge
from rung_lang.finding import Problem
from rung_lang.verify.ask import Question, existential
from rung_lang.verify.context import Context, Part
from rung_lang.verify.doses.moments import moments
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, written
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.rules import moves
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import conjuncts, rules_in
from rung_lang.verify.places import Places
from rung_lang.verify.reach.gone_round import gone_round
from rung_lang.verify.reach.held import held
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.rules.problems_rules import NeverFires
from rung_lang.verify.verdict import (
    Label,
    Layer,
    Obligation,
    Proved,
    Refuted,
    Replayed,
    Said,
    Undecided,
    Verdict,
    Witness,
)  # fmt: skip

NOW = frozenset({"known", "input", "value", "setting", "on", "off", "rated", "rate", "charted_own"})
"""Variables of the instant itself."""
OWN = frozenset({"term", "unless", "silent", "overrides"})
"""What is said of the rule itself. Where none of it is to blame, the fault is found elsewhere."""


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """One obligation for each rule. Of rules of a stage that no history gets to, nothing is said here."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    fired = _Fired(context)
    stages = _stages(context, reach)
    for rule in context.artifact.rules:
        where = stages if rule.stage is None else [stage for stage in stages if stage == rule.stage]
        verdict = _verdict(context, fired, rule, where)
        asked.append(Obligation("R203", (rule.id,), verdict))
        if not isinstance(verdict, Refuted) or _only_leads_nowhere(reach, rule):
            continue
        if any(label[0] in OWN for label in verdict.core):
            problems.append(_problem(places, rule, where, verdict))
    return Found(tuple(asked), tuple(problems))


def _only_leads_nowhere(reach: Reach, rule: m.Rule) -> bool:
    """All it does is to lead to a stage that no history gets to: that finding tells why."""
    return all(
        order.op == "go" and order.target in reach.classes and not reach.classes[order.target]
        for order in written(rule)
    )


def _stages(context: Context, reach: Reach) -> list[str | None]:
    """Where histories get to, the stages that take the fewest steps first; None: where there is none yet."""
    steps: dict[str | None, int] = {
        stage: min(len(reach.way_to(one)) for one in classes)
        for stage, classes in reach.classes.items()
        if classes
    }
    found = sorted(steps, key=lambda stage: (steps[stage], stage or ""))
    if any(stage.initial_if is not None for stage in context.artifact.stages):
        found += [one.situation.stage for one in moments(context) if one.situation.stage is None]
    return found


def _verdict(context: Context, fired: _Fired, rule: m.Rule, where: Sequence[str | None]) -> Verdict:
    if rule.id in fired.witnesses:
        return Proved("replay", "replayed", witness=fired.witnesses[rule.id])
    if not where:
        return Refuted(None, (("unreached", rule.stage or ""),), "letters", "checked")
    cores: list[Refuted] = []
    doubt: Undecided | None = None
    for stage in where:
        situation = context.situation(stage)
        own = tuple(_own(context, situation, rule))
        parts = (*own, *_counting(context, situation, rule))
        company = fired.company(situation, rule, parts)
        verdict = _shown(context, fired, rule, situation, (*parts, *company))
        if company and not isinstance(verdict, Proved):
            verdict = _shown(context, fired, rule, situation, parts)
        if not isinstance(verdict, Proved):
            cores += [verdict] if isinstance(verdict, Refuted) else []
            doubt = doubt or (verdict if isinstance(verdict, Undecided) else None)
            back = _back(context, situation, rule)
            if not back or context.solver.impossible([part for _, part in (*own, *back)]):
                continue
            verdict = _shown(context, fired, rule, situation, (*own, *back))
        match verdict:
            case Proved():
                return verdict
            case Refuted():
                cores.append(verdict)
            case Undecided():
                doubt = doubt or verdict
    return doubt if doubt is not None else _all(cores)


def _shown(
    context: Context, fired: _Fired, rule: m.Rule, situation: Situation, parts: tuple[Part, ...]
) -> Verdict:
    confirm = _Fires(rule)
    verdict = existential(context, Question("R203", (rule.id,), situation, parts, confirm))
    if isinstance(verdict, Proved) and verdict.witness is not None and confirm.seen is not None:
        fired.note(confirm.seen, verdict.witness)
    return verdict


def _own(context: Context, situation: Situation, rule: m.Rule) -> Iterator[Part]:
    """The rule fires; what is most worth saying first, since a core keeps that longest."""
    symbols = situation.symbols
    for index in conjuncts(context.artifact, rule.condition):
        yield ("term", str(index)), symbols.truth(index).yes
    if rule.unless is not None:
        yield ("unless", rule.id), symbols.truth(rule.unless).no
    for other in situation.rules.values():
        if rule.id in other.rule.overrides:
            speaks = f.any_of((other.fires, other.pending, other.unconfirmed))
            yield ("overrides", other.rule.id), f.negation(speaks)
    yield from context.applies(situation)


def _counting(context: Context, situation: Situation, rule: m.Rule) -> Iterator[Part]:
    """The session comes to rest, unless the rule itself moves it."""
    if situation.stage is None:
        yield from (part for one in moments(context) if one.situation is situation for part in one.parts)
    elif not moves(rule, situation.stage):
        for mover in situation.movers:
            yield ("silent", mover.rule.id), f.negation(mover.fires)


def _back(context: Context, situation: Situation, rule: m.Rule) -> tuple[Part, ...]:
    """The session is held back on its way out of the stage, and so the rule counts too."""
    if situation.stage is None or not situation.movers or moves(rule, situation.stage):
        return ()
    back = held(context, situation)
    return () if back is f.FALSE else ((("held", situation.stage), back),)


def _all(cores: Sequence[Refuted]) -> Refuted:
    """In every stage: what is to blame in all of them, once."""
    core = tuple(dict.fromkeys(label for one in cores for label in one.core))
    layers: dict[str, Layer] = {one.layer: one.layer for one in cores}
    layer: Layer = layers.get("symbolic") or layers.get("clocks") or layers.get("letters") or "instant"
    checked = all(one.trust == "checked" for one in cores)
    return Refuted(None, core, layer, "checked" if checked else "solver")


def _problem(places: Places, rule: m.Rule, where: Sequence[str | None], verdict: Refuted) -> Problem:
    clash = tuple(_said(places, rule, label) for label in verdict.core)
    blamed = [label[1] for label in verdict.core if label[0] in ("silent", "overrides")]
    others = tuple((other, places.rule(other)) for other in blamed)
    stages = tuple(stage or "" for stage in where)
    return NeverFires(places.rule(rule.id), rule.id, clash, others, stages)


def _said(places: Places, rule: m.Rule, label: Label) -> Said:
    if label[0] == "unless":
        return Said(label, places.artifact.provenance.words.get(str(rule.unless), ""))
    return places.said(label)


# ---------------------------------------------------------------- what histories show


@dataclass(slots=True)
class _Fired:
    """Rules that some history shows firing where it counts. Every history shows several."""

    context: Context
    witnesses: dict[str, Witness] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.context.shown:
            self.note(one.replayed, one.witness)

    def note(self, replayed: Replayed, witness: Witness) -> None:
        """All that this history shows at its end."""
        for rule in counted(replayed):
            self.witnesses.setdefault(rule, witness)

    def company(self, situation: Situation, rule: m.Rule, parts: Sequence[Part]) -> tuple[Part, ...]:
        """That other rules fire as well, of which nothing is shown yet: as many as one patient allows."""
        if situation.stage is None or moves(rule, situation.stage):
            return ()
        others = [
            other.fires
            for other in situation.rules.values()
            if other.rule.id != rule.id
            and other.rule.id not in self.witnesses
            and not moves(other.rule, situation.stage)
            and self._is_plain(other.fires)
        ]
        if not others:
            return ()
        every = (*parts, *self.context.reached(situation))
        _, kept = self.context.solver.most([part for _, part in every], others)
        return tuple((("also",), part) for part in kept)

    def _is_plain(self, formula: Formula) -> bool:
        """It reads what is so now, and nothing of the past."""
        about = self.context.space.variables
        return all(about[name].about[0] in NOW for name in f.names(formula))


@dataclass(slots=True)
class _Fires:
    """The rule fires, and it counts. `seen`: the history that showed it."""

    rule: m.Rule
    seen: Replayed | None = None

    def __call__(self, replayed: Replayed) -> bool:
        if (
            self.rule.id not in replayed.content.moved_by
            and replayed.view.truth(self.rule.condition) is not True
        ):
            return False
        self.seen = replayed
        return self.rule.id in counted(replayed)


def counted(replayed: Replayed) -> frozenset[str]:
    """The rules that moved the session, would have but for a contradiction, or fire where it came to rest."""
    content, program = replayed.content, replayed.program
    found = {*content.moved_by, *(rule for one in content.contradictions for rule in one.rules)}
    found |= {rule for one in gone_round(replayed) for rule in one.rules}
    # A ring leaves the session where it was, with the rule that would have begun it.
    ring = any(one.kind == "cycle" for one in content.contradictions)
    if content.phase == "active":
        for one in judge(replayed.view, rules_in(program, content.stage)).values():
            if one.state == "fires" and (ring or content.stage is None or not moves(one.rule, content.stage)):
                found.add(one.rule.id)
    return frozenset(found)
