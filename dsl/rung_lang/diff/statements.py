"""Which promises are as strong as before: properties, proofs and assumptions of two versions."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_lang.diff.behaviour import plain
from rung_lang.diff.model import Class, Declared
from rung_lang.diff.names import spelled
from rung_lang.diff.united import united
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f


def statements(old: m.Artifact, new: m.Artifact) -> Iterator[Declared]:
    """Every statement that is not the same in both. What is not known to be as strong counts as weaker."""
    before = [(_key(old, one), one) for one in old.properties]
    after = [(_key(new, one), one) for one in new.properties]
    gone = [one for key, one in before if key not in {key for key, _ in after}]
    come = [one for key, one in after if key not in {key for key, _ in before}]
    for one in gone:
        about = (one.polarity, one.subject, one.drugs)
        other = next((two for two in come if (two.polarity, two.subject, two.drugs) == about), None)
        if other is None:
            yield Declared("property", _about(old, one), "", _text(old, one), "", ("property removed",))
            continue
        come.remove(other)
        classes: tuple[Class, ...] = ("property weakened",)
        if _as_strong(old, one, new, other):
            classes = ("property added",)
        yield Declared("property", _about(new, other), "", _text(old, one), _text(new, other), classes)
    for one in come:
        yield Declared("property", _about(new, one), "", "", _text(new, one), ("property added",))
    proofs = [[(repr(plain(part, one)), _said(one)) for one in part.proofs] for part in (old, new)]
    yield from _listed("proof", proofs[0], proofs[1], "property removed", "property added")
    assumed = [[(spelled(part, one), _words(part, one)) for one in part.assumptions] for part in (old, new)]
    yield from _listed("assumption", assumed[0], assumed[1], "property added", "property weakened")


def _listed(
    kind: str, before: list[tuple[str, str]], after: list[tuple[str, str]], gone: Class, come: Class
) -> Iterator[Declared]:
    """To assume less is to promise more."""
    for key, text in before:
        if key not in {other for other, _ in after}:
            yield Declared(kind, text, "", text, "", (gone,))
    for key, text in after:
        if key not in {other for other, _ in before}:
            yield Declared(kind, text, "", "", text, (come,))


def _key(artifact: m.Artifact, one: m.Property) -> str:
    told = plain(artifact, one)
    told.pop("id")
    return repr(told)


def _said(one: m.Proof) -> str:
    how = "exactly one of" if one.how == "exactly" else "at most one of"
    return f"prove {how} {', '.join(one.names)}"


def _about(artifact: m.Artifact, one: m.Property) -> str:
    return " ".join((one.polarity, one.subject, *one.drugs))


def _text(artifact: m.Artifact, one: m.Property) -> str:
    """The statement as it is written."""
    from rung_lang.diff.declared import said

    if one.subject == "condition":
        words = f"{one.polarity} {_words(artifact, one.condition)}"
    else:
        words = f"{one.polarity} {one.subject} {', '.join(one.drugs)}"
    if one.above is not None:
        words += f" above {said(artifact, one.above)}"
    if one.given is not None:
        words += f" while {_words(artifact, one.given)}"
    return words


def _words(artifact: m.Artifact, term: int | None) -> str:
    return "" if term is None else artifact.provenance.words.get(str(term), "")


def _as_strong(old: m.Artifact, one: m.Property, new: m.Artifact, other: m.Property) -> bool:
    """Whatever the old statement forbids or demands, the new one does as well; asked of one instant."""
    if one.subject == "condition" or not _no_higher(old, one.above, new, other.above):
        return False
    if other.given is None:
        return True
    if one.given is None:
        return False
    # The conditions of the statements ride on two rules, so that they come into one table of terms.
    both = united(_with(old, one.given), _with(new, other.given))
    context = Context(both.old)
    here = context.situation(None).symbols
    a, b = both.old.rules[-1].condition, both.new.rules[-1].condition
    if {a, b} & context.program.decision_terms:
        return spelled(old, one.given) == spelled(new, other.given)
    return context.solver.impossible([here.truth(a).yes, f.negation(here.truth(b).yes)])


def _with(artifact: m.Artifact, term: int) -> m.Artifact:
    """The condition on a rule of its own, in a protocol that has nothing else."""
    rule = m.Rule(id="throughout.statement", stage=None, condition=term, orders=())
    bare = dict.fromkeys(("stages", "restricts", "befores", "incompatible", "ownership"), ())
    return artifact.model_copy(update={**bare, "rules": (rule,), "defines": {}})


def _no_higher(old: m.Artifact, one: m.Amount | None, new: m.Artifact, other: m.Amount | None) -> bool:
    """The bound of the other is no higher: without one, every dose is spoken of."""
    if other is None:
        return True
    if not isinstance(one, m.Number) or not isinstance(other, m.Number):
        return one == other
    a, b = old.units[one.unit], new.units[other.unit]
    low = other.millionths * Fraction(b.num, b.den) <= one.millionths * Fraction(a.num, a.den)
    return a.dims == b.dims and low
