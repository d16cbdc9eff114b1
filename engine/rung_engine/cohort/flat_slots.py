"""What the kernel keeps of every condition that may be unsettled: see `supposing`."""

from __future__ import annotations

from collections.abc import Iterator

from rung_engine.cohort import chart_layout as c
from rung_engine.cohort import layout as y
from rung_engine.cohort.flat_room import Node
from rung_engine.cohort.flat_signals import Signals
from rung_engine.decision.needs import parts_of
from rung_engine.reference.evaluate import subjects

_STILL = {
    c.OP_CONST, c.OP_IN_WHOLE, c.OP_IN_FRACTION, c.OP_FLAG, c.OP_ONE_OF, c.OP_ANY_OF, c.OP_RUNNING, c.OP_OFF,
    c.OP_KNOWN_IN, c.OP_KNOWN_DR, c.OP_NOT, c.OP_AND, c.OP_OR, c.OP_COUNT, c.OP_RATE, c.OP_EVER,
}  # fmt: skip
"""Operations on what is read now alone."""
_STEADY = {
    c.Q_CONST, c.Q_IN, c.Q_RATE, c.Q_CHANGE_OVER, c.Q_CHANGE_SINCE, c.Q_VALUE_AT, c.Q_ADD, c.Q_SUB, c.Q_MUL,
    c.Q_DIV,
}  # fmt: skip
"""Steps of numbers that stand still between readings, but for when a window loses one."""


def _captures_of(step: tuple[int, ...]) -> tuple[int, ...]:
    """The values at moments that a step of a number looks at."""
    if step[0] == c.Q_CHANGE_SINCE:
        return step[4:6]
    return step[3:5] if step[0] == c.Q_VALUE_AT else ()


class Slots(Signals):
    """The conditions of which it may be asked what would settle them."""

    def _slots(self) -> None:
        """Of each condition that may be unsettled: its term, parts, subjects, and the nodes it is made of."""
        records: list[int] = []
        keys = 0
        for _, term in self.slots:
            parts = parts_of(self.program, term)
            asked = sorted(subjects(self.program, term))
            listed = [
                part
                for kind, name in asked
                for part in ((0, self.inputs.index(name)) if kind == "input" else (1, self.drugs.index(name)))
            ]
            under: set[int] = set()
            stack = [self.node_of[term]]
            while stack:
                one = stack.pop()
                if one not in under:
                    under.add(one)
                    stack.extend(self.nodes[one].children)
            closure = self._bits_place(under)
            place = len(self.P)
            self.P.extend([len(parts), *parts])
            subjects_at = len(self.P)
            self.P.extend([len(asked), *listed])
            sources = sorted(
                {(kind, index) for node in under for kind, index in self._sources_of(self.nodes[node])}
            )
            sources_at = len(self.P)
            self.P.extend([len(sources), *(part for pair in sources for part in pair)])
            ops = {self.nodes[node].op for node in under}
            counts = any(kind == 0 and self.specs[index].counts is not None for kind, index in sources)
            steps = [
                step
                for node in under
                if self.nodes[node].op == c.OP_GENERAL
                for part in (0, 2)
                for step in self.steps[self.nodes[node].parts[part]]
            ]
            still = 0
            if ops <= _STILL and not counts:
                still = 1
            elif (
                ops <= _STILL | {c.OP_GENERAL, c.OP_INPUTS, c.OP_AFTER, c.OP_ANCHOR}
                and not counts
                and {step[0] for step in steps} <= _STEADY
                and all(self.nodes[node].parts[5] < 0 for node in under if self.nodes[node].op == c.OP_ANCHOR)
            ):
                still = 2
            captures = sorted({place for step in steps for place in _captures_of(step)})
            wakes = sorted(self.wake_places[node] for node in under if self.nodes[node].wakes)
            captures_at = len(self.P)
            self.P.extend([len(captures), *captures, len(wakes), *wakes])
            fades = (
                still == 1
                and not ops & {c.OP_KNOWN_IN, c.OP_KNOWN_DR}
                and all(
                    self.artifact.drugs[self.drugs[index]].lasts is None for kind, index in sources if kind
                )
            )
            truths = sorted(self.nodes[node].term for node in under if self.nodes[node].term >= 0)
            anchors = sorted(self.nodes[node].parts[4] for node in under if self.nodes[node].term < 0)
            truths_at = len(self.P)
            self.P.extend([len(truths), *truths, len(anchors), *anchors])
            known = still == 0 or bool(ops & {c.OP_KNOWN_IN, c.OP_KNOWN_DR})
            turns = [
                index if kind == 0 else len(self.inputs) + index
                for kind, index in sources
                if known or (kind and self.artifact.drugs[self.drugs[index]].lasts is not None)
            ]
            courses = any(kind == "course" for node in under for kind, _ in self.nodes[node].reads)
            turns_at = len(self.P)
            self.P.extend([-1 if courses else len(turns), *turns])
            # The key, its answer, and the moments; see `supposing`.
            key = 2 + len(parts) + 6 * len(asked) + 4 * len(asked) + 2 * len(anchors) + 3 * len(captures)
            kept = c.KEY_W + key + 2 + 3 * len(asked) + len(anchors)
            records.extend(
                (
                    term, place, subjects_at, closure, sources_at, keys, still, int(fades), truths_at,
                    captures_at, kept, turns_at,
                )
            )  # fmt: skip
            keys += kept
        self.table(c.H_SLOTS, records)
        at = self.state(c.H_KEYS, keys)
        for k in range(len(self.slots)):
            kept = at + records[k * c.SLOT_W + c.SLOT_KEY]
            self.preset(kept + c.KEY_AT, y.NONE)
            self.preset(kept + c.KEY_LENGTH, -1)

    def _sources_of(self, node: Node) -> Iterator[tuple[int, int]]:
        """The inputs (0) and drugs (1) whose readings, rows or doses may change what a node remembers."""
        for kind, index in node.reads:
            if kind == "input":
                yield 0, index
                counts = self.specs[index].counts
                if counts is not None:
                    yield 1, counts
            elif kind == "drug":
                # When an infusion starts or stops is seen at the moment itself; nothing else of it counts.
                if node.op != c.OP_ANCHOR or self.artifact.drugs[self.drugs[index]].form == "bolus":
                    yield 1, index
            elif kind == "course":
                for drug in self.artifact.courses[self.courses[index]].drugs:
                    yield 1, self.drugs.index(drug)
            counted = kind == "input" and self.specs[index].counts is not None
            if (kind == "weight" or counted) and self.P[y.H_WEIGHT] >= 0:
                yield 0, self.P[y.H_WEIGHT]
