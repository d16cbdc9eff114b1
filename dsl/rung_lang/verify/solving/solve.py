"""The one place where z3 is asked. Values are exact fractions. It is loaded at the first question it gets.

Questions are conjunctions of parts. What is always true of the variables spoken of (`Space`) is added here.
Products are first left to their linear bounds; only where that does not settle it are they asked exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any, assert_never
from weakref import ReferenceType

from rung_engine.frozen import frozen
from rung_lang.verify.certificates.lemmas import conjuncts
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.intervals import clashes
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.solving.asks import Answer as Answer
from rung_lang.verify.solving.asks import Explains
from rung_lang.verify.solving.asks import Sat as Sat
from rung_lang.verify.solving.asks import Unknown as Unknown
from rung_lang.verify.solving.asks import Unsat as Unsat

LIMIT = 40_000_000
"""z3's own count of steps for one question, so that what is given up does not depend on the machine."""

MOST_LITERALS = 64
"""Parts that one incremental solver is told of besides twice those of the question at hand. It looks at
all of them for every question, so that with many it is quicker to begin anew.
"""

WEIGHTS = (70, 80, 50, 100, 20, 5, 150)
"""Factors at which products are tried first: body weights in kilograms."""


@frozen
class _Model:
    """Values that z3 happened to find."""

    values: Mapping[str, Value]


@frozen
class _Core:
    """Places that z3 happened to need."""

    places: frozenset[int]
    linear: bool = True


_Found = _Model | _Core | Unknown
_Look = Callable[[Sequence[Formula]], _Found]


