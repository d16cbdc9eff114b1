"""A report with the evidence for it, as an artifact carries it; and the same read again and judged anew.

Judging anew asks every question of the protocol again, by the same code, but takes the answers from the
evidence where these can be judged without a solver. So nothing can be left out of a certificate unnoticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.lower.examples import LoweredExample
from rung_lang.source import Source
from rung_lang.verify.certificates.lemmas import Lemma, Lemmas
from rung_lang.verify.certificates.rechecking import Evidence, Rechecking, Wrong
from rung_lang.verify.certificates.recording import Record, Recording
from rung_lang.verify.context import Prover
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.histories import histories
from rung_lang.verify.histories.histories import Histories
from rung_lang.verify.solving.asks import Explains
from rung_lang.verify.solving.cross import Agreement, Crossed
from rung_lang.verify.verdict import Obligation, Proved, Refuted, Report, Undecided, Witness
from rung_lang.verify.verify import verify

_SAID = ("modes", "assumed", "approximated", "not_analysed")
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What is raised by evidence that is none."""


@dataclass(slots=True)
class Told:
    """Histories that a certificate brings."""

    by_question: Mapping[str, Witness]
    used: dict[str, None] = field(default_factory=dict)

    def get(self, question: str) -> Witness | None:
        found = self.by_question.get(question)
        if found is not None:
            self.used[question] = None
        return found

    def in_vain(self, question: str) -> bool:
        """None but these counts."""
        return True

    def put(self, question: str, witness: Witness | None) -> None:
        raise AssertionError("no history was looked for")


@dataclass(slots=True)
class Noted:
    """Histories as they are found, by question; looked for in `before` first."""

    before: Histories
    by_question: dict[str, Witness] = field(default_factory=dict)

    def get(self, question: str) -> Witness | None:
        found = self.before.get(question)
        if found is not None:
            self.by_question[question] = found
        return found

    def in_vain(self, question: str) -> bool:
        return self.before.in_vain(question)

    def put(self, question: str, witness: Witness | None) -> None:
        if witness is not None:
            self.by_question[question] = witness
        self.before.put(question, witness)


@frozen
class Judged:
    """What judging a certificate anew came to. The numbers say how many answers rest on what."""

    certificate: m.Certificate
    """What it should be."""
    wrong: tuple[Wrong, ...]
    by_bounds: int = 0
    by_steps: int = 0
    by_values: int = 0
    by_history: int = 0
    by_solver: int = 0


def certified(
    artifact: m.Artifact,
    sources: Mapping[str, Source],
    main: str,
    examples: Sequence[LoweredExample],
    asks: Callable[[Space], Explains],
    tools: Mapping[str, str],
    before: Histories,
    prover: Prover | None = None,
) -> tuple[Report, m.Certificate]:
    """Everything asked of a protocol, with evidence that was judged anew, and only what that made use of.

    `tools`: the version of each program that takes part. `before`: histories found in earlier runs.
    """
    recordings: list[Recording] = []

    def recording(space: Space) -> Recording:
        recordings.append(Recording(asks(space)))
        return recordings[-1]

    noted = Noted(before)
    report = verify(artifact, sources, main, examples, recording, noted, prover=prover)
    texts = _texts(recordings[0].record, noted.by_question, report.shown)
    told = m.Certificate(of=artifact.meaning, tools=dict(tools), evidence=texts)
    return report, judge(artifact.model_copy(update={"certificate": told}), prover).certificate


