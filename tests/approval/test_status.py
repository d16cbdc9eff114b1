"""Where an artifact stands: what counts, what does not and why, and what is still missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.approval.signing import (
    SUBJECT,
    Signed,
    packet_files,
    packet_of,
    policy,
    policy_text,
    private,
    public,
)

from rung_engine.approval.envelope import PAYLOAD_TYPE, encoded, from_file, to_file
from rung_engine.approval.packet import Packet
from rung_engine.approval.policy import from_toml
from rung_engine.approval.problems import ApprovalProblem
from rung_engine.approval.public_key import from_base64, to_base64
from rung_engine.approval.statement import Reviewed, moment, to_payload
from rung_engine.approval.status import Status, said


def codes(status: Status) -> list[str]:
    return [one.problem.code for one in status.void]


STATUSES = {
    "nobody": (Signed(), "draft", "draft, nobody has signed"),
    "the lead alone": (
        Signed().add("Robin", "lead"),
        "in review",
        "in review, 2 pharmacists still to approve",
    ),
    "enough": (Signed().enough(), "approved", "approved"),
    "enough, one rejects": (
        Signed().enough().add("Kim", verdict="reject"),
        "in review",
        "in review, rejected by Kim, 1 pharmacist still to approve",
    ),
    "a rejection by one who was not needed": (
        Signed().enough().add("Ada", verdict="reject"),
        "in review",
        "in review, rejected by Ada",
    ),
    "a rejection taken back": (
        Signed().add("Kim", verdict="reject").enough(),
        "approved",
        "approved",
    ),
    "retired": (Signed().enough().add("Sam", verdict="retire"), "retired", "retired by Sam"),
    "retired without a packet": (
        Signed().add("Sam", verdict="retire", reviewed=None),
        "retired",
        "retired by Sam",
    ),
    "the same pharmacist twice": (
        Signed().add("Robin", "lead").add("Sam").add("Sam"),
        "in review",
        "in review, 1 pharmacist still to approve",
    ),
    "the same pharmacist twice, in two copies": (
        Signed().add("Robin", "lead").add("Sam").add("Sam", blind=True, comment="again"),
        "in review",
        "in review, 1 pharmacist still to approve",
    ),
    "approved and rejected by one, in two copies": (
        Signed().enough().add("Kim", verdict="reject", blind=True),
        "in review",
        "in review, rejected by Kim",
    ),
    "now as the other role": (
        Signed().enough().add("Robin", "pharmacist"),
        "in review",
        "in review, 1 lead still to approve",
    ),
}


@pytest.mark.parametrize("name", STATUSES)
def test_the_status_follows_from_the_statements(name: str) -> None:
    signed, word, words = STATUSES[name]
    status = signed.status()
    assert (status.word, said(status)) == (word, words)


VOID: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "S110": ("Eve", {"key": "Sam"}, {}),
    "S111": ("Sam", {"role": "lead"}, {}),
    "S112": ("Sam", {"key": "Kim"}, {}),
    "S113": ("Sam", {"when": "2026-03-01T00:00:00Z"}, {"former": {"Sam": "lost = 2026-03-01"}}),
    "S114": ("Sam", {"when": "2020-01-01T00:00:00Z"}, {"former": {"Sam": "compromised = 2026-03-01"}}),
    "S115": ("Ada", {}, {}),
    "S118": ("Sam", {"subject": replace(SUBJECT, version="2.0.0")}, {}),
    "S121": ("Sam", {"verdict": "retire"}, {"head": 'may_retire = ["lead"]'}),
}


@pytest.mark.parametrize("code", VOID)
def test_what_does_not_count_says_why(code: str) -> None:
    person, changes, rules = VOID[code]
    status = Signed().add(person, **changes).status(policy(**rules))
    assert codes(status) == [code]
    assert person in status.void[0].problem.words
    assert (status.word, status.standing) == ("in review", ())


def test_a_lost_key_stands_for_what_it_signed_before_and_for_nothing_after() -> None:
    lost = policy(former={"Sam": "lost = 2026-03-01"})
    assert Signed().enough().status(lost).word == "approved"
    late = Signed().add("Robin", "lead").add("Sam", when="2026-03-01T00:00:00Z").add("Kim")
    assert (late.status(lost).word, codes(late.status(lost))) == ("in review", ["S113"])


def test_all_that_a_compromised_key_signed_is_void_whatever_its_date() -> None:
    stolen = policy(former={"Kim": "compromised = 2026-03-01"})
    assert codes(Signed().enough().status(stolen)) == ["S114"]
    rejected = Signed().add("Sam", verdict="reject").enough().add("Sam", verdict="reject")
    assert rejected.status(policy(former={"Sam": "compromised = 2026-03-01"})).rejected_by == ()


def test_a_signature_over_something_else_is_void() -> None:
    signed = Signed().enough()
    one, *others = signed.envelopes
    kept = replace(one, signature=private("Robin").sign(one.payload))  # without the type: no DSSE
    signed.envelopes = (kept, *others)
    assert codes(signed.status()) == ["S117"]


def test_the_encoding_is_that_of_dsse() -> None:
    """As the specification's example: `DSSEv1 29 http://example.com/HelloWorld 11 hello world`."""
    assert encoded(b"hello world") == f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} 11 hello world".encode()


def test_whom_the_signers_call_the_author_does_not_count_and_somebody_must_be() -> None:
    nobody = policy(head="")
    assert said(Signed().enough().status(nobody)) == "in review, nobody has said who wrote it"
    named = Signed().add("Robin", "lead").add("Sam", authors=("Eve",)).add("Kim")
    assert named.status(nobody).word == "approved"
    own = Signed().add("Robin", "lead").add("Sam", authors=("Kim",)).add("Kim")
    assert codes(own.status(nobody)) == ["S115"]


