"""A patient whom nothing changes any more, looked for at an obeying bedside, as the engine judges him."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content, Standing
from rung_engine.decision.view import View
from rung_engine.event import Correction, Fact, Infusion, NoOtherInfusions, Reading, Retraction
from rung_engine.event import Value as Read
from rung_engine.frozen import frozen
from rung_engine.program import Program, SettingProblem
from rung_engine.reference.run import Runner
from rung_lang.verify.context import Context, Part
from rung_lang.verify.cycles.letters import Chartist, chosen
from rung_lang.verify.cycles.obeyed import Bedside, Letter
from rung_lang.verify.cycles.settled import longest
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Value
from rung_lang.verify.gaps.acting import TREATS, is_held
from rung_lang.verify.histories.history import realise
from rung_lang.verify.histories.replay import Outline
from rung_lang.verify.verdict import Replayed, Witness

UPHOLDS = frozenset({"continue"})
"""Treatment that changes nothing of the patient."""
TELLS = frozenset({"notify", "do", "go", "finish"})
"""Somebody is told, or is to do something."""
MOST_CHANGES = 150
"""Changes of stages and drugs before the bedside is left."""
MOST_INSTANTS = 6000
"""Instants judged for one patient."""


Settings = Mapping[str, m.Number | str]


@frozen
class Stuck:
    """On an instant: covered in the stage and upheld there, with nothing to do, to wait for or to tell."""

    stage: str
    term: int

    def __call__(self, view: View, content: Content) -> bool:
        if content.phase != "active" or content.stage != self.stage or view.truth(self.term) is not True:
            return False
        if content.contradictions or content.pending or content.alerts:
            return False
        if any(one.why in ("at_limit", "step_not_due") for one in content.waiting):
            return False
        if any(one.why == "maximum" for one in content.withheld) or is_held(view, self.stage):
            return False
        standing = [one for one in content.orders if one.mark != "done"]
        treating = [one for one in standing if one.op in TREATS]
        told = any(one.op in TELLS for one in standing)
        return not told and bool(treating) and all(one.op in UPHOLDS for one in treating)


@frozen
class Kept:
    """A patient who was played until nothing had changed for long, and the orders that stand then."""

    witness: Witness
    orders: tuple[Standing, ...]


def played(
    context: Context,
    situation: Situation,
    stuck: Stuck,
    parts: Sequence[Part],
    values: Mapping[str, Value],
) -> Kept | None:
    """A patient like this one, whom a bedside that obeys brings to where he is stuck, and keeps there."""
    search = _Search(context, situation, stuck)
    for ways in (search.begun(values), search.realised([*_pinned(situation, parts, values)])):
        for settings, bedside in ways:
            kept = left(stuck, settings, bedside, longest(situation))
            if kept is not None:
                return kept
    return None


def _pinned(situation: Situation, parts: Sequence[Part], values: Mapping[str, Value]) -> Iterator[Part]:
    """Readings that are to lie on a grid are these: that some are is much to ask of every instant."""
    for label, part in parts:
        if label[0] != "grid":
            yield label, part
            continue
        reading = situation.symbols.input_value(label[1])
        for name, _ in reading.terms:
            value = values[name]
            assert isinstance(value, Fraction)
            yield label, f.compare(reading, "=", f.number(value))


def left(stuck: Stuck, settings: Settings, bedside: Bedside, wait: int) -> Kept | None:
    """Left to himself: nothing changed for `wait` ms, and for as long again the reference engine judges the
    patient stuck on each instant. `wait`: longer than any in the text.
    """
    while bedside.run_to_change(bedside.time + wait):
        if len(bedside.changes) > MOST_CHANGES or bedside.judged > MOST_INSTANTS:
            return None
    if not stuck(bedside.view, bedside.content):
        return None
    since = bedside.time
    bedside.run(since + wait)
    recorder = _Recorder(stuck, since)
    runner = Runner(bedside.program, bedside.facts)
    runner.fold = recorder
    runner.run(bedside.time)
    if recorder.outside or not recorder.always or recorder.content is None:
        return None
    witness = Witness(tuple(sorted(settings.items())), tuple(bedside.facts), bedside.time, (since,))
    standing = (one for one in recorder.content.orders if one.op in UPHOLDS and one.mark != "done")
    return Kept(witness, tuple(standing))


@frozen
class _Search:
    context: Context
    situation: Situation
    stuck: Stuck

    def begun(self, values: Mapping[str, Value]) -> Iterator[tuple[Settings, Bedside]]:
        """The session begins with the readings that are kept, and with the drugs as they run at last, or
        without any.
        """
        chartist = Chartist(self.context.program, values, lambda name: name)
        settings = chosen(self.context.artifact, self.context.program, values)
        letter = chartist.letter()
        rates = tuple(chartist.rates())
        for running in dict.fromkeys(((), rates)):
            bedside = self._bedside(settings, letter)
            if bedside is not None:
                facts: list[Fact] = [NoOtherInfusions("", 0)]
                facts += [Reading("", 0, name, letter.values[name]) for name in sorted(letter.known)]
                facts += [Infusion("", 0, drug, rate) for drug, rate in running]
                bedside.chart(facts)
                yield settings, bedside

    def realised(self, parts: Sequence[Part]) -> Iterator[tuple[Settings, Bedside]]:
        """A history of the verifier's own making gets to the patient, and its last readings are kept."""
        witness = realise(self.context, self.situation, parts, _Stands(self.stuck))
        if witness is None:
            return
        charted = [fact for fact in witness.events if not isinstance(fact, Correction | Retraction)]
        readings: dict[str, Read] = {fact.input: fact.value for fact in charted if isinstance(fact, Reading)}
        bedside = self._bedside(dict(witness.settings), Letter(readings, frozenset(readings)))
        if bedside is not None:
            for _, facts in groupby(charted, lambda fact: fact.time):
                bedside.chart([*facts])
            yield dict(witness.settings), bedside

    def _bedside(self, settings: Settings, letter: Letter) -> Bedside | None:
        try:
            program = Program(self.context.artifact, settings, unverified=True)
        except SettingProblem:
            return None
        return Bedside(program, "lo", letter, kept=True)


@frozen
class _Stands:
    """The patient is covered and rests in the stage."""

    stuck: Stuck

    def __call__(self, replayed: Replayed) -> bool:
        content = replayed.content
        return content.stage == self.stuck.stage and replayed.view.truth(self.stuck.term) is True


class _Recorder(Outline):
    """Looks whether the patient is stuck on every instant from a time on."""

    def __init__(self, stuck: Stuck, since: int) -> None:
        super().__init__()
        self.stuck, self.since = stuck, since
        self.always = True

    def advance(self, view: View) -> Content | None:
        super().advance(view)
        if view.time >= self.since:
            assert self.content is not None
            self.always = self.always and self.stuck(view, self.content)
        return None
