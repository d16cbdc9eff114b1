"""A patient who walks from stage to stage, each move by itself: what it wants is charted until it comes.

The search for a history looks at all its moves together, which is much where a stage lies far. A walk is
longer than it needs to be and is found at once; it shows that its stages are reached, and is shown to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rung_engine.artifact import model as m
from rung_engine.event import Charted, Fact, Reading
from rung_engine.event import Value as Read
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.evaluate import subjects
from rung_engine.session.replay import Replay
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.marks import charted
from rung_lang.verify.formulas.subjects import of_variables
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.histories.recorded import Settings, Shown, lowest, recorded
from rung_lang.verify.histories.timeline import Subject
from rung_lang.verify.reach.reach import ControlClass, Reach
from rung_lang.verify.solving.asks import Sat
from rung_lang.verify.verdict import Confirm, Replayed, Witness

MINUTE = 60_000
WAITS = (0, 1, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440, 2880)
"""Minutes after the readings of a move at which it is looked whether it came."""
MOST_FACTS = 2000
"""Of one patient."""


@dataclass(slots=True)
class Walks:
    """Of one protocol, each stage by the nearest way that is found so."""

    context: Context
    reach: Reach
    _settings: Settings = field(init=False)
    _to: dict[str, _Walk] | None = None

    def __post_init__(self) -> None:
        self._settings = lowest(self.context.artifact, {})

    def shows(self, situation: Situation, parts: Sequence[Formula], confirm: Confirm) -> Shown | None:
        """An instant that shows it: on which the session comes to the stage, or later, when all that the
        parts speak of is charted as they want it.
        """
        if self._to is None:
            self._to = self._walked()
        walk = None if situation.stage is None else self._to.get(situation.stage)
        if walk is None or walk.shown is None:
            return None
        if confirm(walk.shown):
            return self._shown(walk)
        names = sorted({name for part in parts for name in f.names(part)})
        read = of_variables(self.context.program, self.context.space, names)
        further = walk.on()
        values = _values(self.context, situation, parts, read, further)
        if values is None or not further.lead(confirm, values, walk.time + MINUTE):
            return None
        return self._shown(further)

    def charts(self, situation: Situation, parts: Sequence[Formula], most: int) -> Iterator[Witness]:
        """What might show it: the instant on which the session comes to the stage, and up to `most` later
        ones, when all that the parts speak of is charted as they want it. Nothing is judged here.
        """
        if self._to is None:
            self._to = self._walked()
        walk = None if situation.stage is None else self._to.get(situation.stage)
        if walk is None or walk.shown is None:
            return
        yield Witness(self._settings, tuple(walk.facts), walk.time)
        names = sorted({name for part in parts for name in f.names(part)})
        read = of_variables(self.context.program, self.context.space, names)
        further = walk.on()
        values = _values(self.context, situation, parts, read, further)
        if values is None:
            return
        found: list[Witness] = []

        def arrived(seen: Replayed) -> bool:
            found.append(Witness(self._settings, tuple(further.facts), seen.view.time))
            return len(found) == most

        further.lead(arrived, values, walk.time + MINUTE)
        yield from found

    def _shown(self, walk: _Walk) -> Shown:
        assert walk.shown is not None
        return Shown(Witness(self._settings, tuple(walk.facts), walk.time), walk.shown)

    def _walked(self) -> dict[str, _Walk]:
        reach = self.reach
        program = Program(self.context.artifact, dict(self._settings), unverified=True)
        nearest = (
            min(classes, key=lambda one: len(reach.way_to(one)))
            for classes in reach.classes.values()
            if classes
        )
        found: dict[str, _Walk] = {}
        for one in sorted(nearest, key=lambda one: len(reach.way_to(one))):
            if one.by is None:
                walk = _begun(self.context, reach, program, one)
            elif one.by[0].stage in found:
                walk = _moved(self.context, reach, found[one.by[0].stage], one)
            else:
                continue
            if walk is not None:
                found[one.stage] = walk
        return found


@dataclass(slots=True)
class _Walk:
    """`facts`: all that is charted up to `time`."""

    program: Program
    facts: list[Fact] = field(default_factory=list)
    time: int = 0
    shown: Replayed | None = None
    _replay: Replay | None = None

    def on(self) -> _Walk:
        """The same patient, to be led further."""
        replay, self._replay = self._replay, None
        if replay is None:
            replay = Replay(self.program, self.facts)
            replay.advance(self.time)
        return _Walk(self.program, list(self.facts), self.time, None, replay)

    def lead(self, arrived: Confirm, values: Mapping[str, Read], start: int) -> bool:
        """Charts the values from `start` on, again and again while they are good, until it has arrived."""
        assert self._replay is not None
        inputs = self.program.artifact.inputs
        told = start - 1
        for wait in WAITS:
            until = start + wait * MINUTE
            fresh: list[Fact] = []
            for name, value in sorted(values.items()):
                valid = inputs[name].valid_for
                every = None if inputs[name].fixed or valid is None else max(valid, MINUTE)
                times = range(start, until + 1, every) if every is not None else (start,)
                fresh += [Reading("", time, name, value) for time in times if told < time <= until]
            self._tell(sorted(fresh, key=lambda fact: fact.time))
            told = until
            before = self._replay.state
            view = self._replay.advance(until)
            content, state = self._replay.content, self._replay.state
            if content is None or content.outside_verified or len(self.facts) > MOST_FACTS:
                return False
            if self._replay.decisions[-1].time != until:
                # What moved the session did so before.
                content = replace(content, path=(), moved_by=())
            seen = Replayed(self.program, recorded(self.program, view, until), content, state, before)
            if arrived(seen):
                self.time, self.shown = until, seen
                return True
            if state.finished:
                return False
        return False

    def _tell(self, facts: Sequence[Fact]) -> None:
        assert self._replay is not None
        first = len(self.facts)
        named = [_named(fact, first + place) for place, fact in enumerate(facts)]
        self.facts += named
        self._replay.tell(named)


def _named(fact: Fact, place: int) -> Fact:
    assert isinstance(fact, Reading)
    return Reading(f"{place + 1:04}", fact.time, fact.input, fact.value)


# ---------------------------------------------------------------- one move


def _begun(context: Context, reach: Reach, program: Program, one: ControlClass) -> _Walk | None:
    """A patient whose session begins in the stage."""
    situation = context.situation(one.stage, entered_now=True)
    chosen: list[Formula] = []
    for stage in program.initial_stages:
        if stage.initial_if is not None:
            condition = situation.symbols.truth(stage.initial_if)
            chosen.append(condition.yes if stage.name == one.stage else condition.no)
        if stage.name == one.stage:
            break
    walk = _Walk(program).on()
    terms = [stage.initial_if for stage in program.initial_stages]
    values = _values(context, situation, [*chosen, reach.facts(one)], _read(program, terms), walk)
    return walk if values is not None and walk.lead(_Stands(one.stage), values, 0) else None


def _moved(context: Context, reach: Reach, before: _Walk, one: ControlClass) -> _Walk | None:
    """The patient of the stage before, moved on by the rule."""
    assert one.by is not None
    situation = context.situation(one.by[0].stage)
    judged = situation.rules[one.by[1]]
    read = _read(before.program, [judged.rule.condition, judged.rule.unless])
    walk = before.on()
    values = _values(context, situation, [reach.facts(one.by[0]), judged.fires], read, walk)
    start = before.time + MINUTE
    return walk if values is not None and walk.lead(_Stands(one.stage), values, start) else None


@frozen
class _Stands:
    """The session is in the stage."""

    stage: str

    def __call__(self, replayed: Replayed) -> bool:
        return replayed.state.stage == self.stage


def _read(program: Program, terms: Iterable[int | None]) -> frozenset[Subject]:
    """Whatever the conditions look at."""
    return frozenset(part for term in terms if term is not None for part in subjects(program, term))


def _values(
    context: Context,
    situation: Situation,
    parts: Sequence[Formula],
    read: Iterable[Subject],
    walk: _Walk,
) -> dict[str, Read] | None:
    """What is to be charted of each input that is read, for all parts to be true."""
    artifact = context.artifact
    symbols = situation.symbols
    was = {fact.input: fact.value for fact in walk.facts if isinstance(fact, Reading)}
    fixed = [name for name in sorted(was) if artifact.inputs[name].fixed]
    asked = [part for _, part in context.applies(situation)]
    asked += [*parts, *_chosen(context, walk.program)]
    asked += [_is(walk.program, symbols, name, was[name]) for name in fixed]
    answer = context.solver.ask([*asked, *_lasting(context, symbols)])
    if not isinstance(answer, Sat):
        answer = context.solver.ask(asked)
    if not isinstance(answer, Sat):
        return None
    values = answer.values
    found: dict[str, Read] = {}
    for kind, name in sorted({*read, *_read(walk.program, (artifact.applies, *artifact.assumptions))}):
        if kind != "input" or name in fixed:
            continue
        if f.holds(symbols.input_known(name), values):
            value = _value(walk.program, symbols, name, values)
            if value is None:
                return None
            found[name] = value
    return found


def _lasting(context: Context, symbols: Symbols) -> Iterator[Formula]:
    """What was so for some time, or once, is so now: to chart it now is enough."""
    for index, term in enumerate(context.artifact.terms):
        if isinstance(term, m.Held | m.Recent | m.Ever) and index in symbols.judged:
            yield f.implies(symbols.truth(index).yes, symbols.truth(term.of).yes)


def _chosen(context: Context, program: Program) -> Iterator[Formula]:
    """Settings stand where they stand for this patient."""
    known = context.space.variables
    for name, decl in sorted(context.artifact.settings.items()):
        value = program.settings[name]
        if isinstance(value, str):
            for one in decl.choices or ("yes",):
                if f"set:{name}={one}" in known:
                    symbol = f.boolean(f"set:{name}={one}")
                    yield symbol if one == value else f.negation(symbol)
        elif f"set:{name}" in known:
            yield f.compare(f.variable(f"set:{name}"), "=", f.number(value))


# ---------------------------------------------------------------- one reading


def _value(program: Program, symbols: Symbols, name: str, values: Mapping[str, Value]) -> Read | None:
    """As it is charted; None where no chart can say it."""
    decl = program.artifact.inputs[name]
    has = (
        [one for one in decl.values or ("yes",) if f.holds(symbols.input_has(name, one), values)]
        if (decl.kind not in ("quantity", "graded"))
        else []
    )
    match decl.kind:
        case "quantity":
            assert decl.unit is not None
            millionths = charted(symbols.input_value(name).at(values), program.units[decl.unit])
            return None if millionths is None else Charted(millionths, decl.unit)
        case "graded":
            return decl.values[int(symbols.input_value(name).at(values))]
        case "flag":
            return bool(has)
        case "one_of":
            return has[0] if has else None
        case "any_of":
            return frozenset(has)


def _is(program: Program, symbols: Symbols, name: str, value: Read) -> Formula:
    """The input says what it said."""
    decl = program.artifact.inputs[name]
    match value:
        case Charted():
            unit = program.units[value.unit]
            said = f.number(program.number(m.Number(millionths=value.millionths, unit=unit.name)).value)
            return f.compare(symbols.input_value(name), "=", said)
        case bool():
            has = symbols.input_has(name, "yes")
            return has if value else f.negation(has)
        case str() if decl.kind == "graded":
            return f.compare(symbols.input_value(name), "=", f.number(decl.values.index(value)))
        case str():
            return symbols.input_has(name, value)
        case frozenset():
            return f.all_of(
                symbols.input_has(name, one) if one in value else f.negation(symbols.input_has(name, one))
                for one in decl.values
            )
