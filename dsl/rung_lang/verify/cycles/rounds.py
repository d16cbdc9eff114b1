"""Can the steps of some stages make a round for a patient who stays as he is? What a round needs, as one
question.

Every step of a round is taken on some instant of it. These instants share the patient (`Constant`) and have
places on a circle as long as the round. The question allows more than can happen: where it has no answer
there
is no round; an answer is a candidate, to be played. It is first asked of readings alone, then of readings and
drugs, then in full; steps that are part of no answer are left out of what follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, assert_never

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.program import Dims
from rung_lang.verify.context import Context
from rung_lang.verify.cycles.constant import Constant, noise_of
from rung_lang.verify.cycles.steps import STARTS, Step, closed, drugs_given, drugs_moved
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear, Value
from rung_lang.verify.formulas.subjects import moment_of
from rung_lang.verify.histories.plain import Plain
from rung_lang.verify.solving.asks import Asks
from rung_lang.verify.solving.solve import Answer, Sat, Unknown, Unsat
from rung_lang.verify.verdict import Proved

DAY = 86_400_000
"""A round that takes this long, in milliseconds, is none that anybody would call flapping."""
MOST_TIMED = 60
"""Of more steps than this the time between them is left out, which allows more rounds."""
MOST_REFINED = 24
"""Sets of steps that are looked at by themselves for one question."""
LIMIT = 4_000_000
"""The solver's steps for one question."""


@frozen
class Candidate:
    """A round of all the steps of `rounds`, `values` for a patient."""

    rounds: Rounds
    values: Mapping[str, Value]


READINGS = frozenset({"setting", "input", "value", "known"})
CHARTED = READINGS | {"on", "off", "rated", "rate", "charted_own"}


