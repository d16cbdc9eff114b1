"""What is not proved is executed by no engine unasked; where it is asked for, every decision says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.command import PROTOCOL

from rung_engine.artifact.canonical import canonical_bytes, meaning_of, seal_of
from rung_engine.artifact.certificate import CODES, CertificateProblem, Unproved, refusal
from rung_engine.artifact.load import ArtifactProblem, load
from rung_engine.artifact.model import Artifact, Certificate, Obligation
from rung_engine.artifact.seal import seal, to_bytes
from rung_engine.decision.model import Decision, decision_bytes
from rung_engine.event import Charted, Infusion, Reading
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_engine.session.session import Session
from rung_lang.driver import compile_protocol
from rung_lang.source import Source, decode

MINUTE = 60_000
EVENTS = (
    Reading("age", 0, "age", Charted(60_000_000, "years")),
    Reading("weight", 0, "weight", Charted(70_000_000, "kg")),
    Infusion("off", 0, "norepinephrine", Charted(0, "mcg/kg/min")),
    Reading("first", 5 * MINUTE, "MAP", Charted(60_000_000, "mmHg")),
    Reading("then", 9 * MINUTE, "MAP", Charted(80_000_000, "mmHg")),
)


def compiled(text: str) -> Artifact:
    def read(path: str) -> Source:
        source = decode(path, text.encode())
        assert isinstance(source, Source)
        return source

    artifact = compile_protocol("small.rung", read).artifact
    assert artifact is not None
    return artifact


ARTIFACT = compiled(PROTOCOL)
OTHER = compiled(PROTOCOL.replace("MAP < 65", "MAP < 60"))


def certified(artifact: Artifact, **fields: Any) -> Artifact:
    """The artifact with this certificate, through its bytes as an engine meets it."""
    of = {"of": artifact.meaning, **fields}
    return load(to_bytes(seal(artifact.model_copy(update={"certificate": Certificate(**of)}))))


PROVED = certified(ARTIFACT, state="proved")
UNPROVED: dict[Unproved, Artifact] = {
    "missing": load(to_bytes(ARTIFACT)),
    "failed": certified(ARTIFACT, state="failed"),
    "undecided": certified(ARTIFACT, state="undecided"),
    "mismatched": certified(ARTIFACT, **certified(OTHER, state="proved").certificate.model_dump()),
}


def by_session(program: Program) -> list[Decision]:
    session = Session(program)
    return [decision for event in EVENTS for decision in session.feed(event)]


def by_reference(program: Program) -> list[Decision]:
    return list(Runner(program, EVENTS).run(EVENTS[-1].time))


ENGINES: dict[str, Callable[[Program], list[Decision]]] = {"session": by_session, "reference": by_reference}
engines = pytest.mark.parametrize("engine", ENGINES)
unproved = pytest.mark.parametrize("state", UNPROVED)


def test_each_state_has_a_code_of_its_own_and_a_case_here() -> None:
    assert set(UNPROVED) == set(CODES) == set(get_args(Unproved))
    assert list(CODES.values()) == ["A108", "A109", "A110", "A111"]


@engines
@unproved
def test_no_engine_executes_what_is_not_proved(engine: str, state: Unproved) -> None:
    with pytest.raises(CertificateProblem) as caught:
        ENGINES[engine](Program(UNPROVED[state]))
    assert (caught.value.state, caught.value.code) == (state, CODES[state])
    assert str(caught.value).startswith(f"{CODES[state]}: ")


@engines
@unproved
def test_told_to_an_engine_executes_it_and_every_decision_says_so(engine: str, state: Unproved) -> None:
    decisions = ENGINES[engine](Program(UNPROVED[state], unverified=True))
    assert len(decisions) > 2
    assert {decision.unproved for decision in decisions} == {state}
    assert all(f'"unproved":"{state}"'.encode() in decision_bytes(decision) for decision in decisions)


@engines
@pytest.mark.parametrize("unverified", [False, True])
def test_a_proved_artifact_is_executed_and_no_decision_says_it_is_not(engine: str, unverified: bool) -> None:
    decisions = ENGINES[engine](Program(PROVED, unverified=unverified))
    assert any(order.target == "norepinephrine" for one in decisions for order in one.content.orders)
    assert {decision.unproved for decision in decisions} == {None}
    assert not any(b"unproved" in decision_bytes(decision) for decision in decisions)


@unproved
def test_the_certificate_changes_no_decision(state: Unproved) -> None:
    proved, other = by_session(Program(PROVED)), by_session(Program(UNPROVED[state], unverified=True))
    assert [decision.content for decision in proved] == [decision.content for decision in other]


def test_a_certificate_outlives_no_change_of_the_artifact_it_came_with() -> None:
    moved = seal(PROVED.model_copy(update={"settle": PROVED.settle + 1}))
    assert moved.meaning != PROVED.meaning
    found = refusal(load(to_bytes(moved)))
    assert found is not None and found.code == "A111"


@given(
    state=st.sampled_from(get_args(get_type_hints(Certificate)["state"])),
    of=st.sampled_from(["", ARTIFACT.meaning, OTHER.meaning, ARTIFACT.meaning.upper()]),
    meaning=st.sampled_from(["", ARTIFACT.meaning]),
)
def test_only_a_proof_of_this_very_content_counts(state: Any, of: str, meaning: str) -> None:
    artifact = ARTIFACT.model_copy(
        update={"certificate": Certificate(state=state, of=of), "meaning": meaning}
    )
    assert (refusal(artifact) is None) == (state == "proved" and of == meaning == ARTIFACT.meaning)


# ---------------------------------------------------------------- the form


def big(count: int = 3000) -> dict[str, Any]:
    """The fields of a certificate with everything in it."""
    proof = json.dumps({"leaf": ["µ", '"', "\\", "\n"], "over": list(range(200))}, ensure_ascii=False)
    evidence = {f"{index:016x}": f"{proof}{index}" for index in range(count // 2)}
    obligations = tuple(
        Obligation(
            code=f"R{201 + index % 7}",
            about=(f"escalate.rule_{index}", "stage:escalate"),
            verdict=("proved", "refuted", "undecided")[index % 3],
            layer=("text", "instant", "letters", "clocks", "symbolic", "cycles", "replay")[index % 7],
            trust=("checked", "solver", "replayed")[index % 3],
            evidence=f"{index // 2:016x}" if index % 2 else "",
            reason="more than three coupled clocks" if index % 3 == 2 else "",
        )
        for index in range(count)
    )
    return {
        "state": "undecided",
        "tools": {"z3": "4.13", "rung": "0.1.0"},
        "modes": ("free", "obeyed"),
        "assumed": ("lactate < 20 mmol/L",),
        "approximated": ("`mean MAP over 1 h` is any pressure",),
        "not_analysed": ("R601",),
        "obligations": obligations,
        "evidence": evidence,
    }


def test_a_big_certificate_is_read_back_as_it_was_written() -> None:
    fields = big()
    artifact = certified(ARTIFACT, **fields)
    assert artifact.certificate == Certificate(of=ARTIFACT.meaning, **fields)
    assert to_bytes(artifact) == to_bytes(load(to_bytes(artifact)))
    backwards = {**fields, "evidence": dict(reversed(fields["evidence"].items()))}
    assert to_bytes(certified(ARTIFACT, **backwards)) == to_bytes(artifact)


def test_a_certificate_is_under_the_seal_and_outside_the_meaning() -> None:
    artifact = certified(ARTIFACT, **big(6))
    assert artifact.meaning == ARTIFACT.meaning
    assert artifact.seal != ARTIFACT.seal
    with pytest.raises(ArtifactProblem) as caught:
        load(to_bytes(artifact).replace(b'"state":"undecided"', b'"state":"proved"'))
    assert caught.value.code == "A104"


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    content = json.loads(to_bytes(certified(ARTIFACT, **big(6))))
    change(content)
    content["meaning"] = meaning_of(content)
    content["seal"] = seal_of(content)
    return canonical_bytes(content)


SPOILT: dict[str, tuple[str, str, Callable[[dict[str, Any]], object]]] = {
    "state": ("A102", "$.certificate.state", lambda c: c["certificate"].update(state="sure")),
    "layer": ("A102", "$.certificate.obligations[2].layer", lambda c: _one(c, 2).update(layer="luck")),
    "verdict": ("A102", "$.certificate.obligations[0]", lambda c: _one(c, 0).pop("verdict")),
    "evidence": ("A102", "$.certificate.evidence", lambda c: c["certificate"].update(evidence={"a": {}})),
    "more": ("A102", "$.certificate", lambda c: c["certificate"].update(signed="me")),
    "key": ("A106", "obligations/1/evidence", lambda c: _one(c, 1).update(evidence="nowhere")),
}


def _one(content: dict[str, Any], index: int) -> dict[str, Any]:
    found: dict[str, Any] = content["certificate"]["obligations"][index]
    return found


@pytest.mark.parametrize("what", SPOILT)
def test_the_schema_and_the_references_hold_a_certificate(what: str) -> None:
    code, place, change = SPOILT[what]
    with pytest.raises(ArtifactProblem) as caught:
        load(changed(change))
    assert caught.value.code == code
    assert place in caught.value.detail


def test_an_artifact_of_the_first_format_is_read_and_counts_as_not_proved() -> None:
    content = json.loads(to_bytes(ARTIFACT))
    content["format"] = 1
    content["certificate"] = {"state": "none"}
    content["meaning"] = meaning_of(content)
    content["seal"] = seal_of(content)
    found = refusal(load(canonical_bytes(content)))
    assert found is not None and found.code == "A108"
