"""What a protocol's own examples show: instants that were played, for questions that ask for some patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import cast

from rung_engine.artifact import model as m
from rung_engine.decision.view import View
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_engine.session.replay import Replay
from rung_engine.truth import Truth
from rung_lang.lower.examples import LoweredExample
from rung_lang.verify.histories.replay import replay_of
from rung_lang.verify.verdict import Replayed, Witness

Settings = tuple[tuple[str, m.Number | str], ...]


@frozen
class Recorded:
    """Of the view of an instant: every condition's truth where the session stood, and the weight."""

    program: Program
    time: int
    truths: tuple[Truth, ...]
    kilograms: Fraction | None

    def truth(self, term: int) -> Truth:
        """As it was judged."""
        return self.truths[term]

    def weight(self) -> Fraction | None:
        """In kilograms."""
        return self.kilograms


@frozen
class Shown:
    """An instant of an example. Its view is a `Recorded` one."""

    witness: Witness
    replayed: Replayed


def shown(artifact: m.Artifact, examples: Sequence[LoweredExample]) -> Iterator[Shown]:
    """Every instant at which an example expects something, at the lower end of every open setting."""
    programs: dict[Settings, Program] = {}
    for example in examples:
        settings = lowest(artifact, dict(example.settings))
        if settings not in programs:
            programs[settings] = Program(artifact, dict(settings), unverified=True)
        program = programs[settings]
        replay = Replay(program, example.events)
        for check in example.checks:
            before = replay.state
            view = replay.advance(check.time_ms)
            if replay.content is None:
                continue
            events = tuple(event for event in example.events if event.time <= check.time_ms)
            yield Shown(
                Witness(settings, events, check.time_ms),
                Replayed(
                    program, recorded(program, view, check.time_ms), replay.content, replay.state, before
                ),
            )


def lowest(artifact: m.Artifact, chosen: dict[str, m.Number | str]) -> Settings:
    """These settings, and the lower end of every open one that is not among them; by name."""
    own = dict(chosen)
    for name, decl in artifact.settings.items():
        if decl.value is None and name not in own:
            own[name] = decl.lo if decl.lo is not None else (decl.choices or ("no",))[0]
    return tuple(sorted(own.items()))


def recorded(program: Program, view: View, time: int) -> Instant:
    """What may be asked later of this instant."""
    truths = tuple(
        None if isinstance(term, m.Numeric) or index in program.decision_terms else view.truth(index)
        for index, term in enumerate(program.artifact.terms)
    )
    return cast(Instant, Recorded(program, time, truths, view.weight()))


def again(artifact: m.Artifact, witnesses: Iterable[Witness]) -> Iterator[Shown]:
    """Instants of histories, wherever these come from, as the reference engine judges them."""
    for witness in witnesses:
        seen = replay_of(artifact, witness)
        if seen is not None:
            yield Shown(witness, seen)
