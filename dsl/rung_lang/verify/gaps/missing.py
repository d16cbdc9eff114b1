"""R502, R503: what happens while one reading is missing and everything else is known?

A reading that nothing obtains must not keep a stage from treating (starvation). No order may step treatment
down for sure while the missing reading could call for the opposite. And orders that come unconfirmed for want
of a reading are named, once for each reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rung_engine.artifact import model as m
from rung_engine.decision.conflicts import opposed_ops
from rung_engine.decision.rules import judge
from rung_engine.frozen import frozen
from rung_lang.finding import Problem
from rung_lang.verify.ask import Question, universal
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, written
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import OrderSymbols
from rung_lang.verify.formulas.symbols import never_lapses
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import TREATS, acts, is_acting, rules_in, treatments
from rung_lang.verify.gaps.completions import completed, is_absent
from rung_lang.verify.gaps.knowledge import measured
from rung_lang.verify.gaps.patients import about_input, alike, grid_parts, known_parts, reads
from rung_lang.verify.gaps.problems_gaps import BlindStepDown, Hinges, Starved
from rung_lang.verify.places import Places
from rung_lang.verify.reach.held import led_back
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.verdict import Obligation, Refuted, Replayed, Verdict

STEPS_DOWN = frozenset({"decrease", "taper", "pause", "stop"})


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """For every stage that is reached and every input that its treating rules look at."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    hinges: dict[str, dict[tuple[str, str], None]] = {}
    for stage in context.artifact.stages:
        if not reach.classes[stage.name]:
            continue
        for kind, name in reads(context, stage.name):
            if kind == "input":
                one = Missing(context, stage.name, name)
                for verdict, problem in (_starved(one, places), _steps_down(one, places)):
                    asked.append(Obligation("R502", (f"stage:{stage.name}", name), verdict))
                    if problem is not None:
                        problems.append(problem)
                hinges.setdefault(name, {}).update(dict.fromkeys(_hinging(one)))
    problems += [
        Hinges(places.input(name), name, tuple(sorted(orders)))
        for name, orders in sorted(hinges.items())
        if orders
    ]
    return Found(tuple(asked), tuple(problems))


