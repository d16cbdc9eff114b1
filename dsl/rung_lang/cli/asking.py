"""One protocol asked one thing. What it does not declare is written at the end of its text and proved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, assert_never

from rung_lang.asked import forms as f
from rung_lang.asked.answers import (
    Answer,
    Fired,
    How,
    Reason,
    doses,
    limits,
    ordered_in,
    reasons,
    verdict_of,
)
from rung_lang.verify.properties.statements import statement

if TYPE_CHECKING:
    from rung_engine.artifact import model as m
    from rung_lang.driver import Compiled
    from rung_lang.verify.verdict import Witness

_STARTS: tuple[m.Op, ...] = ("start", "add", "give", "set")
_DOSES: tuple[m.Op, ...] = (*_STARTS, "increase", "decrease", "taper")
PROVED = "Proved for every patient the declarations allow and every value of every setting."
PROVED_NEED = (
    "Declared with `needs`; engines withhold the order, and `rung check` proves that none is given (R402)."
)
UNDECIDED = "This could be neither proved nor shown on a patient."
ASKED = "asked on the command line"


def answer_of(asked: f.Form, result: Compiled) -> Answer | None:
    """What this protocol answers; None where it has nothing to say of it. The text has no errors."""
    artifact = result.artifact
    assert artifact is not None
    match asked:
        case f.Declared():
            return _declared(asked.question, result)
        case f.WhenOrdered():
            found = reasons(artifact, (asked.drug,), asked.ops, _fired(result))
            count = "One rule has" if len(found) == 1 else f"{len(found)} rules have"
            says = f"{count} {asked.drug} {asked.verb}, and no other."
            return _made(artifact, "when", says, found, (asked.drug,))
        case f.DoseOf():
            found = reasons(artifact, (asked.drug,), _DOSES, _fired(result), asked.stage)
            return _made(artifact, "dose", doses(artifact, asked.drug, found), found, (asked.drug,))
        case f.NeededWhile():
            return _needed(asked.drug, asked.other, result)
        case f.MayOrder():
            return _may(asked.drug, asked.while_, result)
        case f.WhatIf():
            return _what_if(asked.facts, result)
        case f.WhyDrug():
            found = reasons(artifact, (asked.drug,), (*_STARTS, "increase"), _fired(result))
            return _made(artifact, "why", f"Why {asked.drug}:", found, (), _facts(result, asked.drug))
        case f.Options():
            found = reasons(artifact, asked.members, ("start", "add", "give"), _fired(result))
            return _made(artifact, "options", f"Options ({asked.words}):", found, asked.members)
        case _:
            assert_never(asked)


def _made(
    artifact: m.Artifact, how: How, says: str, found: tuple[Reason, ...], drugs: Sequence[str],
    also: tuple[str, ...] = (),
) -> Answer | None:  # fmt: skip
    if not found and not also:
        return None
    stand = limits(artifact, drugs)
    return Answer(artifact.name, artifact.title, artifact.version, how, says, found, stand, also)


def _fired(result: Compiled) -> Fired:
    """By rule: the examples in which it gave an order, from earlier runs where the text is unchanged."""
    from rung_lang.cli.answers import fingerprint
    from rung_lang.cli.proving import store_of
    from rung_lang.verify.strength.examples_again import run_again

    assert result.artifact is not None
    store = store_of(result)
    found: dict[str, list[str]] = {}
    for one in run_again(result.artifact, result.examples, store, fingerprint()):
        for rule in one.fired:
            found.setdefault(rule, []).append(one.example.title)
    store.flush()
    return {rule: tuple(titles) for rule, titles in found.items()}


def _facts(result: Compiled, drug: str) -> tuple[str, ...]:
    """What the sources report of the drug, word for word as the protocol has it."""
    assert result.artifact is not None
    decl = result.artifact.drugs[drug]
    called = {drug.casefold(), *(alias.casefold() for alias in decl.aliases)}
    out = []
    for remark in result.said.remarks:
        if remark.kind == "fact" and called & set(re.findall(r"\w+", remark.subject.casefold())):
            clauses = f" ({', '.join(remark.notes.clauses)})" if remark.notes.clauses else ""
            out.append(f"reported: {remark.subject}{clauses}")
    return tuple(out)


# ---------------------------------------------------------------- by proof


def _declared(question: m.Question, result: Compiled) -> Answer | None:
    artifact = result.artifact
    assert artifact is not None
    if question.ask == "dose":
        assert question.drug is not None
        found = reasons(artifact, (question.drug,), _DOSES, _fired(result))
        return _made(artifact, "dose", doses(artifact, question.drug, found), found, (question.drug,))
    if question.ask == "when":
        assert question.condition is not None
        drugs = ordered_in(artifact, question.condition)
        found = reasons(artifact, drugs, (*_STARTS, "continue"), _fired(result))
        says = f"When one of these rules orders {' or '.join(drugs)}, and no other does."
        return _made(artifact, "when", says, found, drugs, _references(question, result))
    assert question.property is not None
    how, witness = _verdict(question, result)
    said = statement(artifact, question.property)
    found = reasons(artifact, question.property.drugs, _STARTS, _fired(result))
    name = (artifact.name, artifact.title, artifact.version)
    about = _references(question, result)
    match how:
        case "holds":
            return Answer(*name, "yes", f"This holds: {said}.", found, (), about, PROVED)
        case "broken":
            shown = f"This does not hold for every patient: {said}. One of whom it is not so is shown."
            return Answer(*name, "no", shown, found, (), about, "", witness)
        case "undecided":
            return Answer(*name, "undecided", f"Open: {said}.", found, (), about, UNDECIDED)
        case _:
            assert_never(how)


def _references(question: m.Question, result: Compiled) -> tuple[str, ...]:
    """The clauses that the question itself names."""
    return tuple(
        f"asked of: {', '.join((*remark.notes.clauses, *remark.notes.erratum))}"
        for remark in result.said.remarks
        if remark.kind == "question" and remark.subject == question.text
        if remark.notes.clauses or remark.notes.erratum
    )


def _needed(drug: str, other: str, result: Compiled) -> Answer | None:
    """Whether the protocol always orders the drug while the other runs, never does, or sometimes."""
    artifact = result.artifact
    assert artifact is not None
    found = reasons(artifact, (drug,), _STARTS, _fired(result))
    if not found:
        return None
    always, witness = _asked(f"always order {drug} while {other} running", result)
    never, _ = _asked(f"never order {drug} while {other} running", result)
    name = (artifact.name, artifact.title, artifact.version)
    drugs = limits(artifact, (drug,))
    if drug in artifact.drugs[other].needs:
        says = f"Yes: {other} needs {drug}. It is never ordered alone; an alert stands while it runs alone."
        return Answer(*name, "yes", says, found, drugs, (), PROVED_NEED)
    if always == "holds":
        return Answer(
            *name, "yes", f"Yes: while {other} runs, {drug} is always ordered.", found, drugs, (), PROVED
        )
    if never == "holds":
        return Answer(
            *name, "no", f"No: while {other} runs, {drug} is never ordered.", found, drugs, (), PROVED
        )
    if "undecided" in (always, never):
        return Answer(*name, "undecided", f"Open for {drug} while {other} runs.", found, drugs, (), UNDECIDED)
    says = (
        f"Not because {other} runs: {drug} is ordered by the rules below and by nothing else. A patient on "
        f"{other} to whom it is not ordered is shown."
    )
    return Answer(*name, "no", says, found, drugs, (), "", witness)


def _may(drug: str, while_: str, result: Compiled) -> Answer | None:
    artifact = result.artifact
    assert artifact is not None
    found = reasons(artifact, (drug,), _STARTS, _fired(result))
    if not found:
        return None
    how, witness = _asked(f"never order {drug} while {while_}", result)
    name = (artifact.name, artifact.title, artifact.version)
    drugs = limits(artifact, (drug,))
    match how:
        case "holds":
            says = f"No: {drug} is never ordered while {while_}."
            return Answer(*name, "no", says, found, drugs, (), PROVED)
        case "broken":
            says = f"Yes: {drug} can be ordered while {while_}. A patient of whom it is so is shown."
            return Answer(*name, "yes", says, found, drugs, (), "", witness)
        case "undecided":
            return Answer(*name, "undecided", f"Open: {drug} while {while_}.", found, drugs, (), UNDECIDED)
        case "unreadable":
            return None
        case _:
            assert_never(how)


def _asked(
    claim: str, result: Compiled
) -> tuple[Literal["holds", "broken", "undecided", "unreadable"], Witness | None]:
    """The claim as a question at the end of the text. `unreadable` where it is no statement of this text."""
    added = _with(f'question "{ASKED}" ask {claim}\n', result)
    if added is None or added.artifact is None:
        return "unreadable", None
    question = next(one for one in added.artifact.questions if one.text == ASKED)
    return _verdict(question, added)


def _verdict(
    question: m.Question, result: Compiled
) -> tuple[Literal["holds", "broken", "undecided"], Witness | None]:
    from rung_lang.cli.proving import answered

    return verdict_of(answered(question, result))


def _with(written: str, result: Compiled) -> Compiled | None:
    """The text with a statement more, compiled; None where the statement has a mistake."""
    from rung_lang.driver import compile_protocol
    from rung_lang.source import Source, decode

    main = result.files[-1].path
    before = result.sources[main].text

    def read(path: str) -> Source | None:
        if path != main:
            return result.sources.get(path)
        made = decode(path, f"{before}\n{written}".encode())
        return made if isinstance(made, Source) else None

    added = compile_protocol(main, read)
    known = {(problem.code, problem.span.start) for problem in result.problems}
    wrong = [
        problem
        for problem in added.problems
        if problem.level == "error" and (problem.code, problem.span.start) not in known
    ]
    # What a person types stands in one statement; it never adds another to the protocol that is asked.
    more = len(added.files[-1].items) - len(result.files[-1].items)
    return None if wrong or more != 1 else added


# ---------------------------------------------------------------- what happens if


def _what_if(facts: str, result: Compiled) -> Answer | None:
    """The decision on one instant about which only these facts are known."""
    from rung_engine.program import Program
    from rung_engine.reference.run import Runner

    added = _with(f'example "{ASKED}" given {written_facts(facts, result)} expect nothing\n', result)
    if added is None or added.artifact is None:
        return None
    artifact = added.artifact
    example = next(one for one in added.examples if one.title == ASKED)
    chosen = dict(example.settings)
    left = [name for name, one in artifact.settings.items() if one.value is None and name not in chosen]
    for open_setting in left:
        setting = artifact.settings[open_setting]
        chosen[open_setting] = setting.lo if setting.lo is not None else (setting.choices or ("no",))[0]
    runner = Runner(Program(artifact, chosen, unverified=True), example.events)
    decisions = runner.run(0)
    if not decisions:
        return None
    content = decisions[-1].content
    open_ = f" Settings the site has not chosen stand at their lowest: {', '.join(left)}." if left else ""
    says = f"What is ordered on this instant, with nothing else known.{open_}"
    name = (artifact.name, artifact.title, artifact.version)
    return Answer(*name, "decision", says, content=content)


def written_facts(said: str, result: Compiled) -> str:
    """Facts as a person says them, as an example writes them: `MAP is 60 and angina`."""
    assert result.artifact is not None
    events = {name.casefold(): name for name in result.artifact.events}
    facts: list[str] = []
    for part in re.split(r"\s*,\s*|\s+and\s+", said.strip()):
        fact = re.sub(r"\s+(?:is|are|at|=|of)\s+", " ", f" {part} ").strip()
        if fact.casefold() in events:
            facts.append(f"{events[fact.casefold()]} happened")
        elif facts and re.fullmatch(r"\w+", fact):
            facts[-1] += f" and {fact}"
        elif fact:
            facts.append(fact)
    return ", ".join(facts)
