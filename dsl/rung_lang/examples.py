"""Runs a protocol's examples, and says which rules they exercise.

An example that gives an open setting no value is tried at both ends of that setting's range. It fails if it
holds at neither; where it holds at one only, that is said. Choices of settings that decide alike throughout
an example are run together: `rung_engine.session.replay` says which those are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product

from rung_engine.artifact import model as m
from rung_engine.decision.explain import Explained, explain
from rung_engine.decision.fold import State
from rung_engine.decision.model import Content, Dose, Standing
from rung_engine.decision.propose import Verdict, judge
from rung_engine.decision.view import View
from rung_engine.exact import round_millionths
from rung_engine.frozen import frozen
from rung_engine.program import Amount, Program
from rung_engine.session.replay import Replay, Watch, settings_in, settings_of_conditions
from rung_engine.truth import Truth
from rung_lang.lower.examples import LoweredCheck, LoweredExample, LoweredExpect

MOST_VARIANTS = 16
_GIVES = frozenset({"start", "add", "set", "increase", "continue", "give", "measure", "do", "begin"})

Settings = tuple[tuple[str, m.Number | str], ...]
"""Names in their order, with values."""


@frozen
class Failure:
    """An expectation that does not hold. `settings`: the values of open settings it was tried with."""

    example: LoweredExample
    check: LoweredCheck
    expect: LoweredExpect
    content: Content | None
    verdict: Verdict | None
    explained: tuple[tuple[str, Explained], ...]
    """By rule: the condition of each rule that speaks of what was expected."""
    settings: Settings


@frozen
class Result:
    """Of one example; `fired` holds the ids of rules that gave an order or moved the session."""

    example: LoweredExample
    failures: tuple[Failure, ...]
    fired: frozenset[str]
    depends: Settings = ()
    """Values of open settings with which the example does not hold although with others it does."""
    visited: frozenset[str] = frozenset()
    """The stages whose rules were asked."""


def run_examples(
    artifact: m.Artifact, examples: Sequence[LoweredExample], *, watch: Watch | None = None
) -> Iterator[Result]:
    """Each example in turn. `watch` is told of every instant, with every choice of settings that is tried."""
    programs = _Programs(artifact)
    for example in examples:
        yield _run(programs, example, watch)


def some_fail(artifact: m.Artifact, examples: Sequence[LoweredExample]) -> bool:
    """Whether some example holds for no choice of the site; quicker than to say what each comes to."""
    programs = _Programs(artifact)
    return any(
        all(_breaks(programs, example, settings) for settings in _variants(artifact, example))
        for example in examples
    )


def _breaks(programs: _Programs, example: LoweredExample, settings: Settings) -> bool:
    holds = _holds_throughout(Replay(programs.of(settings), example.events), example)
    return bool(_failures(programs, example, settings)) if holds is None else not holds


def uncovered(artifact: m.Artifact, results: Sequence[Result]) -> tuple[str, ...]:
    """Rules that no example exercises, by id."""
    fired = frozenset[str]().union(*(result.fired for result in results))
    return tuple(rule.id for rule in artifact.rules if rule.id not in fired)


class _Programs:
    """The programs of an artifact: one for each choice of settings, however many examples make it."""

    def __init__(self, artifact: m.Artifact) -> None:
        self.artifact = artifact
        self._made: dict[Settings, Program] = {}

    def of(self, settings: Settings) -> Program:
        if settings not in self._made:
            self._made[settings] = Program(self.artifact, dict(settings), unverified=True)
        return self._made[settings]

    def may_be_alike(self, one: Settings, other: Settings, example: LoweredExample) -> bool:
        """They differ only in what conditions read; no order of the example itself does."""
        differ = {a[0] for a, b in zip(one, other, strict=True) if a != b}
        written = {
            name
            for check in example.checks
            for order in (check.proposed, *(expect.order for expect in check.expects))
            for name in settings_in(order)
        }
        return differ <= self._of_conditions - written

    @cached_property
    def _of_conditions(self) -> frozenset[str]:
        return settings_of_conditions(self.artifact)


def _run(programs: _Programs, example: LoweredExample, watch: Watch | None) -> Result:
    variants = tuple(_variants(programs.artifact, example))
    fired: set[str] = set()
    visited: set[str] = set()
    broken: list[int] = []
    left = list(range(len(variants)))
    while left:
        first, *rest = left
        beside = [place for place in rest if programs.may_be_alike(variants[first], variants[place], example)]
        replay = Replay(
            programs.of(variants[first]),
            example.events,
            [programs.of(variants[place]) for place in beside],
            watch=watch,
        )
        holds = _holds_throughout(replay, example)
        alike = [first, *(beside[index] for index in sorted(replay.alike))]
        if holds is None:
            broken.extend(place for place in alike if _failures(programs, example, variants[place]))
        elif not holds:
            broken.extend(alike)
        for decision in replay.decisions:
            fired.update(decision.content.moved_by)
            for order in decision.content.orders:
                fired.update(order.rules)
            fired.update(item.rule for item in decision.content.waiting)
            fired.update(item.rule for item in decision.content.withheld)
        visited.update(replay.visited)
        left = [place for place in rest if place not in alike]
    if len(broken) == len(variants):
        failures = _failures(programs, example, variants[0])
        return Result(example, failures, frozenset(fired), (), frozenset(visited))
    own = {name for name, _ in example.settings}
    depends = tuple(item for item in variants[min(broken)] if item[0] not in own) if broken else ()
    return Result(example, (), frozenset(fired), depends, frozenset(visited))


def _holds_throughout(replay: Replay, example: LoweredExample) -> Truth:
    """Whether every expectation holds; None where that takes the fewest readings of what is pending."""
    found: Truth = True
    for check in example.checks:
        view = replay.advance(check.time_ms)
        content = replay.content
        verdict = _verdict(view, content, check)
        for expect in check.expects:
            if content is None:
                found = False
            elif not holds(view.program, content, verdict, expect) and found is not False:
                found = None if expect.word == "pending" and content.pending else False
    return found


def _failures(programs: _Programs, example: LoweredExample, settings: Settings) -> tuple[Failure, ...]:
    """Each expectation that does not hold with these settings, and why."""
    failures: list[Failure] = []
    replay = Replay(programs.of(settings), example.events, needs=True)
    for check in example.checks:
        view = replay.advance(check.time_ms)
        content = replay.content
        verdict = _verdict(view, content, check)
        for expect in check.expects:
            if content is None or not holds(view.program, content, verdict, expect):
                explained = rules_about(view, replay.state, expect)
                failures.append(Failure(example, check, expect, content, verdict, explained, settings))
    return tuple(failures)


def _verdict(view: View, content: Content | None, check: LoweredCheck) -> Verdict | None:
    return None if check.proposed is None or content is None else judge(view, content, check.proposed)


def _variants(artifact: m.Artifact, example: LoweredExample) -> Iterator[Settings]:
    """The example's own settings, with every open one at each end of its range."""
    own = dict(example.settings)
    names: list[str] = []
    ends: list[tuple[m.Number | str, ...]] = []
    for name, decl in sorted(artifact.settings.items()):
        if decl.value is not None or name in own:
            continue
        names.append(name)
        if decl.kind == "quantity":
            ends.append(tuple(bound for bound in (decl.lo, decl.hi) if bound is not None))
        else:
            ends.append(decl.choices or ("yes", "no"))
    for count, values in enumerate(product(*ends)):
        if count == MOST_VARIANTS:
            return
        yield tuple(sorted({**own, **dict(zip(names, values, strict=True))}.items()))


