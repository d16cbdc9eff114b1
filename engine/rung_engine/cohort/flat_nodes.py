"""The truths of a program as nodes, each after what it reads."""

from __future__ import annotations

import math
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.cohort import chart_layout as c
from rung_engine.cohort import layout as y
from rung_engine.cohort.flat_numbers import Numbers
from rung_engine.cohort.flat_room import NUMERIC, Unsupported
from rung_engine.reference.line import Line, compare
from rung_engine.session.compile import whole

_FLIPPED: dict[m.Relation, m.Relation] = {"<": ">", "<=": ">=", "=": "=", ">=": "<=", ">": "<"}


class Nodes(Numbers):
    """A program's truths."""

    def truth(self, index: int) -> int:
        """The node of a truth, written once, after what it reads."""
        if index not in self.node_of:
            self.node_of[index] = self._truth(index, self.terms[index])
        return self.node_of[index]

    def _truth(self, index: int, term: m.Truth | m.Numeric) -> int:
        node = self._node
        match term:
            case m.Const():
                return node(c.OP_CONST, index, (int(term.value),))
            case m.SettingIs():
                return node(c.OP_CONST, index, (int(self.program.settings[term.setting] == term.value),))
            case m.Cmp():
                return self._cmp(index, term)
            case m.Flag():
                place = self.inputs.index(term.input)
                if self.artifact.inputs[term.input].kind != "flag":
                    raise Unsupported(f"{term.input} is asked for yes or no and is neither")
                return node(c.OP_FLAG, index, (place,), [("input", place)])
            case m.Is():
                place = self.inputs.index(term.input)
                decl = self.artifact.inputs[term.input]
                if decl.kind not in ("one_of", "any_of"):
                    raise Unsupported(f"{term.input} is compared with a name and is none")
                held = decl.kind == "any_of"
                value = decl.values.index(term.value) if term.value in decl.values else -1
                if held and value < 0:
                    raise Unsupported(f"{term.value} is no value of {term.input}")
                return node(c.OP_ANY_OF if held else c.OP_ONE_OF, index, (place, value), [("input", place)])
            case m.Running() | m.Off():
                drugs = [self.drugs.index(drug) for drug in term.drugs]
                op = c.OP_RUNNING if isinstance(term, m.Running) else c.OP_OFF
                return node(op, index, self._list(drugs), [("drug", drug) for drug in drugs])
            case m.Known():
                if term.kind == "input":
                    place = self.inputs.index(term.name)
                    return node(c.OP_KNOWN_IN, index, (place,), [("input", place)])
                place = self.drugs.index(term.name)
                bolus = int(self.artifact.drugs[term.name].form == "bolus")
                return node(c.OP_KNOWN_DR, index, (place, bolus), [("drug", place)])
            case m.Not():
                of = self.truth(term.of)
                return node(c.OP_NOT, index, (term.of,), children=[of])
            case m.And() | m.Or():
                parts = [self.truth(part) for part in term.of]
                op = c.OP_AND if isinstance(term, m.And) else c.OP_OR
                return node(op, index, self._list(term.of), children=parts)
            case m.Count():
                parts = [self.truth(part) for part in term.of]
                rel = c.RELATIONS[term.rel]
                return node(c.OP_COUNT, index, (*self._list(term.of), rel, term.n), children=parts)
            case m.Held():
                return self._held(index, term)
            case m.Recent():
                of = self.truth(term.of)
                since = (term.of, self.monitor(term.of), self.program.millis(term.length))
                return node(c.OP_RECENT, index, since, children=[of], wakes=True)
            case m.Ever():
                of = self.truth(term.of)
                return node(c.OP_EVER, index, (term.of, self.monitor(term.of)), [("stage", 0)], [of])
            case m.Occurs():
                anchor = self.anchor(term.ref)
                own = self.anchor_nodes[anchor]
                return node(c.OP_OCCURS, index, (anchor,), children=[own], wakes=True)
            case m.After():
                ref, nodes = self.moments(term.ref)
                return node(c.OP_AFTER, index, (ref,), children=nodes)
            case m.Readings():
                return self._readings(index, term)
            case _:
                raise AssertionError(f"term {index} is not judged here")

    def _held(self, index: int, term: m.Held) -> int:
        of = self.truth(term.of)
        monitor = self.monitor(term.of)
        gap, longest = -1, 0
        if term.gaps is not None:
            gap, longest = self.gap_count, self.program.millis(term.gaps)
            self.gaps[monitor].append((gap, longest))
            self.gap_count += 1
        parts = (term.of, monitor, self.program.millis(term.length), gap, longest)
        return self._node(c.OP_HELD, index, parts, children=[of], wakes=True)

    def _readings(self, index: int, term: m.Readings) -> int:
        place = self.inputs.index(term.input)
        kind = self.artifact.inputs[term.input].kind
        apart = self.program.millis(term.apart)
        children = [self.truth(term.drawn)] if term.drawn is not None else []
        drawn = -1 if term.drawn is None else term.drawn
        rel = c.RELATIONS[term.rel]
        numeric = int(kind in NUMERIC)
        bound = self.fixed(term.right)
        if bound is not None:
            n, d = self.fraction(bound * self.scales[place])
            self.steady.append((place, term.n, apart, rel, n, d, drawn, numeric))
            return self._node(c.OP_STEADY, index, (len(self.steady) - 1,), [("input", place)], children)
        code, reads, more = self._numeric(term.right)
        run = (place, term.n, apart, drawn)
        if run not in self.moving:
            self.moving.append(run)
        parts = (self.moving.index(run), rel, code, numeric)
        return self._node(
            c.OP_MOVING, index, parts, [("input", place), *reads], [*children, *more], wakes=True
        )

    def _cmp(self, index: int, term: m.Cmp) -> int:
        left, rel, right = term.left, term.rel, term.right
        bound = self.fixed(right)
        if bound is None and (bound := self.fixed(left)) is not None:
            left, rel = right, _FLIPPED[rel]
        found = None if bound is None else self._fast(index, self.terms[left], rel, bound)
        if found is None:
            found = self._two_inputs(index, term)
        if found is not None:
            return found
        one, reads, children = self._numeric(term.left)
        two, more, others = self._numeric(term.right)
        parts = (one, c.RELATIONS[term.rel], two)
        return self._node(c.OP_GENERAL, index, parts, {*reads, *more}, {*children, *others}, wakes=True)

    def _fast(self, index: int, number: m.Truth | m.Numeric, rel: m.Relation, bound: Fraction) -> int | None:
        """A comparison with a constant that needs no lines; None where there is none."""
        code = c.RELATIONS[rel]
        parts: tuple[int, ...]
        match number:
            case m.Input():
                place = self.inputs.index(number.name)
                spec = self.specs[place]
                if spec.decl.kind not in NUMERIC:
                    return self._node(c.OP_CONST, index, (y.UNKNOWN,))
                exact = bound * self.scales[place]
                limit = whole(rel, exact) if spec.counts is None else None
                if limit is not None:
                    parts = (place, code, self.whole(limit))
                    return self._node(c.OP_IN_WHOLE, index, parts, [("input", place)])
                parts = (place, code, *self.fraction(exact))
                return self._node(c.OP_IN_FRACTION, index, parts, [("input", place)])
            case m.Rate():
                drug = self.drugs.index(number.drug)
                power = self.power(self.program.units[number.unit].dims, number.drug, dose=False)
                parts = (drug, power, code, *self.fraction(bound))
                return self._node(c.OP_RATE, index, parts, [("drug", drug), ("weight", 0)])
            case m.Elapsed():
                ref, nodes = self.moments(number.ref)
                return self._node(
                    c.OP_ELAPSED, index, (ref, code, *self._turn(rel, bound)), children=nodes, wakes=True
                )
            case m.TimeInStage():
                return self._node(
                    c.OP_STAGE, index, (0, code, *self._turn(rel, bound)), [("stage", 0)], wakes=True
                )
            case m.TimeOn():
                drug = self.drugs.index(number.drug)
                off = compare(Line.exact(0), rel, Line.exact(bound))
                parts = (drug, code, *self._turn(rel, bound), int(bool(off)))
                return self._node(c.OP_ON, index, parts, [("drug", drug)], wakes=True)
            case m.TimeInCourse():
                place = self.courses.index(number.course)
                off = compare(Line.exact(0), rel, Line.exact(bound))
                parts = (place, code, *self._turn(rel, bound), int(bool(off)))
                drugs = [("drug", self.drugs.index(d)) for d in self.artifact.courses[number.course].drugs]
                return self._node(c.OP_COURSE, index, parts, [("course", place), *drugs], wakes=True)
            case _:
                return None

    def _two_inputs(self, index: int, term: m.Cmp) -> int | None:
        """A comparison of one measured input with another at the same scale; None of anything else."""
        left, right = self.terms[term.left], self.terms[term.right]
        if not isinstance(left, m.Input) or not isinstance(right, m.Input):
            return None
        one, two = self.inputs.index(left.name), self.inputs.index(right.name)
        kinds = {self.artifact.inputs[name].kind for name in (left.name, right.name)}
        if not kinds <= set(NUMERIC) or self.scales[one] != self.scales[two]:
            return None
        reads = [("input", one), ("input", two)]
        return self._node(c.OP_INPUTS, index, (one, c.RELATIONS[term.rel], two), reads)

    def _turn(self, rel: m.Relation, bound: Fraction) -> tuple[int, int]:
        """From how many milliseconds on an elapsed time is what it will stay; for `=`, 1 where it can be
        met."""
        if rel == "=":
            limit = whole("=", bound)
            return (self.whole(limit), 1) if limit is not None else (0, 0)
        turn = math.ceil(bound) if rel in (">=", "<") else math.floor(bound) + 1
        return self.whole(turn), 1
