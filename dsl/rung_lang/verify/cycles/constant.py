"""Several instants of one patient who stays as he is: readings move within the noise of their monitor.

Formulas are told of one instant, without a prefix; here they are told again of each of several. What stays
the
same on all of them becomes one variable: settings, fixed and counted inputs, readings without noise, what has
happened once. A reading with noise lies near a value that all instants share. A drug is as it was unless
steps
change it. What rests on the past (`C for D`, `time since E`) is free on each instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.program import MILLION, Dims, Program
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.space import Space, Variable
from rung_lang.verify.formulas.subjects import moment_of
from rung_lang.verify.gaps.knowledge import measured, most

_OVER, _SINCE = '{"over":', '{"since":'
"""How the spans of windows begin, as variables are named after them."""
_DRUG = frozenset({"on", "off", "rated", "rate", "charted_own"})


@frozen
class Cadence:
    """How often an input is read: every `every` ms, by `sources` who do not wait for each other.

    `lapses`: it is not known all the time.
    """

    every: int
    sources: int
    lapses: bool


def cadence(program: Program, name: str) -> Cadence:
    """As declared and as measured at the most; where nothing is said, when the last reading has run out."""
    decl = program.artifact.inputs[name]
    waits: list[tuple[int, int]] = []
    if decl.charted_every is not None:
        waits.append((decl.charted_every, decl.charted_every))
    for order in program.orders:
        if name in measured(program.artifact, order) and not order.continuously:
            every = order.every
            waits.append(
                (0, MILLION**2) if every is None else (_least(program, every.lo), most(program, every.hi))
            )
    if decl.charted_every is None:
        waits.append((decl.valid_for or 0, decl.valid_for or 0))
    valid = decl.valid_for
    kept = decl.charted_every is not None and valid is not None and decl.charted_every <= valid
    lapses = (
        valid is not None
        and not kept
        and not (decl.fixed or decl.cumulative)
        and any(hi > valid for _, hi in waits)
    )
    return Cadence(min(lo for lo, _ in waits), len(set(waits)), lapses)


def _least(program: Program, amount: m.Amount) -> int:
    """A duration in milliseconds; of a setting the shortest that a site may choose."""
    if isinstance(amount, m.FromSetting):
        lo = program.artifact.settings[amount.setting].lo
        amount = lo if lo is not None else amount
    return program.millis(amount)


def noise_of(program: Program, name: str) -> Fraction:
    """How far a reading may lie from the patient's value, in coherent units; 0 where nothing is declared."""
    decl = program.artifact.inputs[name]
    if decl.noise is None or decl.fixed or decl.cumulative:
        return Fraction(0)
    return Fraction(decl.noise.millionths, MILLION) * program.units[decl.noise.unit].factor


