"""A program as one array of integers, `P`, and the empty state of a stay, `S`. See `layout`.

`flat(program)` walks the terms table as `session.compile` does and writes a node for every term and every
moment in an order in which each comes after what it reads. `Unsupported` says why a protocol is beyond the
kernel; an engine of exact fractions runs it instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rung_engine.artifact import model as m
from rung_engine.cohort import chart_layout as c
from rung_engine.cohort import layout as y
from rung_engine.cohort.flat_room import LARGEST, Unsupported
from rung_engine.cohort.flat_slots import Slots
from rung_engine.program import Program
from rung_engine.reference.run import empty_row

if TYPE_CHECKING:
    from rung_engine.cohort.codebook import Codebook

__all__ = ["LARGEST", "Builder", "Flat", "Unsupported", "flat"]


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """A program ready for the kernel. `P`: what it says; `S`: the state of a stay before its first fact."""

    program: Program
    P: tuple[int, ...]
    S: tuple[int, ...]
    inputs: tuple[str, ...]
    drugs: tuple[str, ...]
    tasks: tuple[str, ...]
    events: tuple[str, ...]
    units: tuple[str, ...]
    dose_scale: tuple[int, ...]
    """By drug: whole units of its doses to a coherent one."""
    logs: int
    """How many logs a stay needs; see `kernel`."""
    codebook: Codebook


def flat(program: Program) -> Flat:
    """Raises `Unsupported`."""
    from rung_engine.cohort.decide_tables import decision_tables

    builder = Builder(program)
    builder.chart()
    codebook = decision_tables(builder)
    return builder.done(codebook)


class Builder(Slots):
    """Collects the tables of a program and puts them together."""

    def chart(self) -> None:
        """Everything but the decision."""
        program = self.program
        for name, windows in sorted(program.rolling.items()):
            for place, window in enumerate(windows):
                drug = self.drugs.index(name)
                self.flows.setdefault(drug, set())
                self.windows[drug, place] = len(self.windows)
                self.power(window.maximum.dims, name, dose=True)
        for index, term in enumerate(self.terms):
            if not isinstance(term, m.Numeric) and index not in program.decision_terms:
                self.truth(index)
        for order in program.orders:
            if order.within_of is not None:
                self.ref(order.within_of)

    def done(self, codebook: Codebook) -> Flat:
        program = self.program
        P = self.P
        P[y.H_N_TERMS], P[y.H_N_IN], P[y.H_N_DR] = len(self.terms), len(self.inputs), len(self.drugs)
        P[y.H_N_TASK], P[y.H_N_EVENT], P[y.H_N_COURSE] = len(self.tasks), len(self.events), len(self.courses)
        P[y.H_N_STAGE], P[y.H_N_RULE] = len(self.stages), len(self.artifact.rules)
        P[c.H_N_UNITS] = len(self.units)
        P[c.H_N_LOGGED] = len(self.logged)
        weight = program.weight_input
        P[y.H_WEIGHT] = self.inputs.index(weight) if weight is not None else -1
        words = P[c.H_WORDS] = len(self.nodes) // c.WORD + 1
        self._words = words
        state = self.state
        self.wake_places = {
            node: place
            for place, node in enumerate(index for index, one in enumerate(self.nodes) if one.wakes)
        }
        self._slots()
        state(y.H_ASKED, len(self.terms))
        state(y.H_NEEDS, 2 + 3 * (len(self.inputs) + len(self.drugs)))
        state(c.H_CHOSEN, 16)
        state(c.H_STACK, c.V_W * c.STACK)
        state(c.H_SCRATCH, 3 * y.DR_W)
        state(c.H_WATCHED, len(self.inputs))
        self._signals()
        self._nodes()
        self._remembered()
        state(y.H_T, len(self.terms))
        for index, truth in enumerate(empty_row(program).truths):
            self.preset(P[y.H_T] + index, y.UNKNOWN if truth is None else int(truth))
        state(c.H_PEND, words)
        state(c.H_TOUCHED_IN, len(self.inputs))
        state(c.H_TOUCHED_DR, len(self.drugs))
        at = state(c.H_UNTIL, len(self.inputs) + len(self.drugs))
        for place in range(len(self.inputs) + len(self.drugs)):
            self.preset(at + place, y.NEVER)
        self._scalars()
        # Last, so that all before it can be saved: a copy of the state, to look ahead.
        P[c.H_SAVED_T] = self._state
        self._state += len(self.terms) + c.ANCHOR_W * len(self.anchor_nodes)
        P[c.H_SAVED] = self._state
        P[y.H_SIZE_S] = self._state * 2
        S = [0] * (self._state * 2)
        for place, value in self._preset.items():
            S[place] = value
        return Flat(
            program,
            tuple(P),
            tuple(S),
            tuple(self.inputs),
            tuple(self.drugs),
            tuple(self.tasks),
            tuple(self.events),
            tuple(self.units),
            tuple(self.dose_scale),
            len(self.logged) + 2 * len(self.flows) + len(self.moving),
            codebook,
        )

    def _scalars(self) -> None:
        for place in (y.S_TIME,):
            self.preset(place, y.LONG_AGO)
        for place in (y.S_ENTERED, y.S_BEGAN, y.S_SILENT_FROM, c.S_W_AT):
            self.preset(place, y.NONE)
        self.preset(y.S_STAGE, -1)
        self.preset(y.S_DWAKE, y.NEVER)
        self.preset(c.S_SIGNAL, y.NEVER)
        self.preset(c.S_REDO, 1)
        self.preset(c.S_FRESH, 1)
        self.preset(y.S_W_DEN, 1)

    def _nodes(self) -> None:
        P = self.P
        wakes = [index for index, node in enumerate(self.nodes) if node.wakes]
        deadlines = {
            self.anchor_nodes[self.anchors[part]]
            for order in self.program.orders
            if order.within_of is not None
            for part in (order.within_of.of if isinstance(order.within_of, m.PairRef) else (order.within_of,))
        }
        records: list[int] = []
        for index, node in enumerate(self.nodes):
            parts = (*node.parts, *[0] * (6 - len(node.parts)))
            wake = wakes.index(index) if node.wakes else -2 if index in deadlines else -1
            records.extend((node.op, node.term, *parts, self._bits_place(node.parents), wake))
        self.table(c.H_NODES, records)
        P[c.H_N_NODES] = len(self.nodes)
        self.table(c.H_LISTS, self.lists)
        self.table(c.H_WAKE_NODES, wakes)
        P[c.H_N_WAKES] = len(wakes)
        at = self.state(c.H_WAKES, len(wakes))
        for place in range(len(wakes)):
            self.preset(at + place, y.NEVER)
        self.table(c.H_CODE, self.code)
        at = self.state(c.H_ANCHORS, c.ANCHOR_W * len(self.anchor_nodes))
        for place in range(c.ANCHOR_W * len(self.anchor_nodes)):
            self.preset(at + place, y.NONE)
        P[c.H_N_ANCHORS] = len(self.anchor_nodes)
        refs: list[int] = []
        for ref in self.refs:
            places = [self.anchors[part] for part in (ref.of if isinstance(ref, m.PairRef) else (ref,))]
            kind = c.REF_ONE
            if isinstance(ref, m.PairRef):
                kind = c.REF_LATER if ref.kind == "later" else c.REF_EARLIER
            refs.extend((kind, places[0], places[-1]))
        self.table(c.H_REFS, refs)

    def _remembered(self) -> None:
        P = self.P
        empty = empty_row(self.program).truths
        self.table(c.H_MONITORS, self.monitored)
        P[c.H_N_MONITORS] = len(self.monitored)
        past = self.state(c.H_PAST, c.M_W * len(self.monitored))
        for place, term in enumerate(self.monitored):
            at = past + place * c.M_W
            truth = empty[term]
            self.preset(at + c.M_LAST, y.UNKNOWN if truth is None else int(truth))
            for what in (c.M_FALSE, c.M_UNKNOWN, c.M_TRUE):
                self.preset(at + what, y.LONG_AGO - 1)
            self.preset(at + c.M_SINCE, y.LONG_AGO)
        gap_list: list[int] = []
        offsets: list[int] = []
        for parts in self.gaps:
            offsets.append(len(gap_list))
            gap_list.append(len(parts))
            gap_list.extend(part for pair in parts for part in pair)
        self.table(c.H_GAP_LIST, [*offsets, *gap_list])
        P[c.H_N_GAPS] = self.gap_count
        at = self.state(c.H_GAPS, self.gap_count)
        for place in range(self.gap_count):
            self.preset(at + place, y.LONG_AGO - 1)
        self.state(c.H_FLOWS, c.F_W * len(self.flows))
        self.table(c.H_PKNOWLEDGE, self.knowledge)
        P[c.H_N_KNOWLEDGE] = len(self.knowledge)
        at = self.state(c.H_KNOWLEDGE, 2 * len(self.knowledge))
        for place in range(len(self.knowledge)):
            self.preset(at + 2 * place + 1, y.LONG_AGO)
        self.table(c.H_PSTEADY, [part for run in self.steady for part in run])
        P[c.H_N_STEADY] = len(self.steady)
        self.state(c.H_STEADY, c.RUN_W * len(self.steady))
        self.table(c.H_PMOVING, [part for run in self.moving for part in run])
        P[c.H_N_MOVING] = len(self.moving)
        self.state(c.H_MOVING, len(self.moving))
        self.table(c.H_PSINCE, [part for one in self.since for part in one])
        P[c.H_N_SINCE] = len(self.since)
        self.state(c.H_SINCE, c.X_W * len(self.since))
        self.table(c.H_PCAPTURES, [part for one in self.captures for part in one])
        P[c.H_N_CAPTURES] = len(self.captures)
        at = self.state(c.H_CAPTURES, c.C_W * len(self.captures))
        self.table(c.H_PBASES, [part for one in self.bases for part in one])
        P[c.H_N_BASES] = len(self.bases)
        bases = self.state(c.H_BASES, c.G_W * len(self.bases))
        for place in range(len(self.bases)):
            self.preset(bases + place * c.G_W + 1, 1)
            self.preset(bases + place * c.G_W + 3, 1)
        windows: list[int] = []
        for drug, place in self.windows:
            window = self.program.rolling[self.drugs[drug]][place]
            power = self.power(window.maximum.dims, self.drugs[drug], dose=True)
            windows.extend((drug, window.over, power, *self.fraction(window.maximum.value)))
        self.table(c.H_WINDOWS, windows)
        P[c.H_N_WINDOWS] = len(self.windows)
        at = self.state(c.H_WINDOW_WAKES, 2 * len(self.windows))
        for place in range(len(self.windows)):
            self.preset(at + 2 * place, y.NEVER)
