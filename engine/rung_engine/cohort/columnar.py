"""Facts made ready for the kernel, and the kernel run over them."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rung_engine.cohort.chart_layout import LOG_W
from rung_engine.cohort.decode import decisions
from rung_engine.cohort.explode import Vocabulary
from rung_engine.cohort.flat import LARGEST, Flat, flat
from rung_engine.cohort.kept import code_folder
from rung_engine.cohort.kernel import run_stays
from rung_engine.cohort.layout import DOSE, H_LAST, INFUSION
from rung_engine.cohort.native import Machine, about_code
from rung_engine.decision.model import Decision
from rung_engine.event import Charted, Concentration
from rung_engine.frozen import frozen
from rung_engine.program import BODY_WEIGHT, MILLION, Program

if TYPE_CHECKING:
    from rung_engine.cohort.facts import Facts

OTHER_KIND, EXACT, TOO_LARGE = 0, 1, 2

PAYS = 20_000_000
"""From so many facts on, machine code for the one program is made: ten seconds or so, for a fifth of the
time."""


def kinds_of(flat: Flat, facts: Facts) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """By fact a row of the second table (0 where it is no infusion and no dose); the table: see
    `chart_layout.K_W`."""
    rows = np.zeros(facts.count, np.int32)
    drugs = np.flatnonzero((facts.kind == INFUSION) | (facts.kind == DOSE))
    table: list[tuple[int, int, int, int]] = [(OTHER_KIND, 0, 1, 0)]
    if len(drugs):
        keys = np.stack(
            (
                facts.kind[drugs].astype(np.int64),
                facts.name[drugs].astype(np.int64),
                facts.unit[drugs].astype(np.int64),
                facts.conc[drugs].astype(np.int64),
            ),
            axis=1,
        )
        distinct, places = np.unique(keys, axis=0, return_inverse=True)
        for kind, name, unit, conc in distinct.tolist():
            label = facts.concentrations[conc].tolist() if conc >= 0 else None
            table.append(_kind(flat, kind, name, unit, label))
        rows[drugs] = places.reshape(-1) + 1
    return rows, np.array(table, np.int64).reshape(-1)


def _kind(flat: Flat, kind: int, name: int, unit: int, label: list[int] | None) -> tuple[int, int, int, int]:
    """What a unit, with a concentration, is of a drug's rate or dose."""
    program, drug = flat.program, flat.drugs[name]
    if unit < 0 or (label is not None and min(label[1], label[3]) < 0):
        return OTHER_KIND, 0, 1, 0
    concentration = None
    if label is not None:
        concentration = Concentration(
            Charted(label[0], flat.units[label[1]]), Charted(label[2], flat.units[label[3]])
        )
    one = program.charted(drug, Charted(MILLION, flat.units[unit]), concentration)
    if one is None or program.units[flat.units[unit]].offset:
        return OTHER_KIND, 0, 1, 0
    power = dict(one.dims).get(BODY_WEIGHT, 0)
    plain = tuple(item for item in one.dims if item[0] != BODY_WEIGHT)
    if plain != _own(program, drug, dose=kind == DOSE):
        return OTHER_KIND, 0, 1, 0
    factor = one.value / MILLION
    if kind == DOSE:
        factor *= flat.dose_scale[name]
        if factor.denominator != 1 or power not in (-1, 0):
            return TOO_LARGE, 0, 1, 0
    if not _fits(factor) or abs(power) > 1:
        return TOO_LARGE, 0, 1, 0
    return EXACT, factor.numerator, factor.denominator, power


def _own(program: Program, drug: str, *, dose: bool) -> tuple[tuple[str, int], ...]:
    """The dimensions of a drug's rates or doses, weight aside."""
    decl = program.artifact.drugs[drug]
    own = dict(program.units[decl.unit].without_weight)
    if dose and decl.form == "infusion":
        own["time"] = own.get("time", 0) + 1
    return tuple(sorted((name, power) for name, power in own.items() if power))


def _fits(value: Fraction) -> bool:
    return -LARGEST < value.numerator < LARGEST and value.denominator < LARGEST


@frozen
class Streams:
    """What the kernel says of some stays: `words[ends[k - 1]:ends[k]]` are the decisions of stay k, in the
    form of `decode`. `failed[k]`: not 0 where the stay is beyond 64 bits, and has no words here.
    """

    words: NDArray[np.int64]
    ends: NDArray[np.int64]
    failed: NDArray[np.int64]

    def of(self, k: int) -> NDArray[np.int64]:
        return self.words[int(self.ends[k - 1]) if k else 0 : int(self.ends[k])]


def is_ready() -> bool:
    """The kernel was compiled before: in this process, or on this machine."""
    return _machine.cache_info().currsize > 0 or code_folder().holds(about_code(run_stays))


_COMPILING = Lock()


def machine() -> Machine:
    """The kernel, compiled once in a process and kept for the next; other threads wait for it meanwhile."""
    with _COMPILING:
        return _machine()


@cache
def _machine() -> Machine:
    return Machine(run_stays, code_folder())


class Columnar:
    """One program for the kernel. May be used from several threads. Raises `Unsupported`."""

    def __init__(self, program: Program, *, silence_is_off: bool) -> None:
        self.flat = flat(program)
        self.silence_is_off = silence_is_off
        self.vocabulary = Vocabulary(self.flat.codebook)
        self._P = np.array(self.flat.P, np.int64)
        self._S0 = np.array(self.flat.S, np.int64)
        self._known = {"P": self.flat.P[:H_LAST]}
        self._lock = Lock()
        self._seen = 0
        self._own: Machine | None = None

    def machine(self, more: int) -> Machine:
        """The kernel for so many facts more: made for this very program where that was done before, or
        pays."""
        if self._own is None and self._lock.acquire(blocking=False):
            # Whoever comes meanwhile uses the general one.
            try:
                self._seen += more
                if self._seen >= PAYS or code_folder().holds(about_code(run_stays, self._known)):
                    self._own = Machine(run_stays, code_folder(), self._known)
            finally:
                self._lock.release()
        return self._own or machine()

    def run(self, facts: Facts) -> Streams:
        """Every stay of these facts."""
        count = len(facts.stays)
        rows, table = kinds_of(self.flat, facts)
        longest = int(np.diff(facts.start).max()) if count else 0
        log = 2 * longest + 64
        state = self._S0.copy()
        logs = np.empty((self.flat.logs * log + 1) * LOG_W, np.int64)
        ends = np.zeros(count, np.int64)
        failed = np.zeros(count, np.int64)
        out = np.empty(max(1 << 16, 6 * facts.count), np.int64)
        parts: list[NDArray[np.int64]] = []
        written = first = 0
        run = self.machine(facts.count)
        while first < count:
            reached = run(
                self._P, self._S0, state, logs, table, facts.time, facts.kind, facts.name, facts.unit,
                facts.value, rows, facts.start, first, count, int(self.silence_is_off), log, len(out), out,
                ends, failed,
            )  # fmt: skip
            if reached == first:
                out = np.empty(4 * len(out), np.int64)
                continue
            filled = int(ends[reached - 1])
            parts.append(out[:filled].copy())
            ends[first:reached] += written
            written += filled
            first = reached
        words = np.concatenate(parts) if parts else np.zeros(0, np.int64)
        return Streams(words, ends, failed)

    def decoded(self, words: NDArray[np.int64]) -> list[Decision]:
        """The decisions of one stay as values."""
        return decisions(words.tolist(), self.flat.codebook)
