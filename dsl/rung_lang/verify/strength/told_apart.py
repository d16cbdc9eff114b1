"""Which examples could tell a mutant from the protocol.

The examples are run once, on the protocol with the conditions of all mutants beside its own. Where a rule's
changed condition is, on every instant on which the rule is asked, what its own is, the mutant decides as the
protocol does: that example need not be run on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rung_engine.artifact import model as m
from rung_engine.artifact.references import TERM_FIELDS
from rung_engine.truth import Truth
from rung_lang.examples import run_examples
from rung_lang.lower.examples import LoweredExample
from rung_lang.verify.strength.mutants import Mutant


def telling(
    artifact: m.Artifact, mutants: Sequence[Mutant], examples: Sequence[LoweredExample]
) -> list[list[LoweredExample]]:
    """For each mutant, the examples on which it may decide otherwise, in their order."""
    table = [*artifact.terms]
    watched = [_Watched(artifact, mutant, table) for mutant in mutants]
    beside = artifact.model_copy(update={"terms": tuple(table)})
    found: list[list[LoweredExample]] = [[] for _ in mutants]
    alike: set[_Watched] = set()
    names_pending = False

    def see(stage: str | None, truths: tuple[Truth, ...]) -> None:
        alike.difference_update([one for one in alike if one.differs(stage, truths, names_pending)])

    runs = run_examples(beside, examples, watch=see)
    for example in examples:
        alike.update(watched)
        names_pending = any(expect.word == "pending" for check in example.checks for expect in check.expects)
        next(runs)
        for one, told in zip(watched, found, strict=True):
            if one not in alike or (names_pending and one.threshold):
                told.append(example)
    return found


class _Watched:
    """A rule's condition in the protocol and in the mutant; None where the mutant's rule gives other orders.

    Which reading would settle a rule is no truth of an instant: it depends on the rule's condition, and on
    all thresholds of the protocol.
    """

    def __init__(self, artifact: m.Artifact, mutant: Mutant, table: list[m.Truth | m.Numeric]) -> None:
        rule = next(rule for rule in artifact.rules if rule.id == mutant.rule)
        changed = next((one for one in mutant.artifact.rules if one.id == mutant.rule), None)
        self.stage, self.own = rule.stage, rule.condition
        self.threshold = mutant.change == "threshold"
        self.other: int | None = None
        if changed is not None and changed.condition != rule.condition:
            own = len(artifact.terms)
            by = len(table) - own
            table.extend(_moved(term, own, by) for term in mutant.artifact.terms[own:])
            self.other = changed.condition + (by if changed.condition >= own else 0)

    def differs(self, stage: str | None, truths: tuple[Truth, ...], names_pending: bool) -> bool:
        """The rule may do otherwise on this instant, or wait for other readings where these are looked at."""
        if self.stage is not None and stage != self.stage:
            return False
        if names_pending and truths[self.own] is None:
            return True
        if self.other is None:
            return truths[self.own] is not False
        return truths[self.other] is not truths[self.own]


def _moved(term: m.Truth | m.Numeric, own: int, by: int) -> m.Truth | m.Numeric:
    """The term with its references to terms from `own` on moved on."""

    def place(index: int) -> int:
        return index + by if index >= own else index

    changed: dict[str, int | tuple[int, ...]] = {}
    for name in TERM_FIELDS.get(type(term), ()):
        value = getattr(term, name)
        if value is not None:
            changed[name] = tuple(map(place, value)) if isinstance(value, tuple) else place(value)
    return term.model_copy(update=changed)
