"""What a question leaves free of the past, tied to what a `Timeline` tells of it.

A question speaks of one instant: of `C for D`, of the time since an event, of orders already done, as free
variables. Here each gets its meaning on the last instant of a history.
"""

from __future__ import annotations

from collections.abc import Iterable

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, written
from rung_lang.verify.formulas.formula import Formula, Linear, iff
from rung_lang.verify.formulas.orders import carried_out
from rung_lang.verify.formulas.past import FreePast
from rung_lang.verify.formulas.subjects import moment_of
from rung_lang.verify.formulas.symbols import Number, Symbols
from rung_lang.verify.histories import told_windows as windows
from rung_lang.verify.histories.moves import Moves
from rung_lang.verify.histories.timeline import MOVED, START, Timeline
from rung_lang.verify.histories.told import Told

STEPS = ("increase", "decrease", "taper")


@frozen
class Tie:
    """A question's situation and the history at whose end it is to stand."""

    line: Timeline
    moves: Moves
    situation: Situation

    def laws(self, names: Iterable[str]) -> list[Formula]:
        """What these variables mean."""
        past = self.situation.symbols.past
        now, later = self.moves.steps[0], f.any_of(self.moves.steps[1:])
        if isinstance(past, FreePast) and past.stage_entered_now:
            now = f.FALSE
        else:
            # A ring would bring the session back to where it began the instant; the engine leaves it there.
            later = f.all_of((f.negation(now), later))
        found = [f.any_of((now, later))]
        found += [
            self.situation.symbols.space.bool(f"{self.situation.symbols.at}known:{name}", ("known", name))
            for kind, name in sorted(self.situation.symbols.supposed)
            if kind == "input"
        ]
        variables = self.line.space.variables
        for name in sorted(names):
            if name not in variables or variables[name].at != self.situation.symbols.at:
                continue
            for way, phase in ((now, START), (later, MOVED)):
                if way is not f.FALSE:
                    told = self.line.symbols(self.line.last, phase)
                    found.append(f.implies(way, self._meaning(name, variables[name].about, told, phase)))
        return found

    def _meaning(self, name: str, about: tuple[str, ...], told: Symbols, phase: str) -> Formula:
        past = told.past
        assert isinstance(past, Told)
        free, one = f.boolean(name), f.variable(name)
        match about:
            case ("past" | "run", index, *_):
                own, truth = self.situation.symbols.truth(int(index)), told.truth(int(index))
                return f.all_of((iff(own.yes, truth.yes), iff(own.no, truth.no)))
            case ("never", read):
                return iff(free, self._unread(read))
            case ("after", key):
                return iff(free, past.moment(told, moment_of(key))[0])
            case ("since", key):
                happened, since = past.moment(told, _ref(key))
                return f.implies(happened, f.compare(one, "=", since))
            case ("in_stage",):
                since = f.number(0)
                if phase == START:
                    since = past.time.minus(past.entered.value)
                asked = self.situation.symbols.past
                if isinstance(asked, FreePast) and asked.stage_entered_now:
                    # Of a stage entered just now nobody asks: it is the one that was left on this instant.
                    left = self.line.symbols(self.line.last, START).past
                    assert isinstance(left, Told)
                    since = left.time.minus(left.entered.value)
                return f.compare(one, "=", since)
            case ("course", course):
                return iff(free, past.course(told, course)[0])
            case ("in_course", course):
                return f.compare(one, "=", past.course(told, course)[1])
            case ("on_for", drug):
                value = past.time_on(told, drug)
                return f.implies(value.known, f.compare(one, "=", value.value))
            case ("old_known" | "old" | "percent" as what, key):
                return self._change(what, key, free, one, told)
            case ("seen" | "throughout" | "lowest" | "mean" | "highest" as what, key):
                return self._extreme(what, key, free, one, told)
            case ("total_known" | "total" | "value_at_known" | "value_at", index):
                return _same(self.situation.symbols.number(int(index)), told.number(int(index)))
            case ("changed", drug):
                return iff(free, f.any_of(self._changes(drug)))
            case ("unchanged", drug):
                return self._unchanged(drug, one)
            case ("carried", rule):
                return iff(free, self._carried(rule, phase))
            case ("met", rule, op, target):
                return self._met(free, rule, op, target)
            case ("spent" | "counted" as what, drug):
                return self._rolling(what, drug, int(name.rpartition(":")[2]), free, told)
            case _:
                return f.TRUE

    def _unread(self, name: str) -> Formula:
        """Nothing is charted of the input, from the first instant to the last."""
        places = range(len(self.line.at))
        charted = (self.line.charted(place, name) for place in places)
        clashes = (self.line.bit(place, "clash", name) for place in places if place)
        return f.negation(f.any_of((*charted, *clashes)))

    # -- windows

    def _change(self, what: str, key: str, free: Formula, one: Linear, told: Symbols) -> Formula:
        past = told.past
        assert isinstance(past, Told)
        term = next(
            term
            for term in self.line.program.artifact.terms
            if isinstance(term, m.Change) and windows.key(term.input, term.span) == key
        )
        known, old = windows.old_value(past, told, term.input, term.span)
        if what == "old_known":
            return iff(free, known)
        if what == "old":
            return f.implies(known, f.compare(one, "=", old))
        not_zero, share = windows.percent(past, told, term.input, term.span)
        return f.implies(f.all_of((known, not_zero)), f.compare(one, "=", share))

    def _extreme(self, what: str, key: str, free: Formula, one: Linear, told: Symbols) -> Formula:
        past = told.past
        assert isinstance(past, Told)
        term = next(
            term
            for term in self.line.program.artifact.terms
            if isinstance(term, m.Extreme) and windows.key(term.input, term.span) == key
        )
        seen, throughout = windows.looked_at(past, told, term.input, term.span)
        match what:
            case "seen":
                return iff(free, seen)
            case "throughout":
                return iff(free, throughout)
            case "mean":
                condition = f.all_of((seen, throughout))
            case _:
                condition = seen
        value = windows.outermost(past, told, term.model_copy(update={"how": what}))
        return f.implies(condition, f.compare(one, "=", value))

    def _rolling(self, what: str, drug: str, place: int, free: Formula, told: Symbols) -> Formula:
        past = told.past
        assert isinstance(past, Told)
        windows_of = self.line.program.rolling.get(drug, ())
        if place >= len(windows_of):
            # Of the version that this one is compared with.
            return f.TRUE
        window = windows_of[place]
        length = f.number(window.over)
        start = past.time.minus(length).plus(f.number(1))
        dims = window.maximum.dims
        known, amount = windows.given(past, told, drug, dims, start, length, f"rolling:{drug}:{place}")
        if what == "counted":
            return iff(free, known)
        return iff(free, f.compare(amount, ">=", f.number(window.maximum.value)))

    # -- rates

    def _changes(self, drug: str) -> list[Formula]:
        return [self.line.changed(j, drug) for j in range(len(self.line.at))]

    def _unchanged(self, drug: str, one: Linear) -> Formula:
        changes = self._changes(drug)
        last = self.line.time(self.line.last)
        return f.all_of(
            f.implies(
                f.all_of((change, *(f.negation(other) for other in changes[j + 1 :]))),
                f.compare(one, "=", last.minus(self.line.time(j))),
            )
            for j, change in enumerate(changes)
        )

    # -- orders given before

    def _moved(self, place: int, rule: str) -> Formula:
        """The rule moved the session on the instant."""
        return f.any_of(way for one, way in self.moves.moved[place - self.line.begins] if one.id == rule)

    def _carried(self, rule: str, phase: str) -> Formula:
        """It moved the session on the way into the present stage, and its orders are not all done."""
        if phase == MOVED:
            return self._moved(self.line.last, rule)
        found: list[Formula] = []
        stood: list[Formula] = []
        for place in range(self.line.last - 1, self.line.begins - 1, -1):
            found.append(f.all_of((self._moved(place, rule), *stood, self._open(place, rule))))
            stood.append(self.moves.stood[place - self.line.begins])
        return f.any_of(found)

    def _open(self, since: int, rule: str) -> Formula:
        """Some order of the rule was not carried out from then to just before now."""
        one = next((one for one in self.line.program.artifact.rules if one.id == rule), None)
        if one is None:
            # A rule of the version that this one is compared with: here it never moved anybody.
            return f.FALSE
        orders = [order for order in written(one) if order is not destination(one)]
        return f.any_of(
            f.negation(f.any_of(self._done(order, since, j) for j in range(since, self.line.last)))
            for order in orders
        )

    def _done(self, order: m.Order, since: int, place: int) -> Formula:
        """The order is seen to be carried out on the instant."""
        if order.op in ("start", "add", "set", "stop", "pause", "continue"):
            return carried_out(self.line.chart(place), order)
        if order.op in STEPS:
            return self.line.changed(place, order.target) if place > since else f.FALSE
        if order.op in ("give", "do", "measure") and order.every is None:
            return self._action(order.op, order.target, place)
        return f.FALSE

    def _action(self, op: str, target: str, place: int) -> Formula:
        """Given, done or read on the instant."""
        if op == "give":
            return self.line.dose(place, target)
        if op == "do":
            return self.line.bit(place, "done", target)
        members = self.line.program.artifact.panels.get(target, (target,))
        return f.all_of(self.line.charted(place, member) for member in members)

    def _met(self, free: Formula, rule: str, op: str, target: str) -> Formula:
        """Now, it is; at an earlier instant, it may be: that takes the order to have stood then."""
        places = range(self.line.begins, len(self.line.at))
        actions = [self._action(op, target, place) for place in places]
        once = any(
            order.once == "session" or order.total is not None
            for one in self.line.program.artifact.rules
            if one.id == rule
            for order in written(one)
            if (order.op, order.target) == (op, target)
        )
        if once:
            return iff(free, f.any_of(actions))
        return f.all_of((f.implies(free, f.any_of(actions)), f.implies(actions[-1], free)))


def _ref(key: str) -> m.Ref:
    """The moment that a variable is named after."""
    if key.startswith("first "):
        ref = moment_of(key.removeprefix("first "))
        return ref.model_copy(update={"first": True})
    return moment_of(key)


def _same(a: Number, b: Number) -> Formula:
    """Known alike, and equal."""
    equal = f.compare(a.value, "=", b.value)
    return f.all_of((iff(a.low, b.low), iff(a.high, b.high), f.implies(f.any_of((b.low, b.high)), equal)))
