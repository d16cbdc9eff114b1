"""The numbers of a program, as code for a small stack, and the moments they look back to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.cohort import chart_layout as c
from rung_engine.cohort.flat_room import NUMERIC, Node, Room, Unsupported
from rung_engine.reference.line import Line, combine

_HOW = {"change": c.CHANGE, "rise": c.RISE, "fall": c.FALL, "percent_rise": c.PERCENT_RISE}
_HOW["percent_fall"] = c.PERCENT_FALL
_EXTREME = {"lowest": c.LOWEST, "highest": c.HIGHEST, "mean": c.MEAN}
_OPS = {"add": c.Q_ADD, "sub": c.Q_SUB, "mul": c.Q_MUL, "div": c.Q_DIV}


class Numbers(Room):
    """A program's numbers and moments. An event may hang on a truth, which `Nodes` writes."""

    def truth(self, index: int) -> int:
        """The node of a truth, written once, after what it reads."""
        raise NotImplementedError

    def _node(
        self,
        op: int,
        term: int,
        parts: tuple[int, ...],
        reads: Iterable[tuple[str, int]] = (),
        children: Iterable[int] = (),
        *,
        wakes: bool = False,
    ) -> int:
        index = len(self.nodes)
        node = Node(op, term, parts, set(reads), set(children), wakes)
        for child in node.children:
            self.nodes[child].parents.add(index)
        self.nodes.append(node)
        return index

    def _list(self, values: Sequence[int]) -> tuple[int, int]:
        place = len(self.lists)
        self.lists.extend(values)
        return place, len(values)

    def monitor(self, term: int) -> int:
        if term not in self.monitored:
            self.monitored.append(term)
            self.gaps.append([])
        return self.monitored.index(term)

    def anchor(self, ref: m.Moment) -> int:
        """The place of one moment."""
        if ref in self.anchors:
            return self.anchors[ref]
        reads: list[tuple[str, int]] = []
        children: list[int] = []
        where, condition, monitor = 0, -1, -1
        match ref:
            case m.TaskRef():
                kind, where = c.A_TASK, self.tasks.index(ref.name)
                reads.append(("task", where))
            case m.DrugRef():
                kind = c.A_STARTED if ref.kind == "started" else c.A_STOPPED
                drugs = [self.drugs.index(drug) for drug in ref.drugs]
                where = self._list([len(drugs), *drugs])[0]
                reads.extend(("drug", drug) for drug in drugs)
            case m.EventRef():
                kind, where = c.A_EVENT, self.events.index(ref.name)
                reads.append(("event", where))
                written = self.artifact.events[ref.name].condition
                if written is not None:
                    if ref.name in self.open_events:
                        raise Unsupported(f"the event {ref.name} reads itself")
                    self.open_events.append(ref.name)
                    children.append(self.truth(written))
                    self.open_events.pop()
                    condition, monitor = written, self.monitor(written)
        place = self.anchors[ref] = len(self.anchor_nodes)
        self.anchor_nodes.append(-1)
        self.anchor_nodes[place] = self._node(
            c.OP_ANCHOR, -1, (kind, where, int(ref.first), monitor, place, condition), reads, children
        )
        return place

    def moments(self, ref: m.Ref) -> tuple[int, list[int]]:
        """A reference's number and the nodes of its moments."""
        parts = ref.of if isinstance(ref, m.PairRef) else (ref,)
        nodes = [self.anchor_nodes[self.anchor(part)] for part in parts]
        return self.ref(ref), nodes

    def ref(self, ref: m.Ref) -> int:
        """The number by which `view.moment` is asked for it."""
        parts = ref.of if isinstance(ref, m.PairRef) else (ref,)
        for part in parts:
            self.anchor(part)
        return self.refs.setdefault(ref, len(self.refs))

    def fixed(self, index: int) -> Fraction | None:
        """The value of a number that never changes."""
        term = self.terms[index]
        if isinstance(term, m.Quantity):
            return self.program.constants[index]
        if isinstance(term, m.Setting):
            value = self.program.settings[term.name]
            return value if isinstance(value, Fraction) else None
        if isinstance(term, m.Arith):
            one, two = self.fixed(term.left), self.fixed(term.right)
            if one is not None and two is not None:
                line = combine(term.op, Line.exact(one), Line.exact(two))
                return None if line is None else line.lo
        return None

    def _numeric(self, index: int) -> tuple[int, set[tuple[str, int]], set[int]]:
        """The place of a number's code in `H_CODE`, what it reads, and the nodes it reads."""
        reads: set[tuple[str, int]] = set()
        children: set[int] = set()
        code: list[tuple[int, ...]] = []
        depth = self._emit(index, code, reads, children)
        if depth > 12:
            raise Unsupported("arithmetic is nested too deeply")
        place = len(self.code)
        self.steps[place] = tuple(code)
        self.code.append(len(code))
        for step in code:
            self.code.extend((*step, *[0] * (c.Q_W - len(step))))
        return place, reads, children

    def _emit(
        self, index: int, code: list[tuple[int, ...]], reads: set[tuple[str, int]], children: set[int]
    ) -> int:
        """Writes the code of one number; how deep the stack becomes."""
        term = self.terms[index]
        constant = self.fixed(index)
        if constant is not None:
            code.append((c.Q_CONST, *self.fraction(constant)))
            return 1
        match term:
            case m.Arith():
                one = self._emit(term.left, code, reads, children)
                two = self._emit(term.right, code, reads, children)
                code.append((_OPS[term.op],))
                return max(one, two + 1)
            case m.Input():
                place = self.inputs.index(term.name)
                numeric = self.artifact.inputs[term.name].kind in NUMERIC
                code.append((c.Q_IN, place, int(numeric)))
                reads.add(("input", place))
            case m.Rate():
                drug = self.drugs.index(term.drug)
                power = self.power(self.program.units[term.unit].dims, term.drug, dose=False)
                code.append((c.Q_RATE, drug, power))
                reads.update((("drug", drug), ("weight", 0)))
            case m.Elapsed():
                ref, nodes = self.moments(term.ref)
                code.append((c.Q_ELAPSED, ref))
                children.update(nodes)
            case m.TimeInStage():
                code.append((c.Q_STAGE,))
                reads.add(("stage", 0))
            case m.TimeInCourse():
                place = self.courses.index(term.course)
                code.append((c.Q_COURSE, place))
                reads.add(("course", place))
                reads.update(("drug", self.drugs.index(d)) for d in self.artifact.courses[term.course].drugs)
            case m.TimeOn():
                drug = self.drugs.index(term.drug)
                code.append((c.Q_ON, drug))
                reads.add(("drug", drug))
            case m.Change():
                self._change(term, code, reads, children)
            case m.Extreme():
                self._extreme(term, code, reads, children)
            case m.Total():
                self._total(term, code, reads, children)
            case m.ValueAt():
                place = self.inputs.index(term.input)
                ref, nodes = self.moments(term.ref)
                one, two = self._pair(term.ref, lambda anchor: self._capture((place, anchor, -1)))
                code.append((c.Q_VALUE_AT, place, ref, one, two))
                reads.add(("input", place))
                children.update(nodes)
            case m.ValueAtStart():
                place = self.inputs.index(term.input)
                course = self.courses.index(term.course)
                code.append((c.Q_VALUE_AT_START, place, course, self._capture((place, -1, course))))
                reads.update((("input", place), ("course", course)))
            case _:
                raise AssertionError(f"term {index} is not a number")
        return 1

    def _pair(self, ref: m.Ref, places: Callable[[int], int]) -> tuple[int, int]:
        """What is remembered since each moment of a reference; of a single one twice the same."""
        parts = ref.of if isinstance(ref, m.PairRef) else (ref,)
        found = [places(self.anchor(part)) for part in parts]
        return found[0], found[-1]

    def _capture(self, parts: tuple[int, int, int]) -> int:
        if parts not in self.captures:
            self.captures.append(parts)
        return self.captures.index(parts)

    def _known(self, place: int) -> int:
        if place not in self.knowledge:
            self.knowledge.append(place)
        return self.knowledge.index(place)

    def _change(
        self, term: m.Change, code: list[tuple[int, ...]], reads: set[tuple[str, int]], children: set[int]
    ) -> None:
        place = self.inputs.index(term.input)
        reads.add(("input", place))
        numeric = self.artifact.inputs[term.input].kind in NUMERIC
        if not numeric:
            code.append((c.Q_IN, place, 0))
            return
        how = _HOW[term.how]
        if isinstance(term.span, m.Over):
            self.logged.add(place)
            code.append((c.Q_CHANGE_OVER, place, how, self.program.millis(term.span.over)))
            return
        ref, nodes = self.moments(term.span.since)
        one, two = self._pair(term.span.since, lambda anchor: self._capture((place, anchor, -1)))
        code.append((c.Q_CHANGE_SINCE, place, how, ref, one, two))
        children.update(nodes)

    def _extreme(
        self, term: m.Extreme, code: list[tuple[int, ...]], reads: set[tuple[str, int]], children: set[int]
    ) -> None:
        place = self.inputs.index(term.input)
        reads.add(("input", place))
        if self.artifact.inputs[term.input].kind not in NUMERIC:
            raise Unsupported(f"{term.input} has no lowest or highest value")
        known = self._known(place)
        how = _EXTREME[term.how]
        if isinstance(term.span, m.Over):
            self.logged.add(place)
            code.append((c.Q_EXTREME_OVER, place, how, self.program.millis(term.span.over), known))
            return
        ref, nodes = self.moments(term.span.since)

        def tracked(anchor: int) -> int:
            parts = (place, anchor, known)
            if parts not in self.since:
                self.since.append(parts)
            return self.since.index(parts)

        one, two = self._pair(term.span.since, tracked)
        code.append((c.Q_EXTREME_SINCE, place, how, ref, one, two))
        children.update(nodes)

    def _total(
        self, term: m.Total, code: list[tuple[int, ...]], reads: set[tuple[str, int]], children: set[int]
    ) -> None:
        drug = self.drugs.index(term.drug)
        self.flows.setdefault(drug, set())
        reads.update((("drug", drug), ("weight", 0)))
        power = self.power(self.program.units[term.unit].dims, term.drug, dose=True)
        if isinstance(term.span, m.Over):
            code.append((c.Q_TOTAL_OVER, drug, power, self.program.millis(term.span.over)))
            return
        ref, nodes = self.moments(term.span.since)

        def base(anchor: int) -> int:
            if (drug, anchor) not in self.bases:
                self.bases.append((drug, anchor))
            return self.bases.index((drug, anchor))

        one, two = self._pair(term.span.since, base)
        code.append((c.Q_TOTAL_SINCE, drug, power, ref, one, two))
        children.update(nodes)
