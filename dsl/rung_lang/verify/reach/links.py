"""A session as a system of steps, for proofs by induction: it begins in a stage, stays there, is moved on.

What is carried from one instant to the next stands in variables: how long ago what happened, which latches
closed, how long the session is in its stage. All else is free on each instant. Every step of every history
is one of the links; a link may allow more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_lang.lower.terms import canonical
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.past import times_the_stage
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.reach.traces import Seen, laws, nothing_latched, rested, rings

STATE = "state/"
"""Begins the names of carried variables, where a formula speaks of no instant in particular."""
WAS, NOW = "was/", "now/"
IN_STAGE = "in_stage"


@frozen
class Link:
    """One step. `source`: the stage of the instant `was/`; None: the session begins. What is carried stands
    after the step in `after`, by its name without a prefix.
    """

    source: str | None
    target: str
    parts: tuple[Part, ...]
    after: Mapping[str, Linear | Formula]


@dataclass(slots=True)
class Links:
    """The steps of one protocol. `carried`: names without a prefix, in order."""

    context: Context
    carried: tuple[str, ...] = ()
    all: tuple[Link, ...] = ()
    _latches: tuple[int, ...] = field(default=())

    def __post_init__(self) -> None:
        for stage in self.context.artifact.stages:
            for at in (WAS, NOW):
                self._at(stage.name, at)
                self._at(stage.name, at, entered_now=True)
        self.carried = tuple(sorted(self._carried()))
        self.all = tuple(self._links())

    def told(self, formula: Formula, at: str) -> Formula:
        """A formula about `STATE`, of the instant `at`."""
        return f.replaced(formula, {f"{STATE}{name}": self._variable(name, at) for name in self.carried})

    def after(self, link: Link, formula: Formula) -> Formula:
        """A formula about `STATE`, after a step."""
        return f.replaced(formula, {f"{STATE}{name}": value for name, value in link.after.items()})

    def sort(self, name: str) -> str:
        """Of what is carried."""
        return self.context.space.variables[f"{WAS}{name}"].sort

    def _variable(self, name: str, at: str) -> Linear | Formula:
        return f.boolean(f"{at}{name}") if self.sort(name) == "bool" else f.variable(f"{at}{name}")

    # -- what is carried

    def _at(self, stage: str, at: str, *, entered_now: bool = False) -> Situation:
        """An instant, with all that is asked of it met."""
        here = self.context.situation(stage, at, entered_now=entered_now)
        for index in range(len(self.context.artifact.terms)):
            if self._is_latch(index):
                here.symbols.truth(index)
        return here

    def _is_latch(self, index: int) -> bool:
        """A latch that keeps what it saw of an instant on which the session moved."""
        term = self.context.artifact.terms[index]
        known = index not in self.context.program.decision_terms
        return isinstance(term, m.Ever) and known and not times_the_stage(self.context.artifact, term.of)

    def _carried(self) -> Iterator[str]:
        variables = self.context.space.variables
        for name, variable in variables.items():
            if variable.at != WAS or f"{NOW}{name.removeprefix(WAS)}" not in variables:
                continue
            own = name.removeprefix(WAS)
            match variable.about:
                case ("after", key) if self._keeps(key):
                    yield own
                case ("since", key) if self._keeps(key.removeprefix("first ")) and self._happened(key):
                    yield own
                case ("past", index, "yes") if self._is_latch(int(index)):
                    yield own
                case ("in_stage",):
                    yield own
                case _:
                    pass

    def _happened(self, key: str) -> str:
        """The variable that says whether this moment was; empty where none does."""
        name = f"after:{key.removeprefix('first ')}"
        return name if f"{WAS}{name}" in self.context.space.variables else ""

    def _keeps(self, key: str) -> bool:
        """Whether it happened does not hang on the stage, so that a move leaves it as it is."""
        artifact = self.context.artifact
        for name, event in artifact.events.items():
            refs = {canonical(m.EventRef(name=name, first=first)) for first in (False, True)}
            if key in refs and event.condition is not None:
                return not times_the_stage(artifact, event.condition)
        return True

    # -- steps

    def _links(self) -> Iterator[Link]:
        context = self.context
        before: list[Part] = []
        for stage in context.program.initial_stages:
            here = self._at(stage.name, NOW, entered_now=True)
            chosen: list[Part] = list(before)
            if stage.initial_if is not None:
                condition = here.symbols.truth(stage.initial_if)
                chosen.append((("initial", stage.name), condition.yes))
                before.append((("initial", stage.name), condition.no))
            latches: Part = (("begins", stage.name), nothing_latched(context, here.symbols))
            yield Link(None, stage.name, (*context.applies(here), *chosen, latches), self._kept(NOW))
        for stage in context.artifact.stages:
            yield self._stay(stage.name)
            for entered_now in (False, True):
                here = self._at(stage.name, WAS, entered_now=entered_now)
                just: list[Part] = []
                if entered_now and self._in_stage(WAS) is not None:
                    just.append((("entered", stage.name), self._is(WAS, f.number(0))))
                for judged in here.movers:
                    order = destination(judged.rule)
                    if order is not None and order.op == "go":
                        moved: Part = (("rule", judged.rule.id), judged.fires)
                        parts = (*context.applies(here), *context.reached(here), *just, moved)
                        yield Link(stage.name, order.target, parts, self._kept(WAS))

    def _kept(self, at: str) -> dict[str, Linear | Formula]:
        """On the instant of entry all that is carried stays, and the time in the stage begins anew."""
        found = {name: self._variable(name, at) for name in self.carried}
        if IN_STAGE in found:
            found[IN_STAGE] = f.number(0)
        return found

    def _stay(self, stage: str) -> Link:
        """From one instant in a stage to a later one."""
        context = self.context
        was, now = context.situation(stage, WAS), context.situation(stage, NOW)
        gap = context.space.real(f"{NOW}gap", ("ago", NOW), NOW, f.ZERO)
        between = laws(context, Seen(was.symbols, gap, True), Seen(now.symbols, f.number(0), True), gap)
        parts: list[Part] = [
            *context.reached(was),
            *context.reached(now),
            *context.applies(now),
            (("passed",), f.compare(gap, ">", f.number(0))),
            (("between",), f.all_of((*between, *self._clocks(was.symbols, now.symbols, gap)))),
        ]
        if self._in_stage(WAS) is not None:
            stayed = f.compare(f.variable(f"{WAS}{IN_STAGE}"), ">", f.number(0))
            held = f.implies(stayed, rested(was, rings(context, WAS)))
            parts.append((("rested", stage), held))
            parts.append((("entered", stage), self._is(NOW, f.variable(f"{WAS}{IN_STAGE}").plus(gap))))
        return Link(stage, stage, tuple(parts), {name: self._variable(name, NOW) for name in self.carried})

    def _clocks(self, was: Symbols, now: Symbols, gap: Linear) -> Iterator[Formula]:
        """What happened before is so much longer ago, or it happened again since."""
        for name in self.carried:
            kind, _, key = name.partition(":")
            if kind == "after":
                yield f.implies(f.boolean(f"{WAS}{name}"), f.boolean(f"{NOW}{name}"))
            elif kind == "since":
                happened = f.boolean(f"{WAS}{self._happened(key)}")
                before, after = f.variable(f"{WAS}{name}"), f.variable(f"{NOW}{name}")
                older = f.all_of((happened, f.compare(after, "=", before.plus(gap))))
                again = f.compare(after, "<=", gap)
                if key.startswith("first "):
                    again = f.all_of((f.negation(happened), again))
                yield f.implies(f.boolean(f"{NOW}{self._happened(key)}"), f.any_of((older, again)))

    def _in_stage(self, at: str) -> Linear | None:
        name = f"{at}{IN_STAGE}"
        return f.variable(name) if name in self.context.space.variables else None

    def _is(self, at: str, value: Linear) -> Formula:
        return f.compare(f.variable(f"{at}{IN_STAGE}"), "=", value)