@dataclass(slots=True)
class Constant:
    """`tag` tells this patient from others. `moved`: drugs that may change; `given`: those given in doses."""

    program: Program
    space: Space
    tag: str
    moved: frozenset[str]
    given: frozenset[str]
    _instants: dict[str, dict[str, str]] = field(default_factory=dict)
    _told: dict[tuple[str, int], Formula] = field(default_factory=dict)
    _fresh: list[tuple[str, Variable, str]] = field(default_factory=list)
    """Variables named and not yet told of."""
    _cadences: dict[str, Cadence] = field(default_factory=dict)

    # -- what all instants share

    def changes(self, drug: str) -> Formula:
        """The drug's rate is not always the same."""
        return self.space.bool(f"{self.tag}changes:{drug}", ("changes", drug), self.tag)

    def toggles(self, drug: str) -> Formula:
        """The drug starts and stops."""
        return self.space.bool(f"{self.tag}toggles:{drug}", ("toggles", drug), self.tag)

    def highest(self, drug: str, dims: Dims) -> Linear:
        """A rate that it does not pass while it changes."""
        return self._mark(drug, dims, "highest")

    def lowest(self, drug: str, dims: Dims) -> Linear:
        """A rate that it does not go below while it changes and runs on."""
        return self._mark(drug, dims, "lowest")

    def _mark(self, drug: str, dims: Dims, which: str) -> Linear:
        apart = "" if dict(dims).get("body_weight", 0) >= 0 else "/kg"
        return self.space.real(f"{self.tag}{which}:{drug}{apart}", (which, drug), self.tag, Fraction(0))

    def value(self, name: str) -> Linear:
        """The patient's value of a reading with noise."""
        lo, hi = self.program.plausible.get(name, (None, None))
        return self.space.real(f"{self.tag}held:{name}", ("held", name), self.tag, lo, hi)

    def cadence(self, name: str) -> Cadence:
        """How often the input is read."""
        if name not in self._cadences:
            self._cadences[name] = cadence(self.program, name)
        return self._cadences[name]

    # -- one instant

    def at(self, instant: str, formula: Formula) -> Formula:
        """What was said of an instant without a prefix, of this one."""
        found = self._tell(instant, formula)
        while self._fresh:
            self._bind(*self._fresh.pop())
        return found

    def name(self, instant: str, name: str) -> str:
        """What a variable is called at an instant."""
        names = self._instants.setdefault(instant, {})
        if name not in names:
            variable = self.space.variables[name]
            names[name] = self.known_as(instant, name)
            prefix = names[name].removesuffix(name)
            if prefix:
                self._declare(variable, prefix)
                self._fresh.append((instant, variable, prefix))
        return names[name]

    def known_as(self, instant: str, name: str) -> str:
        """What a variable would be called at an instant, whether or not anything speaks of it there."""
        variable = self.space.variables.get(name)
        if variable is None:
            return name
        shared = self._shared(variable)
        return ("" if shared is None else self.tag if shared else f"{self.tag}{instant}:") + name

    def _tell(self, instant: str, formula: Formula) -> Formula:
        key = (instant, id(formula))
        if key not in self._told:
            self._told[key] = self._again(instant, formula)
        return self._told[key]

    def _number(self, instant: str, linear: Linear) -> Linear:
        total = f.number(linear.constant)
        for name, factor in linear.terms:
            total = total.plus(f.variable(self.name(instant, name)).times(factor))
        return total

    def _again(self, instant: str, formula: Formula) -> Formula:
        match formula:
            case f.Bool():
                return f.boolean(self.name(instant, formula.name))
            case f.Compare():
                return f.compare(self._number(instant, formula.linear), formula.rel, f.number(0))
            case f.Product():
                parts = (self.name(instant, part) for part in (formula.result, formula.left, formula.right))
                return f.product(*parts)
            case f.Not():
                return f.negation(self._tell(instant, formula.of))
            case f.And():
                return f.all_of(self._tell(instant, part) for part in formula.of)
            case f.Or():
                return f.any_of(self._tell(instant, part) for part in formula.of)

    def _declare(self, old: Variable, prefix: str) -> None:
        name, space = prefix + old.name, self.space
        match old.sort:
            case "bool":
                space.bool(name, old.about, prefix)
            case "int":
                space.whole(name, old.about, prefix)
            case "real":
                space.real(name, old.about, prefix, old.lo, old.hi, old.grid)

    def _bind(self, instant: str, old: Variable, prefix: str) -> None:
        """All that is always true of the variable, and what binds the instants together."""
        name, space = prefix + old.name, self.space
        for fact in list(space.facts[old.name]):
            space.always(name, self._tell(instant, fact))
        for condition, product in list(space.products.get(old.name, ())):
            parts = (self.name(instant, part) for part in (product.result, product.left, product.right))
            space.multiply(self._tell(instant, condition), *parts)
        if prefix != self.tag:
            for link in self._links(old, name):
                space.always(name, link)

    # -- what binds the instants together

    def _shared(self, variable: Variable) -> bool | None:
        """None: the same for every patient."""
        artifact = self.program.artifact
        kind, *about = variable.about
        match kind:
            case "setting":
                return None
            case "known":
                return not self.cadence(about[0]).lapses
            case "input" | "value" | "steps":
                decl = artifact.inputs[about[0]]
                return None if decl.fixed else not noise_of(self.program, about[0])
            case "after":
                return True
            case "past":
                return isinstance(artifact.terms[int(about[0])], m.Ever)
            case "value_at" | "value_at_known":
                term = artifact.terms[int(about[0])]
                return isinstance(term, m.ValueAt) and self._is_over(term.ref)
            case "old" | "old_known" | "seen" | "throughout" | "lowest" | "mean" | "highest":
                span = about[0].split(" ", 1)[1]
                since = span.removeprefix(_SINCE).removesuffix("}")
                return kind.startswith("old") and span != since and self._is_over(moment_of(since))
            case _:
                return kind in _DRUG and about[0] not in self.moved and about[0] not in self.given

    def _is_over(self, ref: m.Ref) -> bool:
        """It lies before the round: events are reported once."""
        parts = ref.of if isinstance(ref, m.PairRef) else (ref,)
        events = self.program.artifact.events
        return all(isinstance(one, m.EventRef) and events[one.name].condition is None for one in parts)

    def _links(self, old: Variable, name: str) -> Iterable[Formula]:
        kind = old.about[0]
        about = old.about[1] if len(old.about) > 1 else ""
        if kind == "input":
            yield from self._near(name, about)
        elif kind in ("old", "lowest", "mean", "highest"):
            read, span = about.split(" ", 1)
            if span.startswith(_OVER):
                yield from self._near(name, read)
        elif kind in _DRUG and about in self.moved:
            yield from self._as_before(old, name)

    def _near(self, name: str, read: str) -> Iterable[Formula]:
        """Within the noise of the patient's value, which is the reading itself where there is no noise."""
        noise = f.number(noise_of(self.program, read))
        held = self.value(read)
        yield f.compare(f.variable(name), "<=", held.plus(noise))
        yield f.compare(f.variable(name), ">=", held.minus(noise))

    def _as_before(self, old: Variable, name: str) -> Iterable[Formula]:
        """The drug is as it is on every instant, unless steps change it; then it is charted."""
        kind, drug = old.about[0], old.about[1]
        shared = self.tag + old.name
        changes, toggles = self.changes(drug), self.toggles(drug)
        same: Callable[[Formula], Formula] = lambda moves: f.any_of((moves, self._equal(old, name, shared)))  # noqa: E731
        match kind:
            case "on" | "off":
                yield same(toggles)
                at = name.removesuffix(old.name)
                on, off = (self.space.bool(f"{at}{one}:{drug}", (one, drug), at) for one in ("on", "off"))
                yield f.implies(changes, f.any_of((on, off)))
            case "rated":
                yield same(changes)
                at = name.removesuffix(old.name)
                on = self.space.bool(f"{at}on:{drug}", ("on", drug), at)
                yield f.implies(f.all_of((changes, on)), f.boolean(name))
            case "charted_own":
                yield self._equal(old, name, shared)
            case _:
                yield same(changes)
                dims = self._dims(old)
                rate = f.variable(name)
                yield f.implies(changes, f.compare(rate, "<=", self.highest(drug, dims)))
                runs_on = f.all_of((changes, f.negation(toggles)))
                yield f.implies(runs_on, f.compare(rate, ">=", self.lowest(drug, dims)))

    def _equal(self, old: Variable, name: str, shared: str) -> Formula:
        if old.sort == "bool":
            return f.iff(f.boolean(name), self.space.bool(shared, old.about, self.tag))
        return f.compare(f.variable(name), "=", self.space.real(shared, old.about, self.tag, old.lo, old.hi))

    def _dims(self, rate: Variable) -> Dims:
        return (("body_weight", -1),) if rate.name.endswith("/kg") else ()
