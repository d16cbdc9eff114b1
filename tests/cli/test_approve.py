"""`rung keys`, `rung approve`, and what `verify`, `run` and `cohort` make of a sign-off."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from pathlib import Path

import pytest
from tests.approval.signing import packet_in, packet_of, policy_text, private
from tests.cli.command import PROTOCOL, Ended, rung
from tests.docs.console import REWRITE

from rung_engine.approval.envelope import from_file
from rung_engine.approval.policy import from_toml
from rung_engine.approval.public_key import key_id
from rung_engine.approval.statement import Statement
from rung_engine.approval.status import subject_of
from rung_engine.artifact.load import load
from rung_engine.artifact.seal import seal, to_bytes
from rung_lang.cli import approve
from rung_lang.cli.key_file import public_of, write_key
from rung_lang.cli.sign_off import alone, packet_at, status_of

GOLDEN = Path(__file__).resolve().parent / "golden" / "verify_signed.txt"
AT = "2026-02-01T10:00:00Z"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    text = tmp_path_factory.mktemp("approve") / "small.rung"
    text.write_text(PROTOCOL, encoding="utf-8")
    assert rung("compile", str(text)).code == 0
    return text.with_suffix(".rungc").read_bytes()


@pytest.fixture
def place(compiled: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an artifact, its packet, a policy and everybody's keys."""
    (tmp_path / "small.rungc").write_bytes(compiled)
    packet_in(tmp_path / "packet", load(compiled).seal)
    (tmp_path / "policy.toml").write_text(policy_text(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNG_KEY_PASSPHRASE", raising=False)
    for name in ("Robin", "Sam", "Kim", "Ada"):
        write_key(f"{name}.key", private(name), "")
    return tmp_path


def signs(person: str, role: str = "pharmacist", *more: str, packet: str = "packet") -> Ended:
    return rung(
        "approve", "small.rungc", *(("--packet", packet) if packet else ()), "--as", person, "--role", role,
        "--key", f"{person}.key", "--policy", "policy.toml", "--at", AT, *more,
    )  # fmt: skip


def verified(*more: str) -> Ended:
    return rung("verify", "small.rungc", "--policy", "policy.toml", *more)


def refused(ended: Ended, code: str) -> None:
    assert (ended.code, ended.err.partition(":")[0], ended.out) == (3, f"error {code}", "")


# ---------------------------------------------------------------- signing


def test_a_committee_signs_and_every_line_of_it_is_told(place: Path) -> None:
    assert (verified().code, "draft, nobody has signed" in verified().out) == (1, True)
    assert signs("Robin", "lead", "--comment", "Read twice.\nThe ceiling is the one we agreed on.").code == 0
    assert "in review, 1 pharmacist still to approve" in signs("Sam").out
    assert "rejected by Kim" in signs("Kim", "pharmacist", "--verdict", "reject").out
    assert verified("--packet", "packet").code == 1
    assert signs("Kim").out.splitlines()[-1] == "  sign-off     approved"
    ended = verified("--packet", "packet")
    assert ended.code == 0, ended.said
    text = re.sub(r"\b[0-9a-f]{16}\b", "0123456789abcdef", ended.out)
    if REWRITE:
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80


def test_programs_get_the_same(place: Path) -> None:
    signed = json.loads(signs("Sam", "pharmacist", "--format", "json").out)
    data = json.loads(verified("--format", "json").out)
    assert data["sign_off"] == {**signed, "packet_seen": False}
    assert (signed["status"], signed["missing"]) == ("in review", {"lead": 1, "pharmacist": 1})
    assert [(one["person"], one["when"]) for one in signed["standing"]] == [("Sam", AT)]
    assert json.loads(rung("verify", "small.rungc", "--format", "json").out)["sign_off"] is None


def test_what_was_signed_in_another_role_is_said_to_be_replaced(place: Path) -> None:
    signs("Robin", "lead")
    assert "what you signed as lead: one person counts once" in signs("Robin").out


def test_two_who_sign_at_once_both_stand_there(place: Path, compiled: bytes) -> None:
    packet = packet_at("packet")
    rules = from_toml(policy_text(head='authors = ["Eve"]').encode())
    people = ["Robin", "Sam", "Kim", "Ada"] * 4
    begin = threading.Barrier(len(people))
    subject = subject_of(load(compiled), compiled)

    def sign(number: int, person: str) -> None:
        key = private(person)
        statement = Statement(
            subject, packet.reviewed, person, "pharmacist", "approve", str(number), AT, (), rules.sha256,
            key_id(public_of(key)), (),
        )  # fmt: skip
        begin.wait()
        with alone("small.rungc"):
            approve._append("small.rungc", statement, key, rules, packet)

    threads = [threading.Thread(target=sign, args=one) for one in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    there = from_file((place / "small.signoff.json").read_bytes())
    assert sorted(int(one.statement.comment) for one in there) == list(range(len(people)))
    assert [len(one.statement.seen) for one in there] == list(range(len(people)))


REFUSED = {
    "S110": ("Eve", "pharmacist", ()),
    "S111": ("Sam", "lead", ()),
    "S112": ("Kim", "pharmacist", ("--key", "Sam.key")),
    "S115": ("Ada", "pharmacist", ()),
    "S130": ("Sam", "pharmacist", ()),
}


@pytest.mark.parametrize("code", REFUSED)
def test_who_may_not_sign_is_told_and_nothing_is_written(place: Path, code: str) -> None:
    person, role, more = REFUSED[code]
    if code == "S110":
        write_key("Eve.key", private("Eve"), "")
    if code == "S130":
        (place / "Sam.key").chmod(0o640)
    refused(signs(person, role, *more), code)
    assert not (place / "small.signoff.json").exists()


@pytest.mark.parametrize(("what", "code"), [("lost", "S113"), ("compromised", "S114")])
def test_a_key_that_was_given_up_signs_nothing_not_even_with_an_older_date(
    place: Path, what: str, code: str
) -> None:
    text = policy_text(former={"Sam": f"{what} = 2026-03-01"})
    (place / "policy.toml").write_text(text, encoding="utf-8")
    refused(signs("Sam"), code)


def test_an_approval_needs_a_whole_packet_about_this_artifact(place: Path) -> None:
    assert signs("Sam", packet="").code == 2
    assert signs("Sam", "pharmacist", "--verdict", "retire", packet="").code == 0
    refused(signs("Sam", packet="nowhere"), "S104")
    packet_in(place / "other", "0" * 64)
    refused(signs("Sam", packet="other"), "S106")
    (place / "packet" / "review.html").write_bytes(b"<p>another page")
    refused(signs("Sam"), "S105")
    refused(verified("--packet", "packet"), "S105")


def test_the_copy_in_the_packet_can_be_signed_and_the_packet_stays_whole(
    place: Path, compiled: bytes
) -> None:
    folder = place / "packet"
    manifest = json.loads((folder / "packet.json").read_bytes())
    manifest["files"]["new.rungc"] = hashlib.sha256(compiled).hexdigest()
    (folder / "packet.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "new.rungc").write_bytes(compiled)
    before = packet_at("packet")
    key = ("--as", "Sam", "--role", "pharmacist", "--key", "Sam.key", "--policy", "policy.toml")
    assert rung("approve", "packet/new.rungc", "--packet", "packet", *key).code == 0
    assert (folder / "new.signoff.json").is_file()
    assert packet_at("packet") == before


def test_what_is_not_proved_is_rejected_and_not_approved(place: Path, compiled: bytes) -> None:
    artifact = load(compiled)
    certificate = artifact.certificate.model_copy(update={"state": "failed"})
    data = to_bytes(seal(artifact.model_copy(update={"certificate": certificate})))
    (place / "small.rungc").write_bytes(data)
    assert signs("Sam").err.startswith("error A109:")
    assert signs("Sam", "pharmacist", "--verdict", "reject", packet="").code == 0


def test_a_text_a_changed_artifact_and_a_changed_file_of_signatures_are_refused(place: Path) -> None:
    signs("Sam")
    refused(rung("verify", "small.rung", "--policy", "policy.toml"), "S123")
    file = place / "small.signoff.json"
    file.write_text(file.read_text().replace('"format": 1', '"format":1'))
    refused(verified(), "S101")
    data = (place / "small.rungc").read_bytes()
    (place / "small.rungc").write_bytes(data.replace(b"MAP", b"PAM", 1))
    assert verified().err.startswith("error A10")


def test_a_file_that_was_exchanged_after_it_was_loaded_is_not_approved(place: Path, compiled: bytes) -> None:
    for person, role in (("Robin", "lead"), ("Sam", "pharmacist"), ("Kim", "pharmacist")):
        signs(person, role)
    artifact = load(compiled)
    assert status_of("small.rungc", artifact, "policy.toml").word == "approved"
    other = seal(artifact.model_copy(update={"title": "Another"}))
    status = status_of("small.rungc", other, "policy.toml")
    assert (status.word, {one.problem.code for one in status.void}) == ("in review", {"S118"})


def test_a_moment_and_a_name_that_cannot_be_shown_are_usage(place: Path) -> None:
    assert (signs("Sam", "pharmacist", "--at", "yesterday").code) == 2
    ended = signs("Sam", "pharmacist", "--author", "Ad\u202ea")
    assert (ended.code, ended.err.partition(":")[0]) == (2, "error S122")


# ---------------------------------------------------------------- keys


def test_a_key_is_the_owners_alone_and_never_written_over(place: Path) -> None:
    made = rung("keys", "new", "Robin Field")
    file = place / "robin-field.key"
    assert (made.code, file.stat().st_mode & 0o777) == (0, 0o600)
    before = file.read_bytes()
    refused(rung("keys", "new", "Robin Field"), "S132")
    assert file.read_bytes() == before
    assert not list(place.glob(".*"))
    shown = json.loads(rung("keys", "show", "robin-field.key", "--format", "json").out)
    assert f'key = "{shown["key"]}"' in made.out
    assert len(base64.b64decode(shown["key"])) == 32


def test_a_key_under_a_passphrase_opens_with_it_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNG_KEY_PASSPHRASE", "correct horse")
    assert rung("keys", "new", "Robin", "-o", "locked.key", "--passphrase").code == 0
    assert b"ENCRYPTED" in (place / "locked.key").read_bytes()
    assert rung("keys", "show", "locked.key").code == 0
    monkeypatch.setenv("RUNG_KEY_PASSPHRASE", "wrong")
    refused(rung("keys", "show", "locked.key"), "S131")
    monkeypatch.delenv("RUNG_KEY_PASSPHRASE")
    refused(rung("keys", "show", "locked.key"), "S133")


def test_what_is_no_key_is_refused(place: Path) -> None:
    (place / "none.key").write_bytes(b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n")
    (place / "none.key").chmod(0o600)
    refused(rung("keys", "show", "none.key"), "S131")
    refused(rung("keys", "show", "nowhere.key"), "C101")


# ---------------------------------------------------------------- execution


def test_what_is_not_approved_runs_only_where_that_is_wanted_and_says_so(
    place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from rung_engine.sources.synthetic import main

    data = str(tmp_path_factory.mktemp("data"))
    main([data, "--stays", "2", "--seed", "7"])
    signs("Robin", "lead")
    for command in (("run", "--all"), ("cohort", "--html", "report.html")):
        asked = (command[0], "small.rungc", "--data", data, *command[1:])
        refused(rung(*asked, "--policy", "policy.toml"), "S107")
        ended = rung(*asked, "--policy", "policy.toml", "--unapproved")
        line = "sign-off in review, 2 pharmacists still to approve; run all the same"
        assert (ended.code, line in ended.out) == (0, True), ended.said
        assert rung(*asked, "--unapproved").code == 2
    assert "Not approved." in (place / "report.html").read_text(encoding="utf-8")
    rows = ("run", "small.rungc", "--data", data, "--all", "--policy", "policy.toml", "-o", "rows.jsonl")
    assert rung(*rows, "--unapproved").code == 0
    said = {json.loads(line)["sign_off"] for line in (place / "rows.jsonl").read_text().splitlines()}
    assert said == {line.removeprefix("sign-off ")}
    signs("Sam")
    signs("Kim")
    ended = rung("run", "small.rungc", "--data", data, "--all", "--policy", "policy.toml")
    assert (ended.code, "\nsign-off approved\n" in ended.out) == (0, True), ended.said


def test_the_packet_of_the_tests_is_one(place: Path) -> None:
    files = {file.name: file.read_bytes() for file in (place / "packet").iterdir()}
    assert packet_at("packet") == packet_of(files)
