"""Which stages a history can get to, and what it has made true for good by then.

A control class is a stage with the lasting facts that every way there has established: a latch that closed,
an event that happened, a count that passed a mark, what the settings and fixed inputs must be. Lasting facts
only become more, and everything else is left free on each instant, so the classes cover every history. Of
two classes of one stage, the one with fewer facts covers the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_engine.reference.evaluate import subjects
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.past import times_the_stage
from rung_lang.verify.formulas.rules import RuleSymbols, moves
from rung_lang.verify.formulas.symbols import Symbols, never_lapses
from rung_lang.verify.verdict import Label

MOST_CLASSES = 4096
"""Beyond so many the classes of each stage are joined into one, which allows more."""


@frozen
class ControlClass:
    """`facts`: places in `Reach.lasting`. `by`: the class and rule it was met through; None: a beginning."""

    stage: str
    facts: frozenset[int]
    by: tuple[ControlClass, str] | None = field(default=None, compare=False)


@dataclass(slots=True)
class Reach:
    """The classes of every stage, found breadth first."""

    context: Context
    lasting: tuple[Formula, ...] = ()
    names: tuple[Label, ...] = ()
    """Of each lasting fact: the term it comes from; `not term` where it is the opposite that lasts."""
    classes: dict[str, list[ControlClass]] = field(default_factory=dict)
    joined: bool = False
    moving: set[str] = field(default_factory=set)
    """The rules that move a session in some history."""
    _elsewhere: dict[str, tuple[Formula, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        situations = [self.context.situation(stage.name) for stage in self.context.artifact.stages]
        found = lasting_facts(self.context, situations[0].symbols) if situations else []
        self.names = tuple(name for name, _ in found)
        self.lasting = tuple(fact for _, fact in found)
        self.classes = {stage.name: [] for stage in self.context.artifact.stages}
        self._search()

    # -- what is known

    def part(self, stage: str | None, symbols: Symbols) -> tuple[Part, ...]:
        """Every history in this stage is in one of its classes; about the instant of `symbols`."""
        if stage is None:
            return ()
        lasting = self._lasting_at(symbols)
        found = f.any_of(
            f.all_of(lasting[place] for place in sorted(one.facts)) for one in self.classes[stage]
        )
        parts: tuple[Part, ...] = (
            (("reached", stage), found),
            (("reached", stage), self._carried(stage, symbols)),
        )
        return tuple(part for part in parts if part[1] is not f.TRUE)

    def _carried(self, stage: str, symbols: Symbols) -> Formula:
        """No order is open of a rule that never moves a session."""
        names = (
            f"{symbols.at}carried:{rule.id}"
            for rule in self.context.entering(stage)
            if rule.id not in self.moving
        )
        return f.all_of(f.negation(f.boolean(name)) for name in names if name in self.context.space.variables)

    def _lasting_at(self, symbols: Symbols) -> tuple[Formula, ...]:
        if symbols.at not in self._elsewhere:
            self._elsewhere[symbols.at] = tuple(fact for _, fact in lasting_facts(self.context, symbols))
        return self._elsewhere[symbols.at]

    def facts(self, one: ControlClass) -> Formula:
        """What lasts in this class."""
        return f.all_of(self.lasting[place] for place in sorted(one.facts))

    def way_to(self, one: ControlClass) -> tuple[tuple[str, str], ...]:
        """Stages left and the rules that left them, from a beginning to this class."""
        found: list[tuple[str, str]] = []
        while one.by is not None:
            found.append((one.by[0].stage, one.by[1]))
            one = one.by[0]
        return tuple(reversed(found))

    # -- the search

    def _search(self) -> None:
        todo = list(self._beginnings())
        while todo:
            fresh: list[ControlClass] = []
            for one in todo:
                if self._is_new(one):
                    self._keep(one)
                    fresh.append(one)
            todo = [successor for one in fresh for successor in self._successors(one)]

    def _is_new(self, one: ControlClass) -> bool:
        return not any(other.facts <= one.facts for other in self.classes[one.stage])

    def _keep(self, one: ControlClass) -> None:
        others = [other for other in self.classes[one.stage] if not one.facts <= other.facts]
        if sum(len(found) for found in self.classes.values()) >= MOST_CLASSES:
            self.joined = True
            shared = one.facts.intersection(*(other.facts for other in others))
            others, one = [], ControlClass(one.stage, shared, one.by)
        self.classes[one.stage] = [*others, one]

    def _beginnings(self) -> Iterator[ControlClass]:
        """Initial stages, tried in their order; each needs the conditions before it to be false."""
        before: list[Formula] = []
        for stage in self.context.program.initial_stages:
            situation = self.context.situation(stage.name, entered_now=True)
            chosen = f.TRUE
            if stage.initial_if is not None:
                condition = situation.symbols.truth(stage.initial_if)
                chosen = condition.yes
            parts = [part for _, part in self.context.applies(situation)]
            parts += [*before, chosen]
            if stage.initial_if is not None:
                before.append(condition.no)
            if self.context.solver.possible(parts):
                yield ControlClass(stage.name, self._established(parts))

    def _successors(self, one: ControlClass) -> Iterator[ControlClass]:
        """One move. A move on the very instant of entry is one of them, since entry may be just now."""
        situation = self.context.situation(one.stage)
        base = [part for _, part in self.context.applies(situation)]
        for judged in sorted(situation.movers, key=lambda judged: judged.rule.id):
            order = destination(judged.rule)
            assert order is not None
            if order.op != "go":
                continue
            # Where rules lead apart on one instant, the session stays.
            apart = [f.negation(other.fires) for other in leading_apart(situation, judged)]
            parts = [*base, self.facts(one), judged.fires, *apart]
            if self.context.solver.possible(parts):
                self.moving.add(judged.rule.id)
                facts = one.facts | self._established(parts)
                yield ControlClass(order.target, facts, (one, judged.rule.id))

    def _established(self, parts: list[Formula]) -> frozenset[int]:
        """Lasting facts that follow."""
        found: set[int] = set()
        for place, fact in enumerate(self.lasting):
            if not self.context.solver.possible([*parts, f.negation(fact)]):
                found.add(place)
        return frozenset(found)


def leading_apart(situation: Situation, judged: RuleSymbols) -> list[RuleSymbols]:
    """The rules of the stage that lead elsewhere than this one."""
    goes = destination(judged.rule)
    said = None if goes is None else (goes.op, goes.target)
    found: list[RuleSymbols] = []
    for other in situation.movers:
        order = destination(other.rule)
        if order is not None and (order.op, order.target) != said:
            found.append(other)
    return found


def lasting_facts(context: Context, symbols: Symbols) -> list[Part]:
    """What, once true, stays true for the rest of the session, among what the protocol speaks of."""
    found: dict[int, Part] = {}

    def lasts(name: str, what: int | str, fact: Formula) -> None:
        if fact not in (f.TRUE, f.FALSE):
            found.setdefault(id(fact), ((name, str(what)), fact))

    for index, term in enumerate(context.artifact.terms):
        if index in context.program.decision_terms:
            continue
        match term:
            case m.Ever() if times_the_stage(context.artifact, term.of):
                # Of an instant on which the session moves, a latch keeps what is so after the move.
                pass
            case m.Ever() | m.After():
                lasts("term", index, symbols.truth(index).yes)
            case m.Cmp():
                for fact in _marks(context, symbols, index, term):
                    lasts("term", index, fact)
            case m.SettingIs():
                fact = symbols.setting_is(term.setting, term.value)
                lasts("term", index, fact)
                lasts("not term", index, f.negation(fact))
            case m.Flag() | m.Is() if context.artifact.inputs[term.input].fixed:
                has = symbols.input_has(term.input, term.value if isinstance(term, m.Is) else "yes")
                lasts("term", index, has)
                lasts("not term", index, f.negation(has))
            case _:
                pass
    for name in sorted({of for rule in context.artifact.rules for of in _decides(context, rule)}):
        if name in context.artifact.inputs and never_lapses(context.artifact.inputs[name]):
            lasts("read", name, f.negation(symbols.never_read(name)))
    return list(found.values())


def _decides(context: Context, rule: m.Rule) -> Iterator[str]:
    """The inputs that a moving rule looks at."""
    for term in (rule.condition, rule.unless):
        if term is not None and destination(rule) is not None:
            yield from (name for kind, name in subjects(context.program, term) if kind == "input")


def _marks(context: Context, symbols: Symbols, index: int, term: m.Cmp) -> Iterator[Formula]:
    """Comparisons of settings and fixed inputs alone, and marks that a count has passed."""
    truth = symbols.truth(index)
    left, right = symbols.number(term.left), symbols.number(term.right)
    for fact in (
        f.compare(left.value, term.rel, right.value),
        f.negation(f.compare(left.value, term.rel, right.value)),
    ):
        names = f.names(fact)
        if names and all(
            not context.space.variables[name].at and _is_constant(context, name) for name in names
        ):
            yield fact
    for side, other in ((term.left, right), (term.right, left)):
        counted = context.artifact.terms[side]
        if isinstance(counted, m.Input) and _never_falls(context.artifact.inputs[counted.name]):
            rising = truth.yes if (term.rel in (">", ">=")) == (side == term.left) else truth.no
            passed = [part for part in (rising,) if part is not f.FALSE]
            constant = all(
                _is_constant(context, name) for name in f.names(f.compare(other.value, "<=", f.number(0)))
            )
            if passed and constant:
                # Once passed, whatever is known of the count later is past it too.
                yield f.any_of((f.negation(symbols.input_known(counted.name)), rising))


def _never_falls(decl: m.InputDecl) -> bool:
    """A charted count. (One to which doses are added starts anew at each reading of it.)"""
    return decl.cumulative and decl.counts is None


def _is_constant(context: Context, name: str) -> bool:
    """A setting, or the value of a fixed input: the same on every instant of a history."""
    about = context.space.variables[name].about
    return about[0] == "setting" or (
        about[0] in ("input", "value") and context.artifact.inputs[about[1]].fixed
    )


def cycles(context: Context) -> Iterator[tuple[tuple[str, RuleSymbols], ...]]:
    """Every way round through stages by moving rules, each once, beginning with its first stage by name."""
    moving: dict[str, list[tuple[str, RuleSymbols]]] = {}
    for stage in context.artifact.stages:
        for judged in context.situation(stage.name).movers:
            order = destination(judged.rule)
            if order is not None and order.op == "go" and moves(judged.rule, stage.name):
                moving.setdefault(stage.name, []).append((order.target, judged))

    def follow(
        path: tuple[tuple[str, RuleSymbols], ...], stage: str, first: str
    ) -> Iterator[tuple[tuple[str, RuleSymbols], ...]]:
        for target, judged in sorted(moving.get(stage, ()), key=lambda item: item[1].rule.id):
            if target == first:
                yield (*path, (stage, judged))
            elif target > first and all(target != left for left, _ in path) and target != stage:
                yield from follow((*path, (stage, judged)), target, first)

    for first in sorted(moving):
        yield from follow((), first, first)