@dataclass(slots=True)
class Solver(Explains):
    """Answers with z3. One incremental solver gives verdicts; values come from a fresh one for each question,
    since what the incremental one finds hangs on what it was asked before.
    """

    space: Space
    limit: int = LIMIT
    asked: int = 0
    """Questions that reached z3."""
    _nodes: dict[int, Any] = field(default_factory=dict)
    _z3: _Z3 | None = None
    _kept: list[Formula] = field(default_factory=list)

    def ask(self, parts: Sequence[Formula], also: Sequence[Formula] = ()) -> Answer:
        found = self._look(parts)
        match found:
            case _Model():
                return self._met(parts, also, found)
            case _Core():
                return Unsat(cache(lambda: self._reduced(parts, found.places)), found.linear)
            case Unknown():
                return found
            case _:
                assert_never(found)

    def impossible(self, parts: Sequence[Formula]) -> bool:
        if f.FALSE in parts or clashes(parts):
            return True
        self.asked += 1
        return self._solver.is_unsat(parts)

    def best(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> Answer:
        found = self._look(parts)
        if not isinstance(found, _Model):
            return self.ask(parts)
        taken = list(parts)
        for wish in wishes:
            if not f.holds(wish, found.values):
                better = self._look([*taken, wish])
                if not isinstance(better, _Model):
                    continue
                found = better
            taken.append(wish)
        return self._met(taken, wishes, found)

    def most(self, parts: Sequence[Formula], wishes: Sequence[Formula]) -> tuple[Answer, list[Formula]]:
        left = list(wishes)
        while True:
            found = self._settled([*parts, *left], self._check)
            if isinstance(found, _Model):
                return self._met([*parts, *left], (), found), left
            clash = _last_wish(found, len(parts), len(left))
            # The first wish that no answer fulfils beside those before it is at this place or before it.
            while clash is not None:
                found = self._settled([*parts, *left[:clash]], self._check)
                if isinstance(found, _Model):
                    break
                clash = _last_wish(found, len(parts), clash)
            if clash is None:
                return self.ask(parts), []
            del left[clash]

    def given(self, parts: Sequence[Formula], limit: int) -> Solver:
        other = self.fresh(limit)
        for part in (*self._kept, *parts):
            other.keep(part)
        return other

    def fresh(self, limit: int) -> Solver:
        """Another, which keeps nothing yet; what is translated already is shared."""
        return Solver(self.space, limit, _nodes=self._nodes)

    def glance(self, parts: Sequence[Formula]) -> Mapping[str, Value] | None:
        """As they come to hand: quick, but they hang on what was asked before."""
        found = self._look(parts)
        return found.values if isinstance(found, _Model) else None

    def keep(self, part: Formula) -> None:
        """From here on the part is true in every question; for a solver that serves one purpose only."""
        self._kept.append(part)
        if self._z3 is not None:
            self._z3.keep(part)

    def explain(self, parts: Sequence[Formula]) -> tuple[Formula, ...] | None:
        stated = self.space.stated(conjuncts([*self._kept, *parts]))
        return self._solver.explain(list({id(one): one for one in stated}.values()))

    # -- verdicts

    @property
    def _solver(self) -> _Z3:
        if self._z3 is None:
            self._z3 = _Z3(self.space, self.limit, self._nodes)
            for part in self._kept:
                self._z3.keep(part)
        return self._z3

    def _look(self, parts: Sequence[Formula]) -> _Found:
        for place, part in enumerate(parts):
            if part is f.FALSE:
                return _Core(frozenset({place}))
        if clashes(parts):
            return _Core(_clashing(parts))
        return self._settled(parts, self._check)

    def _check(self, parts: Sequence[Formula]) -> _Found:
        self.asked += 1
        return self._solver.check(parts)

    def _reduced(self, parts: Sequence[Formula], enough: frozenset[int]) -> tuple[int, ...]:
        """Leaves out one part after the other, the last first. `enough` only spares questions: what is kept
        does not depend on it.
        """
        known = [enough]
        kept = list(range(len(parts)))
        for place in reversed(range(len(parts))):
            fewer = [one for one in kept if one != place]
            if not any(core.issubset(fewer) for core in known):
                found = self._look([parts[one] for one in fewer])
                if not isinstance(found, _Core):
                    continue
                known.append(frozenset(fewer[one] for one in found.places))
            kept = fewer
        return tuple(kept)

    # -- values

    def _met(self, parts: Sequence[Formula], also: Sequence[Formula], at_hand: _Model) -> Sat:
        return Sat(cache(lambda: self._values(parts, also, at_hand)))

    def _values(
        self, parts: Sequence[Formula], also: Sequence[Formula], at_hand: _Model
    ) -> Mapping[str, Value]:
        """Of every variable that the parts and `also` speak of, and of those that the facts bring."""
        parts = [*self._kept, *parts]
        names = sorted(self.space.spoken([*parts, *also]))
        found = self._settled(parts, lambda asked: self._solver.alone(asked, names))
        # Alone it may give up where the incremental one did not.
        values = found.values if isinstance(found, _Model) else at_hand.values
        return {name: values[name] if name in values else self._default(name) for name in names}

    def _default(self, name: str) -> Value:
        return False if self.space.variables[name].sort == "bool" else f.ZERO

    # -- products

    def _settled(self, parts: Sequence[Formula], look: _Look) -> _Found:
        """Products first by their bounds, then, where values break one, at the factors that come to mind,
        which is linear, then in full.
        """
        found = look(parts)
        if not isinstance(found, _Model) or not self.space.products:
            return found
        products = self._products(parts)
        broken = _broken(products, found.values)
        if not broken:
            return found
        for right in sorted({one.right for _, one in broken}):
            bounds = self.space.variables[right]
            tries = [Fraction(value) for value in WEIGHTS]
            tries += [bound for bound in (bounds.lo, bounds.hi) if bound is not None]
            for value in tries:
                fixed: list[Formula] = [f.compare(f.variable(right), "=", f.number(value))]
                fixed += [
                    f.implies(
                        condition,
                        f.compare(f.variable(one.result), "=", f.variable(one.left).times(value)),
                    )
                    for condition, one in products
                    if one.right == right
                ]
                tried = look([*parts, *fixed])
                if isinstance(tried, _Model) and not _broken(products, tried.values):
                    return tried
        exactly = look([*parts, *(f.implies(condition, one) for condition, one in products)])
        match exactly:
            case _Core():
                places = frozenset(place for place in exactly.places if place < len(parts))
                return _Core(places, linear=False)
            case _Model() if _broken(products, exactly.values):
                return Unknown("the exact answer is no fraction")
            case _:
                return exactly

    def _products(self, parts: Sequence[Formula]) -> list[tuple[Formula, f.Product]]:
        """The products of variables that the parts speak of."""
        spoken = self.space.spoken([*self._kept, *parts])
        return [
            pair
            for name in sorted(self.space.products)
            if name in spoken
            for pair in self.space.products[name]
        ]


def _broken(
    products: Iterable[tuple[Formula, f.Product]], values: Mapping[str, Value]
) -> list[tuple[Formula, f.Product]]:
    """Those that the values do not obey."""
    return [
        (condition, one)
        for condition, one in products
        if f.holds(condition, values) and not f.holds(one, values)
    ]


def _last_wish(found: _Found, parts: int, wishes: int) -> int | None:
    """The last wish among what clashes, by its place; None where the parts clash without any."""
    if not isinstance(found, _Core):
        return wishes - 1 if wishes else None
    return max((place - parts for place in found.places if place >= parts), default=None)


def _clashing(parts: Sequence[Formula]) -> frozenset[int]:
    """Places of parts that clash in plain bounds, none to spare."""
    kept = list(range(len(parts)))
    for place in range(len(parts)):
        fewer = [one for one in kept if one != place]
        if clashes(parts[one] for one in fewer):
            kept = fewer
    return frozenset(kept)


# ---------------------------------------------------------------- z3 itself


@frozen
class Literal:
    """Stands for a part in one incremental solver. `number`: z3's own for it."""

    node: Any
    number: int


@dataclass(slots=True)
class _Z3:
    """An incremental solver that is given what is always true of each variable as it meets it."""

    space: Space
    limit: int
    nodes: dict[int, Any]
    """By formula, once translated."""
    z3: Any = field(init=False)
    _incremental: Any = field(init=False)
    _always: list[Formula] = field(default_factory=list)
    _literals: dict[int, Literal] = field(default_factory=dict)
    _last: ReferenceType[_AtHand] | None = None
    """The model of the last question, for as long as somebody may still look at it."""
    _decls: dict[str, Any] = field(default_factory=dict)
    _active: dict[str, None] = field(default_factory=dict)
    _read: int = 0
    _fresh: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        import z3

        self.z3 = z3
        self._begin()

    def _begin(self) -> None:
        self._incremental = self.z3.Solver()
        self._incremental.set("rlimit", self.limit)
        self._incremental.set("random_seed", 0)

    def check(self, parts: Sequence[Formula]) -> _Found:
        """The verdict, with what the solver has at hand."""
        literals = self._prepared(parts)
        verdict = self._verdict(literals)
        if verdict == self.z3.Z3_L_TRUE:
            values = _AtHand(self)
            self._last = ReferenceType(values)
            return _Model(values)
        if verdict == self.z3.Z3_L_FALSE:
            core = self._core()
            places: dict[int, int] = {}
            for place, literal in enumerate(literals):
                if literal.number in core:
                    places.setdefault(literal.number, place)
            return _Core(frozenset(places.values()))
        return Unknown(self._incremental.reason_unknown())

    def is_unsat(self, parts: Sequence[Formula]) -> bool:
        """The verdict alone."""
        return bool(self._verdict(self._prepared(parts)) == self.z3.Z3_L_FALSE)

    def model(self) -> Any:
        """Of the last question, which was answered with yes."""
        return self._incremental.model()

    def keep(self, part: Formula) -> None:
        """For good."""
        self._leave()
        self._always.append(part)
        self._add(part)

    # -- one question

    def _prepared(self, parts: Sequence[Formula]) -> list[Literal]:
        self._leave()
        if len(self._literals) > MOST_LITERALS + 2 * len(parts):
            self._anew()
        literals = [self._literal(part) for part in parts]
        self._catch_up()
        return literals

    def _verdict(self, literals: Sequence[Literal]) -> Any:
        """Through z3's C functions: what its Python objects do besides takes as long as most questions."""
        asked = self._array([literal.node for literal in literals])
        context = self.z3.main_ctx().ref()
        return self.z3.Z3_solver_check_assumptions(context, self._incremental.solver, len(literals), asked)

    def _core(self) -> frozenset[int]:
        z3, context = self.z3, self.z3.main_ctx()
        core = z3.AstVector(z3.Z3_solver_get_unsat_core(context.ref(), self._incremental.solver), context)
        places = range(z3.Z3_ast_vector_size(context.ref(), core.vector))
        found = (z3.Z3_ast_vector_get(context.ref(), core.vector, place) for place in places)
        return frozenset(z3.Z3_get_ast_id(context.ref(), one) for one in found)

    def _leave(self) -> None:
        """The last question is over; its model is fetched where somebody may still look at it."""
        values = self._last() if self._last is not None else None
        if values is not None:
            values.fetch()
        self._last = None

    def _anew(self) -> None:
        """Forgets all parts but those that are kept for good."""
        self._begin()
        self._literals.clear()
        self._active.clear()
        self._fresh.clear()
        self._read = len(self.space.log)
        for part in self._always:
            self._add(part)

    def _add(self, part: Formula, literal: Any = None) -> None:
        for name in f.names(part):
            self._activate(name)
        node, context = self._node(part), self.z3.main_ctx()
        if literal is not None:
            implies = self.z3.Z3_mk_implies(context.ref(), literal.ast, node.ast)
            node = self.z3.BoolRef(implies, context)
        self.z3.Z3_solver_assert(context.ref(), self._incremental.solver, node.ast)

    def alone(self, parts: Sequence[Formula], names: Sequence[str]) -> _Found:
        """The same of a solver that was never asked anything. `names`: the variables, sorted."""
        facts = [fact for name in names for fact in self.space.facts[name]]
        nodes = [self._node(one) for one in (*parts, *facts)]
        here = self.z3.main_ctx().ref()
        question = self.z3.BoolRef(self.z3.Z3_mk_and(here, len(nodes), self._array(nodes)))
        context = self.z3.Context()
        solver = self.z3.SimpleSolver(ctx=context)
        solver.set("rlimit", LIMIT)
        there = self.z3.BoolRef(self.z3.Z3_translate(here, question.ast, context.ref()), context)
        self.z3.Z3_solver_assert(context.ref(), solver.solver, there.ast)
        verdict = solver.check()
        if verdict == self.z3.sat:
            return _Model(self._values_of(solver.model()))
        if verdict == self.z3.unsat:
            return _Core(frozenset())
        return Unknown(solver.reason_unknown())

    def explain(self, formulas: Sequence[Formula]) -> tuple[Formula, ...] | None:
        """Formulas that suffice, by a solver that was never asked anything."""
        z3 = self.z3
        nodes = z3.AstVector()
        for one in formulas:
            nodes.push(self._node(one))
        context = z3.Context()
        solver = z3.SimpleSolver(ctx=context)
        solver.set("rlimit", LIMIT)
        solver.set("core.minimize", True)
        literals = [z3.Bool(f"part:{place}", context) for place in range(len(formulas))]
        for literal, node in zip(literals, nodes.translate(context), strict=True):
            solver.add(z3.Implies(literal, node))
        if solver.check(*literals) != z3.unsat:
            return None
        core = {str(literal) for literal in solver.unsat_core()}
        return tuple(one for one, literal in zip(formulas, literals, strict=True) if str(literal) in core)

    # -- formulas

    def _literal(self, part: Formula) -> Literal:
        key = id(part)
        if key not in self._literals:
            node = self.z3.Bool(f"part:{len(self._literals)}")
            self._add(part, node)
            self._literals[key] = Literal(node, node.get_id())
        return self._literals[key]

    def _node(self, formula: Formula) -> Any:
        found = self.nodes.get(id(formula))
        if found is None:
            found = self.nodes[id(formula)] = self._made(formula)
        return found

    def _made(self, formula: Formula) -> Any:
        """Through z3's C functions: its Python operators check and convert what needs neither."""
        z3, context = self.z3, self.z3.main_ctx()
        match formula:
            case f.Bool():
                return z3.Bool(formula.name)
            case f.Compare():
                return self._comparison(formula)
            case f.Product():
                return z3.Real(formula.result) == z3.Real(formula.left) * z3.Real(formula.right)
            case f.Not():
                return z3.BoolRef(z3.Z3_mk_not(context.ref(), self._node(formula.of).ast), context)
            case f.And():
                parts = [self._node(part) for part in formula.of]
                return z3.BoolRef(z3.Z3_mk_and(context.ref(), len(parts), self._array(parts)), context)
            case f.Or():
                parts = [self._node(part) for part in formula.of]
                return z3.BoolRef(z3.Z3_mk_or(context.ref(), len(parts), self._array(parts)), context)
            case _:
                assert_never(formula)

    def _array(self, parts: Sequence[Any]) -> Any:
        return (self.z3.Ast * len(parts))(*(part.ast for part in parts))

    def _comparison(self, formula: f.Compare) -> Any:
        z3, context = self.z3, self.z3.main_ctx()
        linear, ref = formula.linear, context.ref()
        parts = []
        for name, factor in linear.terms:
            part = self._number(name)
            if factor != 1:
                pair = self._array((self._numeral(factor), part))
                part = z3.ArithRef(z3.Z3_mk_mul(ref, 2, pair), context)
            parts.append(part)
        total = parts[0]
        if len(parts) > 1:
            total = z3.ArithRef(z3.Z3_mk_add(ref, len(parts), self._array(parts)), context)
        make = {"<=": z3.Z3_mk_le, "<": z3.Z3_mk_lt, "=": z3.Z3_mk_eq}[formula.rel]
        return z3.BoolRef(make(ref, total.ast, self._numeral(-linear.constant).ast), context)

    def _number(self, name: str) -> Any:
        if self.space.variables[name].sort == "int":
            return self.z3.ToReal(self.z3.Int(name))
        return self.z3.Real(name)

    def decl(self, name: str) -> Any:
        """The variable as z3's C functions know it."""
        if name not in self._decls:
            sort = self.space.variables[name].sort
            made = {"bool": self.z3.Bool, "real": self.z3.Real, "int": self.z3.Int}[sort](name)
            self._decls[name] = made.decl()
        return self._decls[name].ast

    def _numeral(self, value: Fraction) -> Any:
        return self.z3.RealVal(f"{value.numerator}/{value.denominator}")

    # -- facts

    def _activate(self, name: str) -> None:
        if name not in self._active:
            self._active[name] = None
            self._fresh.append(name)

    def _catch_up(self) -> None:
        """Adds what is always true of the variables met since the last question, and of those they bring."""
        log = self.space.log
        waiting = [fact for name, fact in log[self._read :] if name in self._active]
        self._read = len(log)
        while self._fresh or waiting:
            for fact in waiting:
                self._add(fact)
            waiting = [fact for name in self._fresh for fact in self.space.facts[name]]
            self._fresh.clear()

    # -- models

    def _values_of(self, model: Any) -> Mapping[str, Value]:
        """Every value that the model names; the others do not matter to it."""
        z3, ref = self.z3, model.ctx.ref()
        values: dict[str, Value] = {}
        for place in range(z3.Z3_model_get_num_consts(ref, model.model)):
            decl = z3.Z3_model_get_const_decl(ref, model.model, place)
            name = z3.Z3_get_symbol_string(ref, z3.Z3_get_decl_name(ref, decl))
            if name in self.space.variables:
                values[name] = self._value(model, name, decl)
        return values

    def _value(self, model: Any, name: str, decl: Any) -> Value:
        """Read through z3's C functions: its Python objects cost more than the search for the model."""
        z3, ref = self.z3, model.ctx.ref()
        found = z3.Z3_model_get_const_interp(ref, model.model, decl)
        if self.space.variables[name].sort == "bool":
            return bool(found) and z3.Z3_get_bool_value(ref, found) == z3.Z3_L_TRUE
        if not found:
            return f.ZERO
        if z3.Z3_is_algebraic_number(ref, found):
            found = z3.Z3_get_algebraic_number_upper(ref, found, 20)
        numerator, _, denominator = z3.Z3_get_numeral_string(ref, found).partition("/")
        return Fraction(int(numerator), int(denominator or 1))


@dataclass(slots=True, weakref_slot=True, eq=False)
class _AtHand(Mapping[str, Value]):
    """The values of one model of the incremental solver, each read when it is looked at. Most models nobody
    looks at, and to make one takes as long as to find it.
    """

    of: _Z3
    model: Any = None
    read: dict[str, Value] = field(default_factory=dict)

    def fetch(self) -> Any:
        """The model, which the solver has until it is asked or told something else."""
        if self.model is None:
            self.model = self.of.model()
        return self.model

    def __getitem__(self, name: str) -> Value:
        if name not in self.read:
            self.read[name] = self.of._value(self.fetch(), name, self.of.decl(name))
        return self.read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.of.space.variables)

    def __len__(self) -> int:
        return len(self.of.space.variables)
