"""A set of states said in few words: the fewest conjunctions of the protocol's own thresholds that cover it.

A region is a formula over one instant. Its cells are met one by one; each is widened while it stays inside
the region, until it is a prime: nothing more can be left out of it. Primes that others cover are dropped.
Nothing is judged here about whether a region is good or bad, and words are made elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.exact import show_decimal
from rung_engine.frozen import frozen
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.solving.solve import Sat, Unsat

MOST_CUBES = 12
"""A region in more pieces than this is no description; the rest is left unsaid, and said to be."""

Atom = f.Bool | f.Compare | f.Product


@frozen
class Bound:
    """`value` in coherent units, `text` as the author wrote it (or in the declared unit)."""

    value: Fraction
    text: str
    included: bool


@frozen
class Between:
    """A reading, a rate or a setting between bounds. `name`: `MAP`, `norepinephrine`."""

    name: str
    lo: Bound | None
    hi: Bound | None


@frozen
class Condition:
    """A condition in the author's own words, true, or not known to be."""

    words: str
    true: bool


@frozen
class State:
    """Of a drug: `running` or `off`, or known to be neither by itself."""

    drug: str
    state: str
    true: bool


Literal = Between | Condition | State
Cube = tuple[Literal, ...]
"""All of these together."""


@frozen
class Region:
    """Any of the cubes. `formulas`: the same, in their order. `whole`: nothing was left unsaid."""

    cubes: tuple[Cube, ...]
    formulas: tuple[Formula, ...]
    whole: bool


def describe(
    context: Context,
    symbols: Symbols,
    region: Formula,
    given: Sequence[Formula] = (),
    most: int = MOST_CUBES,
    *,
    terse: bool = False,
) -> Region:
    """The region where `given` holds. What no words of the protocol speak of is left out of a cube, so that a
    cube says: here a patient of the region can be found. `terse`: nor is what follows from `given` and the
    rest of its cube.
    """
    speech = _Speech(context, symbols)
    atoms = sorted(f.atoms(region), key=speech.rank)
    outside = f.negation(region)
    solver = context.solver
    found: list[tuple[Formula, ...]] = []
    blocked: list[Formula] = []
    while True:
        answer = solver.ask([*given, region, *blocked])
        if not isinstance(answer, Sat) or len(found) == most:
            break
        cell = [one if f.holds(one, answer.values) else f.negation(one) for one in atoms]
        hidden = [one for one in cell if speech.literal(one) is None]
        said = [one for one in cell if speech.literal(one) is not None]
        seen = _prime(context, given, hidden, said, outside)
        found.append(seen)
        blocked.append(f.negation(f.all_of(seen)))
    cubes = _needed(context, given, found)
    if terse:
        cubes = [_spared(context, given, one, speech) for one in cubes]
    return Region(
        tuple(speech.cube(_told(one) if terse else one) for one in cubes),
        tuple(f.all_of(one) for one in cubes),
        isinstance(answer, Unsat),
    )


def common(context: Context, symbols: Symbols, region: Formula, given: Sequence[Formula]) -> Cube:
    """What the protocol's words can say of everybody in the region."""
    speech = _Speech(context, symbols)
    literals = [
        one
        for atom in sorted(f.atoms(region), key=speech.rank)
        for one in (atom, f.negation(atom))
        if speech.literal(one) is not None and context.solver.impossible([*given, region, f.negation(one)])
    ]
    return speech.cube(_told(_spared(context, given, tuple(literals), speech)))


def _prime(
    context: Context,
    given: Sequence[Formula],
    hidden: Sequence[Formula],
    seen: Sequence[Formula],
    outside: Formula,
) -> tuple[Formula, ...]:
    """Literals of a cell that can be said and that suffice to stay inside, none of which can be left out: of
    two such sets, the smaller. What cannot be said is left out first. What is left of that must not stand in
    for something that can: a literal goes only where the unsaid allows its contrary.
    """
    solver = context.solver
    unsaid = list(hidden)
    for one in hidden:
        fewer = [other for other in unsaid if other is not one]
        if solver.impossible([*given, outside, *seen, *fewer]):
            unsaid = fewer
    found: list[tuple[Formula, ...]] = []
    for order in (seen, seen[::-1]):
        kept = list(seen)
        for one in order:
            fewer = [other for other in kept if other is not one]
            contrary = [*given, *unsaid, *fewer, f.negation(one)]
            if solver.impossible([*given, outside, *unsaid, *fewer]) and not (
                unsaid and solver.impossible(contrary)
            ):
                kept = fewer
        found.append(tuple(kept))
    return min(found, key=len)


