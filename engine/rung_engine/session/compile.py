"""From a program's terms table to one straight-line Python function that judges every term at once.

The generated function reads a `patient.Patient` and returns the truth of every term, the next instant at
which one could change with no new fact, and when each moment last (or first) happened. A comparison with a
constant is one of two integers where it is of a reading or of a number over a window of readings, and a
cross-multiplication where it is of a charted rate. What is left, arithmetic between inputs and amounts given,
is done in fractions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property, lru_cache
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary

from rung_engine.artifact import model as m
from rung_engine.program import Dims, Program, Window
from rung_engine.reference.line import Line, combine, compare, next_flip
from rung_engine.reference.run import empty_row
from rung_engine.session.chart import NEVER, InputSpec, Raw, scaled
from rung_engine.session.monitors import Found, How
from rung_engine.session.patient import Judge, Judged, Patient, Plan
from rung_engine.truth import Truth

_FLIPPED: dict[m.Relation, m.Relation] = {"<": ">", "<=": ">=", "=": "=", ">=": "<=", ">": "<"}
_PYTHON: dict[m.Relation, str] = {"<": "<", "<=": "<=", "=": "==", ">=": ">=", ">": ">"}
_CACHE: WeakKeyDictionary[Program, Plan] = WeakKeyDictionary()


@lru_cache(maxsize=16)
def _code(source: str, name: str) -> CodeType:
    """Programs that differ in a setting's value share their source: such values stand in it by name."""
    return compile(source, name, "exec")


class CircularEvent(ValueError):  # noqa: N818 - it names a fact about the artifact
    """An event's condition reads the event itself; no engine can judge it."""

    def __init__(self, event: str) -> None:
        super().__init__(event)
        self.event = event


def compiled(program: Program) -> Plan:
    """The plan of a program, made once. Raises `CircularEvent`."""
    plan = _CACHE.get(program)
    if plan is None:
        plan = _CACHE[program] = _Writer(program).plan()
    return plan


def whole(rel: m.Relation, bound: Fraction) -> int | None:
    """For a whole n, `n rel bound` is `n rel whole(rel, bound)`; None where no whole number equals it."""
    match rel:
        case ">=" | "<":
            return math.ceil(bound)
        case ">" | "<=":
            return math.floor(bound)
        case "=":
            return bound.numerator if bound.denominator == 1 else None


def raw_test(rel: m.Relation, bound: Fraction, scale: int) -> Callable[[Raw], bool]:
    """Whether a raw reading meets the comparison."""
    line = Line.exact(bound)

    def test(raw: Raw) -> bool:
        number = scaled(raw, scale)
        return number is not None and compare(Line.exact(number), rel, line) is True

    return test


def moving_test(rel: m.Relation, right: Line | None, scale: int) -> Callable[[Raw], bool] | None:
    """The same against a bound that is not constant; None where it is unknown."""
    if right is None:
        return None

    def test(raw: Raw) -> bool:
        number = scaled(raw, scale)
        return number is not None and compare(Line.exact(number), rel, right) is True

    return test


def exact_line(raw: Raw | None, scale: int) -> Line | None:
    number = scaled(raw, scale) if raw is not None else None
    return None if number is None else Line.exact(number)


def change_line(how: str, now: Raw | None, old: Raw | None, scale: int) -> Line | None:
    """The change from `old` to `now`, both raw; a percentage is a fraction of `old`."""
    current = scaled(now, scale) if now is not None else None
    before = scaled(old, scale) if old is not None else None
    if current is None or before is None:
        return None
    match how:
        case "change" | "rise":
            return Line.exact(current - before)
        case "fall":
            return Line.exact(before - current)
        case _:
            if before == 0:
                return None
            share = (current - before) / before
            return Line.exact(share if how == "percent_rise" else -share)


def extreme_line(how: How, found: Found | None, scale: int) -> Line | None:
    """An extreme or a mean, without a bound where something is unknown."""
    if found is None:
        return None
    total, count, known = found
    best = Fraction(total) / scale
    match how:
        case "lowest":
            return Line(best if known else None, best)
        case "highest":
            return Line(best, best if known else None)
        case "mean":
            return Line.exact(best / count) if known else None


_HELPERS: dict[str, object] = {
    "Line": Line,
    "Fraction": Fraction,
    "compare": compare,
    "combine": combine,
    "next_flip": next_flip,
    "exact_line": exact_line,
    "change_line": change_line,
    "extreme_line": extreme_line,
    "moving_test": moving_test,
}