def holds(program: Program, content: Content, verdict: Verdict | None, expect: LoweredExpect) -> bool:
    """The decision, or the verdict on what was proposed beside it, is as expected."""
    open_ = [order for order in content.orders if order.mark != "done"]
    name = expect.names[0] if expect.names else ""
    match expect.word:
        case "order":
            assert expect.order is not None
            wanted = expect.order
            if wanted.op == "go":
                return content.stage == wanted.target
            if wanted.op == "finish":
                return content.outcome == wanted.target
            return any(order.confirmed and _same(program, order, wanted) for order in open_)
        case "either":
            choices = {order.choice for order in open_ if order.choice}
            return any(
                set(expect.names) <= {order.target for order in open_ if order.choice == choice}
                for choice in choices
            )
        case "no":
            return not any(order.target == name and order.op in _GIVES for order in open_)
        case "stage":
            return content.stage == name
        case "pending":
            return any(
                item.rule == name
                or item.rule.endswith(f".{name}")
                or any(need.name == name for need in item.needs)
                for item in content.pending
            )
        case "nothing":
            return not any(order.mark in ("due", "late") for order in open_)
        case "unconfirmed":
            return any(_named(order, name) and not order.confirmed for order in open_)
        case "due":
            return any(_named(order, name) and order.mark in ("due", "late") for order in open_)
        case "late":
            return any(_named(order, name) and order.mark == "late" for order in open_)
        case "verdict":
            if verdict is None:
                return False
            return verdict.grade == name


