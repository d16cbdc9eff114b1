"""R501: is an input read often enough to be known when a rule needs it?

How often it is read is what `charted every` promises, or a `measure` that stands whenever the rule may need
the reading: wherever no other condition of the rule is false, all else being known. A reading taken again
before the last one runs out, or exactly then, leaves no gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.evaluate import subjects
from rung_lang.finding import Problem
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import conjuncts, rules_in
from rung_lang.verify.gaps.patients import is_known, rule_reads
from rung_lang.verify.gaps.problems_gaps import NeverFresh, NoCadence, OftenStale, Role
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.solving.solve import Unsat
from rung_lang.verify.verdict import Obligation, Proved, Refuted, Verdict

Cadence = tuple[int, Formula]
"""Read every so many milliseconds, wherever the formula is true."""


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """One question for every rule and every reading in it that runs out. Inputs that nothing is sure to read
    are named once each; those a person is asked for, or that are measured when missing, are not.
    """
    asked: list[Obligation] = []
    problems: list[Problem] = []
    unread: dict[str, list[str]] = {}
    for rule in context.artifact.rules:
        if rule.stage is not None and not reach.classes[rule.stage]:
            continue
        for name, uses in _uses_by_input(context, rule).items():
            decl = context.artifact.inputs[name]
            if decl.valid_for is None or decl.fixed:
                continue
            need = _Need(context, rule, name, decl.valid_for, tuple(uses))
            cadence, linear = need.cadence()
            if cadence is None:
                if decl.asked is None and not need.is_obtained():
                    unread.setdefault(name, []).append(rule.id)
                continue
            problem = need.problem(places, cadence)
            verdict: Verdict = Proved("instant", "checked" if linear else "solver")
            if problem is not None:
                problems.append(problem)
                verdict = Refuted(None, (("rule", rule.id), ("known", name)), "text", "checked")
            asked.append(Obligation("R501", (rule.id, name), verdict))
    whole = {
        name: roles for name, roles in _roles(context).items() if name in unread or _is_unread(context, name)
    }
    for name in sorted({*unread, *whole}):
        valid = context.artifact.inputs[name].valid_for
        rules, roles = tuple(unread.get(name, ())), whole.get(name, ())
        problems.append(
            NoCadence(places.input(name), name, rules, roles, valid or 0, _is_measured(context, name))
        )
    return Found(tuple(asked), tuple(problems))


def _roles(context: Context) -> dict[str, tuple[Role, ...]]:
    """The inputs that the whole session hangs on."""
    artifact = context.artifact
    found: dict[str, dict[Role, None]] = {}
    conditions: list[tuple[Role, int]] = [("assume", term) for term in artifact.assumptions]
    if artifact.applies is not None:
        conditions.insert(0, ("applies", artifact.applies))
    for role, term in conditions:
        for name, _ in _uses(context.program, term, Use(None)):
            found.setdefault(name, {})[role] = None
    return {name: tuple(roles) for name, roles in found.items()}


def _is_unread(context: Context, name: str) -> bool:
    """Its readings run out, and nobody is said to take one."""
    decl = context.artifact.inputs[name]
    if decl.valid_for is None or decl.fixed or decl.charted_every is not None or decl.asked is not None:
        return False
    return not _is_measured(context, name)


def _is_measured(context: Context, name: str) -> bool:
    return any(name in measured(context.artifact, order) for order in context.program.orders)


# ---------------------------------------------------------------- how a rule uses a reading


@frozen
class Use:
    """`form`: the term that looks at the reading over a time (None: only now). `pair`: it needs two readings
    within `length` ms. `gaps`: an unknown stretch that it bridges.
    """

    form: int | None
    length: int = 0
    gaps: int = 0
    pair: bool = False


def _uses_by_input(context: Context, rule: m.Rule) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = {}
    for index in (rule.condition, rule.unless):
        if index is not None:
            for name, use in _uses(context.program, index, Use(None)):
                uses = found.setdefault(name, [])
                if use not in uses:
                    uses.append(use)
    return dict(sorted(found.items()))


def _uses(program: Program, index: int, use: Use) -> Iterator[tuple[str, Use]]:
    """Every look at an input, the innermost form around it. To ask whether a reading is known is no look."""
    term = program.artifact.terms[index]
    match term:
        case m.Cmp() | m.Arith():
            yield from _uses(program, term.left, use)
            yield from _uses(program, term.right, use)
        case m.Not() | m.Recent() | m.Ever():
            yield from _uses(program, term.of, use)
        case m.Held():
            gaps = 0 if term.gaps is None else most(program, term.gaps)
            yield from _uses(program, term.of, Use(index, most(program, term.length), gaps))
        case m.And() | m.Or() | m.Count():
            for part in term.of:
                yield from _uses(program, part, use)
        case m.Flag() | m.Is() | m.Readings():
            yield term.input, use
            if isinstance(term, m.Readings) and term.drawn is not None:
                yield from _uses(program, term.drawn, use)
        case m.Input():
            yield term.name, use
        case m.Change() | m.Extreme():
            if isinstance(term.span, m.Over):
                yield term.input, Use(index, most(program, term.span.over), pair=True)
            else:
                yield term.input, use
        case _:
            pass


def most(program: Program, amount: m.Amount) -> int:
    """A duration in milliseconds; of a setting the longest that a site may choose."""
    if isinstance(amount, m.FromSetting):
        hi = program.artifact.settings[amount.setting].hi
        amount = hi if hi is not None else amount
    return program.millis(amount)


# ---------------------------------------------------------------- how often it is read


@frozen
class _Need:
    """A rule needs an input; a reading of it holds for `valid` ms."""

    context: Context
    rule: m.Rule
    input: str
    valid: int
    uses: tuple[Use, ...]

    def cadence(self) -> tuple[int | None, bool]:
        """The shortest cadence that is kept wherever the rule may need the reading; 0 where it never may.
        Whether that rests on linear questions alone.
        """
        context = self.context
        situation = context.situation(self.rule.stage)
        given = [part for _, part in (*context.applies(situation), *context.reached(situation))]
        given += self._need(situation)
        linear = True
        read: list[Formula] = []
        for cadence, where in (
            (0, f.FALSE),
            *sorted(cadences(context, situation, self.input), key=lambda one: one[0]),
        ):
            read.append(where)
            if where is f.TRUE:
                return cadence, linear
            answer = context.solver.ask([*given, f.negation(f.any_of(read))])
            if isinstance(answer, Unsat):
                return cadence, linear and answer.linear
        return None, linear

    def is_obtained(self) -> bool:
        """Wherever the rule may need the reading and it is missing, a `measure` of it stands."""
        context = self.context
        situation = context.situation(self.rule.stage)
        missing = f.negation(situation.symbols.input_known(self.input))
        orders = [one for one in situation.orders if self.input in measured(context.artifact, one.order)]
        given = [part for _, part in (*context.applies(situation), *context.reached(situation))]
        given += [*self._need(situation), missing, *(f.negation(one.finished) for one in orders)]
        return context.solver.impossible([*given, *(f.negation(one.stands) for one in orders)])

    def _need(self, situation: Situation) -> list[Formula]:
        """No other condition of the rule is false, and what it and those who measure look at is known."""
        context, symbols = self.context, situation.symbols
        own = ("input", self.input)
        parts = [
            symbols.truth(part).may
            for part in conjuncts(context.artifact, self.rule.condition)
            if own not in subjects(context.program, part)
        ]
        known = rule_reads(context, self.rule)
        for rule in rules_in(context.program, self.rule.stage):
            if any(self.input in measured(context.artifact, order) for order in _orders(rule)):
                known |= rule_reads(context, rule)
        parts += [is_known(symbols, subject) for subject in sorted(known - {own})]
        return parts

    def problem(self, places: Places, cadence: int) -> Problem | None:
        """What goes wrong where the input is read this often."""
        span, declared = places.condition(self.rule.id), places.input(self.input)
        words = self.context.artifact.provenance.words
        for use in self.uses:
            if use.form is None:
                continue
            apart = cadence > use.length if use.pair else False
            broken = cadence > self.valid and use.length > self.valid and cadence - self.valid > use.gaps
            if apart or (broken and not use.pair):
                form = words.get(str(use.form), "")
                return NeverFresh(
                    span, self.input, self.rule.id, form, use.pair, cadence, self.valid, use.length, declared
                )
        if cadence > self.valid:
            return OftenStale(span, self.input, self.rule.id, cadence, self.valid, declared)
        return None


def _orders(rule: m.Rule) -> Iterable[m.Order]:
    for choice in rule.orders:
        yield from (choice.order,) if isinstance(choice, m.One) else choice.orders


def measured(artifact: m.Artifact, order: m.Order) -> tuple[str, ...]:
    """The inputs that an order obtains."""
    return artifact.panels.get(order.target, (order.target,)) if order.op == "measure" else ()


def cadences(context: Context, situation: Situation, name: str) -> Iterator[Cadence]:
    """How often an input is read, and where: as declared, and as measured."""
    declared = context.artifact.inputs[name].charted_every
    if declared is not None:
        yield declared, f.TRUE
    for order in situation.orders:
        if name in measured(context.artifact, order.order):
            if order.order.continuously:
                yield 0, order.stands
            elif order.order.every is not None:
                yield most(context.program, order.order.every.hi), order.stands