class _Writer:
    """Collects what must be remembered while writing the lines that read it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.artifact = program.artifact
        self.terms = program.artifact.terms
        self.input_names = sorted(self.artifact.inputs)
        self.drug_names = sorted(self.artifact.drugs)
        self.task_names = sorted(self.artifact.tasks)
        self.event_names = sorted(self.artifact.events)
        self.course_names = sorted(self.artifact.courses)
        self.specs = [InputSpec.of(program, name, self.drug_names) for name in self.input_names]
        self.lines: list[str] = []
        self.scope: dict[str, object] = dict(_HELPERS)
        self.rates: list[tuple[int, Dims]] = []
        self.anchors: list[m.Moment] = []
        self.monitored: list[int] = []
        self.gaps: list[list[tuple[int, int]]] = []
        self.gap_count = 0
        self.knowledge: list[int] = []
        self.steady: list[tuple[int, int, int, Callable[[Raw], bool], int | None]] = []
        self.moving: list[tuple[int, int, int, int | None]] = []
        self.groups: list[tuple[int, int]] = []
        self.extremes: list[tuple[int, How, int, int]] = []
        self.extremes_since: list[tuple[int, int, int]] = []
        self.captures: list[tuple[int, int]] = []
        self.course_captures: list[tuple[int, int]] = []
        self.flows: dict[int, tuple[set[int], set[int]]] = {}
        self.truths: set[int] = set()
        self.numbers: set[int] = set()
        self.moments: set[int] = set()
        self.values: set[int] = set()
        self.open_events: list[str] = []
        self.from_setting = False
        """The comparison being written is with a setting."""
        self.literals: dict[str, str] = {}
        """By name of an exact bound: the whole number that serves where the reading is whole."""

    # -- the whole

    def plan(self) -> Plan:
        for index, term in enumerate(self.terms):
            if not isinstance(term, m.Numeric) and index not in self.program.decision_terms:
                self.truth(index)
        for order in self.program.orders:
            if order.within_of is not None:
                self.moment(order.within_of)
        for name, windows in self.program.rolling.items():
            for window in windows:
                self._rolling(name, window)
        for place in range(len(self.course_names)):
            self.write(f"w = P.courses[{place}].ends(t)", "if t < w < nxt: nxt = w")
        source = self._source()
        weight = self.program.weight_input
        return Plan(
            program=self.program,
            inputs=tuple(self.specs),
            drugs=tuple(self.drug_names),
            courses=tuple(
                (decl, tuple(self.drug_names.index(drug) for drug in decl.drugs))
                for decl in (self.artifact.courses[name] for name in self.course_names)
            ),
            tasks=tuple(self.task_names),
            events=tuple(self.event_names),
            rates=tuple(self.rates),
            anchors=tuple(self.anchors),
            monitored=tuple(self.monitored),
            gaps=tuple(tuple(parts) for parts in self.gaps),
            gap_count=self.gap_count,
            knowledge=tuple(self.knowledge),
            steady=tuple(self.steady),
            moving=tuple(self.moving),
            groups=tuple(self.groups),
            extremes=tuple(self.extremes),
            extremes_since=tuple(self.extremes_since),
            captures=tuple(self.captures),
            course_captures=tuple(self.course_captures),
            flows=tuple(
                (drug, max(over, default=0), tuple(anchors)) for drug, (over, anchors) in self.flows.items()
            ),
            input_place={name: place for place, name in enumerate(self.input_names)},
            course_place={name: place for place, name in enumerate(self.course_names)},
            drug_place={name: place for place, name in enumerate(self.drug_names)},
            doses_ordered=frozenset(order.target for order in self.program.orders if order.op == "give"),
            weight=self.input_names.index(weight) if weight is not None else None,
            empty_row=empty_row(self.program).truths,
            source=source,
            judge=self._execute(
                re.sub(r"\bk\d+\b", lambda found: self.literals.get(found[0], found[0]), source)
            ),
            judge_exactly=self._when_asked(source),
        )

    def _source(self) -> str:
        head = [
            "def judge(P, t, entered, began):",
            " P.wake = nxt = NEVER",
            " past = P.past",
            " last = past.last; false = past.false; unknown = past.unknown; true = past.true",
            " value = P.values; rate = P.rates; anchor = P.anchors",
        ]
        self.scope["NEVER"] = NEVER
        truths = ", ".join(
            f"v{index}" if index in self.truths else "None" for index in range(len(self.terms))
        )
        moments = ", ".join(f"a{index}" for index in range(len(self.anchors)))
        truths += "," if self.terms else ""
        moments += "," if self.anchors else ""
        tail = [f" return ({truths}), min(nxt, P.wake), ({moments})"]
        return "\n".join([*head, *(f" {line}" for line in self.lines), *tail, ""])

    def _execute(self, source: str) -> Any:
        scope = dict(self.scope)
        exec(_code(source, f"<{self.artifact.name}>"), scope)
        return scope["judge"]

    def _when_asked(self, source: str) -> Judge:
        """The same, made when it is first called: of most patients nothing is ever supposed."""
        made: list[Judge] = []

        def judge(patient: Patient, time: int, entered: int | None, began: int | None) -> Judged:
            if not made:
                made.append(self._execute(source))
            return made[0](patient, time, entered, began)

        return judge

    def write(self, *lines: str) -> None:
        self.lines.extend(lines)

    def constant(self, value: object) -> str:
        """A name in the generated function for a value that has no literal."""
        name = f"k{len(self.scope)}"
        self.scope[name] = value
        return name

    def literal(self, value: int | bool) -> str:
        """A literal, but a name where it comes of a setting."""
        return self.constant(value) if self.from_setting else str(value)

    # -- places of what is remembered

    def value(self, name: str) -> str:
        place = self.input_names.index(name)
        if place not in self.values:
            self.values.add(place)
            self.write(f"x{place} = value[{place}]")
        return f"x{place}"

    def rate(self, drug: str, unit: str) -> str:
        key = (self.drug_names.index(drug), self.program.units[unit].dims)
        if key not in self.rates:
            self.rates.append(key)
            self.write(f"r{len(self.rates) - 1} = rate[{len(self.rates) - 1}]")
        return f"r{self.rates.index(key)}"

    def monitor(self, term: int) -> int:
        if term not in self.monitored:
            self.monitored.append(term)
            self.gaps.append([])
        return self.monitored.index(term)

    def _place(self, table: list[Any], parts: Any) -> int:
        if parts not in table:
            table.append(parts)
        return table.index(parts)

    def _flow(self, drug: int) -> tuple[set[int], set[int]]:
        return self.flows.setdefault(drug, (set(), set()))

    def _rolling(self, name: str, window: Window) -> None:
        """When the amount given in the window next reaches or passes its maximum."""
        drug = self.drug_names.index(name)
        self._flow(drug)[0].add(window.over)
        flow = list(self.flows).index(drug)
        dims, limit = self.constant(window.maximum.dims), self.constant(Line.exact(window.maximum.value))
        self.write(
            f"n = P.flows[{flow}].over(P, {window.over}, {dims})",
            "if n is not None and n.slope:",
            " for w in ('>', '>='):",
            f"  w = next_flip(n, w, {limit})",
            "  if w is not None and t + w < nxt: nxt = t + w",
        )

    # -- moments

    def moment(self, ref: m.Ref) -> str:
        """The variable that holds when it happened, None where it has not."""
        if not isinstance(ref, m.PairRef):
            return f"a{self.anchor(ref)}"
        one, two = (self.anchor(part) for part in ref.of)
        name = f"p{one}_{two}_{ref.kind}"
        a, b = f"a{one}", f"a{two}"
        if ref.kind == "later":
            self.write(f"{name} = None if {a} is None or {b} is None else {a} if {a} >= {b} else {b}")
        else:
            self.write(f"{name} = {b} if {a} is None else {a} if {b} is None or {a} <= {b} else {b}")
        return name

    def anchor(self, ref: m.Moment) -> int:
        """The place of one moment, written once. Raises `CircularEvent`."""
        place = self._place(self.anchors, ref)
        if place in self.moments:
            return place
        match ref:
            case m.TaskRef():
                now = f"P.task_now[{self.task_names.index(ref.name)}]"
            case m.DrugRef():
                word = "started" if ref.kind == "started" else "stopped"
                now = (
                    " or ".join(f"P.drugs[{self.drug_names.index(drug)}].{word}" for drug in ref.drugs)
                    or "False"
                )
            case m.EventRef():
                now = f"P.event_now[{self.event_names.index(ref.name)}]"
                condition = self.artifact.events[ref.name].condition
                if condition is not None:
                    if ref.name in self.open_events:
                        raise CircularEvent(ref.name)
                    self.open_events.append(ref.name)
                    self.truth(condition)
                    self.open_events.pop()
                    now += f" or (v{condition} is True and last[{self.monitor(condition)}] is not True)"
        self.write(f"h{place} = {now}")
        if ref.first:
            self.write(f"a{place} = anchor[{place}]", f"if a{place} is None and h{place}: a{place} = t")
        else:
            self.write(f"a{place} = t if h{place} else anchor[{place}]")
        self.moments.add(place)
        return place

    def chosen(self, ref: m.Ref, places: Callable[[int], int]) -> tuple[str, str]:
        """The moment, and the place of what is remembered since the one of a pair that counts."""
        if not isinstance(ref, m.PairRef):
            return self.moment(ref), str(places(self.anchor(ref)))
        moment = self.moment(ref)
        one, two = (self.anchor(part) for part in ref.of)
        return moment, f"({places(one)} if a{one} == {moment} else {places(two)})"

    # -- truths

    def truth(self, index: int) -> str:
        """The variable that holds a truth, written once, after what it reads."""
        name = f"v{index}"
        if index in self.truths:
            return name
        term = self.terms[index]
        match term:
            case m.Const():
                self.write(f"{name} = {term.value}")
            case m.Cmp():
                self._cmp(name, term)
            case m.Flag():
                self.write(f"{name} = {self.value(term.input)}")
            case m.Is():
                x = self.value(term.input)
                held = self.artifact.inputs[term.input].kind == "any_of"
                self.write(f"{name} = None if {x} is None else {term.value!r} {'in' if held else '=='} {x}")
            case m.SettingIs():
                self.write(f"{name} = {self.constant(self.program.settings[term.setting] == term.value)}")
            case m.Running():
                parts = [f"P.drugs[{self.drug_names.index(drug)}].state.running" for drug in term.drugs]
                self._or(name, parts)
            case m.Off():
                parts = [f"P.drugs[{self.drug_names.index(drug)}].state.running" for drug in term.drugs]
                self._or(name, parts)
                self.write(f"{name} = None if {name} is None else not {name}")
            case m.Known():
                self._known(name, term)
            case m.Not():
                of = self.truth(term.of)
                self.write(f"{name} = None if {of} is None else not {of}")
            case m.And():
                parts = [self.truth(part) for part in term.of]
                self.write(
                    f"{name} = False if {' or '.join(f'{part} is False' for part in parts) or 'False'} else "
                    f"True if {' and '.join(parts) or 'True'} else None"
                )
            case m.Or():
                self._or(name, [self.truth(part) for part in term.of])
            case m.Count():
                self._count(name, term)
            case m.Held():
                self._held(name, term)
            case m.Recent():
                self._recent(name, term)
            case m.Ever():
                of = self.truth(term.of)
                place = self.monitor(term.of)
                until = f"(t - 1 if last[{place}] is True else true[{place}])"
                self.write(
                    f"{name} = {of}",
                    f"if {of} is not True and began is not None and {until} >= began: {name} = True",
                )
            case m.Occurs():
                now = f"{self.moment(term.ref)} == t" if term.ref.first else f"bool(h{self.anchor(term.ref)})"
                self.write(f"{name} = {now}", f"if {name} and t + 1 < nxt: nxt = t + 1")
            case m.After():
                self.write(f"{name} = {self.moment(term.ref)} is not None")
            case m.Readings():
                self._readings(name, term)
            case _:
                raise AssertionError(f"term {index} is not judged here")
        self.truths.add(index)
        return name

    def _or(self, name: str, parts: list[str]) -> None:
        self.write(
            f"{name} = True if {' or '.join(parts) or 'False'} else "
            f"False if {' and '.join(f'{part} is False' for part in parts) or 'True'} else None"
        )

    def _known(self, name: str, term: m.Known) -> None:
        if term.kind == "input":
            self.write(f"{name} = {self.value(term.name)} is not None")
            return
        place, form = self.drug_names.index(term.name), self.artifact.drugs[term.name].form
        self.write(f"{name} = P.drugs[{place}].state.is_known({form!r})")

    def _count(self, name: str, term: m.Count) -> None:
        parts = [self.truth(part) for part in term.of]
        self.write(
            f"y = {' + '.join(f'({part} is True)' for part in parts) or '0'}",
            f"z = y + {' + '.join(f'({part} is None)' for part in parts) or '0'}",
        )
        n = term.n
        match term.rel:
            case ">=":
                self.write(f"{name} = True if y >= {n} else False if z < {n} else None")
            case "<=":
                self.write(f"{name} = True if z <= {n} else False if y > {n} else None")
            case "=":
                self.write(f"{name} = False if y > {n} or z < {n} else True if y == z else None")

    def _held(self, name: str, term: m.Held) -> None:
        of = self.truth(term.of)
        place = self.monitor(term.of)
        length = self.program.millis(term.length)
        if length == 0:
            self.write(f"{name} = {of}")
            return
        unknown = f"t - 1 if last[{place}] is None else unknown[{place}]"
        if term.gaps is not None:
            gaps = self.program.millis(term.gaps)
            self.gaps[place].append((self.gap_count, gaps))
            bridged = f"past.known_true[{place}] and t - past.since[{place}] <= {gaps}"
            unknown = f"t - 1 if last[{place}] is None and not ({bridged}) else past.bad[{self.gap_count}]"
            self.gap_count += 1
        self.write(
            f"if {of} is False: {name} = False",
            "else:",
            f" w = t - 1 if last[{place}] is False else false[{place}]",
            f" if w >= t - {length}:",
            f"  {name} = False; w += {length + 1}",
            "  if w < nxt: nxt = w",
            f" elif {of} is None: {name} = None",
            " else:",
            f"  w = {unknown}",
            f"  if w >= t - {length}:",
            f"   {name} = None; w += {length + 1}",
            "   if w < nxt: nxt = w",
            f"  else: {name} = True",
        )

    def _recent(self, name: str, term: m.Recent) -> None:
        of = self.truth(term.of)
        place = self.monitor(term.of)
        length = self.program.millis(term.length)
        if length == 0:
            self.write(f"{name} = {of}")
            return
        self.write(
            f"if {of} is True: {name} = True",
            "else:",
            f" w = t - 1 if last[{place}] is True else true[{place}]",
            f" if w >= t - {length}:",
            f"  {name} = True; w += {length + 1}",
            "  if w < nxt: nxt = w",
            f" elif {of} is None: {name} = None",
            " else:",
            f"  w = t - 1 if last[{place}] is None else unknown[{place}]",
            f"  if w >= t - {length}:",
            f"   {name} = None; w += {length + 1}",
            "   if w < nxt: nxt = w",
            f"  else: {name} = False",
        )

    def _readings(self, name: str, term: m.Readings) -> None:
        cell = self.input_names.index(term.input)
        scale = self.specs[cell].scale
        apart = self.program.millis(term.apart)
        drawn = f", {self.truth(term.drawn)}" if term.drawn is not None else ""
        bound = self.fixed.get(term.right)
        if bound is not None:
            self.steady.append((cell, term.n, apart, raw_test(term.rel, bound, scale), term.drawn))
            self.write(f"{name} = P.steady[{len(self.steady) - 1}].truth(P{drawn})")
            return
        right = self.number(term.right)
        place = self._place(self.moving, (cell, term.n, apart, term.drawn))
        test = f"moving_test({term.rel!r}, {right}, {scale})"
        self.write(f"{name} = P.moving[{place}].truth(P, {test}{drawn})")

    # -- comparisons

    @cached_property
    def fixed(self) -> dict[int, Fraction]:
        """The values of the numbers that never change."""
        found = dict(self.program.constants)
        for index, term in enumerate(self.terms):
            if isinstance(term, m.Setting):
                value = self.program.settings[term.name]
                if isinstance(value, Fraction):
                    found[index] = value
        return found

    def _cmp(self, name: str, term: m.Cmp) -> None:
        left, rel, right = term.left, term.rel, term.right
        bound = self.fixed.get(right)
        if bound is None and (bound := self.fixed.get(left)) is not None:
            left, rel = right, _FLIPPED[rel]
        number = self.terms[left]
        self.from_setting = isinstance(self.terms[term.left], m.Setting) or isinstance(
            self.terms[term.right], m.Setting
        )
        if bound is None or not self._fast(name, number, rel, bound):
            self._slow(name, term)
        self.from_setting = False

    def _slow(self, name: str, term: m.Cmp) -> None:
        """A comparison in fractions; one of present values alone remembers its latest answers."""
        leaves: dict[int, str] = {}
        if self._present(term.left, leaves) and self._present(term.right, leaves):
            asked = self.constant(self._remembered(term, list(leaves)))
            self.write(f"{name} = {asked}({', '.join(leaves.values())})")
            return
        one, two = self.number(term.left), self.number(term.right)
        self.write(
            f"if {one} is None or {two} is None: {name} = None",
            "else:",
            f" {name} = compare({one}, {term.rel!r}, {two})",
            f" if {one}.slope != {two}.slope:",
            f"  w = next_flip({one}, {term.rel!r}, {two})",
            "  if w is not None and t + w < nxt: nxt = t + w",
        )

    def _present(self, index: int, leaves: dict[int, str]) -> bool:
        """The number is made of constants and of values now; `leaves`: the variables that hold those."""
        term = self.terms[index]
        match term:
            case m.Arith():
                return self._present(term.left, leaves) and self._present(term.right, leaves)
            case m.Input():
                if self.artifact.inputs[term.name].kind not in ("quantity", "graded"):
                    return False
                leaves[index] = self.value(term.name)
                return True
            case m.Rate():
                leaves[index] = self.rate(term.drug, term.unit)
                return True
            case _:
                return index in self.fixed

    def _remembered(self, term: m.Cmp, leaves: list[int]) -> Callable[..., Truth]:
        """The comparison as a function of the raw inputs and the charted rates at `leaves`."""
        terms, specs, places = self.terms, self.specs, {name: i for i, name in enumerate(self.input_names)}
        fixed = self.fixed

        def number(index: int, now: dict[int, object]) -> Line | None:
            one = terms[index]
            if index in fixed:
                return Line.exact(fixed[index])
            if isinstance(one, m.Arith):
                left, right = number(one.left, now), number(one.right, now)
                return None if left is None or right is None else combine(one.op, left, right)
            value = now[index]
            if isinstance(value, tuple):
                return Line.exact(Fraction(*value))
            if isinstance(one, m.Input) and isinstance(value, int | Fraction):
                return exact_line(value, specs[places[one.name]].scale)
            return None

        @lru_cache(maxsize=256)
        def asked(*values: object) -> Truth:
            now = dict(zip(leaves, values, strict=True))
            left, right = number(term.left, now), number(term.right, now)
            return None if left is None or right is None else compare(left, term.rel, right)

        return asked

    def _fast(self, name: str, number: m.Truth | m.Numeric, rel: m.Relation, bound: Fraction) -> bool:
        """Writes a comparison with a constant that needs no fractions, where there is one."""
        match number:
            case m.Input():
                cell = self.input_names.index(number.name)
                spec = self.specs[cell]
                if spec.decl.kind not in ("quantity", "graded"):
                    return False
                x = self.value(number.name)
                self.write(
                    f"{name} = None if {x} is None else {x} {_PYTHON[rel]} {self.bound(spec, rel, bound)}"
                )
                return True
            case m.Change():
                self._compare_change(name, number, rel, bound)
                return True
            case m.Extreme():
                self._compare_extreme(name, number, rel, bound)
                return True
            case m.ValueAt() | m.ValueAtStart():
                x, cell = self._captured(number)
                spec = self.specs[cell]
                self.write(
                    f"x = {x}",
                    f"{name} = None if x is None else x {_PYTHON[rel]} {self.bound(spec, rel, bound)}",
                )
                return True
            case m.Rate():
                r = self.rate(number.drug, number.unit)
                p, q = self.literal(bound.numerator), self.literal(bound.denominator)
                self.write(f"{name} = None if {r} is None else {r}[0] * {q} {_PYTHON[rel]} {p} * {r}[1]")
                return True
            case m.Elapsed():
                self._elapsed(name, self.moment(number.ref), rel, bound)
                return True
            case m.TimeInStage():
                self._elapsed(name, "entered", rel, bound)
                return True
            case m.TimeInCourse() | m.TimeOn():
                start, known = self._clock(number)
                off = compare(Line.exact(0), rel, Line.exact(bound))
                self.write(f"if {start} is None: {name} = {off} if {known} else None", "else:")
                self._elapsed(name, start, rel, bound, indent=" ")
                return True
            case _:
                return False

    def bound(self, spec: InputSpec, rel: m.Relation, bound: Fraction) -> str:
        """A bound of an input at its scale: whole where the input is, exact where counted or supposed."""
        exact = bound * spec.scale
        written = self.constant(exact)
        limit = whole(rel, exact) if spec.counts is None else None
        if limit is not None:
            self.literals[written] = self.literal(limit)
        return written

    def _compare_change(self, name: str, term: m.Change, rel: m.Relation, bound: Fraction) -> None:
        cell = self.input_names.index(term.input)
        now, spec = self.value(term.input), self.specs[cell]
        if spec.decl.kind not in ("quantity", "graded"):
            self.write(f"{name} = None")
            return
        self.write(f"o = {self._earlier(term)}")
        if term.how in ("change", "rise", "fall"):
            moved = f"o - {now}" if term.how == "fall" else f"{now} - o"
            limit = self.bound(spec, rel, bound)
            self.write(f"{name} = None if o is None or {now} is None else {moved} {_PYTHON[rel]} {limit}")
            return
        moved = f"o - {now}" if term.how == "percent_fall" else f"{now} - o"
        share = f"({moved}) * {bound.denominator}"
        self.write(
            f"if not o or {now} is None: {name} = None",
            f"elif o > 0: {name} = {share} {_PYTHON[rel]} {bound.numerator} * o",
            f"else: {name} = {bound.numerator} * o {_PYTHON[rel]} {share}",
        )

    def _earlier(self, term: m.Change) -> str:
        """The raw reading with which a change is compared."""
        cell = self.input_names.index(term.input)
        if isinstance(term.span, m.Over):
            place = self._place(self.groups, (cell, self.program.millis(term.span.over)))
            return f"P.groups[{place}].oldest(P)"
        moment, chosen = self.chosen(
            term.span.since, lambda anchor: self._place(self.captures, (cell, anchor))
        )
        return f"None if {moment} is None else P.captures[{chosen}].value(P, {moment})"

    def _captured(self, term: m.ValueAt | m.ValueAtStart) -> tuple[str, int]:
        """The raw reading at a moment or at the start of a course, and the place of its input."""
        cell = self.input_names.index(term.input)
        if isinstance(term, m.ValueAtStart):
            course = self.course_names.index(term.course)
            place = self._place(self.course_captures, (cell, course))
            self.write(f"c = P.courses[{course}].after[0]")
            return f"None if c is None else P.course_captures[{place}].value(P, c)", cell
        moment, chosen = self.chosen(term.ref, lambda anchor: self._place(self.captures, (cell, anchor)))
        return f"None if {moment} is None else P.captures[{chosen}].value(P, {moment})", cell

    def _compare_extreme(self, name: str, term: m.Extreme, rel: m.Relation, bound: Fraction) -> None:
        """A bound known from one side settles a comparison in one direction."""
        spec = self.specs[self.input_names.index(term.input)]
        found = self._window(term)
        self.write(f"e = {found}", f"if e is None: {name} = None", "else:", " o, y, known = e")
        if term.how == "mean":
            exact = bound * spec.scale
            self.write(
                f" {name} = o * {exact.denominator} {_PYTHON[rel]} {exact.numerator} * y if known else None"
            )
            return
        limit = self.bound(spec, rel, bound)
        self.write(f" {name} = o {_PYTHON[rel]} {limit}")
        lowest = term.how == "lowest"
        if rel == "=":
            self.write(f" if not known: {name} = False if o {'<' if lowest else '>'} {limit} else None")
        else:
            settled = (rel in ("<", "<=")) == lowest
            self.write(f" if not known and {name} is not {settled}: {name} = None")

    def _window(self, term: m.Extreme) -> str:
        cell = self.input_names.index(term.input)
        known = self._place(self.knowledge, cell)
        if isinstance(term.span, m.Over):
            parts = (cell, term.how, self.program.millis(term.span.over), known)
            return f"P.extremes[{self._place(self.extremes, parts)}].found(P)"
        moment, chosen = self.chosen(
            term.span.since, lambda anchor: self._place(self.extremes_since, (cell, anchor, known))
        )
        return f"None if {moment} is None else P.extremes_since[{chosen}].found(P, {term.how!r}, {moment})"

    def _elapsed(self, name: str, moment: str, rel: m.Relation, bound: Fraction, indent: str = "") -> None:
        """Time since a moment against a constant: it changes once (`=`: twice) by itself."""
        if rel == "=":
            limit = whole("=", bound)
            if limit is None:
                self.write(f"{indent}{name} = None if {moment} is None else False")
                return
            self.write(
                f"{indent}if {moment} is None: {name} = None",
                f"{indent}else:",
                f"{indent} {name} = t - {moment} == {limit}",
                f"{indent} w = {moment} + {limit} + {name}",
                f"{indent} if t < w < nxt: nxt = w",
            )
            return
        # From this many milliseconds on the comparison is what it will stay.
        turn = self.literal(math.ceil(bound) if rel in (">=", "<") else math.floor(bound) + 1)
        after = rel in (">=", ">")
        self.write(
            f"{indent}if {moment} is None: {name} = None",
            f"{indent}elif t - {moment} >= {turn}: {name} = {after}",
            f"{indent}else:",
            f"{indent} {name} = {not after}",
            f"{indent} if {moment} + {turn} < nxt: nxt = {moment} + {turn}",
        )

    def _clock(self, term: m.TimeInCourse | m.TimeOn) -> tuple[str, str]:
        """Variables: when the present run or course began; and, with none, whether that is known."""
        if isinstance(term, m.TimeInCourse):
            place = self.course_names.index(term.course)
            drugs = [self.drug_names.index(drug) for drug in self.artifact.courses[term.course].drugs]
            known = " and ".join(f"P.drugs[{drug}].state.running is not None" for drug in drugs) or "True"
            self.write(f"c = P.courses[{place}].began(t)")
            return "c", f"({known})"
        drug = self.drug_names.index(term.drug)
        self.write(f"d = P.drugs[{drug}]", "c = d.after.last_start if d.state.running else None")
        return "c", "(d.state.running is False)"

    # -- numbers

    def number(self, index: int) -> str:
        """The variable that holds a number as a `Line`, None where unknown; written once."""
        name = f"n{index}"
        if index in self.numbers:
            return name
        term = self.terms[index]
        match term:
            case m.Quantity() | m.Setting():
                self.scope[name] = Line.exact(self.fixed[index])
            case m.Input():
                kind = self.artifact.inputs[term.name].kind
                scale = self.specs[self.input_names.index(term.name)].scale
                x = self.value(term.name) if kind in ("quantity", "graded") else "None"
                self.write(f"{name} = exact_line({x}, {scale})")
            case m.Rate():
                r = self.rate(term.drug, term.unit)
                self.write(f"{name} = None if {r} is None else Line.exact(Fraction(*{r}))")
            case m.Arith():
                one, two = self.number(term.left), self.number(term.right)
                self.write(
                    f"{name} = None if {one} is None or {two} is None else combine({term.op!r}, {one}, {two})"
                )
            case m.Elapsed():
                self._since(name, self.moment(term.ref))
            case m.TimeInStage():
                self._since(name, "entered")
            case m.TimeInCourse() | m.TimeOn():
                start, known = self._clock(term)
                self.scope.setdefault("zero", Line.exact(0))
                since = f"Line.exact(t - {start}, 1)"
                self.write(f"{name} = {since} if {start} is not None else zero if {known} else None")
            case m.Change():
                self._change(name, term)
            case m.Extreme():
                self._extreme(name, term)
            case m.Total():
                self._total(name, term)
            case m.ValueAt() | m.ValueAtStart():
                captured, cell = self._captured(term)
                self.write(f"{name} = exact_line({captured}, {self.specs[cell].scale})")
            case _:
                raise AssertionError(f"term {index} is not a number")
        self.numbers.add(index)
        return name

    def _since(self, name: str, moment: str) -> None:
        self.write(f"{name} = None if {moment} is None else Line.exact(t - {moment}, 1)")

    def _change(self, name: str, term: m.Change) -> None:
        now, scale = self.value(term.input), self.specs[self.input_names.index(term.input)].scale
        self.write(f"{name} = change_line({term.how!r}, {now}, {self._earlier(term)}, {scale})")

    def _extreme(self, name: str, term: m.Extreme) -> None:
        scale = self.specs[self.input_names.index(term.input)].scale
        self.write(f"{name} = extreme_line({term.how!r}, {self._window(term)}, {scale})")

    def _total(self, name: str, term: m.Total) -> None:
        drug = self.drug_names.index(term.drug)
        windows, anchors = self._flow(drug)
        flow = list(self.flows).index(drug)
        dims = self.constant(self.program.units[term.unit].dims)
        if isinstance(term.span, m.Over):
            length = self.program.millis(term.span.over)
            windows.add(length)
            self.write(f"{name} = P.flows[{flow}].over(P, {length}, {dims})")
            return

        def remember(anchor: int) -> int:
            anchors.add(anchor)
            return anchor

        moment, chosen = self.chosen(term.span.since, remember)
        self.write(
            f"{name} = None if {moment} is None else P.flows[{flow}].since(P, {chosen}, {moment}, {dims})"
        )