def judge(artifact: m.Artifact, prover: Prover | None = None) -> Judged:
    """The certificate of an artifact, judged anew. `prover`: who finds the invariants that it rests on."""
    told = artifact.certificate
    if told.of != artifact.meaning:
        return Judged(told, (Wrong("of", told.of),))
    try:
        read = _read(told.evidence)
    except _UNREADABLE as error:
        return Judged(told, (Wrong("unreadable", str(error)),))
    asked: list[Rechecking] = []

    def rechecking(space: Space) -> Rechecking:
        asked.append(Rechecking(space, read.evidence))
        return asked[-1]

    history = Told(read.histories)
    main = artifact.name
    try:
        report = verify(artifact, {main: Source(main, "")}, main, (), rechecking, history, read.shown, prover)
    except Exception as error:  # what no solver would answer may lead anywhere
        return Judged(told, (Wrong("astray", type(error).__name__),))
    checked = asked[0]
    checked.finish()
    right = _said(artifact, report, read, checked, set(history.used))
    return Judged(
        right,
        (*checked.wrong, *_differences(told, right)),
        checked.by_bounds,
        checked.by_steps,
        checked.by_values,
        len(history.used) + len(report.shown),
        checked.by_solver,
    )


def crossed(artifact: m.Artifact, prover: Prover | None = None) -> Agreement | None:
    """Whether two solvers agree on what is asked of an artifact; None where its evidence cannot be read."""
    try:
        read = _read(artifact.certificate.evidence)
    except _UNREADABLE:
        return None
    asked: list[Crossed] = []

    def crossing(space: Space) -> Crossed:
        asked.append(Crossed(space))
        return asked[-1]

    main = artifact.name
    verify(artifact, {main: Source(main, "")}, main, (), crossing, Told(read.histories), read.shown, prover)
    return asked[0].agreement


# ---------------------------------------------------------------- what is said


def _said(
    artifact: m.Artifact, report: Report, read: _Read, checked: Rechecking, histories_used: set[str]
) -> m.Certificate:
    """The certificate that this report and what it made use of come to."""
    evidence = {read.keys[id(lemma)]: read.texts[read.keys[id(lemma)]] for lemma in checked.lemmas.values()}
    witnesses = {question: read.histories[question] for question in sorted(histories_used)}
    for witness in (*witnesses.values(), *report.shown):
        key, text = _record("history", histories.written(witness))
        evidence[key] = text
    told = read.evidence
    key, text = _answers(
        {name: told.cores[name] for name in checked.used if name in told.cores},
        {name: told.values[name] for name in checked.used if name in told.values},
        {name: told.wishes[name] for name in checked.used if name in told.wishes},
        [name for name in checked.used if name in told.open],
        witnesses,
        report.shown,
    )
    evidence[key] = text
    lemmas = {name: read.keys[id(lemma)] for name, lemma in checked.refuted.items()}
    return m.Certificate(
        state=report.state,
        of=artifact.meaning,
        tools=artifact.certificate.tools,
        modes=report.modes,
        assumed=report.assumed,
        approximated=report.approximated,
        not_analysed=report.not_analysed,
        obligations=tuple(_obligation(one, lemmas, checked.by_solver == 0) for one in report.obligations),
        evidence=dict(sorted(evidence.items())),
    )


def _obligation(one: Obligation, lemmas: Mapping[str, str], unaided: bool) -> m.Obligation:
    """`lemmas`: keys of refutations by the names of the questions that they answer. `unaided`: no solver was
    asked of anything.
    """
    verdict = one.verdict
    match verdict:
        case Undecided():
            return m.Obligation(
                code=one.code, about=one.about, verdict="undecided", layer="clocks", trust="solver",
                reason=verdict.reason,
            )  # fmt: skip
        case Proved() | Refuted():
            evidence, trust = lemmas.get(verdict.question, ""), verdict.trust
            if verdict.witness is not None:
                evidence, _ = _record("history", histories.written(verdict.witness))
            elif unaided:
                trust = "checked"
            elif verdict.layer != "text" and not (evidence and verdict.layer == "instant"):
                # It rests on several answers, and one of them may be a solver's.
                trust = "solver"
            return m.Obligation(
                code=one.code,
                about=one.about,
                verdict="proved" if isinstance(verdict, Proved) else "refuted",
                layer=verdict.layer,
                trust=trust,
                evidence=evidence,
            )
        case _:
            assert_never(verdict)


