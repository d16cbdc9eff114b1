"""The maxima of a drug: of its declaration and of restrictions; of one dose or rate, and rolling ones."""

from __future__ import annotations

from rung_engine.artifact import model as m
from rung_engine.decision.view import View
from rung_engine.frozen import frozen
from rung_lang.verify.formulas.symbols import TRUE, Symbols, Tri


@frozen
class Ceiling:
    """`restrict`: whose it is; None: the declaration's. `over`: the window of a rolling one."""

    drug: str
    maximum: m.Amount
    restrict: int | None = None
    over: m.Amount | None = None

    def condition(self, artifact: m.Artifact) -> int | None:
        """The term while which it is in force; None: always."""
        return None if self.restrict is None else artifact.restricts[self.restrict].condition

    def on(self, symbols: Symbols) -> Tri:
        """It is in force."""
        condition = self.condition(symbols.program.artifact)
        return TRUE if condition is None else symbols.truth(condition)

    def is_on(self, view: View) -> bool:
        """It is known to be in force."""
        condition = self.condition(view.program.artifact)
        return condition is None or view.truth(condition) is True


def ceilings(artifact: m.Artifact, drug: str) -> tuple[Ceiling, ...]:
    """Those of the declaration first."""
    decl = artifact.drugs[drug]
    found = [] if decl.maximum is None else [Ceiling(drug, decl.maximum)]
    found += [Ceiling(drug, one.maximum, over=one.over) for one in decl.rolling]
    for index, restrict in enumerate(artifact.restricts):
        if restrict.drug == drug:
            if restrict.maximum is not None:
                found.append(Ceiling(drug, restrict.maximum, index))
            found += [Ceiling(drug, one.maximum, index, one.over) for one in restrict.rolling]
    return tuple(found)
