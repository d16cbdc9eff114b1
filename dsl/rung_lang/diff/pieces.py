"""One stage of the old version beside one of the new, on one instant of one patient: where they decide
otherwise.

Both read the same chart and have the same past: of the patient all variables are common, since a variable is
called by what it says. What differs of an order is told apart by kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.frozen import frozen
from rung_lang.diff.model import Given, StagePair, Subject
from rung_lang.diff.united import United
from rung_lang.lower.terms import canonical
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula, Linear
from rung_lang.verify.formulas.orders import OrderSymbols
from rung_lang.verify.formulas.past import FreePast
from rung_lang.verify.formulas.rules import RuleSymbols
from rung_lang.verify.formulas.symbols import Symbols, Tri

Window = m.Held | m.Recent | m.Ever
Kind = Literal["more", "less", "other", "dose up", "dose down", "strength", "certainty", "readings"]
"""`more`: the new version alone gives it; `less`: the old one alone. `other`: both do, written otherwise.
`readings`: one version alone waits for readings to know."""

STRENGTHS = ("consider", "recommend", "must")


@frozen
class Piece:
    """Where the versions differ in one way. `given`: what may be taken for granted in words about it: that
    the order can be given at all. `plain`: of whom it is shown best, if there is one: nothing is left to be
    confirmed.
    """

    kind: Kind
    differs: Formula
    given: tuple[Formula, ...]
    old: tuple[Given, ...]
    new: tuple[Given, ...]
    plain: tuple[Formula, ...] = ()


@frozen
class Compared:
    """A subject in two stages. Without pieces it is the same by the way it is written."""

    stages: StagePair
    subject: Subject
    pieces: tuple[Piece, ...]
    base: tuple[Formula, ...]
    rules_old: tuple[str, ...]
    rules_new: tuple[str, ...]


@dataclass(slots=True)
class Beside:
    """The two versions in one space."""

    artifacts: United
    old: Context = field(init=False)
    new: Context = field(init=False)
    _pairs: dict[StagePair, tuple[Situation, Situation]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.old = Context(self.artifacts.old)
        self.new = Context(self.artifacts.new, space=self.old.space)

    def situations(self, stages: StagePair) -> tuple[Situation, Situation]:
        """The instant in both, with one past."""
        if stages not in self._pairs:
            here = self.old.situation(stages.old)
            mine = here.symbols
            self._acquaint(mine)
            assert isinstance(mine.past, FreePast)
            past = FreePast(mine.past.stage_entered_now, mine.past.no_stage)
            symbols = Symbols(self.new.program, mine.space, past, mine.at)
            self._pairs[stages] = here, Situation(symbols, stages.new, self.new.entering(stages.new))
        return self._pairs[stages]

    def _acquaint(self, symbols: Symbols) -> None:
        """What the past says of a window in one version, it says of those in the other: laws are stated
        between all that were asked about, and between those of one version alone with the solver's help.
        """
        windows: list[tuple[int, Window]] = []
        for index, term in enumerate(self.artifacts.old.terms):
            if isinstance(term, m.Held | m.Recent | m.Ever):
                symbols.truth(index)
                windows.append((index, term))
        alone = self.artifacts.alone
        for one, first in windows:
            for two, second in windows:
                if alone & {one, two} and one != two and type(first) is type(second):
                    self._tied(symbols, (one, first), (two, second))

    def _tied(self, symbols: Symbols, one: tuple[int, Window], two: tuple[int, Window]) -> None:
        """Where the condition of the one entails that of the other, so does the window, if it is long
        enough.
        """
        (a, first), (b, second) = one, two
        length = f.TRUE
        if not isinstance(first, m.Ever) and not isinstance(second, m.Ever):
            if isinstance(first, m.Held) and isinstance(second, m.Held) and (first.gaps or second.gaps):
                return
            long, short = (second, first) if isinstance(first, m.Recent) else (first, second)
            length = f.compare(symbols.amount(short.length)[0], "<=", symbols.amount(long.length)[0])
        base, other = symbols.truth(first.of), symbols.truth(second.of)
        mine, its = symbols.truth(a), symbols.truth(b)
        for truth, follows, whole, part in (
            (base.yes, other.yes, mine.yes, its.yes),
            (other.no, base.no, its.no, mine.no),
        ):
            if not self.old.solver.impossible([truth, f.negation(follows)]):
                continue
            law = f.implies(f.all_of((whole, length)), part)
            for name in f.names(law):
                if name in symbols.space.variables:
                    symbols.space.always(name, law)

    def applies(self, here: Situation, there: Situation) -> tuple[Formula, ...]:
        """Both protocols apply, and no assumption of either is false."""
        parts = (*self.old.applies(here), *self.new.applies(there))
        return tuple(dict.fromkeys(part for _, part in parts))

    def reached(self, here: Situation) -> tuple[Formula, ...]:
        """What every history of the old version that gets to its stage has made true."""
        return tuple(part for _, part in self.old.reached(here))


def compared(beside: Beside, stages: StagePair) -> Iterator[Compared]:
    """Every order and move of either stage."""
    here, there = beside.situations(stages)
    base = (*beside.applies(here, there), *beside.reached(here), *_in_step(here, there))
    yield from _moves(stages, here, there, base)
    resting = tuple(one for one in dict.fromkeys((*base, here.rests, there.rests)) if one is not f.TRUE)
    mine, theirs = _by_subject(here), _by_subject(there)
    for subject in sorted({*mine, *theirs}):
        yield _order(stages, here, there, subject, mine.get(subject, []), theirs.get(subject, []), resting)


def _in_step(here: Situation, there: Situation) -> tuple[Formula, ...]:
    """So far the versions went together: no order is open that only one of them could have given."""
    names = {rule.id for rule in here.carried} ^ {rule.id for rule in there.carried}
    space, at = here.symbols.space, here.symbols.at
    return tuple(
        f.negation(f.boolean(name))
        for one in sorted(names)
        if (name := f"{at}carried:{one}") in space.variables
    )


def beginnings(beside: Beside) -> Iterator[Compared]:
    """Whether the protocol applies, and the stage in which a session begins, as far as the rule of the old
    version names one.
    """
    stages = StagePair(None, None)
    here, there = beside.situations(stages)
    old, new = beside.artifacts.old, beside.artifacts.new
    one, two = _applies(here, old), _applies(there, new)
    assumed = tuple(
        part
        for label, part in (*beside.old.applies(here), *beside.new.applies(there))
        if label[0] != "applies"
    )
    yield Compared(stages, ("applies", ""), _truths(one, two), tuple(dict.fromkeys(assumed)), (), ())
    both = tuple(dict.fromkeys((*beside.applies(here, there),)))
    mine, theirs = _first(here, old), _first(there, new)
    for stage in sorted({*mine, *theirs}):
        a, b = mine.get(stage, f.FALSE), theirs.get(stage, f.FALSE)
        yield Compared(stages, ("begin", stage), _moved(a, b, ("begin", stage)), both, (), ())


def _applies(situation: Situation, artifact: m.Artifact) -> Tri:
    if artifact.applies is None:
        return Tri(f.TRUE, f.FALSE)
    return situation.symbols.truth(artifact.applies)


def _truths(one: Tri, two: Tri) -> tuple[Piece, ...]:
    pieces = [
        Piece("more", f.all_of((f.negation(one.yes), two.yes)), (), (), ()),
        Piece("less", f.all_of((one.yes, f.negation(two.yes))), (), (), ()),
    ]
    neither = f.all_of((f.negation(one.yes), f.negation(two.yes)))
    pieces.append(Piece("readings", f.all_of((neither, _apart(one.no, two.no))), (), (), ()))
    return _kept(pieces)


def _first(situation: Situation, artifact: m.Artifact) -> dict[str, Formula]:
    """By stage, where a session that begins now begins in it."""
    found: dict[str, Formula] = {}
    before: list[Formula] = []
    stages = [stage for stage in artifact.stages if stage.initial is not None]
    for stage in sorted(stages, key=lambda one: one.initial or 0):
        holds = (
            Tri(f.TRUE, f.FALSE) if stage.initial_if is None else situation.symbols.truth(stage.initial_if)
        )
        found[stage.name] = f.all_of((*before, holds.yes))
        before.append(holds.no)
    return found


# ---------------------------------------------------------------- moves


def _moves(
    stages: StagePair, here: Situation, there: Situation, base: tuple[Formula, ...]
) -> Iterator[Compared]:
    mine, theirs = _led(here), _led(there)
    for subject in sorted({*mine, *theirs}):
        one, two = mine.get(subject, []), theirs.get(subject, [])
        if not _differing(one, two) and not _differing(two, one):
            yield Compared(stages, subject, (), base, (), ())
            continue
        a, b = (f.any_of(rule.fires for rule in side) for side in (one, two))
        pieces = _moved(a, b, subject)
        doubt = [f.any_of(f.any_of((rule.pending, rule.unconfirmed)) for rule in side) for side in (one, two)]
        waits = f.all_of((f.negation(a), f.negation(b), _apart(*doubt)))
        pieces = _kept((*pieces, Piece("readings", waits, (), (), ())))
        rules = [_differing(one, two), _differing(two, one)]
        yield Compared(stages, subject, pieces, base, *rules)


def _led(situation: Situation) -> dict[Subject, list[RuleSymbols]]:
    found: dict[Subject, list[RuleSymbols]] = {}
    for judged in situation.movers:
        order = destination(judged.rule)
        assert order is not None
        found.setdefault((order.op, order.target), []).append(judged)
    return found


def _moved(a: Formula, b: Formula, subject: Subject) -> tuple[Piece, ...]:
    order = m.Order(op="finish" if subject[0] == "finish" else "go", target=subject[1])
    given = (Given("", order, ""),)
    pieces = (
        Piece("more", f.all_of((f.negation(a), b)), (), (), given),
        Piece("less", f.all_of((a, f.negation(b))), (), given, ()),
    )
    return _kept(pieces)


def _differing(side: Sequence[RuleSymbols], other: Sequence[RuleSymbols]) -> tuple[str, ...]:
    """The rules that are not in the other version as they are here."""
    known = {one.rule.id: one for one in other}
    return tuple(
        one.rule.id
        for one in side
        if (its := known.get(one.rule.id)) is None
        or (one.fires, one.unconfirmed, one.pending) != (its.fires, its.unconfirmed, its.pending)
    )


# ---------------------------------------------------------------- orders


def _by_subject(situation: Situation) -> dict[Subject, list[OrderSymbols]]:
    found: dict[Subject, list[OrderSymbols]] = {}
    for order in situation.orders:
        if order.order.op not in ("go", "finish"):
            found.setdefault((order.order.op, order.order.target), []).append(order)
    return found


def _order(
    stages: StagePair,
    here: Situation,
    there: Situation,
    subject: Subject,
    one: list[OrderSymbols],
    two: list[OrderSymbols],
    base: tuple[Formula, ...],
) -> Compared:
    if _all_said(one) == _all_said(two) and _waiting(here, subject) is _waiting(there, subject):
        return Compared(stages, subject, (), base, (), ())
    a, b = (f.any_of(order.stands for order in side) for side in (one, two))
    both = f.all_of((a, b))
    mine, theirs = _by_content(one), _by_content(two)
    given = _possible(here, there, subject)
    old, new = _written(one), _written(two)
    waits = [_waiting(situation, subject) for situation in (here, there)]
    settled = tuple(f.negation(one) for one in waits)
    plain = (_sure(one), _sure(two), *settled)
    pieces = [
        Piece("more", f.all_of((f.negation(a), b)), given, (), new, (_sure(two), *settled)),
        Piece("less", f.all_of((a, f.negation(b))), given, old, (), (_sure(one), *settled)),
    ]
    pieces.append(Piece("readings", f.all_of((f.negation(a), f.negation(b), _apart(*waits))), (), (), ()))
    keys = sorted({*mine, *theirs})
    ways = [(_stand(mine.get(key, [])), _stand(theirs.get(key, []))) for key in keys]
    other = f.any_of(_apart(was, now) for was, now in ways)
    pieces.append(Piece("other", f.all_of((both, other)), given, old, new, plain))
    stronger = f.any_of(_apart(_stand(one, least), _stand(two, least)) for least in range(1, len(STRENGTHS)))
    pieces.append(Piece("strength", f.all_of((both, stronger)), given, old, new, plain))
    alike = f.all_of((both, f.negation(other)))
    for key in keys:
        if key not in mine or key not in theirs:
            continue
        was, now = mine[key], theirs[key]
        for kind, differs in _doses(was, now):
            pieces.append(Piece(kind, f.all_of((alike, differs)), (), old, new))
        sure = _apart(_sure(was), _sure(now))
        pieces.append(Piece("certainty", f.all_of((alike, sure)), (), old, new))
    return Compared(
        stages, subject, _kept(pieces), base, _rules(here, there, one, two), _rules(there, here, two, one)
    )


def _all_said(orders: Iterable[OrderSymbols]) -> frozenset[tuple[object, ...]]:
    """Where each order stands, and how: formulas are one object where they are equal."""
    return frozenset(
        (canonical(one.order), one.strength, bool(one.label), one.stands, one.sure, one.dose)
        for one in orders
    )


def _by_content(orders: Iterable[OrderSymbols]) -> dict[str, list[OrderSymbols]]:
    """By what is ordered, whatever rule orders it and how strongly."""
    found: dict[str, list[OrderSymbols]] = {}
    for one in orders:
        choice = "choice" if one.label else ""
        found.setdefault(choice + canonical(one.order), []).append(one)
    return found


def _sure(orders: Iterable[OrderSymbols]) -> Formula:
    return f.any_of(f.all_of((one.stands, one.sure)) for one in orders)


def _stand(orders: Iterable[OrderSymbols], least: int = 0) -> Formula:
    return f.any_of(one.stands for one in orders if STRENGTHS.index(one.strength) >= least)


def _possible(here: Situation, there: Situation, subject: Subject) -> tuple[Formula, ...]:
    """Where the order stands once its rule gives it; said of both versions at once, if it is one thing."""
    ways: dict[str, list[Formula]] = {}
    for place, situation in enumerate((here, there)):
        for judged in situation.rules.values():
            if subject not in subjects_of(situation.symbols.program.artifact, judged.rule):
                continue
            for one in situation.supposing(judged.rule):
                if (one.order.op, one.order.target) == subject:
                    ways.setdefault(str(place), []).append(one.stands)
    found = [frozenset(map(id, side)) for side in ways.values()]
    if len(found) == 2 and found[0] != found[1] and not found[0] & found[1]:
        return ()
    stands = f.any_of(dict.fromkeys(one for side in ways.values() for one in side))
    return () if stands is f.TRUE else (stands,)


def _written(orders: Iterable[OrderSymbols]) -> tuple[Given, ...]:
    found = {
        (one.place.rule, canonical(one.order)): Given(one.place.rule, one.order, one.strength)
        for one in orders
        if one.stands is not f.FALSE
    }
    return tuple(found[key] for key in sorted(found))


def _waiting(situation: Situation, subject: Subject) -> Formula:
    """A rule that could give the order is not known to be true or false, or which of its choices it gives."""
    return f.any_of(
        f.any_of((judged.pending, f.all_of((judged.issues, _undecided(situation.symbols, judged.rule)))))
        for judged in situation.rules.values()
        if subject in subjects_of(situation.symbols.program.artifact, judged.rule)
    )


def _undecided(symbols: Symbols, rule: m.Rule) -> Formula:
    """The first of a rule's choices whose condition is not false is unknown."""
    found: list[Formula] = []
    for choice in rule.orders:
        if not isinstance(choice, m.Prefer):
            continue
        before: list[Formula] = []
        for condition in choice.conditions:
            if condition is not None:
                held = symbols.truth(condition)
                found.append(f.all_of((*before, held.unknown)))
                before.append(held.no)
    return f.any_of(found)


