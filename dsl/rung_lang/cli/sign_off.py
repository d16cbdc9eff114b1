"""The files of a sign-off: policy, packet, and the growing list of statements beside an artifact."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rung_engine.approval.packet import MANIFEST
from rung_engine.approval.problems import ApprovalProblem
from rung_lang.cli.exits import UNREADABLE, USAGE, Refusal
from rung_lang.cli.files import read_bytes, write_bytes
from rung_lang.cli.load import is_text

if TYPE_CHECKING:
    from rung_engine.approval.envelope import Envelope
    from rung_engine.approval.packet import Packet
    from rung_engine.approval.policy import Policy
    from rung_engine.approval.status import Status
    from rung_engine.artifact.model import Artifact

ENDING = ".signoff.json"
_ADVICE = {
    "S101": "Take the file from version control as it was, or sign anew.",
    "S107": "`rung verify --policy` says who is still to sign. With --unapproved it runs all the same.",
    "S110": "`--as` takes a name as the policy has it.",
    "S112": "`rung keys show` prints the key that you gave.",
    "S123": "`rung compile` makes one.",
    "S130": "Run `chmod 600` on it. If somebody may have copied it, report it and make another.",
    "S132": "Choose another place with -o.",
    "S133": "Set RUNG_KEY_PASSPHRASE, or sign at a terminal.",
}


@contextmanager
def approval_problems() -> Iterator[None]:
    """What is wrong with a sign-off is said as a command says it."""
    try:
        yield
    except ApprovalProblem as problem:
        code = USAGE if problem.code == "S122" else UNREADABLE
        raise Refusal(problem.code, problem.words, _ADVICE.get(problem.code, ""), code) from None


def place_of(artifact: str) -> str:
    """The file of sign-offs beside an artifact: `septic_shock.signoff.json`."""
    return str(Path(artifact).with_suffix(ENDING))


def refuse_uncompiled(path: str) -> None:
    """A text and a bundle have no sign-off of their own. Raises `ApprovalProblem` S123."""
    if is_text(path) or path.endswith(".bundle"):
        raise ApprovalProblem("S123", path=path)


def refuse_asked(path: str, policy: str | None, unapproved: bool) -> None:
    """What is plain before anything is read. Raises `Refusal` S123 and `UsageError`."""
    if policy is None and unapproved:
        raise click.UsageError("--unapproved goes with --policy: without one nobody has to sign.")
    if policy is not None:
        with approval_problems():
            refuse_uncompiled(path)


def status_of(path: str, artifact: Artifact, policy: str, packet: str | None = None) -> Status:
    """Where the artifact, which was loaded from `path`, stands. Raises `ApprovalProblem` and `Refusal`.

    The file is read again for its hash. Had it changed meanwhile, no statement would name both that hash and
    the seal of what was loaded.
    """
    from rung_engine.approval.status import standing_of, subject_of

    return standing_of(
        subject_of(artifact, read_bytes(path)),
        envelopes_at(path),
        policy_at(policy),
        None if packet is None else packet_at(packet),
    )


APPROVED = "approved"


def signed_off(path: str, artifact: Artifact, policy: str | None, unapproved: bool) -> str:
    """What every output says of the sign-off of what is executed; nothing where there is no policy.

    Raises `Refusal` S107 where it is not approved, unless that is `unapproved` and wanted all the same.
    """
    from rung_engine.approval.status import refused, said

    if policy is None:
        return ""
    with approval_problems():
        status = status_of(path, artifact, policy)
        if status.word == APPROVED:
            return APPROVED
        if not unapproved:
            raise refused(status, path)
    return f"{said(status)}; run all the same"


def policy_at(path: str) -> Policy:
    from rung_engine.approval.policy import from_toml

    return from_toml(read_bytes(path), path)


def envelopes_at(artifact: str) -> tuple[Envelope, ...]:
    """The sign-offs beside an artifact; none where nobody has signed."""
    from rung_engine.approval.envelope import from_file

    place = place_of(artifact)
    return from_file(read_bytes(place), place) if Path(place).exists() else ()


def packet_at(folder: str) -> Packet:
    """The packet in a folder, every file of it looked at.

    No part of it is what begins with a dot, and the sign-offs of those who sign the packet's own copy of the
    artifact: these vouch for themselves.
    """
    from rung_engine.approval.packet import opened

    place = Path(folder)
    files: dict[str, str] = {}
    try:
        manifest = (place / MANIFEST).read_bytes()
        for file in sorted(place.rglob("*")):
            inside = file.relative_to(place)
            apart = file.name.endswith(ENDING) or any(part.startswith(".") for part in inside.parts)
            if file.is_file() and not apart:
                with file.open("rb") as stream:
                    files[inside.as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ApprovalProblem("S104", path=folder, reason=reason) from None
    del files[MANIFEST]
    return opened(manifest, files, folder)


@contextmanager
def alone(artifact: str) -> Iterator[None]:
    """Nobody else signs in this folder meanwhile: whoever comes second waits, then reads what is there."""
    import fcntl

    try:
        folder = os.open(Path(artifact).resolve().parent, os.O_RDONLY)
    except OSError as error:
        raise Refusal(
            "C102", f"I cannot read {artifact}: {(error.strerror or str(error)).lower()}."
        ) from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def append(artifact: str, envelopes: tuple[Envelope, ...]) -> str:
    """The sign-offs beside an artifact, written whole; where that is."""
    from rung_engine.approval.envelope import to_file

    place = place_of(artifact)
    write_bytes(place, to_file(envelopes))
    return place
