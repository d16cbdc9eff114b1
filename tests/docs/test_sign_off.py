"""The page about signing, done as a committee does it: keys, policy, signatures, a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.approval.signing import packet_in
from tests.cli.command import PROTOCOL
from tests.docs import console
from tests.docs.pages import DOCS, blocks

from rung_engine.approval.policy import from_toml
from rung_engine.artifact.load import load
from rung_lang.cli import approve

PAGE = DOCS / "reference" / "sign-off.md"


class Clock(datetime):
    """Half past nine, always."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Clock:
        return cls(2026, 11, 23, 9, 30, tzinfo=UTC)


def _keys() -> Iterator[Ed25519PrivateKey]:
    """Those of this page: made anew in every run, and always the same."""
    for name in ("Robin Field", "Sam Ortiz", "Kim Lee"):
        yield Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"page: {name}".encode()).digest())


def test_a_committee_signs_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = _keys()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNG_KEY_PASSPHRASE", raising=False)
    monkeypatch.setattr(Ed25519PrivateKey, "generate", lambda: next(keys))
    monkeypatch.setattr(approve, "datetime", Clock)
    text = PROTOCOL.replace("protocol small", "protocol pressure")
    (tmp_path / "pressure.rung").write_text(text, "utf-8")
    run = console._run

    def with_a_packet(command: str) -> str:
        printed = run(command)
        if command.startswith("rung compile"):
            packet_in(tmp_path / "packet", load((tmp_path / "pressure.rungc").read_bytes()).seal)
        return printed

    monkeypatch.setattr(console, "_run", with_a_packet)
    ran = console.play(PAGE, tmp_path)
    assert [one.difference for one in ran if one.difference] == []
    assert (tmp_path / "pressure.signoff.json").is_file()


def test_the_policy_of_the_page_is_one() -> None:
    (text,) = (block.text for block in blocks(PAGE) if block.title == "policy.toml")
    assert dict(from_toml(text.encode()).needs) == {"clinical_lead": 1, "pharmacist": 2}