def _needed(
    context: Context, given: Sequence[Formula], cubes: Iterable[tuple[Formula, ...]]
) -> list[tuple[Formula, ...]]:
    """Without those that the others cover, the longest looked at first."""
    kept = sorted(dict.fromkeys(cubes), key=len)
    for one in sorted(kept, key=len, reverse=True):
        others = [f.negation(f.all_of(other)) for other in kept if other is not one]
        if len(kept) > 1 and context.solver.impossible([*given, f.all_of(one), *others]):
            kept = [other for other in kept if other is not one]
    return kept


def _spared(
    context: Context, given: Sequence[Formula], cube: tuple[Formula, ...], speech: _Speech
) -> tuple[Formula, ...]:
    """Without what follows from the rest, that which says least looked at first."""
    kept = list(cube)
    for one in sorted(cube, key=lambda literal: speech.telling(literal)):
        fewer = [other for other in kept if other is not one]
        if context.solver.impossible([*given, *fewer, f.negation(one)]):
            kept = fewer
    return tuple(kept)


def _told(cube: tuple[Formula, ...]) -> tuple[Formula, ...]:
    """Without what goes without saying: that a reading or a rate of which something is said is known."""
    names = [f.names(one) for one in cube]
    found: list[Formula] = []
    for place, one in enumerate(cube):
        if isinstance(one, f.Bool):
            about = {one.name.replace("known:", "in:", 1), one.name.replace("rated:", "rate:", 1)} - {
                one.name
            }
            others = (name for at, own in enumerate(names) if at != place for name in own)
            if any(name in about or name.removesuffix("/kg") in about for name in others):
                continue
        found.append(one)
    return tuple(found)


# ---------------------------------------------------------------- from atoms to the protocol's own words


def called(artifact: m.Artifact, term: int) -> str:
    """A condition as the author called it, or wrote it."""
    names = sorted(name for name, index in artifact.defines.items() if index == term)
    return names[0] if names else artifact.provenance.words.get(str(term), "")


