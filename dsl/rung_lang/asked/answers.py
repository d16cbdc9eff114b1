"""What a protocol answers: the rules that give an order, with their conditions, reasons and sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_engine.frozen import frozen
from rung_lang.asked.forms import orders_of
from rung_lang.lower.phrase import Phrases, amount_words, order_words, range_words
from rung_lang.verify.verdict import Proved, Refuted, Verdict, Witness

How = Literal["yes", "no", "when", "dose", "options", "why", "decision", "undecided"]


@frozen
class Reason:
    """One rule that orders what was asked about. `examples`: those in which it gave the order."""

    rule: str
    title: str
    stage: str
    condition: str
    unless: str
    order: str
    strength: m.Strength
    because: str
    sources: tuple[str, ...]
    clauses: tuple[str, ...]
    errata: tuple[str, ...]
    examples: tuple[str, ...]


@frozen
class Answer:
    """What one protocol says. `limits`: what stands in the way of the order, whatever rule gives it. `also`:
    what the sources report, and the clauses the question is about.
    """

    protocol: str
    title: str
    version: str
    how: How
    says: str
    reasons: tuple[Reason, ...] = ()
    limits: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    proof: str = ""
    witness: Witness | None = None
    content: Content | None = None


Fired = Mapping[str, tuple[str, ...]]
"""By rule: the titles of the examples in which it gave an order."""


def phrases(artifact: m.Artifact) -> Phrases:
    """The artifact's terms as the author named them."""
    names = {index: name for name, index in artifact.defines.items()}
    names |= {outcome.condition: name for name, outcome in artifact.outcomes.items()}
    return Phrases(artifact.terms, names, artifact.inputs)


def source_words(artifact: m.Artifact, cites: Sequence[str]) -> tuple[str, ...]:
    """Title, publisher and year of each source."""
    out = []
    for name in cites:
        source = artifact.sources[name]
        out.append(", ".join(str(one) for one in (source.title, source.publisher, source.year) if one))
    return tuple(out)


def reasons(
    artifact: m.Artifact, drugs: Sequence[str], ops: Sequence[m.Op], fired: Fired, stage: str | None = None
) -> tuple[Reason, ...]:
    """Every rule that orders one of the drugs so; of one stage and of `throughout` where a stage is named."""
    say = phrases(artifact)
    found: list[Reason] = []
    for rule in artifact.rules:
        if stage is not None and rule.stage not in (stage, None):
            continue
        found += [
            _reason(artifact, rule, choice.strength, order, say, fired)
            for choice in rule.orders
            for order in orders_of((choice,))
            if order.op in ops and order.target in drugs
        ]
    return tuple(found)


def _reason(
    artifact: m.Artifact, rule: m.Rule, strength: m.Strength, order: m.Order, say: Phrases, fired: Fired
) -> Reason:
    own = artifact.provenance.words
    condition = own.get(str(rule.condition)) or say.term(rule.condition)
    unless = "" if rule.unless is None else own.get(str(rule.unless)) or say.term(rule.unless)
    return Reason(
        rule.id, rule.title, rule.stage or "", condition, unless, order_words(order), strength, rule.because,
        source_words(artifact, rule.cites), rule.clauses, rule.erratum, fired.get(rule.id, ()),
    )  # fmt: skip


def limits(artifact: m.Artifact, drugs: Sequence[str]) -> tuple[str, ...]:
    """Prerequisites, contraindications, maxima and needs of the drugs, a line each."""
    say = phrases(artifact)
    out: list[str] = []
    for drug in drugs:
        decl = artifact.drugs[drug]
        for before in artifact.befores:
            if before.drug == drug:
                word = "is preferred" if before.prefer else "must be true first"
                instead = "" if before.otherwise is None else f"; until then: {order_words(before.otherwise)}"
                out.append(f"{drug}: {say.term(before.condition)} {word}{instead}{_ids(before.clauses)}")
        for restrict in artifact.restricts:
            if restrict.drug == drug and restrict.contraindicated:
                while_ = "" if restrict.condition is None else f" while {say.term(restrict.condition)}"
                out.append(f"{drug} is contraindicated{while_}{_ids(restrict.clauses)}")
        out.extend(f"{drug} needs {need}" for need in decl.needs)
        declared = (decl.maximum, *(one.maximum for one in artifact.restricts if one.drug == drug))
        out += [f"{drug}: never above {amount_words(most)}" for most in declared if most is not None]
    return tuple(dict.fromkeys(out))


def _ids(clauses: Sequence[str]) -> str:
    return f" ({', '.join(clauses)})" if clauses else ""


def doses(artifact: m.Artifact, drug: str, found: Sequence[Reason]) -> str:
    """The doses ordered, each once, and the declared start where a rule leaves the dose to it."""
    decl = artifact.drugs[drug]
    written = dict.fromkeys(reason.order for reason in found)
    left = decl.start is not None and written.keys() & {f"start {drug}", f"add {drug}"}
    start = f" Declared start: {range_words(decl.start)}." if left and decl.start is not None else ""
    return f"{'; '.join(written)}.{start}" if written else f"No rule orders {drug}.{start}"


def ordered_in(artifact: m.Artifact, condition: int) -> tuple[str, ...]:
    """The drugs whose order a condition about the decision speaks of."""
    return tuple(dict.fromkeys(_ordered(artifact, condition)))


def _ordered(artifact: m.Artifact, index: int) -> Iterator[str]:
    term = artifact.terms[index]
    match term:
        case m.Ordered():
            yield from term.drugs
        case m.And() | m.Or() | m.Count():
            for part in term.of:
                yield from _ordered(artifact, part)
        case m.Not() | m.Held() | m.Recent() | m.Ever():
            yield from _ordered(artifact, term.of)
        case _:
            return


def verdict_of(verdicts: Sequence[Verdict]) -> tuple[Literal["holds", "broken", "undecided"], Witness | None]:
    """One answer from those about each order: broken by the first patient, else undecided if one is."""
    for verdict in verdicts:
        if isinstance(verdict, Refuted):
            return "broken", verdict.witness
    return ("holds" if all(isinstance(one, Proved) for one in verdicts) else "undecided"), None
