"""One decision from present values alone: what a call from another program asks, in about a microsecond.

    protocol = Instant(program)
    decided = protocol.decide({"MAP": 61.5, "norepinephrine": 0, "shock_type": "septic"})
    decided.orders, decided.pending, decided.reasons()

The decision is that of a session that begins at this instant with these values in force, and knows of no
earlier dose, step, reading or deed. A value that is absent or None is not known. The written conditions
become one Python function; what follows from their answers is worked out by the decision itself, once for
each different set of answers, and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.decision.explain import Explained, explain
from rung_engine.decision.fold import State, step
from rung_engine.decision.model import Content, Pending, Standing
from rung_engine.decision.needs import parts_of
from rung_engine.decision.needs import pending as needed
from rung_engine.decision.rules import judge
from rung_engine.program import Program
from rung_engine.reference.history import Chart
from rung_engine.session.instant_source import asked_terms, source, sum_holds
from rung_engine.session.instant_terms import Compared, Fixed, Terms, columns_of
from rung_engine.session.instant_view import Asking, Present, Value, as_key, held, raw_number

KEPT = 50_000
"""Answers that are kept at most; then all are forgotten and worked out again as they come."""


class Said:
    """What a decision says; the readings that pending rules need are worked out when first asked for."""

    __slots__ = ("_whole", "draft", "orders", "pending", "unsettled")

    def __init__(self, draft: Content, unsettled: tuple[tuple[str, int], ...]) -> None:
        self.draft = draft
        self.orders = draft.orders
        self.unsettled = unsettled
        """Rules and conditions that are unknown."""
        self._whole = None if unsettled else draft
        self.pending = None if unsettled else draft.pending
        """None until somebody asks."""

    def content(self, owner: Instant, values: tuple[Value, ...]) -> Content:
        """All of it. `values`: those of any patient of whom it is said."""
        if self._whole is None:
            needs = owner.needs(self.unsettled, values)
            both = dict.fromkeys((*self.draft.pending, *needs))
            pending = tuple(sorted(both, key=lambda item: item.rule))
            self._whole = replace(self.draft, pending=pending)
            self.pending = pending
        return self._whole


class Decided(tuple[Any, ...]):
    """A decision; `content` is all of it. Doses are exact; times are milliseconds from the decision on."""

    __slots__ = ()

    @property
    def orders(self) -> tuple[Standing, ...]:
        said: Said = self[0]
        return said.orders

    @property
    def pending(self) -> tuple[Pending, ...]:
        """Rules that cannot be judged, each with the fewest readings that would settle it."""
        said: Said = self[0]
        return self.content.pending if said.pending is None else said.pending

    @property
    def silenced(self) -> tuple[str, ...]:
        """Rules whose condition holds, but that another overrides, or their own `unless`."""
        owner: Instant = self[1]
        return owner.silenced(self.content, self[2])

    @property
    def content(self) -> Content:
        said: Said = self[0]
        return said.content(self[1], self[2])

    def reasons(self, rule: str | None = None) -> dict[str, Explained]:
        """Of each rule whose condition is true or unknown (or of `rule`): its condition as a tree of parts,
        each with its truth and the values it read.
        """
        owner: Instant = self[1]
        return owner.reasons(self[2], rule)


class Instant:
    """A program of present values, ready to decide.

    Raises `NotPresent` where a condition looks back. `names` are the inputs and drugs that matter, in the
    order in which `decide_values` takes their values.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        terms = Terms(program)
        written = source(program, terms)
        self.names: tuple[str, ...] = written.names
        self.source = written.text
        self._source = written
        self._columns = tuple(terms.column(name) for name in self.names)
        self._place = {name: place for place, name in enumerate(self.names)}
        self._rules = {rule.id: rule for rule in program.artifact.rules}
        self._asked = tuple(
            term for term in asked_terms(program) if not isinstance(terms.expression(term), Fixed)
        )
        self._truths = _comparisons(program, self._asked)
        self._chart = Chart(program, ())
        self._sure: dict[Any, Any] = {}
        self._more: dict[Any, Any] = {}
        self._doubtful: dict[Any, Any] = {}
        self._odd: dict[Any, Any] = {}
        self._needs: dict[object, Pending] = {}
        self._count = 0
        space: dict[str, Any] = {
            **written.constants,
            "Decided": Decided,
            "made": tuple.__new__,
            "owner": self,
            "sure": self._sure,
            "more": self._more,
            "doubtful": self._doubtful,
            "miss": self._miss,
            "follow": self._follow,
            "general": self._general,
            "exactly": self._exactly,
            "Ask": _Ask,
        }
        exec(compile(written.text, f"<{program.artifact.name}>", "exec"), space)
        self.decide: Callable[[Mapping[str, Value]], Decided] = space["decide"]
        """One decision, from values by name.

        A quantity or a rate is a number in the unit its input or drug is declared in: an int, a float (it is
        the decimal that Python prints), a Decimal, a Fraction, or a plain decimal as text; 0 of a drug that
        is off.
        A yes or no is a bool, a word one of the declared, an `any of` a set of them; a bolus drug that still
        acts is True. What cannot be such a value is unknown, and said in `content.rejected`. Raises
        `NotFinite` for a float that is no number.
        """
        self.decide_values: Callable[..., Decided] = space["decide_values"]
        """The same, from the values of `names` in their order."""

    # -- where the written function does not know the answer

    def _general(self, values: tuple[Value, ...]) -> Decided:
        """Values of any kind: what is kept is kept under the truth of every comparison."""
        present = self._present(values)
        key: list[object] = [present.why(name) for name in self.names]
        key.extend(present.runs(name) for name in self.names)
        key.extend(present.truth(term) for term in self._truths)
        key.extend(present.exact(name) for name in self._source.weighed)
        return self._looked_up(self._odd, tuple(key), values, present)

    def _miss(self, memo: dict[Any, Any], key: object, values: tuple[Value, ...]) -> Decided:
        return self._looked_up(memo, key, values, self._present(values))

    def _follow(self, memo: dict[Any, Any], node: _Ask, values: tuple[Value, ...], key: object) -> Decided:
        """The answer depends on a number beyond the conditions, such as a rate that is raised by a step."""
        found: object = node
        while type(found) is _Ask:
            value = values[found.place]
            if type(value) is not float and type(value) is not int and value is not None:
                return self._miss(memo, key, values)
            found = found.answers.get(value)
        if found is None:
            return self._miss(memo, key, values)
        return tuple.__new__(Decided, (found, self, values))

    def _present(self, values: tuple[Value, ...]) -> Present:
        units = self.program.units
        states = {own.name: held(own, units, value) for own, value in zip(self._columns, values, strict=True)}
        return Present(self._chart, states)

    def _exactly(self, index: int, values: tuple[Value, ...]) -> bool:
        """A comparison of several columns, all known."""
        of = self._source.atoms[index]
        assert isinstance(of, Compared)
        raw = [
            raw_number(self._columns[self._place[name]], value)
            for name, value in zip(columns_of(of), values, strict=True)
        ]
        return sum_holds(of, raw)

    def _looked_up(
        self, memo: dict[Any, Any], key: object, values: tuple[Value, ...], present: Present
    ) -> Decided:
        node: Any = memo.get(key)
        while type(node) is _Ask:
            answer = present.exact(node.name)
            node = node.answers.get(as_key(values[node.place], answer))
        if node is None:
            node = self._work_out(memo, key, values, present)
        return tuple.__new__(Decided, (node, self, values))

    def _work_out(
        self, memo: dict[Any, Any], key: object, values: tuple[Value, ...], present: Present
    ) -> Said:
        asking = Asking(present, self._settled(memo, values))
        _, draft = step(asking, State())
        said = Said(draft.content, tuple(draft.unsettled))
        if self._count >= KEPT:
            for kept in (self._sure, self._more, self._doubtful, self._odd):
                kept.clear()
            self._needs.clear()
            self._count = 0
        self._count += 1
        place: dict[Any, Any] = memo
        at: Any = key
        for name in asking.asked:
            node = place.get(at)
            if node is None:
                node = place[at] = _Ask(name, self._place[name])
            assert type(node) is _Ask and node.name == name
            place, at = node.answers, as_key(values[self._place[name]], present.exact(name))
        place[at] = said
        return said

    def _settled(self, memo: dict[Any, Any], values: tuple[Value, ...]) -> frozenset[str]:
        """The columns whose being known, and running, what is kept is kept under already."""
        if memo is self._more:
            return frozenset(self.names[: self._source.read])
        if memo is self._doubtful:
            pairs = zip(self.names[self._source.read :], values[self._source.read :], strict=True)
            return frozenset(
                (*self.names[: self._source.read], *(name for name, value in pairs if value is None))
            )
        return frozenset(self.names)

    def needs(self, unsettled: Iterable[tuple[str, int]], values: tuple[Value, ...]) -> tuple[Pending, ...]:
        """What would settle each of these rules. That depends on the parts of its condition, and on what is
        known: it is worked out once for each.
        """
        present = self._present(values)
        weighed = tuple(present.exact(name) for name in self._source.weighed)
        found = []
        for rule, term in unsettled:
            parts = tuple(present.truth(part) for part in parts_of(self.program, term))
            known = tuple((name, present.why(name)) for _, name in sorted(present.subjects(term)))
            key = (rule, term, parts, known, weighed)
            if key not in self._needs:
                self._needs[key] = needed(present, rule, term)
            found.append(self._needs[key])
        return tuple(found)

    def silenced(self, content: Content, values: tuple[Value, ...]) -> tuple[str, ...]:
        """See `Decided.silenced`."""
        if content.phase != "active":
            return ()
        rules = self.program.rules_of[None]
        if content.stage is not None:
            rules = (*self.program.rules_of[content.stage], *rules)
        present = self._present(values)
        return tuple(
            rule_id
            for rule_id, judged in judge(present, rules).items()
            if judged.state == "silent" and present.truth(judged.rule.condition) is not False
        )

    def reasons(self, values: tuple[Value, ...], rule: str | None) -> dict[str, Explained]:
        """See `Decided.reasons`."""
        present = self._present(values)
        if rule is not None:
            return {rule: explain(present, self._rules[rule].condition)}
        return {
            name: explain(present, one.condition)
            for name, one in sorted(self._rules.items())
            if present.truth(one.condition) is not False
        }


def _comparisons(program: Program, terms: Sequence[int]) -> tuple[int, ...]:
    """The conditions that others are made of, and that are made of none."""
    parts = {part for term in terms for part in parts_of(program, term)}
    made = (m.Not, m.And, m.Or, m.Count)
    return tuple(sorted(part for part in parts if not isinstance(program.artifact.terms[part], made)))


class _Ask:
    """A number that the decision looked at beyond the conditions; what it said by the answer."""

    __slots__ = ("answers", "name", "place")

    def __init__(self, name: str, place: int) -> None:
        self.name, self.place = name, place
        self.answers: dict[Any, Any] = {}