def _differences(told: m.Certificate, right: m.Certificate) -> list[Wrong]:
    """What a certificate says otherwise than it should."""
    found: list[Wrong] = []
    if told.state != right.state:
        found.append(Wrong("state", told.state))
    found += [Wrong("said", name) for name in _SAID if getattr(told, name) != getattr(right, name)]
    said, should = ({_name(one): one for one in side.obligations} for side in (told, right))
    found += [Wrong("missing", name) for name in should if name not in said]
    found += [Wrong("extra", name) for name in said if name not in should]
    found += [Wrong("otherwise", name) for name in should if name in said and said[name] != should[name]]
    if not found and told.obligations != right.obligations:
        found.append(Wrong("said", "obligations"))
    found += [Wrong("unused", key) for key in told.evidence if key not in right.evidence]
    return found


def _name(one: m.Obligation) -> str:
    return f"{one.code} {', '.join(one.about)}".strip()


# ---------------------------------------------------------------- evidence as text


@dataclass(slots=True)
class _Read:
    """Evidence as it was read. `keys`: of each refutation, by identity. `texts`: by key."""

    texts: Mapping[str, str]
    keys: dict[int, str]
    evidence: Evidence
    histories: Mapping[str, Witness]
    shown: tuple[Witness, ...]


def _texts(recorded: Record, found: Mapping[str, Witness], shown: Sequence[Witness]) -> dict[str, str]:
    """All that was recorded, by key."""
    records = [
        _record("never", {"facts": list(one.facts), "formulas": list(one.never), "steps": one.steps})
        for one in recorded.lemmas.all
    ]
    records += [_record("history", histories.written(one)) for one in (*found.values(), *shown)]
    records.append(
        _answers(recorded.cores, recorded.values(), recorded.wishes, list(recorded.open), found, shown)
    )
    return dict(sorted(records))


def _answers(
    cores: Mapping[str, Sequence[int]],
    values: Mapping[str, Mapping[str, str]],
    wishes: Mapping[str, Sequence[int]],
    open_: Sequence[str],
    found: Mapping[str, Witness],
    shown: Sequence[Witness],
) -> tuple[str, str]:
    """What belongs to questions, by their names."""
    return _record(
        "answers",
        {
            "cores": {name: list(places) for name, places in cores.items()},
            "histories": {name: _record("history", histories.written(one))[0] for name, one in found.items()},
            "open": sorted(open_),
            "shown": [_record("history", histories.written(one))[0] for one in shown],
            "values": values,
            "wishes": {name: list(places) for name, places in wishes.items()},
        },
    )


def _record(kind: str, content: Mapping[str, Any]) -> tuple[str, str]:
    """A piece of evidence as text, and its key."""
    text = json.dumps({"kind": kind, **content}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16], text


def _read(texts: Mapping[str, str]) -> _Read:
    """Raises `ValueError`, `KeyError`, `TypeError` or `AttributeError` for what is no evidence."""
    lemmas = Lemmas()
    keys: dict[int, str] = {}
    played: dict[str, Witness] = {}
    answers: list[dict[str, Any]] = []
    for key, text in sorted(texts.items()):
        content = json.loads(text)
        kind = content.pop("kind")
        if _record(kind, content) != (key, text):
            raise ValueError(key)
        match kind:
            case "never":
                lemma = Lemma(_words(content["formulas"]), _words(content["facts"]), content["steps"])
                lemmas.add(lemma)
                keys[id(lemma)] = key
            case "history":
                played[key] = histories.read(content)
            case "answers":
                answers.append(content)
            case _:
                raise ValueError(key)
    (own,) = answers
    evidence = Evidence(
        lemmas,
        {name: tuple(map(int, places)) for name, places in own["cores"].items()},
        {name: {one: str(value) for one, value in told.items()} for name, told in own["values"].items()},
        {name: tuple(map(int, places)) for name, places in own["wishes"].items()},
        frozenset(_words(own["open"])),
    )
    return _Read(
        texts,
        keys,
        evidence,
        {name: played[key] for name, key in own["histories"].items()},
        tuple(played[key] for key in own["shown"]),
    )


def _words(data: Any) -> tuple[str, ...]:
    if not isinstance(data, list) or not all(isinstance(one, str) for one in data):
        raise TypeError("no list of words")
    return tuple(data)
