"""From what the kernels put out back to decisions, equal to the reference's to the byte."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rung_engine.cohort import decide_layout as d
from rung_engine.cohort.codebook import Codebook
from rung_engine.cohort.layout import NONE
from rung_engine.cohort.layout import WHYS as _WHYS
from rung_engine.decision.model import (
    Alert,
    Content,
    Contradiction,
    Decision,
    Dose,
    Figure,
    Mark,
    Pending,
    Rejected,
    Standing,
    Subject,
    Waiting,
    Withheld,
    follow,
)

MARKS: tuple[Mark, ...] = ("done", "not_due", "due", "late")
STRENGTHS = ("consider", "recommend", "must")
WAITS: tuple[Literal["step_not_due", "at_limit", "not_running"], ...] = (
    "step_not_due",
    "at_limit",
    "not_running",
)
FORBIDS: tuple[
    Literal["before", "contraindicated", "needs", "maximum", "unavailable", "incompatible"], ...
] = ("before", "contraindicated", "needs", "maximum", "unavailable", "incompatible")
WHYS = (*_WHYS, "rate", "weight")
SUBJECTS: tuple[Literal["input", "drug"], ...] = ("input", "drug")
_CONTRA: tuple[Literal["orders", "stages", "cycle"], ...] = ("orders", "stages", "cycle", "orders")


def decisions(words: Sequence[int], book: Codebook) -> list[Decision]:
    """The decisions of one stay, in rising order of time, from the output written for it.

    One instant may have been decided more than once as its facts came in; then only its last decision counts.
    """
    found: list[Decision] = []
    at = 0
    while at < len(words):
        time, content = _Reader(words, book, at + 1).decision()
        at += words[at]
        found.append(follow(found[-1] if found else None, time, content, unproved=book.unproved))
    return found


def contradiction_words(book: Codebook, kind: int, words: Sequence[int]) -> str:
    """The detail of a contradiction of this kind."""
    if kind == d.STAGES:
        return ", ".join(book.goals[word] for word in words)
    if kind == d.CYCLE:
        return book.stages[words[0]]
    if kind == d.NO_ARM:
        arms = ", ".join(sorted(_order_words(book, word) for word in words))
        return f"{arms}: no arm of the choice is free"
    op, target, other, against = words
    return f"{d.OPS[op]} {book.targets[target]} / {d.OPS[other]} {book.targets[against]}"


def _order_words(book: Codebook, order: int) -> str:
    op, target = divmod(order, len(book.targets))
    return f"{d.OPS[op]} {book.targets[target]}"


class _Reader:
    """Reads one decision, word by word."""

    def __init__(self, words: Sequence[int], book: Codebook, at: int) -> None:
        self.words = words
        self.book = book
        self.at = at

    def take(self) -> int:
        self.at += 1
        return int(self.words[self.at - 1])

    def time(self) -> int | None:
        value = self.take()
        return None if value == NONE else value

    def names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(names[self.take()] for _ in range(self.take()))

    def decision(self) -> tuple[int, Content]:
        book = self.book
        time = self.take()
        path, moved_by = self.names(book.stages), self.names(book.rules)
        phase, stage, outcome, silence = self.take(), self.take(), self.take(), self.take()
        orders = tuple(self.order() for _ in range(self.take()))
        waiting = tuple(self.waiting() for _ in range(self.take()))
        withheld = tuple(self.withheld() for _ in range(self.take()))
        told = self.take()
        self.take()
        contradictions = tuple(self.contradiction() for _ in range(told))
        alerts = tuple(self.alert() for _ in range(self.take()))
        rejected = tuple(self.rejected() for _ in range(self.take()))
        outcomes, outside = self.names(book.outcomes), self.names(book.outside)
        pending = tuple(self.pending() for _ in range(self.take()))
        return time, Content(
            d.PHASES[phase],
            None if stage < 0 else book.stages[stage],
            path,
            moved_by,
            "" if outcome < 0 else book.finishes[outcome],
            orders,
            waiting,
            withheld,
            pending,
            contradictions,
            alerts,
            rejected,
            outcomes,
            bool(silence),
            outside,
        )

    def order(self) -> Standing:
        book = self.book
        op, target, strength, mark, confirmed = (self.take() for _ in range(5))
        due, late = self.time(), self.time()
        choice, carried, instead = self.take(), self.take(), self.take()
        every_lo, every_hi, continuously = self.time(), self.time(), self.take()
        rules, check_first = self.names(book.rules), self.names(book.checks)
        cautions = self.names(book.cautions)
        dose, remaining, volume = self.dose(), self.dose(), self.dose()
        return Standing(
            d.OPS[op],
            book.targets[target],
            STRENGTHS[strength],
            rules,
            MARKS[mark],
            bool(confirmed),
            check_first,
            dose,
            remaining,
            due,
            late,
            book.choices[choice],
            bool(carried),
            "" if instead < 0 else _order_words(book, instead),
            cautions,
            every_lo,
            every_hi,
            bool(continuously),
            volume,
        )

    def dose(self) -> Dose | None:
        if not self.take():
            return None
        shape = self.book.shapes[self.take()]
        count, lo, hi = self.take(), self.take(), self.take()
        ends = [(self.take(), self.take()) for _ in range(count)]
        kinds = [(shape.plain, "")] if count > len(shape.flows) else []
        if count:
            kinds.extend(("mL/h", label) for label in shape.flows)
        figures = (Figure(unit, *pair, at) for (unit, at), pair in zip(kinds, ends, strict=True))
        return Dose(shape.unit, lo, hi, tuple(figures))

    def waiting(self) -> Waiting:
        rule, op, target, why = (self.take() for _ in range(4))
        book = self.book
        return Waiting(book.rules[rule], d.OPS[op], book.targets[target], WAITS[why], self.time())

    def withheld(self) -> Withheld:
        rule, op, target, why, detail = (self.take() for _ in range(5))
        book = self.book
        return Withheld(book.rules[rule], d.OPS[op], book.targets[target], FORBIDS[why], book.details[detail])

    def contradiction(self) -> Contradiction:
        kind, rules = self.take(), self.names(self.book.rules)
        words = [self.take() for _ in range(self.take())]
        return Contradiction(_CONTRA[kind], rules, contradiction_words(self.book, kind, words))

    def alert(self) -> Alert:
        kind, drug, detail = self.take(), self.take(), self.take()
        return Alert(d.ALERT_KINDS[kind], self.book.drugs[drug], self.book.details[detail])

    def rejected(self) -> Rejected:
        kind, place, why, time = (self.take() for _ in range(4))
        names = self.book.drugs if kind else self.book.inputs
        return Rejected(SUBJECTS[kind], names[place], WHYS[why], time)

    def pending(self) -> Pending:
        label, known = self.book.labels[self.take()], self.time()
        return Pending(label, tuple(self.subject() for _ in range(self.take())), known)

    def subject(self) -> Subject:
        kind, place, why = self.take(), self.take(), self.take()
        return Subject(SUBJECTS[kind], (self.book.drugs if kind else self.book.inputs)[place], WHYS[why])
