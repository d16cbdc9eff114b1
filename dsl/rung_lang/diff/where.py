"""In which regions of a difference a patient is: judged exactly, on an instant that was played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from rung_engine.event import Event
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.run import Runner
from rung_lang.diff.model import StagePair
from rung_lang.diff.pieces import Beside
from rung_lang.diff.played import Settings
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Assignment, Formula
from rung_lang.verify.histories.reading import values_at
from rung_lang.verify.histories.recorded import lowest
from rung_lang.verify.histories.replay import Outline


@frozen
class Place:
    """A region: by its name, in these stages, where the formula holds."""

    name: str
    stages: StagePair
    formula: Formula


@dataclass(slots=True)
class Where:
    """The regions of one difference."""

    beside: Beside
    places: list[Place] = field(default_factory=list)

    def at(self, events: Sequence[Event], time: int, settings: Settings = ()) -> tuple[str, ...]:
        """The regions that the patient is in on the instant, as the old version stood before it decided,
        and in every stage that it passed on the instant. What rests on whether an order was carried out
        counts as so.
        """
        artifact = self.beside.artifacts.old
        chosen = {name: value for name, value in settings if name in artifact.settings}
        program = Program(artifact, dict(lowest(artifact, chosen)), unverified=True)
        runner = Runner(program, events)
        outline = Outline()
        runner.fold = outline
        runner.run(time - 1)
        before = outline.state
        runner.run(time)
        if runner.view is None or runner.view.time != time:
            runner.judge(time)
        view, content = runner.view, outline.content
        assert view is not None
        found: dict[str, None] = {}
        stages = [before.stage, *(content.path if content is not None else ()), outline.state.stage]
        entered, began = before.entered, before.began
        for stage in dict.fromkeys(stages):
            if stage != before.stage:
                entered, began = time, outline.state.began
            view.place(stage, entered, began if began is not None else outline.state.began)
            for place in self.places:
                if place.stages.old == stage and place.name not in found and self._is_in(place, view):
                    found[place.name] = None
        return tuple(found)

    def _is_in(self, place: Place, view: Instant) -> bool:
        names = self.beside.old.space.spoken([place.formula])
        return may_hold(place.formula, values_at(self.beside.old.space, view, sorted(names)))


def may_hold(formula: Formula, values: Assignment) -> bool:
    """Whether it holds for some values of the variables that have none."""
    return _judged(formula, values) is not False


def _judged(formula: Formula, values: Assignment) -> bool | None:
    match formula:
        case f.Bool():
            value = values.get(formula.name)
            return value if isinstance(value, bool) else None
        case f.Compare() | f.Product():
            known = all(name in values for name in f.names_of(formula))
            return f.holds(formula, values) if known else None
        case f.Not():
            of = _judged(formula.of, values)
            return None if of is None else not of
        case f.And():
            parts = [_judged(part, values) for part in formula.of]
            return False if False in parts else None if None in parts else True
        case f.Or():
            parts = [_judged(part, values) for part in formula.of]
            return True if True in parts else None if None in parts else False
        case _:
            assert_never(formula)
