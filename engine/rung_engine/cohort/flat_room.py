"""The room of a flat program: `P`, its tables, `S`, its state, and the numbers that both hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.cohort import chart_layout as c
from rung_engine.cohort import layout as y
from rung_engine.decision.model import Subject
from rung_engine.decision.needs import candidates
from rung_engine.program import Program
from rung_engine.session.chart import InputSpec

LARGEST = 1 << 61
"""Constants of a program stay below it, so that a sum of two fits int64."""
NUMERIC = ("quantity", "graded")
"""Kinds of inputs whose readings are numbers."""


class Unsupported(ValueError):  # noqa: N818 - it names a fact about the program
    """The program needs what int64 arrays do not hold; `reason` says what."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Node:
    """One operation of a program, on what it reads and on other nodes."""

    op: int
    term: int
    parts: tuple[int, ...]
    reads: set[tuple[str, int]]
    children: set[int]
    wakes: bool
    parents: set[int] = field(default_factory=set)


class Room:
    """What every part of the program is built in. `inputs`, `drugs`, `tasks`, `events`, `courses` are sorted
    names."""

    def __init__(self, program: Program) -> None:
        self.program = program
        artifact = self.artifact = program.artifact
        self.terms = artifact.terms
        self.inputs = sorted(artifact.inputs)
        self.drugs = sorted(artifact.drugs)
        self.tasks = sorted(artifact.tasks)
        self.events = sorted(artifact.events)
        self.courses = sorted(artifact.courses)
        self.units = sorted(artifact.units)
        self.stages = [stage.name for stage in artifact.stages]
        self.P: list[int] = [0] * y.H_LAST
        self._state = y.S_SCALARS
        self._preset: dict[int, int] = {}
        self.nodes: list[Node] = []
        self.node_of: dict[int, int] = {}
        """By term."""
        self._words = 0
        """How many words a set of nodes takes, once all are written."""
        self.wake_places: dict[int, int] = {}
        """By node that time wakes: its place among them, once all are written."""
        self.lists: list[int] = []
        self.anchors: dict[m.Moment, int] = {}
        self.anchor_nodes: list[int] = []
        self.monitored: list[int] = []
        self.gaps: list[list[tuple[int, int]]] = []
        self.gap_count = 0
        self.knowledge: list[int] = []
        self.steady: list[tuple[int, ...]] = []
        self.moving: list[tuple[int, ...]] = []
        self.since: list[tuple[int, int, int]] = []
        self.captures: list[tuple[int, int, int]] = []
        """(input, anchor or -1, course or -1)."""
        self.flows: dict[int, set[int]] = {}
        self.bases: list[tuple[int, int]] = []
        """(flow's drug, anchor)."""
        self.windows: dict[tuple[int, int], int] = {}
        self.refs: dict[m.Ref, int] = {}
        self.slots: dict[tuple[str, int], int] = {}
        self.code: list[int] = []
        self.steps: dict[int, tuple[tuple[int, ...], ...]] = {}
        """By the place of a number's code: its steps."""
        self.logged: set[int] = set()
        self.open_events: list[str] = []
        self.specs = [InputSpec.of(program, name, self.drugs) for name in self.inputs]
        self.scales = [self._scale(place) for place in range(len(self.inputs))]
        self.dose_scale = [self._dose_scale(name) for name in self.drugs]

    def whole(self, value: int) -> int:
        """The value, if the kernel can count with it."""
        if not -LARGEST < value < LARGEST:
            raise Unsupported("a number of the protocol is too large for whole millionths of 64 bits")
        return value

    def fraction(self, value: Fraction) -> tuple[int, int]:
        return self.whole(value.numerator), self.whole(value.denominator)

    def table(self, header: int, values: Iterable[int]) -> int:
        """Puts a table into P; its place is P[header]."""
        self.P[header] = len(self.P)
        self.P.extend(int(value) for value in values)
        return self.P[header]

    def state(self, header: int, length: int) -> int:
        """Reserves a table of S, all 0 before the first fact; its place is P[header]."""
        self.P[header] = self._state
        self._state += length
        return self.P[header]

    def preset(self, place: int, value: int) -> None:
        """The value of S[place] before the first fact, where it is not 0."""
        self._preset[place] = value

    def window(self, drug: str, place: int) -> int:
        """The number by which `view.rolling` is asked for a rolling maximum of the drug."""
        index = self.drugs.index(drug)
        return self.windows[index, place]

    def slot(self, label: str, term: int) -> int:
        """The number by which `view.needs` is asked what would settle a condition."""
        return self.slots.setdefault((label, term), len(self.slots))

    def unsupported(self, reason: str) -> Unsupported:
        return Unsupported(reason)

    def power(self, dims: Sequence[tuple[str, int]], drug: str, *, dose: bool) -> int:
        """The power of body weight of an amount's dimensions, which must be the drug's own otherwise."""
        own = dict(self.program.units[self.artifact.drugs[drug].unit].without_weight)
        if dose and self.artifact.drugs[drug].form == "infusion":
            own["time"] = own.get("time", 0) + 1
            own = {name: power for name, power in own.items() if power}
        got = dict(dims)
        power = got.pop("body_weight", 0)
        if got != own or power not in (-1, 0, 1):
            raise Unsupported(f"an amount of {drug} is in dimensions that the kernel does not follow")
        return power

    def _scale(self, place: int) -> int:
        """Whole units of an input to a coherent one, fine enough for all that may be charted or supposed."""
        spec = self.specs[place]
        scale = spec.scale
        if spec.decl.kind in NUMERIC:
            for value in candidates(self.program, Subject("input", spec.name, "")):
                assert isinstance(value, Fraction)
                scale = math.lcm(scale, value.denominator)
        return self.whole(scale)

    def _dose_scale(self, name: str) -> int:
        scale = 1
        for unit in self.program.units.values():
            line = self._dose_line(name, unit.name)
            if line is not None:
                scale = math.lcm(scale, line[0].denominator)
        return self.whole(scale)

    def _dose_line(self, name: str, unit: str) -> tuple[Fraction, int] | None:
        """What a millionth of a unit is of a dose in coherent units, and its power of weight; None: another
        kind."""
        found = self.program.units[unit]
        if found.offset:
            return None
        try:
            power = self.power(found.dims, name, dose=True)
        except Unsupported:
            return None
        return found.factor / 1_000_000, power

    def bits(self, chosen: Iterable[int]) -> list[int]:
        """A set of nodes as words of `WORD` bits."""
        words = [0] * self._words
        for node in chosen:
            words[node // c.WORD] |= 1 << (node % c.WORD)
        return words

    def _bits_place(self, chosen: Iterable[int]) -> int:
        place = len(self.P)
        self.P.extend(self.bits(chosen))
        return place
