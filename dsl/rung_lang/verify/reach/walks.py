"""A patient who walks from stage to stage, each move by itself: what it wants is charted until it comes.

The search for a history looks at all its moves together, which is much where a stage lies far. A walk is
longer than it needs to be and is found at once; it shows that its stages are reached, and is shown to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rung_engine.artifact import model as m
from rung_engine.event import Charted, Fact, Reading
from rung_engine.event import Value as Read
from rung_engine.program import Program
from rung_engine.reference.evaluate import subjects
from rung_engine.session.replay import Replay
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula, Value
from rung_lang.verify.formulas.marks import charted
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.histories.recorded import Shown, lowest, recorded
from rung_lang.verify.reach.reach import ControlClass, Reach
from rung_lang.verify.solving.asks import Sat
from rung_lang.verify.verdict import Replayed, Witness

MINUTE = 60_000
WAITS = (0, 1, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440, 2880)
"""Minutes after the readings of a move at which it is looked whether it came."""
MOST_FACTS = 2000
"""Of one patient."""


def walked(context: Context, reach: Reach) -> Iterator[Shown]:
    """For each stage that is found so, the instant on which a session comes to it; stages nearby first."""
    settings = lowest(context.artifact, {})
    program = Program(context.artifact, dict(settings), unverified=True)
    nearest = (
        min(classes, key=lambda one: len(reach.way_to(one))) for classes in reach.classes.values() if classes
    )
    found: dict[ControlClass, _Walk] = {}
    for one in sorted(nearest, key=lambda one: len(reach.way_to(one))):
        walk = _begun(context, reach, program, one) if one.by is None else None
        if one.by is not None and one.by[0] in found:
            walk = _moved(context, reach, found[one.by[0]], one.by[1], one)
        if walk is not None and walk.shown is not None:
            found[one] = walk
            yield Shown(Witness(settings, tuple(walk.facts), walk.time), walk.shown)


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

    def lead(self, stage: str, values: Mapping[str, Read], start: int) -> bool:
        """Charts the values from `start` on, for as long as they are good, until the session is there."""
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
            if state.stage == stage:
                self.time = until
                seen = recorded(self.program, view, until)
                self.shown = Replayed(self.program, seen, content, state, before)
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
    terms = [stage.initial_if for stage in program.initial_stages]
    chosen: list[Formula] = []
    for stage in program.initial_stages:
        if stage.initial_if is not None:
            condition = situation.symbols.truth(stage.initial_if)
            chosen.append(condition.yes if stage.name == one.stage else condition.no)
        if stage.name == one.stage:
            break
    walk = _Walk(program).on()
    values = _values(context, situation, [*chosen, reach.facts(one)], terms, walk)
    return walk if values is not None and walk.lead(one.stage, values, 0) else None


def _moved(context: Context, reach: Reach, before: _Walk, rule_id: str, one: ControlClass) -> _Walk | None:
    """The patient of the stage before, moved on by the rule."""
    assert one.by is not None
    situation = context.situation(one.by[0].stage)
    judged = situation.rules[rule_id]
    terms = [judged.rule.condition, judged.rule.unless]
    walk = before.on()
    values = _values(context, situation, [reach.facts(one.by[0]), judged.fires], terms, walk)
    return walk if values is not None and walk.lead(one.stage, values, walk.time + MINUTE) else None


def _values(
    context: Context,
    situation: Situation,
    parts: Sequence[Formula],
    terms: Sequence[int | None],
    walk: _Walk,
) -> dict[str, Read] | None:
    """What is to be charted of each input that the conditions read, for all parts to be true."""
    artifact = context.artifact
    symbols = situation.symbols
    was = {fact.input: fact.value for fact in walk.facts if isinstance(fact, Reading)}
    fixed = [name for name in sorted(was) if artifact.inputs[name].fixed]
    asked = [part for _, part in context.applies(situation)]
    asked += [*parts, *_chosen(context, walk.program)]
    asked += [_is(walk.program, symbols, name, was[name]) for name in fixed]
    answer = context.solver.ask(asked)
    if not isinstance(answer, Sat):
        return None
    values = answer.values
    looked = [*terms, artifact.applies, *artifact.assumptions]
    read = {part for term in looked if term is not None for part in subjects(walk.program, term)}
    found: dict[str, Read] = {}
    for kind, name in sorted(read):
        if kind != "input" or name in fixed:
            continue
        if f.holds(symbols.input_known(name), values):
            value = _value(walk.program, symbols, name, values)
            if value is None:
                return None
            found[name] = value
    return found


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
