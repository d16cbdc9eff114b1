"""The steps of a session as Horn clauses, for a prover that looks for what is true in each stage by itself.

What the prover says is never believed: its invariants are read back and proved again, step by step, by the
solver that answers every other question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, assert_never

from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.reach.links import STATE, WAS, Link, Links
from rung_lang.verify.verdict import Proved, Trust


class UnreadableError(ValueError):
    """What the prover said is not in the form that was agreed."""


def by_invariants(
    context: Context, links: Links, situation: Situation, parts: Sequence[Part], lemmas: Sequence[Part]
) -> Proved | None:
    """Proved where a prover finds invariants of the stages that exclude it, and they hold."""
    if context.prover is None or situation.stage is None:
        return None
    system = _System(context, links)
    asked = [*parts, *lemmas]
    said = context.prover(system.written(situation, [part for _, part in asked]))
    if said is None:
        return None
    try:
        invariants = system.read(said)
    except UnreadableError:
        return None
    solver = context.solver
    for link in links.all:
        before = [] if link.source is None else [links.told(invariants[link.source], WAS)]
        after = links.after(link, invariants[link.target])
        if solver.refute([*(part for _, part in link.parts), *before, f.negation(after)]) is None:
            return None
    found: Part = (("lemma", situation.stage), links.told(invariants[situation.stage], situation.symbols.at))
    answer = solver.refute([part for _, part in (*asked, found)])
    if answer is None:
        return None
    trust: Trust = "checked" if answer.linear else "solver"
    return Proved("symbolic", trust, tuple((*asked, found)[place][0] for place in answer.core))


@dataclass(slots=True)
class _System:
    context: Context
    links: Links

    # -- what is asked

    def written(self, situation: Situation, parts: Sequence[Formula]) -> str:
        """The steps, and that no session stands where all parts are true."""
        lines = ["(set-logic HORN)"]
        sorts = " ".join("Bool" if self._sort(name) == "bool" else "Real" for name in self._arguments())
        lines += [f"(declare-fun {_stage(place)} ({sorts}) Bool)" for place in range(len(self._stages()))]
        for link in self.links.all:
            head = self._predicate(link.target, partial(self._after, link))
            body = [part for _, part in link.parts]
            source = [] if link.source is None else [self._predicate(link.source, partial(self._at, WAS))]
            lines.append(self._clause(body, source, head, link))
        assert situation.stage is not None
        at = situation.symbols.at
        stands = self._predicate(situation.stage, partial(self._at, at))
        lines.append(self._clause(list(parts), [stands], "false", None, at))
        return "\n".join([*lines, "(check-sat)", ""])

    def _stages(self) -> tuple[str, ...]:
        return tuple(stage.name for stage in self.context.artifact.stages)

    def _arguments(self) -> tuple[str, ...]:
        """What is carried, then what is the same on all instants: settings, fixed inputs."""
        same = {
            name
            for link in self.links.all
            for name in self.context.space.spoken([part for _, part in link.parts])
            if not self.context.space.variables[name].at
        }
        return (*self.links.carried, *sorted(same))

    def _sort(self, name: str) -> str:
        variables = self.context.space.variables
        return variables[name].sort if name in variables and not variables[name].at else self.links.sort(name)

    def _at(self, at: str, name: str) -> Linear | Formula:
        own = f"{at}{name}" if name in self.links.carried else name
        return f.boolean(own) if self._sort(name) == "bool" else f.variable(own)

    def _after(self, link: Link, name: str) -> Linear | Formula:
        return link.after[name] if name in link.after else self._at("", name)

    def _predicate(self, stage: str, told: Callable[[str], Linear | Formula]) -> str:
        place = self._stages().index(stage)
        arguments = [told(name) for name in self._arguments()]
        words = [_linear(one) if isinstance(one, Linear) else _formula(one) for one in arguments]
        return f"({_stage(place)} {' '.join(words)})" if words else _stage(place)

    def _clause(
        self, body: list[Formula], before: list[str], head: str, link: Link | None, at: str = WAS
    ) -> str:
        space = self.context.space
        stated = space.stated(body)
        spoken: set[str] = {name for one in stated for name in f.names(one)}
        for name in self._arguments():
            told = self._after(link, name) if link is not None else self._at(at, name)
            spoken |= set(_names(told)) | (set(_names(self._at(at, name))) if before else set())
        sorts = {name: "Bool" if self._declared(name) == "bool" else "Real" for name in sorted(spoken)}
        bound = " ".join(f"({_symbol(name)} {sort})" for name, sort in sorts.items())
        words = " ".join([*before, *(_formula(one) for one in stated), "true"])
        clause = f"(=> (and {words}) {head})"
        return f"(assert (forall ({bound}) {clause}))" if bound else f"(assert {clause})"

    def _declared(self, name: str) -> str:
        variables = self.context.space.variables
        if name in variables:
            return variables[name].sort
        return next(self.links.sort(own) for own in self.links.carried if name.endswith(own))

    # -- what is said

    def read(self, said: Any) -> dict[str, Formula]:
        """The invariant of each stage, about `STATE`. Raises `UnreadableError`."""
        if not isinstance(said, list) or len(said) != len(self._stages()):
            raise UnreadableError
        arguments = self._arguments()
        return {stage: self._read(one, arguments) for stage, one in zip(self._stages(), said, strict=True)}

    def _read(self, said: Any, arguments: Sequence[str]) -> Formula:
        match said:
            case ["and", *parts]:
                return f.all_of(self._read(part, arguments) for part in parts)
            case ["or", *parts]:
                return f.any_of(self._read(part, arguments) for part in parts)
            case ["not", part]:
                return f.negation(self._read(part, arguments))
            case ["is", int(place)] if place < len(arguments) and self._sort(arguments[place]) == "bool":
                return f.boolean(self._state(arguments[place]))
            case ["<=" | "<" | "=" as rel, list(terms), str(constant)]:
                total = f.number(_fraction(constant))
                for term in terms:
                    place, factor = _term(term)
                    if place >= len(arguments) or self._sort(arguments[place]) == "bool":
                        raise UnreadableError
                    total = total.plus(f.variable(self._state(arguments[place])).times(_fraction(factor)))
                return f.compare(total, rel, f.number(0))
            case _:
                raise UnreadableError

    def _state(self, name: str) -> str:
        return f"{STATE}{name}" if name in self.links.carried else name


def _term(said: Any) -> tuple[int, str]:
    match said:
        case [int(place), str(factor)] if place >= 0:
            return place, factor
        case _:
            raise UnreadableError


def _fraction(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise UnreadableError from None


# ---------------------------------------------------------------- SMT-LIB 2


def _stage(place: int) -> str:
    return f"stage{place}"


def _symbol(name: str) -> str:
    """No name of ours has a bar or a backslash in it: names are letters, and JSON of plain records."""
    return f"|{name.replace(chr(92), '/').replace('|', '/')}|"


def _names(one: Linear | Formula) -> Iterable[str]:
    return (name for name, _ in one.terms) if isinstance(one, Linear) else f.names(one)


def _number(value: Fraction) -> str:
    size = f"(/ {abs(value.numerator)}.0 {value.denominator}.0)"
    return f"(- {size})" if value < 0 else size


def _linear(linear: Linear) -> str:
    parts = [f"(* {_number(factor)} {_symbol(name)})" for name, factor in linear.terms]
    return f"(+ {' '.join((*parts, _number(linear.constant)))} 0.0)"


def _formula(formula: Formula) -> str:
    match formula:
        case f.Bool():
            return _symbol(formula.name)
        case f.Compare():
            return f"({formula.rel} {_linear(formula.linear)} 0.0)"
        case f.Product():
            return "true"  # left to its linear bounds
        case f.Not():
            return "true" if isinstance(formula.of, f.Product) else f"(not {_formula(formula.of)})"
        case f.And():
            return _joined("and", "true", formula.of)
        case f.Or():
            return _joined("or", "false", formula.of)
        case _:
            assert_never(formula)


def _joined(word: str, none: str, parts: Sequence[Formula]) -> str:
    return f"({word} {' '.join(map(_formula, parts))})" if parts else none