class _Speech:
    """What the atoms of one instant are called in the text."""

    def __init__(self, context: Context, symbols: Symbols) -> None:
        self.context = context
        self.symbols = symbols
        self.artifact = context.artifact
        self.written = _written(context)
        self.spoken: dict[int, Condition] = {}
        for index, term in enumerate(self.artifact.terms):
            if isinstance(term, m.Cmp | m.After | m.Occurs | m.Readings) and index not in self._of_decision():
                truth = symbols.truth(index)
                for formula, true in ((truth.yes, True), (truth.no, False)):
                    for atom in f.atoms(formula):
                        if isinstance(atom, f.Compare) and len(atom.linear.terms) > 1:
                            self.spoken.setdefault(id(atom), Condition(called(self.artifact, index), true))
                            self.spoken.setdefault(
                                id(f.negation(atom)), Condition(called(self.artifact, index), not true)
                            )

    def _of_decision(self) -> frozenset[int]:
        return self.context.program.decision_terms

    def rank(self, atom: Atom) -> tuple[int, str]:
        """What is left out of a description first: the unsayable, the past, what varies least."""
        literal = self.literal(atom)
        names = f.names_of(atom)
        about = self.context.space.variables[names[0]].about
        order = {"setting": 2, "rated": 3, "value": 4, "off": 5, "on": 6, "rate": 7, "input": 8}
        return (0 if literal is None else order.get(about[0], 1), names[0])

    def telling(self, literal: Formula) -> int:
        """How much a literal says to a reader: that something is known least, a number most."""
        match self.literal(literal):
            case None:
                return 0
            case Condition() as said:
                return 1 if said.words.endswith(" known") else 4
            case State():
                return 2
            case Between():
                return 3

    # -- one literal

    def literal(self, one: Formula) -> Literal | None:
        """None: no words of the protocol speak of it."""
        match one:
            case f.Bool():
                return self._state(one.name, true=True)
            case f.Not():
                return self._state(one.of.name, true=False) if isinstance(one.of, f.Bool) else None
            case f.Compare():
                return self.spoken.get(id(one)) if len(one.linear.terms) > 1 else self._bounded(one)
            case f.And() | f.Or() | f.Product():
                return None
            case _:
                assert_never(one)

    def _state(self, name: str, *, true: bool) -> Literal | None:
        about = self.context.space.variables[name].about
        match about[0]:
            case "value":
                decl = self.artifact.inputs[about[1]]
                return Condition(about[1] if decl.kind == "flag" else f"{about[1]} is {about[2]}", true)
            case "known":
                return Condition(f"{about[1]} known", true)
            case "on":
                return State(about[1], "running", true)
            case "rated":
                return State(about[1], "running at a known rate", true)
            case "off":
                return State(about[1], "off", true)
            case "past" | "run":
                words = called(self.artifact, int(about[1]))
                return (
                    Condition(words, about[2:] != ("no",)) if true else Condition(words, about[2:] == ("no",))
                )
            case "setting" if len(about) == 3:
                return Condition(about[1] if about[2] == "yes" else f"{about[1]} is {about[2]}", true)
            case _:
                return None

    def _bounded(self, one: f.Compare) -> Literal | None:
        ((name, factor),) = one.linear.terms
        about = self.context.space.variables[name].about
        if about[0] not in ("input", "rate", "setting", "in_stage", "on_for", "in_course"):
            return None
        value = -one.linear.constant / factor
        bound = Bound(value, self._amount(name, about, value), one.rel != "<")
        called = {
            "in_stage": "time in stage",
            "on_for": f"time on {about[-1]}",
            "in_course": f"time in {about[-1]}",
        }
        title = called.get(about[0], about[-1])
        if one.rel == "=":
            return Between(title, bound, bound)
        return Between(title, None, bound) if factor > 0 else Between(title, bound, None)

    def _amount(self, name: str, about: tuple[str, ...], value: Fraction) -> str:
        written = self.written.get((name.removeprefix(self.symbols.at), value))
        if written is not None:
            return written
        program = self.context.program
        if about[0] == "input":
            decl = self.artifact.inputs[about[1]]
            if decl.unit is None:
                rank = int(value) if value.denominator == 1 else -1
                return decl.values[rank] if 0 <= rank < len(decl.values) else show_decimal(value)
            unit = program.units[decl.unit]
        elif about[0] == "rate":
            drug = self.artifact.drugs[about[1]]
            per_kg = name.endswith("/kg")
            units = [program.units[unit] for unit in (drug.unit, *drug.accepts) if unit in program.units]
            unit = next((unit for unit in units if (unit.weight_power < 0) == per_kg), units[0])
        elif about[0] == "setting":
            setting = self.artifact.settings[about[1]]
            known = setting.value if isinstance(setting.value, m.Number) else setting.lo
            unit = program.units[known.unit if known is not None else ""]
        else:
            return f"{show_decimal(value / 60_000)} min"
        return f"{show_decimal((value - unit.offset) / unit.factor)} {unit.name}"

    # -- all of them together

    def cube(self, literals: Iterable[Formula]) -> Cube:
        """Bounds of one thing joined into an interval; what varies most at the bedside first."""
        spans: dict[str, Between] = {}
        others: list[Literal] = []
        for one in reversed(tuple(literals)):
            literal = self.literal(one)
            match literal:
                case Between():
                    old = spans.get(literal.name, literal)
                    spans[literal.name] = Between(literal.name, old.lo or literal.lo, old.hi or literal.hi)
                case Condition() | State():
                    if literal not in others:
                        others.append(literal)
                case None:
                    pass
                case _:
                    assert_never(literal)
        # That a reading is known goes without saying where its value is said.
        read = {*spans, *(one.words for one in others if isinstance(one, Condition) and one.true)}
        implied = {Condition(f"{name} known", True) for name in read}
        return (*spans.values(), *(one for one in others if one not in implied))


def _written(context: Context) -> dict[tuple[str, Fraction], str]:
    """Thresholds as the author wrote them, by the variable and the value in coherent units."""
    terms = context.artifact.terms
    found: dict[tuple[str, Fraction], str] = {}
    for term in terms:
        if not isinstance(term, m.Cmp):
            continue
        for side, other in ((term.left, term.right), (term.right, term.left)):
            amount, subject = terms[other], terms[side]
            if not isinstance(amount, m.Quantity):
                continue
            name = _variable(context, subject)
            if name is not None and amount.unit != "rank":
                number = show_decimal(Fraction(amount.millionths, 1_000_000))
                found.setdefault((name, context.program.constants[other]), f"{number} {amount.unit}")
    return found


def _variable(context: Context, subject: m.Truth | m.Numeric) -> str | None:
    match subject:
        case m.Input():
            return f"in:{subject.name}"
        case m.Rate():
            per_kg = context.program.units[subject.unit].weight_power < 0
            return f"rate:{subject.drug}" + ("/kg" if per_kg else "")
        case m.TimeInStage():
            return "in_stage"
        case m.TimeOn():
            return f"on_for:{subject.drug}"
        case m.TimeInCourse():
            return f"in_course:{subject.course}"
        case _:
            return None