@dataclass
class Rounds:
    """The rounds of a group of stages that are made of these steps. `looks`: at what; None: at everything."""

    context: Context
    group: tuple[str | None, ...]
    tag: str
    steps: tuple[Step, ...]
    every: tuple[Step, ...]
    """All that the group can do, parts of rounds or not."""
    looks: frozenset[str] | None = None
    patient: Constant = field(init=False)
    candidates: int = 0
    """How many were named so far."""
    _learned: list[Formula] = field(default_factory=list)
    """Of steps that make no round by themselves: that they are not all there is."""
    _weaker: dict[int, Formula] = field(default_factory=dict)

    def __post_init__(self) -> None:
        moved = frozenset(drugs_moved(self.steps))
        given = drugs_given(self.context, self.group)
        self.patient = Constant(self.context.program, self.context.space, self.tag, moved, given)

    @property
    def goes(self) -> bool:
        """The session may change its stage."""
        return any(step.kind == "go" for step in self.steps)

    @property
    def drugs(self) -> tuple[str, ...]:
        """The drugs that may go up and down."""
        return drugs_moved(self.steps)

    # -- the question

    def parts_of_rounds(self) -> tuple[Step, ...]:
        """The steps that are part of some answer."""
        left = list(range(len(self.steps)))
        found: set[int] = set()
        while left:
            target = f.any_of(self.uses(place) for place in left)
            values = self._solver.glance([target])
            if values is None:
                if not self._solver.impossible([target]):
                    found.update(left)
                break
            found.update(place for place in left if f.holds(self.uses(place), values))
            left = [place for place in left if place not in found]
        return tuple(step for place, step in enumerate(self.steps) if place in found)

    @property
    def proved(self) -> Proved:
        """Where there is no candidate. Rounds that were ruled out one by one may have needed products."""
        return Proved("cycles", "solver" if self._learned else "checked")

    def candidate(self, target: Formula, against: Sequence[Formula] = ()) -> Candidate | Unknown | None:
        """A round in which the target is true, none of `against` false; None where there is none."""
        for _ in range(MOST_REFINED):
            asked = [target, *against, *self._learned]
            if self._solver.impossible(asked):
                return None
            used = self._fewest(asked)
            self.candidates += 1
            own = Rounds(self.context, self.group, f"{self.tag}{self.candidates}:", used, self.every)
            answer = own.patient_of()
            if isinstance(answer, Unknown):
                return answer
            if isinstance(answer, Sat):
                return Candidate(own, answer.values)
            others = f.any_of(self.uses(place) for place, step in enumerate(self.steps) if step not in used)
            self._learned.append(f.any_of((self.without(used), others)))
        return Unknown("too many ways to go round")

    def patient_of(self) -> Answer:
        """A plain patient for a round of all the steps; if there is one, such that only they are ever
        taken.
        """
        asked = f.all_of((*self.question, *self.timed, *self.obeyed))
        solver = self.context.solver.given((), LIMIT)
        plain = Plain(
            self.context.artifact, self.patient, [self.instant(place) for place in range(len(self.steps))]
        )
        wishes = [*plain.wishes()]
        answer, _ = solver.most([f.all_of((asked, *self.lasting, *plain.charted()))], wishes)
        return solver.most([asked], wishes)[0] if isinstance(answer, Unsat) else answer

    def _fewest(self, asked: Sequence[Formula]) -> tuple[Step, ...]:
        """The steps of an answer with as few as there can be, of several such the last ones."""
        places = range(len(self.steps))
        names = [f"{self.tag}one:{place}" for place in places]
        total = f.number(0)
        laws: list[Formula] = []
        for place, name in enumerate(names):
            one = self.context.space.real(name, ("one", str(place)), self.tag, f.ZERO)
            laws.append(f.implies(self.uses(place), f.compare(one, ">=", f.number(1))))
            total = total.plus(one)
        most = 2
        found = [*asked, *laws, f.compare(total, "<=", f.number(most))]
        while most < len(names) and self._solver.impossible(found):
            most += 1
            found[-1] = f.compare(total, "<=", f.number(most))
        used = list(self.steps)
        for place, step in enumerate(self.steps):
            without = f.negation(self.uses(place))
            if not self._solver.impossible([*found, without]):
                found.append(without)
                used.remove(step)
        return tuple(used)

    @cached_property
    def obeyed(self) -> list[Formula]:
        """On the instants of the steps nothing else changes the patient or moves the session."""
        found = [
            f.negation(self.patient.at(self.instant(place), order))
            for place, step in enumerate(self.steps)
            for stage in ((step.target,) if step.kind == "go" else step.stages)
            for order in self._orders(stage)
            # Where the session just came from, the time in the stage is another.
            if step.kind != "go" or not self._asks_for_stage(order)
        ]
        going = [step for step in self.steps if step.kind == "go"]
        if len({step.alone for step in going}) == len(going) and not any(
            self._asks_for_stage(step.core) for step in going
        ):
            # Rules that lead round on one instant lead nowhere.
            found += [
                f.negation(f.all_of(self.patient.at(self.instant(place), step.core) for step in going))
                for place, own in enumerate(self.steps)
                if own.kind == "go"
            ]
        return found

    @cached_property
    def lasting(self) -> list[Formula]:
        """What holds on every instant of the steps has held for long: no other readings are taken."""
        places = range(len(self.steps))
        found: list[Formula] = []
        for _, own, of in self._windows():
            always = f.all_of(self.patient.at(self.instant(place), of) for place in places)
            found += [f.implies(always, self.patient.at(self.instant(place), own)) for place in places]
        return found

    def _orders(self, stage: str | None) -> Iterator[Formula]:
        """Where each order stands that is carried out and is no step, and each other rule moves the session;
        of the doses those that are counted.
        """
        for other in self.every:
            if not other.free and not other.carried and other not in self.steps:
                yield from (core for one, core in other.cores if one == stage)
        counted = {decl.counts for decl in self.context.artifact.inputs.values()}
        situation = self.context.situation(stage)
        for order in situation.orders:
            counts = order.order.op == "give" and order.order.target in counted
            if counts and not (order.label or order.carried):
                yield f.all_of((order.stands, order.sure, situation.rests))

    def _asks_for_stage(self, formula: Formula) -> bool:
        """It speaks of the time in the stage."""
        return any(self.context.space.variables[name].about[0] == "in_stage" for name in f.names(formula))

    @property
    def question(self) -> list[Formula]:
        """What a patient must be like for a round of all the steps."""
        return [*(self.uses(place) for place in range(len(self.steps))), *self._base]

    def without(self, steps: Sequence[Step]) -> Formula:
        """Not all of these are part of the round."""
        return f.negation(
            f.all_of(self.uses(place) for place, step in enumerate(self.steps) if step in steps)
        )

    @cached_property
    def _solver(self) -> Asks:
        return self.context.solver.given((*self._base, *self.timed), LIMIT)

    def uses(self, place: int) -> Formula:
        """The step belongs to the round."""
        return self.context.space.bool(f"{self.tag}uses:{place}", ("uses", str(place)), self.tag)

    def moves(self) -> Formula:
        """The session changes its stage."""
        return f.any_of(self.uses(place) for place, step in enumerate(self.steps) if step.kind == "go")

    def _of(self, kind: str, drug: str) -> list[int]:
        return [place for place, step in enumerate(self.steps) if (step.kind, step.target) == (kind, drug)]

    def instant(self, place: int) -> str:
        """The prefix, behind the tag, of the instant of a step."""
        return str(place)

    @cached_property
    def _base(self) -> list[Formula]:
        found: list[Formula] = []
        for place, step in enumerate(self.steps):
            uses = self.uses(place)
            where = step.where if self.looks is None else self._seen(step.core)
            found.append(f.implies(uses, self.patient.at(self.instant(place), where)))
            if step.kind != "go":
                found.append(f.implies(uses, self.patient.changes(step.target)))
                if step.toggles and step.op != "taper":
                    found.append(f.implies(uses, self.patient.toggles(step.target)))
        return [*found, *self._stages(), *(part for drug in self.drugs for part in self._drug(drug))]

    def _seen(self, formula: Formula) -> Formula:
        """What follows from the formula about the things looked at."""
        if id(formula) not in self._weaker:
            self._weaker[id(formula)] = self._weakened(formula)
        return self._weaker[id(formula)]

    def _weakened(self, formula: Formula) -> Formula:
        match formula:
            case f.And():
                return f.all_of(self._seen(part) for part in formula.of)
            case f.Or():
                return f.any_of(self._seen(part) for part in formula.of)
            case f.Not():
                return formula if self._seen(formula.of) is formula.of else f.TRUE
            case f.Bool() if self.context.space.variables[formula.name].about[0] == "past":
                return self._base_of(formula.name)
            case f.Bool() | f.Compare() | f.Product():
                assert self.looks is not None
                about = (self.context.space.variables[name].about[0] for name in f.names_of(formula))
                return formula if self.looks.issuperset(about) else f.TRUE
            case _:
                assert_never(formula)

    def _base_of(self, name: str) -> Formula:
        """What a form over time, known true or false, says of its own instant."""
        _, index, known = self.context.space.variables[name].about
        term = self.context.artifact.terms[int(index)]
        symbols = self.context.situation(self.group[0]).symbols
        match term:
            case m.Held() if known == "yes" and term.gaps is None:
                return self._seen(symbols.truth(term.of).yes)
            case m.Recent() if known == "no":
                return self._seen(symbols.truth(term.of).no)
            case _:
                return f.TRUE

    def _stages(self) -> Iterator[Formula]:
        """The steps lie on a way round through stages, or all in one stage."""
        into: dict[str | None, list[Formula]] = {stage: [] for stage in self.group}
        out: dict[str | None, list[Formula]] = {stage: [] for stage in self.group}
        for place, step in enumerate(self.steps):
            if step.kind == "go":
                into[step.target].append(self.uses(place))
                for stage in step.stages:
                    if stage != step.target:
                        out[stage].append(self.uses(place))
        stays = {
            stage: self.context.space.bool(f"{self.tag}stays:{stage or ''}", ("stays", stage or ""), self.tag)
            for stage in self.group
        }
        moves = self.moves()
        for stage in self.group:
            yield f.implies(f.any_of(into[stage]), f.any_of(out[stage]))
            yield f.implies(stays[stage], f.negation(moves))
            for other in self.group:
                if other != stage:
                    yield f.negation(f.all_of((stays[stage], stays[other])))
        for place, step in enumerate(self.steps):
            where = f.any_of(f.any_of((stays[stage], *into[stage])) for stage in step.stages)
            yield f.implies(self.uses(place), where)
            yield from (f.implies(self.uses(place), f.boolean(name)) for name in self._happened(step))
            if step.carried:
                moved = [
                    self.uses(other)
                    for other, by in enumerate(self.steps)
                    if by.kind == "go" and by.rule == step.rule
                ]
                yield f.implies(self.uses(place), f.any_of(moved))

    def _happened(self, step: Step) -> Iterator[str]:
        """What has happened once the step was taken."""
        if step.kind == "go" or not step.toggles:
            return
        for name, variable in sorted(self.context.space.variables.items()):
            if not variable.at and variable.about[0] == "after" and self._restarts(step, variable.about[1]):
                shared = self.patient.known_as("", name)
                self.context.space.bool(shared, variable.about, self.tag)
                yield shared

    def _drug(self, drug: str) -> Iterator[Formula]:
        """What goes up comes down again; between which rates."""
        up, down = self._of("up", drug), self._of("down", drug)
        changes, toggles = self.patient.changes(drug), self.patient.toggles(drug)
        for way in (up, down):
            yield f.implies(changes, f.any_of(self.uses(place) for place in way))
            yield f.implies(toggles, f.any_of(self.uses(place) for place in way if self.steps[place].toggles))
        yield f.implies(toggles, changes)
        if self.looks is not None and "rate" not in self.looks:
            return
        own = self.context.program.units[self.context.artifact.drugs[drug].unit].dims
        dims = {bound.dims for place in (*up, *down) for bound in self.steps[place].bounds} | {own}
        for one in sorted(dims):
            highest, lowest = self.patient.highest(drug, one), self.patient.lowest(drug, one)
            tops = [self._within(place, highest, "<=", one) for place in up]
            yield f.implies(changes, f.any_of(tops))
            floors = [self._within(place, lowest, ">=", one) for place in down]
            yield f.implies(f.all_of((changes, f.negation(toggles))), f.any_of(floors))

    def _within(self, place: int, rate: Linear, rel: Literal["<=", ">="], dims: Dims) -> Formula:
        """The step belongs to the round, and the rate is within its bounds."""
        bounds = (
            f.compare(rate, rel, bound.value) for bound in self.steps[place].bounds if bound.dims == dims
        )
        return f.all_of((self.uses(place), *bounds))

    # -- the time between steps

    @cached_property
    def _period(self) -> Linear:
        return self.context.space.real(f"{self.tag}period", ("period",), self.tag)

    def _when(self, place: int) -> Linear:
        name = f"{self.tag}when:{place}"
        return self.context.space.real(name, ("when", str(place)), self.tag, f.ZERO)

    def _lasts(self, first: int, then: int, length: Linear, together: Formula) -> Formula:
        """From one step to the next other it takes at least so long; `together`: or they are on one
        instant.
        """
        if first == then:
            return f.compare(self._period, ">=", length)
        a, b = self._when(first), self._when(then)
        onwards = f.all_of((f.compare(a, "<", b), f.compare(b.minus(a), ">=", length)))
        round_ = f.all_of((f.compare(b, "<", a), f.compare(self._period.plus(b).minus(a), ">=", length)))
        return f.any_of((onwards, round_, f.all_of((f.compare(a, "=", b), together))))

    def _round(self, length: Linear) -> Formula:
        """A round takes at least so long."""
        return f.compare(self._period, ">=", length)

    @cached_property
    def timed(self) -> list[Formula]:
        """What the steps ask of the time between them."""
        return [*self._times()] if self.looks is None and len(self.steps) <= MOST_TIMED else []

    def _times(self) -> Iterator[Formula]:
        """What the instant of each step asks of the time since that of others."""
        yield f.compare(self._period, "<", f.number(DAY))
        yield from (f.compare(self._when(place), "<", self._period) for place in range(len(self.steps)))
        for then in range(len(self.steps)):
            yield from self._since_others(then)
        for first in range(len(self.steps)):
            for then in range(first + 1, len(self.steps)):
                both = f.all_of((self.uses(first), self.uses(then)))
                yield from (f.implies(both, law) for law in self._readings(first, then))
        yield from self._always()

    def _always(self) -> Iterator[Formula]:
        """What holds on every instant of a round has held for longer than any time: `C for D` is false only
        if C is otherwise between the steps.
        """
        places = range(len(self.steps))
        for index, own, of in self._windows():
            held = [f.implies(self.uses(place), self.patient.at(self.instant(place), of)) for place in places]
            between = self.patient.at(f"between {index}", of)
            steady = f.all_of((*held, between))
            for place in places:
                if self._asks(place, index):
                    then = self.patient.at(self.instant(place), own)
                    yield f.any_of((f.negation(self.uses(place)), f.negation(steady), then))

    def _asks(self, place: int, term: int) -> bool:
        """The step looks at the form over time."""
        content = self.context.situation(self.group[0]).symbols.name(term)
        names = (f"past:{content}+", f"past:{content}-")
        return any(name in names for name in f.names(self.steps[place].where))

    def _windows(self) -> Iterator[tuple[int, Formula, Formula]]:
        """Every form over time, where it is settled, and where its condition is as it must be for that."""
        symbols = self.context.situation(self.group[0]).symbols
        for index, term in enumerate(self.context.artifact.terms):
            if index in self.context.program.decision_terms:
                continue
            if isinstance(term, m.Held):
                yield index, symbols.truth(index).yes, symbols.truth(term.of).yes
            elif isinstance(term, m.Recent):
                yield index, symbols.truth(index).no, symbols.truth(term.of).no

    def _since_others(self, then: int) -> Iterator[Formula]:
        own = self.steps[then]
        at = self.instant(then)
        tag = f"{self.tag}{at}:"
        variables = self.context.space.variables
        spoken = self.context.space.spoken([self.patient.at(at, own.where)])
        for name in sorted(name for name in spoken if variables[name].at == tag):
            for first, step in enumerate(self.steps):
                both = f.all_of((self.uses(first), self.uses(then)))
                for law in self._since(first, then, step, name, variables[name].about):
                    yield f.implies(both, law)

    def _since(
        self, first: int, then: int, step: Step, name: str, about: tuple[str, ...]
    ) -> Iterator[Formula]:
        """What one variable of the instant of `then` says about the time since that of `first`."""
        number = f.variable(name)
        match about[0]:
            case "past" if first != then and about[2] == "yes":
                yield from self._held(first, then, int(about[1]), name)
            case "in_stage" if self.steps[then].alone is not None:
                if first == then:
                    yield f.implies(self.moves(), self._round(number))
                elif step.alone not in (None, self.steps[then].alone):
                    yield self._lasts(first, then, number, self._just_entered(first, number))
            case "unchanged" if first == then and about[1] not in self.patient.moved:
                changed = f.boolean(name.replace("unchanged:", "changed:"))
                yield f.implies(changed, f.compare(number, ">=", f.number(10 * DAY)))
            case "unchanged" if step.kind != "go" and step.target == about[1]:
                yield f.boolean(name.replace("unchanged:", "changed:"))
                opposite = step.kind != self.steps[then].kind and step.target == self.steps[then].target
                yield self._lasts(first, then, number, f.FALSE if opposite else self._round(number))
            case "since" if step.kind != "go" and step.toggles and self._restarts(step, about[1]):
                yield self._lasts(first, then, number, self._round(number))
            case _:
                pass

    def _just_entered(self, other: int, number: Linear) -> Formula:
        """Of two stages on one instant one was entered on it: this one, with its time, or the other's."""
        just = f.compare(number, "<=", f.number(0))
        name = f"{self.tag}{self.instant(other)}:in_stage"
        if name not in self.context.space.variables:
            return f.any_of((just, self._round(number)))
        entered = f.compare(f.variable(name), "<=", f.number(0))
        return f.any_of((just, f.all_of((entered, self._round(number)))))

    def _restarts(self, step: Step, key: str) -> bool:
        """The step is what a `time since` counts from: the latest start, or stop, of its drug."""
        if key.startswith("first "):
            return False
        ref = moment_of(key)
        if not isinstance(ref, m.DrugRef) or step.target not in ref.drugs:
            return False
        # A taper may leave the drug running, and a step up of a running drug starts nothing.
        return ref.kind == ("started" if step.kind == "up" else "stopped") and self._surely(step)

    def _surely(self, step: Step) -> bool:
        orders = [
            order.order.op
            for stage in step.stages
            for order in self.context.situation(stage).orders
            if order.place.rule == step.rule and order.order.target == step.target
        ]
        return all(op in STARTS or op in ("stop", "pause") for op in orders)

    def _held(self, first: int, then: int, term: int, name: str) -> Iterator[Formula]:
        """`C for D` is true: C was not otherwise on the other instant, or that is longer ago than D."""
        node = self.context.artifact.terms[term]
        situation = self.context.situation(self.steps[then].stages[0])
        at = self.instant(first)
        if isinstance(node, m.Held) and node.gaps is None:
            length = situation.symbols.amount(node.length)[0]
            base = self.patient.at(at, situation.symbols.truth(node.of).yes)
            yield f.any_of((f.negation(f.boolean(name)), base, self._lasts(first, then, length, f.FALSE)))
        elif isinstance(node, m.Recent):
            length = situation.symbols.amount(node.length)[0]
            base = self.patient.at(at, situation.symbols.truth(node.of).no)
            no = f.boolean(name.removesuffix("+") + "-")
            yield f.any_of((f.negation(no), base, self._lasts(first, then, length, f.FALSE)))

    def _readings(self, first: int, then: int) -> Iterator[Formula]:
        """Two values of one reading, or its coming and going, take as long as it is read in."""
        program = self.context.program
        for name in sorted(program.artifact.inputs):
            pace = self.patient.cadence(name)
            length = f.number(pace.every * (2 if pace.sources == 1 else 1))
            for symbol in (f"in:{name}", f"known:{name}"):
                names = [f"{self.tag}{self.instant(place)}:{symbol}" for place in (first, then)]
                if not all(one in self.context.space.variables for one in names):
                    continue
                if symbol.startswith("in:"):
                    if not noise_of(program, name):
                        continue
                    same = f.compare(f.variable(names[0]), "=", f.variable(names[1]))
                    yield f.any_of((same, f.compare(self._period, ">=", length)))
                else:
                    one, other = (f.boolean(part) for part in names)
                    same = f.any_of((f.all_of((one, other)), f.negation(f.any_of((one, other)))))
                    yield f.any_of((same, f.compare(self._period, ">=", f.number(pace.every))))


def narrowed(context: Context, group: tuple[str | None, ...], tag: str, every: tuple[Step, ...]) -> Rounds:
    """The rounds of the group that are made of these steps, as far as readings and drugs tell."""
    steps = closed(every)
    for place, looks in (("readings", READINGS), ("drugs", CHARTED)):
        if steps:
            steps = closed(Rounds(context, group, f"{tag}{place}:", steps, every, looks).parts_of_rounds())
    return Rounds(context, group, tag, steps, every)
