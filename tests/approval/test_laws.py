"""One changed byte, wherever it stands, and nothing is approved any more."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

import pytest
from tests.approval.signing import Signed, packet_files, packet_of, policy_text
from tests.cli.command import PROTOCOL
from tests.laws.settings import LONG

from rung_engine.approval import ApprovalProblem, check, load
from rung_engine.approval.envelope import from_file, to_file
from rung_engine.approval.policy import from_toml
from rung_engine.approval.status import standing_of, subject_of
from rung_engine.artifact.load import ArtifactProblem
from rung_engine.artifact.seal import seal, to_bytes
from rung_lang.driver import compile_protocol
from rung_lang.source import Source

SAMPLES = 100_000 if LONG else 20
"""Bytes changed in each part; all of them where there are fewer."""


def small() -> bytes:
    artifact = compile_protocol("small.rung", lambda path: Source(path, PROTOCOL)).artifact
    assert artifact is not None
    return to_bytes(seal(artifact))


ARTIFACT = small()


def signed() -> Signed:
    from rung_engine.artifact.load import load as load_artifact

    return Signed(subject_of(load_artifact(ARTIFACT), ARTIFACT)).enough()


SIGNED = signed()
SIGNOFFS = to_file(SIGNED.envelopes)
POLICY = policy_text().encode()
PACKET = packet_files(SIGNED.subject.seal)


def status(
    artifact: bytes = ARTIFACT,
    signoffs: bytes = SIGNOFFS,
    policy: bytes = POLICY,
    packet: dict[str, bytes] = PACKET,
) -> str:
    """The status; `refused` where the bytes are not even read."""
    try:
        read = packet_of(packet)
        if artifact is not ARTIFACT:
            return check(artifact, signoffs, policy, packet=read).word
        return standing_of(SIGNED.subject, from_file(signoffs), from_toml(policy), read).word
    except (ApprovalProblem, ArtifactProblem):
        return "refused"


def flipped(data: bytes, places: range) -> Iterator[bytes]:
    """The data with one bit turned in one of these places."""
    choose = random.Random(6)
    for place in choose.sample(places, min(SAMPLES, len(places))):
        turned = bytearray(data)
        turned[place] ^= 1 << choose.randrange(8)
        yield bytes(turned)


def test_untouched_it_is_approved() -> None:
    assert status() == "approved"
    assert check(ARTIFACT, SIGNOFFS, POLICY, packet=packet_of(PACKET)).word == "approved"
    assert load(ARTIFACT, SIGNOFFS, POLICY).name == "small"
    with pytest.raises(ApprovalProblem, match="S107: small is not approved: draft, nobody has signed"):
        load(ARTIFACT, None, POLICY)


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "artifact": lambda: (status(artifact=one) for one in flipped(ARTIFACT, range(len(ARTIFACT)))),
    "sign-offs": lambda: (status(signoffs=one) for one in flipped(SIGNOFFS, range(len(SIGNOFFS)))),
    "fields of the sign-offs": lambda: (
        status(signoffs=one)
        for found in re.finditer(rb'"(?:payload|keyid|sig)": "(.*)"', SIGNOFFS)
        for one in flipped(SIGNOFFS, range(*found.span(1)))
    ),
    "keys of the policy": lambda: (
        status(policy=one)
        for found in list(re.finditer(rb'key = "(.*)"', POLICY))[:3]  # of those who signed
        for one in flipped(POLICY, range(*found.span(1)))
    ),
    "packet": lambda: (
        status(packet={**PACKET, name: one})
        for name, data in PACKET.items()
        for one in flipped(data, range(len(data)))
    ),
}


@pytest.mark.parametrize("part", PARTS)
def test_one_changed_byte_voids_the_approval(part: str) -> None:
    found = list(PARTS[part]())
    assert found
    assert "approved" not in found


def test_a_file_more_or_less_in_the_packet_voids_the_approval() -> None:
    assert status(packet={**PACKET, "more.html": b""}) == "refused"
    assert status(packet={name: data for name, data in PACKET.items() if name != "review.pdf"}) == "refused"
