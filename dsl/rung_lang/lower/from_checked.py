"""The settled model to an artifact. Nothing is judged here, and nothing of the layout is kept but positions.

Terms are numbered after all of them are known, so the model is gone through twice: once to gather the terms
that its parts are made of, once to write the parts with the final numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import rung_engine
from rung_engine.artifact import model as m
from rung_engine.artifact.seal import seal
from rung_engine.frozen import frozen
from rung_lang.checked import orders as o
from rung_lang.checked import tree as c
from rung_lang.checked.conditions import Truth
from rung_lang.lower.conditions import TermWriter
from rung_lang.lower.declarations import drug_of, input_of, restrict_of, setting_of
from rung_lang.lower.graph import graph_of
from rung_lang.lower.phrase import Phrases
from rung_lang.lower.rules import before_of, rules_of, stage_of
from rung_lang.lower.terms import canonical
from rung_lang.lower.units import UnitTable
from rung_lang.source import Source, Span

_Part = TypeVar("_Part", bound=m.Model)

COMPILER = f"rung {rung_engine.__version__}"


def from_checked(
    protocol: c.Protocol, sources: Mapping[str, Source], text: Callable[[Span], str]
) -> m.Artifact:
    """The sealed artifact of a protocol without errors; `text` gives the words at a place."""
    gathering = TermWriter(text, UnitTable())
    _parts(protocol, gathering)
    writer = gathering.numbered()
    parts = _parts(protocol, writer)
    numbered = writer.table
    names = {term: name for name, term in sorted(parts.defines.items(), reverse=True)}
    names |= {found.condition: name for name, found in sorted(parts.outcomes.items(), reverse=True)}
    phrases = Phrases(numbered.terms, names, parts.inputs)
    properties, places = _named(parts.properties)
    artifact = m.Artifact(
        format=m.FORMAT,
        language=m.LANGUAGE,
        compiler=COMPILER,
        name=protocol.name,
        title=protocol.title,
        version=protocol.version,
        status=protocol.status,
        settle=protocol.settle,
        applies=parts.applies,
        units=writer.units.declared(),
        inputs=parts.inputs,
        drugs=parts.drugs,
        classes={group.name: group.members for group in protocol.classes},
        panels={group.name: group.members for group in protocol.panels},
        events=parts.events,
        tasks={task.name: task.title for task in protocol.tasks},
        courses={
            course.name: m.CourseDecl(title=course.title, drugs=course.drugs, ends_after=course.ends_after)
            for course in protocol.courses
        },
        outcomes=parts.outcomes,
        settings={setting.name: setting_of(setting, writer.units) for setting in protocol.settings},
        sources={
            source.name: m.SourceDecl(title=source.title, publisher=source.publisher, year=source.year)
            for source in protocol.sources
        },
        incompatible=_sorted(
            m.Incompatible(drugs=pair.drugs, why=pair.why) for pair in protocol.incompatible
        ),
        restricts=parts.restricts,
        befores=parts.befores,
        terms=numbered.terms,
        defines=parts.defines,
        stages=parts.stages,
        rules=parts.rules,
        assumptions=parts.assumptions,
        properties=properties,
        proofs=parts.proofs,
        questions=parts.questions,
        ownership=parts.ownership,
        migrates=_migrates(protocol),
        graph=graph_of(parts.stages, parts.rules, phrases),
        provenance=m.Provenance(
            files=tuple(
                m.SourceFile(path=path, sha256=hashlib.sha256(source.text.encode("utf-8")).hexdigest())
                for path, source in sorted(sources.items())
            ),
            positions=_positions(protocol, parts, places, sources),
            words=dict(numbered.words),
            arms={name: writer.conjuncts(arm.condition) for name, arm in sorted(_arms(protocol).items())},
        ),
        certificate=m.Certificate(),
        meaning="",
        seal="",
    )
    return seal(artifact)


@frozen
class _Parts:
    """The parts of an artifact that hold terms."""

    applies: int | None
    inputs: dict[str, m.InputDecl]
    drugs: dict[str, m.DrugDecl]
    events: dict[str, m.EventDecl]
    outcomes: dict[str, m.OutcomeDecl]
    restricts: tuple[m.Restrict, ...]
    befores: tuple[m.Before, ...]
    defines: dict[str, int]
    stages: tuple[m.Stage, ...]
    rules: tuple[m.Rule, ...]
    rule_spans: dict[str, Span]
    assumptions: tuple[int, ...]
    properties: tuple[tuple[m.Property, Span], ...]
    proofs: tuple[m.Proof, ...]
    questions: tuple[m.Question, ...]
    ownership: tuple[m.Ownership, ...]


def _parts(protocol: c.Protocol, writer: TermWriter) -> _Parts:
    rules = [(rule, written.span) for written in protocol.rules for rule in rules_of(written, writer)]
    rules.sort(key=lambda pair: pair[0].id)
    return _Parts(
        applies=writer.optional(protocol.applies),
        inputs={found.name: input_of(found, writer.units) for found in protocol.inputs},
        drugs={drug.name: drug_of(drug, writer) for drug in protocol.drugs},
        events={
            event.name: m.EventDecl(title=event.title, condition=writer.optional(event.condition))
            for event in protocol.events
        },
        outcomes={
            outcome.name: m.OutcomeDecl(title=outcome.title, condition=writer.truth(outcome.condition))
            for outcome in protocol.outcomes
        },
        restricts=_sorted(restrict_of(restrict, writer) for restrict in protocol.restricts),
        befores=_sorted(before_of(before, writer) for before in protocol.befores),
        defines={
            define.name: writer.truth(define.meaning)
            if isinstance(define.meaning, Truth)
            else writer.number(define.meaning)
            for define in protocol.defines
        },
        stages=tuple(
            sorted((stage_of(stage, writer) for stage in protocol.stages), key=lambda stage: stage.name)
        ),
        rules=tuple(rule for rule, _ in rules),
        rule_spans={rule.id: span for rule, span in rules},
        assumptions=tuple(sorted({writer.truth(found) for found in protocol.assumptions})),
        properties=tuple((_property(found, writer, ""), found.span) for found in protocol.properties),
        proofs=_sorted(
            m.Proof(
                how=proof.how,
                names=proof.names,
                conditions=tuple(writer.truth(condition) for condition in proof.conditions),
            )
            for proof in protocol.proofs
        ),
        questions=_sorted(
            m.Question(
                text=question.text,
                ask=question.ask,
                property=None if question.property is None else _property(question.property, writer, "asked"),
                condition=writer.optional(question.condition),
                drug=question.drug,
            )
            for question in protocol.questions
        ),
        ownership=_sorted(
            m.Ownership(
                how=owns.how,
                drugs=owns.drugs,
                protocol=owns.protocol,
                condition=writer.optional(owns.condition),
                because=owns.because,
            )
            for owns in protocol.ownership
        ),
    )


def _sorted(parts: Iterable[_Part]) -> tuple[_Part, ...]:
    """Each distinct part once, in an order the text has no say in."""
    return tuple(sorted(set(parts), key=canonical))


def _migrates(protocol: c.Protocol) -> tuple[m.Migrate, ...] | None:
    found = (m.Migrate(stage=one.stage, to=one.to, because=one.because) for one in protocol.migrates)
    return _sorted(found) or None


def _property(found: o.Property, writer: TermWriter, identity: str) -> m.Property:
    return m.Property(
        id=identity,
        polarity=found.polarity,
        subject=found.subject,
        drugs=found.drugs,
        above=writer.units.optional(found.above),
        condition=writer.optional(found.condition),
        given=writer.optional(found.given),
    )


def _named(
    properties: Sequence[tuple[m.Property, Span]],
) -> tuple[tuple[m.Property, ...], dict[str, Span]]:
    """`never_1`, `always_1` and so on, by content: the order of the text does not number them."""
    first: dict[m.Property, Span] = {}
    for found, span in properties:
        first.setdefault(found, span)
    named: list[m.Property] = []
    places: dict[str, Span] = {}
    counts = {"never": 0, "always": 0}
    for found in sorted(first, key=canonical):
        counts[found.polarity] += 1
        identity = f"{found.polarity}_{counts[found.polarity]}"
        named.append(found.model_copy(update={"id": identity}))
        places[identity] = first[found]
    return tuple(named), places


def _arms(protocol: c.Protocol) -> dict[str, o.Arm]:
    """The arms under which rules stand, by stage and name."""
    return {f"{rule.stage}.{rule.arm.name}": rule.arm for rule in protocol.rules if rule.arm is not None}


def _positions(
    protocol: c.Protocol, parts: _Parts, places: Mapping[str, Span], sources: Mapping[str, Source]
) -> dict[str, m.Position]:
    spans = dict(parts.rule_spans)
    spans |= {f"stage:{stage.name}": stage.span for stage in protocol.stages}
    spans |= {f"arm:{name}": arm.span for name, arm in _arms(protocol).items()}
    spans |= {f"input:{found.name}": found.span for found in protocol.inputs}
    spans |= {f"drug:{drug.name}": drug.span for drug in protocol.drugs}
    spans |= {f"property:{identity}": span for identity, span in places.items()}
    positions = {}
    for key, span in spans.items():
        line, column = sources[span.path].line_and_column(span.start)
        positions[key] = m.Position(file=span.path, line=line, column=column)
    return positions
