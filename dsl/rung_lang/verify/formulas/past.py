"""What came before an instant, left free under the laws that every history obeys.

Each law is stated so that no real instant breaks it: a free past allows more than can happen, never less.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.artifact.references import operands_of
from rung_engine.reference.evaluate import subjects
from rung_lang.lower.terms import canonical
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.intervals import exclusive
from rung_lang.verify.formulas.symbols import (
    Number,
    Symbols,
    Tri,
    exact,
    known_as,
    never_lapses,
    relation,
    two_valued,
)

Temporal = m.Held | m.Recent | m.Ever


@dataclass(slots=True)
class FreePast:
    """Any past at all. `stage_entered_now`: the stage was entered on this very instant. `no_stage`: there is
    none yet, and the time in it is unknown.
    """

    stage_entered_now: bool = False
    no_stage: bool = False
    _met: list[tuple[Temporal, str]] = field(default_factory=list)

    # -- truths

    def truth(self, symbols: Symbols, index: int, term: m.Truth) -> Tri:
        match term:
            case m.Held() | m.Recent() | m.Ever():
                return self._window(symbols, index, term)
            case m.Occurs():
                happened, since = self.moment(symbols, term.ref)
                return two_valued(f.all_of((happened, f.compare(since, "=", f.number(0)))))
            case m.After():
                return two_valued(self.moment(symbols, term.ref)[0])
            case m.Readings():
                return self._readings(symbols, index, term)
            case _:
                raise AssertionError(f"term {index} follows from the instant")

    def _pair(self, symbols: Symbols, index: int, about: str, apart: str = "") -> tuple[Tri, str]:
        """Two free variables, known true and known false, that exclude each other."""
        name = f"{symbols.at}{apart}{about}:{symbols.name(index)}"
        yes = symbols.space.bool(f"{name}+", (about, str(index), "yes"), symbols.at)
        no = symbols.space.bool(f"{name}-", (about, str(index), "no"), symbols.at)
        for symbol in (f"{name}+", f"{name}-"):
            symbols.space.always(symbol, f.negation(f.all_of((yes, no))))
        return Tri(yes, no), name

    def _apart(self, symbols: Symbols, base: int) -> str:
        """Before the move, on the same instant, what looks at the time in the stage was another thing."""
        apart = "entered:" if self.stage_entered_now else "nowhere:" if self.no_stage else ""
        return apart if apart and times_the_stage(symbols.program.artifact, base) else ""

    def _window(self, symbols: Symbols, index: int, term: Temporal) -> Tri:
        base = symbols.truth(term.of)
        apart = self._apart(symbols, term.of)
        own, name = self._pair(symbols, index, "past", apart)
        space = symbols.space
        for symbol in (f"{name}+", f"{name}-"):
            match term:
                case m.Held():
                    if term.gaps is None:
                        space.always(symbol, f.implies(own.yes, base.yes))
                    space.always(symbol, f.implies(base.no, own.no))
                    if _never_falls(symbols.program.artifact, term.of, rising=False):
                        space.always(symbol, f.implies(own.no, f.negation(base.yes)))
                case m.Recent():
                    space.always(symbol, f.implies(base.yes, own.yes))
                    space.always(symbol, f.implies(own.no, base.no))
                    since = self._since_of(symbols, term)
                    if since is not None:
                        space.always(symbol, f.implies(since, own.yes))
                        space.always(symbol, f.implies(f.negation(since), own.no))
                    if _never_falls(symbols.program.artifact, term.of, rising=True):
                        space.always(symbol, f.implies(own.yes, f.negation(base.no)))
                case m.Ever():
                    space.always(symbol, f.implies(base.yes, own.yes))
                    if _never_falls(symbols.program.artifact, term.of, rising=True):
                        space.always(symbol, f.implies(own.yes, f.negation(base.no)))
                    # Before the latch closes it has the present value.
                    space.always(symbol, f.any_of((own.yes, f.negation(own.no), base.no)))
                    space.always(symbol, f.any_of((own.yes, own.no, base.unknown)))
        if apart:
            # What follows of what, now that the stage is fresh, was no law before.
            return own
        self._never_seen(symbols, term, own)
        for other, other_name in self._met:
            others = Tri(f.boolean(f"{other_name}+"), f.boolean(f"{other_name}-"))
            for law in _laws(symbols, term, own, other, others):
                space.always(f"{name}+", law)
                space.always(f"{name}-", law)
        self._met.append((term, name))
        return own

    def _never_seen(self, symbols: Symbols, term: Temporal, own: Tri) -> None:
        """What is known only of a reading was at no earlier instant either, where none was ever taken."""
        if symbols.supposed:
            # The condition is that of the instant on which something is supposed, not of those before it.
            return
        base = symbols.truth(term.of)
        for kind, name in sorted(subjects(symbols.program, term.of)):
            if kind != "input" or not never_lapses(symbols.program.artifact.inputs[name]):
                continue
            known = symbols.input_known(name)
            if not isinstance(known, f.Bool):
                continue
            for was, seen in ((own.yes, base.yes), (own.no, base.no)):
                if f.replaced(seen, {known.name: f.FALSE}) is f.FALSE:
                    never = symbols.never_read(name)
                    (symbol,) = f.names(never)
                    symbols.space.always(symbol, f.implies(never, f.negation(was)))

    def _since_of(self, symbols: Symbols, term: m.Recent) -> Formula | None:
        """`E in the last D` says that no more than D has passed since E."""
        base = symbols.program.artifact.terms[term.of]
        if not isinstance(base, m.Occurs) or base.ref.first:
            return None
        happened, since = self.moment(symbols, base.ref)
        return f.all_of((happened, f.compare(since, "<=", symbols.amount(term.length)[0])))

    def _readings(self, symbols: Symbols, index: int, term: m.Readings) -> Tri:
        """The latest reading is the one in force; whether those before it agree is free, and what was so at
        the instants at which they were drawn.
        """
        right = symbols.number(term.right)
        now = relation(exact(symbols.input_value(term.input)), term.rel, right).yes
        known = f.all_of((symbols.input_known(term.input), f.any_of((right.low, right.high))))
        if term.drawn is not None:
            apart = self._apart(symbols, term.drawn)
            drawn, _ = self._pair(symbols, index, "run", apart)
            otherwise = f.any_of((f.negation(now), drawn.no))
            return Tri(f.all_of((known, now, drawn.yes)), f.all_of((known, otherwise)))
        name = f"{symbols.at}run:{symbols.name(index)}"
        run = symbols.space.bool(name, ("run", str(index)), symbols.at)
        return known_as(known, f.all_of((run, now)))

    # -- moments

    def moment(self, symbols: Symbols, ref: m.Ref) -> tuple[Formula, Linear]:
        """It has happened; how long ago."""
        if isinstance(ref, m.PairRef):
            (one, one_since), (two, two_since) = (self.moment(symbols, part) for part in ref.of)
            name = f"{symbols.at}since:{canonical(ref)}"
            since = symbols.space.real(name, ("since", canonical(ref)), symbols.at, Fraction(0))
            both = f.all_of((one, two))
            if ref.kind == "later":
                for part in (one_since, two_since):
                    symbols.space.always(name, f.implies(both, f.compare(since, "<=", part)))
                happened = both
            else:
                for part in (one_since, two_since):
                    symbols.space.always(name, f.implies(both, f.compare(since, ">=", part)))
                symbols.space.always(name, f.implies(f.negation(two), f.compare(since, "=", one_since)))
                symbols.space.always(name, f.implies(f.negation(one), f.compare(since, "=", two_since)))
                happened = f.any_of((one, two))
            ends = (f.compare(since, "=", part) for part in (one_since, two_since))
            symbols.space.always(name, f.implies(both, f.any_of(ends)))
            return happened, since
        plain = ref.model_copy(update={"first": False}) if ref.first else ref
        key = canonical(plain)
        happened = symbols.space.bool(f"{symbols.at}after:{key}", ("after", key), symbols.at)
        last = symbols.space.real(f"{symbols.at}since:{key}", ("since", key), symbols.at, Fraction(0))
        if not ref.first:
            return happened, last
        name = f"{symbols.at}since:first {key}"
        first = symbols.space.real(name, ("since", f"first {key}"), symbols.at, Fraction(0))
        symbols.space.always(name, f.compare(first, ">=", last))
        return happened, first

    # -- numbers

    def number(self, symbols: Symbols, index: int, term: m.Numeric) -> Number:
        space, at = symbols.space, symbols.at
        match term:
            case m.Elapsed():
                happened, since = self.moment(symbols, term.ref)
                return exact(since, happened)
            case m.TimeInStage():
                zero = Fraction(0)
                if self.no_stage:
                    return exact(f.number(0), f.FALSE)
                if self.stage_entered_now:
                    return exact(f.number(0))
                return exact(space.real(f"{at}in_stage", ("in_stage",), at, zero))
            case m.TimeInCourse():
                return self._in_course(symbols, term)
            case m.TimeOn():
                return self._time_on(symbols, term)
            case m.Change():
                return self._change(symbols, index, term)
            case m.Extreme():
                return self._extreme(symbols, index, term)
            case m.Total():
                known = space.bool(f"{at}total_known:{symbols.name(index)}", ("total_known", str(index)), at)
                value = space.real(f"{at}total:{symbols.name(index)}", ("total", str(index)), at, Fraction(0))
                return exact(value, known)
            case m.ValueAt():
                happened, since = self.moment(symbols, term.ref)
                found = self._value(symbols, index, term.input, happened)
                now = f.all_of((happened, f.compare(since, "=", f.number(0))))
                name = f"{at}value_known:{symbols.name(index)}"
                same = f.compare(found.value, "=", symbols.input_value(term.input))
                space.always(name, f.implies(f.all_of((now, found.known)), same))
                for a, b in (
                    (found.known, symbols.input_known(term.input)),
                    (symbols.input_known(term.input), found.known),
                ):
                    space.always(name, f.implies(f.all_of((now, a)), b))
                return found
            case m.ValueAtStart():
                return self._value(symbols, index, term.input, f.TRUE)
            case _:
                raise AssertionError(f"term {index} follows from the instant")

    def _value(self, symbols: Symbols, index: int, name: str, needs: Formula) -> Number:
        space, at = symbols.space, symbols.at
        symbol = f"{at}value_known:{symbols.name(index)}"
        known = space.bool(symbol, ("value_at_known", str(index)), at)
        space.always(symbol, f.implies(known, needs))
        if symbols.program.artifact.inputs[name].fixed:
            return exact(symbols.input_value(name), known)
        lo, hi = symbols.program.plausible.get(name, (None, None))
        return exact(
            space.real(f"{at}value:{symbols.name(index)}", ("value_at", str(index)), at, lo, hi), known
        )

    def _in_course(self, symbols: Symbols, term: m.TimeInCourse) -> Number:
        space, at = symbols.space, symbols.at
        name = f"{at}course:{term.course}"
        begun = space.bool(name, ("course", term.course), at)
        value = space.real(f"{at}in_course:{term.course}", ("in_course", term.course), at, Fraction(0))
        drugs = [symbols.drug(drug) for drug in symbols.program.artifact.courses[term.course].drugs]
        for drug in drugs:
            space.always(name, f.implies(drug.on, begun))
        known = f.any_of((begun, f.all_of(f.any_of((drug.on, drug.off)) for drug in drugs)))
        space.always(f"{at}in_course:{term.course}", f.any_of((begun, f.compare(value, "=", f.number(0)))))
        return exact(value, known)

    def _time_on(self, symbols: Symbols, term: m.TimeOn) -> Number:
        drug = symbols.drug(term.drug)
        _, since = self.moment(symbols, m.DrugRef(kind="started", drugs=(term.drug,)))
        name = f"{symbols.at}on_for:{term.drug}"
        value = symbols.space.real(name, ("on_for", term.drug), symbols.at, Fraction(0))
        symbols.space.always(name, f.implies(drug.off, f.compare(value, "=", f.number(0))))
        symbols.space.always(name, f.implies(drug.on, f.compare(value, "=", since)))
        return exact(value, f.any_of((drug.on, drug.off)))

    def _change(self, symbols: Symbols, index: int, term: m.Change) -> Number:
        space, at = symbols.space, symbols.at
        key = f"{term.input} {canonical(term.span)}"
        known = space.bool(f"{at}old_known:{key}", ("old_known", key), at)
        lo, hi = symbols.program.plausible.get(term.input, (None, None))
        old = space.real(f"{at}old:{key}", ("old", key), at, lo, hi)
        now = symbols.input_value(term.input)
        space.always(f"{at}old_known:{key}", f.implies(known, symbols.input_known(term.input)))
        if isinstance(term.span, m.Since):
            happened, _ = self.moment(symbols, term.span.since)
            space.always(f"{at}old_known:{key}", f.implies(known, happened))
        match term.how:
            case "change" | "rise":
                return exact(now.minus(old), known)
            case "fall":
                return exact(old.minus(now), known)
            case "percent_rise" | "percent_fall":
                name = f"{at}percent:{key}"
                share = space.real(name, ("percent", key), at)
                zero = f.number(0)
                signs: tuple[m.Relation, ...] = ("<", "=", ">")
                for rel in signs:
                    sign = f.all_of((f.compare(old, ">", zero), f.compare(now, rel, old)))
                    space.always(name, f.implies(sign, f.compare(share, rel, zero)))
                not_zero = f.compare(old, "!=", zero)
                value = share if term.how == "percent_rise" else share.times(Fraction(-1))
                return exact(value, f.all_of((known, not_zero)))
            case _:
                assert_never(term.how)

    def _extreme(self, symbols: Symbols, index: int, term: m.Extreme) -> Number:
        space, at = symbols.space, symbols.at
        key = f"{term.input} {canonical(term.span)}"
        seen = space.bool(f"{at}seen:{key}", ("seen", key), at)
        throughout = space.bool(f"{at}throughout:{key}", ("throughout", key), at)
        both = f.all_of((seen, throughout))
        lo, hi = symbols.program.plausible.get(term.input, (None, None))
        lowest, mean, highest = (
            space.real(f"{at}{how}:{key}", (how, key), at, lo, hi) for how in ("lowest", "mean", "highest")
        )
        for how in ("lowest", "mean", "highest"):
            name = f"{at}{how}:{key}"
            space.always(name, f.compare(lowest, "<=", mean))
            space.always(name, f.compare(mean, "<=", highest))
            space.always(name, f.implies(throughout, symbols.input_known(term.input)))
            if self._is_stamped_within(symbols, term):
                now = symbols.input_value(term.input)
                current = f.all_of((seen, symbols.input_known(term.input)))
                space.always(name, f.implies(current, f.compare(lowest, "<=", now)))
                space.always(name, f.implies(current, f.compare(now, "<=", highest)))
        match term.how:
            case "lowest":
                return Number(lowest, both, seen)
            case "highest":
                return Number(highest, seen, both)
            case "mean":
                return exact(mean, both)
            case _:
                assert_never(term.how)

    def _is_stamped_within(self, symbols: Symbols, term: m.Extreme) -> bool:
        """A reading still in force was taken inside the window."""
        valid = symbols.program.artifact.inputs[term.input].valid_for
        if valid is None or not isinstance(term.span, m.Over):
            return False
        length = term.span.over
        return isinstance(length, m.Number) and symbols.program.number(length).value >= valid


def times_the_stage(artifact: m.Artifact, index: int) -> bool:
    """Some part of the condition reads `time in stage`."""
    term = artifact.terms[index]
    return isinstance(term, m.TimeInStage) or any(
        times_the_stage(artifact, part) for part in operands_of(term)
    )


def _never_falls(artifact: m.Artifact, index: int, *, rising: bool) -> bool:
    """The condition says that a charted count has passed a mark (`rising`), or that it has not yet: what was
    so of one reading is never otherwise of a later.
    """
    term = artifact.terms[index]
    if not isinstance(term, m.Cmp):
        return False
    for side, other, up in ((term.left, term.right, (">", ">=")), (term.right, term.left, ("<", "<="))):
        counted = artifact.terms[side]
        if isinstance(counted, m.Input) and isinstance(artifact.terms[other], m.Quantity | m.Setting):
            decl = artifact.inputs[counted.name]
            return decl.cumulative and decl.counts is None and term.rel != "=" and (term.rel in up) is rising
    return False


def _laws(symbols: Symbols, a: Temporal, own: Tri, b: Temporal, others: Tri) -> list[Formula]:
    """What one temporal form says of another at the same instant."""
    one, two = symbols.truth(a.of), symbols.truth(b.of)
    found: list[Formula] = []
    for x, x_own, x_base, y, y_own, y_base in ((a, own, one, b, others, two), (b, others, two, a, own, one)):
        match x, y:
            case m.Held(), m.Recent() | m.Held():
                if x.gaps is not None:
                    continue
                shorter = _within(symbols, y, x)
                if isinstance(y, m.Held):
                    if x_base.yes is y_base.yes or _entails(x_base.yes, y_base.yes):
                        found.append(f.implies(f.all_of((x_own.yes, shorter)), y_own.yes))
                    if _never_false(x_base, y_base):
                        found.append(f.implies(f.all_of((x_own.yes, shorter)), f.negation(y_own.no)))
                    if y_base.no is x_base.no or _entails(y_base.no, x_base.no):
                        # What broke the shorter one broke the longer one too.
                        found.append(f.implies(f.all_of((y_own.no, shorter)), x_own.no))
                elif exclusive(x_base.yes, y_base.yes):
                    found.append(f.implies(f.all_of((x_own.yes, shorter)), f.negation(y_own.yes)))
            case m.Recent(), m.Recent():
                longer = _within(symbols, x, y)
                if x_base.yes is y_base.yes or _entails(x_base.yes, y_base.yes):
                    found.append(f.implies(f.all_of((x_own.yes, longer)), y_own.yes))
                if x_base.no is y_base.no or _entails(y_base.no, x_base.no):
                    found.append(f.implies(f.all_of((y_own.no, longer)), x_own.no))
            case m.Ever(), m.Ever():
                if x_base.yes is y_base.yes or _entails(x_base.yes, y_base.yes):
                    found.append(f.implies(x_own.yes, y_own.yes))
            case _:
                pass
    return found


def _within(symbols: Symbols, inner: Temporal, outer: Temporal) -> Formula:
    """The window of `inner` is no longer than that of `outer`."""
    if isinstance(inner, m.Ever) or isinstance(outer, m.Ever):
        return f.FALSE
    return f.compare(symbols.amount(inner.length)[0], "<=", symbols.amount(outer.length)[0])


def _entails(a: Formula, b: Formula) -> bool:
    """Certainly, `b` is true wherever `a` is."""
    otherwise = f.negation(b)
    return all(exclusive(a, one) for one in (otherwise.of if isinstance(otherwise, f.Or) else (otherwise,)))


def _never_false(a: Tri, b: Tri) -> bool:
    """Where `a` is known true, `b` is never known false."""
    return exclusive(a.yes, b.no)