def _named(order: Standing, name: str) -> bool:
    """The order is about this drug, input or task, or is a rule's of this name."""
    return order.target == name or any(rule == name or rule.endswith(f".{name}") for rule in order.rules)


def _same(program: Program, order: Standing, wanted: m.Order) -> bool:
    """The standing order is the one that was written; what the expectation leaves open may be anything."""
    alike = {order.op, wanted.op} <= {"start", "add"} or order.op == wanted.op
    if not alike or order.target != wanted.target:
        return False
    if wanted.dose is not None:
        if order.dose is None:
            return False
        unit = program.units[order.dose.unit]
        lo, hi = program.amount(wanted.dose.lo), program.amount(wanted.dose.hi)
        if lo.dims != unit.dims:
            return False
        found = (round_millionths(lo.value / unit.factor), round_millionths(hi.value / unit.factor))
        if found != (order.dose.lo, order.dose.hi):
            return False
    if wanted.volume is not None and not _same_volume(program, order.volume, wanted.volume):
        return False
    if wanted.step is None and wanted.every is None:
        return True
    return any(
        _range(program, wanted.step) in (None, _range(program, written.step))
        and _range(program, wanted.every) in (None, _range(program, written.every))
        for written in _written(program, order)
    )


def _same_volume(program: Program, volume: Dose | None, wanted: m.Range) -> bool:
    if volume is None:
        return False
    factor = program.units[volume.unit].factor
    lo, hi = (round_millionths(program.amount(end).value / factor) for end in (wanted.lo, wanted.hi))
    return (lo, hi) == (volume.lo, volume.hi)


def _range(program: Program, written: m.Range | None) -> tuple[Amount, Amount] | None:
    return None if written is None else (program.amount(written.lo), program.amount(written.hi))


def _written(program: Program, order: Standing) -> Iterator[m.Order]:
    for rule in program.artifact.rules:
        if rule.id in order.rules:
            for choice in rule.orders:
                written = (choice.order,) if isinstance(choice, m.One) else choice.orders
                yield from (one for one in written if one.op == order.op and one.target == order.target)


def rules_about(view: View, state: State, expect: LoweredExpect) -> tuple[tuple[str, Explained], ...]:
    """The rules now in force that speak of the expected target."""
    program = view.program
    names = set(expect.names)
    if expect.order is not None:
        names.add(expect.order.target)
    found: list[tuple[str, Explained]] = []
    stage = state.stage if state.stage in program.rules_of else None
    rules = {rule.id: rule for rule in (*program.rules_of[None], *program.rules_of[stage])}
    for rule in rules.values():
        targets: set[str] = set()
        for choice in rule.orders:
            targets.update(
                order.target for order in ((choice.order,) if isinstance(choice, m.One) else choice.orders)
            )
        if targets & names or rule.id in names or rule.id.rpartition(".")[2] in names:
            found.append((rule.id, explain(view, rule.condition)))
    if not found and program.artifact.applies is not None and state.began is None:
        found.append(("applies when", explain(view, program.artifact.applies)))
    return tuple(found)
