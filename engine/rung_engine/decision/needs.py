"""The fewest readings that would settle a condition. LANGUAGE section 10, "Fewest readings".

The smallest set of unknown inputs and drugs for which some values, read now, make the condition true or
false. Values tried are those at which some comparison of the protocol changes, and between and beyond them.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import combinations, pairwise, product

from rung_engine.artifact import model as m
from rung_engine.decision.model import Pending, Subject
from rung_engine.decision.view import View
from rung_engine.program import Amount, Program

LARGEST_SET = 3
"""Beyond three readings the list is no longer advice; then all that is unknown is listed."""
MOST_TRIALS = 600


def pending(view: View, rule: str, term: int) -> Pending:
    """What a person can do about an unknown condition."""
    unknown = _unknown_subjects(view, term)
    trials = 0
    for size in range(1, min(LARGEST_SET, len(unknown)) + 1):
        for chosen in combinations(unknown, size):
            options = [candidates(view.program, subject) for subject in chosen]
            keys = [(subject.kind, subject.name) for subject in chosen]
            for values in product(*options):
                trials += 1
                if trials > MOST_TRIALS:
                    return Pending(rule, unknown)
                if view.suppose(dict(zip(keys, values, strict=True)), term) is not None:
                    return Pending(rule, chosen)
    return Pending(rule, (), view.knowable_at(term))


def _unknown_subjects(view: View, term: int) -> tuple[Subject, ...]:
    found = []
    for kind, name in sorted(view.subjects(term)):
        if kind == "input":
            why = view.input(name).why
            if why:
                found.append(Subject("input", name, why))
        else:
            state = view.drug(name)
            if state.running is None:
                found.append(Subject("drug", name, state.why))
            elif (
                state.running and state.rate is None and view.program.artifact.drugs[name].form == "infusion"
            ):
                found.append(Subject("drug", name, "rate"))
    return tuple(found)


def candidates(program: Program, subject: Subject) -> tuple[object, ...]:
    """Values of an input or a drug, as `View.suppose` takes them: where comparisons change, between and
    beyond.
    """
    table = _table(program)
    return table[subject.kind, subject.name]


@lru_cache(maxsize=4096)
def parts_of(program: Program, term: int) -> tuple[int, ...]:
    """The conditions that a condition is made of, itself the last."""
    found: set[int] = set()
    stack = [term]
    while stack:
        index = stack.pop()
        if index not in found:
            found.add(index)
            match program.artifact.terms[index]:
                case m.Not() | m.Held() | m.Recent() | m.Ever() as node:
                    stack.append(node.of)
                case m.And() | m.Or() | m.Count() as many:
                    stack.extend(many.of)
                case m.Readings() as run if run.drawn is not None:
                    stack.append(run.drawn)
                case _:
                    pass
    return tuple(sorted(found))


@lru_cache(maxsize=16)
def _table(program: Program) -> dict[tuple[str, str], tuple[object, ...]]:
    thresholds: dict[tuple[str, str], set[Fraction]] = {}
    terms = program.artifact.terms

    def constant(index: int) -> Fraction | None:
        term = terms[index]
        if isinstance(term, m.Quantity):
            return program.number(term).value
        if isinstance(term, m.Setting):
            value = program.settings[term.name]
            return value if isinstance(value, Fraction) else None
        return None

    for term in terms:
        pairs: list[tuple[m.Truth | m.Numeric, Fraction | None]] = []
        if isinstance(term, m.Cmp):
            pairs = [(terms[term.left], constant(term.right)), (terms[term.right], constant(term.left))]
        elif isinstance(term, m.Readings):
            thresholds.setdefault(("input", term.input), set()).add(constant(term.right) or Fraction(0))
        for operand, value in pairs:
            if value is None:
                continue
            if isinstance(operand, m.Input):
                thresholds.setdefault(("input", operand.name), set()).add(value)
            elif isinstance(operand, m.Rate):
                thresholds.setdefault(("drug", operand.drug), set()).add(value)
    table: dict[tuple[str, str], tuple[object, ...]] = {}
    for name, decl in program.artifact.inputs.items():
        match decl.kind:
            case "flag":
                table["input", name] = (True, False)
            case "one_of":
                table["input", name] = decl.values
            case "any_of":
                sets = [
                    frozenset[str](),
                    *(frozenset({value}) for value in decl.values),
                    frozenset(decl.values),
                ]
                table["input", name] = tuple(sets)
            case "graded":
                table["input", name] = tuple(Fraction(rank) for rank in range(len(decl.values)))
            case "quantity":
                table["input", name] = _around(
                    thresholds.get(("input", name), set()), program.plausible.get(name)
                )
    for name, decl_drug in program.artifact.drugs.items():
        unit = program.units[decl_drug.unit]
        rates = [value for value in _around(thresholds.get(("drug", name), set()), None) if value > 0]
        table["drug", name] = ("off", *(Amount(value, unit.dims) for value in rates or [unit.factor]))
    return table


def _around(values: set[Fraction], limits: tuple[Fraction, Fraction] | None) -> tuple[Fraction, ...]:
    """The values, the middle between neighbours, and a point beyond each end, within the limits."""
    ordered = sorted(values)
    if not ordered:
        return limits if limits is not None else (Fraction(0), Fraction(1))
    points = set(ordered)
    points.update((a + b) / 2 for a, b in pairwise(ordered))
    beyond = (ordered[0] - abs(ordered[0]) / 2, ordered[-1] + abs(ordered[-1]) + 1)
    lo, hi = limits if limits is not None else beyond
    points.update((lo, hi))
    return tuple(sorted(point for point in points if lo <= point <= hi))
