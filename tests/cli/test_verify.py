"""`rung verify`: what it says of a certificate that holds, of one that does not, and how it ends."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import PROTOCOL, rung

from rung_engine.artifact.load import load
from rung_engine.artifact.seal import seal, to_bytes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small protocol, proved and compiled."""
    text = tmp_path_factory.mktemp("verify") / "small.rung"
    text.write_text(PROTOCOL, encoding="utf-8")
    assert rung("compile", str(text)).code == 0
    return text.with_suffix(".rungc")


def forged(made: Path, tmp_path: Path, **changes: Any) -> str:
    """The same artifact with other fields in its certificate, sealed again."""
    artifact = load(made.read_bytes())
    certificate = artifact.certificate.model_copy(update=changes)
    path = tmp_path / "forged.rungc"
    path.write_bytes(to_bytes(seal(artifact.model_copy(update={"certificate": certificate}))))
    return str(path)


def test_a_certificate_that_holds_is_told_with_what_it_rests_on(made: Path) -> None:
    ended = rung("verify", str(made))
    assert ended.code == 0, ended.said
    first, *lines = ended.out.splitlines()
    assert first == f"{made}: proved, and the certificate holds."
    words = [line[:15].strip() for line in lines]
    assert words == ["obligations", "by bounds", "by steps", "by values", "by history", "by solver"]
    assert lines[-1].endswith("no solver was asked")
    assert max(map(len, lines)) <= 80


def test_a_text_is_proved_and_then_judged(made: Path) -> None:
    ended = rung("verify", str(made.with_suffix(".rung")))
    assert ended.code == 0
    assert ended.out.splitlines()[1:] == rung("verify", str(made)).out.splitlines()[1:]


def test_programs_get_the_same(made: Path) -> None:
    ended = rung("verify", str(made), "--format", "json")
    data = json.loads(ended.out)
    assert ended.code == 0
    assert data["holds"] is True
    assert (data["state"], data["wrong"], data["cross_check"]) == ("proved", [], None)
    assert data["meaning"] == load(made.read_bytes()).meaning
    assert data["obligations"]["undecided"] == 0
    assert data["answers"]["solver"] == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "failed"}, "It says `failed`"),
        ({"of": "0" * 64}, "It is of other content"),
        ({"assumed": ("all is well",)}, "What it says under `assumed`"),
        ({"obligations": ()}, "It leaves out R301 stage:only."),
    ],
)
def test_whatever_is_wrong_is_said(made: Path, tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    path = forged(made, tmp_path, **changes)
    ended = rung("verify", path)
    assert ended.code == 1, ended.said
    assert ended.out.startswith(f"{path}: the certificate does not hold")
    assert re.search(rf"^  WRONG +{re.escape(words)}", ended.out, re.MULTILINE), ended.out
    data = json.loads(rung("verify", path, "--format", "json").out)
    assert data["holds"] is False and data["wrong"]


def test_evidence_that_was_changed_is_said(made: Path, tmp_path: Path) -> None:
    evidence = load(made.read_bytes()).certificate.evidence
    path = forged(
        made, tmp_path, evidence={key: text.replace("never", "ever") for key, text in evidence.items()}
    )
    ended = rung("verify", path)
    assert (ended.code, "I cannot read the evidence" in ended.out) == (1, True)


def test_what_was_never_proved_is_refused(made: Path, tmp_path: Path) -> None:
    ended = rung("verify", forged(made, tmp_path, state="none", of=""))
    assert (ended.code, ended.err.partition(":")[0]) == (1, "error A108")


def test_a_failed_proof_is_told_as_one(tmp_path: Path) -> None:
    text = tmp_path / "broken.rung"
    text.write_text(PROTOCOL.replace(" resting", ""), encoding="utf-8")
    assert rung("compile", str(text)).code == 1
    ended = rung("verify", str(text.with_suffix(".rungc")))
    assert ended.code == 1
    assert "the proof failed, and the certificate holds." in ended.out


def test_two_solvers_are_compared(made: Path) -> None:
    ended = rung("verify", str(made), "--cross-check")
    assert ended.code == 0, ended.said
    assert re.search(
        r"^  cross-check  cvc5 \S+ was asked \d+ questions and agrees on all$", ended.out, re.MULTILINE
    )
    data = json.loads(rung("verify", str(made), "--cross-check", "--format", "json").out)
    assert data["cross_check"]["disagreed"] == []


def test_a_second_solver_that_is_not_there_is_named(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cvc5", None)
    ended = rung("verify", str(made), "--cross-check")
    assert ended.code == 2
    assert ended.err.startswith("error C129:") and "rung[cross]" in ended.err