def subjects_of(artifact: m.Artifact, rule: m.Rule) -> frozenset[Subject]:
    """What the rule orders, and what stands in the place of what it may not order."""
    return _subjects(rule.orders, artifact.befores)


@lru_cache(maxsize=4096)
def _subjects(orders: tuple[m.Choice, ...], befores: tuple[m.Before, ...]) -> frozenset[Subject]:
    written = [order for one in orders for order in ((one.order,) if isinstance(one, m.One) else one.orders)]
    drugs = {order.target for order in written if order.op in ("start", "add", "set", "give")}
    instead = (one.otherwise for one in befores if one.drug in drugs and one.otherwise is not None)
    return frozenset((order.op, order.target) for order in (*written, *instead))


def _doses(was: Sequence[OrderSymbols], now: Sequence[OrderSymbols]) -> Iterator[tuple[Kind, Formula]]:
    """Of an order that is written alike: where a maximum makes it another dose."""
    up: list[Formula] = []
    down: list[Formula] = []
    for one in was:
        for two in now:
            if one.dose is None or two.dose is None or one.dose == two.dose:
                continue
            if one.place != two.place:
                continue
            stand = f.all_of((one.stands, two.stands))
            for a, b in ((one.dose.lo, two.dose.lo), (one.dose.hi, two.dose.hi)):
                up.append(f.all_of((stand, _below(a, b))))
                down.append(f.all_of((stand, _below(b, a))))
    yield "dose up", f.any_of(up)
    yield "dose down", f.any_of(down)


