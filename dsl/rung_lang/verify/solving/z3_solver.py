"""z3 itself: one solver that learns from question to question, and fresh ones that know nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, assert_never
from weakref import ReferenceType

from rung_engine.frozen import frozen
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.solving.asks import Unknown

LIMIT = 40_000_000
"""z3's own count of steps for one question, so that what is given up does not depend on the machine."""

MOST_LITERALS = 64
"""Parts that one incremental solver is told of besides twice those of the question at hand. It looks at
all of them for every question, so that with many it is quicker to begin anew.
"""


@frozen
class Model:
    """Values that z3 happened to find."""

    values: Mapping[str, Value]


@frozen
class Core:
    """Places that z3 happened to need."""

    places: frozenset[int]
    linear: bool = True


Verdict = Model | Core | Unknown


@frozen
class Literal:
    """Stands for a part in one incremental solver. `number`: z3's own for it."""

    node: Any
    number: int


@dataclass(slots=True)
class Z3:
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

    def check(self, parts: Sequence[Formula]) -> Verdict:
        """The verdict, with what the solver has at hand."""
        literals = self._prepared(parts)
        verdict = self._verdict(literals)
        if verdict == self.z3.Z3_L_TRUE:
            values = _AtHand(self)
            self._last = ReferenceType(values)
            return Model(values)
        if verdict == self.z3.Z3_L_FALSE:
            core = self._core()
            places: dict[int, int] = {}
            for place, literal in enumerate(literals):
                if literal.number in core:
                    places.setdefault(literal.number, place)
            return Core(frozenset(places.values()))
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

    def alone(self, parts: Sequence[Formula], names: Sequence[str]) -> Verdict:
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
            return Model(self._values_of(solver.model()))
        if verdict == self.z3.unsat:
            return Core(frozenset())
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

    of: Z3
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