@frozen
class Missing:
    """One input that was never measured, in one stage; all else the stage looks at is known."""

    context: Context
    stage: str
    input: str

    @property
    def situation(self) -> Situation:
        """The patient."""
        return self.context.situation(self.stage)

    @property
    def twin(self) -> Situation:
        """The same patient, the reading there."""
        return self.context.situation(self.stage, "twin:")

    @property
    def about(self) -> tuple[str, str]:
        """Of the obligation."""
        return (f"stage:{self.stage}", self.input)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The reading is missing and nothing else is."""
        symbols = self.situation.symbols
        subjects = reads(self.context, self.stage)
        own = ("input", self.input)
        return (
            *self.context.applies(self.situation),
            *known_parts(symbols, subjects, but=own),
            *grid_parts(symbols, [one for one in subjects if one != own]),
            (
                ("unknown", self.input),
                f.all_of((self._absent(), *self.unread())),
            ),
            (("rests", self.stage), self.situation.rests),
        )

    def _absent(self) -> Formula:
        """No reading is in force; one that would not have lapsed was never taken."""
        symbols = self.situation.symbols
        absent = f.negation(symbols.input_known(self.input))
        if not never_lapses(self.context.artifact.inputs[self.input]):
            return absent
        return f.all_of((absent, symbols.never_read(self.input)))

    def unread(self) -> Iterator[Formula]:
        """It was never measured, so no order to measure it is done."""
        for order in self.situation.orders:
            if self.input in measured(self.context.artifact, order.order):
                yield f.negation(order.finished)

    def completed(self, then: Formula) -> Formula:
        """With some value of the reading, all else alike, this is so of the twin."""
        context = self.context
        parts = [part for _, part in context.applies(self.twin)]
        parts += [part for _, part in grid_parts(self.twin.symbols, [("input", self.input)])]
        same = alike(context, "", "twin:", about_input(context, self.input))
        return f.all_of((then, self.twin.symbols.input_known(self.input), *parts, same))

    def acted(self) -> Formula:
        """The twin is treated, or moved on for good."""
        given = f.any_of(order.stands for order in treatments(self.twin))
        moved = f.any_of(mover.fires for mover in self.twin.movers)
        # The same is said of both, so that what it speaks of is alike.
        led_back(self.context, self.stage)
        back = led_back(self.context, self.stage, self.twin.symbols.at)
        return f.any_of((given, f.all_of((moved, f.negation(back)))))

    def depends(self, formula: Formula) -> bool:
        """Whether the reading is known plays a part in it."""
        return f"known:{self.input}" in f.names(formula)

    def obtained(self) -> Formula:
        """A `measure` of it stands."""
        orders = self.situation.orders
        return f.any_of(
            order.stands for order in orders if self.input in measured(self.context.artifact, order.order)
        )


def is_obtained(context: Context, name: str) -> bool:
    """The chart promises it, or a person is asked."""
    decl = context.artifact.inputs[name]
    return decl.asked is not None or decl.charted_every is not None


# ---------------------------------------------------------------- R502, starvation


def _starved(one: Missing, places: Places) -> tuple[Verdict, Problem | None]:
    """Unsatisfiable iff no patient goes untreated for want of a reading that nothing obtains."""
    obtained = f.TRUE if is_obtained(one.context, one.input) else one.obtained()

    def asked(acting: Formula) -> tuple[Part, ...]:
        return (
            *one.parts,
            (("obtained", one.input), f.negation(obtained)),
            (("silent", one.stage), f.negation(acts(one.situation))),
            (("completed", one.input), f.FALSE if obtained is f.TRUE else one.completed(acting)),
        )

    parts = asked(acts(one.twin))
    if one.context.solver.possible([part for _, part in parts]):
        parts = asked(one.acted())
    confirm = _Starves(one.stage, one.input)
    verdict = universal(one.context, Question("R502", one.about, one.situation, parts, confirm))
    problem = None
    if isinstance(verdict, Refuted):
        problem = Starved(
            places.stage(one.stage),
            one.stage,
            one.input,
            confirm.rules,
            confirm.orders,
            places.input(one.input),
            verdict.witness,
        )
    return verdict, problem


@dataclass(slots=True)
class _Starves:
    """Nothing treats, nothing obtains the reading, and some value of it would bring `orders` by `rules`."""

    stage: str
    input: str
    rules: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()

    def __call__(self, replayed: Replayed) -> bool:
        content = replayed.content
        if content.phase != "active" or content.stage != self.stage or is_acting(content, self.stage):
            return False
        if not is_absent(replayed, self.input):
            return False
        if any(
            order.op == "measure" and self.input in _members(replayed, order.target)
            for order in content.orders
        ):
            return False
        found: set[str] = set()
        orders: set[str] = set()
        for _, content in completed(replayed, self.input):
            if content.outside_verified:
                continue
            if content.stage != self.stage and content.moved_by:
                found |= set(content.moved_by)
                orders.add(f"go to {content.stage}" if content.stage else f'finish "{content.outcome}"')
            for order in content.orders:
                if order.op in TREATS and order.mark != "done":
                    found |= set(order.rules)
                    orders.add(f"{order.op} {order.target}")
        self.rules, self.orders = tuple(sorted(found)), tuple(sorted(orders))
        return bool(found)


def _members(replayed: Replayed, target: str) -> tuple[str, ...]:
    return replayed.program.artifact.panels.get(target, (target,))


# ---------------------------------------------------------------- R502, stepping down blindly


def _steps_down(one: Missing, places: Places) -> tuple[Verdict, Problem | None]:
    """Unsatisfiable iff no order steps treatment down for sure where the reading could call for more."""
    pairs: list[Formula] = []
    for order in treatments(one.situation):
        if order.order.op not in STEPS_DOWN or order.carried:
            continue
        opposed = f.any_of(
            f.all_of((f.negation(opposing), one.twin.rules[rule_id].fires, twin))
            for rule_id, opposing, twin in _against(one, order)
        )
        pairs.append(f.all_of((order.stands, order.sure, opposed)))
    calls = f.any_of(pairs)
    parts: tuple[Part, ...] = (
        *one.parts,
        (("opposed", one.input), f.FALSE if calls is f.FALSE else one.completed(calls)),
    )
    confirm = _StepsDown(one.stage, one.input)
    verdict = universal(one.context, Question("R502", one.about, one.situation, parts, confirm))
    problem = None
    if isinstance(verdict, Refuted):
        rule, order_words, other, against = confirm.found
        problem = BlindStepDown(
            places.rule(rule),
            one.input,
            rule,
            order_words,
            other,
            places.rule(other),
            against,
            verdict.witness,
        )
    return verdict, problem


def _against(one: Missing, order: OrderSymbols) -> Iterator[tuple[str, Formula, Formula]]:
    """Rules that would oppose an order or override its rule: the rule, that it does already, that its order
    stands with the reading there.
    """
    own = one.situation.rules[order.place.rule].rule
    for rule_id, judged in one.situation.rules.items():
        if rule_id == own.id or rule_id in own.overrides:
            continue
        if own.id in judged.rule.overrides:
            yield rule_id, judged.fires, f.TRUE
        twins = {twin.place: twin for twin in one.twin.orders}
        for other in one.situation.orders:
            opposes = (
                other.order.op in opposed_ops(order.order.op) and other.order.target == order.order.target
            )
            if other.place.rule == rule_id and opposes and not other.carried:
                yield rule_id, other.stands, twins[other.place].stands


@dataclass(slots=True)
class _StepsDown:
    """A step down stands confirmed; with some value of the reading another rule calls for the opposite.
    `found`: rule and order, and the other rule with its order.
    """

    stage: str
    input: str
    found: tuple[str, str, str, str] = ("", "", "", "")

    def __call__(self, replayed: Replayed) -> bool:
        content = replayed.content
        if content.phase != "active" or content.stage != self.stage:
            return False
        if not is_absent(replayed, self.input):
            return False
        down = [
            (order, rule)
            for order in content.orders
            if order.op in STEPS_DOWN and order.confirmed and order.mark != "done" and not order.carried
            for rule in order.rules
        ]
        rules = {rule.id: rule for rule in rules_in(replayed.program, self.stage)}
        now = judge(replayed.view, tuple(rules.values()))
        for view, content in completed(replayed, self.input) if down else ():
            if content.outside_verified:
                continue
            view.place(replayed.view.stage, replayed.view.entered, replayed.view.began)
            then = judge(view, tuple(rules.values()))
            for order, rule in down:
                for other in then.values():
                    if other.state != "fires" or now[other.rule.id].state == "fires" or other.rule.id == rule:
                        continue
                    if other.rule.id in rules[rule].overrides:
                        continue
                    against = _opposing(other.rule, rules[rule], order.op, order.target)
                    if against is not None:
                        self.found = (rule, f"{order.op} {order.target}", other.rule.id, against)
                        return True
        return False


def _opposing(other: m.Rule, rule: m.Rule, op: str, target: str) -> str | None:
    """What the other rule orders instead."""
    for order in written(other):
        if order.target == target and order.op in opposed_ops(op):
            return f"{order.op} {order.target}"
    if rule.id in other.overrides:
        first = written(other)[0]
        return f"{first.op} {first.target}"
    return None


# ---------------------------------------------------------------- R503


def _hinging(one: Missing) -> Iterator[tuple[str, str]]:
    """Orders that come unconfirmed for want of this reading alone: the rule, and the order in short."""
    name = f"known:{one.input}"
    given = [part for _, part in (*one.parts, *one.context.reached(one.situation))]
    for order in treatments(one.situation):
        if order.carried or not one.depends(order.sure):
            continue
        there = f.substitute(order.sure, {name: True})
        doubtful = f.all_of((order.stands, f.negation(order.sure), there))
        if not one.context.solver.impossible([*given, doubtful]):
            yield order.place.rule, f"{order.order.op} {order.order.target}"