def test_one_person_in_two_roles_that_did_not_see_each_other_counts_in_neither() -> None:
    status = Signed().add("Robin", "lead").add("Robin", blind=True).add("Sam").status()
    assert codes(status) == ["S116", "S116"]
    assert status.missing == (("lead", 1), ("pharmacist", 1))


def test_a_statement_that_was_taken_away_is_missed() -> None:
    signed = Signed().add("Kim", verdict="reject").enough()
    signed.envelopes = signed.envelopes[1:]
    status = signed.status()
    assert status.word == "in review"
    assert {one.code for one in status.gone} == {"S120"}
    assert "Robin saw 1 statement when signing that is no longer here" in said(status)


def test_approvals_of_two_packets_do_not_add_up() -> None:
    signed = Signed().add("Robin", "lead").add("Sam")
    first = signed.packet
    signed.packet = packet_of(packet_files(SUBJECT.seal, weight="safety"))
    signed.add("Kim")
    assert codes(signed.status()) == ["S119"]
    assert signed.status().missing == (("pharmacist", 1),)
    assert codes(signed.status(packet=signed.packet)) == ["S119", "S119"]
    assert codes(signed.status(packet=first)) == ["S119"]


def test_a_packet_about_another_artifact_is_refused() -> None:
    other = Packet("f" * 64, Reviewed("a" * 64, "", "d" * 64, "none"))
    with pytest.raises(ApprovalProblem) as caught:
        Signed().enough().status(packet=other)
    assert caught.value.code == "S106"


def test_fewer_sign_what_is_wording_only() -> None:
    signed = Signed()
    signed.packet = packet_of(packet_files(SUBJECT.seal, weight="none"))
    status = signed.add("Sam").status()
    assert (status.word, status.for_wording, status.needs) == ("approved", True, (("pharmacist", 1),))
    alike = Signed()
    alike.packet = packet_of(packet_files(SUBJECT.seal, weight="none", old_seal=SUBJECT.seal))
    assert alike.add("Sam").status().word == "in review"  # compared with itself, anything is wording


def test_statements_about_other_bytes_are_counted_and_not_heeded() -> None:
    signed = Signed().enough()
    signed.subject = replace(SUBJECT, sha256="0" * 64)
    status = signed.status()
    assert (status.word, status.elsewhere) == ("draft", 3)


def test_a_policy_that_changed_is_told_and_judges_all_the_same() -> None:
    rules = policy()
    status = Signed().add("Robin", "lead", policy=rules.sha256).add("Sam").status(rules)
    assert (status.other_policy, len(status.standing)) == (1, 2)


def test_a_file_is_read_back_as_it_was_written_and_in_no_other_form() -> None:
    signed = Signed().enough()
    data = to_file(signed.envelopes)
    assert from_file(data) == signed.envelopes
    newer = data.replace(b'"format": 1', b'"format": 2')
    for wrong in (b"", b"[]", b"{}", b"\xff", data[:-1], data + b" ", newer, b"[" * 100_000):
        with pytest.raises(ApprovalProblem) as caught:
            from_file(wrong)
        assert caught.value.code == "S101"


POLICIES = {
    "not toml": ("format = ", "S102"),
    "another format": (policy_text().replace("format = 1", "format = 2"), "`format` should be 1"),
    "an unknown key": (policy_text(head="need = 1"), "`need`"),
    "nobody needed": ("format = 1\n[needs]\n", "`[needs]` names no role"),
    "no needs": ("format = 1\n", "no table `[needs]`"),
    "needs none": ("format = 1\n[needs]\nlead = 0\n", "`lead` in `[needs]`"),
    "a role nobody has": (policy_text().replace("lead = 1", "nurse = 1"), "role `nurse`"),
    "a key that is none": (policy_text().replace("=", "= ", 0).replace('="', 'A"'), "a `key` of Robin"),
    "a person twice": (policy_text().replace('"Sam"', '"Kim"'), "Kim stands in it twice"),
    "a lost key without a day": (policy_text(former={"Sam": "lost = true"}), "with a day"),
    "a name that turns round": (policy_text().replace("Kim", "K\\u202eim"), "cannot be seen"),
}


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_that_is_not_right_is_refused(name: str) -> None:
    text, words = POLICIES[name]
    with pytest.raises(ApprovalProblem) as caught:
        from_toml(text.encode())
    assert words in str(caught.value)


def test_one_key_is_of_one_person() -> None:
    more = f'[[person]]\nname = "Eve"\nroles = ["lead"]\nkey = "{key_text("Sam")}"'
    with pytest.raises(ApprovalProblem, match="one key stands in it twice: of Sam and of Eve"):
        policy(more=more)


def test_base64_is_read_in_the_one_form_in_which_it_is_written() -> None:
    assert from_base64("QQ==") == b"A"
    assert [from_base64(text) for text in ("QR==", "QQ", "QQ==\n", "Q Q==", "é")] == [None] * 5


def key_text(name: str) -> str:
    return to_base64(public(name))


@pytest.mark.parametrize(
    "text", ["2026-02-30T00:00:00Z", "2026-02-01", "2026-02-01T00:00:00+01:00", "2026-2-1T0:0:0Z"]
)
def test_a_moment_is_written_in_one_way(text: str) -> None:
    with pytest.raises(ApprovalProblem) as caught:
        moment(text)
    assert caught.value.code == "S122"


def test_words_that_were_put_under_a_signature_later_are_void() -> None:
    signed = Signed().enough()
    one, *others = signed.envelopes
    said_now = replace(one.statement, comment="and everything else")
    signed.envelopes = (replace(one, statement=said_now, payload=to_payload(said_now)), *others)
    assert "S117" in codes(signed.status())
