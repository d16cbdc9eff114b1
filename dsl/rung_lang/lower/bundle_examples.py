"""Examples of a bundle: each member reads the facts it knows, and the expectations it can understand.

A name must be known to some member. What is wrong with a fact or an expectation is told where no member
understands it, as the member sees it that comes nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.checked.files import words_at
from rung_lang.checked.from_syntax import Context
from rung_lang.checked.problems import NothingProposed, UnknownName
from rung_lang.finding import Problem
from rung_lang.lower.examples import LoweredExample, LoweredExpect, lower_example, rule_names
from rung_lang.source import Source, Span
from rung_lang.syntax import tree as t


@frozen
class Reader:
    """A member's names. `items`: its own statements, in which rules are named."""

    protocol: str
    context: Context
    items: tuple[t.Item, ...]


@frozen
class BundleExpect:
    """`readings`: the expectation as each protocol that understands it reads it, by protocol."""

    word: str
    readings: tuple[tuple[str, LoweredExpect], ...]
    span: Span


@frozen
class BundleCheck:
    """What must hold at `time_ms`; `proposed`: the order as each protocol that knows it reads it."""

    time_ms: int
    expects: tuple[BundleExpect, ...]
    proposed: tuple[tuple[str, m.Order], ...]
    span: Span


@frozen
class BundleExample:
    """`members`: facts and settings as each protocol reads them, by protocol."""

    title: str
    span: Span
    members: tuple[tuple[str, LoweredExample], ...]
    checks: tuple[BundleCheck, ...]


def lower_bundle_examples(
    bundle: t.File, readers: Sequence[Reader], sources: Mapping[str, Source]
) -> tuple[tuple[BundleExample, ...], tuple[Problem, ...]]:
    """The examples of the bundle's file, and what is wrong with them. There is at least one reader."""
    lowering = _Lowering(tuple(readers), partial(words_at, sources))
    examples = tuple(lowering.example(item) for item in bundle.items if isinstance(item, t.Example))
    return examples, tuple(dict.fromkeys(lowering.problems))


class _Lowering:
    def __init__(self, readers: tuple[Reader, ...], text: Callable[[Span], str]) -> None:
        self.readers = readers
        self.text = text
        self.rules = {reader.protocol: rule_names(reader.items) for reader in readers}
        self.problems: list[Problem] = []

    def example(self, written: t.Example) -> BundleExample:
        members: list[tuple[str, LoweredExample]] = []
        for place, reader in enumerate(self.readers):
            known = [self._known(step, reader, first=place == 0) for step in written.steps]
            lowered, problems = self._read(reader, replace(written, steps=tuple(known)))
            self.problems.extend(problems)
            members.append((reader.protocol, lowered))
        expected: dict[Span, tuple[tuple[BundleExpect, ...], tuple[tuple[str, m.Order], ...]]] = {}
        for step in written.steps:
            if step.expects or step.proposed is not None:
                proposed = () if step.proposed is None else self._proposed(written, step)
                expects = tuple(found for one in step.expects for found in self._expect(written, step, one))
                expected[step.span] = (expects, proposed)
        checks = tuple(
            BundleCheck(check.time_ms, *expected[check.span], check.span)
            for check in members[0][1].checks
            if check.span in expected
        )
        return BundleExample(written.title.value, written.span, tuple(members), checks)

    def _known(self, step: t.Step, reader: Reader, *, first: bool) -> t.Step:
        """The facts whose names the member knows; those that nobody knows stay with the first. No expectation
        is kept but the mark that there is one.
        """
        facts = tuple(
            fact
            for fact in step.facts
            if fact.name.text in reader.context.scope.symbols
            or (first and not any(fact.name.text in one.context.scope.symbols for one in self.readers))
        )
        expects = (
            (t.Expect("nothing", None, (), step.span),) if step.expects or step.proposed is not None else ()
        )
        return replace(step, facts=facts, proposed=None, expects=expects)

    def _read(self, reader: Reader, written: t.Example) -> tuple[LoweredExample, tuple[Problem, ...]]:
        """As one member reads it, with what it finds wrong; nothing stays with the member's own problems."""
        found = reader.context.scope.problems
        before = len(found)
        lowered = lower_example(written, reader.context, self.rules[reader.protocol], self.text)
        problems = tuple(found[before:])
        del found[before:]
        return lowered, problems

    def _readings(self, alone: t.Example) -> tuple[list[tuple[str, LoweredExample]], tuple[Problem, ...]]:
        """By protocol that understands it; the problems are those of the nearest where nobody does."""
        understood: list[tuple[str, LoweredExample]] = []
        wrong: list[tuple[Problem, ...]] = []
        for reader in self.readers:
            lowered, problems = self._read(reader, alone)
            problems = tuple(one for one in problems if one.level == "error")
            if problems:
                wrong.append(problems)
            else:
                understood.append((reader.protocol, lowered))
        return understood, () if understood else min(wrong, key=_distance)

    def _proposed(self, written: t.Example, step: t.Step) -> tuple[tuple[str, m.Order], ...]:
        alone = replace(written, steps=(replace(step, at=None, to=None, every=None, facts=(), expects=()),))
        understood, problems = self._readings(alone)
        self.problems.extend(problems)
        return tuple(
            (name, check.proposed)
            for name, lowered in understood
            for check in lowered.checks
            if check.proposed is not None
        )

    def _expect(self, written: t.Example, step: t.Step, expect: t.Expect) -> Iterator[BundleExpect]:
        if expect.word == "verdict":
            if step.proposed is None:
                self.problems.append(NothingProposed(expect.span, expect.names[0].text))
            reading = LoweredExpect("verdict", None, (expect.names[0].text,), expect.span)
            yield BundleExpect("verdict", ((self.readers[0].protocol, reading),), expect.span)
            return
        bare = replace(step, at=None, to=None, every=None, facts=(), proposed=None, expects=(expect,))
        understood, problems = self._readings(replace(written, steps=(bare,)))
        self.problems.extend(problems)
        # A regimen is several orders, of which each must stand.
        count = max((len(one.checks[0].expects) for _, one in understood if one.checks), default=0)
        for place in range(count):
            readings = tuple(
                (name, one.checks[0].expects[place])
                for name, one in understood
                if one.checks and place < len(one.checks[0].expects)
            )
            yield BundleExpect(expect.word, readings, expect.span)


def _distance(found: tuple[Problem, ...]) -> tuple[int, int]:
    """How far a member is from understanding: unknown names first."""
    return sum(isinstance(one, UnknownName) for one in found), len(found)
