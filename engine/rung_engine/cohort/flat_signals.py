"""Inputs, drugs, courses, tasks and events of a program, as tables and as the state of an empty chart."""

from __future__ import annotations

from fractions import Fraction

from rung_engine.cohort import chart_layout as c
from rung_engine.cohort import layout as y
from rung_engine.cohort.flat_nodes import Nodes
from rung_engine.cohort.flat_room import LARGEST, Unsupported
from rung_engine.decision.model import Subject
from rung_engine.decision.needs import candidates
from rung_engine.program import Amount

_KINDS = {"quantity": c.QUANTITY, "flag": c.FLAG, "one_of": c.ONE_OF, "any_of": c.ANY_OF, "graded": c.GRADED}


class Signals(Nodes):
    """What is charted."""

    def _readers(self, source: tuple[str, int]) -> list[int]:
        return [index for index, node in enumerate(self.nodes) if source in node.reads]

    def _signals(self) -> None:
        program = self.program
        pin: list[int] = []
        convert: list[int] = []
        read = {self.inputs.index(name) for name in program.inputs_read}
        read.update(place for place in range(len(self.inputs)) if self._readers(("input", place)))
        for place, spec in enumerate(self.specs):
            scale, decl = self.scales[place], spec.decl
            fine = scale // spec.scale
            low = spec.low * fine if abs(spec.low) < LARGEST // fine else -LARGEST + 1
            high = spec.high * fine if abs(spec.high) < LARGEST // fine else LARGEST - 1
            if decl.kind == "any_of" and len(decl.values) > 60:
                raise Unsupported(f"{spec.name} has more than 60 values")
            line = [0, 0] * len(self.units)
            for unit, (k, o) in spec.convert.items():
                if unit in self.units:
                    at = self.units.index(unit)
                    line[2 * at], line[2 * at + 1] = self.whole(k * fine), self.whole(o * fine)
            convert.extend(line)
            counts = spec.counts
            power = 0
            if counts is not None:
                power = self.power(spec.dims, self.drugs[counts], dose=True)
            weighted = place == self.P[y.H_WEIGHT]
            readers = set(self._readers(("input", place)))
            if weighted:
                readers.update(self._readers(("weight", 0)))
            pin.extend(
                [
                    _KINDS[decl.kind],
                    y.NEVER >> 4 if decl.valid_for is None or place not in read else decl.valid_for,
                    int(decl.fixed),
                    int(decl.cumulative),
                    -1 if counts is None else counts,
                    scale,
                    low,
                    high,
                    power,
                    self._bits_place(readers),
                    sorted(self.logged).index(place) if place in self.logged else -1,
                    self._candidates("input", spec.name, scale),
                    self.dose_scale[counts] if counts is not None else 1,
                    int(spec.low * fine > -LARGEST and spec.high * fine < LARGEST),
                    int(place in read),
                ]
            )
        self.table(c.H_PIN, pin)
        self.table(c.H_CONVERT, convert)
        inputs = self.state(y.H_IN, y.IN_W * len(self.inputs))
        for place in range(len(self.inputs)):
            at = inputs + place * y.IN_W
            self.preset(at + y.IN_WHY, y.WHY_NEVER)
            self.preset(at + y.IN_DEN, 1)
            for what in (y.IN_TIME, y.IN_LAST, c.IN_BAD, c.IN_FIRST, c.IN_HIGHEST, c.IN_STAMP, c.IN_OWN_TIME):
                self.preset(at + what, y.NONE)
            self.preset(at + c.IN_SUPPOSED, 0)
            self.preset(at + c.IN_OWN_WHY, y.WHY_NEVER)
        self._drugs()
        # From here on all is kept aside when time is followed ahead; of inputs and drugs only what matters.
        self.P[c.H_REMEMBERED] = self._state
        courses = [
            (sum(1 << self.drugs.index(drug) for drug in decl.drugs), decl.ends_after)
            for decl in (self.artifact.courses[name] for name in self.courses)
        ]
        if len(self.drugs) > 60:
            raise Unsupported("more than 60 drugs")
        self.table(c.H_PCOURSES, [part for pair in courses for part in pair])
        self.table(
            c.H_COURSE_BITS,
            [self._bits_place(self._readers(("course", k))) for k in range(len(self.courses))],
        )
        at = self.state(c.H_COURSES, c.CO_W * len(self.courses))
        for place in range(len(self.courses)):
            self.preset(at + place * c.CO_W + c.CO_BEGIN, y.NONE)
            self.preset(at + place * c.CO_W + c.CO_END, y.LONG_AGO)
        at = self.state(y.H_TASK, y.TASK_W * len(self.tasks))
        for place in range(len(self.tasks)):
            self.preset(at + place * y.TASK_W, y.NONE)
            self.preset(at + place * y.TASK_W + 1, y.NONE)
        self.table(
            c.H_TASK_BITS, [self._bits_place(self._readers(("task", k))) for k in range(len(self.tasks))]
        )
        events = self.state(c.H_EVENTS, len(self.events))
        for place in range(len(self.events)):
            self.preset(events + place, y.NONE)
        self.table(
            c.H_EVENT_BITS, [self._bits_place(self._readers(("event", k))) for k in range(len(self.events))]
        )
        self.table(c.H_STAGE_BITS, self.bits(self._readers(("stage", 0))))
        self.table(c.H_ALL_BITS, self.bits(range(len(self.nodes))))
        counted = [place for place, spec in enumerate(self.specs) if spec.counts is not None]
        self.table(c.H_COUNTED, counted)
        self.P[c.H_N_COUNTED] = len(counted)
        self.state(c.H_DOSED_SINCE, 3 * len(self.inputs))

    def _drugs(self) -> None:
        pdr: list[int] = []
        flows = sorted(self.flows)
        for place, name in enumerate(self.drugs):
            decl = self.artifact.drugs[name]
            courses = sum(
                1 << k for k, course in enumerate(self.courses) if name in self.artifact.courses[course].drugs
            )
            counted = [k for k, spec in enumerate(self.specs) if spec.counts == place]
            if len(counted) > 1:
                raise Unsupported(f"two inputs count {name}")
            pdr.extend(
                [
                    int(decl.form == "bolus"),
                    y.NEVER >> 4 if decl.valid_for is None else decl.valid_for,
                    y.NONE if decl.lasts is None else decl.lasts,
                    self._bits_place(self._readers(("drug", place))),
                    flows.index(place) if place in self.flows else -1,
                    courses,
                    self._candidates("drug", name, 1),
                    counted[0] if counted else -1,
                    self.dose_scale[place],
                    0,
                ]
            )
        self.table(c.H_PDR, pdr)
        drugs = self.state(y.H_DR, y.DR_W * len(self.drugs))
        for place in range(len(self.drugs)):
            at = drugs + place * y.DR_W
            for what, value in (
                (y.DR_RUN, y.UNKNOWN), (y.DR_WHY, y.WHY_NEVER), (y.DR_TIME, y.NONE), (y.DR_DEN, 1),
                (y.DR_CHANGED, y.NONE), (y.DR_LAST, y.NONE), (c.DR_ROW_ON, -1), (c.DR_ROW_TIME, y.NONE),
                (c.DR_ROW_DEN, 1), (c.DR_START, y.NONE), (c.DR_STOP, y.NONE), (c.DR_END, y.NONE),
                (c.DR_STAMP, y.NONE), (c.DR_DOSED, y.NONE), (c.DR_GDEN, 1),
                (c.DR_TOUCHED, y.NONE),
            ):  # fmt: skip
                self.preset(at + what, value)
        self.table(c.H_PFLOWS, flows)
        self.P[c.H_N_FLOWS] = len(flows)

    def _candidates(self, kind: str, name: str, scale: int) -> int:
        """A list of what could be read: how many, then of an input whole numbers, of a drug (n, d), off
        first."""
        found: list[int] = []
        values = candidates(self.program, Subject(kind, name, ""))  # type: ignore[arg-type]
        for value in values:
            if kind == "drug":
                amount = value.value if isinstance(value, Amount) else Fraction(0)
                found.extend(self.fraction(amount))
            elif isinstance(value, bool):
                found.append(int(value))
            elif isinstance(value, str):
                found.append(self.artifact.inputs[name].values.index(value))
            elif isinstance(value, frozenset):
                found.append(self._as_bits(name, value))
            else:
                assert isinstance(value, Fraction)
                found.append(self.whole(int(value * scale)))
        if kind == "drug":
            unit = self.program.units[self.artifact.drugs[name].unit]
            place = len(self.P)
            self.P.extend([len(values), unit.weight_power, *found])
            return place
        place = len(self.P)
        self.P.extend([len(values), *found])
        return place

    def _as_bits(self, name: str, values: frozenset[str]) -> int:
        order = self.artifact.inputs[name].values
        return sum(1 << order.index(value) for value in values)
