"""R502, R504: would every value of a missing reading give the same order?

`x < 5 or x >= 5` is unknown while x is: three-valued logic does not try the values. Where all of them agree,
an order that waits for the reading waits for nothing. If nothing else is done meanwhile, the patient gets
less than any patient whose reading is there: an error (R504). Else it is said once (R502).

The question has two layers, some patient and every value, and is settled by turns: a patient for whom the
values tried so far agree, then a value that disagrees for that patient, until there is none of one or other.
The dosing weight is left out: with it rates change, and so the patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import ceil, floor
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_engine.frozen import frozen
from rung_engine.reference.evaluate import subjects
from rung_lang.finding import Problem
from rung_lang.lower.terms import canonical
from rung_lang.verify.ask import Question, universal
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.orders import OrderSymbols
from rung_lang.verify.formulas.rules import RuleSymbols
from rung_lang.verify.found import Found
from rung_lang.verify.gaps.acting import acts, is_acting, treatments
from rung_lang.verify.gaps.completions import is_absent, supposed
from rung_lang.verify.gaps.missing import Missing
from rung_lang.verify.gaps.patients import about_input, alike, grid_of, grid_parts, reads
from rung_lang.verify.gaps.problems_gaps import LosesOrder, SameAnyway
from rung_lang.verify.places import Places
from rung_lang.verify.reach.held import led_back, stays
from rung_lang.verify.reach.reach import Reach, leading_apart
from rung_lang.verify.rules.clashes import given_up
from rung_lang.verify.solving.solve import Sat, Unsat
from rung_lang.verify.verdict import Obligation, Proved, Refuted, Replayed, Undecided, Verdict

MOST_TURNS = 24
"""Values tried for one order before the question is given up."""


def obligations(context: Context, places: Places, reach: Reach) -> Found:
    """For every stage that is reached and every input its treating rules look at."""
    asked: list[Obligation] = []
    problems: list[Problem] = []
    for stage in context.artifact.stages:
        if not reach.classes[stage.name]:
            continue
        for kind, name in reads(context, stage.name):
            if kind == "input" and name != context.program.weight_input:
                missing = Missing(context, stage.name, name)
                for verdict, problem in _questions(missing, places):
                    asked.append(Obligation("R504", missing.about, verdict))
                    if problem is not None:
                        problems.append(problem)
    return Found(tuple(asked), tuple(problems))


@frozen
class Same:
    """One order, or one way to move, by whichever rules. `order` None: the move to `target`."""

    op: str
    target: str
    order: m.Order | None
    rules: tuple[str, ...]

    def given(self, context: Context, situation: Situation) -> Formula:
        """It is given for sure, by a rule that moves the session or where that stays; nothing undoes it."""
        moving = {mover.rule.id for mover in situation.movers}
        disputed = {id(situation.orders[place]): found for place, found in given_up(situation).items()}
        found: list[Formula] = []
        for one in self._of(situation):
            if isinstance(one, RuleSymbols):
                apart = (other.fires for other in leading_apart(situation, one))
                back = led_back(context, situation.stage or "", situation.symbols.at)
                found.append(f.all_of((one.fires, f.negation(f.any_of((*apart, back))))))
            else:
                here = f.TRUE if one.place.rule in moving else stays(context, situation)
                undone = f.any_of(disputed.get(id(one), ()))
                found.append(f.all_of((one.stands, one.sure, here, f.negation(undone))))
        return f.any_of(found)

    def _of(self, situation: Situation) -> Iterator[RuleSymbols | OrderSymbols]:
        if self.order is None:
            yield from (situation.rules[rule] for rule in self.rules)
            return
        for one in treatments(situation):
            if one.order == self.order and not one.label and not one.carried:
                yield one

    def stands(self, content: Content) -> bool:
        """In a decision of the engine."""
        if self.order is None:
            return bool(set(self.rules) & set(content.moved_by))
        return any(
            order.op == self.op and order.target == self.target and order.confirmed and not order.choice
            and order.mark != "done" and bool(set(self.rules) & set(order.rules))
            for order in content.orders
        )  # fmt: skip


def _hanging(missing: Missing) -> Iterator[Same]:
    """The orders and moves of rules that look at the input. An arm of a free choice is not the same order."""
    orders: dict[str, list[OrderSymbols]] = {}
    for one in treatments(missing.situation):
        if not one.label and not one.carried:
            orders.setdefault(canonical(one.order), []).append(one)
    for _, group in sorted(orders.items()):
        rules = tuple(sorted({one.place.rule for one in group}))
        if any(_looks(missing, missing.situation.rules[rule].rule) for rule in rules):
            yield Same(group[0].order.op, group[0].order.target, group[0].order, rules)
    moves: dict[tuple[str, str], list[str]] = {}
    for mover in missing.situation.movers:
        for choice in mover.rule.orders:
            if isinstance(choice, m.One) and choice.order.op in ("go", "finish"):
                moves.setdefault((choice.order.op, choice.order.target), []).append(mover.rule.id)
    for (op, target), ids in sorted(moves.items()):
        if any(_looks(missing, missing.situation.rules[rule].rule) for rule in ids):
            yield Same(op, target, None, tuple(ids))


def _may_agree(missing: Missing, same: Same) -> bool:
    """Not excluded by a few values at the ends: most orders are, without a question to the solver."""
    given = same.given(missing.context, missing.twin)
    there = _there(missing)
    varied = _varied(missing, given, there)
    claims = [one for one in there if not any(name in varied for name in f.names(one))]
    claims += [_brings(missing, given, there, varied, value) for value in _ends(missing)]
    return not missing.context.solver.impossible(claims)


def _varied(missing: Missing, given: Formula, there: list[Formula]) -> list[str]:
    """What of all this hangs on the reading."""
    spoken = missing.context.space.spoken([given, *there])
    return [name for name in sorted(spoken) if _varies(missing, name)]


def _brings(
    missing: Missing, given: Formula, there: list[Formula], varied: list[str], value: Mapping[str, Value]
) -> Formula:
    """With this value of the reading the order is given, whatever else goes with the value."""
    facts = [fact for name in varied for fact in missing.context.space.facts[name]]
    return f.implies(f.substitute(f.all_of((*facts, *there)), value), f.substitute(given, value))


def _there(missing: Missing) -> list[Formula]:
    """The twin has the reading, on its grid, and the protocol applies. What is assumed of patients is left
    aside: that SBP is low says that MAP is, and still MAP is to be measured.
    """
    symbols, artifact = missing.twin.symbols, missing.context.artifact
    found = [symbols.input_known(missing.input)]
    if artifact.applies is not None:
        found.append(symbols.truth(artifact.applies).yes)
    return found + [part for _, part in grid_parts(symbols, [("input", missing.input)])]


def _ends(missing: Missing) -> Iterator[dict[str, Value]]:
    """Values of the reading, by variable: the ends of what is plausible, or each there is."""
    context, name = missing.context, missing.input
    decl = context.artifact.inputs[name]
    at = "" if decl.fixed else missing.twin.symbols.at
    known: dict[str, Value] = {f"{missing.twin.symbols.at}known:{name}": True}
    match decl.kind:
        case "quantity":
            grid = grid_of(context.program, name)
            for end, inwards in zip(context.program.plausible.get(name, ()), (ceil, floor), strict=False):
                if grid is None:
                    yield {**known, f"{at}in:{name}": end}
                else:
                    start, size = grid
                    steps = Fraction(inwards((end - start) / size))
                    yield {**known, f"{at}in:{name}": start + size * steps, f"{at}steps:{name}": steps}
        case "graded":
            for rank in range(len(decl.values)):
                yield {**known, f"{at}in:{name}": Fraction(rank)}
        case "flag":
            for yes in (True, False):
                yield {**known, f"{at}in:{name}=yes": yes}
        case "one_of" | "any_of":
            for held in decl.values:
                yield {**known, **{f"{at}in:{name}={value}": value == held for value in decl.values}}
        case _:
            assert_never(decl.kind)


def _looks(missing: Missing, rule: m.Rule) -> bool:
    terms = [term for term in (rule.condition, rule.unless) if term is not None]
    return any(("input", missing.input) in subjects(missing.context.program, term) for term in terms)


# ---------------------------------------------------------------- one reading, every order


def _questions(missing: Missing, places: Places) -> Iterator[tuple[Verdict, Problem | None]]:
    """R504, unsatisfiable iff nobody is left without any treatment that every value of the reading would
    bring. What agrees while something else is done is only named.
    """
    alone: Part = (("silent", missing.stage), f.negation(acts(missing.situation)))
    linear = True
    named: Problem | None = None
    for one in _hanging(missing):
        if not _may_agree(missing, one):
            continue
        found = _agreed(missing, one, ())
        if isinstance(found, Agreed):
            named = named or _waits(missing, places, one, found)
            found = _agreed(missing, one, (alone,))
        match found:
            case Unsettled():
                yield Undecided("the values of the reading were too many to try"), None
                return
            case Agreed():
                yield _loses(missing, places, one, (alone, (("values", missing.input), found.patient)))
                return
            case Never():
                linear = linear and found.linear
            case _:
                assert_never(found)
    yield Proved("instant", "checked" if linear else "solver"), named


def _loses(
    missing: Missing, places: Places, one: Same, more: tuple[Part, ...]
) -> tuple[Verdict, Problem | None]:
    confirm = _Loses(missing.stage, missing.input, one)
    question = Question("R504", missing.about, missing.situation, (*missing.parts, *more), confirm)
    verdict = universal(missing.context, question)
    if not isinstance(verdict, Refuted):
        return verdict, None
    order = f"{one.op} {one.target}"
    return verdict, LosesOrder(
        places.rule(one.rules[0]), missing.stage, missing.input, order, one.rules, verdict.witness
    )


def _waits(missing: Missing, places: Places, one: Same, agreed: Agreed) -> Problem | None:
    """Said where a history shows it."""
    confirm = _Loses(missing.stage, missing.input, one, alone=False)
    parts = (*missing.parts, (("values", missing.input), agreed.patient))
    question = Question("R502", missing.about, missing.situation, parts, confirm)
    if not isinstance(universal(missing.context, question), Refuted):
        return None
    return SameAnyway(places.rule(one.rules[0]), missing.stage, missing.input, f"{one.op} {one.target}")


@frozen
class _Loses:
    """The reading is missing and the order does not stand; with every value of it the order would. `alone`:
    and nothing else treats.
    """

    stage: str
    input: str
    same: Same
    alone: bool = True

    def __call__(self, replayed: Replayed) -> bool:
        content = replayed.content
        if content.phase != "active" or content.stage != self.stage or self.same.stands(content):
            return False
        if self.alone and is_acting(content, self.stage):
            return False
        if not is_absent(replayed, self.input):
            return False
        return all(self.same.stands(content) for _, content in supposed(replayed, self.input))


# ---------------------------------------------------------------- some patient, every value


@frozen
class Agreed:
    """For this patient every value gives the order. `patient`: all that the order hangs on but the reading,
    in the twin and so in the patient.
    """

    patient: Formula


@frozen
class Never:
    """For every patient some value does not."""

    linear: bool


@frozen
class Unsettled:
    """Too many turns, or the solver gave up."""


def _agreed(missing: Missing, same: Same, more: tuple[Part, ...]) -> Agreed | Never | Unsettled:
    """A patient without the reading, not given the order, who would be given it with every value."""
    context, solver = missing.context, missing.context.solver
    given = same.given(missing.context, missing.twin)
    link = alike(context, "", "twin:", about_input(context, missing.input))
    parts = [part for _, part in (*missing.parts, *context.reached(missing.situation), *more)]
    parts += [f.negation(same.given(missing.context, missing.situation)), link]
    there = _there(missing)
    varied = _varied(missing, given, there)
    # A value at an end disagrees whatever the settings are; one beside a threshold only where that is now.
    far = [_is(name, one[name]) for one in _ends(missing) for name in sorted(one) if name in varied]
    chosen = [*_plainly(context, context.space.spoken([given, *there]))]
    claims = [_brings(missing, given, there, varied, value) for value in _ends(missing)]
    for _ in range(MOST_TURNS):
        patient = solver.ask([*parts, *claims], [given, *there])
        if isinstance(patient, Sat) and chosen:
            _, plain = solver.most([*parts, *claims], chosen)
            patient = solver.ask([*parts, *claims, *plain], [given, *there])
        if isinstance(patient, Unsat):
            return Never(patient.linear)
        if not isinstance(patient, Sat):
            return Unsettled()
        fixed = _fixed(patient.values, context.space.stated([given, *there]), frozenset(varied))
        value = solver.best([*there, fixed, f.negation(given)], far)
        if isinstance(value, Unsat):
            return Agreed(f.all_of((fixed, link)))
        if not isinstance(value, Sat):
            return Unsettled()
        tried = {name: value.values[name] for name in varied}
        claims.append(_brings(missing, given, there, varied, tried))
    return Unsettled()


def _plainly(context: Context, names: Iterable[str]) -> Iterator[Formula]:
    """Settings at what is declared, or at an end of their range: values that a site may write."""
    for name in sorted(names):
        about = context.space.variables[name].about
        decl = context.artifact.settings.get(about[1]) if about[0] == "setting" else None
        for written in (decl.value, decl.lo, decl.hi) if decl is not None else ():
            if isinstance(written, m.Number) and context.space.variables[name].sort == "real":
                yield f.compare(f.variable(name), "=", f.number(context.program.number(written).value))


def _varies(missing: Missing, name: str) -> bool:
    """The variable is the twin's, and about the reading."""
    variable = missing.context.space.variables[name]
    if variable.at == "":
        decl = missing.context.artifact.inputs[missing.input]
        return decl.fixed and variable.about[:2] in (("input", missing.input), ("value", missing.input))
    return about_input(missing.context, missing.input)(variable)


def _fixed(values: Mapping[str, Value], of: list[Formula], varied: frozenset[str]) -> Formula:
    """The reading aside, every condition of the formulas is as it is; what the reading is compared with is
    worth what it is worth.
    """
    found: list[Formula] = []
    for atom in f.atoms(f.all_of(of)):
        names = set(f.names_of(atom))
        if names.isdisjoint(varied):
            found.append(atom if f.holds(atom, values) else f.negation(atom))
        elif not names <= varied:
            found += [_is(name, values[name]) for name in sorted(names - varied) if name in values]
    return f.all_of(found)


def _is(name: str, value: Value) -> Formula:
    if isinstance(value, bool):
        return f.boolean(name) if value else f.negation(f.boolean(name))
    return f.compare(f.variable(name), "=", f.number(value))
