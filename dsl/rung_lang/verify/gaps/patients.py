"""What is known of the patient a question is about, and two patients alike but for one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from math import floor

from rung_engine.artifact import model as m
from rung_engine.decision.model import Subject as Unread
from rung_engine.decision.needs import candidates
from rung_engine.program import Program
from rung_engine.reference.evaluate import subjects
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, written
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import surpasses
from rung_lang.verify.formulas.space import Variable
from rung_lang.verify.formulas.subjects import of_variables
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.gaps.acting import rules_in, treats

BEGINS = frozenset({"start", "add", "set", "give"})
"""The orders that prerequisites, availability and other drugs may forbid."""

Subject = tuple[str, str]
"""`input` or `drug`, and its name."""


def reads(context: Context, stage: str | None, also: Iterable[int] = ()) -> tuple[Subject, ...]:
    """What the rules of a stage that treat look at, their drugs, and what may forbid those; sorted."""
    program = context.program
    found = {subject for term in also for subject in subjects(program, term)}
    for rule in rules_in(program, stage):
        if treats(rule):
            found |= rule_reads(context, rule)
    return tuple(sorted(found))


def rule_reads(context: Context, rule: m.Rule) -> set[Subject]:
    """What a rule and its orders look at."""
    program, artifact = context.program, context.artifact
    terms = [rule.condition, rule.unless]
    terms += [one for choice in rule.orders if isinstance(choice, m.Prefer) for one in choice.conditions]
    found: set[Subject] = set()
    for order in written(rule):
        drug = artifact.drugs.get(order.target)
        if drug is None:
            continue
        found.add(("drug", order.target))
        found |= {("drug", need) for need in drug.needs}
        terms += [one.condition for one in artifact.restricts if one.drug == order.target]
        if order.op in BEGINS:
            terms.append(drug.available_if)
            terms += [
                one.condition for one in artifact.befores if one.drug == order.target and not one.prefer
            ]
            pairs = [pair.drugs for pair in artifact.incompatible if order.target in pair.drugs]
            found |= {("drug", one) for pair in pairs for one in pair}
    found |= {subject for term in terms if term is not None for subject in subjects(program, term)}
    return found


def is_known(symbols: Symbols, subject: Subject) -> Formula:
    """A reading in force; a drug off, or running at a rate known in the unit in which it is held."""
    kind, name = subject
    if kind == "input":
        return symbols.input_known(name)
    drug = symbols.drug(name)
    decl = symbols.program.artifact.drugs[name]
    if decl.form == "bolus":
        return f.any_of((drug.off, drug.on))
    return f.any_of(
        (drug.off, f.all_of((drug.rated, symbols.rate(name, symbols.program.units[decl.unit].dims).known)))
    )


def known_parts(symbols: Symbols, of: Iterable[Subject], *, but: Subject | None = None) -> Iterator[Part]:
    """All of them are known, the weight too."""
    weight = symbols.program.weight_input
    more = () if weight is None else (("input", weight),)
    for subject in dict.fromkeys((*of, *more)):
        if subject != but:
            yield ("known", subject[1]), is_known(symbols, subject)


def grid_parts(symbols: Symbols, of: Iterable[Subject]) -> Iterator[Part]:
    """Readings lie on the grid in which they are charted: a whole number of steps from zero."""
    for kind, name in of:
        grid = grid_of(symbols.program, name) if kind == "input" else None
        if grid is not None:
            start, size = grid
            at = "" if symbols.program.artifact.inputs[name].fixed else symbols.at
            number = symbols.space.whole(f"{at}steps:{name}", ("steps", name), at)
            charted = number.times(size).plus(f.number(start))
            yield ("grid", name), f.compare(symbols.input_value(name), "=", charted)


def grid_of(program: Program, name: str) -> tuple[Fraction, Fraction] | None:
    """Where the grid of an input starts and how wide a step is, in coherent units."""
    decl = program.artifact.inputs[name]
    if decl.step is None or decl.unit is None:
        return None
    size = program.units[decl.step.unit].factor * decl.step.millionths / 1_000_000
    return program.units[decl.unit].offset, size


def values_to_try(program: Program, name: str) -> tuple[object, ...]:
    """Values of an input at which a decision may change, and between them: those that can be charted."""
    found = candidates(program, Unread("input", name, ""))
    if program.artifact.inputs[name].cumulative:
        found = tuple(value for value in found if not isinstance(value, Fraction) or value >= 0)
    grid = grid_of(program, name)
    if grid is None:
        return found
    start, size = grid
    lo, hi = program.plausible.get(name, (None, None))
    numbers = [value for value in found if isinstance(value, Fraction)]
    steps = {floor((value - start) / size) + more for value in numbers for more in (0, 1)}
    charted = [start + size * one for one in sorted(steps)]
    return tuple(value for value in charted if (lo is None or value >= lo) and (hi is None or value <= hi))


def counted_parts(situation: Situation) -> Iterator[Part]:
    """A count of a drug is not charted below what was given of it: an order for a total that was given in
    full has brought the count there too.
    """
    symbols = situation.symbols
    program = symbols.program
    for order in situation.orders:
        written_order = order.order
        if written_order.total is None or written_order.once != "no":
            continue
        total, dims = symbols.amount(written_order.total)
        for name, decl in sorted(program.artifact.inputs.items()):
            if decl.counts != written_order.target or decl.unit is None or not decl.cumulative:
                continue
            short = surpasses(symbols, total, dims, symbols.input_value(name), program.units[decl.unit].dims)
            counted = f.negation(f.all_of((order.finished, symbols.input_known(name), short.yes)))
            yield ("counts", name), counted


def patient_of(context: Context, situation: Situation, also: Iterable[int] = ()) -> tuple[Part, ...]:
    """The protocol applies; all that the stage looks at is known and charted on its grid."""
    looked_at = reads(context, situation.stage, also)
    symbols = situation.symbols
    return (
        *context.applies(situation),
        *known_parts(symbols, looked_at),
        *grid_parts(symbols, looked_at),
        *counted_parts(situation),
    )


# ---------------------------------------------------------------- two patients


def alike(context: Context, one: str, other: str, but: Callable[[Variable], bool]) -> Formula:
    """Two instants, told apart by `at`, agree in every variable met so far, those of `but` left out."""
    variables = context.space.variables
    found: list[Formula] = []
    for name, variable in sorted(variables.items()):
        if variable.at != one or but(variable):
            continue
        twin = other + name.removeprefix(one)
        if twin not in variables:
            continue
        if variable.sort == "bool":
            a, b = f.boolean(name), f.boolean(twin)
            found += [f.implies(a, b), f.implies(b, a)]
        else:
            found.append(f.compare(f.variable(name), "=", f.variable(twin)))
    return f.all_of(found)


def about_input(context: Context, name: str) -> Callable[[Variable], bool]:
    """The variables that hang on an input: its value, whether it is known, its past, events that it makes."""
    program, space = context.program, context.space

    def speaks(variable: Variable) -> bool:
        if variable.about[0] in ("met", "carried"):
            return False  # what was ordered and done does not change with a reading taken now
        if variable.about[0] in ("steps", "known", "never", "input", "value"):
            return variable.about[1] == name
        return ("input", name) in of_variables(program, space, (variable.name,))

    return speaks