def _below(a: Sequence[Linear], b: Sequence[Linear]) -> Formula:
    """The least of `a` is below the least of `b`."""
    return f.any_of(f.all_of(f.compare(x, "<", y) for y in b) for x in a)


def _rules(
    here: Situation, there: Situation, orders: Iterable[OrderSymbols], others: Iterable[OrderSymbols]
) -> tuple[str, ...]:
    """The rules that speak of it and do so otherwise in the other version."""
    known = {(one.place, canonical(one.order), one.strength): one for one in others}
    found: dict[str, None] = {}
    for one in orders:
        its = known.get((one.place, canonical(one.order), one.strength))
        if its is None or (its.stands, its.sure) != (one.stands, one.sure):
            judged, other = here.rules.get(one.place.rule), there.rules.get(one.place.rule)
            same = (
                judged is not None and other is not None and judged.issues is other.issues and its is not None
            )
            if not same:
                found[one.place.rule] = None
    return tuple(sorted(found))


# ---------------------------------------------------------------- formulas


def _apart(a: Formula, b: Formula) -> Formula:
    """One of the two alone."""
    if a is b:
        return f.FALSE
    return f.any_of((f.all_of((a, f.negation(b))), f.all_of((f.negation(a), b))))


def _kept(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Without those that are nowhere by the way they are written."""
    return tuple(one for one in pieces if one.differs is not f.FALSE)
