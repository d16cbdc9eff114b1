"""Keys, policies, packets and signed statements for tests: made at run time, the same in every run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rung_engine.approval.envelope import Envelope, signed
from rung_engine.approval.packet import Packet, opened
from rung_engine.approval.policy import Policy, from_toml
from rung_engine.approval.public_key import key_id, to_base64
from rung_engine.approval.statement import Statement, Subject, Verdict
from rung_engine.approval.status import Status, standing_of

NAMES = {
    "Robin": ("lead", "pharmacist"),
    "Sam": ("pharmacist",),
    "Kim": ("pharmacist",),
    "Ada": ("pharmacist",),
}
SUBJECT = Subject("small", "1.0.0", "a" * 64, "b" * 64, "c" * 64)
FILES = {"review.html": b"<p>a page", "review.pdf": b"%PDF", "summary.md": b"# Change"}


def private(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def public(name: str) -> bytes:
    return private(name).public_key().public_bytes_raw()


def policy_text(head: str = 'authors = ["Ada"]', more: str = "", former: dict[str, str] | None = None) -> str:
    """One lead and two pharmacists; `former`: by name, what became of her key: `lost = 2026-03-01`."""
    people = []
    for name, roles in NAMES.items():
        key = f'key = "{to_base64(public(name))}"'
        gone = (former or {}).get(name)
        people.append(f'[[person]]\nname = "{name}"\nroles = {json.dumps(roles)}')
        people.append(key if gone is None else f"[[person.former]]\n{key}\n{gone}")
    needs = "[needs]\nlead = 1\npharmacist = 2\n[needs.wording]\npharmacist = 1"
    return "\n".join(["format = 1", head, needs, *people, more]) + "\n"


def policy(**how: Any) -> Policy:
    return from_toml(policy_text(**how).encode())


def packet_files(seal: str, weight: str = "treatment", old_seal: str = "d" * 64) -> dict[str, bytes]:
    """Every file of a packet, by name."""
    manifest = {
        "form": "rung review packet",
        "format": 1,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()},
        "new": {"version": "1.0.0", "seal": seal},
        "old": {"version": "0.9.0", "seal": old_seal},
        "weight": weight,
    }
    return {"packet.json": json.dumps(manifest).encode(), **FILES}


def packet_of(files: dict[str, bytes]) -> Packet:
    digests = {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "packet.json"
    }
    return opened(files["packet.json"], digests)


def packet_in(folder: Path, seal: str) -> Path:
    folder.mkdir()
    for name, data in packet_files(seal).items():
        (folder / name).write_bytes(data)
    return folder


class Signed:
    """Statements about one subject, each signed when it was added, each having seen those before it."""

    def __init__(self, subject: Subject = SUBJECT) -> None:
        self.subject = subject
        self.packet = packet_of(packet_files(subject.seal))
        self.envelopes: tuple[Envelope, ...] = ()

    def add(
        self,
        person: str,
        role: str = "pharmacist",
        verdict: Verdict = "approve",
        *,
        key: str = "",
        blind: bool = False,
        **changes: Any,
    ) -> Signed:
        """`key`: whose; `blind`: without having seen what stands there."""
        statement = Statement(
            subject=self.subject,
            reviewed=self.packet.reviewed,
            person=person,
            role=role,
            verdict=verdict,
            comment="",
            when="2026-02-01T10:00:00Z",
            authors=(),
            policy="e" * 64,
            key=key_id(public(key or person)),
            seen=() if blind else tuple(one.digest for one in self.envelopes),
        )
        one = signed(replace(statement, **changes), private(key or person).sign)
        self.envelopes = (*self.envelopes, one)
        return self

    def enough(self) -> Signed:
        return self.add("Robin", "lead").add("Sam").add("Kim")

    def status(self, rules: Policy | None = None, packet: Packet | None = None) -> Status:
        return standing_of(self.subject, self.envelopes, rules or policy(), packet)
