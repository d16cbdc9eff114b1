"""Runs a bundle's examples on all its members together.

An open setting that an example leaves unset is tried at its first choice and its last, for all open settings
at once and for each by itself. The example fails if it holds at none of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rung_engine.artifact import model as m
from rung_engine.decision.explain import Explained
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.session.replay import Replay
from rung_engine.together.judge import judge_together
from rung_engine.together.model import Judgement, Together, Voice
from rung_engine.together.run import at, voices
from rung_lang.examples import MOST_VARIANTS, Settings, holds, rules_about
from rung_lang.lower.bundle_examples import BundleCheck, BundleExample, BundleExpect

_OF_ALL = frozenset({"no", "nothing"})
"""What every member must bear out; of all else one is enough."""

Chosen = tuple[tuple[str, Settings], ...]
"""By protocol: every setting that has no value in its text."""


@frozen
class BundleFailure:
    """An expectation that does not hold. `explained`: by protocol and rule, what speaks of the expected."""

    example: BundleExample
    check: BundleCheck
    expect: BundleExpect
    together: Together
    judgement: Judgement | None
    explained: tuple[tuple[str, str, Explained], ...]
    chosen: Chosen


@frozen
class BundleResult:
    """`depends`: open settings with which the example does not hold although with others it does."""

    example: BundleExample
    failures: tuple[BundleFailure, ...]
    depends: Chosen = ()


def run_bundle_examples(
    artifacts: Sequence[m.Artifact], examples: Sequence[BundleExample]
) -> Iterator[BundleResult]:
    """Each example in turn, on all the protocols."""
    programs = _Programs(artifacts)
    for example in examples:
        first: tuple[BundleFailure, ...] = ()
        broken: list[Chosen] = []
        held = False
        for chosen in _variants(artifacts, example):
            failures = tuple(_failures(programs, example, chosen))
            if failures:
                first = first or failures
                broken.append(chosen)
            else:
                held = True
        if not held:
            yield BundleResult(example, first)
            continue
        yield BundleResult(example, (), _open(artifacts, example, broken[0]) if broken else ())


class _Programs:
    """One for each protocol and choice of settings."""

    def __init__(self, artifacts: Sequence[m.Artifact]) -> None:
        self.artifacts = {artifact.name: artifact for artifact in artifacts}
        self._made: dict[tuple[str, Settings], Program] = {}

    def of(self, protocol: str, settings: Settings) -> Program:
        key = (protocol, settings)
        if key not in self._made:
            self._made[key] = Program(self.artifacts[protocol], dict(settings), unverified=True)
        return self._made[key]


def _variants(artifacts: Sequence[m.Artifact], example: BundleExample) -> Iterator[Chosen]:
    """A name that several members leave open is chosen alike in all of them."""
    own = {name: dict(lowered.settings) for name, lowered in example.members}
    ends: dict[str, dict[str, tuple[m.Number | str, ...]]] = {}
    for artifact in artifacts:
        for name, decl in artifact.settings.items():
            if decl.value is None and name not in own[artifact.name]:
                ends.setdefault(name, {})[artifact.name] = _ends(decl)
    names = sorted(ends)
    most = max((len(one) for name in names for one in ends[name].values()), default=1)
    picks: dict[tuple[int, ...], None] = {(0,) * len(names): None, (most - 1,) * len(names): None}
    for place in range(len(names)):
        for index in range(1, most):
            picks[tuple(index if place == other else 0 for other in range(len(names)))] = None
    for pick in list(picks)[:MOST_VARIANTS]:
        index_of = dict(zip(names, pick, strict=True))
        yield tuple(
            (
                artifact.name,
                tuple(
                    sorted(
                        {
                            **own[artifact.name],
                            **{
                                name: of[artifact.name][min(index_of[name], len(of[artifact.name]) - 1)]
                                for name, of in ends.items()
                                if artifact.name in of
                            },
                        }.items()
                    )
                ),
            )
            for artifact in artifacts
        )


def _ends(decl: m.SettingDecl) -> tuple[m.Number | str, ...]:
    if decl.kind == "quantity":
        return tuple(bound for bound in (decl.lo, decl.hi) if bound is not None)
    return decl.choices or ("yes", "no")


def _open(artifacts: Sequence[m.Artifact], example: BundleExample, chosen: Chosen) -> Chosen:
    """Without the settings that the example itself gives."""
    own = {name: {setting for setting, _ in lowered.settings} for name, lowered in example.members}
    return tuple(
        (name, tuple(item for item in settings if item[0] not in own[name])) for name, settings in chosen
    )


def _failures(programs: _Programs, example: BundleExample, chosen: Chosen) -> Iterator[BundleFailure]:
    """Each expectation that does not hold with these settings, and why."""
    settings = dict(chosen)
    players = [
        Replay(programs.of(name, settings[name]), lowered.events, needs=True)
        for name, lowered in example.members
    ]
    for check in example.checks:
        together = at(players, check.time_ms)
        heard = voices(players, check.time_ms)
        judgement = judge_together(heard, together, dict(check.proposed)) if check.proposed else None
        by_name = {voice.name: voice for voice in heard}
        for expect in check.expects:
            if not _holds(by_name, together, judgement, expect):
                explained = tuple(_explained(players, by_name, expect))
                yield BundleFailure(example, check, expect, together, judgement, explained, chosen)


def _holds(
    voices_: Mapping[str, Voice], together: Together, judgement: Judgement | None, expect: BundleExpect
) -> bool:
    if expect.word == "verdict":
        return judgement is not None and judgement.grade == expect.readings[0][1].names[0]
    content = {share.protocol: share.content for share in together.shares}
    found = [
        (mine := content[name]) is not None and holds(voices_[name].program, mine, None, reading)
        for name, reading in expect.readings
    ]
    return all(found) if expect.word in _OF_ALL else any(found)


def _explained(
    players: Sequence[Replay], voices_: Mapping[str, Voice], expect: BundleExpect
) -> Iterator[tuple[str, str, Explained]]:
    states = {name: player.state for name, player in zip(voices_, players, strict=True)}
    found = [
        (name, rule, explained)
        for name, reading in expect.readings
        for rule, explained in rules_about(voices_[name].view, states[name], reading)
    ]
    spoken = [one for one in found if one[1] != "applies when"]
    yield from spoken or found
