"""One patient for each region: played in both versions, alike until the last instant, and then not.

Patients found before are looked through first, and these without one of their readings where the region is
one of missing readings; only then is a history looked for, the shortest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rung_engine.event import Event, Reading
from rung_engine.frozen import frozen
from rung_engine.program import Program, SettingProblem
from rung_engine.reference.evaluate import Instant
from rung_lang.diff.model import Patient, Subject
from rung_lang.diff.pieces import Beside, Compared, Piece
from rung_lang.diff.played import Settings, Versions, differs
from rung_lang.verify.context import Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.histories.history import MOST_INSTANTS, realise
from rung_lang.verify.histories.moves import fewest_moves
from rung_lang.verify.histories.reading import values_at
from rung_lang.verify.histories.replay import outlined
from rung_lang.verify.reach.first_held import never_held
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.reach.traces import excluded
from rung_lang.verify.reach.walks import Walks
from rung_lang.verify.verdict import Replayed, Witness

FAR = 4
"""Moves; and how many instants of a patient who was led so far are looked at."""
FEW = 2
"""Instants of a history that is looked for where only readings are missing: it hardly ever takes more."""
SHORT = 12
"""Facts of a patient who is looked at again for other regions."""
MANY_KEPT = 24
MOST_IN_VAIN = 8
"""Searches that may find nobody. After so many only patients at hand are looked through: two protocols that
have little in common would take hours."""


@dataclass(slots=True)
class Patients:
    """Everybody found so far, as charts that were played in the old version."""

    beside: Beside
    versions: Versions
    known: dict[str | None, list[Witness]] = field(default_factory=dict)
    """By stage."""
    in_vain: int = 0
    _walks: Walks | None = None
    _views: dict[Witness, Replayed | None] = field(default_factory=dict)

    def of(self, found: Compared, piece: Piece, formula: Formula) -> tuple[Patient | None, bool]:
        """Somebody of the region; and whether any history gets there at all, as far as is known."""
        confirm = _Parts(self.versions, found.subject)
        witness = self._at_hand(found, piece, formula, confirm)
        if witness is None and self.in_vain >= MOST_IN_VAIN:
            return None, True
        if witness is None:
            here, _ = self.beside.situations(found.stages)
            region = f.all_of((formula, *piece.given))
            parts: tuple[Part, ...] = (
                *((("base", str(place)), part) for place, part in enumerate(found.base)),
                (("differs",), piece.differs),
                (("region",), region),
            )
            few = piece.kind in ("readings", "certainty")
            if self._is_far(found.stages.old):
                witness = self._led(here, parts, confirm)
            else:
                most = FEW if few else MOST_INSTANTS
                witness = realise(self.beside.old, here, parts, confirm, piece.plain, most, needs=False)
            if witness is None:
                self.in_vain += 1
                context = self.beside.old
                few = few or self._is_far(found.stages.old)
                gone = not few and (excluded(context, here, parts) or never_held(context, here, parts))
                return None, not gone
            known = self.known.setdefault(found.stages.old, [])
            if len(known) < MANY_KEPT and len(witness.events) <= SHORT:
                known.append(witness)
        old, new = self.versions.under(witness.settings).decisions(witness.events, witness.time)
        return Patient(witness.settings, witness.events, witness.time, old, new), True

    def _is_far(self, stage: str | None) -> bool:
        """So many moves lead there that no search for the shortest history would end."""
        moves = fewest_moves(self.beside.artifacts.old, stage)
        return moves is not None and moves >= FAR

    def _led(self, here: Situation, parts: Sequence[Part], confirm: _Parts) -> Witness | None:
        """Somebody who was led there move by move, which takes longer than need be."""
        context = self.beside.old
        if self._walks is None:
            assert isinstance(context.reach, Reach)
            self._walks = Walks(context, context.reach)
        for witness in self._walks.charts(here, [part for _, part in parts], FAR):
            if confirm.of(witness.settings, witness.events, witness.time):
                return witness
        return None

    def _at_hand(self, found: Compared, piece: Piece, formula: Formula, confirm: _Parts) -> Witness | None:
        if found.subject[0] in ("go", "finish", "begin", "applies"):
            # The view of an instant is that after the move.
            return None
        region = f.all_of((formula, piece.differs, *piece.given, *found.base))
        for witness in self._candidates(found.stages.old, piece):
            played = self._played(witness)
            if played is None or played.view.stage != found.stages.old:
                continue
            if holds_at(self.beside.old.space, region, played.view) and confirm(played):
                return witness
        return None

    def _candidates(self, stage: str | None, piece: Piece) -> Iterator[Witness]:
        known = self.known.get(stage, [])
        yield from known
        if piece.kind == "readings" and known:
            variables = self.beside.old.space.variables
            about = {variables[name].about for name in f.names(piece.differs)}
            read = {event.input for event in known[-1].events if isinstance(event, Reading)}
            for name in sorted(name for name in read if ("known", name) in about):
                yield Witness(known[-1].settings, _without(known[-1].events, name), known[-1].time)

    def _played(self, witness: Witness) -> Replayed | None:
        if witness not in self._views:
            program = Program(self.beside.artifacts.old, dict(witness.settings), unverified=True)
            self._views[witness] = outlined(program, witness.events, witness.time)
        return self._views[witness]


def _without(events: Sequence[Event], name: str) -> tuple[Event, ...]:
    return tuple(one for one in events if not (isinstance(one, Reading) and one.input == name))


def holds_at(space: Space, formula: Formula, view: Instant) -> bool:
    """The formula is true of the instant. What rests on orders given before counts as not so."""
    return f.holds(formula, values_at(space, view, sorted(space.spoken([formula]))))


@frozen
class _Parts:
    """Played in both versions, the history is the same until its last instant, and then not."""

    versions: Versions
    subject: Subject

    def __call__(self, replayed: Replayed) -> bool:
        settings = tuple(sorted(replayed.program.site_settings.items()))
        return self.of(settings, replayed.view.chart.facts, replayed.view.time)

    def of(self, settings: Settings, facts: Sequence[Event], time: int) -> bool:
        """The versions part on the instant by the subject."""
        try:
            played = self.versions.under(settings)
        except SettingProblem:
            return False
        parted = played.parted(facts, time)
        return parted is not None and parted[0] == time and differs(self.subject, parted[1], parted[2])
