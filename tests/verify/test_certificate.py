"""A certificate: what it holds, that it is judged anew without a solver, and that nothing can be forged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rung_engine.artifact import model as m
from rung_engine.artifact.certificate import refusal
from rung_engine.artifact.load import load
from rung_engine.artifact.seal import seal, to_bytes
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.source import Source, Unreadable, decode
from rung_lang.verify.certificates.certificate import certified, crossed, judge
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.histories.histories import Remembered
from rung_lang.verify.solving import cross
from rung_lang.verify.solving.answers import Memory
from rung_lang.verify.solving.cross import Crossed
from rung_lang.verify.solving.remembering import Remembering
from rung_lang.verify.solving.solve import Solver
from rung_lang.verify.verify import verify

ROOT = Path(__file__).resolve().parents[2]
PROVED = "tests/verify/good/R302-latched-but-open.rung"
FAILED = "tests/verify/bad/R302-latched.rung"
PRODUCTS = "tests/verify/bad/R401-per-kilogram.rung"
SICKER = "tests/verify/bad/R206-less-for-sicker.rung"
TEXTS = (PROVED, FAILED, PRODUCTS, SICKER, "tests/verify/bad/R301-clash.rung")


def read(path: str) -> Source | Unreadable | None:
    file = ROOT / path
    return decode(path, file.read_bytes()) if file.exists() else None


@cache
def compiled(path: str) -> Compiled:
    result = compile_protocol(path, read)
    assert result.artifact is not None
    return result


def made(path: str, kept: Memory | None = None) -> m.Artifact:
    """The artifact of a text, with its certificate; with the answers of earlier runs, if there are any."""
    result = compiled(path)
    assert result.artifact is not None
    store = kept or Memory()

    def asks(space: Space) -> Remembering:
        return Remembering(Solver(space), store)

    histories = Remembered(store, result.artifact.meaning)
    _, certificate = certified(
        result.artifact, result.sources, path, result.examples, asks, {"rung": "1"}, histories
    )
    return seal(result.artifact.model_copy(update={"certificate": certificate}))


@cache
def artifact(path: str) -> m.Artifact:
    return made(path)


# ---------------------------------------------------------------- what it holds


@pytest.mark.parametrize("path", TEXTS)
def test_it_holds_when_it_is_read_again_and_no_solver_is_asked(path: str) -> None:
    again = load(to_bytes(artifact(path)))
    judged = judge(again)
    assert judged.wrong == ()
    assert judged.by_solver == 0
    assert judged.certificate == again.certificate
    assert (refusal(again) is None) == (again.certificate.state == "proved")


def test_it_names_what_it_is_of_and_on_what_each_verdict_rests() -> None:
    certificate = artifact(PROVED).certificate
    assert certificate.of == artifact(PROVED).meaning
    assert certificate.state == "proved"
    assert {one.trust for one in certificate.obligations} == {"checked", "replayed"}
    for one in certificate.obligations:
        assert one.evidence == "" or one.evidence in certificate.evidence
        if one.trust == "replayed":
            assert json.loads(certificate.evidence[one.evidence])["kind"] == "history"
    kinds = {json.loads(text)["kind"] for text in certificate.evidence.values()}
    assert kinds == {"never", "history", "answers"}


@pytest.mark.parametrize("path", (PROVED, FAILED))
def test_it_is_the_same_with_and_without_the_answers_of_earlier_runs(path: str) -> None:
    kept = Memory()
    first, second = made(path, kept), made(path, kept)
    assert to_bytes(first) == to_bytes(second) == to_bytes(artifact(path))


def test_it_is_the_same_in_every_process() -> None:
    code = (
        "import sys\n"
        "from tests.verify.test_certificate import PROVED, made\n"
        "from rung_engine.artifact.seal import to_bytes\n"
        "sys.stdout.buffer.write(to_bytes(made(PROVED)))\n"
    )
    for seed in ("1", "2"):
        assert ran(code, PYTHONHASHSEED=seed) == to_bytes(artifact(PROVED))


def test_judging_it_needs_no_solver_to_be_there(tmp_path: Path) -> None:
    file = tmp_path / "made.rungc"
    file.write_bytes(to_bytes(artifact(PROVED)))
    code = (
        "import sys\n"
        "sys.modules['z3'] = sys.modules['cvc5'] = None\n"
        "from rung_engine.artifact.load import load\n"
        "from rung_lang.verify.certificates.certificate import judge\n"
        f"judged = judge(load(open({str(file)!r}, 'rb').read()))\n"
        "print(judged.wrong, judged.by_solver, judged.certificate.state)\n"
    )
    assert ran(code) == b"() 0 proved\n"


def test_the_checker_imports_formulas_and_nothing_else_of_the_verifier() -> None:
    code = (
        "import sys, rung_lang.verify.certificates.checker\n"
        "print(sorted(name for name in sys.modules if name.startswith(('rung', 'z3', 'cvc5'))))\n"
    )
    below = ["certificates", "certificates.checker", "formulas", "formulas.formula"]
    own = [
        "rung_lang",
        "rung_lang.verify",
        *(f"rung_lang.verify.{name}" for name in below),
    ]
    assert ran(code).decode().strip() == str(["rung_engine", "rung_engine.frozen", *own])


def ran(code: str, **more: str) -> bytes:
    """What this Python program prints."""
    paths = os.pathsep.join(str(ROOT / one) for one in ("dsl", "engine", "."))
    environment = {**os.environ, "PYTHONPATH": paths, **more}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout


# ---------------------------------------------------------------- what cannot be forged


def wrong(**changes: Any) -> set[str]:
    """What is found wrong with the certificate where these fields are others."""
    told = artifact(PROVED).certificate.model_copy(update=changes)
    return {one.kind for one in judge(artifact(PROVED).model_copy(update={"certificate": told})).wrong}


def test_every_field_is_compared_with_what_it_should_be() -> None:
    told = artifact(PROVED).certificate
    assert wrong() == set()
    assert wrong(state="failed") == {"state"}
    assert wrong(of="0" * 64) == {"of"}
    for name in ("modes", "assumed", "approximated", "not_analysed"):
        assert wrong(**{name: ("what nobody did",)}) == {"said"}
    assert wrong(obligations=told.obligations[1:]) == {"missing"}
    assert wrong(obligations=told.obligations[::-1]) == {"said"}
    one = told.obligations[0]
    assert wrong(obligations=(*told.obligations, one.model_copy(update={"about": ("nobody",)}))) == {"extra"}
    others = {
        "verdict": "refuted",
        "layer": "symbolic",
        "trust": "solver",
        "evidence": "0" * 16,
        "reason": "so",
    }
    for name, value in others.items():
        changed = one.model_copy(update={name: value})
        assert wrong(obligations=(changed, *told.obligations[1:])) == {"otherwise"}


def test_a_proof_of_one_text_is_none_of_another() -> None:
    other = artifact(FAILED).model_copy(update={"certificate": artifact(PROVED).certificate})
    assert {one.kind for one in judge(other).wrong} == {"of"}


def test_a_failed_proof_cannot_be_called_proved() -> None:
    told = artifact(FAILED).certificate
    obligations = tuple(
        one.model_copy(update={"verdict": "proved"}) if one.verdict == "refuted" else one
        for one in told.obligations
    )
    forged = told.model_copy(update={"state": "proved", "obligations": obligations})
    judged = judge(artifact(FAILED).model_copy(update={"certificate": forged}))
    assert {"state", "otherwise"} <= {one.kind for one in judged.wrong}


def records(kind: str) -> dict[str, dict[str, Any]]:
    found = {key: json.loads(text) for key, text in artifact(PROVED).certificate.evidence.items()}
    return {key: content for key, content in found.items() if content["kind"] == kind}


def forged(change: Callable[[dict[str, Any]], None], kind: str, place: int = 0) -> set[str]:
    """What is found wrong where one piece of evidence is changed, its key with it, and what names it."""
    import hashlib

    key, content = list(records(kind).items())[place]
    change(content)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    new = hashlib.sha256(text.encode()).hexdigest()[:16]
    evidence: dict[str, str] = {}
    for other, said in artifact(PROVED).certificate.evidence.items():
        if other == key:
            evidence[new] = text
        elif key in said:
            said = said.replace(key, new)
            evidence[hashlib.sha256(said.encode()).hexdigest()[:16]] = said
        else:
            evidence[other] = said
    return wrong(evidence=evidence)


def test_evidence_is_known_by_its_digest() -> None:
    evidence = dict(artifact(PROVED).certificate.evidence)
    key, text = next(iter(evidence.items()))
    assert wrong(evidence={**evidence, key: text + " "}) == {"unreadable"}
    assert wrong(evidence={**evidence, "0" * 16: text}) == {"unreadable"}
    assert wrong(evidence={**evidence, key: "no JSON"}) == {"unreadable"}
    assert wrong(evidence={}) == {"unreadable"}


def test_steps_are_followed_again() -> None:
    stepped = [place for place, one in enumerate(records("never").values()) if one["steps"]]
    assert stepped
    for place in stepped:
        assert "steps" in forged(lambda one: one.update(steps=[]), "never", place)
        assert "steps" in forged(lambda one: one.update(steps=[[[]]]), "never", place)


def test_facts_are_those_that_are_always_true() -> None:
    with_facts = [place for place, one in enumerate(records("never").values()) if one["facts"]]
    assert with_facts
    for place in with_facts:
        assert "steps" in forged(lambda one: one.update(facts=one["facts"][1:]), "never", place)
        assert "steps" in forged(lambda one: one.update(facts=["0" * 12, *one["facts"][1:]]), "never", place)


def test_formulas_that_say_less_are_not_enough() -> None:
    several = [place for place, one in enumerate(records("never").values()) if len(one["formulas"]) > 1]
    assert several
    for place in several:
        assert "steps" in forged(lambda one: one.update(formulas=one["formulas"][1:]), "never", place)
    assert forged(lambda one: one.update(formulas=[]), "never") == {"unreadable"}


def test_histories_are_played_again() -> None:
    def otherwise(one: dict[str, Any]) -> None:
        one["events"] = one["events"][:1]

    for place in range(len(records("history"))):
        assert forged(otherwise, "history", place) & {"otherwise", "missing", "unused"}


def test_values_are_judged_again() -> None:
    (answers,) = records("answers").values()
    assert answers["values"]
    for name in answers["values"]:
        found = forged(lambda one, name=name: one["values"].update({name: {}}), "answers")  # type: ignore[misc]
        assert found, name
    assert forged(lambda one: one.update(open=[*one["open"], "0" * 12]), "answers") == {"unused"}


def test_what_is_left_out_is_asked_of_a_solver_and_counted() -> None:
    """Nothing is lost but time and what may be said of the trust."""
    evidence = {
        key: text
        for key, text in artifact(PROVED).certificate.evidence.items()
        if json.loads(text)["kind"] != "never"
    }
    told = artifact(PROVED).certificate.model_copy(update={"evidence": evidence})
    judged = judge(artifact(PROVED).model_copy(update={"certificate": told}))
    assert judged.by_solver > 0
    assert judged.certificate.state == "proved"
    assert "otherwise" in {one.kind for one in judged.wrong}
    assert {one.trust for one in judged.certificate.obligations} > {"solver"}


# ---------------------------------------------------------------- two solvers


@pytest.mark.parametrize("path", (PROVED, PRODUCTS))
def test_two_solvers_agree(path: str) -> None:
    agreement = crossed(artifact(path))
    assert agreement is not None
    assert agreement.asked > 20
    assert (agreement.disagreed, agreement.gave_up) == ((), 0)


def test_a_disagreement_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    possible = cross._Cvc5.possible
    monkeypatch.setattr(cross._Cvc5, "possible", lambda *args, **named: not possible(*args, **named))
    agreement = crossed(artifact(PROVED))
    assert agreement is not None and agreement.disagreed


def test_crossing_changes_no_verdict() -> None:
    result = compiled(PROVED)
    assert result.artifact is not None
    plain = verify(result.artifact, result.sources, PROVED, result.examples)
    both = verify(result.artifact, result.sources, PROVED, result.examples, Crossed)
    assert plain.obligations == both.obligations


def test_the_schema_knows_the_certificate(tmp_path: Path) -> None:
    content: Mapping[str, Any] = json.loads(to_bytes(artifact(PROVED)))
    assert set(content["certificate"]) == {
        "state", "of", "tools", "modes", "assumed", "approximated", "not_analysed", "obligations", "evidence",
    }  # fmt: skip
