"""One person's word on one artifact: what is signed, as canonical JSON and back."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any, Literal

from rung_engine.approval.problems import ApprovalProblem
from rung_engine.artifact.canonical import canonical_bytes
from rung_engine.frozen import frozen

TYPE = "rung sign-off"
FORMAT = 1

Verdict = Literal["approve", "reject", "retire"]
VERDICTS: tuple[Verdict, ...] = ("approve", "reject", "retire")

LONGEST_NAME = 100
LONGEST_COMMENT = 4000

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[0-9a-f]{16}")
_WHEN = "%Y-%m-%dT%H:%M:%SZ"


@frozen
class Subject:
    """What is signed: `sha256` is of the file's bytes; the rest is what a reader of the statement goes by."""

    name: str
    version: str
    meaning: str
    seal: str
    sha256: str


@frozen
class Reviewed:
    """The packet that was read. `sha256` is of its `packet.json`, which holds those of its files."""

    sha256: str
    old_version: str
    old_seal: str
    """Of the version it is compared with."""
    weight: str
    """How much the change asks of a committee, as `rung diff` says: none, papers, treatment or safety."""


@frozen
class Statement:
    """`when` is what the signer's clock said, in UTC. `seen`: sha256 of each statement there was."""

    subject: Subject
    reviewed: Reviewed | None
    person: str
    role: str
    verdict: Verdict
    comment: str
    when: str
    authors: tuple[str, ...]
    """Who wrote the version, as far as the signer says so."""
    policy: str
    """sha256 of the policy as it stood. It may change later: a key is lost, somebody joins."""
    key: str
    seen: tuple[str, ...]


def to_payload(statement: Statement) -> bytes:
    """The bytes that are signed."""
    subject, reviewed = statement.subject, statement.reviewed
    return canonical_bytes(
        {
            "artifact": {part: getattr(subject, part) for part in Subject.__match_args__},
            "authors": list(statement.authors),
            "comment": statement.comment,
            "format": FORMAT,
            "key": statement.key,
            "packet": None
            if reviewed is None
            else {part: getattr(reviewed, part) for part in Reviewed.__match_args__},
            "person": statement.person,
            "policy": statement.policy,
            "role": statement.role,
            "seen": list(statement.seen),
            "type": TYPE,
            "verdict": statement.verdict,
            "when": statement.when,
        }
    )


def from_payload(payload: bytes) -> Statement | None:
    """The statement; None where these are not exactly the bytes of one."""
    try:
        raw = json.loads(payload.decode("utf-8"))
        found = _statement(raw)
        same = found is not None and to_payload(found) == payload
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if same else None


def _statement(raw: dict[str, Any]) -> Statement | None:
    subject, packet = raw["artifact"], raw["packet"]
    texts = [raw[key] for key in ("comment", "key", "person", "policy", "role", "when")]
    texts += [*subject.values(), *([] if packet is None else packet.values()), *raw["authors"], *raw["seen"]]
    hashes = [subject["meaning"], subject["seal"], subject["sha256"], raw["policy"], *raw["seen"]]
    hashes += [] if packet is None else [packet["sha256"], packet["old_seal"]]
    if (
        (raw["type"], raw["format"]) != (TYPE, FORMAT)
        or raw["verdict"] not in VERDICTS
        or not all(isinstance(text, str) for text in texts)
        or not all(_SHA256.fullmatch(one) for one in hashes)
        or not _KEY.fullmatch(raw["key"])
    ):
        return None
    moment(raw["when"])
    return Statement(
        subject=Subject(**subject),
        reviewed=None if packet is None else Reviewed(**packet),
        person=raw["person"],
        role=raw["role"],
        verdict=raw["verdict"],
        comment=raw["comment"],
        when=raw["when"],
        authors=tuple(raw["authors"]),
        policy=raw["policy"],
        key=raw["key"],
        seen=tuple(raw["seen"]),
    )


def moment(text: str) -> datetime:
    """`2026-11-22T09:30:00Z`: RFC 3339, in UTC and whole seconds. Raises `ApprovalProblem` S122."""
    try:
        found = datetime.strptime(text, _WHEN).replace(tzinfo=UTC)
    except ValueError:
        found = None
    if found is None or written(found) != text:
        raise ApprovalProblem(
            "S122", text=text, what="moment", reason="write it in UTC, as 2026-11-22T09:30:00Z"
        )
    return found


def written(when: datetime) -> str:
    """The form that `moment` reads; fractions of a second are left out."""
    own = when.astimezone(UTC)
    return f"{own.year:04}-{own.month:02}-{own.day:02}T{own.hour:02}:{own.minute:02}:{own.second:02}Z"


def named(text: str, what: str = "name") -> str:
    """A name that can be shown as it is. Raises `ApprovalProblem` S122."""
    if not text or text != text.strip() or len(text) > LONGEST_NAME:
        raise ApprovalProblem(
            "S122", text=text, what=what, reason=f"1 to {LONGEST_NAME} letters, no blanks around"
        )
    _visible(text, what)
    return text


def commented(text: str) -> str:
    """A comment that can be shown as it is; several lines may be. Raises `ApprovalProblem` S122."""
    if len(text) > LONGEST_COMMENT:
        raise ApprovalProblem(
            "S122", text=text[:40] + "…", what="comment", reason=f"at most {LONGEST_COMMENT} letters"
        )
    _visible(text.replace("\n", ""), "comment")
    return text


def _visible(text: str, what: str) -> None:
    """Signs that move the cursor or turn a line round would show another name than was signed."""
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs") for sign in text):
        shown = text.encode("ascii", "backslashreplace").decode("ascii")[:80]
        raise ApprovalProblem("S122", text=shown, what=what, reason="it holds signs that cannot be seen")
