"""What every obligation needs: the artifact as formulas, one solver, and where things stand in the text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from rung_engine.artifact import model as m
from rung_engine.decision.rules import destination
from rung_engine.program import Program
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula, negation
from rung_lang.verify.formulas.past import FreePast
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.histories.histories import Histories, NoHistories
from rung_lang.verify.histories.recorded import Shown
from rung_lang.verify.solving.asks import Asks
from rung_lang.verify.solving.solve import Solver
from rung_lang.verify.verdict import Label

if TYPE_CHECKING:
    from rung_lang.verify.reach.induction import Induction
    from rung_lang.verify.reach.walks import Walks

Part = tuple[Label, Formula]
"""A named part of a question."""


class Reached(Protocol):
    """What is known of the stages a history gets to."""

    def part(self, stage: str | None, symbols: Symbols) -> tuple[Part, ...]: ...


Prover = Callable[[str], Any]
"""Takes Horn clauses in SMT-LIB 2; says what `solving.spacer` writes. It is not believed."""


def base_program(artifact: m.Artifact) -> Program:
    """For units and declarations; every open setting stands at its lower end."""
    chosen: dict[str, m.Number | str] = {}
    for name, decl in artifact.settings.items():
        if decl.value is None:
            chosen[name] = decl.lo if decl.lo is not None else (decl.choices or ("no",))[0]
    return Program(artifact, chosen, unverified=True)


@dataclass(slots=True)
class Context:
    """One artifact under examination."""

    artifact: m.Artifact
    program: Program = field(init=False)
    asks: Callable[[Space], Asks] = Solver
    """Who answers the questions."""
    space: Space = field(default_factory=Space)
    solver: Asks = field(init=False)
    reach: Reached | None = None
    """Until it is there, every stage counts as reached by any history."""
    lemmas: Induction | None = None
    """Found when a question is first left open by all that is quicker."""
    prover: Prover | None = None
    """Who looks for invariants where nothing else decides; None: nobody does."""
    histories: Histories = field(default_factory=NoHistories)
    shown: tuple[Shown, ...] = ()
    """Instants of the protocol's own examples, and others that some question was answered with."""
    walks: Walks | None = None
    """Made when a question first needs one."""
    _situations: dict[tuple[str | None, str, bool], Situation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.program = base_program(self.artifact)
        self.solver = self.asks(self.space)

    def situation(self, stage: str | None, at: str = "", *, entered_now: bool = False) -> Situation:
        """One instant in a stage, its past free. Situations with one `at` speak of one patient at once."""
        key = (stage, at, entered_now)
        if key not in self._situations:
            symbols = self._symbols(at, entered_now, self._timed and stage is None)
            self._situations[key] = Situation(symbols, stage, self.entering(stage))
        return self._situations[key]

    def _symbols(self, at: str, entered_now: bool, nowhere: bool) -> Symbols:
        for (stage, other_at, other_now), situation in self._situations.items():
            if (other_at, other_now, self._timed and stage is None) == (at, entered_now, nowhere):
                return situation.symbols
        return Symbols(self.program, self.space, FreePast(entered_now, nowhere), at)

    @property
    def _timed(self) -> bool:
        """Something looks at the time in the stage, so that an instant without a stage is another thing."""
        return any(isinstance(term, m.TimeInStage) for term in self.artifact.terms)

    def applies(self, situation: Situation) -> tuple[Part, ...]:
        """The protocol applies, and no assumption is false."""
        symbols = situation.symbols
        found: list[Part] = []
        if self.artifact.applies is not None:
            found.append((("applies",), symbols.truth(self.artifact.applies).yes))
        for place, term in enumerate(self.artifact.assumptions):
            found.append((("assume", str(place)), negation(symbols.truth(term).no)))
        return tuple(found)

    def reached(self, situation: Situation) -> tuple[Part, ...]:
        """What every history that gets to this stage has made true."""
        return () if self.reach is None else self.reach.part(situation.stage, situation.symbols)

    def entering(self, stage: str | None) -> tuple[m.Rule, ...]:
        """Rules outside the stage that may move a session on a way that ends there, by id."""
        if stage is None:
            return ()
        into: dict[str, list[m.Rule]] = {}
        for rule in self.artifact.rules:
            order = destination(rule)
            if order is not None and order.op == "go":
                into.setdefault(order.target, []).append(rule)
        found: dict[str, m.Rule] = {}
        todo = [stage]
        seen = {stage}
        while todo:
            for rule in into.get(todo.pop(), ()):
                found[rule.id] = rule
                if rule.stage is not None and rule.stage not in seen:
                    seen.add(rule.stage)
                    todo.append(rule.stage)
        return tuple(rule for _, rule in sorted(found.items()))
