"""Many stays at once: facts in, the tables of decisions out.

The meaning is the reference engine's, bit for bit. Path `kernel` runs the flat program (`flat`, `kernel`)
over columns; path `session` asks the engine of one patient, stay by stay. By themselves small inputs take the
latter, and so do protocols that the kernel does not follow (`Engine.beyond` says why) and any stay that is
beyond 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from rung_engine.cohort.facts import Facts, codes_of, events_of
from rung_engine.cohort.tables import Decided, decided_of
from rung_engine.decision.model import Decision
from rung_engine.program import Program
from rung_engine.session.replay import Replay

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rung_engine.cohort.columnar import Columnar

SMALL = 300
"""So few facts are decided one by one before the kernel is even loaded."""
SMALL_AT_FIRST = 3_000
"""So few, before it is compiled, where this machine has never done that."""

Path = Literal["auto", "kernel", "session"]


class Engine:
    """One program over many stays. May be used from several threads.

    `silence_is_off`: a drug without a row is off, not unknown, from a stay's first fact on.
    """

    def __init__(self, program: Program, *, silence_is_off: bool = False, path: Path = "auto") -> None:
        self.program = program
        self.silence_is_off = silence_is_off
        self.path = path
        self.codes = codes_of(program)

    def run(self, facts: Facts) -> Decided:
        """The decisions of these stays, in their order. ValueError: the facts are numbered for another."""
        self._check(facts)
        columnar = self._columnar(facts)
        if columnar is None:
            return self._by_session(facts, range(len(facts.stays)))
        from rung_engine.cohort.explode import tables

        streams = columnar.run(facts)
        last = np.array([last_time(facts, k) for k in range(len(facts.stays))], np.int64)
        found = tables(streams.words, streams.ends, facts.stays, last, columnar.vocabulary)
        beyond = np.flatnonzero(streams.failed)
        if not len(beyond):
            return found
        return _merged(facts, found, self._by_session(facts, beyond.tolist()))

    def values(self, facts: Facts) -> Iterator[list[Decision]]:
        """The decisions of each stay as values, with all that the tables leave out."""
        self._check(facts)
        columnar = self._columnar(facts)
        streams = columnar.run(facts) if columnar is not None else None
        for k in range(len(facts.stays)):
            if columnar is None or streams is None or streams.failed[k]:
                yield self.decisions(facts, k)
            else:
                yield columnar.decoded(streams.of(k))

    def failed(self, facts: Facts) -> NDArray[np.int64]:
        """By stay why it is beyond the kernel: a `layout.FAIL_x`, 0 where it is not."""
        columnar = self._columnar(facts)
        return columnar.run(facts).failed if columnar is not None else np.zeros(len(facts.stays), np.int64)

    @cached_property
    def _kernel(self) -> Columnar | str:
        """The program for the kernel, or why there is none."""
        from rung_engine.cohort.columnar import Columnar
        from rung_engine.cohort.flat import Unsupported

        try:
            return Columnar(self.program, silence_is_off=self.silence_is_off)
        except Unsupported as problem:
            return problem.reason

    @property
    def beyond(self) -> str:
        """Why the kernel does not follow this protocol; empty where it does."""
        return self._kernel if isinstance(self._kernel, str) else ""

    def _columnar(self, facts: Facts) -> Columnar | None:
        if self.path == "session" or not facts.stays:
            return None
        if self.path == "auto" and facts.count < SMALL_AT_FIRST:
            from rung_engine.cohort.columnar import is_ready

            if facts.count < SMALL or not is_ready():
                return None
        return self._kernel if not isinstance(self._kernel, str) else None

    def _check(self, facts: Facts) -> None:
        if facts.codes != self.codes:
            raise ValueError("the facts are numbered for another artifact")

    def _by_session(self, facts: Facts, places: Iterable[int]) -> Decided:
        return decided_of((facts.stays[k], last_time(facts, k), self.decisions(facts, k)) for k in places)

    def decisions(self, facts: Facts, k: int) -> list[Decision]:
        """The decisions of stay `k` as values, with all that the tables leave out."""
        if facts.start[k] == facts.start[k + 1]:
            return []
        events = events_of(facts, k)
        replay = Replay(self.program, events, needs=True, silence_is_off=self.silence_is_off)
        replay.advance(events[-1].time)
        return replay.decisions


def last_time(facts: Facts, k: int) -> int:
    """The time of the last fact of stay `k`; 0 of a stay without facts."""
    lo, hi = int(facts.start[k]), int(facts.start[k + 1])
    return int(facts.time[hi - 1]) if hi > lo else 0


def _merged(facts: Facts, one: Decided, other: Decided) -> Decided:
    """Two answers about different stays as one, in the order of the stays."""
    rank = {stay: k for k, stay in enumerate(facts.stays)}

    def merged(a: pa.Table, b: pa.Table) -> pa.Table:
        both = pa.concat_tables([a, b]).unify_dictionaries().combine_chunks()
        ranks = np.array([rank[stay] for stay in both["stay"].to_pylist()], np.int64)
        return both.take(pa.array(np.argsort(ranks, kind="stable")))

    return Decided(merged(one.decisions, other.decisions), merged(one.items, other.items))
